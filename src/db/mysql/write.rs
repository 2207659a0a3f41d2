//! Inserts, updates, relative writes and deletes, many rows a statement.
//!
//! After each statement the server's warnings are looked at: in strict mode most values that do not fit are errors, but
//! not all (digits cut from a decimal are a note).

use super::dialect::{DIALECT, params, push_exact};
use super::error::HARMLESS_WARNINGS;
use super::session::MySqlSession;
use crate::db::query::{Add, Delete, Insert, Part, Query, TableName, Update};
use crate::db::render::Sql;
use crate::db::write::{check_delta, encoded, without_repetition};
use crate::db::{DbError, DbErrorKind, Result, fetch};
use crate::value::{Decimal, Type, Value, convert};
use mysql_async::prelude::Queryable;
use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

/// The protocol counts parameters in 16 bits.
const PARAMS_MAX: usize = 65_535;
/// An INSERT's rows at most.
const INSERT_ROWS_MAX: usize = 1000;
/// An INSERT of more parameters is not kept prepared, unless it has the usual number of rows.
const ONCE_PARAMS_MIN: usize = 1000;
/// Rows at most of a statement that looks each of them up in a list (`CASE`), once per column.
const KEYED_ROWS_MAX: usize = 200;
/// Bytes of values that a statement carries, unless one row alone has more.
const STATEMENT_BYTES: usize = 4 << 20;
/// Room in a packet for all that is not a value.
const PACKET_MARGIN: usize = 256 << 10;
/// Bytes of a value besides its text: type, length, and a date or number as text.
const VALUE_OVERHEAD: usize = 48;

/// What a statement did.
struct Done {
    /// Found by their keys, changed or not; for an INSERT those inserted.
    rows: u64,
    first_id: Option<u64>,
}

impl MySqlSession {
    pub(super) async fn write_insert(&mut self, insert: &Insert) -> Result<Vec<Value>> {
        if self.load(insert).await? {
            return Ok(Vec::new());
        }
        let sizes = insert.rows.iter().map(|row| size(row));
        let mut ids = Vec::new();
        for range in self.chunks(sizes, INSERT_ROWS_MAX, insert.columns.len())? {
            let rows = &insert.rows[range];
            match &insert.generated {
                None => {
                    self.insert_rows(insert, rows).await?;
                }
                Some(generated) => ids.extend(self.insert_numbered(insert, generated, rows).await?),
            }
        }
        Ok(ids)
    }

    /// Inserts the rows at once and finds out which got which number, or one by one if that is not sure.
    async fn insert_numbered(
        &mut self,
        insert: &Insert,
        generated: &str,
        rows: &[Vec<Value>],
    ) -> Result<Vec<Value>> {
        if rows.len() > 1 && !insert.distinct_by.is_empty() {
            self.command("SAVEPOINT ponte_insert").await?;
            let done = self.insert_rows(insert, rows).await?;
            let first = self.first_id(&done, &insert.table)?;
            if let Some(ids) = self.find_numbers(insert, generated, rows, first).await? {
                return Ok(ids);
            }
            self.command("ROLLBACK TO SAVEPOINT ponte_insert").await?;
            // A table without transactions keeps its rows, and the server warns of it.
            self.check_warnings(self.conn.get_warnings()).await?;
        }
        let mut ids = Vec::with_capacity(rows.len());
        for row in rows {
            let done = self
                .write(insert_many(insert, std::slice::from_ref(row)))
                .await?;
            ids.push(number(self.first_id(&done, &insert.table)?));
        }
        Ok(ids)
    }

    fn first_id(&mut self, done: &Done, table: &TableName) -> Result<u64> {
        done.first_id.filter(|id| *id > 0).ok_or_else(|| {
            self.refuse(
                DbErrorKind::Other,
                format_args!(
                    "`{table}` has given no number to a new row: it has no AUTO_INCREMENT column"
                ),
            )
        })
    }

    /// The numbers of rows just inserted, in their order. The numbers of one INSERT begin with the one the server
    /// tells, but need not follow each other step by step, and rows of others may lie among them: a row is known by the
    /// values that are distinct among those inserted. `None` if they are not found one to one.
    async fn find_numbers(
        &mut self,
        insert: &Insert,
        generated: &str,
        rows: &[Vec<Value>],
        first: u64,
    ) -> Result<Option<Vec<Value>>> {
        let of = &insert.distinct_by;
        let types: Vec<&Type> = of.iter().map(|at| &insert.types[*at]).collect();
        let mut wanted = HashMap::with_capacity(rows.len());
        for (at, row) in rows.iter().enumerate() {
            let Some(key) = key(of.iter().map(|at| &row[*at]), &types) else {
                return Ok(None);
            };
            if wanted.insert(key, at).is_some() {
                return Ok(None);
            }
        }
        let query = Query::sql("SELECT ")
            .ident(generated)
            .text(", ")
            .idents(of.iter().map(|at| &insert.columns[*at]))
            .text(" FROM ")
            .table(&insert.table)
            .text(" WHERE ")
            .ident(generated)
            .text(" >= ")
            .value(number(first));
        let mut ids = vec![Value::Null; rows.len()];
        let mut found = 0;
        for row in fetch(self, &query).await? {
            let Some(at) = key(row[1..].iter(), &types).and_then(|key| wanted.get(&key)) else {
                continue;
            };
            found += 1;
            ids[*at] = match &row[0] {
                Value::UInt(id) => number(*id),
                id => id.clone(),
            };
        }
        let is_one_to_one = found == rows.len() && !ids.iter().any(Value::is_null);
        Ok(is_one_to_one.then_some(ids))
    }

    pub(super) async fn write_update(&mut self, update: &Update) -> Result<u64> {
        if update.columns.is_empty() {
            return Ok(0);
        }
        // A later assignment would see the key as an earlier one left it. And a JSON value in a CASE becomes a text.
        let is_plain = update
            .columns
            .iter()
            .all(|column| !update.key.contains(column))
            && !update
                .types
                .iter()
                .any(|ty| matches!(ty, Type::Json | Type::Other(_)));
        let (rows_max, columns) = match is_plain {
            true => (KEYED_ROWS_MAX, update.columns.len()),
            false => (1, 0),
        };
        // The key is named once to find the row, and once more per column.
        let sizes = update.rows.iter().map(|(key, values)| {
            let key_size = size(key) * (columns + 1);
            key_size + size(values)
        });
        let params = update.key.len() * (columns + 1) + update.columns.len();
        let mut matched = 0;
        for chunk in self.chunks(sizes, rows_max, params)? {
            for range in without_repetition(chunk, |at| update.rows[at].0.iter()) {
                let rows = &update.rows[range];
                let text = match rows {
                    [(key, values)] => update_one(update, key, values),
                    rows => update_many(update, rows),
                };
                matched += self.write(text).await?.rows;
            }
        }
        Ok(matched)
    }

    pub(super) async fn write_add(&mut self, add: &Add) -> Result<u64> {
        let mut rows = add.rows.clone();
        // In the order of the keys, as everyone should lock rows.
        rows.sort_by(|(left, _), (right, _)| ascending(left, right));
        let is_text = matches!(add.column_type, Type::Text { .. });
        for (_, delta) in &rows {
            check_delta(delta, &add.column_type, &add.column)
                .inspect_err(|error| self.link.note(error))?;
        }
        // Texts may be equal to the server that are not to us, and each row's sum must be written.
        let rows_max = match add.key_type {
            Type::Int { .. } | Type::Decimal { .. } => KEYED_ROWS_MAX,
            _ => 1,
        };
        let sizes = rows.iter().map(|(key, delta)| {
            size(std::slice::from_ref(key)) * 2 + delta.heap_bytes() * 3 + VALUE_OVERHEAD
        });
        let mut matched = 0;
        for chunk in self.chunks(sizes, rows_max, 3)? {
            if is_text {
                self.hold_whole_numbers(add, &rows[chunk.clone()]).await?;
            }
            for range in without_repetition(chunk, |at| std::iter::once(&rows[at].0)) {
                matched += self.write(add_many(add, &rows[range])).await?.rows;
            }
        }
        Ok(matched)
    }

    /// Locks the rows and makes sure that their texts are whole numbers: the server would round a fraction, and take
    /// a text that is no number for 0.
    async fn hold_whole_numbers(&mut self, add: &Add, rows: &[(Value, Decimal)]) -> Result<()> {
        let keys = rows.iter().map(|(key, _)| key.clone()).collect();
        let query = Query::sql("SELECT ")
            .ident(&add.column)
            .text(" FROM ")
            .table(&add.table)
            .text(" WHERE ")
            .ident(&add.key)
            .text(" IN (")
            .list(keys)
            .text(")")
            .push(Part::ForUpdate);
        for row in fetch(self, &query).await? {
            let Value::Text(text) = &row[0] else { continue };
            let number = Decimal::parse(text.trim());
            if !number.is_ok_and(|number| number.is_whole()) {
                let (column, shown) = (&add.column, row[0].show());
                return Err(self.refuse(
                    DbErrorKind::Misfit,
                    format_args!("nothing can be added to {shown} in column `{column}`: it is no whole number"),
                ));
            }
        }
        Ok(())
    }

    pub(super) async fn write_delete(&mut self, delete: &Delete) -> Result<u64> {
        let sizes = delete.rows.iter().map(|row| size(row));
        let mut deleted = 0;
        for range in self.chunks(sizes, INSERT_ROWS_MAX, delete.key.len())? {
            let text = delete_many(delete, &delete.rows[range]);
            deleted += self.write(text).await?.rows;
        }
        Ok(deleted)
    }

    /// Inserts rows by one statement. Those of [`INSERT_ROWS_MAX`] rows come again and are kept prepared; of the others
    /// the driver would keep 32, with some 200 bytes for each parameter.
    async fn insert_rows(&mut self, insert: &Insert, rows: &[Vec<Value>]) -> Result<Done> {
        let is_kept =
            rows.len() == INSERT_ROWS_MAX || rows.len() * insert.columns.len() <= ONCE_PARAMS_MIN;
        self.run(insert_many(insert, rows), is_kept).await
    }

    async fn write(&mut self, statement: Sql<'_>) -> Result<Done> {
        self.run(statement, true).await
    }

    /// Runs a statement and holds its warnings against it.
    async fn run(&mut self, statement: Sql<'_>, is_kept: bool) -> Result<Done> {
        let params = params(&statement.values);
        let (conn, link) = (&mut self.conn, &mut self.link);
        let (done, warnings) = link
            .answer(async {
                let prepared = conn.prep(statement.text).await?;
                let result = conn.exec_iter(&prepared, params).await?;
                let done = Done {
                    rows: result.affected_rows(),
                    first_id: result.last_insert_id(),
                };
                let warnings = result.warnings();
                result.drop_result().await?;
                if !is_kept {
                    conn.close(prepared).await?;
                }
                Ok((done, warnings))
            })
            .await?;
        self.check_warnings(warnings).await?;
        Ok(done)
    }

    async fn check_warnings(&mut self, count: u16) -> Result<()> {
        if count == 0 {
            return Ok(());
        }
        let said: Vec<(String, u32, String)> =
            self.link.answer(self.conn.query("SHOW WARNINGS")).await?;
        let about_values = |code: &u32| !HARMLESS_WARNINGS.contains(code);
        match said.into_iter().find(|(_, code, _)| about_values(code)) {
            Some((_, code, message)) => {
                let mut error = self.refuse(DbErrorKind::Misfit, message);
                error.code = Some(code.to_string());
                Err(error)
            }
            None => Ok(()),
        }
    }

    /// An error of ours in the middle of a write: the transaction has failed with it.
    fn refuse(&mut self, kind: DbErrorKind, message: impl std::fmt::Display) -> DbError {
        let error = self.link.error(kind, message);
        self.link.note(&error);
        error
    }

    /// Rows, given by their sizes in bytes, in ranges that one statement each can carry.
    ///
    /// # Errors
    /// Of kind `PacketTooLarge` for a row that no packet of this server can.
    fn chunks(
        &mut self,
        sizes: impl Iterator<Item = usize>,
        rows_max: usize,
        params_per_row: usize,
    ) -> Result<Vec<Range<usize>>> {
        let packet = self.facts.packet_max.saturating_sub(PACKET_MARGIN);
        let packet = packet.max(self.facts.packet_max / 2);
        // The text of a statement for one row is short.
        let alone_max = self.facts.packet_max - PACKET_MARGIN.min(self.facts.packet_max / 8);
        let rows_max = rows_max.min(PARAMS_MAX / params_per_row.max(1)).max(1);
        let mut chunks: Vec<Range<usize>> = Vec::new();
        let mut bytes = 0;
        for (at, size) in sizes.enumerate() {
            if size > alone_max {
                let limit = self.facts.packet_max;
                return Err(self.refuse(
                    DbErrorKind::PacketTooLarge,
                    format_args!(
                        "a row of {size} bytes; the server's max_allowed_packet is {limit}"
                    ),
                ));
            }
            bytes += size;
            match chunks.last_mut() {
                Some(last) if last.len() < rows_max && bytes <= packet.min(STATEMENT_BYTES) => {
                    last.end = at + 1;
                }
                _ => {
                    chunks.push(at..at + 1);
                    bytes = size;
                }
            }
        }
        Ok(chunks)
    }
}

fn insert_many<'a>(insert: &'a Insert, rows: &'a [Vec<Value>]) -> Sql<'a> {
    let mut out = Sql::new(&DIALECT, "");
    out.text("INSERT INTO ").table(&insert.table).text(" (");
    out.idents(&insert.columns).text(") VALUES ");
    for (at, row) in rows.iter().enumerate() {
        out.comma(at).text("(");
        for (at, value) in row.iter().enumerate() {
            out.comma(at).value(value);
        }
        out.text(")");
    }
    out
}

fn delete_many<'a>(delete: &'a Delete, rows: &'a [Vec<Value>]) -> Sql<'a> {
    let mut out = Sql::new(&DIALECT, "");
    out.text("DELETE FROM ")
        .table(&delete.table)
        .text(" WHERE ");
    let keys = rows.iter().map(Vec::as_slice);
    push_keys(&mut out, &delete.key, &delete.key_types, keys);
    out
}

fn update_one<'a>(update: &'a Update, key: &'a [Value], values: &'a [Value]) -> Sql<'a> {
    let mut out = Sql::new(&DIALECT, "");
    out.text("UPDATE ").table(&update.table).text(" SET ");
    for (at, (column, value)) in update.columns.iter().zip(values).enumerate() {
        out.comma(at).ident(column).text(" = ").value(value);
    }
    out.text(" WHERE ");
    push_keys(&mut out, &update.key, &update.key_types, [key].into_iter());
    out
}

/// `SET c = CASE WHEN k = ? THEN ? … ELSE c END`: every row its own values, in one statement.
fn update_many<'a>(update: &'a Update, rows: &'a [(Vec<Value>, Vec<Value>)]) -> Sql<'a> {
    let mut out = Sql::new(&DIALECT, "");
    out.text("UPDATE ").table(&update.table).text(" SET ");
    for (at, column) in update.columns.iter().enumerate() {
        out.comma(at).ident(column).text(" = CASE");
        for (key, values) in rows {
            out.text(" WHEN ");
            push_key(&mut out, &update.key, &update.key_types, key);
            out.text(" THEN ");
            push_exact(&mut out, Cow::Borrowed(&values[at]), &update.types[at]);
        }
        out.text(" ELSE ").ident(column).text(" END");
    }
    out.text(" WHERE ");
    let keys = rows.iter().map(|(key, _)| key.as_slice());
    push_keys(&mut out, &update.key, &update.key_types, keys);
    out
}

fn add_many<'a>(add: &'a Add, rows: &'a [(Value, Decimal)]) -> Sql<'a> {
    let places = rows.iter().map(|(_, delta)| delta.digits_after()).max();
    let ty = Type::Decimal {
        precision: Some(65),
        scale: places,
    };
    let mut out = Sql::new(&DIALECT, "");
    out.text("UPDATE ").table(&add.table).text(" SET ");
    out.ident(&add.column).text(" = ");
    let is_text = matches!(add.column_type, Type::Text { .. });
    if is_text {
        // By way of a decimal: a text that is no number is refused, and a large one is not turned into a binary float.
        out.text("CAST(CAST(").ident(&add.column);
        out.text(" AS DECIMAL(65,0)) + CASE ");
    } else {
        out.ident(&add.column).text(" + CASE ");
    }
    out.ident(&add.key);
    for (key, delta) in rows {
        out.text(" WHEN ");
        push_exact(&mut out, Cow::Borrowed(key), &add.key_type);
        out.text(" THEN ");
        push_exact(&mut out, Cow::Owned(Value::Decimal(delta.clone())), &ty);
    }
    out.text(" ELSE 0 END");
    if is_text {
        out.text(" AS CHAR)");
    }
    out.text(" WHERE ").ident(&add.key).text(" IN (");
    for (at, (key, _)) in rows.iter().enumerate() {
        push_exact(out.comma(at), Cow::Borrowed(key), &add.key_type);
    }
    out.text(") ORDER BY ").ident(&add.key);
    out
}

/// The rows with these keys.
fn push_keys<'v>(
    out: &mut Sql<'v>,
    columns: &[String],
    types: &[Type],
    keys: impl Iterator<Item = &'v [Value]> + Clone,
) {
    out.keys(columns, keys, |out, at, value| {
        push_exact(out, Cow::Borrowed(value), &types[at]);
    });
}

fn push_key<'v>(out: &mut Sql<'v>, columns: &[String], types: &[Type], key: &'v [Value]) {
    for (at, ((column, ty), value)) in columns.iter().zip(types).zip(key).enumerate() {
        out.text(if at > 0 { " AND " } else { "" });
        out.ident(column).text(" = ");
        push_exact(out, Cow::Borrowed(value), ty);
    }
}

/// Values in the form that their columns hold, so that what was sent and what is read back have the same bytes.
fn key<'v>(values: impl Iterator<Item = &'v Value>, types: &[&Type]) -> Option<Vec<u8>> {
    let held: Option<Vec<Value>> = values
        .zip(types)
        .map(|(value, ty)| convert(value.clone(), ty).ok())
        .collect();
    held.map(|held| encoded(held.iter()))
}

/// Numbers by value, all else by its bytes.
fn ascending(left: &Value, right: &Value) -> std::cmp::Ordering {
    let number = |value: &Value| match value {
        Value::Int(number) => Some(Decimal::from(*number)),
        Value::UInt(number) => Some(Decimal::from(*number)),
        Value::Decimal(number) => Some(number.clone()),
        _ => None,
    };
    match (left, right) {
        (Value::Text(left), Value::Text(right)) => left.cmp(right),
        _ => match (number(left), number(right)) {
            (Some(left), Some(right)) => left.cmp(&right),
            _ => encoded([left].into_iter()).cmp(&encoded([right].into_iter())),
        },
    }
}

/// A generated number: signed wherever it can be, whatever the column.
fn number(id: u64) -> Value {
    i64::try_from(id).map_or(Value::UInt(id), Value::Int)
}

/// Bytes that the values take in a packet, at most.
fn size(values: &[Value]) -> usize {
    values
        .iter()
        .map(|value| {
            VALUE_OVERHEAD
                + match value {
                    Value::Text(text) | Value::Json(text) => text.len(),
                    Value::Bytes(bytes) => bytes.len(),
                    Value::Decimal(number) => number.heap_bytes() * 3,
                    _ => 0,
                }
        })
        .sum()
}
