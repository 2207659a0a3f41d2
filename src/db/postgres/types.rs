//! PostgreSQL's types: which of ours they are, and in which binary form their values travel.

use crate::value::{Charset, Type};
use sqlx::TypeInfo;
use sqlx::postgres::{PgTypeInfo, PgTypeKind};
use std::sync::Arc;

// Object identifiers of built-in types, the same on every server:
// https://github.com/postgres/postgres/blob/master/src/include/catalog/pg_type.dat
const BOOL: u32 = 16;
const BYTEA: u32 = 17;
const CHAR: u32 = 18;
const NAME: u32 = 19;
const INT8: u32 = 20;
const INT2: u32 = 21;
const INT4: u32 = 23;
const TEXT: u32 = 25;
const OID: u32 = 26;
const JSON: u32 = 114;
const FLOAT4: u32 = 700;
const FLOAT8: u32 = 701;
const BPCHAR: u32 = 1042;
const VARCHAR: u32 = 1043;
const DATE: u32 = 1082;
const TIME: u32 = 1083;
const TIMESTAMP: u32 = 1114;
const TIMESTAMPTZ: u32 = 1184;
const NUMERIC: u32 = 1700;
const UUID: u32 = 2950;
const JSONB: u32 = 3802;

/// Of the extension that comes with the server; its identifier differs from database to database.
const CITEXT: &str = "citext";

/// Length, precision and scale are kept with this added.
const MODIFIER_OFFSET: i32 = 4;
/// Longest `name`, in bytes.
const NAME_BYTES_MAX: u64 = 63;
/// Digits of the second's fraction unless a column says less.
const FRACTION_DIGITS: u8 = 6;

/// The binary form of a column's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    Bool,
    Int2,
    Int4,
    Int8,
    Oid,
    Numeric,
    Float4,
    Float8,
    Text,
    Bytea,
    Date,
    Time,
    Timestamp,
    Timestamptz,
    Uuid,
    Json,
    Jsonb,
}

/// The form of a result column's values; `None` for a type that is not read.
pub fn wire(info: &PgTypeInfo) -> Option<Wire> {
    Some(match info.oid()?.0 {
        BOOL => Wire::Bool,
        BYTEA => Wire::Bytea,
        INT8 => Wire::Int8,
        INT2 => Wire::Int2,
        INT4 => Wire::Int4,
        OID => Wire::Oid,
        CHAR | NAME | TEXT | BPCHAR | VARCHAR => Wire::Text,
        JSON => Wire::Json,
        JSONB => Wire::Jsonb,
        FLOAT4 => Wire::Float4,
        FLOAT8 => Wire::Float8,
        DATE => Wire::Date,
        TIME => Wire::Time,
        TIMESTAMP => Wire::Timestamp,
        TIMESTAMPTZ => Wire::Timestamptz,
        NUMERIC => Wire::Numeric,
        UUID => Wire::Uuid,
        _ => match info.kind() {
            PgTypeKind::Enum(_) => Wire::Text,
            PgTypeKind::Domain(base) => return wire(base),
            _ if is_citext(info) => Wire::Text,
            _ => return None,
        },
    })
}

fn is_citext(info: &PgTypeInfo) -> bool {
    let name = info.name();
    let unqualified = name.rsplit_once('.').map_or(name, |(_, name)| name);
    unqualified.trim_matches('"').eq_ignore_ascii_case(CITEXT)
}

/// The type of a result column, of which the server tells no length.
pub fn result_type(info: &PgTypeInfo) -> Type {
    let built_in = info.oid().and_then(|oid| built_in(oid.0, -1));
    built_in.unwrap_or_else(|| match info.kind() {
        PgTypeKind::Enum(labels) => Type::Enum(Arc::clone(labels)),
        PgTypeKind::Domain(base) => result_type(base),
        _ if is_citext(info) => text(None),
        _ => Type::Other(info.name().to_lowercase()),
    })
}

/// The type of a table's column, domains resolved, as `pg_attribute` and `pg_type` have it.
pub fn column_type(oid: u32, modifier: i32, name: &str, labels: Vec<String>) -> Option<Type> {
    built_in(oid, modifier).or_else(|| {
        if !labels.is_empty() {
            Some(Type::Enum(labels.into()))
        } else if name == CITEXT {
            Some(text(None))
        } else {
            None
        }
    })
}

/// `modifier` is the length, precision or number of digits in the server's form, -1 for none.
fn built_in(oid: u32, modifier: i32) -> Option<Type> {
    let length = || u64::try_from(modifier - MODIFIER_OFFSET).ok();
    let digits = u8::try_from(modifier).unwrap_or(FRACTION_DIGITS);
    Some(match oid {
        BOOL => Type::Bool,
        INT2 => integer(16),
        INT4 => integer(32),
        INT8 => integer(64),
        OID => Type::Int {
            bits: 32,
            signed: false,
        },
        NUMERIC => return decimal(modifier),
        FLOAT4 => Type::Float { bits: 32 },
        FLOAT8 => Type::Float { bits: 64 },
        TEXT => text(None),
        VARCHAR => text(length()),
        BPCHAR => Type::Text {
            chars_max: length(),
            bytes_max: None,
            charset: Charset::Unicode,
            padded: true,
        },
        NAME => bytes_text(NAME_BYTES_MAX),
        CHAR => bytes_text(1),
        BYTEA => Type::Bytes { bytes_max: None },
        DATE => Type::Date,
        TIME => Type::Time { digits },
        TIMESTAMP => Type::DateTime { digits },
        TIMESTAMPTZ => Type::Timestamp { digits },
        UUID => Type::Uuid,
        JSON | JSONB => Type::Json,
        _ => return None,
    })
}

fn integer(bits: u8) -> Type {
    Type::Int { bits, signed: true }
}

/// In a database of another encoding than UTF-8 the server refuses characters that it lacks; nothing is lost silently.
fn text(chars_max: Option<u64>) -> Type {
    Type::Text {
        chars_max,
        bytes_max: None,
        charset: Charset::Unicode,
        padded: false,
    }
}

fn bytes_text(bytes_max: u64) -> Type {
    Type::Text {
        chars_max: None,
        bytes_max: Some(bytes_max),
        charset: Charset::Unicode,
        padded: false,
    }
}

/// Precision in the upper half, scale in the lower eleven bits as a signed number; `None` for a negative scale, which
/// rounds whole numbers (PostgreSQL 15).
fn decimal(modifier: i32) -> Option<Type> {
    if modifier < MODIFIER_OFFSET {
        return Some(Type::Decimal {
            precision: None,
            scale: None,
        });
    }
    let bits = modifier - MODIFIER_OFFSET;
    let precision = u32::try_from((bits >> 16) & 0xffff).ok()?;
    let scale = u32::try_from(((bits & 0x7ff) ^ 1024) - 1024).ok()?;
    Some(Type::Decimal {
        precision: Some(precision),
        scale: Some(scale),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precision_and_scale_are_unpacked() {
        let modifier = |precision: i32, scale: i32| ((precision << 16) | (scale & 0x7ff)) + 4;
        let decimal = |precision, scale| {
            Some(Type::Decimal {
                precision: Some(precision),
                scale: Some(scale),
            })
        };
        assert_eq!(built_in(NUMERIC, modifier(10, 2)), decimal(10, 2));
        assert_eq!(built_in(NUMERIC, modifier(1000, 1000)), decimal(1000, 1000));
        assert_eq!(built_in(NUMERIC, modifier(3, 5)), decimal(3, 5));
        assert_eq!(built_in(NUMERIC, modifier(3, -2)), None);
        assert_eq!(built_in(VARCHAR, 64 + 4), Some(text(Some(64))));
        assert_eq!(built_in(VARCHAR, -1), Some(text(None)));
        assert_eq!(built_in(TIMESTAMP, 0), Some(Type::DateTime { digits: 0 }));
    }
}
