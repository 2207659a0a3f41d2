//! A write of one row a record: which rows are there, which are missing, which differ.

use super::bind::{BoundField, BoundWrite};
use super::record::{Record, View};
use super::report::Reason;
use super::work::{
    Mode, Op, Sight, field_value, holds, in_keys, is_for, is_right, keep_lowest, key_of, locked,
    match_values,
};
use crate::db::query::Query;
use crate::db::{self, Session};
use crate::plan::{Empty, Own};
use crate::value::{Row, Type, Value};
use std::collections::{BTreeMap, HashMap, HashSet};

/// What a comparison found: operations, and records that it has to leave out.
#[derive(Debug, Default)]
pub struct Found {
    pub ops: Vec<Op>,
    pub failed: Vec<(usize, Reason)>,
}

/// Compares the records' rows with the table as it is now. Columns that later expressions use are put into the records.
/// `touched`: records of which an earlier write of the flow changed something; `fresh`: those whose row cannot be there yet.
#[allow(clippy::too_many_arguments)]
pub async fn compare(
    session: &mut dyn Session,
    write: &BoundWrite<'_>,
    records: &mut [Record],
    fresh: &HashSet<usize>,
    sight: Sight<'_>,
    created_kind: Option<&str>,
    touched: &HashSet<usize>,
    whose: &'static str,
    mode: Mode,
) -> db::Result<Found> {
    let mut found = Found::default();
    let mut keys: Vec<(usize, Option<Vec<Value>>)> = Vec::new();
    for (at, record) in records.iter().enumerate() {
        if !is_for(write, record, created_kind) {
            continue;
        }
        let view = sight.of(record, None);
        let key =
            holds(write.condition.as_ref(), &view, &write.write.at).and_then(
                |applies| match applies {
                    true => match_values(write, record, &view).map(Some),
                    false => Ok(None),
                },
            );
        match key {
            Ok(Some(values)) => keys.push((at, values.into_iter().collect())),
            Ok(None) => {}
            Err(reason) => found.failed.push((at, reason)),
        }
    }
    let types: Vec<&Type> = write.matches.iter().map(|one| &one.ty).collect();
    let shared = shared(write, records, &keys, &types);
    keys.retain(|(at, _)| !shared.iter().any(|(other, _)| other == at));
    found.failed.extend(shared);
    let asked: Vec<&Vec<Value>> = keys
        .iter()
        .filter(|(at, _)| !fresh.contains(at))
        .filter_map(|(_, key)| key.as_ref())
        .collect();
    let anew = sight.around.anew;
    let mut existing = existing(session, write, &asked, &types, anew, mode).await?;
    for (at, key) in keys {
        let text = key
            .as_ref()
            .map(|key| key_of(key.iter().zip(types.iter().copied())));
        let row = text.as_ref().and_then(|text| existing.rows.remove(text));
        if row.is_none()
            && let Some(key) = &key
            && let Some(theirs) = existing.lookalike(session, write, key).await?
        {
            found.failed.push((at, Reason::Lookalike { whose, theirs }));
            continue;
        }
        let record = &records[at];
        let view = sight.of(record, None);
        let op = match &row {
            Some(row) => match differences(write, &view, at, row, &existing.columns) {
                Ok(None) if touched.contains(&at) => goes_along(write, &view, at, row),
                found => found,
            },
            None => match_values(write, record, &view)
                .and_then(|key| new_row(write, &view, at, key))
                .map(Some),
        };
        match op {
            Ok(op) => found.ops.extend(op),
            Err(reason) => {
                found.failed.push((at, reason));
                continue;
            }
        }
        if let Some(row) = row {
            for (column, slot) in &write.exports {
                if let Some(position) = existing.columns.iter().position(|known| known == column) {
                    records[at].values[*slot as usize] = row[position].clone();
                }
            }
        }
    }
    Ok(found)
}

/// Records that lead to one and the same row: each would overwrite the other, in every run anew.
fn shared(
    write: &BoundWrite<'_>,
    records: &[Record],
    keys: &[(usize, Option<Vec<Value>>)],
    types: &[&Type],
) -> Vec<(usize, Reason)> {
    let mut first: HashMap<String, usize> = HashMap::new();
    let mut shared: BTreeMap<usize, usize> = BTreeMap::new();
    for (at, key) in keys {
        let Some(key) = key else { continue };
        let text = key_of(key.iter().zip(types.iter().copied()));
        let other = *first.entry(text).or_insert(*at);
        if other != *at {
            shared.insert(*at, other);
            shared.entry(other).or_insert(*at);
        }
    }
    let reason = |(at, other): (usize, usize)| {
        let key = records[other].key.clone();
        let table = write.write.table.to_string();
        (at, Reason::SameRow { key, table })
    };
    shared.into_iter().map(reason).collect()
}

/// The table's rows for the batch's keys.
struct ExistingRows {
    columns: Vec<String>,
    rows: BTreeMap<String, Row>,
    /// The server returned rows whose key is none of the asked ones byte for byte: its collation holds them equal.
    has_strangers: bool,
}

impl ExistingRows {
    /// A row that the server's collation holds equal to the key; asked singly, since that is rare.
    async fn lookalike(
        &self,
        session: &mut dyn Session,
        write: &BoundWrite<'_>,
        key: &[Value],
    ) -> db::Result<Option<String>> {
        if !self.has_strangers {
            return Ok(None);
        }
        let columns: Vec<&str> = write
            .matches
            .iter()
            .map(|one| one.column.as_str())
            .collect();
        let query = Query::sql("SELECT ")
            .idents(&columns)
            .text(" FROM ")
            .table(&write.write.table)
            .text(" WHERE ");
        let rows = db::fetch(session, &in_keys(query, &columns, &[key.to_vec()])).await?;
        Ok(rows.first().map(|row| super::record::key_text(row)))
    }
}

async fn existing(
    session: &mut dyn Session,
    write: &BoundWrite<'_>,
    keys: &[&Vec<Value>],
    types: &[&Type],
    anew: bool,
    mode: Mode,
) -> db::Result<ExistingRows> {
    let matched: Vec<&str> = write
        .matches
        .iter()
        .map(|one| one.column.as_str())
        .collect();
    let compared = write.fields.iter().filter(|field| match field.field.own {
        Own::Set | Own::Fill => true,
        Own::Insert => anew,
        Own::Touch => false,
    });
    let mut columns: Vec<String> = write.identity.clone();
    for column in matched
        .iter()
        .copied()
        .chain(compared.map(|field| field.field.column.as_str()))
        .chain(write.exports.iter().map(|(column, _)| column.as_str()))
    {
        if !columns.iter().any(|known| known == column) {
            columns.push(column.to_owned());
        }
    }
    let mut found = ExistingRows {
        columns,
        rows: BTreeMap::new(),
        has_strangers: false,
    };
    let wanted: Vec<Vec<Value>> = keys.iter().map(|key| (*key).clone()).collect();
    if wanted.is_empty() {
        return Ok(found);
    }
    let position = |name: &str| {
        found
            .columns
            .iter()
            .position(|column| column == name)
            .unwrap_or(0)
    };
    let match_at: Vec<usize> = matched.iter().map(|name| position(name)).collect();
    let identity_at: Vec<usize> = (0..write.identity.len()).collect();
    let query = Query::sql("SELECT ")
        .idents(&found.columns)
        .text(" FROM ")
        .table(&write.write.table)
        .text(" WHERE ");
    let query = locked(in_keys(query, &matched, &wanted), mode);
    let asked: HashSet<String> = wanted
        .iter()
        .map(|key| key_of(key.iter().zip(types.iter().copied())))
        .collect();
    for row in db::fetch(session, &query).await? {
        let key = key_of(
            match_at
                .iter()
                .map(|at| &row[*at])
                .zip(types.iter().copied()),
        );
        match asked.contains(&key) {
            true => keep_lowest(&mut found.rows, key, row, &identity_at),
            false => found.has_strangers = true,
        }
    }
    Ok(found)
}

/// What an existing row would have to be changed to; `columns` are those of `row`, the identity first.
pub fn differences(
    write: &BoundWrite<'_>,
    view: &View<'_>,
    at: usize,
    row: &Row,
    columns: &[String],
) -> Result<Option<Op>, Reason> {
    let mut changes = Vec::new();
    for field in &write.fields {
        let column = &field.field.column;
        let is_match = || write.matches.iter().any(|one| one.column == *column);
        match field.field.own {
            Own::Touch => {}
            Own::Insert if !view.around.anew || is_match() => {}
            Own::Set | Own::Fill | Own::Insert => {
                let position = columns.iter().position(|known| known == column);
                let found = position.map_or(&Value::Null, |position| &row[position]);
                if let Some(wanted) = field_value(field, &write.write.table, view)?
                    && !match field.field.own {
                        Own::Insert => is_as_new(field, found, &wanted),
                        _ => is_right(field, found, &wanted),
                    }
                {
                    changes.push((column.clone(), found.clone(), wanted));
                }
            }
        }
    }
    if changes.is_empty() {
        return Ok(None);
    }
    Ok(Some(Op::Update {
        record: at,
        identity: row[..write.identity.len()].to_vec(),
        changes,
        touch: touched(write, view)?,
        attribute: None,
    }))
}

/// Whether the column holds what it would in a new row: nothing, too, where it may.
fn is_as_new(field: &BoundField<'_>, found: &Value, wanted: &Value) -> bool {
    match wanted.is_null() {
        true => found.is_null() || !field.nullable,
        false => is_right(field, found, wanted),
    }
}

/// A row that is right, of a record of which something else was changed: only what goes along with a change.
fn goes_along(
    write: &BoundWrite<'_>,
    view: &View<'_>,
    at: usize,
    row: &Row,
) -> Result<Option<Op>, Reason> {
    let touch = touched(write, view)?;
    Ok((!touch.is_empty()).then(|| Op::Update {
        record: at,
        identity: row[..write.identity.len()].to_vec(),
        changes: Vec::new(),
        touch,
        attribute: None,
    }))
}

fn touched(write: &BoundWrite<'_>, view: &View<'_>) -> Result<Vec<(String, Value)>, Reason> {
    let mut touched = Vec::new();
    for field in write
        .fields
        .iter()
        .filter(|field| field.field.own == Own::Touch)
    {
        let value = field_value(field, &write.write.table, view)?;
        touched.extend(value.map(|value| (field.field.column.clone(), value)));
    }
    Ok(touched)
}

/// A row that is yet to be created: match, `set` and `fill`, then `insert` for what is still without a value, `touch`.
pub fn new_row(
    write: &BoundWrite<'_>,
    view: &View<'_>,
    at: usize,
    key: impl IntoIterator<Item = Option<Value>>,
) -> Result<Op, Reason> {
    let (columns, values) = new_cells(write, view, key)?;
    let columns = columns.into_iter().map(str::to_owned).zip(values);
    Ok(Op::Insert {
        record: at,
        columns: columns.collect(),
    })
}

/// The columns of [`new_row`], and their values.
pub fn new_cells<'w>(
    write: &'w BoundWrite<'_>,
    view: &View<'_>,
    key: impl IntoIterator<Item = Option<Value>>,
) -> Result<(Vec<&'w str>, Vec<Value>), Reason> {
    let count = write.matches.len() + write.fields.len();
    let (mut columns, mut values) = (Vec::with_capacity(count), Vec::with_capacity(count));
    let matches = write.matches.iter().map(|one| one.column.as_str());
    for (column, value) in matches.zip(key) {
        if let Some(value) = value {
            columns.push(column);
            values.push(value);
        }
    }
    let order = [Own::Set, Own::Fill, Own::Insert, Own::Touch];
    for own in order {
        for field in write.fields.iter().filter(|field| field.field.own == own) {
            let column = field.field.column.as_str();
            if columns.contains(&column) {
                continue;
            }
            let Some(value) = field_value(field, &write.write.table, view)? else {
                continue;
            };
            if !value.is_null() || field.field.empty == Empty::Write {
                columns.push(column);
                values.push(value);
            }
        }
    }
    Ok((columns, values))
}
