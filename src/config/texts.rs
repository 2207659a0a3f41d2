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
    /// SQL that several queries have in common; [`ARGUMENT`] stands for what one of them says in brackets.
    pub pieces: BTreeMap<String, String>,
}

/// Stands in a piece for its `{it}`: a character that no SQL has.
const ARGUMENT: char = '\u{4}';

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
        let known = |variables: &'a Variables, name: &str| variables.values.get(name);
        self.fill_with(text, text, &known, found)
    }

    /// A piece of SQL, which says `{it}` for what is in the brackets where it is used.
    pub fn piece(&self, text: &At<String>, found: &mut Vec<Diagnostic>) -> String {
        let argument = ARGUMENT.to_string();
        let known = |variables: &'a Variables, name: &str| match name {
            "it" => Some(&argument),
            _ => in_sql(variables, name),
        };
        self.fill_with(text, text, &known, found)
    }

    /// `part` of the text, filled in.
    fn fill_with<'v>(
        &self,
        text: &At<String>,
        part: &str,
        known: &impl Fn(&'a Variables, &str) -> Option<&'v String>,
        found: &mut Vec<Diagnostic>,
    ) -> String {
        let Some(variables) = self.variables else {
            return part.to_owned();
        };
        let mut filled = String::with_capacity(part.len());
        let mut rest = part;
        while let Some(start) = rest.find('{') {
            filled.push_str(&rest[..start]);
            rest = &rest[start..];
            match Braced::of(rest).map(|braced| (known(variables, braced.name), braced)) {
                Some((Some(value), braced)) => {
                    let argument = braced.argument;
                    match argument.map(|part| self.fill_with(text, part, known, found)) {
                        None => filled.push_str(value),
                        Some(argument) => filled.push_str(&value.replace(ARGUMENT, &argument)),
                    }
                    rest = &rest[braced.whole.len()..];
                }
                Some((None, braced)) => {
                    found.push(self.unknown_variable(variables, braced.name).at(
                        &text.part(self.file, braced.whole),
                        "not a variable of the pack",
                    ));
                    rest = &rest[braced.whole.len()..];
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

    fn unknown_variable(&self, variables: &Variables, name: &str) -> Diagnostic {
        let known = variables.values.keys().chain(variables.choices.keys());
        let known = known.chain(variables.pieces.keys());
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
        let filled = self.fill_with(text, text, &in_sql, found);
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

/// What a name in braces stands for in SQL.
fn in_sql<'v>(variables: &'v Variables, name: &str) -> Option<&'v String> {
    let plain = variables.values.get(name);
    plain
        .or_else(|| variables.choices.get(name))
        .or_else(|| variables.pieces.get(name))
}

/// `{name}`, or `{name(argument)}`.
struct Braced<'t> {
    whole: &'t str,
    name: &'t str,
    argument: Option<&'t str>,
}

impl<'t> Braced<'t> {
    /// What a text begins with.
    fn of(text: &'t str) -> Option<Self> {
        let inside = text.strip_prefix('{')?;
        let end = inside.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')?;
        let (name, rest) = inside.split_at(end);
        if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let (argument, length) = match rest.strip_prefix('(') {
            None => (None, rest.starts_with('}').then_some(1)?),
            Some(rest) => {
                let argument = rest[..closing(rest)?].strip_suffix(')')?;
                (Some(argument), argument.len() + 3)
            }
        };
        Some(Braced {
            whole: &text[..1 + end + length],
            name,
            argument,
        })
    }
}

/// Where the brace closes that was opened before the text.
fn closing(text: &str) -> Option<usize> {
    let mut open = 0;
    text.find(|c: char| {
        open += i32::from(c == '{') - i32::from(c == '}');
        open < 0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(file: &Arc<SourceFile>, sql: &str, bound: &Bound) -> (String, Vec<String>) {
        let variables = Variables {
            pack: "shop".into(),
            values: BTreeMap::from([("prefix".to_owned(), "wp_".to_owned())]),
            choices: BTreeMap::from([("x".to_owned(), "chosen".to_owned())]),
            pieces: BTreeMap::from([("plain".to_owned(), format!("TRIM({ARGUMENT})"))]),
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

    #[test]
    fn a_piece_takes_what_is_in_its_brackets() {
        let sql = "SELECT {plain(COALESCE(a.x, b.x))}, {plain('{plain({prefix}y)}')}, '{1(x)}', '{x (y)}' FROM {x}";
        let file = Arc::new(SourceFile::new("x.toml", format!("\"{sql}\"")));
        let (text, said) = texts(&file, sql, &Bound::none());
        assert_eq!(
            text,
            "SELECT TRIM(COALESCE(a.x, b.x)), TRIM('TRIM(wp_y)'), '{1(x)}', '{x (y)}' FROM chosen"
        );
        assert_eq!(said, [""; 0]);
    }
}
