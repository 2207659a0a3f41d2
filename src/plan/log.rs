//! What the service writes about its work into files.

use std::path::PathBuf;
use tracing::level_filters::LevelFilter;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFiles {
    pub folder: PathBuf,
    /// `OFF`: no files.
    pub level: LevelFilter,
    /// One file a day; the oldest ones beyond this number are removed.
    pub kept: usize,
}
