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
use crate::value::{Decimal, Type, Value};
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

    pub(super) async fn add_rows(&mut self, add: &Add) -> Result<u64> {
        let declared = self.declared(&add.table).await?;
        let key_keeps_text = keeps_text(&declared, std::slice::from_ref(&add.key));
        let is_text = matches!(add.column_type, Type::Text { .. });
        let mut found = 0;
        for (key, delta) in sorted_by_key(&add.rows) {
            check_delta(delta, &add.column_type, &add.column)?;
            if is_text {
                self.check_whole_text(add, key, &key_keeps_text).await?;
            }
            let delta = Cow::Owned(Value::Decimal(delta.clone()));
            let mut sql = Sql::new(&DIALECT, "UPDATE ");
            sql.table(&add.table).text(" SET ").ident(&add.column);
            if is_text {
                sql.text(" = CAST(CAST(").ident(&add.column);
                sql.text(" AS INTEGER) + ").bind(delta).text(" AS TEXT)");
            } else {
                sql.text(" = ").ident(&add.column).text(" + ").bind(delta);
            }
            where_key(
                &mut sql,
                std::slice::from_ref(&add.key),
                std::slice::from_ref(key),
            );
            let keeps_text = [false, key_keeps_text[0]];
            found += self.write(sql, &keeps_text, true).await?;
        }
        Ok(found)
    }

    /// CAST makes 0 of a text that is no number, and 10 of `10.5`, without a word.
    async fn check_whole_text(
        &mut self,
        add: &Add,
        key: &Value,
        keeps_text: &[bool],
    ) -> Result<()> {
        let mut sql = Sql::new(&DIALECT, "SELECT ");
        sql.ident(&add.column).text(" FROM ").table(&add.table);
        where_key(
            &mut sql,
            std::slice::from_ref(&add.key),
            std::slice::from_ref(key),
        );
        let rows = sqlx::query_with(AssertSqlSafe(sql.text), arguments(&sql.values, keeps_text)?)
            .fetch_all(&mut self.connection)
            .await
            .map_err(from_driver)?;
        for row in rows {
            let text: Option<String> = row.try_get_unchecked(0).map_err(from_driver)?;
            let is_whole = |text: &String| {
                Decimal::parse(text.trim()).is_ok_and(|number| number.to_i64().is_some())
            };
            if let Some(text) = text.filter(|text| !is_whole(text)) {
                return Err(DbError::new(
                    DbErrorKind::Misfit,
                    format_args!(
                        "column `{}` holds {}, which is no whole number to add to",
                        add.column,
                        Value::Text(text).show()
                    ),
                ));
            }
        }
        Ok(())
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
