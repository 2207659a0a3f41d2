//! The records of a tree: parents before their children.

use super::batch::Applier;
use super::layout::ANCESTORS;
use super::memory::Memory;
use super::read::{Item, Reader};
use super::record::{Record, key_text};
use super::report::{FlowReport, Reason, Rejected};
use super::run::{Progress, RunError, apply, reject};
use crate::db::{DbError, DbErrorKind, Result};
use std::collections::HashMap;
use std::sync::Arc;

/// A tree is ordered in memory; no shop has so many categories.
const TREE_RECORDS_MAX: usize = 200_000;

/// A tree is small: it is read whole and carried over level by level, so that parents are linked before their children.
pub(super) async fn carry_over(
    reader: &mut Reader<'_>,
    parent: usize,
    applier: &mut Applier<'_>,
    memory: &mut Memory,
    report: &mut FlowReport,
    progress: Progress<'_>,
) -> std::result::Result<(), RunError> {
    let mut records = Vec::new();
    while let Some(item) = reader.next().await? {
        match item {
            Item::Rejected(rejected) => reject(rejected, memory, report)?,
            // The reader lets no record of a tree go.
            Item::Known(_) => {}
            Item::Record(record) => records.push(record),
        }
        tree_fits(records.len(), &applier.bound.flow.name)?;
    }
    report.counts.read = reader.rows;
    let (levels, cyclic) = levels(records, parent);
    for rejected in cyclic {
        reject(rejected, memory, report)?;
    }
    let child = applier.bound.layout.child(ANCESTORS);
    let mut above: HashMap<String, Vec<Arc<str>>> = HashMap::new();
    for level in levels {
        let mut changed = Vec::new();
        for mut record in level {
            let ancestors = ancestors(&record, parent, &above);
            record.add_ancestors(child, &ancestors);
            above.insert(record.key.clone(), ancestors);
            if memory.is_unchanged(&record) {
                report.counts.unchanged += 1;
            } else {
                changed.push(*record);
            }
        }
        while !changed.is_empty() {
            let rest = changed.split_off(changed.len().min(applier.pace.records()));
            apply(
                applier,
                std::mem::replace(&mut changed, rest),
                memory,
                report,
            )
            .await?;
            progress(report);
        }
    }
    Ok(())
}

/// The records above, nearest first.
fn ancestors(
    record: &Record,
    parent: usize,
    above: &HashMap<String, Vec<Arc<str>>>,
) -> Vec<Arc<str>> {
    let parent = record.values[parent].plain();
    if parent.is_empty() {
        return Vec::new();
    }
    let further = above.get(parent.as_ref()).into_iter().flatten().cloned();
    std::iter::once(Arc::from(parent.as_ref()))
        .chain(further)
        .collect()
}

/// Orders a tree's records by level, parents first; records that are their own ancestors are rejected.
pub fn levels(records: Vec<Box<Record>>, parent: usize) -> (Vec<Vec<Box<Record>>>, Vec<Rejected>) {
    let parents: HashMap<String, Option<String>> = records
        .iter()
        .map(|record| {
            let parent = &record.values[parent];
            (
                record.key.clone(),
                (!parent.is_empty()).then(|| key_text(std::slice::from_ref(parent))),
            )
        })
        .collect();
    let depth = |key: &str| {
        let mut depth = 0;
        let mut at = key;
        while let Some(Some(parent)) = parents.get(at) {
            depth += 1;
            if depth > parents.len() {
                return None;
            }
            at = parent;
        }
        Some(depth)
    };
    let mut levels: Vec<Vec<Box<Record>>> = Vec::new();
    let mut rejected = Vec::new();
    for record in records {
        match depth(&record.key) {
            Some(depth) => {
                levels.resize_with(levels.len().max(depth + 1), Vec::new);
                levels[depth].push(record);
            }
            None => rejected.push(Rejected {
                hash: record.hash,
                key: record.key,
                reason: Reason::Cycle,
            }),
        }
    }
    (levels, rejected)
}

/// Fails when a tree is too large to be ordered in memory.
pub fn tree_fits(records: usize, flow: &str) -> Result<()> {
    match records > TREE_RECORDS_MAX {
        true => Err(DbError::new(
            DbErrorKind::Other,
            format!("flow {flow} has more than {TREE_RECORDS_MAX} records in its tree"),
        )),
        false => Ok(()),
    }
}
