//! The grammar of expressions and conditions.

use super::error::{Result, SqlError};
use super::parse::{Parser, RESERVED};
use super::syntax::*;
use sqlparser::tokenizer::Token;

impl Parser<'_> {
    /// `WHERE …`, if it stands here.
    pub fn filter(&mut self) -> Result<Option<Expr>> {
        match self.word("WHERE") {
            true => self.condition().map(Some),
            false => Ok(None),
        }
    }

    pub fn condition(&mut self) -> Result<Expr> {
        let mut left = self.conjunction()?;
        while self.word("OR") {
            left = Expr::Or(Box::new(left), Box::new(self.conjunction()?));
        }
        Ok(left)
    }

    pub(super) fn conjunction(&mut self) -> Result<Expr> {
        let mut left = self.negation()?;
        while self.word("AND") {
            left = Expr::And(Box::new(left), Box::new(self.negation()?));
        }
        Ok(left)
    }

    pub(super) fn negation(&mut self) -> Result<Expr> {
        if self.word("NOT") {
            return Ok(Expr::Not(Box::new(self.negation()?)));
        }
        if self.is("EXISTS (") {
            self.at += 2;
            let query = self.query()?;
            self.need(")")?;
            return Ok(Expr::Exists(Box::new(query)));
        }
        if self.is("UPDATE (") {
            self.at += 2;
            let column = self.ident()?;
            self.need(")")?;
            return Ok(Expr::Updates(column));
        }
        let left = self.expr()?;
        self.comparison(left)
    }

    pub(super) fn comparison(&mut self, left: Expr) -> Result<Expr> {
        let left = Box::new(left);
        for (symbol, op) in [
            ("=", "="),
            ("<>", "<>"),
            ("!=", "<>"),
            ("<=", "<="),
            (">=", ">="),
            ("<", "<"),
            (">", ">"),
        ] {
            if self.symbol(symbol) {
                let right = self.expr()?;
                return Ok(Expr::Compare(op, left, Box::new(right)));
            }
        }
        if self.word("IS") {
            let negated = self.word("NOT");
            self.need_word("NULL")?;
            return Ok(Expr::IsNull(left, negated));
        }
        let negated = self.word("NOT");
        if self.word("IN") {
            self.need("(")?;
            if self.is("SELECT") {
                let query = self.query()?;
                self.need(")")?;
                return Ok(Expr::InQuery(left, Box::new(query), negated));
            }
            let items = self.list(Self::expr)?;
            return Ok(Expr::In(left, items, negated));
        }
        if self.word("BETWEEN") {
            let low = self.expr()?;
            self.need_word("AND")?;
            let high = self.expr()?;
            return Ok(Expr::Between(left, Box::new(low), Box::new(high), negated));
        }
        if self.word("LIKE") {
            let pattern = self.expr()?;
            let escape = if self.word("ESCAPE") {
                Some(Box::new(self.expr()?))
            } else {
                None
            };
            return Ok(Expr::Like(left, Box::new(pattern), escape, negated));
        }
        if negated {
            Err(self.refuse())
        } else {
            Ok(*left)
        }
    }

    pub fn expr(&mut self) -> Result<Expr> {
        let mut left = self.product()?;
        loop {
            let Some(op) = self.operator("+-&|^") else {
                return Ok(left);
            };
            left = Expr::Arithmetic(op, Box::new(left), Box::new(self.product()?));
        }
    }

    pub(super) fn operator(&mut self, among: &str) -> Option<char> {
        let symbol = self.tokens.get(self.at).map_or("", |(_, text, ..)| text);
        let mut characters = symbol.chars();
        let found = characters
            .next()
            .filter(|op| characters.next().is_none() && among.contains(*op))?;
        self.at += 1;
        Some(found)
    }

    pub(super) fn product(&mut self) -> Result<Expr> {
        let mut left = self.unary()?;
        loop {
            let Some(op) = self.operator("*/%") else {
                return Ok(left);
            };
            left = Expr::Arithmetic(op, Box::new(left), Box::new(self.unary()?));
        }
    }

    pub(super) fn unary(&mut self) -> Result<Expr> {
        if self.symbol("-") {
            return Ok(Expr::Negative(Box::new(self.unary()?)));
        }
        if self.symbol("+") {
            return self.unary();
        }
        let mut expr = self.primary()?;
        while self.word("COLLATE") {
            expr = Expr::Collate(Box::new(expr), self.ident()?);
        }
        Ok(expr)
    }

    pub(super) fn primary(&mut self) -> Result<Expr> {
        match self.peek().clone() {
            Token::Number(text, false) => {
                self.at += 1;
                Ok(match text.contains(['e', 'E']) {
                    true => Expr::Float(text),
                    false if text.contains('.') => Expr::Decimal(text),
                    false => Expr::Int(text),
                })
            }
            Token::SingleQuotedString(text) => {
                self.at += 1;
                Ok(Expr::Text {
                    text,
                    national: false,
                })
            }
            Token::NationalStringLiteral(text) => {
                self.at += 1;
                Ok(Expr::Text {
                    text,
                    national: true,
                })
            }
            Token::HexStringLiteral(digits) => {
                self.at += 1;
                let digits = if digits.len().is_multiple_of(2) {
                    digits
                } else {
                    format!("0{digits}")
                };
                let bytes = (0..digits.len())
                    .step_by(2)
                    .map(|at| {
                        u8::from_str_radix(&digits[at..at + 2], 16)
                            .map_err(|_| SqlError::syntax(&digits))
                    })
                    .collect::<Result<_>>()?;
                Ok(Expr::Bytes(bytes))
            }
            Token::LParen => {
                self.at += 1;
                if self.is("SELECT") {
                    let query = self.query()?;
                    self.need(")")?;
                    return Ok(Expr::Subquery(Box::new(query)));
                }
                let inner = self.condition()?;
                self.need(")")?;
                Ok(inner)
            }
            Token::Word(word) if word.quote_style.is_none() => self.bare_word(&word.value),
            Token::Word(_) => self.column(),
            _ => Err(self.refuse()),
        }
    }

    pub(super) fn bare_word(&mut self, word: &str) -> Result<Expr> {
        if let Some(global) = word.strip_prefix("@@") {
            self.at += 1;
            return Ok(Expr::Global(global.to_lowercase()));
        }
        if word.starts_with('@') {
            return Ok(Expr::Variable(self.variable()?));
        }
        let lower = word.to_ascii_lowercase();
        match lower.as_str() {
            "null" => {
                self.at += 1;
                return Ok(Expr::Null);
            }
            "case" => return self.case(),
            "cast" | "try_cast" if self.is_call() => {
                self.at += 2;
                let value = Box::new(self.expr()?);
                self.need_word("AS")?;
                let to = self.cast_type()?;
                self.need(")")?;
                return Ok(Expr::Cast {
                    value,
                    to,
                    style: None,
                    is_try: lower == "try_cast",
                });
            }
            "convert" | "try_convert" if self.is_call() => {
                self.at += 2;
                let to = self.cast_type()?;
                self.need(",")?;
                let value = Box::new(self.expr()?);
                let style = if self.symbol(",") {
                    Some(Box::new(self.expr()?))
                } else {
                    None
                };
                self.need(")")?;
                return Ok(Expr::Cast {
                    value,
                    to,
                    style,
                    is_try: lower == "try_convert",
                });
            }
            "current_timestamp" => {
                self.at += 1;
                return Ok(Expr::Call(plain_call("getdate")));
            }
            _ => {}
        }
        if self.is_call()
            && (!RESERVED.contains(&lower.as_str())
                || matches!(lower.as_str(), "coalesce" | "nullif" | "left" | "right"))
        {
            self.at += 1;
            return self.call(lower);
        }
        self.column()
    }

    pub(super) fn is_call(&self) -> bool {
        matches!(self.peek_at(1), Token::LParen)
    }

    pub(super) fn call(&mut self, name: String) -> Result<Expr> {
        self.need("(")?;
        let mut call = plain_call(&name);
        if self.is_symbol("*") {
            self.at += 1;
            call.is_star = true;
            self.need(")")?;
        } else if !self.symbol(")") {
            call.is_distinct = self.word("DISTINCT");
            // The unit of a date function is a bare word.
            if matches!(
                name.as_str(),
                "dateadd" | "datediff" | "datediff_big" | "datepart" | "datename"
            ) {
                let unit = self.ident()?.to_lowercase();
                call.args.push(Expr::Text {
                    text: unit,
                    national: false,
                });
                self.need(",")?;
            }
            // IIF's first one is a condition.
            call.args.extend(self.list(Self::condition)?);
        }
        if self.word("OVER") {
            self.need("(")?;
            let mut over = Over {
                partition: Vec::new(),
                order: Vec::new(),
            };
            if self.word("PARTITION BY") {
                over.partition.push(self.expr()?);
                while self.symbol(",") {
                    over.partition.push(self.expr()?);
                }
            }
            if self.word("ORDER BY") {
                over.order = self.order()?;
            }
            self.need(")")?;
            call.over = Some(over);
        }
        Ok(Expr::Call(call))
    }

    pub(super) fn column(&mut self) -> Result<Expr> {
        let mut parts = vec![self.ident()?];
        while self.symbol(".") {
            parts.push(self.ident()?);
        }
        Ok(Expr::Column(parts))
    }

    pub(super) fn case(&mut self) -> Result<Expr> {
        self.need_word("CASE")?;
        let operand = if self.is("WHEN") {
            None
        } else {
            Some(Box::new(self.expr()?))
        };
        let mut whens = Vec::new();
        while self.word("WHEN") {
            let when = if operand.is_some() {
                self.expr()?
            } else {
                self.condition()?
            };
            self.need_word("THEN")?;
            whens.push((when, self.expr()?));
        }
        let otherwise = if self.word("ELSE") {
            Some(Box::new(self.expr()?))
        } else {
            None
        };
        self.need_word("END")?;
        if whens.is_empty() {
            Err(self.refuse())
        } else {
            Ok(Expr::Case {
                operand,
                whens,
                otherwise,
            })
        }
    }
}

fn plain_call(name: &str) -> Call {
    Call {
        name: name.to_owned(),
        args: Vec::new(),
        is_star: false,
        is_distinct: false,
        over: None,
    }
}
