//! Statements about a table of ponte's own: that it is missing, altered or forbidden is an error of its own
//! ([`DbError::of_own_table`](crate::db::DbError::of_own_table)), no record's fault.

use super::OwnTables;
use crate::db::query::{Delete, Insert, Query, TableName, Update};
use crate::db::{self, Session};
use crate::value::{Row, Value};
use std::ops::Deref;

/// One of ponte's own tables, by the name that it has on the server.
#[derive(Debug, Clone)]
pub struct OwnTable(TableName);

impl Deref for OwnTable {
    type Target = TableName;

    fn deref(&self) -> &TableName {
        &self.0
    }
}

impl OwnTable {
    pub fn new(own: &OwnTables, name: &str) -> OwnTable {
        OwnTable(own.table(name))
    }

    pub async fn fetch(&self, session: &mut dyn Session, query: &Query) -> db::Result<Vec<Row>> {
        self.told(db::fetch(session, query).await)
    }

    pub async fn execute(&self, session: &mut dyn Session, query: &Query) -> db::Result<u64> {
        self.told(session.execute(query).await)
    }

    pub async fn execute_later(&self, session: &mut dyn Session, query: &Query) -> db::Result<()> {
        self.told(session.execute_later(query).await)
    }

    pub async fn insert(
        &self,
        session: &mut dyn Session,
        insert: &Insert,
    ) -> db::Result<Vec<Value>> {
        self.told(session.insert(insert).await)
    }

    pub async fn update(&self, session: &mut dyn Session, update: &Update) -> db::Result<u64> {
        self.told(session.update(update).await)
    }

    pub async fn delete(&self, session: &mut dyn Session, delete: &Delete) -> db::Result<u64> {
        self.told(session.delete(delete).await)
    }

    fn told<T>(&self, done: db::Result<T>) -> db::Result<T> {
        done.map_err(|error| error.of_own_table(self))
    }
}
