//! What a login may do, and the statements that let it.

use super::catalog::Privileges;
use super::query::{Query, TableName};
use super::{EngineKind, Result, Session, fetch};
use crate::value::Value;
use std::collections::BTreeSet;
use std::fmt;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Privilege {
    Select,
    Insert,
    Update,
    Delete,
}

impl fmt::Display for Privilege {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Privilege::Select => "SELECT",
            Privilege::Insert => "INSERT",
            Privilege::Update => "UPDATE",
            Privilege::Delete => "DELETE",
        })
    }
}

impl Privileges {
    /// `None` where the server does not say.
    pub fn has(&self, privilege: Privilege) -> Option<bool> {
        match privilege {
            Privilege::Select => self.select,
            Privilege::Insert => self.insert,
            Privilege::Update => self.update,
            Privilege::Delete => self.delete,
        }
    }
}

/// A table as the login finds it.
#[derive(Debug, Clone)]
pub struct Found {
    /// With its schema or database.
    pub table: TableName,
    pub privileges: Privileges,
    /// The schema may be entered at all (PostgreSQL).
    pub usage: bool,
    /// Sequences that give its columns their numbers, and whether the login may use them (PostgreSQL).
    pub sequences: Vec<(TableName, bool)>,
}

/// The login as the server knows it: `ponte`, `'ponte'@'%'`. MySQL's own words: the host is part of the name.
pub async fn login(session: &mut dyn Session) -> Result<String> {
    let sql = match session.server().kind {
        EngineKind::Postgres => "SELECT CAST(current_user AS text)",
        EngineKind::MySql => "SELECT CAST(CURRENT_USER() AS CHAR)",
        EngineKind::SqlServer => "SELECT USER_NAME()",
        EngineKind::Sqlite => return Ok(String::new()),
    };
    let rows = fetch(session, &Query::sql(sql)).await?;
    let name = rows
        .first()
        .map_or(String::new(), |row| row[0].plain().into_owned());
    Ok(match session.server().kind {
        EngineKind::MySql => {
            let (user, host) = name.rsplit_once('@').unwrap_or((&name, "%"));
            mysql_login(user, host)
        }
        kind => quoted(&name, kind),
    })
}

/// A login as statements name it, where no server can be asked.
pub fn login_named(user: &str, kind: EngineKind) -> String {
    match kind {
        EngineKind::MySql => mysql_login(user, "%"),
        _ => quoted(user, kind),
    }
}

fn mysql_login(user: &str, host: &str) -> String {
    let text = |text: &str| text.replace('\\', "\\\\").replace('\'', "''");
    format!("'{}'@'{}'", text(user), text(host))
}

fn quoted(name: &str, kind: EngineKind) -> String {
    match kind {
        EngineKind::MySql => format!("`{}`", name.replace('`', "``")),
        EngineKind::SqlServer => format!("[{}]", name.replace(']', "]]")),
        _ => format!("\"{}\"", name.replace('"', "\"\"")),
    }
}

fn quoted_table(table: &TableName, kind: EngineKind) -> String {
    let name = quoted(&table.name, kind);
    match &table.schema {
        Some(schema) => format!("{}.{name}", quoted(schema, kind)),
        None => name,
    }
}

/// `GRANT SELECT, UPDATE ON "public"."articles" TO "ponte"`
pub fn statement(
    privileges: &BTreeSet<Privilege>,
    table: &TableName,
    login: &str,
    kind: EngineKind,
) -> String {
    let words: Vec<String> = privileges.iter().map(Privilege::to_string).collect();
    let table = quoted_table(table, kind);
    format!("GRANT {} ON {table} TO {login}", words.join(", "))
}

/// `GRANT USAGE ON SCHEMA "public" TO "ponte"`
pub fn schema_statement(schema: &str, login: &str) -> String {
    let schema = quoted(schema, EngineKind::Postgres);
    format!("GRANT USAGE ON SCHEMA {schema} TO {login}")
}

pub fn sequence_statement(sequence: &TableName, login: &str) -> String {
    let sequence = quoted_table(sequence, EngineKind::Postgres);
    format!("GRANT USAGE ON SEQUENCE {sequence} TO {login}")
}

/// What lets a login see since when other transactions are open.
pub fn transactions_statement(login: &str, kind: EngineKind) -> String {
    match kind {
        EngineKind::MySql => format!("GRANT PROCESS ON *.* TO {login}"),
        // Of the server, not of the database: to be run in `master`, for the login that the user is of.
        EngineKind::SqlServer => format!("GRANT {} TO {login}", super::clock::VIEW_SERVER_STATE),
        _ => format!("GRANT pg_read_all_stats TO {login}"),
    }
}

/// Whether what [`find`] does not find is not there. MySQL shows a login all tables of a database only if it may do
/// something with all of them, SQL Server if it may see their definitions.
pub async fn sees_all(session: &mut dyn Session) -> Result<bool> {
    match session.server().kind {
        EngineKind::MySql => {}
        EngineKind::SqlServer => {
            let sql = "SELECT HAS_PERMS_BY_NAME(DB_NAME(), N'DATABASE', N'VIEW DEFINITION')";
            let rows = fetch(session, &Query::sql(sql)).await?;
            return Ok(rows.first().is_some_and(|row| row[0] == Value::Int(1)));
        }
        _ => return Ok(true),
    }
    let login = Value::Text(login(session).await?);
    let query = Query::sql(
        "SELECT 1 FROM information_schema.SCHEMA_PRIVILEGES WHERE PRIVILEGE_TYPE = 'SELECT' \
         AND DATABASE() LIKE TABLE_SCHEMA AND GRANTEE = ",
    )
    .value(login.clone())
    .text(
        " UNION ALL SELECT 1 FROM information_schema.USER_PRIVILEGES WHERE PRIVILEGE_TYPE = 'SELECT' AND GRANTEE = ",
    )
    .value(login);
    Ok(!fetch(session, &query).await?.is_empty())
}

/// Looks a table up. MySQL and SQL Server show a login only what it may do something with, so that `None` says either.
pub async fn find(session: &mut dyn Session, table: &TableName) -> Result<Option<Found>> {
    match session.server().kind {
        EngineKind::Postgres => postgres(session, table).await,
        _ => {
            let found = session.table(table).await?;
            Ok(found.map(|found| Found {
                table: found.name,
                privileges: found.privileges,
                usage: true,
                sequences: Vec::new(),
            }))
        }
    }
}

/// By the catalog itself: a name in a schema that the login may not enter is found, too. Of several tables of the
/// name, a statement's own comes first. Names without quotes are kept in small letters.
async fn postgres(session: &mut dyn Session, table: &TableName) -> Result<Option<Found>> {
    let name = || Value::Text(table.name.clone());
    let mut query = Query::sql(
        "SELECT CAST(n.nspname AS text), CAST(c.relname AS text), has_schema_privilege(n.oid, 'USAGE'), \
         has_any_column_privilege(c.oid, 'SELECT'), has_any_column_privilege(c.oid, 'INSERT'), \
         has_any_column_privilege(c.oid, 'UPDATE'), has_table_privilege(c.oid, 'DELETE'), CAST(c.oid AS bigint) \
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') \
         AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND (c.relname = ",
    )
    .value(name())
    .text(" OR c.relname = lower(")
    .value(name())
    .text("))");
    if let Some(schema) = &table.schema {
        query = query
            .text(" AND n.nspname = ")
            .value(Value::Text(schema.clone()));
    }
    let query = query
        .text(" ORDER BY c.relname = ")
        .value(name())
        .text(
            " DESC, pg_catalog.pg_table_is_visible(c.oid) DESC, \
             coalesce(array_position(current_schemas(false), n.nspname), 1000), n.nspname = 'public' DESC LIMIT 1",
        );
    let rows = fetch(session, &query).await?;
    let Some(row) = rows.first() else {
        return Ok(None);
    };
    let is = |at: usize| row[at] == Value::Bool(true);
    let oid = row[7].clone();
    let sequences = Query::sql(
        "SELECT CAST(n.nspname AS text), CAST(c.relname AS text), has_sequence_privilege(c.oid, 'USAGE') \
         FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_class c ON c.oid = d.objid AND c.relkind = 'S' \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE d.classid = CAST('pg_class' AS regclass) AND d.deptype = 'a' AND CAST(d.refobjid AS bigint) = ",
    )
    .value(oid);
    let found = fetch(session, &sequences).await?;
    let named = |schema: &Value, name: &Value| TableName {
        schema: Some(schema.plain().into_owned()),
        name: name.plain().into_owned(),
    };
    Ok(Some(Found {
        table: named(&row[0], &row[1]),
        privileges: Privileges {
            select: Some(is(3)),
            insert: Some(is(4)),
            update: Some(is(5)),
            delete: Some(is(6)),
        },
        usage: is(2),
        sequences: found
            .iter()
            .map(|row| (named(&row[0], &row[1]), row[2] == Value::Bool(true)))
            .collect(),
    }))
}
