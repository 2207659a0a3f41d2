//! Rows past a sieve: a row that its reader knows already is let go before its values are made.

use super::Result;
use crate::value::{Row, RowBatch, Value};

/// Rows let go after which a batch is given out, however few it holds: the reader shows how far it is.
pub(super) const PASSED_OVER: u64 = 10_000;

/// What a sieve says of a row that it keeps.
pub type Mark = [u8; 16];

/// Asked for every row that [`Session::sift`](super::Session::sift) reads.
pub trait Sieve: Send {
    /// Before the first row: how the `bytes` of rows to come are to be read. The same bytes of another form are
    /// another row.
    fn begin(&mut self, form: &[u8]);

    /// Which columns of the result are the row's key.
    fn key_at(&self) -> &[usize];

    /// `bytes` hold the whole row; rows of the same bytes have the same values. `None` lets the row go.
    fn mark(&mut self, key: &[Value], bytes: &[u8]) -> Option<Mark>;
}

/// Rows that a sieve kept.
#[derive(Debug, Default)]
pub struct Sifted {
    pub rows: Vec<Row>,
    /// One of each row.
    pub marks: Vec<Mark>,
    /// Rows that it let go since the batch before.
    pub passed_over: u64,
}

impl Sifted {
    /// Rows whose values are there already.
    pub(super) fn of(batch: RowBatch, sieve: &mut dyn Sieve) -> Sifted {
        let mut sifted = Sifted::default();
        let mut bytes = Vec::new();
        let mut key = Vec::new();
        for row in batch.rows {
            bytes.clear();
            row.iter().for_each(|value| value.encode(&mut bytes));
            key.clear();
            key.extend(sieve.key_at().iter().map(|at| row[*at].clone()));
            match sieve.mark(&key, &bytes) {
                Some(mark) => {
                    sifted.rows.push(row);
                    sifted.marks.push(mark);
                }
                None => sifted.passed_over += 1,
            }
        }
        sifted
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.passed_over == 0
    }
}

/// For a decoder that finds a row's values only when it is asked for them.
pub(super) fn asks(
    sieve: &mut dyn Sieve,
    key: &mut Vec<Value>,
    bytes: &[u8],
    mut value: impl FnMut(usize) -> Result<Value>,
) -> Result<Option<Mark>> {
    key.clear();
    for at in sieve.key_at() {
        key.push(value(*at)?);
    }
    Ok(sieve.mark(key, bytes))
}
