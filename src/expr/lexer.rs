//! From text to tokens, with hints for what other languages write differently.

use super::mistake::{Mistake, Parsed, SYNTAX};
use std::ops::Range;

#[derive(Debug, Clone, PartialEq)]
pub enum Token<'a> {
    /// A name, keyword or function's name, as written.
    Word(&'a str),
    /// `"quoted"`
    Quoted(String),
    /// `'text'`
    Text(String),
    /// Digits, perhaps with a point between.
    Number(&'a str),
    Symbol(&'static str),
    End,
}

#[derive(Debug, Clone)]
pub struct Lexeme<'a> {
    pub token: Token<'a>,
    /// In bytes.
    pub range: Range<usize>,
}

/// The longer ones first, since the first that fits is taken.
const SYMBOLS: [&str; 19] = [
    "||", "<>", "!=", "<=", ">=", "=", "<", ">", "+", "-", "*", "/", "%", "(", ")", "[", "]", ",",
    ".",
];

const KEYWORDS: [&str; 17] = [
    "AND", "AS", "BETWEEN", "CASE", "CAST", "ELSE", "END", "FALSE", "IN", "IS", "LIKE", "NOT",
    "NULL", "OR", "THEN", "TRUE", "WHEN",
];

/// What is written elsewhere, and what it is here.
const FOREIGN: [(&str, &str); 12] = [
    ("==", "equality is `=`"),
    ("&&", "write `AND`"),
    (
        "--",
        "a comment goes outside of the expression, as `#` in the file; for minus minus write `- -`",
    ),
    (
        "/*",
        "a comment goes outside of the expression, as `#` in the file",
    ),
    ("!", "write `NOT`, or `<>` for not equal"),
    ("`", "names with blanks or capitals are quoted with `\"`"),
    ("‘", "texts stand in straight single quotes: `'text'`"),
    ("’", "texts stand in straight single quotes: `'text'`"),
    ("“", "texts stand in straight single quotes: `'text'`"),
    ("”", "texts stand in straight single quotes: `'text'`"),
    (
        "{",
        "a variable in braces is one of the pack's; this one is not known, or stands where none is filled in",
    ),
    (";", "an expression is one value: it has no end sign"),
];

/// Splits the text; the last token is [`Token::End`].
pub fn lex(text: &str) -> Parsed<Vec<Lexeme<'_>>> {
    let mut lexemes = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let (token, length) = next(text, at, first)?;
        lexemes.push(Lexeme {
            token,
            range: at..at + length,
        });
        at += length;
    }
    lexemes.push(Lexeme {
        token: Token::End,
        range: text.len()..text.len(),
    });
    Ok(lexemes)
}

/// The token at `at`, and its length in bytes.
fn next(text: &str, at: usize, first: char) -> Parsed<(Token<'_>, usize)> {
    let rest = &text[at..];
    if first == '\'' || first == '"' {
        let (content, length) = quoted(rest, first).ok_or_else(|| {
            let what = if first == '"' { "name" } else { "text" };
            Mistake::new(
                SYNTAX,
                format!("the {what} in quotes does not end"),
                at..at + 1,
            )
            .label("begins here")
            .help(format!(
                "a quote inside of it is written twice: {first}{first}"
            ))
        })?;
        return Ok(if first == '"' {
            (Token::Quoted(content), length)
        } else {
            (Token::Text(content), length)
        });
    }
    if first.is_ascii_digit() {
        return number(rest, at);
    }
    if is_name_start(first) {
        let length = rest.find(|c| !is_name_part(c)).unwrap_or(rest.len());
        return Ok((Token::Word(&rest[..length]), length));
    }
    let found = |candidate: &str| rest.starts_with(candidate);
    // `!=` is SQL, `!` alone is not; so SQL's own symbols go first, except where they are the start of a foreign one.
    let foreign = FOREIGN.iter().find(|(sign, _)| found(sign));
    if let Some((sign, help)) = foreign
        && !(*sign == "!" && found("!="))
    {
        let range = at..at + sign.len();
        return Err(Mistake::new(
            SYNTAX,
            format!("`{sign}` is not part of an expression"),
            range,
        )
        .help(*help));
    }
    match SYMBOLS.iter().find(|symbol| found(symbol)) {
        Some(symbol) => Ok((Token::Symbol(symbol), symbol.len())),
        None => {
            let range = at..at + first.len_utf8();
            let shown = first.escape_debug();
            Err(Mistake::new(
                SYNTAX,
                format!("`{shown}` is not part of an expression"),
                range,
            ))
        }
    }
}

/// What stands between the quotes, a doubled one being one, and the length with the quotes.
fn quoted(rest: &str, quote: char) -> Option<(String, usize)> {
    let mut content = String::new();
    let mut at = 1;
    loop {
        let end = at + rest[at..].find(quote)?;
        content.push_str(&rest[at..end]);
        at = end + 1;
        if !rest[at..].starts_with(quote) {
            return Some((content, at));
        }
        content.push(quote);
        at += 1;
    }
}

fn number(rest: &str, at: usize) -> Parsed<(Token<'_>, usize)> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let mut length = digits(rest);
    if rest[length..].starts_with('.') {
        let fraction = digits(&rest[length + 1..]);
        if fraction > 0 {
            length += 1 + fraction;
        }
    }
    match rest[length..].chars().next() {
        Some(next) if is_name_part(next) || next == '.' => {
            let whole = rest
                .find(|c| !is_name_part(c) && c != '.')
                .unwrap_or(rest.len());
            let message = format!("`{}` is neither a number nor a name", &rest[..whole]);
            Err(Mistake::new(SYNTAX, message, at..at + whole)
                .help("numbers are written plainly: `12`, `12.50`; a name that begins with a digit is quoted with `\"`"))
        }
        _ => Ok((Token::Number(&rest[..length]), length)),
    }
}

pub fn is_name_start(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

pub fn is_name_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Words with a meaning of their own; fields of that name are quoted.
pub fn is_keyword(word: &str) -> bool {
    KEYWORDS
        .iter()
        .any(|keyword| word.eq_ignore_ascii_case(keyword))
}
