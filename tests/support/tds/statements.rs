//! The grammar of statements; what they are made of is read in [`super::parse`].

use super::error::Result;
use super::parse::Parser;
use super::syntax::*;
use sqlparser::tokenizer::Token;

impl Parser<'_> {
    pub fn statement(&mut self) -> Result<Statement> {
        let line = self.line();
        let kind = self.kind()?;
        Ok(Statement { line, kind })
    }

    pub(super) fn kind(&mut self) -> Result<Kind> {
        if self.is("SELECT") || self.is_symbol("(") {
            return Ok(Kind::Select(self.query()?));
        }
        if self.is("WITH") {
            let with = self.with()?;
            return match self.is("UPDATE") {
                true => self.update(with),
                false => Ok(Kind::Select(self.query_after(with)?)),
            };
        }
        if self.word("INSERT BULK") {
            return self.insert_bulk();
        }
        if self.word("INSERT") {
            return self.insert();
        }
        if self.is("UPDATE") {
            return self.update(Vec::new());
        }
        if self.word("DELETE") {
            return self.delete();
        }
        if self.word("GRANT") {
            let permission = ["SELECT", "INSERT", "UPDATE", "DELETE"]
                .into_iter()
                .find(|permission| self.word(permission));
            let permission = permission.ok_or_else(|| self.refuse())?.to_owned();
            self.need_word("ON")?;
            let on = self.name()?;
            self.need_word("TO")?;
            return Ok(Kind::Grant {
                permission,
                on,
                to: self.ident()?,
            });
        }
        if self.word("TRUNCATE TABLE") {
            return Ok(Kind::Truncate(self.name()?));
        }
        if self.word("DECLARE") {
            return self.declare();
        }
        if self.word("SET") {
            return self.set();
        }
        if self.word("CREATE") {
            return self.create();
        }
        if self.word("ALTER") {
            return self.alter();
        }
        if self.word("DROP") {
            return self.drop();
        }
        if self.word("ENABLE TRIGGER") || self.is("DISABLE TRIGGER") {
            let on = !self.word("DISABLE TRIGGER");
            if !self.word("ALL") {
                self.name()?;
            }
            self.need_word("ON")?;
            return Ok(Kind::EnableTrigger {
                table: self.name()?,
                on,
            });
        }
        self.control()
    }

    /// Transactions and the flow of control.
    pub(super) fn control(&mut self) -> Result<Kind> {
        if self.word("BEGIN TRY") {
            let body = self.block("END TRY")?;
            self.need_word("BEGIN CATCH")?;
            let caught = self.block("END CATCH")?;
            return Ok(Kind::Try { body, caught });
        }
        if self.word("BEGIN TRANSACTION") || self.word("BEGIN TRAN") {
            self.transaction_name()?;
            return Ok(Kind::Begin);
        }
        if self.word("BEGIN") {
            return Ok(Kind::Block(self.block("END")?));
        }
        if self.word("COMMIT") {
            if self.word("TRANSACTION") || self.word("TRAN") {
                self.transaction_name()?;
            } else {
                self.word("WORK");
            }
            return Ok(Kind::Commit);
        }
        if self.word("ROLLBACK") {
            if self.word("TRANSACTION") || self.word("TRAN") {
                return Ok(Kind::Rollback(self.transaction_name()?));
            }
            self.word("WORK");
            return Ok(Kind::Rollback(None));
        }
        if self.word("SAVE TRANSACTION") || self.word("SAVE TRAN") {
            let name = self.transaction_name()?;
            return name.map(Kind::Save).ok_or_else(|| self.refuse());
        }
        if self.word("IF") {
            let condition = self.condition()?;
            let then = Box::new(self.statement()?);
            let before = self.symbol(";");
            if self.word("ELSE") {
                let otherwise = Some(Box::new(self.statement()?));
                return Ok(Kind::If {
                    condition,
                    then,
                    otherwise,
                });
            }
            let _ = before;
            return Ok(Kind::If {
                condition,
                then,
                otherwise: None,
            });
        }
        if self.word("WHILE") {
            let condition = self.condition()?;
            return Ok(Kind::While {
                condition,
                body: Box::new(self.statement()?),
            });
        }
        if self.word("PRINT") {
            return Ok(Kind::Print(self.expr()?));
        }
        if self.word("RETURN") {
            return Ok(Kind::Return);
        }
        if self.word("THROW") {
            if self.is_symbol(";") || self.is_end() || self.is("END") {
                return Ok(Kind::Throw(None));
            }
            let number = self.expr()?;
            self.need(",")?;
            let message = self.expr()?;
            self.need(",")?;
            return Ok(Kind::Throw(Some((number, message, self.expr()?))));
        }
        if self.word("RAISERROR") {
            self.need("(")?;
            let message = self.expr()?;
            self.need(",")?;
            let class = self.expr()?;
            self.need(",")?;
            let state = self.expr()?;
            self.need(")")?;
            return Ok(Kind::RaisError {
                message,
                class,
                state,
            });
        }
        if self.word("EXEC") || self.word("EXECUTE") {
            return self.exec();
        }
        if self.word("USE") {
            return Ok(Kind::Use(self.ident()?));
        }
        if self.word("KILL") {
            return Ok(Kind::Kill(self.expr()?));
        }
        if self.word("WAITFOR DELAY") {
            return match self.expr()? {
                Expr::Text { text, .. } => Ok(Kind::WaitFor(text)),
                _ => Err(self.refuse()),
            };
        }
        Err(self.refuse())
    }

    pub(super) fn block(&mut self, end: &str) -> Result<Vec<Statement>> {
        let mut statements = Vec::new();
        loop {
            while self.symbol(";") {}
            if self.word(end) {
                return if statements.is_empty() {
                    Err(self.refuse())
                } else {
                    Ok(statements)
                };
            }
            statements.push(self.statement()?);
        }
    }

    pub(super) fn transaction_name(&mut self) -> Result<Option<String>> {
        match self.peek() {
            Token::Word(word) if word.quote_style.is_some() || !word.value.starts_with('@') => {
                // What follows without a semicolon is the next statement.
                if word.quote_style.is_none()
                    && [
                        "select", "insert", "update", "delete", "if", "set", "end", "declare",
                        "exec", "commit", "rollback", "begin", "save", "create", "drop",
                    ]
                    .contains(&word.value.to_ascii_lowercase().as_str())
                {
                    return Ok(None);
                }
                Ok(Some(self.ident()?))
            }
            _ => Ok(None),
        }
    }

    pub(super) fn exec(&mut self) -> Result<Kind> {
        if self.symbol("(") {
            let text = self.expr()?;
            self.need(")")?;
            return Ok(Kind::ExecText(text));
        }
        let procedure = self.name()?;
        let mut args = Vec::new();
        while !self.is_end() && !self.is_symbol(";") {
            if !args.is_empty() {
                self.need(",")?;
            }
            let value = self.expr()?;
            match value {
                Expr::Variable(name) if self.symbol("=") => args.push((Some(name), self.expr()?)),
                value => args.push((None, value)),
            }
        }
        Ok(Kind::Exec { procedure, args })
    }

    // --- writing ---

    pub(super) fn output(&mut self) -> Result<Option<Output>> {
        if !self.word("OUTPUT") {
            return Ok(None);
        }
        let items = self.items()?;
        let mut into = None;
        if self.word("INTO") {
            let name = self.name()?;
            let columns = if self.is_symbol("(") {
                self.idents()?
            } else {
                Vec::new()
            };
            into = Some((name, columns));
        }
        Ok(Some(Output { items, into }))
    }

    pub(super) fn insert(&mut self) -> Result<Kind> {
        self.word("INTO");
        let into = self.name()?;
        self.hints()?;
        let columns = if self.is_symbol("(") {
            self.idents()?
        } else {
            Vec::new()
        };
        let output = self.output()?;
        let source = match self.word("DEFAULT VALUES") {
            true => Source::Defaults,
            false => Source::Query(Box::new(self.query()?)),
        };
        Ok(Kind::Insert {
            into,
            columns,
            output,
            source,
        })
    }

    pub(super) fn insert_bulk(&mut self) -> Result<Kind> {
        let into = self.name()?;
        self.need("(")?;
        let columns = self.list(|parser| {
            let name = parser.ident()?;
            let ty = parser.data_type()?;
            if parser.word("COLLATE") {
                parser.ident()?;
            }
            Ok((name, ty))
        })?;
        let mut options = Vec::new();
        if self.word("WITH") {
            self.need("(")?;
            options = self.list(|parser| {
                for known in [
                    "CHECK_CONSTRAINTS",
                    "FIRE_TRIGGERS",
                    "KEEP_NULLS",
                    "TABLOCK",
                ] {
                    if parser.word(known) {
                        return Ok(known.to_owned());
                    }
                }
                Err(parser.refuse())
            })?;
        }
        Ok(Kind::InsertBulk {
            into,
            columns,
            options,
        })
    }

    pub(super) fn update(&mut self, with: Vec<(String, Vec<String>, Query)>) -> Result<Kind> {
        self.need_word("UPDATE")?;
        let top = self.top()?;
        let target = self.name()?;
        let hints = self.hints()?;
        self.need_word("SET")?;
        let mut sets = Vec::new();
        loop {
            let column = self.name()?;
            let value = match ["+", "-", "*", "/"]
                .into_iter()
                .find(|op| self.is_symbol(op))
            {
                Some(op) => {
                    self.need(op)?;
                    self.need("=")?;
                    let name = column
                        .schema
                        .iter()
                        .cloned()
                        .chain([column.name.clone()])
                        .collect();
                    let op = op.chars().next().expect("one character");
                    Expr::Arithmetic(op, Box::new(Expr::Column(name)), Box::new(self.expr()?))
                }
                None => {
                    self.need("=")?;
                    self.expr()?
                }
            };
            sets.push((column, value));
            if !self.symbol(",") {
                break;
            }
        }
        let output = self.output()?;
        let from = self.sources(&target, hints)?;
        let filter = self.filter()?;
        Ok(Kind::Update {
            target,
            top,
            sets,
            output,
            from,
            filter,
            with,
        })
    }

    pub(super) fn sources(&mut self, target: &Name, hints: Vec<String>) -> Result<Vec<From>> {
        match self.word("FROM") {
            true => self.from(),
            false => Ok(vec![From::Table {
                name: target.clone(),
                alias: None,
                hints,
            }]),
        }
    }

    pub(super) fn delete(&mut self) -> Result<Kind> {
        let top = self.top()?;
        self.word("FROM");
        let target = self.name()?;
        let hints = self.hints()?;
        let output = self.output()?;
        let from = self.sources(&target, hints)?;
        let filter = self.filter()?;
        Ok(Kind::Delete {
            target,
            top,
            output,
            from,
            filter,
        })
    }

    // --- variables and options ---

    pub(super) fn declare(&mut self) -> Result<Kind> {
        let name = self.variable()?;
        if self.word("AS TABLE") || self.word("TABLE") {
            self.need("(")?;
            let (columns, constraints) = self.table_body()?;
            return Ok(Kind::DeclareTable {
                name,
                columns,
                constraints,
            });
        }
        let mut found = Vec::new();
        let mut name = name;
        loop {
            self.word("AS");
            let ty = self.data_type()?;
            let value = if self.symbol("=") {
                Some(self.expr()?)
            } else {
                None
            };
            found.push((name, ty, value));
            if !self.symbol(",") {
                return Ok(Kind::Declare(found));
            }
            name = self.variable()?;
        }
    }

    pub(super) fn set(&mut self) -> Result<Kind> {
        if matches!(self.peek(), Token::Word(word) if word.value.starts_with('@')) {
            let name = self.variable()?;
            self.need("=")?;
            return Ok(Kind::SetVariable(name, self.expr()?));
        }
        if self.word("IDENTITY_INSERT") {
            let table = self.name()?;
            let on = self.word("ON");
            if !on {
                self.need_word("OFF")?;
            }
            return Ok(Kind::IdentityInsert(table, on));
        }
        if self.word("TRANSACTION ISOLATION LEVEL") {
            for level in [
                "READ COMMITTED",
                "READ UNCOMMITTED",
                "REPEATABLE READ",
                "SERIALIZABLE",
                "SNAPSHOT",
            ] {
                if self.word(level) {
                    return Ok(Kind::SetOption("ISOLATION".to_owned(), level.to_owned()));
                }
            }
            return Err(self.refuse());
        }
        const SWITCHES: &[&str] = &[
            "ANSI_NULLS",
            "ANSI_PADDING",
            "ANSI_WARNINGS",
            "ARITHABORT",
            "CONCAT_NULL_YIELDS_NULL",
            "QUOTED_IDENTIFIER",
            "NUMERIC_ROUNDABORT",
            "XACT_ABORT",
            "IMPLICIT_TRANSACTIONS",
            "CURSOR_CLOSE_ON_COMMIT",
            "NOCOUNT",
            "ANSI_NULL_DFLT_ON",
        ];
        for switch in SWITCHES {
            if self.word(switch) {
                let on = self.word("ON");
                if !on {
                    self.need_word("OFF")?;
                }
                return Ok(Kind::SetOption(
                    (*switch).to_owned(),
                    if on { "ON" } else { "OFF" }.to_owned(),
                ));
            }
        }
        for option in [
            "LOCK_TIMEOUT",
            "ROWCOUNT",
            "TEXTSIZE",
            "DEADLOCK_PRIORITY",
            "LANGUAGE",
            "DATEFORMAT",
            "DATEFIRST",
        ] {
            if self.word(option) {
                let minus = self.symbol("-");
                let value = self.peek().to_string();
                let value = if minus { format!("-{value}") } else { value };
                let is_number = value.parse::<i64>().is_ok();
                let known = match option {
                    "LOCK_TIMEOUT" | "ROWCOUNT" | "TEXTSIZE" | "DATEFIRST" => is_number,
                    "DEADLOCK_PRIORITY" => {
                        is_number
                            || ["LOW", "NORMAL", "HIGH"].contains(&value.to_uppercase().as_str())
                    }
                    "LANGUAGE" => value.eq_ignore_ascii_case("us_english"),
                    _ => ["ymd", "mdy", "dmy"].contains(&value.to_lowercase().as_str()),
                };
                if !known {
                    return Err(self.refuse());
                }
                self.skip();
                return Ok(Kind::SetOption(option.to_owned(), value.to_uppercase()));
            }
        }
        Err(self.refuse())
    }
}
