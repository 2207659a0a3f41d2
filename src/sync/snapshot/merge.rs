//! The sorted parts of the next snapshot as one.

use super::{Entries, Entry, Places, Result, io_error};
use std::fs::File;
use std::path::PathBuf;

/// The entries of several sorted runs, of one in memory, and of those kept from the snapshot before, in order.
pub(super) struct Merge {
    files: Vec<(Option<Entry>, Entries)>,
    memory: std::iter::Peekable<std::vec::IntoIter<Entry>>,
    /// Of the runs, the next.
    new: Option<Entry>,
    kept: Option<Kept>,
    /// Of those kept, the next.
    old: Option<Entry>,
}

impl Merge {
    pub(super) fn new(
        runs: &[(PathBuf, u64)],
        memory: Vec<Entry>,
        kept: Option<Kept>,
    ) -> Result<Merge> {
        let mut files = Vec::new();
        for (path, entries) in runs {
            let file = File::open(path).map_err(io_error("open", path))?;
            let mut entries = Entries::new(file, path, *entries);
            files.push((entries.next()?, entries));
        }
        let mut merge = Merge {
            files,
            memory: memory.into_iter().peekable(),
            new: None,
            kept,
            old: None,
        };
        merge.new = merge.next_new()?;
        merge.old = merge.next_old()?;
        Ok(merge)
    }

    pub(super) fn next(&mut self) -> Result<Option<Entry>> {
        let is_old = match (&self.old, &self.new) {
            (Some(old), Some(new)) => old <= new,
            (old, _) => old.is_some(),
        };
        Ok(match is_old {
            true => {
                let next = self.next_old()?;
                std::mem::replace(&mut self.old, next)
            }
            false => {
                let next = self.next_new()?;
                std::mem::replace(&mut self.new, next)
            }
        })
    }

    fn next_old(&mut self) -> Result<Option<Entry>> {
        self.kept.as_mut().map_or(Ok(None), Kept::next)
    }

    /// The runs are few (one per half a million rows), so the smallest head is found by looking at each.
    fn next_new(&mut self) -> Result<Option<Entry>> {
        let smallest = (0..self.files.len())
            .filter(|at| self.files[*at].0.is_some())
            .min_by_key(|at| self.files[*at].0);
        let Some(at) = smallest else {
            return Ok(self.memory.next());
        };
        if let Some(entry) = self
            .memory
            .next_if(|entry| Some(*entry) <= self.files[at].0)
        {
            return Ok(Some(entry));
        }
        let (head, entries) = &mut self.files[at];
        let entry = *head;
        *head = entries.next()?;
        Ok(entry)
    }
}

/// Entries of the snapshot before that stay as they are.
pub(super) struct Kept {
    entries: Entries,
    at: usize,
    places: Places,
}

impl Kept {
    pub(super) fn new(entries: Entries, places: Places) -> Self {
        Kept {
            entries,
            at: 0,
            places,
        }
    }

    fn next(&mut self) -> Result<Option<Entry>> {
        while let Some(entry) = self.entries.next()? {
            self.at += 1;
            if self.places.has(self.at - 1) {
                return Ok(Some(entry));
            }
        }
        Ok(None)
    }
}
