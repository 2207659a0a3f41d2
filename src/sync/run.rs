//! A flow from its source to its target: the steps strung together.
//!
//! Crash points. Batches commit one by one; the snapshot moves last, in one rename. Killed before that, the next run
//! finds an older snapshot and compares again what was already written: nothing is lost, nothing is written twice,
//! since what is right is not written. Links lie in the target and commit with the rows they speak of.

use super::batch::needs::Awaited;
use super::batch::{Applier, Done, Intent, Outcome, rejected};
use super::bind::{BindError, Binder, Bound};
use super::erp_keys::ErpKeys;
use super::fill;
use super::find::Twin;
use super::gone::{self, Settled, WholeRun};
use super::lookup::Lookups;
use super::memory::{Memory, TargetIs};
use super::read::{Item, Reader, Selection, key_is_unique};
use super::record::{Record, Surroundings};
use super::report::{FlowReport, Reason, Rejected, WAITING_KEPT};
use super::snapshot::{KeyHash, Snapshot, SnapshotError};
use super::standing::{Expected, Standing, Stands};
use super::tree;
use super::watermark::{Mark, Watched};
use crate::connections::Connections;
use crate::db::query::Query;
use crate::db::{self, DbError, DbErrorKind, Session};
use crate::expr::Zone;
use crate::own::OwnTables;
use crate::own::decision::Decisions;
use crate::own::generation::Generation;
use crate::own::lease::Guard;
use crate::own::link::Links;
use crate::plan::{Find, Flow, PackFacts, Plan};
use crate::value::Value;
use std::collections::HashMap;

/// About so many bytes of values are in one batch, one transaction at most; [`super::pace`] says how many records.
const BATCH_BYTES: usize = 4 << 20;
/// Among what a flow of records that go both ways stands at.
pub const LINKED: &str = "linked_customers";
pub const PUT_BACK: &str = "put_back";
pub const BOTH_CHANGED: &str = "changed_on_both_sides";
/// Rows after which a run tells how far it is.
const TOLD_EVERY: u64 = 10_000;
/// Beyond so many rejected records something is wrong with the mapping, not with the rows.
const REJECTED_MAX: u64 = 100_000;

#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error(transparent)]
    Bind(#[from] BindError),
    #[error(transparent)]
    Database(#[from] DbError),
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    #[error("more than {REJECTED_MAX} records were rejected, the first because: {0}")]
    TooManyRejected(String),
    #[error(
        "the source yielded no row, but {known} of its records are in the target; nothing is taken for gone. Correct the query \
         or its login; if the source is meant to be empty: `ponte sync {flow} --allow-gone {known}`"
    )]
    EmptySource { flow: String, known: u64 },
}

/// What a run shall do.
#[derive(Debug, Clone, Default)]
pub struct Options {
    pub intent: Intent,
    /// Compare every record, not only those that changed since the last run.
    pub full: bool,
    pub selection: Selection,
    /// Nobody has accepted the shop's match yet: rows that are there are written, none is created.
    pub hold_new: bool,
    /// Compare rows that are the records' already, and nothing else: none is created, linked or taken for gone.
    pub verify: bool,
    /// So many gone records may pass the guard.
    pub allow_gone: Option<u64>,
}

impl Options {
    /// Part of the source only: such a run declares nothing gone and moves no snapshot.
    pub fn is_partial(&self) -> bool {
        !self.selection.only.is_empty() || self.selection.rows_max.is_some()
    }
}

/// Told after each batch.
pub type Progress<'a> = &'a (dyn Fn(&FlowReport) + Send + Sync);

/// Runs one flow.
///
/// # Errors
/// What stops a flow as a whole; what is wrong with single records is in the report.
pub async fn run(
    plan: &Plan,
    flow: &Flow,
    connections: &Connections,
    guard: Option<Guard>,
    options: &Options,
    progress: Progress<'_>,
) -> Result<FlowReport, RunError> {
    let source_engine = connections.engine(&flow.source.connection)?;
    let target_engine = connections.engine(&flow.target.connection)?;
    let mut source = source_engine.connect().await?;
    let mut target = target_engine.connect().await?;
    let pack = plan
        .connections
        .get(&flow.target.connection)
        .and_then(|connection| connection.pack.as_ref());
    let around = surroundings(target.as_mut(), pack, flow).await?;
    let find = find_of(plan, flow);
    let mut bound = Binder::new(source.as_mut(), target.as_mut(), &around.lookups)
        .bind(flow, find)
        .await?;
    if let Some(finder) = bound
        .finder
        .as_mut()
        .filter(|finder| !finder.then.is_empty())
    {
        let erp = ErpKeys::new(source_engine.clone(), bound.flow, &bound.key_types);
        finder.erp = Some(erp);
    }
    if let Some(finder) = &mut bound.finder {
        finder.twin = Twin::of(flow, connections)?;
    }
    let unique = key_is_unique(source.as_mut(), flow).await?;
    // What the other side has changed of such records shows in no row of the source.
    let both_ways = flow.target.both_ways.is_some();
    let options = &Options {
        full: options.full || both_ways,
        ..options.clone()
    };

    let mut report = FlowReport {
        flow: flow.name.clone(),
        ..FlowReport::default()
    };
    let own = connections.own(&flow.target.connection);
    let links = links_of(&bound, &own);
    let target_is = TargetIs {
        generation: Generation::new(&own, &flow.name)
            .read(target.as_mut())
            .await?,
        links: match &links {
            Some(links) => links.count(target.as_mut()).await?,
            None => 0,
        },
    };
    let mut memory = Memory::open(plan, flow, options, target_is, &mut report)?;
    memory.awaited = Awaited::read(target.as_mut(), &own, flow).await?;
    let revision = revision(target.as_mut(), flow, &own).await?;
    let seed = seed(flow, &around.lookups, revision);
    let keys = watch(
        plan,
        &bound,
        source.as_mut(),
        &seed,
        &mut memory,
        &mut report,
    )
    .await?;
    drop(source);
    memory.recall()?;
    let mut applier = Applier::new(
        &bound,
        target_engine,
        target,
        own,
        guard,
        around,
        options.intent,
    );
    applier.hold_new = options.hold_new;
    applier.known_only = options.verify;
    applier.hanging = hanging(plan, flow, &connections.own(&flow.target.connection));
    let is_whole = memory.is_whole() && !options.is_partial() && keys.is_none();
    let expected = Expected::of(&bound).filter(|_| !both_ways);
    let standing = match &expected {
        Some(expected) if is_whole => Standing::read(&mut applier, expected).await?,
        _ => None,
    };
    if let Some(standing) = &standing {
        memory.recall_standing(standing)?;
    }
    applier.expected = expected.as_ref();
    let mut reader = match &keys {
        Some(keys) => Reader::of_keys(&source_engine, &bound, keys, seed),
        None => {
            let known = &mut memory.known;
            Reader::start(
                &source_engine,
                &bound,
                &options.selection,
                unique,
                seed,
                known,
            )
        }
    };
    let standing_right = match bound.parent {
        Some(parent) => {
            tree::carry_over(
                &mut reader,
                parent,
                &mut applier,
                &mut memory,
                &mut report,
                progress,
            )
            .await?;
            0
        }
        None => {
            stream(
                &mut reader,
                &mut applier,
                standing.as_ref(),
                &mut memory,
                &mut report,
                progress,
            )
            .await?
        }
    };
    applier.wake().await?;
    memory.known = memory.known.take().or(reader.known.take());
    applier.wake().await?;
    report.counts.read = reader.rows;
    report.counts.duplicates += reader.duplicates;
    memory.cannot_retry(&reader.blanks);
    report.note_held(flow);
    if bound.layout.main_name.is_some()
        && reader.named == 0
        && !options.is_partial()
        && keys.is_none()
    {
        report.note_nameless(flow);
    }
    let its_links = links.as_ref();
    gone::settle_told(
        &mut applier,
        &mut memory,
        its_links,
        reader.other.as_deref(),
        options,
        &mut report,
        progress,
    )
    .await?;
    let merged = memory.merge()?;
    let mut settled = Settled::default();
    // A run by timestamp looked at a part of the source only.
    if let Some(merged) = merged.as_ref().filter(|_| keys.is_none()) {
        let run = WholeRun {
            merged,
            rest: &memory.rest,
            before: memory.old.as_ref().map(Snapshot::len),
            is_believed: memory.provenance.is_some(),
            query_changed: memory.query_changed(),
            has_no_other_rows: standing
                .as_ref()
                .is_some_and(|standing| standing.are_all(standing_right)),
            links: links.as_ref(),
            options,
        };
        settled = gone::settle(&mut applier, run, &mut report, progress).await?;
    }
    applier.settle_groups(&mut report).await?;
    let links = match &links {
        Some(links) => links.count(applier.session.as_mut()).await?,
        None => 0,
    };
    let generation = applier
        .generation
        .is_set
        .then_some(applier.generation.value);
    memory.finish(options, merged, settled, generation, links, &mut report)?;
    if both_ways {
        report.standing.insert(LINKED, links);
        report.standing.insert(PUT_BACK, report.overruled.put_back);
        report.standing.insert(BOTH_CHANGED, report.overruled.both);
    }
    progress(&report);
    Ok(report)
}

/// Asks a flow that goes by timestamp what has changed: the keys to read, unless it is the whole source. Only runs that
/// move the snapshot go by it; the others look at the source as it is.
async fn watch(
    plan: &Plan,
    bound: &Bound<'_>,
    source: &mut dyn Session,
    seed: &[u8; 32],
    memory: &mut Memory,
    report: &mut FlowReport,
) -> Result<Option<Vec<Value>>, RunError> {
    let from = &bound.flow.source;
    let (Some(watermark), Some(by)) = (&from.watermark, &from.by_timestamp) else {
        return Ok(None);
    };
    if !memory.moves() {
        return Ok(None);
    }
    let pack = plan
        .connections
        .get(&from.connection)
        .and_then(|connection| connection.pack.as_ref());
    let watched = Watched::look(source, bound.flow, watermark, pack).await?;
    let old = memory.old.as_ref();
    let old = old.and_then(|snapshot| Mark::read(snapshot.mark()));
    let mut old = old;
    let awaited = &memory.awaited;
    let too_many = old.as_mut().is_some_and(|mark| {
        !awaited.is_named() || !awaited.named.iter().all(|key| mark.retry(key))
    });
    let whole = memory.is_whole() || too_many;
    let start = watched.start(source, bound, by, seed, old, whole).await?;
    if let Some(why) = start.whole_because {
        report
            .notes
            .push(format!("the whole source was read: {why}"));
    }
    if let Some(keys) = &start.keys {
        let texts = keys.iter().map(|key| key.plain().trim().to_owned());
        let texts: Vec<String> = texts.collect();
        memory.patch(start.told);
        report.since = start.since;
        report.looked_at = Some(texts.into_iter().collect());
    }
    memory.mark = start.mark;
    Ok(start.keys)
}

/// How often a person has changed links of the shop: it goes into every fingerprint, so that all records are looked at
/// again.
async fn revision(target: &mut dyn Session, flow: &Flow, own: &OwnTables) -> Result<i64, DbError> {
    match &flow.shop {
        Some(shop) => Decisions::new(own, shop, "").revision(target).await,
        None => Ok(0),
    }
}

/// The flows whose records hang on this one's rows.
fn hanging(plan: &Plan, flow: &Flow, own: &OwnTables) -> Vec<Generation> {
    let of_shop = plan.flows.iter().filter(|other| other.shop == flow.shop);
    of_shop
        .filter(|other| flow.record.is_some() && other.target.of == flow.record)
        .map(|other| Generation::new(own, &other.name))
        .collect()
}

/// The links that the flow's records have themselves.
fn links_of(bound: &Bound<'_>, own: &OwnTables) -> Option<Links> {
    let finder = bound.finder.as_ref().filter(|finder| !finder.hangs)?;
    let shop = bound.flow.shop.as_deref().unwrap_or_default();
    Some(Links::new(own, shop, &finder.record))
}

/// The flow's own `find`, or that of the record it hangs on.
pub fn find_of<'p>(plan: &'p Plan, flow: &'p Flow) -> Option<&'p Find> {
    match &flow.target.of {
        None => flow.target.find.as_ref(),
        Some(of) => {
            let same_shop = plan.flows.iter().filter(|other| other.shop == flow.shop);
            same_shop
                .filter(|other| other.record.as_ref() == Some(of))
                .find_map(|other| other.target.find.as_ref())
        }
    }
}

/// Small tables, time and zone of the target.
pub async fn surroundings(
    target: &mut dyn Session,
    pack: Option<&PackFacts>,
    flow: &Flow,
) -> Result<Surroundings, DbError> {
    let lets = pack.map_or(&[][..], |pack| &pack.lets);
    let lookups = Lookups::read(target, lets).await?.with(&flow.target.tables);
    let zone = match pack.and_then(|pack| pack.local_zone.as_ref().or(pack.zone.as_ref())) {
        Some(sql) => read_zone(target, &sql.text).await?,
        None => Zone::UTC,
    };
    Ok(Surroundings {
        lookups,
        now: crate::own::now(target).await?,
        zone,
        anew: false,
    })
}

/// The zone that a pack's query names.
pub(crate) async fn read_zone(session: &mut dyn Session, sql: &str) -> Result<Zone, DbError> {
    let rows = db::fetch(session, &Query::sql(sql)).await?;
    let text = rows
        .first()
        .map_or(String::new(), |row| row[0].plain().into_owned());
    text.parse().map_err(|error| {
        DbError::new(
            DbErrorKind::Other,
            format!("the database's time zone: {error}"),
        )
    })
}

/// Everything but the row that decides what is written: files, overrides, small tables.
fn seed(flow: &Flow, lookups: &Lookups, revision: i64) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&flow.digest);
    hasher.update(&lookups.digest());
    hasher.update(&revision.to_le_bytes());
    *hasher.finalize().as_bytes()
}

/// Records in the order of the source. Returns how many of them were found to stand in the target as they should.
async fn stream(
    reader: &mut Reader<'_>,
    applier: &mut Applier<'_>,
    standing: Option<&Standing<'_>>,
    memory: &mut Memory,
    report: &mut FlowReport,
    progress: Progress<'_>,
) -> Result<u64, RunError> {
    if fill::is_for(applier).await? && fill::fill(reader, applier, memory, report, progress).await?
    {
        return Ok(0);
    }
    let mut standing_right = 0;
    let mut batch = Vec::new();
    let mut bytes = 0;
    let mut told = 0;
    while let Some(item) = reader.next().await? {
        match item {
            Item::Rejected(rejected) => reject(rejected, memory, report)?,
            Item::Known(rows) => {
                *known(report, standing) += rows;
                standing_right += rows;
            }
            Item::Record(record) if memory.is_unchanged(&record) => {
                *known(report, standing) += 1;
                standing_right += 1;
            }
            Item::Record(mut record) => {
                let stands = standing.map_or(Stands::Unclear, |standing| {
                    standing.judge(&mut record, applier.bound, &applier.around)
                });
                if stands == Stands::Unclear {
                    bytes += record.bytes();
                    batch.push(*record);
                } else {
                    report.counts.right += 1;
                    standing_right += u64::from(stands == Stands::Right);
                    memory.carried_over(&record)?;
                }
            }
        }
        report.counts.read = reader.rows;
        if batch.len() >= applier.pace.records() || bytes >= BATCH_BYTES {
            bytes = 0;
            apply(applier, std::mem::take(&mut batch), memory, report).await?;
            progress(report);
        } else if reader.rows >= told + TOLD_EVERY {
            told = reader.rows;
            progress(report);
        }
    }
    apply(applier, batch, memory, report).await?;
    Ok(standing_right)
}

/// Where a record that is known counts: what is known to stand as it should has been compared.
fn known<'r>(report: &'r mut FlowReport, standing: Option<&Standing<'_>>) -> &'r mut u64 {
    match standing {
        Some(_) => &mut report.counts.right,
        None => &mut report.counts.unchanged,
    }
}

pub(super) fn reject(
    rejected: Rejected,
    memory: &mut Memory,
    report: &mut FlowReport,
) -> Result<(), RunError> {
    memory.left(rejected.hash, &rejected.key);
    report.reject(rejected);
    let of_themselves = report.rejected.len() as u64 - report.counts.waiting.min(WAITING_KEPT);
    if of_themselves > REJECTED_MAX {
        let first = report
            .rejected
            .first()
            .map_or_else(String::new, |first| first.reason.to_string());
        return Err(RunError::TooManyRejected(first));
    }
    Ok(())
}

/// Leaves out records whose keys differ only in blanks around them: their server may hold them apart, ponte does not.
fn without_doubles(
    mut batch: Vec<Record>,
    memory: &mut Memory,
    report: &mut FlowReport,
) -> Result<Vec<Record>, RunError> {
    let mut times: HashMap<KeyHash, u64> = HashMap::with_capacity(batch.len());
    for record in &batch {
        *times.entry(record.hash).or_default() += 1;
    }
    if times.len() == batch.len() {
        return Ok(batch);
    }
    let mut doubles: HashMap<KeyHash, Rejected> = HashMap::new();
    batch.retain(|record| {
        let is_double = times.get(&record.hash).is_some_and(|times| *times > 1);
        if is_double {
            doubles.insert(record.hash, rejected(record, Reason::Duplicate));
        }
        !is_double
    });
    for (hash, double) in doubles {
        report.counts.duplicates += times.get(&hash).map_or(0, |times| times - 1);
        reject(double, memory, report)?;
    }
    Ok(batch)
}

pub(super) async fn apply(
    applier: &mut Applier<'_>,
    batch: Vec<Record>,
    memory: &mut Memory,
    report: &mut FlowReport,
) -> Result<(), RunError> {
    let batch = without_doubles(batch, memory, report)?;
    if batch.is_empty() {
        return Ok(());
    }
    let mut done = applier.apply(batch, report).await?;
    if let Some(expected) = applier.expected {
        for done in &mut done {
            expected.note(&mut done.record, applier.bound, &applier.around);
        }
    }
    take(done, applier.intent, memory, report)
}

/// Counts what became of records, and remembers what was carried over.
pub(super) fn take(
    done: impl IntoIterator<Item = Done>,
    intent: Intent,
    memory: &mut Memory,
    report: &mut FlowReport,
) -> Result<(), RunError> {
    for done in done {
        let record = &done.record;
        let would_link = matches!(
            done.outcome,
            Outcome::Created | Outcome::Changed | Outcome::Linked
        );
        match done.outcome {
            Outcome::Rejected(reason) => {
                reject(rejected(record, reason), memory, report)?;
                continue;
            }
            Outcome::Right => report.counts.right += 1,
            Outcome::Created => report.counts.created += 1,
            Outcome::Changed => report.counts.changed += 1,
            Outcome::Linked => report.counts.linked += 1,
            Outcome::Unknown => report.counts.not_linked += 1,
        }
        if let (true, Some(written)) = (done.outcome != Outcome::Right, &mut memory.written) {
            written.push(record.hash);
        }
        if intent == Intent::DryRun && would_link {
            report.planned.push(record.key.clone());
        }
        match done.complete {
            true => memory.carried_over(record)?,
            // A part waits for another record: it is compared again in the next run.
            false => {
                report.counts.incomplete += 1;
                memory.left(record.hash, &record.key);
            }
        }
    }
    Ok(())
}

/// Holds a flow against the live databases without running it.
pub async fn bind<'p>(
    plan: &'p Plan,
    flow: &'p Flow,
    source: &mut dyn Session,
    target: &mut dyn Session,
) -> Result<Bound<'p>, RunError> {
    let pack = plan
        .connections
        .get(&flow.target.connection)
        .and_then(|connection| connection.pack.as_ref());
    let around = surroundings(target, pack, flow).await?;
    Ok(Binder::new(source, target, &around.lookups)
        .bind(flow, find_of(plan, flow))
        .await?)
}
