//! What `pack.toml` says.

use super::ServerSql;

/// What a pack says of the system behind a connection.
#[derive(Debug)]
pub struct PackFacts {
    pub name: String,
    pub system: String,
    pub version: Option<VersionRange>,
    /// Yields the zone in which bound times are sent; `None`: UTC. A zone is an IANA name or hours from UTC.
    pub zone: Option<ServerSql>,
    /// Yields the zone in which `local()` and days are computed; `None`: that of `zone`.
    pub local_zone: Option<ServerSql>,
    pub lets: Vec<Let>,
    pub own: Vec<OwnTable>,
    pub left_out: Vec<LeftOut>,
}

#[derive(Debug)]
pub struct VersionRange {
    pub sql: ServerSql,
    pub min: String,
    pub max: String,
}

/// A small table of the database, read once a run.
#[derive(Debug, Clone)]
pub struct Let {
    pub name: String,
    pub key: Vec<String>,
    pub sql: ServerSql,
}

/// A table of ponte's own that a pack writes to.
#[derive(Debug)]
pub struct OwnTable {
    pub name: String,
    /// Creates it; may be run again without harm.
    pub statement: String,
}

/// What a pack does not carry over.
#[derive(Debug)]
pub struct LeftOut {
    /// For people.
    pub what: String,
    /// Yields how many of it there are.
    pub sql: ServerSql,
}
