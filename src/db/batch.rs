//! Rows as a driver streams them become batches of bounded size.

use super::{BATCH_BYTES, BATCH_ROWS, Result};
use crate::value::{Row, RowBatch, Value};
use futures_util::stream::{BoxStream, Stream, StreamExt, try_unfold};
use std::pin::Pin;
use std::sync::Arc;

/// Turns a driver's row into values. Made of the first row, whose columns all others share.
pub(super) trait Decode<R>: Send + Sized {
    fn columns(&self) -> Arc<[String]>;
    fn decode(&self, row: &R) -> Result<Row>;
}

struct State<D, F, S> {
    rows: Pin<Box<S>>,
    decoder: Option<D>,
    make: F,
}

/// Collects what `rows` yields until a batch is full. No row is read ahead of the batch that is asked for.
pub(super) fn batches<'a, R, D, S, F>(rows: S, make: F) -> BoxStream<'a, Result<RowBatch>>
where
    R: Send + 'a,
    D: Decode<R> + 'a,
    S: Stream<Item = Result<R>> + Send + 'a,
    F: Fn(&R) -> Result<D> + Send + 'a,
{
    let state = State {
        rows: Box::pin(rows),
        decoder: None,
        make,
    };
    try_unfold(state, |mut state| async move {
        let mut batch = Vec::new();
        let mut bytes = 0;
        while batch.len() < BATCH_ROWS && bytes < BATCH_BYTES {
            let Some(row) = state.rows.next().await else {
                break;
            };
            let row = row?;
            let decoder = match &state.decoder {
                Some(decoder) => decoder,
                None => state.decoder.insert((state.make)(&row)?),
            };
            let values = decoder.decode(&row)?;
            bytes += values.iter().map(Value::bytes).sum::<usize>();
            batch.push(values);
        }
        Ok(match &state.decoder {
            Some(decoder) if !batch.is_empty() => {
                let batch = RowBatch {
                    columns: decoder.columns(),
                    rows: batch,
                };
                Some((batch, state))
            }
            _ => None,
        })
    })
    .boxed()
}
