//! How far an order is paid, in one of a few words: what the shop says of it, and what its amounts say.

use super::canonical::unfit;
use crate::sync::report::Reason;
use crate::value::{Decimal, Value};

/// The words, from nothing paid to all of it paid back.
pub const STATES: [&str; 5] = [
    "unpaid",
    "partly_paid",
    "paid",
    "partly_refunded",
    "refunded",
];

/// What to do about another word.
const CORRECT: &str = "correct `payment_state` in the `sql` of the shop pack's order.toml";

/// What the shop keeps of an order's payment.
#[derive(Debug, Default)]
pub struct Payment<'o> {
    /// One of [`STATES`], or what a pack's query takes for one; empty where the shop does not say.
    pub said: &'o str,
    pub total: Option<Decimal>,
    pub paid: Option<Decimal>,
    pub refunded: Option<Decimal>,
}

impl Payment<'_> {
    /// `None`: the shop does not say, and nothing tells it.
    ///
    /// # Errors
    /// What the pack's query says is none of the words.
    pub fn state(&self) -> Result<Option<&'static str>, String> {
        let said = match self.said.trim() {
            "" => None,
            word => Some(*STATES.iter().find(|known| **known == word).ok_or_else(|| {
                format!(
                    "`payment_state` is `{word}`, which is none of {}",
                    STATES.join(", ")
                )
            })?),
        };
        let total = self.total.clone().unwrap_or_default();
        let refunded = self.refunded.clone().unwrap_or_default();
        let is_back = !refunded.is_zero() && !refunded.is_negative();
        Ok(match said {
            Some("refunded") => said,
            _ if is_back && refunded >= total => Some("refunded"),
            // What nobody has paid is not paid back: it is owed no longer.
            Some("unpaid") if is_back => said,
            _ if is_back => Some("partly_refunded"),
            // A voucher has paid for all of it.
            _ if self.total.is_some() && total.is_zero() => Some("paid"),
            Some(_) => said,
            None => self.paid.as_ref().map(|paid| match paid {
                paid if paid.is_zero() || paid.is_negative() => "unpaid",
                paid if *paid < total => "partly_paid",
                _ => "paid",
            }),
        })
    }

    /// As the ERP gets it.
    ///
    /// # Errors
    /// What the pack's query says is none of the words.
    pub fn value(&self) -> Result<Value, Reason> {
        let state = self.state().map_err(|why| unfit(why, CORRECT))?;
        Ok(state.map_or(Value::Null, |state| Value::Text(state.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(said: &str, total: &str, paid: &str, refunded: &str) -> Option<&'static str> {
        let sum = |text: &str| Decimal::parse(text).ok();
        let payment = Payment {
            said,
            total: sum(total),
            paid: sum(paid),
            refunded: sum(refunded),
        };
        payment.state().unwrap()
    }

    #[test]
    fn amounts_tell_what_the_shop_does_not_say() {
        assert_eq!(state("", "20", "", ""), None);
        assert_eq!(state("", "20", "0.00", ""), Some("unpaid"));
        assert_eq!(state("", "20", "5", ""), Some("partly_paid"));
        assert_eq!(state("", "20", "20.00", "0"), Some("paid"));
        // Of what was paid too much, no word speaks.
        assert_eq!(state("", "20", "25", ""), Some("paid"));
        assert_eq!(state("", "20", "20", "5"), Some("partly_refunded"));
        assert_eq!(state("", "20", "", "5"), Some("partly_refunded"));
        assert_eq!(state("", "20", "20", "20.00"), Some("refunded"));
    }

    #[test]
    fn what_the_shop_says_counts_until_something_was_paid_back() {
        assert_eq!(state("paid", "20", "", ""), Some("paid"));
        assert_eq!(state(" unpaid ", "20", "", "0.00"), Some("unpaid"));
        assert_eq!(state("paid", "20", "20", "5"), Some("partly_refunded"));
        assert_eq!(state("paid", "20", "20", "20"), Some("refunded"));
        assert_eq!(state("refunded", "20", "20", ""), Some("refunded"));
        assert_eq!(state("unpaid", "20", "", "5"), Some("unpaid"));
        assert_eq!(state("unpaid", "20", "", "20"), Some("refunded"));
    }

    #[test]
    fn where_nothing_is_to_be_paid_all_of_it_is() {
        assert_eq!(state("unpaid", "0.00", "", ""), Some("paid"));
        assert_eq!(state("", "0", "", ""), Some("paid"));
        assert_eq!(state("refunded", "0", "", ""), Some("refunded"));
    }

    #[test]
    fn another_word_is_refused() {
        let payment = Payment {
            said: "settled",
            ..Payment::default()
        };
        assert_eq!(
            payment.state().unwrap_err(),
            "`payment_state` is `settled`, which is none of unpaid, partly_paid, paid, partly_refunded, refunded"
        );
    }
}
