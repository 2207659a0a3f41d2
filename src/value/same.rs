//! Whether a column already holds a value.

use super::{Decimal, Type, Value, convert};

/// Whether `found`, as the column of type `ty` was read, and `wanted`, as [`convert`] gave it, are the same there:
/// numbers by value, floats as the column rounds them, JSON by meaning, padded text without the blanks behind,
/// anything else exactly. Collations have no say: texts that a server holds equal but that differ in bytes differ.
pub fn same(found: &Value, wanted: &Value, ty: &Type) -> bool {
    match (found, wanted) {
        (Value::Null, other) | (other, Value::Null) => other.is_null(),
        (Value::Text(found), Value::Text(wanted)) => match ty {
            Type::Text { padded: true, .. } => {
                found.trim_end_matches(' ') == wanted.trim_end_matches(' ')
            }
            Type::Json => same_json(found, wanted),
            _ => found == wanted,
        },
        (Value::Json(found), Value::Json(wanted)) => same_json(found, wanted),
        (Value::Float(found), Value::Float(wanted)) => match ty {
            Type::Float { bits } if *bits <= 32 => *found as f32 == *wanted as f32,
            _ => found == wanted,
        },
        (Value::Int(found), Value::Int(wanted)) => found == wanted,
        (Value::Decimal(found), Value::Decimal(wanted)) => found == wanted,
        _ => match (whole(found), whole(wanted)) {
            (Some(found), Some(wanted)) => found == wanted,
            _ => same_converted(found, wanted, ty),
        },
    }
}

/// Engines name some types loosely (a `tinyint(1)` is read as a number, SQLite keeps what it is given): then what was
/// read counts as what it would be in the column.
fn same_converted(found: &Value, wanted: &Value, ty: &Type) -> bool {
    if std::mem::discriminant(found) == std::mem::discriminant(wanted) {
        return found == wanted;
    }
    match (convert(found.clone(), ty), convert(wanted.clone(), ty)) {
        (Ok(found), Ok(wanted)) => {
            std::mem::discriminant(&found) == std::mem::discriminant(&wanted)
                && same(&found, &wanted, ty)
        }
        _ => false,
    }
}

fn whole(value: &Value) -> Option<Decimal> {
    match value {
        Value::Bool(truth) => Some(Decimal::from(i64::from(*truth))),
        Value::Int(number) => Some(Decimal::from(*number)),
        Value::UInt(number) => Some(Decimal::from(*number)),
        Value::Decimal(number) => Some(number.clone()),
        _ => None,
    }
}

/// Blanks, the order of members and the way a number is written mean nothing in JSON.
fn same_json(found: &str, wanted: &str) -> bool {
    if found == wanted {
        return true;
    }
    let parse = |text| serde_json::from_str::<serde_json::Value>(text);
    match (parse(found), parse(wanted)) {
        (Ok(found), Ok(wanted)) => same_node(&found, &wanted),
        _ => false,
    }
}

fn same_node(found: &serde_json::Value, wanted: &serde_json::Value) -> bool {
    use serde_json::Value as Node;
    match (found, wanted) {
        (Node::Number(found), Node::Number(wanted)) => {
            found == wanted
                || (found.is_f64() || wanted.is_f64()) && found.as_f64() == wanted.as_f64()
        }
        (Node::Array(found), Node::Array(wanted)) => {
            found.len() == wanted.len()
                && found
                    .iter()
                    .zip(wanted)
                    .all(|(found, wanted)| same_node(found, wanted))
        }
        (Node::Object(found), Node::Object(wanted)) => {
            found.len() == wanted.len()
                && found.iter().all(|(name, found)| {
                    wanted
                        .get(name)
                        .is_some_and(|wanted| same_node(found, wanted))
                })
        }
        _ => found == wanted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Charset;

    fn text(padded: bool) -> Type {
        Type::Text {
            chars_max: None,
            bytes_max: None,
            charset: Charset::Unicode,
            padded,
        }
    }

    fn t(text: &str) -> Value {
        Value::Text(text.into())
    }

    #[test]
    fn texts_are_compared_by_bytes_but_for_padding() {
        assert!(same(&t("abc  "), &t("abc"), &text(true)));
        assert!(!same(&t("abc  "), &t("abc"), &text(false)));
        assert!(!same(&t("ABC"), &t("abc"), &text(false)));
        assert!(!same(&Value::Null, &t(""), &text(false)));
        assert!(same(&Value::Null, &Value::Null, &text(false)));
    }

    #[test]
    fn numbers_are_compared_by_value_however_the_engine_reads_them() {
        let decimal = |text: &str| Value::Decimal(Decimal::parse(text).unwrap());
        let scaled = Type::Decimal {
            precision: Some(10),
            scale: Some(2),
        };
        assert!(same(&decimal("1.50"), &decimal("1.5"), &scaled));
        assert!(same(&Value::Int(2), &decimal("2.00"), &scaled));
        assert!(same(&Value::Float(19.99), &decimal("19.99"), &scaled));
        assert!(same(&Value::Int(1), &Value::Bool(true), &Type::Bool));
        assert!(same(&Value::Int(7), &t("7"), &text(false)));
        assert!(!same(&t("7.0"), &t("7"), &text(false)));
        let single = Type::Float { bits: 32 };
        assert!(same(
            &Value::Float(f64::from(0.1f32)),
            &Value::Float(0.1),
            &single
        ));
    }

    #[test]
    fn json_is_compared_by_meaning() {
        let json = |text: &str| Value::Json(text.into());
        assert!(same(
            &json(r#"{"a": 1, "b": [1.0, true]}"#),
            &json(r#"{"b":[1,true],"a":1}"#),
            &Type::Json
        ));
        assert!(!same(&json("[1, 2]"), &json("[2, 1]"), &Type::Json));
        assert!(!same(&json(r#"{"a": null}"#), &json("{}"), &Type::Json));
        assert!(!same(
            &json("9007199254740993"),
            &json("9007199254740992"),
            &Type::Json
        ));
        assert!(same(&t(r#"{"a": 1}"#), &json(r#"{"a":1}"#), &Type::Json));
    }
}
