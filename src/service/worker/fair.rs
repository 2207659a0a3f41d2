//! Who comes first of those that are due, and that all of them come.

use std::collections::{BTreeMap, BTreeSet};

/// What comes before what: the lower the sooner.
pub type Turn = u8;

/// The lowest turn comes first. One that is due again as soon as it has ended (imports of a busy shop ask for its stock time and
/// again) would keep all others waiting for ever: so each that waits comes a place nearer with every run of another.
#[derive(Debug, Default)]
pub struct Fair {
    waited: BTreeMap<Turn, u8>,
}

impl Fair {
    /// The one of these that comes now.
    pub fn first(&self, due: &BTreeSet<Turn>) -> Option<Turn> {
        let waited = |turn: &Turn| self.waited.get(turn).copied().unwrap_or(0);
        let place = |turn: &&Turn| i16::from(**turn) - i16::from(waited(turn));
        due.iter().min_by_key(place).copied()
    }

    /// One of those that were due has run.
    pub fn ran(&mut self, turn: Turn, due: &BTreeSet<Turn>) {
        self.waited.retain(|turn, _| due.contains(turn));
        self.waited.remove(&turn);
        for other in due.iter().filter(|other| **other != turn) {
            let waited = self.waited.entry(*other).or_default();
            *waited = waited.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rounds(due: &[Turn], rounds: usize) -> Vec<Turn> {
        let due = due.iter().copied().collect();
        let mut fair = Fair::default();
        let round = |_| {
            let turn = fair.first(&due)?;
            fair.ran(turn, &due);
            Some(turn)
        };
        (0..rounds).map_while(round).collect()
    }

    #[test]
    fn the_lowest_comes_first_and_the_others_come_too() {
        assert_eq!(rounds(&[2, 3], 6), [2, 2, 3, 2, 2, 3]);
        assert_eq!(rounds(&[1, 3, 4], 7), [1, 1, 1, 3, 1, 4, 1]);
        assert_eq!(rounds(&[], 3), [0; 0]);
    }

    #[test]
    fn who_is_not_due_gathers_nothing() {
        let (both, one) = (BTreeSet::from([2, 3]), BTreeSet::from([2]));
        let mut fair = Fair::default();
        fair.ran(2, &both);
        fair.ran(2, &one);
        fair.ran(2, &both);
        assert_eq!(fair.first(&both), Some(2));
    }

    proptest! {
        #[test]
        fn nobody_waits_for_ever(due in prop::collection::btree_set(0..6u8, 1..6), longest in Just(12)) {
            let turns: Vec<Turn> = due.iter().copied().collect();
            let ran = rounds(&turns, 100);
            for turn in turns {
                let among = ran.windows(longest).all(|some| some.contains(&turn));
                prop_assert!(among, "{turn} of {due:?}: {ran:?}");
            }
        }
    }
}
