//! What records that ponte has created still need before the shop may show them: an article its price.
//!
//! Written in the transaction that creates the row, so that a row ponte did not create never waits. The record that is
//! needed marks it as met in the transaction that writes it; the row's own flow forgets it with the write that shows the
//! row. Between any two of these steps the process may die: the next run goes on from what lies here.

use super::OwnTables;
use super::table::OwnTable;
use crate::db::query::{Delete, Insert, Query, TableName, Update};
use crate::db::{self, Session};
use crate::value::{Type, Value};
use std::collections::HashMap;

/// The needs of one record kind of one shop.
#[derive(Debug, Clone)]
pub struct Needs {
    table: OwnTable,
    shop: String,
    record: String,
}

impl Needs {
    pub fn new(own: &OwnTables, shop: &str, record: &str) -> Self {
        Needs {
            table: OwnTable::new(own, "need"),
            shop: shop.to_owned(),
            record: record.to_owned(),
        }
    }

    fn select(&self, columns: &str) -> Query {
        Query::sql(format!("SELECT {columns} FROM "))
            .table(&self.table)
            .text(" WHERE shop = ")
            .value(Value::Text(self.shop.clone()))
            .text(" AND record = ")
            .value(Value::Text(self.record.clone()))
    }

    /// Yields the keys of records that wait, or whose wait is over and has not been acted on. With `needed`: that wait
    /// for this record.
    pub fn keys(&self, needed: Option<&str>) -> Query {
        let query = self.select("record_key");
        match needed {
            None => query,
            Some(needed) => query
                .text(" AND met = 0 AND needed = ")
                .value(Value::Text(needed.to_owned())),
        }
    }

    /// Of these keys, those that are remembered: whether they still wait. With `needed`: for this record.
    pub async fn of(
        &self,
        session: &mut dyn Session,
        keys: &[String],
        needed: Option<&str>,
    ) -> db::Result<HashMap<String, bool>> {
        let mut found = HashMap::new();
        for keys in keys.chunks(1000) {
            let mut query = self
                .select("record_key, met")
                .text(" AND record_key IN (")
                .list(keys.iter().cloned().map(Value::Text).collect())
                .text(")");
            if let Some(needed) = needed {
                query = query
                    .text(" AND needed = ")
                    .value(Value::Text(needed.to_owned()));
            }
            for row in self.table.fetch(session, &query).await? {
                let is_open = row[1].plain() == "0";
                *found.entry(row[0].plain().into_owned()).or_insert(false) |= is_open;
            }
        }
        Ok(found)
    }

    /// Part of the transaction that creates the rows.
    pub async fn open(
        &self,
        session: &mut dyn Session,
        keys: &[String],
        needed: &[String],
    ) -> db::Result<()> {
        // A row that was created before and lost its link has been given up with it.
        self.close(session, keys).await?;
        let rows: Vec<Vec<Value>> = keys
            .iter()
            .flat_map(|key| needed.iter().map(move |needed| (key, needed)))
            .map(|(key, needed)| {
                let mut row = self.key(key);
                row.extend([Value::Text(needed.clone()), Value::Int(0)]);
                row
            })
            .collect();
        if rows.is_empty() {
            return Ok(());
        }
        let mut types = vec![Type::TEXT; 4];
        types.push(flag());
        let insert = Insert {
            table: TableName::clone(&self.table),
            columns: ["shop", "record", "record_key", "needed", "met"]
                .map(str::to_owned)
                .to_vec(),
            types,
            rows,
            generated: None,
            distinct_by: Vec::new(),
        };
        self.table.insert(session, &insert).await.map(|_| ())
    }

    /// Part of the transaction that writes what was needed.
    pub async fn meet(
        &self,
        session: &mut dyn Session,
        keys: &[String],
        needed: &str,
    ) -> db::Result<()> {
        if keys.is_empty() {
            return Ok(());
        }
        let rows = keys.iter().map(|key| {
            let mut row = self.key(key);
            row.push(Value::Text(needed.to_owned()));
            (row, vec![Value::Int(1)])
        });
        let update = Update {
            table: TableName::clone(&self.table),
            key: ["shop", "record", "record_key", "needed"]
                .map(str::to_owned)
                .to_vec(),
            key_types: vec![Type::TEXT; 4],
            columns: vec!["met".to_owned()],
            types: vec![flag()],
            rows: rows.collect(),
        };
        self.table.update(session, &update).await.map(|_| ())
    }

    /// Part of the transaction that shows the rows.
    pub async fn close(&self, session: &mut dyn Session, keys: &[String]) -> db::Result<()> {
        if keys.is_empty() {
            return Ok(());
        }
        let delete = Delete {
            table: TableName::clone(&self.table),
            key: ["shop", "record", "record_key"].map(str::to_owned).to_vec(),
            key_types: vec![Type::TEXT; 3],
            rows: keys.iter().map(|key| self.key(key)).collect(),
        };
        self.table.delete(session, &delete).await.map(|_| ())
    }

    fn key(&self, key: &str) -> Vec<Value> {
        [self.shop.as_str(), self.record.as_str(), key]
            .map(|part| Value::Text(part.to_owned()))
            .to_vec()
    }
}

fn flag() -> Type {
    Type::Int {
        bits: 32,
        signed: true,
    }
}
