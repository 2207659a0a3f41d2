//! Views, and what is changed or dropped of declarations.

use super::catalog::{self, Column, Table, quoted};
use super::define::missing;
use super::error::{Result, SqlError};
use super::parse;
use super::session::Session;
use super::syntax::{self, Constraint, Kind, Name};
use super::translate::Translator;
use super::types::Type;
use super::values::convert;
use rusqlite::params;
use rusqlite::types::Value;

impl Session {
    pub(super) fn create_view(&mut self, name: &Name, names: &[String], text: &str) -> Result<()> {
        let statements = parse::batch(text)?;
        let [
            syntax::Statement {
                kind: Kind::Select(query),
                ..
            },
        ] = &statements[..]
        else {
            return Err(SqlError::syntax("VIEW"));
        };
        let columns = {
            let facts = self.facts()?;
            let env = self.env(&facts);
            Translator::new(&env).query(query, None)?.columns
        };
        let id = catalog::add_object(&self.connection, name, "V ", 0, Some(text), None)?;
        for (at, column) in columns.iter().enumerate() {
            let shown = names
                .get(at)
                .cloned()
                .unwrap_or_else(|| column.name.clone());
            if shown.is_empty() {
                return Err(SqlError::new(
                    4511,
                    16,
                    "Create View or Function failed because no column name was specified.",
                ));
            }
            let kept = Column {
                id: at as i64 + 1,
                name: shown,
                ty: column.ty,
                nullable: column.nullable,
                identity: None,
                is_computed: false,
                default: None,
            };
            catalog::add_column(&self.connection, id, &kept)?;
        }
        Ok(())
    }

    pub(super) fn add_columns(
        &mut self,
        name: &Name,
        columns: &[syntax::Column],
        constraints: &[Constraint],
    ) -> Result<()> {
        let mut table = self.base(name)?;
        let first = table
            .columns
            .iter()
            .map(|column| column.id)
            .max()
            .unwrap_or(0)
            + 1;
        for column in self.columns(columns, constraints, first)? {
            let mut all = table.columns.clone();
            all.push(column.clone());
            let is_empty: bool = self.connection.query_row(
                &format!("SELECT NOT EXISTS (SELECT 1 FROM {})", table.place),
                [],
                |row| row.get(0),
            )?;
            if !column.nullable
                && column.default.is_none()
                && column.identity.is_none()
                && column.ty.kind != super::types::Kind::RowVersion
                && !is_empty
            {
                return Err(SqlError::new(
                    4901,
                    16,
                    format!(
                        "ALTER TABLE only allows columns to be added that can contain nulls, or have a DEFAULT definition specified. Column '{}' cannot be added.",
                        column.name
                    ),
                ));
            }
            catalog::add_column(&self.connection, table.id, &column)?;
            // SQLite adds no NOT NULL column without a constant default: the declaration alone holds that.
            let mut loose = column.clone();
            loose.nullable = true;
            self.connection.execute_batch(&format!(
                "ALTER TABLE {} ADD COLUMN {}",
                table.place,
                self.column_text(&all, &loose)?
            ))?;
            table.columns.push(column.clone());
            if !column.is_computed && !is_empty {
                self.fill_new_column(&table, &column)?;
            }
        }
        for constraint in constraints {
            if let Some(text) = self.fragment(&table, constraint)? {
                self.add_fragment(&table, &text)?;
            }
            self.create_key(&table, constraint)?;
        }
        Ok(())
    }

    /// Existing rows get a NOT NULL default, a generated number or a row version.
    pub(super) fn fill_new_column(&mut self, table: &Table, column: &Column) -> Result<()> {
        let rowids: Vec<i64> = {
            let mut found = self
                .connection
                .prepare(&format!("SELECT rowid FROM {} ORDER BY rowid", table.place))?;
            found
                .query_map([], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?
        };
        for rowid in rowids {
            let value = match (&column.default, column.identity) {
                (Some(text), _) if !column.nullable => {
                    self.evaluate(&parse::expression(text)?, Some(column.ty))?
                }
                (None, Some((seed, step))) => {
                    let mut shared = self.database.identities();
                    let last = shared.entry(table.place.clone()).or_insert(seed - step);
                    *last += step;
                    convert(
                        &Value::Integer(*last),
                        Type::new(super::types::Kind::BigInt),
                        column.ty,
                        0,
                    )?
                }
                _ if column.ty.kind == super::types::Kind::RowVersion => {
                    let number = self
                        .database
                        .row_version
                        .fetch_add(1, std::sync::atomic::Ordering::SeqCst)
                        + 1;
                    Value::Blob(number.to_be_bytes().to_vec())
                }
                _ => return Ok(()),
            };
            self.connection.execute(
                &format!(
                    "UPDATE {} SET {} = ?2 WHERE rowid = ?1",
                    table.place,
                    quoted(&column.name)
                ),
                params![rowid, value],
            )?;
        }
        Ok(())
    }

    /// SQLite adds no constraint to a table that there is: its text is changed, after its rows were looked at.
    pub(super) fn add_fragment(&mut self, table: &Table, text: &str) -> Result<()> {
        let name = table
            .place
            .trim_start_matches("main.")
            .trim_matches('"')
            .replace("\"\"", "\"");
        if let Some(check) = text.split_once(" CHECK ").map(|(_, check)| check) {
            let broken: bool = self.connection.query_row(
                &format!(
                    "SELECT EXISTS (SELECT 1 FROM {} WHERE NOT {check})",
                    table.place
                ),
                [],
                |row| row.get(0),
            )?;
            if broken {
                return Err(SqlError::new(
                    547,
                    16,
                    "The ALTER TABLE statement conflicted with the CHECK constraint.",
                ));
            }
        }
        let sql: String = self.connection.query_row(
            "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?1",
            [&name],
            |row| row.get(0),
        )?;
        let end = sql
            .rfind(") STRICT")
            .ok_or_else(|| SqlError::internal("a table of another form"))?;
        let changed = format!("{}, {text}{}", &sql[..end], &sql[end..]);
        let version: i64 = self
            .connection
            .query_row("PRAGMA main.schema_version", [], |row| row.get(0))?;
        self.connection
            .execute_batch("PRAGMA writable_schema = ON")?;
        self.connection.execute(
            "UPDATE sqlite_schema SET sql = ?2 WHERE type = 'table' AND name = ?1",
            params![name, changed],
        )?;
        self.connection.execute_batch(&format!(
            "PRAGMA main.schema_version = {}; PRAGMA writable_schema = RESET",
            version + 1
        ))?;
        Ok(())
    }

    pub(super) fn alter_column(&mut self, name: &Name, column: &syntax::Column) -> Result<()> {
        let table = self.base(name)?;
        let old = table.column(&column.name)?.clone();
        let ty = catalog::with_collation(column.ty, self.collation());
        if catalog::storage(ty) != catalog::storage(old.ty) {
            return Err(SqlError::syntax(format_args!(
                "ALTER COLUMN from {} to {} (not in the stand-in)",
                old.ty.declared(),
                ty.declared()
            )));
        }
        let rows: Vec<(i64, Value)> = {
            let mut found = self.connection.prepare(&format!(
                "SELECT rowid, {} FROM {}",
                quoted(&old.name),
                table.place
            ))?;
            found
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<rusqlite::Result<_>>()?
        };
        for (rowid, value) in rows {
            if matches!(value, Value::Null) && column.nullable == Some(false) {
                return Err(SqlError::new(
                    515,
                    16,
                    format!(
                        "Cannot insert the value NULL into column '{}', table '{}'; column does not allow nulls. UPDATE fails.",
                        old.name,
                        table.name.shown()
                    ),
                ));
            }
            if super::values::too_long(&value, old.ty, ty) {
                return Err(SqlError::new(
                    8152,
                    16,
                    "String or binary data would be truncated.",
                ));
            }
            let value = convert(&value, old.ty, ty, 0)?;
            self.connection.execute(
                &format!(
                    "UPDATE {} SET {} = ?2 WHERE rowid = ?1",
                    table.place,
                    quoted(&old.name)
                ),
                params![rowid, value],
            )?;
        }
        let (type_id, max_length, precision, scale) = ty.catalog();
        let collation = ty.is_text().then(|| ty.collation.name());
        self.connection.execute(
            r#"UPDATE "sys.columns" SET code = ?3, system_type_id = ?4, max_length = ?5, precision = ?6, scale = ?7, collation_name = ?8, is_nullable = ?9 WHERE object_id = ?1 AND column_id = ?2"#,
            params![table.id, old.id, ty.code(), type_id, max_length, precision, scale, collation, column.nullable.unwrap_or(true)],
        )?;
        Ok(())
    }

    pub(super) fn drop_constraint(&mut self, table: &Name, name: &str) -> Result<()> {
        let table = self.base(table)?;
        let object = Name {
            schema: table.name.schema.clone(),
            name: name.to_owned(),
        };
        match catalog::object(&self.connection, &object)? {
            Some((id, kind)) if kind == "PK" || kind == "UQ" => {
                self.drop_index(&table, name)?;
                self.connection
                    .execute(r#"DELETE FROM "sys.objects" WHERE object_id = ?1"#, [id])?;
                Ok(())
            }
            Some(_) => Err(SqlError::syntax(
                "DROP CONSTRAINT of a CHECK or FOREIGN KEY (not in the stand-in)",
            )),
            None => Err(SqlError::new(
                3728,
                16,
                format!("'{name}' is not a constraint."),
            )),
        }
    }

    pub(super) fn drop_index(&mut self, table: &Table, name: &str) -> Result<()> {
        let found = self.connection.query_row(
            r#"SELECT index_id FROM "sys.indexes" WHERE object_id = ?1 AND name = ?2"#,
            params![table.id, name],
            |row| row.get::<_, i64>(0),
        );
        let Ok(id) = found else {
            return Err(SqlError::new(
                3701,
                11,
                format!(
                    "Cannot drop the index '{}.{name}', because it does not exist or you do not have permission.",
                    table.name.name
                ),
            ));
        };
        self.connection.execute(
            r#"DELETE FROM "sys.indexes" WHERE object_id = ?1 AND index_id = ?2"#,
            [table.id, id],
        )?;
        self.connection.execute(
            r#"DELETE FROM "sys.index_columns" WHERE object_id = ?1 AND index_id = ?2"#,
            [table.id, id],
        )?;
        for suffix in ["", " single"] {
            let index = quoted(&format!("{}{suffix}\u{1}{name}", table.name.shown()));
            self.connection
                .execute_batch(&format!("DROP INDEX IF EXISTS main.{index}"))?;
        }
        Ok(())
    }

    pub(super) fn drop(
        &mut self,
        what: &str,
        name: &Name,
        on: Option<&Name>,
        if_exists: bool,
    ) -> Result<()> {
        if what == "INDEX" {
            let table = self.base(on.ok_or_else(|| SqlError::syntax("DROP INDEX"))?)?;
            return match self.drop_index(&table, &name.name) {
                Err(error) if error.number == 3701 && if_exists => Ok(()),
                made => made,
            };
        }
        if what == "SCHEMA" {
            self.connection
                .execute(r#"DELETE FROM "sys.schemas" WHERE name = ?1"#, [&name.name])?;
            return Ok(());
        }
        let wanted = match what {
            "TABLE" => "U ",
            "VIEW" => "V ",
            _ => "TR",
        };
        let found = catalog::object(&self.connection, name)?.filter(|(_, kind)| kind == wanted);
        let Some((id, _)) = found else {
            return if if_exists {
                Ok(())
            } else {
                Err(missing(&what.to_lowercase(), name))
            };
        };
        if what == "TABLE" {
            let table = self.base(name)?;
            self.connection.execute_batch(&format!("DROP TABLE {}", table.place)).map_err(|error| match error.to_string().contains("FOREIGN KEY") {
                true => SqlError::new(3726, 16, format!("Could not drop object '{}' because it is referenced by a FOREIGN KEY constraint.", name.shown())),
                false => error.into(),
            })?;
            self.database.identities().remove(&table.place);
        }
        for table in ["sys.columns", "sys.indexes", "sys.index_columns"] {
            self.connection.execute(
                &format!("DELETE FROM {} WHERE object_id = ?1", quoted(table)),
                [id],
            )?;
        }
        self.connection.execute(
            r#"DELETE FROM "sys.objects" WHERE object_id = ?1 OR parent_object_id = ?1"#,
            [id],
        )?;
        Ok(())
    }
}
