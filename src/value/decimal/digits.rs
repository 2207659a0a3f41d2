//! The whole number within a decimal: nearly every one fits a machine word, and then costs no memory of its own.

use bigdecimal::num_bigint::{BigInt, Sign};
use bigdecimal::num_traits::ToPrimitive;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt::Write;

/// Longest power of ten that 128 bits hold.
const POWER_MAX: u32 = 38;

/// Always in the smaller of the two forms that holds the number, so that equal numbers have equal forms.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) enum Digits {
    Small(i64),
    Large(Box<BigInt>),
}

impl Default for Digits {
    fn default() -> Self {
        Digits::Small(0)
    }
}

impl From<i128> for Digits {
    fn from(number: i128) -> Self {
        match i64::try_from(number) {
            Ok(small) => Digits::Small(small),
            Err(_) => Digits::Large(Box::new(BigInt::from(number))),
        }
    }
}

impl From<BigInt> for Digits {
    fn from(number: BigInt) -> Self {
        match number.to_i64() {
            Some(small) => Digits::Small(small),
            None => Digits::Large(Box::new(number)),
        }
    }
}

impl Digits {
    /// For arithmetic beyond a machine word.
    pub fn big(&self) -> Cow<'_, BigInt> {
        match self {
            Digits::Small(small) => Cow::Owned(BigInt::from(*small)),
            Digits::Large(large) => Cow::Borrowed(large),
        }
    }

    /// Times a power of ten, if 128 bits hold that.
    pub fn scaled(&self, places: u32) -> Option<i128> {
        match self {
            Digits::Small(small) => i128::from(*small).checked_mul(power_of_ten_i128(places)?),
            Digits::Large(_) => None,
        }
    }

    pub fn to_i128(&self) -> Option<i128> {
        match self {
            Digits::Small(small) => Some(i128::from(*small)),
            Digits::Large(large) => large.to_i128(),
        }
    }

    pub fn is_zero(&self) -> bool {
        matches!(self, Digits::Small(0))
    }

    /// Less, equal or greater than zero.
    pub fn sign(&self) -> Ordering {
        match self {
            Digits::Small(small) => small.cmp(&0),
            Digits::Large(large) => match large.sign() {
                Sign::Minus => Ordering::Less,
                Sign::NoSign => Ordering::Equal,
                Sign::Plus => Ordering::Greater,
            },
        }
    }

    pub fn negated(&self) -> Self {
        match self {
            Digits::Small(small) => Digits::from(-i128::from(*small)),
            Digits::Large(large) => Digits::from(-&**large),
        }
    }

    /// How many decimal digits it has; none for zero.
    pub fn count(&self) -> u64 {
        match self {
            Digits::Small(0) => 0,
            Digits::Small(small) => u64::from(small.unsigned_abs().ilog10()) + 1,
            Digits::Large(large) => match large.magnitude().to_u128() {
                Some(small) => u64::from(small.checked_ilog10().map_or(0, |log| log + 1)),
                None => large.magnitude().to_str_radix(10).len() as u64,
            },
        }
    }

    pub fn heap_bytes(&self) -> usize {
        match self {
            Digits::Small(_) => 0,
            Digits::Large(large) => {
                std::mem::size_of::<BigInt>() + (large.bits() as usize).div_ceil(64) * 8
            }
        }
    }

    /// Appends the decimal digits, without a sign.
    pub fn write_magnitude(&self, into: &mut String) {
        // Writing to a text does not fail.
        let _ = match self {
            Digits::Small(small) => write!(into, "{}", small.unsigned_abs()),
            Digits::Large(large) => write!(into, "{}", large.magnitude()),
        };
    }

    /// Appends length (8 bytes) and bytes of the magnitude, least first, as few as possible but at least one.
    pub fn encode_magnitude(&self, into: &mut Vec<u8>) {
        let mut append = |bytes: &[u8]| {
            into.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
            into.extend_from_slice(bytes);
        };
        match self {
            Digits::Small(small) => {
                let magnitude = small.unsigned_abs();
                let length = (u64::BITS - magnitude.leading_zeros()).div_ceil(8).max(1);
                append(&magnitude.to_le_bytes()[..length as usize]);
            }
            Digits::Large(large) => append(&large.magnitude().to_bytes_le()),
        }
    }
}

/// `None` beyond what 128 bits hold.
fn power_of_ten_i128(exponent: u32) -> Option<i128> {
    (exponent <= POWER_MAX).then(|| 10i128.pow(exponent))
}

pub(super) fn power_of_ten(exponent: u32) -> BigInt {
    match power_of_ten_i128(exponent) {
        Some(power) => BigInt::from(power),
        None => BigInt::from(10u8).pow(exponent),
    }
}
