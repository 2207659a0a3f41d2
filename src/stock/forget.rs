//! Names of cached rows, computed from the columns of `figures`: `'_transient_wc_var_prices_' || parent`.

use super::figures::Figures;
use crate::db::{self, DbError, DbErrorKind};
use crate::expr::{Env, EvalError, Expr, Name, Resolve, Slot, Unknown, Zone};
use crate::sync::lookup::Lookups;
use crate::value::Value;
use chrono::{DateTime, Utc};
use std::borrow::Cow;

/// What an expression sees: the columns of one figure.
pub struct Row<'a> {
    columns: &'a [String],
    lookups: &'a Lookups,
    now: DateTime<Utc>,
}

impl<'a> Row<'a> {
    pub fn new(figures: &'a Figures, lookups: &'a Lookups, now: DateTime<Utc>) -> Self {
        Row {
            columns: &figures.columns,
            lookups,
            now,
        }
    }

    /// The expressions' values for each figure's columns.
    ///
    /// # Errors
    /// A name that is no column of `figures`, and an expression without a value.
    pub fn values<'f>(
        &self,
        exprs: impl Iterator<Item = &'f Expr>,
        rows: impl Iterator<Item = &'f [Value]> + Clone,
    ) -> db::Result<Vec<Value>> {
        let mut values = Vec::new();
        for expr in exprs {
            values.extend(self.of_each(expr, rows.clone()).map_err(|error| {
                let message = format!("{}: {error}", expr.at.place());
                DbError::new(DbErrorKind::Other, message)
            })?);
        }
        Ok(values)
    }

    fn of_each<'f>(
        &self,
        expr: &Expr,
        rows: impl Iterator<Item = &'f [Value]>,
    ) -> Result<Vec<Value>, EvalError> {
        let mut names = Names {
            columns: self.columns,
            lookups: self.lookups,
            found: Vec::new(),
        };
        let resolved = expr.resolve(&mut names).map_err(|diagnostics| {
            let messages: Vec<String> = diagnostics.into_iter().map(|one| one.message).collect();
            EvalError::Invalid(messages.join("; "))
        })?;
        let value = |row: &'f [Value]| {
            resolved.eval(&View {
                row,
                names: &names,
                now: self.now,
            })
        };
        rows.map(value).collect()
    }
}

/// The values of expressions that name no column of `figures`, so that they are of no article in particular.
///
/// # Errors
/// An expression without a value.
pub fn shared(values: &[Expr], lookups: &Lookups, now: DateTime<Utc>) -> db::Result<Vec<Value>> {
    let row = Row {
        columns: &[],
        lookups,
        now,
    };
    let is_shared = |expr: &&Expr| {
        let names = expr.names();
        !names.iter().any(|(name, _)| matches!(name, Name::Field(_)))
    };
    row.values(values.iter().filter(is_shared), std::iter::once(&[][..]))
}

struct Names<'a> {
    columns: &'a [String],
    lookups: &'a Lookups,
    /// Table and column of each look-up.
    found: Vec<(String, String)>,
}

impl Resolve for Names<'_> {
    fn name(&mut self, name: &Name<'_>) -> Result<Slot, Unknown> {
        let unknown = |message: String| Unknown {
            message,
            candidates: self.columns.to_vec(),
            note: Some(format!("columns of `figures`: {}", self.columns.join(", "))),
        };
        match *name {
            Name::Field(field) => {
                let at = self.columns.iter().position(|column| column == field);
                at.map(|at| at as Slot)
                    .ok_or_else(|| unknown(format!("`figures` has no column `{field}`")))
            }
            Name::Lookup { table, column, .. } if self.lookups.columns().contains_key(table) => {
                self.found.push((table.to_owned(), column.to_owned()));
                Ok((self.found.len() - 1) as Slot)
            }
            _ => Err(unknown(
                "only columns of `figures` and small tables are known here".to_owned(),
            )),
        }
    }
}

struct View<'a> {
    row: &'a [Value],
    names: &'a Names<'a>,
    now: DateTime<Utc>,
}

impl Env for View<'_> {
    fn value(&self, slot: Slot) -> Result<Cow<'_, Value>, EvalError> {
        Ok(Cow::Borrowed(&self.row[slot as usize]))
    }

    fn lookup(&self, slot: Slot, keys: &[Value]) -> Result<Cow<'_, Value>, EvalError> {
        let (table, column) = &self.names.found[slot as usize];
        self.names.lookups.get(table, keys, column)
    }

    fn now(&self) -> DateTime<Utc> {
        self.now
    }

    fn zone(&self) -> Zone {
        Zone::UTC
    }
}
