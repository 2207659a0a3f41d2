//! What travels between engines: a typed value, a row, a batch of rows, and the type of a column.
//!
//! Every engine reads its own types into [`Value`] without loss, and every write passes through
//! [`convert`], which either gives a value that the target column holds exactly or says why not.

pub mod convert;
pub mod decimal;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use std::sync::Arc;
use uuid::Uuid;

pub use decimal::Decimal;

/// One value as a query yields it. Exact: nothing here was rounded, cut or re-coded on the way.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Bool(bool),
    Int(i64),
    /// Only what exceeds [`i64::MAX`] needs it, but unsigned columns yield it throughout.
    UInt(u64),
    Decimal(Decimal),
    /// Binary floating point, as the server keeps it; NaN and infinities never leave an engine (they are read errors).
    Float(f64),
    Text(String),
    Bytes(Vec<u8>),
    Date(NaiveDate),
    Time(NaiveTime),
    /// A point in time without a zone: a wall clock reading.
    DateTime(NaiveDateTime),
    /// A point in time, in UTC.
    Timestamp(DateTime<Utc>),
    Uuid(Uuid),
    /// A JSON document in its text form.
    Json(String),
}

impl Value {
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// NULL or the empty text: what "empty" means in a mapping.
    pub fn is_empty(&self) -> bool {
        match self {
            Value::Null => true,
            Value::Text(text) => text.is_empty(),
            _ => false,
        }
    }

    /// Memory that the value occupies, in bytes; queues and batches are bounded by its sum.
    pub fn bytes(&self) -> usize {
        std::mem::size_of::<Value>()
            + match self {
                Value::Text(text) | Value::Json(text) => text.len(),
                Value::Bytes(bytes) => bytes.len(),
                Value::Decimal(_) => 16,
                _ => 0,
            }
    }
}

pub type Row = Box<[Value]>;

/// Rows of one query, all with the same columns.
#[derive(Debug, Clone)]
pub struct RowBatch {
    pub columns: Arc<[String]>,
    pub rows: Vec<Row>,
}

/// The type of a column, as far as it decides what the column can hold.
#[derive(Debug, Clone, PartialEq)]
pub enum Type {
    Bool,
    Int {
        bits: u8,
        signed: bool,
    },
    /// Digits in all and digits after the point; `None` where the engine sets no limit.
    Decimal {
        precision: Option<u32>,
        scale: Option<u32>,
    },
    Float {
        bits: u8,
    },
    Text {
        /// Longest text in characters.
        chars_max: Option<u64>,
        /// Longest text in bytes of the column's character set.
        bytes_max: Option<u64>,
        charset: Charset,
        /// Filled with blanks to its length by the server: trailing blanks mean nothing.
        padded: bool,
    },
    Bytes {
        bytes_max: Option<u64>,
    },
    Date,
    Time {
        /// Digits of the second's fraction that the column keeps.
        digits: u8,
    },
    DateTime {
        digits: u8,
    },
    Timestamp {
        digits: u8,
    },
    Uuid,
    Json,
    /// One of a closed list of texts.
    Enum(Arc<[String]>),
    /// A type that ponte neither reads nor writes, by the server's own name.
    Other(String),
}

/// Which characters a text column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charset {
    /// Every Unicode character but, on PostgreSQL, NUL.
    Unicode,
    /// Characters up to three UTF-8 bytes (MySQL's `utf8mb3`): no emoji.
    Utf8Mb3,
    Latin1,
    Ascii,
}
