//! What many articles share, a term's count say, is compared at the end of a cycle ([`derived::groups`]).
//!
//! A cycle that is killed before leaves it as it was. The next one asks again: for what the articles beside which it looks
//! belong to, all of them within a day.

use super::report::{RowChanges, StockReport};
use super::{Cycle, Mode, forget};
use crate::db::patience::pause;
use crate::db::{self, Isolation};
use crate::failpoint;
use crate::sync::derived::{self, groups};
use crate::value::Value;

/// Attempts in all where the shop is at the same rows, or the connection breaks.
const ATTEMPTS: u32 = 5;

impl Cycle<'_> {
    /// Compares what the articles looked at belong to, and writes what differs, or in a dry run tells it.
    ///
    /// # Errors
    /// Those of the database that trying again does not mend.
    pub(super) async fn settle_groups(
        &mut self,
        mode: Mode<'_>,
        report: &mut StockReport,
    ) -> db::Result<()> {
        for (place, groups) in self.groups.take() {
            let mut attempt = 1;
            let changes = loop {
                match self.settle(place, &groups, mode).await {
                    Ok(changes) => break changes,
                    Err(error) if error.is_transient() && attempt < ATTEMPTS => {
                        tracing::debug!(%error, attempt, "rows that many articles share are compared again");
                        tokio::time::sleep(pause(attempt)).await;
                        attempt += 1;
                        if self.shop.session.rollback().await.is_err() {
                            self.shop.reconnect().await?;
                        }
                    }
                    Err(error) => return Err(error),
                }
            };
            report.derived(changes);
        }
        Ok(())
    }

    /// Looks without locks first; then once more in the transaction that writes. On an error that may be open.
    async fn settle(
        &mut self,
        place: usize,
        groups: &[Value],
        mode: Mode<'_>,
    ) -> db::Result<RowChanges> {
        let (one, table) = &self.targets.derived[place];
        let bound = groups::binding(groups, self.shop.now.timestamp());
        let session = self.shop.session.as_mut();
        let mut found = derived::compare(session, one, table, &bound).await?;
        if let Mode::Write(guard) = mode
            && !found.is_empty()
        {
            guard.begin(session, Isolation::ReadCommitted).await?;
            found = derived::compare(session, one, table, &bound).await?;
            derived::write(session, &found).await?;
            self.forget_shared().await?;
            failpoint::reached("stock groups written");
            let committed = self.shop.session.commit().await;
            committed.map_err(|error| error.into_lost())?;
        }
        let mut changes = RowChanges::default();
        changes.add(&found);
        Ok(changes)
    }

    /// Removes what the shop has cached of no article in particular: it may have been made anew since the figures were written.
    async fn forget_shared(&mut self) -> db::Result<()> {
        for (one, table) in &self.targets.forget {
            let values = forget::shared(&one.values, &self.shop.lookups, self.shop.now)?;
            if !values.is_empty() {
                derived::forget(self.shop.session.as_mut(), one, table, &values).await?;
            }
        }
        Ok(())
    }
}
