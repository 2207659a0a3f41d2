//! What a shop pays back of orders that the ERP has: read, made canonical and written as an order is, each once, for credit notes.
//!
//! A refund of an order without a link is nobody's business yet, and one of an order that the ERP has cancelled never is: what was not
//! sold is not credited. One that cannot be written waits; a person who has booked it by hand says so of its order, and it gets a link
//! that leads to no document.

use super::canonical::placed;
use super::documents::{Documents, Stage, amount};
use super::found::Found;
use super::story::Named;
use super::watch::Keep;
use super::{Import, OrdersError, Shop};
use crate::config::record::ORDER;
use crate::db::query::Query;
use crate::db::{self, Session};
use crate::expr::Zone;
use crate::own::OwnTables;
use crate::own::link::{Link, Links};
use crate::plan::order::Kind;
use crate::plan::{Orders, Plan, Relation, ServerSql};
use crate::sync::narrow::named;
use crate::sync::record::{Record, key_text};
use crate::sync::report::FlowReport;
use crate::value::{Decimal, Value};
use chrono::{DateTime, Utc};
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

/// What a shop has paid back of orders, and how much of that the ERP has.
pub(super) struct PaidBack<'p> {
    sql: &'p str,
    links: Links,
    since: DateTime<Utc>,
    zone: Zone,
}

/// How much of what an order came to is paid back and credited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Credit {
    /// Not all of it was paid back, or some of it before the ERP got refunds.
    Part,
    /// All of it was; what the ERP does not have yet, the flow of refunds writes, or tells.
    Due,
    /// All of it was, and the ERP has it, or a person says so.
    Whole,
}

/// What was paid back of one order.
#[derive(Debug, Default)]
pub(super) struct Back {
    sum: Decimal,
    /// Refunds that the ERP does not have.
    open: usize,
    /// Among them such as it never gets.
    early: usize,
}

impl Back {
    /// `total`: what the order came to.
    pub(super) fn credit(&self, total: &Decimal) -> Credit {
        match self {
            _ if total.is_zero() || self.sum < *total || self.early > 0 => Credit::Part,
            Back { open: 0, .. } => Credit::Whole,
            _ => Credit::Due,
        }
    }
}

impl<'p> PaidBack<'p> {
    /// `None`: the ERP gets no refunds of this shop.
    ///
    /// # Errors
    /// Those of the database; [`OrdersError::NoStorage`].
    pub(super) async fn open(
        plan: &'p Plan,
        shop: &mut Shop<'p>,
        orders: &Orders,
        own: &OwnTables,
    ) -> Result<Option<PaidBack<'p>>, OrdersError> {
        let mut refunds = plan.refunds.iter();
        let refunds = refunds.find(|one| one.shop == orders.shop && one.since <= shop.now);
        let Some(refunds) = refunds.filter(|_| orders.kind == Kind::Order) else {
            return Ok(None);
        };
        let storage = shop.storage_of(refunds).await?;
        let Relation::Sql(sql) = &storage.flow.source.relation else {
            return Ok(None);
        };
        Ok(Some(PaidBack {
            sql: &sql.text,
            links: Links::new(own, &refunds.shop, Kind::Refund.record()),
            since: refunds.since,
            zone: shop.zone,
        }))
    }

    /// By the shop's keys of the orders; of those only of which something was paid back.
    ///
    /// # Errors
    /// Those of the databases.
    pub(super) async fn of(
        &self,
        shop: &mut dyn Session,
        erp: &mut dyn Session,
        orders: &[Value],
    ) -> db::Result<HashMap<String, Back>> {
        let mut backs: HashMap<String, Back> = HashMap::new();
        if orders.is_empty() {
            return Ok(backs);
        }
        let query = Query::sql(format!(
            "SELECT s.reference, s.order_reference, s.total, s.placed FROM ({}\n) s",
            self.sql
        ));
        let query = named(query, " WHERE ", "order_reference", orders);
        let read = Named::read(shop, &query).await?;
        let key = |row, name: &str| {
            let key = key_text(std::slice::from_ref(read.value(row, name)));
            key.trim().to_owned()
        };
        let keys: Vec<String> = read.rows.iter().map(|row| key(row, "reference")).collect();
        let links = self.links.of(erp, &keys).await?;
        for (row, refund) in read.rows.iter().zip(&keys) {
            let back = backs.entry(key(row, "order_reference")).or_default();
            back.sum += &amount(read.value(row, "total")).unwrap_or_default();
            if !links.contains_key(refund) {
                let placed = placed(read.value(row, "placed"), self.zone);
                back.open += 1;
                back.early += usize::from(placed.is_none_or(|placed| placed < self.since));
            }
        }
        Ok(backs)
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
        report.counts.unapproved = 0;
        report.counts.ignored = 0;
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
