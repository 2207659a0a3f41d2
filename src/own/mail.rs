//! Mails to a shop's customers: which are due, which were sent, of which nobody knows.
//!
//! A mail becomes due in the transaction that tells the shop of its parcel or invoice, so that it is due once. Before it
//! is handed to the mail server its row says `sending`, committed; afterwards `sent`. A row that is found `sending` was
//! under way when the program or the line died: it may have been accepted, so it is never sent again by itself.

use super::table::OwnTable;
use super::{OwnTables, clock};
use crate::db::query::Query;
use crate::db::{self, Session};
use crate::value::Value;
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::time::Duration;

/// The kinds of mails.
pub const SHIPMENT: &str = "shipment";
pub const INVOICE: &str = "invoice";

/// How far a mail is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// To be sent, now or after a pause.
    Due,
    /// Handed to the mail server, or about to be.
    Sending,
    Sent,
    /// For a person: the server refuses it for good, or there is nobody to send it to.
    Refused,
}

impl Standing {
    pub const ALL: [Standing; 4] = [
        Standing::Due,
        Standing::Sending,
        Standing::Sent,
        Standing::Refused,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Standing::Due => "due",
            Standing::Sending => "sending",
            Standing::Sent => "sent",
            Standing::Refused => "refused",
        }
    }

    fn of(name: &str) -> Standing {
        let known = Standing::ALL.into_iter().find(|one| one.name() == name);
        // An unknown word is nothing that may be sent.
        known.unwrap_or(Standing::Refused)
    }
}

/// One mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// The shop's order.
    pub key: String,
    /// `shipment`, `invoice`.
    pub kind: String,
    /// The parcel's, or the invoice's, number.
    pub item: String,
    pub standing: Standing,
    pub tries: i64,
    /// What the mail server said last, or to whom it went.
    pub detail: String,
    /// Since when it is so, by the server's clock.
    pub since: Option<DateTime<Utc>>,
    /// When a due one is tried next.
    pub next: Option<DateTime<Utc>>,
}

/// The mails of one shop.
#[derive(Debug, Clone)]
pub struct Mails {
    table: OwnTable,
    shop: String,
}

const COLUMNS: &str =
    "SELECT record_key, kind, item, standing, tries, detail, changed_ms, next_ms FROM ";

impl Mails {
    pub fn new(own: &OwnTables, shop: &str) -> Self {
        Mails {
            table: OwnTable::new(own, "mail"),
            shop: shop.to_owned(),
        }
    }

    fn select(&self) -> Query {
        Query::sql(COLUMNS)
            .table(&self.table)
            .text(" WHERE shop = ")
            .value(text(&self.shop))
    }

    async fn read(&self, session: &mut dyn Session, query: &Query) -> db::Result<Vec<Mail>> {
        let rows = self.table.fetch(session, query).await?;
        let plain = |value: &Value| value.plain().into_owned();
        let moment = |value: &Value| match value {
            Value::Int(millis) => DateTime::from_timestamp_millis(*millis),
            _ => None,
        };
        Ok(rows
            .iter()
            .map(|row| Mail {
                key: plain(&row[0]),
                kind: plain(&row[1]),
                item: plain(&row[2]),
                standing: Standing::of(&row[3].plain()),
                tries: match row[4] {
                    Value::Int(tries) => tries,
                    _ => 0,
                },
                detail: plain(&row[5]),
                since: moment(&row[6]),
                next: moment(&row[7]),
            })
            .collect())
    }

    /// Those whose turn it is, the oldest first.
    pub async fn due(&self, session: &mut dyn Session, most: usize) -> db::Result<Vec<Mail>> {
        let clock = clock(session.server().kind);
        let query = self
            .select()
            .text(" AND standing = 'due' AND next_ms <= ")
            .text(clock)
            .text(" ORDER BY next_ms, record_key")
            .limit(most, true);
        self.read(session, &query).await
    }

    /// Those that a person must look at: under way when something died, or refused.
    pub async fn stuck(&self, session: &mut dyn Session) -> db::Result<Vec<Mail>> {
        let query = self
            .select()
            .text(" AND standing IN ('sending', 'refused') ORDER BY record_key, kind, item");
        self.read(session, &query).await
    }

    /// How many there are, by how far they are.
    pub async fn counts(&self, session: &mut dyn Session) -> db::Result<Vec<(Standing, u64)>> {
        let query = Query::sql("SELECT standing, COUNT(*) FROM ")
            .table(&self.table)
            .text(" WHERE shop = ")
            .value(text(&self.shop))
            .text(" GROUP BY standing");
        let count = |value: &Value| match value {
            Value::Int(count) => u64::try_from(*count).unwrap_or(0),
            _ => 0,
        };
        let rows = self.table.fetch(session, &query).await?;
        let rows = rows.iter();
        Ok(rows
            .map(|row| (Standing::of(&row[0].plain()), count(&row[1])))
            .collect())
    }

    /// Every mail of an order.
    pub async fn of(&self, session: &mut dyn Session, key: &str) -> db::Result<Vec<Mail>> {
        let query = self
            .select()
            .text(" AND record_key = ")
            .value(text(key))
            .text(" ORDER BY kind, item");
        self.read(session, &query).await
    }

    /// Part of the transaction that tells the shop: due after a while. One that is known already stays as it is, except that one
    /// whose first try is yet to come waits no longer than that.
    pub async fn add(
        &self,
        session: &mut dyn Session,
        key: &str,
        kind: &str,
        item: &str,
        wait: Duration,
    ) -> db::Result<()> {
        let clock = clock(session.server().kind);
        let next = format!("{clock} + {}", wait.as_millis());
        let known = Query::sql("SELECT 1 FROM ").append(self.one(key, kind, item));
        if !self.table.fetch(session, &known).await?.is_empty() {
            let earlier = Query::sql("UPDATE ")
                .table(&self.table)
                .text(format!(" SET next_ms = {next} WHERE shop = "))
                .append(self.key(key, kind, item))
                .text(format!(
                    " AND standing = 'due' AND tries = 0 AND next_ms > {next}"
                ));
            return self.table.execute(session, &earlier).await.map(drop);
        }
        let mut query = Query::sql("INSERT INTO ")
            .table(&self.table)
            .text(" (shop, record_key, kind, item, standing, tries, next_ms, detail, changed_ms) VALUES (");
        for value in [&self.shop, key, kind, item, Standing::Due.name()] {
            query = query.value(text(value)).text(", ");
        }
        let query = query.text(format!("0, {next}, '', {clock})"));
        self.table.execute(session, &query).await.map(drop)
    }

    /// Part of a transaction: how far the mail is. A due one waits so many milliseconds.
    pub async fn mark(
        &self,
        session: &mut dyn Session,
        mail: &Mail,
        wait_ms: u64,
    ) -> db::Result<()> {
        let clock = clock(session.server().kind);
        let query = Query::sql("UPDATE ")
            .table(&self.table)
            .text(" SET standing = ")
            .value(text(mail.standing.name()))
            .text(", tries = ")
            .value(Value::Int(mail.tries))
            .text(", detail = ")
            .value(text(&mail.detail))
            .text(format!(
                ", next_ms = {clock} + {wait_ms}, changed_ms = {clock} WHERE shop = "
            ))
            .append(self.key(&mail.key, &mail.kind, &mail.item));
        self.table.execute(session, &query).await.map(drop)
    }

    /// Part of a transaction: a due mail is looked at again after `pause`, unless it has been due for `most` already.
    /// Says whether it waits.
    pub async fn wait(
        &self,
        session: &mut dyn Session,
        mail: &Mail,
        pause: Duration,
        most: Duration,
    ) -> db::Result<bool> {
        let clock = clock(session.server().kind);
        let (pause, most) = (pause.as_millis(), most.as_millis());
        // `changed_ms` stays: since then it has been due.
        let query = Query::sql("UPDATE ")
            .table(&self.table)
            .text(format!(" SET next_ms = {clock} + {pause}, detail = "))
            .value(text(&mail.detail))
            .text(" WHERE shop = ")
            .append(self.key(&mail.key, &mail.kind, &mail.item))
            .text(format!(
                " AND standing = 'due' AND changed_ms + {most} > {clock}"
            ));
        Ok(self.table.execute(session, &query).await? > 0)
    }

    fn one(&self, key: &str, kind: &str, item: &str) -> Query {
        Query::default()
            .table(&self.table)
            .text(" WHERE shop = ")
            .append(self.key(key, kind, item))
    }

    fn key(&self, key: &str, kind: &str, item: &str) -> Query {
        Query::default()
            .value(text(&self.shop))
            .text(" AND record_key = ")
            .value(text(key))
            .text(" AND kind = ")
            .value(text(kind))
            .text(" AND item = ")
            .value(text(item))
    }
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}
