//! What packs ask a project file for: `ponte init` writes it for people to fill in.

use super::body::Body;
use super::forms::FieldForm;
use super::mapping::{ColumnType, ErpRecordFile, ShopRecordFile, Side, WriteKeys};
use super::pack::Packs;
use super::record;
use super::source::Loader;
use super::spanned::At;
use crate::diagnostic::{Diagnostics, Span};
use std::collections::BTreeSet;
use std::path::Path;

/// A pack from the point of view of whoever writes a project file.
#[derive(Debug, Clone)]
pub struct PackAsks {
    pub name: String,
    /// For people: `WooCommerce`.
    pub system: String,
    /// Schemes of connection strings that it can be reached by.
    pub engines: Vec<&'static str>,
    /// A language's code as the ERP writes it.
    pub language: Option<String>,
    pub variables: Vec<Variable>,
    pub tables: Vec<Table>,
    /// `article`, `stock` …
    pub records: BTreeSet<String>,
    /// Of a shop: fields of its articles that a project could write otherwise.
    pub example: Option<Example>,
    /// Of a shop: it has a row of texts for each of its languages.
    pub by_language: bool,
    /// Of a shop: what can become of an article that the ERP no longer has.
    pub gone: Vec<&'static str>,
    /// Of an ERP: its articles can be read by timestamp.
    pub by_timestamp: bool,
}

/// `[shop.NAME.article.write.AS]` with fields that the pack's write has.
#[derive(Debug, Clone)]
pub struct Example {
    pub write: String,
    /// A field, and the expression that the pack gives it.
    pub field: (String, String),
    /// One that may be left out.
    pub other: String,
}

#[derive(Debug, Clone)]
pub struct Variable {
    pub name: String,
    /// `None`: the project must give a value.
    pub default: Option<String>,
    pub help: Option<String>,
}

/// A small table of the project, with an example of each column's value.
#[derive(Debug, Clone)]
pub struct Table {
    pub name: String,
    pub columns: Vec<(String, &'static str)>,
    pub required: bool,
    pub help: Option<String>,
}

impl PackAsks {
    pub fn has_stock(&self) -> bool {
        self.records.contains(record::STOCK)
    }
}

/// Reads a pack by its name, or by its path relative to `base`.
///
/// # Errors
/// An unknown pack (with those that there are), and everything that is wrong with its files.
pub fn pack_asks(side: Side, name: &str, base: &Path) -> Result<PackAsks, Diagnostics> {
    let env = |_: &str| None;
    let mut loader = Loader::new(base.to_owned(), &env);
    let line = loader.add("command line", name);
    let at = Span::new(&line, 0..name.len());
    let asked = At::new(name.to_owned(), at.range.clone());
    let pack = Packs::default().get(&mut loader, side, &asked, &at);
    let mut found = Diagnostics(loader.found);
    found.sort(&loader.files);
    let pack = match pack {
        Some(pack) if found.errors() == 0 => pack,
        _ => return Err(found),
    };
    let keys = pack.facts.pack.as_ref();
    let variables = keys.into_iter().flat_map(|keys| keys.variables.iter());
    let variables = variables.map(|(name, keys)| Variable {
        name: name.value.clone(),
        default: keys.default.as_ref().map(|text| text.value.clone()),
        help: keys.help.as_ref().map(|text| text.value.clone()),
    });
    let tables = keys.into_iter().flat_map(|keys| keys.tables.iter());
    let tables = tables.map(|(name, keys)| Table {
        name: name.value.clone(),
        columns: keys
            .columns
            .iter()
            .flat_map(|columns| columns.value.iter())
            .map(|(column, ty)| (column.value.clone(), example(ty.value)))
            .collect(),
        required: keys.required,
        help: keys.help.as_ref().map(|text| text.value.clone()),
    });
    let engines = keys.and_then(|keys| keys.engines.as_ref());
    let engines = engines
        .into_iter()
        .flatten()
        .map(|engine| engine.value.scheme());
    let body = pack.records.get("article").map(|file| &file.body);
    let (article, source) = match body {
        Some(Body::ShopRecord(body)) => (Some(body), None),
        Some(Body::ErpRecord(body)) => (None, Some(body)),
        _ => (None, None),
    };
    Ok(PackAsks {
        example: article.and_then(|body| body.write.iter().find_map(|write| fields_of(write))),
        by_language: article.is_some_and(|body| has_languages(body)),
        gone: article.map_or(Vec::new(), |body| gone_words(body)),
        by_timestamp: source.is_some_and(|body| has_watermark(body)),
        name: name.to_owned(),
        system: keys
            .and_then(|keys| keys.system.as_ref())
            .map_or_else(|| name.to_owned(), |system| system.value.clone()),
        engines: engines.collect(),
        language: keys
            .and_then(|keys| keys.language.as_ref())
            .map(|code| code.value.clone()),
        variables: variables.collect(),
        tables: tables.collect(),
        records: pack.records.keys().cloned().collect(),
    })
}

/// Two fields that are always written, the first by an expression that fits between quotes.
fn fields_of(write: &WriteKeys) -> Option<Example> {
    let name = write.alias.as_ref()?.value.clone();
    let fields = write.set.iter().map(|(column, form)| {
        let text = match &form.value {
            FieldForm::Short(text) => Some(text.as_str()),
            FieldForm::Long(long) => long.value.as_ref().map(|text| text.value.as_str()),
            FieldForm::Drop => None,
        };
        (column.value.clone(), text)
    });
    let fields: Vec<(String, Option<&str>)> = fields.collect();
    let quoted = |text: &&str| !text.contains(['"', '\\', '\n']);
    let field = fields
        .iter()
        .find_map(|(column, text)| Some((column.clone(), text.filter(quoted)?.to_owned())))?;
    let (other, _) = fields.into_iter().rfind(|(column, _)| *column != field.0)?;
    Some(Example {
        write: name,
        field,
        other,
    })
}

/// A write with a row per language asks for texts in the language of its element: `name[l.code]`.
fn has_languages(body: &ShopRecordFile) -> bool {
    body.write.iter().any(|write| {
        let element = write
            .each
            .as_ref()
            .and_then(|each| each.split_whitespace().last());
        element.is_some_and(|element| {
            let asked = format!("[{element}.");
            write.set.iter().any(|(_, form)| match &form.value {
                FieldForm::Short(text) => text.contains(&asked),
                FieldForm::Long(long) => long
                    .value
                    .as_ref()
                    .is_some_and(|text| text.value.contains(&asked)),
                FieldForm::Drop => false,
            })
        })
    })
}

fn gone_words(body: &ShopRecordFile) -> Vec<&'static str> {
    let mut words = vec!["keep"];
    if let Some(gone) = &body.gone {
        if !gone.deactivate.is_empty() {
            words.push("deactivate");
        }
        if !gone.delete.is_empty() {
            words.push("delete");
        }
    }
    words
}

fn has_watermark(body: &ErpRecordFile) -> bool {
    let source = body.source.as_ref();
    source.is_some_and(|source| source.watermark.is_some())
}

fn example(ty: ColumnType) -> &'static str {
    match ty {
        ColumnType::Text => "\"\"",
        ColumnType::Boolean => "true",
        ColumnType::Integer | ColumnType::Decimal => "0",
    }
}
