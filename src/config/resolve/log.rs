//! `[log]`: what the service writes into files.

use crate::config::project::{LevelWord, LogKeys};
use crate::diagnostic::{Diagnostic, SourceFile};
use crate::plan::log::LogFiles;
use std::path::Path;
use std::sync::Arc;
use tracing::level_filters::LevelFilter;

/// In the state folder.
const FOLDER: &str = "log";
const KEPT: usize = 30;
/// Today's file, and yesterday's for whoever looks after midnight.
const KEPT_MIN: u32 = 2;

pub fn log(
    file: &Arc<SourceFile>,
    keys: &LogKeys,
    (base, state): (&Path, &Path),
    found: &mut Vec<Diagnostic>,
) -> LogFiles {
    let folder = match &keys.dir {
        Some(dir) => base.join(dir.as_str()),
        None => state.join(FOLDER),
    };
    let level = match keys.level.as_ref().map(|level| level.value) {
        Some(LevelWord::Off) => LevelFilter::OFF,
        Some(LevelWord::Error) => LevelFilter::ERROR,
        Some(LevelWord::Warn) => LevelFilter::WARN,
        Some(LevelWord::Info) | None => LevelFilter::INFO,
        Some(LevelWord::Debug) => LevelFilter::DEBUG,
    };
    let mut kept = KEPT;
    if let Some(days) = &keys.keep {
        match usize::try_from(days.value) {
            Ok(days_kept) if days.value >= KEPT_MIN => kept = days_kept,
            _ => found.push(
                Diagnostic::error("P104", "too few log files are kept")
                    .at(&days.span(file), format!("at least {KEPT_MIN}, one a day"))
                    .help("`level = \"off\"` writes none"),
            ),
        }
    }
    LogFiles {
        folder,
        level,
        kept,
    }
}
