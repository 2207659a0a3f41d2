//! Records that the source no longer has, looked for after a run over the whole source that came to its end.
//!
//! A record with a link is gone when no key of the source is its key: the links are read in chunks and looked up in the
//! snapshot that the run has just made, so a lost state folder hides nothing. Keys that were rejected or wait are in
//! the source all the same. A flow without links knows what is gone from its snapshots alone; its rows are found by
//! reading the table's key columns, and only when something is gone.
//!
//! A run by changes that SQL Server tracks knows of a part of the source only, but is told of deletes: what it was told to have
//! changed, asked for and did not get is gone; not where the source yields another key than it was asked for, since it may hold `a` and `A` for
//! equal.
//!
//! Before anything is done the guard counts: too many at once are mostly an edited filter or half an import.

use super::batch::{Applier, Outcome, rejected};
use super::bind::Bound;
use super::known::{IN_MEMORY_MAX, head};
use super::links::LinkCache;
use super::memory::Memory;
use super::read::{key_hash, trimmed};
use super::record::{Record, key_text};
use super::report::{FlowReport, Guarded};
use super::run::{Options, Progress, RunError};
use super::snapshot::{KeyHash, Merged, Snapshot, SnapshotError};
use super::work::{Sight, evaluate};
use crate::db::Session;
use crate::db::query::{Query, TableName};
use crate::own::link::Links;
use crate::plan::GonePolicy;
use crate::value::{Type, Value, convert};
use futures_util::TryStreamExt;
use std::collections::HashSet;

/// Links read at once; only their keys.
const LINKS: usize = 5000;
/// Records looked at at once.
const BATCH: usize = 500;
/// Gone rows of a table that are dealt with in one run; the next run goes on.
const ROWS_MAX: usize = 100_000;
/// Keys that a report names.
const KEYS_NAMED: usize = 100;

/// What a run over the whole source knows.
pub struct WholeRun<'a> {
    pub merged: &'a Merged,
    pub rest: &'a HashSet<KeyHash>,
    /// Entries of the snapshot before; `None` if there was none.
    pub before: Option<u64>,
    /// The snapshot before speaks of this target.
    pub is_believed: bool,
    pub query_changed: bool,
    /// The table has no rows but those of the source's records.
    pub has_no_other_rows: bool,
    pub links: Option<&'a Links>,
    pub options: &'a Options,
}

/// What the snapshot has to keep in mind.
#[derive(Debug, Default)]
pub struct Settled {
    /// Gone keys that are known from the snapshot alone and were not dealt with.
    pub keeps_gone: bool,
    pub is_guarded: bool,
}

/// Deals with what is gone, by the flow's policy.
///
/// # Errors
/// Those of the database, and `EmptySource`.
pub async fn settle(
    applier: &mut Applier<'_>,
    run: WholeRun<'_>,
    report: &mut FlowReport,
    progress: Progress<'_>,
) -> Result<Settled, RunError> {
    let flow = applier.bound.flow;
    let Some(source) = run.merged.snapshot()? else {
        return Ok(Settled::default());
    };
    let mut keys = Keys {
        source,
        rest: run.rest,
    };
    let mut settling = Settling {
        applier,
        query_changed: run.query_changed,
        options: run.options,
        report,
        progress,
    };
    if let Some(links) = run.links {
        settling.linked(links, &mut keys).await
    } else if flow.record.is_none() {
        settling.rows(&run, &mut keys).await
    } else {
        // What hangs on another record's row goes with that.
        settling.report.counts.gone = run.merged.finished.gone;
        Ok(Settled::default())
    }
}

/// The same of what tracked changes told, after a run by them. What is not dealt with is told to the next run. `other`: a key that
/// the source holds for equal to one of them and writes in another way. It tells of none then which row was its.
///
/// # Errors
/// As [`settle`].
pub async fn settle_told(
    applier: &mut Applier<'_>,
    memory: &mut Memory,
    links: Option<&Links>,
    other: Option<&str>,
    options: &Options,
    report: &mut FlowReport,
    progress: Progress<'_>,
) -> Result<(), RunError> {
    if let Some(other) = other {
        if memory.tell_nothing() {
            report.notes.push(format!(
                "the watermark tells keys in another way than the source writes them (`{other}`): what has changed or is gone of \
                 them is left to the next run over the whole source"
            ));
        }
        return Ok(());
    }
    // Without links only what was carried over before is known.
    let gone = memory.not_yielded(links.is_none())?;
    let known = memory.old.as_ref().map_or(0, Snapshot::len);
    let mut settling = Settling {
        applier,
        query_changed: memory.query_changed(),
        options,
        report,
        progress,
    };
    let unsettled = match gone.is_empty() {
        true => gone,
        false => settling.told(gone, known, links).await?,
    };
    memory.forget(&unsettled);
    Ok(())
}

/// Every key of the source, carried over or not.
struct Keys<'a> {
    source: Snapshot,
    rest: &'a HashSet<KeyHash>,
}

impl Keys<'_> {
    fn has(&mut self, key: &KeyHash) -> Result<bool, SnapshotError> {
        Ok(self.rest.contains(key) || self.source.get(key)?.is_some())
    }

    /// Eight bytes of each key that was carried over, in order: for a table's rows, which come in any order, so that most
    /// of them would have a block of the file read. None of too many keys.
    fn heads(&self) -> Result<Vec<u64>, SnapshotError> {
        if self.source.len() > IN_MEMORY_MAX {
            return Ok(Vec::new());
        }
        let entries = self.source.all()?;
        entries.map(|entry| Ok(head(&entry?.0))).collect()
    }
}

struct Settling<'s, 'b> {
    applier: &'s mut Applier<'b>,
    query_changed: bool,
    options: &'s Options,
    report: &'s mut FlowReport,
    progress: Progress<'s>,
}

impl Settling<'_, '_> {
    fn policy(&self) -> GonePolicy {
        self.applier.bound.flow.target.gone.policy
    }

    /// A source without any row is a login that may see none, or a filter gone wrong, far more often than it is true.
    fn refuse_empty(&self, known: u64) -> Result<(), RunError> {
        let lets_pass = self.options.allow_gone == Some(known);
        if self.report.counts.read == 0 && known > 0 && !lets_pass {
            return Err(RunError::EmptySource {
                flow: self.applier.bound.flow.name.clone(),
                known,
            });
        }
        Ok(())
    }

    async fn linked(&mut self, links: &Links, keys: &mut Keys<'_>) -> Result<Settled, RunError> {
        let total = links.count(self.applier.session.as_mut()).await?;
        self.refuse_empty(total)?;
        let mut walk = Walk::new(links);
        let mut count = 0;
        let mut named = Vec::new();
        while let Some(gone) = walk.next(self.applier.session.as_mut(), keys).await? {
            self.tell(&gone);
            count += self.count(&gone, &mut named).await?;
        }
        if self.stops(count, total, named) {
            return Ok(Settled {
                keeps_gone: false,
                is_guarded: true,
            });
        }
        if count > 0 && !self.options.verify {
            let mut walk = Walk::new(links);
            while let Some(gone) = walk.next(self.applier.session.as_mut(), keys).await? {
                self.apply(&gone).await?;
            }
        }
        Ok(Settled::default())
    }

    /// What tracked changes told; `known`: how many records were carried over before. Returns what was not dealt with.
    async fn told(
        &mut self,
        told: Vec<String>,
        known: u64,
        links: Option<&Links>,
    ) -> Result<Vec<String>, RunError> {
        let flow = self.applier.bound.flow;
        let (gone, known) = match links {
            Some(links) => {
                let session = self.applier.session.as_mut();
                let mut gone = Vec::new();
                for keys in told.chunks(BATCH) {
                    let linked = links.of(session, keys).await?;
                    gone.extend(keys.iter().filter(|key| linked.contains_key(*key)).cloned());
                }
                (gone, links.count(session).await?)
            }
            None => (told, known),
        };
        self.tell(&gone);
        // What hangs on another record's row goes with that, and without links a row must be told by its key alone.
        let is_found =
            links.is_some() || flow.record.is_none() && TableRows::of(self.applier).is_some();
        let acts = self.policy() != GonePolicy::Keep && is_found;
        if !acts {
            return Ok(Vec::new());
        }
        if gone.len() as u64 == known {
            self.refuse_empty(known)?;
        }
        let mut named = Vec::new();
        let count = self.count(&gone, &mut named).await?;
        if self.stops(count, known, named) {
            return Ok(gone);
        }
        match count {
            0 => Ok(Vec::new()),
            _ => self.apply(&gone).await,
        }
    }

    fn tell(&mut self, gone: &[String]) {
        self.report.counts.gone += gone.len() as u64;
        let room = KEYS_NAMED.saturating_sub(self.report.gone_keys.len());
        let named = gone.iter().take(room).cloned();
        self.report.gone_keys.extend(named);
    }

    /// How many of these something would be done about; the first of them are named.
    async fn count(&mut self, gone: &[String], named: &mut Vec<String>) -> Result<u64, RunError> {
        if self.policy() == GonePolicy::Keep {
            return Ok(0);
        }
        let mut count = 0;
        for gone in gone.chunks(BATCH) {
            let acting = self.applier.would_touch(self.records(gone)).await?;
            count += acting.len() as u64;
            let room = KEYS_NAMED.saturating_sub(named.len());
            named.extend(acting.into_iter().take(room));
        }
        Ok(count)
    }

    fn records(&self, keys: &[String]) -> Vec<Record> {
        keys.iter()
            .map(|key| self.applier.gone_record(key))
            .collect()
    }

    /// Whether so many of so many are for a person to let pass.
    fn stops(&mut self, count: u64, of: u64, keys: Vec<String>) -> bool {
        if self.options.verify {
            self.report.counts.gone_active = count;
            return false;
        }
        let guard = self.applier.bound.flow.target.gone.guard;
        let is_much = count > u64::from(guard.rows)
            && u128::from(count) * 100 > u128::from(of) * u128::from(guard.percent);
        if !is_much || self.options.allow_gone == Some(count) {
            return false;
        }
        self.report.counts.guarded = count;
        self.report.guarded = Some(Guarded {
            flow: self.applier.bound.flow.name.clone(),
            count,
            of,
            percent: guard.percent,
            rows: guard.rows,
            query_changed: self.query_changed,
            keys,
        });
        true
    }

    /// Returns the keys of those about which nothing could be done.
    async fn apply(&mut self, mut gone: &[String]) -> Result<Vec<String>, RunError> {
        let mut failed = Vec::new();
        while !gone.is_empty() {
            let records = gone.len().min(self.applier.pace.records());
            let (now, later) = gone.split_at(records);
            gone = later;
            let records = self.records(now);
            let deletes = self.policy() == GonePolicy::Delete;
            for done in self.applier.apply_gone(records, self.report).await? {
                let counts = &mut self.report.counts;
                match done.outcome {
                    Outcome::Rejected(reason) => {
                        counts.gone_failed += 1;
                        failed.push(done.record.key.clone());
                        self.report.rejected.push(rejected(&done.record, reason));
                    }
                    Outcome::Changed if deletes => counts.deleted += 1,
                    Outcome::Changed => counts.deactivated += 1,
                    _ => {}
                }
            }
            (self.progress)(self.report);
        }
        Ok(failed)
    }

    /// A flow without links.
    async fn rows(&mut self, run: &WholeRun<'_>, keys: &mut Keys<'_>) -> Result<Settled, RunError> {
        let WholeRun { merged, before, .. } = *run;
        let gone = merged.finished.gone;
        self.report.counts.gone = gone;
        let acts = self.policy() != GonePolicy::Keep;
        if acts {
            self.refuse_empty(before.unwrap_or(0))?;
        }
        // Surplus rows are looked for where they could be taken for rows that this flow should have removed.
        let looks = self.options.verify || acts && !(run.is_believed && before.is_some());
        let lists = looks && !run.has_no_other_rows;
        let changes = acts && gone > 0;
        if !lists && !changes {
            return Ok(Settled::default());
        }
        let Some(rows) = TableRows::of(self.applier) else {
            return Ok(Settled::default());
        };
        let mut carried_over = merged.gone()?.filter(|gone| !gone.is_empty());
        let heads = match lists {
            true => keys.heads()?,
            false => Vec::new(),
        };
        let mut found = Vec::new();
        let mut stream = self.applier.session.read(&rows.query()).await?;
        let mut is_whole = true;
        while let Some(batch) = stream.try_next().await? {
            for row in batch.rows {
                let key = rows.key(&row);
                let hash = key_hash(&key);
                let was_ours = match &mut carried_over {
                    Some(snapshot) => snapshot.get(&hash)?.is_some(),
                    None => false,
                };
                if was_ours {
                    match acts && found.len() < ROWS_MAX {
                        true => found.push(key),
                        false => is_whole = !acts,
                    }
                } else if lists && heads.binary_search(&head(&hash)).is_err() && !keys.has(&hash)? {
                    self.report.counts.extra += 1;
                    if self.report.extra_keys.len() < KEYS_NAMED {
                        self.report.extra_keys.push(key);
                    }
                }
            }
        }
        drop(stream);
        self.tell_extra();
        let mut named = Vec::new();
        let count = self.count(&found, &mut named).await?;
        if self.stops(count, before.unwrap_or(0), named) {
            return Ok(Settled {
                keeps_gone: true,
                is_guarded: true,
            });
        }
        if count > 0 && !self.options.verify {
            self.apply(&found).await?;
        }
        Ok(Settled {
            // A row that could not be dealt with is gone in the next run, too.
            keeps_gone: !is_whole || self.report.counts.gone_failed > 0,
            is_guarded: false,
        })
    }

    fn tell_extra(&mut self) {
        let extra = self.report.counts.extra;
        if extra == 0 || self.options.verify {
            return;
        }
        let keys = &self.report.extra_keys;
        let shown: Vec<String> = keys
            .iter()
            .take(10)
            .map(|key| key.replace('\t', " / "))
            .collect();
        let more = if extra > shown.len() as u64 {
            ", …"
        } else {
            ""
        };
        self.report.notes.push(format!(
            "{extra} rows of the target are not in the source: {}{more}. They are left alone, since it is not known any more \
             which rows were carried over",
            shown.join(", ")
        ));
    }
}

/// The keys of links that the source does not have.
struct Walk<'a> {
    links: &'a Links,
    behind: String,
}

impl<'a> Walk<'a> {
    fn new(links: &'a Links) -> Self {
        Walk {
            links,
            behind: String::new(),
        }
    }

    /// Those among the next links, maybe none; `None` at the end.
    async fn next(
        &mut self,
        session: &mut dyn Session,
        keys: &mut Keys<'_>,
    ) -> Result<Option<Vec<String>>, RunError> {
        let linked = self.links.keys_behind(session, &self.behind, LINKS).await?;
        let Some(last) = linked.last() else {
            return Ok(None);
        };
        self.behind = last.clone();
        let mut gone = Vec::new();
        for key in linked {
            if !keys.has(&key_hash(&key))? {
                gone.push(key);
            }
        }
        Ok(Some(gone))
    }
}

/// How the key of a source's row is read from the target's: from columns that are matched by nothing but a key column.
struct TableRows<'b> {
    bound: &'b Bound<'b>,
    table: &'b TableName,
    /// The target's column of each of the key's.
    columns: Vec<String>,
    /// Columns matched by constants: only these rows are the flow's.
    constants: Vec<(String, Value)>,
}

impl<'b> TableRows<'b> {
    /// `None` if the key cannot be read from the target.
    fn of(applier: &Applier<'b>) -> Option<Self> {
        let bound = applier.bound;
        let write = bound.writes.first()?;
        let plain = write.write.matches.iter();
        let matched: Vec<(&str, &str)> = plain
            .map(|one| (one.column.as_str(), one.expr.text.trim()))
            .collect();
        let key = &bound.flow.source.key;
        let column = |name: &String| {
            let found = matched.iter().find(|(_, text)| text == name);
            found.map(|(column, _)| (*column).to_owned())
        };
        let columns: Vec<String> = key.iter().map(column).collect::<Option<_>>()?;
        let links = LinkCache::default();
        let sight = Sight {
            around: &applier.around,
            lookups: &bound.layout.lookups,
            links: &links,
        };
        let nothing = applier.gone_record("");
        let view = sight.of(&nothing, None);
        let mut constants = Vec::new();
        for (one, bound) in write.write.matches.iter().zip(&write.matches) {
            if columns.contains(&one.column) {
                continue;
            }
            if !one.expr.names().is_empty() {
                return None;
            }
            let value = evaluate(&bound.value, &view, &one.at).ok()?;
            constants.push((one.column.clone(), convert(value, &bound.ty).ok()?));
        }
        Some(TableRows {
            bound,
            table: &write.write.table,
            columns,
            constants,
        })
    }

    fn query(&self) -> Query {
        let mut query = Query::sql("SELECT ")
            .idents(&self.columns)
            .text(" FROM ")
            .table(self.table);
        for (at, (column, value)) in self.constants.iter().enumerate() {
            query = query
                .text(if at == 0 { " WHERE " } else { " AND " })
                .ident(column)
                .text(" = ")
                .value(value.clone());
        }
        query
    }

    /// As the source would write it.
    fn key(&self, row: &[Value]) -> String {
        let values = row.iter().zip(&self.bound.key_types);
        let values = values.map(|(value, ty)| match ty {
            Type::Other(_) => value.clone(),
            ty => convert(value.clone(), ty).unwrap_or_else(|_| value.clone()),
        });
        key_text(&trimmed(values.collect()))
    }
}
