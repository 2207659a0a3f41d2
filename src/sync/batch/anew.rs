//! A record whose rows are there is written as if they were not: what hangs on its main row is cleared away, the main row gets what a
//! new one gets, and the rest is created again, in the one transaction that also says so in its link.

use super::{Applier, Done};
use crate::db::DbError;
use crate::db::query::Query;
use crate::failpoint;
use crate::own::link::{Link, Links};
use crate::sync::record::Record;
use crate::sync::report::{FlowReport, Reason};

/// How it is cleared away, and what is remembered of it.
pub struct Anew {
    /// The first one changes the main row, under the condition on which the others may follow.
    pub clear: Vec<Query>,
    /// Why nothing is written where the first one finds nothing to change.
    pub refused: Reason,
    /// The record's key and its link, as they are from then on.
    pub link: (String, Link),
}

impl Applier<'_> {
    /// Writes one record anew.
    ///
    /// # Errors
    /// As [`Applier::apply`].
    pub async fn apply_anew(
        &mut self,
        record: Record,
        anew: Anew,
        report: &mut FlowReport,
    ) -> Result<Option<Done>, DbError> {
        self.anew = Some(anew);
        self.around.anew = true;
        let done = self.apply(vec![record], report).await;
        self.anew = None;
        self.around.anew = false;
        Ok(done?.pop())
    }

    /// Part of the transaction, before anything else is written; a reason: nothing may be.
    pub(super) async fn clear(&mut self) -> Result<Option<Reason>, DbError> {
        let Some(anew) = &self.anew else {
            return Ok(None);
        };
        for (at, query) in anew.clear.iter().enumerate() {
            let rows = self.session.execute(query).await?;
            if at == 0 && rows == 0 {
                return Ok(Some(anew.refused.clone()));
            }
        }
        failpoint::reached("record cleared");
        Ok(None)
    }

    /// Part of the transaction.
    pub(super) async fn remember_anew(&mut self) -> Result<(), DbError> {
        let (Some(anew), Some(finder)) = (&self.anew, &self.bound.finder) else {
            return Ok(());
        };
        let links = Links::new(&self.own, self.shop(), &finder.record);
        let link = std::slice::from_ref(&anew.link);
        links.remember(self.session.as_mut(), link).await
    }
}
