//! The second look at a shop that takes an order's pieces before the order can be seen.
//!
//! What the first look missed are orders that were under way just then: pieces taken, order not yet pending. Most of
//! them are pending at the second look. But one may have come and gone in between, cancelled or edited, its pieces
//! given back after the first look and therefore missing from what it saw. The shop's own record of what happened to
//! orders tells of these: whatever became pending above the highest row id that the first look saw. Ids, since clocks
//! do not tell what was visible when. How many pieces such an order had taken, its lines say as the *first* look's
//! picture has them (they were written long before, and may have been edited since): that is why the first look's
//! snapshot stays open until then.

use super::StockError;
use super::pending::Line;
use super::shop::Shop;
use crate::db::Isolation;
use crate::plan;
use crate::value::Value;
use std::collections::BTreeSet;

/// What the first look leaves for the second one.
pub enum Second<'p> {
    /// The pack knows no record of what happened to orders, or needs no second look.
    Plain,
    /// The first look's snapshot is still open.
    Since(&'p plan::SecondLook, Value),
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
    pub async fn after_first(shop: &mut Shop<'p>) -> Result<Second<'p>, StockError> {
        match &shop.plan.target.second_look {
            None => {
                shop.session.rollback().await?;
                Ok(Second::Plain)
            }
            Some(look) => {
                let mark = shop.orders().mark(shop.session.as_mut(), look).await?;
                Ok(Second::Since(look, mark))
            }
        }
    }

    /// # Errors
    /// As [`Second::after_first`].
    pub async fn look(
        self,
        shop: &mut Shop<'p>,
        only: Option<&BTreeSet<String>>,
    ) -> Result<Seen, StockError> {
        let orders = shop.orders();
        let Second::Since(look, mark) = self else {
            return Ok(Seen {
                pending: orders.pending(shop.session.as_mut(), only).await?,
                came: Vec::new(),
            });
        };
        let mut now = shop.engine.connect().await?;
        now.begin(Isolation::Snapshot).await?;
        let pending = orders.pending(now.as_mut(), only).await?;
        let references = orders.came(now.as_mut(), look, &mark).await?;
        now.rollback().await?;
        let then = shop.session.as_mut();
        let came = orders.lines_of(then, look, references, only).await?;
        then.rollback().await?;
        Ok(Seen { pending, came })
    }
}
