//! Which rows of the source are as they were when they were last carried over.
//!
//! A row is looked up among those of the snapshot by its key's hash and its fingerprint. Of both, eight bytes a row are
//! held in memory, and ten million rows are not too many for that; of more, the file is asked row by row. Eight bytes of
//! key and fingerprint together are compared with some ten entries: that a changed row is held for a known one happens
//! once in 10^18 changes. Which entries were found is noted, so that the next snapshot takes them from the file.

use super::batch::needs::Awaited;
use super::snapshot::{Fingerprint, KeyHash, Places, RowDigest, Snapshot, SnapshotError};
use std::collections::HashSet;

/// Entries of which eight bytes are held in memory: 100 MB.
pub(super) const IN_MEMORY_MAX: u64 = 12_000_000;
/// Entries that share a first part of their hash, about.
const SHARE: u64 = 8;

/// Which rows of the target stand as they should; `None`: nobody has looked, all are taken to.
pub type Stands<'a> = Option<&'a dyn Fn(RowDigest) -> bool>;

/// The rows of a snapshot that is believed.
#[derive(Debug)]
pub struct Known {
    prints: Prints,
    /// Keys about which the snapshot does not speak.
    stale: HashSet<KeyHash>,
    /// Records that are looked at though they have not changed.
    awaited: Awaited,
    kept: Places,
}

#[derive(Debug)]
enum Prints {
    Memory(Table),
    File(Box<Snapshot>),
}

impl Known {
    /// # Errors
    /// If the snapshot cannot be read any more.
    pub fn new(
        snapshot: &Snapshot,
        stale: HashSet<KeyHash>,
        awaited: Awaited,
    ) -> Result<Known, SnapshotError> {
        Known::within(IN_MEMORY_MAX, snapshot, stale, awaited, None)
    }

    /// Those whose row in the target stands as it should; `None` if they are too many.
    ///
    /// # Errors
    /// If the snapshot cannot be read any more.
    pub fn standing(
        snapshot: &Snapshot,
        stale: HashSet<KeyHash>,
        awaited: Awaited,
        stands: &dyn Fn(RowDigest) -> bool,
    ) -> Result<Option<Known>, SnapshotError> {
        if snapshot.len() > IN_MEMORY_MAX {
            return Ok(None);
        }
        let stands = Some(stands);
        Known::within(IN_MEMORY_MAX, snapshot, stale, awaited, stands).map(Some)
    }

    fn within(
        in_memory_max: u64,
        snapshot: &Snapshot,
        stale: HashSet<KeyHash>,
        awaited: Awaited,
        stands: Stands<'_>,
    ) -> Result<Known, SnapshotError> {
        let prints = match snapshot.len() <= in_memory_max {
            true => Prints::Memory(Table::read(snapshot, stands)?),
            false => Prints::File(Box::new(snapshot.again()?)),
        };
        Ok(Known {
            prints,
            stale,
            awaited,
            kept: Places::of(snapshot.len()),
        })
    }

    /// Whether the row was carried over as it is. It is then taken for seen: the same key is not known once more.
    pub fn has(&mut self, key: &str, hash: &KeyHash, fingerprint: &Fingerprint) -> bool {
        if self.stale.contains(hash) || self.awaited.has(key, hash) {
            return false;
        }
        let found = match &mut self.prints {
            Prints::Memory(table) => table.find(hash, fingerprint),
            // What the file does not tell is compared; that it cannot be read is said when it is merged.
            Prints::File(snapshot) => match snapshot.find(hash) {
                Ok(Some((place, found))) => (found == *fingerprint).then_some(place),
                Ok(None) | Err(_) => None,
            },
        };
        found.is_some_and(|place| self.kept.insert(place))
    }

    /// The entries that were found.
    pub fn kept(self) -> Places {
        self.kept
    }
}

/// Eight bytes of each entry, by the first bits of the key's hash.
#[derive(Debug)]
struct Table {
    words: Vec<u64>,
    /// Where the entries of each first part begin; one more for the end.
    starts: Vec<u32>,
    shift: u32,
}

impl Table {
    fn read(snapshot: &Snapshot, stands: Stands<'_>) -> Result<Table, SnapshotError> {
        let parts = (snapshot.len() / SHARE).max(2).next_power_of_two();
        let shift = u64::BITS - parts.trailing_zeros();
        let mut words = Vec::with_capacity(snapshot.len() as usize);
        let mut starts = Vec::with_capacity(parts as usize + 1);
        for entry in snapshot.all()? {
            let (hash, fingerprint, row) = entry?;
            let part = (head(&hash) >> shift) as usize;
            starts.resize(starts.len().max(part + 1), words.len() as u32);
            let word = word(&hash, &fingerprint);
            // An entry that is not to be found keeps its place.
            words.push(match stands.is_none_or(|stands| stands(row)) {
                true => word,
                false => !word,
            });
        }
        starts.resize(parts as usize + 1, words.len() as u32);
        Ok(Table {
            words,
            starts,
            shift,
        })
    }

    fn find(&self, hash: &KeyHash, fingerprint: &Fingerprint) -> Option<usize> {
        let part = (head(hash) >> self.shift) as usize;
        let range = self.starts[part] as usize..self.starts[part + 1] as usize;
        let wanted = word(hash, fingerprint);
        let found = self.words[range.clone()]
            .iter()
            .position(|word| *word == wanted)?;
        Some(range.start + found)
    }
}

/// The first eight bytes: the order of a snapshot's entries.
pub(super) fn head(hash: &KeyHash) -> u64 {
    (u128::from_be_bytes(*hash) >> 64) as u64
}

/// Of the half of the hash that does not say the place, and of half the fingerprint.
fn word(hash: &KeyHash, fingerprint: &Fingerprint) -> u64 {
    u128::from_be_bytes(*hash) as u64 ^ u128::from_be_bytes(*fingerprint) as u64
}

#[cfg(test)]
mod tests;
