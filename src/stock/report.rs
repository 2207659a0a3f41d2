//! What a stock cycle found and did.

use super::assess::{Assessment, Left};
use super::pending::{KnownLine, OrderLine};
use crate::sync::change::RowChange;
use crate::sync::derived::Differences;
use crate::value::Decimal;
use chrono::{DateTime, Duration, Utc};
use serde::Serialize;
use std::collections::{BTreeMap, HashSet};

/// Names and changes kept for showing; the counts go on.
pub const KEPT: usize = 1000;

/// Orders pending for longer are worth a look: they ought to have been imported.
pub const OLD_DAYS: i64 = 7;

#[derive(Debug, Clone, Default, Serialize)]
pub struct StockReport {
    /// `main/stock`.
    pub flow: String,
    pub dry_run: bool,
    /// Articles of the shop that were looked at.
    pub articles: u64,
    /// Of these, figures that were as they should be, and such as were not; the others were left alone.
    #[serde(skip)]
    pub fine: u64,
    #[serde(skip)]
    pub off: u64,
    /// Figures that were to be written and neither were, nor refused, nor left to another look: 0, unless ponte has a defect.
    #[serde(skip)]
    pub dropped: u64,
    /// Figures written (in a dry run: that would be), each round counted.
    pub changed: u64,
    /// The first of them, in the order in which they were written.
    pub changes: Vec<FigureChange>,
    /// Derived rows inserted, updated or removed.
    pub derived_changed: u64,
    pub derived: Vec<RowChange>,
    /// Articles whose figure was left alone, by reason.
    pub left: BTreeMap<Left, Named>,
    /// Promised beyond what there is.
    pub oversold: Vec<Oversold>,
    /// Figures rounded down to whole pieces.
    pub rounded: u64,
    /// Web orders that the ERP does not count yet.
    pub pending_orders: u64,
    /// Those of them older than [`OLD_DAYS`] days.
    pub pending_old: u64,
    pub rounds: u32,
    /// Articles still moving when the rounds were used up: the next cycle settles them.
    pub unsettled: Vec<String>,
    /// Articles that the server refused to write, with what it said.
    pub failed: Vec<Failed>,
    /// Rises that wait for a person's approval: the first of them, and how many they are.
    pub unapproved: Vec<Waiting>,
    #[serde(skip)]
    pub unapproved_total: u64,
    /// Rises that a person does not want.
    #[serde(skip)]
    pub not_raised: Named,
    /// Shops on the same warehouses that were out of reach: their pending orders are the last known ones.
    pub out_of_reach: Vec<String>,
    /// Where the walk over what hangs on right figures ended, if this was a cycle over all of them.
    #[serde(skip)]
    pub walked: Option<u32>,
    /// This shop's pending orders, for the caller to keep for cycles of other shops. `None` if only some were read.
    #[serde(skip)]
    pub known: Option<Vec<KnownLine>>,
}

/// A count with the first names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Named {
    pub count: u64,
    pub skus: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FigureChange {
    pub sku: String,
    /// What the shop showed when it was looked at; `None`: nothing.
    pub old: Option<String>,
    pub new: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Oversold {
    pub sku: String,
    /// Pieces.
    pub short: String,
}

impl Named {
    pub(super) fn add(&mut self, sku: &str) {
        self.count += 1;
        if self.skus.len() < KEPT {
            self.skus.push(sku.to_owned());
        }
    }
}

/// A figure that rises once a person has approved it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Waiting {
    pub sku: String,
    pub why: String,
    pub advice: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failed {
    pub sku: String,
    pub reason: String,
}

/// Rows beside figures that were (or would be) written: their number, and the first of them.
#[derive(Debug, Default)]
pub(super) struct RowChanges {
    pub(super) count: u64,
    pub(super) first: Vec<RowChange>,
}

impl RowChanges {
    pub(super) fn add(&mut self, found: &Differences) {
        let (inserts, updates, removes) = found.counts();
        self.count += inserts + updates + removes;
        let room = KEPT.saturating_sub(self.first.len());
        self.first.extend(found.changes().take(room));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }
}

impl StockReport {
    /// What the first round found; later rounds look at some articles again and would tell it twice.
    pub(super) fn found(&mut self, assessment: &Assessment) {
        self.articles = assessment.articles;
        (self.fine, self.off) = (assessment.fine, assessment.off.len() as u64);
        self.left = assessment.left.clone();
        let oversold = assessment.oversold.iter().map(|(sku, short)| Oversold {
            sku: sku.clone(),
            short: short.to_plain(),
        });
        self.oversold = oversold.collect();
        self.rounded = assessment.rounded;
    }

    pub(super) fn pending(&mut self, lines: &[OrderLine], now: DateTime<Utc>) {
        let old = now.naive_utc() - Duration::days(OLD_DAYS);
        let mut orders = HashSet::new();
        let mut old_orders = HashSet::new();
        for line in lines.iter().filter(|line| !line.pending.is_zero()) {
            orders.insert(&line.reference);
            if line.placed.is_some_and(|placed| placed < old) {
                old_orders.insert(&line.reference);
            }
        }
        self.pending_orders = orders.len() as u64;
        self.pending_old = old_orders.len() as u64;
    }

    pub(super) fn changed(&mut self, sku: &str, old: Option<&Decimal>, new: &Decimal) {
        self.changed += 1;
        if self.changes.len() < KEPT {
            self.changes.push(FigureChange {
                sku: sku.to_owned(),
                old: old.map(Decimal::to_plain),
                new: new.to_plain(),
            });
        }
    }

    pub(super) fn derived(&mut self, rows: RowChanges) {
        self.derived_changed += rows.count;
        let room = KEPT.saturating_sub(self.derived.len());
        self.derived.extend(rows.first.into_iter().take(room));
    }

    /// How many articles were left alone for this reason.
    pub fn left(&self, why: Left) -> u64 {
        self.left.get(&why).map_or(0, |named| named.count)
    }

    /// Figures of which it is not said what became of them. 0, unless ponte has a defect.
    pub fn unaccounted(&self) -> u64 {
        let left: u64 = self.left.values().map(|named| named.count).sum();
        self.articles.abs_diff(self.fine + self.off + left) + self.dropped
    }

    /// Nothing is left for a person to look at.
    pub fn is_clean(&self) -> bool {
        let ambiguous = self.left(Left::DuplicateSku)
            + self.left(Left::SharedFigure)
            + self.left(Left::DisputedFigure)
            + self.left(Left::Unreadable)
            + self.left(Left::UnreadableInErp);
        let waiting = ambiguous + self.unapproved_total;
        self.oversold.is_empty() && self.failed.is_empty() && waiting == 0
    }

    pub fn wrote(&self) -> bool {
        !self.dry_run && self.changed + self.derived_changed > 0
    }
}
