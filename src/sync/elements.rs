//! A write of a row per element of a child set (an article's categories) or of a small table (the shop's languages).
//! With a `scope`, rows in it that the record no longer yields are removed: of a child set as far as they lead to
//! something that ponte has linked, of a small table as far as they lead to one of its rows, for which the write's `if`
//! no longer holds. So a small table that comes back short or empty takes nothing away.

use super::bind::{BoundEach, BoundWrite};
use super::record::{Existing, Record};
use super::report::Reason;
use super::rows::{Found, differences, new_row};
use super::work::{Mode, Op, Sight, evaluate, holds, in_keys, is_for, keep_lowest, key_of, locked};
use crate::db::query::Query;
use crate::db::{self, Session};
use crate::plan::Own;
use crate::value::fit;
use crate::value::{Row, Type, Value};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Ids that ponte has linked, by link column: what a scope may remove rows to.
pub type Linked = HashMap<(String, String), HashSet<String>>;

/// Elements that wait for a link are left out and noted in `waiting`.
#[derive(Debug, Default)]
pub struct FoundElements {
    pub found: Found,
    pub waiting: Vec<usize>,
}

/// `fresh`: records none of whose rows can be there yet.
#[allow(clippy::too_many_arguments)]
pub async fn compare(
    session: &mut dyn Session,
    write: &BoundWrite<'_>,
    records: &[Record],
    fresh: &HashSet<usize>,
    sight: Sight<'_>,
    created_kind: Option<&str>,
    linked: &Linked,
    mode: Mode,
) -> db::Result<FoundElements> {
    let mut result = FoundElements::default();
    let mut wanted = Vec::new();
    for (at, record) in records.iter().enumerate() {
        if !is_for(write, record, created_kind) {
            continue;
        }
        match elements(write, record, sight, &mut result.waiting, at) {
            Ok(Some(elements)) => wanted.push((at, elements)),
            Ok(None) => {}
            Err(reason) => result.found.failed.push((at, reason)),
        }
    }
    let types: Vec<&Type> = write.matches.iter().map(|one| &one.ty).collect();
    let (columns, rows) = existing(session, write, &wanted, fresh, mode).await?;
    let match_at: Vec<usize> = write
        .matches
        .iter()
        .map(|one| position(&columns, &one.column))
        .collect();
    let identity: Vec<usize> = (0..write.identity.len()).collect();
    let mut by_key = BTreeMap::new();
    for row in rows {
        let key = key_of(
            match_at
                .iter()
                .map(|at| &row[*at])
                .zip(types.iter().copied()),
        );
        keep_lowest(&mut by_key, key, row, &identity);
    }
    for (at, elements) in wanted {
        let parent = elements.parent.as_ref();
        for element in &elements.rows {
            let full: Option<Vec<&Value>> = element.key.iter().map(Option::as_ref).collect();
            let key = full.map(|key| key_of(key.into_iter().zip(types.iter().copied())));
            let row = key.and_then(|key| by_key.remove(&key));
            let view = sight.of(&records[at], Some(&element.row));
            let op = match row {
                Some(row) => differences(write, &view, at, &row, &columns),
                None => new_row(write, &view, at, element.key.iter().cloned()).map(Some),
            };
            match op {
                Ok(op) => result.found.ops.extend(op),
                Err(reason) => result.found.failed.push((at, reason)),
            }
        }
        if let (Some(parent), Some(_)) = (parent, &write.write.scope) {
            let is_its = |row: &Row| {
                let held = write
                    .matches
                    .iter()
                    .zip(&match_at)
                    .filter(|(one, _)| one.of_record);
                key_of(held.map(|(one, at)| (&row[*at], &one.ty))) == *parent
            };
            let mut gone: Vec<String> = Vec::new();
            for (key, row) in &by_key {
                let leads_on = match &elements.left_out {
                    Some(left_out) => left_out.contains(key),
                    None => true,
                };
                if leads_on && is_its(row) && leads_to_linked(write, row, &match_at, linked) {
                    gone.push(key.clone());
                }
            }
            for key in gone {
                if let Some(row) = by_key.remove(&key) {
                    let held = match_at
                        .iter()
                        .map(|at| (columns[*at].clone(), row[*at].clone()))
                        .collect();
                    let identity = row[..write.identity.len()].to_vec();
                    result.found.ops.push(Op::Delete {
                        record: at,
                        identity,
                        held,
                    });
                }
            }
        }
    }
    Ok(result)
}

struct Elements {
    /// The record's part of the match as a text; `None` while the record's own row does not exist.
    parent: Option<String>,
    parent_values: Option<Vec<Value>>,
    rows: Vec<Element>,
    /// Of a small table: the rows of the target that its elements would lead to if the write's condition held for
    /// them. Only these may go: a row that leads to something else is not the table's.
    left_out: Option<HashSet<String>>,
}

struct Element {
    row: Row,
    key: Vec<Option<Value>>,
}

fn elements(
    write: &BoundWrite<'_>,
    record: &Record,
    sight: Sight<'_>,
    waiting: &mut Vec<usize>,
    at: usize,
) -> Result<Option<Elements>, Reason> {
    let whole = sight.of(record, None);
    let mut parent = Vec::new();
    for (bound, one) in write.matches.iter().zip(&write.write.matches) {
        if bound.of_record {
            let value = evaluate(&bound.value, &whole, &one.at)?;
            if value.is_null() && record.state != Existing::New {
                return Ok(None);
            }
            parent.push((value, bound));
        }
    }
    let known = parent.iter().all(|(value, _)| !value.is_null());
    let values = || -> Result<Vec<Value>, Reason> {
        parent
            .iter()
            .map(|(value, bound)| {
                fit(value.clone(), &bound.ty, None, None).map_err(|misfit| Reason::Field {
                    field: bound.column.clone(),
                    why: misfit.to_string(),
                })
            })
            .collect()
    };
    let parent_values = if known { Some(values()?) } else { None };
    let parent_text = parent_values
        .as_ref()
        .map(|values| key_of(values.iter().zip(parent.iter().map(|(_, bound)| &bound.ty))));
    let mut rows = Vec::new();
    let mut seen = HashSet::new();
    let mut left_out = match &write.each {
        Some(BoundEach::Table(_)) => Some(HashSet::new()),
        _ => None,
    };
    let set = write
        .each
        .as_ref()
        .map_or(&[][..], |each| each.rows(record));
    for row in set {
        let view = sight.of(record, Some(row));
        let applies = holds(write.condition.as_ref(), &view, &write.write.at)?;
        if !applies && left_out.is_none() {
            continue;
        }
        let mut key = Vec::new();
        let mut complete = true;
        for (bound, one) in write.matches.iter().zip(&write.write.matches) {
            let value = match evaluate(&bound.value, &view, &one.at) {
                Ok(value) => value,
                Err(Reason::Waits { .. }) => {
                    if applies {
                        waiting.push(at);
                    }
                    complete = false;
                    break;
                }
                Err(reason) => return Err(reason),
            };
            if value.is_null() && !bound.of_record {
                complete = false;
                break;
            }
            key.push(match value.is_null() {
                true => None,
                false => {
                    Some(
                        fit(value, &bound.ty, None, None).map_err(|misfit| Reason::Field {
                            field: bound.column.clone(),
                            why: misfit.to_string(),
                        })?,
                    )
                }
            });
        }
        let text = key_of(
            key.iter()
                .map(|value| value.as_ref().unwrap_or(&Value::Null))
                .zip(write.matches.iter().map(|one| &one.ty)),
        );
        if !applies {
            left_out
                .iter_mut()
                .filter(|_| complete)
                .for_each(|keys| _ = keys.insert(text.clone()));
            continue;
        }
        // Two elements that lead to one row are one.
        if complete && seen.insert(text) {
            rows.push(Element {
                row: row.clone(),
                key,
            });
        }
    }
    Ok(Some(Elements {
        parent: parent_text,
        parent_values,
        rows,
        left_out,
    }))
}

fn position(columns: &[String], name: &str) -> usize {
    columns
        .iter()
        .position(|column| column == name)
        .unwrap_or(0)
}

async fn existing(
    session: &mut dyn Session,
    write: &BoundWrite<'_>,
    wanted: &[(usize, Elements)],
    fresh: &HashSet<usize>,
    mode: Mode,
) -> db::Result<(Vec<String>, Vec<Row>)> {
    let mut columns = write.identity.clone();
    let compared = write
        .fields
        .iter()
        .filter(|field| matches!(field.field.own, Own::Set | Own::Fill));
    let named = write.matches.iter().map(|one| one.column.as_str());
    for column in named.chain(compared.map(|field| field.field.column.as_str())) {
        if !columns.iter().any(|known| known == column) {
            columns.push(column.to_owned());
        }
    }
    // Where nothing of the record is in the match, rows are known by what their elements say.
    let by_record = write.matches.iter().any(|one| one.of_record);
    let asked: Vec<Vec<Value>> = match by_record {
        true => wanted
            .iter()
            .filter(|(at, _)| !fresh.contains(at))
            .filter_map(|(_, elements)| elements.parent_values.clone())
            .collect(),
        false => wanted
            .iter()
            .flat_map(|(_, elements)| &elements.rows)
            .filter_map(|element| element.key.iter().cloned().collect())
            .collect(),
    };
    if asked.is_empty() {
        return Ok((columns, Vec::new()));
    }
    let keys: Vec<&str> = write
        .matches
        .iter()
        .filter(|one| one.of_record || !by_record)
        .map(|one| one.column.as_str())
        .collect();
    let query = Query::sql("SELECT ")
        .idents(&columns)
        .text(" FROM ")
        .table(&write.write.table)
        .text(" WHERE ");
    let mut query = in_keys(query, &keys, &asked);
    if let Some(scope) = &write.write.scope {
        query = query.text(format!(" AND ({})", scope.text));
    }
    let rows = db::fetch(session, &locked(query, mode)).await?;
    Ok((columns, rows))
}

/// With `link()` in the match, rows that lead elsewhere are the shop people's own.
fn leads_to_linked(write: &BoundWrite<'_>, row: &Row, match_at: &[usize], linked: &Linked) -> bool {
    write
        .matches
        .iter()
        .zip(match_at)
        .all(|(one, at)| match &one.link {
            None => true,
            Some(link) => linked
                .get(link)
                .is_some_and(|ids| ids.contains(row[*at].plain().as_ref())),
        })
}
