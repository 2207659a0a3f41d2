//! The grammar of queries.

use super::error::{Result, SqlError};
use super::parse::Parser;
use super::syntax::*;
use sqlparser::tokenizer::Token;

impl Parser<'_> {
    pub fn order(&mut self) -> Result<Vec<Order>> {
        let mut found = Vec::new();
        loop {
            let expr = self.expr()?;
            let descending = self.word("DESC");
            if !descending {
                self.word("ASC");
            }
            found.push(Order { expr, descending });
            if !self.symbol(",") {
                return Ok(found);
            }
        }
    }

    pub fn with(&mut self) -> Result<Vec<(String, Vec<String>, Query)>> {
        let mut found = Vec::new();
        if self.word("WITH") {
            loop {
                let name = self.ident()?;
                let columns = if self.is_symbol("(") {
                    self.idents()?
                } else {
                    Vec::new()
                };
                self.need_word("AS")?;
                self.need("(")?;
                let query = self.query()?;
                self.need(")")?;
                found.push((name, columns, query));
                if !self.symbol(",") {
                    break;
                }
            }
        }
        Ok(found)
    }

    pub fn query(&mut self) -> Result<Query> {
        let with = self.with()?;
        self.query_after(with)
    }

    pub fn query_after(&mut self, with: Vec<(String, Vec<String>, Query)>) -> Result<Query> {
        let body = self.body()?;
        let mut query = Query {
            with,
            body,
            order: Vec::new(),
            offset: None,
            fetch: None,
        };
        if self.word("ORDER BY") {
            query.order = self.order()?;
            if self.word("OFFSET") {
                query.offset = Some(self.expr()?);
                if !self.word("ROWS") {
                    self.need_word("ROW")?;
                }
                if self.word("FETCH NEXT") || self.word("FETCH FIRST") {
                    query.fetch = Some(self.expr()?);
                    if !self.word("ROWS") {
                        self.need_word("ROW")?;
                    }
                    self.need_word("ONLY")?;
                }
            }
        }
        if self.word("OPTION") {
            self.need("(")?;
            self.list(|parser| {
                for known in ["RECOMPILE", "FORCE ORDER", "LOOP JOIN", "HASH JOIN"] {
                    if parser.word(known) {
                        return Ok(());
                    }
                }
                if parser.word("MAXDOP") && matches!(parser.peek(), Token::Number(..)) {
                    parser.at += 1;
                    return Ok(());
                }
                Err(parser.refuse())
            })?;
        }
        Ok(query)
    }

    pub(super) fn body(&mut self) -> Result<Body> {
        let mut left = self.term()?;
        loop {
            let op = if self.word("UNION ALL") {
                "UNION ALL"
            } else if self.word("UNION") {
                "UNION"
            } else if self.word("EXCEPT") {
                "EXCEPT"
            } else if self.word("INTERSECT") {
                "INTERSECT"
            } else {
                return Ok(left);
            };
            left = Body::Both(op, Box::new(left), Box::new(self.term()?));
        }
    }

    pub(super) fn term(&mut self) -> Result<Body> {
        if self.symbol("(") {
            let query = self.query()?;
            self.need(")")?;
            return Ok(Body::Nested(Box::new(query)));
        }
        if self.word("VALUES") {
            return Ok(Body::Values(self.rows()?));
        }
        Ok(Body::Select(Box::new(self.select()?)))
    }

    pub fn rows(&mut self) -> Result<Vec<Vec<Expr>>> {
        let mut rows = Vec::new();
        loop {
            self.need("(")?;
            rows.push(self.list(|parser| match parser.word("DEFAULT") {
                true => Ok(Expr::Column(vec!["\u{1}default".to_owned()])),
                false => parser.expr(),
            })?);
            if !self.symbol(",") {
                break;
            }
        }
        if rows.len() > 1000 {
            return Err(SqlError::new(
                10738,
                15,
                "The number of row value expressions in the INSERT statement exceeds the maximum allowed number of 1000 row values.",
            ));
        }
        Ok(rows)
    }

    pub fn top(&mut self) -> Result<Option<Expr>> {
        if !self.word("TOP") {
            return Ok(None);
        }
        if self.symbol("(") {
            let expr = self.expr()?;
            self.need(")")?;
            return Ok(Some(expr));
        }
        match self.next() {
            Token::Number(text, _) => Ok(Some(Expr::Int(text))),
            _ => Err(self.refuse()),
        }
    }

    pub(super) fn select(&mut self) -> Result<Select> {
        self.need_word("SELECT")?;
        let distinct = self.word("DISTINCT");
        if !distinct {
            self.word("ALL");
        }
        let top = self.top()?;
        let items = self.items()?;
        let into = if self.word("INTO") {
            Some(self.name()?)
        } else {
            None
        };
        let from = if self.word("FROM") {
            self.from()?
        } else {
            Vec::new()
        };
        let filter = self.filter()?;
        let mut group = Vec::new();
        if self.word("GROUP BY") {
            group.push(self.expr()?);
            while self.symbol(",") {
                group.push(self.expr()?);
            }
        }
        let having = if self.word("HAVING") {
            Some(self.condition()?)
        } else {
            None
        };
        Ok(Select {
            distinct,
            top,
            items,
            into,
            from,
            filter,
            group,
            having,
        })
    }

    pub fn items(&mut self) -> Result<Vec<Item>> {
        let mut items = vec![self.item()?];
        while self.symbol(",") {
            items.push(self.item()?);
        }
        Ok(items)
    }

    pub(super) fn item(&mut self) -> Result<Item> {
        if self.symbol("*") {
            return Ok(Item::Star(None));
        }
        if self.is_name(0)
            && matches!(self.peek_at(1), Token::Period)
            && matches!(self.peek_at(2), Token::Mul)
        {
            let table = self.ident()?;
            self.at += 2;
            return Ok(Item::Star(Some(table)));
        }
        if self.is_variable() && matches!(self.peek_at(1), Token::Eq) {
            let name = self.variable()?;
            self.at += 1;
            return Ok(Item::Assign(name, self.expr()?));
        }
        // `alias = expr`
        if self.is_name(0) && matches!(self.peek_at(1), Token::Eq) {
            let alias = self.ident()?;
            self.at += 1;
            return Ok(Item::Expr(self.expr()?, Some(alias)));
        }
        let expr = self.expr()?;
        let alias = if self.word("AS") {
            match self.peek().clone() {
                Token::SingleQuotedString(text) => {
                    self.at += 1;
                    Some(text)
                }
                _ => Some(self.ident()?),
            }
        } else if self.is_name(0) {
            Some(self.ident()?)
        } else {
            None
        };
        Ok(Item::Expr(expr, alias))
    }

    pub fn from(&mut self) -> Result<Vec<From>> {
        let mut found = vec![self.joined()?];
        while self.symbol(",") {
            found.push(self.joined()?);
        }
        Ok(found)
    }

    pub(super) fn joined(&mut self) -> Result<From> {
        let mut left = self.source()?;
        loop {
            let kind = if self.word("INNER JOIN") || self.word("JOIN") {
                Join::Inner
            } else if self.word("LEFT OUTER JOIN") || self.word("LEFT JOIN") {
                Join::Left
            } else if self.word("RIGHT OUTER JOIN") || self.word("RIGHT JOIN") {
                Join::Right
            } else if self.word("FULL OUTER JOIN") || self.word("FULL JOIN") {
                Join::Full
            } else if self.word("CROSS JOIN") {
                Join::Cross
            } else {
                return Ok(left);
            };
            // `a JOIN b JOIN c ON … ON …` is not understood.
            let right = self.source()?;
            let on = match kind {
                Join::Cross => None,
                _ => {
                    self.need_word("ON")?;
                    Some(self.condition()?)
                }
            };
            left = From::Join {
                kind,
                left: Box::new(left),
                right: Box::new(right),
                on,
            };
        }
    }

    pub(super) fn source(&mut self) -> Result<From> {
        if self.symbol("(") {
            if self.is("SELECT") || self.is("VALUES") || self.is("WITH") {
                let query = Box::new(self.query()?);
                self.need(")")?;
                self.word("AS");
                let alias = self.ident()?;
                let columns = if self.is_symbol("(") {
                    self.idents()?
                } else {
                    Vec::new()
                };
                return Ok(From::Derived {
                    query,
                    alias,
                    columns,
                });
            }
            let inner = self.joined()?;
            self.need(")")?;
            return Ok(inner);
        }
        if self.is("CHANGETABLE (") {
            self.at += 2;
            self.need_word("CHANGES")?;
            let table = self.name()?;
            self.need(",")?;
            let since = self.expr()?;
            self.need(")")?;
            self.word("AS");
            return Ok(From::Changes {
                table,
                since,
                alias: self.ident()?,
            });
        }
        let name = self.name()?;
        let alias = if self.word("AS") || self.is_name(0) {
            Some(self.ident()?)
        } else {
            None
        };
        let hints = self.hints()?;
        Ok(From::Table { name, alias, hints })
    }

    /// `WITH (UPDLOCK, HOLDLOCK)`
    pub fn hints(&mut self) -> Result<Vec<String>> {
        if !self.is("WITH (") {
            return Ok(Vec::new());
        }
        self.at += 2;
        self.list(|parser| {
            const KNOWN: &[&str] = &[
                "UPDLOCK",
                "HOLDLOCK",
                "ROWLOCK",
                "PAGLOCK",
                "TABLOCK",
                "TABLOCKX",
                "XLOCK",
                "NOLOCK",
                "READPAST",
                "READCOMMITTED",
                "READCOMMITTEDLOCK",
                "REPEATABLEREAD",
                "SERIALIZABLE",
                "READUNCOMMITTED",
                "NOWAIT",
                "SNAPSHOT",
                "FORCESEEK",
            ];
            for known in KNOWN {
                if parser.word(known) {
                    return Ok((*known).to_owned());
                }
            }
            Err(parser.refuse())
        })
    }
}
