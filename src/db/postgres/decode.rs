//! Values from their binary form: <https://www.postgresql.org/docs/current/protocol-message-formats.html> and the
//! `…_send` functions of the server.

use super::types::Wire;
use crate::value::{Decimal, Value, iso};
use bigdecimal::BigDecimal;
use chrono::{Duration, NaiveDate, NaiveDateTime, NaiveTime};
use sqlx::Decode;
use sqlx::ValueRef;
use sqlx::postgres::PgValueRef;
use uuid::Uuid;

/// `jsonb` begins with the version of its form.
const JSONB_VERSION: u8 = 1;

const MICROSECONDS_PER_SECOND: i64 = 1_000_000;

// What the sign of a numeric says besides plus and minus.
const NUMERIC_SIGN_AT: usize = 4;
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
pub fn value(raw: PgValueRef<'_>, wire: Wire) -> Result<Value, Unreadable> {
    if raw.is_null() {
        return Ok(Value::Null);
    }
    let bytes = raw.as_bytes().map_err(|_| Unreadable::Form)?;
    Ok(match wire {
        Wire::Bool => Value::Bool(fixed::<1>(bytes)? != [0]),
        Wire::Int2 => Value::Int(i16::from_be_bytes(fixed(bytes)?).into()),
        Wire::Int4 => Value::Int(i32::from_be_bytes(fixed(bytes)?).into()),
        Wire::Int8 => Value::Int(i64::from_be_bytes(fixed(bytes)?)),
        Wire::Oid => Value::UInt(u32::from_be_bytes(fixed(bytes)?).into()),
        Wire::Numeric => Value::Decimal(numeric(raw, bytes)?),
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
    String::from_utf8(bytes.to_vec()).map_err(|_| Unreadable::NotUtf8)
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

fn numeric(raw: PgValueRef<'_>, bytes: &[u8]) -> Result<Decimal, Unreadable> {
    let sign = bytes
        .get(NUMERIC_SIGN_AT..NUMERIC_SIGN_AT + 2)
        .ok_or(Unreadable::Form)?;
    let sign = u16::from_be_bytes(fixed(sign)?);
    if sign == NUMERIC_NAN {
        return Err(Unreadable::Nan);
    }
    if NUMERIC_INFINITY.contains(&sign) {
        return Err(Unreadable::Infinite);
    }
    let number = BigDecimal::decode(raw).map_err(|_| Unreadable::Form)?;
    Decimal::try_from(number).map_err(|_| Unreadable::TooManyDigits)
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
