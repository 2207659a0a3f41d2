//! From what was read to what is to be written: pure, so that a dry run and `explain` see what a cycle does.

use super::erp::{Article, Erp};
use super::figure::{Available, Parts};
use super::figures::{Figures, Place, Shown, encoded};
use super::pending::OrderLine;
use super::report::{KEPT, Named};
use super::total;
use crate::value::Decimal;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Why a figure is left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Left {
    /// The ERP knows nothing of the article: it is none of ponte's business.
    NotInErp,
    /// The shop does not keep stock for the article.
    Unmanaged,
    /// The shop keeps stock for it, but has no row with a figure yet.
    NoFigure,
    /// What stands in the figure is no number.
    Unreadable,
    /// A quantity of the ERP's is no number.
    UnreadableInErp,
    /// Several articles of the shop have this sku.
    DuplicateSku,
    /// Several skus sell from one figure.
    SharedFigure,
    /// Another shop of the project sells from the same figure and would show another number.
    DisputedFigure,
    /// A person said that the shop has nothing to do with the article.
    Ignored,
}

impl Left {
    /// For people: why, and what to do about it.
    pub fn reason(self) -> &'static str {
        match self {
            Left::NotInErp => "the ERP has no stock row for it",
            Left::Unmanaged => {
                "the shop does not manage stock for it; switch that on in the shop if it should"
            }
            Left::NoFigure => {
                "the shop has no figure for it yet; save the article once in the shop"
            }
            Left::Unreadable => "its figure in the shop is not a number; correct it there",
            Left::UnreadableInErp => {
                "a quantity that the ERP has for it is not a number; correct it there"
            }
            Left::DuplicateSku => {
                "several articles of the shop have this sku; make it unique there"
            }
            Left::DisputedFigure => {
                "another shop of the project sells from the same figure; give both the same warehouses and safety stock"
            }
            Left::SharedFigure => {
                "it shares one figure with other skus; let each manage its own stock"
            }
            Left::Ignored => {
                "it is ignored in this shop; `ponte match --unignore SKU` takes it back"
            }
        }
    }
}

/// A figure that is not what it should be.
#[derive(Debug, Clone)]
pub struct Job {
    pub place: Place,
    pub target: Decimal,
}

/// What one look came to.
#[derive(Debug, Default)]
pub struct Assessment {
    /// Figures that were judged: one for each sku, and the sums.
    pub articles: u64,
    /// Of these, those that are as they should be.
    pub fine: u64,
    pub off: Vec<Job>,
    /// Figures that are as they should be, as far as what hangs on them is to be compared.
    pub right: Vec<Place>,
    pub left: BTreeMap<Left, Named>,
    /// Sku and the pieces promised beyond what there is.
    pub oversold: Vec<(String, Decimal)>,
    /// Figures that were rounded down to whole pieces.
    pub rounded: u64,
}

impl Assessment {
    fn leave(&mut self, sku: &str, why: Left) {
        let named = self.left.entry(why).or_default();
        named.count += 1;
        if named.skus.len() < KEPT {
            named.skus.push(sku.to_owned());
        }
    }

    fn job(&mut self, shown: &Shown, job: Job, beside: bool) {
        if *shown != Shown::Pieces(job.target.clone()) {
            self.off.push(job);
            return;
        }
        self.fine += 1;
        if beside {
            self.right.push(job.place);
        }
    }
}

/// Pending pieces by sku, over all orders and shops.
pub fn pending_by_sku(lines: &[OrderLine]) -> HashMap<&str, Decimal> {
    let mut sums: HashMap<&str, Decimal> = HashMap::new();
    for line in lines {
        *sums.entry(&line.sku).or_default() += &line.pending;
    }
    sums
}

pub fn available(article: &Article, pending: Option<&Decimal>, safety: &Decimal) -> Available {
    let parts = Parts {
        uncommitted: article.uncommitted.clone(),
        pending: pending.cloned().unwrap_or_default(),
        safety: safety.clone(),
        exception: article.exception,
    };
    parts.available()
}

/// What the figures are judged by.
pub struct Basis<'a> {
    pub lines: &'a [OrderLine],
    pub erp: &'a Erp,
    pub safety: &'a Decimal,
    /// Keys of figures that another shop would give another number.
    pub disputed: &'a HashSet<Vec<u8>>,
    /// Articles that a person took out of this shop.
    pub ignored: &'a HashSet<String>,
    /// Leaves out figures that were read merely because they are shared.
    pub only: Option<&'a BTreeSet<String>>,
}

/// Sorts the figures into those that are off, those that are right and those to leave alone. `beside` says for a right
/// figure whether what hangs on it is to be compared.
pub fn assess(
    figures: &Figures,
    basis: &Basis<'_>,
    beside: impl Fn(&Figures, u32) -> bool,
) -> Assessment {
    let pending = pending_by_sku(basis.lines);
    let mut assessment = Assessment::default();
    for row in figures.articles() {
        let sku = figures.sku(row);
        if basis.only.is_some_and(|skus| !skus.contains(sku)) {
            continue;
        }
        assessment.articles += 1;
        let place = Place::Article(row);
        let is_disputed = || basis.is_disputed(figures, place);
        let left = figures.left(row);
        let left = left.or_else(|| is_disputed().then_some(Left::DisputedFigure));
        let article = match left {
            Some(left) => Err(left),
            None => basis.erp.article(figures.sku_number(row)),
        };
        let article = match article {
            Ok(_) if basis.ignored.contains(sku) => Err(Left::Ignored),
            other => other,
        };
        match article {
            Err(left) => assessment.leave(sku, left),
            Ok(article) => {
                let available = available(&article, pending.get(sku), basis.safety);
                if !available.oversold.is_zero() {
                    assessment
                        .oversold
                        .push((sku.to_owned(), available.oversold));
                }
                assessment.rounded += u64::from(available.rounded);
                let target = available.pieces;
                let shown = figures.shown(row);
                assessment.job(&shown, Job { place, target }, beside(figures, row));
            }
        }
    }
    for job in total::jobs(figures, &pending, basis.erp, basis.safety) {
        if !basis.is_disputed(figures, job.place) {
            let figure = figures.figure(job.place);
            if !basis.ignored.contains(figure.name()) {
                assessment.articles += 1;
                assessment.job(&figure.shown, job, true);
            }
        }
    }
    assessment
}

impl Basis<'_> {
    fn is_disputed(&self, figures: &Figures, place: Place) -> bool {
        !self.disputed.is_empty() && self.disputed.contains(&encoded(&figures.key(place)))
    }
}
