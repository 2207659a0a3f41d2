//! How many orders or refunds a first run has found, and of when: told before it writes.

use super::found::Found;
use crate::plan::Orders;
use chrono::{DateTime, Utc};

/// What a first run finds.
#[derive(Default)]
pub(super) struct Tally {
    orders: u64,
    first: Option<DateTime<Utc>>,
    last: Option<DateTime<Utc>>,
}

impl Tally {
    pub(super) fn add<'f>(&mut self, found: impl Iterator<Item = &'f Found>) {
        for one in found {
            self.orders += 1;
            if let Some(placed) = one.placed {
                self.first = Some(self.first.map_or(placed, |first| first.min(placed)));
                self.last = Some(self.last.map_or(placed, |last| last.max(placed)));
            }
        }
    }

    pub(super) fn note(&self, orders: &Orders) -> Option<String> {
        let (first, last) = (self.first?, self.last?);
        let day = |moment: DateTime<Utc>| moment.format("%Y-%m-%d %H:%M UTC");
        let plural = if self.orders == 1 { "" } else { "s" };
        Some(format!(
            "first import: the shop has {} {}{plural} for the ERP since {}, placed from {} to {}",
            self.orders,
            orders.kind.record(),
            day(orders.since),
            day(first),
            day(last)
        ))
    }
}
