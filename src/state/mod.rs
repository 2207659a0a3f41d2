//! What ponte remembers beside the project: run history, quarantine, paused flows, other shops' orders. Everything here can be
//! computed again or merely informs; what must not be lost lies in the target's database ([`crate::own`]).
//!
//! One SQLite file, `state.sqlite`. A file that is damaged, or that a newer ponte wrote, is set aside and a new one
//! begun: losing it costs a few comparisons and some history, while stopping would cost the shop's stock its truth.

pub mod days;
pub mod history;
pub mod known;
pub mod paused;
pub mod quarantine;
pub mod told;

use crate::db::query::Query;
use crate::db::sqlite::Sqlite;
use crate::db::{self, DbError, DbErrorKind, DbUrl, Engine, Isolation, Session};
use crate::value::{Type, Value};
use chrono::{DateTime, Utc};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

const FILE: &str = "state.sqlite";
/// What each opened file may keep in memory. A service has one open per database and more, for months, and SQLite would fill two mebibytes
/// of each as the history grows.
const CACHE_KIB: u32 = 512;

/// Each step brings the file from the version that is its position to the next one.
const STEPS: [&str; 5] = [
    include_str!("version1.sql"),
    include_str!("version2.sql"),
    include_str!("version3.sql"),
    include_str!("version4.sql"),
    include_str!("version5.sql"),
];

/// SQLite's primary result codes for a file that is no sound database.
/// <https://www.sqlite.org/rescode.html>
const CORRUPT: i64 = 11;
const NOT_A_DATABASE: i64 = 26;

/// Why the state cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    #[error("cannot {doing} `{}`: {error}", path.display())]
    File {
        doing: &'static str,
        path: PathBuf,
        error: std::io::Error,
    },
    #[error("state file: {0}")]
    Database(#[from] DbError),
}

impl StateError {
    /// What to do about it, where that does not follow from the message.
    pub fn advice(&self) -> Option<&'static str> {
        match self {
            StateError::File { .. } => None,
            StateError::Database(error) => error.advice(),
        }
    }
}

pub type Result<T> = std::result::Result<T, StateError>;

/// The open state file.
pub struct State {
    session: Box<dyn Session>,
    /// Set when the file was begun anew: what became of the old one.
    note: Option<String>,
    /// When it was last looked what of a flow's history is to be forgotten.
    forgotten: HashMap<String, Instant>,
}

impl State {
    fn opened(session: Box<dyn Session>, note: Option<String>) -> State {
        State {
            session,
            note,
            forgotten: HashMap::new(),
        }
    }

    /// Whether a folder holds a state.
    pub fn exists(folder: &Path) -> bool {
        folder.join(FILE).exists()
    }

    /// Opens the state in a folder, creating both if need be.
    ///
    /// # Errors
    /// A folder or file that cannot be created or opened. A damaged file is none: see [`State::note`].
    pub async fn open(folder: &Path) -> Result<State> {
        std::fs::create_dir_all(folder).map_err(|error| StateError::File {
            doing: "create the state folder",
            path: folder.to_owned(),
            error,
        })?;
        let path = folder.join(FILE);
        let why = match try_open(&path).await? {
            Opened::Sound(session) => {
                return Ok(State::opened(session, None));
            }
            Opened::Useless(why) => why,
        };
        let aside = set_aside(&path)?;
        let note = format!(
            "the state file {why}; it was set aside as `{}` and begun anew (records are compared again, \
             run history and quarantine begin empty)",
            aside.display()
        );
        match try_open(&path).await? {
            Opened::Sound(session) => Ok(State::opened(session, Some(note))),
            Opened::Useless(why) => Err(DbError::new(
                DbErrorKind::Storage,
                format!("a new file {why}; is the disk sound?"),
            )
            .into()),
        }
    }

    /// What the user should know about the opening.
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    async fn rows(&mut self, query: Query) -> Result<Vec<crate::value::Row>> {
        Ok(db::fetch(self.session.as_mut(), &query).await?)
    }

    async fn begin(&mut self) -> Result<()> {
        Ok(self.session.begin(Isolation::ReadCommitted).await?)
    }

    /// Commits what `result` says succeeded, rolls back what failed.
    async fn end<T>(&mut self, result: Result<T>) -> Result<T> {
        match result {
            Ok(value) => {
                let committed = self.session.commit().await;
                committed.map_err(|error| DbError::new(DbErrorKind::Storage, error))?;
                Ok(value)
            }
            Err(error) => {
                // The first error is the one to tell.
                let _ = self.session.rollback().await;
                Err(error)
            }
        }
    }
}

enum Opened {
    Sound(Box<dyn Session>),
    /// The file is of no use, because it …
    Useless(String),
}

async fn try_open(path: &Path) -> Result<Opened> {
    if !path.exists() {
        // An empty file is an empty database.
        std::fs::File::create(path).map_err(|error| StateError::File {
            doing: "create",
            path: path.to_owned(),
            error,
        })?;
    }
    match prepare(path).await {
        Ok(opened) => Ok(opened),
        Err(error) if is_damage(&error) => Ok(Opened::Useless(format!("is damaged ({error})"))),
        Err(error) => Err(error.into()),
    }
}

async fn prepare(path: &Path) -> db::Result<Opened> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let engine = Sqlite::new(&DbUrl::parse(&format!("sqlite:{FILE}"), None, folder)?)?;
    let mut session = engine.connect().await?;
    let session_mut = session.as_mut();
    let cache = format!("PRAGMA cache_size = -{CACHE_KIB}");
    session_mut.execute(&Query::sql(cache)).await?;
    let check = first_value(session_mut, "PRAGMA quick_check(1)").await?;
    if check.plain() != "ok" {
        return Ok(Opened::Useless(format!("is damaged ({})", check.plain())));
    }
    let version = first_value(session_mut, "PRAGMA user_version").await?;
    let version = version.plain().parse::<usize>().unwrap_or(usize::MAX);
    if version > STEPS.len() {
        return Ok(Opened::Useless("was written by a newer ponte".to_owned()));
    }
    migrate(session_mut, version).await?;
    Ok(Opened::Sound(session))
}

/// Every step in a transaction with its version number, so that a crash in between repeats no step.
async fn migrate(session: &mut dyn Session, version: usize) -> db::Result<()> {
    for (at, step) in STEPS.iter().enumerate().skip(version) {
        session.begin(Isolation::ReadCommitted).await?;
        // Another process may have done it while this one waited for the lock.
        let now = first_value(session, "PRAGMA user_version").await?;
        if now.plain() != at.to_string() {
            session.rollback().await?;
            continue;
        }
        let statements = step
            .split(';')
            .map(str::trim)
            .filter(|text| !text.is_empty());
        for statement in statements {
            session.execute(&Query::sql(statement)).await?;
        }
        let done = format!("PRAGMA user_version = {}", at + 1);
        session.execute(&Query::sql(done)).await?;
        let committed = session.commit().await;
        committed.map_err(|error| DbError::new(DbErrorKind::Storage, error))?;
    }
    Ok(())
}

async fn first_value(session: &mut dyn Session, sql: &str) -> db::Result<Value> {
    let rows = db::fetch(session, &Query::sql(sql)).await?;
    Ok(rows.first().map_or(Value::Null, |row| row[0].clone()))
}

/// A full disk or a locked file is no damage: setting a sound file aside for that would lose it for nothing.
fn is_damage(error: &DbError) -> bool {
    let code = error
        .code
        .as_deref()
        .and_then(|code| code.parse::<i64>().ok());
    code.is_some_and(|code| matches!(code & 0xff, CORRUPT | NOT_A_DATABASE))
}

fn set_aside(path: &Path) -> Result<PathBuf> {
    let stamp = Utc::now().format("%Y%m%dT%H%M%SZ");
    let mut aside = path.with_file_name(format!("{FILE}.damaged-{stamp}"));
    let mut count = 1;
    while aside.exists() {
        count += 1;
        aside = path.with_file_name(format!("{FILE}.damaged-{stamp}-{count}"));
    }
    std::fs::rename(path, &aside).map_err(|error| StateError::File {
        doing: "set aside",
        path: path.to_owned(),
        error,
    })?;
    // A journal of the old file must not be played into the new one.
    for ending in ["-journal", "-wal", "-shm"] {
        let journal = path.with_file_name(format!("{FILE}{ending}"));
        if journal.exists() {
            let beside = aside.with_file_name(format!(
                "{}{ending}",
                aside.file_name().unwrap_or_default().to_string_lossy()
            ));
            std::fs::rename(&journal, beside).map_err(|error| StateError::File {
                doing: "set aside",
                path: journal.clone(),
                error,
            })?;
        }
    }
    Ok(aside)
}

/// The types of the state's own columns: texts and numbers.
const TEXT: Type = Type::TEXT;
const INTEGER: Type = Type::Int {
    bits: 64,
    signed: true,
};

fn text(value: &str) -> Value {
    Value::Text(value.to_owned())
}

fn number(value: u64) -> Value {
    Value::Int(i64::try_from(value).unwrap_or(i64::MAX))
}

fn millis(moment: DateTime<Utc>) -> Value {
    Value::Int(moment.timestamp_millis())
}

fn as_text(value: &Value) -> String {
    value.plain().into_owned()
}

fn as_number(value: &Value) -> u64 {
    match value {
        Value::Int(number) => u64::try_from(*number).unwrap_or(0),
        _ => 0,
    }
}

fn as_moment(value: &Value) -> Option<DateTime<Utc>> {
    match value {
        Value::Int(millis) => DateTime::from_timestamp_millis(*millis),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
