//! First contact: which record of the ERP is which row of a shop that sells already, before anything is written; and
//! what a person decides about it.
//!
//! [`drive`] lets the engine look at every record as a run would; [`rows`] has the shop's side; [`audit`] says what in
//! the ERP's data will trouble the shop; [`gate`] keeps runs from creating rows until a person has accepted the match;
//! [`decide`] carries out a person's decisions.

pub mod audit;
pub mod decide;
pub mod drive;
pub mod gate;
pub mod rows;

use crate::connections::Connections;
use crate::db;
use crate::own::decision::{Accepted, Decisions};
use crate::plan::{Flow, Plan};
use crate::sync::batch::{Done, Outcome};
use crate::sync::bind::Bound;
use crate::sync::links::Assumed;
use crate::sync::record::Existing;
use crate::sync::report::{Reason, Rejected};
use crate::sync::run::RunError;
use audit::Audit;
use chrono::{DateTime, Utc};
use drive::{Watch, drive};
use rows::{ShopRow, ShopRows};
use serde::Serialize;
use std::collections::{BTreeMap, HashSet};

/// A count, and the first of what was counted.
#[derive(Debug, Clone, Serialize)]
pub struct List<T> {
    pub count: u64,
    pub first: Vec<T>,
}

impl<T> Default for List<T> {
    fn default() -> Self {
        List {
            count: 0,
            first: Vec::new(),
        }
    }
}

impl<T> List<T> {
    fn add(&mut self, item: T, kept: usize) {
        self.count += 1;
        if self.first.len() < kept {
            self.first.push(item);
        }
    }
}

/// A record with the row that it is, or would be.
#[derive(Debug, Clone, Serialize)]
pub struct Pair {
    pub key: String,
    pub id: String,
}

/// A record about which somebody has to decide, or that cannot be read.
#[derive(Debug, Clone, Serialize)]
pub struct Unclear {
    pub key: String,
    pub reason: String,
    /// Ids of the rows that it could be.
    pub candidates: Vec<String>,
    pub advice: String,
}

/// A row of the shop that is no record's.
#[derive(Debug, Clone, Serialize)]
pub struct LoneRow {
    pub id: String,
    pub kind: String,
    /// The values by which records are found, as far as it has any.
    pub key: String,
}

/// How the records of one flow and the rows of its shop match.
#[derive(Debug, Default, Serialize)]
pub struct FlowMatch {
    pub flow: String,
    pub shop: String,
    pub record: String,
    /// When a person, or an empty shop, opened the gate.
    pub accepted: Option<DateTime<Utc>>,
    /// Rows of the source; the sum of the counts below but for those of the shop.
    pub read: u64,
    pub linked: u64,
    /// By the column that says so: `sku`, `barcode`.
    pub would_link: BTreeMap<String, List<Pair>>,
    pub only_erp: List<String>,
    pub ambiguous: List<Unclear>,
    /// Linked, and the row is gone.
    pub removed: List<Unclear>,
    /// Below a record that is not clear itself.
    pub waiting: List<Unclear>,
    /// Not looked for, since the record itself is wrong.
    pub rejected: List<Unclear>,
    pub ignored: u64,
    /// Rows with the key of one before them.
    pub duplicates: u64,
    pub shop_rows: u64,
    /// Rows that no link leads to, ignored ones left out: while there are any, a match has to be accepted.
    pub unlinked_rows: u64,
    pub only_shop: List<LoneRow>,
    pub ignored_rows: u64,
}

impl FlowMatch {
    /// Whether somebody has to decide about single records.
    pub fn is_clear(&self) -> bool {
        self.ambiguous.count + self.removed.count == 0
    }

    /// Whether records wait for the match to be accepted.
    pub fn holds(&self) -> bool {
        self.accepted.is_none() && self.only_erp.count > 0 && self.unlinked_rows > 0
    }

    /// The counts that are remembered when the match is accepted.
    pub fn summary(&self) -> serde_json::Value {
        let would_link: u64 = self.would_link.values().map(|list| list.count).sum();
        serde_json::json!({
            "by": "person",
            "linked": self.linked,
            "would_link": would_link,
            "only_erp": self.only_erp.count,
            "only_shop": self.only_shop.count,
            "ambiguous": self.ambiguous.count,
            "removed": self.removed.count,
            "ignored": self.ignored,
        })
    }
}

/// A shop's match, and what an audit of the data found.
#[derive(Debug, Default, Serialize)]
pub struct ShopMatch {
    pub shop: String,
    pub flows: Vec<FlowMatch>,
    pub audit: Audit,
}

/// Whether a flow's records have links of their own.
pub fn is_linked(flow: &Flow) -> bool {
    flow.shop.is_some() && flow.target.find.is_some() && flow.target.of.is_none()
}

/// Looks at all records of a shop; of the flows named here the match is told. At most `kept` items of each list are kept.
///
/// # Errors
/// What would stop a run as a whole.
pub async fn examine(
    plan: &Plan,
    shop: &str,
    named: &[&Flow],
    connections: &Connections,
    kept: usize,
) -> Result<ShopMatch, RunError> {
    let of_shop = |flow: &&Flow| flow.shop.as_deref() == Some(shop);
    let flows: Vec<&Flow> = plan.flows.iter().filter(of_shop).collect();
    let mut result = ShopMatch {
        shop: shop.to_owned(),
        ..ShopMatch::default()
    };
    let (linked, others): (Vec<&Flow>, Vec<&Flow>) =
        flows.into_iter().partition(|flow| is_linked(flow));
    let mut gates = Vec::new();
    for flow in &linked {
        gates.push(accepted(flow, connections).await?);
    }
    let mut auditor = audit::Auditor::new(plan, shop, connections, kept).await?;
    // Prices first: then an article is known to have none.
    for flow in others {
        drive(plan, flow, connections, &mut Assumed::new(), &mut auditor).await?;
    }
    let mut assumed = Assumed::new();
    for (flow, accepted) in linked.into_iter().zip(gates) {
        let mut matcher = Matcher::new(flow, accepted.as_ref(), kept, &mut auditor);
        let driven = drive(plan, flow, connections, &mut assumed, &mut matcher).await?;
        let mut found = matcher.finish(connections, flow).await?;
        found.read = driven.rows;
        found.duplicates = driven.duplicates;
        if named.iter().any(|one| one.name == flow.name) {
            result.flows.push(found);
        }
    }
    result.audit = auditor.finish().await?;
    Ok(result)
}

async fn accepted(flow: &Flow, connections: &Connections) -> db::Result<Option<Accepted>> {
    let target = &flow.target.connection;
    let own = connections.own(target);
    let mut session = connections.engine(target)?.connect().await?;
    let shop = flow.shop.as_deref().unwrap_or_default();
    let record = flow.record.as_deref().unwrap_or_default();
    let decisions = Decisions::new(&own, shop, record);
    let accepted = decisions.accepted(session.as_mut()).await;
    accepted.map_err(|error| match error.kind {
        db::DbErrorKind::Undefined => gate::missing(target),
        _ => error,
    })
}

/// Sorts the records of one flow.
struct Matcher<'a, 'b> {
    found: FlowMatch,
    kept: usize,
    /// Rows that a record would be, as hashes: 8 bytes a row.
    wanted: HashSet<u64>,
    /// Rows that a record could be.
    met: HashSet<u64>,
    /// Records of a tree that the shop lacks: what stands below one of them cannot be there either.
    lacking: HashSet<u64>,
    /// Keys of rows that only the shop's collation holds equal to a record's.
    alike: HashSet<u64>,
    auditor: &'a mut audit::Auditor<'b>,
}

/// Eight bytes of a text's digest.
fn hash(text: &str) -> u64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&blake3::hash(text.as_bytes()).as_bytes()[..8]);
    u64::from_le_bytes(bytes)
}

impl<'a, 'b> Matcher<'a, 'b> {
    fn new(
        flow: &Flow,
        accepted: Option<&Accepted>,
        kept: usize,
        auditor: &'a mut audit::Auditor<'b>,
    ) -> Self {
        Matcher {
            found: FlowMatch {
                flow: flow.name.clone(),
                shop: flow.shop.clone().unwrap_or_default(),
                record: flow.record.clone().unwrap_or_default(),
                accepted: accepted.map(|accepted| accepted.at),
                ..FlowMatch::default()
            },
            kept,
            wanted: HashSet::new(),
            met: HashSet::new(),
            lacking: HashSet::new(),
            alike: HashSet::new(),
            auditor,
        }
    }

    fn lacks(&mut self, key: &str, is_tree: bool) {
        self.found.only_erp.add(key.to_owned(), self.kept);
        if is_tree {
            self.lacking.insert(hash(key));
        }
    }

    fn refused(&mut self, key: &str, reason: &Reason) {
        if let Reason::Waits { record, key: above } = reason
            && *record == self.found.record
            && self.lacking.contains(&hash(above))
        {
            self.lacks(key, true);
            return;
        }
        let candidates: Vec<String> = match reason {
            Reason::Ambiguous { candidates, .. } | Reason::Crossed { candidates, .. } => {
                candidates.clone()
            }
            Reason::Taken { id, .. } | Reason::Removed { id, .. } => vec![id.clone()],
            _ => Vec::new(),
        };
        self.met.extend(candidates.iter().map(|id| hash(id)));
        if let Reason::Lookalike { theirs, .. } = reason {
            self.alike.insert(hash(theirs));
        }
        let list = match reason.kind() {
            "ambiguous" => &mut self.found.ambiguous,
            "removed" => &mut self.found.removed,
            "waiting" => &mut self.found.waiting,
            "ignored" => {
                self.found.ignored += 1;
                return;
            }
            _ => &mut self.found.rejected,
        };
        let unclear = Unclear {
            key: key.to_owned(),
            reason: reason.to_string(),
            candidates,
            advice: reason.advice().into_owned(),
        };
        list.add(unclear, self.kept);
    }

    /// The shop's side.
    async fn finish(mut self, connections: &Connections, flow: &Flow) -> db::Result<FlowMatch> {
        let mut seen = HashSet::new();
        ShopRows::new(flow, connections)
            .each(&mut |row| {
                if seen.insert(hash(&row.id)) {
                    self.row(row);
                }
                true
            })
            .await?;
        Ok(self.found)
    }

    fn row(&mut self, row: ShopRow) {
        self.found.shop_rows += 1;
        self.found.unlinked_rows += u64::from(!row.linked && !row.ignored);
        if row.ignored {
            self.found.ignored_rows += 1;
        } else if !row.linked
            && !self.wanted.contains(&hash(&row.id))
            && !self.met.contains(&hash(&row.id))
            && !self.alike.contains(&hash(&row.key))
        {
            let (id, kind, key) = (row.id, row.kind, row.key);
            self.found
                .only_shop
                .add(LoneRow { id, kind, key }, self.kept);
        }
    }
}

impl Watch for Matcher<'_, '_> {
    fn begin(&mut self, bound: &Bound<'_>) {
        self.auditor.begin(bound);
    }

    fn done(&mut self, bound: &Bound<'_>, done: &Done) {
        self.auditor.done(bound, done);
        let key = &done.record.key;
        match (&done.state, &done.outcome) {
            (Some((Existing::Linked { .. }, _)), _) => self.found.linked += 1,
            (Some((Existing::Found { id, by, .. }, _)), _) => {
                // Batches do not know of each other: the second to ask for a row would find it taken.
                if self.wanted.insert(hash(id)) {
                    let (key, id) = (key.clone(), id.clone());
                    let list = self.found.would_link.entry(by.clone()).or_default();
                    list.add(Pair { key, id }, self.kept);
                } else {
                    let unclear = Unclear {
                        key: key.clone(),
                        reason: format!("another record leads to row {id} of the shop, too"),
                        candidates: vec![id.clone()],
                        advice: "make them distinct in the source".to_owned(),
                    };
                    self.found.ambiguous.add(unclear, self.kept);
                }
            }
            (Some((Existing::New | Existing::ByMatch, _)), _) => {
                self.lacks(key, bound.parent.is_some());
            }
            (None, Outcome::Rejected(reason)) => self.refused(key, reason),
            // What cannot be told is not told as clear.
            (None, _) => self.found.only_erp.add(key.clone(), self.kept),
        }
    }

    fn rejected(&mut self, rejected: &Rejected) {
        self.auditor.rejected(rejected);
        self.refused(&rejected.key, &rejected.reason);
    }
}
