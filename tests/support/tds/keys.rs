//! Constraints and indexes.

use super::catalog::{self, Table, quoted, same};
use super::error::{Result, SqlError};
use super::session::Session;
use super::syntax::{Constraint, Index, Name};
use rusqlite::params;

impl Session {
    /// CHECK and FOREIGN KEY as SQLite's table has them, declared as objects.
    pub(super) fn fragment(
        &mut self,
        table: &Table,
        constraint: &Constraint,
    ) -> Result<Option<String>> {
        let schema = table.name.schema.clone();
        let named = |session: &Self, name: &Option<String>, prefix: &str| -> Result<String> {
            let count: i64 = session.connection.query_row(
                r#"SELECT COUNT(*) FROM "sys.objects""#,
                [],
                |row| row.get(0),
            )?;
            Ok(name
                .clone()
                .unwrap_or_else(|| format!("{prefix}__{}__{count:08X}", table.name.name)))
        };
        Ok(match constraint {
            Constraint::Check { name, condition } => {
                let name = named(self, name, "CK")?;
                let sql = self.condition_of_columns(&table.columns, condition)?;
                catalog::add_object(
                    &self.connection,
                    &Name {
                        schema,
                        name: name.clone(),
                    },
                    "C ",
                    table.id,
                    Some(condition),
                    None,
                )?;
                Some(format!("CONSTRAINT {} CHECK ({sql})", quoted(&name)))
            }
            Constraint::Foreign {
                name,
                columns,
                table: other,
                referred,
                on_delete,
            } => {
                let name = named(self, name, "FK")?;
                let is_self = same(&other.name, &table.name.name);
                let target = if is_self {
                    table.clone()
                } else {
                    self.base(other)?
                };
                let referred = match referred.is_empty() {
                    true => self.key_of(&target)?,
                    false => referred.clone(),
                };
                let ours: Vec<String> = columns
                    .iter()
                    .map(|name| table.column(name).map(|column| quoted(&column.name)))
                    .collect::<Result<_>>()?;
                let theirs: Vec<String> = referred
                    .iter()
                    .map(|name| target.column(name).map(|column| quoted(&column.name)))
                    .collect::<Result<_>>()?;
                for (a, b) in columns.iter().zip(&referred) {
                    let (a, b) = (table.column(a)?, target.column(b)?);
                    if a.ty.kind != b.ty.kind || a.ty.len != b.ty.len || a.ty.scale != b.ty.scale {
                        return Err(SqlError::new(
                            1778,
                            16,
                            format!(
                                "Column '{}.{}' is not the same data type as referencing column '{}.{}' in foreign key '{name}'.",
                                target.name.name, b.name, table.name.name, a.name
                            ),
                        ));
                    }
                }
                catalog::add_object(
                    &self.connection,
                    &Name {
                        schema,
                        name: name.clone(),
                    },
                    "F ",
                    table.id,
                    None,
                    None,
                )?;
                Some(format!(
                    "CONSTRAINT {} FOREIGN KEY ({}) REFERENCES {} ({}) ON DELETE {on_delete}",
                    quoted(&name),
                    ours.join(", "),
                    target.place.trim_start_matches("main."),
                    theirs.join(", ")
                ))
            }
            _ => None,
        })
    }

    pub(super) fn key_of(&self, table: &Table) -> Result<Vec<String>> {
        let mut found = self.connection.prepare(
            r#"SELECT c.name FROM "sys.indexes" i JOIN "sys.index_columns" ic ON ic.object_id = i.object_id AND ic.index_id = i.index_id
               JOIN "sys.columns" c ON c.object_id = ic.object_id AND c.column_id = ic.column_id WHERE i.object_id = ?1 AND i.is_primary_key ORDER BY ic.key_ordinal"#,
        )?;
        Ok(found
            .query_map([table.id], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?)
    }

    pub(super) fn create_key(&mut self, table: &Table, constraint: &Constraint) -> Result<()> {
        match constraint {
            Constraint::Key {
                name,
                columns,
                is_primary,
            } => {
                let count: i64 = self.connection.query_row(
                    r#"SELECT COUNT(*) FROM "sys.objects""#,
                    [],
                    |row| row.get(0),
                )?;
                let prefix = if *is_primary { "PK" } else { "UQ" };
                let name = name
                    .clone()
                    .unwrap_or_else(|| format!("{prefix}__{}__{count:08X}", table.name.name));
                let kind = if *is_primary { "PK" } else { "UQ" };
                let object = Name {
                    schema: table.name.schema.clone(),
                    name: name.clone(),
                };
                catalog::add_object(&self.connection, &object, kind, table.id, None, None)?;
                let columns = columns
                    .iter()
                    .map(|column| (column.clone(), false))
                    .collect();
                let index = Index {
                    name,
                    is_unique: true,
                    columns,
                    include: Vec::new(),
                    filter: None,
                };
                self.create_index(table, &index, *is_primary, !*is_primary)
            }
            Constraint::Index(index) => self.create_index(table, index, false, false),
            Constraint::Default {
                name: _,
                column,
                value,
            } => {
                let column = table.column(column)?;
                self.connection.execute(
                    r#"UPDATE "sys.columns" SET default_text = ?3, default_object_id = 1000000000 + object_id + column_id WHERE object_id = ?1 AND column_id = ?2"#,
                    params![table.id, column.id, value],
                )?;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    pub(super) fn create_index(
        &mut self,
        table: &Table,
        index: &Index,
        is_primary: bool,
        is_constraint: bool,
    ) -> Result<()> {
        let id: i64 = match is_primary {
            true => 1,
            false => self.connection.query_row(r#"SELECT MAX(COALESCE(MAX(index_id), 1), 1) + 1 FROM "sys.indexes" WHERE object_id = ?1"#, [table.id], |row| row.get(0))?,
        };
        let taken: i64 = self.connection.query_row(
            r#"SELECT COUNT(*) FROM "sys.indexes" WHERE object_id = ?1 AND name = ?2"#,
            params![table.id, index.name],
            |row| row.get(0),
        )?;
        if taken > 0 {
            return Err(SqlError::new(
                1913,
                16,
                format!(
                    "The operation failed because an index or statistics with name '{}' already exists on table '{}'.",
                    index.name, table.name.name
                ),
            ));
        }
        self.connection.execute(
            r#"INSERT INTO "sys.indexes" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"#,
            params![
                table.id,
                id,
                index.name,
                if is_primary { 1 } else { 2 },
                index.is_unique,
                is_primary,
                is_constraint,
                index.filter.is_some()
            ],
        )?;
        for (at, (name, descending)) in index.columns.iter().enumerate() {
            let column = table.column(name)?;
            self.connection.execute(
                r#"INSERT INTO "sys.index_columns" VALUES (?1, ?2, ?3, ?4, ?3, 0, ?5)"#,
                params![table.id, id, at as i64 + 1, column.id, descending],
            )?;
        }
        for (at, name) in index.include.iter().enumerate() {
            let column = table.column(name)?;
            let at = (index.columns.len() + at) as i64 + 1;
            self.connection.execute(
                r#"INSERT INTO "sys.index_columns" VALUES (?1, ?2, ?3, ?4, 0, 1, 0)"#,
                params![table.id, id, at, column.id],
            )?;
        }
        for sql in self.index_texts(table, index, "main")? {
            self.connection.execute_batch(&sql).map_err(|error| match error.to_string().contains("UNIQUE") {
                true => SqlError::new(1505, 16, format!("The CREATE UNIQUE INDEX statement terminated because a duplicate key was found for the object name '{}' and the index name '{}'.", table.name.shown(), index.name)),
                false => error.into(),
            })?;
        }
        Ok(())
    }

    /// SQLite's indexes to one of T-SQL: where NULL may stand once only, it takes an expression to say so.
    pub(super) fn index_texts(
        &self,
        table: &Table,
        index: &Index,
        schema: &str,
    ) -> Result<Vec<String>> {
        let on = table
            .place
            .split_once('.')
            .map_or(table.place.as_str(), |(_, name)| name);
        let filter = match &index.filter {
            Some(filter) => format!(
                " WHERE {}",
                self.condition_of_columns(&table.columns, filter)?
            ),
            None => String::new(),
        };
        let mut plain = Vec::new();
        let mut single = Vec::new();
        let mut is_nullable = false;
        for (name, descending) in &index.columns {
            let column = table.column(name)?;
            let order = if *descending { " DESC" } else { "" };
            plain.push(format!("{}{order}", quoted(&column.name)));
            single.push(match column.nullable {
                true if column.ty.is_text() => format!(
                    "ifnull({}, x'00') COLLATE {}",
                    quoted(&column.name),
                    column.ty.rule().name()
                ),
                true => format!("ifnull({}, 'null')", quoted(&column.name)),
                false => quoted(&column.name),
            });
            is_nullable |= column.nullable;
        }
        let name = |suffix: &str| {
            format!(
                "{schema}.{}",
                quoted(&format!(
                    "{}{suffix}\u{1}{}",
                    table.name.shown(),
                    index.name
                ))
            )
        };
        let mut texts = Vec::new();
        if !index.is_unique || is_nullable {
            texts.push(format!(
                "CREATE INDEX {} ON {on} ({}){filter}",
                name(""),
                plain.join(", ")
            ));
        }
        if index.is_unique {
            let columns = if is_nullable { single } else { plain };
            texts.push(format!(
                "CREATE UNIQUE INDEX {} ON {on} ({}){filter}",
                name(" single"),
                columns.join(", ")
            ));
        }
        Ok(texts)
    }
}
