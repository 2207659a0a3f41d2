//! UPDATE and DELETE.

use super::catalog::{Column, Table, quoted, same};
use super::error::{Result, SqlError};
use super::session::{Reply, Session};
use super::syntax::{Expr, From, Name, Output, Query};
use super::translate::{Relation, Scope, Translator};
use super::types::Kind as K;
use rusqlite::types::Value;

impl Session {
    #[allow(clippy::too_many_arguments, reason = "the parts of one statement")]
    pub(super) fn update(
        &mut self,
        table: &Table,
        target: &Name,
        top: Option<&Expr>,
        sets: &[(Name, Expr)],
        output: Option<&Output>,
        from: &[From],
        filter: Option<&Expr>,
        with: &[(String, Vec<String>, Query)],
        reply: &mut Reply,
    ) -> Result<u64> {
        self.check_output(table, output, "UPDATE")?;
        let facts = self.facts()?;
        let env = self.env(&facts);
        let mut translator = Translator::new(&env);
        translator.with(with);
        let mut sources = Vec::new();
        let text = translator.from(from, &mut sources, None)?;
        let place = target_place(&sources, target)?;
        let scope = Scope {
            sources: &sources,
            parent: None,
        };
        let mut columns = Vec::new();
        let mut texts = vec![format!("{place}.rowid")];
        let mut types = Vec::new();
        for (name, value) in sets {
            let column = table.column(&name.name)?.clone();
            if column.is_computed || column.identity.is_some() || column.ty.kind == K::RowVersion {
                let number = if column.identity.is_some() {
                    8102
                } else if column.is_computed {
                    271
                } else {
                    272
                };
                return Err(SqlError::new(
                    number,
                    16,
                    format!("Cannot update column '{}'.", column.name),
                ));
            }
            if columns.iter().any(|known: &Column| known.id == column.id) {
                return Err(SqlError::new(
                    264,
                    16,
                    format!(
                        "The column name '{}' is specified more than once in the SET clause.",
                        column.name
                    ),
                ));
            }
            let typed = match value {
                Expr::Column(parts) if parts.len() == 1 && parts[0] == "\u{1}default" => {
                    return Err(SqlError::syntax("DEFAULT"));
                }
                value => translator.value(value, &scope)?,
            };
            super::expressions::check_implicit(typed.ty, column.ty)?;
            texts.push(typed.sql);
            types.push(typed.ty);
            columns.push(column);
        }
        let sql = self.matching(&mut translator, &texts, &text, filter, top, &scope)?;
        let params = translator.params;
        let relation = Relation {
            sql,
            ..Relation::default()
        };
        let rows = self.rows(&relation, &params)?;
        let mut collected = self.collect(table, output, "UPDATE", true)?;
        let version = table
            .columns
            .iter()
            .find(|column| column.ty.kind == K::RowVersion);
        let mut names: Vec<String> = columns
            .iter()
            .enumerate()
            .map(|(at, column)| format!("{} = ?{}", quoted(&column.name), at + 2))
            .collect();
        if let Some(version) = version {
            names.push(format!(
                "{} = ?{}",
                quoted(&version.name),
                columns.len() + 2
            ));
        }
        let sql = format!(
            "UPDATE {} SET {} WHERE rowid = ?1",
            table.place,
            names.join(", ")
        );
        let mut seen = std::collections::HashSet::new();
        let mut changed = Vec::new();
        for row in rows {
            let Value::Integer(rowid) = row[0] else {
                return Err(SqlError::internal("a row without a number"));
            };
            // A row found twice is changed once.
            if !seen.insert(rowid) {
                continue;
            }
            let mut values = vec![Value::Integer(rowid)];
            for ((column, ty), value) in columns.iter().zip(&types).zip(&row[1..]) {
                values.push(self.fitted(table, column, value, *ty, "UPDATE")?);
            }
            if version.is_some() {
                values.push(self.next_row_version());
            }
            if let Some(collected) = &mut collected {
                self.note(table, collected, "own.deleted", rowid)?;
            }
            let mut statement = self.connection.prepare_cached(&sql)?;
            let done = statement.execute(rusqlite::params_from_iter(&values));
            drop(statement);
            done.map_err(|error| self.refused(error, table, "UPDATE"))?;
            if let Some(collected) = &mut collected {
                self.note(table, collected, "own.inserted", rowid)?;
                collected.count += 1;
            }
            changed.push(rowid);
        }
        self.track(table, "U", &changed)?;
        self.row_count = changed.len() as i64;
        let outer = self
            .updated
            .replace(columns.iter().map(|column| column.name.clone()).collect());
        let finished = self.finish(table, collected, output, "UPDATE", true, reply);
        self.updated = outer;
        finished?;
        Ok(changed.len() as u64)
    }

    pub(super) fn matching(
        &self,
        translator: &mut Translator,
        texts: &[String],
        from: &str,
        filter: Option<&Expr>,
        top: Option<&Expr>,
        scope: &Scope,
    ) -> Result<String> {
        let mut sql = format!("SELECT {}{from}", texts.join(", "));
        if let Some(filter) = filter {
            sql.push_str(&format!(" WHERE {}", translator.condition(filter, scope)?));
        }
        if let Some(top) = top {
            let nowhere = Scope {
                sources: &[],
                parent: None,
            };
            sql.push_str(&format!(" LIMIT {}", translator.value(top, &nowhere)?.sql));
        }
        Ok(sql)
    }

    #[allow(clippy::too_many_arguments, reason = "the parts of one statement")]
    pub(super) fn delete(
        &mut self,
        table: &Table,
        target: &Name,
        top: Option<&Expr>,
        output: Option<&Output>,
        from: &[From],
        filter: Option<&Expr>,
        reply: &mut Reply,
    ) -> Result<u64> {
        self.check_output(table, output, "DELETE")?;
        let facts = self.facts()?;
        let env = self.env(&facts);
        let mut translator = Translator::new(&env);
        let mut sources = Vec::new();
        let text = translator.from(from, &mut sources, None)?;
        let place = target_place(&sources, target)?;
        let scope = Scope {
            sources: &sources,
            parent: None,
        };
        let sql = self.matching(
            &mut translator,
            &[format!("{place}.rowid")],
            &text,
            filter,
            top,
            &scope,
        )?;
        let params = translator.params;
        let relation = Relation {
            sql,
            ..Relation::default()
        };
        let rows = self.rows(&relation, &params)?;
        let mut collected = self.collect(table, output, "DELETE", true)?;
        let mut seen = std::collections::HashSet::new();
        let sql = format!("DELETE FROM {} WHERE rowid = ?1", table.place);
        for row in rows {
            let Value::Integer(rowid) = row[0] else {
                return Err(SqlError::internal("a row without a number"));
            };
            if !seen.insert(rowid) {
                continue;
            }
            if table.is_tracked {
                self.track(table, "D", &[rowid])?;
            }
            if let Some(collected) = &mut collected {
                self.note(table, collected, "own.deleted", rowid)?;
                collected.count += 1;
            }
            let mut statement = self.connection.prepare_cached(&sql)?;
            let done = statement.execute([rowid]);
            drop(statement);
            done.map_err(|error| self.refused(error, table, "DELETE"))?;
        }
        self.row_count = seen.len() as i64;
        self.finish(table, collected, output, "DELETE", true, reply)?;
        Ok(seen.len() as u64)
    }
}

fn target_place(sources: &[super::translate::Source], target: &Name) -> Result<String> {
    let found = sources
        .iter()
        .find(|source| same(&source.alias, &target.name));
    found
        .map(|source| source.place.clone())
        .ok_or_else(|| SqlError::no_object(&target.shown()))
}
