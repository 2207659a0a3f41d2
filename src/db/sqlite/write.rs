//! Writes. SQLite runs within the process, so a prepared statement per row costs no round trip; only plain inserts go
//! in larger statements.

use super::catalog::DeclaredColumns;
use super::decode;
use super::error::from_driver;
use super::{DIALECT, SqliteSession};
use crate::db::query::{Add, Delete, Insert, TableName, Update};
use crate::db::render::{Limits, Sql, chunks};
use crate::db::write::{check_delta, sorted_by_key};
use crate::db::{DbError, DbErrorKind, Result};
use crate::value::{Decimal, Value};
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments, AssertSqlSafe, Row};
use std::borrow::Cow;

/// <https://www.sqlite.org/limits.html#max_variable_number>
const LIMITS: Limits = Limits {
    rows: 500,
    values: 32_766,
    bytes: 4 << 20,
};

impl SqliteSession {
    pub(super) async fn insert_rows(&mut self, insert: &Insert) -> Result<Vec<Value>> {
        let declared = self.declared(&insert.table).await?;
        let keeps_text = keeps_text(&declared, &insert.columns);
        let bytes = |row: &Vec<Value>| row.iter().map(Value::bytes).sum();
        let Some(generated) = &insert.generated else {
            for rows in chunks(&insert.rows, insert.columns.len(), LIMITS, bytes) {
                let sql = insert_sql(insert, rows);
                self.write(sql, &keeps_text, rows.len() == 1).await?;
            }
            return Ok(Vec::new());
        };
        // The order of what RETURNING yields is not promised, but a single row has none.
        let ty = declared.get(generated).map(|column| column.ty.clone());
        let mut values = Vec::with_capacity(insert.rows.len());
        for row in &insert.rows {
            let mut sql = insert_sql(insert, std::slice::from_ref(row));
            sql.text(" RETURNING ").ident(generated);
            let row = sqlx::query_with(
                AssertSqlSafe(sql.text),
                arguments(&sql.values, &keeps_text)?,
            )
            .fetch_one(&mut self.connection)
            .await
            .map_err(from_driver)?;
            let raw = row.try_get_raw(0).map_err(from_driver)?;
            values.push(decode::value(raw, ty.as_ref())?);
        }
        Ok(values)
    }

    pub(super) async fn update_rows(&mut self, update: &Update) -> Result<u64> {
        let declared = self.declared(&update.table).await?;
        let mut keeps = keeps_text(&declared, &update.columns);
        keeps.extend(keeps_text(&declared, &update.key));
        let mut found = 0;
        for (key, values) in &update.rows {
            let mut sql = Sql::new(&DIALECT, "UPDATE ");
            sql.table(&update.table).text(" SET ");
            sql.separated(update.columns.iter().zip(values), |sql, (column, value)| {
                sql.ident(column).text(" = ").value(value);
            });
            where_key(&mut sql, &update.key, key);
            found += self.write(sql, &keeps, true).await?;
        }
        Ok(found)
    }

    /// The sums are computed here, since SQLite would compute with binary floats; nobody else writes meanwhile, for the
    /// transaction has the file's only write lock.
    pub(super) async fn add_rows(&mut self, add: &Add) -> Result<u64> {
        let declared = self.declared(&add.table).await?;
        let ty = declared.get(&add.column).map(|column| column.ty.clone());
        let keeps = keeps_text(&declared, &[add.column.clone(), add.key.clone()]);
        let mut found = 0;
        for (key, delta) in sorted_by_key(&add.rows) {
            check_delta(delta, &add.column_type, &add.column)?;
            let mut select = Sql::new(&DIALECT, "SELECT ");
            select.ident(&add.column).text(" FROM ").table(&add.table);
            let key = std::slice::from_ref(key);
            where_key(&mut select, std::slice::from_ref(&add.key), key);
            let arguments = arguments(&select.values, &keeps[1..])?;
            let rows = sqlx::query_with(AssertSqlSafe(select.text), arguments)
                .fetch_all(&mut self.connection)
                .await
                .map_err(from_driver)?;
            let [row] = &rows[..] else {
                if rows.is_empty() {
                    continue;
                }
                return Err(DbError::new(
                    DbErrorKind::Other,
                    format_args!("`{}` = {} is not one row", add.key, key[0].show()),
                ));
            };
            let raw = row.try_get_raw(0).map_err(from_driver)?;
            let before = decode::value(raw, ty.as_ref())?;
            let after = sum(&before, delta).ok_or_else(|| not_added_to(&add.column, &before))?;
            let mut update = Sql::new(&DIALECT, "UPDATE ");
            update.table(&add.table).text(" SET ").ident(&add.column);
            update.text(" = ").value(&after);
            where_key(&mut update, std::slice::from_ref(&add.key), key);
            found += self.write(update, &keeps, true).await?;
        }
        Ok(found)
    }

    pub(super) async fn delete_rows(&mut self, delete: &Delete) -> Result<u64> {
        let declared = self.declared(&delete.table).await?;
        let keeps = keeps_text(&declared, &delete.key);
        let mut found = 0;
        for key in &delete.rows {
            let mut sql = Sql::new(&DIALECT, "DELETE FROM ");
            sql.table(&delete.table);
            where_key(&mut sql, &delete.key, key);
            found += self.write(sql, &keeps, true).await?;
        }
        Ok(found)
    }

    /// `keeps_text` is repeated for the values of every row.
    async fn write(&mut self, sql: Sql<'_>, keeps_text: &[bool], keep: bool) -> Result<u64> {
        let arguments = arguments(&sql.values, keeps_text)?;
        let done = sqlx::query_with(AssertSqlSafe(sql.text), arguments)
            .persistent(keep)
            .execute(&mut self.connection)
            .await
            .map_err(from_driver)?;
        Ok(done.rows_affected())
    }

    async fn declared(&mut self, table: &TableName) -> Result<DeclaredColumns> {
        self.load_declared(table).await?;
        Ok(self.declared.get(table).cloned().unwrap_or_default())
    }
}

/// In the variant of what was there; `None` where that is no number, or no whole one in a text.
fn sum(before: &Value, delta: &Decimal) -> Option<Value> {
    Some(match before {
        Value::Null => Value::Null,
        Value::Int(number) => Value::Int((Decimal::from(*number) + delta.clone()).to_i64()?),
        Value::Decimal(number) => Value::Decimal(number.clone() + delta.clone()),
        Value::Float(number) => Value::Float(number + delta.to_f64()?),
        Value::Text(text) => {
            let number = Decimal::parse(text.trim()).ok().filter(Decimal::is_whole)?;
            Value::Text((number + delta.clone()).to_plain())
        }
        _ => return None,
    })
}

fn not_added_to(column: &str, value: &Value) -> DbError {
    DbError::new(
        DbErrorKind::Misfit,
        format_args!(
            "column `{column}` holds {}, which cannot be added to",
            value.show()
        ),
    )
}

fn insert_sql<'a>(insert: &'a Insert, rows: &'a [Vec<Value>]) -> Sql<'a> {
    let mut sql = Sql::new(&DIALECT, "INSERT INTO ");
    sql.table(&insert.table).text(" (").idents(&insert.columns);
    sql.text(") VALUES ");
    sql.separated(rows, |sql, row| {
        sql.text("(");
        sql.separated(row, |sql, value| {
            sql.value(value);
        });
        sql.text(")");
    });
    sql
}

fn where_key<'a>(sql: &mut Sql<'a>, columns: &[String], key: &'a [Value]) {
    sql.text(" WHERE ");
    for (at, (column, value)) in columns.iter().zip(key).enumerate() {
        if at > 0 {
            sql.text(" AND ");
        }
        sql.ident(column).text(" = ").value(value);
    }
}

fn keeps_text(declared: &DeclaredColumns, columns: &[String]) -> Vec<bool> {
    columns
        .iter()
        .map(|column| declared.get(column).is_some_and(|column| column.keeps_text))
        .collect()
}

/// `keeps_text` says for each value, or for each of a row that repeats, whether its column keeps text; empty = not
/// known.
pub(super) fn arguments(values: &[Cow<'_, Value>], keeps_text: &[bool]) -> Result<SqliteArguments> {
    let mut arguments = SqliteArguments::default();
    for (at, value) in values.iter().enumerate() {
        let keeps_text = !keeps_text.is_empty() && keeps_text[at % keeps_text.len()];
        let added = match &**value {
            Value::Null => arguments.add(None::<i64>),
            Value::Bool(truth) => arguments.add(i64::from(*truth)),
            Value::Int(number) => arguments.add(*number),
            Value::UInt(number) => match i64::try_from(*number) {
                Ok(number) => arguments.add(number),
                Err(_) => {
                    return Err(DbError::new(
                        DbErrorKind::Misfit,
                        format_args!("{number} exceeds SQLite's integers"),
                    ));
                }
            },
            Value::Decimal(number) if keeps_text => arguments.add(number.to_plain()),
            Value::Decimal(number) => match as_number(number) {
                Number::Integer(number) => arguments.add(number),
                Number::Real(number) => arguments.add(number),
                Number::Text(number) => arguments.add(number),
            },
            Value::Float(number) => arguments.add(*number),
            Value::Text(text) | Value::Json(text) => arguments.add(text.as_str()),
            Value::Bytes(bytes) => arguments.add(bytes.as_slice()),
            Value::Date(date) => arguments.add(date.format("%Y-%m-%d").to_string()),
            Value::Time(time) => arguments.add(time.format("%H:%M:%S%.f").to_string()),
            Value::DateTime(wall) => arguments.add(crate::value::iso::wall_text(*wall)),
            Value::Timestamp(moment) => {
                arguments.add(crate::value::iso::wall_text(moment.naive_utc()))
            }
            Value::Uuid(uuid) => arguments.add(uuid.to_string()),
        };
        added.map_err(|error| DbError::new(DbErrorKind::Other, error))?;
    }
    Ok(arguments)
}

enum Number {
    Integer(i64),
    Real(f64),
    Text(String),
}

/// A decimal as SQLite computes and compares with it; as text where no number of SQLite's is exact enough.
fn as_number(number: &Decimal) -> Number {
    if let Some(integer) = number.to_i64() {
        return Number::Integer(integer);
    }
    match number.to_f64() {
        Some(real) if Decimal::from_f64_15(real).as_ref() == Some(number) => Number::Real(real),
        _ => Number::Text(number.to_plain()),
    }
}
