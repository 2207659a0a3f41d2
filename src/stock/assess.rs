//! From what was read to what is to be written: pure, so that a dry run and `explain` see what a cycle does.

use super::erp::{Article, Erp};
use super::figure::{Available, Parts};
use super::pending::OrderLine;
use super::shop::{Figure, Figures, Shown, encoded};
use super::total;
use crate::value::Decimal;
use serde::Serialize;
use std::collections::{BTreeSet, HashMap, HashSet};

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

/// A figure that is ponte's to keep right.
#[derive(Debug, Clone)]
pub struct Job {
    /// Position among the figures of the look, or among its totals.
    pub figure: usize,
    pub total: bool,
    pub target: Decimal,
}

/// What one look came to.
#[derive(Debug, Default)]
pub struct Assessment {
    pub jobs: Vec<Job>,
    pub left: Vec<(String, Left)>,
    /// Sku and the pieces promised beyond what there is.
    pub oversold: Vec<(String, Decimal)>,
    /// Figures that were rounded down to whole pieces.
    pub rounded: u64,
}

impl Assessment {
    /// Leaves out what a person has said is none of ponte's business here.
    pub fn leave(&mut self, ignored: &HashSet<String>, figures: &Figures) {
        if ignored.is_empty() {
            return;
        }
        let sku = |job: &Job| &figures.rows[job.figure].sku;
        let left = self
            .jobs
            .iter()
            .map(sku)
            .filter(|sku| ignored.contains(*sku));
        self.left
            .extend(left.map(|sku| (sku.clone(), Left::Ignored)));
        self.jobs.retain(|job| !ignored.contains(sku(job)));
        self.oversold.retain(|(sku, _)| !ignored.contains(sku));
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
        on_hand: article.on_hand.clone(),
        committed: article.committed.clone(),
        pending: pending.cloned().unwrap_or_default(),
        safety: safety.clone(),
        exception: article.exception,
    };
    parts.available()
}

/// Sorts the figures into those to keep right and those to leave alone. `only` leaves out figures that were read merely
/// because they are shared.
pub fn assess(
    figures: &Figures,
    disputed: &HashSet<Vec<u8>>,
    lines: &[OrderLine],
    erp: &Erp,
    safety: &Decimal,
    only: Option<&BTreeSet<String>>,
) -> Assessment {
    let pending = pending_by_sku(lines);
    let sharing = Sharing::of(&figures.rows);
    let mut seen = HashSet::new();
    let mut assessment = Assessment::default();
    for (at, figure) in figures.rows.iter().enumerate() {
        if only.is_some_and(|skus| !skus.contains(&figure.sku)) || !seen.insert(&figure.sku) {
            continue;
        }
        let dispute = disputed.contains(&encoded(&figure.id));
        let dispute = dispute.then_some(Left::DisputedFigure);
        let article = match sharing.left(figure).or(dispute) {
            Some(left) => Err(left),
            None => erp.article(&figure.sku),
        };
        match article {
            Err(left) => assessment.left.push((figure.sku.clone(), left)),
            Ok(article) => {
                let available = available(article, pending.get(figure.sku.as_str()), safety);
                if !available.oversold.is_zero() {
                    assessment
                        .oversold
                        .push((figure.sku.clone(), available.oversold));
                }
                assessment.rounded += u64::from(available.rounded);
                assessment.jobs.push(Job {
                    figure: at,
                    total: false,
                    target: available.pieces,
                });
            }
        }
    }
    let totals = total::jobs(figures, &pending, erp, safety).into_iter();
    let undisputed = |job: &Job| !disputed.contains(&encoded(&figures.totals[job.figure].id));
    assessment.jobs.extend(totals.filter(undisputed));
    assessment
}

/// Which skus have several figures, and which figures several skus.
pub struct Sharing<'a> {
    figures: HashMap<&'a str, HashSet<Vec<u8>>>,
    skus: HashMap<Vec<u8>, HashSet<&'a str>>,
    unmanaged: HashSet<&'a str>,
}

impl<'a> Sharing<'a> {
    pub fn of(rows: &'a [Figure]) -> Sharing<'a> {
        let mut sharing = Sharing {
            figures: HashMap::new(),
            skus: HashMap::new(),
            unmanaged: HashSet::new(),
        };
        for figure in rows {
            let id = encoded(&figure.id);
            sharing
                .figures
                .entry(&figure.sku)
                .or_default()
                .insert(id.clone());
            if !figure.id.is_null() {
                sharing.skus.entry(id).or_default().insert(&figure.sku);
            }
            // Doubled attributes yield a figure twice; if they disagree, the shop may well not manage it.
            if !figure.managed {
                sharing.unmanaged.insert(&figure.sku);
            }
        }
        sharing
    }

    /// The skus that sell from a figure.
    pub fn skus(&self, figure: &Figure) -> Vec<&'a str> {
        let found = self.skus.get(&encoded(&figure.id));
        let mut skus: Vec<&str> = found.into_iter().flatten().copied().collect();
        skus.sort_unstable();
        skus
    }

    /// What the shop's own side says against writing the figure.
    pub fn left(&self, figure: &Figure) -> Option<Left> {
        if self
            .figures
            .get(figure.sku.as_str())
            .is_some_and(|ids| ids.len() > 1)
        {
            Some(Left::DuplicateSku)
        } else if self.unmanaged.contains(figure.sku.as_str()) {
            Some(Left::Unmanaged)
        } else if figure.id.is_null() {
            Some(Left::NoFigure)
        } else if self.skus(figure).len() > 1 {
            Some(Left::SharedFigure)
        } else if matches!(figure.shown, Shown::Unreadable(_)) {
            Some(Left::Unreadable)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Value;

    fn figure(sku: &str, id: i64, managed: bool) -> Figure {
        Figure {
            sku: sku.to_owned(),
            id: if id == 0 { Value::Null } else { Value::Int(id) },
            shown: Shown::Nothing,
            managed,
            suspect: false,
            total: None,
            row: Box::new([]),
        }
    }

    fn left(rows: Vec<Figure>) -> Vec<(String, Left)> {
        let figures = Figures {
            rows,
            ..Figures::default()
        };
        let mut erp = Erp::default();
        for sku in ["A", "B"] {
            erp.articles.insert(sku.to_owned(), Article::default());
        }
        assess(
            &figures,
            &HashSet::new(),
            &[],
            &erp,
            &Decimal::default(),
            None,
        )
        .left
    }

    fn one(sku: &str, why: Left) -> (String, Left) {
        (sku.to_owned(), why)
    }

    #[test]
    fn ambiguous_figures_are_left_alone_each_told_once() {
        let rows = vec![
            figure("A", 1, true),
            figure("A", 2, true),
            figure("B", 3, true),
        ];
        assert_eq!(left(rows), [one("A", Left::DuplicateSku)]);
        let rows = vec![figure("A", 1, true), figure("B", 1, true)];
        assert_eq!(
            left(rows),
            [one("A", Left::SharedFigure), one("B", Left::SharedFigure)]
        );
    }

    #[test]
    fn a_row_that_a_join_doubled_is_no_duplicate() {
        assert_eq!(left(vec![figure("A", 1, true), figure("A", 1, true)]), []);
        assert_eq!(
            left(vec![figure("A", 1, true), figure("A", 1, false)]),
            [one("A", Left::Unmanaged)]
        );
    }

    #[test]
    fn strangers_and_missing_rows_are_left_alone() {
        let rows = vec![
            figure("X", 1, true),
            figure("A", 0, true),
            figure("B", 0, false),
        ];
        let expected = [
            one("X", Left::NotInErp),
            one("A", Left::NoFigure),
            one("B", Left::Unmanaged),
        ];
        assert_eq!(left(rows), expected);
    }
}
