//! What a query is translated against: the session's facts, variables and tables.

use super::catalog::{self, Table, same};
use super::collation::Collation;
use super::error::{Result, SqlError};
use super::syntax::Name;
use super::types::Type;
use rusqlite::Connection;
use rusqlite::types::Value;
use std::collections::HashMap;

/// What a session knows when a statement begins.
pub struct Facts {
    pub spid: i64,
    pub row_count: i64,
    pub transactions: i64,
    pub identity: Option<i64>,
    pub error: i64,
    pub lock_timeout: i64,
    pub database: String,
    pub user: String,
    /// Ticks in UTC.
    pub now: i64,
    pub version: String,
    pub edition: i64,
    pub snapshot: bool,
    pub read_only: bool,
    pub collation: Collation,
    /// The last row version given, and the first one of a transaction that is open.
    pub row_version: i64,
    pub row_version_active: i64,
    pub updated: Option<Vec<String>>,
    pub caught: Option<SqlError>,
    pub database_id: i64,
    /// `None`: everything is permitted.
    pub grants: Option<Vec<(i64, String)>>,
}

impl Facts {
    pub fn may(&self, permission: &str, table: &Table) -> bool {
        match &self.grants {
            Some(grants) => {
                table.id <= 0
                    || grants
                        .iter()
                        .any(|(id, known)| *id == table.id && known == permission)
            }
            None => true,
        }
    }

    /// 229 unless it is permitted.
    pub fn check(&self, permission: &str, table: &Table) -> Result<()> {
        match self.may(permission, table) {
            true => Ok(()),
            false => Err(SqlError::new(
                229,
                14,
                format!(
                    "The {permission} permission was denied on the object '{}'.",
                    table.name.name
                ),
            )),
        }
    }
}

pub struct Env<'a> {
    pub connection: &'a Connection,
    pub variables: &'a HashMap<String, (Type, Value)>,
    /// Temporary tables, table variables, `inserted` and `deleted`, by lower-case name.
    pub own: &'a HashMap<String, Table>,
    pub facts: &'a Facts,
}

impl Env<'_> {
    /// The table of a name. 208: there is none.
    pub fn table(&self, name: &Name) -> Result<Table> {
        if let Some(own) = self.own.get(&name.name.to_lowercase()) {
            return Ok(own.clone());
        }
        if name.name.starts_with('@') {
            return Err(SqlError::new(
                1087,
                15,
                format!("Must declare the table variable \"{}\".", name.name),
            ));
        }
        if name
            .schema
            .as_deref()
            .is_some_and(|schema| same(schema, "sys"))
        {
            if name.name.to_lowercase().starts_with("dm_") {
                return Err(SqlError::new(
                    300,
                    14,
                    "VIEW SERVER STATE permission was denied on object 'server', database 'master'.",
                ));
            }
            return catalog::view(&name.name)?.ok_or_else(|| SqlError::no_object(&name.shown()));
        }
        catalog::table(self.connection, name)?.ok_or_else(|| SqlError::no_object(&name.shown()))
    }
}
