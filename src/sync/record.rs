//! A record on its way: its values by slot, its child rows, and what expressions see of them.

use super::links::LinkCache;
use super::lookup::Lookups;
use super::snapshot::{Fingerprint, KeyHash, RowDigest};
use crate::expr::{Env, EvalError, Slot, Zone};
use crate::value::{Row, Value};
use chrono::{DateTime, Utc};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Slots from here on are columns of the element that an `each` write is at.
pub const ELEMENT: Slot = 1 << 16;

/// One record of the source, and what becomes known of it on the way.
#[derive(Debug, Clone)]
pub struct Record {
    /// As it is shown, linked and quarantined.
    pub key: String,
    pub hash: KeyHash,
    pub fingerprint: Fingerprint,
    /// Of its row in the target as it should stand, once that is computed.
    pub row: RowDigest,
    /// By slot: the source's columns, texts, computed fields, `find`'s columns, columns of written rows.
    pub values: Vec<Value>,
    /// Rows by child set, in the order of the plan's children.
    pub children: Vec<Vec<Row>>,
    pub state: Existing,
    pub need: Need,
}

/// Whether a row that ponte created has what it needs before the shop may show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Need {
    /// Nothing is remembered: ponte did not create the row, or it has had all it needs for long.
    #[default]
    None,
    Open,
    /// All is there, but the row has not been looked at since.
    Met,
}

impl Record {
    /// Memory that the record occupies, in bytes.
    pub fn bytes(&self) -> usize {
        let children = self.children.iter().flatten().flat_map(|row| row.iter());
        self.values.iter().chain(children).map(Value::bytes).sum()
    }

    /// Fills the built-in child set of a tree's record: the keys above it, nearest first. What it hangs under decides
    /// what is written, so it goes into the fingerprint too.
    pub fn add_ancestors(&mut self, child: Option<usize>, above: &[Arc<str>]) {
        let Some(child) = child else { return };
        self.children.resize_with(child + 1, Vec::new);
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.fingerprint);
        for (key, level) in above.iter().zip(1i64..) {
            hasher.update(key.as_bytes()).update(&[0x1f]);
            let row: Row = Box::new([Value::Text(key.to_string()), Value::Int(level)]);
            self.children[child].push(row);
        }
        self.fingerprint
            .copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    }
}

/// Which row of the target the record is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Existing {
    /// Not looked for: the flow has no `find` (its rows are found by their own match).
    ByMatch,
    /// Linked before, and the row is there.
    Linked { id: String, kind: String },
    /// Exactly one row was found, by this column: the link is written with the first write.
    Found {
        id: String,
        kind: String,
        by: String,
    },
    /// There is no row yet: it is created.
    New,
}

impl Existing {
    /// `None` where kinds do not matter or the row is yet to be created.
    pub fn kind(&self) -> Option<&str> {
        match self {
            Existing::Linked { kind, .. } | Existing::Found { kind, .. } => Some(kind),
            Existing::ByMatch | Existing::New => None,
        }
    }
}

/// The row of a set of texts that is in this language.
pub fn text_in<'r>(rows: &'r [Row], language_column: usize, code: &str) -> Option<&'r Row> {
    rows.iter()
        .find(|row| matches!(&row[language_column], Value::Text(found) if found == code))
}

/// The text form of a key: its values as text, separated by tabs (which a trimmed key cannot begin or end with).
pub fn key_text(values: &[Value]) -> String {
    let parts: Vec<Cow<'_, str>> = values.iter().map(Value::plain).collect();
    parts.join("\t")
}

/// What is the same for every row of a run.
#[derive(Debug)]
pub struct Surroundings {
    pub lookups: Lookups,
    pub now: DateTime<Utc>,
    /// The target database's zone.
    pub zone: Zone,
    /// Rows that are there get what rows that are created get: see [`Anew`](super::batch::Anew).
    pub anew: bool,
}

/// What a [`Slot`] of [`Env::lookup`] means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LookupSlot {
    Table {
        table: String,
        column: String,
    },
    Link {
        record: String,
        column: String,
    },
    /// A text in a language that an expression yields: the child set, and in it the columns of language and text.
    Text {
        child: usize,
        language_column: usize,
        text_column: usize,
        /// The shop's code -> the ERP's; what it lacks is not ponte's. `None`: the codes are the same.
        codes: Option<BTreeMap<String, String>>,
    },
}

/// A record, and the element of it that an `each` write is at, as expressions see them.
pub struct View<'a> {
    pub values: &'a [Value],
    /// The record's child sets.
    pub children: &'a [Vec<Row>],
    pub element: Option<&'a Row>,
    pub lookups: &'a [LookupSlot],
    pub links: &'a LinkCache,
    pub around: &'a Surroundings,
}

impl Env for View<'_> {
    fn value(&self, slot: Slot) -> Result<Cow<'_, Value>, EvalError> {
        let value = match slot.checked_sub(ELEMENT) {
            Some(column) => self.element.and_then(|row| row.get(column as usize)),
            None => self.values.get(slot as usize),
        };
        value
            .map(Cow::Borrowed)
            .ok_or_else(|| EvalError::Invalid("a value is used before it is known".to_owned()))
    }

    fn lookup(&self, slot: Slot, keys: &[Value]) -> Result<Cow<'_, Value>, EvalError> {
        match &self.lookups[slot as usize] {
            LookupSlot::Table { table, column } => self.around.lookups.get(table, keys, column),
            LookupSlot::Link { record, column } => {
                if keys.iter().any(Value::is_null) {
                    return Ok(Cow::Owned(Value::Null));
                }
                self.links
                    .get(record, &key_text(keys), column)
                    .map(Cow::Owned)
            }
            LookupSlot::Text {
                child,
                language_column,
                text_column,
                codes,
            } => {
                let code = keys.first().unwrap_or(&Value::Null).plain();
                let code = match codes {
                    None => Some(code.as_ref()),
                    Some(codes) => codes.get(code.as_ref()).map(String::as_str),
                };
                let row = code.and_then(|code| {
                    let rows = self.children.get(*child)?;
                    text_in(rows, *language_column, code)
                });
                Ok(match row {
                    Some(row) => Cow::Borrowed(&row[*text_column]),
                    None => Cow::Owned(Value::Null),
                })
            }
        }
    }

    fn now(&self) -> DateTime<Utc> {
        self.around.now
    }

    fn zone(&self) -> Zone {
        self.around.zone
    }
}
