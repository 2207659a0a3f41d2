//! Rows of queries, read ahead by tasks: those of the records, and those of each child set.

use super::compare;
use super::sift::Sifter;
use crate::db::query::Query;
use crate::db::sieve::{Mark, Sifted};
use crate::db::{DbError, DbErrorKind, Engine, Isolation, Result};
use crate::sync::known::Known;
use crate::value::{Row, RowBatch, Value};
use futures_util::{StreamExt, TryStreamExt};
use std::cmp::Ordering;
use std::collections::HashSet;
use std::sync::Arc;
use tokio::sync::mpsc;
use tracing::Instrument;

/// Batches in flight between a server and the reader.
const AHEAD: usize = 2;
/// Keys that one query names. A list of a thousand becomes a sub-query in MariaDB, which it does not take into the queries within a
/// query: those would then run over all their rows.
const KEYS_AT_ONCE: usize = 900;

/// What one connection reads, query by query.
pub(super) struct Portions {
    queries: Vec<Query>,
    wanted: Option<Wanted>,
}

/// The key values that were asked for. A server's collation may hold others equal to them: their rows are not wanted,
/// and would come out of order.
struct Wanted {
    at: usize,
    padded: bool,
    keys: HashSet<String>,
}

impl Portions {
    pub(super) fn one(query: Query) -> Self {
        Portions {
            queries: vec![query],
            wanted: None,
        }
    }

    /// One query after the other yields rows in the order of the keys, as one query would.
    pub(super) fn of_keys(
        keys: &[Value],
        at: usize,
        padded: bool,
        query: impl Fn(&[Value]) -> Query,
    ) -> Self {
        Portions {
            queries: keys.chunks(KEYS_AT_ONCE).map(query).collect(),
            wanted: Some(Wanted {
                at,
                padded,
                keys: keys.iter().map(|key| key.plain().into_owned()).collect(),
            }),
        }
    }
}

impl Wanted {
    fn has(&self, row: &Row) -> bool {
        let key = row[self.at].plain();
        let key = match self.padded {
            true => key.trim_end(),
            false => &key,
        };
        self.keys.contains(key)
    }
}

/// A row, with its mark if the rows went past a sieve.
pub(super) type Marked = (Row, Option<Mark>);

/// What comes next of a query's rows.
pub(super) enum Fed {
    Row(Marked),
    /// So many rows that the sieve let go.
    Known(u64),
    End,
}

/// On the way from the task that reads.
enum Portion {
    Rows(Sifted),
    /// Without it a read has broken off.
    End(Box<AtEnd>),
}

/// What the task that read has to give back.
struct AtEnd {
    known: Option<Known>,
    other: Option<String>,
}

/// Rows of some queries, read ahead by a task that owns the connection.
pub(super) struct Rows {
    receiver: mpsc::Receiver<Result<Portion>>,
    rows: std::vec::IntoIter<Row>,
    marks: std::vec::IntoIter<Mark>,
    has_ended: bool,
    /// What the sieve knew, given back with the end.
    pub(super) known: Option<Known>,
    /// A key that the server holds for equal to one that it was asked for, as it writes it; known at the end.
    pub(super) other: Option<String>,
}

impl Rows {
    pub(super) fn start(
        engine: &Arc<dyn Engine>,
        portions: Portions,
        sifter: Option<Sifter>,
    ) -> Rows {
        let engine = engine.clone();
        let (sender, receiver) = mpsc::channel(AHEAD);
        let read = async move {
            if let Err(error) = pump(engine.as_ref(), &portions, sifter, &sender).await {
                // Nobody listens any more: the run has ended for another reason.
                let _ = sender.send(Err(error)).await;
            }
        };
        tokio::spawn(read.in_current_span());
        Rows {
            receiver,
            rows: Vec::new().into_iter(),
            marks: Vec::new().into_iter(),
            has_ended: false,
            known: None,
            other: None,
        }
    }

    pub(super) async fn next(&mut self) -> Result<Fed> {
        loop {
            if let Some(row) = self.rows.next() {
                return Ok(Fed::Row((row, self.marks.next())));
            }
            match self.receiver.recv().await {
                Some(Ok(Portion::Rows(sifted))) => {
                    self.rows = sifted.rows.into_iter();
                    self.marks = sifted.marks.into_iter();
                    if sifted.passed_over > 0 {
                        return Ok(Fed::Known(sifted.passed_over));
                    }
                }
                Some(Ok(Portion::End(end))) => {
                    self.has_ended = true;
                    self.known = end.known;
                    self.other = end.other;
                    return Ok(Fed::End);
                }
                Some(Err(error)) => return Err(error),
                None if self.has_ended => return Ok(Fed::End),
                None => {
                    return Err(DbError::new(
                        DbErrorKind::Other,
                        "the source's read broke off before its end",
                    ));
                }
            }
        }
    }
}

async fn pump(
    engine: &dyn Engine,
    portions: &Portions,
    mut sifter: Option<Sifter>,
    sender: &mpsc::Sender<Result<Portion>>,
) -> Result<()> {
    let mut other = None;
    if !portions.queries.is_empty() {
        let mut session = engine.connect().await?;
        session.begin(Isolation::Snapshot).await?;
        for query in &portions.queries {
            let mut stream = match &mut sifter {
                Some(sifter) => session.sift(query, sifter).await?,
                None => {
                    let unmarked = |batch: RowBatch| Sifted {
                        rows: batch.rows,
                        ..Sifted::default()
                    };
                    session.scan(query).await?.map_ok(unmarked).boxed()
                }
            };
            while let Some(mut batch) = stream.try_next().await? {
                if let Some(wanted) = &portions.wanted {
                    let mut marks = batch.marks.into_iter();
                    let rows = batch.rows.into_iter();
                    let rows = rows.map(|row| (row, marks.next()));
                    let (wanted_rows, others): (Vec<_>, Vec<_>) =
                        rows.partition(|(row, _)| wanted.has(row));
                    if let Some((row, _)) = others.first() {
                        other.get_or_insert_with(|| row[wanted.at].plain().into_owned());
                    }
                    let (rows, marks): (Vec<_>, Vec<_>) = wanted_rows.into_iter().unzip();
                    batch.rows = rows;
                    batch.marks = marks.into_iter().flatten().collect();
                }
                if sender.send(Ok(Portion::Rows(batch))).await.is_err() {
                    return Ok(());
                }
            }
        }
    }
    let known = sifter.and_then(|sifter| sifter.known);
    let end = Box::new(AtEnd { known, other });
    // If nobody listens any more, nobody waits for the end.
    let _ = sender.send(Ok(Portion::End(end))).await;
    Ok(())
}

pub(super) struct ChildRows {
    pub(super) name: String,
    pub(super) rows: Rows,
    pub(super) key_at: Vec<usize>,
    pub(super) next: Option<Row>,
    pub(super) last: Vec<Value>,
}

impl ChildRows {
    /// The rows of the record, in an order that depends on nothing but their values: the server's own may be another
    /// one each time, and a record would seem to have changed.
    pub(super) async fn of(&mut self, record: &Row, record_key: &[usize]) -> Result<Vec<Row>> {
        let mut found = self.gather(record, record_key).await?;
        found.sort_by(|a, b| {
            let orders = a.iter().zip(b.iter()).map(|(x, y)| x.order(y));
            orders
                .into_iter()
                .find(|order| order.is_ne())
                .unwrap_or(Ordering::Equal)
        });
        Ok(found)
    }

    /// The rows up to those of the next record; those of keys before it belong to no record and are passed over.
    async fn gather(&mut self, record: &Row, record_key: &[usize]) -> Result<Vec<Row>> {
        let mut found = Vec::new();
        loop {
            let row = match self.next.take() {
                Some(row) => row,
                None => match self.rows.next().await? {
                    // Of no record; servers sort NULL to either end.
                    Fed::Row((row, _)) if self.key_at.iter().any(|at| row[*at].is_null()) => {
                        continue;
                    }
                    Fed::Row((row, _)) => {
                        self.check_order(&row)?;
                        row
                    }
                    // Child rows go past no sieve.
                    Fed::Known(_) => continue,
                    Fed::End => return Ok(found),
                },
            };
            match compare(&row, &self.key_at, record, record_key) {
                Ordering::Less => {}
                Ordering::Equal => found.push(row),
                Ordering::Greater => {
                    self.next = Some(row);
                    return Ok(found);
                }
            }
        }
    }

    fn check_order(&mut self, row: &Row) -> Result<()> {
        let key: Vec<Value> = self.key_at.iter().map(|at| row[*at].clone()).collect();
        let falls = self
            .last
            .iter()
            .zip(&key)
            .map(|(last, now)| last.order(now))
            .find(|order| order.is_ne());
        if falls == Some(Ordering::Greater) {
            return Err(DbError::new(
                DbErrorKind::Other,
                format!(
                    "the child set `{}` came back in another order than asked for",
                    self.name
                ),
            ));
        }
        self.last = key;
        Ok(())
    }
}
