//! ponte's own tables on the servers it writes to: what must never be done twice, or not be forgotten, lies in the
//! target's database and is written in the same transaction as what it speaks of.
//!
//! - `lease`, `heartbeat`: which process works on a pair ([`lease`]). Two tables, because every write transaction
//!   holds a share lock on the lease row, which would block the heartbeat.
//! - `link`: which record of the ERP is which row of the shop ([`link`]).
//! - `need`: what a row that ponte created still needs before the shop may show it ([`need`]).
//! - `generation`: which state of the target a flow's snapshot speaks of ([`generation`]).
//! - `wrote`: what ponte wrote while it owned a part of a record, to be taken back unless changed since ([`wrote`]).
//! - `decision`: what a person said about a shop's match: accepted, ignored ([`decision`]).
//! - `approval`: what waits for a person, and what the person said ([`approval`]).
//! - `requests`: runs that are asked for in a database, where the project says so ([`request`]).
//! - `mail`: mails to the shop's customers, due, under way, sent ([`mail`]).
//!
//! They lie in a schema or database of their own, or as tables `ponte_…` beside the others.

pub mod approval;
pub mod decision;
pub mod generation;
pub mod lease;
pub mod link;
pub mod mail;
pub mod need;
pub mod request;
pub mod setup;
mod table;
pub mod wrote;

use crate::db::grant::Privilege;
use crate::db::query::{Query, TableName};
use crate::db::{DbError, DbErrorKind, EngineKind, Result, Session};
use crate::value::Value;
use chrono::{DateTime, Utc};

/// Where ponte's own tables lie on one server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnTables {
    schema: Option<String>,
    /// What a pack writes to besides: names and the statements that create them.
    further: Vec<(String, String)>,
}

pub const NAMES: [&str; 9] = [
    "lease",
    "heartbeat",
    "link",
    "wrote",
    "need",
    "decision",
    "generation",
    "mail",
    "approval",
];

/// What ponte does with a table of its own. On a server that is only read from, the lease is all that it uses; the other
/// tables must merely be seen.
pub fn privileges(name: &str, is_target: bool) -> &'static [Privilege] {
    use Privilege::{Delete, Insert, Select, Update};
    match name {
        "lease" | "heartbeat" => &[Select, Insert, Update],
        _ if !is_target => &[Select],
        _ => &[Select, Insert, Update, Delete],
    }
}

impl OwnTables {
    pub fn new(schema: Option<String>) -> Self {
        OwnTables {
            schema,
            further: Vec::new(),
        }
    }

    /// With the tables that a pack has beside these: it writes to them what its system takes in by itself.
    pub fn and(self, further: Vec<(String, String)>) -> Self {
        OwnTables { further, ..self }
    }

    /// `ponte.link`, or `ponte_link` where there is no schema of ponte's own.
    pub fn table(&self, name: &str) -> TableName {
        match &self.schema {
            Some(schema) => TableName {
                schema: Some(schema.clone()),
                name: name.to_owned(),
            },
            None => TableName {
                schema: None,
                name: format!("ponte_{name}"),
            },
        }
    }

    /// The statements that create the tables; each may be run again without harm.
    pub fn statements(&self, kind: EngineKind) -> Vec<String> {
        let text = match kind {
            EngineKind::Postgres => include_str!("postgres.sql"),
            EngineKind::MySql => include_str!("mysql.sql"),
            EngineKind::Sqlite => include_str!("sqlite.sql"),
            EngineKind::SqlServer => include_str!("sqlserver.sql"),
        };
        let mut text = text.to_owned();
        for name in NAMES {
            let table = quoted(&self.table(name), kind);
            text = text.replace(&format!("{{{name}:text}}"), &table.replace('\'', "''"));
            text = text.replace(&format!("{{{name}}}"), &table);
        }
        let tables = text
            .split(';')
            .map(str::trim)
            .filter(|statement| !statement.is_empty())
            .map(str::to_owned);
        let further = self.further.iter();
        let further = further.map(|(_, statement)| statement.trim().to_owned());
        let schema = self.schema(kind).into_iter();
        schema.chain(tables).chain(further).collect()
    }

    /// The statement that creates the schema, where they have one of their own.
    fn schema(&self, kind: EngineKind) -> Option<String> {
        self.schema.as_ref().map(|schema| match kind {
            EngineKind::MySql => {
                format!(
                    "CREATE DATABASE IF NOT EXISTS {} DEFAULT CHARACTER SET utf8mb4",
                    quote(schema, kind)
                )
            }
            // It has to be a batch of its own.
            EngineKind::SqlServer => {
                let create = format!("CREATE SCHEMA {}", quote(schema, kind));
                let text = |text: &str| text.replace('\'', "''");
                format!(
                    "IF SCHEMA_ID(N'{}') IS NULL EXEC(N'{}')",
                    text(schema),
                    text(&create)
                )
            }
            _ => format!("CREATE SCHEMA IF NOT EXISTS {}", quote(schema, kind)),
        })
    }

    /// The tables that `ponte setup` has yet to create.
    pub async fn missing(&self, session: &mut dyn Session) -> Result<Vec<TableName>> {
        let mut missing = Vec::new();
        let further = self.further.iter().map(|(name, _)| TableName {
            schema: None,
            name: name.clone(),
        });
        for table in NAMES
            .map(|name| self.table(name))
            .into_iter()
            .chain(further)
        {
            if session.table(&table).await?.is_none() {
                missing.push(table);
            }
        }
        Ok(missing)
    }

    /// Creates what is missing.
    pub async fn create(&self, session: &mut dyn Session) -> Result<()> {
        for statement in self.statements(session.server().kind) {
            session.execute(&Query::sql(statement)).await?;
        }
        Ok(())
    }
}

fn quoted(table: &TableName, kind: EngineKind) -> String {
    match &table.schema {
        Some(schema) => format!("{}.{}", quote(schema, kind), quote(&table.name, kind)),
        None => quote(&table.name, kind),
    }
}

fn quote(name: &str, kind: EngineKind) -> String {
    match kind {
        EngineKind::MySql => format!("`{}`", name.replace('`', "``")),
        EngineKind::SqlServer => format!("[{}]", name.replace(']', "]]")),
        _ => format!("\"{}\"", name.replace('"', "\"\"")),
    }
}

/// The server's clock as an expression: milliseconds since 1970, UTC.
fn clock(kind: EngineKind) -> &'static str {
    match kind {
        EngineKind::Postgres => {
            "CAST(floor(extract(epoch FROM clock_timestamp()) * 1000) AS bigint)"
        }
        EngineKind::MySql => "CAST(floor(unix_timestamp(now(6)) * 1000) AS signed)",
        EngineKind::Sqlite => "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)",
        EngineKind::SqlServer => crate::db::clock::SQL_SERVER,
    }
}

/// The server's clock, in UTC: ponte's own may be wrong.
pub async fn now(session: &mut dyn Session) -> Result<DateTime<Utc>> {
    let query = Query::sql(format!("SELECT {}", clock(session.server().kind)));
    let rows = crate::db::fetch(session, &query).await?;
    let millis = match rows.first().map(|row| &row[0]) {
        Some(Value::Int(millis)) => DateTime::from_timestamp_millis(*millis),
        _ => None,
    };
    millis.ok_or_else(|| DbError::new(DbErrorKind::Other, "the server does not tell its time"))
}
