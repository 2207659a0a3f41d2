//! Values as keys: their text form, and the order in which servers are asked to sort them.

use super::Value;
use std::borrow::Cow;
use std::cmp::Ordering;

impl Value {
    /// The value as text, whole: what a key is shown and remembered as. NULL is the empty text, booleans are 1 and 0,
    /// bytes hexadecimal digits.
    pub fn plain(&self) -> Cow<'_, str> {
        match self {
            Value::Bool(flag) => Cow::Borrowed(if *flag { "1" } else { "0" }),
            Value::Bytes(bytes) => {
                Cow::Owned(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
            }
            other => other.plain_text().unwrap_or_default(),
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
            // Text that is no UTF-8 comes as bytes, between the others.
            (Text(a), Bytes(b)) => a.as_bytes().cmp(b),
            (Bytes(a), Text(b)) => a.as_slice().cmp(b.as_bytes()),
            _ => match (self.to_decimal(), other.to_decimal()) {
                (Some(a), Some(b)) => a.cmp(&b),
                _ => (self.sort(), self.beyond()).cmp(&(other.sort(), other.beyond())),
            },
        }
    }

    /// Where a float that is no finite number stands among the numbers: NaN last, as PostgreSQL has it.
    fn beyond(&self) -> i8 {
        match self {
            Value::Float(float) if float.is_nan() => 2,
            Value::Float(float) if float.is_infinite() => float.signum() as i8,
            _ => 0,
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
