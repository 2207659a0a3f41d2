//! The grammar of CREATE, ALTER and DROP.

use super::error::{Result, SqlError};
use super::parse::{self, Parser};
use super::syntax::*;
use super::types::{self, Type};

impl Parser<'_> {
    pub(super) fn create(&mut self) -> Result<Kind> {
        if self.word("TABLE") {
            let name = self.name()?;
            self.need("(")?;
            let (columns, constraints) = self.table_body()?;
            return Ok(Kind::CreateTable {
                name,
                columns,
                constraints,
            });
        }
        if self.word("VIEW") {
            let name = self.name()?;
            let columns = if self.is_symbol("(") {
                self.idents()?
            } else {
                Vec::new()
            };
            self.need_word("AS")?;
            return Ok(Kind::CreateView {
                name,
                columns,
                query: self.written(Self::query)?,
            });
        }
        if self.word("SCHEMA") {
            let name = self.ident()?;
            if self.word("AUTHORIZATION") {
                self.ident()?;
            }
            return Ok(Kind::CreateSchema(name));
        }
        if self.word("DATABASE") {
            let name = self.ident()?;
            let collation = if self.word("COLLATE") {
                Some(self.ident()?)
            } else {
                None
            };
            return Ok(Kind::CreateDatabase { name, collation });
        }
        if self.word("TRIGGER") || self.word("OR ALTER TRIGGER") {
            return self.trigger();
        }
        if self.word("TYPE") {
            let name = self.ident()?;
            self.need_word("FROM")?;
            let ty = self.data_type()?;
            let _ = self.word("NOT NULL") || self.word("NULL");
            return Ok(Kind::CreateType(name, ty));
        }
        if self.word("LOGIN") {
            let name = self.ident()?;
            self.need_word("WITH PASSWORD")?;
            self.need("=")?;
            let Expr::Text { text: password, .. } = self.expr()? else {
                return Err(self.refuse());
            };
            if self.symbol(",") {
                self.need_word("CHECK_POLICY")?;
                self.need("=")?;
                self.need_word("OFF")?;
            }
            return Ok(Kind::CreateLogin { name, password });
        }
        if self.word("USER") {
            let name = self.ident()?;
            self.need_word("FOR LOGIN")?;
            if self.ident()? != name {
                return Err(self.refuse());
            }
            return Ok(Kind::CreateUser(name));
        }
        let is_unique = self.word("UNIQUE");
        if !self.word("CLUSTERED") {
            self.word("NONCLUSTERED");
        }
        self.need_word("INDEX")?;
        let name = self.ident()?;
        self.need_word("ON")?;
        let table = self.name()?;
        let columns = self.key_columns()?;
        let index = self.index_rest(name, is_unique, columns)?;
        Ok(Kind::CreateIndex { table, index })
    }

    pub(super) fn index_rest(
        &mut self,
        name: String,
        is_unique: bool,
        columns: Vec<(String, bool)>,
    ) -> Result<Index> {
        let include = if self.word("INCLUDE") {
            self.idents()?
        } else {
            Vec::new()
        };
        let filter = if self.word("WHERE") {
            Some(self.written(Self::condition)?)
        } else {
            None
        };
        Ok(Index {
            name,
            is_unique,
            columns,
            include,
            filter,
        })
    }

    pub(super) fn trigger(&mut self) -> Result<Kind> {
        let name = self.name()?;
        self.need_word("ON")?;
        let table = self.name()?;
        if !self.word("AFTER") {
            self.need_word("FOR")?;
        }
        let mut events = Vec::new();
        loop {
            let event = ["INSERT", "UPDATE", "DELETE"]
                .into_iter()
                .find(|event| self.word(event));
            events.push(event.ok_or_else(|| self.refuse())?.to_owned());
            if !self.symbol(",") {
                break;
            }
        }
        self.need_word("AS")?;
        let body = self.rest_of_text();
        // Understood now, run later.
        parse::batch(&body)?;
        Ok(Kind::CreateTrigger {
            name,
            table,
            events,
            body,
        })
    }

    pub(super) fn key_columns(&mut self) -> Result<Vec<(String, bool)>> {
        self.need("(")?;
        self.list(|parser| {
            let name = parser.ident()?;
            let descending = parser.word("DESC");
            if !descending {
                parser.word("ASC");
            }
            Ok((name, descending))
        })
    }

    pub(super) fn table_body(&mut self) -> Result<(Vec<Column>, Vec<Constraint>)> {
        let mut columns = Vec::new();
        let mut constraints = Vec::new();
        loop {
            if self.is("CONSTRAINT")
                || self.is("PRIMARY KEY")
                || self.is("UNIQUE")
                || self.is("FOREIGN KEY")
                || self.is("CHECK")
            {
                constraints.push(self.constraint(None)?);
            } else if self.word("INDEX") {
                let name = self.ident()?;
                let is_unique = self.word("UNIQUE");
                if !self.word("CLUSTERED") {
                    self.word("NONCLUSTERED");
                }
                let columns = self.key_columns()?;
                constraints.push(Constraint::Index(
                    self.index_rest(name, is_unique, columns)?,
                ));
            } else {
                columns.push(self.column_definition(&mut constraints)?);
            }
            if !self.symbol(",") {
                break;
            }
        }
        self.need(")")?;
        Ok((columns, constraints))
    }

    pub(super) fn column_definition(
        &mut self,
        constraints: &mut Vec<Constraint>,
    ) -> Result<Column> {
        let name = self.ident()?;
        let mut column = Column {
            name,
            ty: Type::new(types::Kind::Null),
            nullable: None,
            identity: None,
            default: None,
            computed: None,
        };
        if self.word("AS") {
            column.computed = Some(self.written(Self::expr)?);
            self.word("PERSISTED");
            if self.word("NOT NULL") {
                column.nullable = Some(false);
            }
            return Ok(column);
        }
        // `timestamp` alone is a column of that name and type.
        column.ty = match column.name.eq_ignore_ascii_case("timestamp")
            && (self.is_symbol(",") || self.is_symbol(")"))
        {
            true => Type::new(types::Kind::RowVersion),
            false => self.data_type()?,
        };
        loop {
            if self.word("NOT NULL") {
                column.nullable = Some(false);
            } else if self.word("NULL") {
                column.nullable = Some(true);
            } else if self.word("COLLATE") {
                let name = self.ident()?;
                let known = super::collation::Collation::named(&name);
                column.ty.collation = known.ok_or_else(|| {
                    SqlError::new(448, 16, format!("Invalid collation '{name}'."))
                })?;
            } else if self.word("IDENTITY") {
                let mut seed = (1, 1);
                if self.symbol("(") {
                    let numbers = self.list(|parser| {
                        let sign = if parser.symbol("-") { -1 } else { 1 };
                        let text = parser.peek().to_string();
                        parser.skip();
                        text.parse::<i64>()
                            .map(|number| sign * number)
                            .map_err(|_| parser.refuse())
                    })?;
                    seed = match numbers[..] {
                        [start, step] => (start, step),
                        _ => return Err(self.refuse()),
                    };
                }
                column.identity = Some(seed);
            } else if self.is("DEFAULT") || self.is("CONSTRAINT") && self.names_a_default() {
                let name = if self.word("CONSTRAINT") {
                    Some(self.ident()?)
                } else {
                    None
                };
                self.need_word("DEFAULT")?;
                column.default = Some((name, self.written(Self::expr)?));
            } else if self.is("CONSTRAINT")
                || self.is("PRIMARY KEY")
                || self.is("UNIQUE")
                || self.is("REFERENCES")
                || self.is("FOREIGN KEY")
                || self.is("CHECK")
            {
                constraints.push(self.constraint(Some(&column.name))?);
            } else if self.word("ROWGUIDCOL") || self.word("SPARSE") {
            } else {
                return Ok(column);
            }
        }
    }

    pub(super) fn names_a_default(&mut self) -> bool {
        let at = self.place();
        let found = self.word("CONSTRAINT") && self.ident().is_ok() && self.is("DEFAULT");
        self.back_to(at);
        found
    }

    pub(super) fn constraint(&mut self, column: Option<&str>) -> Result<Constraint> {
        let name = if self.word("CONSTRAINT") {
            Some(self.ident()?)
        } else {
            None
        };
        let own = || column.map(|column| vec![column.to_owned()]);
        if self.is("PRIMARY KEY") || self.is("UNIQUE") {
            let is_primary = self.word("PRIMARY KEY");
            if !is_primary {
                self.need_word("UNIQUE")?;
            }
            if !self.word("CLUSTERED") {
                self.word("NONCLUSTERED");
            }
            let columns = match own() {
                Some(columns) if !self.is_symbol("(") => columns,
                _ => self
                    .key_columns()?
                    .into_iter()
                    .map(|(name, _)| name)
                    .collect(),
            };
            return Ok(Constraint::Key {
                name,
                columns,
                is_primary,
            });
        }
        if self.word("CHECK") {
            self.need("(")?;
            let condition = self.written(Self::condition)?;
            self.need(")")?;
            return Ok(Constraint::Check { name, condition });
        }
        let columns = match own() {
            Some(columns) => {
                self.word("FOREIGN KEY");
                columns
            }
            None => {
                self.need_word("FOREIGN KEY")?;
                self.idents()?
            }
        };
        self.need_word("REFERENCES")?;
        let table = self.name()?;
        let referred = if self.is_symbol("(") {
            self.idents()?
        } else {
            Vec::new()
        };
        let mut on_delete = "NO ACTION".to_owned();
        while self.is("ON DELETE") || self.is("ON UPDATE") {
            let is_delete = self.word("ON DELETE") || !self.word("ON UPDATE");
            let action = ["CASCADE", "SET NULL", "SET DEFAULT", "NO ACTION"]
                .into_iter()
                .find(|action| self.word(action));
            let action = action.ok_or_else(|| self.refuse())?;
            if is_delete {
                on_delete = action.to_owned();
            } else if action != "NO ACTION" {
                return Err(self.refuse());
            }
        }
        Ok(Constraint::Foreign {
            name,
            columns,
            table,
            referred,
            on_delete,
        })
    }

    pub(super) fn alter(&mut self) -> Result<Kind> {
        if self.word("DATABASE") {
            let name = if self.word("CURRENT") {
                None
            } else {
                Some(self.ident()?)
            };
            self.need_word("SET")?;
            for option in [
                "ALLOW_SNAPSHOT_ISOLATION",
                "READ_COMMITTED_SNAPSHOT",
                "CHANGE_TRACKING",
            ] {
                if self.word(option) {
                    self.symbol("=");
                    let on = self.word("ON");
                    if !on {
                        self.need_word("OFF")?;
                    }
                    let value = if on { "ON" } else { "OFF" }.to_owned();
                    return Ok(Kind::DatabaseOption {
                        name,
                        option: option.to_owned(),
                        value,
                    });
                }
            }
            if self.word("SINGLE_USER") || self.word("MULTI_USER") {
                self.word("WITH ROLLBACK IMMEDIATE");
                return Ok(Kind::DatabaseOption {
                    name,
                    option: "USERS".to_owned(),
                    value: "MULTI_USER".to_owned(),
                });
            }
            for option in ["READ_ONLY", "READ_WRITE"] {
                if self.word(option) {
                    return Ok(Kind::DatabaseOption {
                        name,
                        option: "UPDATEABILITY".to_owned(),
                        value: option.to_owned(),
                    });
                }
            }
            return Err(self.refuse());
        }
        self.need_word("TABLE")?;
        let table = self.name()?;
        if self.word("WITH CHECK ADD") || self.word("WITH NOCHECK ADD") || self.word("ADD") {
            let mut columns = Vec::new();
            let mut constraints = Vec::new();
            loop {
                if self.is("CONSTRAINT") && self.names_a_default() {
                    self.need_word("CONSTRAINT")?;
                    let name = Some(self.ident()?);
                    self.need_word("DEFAULT")?;
                    let value = self.written(Self::expr)?;
                    self.need_word("FOR")?;
                    constraints.push(Constraint::Default {
                        name,
                        column: self.ident()?,
                        value,
                    });
                } else if self.is("CONSTRAINT")
                    || self.is("PRIMARY KEY")
                    || self.is("UNIQUE")
                    || self.is("FOREIGN KEY")
                    || self.is("CHECK")
                {
                    constraints.push(self.constraint(None)?);
                } else {
                    columns.push(self.column_definition(&mut constraints)?);
                }
                if !self.symbol(",") {
                    return Ok(Kind::AddColumns {
                        table,
                        columns,
                        constraints,
                    });
                }
            }
        }
        if self.word("ALTER COLUMN") {
            let column = self.column_definition(&mut Vec::new())?;
            return Ok(Kind::AlterColumn { table, column });
        }
        if self.word("DROP COLUMN") {
            let mut columns = vec![self.ident()?];
            while self.symbol(",") {
                columns.push(self.ident()?);
            }
            return Ok(Kind::DropColumns { table, columns });
        }
        if self.word("DROP CONSTRAINT") {
            return Ok(Kind::DropConstraint {
                table,
                name: self.ident()?,
            });
        }
        for (words, on) in [
            ("ENABLE CHANGE_TRACKING", true),
            ("DISABLE CHANGE_TRACKING", false),
        ] {
            if self.word(words) {
                return Ok(Kind::ChangeTracking { table, on });
            }
        }
        for (words, on) in [("ENABLE TRIGGER", true), ("DISABLE TRIGGER", false)] {
            if self.word(words) {
                if !self.word("ALL") {
                    self.name()?;
                }
                return Ok(Kind::EnableTrigger { table, on });
            }
        }
        Err(self.refuse())
    }

    pub(super) fn drop(&mut self) -> Result<Kind> {
        if self.word("LOGIN") {
            return Ok(Kind::DropLogin(self.ident()?));
        }
        if self.word("USER") {
            return Ok(Kind::DropUser(self.ident()?));
        }
        let what = ["TABLE", "VIEW", "INDEX", "TRIGGER", "SCHEMA", "DATABASE"]
            .into_iter()
            .find(|what| self.word(what));
        let what = what.ok_or_else(|| self.refuse())?;
        let if_exists = self.word("IF EXISTS");
        let mut names = vec![self.name()?];
        while self.symbol(",") {
            names.push(self.name()?);
        }
        let on = if what == "INDEX" {
            self.need_word("ON")?;
            Some(self.name()?)
        } else {
            None
        };
        Ok(Kind::Drop {
            what,
            names,
            on,
            if_exists,
        })
    }
}
