//! Reading by `COPY (query) TO STDOUT (FORMAT binary)`: the same values in the same form as in rows of a query, at a
//! fraction of what the driver spends on each of those. COPY takes no parameters and tells no types, so the query is
//! prepared first, which also makes sure that it is one statement: then it is still one within the parentheses.

use super::types::{Wire, wire};
use super::{decode, errors};
use crate::db::batch::Decode;
use crate::db::sieve::{self, Sieve, Sifted};
use crate::db::{BATCH_BYTES, BATCH_ROWS, DbError, DbErrorKind, Result};
use crate::value::{Row, Value};
use sqlx::postgres::{PgRow, PgTypeInfo};
use sqlx::{Column, Row as _, TypeInfo, ValueRef};
use std::sync::Arc;

const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";
/// Signature, flags, length of an extension.
const HEADER: usize = 19;
/// Says that a row's identifiers follow, which nobody asked for; other flags of that half would change the form.
const CRITICAL_FLAGS: u32 = 0xffff_0000;
const NULL: i32 = -1;
/// In place of a row's number of columns: there are no more rows.
const END: i16 = -1;

/// The statement that copies what a query yields. On a line of its own, the parenthesis is in no comment.
pub fn statement(query: &str) -> String {
    format!("COPY ({query}\n) TO STDOUT (FORMAT binary)")
}

/// The columns of a result and how to read each of them.
pub struct Layout {
    pub names: Arc<[String]>,
    pub wires: Vec<Wire>,
}

impl Layout {
    pub fn value(&self, at: usize, bytes: Option<&[u8]>) -> Result<Value> {
        decode::value(bytes, self.wires[at]).map_err(|error| {
            DbError::new(
                DbErrorKind::Misfit,
                format_args!("a value of column `{}` {error}", self.names[at]),
            )
        })
    }
}

/// Appends a value as COPY writes it.
pub fn push(value: Option<&[u8]>, into: &mut Vec<u8>) {
    // The server sends no value of 2 GiB and more.
    let length = value.map_or(NULL, |bytes| bytes.len() as i32);
    into.extend_from_slice(&length.to_be_bytes());
    into.extend_from_slice(value.unwrap_or_default());
}

/// Cuts the stream into rows. Its messages need not begin and end where rows do, though this server's do.
pub struct Rows {
    layout: Layout,
    /// What the messages so far have left over.
    rest: Vec<u8>,
    begun: bool,
    ended: bool,
    batch: Sifted,
    bytes: usize,
    /// The key of the row that a sieve is asked about.
    key: Vec<Value>,
}

/// The sieve that rows go past, if they do.
pub type Past<'s> = Option<&'s mut dyn Sieve>;

impl Rows {
    pub fn new(layout: Layout) -> Self {
        Rows {
            layout,
            rest: Vec::new(),
            begun: false,
            ended: false,
            batch: Sifted::default(),
            bytes: 0,
            key: Vec::new(),
        }
    }

    pub fn names(&self) -> Arc<[String]> {
        Arc::clone(&self.layout.names)
    }

    /// Takes a message; true when a batch is full.
    pub fn take(&mut self, message: &[u8], past: &mut Past<'_>) -> Result<bool> {
        if self.rest.is_empty() {
            let used = self.rows(message, past)?;
            self.rest.extend_from_slice(&message[used..]);
        } else {
            let mut held = std::mem::take(&mut self.rest);
            held.extend_from_slice(message);
            let used = self.rows(&held, past)?;
            held.drain(..used);
            self.rest = held;
        }
        Ok(self.batch.rows.len() >= BATCH_ROWS
            || self.bytes >= BATCH_BYTES
            || self.batch.passed_over >= sieve::PASSED_OVER)
    }

    /// The rows since the last batch.
    pub fn batch(&mut self) -> Option<Sifted> {
        self.bytes = 0;
        let batch = std::mem::take(&mut self.batch);
        (!batch.is_empty()).then_some(batch)
    }

    /// # Errors
    /// If the stream has ended, but not the rows.
    pub fn check_end(&self) -> Result<()> {
        match self.ended {
            true => Ok(()),
            false => Err(unknown_form()),
        }
    }

    /// Reads whole rows; how many bytes they took.
    fn rows(&mut self, bytes: &[u8], past: &mut Past<'_>) -> Result<usize> {
        let mut input = Input { bytes, at: 0 };
        if !self.begun {
            match input.header()? {
                true => self.begun = true,
                false => return Ok(0),
            }
        }
        loop {
            let start = input.at;
            let Some(columns) = input.number().map(i16::from_be_bytes) else {
                return Ok(start);
            };
            if columns == END && !self.ended {
                self.ended = true;
                continue;
            }
            if self.ended || columns as usize != self.layout.wires.len() {
                return Err(unknown_form());
            }
            let values = input.at;
            for _ in 0..self.layout.wires.len() {
                if input.value()?.is_none() {
                    return Ok(start);
                }
            }
            self.row(&bytes[values..input.at], past)?;
        }
    }

    /// A whole row without its number of columns.
    fn row(&mut self, bytes: &[u8], past: &mut Past<'_>) -> Result<()> {
        let layout = &self.layout;
        if let Some(sieve) = past {
            let value = |at: usize| {
                let mut input = Input { bytes, at: 0 };
                for _ in 0..at {
                    input.value()?;
                }
                layout.value(at, input.value()?.flatten())
            };
            match sieve::asks(*sieve, &mut self.key, bytes, value)? {
                Some(mark) => self.batch.marks.push(mark),
                None => {
                    self.batch.passed_over += 1;
                    return Ok(());
                }
            }
        }
        let mut row = Vec::with_capacity(layout.wires.len());
        let mut input = Input { bytes, at: 0 };
        for at in 0..layout.wires.len() {
            row.push(layout.value(at, input.value()?.flatten())?);
        }
        self.bytes += row.iter().map(Value::bytes).sum::<usize>();
        self.batch.rows.push(row.into_boxed_slice());
        Ok(())
    }
}

fn unknown_form() -> DbError {
    DbError::new(
        DbErrorKind::ConnectionLost,
        "COPY came in a form that is not known",
    )
}

struct Input<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Input<'b> {
    fn slice(&mut self, length: usize) -> Option<&'b [u8]> {
        let slice = self.bytes.get(self.at..self.at.checked_add(length)?)?;
        self.at += length;
        Some(slice)
    }

    fn number<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.slice(N)?.try_into().ok()
    }

    /// Passes the header over; false if it has not come whole.
    fn header(&mut self) -> Result<bool> {
        let Some(header) = self.slice(HEADER) else {
            return Ok(false);
        };
        let word = |at: usize| -> u32 {
            header[at..at + 4]
                .iter()
                .fold(0, |word, byte| word << 8 | u32::from(*byte))
        };
        let flags = word(SIGNATURE.len());
        if !header.starts_with(SIGNATURE) || flags & CRITICAL_FLAGS != 0 {
            return Err(unknown_form());
        }
        let extension = word(HEADER - 4) as usize;
        Ok(self.slice(extension).is_some())
    }

    /// A value's bytes, `None` for NULL; nothing at all if it has not come whole.
    fn value(&mut self) -> Result<Option<Option<&'b [u8]>>> {
        let Some(length) = self.number().map(i32::from_be_bytes) else {
            return Ok(None);
        };
        if length == NULL {
            return Ok(Some(None));
        }
        let length = usize::try_from(length).map_err(|_| unknown_form())?;
        Ok(self.slice(length).map(Some))
    }
}

/// How the values of each column are read.
///
/// # Errors
/// Of kind `Other` for a column whose type is not read.
pub fn wires<'c>(columns: impl Iterator<Item = (&'c str, &'c PgTypeInfo)>) -> Result<Vec<Wire>> {
    columns
        .map(|(name, info)| {
            wire(info).ok_or_else(|| {
                let ty = info.name().to_lowercase();
                let text = "which is not read; cast it in the query";
                DbError::new(
                    DbErrorKind::Other,
                    format_args!("column `{name}` is of type `{ty}`, {text}"),
                )
            })
        })
        .collect()
}

impl Layout {
    /// What the bytes of a row depend on.
    pub fn form(&self) -> String {
        format!("{:?}", self.wires)
    }

    pub fn of(row: &PgRow) -> Result<Self> {
        let columns = row.columns().iter();
        Ok(Layout {
            wires: wires(
                columns
                    .clone()
                    .map(|column| (column.name(), column.type_info())),
            )?,
            names: columns.map(|column| column.name().to_owned()).collect(),
        })
    }
}

impl Decode<PgRow> for Layout {
    fn columns(&self) -> Arc<[String]> {
        Arc::clone(&self.names)
    }

    fn decode(&self, row: &PgRow) -> Result<Row> {
        let read = |at: usize| self.value(at, self.bytes(row, at)?);
        (0..self.wires.len()).map(read).collect()
    }
}

impl Layout {
    /// The value's binary form; `None` for NULL.
    pub fn bytes<'r>(&self, row: &'r PgRow, at: usize) -> Result<Option<&'r [u8]>> {
        let raw = row
            .try_get_raw(at)
            .map_err(|error| errors::running(&error))?;
        if raw.is_null() {
            return Ok(None);
        }
        // The driver asks for the binary form of every value.
        raw.as_bytes().map(Some).map_err(|error| {
            DbError::new(
                DbErrorKind::Misfit,
                format_args!("column `{}`: {error}", self.names[at]),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Rows {
        Rows::new(Layout {
            names: ["n".to_owned(), "t".to_owned()].into(),
            wires: vec![Wire::Int2, Wire::Text],
        })
    }

    fn stream() -> Vec<u8> {
        let mut bytes = SIGNATURE.to_vec();
        bytes.extend([0, 0, 0, 0, 0, 0, 0, 3, 9, 9, 9]);
        bytes.extend([0, 2, 0, 0, 0, 2, 0, 7, 0, 0, 0, 2, b'a', b'b']);
        bytes.extend([0, 2, 255, 255, 255, 255, 0, 0, 0, 0]);
        bytes.extend([255, 255]);
        bytes
    }

    #[test]
    fn rows_are_the_same_however_the_stream_is_cut() {
        let stream = stream();
        for size in 1..=stream.len() {
            let mut rows = rows();
            for message in stream.chunks(size) {
                rows.take(message, &mut None).unwrap();
            }
            rows.check_end().unwrap();
            let batch = rows.batch().unwrap();
            let text = |text: &str| Value::Text(text.to_owned());
            assert_eq!(*batch.rows[0], [Value::Int(7), text("ab")]);
            assert_eq!(*batch.rows[1], [Value::Null, text("")]);
            assert_eq!(batch.rows.len(), 2);
        }
    }

    #[test]
    fn what_is_cut_off_or_of_another_form_is_an_error() {
        let whole = stream();
        for end in 0..whole.len() - 1 {
            let mut rows = rows();
            rows.take(&whole[..end], &mut None).unwrap();
            assert!(rows.check_end().is_err(), "{end}");
        }
        for (at, byte) in [(0, b'X'), (11, 1), (23, 3), (24, 128)] {
            let mut bytes = whole.clone();
            bytes[at] = byte;
            assert!(rows().take(&bytes, &mut None).is_err(), "{at}");
        }
        let mut rows = rows();
        rows.take(&whole, &mut None).unwrap();
        assert!(rows.take(&[0, 2], &mut None).is_err(), "more after the end");
    }
}
