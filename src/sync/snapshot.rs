//! What a flow's source looked like when it was last carried over: a key's hash and a row's fingerprint, 32 bytes a
//! row, sorted by the key's hash.
//!
//! The source is read in the order that is cheapest for its server, and no two servers agree on an order of texts, so
//! the file is sorted by hash and looked up by position: hashes are spread evenly, a first-word index of one entry per
//! block is kept in memory (1/512 of the file), and one block is read for a row. What was carried over is collected in
//! sorted runs, which are merged into the next file when the flow is done.
//!
//! The file moves only after the commits it speaks of. A crash before that leaves the older file: rows are compared
//! once more, nothing else. A damaged file is reported and treated as none.
//!
//! A run that looked at some of the keys only patches the file: the others stay as they were.
//!
//! Layout: magic, format version, number of entries, length of the mark, the entries, the mark (what the run left for the
//! next one; the file moves with it), BLAKE3 of all before.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The first 16 bytes of BLAKE3 over the key.
pub type KeyHash = [u8; 16];
/// The first 16 bytes of BLAKE3 over the row, its children and everything that decides what is written.
pub type Fingerprint = [u8; 16];

const MAGIC: &[u8; 8] = b"ponte.sn";
const VERSION: u32 = 2;
const HEADER: u64 = 24;
const ENTRY: usize = 32;
/// Entries in a block: 4 KiB.
const BLOCK: usize = 128;
/// Entries sorted in memory before they are spilled: 16 MiB.
const RUN: usize = 1 << 19;

type Entry = [u8; ENTRY];

#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    #[error("cannot {doing} {}: {source}", path.display())]
    Io {
        doing: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error("{} is damaged: {why}", path.display())]
    Damaged { path: PathBuf, why: &'static str },
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
        let word = first_word(key);
        // Keys that share their first word may begin in the block before the first that starts with it.
        let end = self.index.partition_point(|first| *first <= word);
        let start = self.index[..end].partition_point(|first| *first < word);
        for at in start.saturating_sub(1)..end {
            self.load(at)?;
            let entries: Vec<&[u8]> = self.block.chunks_exact(ENTRY).collect();
            if let Ok(found) = entries.binary_search_by(|entry| entry[..16].cmp(key)) {
                let mut fingerprint = [0; 16];
                fingerprint.copy_from_slice(&entries[found][16..]);
                return Ok(Some(fingerprint));
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

/// Collects what a run carried over; [`Next::merge`] and [`Merged::commit`] make it the flow's snapshot.
#[derive(Debug)]
pub struct Next {
    path: PathBuf,
    buffer: Vec<Entry>,
    runs: Vec<(PathBuf, u64)>,
    patches: bool,
    mark: Vec<u8>,
}

/// What the finished snapshot says beside the one before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Finished {
    pub entries: u64,
    /// Keys that the snapshot before had and the source has no more.
    pub gone: u64,
    /// Keys that were carried over more than once: they are compared again.
    pub doubles: u64,
}

impl Next {
    /// For the snapshot at `path`, whose folder is made if need be; temporary files lie beside it.
    pub fn new(path: &Path) -> Result<Self> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(io_error("create", folder))?;
        }
        Ok(Next {
            path: path.to_owned(),
            buffer: Vec::new(),
            runs: Vec::new(),
            patches: false,
            mark: Vec::new(),
        })
    }

    /// The run looked at some keys only: what it did not look at stays as it was, and nothing is gone.
    pub fn patch(&mut self) {
        self.patches = true;
    }

    /// What the next run finds as [`Snapshot::mark`].
    pub fn set_mark(&mut self, mark: Vec<u8>) {
        self.mark = mark;
    }

    pub fn push(&mut self, key: &KeyHash, fingerprint: &Fingerprint) -> Result<()> {
        let mut entry = [0; ENTRY];
        entry[..16].copy_from_slice(key);
        entry[16..].copy_from_slice(fingerprint);
        self.buffer.push(entry);
        if self.buffer.len() == RUN {
            self.spill()?;
        }
        Ok(())
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        let mut name = self.path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    }

    fn spill(&mut self) -> Result<()> {
        self.buffer.sort_unstable();
        let path = self.beside(&format!(".run{}", self.runs.len()));
        let write = || -> io::Result<()> {
            let mut file = BufWriter::with_capacity(1 << 18, File::create(&path)?);
            for entry in &self.buffer {
                file.write_all(entry)?;
            }
            file.flush()
        };
        write().map_err(io_error("write", &path))?;
        self.runs.push((path, self.buffer.len() as u64));
        self.buffer.clear();
        Ok(())
    }

    /// Merges the runs into a file beside the snapshot, and finds what is gone. `rest` holds keys that the source still
    /// has but that were not carried over (quarantined, waiting): they are not gone, and are compared again next time.
    pub fn merge(
        mut self,
        old: Option<&Snapshot>,
        rest: &std::collections::HashSet<KeyHash>,
    ) -> Result<Merged> {
        if !self.runs.is_empty() && !self.buffer.is_empty() {
            self.spill()?;
        }
        self.buffer.sort_unstable();
        let mut merge = Merge::new(&self.runs, std::mem::take(&mut self.buffer))?;
        let mut old = old.map(Snapshot::entries).transpose()?;
        let mut before = next_of(&mut old)?;
        let mut merged = Merged {
            path: self.path.clone(),
            temporary: self.beside(".new"),
            gone: self.beside(".gone"),
            finished: Finished::default(),
        };
        let mut out = Output::create(&merged.temporary)?;
        let mut gone = Output::create(&merged.gone)?;
        let mut doubles = 0;
        let patches = self.patches;
        // Of the one before: what has no entry now.
        let mut left_behind = |older: Entry, out: &mut Output| match rest.contains(&older[..16]) {
            true => out.write(&uncompared(&older)),
            false if patches => out.write(&older),
            false => gone.write(&older),
        };
        let mut following = merge.next()?;
        while let Some(entry) = following {
            following = merge.next()?;
            let mut is_double = false;
            while following.is_some_and(|next| next[..16] == entry[..16]) {
                is_double = true;
                following = merge.next()?;
            }
            while let Some(older) = before.filter(|older| older[..16] < entry[..16]) {
                left_behind(older, &mut out)?;
                before = next_of(&mut old)?;
            }
            if before.is_some_and(|older| older[..16] == entry[..16]) {
                before = next_of(&mut old)?;
            }
            match is_double {
                true => {
                    doubles += 1;
                    out.write(&uncompared(&entry))?;
                }
                false => out.write(&entry)?,
            }
        }
        while let Some(older) = before {
            left_behind(older, &mut out)?;
            before = next_of(&mut old)?;
        }
        merged.finished = Finished {
            entries: out.finish(&self.mark)?,
            gone: gone.finish(&[])?,
            doubles,
        };
        Ok(merged)
    }
}

/// The key without what was carried over, which no fingerprint equals.
fn uncompared(entry: &Entry) -> Entry {
    let mut bare = [0; ENTRY];
    bare[..16].copy_from_slice(&entry[..16]);
    bare
}

/// The next snapshot, complete but not yet in its place. Dropped, it leaves nothing behind.
#[derive(Debug)]
pub struct Merged {
    path: PathBuf,
    temporary: PathBuf,
    gone: PathBuf,
    pub finished: Finished,
}

impl Merged {
    /// Every key that the run carried over.
    pub fn snapshot(&self) -> Result<Option<Snapshot>> {
        Snapshot::open(&self.temporary)
    }

    /// The keys that are gone, as they were carried over.
    pub fn gone(&self) -> Result<Option<Snapshot>> {
        Snapshot::open(&self.gone)
    }

    /// Puts what is gone back, so that the next run finds it gone again.
    pub fn with_gone(self) -> Result<Merged> {
        let (Some(kept), Some(gone)) = (self.snapshot()?, self.gone()?) else {
            return Ok(self);
        };
        let mark = kept.mark().to_vec();
        let (mut kept, mut gone) = (Some(kept.entries()?), Some(gone.entries()?));
        let mut name = self.temporary.as_os_str().to_owned();
        name.push("2");
        let both = PathBuf::from(name);
        let mut out = Output::create(&both)?;
        let (mut a, mut b) = (next_of(&mut kept)?, next_of(&mut gone)?);
        while let Some(entry) = [a, b].into_iter().flatten().min() {
            out.write(&entry)?;
            match a == Some(entry) {
                true => a = next_of(&mut kept)?,
                false => b = next_of(&mut gone)?,
            }
        }
        out.finish(&mark)?;
        fs::rename(&both, &self.temporary).map_err(io_error("replace", &self.temporary))?;
        Ok(self)
    }

    /// Replaces the snapshot in one step.
    pub fn commit(self) -> Result<Finished> {
        fs::rename(&self.temporary, &self.path).map_err(io_error("replace", &self.path))?;
        Ok(self.finished)
    }
}

impl Drop for Merged {
    fn drop(&mut self) {
        for path in [&self.temporary, &self.gone] {
            // What was renamed is no longer there; anything else left behind costs disk only.
            let _ = fs::remove_file(path);
        }
    }
}

impl Drop for Next {
    fn drop(&mut self) {
        for (path, _) in &self.runs {
            // A run left behind costs disk only and is written over by the next one of its name.
            let _ = fs::remove_file(path);
        }
    }
}

fn next_of(entries: &mut Option<Entries>) -> Result<Option<Entry>> {
    entries.as_mut().map_or(Ok(None), Entries::next)
}

/// The entries of several sorted runs, and of one in memory, in order.
struct Merge {
    files: Vec<(Option<Entry>, Entries)>,
    memory: std::iter::Peekable<std::vec::IntoIter<Entry>>,
}

impl Merge {
    fn new(runs: &[(PathBuf, u64)], memory: Vec<Entry>) -> Result<Merge> {
        let mut files = Vec::new();
        for (path, entries) in runs {
            let file = File::open(path).map_err(io_error("open", path))?;
            let mut entries = Entries::new(file, path, *entries);
            files.push((entries.next()?, entries));
        }
        Ok(Merge {
            files,
            memory: memory.into_iter().peekable(),
        })
    }

    /// The runs are few (one per half a million rows), so the smallest head is found by looking at each.
    fn next(&mut self) -> Result<Option<Entry>> {
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

/// The new file being written: its header is filled in at the end, when the number of entries is known.
struct Output {
    path: PathBuf,
    file: BufWriter<File>,
    entries: u64,
}

impl Output {
    fn create(path: &Path) -> Result<Output> {
        let file = File::options()
            .create(true)
            .truncate(true)
            .read(true)
            .write(true)
            .open(path)
            .map_err(io_error("create", path))?;
        let mut file = BufWriter::with_capacity(1 << 18, file);
        file.write_all(&[0; HEADER as usize])
            .map_err(io_error("write", path))?;
        Ok(Output {
            path: path.to_owned(),
            file,
            entries: 0,
        })
    }

    fn write(&mut self, entry: &Entry) -> Result<()> {
        self.entries += 1;
        self.file
            .write_all(entry)
            .map_err(io_error("write", &self.path))
    }

    fn finish(self, mark: &[u8]) -> Result<u64> {
        let Output {
            path,
            mut file,
            entries,
        } = self;
        let seal = move || -> io::Result<()> {
            let length = u32::try_from(mark.len()).map_err(io::Error::other)?;
            file.write_all(mark)?;
            let mut file = file.into_inner().map_err(|error| error.into_error())?;
            file.seek(SeekFrom::Start(0))?;
            file.write_all(MAGIC)?;
            file.write_all(&VERSION.to_le_bytes())?;
            file.write_all(&entries.to_le_bytes())?;
            file.write_all(&length.to_le_bytes())?;
            file.seek(SeekFrom::Start(0))?;
            let mut hasher = blake3::Hasher::new();
            io::copy(&mut BufReader::with_capacity(1 << 18, &file), &mut hasher)?;
            file.seek(SeekFrom::End(0))?;
            file.write_all(hasher.finalize().as_bytes())?;
            file.sync_all()
        };
        seal().map_err(io_error("write", &path))?;
        Ok(entries)
    }
}

#[cfg(test)]
mod tests;
