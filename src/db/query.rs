//! What to read or write, without an engine's dialect: identifiers and values as types, a pack's own SQL as text
//! with bound parameters.

use crate::value::{Type, Value};
use std::fmt;

/// A table's name with the schema (PostgreSQL) or database (MySQL) it lies in; none = the connection's own.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TableName {
    pub schema: Option<String>,
    pub name: String,
}

impl TableName {
    /// `name` or `schema.name`.
    pub fn parse(text: &str) -> Self {
        match text.split_once('.') {
            Some((schema, name)) => TableName {
                schema: Some(schema.to_owned()),
                name: name.to_owned(),
            },
            None => TableName {
                schema: None,
                name: text.to_owned(),
            },
        }
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(schema) = &self.schema {
            write!(f, "{schema}.")?;
        }
        f.write_str(&self.name)
    }
}

/// A statement in pieces; an engine renders it in its own quoting and placeholders.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Query {
    pub parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// SQL text that is valid on the engine it is meant for.
    Sql(String),
    /// A quoted identifier.
    Ident(String),
    Table(TableName),
    /// A bound value.
    Value(Value),
    /// Bound values, separated by commas; an empty list renders as `NULL`.
    List(Vec<Value>),
    /// The rows whose columns have one of these combinations of values: `(a, b) IN ((1, 2), …)`.
    Among(Vec<String>, Vec<Vec<Value>>),
    /// At most so many rows: the end of a query. `is_ordered`: an ORDER BY stands before it.
    Limit {
        rows: usize,
        is_ordered: bool,
    },
    /// An identifier of a key column as an ORDER BY term that sorts texts by their UTF-8 bytes and all else by value.
    Order(String, Type),
    /// `FOR UPDATE` where the engine has row locks, nothing where a writer has the database for itself (SQLite). Where it
    /// is a hint (SQL Server), it belongs to the query's [`Part::Table`]s, and a query without one is refused.
    ForUpdate,
    /// The same with a share lock.
    ForShare,
}

impl Query {
    pub fn sql(text: impl Into<String>) -> Self {
        Query {
            parts: vec![Part::Sql(text.into())],
        }
    }

    pub fn push(mut self, part: Part) -> Self {
        self.parts.push(part);
        self
    }

    pub fn text(self, text: impl Into<String>) -> Self {
        self.push(Part::Sql(text.into()))
    }

    pub fn ident(self, name: impl Into<String>) -> Self {
        self.push(Part::Ident(name.into()))
    }

    pub fn table(self, name: &TableName) -> Self {
        self.push(Part::Table(name.clone()))
    }

    pub fn value(self, value: Value) -> Self {
        self.push(Part::Value(value))
    }

    pub fn list(self, values: Vec<Value>) -> Self {
        self.push(Part::List(values))
    }

    pub fn limit(self, rows: usize, is_ordered: bool) -> Self {
        self.push(Part::Limit { rows, is_ordered })
    }

    /// The condition that the columns have one of these combinations of values.
    pub fn among(self, columns: &[&str], rows: Vec<Vec<Value>>) -> Self {
        let columns = columns.iter().map(|name| (*name).to_owned()).collect();
        self.push(Part::Among(columns, rows))
    }

    /// Column names, quoted, separated by commas.
    pub fn idents<S: AsRef<str>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        for (at, name) in names.into_iter().enumerate() {
            if at > 0 {
                self = self.text(", ");
            }
            self = self.ident(name.as_ref());
        }
        self
    }

    pub fn append(mut self, other: Query) -> Self {
        self.parts.extend(other.parts);
        self
    }
}

/// Rows to insert, all with the same columns; values already fit the columns' types.
#[derive(Debug, Clone)]
pub struct Insert {
    pub table: TableName,
    pub columns: Vec<String>,
    pub types: Vec<Type>,
    pub rows: Vec<Vec<Value>>,
    /// The column whose generated values are wanted back, in the order of `rows`.
    pub generated: Option<String>,
    /// Positions in `columns` of a combination of values that is distinct within `rows`, so that an engine without
    /// RETURNING can tell the new rows apart. Empty = none is known: such an engine inserts one by one.
    pub distinct_by: Vec<usize>,
}

/// Rows to update, each by its key; all of them set the same columns.
#[derive(Debug, Clone)]
pub struct Update {
    pub table: TableName,
    pub key: Vec<String>,
    pub key_types: Vec<Type>,
    pub columns: Vec<String>,
    pub types: Vec<Type>,
    /// Per row the key's values, then the columns' values.
    pub rows: Vec<(Vec<Value>, Vec<Value>)>,
}

/// A relative write: `column = column + delta` for each key. On a text column the sum is written as a whole number.
#[derive(Debug, Clone)]
pub struct Add {
    pub table: TableName,
    pub key: String,
    pub key_type: Type,
    pub column: String,
    pub column_type: Type,
    pub rows: Vec<(Value, crate::value::Decimal)>,
}

/// Rows to delete, each by its key.
#[derive(Debug, Clone)]
pub struct Delete {
    pub table: TableName,
    pub key: Vec<String>,
    pub key_types: Vec<Type>,
    pub rows: Vec<Vec<Value>>,
}
