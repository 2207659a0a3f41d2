//! From tokens to the tree: precedence climbing over SQL's operators.
//!
//! From loose to tight: `OR`, `AND`, `NOT`, comparisons (`=`, `IS NULL`, `IN`, `BETWEEN`, `LIKE`; they do not chain),
//! `||`, `+ -`, `* / %`, sign. This is PostgreSQL's order; SQLite binds `||` tightest, so when both meet, parentheses
//! help the reader anyway.

use super::function;
use super::lexer::{Lexeme, Token, is_keyword, lex};
use super::mistake::{LOOKUP, Mistake, Parsed, SIZE, SYNTAX};
use super::tree::{CastTo, Kind, Node, Operator};
use crate::value::{Decimal, Value};
use std::ops::Range;

/// Longest expression, in bytes.
pub const BYTES_MAX: usize = 16 * 1024;
/// Most levels of a tree, and most parts of a text within each other (an operator's right side is one, what stands in
/// parentheses another): parser and evaluation recurse, some threads have 1 MiB
/// of stack, and an unoptimized build takes up to 8 KiB a level.
pub const DEPTH_MAX: usize = 100;

/// How tightly operators bind.
mod power {
    pub const OR: u8 = 1;
    pub const AND: u8 = 2;
    pub const NOT: u8 = 3;
    pub const COMPARISON: u8 = 4;
    pub const CONCAT: u8 = 5;
    pub const SUM: u8 = 6;
    pub const PRODUCT: u8 = 7;
    pub const SIGN: u8 = 8;
}

pub fn parse(text: &str) -> Parsed<Node> {
    if text.len() > BYTES_MAX {
        let message = format!(
            "an expression has at most {BYTES_MAX} bytes, this one {}",
            text.len()
        );
        return Err(Mistake::new(SIZE, message, 0..text.len()));
    }
    let mut parser = Parser {
        lexemes: lex(text)?,
        at: 0,
        nesting: 0,
        text,
    };
    if parser.peek() == &Token::End {
        return Err(
            Mistake::new(SYNTAX, "an expression is missing", 0..text.len())
                .help("the empty text is `''`, no value is `NULL`"),
        );
    }
    let root = parser.expression(0)?;
    match parser.peek() {
        Token::End => Ok(root),
        _ => Err(parser.unexpected("an operator or the end")),
    }
}

struct Parser<'a> {
    lexemes: Vec<Lexeme<'a>>,
    at: usize,
    nesting: usize,
    text: &'a str,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> &Token<'a> {
        &self.lexemes[self.at].token
    }

    fn range(&self) -> Range<usize> {
        self.lexemes[self.at].range.clone()
    }

    /// From `start` to the end of the last token taken.
    fn since(&self, start: usize) -> Range<usize> {
        start..self.lexemes[self.at.saturating_sub(1)].range.end.max(start)
    }

    /// Takes the next token; the end stays where it is.
    fn take(&mut self) -> Lexeme<'a> {
        let lexeme = self.lexemes[self.at].clone();
        if lexeme.token != Token::End {
            self.at += 1;
        }
        lexeme
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Token::Word(next) if next.eq_ignore_ascii_case(word))
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        self.at += usize::from(found);
        found
    }

    fn expect_word(&mut self, word: &str) -> Parsed<()> {
        if self.take_word(word) {
            return Ok(());
        }
        Err(self.unexpected(&format!("`{word}`")))
    }

    fn take_symbol(&mut self, symbol: &str) -> bool {
        let found = matches!(self.peek(), Token::Symbol(next) if *next == symbol);
        self.at += usize::from(found);
        found
    }

    fn expect_symbol(&mut self, symbol: &str) -> Parsed<()> {
        if self.take_symbol(symbol) {
            return Ok(());
        }
        Err(self.unexpected(&format!("`{symbol}`")))
    }

    fn unexpected(&self, wanted: &str) -> Box<Mistake> {
        let range = self.range();
        let found = match self.peek() {
            Token::End => "the expression ends too early".to_owned(),
            _ => format!("`{}` does not belong here", &self.text[range.clone()]),
        };
        Mistake::new(SYNTAX, found, range).label(format!("{wanted} is expected"))
    }

    /// A node, unless the tree gets too deep.
    fn node(&self, kind: Kind, start: usize) -> Parsed<Node> {
        let node = Node::new(kind, self.since(start));
        if node.depth > DEPTH_MAX {
            return Err(too_deep(node.range));
        }
        Ok(node)
    }

    /// An expression whose operators bind at least so tightly.
    fn expression(&mut self, least: u8) -> Parsed<Node> {
        self.nesting += 1;
        if self.nesting > DEPTH_MAX {
            return Err(too_deep(self.range()));
        }
        let start = self.range().start;
        let mut left = self.prefix()?;
        let mut compared = false;
        while let Some(power) = self.infix_power() {
            if power < least {
                break;
            }
            if power == power::COMPARISON && std::mem::replace(&mut compared, true) {
                return Err(
                    Mistake::new(SYNTAX, "comparisons do not chain", self.range())
                        .label("a second comparison")
                        .help("join two with `AND`, or put one of them in parentheses"),
                );
            }
            left = self.infix(left, power, start)?;
        }
        self.nesting -= 1;
        Ok(left)
    }

    /// How tightly the operator that comes next binds; `None` if none comes.
    fn infix_power(&self) -> Option<u8> {
        Some(match self.peek() {
            Token::Word(word) => match word.to_ascii_uppercase().as_str() {
                "OR" => power::OR,
                "AND" => power::AND,
                "IS" | "NOT" | "IN" | "BETWEEN" | "LIKE" => power::COMPARISON,
                _ => return None,
            },
            Token::Symbol(symbol) => match *symbol {
                "=" | "<>" | "!=" | "<" | "<=" | ">" | ">=" => power::COMPARISON,
                "||" => power::CONCAT,
                "+" | "-" => power::SUM,
                "*" | "/" | "%" => power::PRODUCT,
                _ => return None,
            },
            _ => return None,
        })
    }

    fn infix(&mut self, left: Node, power: u8, start: usize) -> Parsed<Node> {
        let operator = match self.take().token {
            Token::Symbol("=") => Operator::Equal,
            Token::Symbol("<>" | "!=") => Operator::NotEqual,
            Token::Symbol("<") => Operator::Less,
            Token::Symbol("<=") => Operator::LessOrEqual,
            Token::Symbol(">") => Operator::Greater,
            Token::Symbol(">=") => Operator::GreaterOrEqual,
            Token::Symbol("||") => Operator::Concat,
            Token::Symbol("+") => Operator::Add,
            Token::Symbol("-") => Operator::Subtract,
            Token::Symbol("*") => Operator::Multiply,
            Token::Symbol("/") => Operator::Divide,
            Token::Symbol("%") => Operator::Remainder,
            Token::Word(word) => match word.to_ascii_uppercase().as_str() {
                "OR" => Operator::Or,
                "AND" => Operator::And,
                "IS" => return self.is_null(left, start),
                keyword => return self.test(left, keyword, start),
            },
            _ => return Err(self.unexpected("an operator")),
        };
        let right = self.expression(power + 1)?;
        self.node(
            Kind::Binary(operator, Box::new(left), Box::new(right)),
            start,
        )
    }

    /// `IS [NOT] NULL`, after `IS`.
    fn is_null(&mut self, operand: Node, start: usize) -> Parsed<Node> {
        let negated = self.take_word("NOT");
        if !self.take_word("NULL") {
            return Err(self
                .unexpected("`NULL`")
                .help("`IS` asks for `NULL` only; all else is compared with `=`"));
        }
        let operand = Box::new(operand);
        self.node(Kind::IsNull { operand, negated }, start)
    }

    /// `[NOT] IN`, `[NOT] BETWEEN`, `[NOT] LIKE`, after the first word.
    fn test(&mut self, operand: Node, keyword: &str, start: usize) -> Parsed<Node> {
        let negated = keyword == "NOT";
        let test = if negated {
            let test = ["IN", "BETWEEN", "LIKE"]
                .into_iter()
                .find(|test| self.is_word(test));
            let Some(test) = test else {
                return Err(self.unexpected("`IN`, `BETWEEN` or `LIKE`"));
            };
            self.take();
            test
        } else {
            keyword
        };
        let operand = Box::new(operand);
        let kind = match test {
            "IN" => {
                self.expect_symbol("(")?;
                let list = self.list(")")?;
                if list.is_empty() {
                    return Err(Mistake::new(
                        SYNTAX,
                        "the list after `IN` is empty",
                        self.since(start),
                    ));
                }
                Kind::In {
                    operand,
                    list,
                    negated,
                }
            }
            "BETWEEN" => {
                let low = Box::new(self.expression(power::CONCAT)?);
                self.expect_word("AND")?;
                let high = Box::new(self.expression(power::CONCAT)?);
                Kind::Between {
                    operand,
                    low,
                    high,
                    negated,
                }
            }
            _ => Kind::Like {
                operand,
                pattern: Box::new(self.expression(power::CONCAT)?),
                negated,
            },
        };
        self.node(kind, start)
    }

    /// What an expression begins with. Every nested part passes through here, so what needs room on the stack has
    /// functions of its own.
    fn prefix(&mut self) -> Parsed<Node> {
        let start = self.range().start;
        if self.take_word("NOT") {
            self.signed(power::NOT, Kind::Not, start)
        } else if self.take_symbol("-") {
            self.signed(power::SIGN, Kind::Negate, start)
        } else if self.take_symbol("+") {
            self.expression(power::SIGN)
        } else if self.take_symbol("(") {
            let inner = self.expression(0)?;
            self.expect_symbol(")")?;
            Ok(inner)
        } else {
            self.primary(start)
        }
    }

    fn signed(&mut self, power: u8, kind: fn(Box<Node>) -> Kind, start: usize) -> Parsed<Node> {
        let operand = Box::new(self.expression(power)?);
        self.node(kind(operand), start)
    }

    fn primary(&mut self, start: usize) -> Parsed<Node> {
        match self.peek() {
            Token::Word(word) => {
                let word = *word;
                if is_keyword(word) {
                    return self.keyword(word, start);
                }
                self.take();
                if self.take_symbol("(") {
                    return self.call(word, start);
                }
                self.named(word.to_owned(), start)
            }
            Token::Symbol(_) | Token::End => Err(self.unexpected("a value")),
            Token::Text(_) | Token::Number(_) | Token::Quoted(_) => match self.take().token {
                Token::Text(text) => self.node(Kind::Literal(Value::Text(text)), start),
                Token::Number(digits) => self.number(digits, start),
                Token::Quoted(name) => self.named(name, start),
                _ => Err(self.unexpected("a value")),
            },
        }
    }

    fn number(&self, digits: &str, start: usize) -> Parsed<Node> {
        let value = match digits.parse::<i64>() {
            Ok(whole) => Value::Int(whole),
            Err(_) => Value::Decimal(
                Decimal::parse(digits)
                    .map_err(|error| Mistake::new(SYNTAX, error.to_string(), self.since(start)))?,
            ),
        };
        self.node(Kind::Literal(value), start)
    }

    fn keyword(&mut self, word: &str, start: usize) -> Parsed<Node> {
        let literal = match word.to_ascii_uppercase().as_str() {
            "NULL" => Value::Null,
            "TRUE" => Value::Bool(true),
            "FALSE" => Value::Bool(false),
            "CASE" => {
                self.take();
                return self.case(start);
            }
            "CAST" => {
                self.take();
                return self.cast(start);
            }
            _ => {
                return Err(self
                    .unexpected("a value")
                    .help(format!("a field of that name is quoted: `\"{word}\"`")));
            }
        };
        self.take();
        self.node(Kind::Literal(literal), start)
    }

    /// After `CASE`.
    fn case(&mut self, start: usize) -> Parsed<Node> {
        let operand = if self.is_word("WHEN") {
            None
        } else {
            Some(Box::new(self.expression(0)?))
        };
        let mut branches = Vec::new();
        while self.take_word("WHEN") {
            let condition = self.expression(0)?;
            self.expect_word("THEN")?;
            branches.push((condition, self.expression(0)?));
        }
        if branches.is_empty() {
            return Err(self.unexpected("`WHEN`"));
        }
        let otherwise = self.take_word("ELSE").then(|| self.expression(0));
        let otherwise = otherwise.transpose()?.map(Box::new);
        self.expect_word("END")?;
        let kind = Kind::Case {
            operand,
            branches,
            otherwise,
        };
        self.node(kind, start)
    }

    /// After `CAST`.
    fn cast(&mut self, start: usize) -> Parsed<Node> {
        self.expect_symbol("(")?;
        let operand = Box::new(self.expression(0)?);
        self.expect_word("AS")?;
        let known = CastTo::ALL.into_iter().find(|to| self.is_word(to.name()));
        let Some(to) = known else {
            let names = CastTo::ALL.map(CastTo::name).join(", ");
            return Err(self.unexpected("a type").help(format!("one of {names}")));
        };
        self.take();
        self.expect_symbol(")")?;
        self.node(Kind::Cast(operand, to), start)
    }

    /// After a function's name and `(`.
    fn call(&mut self, name: &str, start: usize) -> Parsed<Node> {
        let name_range = start..start + name.len();
        let called = function::find(name).ok_or_else(|| function::unknown(name, name_range))?;
        let arguments = self.list(")")?;
        let kind = called.bind(arguments, self.since(start))?;
        if let Kind::Link { record, keys, .. } = kind {
            let column = if self.take_symbol(".") {
                Some(self.member_name()?)
            } else {
                None
            };
            let kind = Kind::Link {
                record,
                keys,
                column,
            };
            return self.node(kind, start);
        }
        self.node(kind, start)
    }

    /// Expressions separated by commas, up to the closing sign, which is taken.
    fn list(&mut self, close: &str) -> Parsed<Vec<Node>> {
        let mut nodes = Vec::new();
        if self.take_symbol(close) {
            return Ok(nodes);
        }
        loop {
            nodes.push(self.expression(0)?);
            if self.take_symbol(close) {
                return Ok(nodes);
            }
            if !self.take_symbol(",") {
                return Err(self.unexpected(&format!("`,` or `{close}`")));
            }
        }
    }

    /// After a name: what it is the name of.
    fn named(&mut self, name: String, start: usize) -> Parsed<Node> {
        if self.take_symbol(".") {
            let member = self.member_name()?;
            return self.node(Kind::Member(name, member), start);
        }
        if !self.take_symbol("[") {
            return self.node(Kind::Field(name), start);
        }
        let mut keys = self.list("]")?;
        if self.take_symbol(".") {
            let column = self.member_name()?;
            let kind = Kind::Lookup {
                table: name,
                keys,
                column,
            };
            return self.node(kind, start);
        }
        let only = if keys.len() == 1 { keys.pop() } else { None };
        let kind = match only {
            Some(Node {
                kind: Kind::Literal(Value::Text(language)),
                ..
            }) => Kind::Text {
                field: name,
                language,
            },
            Some(Node {
                kind: Kind::Field(alias),
                ..
            }) => Kind::TextNamed { field: name, alias },
            // A number is no language: a look-up whose column was forgotten.
            Some(key) if !matches!(key.kind, Kind::Literal(_)) => Kind::TextOf {
                field: name,
                language: Box::new(key),
            },
            _ => {
                let range = self.since(start);
                return Err(Mistake::new(
                    LOOKUP,
                    format!("which column of `{name}` is not said"),
                    range,
                )
                .help(format!(
                    "a text by language is `{name}['it']`, a look-up `{name}[key].column`"
                )));
            }
        };
        self.node(kind, start)
    }

    /// What stands behind a point: keywords are names there.
    fn member_name(&mut self) -> Parsed<String> {
        let name = match self.peek() {
            Token::Word(word) => (*word).to_owned(),
            Token::Quoted(name) => name.clone(),
            _ => return Err(self.unexpected("a column's name")),
        };
        self.take();
        Ok(name)
    }
}

fn too_deep(range: Range<usize>) -> Box<Mistake> {
    Mistake::new(
        SIZE,
        format!("nested more than {DEPTH_MAX} levels deep"),
        range,
    )
    .help("compute a part of it as a field of its own")
}
