//! Tables as a live server describes them.

use super::query::TableName;
use crate::value::Type;

#[derive(Debug, Clone)]
pub struct Table {
    /// With the schema or database it was found in.
    pub name: TableName,
    pub columns: Vec<Column>,
    /// Columns of the primary key, in order; empty if there is none.
    pub primary_key: Vec<String>,
    /// Columns of every unique key, the primary one included.
    pub unique_keys: Vec<Vec<String>>,
    /// The first columns of every index (also the unique ones): what look-ups by key can use.
    pub indexes: Vec<Vec<String>>,
    /// The storage engine keeps transactions (false for MyISAM and Aria).
    pub transactional: bool,
    /// The server's name of the storage engine, where it has several.
    pub storage: Option<String>,
    pub is_view: bool,
    pub privileges: Privileges,
}

#[derive(Debug, Clone)]
pub struct Column {
    pub name: String,
    pub ty: Type,
    /// The server's own name of the type, for messages: `varchar(64)`.
    pub declared: String,
    pub nullable: bool,
    /// The server fills the column by itself when it is not named: default value, auto-increment, identity.
    pub has_default: bool,
    /// Filled with a generated number: auto-increment, identity, serial, SQLite's rowid.
    pub generated: bool,
    /// Computed: cannot be written.
    pub computed: bool,
    pub collation: Option<String>,
}

/// What the login may do with the table; `None` where the server does not say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Privileges {
    pub select: Option<bool>,
    pub insert: Option<bool>,
    pub update: Option<bool>,
    pub delete: Option<bool>,
}

impl Table {
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }
}

/// A column of a query's result.
#[derive(Debug, Clone)]
pub struct ResultColumn {
    pub name: String,
    /// `Other` with an empty name where the engine only knows the type when it sees the value (SQLite's expressions).
    pub ty: Type,
}
