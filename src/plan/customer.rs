//! A flow whose records go the other way, too, by a flow of their own.

/// Each of the two flows writes what its source owns. What was written is remembered with it, so that a value that the other side
/// has changed since is told.
#[derive(Debug, Clone)]
pub struct BothWays {
    /// The record of the other flow: its links lie in this one's source, and say the same the other way round.
    pub twin: String,
    /// Who owns what this flow writes, and where it is written: `the ERP`, `the shop`.
    pub owner: &'static str,
    pub other: &'static str,
}
