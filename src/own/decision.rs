//! What a person decided about the match of a shop: that it is accepted, which records and rows are nobody's business.
//!
//! It lies beside the links, so that a lost state folder forgets nothing. A decision that takes a link away or makes one
//! raises the shop's revision, which is part of every fingerprint: the next run compares all its records again.

use super::{OwnTables, clock};
use crate::db::query::{Query, TableName};
use crate::db::{self, DbError, DbErrorKind, Session};
use crate::value::Value;
use chrono::{DateTime, Utc};
use std::collections::HashSet;

/// What is decided of one item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A record of the ERP that this shop has nothing to do with.
    Ignored,
    /// A row of the shop that is no record's.
    IgnoredRow,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Ignored => "ignored",
            Kind::IgnoredRow => "ignored-row",
        }
    }
}

const ACCEPTED: &str = "accepted";
const REVISION: &str = "revision";

/// Who or what accepted a match, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    pub at: DateTime<Utc>,
    /// JSON: `by` (`person`, or `empty`: the shop had no rows), and the counts of the match.
    pub detail: String,
}

/// The decisions about one record kind of one shop.
#[derive(Debug, Clone)]
pub struct Decisions {
    table: TableName,
    shop: String,
    record: String,
}

impl Decisions {
    pub fn new(own: &OwnTables, shop: &str, record: &str) -> Self {
        Decisions {
            table: own.table("decision"),
            shop: shop.to_owned(),
            record: record.to_owned(),
        }
    }

    /// `FROM` and `WHERE` for one kind of decision.
    fn of_kind(&self, query: Query, record: &str, kind: &str) -> Query {
        query
            .table(&self.table)
            .text(" WHERE shop = ")
            .value(Value::Text(self.shop.clone()))
            .text(" AND record = ")
            .value(Value::Text(record.to_owned()))
            .text(" AND kind = ")
            .value(Value::Text(kind.to_owned()))
    }

    /// `None`: nobody has accepted the match yet.
    pub async fn accepted(&self, session: &mut dyn Session) -> db::Result<Option<Accepted>> {
        let query = Query::sql("SELECT detail, decided_ms FROM ");
        let query = self.of_kind(query, &self.record, ACCEPTED);
        let rows = db::fetch(session, &query).await?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        let at = match &row[1] {
            Value::Int(millis) => DateTime::from_timestamp_millis(*millis),
            _ => None,
        };
        Ok(Some(Accepted {
            at: at.ok_or_else(|| self.damaged("decided_ms"))?,
            detail: row[0].plain().into_owned(),
        }))
    }

    /// Part of a transaction. A second acceptance replaces the first.
    pub async fn accept(&self, session: &mut dyn Session, detail: &str) -> db::Result<()> {
        self.put(session, &self.record, ACCEPTED, "", detail).await
    }

    /// Whether anything of this kind was decided at all: most shops never ask further.
    pub async fn any(&self, session: &mut dyn Session, kind: Kind) -> db::Result<bool> {
        let query = self.of_kind(Query::sql("SELECT item FROM "), &self.record, kind.name());
        let rows = db::fetch(session, &query.limit(1, false)).await?;
        Ok(!rows.is_empty())
    }

    /// All items of this kind: as many as somebody has typed.
    pub async fn all(&self, session: &mut dyn Session, kind: Kind) -> db::Result<HashSet<String>> {
        let query = self.of_kind(Query::sql("SELECT item FROM "), &self.record, kind.name());
        let rows = db::fetch(session, &query).await?;
        Ok(rows
            .into_iter()
            .map(|row| row[0].plain().into_owned())
            .collect())
    }

    /// Those of the items of which this was decided.
    pub async fn of(
        &self,
        session: &mut dyn Session,
        kind: Kind,
        items: &[String],
    ) -> db::Result<HashSet<String>> {
        if items.is_empty() {
            return Ok(HashSet::new());
        }
        let query = self.of_kind(Query::sql("SELECT item FROM "), &self.record, kind.name());
        let items = items.iter().map(|item| Value::Text(item.clone()));
        let query = query.text(" AND item IN (").list(items.collect()).text(")");
        let rows = db::fetch(session, &query).await?;
        Ok(rows
            .into_iter()
            .map(|row| row[0].plain().into_owned())
            .collect())
    }

    /// Part of a transaction.
    pub async fn add(&self, session: &mut dyn Session, kind: Kind, item: &str) -> db::Result<()> {
        self.put(session, &self.record, kind.name(), item, "").await
    }

    /// Part of a transaction.
    pub async fn remove(
        &self,
        session: &mut dyn Session,
        kind: Kind,
        item: &str,
    ) -> db::Result<()> {
        self.delete(session, &self.record, kind.name(), item).await
    }

    /// How often links of the shop were made or taken away by hand.
    pub async fn revision(&self, session: &mut dyn Session) -> db::Result<i64> {
        let query = self.of_kind(Query::sql("SELECT detail FROM "), "", REVISION);
        let rows = db::fetch(session, &query).await?;
        match rows.first() {
            None => Ok(0),
            Some(row) => {
                let number = row[0].plain().parse();
                number.map_err(|_| self.damaged("detail"))
            }
        }
    }

    /// Part of the transaction that makes a link by hand or takes one away.
    pub async fn raise_revision(&self, session: &mut dyn Session) -> db::Result<()> {
        let next = self.revision(session).await? + 1;
        self.put(session, "", REVISION, "", &next.to_string()).await
    }

    async fn put(
        &self,
        session: &mut dyn Session,
        record: &str,
        kind: &str,
        item: &str,
        detail: &str,
    ) -> db::Result<()> {
        self.delete(session, record, kind, item).await?;
        let mut query = Query::sql("INSERT INTO ")
            .table(&self.table)
            .text(" (shop, record, kind, item, detail, decided_ms) VALUES (");
        for text in [&self.shop, record, kind, item, detail] {
            query = query.value(Value::Text(text.to_owned())).text(", ");
        }
        let query = query.text(format!("{})", clock(session.server().kind)));
        session.execute(&query).await.map(drop)
    }

    async fn delete(
        &self,
        session: &mut dyn Session,
        record: &str,
        kind: &str,
        item: &str,
    ) -> db::Result<()> {
        let query = self
            .of_kind(Query::sql("DELETE FROM "), record, kind)
            .text(" AND item = ")
            .value(Value::Text(item.to_owned()));
        session.execute(&query).await.map(drop)
    }

    fn damaged(&self, column: &str) -> DbError {
        DbError::new(
            DbErrorKind::Other,
            format!("{} holds a row whose `{column}` cannot be read", self.table),
        )
    }
}
