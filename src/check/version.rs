//! Whether a system's version is one that its pack knows.

use super::text_of;
use crate::db::{self, Session};
use crate::diagnostic::Diagnostic;
use crate::plan::{Connection, PackFacts};
use std::cmp::Ordering;

/// Asks for the version; returns the system with it.
pub async fn check(
    connection: &Connection,
    pack: &PackFacts,
    session: &mut dyn Session,
    found: &mut Vec<Diagnostic>,
) -> db::Result<String> {
    let Some(range) = &pack.version else {
        return Ok(pack.system.clone());
    };
    let asked = match text_of(session, &range.sql).await {
        Ok(version) => version,
        Err(error) if error.is_transient() => return Err(error),
        Err(error) => {
            found.push(
                Diagnostic::error(
                    "P344",
                    format!("this does not look like {}", pack.system),
                )
                .at(&connection.at, format!("asked of {}", session.server().product))
                .note(format!("the query for its version failed: {}", error.message))
                .help("is it the right database, and are the pack's variables (a table prefix, say) right?"),
            );
            return Ok(pack.system.clone());
        }
    };
    let system = match asked.as_str() {
        "" => format!("{} of unknown version", pack.system),
        version => format!("{} {version}", pack.system),
    };
    let known = format!(
        "pack `{}` was made for {} to {}",
        pack.name, range.min, range.max
    );
    let Some(version) = components(&asked) else {
        found.push(
            Diagnostic::warning("P345", format!("{system}: the version cannot be told"))
                .at(&connection.at, "")
                .note(known)
                .help("if it is none of these, try it with `ponte sync --dry-run` on a copy of the shop first"),
        );
        return Ok(system);
    };
    let too_old =
        components(&range.min).is_some_and(|min| against(&version, &min) == Ordering::Less);
    let too_new =
        components(&range.max).is_some_and(|max| against(&version, &max) == Ordering::Greater);
    if too_old {
        found.push(
            Diagnostic::error("P345", format!("{system} is older than the pack knows"))
                .at(&connection.at, "")
                .note(known)
                .help("update the shop, or describe it with a pack of your own"),
        );
    } else if too_new {
        found.push(
            Diagnostic::warning(
                "P345",
                format!("{system} is newer than the pack was tested with"),
            )
            .at(&connection.at, "")
            .note(known)
            .help("try it with `ponte sync --dry-run` on a copy of the shop first"),
        );
    }
    Ok(system)
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
