//! What ponte wrote to fields that it owns only for a while: a sale price while the ERP has a sale.
//!
//! Remembered in the transaction that writes them, so that they can be taken back when the while is over, and only
//! what nobody has changed since.

use super::OwnTables;
use super::table::OwnTable;
use crate::db::query::{Delete, Insert, Query, TableName, Update};
use crate::db::{self, DbError, DbErrorKind, Session};
use crate::value::{Type, Value};
use std::collections::{BTreeMap, HashMap};

/// Field -> text.
pub type Fields = BTreeMap<String, String>;

/// The memory of one write of one record kind of one shop.
#[derive(Debug, Clone)]
pub struct Wrote {
    table: OwnTable,
    shop: String,
    record: String,
    part: String,
}

/// What becomes of a record's memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remember {
    New(Fields),
    Other(Fields),
    Forget,
}

impl Wrote {
    pub fn new(own: &OwnTables, shop: &str, record: &str, part: &str) -> Self {
        Wrote {
            table: OwnTable::new(own, "wrote"),
            shop: shop.to_owned(),
            record: record.to_owned(),
            part: part.to_owned(),
        }
    }

    /// What is remembered of these keys.
    pub async fn of(
        &self,
        session: &mut dyn Session,
        keys: &[String],
    ) -> db::Result<HashMap<String, Fields>> {
        if keys.is_empty() {
            return Ok(HashMap::new());
        }
        let query = Query::sql("SELECT record_key, fields FROM ")
            .table(&self.table)
            .text(" WHERE shop = ")
            .value(Value::Text(self.shop.clone()))
            .text(" AND record = ")
            .value(Value::Text(self.record.clone()))
            .text(" AND part = ")
            .value(Value::Text(self.part.clone()))
            .text(" AND record_key IN (")
            .list(keys.iter().map(|key| Value::Text(key.clone())).collect())
            .text(")");
        let mut found = HashMap::new();
        for row in self.table.fetch(session, &query).await? {
            let (key, fields) = (row[0].plain(), row[1].plain());
            let fields = serde_json::from_str(&fields).map_err(|error| {
                DbError::new(
                    DbErrorKind::Other,
                    format!("{}: `{key}`: {error}", *self.table),
                )
            })?;
            found.insert(key.into_owned(), fields);
        }
        Ok(found)
    }

    /// Part of the transaction that deletes the records' rows: nothing of them is remembered any longer, nor of records
    /// whose keys begin with theirs (an article's prices).
    pub async fn forget(&self, session: &mut dyn Session, keys: &[String]) -> db::Result<()> {
        if keys.is_empty() {
            return Ok(());
        }
        let text = |text: &str| Value::Text(text.to_owned());
        let mut query = Query::sql("DELETE FROM ")
            .table(&self.table)
            .text(" WHERE shop = ")
            .value(text(&self.shop))
            .text(" AND (record = ")
            .value(text(&self.record))
            .text(" AND record_key IN (")
            .list(keys.iter().map(|key| text(key)).collect())
            .text(") OR record <> ")
            .value(text(&self.record))
            .text(" AND (");
        // Parts of a key are separated by tabs, and nothing lies between a tab and a line feed.
        for (at, key) in keys.iter().enumerate() {
            query = query
                .text(if at == 0 { "" } else { " OR " })
                .text("record_key > ")
                .value(text(&format!("{key}\t")))
                .text(" AND record_key < ")
                .value(text(&format!("{key}\n")));
        }
        let query = query.text("))");
        self.table.execute(session, &query).await.map(drop)
    }

    /// Part of the transaction that writes or takes back the fields.
    pub async fn keep(
        &self,
        session: &mut dyn Session,
        changes: &[(String, Remember)],
    ) -> db::Result<()> {
        let key_columns = ["shop", "record", "record_key", "part"]
            .map(str::to_owned)
            .to_vec();
        let text = Type::TEXT;
        let key = |key: &String| -> Vec<Value> {
            [&self.shop, &self.record, key, &self.part]
                .map(|part| Value::Text(part.clone()))
                .to_vec()
        };
        let json = |fields: &Fields| Value::Text(serde_json::json!(fields).to_string());
        let (mut new, mut other, mut gone) = (Vec::new(), Vec::new(), Vec::new());
        for (name, change) in changes {
            match change {
                Remember::New(fields) => {
                    new.push(key(name).into_iter().chain([json(fields)]).collect())
                }
                Remember::Other(fields) => other.push((key(name), vec![json(fields)])),
                Remember::Forget => gone.push(key(name)),
            }
        }
        if !new.is_empty() {
            let columns = key_columns
                .iter()
                .cloned()
                .chain(["fields".to_owned()])
                .collect();
            let insert = Insert {
                table: TableName::clone(&self.table),
                columns,
                types: vec![text.clone(); 5],
                rows: new,
                generated: None,
                distinct_by: Vec::new(),
            };
            self.table.insert(session, &insert).await?;
        }
        if !other.is_empty() {
            let update = Update {
                table: TableName::clone(&self.table),
                key: key_columns.clone(),
                key_types: vec![text.clone(); 4],
                columns: vec!["fields".to_owned()],
                types: vec![text.clone()],
                rows: other,
            };
            self.table.update(session, &update).await?;
        }
        if !gone.is_empty() {
            let delete = Delete {
                table: TableName::clone(&self.table),
                key: key_columns,
                key_types: vec![text; 4],
                rows: gone,
            };
            self.table.delete(session, &delete).await?;
        }
        Ok(())
    }
}
