//! One byte form per value, for keys and fingerprints: equal values have equal bytes, different ones different bytes,
//! also when several are written one behind the other (every form carries its kind and, where it varies, its length).
//!
//! Whole numbers are one kind whether an engine reads them as signed, unsigned or decimal, since the two sides of a
//! key often differ in that. All else keeps its kind: the text `1`, the number 1 and TRUE are three values.

use super::{Decimal, Value};
use chrono::{Datelike, NaiveDate, NaiveTime, Timelike};

const NULL: u8 = 0;
const BOOL: u8 = 1;
const WHOLE: u8 = 2;
const DECIMAL: u8 = 3;
const FLOAT: u8 = 4;
const TEXT: u8 = 5;
const BYTES: u8 = 6;
const DATE: u8 = 7;
const TIME: u8 = 8;
const DATE_TIME: u8 = 9;
const TIMESTAMP: u8 = 10;
const UUID: u8 = 11;
const JSON: u8 = 12;

impl Value {
    /// Appends the canonical form. Snapshots on disk hold digests of it: changing it makes every row look changed.
    pub fn encode(&self, into: &mut Vec<u8>) {
        match self {
            Value::Null => into.push(NULL),
            Value::Bool(truth) => into.extend_from_slice(&[BOOL, u8::from(*truth)]),
            Value::Int(number) => whole(*number, into),
            Value::UInt(number) => match i64::try_from(*number) {
                Ok(small) => whole(small, into),
                Err(_) => decimal(&Decimal::from(*number), into),
            },
            Value::Decimal(number) => match number.to_i64() {
                Some(small) => whole(small, into),
                None => decimal(number, into),
            },
            Value::Float(float) => {
                into.push(FLOAT);
                // Adding zero makes -0.0 the 0.0 that it equals.
                into.extend_from_slice(&(float + 0.0).to_bits().to_le_bytes());
            }
            Value::Text(text) => with_length(TEXT, text.as_bytes(), into),
            Value::Bytes(bytes) => with_length(BYTES, bytes, into),
            Value::Date(date) => {
                into.push(DATE);
                encode_date(*date, into);
            }
            Value::Time(time) => {
                into.push(TIME);
                encode_time(*time, into);
            }
            Value::DateTime(wall) => {
                into.push(DATE_TIME);
                encode_date(wall.date(), into);
                encode_time(wall.time(), into);
            }
            Value::Timestamp(moment) => {
                into.push(TIMESTAMP);
                encode_date(moment.date_naive(), into);
                encode_time(moment.time(), into);
            }
            Value::Uuid(uuid) => {
                into.push(UUID);
                into.extend_from_slice(uuid.as_bytes());
            }
            Value::Json(text) => with_length(JSON, text.as_bytes(), into),
        }
    }
}

fn whole(number: i64, into: &mut Vec<u8>) {
    into.push(WHOLE);
    into.extend_from_slice(&number.to_le_bytes());
}

fn decimal(number: &Decimal, into: &mut Vec<u8>) {
    into.push(DECIMAL);
    number.encode(into);
}

fn with_length(kind: u8, bytes: &[u8], into: &mut Vec<u8>) {
    into.push(kind);
    into.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
    into.extend_from_slice(bytes);
}

fn encode_date(date: NaiveDate, into: &mut Vec<u8>) {
    into.extend_from_slice(&date.num_days_from_ce().to_le_bytes());
}

fn encode_time(time: NaiveTime, into: &mut Vec<u8>) {
    into.extend_from_slice(&time.num_seconds_from_midnight().to_le_bytes());
    into.extend_from_slice(&time.nanosecond().to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn encoded(values: &[Value]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for value in values {
            value.encode(&mut bytes);
        }
        bytes
    }

    fn decimal(text: &str) -> Value {
        Value::Decimal(Decimal::parse(text).unwrap())
    }

    #[test]
    fn equal_numbers_have_equal_bytes() {
        assert_eq!(encoded(&[Value::Int(5)]), encoded(&[Value::UInt(5)]));
        assert_eq!(encoded(&[Value::Int(5)]), encoded(&[decimal("5.00")]));
        assert_eq!(encoded(&[decimal("1.50")]), encoded(&[decimal("1.5")]));
        assert_eq!(
            encoded(&[Value::UInt(u64::MAX)]),
            encoded(&[decimal("18446744073709551615")])
        );
        assert_eq!(
            encoded(&[Value::Float(-0.0)]),
            encoded(&[Value::Float(0.0)])
        );
    }

    #[test]
    fn kinds_are_kept_apart() {
        let one = [
            Value::Int(1),
            Value::Bool(true),
            Value::Text("1".into()),
            Value::Bytes(b"1".to_vec()),
            Value::Json("1".into()),
            Value::Float(1.0),
            decimal("0.1"),
            decimal("-0.1"),
            Value::Null,
            Value::Text(String::new()),
        ];
        for (at, left) in one.iter().enumerate() {
            for right in &one[at + 1..] {
                assert_ne!(
                    encoded(std::slice::from_ref(left)),
                    encoded(std::slice::from_ref(right)),
                    "{left:?} {right:?}"
                );
            }
        }
    }

    proptest! {
        #[test]
        fn rows_of_texts_are_told_apart(a in "[a\u{0}-\u{9}]{0,4}", b in "[a\u{0}-\u{9}]{0,4}",
                                        c in "[a\u{0}-\u{9}]{0,4}", d in "[a\u{0}-\u{9}]{0,4}") {
            let row = |x: &str, y: &str| encoded(&[Value::Text(x.into()), Value::Text(y.into())]);
            prop_assert_eq!(row(&a, &b) == row(&c, &d), (a, b) == (c, d));
        }
    }
}
