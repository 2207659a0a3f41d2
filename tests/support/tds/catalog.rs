//! Declarations, kept in tables of the database itself, so that they are rolled back with what they declare, and
//! answered as the server's catalog views.

use super::collation::Collation;
use super::error::{Result, SqlError};
use super::syntax::Name;
use super::types::{Kind, Type};
use rusqlite::{Connection, OptionalExtension, params};

/// A column of a table, view or derived table.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    pub id: i64,
    pub name: String,
    pub ty: Type,
    pub nullable: bool,
    pub identity: Option<(i64, i64)>,
    pub is_computed: bool,
    /// The default's text.
    pub default: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Trigger {
    pub name: String,
    pub events: String,
    pub body: String,
}

/// A table, and where SQLite has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// 0: a temporary table or a table variable.
    pub id: i64,
    pub name: Name,
    /// SQLite's name of it, quoted, with its schema.
    pub place: String,
    pub columns: Vec<Column>,
    pub triggers: Vec<Trigger>,
    /// A view's query.
    pub view: Option<String>,
    pub is_tracked: bool,
}

impl Table {
    pub fn column(&self, name: &str) -> Result<&Column> {
        let found = self.columns.iter().find(|column| same(&column.name, name));
        found.ok_or_else(|| SqlError::no_column(name))
    }

    pub fn identity(&self) -> Option<&Column> {
        self.columns.iter().find(|column| column.identity.is_some())
    }

    pub fn is_own(&self) -> bool {
        self.id == 0
    }
}

/// Names are compared without case.
pub fn same(a: &str, b: &str) -> bool {
    a == b || a.to_lowercase() == b.to_lowercase()
}

pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The place of a table in SQLite's main schema.
pub fn place(schema: &str, name: &str) -> String {
    format!(
        "main.{}",
        quoted(&format!(
            "{}.{}",
            schema.to_lowercase(),
            name.to_lowercase()
        ))
    )
}

const TABLES: &str = r#"
CREATE TABLE "sys.schemas" (schema_id INTEGER PRIMARY KEY, name TEXT COLLATE ts_ci NOT NULL UNIQUE);
INSERT INTO "sys.schemas" VALUES (1, 'dbo'), (4, 'sys'), (3, 'INFORMATION_SCHEMA');
CREATE TABLE "sys.objects" (object_id INTEGER PRIMARY KEY, name TEXT COLLATE ts_ci NOT NULL, schema_id INTEGER NOT NULL, parent_object_id INTEGER NOT NULL DEFAULT 0,
    type TEXT NOT NULL, is_disabled INTEGER NOT NULL DEFAULT 0, text TEXT, events TEXT, is_tracked INTEGER NOT NULL DEFAULT 0,
    modify_date INTEGER NOT NULL DEFAULT (621355968000000000 + CAST(unixepoch('subsec') * 1000 AS INTEGER) * 10000), UNIQUE (schema_id, name));
CREATE TABLE "sys.columns" (object_id INTEGER NOT NULL, column_id INTEGER NOT NULL, name TEXT COLLATE ts_ci NOT NULL, code INTEGER NOT NULL, system_type_id INTEGER NOT NULL,
    max_length INTEGER NOT NULL, precision INTEGER NOT NULL, scale INTEGER NOT NULL, collation_name TEXT, is_nullable INTEGER NOT NULL, is_identity INTEGER NOT NULL,
    is_computed INTEGER NOT NULL, default_object_id INTEGER NOT NULL, default_text TEXT, default_name TEXT, seed INTEGER, step INTEGER, PRIMARY KEY (object_id, column_id), UNIQUE (object_id, name));
CREATE TABLE "sys.indexes" (object_id INTEGER NOT NULL, index_id INTEGER NOT NULL, name TEXT COLLATE ts_ci, type INTEGER NOT NULL, is_unique INTEGER NOT NULL,
    is_primary_key INTEGER NOT NULL, is_unique_constraint INTEGER NOT NULL, has_filter INTEGER NOT NULL, PRIMARY KEY (object_id, index_id));
CREATE TABLE "sys.index_columns" (object_id INTEGER NOT NULL, index_id INTEGER NOT NULL, index_column_id INTEGER NOT NULL, column_id INTEGER NOT NULL, key_ordinal INTEGER NOT NULL,
    is_included_column INTEGER NOT NULL, is_descending_key INTEGER NOT NULL, PRIMARY KEY (object_id, index_id, index_column_id));
CREATE TABLE "sys.types" (user_type_id INTEGER PRIMARY KEY, system_type_id INTEGER NOT NULL, name TEXT COLLATE ts_ci NOT NULL);
CREATE TABLE "own.grants" (user TEXT COLLATE ts_ci NOT NULL, object_id INTEGER NOT NULL, permission TEXT NOT NULL);
CREATE TABLE "own.options" (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE "own.changes" (version INTEGER NOT NULL, object_id INTEGER NOT NULL, operation TEXT NOT NULL, row INTEGER NOT NULL, key BLOB);
"#;

/// What is done to a table's columns or indexes shows in its date, which never stays the same.
const MODIFIED: &str = r#"
CREATE TRIGGER "own.{event} {table}" AFTER {event} ON "{table}" BEGIN
    UPDATE "sys.objects" SET modify_date = MAX(modify_date + 100000, 621355968000000000 + CAST(unixepoch('subsec') * 1000 AS INTEGER) * 10000)
    WHERE object_id = {row}.object_id;
END;
"#;

pub fn create(connection: &Connection) -> Result<()> {
    connection.execute_batch(TABLES)?;
    for table in ["sys.columns", "sys.indexes"] {
        for (event, row) in [("INSERT", "new"), ("UPDATE", "new"), ("DELETE", "old")] {
            let made = MODIFIED.replace("{event}", event).replace("{table}", table);
            connection.execute_batch(&made.replace("{row}", row))?;
        }
    }
    let names = [
        "bit",
        "tinyint",
        "smallint",
        "int",
        "bigint",
        "decimal",
        "money",
        "smallmoney",
        "real",
        "float",
        "char",
        "varchar",
        "nchar",
        "nvarchar",
        "text",
        "ntext",
        "binary",
        "varbinary",
        "image",
        "date",
        "time",
        "datetime",
        "smalldatetime",
        "datetime2",
        "datetimeoffset",
        "uniqueidentifier",
        "timestamp",
        "xml",
        "sql_variant",
    ];
    for name in names {
        let ty = Type::named(name, &[]).ok_or_else(|| SqlError::internal(name))?;
        let id = ty.catalog().0;
        connection.execute(
            r#"INSERT INTO "sys.types" VALUES (?1, ?1, ?2)"#,
            params![id, name],
        )?;
    }
    connection.execute_batch(
        r#"INSERT INTO "sys.types" VALUES (108, 108, 'numeric'), (256, 231, 'sysname')"#,
    )?;
    Ok(())
}

/// Catalog views: name, columns with their T-SQL types, the query behind them.
const VIEWS: &[(&str, &str, &str)] = &[
    (
        "schemas",
        "name sysname, schema_id int",
        r#"SELECT name, schema_id FROM "sys.schemas""#,
    ),
    (
        "objects",
        "name sysname, object_id int, schema_id int, parent_object_id int, type char(2), modify_date datetime, is_ms_shipped bit",
        r#"SELECT name, object_id, schema_id, parent_object_id, type, modify_date, 0 AS is_ms_shipped FROM "sys.objects""#,
    ),
    (
        "tables",
        "name sysname, object_id int, schema_id int, type char(2), is_ms_shipped bit",
        r#"SELECT name, object_id, schema_id, type, 0 AS is_ms_shipped FROM "sys.objects" WHERE type = 'U '"#,
    ),
    (
        "views",
        "name sysname, object_id int, schema_id int, type char(2), is_ms_shipped bit",
        r#"SELECT name, object_id, schema_id, type, 0 AS is_ms_shipped FROM "sys.objects" WHERE type = 'V '"#,
    ),
    (
        "columns",
        "object_id int, name sysname, column_id int, system_type_id tinyint, user_type_id int, max_length smallint, precision tinyint, scale tinyint, collation_name sysname, \
         is_nullable bit, is_identity bit, is_computed bit, default_object_id int",
        r#"SELECT object_id, name, column_id, system_type_id, system_type_id AS user_type_id, max_length, precision, scale, collation_name, is_nullable, is_identity, is_computed, default_object_id FROM "sys.columns""#,
    ),
    (
        "types",
        "name sysname, system_type_id tinyint, user_type_id int",
        r#"SELECT name, system_type_id, user_type_id FROM "sys.types""#,
    ),
    (
        "indexes",
        "object_id int, name sysname, index_id int, type tinyint, is_unique bit, is_primary_key bit, is_unique_constraint bit, is_disabled bit, is_hypothetical bit, has_filter bit",
        r#"SELECT object_id, name, index_id, type, is_unique, is_primary_key, is_unique_constraint, 0 AS is_disabled, 0 AS is_hypothetical, has_filter FROM "sys.indexes""#,
    ),
    (
        "index_columns",
        "object_id int, index_id int, index_column_id int, column_id int, key_ordinal tinyint, is_included_column bit, is_descending_key bit",
        r#"SELECT object_id, index_id, index_column_id, column_id, key_ordinal, is_included_column, is_descending_key FROM "sys.index_columns""#,
    ),
    (
        "triggers",
        "name sysname, object_id int, parent_id int, is_disabled bit, is_instead_of_trigger bit",
        r#"SELECT name, object_id, parent_object_id AS parent_id, is_disabled, 0 AS is_instead_of_trigger FROM "sys.objects" WHERE type = 'TR'"#,
    ),
    (
        "databases",
        "name sysname, database_id int, collation_name sysname, snapshot_isolation_state tinyint, is_read_committed_snapshot_on bit, is_read_only bit, compatibility_level tinyint",
        r#"SELECT database_name AS name, id AS database_id, collation AS collation_name, snapshot AS snapshot_isolation_state, committed AS is_read_committed_snapshot_on, read_only AS is_read_only, 110 AS compatibility_level FROM temp."own.databases""#,
    ),
    (
        "change_tracking_databases",
        "database_id int",
        r#"SELECT d.id AS database_id FROM temp."own.databases" d, "own.options" o WHERE d.is_current AND o.name = 'CHANGE_TRACKING' AND o.value = 'ON'"#,
    ),
    (
        "change_tracking_tables",
        "object_id int",
        r#"SELECT object_id FROM "sys.objects" WHERE is_tracked = 1"#,
    ),
];

/// A catalog view as a table whose place is a query.
pub fn view(name: &str) -> Result<Option<Table>> {
    let Some((name, columns, query)) = VIEWS.iter().find(|(known, ..)| same(known, name)) else {
        return Ok(None);
    };
    let mut found = Vec::new();
    for (at, column) in columns.split(", ").enumerate() {
        let (name, ty) = column
            .split_once(' ')
            .ok_or_else(|| SqlError::internal(column))?;
        let (base, args) = ty.split_once('(').unwrap_or((ty, ""));
        let args: Vec<String> = args
            .trim_end_matches(')')
            .split(',')
            .filter(|arg| !arg.is_empty())
            .map(str::to_owned)
            .collect();
        let ty = Type::named(base, &args).ok_or_else(|| SqlError::internal(column))?;
        found.push(Column {
            id: at as i64 + 1,
            name: name.to_owned(),
            ty,
            nullable: true,
            identity: None,
            is_computed: false,
            default: None,
        });
    }
    Ok(Some(Table {
        id: -1,
        name: Name {
            schema: Some("sys".to_owned()),
            name: (*name).to_owned(),
        },
        place: format!("({query})"),
        columns: found,
        triggers: Vec::new(),
        view: None,
        is_tracked: false,
    }))
}

pub fn schema_id(connection: &Connection, name: &str) -> Result<Option<i64>> {
    let found = connection.query_row(
        r#"SELECT schema_id FROM "sys.schemas" WHERE name = ?1"#,
        [name],
        |row| row.get(0),
    );
    Ok(found.optional()?)
}

/// An object's id and type, of any type or of one.
pub fn object(connection: &Connection, name: &Name) -> Result<Option<(i64, String)>> {
    let schema = name.schema.as_deref().unwrap_or("dbo");
    let found = connection.query_row(
        r#"SELECT o.object_id, o.type FROM "sys.objects" o JOIN "sys.schemas" s ON s.schema_id = o.schema_id WHERE s.name = ?1 AND o.name = ?2"#,
        [schema, &name.name],
        |row| Ok((row.get(0)?, row.get(1)?)),
    );
    Ok(found.optional()?)
}

/// A table or view of the database.
pub fn table(connection: &Connection, name: &Name) -> Result<Option<Table>> {
    let Some((id, kind)) = object(connection, name)? else {
        return Ok(None);
    };
    if kind != "U " && kind != "V " {
        return Ok(None);
    }
    let (shown, view, is_tracked): (String, Option<String>, bool) = connection.query_row(
        r#"SELECT name, text, is_tracked FROM "sys.objects" WHERE object_id = ?1"#,
        [id],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    let mut columns = connection.prepare_cached(
        r#"SELECT column_id, name, code, is_nullable, seed, step, is_computed, default_text FROM "sys.columns" WHERE object_id = ?1 ORDER BY column_id"#,
    )?;
    let columns = columns.query_map([id], |row| {
        let seed: Option<i64> = row.get(4)?;
        let step: Option<i64> = row.get(5)?;
        Ok(Column {
            id: row.get(0)?,
            name: row.get(1)?,
            ty: Type::of_code(row.get(2)?),
            nullable: row.get(3)?,
            identity: seed.zip(step),
            is_computed: row.get(6)?,
            default: row.get(7)?,
        })
    })?;
    let columns: Vec<Column> = columns.collect::<rusqlite::Result<_>>()?;
    let mut triggers = connection.prepare_cached(r#"SELECT name, events, text FROM "sys.objects" WHERE parent_object_id = ?1 AND type = 'TR' AND is_disabled = 0"#)?;
    let triggers = triggers.query_map([id], |row| {
        Ok(Trigger {
            name: row.get(0)?,
            events: row.get(1)?,
            body: row.get(2)?,
        })
    })?;
    let triggers: Vec<Trigger> = triggers.collect::<rusqlite::Result<_>>()?;
    let schema = name.schema.as_deref().unwrap_or("dbo");
    Ok(Some(Table {
        id,
        name: Name {
            schema: Some(schema.to_owned()),
            name: shown,
        },
        place: place(schema, &name.name),
        columns,
        triggers,
        view: if kind == "V " { view } else { None },
        is_tracked,
    }))
}

/// Declares an object; 2714 if there is one of that name.
pub fn add_object(
    connection: &Connection,
    name: &Name,
    kind: &str,
    parent: i64,
    text: Option<&str>,
    events: Option<&str>,
) -> Result<i64> {
    let schema = name.schema.as_deref().unwrap_or("dbo");
    let Some(schema_id) = schema_id(connection, schema)? else {
        return Err(SqlError::new(
            2760,
            16,
            format!(
                "The specified schema name \"{schema}\" either does not exist or you do not have permission to use it."
            ),
        ));
    };
    if object(connection, name)?.is_some() {
        return Err(SqlError::new(
            2714,
            16,
            format!(
                "There is already an object named '{}' in the database.",
                name.name
            ),
        ));
    }
    let id: i64 = connection.query_row(
        r#"SELECT COALESCE(MAX(object_id), 901578250) + 16 FROM "sys.objects""#,
        [],
        |row| row.get(0),
    )?;
    connection.execute(
        r#"INSERT INTO "sys.objects" (object_id, name, schema_id, parent_object_id, type, text, events) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"#,
        params![id, name.name, schema_id, parent, kind, text, events],
    )?;
    Ok(id)
}

pub fn add_column(connection: &Connection, table: i64, column: &Column) -> Result<()> {
    let (type_id, max_length, precision, scale) = column.ty.catalog();
    let collation = (column.ty.is_text()).then(|| column.ty.collation.name());
    let (seed, step) = column.identity.unzip();
    connection.execute(
        r#"INSERT INTO "sys.columns" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, NULL, ?15, ?16)"#,
        params![
            table,
            column.id,
            column.name,
            column.ty.code(),
            type_id,
            max_length,
            precision,
            scale,
            collation,
            column.nullable,
            column.identity.is_some(),
            column.is_computed,
            if column.default.is_some() && !column.is_computed { 1_000_000_000 + table + column.id } else { 0 },
            column.default,
            seed,
            step
        ],
    )
    .map_err(|error| match error.to_string().contains("UNIQUE") {
        true => SqlError::new(2705, 16, format!("Column names in each table must be unique. Column name '{}' is specified more than once.", column.name)),
        false => error.into(),
    })?;
    Ok(())
}

/// What a user other than the server's own may do: object and permission.
pub fn grants(connection: &Connection, user: &str) -> Result<Vec<(i64, String)>> {
    let mut found = connection
        .prepare_cached(r#"SELECT object_id, permission FROM "own.grants" WHERE user = ?1"#)?;
    Ok(found
        .query_map([user], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?)
}

pub fn option(connection: &Connection, name: &str) -> Result<Option<String>> {
    let found = connection.query_row(
        r#"SELECT value FROM "own.options" WHERE name = ?1"#,
        [name],
        |row| row.get(0),
    );
    Ok(found.optional()?)
}

pub fn set_option(connection: &Connection, name: &str, value: &str) -> Result<()> {
    connection.execute(r#"INSERT INTO "own.options" VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value"#, [name, value])?;
    Ok(())
}

/// What a text column gets where none is named.
pub fn with_collation(ty: Type, database: Collation) -> Type {
    match ty.is_text() && ty.collation == Collation::DEFAULT {
        true => ty.with(database),
        false => ty,
    }
}

/// A column's type as SQLite's table declares it. STRICT tables know five.
pub fn storage(ty: Type) -> String {
    use Kind::*;
    match ty.kind {
        Bit | TinyInt | SmallInt | Int | BigInt | Time | Date | SmallDateTime | DateTime
        | DateTime2 => "INTEGER".to_owned(),
        Real | Float => "REAL".to_owned(),
        Char | VarChar | NChar | NVarChar | Text | NText | Xml => {
            format!("TEXT COLLATE {}", ty.rule().name())
        }
        _ => "BLOB".to_owned(),
    }
}
