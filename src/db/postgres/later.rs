//! Statements whose results nobody waits for, sent together: a short transaction needs fewer round trips.
//!
//! They travel as one text with their values in it, each quoted, since a statement with parameters is sent by itself. A quoted value is read
//! by the column type's own input, as the texts of [`super::write`] are.

use crate::db::error::Deferred;
use crate::db::postgres::params;
use crate::db::render::{Dialect, Sql};
use crate::value::Value;

/// What is kept back at most, in bytes of text; a statement that is longer goes at once.
pub const MOST: usize = 256 << 10;

/// [`super::DIALECT`] with the values in the text.
pub static QUOTING: Dialect = Dialect {
    placeholder: |_, value, into| push_quoted(value, into),
    ..super::DIALECT
};

/// Statements that are yet to be sent.
#[derive(Default)]
pub struct Later {
    pub text: String,
    /// What each of them does, for messages.
    pub doing: Vec<Deferred>,
}

impl Later {
    pub fn push(&mut self, sql: &str, doing: Deferred) {
        self.text.push_str(sql);
        self.text.push_str(";\n");
        self.doing.push(doing);
    }

    pub fn is_empty(&self) -> bool {
        self.doing.is_empty()
    }
}

/// Whether the value can be part of a text: PostgreSQL's end at a character NUL.
pub fn is_quotable(value: &Value) -> bool {
    match value {
        Value::Text(text) | Value::Json(text) => !text.contains('\0'),
        _ => true,
    }
}

/// The value as a constant. Backslashes mean the same whatever `standard_conforming_strings` says.
pub fn push_quoted(value: &Value, into: &mut String) {
    let Some(text) = params::text(value) else {
        into.push_str("NULL");
        return;
    };
    into.push_str(if text.contains('\\') { " E'" } else { "'" });
    for character in text.chars() {
        if matches!(character, '\'' | '\\') {
            into.push(character);
        }
        into.push(character);
    }
    into.push('\'');
}

/// The statement as a text; `None` if it cannot be one.
pub fn text(sql: &Sql<'_>) -> Option<String> {
    let is_whole = sql.values.iter().all(|value| is_quotable(value));
    is_whole.then(|| sql.text.clone())
}
