//! Figures that are the sum of others, such as a master article's over its variants.
//!
//! A shop that takes a sold piece off both figures keeps the sum by relative writes; so does ponte, by the same look and
//! the same arithmetic: the sum of what is available of the parts, less the pieces that were sold of the whole itself.
//! It is left alone while the ERP does not know every part.

use super::assess::{Job, available};
use super::erp::{Article, Erp};
use super::figures::{Figure, Figures, Place, Shown, encoded};
use crate::value::Decimal;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The skus that must be looked at, too, to tell the sums that these articles are part of.
pub fn parts(figures: &Figures, only: &BTreeSet<String>) -> BTreeSet<String> {
    let mut skus = only.clone();
    for figure in &figures.totals {
        skus.insert(figure.sku.clone());
        skus.extend(figure.total.clone());
    }
    skus
}

/// The sums that are ponte's to keep right.
pub fn jobs(
    figures: &Figures,
    pending: &HashMap<&str, Decimal>,
    erp: &Erp,
    safety: &Decimal,
) -> Vec<Job> {
    let mut rows: BTreeMap<Vec<u8>, Vec<usize>> = BTreeMap::new();
    for (at, figure) in figures.totals.iter().enumerate() {
        rows.entry(encoded(&figure.id)).or_default().push(at);
    }
    let job = |rows: Vec<usize>| {
        let of = |at: &usize| &figures.totals[*at];
        let first = of(rows.first()?);
        if !rows.iter().all(|at| is_writable(of(at))) {
            return None;
        }
        let article = |sku: &str| erp.article(figures.skus.number(sku)?).ok();
        let skus: BTreeSet<&str> = rows.iter().map(|at| of(at).sku.as_str()).collect();
        let mut sum = Decimal::default();
        for sku in skus {
            sum += &available(&article(sku)?, pending.get(sku), safety).pieces;
        }
        let whole = first.total.as_deref()?;
        let (article, kept) = match article(whole) {
            Some(article) => (article, safety.clone()),
            None => (Article::default(), Decimal::default()),
        };
        sum += &available(&article, pending.get(whole), &kept).sum.floor();
        Some(Job {
            place: Place::Total(*rows.first()? as u32),
            target: sum.max(Decimal::default()),
        })
    };
    rows.into_values().filter_map(job).collect()
}

fn is_writable(figure: &Figure) -> bool {
    figure.managed && !figure.id.is_null() && !matches!(figure.shown, Shown::Unreadable(_))
}

#[cfg(test)]
mod tests {
    use super::super::figures::Yield;
    use super::*;
    use crate::value::Value;

    fn part(sku: &str) -> Yield {
        Yield {
            sku: sku.to_owned(),
            id: Value::Int(1),
            shown: Value::Null,
            managed: true,
            suspect: false,
            total: Some("WHOLE".to_owned()),
            row: Vec::new(),
        }
    }

    fn target(parts_known: &[(&str, i64)], pending: &[(&'static str, i64)]) -> Option<Decimal> {
        let mut figures = Figures::default();
        for sku in ["A", "B", "B"] {
            figures.push(part(sku));
        }
        let erp = Erp::on_hand(&figures.skus, parts_known);
        let pending = pending.iter().map(|(sku, n)| (*sku, Decimal::from(*n)));
        let jobs = jobs(&figures, &pending.collect(), &erp, &Decimal::from(1));
        jobs.first().map(|job| job.target.clone())
    }

    #[test]
    fn the_sum_is_what_is_available_of_each_part() {
        // 3 - 1 kept back, and 0 of the other, which is oversold.
        let found = target(&[("A", 3), ("B", 2)], &[("B", 5)]);
        assert_eq!(found, Some(Decimal::from(2)));
    }

    #[test]
    fn pieces_sold_of_the_whole_itself_are_taken_off() {
        let known = [("A", 3), ("B", 5)];
        assert_eq!(target(&known, &[("WHOLE", 2)]), Some(Decimal::from(4)));
        assert_eq!(target(&known, &[("WHOLE", 9)]), Some(Decimal::from(0)));
        let known = [("A", 3), ("B", 5), ("WHOLE", 4)];
        assert_eq!(target(&known, &[("WHOLE", 2)]), Some(Decimal::from(7)));
    }

    #[test]
    fn a_part_that_the_erp_does_not_know_leaves_the_sum_alone() {
        assert_eq!(target(&[("A", 3)], &[]), None);
    }
}
