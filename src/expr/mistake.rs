//! What is wrong with an expression's text, before it is known where in a file that text stands.

use crate::diagnostic::{Diagnostic, Span};
use std::ops::Range;

/// Not an expression.
pub const SYNTAX: &str = "P201";
/// A function that does not exist.
pub const FUNCTION: &str = "P202";
/// A function with too few or too many arguments.
pub const ARGUMENTS: &str = "P203";
/// An argument that must be written out, as a text in quotes.
pub const LITERAL: &str = "P204";
/// `unique` inside of an expression.
pub const UNIQUE: &str = "P205";
/// Too long, or nested too deeply.
pub const SIZE: &str = "P206";
/// A look-up without a column.
pub const LOOKUP: &str = "P207";
/// A name that means nothing here.
pub const NAME: &str = "P210";

pub type Parsed<T> = Result<T, Box<Mistake>>;

#[derive(Debug)]
pub struct Mistake {
    code: &'static str,
    message: String,
    /// In bytes of the expression's text.
    range: Range<usize>,
    label: String,
    help: Option<String>,
}

impl Mistake {
    pub fn new(code: &'static str, message: impl Into<String>, range: Range<usize>) -> Box<Self> {
        Box::new(Mistake {
            code,
            message: message.into(),
            range,
            label: String::new(),
            help: None,
        })
    }

    pub fn label(mut self: Box<Self>, label: impl Into<String>) -> Box<Self> {
        self.label = label.into();
        self
    }

    pub fn help(mut self: Box<Self>, help: impl Into<String>) -> Box<Self> {
        self.help = Some(help.into());
        self
    }

    /// With its place in the file.
    pub fn into_diagnostic(self, text: &str, at: &Span) -> Diagnostic {
        let diagnostic = Diagnostic::error(self.code, self.message)
            .at(&place(text, at, &self.range), self.label);
        match self.help {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        }
    }
}

/// Where a part of an expression stands in the file: exactly, if the file has the expression's text letter by letter;
/// else (escapes, variables filled in) the whole expression.
pub fn place(text: &str, at: &Span, part: &Range<usize>) -> Span {
    let Some(written) = at.file.text.get(at.range.clone()) else {
        return at.clone();
    };
    let quotes = ["", "\"", "'", "\"\"\"", "'''"];
    let before = quotes.iter().find(|quote| {
        written
            .strip_prefix(**quote)
            .and_then(|inner| inner.strip_suffix(**quote))
            == Some(text)
    });
    match before {
        Some(quote) => {
            let start = at.range.start + quote.len();
            Span::new(&at.file, start + part.start..start + part.end)
        }
        None => at.clone(),
    }
}
