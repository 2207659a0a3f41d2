//! A write of a row per field: WordPress's `postmeta`. The table has no unique key for it, so the shop reads the row
//! with the lowest primary key, and so does ponte.
//!
//! With `while`, the fields are ponte's only as long as the condition holds; what it wrote is remembered, and taken
//! back afterwards if it is still there as it was written.

use super::bind::{BoundField, BoundWrite};
use super::record::{Existing, Record};
use super::report::Reason;
use super::rows::Found;
use super::work::{
    Mode, Op, Sight, evaluate, field_value, holds, in_keys, is_for, is_right, keep_lowest, key_of,
    locked, match_values,
};
use crate::db::query::Query;
use crate::db::{self, Session};
use crate::own::wrote::{Fields, Remember};
use crate::plan::{Empty, Own};
use crate::value::{Row, Value};
use std::collections::{BTreeMap, HashMap};

#[derive(Debug, Default)]
pub struct FoundAttributes {
    pub found: Found,
    /// Only of writes with `while`: record key, and what becomes of its memory.
    pub remember: Vec<(String, Remember)>,
}

/// Column names of the field's name and its value.
type Pair<'a> = (&'a str, &'a str);

#[expect(
    clippy::too_many_arguments,
    reason = "what a comparison sees; a struct would only rename them"
)]
pub async fn compare(
    session: &mut dyn Session,
    write: &BoundWrite<'_>,
    pair: Pair<'_>,
    records: &[Record],
    sight: Sight<'_>,
    created_kind: Option<&str>,
    remembered: &HashMap<String, Fields>,
    mode: Mode,
) -> db::Result<FoundAttributes> {
    let mut result = FoundAttributes::default();
    let mut wanted: Vec<(usize, Option<Vec<Value>>, bool)> = Vec::new();
    for (at, record) in records.iter().enumerate() {
        if !is_for(write, record, created_kind) {
            continue;
        }
        match parent(write, record, sight) {
            Ok(Some((key, owned))) => wanted.push((at, key, owned)),
            Ok(None) => {}
            Err(reason) => result.found.failed.push((at, reason)),
        }
    }
    let mut rows = existing(session, write, pair, &wanted, mode).await?;
    for (at, key, owned) in wanted {
        let mut of_record = match &key {
            Some(key) => rows
                .remove(&key_of(
                    key.iter().zip(write.matches.iter().map(|one| &one.ty)),
                ))
                .unwrap_or_default(),
            None => BTreeMap::new(),
        };
        let record = &records[at];
        let memory = remembered.get(&record.key);
        let done = match owned {
            true => written(
                write,
                pair,
                record,
                at,
                key.as_deref(),
                &mut of_record,
                sight,
            ),
            false => Ok((
                taken_back(write, pair, at, memory, &of_record),
                Fields::new(),
            )),
        };
        match done {
            Ok((ops, fields)) => {
                if write.owned_while.is_some() {
                    result
                        .remember
                        .extend(remember(record, owned, fields, memory));
                }
                result.found.ops.extend(ops);
            }
            Err(reason) => result.found.failed.push((at, reason)),
        }
    }
    Ok(result)
}

/// The record's part of the match, and whether ponte owns the fields now; `None` if the write is not for this record.
#[expect(
    clippy::type_complexity,
    reason = "two answers that only belong together here"
)]
fn parent(
    write: &BoundWrite<'_>,
    record: &Record,
    sight: Sight<'_>,
) -> Result<Option<(Option<Vec<Value>>, bool)>, Reason> {
    let view = sight.of(record, None);
    if !holds(write.condition.as_ref(), &view, &write.write.at)? {
        return Ok(None);
    }
    let owned = match &write.owned_while {
        None => true,
        Some(owned) => evaluate(owned, &view, &write.write.at)? == Value::Bool(true),
    };
    let key = match_values(write, record, &view)?.into_iter().collect();
    Ok(Some((key, owned)))
}

/// Rows by parent, then by attribute name.
async fn existing(
    session: &mut dyn Session,
    write: &BoundWrite<'_>,
    (name, value): Pair<'_>,
    wanted: &[(usize, Option<Vec<Value>>, bool)],
    mode: Mode,
) -> db::Result<HashMap<String, BTreeMap<String, Row>>> {
    let mut found: HashMap<String, BTreeMap<String, Row>> = HashMap::new();
    let keys: Vec<Vec<Value>> = wanted
        .iter()
        .filter_map(|(_, key, _)| key.clone())
        .collect();
    if keys.is_empty() {
        return Ok(found);
    }
    let matched: Vec<&str> = write
        .matches
        .iter()
        .map(|one| one.column.as_str())
        .collect();
    // Identity, then name and value, then the match.
    let columns = write
        .identity
        .iter()
        .map(String::as_str)
        .chain([name, value])
        .chain(matched.iter().copied());
    let names = write
        .fields
        .iter()
        .map(|field| Value::Text(field.field.column.clone()))
        .collect();
    let query = Query::sql("SELECT ")
        .idents(columns)
        .text(" FROM ")
        .table(&write.write.table)
        .text(" WHERE ");
    let query = in_keys(query, &matched, &keys)
        .text(" AND ")
        .ident(name)
        .text(" IN (")
        .list(names)
        .text(")");
    let identity: Vec<usize> = (0..write.identity.len()).collect();
    let at = write.identity.len();
    for row in db::fetch(session, &locked(query, mode)).await? {
        let types = write.matches.iter().map(|one| &one.ty);
        let parent = key_of(row[at + 2..].iter().zip(types));
        let attribute = row[at].plain().into_owned();
        keep_lowest(found.entry(parent).or_default(), attribute, row, &identity);
    }
    Ok(found)
}

fn written(
    write: &BoundWrite<'_>,
    (name, value): Pair<'_>,
    record: &Record,
    at: usize,
    key: Option<&[Value]>,
    rows: &mut BTreeMap<String, Row>,
    sight: Sight<'_>,
) -> Result<(Vec<Op>, Fields), Reason> {
    let view = sight.of(record, None);
    let value_at = write.identity.len() + 1;
    let mut ops = Vec::new();
    let mut fields = Fields::new();
    for field in &write.fields {
        let attribute = &field.field.column;
        if field.field.own == Own::Insert && record.state != Existing::New {
            continue;
        }
        let Some(wanted) = field_value(field, &write.write.table, &view)? else {
            continue;
        };
        if !wanted.is_null() {
            fields.insert(attribute.clone(), wanted.plain().into_owned());
        }
        match rows.remove(attribute) {
            Some(row) if wanted.is_null() && field.field.empty == Empty::Remove => {
                ops.push(removal(write, (name, value), at, &row));
            }
            Some(row)
                if field.field.own != Own::Insert && !is_right(field, &row[value_at], &wanted) =>
            {
                ops.push(Op::Update {
                    record: at,
                    identity: row[..write.identity.len()].to_vec(),
                    changes: vec![(value.to_owned(), row[value_at].clone(), wanted)],
                    touch: Vec::new(),
                    attribute: Some(attribute.clone()),
                });
            }
            Some(_) => {}
            None if is_wanted(field, &wanted) => {
                let mut columns: Vec<(String, Value)> = Vec::new();
                if let Some(key) = key {
                    let matched = write.matches.iter().map(|one| one.column.clone());
                    columns.extend(matched.zip(key.iter().cloned()));
                }
                columns.push((name.to_owned(), Value::Text(attribute.clone())));
                columns.push((value.to_owned(), wanted));
                ops.push(Op::Insert {
                    record: at,
                    columns,
                });
            }
            None => {}
        }
    }
    Ok((ops, fields))
}

/// Whether a row that is not there is to be created.
fn is_wanted(field: &BoundField<'_>, wanted: &Value) -> bool {
    !wanted.is_null() || field.field.empty == Empty::Write
}

fn removal(write: &BoundWrite<'_>, (name, value): Pair<'_>, at: usize, row: &Row) -> Op {
    let identity = write.identity.len();
    Op::Delete {
        record: at,
        identity: row[..identity].to_vec(),
        held: vec![
            (name.to_owned(), row[identity].clone()),
            (value.to_owned(), row[identity + 1].clone()),
        ],
    }
}

/// All of what was written, or nothing if somebody has changed any of it: then it is theirs.
fn taken_back(
    write: &BoundWrite<'_>,
    pair: Pair<'_>,
    at: usize,
    memory: Option<&Fields>,
    rows: &BTreeMap<String, Row>,
) -> Vec<Op> {
    let Some(memory) = memory else {
        return Vec::new();
    };
    let value_at = write.identity.len() + 1;
    let as_written = |(attribute, text): (&String, &String)| {
        rows.get(attribute)
            .is_some_and(|row| row[value_at].plain() == text.as_str())
    };
    match memory.iter().all(as_written) {
        true => memory
            .keys()
            .filter_map(|attribute| rows.get(attribute))
            .map(|row| removal(write, pair, at, row))
            .collect(),
        false => Vec::new(),
    }
}

fn remember(
    record: &Record,
    owned: bool,
    fields: Fields,
    memory: Option<&Fields>,
) -> Option<(String, Remember)> {
    let change = match (owned, memory) {
        (true, None) => Remember::New(fields),
        (true, Some(memory)) if *memory != fields => Remember::Other(fields),
        (false, Some(_)) => Remember::Forget,
        _ => return None,
    };
    Some((record.key.clone(), change))
}
