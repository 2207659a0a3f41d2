//! Statements that a session prepares under names, and what it remembers of tables, so that a short transaction that is
//! like the ones before it costs one round trip a statement.
//!
//! A statement is given a name when it comes for the second time, and only within a transaction: its beginning has made sure that
//! the server's process is still the one that knows the name. A connection pooler may hand every transaction to another.
//! The driver finds a name again by the statement's text alone, so that the types of its parameters are made part of the text.
//!
//! The columns' types of a table are believed in a later transaction while the catalog's row of the table is the same
//! version: a column of another kind makes it a new one.

use super::DIALECT;
use crate::db::query::TableName;
use crate::db::render::quoted;
use sqlx::postgres::PgTypeInfo;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};

/// Statements with names at once; the driver closes the one that was not used for the longest time.
pub const MOST: usize = 64;

/// Texts remembered as seen.
const SEEN_MOST: usize = 1024;

/// What a session knows of its repeated statements.
#[derive(Default)]
pub struct Kept {
    seen: HashSet<u64>,
    hasher: RandomState,
    /// The server's process that the names are known to.
    process: Option<String>,
    /// A transaction failed: perhaps because of a statement that was kept.
    pub is_doubtful: bool,
}

impl Kept {
    /// Whether the statement came before.
    pub fn repeats(&mut self, text: &str) -> bool {
        if self.seen.len() >= SEEN_MOST {
            self.seen.clear();
        }
        !self.seen.insert(self.hasher.hash_one(text))
    }

    /// The server's process at a transaction's beginning; false if the names are not to be relied on: it is another one than
    /// before, or a transaction has failed.
    pub fn is_sound(&mut self, process: Option<String>) -> bool {
        let is_same = self.process.is_none() || self.process == process;
        self.process = process;
        is_same && !std::mem::take(&mut self.is_doubtful)
    }
}

/// The text with the types of its parameters, where it has any.
pub fn typed(mut text: String, types: &[PgTypeInfo]) -> String {
    if types.is_empty() {
        return text;
    }
    text.push_str(" /*");
    for ty in types {
        let oid = ty.oid().map_or(0, |oid| oid.0);
        text.push_str(&format!(" {oid}"));
    }
    text.push_str(" */");
    text
}

/// What one transaction has learned of a table, for the next ones.
#[derive(Default)]
pub struct Remembered {
    /// The version of the catalog's row when the transaction began that learned the types.
    version: Option<String>,
    /// By column, as SQL.
    pub types: HashMap<String, String>,
}

impl Remembered {
    /// A transaction begins, and finds this version.
    pub fn found(&mut self, version: Option<String>) {
        if version.is_none() || self.version != version {
            self.types.clear();
        }
        self.version = version;
    }
}

/// What a transaction asks at its beginning: the server's process, and the version of each table's row in the catalog.
pub fn question<'t>(tables: impl Iterator<Item = &'t TableName>) -> String {
    let mut sql = "SELECT pg_catalog.pg_backend_pid()".to_owned();
    for table in tables {
        let quote = |name: &str| quoted(&quoted(name, DIALECT.quotes), ('\'', '\''));
        let name = match &table.schema {
            Some(schema) => format!("{} || '.' || {}", quote(schema), quote(&table.name)),
            None => quote(&table.name),
        };
        sql.push_str(&format!(
            ", (SELECT c.oid || ' ' || c.xmin FROM pg_catalog.pg_class c WHERE c.oid = pg_catalog.to_regclass({name}))"
        ));
    }
    sql
}
