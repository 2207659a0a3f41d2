//! Which pieces of web orders the ERP does not count yet: pure arithmetic over what was read.

use crate::value::Decimal;
use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap, HashSet};

/// One article of a web order that holds stock of the shop or is about to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// `<shop>/<order id>`.
    pub reference: String,
    pub sku: String,
    pub quantity: Decimal,
    /// When the order was placed, UTC; `None` where the pack does not say.
    pub placed: Option<NaiveDateTime>,
    /// The checkout is under way: the shop may be about to write the figure.
    pub in_flight: bool,
}

/// The pieces that the ERP counts: committed, delivered or done with.
#[derive(Debug, Clone, Default)]
pub struct Counted {
    pieces: HashMap<(String, String), Decimal>,
    /// Orders of which no more movement is expected.
    closed: HashSet<String>,
}

impl Counted {
    /// `quantity` `None`: the ERP closed or cancelled the order, whatever article the row names.
    pub fn add(&mut self, reference: &str, sku: Option<&str>, quantity: Option<&Decimal>) {
        match (sku, quantity) {
            (_, None) => {
                self.closed.insert(reference.to_owned());
            }
            (Some(sku), Some(quantity)) => {
                let name = (reference.to_owned(), sku.to_owned());
                *self.pieces.entry(name).or_default() += quantity;
            }
            // A counted line without an article moves no stock.
            (None, Some(_)) => {}
        }
    }

    pub fn is_closed(&self, reference: &str) -> bool {
        self.closed.contains(reference)
    }

    fn of(&self, reference: &str, sku: &str) -> Decimal {
        let name = (reference.to_owned(), sku.to_owned());
        self.pieces.get(&name).cloned().unwrap_or_default()
    }
}

/// One article of a web order, and how much of it the ERP counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderLine {
    pub reference: String,
    pub sku: String,
    pub quantity: Decimal,
    /// The ERP's pieces; meaningless once the order is closed there.
    pub counted: Decimal,
    pub closed: bool,
    pub placed: Option<NaiveDateTime>,
    /// Pieces still pending.
    pub pending: Decimal,
}

/// Joins looks at the shop with what the ERP counts, by order and article: the larger quantity that any look saw,
/// minus the counted pieces. Lines of one look that name the same order and article add up.
///
/// Counted pieces without a line in the shop change nothing: an order made smaller in the shop after it was counted
/// is for the ERP to correct.
pub fn join(looks: &[&[Line]], counted: &Counted) -> Vec<OrderLine> {
    let mut seen: BTreeMap<(&str, &str), (Decimal, Option<NaiveDateTime>)> = BTreeMap::new();
    for look in looks {
        let mut sums: HashMap<(&str, &str), Decimal> = HashMap::new();
        for line in *look {
            let name = (line.reference.as_str(), line.sku.as_str());
            // A negative line (a correction entered as one) must not make room for others.
            *sums.entry(name).or_default() += &line.quantity.clone().max(Decimal::default());
            let (_, placed) = seen.entry(name).or_default();
            *placed = placed.or(line.placed);
        }
        for (name, sum) in sums {
            let (largest, _) = seen.entry(name).or_default();
            *largest = std::mem::take(largest).max(sum);
        }
    }
    let lines = seen
        .into_iter()
        .map(|((reference, sku), (quantity, placed))| {
            let closed = counted.is_closed(reference);
            let pieces = counted.of(reference, sku);
            let pending = match closed {
                true => Decimal::default(),
                false => (&quantity - &pieces).max(Decimal::default()),
            };
            OrderLine {
                reference: reference.to_owned(),
                sku: sku.to_owned(),
                quantity,
                counted: pieces,
                closed,
                placed,
                pending,
            }
        });
    lines.collect()
}

/// Pending lines of a shop in a form that outlasts a run: used while that shop is out of reach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownLine {
    pub reference: String,
    pub sku: String,
    /// Plain decimal text.
    pub quantity: String,
}

impl From<&OrderLine> for KnownLine {
    fn from(line: &OrderLine) -> Self {
        KnownLine {
            reference: line.reference.clone(),
            sku: line.sku.clone(),
            quantity: line.quantity.to_plain(),
        }
    }
}

impl KnownLine {
    /// `None` if the quantity is no number: the state file was edited.
    pub fn line(&self) -> Option<Line> {
        Some(Line {
            reference: self.reference.clone(),
            sku: self.sku.clone(),
            quantity: Decimal::parse(&self.quantity).ok()?,
            placed: None,
            in_flight: false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn line(reference: &str, sku: &str, quantity: i64) -> Line {
        Line {
            reference: reference.to_owned(),
            sku: sku.to_owned(),
            quantity: Decimal::from(quantity),
            placed: None,
            in_flight: false,
        }
    }

    fn pending(looks: &[&[Line]], counted: &Counted) -> Vec<(String, Decimal)> {
        let lines = join(looks, counted).into_iter();
        lines.map(|line| (line.sku, line.pending)).collect()
    }

    #[test]
    fn an_order_enlarged_after_counting_is_pending_with_the_difference() {
        let mut counted = Counted::default();
        counted.add("main/1", Some("A"), Some(&Decimal::from(2)));
        let lines = join(&[&[line("main/1", "A", 5)]], &counted);
        assert_eq!(lines[0].pending, Decimal::from(3));
    }

    #[test]
    fn a_closed_order_is_not_pending_with_any_article() {
        let mut counted = Counted::default();
        counted.add("main/1", None, None);
        counted.add("main/2", Some("X"), None);
        let look = [
            line("main/1", "A", 5),
            line("main/2", "A", 1),
            line("main/3", "A", 4),
        ];
        let pieces: Vec<Decimal> = join(&[&look], &counted)
            .into_iter()
            .map(|line| line.pending)
            .collect();
        assert_eq!(pieces, [0, 0, 4].map(|pieces| Decimal::from(pieces as i64)));
    }

    #[test]
    fn the_larger_of_two_looks_counts_and_lines_of_one_add_up() {
        let first = [
            line("main/1", "A", 2),
            line("main/1", "A", 1),
            line("main/2", "A", 1),
        ];
        let second = [line("main/1", "A", 1)];
        let sum: Decimal = pending(&[&first, &second], &Counted::default())
            .into_iter()
            .map(|(_, pieces)| pieces)
            .sum();
        assert_eq!(sum, Decimal::from(4));
    }

    #[test]
    fn a_negative_line_makes_no_room() {
        let look = [line("main/1", "A", -3), line("main/1", "A", 2)];
        assert_eq!(
            pending(&[&look], &Counted::default()),
            [("A".to_owned(), Decimal::from(2))]
        );
    }

    proptest! {
        /// Orders 0..4, articles 0..3, recounted with plain loops.
        #[test]
        fn as_a_naive_recount(
            first in proptest::collection::vec((0u8..4, 0u8..3, 0i64..9), 0..12),
            second in proptest::collection::vec((0u8..4, 0u8..3, 0i64..9), 0..12),
            pieces in proptest::collection::vec((0u8..4, 0u8..3, proptest::option::weighted(0.8, 0i64..9)), 0..8),
        ) {
            let lines = |rows: &[(u8, u8, i64)]| -> Vec<Line> {
                rows.iter().map(|(order, sku, n)| line(&order.to_string(), &sku.to_string(), *n)).collect()
            };
            let mut counted = Counted::default();
            for (order, sku, n) in &pieces {
                let n = n.map(Decimal::from);
                counted.add(&order.to_string(), Some(&sku.to_string()), n.as_ref());
            }
            let mut naive = 0;
            for order in 0u8..4 {
                if pieces.iter().any(|(o, _, n)| *o == order && n.is_none()) {
                    continue;
                }
                for sku in 0u8..3 {
                    let of = |rows: &[(u8, u8, i64)]| -> i64 {
                        rows.iter().filter(|(o, s, _)| *o == order && *s == sku).map(|(_, _, n)| n).sum()
                    };
                    let erp: i64 = pieces.iter().filter(|(o, s, _)| *o == order && *s == sku).filter_map(|(_, _, n)| *n).sum();
                    naive += (of(&first).max(of(&second)) - erp).max(0);
                }
            }
            let joined: Decimal = join(&[&lines(&first), &lines(&second)], &counted).into_iter().map(|line| line.pending).sum();
            prop_assert_eq!(joined, Decimal::from(naive));
        }
    }
}
