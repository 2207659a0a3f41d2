//! Values from their binary form: <https://www.postgresql.org/docs/current/protocol-message-formats.html> and the
//! `…_send` functions of the server.

use super::types::Wire;
use crate::value::decimal::DecimalError;
use crate::value::{Decimal, Value, iso};
use chrono::{Duration, NaiveDate, NaiveDateTime, NaiveTime};
use std::fmt::Write;
use uuid::Uuid;

/// `jsonb` begins with the version of its form.
const JSONB_VERSION: u8 = 1;

const MICROSECONDS_PER_SECOND: i64 = 1_000_000;

/// Of a numeric, before its digits: their number, the weight of the first, the sign, the places shown; two bytes each.
const NUMERIC_HEADER: usize = 8;
/// A digit of a numeric has four of ours.
const NUMERIC_BASE: u16 = 10_000;
const NUMERIC_PLACES: i64 = 4;
/// So many of them fit 128 bits, whatever they are.
const NUMERIC_SMALL: usize = 9;
// The signs.
const NUMERIC_PLUS: u16 = 0;
const NUMERIC_MINUS: u16 = 0x4000;
const NUMERIC_NAN: u16 = 0xc000;
const NUMERIC_INFINITY: [u16; 2] = [0xd000, 0xf000];

/// Why a value could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("is NaN, not a number")]
    Nan,
    #[error("is infinite")]
    Infinite,
    #[error("has more than 1000 digits before or after the point")]
    TooManyDigits,
    #[error("is a date or time out of range")]
    OutOfRange,
    #[error("is no valid UTF-8")]
    NotUtf8,
    #[error("came in a form that is not known")]
    Form,
}

/// The value of a column of the form `wire`.
pub fn value(bytes: Option<&[u8]>, wire: Wire) -> Result<Value, Unreadable> {
    let Some(bytes) = bytes else {
        return Ok(Value::Null);
    };
    Ok(match wire {
        Wire::Bool => Value::Bool(fixed::<1>(bytes)? != [0]),
        Wire::Int2 => Value::Int(i16::from_be_bytes(fixed(bytes)?).into()),
        Wire::Int4 => Value::Int(i32::from_be_bytes(fixed(bytes)?).into()),
        Wire::Int8 => Value::Int(i64::from_be_bytes(fixed(bytes)?)),
        Wire::Oid => Value::UInt(u32::from_be_bytes(fixed(bytes)?).into()),
        Wire::Numeric => Value::Decimal(numeric(bytes)?),
        Wire::Float4 => finite(f32::from_be_bytes(fixed(bytes)?).into())?,
        Wire::Float8 => finite(f64::from_be_bytes(fixed(bytes)?))?,
        Wire::Text => Value::Text(utf8(bytes)?),
        Wire::Bytea => Value::Bytes(bytes.to_vec()),
        Wire::Date => Value::Date(date(i32::from_be_bytes(fixed(bytes)?))?),
        Wire::Time => Value::Time(time(i64::from_be_bytes(fixed(bytes)?))?),
        Wire::Timestamp => Value::DateTime(moment(i64::from_be_bytes(fixed(bytes)?))?),
        Wire::Timestamptz => Value::Timestamp(moment(i64::from_be_bytes(fixed(bytes)?))?.and_utc()),
        Wire::Uuid => Value::Uuid(Uuid::from_bytes(fixed(bytes)?)),
        Wire::Json => Value::Json(utf8(bytes)?),
        Wire::Jsonb => match bytes.split_first() {
            Some((&JSONB_VERSION, text)) => Value::Json(utf8(text)?),
            _ => return Err(Unreadable::Form),
        },
    })
}

fn fixed<const N: usize>(bytes: &[u8]) -> Result<[u8; N], Unreadable> {
    bytes.try_into().map_err(|_| Unreadable::Form)
}

fn utf8(bytes: &[u8]) -> Result<String, Unreadable> {
    let text = std::str::from_utf8(bytes).map_err(|_| Unreadable::NotUtf8)?;
    Ok(text.to_owned())
}

fn finite(float: f64) -> Result<Value, Unreadable> {
    if float.is_nan() {
        Err(Unreadable::Nan)
    } else if float.is_infinite() {
        Err(Unreadable::Infinite)
    } else {
        Ok(Value::Float(float))
    }
}

fn numeric(bytes: &[u8]) -> Result<Decimal, Unreadable> {
    let (header, digits) = bytes
        .split_at_checked(NUMERIC_HEADER)
        .ok_or(Unreadable::Form)?;
    let word = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
    let (count, weight, sign) = (word(0), word(2) as i16, word(4));
    if sign == NUMERIC_NAN {
        return Err(Unreadable::Nan);
    }
    if NUMERIC_INFINITY.contains(&sign) {
        return Err(Unreadable::Infinite);
    }
    let digits = digits
        .chunks_exact(2)
        .map(|two| u16::from_be_bytes([two[0], two[1]]));
    let is_sound = sign == NUMERIC_PLUS || sign == NUMERIC_MINUS;
    let count = usize::from(count);
    if !is_sound
        || bytes.len() != NUMERIC_HEADER + 2 * count
        || digits.clone().any(|digit| digit >= NUMERIC_BASE)
    {
        return Err(Unreadable::Form);
    }
    // Places after the point of the last of our digits, or less than none.
    let places = NUMERIC_PLACES * (count as i64 - 1 - i64::from(weight));
    if count <= NUMERIC_SMALL && (0..=2 * NUMERIC_SMALL as i64 * NUMERIC_PLACES).contains(&places) {
        let number = digits.fold(0, |number, digit| {
            number * i128::from(NUMERIC_BASE) + i128::from(digit)
        });
        let signed = if sign == NUMERIC_MINUS {
            -number
        } else {
            number
        };
        return Ok(Decimal::from_scaled(signed, places as u32));
    }
    let mut text = String::with_capacity(count * NUMERIC_PLACES as usize + 16);
    text.push_str(if sign == NUMERIC_MINUS { "-0" } else { "0" });
    for digit in digits {
        // Writing to a text does not fail.
        let _ = write!(text, "{digit:04}");
    }
    let _ = write!(text, "e{}", -places);
    Decimal::parse(&text).map_err(|error| match error {
        DecimalError::TooManyDigits => Unreadable::TooManyDigits,
        DecimalError::Syntax => Unreadable::Form,
    })
}

/// Where the server counts days and microseconds from.
fn epoch() -> NaiveDate {
    NaiveDate::from_ymd_opt(2000, 1, 1).expect("the first of January 2000 is a date")
}

fn date(days: i32) -> Result<NaiveDate, Unreadable> {
    match days {
        i32::MIN | i32::MAX => Err(Unreadable::Infinite),
        _ => epoch()
            .checked_add_signed(Duration::days(days.into()))
            .filter(|date| iso::is_date(*date))
            .ok_or(Unreadable::OutOfRange),
    }
}

/// Microseconds since midnight; 24:00 is a time for the server, but for nobody else.
fn time(microseconds: i64) -> Result<NaiveTime, Unreadable> {
    let seconds = u32::try_from(microseconds.div_euclid(MICROSECONDS_PER_SECOND));
    let rest = u32::try_from(microseconds.rem_euclid(MICROSECONDS_PER_SECOND));
    match (seconds, rest) {
        (Ok(seconds), Ok(rest)) => {
            NaiveTime::from_num_seconds_from_midnight_opt(seconds, rest * 1000)
        }
        _ => None,
    }
    .ok_or(Unreadable::OutOfRange)
}

fn moment(microseconds: i64) -> Result<NaiveDateTime, Unreadable> {
    match microseconds {
        i64::MIN | i64::MAX => Err(Unreadable::Infinite),
        _ => epoch()
            .and_time(NaiveTime::MIN)
            .checked_add_signed(Duration::microseconds(microseconds))
            .filter(|moment| iso::is_date(moment.date()))
            .ok_or(Unreadable::OutOfRange),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the server sends it.
    fn sent(weight: i16, sign: u16, digits: &[u16]) -> Vec<u8> {
        let words = [digits.len() as u16, weight as u16, sign, 0];
        let words = words.iter().chain(digits);
        words.flat_map(|word| word.to_be_bytes()).collect()
    }

    #[test]
    fn numerics_are_exact_whatever_their_size() {
        let nines = "9999".repeat(9);
        for (weight, sign, digits, text) in [
            (0, 0, &[][..], "0"),
            (0, 0, &[7][..], "7"),
            (1, NUMERIC_MINUS, &[1, 2345, 6000], "-12345.6"),
            (-1, 0, &[1], "0.0001"),
            (3, 0, &[5], "5000000000000"),
            (8, 0, &[9999; 9], nines.as_str()),
            (-250, 0, &[1], &format!("0.{}1", "0".repeat(999))),
        ] {
            let number = numeric(&sent(weight, sign, digits)).unwrap();
            assert_eq!(number, Decimal::parse(text).unwrap(), "{text}");
        }
        let long = numeric(&sent(2, 0, &[1234; 20])).unwrap();
        let text = "1234".repeat(20);
        assert_eq!(long.to_plain(), format!("{}.{}", &text[..12], &text[12..]));
        assert_eq!(numeric(&sent(251, 0, &[1])), Err(Unreadable::TooManyDigits));
        assert_eq!(
            numeric(&sent(-251, 0, &[1])),
            Err(Unreadable::TooManyDigits)
        );
    }

    #[test]
    fn numerics_of_no_known_form_are_refused() {
        assert_eq!(numeric(&sent(0, NUMERIC_NAN, &[])), Err(Unreadable::Nan));
        assert_eq!(numeric(&sent(0, 0xd000, &[])), Err(Unreadable::Infinite));
        assert_eq!(numeric(&sent(0, 0, &[10_000])), Err(Unreadable::Form));
        assert_eq!(numeric(&sent(0, 1, &[1])), Err(Unreadable::Form));
        assert_eq!(numeric(&sent(0, 0, &[1])[..9]), Err(Unreadable::Form));
        assert_eq!(numeric(&[0; 7]), Err(Unreadable::Form));
    }

    #[test]
    fn dates_and_times_have_their_ends() {
        assert_eq!(date(0).unwrap().to_string(), "2000-01-01");
        assert_eq!(date(-730_119).unwrap().to_string(), "0001-01-01");
        assert_eq!(date(i32::MAX), Err(Unreadable::Infinite));
        assert_eq!(date(i32::MAX - 1), Err(Unreadable::OutOfRange));
        assert_eq!(time(86_399_999_999).unwrap().to_string(), "23:59:59.999999");
        assert_eq!(time(86_400_000_000), Err(Unreadable::OutOfRange));
        assert_eq!(
            moment(-1).unwrap().to_string(),
            "1999-12-31 23:59:59.999999"
        );
        assert_eq!(moment(i64::MIN), Err(Unreadable::Infinite));
        assert_eq!(moment(i64::MAX - 1), Err(Unreadable::OutOfRange));
    }
}
