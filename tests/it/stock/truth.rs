//! The judge: from what the databases recorded, how many pieces there truly were each time a figure took a value.
//!
//! It shares no code with ponte. Truth is what the ERP had free when ponte read it, less the pieces of orders that hold
//! the shop's stock, are promised, and that the ERP did not count then.

use std::collections::{BTreeMap, HashMap};

use super::history::{ErpHistory, Event};

const PROMISED: [&str; 3] = ["wc-on-hold", "wc-processing", "wc-completed"];

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Position in the history.
    pub at: usize,
    pub article: u64,
    pub shown: i64,
    pub truth: i64,
    /// Who wrote the value: an order, or ponte.
    pub actor: Option<u64>,
}

#[derive(Debug, Default)]
pub struct Judge {
    status: HashMap<u64, String>,
    /// Pieces that orders hold, by article and order.
    held: HashMap<u64, BTreeMap<u64, i64>>,
    /// The version of the ERP behind an article's figure.
    version: HashMap<u64, u64>,
    /// Values that ponte published.
    pub published: u64,
}

impl Judge {
    /// Every moment at which a figure exceeded the truth. A negative truth is shown as nothing.
    pub fn violations(&mut self, events: &[Event], erp: &ErpHistory) -> Vec<Violation> {
        let mut violations = Vec::new();
        for (at, event) in events.iter().enumerate() {
            match event {
                Event::Status { order, status } => {
                    self.status.insert(*order, status.clone());
                }
                Event::Figure {
                    article,
                    old,
                    new,
                    actor,
                    version,
                } => {
                    match actor {
                        Some(order) => {
                            *self
                                .held
                                .entry(*article)
                                .or_default()
                                .entry(*order)
                                .or_default() -= new - old
                        }
                        None => {
                            self.version.insert(*article, *version);
                            self.published += 1;
                        }
                    }
                    let truth = self.truth(*article, erp);
                    if *new > truth.max(0) {
                        violations.push(Violation {
                            at,
                            article: *article,
                            shown: *new,
                            truth,
                            actor: *actor,
                        });
                    }
                }
            }
        }
        violations
    }

    fn truth(&self, article: u64, erp: &ErpHistory) -> i64 {
        let version = self.version.get(&article).copied().unwrap_or(0);
        let promised = |order: &u64| {
            self.status
                .get(order)
                .is_some_and(|status| PROMISED.contains(&status.as_str()))
        };
        let holders = self.held.get(&article).into_iter().flatten();
        let pending: i64 = holders
            .filter(|(order, _)| promised(order) && !erp.counted_at(version, **order))
            .map(|(_, pieces)| pieces)
            .sum();
        erp.at(version, article) - pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(old: i64, new: i64, actor: Option<u64>, version: u64) -> Event {
        Event::Figure {
            article: 1,
            old,
            new,
            actor,
            version,
        }
    }

    fn status(order: u64, status: &str) -> Event {
        Event::Status {
            order,
            status: status.to_owned(),
        }
    }

    fn violations(events: &[Event]) -> Vec<(i64, i64)> {
        let mut erp = ErpHistory::default();
        erp.changed(0, 1, 10);
        // Version 1: order 7 is counted, and its 3 pieces committed.
        erp.changed(1, 1, -3);
        erp.counts(1, 7);
        let found = Judge::default().violations(events, &erp);
        found
            .into_iter()
            .map(|violation| (violation.shown, violation.truth))
            .collect()
    }

    #[test]
    fn a_sale_and_its_import_leave_the_truth_where_it_is() {
        let events = [
            status(7, "wc-processing"),
            figure(10, 7, Some(7), 0),
            figure(7, 5, None, 0),
            figure(5, 7, None, 1),
        ];
        assert_eq!(violations(&events), []);
    }

    #[test]
    fn a_figure_above_the_truth_is_found() {
        let events = [
            status(8, "wc-processing"),
            figure(10, 7, Some(8), 0),
            figure(7, 8, None, 0),
        ];
        assert_eq!(violations(&events), [(8, 7)]);
        let events = [
            status(8, "wc-completed"),
            figure(10, 7, Some(8), 0),
            figure(7, 7, None, 1),
        ];
        assert_eq!(violations(&events), [(7, 4)]);
    }

    #[test]
    fn a_cancelled_order_holds_nothing() {
        let events = [
            status(8, "wc-processing"),
            figure(10, 7, Some(8), 0),
            status(8, "wc-cancelled"),
            figure(7, 10, Some(8), 0),
        ];
        assert_eq!(violations(&events), []);
    }
}
