//! Texts of mapping files on their way into the plan: `{variables}` filled in, expressions parsed, the `:names` of
//! server SQL held against what is bound at the place.

use super::spanned::At;
use crate::db::query::TableName;
use crate::db::template;
use crate::diagnostic::{Diagnostic, SourceFile, nearest};
use crate::expr::Expr;
use crate::plan::ServerSql;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What `{name}` stands for: the variables of the pack behind a connection, and in SQL its choices.
#[derive(Debug, Clone)]
pub struct Variables {
    pub pack: String,
    pub values: BTreeMap<String, String>,
    /// See [`crate::db::choice`].
    pub choices: BTreeMap<String, String>,
}

/// Texts of one file, for one connection.
#[derive(Clone, Copy)]
pub struct Texts<'a> {
    pub file: &'a Arc<SourceFile>,
    /// `None` where the connection has no pack: braces then mean nothing.
    pub variables: Option<&'a Variables>,
}

/// The `:names` that a place binds.
#[derive(Debug, Clone, Default)]
pub struct Bound {
    pub names: Vec<String>,
    /// Queries whose result columns may be named too. Which columns they yield is known only live, so a word of
    /// their text is taken for one.
    pub columns_of: Vec<String>,
    /// Writes: `:post.ID`.
    pub writes: Vec<String>,
}

impl Bound {
    /// Nothing is bound.
    pub fn none() -> Self {
        Bound::default()
    }

    pub fn names(names: &[&str]) -> Self {
        Bound {
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            ..Bound::default()
        }
    }

    fn knows(&self, name: &str) -> bool {
        match name.split_once('.') {
            Some((write, _)) => self.writes.iter().any(|known| known == write),
            None => {
                self.names.iter().any(|known| known == name)
                    || self.columns_of.iter().any(|sql| has_word(sql, name))
            }
        }
    }

    fn list(&self) -> String {
        let names = self.names.iter().map(|name| format!(":{name}"));
        let writes = self.writes.iter().map(|name| format!(":{name}.<column>"));
        names.chain(writes).collect::<Vec<_>>().join(", ")
    }
}

fn has_word(text: &str, word: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric() && c != '_')
        .any(|part| part == word)
}

impl<'a> Texts<'a> {
    /// The text with its variables filled in.
    pub fn fill(&self, text: &At<String>, found: &mut Vec<Diagnostic>) -> String {
        let none = BTreeMap::new();
        self.fill_with(text, &none, found)
    }

    fn fill_with(
        &self,
        text: &At<String>,
        choices: &BTreeMap<String, String>,
        found: &mut Vec<Diagnostic>,
    ) -> String {
        let Some(variables) = self.variables else {
            return text.value.clone();
        };
        let value = |name: &str| variables.values.get(name).or_else(|| choices.get(name));
        let mut filled = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some(start) = rest.find('{') {
            filled.push_str(&rest[..start]);
            rest = &rest[start..];
            let name = braced(rest);
            match name.map(|name| (name, value(name))) {
                Some((name, Some(value))) => {
                    filled.push_str(value);
                    rest = &rest[name.len() + 2..];
                }
                Some((name, None)) => {
                    let whole = &rest[..name.len() + 2];
                    found.push(
                        self.unknown_variable(variables, choices, name)
                            .at(&text.part(self.file, whole), "not a variable of the pack"),
                    );
                    rest = &rest[whole.len()..];
                }
                None => {
                    filled.push('{');
                    rest = &rest[1..];
                }
            }
        }
        filled.push_str(rest);
        filled
    }

    fn unknown_variable(
        &self,
        variables: &Variables,
        choices: &BTreeMap<String, String>,
        name: &str,
    ) -> Diagnostic {
        let known = variables.values.keys().chain(choices.keys());
        let known: Vec<&str> = known.map(String::as_str).collect();
        let listed = match known.as_slice() {
            [] => format!("pack `{}` has no variables", variables.pack),
            _ => format!(
                "variables of pack `{}`: {}",
                variables.pack,
                known.join(", ")
            ),
        };
        Diagnostic::error("P121", format!("unknown variable `{{{name}}}`"))
            .note(listed)
            .suggest(name, known)
    }

    /// Server SQL; every `:name` that the place does not bind is reported.
    pub fn sql(&self, text: &At<String>, bound: &Bound, found: &mut Vec<Diagnostic>) -> ServerSql {
        if text.trim().is_empty() {
            found
                .push(Diagnostic::error("P104", "this SQL is empty").at(&text.span(self.file), ""));
        }
        for name in template::names(text) {
            if bound.knows(name) {
                continue;
            }
            let place = text.part(self.file, name);
            let listed = match bound.list() {
                list if list.is_empty() => "nothing is bound at this place".to_owned(),
                list => format!("bound at this place: {list}"),
            };
            let mut unknown = Diagnostic::error("P139", format!("unknown name `:{name}` in SQL"))
                .at(&place, "not bound here")
                .note(listed);
            if let Some(near) = nearest(name, bound.names.iter().map(String::as_str)) {
                unknown = unknown.help(format!("did you mean `:{near}`?"));
            }
            found.push(unknown);
        }
        let none = BTreeMap::new();
        let choices = self.variables.map_or(&none, |known| &known.choices);
        let filled = self.fill_with(text, choices, found);
        // Queries are wrapped into others, where a closing semicolon would end too much.
        let inner = filled.trim_end().trim_end_matches(';');
        ServerSql {
            text: inner.to_owned(),
            at: text.span(self.file),
        }
    }

    /// A table's name: `name` or `schema.name`.
    pub fn table(&self, text: &At<String>, found: &mut Vec<Diagnostic>) -> TableName {
        let filled = self.fill(text, found);
        let parts: Vec<&str> = filled.split('.').collect();
        if parts.len() > 2 || parts.iter().any(|part| part.trim().is_empty()) {
            let place = text.span(self.file);
            found.push(
                Diagnostic::error("P104", format!("`{filled}` is not the name of a table"))
                    .at(&place, "wanted `name` or `schema.name`"),
            );
        }
        TableName::parse(&filled)
    }

    /// A parsed expression; `None` after an error, which is reported.
    pub fn expr(&self, text: &At<String>, found: &mut Vec<Diagnostic>) -> Option<Expr> {
        let filled = self.fill(text, found);
        // Positions within the text hold only while it is what the file says.
        let at = if filled == text.value {
            text.content(self.file)
        } else {
            text.span(self.file)
        };
        match Expr::parse(&filled, at) {
            Ok(expr) => Some(expr),
            Err(wrong) => {
                found.push(wrong);
                None
            }
        }
    }
}

/// `name` of a text that begins with `{name}`.
fn braced(text: &str) -> Option<&str> {
    let inside = text.strip_prefix('{')?;
    let name = &inside[..inside.find('}')?];
    let first = name.chars().next()?;
    let letters = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    (letters && !first.is_ascii_digit()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(file: &Arc<SourceFile>, sql: &str, bound: &Bound) -> (String, Vec<String>) {
        let variables = Variables {
            pack: "shop".into(),
            values: BTreeMap::from([("prefix".to_owned(), "wp_".to_owned())]),
            choices: BTreeMap::from([("x".to_owned(), "chosen".to_owned())]),
        };
        let texts = Texts {
            file,
            variables: Some(&variables),
        };
        let mut found = Vec::new();
        let text = At::new(sql.to_owned(), 0..sql.len() + 2);
        let text = texts.sql(&text, bound, &mut found).text;
        let said = found.iter().map(|d| {
            let at = d.at.as_ref().unwrap();
            format!("{} {}", d.message, &file.text[at.range.clone()])
        });
        (text, said.collect())
    }

    #[test]
    fn variables_are_filled_in_and_names_are_held_against_the_place() {
        let sql =
            "SELECT '{}' FROM {prefix}a{pre} WHERE x IN (:id, :post.ID, :parent, :what, :posts.ID)";
        let file = Arc::new(SourceFile::new("x.toml", format!("\"{sql}\"")));
        let bound = Bound {
            names: vec!["id".into()],
            columns_of: vec!["SELECT a.parent".into()],
            writes: vec!["post".into()],
        };
        let (text, said) = texts(&file, sql, &bound);
        assert!(text.starts_with("SELECT '{}' FROM wp_a WHERE"));
        assert_eq!(
            said,
            [
                "unknown name `:what` in SQL what",
                "unknown name `:posts.ID` in SQL posts.ID",
                "unknown variable `{pre}` {pre}",
            ]
        );
    }
}
