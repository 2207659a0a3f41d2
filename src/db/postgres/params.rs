//! Values as parameters of a statement, each in the type that is its own.

use crate::db::{DbError, DbErrorKind, Result};
use crate::value::{Decimal, Value, iso};
use bigdecimal::BigDecimal;
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgArguments, PgTypeInfo};
use sqlx::{Arguments, Encode, Type};
use std::borrow::Cow;
use uuid::Uuid;

/// No type: the server infers it from the place that the parameter is in.
const UNSPECIFIED: Oid = Oid(0);
/// `json`, whose binary form is its text; it becomes `jsonb` where a column wants it.
const JSON: Oid = Oid(114);

/// The values in the form in which the driver takes them.
pub fn arguments(values: &[Cow<'_, Value>]) -> Result<PgArguments> {
    let mut arguments = PgArguments::default();
    for value in values {
        bind(&mut arguments, value).map_err(|error| {
            DbError::new(
                DbErrorKind::Misfit,
                format_args!("{} cannot be sent: {error}", value.show()),
            )
        })?;
    }
    Ok(arguments)
}

fn bind(arguments: &mut PgArguments, value: &Value) -> std::result::Result<(), BoxDynError> {
    match value {
        Value::Null => arguments.add(Null),
        Value::Bool(truth) => arguments.add(*truth),
        Value::Int(number) => arguments.add(*number),
        Value::UInt(number) => match i64::try_from(*number) {
            Ok(number) => arguments.add(number),
            Err(_) => arguments.add(Decimal::from(*number).to_bigdecimal()),
        },
        Value::Decimal(number) => arguments.add(number.to_bigdecimal()),
        Value::Float(float) => arguments.add(*float),
        Value::Text(text) => arguments.add(text.as_str()),
        Value::Bytes(bytes) => arguments.add(bytes.as_slice()),
        Value::Date(date) => arguments.add(*date),
        Value::Time(time) => arguments.add(*time),
        Value::DateTime(wall) => arguments.add(*wall),
        Value::Timestamp(moment) => arguments.add(*moment),
        Value::Uuid(uuid) => arguments.add(*uuid),
        Value::Json(text) => arguments.add(Json(text)),
    }
}

/// The types that the values are declared with.
pub fn types(values: &[Cow<'_, Value>]) -> Vec<PgTypeInfo> {
    let ty = |value: &Cow<'_, Value>| match &**value {
        Value::Null => Null::type_info(),
        Value::Bool(_) => <bool as Type<sqlx::Postgres>>::type_info(),
        Value::Int(_) => <i64 as Type<sqlx::Postgres>>::type_info(),
        Value::UInt(number) if i64::try_from(*number).is_ok() => {
            <i64 as Type<sqlx::Postgres>>::type_info()
        }
        Value::UInt(_) | Value::Decimal(_) => <BigDecimal as Type<sqlx::Postgres>>::type_info(),
        Value::Float(_) => <f64 as Type<sqlx::Postgres>>::type_info(),
        Value::Text(_) => <str as Type<sqlx::Postgres>>::type_info(),
        Value::Bytes(_) => <[u8] as Type<sqlx::Postgres>>::type_info(),
        Value::Date(_) => <NaiveDate as Type<sqlx::Postgres>>::type_info(),
        Value::Time(_) => <NaiveTime as Type<sqlx::Postgres>>::type_info(),
        Value::DateTime(_) => <NaiveDateTime as Type<sqlx::Postgres>>::type_info(),
        Value::Timestamp(_) => <DateTime<Utc> as Type<sqlx::Postgres>>::type_info(),
        Value::Uuid(_) => <Uuid as Type<sqlx::Postgres>>::type_info(),
        Value::Json(_) => Json::type_info(),
    };
    values.iter().map(ty).collect()
}

struct Null;

impl Type<sqlx::Postgres> for Null {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(UNSPECIFIED)
    }
}

impl Encode<'_, sqlx::Postgres> for Null {
    fn encode_by_ref(&self, _: &mut PgArgumentBuffer) -> std::result::Result<IsNull, BoxDynError> {
        Ok(IsNull::Yes)
    }
}

struct Json<'v>(&'v str);

impl Type<sqlx::Postgres> for Json<'_> {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(JSON)
    }
}

impl Encode<'_, sqlx::Postgres> for Json<'_> {
    fn encode_by_ref(
        &self,
        buffer: &mut PgArgumentBuffer,
    ) -> std::result::Result<IsNull, BoxDynError> {
        buffer.extend_from_slice(self.0.as_bytes());
        Ok(IsNull::No)
    }
}

/// The value in the text form that the server's own types read without loss; `None` for NULL.
pub fn text(value: &Value) -> Option<String> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(truth) => truth.to_string(),
        Value::Int(number) => number.to_string(),
        Value::UInt(number) => number.to_string(),
        Value::Decimal(number) => number.to_plain(),
        // The shortest text that reads back as the same float.
        Value::Float(float) => format!("{float:?}"),
        Value::Text(text) | Value::Json(text) => text.clone(),
        Value::Bytes(bytes) => hex(bytes),
        Value::Date(date) => iso::date_text(*date),
        Value::Time(time) => iso::time_text(*time),
        Value::DateTime(wall) => iso::wall_text(*wall),
        Value::Timestamp(moment) => iso::utc_text(*moment),
        Value::Uuid(uuid) => uuid.to_string(),
    })
}

/// `bytea`'s hexadecimal form.
fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
    ];
    let mut text = String::with_capacity(2 + 2 * bytes.len());
    text.push_str("\\x");
    for byte in bytes {
        text.push(DIGITS[usize::from(byte >> 4)]);
        text.push(DIGITS[usize::from(byte & 15)]);
    }
    text
}
