//! Runs that are asked for in a database: by a button of the ERP, by a trigger.
//!
//! Whoever may insert into the table `requests` asks; the service that takes a row says so in it, proves itself alive while the run
//! lasts, and writes what came of it. A row whose taker has fallen silent is taken again: a run may be repeated at any time.

use super::{OwnTables, clock, quoted};
use crate::db::query::{Query, TableName};
use crate::db::{self, EngineKind, Session};
use crate::value::Value;

/// A row whose taker has been silent for so long is free for others.
const EXPIRY_MS: i64 = 60_000;
/// Rows are kept for so long after their end.
const KEPT_MS: i64 = 90 * 24 * 60 * 60 * 1000;
/// So often a row is taken whose taker fell silent.
const TAKEN_MAX: i64 = 3;

/// Where PostgreSQL tells of new rows.
pub const CHANNEL: &str = "ponte_requests";

/// What stands in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub id: i64,
    pub flow: String,
    pub what: String,
    /// Keys, a line each; empty: all records.
    pub filter: String,
    pub who: String,
    /// Every service that has taken it was ended in the midst of it, and that is enough.
    pub is_spent: bool,
}

/// The table on one server.
#[derive(Debug, Clone)]
pub struct Requests {
    own: OwnTables,
    table: TableName,
    /// PostgreSQL's function that tells of new rows.
    told: TableName,
    /// Who takes rows: of all processes this one.
    owner: String,
}

impl Requests {
    pub fn new(own: &OwnTables) -> Requests {
        let process = std::process::id();
        Requests {
            owner: format!("process {process} {:016x}", rand::random::<u64>()),
            own: own.clone(),
            table: own.table("requests"),
            told: own.table("requests_told"),
        }
    }

    pub fn table(&self) -> &TableName {
        &self.table
    }

    /// The statements that create it; each may be run again without harm.
    pub fn statements(&self, kind: EngineKind) -> Vec<String> {
        let table = quoted(&self.table, kind);
        let text = match kind {
            EngineKind::Postgres => include_str!("requests/postgres.sql"),
            EngineKind::MySql => include_str!("requests/mysql.sql"),
            EngineKind::Sqlite => include_str!("requests/sqlite.sql"),
            EngineKind::SqlServer => include_str!("requests/sqlserver.sql"),
        };
        let text = text
            .replace("{requests:text}", &table.replace('\'', "''"))
            .replace("{requests}", &table)
            .replace("{told}", &quoted(&self.told, kind));
        // A function has semicolons of its own.
        let statements = text.split("\n\n").map(str::trim);
        let statements = statements.map(|text| text.trim_end_matches(';').to_owned());
        self.own
            .schema(kind)
            .into_iter()
            .chain(statements)
            .collect()
    }

    pub async fn is_missing(&self, session: &mut dyn Session) -> db::Result<bool> {
        Ok(session.table(&self.table).await?.is_none())
    }

    /// Rows that nobody works on, the oldest first.
    pub async fn open(&self, session: &mut dyn Session, most: usize) -> db::Result<Vec<Request>> {
        let clock = clock(session.server().kind);
        let query = Query::sql("SELECT id, flow, what, filter, who, tries FROM ")
            .table(&self.table)
            .text(free(clock))
            .text(" ORDER BY id")
            .limit(most, true);
        let rows = db::fetch(session, &query).await?;
        let request = |row: &crate::value::Row| {
            let plain = |at: usize| match &row[at] {
                Value::Null => String::new(),
                value => value.plain().trim().to_owned(),
            };
            let whole = |at: usize| match &row[at] {
                Value::Int(number) => *number,
                _ => 0,
            };
            Request {
                id: whole(0),
                flow: plain(1),
                what: plain(2),
                filter: plain(3),
                who: plain(4),
                is_spent: whole(5) >= TAKEN_MAX,
            }
        };
        Ok(rows.iter().map(request).collect())
    }

    /// Takes a row, unless somebody was quicker.
    pub async fn take(&self, session: &mut dyn Session, id: i64) -> db::Result<bool> {
        let kind = session.server().kind;
        let (now, clock) = (now(kind), clock(kind));
        let query = self
            .update(format!(
                "taken_at = {now}, beat_ms = {clock}, tries = tries + 1, taken_by = "
            ))
            .value(self.owner())
            .text(free(clock))
            .text(" AND id = ")
            .value(Value::Int(id));
        Ok(session.execute(&query).await? > 0)
    }

    /// Says of rows that were taken that this process is still there.
    pub async fn beat(&self, session: &mut dyn Session, ids: &[i64]) -> db::Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        let clock = clock(session.server().kind);
        let ids = ids.iter().map(|id| Value::Int(*id)).collect();
        let query = self.update(format!("beat_ms = {clock}"));
        let query = self.held(query).text(" AND id IN (").list(ids).text(")");
        session.execute(&query).await.map(|_| ())
    }

    /// Writes what came of it.
    pub async fn end(
        &self,
        session: &mut dyn Session,
        id: i64,
        outcome: &str,
        said: &str,
    ) -> db::Result<()> {
        let kind = session.server().kind;
        let query = self
            .update(format!(
                "ended_at = {}, beat_ms = {}, outcome = ",
                now(kind),
                clock(kind)
            ))
            .value(Value::Text(outcome.to_owned()))
            .text(", said = ")
            .value(Value::Text(said.to_owned()));
        let query = self.held(query).text(" AND id = ").value(Value::Int(id));
        session.execute(&query).await.map(|_| ())
    }

    /// It was not carried out: whoever comes next takes it.
    pub async fn give_back(&self, session: &mut dyn Session, id: i64) -> db::Result<()> {
        let query = self.update(
            "taken_by = NULL, taken_at = NULL, beat_ms = NULL, tries = tries - 1".to_owned(),
        );
        let query = self.held(query).text(" AND id = ").value(Value::Int(id));
        session.execute(&query).await.map(|_| ())
    }

    /// Removes what ended long ago.
    pub async fn prune(&self, session: &mut dyn Session) -> db::Result<()> {
        let clock = clock(session.server().kind);
        let query = Query::sql("DELETE FROM ").table(&self.table).text(format!(
            " WHERE ended_at IS NOT NULL AND beat_ms < {clock} - {KEPT_MS}"
        ));
        session.execute(&query).await.map(|_| ())
    }

    fn update(&self, set: String) -> Query {
        Query::sql("UPDATE ")
            .table(&self.table)
            .text(format!(" SET {set}"))
    }

    /// Rows that this process has taken and not ended.
    fn held(&self, query: Query) -> Query {
        let query = query.text(" WHERE ended_at IS NULL AND taken_by = ");
        query.value(self.owner())
    }

    fn owner(&self) -> Value {
        Value::Text(self.owner.clone())
    }
}

fn free(clock: &str) -> String {
    format!(" WHERE ended_at IS NULL AND (taken_by IS NULL OR beat_ms < {clock} - {EXPIRY_MS})")
}

/// The moment for people who look into the table.
fn now(kind: EngineKind) -> &'static str {
    match kind {
        EngineKind::Postgres | EngineKind::Sqlite => "CURRENT_TIMESTAMP",
        EngineKind::MySql => "CURRENT_TIMESTAMP(3)",
        EngineKind::SqlServer => "SYSUTCDATETIME()",
    }
}
