//! The next snapshot: collected in sorted runs, merged into a file of its own, moved in one step.

use super::merge::{Kept, Merge};
use super::{
    ENTRY, Entries, Entry, Fingerprint, HEADER, KeyHash, MAGIC, Places, RUN, Result, RowDigest,
    Snapshot, VERSION, io_error,
};
use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Collects what a run carried over; [`Next::merge`] and [`Merged::commit`] make it the flow's snapshot.
#[derive(Debug)]
pub struct Next {
    path: PathBuf,
    buffer: Vec<Entry>,
    runs: Vec<(PathBuf, u64)>,
    patches: bool,
    forgotten: HashSet<KeyHash>,
    mark: Vec<u8>,
    kept: Places,
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
            forgotten: HashSet::new(),
            mark: Vec::new(),
            kept: Places::default(),
        })
    }

    /// The run looked at some keys only: what it did not look at stays as it was, and nothing is gone but what it forgets.
    pub fn patch(&mut self) {
        self.patches = true;
    }

    /// A patch no longer speaks of this key.
    pub fn forget(&mut self, key: KeyHash) {
        self.forgotten.insert(key);
    }

    /// What the next run finds as [`Snapshot::mark`].
    pub fn set_mark(&mut self, mark: Vec<u8>) {
        self.mark = mark;
    }

    /// Entries of the snapshot before that were carried over as they are.
    pub fn keep(&mut self, kept: Places) {
        self.kept = kept;
    }

    pub fn push(&mut self, key: &KeyHash, fingerprint: &Fingerprint, row: RowDigest) -> Result<()> {
        let mut entry = [0; ENTRY];
        entry[..16].copy_from_slice(key);
        entry[16..32].copy_from_slice(fingerprint);
        entry[32..].copy_from_slice(&row.to_be_bytes());
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

    pub(super) fn spill(&mut self) -> Result<()> {
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

    /// Nothing is new, nothing has changed, nothing is gone.
    fn is_same(&self, old: &Snapshot) -> bool {
        let is_patch = self.patches && self.forgotten.is_empty();
        let is_whole = is_patch || self.kept.len() as u64 == old.entries;
        is_whole && self.runs.is_empty() && self.buffer.is_empty() && self.mark == old.mark
    }

    /// Merges the runs into a file beside the snapshot, and finds what is gone. `rest` holds keys that the source still
    /// has but that were not carried over (quarantined, waiting): they are not gone, and are compared again next time.
    pub fn merge(mut self, old: Option<&Snapshot>, rest: &HashSet<KeyHash>) -> Result<Merged> {
        if let Some(old) = old
            && self.is_same(old)
            && rest.is_empty()
        {
            return Ok(Merged::same(old));
        }
        if !self.runs.is_empty() && !self.buffer.is_empty() {
            self.spill()?;
        }
        self.buffer.sort_unstable();
        let kept = match old {
            Some(old) if !self.kept.is_empty() => {
                Some(Kept::new(old.entries()?, std::mem::take(&mut self.kept)))
            }
            _ => None,
        };
        let mut merge = Merge::new(&self.runs, std::mem::take(&mut self.buffer), kept)?;
        let mut old = old.map(Snapshot::entries).transpose()?;
        let mut before = next_of(&mut old)?;
        let mut merged = Merged {
            path: self.path.clone(),
            temporary: self.beside(".new"),
            gone: self.beside(".gone"),
            finished: Finished::default(),
            is_same: false,
        };
        let mut out = Output::create(&merged.temporary)?;
        let mut gone = Output::create(&merged.gone)?;
        let mut doubles = 0;
        let (patches, forgotten) = (self.patches, std::mem::take(&mut self.forgotten));
        // Of the one before: what has no entry now.
        let mut left_behind = |older: Entry, out: &mut Output| match rest.contains(&older[..16]) {
            true => out.write(&uncompared(&older)),
            false if patches && !forgotten.contains(&older[..16]) => out.write(&older),
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
    /// The snapshot before says it all already: there is no other file.
    is_same: bool,
}

impl Merged {
    fn same(old: &Snapshot) -> Merged {
        Merged {
            path: old.path.clone(),
            temporary: PathBuf::new(),
            gone: PathBuf::new(),
            finished: Finished {
                entries: old.entries,
                ..Finished::default()
            },
            is_same: true,
        }
    }

    /// Every key that the run carried over.
    pub fn snapshot(&self) -> Result<Option<Snapshot>> {
        match self.is_same {
            true => Snapshot::open(&self.path),
            false => Snapshot::open(&self.temporary),
        }
    }

    /// The keys that are gone, as they were carried over.
    pub fn gone(&self) -> Result<Option<Snapshot>> {
        match self.is_same {
            true => Ok(None),
            false => Snapshot::open(&self.gone),
        }
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
        if !self.is_same {
            fs::rename(&self.temporary, &self.path).map_err(io_error("replace", &self.path))?;
        }
        Ok(self.finished)
    }
}

impl Drop for Merged {
    fn drop(&mut self) {
        if self.is_same {
            return;
        }
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
