//! What a derived query says is right, as the table's columns hold it.

use super::columns_of;
use crate::db::catalog::{Column, Table};
use crate::db::query::Query;
use crate::db::{self, DbError, DbErrorKind, Session};
use crate::value::{Row, Value, convert};
use futures_util::TryStreamExt;
use std::collections::HashMap;

/// The rows that a query says are right, by key, in the order in which it yields them.
pub(super) struct Wanted {
    /// Columns that the query yields beside the key.
    pub(super) values: Vec<Column>,
    pub(super) keys: Vec<Vec<Value>>,
    pub(super) rows: HashMap<Vec<u8>, Vec<Vec<Value>>>,
}

impl Wanted {
    pub(super) async fn read(
        session: &mut dyn Session,
        query: &Query,
        key: &[String],
        table: &Table,
    ) -> db::Result<Wanted> {
        let (names, rows) = fetch_named(session, query).await?;
        let mut wanted = Wanted {
            values: Vec::new(),
            keys: Vec::new(),
            rows: HashMap::new(),
        };
        if rows.is_empty() {
            return Ok(wanted);
        }
        let key_columns = columns_of(table, key)?;
        let mut key_at = Vec::new();
        for name in key {
            key_at.push(
                names
                    .iter()
                    .position(|known| known == name)
                    .ok_or_else(|| {
                        DbError::new(
                            DbErrorKind::Undefined,
                            format_args!("the query does not yield its key `{name}`"),
                        )
                    })?,
            );
        }
        let value_at: Vec<usize> = (0..names.len()).filter(|at| !key_at.contains(at)).collect();
        let value_names: Vec<String> = value_at.iter().map(|at| names[*at].clone()).collect();
        wanted.values = columns_of(table, &value_names)?;
        for row in rows {
            let key = fitted(&row, &key_at, &key_columns)?;
            let values = fitted(&row, &value_at, &wanted.values)?;
            let list = wanted.rows.entry(encoded(&key)).or_default();
            if list.is_empty() {
                wanted.keys.push(key);
            }
            list.push(values);
        }
        Ok(wanted)
    }

    pub(super) fn has(&self, key: &[Value]) -> bool {
        self.rows.contains_key(&encoded(key))
    }
}

/// The values at these positions as their columns hold them.
pub(super) fn fitted(row: &Row, at: &[usize], columns: &[Column]) -> db::Result<Vec<Value>> {
    let pairs = at.iter().zip(columns);
    pairs
        .map(|(at, column)| {
            convert(row[*at].clone(), &column.ty).map_err(|misfit| {
                DbError::new(
                    DbErrorKind::Misfit,
                    format_args!(
                        "column `{}`, {}: {misfit}; value {}",
                        column.name,
                        column.declared,
                        row[*at].show()
                    ),
                )
            })
        })
        .collect()
}

pub(super) fn encoded(values: &[Value]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for value in values {
        value.encode(&mut bytes);
    }
    bytes
}

/// Rows with the names of their columns; no names where there are no rows.
async fn fetch_named(
    session: &mut dyn Session,
    query: &Query,
) -> db::Result<(Vec<String>, Vec<Row>)> {
    let mut names = Vec::new();
    let mut rows = Vec::new();
    let mut stream = session.read(query).await?;
    while let Some(batch) = stream.try_next().await? {
        if names.is_empty() {
            names = batch.columns.to_vec();
        }
        rows.extend(batch.rows);
    }
    Ok((names, rows))
}
