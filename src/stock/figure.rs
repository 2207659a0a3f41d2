//! The figure that a shop should show: pure arithmetic.

use crate::value::Decimal;
use serde::Serialize;

/// What an article that is always available shows: the shop sells from it and every cycle fills it up again.
pub const ALWAYS_PIECES: i64 = 9999;

/// A rule of the ERP for one article that overrules the sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Exception {
    /// Made to order, a service: shows [`ALWAYS_PIECES`].
    Always,
    /// Not for the shop: shows 0.
    Never,
}

impl Exception {
    pub fn parse(text: &str) -> Option<Exception> {
        match text {
            "always" => Some(Exception::Always),
            "never" => Some(Exception::Never),
            _ => None,
        }
    }

    /// Two rules for one article: the one that promises less.
    pub fn stricter(self, other: Exception) -> Exception {
        match (self, other) {
            (Exception::Always, Exception::Always) => Exception::Always,
            _ => Exception::Never,
        }
    }
}

/// What the figure of one article is made of, in the article's unit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parts {
    /// On hand less committed.
    pub uncommitted: Decimal,
    pub pending: Decimal,
    pub safety: Decimal,
    pub exception: Option<Exception>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Available {
    /// On hand - committed - pending - safety, as it is.
    pub sum: Decimal,
    /// What the shop should show: whole pieces, never below 0.
    pub pieces: Decimal,
    /// Pieces promised beyond what there is, safety stock aside; 0 if none are.
    pub oversold: Decimal,
    /// A fraction was rounded down.
    pub rounded: bool,
}

impl Parts {
    pub fn available(&self) -> Available {
        let free = &self.uncommitted - &self.pending;
        let sum = &free - &self.safety;
        let zero = Decimal::default();
        let pieces = match self.exception {
            Some(Exception::Always) => Decimal::from(ALWAYS_PIECES),
            Some(Exception::Never) => zero.clone(),
            None => sum.floor().max(zero.clone()),
        };
        Available {
            rounded: self.exception.is_none() && sum > zero && !sum.is_whole(),
            oversold: (-free).max(zero),
            pieces,
            sum,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// So many hundredths.
    fn hundredths(number: i64) -> Decimal {
        Decimal::from(number).div(&Decimal::from(100)).unwrap()
    }

    fn parts(on_hand: &str, committed: &str, pending: &str, safety: &str) -> Parts {
        let decimal = |text: &str| Decimal::parse(text).unwrap();
        Parts {
            uncommitted: &decimal(on_hand) - &decimal(committed),
            pending: decimal(pending),
            safety: decimal(safety),
            exception: None,
        }
    }

    #[test]
    fn safety_stock_alone_oversells_nothing() {
        let available = parts("3", "1", "1", "5").available();
        assert_eq!(available.pieces, Decimal::from(0));
        assert_eq!(available.oversold, Decimal::from(0));
        assert_eq!(
            parts("3", "1", "4", "5").available().oversold,
            Decimal::from(2)
        );
    }

    #[test]
    fn fractions_are_rounded_down_and_told() {
        let available = parts("10.75", "0.5", "0", "0").available();
        assert_eq!(
            (available.pieces, available.rounded),
            (Decimal::from(10), true)
        );
        let available = parts("10.5", "0.5", "0", "0").available();
        assert_eq!(
            (available.pieces, available.rounded),
            (Decimal::from(10), false)
        );
    }

    #[test]
    fn exceptions_overrule_the_sum() {
        let mut always = parts("0", "0", "2", "0");
        always.exception = Some(Exception::Always);
        assert_eq!(always.available().pieces, Decimal::from(ALWAYS_PIECES));
        let mut never = parts("9", "0", "0", "0");
        never.exception = Some(Exception::Always.stricter(Exception::Never));
        assert_eq!(never.available().pieces, Decimal::from(0));
    }

    proptest! {
        #[test]
        fn as_a_recount_in_hundredths(
            on_hand in -100_000i64..100_000,
            committed in 0i64..50_000,
            pending in 0i64..50_000,
            safety in 0i64..5_000,
        ) {
            let parts = Parts {
                uncommitted: &hundredths(on_hand) - &hundredths(committed),
                pending: hundredths(pending),
                safety: hundredths(safety),
                exception: None,
            };
            let left = on_hand - committed - pending - safety;
            let free = on_hand - committed - pending;
            let available = parts.available();
            prop_assert_eq!(available.pieces, Decimal::from(left.div_euclid(100).max(0)));
            prop_assert_eq!(available.rounded, left > 0 && left % 100 != 0);
            prop_assert_eq!(available.oversold, hundredths((-free).max(0)));
            prop_assert_eq!(available.sum, hundredths(left));
        }
    }
}
