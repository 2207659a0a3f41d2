//! What a snapshot speaks of, in a small file beside it: the target's generation, the query it was read by, the links
//! there were. It is written after the snapshot was moved; one that does not fit makes the next run compare everything.

use super::snapshot::{KeyHash, SnapshotError};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Keys written by runs of single records; beyond so many, everything is compared instead.
const STALE_MAX: usize = 10_000;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// Of the target, when the snapshot was moved; `None` if nothing had ever been written.
    pub generation: Option<String>,
    /// Of the source's query, when gone records were last settled.
    pub query: String,
    /// Links of the flow's records.
    pub links: u64,
    /// Hashes of keys that were written since: the snapshot is not believed about these.
    #[serde(default)]
    pub stale: Vec<String>,
}

impl Provenance {
    /// Of the snapshot at this path; `None` if there is none that can be read.
    pub fn read(snapshot: &Path) -> Option<Provenance> {
        let text = fs::read_to_string(path(snapshot)).ok()?;
        serde_json::from_str(&text).ok()
    }

    pub fn write(&self, snapshot: &Path) -> Result<(), SnapshotError> {
        let path = path(snapshot);
        let temporary = path.with_extension("provenance.new");
        let text = serde_json::json!(self).to_string();
        fs::write(&temporary, text)
            .and_then(|()| fs::rename(&temporary, &path))
            .map_err(|source| SnapshotError::Io {
                doing: "write",
                path,
                source,
            })
    }

    pub fn stale(&self) -> HashSet<KeyHash> {
        self.stale
            .iter()
            .filter_map(|text| from_hex(text))
            .collect()
    }

    /// The same snapshot after these keys were written under another generation; `None` if they are too many.
    pub fn after(
        &self,
        generation: Option<String>,
        written: impl IntoIterator<Item = KeyHash>,
    ) -> Option<Provenance> {
        let mut stale = self.stale();
        stale.extend(written);
        (stale.len() <= STALE_MAX).then(|| Provenance {
            generation,
            stale: stale.iter().map(|hash| hex(hash)).collect(),
            ..self.clone()
        })
    }
}

/// Why a snapshot is not to be believed, if it is not; or why there is none although there should be.
pub fn doubt(
    has_snapshot: bool,
    provenance: Option<&Provenance>,
    generation: &Option<String>,
    links: u64,
) -> Option<&'static str> {
    match provenance {
        None if !has_snapshot => generation.as_ref().map(|_| {
            "the state folder remembers no whole run, but the target was written to before; every record is compared with the target"
        }),
        Some(provenance) if provenance.generation == *generation && links < provenance.links => {
            Some("links were lost since the last run; every record is compared with the target and linked again")
        }
        Some(provenance) if provenance.generation == *generation => None,
        _ => Some(
            "the target is not as the last run left it (a backup was restored, a run did not end, another state folder was \
             used, or rows that it hangs on were deleted); every record is compared with the target",
        ),
    }
}

fn path(snapshot: &Path) -> PathBuf {
    snapshot.with_extension("provenance")
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Option<KeyHash> {
    let number = u128::from_str_radix(text, 16).ok()?;
    (text.len() == 32).then(|| number.to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provenance_is_read_as_it_was_written_and_noise_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let snapshot = dir.path().join("main.article.snapshot");
        assert_eq!(Provenance::read(&snapshot), None);
        let provenance = Provenance {
            generation: Some("a".into()),
            query: "q".into(),
            links: 3,
            stale: Vec::new(),
        };
        let provenance = provenance
            .after(Some("b".into()), [[7; 16], [255; 16]])
            .unwrap();
        provenance.write(&snapshot).unwrap();
        let read = Provenance::read(&snapshot).unwrap();
        assert_eq!(read, provenance);
        assert_eq!(read.stale(), HashSet::from([[7; 16], [255; 16]]));
        let many = (0..STALE_MAX as u128 + 1).map(u128::to_be_bytes);
        assert_eq!(provenance.after(None, many), None);
        fs::write(path(&snapshot), "noise").unwrap();
        assert_eq!(Provenance::read(&snapshot), None);
    }
}
