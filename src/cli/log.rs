//! The log: text for a person on standard error and, while the service runs, JSON lines in files.
//!
//! What goes to the files can change while the program runs, with the project.

use crate::plan::log::LogFiles;
use crate::round::FILES;
use std::io::{self, Write};
use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard};
use tracing::level_filters::LevelFilter;
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::filter::{FilterExt, Targets, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt, reload};

/// `ponte.2026-11-27.jsonl`: a day of UTC.
const PREFIX: &str = "ponte";
const SUFFIX: &str = "jsonl";

static OPEN: OnceLock<Open> = OnceLock::new();

struct Open {
    files: Files,
    level: reload::Handle<Targets, Registry>,
    now: RwLock<Option<LogFiles>>,
}

/// Why there are no log files.
#[derive(Debug, thiserror::Error)]
#[error("no log files can be written to `{}`: {error}", folder.display())]
pub struct LogError {
    folder: std::path::PathBuf,
    error: io::Error,
}

/// Begins to log to standard error. `PONTE_LOG` says exactly what is in it, `verbose` roughly.
pub fn start(verbose: u8) {
    let level = match verbose {
        0 => "ponte=warn",
        1 => "ponte=info",
        2 => "ponte=debug,info",
        _ => "ponte=trace,debug",
    };
    let filter = EnvFilter::try_from_env("PONTE_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    let text = fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(false)
        .with_target(false)
        .with_filter(filter.and(filter_fn(|about| about.target() != FILES)));
    let (chosen, level) = reload::Layer::new(targets(LevelFilter::OFF));
    let files = Files::default();
    let json = fmt::layer()
        .json()
        .flatten_event(true)
        .with_span_list(false)
        .with_writer(files.clone())
        .with_filter(chosen);
    tracing_subscriber::registry().with(json).with(text).init();
    let now = RwLock::default();
    // There is one start.
    let _ = OPEN.set(Open { files, level, now });
}

/// What ponte itself says, but for what is written for a terminal: drivers would repeat statements, and values.
fn targets(level: LevelFilter) -> Targets {
    Targets::new()
        .with_target("ponte", level)
        .with_target("ponte::cli", LevelFilter::OFF)
}

/// Writes to these files from now on.
///
/// # Errors
/// A folder that cannot be made or written to; there are no files then.
pub fn to(wanted: &LogFiles) -> Result<(), LogError> {
    let Some(open) = OPEN.get() else {
        return Ok(());
    };
    let mut now = open.now.write().unwrap_or_else(PoisonError::into_inner);
    if now.as_ref() == Some(wanted) {
        return Ok(());
    }
    let opened = match wanted.level {
        LevelFilter::OFF => Ok(None),
        _ => files_in(wanted).map(Some),
    };
    let (files, level, said) = match opened {
        Ok(files) => (files, wanted.level, Ok(())),
        Err(error) => {
            let folder = wanted.folder.clone();
            (None, LevelFilter::OFF, Err(LogError { folder, error }))
        }
    };
    *now = said.is_ok().then(|| wanted.clone());
    let mut slot = open.files.0.write().unwrap_or_else(PoisonError::into_inner);
    *slot = files;
    drop(slot);
    // The subscriber lives as long as the program.
    let _ = open.level.reload(targets(level));
    said
}

fn files_in(wanted: &LogFiles) -> io::Result<RollingFileAppender> {
    std::fs::create_dir_all(&wanted.folder)?;
    RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix(PREFIX)
        .filename_suffix(SUFFIX)
        .max_log_files(wanted.kept)
        .build(&wanted.folder)
        .map_err(io::Error::other)
}

/// Where lines go: nowhere, until files are open.
#[derive(Clone, Default)]
struct Files(Arc<RwLock<Option<RollingFileAppender>>>);

struct Line<'a>(RwLockReadGuard<'a, Option<RollingFileAppender>>);

impl<'a> MakeWriter<'a> for Files {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line(self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Line<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.as_ref() {
            Some(files) => files.make_writer().write(bytes),
            None => Ok(bytes.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.0.as_ref() {
            Some(files) => files.make_writer().flush(),
            None => Ok(()),
        }
    }
}
