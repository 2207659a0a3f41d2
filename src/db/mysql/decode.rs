//! Result columns and values of the binary protocol.

use crate::db::catalog::ResultColumn;
use crate::db::{DbError, DbErrorKind, Result};
use crate::value::{Charset, Decimal, Row, Type, Value, iso};
use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use mysql_async::consts::{ColumnFlags, ColumnType};
use mysql_async::{Column, Value as Raw};
use std::sync::Arc;

/// The number of the character set `binary` in a column's description.
const BINARY: u16 = 63;
/// The description's "digits after the point" where the number of digits is not fixed.
const NOT_FIXED: u8 = 31;
/// Most bytes of a character in the connection's character set.
const CHAR_BYTES_MAX: u64 = 4;

/// How the values of a column are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Null,
    Signed,
    Unsigned,
    Bits,
    Decimal,
    Float,
    Text,
    Bytes,
    Json,
    Date,
    Time,
    DateTime,
    Timestamp,
    Unreadable,
}

fn kind(column: &Column) -> Kind {
    use ColumnType::*;
    match column.column_type() {
        MYSQL_TYPE_NULL => Kind::Null,
        MYSQL_TYPE_YEAR => Kind::Signed,
        MYSQL_TYPE_TINY | MYSQL_TYPE_SHORT | MYSQL_TYPE_INT24 | MYSQL_TYPE_LONG
        | MYSQL_TYPE_LONGLONG => {
            if column.flags().contains(ColumnFlags::UNSIGNED_FLAG) {
                Kind::Unsigned
            } else {
                Kind::Signed
            }
        }
        MYSQL_TYPE_BIT => Kind::Bits,
        MYSQL_TYPE_DECIMAL | MYSQL_TYPE_NEWDECIMAL => Kind::Decimal,
        MYSQL_TYPE_FLOAT | MYSQL_TYPE_DOUBLE => Kind::Float,
        MYSQL_TYPE_ENUM | MYSQL_TYPE_SET => Kind::Text,
        MYSQL_TYPE_VARCHAR
        | MYSQL_TYPE_VAR_STRING
        | MYSQL_TYPE_STRING
        | MYSQL_TYPE_TINY_BLOB
        | MYSQL_TYPE_BLOB
        | MYSQL_TYPE_MEDIUM_BLOB
        | MYSQL_TYPE_LONG_BLOB => {
            let is_list = ColumnFlags::ENUM_FLAG | ColumnFlags::SET_FLAG;
            if column.character_set() == BINARY && !column.flags().intersects(is_list) {
                Kind::Bytes
            } else {
                Kind::Text
            }
        }
        MYSQL_TYPE_JSON => Kind::Json,
        MYSQL_TYPE_DATE | MYSQL_TYPE_NEWDATE => Kind::Date,
        MYSQL_TYPE_TIME | MYSQL_TYPE_TIME2 => Kind::Time,
        MYSQL_TYPE_DATETIME | MYSQL_TYPE_DATETIME2 => Kind::DateTime,
        MYSQL_TYPE_TIMESTAMP | MYSQL_TYPE_TIMESTAMP2 => Kind::Timestamp,
        _ => Kind::Unreadable,
    }
}

/// A result column as the server describes it.
pub(super) fn result_column(column: &Column) -> ResultColumn {
    let length = u64::from(column.column_length());
    let digits = match column.decimals() {
        NOT_FIXED => 6,
        digits => digits,
    };
    let ty = match kind(column) {
        Kind::Null => text_type(None),
        Kind::Signed => Type::Int {
            bits: bits(column.column_type()),
            signed: true,
        },
        Kind::Unsigned => Type::Int {
            bits: bits(column.column_type()),
            signed: false,
        },
        Kind::Bits => Type::Int {
            bits: u8::try_from(length).unwrap_or(64).clamp(1, 64),
            signed: false,
        },
        Kind::Decimal => {
            let scale = u32::from(column.decimals());
            let is_signed = !column.flags().contains(ColumnFlags::UNSIGNED_FLAG);
            // The length is that of the text: with a sign and a point.
            let signs = u32::from(is_signed) + u32::from(scale > 0);
            Type::Decimal {
                precision: Some(column.column_length().saturating_sub(signs).max(scale)),
                scale: Some(scale),
            }
        }
        Kind::Float if column.column_type() == ColumnType::MYSQL_TYPE_FLOAT => {
            Type::Float { bits: 32 }
        }
        Kind::Float => Type::Float { bits: 64 },
        Kind::Text => match column.column_type() {
            ColumnType::MYSQL_TYPE_VAR_STRING
            | ColumnType::MYSQL_TYPE_STRING
            | ColumnType::MYSQL_TYPE_VARCHAR => text_type(Some(length / CHAR_BYTES_MAX)),
            _ => text_type(None),
        },
        Kind::Bytes => Type::Bytes { bytes_max: None },
        Kind::Json => Type::Json,
        Kind::Date => Type::Date,
        Kind::Time => Type::Time { digits },
        Kind::DateTime => Type::DateTime { digits },
        Kind::Timestamp => Type::Timestamp { digits },
        Kind::Unreadable => Type::Other(type_name(column)),
    };
    ResultColumn {
        name: column.name_str().into_owned(),
        ty,
    }
}

fn text_type(chars_max: Option<u64>) -> Type {
    Type::Text {
        chars_max,
        bytes_max: None,
        charset: Charset::Unicode,
        padded: false,
    }
}

fn bits(ty: ColumnType) -> u8 {
    match ty {
        ColumnType::MYSQL_TYPE_TINY => 8,
        ColumnType::MYSQL_TYPE_SHORT | ColumnType::MYSQL_TYPE_YEAR => 16,
        ColumnType::MYSQL_TYPE_INT24 => 24,
        ColumnType::MYSQL_TYPE_LONG => 32,
        _ => 64,
    }
}

/// The protocol's name of the type, as a person would write it: `geometry`.
fn type_name(column: &Column) -> String {
    let name = format!("{:?}", column.column_type());
    name.trim_start_matches("MYSQL_TYPE_").to_lowercase()
}

/// Turns the rows of one result into values.
pub(super) struct Decoder {
    columns: Arc<[String]>,
    kinds: Vec<Kind>,
    /// Names of the types that cannot be read, for the error when one turns up.
    types: Vec<String>,
}

impl Decoder {
    pub fn new(columns: &[Column]) -> Self {
        Decoder {
            columns: columns
                .iter()
                .map(|column| column.name_str().into_owned())
                .collect(),
            kinds: columns.iter().map(kind).collect(),
            types: columns.iter().map(type_name).collect(),
        }
    }

    pub fn columns(&self) -> Arc<[String]> {
        self.columns.clone()
    }

    /// A date that no calendar has (`0000-00-00`) and a time beyond the day come as the server's text, text that is no
    /// UTF-8 as bytes: they fit no column of their type, so that they reject their row and do not end the read.
    ///
    /// # Errors
    /// Of kind `Other`, naming the column: a value that no [`Value`] holds exactly.
    pub fn row(&self, values: Vec<Option<Raw>>) -> Result<Row> {
        values
            .into_iter()
            .enumerate()
            .map(|(at, raw)| {
                self.value(self.kinds[at], raw.unwrap_or(Raw::NULL), at)
                    .map_err(|why| {
                        let column = &self.columns[at];
                        DbError::new(DbErrorKind::Other, format_args!("column `{column}`: {why}"))
                    })
            })
            .collect()
    }

    fn value(&self, kind: Kind, raw: Raw, at: usize) -> std::result::Result<Value, String> {
        Ok(match (kind, raw) {
            (_, Raw::NULL) => Value::Null,
            (Kind::Unreadable, _) => {
                return Err(format!(
                    "type `{}` is not read; cast it to one that is",
                    self.types[at]
                ));
            }
            (Kind::Signed, Raw::Int(number)) => Value::Int(number),
            (Kind::Signed, Raw::UInt(number)) => {
                Value::Int(i64::try_from(number).map_err(|_| unexpected())?)
            }
            (Kind::Unsigned, Raw::UInt(number)) => Value::UInt(number),
            (Kind::Unsigned, Raw::Int(number)) => {
                Value::UInt(u64::try_from(number).map_err(|_| unexpected())?)
            }
            (Kind::Bits, Raw::Bytes(bytes)) if bytes.len() <= 8 => {
                let number = bytes
                    .iter()
                    .fold(0, |number, byte| number << 8 | u64::from(*byte));
                Value::UInt(number)
            }
            (Kind::Decimal, Raw::Bytes(bytes)) => {
                let text = std::str::from_utf8(&bytes).map_err(|_| unexpected())?;
                Value::Decimal(Decimal::parse(text).map_err(|_| unexpected())?)
            }
            (Kind::Float, Raw::Float(float)) => Value::Float(f64::from(float)),
            (Kind::Float, Raw::Double(float)) => Value::Float(float),
            (Kind::Text, Raw::Bytes(bytes)) => text(bytes, Value::Text),
            (Kind::Json, Raw::Bytes(bytes)) => text(bytes, Value::Json),
            (Kind::Bytes, Raw::Bytes(bytes)) => Value::Bytes(bytes),
            (
                Kind::Date | Kind::DateTime | Kind::Timestamp,
                Raw::Date(year, month, day, hour, minute, second, micros),
            ) => moment(kind, (year, month, day), (hour, minute, second, micros))?,
            (Kind::Time, Raw::Time(is_negative, days, hour, minute, second, micros)) => {
                Some((is_negative, days))
                    .filter(|beyond| *beyond == (false, 0))
                    .and_then(|_| time(hour, minute, second, micros))
                    .map_or_else(
                        || {
                            let sign = if is_negative { "-" } else { "" };
                            let hours = u64::from(days) * 24 + u64::from(hour);
                            let clock = clock_text(hours, minute, second, micros);
                            Value::Text(format!("{sign}{clock}"))
                        },
                        Value::Time,
                    )
            }
            _ => return Err(unexpected()),
        })
    }
}

fn unexpected() -> String {
    "the server sent a value that is none of the column's type".to_owned()
}

fn text(bytes: Vec<u8>, value: fn(String) -> Value) -> Value {
    match String::from_utf8(bytes) {
        Ok(text) => value(text),
        Err(error) => Value::Bytes(error.into_bytes()),
    }
}

fn time(hour: u8, minute: u8, second: u8, micros: u32) -> Option<NaiveTime> {
    NaiveTime::from_hms_micro_opt(hour.into(), minute.into(), second.into(), micros)
        .filter(|time| iso::is_time(*time))
}

fn clock_text(hours: u64, minute: u8, second: u8, micros: u32) -> String {
    let fraction = match micros {
        0 => String::new(),
        micros => format!(".{micros:06}"),
    };
    format!("{hours:02}:{minute:02}:{second:02}{fraction}")
}

fn moment(
    kind: Kind,
    (year, month, day): (u16, u8, u8),
    (hour, minute, second, micros): (u8, u8, u8, u32),
) -> std::result::Result<Value, String> {
    let date = NaiveDate::from_ymd_opt(year.into(), month.into(), day.into())
        .filter(|date| iso::is_date(*date));
    let Some(date) = date else {
        let date = format!("{year:04}-{month:02}-{day:02}");
        let clock = clock_text(hour.into(), minute, second, micros);
        return Ok(Value::Text(match kind {
            Kind::Date => date,
            _ => format!("{date} {clock}"),
        }));
    };
    let time = time(hour, minute, second, micros).ok_or_else(unexpected)?;
    Ok(match kind {
        Kind::Date => Value::Date(date),
        Kind::Timestamp => Value::Timestamp(NaiveDateTime::new(date, time).and_utc()),
        _ => Value::DateTime(NaiveDateTime::new(date, time)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(ty: ColumnType, raw: Raw) -> Result<Value> {
        let column = Column::new(ty).with_name(b"c").with_character_set(45);
        let row = Decoder::new(&[column]).row(vec![Some(raw)])?;
        Ok(row[0].clone())
    }

    #[test]
    fn what_no_value_holds_is_an_error_that_names_the_column() {
        use ColumnType::*;
        for (ty, raw) in [
            (MYSQL_TYPE_GEOMETRY, Raw::Bytes(vec![0])),
            (MYSQL_TYPE_LONG, Raw::Bytes(vec![0])),
        ] {
            let error = decoded(ty, raw).unwrap_err();
            assert!(error.message.starts_with("column `c`: "), "{error}");
        }
    }

    #[test]
    fn dates_and_times_that_do_not_exist_are_texts() {
        use ColumnType::*;
        for (ty, raw, expected) in [
            (
                MYSQL_TYPE_DATE,
                Raw::Date(0, 0, 0, 0, 0, 0, 0),
                "0000-00-00",
            ),
            (
                MYSQL_TYPE_DATE,
                Raw::Date(2024, 2, 30, 0, 0, 0, 0),
                "2024-02-30",
            ),
            (
                MYSQL_TYPE_DATE,
                Raw::Date(0, 1, 1, 0, 0, 0, 0),
                "0000-01-01",
            ),
            (
                MYSQL_TYPE_TIMESTAMP,
                Raw::Date(2024, 0, 0, 0, 0, 0, 0),
                "2024-00-00 00:00:00",
            ),
            (
                MYSQL_TYPE_DATETIME,
                Raw::Date(0, 0, 0, 1, 2, 3, 40),
                "0000-00-00 01:02:03.000040",
            ),
            (MYSQL_TYPE_TIME, Raw::Time(true, 0, 1, 0, 0, 0), "-01:00:00"),
            (
                MYSQL_TYPE_TIME,
                Raw::Time(false, 4, 4, 0, 0, 0),
                "100:00:00",
            ),
        ] {
            assert_eq!(decoded(ty, raw).unwrap(), Value::Text(expected.to_owned()));
        }
    }

    #[test]
    fn numbers_keep_every_digit() {
        use ColumnType::*;
        let digits = format!("-{}.{}", "9".repeat(35), "8".repeat(30));
        let Value::Decimal(number) =
            decoded(MYSQL_TYPE_NEWDECIMAL, Raw::Bytes(digits.clone().into())).unwrap()
        else {
            panic!("not a decimal");
        };
        assert_eq!(number.to_plain(), digits);
        let bits = decoded(MYSQL_TYPE_BIT, Raw::Bytes(vec![1, 0])).unwrap();
        assert_eq!(bits, Value::UInt(256));
        let null = decoded(MYSQL_TYPE_LONG, Raw::NULL).unwrap();
        assert_eq!(null, Value::Null);
    }
}
