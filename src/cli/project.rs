//! The project that a command works on.

use super::answer::{Failure, warned};
use super::door;
use super::output;
use crate::connections::Connections;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::plan::Plan;
use std::borrow::Cow;
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

/// A project as it was loaded, with its databases ready to connect.
pub struct Project {
    pub plan: Plan,
    pub connections: Connections,
    pub warnings: Vec<Diagnostic>,
    /// Of the project file as it was loaded.
    pub digest: String,
}

impl Project {
    /// # Errors
    /// A missing file, everything wrong with the configuration, a connection that cannot be prepared.
    pub fn open(path: &Path) -> Result<Project, Failure> {
        if !path.exists() {
            return Err(Failure::NoProject(path.to_owned()));
        }
        // Read before it is loaded: an edit in between makes it another one. One that cannot be read fails there.
        let digest = door::digest(&fs::read(path).unwrap_or_default());
        let beside = beside(path);
        let env = |name: &str| {
            std::env::var(name)
                .ok()
                .or_else(|| beside.get(name).cloned())
        };
        let (plan, warnings) = crate::config::load(path, &env).map_err(Failure::Configuration)?;
        let connections = Connections::new(&plan)?;
        Ok(Project {
            plan,
            connections,
            warnings,
            digest,
        })
    }

    /// Warnings of the configuration, for the commands that are about something else.
    pub fn warn(&self, as_json: bool) {
        if !as_json && !self.warnings.is_empty() {
            output::say(&warned(&Diagnostics(self.warnings.clone())));
        }
    }
}

/// Passwords beside the project, for a service that nobody's environment reaches: lines `NAME=value`.
const BESIDE: &str = "ponte.env";

/// The variables beside the project. A file that is not there, or not for whoever runs this, gives none: what is then missing
/// is said where it is named.
fn beside(project: &Path) -> HashMap<String, String> {
    let text = fs::read_to_string(project.with_file_name(BESIDE)).unwrap_or_default();
    variables(&text)
}

/// As systemd reads the file: empty lines and those that begin with `#` or `;` say nothing, a value may stand in quotes.
fn variables(text: &str) -> HashMap<String, String> {
    let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim);
    let lines = lines.filter(|line| !line.starts_with(['#', ';']));
    let pairs = lines.filter_map(|line| line.split_once('='));
    let pairs = pairs.map(|(name, value)| {
        let value = value.trim();
        let bare = ['"', '\'']
            .iter()
            .find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
        (name.trim().to_owned(), bare.unwrap_or(value).to_owned())
    });
    pairs.collect()
}

/// The project file that is meant. On Windows the one in `ProgramData\\ponte`, where a service's lies, is looked for when there is
/// none here.
pub fn file(named: &Path) -> Cow<'_, Path> {
    let shared = || {
        let file = PathBuf::from(std::env::var_os("ProgramData")?)
            .join("ponte")
            .join(named);
        file.exists().then_some(file)
    };
    match cfg!(windows) && named == Path::new("ponte.toml") && !named.exists() {
        true => shared().map_or(Cow::Borrowed(named), Cow::Owned),
        false => Cow::Borrowed(named),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_read_as_systemd_reads_them() {
        let text = "\u{feff}# passwords\r\n\r\nERP_PASSWORD=a=b$c\\d\r\n; X=1\r\nSHOP = \"with space \"\r\nQ='\"'\r\n";
        let found = variables(text);
        let expected = [
            ("ERP_PASSWORD", "a=b$c\\d"),
            ("SHOP", "with space "),
            ("Q", "\""),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(found, HashMap::from(expected));
    }
}
