//! The source as a bounded stream of records.
//!
//! Records with child sets are read in the byte order of their keys, each set by a query of its own in the same order,
//! and merged. So are sources whose key no unique index vouches for: equal keys then stand side by side and are
//! rejected, both of them, since ponte would write them in turns. Everything else comes in the server's own order.
//!
//! A server that does not sort as it was asked would put child rows to the wrong records: the order is checked on the
//! way, and a break of it ends the read as an error.

mod feed;
mod sift;

use super::bind::Bound;
use super::known::Known;
use super::narrow::{named, narrow, order, restrict, rows_of};
use super::record::{Existing, Need, Record, key_text, text_in};
use super::report::{Reason, Rejected};
use super::snapshot::{Fingerprint, KeyHash};
use crate::db::query::Query;
use crate::db::sieve::Mark;
use crate::db::{DbError, DbErrorKind, Engine, Result};
use crate::plan::{FieldKind, Relation};
use crate::value::convert;
use crate::value::{Row, Type, Value};
use feed::{ChildRows, Fed, Marked, Portions, Rows};
use sift::Sifter;
use std::cmp::Ordering;
use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

/// Which rows to read.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Only these keys (the first key column's values); empty = all.
    pub only: Vec<String>,
    /// At most so many rows.
    pub rows_max: Option<u64>,
}

/// A record, or why a row is none.
#[derive(Debug)]
pub enum Item {
    Record(Box<Record>),
    Rejected(Rejected),
    /// So many rows that are known already, and were let go.
    Known(u64),
}

/// Reads the records of a bound flow one by one; the queries run ahead in tasks of their own.
pub struct Reader<'b> {
    bound: &'b Bound<'b>,
    columns: Vec<usize>,
    key_at: Vec<usize>,
    main: Rows,
    children: Vec<ChildRows>,
    ordered: bool,
    seed: [u8; 32],
    held: Option<Marked>,
    ready: VecDeque<Item>,
    /// Rows that the source yielded.
    pub rows: u64,
    /// Of these, rows with the key of one before them.
    pub duplicates: u64,
    /// Records whose keys have blanks around them: by the key that is shown they are not found again.
    pub blanks: HashSet<KeyHash>,
    /// Records with a name in the shop's language.
    pub named: u64,
    /// What was lent to the reader, given back with the end of the source.
    pub known: Option<Known>,
    /// Asked for keys, the source has yielded this one, which it holds for equal to one of them and writes in another way. Known at its end.
    pub other: Option<String>,
}

impl<'b> Reader<'b> {
    /// `unique`: an index of the source's table vouches for the key. `seed` goes into every fingerprint. `known` is
    /// lent to a reader that can let rows go: one that need not see which other rows have their key.
    pub fn start(
        engine: &Arc<dyn Engine>,
        bound: &'b Bound<'b>,
        selection: &Selection,
        unique: bool,
        seed: [u8; 32],
        known: &mut Option<Known>,
    ) -> Reader<'b> {
        Reader::begin(engine, bound, selection, None, unique, seed, known)
    }

    /// Only the records whose first key column has one of these values, which are sorted by [`Value::order`].
    pub fn of_keys(
        engine: &Arc<dyn Engine>,
        bound: &'b Bound<'b>,
        keys: &[Value],
        seed: [u8; 32],
    ) -> Reader<'b> {
        Reader::begin(
            engine,
            bound,
            &Selection::default(),
            Some(keys),
            false,
            seed,
            &mut None,
        )
    }

    fn begin(
        engine: &Arc<dyn Engine>,
        bound: &'b Bound<'b>,
        selection: &Selection,
        keys: Option<&[Value]>,
        unique: bool,
        seed: [u8; 32],
        known: &mut Option<Known>,
    ) -> Reader<'b> {
        let source = &bound.flow.source;
        let ordered = !source.children.is_empty() || !unique;
        let padded = matches!(
            bound.key_types.first(),
            Some(Type::Text { padded: true, .. })
        );
        let first_key = source.key.first().map_or("", String::as_str);
        let mut columns = bound.key.clone();
        columns.extend(bound.parent);
        columns.extend((0..bound.layout.source().len()).filter(|at| bound.layout.is_used(*at)));
        let mut seen = Vec::new();
        columns.retain(|at| {
            !seen.contains(at) && {
                seen.push(*at);
                true
            }
        });

        let names = columns
            .iter()
            .map(|at| bound.layout.source()[*at].name.as_str());
        let (mut query, mut and) = rows_of(Query::sql("SELECT ").idents(names), source);
        query = restrict(
            query,
            and,
            first_key,
            &selection.only,
            bound.key_types.first(),
        );
        if !selection.only.is_empty() {
            and = " AND ";
        }
        let whole = |query: Query| match ordered {
            true => order(query, &source.key, &bound.key_types),
            false => query,
        };
        let main = match (keys, selection.rows_max) {
            (Some(keys), _) => Portions::of_keys(keys, 0, padded, |keys| {
                whole(named(query.clone(), and, first_key, keys))
            }),
            (None, Some(rows)) => Portions::one(
                whole(query).limit(usize::try_from(rows).unwrap_or(usize::MAX), ordered),
            ),
            (None, None) => Portions::one(whole(query)),
        };
        let children = bound
            .children
            .iter()
            .map(|child| {
                let names = child.columns[..child.read].iter().map(String::as_str);
                let query = Query::sql("SELECT ")
                    .idents(names)
                    .text(" FROM (")
                    .text(&*child.child.sql.text)
                    .text(") s");
                let (query, and) = narrow(query, None, child.child.within.as_ref());
                let query = restrict(
                    query,
                    and,
                    first_key,
                    &selection.only,
                    bound.key_types.first(),
                );
                let position =
                    |name: &String| child.columns.iter().position(|column| column == name);
                let key_at: Vec<usize> = source.key.iter().filter_map(position).collect();
                let in_order = |query| order(query, &source.key, &bound.key_types);
                let portions = match (keys, key_at.first()) {
                    (Some(keys), Some(at)) => Portions::of_keys(keys, *at, padded, |keys| {
                        in_order(named(query.clone(), and, first_key, keys))
                    }),
                    _ => Portions::one(in_order(query)),
                };
                ChildRows {
                    name: child.child.name.clone(),
                    rows: Rows::start(engine, portions, None),
                    key_at,
                    next: None,
                    last: Vec::new(),
                }
            })
            .collect();
        let key_at: Vec<usize> = (0..bound.key.len()).collect();
        let sifter = source.children.is_empty().then(|| {
            let lets_go = !ordered && bound.parent.is_none();
            let known = if lets_go { known.take() } else { None };
            Sifter::new(key_at.clone(), seed, known)
        });
        Reader {
            key_at,
            columns,
            main: Rows::start(engine, main, sifter),
            children,
            ordered,
            seed,
            held: None,
            ready: VecDeque::new(),
            rows: 0,
            duplicates: 0,
            blanks: HashSet::new(),
            named: 0,
            known: None,
            other: None,
            bound,
        }
    }

    /// The next record; `None` at the end of the source.
    pub async fn next(&mut self) -> Result<Option<Item>> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Ok(Some(item));
            }
            let (row, mark) = match self.held.take() {
                Some(row) => row,
                None => match self.main.next().await? {
                    Fed::Row(row) => row,
                    Fed::Known(rows) => {
                        self.rows += rows;
                        return Ok(Some(Item::Known(rows)));
                    }
                    Fed::End => {
                        self.known = self.main.known.take();
                        self.other = self.main.other.take();
                        return Ok(None);
                    }
                },
            };
            self.rows += 1;
            self.note_blanks(&row);
            // Servers sort NULL to either end: such a row stands alone, wherever it comes.
            if self.ordered && !has_null(&row, &self.key_at) {
                self.with_equals(row, mark).await?;
            } else {
                let item = self.record(row, Vec::new(), mark);
                self.ready.push_back(item);
            }
        }
    }

    /// Looks at the rows that follow for the same key, so that duplicates are seen before any of them is used.
    async fn with_equals(&mut self, row: Row, mark: Option<Mark>) -> Result<()> {
        let mut same = vec![row];
        while let Fed::Row((next, next_mark)) = self.main.next().await? {
            if has_null(&next, &self.key_at) {
                self.held = Some((next, next_mark));
                break;
            }
            match compare(&same[0], &self.key_at, &next, &self.key_at) {
                Ordering::Less if !same_key(&same[0], &next, &self.key_at) => {
                    self.held = Some((next, next_mark));
                    break;
                }
                Ordering::Less | Ordering::Equal => {
                    self.rows += 1;
                    self.duplicates += 1;
                    // Two are as good as a thousand to say so.
                    if same.len() < 2 {
                        same.push(next);
                    }
                }
                Ordering::Greater => return Err(self.out_of_order("the source")),
            }
        }
        let mut children = Vec::new();
        for child in &mut self.children {
            children.push(child.of(&same[0], &self.key_at).await?);
        }
        let item = match same.len() {
            1 => {
                let row = same.swap_remove(0);
                let item = self.record(row, children, mark);
                self.note_name(&item);
                item
            }
            _ => {
                let reason = self.empty_key(&same[0]).unwrap_or(Reason::Duplicate);
                self.rejected(&same[0], reason)
            }
        };
        self.ready.push_back(item);
        Ok(())
    }

    fn note_name(&mut self, item: &Item) {
        if let (Some(slot), Item::Record(record)) = (self.bound.layout.main_name, item)
            && !record.values[slot as usize].is_null()
        {
            self.named += 1;
        }
    }

    /// Blanks that the column's type adds are none of the key's.
    fn note_blanks(&mut self, row: &Row) {
        let first = self.key_at.first().zip(self.bound.key_types.first());
        let Some((at, ty)) = first else { return };
        let has_blanks = match (&row[*at], ty) {
            (Value::Text(text), Type::Text { padded: true, .. }) => {
                text.trim_start().len() < text.len()
            }
            (Value::Text(text), _) => text.trim().len() < text.len(),
            _ => false,
        };
        if has_blanks {
            let key: Vec<Value> = self.key_at.iter().map(|at| row[*at].clone()).collect();
            self.blanks.insert(key_hash(&key_text(&trimmed(key))));
        }
    }

    fn out_of_order(&self, what: &str) -> DbError {
        DbError::new(
            DbErrorKind::Other,
            format!(
                "{what} of flow {} came back in another order than asked for",
                self.bound.flow.name
            ),
        )
    }

    fn rejected(&self, row: &Row, reason: Reason) -> Item {
        let key: Vec<Value> = self.key_at.iter().map(|at| row[*at].clone()).collect();
        let text = key_text(&trimmed(key));
        Item::Rejected(Rejected {
            hash: key_hash(&text),
            key: text,
            reason,
        })
    }

    /// Why the row's key is none: NULL, empty or nothing but blanks.
    fn empty_key(&self, row: &Row) -> Option<Reason> {
        let mut columns = self.key_at.iter().zip(&self.bound.flow.source.key);
        let (_, column) = columns.find(|(at, _)| match &row[**at] {
            Value::Text(text) => text.trim().is_empty(),
            value => value.is_null(),
        })?;
        let column = column.clone();
        Some(Reason::EmptyKey { column })
    }

    fn record(&self, row: Row, children: Vec<Vec<Row>>, mark: Option<Mark>) -> Item {
        if let Some(reason) = self.empty_key(&row) {
            return self.rejected(&row, reason);
        }
        let key: Vec<Value> = trimmed(self.key_at.iter().map(|at| row[*at].clone()).collect());
        let fingerprint = mark.unwrap_or_else(|| fingerprint(&self.seed, &row, &children));
        let mut values = vec![Value::Null; self.bound.layout.slots()];
        for (at, value) in self.columns.iter().zip(row.into_vec()) {
            values[*at] = value;
        }
        for (at, value) in self.bound.key.iter().zip(&key) {
            values[*at] = value.clone();
        }
        let text = key_text(&key);
        for (at, column) in self.bound.layout.source().iter().enumerate() {
            let Some(kind) = column.kind else { continue };
            let value = std::mem::replace(&mut values[at], Value::Null);
            match as_field(value, kind) {
                Ok(value) => values[at] = value,
                Err(why) => {
                    return Item::Rejected(Rejected {
                        hash: key_hash(&text),
                        key: text,
                        reason: Reason::Field {
                            field: column.name.clone(),
                            why,
                        },
                    });
                }
            }
        }
        for text in &self.bound.layout.texts {
            let rows = &children[text.child];
            if let Some(row) = text_in(rows, text.language_column, &text.language) {
                values[text.slot as usize] = row[text.text_column].clone();
            }
        }
        Item::Record(Box::new(Record {
            hash: key_hash(&text),
            key: text,
            fingerprint,
            row: 0,
            values,
            children,
            state: Existing::ByMatch,
            need: Need::None,
        }))
    }
}

pub(super) fn trimmed(key: Vec<Value>) -> Vec<Value> {
    let trim = |value| match value {
        Value::Text(text) if text.trim().len() < text.len() => Value::Text(text.trim().to_owned()),
        other => other,
    };
    key.into_iter().map(trim).collect()
}

fn has_null(row: &Row, key_at: &[usize]) -> bool {
    key_at.iter().any(|at| row[*at].is_null())
}

/// Whether the keys are the same once trimmed. Keys of nothing but blanks are none.
fn same_key(a: &Row, b: &Row, key_at: &[usize]) -> bool {
    key_at.iter().all(|at| match (&a[*at], &b[*at]) {
        (Value::Text(a), Value::Text(b)) => a.trim() == b.trim() && !a.trim().is_empty(),
        (a, b) => a.order(b).is_eq(),
    })
}

/// What every key is known by in snapshots.
pub fn key_hash(key: &str) -> KeyHash {
    let mut hash = [0; 16];
    hash.copy_from_slice(&blake3::hash(key.as_bytes()).as_bytes()[..16]);
    hash
}

/// Of the row as the query yielded it and of its child rows, under everything else that decides what is written.
fn fingerprint(seed: &[u8; 32], row: &[Value], children: &[Vec<Row>]) -> Fingerprint {
    let mut bytes = Vec::with_capacity(256);
    for value in row {
        value.encode(&mut bytes);
    }
    for rows in children {
        bytes.extend_from_slice(&(rows.len() as u32).to_le_bytes());
        for value in rows.iter().flat_map(|row| row.iter()) {
            value.encode(&mut bytes);
        }
    }
    let hash = blake3::keyed_hash(seed, &bytes);
    let mut fingerprint = [0; 16];
    fingerprint.copy_from_slice(&hash.as_bytes()[..16]);
    fingerprint
}

/// A source value as the record's field says it is: an ERP may keep a flag as 0 and 1, or a sku as a number.
fn as_field(value: Value, kind: FieldKind) -> std::result::Result<Value, String> {
    let ty = match kind {
        FieldKind::Text | FieldKind::Texts => Type::TEXT,
        FieldKind::Boolean => Type::Bool,
        FieldKind::Integer => Type::Int {
            bits: 64,
            signed: true,
        },
        FieldKind::Decimal => Type::NUMBER,
        FieldKind::Moment => return Ok(value),
    };
    convert(value, &ty).map_err(|misfit| misfit.to_string())
}

/// The order in which servers were asked to sort: texts by bytes, numbers by value.
fn compare(a: &Row, a_at: &[usize], b: &Row, b_at: &[usize]) -> Ordering {
    let pairs = a_at.iter().zip(b_at).map(|(x, y)| (&a[*x], &b[*y]));
    pairs
        .map(|(x, y)| x.order(y))
        .find(|order| *order != Ordering::Equal)
        .unwrap_or(Ordering::Equal)
}

/// Whether a unique index of the source's table vouches for the key.
pub async fn key_is_unique(
    session: &mut dyn crate::db::Session,
    flow: &crate::plan::Flow,
) -> Result<bool> {
    let Relation::Table { name, .. } = &flow.source.relation else {
        return Ok(false);
    };
    let table = session.table(name).await?;
    Ok(table.is_some_and(|table| {
        let within =
            |unique: &Vec<String>| unique.iter().all(|column| flow.source.key.contains(column));
        table.unique_keys.iter().any(within)
    }))
}
