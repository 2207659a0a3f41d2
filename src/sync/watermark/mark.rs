//! What a run by timestamp leaves for the next one, within the snapshot.

use crate::plan::ByTimestamp;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// With more records to try again than this the next run reads the whole source.
const RETRY_MAX: usize = 10_000;

/// What a run leaves for the next one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Of everything but the rows that decides what is written and what counts as changed.
    pub(super) basis: String,
    pub(super) horizon_ms: i64,
    /// Every row version below it was committed.
    #[serde(default)]
    pub(super) row_version: Option<u64>,
    /// The last tracked change that was committed.
    #[serde(default)]
    pub(super) tracked: Option<i64>,
    /// When the whole source was last read.
    pub(super) full_ms: i64,
    /// First key columns of records that were not, or not wholly, carried over.
    pub(super) retry: Vec<String>,
    /// Keys that are gone from the source and were not dealt with.
    #[serde(default)]
    pub(super) gone: Vec<String>,
}

impl Mark {
    /// As it lies in a snapshot; `None` for what is no mark.
    pub fn read(bytes: &[u8]) -> Option<Mark> {
        serde_json::from_slice(bytes).ok()
    }

    pub fn bytes(&self) -> Vec<u8> {
        // A struct of texts and numbers is always JSON; if not, the next run reads the whole source.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Notes a record that the next run tries again; false if there are too many.
    pub fn retry(&mut self, key: &str) -> bool {
        self.retry.push(key.to_owned());
        self.retry.len() <= RETRY_MAX
    }

    /// Notes a record that is gone and that the next run must deal with; false if there are too many.
    pub fn gone(&mut self, key: &str) -> bool {
        self.gone.push(key.to_owned());
        self.gone.len() <= RETRY_MAX
    }

    pub(super) fn since(&self, by: &ByTimestamp) -> DateTime<Utc> {
        let overlap = i64::try_from(by.overlap.as_millis()).unwrap_or(i64::MAX);
        DateTime::from_timestamp_millis(self.horizon_ms.saturating_sub(overlap))
            .unwrap_or(DateTime::UNIX_EPOCH)
    }
}
