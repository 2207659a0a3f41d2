//! What many records share is compared at the end of a run ([`derived::groups`]).
//!
//! A run that is killed before has given the target another generation than its snapshot's, so that the next one compares every record, and with them all
//! that they share.

use super::pass::{Pass, note};
use super::{Applier, Intent, TRIES};
use crate::db::DbError;
use crate::db::catalog::Table;
use crate::db::patience::pause;
use crate::failpoint;
use crate::plan::Derived;
use crate::sync::change::RowChange;
use crate::sync::derived::{self, groups};
use crate::sync::links::LinkCache;
use crate::sync::report::{FlowReport, RecordChange};
use crate::value::Value;
use std::collections::HashSet;

impl Applier<'_> {
    /// Compares the derived rows that many records share, and writes those that differ.
    ///
    /// # Errors
    /// Those of the database that trying again does not mend.
    pub async fn settle_groups(&mut self, report: &mut FlowReport) -> Result<(), DbError> {
        let bound = self.bound;
        for (place, groups) in self.groups.take() {
            let (one, table) = &bound.derived[place];
            let mut tries = 0;
            let changes = loop {
                match self.settle(one, table, &groups).await {
                    Ok(changes) => break changes,
                    Err(error) if error.is_transient() && tries < TRIES => {
                        tries += 1;
                        tracing::warn!(flow = bound.flow.name, tries, %error, "rows that many records share are compared again");
                        tokio::time::sleep(pause(tries)).await;
                        self.reconnect(&error).await?;
                    }
                    Err(error) => return Err(error),
                }
            };
            let mut pass = Pass::default();
            pass.changes.extend(changes.into_iter().map(|change| {
                let key = String::new();
                (None, RecordChange { key, change })
            }));
            note(report, &pass);
        }
        Ok(())
    }

    /// What differs, looked at without locks first; then in one transaction.
    async fn settle(
        &mut self,
        one: &Derived,
        table: &Table,
        groups: &[Value],
    ) -> Result<Vec<RowChange>, DbError> {
        let bound = groups::binding(groups, self.around.now.timestamp());
        let look = derived::compare(self.session.as_mut(), one, table, &bound).await?;
        if look.is_empty() || self.intent != Intent::Write {
            return Ok(look.changes().collect());
        }
        let written = match self.begin().await {
            Ok(()) => self.write_groups(one, table, &bound).await,
            Err(error) => Err(error),
        };
        match written {
            Ok(changes) => {
                failpoint::reached("groups written");
                let committed = self.session.commit().await;
                committed.map_err(|error| error.into_lost())?;
                Ok(changes)
            }
            Err(error) => {
                // A connection that broke has rolled back by itself.
                let _ = self.session.rollback().await;
                Err(error)
            }
        }
    }

    async fn write_groups(
        &mut self,
        one: &Derived,
        table: &Table,
        bound: derived::Binding<'_>,
    ) -> Result<Vec<RowChange>, DbError> {
        let found = derived::compare(self.session.as_mut(), one, table, bound).await?;
        derived::write(self.session.as_mut(), &found).await?;
        // What the shop has cached of no record in particular may have been made anew since the records were written.
        let none = [self.gone_record("")];
        self.forget(&none, &LinkCache::default(), &HashSet::from([0]))
            .await?;
        self.session.send_later().await?;
        Ok(found.changes().collect())
    }
}
