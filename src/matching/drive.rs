//! A flow carried out without writing, every record shown with what would become of it.
//!
//! It is the engine's own look, so that a match says what a run does. Of a tree the links that a run would have made of
//! the level above are assumed, so that the level below is looked for under them.

use crate::connections::Connections;
use crate::plan::{Flow, Plan};
use crate::sync::batch::{Applier, Done, Intent, rejected};
use crate::sync::bind::{Binder, Bound};
use crate::sync::erp_keys::ErpKeys;
use crate::sync::find::Twin;
use crate::sync::layout::ANCESTORS;
use crate::sync::links::Assumed;
use crate::sync::read::{Item, Reader, Selection, key_is_unique};
use crate::sync::record::{Existing, Record};
use crate::sync::report::{FlowReport, Reason, Rejected};
use crate::sync::run::{RunError, find_of, surroundings};
use crate::sync::tree::{levels, tree_fits};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Records of one batch ...
const BATCH_RECORDS: usize = 500;
/// ... and about so many bytes of values.
const BATCH_BYTES: usize = 4 << 20;

/// Told of every record.
pub trait Watch: Send {
    fn begin(&mut self, bound: &Bound<'_>);
    fn done(&mut self, bound: &Bound<'_>, done: &Done);
    fn rejected(&mut self, rejected: &Rejected);
}

/// Rows that the source yielded, and those of them with the key of one before.
pub struct Driven {
    pub rows: u64,
    pub duplicates: u64,
}

/// # Errors
/// As those of a run.
pub async fn drive(
    plan: &Plan,
    flow: &Flow,
    connections: &Connections,
    assumed: &mut Assumed,
    watch: &mut dyn Watch,
) -> Result<Driven, RunError> {
    let source_engine = connections.engine(&flow.source.connection)?;
    let target_engine = connections.engine(&flow.target.connection)?;
    let mut source = source_engine.connect().await?;
    let mut target = target_engine.connect().await?;
    let pack = plan
        .connections
        .get(&flow.target.connection)
        .and_then(|connection| connection.pack.as_ref());
    let around = surroundings(target.as_mut(), pack, flow).await?;
    let mut bound = Binder::new(source.as_mut(), target.as_mut(), &around.lookups)
        .bind(flow, find_of(plan, flow))
        .await?;
    if let Some(finder) = &mut bound.finder {
        let erp = ErpKeys::new(source_engine.clone(), flow, &bound.key_types);
        finder.erp = Some(erp);
        finder.twin = Twin::of(flow, connections)?;
    }
    let unique = key_is_unique(source.as_mut(), flow).await?;
    drop(source);
    watch.begin(&bound);
    let selection = Selection::default();
    let mut reader = Reader::start(
        &source_engine,
        &bound,
        &selection,
        unique,
        [0; 32],
        &mut None,
    );
    let own = connections.own(&flow.target.connection);
    let intent = Intent::DryRun;
    let mut applier = Applier::new(&bound, target_engine, target, own, None, around, intent);
    applier.assumed = std::mem::take(assumed);
    let mut driver = Driver {
        applier,
        watch,
        report: FlowReport::default(),
        duplicates: 0,
    };
    match bound.parent {
        Some(parent) => driver.tree(&mut reader, parent).await?,
        None => driver.stream(&mut reader).await?,
    }
    *assumed = std::mem::take(&mut driver.applier.assumed);
    Ok(Driven {
        rows: reader.rows,
        duplicates: reader.duplicates + driver.duplicates,
    })
}

struct Driver<'d, 'b> {
    applier: Applier<'b>,
    watch: &'d mut dyn Watch,
    /// What a dry run would show; nobody looks at it.
    report: FlowReport,
    duplicates: u64,
}

impl Driver<'_, '_> {
    async fn stream(&mut self, reader: &mut Reader<'_>) -> Result<(), RunError> {
        let mut batch = Vec::new();
        let mut bytes = 0;
        while let Some(item) = reader.next().await? {
            match item {
                Item::Rejected(rejected) => self.watch.rejected(&rejected),
                // Nothing is known to this reader.
                Item::Known(_) => {}
                Item::Record(record) => {
                    bytes += record.bytes();
                    batch.push(*record);
                }
            }
            if batch.len() >= BATCH_RECORDS || bytes >= BATCH_BYTES {
                bytes = 0;
                self.apply(std::mem::take(&mut batch)).await?;
            }
        }
        self.apply(batch).await
    }

    async fn tree(&mut self, reader: &mut Reader<'_>, parent: usize) -> Result<(), RunError> {
        let mut records = Vec::new();
        while let Some(item) = reader.next().await? {
            match item {
                Item::Rejected(rejected) => self.watch.rejected(&rejected),
                // Nothing is known to this reader.
                Item::Known(_) => {}
                Item::Record(record) => records.push(record),
            }
            tree_fits(records.len(), &self.applier.bound.flow.name)?;
        }
        let (levels, cyclic) = levels(records, parent);
        for rejected in &cyclic {
            self.watch.rejected(rejected);
        }
        let child = self.applier.bound.layout.child(ANCESTORS);
        let mut above: HashMap<String, Vec<Arc<str>>> = HashMap::new();
        for level in levels {
            let mut batch = Vec::new();
            for mut record in level {
                let parent = record.values[parent].plain();
                let further = above.get(parent.as_ref()).into_iter().flatten().cloned();
                let nearest = (!parent.is_empty()).then(|| Arc::from(parent.as_ref()));
                let ancestors: Vec<Arc<str>> = nearest.into_iter().chain(further).collect();
                record.add_ancestors(child, &ancestors);
                above.insert(record.key.clone(), ancestors);
                batch.push(*record);
            }
            while !batch.is_empty() {
                let rest = batch.split_off(batch.len().min(BATCH_RECORDS));
                self.apply(std::mem::replace(&mut batch, rest)).await?;
            }
        }
        Ok(())
    }

    async fn apply(&mut self, batch: Vec<Record>) -> Result<(), RunError> {
        let batch = self.without_doubles(batch);
        if batch.is_empty() {
            return Ok(());
        }
        let bound = self.applier.bound;
        // Only a tree is small enough to be kept, and only what hangs below needs it.
        let is_tree = bound.parent.is_some();
        for done in self.applier.apply(batch, &mut self.report).await? {
            if let (true, Some((Existing::Found { .. }, Some(link)))) = (is_tree, &done.state) {
                let record = bound.flow.record.clone().unwrap_or_default();
                let name = (record, done.record.key.clone());
                self.applier.assumed.insert(name, link.clone());
            }
            self.watch.done(bound, &done);
        }
        Ok(())
    }

    /// Leaves out records whose keys differ only in blanks around them, as a run does.
    fn without_doubles(&mut self, mut batch: Vec<Record>) -> Vec<Record> {
        let mut seen = HashSet::with_capacity(batch.len());
        let doubles: HashSet<_> = batch
            .iter()
            .filter(|record| !seen.insert(record.hash))
            .map(|record| record.hash)
            .collect();
        if doubles.is_empty() {
            return batch;
        }
        let mut told = HashSet::new();
        for record in batch.iter().filter(|record| doubles.contains(&record.hash)) {
            match told.insert(record.hash) {
                true => self.watch.rejected(&rejected(record, Reason::Duplicate)),
                false => self.duplicates += 1,
            }
        }
        batch.retain(|record| !doubles.contains(&record.hash));
        batch
    }
}
