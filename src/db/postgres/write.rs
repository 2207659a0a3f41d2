//! Writing rows: one statement for many.
//!
//! The values travel as one array of texts per column, and the statement casts them to the columns' types: the same
//! few parameters for any number of rows, and every type is written in the form that the server itself reads. The
//! casts name no length, so that what is too long is refused when it is assigned, and never cut.

use super::{PostgresDialect, PostgresSession, params};
use crate::db::query::{Add, Delete, Insert, TableName, Update};
use crate::db::render::Renderer;
use crate::db::{DbError, DbErrorKind, Result};
use crate::value::{Type, Value};
use sqlx::Arguments;
use sqlx::postgres::PgArguments;
use std::collections::HashMap;
use std::ops::Range;

/// A statement writes at most so many rows ...
const ROWS_MAX: usize = 5_000;
/// ... and about so many bytes of values.
const BYTES_MAX: usize = 4 << 20;

const SAVEPOINT: &str = "ponte_insert";

/// Inserts the rows; see [`Session::insert`](crate::db::Session::insert).
pub async fn insert(session: &mut PostgresSession, insert: &Insert) -> Result<Vec<Value>> {
    let statement = InsertStatement::new(session, insert).await?;
    let mut generated = Vec::new();
    for chunk in chunks(insert.rows.iter().map(|row| row.as_slice())) {
        let rows = &insert.rows[chunk];
        if insert.generated.is_none() && !insert.columns.is_empty() {
            statement.run(session, rows).await?;
            continue;
        }
        // Which generated value belongs to which row is certain for a single row, or by other columns.
        let together = match insert.distinct_by.is_empty() || rows.len() < 2 {
            true => None,
            false => statement.together(session, rows).await?,
        };
        match together {
            Some(values) => generated.extend(values),
            None => {
                for row in rows {
                    let returned = statement.run(session, std::slice::from_ref(row)).await?;
                    let value = returned
                        .into_iter()
                        .next()
                        .and_then(|row| row.into_iter().next());
                    match (&insert.generated, value) {
                        (Some(_), Some(value)) => generated.push(value),
                        (Some(_), None) => return Err(not_inserted(&insert.table)),
                        (None, _) => {}
                    }
                }
            }
        }
    }
    Ok(generated)
}

fn not_inserted(table: &TableName) -> DbError {
    DbError::new(
        DbErrorKind::Refused,
        format_args!("a rule or trigger of `{table}` did not insert the row"),
    )
}

struct InsertStatement<'i> {
    insert: &'i Insert,
    sql: String,
}

impl<'i> InsertStatement<'i> {
    async fn new(session: &mut PostgresSession, insert: &'i Insert) -> Result<Self> {
        let columns: Vec<&String> = insert.columns.iter().collect();
        let types = session.types_of(&insert.table, &columns).await?;
        let mut out = Renderer::new(&PostgresDialect);
        out.sql("INSERT INTO ").table(&insert.table);
        if columns.is_empty() {
            out.sql(" DEFAULT VALUES");
        } else {
            out.sql(" (").idents(&columns).sql(") SELECT ");
            for (at, ty) in types.iter().enumerate() {
                out.comma(at).sql(&cast(at, ty));
            }
            out.sql(" FROM ").sql(&arrays(0..types.len()));
        }
        if let Some(generated) = &insert.generated {
            out.sql(" RETURNING ").ident(generated);
            for at in &insert.distinct_by {
                out.sql(", ").ident(&insert.columns[*at]);
            }
        }
        Ok(InsertStatement {
            insert,
            sql: out.finish().sql,
        })
    }

    async fn run(
        &self,
        session: &mut PostgresSession,
        rows: &[Vec<Value>],
    ) -> Result<Vec<crate::value::Row>> {
        let values = |at: usize| rows.iter().map(move |row| &row[at]);
        let arguments = array_arguments((0..self.insert.columns.len()).map(values))?;
        if self.insert.generated.is_some() {
            session.link.rows(self.sql.clone(), arguments).await
        } else {
            session.link.execute(self.sql.clone(), arguments).await?;
            Ok(Vec::new())
        }
    }

    /// Inserts the rows with one statement and finds each one's generated value by the columns that tell them apart,
    /// since the server promises no order. Nothing is inserted, and `None` returned, if that is not one to one: a
    /// trigger changed the values, say.
    async fn together(
        &self,
        session: &mut PostgresSession,
        rows: &[Vec<Value>],
    ) -> Result<Option<Vec<Value>>> {
        session
            .link
            .simple(&format!("SAVEPOINT {SAVEPOINT}"))
            .await?;
        let returned = self.run(session, rows).await?;
        let count = returned.len();
        let mut by_key: HashMap<Vec<u8>, Value> = HashMap::with_capacity(count);
        for row in returned {
            let mut values = row.into_iter();
            let generated = values.next().unwrap_or(Value::Null);
            by_key.insert(self.key(values.as_slice().iter()), generated);
        }
        let distinct = by_key.len() == count && count == rows.len();
        let matched: Option<Vec<Value>> = rows
            .iter()
            .map(|row| by_key.remove(&self.key(self.insert.distinct_by.iter().map(|at| &row[*at]))))
            .collect();
        let matched = matched.filter(|_| distinct);
        let end = match matched {
            Some(_) => format!("RELEASE SAVEPOINT {SAVEPOINT}"),
            None => format!("ROLLBACK TO SAVEPOINT {SAVEPOINT}; RELEASE SAVEPOINT {SAVEPOINT}"),
        };
        session.link.simple(&end).await?;
        Ok(matched)
    }

    /// One byte form of the values of the columns in `distinct_by`.
    fn key<'v>(&self, values: impl Iterator<Item = &'v Value>) -> Vec<u8> {
        let mut key = Vec::new();
        for (value, at) in values.zip(&self.insert.distinct_by) {
            match (value, &self.insert.types[*at]) {
                (Value::Text(text), Type::Text { padded: true, .. }) => {
                    Value::Text(text.trim_end_matches(' ').to_owned()).encode(&mut key);
                }
                _ => value.encode(&mut key),
            }
        }
        key
    }
}

/// Updates rows by their keys; see [`Session::update`](crate::db::Session::update).
pub async fn update(session: &mut PostgresSession, update: &Update) -> Result<u64> {
    if update.rows.is_empty() || update.columns.is_empty() {
        return Ok(0);
    }
    let columns: Vec<&String> = update.key.iter().chain(&update.columns).collect();
    let types = session.types_of(&update.table, &columns).await?;
    let keys = update.key.len();
    let sql = update_statement(update, &types);

    let mut found = 0;
    let sizes = update.rows.iter().map(|(_, values)| values.as_slice());
    for chunk in chunks(sizes) {
        let rows = &update.rows[chunk];
        let values = |at: usize| {
            rows.iter().map(move |(key, values)| match at < keys {
                true => &key[at],
                false => &values[at - keys],
            })
        };
        let arguments = array_arguments((0..types.len()).map(values))?;
        found += session.link.execute(sql.clone(), arguments).await?;
    }
    Ok(found)
}

fn update_statement(update: &Update, types: &[String]) -> String {
    let keys = update.key.len();
    let mut out = Renderer::new(&PostgresDialect);
    out.sql("UPDATE ").table(&update.table).sql(" AS t SET ");
    for (at, column) in update.columns.iter().enumerate() {
        let value = cast(keys + at, &types[keys + at]);
        out.comma(at).ident(column).sql(" = ").sql(&value);
    }
    out.sql(" FROM ").sql(&arrays(0..types.len()));
    matching(&mut out, &update.key, types);
    out.finish().sql
}

/// Adds to a column; see [`Session::add`](crate::db::Session::add). The rows are locked in the order of their keys
/// first, so that two who add to the same rows wait for each other and do not block each other.
pub async fn add(session: &mut PostgresSession, add: &Add) -> Result<u64> {
    add_fits(add)?;
    let types = session
        .types_of(&add.table, &[&add.key, &add.column])
        .await?;
    let (lock, change) = add_statements(add, &types);
    let mut found = 0;
    let rows: Vec<[Value; 2]> = add
        .rows
        .iter()
        .map(|(key, delta)| [key.clone(), Value::Decimal(delta.clone())])
        .collect();
    for chunk in chunks(rows.iter().map(|row| row.as_slice())) {
        let rows = &rows[chunk];
        let values = |at: usize| rows.iter().map(move |row| &row[at]);
        let keys = array_arguments([values(0)].into_iter())?;
        session.link.execute(lock.clone(), keys).await?;
        let arguments = array_arguments([values(0), values(1)].into_iter())?;
        found += session.link.execute(change.clone(), arguments).await?;
    }
    Ok(found)
}

/// What the column cannot take without rounding is refused here, since the server would round it.
fn add_fits(add: &Add) -> Result<()> {
    let places_max = match &add.column_type {
        Type::Decimal { precision, scale } => precision.map(|_| scale.unwrap_or(0)),
        Type::Float { .. } => None,
        Type::Int { .. } | Type::Text { .. } => Some(0),
        other => {
            return Err(DbError::new(
                DbErrorKind::Other,
                format_args!("column `{}` ({other}) is nothing to add to", add.column),
            ));
        }
    };
    match add
        .rows
        .iter()
        .find(|(_, delta)| places_max.is_some_and(|max| delta.digits_after() > max))
    {
        None => Ok(()),
        Some((_, delta)) => Err(DbError::new(
            DbErrorKind::Misfit,
            format_args!(
                "{delta} added to column `{}` ({}) would be rounded",
                add.column, add.column_type
            ),
        )),
    }
}

/// The statement that locks the rows and the one that adds.
fn add_statements(add: &Add, types: &[String]) -> (String, String) {
    let mut lock = Renderer::new(&PostgresDialect);
    lock.sql("SELECT 1 FROM ")
        .table(&add.table)
        .sql(" AS t WHERE t.")
        .ident(&add.key);
    lock.sql(&format!(
        " IN (SELECT {} FROM {})",
        cast(0, &types[0]),
        arrays(0..1)
    ));
    lock.sql(" ORDER BY t.")
        .ident(&add.key)
        .sql(" FOR UPDATE OF t");

    let mut change = Renderer::new(&PostgresDialect);
    change.sql("UPDATE ").table(&add.table).sql(" AS t SET ");
    change.ident(&add.column).sql(" = ");
    match &add.column_type {
        Type::Text { .. } => {
            change.sql("CAST(trunc(CAST(t.").ident(&add.column);
            change.sql(" AS numeric)) + d.delta AS text)");
        }
        _ => {
            change.sql("t.").ident(&add.column).sql(" + d.delta");
        }
    }
    // A key that comes twice gets both; the join alone would take either.
    change.sql(&format!(
        " FROM (SELECT {} AS key, sum(CAST(v.c1 AS numeric)) AS delta FROM {} GROUP BY 1) AS d",
        cast(0, &types[0]),
        arrays(0..2)
    ));
    change.sql(" WHERE t.").ident(&add.key).sql(" = d.key");
    (lock.finish().sql, change.finish().sql)
}

/// Deletes rows by their keys; see [`Session::delete`](crate::db::Session::delete).
pub async fn delete(session: &mut PostgresSession, delete: &Delete) -> Result<u64> {
    let columns: Vec<&String> = delete.key.iter().collect();
    if columns.is_empty() {
        return Err(DbError::new(
            DbErrorKind::Other,
            "rows are deleted by a key, and none is given",
        ));
    }
    let types = session.types_of(&delete.table, &columns).await?;
    let sql = delete_statement(delete, &types);

    let mut deleted = 0;
    for chunk in chunks(delete.rows.iter().map(|row| row.as_slice())) {
        let rows = &delete.rows[chunk];
        let values = |at: usize| rows.iter().map(move |row| &row[at]);
        let arguments = array_arguments((0..types.len()).map(values))?;
        deleted += session.link.execute(sql.clone(), arguments).await?;
    }
    Ok(deleted)
}

fn delete_statement(delete: &Delete, types: &[String]) -> String {
    let mut out = Renderer::new(&PostgresDialect);
    out.sql("DELETE FROM ")
        .table(&delete.table)
        .sql(" AS t USING ");
    out.sql(&arrays(0..types.len()));
    matching(&mut out, &delete.key, types);
    out.finish().sql
}

/// ` WHERE t.key = v.c0 AND …`, the keys being the first of the arrays.
fn matching(out: &mut Renderer<'_>, key: &[String], types: &[String]) {
    for (at, (column, ty)) in key.iter().zip(types).enumerate() {
        out.sql(if at == 0 { " WHERE t." } else { " AND t." });
        out.ident(column).sql(" = ").sql(&cast(at, ty));
    }
}

/// The array of parameters as rows: `unnest($1::text[], …) AS v(c0, …)`.
fn arrays(columns: Range<usize>) -> String {
    let parameters: Vec<String> = columns
        .clone()
        .map(|at| format!("CAST(${} AS text[])", at + 1))
        .collect();
    let names: Vec<String> = columns.map(|at| format!("c{at}")).collect();
    format!(
        "unnest({}) AS v({})",
        parameters.join(", "),
        names.join(", ")
    )
}

/// The value of the array at `at`, as the SQL type `ty`.
fn cast(at: usize, ty: &str) -> String {
    format!("CAST(v.c{at} AS {ty})")
}

fn array_arguments<'v, C>(columns: impl Iterator<Item = C>) -> Result<PgArguments>
where
    C: Iterator<Item = &'v Value>,
{
    let mut arguments = PgArguments::default();
    for column in columns {
        let texts: Vec<Option<String>> = column.map(params::text).collect();
        arguments
            .add(texts)
            .map_err(|error| DbError::new(DbErrorKind::PacketTooLarge, error))?;
    }
    Ok(arguments)
}

/// Ranges of rows that go into one statement each.
fn chunks<'v>(rows: impl Iterator<Item = &'v [Value]>) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    let mut bytes = 0;
    for (at, row) in rows.enumerate() {
        let size: usize = row.iter().map(Value::bytes).sum();
        match ranges.last_mut() {
            Some(range) if range.len() < ROWS_MAX && bytes + size <= BYTES_MAX => {
                range.end = at + 1;
                bytes += size;
            }
            _ => {
                ranges.push(at..at + 1);
                bytes = size;
            }
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_bounded_in_rows_and_bytes() {
        let small = [Value::Int(1)];
        let many = std::iter::repeat_n(small.as_slice(), 2 * ROWS_MAX + 1);
        let ranges = chunks(many);
        assert_eq!(ranges.len(), 3);
        assert_eq!(ranges[2], 2 * ROWS_MAX..2 * ROWS_MAX + 1);

        let large = [Value::Text("x".repeat(BYTES_MAX))];
        let ranges = chunks([large.as_slice(), &small, &large].into_iter());
        assert_eq!(ranges, [0..1, 1..2, 2..3]);
        assert!(chunks(std::iter::empty()).is_empty());
    }
}
