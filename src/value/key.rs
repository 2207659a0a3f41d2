//! Values as keys: their text form, and the order in which servers are asked to sort them.

use super::iso;
use super::{Decimal, Value};
use std::borrow::Cow;
use std::cmp::Ordering;

impl Value {
    /// The value as text, whole: what a key is shown and remembered as. NULL is the empty text.
    pub fn plain(&self) -> Cow<'_, str> {
        match self {
            Value::Null => Cow::Borrowed(""),
            Value::Text(text) | Value::Json(text) => Cow::Borrowed(text),
            Value::Bool(flag) => Cow::Borrowed(if *flag { "1" } else { "0" }),
            Value::Int(number) => Cow::Owned(number.to_string()),
            Value::UInt(number) => Cow::Owned(number.to_string()),
            Value::Decimal(number) => Cow::Owned(number.to_plain()),
            Value::Float(number) => Cow::Owned(number.to_string()),
            Value::Bytes(bytes) => {
                Cow::Owned(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
            }
            Value::Date(date) => Cow::Owned(iso::date_text(*date)),
            Value::Time(time) => Cow::Owned(iso::time_text(*time)),
            Value::DateTime(wall) => Cow::Owned(iso::wall_text(*wall)),
            Value::Timestamp(moment) => Cow::Owned(iso::utc_text(*moment)),
            Value::Uuid(uuid) => Cow::Owned(uuid.to_string()),
        }
    }

    /// Numbers by value, texts by their bytes, NULL first; values of different sorts by their sort.
    pub fn order(&self, other: &Value) -> Ordering {
        use Value::*;
        match (self, other) {
            (Int(a), Int(b)) => a.cmp(b),
            (UInt(a), UInt(b)) => a.cmp(b),
            (Text(a), Text(b)) | (Json(a), Json(b)) => a.as_bytes().cmp(b.as_bytes()),
            (Bool(a), Bool(b)) => a.cmp(b),
            (Bytes(a), Bytes(b)) => a.cmp(b),
            (Date(a), Date(b)) => a.cmp(b),
            (Time(a), Time(b)) => a.cmp(b),
            (DateTime(a), DateTime(b)) => a.cmp(b),
            (Timestamp(a), Timestamp(b)) => a.cmp(b),
            (Uuid(a), Uuid(b)) => a.cmp(b),
            _ => match (self.number(), other.number()) {
                (Some(a), Some(b)) => a.cmp(&b),
                _ => self.sort().cmp(&other.sort()),
            },
        }
    }

    fn number(&self) -> Option<Decimal> {
        match self {
            Value::Int(number) => Some(Decimal::from(*number)),
            Value::UInt(number) => Some(Decimal::from(*number)),
            Value::Decimal(number) => Some(number.clone()),
            Value::Float(number) => Decimal::from_f64_15(*number),
            _ => None,
        }
    }

    fn sort(&self) -> u8 {
        match self {
            Value::Null => 0,
            Value::Bool(_) => 1,
            Value::Int(_) | Value::UInt(_) | Value::Decimal(_) | Value::Float(_) => 2,
            Value::Date(_) | Value::Time(_) | Value::DateTime(_) | Value::Timestamp(_) => 3,
            Value::Uuid(_) => 4,
            Value::Text(_) | Value::Json(_) => 5,
            Value::Bytes(_) => 6,
        }
    }
}
