//! Statements, one after the other.

use super::answer::{SELECT, text_or_empty};
use super::catalog::{self, same};
use super::error::{Result, SqlError};
use super::parse;
use super::requests::{Parameter, Procedure, Rpc, TransactionRequest};
use super::server::Moment;
use super::session::{Reply, STOPPED, Session};
use super::syntax::*;
use super::tokens::{self, done};
use super::translate::undeclared;
use super::types::{self, Type};
use super::values::convert;
use rusqlite::types::Value;
use std::time::{Duration, Instant};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    On,
    /// RETURN, or an error that ends the batch and has been told.
    Ended,
}

impl Session {
    pub fn batch(&mut self, text: &str, reply: &mut Reply) -> Result<()> {
        self.variables.clear();
        self.identity = None;
        self.run_text(text, reply)?;
        self.drop_table_variables();
        Ok(())
    }

    pub(super) fn run_text(&mut self, text: &str, reply: &mut Reply) -> Result<Flow> {
        match parse::batch_with(text, &self.database.aliases()) {
            Ok(statements) => match self.shared.faults.failure(text) {
                Some(failure) => self.run_until(&statements, failure, reply),
                None => self.run(&statements, reply),
            },
            Err(error) => {
                self.fail(&error, 1, reply)?;
                Ok(Flow::Ended)
            }
        }
    }

    /// Runs what comes before a line whose statement fails.
    fn run_until(
        &mut self,
        statements: &[Statement],
        (error, line, moment): (SqlError, u32, Moment),
        reply: &mut Reply,
    ) -> Result<Flow> {
        let begins = |statement: &&Statement| statement.line <= line;
        let failing = statements.iter().filter(begins).map(|one| one.line).max();
        let before = statements.iter().take_while(|statement| {
            moment == Moment::After && statement.line <= line || Some(statement.line) < failing
        });
        let flow = self.run(&statements[..before.count()], reply)?;
        if flow == Flow::On {
            self.fail(&error, line, reply)?;
        }
        Ok(Flow::Ended)
    }

    pub fn rpc(&mut self, rpc: Rpc, reply: &mut Reply) -> Result<Vec<(String, Type, Value)>> {
        let outer: Vec<String> = self.own.keys().cloned().collect();
        self.variables.clear();
        self.identity = None;
        let outer_options = self.options.clone();
        let outer_identity_insert = self.identity_insert;
        let made = self.call(rpc, reply);
        self.drop_table_variables();
        // What a procedure SETs holds until it ends.
        self.options = outer_options;
        self.identity_insert = outer_identity_insert;
        // What a procedure makes is gone after it.
        let new: Vec<String> = self
            .own
            .keys()
            .filter(|name| !outer.contains(name))
            .cloned()
            .collect();
        for name in new {
            self.own.remove(&name);
            self.connection.execute_batch(&format!(
                "DROP TABLE IF EXISTS temp.{}",
                catalog::quoted(&name)
            ))?;
        }
        match made {
            Err(error) if error.number != STOPPED => {
                self.fail(&error, 1, reply)?;
                Ok(Vec::new())
            }
            made => made,
        }
    }

    pub(super) fn call(
        &mut self,
        rpc: Rpc,
        reply: &mut Reply,
    ) -> Result<Vec<(String, Type, Value)>> {
        let Procedure::ExecuteSql = rpc.procedure else {
            let Procedure::Named(name) = rpc.procedure else {
                return Ok(Vec::new());
            };
            if name.eq_ignore_ascii_case("sp_executesql")
                || name.eq_ignore_ascii_case("sys.sp_executesql")
            {
                return self.execute_sql(rpc.parameters, reply);
            }
            return Err(SqlError::new(
                2812,
                16,
                format!("Could not find stored procedure '{name}'."),
            ));
        };
        self.execute_sql(rpc.parameters, reply)
    }

    pub(super) fn execute_sql(
        &mut self,
        parameters: Vec<Parameter>,
        reply: &mut Reply,
    ) -> Result<Vec<(String, Type, Value)>> {
        let mut given = parameters.into_iter();
        let text = |parameter: Option<Parameter>| match parameter.map(|parameter| parameter.value) {
            Some(Value::Text(text)) => Ok(text),
            None => Ok(String::new()),
            _ => Err(SqlError::new(
                214,
                16,
                "Procedure expects parameter '@statement' of type 'ntext/nchar/nvarchar'.",
            )),
        };
        let statement = text(given.next())?;
        let declared = parse::parameters(&text(given.next())?)?;
        let mut outputs = Vec::new();
        for (at, parameter) in given.enumerate() {
            let name = parameter.name.to_lowercase();
            let found = if name.is_empty() {
                declared.get(at)
            } else {
                declared.iter().find(|(known, _)| *known == name)
            };
            let Some((name, ty)) = found else {
                return Err(SqlError::new(
                    8145,
                    16,
                    format!("{name} is not a parameter for procedure ."),
                ));
            };
            let ty = catalog::with_collation(*ty, self.collation());
            let value = convert(&parameter.value, parameter.ty, ty, 0)?;
            self.variables.insert(name.clone(), (ty, value));
            if parameter.by_reference {
                outputs.push(name.clone());
            }
        }
        if let Some((missing, _)) = declared
            .iter()
            .find(|(name, _)| !self.variables.contains_key(name))
        {
            return Err(SqlError::new(
                8178,
                16,
                format!(
                    "The parameterized query expects the parameter '{missing}', which was not supplied."
                ),
            ));
        }
        self.run_text(&statement, reply)?;
        let made = outputs.into_iter().filter_map(|name| {
            self.variables
                .get(&name)
                .map(|(ty, value)| (name.clone(), *ty, value.clone()))
        });
        Ok(made.collect())
    }

    pub(super) fn drop_table_variables(&mut self) {
        let names: Vec<String> = self
            .own
            .keys()
            .filter(|name| name.starts_with('@'))
            .cloned()
            .collect();
        for name in names {
            self.own.remove(&name);
            // One that was rolled back is gone already.
            let _ = self.connection.execute_batch(&format!(
                "DROP TABLE IF EXISTS temp.{}",
                catalog::quoted(&name)
            ));
        }
    }

    pub fn transaction(&mut self, request: &TransactionRequest, reply: &mut Reply) -> Result<()> {
        let made = match request {
            TransactionRequest::Begin { isolation } => {
                let level = [
                    "",
                    "READ UNCOMMITTED",
                    "READ COMMITTED",
                    "REPEATABLE READ",
                    "SERIALIZABLE",
                    "SNAPSHOT",
                ]
                .get(usize::from(*isolation));
                if let Some(level) = level.filter(|level| !level.is_empty()) {
                    self.options.isolation = (*level).to_owned();
                }
                self.begin(reply);
                Ok(())
            }
            TransactionRequest::Commit => self.commit(reply),
            TransactionRequest::Rollback { name } if name.is_empty() => self.rollback(reply),
            TransactionRequest::Rollback { name } => self.roll_back_to(name),
            TransactionRequest::Save { name } => self.save(name),
        };
        match made {
            Err(error) => self.fail(&error, 1, reply),
            Ok(()) => {
                reply.done(0, 0xfd, 0);
                Ok(())
            }
        }
    }

    /// The rows of an INSERT BULK.
    pub fn bulk(&mut self, body: &[u8], reply: &mut Reply) -> Result<()> {
        match self.bulk_load(body, reply) {
            Err(error) => self.fail(&error, 1, reply),
            Ok(()) => Ok(()),
        }
    }

    /// Tells an error, and what it does to the transaction.
    pub(super) fn fail(&mut self, error: &SqlError, line: u32, reply: &mut Reply) -> Result<()> {
        if error.number == STOPPED {
            return Err(error.clone());
        }
        self.error = error.number.into();
        reply.error(error, line);
        let ends = self.options.xact_abort || matches!(error.number, 1205 | 3960);
        if ends && self.transactions > 0 {
            self.roll_back()?;
            reply.change(tokens::Change::RolledBack(self.descriptor));
            reply.done(done::ERROR, 0xfd, 0);
        }
        Ok(())
    }

    pub fn run(&mut self, statements: &[Statement], reply: &mut Reply) -> Result<Flow> {
        for statement in statements {
            match self.statement(statement, reply) {
                Ok(Flow::On) => {}
                Ok(Flow::Ended) => return Ok(Flow::Ended),
                // Within TRY, or a trigger, somebody else deals with it.
                Err(error) if self.depth > 0 || self.trying > 0 || error.number == STOPPED => {
                    return Err(error);
                }
                Err(error) => {
                    self.fail(&error, statement.line, reply)?;
                    if self.options.xact_abort || !error.is_of_statement() {
                        return Ok(Flow::Ended);
                    }
                }
            }
            if !self.signals.are_quiet() {
                return Err(SqlError::new(STOPPED, 16, "stopped"));
            }
        }
        Ok(Flow::On)
    }

    /// The end of a statement that counts rows.
    pub(super) fn counted(&mut self, reply: &mut Reply, command: u16, rows: u64) {
        self.row_count = rows as i64;
        if self.options.no_count {
            if !reply.in_procedure || command == SELECT {
                reply.done(0, command, 0);
            }
            return;
        }
        reply.done(done::COUNT, command, rows);
    }

    pub(super) fn statement(&mut self, statement: &Statement, reply: &mut Reply) -> Result<Flow> {
        let keeps_count = matches!(
            statement.kind,
            Kind::If { .. }
                | Kind::Block(_)
                | Kind::While { .. }
                | Kind::Try { .. }
                | Kind::Print(_)
        );
        match &statement.kind {
            Kind::Select(query) => self.select(query, reply)?,
            Kind::Insert { .. } | Kind::Update { .. } | Kind::Delete { .. } | Kind::Truncate(_) => {
                self.write(&statement.kind, reply)?
            }
            Kind::InsertBulk {
                into,
                columns,
                options,
            } => {
                let facts = self.facts()?;
                let table = self.env(&facts).table(into)?;
                for (name, _) in columns {
                    table.column(name)?;
                }
                self.bulk = Some((
                    into.clone(),
                    columns.clone(),
                    options.iter().any(|option| option == "FIRE_TRIGGERS"),
                ));
            }
            Kind::Declare(variables) => {
                for (name, ty, value) in variables {
                    let ty = catalog::with_collation(*ty, self.collation());
                    let value = match value {
                        Some(value) => self.evaluate(value, Some(ty))?,
                        None => Value::Null,
                    };
                    self.variables.insert(name.clone(), (ty, value));
                }
            }
            Kind::SetVariable(name, value) => {
                let Some((ty, _)) = self.variables.get(name) else {
                    return Err(undeclared(name));
                };
                let ty = *ty;
                let value = self.evaluate(value, Some(ty))?;
                self.variables.insert(name.clone(), (ty, value));
            }
            Kind::SetOption(name, value) => self.set_option(name, value)?,
            Kind::IdentityInsert(table, on) => {
                let facts = self.facts()?;
                let table = self.env(&facts).table(table)?;
                if table.identity().is_none() {
                    return Err(SqlError::new(
                        8106,
                        16,
                        format!(
                            "Table '{}' does not have the identity property. Cannot perform SET operation.",
                            table.name.name
                        ),
                    ));
                }
                if *on && self.identity_insert.is_some_and(|known| known != table.id) {
                    return Err(SqlError::new(
                        8107,
                        16,
                        "IDENTITY_INSERT is already ON for another table. Cannot perform SET operation.",
                    ));
                }
                self.identity_insert = on.then_some(table.id);
            }
            Kind::Begin => self.begin(reply),
            Kind::Commit => self.commit(reply)?,
            Kind::Rollback(None) => self.rollback(reply)?,
            Kind::Rollback(Some(name)) => self.roll_back_to(name)?,
            Kind::Save(name) => self.save(name)?,
            Kind::If {
                condition,
                then,
                otherwise,
            } => {
                let is_met = self.is_met(condition)?;
                return match (is_met, otherwise) {
                    (true, _) => self.statement(then, reply),
                    (false, Some(otherwise)) => self.statement(otherwise, reply),
                    (false, None) => Ok(Flow::On),
                };
            }
            Kind::While { condition, body } => {
                while self.is_met(condition)? {
                    if self.statement(body, reply)? == Flow::Ended {
                        return Ok(Flow::Ended);
                    }
                    if !self.signals.are_quiet() {
                        return Err(SqlError::new(STOPPED, 16, "stopped"));
                    }
                }
            }
            Kind::Block(statements) => return self.run(statements, reply),
            Kind::Try { body, caught } => return self.attempt(body, caught, reply),
            Kind::Print(text) => {
                let text = self.evaluate(text, Some(Type::sized(types::Kind::NVarChar, 4000)))?;
                if let Value::Text(text) = text {
                    reply.info(&text, statement.line);
                }
            }
            Kind::Throw(None) => {
                return Err(self.caught.clone().ok_or_else(|| {
                    SqlError::new(
                        10704,
                        15,
                        "To rethrow an error, a THROW statement must be used inside a CATCH block.",
                    )
                })?);
            }
            Kind::Throw(Some((number, message, state))) => {
                let number = self.whole(number)?;
                let state = self.whole(state)?;
                let message =
                    self.evaluate(message, Some(Type::sized(types::Kind::NVarChar, 2048)))?;
                let mut error = SqlError::new(number as i32, 16, text_or_empty(message));
                error.state = state as u8;
                return Err(error);
            }
            Kind::RaisError {
                message,
                class,
                state,
            } => {
                let (class, state) = (self.whole(class)?, self.whole(state)?);
                let message = text_or_empty(
                    self.evaluate(message, Some(Type::sized(types::Kind::NVarChar, 2048)))?,
                );
                if class <= 10 {
                    reply.info(&message, statement.line);
                } else {
                    let mut error = SqlError::new(50000, class as u8, message);
                    error.state = state as u8;
                    return Err(error);
                }
            }
            Kind::Return => return Ok(Flow::Ended),
            Kind::ExecText(text) => {
                let text = text_or_empty(
                    self.evaluate(text, Some(Type::sized(types::Kind::NVarChar, types::MAX)))?,
                );
                let outer = std::mem::take(&mut self.variables);
                let flow = self.run_text(&text, reply);
                self.variables = outer;
                return flow;
            }
            Kind::Exec { procedure, args } => self.procedure(procedure, args, reply)?,
            Kind::Use(name) => {
                if !same(name, &self.database.name) {
                    return Err(SqlError::new(
                        911,
                        16,
                        format!(
                            "Database '{name}' does not exist. Make sure that the name is entered correctly."
                        ),
                    ));
                }
            }
            Kind::WaitFor(time) => {
                let (ticks, _) = super::moments::parse(time, Type::timed(types::Kind::Time, 3))?;
                let until = Instant::now() + Duration::from_millis((ticks / 10_000) as u64);
                while Instant::now() < until {
                    if !self.signals.are_quiet() {
                        return Err(SqlError::new(STOPPED, 16, "stopped"));
                    }
                    std::thread::sleep(Duration::from_millis(5));
                }
            }
            Kind::Kill(spid) => {
                let spid = self.whole(spid)?;
                if !self.shared.kill(spid) {
                    return Err(SqlError::new(
                        6106,
                        16,
                        format!("Process ID {spid} is not an active process ID."),
                    ));
                }
            }
            definition => self.define(definition)?,
        }
        if !keeps_count
            && !matches!(
                statement.kind,
                Kind::Select(_) | Kind::Insert { .. } | Kind::Update { .. } | Kind::Delete { .. }
            )
        {
            if !reply.in_procedure {
                reply.done(0, 0xfd, 0);
            }
            if matches!(
                statement.kind,
                Kind::SetOption(..) | Kind::SetVariable(..) | Kind::IdentityInsert(..)
            ) {
                self.row_count = i64::from(matches!(statement.kind, Kind::SetVariable(..)));
            }
        }
        self.error = 0;
        Ok(Flow::On)
    }

    pub(super) fn attempt(
        &mut self,
        body: &[Statement],
        caught: &[Statement],
        reply: &mut Reply,
    ) -> Result<Flow> {
        self.trying += 1;
        let made = self.run(body, reply);
        self.trying -= 1;
        let error = match made {
            Ok(flow) => return Ok(flow),
            Err(error) if error.number == STOPPED => return Err(error),
            Err(error) => error,
        };
        self.error = error.number.into();
        if self.transactions > 0 {
            if error.number == 1205 {
                self.roll_back()?;
                reply.change(tokens::Change::RolledBack(self.descriptor));
            } else if self.options.xact_abort {
                self.doomed = true;
            }
        }
        let outer = self.caught.replace(error);
        let flow = self.run(caught, reply);
        self.caught = outer;
        flow
    }

    pub(super) fn set_option(&mut self, name: &str, value: &str) -> Result<()> {
        match name {
            "NOCOUNT" => self.options.no_count = value == "ON",
            "XACT_ABORT" => self.options.xact_abort = value == "ON",
            "LOCK_TIMEOUT" => {
                self.options.lock_timeout = value.parse().map_err(|_| SqlError::syntax(value))?
            }
            "ISOLATION" => {
                if value == "SNAPSHOT"
                    && self.transactions > 0
                    && self.options.isolation != "SNAPSHOT"
                {
                    return Err(SqlError::new(
                        3951,
                        16,
                        "Transaction failed in database because the statement was run under snapshot isolation but the transaction did not start in snapshot isolation.",
                    ));
                }
                self.options.isolation = value.to_owned();
            }
            "IMPLICIT_TRANSACTIONS" if value == "ON" => {
                return Err(SqlError::syntax("IMPLICIT_TRANSACTIONS ON"));
            }
            "ROWCOUNT" if value != "0" => return Err(SqlError::syntax("ROWCOUNT")),
            _ => {}
        }
        Ok(())
    }
}
