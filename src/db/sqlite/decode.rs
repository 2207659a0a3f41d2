//! SQLite's values, which know their storage class, and its columns, which declare a type of any name.

use crate::db::batch::Decode;
use crate::db::{DbError, DbErrorKind, Result};
use crate::value::{Charset, Decimal, Row as Values, Type, Value, convert};
use sqlx::sqlite::{SqliteRow, SqliteValueRef};
use sqlx::{Row, Sqlite, TypeInfo, ValueRef};
use std::sync::Arc;
use uuid::Uuid;

/// Digits of a decimal that REAL, in which SQLite keeps what a NUMERIC column is given, holds for certain.
pub(super) const REAL_DIGITS: u32 = 15;
const FRACTION_DIGITS: u8 = 6;

/// What a declared type means. `DECIMAL_TEXT(p,s)` is a decimal that SQLite keeps as text, so without its limit of 15
/// digits; `TIMESTAMP` is UTC, `DATETIME` has no zone; a name that says nothing is `Other`.
pub(super) fn declared_type(declared: &str) -> Type {
    let upper = declared.trim().to_ascii_uppercase();
    let (name, arguments) = upper.split_once('(').unwrap_or((&upper, ""));
    let mut arguments = arguments
        .trim_end_matches(')')
        .split(',')
        .map_while(|argument| argument.trim().parse::<u32>().ok());
    let (first, second) = (arguments.next(), arguments.next());
    let contains = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
    match name.trim() {
        "BOOLEAN" | "BOOL" => Type::Bool,
        "DATE" => Type::Date,
        "TIME" => Type::Time {
            digits: FRACTION_DIGITS,
        },
        "DATETIME" => Type::DateTime {
            digits: FRACTION_DIGITS,
        },
        "TIMESTAMP" => Type::Timestamp {
            digits: FRACTION_DIGITS,
        },
        "JSON" => Type::Json,
        "UUID" => Type::Uuid,
        "BINARY" | "VARBINARY" => Type::Bytes {
            bytes_max: first.map(u64::from),
        },
        "DECIMAL_TEXT" => Type::Decimal {
            precision: first,
            scale: first.and(second.or(Some(0))),
        },
        "DECIMAL" | "NUMERIC" => Type::Decimal {
            precision: Some(first.unwrap_or(REAL_DIGITS).min(REAL_DIGITS)),
            scale: first.and(second.or(Some(0))),
        },
        _ if contains(&["INT"]) => Type::Int {
            bits: 64,
            signed: true,
        },
        _ if contains(&["CHAR", "CLOB", "TEXT"]) => Type::Text {
            // SQLite itself does not care; whoever declared it did.
            chars_max: first.map(u64::from),
            bytes_max: None,
            charset: Charset::Unicode,
            padded: false,
        },
        _ if contains(&["BLOB"]) => Type::Bytes { bytes_max: None },
        _ if contains(&["REAL", "FLOA", "DOUB"]) => Type::Float { bits: 64 },
        _ => Type::Other(declared.trim().to_owned()),
    }
}

/// The column turns what it is given into text.
/// <https://www.sqlite.org/datatype3.html#determination_of_column_affinity>
pub(super) fn keeps_text(declared: &str) -> bool {
    let upper = declared.to_ascii_uppercase();
    let contains = |parts: &[&str]| parts.iter().any(|part| upper.contains(part));
    contains(&["CHAR", "CLOB", "TEXT"]) && !contains(&["INT"])
}

pub(super) struct Decoder {
    pub names: Arc<[String]>,
    /// `None`: an expression, whose value's storage class decides.
    pub types: Vec<Option<Type>>,
}

impl Decode<SqliteRow> for Decoder {
    fn columns(&self) -> Arc<[String]> {
        self.names.clone()
    }

    fn decode(&self, row: &SqliteRow) -> Result<Values> {
        let columns = self.names.iter().zip(&self.types).enumerate();
        columns
            .map(|(at, (name, ty))| {
                let raw = row.try_get_raw(at).map_err(super::error::from_driver)?;
                value(raw, ty.as_ref()).map_err(|why| why.context(format_args!("column `{name}`")))
            })
            .collect()
    }
}

/// A value as its storage class has it.
enum Stored {
    Integer(i64),
    Real(f64),
    Text(String),
    Blob(Vec<u8>),
}

pub(super) fn value(raw: SqliteValueRef<'_>, ty: Option<&Type>) -> Result<Value> {
    if raw.is_null() {
        return Ok(Value::Null);
    }
    let class = raw.type_info().name().to_owned();
    let stored = match class.as_str() {
        "INTEGER" => Stored::Integer(decoded(raw)?),
        "REAL" => Stored::Real(decoded(raw)?),
        "TEXT" => match String::from_utf8(decoded(raw)?) {
            Ok(text) => Stored::Text(text),
            Err(error) => Stored::Blob(error.into_bytes()),
        },
        _ => Stored::Blob(decoded(raw)?),
    };
    Ok(typed(stored, ty))
}

fn decoded<'r, T: sqlx::Decode<'r, Sqlite>>(raw: SqliteValueRef<'r>) -> Result<T> {
    T::decode(raw).map_err(|error| DbError::new(DbErrorKind::Other, error))
}

/// What a column holds against its own type (SQLite lets it) comes as it is stored: it rejects its row, and does not end
/// the read.
fn typed(stored: Stored, ty: Option<&Type>) -> Value {
    use Stored::*;
    match (ty, stored) {
        (Some(Type::Bool), Integer(number @ (0 | 1))) => Value::Bool(number == 1),
        (Some(Type::Decimal { .. }), Integer(number)) => Value::Decimal(Decimal::from(number)),
        (Some(Type::Decimal { .. }), Text(text)) => match Decimal::parse(&text) {
            Ok(number) => Value::Decimal(number),
            Err(_) => Value::Text(text),
        },
        (Some(Type::Float { .. }), Real(real)) => Value::Float(real),
        // An integer that REAL holds exactly is stored as one, to save room.
        (Some(Type::Float { .. }), Integer(number)) => Value::Float(number as f64),
        (Some(Type::Text { .. }), Integer(number)) => Value::Text(number.to_string()),
        (Some(Type::Json), Text(text)) => Value::Json(text),
        (Some(Type::Json), Integer(number)) => Value::Json(number.to_string()),
        (Some(Type::Json), Real(real)) => match decimal(real) {
            Value::Decimal(number) => Value::Json(number.to_plain()),
            other => other,
        },
        (Some(Type::Uuid), Blob(bytes)) => match Uuid::from_slice(&bytes) {
            Ok(uuid) => Value::Uuid(uuid),
            Err(_) => Value::Bytes(bytes),
        },
        (
            Some(
                ty @ (Type::Date
                | Type::Time { .. }
                | Type::DateTime { .. }
                | Type::Timestamp { .. }
                | Type::Uuid),
            ),
            Text(text),
        ) => convert(Value::Text(text.clone()), ty).unwrap_or(Value::Text(text)),
        (_, Integer(number)) => Value::Int(number),
        (_, Real(real)) => decimal(real),
        (_, Text(text)) => Value::Text(text),
        (_, Blob(bytes)) => Value::Bytes(bytes),
    }
}

/// REAL at the digits that it holds for certain.
fn decimal(real: f64) -> Value {
    Decimal::from_f64_15(real).map_or(Value::Float(real), Value::Decimal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declared_types() {
        let decimal = |precision, scale| Type::Decimal { precision, scale };
        assert_eq!(
            declared_type("decimal_text(38, 10)"),
            decimal(Some(38), Some(10))
        );
        assert_eq!(declared_type("DECIMAL_TEXT"), decimal(None, None));
        assert_eq!(declared_type("DECIMAL(26,8)"), decimal(Some(15), Some(8)));
        assert_eq!(declared_type("NUMERIC"), decimal(Some(15), None));
        assert_eq!(
            declared_type("bigint(20) unsigned"),
            Type::Int {
                bits: 64,
                signed: true
            }
        );
        assert!(matches!(
            declared_type("VARCHAR(64)"),
            Type::Text {
                chars_max: Some(64),
                ..
            }
        ));
        assert_eq!(declared_type("DATETIME"), Type::DateTime { digits: 6 });
        assert_eq!(declared_type(""), Type::Other(String::new()));
        assert!(keeps_text("DECIMAL_TEXT(38,10)") && keeps_text("longtext"));
        assert!(!keeps_text("DECIMAL(10,2)") && !keeps_text("POINT"));
    }
}
