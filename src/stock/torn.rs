//! Orders that a torn picture of the shop does not show.
//!
//! MariaDB's snapshot may miss an order and yet show the figure without its pieces: a later sale of the same article, which
//! waited for the order's, is in it ([`Snapshots::Torn`]). Nobody would know of these pieces, and the shop would get them
//! once more. So the orders are looked at in a second picture, too, taken right after the first: whoever is missing in the
//! first one had ended by then. The larger quantity counts; an order that was placed between the two is pending too early,
//! which errs low.

use super::StockError;
use super::orders::Orders;
use super::pending::Line;
use super::second::Second;
use super::shop::Shop;
use super::siblings::Siblings;
use crate::db::{Isolation, Session, Snapshots};
use std::collections::BTreeSet;

/// Where the second picture comes from.
pub enum Later {
    /// None is needed, or it has been looked at.
    No,
    /// Begun with the first look's, on a connection of its own.
    Begun(Box<dyn Session>),
    /// Of the first look's connection, when that look is done: later rounds look at few articles.
    Next,
}

impl Later {
    /// Begins the first look's snapshot, and the second one right after it. `is_short`: at the few articles that are looked at again.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn begin<'p>(
        shop: &mut Shop<'p>,
        siblings: &Siblings<'p>,
        is_short: bool,
    ) -> Result<Later, StockError> {
        let mut later = match shop.session.server().snapshots {
            Snapshots::None | Snapshots::Whole => Later::No,
            Snapshots::Torn if is_short && !Second::keeps_first(shop, siblings) => Later::Next,
            Snapshots::Torn => Later::Begun(shop.engine.connect().await?),
        };
        shop.session.begin(Isolation::Snapshot).await?;
        if let Later::Begun(session) = &mut later {
            session.begin(Isolation::Snapshot).await?;
        }
        Ok(later)
    }

    /// Lines of the shop's orders and its siblings', once.
    ///
    /// # Errors
    /// Those of the database and of a query that does not yield what it should.
    pub async fn lines(
        &mut self,
        shop: &mut Shop<'_>,
        siblings: &Siblings<'_>,
        only: Option<&BTreeSet<String>>,
    ) -> Result<Vec<Line>, StockError> {
        let own = shop.orders();
        match std::mem::replace(self, Later::No) {
            Later::No => Ok(Vec::new()),
            Later::Begun(mut session) => lines(session.as_mut(), &own, siblings, only).await,
            Later::Next => {
                shop.session.rollback().await?;
                shop.session.begin(Isolation::Snapshot).await?;
                lines(shop.session.as_mut(), &own, siblings, only).await
            }
        }
    }
}

async fn lines(
    session: &mut dyn Session,
    own: &Orders<'_>,
    siblings: &Siblings<'_>,
    only: Option<&BTreeSet<String>>,
) -> Result<Vec<Line>, StockError> {
    let mut lines = own.pending(session, only).await?;
    lines.extend(siblings.lines(session, only).await?);
    Ok(lines)
}
