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

/// What a transaction asks at its beginning: the server's process, and the versions of the tables' rows in the catalog. One query for all
/// of them is planned in less time than one for each.
pub fn question(tables: &[&TableName]) -> String {
    let process = "SELECT pg_catalog.pg_backend_pid()";
    if tables.is_empty() {
        return process.to_owned();
    }
    let quote = |name: &str| quoted(&quoted(name, DIALECT.quotes), ('\'', '\''));
    let named = tables.iter().enumerate().map(|(at, table)| {
        let name = match &table.schema {
            Some(schema) => format!("{} || '.' || {}", quote(schema), quote(&table.name)),
            None => quote(&table.name),
        };
        format!("({at}, pg_catalog.to_regclass({name}))")
    });
    let named: Vec<String> = named.collect();
    format!(
        "{process}, (SELECT pg_catalog.string_agg(n.place || ' ' || c.oid || ' ' || c.xmin, ',') FROM (VALUES {}) n(place, oid) \
         JOIN pg_catalog.pg_class c ON c.oid = n.oid)",
        named.join(", ")
    )
}

/// Of each of so many tables its version, by the second value of the answer; `None`: it is not there.
pub fn versions(answer: Option<String>, tables: usize) -> Vec<Option<String>> {
    let mut versions = vec![None; tables];
    let answer = answer.unwrap_or_default();
    for (place, version) in answer.split(',').filter_map(|one| one.split_once(' ')) {
        if let Some(found) = place
            .parse()
            .ok()
            .and_then(|at: usize| versions.get_mut(at))
        {
            *found = Some(version.to_owned());
        }
    }
    versions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_told_apart_by_place() {
        let answer = Some("2 16390 731,0 16384 733".to_owned());
        let wanted = [Some("16384 733"), None, Some("16390 731")];
        assert_eq!(
            versions(answer, 3),
            wanted.map(|version| version.map(str::to_owned))
        );
        assert_eq!(versions(None, 1), [None]);
    }
}
