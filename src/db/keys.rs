//! Rows told by the values of several columns, as a condition whose length and cost stay small.
//!
//! `(a = 1 AND b = 9) OR (a = 2 AND b = 9) OR …` makes a server hold every row against every alternative. Keys that differ
//! in one column only stand together: `b = 9 AND a IN (1, 2, …)`, which it finds by an index and compares once.

use super::write::encoded;
use crate::value::Value;
use std::collections::{HashMap, HashSet};

/// Keys that have the same values in all columns but one.
pub(super) struct Alike<'v> {
    /// One of them.
    pub key: &'v [Value],
    /// The values of the listed column.
    pub listed: Vec<&'v Value>,
}

/// Keys put together by what they share.
pub(super) struct Grouped<'v> {
    /// The place of the column that is listed: the one with the most values.
    pub column: usize,
    /// In the order in which they first come.
    pub groups: Vec<Alike<'v>>,
}

/// Groups keys of one or more columns.
pub(super) fn grouped<'v>(keys: impl Iterator<Item = &'v [Value]> + Clone) -> Grouped<'v> {
    let columns = keys.clone().next().map_or(0, <[Value]>::len);
    let values_of = |column: usize| {
        let values: HashSet<Vec<u8>> = keys
            .clone()
            .map(|key| encoded([&key[column]].into_iter()))
            .collect();
        values.len()
    };
    let column = match columns {
        0 | 1 => 0,
        // Of equals the first: keys often begin with what tells rows apart.
        _ => (0..columns)
            .rev()
            .max_by_key(|at| values_of(*at))
            .unwrap_or(0),
    };
    let mut groups: Vec<Alike<'v>> = Vec::new();
    let mut places: HashMap<Vec<u8>, usize> = HashMap::new();
    for key in keys {
        let others = key.iter().enumerate().filter(|(at, _)| *at != column);
        let others = encoded(others.map(|(_, value)| value));
        let place = *places.entry(others).or_insert_with(|| {
            groups.push(Alike {
                key,
                listed: Vec::new(),
            });
            groups.len() - 1
        });
        groups[place].listed.push(&key[column]);
    }
    Grouped { column, groups }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(keys: &[[i64; 2]]) -> (usize, Vec<(i64, Vec<i64>)>) {
        let keys: Vec<Vec<Value>> = keys
            .iter()
            .map(|key| key.iter().map(|number| Value::Int(*number)).collect())
            .collect();
        let grouped = grouped(keys.iter().map(Vec::as_slice));
        let number = |value: &Value| match value {
            Value::Int(number) => *number,
            other => panic!("{other:?}"),
        };
        let other = 1 - grouped.column;
        let groups = grouped.groups.iter();
        let groups = groups.map(|one| {
            let listed = one.listed.iter().map(|value| number(value)).collect();
            (number(&one.key[other]), listed)
        });
        (grouped.column, groups.collect())
    }

    #[test]
    fn the_column_with_the_most_values_is_listed() {
        assert_eq!(
            told(&[[1, 9], [2, 9], [3, 8]]),
            (0, vec![(9, vec![1, 2]), (8, vec![3])])
        );
        assert_eq!(
            told(&[[1, 7], [1, 8], [2, 9]]),
            (1, vec![(1, vec![7, 8]), (2, vec![9])])
        );
        assert_eq!(
            told(&[[1, 2], [3, 4]]),
            (0, vec![(2, vec![1]), (4, vec![3])])
        );
        assert_eq!(told(&[]).1, vec![]);
    }
}
