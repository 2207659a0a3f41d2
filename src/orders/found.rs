//! The shop's orders or refunds since the cut-over, page by page, each with its link: which ones the ERP does not have yet.
//!
//! Never "the last id seen": an order whose transaction commits late, or whose status changes late, has no number above
//! anything, and is found all the same by the next run.

use crate::db::query::{Part, Query};
use crate::db::template::{self, Bound};
use crate::db::{self, Session};
use crate::expr::Zone;
use crate::own::link::{Link, Links};
use crate::plan::order::Kind;
use crate::plan::{Orders, Storage};
use crate::sync::narrow::restrict;
use crate::sync::record::key_text;
use crate::value::{Row, Value};
use chrono::{DateTime, Utc};
use std::collections::HashSet;

/// Orders looked at together: so many as are read by their keys in one query.
const PAGE: usize = 900;

/// An order of the shop, or a refund.
#[derive(Debug, Clone)]
pub struct Found {
    pub reference: Value,
    /// As it is linked and shown.
    pub key: String,
    /// A refund has none.
    pub status: String,
    /// The key of the order that a refund is of.
    pub order: String,
    pub placed: Option<DateTime<Utc>>,
    /// What is another one after every edit, if the pack yields it.
    pub changed: Option<String>,
    /// The document that it became.
    pub link: Option<Link>,
}

impl Found {
    /// While it is the same, the order is; `None`: that cannot be told without reading it.
    pub fn mark(&self) -> Option<String> {
        let changed = self.changed.as_ref()?;
        Some(format!("{}\t{changed}", self.status))
    }
}

/// Goes through a shop's orders, whatever their status.
pub struct Search<'o> {
    kind: Kind,
    storage: &'o Storage,
    zone: Zone,
    from: DateTime<Utc>,
    only: &'o [String],
    last: Option<Value>,
    is_over: bool,
    /// Whether the pack's query says when an order was changed; `None`: not asked yet.
    tells_changes: Option<bool>,
}

impl<'o> Search<'o> {
    pub fn new(orders: &'o Orders, storage: &'o Storage, zone: Zone, only: &'o [String]) -> Self {
        Search {
            kind: orders.kind,
            storage,
            zone,
            from: orders.since,
            only,
            last: None,
            is_over: false,
            tells_changes: None,
        }
    }

    /// Only those placed from then on, if that is later than the cut-over.
    pub fn from(mut self, from: DateTime<Utc>) -> Self {
        self.from = self.from.max(from);
        self
    }

    /// The next orders; `None` at the end.
    ///
    /// # Errors
    /// Those of the databases.
    pub async fn next(
        &mut self,
        shop: &mut dyn Session,
        erp: &mut dyn Session,
        links: &Links,
    ) -> db::Result<Option<Vec<Found>>> {
        if self.is_over {
            return Ok(None);
        }
        let tells_changes = match self.tells_changes {
            Some(tells) => tells,
            None => {
                let described = shop.describe(&self.found()?).await?;
                self.kind == Kind::Order && described.iter().any(|column| column.name == "changed")
            }
        };
        self.tells_changes = Some(tells_changes);
        let mut query = self.query(tells_changes)?.text(" WHERE ");
        query = match &self.last {
            None => query.text("1 = 1"),
            Some(last) => query.text("f.reference > ").push(Part::Value(last.clone())),
        };
        let query = query.text(" ORDER BY f.reference").limit(PAGE, true);
        let rows = db::fetch(shop, &query).await?;
        self.is_over = rows.len() < PAGE;
        self.last = rows.last().map(|row| row[0].clone());
        let mut found: Vec<Found> = rows
            .into_iter()
            .map(|row| {
                let (status, order) = match self.kind {
                    Kind::Order => (row[1].plain().into_owned(), String::new()),
                    Kind::Refund => (String::new(), key_text(&row[1..2]).trim().to_owned()),
                };
                Found {
                    key: key_text(&row[..1]).trim().to_owned(),
                    status,
                    order,
                    placed: super::canonical::placed(&row[2], self.zone),
                    reference: row[0].clone(),
                    changed: row.get(3).map(|value| value.plain().into_owned()),
                    link: None,
                }
            })
            .filter(|one| self.is_asked(one))
            .collect();
        let keys: Vec<String> = found.iter().map(|one| one.key.clone()).collect();
        let mut linked = links.of(erp, &keys).await?;
        for one in &mut found {
            one.link = linked.remove(&one.key);
        }
        Ok(Some(found))
    }

    fn is_asked(&self, one: &Found) -> bool {
        let only = self.only;
        only.is_empty() || only.contains(&one.key) || only.contains(&one.order)
    }

    /// Of these orders, those that the shop has.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn known(
        &self,
        shop: &mut dyn Session,
        keys: &[String],
    ) -> db::Result<HashSet<String>> {
        let query = self.query(false)?;
        let described = shop.describe(&query).await?;
        let query = restrict(
            query,
            " WHERE ",
            "reference",
            keys,
            described.first().map(|column| &column.ty),
        );
        let rows = db::fetch(shop, &query).await?;
        let key = |row: &Row| key_text(&row[..1]).trim().to_owned();
        Ok(rows.iter().map(key).collect())
    }

    fn query(&self, changed: bool) -> db::Result<Query> {
        let changed = if changed { ", f.changed" } else { "" };
        let second = match self.kind {
            Kind::Order => "status",
            Kind::Refund => "order_reference",
        };
        let query = Query::sql(format!(
            "SELECT f.reference, f.{second}, f.placed{changed} FROM ("
        ));
        Ok(query.append(self.found()?).text("\n) f"))
    }

    /// The pack's query.
    fn found(&self) -> db::Result<Query> {
        let since = self.zone.column_value(self.from);
        let is_since = |name: &str| ["orders_since", "refunds_since"].contains(&name);
        let bound = |name: &str| is_since(name).then(|| Bound::One(since.clone()));
        template::bind(&self.storage.found.text, bound)
            .map_err(|name| super::unbound(&self.storage.found, name))
    }
}
