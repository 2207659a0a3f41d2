//! Which record of the ERP is which row of the shop.
//!
//! A link is written in the transaction of the record's first write and is what ponte trusts afterwards; both sides of
//! it are unique, so that neither two records can share a row nor a record have two.

use super::table::OwnTable;
use super::{OwnTables, clock};
use crate::db::query::{Insert, Query, TableName, Update};
use crate::db::{self, DbError, DbErrorKind, Session};
use crate::value::{Charset, Type, Value};
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, HashMap};

/// The row that a record became.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The row's id as text.
    pub id: String,
    /// Further columns that the pack remembers: `term`.
    pub columns: BTreeMap<String, String>,
    /// What the row was when it was linked: `simple`, `variation`, `parent`.
    pub kind: String,
}

/// The links of one record kind of one shop.
#[derive(Debug, Clone)]
pub struct Links {
    table: OwnTable,
    shop: String,
    record: String,
}

impl Links {
    pub fn new(own: &OwnTables, shop: &str, record: &str) -> Self {
        Links {
            table: OwnTable::new(own, "link"),
            shop: shop.to_owned(),
            record: record.to_owned(),
        }
    }

    fn select(&self) -> Query {
        Query::sql("SELECT record_key, target_id, columns, kind FROM ").append(self.of_record())
    }

    fn of_record(&self) -> Query {
        Query::default()
            .table(&self.table)
            .text(" WHERE shop = ")
            .value(Value::Text(self.shop.clone()))
            .text(" AND record = ")
            .value(Value::Text(self.record.clone()))
    }

    async fn read(
        &self,
        session: &mut dyn Session,
        query: &Query,
    ) -> db::Result<HashMap<String, Link>> {
        let mut links = HashMap::new();
        for row in self.table.fetch(session, query).await? {
            let [
                Value::Text(key),
                Value::Text(id),
                Value::Text(columns),
                Value::Text(kind),
            ] = &row[..]
            else {
                return Err(DbError::new(
                    DbErrorKind::Other,
                    format!("{} holds a row that is no link", *self.table),
                ));
            };
            let columns = serde_json::from_str(columns).map_err(|error| {
                DbError::new(
                    DbErrorKind::Other,
                    format!("{}: `{key}`: {error}", *self.table),
                )
            })?;
            links.insert(
                key.clone(),
                Link {
                    id: id.clone(),
                    columns,
                    kind: kind.clone(),
                },
            );
        }
        Ok(links)
    }

    /// The links of these keys, by key.
    pub async fn of(
        &self,
        session: &mut dyn Session,
        keys: &[String],
    ) -> db::Result<HashMap<String, Link>> {
        if keys.is_empty() {
            return Ok(HashMap::new());
        }
        self.read(
            session,
            &self
                .select()
                .text(" AND record_key IN (")
                .list(texts(keys))
                .text(")"),
        )
        .await
    }

    /// The links that lead to these rows, by key.
    pub async fn to(
        &self,
        session: &mut dyn Session,
        ids: &[String],
    ) -> db::Result<HashMap<String, Link>> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        self.read(
            session,
            &self
                .select()
                .text(" AND target_id IN (")
                .list(texts(ids))
                .text(")"),
        )
        .await
    }

    /// When a link was made, by the server's clock.
    pub async fn linked(
        &self,
        session: &mut dyn Session,
        key: &str,
    ) -> db::Result<Option<DateTime<Utc>>> {
        let query = Query::sql("SELECT linked_ms FROM ")
            .append(self.of_record())
            .text(" AND record_key = ")
            .value(Value::Text(key.to_owned()));
        let rows = self.table.fetch(session, &query).await?;
        Ok(match rows.first().map(|row| &row[0]) {
            Some(Value::Int(millis)) => DateTime::from_timestamp_millis(*millis),
            _ => None,
        })
    }

    /// All links of the record kind: of the small ones (categories) that a `scope` needs whole.
    pub async fn all(&self, session: &mut dyn Session) -> db::Result<HashMap<String, Link>> {
        self.read(session, &self.select()).await
    }

    /// How many there are.
    pub async fn count(&self, session: &mut dyn Session) -> db::Result<u64> {
        let query = Query::sql("SELECT COUNT(*) FROM ").append(self.of_record());
        let rows = self.table.fetch(session, &query).await?;
        Ok(match rows.first().map(|row| &row[0]) {
            Some(Value::Int(count)) => u64::try_from(*count).unwrap_or(0),
            _ => 0,
        })
    }

    /// The next keys behind this one, in an order that does not change; none at the end.
    pub async fn keys_behind(
        &self,
        session: &mut dyn Session,
        key: &str,
        most: usize,
    ) -> db::Result<Vec<String>> {
        let query = Query::sql("SELECT record_key FROM ")
            .append(self.of_record())
            .text(" AND record_key > ")
            .value(Value::Text(key.to_owned()))
            .text(" ORDER BY record_key")
            .limit(most, true);
        let rows = self.table.fetch(session, &query).await?;
        Ok(rows.iter().map(|row| row[0].plain().into_owned()).collect())
    }

    /// Part of a transaction: the records become strangers to their rows.
    pub async fn delete(&self, session: &mut dyn Session, keys: &[String]) -> db::Result<()> {
        if keys.is_empty() {
            return Ok(());
        }
        let query = Query::sql("DELETE FROM ")
            .append(self.of_record())
            .text(" AND record_key IN (")
            .list(texts(keys))
            .text(")");
        self.table.execute(session, &query).await.map(|_| ())
    }

    /// Part of a transaction: the links' further columns are these from now on.
    pub async fn remember(
        &self,
        session: &mut dyn Session,
        links: &[(String, Link)],
    ) -> db::Result<()> {
        if links.is_empty() {
            return Ok(());
        }
        let row = |(key, link): &(String, Link)| {
            let key = [&self.shop, &self.record, key];
            let columns = serde_json::json!(link.columns).to_string();
            (
                key.map(|text| Value::Text(text.clone())).to_vec(),
                vec![Value::Text(columns)],
            )
        };
        let update = Update {
            table: TableName::clone(&self.table),
            key: ["shop", "record", "record_key"].map(str::to_owned).to_vec(),
            key_types: vec![text_type(); 3],
            columns: vec!["columns".to_owned()],
            types: vec![text_type()],
            rows: links.iter().map(row).collect(),
        };
        self.table.update(session, &update).await.map(|_| ())
    }

    /// Part of a transaction: links the key with the row, unless the row has a link already. A unique violation means that the key
    /// has been linked with another row.
    pub async fn insert_free(
        &self,
        session: &mut dyn Session,
        key: &str,
        id: &str,
    ) -> db::Result<()> {
        let clock = clock(session.server().kind);
        let text = |text: &str| Value::Text(text.to_owned());
        let query = Query::sql("INSERT INTO ")
            .table(&self.table)
            .text(" (shop, record, record_key, target_id, columns, kind, linked_ms) SELECT ")
            .list(vec![
                text(&self.shop),
                text(&self.record),
                text(key),
                text(id),
            ])
            .text(format!(
                ", '{{}}', '', {clock} FROM (SELECT 1 AS one) o WHERE NOT EXISTS (SELECT 1 FROM "
            ))
            .append(self.of_record())
            .text(" AND target_id = ")
            .value(text(id))
            .text(")");
        self.table.execute_later(session, &query).await
    }

    /// Part of the transaction that writes the rows; a unique violation means that someone else linked first.
    pub async fn insert(
        &self,
        session: &mut dyn Session,
        links: &[(String, Link)],
    ) -> db::Result<()> {
        if links.is_empty() {
            return Ok(());
        }
        let clock = clock(session.server().kind);
        let columns = [
            "shop",
            "record",
            "record_key",
            "target_id",
            "columns",
            "kind",
            "linked_ms",
        ];
        let texts = |(key, link): &(String, Link)| {
            let columns = serde_json::json!(link.columns).to_string();
            [
                &self.shop,
                &self.record,
                key,
                &link.id,
                &columns,
                &link.kind,
            ]
            .map(|text| Value::Text(text.clone()))
        };
        if let [one] = links {
            let query = Query::sql("INSERT INTO ")
                .table(&self.table)
                .text(format!(" ({}) VALUES (", columns.join(", ")))
                .list(texts(one).to_vec())
                .text(format!(", {clock})"));
            return self.table.execute_later(session, &query).await;
        }
        let clock = Query::sql(format!("SELECT {clock}"));
        let now = db::fetch(session, &clock).await?;
        let now = now.first().map_or(Value::Int(0), |row| row[0].clone());
        let row = |one| texts(one).into_iter().chain([now.clone()]).collect();
        let rows = links.iter().map(row).collect();
        let mut types = vec![text_type(); 6];
        types.push(Type::Int {
            bits: 64,
            signed: true,
        });
        self.table
            .insert(
                session,
                &Insert {
                    table: TableName::clone(&self.table),
                    columns: columns.map(str::to_owned).to_vec(),
                    types,
                    rows,
                    generated: None,
                    distinct_by: Vec::new(),
                },
            )
            .await?;
        Ok(())
    }
}

fn texts(texts: &[String]) -> Vec<Value> {
    texts.iter().map(|text| Value::Text(text.clone())).collect()
}

fn text_type() -> Type {
    Type::Text {
        chars_max: Some(255),
        bytes_max: None,
        charset: Charset::Unicode,
        padded: false,
    }
}
