//! Other shops of the project that keep their figures in the same table of the same database.
//!
//! Their pending orders are read in the very snapshot that shows this shop's figures. Where two shops sell from one row,
//! an order of either takes its pieces off that row: read apart, an order placed in between would have lowered the figure
//! already and not be pending yet. Each order counts once, since it is one shop's.
//!
//! A row that two shops share has one right value. So both must come to it: the same warehouses, the same safety stock.
//! If they differ, the row is left alone and reported. Either shop's cycle may write it then; the other finds it right.

use super::orders::Orders;
use super::pending::Line;
use super::shop::Shop;
use super::{Engines, StockError};
use crate::db::Session;
use crate::plan::{self, Plan};
use std::collections::{BTreeSet, HashSet};

pub struct Siblings<'p> {
    /// Those whose orders are taken off here.
    pub orders: Vec<(Orders<'p>, Option<&'p plan::SecondLook>)>,
    /// Keys of rows that another shop shares and would give another value.
    pub disputed: HashSet<Vec<u8>>,
}

impl<'p> Siblings<'p> {
    /// # Errors
    /// Those of the database and mapping errors.
    pub async fn open(
        project: &'p Plan,
        stock: &'p plan::Stock,
        engines: &Engines,
    ) -> Result<Siblings<'p>, StockError> {
        let mut siblings = Siblings {
            orders: Vec::new(),
            disputed: HashSet::new(),
        };
        let all = project.stocks.iter();
        for sibling in all.filter(|other| is_sibling(project, stock, other)) {
            let mut shop = Shop::open(project, sibling, engines).await?;
            if !agree(stock, sibling) {
                let figures = shop.figures(None, false, &BTreeSet::new()).await?;
                siblings.disputed.extend(figures.keys());
            }
            if super::others::share_stock(stock, sibling) {
                let look = sibling.target.second_look.as_ref();
                siblings.orders.push((shop.orders(), look));
            }
        }
        Ok(siblings)
    }

    /// Lines of their orders, as the session sees them now.
    ///
    /// # Errors
    /// Those of the database and of a query that does not yield what it should.
    pub async fn lines(
        &self,
        session: &mut dyn Session,
        only: Option<&BTreeSet<String>>,
    ) -> Result<Vec<Line>, StockError> {
        let mut lines = Vec::new();
        for (orders, _) in &self.orders {
            lines.extend(orders.pending(session, only).await?);
        }
        Ok(lines)
    }
}

/// Whether both keep their figures in one table of one database.
pub fn is_sibling(project: &Plan, a: &plan::Stock, b: &plan::Stock) -> bool {
    let url = |stock: &plan::Stock| {
        let connection = project.connections.get(&stock.target.connection);
        connection.map(|connection| &connection.url)
    };
    let same = match (url(a), url(b)) {
        (Some(a), Some(b)) => a.is_same_database(b),
        _ => false,
    };
    a.shop != b.shop && same && a.target.table == b.target.table
}

/// Whether both come to the same value for a row that they share.
fn agree(a: &plan::Stock, b: &plan::Stock) -> bool {
    let warehouses =
        |stock: &plan::Stock| stock.warehouses.iter().cloned().collect::<BTreeSet<_>>();
    a.erp.connection == b.erp.connection && warehouses(a) == warehouses(b) && a.safety == b.safety
}
