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
const NUMERIC_INFINITY: u16 = 0xd000;
const NUMERIC_MINUS_INFINITY: u16 = 0xf000;

/// The server sent a value in a form that is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("came in a form that is not known")]
pub struct UnknownForm;

/// The value of a column of the form `wire`.
///
/// What its own type cannot hold (NaN and the infinities, times beyond all calendars, text that is no UTF-8) comes as the
/// server's text, a float or bytes: it fits no column of its type, so that it rejects its row and does not end the read.
pub fn value(bytes: Option<&[u8]>, wire: Wire) -> Result<Value, UnknownForm> {
    let Some(bytes) = bytes else {
        return Ok(Value::Null);
    };
    Ok(match wire {
        Wire::Bool => Value::Bool(fixed::<1>(bytes)? != [0]),
        Wire::Int2 => Value::Int(i16::from_be_bytes(fixed(bytes)?).into()),
        Wire::Int4 => Value::Int(i32::from_be_bytes(fixed(bytes)?).into()),
        Wire::Int8 => Value::Int(i64::from_be_bytes(fixed(bytes)?)),
        Wire::Oid => Value::UInt(u32::from_be_bytes(fixed(bytes)?).into()),
        Wire::Numeric => numeric(bytes)?,
        Wire::Float4 => Value::Float(f32::from_be_bytes(fixed(bytes)?).into()),
        Wire::Float8 => Value::Float(f64::from_be_bytes(fixed(bytes)?)),
        Wire::Text => text(bytes, Value::Text),
        Wire::Bytea => Value::Bytes(bytes.to_vec()),
        Wire::Date => date(i32::from_be_bytes(fixed(bytes)?))?,
        Wire::Time => time(i64::from_be_bytes(fixed(bytes)?)),
        Wire::Timestamp => moment(i64::from_be_bytes(fixed(bytes)?), Value::DateTime)?,
        Wire::Timestamptz => moment(i64::from_be_bytes(fixed(bytes)?), |wall| {
            Value::Timestamp(wall.and_utc())
        })?,
        Wire::Uuid => Value::Uuid(Uuid::from_bytes(fixed(bytes)?)),
        Wire::Json => text(bytes, Value::Json),
        Wire::Jsonb => match bytes.split_first() {
            Some((&JSONB_VERSION, json)) => text(json, Value::Json),
            _ => return Err(UnknownForm),
        },
    })
}

fn fixed<const N: usize>(bytes: &[u8]) -> Result<[u8; N], UnknownForm> {
    bytes.try_into().map_err(|_| UnknownForm)
}

/// A database in `SQL_ASCII` takes any bytes for text.
fn text(bytes: &[u8], value: fn(String) -> Value) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => value(text.to_owned()),
        Err(_) => Value::Bytes(bytes.to_vec()),
    }
}

fn numeric(bytes: &[u8]) -> Result<Value, UnknownForm> {
    let (header, digits) = bytes.split_at_checked(NUMERIC_HEADER).ok_or(UnknownForm)?;
    let word = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
    let (count, weight, sign) = (word(0), word(2) as i16, word(4));
    match sign {
        NUMERIC_NAN => return Ok(Value::Float(f64::NAN)),
        NUMERIC_INFINITY => return Ok(Value::Float(f64::INFINITY)),
        NUMERIC_MINUS_INFINITY => return Ok(Value::Float(f64::NEG_INFINITY)),
        _ => (),
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
        return Err(UnknownForm);
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
        return Ok(Value::Decimal(Decimal::from_scaled(signed, places as u32)));
    }
    let mut text = String::with_capacity(count * NUMERIC_PLACES as usize + 16);
    text.push_str(if sign == NUMERIC_MINUS { "-0" } else { "0" });
    for digit in digits {
        // Writing to a text does not fail.
        let _ = write!(text, "{digit:04}");
    }
    let _ = write!(text, "e{}", -places);
    match Decimal::parse(&text) {
        Ok(number) => Ok(Value::Decimal(number)),
        Err(DecimalError::TooManyDigits) => Ok(Value::Text(text)),
        Err(DecimalError::Syntax) => Err(UnknownForm),
    }
}

/// Where the server counts days and microseconds from.
fn epoch() -> NaiveDate {
    NaiveDate::from_ymd_opt(2000, 1, 1).expect("the first of January 2000 is a date")
}

/// The server's words for its first and last moment.
const INFINITY: [&str; 2] = ["-infinity", "infinity"];

fn beyond(text: impl ToString) -> Value {
    Value::Text(text.to_string())
}

fn date(days: i32) -> Result<Value, UnknownForm> {
    Ok(match days {
        i32::MIN => beyond(INFINITY[0]),
        i32::MAX => beyond(INFINITY[1]),
        _ => {
            let date = epoch().checked_add_signed(Duration::days(days.into()));
            match date.ok_or(UnknownForm)? {
                date if iso::is_date(date) => Value::Date(date),
                date => beyond(date),
            }
        }
    })
}

/// Microseconds since midnight; 24:00 is a time for the server, but for nobody else.
fn time(microseconds: i64) -> Value {
    let seconds = u32::try_from(microseconds.div_euclid(MICROSECONDS_PER_SECOND));
    let rest = u32::try_from(microseconds.rem_euclid(MICROSECONDS_PER_SECOND));
    let time = match (seconds, rest) {
        (Ok(seconds), Ok(rest)) => {
            NaiveTime::from_num_seconds_from_midnight_opt(seconds, rest * 1000)
        }
        _ => None,
    };
    time.map_or_else(|| beyond("24:00:00"), Value::Time)
}

fn moment(microseconds: i64, value: fn(NaiveDateTime) -> Value) -> Result<Value, UnknownForm> {
    Ok(match microseconds {
        i64::MIN => beyond(INFINITY[0]),
        i64::MAX => beyond(INFINITY[1]),
        _ => {
            let since = Duration::microseconds(microseconds);
            let moment = epoch().and_time(NaiveTime::MIN).checked_add_signed(since);
            match moment.ok_or(UnknownForm)? {
                moment if iso::is_date(moment.date()) => value(moment),
                moment => beyond(moment),
            }
        }
    })
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
            assert_eq!(
                number,
                Value::Decimal(Decimal::parse(text).unwrap()),
                "{text}"
            );
        }
        let long = numeric(&sent(2, 0, &[1234; 20])).unwrap();
        let text = "1234".repeat(20);
        assert_eq!(long.plain(), format!("{}.{}", &text[..12], &text[12..]));
    }

    #[test]
    fn numbers_that_no_decimal_holds_are_another_kind_of_value() {
        for (weight, sign, kind) in [
            (251, NUMERIC_PLUS, "text"),
            (-251, NUMERIC_PLUS, "text"),
            (0, NUMERIC_NAN, "float"),
            (0, NUMERIC_INFINITY, "float"),
            (0, NUMERIC_MINUS_INFINITY, "float"),
        ] {
            let number = numeric(&sent(weight, sign, &[1])).unwrap();
            assert_eq!(number.kind(), kind, "{weight} {sign}");
        }
        let bytes = value(Some(b"caf\xe9"), Wire::Text).unwrap();
        assert_eq!(bytes, Value::Bytes(b"caf\xe9".to_vec()));
    }

    #[test]
    fn numerics_of_no_known_form_are_refused() {
        assert_eq!(numeric(&sent(0, 0, &[10_000])), Err(UnknownForm));
        assert_eq!(numeric(&sent(0, 1, &[1])), Err(UnknownForm));
        assert_eq!(numeric(&sent(0, 0, &[1])[..9]), Err(UnknownForm));
        assert_eq!(numeric(&[0; 7]), Err(UnknownForm));
    }

    #[test]
    fn dates_and_times_have_their_ends() {
        assert_eq!(date(0).unwrap().plain(), "2000-01-01");
        assert_eq!(date(-730_119).unwrap().plain(), "0001-01-01");
        assert_eq!(date(i32::MAX), Ok(beyond("infinity")));
        assert_eq!(date(10_000_000), Ok(beyond("+29379-01-26")));
        assert_eq!(date(i32::MAX - 1), Err(UnknownForm));
        assert_eq!(time(86_399_999_999).plain(), "23:59:59.999999");
        assert_eq!(time(86_400_000_000), beyond("24:00:00"));
        assert_eq!(
            moment(-1, Value::DateTime).unwrap().plain(),
            "1999-12-31 23:59:59.999999"
        );
        assert_eq!(moment(i64::MIN, Value::DateTime), Ok(beyond("-infinity")));
        assert_eq!(moment(i64::MAX - 1, Value::DateTime), Err(UnknownForm));
    }
}
