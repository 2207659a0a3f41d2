//! What a batch would do to one table: rows to insert, to update, to delete. Found out by comparing ([`super::rows`],
//! [`super::attributes`], [`super::elements`]), then shown in a dry run or carried out here.

use super::bind::{BoundField, BoundWrite};
use super::change::{ChangeKind, RowChange};
use super::links::LinkCache;
use super::record::{Existing, LookupSlot, Record, Surroundings, View};
use super::report::{Reason, place};
use crate::db::query::{Delete, Insert, Part, Query, TableName, Update};
use crate::db::{self, DbError, DbErrorKind, Session};
use crate::diagnostic::Span;
use crate::expr::{EvalError, Resolved};
use crate::plan::{Empty, Own};
use crate::value::fit;
use crate::value::{Row, Type, Value};
use std::collections::BTreeMap;

/// Look without locks, or lock and write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Look,
    Write,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Op {
    Insert {
        record: usize,
        columns: Vec<(String, Value)>,
    },
    Update {
        record: usize,
        identity: Vec<Value>,
        /// Column, value found, value wanted.
        changes: Vec<(String, Value, Value)>,
        touch: Vec<(String, Value)>,
        /// The attribute that the row is, for showing.
        attribute: Option<String>,
    },
    Delete {
        record: usize,
        identity: Vec<Value>,
        /// What the row held, for showing.
        held: Vec<(String, Value)>,
    },
}

impl Op {
    pub fn record(&self) -> usize {
        match self {
            Op::Insert { record, .. } | Op::Update { record, .. } | Op::Delete { record, .. } => {
                *record
            }
        }
    }

    pub fn kind(&self) -> ChangeKind {
        match self {
            Op::Insert { .. } => ChangeKind::Insert,
            Op::Update { .. } => ChangeKind::Update,
            Op::Delete { .. } => ChangeKind::Remove,
        }
    }
}

/// What comparing needs beside the database.
#[derive(Clone, Copy)]
pub struct Sight<'a> {
    pub around: &'a Surroundings,
    pub lookups: &'a [LookupSlot],
    pub links: &'a LinkCache,
}

impl<'a> Sight<'a> {
    pub fn of(&self, record: &'a Record, element: Option<&'a Row>) -> View<'a> {
        View {
            values: &record.values,
            children: &record.children,
            element,
            lookups: self.lookups,
            links: self.links,
            around: self.around,
        }
    }
}

/// The value of an expression for a row, or the reason why there is none.
pub fn evaluate(value: &Resolved, view: &View<'_>, at: &Span) -> Result<Value, Reason> {
    value.eval(view).map_err(|error| match error {
        EvalError::NotLinked { record, key } => Reason::Waits { record, key },
        EvalError::NoRow { table, row } => Reason::NoRow {
            table,
            row,
            place: place(at),
        },
        EvalError::Invalid(why) => Reason::Expression {
            why,
            place: place(at),
        },
    })
}

/// Whether a condition holds; NULL counts as no.
pub fn holds(condition: Option<&Resolved>, view: &View<'_>, at: &Span) -> Result<bool, Reason> {
    match condition {
        None => Ok(true),
        Some(condition) => match evaluate(condition, view, at)? {
            Value::Bool(flag) => Ok(flag),
            Value::Null => Ok(false),
            other => Err(Reason::Expression {
                why: format!("a condition is true or false, this one is {}", other.show()),
                place: place(at),
            }),
        },
    }
}

/// The value that a field gives its column; `None` if the field does not apply to this row.
pub fn field_value(
    bound: &BoundField<'_>,
    table: &TableName,
    view: &View<'_>,
) -> Result<Option<Value>, Reason> {
    let field = bound.field;
    if !holds(bound.condition.as_ref(), view, &field.at)? {
        return Ok(None);
    }
    let value = evaluate(&bound.value, view, &field.at)?;
    let fitted =
        fit(value, &bound.ty, field.cut, field.round).map_err(|misfit| Reason::Misfit {
            why: misfit.to_string(),
            column: format!("`{table}.{}`, {}", field.column, bound.declared),
            value: shown_again(&bound.value, view, &field.at),
            place: place(&field.at),
            help: misfit.help(),
        })?;
    if fitted.is_null() && field.empty == Empty::Write && !bound.nullable {
        return Err(Reason::Misfit {
            why: "NULL where a value is required".to_owned(),
            column: format!("`{table}.{}`, {} NOT NULL", field.column, bound.declared),
            value: "NULL".to_owned(),
            place: place(&field.at),
            help: Some(
                "give it a value in the source, or say in the mapping what stands for none: `coalesce(x, ...)`",
            ),
        });
    }
    Ok(Some(fitted))
}

/// The values of the write's match; `None` in place of one that is not known before the record's rows are written.
pub fn match_values(
    write: &BoundWrite<'_>,
    record: &Record,
    view: &View<'_>,
) -> Result<Vec<Option<Value>>, Reason> {
    write
        .matches
        .iter()
        .zip(&write.write.matches)
        .map(|(bound, one)| {
            let value = evaluate(&bound.value, view, &one.at)?;
            if value.is_null() {
                return match record.state {
                    Existing::New => Ok(None),
                    _ if view.around.anew => Ok(None),
                    _ => Err(Reason::Expression {
                        why: format!(
                            "`{}` is NULL, so no row of `{}` can be told",
                            one.column, write.write.table
                        ),
                        place: place(&one.at),
                    }),
                };
            }
            fit(value, &bound.ty, None, None)
                .map(Some)
                .map_err(|misfit| Reason::Misfit {
                    why: misfit.to_string(),
                    column: format!("`{}.{}`", write.write.table, one.column),
                    value: shown_again(&bound.value, view, &one.at),
                    place: place(&one.at),
                    help: misfit.help(),
                })
        })
        .collect()
}

/// What did not fit: few values are shown, so none is kept for that.
fn shown_again(value: &Resolved, view: &View<'_>, at: &Span) -> String {
    evaluate(value, view, at).map_or_else(|_| String::new(), |value| value.show())
}

/// Whether the write is for records of this kind; a record being created is of the first kind of the first write.
pub fn is_for(write: &BoundWrite<'_>, record: &Record, created_kind: Option<&str>) -> bool {
    let kinds = &write.write.kinds;
    let kind = match &record.state {
        Existing::New => created_kind,
        state => state.kind(),
    };
    kinds.is_empty() || kind.is_none_or(|kind| kinds.iter().any(|known| known == kind))
}

/// `(a, b) IN ((1, 2), …)`, or `a IN (…)` for one column.
pub fn in_keys(query: Query, columns: &[&str], keys: &[Vec<Value>]) -> Query {
    if let [column] = columns {
        let values = keys.iter().map(|key| key[0].clone()).collect();
        return query.ident(*column).text(" IN (").list(values).text(")");
    }
    query.among(columns, keys.to_vec())
}

/// Adds the lock that a mode asks for.
pub fn locked(query: Query, mode: Mode) -> Query {
    match mode {
        Mode::Look => query,
        Mode::Write => query.push(Part::ForUpdate),
    }
}

/// Values as one text to compare keys by: numbers by value, texts byte for byte but for the blanks that a padded column
/// adds.
pub fn key_of<'v>(values: impl IntoIterator<Item = (&'v Value, &'v Type)>) -> String {
    let mut key = String::new();
    for (value, ty) in values {
        let text = value.plain();
        let text = match ty {
            Type::Text { padded: true, .. } => text.trim_end_matches(' '),
            _ => &text,
        };
        key.push_str(text);
        key.push('\u{1f}');
    }
    key
}

/// The row with the lowest identity: where no unique key keeps a second one away, the shop reads the first.
pub fn keep_lowest(rows: &mut BTreeMap<String, Row>, key: String, row: Row, identity: &[usize]) {
    match rows.get(&key) {
        Some(held) if !is_lower(&row, held, identity) => {}
        _ => {
            rows.insert(key, row);
        }
    }
}

fn is_lower(a: &Row, b: &Row, identity: &[usize]) -> bool {
    let orders = identity.iter().map(|at| a[*at].order(&b[*at]));
    orders
        .into_iter()
        .find(|order| order.is_ne())
        .is_some_and(|order| order.is_lt())
}

/// Carries out the operations of one write. Generated values come back by record. `later`: rows of which nothing comes back may be
/// inserted together with what follows.
pub async fn execute(
    session: &mut dyn Session,
    write: &BoundWrite<'_>,
    ops: &[Op],
    later: bool,
) -> db::Result<Vec<(usize, Value)>> {
    delete(session, write, ops).await?;
    update(session, write, ops).await?;
    insert(session, write, ops, later).await
}

pub fn types_of(write: &BoundWrite<'_>, columns: &[String]) -> Vec<Type> {
    let ty = |name: &String| write.table.column(name).map(|column| column.ty.clone());
    columns
        .iter()
        .map(|name| ty(name).unwrap_or(Type::Other(String::new())))
        .collect()
}

async fn delete(session: &mut dyn Session, write: &BoundWrite<'_>, ops: &[Op]) -> db::Result<()> {
    let rows: Vec<Vec<Value>> = ops
        .iter()
        .filter_map(|op| match op {
            Op::Delete { identity, .. } => Some(identity.clone()),
            _ => None,
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    let key_types = types_of(write, &write.identity);
    let delete = Delete {
        table: write.write.table.clone(),
        key: write.identity.clone(),
        key_types,
        rows,
    };
    session.delete(&delete).await.map(|_| ())
}

/// A row's key, and the values of the columns that change.
type KeyedRow = (Vec<Value>, Vec<Value>);
/// The records that rows belong to, and the rows.
type NewRows = (Vec<usize>, Vec<Vec<Value>>);

/// One statement per set of columns that change; most batches have one or two such sets.
async fn update(session: &mut dyn Session, write: &BoundWrite<'_>, ops: &[Op]) -> db::Result<()> {
    let mut by_columns: BTreeMap<Vec<String>, Vec<KeyedRow>> = BTreeMap::new();
    for op in ops {
        if let Op::Update {
            identity,
            changes,
            touch,
            ..
        } = op
        {
            let changed = changes
                .iter()
                .map(|(column, _, new)| (column.clone(), new.clone()));
            let (columns, values) = changed.chain(touch.iter().cloned()).unzip();
            by_columns
                .entry(columns)
                .or_default()
                .push((identity.clone(), values));
        }
    }
    for (columns, rows) in by_columns {
        let wanted = rows.len() as u64;
        let update = Update {
            table: write.write.table.clone(),
            key: write.identity.clone(),
            key_types: types_of(write, &write.identity),
            types: types_of(write, &columns),
            columns,
            rows,
        };
        let found = session.update(&update).await?;
        if found != wanted {
            return Err(DbError::new(
                DbErrorKind::Conflict,
                format!(
                    "{wanted} rows of {} were to be updated and {found} were there",
                    write.write.table
                ),
            ));
        }
    }
    Ok(())
}

async fn insert(
    session: &mut dyn Session,
    write: &BoundWrite<'_>,
    ops: &[Op],
    later: bool,
) -> db::Result<Vec<(usize, Value)>> {
    let mut by_columns: BTreeMap<Vec<String>, NewRows> = BTreeMap::new();
    for op in ops {
        if let Op::Insert { record, columns } = op {
            let (names, values): (Vec<_>, Vec<_>) = columns.iter().cloned().unzip();
            let (records, rows) = by_columns.entry(names).or_default();
            records.push(*record);
            rows.push(values);
        }
    }
    let generated_column = write.table.columns.iter().find(|column| column.generated);
    let unique = write
        .fields
        .iter()
        .filter(|field| field.unique)
        .map(|field| field.field.column.as_str());
    let tells_apart: Vec<&str> = write
        .matches
        .iter()
        .map(|one| one.column.as_str())
        .chain(unique)
        .collect();
    let mut generated = Vec::new();
    for (columns, (records, rows)) in by_columns {
        let is_used = |name: &String| write.exports.iter().any(|(column, _)| column == name);
        let wanted = generated_column
            .filter(|_| write.write.attributes.is_none())
            .map(|column| column.name.clone())
            .filter(|name| is_used(name) && !columns.contains(name));
        let distinct_by = (0..columns.len())
            .filter(|at| tells_apart.contains(&columns[*at].as_str()))
            .collect();
        let insert = Insert {
            table: write.write.table.clone(),
            types: types_of(write, &columns),
            columns,
            rows,
            generated: wanted,
            distinct_by,
        };
        if later && insert.generated.is_none() {
            session.insert_later(&insert).await?;
            continue;
        }
        let values = session.insert(&insert).await?;
        generated.extend(records.into_iter().zip(values));
    }
    Ok(generated)
}

/// An operation as it is shown; with its values, if somebody decides about it.
pub fn shown(op: &Op, write: &BoundWrite<'_>, keeps_values: bool) -> RowChange {
    let new = |kind: ChangeKind, row: &[(&str, &Value)]| {
        RowChange::new(kind, &write.write.table, row).keeping_values(keeps_values)
    };
    fn named<'v>(write: &'v BoundWrite<'_>, identity: &'v [Value]) -> Vec<(&'v str, &'v Value)> {
        write
            .identity
            .iter()
            .map(String::as_str)
            .zip(identity)
            .collect()
    }
    match op {
        Op::Insert { columns, .. } => {
            let change = new(ChangeKind::Insert, &[]);
            let columns = columns.iter();
            columns.fold(change, |change, (column, value)| {
                change.column(column, None, Some(value))
            })
        }
        Op::Update {
            identity,
            changes,
            attribute,
            ..
        } => {
            let change = new(ChangeKind::Update, &named(write, identity));
            let changes = changes.iter();
            changes.fold(change, |change, (column, old, new)| {
                let called = attribute.as_ref().unwrap_or(column);
                change.column(called, Some(old), Some(new))
            })
        }
        Op::Delete { identity, held, .. } => {
            let change = new(ChangeKind::Remove, &named(write, identity));
            held.iter().fold(change, |change, (column, value)| {
                change.column(column, Some(value), None)
            })
        }
    }
}

/// Whether a found value is as good as the wanted one, so that nothing is to be written.
pub fn is_right(field: &BoundField<'_>, found: &Value, wanted: &Value) -> bool {
    if field.field.own == Own::Fill && !found.is_empty() {
        return true;
    }
    if wanted.is_null() && field.field.empty == Empty::Keep {
        return true;
    }
    if crate::value::same(found, wanted, &field.ty) {
        return true;
    }
    if field.field.compare_as_number
        && let (Value::Text(found), Value::Text(wanted)) = (found, wanted)
        && let (Ok(found), Ok(wanted)) = (
            crate::value::Decimal::parse(found),
            crate::value::Decimal::parse(wanted),
        )
    {
        return found == wanted;
    }
    false
}
