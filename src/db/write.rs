//! What writing has in common on every engine.

use super::query::Insert;
use super::{DbError, DbErrorKind, Result};
use crate::value::{Decimal, Type, Value, convert};
use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// In ascending order of the keys: two transactions that lock rows in one order do not deadlock.
pub(super) fn sorted_by_key<T>(rows: &[(Value, T)]) -> Vec<&(Value, T)> {
    let mut sorted: Vec<_> = rows.iter().collect();
    sorted.sort_by(|(a, _), (b, _)| key_order(a, b));
    sorted
}

fn key_order(a: &Value, b: &Value) -> Ordering {
    let number = |value: &Value| match value {
        Value::Int(number) => Some(Decimal::from(*number)),
        Value::UInt(number) => Some(Decimal::from(*number)),
        Value::Decimal(number) => Some(number.clone()),
        _ => None,
    };
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => a.cmp(b),
        (Value::UInt(a), Value::UInt(b)) => a.cmp(b),
        (Value::Text(a), Value::Text(b)) => a.as_bytes().cmp(b.as_bytes()),
        _ => match (number(a), number(b)) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => {
                let encoded = |value: &Value| {
                    let mut bytes = Vec::new();
                    value.encode(&mut bytes);
                    bytes
                };
                encoded(a).cmp(&encoded(b))
            }
        },
    }
}

/// A server would round what a column has no places for.
///
/// # Errors
/// Of kind `Misfit` if the column cannot hold the sum exactly, or is none to add to.
pub(super) fn check_delta(delta: &Decimal, ty: &Type, column: &str) -> Result<()> {
    let fits = match ty {
        Type::Int { .. } | Type::Text { .. } => delta.is_whole(),
        Type::Decimal { scale, .. } => scale.is_none_or(|scale| delta.digits_after() <= scale),
        Type::Float { .. } => true,
        _ => false,
    };
    if fits {
        return Ok(());
    }
    Err(DbError::new(
        DbErrorKind::Misfit,
        format_args!("column `{column}` ({ty}) cannot be changed by {delta}"),
    ))
}

/// Splits a range where a key comes up again: within one statement only one of both would count.
pub(super) fn without_repetition<'v, K: Iterator<Item = &'v Value>>(
    range: Range<usize>,
    key: impl Fn(usize) -> K,
) -> Vec<Range<usize>> {
    let mut seen = HashSet::new();
    let mut ranges = Vec::new();
    let mut start = range.start;
    for at in range.clone() {
        if !seen.insert(encoded(key(at))) {
            ranges.push(start..at);
            start = at;
            seen.clear();
            seen.insert(encoded(key(at)));
        }
    }
    ranges.push(start..range.end);
    ranges
}

/// Values as bytes: equal for equal ones.
pub(super) fn encoded<'v>(values: impl Iterator<Item = &'v Value>) -> Vec<u8> {
    let mut bytes = Vec::new();
    values.for_each(|value| value.encode(&mut bytes));
    bytes
}

/// Gives each inserted row the generated value of the row that has its values in the columns `distinct_by`.
/// `found`: the generated value first, then those columns. `None` unless they are 1:1.
pub(super) fn matched(
    insert: &Insert,
    rows: &[Vec<Value>],
    found: Vec<Vec<Value>>,
) -> Option<Vec<Value>> {
    let types = || insert.distinct_by.iter().map(|at| &insert.types[*at]);
    let mut by_values = HashMap::with_capacity(found.len());
    for mut row in found {
        let values = row.split_off(1);
        let mut identity = Vec::new();
        for (value, ty) in values.into_iter().zip(types()) {
            // What does not fit is a row of somebody else's.
            convert(value, ty).ok()?.encode(&mut identity);
        }
        if by_values.insert(identity, row.pop()?).is_some() {
            return None;
        }
    }
    rows.iter()
        .map(|row| {
            let mut identity = Vec::new();
            for at in &insert.distinct_by {
                row[*at].encode(&mut identity);
            }
            by_values.remove(&identity)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::query::TableName;

    #[test]
    fn keys_are_sorted_by_value() {
        let rows = [10, 9, -1].map(|key| (Value::Int(key), ()));
        let sorted: Vec<_> = sorted_by_key(&rows).iter().map(|row| &row.0).collect();
        assert_eq!(sorted, [&Value::Int(-1), &Value::Int(9), &Value::Int(10)]);
        let texts = ["b", "B", "à"].map(|key| (Value::Text(key.to_owned()), ()));
        assert_eq!(sorted_by_key(&texts)[0].0, Value::Text("B".to_owned()));
    }

    #[test]
    fn a_delta_must_fit() {
        let half = Decimal::parse("0.5").unwrap();
        let int = Type::Int {
            bits: 32,
            signed: true,
        };
        assert_eq!(
            check_delta(&half, &int, "stock").unwrap_err().kind,
            DbErrorKind::Misfit
        );
        let decimal = Type::Decimal {
            precision: Some(10),
            scale: Some(1),
        };
        assert!(check_delta(&half, &decimal, "stock").is_ok());
        assert!(check_delta(&half, &Type::Date, "stock").is_err());
    }

    #[test]
    fn generated_values_follow_their_rows() {
        let insert = Insert {
            table: TableName::parse("t"),
            columns: vec!["name".to_owned()],
            types: vec![Type::Int {
                bits: 32,
                signed: true,
            }],
            rows: Vec::new(),
            generated: Some("id".to_owned()),
            distinct_by: vec![0],
        };
        let rows = [vec![Value::Int(7)], vec![Value::Int(8)]];
        let found = |pairs: &[(i64, u64)]| {
            pairs
                .iter()
                .map(|(id, name)| vec![Value::Int(*id), Value::UInt(*name)])
                .collect()
        };
        assert_eq!(
            matched(&insert, &rows, found(&[(2, 8), (1, 7)])),
            Some(vec![Value::Int(1), Value::Int(2)])
        );
        assert_eq!(matched(&insert, &rows, found(&[(1, 7), (2, 7)])), None);
        assert_eq!(matched(&insert, &rows, found(&[(1, 7)])), None);
    }
}
