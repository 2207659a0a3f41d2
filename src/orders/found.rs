//! Which orders the ERP does not have yet: every order of the shop since the cut-over against the links, page by page.
//!
//! Never "the last id seen": an order whose transaction commits late, or whose status changes late, has no number above
//! anything, and is found all the same by the next run.

use crate::db::query::{Part, Query};
use crate::db::template::{self, Bound};
use crate::db::{self, DbError, DbErrorKind, Session};
use crate::expr::Zone;
use crate::own::link::Links;
use crate::plan::{Orders, Storage};
use crate::sync::record::key_text;
use crate::value::Value;
use chrono::{DateTime, Utc};

/// Orders looked at together: so many as are read by their keys in one query.
const PAGE: usize = 900;

/// An order of the shop that the ERP does not have.
#[derive(Debug, Clone)]
pub struct Found {
    pub reference: Value,
    /// As it is linked and shown.
    pub key: String,
    pub status: String,
    pub placed: Option<DateTime<Utc>>,
}

/// Goes through a shop's orders.
pub struct Search<'o> {
    orders: &'o Orders,
    storage: &'o Storage,
    zone: Zone,
    only: &'o [String],
    last: Option<Value>,
    is_over: bool,
}

impl<'o> Search<'o> {
    pub fn new(orders: &'o Orders, storage: &'o Storage, zone: Zone, only: &'o [String]) -> Self {
        Search {
            orders,
            storage,
            zone,
            only,
            last: None,
            is_over: false,
        }
    }

    /// The next orders without a link; `None` at the end. Those that wait, are no orders or were cancelled are left out.
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
        let rows = db::fetch(shop, &self.query()?).await?;
        self.is_over = rows.len() < PAGE;
        self.last = rows.last().map(|row| row[0].clone());
        let mut found: Vec<Found> = rows
            .into_iter()
            .map(|row| Found {
                key: key_text(&row[..1]).trim().to_owned(),
                status: row[1].plain().into_owned(),
                placed: super::canonical::placed(&row[2], self.zone),
                reference: row[0].clone(),
            })
            .filter(|one| self.only.is_empty() || self.only.contains(&one.key))
            .collect();
        let keys: Vec<String> = found.iter().map(|one| one.key.clone()).collect();
        let linked = links.of(erp, &keys).await?;
        found.retain(|one| !linked.contains_key(&one.key));
        Ok(Some(found))
    }

    fn query(&self) -> db::Result<Query> {
        let since = self.zone.column_value(self.orders.since);
        let bound = |name: &str| (name == "orders_since").then(|| Bound::One(since.clone()));
        let all = template::bind(&self.storage.found.text, bound).map_err(|name| {
            let place = self.storage.found.at.place();
            DbError::new(
                DbErrorKind::Config,
                format_args!("{place}: nothing is bound to `:{name}`"),
            )
        })?;
        let statuses = &self.orders.statuses;
        let left_out = [&statuses.wait, &statuses.ignore, &statuses.cancelled];
        let left_out: Vec<Value> = left_out
            .into_iter()
            .flatten()
            .map(|status| Value::Text(status.clone()))
            .collect();
        let mut query = Query::sql("SELECT f.reference, f.status, f.placed FROM (")
            .append(all)
            .text("\n) f WHERE ");
        query = match left_out.is_empty() {
            true => query.text("1 = 1"),
            false => query.text("f.status NOT IN (").list(left_out).text(")"),
        };
        if let Some(last) = &self.last {
            query = query
                .text(" AND f.reference > ")
                .push(Part::Value(last.clone()));
        }
        Ok(query.text(format!(" ORDER BY f.reference LIMIT {PAGE}")))
    }
}
