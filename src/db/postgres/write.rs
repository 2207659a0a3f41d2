//! Writing rows: one statement for many.
//!
//! The values travel as one array of texts per column, and the statement casts them to the columns' types: the same
//! few parameters for any number of rows, and every type is written in the form that the server itself reads. The
//! casts name no length, so that what is too long is refused when it is assigned, and never cut.

use super::{DIALECT, PostgresSession, later, params};
use crate::db::error::Deferred;
use crate::db::query::{Add, Delete, Insert, TableName, Update};
use crate::db::render::{Limits, Sql, chunks};
use crate::db::write::{check_delta, matched};
use crate::db::{DbError, DbErrorKind, Result};
use crate::value::{Type, Value};
use sqlx::Arguments;
use sqlx::postgres::PgArguments;
use std::ops::Range;

/// What one statement writes at most; an array is one parameter, whatever its length.
const LIMITS: Limits = Limits {
    rows: 5_000,
    values: usize::MAX,
    bytes: 4 << 20,
};

const SAVEPOINT: &str = "ponte_insert";

/// Inserts the rows; see [`Session::insert`](crate::db::Session::insert).
pub async fn insert(session: &mut PostgresSession, insert: &Insert) -> Result<Vec<Value>> {
    let statement = InsertStatement::new(session, insert).await?;
    let mut generated = Vec::new();
    for rows in chunks(&insert.rows, 0, LIMITS, |row| bytes(row)) {
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

/// Keeps the rows' insertion back; see [`Session::insert_later`](crate::db::Session::insert_later).
pub async fn insert_later(session: &mut PostgresSession, insert: &Insert) -> Result<()> {
    let fits = |row: &Vec<Value>| row.iter().all(later::is_quotable);
    let size: usize = insert.rows.iter().map(|row| bytes(row)).sum();
    let is_simple = insert.generated.is_none() && !insert.columns.is_empty() && size < later::MOST;
    if !is_simple || !insert.rows.iter().all(fits) {
        return self::insert(session, insert).await.map(drop);
    }
    if insert.rows.is_empty() {
        return Ok(());
    }
    session.link.in_transaction()?;
    let mut out = Sql::new(&DIALECT, "INSERT INTO ");
    out.table(&insert.table).text(" (").idents(&insert.columns);
    // A constant between quotes is of the type of its column: in an INSERT of several rows, too.
    out.text(") VALUES ");
    out.separated(&insert.rows, |out, row| {
        out.text("(");
        out.separated(row, |out, value| {
            later::push_quoted(value, &mut out.text);
        });
        out.text(")");
    });
    let doing = Deferred::Inserting(insert.table.clone());
    session.link.later(&out.text, doing).await
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
        let mut out = Sql::new(&DIALECT, "");
        out.text("INSERT INTO ").table(&insert.table);
        if columns.is_empty() {
            out.text(" DEFAULT VALUES");
        } else {
            out.text(" (").idents(columns).text(") SELECT ");
            out.separated(types.iter().enumerate(), |out, (at, ty)| {
                out.text(&cast(at, ty));
            });
            out.text(" FROM ").text(&arrays(0..types.len()));
        }
        if let Some(generated) = &insert.generated {
            out.text(" RETURNING ").ident(generated);
            for at in &insert.distinct_by {
                out.text(", ").ident(&insert.columns[*at]);
            }
        }
        Ok(InsertStatement {
            insert,
            sql: out.text,
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
        let returned = returned.into_iter().map(|row| row.into_vec()).collect();
        let matched = matched(self.insert, rows, returned);
        let end = match matched {
            Some(_) => format!("RELEASE SAVEPOINT {SAVEPOINT}"),
            None => format!("ROLLBACK TO SAVEPOINT {SAVEPOINT}; RELEASE SAVEPOINT {SAVEPOINT}"),
        };
        session.link.simple(&end).await?;
        Ok(matched)
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
    for rows in chunks(&update.rows, 0, LIMITS, |(key, values)| {
        bytes(key) + bytes(values)
    }) {
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
    let mut out = Sql::new(&DIALECT, "");
    out.text("UPDATE ").table(&update.table).text(" AS t SET ");
    out.separated(update.columns.iter().zip(keys..), |out, (column, at)| {
        out.ident(column).text(" = ").text(&cast(at, &types[at]));
    });
    out.text(" FROM ").text(&arrays(0..types.len()));
    matching(&mut out, &update.key, types);
    out.text
}

/// Adds to a column; see [`Session::add`](crate::db::Session::add). The rows are locked in the order of their keys
/// first, so that two who add to the same rows wait for each other and do not block each other.
pub async fn add(session: &mut PostgresSession, add: &Add) -> Result<u64> {
    for (_, delta) in &add.rows {
        check_delta(delta, &add.column_type, &add.column)?;
    }
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
    for rows in chunks(&rows, 0, LIMITS, |row| bytes(row)) {
        let values = |at: usize| rows.iter().map(move |row| &row[at]);
        let keys = array_arguments([values(0)].into_iter())?;
        session.link.execute(lock.clone(), keys).await?;
        let arguments = array_arguments([values(0), values(1)].into_iter())?;
        found += session.link.execute(change.clone(), arguments).await?;
    }
    Ok(found)
}

/// The statement that locks the rows and the one that adds.
fn add_statements(add: &Add, types: &[String]) -> (String, String) {
    let mut lock = Sql::new(&DIALECT, "");
    lock.text("SELECT 1 FROM ")
        .table(&add.table)
        .text(" AS t WHERE t.")
        .ident(&add.key);
    lock.text(&format!(
        " IN (SELECT {} FROM {})",
        cast(0, &types[0]),
        arrays(0..1)
    ));
    lock.text(" ORDER BY t.")
        .ident(&add.key)
        .text(" FOR UPDATE OF t");

    let mut change = Sql::new(&DIALECT, "");
    change.text("UPDATE ").table(&add.table).text(" AS t SET ");
    change.ident(&add.column).text(" = ");
    match &add.column_type {
        // Refuses a text that is no whole number.
        Type::Text { .. } => {
            change.text("CAST(CAST(t.").ident(&add.column);
            change.text(" AS bigint) + d.delta AS text)");
        }
        _ => {
            change.text("t.").ident(&add.column).text(" + d.delta");
        }
    }
    // A key that comes twice gets both; the join alone would take either.
    change.text(&format!(
        " FROM (SELECT {} AS key, sum(CAST(v.c1 AS numeric)) AS delta FROM {} GROUP BY 1) AS d",
        cast(0, &types[0]),
        arrays(0..2)
    ));
    change.text(" WHERE t.").ident(&add.key).text(" = d.key");
    (lock.text, change.text)
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
    for rows in chunks(&delete.rows, 0, LIMITS, |row| bytes(row)) {
        let values = |at: usize| rows.iter().map(move |row| &row[at]);
        let arguments = array_arguments((0..types.len()).map(values))?;
        deleted += session.link.execute(sql.clone(), arguments).await?;
    }
    Ok(deleted)
}

fn delete_statement(delete: &Delete, types: &[String]) -> String {
    let mut out = Sql::new(&DIALECT, "");
    out.text("DELETE FROM ")
        .table(&delete.table)
        .text(" AS t USING ");
    out.text(&arrays(0..types.len()));
    matching(&mut out, &delete.key, types);
    out.text
}

/// ` WHERE t.key = v.c0 AND …`, the keys being the first of the arrays.
fn matching(out: &mut Sql<'_>, key: &[String], types: &[String]) {
    for (at, (column, ty)) in key.iter().zip(types).enumerate() {
        out.text(if at == 0 { " WHERE t." } else { " AND t." });
        out.ident(column).text(" = ").text(&cast(at, ty));
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

/// The memory that the values occupy, in bytes.
fn bytes(values: &[Value]) -> usize {
    values.iter().map(Value::bytes).sum()
}
