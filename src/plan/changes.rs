//! How a flow learns which records have changed, without reading its whole source.

use super::ServerSql;
use crate::expr::Zone;
use std::time::Duration;

/// Which records have changed since a moment, by times or versions that the source's rows carry, or by what the server itself keeps of changes.
#[derive(Debug, Clone)]
pub struct Watermark {
    pub form: WatermarkForm,
    /// In it `:since` is bound, once for each of `columns`.
    pub sql: ServerSql,
    /// What each `:since` stands behind, in the order of the text.
    pub columns: Vec<Since>,
    /// The zone of times without one; `None`: that of the connection's pack, else UTC.
    pub zone: Option<Zone>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WatermarkForm {
    /// A condition on the rows of the source.
    Condition,
    /// A query that yields the first column of the changed records' keys.
    Keys,
}

/// What a `:since` stands behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Since {
    /// `updated_at >= :since`
    Column(TimeColumn),
    /// `CHANGETABLE(CHANGES articles, :since)`: the table as it is written there.
    Tracked(String),
}

/// A column as a watermark names it: `updated_at`, `t.write_date`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeColumn {
    pub table: Option<String>,
    pub name: String,
}

/// A run reads what has changed since the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByTimestamp {
    /// How long before its commit an application may have set a time.
    pub overlap: Duration,
    /// After so long a run reads the whole source: for deletes, and for what the times did not tell.
    pub full_every: Duration,
}
