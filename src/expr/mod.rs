//! Expressions of mapping files: SQL's own syntax and NULL rules, evaluated here with exact decimals, the same on
//! every engine.
//!
//! Three steps: [`Expr::parse`] at load, [`Expr::resolve`] when the record's fields are known (names become slots,
//! `has_column` becomes a constant), [`Resolved::eval`] once a row.
//!
//! Where engines differ among themselves, this is what holds here:
//! - Numbers are exact. Integers that overflow become decimals; `/` divides exactly to
//!   [`QUOTIENT_PLACES`](crate::value::decimal::QUOTIENT_PLACES) places, also between integers (`1 / 2` is 0.5);
//!   floats count at 15 significant digits. Division by zero is an error.
//! - Nothing converts by itself, but for `||`, which joins anything that has a text form. Text compares with text, byte
//!   by byte; a number with a text is an error that says `number(x)`.
//! - Dates and times compare with each other: a date is its midnight, a time without zone is UTC.
//! - `CAST` loses nothing: `CAST(1.5 AS integer)` is an error, `round(1.5)` is 2.
//! - `LIKE` knows `%` and `_`, tells capitals from small letters and has no escape sign.
//! - `AND`, `OR`, `CASE` and `coalesce` go from left to right and stop when the answer is known: what stands behind is
//!   not evaluated and cannot fail. The numbers 0 and 1 are good for FALSE and TRUE.

mod eval;
pub mod facts;
pub mod function;
mod lexer;
mod mistake;
mod operator;
mod parser;
mod resolve;
mod tree;
mod zone;

use crate::diagnostic::{Diagnostic, Span};
use crate::value::Value;
use eval::Code;
use std::borrow::Cow;
use std::fmt;
use tree::{Kind, Node};
pub use zone::{UnknownZone, Zone};

/// A parsed expression with the place it stands at. Its [`fmt::Display`] prints it with every operation in
/// parentheses.
#[derive(Debug, Clone)]
pub struct Expr {
    pub text: String,
    pub at: Span,
    root: Node,
}

/// What a name in an expression means, asked once at [`Expr::resolve`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name<'a> {
    /// `weight`
    Field(&'a str),
    /// `post.ID`, `find.id`, `c.id`
    Member(&'a str, &'a str),
    /// `name['it']`
    Text { field: &'a str, language: &'a str },
    /// `name[main]`: a language by the project's own name for it
    TextNamed { field: &'a str, alias: &'a str },
    /// `name[l.code]`: in the language whose code (the shop's) the key, which is evaluated, yields
    TextOf { field: &'a str },
    /// `term['a', 'b'].id`, `tax[tax_class].rate`: keys are evaluated, the slot names table and column
    Lookup {
        table: &'a str,
        keys: usize,
        column: &'a str,
    },
    /// `link('article', sku)` (column `None` = `id`) or `link('category', parent).term`
    Link {
        record: &'a str,
        column: Option<&'a str>,
    },
}

/// A number that the resolver gives to a name and gets back at evaluation.
pub type Slot = u32;

/// A name that means nothing here: what stands there instead, for the message.
#[derive(Debug, Clone)]
pub struct Unknown {
    /// ``unknown field `wieght` ``
    pub message: String,
    pub candidates: Vec<String>,
    pub note: Option<String>,
}

/// Knows what the names of an expression mean.
pub trait Resolve {
    /// The slot by which [`Env`] will know the name.
    ///
    /// # Errors
    /// The name means nothing here.
    fn name(&mut self, name: &Name<'_>) -> Result<Slot, Unknown>;
    /// Whether the database has it; no, where names speak of none.
    fn has_table(&mut self, _table: &str) -> bool {
        false
    }
    /// As [`Resolve::has_table`].
    fn has_column(&mut self, _table: &str, _column: &str) -> bool {
        false
    }
}

/// What an expression sees of a row.
pub trait Env {
    /// The value of a plain name; borrowed where it lies ready.
    ///
    /// # Errors
    /// It has no value for this row: a computed field that fails, a link that is not there yet.
    fn value(&self, slot: Slot) -> Result<Cow<'_, Value>, EvalError>;
    /// A look-up or link with its evaluated keys.
    ///
    /// # Errors
    /// As for [`Env::value`].
    fn lookup(&self, slot: Slot, keys: &[Value]) -> Result<Cow<'_, Value>, EvalError>;
    /// The run's time: the same for every row.
    fn now(&self) -> chrono::DateTime<chrono::Utc>;
    /// The zone of `local()` and of days.
    fn zone(&self) -> Zone;
}

/// Why an expression has no value for this row.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum EvalError {
    /// `cannot add 'abc' and 1`
    #[error("{0}")]
    Invalid(String),
    /// The record that a link leads to is not there yet: the row waits.
    #[error("{record} `{key}` is not linked yet")]
    NotLinked { record: String, key: String },
    /// A small table of the project lacks the row; `row` with its backticks.
    #[error("`{table}` has no row {row}")]
    NoRow { table: String, row: String },
}

impl EvalError {
    fn invalid(message: impl Into<String>) -> Self {
        EvalError::Invalid(message.into())
    }
}

/// An expression whose names are slots: what is evaluated once a row.
#[derive(Debug, Clone)]
pub struct Resolved {
    code: Code,
}

impl Resolved {
    /// Whether its value hangs on the row and the small tables alone: not on the time of the run, nor on the zone.
    pub fn is_timeless(&self) -> bool {
        resolve::is_timeless(&self.code)
    }
}

impl Expr {
    /// Reads an expression; `at` is where its text stands in its file.
    ///
    /// # Errors
    /// The first mistake (`P201` to `P207`), at its place within the text where the file has the text letter by
    /// letter, else at `at`.
    #[allow(
        clippy::result_large_err,
        reason = "once a file, and every caller collects diagnostics by value"
    )]
    pub fn parse(text: &str, at: Span) -> Result<Expr, Diagnostic> {
        let parsed = parser::parse(text).and_then(|root| {
            resolve::check_unique(&root)?;
            Ok(root)
        });
        match parsed {
            Ok(root) => Ok(Expr {
                text: text.to_owned(),
                at,
                root,
            }),
            Err(mistake) => Err(mistake.into_diagnostic(text, &at)),
        }
    }

    /// Gives every name its slot, and computes what does not depend on the row.
    ///
    /// # Errors
    /// A diagnostic (`P210`) per name that means nothing.
    pub fn resolve(&self, with: &mut dyn Resolve) -> Result<Resolved, Vec<Diagnostic>> {
        resolve::resolve(self, with).map(|code| Resolved { code })
    }

    /// Every name the expression mentions, with its place, in the order of the text; a name that stands in it twice
    /// is given twice.
    pub fn names(&self) -> Vec<(Name<'_>, Span)> {
        let mut names = Vec::new();
        self.root.names(&mut |name, range| {
            names.push((name, mistake::place(&self.text, &self.at, range)));
        });
        names
    }

    /// Whether a member of `base` stands in it: `base.column`.
    pub fn mentions(&self, base: &str) -> bool {
        let mut found = false;
        self.root.names(&mut |name, _| {
            found |= matches!(name, Name::Member(of, _) if of == base);
        });
        found
    }

    /// The members that texts take their language from: `l.code` of `name[l.code]`.
    pub fn languages(&self) -> Vec<(&str, &str)> {
        let mut members = Vec::new();
        self.root.visit(&mut |node| {
            if let Kind::TextOf { language, .. } = &node.kind
                && let Kind::Member(of, column) = &language.kind
            {
                members.push((of.as_str(), column.as_str()));
            }
        });
        members
    }

    /// The tables of which `has_table` and `has_column` ask, in the order of the text.
    pub fn tables(&self) -> Vec<&str> {
        let mut tables = Vec::new();
        self.root.visit(&mut |node| {
            if let Kind::HasTable(table) | Kind::HasColumn { table, .. } = &node.kind {
                tables.push(table.as_str());
            }
        });
        tables
    }

    /// Whether it is `unique(...)`: then its value is that of the argument, and whoever writes it makes it unique.
    pub fn is_unique(&self) -> bool {
        matches!(self.root.kind, Kind::Unique(_))
    }

    /// The record, and the column if one is named, when the whole expression is a `link(...)`.
    pub fn as_link(&self) -> Option<(&str, Option<&str>)> {
        match &self.root.kind {
            Kind::Link { record, column, .. } => Some((record, column.as_deref())),
            _ => None,
        }
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.root.fmt(f)
    }
}

impl Resolved {
    /// The value for a row.
    ///
    /// # Errors
    /// Which operation failed, on which values; or what [`Env`] said.
    pub fn eval(&self, env: &dyn Env) -> Result<Value, EvalError> {
        self.code.eval(env).map(Cow::into_owned)
    }

    /// Whether the value for a row is TRUE (or 1); NULL and FALSE are not.
    ///
    /// # Errors
    /// As [`Resolved::eval`], and for a value that is no truth value.
    pub fn holds(&self, env: &dyn Env) -> Result<bool, EvalError> {
        Ok(operator::truth(&*self.code.eval(env)?)? == Some(true))
    }

    /// The slot, if the expression is a plain name.
    pub fn as_slot(&self) -> Option<Slot> {
        match self.code {
            Code::Slot(slot) => Some(slot),
            _ => None,
        }
    }

    /// The value, if it is the same for every row and run.
    pub fn as_constant(&self) -> Option<&Value> {
        match &self.code {
            Code::Constant(value) => Some(value),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
