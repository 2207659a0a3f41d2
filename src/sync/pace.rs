//! How many records a write transaction takes.
//!
//! A customer who wants a row that ponte has locked waits until ponte commits. So a transaction aims at [`AIM`]: one that
//! took longer makes the next ones smaller, and after a lock that ponte had to wait for in vain they are halved. To a far
//! server a transaction's statements alone take longer than that, however few rows they have; there it is
//! [`ROUND_TRIPS`] times as long as one statement without work.

use std::time::Duration;

/// A transaction's duration, to be kept.
pub const AIM: Duration = Duration::from_millis(250);
/// About the statements of a transaction of a shop's pack.
const ROUND_TRIPS: u32 = 20;
/// Records of the first transaction ...
pub const RECORDS_FIRST: usize = 500;
/// ... of one at most ...
pub const RECORDS_MAX: usize = 2000;
/// ... and at least, so that a slow server is not asked for ever.
pub const RECORDS_MIN: usize = 20;

#[derive(Debug)]
pub struct Pace {
    records: usize,
    records_max: usize,
    /// The fastest answer to a statement without work.
    round_trip: Option<Duration>,
}

impl Default for Pace {
    fn default() -> Self {
        Pace {
            records: RECORDS_FIRST,
            ..Pace::up_to(RECORDS_MAX)
        }
    }
}

impl Pace {
    /// Begins with as many records as it ever allows.
    pub fn up_to(records_max: usize) -> Self {
        Pace {
            records: records_max,
            records_max,
            round_trip: None,
        }
    }

    /// Records that the next transaction may take.
    pub fn records(&self) -> usize {
        self.records
    }

    /// A statement without work was answered.
    pub fn answered(&mut self, took: Duration) {
        self.round_trip = Some(self.round_trip.map_or(took, |known| known.min(took)));
    }

    /// A transaction was committed.
    pub fn wrote(&mut self, records: usize, took: Duration) {
        let aim = AIM.max(self.round_trip.unwrap_or_default() * ROUND_TRIPS);
        let next = match took > aim {
            true => (records as f64 * aim.as_secs_f64() / took.as_secs_f64()) as usize,
            // Growing slowly: a load that lasts would throw a quick growth back at once.
            false if records * 2 > self.records => self.records + self.records / 4,
            false => return,
        };
        self.records = next.clamp(RECORDS_MIN, self.records_max);
    }

    /// A transaction gave way to somebody else's.
    pub fn gave_way(&mut self) {
        self.records = (self.records / 2).max(RECORDS_MIN);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn slow_transactions_become_smaller_until_they_take_what_they_may() {
        // Two milliseconds a record.
        let mut pace = Pace::default();
        for _ in 0..5 {
            let records = pace.records();
            pace.wrote(records, ms(2 * records as u64));
        }
        assert!(
            (100..=156).contains(&pace.records()),
            "{} records",
            pace.records()
        );
    }

    #[test]
    fn it_never_falls_below_the_least_nor_rises_above_the_most() {
        let mut pace = Pace::default();
        pace.wrote(500, ms(60_000));
        assert_eq!(pace.records(), RECORDS_MIN);
        pace.gave_way();
        assert_eq!(pace.records(), RECORDS_MIN);
        for _ in 0..50 {
            pace.wrote(pace.records(), ms(1));
        }
        assert_eq!(pace.records(), RECORDS_MAX);
    }

    #[test]
    fn a_small_batch_says_nothing_of_a_large_one() {
        let mut pace = Pace::default();
        pace.gave_way();
        pace.wrote(3, ms(1));
        assert_eq!(pace.records(), RECORDS_FIRST / 2);
    }

    #[test]
    fn a_far_server_is_not_asked_in_smaller_pieces_for_its_distance() {
        let mut pace = Pace::default();
        pace.answered(ms(90));
        pace.answered(ms(40));
        pace.wrote(500, ms(790));
        assert_eq!(pace.records(), 625);
        pace.wrote(500, ms(1600));
        assert_eq!(pace.records(), RECORDS_FIRST / 2);
    }
}
