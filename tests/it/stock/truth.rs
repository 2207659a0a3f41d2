//! The judge: from what the databases recorded, how many pieces there truly were each time a figure took a value.
//!
//! It shares no code with ponte. Truth is what the ERP had free when ponte read it, less the pieces of orders that hold
//! the shop's stock, are promised, and that the ERP did not count then.
//!
//! A shop that writes figures absolutely undoes what ponte wrote between its reading and its writing. That much the
//! figure may be above the truth, until ponte writes it from a look that saw it; and never more than ponte had just
//! taken off. A shop that writes relatively undoes nothing. The same holds for a line made smaller before its pieces are
//! back in the figure.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;

use super::history::{By, ErpHistory, Event};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Position in the history.
    pub at: usize,
    pub article: u64,
    pub shown: i64,
    pub truth: i64,
    /// Pieces above the truth for which the shop itself is to blame.
    pub undone: i64,
    pub by: By,
}

/// What ponte saw when it looked at the shop.
#[derive(Debug, Clone, Default)]
pub struct Look {
    /// Where each figure's history stood: article to the last event.
    pub events: HashMap<u64, u64>,
    /// Keys of the figures that it read.
    pub figures: HashSet<String>,
}

/// A shop's write that undid some of ponte's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Undone {
    pub seq: u64,
    pub article: u64,
    pub pieces: i64,
    /// What ponte had taken off since the shop could have read the figure.
    pub just_written: i64,
    /// By a sale, not by pieces coming back.
    pub sale: bool,
}

/// A cycle.
#[derive(Debug, Clone)]
pub struct Span {
    /// Where the history stood.
    pub began: u64,
    /// Among all looks.
    pub looks: Range<usize>,
    /// Articles that it left for the next one.
    pub unsettled: Vec<u64>,
}

/// Sales that undid what ponte had written after the cycle's last look at the article: whoever looks again as long as
/// an order is under way sees them all, or says that it did not wait for the end. Here a figure's key is its article.
pub fn too_early(undone: &[Undone], cycles: &[Span], looks: &[Look]) -> Vec<Undone> {
    let seen = |undone: &Undone, look: &Look| {
        let event = look.events.get(&undone.article);
        look.figures.contains(&undone.article.to_string())
            && event.is_some_and(|event| *event >= undone.seq)
    };
    let early = undone.iter().filter(|undone| {
        let before = cycles.iter().rev().find(|cycle| cycle.began < undone.seq);
        undone.sale
            && before.is_some_and(|cycle| {
                let in_time = looks[cycle.looks.clone()]
                    .iter()
                    .any(|look| seen(undone, look));
                !in_time && !cycle.unsettled.contains(&undone.article)
            })
    });
    early.copied().collect()
}

pub struct Judge<'a> {
    promises: &'a dyn Fn(&str) -> bool,
    looks: &'a [Look],
    status: HashMap<u64, String>,
    /// Pieces that orders hold, by article and order.
    held: HashMap<u64, BTreeMap<u64, i64>>,
    /// The version of the ERP behind an article's figure.
    version: HashMap<u64, u64>,
    /// What ponte took off an article since a buyer last wrote it.
    just_written: HashMap<u64, i64>,
    /// By article: what was undone and ponte has not seen yet.
    open: HashMap<u64, Vec<Undone>>,
    /// By article and order: pieces that a line no longer has and the figure does not have yet.
    ahead: BTreeMap<(u64, u64), i64>,
    pub undone: Vec<Undone>,
    /// Values that ponte published.
    pub published: u64,
}

impl<'a> Judge<'a> {
    pub fn new(promises: &'a dyn Fn(&str) -> bool, looks: &'a [Look]) -> Judge<'a> {
        Judge {
            promises,
            looks,
            status: HashMap::new(),
            held: HashMap::new(),
            version: HashMap::new(),
            just_written: HashMap::new(),
            open: HashMap::new(),
            ahead: BTreeMap::new(),
            undone: Vec::new(),
            published: 0,
        }
    }

    /// Every moment at which a figure exceeded the truth. A negative truth is shown as nothing.
    pub fn violations(&mut self, events: &[Event], erp: &ErpHistory) -> Vec<Violation> {
        let mut violations = Vec::new();
        for (at, event) in events.iter().enumerate() {
            match event {
                Event::Status { order, status } => {
                    self.status.insert(*order, status.clone());
                }
                Event::Smaller {
                    order,
                    article,
                    pieces,
                } => {
                    *self.ahead.entry((*article, *order)).or_default() += pieces;
                }
                Event::Figure {
                    seq,
                    article,
                    old,
                    new,
                    by,
                } => {
                    match by {
                        By::Order { order, taken } => {
                            self.bought(*seq, *article, *order, *taken, new + taken - old);
                        }
                        By::Ponte { version, look } => {
                            self.published(*article, *version, *look, new - old);
                        }
                    }
                    let truth = self.truth(*article, erp);
                    let open = self.open.get(article).into_iter().flatten();
                    let undone: i64 = open.map(|undone| undone.pieces).sum();
                    let of_article = (*article, 0)..=(*article, u64::MAX);
                    let ahead: i64 = self.ahead.range(of_article).map(|(_, pieces)| pieces).sum();
                    let undone = undone + ahead;
                    if *new > truth.max(0) + undone {
                        violations.push(Violation {
                            at,
                            article: *article,
                            shown: *new,
                            truth,
                            undone,
                            by: *by,
                        });
                    }
                }
            }
        }
        violations
    }

    /// `lost`: by how much the figure was lower when it was written than when it was read.
    fn bought(&mut self, seq: u64, article: u64, order: u64, taken: i64, lost: i64) {
        let held = self.held.entry(article).or_default();
        *held.entry(order).or_default() += taken;
        let just_written = self.just_written.remove(&article).unwrap_or(0);
        if let Some(pieces) = self.ahead.remove(&(article, order)) {
            self.open.entry(article).or_default().push(Undone {
                seq,
                article,
                pieces,
                just_written: 0,
                sale: false,
            });
        }
        if lost > 0 {
            let undone = Undone {
                seq,
                article,
                pieces: lost,
                just_written,
                sale: taken > 0,
            };
            // More than ponte took off is nothing that the shop's way of writing explains.
            let excused = Undone {
                pieces: lost.min(just_written),
                ..undone
            };
            self.open.entry(article).or_default().push(excused);
            self.undone.push(undone);
        }
    }

    fn published(&mut self, article: u64, version: u64, look: usize, by: i64) {
        self.published += 1;
        self.version.insert(article, version);
        *self.just_written.entry(article).or_default() += (-by).max(0);
        let seen = self
            .looks
            .get(look)
            .and_then(|look| look.events.get(&article));
        let seen = seen.copied().unwrap_or(0);
        if let Some(open) = self.open.get_mut(&article) {
            open.retain(|undone| undone.seq > seen);
        }
    }

    fn truth(&self, article: u64, erp: &ErpHistory) -> i64 {
        let version = self.version.get(&article).copied().unwrap_or(0);
        let promised = |order: &u64| {
            self.status
                .get(order)
                .is_some_and(|status| (self.promises)(status))
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

    fn bought(seq: u64, old: i64, new: i64, order: u64, taken: i64) -> Event {
        let by = By::Order { order, taken };
        figure(seq, old, new, by)
    }

    fn published(seq: u64, old: i64, new: i64, version: u64, look: usize) -> Event {
        figure(seq, old, new, By::Ponte { version, look })
    }

    fn figure(seq: u64, old: i64, new: i64, by: By) -> Event {
        Event::Figure {
            seq,
            article: 1,
            old,
            new,
            by,
        }
    }

    fn status(order: u64, status: &str) -> Event {
        Event::Status {
            order,
            status: status.to_owned(),
        }
    }

    fn violations_with(looks: &[Look], events: &[Event]) -> Vec<(i64, i64)> {
        let mut erp = ErpHistory::default();
        erp.changed(0, 1, 10);
        // Version 1: order 7 is counted, and its 3 pieces committed.
        erp.changed(1, 1, -3);
        erp.counts(1, 7);
        let promises = |status: &str| status == "paid";
        let found = Judge::new(&promises, looks).violations(events, &erp);
        found
            .into_iter()
            .map(|violation| (violation.shown, violation.truth))
            .collect()
    }

    fn violations(events: &[Event]) -> Vec<(i64, i64)> {
        violations_with(&[], events)
    }

    #[test]
    fn a_sale_and_its_import_leave_the_truth_where_it_is() {
        let events = [
            status(7, "paid"),
            bought(1, 10, 7, 7, 3),
            published(2, 7, 5, 0, 0),
            published(3, 5, 7, 1, 0),
        ];
        assert_eq!(violations(&events), []);
    }

    #[test]
    fn a_figure_above_the_truth_is_found() {
        let events = [
            status(8, "paid"),
            bought(1, 10, 7, 8, 3),
            published(2, 7, 8, 0, 0),
        ];
        assert_eq!(violations(&events), [(8, 7)]);
        let events = [
            status(8, "paid"),
            bought(1, 10, 7, 8, 3),
            published(2, 7, 7, 1, 0),
        ];
        assert_eq!(violations(&events), [(7, 4)]);
    }

    #[test]
    fn a_cancelled_order_holds_nothing() {
        let events = [
            status(8, "paid"),
            bought(1, 10, 7, 8, 3),
            status(8, "cancelled"),
            bought(2, 7, 10, 8, -3),
        ];
        assert_eq!(violations(&events), []);
    }

    /// At article 1, up to this event.
    fn look(event: u64) -> Look {
        Look {
            events: HashMap::from([(1, event)]),
            figures: HashSet::from(["1".to_owned()]),
        }
    }

    /// The buyer read 10, ponte wrote 7, the buyer writes 9.
    const UNDOING: (Event, Event) = (
        Event::Figure {
            seq: 1,
            article: 1,
            old: 10,
            new: 7,
            by: By::Ponte {
                version: 1,
                look: 0,
            },
        },
        Event::Figure {
            seq: 2,
            article: 1,
            old: 7,
            new: 9,
            by: By::Order { order: 8, taken: 1 },
        },
    );

    #[test]
    fn what_the_shop_undid_is_excused_until_ponte_has_seen_it() {
        let (lower, undo) = UNDOING;
        let looks = [Look::default(), look(1), look(2)];
        let before = [status(8, "paid"), lower, undo];
        // 6 are there: 9 are shown, of which 3 were undone.
        assert_eq!(violations_with(&looks, &before), []);
        let unseen = published(3, 9, 9, 1, 1);
        assert_eq!(
            violations_with(&looks, &[&before[..], &[unseen]].concat()),
            []
        );
        let seen = published(3, 9, 7, 1, 2);
        assert_eq!(
            violations_with(&looks, &[&before[..], &[seen]].concat()),
            [(7, 6)]
        );
    }

    #[test]
    fn a_sale_that_undoes_what_was_called_settled_is_found() {
        let undone = |seq, sale| Undone {
            seq,
            article: 1,
            pieces: 3,
            just_written: 3,
            sale,
        };
        let cycle = |unsettled| Span {
            began: 2,
            looks: 0..2,
            unsettled,
        };
        let looks = [look(3), look(5)];
        let before_after_and_back = [undone(4, true), undone(6, true), undone(7, false)];
        let found = |unsettled| too_early(&before_after_and_back, &[cycle(unsettled)], &looks);
        assert_eq!(found(vec![]), [undone(6, true)]);
        assert_eq!(found(vec![1]), []);
    }

    #[test]
    fn no_more_is_excused_than_ponte_had_just_taken_off() {
        let (lower, _) = UNDOING;
        let events = [status(8, "paid"), lower, bought(2, 7, 10, 8, 1)];
        assert_eq!(violations(&events), [(10, 6)]);
    }
}
