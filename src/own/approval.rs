//! What waits for a person's approval, and what the person said.
//!
//! A question is of one content, known by its digest: whatever was approved is carried over while the source is as it was then, and
//! marked as applied in the same transaction. A source that has changed since is a new question, and so is what is asked again
//! after it was applied.

use super::lease::Guard;
use super::table::OwnTable;
use super::{OwnTables, clock};
use crate::db::query::{Insert, Query, TableName};
use crate::db::{self, CommitError, Isolation, Session};
use crate::value::{Type, Value};
use chrono::{DateTime, Utc};
use std::collections::HashMap;

/// How far a question is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    Open,
    Accepted,
    Rejected,
    Applied,
}

impl Standing {
    pub fn name(self) -> &'static str {
        match self {
            Standing::Open => "open",
            Standing::Accepted => "accepted",
            Standing::Rejected => "rejected",
            Standing::Applied => "applied",
        }
    }

    fn of(name: &str) -> Standing {
        match name {
            "accepted" => Standing::Accepted,
            "rejected" => Standing::Rejected,
            "applied" => Standing::Applied,
            // An unknown word is no permission.
            _ => Standing::Open,
        }
    }
}

/// One question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    pub key: String,
    /// Of the content that is asked about.
    pub digest: String,
    pub standing: Standing,
    /// JSON: what a person is shown.
    pub detail: String,
    /// What the person said to it.
    pub reason: String,
    pub by: String,
    pub asked: Option<DateTime<Utc>>,
    pub decided: Option<DateTime<Utc>>,
}

/// The questions of one flow.
#[derive(Debug, Clone)]
pub struct Approvals {
    table: OwnTable,
    flow: String,
}

/// How people call a question: `main/order/1001`, `main/price/TOOL-1 / public`.
pub fn id(flow: &str, key: &str) -> String {
    format!("{flow}/{}", key.replace('\t', " / "))
}

/// A question's name as a shell takes it.
pub fn argument(flow: &str, key: &str) -> String {
    let id = id(flow, key);
    match id.contains(' ') {
        true => format!("\"{id}\""),
        false => id,
    }
}

/// A question that is to be asked.
#[derive(Debug)]
pub struct Asking {
    pub key: String,
    pub digest: String,
    /// JSON.
    pub detail: String,
}

const COLUMNS: [&str; 9] = [
    "flow",
    "record_key",
    "digest",
    "standing",
    "detail",
    "reason",
    "decided_by",
    "asked_ms",
    "decided_ms",
];

const MILLIS: Type = Type::Int {
    bits: 64,
    signed: true,
};

/// Keys asked for at once.
const KEYS: usize = 1000;

impl Approvals {
    pub fn new(own: &OwnTables, flow: &str) -> Self {
        Approvals {
            table: OwnTable::new(own, "approval"),
            flow: flow.to_owned(),
        }
    }

    fn of_flow(&self, query: Query) -> Query {
        query
            .table(&self.table)
            .text(" WHERE flow = ")
            .value(text(&self.flow))
    }

    fn select(&self) -> Query {
        let columns = COLUMNS[1..].join(", ");
        self.of_flow(Query::sql(format!("SELECT {columns} FROM ")))
    }

    /// Those of these keys, by key.
    pub async fn of(
        &self,
        session: &mut dyn Session,
        keys: &[String],
    ) -> db::Result<HashMap<String, Approval>> {
        let mut found = HashMap::new();
        for keys in keys.chunks(KEYS) {
            let query = self.select().append(among(keys));
            let rows = db::fetch(session, &query).await?;
            found.extend(rows.iter().map(approval).map(|one| (one.key.clone(), one)));
        }
        Ok(found)
    }

    /// The flow's questions, the longest asked first; `all`: those decided, too.
    pub async fn list(
        &self,
        session: &mut dyn Session,
        all: bool,
        most: usize,
    ) -> db::Result<Vec<Approval>> {
        let mut query = self.select();
        if !all {
            query = query.text(" AND standing IN ('open', 'accepted')");
        }
        let query = query
            .text(" ORDER BY asked_ms, record_key")
            .limit(most, true);
        let rows = db::fetch(session, &query).await?;
        Ok(rows.iter().map(approval).collect())
    }

    /// Part of a transaction: asks; whatever was asked of these keys before is over.
    pub async fn ask(&self, session: &mut dyn Session, asking: &[Asking]) -> db::Result<()> {
        let now = Value::Int(super::now(session).await?.timestamp_millis());
        for asking in asking.chunks(KEYS) {
            let keys: Vec<String> = asking.iter().map(|one| one.key.clone()).collect();
            let before = self.of_flow(Query::sql("DELETE FROM "));
            self.table
                .execute(session, &before.append(among(&keys)))
                .await?;
            let row = |one: &Asking| {
                let flow = self.flow.as_str();
                let open = Standing::Open.name();
                let texts = [flow, &one.key, &one.digest, open, &one.detail, "", ""];
                let row = texts.into_iter().map(text);
                row.chain([now.clone(), Value::Int(0)]).collect()
            };
            let mut types = vec![Type::TEXT; 7];
            types.extend(vec![MILLIS; 2]);
            let insert = Insert {
                table: TableName::clone(&self.table),
                columns: COLUMNS.map(str::to_owned).to_vec(),
                types,
                rows: asking.iter().map(row).collect(),
                generated: None,
                distinct_by: Vec::new(),
            };
            self.table.insert(session, &insert).await?;
        }
        Ok(())
    }

    /// Part of a transaction: whether there was such a question, of this content, that is not applied.
    pub async fn decide(
        &self,
        session: &mut dyn Session,
        one: &Approval,
        standing: Standing,
        reason: &str,
        by: &str,
    ) -> db::Result<bool> {
        let clock = clock(session.server().kind);
        let query = Query::sql("UPDATE ")
            .table(&self.table)
            .text(" SET standing = ")
            .value(text(standing.name()))
            .text(", reason = ")
            .value(text(reason))
            .text(", decided_by = ")
            .value(text(by))
            .text(format!(", decided_ms = {clock} WHERE flow = "))
            .value(text(&self.flow))
            .append(among(std::slice::from_ref(&one.key)))
            .text(" AND standing <> 'applied' AND digest = ")
            .value(text(&one.digest));
        Ok(self.table.execute(session, &query).await? > 0)
    }

    /// Asks in a transaction of its own, under the lease; asking again asks nothing twice.
    ///
    /// # Errors
    /// Those of the database; a lost lease.
    pub async fn ask_alone(
        &self,
        session: &mut dyn Session,
        guard: Option<&Guard>,
        asking: &[Asking],
    ) -> db::Result<()> {
        if asking.is_empty() {
            return Ok(());
        }
        session.begin(Isolation::ReadCommitted).await?;
        match self.asked(session, guard, asking).await {
            Ok(()) => session.commit().await.map_err(CommitError::into_error),
            Err(error) => {
                // A connection that broke has rolled back by itself.
                let _ = session.rollback().await;
                Err(error)
            }
        }
    }

    async fn asked(
        &self,
        session: &mut dyn Session,
        guard: Option<&Guard>,
        asking: &[Asking],
    ) -> db::Result<()> {
        if let Some(guard) = guard {
            guard.check(session).await?;
        }
        self.ask(session, asking).await
    }

    /// Part of a transaction: what nobody has answered is asked no longer.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn withdraw(&self, session: &mut dyn Session, keys: &[String]) -> db::Result<()> {
        for keys in keys.chunks(KEYS) {
            let query = self.of_flow(Query::sql("DELETE FROM "));
            let query = query.append(among(keys)).text(" AND standing = 'open'");
            self.table.execute(session, &query).await?;
        }
        Ok(())
    }

    /// Part of the transaction that carries the records over.
    pub async fn applied(&self, session: &mut dyn Session, keys: &[String]) -> db::Result<()> {
        for keys in keys.chunks(KEYS) {
            let query = Query::sql("UPDATE ")
                .table(&self.table)
                .text(" SET standing = 'applied' WHERE flow = ")
                .value(text(&self.flow))
                .append(among(keys))
                .text(" AND standing = 'accepted'");
            self.table.execute(session, &query).await?;
        }
        Ok(())
    }
}

fn among(keys: &[String]) -> Query {
    let keys = keys.iter().map(|key| text(key)).collect();
    let query = Query::default().text(" AND record_key IN (");
    query.list(keys).text(")")
}

fn approval(row: &crate::value::Row) -> Approval {
    let plain = |at: usize| row[at].plain().into_owned();
    let moment = |at: usize| match &row[at] {
        Value::Int(millis) if *millis > 0 => DateTime::from_timestamp_millis(*millis),
        _ => None,
    };
    Approval {
        key: plain(0),
        digest: plain(1),
        standing: Standing::of(&plain(2)),
        detail: plain(3),
        reason: plain(4),
        by: plain(5),
        asked: moment(6),
        decided: moment(7),
    }
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}
