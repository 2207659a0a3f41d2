//! Conditions of a pack that no record has a say in: which order storage rules, whether a column exists.

use super::lookup::Lookups;
use crate::db::query::TableName;
use crate::db::{DbError, Session};
use crate::diagnostic::Diagnostic;
use crate::expr::{Env, EvalError, Expr, Name, Resolve, Slot, Unknown, Zone};
use crate::value::Value;
use chrono::{DateTime, Utc};
use std::borrow::Cow;
use std::collections::HashMap;

/// Why a condition cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum ConditionError {
    #[error(transparent)]
    Database(#[from] DbError),
    #[error("{}", .0.iter().map(|one| one.message.as_str()).collect::<Vec<_>>().join("; "))]
    Mapping(Vec<Diagnostic>),
    #[error("{place}: {why}")]
    Value { place: String, why: EvalError },
    #[error("{place}: a condition is true or false, not {kind}")]
    NotATruth { place: String, kind: &'static str },
}

/// Whether a condition over small tables and the database's catalog holds; NULL is no.
///
/// # Errors
/// Those of the database (its catalog is asked for tables that the condition names), of names that mean nothing here
/// and of values that are no truth.
pub async fn holds(
    session: &mut dyn Session,
    lookups: &Lookups,
    condition: &Expr,
    now: DateTime<Utc>,
) -> Result<bool, ConditionError> {
    let mut scope = Scope {
        tables: HashMap::new(),
        asked: Vec::new(),
        columns: lookups.columns(),
        lookups,
        slots: Vec::new(),
        now,
    };
    // Resolving asks for tables but cannot wait for the database: the first time tells which ones to read.
    let first = condition
        .resolve(&mut scope)
        .map_err(ConditionError::Mapping)?;
    let asked = std::mem::take(&mut scope.asked);
    let resolved = match asked.is_empty() {
        true => first,
        false => {
            for name in asked {
                let table = session.table(&TableName::parse(&name)).await?;
                if let Some(table) = table {
                    let columns = table.columns.into_iter().map(|column| column.name);
                    scope.tables.insert(name, columns.collect());
                }
            }
            scope.slots.clear();
            condition
                .resolve(&mut scope)
                .map_err(ConditionError::Mapping)?
        }
    };
    let place = || condition.at.place();
    match resolved.eval(&scope) {
        Ok(value) => match value {
            Value::Bool(truth) => Ok(truth),
            Value::Null => Ok(false),
            other => Err(ConditionError::NotATruth {
                place: place(),
                kind: other.kind(),
            }),
        },
        Err(why) => Err(ConditionError::Value {
            place: place(),
            why,
        }),
    }
}

struct Scope<'a> {
    /// Columns of the tables that exist.
    tables: HashMap<String, Vec<String>>,
    /// Tables that the condition names.
    asked: Vec<String>,
    columns: HashMap<String, Vec<String>>,
    lookups: &'a Lookups,
    slots: Vec<(String, String)>,
    now: DateTime<Utc>,
}

impl Resolve for Scope<'_> {
    fn name(&mut self, name: &Name<'_>) -> Result<Slot, Unknown> {
        let Name::Lookup { table, column, .. } = *name else {
            return Err(Unknown {
                message: "a condition here sees no record, only small tables and the catalog"
                    .to_owned(),
                candidates: self.columns.keys().cloned().collect(),
                note: None,
            });
        };
        let Some(columns) = self.columns.get(table) else {
            return Err(Unknown {
                message: format!("there is no small table `{table}`"),
                candidates: self.columns.keys().cloned().collect(),
                note: None,
            });
        };
        if !columns.iter().any(|known| known == column) {
            return Err(Unknown {
                message: format!("`{table}` has no column `{column}`"),
                candidates: columns.clone(),
                note: Some(format!("columns of `{table}`: {}", columns.join(", "))),
            });
        }
        self.slots.push((table.to_owned(), column.to_owned()));
        Ok((self.slots.len() - 1) as Slot)
    }

    fn has_table(&mut self, table: &str) -> bool {
        self.asked.push(table.to_owned());
        self.tables.contains_key(table)
    }

    fn has_column(&mut self, table: &str, column: &str) -> bool {
        self.asked.push(table.to_owned());
        let columns = self.tables.get(table);
        columns.is_some_and(|columns| columns.iter().any(|known| known == column))
    }
}

impl Env for Scope<'_> {
    fn value(&self, _: Slot) -> Result<Cow<'_, Value>, EvalError> {
        Err(EvalError::Invalid(
            "a condition here sees no record".to_owned(),
        ))
    }

    fn lookup(&self, slot: Slot, keys: &[Value]) -> Result<Cow<'_, Value>, EvalError> {
        let (table, column) = &self.slots[slot as usize];
        self.lookups.get(table, keys, column)
    }

    fn now(&self) -> DateTime<Utc> {
        self.now
    }

    fn zone(&self) -> Zone {
        Zone::UTC
    }
}
