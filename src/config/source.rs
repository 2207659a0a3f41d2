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

/// How an environment variable's value is put into a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Plain,
    /// Within a URL.
    Percent,
    /// A value, or a part of one, of `KEYWORD=VALUE;…`.
    Keyword,
}

/// In quotes if it would not be one value otherwise; within quotes that are open these are doubled.
fn as_keyword_value(before: &str, value: &str) -> String {
    let Some(at) = before
        .rfind(['=', ';'])
        .filter(|at| before[*at..].starts_with('='))
    else {
        return value.to_owned();
    };
    let own = before[at + 1..].trim_start();
    if let Some(quote @ ('"' | '\'')) = own.chars().next() {
        return value.replace(quote, &format!("{quote}{quote}"));
    }
    let is_plain = !value.contains([';', '"', '\'', '{', '}']) && value.trim() == value;
    match is_plain || !own.is_empty() {
        true => value.to_owned(),
        false => format!("\"{}\"", value.replace('"', "\"\"")),
    }
}

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
    /// `encoding` says how the value at an offset of the text is put in.
    pub fn substitute(
        &mut self,
        file: &Arc<SourceFile>,
        text: &At<String>,
        encoding: impl Fn(usize) -> Encoding,
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
                Ok(value) => match encoding(offset) {
                    Encoding::Plain => filled.push_str(&value),
                    Encoding::Percent => {
                        let set = percent_encoding::NON_ALPHANUMERIC;
                        filled.extend(percent_encoding::utf8_percent_encode(&value, set));
                    }
                    Encoding::Keyword => filled.push_str(&as_keyword_value(&filled, &value)),
                },
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
        let named = self.substitute(file, path, |_| Encoding::Plain)?;
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
        let filled = loader.substitute(&file, &at, |offset| match offset {
            2 => Encoding::Percent,
            _ => Encoding::Plain,
        });
        let said = loader.found.into_iter().map(|found| found.message);
        (filled, said.collect())
    }

    #[test]
    fn variables_are_replaced_and_encoded_where_asked() {
        assert_eq!(substitute("x ${SET} $ {SET}").0.unwrap(), "x a%40b $ {SET}");
        assert_eq!(substitute("x  ${SET}").0.unwrap(), "x  a@b");
    }

    #[test]
    fn a_value_among_keywords_is_one_value() {
        for (before, value, wanted) in [
            ("PWD=", "a", "a"),
            ("PWD= ", "a;b", "\"a;b\""),
            ("PWD=", "a\"b'", "\"a\"\"b'\""),
            ("PWD=", "'a", "\"'a\""),
            ("Server=tcp:", "host", "host"),
            ("", "Server=h;Database=d", "Server=h;Database=d"),
            ("Server=h;", "UID=u;PWD=p", "UID=u;PWD=p"),
            ("PWD='", "a'b", "a''b"),
        ] {
            assert_eq!(as_keyword_value(before, value), wanted, "{before}{value}");
        }
    }

    #[test]
    fn every_missing_variable_is_told() {
        let (filled, said) = substitute("${A} ${SET} ${B-C} ${");
        assert!(filled.is_none());
        assert_eq!(said.len(), 3);
    }
}
