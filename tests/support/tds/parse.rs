//! From a batch's text to [`Statement`]s: a grammar of our own on the tokenizer of `sqlparser`.

use super::error::{Result, SqlError};
use super::syntax::*;
use super::types::Type;
use sqlparser::dialect::MsSqlDialect;
use sqlparser::tokenizer::{Token, Tokenizer};
use std::collections::BTreeMap;

pub struct Parser<'a> {
    pub(super) text: &'a str,
    /// Token, its text if it is a symbol, line, column.
    pub(super) tokens: Vec<(Token, String, u32, usize)>,
    pub(super) at: usize,
    aliases: Aliases,
}

/// Words that are never a bare name or alias.
pub(super) const RESERVED: &[&str] = &[
    "add",
    "all",
    "alter",
    "and",
    "as",
    "asc",
    "begin",
    "between",
    "by",
    "case",
    "check",
    "close",
    "collate",
    "column",
    "commit",
    "constraint",
    "convert",
    "create",
    "cross",
    "cursor",
    "database",
    "declare",
    "default",
    "delete",
    "desc",
    "distinct",
    "drop",
    "else",
    "end",
    "escape",
    "except",
    "exec",
    "execute",
    "exists",
    "fetch",
    "for",
    "foreign",
    "from",
    "full",
    "function",
    "group",
    "having",
    "holdlock",
    "identity",
    "if",
    "in",
    "index",
    "inner",
    "insert",
    "intersect",
    "into",
    "is",
    "join",
    "key",
    "kill",
    "left",
    "like",
    "merge",
    "not",
    "null",
    "nullif",
    "of",
    "off",
    "on",
    "open",
    "option",
    "or",
    "order",
    "outer",
    "over",
    "percent",
    "primary",
    "print",
    "procedure",
    "public",
    "raiserror",
    "references",
    "return",
    "right",
    "rollback",
    "rule",
    "save",
    "schema",
    "select",
    "set",
    "some",
    "table",
    "then",
    "to",
    "top",
    "tran",
    "transaction",
    "trigger",
    "truncate",
    "try_convert",
    "union",
    "unique",
    "update",
    "use",
    "user",
    "values",
    "view",
    "waitfor",
    "when",
    "where",
    "while",
    "with",
    "coalesce",
    "current_timestamp",
    "current_user",
    "session_user",
    "system_user",
];

/// Types of the database's own, by lower-case name.
pub type Aliases = BTreeMap<String, Type>;

pub fn batch(text: &str) -> Result<Vec<Statement>> {
    batch_with(text, &Aliases::new())
}

pub fn batch_with(text: &str, aliases: &Aliases) -> Result<Vec<Statement>> {
    let mut parser = Parser::new(text)?;
    parser.aliases = aliases.clone();
    let mut statements = Vec::new();
    loop {
        while parser.symbol(";") {}
        if parser.is_end() {
            return Ok(statements);
        }
        statements.push(parser.statement()?);
    }
}

/// The declaration of `sp_executesql`'s parameters: `@P1 int, @P2 nvarchar(4000) OUTPUT`.
pub fn parameters(text: &str) -> Result<Vec<(String, Type)>> {
    let mut parser = Parser::new(text)?;
    let mut found = Vec::new();
    while !parser.is_end() {
        if !found.is_empty() {
            parser.need(",")?;
        }
        let name = parser.variable()?;
        let ty = parser.data_type()?;
        let _ = parser.word("OUTPUT") || parser.word("OUT");
        found.push((name, ty));
    }
    Ok(found)
}

pub fn expression(text: &str) -> Result<Expr> {
    let mut parser = Parser::new(text)?;
    let expr = parser.condition()?;
    if parser.is_end() {
        Ok(expr)
    } else {
        Err(parser.refuse())
    }
}

impl<'a> Parser<'a> {
    pub(super) fn new(text: &'a str) -> Result<Parser<'a>> {
        let dialect = MsSqlDialect {};
        let read = Tokenizer::new(&dialect, text).tokenize_with_location();
        let read = read.map_err(|error| {
            SqlError::new(
                105,
                15,
                format!("Unclosed quotation mark or unknown character: {error}."),
            )
        })?;
        let tokens = read
            .into_iter()
            .filter(|token| !matches!(token.token, Token::Whitespace(_)))
            .map(|token| {
                let symbol = match &token.token {
                    Token::Word(_)
                    | Token::Number(..)
                    | Token::SingleQuotedString(_)
                    | Token::NationalStringLiteral(_) => String::new(),
                    other => other.to_string(),
                };
                let start = token.span.start;
                (
                    token.token,
                    symbol,
                    start.line as u32,
                    start.column as usize,
                )
            })
            .collect();
        Ok(Parser {
            text,
            tokens,
            at: 0,
            aliases: Aliases::new(),
        })
    }

    /// Where a token begins in the text.
    pub(super) fn offset(&self, token: usize) -> usize {
        let Some((.., line, column)) = self.tokens.get(token) else {
            return self.text.len();
        };
        let line_at = match line {
            1 => 0,
            _ => self
                .text
                .match_indices('\n')
                .nth(*line as usize - 2)
                .map_or(0, |(at, _)| at + 1),
        };
        let rest = &self.text[line_at..];
        line_at
            + rest
                .char_indices()
                .nth(column - 1)
                .map_or(rest.len(), |(at, _)| at)
    }

    // --- tokens ---

    pub fn peek(&self) -> &Token {
        self.peek_at(0)
    }

    pub(super) fn peek_at(&self, ahead: usize) -> &Token {
        self.tokens
            .get(self.at + ahead)
            .map_or(&Token::EOF, |(token, ..)| token)
    }

    pub fn skip(&mut self) {
        self.at += 1;
    }

    /// For looking ahead: where the parser is, and back to it.
    pub fn place(&self) -> usize {
        self.at
    }

    pub fn back_to(&mut self, place: usize) {
        self.at = place;
    }

    pub fn line(&self) -> u32 {
        self.tokens
            .get(self.at)
            .or(self.tokens.last())
            .map_or(1, |(_, _, line, _)| *line)
    }

    pub fn is_end(&self) -> bool {
        matches!(self.peek(), Token::EOF)
    }

    pub(super) fn next(&mut self) -> Token {
        let token = self.peek().clone();
        self.at += 1;
        token
    }

    pub fn refuse(&self) -> SqlError {
        let near = self.peek().to_string();
        let mut error = SqlError::syntax(if near.is_empty() { "EOF" } else { &near });
        let from = self.offset(self.at.saturating_sub(6));
        error.message.push_str(&format!(
            " (after: {})",
            self.text[from..].chars().take(80).collect::<String>()
        ));
        error
    }

    /// Whether the next tokens are these bare words.
    pub fn is(&self, words: &str) -> bool {
        words
            .split(' ')
            .enumerate()
            .all(|(ahead, word)| match self.peek_at(ahead) {
                Token::Word(found) => {
                    found.quote_style.is_none() && found.value.eq_ignore_ascii_case(word)
                }
                _ => self
                    .tokens
                    .get(self.at + ahead)
                    .is_some_and(|(_, text, ..)| text == word),
            })
    }

    /// Takes these bare words if they come next.
    pub fn word(&mut self, words: &str) -> bool {
        let found = self.is(words);
        if found {
            self.at += words.split(' ').count();
        }
        found
    }

    pub fn need_word(&mut self, words: &str) -> Result<()> {
        if self.word(words) {
            Ok(())
        } else {
            Err(self.refuse())
        }
    }

    pub fn symbol(&mut self, symbol: &str) -> bool {
        let found = self.is_symbol(symbol);
        if found {
            self.at += 1;
        }
        found
    }

    pub fn is_symbol(&self, symbol: &str) -> bool {
        self.tokens
            .get(self.at)
            .is_some_and(|(_, text, ..)| text == symbol)
    }

    pub fn need(&mut self, symbol: &str) -> Result<()> {
        if self.symbol(symbol) {
            Ok(())
        } else {
            Err(self.refuse())
        }
    }

    pub(super) fn is_name(&self, ahead: usize) -> bool {
        match self.peek_at(ahead) {
            Token::Word(word) => {
                word.quote_style.is_some()
                    || (!word.value.starts_with('@')
                        && !RESERVED.contains(&word.value.to_ascii_lowercase().as_str()))
            }
            _ => false,
        }
    }

    pub fn ident(&mut self) -> Result<String> {
        if !self.is_name(0) {
            return Err(self.refuse());
        }
        match self.next() {
            Token::Word(word) => Ok(word.value),
            _ => Err(self.refuse()),
        }
    }

    pub fn variable(&mut self) -> Result<String> {
        match self.peek() {
            Token::Word(word)
                if word.quote_style.is_none()
                    && word.value.starts_with('@')
                    && !word.value.starts_with("@@") =>
            {
                let name = word.value.to_lowercase();
                self.at += 1;
                Ok(name)
            }
            _ => Err(self.refuse()),
        }
    }

    pub(super) fn is_variable(&self) -> bool {
        matches!(self.peek(), Token::Word(word) if word.quote_style.is_none() && word.value.starts_with('@') && !word.value.starts_with("@@"))
    }

    pub fn name(&mut self) -> Result<Name> {
        if self.is_variable() {
            return Ok(Name {
                schema: None,
                name: self.variable()?,
            });
        }
        let mut parts = vec![self.ident()?];
        while self.symbol(".") {
            parts.push(self.ident()?);
        }
        let name = parts.pop().expect("one at least");
        // A database before the schema is not looked at: there is one per connection.
        Ok(Name {
            schema: parts.pop(),
            name,
        })
    }

    pub fn idents(&mut self) -> Result<Vec<String>> {
        self.need("(")?;
        self.list(|parser| parser.ident())
    }

    /// Items up to the closing parenthesis.
    pub fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        let mut items = vec![item(self)?];
        while self.symbol(",") {
            items.push(item(self)?);
        }
        self.need(")")?;
        Ok(items)
    }

    pub fn data_type(&mut self) -> Result<Type> {
        let at = self.at;
        let name = match self.next() {
            Token::Word(word) => word.value,
            _ => return Err(self.refuse()),
        };
        let mut args = Vec::new();
        if self.symbol("(") {
            args = self.list(|parser| match parser.next() {
                Token::Number(text, _) => Ok(text),
                Token::Word(word) if word.value.eq_ignore_ascii_case("max") => Ok(word.value),
                _ => Err(parser.refuse()),
            })?;
        }
        if let Some(alias) = self
            .aliases
            .get(&name.to_lowercase())
            .filter(|_| args.is_empty())
        {
            return Ok(*alias);
        }
        Type::named(&name, &args).ok_or_else(|| {
            self.at = at;
            SqlError::new(
                2715,
                16,
                format!("Column, parameter, or variable: Cannot find data type {name}."),
            )
        })
    }

    /// A conversion to a type without a length makes 30 of it.
    pub(super) fn cast_type(&mut self) -> Result<Type> {
        let is_bare = !matches!(self.peek_at(1), Token::LParen);
        let mut ty = self.data_type()?;
        if is_bare && ty.len == 1 {
            ty.len = 30;
        }
        Ok(ty)
    }

    /// What `read` understands, as it was written.
    pub fn written<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T>) -> Result<String> {
        let from = self.at;
        read(self)?;
        let (from, to) = (self.offset(from), self.offset(self.at));
        Ok(self.text[from..to].trim_end().to_owned())
    }

    /// All that follows, as it was written.
    pub fn rest_of_text(&mut self) -> String {
        let at = self.offset(self.at);
        self.at = self.tokens.len();
        self.text[at..].to_owned()
    }
}
