//! Rows that follow from others: a stock status, a look-up table, a term's count.
//!
//! The pack's query yields what is right for a batch; the table's rows are read by the keys it yields and compared by
//! value, and only what differs is written. Comparing and writing are two steps, so that a dry run can stop between
//! them. A later `[[derived]]` may read what an earlier one wrote: compare and write them one after the other.

pub mod groups;
mod wanted;

use super::change::{ChangeKind, RowChange};
use crate::db::catalog::{Column, Table};
use crate::db::query::{Delete, Insert, Part, Query, Update};
use crate::db::template::{self, Bound};
use crate::db::{self, DbError, DbErrorKind, Session};
use crate::plan::{Derived, DerivedRows, Forget, ServerSql};
use crate::value::{Row, Type, Value, convert, same};
use std::collections::{BTreeMap, HashMap, HashSet};
use wanted::{Wanted, encoded, fitted};

/// Most values in one `IN (…)`.
const LIST_MAX: usize = 4000;

/// What the names in a derived query stand for in this batch.
pub type Binding<'a> = &'a (dyn Fn(&str) -> Option<Bound> + Sync);

/// What is not as it should be, in the table as it was read.
#[derive(Debug, Clone)]
pub struct Differences {
    table: Table,
    /// What tells a row of the table apart: its primary key, or the derived key if it has none.
    identity: Vec<Column>,
    /// Columns that the query yields beside the key.
    values: Vec<Column>,
    /// Columns of the derived key.
    key: Vec<Column>,
    updates: Vec<RowUpdate>,
    /// Key, then values.
    inserts: Vec<Vec<Value>>,
    removes: Vec<Present>,
}

#[derive(Debug, Clone)]
struct RowUpdate {
    identity: Vec<Value>,
    key: Vec<Value>,
    old: Vec<Value>,
    new: Vec<Value>,
}

/// A row of the table as it is.
#[derive(Debug, Clone)]
struct Present {
    identity: Vec<Value>,
    key: Vec<Value>,
    values: Vec<Value>,
}

impl Differences {
    pub fn is_empty(&self) -> bool {
        self.updates.is_empty() && self.inserts.is_empty() && self.removes.is_empty()
    }

    /// Rows to insert, to update and to remove.
    pub fn counts(&self) -> (u64, u64, u64) {
        let count = |length: usize| length as u64;
        (
            count(self.inserts.len()),
            count(self.updates.len()),
            count(self.removes.len()),
        )
    }

    /// For reports: what is there and what will be.
    pub fn changes(&self) -> impl Iterator<Item = RowChange> {
        let updates = self.updates.iter().map(|update| {
            let change = self.change(ChangeKind::Update, &update.key);
            let values = self.values.iter().zip(&update.old).zip(&update.new);
            let off = values.filter(|((column, old), new)| !same(old, new, &column.ty));
            off.fold(change, |change, ((column, old), new)| {
                change.column(&column.name, Some(old), Some(new))
            })
        });
        let inserts = self.inserts.iter().map(|insert| {
            let (key, values) = insert.split_at(self.key.len());
            let change = self.change(ChangeKind::Insert, key);
            let columns = self.values.iter().zip(values);
            columns.fold(change, |change, (column, new)| {
                change.column(&column.name, None, Some(new))
            })
        });
        let removes = self.removes.iter().map(|removed| {
            let change = self.change(ChangeKind::Remove, &removed.key);
            let columns = self.values.iter().zip(&removed.values);
            columns.fold(change, |change, (column, old)| {
                change.column(&column.name, Some(old), None)
            })
        });
        updates.chain(inserts).chain(removes)
    }

    /// What kind each of [`Differences::changes`] is.
    pub fn kinds(&self) -> impl Iterator<Item = ChangeKind> {
        let of = |kind, count| std::iter::repeat_n(kind, count);
        of(ChangeKind::Update, self.updates.len())
            .chain(of(ChangeKind::Insert, self.inserts.len()))
            .chain(of(ChangeKind::Remove, self.removes.len()))
    }

    fn change(&self, kind: ChangeKind, key: &[Value]) -> RowChange {
        let names = self.key.iter().map(|column| column.name.as_str());
        let row: Vec<(&str, &Value)> = names.zip(key).collect();
        RowChange::new(kind, &self.table.name, &row)
    }
}

/// Compares the table with what the query says is right. The lists that `bound` gives hold at most a batch's values.
///
/// # Errors
/// Those of the database; `Undefined` for a column that the table does not have; `Misfit` for a value that its column
/// cannot hold.
pub async fn compare(
    session: &mut dyn Session,
    derived: &Derived,
    table: &Table,
    bound: Binding<'_>,
) -> db::Result<Differences> {
    compare_rows(session, derived, table, bound)
        .await
        .map_err(|error| {
            error.context(format_args!(
                "derived rows of `{}` ({})",
                derived.table,
                derived.at.place()
            ))
        })
}

async fn compare_rows(
    session: &mut dyn Session,
    derived: &Derived,
    table: &Table,
    bound: Binding<'_>,
) -> db::Result<Differences> {
    let query = bind(&derived.sql, bound)?;
    let key_names = match &derived.rows {
        DerivedRows::Key { columns, .. } | DerivedRows::List { columns } => columns,
    };
    let wanted = Wanted::read(session, &query, key_names, table).await?;
    let key: Vec<Column> = columns_of(table, key_names)?;
    let identity = match table.primary_key.is_empty() {
        true => key.clone(),
        false => columns_of(table, &table.primary_key)?,
    };
    let mut differences = Differences {
        table: table.clone(),
        identity,
        values: wanted.values.clone(),
        key,
        updates: Vec::new(),
        inserts: Vec::new(),
        removes: Vec::new(),
    };
    let present = differences.read_present(session, &wanted).await?;
    match &derived.rows {
        DerivedRows::List { .. } => differences.compare_lists(wanted, present),
        DerivedRows::Key {
            insert_missing,
            scope,
            ..
        } => {
            if let Some(scope) = scope {
                differences
                    .read_scope(session, &bind(scope, bound)?, &wanted)
                    .await?;
            }
            differences.compare_keys(wanted, present, *insert_missing);
        }
    }
    Ok(differences)
}

/// The query of a pack's text.
///
/// # Errors
/// Of kind `Syntax` for a name that stands for nothing here.
pub(super) fn bind(sql: &ServerSql, bound: Binding<'_>) -> db::Result<Query> {
    template::bind(&sql.text, bound).map_err(|name| {
        DbError::new(
            DbErrorKind::Syntax,
            format_args!("{}: nothing is bound to `:{name}` here", sql.at.place()),
        )
    })
}

fn columns_of(table: &Table, names: &[String]) -> db::Result<Vec<Column>> {
    let find = |name: &String| {
        table.column(name).cloned().ok_or_else(|| {
            let message = format!("`{}` has no column `{name}`", table.name);
            DbError::new(DbErrorKind::Undefined, message)
        })
    };
    names.iter().map(find).collect()
}

impl Differences {
    /// `SELECT identity, key, values FROM table WHERE ` … `ORDER BY identity`, as [`Present`] reads it.
    fn select(&self) -> Query {
        let columns = self.identity.iter().chain(&self.key).chain(&self.values);
        Query::sql("SELECT ")
            .idents(columns.map(|column| &column.name))
            .text(" FROM ")
            .table(&self.table.name)
            .text(" WHERE ")
    }

    fn order(&self, mut query: Query) -> Query {
        for (at, column) in self.identity.iter().enumerate() {
            query = query.text(if at == 0 { " ORDER BY " } else { ", " });
            query = query.push(Part::Order(column.name.clone(), column.ty.clone()));
        }
        query
    }

    /// Read values are compared as their columns hold them, whatever type the engine reads them with.
    fn present(&self, row: Row) -> Present {
        let columns = self.identity.iter().chain(&self.key).chain(&self.values);
        let mut values: Vec<Value> = row
            .into_vec()
            .into_iter()
            .zip(columns)
            .map(|(value, column)| convert(value.clone(), &column.ty).unwrap_or(value))
            .collect();
        let mut key = values.split_off(self.identity.len());
        let rest = key.split_off(self.key.len());
        Present {
            identity: values,
            key,
            values: rest,
        }
    }

    /// The table's rows with the wanted keys, those of one key by ascending primary key.
    async fn read_present(
        &self,
        session: &mut dyn Session,
        wanted: &Wanted,
    ) -> db::Result<HashMap<Vec<u8>, Vec<Present>>> {
        let mut found: HashMap<Vec<u8>, Vec<Present>> = HashMap::new();
        for keys in wanted.keys.chunks(LIST_MAX) {
            // A list per column also admits combinations nobody asked for; they are left out below.
            let mut query = self.select();
            for (at, column) in self.key.iter().enumerate() {
                let distinct: BTreeMap<Vec<u8>, &Value> = keys
                    .iter()
                    .map(|key| (encoded(&key[at..=at]), &key[at]))
                    .collect();
                query = query
                    .text(if at == 0 { "" } else { " AND " })
                    .ident(&column.name)
                    .text(" IN (");
                query = query
                    .list(distinct.into_values().cloned().collect())
                    .text(")");
            }
            for row in db::fetch(session, &self.order(query)).await? {
                let present = self.present(row);
                if wanted.has(&present.key) {
                    found
                        .entry(encoded(&present.key))
                        .or_default()
                        .push(present);
                }
            }
        }
        Ok(found)
    }

    /// Rows within the scope that nobody wants are to be removed.
    async fn read_scope(
        &mut self,
        session: &mut dyn Session,
        scope: &Query,
        wanted: &Wanted,
    ) -> db::Result<()> {
        let query = self.select().text("(").append(scope.clone()).text(")");
        for row in db::fetch(session, &self.order(query)).await? {
            let present = self.present(row);
            if !wanted.has(&present.key) {
                self.removes.push(present);
            }
        }
        Ok(())
    }

    fn differs(&self, old: &[Value], new: &[Value]) -> bool {
        let pairs = self.values.iter().zip(old.iter().zip(new));
        pairs
            .into_iter()
            .any(|(column, (old, new))| !same(old, new, &column.ty))
    }

    fn compare_keys(
        &mut self,
        mut wanted: Wanted,
        mut present: HashMap<Vec<u8>, Vec<Present>>,
        insert_missing: bool,
    ) {
        for key in std::mem::take(&mut wanted.keys) {
            let name = encoded(&key);
            // Several rows with one key: joins over doubled attributes yield them; the first is taken. In the table
            // the shop reads the lowest primary key.
            let Some(new) = wanted
                .rows
                .remove(&name)
                .and_then(|rows| rows.into_iter().next())
            else {
                continue;
            };
            let row = present
                .remove(&name)
                .and_then(|rows| rows.into_iter().next());
            self.compare_row(key, new, row, insert_missing);
        }
    }

    fn compare_row(
        &mut self,
        key: Vec<Value>,
        new: Vec<Value>,
        row: Option<Present>,
        insert_missing: bool,
    ) {
        match row {
            Some(row) if self.differs(&row.values, &new) => self.updates.push(RowUpdate {
                identity: row.identity,
                key,
                old: row.values,
                new,
            }),
            Some(_) => {}
            None if insert_missing => self.inserts.push([key, new].concat()),
            None => {}
        }
    }

    /// The lists position by position: what is right stays where it is, the surplus goes, what lacks is appended.
    fn compare_lists(&mut self, mut wanted: Wanted, mut present: HashMap<Vec<u8>, Vec<Present>>) {
        for key in std::mem::take(&mut wanted.keys) {
            let name = encoded(&key);
            let new = wanted.rows.remove(&name).unwrap_or_default();
            let mut old = present.remove(&name).unwrap_or_default().into_iter();
            for values in new {
                self.compare_row(key.clone(), values, old.next(), true);
            }
            self.removes.extend(old);
        }
    }
}

/// Writes what [`compare`] found, within the caller's transaction.
///
/// # Errors
/// Those of the database.
pub async fn write(session: &mut dyn Session, differences: &Differences) -> db::Result<()> {
    let names = |columns: &[Column]| {
        columns
            .iter()
            .map(|column| column.name.clone())
            .collect::<Vec<_>>()
    };
    let types = |columns: &[Column]| {
        columns
            .iter()
            .map(|column| column.ty.clone())
            .collect::<Vec<Type>>()
    };
    let table = &differences.table.name;
    if !differences.updates.is_empty() {
        let rows = differences.updates.iter();
        let update = Update {
            table: table.clone(),
            key: names(&differences.identity),
            key_types: types(&differences.identity),
            columns: names(&differences.values),
            types: types(&differences.values),
            rows: rows
                .map(|row| (row.identity.clone(), row.new.clone()))
                .collect(),
        };
        session.update(&update).await?;
    }
    if !differences.removes.is_empty() {
        let rows = differences.removes.iter();
        let delete = Delete {
            table: table.clone(),
            key: names(&differences.identity),
            key_types: types(&differences.identity),
            rows: rows.map(|row| row.identity.clone()).collect(),
        };
        session.delete(&delete).await?;
    }
    if !differences.inserts.is_empty() {
        let columns = [&differences.key[..], &differences.values[..]].concat();
        let insert = Insert {
            table: table.clone(),
            columns: names(&columns),
            types: types(&columns),
            rows: differences.inserts.clone(),
            generated: None,
            distinct_by: Vec::new(),
        };
        session.insert(&insert).await?;
    }
    Ok(())
}

/// Removes the cached rows with these values (NULLs and repetitions are passed over) and returns how many there were.
///
/// # Errors
/// Those of the database; `Misfit` for a value that the column cannot hold.
pub async fn forget(
    session: &mut dyn Session,
    forget: &Forget,
    table: &Table,
    values: &[Value],
) -> db::Result<u64> {
    let columns = columns_of(table, std::slice::from_ref(&forget.column))?;
    let mut seen = HashSet::new();
    let mut rows = Vec::new();
    for value in values.iter().filter(|value| !value.is_null()) {
        let row: Row = Box::new([value.clone()]);
        let key = fitted(&row, &[0], &columns)?;
        if seen.insert(encoded(&key)) {
            rows.push(key);
        }
    }
    if rows.is_empty() {
        return Ok(0);
    }
    let delete = Delete {
        table: table.name.clone(),
        key: vec![forget.column.clone()],
        key_types: vec![columns[0].ty.clone()],
        rows,
    };
    session.delete(&delete).await
}
