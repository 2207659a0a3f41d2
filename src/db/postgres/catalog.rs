//! The server and its tables as the system catalogs describe them:
//! <https://www.postgresql.org/docs/current/catalogs.html>.

use super::link::Link;
use super::{DIALECT, params, types};
use crate::db::catalog::{Column, Privileges, Table};
use crate::db::query::TableName;
use crate::db::render::quoted;
use crate::db::{DbError, DbErrorKind, EngineKind, Result, Server, Snapshots};
use crate::value::{Row, Type, Value};
use std::borrow::Cow;
use std::collections::HashMap;

const SERVER: &str = "\
SELECT current_setting('server_version'), CAST(current_setting('server_version_num') AS integer),
       current_setting('server_encoding') = 'UTF8', CAST(current_setting('transaction_read_only') AS boolean)";

/// The table that a name means here; indexes and sequences also have names.
const TABLE: &str = "\
SELECT n.nspname, c.relname, c.relkind IN ('v', 'm'),
       has_any_column_privilege(c.oid, 'SELECT'), has_any_column_privilege(c.oid, 'INSERT'),
       has_any_column_privilege(c.oid, 'UPDATE'), has_table_privilege(c.oid, 'DELETE')
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = to_regclass($1) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')";

/// Columns with the type at the bottom of their domains, and what the domains add on the way down.
const BASE_TYPES: &str = "\
WITH RECURSIVE descent AS (
    SELECT a.attnum, a.atttypid AS type, a.atttypmod AS modifier, false AS not_null, false AS filled
    FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT d.attnum, t.typbasetype, CASE WHEN d.modifier = -1 THEN t.typtypmod ELSE d.modifier END,
           d.not_null OR t.typnotnull, d.filled OR t.typdefault IS NOT NULL
    FROM descent d JOIN pg_catalog.pg_type t ON t.oid = d.type
    WHERE t.typtype = 'd'
), base AS (
    SELECT d.*, t.typname FROM descent d JOIN pg_catalog.pg_type t ON t.oid = d.type WHERE t.typtype <> 'd'
)
";

const COLUMNS: &str = "\
SELECT a.attname, CAST(base.type AS bigint), base.modifier, base.typname,
       pg_catalog.format_type(a.atttypid, a.atttypmod),
       NOT (a.attnotnull OR base.not_null),
       a.atthasdef OR a.attidentity <> '' OR base.filled,
       a.attidentity <> ''
           OR coalesce(pg_catalog.pg_get_expr(f.adbin, f.adrelid) LIKE 'nextval(%', false),
       a.attgenerated <> '',
       (SELECT l.collname FROM pg_catalog.pg_collation l WHERE l.oid = a.attcollation)
FROM base
JOIN pg_catalog.pg_attribute a ON a.attrelid = to_regclass($1) AND a.attnum = base.attnum
LEFT JOIN pg_catalog.pg_attrdef f ON f.adrelid = a.attrelid AND f.adnum = a.attnum
ORDER BY a.attnum";

const LABELS: &str = "\
SELECT CAST(e.enumtypid AS bigint), e.enumlabel FROM pg_catalog.pg_enum e
WHERE e.enumtypid IN (SELECT base.type FROM base) ORDER BY e.enumtypid, e.enumsortorder";

/// A row per column of each index, NULL for an expression. Of indexes over a part of the rows only, or still being
/// built, none is of use; among the methods only these find a single value.
const INDEXES: &str = "\
SELECT CAST(i.indexrelid AS bigint), i.indisprimary, i.indisunique, a.attname
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
JOIN pg_catalog.pg_am m ON m.oid = x.relam AND m.amname IN ('btree', 'hash')
CROSS JOIN LATERAL pg_catalog.generate_series(0, i.indnkeyatts - 1) AS position
LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[position]
WHERE i.indrelid = to_regclass($1) AND i.indisvalid AND i.indpred IS NULL
ORDER BY i.indisprimary DESC, i.indexrelid, position";

/// Without a length: a cast to a type with one cuts what is longer. The modifier -1 makes `bpchar` of what would
/// otherwise be `character`, which means `character(1)`.
const CAST_TYPES: &str = "\
SELECT a.attname, pg_catalog.format_type(base.type, -1)
FROM base JOIN pg_catalog.pg_attribute a ON a.attrelid = to_regclass($1) AND a.attnum = base.attnum";

/// What the server says of itself.
pub async fn server(link: &mut Link) -> Result<Server> {
    let rows = link
        .rows(SERVER.to_owned(), params::arguments(&[])?)
        .await?;
    let mut fields = Fields::of(rows.into_iter().next().unwrap_or_default());
    let version = fields.text()?;
    let number = u32::try_from(fields.integer()?).unwrap_or_default();
    Ok(Server {
        kind: EngineKind::Postgres,
        // Distributions append their own version in parentheses.
        product: format!(
            "PostgreSQL {}",
            version.split_whitespace().next().unwrap_or_default()
        ),
        // Since version 10 two numbers, packed as 10000 * major + minor.
        version: (number / 10_000, number % 10_000, 0),
        unicode: fields.truth()?,
        read_only: fields.truth()?,
        snapshots: Snapshots::Whole,
    })
}

/// The table as it is now.
pub async fn table(link: &mut Link, name: &TableName) -> Result<Option<Table>> {
    let wanted = [Cow::Owned(regclass(name))];
    let arguments = || params::arguments(&wanted);
    let found = link.rows(TABLE.to_owned(), arguments()?).await?;
    let Some(found) = found.into_iter().next() else {
        return Ok(None);
    };
    let mut fields = Fields::of(found);
    let name = TableName {
        schema: Some(fields.text()?),
        name: fields.text()?,
    };
    let is_view = fields.truth()?;
    let privileges = Privileges {
        select: Some(fields.truth()?),
        insert: Some(fields.truth()?),
        update: Some(fields.truth()?),
        delete: Some(fields.truth()?),
    };

    let mut labels: HashMap<i64, Vec<String>> = HashMap::new();
    for row in link
        .rows(format!("{BASE_TYPES}{LABELS}"), arguments()?)
        .await?
    {
        let mut fields = Fields::of(row);
        labels
            .entry(fields.integer()?)
            .or_default()
            .push(fields.text()?);
    }
    let columns = link
        .rows(format!("{BASE_TYPES}{COLUMNS}"), arguments()?)
        .await?;
    let columns = columns.into_iter().map(|row| column(row, &labels));
    let indexes = indexes(link.rows(INDEXES.to_owned(), arguments()?).await?)?;
    Ok(Some(Table {
        name,
        columns: columns.collect::<Result<_>>()?,
        primary_key: indexes
            .iter()
            .find(|index| index.primary)
            .map(|index| index.columns.clone())
            .unwrap_or_default(),
        unique_keys: indexes
            .iter()
            .filter(|index| index.unique && !index.has_expression)
            .map(|index| index.columns.clone())
            .collect(),
        indexes: indexes
            .into_iter()
            .map(|index| index.columns)
            .filter(|columns| !columns.is_empty())
            .collect(),
        transactional: true,
        storage: None,
        is_view,
        privileges,
    }))
}

/// The columns' types as SQL, for casts that cut nothing; empty if there is no such table.
pub async fn cast_types(link: &mut Link, table: &TableName) -> Result<HashMap<String, String>> {
    let arguments = params::arguments(&[Cow::Owned(regclass(table))])?;
    let rows = link
        .rows(format!("{BASE_TYPES}{CAST_TYPES}"), arguments)
        .await?;
    rows.into_iter()
        .map(|row| {
            let mut fields = Fields::of(row);
            Ok((fields.text()?, fields.text()?))
        })
        .collect()
}

/// The name as `to_regclass` takes it: found as a statement would find it, along the search path if there is no schema.
fn regclass(name: &TableName) -> Value {
    let mut text = String::new();
    if let Some(schema) = &name.schema {
        text.push_str(&quoted(schema, DIALECT.quotes));
        text.push('.');
    }
    text.push_str(&quoted(&name.name, DIALECT.quotes));
    Value::Text(text)
}

fn column(row: Row, labels: &HashMap<i64, Vec<String>>) -> Result<Column> {
    let mut fields = Fields::of(row);
    let name = fields.text()?;
    let oid = fields.integer()?;
    let modifier = fields.integer()?;
    let type_name = fields.text()?;
    let declared = fields.text()?;
    let labels = labels.get(&oid).cloned().unwrap_or_default();
    let ty = match (u32::try_from(oid), i32::try_from(modifier)) {
        (Ok(oid), Ok(modifier)) => types::column_type(oid, modifier, &type_name, labels),
        _ => None,
    };
    Ok(Column {
        name,
        ty: ty.unwrap_or_else(|| Type::Other(declared.clone())),
        declared,
        nullable: fields.truth()?,
        has_default: fields.truth()?,
        generated: fields.truth()?,
        computed: fields.truth()?,
        collation: fields.optional_text()?,
    })
    .map(|column: Column| Column {
        // What computes a column is kept where defaults are, but does not fill it in the sense of one.
        has_default: column.has_default && !column.computed,
        ..column
    })
}

#[derive(Default)]
struct Index {
    id: i64,
    primary: bool,
    unique: bool,
    /// The leading columns, up to the first expression.
    columns: Vec<String>,
    has_expression: bool,
}

fn indexes(rows: Vec<Row>) -> Result<Vec<Index>> {
    let mut indexes: Vec<Index> = Vec::new();
    for row in rows {
        let mut fields = Fields::of(row);
        let id = fields.integer()?;
        let (primary, unique) = (fields.truth()?, fields.truth()?);
        if indexes.last().is_none_or(|index| index.id != id) {
            indexes.push(Index {
                id,
                primary,
                unique,
                ..Index::default()
            });
        }
        let Some(index) = indexes.last_mut() else {
            continue;
        };
        match fields.optional_text()? {
            Some(column) if !index.has_expression => index.columns.push(column),
            Some(_) => {}
            None => index.has_expression = true,
        }
    }
    Ok(indexes)
}

/// The values of a row of the catalog, taken in the order of the query's columns.
struct Fields(std::vec::IntoIter<Value>);

impl Fields {
    fn of(row: Row) -> Self {
        Fields(row.into_vec().into_iter())
    }

    fn text(&mut self) -> Result<String> {
        self.optional_text()?.ok_or_else(unexpected)
    }

    fn optional_text(&mut self) -> Result<Option<String>> {
        match self.0.next() {
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(Value::Null) => Ok(None),
            _ => Err(unexpected()),
        }
    }

    fn integer(&mut self) -> Result<i64> {
        match self.0.next() {
            Some(Value::Int(number)) => Ok(number),
            _ => Err(unexpected()),
        }
    }

    fn truth(&mut self) -> Result<bool> {
        match self.0.next() {
            Some(Value::Bool(truth)) => Ok(truth),
            _ => Err(unexpected()),
        }
    }
}

fn unexpected() -> DbError {
    DbError::new(
        DbErrorKind::Other,
        "the server's catalog has a form that is not known",
    )
}
