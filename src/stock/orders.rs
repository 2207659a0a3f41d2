//! A shop's orders that hold stock: those of one look, and those that only a second look can know of.

use super::StockError;
use super::pending::Line;
use super::rows::{ServerQuery, moment, narrowed, needed, number, text, truth};
use crate::db::Session;
use crate::db::template::Bound;
use crate::expr::Zone;
use crate::plan::{Pending, SecondLook, ServerSql};
use crate::sync::derived::Binding;
use crate::value::{Row, Value};
use chrono::{DateTime, Duration, Utc};
use std::collections::BTreeSet;

/// The queries of a pack that apply to a shop, and what is bound in them.
#[derive(Clone)]
pub struct Orders<'p> {
    pub shop: &'p str,
    pub pending: Vec<&'p Pending>,
    /// In which the database keeps its times.
    pub zone: Zone,
    pub now: DateTime<Utc>,
    pub since: DateTime<Utc>,
    pub promised: &'p [String],
    pub released: &'p [String],
}

/// The column by which a pack says which checkouts are under way.
const IN_FLIGHT: &str = "in_flight";

impl Orders<'_> {
    /// The shop writes its figures as they should be, not by how much they change: its pack says which checkouts are under way.
    pub fn are_written_absolutely(&self) -> bool {
        self.pending
            .iter()
            .any(|one| one.sql.text.contains(IN_FLIGHT))
    }

    /// Lines of orders that hold stock or are about to, all of them or those of certain articles.
    ///
    /// # Errors
    /// Those of the database and of a query that does not yield what it should.
    pub async fn pending(
        &self,
        session: &mut dyn Session,
        only: Option<&BTreeSet<String>>,
    ) -> Result<Vec<Line>, StockError> {
        let mut lines = Vec::new();
        let bound = |name: &str| self.bound(name);
        for one in &self.pending {
            self.lines(session, &one.sql, &bound, only, &mut lines)
                .await?;
        }
        Ok(lines)
    }

    /// How far the shop's record of its orders has come.
    ///
    /// # Errors
    /// As [`Orders::pending`].
    pub async fn mark(
        &self,
        session: &mut dyn Session,
        look: &SecondLook,
    ) -> Result<Value, StockError> {
        let query = ServerQuery::from(&look.mark);
        let mut mark = Value::Null;
        let take = |_: &[String], at: &[Option<usize>], row: Row| {
            mark = needed(&row, at[0], "mark")?.clone();
            Ok(())
        };
        query.each(session, &|_| None, &["mark"], take).await?;
        // Nothing is above NULL: orders would be overlooked.
        match mark.is_null() {
            true => Err(query.yields("it yields no mark")),
            false => Ok(mark),
        }
    }

    /// Orders that became pending above a mark. To be asked of the shop as it is now.
    ///
    /// # Errors
    /// As [`Orders::pending`].
    pub async fn came(
        &self,
        session: &mut dyn Session,
        look: &SecondLook,
        mark: &Value,
    ) -> Result<Vec<Value>, StockError> {
        let mut found = Vec::new();
        let bound = |name: &str| match name {
            "mark" => Some(Bound::One(mark.clone())),
            name => self.bound(name),
        };
        let take = |_: &[String], at: &[Option<usize>], row: Row| {
            let reference = needed(&row, at[0], "reference")?;
            if !reference.is_null() && !found.contains(reference) {
                found.push(reference.clone());
            }
            Ok(())
        };
        ServerQuery::from(&look.orders)
            .each(session, &bound, &["reference"], take)
            .await?;
        Ok(found)
    }

    /// The lines of certain orders. To be asked of the picture that the first look saw: what an order that was under
    /// way then had taken are the lines it had then, whatever has become of them.
    ///
    /// # Errors
    /// As [`Orders::pending`].
    pub async fn lines_of(
        &self,
        session: &mut dyn Session,
        look: &SecondLook,
        references: Vec<Value>,
        only: Option<&BTreeSet<String>>,
    ) -> Result<Vec<Line>, StockError> {
        let mut lines = Vec::new();
        if !references.is_empty() {
            let bound = |name: &str| match name {
                "reference" => Some(Bound::Many(references.clone())),
                name => self.bound(name),
            };
            self.lines(session, &look.lines, &bound, only, &mut lines)
                .await?;
        }
        Ok(lines)
    }

    fn bound(&self, name: &str) -> Option<Bound> {
        let list = |statuses: &[String]| {
            let statuses = statuses.iter().cloned();
            Some(Bound::Many(statuses.map(Value::Text).collect()))
        };
        match name {
            "promised" => list(self.promised),
            "released" => list(self.released),
            _ => {
                let moment = time(name, self.now, self.since)?;
                Some(Bound::One(self.zone.column_value(moment)))
            }
        }
    }

    async fn lines(
        &self,
        session: &mut dyn Session,
        sql: &ServerSql,
        bound: Binding<'_>,
        only: Option<&BTreeSet<String>>,
        into: &mut Vec<Line>,
    ) -> Result<(), StockError> {
        let query = match only {
            None => ServerQuery::from(sql),
            Some(skus) => narrowed(sql, "sku", skus),
        };
        let shop = self.shop;
        let take = |_: &[String], at: &[Option<usize>], row: Row| {
            let (Some(reference), Some(sku)) = (
                text(needed(&row, at[0], "reference")?)?,
                text(needed(&row, at[1], "sku")?)?,
            ) else {
                return Ok(());
            };
            if only.is_some_and(|skus| !skus.contains(sku.as_ref())) {
                return Ok(());
            }
            let quantity = number(needed(&row, at[2], "quantity")?)?
                .ok_or_else(|| format!("order {reference}, sku {sku}: no quantity"))?;
            into.push(Line {
                reference: format!("{shop}/{reference}"),
                sku: sku.into_owned(),
                quantity,
                placed: at[3].and_then(|at| moment(&row[at])),
                in_flight: match at[4] {
                    Some(at) => truth(&row[at])?,
                    None => false,
                },
            });
            Ok(())
        };
        let names = ["reference", "sku", "quantity", "placed", IN_FLIGHT];
        query.each(session, bound, &names, take).await
    }
}

/// The times that a query for pending orders may name.
fn time(name: &str, now: DateTime<Utc>, since: DateTime<Utc>) -> Option<DateTime<Utc>> {
    match name {
        "orders_since" => Some(since),
        _ => {
            let minutes = name.strip_prefix("minutes_ago_")?.parse().ok()?;
            now.checked_sub_signed(Duration::try_minutes(minutes)?)
        }
    }
}
