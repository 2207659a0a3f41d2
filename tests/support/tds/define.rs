//! CREATE, ALTER and DROP: the declaration is kept, and SQLite gets a table to it.

use super::catalog::{self, Column, Table, place, quoted, same};
use super::collation::Collation;
use super::error::{Result, SqlError};
use super::parse;
use super::session::Session;
use super::syntax::{self, Constraint, Kind, Name};
use super::translate::{Scope, Translator, source_of};
use super::types::Type;
use rusqlite::params;

impl Session {
    pub(super) fn define(&mut self, kind: &Kind) -> Result<()> {
        match kind {
            Kind::CreateDatabase { name, collation } => {
                let collation = match collation {
                    Some(name) => Collation::named(name).ok_or_else(|| {
                        SqlError::new(448, 16, format!("Invalid collation '{name}'."))
                    })?,
                    None => self.shared.options.collation,
                };
                return self.shared.create_database(name, collation).map(|_| ());
            }
            Kind::Drop {
                what: "DATABASE",
                names,
                if_exists,
                ..
            } => {
                for name in names {
                    if !self.shared.drop_database(&name.name) && !if_exists {
                        return Err(SqlError::new(
                            3701,
                            11,
                            format!(
                                "Cannot drop the database '{}', because it does not exist.",
                                name.name
                            ),
                        ));
                    }
                }
                return Ok(());
            }
            Kind::DeclareTable {
                name,
                columns,
                constraints,
            } => return self.create_own(name, columns, constraints),
            Kind::CreateTable {
                name,
                columns,
                constraints,
            } if name.name.starts_with('#') => {
                if self.own.contains_key(&name.name.to_lowercase()) {
                    return Err(SqlError::new(
                        2714,
                        16,
                        format!(
                            "There is already an object named '{}' in the database.",
                            name.name
                        ),
                    ));
                }
                return self.create_own(&name.name, columns, constraints);
            }
            Kind::CreateIndex { table, index } if table.name.starts_with('#') => {
                let own = self
                    .own
                    .get(&table.name.to_lowercase())
                    .cloned()
                    .ok_or_else(|| SqlError::no_object(&table.name))?;
                return self.index_own(&own, index);
            }
            Kind::Drop {
                what: "TABLE",
                names,
                if_exists,
                ..
            } if names.iter().all(|name| name.name.starts_with('#')) => {
                for name in names {
                    match self.own.remove(&name.name.to_lowercase()) {
                        Some(table) => self
                            .connection
                            .execute_batch(&format!("DROP TABLE {}", table.place))?,
                        None if *if_exists => {}
                        None => return Err(missing("table", name)),
                    }
                }
                return Ok(());
            }
            Kind::DatabaseOption {
                name,
                option,
                value,
            } => {
                let name = name.as_ref().unwrap_or(&self.database.name);
                let Some(database) = self.shared.database(name) else {
                    return Err(SqlError::new(
                        5011,
                        14,
                        "User does not have permission to alter the database, or it does not exist.",
                    ));
                };
                catalog::set_option(&database.connect()?, option, value)?;
                return Ok(());
            }
            Kind::CreateType(name, ty) => {
                self.database.aliases_mut().insert(name.to_lowercase(), *ty);
                return Ok(());
            }
            Kind::CreateLogin { name, password } => {
                self.shared
                    .logins()
                    .insert(name.to_lowercase(), password.clone());
                return Ok(());
            }
            Kind::DropLogin(name) => {
                self.shared.logins().remove(&name.to_lowercase());
                return Ok(());
            }
            Kind::CreateUser(name) => {
                if !self.shared.logins().contains_key(&name.to_lowercase()) {
                    return Err(SqlError::new(
                        15007,
                        16,
                        format!("'{name}' is not a valid login or you do not have permission."),
                    ));
                }
                return Ok(());
            }
            _ if self.user != self.shared.options.user
                && !matches!(kind, Kind::DeclareTable { .. }) =>
            {
                return Err(SqlError::new(
                    262,
                    14,
                    "CREATE TABLE permission denied in database.",
                ));
            }
            _ => {}
        }
        self.writing(true, |session| session.define_shared(kind))
    }

    pub(super) fn define_shared(&mut self, kind: &Kind) -> Result<()> {
        match kind {
            Kind::CreateTable {
                name,
                columns,
                constraints,
            } => self.create_table(name, columns, constraints),
            Kind::CreateView {
                name,
                columns,
                query,
            } => self.create_view(name, columns, query),
            Kind::CreateIndex { table, index } => {
                let table = self.base(table)?;
                self.create_index(&table, index, false, false)
            }
            Kind::CreateTrigger {
                name,
                table,
                events,
                body,
            } => {
                let table = self.base(table)?;
                let name = Name {
                    schema: table.name.schema.clone(),
                    name: name.name.clone(),
                };
                catalog::add_object(
                    &self.connection,
                    &name,
                    "TR",
                    table.id,
                    Some(body),
                    Some(&events.join(" ")),
                )?;
                Ok(())
            }
            Kind::CreateSchema(name) => {
                if catalog::schema_id(&self.connection, name)?.is_some() {
                    return Err(SqlError::new(
                        2714,
                        16,
                        format!("There is already an object named '{name}' in the database."),
                    ));
                }
                self.connection.execute(r#"INSERT INTO "sys.schemas" (schema_id, name) SELECT MAX(schema_id) + 1, ?1 FROM "sys.schemas""#, [name])?;
                Ok(())
            }
            Kind::Grant { permission, on, to } => {
                let table = self.base(on)?;
                self.connection.execute(
                    r#"INSERT INTO "own.grants" VALUES (?1, ?2, ?3)"#,
                    params![to, table.id, permission],
                )?;
                Ok(())
            }
            Kind::DropUser(name) => {
                self.connection
                    .execute(r#"DELETE FROM "own.grants" WHERE user = ?1"#, [name])?;
                Ok(())
            }
            Kind::AddColumns {
                table,
                columns,
                constraints,
            } => self.add_columns(table, columns, constraints),
            Kind::AlterColumn { table, column } => self.alter_column(table, column),
            Kind::DropColumns { table, columns } => {
                let table = self.base(table)?;
                for name in columns {
                    let column = table.column(name)?;
                    self.connection.execute_batch(&format!(
                        "ALTER TABLE {} DROP COLUMN {}",
                        table.place,
                        quoted(&column.name)
                    ))?;
                    self.connection.execute(
                        r#"DELETE FROM "sys.columns" WHERE object_id = ?1 AND column_id = ?2"#,
                        [table.id, column.id],
                    )?;
                }
                Ok(())
            }
            Kind::DropConstraint { table, name } => self.drop_constraint(table, name),
            Kind::ChangeTracking { table, on } => {
                let table = self.base(table)?;
                if *on
                    && catalog::option(&self.connection, "CHANGE_TRACKING")?.as_deref()
                        != Some("ON")
                {
                    return Err(SqlError::new(
                        22103,
                        16,
                        "The database does not have change tracking enabled.",
                    ));
                }
                self.connection.execute(
                    r#"UPDATE "sys.objects" SET is_tracked = ?2 WHERE object_id = ?1"#,
                    params![table.id, on],
                )?;
                if *on {
                    let last: i64 = self.connection.query_row(
                        r#"SELECT COALESCE(MAX(version), 0) FROM "own.changes""#,
                        [],
                        |row| row.get(0),
                    )?;
                    let name = format!("TRACKED {}", table.id);
                    catalog::set_option(&self.connection, &name, &last.to_string())?;
                }
                Ok(())
            }
            Kind::EnableTrigger { table, on } => {
                let table = self.base(table)?;
                self.connection.execute(r#"UPDATE "sys.objects" SET is_disabled = ?2 WHERE parent_object_id = ?1 AND type = 'TR'"#, params![table.id, !on])?;
                Ok(())
            }
            Kind::Drop {
                what,
                names,
                on,
                if_exists,
            } => {
                for name in names {
                    self.drop(what, name, on.as_ref(), *if_exists)?;
                }
                Ok(())
            }
            _ => Err(SqlError::syntax("this statement")),
        }
    }

    /// A base table of the database.
    pub(super) fn base(&self, name: &Name) -> Result<Table> {
        let found = catalog::table(&self.connection, name)?.filter(|table| table.view.is_none());
        found.ok_or_else(|| SqlError::new(4902, 16, format!("Cannot find the object \"{}\" because it does not exist or you do not have permissions.", name.shown())))
    }

    /// Columns as declared, with what the database adds; keys make theirs NOT NULL.
    pub(super) fn columns(
        &self,
        columns: &[syntax::Column],
        constraints: &[Constraint],
        first: i64,
    ) -> Result<Vec<Column>> {
        let mut found: Vec<Column> = Vec::new();
        for (at, column) in columns.iter().enumerate() {
            let in_key = constraints.iter().any(|constraint| match constraint {
                Constraint::Key {
                    columns,
                    is_primary: true,
                    ..
                } => columns.iter().any(|name| same(name, &column.name)),
                _ => false,
            });
            if in_key && column.nullable == Some(true) {
                return Err(SqlError::new(
                    8111,
                    16,
                    "Cannot define PRIMARY KEY constraint on nullable column.",
                ));
            }
            let is_version = column.ty.kind == super::types::Kind::RowVersion;
            let nullable = column
                .nullable
                .unwrap_or(!in_key && column.identity.is_none() && !is_version);
            found.push(Column {
                id: first + at as i64,
                name: column.name.clone(),
                ty: catalog::with_collation(column.ty, self.collation()),
                nullable: nullable && column.identity.is_none(),
                identity: column.identity,
                is_computed: column.computed.is_some(),
                default: column
                    .default
                    .as_ref()
                    .map(|(_, text)| text.clone())
                    .or_else(|| column.computed.clone()),
            });
        }
        // A computed column's type comes of its expression.
        for at in 0..found.len() {
            if found[at].is_computed {
                let text = found[at]
                    .default
                    .clone()
                    .ok_or_else(|| SqlError::internal("a computed column of nothing"))?;
                let (_, ty, nullable) = self.of_columns(&found, &text)?;
                found[at].ty = ty;
                found[at].nullable = nullable;
            }
        }
        Ok(found)
    }

    /// An expression over a table's columns, in SQLite's words.
    pub(super) fn of_columns(
        &self,
        columns: &[Column],
        text: &str,
    ) -> Result<(String, Type, bool)> {
        let facts = self.facts()?;
        let env = self.env(&facts);
        let mut translator = Translator::new(&env);
        let table = own_table("t", columns.to_vec());
        let source = source_of(&table, "t".to_owned(), None, "\u{1}".to_owned());
        let sources = [source];
        let scope = Scope {
            sources: &sources,
            parent: None,
        };
        let expr = parse::expression(text)?;
        let typed = translator.value(&expr, &scope)?;
        Ok((typed.sql.replace("\u{1}.", ""), typed.ty, typed.nullable))
    }

    pub(super) fn condition_of_columns(&self, columns: &[Column], text: &str) -> Result<String> {
        let facts = self.facts()?;
        let env = self.env(&facts);
        let mut translator = Translator::new(&env);
        let table = own_table("t", columns.to_vec());
        let sources = [source_of(&table, "t".to_owned(), None, "\u{1}".to_owned())];
        let scope = Scope {
            sources: &sources,
            parent: None,
        };
        Ok(translator
            .condition(&parse::expression(text)?, &scope)?
            .replace("\u{1}.", ""))
    }

    pub(super) fn column_text(&self, columns: &[Column], column: &Column) -> Result<String> {
        let mut text = format!("{} {}", quoted(&column.name), catalog::storage(column.ty));
        if column.is_computed {
            let definition = column.default.as_deref().unwrap_or_default();
            text.push_str(&format!(
                " GENERATED ALWAYS AS ({}) VIRTUAL",
                self.of_columns(columns, definition)?.0
            ));
        } else if !column.nullable {
            text.push_str(" NOT NULL");
        }
        Ok(text)
    }

    pub(super) fn create_table(
        &mut self,
        name: &Name,
        columns: &[syntax::Column],
        constraints: &[Constraint],
    ) -> Result<()> {
        let schema = name.schema.clone().unwrap_or_else(|| "dbo".to_owned());
        let columns = self.columns(columns, constraints, 1)?;
        let id = catalog::add_object(&self.connection, name, "U ", 0, None, None)?;
        for column in &columns {
            catalog::add_column(&self.connection, id, column)?;
        }
        let place = place(&schema, &name.name);
        let mut texts: Vec<String> = columns
            .iter()
            .map(|column| self.column_text(&columns, column))
            .collect::<Result<_>>()?;
        let table = Table {
            id,
            name: Name {
                schema: Some(schema),
                name: name.name.clone(),
            },
            place: place.clone(),
            columns,
            triggers: Vec::new(),
            view: None,
            is_tracked: false,
        };
        for constraint in constraints {
            if let Some(text) = self.fragment(&table, constraint)? {
                texts.push(text);
            }
        }
        self.connection.execute_batch(&format!(
            "CREATE TABLE {place} ({}) STRICT",
            texts.join(", ")
        ))?;
        for constraint in constraints {
            self.create_key(&table, constraint)?;
        }
        Ok(())
    }
}

pub(super) fn own_table(name: &str, columns: Vec<Column>) -> Table {
    Table {
        id: 0,
        name: Name {
            schema: None,
            name: name.to_owned(),
        },
        place: format!("temp.{}", quoted(&name.to_lowercase())),
        columns,
        triggers: Vec::new(),
        view: None,
        is_tracked: false,
    }
}

pub(super) fn missing(what: &str, name: &Name) -> SqlError {
    SqlError::new(
        3701,
        11,
        format!(
            "Cannot drop the {what} '{}', because it does not exist or you do not have permission.",
            name.shown()
        ),
    )
}
