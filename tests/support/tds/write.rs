//! INSERT, UPDATE, DELETE and bulk load: first what is to be written is read, then each row is written, held against its
//! table's declaration.

use super::answer::{bind, one};
use super::catalog::{Column, Table, quoted, same};
use super::error::{Result, SqlError};
use super::parse;
use super::session::{Reply, Session};
use super::syntax::{Expr, From, Kind, Name, Output, Query, Source};
use super::tokens;
use super::translate::{Relation, Scope, Translator};
use super::types::{self, Kind as K, Type};
use super::values::{convert, too_long};
use rusqlite::types::Value;
use std::sync::atomic::Ordering;

const INSERT: u16 = 0xc3;
const UPDATE: u16 = 0xc5;
const DELETE: u16 = 0xc4;

impl Session {
    pub(super) fn check_permission(&self, permission: &str, table: &Table) -> Result<()> {
        self.facts()?.check(permission, table)
    }

    pub(super) fn write(&mut self, kind: &Kind, reply: &mut Reply) -> Result<()> {
        match kind {
            Kind::Insert {
                into,
                columns,
                output,
                source,
            } => self.insert(into, columns, output.as_ref(), source, reply),
            Kind::Update {
                target,
                top,
                sets,
                output,
                from,
                filter,
                with,
            } => {
                let (table, from) = self.target(target, from)?;
                self.check_permission("UPDATE", &table)?;
                let run = |session: &mut Session, reply: &mut Reply| {
                    session.update(
                        &table,
                        target,
                        top.as_ref(),
                        sets,
                        output.as_ref(),
                        &from,
                        filter.as_ref(),
                        with,
                        reply,
                    )
                };
                let is_own = table.is_own();
                let rows = self.writing(!is_own, |session| run(session, reply))?;
                self.counted(reply, UPDATE, rows);
                Ok(())
            }
            Kind::Delete {
                target,
                top,
                output,
                from,
                filter,
            } => {
                let (table, from) = self.target(target, from)?;
                self.check_permission("DELETE", &table)?;
                let is_own = table.is_own();
                let rows = self.writing(!is_own, |session| {
                    session.delete(
                        &table,
                        target,
                        top.as_ref(),
                        output.as_ref(),
                        &from,
                        filter.as_ref(),
                        reply,
                    )
                })?;
                self.counted(reply, DELETE, rows);
                Ok(())
            }
            Kind::Truncate(name) => {
                let facts = self.facts()?;
                let table = self.env(&facts).table(name)?;
                self.writing(!table.is_own(), |session| {
                    Ok(session
                        .connection
                        .execute(&format!("DELETE FROM {}", table.place), [])?)
                })?;
                self.own_identities.remove(&table.place);
                self.database.identities().remove(&table.place);
                Ok(())
            }
            _ => Err(SqlError::internal("not a write")),
        }
    }

    /// The table that UPDATE or DELETE means, which may be named by an alias in FROM.
    pub(super) fn target(&self, target: &Name, from: &[From]) -> Result<(Table, Vec<From>)> {
        fn find<'a>(from: &'a From, target: &Name) -> Option<&'a Name> {
            match from {
                From::Table { name, alias, .. } => {
                    let is_meant = match alias {
                        Some(alias) => target.schema.is_none() && same(alias, &target.name),
                        None => same(&name.name, &target.name),
                    };
                    is_meant.then_some(name)
                }
                From::Join { left, right, .. } => {
                    find(left, target).or_else(|| find(right, target))
                }
                _ => None,
            }
        }
        let facts = self.facts()?;
        let env = self.env(&facts);
        let named = from.iter().find_map(|from| find(from, target));
        let table = env.table(named.unwrap_or(target))?;
        if table.view.is_some() || table.id < 0 {
            return Err(SqlError::new(
                4405,
                16,
                format!(
                    "View or function '{}' is not updatable here.",
                    table.name.name
                ),
            ));
        }
        let mut from = from.to_vec();
        if named.is_none() {
            from.push(From::Table {
                name: target.clone(),
                alias: None,
                hints: Vec::new(),
            });
        }
        Ok((table, from))
    }

    // --- INSERT ---

    pub(super) fn insert(
        &mut self,
        into: &Name,
        columns: &[String],
        output: Option<&Output>,
        source: &Source,
        reply: &mut Reply,
    ) -> Result<()> {
        let facts = self.facts()?;
        let env = self.env(&facts);
        let table = env.table(into)?;
        facts.check("INSERT", &table)?;
        if table.view.is_some() || table.id < 0 {
            return Err(SqlError::new(
                4405,
                16,
                format!(
                    "View or function '{}' is not updatable here.",
                    table.name.name
                ),
            ));
        }
        let places = self.insert_places(&table, columns)?;
        let (relation, params, locks) = match source {
            Source::Defaults => (None, Vec::new(), false),
            Source::Query(query) => {
                let query = self.with_defaults(query, &table, &places)?;
                let mut translator = Translator::new(&env);
                let relation = translator.query(&query, None)?;
                if relation.columns.len() != places.len() {
                    return Err(match relation.columns.len() < places.len() {
                        true => SqlError::new(
                            109,
                            15,
                            "There are more columns in the INSERT statement than values specified in the VALUES clause.",
                        ),
                        false => SqlError::new(
                            110,
                            15,
                            "There are fewer columns in the INSERT statement than values specified in the VALUES clause.",
                        ),
                    });
                }
                (Some(relation), translator.params, translator.locks)
            }
        };
        let outputs_to_shared = match output.and_then(|output| output.into.as_ref()) {
            Some((name, _)) => !env.table(name)?.is_own(),
            None => false,
        };
        let shared = !table.is_own() || outputs_to_shared || locks;
        let rows = self.writing(shared, |session| {
            let (rows, types) = match &relation {
                None => (vec![Vec::new()], Vec::new()),
                Some(relation) => (
                    session.rows(relation, &params)?,
                    relation.columns.iter().map(|column| column.ty).collect(),
                ),
            };
            session.store(&table, &places, &types, rows, output, true, reply)
        })?;
        self.counted(reply, INSERT, rows);
        Ok(())
    }

    /// `DEFAULT` in VALUES becomes the column's default.
    pub(super) fn with_defaults(
        &self,
        query: &Query,
        table: &Table,
        places: &[usize],
    ) -> Result<Query> {
        let mut query = query.clone();
        if let super::syntax::Body::Values(rows) = &mut query.body {
            for row in rows {
                for (at, cell) in row.iter_mut().enumerate() {
                    if *cell == Expr::Column(vec!["\u{1}default".to_owned()]) {
                        let column = places.get(at).map(|at| &table.columns[*at]);
                        *cell = match column.and_then(|column| column.default.as_ref()) {
                            Some(text) => parse::expression(text)?,
                            None => Expr::Null,
                        };
                    }
                }
            }
        }
        Ok(query)
    }

    /// Which of the table's columns are given.
    pub(super) fn insert_places(&self, table: &Table, columns: &[String]) -> Result<Vec<usize>> {
        let keeps_identity =
            table.identity().is_some() && self.identity_insert == Some(table.id) && !table.is_own();
        let mut places = Vec::new();
        if columns.is_empty() {
            for (at, column) in table.columns.iter().enumerate() {
                if column.identity.is_none()
                    && !column.is_computed
                    && column.ty.kind != K::RowVersion
                {
                    places.push(at);
                }
            }
        }
        for name in columns {
            table.column(name)?;
            let at = table
                .columns
                .iter()
                .position(|column| same(&column.name, name));
            let at = at.ok_or_else(|| SqlError::no_column(name))?;
            let column = &table.columns[at];
            if places.contains(&at) {
                return Err(SqlError::new(
                    264,
                    16,
                    format!(
                        "The column name '{name}' is specified more than once in the SET clause or column list of an INSERT."
                    ),
                ));
            }
            if column.is_computed {
                return Err(SqlError::new(
                    271,
                    16,
                    format!(
                        "The column \"{name}\" cannot be modified because it is either a computed column or is the result of a UNION operator."
                    ),
                ));
            }
            if column.ty.kind == K::RowVersion {
                return Err(SqlError::new(
                    273,
                    16,
                    "Cannot insert an explicit value into a timestamp column.",
                ));
            }
            if column.identity.is_some() && !keeps_identity {
                return Err(SqlError::new(
                    544,
                    16,
                    format!(
                        "Cannot insert explicit value for identity column in table '{}' when IDENTITY_INSERT is set to OFF.",
                        table.name.name
                    ),
                ));
            }
            places.push(at);
        }
        if keeps_identity
            && !places
                .iter()
                .any(|at| table.columns[*at].identity.is_some())
        {
            return Err(SqlError::new(
                545,
                16,
                format!(
                    "Explicit value must be specified for identity column in table '{}' either when IDENTITY_INSERT is set to ON.",
                    table.name.name
                ),
            ));
        }
        Ok(places)
    }

    pub(super) fn rows(&self, relation: &Relation, params: &[Value]) -> Result<Vec<Vec<Value>>> {
        let mut statement = self.connection.prepare(&relation.sql)?;
        bind(&mut statement, params)?;
        let width = statement.column_count();
        let mut found = statement.raw_query();
        let mut rows = Vec::new();
        while let Some(row) = found.next()? {
            rows.push(
                (0..width)
                    .map(|at| row.get(at))
                    .collect::<rusqlite::Result<_>>()?,
            );
        }
        Ok(rows)
    }

    /// Writes new rows; `types` are those of the values given.
    #[allow(clippy::too_many_arguments, reason = "the parts of one statement")]
    pub(super) fn store(
        &mut self,
        table: &Table,
        places: &[usize],
        types: &[Type],
        rows: Vec<Vec<Value>>,
        output: Option<&Output>,
        fires: bool,
        reply: &mut Reply,
    ) -> Result<u64> {
        self.check_output(table, output, "INSERT")?;
        for (place, ty) in places.iter().zip(types) {
            super::expressions::check_implicit(*ty, table.columns[*place].ty)?;
        }
        let mut collected = self.collect(table, output, "INSERT", fires)?;
        let mut written = Vec::new();
        for (at, column) in table.columns.iter().enumerate() {
            let is_filled = places.contains(&at)
                || column.identity.is_some()
                || column.default.is_some()
                || column.ty.kind == K::RowVersion;
            if is_filled && !column.is_computed {
                written.push(at);
            } else if !column.nullable && !column.is_computed && !rows.is_empty() {
                return Err(no_null(table, column, "INSERT"));
            }
        }
        let names: Vec<String> = written
            .iter()
            .map(|at| quoted(&table.columns[*at].name))
            .collect();
        let marks: Vec<String> = (1..=written.len()).map(|at| format!("?{at}")).collect();
        let sql = match names.is_empty() {
            true => format!("INSERT INTO {} DEFAULT VALUES", table.place),
            false => format!(
                "INSERT INTO {} ({}) VALUES ({})",
                table.place,
                names.join(", "),
                marks.join(", ")
            ),
        };
        let defaults = self.defaults(table, &written, places)?;
        let count = rows.len() as u64;
        let track = table.is_tracked;
        let mut changed = Vec::new();
        for row in rows {
            let mut values = Vec::with_capacity(written.len());
            for (at, default) in written.iter().zip(&defaults) {
                let column = &table.columns[*at];
                let given = places.iter().position(|place| place == at);
                values.push(match (given, default) {
                    (Some(given), _) => {
                        let value =
                            self.fitted(table, column, &row[given], types[given], "INSERT")?;
                        if column.identity.is_some() {
                            self.note_identity(table, column, &value)?;
                        }
                        value
                    }
                    (None, Some(sql)) => {
                        let value = one(&self.connection, sql, &[])?;
                        self.fitted(table, column, &value, column.ty, "INSERT")?
                    }
                    (None, None) if column.identity.is_some() => {
                        self.next_identity(table, column)?
                    }
                    (None, None) => self.next_row_version(),
                });
            }
            let mut statement = self.connection.prepare_cached(&sql)?;
            let done = statement.execute(rusqlite::params_from_iter(&values));
            drop(statement);
            done.map_err(|error| self.refused(error, table, "INSERT"))?;
            let rowid = self.connection.last_insert_rowid();
            if let Some(collected) = &mut collected {
                self.note(table, collected, "own.inserted", rowid)?;
                collected.count += 1;
            }
            if track {
                changed.push(rowid);
            }
        }
        self.track(table, "I", &changed)?;
        self.row_count = count as i64;
        self.finish(table, collected, output, "INSERT", fires, reply)?;
        Ok(count)
    }

    /// SQLite's queries for the defaults of columns that are not given.
    pub(super) fn defaults(
        &self,
        table: &Table,
        written: &[usize],
        places: &[usize],
    ) -> Result<Vec<Option<String>>> {
        let facts = self.facts()?;
        let env = self.env(&facts);
        let nowhere = Scope {
            sources: &[],
            parent: None,
        };
        let mut found = Vec::new();
        for at in written {
            let column = &table.columns[*at];
            found.push(match &column.default {
                Some(text) if !places.contains(at) => {
                    let mut translator = Translator::new(&env);
                    let typed = translator.value(&parse::expression(text)?, &nowhere)?;
                    Some(format!(
                        "SELECT {}",
                        translator.converted(&typed, column.ty)?.sql
                    ))
                }
                _ => None,
            });
        }
        Ok(found)
    }

    /// A value as the column takes it, or the error that it is refused with.
    pub(super) fn fitted(
        &self,
        table: &Table,
        column: &Column,
        value: &Value,
        from: Type,
        verb: &str,
    ) -> Result<Value> {
        if matches!(value, Value::Null) {
            return if column.nullable {
                Ok(Value::Null)
            } else {
                Err(no_null(table, column, verb))
            };
        }
        if too_long(value, from, column.ty) {
            return Err(SqlError::new(
                8152,
                16,
                "String or binary data would be truncated.",
            ));
        }
        convert(value, from, column.ty, 0)
    }

    pub(super) fn next_identity(&mut self, table: &Table, column: &Column) -> Result<Value> {
        let (seed, step) = column.identity.unwrap_or((1, 1));
        let next = {
            let mut shared = self.database.identities();
            let last = if table.is_own() {
                self.own_identities.entry(table.place.clone())
            } else {
                shared.entry(table.place.clone())
            };
            let last = last.or_insert(seed - step);
            *last += step;
            *last
        };
        self.identity = Some(next);
        convert(&Value::Integer(next), Type::new(K::BigInt), column.ty, 0)
    }

    pub(super) fn note_identity(
        &mut self,
        table: &Table,
        column: &Column,
        value: &Value,
    ) -> Result<()> {
        let number = convert(value, column.ty, Type::new(K::BigInt), 0)?;
        let (Value::Integer(number), Some((seed, step))) = (number, column.identity) else {
            return Ok(());
        };
        self.identity = Some(number);
        let mut shared = self.database.identities();
        let last = shared.entry(table.place.clone()).or_insert(seed - step);
        *last = if step > 0 {
            (*last).max(number)
        } else {
            (*last).min(number)
        };
        Ok(())
    }

    pub(super) fn next_row_version(&self) -> Value {
        let number = self.database.row_version.fetch_add(1, Ordering::SeqCst) + 1;
        self.database.hold_row_version(self.spid, number);
        Value::Blob(number.to_be_bytes().to_vec())
    }

    pub(super) fn bulk_load(&mut self, body: &[u8], reply: &mut Reply) -> Result<()> {
        let Some((into, declared, fires)) = self.bulk.take() else {
            return Err(SqlError::new(
                4002,
                16,
                "The incoming tabular data stream is incorrect: rows without INSERT BULK.",
            ));
        };
        let (columns, rows) = super::requests::bulk(body)?;
        let facts = self.facts()?;
        let table = self.env(&facts).table(&into)?;
        if columns.len() != declared.len()
            || columns
                .iter()
                .zip(&declared)
                .any(|(column, (name, _))| !same(&column.name, name))
        {
            return Err(SqlError::new(
                4819,
                16,
                "Cannot bulk load. The bulk data stream was incorrectly specified.",
            ));
        }
        for (column, (name, ty)) in columns.iter().zip(&declared) {
            if column.ty.kind != ty.kind && !(column.ty.is_bytes() && ty.is_bytes()) {
                return Err(SqlError::new(
                    4816,
                    16,
                    format!("Invalid column type from bcp client for column {name}."),
                ));
            }
        }
        let mut places = Vec::new();
        for column in &columns {
            let at = table
                .columns
                .iter()
                .position(|known| same(&known.name, &column.name));
            places.push(at.ok_or_else(|| SqlError::no_column(&column.name))?);
        }
        let types: Vec<types::Type> = columns.iter().map(|column| column.ty).collect();
        let rows = self.writing(!table.is_own(), |session| {
            session.store(&table, &places, &types, rows, None, fires, reply)
        })?;
        self.row_count = rows as i64;
        reply.done(tokens::done::COUNT, 0xf0, rows);
        Ok(())
    }
}

pub(super) fn no_null(table: &Table, column: &Column, verb: &str) -> SqlError {
    SqlError::new(
        515,
        16,
        format!(
            "Cannot insert the value NULL into column '{}', table '{}'; column does not allow nulls. {verb} fails.",
            column.name,
            table.name.shown()
        ),
    )
}
