//! What is wrong with a project or a mapping, with the place it stands at. Collected, sorted, then drawn with the
//! line and a caret, or as JSON. Configuration errors are always `Diagnostic`s; a run's errors are not.

pub mod advice;
pub mod codes;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// One configuration text: a file, or a pack's file inside the program.
#[derive(Debug)]
pub struct SourceFile {
    /// As shown to people: relative to the project, or `pack:woocommerce/article.toml`.
    pub path: String,
    pub text: String,
    /// Of a text that is several files one after the other: where each of them begins.
    parts: Vec<(usize, Arc<SourceFile>)>,
}

impl SourceFile {
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        SourceFile {
            path: path.into(),
            text: text.into(),
            parts: Vec::new(),
        }
    }

    /// Two files as one text, so that what is read from both can stand in one place; spans are those of the files.
    pub fn joined(first: &Arc<SourceFile>, second: &Arc<SourceFile>) -> Self {
        let mut parts = match first.parts.is_empty() {
            true => vec![(0, first.clone())],
            false => first.parts.clone(),
        };
        parts.push((first.text.len(), second.clone()));
        SourceFile {
            path: second.path.clone(),
            text: format!("{}{}", first.text, second.text),
            parts,
        }
    }
}

/// A place in a file, in bytes.
#[derive(Debug, Clone)]
pub struct Span {
    pub file: Arc<SourceFile>,
    pub range: Range<usize>,
}

impl PartialEq for Span {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.file, &other.file) && self.range == other.range
    }
}

impl Span {
    pub fn new(file: &Arc<SourceFile>, range: Range<usize>) -> Self {
        let within = |(start, _): &&(usize, Arc<SourceFile>)| *start <= range.start;
        match file.parts.iter().rfind(within) {
            Some((start, part)) => Span {
                file: part.clone(),
                range: range.start - start..range.end.max(range.start) - start,
            },
            None => Span {
                file: file.clone(),
                range,
            },
        }
    }

    /// Line and column of the start, both from 1; the column counts characters.
    pub fn line_column(&self) -> (usize, usize) {
        let before = &self.file.text[..self.range.start.min(self.file.text.len())];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        (line, column)
    }

    /// `path:line:column`.
    pub fn place(&self) -> String {
        let (line, column) = self.line_column();
        format!("{}:{line}:{column}", self.file.path)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Error,
    Warning,
}

/// First line complete by itself, lower case, no full stop, names in backticks.
#[derive(Debug, Clone)]
pub struct Diagnostic {
    /// Stable: `P102`. Explained in `mappings/README.md`.
    pub code: &'static str,
    pub severity: Severity,
    pub message: String,
    pub at: Option<Span>,
    /// Short words beside the caret.
    pub label: String,
    /// Facts.
    pub notes: Vec<String>,
    /// What to do.
    pub help: Option<String>,
}

impl Diagnostic {
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Diagnostic {
            code,
            severity: Severity::Error,
            message: message.into(),
            at: None,
            label: String::new(),
            notes: Vec::new(),
            help: None,
        }
    }

    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Diagnostic {
            severity: Severity::Warning,
            ..Self::error(code, message)
        }
    }

    pub fn at(mut self, span: &Span, label: impl Into<String>) -> Self {
        self.at = Some(span.clone());
        self.label = label.into();
        self
    }

    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds ``did you mean `x`?`` for the candidate that is closest to `name`, if one is close.
    pub fn suggest<'a>(self, name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Self {
        match nearest(name, candidates) {
            Some(candidate) => self.help(format!("did you mean `{candidate}`?")),
            None => self,
        }
    }
}

/// Everything that is wrong, of all files. An error value of its own: `config::load` fails with it.
#[derive(Debug, Default)]
pub struct Diagnostics(pub Vec<Diagnostic>);

impl Diagnostics {
    /// In the order of `files`, then by position; what has no place comes first. What was found twice (two shops that
    /// use one pack) is kept once.
    pub fn sort(&mut self, files: &[Arc<SourceFile>]) {
        let rank = |found: &Diagnostic| {
            found.at.as_ref().map(|at| {
                let file = files.iter().position(|file| Arc::ptr_eq(file, &at.file));
                (file.unwrap_or(files.len()), at.range.start)
            })
        };
        self.0.sort_by_key(rank);
        let mut kept: Vec<Diagnostic> = Vec::with_capacity(self.0.len());
        for found in self.0.drain(..) {
            let same = |other: &Diagnostic| {
                other.code == found.code && other.message == found.message && other.at == found.at
            };
            if !kept.iter().any(same) {
                kept.push(found);
            }
        }
        self.0 = kept;
    }

    pub fn errors(&self) -> usize {
        self.count(Severity::Error)
    }

    pub fn warnings(&self) -> usize {
        self.count(Severity::Warning)
    }

    fn count(&self, severity: Severity) -> usize {
        self.0
            .iter()
            .filter(|found| found.severity == severity)
            .count()
    }

    /// For people: each with its line and a caret, a blank line between two.
    pub fn render(&self, color: bool) -> String {
        let mut text = String::new();
        for (number, found) in self.0.iter().enumerate() {
            if number > 0 {
                text.push('\n');
            }
            text.push_str(&found.render(color));
            text.push('\n');
        }
        text
    }

    /// For machines: an array with one object per diagnostic.
    pub fn to_json(&self) -> serde_json::Value {
        self.0.iter().map(Diagnostic::to_json).collect()
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.render(false).trim_end())
    }
}

impl std::error::Error for Diagnostics {}

impl Diagnostic {
    /// Drawn as rustc draws its errors; ends without a line feed.
    pub fn render(&self, color: bool) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let mut group = Group::with_title(level.primary_title(&self.message).id(self.code));
        if let Some(at) = &self.at {
            let mut mark = AnnotationKind::Primary.span(first_line(&at.file.text, &at.range));
            if !self.label.is_empty() {
                mark = mark.label(&self.label);
            }
            group = group.element(
                Snippet::source(&at.file.text)
                    .path(&at.file.path)
                    .annotation(mark),
            );
        }
        for note in &self.notes {
            group = group.element(Level::NOTE.message(note));
        }
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(help));
        }
        let renderer = if color {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        renderer
            .decor_style(DecorStyle::Ascii)
            .render(&[group])
            .to_string()
    }

    /// One object: code, severity, message, file, line, column (the last three NULL without a place), notes, help.
    pub fn to_json(&self) -> serde_json::Value {
        let place = self.at.as_ref().map(Span::line_column);
        serde_json::json!({
            "code": self.code,
            "severity": match self.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            },
            "message": self.message,
            "file": self.at.as_ref().map(|at| &at.file.path),
            "line": place.map(|(line, _)| line),
            "column": place.map(|(_, column)| column),
            "notes": self.notes,
            "help": self.help,
        })
    }
}

/// A long text is marked on its first line only; whole pages of `^` help nobody.
fn first_line(text: &str, range: &Range<usize>) -> Range<usize> {
    let start = range.start.min(text.len());
    let end = range.end.clamp(start, text.len());
    let line = text[start..end].find(['\r', '\n']);
    start..line.map_or(end, |line| start + line)
}

/// Names for a note: the first twelve, and how many more there are.
pub fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    const SHOWN_MAX: usize = 12;
    let mut unique: Vec<&str> = Vec::new();
    for name in names {
        if !unique.contains(&name) {
            unique.push(name);
        }
    }
    let more = unique.len().saturating_sub(SHOWN_MAX);
    unique.truncate(SHOWN_MAX);
    match more {
        0 => unique.join(", "),
        more => format!("{} (and {more} more)", unique.join(", ")),
    }
}

/// The candidate within three edits (fewer for short names), the closest first.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (name.chars().count() / 2).clamp(1, 3);
    candidates
        .into_iter()
        .map(|candidate| {
            (
                strsim::damerau_levenshtein(&name.to_lowercase(), &candidate.to_lowercase()),
                candidate,
            )
        })
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> Arc<SourceFile> {
        Arc::new(SourceFile::new(
            "mappings/acme/articles.toml",
            "[[write]]\ntable = \"articles\"\nsets = { name = \"title\" }\n",
        ))
    }

    fn unknown_key(file: &Arc<SourceFile>) -> Diagnostic {
        let start = file.text.find("sets").unwrap();
        Diagnostic::error("P102", "unknown key `sets` in a write")
            .at(
                &Span::new(file, start..start + 4),
                "not a key of `[[write]]`",
            )
            .note("keys: as, kinds, table")
            .suggest("sets", ["set", "insert", "table"])
    }

    #[test]
    fn drawn_with_line_and_caret() {
        let drawn = unknown_key(&file()).render(false);
        let expected = "\
error[P102]: unknown key `sets` in a write
 --> mappings/acme/articles.toml:3:1
  |
3 | sets = { name = \"title\" }
  | ^^^^ not a key of `[[write]]`
  |
  = note: keys: as, kinds, table
  = help: did you mean `set`?";
        assert_eq!(drawn, expected);
        assert!(unknown_key(&file()).render(true).contains("\u{1b}["));
    }

    #[test]
    fn sorted_by_file_and_position_and_said_once() {
        let (first, second) = (file(), file());
        let at = |file: &Arc<SourceFile>, start| {
            Diagnostic::error("P101", "x").at(&Span::new(file, start..start + 1), "")
        };
        let mut all = Diagnostics(vec![
            at(&second, 0),
            at(&first, 9),
            at(&first, 2),
            at(&first, 9),
            Diagnostic::warning("P111", "nowhere"),
        ]);
        all.sort(&[first.clone(), second.clone()]);
        let places: Vec<_> = all
            .0
            .iter()
            .map(|d| d.at.as_ref().map(|at| at.range.start))
            .collect();
        assert_eq!(places, [None, Some(2), Some(9), Some(0)]);
        assert_eq!((all.errors(), all.warnings()), (3, 1));
    }

    #[test]
    fn one_object_each_for_machines() {
        let json = Diagnostics(vec![unknown_key(&file())]).to_json();
        assert_eq!(json[0]["line"], 3);
        assert_eq!(json[0]["column"], 1);
        assert_eq!(json[0]["help"], "did you mean `set`?");
    }

    #[test]
    fn long_lists_are_cut() {
        assert_eq!(list(["a", "b", "a"]), "a, b");
        let many: Vec<String> = (1..=14).map(|number| number.to_string()).collect();
        let listed = list(many.iter().map(String::as_str));
        assert!(listed.ends_with("11, 12 (and 2 more)"));
    }

    #[test]
    fn suggestions_are_near() {
        assert_eq!(nearest("wieght", ["weight", "height"]), Some("weight"));
        assert_eq!(nearest("x", ["weight"]), None);
    }

    #[test]
    fn a_span_outside_the_text_does_not_panic() {
        let file = file();
        for range in [0..0, 500..600, 3..500] {
            let found = Diagnostic::error("P100", "broken").at(&Span::new(&file, range), "here");
            assert!(found.render(false).starts_with("error[P100]"));
        }
    }
}
