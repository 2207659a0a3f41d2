//! Orders that were imported, looked at again: what was edited, cancelled or paid back in the shop since.
//!
//! What the shop had of an order lies with its link, written in the transaction that imports it. The shop's list of orders says
//! which ones to look at: those whose status or time of change is another one than when they were last seen. An order that was
//! cancelled before anybody picked it is cancelled in the ERP, once: the pack's statement names the state that it takes away
//! in its own condition, and what was seen commits with it. Where the project says so, an order that was edited before that is written
//! anew ([`super::rewrite`]). Everything else is for a person, and told in every run until it is right again or
//! somebody says that it is.

use super::content::{Content, Seen, differences, is_settled, standing};
use super::documents::{Document, Documents, Stage, money};
use super::found::Found;
use super::refund::{Back, Credit};
use super::rewrite::Edit;
use super::{BATCH, Import, Meaning, OrdersError, meaning, name_status, unbound, unfit};
use crate::db::template::{self, Bound as Binding};
use crate::db::{CommitError, DbError, Isolation, Session};
use crate::failpoint;
use crate::own::link::Link;
use crate::sync::batch::Intent;
use crate::sync::read::{Item, Reader, key_hash};
use crate::sync::record::Record;
use crate::sync::report::{FlowReport, Reason, Rejected};
use crate::value::{Decimal, Value};
use std::collections::HashMap;

/// An imported order that is looked at again.
pub(super) struct Watched {
    pub(super) key: String,
    pub(super) reference: Value,
    status: String,
    mark: Option<String>,
    pub(super) link: Link,
    pub(super) seen: Seen,
    /// As it is in the shop now.
    pub(super) content: Option<Content>,
}

/// Links that are made, or that there are.
pub(super) enum Keep {
    New,
    Known,
}

/// What is to be done about it.
enum Verdict {
    /// It is as it should be.
    Right,
    /// It will be, once the ERP has what was paid back of it.
    Due,
    /// It is to be cancelled in the ERP.
    Cancel(Document),
    /// The ERP is to have it as it is now.
    Rewrite(Edit),
    Person(Reason),
}

impl Import<'_> {
    /// Looks at the linked orders of a page.
    ///
    /// # Errors
    /// Those of the databases, a lost lease.
    pub(super) async fn watch(
        &mut self,
        shop: &mut dyn Session,
        page: &[Found],
        report: &mut FlowReport,
    ) -> Result<(), OrdersError> {
        let mut chosen: HashMap<String, Watched> = HashMap::new();
        let mut keys: Vec<Value> = Vec::new();
        for one in page {
            let Some(link) = &one.link else { continue };
            let mark = one.mark();
            if !self.full && Seen::is_current(&link.columns, mark.as_ref()) {
                continue;
            }
            let seen = Seen::of(&link.columns);
            keys.push(one.reference.clone());
            let watched = Watched {
                key: one.key.clone(),
                reference: one.reference.clone(),
                status: one.status.clone(),
                mark,
                link: link.clone(),
                seen,
                content: None,
            };
            chosen.insert(one.key.clone(), watched);
        }
        keys.sort_by(|a, b| a.order(b));
        for keys in keys.chunks(BATCH) {
            let mut batch = Vec::new();
            for record in self.read_again(keys).await? {
                if let Some(mut one) = chosen.remove(&record.key) {
                    let digest = &self.bound.flow.digest;
                    one.content = Some(self.canonical.content(&record, digest));
                    batch.push(one);
                }
            }
            self.judge(shop, batch, report).await?;
        }
        Ok(())
    }

    pub(super) async fn read_again(&mut self, keys: &[Value]) -> Result<Vec<Record>, OrdersError> {
        let mut reader = Reader::of_keys(&self.source, self.bound, keys, self.bound.flow.digest);
        let mut records = Vec::new();
        while let Some(item) = reader.next().await? {
            if let Item::Record(record) = item {
                records.push(*record);
            }
        }
        Ok(records)
    }

    async fn judge(
        &mut self,
        shop: &mut dyn Session,
        batch: Vec<Watched>,
        report: &mut FlowReport,
    ) -> Result<(), OrdersError> {
        let asked: Vec<&Watched> = batch
            .iter()
            .filter(|one| self.settle || self.needs_document(one))
            .collect();
        let documents = self.documents_of(&asked).await?;
        let backs = self.backs(shop, &batch, documents.as_ref()).await?;
        let mut right = Vec::new();
        for mut one in batch {
            report.counts.read += 1;
            let verdict = match self.settle {
                true => Verdict::Right,
                false => self.verdict(&one, documents.as_ref(), backs.get(&one.key)),
            };
            match verdict {
                Verdict::Right => {
                    report.counts.right += 1;
                    let document = documents.as_ref().and_then(|all| all.get(&one.key));
                    let stands = document.map(|document| one.standing(document));
                    let is_said = |stands: &String| self.settle || is_settled(&one.link, stands);
                    let said = stands.filter(is_said);
                    self.settled(&mut one);
                    one.seen.settled = said;
                    right.push(one);
                }
                Verdict::Due => report.counts.right += 1,
                Verdict::Cancel(document) => self.cancel(one, &document, report).await?,
                Verdict::Rewrite(edit) => self.rewrite(one, edit, report).await?,
                Verdict::Person(reason) => {
                    self.told(one, reason, &mut right, report);
                }
            }
        }
        self.remember(&right).await?;
        Ok(())
    }

    /// What is in the shop now is what the ERP has, too.
    pub(super) fn settled(&self, one: &mut Watched) {
        one.seen = Seen {
            mark: one.mark.clone(),
            content: one.content.clone(),
            ..Seen::default()
        };
    }

    /// The order waits for a person; that it does is remembered, so that the next run looks at it again.
    pub(super) fn told(
        &self,
        mut one: Watched,
        reason: Reason,
        noted: &mut Vec<Watched>,
        report: &mut FlowReport,
    ) {
        report.reject(Rejected {
            hash: key_hash(&one.key),
            key: one.key.clone(),
            reason: reason.clone(),
        });
        one.seen.told = Some(reason.to_string());
        one.seen.settled = None;
        one.seen.mark.clone_from(&one.mark);
        noted.push(one);
    }

    fn needs_document(&self, one: &Watched) -> bool {
        let is_import = meaning(&self.orders.statuses, &one.status) == Meaning::Import;
        let compared = one.compared(false);
        !is_import || compared.is_some_and(|(old, new)| !differences(&old, new).is_empty())
    }

    /// The documents of these orders, by their keys; `None`: the pack does not say.
    async fn documents_of(
        &mut self,
        asked: &[&Watched],
    ) -> Result<Option<HashMap<String, Document>>, OrdersError> {
        let Some(sql) = &self.orders.documents else {
            return Ok(None);
        };
        let mut found = HashMap::new();
        if asked.is_empty() {
            return Ok(Some(found));
        }
        let erp = self.applier.session.as_mut();
        let documents = Documents::open(sql, erp).await?;
        let by_id: HashMap<&str, &str> = asked
            .iter()
            .map(|one| (one.link.id.as_str(), one.key.as_str()))
            .collect();
        let ids: Vec<String> = by_id.keys().map(|id| (*id).to_owned()).collect();
        for document in documents.linked(erp, &ids).await? {
            if let Some(key) = by_id.get(document.id.plain().trim()) {
                found.insert((*key).to_owned(), document);
            }
        }
        Ok(Some(found))
    }

    /// What was paid back of those that are cancelled in the shop and have left, by their keys.
    async fn backs(
        &mut self,
        shop: &mut dyn Session,
        batch: &[Watched],
        documents: Option<&HashMap<String, Document>>,
    ) -> Result<HashMap<String, Back>, OrdersError> {
        let (Some(paid_back), Some(documents)) = (&self.paid_back, documents) else {
            return Ok(HashMap::new());
        };
        let has_left = |one: &&Watched| {
            let document = documents.get(&one.key);
            meaning(&self.orders.statuses, &one.status) == Meaning::Cancelled
                && document.is_some_and(|document| document.stage == Stage::Delivered)
        };
        let asked = batch.iter().filter(has_left);
        let asked: Vec<Value> = asked.map(|one| one.reference.clone()).collect();
        let erp = self.applier.session.as_mut();
        Ok(paid_back.of(shop, erp, &asked).await?)
    }

    fn verdict(
        &self,
        one: &Watched,
        documents: Option<&HashMap<String, Document>>,
        back: Option<&Back>,
    ) -> Verdict {
        let status = &one.status;
        let document = documents.and_then(|documents| documents.get(&one.key));
        let called = document.map_or(&one.link.id, |document| &document.number);
        let stage = document.map(|document| document.stage);
        let stands = match stage {
            Some(stage) => format!("`{called}` is {} in the ERP", stage.name()),
            None if documents.is_some() => format!("the ERP no longer has `{called}`"),
            None => format!("the ERP has it as `{called}`"),
        };
        // Deleted in the ERP, or cancelled there: nothing is left to be done.
        let is_over = stage == Some(Stage::Cancelled) || (documents.is_some() && stage.is_none());
        match meaning(&self.orders.statuses, status) {
            Meaning::Import => {}
            _ if is_over => return Verdict::Right,
            _ if document
                .is_some_and(|document| is_settled(&one.link, &one.standing(document))) =>
            {
                return Verdict::Right;
            }
            Meaning::Cancelled => {
                match back.map(|back| back.credit(&one.total())) {
                    Some(Credit::Whole) => return Verdict::Right,
                    Some(Credit::Due) => return Verdict::Due,
                    Some(Credit::Part) | None => {}
                }
                return match (document, stage) {
                    (Some(document), Some(Stage::Open)) if self.orders.cancel.is_some() => {
                        Verdict::Cancel(document.clone())
                    }
                    _ => Verdict::Person(unfit(
                        format!("cancelled in the shop (`{status}`), but {stands}"),
                        "cancel it in the ERP, or take the goods back",
                    )),
                };
            }
            Meaning::Unknown => {
                return Verdict::Person(unfit(
                    format!(
                        "{stands}, and nobody has said what the shop's status `{status}` means"
                    ),
                    &name_status(self.orders),
                ));
            }
            Meaning::Wait | Meaning::Ignore => {
                return Verdict::Person(unfit(
                    format!("its status in the shop is `{status}` now, but {stands}"),
                    "put the status right in the shop, or cancel the document in the ERP",
                ));
            }
        }
        // Of what has left, a credit note is all that is to be made of it, and of what was cancelled nothing; what is still to be sent is
        // to be sent without it.
        let is_done = matches!(stage, Some(Stage::Delivered | Stage::Cancelled));
        let credited = self.paid_back.is_some() && is_done;
        let Some((old, new)) = one.compared(credited) else {
            return Verdict::Right;
        };
        let changes = differences(&old, new);
        if changes.is_empty() || is_equal(&old, new, document) {
            return Verdict::Right;
        }
        let what = format!(
            "changed in the shop after the import: {}",
            changes.join("; ")
        );
        // What is paid back is another decision than what is ordered.
        let is_edit = old.refunded == new.refunded && old.returned == new.returned;
        if let Some(document) = document
            && document.stage == Stage::Open
            && is_edit
            && self.is_ours(one, &old, document)
        {
            let document = document.clone();
            return Verdict::Rewrite(Edit { document, what });
        }
        Verdict::Person(unfit(
            format!("{what}; {stands}"),
            &format!(
                "change the document in the ERP alike; what its total does not show is settled by `ponte order {}/{} --settled`",
                self.orders.shop, one.key
            ),
        ))
    }

    /// Cancels an order in the ERP that nobody has picked, in one transaction with what was seen of it.
    async fn cancel(
        &mut self,
        mut one: Watched,
        document: &Document,
        report: &mut FlowReport,
    ) -> Result<(), OrdersError> {
        let Some(sql) = &self.orders.cancel else {
            return Ok(());
        };
        if self.applier.intent == Intent::DryRun {
            report.counts.changed += 1;
            report.notes.push(format!(
                "{}/{}: cancelled in the shop; `{}` would be cancelled in the ERP",
                self.orders.shop, one.key, document.number
            ));
            return Ok(());
        }
        let bound = |name: &str| (name == "id").then(|| Binding::One(document.id.clone()));
        let query = template::bind(&sql.text, bound).map_err(|name| unbound(sql, name))?;
        let before = one.seen.clone();
        self.settled(&mut one);
        let session = self.applier.session.as_mut();
        session.begin(Isolation::ReadCommitted).await?;
        let done = async {
            if let Some(guard) = &self.applier.guard {
                guard.check(session).await?;
            }
            let rows = session.execute(&query).await?;
            failpoint::reached("order cancelled");
            if rows > 0 {
                self.links.remember(session, &[one.remembered()]).await?;
            }
            Ok::<u64, DbError>(rows)
        };
        match done.await {
            Ok(0) => {
                session.rollback().await?;
                one.seen = before;
                let reason = unfit(
                    format!(
                        "cancelled in the shop (`{}`), but the ERP's `{}` could not be cancelled: somebody is at work on it",
                        one.status, document.number
                    ),
                    "cancel it in the ERP, or take the goods back",
                );
                let mut noted = Vec::new();
                self.told(one, reason, &mut noted, report);
                self.remember(&noted).await
            }
            Ok(_) => {
                // After an unknown COMMIT the next attempt finds it cancelled.
                session.commit().await.map_err(CommitError::into_lost)?;
                report.counts.changed += 1;
                report.counts.rows_updated += 1;
                report.notes.push(format!(
                    "{}/{}: cancelled in the shop, and so `{}` in the ERP",
                    self.orders.shop, one.key, document.number
                ));
                Ok(())
            }
            Err(error) => {
                // A connection that broke has rolled back by itself.
                let _ = session.rollback().await;
                Err(error.into())
            }
        }
    }

    /// Writes what was seen, where it is not what was seen before.
    pub(super) async fn remember(&mut self, seen: &[Watched]) -> Result<(), OrdersError> {
        if self.applier.intent != Intent::Write {
            return Ok(());
        }
        let news = |one: &&Watched| Seen::of(&one.link.columns) != one.seen;
        let rows: Vec<(String, Link)> = seen.iter().filter(news).map(Watched::remembered).collect();
        self.keep(&rows, Keep::Known).await
    }

    /// Writes links in a transaction of their own.
    pub(super) async fn keep(
        &mut self,
        rows: &[(String, Link)],
        how: Keep,
    ) -> Result<(), OrdersError> {
        if rows.is_empty() {
            return Ok(());
        }
        let session = self.applier.session.as_mut();
        session.begin(Isolation::ReadCommitted).await?;
        let done = async {
            if let Some(guard) = &self.applier.guard {
                guard.check(session).await?;
            }
            match how {
                Keep::New => {
                    self.links.insert(session, rows).await?;
                    let keys: Vec<String> = rows.iter().map(|(key, _)| key.clone()).collect();
                    match self.rules.is_empty() {
                        true => Ok(()),
                        false => {
                            let approvals = &self.applier.approved.approvals;
                            approvals.withdraw(session, &keys).await
                        }
                    }
                }
                Keep::Known => self.links.remember(session, rows).await,
            }
        };
        match done.await {
            Ok(()) => Ok(session.commit().await.map_err(CommitError::into_lost)?),
            Err(error) => {
                // A connection that broke has rolled back by itself.
                let _ = session.rollback().await;
                Err(error.into())
            }
        }
    }
}

impl Watched {
    /// What the shop had of it when it was imported, or put right by a person, and what it has now; `None`: linked by an older ponte, or
    /// by hand, it is watched from now on. `credited`: what is paid back reaches the ERP by itself, and is no news; nor is it that the
    /// goods come back.
    fn compared(&self, credited: bool) -> Option<(Content, &Content)> {
        let mut old = self.seen.content.clone()?;
        let new = self.content.as_ref()?;
        if credited && old.refunded_less_than(new) {
            old.refunded.clone_from(&new.refunded);
            old.returned.clone_from(&new.returned);
        }
        Some((old, new))
    }

    /// What it comes to in the shop.
    fn total(&self) -> Decimal {
        let content = self.content.as_ref();
        let total = content.and_then(|content| Decimal::parse(&content.total).ok());
        total.unwrap_or_default()
    }

    fn standing(&self, document: &Document) -> String {
        let total = self.content.as_ref().map_or("", |content| &content.total);
        standing(&self.status, total, document)
    }

    pub(super) fn remembered(&self) -> (String, Link) {
        let mut link = self.link.clone();
        self.seen.put(&mut link.columns);
        (self.key.clone(), link)
    }
}

/// A person has changed the document alike, as far as its total shows. A refund has a document of its own.
fn is_equal(old: &Content, new: &Content, document: Option<&Document>) -> bool {
    let total = document.and_then(|document| document.total.as_ref());
    let total = total.map(money);
    let is_edit = old.refunded == new.refunded && old.returned == new.returned;
    is_edit && old.total != new.total && total.as_ref() == Some(&new.total)
}
