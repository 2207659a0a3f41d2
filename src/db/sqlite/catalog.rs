//! Tables as the pragma functions describe them. <https://www.sqlite.org/pragma.html#pragma_table_xinfo>

use super::decode::{declared_type, keeps_text};
use super::error::from_driver;
use crate::db::Result;
use crate::db::catalog::{Column, Privileges, Table};
use crate::db::query::TableName;
use crate::value::Type;
use sqlx::sqlite::SqliteConnection;
use std::collections::HashMap;

/// What columns declare, as far as reading and writing values needs it.
#[derive(Debug, Clone)]
pub(super) struct Declared {
    pub ty: Type,
    pub keeps_text: bool,
}

/// By column.
pub(super) type DeclaredColumns = HashMap<String, Declared>;

const MAIN: &str = "main";

/// A table's name and the database it lies in, as statements report the origin of a column.
pub(super) fn origin(name: &str) -> TableName {
    match name.strip_prefix("temp.") {
        Some(name) => TableName {
            schema: Some("temp".to_owned()),
            name: name.to_owned(),
        },
        None => TableName {
            schema: None,
            name: name.to_owned(),
        },
    }
}

pub(super) async fn declared_columns(
    connection: &mut SqliteConnection,
    table: &TableName,
) -> Result<DeclaredColumns> {
    let rows: Vec<(String, String)> =
        sqlx::query_as("SELECT name, type FROM pragma_table_xinfo(?, ?)")
            .bind(table.name.clone())
            .bind(table.schema.clone().unwrap_or_else(|| MAIN.to_owned()))
            .fetch_all(connection)
            .await
            .map_err(from_driver)?;
    Ok(rows
        .into_iter()
        .map(|(name, declared)| {
            let declared = Declared {
                ty: declared_type(&declared),
                keeps_text: keeps_text(&declared),
            };
            (name, declared)
        })
        .collect())
}

pub(super) async fn table(
    connection: &mut SqliteConnection,
    name: &TableName,
    read_only: bool,
) -> Result<Option<Table>> {
    let schema = name.schema.clone().unwrap_or_else(|| MAIN.to_owned());
    let found: Option<(String, bool)> =
        sqlx::query_as("SELECT type, wr FROM pragma_table_list(?) WHERE schema = ? AND name = ?")
            .bind(&name.name)
            .bind(&schema)
            .bind(&name.name)
            .fetch_optional(&mut *connection)
            .await
            .map_err(from_driver)?;
    let Some((kind, without_rowid)) = found else {
        return Ok(None);
    };
    let is_view = kind == "view";
    let (columns, primary_key) = columns(connection, name, &schema, without_rowid).await?;
    let (mut unique_keys, mut indexes) = keys(connection, name, &schema).await?;
    // The key that is the rowid has no index of its own in the lists.
    if !primary_key.is_empty() && !unique_keys.contains(&primary_key) {
        unique_keys.insert(0, primary_key.clone());
        indexes.insert(0, primary_key.clone());
    }
    let write = Some(!read_only && !is_view);
    Ok(Some(Table {
        name: TableName {
            schema: Some(schema),
            name: name.name.clone(),
        },
        columns,
        primary_key,
        unique_keys,
        indexes,
        transactional: true,
        storage: None,
        is_view,
        privileges: Privileges {
            select: Some(true),
            insert: write,
            update: write,
            delete: write,
        },
    }))
}

/// The columns, and those of the primary key.
async fn columns(
    connection: &mut SqliteConnection,
    table: &TableName,
    schema: &str,
    without_rowid: bool,
) -> Result<(Vec<Column>, Vec<String>)> {
    type Info = (String, String, bool, Option<String>, i64, i64);
    let infos: Vec<Info> = sqlx::query_as(
        "SELECT name, type, \"notnull\", dflt_value, pk, hidden FROM pragma_table_xinfo(?, ?) WHERE hidden <> 1 ORDER BY cid",
    )
    .bind(&table.name)
    .bind(schema)
    .fetch_all(connection)
    .await
    .map_err(from_driver)?;
    let mut key: Vec<(i64, String)> = infos
        .iter()
        .filter(|info| info.4 > 0)
        .map(|info| (info.4, info.0.clone()))
        .collect();
    key.sort();
    let is_rowid = |info: &Info| {
        info.4 > 0 && key.len() == 1 && !without_rowid && info.1.eq_ignore_ascii_case("INTEGER")
    };
    let columns = infos
        .iter()
        .map(|info| {
            let (name, declared, not_null, default, _, hidden) = info;
            let generated = is_rowid(info);
            let has_default = generated || default.as_deref().is_some_and(|text| text != "NULL");
            Column {
                name: name.clone(),
                ty: declared_type(declared),
                declared: declared.clone(),
                nullable: !not_null && !generated,
                has_default,
                generated,
                computed: matches!(hidden, 2 | 3),
                collation: None,
            }
        })
        .collect();
    Ok((columns, key.into_iter().map(|(_, name)| name).collect()))
}

/// The columns of the unique keys, and of all indexes.
async fn keys(
    connection: &mut SqliteConnection,
    table: &TableName,
    schema: &str,
) -> Result<(Vec<Vec<String>>, Vec<Vec<String>>)> {
    let rows: Vec<(i64, bool, bool, Option<String>)> = sqlx::query_as(
        "SELECT l.seq, l.\"unique\", l.partial, i.name FROM pragma_index_list(?, ?) l, pragma_index_info(l.name, ?) i \
         ORDER BY l.seq DESC, i.seqno",
    )
    .bind(&table.name)
    .bind(schema)
    .bind(schema)
    .fetch_all(connection)
    .await
    .map_err(from_driver)?;
    let (mut unique_keys, mut indexes) = (Vec::new(), Vec::new());
    for index in rows.chunk_by(|a, b| a.0 == b.0) {
        let (_, is_unique, is_partial, _) = index[0];
        // A part without a name is an expression; what comes after it is of no use for a look-up.
        let names: Vec<String> = index.iter().map_while(|row| row.3.clone()).collect();
        if is_partial || names.is_empty() {
            continue;
        }
        if is_unique && names.len() == index.len() {
            unique_keys.push(names.clone());
        }
        indexes.push(names);
    }
    Ok((unique_keys, indexes))
}
