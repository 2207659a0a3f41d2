//! The structure of a file, held against the JSON Schema of its type: unknown keys, wrong types, missing keys and
//! words that are not allowed, all of them at once and each with its place. serde alone would stop at the first wrong
//! type.
//!
//! What is wrong is reported and cut out of the document, so that serde then reads all the rest and the later checks
//! still see it. Only as much of JSON Schema is understood as [`super::schema`] produces.

use super::schema;
use crate::diagnostic::{Diagnostic, SourceFile, Span};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};
use std::ops::Range;
use std::sync::Arc;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

/// A parsed text that has not been read into its type yet.
pub type Document<'a> = DeTable<'a>;

/// Parses a text; a syntax error is reported. `file` is the same text as messages quote it.
pub fn parse<'a>(
    file: &Arc<SourceFile>,
    text: &'a str,
    found: &mut Vec<Diagnostic>,
) -> Option<Document<'a>> {
    match DeTable::parse(text) {
        Ok(document) => Some(document.into_inner()),
        Err(_) => {
            found.push(syntax_error(file, text));
            None
        }
    }
}

/// The error that stands first in the text: the others are mostly its consequences.
fn syntax_error(file: &Arc<SourceFile>, text: &str) -> Diagnostic {
    let (_, errors) = DeTable::parse_recoverable(text);
    let end = text.len();
    let start = |error: &toml::de::Error| error.span().map_or(end, |span| span.start);
    let (message, span) = match errors.iter().min_by_key(|error| start(error)) {
        Some(error) => (error.message().to_owned(), error.span()),
        None => ("not TOML".to_owned(), None),
    };
    let span = Span::new(file, span.unwrap_or(end..end));
    Diagnostic::error("P100", format!("syntax error: {message}")).at(&span, "here")
}

/// Whether a file says everything, or only what is different from another one: then no key is missing in its own
/// tables, nor in a `[[write]]`. What is in another list, or under a name of the author's, is always whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Whole,
    Difference,
}

/// Holds a document against the type's schema, then reads what is right of it.
pub fn read<T: DeserializeOwned + JsonSchema>(
    file: &Arc<SourceFile>,
    document: Document<'_>,
    form: Form,
    found: &mut Vec<Diagnostic>,
) -> Option<T> {
    let document = check::<T>(file, document, form, found);
    deserialize(file, document, found)
}

/// Holds a document against the type's schema; gives back what is right of it.
pub fn check<'t, T: JsonSchema>(
    file: &Arc<SourceFile>,
    document: Document<'t>,
    form: Form,
    found: &mut Vec<Diagnostic>,
) -> Spanned<DeValue<'t>> {
    let schema = schema::of::<T>();
    let mut checker = Checker {
        file,
        schema: schema.as_value(),
        found,
    };
    let mut document = Spanned::new(0..0, DeValue::Table(document));
    checker.value(schema.as_value(), &mut document, "the file", form);
    document
}

/// Reads a value whose structure was checked before.
pub fn deserialize<T: DeserializeOwned>(
    file: &Arc<SourceFile>,
    value: Spanned<DeValue<'_>>,
    found: &mut Vec<Diagnostic>,
) -> Option<T> {
    let whole = value.span();
    match T::deserialize(ValueDeserializer::from(value)) {
        Ok(value) => Some(value),
        Err(error) => {
            let span = Span::new(file, error.span().unwrap_or(whole));
            found.push(Diagnostic::error("P101", error.message()).at(&span, "here"));
            None
        }
    }
}

struct Checker<'a> {
    file: &'a Arc<SourceFile>,
    /// The root, which holds the definitions.
    schema: &'a Json,
    found: &'a mut Vec<Diagnostic>,
}

impl<'a> Checker<'a> {
    /// True if the value may stay.
    fn value(
        &mut self,
        schema: &'a Json,
        value: &mut Spanned<DeValue<'_>>,
        container: &str,
        form: Form,
    ) -> bool {
        let branches = self.branches(schema);
        let kind = kind(value.get_ref());
        let fitting = branches
            .iter()
            .copied()
            .find(|branch| accepts(branch, kind));
        let Some(branch) = fitting else {
            let range = value.span();
            self.wrong_type(&branches, value.get_ref(), range);
            return false;
        };
        let range = value.span();
        match value.get_mut() {
            DeValue::Table(table) => {
                self.table(branch, table, &range, container, form);
                true
            }
            DeValue::Array(array) => {
                if let Some(items) = branch.get("items") {
                    // An array's element may not be cut out: the others would change their places.
                    let form = match container {
                        "write" => form,
                        _ => Form::Whole,
                    };
                    let mut fine = true;
                    for item in array.iter_mut() {
                        fine &= self.value(items, item, container, form);
                    }
                    return fine;
                }
                true
            }
            DeValue::String(text) => self.word(branch, text, range),
            DeValue::Boolean(value) => {
                let fine = branch
                    .get("const")
                    .is_none_or(|only| only == &Json::Bool(*value));
                if !fine {
                    let message = format!("`{value}` is not allowed here");
                    self.report(
                        Diagnostic::error("P104", message),
                        range,
                        "only `false`: not written",
                    );
                }
                fine
            }
            DeValue::Integer(number) => {
                let number = i64::from_str_radix(number.as_str(), number.radix());
                let unsigned = branch.get("format").and_then(Json::as_str) == Some("uint32");
                let fine = match number {
                    Ok(number) => !unsigned || u32::try_from(number).is_ok(),
                    Err(_) => false,
                };
                if !fine {
                    let message = "number out of range";
                    let label = format!("a whole number from 0 to {}", u32::MAX);
                    self.report(Diagnostic::error("P104", message), range, &label);
                }
                fine
            }
            DeValue::Float(_) | DeValue::Datetime(_) => true,
        }
    }

    fn table(
        &mut self,
        schema: &'a Json,
        table: &mut DeTable<'_>,
        range: &Range<usize>,
        container: &str,
        form: Form,
    ) {
        let title = self.title(range, container);
        let properties = schema.get("properties").and_then(Json::as_object);
        let others = schema.get("additionalProperties");
        if let Some(required) = schema.get("required").and_then(Json::as_array) {
            for key in required.iter().filter_map(Json::as_str) {
                if form == Form::Whole && !table.contains_key(key) {
                    let found =
                        Diagnostic::error("P103", format!("missing key `{key}` in {title}"));
                    let found = match properties
                        .and_then(|all| all.get(key)?.get("description")?.as_str())
                    {
                        Some(meaning) => found.help(format!("`{key}`: {}", one_line(meaning))),
                        None => found,
                    };
                    self.report(found, range.clone(), "");
                }
            }
        }
        for (key, mut value) in std::mem::take(table) {
            let name = key.get_ref().as_ref();
            let fine = if let Some(known) = properties.and_then(|all| all.get(name)) {
                // Replaced as one: its two columns make sense together only.
                let form = match name {
                    "attributes" => Form::Whole,
                    _ => form,
                };
                self.value(known, &mut value, name, form)
            } else if let Some(others @ Json::Object(_)) = others {
                self.value(others, &mut value, name, Form::Whole)
            } else {
                self.unknown_key(name, key.span(), &title, properties);
                false
            };
            if fine {
                table.insert(key, value);
            }
        }
    }

    fn unknown_key(
        &mut self,
        name: &str,
        range: Range<usize>,
        title: &str,
        properties: Option<&Map<String, Json>>,
    ) {
        let known: Vec<&str> = properties
            .into_iter()
            .flat_map(|all| all.keys().map(String::as_str))
            .collect();
        let found = Diagnostic::error("P102", format!("unknown key `{name}` in {title}"))
            .note(format!("keys of {title}: {}", known.join(", ")))
            .suggest(name, known.iter().copied());
        self.report(found, range, "not known here");
    }

    fn word(&mut self, schema: &Json, text: &str, range: Range<usize>) -> bool {
        let Some(words) = schema.get("enum").and_then(Json::as_array) else {
            return true;
        };
        let words: Vec<&str> = words.iter().filter_map(Json::as_str).collect();
        if words.contains(&text) {
            return true;
        }
        let message = format!("`{}` is not allowed here", shorten(text));
        let found = Diagnostic::error("P104", message).suggest(text, words.iter().copied());
        self.report(found, range, &format!("one of: {}", words.join(", ")));
        false
    }

    fn wrong_type(&mut self, branches: &[&Json], value: &DeValue<'_>, range: Range<usize>) {
        let wanted = expected(branches);
        let message = format!("wrong type: {}, wanted {wanted}", describe(value));
        let mut found = Diagnostic::error("P101", message);
        let raw = self.file.text.get(range.clone()).unwrap_or("");
        let takes = |kind| branches.iter().any(|branch| accepts(branch, kind));
        match value {
            DeValue::String(_) if takes(Kind::Array) => {
                found = found.help(format!("write `[{raw}]`"));
            }
            DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_)
                if takes(Kind::String) =>
            {
                found = found.help(format!("write `\"{raw}\"`"));
            }
            DeValue::String(text) if takes(Kind::DateTime) => {
                found = found.help(format!("write it without quotes: `{}`", shorten(text)));
            }
            _ => {}
        }
        self.report(found, range, &format!("wanted {wanted}"));
    }

    fn report(&mut self, found: Diagnostic, range: Range<usize>, label: &str) {
        let span = Span::new(self.file, range);
        self.found.push(found.at(&span, label));
    }

    /// How a table is called in messages: its own header where it has one.
    fn title(&self, range: &Range<usize>, name: &str) -> String {
        let raw = self.file.text.get(range.clone()).unwrap_or("");
        if raw.starts_with('[') {
            format!("`{}`", raw.lines().next().unwrap_or(raw).trim())
        } else if name == "the file" {
            name.to_owned()
        } else {
            format!("`{name}`")
        }
    }

    /// The alternatives that a schema allows, references followed.
    fn branches(&self, schema: &'a Json) -> Vec<&'a Json> {
        let mut branches = Vec::new();
        let mut open = vec![schema];
        // Every step goes down into a finite schema whose references do not lead back.
        while let Some(schema) = open.pop() {
            if let Some(reference) = schema.get("$ref").and_then(Json::as_str) {
                let pointer = reference.trim_start_matches('#');
                open.extend(self.schema.pointer(pointer));
            } else if let Some(any) = schema.get("anyOf").and_then(Json::as_array) {
                open.extend(any.iter().rev());
            } else {
                branches.push(schema);
            }
        }
        branches
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    String,
    Integer,
    Float,
    Boolean,
    DateTime,
    Array,
    Table,
}

fn kind(value: &DeValue<'_>) -> Kind {
    match value {
        DeValue::String(_) => Kind::String,
        DeValue::Integer(_) => Kind::Integer,
        DeValue::Float(_) => Kind::Float,
        DeValue::Boolean(_) => Kind::Boolean,
        DeValue::Datetime(_) => Kind::DateTime,
        DeValue::Array(_) => Kind::Array,
        DeValue::Table(_) => Kind::Table,
    }
}

fn types(schema: &Json) -> Vec<&str> {
    match schema.get("type") {
        Some(Json::String(one)) => vec![one],
        Some(Json::Array(several)) => several.iter().filter_map(Json::as_str).collect(),
        _ => Vec::new(),
    }
}

fn is_moment(schema: &Json) -> bool {
    schema.get("format").and_then(Json::as_str) == Some("date-time")
}

fn accepts(schema: &Json, kind: Kind) -> bool {
    types(schema).iter().any(|name| match *name {
        "string" if is_moment(schema) => kind == Kind::DateTime,
        "string" => kind == Kind::String,
        "integer" => kind == Kind::Integer,
        "number" => matches!(kind, Kind::Integer | Kind::Float),
        "boolean" => kind == Kind::Boolean,
        "array" => kind == Kind::Array,
        "object" => kind == Kind::Table,
        _ => false,
    })
}

/// `a text or a table`.
fn expected(branches: &[&Json]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for branch in branches {
        for name in types(branch) {
            let name = match name {
                "string" if is_moment(branch) => "a date and time",
                "string" => "a text",
                "integer" => "a whole number",
                "number" => "a number",
                "boolean" if branch.get("const").is_some() => "`false`",
                "boolean" => "`true` or `false`",
                "array" => "an array",
                "object" => "a table",
                _ => continue,
            };
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names.join(" or ")
}

fn describe(value: &DeValue<'_>) -> &'static str {
    match kind(value) {
        Kind::String => "a text",
        Kind::Integer => "a whole number",
        Kind::Float => "a number",
        Kind::Boolean => "a truth value",
        Kind::DateTime => "a date or time",
        Kind::Array => "an array",
        Kind::Table => "a table",
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Values in messages are cut to 40 characters.
pub fn shorten(text: &str) -> String {
    let mut short: String = text.chars().take(40).collect();
    if short.len() < text.len() {
        short.push_str("...");
    }
    short.replace(['\r', '\n'], " ")
}

#[cfg(test)]
mod tests {
    use super::super::mapping::ShopRecordFile;
    use super::super::project::ProjectFile;
    use super::*;

    fn check<T: DeserializeOwned + JsonSchema>(text: &str) -> (Option<T>, Vec<Diagnostic>) {
        let file = Arc::new(SourceFile::new("sample.toml", text));
        let mut found = Vec::new();
        let document = parse(&file, &file.text, &mut found);
        let read = document.and_then(|document| read(&file, document, Form::Whole, &mut found));
        (read, found)
    }

    fn said(found: &[Diagnostic]) -> Vec<String> {
        found
            .iter()
            .map(|d| {
                let place = d.at.as_ref().map(Span::line_column);
                format!("{} {:?} {}", d.code, place.unwrap_or_default(), d.message)
            })
            .collect()
    }

    #[test]
    fn everything_wrong_is_said_at_once_and_the_rest_is_read() {
        let (read, found) = check::<ShopRecordFile>(
            "record = 3\n[[write]]\ntable = \"t\"\nsets = { a = \"b\" }\nset = { a = 1, b = { cut = \"x\", value = \"v\" }, c = \"sku\" }\n[[write]]\nmatch = { id = \"find.id\" }\n",
        );
        assert_eq!(
            said(&found),
            [
                "P101 (1, 10) wrong type: a whole number, wanted a text",
                "P103 (2, 1) missing key `match` in `[[write]]`",
                "P101 (5, 13) wrong type: a whole number, wanted a text or a table or `false`",
                "P101 (5, 28) wrong type: a text, wanted a whole number",
                "P102 (4, 1) unknown key `sets` in `[[write]]`",
                "P103 (6, 1) missing key `table` in `[[write]]`",
            ]
        );
        let read = read.unwrap();
        assert_eq!(read.write.len(), 2);
        assert_eq!(read.write[0].set.names().collect::<Vec<_>>(), ["b", "c"]);
    }

    #[test]
    fn one_syntax_error_a_file_the_first() {
        let (_, found) = check::<ProjectFile>("[erp]\npack = \n[shop.x\nurl = 'a'\n");
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].at.as_ref().unwrap().line_column().0, 2);
    }

    #[test]
    fn a_whole_project_is_read() {
        let (read, found) = check::<ProjectFile>(
            "[erp]\npack = 'reference'\nurl = 'sqlite:erp'\n[shop.main]\npack = 'woocommerce'\nurl = 'sqlite:shop'\nprefix = 'wp_'\norders.since = 2026-12-01T00:00:00+01:00\n[shop.main.tax]\nA = { rate = 22 }\n",
        );
        assert_eq!(said(&found), [""; 0]);
        assert!(
            read.unwrap()
                .shop
                .get("main")
                .unwrap()
                .orders
                .since
                .is_some()
        );
    }
}
