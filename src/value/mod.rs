//! What travels between engines: a typed value, a row, a batch of rows, and the type of a column.
//!
//! Every engine reads its own types into [`Value`] without loss, and every write passes through
//! [`convert`], which either gives a value that the target column holds exactly or says why not.

mod convert;
pub mod decimal;
mod encode;
pub mod iso;
mod key;
mod misfit;
mod same;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use uuid::Uuid;

pub use convert::{convert, cut, fit};
pub use decimal::Decimal;
pub use misfit::Misfit;
pub use same::same;

/// Most characters of a value that a message shows.
const SHOWN_CHARS: usize = 40;

/// One value as a query yields it. Exact: nothing here was rounded, cut or re-coded on the way.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Bool(bool),
    Int(i64),
    /// Only what exceeds [`i64::MAX`] needs it, but unsigned columns yield it throughout.
    UInt(u64),
    Decimal(Decimal),
    /// Binary floating point, as the server keeps it. NaN and the infinities, those of decimals too, fit no column: they
    /// reject their row.
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
                Value::Decimal(number) => number.heap_bytes(),
                _ => 0,
            }
    }

    /// The one text form of the value, whole and without quotes: numbers plain, dates and times as ISO 8601.
    /// `None` for what has none: NULL, booleans (shops say `yes`, `1` or `true`), bytes and floats that are no number.
    pub fn plain_text(&self) -> Option<Cow<'_, str>> {
        Some(match self {
            Value::Text(text) | Value::Json(text) => Cow::Borrowed(text),
            Value::Int(number) => Cow::Owned(number.to_string()),
            Value::UInt(number) => Cow::Owned(number.to_string()),
            Value::Decimal(number) => Cow::Owned(number.to_plain()),
            Value::Float(float) => Cow::Owned(Decimal::from_f64_15(*float)?.to_plain()),
            Value::Date(date) => Cow::Owned(iso::date_text(*date)),
            Value::Time(time) => Cow::Owned(iso::time_text(*time)),
            Value::DateTime(wall) => Cow::Owned(iso::wall_text(*wall)),
            Value::Timestamp(moment) => Cow::Owned(iso::utc_text(*moment)),
            Value::Uuid(uuid) => Cow::Owned(uuid.hyphenated().to_string()),
            Value::Null | Value::Bool(_) | Value::Bytes(_) => return None,
        })
    }

    /// The number that the value is, floats at 15 significant digits; `None` for all that is no number, texts and
    /// booleans included.
    pub fn to_decimal(&self) -> Option<Decimal> {
        match self {
            Value::Int(number) => Some(Decimal::from(*number)),
            Value::UInt(number) => Some(Decimal::from(*number)),
            Value::Decimal(number) => Some(number.clone()),
            Value::Float(float) => Decimal::from_f64_15(*float),
            _ => None,
        }
    }

    /// The kind in a word, for messages: `text`, `decimal`.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Null => "NULL",
            Value::Bool(_) => "boolean",
            Value::Int(_) | Value::UInt(_) => "integer",
            Value::Decimal(_) => "decimal",
            Value::Float(_) => "float",
            Value::Text(_) => "text",
            Value::Bytes(_) => "binary value",
            Value::Date(_) => "date",
            Value::Time(_) => "time of day",
            Value::DateTime(_) => "time without zone",
            Value::Timestamp(_) => "timestamp",
            Value::Uuid(_) => "UUID",
            Value::Json(_) => "JSON",
        }
    }

    /// The value in one line of at most 40 characters, for messages: texts in quotes, control characters escaped,
    /// `…` where something was left out. Not for data: use [`convert`] to a text type for that.
    pub fn show(&self) -> String {
        match self {
            Value::Null => "NULL".to_owned(),
            Value::Bool(true) => "TRUE".to_owned(),
            Value::Bool(false) => "FALSE".to_owned(),
            Value::Int(number) => number.to_string(),
            Value::UInt(number) => number.to_string(),
            Value::Decimal(number) => shortened(number.to_plain().chars(), SHOWN_CHARS),
            Value::Float(float) => format!("{float:?}"),
            Value::Text(text) | Value::Json(text) => {
                let shown = text.chars().flat_map(|character| {
                    let is_plain = !character.is_control();
                    let escaped = (!is_plain).then(|| character.escape_default());
                    escaped
                        .into_iter()
                        .flatten()
                        .chain(is_plain.then_some(character))
                });
                format!("'{}'", shortened(shown, SHOWN_CHARS - 2))
            }
            Value::Bytes(bytes) => {
                let digits = bytes.iter().flat_map(|byte| {
                    [byte >> 4, byte & 15]
                        .map(|digit| char::from_digit(digit.into(), 16).unwrap_or('?'))
                });
                format!("x'{}'", shortened(digits, SHOWN_CHARS - 3))
            }
            Value::Date(date) => iso::date_text(*date),
            Value::Time(time) => iso::time_text(*time),
            Value::DateTime(wall) => iso::wall_text(*wall),
            Value::Timestamp(moment) => iso::utc_text(*moment),
            Value::Uuid(uuid) => uuid.to_string(),
        }
    }
}

/// The characters, or as many as leave room for `…`.
fn shortened(characters: impl Iterator<Item = char>, chars_max: usize) -> String {
    let mut shown: Vec<char> = characters.take(chars_max + 1).collect();
    if shown.len() > chars_max {
        shown.truncate(chars_max - 1);
        shown.push('…');
    }
    shown.into_iter().collect()
}

pub type Row = Box<[Value]>;

/// Rows of one query, all with the same columns.
#[derive(Debug, Clone)]
pub struct RowBatch {
    pub columns: Arc<[String]>,
    pub rows: Vec<Row>,
}

/// The type of a column, as far as it decides what the column can hold.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// What MySQL and MariaDB call `latin1`: Windows-1252, so with the euro sign.
    Latin1,
    Ascii,
}

impl Type {
    /// A text of any length.
    pub const TEXT: Type = Type::Text {
        chars_max: None,
        bytes_max: None,
        charset: Charset::Unicode,
        padded: false,
    };
    /// An exact number of any size.
    pub const NUMBER: Type = Type::Decimal {
        precision: None,
        scale: None,
    };

    /// Least and greatest number of an integer column of so many bits (8 to 64).
    fn integer_range(bits: u8, signed: bool) -> (i128, i128) {
        let bits = u32::from(bits.clamp(1, 64));
        if signed {
            (-(1 << (bits - 1)), (1 << (bits - 1)) - 1)
        } else {
            (0, (1 << bits) - 1)
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Bool => f.write_str("boolean"),
            Type::Int { bits, signed: true } => write!(f, "{bits}-bit integer"),
            Type::Int {
                bits,
                signed: false,
            } => write!(f, "unsigned {bits}-bit integer"),
            Type::Decimal {
                precision: Some(precision),
                scale,
            } => write!(f, "decimal({precision},{})", scale.unwrap_or(0)),
            Type::Decimal { .. } => f.write_str("decimal"),
            Type::Float { bits } => write!(f, "{bits}-bit float"),
            Type::Text {
                chars_max: Some(max),
                ..
            } => write!(f, "text({max})"),
            Type::Text { .. } => f.write_str("text"),
            Type::Bytes { .. } => f.write_str("binary"),
            Type::Date => f.write_str("date"),
            Type::Time { .. } => f.write_str("time of day"),
            Type::DateTime { .. } => f.write_str("time without zone"),
            Type::Timestamp { .. } => f.write_str("timestamp"),
            Type::Uuid => f.write_str("UUID"),
            Type::Json => f.write_str("JSON"),
            Type::Enum(_) => f.write_str("enumeration"),
            Type::Other(name) => write!(f, "column type `{name}`"),
        }
    }
}

impl Charset {
    /// Whether the character set has the character.
    pub fn has(self, character: char) -> bool {
        match self {
            Charset::Unicode => true,
            Charset::Utf8Mb3 => character.len_utf8() <= 3,
            Charset::Ascii => character.is_ascii(),
            Charset::Latin1 => match character {
                '\u{80}'..='\u{9f}' => {
                    matches!(
                        character,
                        '\u{81}' | '\u{8d}' | '\u{8f}' | '\u{90}' | '\u{9d}'
                    )
                }
                '\0'..='\u{ff}' => true,
                _ => "€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ".contains(character),
            },
        }
    }
}

impl fmt::Display for Charset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Charset::Unicode => "Unicode",
            Charset::Utf8Mb3 => "utf8mb3",
            Charset::Latin1 => "latin1",
            Charset::Ascii => "ascii",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_shown_short_and_in_one_line() {
        let long = Value::Text("Cavo schermato 3x1,5 mmq antifiamma, al metro".into());
        assert_eq!(long.show(), "'Cavo schermato 3x1,5 mmq antifiamma, …'");
        assert_eq!(long.show().chars().count(), 40);
        assert_eq!(Value::Text("a\n\u{7}b".into()).show(), "'a\\n\\u{7}b'");
        assert_eq!(Value::Bytes(vec![0, 255]).show(), "x'00ff'");
        assert_eq!(Value::Null.show(), "NULL");
        assert_eq!(
            Value::Decimal(Decimal::parse("1e90").unwrap())
                .show()
                .chars()
                .count(),
            40
        );
    }

    #[test]
    fn latin1_is_windows_1252() {
        for character in ['a', 'ü', '€', 'ž', '\u{81}'] {
            assert!(Charset::Latin1.has(character), "{character:?}");
        }
        for character in ['č', '→', '\u{80}', '😀'] {
            assert!(!Charset::Latin1.has(character), "{character:?}");
        }
    }
}
