//! What statements evaluate and answer: expressions without rows, queries, procedures.

use super::catalog;
use super::env::Facts;
use super::error::{Result, SqlError};
use super::expressions::literal;
use super::parse;
use super::requests::Parameter;
use super::session::{Reply, STOPPED, Session};
use super::syntax::*;
use super::tokens;
use super::translate::{Relation, Scope, Translator, undeclared};
use super::types::{self, Type};
use rusqlite::types::Value;

/// The command number of DONE after a query.
pub const SELECT: u16 = 0xc1;

impl Session {
    /// An expression without rows, in a type if one is given.
    pub fn evaluate(&mut self, expr: &Expr, to: Option<Type>) -> Result<Value> {
        let facts = self.facts()?;
        let env = self.env(&facts);
        let mut translator = Translator::new(&env);
        let nowhere = Scope {
            sources: &[],
            parent: None,
        };
        let mut typed = translator.value(expr, &nowhere)?;
        if let Some(to) = to {
            typed = translator.converted(&typed, to)?;
        }
        let params = translator.params;
        one(&self.connection, &format!("SELECT {}", typed.sql), &params)
    }

    pub(super) fn whole(&mut self, expr: &Expr) -> Result<i64> {
        match self.evaluate(expr, Some(Type::new(types::Kind::BigInt)))? {
            Value::Integer(number) => Ok(number),
            _ => Err(SqlError::syntax("NULL")),
        }
    }

    pub(super) fn is_met(&mut self, condition: &Expr) -> Result<bool> {
        let facts = self.facts()?;
        let env = self.env(&facts);
        let mut translator = Translator::new(&env);
        let nowhere = Scope {
            sources: &[],
            parent: None,
        };
        let sql = translator.condition(condition, &nowhere)?;
        let (locks, params) = (translator.locks, translator.params);
        self.before_reading(locks)?;
        Ok(one(&self.connection, &format!("SELECT {sql}"), &params)? == Value::Integer(1))
    }

    // --- queries ---

    pub(super) fn select(&mut self, query: &Query, reply: &mut Reply) -> Result<()> {
        let facts = self.facts()?;
        let env = self.env(&facts);
        let mut translator = Translator::new(&env);
        let relation = translator.query(query, None)?;
        let (locks, params) = (translator.locks, translator.params);
        self.prepare_databases(&facts)?;
        if let Some(into) = &relation.into {
            let into = into.clone();
            return self.select_into(&into, relation, params, reply);
        }
        self.before_reading(locks)?;
        if !relation.assigns.is_empty() {
            return self.assign(&relation, &params);
        }
        let rows = self.stream(&relation, &params, reply)?;
        self.counted(reply, SELECT, rows);
        Ok(())
    }

    /// Sends a query's rows as they come.
    pub(super) fn stream(
        &mut self,
        relation: &Relation,
        params: &[Value],
        reply: &mut Reply,
    ) -> Result<u64> {
        let mut statement = self.connection.prepare(&relation.sql)?;
        bind(&mut statement, params)?;
        reply.more();
        tokens::col_metadata(&mut reply.buffer, &relation.columns);
        let mut found = statement.raw_query();
        let mut count = 0;
        let mut values = Vec::with_capacity(relation.columns.len());
        while let Some(row) = found.next()? {
            values.clear();
            for at in 0..relation.columns.len() {
                values.push(row.get::<_, Value>(at)?);
            }
            tokens::row(&mut reply.buffer, &relation.columns, &values)?;
            count += 1;
            reply.flush()?;
            if !self.signals.are_quiet() {
                return Err(SqlError::new(STOPPED, 16, "stopped"));
            }
        }
        Ok(count)
    }

    pub(super) fn assign(&mut self, relation: &Relation, params: &[Value]) -> Result<()> {
        let mut last = None;
        let mut count = 0;
        {
            let mut statement = self.connection.prepare(&relation.sql)?;
            bind(&mut statement, params)?;
            let mut found = statement.raw_query();
            while let Some(row) = found.next()? {
                let values: Vec<Value> = (0..relation.columns.len())
                    .map(|at| row.get(at))
                    .collect::<rusqlite::Result<_>>()?;
                last = Some(values);
                count += 1;
            }
        }
        for (name, value) in relation.assigns.iter().zip(last.unwrap_or_default()) {
            if let Some((_, kept)) = self.variables.get_mut(name) {
                *kept = value;
            }
        }
        self.row_count = count;
        Ok(())
    }

    /// The rows of `sys.databases`; the options are those of this one.
    pub(super) fn prepare_databases(&self, facts: &Facts) -> Result<()> {
        let committed =
            catalog::option(&self.connection, "READ_COMMITTED_SNAPSHOT")?.as_deref() == Some("ON");
        self.connection.execute_batch(
            "CREATE TEMP TABLE IF NOT EXISTS \"own.databases\" (database_name TEXT, id INTEGER, is_current INTEGER, collation TEXT, snapshot INTEGER, committed INTEGER, read_only INTEGER); DELETE FROM temp.\"own.databases\"",
        )?;
        for (name, id, collation) in self.shared.all_databases() {
            let is_current = id == facts.database_id;
            self.connection.execute(
                r#"INSERT INTO temp."own.databases" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"#,
                rusqlite::params![
                    name,
                    id,
                    is_current,
                    collation.name(),
                    facts.snapshot,
                    committed,
                    facts.read_only
                ],
            )?;
        }
        Ok(())
    }

    pub(super) fn procedure(
        &mut self,
        procedure: &Name,
        args: &[(Option<String>, Expr)],
        reply: &mut Reply,
    ) -> Result<()> {
        match procedure.name.to_lowercase().as_str() {
            "sp_describe_first_result_set" => self.describe(args, reply),
            "sp_executesql" => {
                let mut parameters = Vec::new();
                for (name, value) in args {
                    let ty = match value {
                        Expr::Variable(name) => self
                            .variables
                            .get(name)
                            .map(|(ty, _)| *ty)
                            .ok_or_else(|| undeclared(name))?,
                        _ => Type::sized(types::Kind::NVarChar, types::MAX),
                    };
                    let value = self.evaluate(value, Some(ty))?;
                    parameters.push(Parameter {
                        name: name.clone().unwrap_or_default(),
                        ty,
                        value,
                        by_reference: false,
                    });
                }
                let outer = std::mem::take(&mut self.variables);
                let made = self.execute_sql(parameters, reply);
                self.variables = outer;
                made.map(|_| ())
            }
            _ => Err(SqlError::new(
                2812,
                16,
                format!("Could not find stored procedure '{}'.", procedure.shown()),
            )),
        }
    }

    pub(super) fn describe(
        &mut self,
        args: &[(Option<String>, Expr)],
        reply: &mut Reply,
    ) -> Result<()> {
        let mut texts = [String::new(), String::new()];
        for (at, (name, value)) in args.iter().enumerate() {
            let at = match name.as_deref() {
                Some("@tsql") => 0,
                Some("@params") => 1,
                None if at < 2 => at,
                _ => return Err(SqlError::syntax("sp_describe_first_result_set")),
            };
            texts[at] = text_or_empty(
                self.evaluate(value, Some(Type::sized(types::Kind::NVarChar, types::MAX)))?,
            );
        }
        let statements = parse::batch(&texts[0])?;
        let outer = self.variables.clone();
        self.variables.clear();
        for (name, ty) in parse::parameters(&texts[1])? {
            self.variables.insert(
                name,
                (catalog::with_collation(ty, self.collation()), Value::Null),
            );
        }
        let columns = self.first_columns(&statements);
        self.variables = outer;
        let shown = [
            ("is_hidden", Type::new(types::Kind::Bit)),
            ("column_ordinal", Type::new(types::Kind::Int)),
            ("name", Type::sized(types::Kind::NVarChar, 128)),
            ("is_nullable", Type::new(types::Kind::Bit)),
            ("system_type_id", Type::new(types::Kind::Int)),
            ("system_type_name", Type::sized(types::Kind::NVarChar, 256)),
            ("max_length", Type::new(types::Kind::SmallInt)),
            ("precision", Type::new(types::Kind::TinyInt)),
            ("scale", Type::new(types::Kind::TinyInt)),
            ("collation_name", Type::sized(types::Kind::NVarChar, 128)),
        ];
        let metadata: Vec<tokens::Column> = shown
            .iter()
            .map(|(name, ty)| tokens::Column::new(*name, *ty))
            .collect();
        let columns = columns?;
        reply.more();
        tokens::col_metadata(&mut reply.buffer, &metadata);
        for (at, column) in columns.iter().enumerate() {
            let (id, length, precision, scale) = column.ty.catalog();
            let text = |text: &str| {
                if text.is_empty() {
                    Value::Null
                } else {
                    Value::Text(text.to_owned())
                }
            };
            let collation = if column.ty.is_text() {
                column.ty.collation.name()
            } else {
                ""
            };
            let row = [
                Value::Integer(0),
                Value::Integer(at as i64 + 1),
                text(&column.name),
                Value::Integer(column.nullable.into()),
                Value::Integer(id),
                text(&column.ty.declared()),
                Value::Integer(length),
                Value::Integer(precision),
                Value::Integer(scale),
                text(collation),
            ];
            tokens::row(&mut reply.buffer, &metadata, &row)?;
        }
        self.counted(reply, SELECT, columns.len() as u64);
        Ok(())
    }

    pub(super) fn first_columns(
        &mut self,
        statements: &[Statement],
    ) -> Result<Vec<tokens::Column>> {
        let facts = self.facts()?;
        let env = self.env(&facts);
        for statement in statements {
            match &statement.kind {
                Kind::Select(query) => {
                    return Ok(Translator::new(&env).query(query, None)?.columns);
                }
                // An alias is not looked up here.
                Kind::Update { from, .. } | Kind::Delete { from, .. } if !from.is_empty() => {}
                Kind::Insert { into: table, .. }
                | Kind::Update { target: table, .. }
                | Kind::Delete { target: table, .. } => {
                    env.table(table)?;
                }
                _ => {}
            }
        }
        Ok(Vec::new())
    }
}

pub(super) fn text_or_empty(value: Value) -> String {
    match value {
        Value::Text(text) => text,
        Value::Null => String::new(),
        other => literal(&other),
    }
}

pub fn bind(statement: &mut rusqlite::Statement, params: &[Value]) -> Result<()> {
    for (at, param) in params.iter().enumerate().take(statement.parameter_count()) {
        statement.raw_bind_parameter(at + 1, param)?;
    }
    Ok(())
}

/// The value of a query of one row and column.
pub fn one(connection: &rusqlite::Connection, sql: &str, params: &[Value]) -> Result<Value> {
    let mut statement = connection.prepare(sql)?;
    bind(&mut statement, params)?;
    let mut rows = statement.raw_query();
    let row = rows.next()?.ok_or_else(|| SqlError::internal("no row"))?;
    Ok(row.get(0)?)
}
