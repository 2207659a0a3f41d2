//! What a flow remembers between its runs: the snapshot of what was carried over, and whether it may be believed.
//!
//! A run over the whole source makes the next snapshot and moves it last. One of single keys, or a repair, leaves the
//! snapshot as it is and notes about which keys it no longer speaks.

use super::batch::Intent;
use super::batch::needs::Awaited;
use super::gone::Settled;
use super::known::Known;
use super::provenance::{self, Provenance};
use super::read::key_hash;
use super::record::Record;
use super::report::FlowReport;
use super::run::Options;
use super::snapshot::{KeyHash, Merged, Next, Snapshot, SnapshotError};
use super::standing::Standing;
use super::watermark::Mark;
use crate::config::digest::source_digest;
use crate::failpoint;
use crate::plan::{Flow, Plan};
use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;

/// What the target says of earlier runs.
pub struct TargetIs {
    pub generation: Option<String>,
    pub links: u64,
}

/// What was carried over before, and what this run carries over.
pub struct Memory {
    path: PathBuf,
    pub old: Option<Snapshot>,
    next: Option<Next>,
    /// Keys that the source has but that were not carried over.
    pub rest: HashSet<KeyHash>,
    compare_all: bool,
    /// Looked at though they have not changed.
    pub awaited: Awaited,
    target_is: TargetIs,
    /// Of the source's query as it is now.
    query: String,
    /// The old snapshot's, if that speaks of this target; and keys about which it does not.
    pub provenance: Option<Provenance>,
    /// From where the next run may go on; `None`: it reads the whole source.
    pub mark: Option<Mark>,
    key_columns: usize,
    is_patch: bool,
    /// Of a patch: keys of which the source told that they have changed, and which it has not yielded since.
    told: BTreeMap<KeyHash, String>,
    stale: HashSet<KeyHash>,
    /// Rows that need not be looked at; lent to the reader where that can let them go.
    pub known: Option<Known>,
    /// Of a run that moves no snapshot: keys that it wrote.
    pub written: Option<Vec<KeyHash>>,
    scratch: Option<Scratch>,
}

impl Memory {
    pub fn open(
        plan: &Plan,
        flow: &Flow,
        options: &Options,
        target_is: TargetIs,
        report: &mut FlowReport,
    ) -> Result<Memory, SnapshotError> {
        let path = snapshot_path(plan, flow);
        let old = match Snapshot::open(&path) {
            Ok(old) => old,
            Err(error @ SnapshotError::Damaged { .. }) => {
                report.notes.push(format!(
                    "{error}; every record is compared with the target instead"
                ));
                None
            }
            Err(error) => return Err(error),
        };
        let read = old.as_ref().and_then(|_| Provenance::read(&path));
        let doubt = provenance::doubt(
            old.is_some(),
            read.as_ref(),
            &target_is.generation,
            target_is.links,
        );
        report.notes.extend(doubt.map(str::to_owned));
        let provenance = read.filter(|_| doubt.is_none());
        let moves = options.intent == Intent::Write && !options.is_partial() && !options.verify;
        let scratch = match moves || options.is_partial() {
            true => None,
            // A run that leaves nothing behind still has to know which keys the source has.
            false => Some(Scratch::new()),
        };
        let next = match &scratch {
            Some(scratch) => Some(Next::new(&scratch.0.join("keys.snapshot"))?),
            None => moves.then(|| Next::new(&path)).transpose()?,
        };
        Ok(Memory {
            stale: provenance
                .as_ref()
                .map(Provenance::stale)
                .unwrap_or_default(),
            compare_all: options.full || options.verify || options.is_partial() || doubt.is_some(),
            query: provenance::hex(&source_digest(&flow.source)),
            written: (options.intent == Intent::Write && !moves).then(Vec::new),
            path,
            old,
            next,
            rest: HashSet::new(),
            awaited: Awaited::default(),
            target_is,
            provenance,
            mark: None,
            key_columns: flow.source.key.len(),
            is_patch: false,
            told: BTreeMap::new(),
            known: None,
            scratch,
        })
    }

    /// From here on the rows are known that need not be looked at.
    pub fn recall(&mut self) -> Result<(), SnapshotError> {
        if let Some(old) = self.old.as_ref().filter(|_| !self.compare_all) {
            let stale = std::mem::take(&mut self.stale);
            let awaited = std::mem::take(&mut self.awaited);
            self.known = Some(Known::new(old, stale, awaited)?);
        }
        Ok(())
    }

    /// The same of a run that compares every record: those need not be looked at whose row stands as it should, by what
    /// the snapshot says the record came to.
    pub fn recall_standing(&mut self, standing: &Standing<'_>) -> Result<(), SnapshotError> {
        let is_believed = self.compare_all && self.provenance.is_some();
        if let Some(old) = self.old.as_ref().filter(|_| is_believed) {
            let stale = std::mem::take(&mut self.stale);
            let awaited = std::mem::take(&mut self.awaited);
            self.known = Known::standing(old, stale, awaited, &|row| standing.has(row))?;
        }
        Ok(())
    }

    /// Whether the record need not be looked at. It is then carried over as it is.
    pub fn is_unchanged(&mut self, record: &Record) -> bool {
        self.yielded(&record.hash);
        let known = self.known.as_mut();
        known.is_some_and(|known| known.has(&record.key, &record.hash, &record.fingerprint))
    }

    pub fn carried_over(&mut self, record: &Record) -> Result<(), SnapshotError> {
        self.yielded(&record.hash);
        match &mut self.next {
            Some(next) => next.push(&record.hash, &record.fingerprint, record.row),
            None => Ok(()),
        }
    }

    pub fn query_changed(&self) -> bool {
        let before = self.provenance.as_ref().map(|before| &before.query);
        before.is_some_and(|query| *query != self.query)
    }

    /// The keys that were carried over: of a run over the whole source, every key that it has.
    pub fn merge(&mut self) -> Result<Option<Merged>, SnapshotError> {
        let Some(mut next) = self.next.take() else {
            return Ok(None);
        };
        if let Some(known) = self.known.take() {
            next.keep(known.kept());
        }
        next.set_mark(self.mark.take().map_or(Vec::new(), |mark| mark.bytes()));
        next.merge(self.old.as_ref(), &self.rest).map(Some)
    }

    /// Whether the run leaves a snapshot.
    pub fn moves(&self) -> bool {
        self.next.is_some() && self.scratch.is_none()
    }

    /// Whether the whole source is read and every record looked at.
    pub fn is_whole(&self) -> bool {
        self.compare_all || self.old.is_none()
    }

    /// The run looks at some keys only. `told`: those that are gone if the source does not yield them.
    pub fn patch(&mut self, told: Vec<String>) {
        self.is_patch = true;
        self.told = told.into_iter().map(|key| (key_hash(&key), key)).collect();
        if let Some(next) = &mut self.next {
            next.patch();
        }
    }

    fn yielded(&mut self, hash: &KeyHash) {
        self.told.remove(hash);
    }

    /// What the source was asked for and has not yielded; `carried_over`: only what an earlier run carried over.
    ///
    /// # Errors
    /// If the snapshot cannot be read any more.
    pub fn not_yielded(&mut self, carried_over: bool) -> Result<Vec<String>, SnapshotError> {
        let mut keys = Vec::new();
        for (hash, key) in &self.told {
            let is_meant = match (&mut self.old, carried_over) {
                (Some(old), true) => old.get(hash)?.is_some(),
                (None, true) => false,
                (_, false) => true,
            };
            if is_meant {
                keys.push(key.clone());
            }
        }
        keys.sort_unstable();
        Ok(keys)
    }

    /// Whether something is gone is left to the next run over the whole source. Returns whether there was such a question.
    pub fn tell_nothing(&mut self) -> bool {
        !std::mem::take(&mut self.told).is_empty()
    }

    /// What was not yielded is gone, but for what could not be dealt with: the next run asks for that again.
    pub fn forget(&mut self, unsettled: &[String]) {
        let unsettled: HashSet<&String> = unsettled.iter().collect();
        for (hash, key) in std::mem::take(&mut self.told) {
            if unsettled.contains(&key) {
                let is_asked_again = self.mark.as_mut().is_none_or(|mark| mark.gone(&key));
                self.mark = self.mark.take().filter(|_| is_asked_again);
            } else if let Some(next) = &mut self.next {
                next.forget(hash);
            }
        }
    }

    /// The source has the record, but it was not, or not wholly, carried over: the next run tries it again.
    pub fn left(&mut self, hash: KeyHash, key: &str) {
        self.rest.insert(hash);
        self.yielded(&hash);
        let Some(mark) = &mut self.mark else { return };
        let (first, others) = match self.key_columns {
            1 => (key, 0),
            _ => (
                key.split('\t').next().unwrap_or(key),
                key.matches('\t').count(),
            ),
        };
        // A row without a key is found again only by reading the whole source.
        let is_read_again = first.is_empty() || mark.retry(first);
        if !is_read_again || others + 1 != self.key_columns {
            self.mark = None;
        }
    }

    /// These records are not found by the keys that are shown of them: if one of them must be tried again, then by
    /// reading the whole source.
    pub fn cannot_retry(&mut self, blanks: &HashSet<KeyHash>) {
        if !blanks.is_disjoint(&self.rest) {
            self.mark = None;
        }
    }

    /// `generation`: the one that this run gave the target, if it wrote anything. `links`: those that there are now.
    pub fn finish(
        mut self,
        options: &Options,
        merged: Option<Merged>,
        settled: Settled,
        generation: Option<String>,
        links: u64,
        report: &mut FlowReport,
    ) -> Result<(), SnapshotError> {
        let wrote = generation.is_some();
        let generation = generation.or(self.target_is.generation);
        match (merged, self.written) {
            (Some(merged), None) if self.scratch.is_none() => {
                let merged = match settled.keeps_gone {
                    true => merged.with_gone()?,
                    false => merged,
                };
                failpoint::reached("snapshot merged");
                // Windows replaces no file that is open.
                self.old = None;
                let finished = merged.commit()?;
                failpoint::reached("snapshot moved");
                if finished.doubles > 0 {
                    report.notes.push(format!(
                        "{} records have another one's key but for blanks around it, and were written in turns with it",
                        finished.doubles
                    ));
                }
                let settled = !settled.is_guarded && !self.is_patch;
                let (query, stale) = match self.provenance {
                    Some(before) if self.is_patch => (before.query, before.stale),
                    Some(before) if !settled => (before.query, Vec::new()),
                    _ => (self.query, Vec::new()),
                };
                let provenance = Provenance {
                    generation,
                    query,
                    links,
                    stale,
                };
                provenance.write(&self.path)?;
            }
            // Where the provenance does not fit any longer, the next run compares everything.
            (_, Some(written)) if wrote => {
                let before = self.provenance;
                if let Some(after) = before.and_then(|before| before.after(generation, written)) {
                    after.write(&self.path)?;
                }
            }
            _ => {}
        }
        if options.intent == Intent::DryRun && self.compare_all && !options.verify {
            report
                .notes
                .push("compared with the target as it is now".to_owned());
        }
        Ok(())
    }
}

/// A folder for what a run needs to know and shall not leave behind.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        let name = format!(
            "ponte-{}-{:016x}",
            std::process::id(),
            rand::random::<u64>()
        );
        Scratch(std::env::temp_dir().join(name))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // It is in the system's folder for such things; what cannot be removed is the system's to remove.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn snapshot_path(plan: &Plan, flow: &Flow) -> PathBuf {
    let name: String = flow
        .name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '-' || c == '_' {
                c
            } else {
                '.'
            }
        })
        .collect();
    plan.state_dir.join(format!("{name}.snapshot"))
}
