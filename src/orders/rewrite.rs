//! An imported order that was edited in the shop before anybody has begun with it in the ERP: its document is written anew, under its
//! number, in one transaction with what was seen of it.

use super::content::{Content, is_typed};
use super::documents::{Document, money};
use super::watch::Watched;
use super::{Import, OrdersError, unbound, unfit};
use crate::db::DbError;
use crate::db::query::Query;
use crate::db::template::{self, Bound as Binding};
use crate::sync::batch::{Anew, Intent, Outcome};
use crate::sync::report::{FlowReport, Reason};

const ADVICE: &str = "change the document in the ERP alike, or put the order in the shop back";

/// An edit that the ERP is to have, too.
pub(super) struct Edit {
    pub document: Document,
    /// In words.
    pub what: String,
}

impl Import<'_> {
    /// Whether the document may be written anew: it is what ponte made of the order as it was, as far as its total shows.
    pub(super) fn is_ours(&self, one: &Watched, old: &Content, document: &Document) -> bool {
        let total = document.total.as_ref().map(money);
        !self.orders.rewrite.is_empty()
            && !is_typed(&one.link)
            && total.is_none_or(|total| total == old.total)
    }

    /// Writes the document of an edited order anew, or says why not.
    ///
    /// # Errors
    /// Those of the databases, a lost lease.
    pub(super) async fn rewrite(
        &mut self,
        mut one: Watched,
        edit: Edit,
        report: &mut FlowReport,
    ) -> Result<(), OrdersError> {
        let Edit { document, what } = edit;
        let reference = format!("{}/{}", self.orders.shop, one.key);
        if self.applier.intent == Intent::DryRun {
            report.counts.changed += 1;
            report.notes.push(format!(
                "{reference}: {what}; `{}` would be written anew in the ERP",
                document.number
            ));
            return Ok(());
        }
        // What is written and what is remembered are one picture of it.
        let keys = std::slice::from_ref(&one.reference);
        let mut records = self.read_again(keys).await?;
        records.retain(|record| {
            let status = self.canonical.text(record, "status");
            self.orders.statuses.import.contains(&status)
        });
        let Some(record) = records.first() else {
            // It has just left such a status: the next run looks again.
            report.counts.right += 1;
            return Ok(());
        };
        let before = one.seen.clone();
        one.content = Some(self.canonical.content(record, &self.bound.flow.digest));
        self.settled(&mut one);
        self.known_customers(&mut records).await?;
        let (mut ready, mut refused) = self.ready(records).await?;
        let rejected = match ready.pop() {
            Some(record) => {
                let anew = self.anew(&one, &document, &what)?;
                let done = self.applier.apply_anew(record, anew, report).await?;
                match done.map(|done| done.outcome) {
                    Some(Outcome::Rejected(reason)) => Some(reason),
                    _ => None,
                }
            }
            None => refused.pop().map(|(_, reason)| {
                unfit(
                    format!(
                        "{what}; `{}` cannot be written anew: {reason}",
                        document.number
                    ),
                    &reason.advice(),
                )
            }),
        };
        if let Some(reason) = rejected {
            one.seen = before;
            let mut noted = Vec::new();
            self.told(one, reason, &mut noted, report);
            return self.remember(&noted).await;
        }
        report.counts.changed += 1;
        report.notes.push(format!(
            "{reference}: {what}; `{}` was written anew in the ERP",
            document.number
        ));
        Ok(())
    }

    fn anew(&self, one: &Watched, document: &Document, what: &str) -> Result<Anew, DbError> {
        let bound = |name: &str| (name == "id").then(|| Binding::One(document.id.clone()));
        let clear = self.orders.rewrite.iter();
        let clear = clear.map(|sql| -> Result<Query, DbError> {
            template::bind(&sql.text, bound).map_err(|name| unbound(sql, name))
        });
        Ok(Anew {
            clear: clear.collect::<Result<_, _>>()?,
            refused: busy(what, &document.number),
            link: one.remembered(),
        })
    }
}

fn busy(what: &str, number: &str) -> Reason {
    unfit(
        format!("{what}; `{number}` could not be written anew: somebody is at work on it"),
        ADVICE,
    )
}
