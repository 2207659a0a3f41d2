//! Whether the systems behind the connections are of versions that their packs know.

use super::task::Task;
use crate::connections::Connections;
use crate::db::query::Query;
use crate::db::{self, Session};
use crate::diagnostic::Diagnostic;
use crate::plan::{Connection, PackFacts, Plan, VersionRange};
use std::cmp::Ordering;
use std::collections::BTreeSet;

/// What a pack's query tells of the system.
#[derive(Debug, Clone)]
pub struct Told {
    /// With its version, if that is known: `WooCommerce 10.2.1`.
    pub system: String,
    pub unfamiliar: Option<Unfamiliar>,
}

/// A system that is not as its pack knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfamiliar {
    /// With its version, if that is known.
    pub system: String,
    pub pack: String,
    /// The versions that the pack was made for: `8 to 11`.
    pub known: String,
    pub why: Why,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// The query failed: what was asked, and what it said.
    Another {
        product: String,
        error: String,
    },
    /// The answer is no version.
    Untold,
    Older,
    Newer,
}

impl Unfamiliar {
    /// As `ponte check` tells it, whose word a person waits for.
    pub fn diagnostic(&self, connection: &Connection) -> Diagnostic {
        let Unfamiliar {
            system,
            pack,
            known,
            why,
        } = self;
        let known = format!("pack `{pack}` was made for {known}");
        let (found, note, help) = match why {
            Why::Another { product, error } => (
                Diagnostic::error("P344", format!("this does not look like {system}"))
                    .at(&connection.at, format!("asked of {product}")),
                format!("the query for its version failed: {error}"),
                "is it the right database, and are the pack's variables (a table prefix, say) right?".to_owned(),
            ),
            Why::Untold => (
                Diagnostic::warning("P345", format!("{system}: the version cannot be told"))
                    .at(&connection.at, ""),
                known,
                "if it is none of these, try it with `ponte sync --dry-run` on a copy of its database first".to_owned(),
            ),
            Why::Older => (
                Diagnostic::error("P345", format!("{system} is older than the pack knows"))
                    .at(&connection.at, ""),
                known,
                "update it, or describe it with a pack of your own".to_owned(),
            ),
            Why::Newer => (
                Diagnostic::warning("P345", format!("{system} is newer than the pack was tested with"))
                    .at(&connection.at, ""),
                known,
                "try it with `ponte sync --dry-run` on a copy of its database first".to_owned(),
            ),
        };
        found.note(note).help(help)
    }

    /// As a run tells it, which it does not stop.
    pub fn warning(&self, connection: &Connection) -> Diagnostic {
        let mut found = self.diagnostic(connection);
        found.severity = crate::diagnostic::Severity::Warning;
        found
            .note("the flows run nevertheless: tables and columns that no longer fit stop a flow before it writes, but what has got another meaning is not noticed")
            .help("`ponte check` tells whether everything still fits; `ponte verify` and `ponte explain SKU` show whether figures are right")
    }
}

/// Asks for the version.
///
/// # Errors
/// A line that broke; a query that is refused says that it is another system.
pub async fn of(pack: &PackFacts, session: &mut dyn Session) -> db::Result<Told> {
    let Some(range) = &pack.version else {
        return Ok(Told {
            system: pack.system.clone(),
            unfamiliar: None,
        });
    };
    let asked = db::fetch(session, &Query::sql(range.sql.text.clone())).await;
    let (system, why) = match asked {
        Ok(rows) => {
            let value = rows.first().and_then(|row| row.first());
            let version = value.map_or(String::new(), |value| value.plain().into_owned());
            let system = match version.as_str() {
                "" => format!("{} of unknown version", pack.system),
                version => format!("{} {version}", pack.system),
            };
            (system, judged(&version, range))
        }
        Err(error) if error.is_transient() => return Err(error),
        Err(error) => {
            let product = session.server().product.clone();
            let error = error.message;
            (pack.system.clone(), Some(Why::Another { product, error }))
        }
    };
    let unfamiliar = why.map(|why| Unfamiliar {
        system: system.clone(),
        pack: pack.name.clone(),
        known: format!("{} to {}", range.min, range.max),
        why,
    });
    Ok(Told { system, unfamiliar })
}

/// Asks one connection of a plan, by a session of its own; `None`: its pack says nothing of versions.
///
/// # Errors
/// A server that is out of reach.
pub async fn ask(
    connection: &Connection,
    connections: &Connections,
) -> db::Result<Option<Unfamiliar>> {
    let Some(pack) = connection
        .pack
        .as_ref()
        .filter(|pack| pack.version.is_some())
    else {
        return Ok(None);
    };
    let mut session = connections.engine(&connection.name)?.connect().await?;
    Ok(of(pack, session.as_mut()).await?.unfamiliar)
}

/// What is unfamiliar behind the connections of these tasks. A server that is out of reach is nothing to tell here: its flows do.
pub async fn warnings(
    plan: &Plan,
    connections: &Connections,
    tasks: &[Task<'_>],
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for name in behind(tasks) {
        let Some(connection) = plan.connections.get(name) else {
            continue;
        };
        match ask(connection, connections).await {
            Ok(unfamiliar) => found.extend(unfamiliar.map(|one| one.warning(connection))),
            Err(error) => tracing::debug!(name, %error, "the version cannot be asked for"),
        }
    }
    found
}

/// The connections that tasks read from and write to.
pub fn behind<'p>(tasks: &[Task<'p>]) -> BTreeSet<&'p str> {
    tasks
        .iter()
        .flat_map(|task| [task.source(), task.target()])
        .collect()
}

fn judged(version: &str, range: &VersionRange) -> Option<Why> {
    let Some(version) = components(version) else {
        return Some(Why::Untold);
    };
    let beyond = |bound: &str, side: Ordering| {
        components(bound).is_some_and(|bound| against(&version, &bound) == side)
    };
    if beyond(&range.min, Ordering::Less) {
        return Some(Why::Older);
    }
    beyond(&range.max, Ordering::Greater).then_some(Why::Newer)
}

/// The leading numbers of a version: `9.4.1-beta.2` is 9, 4, 1.
fn components(version: &str) -> Option<Vec<u64>> {
    let numbers: Vec<u64> = version
        .trim()
        .split('.')
        .map_while(|part| {
            let end = part.find(|c: char| !c.is_ascii_digit());
            part[..end.unwrap_or(part.len())].parse().ok()
        })
        .collect();
    (!numbers.is_empty()).then_some(numbers)
}

/// Compared by the components that the bound gives: against 11, 11.9 is equal.
fn against(version: &[u64], bound: &[u64]) -> Ordering {
    let padded = version.iter().copied().chain(std::iter::repeat(0));
    padded.take(bound.len()).cmp(bound.iter().copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compare(version: &str, bound: &str) -> Ordering {
        against(&components(version).unwrap(), &components(bound).unwrap())
    }

    #[test]
    fn a_bound_holds_for_the_components_it_gives() {
        assert_eq!(compare("11.9.2", "11"), Ordering::Equal);
        assert_eq!(compare("12.0", "11"), Ordering::Greater);
        assert_eq!(compare("7.9.9", "8"), Ordering::Less);
        assert_eq!(compare("8", "8.0.1"), Ordering::Less);
        assert_eq!(compare("10.2-rc.1", "10.2"), Ordering::Equal);
        assert_eq!(components("trunk"), None);
    }
}
