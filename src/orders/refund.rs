//! What a shop pays back of orders that the ERP has: read, made canonical and written as an order is, each once, for credit notes.
//!
//! A refund of an order without a link is nobody's business yet, and one of an order that the ERP has cancelled never is: what was not
//! sold is not credited. One that cannot be written waits; a person who has booked it by hand says so of its order, and it gets a link
//! that leads to no document.

use super::documents::{Documents, Stage};
use super::found::Found;
use super::watch::Keep;
use super::{Import, OrdersError};
use crate::config::record::ORDER;
use crate::db::{self, Session};
use crate::own::OwnTables;
use crate::own::link::{Link, Links};
use crate::plan::{Orders, ServerSql};
use crate::sync::record::Record;
use crate::sync::report::FlowReport;
use crate::value::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// The kind of a link that a person's word has made: there may be a document, and nobody knows which.
pub const BY_HAND: &str = "by hand";

/// The orders that refunds are of.
pub(super) struct Owners<'o> {
    links: Links,
    documents: Option<&'o ServerSql>,
}

impl<'o> Owners<'o> {
    pub(super) fn new(refunds: &'o Orders, own: &OwnTables) -> Owners<'o> {
        Owners {
            links: Links::new(own, &refunds.shop, ORDER.name),
            documents: refunds.documents.as_ref(),
        }
    }

    /// The ERP's keys of the orders of a page's new refunds, by the shop's keys of these orders; of those only that stand in the ERP.
    ///
    /// # Errors
    /// Those of the database.
    pub(super) async fn of(
        &self,
        erp: &mut dyn Session,
        page: &[Found],
    ) -> db::Result<HashMap<String, String>> {
        let new = page.iter().filter(|one| one.link.is_none());
        let keys: BTreeSet<String> = new.map(|one| one.order.clone()).collect();
        let keys: Vec<String> = keys.into_iter().collect();
        let links = self.links.of(erp, &keys).await?;
        let mut ids: HashMap<String, String> = links
            .into_iter()
            .map(|(key, link)| (key, link.id))
            .collect();
        if let Some(sql) = self.documents
            && !ids.is_empty()
        {
            let documents = Documents::open(sql, erp).await?;
            let asked: Vec<String> = ids.values().cloned().collect();
            let found = documents.linked(erp, &asked).await?;
            let standing: HashSet<String> = found
                .iter()
                .filter(|document| document.stage != Stage::Cancelled)
                .map(|document| document.id.plain().trim().to_owned())
                .collect();
            ids.retain(|_, id| standing.contains(id));
        }
        Ok(ids)
    }
}

impl Import<'_> {
    /// The keys of a page's new refunds whose orders the ERP has, sorted.
    pub(super) async fn credited(&mut self, page: &[Found]) -> Result<Vec<Value>, OrdersError> {
        let erp = self.applier.session.as_mut();
        let ids = self.owners.of(erp, page).await?;
        let mut keys = Vec::new();
        self.order_of.clear();
        for one in page.iter().filter(|one| one.link.is_none()) {
            if let Some(id) = ids.get(&one.order) {
                self.order_of.insert(one.key.clone(), id.clone());
                keys.push(one.reference.clone());
            }
        }
        keys.sort_by(|a, b| a.order(b));
        Ok(keys)
    }

    /// Puts the ERP's key of its order to each refund.
    pub(super) fn put_orders(&self, records: &mut [Record]) {
        for record in records {
            if let Some(id) = self.order_of.get(&record.key) {
                let id = Value::Text(id.clone());
                self.canonical.put(record, "linked_order", id);
            }
        }
    }

    /// What could not be written is booked by hand, says a person: it waits no longer.
    pub(super) async fn booked_by_hand(
        &mut self,
        report: &mut FlowReport,
    ) -> Result<(), OrdersError> {
        let rejected = std::mem::take(&mut report.rejected);
        if rejected.is_empty() {
            return Ok(());
        }
        report.counts.rejected = 0;
        report.counts.ambiguous = 0;
        let link = |key: &String| Link {
            // Each leads to a row of its own.
            id: format!("{BY_HAND} {key}"),
            columns: BTreeMap::new(),
            kind: BY_HAND.to_owned(),
        };
        let links: Vec<(String, Link)> = rejected
            .iter()
            .map(|one| (one.key.clone(), link(&one.key)))
            .collect();
        self.keep(&links, Keep::New).await?;
        let keys: Vec<&str> = rejected.iter().map(|one| one.key.as_str()).collect();
        report.notes.push(format!(
            "booked by hand, and so not written: refund {}",
            keys.join(", ")
        ));
        report.counts.linked += links.len() as u64;
        Ok(())
    }
}
