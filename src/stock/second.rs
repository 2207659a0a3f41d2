use super::StockError;
use super::orders::Orders;
use super::pending::Line;
use super::shop::Shop;
use super::siblings::Siblings;
use crate::db::Isolation;
use crate::plan;
use crate::value::Value;
use std::collections::BTreeSet;

/// What the first look leaves for the second one: the queries of this shop and of its siblings.
pub struct Second<'p> {
    shops: Vec<Again<'p>>,
}

struct Again<'p> {
    orders: Orders<'p>,
    /// How far the record of what happened to orders had come; the first look's snapshot is then still open. `None`: the
    /// pack knows no such record, or needs no second look.
    since: Option<(&'p plan::SecondLook, Value)>,
}

/// Lines that only a second look knows of.
#[derive(Debug, Default)]
pub struct Seen {
    /// Of orders that are pending now.
    pub pending: Vec<Line>,
    /// Of orders that became pending since, as they were at the first look.
    pub came: Vec<Line>,
}

impl<'p> Second<'p> {
    /// To be called at the end of the first look, within its snapshot.
    ///
    /// # Errors
    /// Those of the database and of a query that does not yield what it should.
    pub async fn after_first(
        shop: &mut Shop<'p>,
        siblings: &Siblings<'p>,
    ) -> Result<Second<'p>, StockError> {
        let own = (shop.orders(), shop.plan.target.second_look.as_ref());
        let all = std::iter::once(own).chain(siblings.orders.iter().cloned());
        let mut shops = Vec::new();
        for (orders, look) in all {
            let since = match look {
                Some(look) if shop.plan.target.checkout_seconds > 0 => {
                    Some((look, orders.mark(shop.session.as_mut(), look).await?))
                }
                _ => None,
            };
            shops.push(Again { orders, since });
        }
        let second = Second { shops };
        if !second.is_open() {
            shop.session.rollback().await?;
        }
        Ok(second)
    }

    /// Whether the first look's snapshot will still be asked.
    pub fn keeps_first(shop: &Shop<'p>, siblings: &Siblings<'p>) -> bool {
        let own = shop.plan.target.second_look.as_ref();
        let all = siblings.orders.iter().map(|(_, look)| *look);
        shop.plan.target.checkout_seconds > 0
            && std::iter::once(own).chain(all).any(|look| look.is_some())
    }

    /// The first look's snapshot is still open.
    pub fn is_open(&self) -> bool {
        self.shops.iter().any(|again| again.since.is_some())
    }

    /// # Errors
    /// As [`Second::after_first`].
    pub async fn look(
        self,
        shop: &mut Shop<'p>,
        only: Option<&BTreeSet<String>>,
    ) -> Result<Seen, StockError> {
        let mut seen = Seen::default();
        if !self.is_open() {
            for Again { orders, .. } in &self.shops {
                let lines = orders.pending(shop.session.as_mut(), only).await?;
                seen.pending.extend(lines);
            }
            return Ok(seen);
        }
        let mut now = shop.engine.connect().await?;
        now.begin(Isolation::Snapshot).await?;
        let mut came = Vec::new();
        for Again { orders, since } in &self.shops {
            seen.pending
                .extend(orders.pending(now.as_mut(), only).await?);
            if let Some((look, mark)) = since {
                let references = orders.came(now.as_mut(), look, mark).await?;
                came.push((orders, look, references));
            }
        }
        now.rollback().await?;
        let then = shop.session.as_mut();
        for (orders, look, references) in came {
            let lines = orders.lines_of(then, look, references, only).await?;
            seen.came.extend(lines);
        }
        then.rollback().await?;
        Ok(seen)
    }
}
