//! How a flow learns what has changed, and what its source allows: said by `ponte check`, so that nobody relies on
//! times that do not tell everything.

use crate::db::clock::{self, Hidden, Open};
use crate::db::{self, EngineKind, Session};
use crate::diagnostic::Diagnostic;
use crate::plan::{Flow, Plan, Watermark};
use crate::sync::bind::BindError;
use crate::sync::watermark::{TimeFacts, TimeKind, Watched};
use std::time::Duration;

/// What a source allows.
#[derive(Debug)]
pub struct ChangesCheck {
    /// The project has chosen `changes = "timestamp"`.
    pub by_timestamp: bool,
    /// Why that is not possible; `None`: it is.
    pub hindrance: Option<String>,
    pub columns: Vec<TimeFacts>,
    /// Whether the login sees other transactions; if not, only the overlap covers them.
    pub sees_open: bool,
    /// Deleted records are told.
    pub tells_gone: bool,
    pub overlap: Option<Duration>,
    /// Unless `tells_gone`, deletes are seen only then.
    pub full_every: Option<Duration>,
}

/// `None` for a flow whose source has no watermark and needs none.
///
/// # Errors
/// Those of the database.
pub async fn check(
    plan: &Plan,
    flow: &Flow,
    session: &mut dyn Session,
    found: &mut Vec<Diagnostic>,
) -> db::Result<Option<ChangesCheck>> {
    let Some(watermark) = &flow.source.watermark else {
        return Ok(None);
    };
    let by = flow.source.by_timestamp;
    let mut checked = ChangesCheck {
        by_timestamp: by.is_some(),
        hindrance: None,
        columns: Vec::new(),
        sees_open: false,
        tells_gone: false,
        overlap: by.map(|by| by.overlap),
        full_every: by.map(|by| by.full_every),
    };
    let pack = plan
        .connections
        .get(&flow.source.connection)
        .and_then(|connection| connection.pack.as_ref());
    match Watched::look(session, flow, watermark, pack).await {
        Ok(watched) => {
            checked.tells_gone = watched.tells_gone();
            checked.columns = watched.columns;
            checked.hindrance = watched.hindrance;
        }
        Err(BindError::Mapping(wrong)) => {
            checked.hindrance = wrong.first().map(|first| first.message.clone());
            // A flow that does not go by its watermark runs without it.
            if by.is_some() {
                found.extend(wrong);
            }
            return Ok(Some(checked));
        }
        Err(BindError::Database(error)) => return Err(error),
    }
    let open = clock::read(session).await?.open;
    checked.sees_open = !matches!(open, Open::Hidden(_));
    if by.is_some() {
        let kind = session.server().kind;
        if checked.has_times() {
            found.extend(hidden(flow, watermark, &open, kind));
        }
        found.extend(doubtful(watermark, &checked.columns));
    }
    Ok(Some(checked))
}

fn hidden(flow: &Flow, watermark: &Watermark, open: &Open, kind: EngineKind) -> Option<Diagnostic> {
    let Open::Hidden(why) = open else { return None };
    let connection = &flow.source.connection;
    let message = format!("open transactions on `{connection}` are not visible");
    let warning = Diagnostic::warning("P373", message)
        .at(&watermark.sql.at, "")
        .note("a time set longer before its commit than the overlap is missed until the whole source is read");
    Some(match (why, kind) {
        (Hidden::Privilege(role), EngineKind::Postgres) => {
            warning.help(format!("let the login see them: `GRANT {role} TO …`"))
        }
        (Hidden::Privilege(privilege), EngineKind::SqlServer) => warning.help(format!(
            "let the login see them, in `master`: `GRANT {privilege} TO …`"
        )),
        (Hidden::Privilege(privilege), _) => warning.help(format!(
            "let the login see them: `GRANT {privilege} ON *.* TO …`"
        )),
        (Hidden::Replica, _) => warning.help("they are on the primary server: read from there"),
        (Hidden::Engine, _) => return None,
    })
}

fn doubtful(watermark: &Watermark, columns: &[TimeFacts]) -> Vec<Diagnostic> {
    let at = &watermark.sql.at;
    let mut found = Vec::new();
    let mut told: Vec<&str> = Vec::new();
    for column in columns {
        if told.contains(&column.name.as_str()) {
            continue;
        }
        told.push(&column.name);
        let name = &column.name;
        if column.indexed == Some(false) {
            found.push(
                Diagnostic::warning("P374", format!("no index begins with `{name}`"))
                    .at(at, "")
                    .note("the server reads the whole table to find what has changed"),
            );
        }
        if column.kind == TimeKind::Day {
            found.push(
                Diagnostic::warning("P375", format!("`{name}` is a date without time"))
                    .at(at, "")
                    .note("every run looks again at all that changed on the day of the last one"),
            );
        }
        if column.nullable {
            found.push(
                Diagnostic::warning("P376", format!("`{name}` may be NULL"))
                    .at(at, "")
                    .note("rows without a time are found only when the whole source is read"),
            );
        }
    }
    found
}

impl ChangesCheck {
    /// Whether anything is told by a clock; what SQL Server counts needs no regard for open transactions.
    fn has_times(&self) -> bool {
        self.columns.iter().any(|column| column.kind.is_time())
    }

    /// In one line.
    pub fn text(&self) -> String {
        let columns: Vec<String> = self.columns.iter().map(|one| one.name.clone()).collect();
        let columns = columns.join(", ");
        if let Some(why) = &self.hindrance {
            return format!(
                "reads the whole source in every run; by timestamp is not possible: {why}"
            );
        }
        let (Some(overlap), Some(full_every)) = (self.overlap, self.full_every) else {
            return format!(
                "reads the whole source in every run; by timestamp is possible ({columns})"
            );
        };
        let whole = match self.tells_gone {
            true => "deletes are told; the whole source",
            false => "the whole source, and so deletes,",
        };
        if !self.has_times() {
            return format!(
                "reads what changed by what SQL Server counts ({columns}); {whole} every {}",
                shown(full_every)
            );
        }
        let open = match self.sees_open {
            true => "open transactions are waited for",
            false => "open transactions are not seen",
        };
        format!(
            "reads what changed by timestamp ({columns}), {} overlap, {open}; {whole} every {}",
            shown(overlap),
            shown(full_every)
        )
    }
}

/// As a project writes it.
pub fn shown(duration: Duration) -> String {
    let seconds = duration.as_secs();
    for (size, unit) in [(3600, "h"), (60, "m")] {
        if seconds >= size && seconds.is_multiple_of(size) {
            return format!("{}{unit}", seconds / size);
        }
    }
    format!("{seconds}s")
}
