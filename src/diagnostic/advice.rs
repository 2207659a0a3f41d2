//! What to do about a code: from the two documents for whoever looks after an installation, which are part of the program.

pub const ENGLISH: &str = include_str!("../../docs/troubleshooting.md");
pub const ITALIAN: &str = include_str!("../../docs/risoluzione-dei-problemi.md");

/// What a document says of one code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// What it means, where the document says so; otherwise [`codes`](super::codes) does.
    pub means: Option<String>,
    pub act: String,
    /// The section about this code alone, its heading included.
    pub section: Option<&'static str>,
}

/// `None`: the document does not have this code.
pub fn of(document: &'static str, code: &str) -> Option<Advice> {
    let row = document.lines().find(|line| {
        let cells = line.strip_prefix("| ");
        cells.is_some_and(|cells| cells.split(' ').next() == Some(code))
    })?;
    // A bar within a cell is written `\|`.
    let cells = row.replace("\\|", "\0");
    let cells = cells.trim_matches('|').split('|');
    let mut cells: Vec<String> = cells.map(|cell| cell.trim().replace('\0', "|")).collect();
    let act = cells.pop()?;
    // The code, the message, and in the Italian one what that means.
    let means = cells.into_iter().nth(2);
    Some(Advice {
        means,
        act,
        section: section(document, code),
    })
}

fn section(document: &'static str, code: &str) -> Option<&'static str> {
    let named = format!("({code})");
    let mut sections = document.split("\n## ").skip(1);
    let found = sections.find(|section| {
        let heading = section.lines().next();
        heading.is_some_and(|heading| heading.ends_with(&named))
    });
    found.map(str::trim_end)
}

#[cfg(test)]
mod tests {
    use super::super::codes::CODES;
    use super::*;

    #[test]
    fn both_documents_have_every_code() {
        for code in CODES {
            let english = of(ENGLISH, code.code).unwrap();
            assert!(english.means.is_none() && !english.act.is_empty());
            let italian = of(ITALIAN, code.code).unwrap();
            assert!(!italian.means.unwrap().is_empty() && !italian.act.is_empty());
            assert_eq!(english.section.is_some(), italian.section.is_some());
        }
        assert_eq!(of(ENGLISH, "P"), None);
        let version = of(ENGLISH, "P345").unwrap().section.unwrap();
        assert!(version.contains("newer than the pack") && !version.contains("heartbeat"));
    }
}
