//! Exact decimal numbers.
//!
//! A [`Decimal`] is a whole number and a count of places after the point, always in lowest form: `1.50` and `1.5` are
//! the same value in every respect (equality, order, hash, text, encoding). What a column says about places is the
//! column's affair ([`Type::Decimal`](super::Type)), never the number's.
//!
//! Numbers that come from outside are bounded at the door, so that no text of ten bytes (`1e999999999`) can ask for a
//! gigabyte of zeros: [`DIGITS_MAX`] digits before the point and as many after it.

mod digits;
mod operators;

use bigdecimal::BigDecimal;
use bigdecimal::num_bigint::BigInt;
use bigdecimal::num_traits::{Signed, ToPrimitive, Zero};
use digits::{Digits, power_of_ten};
use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// Most digits before the point, and most after it, of a number read from outside.
pub const DIGITS_MAX: u64 = 1000;

/// Places after the point that a quotient is rounded to, unless the dividend itself has more.
pub const QUOTIENT_PLACES: u32 = 20;

/// An exact decimal number of any precision.
///
/// Addition, subtraction, multiplication and negation are exact operators; they do not check [`DIGITS_MAX`] (a product
/// has at most the digits of both factors), whoever chains many of them asks [`Decimal::is_bounded`].
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Decimal {
    digits: Digits,
    /// Places after the point; as few as possible, so 0 for whole numbers.
    scale: u32,
}

/// Why a text or a foreign number is no [`Decimal`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    #[error("not a number")]
    Syntax,
    #[error("more than {DIGITS_MAX} digits before or after the point")]
    TooManyDigits,
}

impl Decimal {
    /// Reads `12`, `-1.50`, `+.5`, `5.`, `1.2e-3`; no blanks, no grouping.
    ///
    /// # Errors
    /// [`DecimalError::Syntax`] for anything else, [`DecimalError::TooManyDigits`] beyond [`DIGITS_MAX`].
    pub fn parse(text: &str) -> Result<Self, DecimalError> {
        if let Some(small) = parse_small(text) {
            return Ok(small);
        }
        let (negative, unsigned) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
            Some(at) => (&unsigned[..at], parse_exponent(&unsigned[at + 1..])?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.len() + fraction.len() == 0 || !is_digits(whole) || !is_digits(fraction) {
            return Err(DecimalError::Syntax);
        }
        let joined = [whole, fraction].concat();
        let significant = joined.trim_start_matches('0').trim_end_matches('0');
        if significant.is_empty() {
            return Ok(Self::default());
        }
        let zeros_behind = joined.len() - joined.trim_end_matches('0').len();
        // Texts are far shorter than i64::MAX and the exponent is capped, so none of this overflows.
        let scale = fraction.len() as i64 - zeros_behind as i64 - exponent;
        let digits_before = significant.len() as i64 - scale;
        if scale > DIGITS_MAX as i64 || digits_before > DIGITS_MAX as i64 {
            return Err(DecimalError::TooManyDigits);
        }
        let mut digits = parse_digits(significant)?;
        if negative {
            digits = -digits;
        }
        Ok(match u32::try_from(scale) {
            Ok(scale) => Decimal {
                digits: digits.into(),
                scale,
            },
            Err(_) => integer(digits * power_of_ten(scale.unsigned_abs() as u32)),
        })
    }

    /// `digits` with the point before the last `places` of them.
    pub fn from_scaled(digits: i128, places: u32) -> Self {
        if digits == 0 {
            return Self::default();
        }
        let (mut digits, mut scale) = (digits, places);
        // Division by a constant of one word is far cheaper than by one of two.
        match i64::try_from(digits) {
            Ok(mut small) => {
                while scale > 0 && small % 10 == 0 {
                    small /= 10;
                    scale -= 1;
                }
                digits = small.into();
            }
            Err(_) => {
                while scale > 0 && digits % 10 == 0 {
                    digits /= 10;
                    scale -= 1;
                }
            }
        }
        Decimal {
            digits: digits.into(),
            scale,
        }
    }

    /// The number that a binary float stands for when it is read at 15 significant digits, which is what a decimal
    /// survives in it (and what SQLite prints of a REAL); whole numbers below 2^53 are taken exactly.
    /// `None` for NaN and the infinities.
    pub fn from_f64_15(float: f64) -> Option<Self> {
        const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;
        if !float.is_finite() {
            return None;
        }
        if float.fract() == 0.0 && float.abs() < WHOLE_MAX {
            return Some(Self::from(float as i64));
        }
        // A finite f64 has at most 309 digits before and 15 + 323 places after the point: within the bound.
        Self::parse(&format!("{float:.14e}")).ok()
    }

    /// The binary float nearest to it; `None` if it exceeds the largest one.
    pub fn to_f64(&self) -> Option<f64> {
        // The standard library's parser rounds correctly from any number of digits.
        let float: f64 = self.to_string().parse().ok()?;
        float.is_finite().then_some(float)
    }

    /// Plain text, never scientific, without trailing zeros: `1234.5`. The same as [`fmt::Display`].
    pub fn to_plain(&self) -> String {
        self.to_string()
    }

    /// As money is written: rounded to two places, both shown.
    pub fn to_money(&self) -> String {
        let text = self.round(2).to_plain();
        match text.split_once('.') {
            None => format!("{text}.00"),
            Some((_, cents)) if cents.len() == 1 => format!("{text}0"),
            Some(_) => text,
        }
    }

    /// `None` if it is not a whole number or exceeds the range.
    pub fn to_i64(&self) -> Option<i64> {
        self.to_i128().and_then(|whole| i64::try_from(whole).ok())
    }

    /// `None` if it is not a whole number or exceeds the range.
    pub fn to_u64(&self) -> Option<u64> {
        self.to_i128().and_then(|whole| u64::try_from(whole).ok())
    }

    /// `None` if it is not a whole number or exceeds the range.
    pub fn to_i128(&self) -> Option<i128> {
        (self.scale == 0).then(|| self.digits.to_i128())?
    }

    /// The digits without the point, and how many of them stand after it: what [`Decimal::from_scaled`] takes. `None` if
    /// they exceed the range.
    pub fn to_scaled(&self) -> Option<(i128, u32)> {
        Some((self.digits.to_i128()?, self.scale))
    }

    /// For drivers that take it.
    pub fn to_bigdecimal(&self) -> BigDecimal {
        BigDecimal::new(self.digits.big().into_owned(), i64::from(self.scale))
    }

    pub fn is_negative(&self) -> bool {
        self.digits.sign().is_lt()
    }

    pub fn is_zero(&self) -> bool {
        self.digits.is_zero()
    }

    pub fn is_whole(&self) -> bool {
        self.scale == 0
    }

    /// Digits before the point, leading zeros not counted: 2 for `12.5`, 0 for `0.5`.
    pub fn digits_before(&self) -> u64 {
        self.digits.count().saturating_sub(u64::from(self.scale))
    }

    /// Digits after the point, trailing zeros not counted: 1 for `12.50`, 0 for `12`.
    pub fn digits_after(&self) -> u32 {
        self.scale
    }

    /// Within [`DIGITS_MAX`] before and after the point.
    pub fn is_bounded(&self) -> bool {
        u64::from(self.scale) <= DIGITS_MAX && self.digits_before() <= DIGITS_MAX
    }

    /// Memory on the heap, in bytes.
    pub fn heap_bytes(&self) -> usize {
        self.digits.heap_bytes()
    }

    pub fn abs(&self) -> Self {
        Decimal {
            digits: match self.is_negative() {
                true => self.digits.negated(),
                false => self.digits.clone(),
            },
            scale: self.scale,
        }
    }

    /// The quotient, rounded half away from zero to [`QUOTIENT_PLACES`] places after the point, or to as many as the
    /// dividend has if those are more (so that `x / 1` is `x`). `None` if the divisor is zero.
    pub fn div(&self, divisor: &Decimal) -> Option<Self> {
        if divisor.is_zero() {
            return None;
        }
        let places = QUOTIENT_PLACES.max(self.scale);
        let numerator = self.digits.big().as_ref() * power_of_ten(places + divisor.scale);
        let denominator = divisor.digits.big().as_ref() * power_of_ten(self.scale);
        Some(normal(divide_half_away(&numerator, &denominator), places))
    }

    /// What is left after dividing as often as goes, with the dividend's sign. `None` if the divisor is zero.
    pub fn rem(&self, divisor: &Decimal) -> Option<Self> {
        if divisor.is_zero() {
            return None;
        }
        let (left, right, scale) = aligned(self, divisor);
        Some(normal(left % right, scale))
    }

    /// Rounded half away from zero to so many places after the point; negative places round to tens, hundreds ...
    pub fn round(&self, places: i32) -> Self {
        let dropped = i64::from(self.scale) - i64::from(places);
        if dropped <= 0 {
            return self.clone();
        }
        if dropped > self.digits.count() as i64 {
            // Even the first digit lies below half a unit of the last place kept.
            return Self::default();
        }
        // At most as many as there are digits, so it fits.
        let unit = power_of_ten(dropped as u32);
        let kept = divide_half_away(&self.digits.big(), &unit);
        match u32::try_from(places) {
            Ok(places) => normal(kept, places),
            Err(_) => integer(kept * power_of_ten(places.unsigned_abs())),
        }
    }

    /// The largest whole number not above it.
    pub fn floor(&self) -> Self {
        let (number, rest) = self.split();
        integer(if rest.is_negative() {
            number - 1
        } else {
            number
        })
    }

    /// The smallest whole number not below it.
    pub fn ceil(&self) -> Self {
        let (number, rest) = self.split();
        integer(if rest.is_positive() {
            number + 1
        } else {
            number
        })
    }

    /// The whole part (towards zero) and what is left, in units of the last place.
    fn split(&self) -> (BigInt, BigInt) {
        let unit = power_of_ten(self.scale);
        let digits = self.digits.big();
        (digits.as_ref() / &unit, digits.as_ref() % &unit)
    }

    /// Appends a canonical form: places (4 bytes), sign (1), length (8) and bytes of the magnitude.
    pub(super) fn encode(&self, into: &mut Vec<u8>) {
        into.extend_from_slice(&self.scale.to_le_bytes());
        into.push(u8::from(self.is_negative()));
        self.digits.encode_magnitude(into);
    }
}

/// Brings a number to its lowest form.
fn normal(digits: BigInt, scale: u32) -> Decimal {
    if let Some(small) = digits.to_i128() {
        return Decimal::from_scaled(small, scale);
    }
    let (mut digits, mut left) = (digits, scale);
    while left > 0 && (&digits % 10u8).is_zero() {
        digits /= 10u8;
        left -= 1;
    }
    Decimal {
        digits: digits.into(),
        scale: left,
    }
}

fn integer(digits: BigInt) -> Decimal {
    Decimal {
        digits: digits.into(),
        scale: 0,
    }
}

/// Both numbers as whole numbers of the same unit, and the places of that unit.
fn aligned(left: &Decimal, right: &Decimal) -> (BigInt, BigInt, u32) {
    let scale = left.scale.max(right.scale);
    (
        left.digits.big().as_ref() * power_of_ten(scale - left.scale),
        right.digits.big().as_ref() * power_of_ten(scale - right.scale),
        scale,
    )
}

/// The same if both fit 128 bits.
fn aligned_small(left: &Decimal, right: &Decimal) -> Option<(i128, i128, u32)> {
    let scale = left.scale.max(right.scale);
    Some((
        left.digits.scaled(scale - left.scale)?,
        right.digits.scaled(scale - right.scale)?,
        scale,
    ))
}

fn divide_half_away(numerator: &BigInt, denominator: &BigInt) -> BigInt {
    let quotient = numerator / denominator;
    let rest = numerator % denominator;
    if rest.magnitude() * 2u8 < *denominator.magnitude() {
        quotient
    } else if numerator.sign() == denominator.sign() {
        quotient + 1
    } else {
        quotient - 1
    }
}

/// Most digits that are read without a detour: as many as fit a machine word in any case.
const SMALL_DIGITS: u32 = 18;

/// A number of few digits and no exponent, as most are; `None` for all else.
fn parse_small(text: &str) -> Option<Decimal> {
    let bytes = text.as_bytes();
    let (negative, bytes) = match bytes.first()? {
        b'-' => (true, &bytes[1..]),
        b'+' => (false, &bytes[1..]),
        _ => (false, bytes),
    };
    let (mut number, mut digits, mut point) = (0i64, 0, None);
    for byte in bytes {
        match byte {
            b'0'..=b'9' if digits < SMALL_DIGITS => {
                number = number * 10 + i64::from(byte - b'0');
                digits += 1;
            }
            b'.' if point.is_none() => point = Some(digits),
            _ => return None,
        }
    }
    let places = point.map_or(0, |point| digits - point);
    let number = i128::from(if negative { -number } else { number });
    (digits > 0).then(|| Decimal::from_scaled(number, places))
}

fn parse_digits(digits: &str) -> Result<BigInt, DecimalError> {
    match digits.parse::<u128>() {
        Ok(small) => Ok(BigInt::from(small)),
        // They are digits, so what failed is the range.
        Err(_) => BigInt::parse_bytes(digits.as_bytes(), 10).ok_or(DecimalError::Syntax),
    }
}

/// The exponent, capped at a billion, which is far beyond what [`DIGITS_MAX`] admits either way.
fn parse_exponent(text: &str) -> Result<i64, DecimalError> {
    const CAP: i64 = 1_000_000_000_000;
    let (negative, digits) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(DecimalError::Syntax);
    }
    let exponent = digits.parse::<i64>().unwrap_or(CAP).min(CAP);
    Ok(if negative { -exponent } else { exponent })
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(24);
        self.digits.write_magnitude(&mut text);
        let scale = self.scale as usize;
        if scale > 0 {
            if text.len() <= scale {
                text.insert_str(0, &"0".repeat(scale + 1 - text.len()));
            }
            text.insert(text.len() - scale, '.');
        }
        f.pad_integral(!self.is_negative(), "", &text)
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Decimal({self})")
    }
}

impl FromStr for Decimal {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, DecimalError> {
        Decimal::parse(text)
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let signs = self.digits.sign().cmp(&other.digits.sign());
        signs.then_with(|| match aligned_small(self, other) {
            Some((left, right, _)) => left.cmp(&right),
            None => {
                let (left, right, _) = aligned(self, other);
                left.cmp(&right)
            }
        })
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

macro_rules! from_integer {
    ($($integer:ty),*) => {$(
        impl From<$integer> for Decimal {
            fn from(number: $integer) -> Self {
                Decimal { digits: i128::from(number).into(), scale: 0 }
            }
        }
    )*};
}
from_integer!(i32, i64, i128, u32, u64);

impl TryFrom<BigDecimal> for Decimal {
    type Error = DecimalError;

    /// # Errors
    /// [`DecimalError::TooManyDigits`] beyond [`DIGITS_MAX`].
    fn try_from(number: BigDecimal) -> Result<Self, DecimalError> {
        let (digits, scale) = number.into_bigint_and_scale();
        if digits.is_zero() {
            return Ok(Self::default());
        }
        // Judge before any zeros are written out; a long tail of zeros after the point may still be dropped.
        let count = Digits::from(digits.clone()).count();
        if count as i64 - scale.max(-(1 << 32)) > DIGITS_MAX as i64 {
            return Err(DecimalError::TooManyDigits);
        }
        let decimal = if scale < 0 {
            integer(digits * power_of_ten(scale.unsigned_abs() as u32))
        } else {
            let scale = u32::try_from(scale).map_err(|_| DecimalError::TooManyDigits)?;
            normal(digits, scale)
        };
        if decimal.is_bounded() {
            Ok(decimal)
        } else {
            Err(DecimalError::TooManyDigits)
        }
    }
}

#[cfg(test)]
mod tests;
