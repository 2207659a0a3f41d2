//! Who comes first of those that are due, and that all of them come.

use std::collections::{BTreeMap, BTreeSet};

/// What comes before what: the lower the sooner.
pub type Place = u8;

/// The lowest place comes first. One that is due again as soon as it has ended (imports of a busy shop ask for its stock time and
/// again) would keep all others waiting for ever: so each that waits comes one nearer with every run of another.
#[derive(Debug, Default)]
pub struct Fair {
    waited: BTreeMap<Place, u8>,
}

impl Fair {
    /// The one of these that comes now.
    pub fn first(&self, due: &BTreeSet<Place>) -> Option<Place> {
        let waited = |place: &Place| self.waited.get(place).copied().unwrap_or(0);
        let rank = |place: &&Place| i16::from(**place) - i16::from(waited(place));
        due.iter().min_by_key(rank).copied()
    }

    /// One of those that were due has run.
    pub fn ran(&mut self, place: Place, due: &BTreeSet<Place>) {
        self.waited.retain(|place, _| due.contains(place));
        self.waited.remove(&place);
        for other in due.iter().filter(|other| **other != place) {
            let waited = self.waited.entry(*other).or_default();
            *waited = waited.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rounds(due: &[Place], rounds: usize) -> Vec<Place> {
        let due = due.iter().copied().collect();
        let mut fair = Fair::default();
        let round = |_| {
            let place = fair.first(&due)?;
            fair.ran(place, &due);
            Some(place)
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
            let places: Vec<Place> = due.iter().copied().collect();
            let ran = rounds(&places, 100);
            for place in places {
                let among = ran.windows(longest).all(|some| some.contains(&place));
                prop_assert!(among, "{place} of {due:?}: {ran:?}");
            }
        }
    }
}
