//! Texts from outside: files, environment variables, password files.

use super::spanned::At;
use crate::diagnostic::{Diagnostic, SourceFile};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What loading a project gathers: its folder, every file read so far, everything found wrong so far.
pub struct Loader<'e> {
    env: &'e dyn Fn(&str) -> Option<String>,
    /// The project file's folder: relative paths start there.
    pub base: PathBuf,
    /// In the order of reading.
    pub files: Vec<Arc<SourceFile>>,
    pub found: Vec<Diagnostic>,
}

/// A file with more than this is no configuration; in bytes.
const FILE_BYTES_MAX: u64 = 4 << 20;

impl<'e> Loader<'e> {
    pub fn new(base: PathBuf, env: &'e dyn Fn(&str) -> Option<String>) -> Self {
        Loader {
            env,
            base,
            files: Vec::new(),
            found: Vec::new(),
        }
    }

    pub fn report(&mut self, found: Diagnostic) {
        self.found.push(found);
    }

    /// Keeps a text under the name by which messages call it.
    pub fn add(&mut self, shown: impl Into<String>, text: impl Into<String>) -> Arc<SourceFile> {
        let file = Arc::new(SourceFile::new(shown, text));
        self.files.push(file.clone());
        file
    }

    /// A file's text; what hinders reading it is reported.
    pub fn read(&mut self, path: &Path, shown: &str) -> Option<String> {
        match read_text(path) {
            Ok(text) => Some(text),
            Err(why) => {
                self.report(Diagnostic::error(
                    "P001",
                    format!("`{shown}` cannot be read: {why}"),
                ));
                None
            }
        }
    }

    /// A text with each `${NAME}` replaced by the environment's value. `None` after an error, which is reported.
    /// `encode` says whether the value at an offset of the text must be percent-encoded.
    pub fn substitute(
        &mut self,
        file: &Arc<SourceFile>,
        text: &At<String>,
        encode: impl Fn(usize) -> bool,
    ) -> Option<String> {
        let mut filled = String::with_capacity(text.len());
        let mut fine = true;
        let mut rest = text.as_str();
        while let Some(start) = rest.find("${") {
            filled.push_str(&rest[..start]);
            let offset = text.len() - rest.len() + start;
            let Some(end) = rest[start..].find('}') else {
                let found = Diagnostic::error("P110", "`${` without its `}`")
                    .at(&text.part(file, &rest[start..start + 2]), "opened here");
                self.report(found);
                return None;
            };
            let whole = &rest[start..=start + end];
            let name = &whole[2..whole.len() - 1];
            match self.variable(name) {
                Ok(value) if encode(offset) => {
                    let set = percent_encoding::NON_ALPHANUMERIC;
                    filled.extend(percent_encoding::utf8_percent_encode(&value, set));
                }
                Ok(value) => filled.push_str(&value),
                Err(found) => {
                    self.report(found.at(&text.part(file, whole), "needed here"));
                    fine = false;
                }
            }
            rest = &rest[start + end + 1..];
        }
        filled.push_str(rest);
        fine.then_some(filled)
    }

    fn variable(&self, name: &str) -> Result<String, Box<Diagnostic>> {
        let letters = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if name.is_empty() || !name.chars().all(letters) {
            let message = format!("`{name}` is not the name of an environment variable");
            let found = Diagnostic::error("P110", message).help("write `${NAME}`");
            return Err(Box::new(found));
        }
        (self.env)(name).ok_or_else(|| {
            let found =
                Diagnostic::error("P110", format!("environment variable `{name}` is not set"));
            Box::new(found.help(format!("set `{name}` in the environment that starts ponte")))
        })
    }

    /// The first line of a password file.
    pub fn password_file(&mut self, file: &Arc<SourceFile>, path: &At<String>) -> Option<String> {
        let named = self.substitute(file, path, |_| false)?;
        let why = match read_text(&self.base.join(&named)) {
            Ok(text) => match text.lines().next() {
                Some(line) if !line.is_empty() => return Some(line.to_owned()),
                _ => "its first line is empty".to_owned(),
            },
            Err(why) => why,
        };
        self.report(
            Diagnostic::error("P112", format!("password file `{named}`: {why}"))
                .at(&path.span(file), "named here")
                .help("a path relative to the project file; its first line is the password"),
        );
        None
    }
}

/// A file's text; the error in words that are the same on every system where that is possible.
pub fn read_text(path: &Path) -> Result<String, String> {
    use std::io::ErrorKind;
    let size = std::fs::metadata(path).map(|facts| facts.len());
    if size.as_ref().is_ok_and(|size| *size > FILE_BYTES_MAX) {
        return Err(format!("it is larger than {} MiB", FILE_BYTES_MAX >> 20));
    }
    match std::fs::read_to_string(path) {
        // Editors on Windows begin files with a byte order mark.
        Ok(text) => Ok(text
            .strip_prefix('\u{feff}')
            .map_or(text.clone(), str::to_owned)),
        Err(error) => Err(match error.kind() {
            ErrorKind::NotFound => "there is no such file".to_owned(),
            ErrorKind::PermissionDenied => "permission denied".to_owned(),
            ErrorKind::InvalidData => "it is not UTF-8 text".to_owned(),
            _ => error.to_string(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn substitute(text: &str) -> (Option<String>, Vec<String>) {
        let env = |name: &str| (name == "SET").then(|| "a@b".to_owned());
        let mut loader = Loader::new(PathBuf::from("."), &env);
        let file = loader.add("ponte.toml", format!("'{text}'"));
        let at = At::new(text.to_owned(), 0..text.len() + 2);
        let filled = loader.substitute(&file, &at, |offset| offset == 2);
        let said = loader.found.into_iter().map(|found| found.message);
        (filled, said.collect())
    }

    #[test]
    fn variables_are_replaced_and_encoded_where_asked() {
        assert_eq!(substitute("x ${SET} $ {SET}").0.unwrap(), "x a%40b $ {SET}");
        assert_eq!(substitute("x  ${SET}").0.unwrap(), "x  a@b");
    }

    #[test]
    fn every_missing_variable_is_told() {
        let (filled, said) = substitute("${A} ${SET} ${B-C} ${");
        assert!(filled.is_none());
        assert_eq!(said.len(), 3);
    }
}
