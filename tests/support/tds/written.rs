//! What a statement has written: OUTPUT, triggers, change tracking; and what SQLite has refused.

use super::catalog::{self, Column, Table, quoted};
use super::error::{Result, SqlError};
use super::expressions::literal;
use super::parse;
use super::session::{Reply, Session};
use super::syntax::{Expr, Item, Name, Output};
use super::tokens;
use super::translate::{Relation, Scope, Translator, source_of};
use super::types::Type;
use rusqlite::types::Value;

/// Rows of `inserted` and `deleted` while a statement collects them.
pub(super) struct Collected {
    pub(super) inserted: bool,
    pub(super) deleted: bool,
    pub(super) count: i64,
}

impl Session {
    pub(super) fn check_output(
        &self,
        table: &Table,
        output: Option<&Output>,
        event: &str,
    ) -> Result<()> {
        let fires = table
            .triggers
            .iter()
            .any(|trigger| trigger.events.contains(event));
        match output {
            Some(Output { into: None, .. }) if fires => Err(SqlError::new(
                334,
                16,
                format!(
                    "The target table '{}' of the DML statement cannot have any enabled triggers if the statement contains an OUTPUT clause without INTO clause.",
                    table.name.name
                ),
            )),
            _ => Ok(()),
        }
    }

    pub(super) fn collect(
        &mut self,
        table: &Table,
        output: Option<&Output>,
        event: &str,
        fires: bool,
    ) -> Result<Option<Collected>> {
        let has_trigger = fires
            && table
                .triggers
                .iter()
                .any(|trigger| trigger.events.contains(event));
        if output.is_none() && !has_trigger {
            return Ok(None);
        }
        let collected = Collected {
            inserted: event != "DELETE",
            deleted: event != "INSERT",
            count: 0,
        };
        let level = self.depth;
        let columns: Vec<String> = table
            .columns
            .iter()
            .map(|column| format!("{} {}", quoted(&column.name), catalog::storage(column.ty)))
            .collect();
        for name in ["own.inserted", "own.deleted"] {
            let place = format!("temp.{}", quoted(&format!("{name}.{level}")));
            self.connection.execute_batch(&format!(
                "DROP TABLE IF EXISTS {place}; CREATE TABLE {place} (\"\u{1}at\" INTEGER, {})",
                columns.join(", ")
            ))?;
        }
        Ok(Some(collected))
    }

    pub(super) fn note(
        &self,
        table: &Table,
        collected: &Collected,
        name: &str,
        rowid: i64,
    ) -> Result<()> {
        let wanted = if name == "own.inserted" {
            collected.inserted
        } else {
            collected.deleted
        };
        if wanted {
            let place = format!("temp.{}", quoted(&format!("{name}.{}", self.depth)));
            let mut statement = self.connection.prepare_cached(&format!(
                "INSERT INTO {place} SELECT ?2, * FROM {} WHERE rowid = ?1",
                table.place
            ))?;
            statement.execute([rowid, collected.count])?;
        }
        Ok(())
    }

    /// `inserted` and `deleted` as tables.
    pub(super) fn pseudo(&self, table: &Table, name: &str) -> Table {
        Table {
            id: 0,
            name: Name {
                schema: None,
                name: name.to_owned(),
            },
            place: format!("temp.{}", quoted(&format!("own.{name}.{}", self.depth))),
            columns: table
                .columns
                .iter()
                .map(|column| Column {
                    identity: None,
                    is_computed: false,
                    default: None,
                    ..column.clone()
                })
                .collect(),
            triggers: Vec::new(),
            view: None,
            is_tracked: false,
        }
    }

    pub(super) fn finish(
        &mut self,
        table: &Table,
        collected: Option<Collected>,
        output: Option<&Output>,
        event: &str,
        fires: bool,
        reply: &mut Reply,
    ) -> Result<()> {
        let Some(collected) = collected else {
            return Ok(());
        };
        if let Some(output) = output {
            self.output(table, &collected, output, reply)?;
        }
        let count = self.row_count;
        if fires {
            for trigger in table
                .triggers
                .iter()
                .filter(|trigger| trigger.events.contains(event))
            {
                // RECURSIVE_TRIGGERS is off: what a trigger itself writes does not fire it.
                if self.trigger.as_ref() == Some(&trigger.name) {
                    continue;
                }
                if self.depth >= 32 {
                    return Err(SqlError::new(
                        217,
                        16,
                        "Maximum stored procedure, function, trigger, or view nesting level exceeded (limit 32).",
                    ));
                }
                let statements = parse::batch(&trigger.body)?;
                let outer = self.own.clone();
                for name in ["inserted", "deleted"] {
                    self.own.insert(name.to_owned(), self.pseudo(table, name));
                }
                let variables = std::mem::take(&mut self.variables);
                let identity = self.identity;
                self.depth += 1;
                let trigger_before = self.trigger.replace(trigger.name.clone());
                let no_count = std::mem::replace(&mut self.options.no_count, true);
                let made = self.run(&statements, reply);
                self.options.no_count = no_count;
                self.trigger = trigger_before;
                self.depth -= 1;
                self.identity = identity;
                self.variables = variables;
                self.own = outer;
                made?;
            }
        }
        for name in ["inserted", "deleted"] {
            let place = self.pseudo(table, name).place;
            self.connection
                .execute_batch(&format!("DROP TABLE IF EXISTS {place}"))?;
        }
        self.row_count = count;
        Ok(())
    }

    pub(super) fn output(
        &mut self,
        table: &Table,
        collected: &Collected,
        output: &Output,
        reply: &mut Reply,
    ) -> Result<()> {
        let facts = self.facts()?;
        let (relation, params) = {
            let env = self.env(&facts);
            let mut translator = Translator::new(&env);
            let mut sources = Vec::new();
            let mut places = Vec::new();
            for (name, wanted) in [
                ("inserted", collected.inserted),
                ("deleted", collected.deleted),
            ] {
                if wanted {
                    let place = translator.alias();
                    let pseudo = self.pseudo(table, name);
                    places.push(format!("{} AS {place}", pseudo.place));
                    sources.push(source_of(&pseudo, name.to_owned(), None, place));
                }
            }
            let scope = Scope {
                sources: &sources,
                parent: None,
            };
            let mut columns = Vec::new();
            let mut texts = Vec::new();
            for item in &output.items {
                match item {
                    Item::Star(Some(name)) => {
                        for (column, typed) in translator.star(Some(name), &scope)? {
                            texts.push(typed.sql);
                            columns.push(column);
                        }
                    }
                    Item::Expr(expr, alias) => {
                        if let Expr::Column(parts) = expr
                            && parts.len() == 1
                        {
                            return Err(SqlError::no_column(&parts[0]));
                        }
                        let typed = translator.value(expr, &scope)?;
                        let mut column = typed
                            .column
                            .clone()
                            .unwrap_or_else(|| tokens::Column::new("", typed.ty));
                        column.nullable = typed.nullable;
                        if let Some(alias) = alias {
                            column.name = alias.clone();
                        }
                        texts.push(typed.sql);
                        columns.push(column);
                    }
                    _ => return Err(SqlError::syntax("OUTPUT")),
                }
            }
            let mut sql = format!("SELECT {} FROM {}", texts.join(", "), places.join(" JOIN "));
            if let [first, second] = &sources[..] {
                sql.push_str(&format!(
                    " ON {}.\"\u{1}at\" = {}.\"\u{1}at\"",
                    first.place, second.place
                ));
            }
            let first = sources
                .first()
                .ok_or_else(|| SqlError::internal("nothing to output"))?;
            sql.push_str(&format!(" ORDER BY {}.\"\u{1}at\"", first.place));
            (
                Relation {
                    sql,
                    columns,
                    assigns: Vec::new(),
                    into: None,
                },
                translator.params,
            )
        };
        let Some((into, columns)) = &output.into else {
            self.stream(&relation, &params, reply)?;
            return Ok(());
        };
        let target = {
            let env = self.env(&facts);
            env.table(into)?
        };
        let places = self.insert_places(&target, columns)?;
        if places.len() != relation.columns.len() {
            return Err(SqlError::new(
                120,
                15,
                "The select list for the INSERT statement contains another number of items than the insert list.",
            ));
        }
        let rows = self.rows(&relation, &params)?;
        let types: Vec<Type> = relation.columns.iter().map(|column| column.ty).collect();
        let identity = self.identity;
        self.depth += 1;
        let made = self.store(&target, &places, &types, rows, None, true, reply);
        self.depth -= 1;
        self.identity = identity;
        made.map(|_| ())
    }

    pub(super) fn track(&self, table: &Table, operation: &str, rowids: &[i64]) -> Result<()> {
        if !table.is_tracked || rowids.is_empty() {
            return Ok(());
        }
        let mut keys = self.connection.prepare_cached(
            r#"SELECT c.name FROM "sys.indexes" i JOIN "sys.index_columns" ic ON ic.object_id = i.object_id AND ic.index_id = i.index_id
               JOIN "sys.columns" c ON c.object_id = ic.object_id AND c.column_id = ic.column_id WHERE i.object_id = ?1 AND i.is_primary_key ORDER BY ic.key_ordinal"#,
        )?;
        let keys: Vec<String> = keys
            .query_map([table.id], |row| row.get::<_, String>(0))?
            .collect::<rusqlite::Result<_>>()?;
        let keys: Vec<String> = keys.iter().map(|key| quoted(key)).collect();
        let version: i64 = self.connection.query_row(
            r#"SELECT COALESCE(MAX(version), 0) + 1 FROM "own.changes""#,
            [],
            |row| row.get(0),
        )?;
        for rowid in rowids {
            let sql = format!(
                "INSERT INTO \"own.changes\" SELECT ?2, {}, {}, ?1, json_array({}) FROM {} WHERE rowid = ?1",
                table.id,
                literal(&Value::Text(operation.to_owned())),
                keys.join(", "),
                table.place
            );
            self.connection.execute(&sql, [*rowid, version])?;
        }
        Ok(())
    }

    /// SQLite's refusal as the server's: which constraint, which number.
    pub(super) fn refused(&self, error: rusqlite::Error, table: &Table, verb: &str) -> SqlError {
        let rusqlite::Error::SqliteFailure(code, Some(text)) = &error else {
            return error.into();
        };
        let shown = table.name.shown();
        match code.extended_code {
            rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE
            | rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY => {
                let (name, is_constraint) = self
                    .violated(table, text)
                    .unwrap_or_else(|| ("?".to_owned(), true));
                match is_constraint {
                    true => SqlError::new(
                        2627,
                        14,
                        format!(
                            "Violation of UNIQUE KEY or PRIMARY KEY constraint '{name}'. Cannot insert duplicate key in object '{shown}'."
                        ),
                    ),
                    false => SqlError::new(
                        2601,
                        14,
                        format!(
                            "Cannot insert duplicate key row in object '{shown}' with unique index '{name}'."
                        ),
                    ),
                }
            }
            rusqlite::ffi::SQLITE_CONSTRAINT_CHECK => {
                let name = text.split(": ").nth(1).unwrap_or("?");
                SqlError::new(
                    547,
                    16,
                    format!(
                        "The {verb} statement conflicted with the CHECK constraint \"{name}\"."
                    ),
                )
            }
            rusqlite::ffi::SQLITE_CONSTRAINT_FOREIGNKEY => {
                let which = if verb == "DELETE" {
                    "REFERENCE"
                } else {
                    "FOREIGN KEY"
                };
                SqlError::new(
                    547,
                    16,
                    format!(
                        "The {verb} statement conflicted with the {which} constraint of table \"{shown}\"."
                    ),
                )
            }
            _ => error.into(),
        }
    }

    pub(super) fn violated(&self, table: &Table, text: &str) -> Option<(String, bool)> {
        let what = text.split("failed: ").nth(1)?;
        let find = |name: &str| {
            let found = self.connection.query_row(
                r#"SELECT name, is_unique_constraint OR is_primary_key FROM "sys.indexes" WHERE object_id = ?1 AND name = ?2"#,
                rusqlite::params![table.id, name],
                |row| Ok((row.get(0)?, row.get(1)?)),
            );
            found.ok()
        };
        if let Some(name) = what.strip_prefix("index '") {
            let name = name.trim_end_matches('\'');
            return find(name.split_once('\u{1}').map_or(name, |(_, name)| name));
        }
        let mut columns: Vec<String> = what
            .split(", ")
            .filter_map(|column| column.rsplit('.').next().map(str::to_lowercase))
            .collect();
        columns.sort();
        let mut indexes = self
            .connection
            .prepare(
                r#"SELECT i.name, lower(c.name) FROM "sys.indexes" i JOIN "sys.index_columns" ic ON ic.object_id = i.object_id AND ic.index_id = i.index_id AND ic.is_included_column = 0
                   JOIN "sys.columns" c ON c.object_id = ic.object_id AND c.column_id = ic.column_id WHERE i.object_id = ?1 AND i.is_unique"#,
            )
            .ok()?;
        let pairs = indexes
            .query_map([table.id], |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
            })
            .ok()?;
        let mut by_name: std::collections::BTreeMap<String, Vec<String>> =
            std::collections::BTreeMap::new();
        for (name, column) in pairs.flatten() {
            by_name.entry(name).or_default().push(column);
        }
        by_name.into_iter().find_map(|(name, mut known)| {
            known.sort();
            (known == columns).then(|| find(&name)).flatten()
        })
    }
}
