//! What a flow's source looked like when it was last carried over: a key's hash, a row's fingerprint, and what the row
//! came to in the target where that is one row; 40 bytes a row, sorted by the key's hash.
//!
//! The source is read in the order that is cheapest for its server, and no two servers agree on an order of texts, so
//! the file is sorted by hash and looked up by position: hashes are spread evenly, a first-word index of one entry per
//! block is kept in memory (1/640 of the file), and one block is read for a row. What was carried over is collected in
//! sorted runs, which are merged into the next file when the flow is done.
//!
//! The file moves only after the commits it speaks of. A crash before that leaves the older file: rows are compared
//! once more, nothing else. A damaged file is reported and treated as none.
//!
//! A run that looked at some of the keys only patches the file: the others stay as they were.
//!
//! Layout: magic, format version, number of entries, length of the mark, the entries, the mark (what the run left for the
//! next one; the file moves with it), BLAKE3 of all before.

mod merge;
mod next;
mod places;

pub use next::{Finished, Merged, Next};
pub use places::Places;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// The first 16 bytes of BLAKE3 over the key.
pub type KeyHash = [u8; 16];
/// The first 16 bytes of BLAKE3 over the row, its children and everything that decides what is written.
pub type Fingerprint = [u8; 16];
/// Of the target's row as the record wants it ([`super::standing`]); 0 if that is not known.
pub type RowDigest = u64;

const MAGIC: &[u8; 8] = b"ponte.sn";
const VERSION: u32 = 3;
const HEADER: u64 = 24;
const ENTRY: usize = 40;
/// Entries in a block: 5 KiB.
const BLOCK: usize = 128;
/// Entries sorted in memory before they are spilled: 20 MiB.
const RUN: usize = 1 << 19;

type Entry = [u8; ENTRY];

#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    #[error("cannot {doing} {}: {source}{}", path.display(), advice(source))]
    Io {
        doing: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error("{} is damaged: {why}", path.display())]
    Damaged { path: PathBuf, why: &'static str },
}

/// What to do about an error that a person can do something about.
fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull => {
            "; make room on that disk and run again: what was written to the target stays, and every record is compared with it"
        }
        _ => "",
    }
}

type Result<T> = std::result::Result<T, SnapshotError>;

fn io_error(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> SnapshotError {
    let path = path.to_owned();
    move |source| SnapshotError::Io {
        doing,
        path,
        source,
    }
}

/// An earlier run's file, open for look-ups.
#[derive(Debug)]
pub struct Snapshot {
    path: PathBuf,
    file: File,
    entries: u64,
    /// The first eight bytes of each block's first key.
    index: Vec<u64>,
    /// The block last read: sources in key order hit it again only by chance, equal keys always.
    block: Vec<u8>,
    block_at: Option<usize>,
    mark: Vec<u8>,
}

impl Snapshot {
    /// Opens and verifies the whole file; `None` if there is none.
    pub fn open(path: &Path) -> Result<Option<Snapshot>> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(io_error("open", path)(error)),
        };
        let damaged = |why| SnapshotError::Damaged {
            path: path.to_owned(),
            why,
        };
        let length = file.metadata().map_err(io_error("read", path))?.len();
        let mut reader = BufReader::with_capacity(1 << 18, &file);
        let mut hasher = blake3::Hasher::new();
        let mut header = [0; HEADER as usize];
        if length < HEADER + 32 {
            return Err(damaged("it is too short"));
        }
        reader
            .read_exact(&mut header)
            .map_err(io_error("read", path))?;
        hasher.update(&header);
        let word = |at: usize| {
            u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
        };
        if &header[..8] != MAGIC {
            return Err(damaged("it does not begin as a snapshot does"));
        }
        if word(8) != VERSION {
            return Err(damaged("it was written by another version of ponte"));
        }
        let entries = u64::from(word(12)) | u64::from(word(16)) << 32;
        let mark = u64::from(word(20));
        if entries
            .checked_mul(ENTRY as u64)
            .and_then(|bytes| bytes.checked_add(HEADER + mark + 32))
            != Some(length)
        {
            return Err(damaged("its length is not what it says"));
        }
        let mut index = Vec::with_capacity(entries as usize / BLOCK + 1);
        let mut block = vec![0; BLOCK * ENTRY];
        let mut left = entries as usize;
        while left > 0 {
            let count = left.min(BLOCK);
            let bytes = &mut block[..count * ENTRY];
            reader.read_exact(bytes).map_err(io_error("read", path))?;
            hasher.update(bytes);
            index.push(first_word(bytes));
            left -= count;
        }
        let mut mark = vec![0; mark as usize];
        reader
            .read_exact(&mut mark)
            .map_err(io_error("read", path))?;
        hasher.update(&mark);
        let mut sum = [0; 32];
        reader
            .read_exact(&mut sum)
            .map_err(io_error("read", path))?;
        if hasher.finalize() != sum {
            return Err(damaged("its checksum is wrong"));
        }
        Ok(Some(Snapshot {
            path: path.to_owned(),
            file,
            entries,
            index,
            block,
            block_at: None,
            mark,
        }))
    }

    /// What the run that wrote the file left for the next one.
    pub fn mark(&self) -> &[u8] {
        &self.mark
    }

    pub fn len(&self) -> u64 {
        self.entries
    }

    pub fn is_empty(&self) -> bool {
        self.entries == 0
    }

    /// The fingerprint under which the key was last carried over.
    pub fn get(&mut self, key: &KeyHash) -> Result<Option<Fingerprint>> {
        Ok(self.find(key)?.map(|(_, fingerprint)| fingerprint))
    }

    /// With the entry's place in the file.
    pub fn find(&mut self, key: &KeyHash) -> Result<Option<(usize, Fingerprint)>> {
        let word = first_word(key);
        // Keys that share their first word may begin in the block before the first that starts with it.
        let end = self.index.partition_point(|first| *first <= word);
        let start = self.index[..end].partition_point(|first| *first < word);
        for at in start.saturating_sub(1)..end {
            self.load(at)?;
            let entries: Vec<&[u8]> = self.block.chunks_exact(ENTRY).collect();
            if let Ok(found) = entries.binary_search_by(|entry| entry[..16].cmp(key)) {
                let mut fingerprint = [0; 16];
                fingerprint.copy_from_slice(&entries[found][16..32]);
                return Ok(Some((at * BLOCK + found, fingerprint)));
            }
        }
        Ok(None)
    }

    fn load(&mut self, at: usize) -> Result<()> {
        if self.block_at == Some(at) {
            return Ok(());
        }
        let first = at * BLOCK;
        let count = (self.entries as usize - first).min(BLOCK);
        self.block.resize(count * ENTRY, 0);
        self.block_at = None;
        let offset = HEADER + (first * ENTRY) as u64;
        self.file
            .seek(SeekFrom::Start(offset))
            .and_then(|_| self.file.read_exact(&mut self.block))
            .map_err(io_error("read", &self.path))?;
        self.block_at = Some(at);
        Ok(())
    }

    /// The same file for look-ups of its own.
    pub fn again(&self) -> Result<Snapshot> {
        Ok(Snapshot {
            path: self.path.clone(),
            file: File::open(&self.path).map_err(io_error("open", &self.path))?,
            entries: self.entries,
            index: self.index.clone(),
            block: Vec::new(),
            block_at: None,
            mark: Vec::new(),
        })
    }

    /// Every key with its fingerprint and its row's digest, in the order of the file.
    pub fn all(&self) -> Result<impl Iterator<Item = Result<(KeyHash, Fingerprint, RowDigest)>>> {
        let mut entries = self.entries()?;
        Ok(std::iter::from_fn(move || entries.next().transpose()).map(
            |entry| -> Result<(KeyHash, Fingerprint, RowDigest)> {
                let entry = entry?;
                let (mut key, mut fingerprint, mut row) = ([0; 16], [0; 16], [0; 8]);
                key.copy_from_slice(&entry[..16]);
                fingerprint.copy_from_slice(&entry[16..32]);
                row.copy_from_slice(&entry[32..]);
                Ok((key, fingerprint, RowDigest::from_be_bytes(row)))
            },
        ))
    }

    fn entries(&self) -> Result<Entries> {
        let mut file = File::open(&self.path).map_err(io_error("open", &self.path))?;
        file.seek(SeekFrom::Start(HEADER))
            .map_err(io_error("read", &self.path))?;
        Ok(Entries::new(file, &self.path, self.entries))
    }
}

fn first_word(bytes: &[u8]) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[..8]);
    u64::from_be_bytes(word)
}

/// Entries read one after the other.
struct Entries {
    reader: BufReader<File>,
    path: PathBuf,
    left: u64,
}

impl Entries {
    fn new(file: File, path: &Path, left: u64) -> Self {
        Entries {
            reader: BufReader::with_capacity(1 << 16, file),
            path: path.to_owned(),
            left,
        }
    }

    fn next(&mut self) -> Result<Option<Entry>> {
        if self.left == 0 {
            return Ok(None);
        }
        let mut entry = [0; ENTRY];
        self.reader
            .read_exact(&mut entry)
            .map_err(io_error("read", &self.path))?;
        self.left -= 1;
        Ok(Some(entry))
    }
}

#[cfg(test)]
mod tests;
