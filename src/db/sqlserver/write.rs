//! Inserts, updates, relative writes and deletes, many rows a statement.
//!
//! The rows are a table of values, each a parameter of the type that its column wants: texts in Unicode, exact numbers as texts
//! that are cast to the column's own type, so that one statement serves any numbers. What the server would convert in silence
//! (letters that a code page lacks, fractions of a second between the steps of `datetime`) is refused before.
//!
//! Counts are asked for: those that the protocol carries have a trigger's among them. Generated numbers come by `OUTPUT … INTO`, which
//! triggers tolerate, in the order of the rows: an `INSERT … SELECT … ORDER BY` numbers them in that order.

use super::answer::Answer;
use super::catalog::{Standing, full_name};
use super::cell::{Statement, Target};
use super::dialect::PARAMS_MAX;
use super::later::MOST;
use super::session::SqlServerSession;
use super::types::Declared;
use crate::db::error::Deferred;
use crate::db::query::{Add, Delete, Insert, TableName, Update};
use crate::db::render::{Limits, chunks, quoted};
use crate::db::write::{check_delta, sorted_by_key, without_repetition};
use crate::db::{DbError, DbErrorKind, Result};
use crate::value::{Decimal, Type, Value};
use std::collections::HashMap;

/// What one statement holds at most.
const LIMITS: Limits = Limits {
    rows: 1000,
    values: PARAMS_MAX,
    bytes: 4 << 20,
};

/// What is known of the tables that are written to.
#[derive(Default)]
pub(super) struct Written {
    tables: HashMap<TableName, Known>,
}

struct Known {
    /// `None`: to be looked up in each transaction.
    standing: Option<Standing>,
    columns: HashMap<String, Target>,
}

impl Written {
    pub fn clear(&mut self) {
        self.tables.clear();
    }

    /// Asks whether the tables are still as they were.
    pub fn question(&self) -> Option<String> {
        let standing = self
            .tables
            .values()
            .filter_map(|known| known.standing.as_ref());
        let mut ids: Vec<i64> = standing.map(|standing| standing.id).collect();
        ids.sort_unstable();
        let ids: Vec<String> = ids.iter().map(i64::to_string).collect();
        (!ids.is_empty()).then(|| {
            format!(
                "SELECT CAST(o.object_id AS bigint), o.modify_date FROM sys.objects AS o WHERE o.object_id IN ({})",
                ids.join(", ")
            )
        })
    }

    /// Forgets the others.
    pub fn keep(&mut self, rows: &[Answer]) {
        let standing = |row: &Answer| Standing {
            id: row.int(0),
            modified: row.at(1).clone(),
        };
        let now: Vec<Standing> = rows.iter().map(standing).collect();
        self.tables
            .retain(|_, known| known.standing.as_ref().is_some_and(|one| now.contains(one)));
    }
}

impl SqlServerSession {
    /// The columns as values are sent to them; looked up once per table, and again if something was done to it.
    async fn targets(&mut self, table: &TableName, columns: &[String]) -> Result<Vec<Target>> {
        if !self.written.tables.contains_key(table) {
            let (standing, described) = self.described_columns(table).await?;
            let columns = described
                .iter()
                .map(|column| (column.column.name.clone(), Target::from(column)));
            let known = Known {
                standing,
                columns: columns.collect(),
            };
            self.written.tables.insert(table.clone(), known);
        }
        let undefined = |message: String| DbError::new(DbErrorKind::Undefined, message);
        let known = match self.written.tables.get(table) {
            Some(written) if !written.columns.is_empty() => written,
            _ => return Err(undefined(format!("table `{table}` does not exist"))),
        };
        let target =
            |name: &String| {
                known.columns.get(name).cloned().ok_or_else(|| {
                    undefined(format!("column `{name}` of `{table}` does not exist"))
                })
            };
        columns.iter().map(target).collect()
    }

    pub(super) async fn write_insert(&mut self, insert: &Insert) -> Result<Vec<Value>> {
        let targets = self.targets(&insert.table, &insert.columns).await?;
        let Some(generated) = &insert.generated else {
            if self.load(insert, &targets).await? {
                return Ok(Vec::new());
            }
            for rows in chunks(&insert.rows, insert.columns.len(), LIMITS, |row| bytes(row)) {
                for statement in plain_insert(insert, &targets, rows)? {
                    self.link.rows(&statement.text, statement.params).await?;
                }
            }
            return Ok(Vec::new());
        };
        let numbered = self
            .targets(&insert.table, std::slice::from_ref(generated))
            .await?
            .remove(0);
        // Only an identity column's numbers are known to follow the order of the rows.
        let rows_max = match numbered.is_identity && !insert.columns.is_empty() {
            true => LIMITS.rows,
            false => 1,
        };
        let limits = Limits {
            rows: rows_max,
            ..LIMITS
        };
        let mut values = Vec::with_capacity(insert.rows.len());
        for rows in chunks(&insert.rows, insert.columns.len(), limits, |row| bytes(row)) {
            let statement = numbered_insert(insert, generated, &numbered, &targets, rows)?;
            let found = self.link.rows(&statement.text, statement.params).await?;
            if found.len() != rows.len() {
                return Err(DbError::new(
                    DbErrorKind::Refused,
                    format_args!("a trigger of `{}` did not insert the rows", insert.table),
                ));
            }
            values.extend(found.iter().map(|row| row.at(0).clone()));
        }
        Ok(values)
    }

    /// Keeps the rows' insertion back.
    pub(super) async fn keep_insert(&mut self, insert: &Insert) -> Result<()> {
        let values = insert.rows.len() * insert.columns.len();
        let size: usize = insert.rows.iter().map(|row| bytes(row)).sum();
        let is_small = values <= PARAMS_MAX && insert.rows.len() <= LIMITS.rows && size < MOST;
        if !is_small || insert.generated.is_some() || insert.columns.is_empty() {
            return self.write_insert(insert).await.map(drop);
        }
        let targets = self.targets(&insert.table, &insert.columns).await?;
        if targets.iter().any(|target| target.is_identity) {
            return self.write_insert(insert).await.map(drop);
        }
        if insert.rows.is_empty() {
            return Ok(());
        }
        self.link.make_room(values, size).await?;
        let mut out = Statement::after(self.link.later.bound(), "");
        insert_rows(&mut out, insert, &targets, &insert.rows)?;
        let doing = Deferred::Inserting(insert.table.clone());
        self.link.later.push(out, size, doing);
        Ok(())
    }

    pub(super) async fn write_update(&mut self, update: &Update) -> Result<u64> {
        if update.rows.is_empty() || update.columns.is_empty() {
            return Ok(0);
        }
        let mut names = update.key.clone();
        names.extend(update.columns.iter().cloned());
        let targets = self.targets(&update.table, &names).await?;
        let keys = update.key.len();
        let rows: Vec<Vec<&Value>> = update
            .rows
            .iter()
            .map(|(key, values)| key.iter().chain(values).collect())
            .collect();
        let keyed = Keyed {
            verb: "UPDATE",
            table: &update.table,
            keys,
            names: &names,
            targets: &targets,
        };
        let set = |out: &mut Statement| assign(out, keys, &update.columns);
        self.write_keyed(&keyed, &set, &rows).await
    }

    pub(super) async fn write_add(&mut self, add: &Add) -> Result<u64> {
        for (_, delta) in &add.rows {
            check_delta(delta, &add.column_type, &add.column)?;
        }
        let names = [add.key.clone(), add.column.clone()];
        let mut targets = self.targets(&add.table, &names).await?;
        let is_text = matches!(targets[1].declared.ty(), Type::Text { .. });
        if is_text || matches!(targets[1].declared.ty(), Type::Int { .. }) {
            targets[1].declared = Declared::parse("bigint");
        }
        let rows: Vec<(Value, Value)> = sorted_by_key(&add.rows)
            .into_iter()
            .map(|(key, delta)| {
                let delta = match delta.to_i64() {
                    Some(whole) if targets[1].declared.name == "bigint" => Value::Int(whole),
                    _ => Value::Decimal(delta.clone()),
                };
                (key.clone(), delta)
            })
            .collect();
        let rows: Vec<Vec<&Value>> = rows.iter().map(|(key, delta)| vec![key, delta]).collect();
        if is_text {
            self.hold_whole_numbers(add, &targets[0], &rows).await?;
        }
        let keyed = Keyed {
            verb: "UPDATE",
            table: &add.table,
            keys: 1,
            names: &names,
            targets: &targets,
        };
        let set = |out: &mut Statement| increase(out, &add.column, is_text);
        // Texts may be equal to the server that are not to us, and each row's sum must be written.
        let rows_max = match add.key_type {
            Type::Int { .. } | Type::Decimal { .. } => rows.len().max(1),
            _ => 1,
        };
        let mut found = 0;
        for rows in rows.chunks(rows_max) {
            found += self.write_keyed(&keyed, &set, rows).await?;
        }
        Ok(found)
    }

    /// Locks the rows and makes sure that their texts are whole numbers.
    async fn hold_whole_numbers(
        &mut self,
        add: &Add,
        key: &Target,
        rows: &[Vec<&Value>],
    ) -> Result<()> {
        for rows in chunks(rows, 1, LIMITS, |row| row[0].bytes()) {
            let mut out = Statement::new("SELECT ");
            out.text(&ident(&add.column)).text(" FROM ");
            out.text(&full_name(&add.table));
            out.text(" WITH (UPDLOCK, ROWLOCK) WHERE ");
            out.text(&ident(&add.key)).text(" IN (");
            for (at, row) in rows.iter().enumerate() {
                out.text(if at > 0 { ", " } else { "" });
                out.cell(row[0], &add.key, key, true)?;
            }
            out.text(")");
            for row in self.link.rows(&out.text, out.params).await? {
                let Value::Text(text) = row.at(0) else {
                    continue;
                };
                let number = Decimal::parse(text.trim());
                if !number.is_ok_and(|number| number.is_whole()) {
                    return Err(DbError::new(
                        DbErrorKind::Misfit,
                        format_args!(
                            "nothing can be added to {} in column `{}`: it is no whole number",
                            row.at(0).show(),
                            add.column
                        ),
                    ));
                }
            }
        }
        Ok(())
    }

    pub(super) async fn write_delete(&mut self, delete: &Delete) -> Result<u64> {
        if delete.key.is_empty() {
            return Err(DbError::new(
                DbErrorKind::Other,
                "rows are deleted by a key, and none is given",
            ));
        }
        let targets = self.targets(&delete.table, &delete.key).await?;
        let rows: Vec<Vec<&Value>> = delete.rows.iter().map(|row| row.iter().collect()).collect();
        let keyed = Keyed {
            verb: "DELETE",
            table: &delete.table,
            keys: delete.key.len(),
            names: &delete.key,
            targets: &targets,
        };
        self.write_keyed(&keyed, &|_| {}, &rows).await
    }

    /// Runs a statement over the rows, as often as its limits want. Of a key that comes twice in it one statement would take
    /// either.
    async fn write_keyed(
        &mut self,
        keyed: &Keyed<'_>,
        set: &(dyn Fn(&mut Statement) + Sync),
        rows: &[Vec<&Value>],
    ) -> Result<u64> {
        let mut found = 0;
        let size = |row: &Vec<&Value>| row.iter().map(|value| value.bytes()).sum();
        for rows in chunks(rows, keyed.names.len(), LIMITS, size) {
            let key = |at: usize| rows[at][..keyed.keys].iter().copied();
            for range in without_repetition(0..rows.len(), key) {
                let out = keyed.statement(set, &rows[range])?;
                let counted = self.link.rows(&out.text, out.params).await?;
                let count = counted.first().map_or(0, |row| row.int(0));
                found += u64::try_from(count).unwrap_or(0);
            }
        }
        Ok(found)
    }
}

/// A write to rows that are found by the first columns of a table of values.
struct Keyed<'k> {
    verb: &'static str,
    table: &'k TableName,
    /// How many of the columns are the key.
    keys: usize,
    names: &'k [String],
    targets: &'k [Target],
}

impl Keyed<'_> {
    /// `UPDATE t SET … FROM [t] AS t INNER JOIN (VALUES …) AS v (…) ON …`
    fn statement(
        &self,
        set: &(dyn Fn(&mut Statement) + Sync),
        rows: &[Vec<&Value>],
    ) -> Result<Statement> {
        let mut out = Statement::new("SET NOCOUNT ON; ");
        out.text(self.verb).text(" t ");
        set(&mut out);
        out.text("FROM ").text(&full_name(self.table));
        out.text(" AS t INNER JOIN ");
        values(&mut out, self.names, self.targets, rows, self.keys)?;
        out.text(" ON ");
        for (at, name) in self.names.iter().take(self.keys).enumerate() {
            let and = if at > 0 { " AND " } else { "" };
            out.text(&format!("{and}t.{} = v.[c{at}]", ident(name)));
        }
        out.text("; SELECT @@ROWCOUNT");
        Ok(out)
    }
}

/// `SET [a] = v.[c1], …`: the columns behind the key.
fn assign(out: &mut Statement, keys: usize, columns: &[String]) {
    out.text("SET ");
    for (at, column) in columns.iter().enumerate() {
        let comma = if at > 0 { ", " } else { "" };
        out.text(&format!("{comma}{} = v.[c{}]", ident(column), keys + at));
    }
    out.text(" ");
}

/// `SET [n] = t.[n] + v.[c1]`, of a text by way of a number.
fn increase(out: &mut Statement, column: &str, is_text: bool) {
    let column = ident(column);
    out.text(&match is_text {
        true => format!(
            "SET {column} = CAST(CAST(CAST(t.{column} AS nvarchar(4000)) AS bigint) + v.[c1] AS nvarchar(4000)) "
        ),
        false => format!("SET {column} = t.{column} + v.[c1] "),
    });
}

/// `(VALUES (@P1, @P2), …) AS v ([c0], [c1])`
fn values(
    out: &mut Statement,
    names: &[String],
    targets: &[Target],
    rows: &[Vec<&Value>],
    keys: usize,
) -> Result<()> {
    out.text("(VALUES ");
    for (at, row) in rows.iter().enumerate() {
        out.text(if at > 0 { ", (" } else { "(" });
        for (at, value) in row.iter().enumerate() {
            out.text(if at > 0 { ", " } else { "" });
            out.cell(value, &names[at], &targets[at], at < keys)?;
        }
        out.text(")");
    }
    let columns: Vec<String> = (0..names.len()).map(|at| format!("[c{at}]")).collect();
    out.text(&format!(") AS v ({})", columns.join(", ")));
    Ok(())
}

fn plain_insert(
    insert: &Insert,
    targets: &[Target],
    rows: &[Vec<Value>],
) -> Result<Vec<Statement>> {
    let table = full_name(&insert.table);
    if insert.columns.is_empty() {
        let one = || {
            Statement::new(&format!(
                "SET NOCOUNT ON; INSERT INTO {table} DEFAULT VALUES; SELECT @@ROWCOUNT"
            ))
        };
        return Ok(rows.iter().map(|_| one()).collect());
    }
    // Numbers that the server gives by itself it takes from us only when asked to.
    let numbers = targets.iter().any(|target| target.is_identity);
    let mut out = Statement::new("SET NOCOUNT ON; ");
    if numbers {
        out.text(&format!("SET IDENTITY_INSERT {table} ON; "));
    }
    insert_rows(&mut out, insert, targets, rows)?;
    out.text(&match numbers {
        true => format!("; SET IDENTITY_INSERT {table} OFF"),
        false => "; SELECT @@ROWCOUNT".to_owned(),
    });
    Ok(vec![out])
}

fn insert_rows(
    out: &mut Statement,
    insert: &Insert,
    targets: &[Target],
    rows: &[Vec<Value>],
) -> Result<()> {
    out.text(&format!(
        "INSERT INTO {} ({}) VALUES ",
        full_name(&insert.table),
        idents(&insert.columns)
    ));
    for (at, row) in rows.iter().enumerate() {
        out.text(if at > 0 { ", (" } else { "(" });
        for (at, value) in row.iter().enumerate() {
            out.text(if at > 0 { ", " } else { "" });
            out.cell(value, &insert.columns[at], &targets[at], false)?;
        }
        out.text(")");
    }
    Ok(())
}

fn numbered_insert(
    insert: &Insert,
    generated: &str,
    numbered: &Target,
    targets: &[Target],
    rows: &[Vec<Value>],
) -> Result<Statement> {
    let table = full_name(&insert.table);
    let mut out = Statement::new(&format!(
        "SET NOCOUNT ON; DECLARE @new TABLE ([g] {} NOT NULL); INSERT INTO {table} ",
        numbered.declared.text()
    ));
    if !insert.columns.is_empty() {
        out.text(&format!("({}) ", idents(&insert.columns)));
    }
    out.text(&format!(
        "OUTPUT inserted.{} INTO @new ([g]) ",
        ident(generated)
    ));
    if insert.columns.is_empty() {
        out.text("DEFAULT VALUES");
    } else {
        let columns: Vec<String> = (0..targets.len()).map(|at| format!("v.[c{at}]")).collect();
        out.text(&format!("SELECT {} FROM (VALUES ", columns.join(", ")));
        for (at, row) in rows.iter().enumerate() {
            let comma = if at > 0 { ", " } else { "" };
            out.text(&format!("{comma}({}", at + 1));
            for (at, value) in row.iter().enumerate() {
                out.text(", ");
                out.cell(value, &insert.columns[at], &targets[at], false)?;
            }
            out.text(")");
        }
        let names: Vec<String> = (0..targets.len()).map(|at| format!("[c{at}]")).collect();
        out.text(&format!(
            ") AS v ([n], {}) ORDER BY v.[n]",
            names.join(", ")
        ));
    }
    out.text("; SELECT [g] FROM @new ORDER BY [g]");
    Ok(out)
}

fn ident(name: &str) -> String {
    quoted(name, ('[', ']'))
}

pub(super) fn idents(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| ident(name)).collect();
    names.join(", ")
}

/// The memory that the values occupy, in bytes.
fn bytes(values: &[Value]) -> usize {
    values.iter().map(Value::bytes).sum()
}

#[cfg(test)]
mod golden;
