//! What packs ask a project file for: `ponte init` writes it for people to fill in.

use super::mapping::{ColumnType, Side};
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
    Ok(PackAsks {
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

fn example(ty: ColumnType) -> &'static str {
    match ty {
        ColumnType::Text => "\"\"",
        ColumnType::Boolean => "true",
        ColumnType::Integer | ColumnType::Decimal => "0",
    }
}
