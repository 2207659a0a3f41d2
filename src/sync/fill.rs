//! A table without a row is filled: every record is a row to insert, and none needs to be looked for.
//!
//! While the server takes one batch in, the next one is read and computed. A unique key of the table over columns of
//! the match stands in for the look: a row that somebody else has inserted meanwhile is refused by it, as are two
//! records that the server holds for one. A batch that is refused, or whose transaction fails for any other reason, is
//! applied as any other batch is: compared with what is there, and tried again.

use super::batch::{Applier, Done, Intent, Outcome};
use super::bind::{Bound, BoundWrite};
use super::links::LinkCache;
use super::memory::Memory;
use super::pace::Pace;
use super::read::{Item, Reader};
use super::record::{Record, Surroundings};
use super::report::{CHANGES_KEPT, FlowReport, Reason, RecordChange, Rejected};
use super::rows::new_cells;
use super::run::{self, Progress, RunError};
use super::standing::Expected;
use super::work::{Op, Sight, evaluate, holds, match_values, shown, types_of};
use crate::db::query::{Insert, Query};
use crate::db::{self, CommitError, DbError, DbErrorKind, Isolation, Session};
use crate::own::generation::NewGeneration;
use crate::own::lease::Guard;
use std::collections::{HashMap, HashSet};
use std::time::Instant;

/// Records of one batch, one transaction, at most: what a transaction costs beside its rows is little then ...
const RECORDS: usize = 3000;
/// ... and about so many bytes of values: there are three batches at a time.
const BYTES: usize = 2 << 20;
/// Records after which the transaction under way gets its turn.
const TURN: usize = 16;
/// Batches that may be refused: then the table is no longer one without rows.
const REFUSED_MAX: u32 = 5;

/// Whether the flow's table is without a row, and one that can be filled.
///
/// # Errors
/// Those of the database.
pub async fn is_for(applier: &mut Applier<'_>) -> db::Result<bool> {
    let is_plain = applier.intent == Intent::Write && !applier.hold_new && !applier.known_only;
    let is_plain = is_plain && applier.bound.flow.target.approve.is_none();
    let Some(write) = plain_write(applier.bound).filter(|_| is_plain) else {
        return Ok(false);
    };
    let query = Query::sql("SELECT 1 FROM ")
        .table(&write.write.table)
        .limit(1, false);
    let rows = db::fetch(applier.session.as_mut(), &query).await?;
    Ok(rows.is_empty())
}

/// The one write of a flow that has nothing but this write: one row a record, told from all others by its match.
pub(super) fn plain_write<'b>(bound: &'b Bound<'_>) -> Option<&'b BoundWrite<'b>> {
    let [write] = bound.writes.as_slice() else {
        return None;
    };
    let target = &bound.flow.target;
    let has_more = bound.finder.is_some()
        || bound.parent.is_some()
        || !bound.derived.is_empty()
        || !bound.forget.is_empty()
        || !target.needs.is_empty()
        || target.meets.is_some()
        || bound.layout.uses_links();
    let is_plain = write.each.is_none()
        && write.write.attributes.is_none()
        && write.write.kinds.is_empty()
        && write.exports.is_empty()
        && write.fields.iter().all(|field| !field.unique);
    let is_matched = |column: &String| write.matches.iter().any(|one| one.column == *column);
    let is_told_apart = |key: &Vec<String>| key.iter().all(is_matched);
    let is_told_apart = write.table.unique_keys.iter().any(is_told_apart);
    (!has_more && is_plain && is_told_apart).then_some(write)
}

/// Carries the records over until the source ends or the table turns out to have rows after all. True at the end.
///
/// # Errors
/// As those of an ordinary run.
pub async fn fill(
    reader: &mut Reader<'_>,
    applier: &mut Applier<'_>,
    memory: &mut Memory,
    report: &mut FlowReport,
    progress: Progress<'_>,
) -> Result<bool, RunError> {
    let bound = applier.bound;
    let Some(write) = plain_write(bound) else {
        return Ok(false);
    };
    let mut refused = 0;
    let mut pace = Pace::up_to(RECORDS);
    let gathering = Gathering {
        write,
        bound,
        expected: applier.expected,
    };
    let mut batch = gathering
        .batch(reader, memory, &applier.around, pace.records())
        .await?;
    // In the table, and not yet counted.
    let mut done: Option<Batch> = None;
    while refused < REFUSED_MAX {
        let Applier {
            session,
            guard,
            generation,
            around,
            intent,
            ..
        } = applier;
        let records = pace.records();
        let inserting = insert(
            session.as_mut(),
            guard.as_ref(),
            generation,
            &batch,
            &mut pace,
        );
        let meanwhile = async {
            let next = match batch.is_last {
                true => None,
                false => Some(gathering.batch(reader, memory, around, records).await?),
            };
            if let Some(done) = done.take() {
                done.settle(write, *intent, memory, report)?;
            }
            Ok::<_, RunError>(next)
        };
        let (inserted, next) = tokio::join!(inserting, meanwhile);
        let next = next?;
        match inserted {
            Ok(()) => {
                applier.generation.is_set |= !batch.inserts.is_empty();
                done = Some(batch);
            }
            Err(error) => {
                tracing::debug!(flow = bound.flow.name, %error, "a batch is compared with the target instead");
                refused += u32::from(!batch.has_doubles);
                batch.compare(applier, memory, report).await?;
            }
        }
        report.counts.read = reader.rows;
        progress(report);
        match next {
            Some(next) => batch = next,
            None => {
                if let Some(done) = done {
                    done.settle(write, applier.intent, memory, report)?;
                }
                return Ok(true);
            }
        }
    }
    if let Some(done) = done {
        done.settle(write, applier.intent, memory, report)?;
    }
    // What has been read is not read again.
    let is_last = batch.is_last;
    batch.compare(applier, memory, report).await?;
    Ok(is_last)
}

/// Computes the fields of a record.
pub(super) fn compute(
    record: &mut Record,
    bound: &Bound<'_>,
    sight: Sight<'_>,
) -> Result<(), Reason> {
    for ((slot, value), (_, expr)) in bound.fields.iter().zip(&bound.flow.target.fields) {
        let value = evaluate(value, &sight.of(record, None), &expr.at)?;
        record.values[*slot as usize] = value;
    }
    Ok(())
}

/// Records, and the rows that they are to be.
#[derive(Default)]
struct Batch {
    records: Vec<Record>,
    /// Of each record: it has a row to insert, has none by the flow's condition, or is left out.
    outcomes: Vec<Outcome>,
    /// Each of rows of the same columns.
    inserts: Vec<Insert>,
    /// Rows of the source that are no records.
    rejected: Vec<Rejected>,
    unchanged: u64,
    /// Two records have the same key or lead to the same row: which of them to leave out is not decided here.
    has_doubles: bool,
    is_last: bool,
}

impl Batch {
    fn note(&mut self, memory: &mut Memory, report: &mut FlowReport) -> Result<(), RunError> {
        report.counts.unchanged += self.unchanged;
        for rejected in self.rejected.drain(..) {
            run::reject(rejected, memory, report)?;
        }
        Ok(())
    }

    /// The rows are in the table.
    fn settle(
        mut self,
        write: &BoundWrite<'_>,
        intent: Intent,
        memory: &mut Memory,
        report: &mut FlowReport,
    ) -> Result<(), RunError> {
        self.note(memory, report)?;
        let rows = self.inserts.iter().map(|insert| insert.rows.len() as u64);
        let inserted: u64 = rows.sum();
        report.counts.rows_inserted += inserted;
        report.changes_total += inserted;
        self.show(write, report);
        let pairs = self.records.into_iter().zip(self.outcomes);
        let done = pairs.map(|(record, outcome)| Done {
            record,
            outcome,
            complete: true,
            state: None,
        });
        run::take(done, intent, memory, report)
    }

    /// The first changes of a run are shown.
    fn show(&self, write: &BoundWrite<'_>, report: &mut FlowReport) {
        if report.changes.len() >= CHANGES_KEPT {
            return;
        }
        let created = self.records.iter().zip(&self.outcomes);
        let mut keys = created.filter(|(_, outcome)| **outcome == Outcome::Created);
        // Rows of several kinds are grouped: their records are not in the order of the rows.
        let [insert] = self.inserts.as_slice() else {
            return;
        };
        for row in &insert.rows {
            if report.changes.len() >= CHANGES_KEPT {
                return;
            }
            let columns = insert.columns.iter().cloned().zip(row.iter().cloned());
            let op = Op::Insert {
                record: 0,
                columns: columns.collect(),
            };
            let key = keys.next().map(|(record, _)| record.key.clone());
            report.changes.push(RecordChange {
                key: key.unwrap_or_default(),
                change: shown(&op, write, false),
            });
        }
    }

    /// The rows are not in the table: the records go the ordinary way.
    async fn compare(
        mut self,
        applier: &mut Applier<'_>,
        memory: &mut Memory,
        report: &mut FlowReport,
    ) -> Result<(), RunError> {
        self.note(memory, report)?;
        run::apply(applier, self.records, memory, report).await
    }
}

/// How batches are made of what is read.
struct Gathering<'a, 'b> {
    write: &'a BoundWrite<'b>,
    bound: &'a Bound<'b>,
    expected: Option<&'a Expected<'b>>,
}

impl Gathering<'_, '_> {
    /// Reads a batch and computes its rows.
    async fn batch(
        &self,
        reader: &mut Reader<'_>,
        memory: &mut Memory,
        around: &Surroundings,
        records: usize,
    ) -> Result<Batch, RunError> {
        let bound = self.bound;
        let links = LinkCache::default();
        let sight = Sight {
            around,
            lookups: &bound.layout.lookups,
            links: &links,
        };
        let mut batch = Batch::default();
        let mut rows = Rows::new(self.write, self.expected);
        let mut hashes = HashSet::new();
        let mut bytes = 0;
        while batch.records.len() < records && bytes < BYTES {
            let mut record = match reader.next().await? {
                None => {
                    batch.is_last = true;
                    break;
                }
                Some(Item::Known(known)) => {
                    batch.unchanged += known;
                    continue;
                }
                Some(Item::Rejected(rejected)) => {
                    batch.rejected.push(rejected);
                    continue;
                }
                Some(Item::Record(record)) if memory.is_unchanged(&record) => {
                    batch.unchanged += 1;
                    continue;
                }
                Some(Item::Record(record)) => record,
            };
            batch.has_doubles |= !hashes.insert(record.hash);
            batch
                .outcomes
                .push(match rows.add(&mut record, bound, sight) {
                    Ok(true) => Outcome::Created,
                    Ok(false) => Outcome::Right,
                    Err(reason) => Outcome::Rejected(reason),
                });
            bytes += record.bytes();
            batch.records.push(*record);
            if batch.records.len().is_multiple_of(TURN) {
                tokio::task::yield_now().await;
            }
        }
        batch.has_doubles |= rows.has_doubles;
        batch.inserts = rows.inserts;
        Ok(batch)
    }
}

/// The rows of a batch while they are computed.
struct Rows<'w> {
    write: &'w BoundWrite<'w>,
    expected: Option<&'w Expected<'w>>,
    inserts: Vec<Insert>,
    /// Where the rows of these columns are.
    by_columns: HashMap<Vec<&'w str>, usize>,
    matched: HashSet<Vec<u8>>,
    has_doubles: bool,
}

impl<'w> Rows<'w> {
    fn new(write: &'w BoundWrite<'w>, expected: Option<&'w Expected<'w>>) -> Self {
        Rows {
            write,
            expected,
            inserts: Vec::new(),
            by_columns: HashMap::new(),
            matched: HashSet::new(),
            has_doubles: false,
        }
    }

    /// Adds the record's row; false if the flow's condition says that it has none.
    fn add(
        &mut self,
        record: &mut Record,
        bound: &Bound<'_>,
        sight: Sight<'_>,
    ) -> Result<bool, Reason> {
        compute(record, bound, sight)?;
        let view = sight.of(record, None);
        if !holds(self.write.condition.as_ref(), &view, &self.write.write.at)? {
            return Ok(false);
        }
        let key = match_values(self.write, record, &view)?;
        let mut bytes = Vec::new();
        key.iter()
            .flatten()
            .for_each(|value| value.encode(&mut bytes));
        self.has_doubles |= !self.matched.insert(bytes);
        let (columns, values) = new_cells(self.write, &view, key)?;
        if let Some(expected) = self.expected {
            expected.note_cells(record, &values);
        }
        let is_last = |last: &&Insert| last.columns.iter().eq(columns.iter());
        let at = match self.inserts.last().filter(is_last) {
            // Most rows have the columns of the one before.
            Some(_) => self.inserts.len() - 1,
            None => match self.by_columns.get(&columns) {
                Some(at) => *at,
                None => self.group(columns),
            },
        };
        self.inserts[at].rows.push(values);
        Ok(true)
    }

    fn group(&mut self, columns: Vec<&'w str>) -> usize {
        let names: Vec<String> = columns.iter().map(|name| (*name).to_owned()).collect();
        self.inserts.push(Insert {
            table: self.write.write.table.clone(),
            types: types_of(self.write, &names),
            columns: names,
            rows: Vec::new(),
            generated: None,
            distinct_by: Vec::new(),
        });
        let at = self.inserts.len() - 1;
        self.by_columns.insert(columns, at);
        at
    }
}

/// One transaction. Whatever fails inside leaves the table as it was, unless the answer to COMMIT is lost; then the
/// rows are found right when they are compared.
async fn insert(
    session: &mut dyn Session,
    guard: Option<&Guard>,
    generation: &NewGeneration,
    batch: &Batch,
    pace: &mut Pace,
) -> db::Result<()> {
    if batch.has_doubles {
        let why = "two records lead to one row";
        return Err(DbError::new(DbErrorKind::UniqueViolation, why));
    }
    if batch.inserts.is_empty() {
        return Ok(());
    }
    let asked = Instant::now();
    session.begin(Isolation::ReadCommitted).await?;
    pace.answered(asked.elapsed());
    let began = Instant::now();
    let work = async {
        if let Some(guard) = guard {
            guard.check(session).await?;
        }
        if !generation.is_set {
            generation.of.set(session, &generation.value).await?;
        }
        for insert in &batch.inserts {
            session.insert(insert).await?;
        }
        Ok(())
    };
    match work.await {
        Ok(()) => {
            session.commit().await.map_err(CommitError::into_error)?;
            pace.wrote(batch.records.len(), began.elapsed());
            Ok(())
        }
        Err(error) => {
            // A connection that broke has rolled back by itself.
            let _ = session.rollback().await;
            Err(error)
        }
    }
}
