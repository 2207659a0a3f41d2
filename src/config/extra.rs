//! Keys of `[erp]` and `[shop.NAME]` whose names come from the pack: variables and small tables.

use super::mapping::{ColumnType, PackKeys};
use super::project::{ErpKeys, ProjectFile, ShopKeys};
use super::schema;
use super::spanned::At;
use super::structure::{self, Form};
use crate::diagnostic::{Diagnostic, SourceFile, Span};
use crate::plan::ProjectTable;
use crate::value::{Decimal, Value};
use schemars::JsonSchema;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use toml::de::{DeTable, DeValue};

/// A project file with the keys that its type does not know beside it.
#[derive(Debug, Default)]
pub struct Project {
    pub keys: ProjectFile,
    pub erp_extras: Vec<Extra>,
    /// By the shop's name.
    pub shop_extras: BTreeMap<String, Vec<Extra>>,
    /// Shops with `orders.since`, be it right or wrong.
    pub with_since: BTreeSet<String>,
}

#[derive(Debug)]
pub struct Extra {
    pub name: At<String>,
    pub value: ExtraValue,
}

#[derive(Debug)]
pub enum ExtraValue {
    Scalar(At<Cell>),
    Table(Vec<Row>),
}

/// A row's key, and its cells by column.
type Row = (At<String>, Vec<(At<String>, At<Cell>)>);

#[derive(Debug)]
pub enum Cell {
    Text(String),
    /// As it stands in the file, without `_`: exact.
    Number(String),
    Boolean(bool),
}

/// Reads a project's text; `None` after a syntax error. `file` is the text as messages quote it.
pub fn read_project(
    file: &Arc<SourceFile>,
    text: &str,
    found: &mut Vec<Diagnostic>,
) -> Option<Project> {
    let document = structure::parse(file, text, found)?;
    let mut project = Project {
        with_since: with_since(&document),
        ..Project::default()
    };
    let mut document = structure::check::<ProjectFile>(file, document, Form::Whole, found);
    if let DeValue::Table(root) = document.get_mut() {
        if let Some(DeValue::Table(erp)) = root.get_mut("erp").map(toml::Spanned::get_mut) {
            project.erp_extras = take(erp, &known::<ErpKeys>());
        }
        if let Some(DeValue::Table(shops)) = root.get_mut("shop").map(toml::Spanned::get_mut) {
            let known = known::<ShopKeys>();
            for (name, shop) in shops.iter_mut() {
                if let DeValue::Table(shop) = shop.get_mut() {
                    let extras = take(shop, &known);
                    project
                        .shop_extras
                        .insert(name.get_ref().to_string(), extras);
                }
            }
        }
    }
    project.keys = structure::deserialize(file, document, found)?;
    Some(project)
}

fn with_since(document: &DeTable<'_>) -> BTreeSet<String> {
    let shops = document
        .get("shop")
        .and_then(|shops| shops.get_ref().as_table());
    let given = shops.into_iter().flatten().filter(|(_, shop)| {
        let orders = shop.get_ref().get("orders");
        orders.is_some_and(|orders| orders.get_ref().get("since").is_some())
    });
    given.map(|(name, _)| name.get_ref().to_string()).collect()
}

fn known<T: JsonSchema>() -> BTreeSet<String> {
    let schema = schema::of::<T>();
    let properties = schema.get("properties").and_then(|keys| keys.as_object());
    properties
        .into_iter()
        .flatten()
        .map(|(key, _)| key.clone())
        .collect()
}

fn take(table: &mut DeTable<'_>, known: &BTreeSet<String>) -> Vec<Extra> {
    let mut extras = Vec::new();
    for (key, value) in std::mem::take(table) {
        if known.contains(key.get_ref().as_ref()) {
            table.insert(key, value);
            continue;
        }
        let range = value.span();
        let value = match value.get_ref() {
            DeValue::Table(rows) => ExtraValue::Table(rows.iter().map(row).collect()),
            other => match cell(other) {
                Some(cell) => ExtraValue::Scalar(At::new(cell, range)),
                None => continue,
            },
        };
        let name = At::new(key.get_ref().to_string(), key.span());
        extras.push(Extra { name, value });
    }
    extras
}

type Entry<'a, 't> = (
    &'a toml::Spanned<toml::de::DeString<'t>>,
    &'a toml::Spanned<DeValue<'t>>,
);

fn row((key, cells): Entry<'_, '_>) -> Row {
    let cells = match cells.get_ref() {
        DeValue::Table(cells) => cells
            .iter()
            .filter_map(|(column, value)| {
                let column = At::new(column.get_ref().to_string(), column.span());
                Some((column, At::new(cell(value.get_ref())?, value.span())))
            })
            .collect(),
        _ => Vec::new(),
    };
    (At::new(key.get_ref().to_string(), key.span()), cells)
}

fn cell(value: &DeValue<'_>) -> Option<Cell> {
    Some(match value {
        DeValue::String(text) => Cell::Text(text.to_string()),
        DeValue::Integer(number) => {
            let number = i64::from_str_radix(number.as_str(), number.radix()).ok()?;
            Cell::Number(number.to_string())
        }
        DeValue::Float(number) => Cell::Number(number.as_str().to_owned()),
        DeValue::Boolean(value) => Cell::Boolean(*value),
        _ => return None,
    })
}

/// Signs that end no quoted name or text, and mean nothing to ponte.
fn within_quotes(sign: char) -> bool {
    !sign.is_control() && !"[]\"'`\\:{}".contains(sign)
}

/// Holds a connection's extras against what its pack declares.
pub struct Declared<'a> {
    pub file: &'a Arc<SourceFile>,
    /// `shop.main`
    pub connection: &'a str,
    pub pack: &'a PackKeys,
    pub pack_name: &'a str,
    /// Keys beside those that the pack declares, for suggestions.
    pub known: Vec<String>,
    pub at: Span,
}

impl<'a> Declared<'a> {
    pub fn keys<T: JsonSchema>() -> Vec<String> {
        known::<T>().into_iter().collect()
    }

    /// The values of all variables of the pack. What is unknown or missing is reported.
    pub fn variables(
        &self,
        extras: &[Extra],
        found: &mut Vec<Diagnostic>,
    ) -> BTreeMap<String, String> {
        let mut values = BTreeMap::new();
        for (name, keys) in self.pack.variables.iter() {
            if let Some(default) = &keys.default {
                values.insert(name.value.clone(), default.value.clone());
            }
        }
        for extra in extras {
            match &extra.value {
                ExtraValue::Scalar(cell) if self.pack.variables.get(&extra.name).is_some() => {
                    self.variable(&extra.name, cell, &mut values, found);
                }
                ExtraValue::Table(_) if self.pack.tables.get(&extra.name).is_some() => {}
                _ => self.unknown(extra, found),
            }
        }
        for (name, keys) in self.pack.variables.iter() {
            if !values.contains_key(&name.value) {
                let message = format!("missing key `{}` in `[{}]`", name.value, self.connection);
                let missing = Diagnostic::error("P103", message)
                    .at(&self.at, "")
                    .note(format!("a variable of pack `{}`", self.pack_name));
                found.push(with_help(missing, keys.help.as_ref()));
                values.insert(name.value.clone(), String::new());
            }
        }
        values
    }

    fn variable(
        &self,
        name: &At<String>,
        cell: &At<Cell>,
        values: &mut BTreeMap<String, String>,
        found: &mut Vec<Diagnostic>,
    ) {
        let text = match &cell.value {
            Cell::Text(text) | Cell::Number(text) => text.as_str(),
            Cell::Boolean(_) => "",
        };
        let quoted = self.pack.variables.get(name);
        let (allowed, wanted): (fn(char) -> bool, &str) = match quoted {
            Some(keys) if keys.value.quoted => {
                (within_quotes, "no quotes, brackets, `\\`, `:`, `{`, `}`")
            }
            _ => (
                |c| c.is_ascii_alphanumeric() || c == '_',
                "letters, digits and `_` only",
            ),
        };
        if !text.chars().all(allowed) {
            let message = format!("variable `{}` cannot have this value", name.value);
            found.push(Diagnostic::error("P122", message).at(&cell.span(self.file), wanted));
        }
        values.insert(name.value.clone(), text.to_owned());
    }

    fn unknown(&self, extra: &Extra, found: &mut Vec<Diagnostic>) {
        let (variables, tables) = (&self.pack.variables, &self.pack.tables);
        let name = &extra.name;
        let (what, known): (&str, Vec<&str>) = match extra.value {
            ExtraValue::Scalar(_) => ("variable", variables.names().collect()),
            ExtraValue::Table(_) => ("table", tables.names().collect()),
        };
        let all = known
            .iter()
            .copied()
            .chain(self.known.iter().map(String::as_str));
        let listed = if known.is_empty() {
            format!("pack `{}` has no {what}s", self.pack_name)
        } else {
            format!("{what}s of pack `{}`: {}", self.pack_name, known.join(", "))
        };
        let message = format!("unknown key `{}` in `[{}]`", name.value, self.connection);
        found.push(
            Diagnostic::error("P121", message)
                .at(
                    &name.span(self.file),
                    format!("neither a key nor a {what} of the pack"),
                )
                .note(listed)
                .suggest(name, all),
        );
    }

    /// The pack's small tables as the project gives them. What does not fit is reported.
    pub fn tables(&self, extras: &[Extra], found: &mut Vec<Diagnostic>) -> Vec<ProjectTable> {
        let mut tables = Vec::new();
        for (name, keys) in self.pack.tables.iter() {
            let columns: Vec<(String, ColumnType)> = keys
                .columns
                .iter()
                .flat_map(|columns| columns.iter())
                .map(|(column, kind)| (column.value.clone(), kind.value))
                .collect();
            let given = extras.iter().find_map(|extra| match &extra.value {
                ExtraValue::Table(rows) if extra.name.value == name.value => Some(rows),
                _ => None,
            });
            let title = format!("[{}.{}]", self.connection, name.value);
            if given.is_none() && keys.required {
                let message = format!("missing table `{title}`");
                let listed: Vec<&str> = columns.iter().map(|(column, _)| column.as_str()).collect();
                let missing = Diagnostic::error("P123", message)
                    .at(&self.at, format!("pack `{}` needs it", self.pack_name))
                    .note(format!("columns: {}", listed.join(", ")));
                found.push(with_help(missing, keys.help.as_ref()));
            }
            tables.push(ProjectTable {
                name: name.value.clone(),
                rows: self.rows(&title, &columns, given.map_or(&[], Vec::as_slice), found),
                columns: columns.into_iter().map(|(column, _)| column).collect(),
                title,
            });
        }
        tables
    }

    fn rows(
        &self,
        title: &str,
        columns: &[(String, ColumnType)],
        given: &[Row],
        found: &mut Vec<Diagnostic>,
    ) -> BTreeMap<String, BTreeMap<String, Value>> {
        let mut rows = BTreeMap::new();
        for (key, cells) in given {
            let mut row = BTreeMap::new();
            for (column, cell) in cells {
                let Some((_, kind)) = columns.iter().find(|(name, _)| *name == column.value) else {
                    let message = format!("`{title}` has no column `{}`", column.value);
                    found.push(
                        Diagnostic::error("P123", message)
                            .at(&column.span(self.file), "unknown column")
                            .suggest(column, columns.iter().map(|(name, _)| name.as_str())),
                    );
                    continue;
                };
                match value(&cell.value, *kind) {
                    Some(value) => {
                        row.insert(column.value.clone(), value);
                    }
                    None => {
                        let message =
                            format!("wrong type in column `{}` of `{title}`", column.value);
                        let label = format!("wanted {}", kind_name(*kind));
                        let place = cell.span(self.file);
                        found.push(Diagnostic::error("P123", message).at(&place, label));
                    }
                }
            }
            for (column, _) in columns {
                if !cells.iter().any(|(name, _)| name.value == *column) {
                    let message = format!("row `{}` of `{title}` has no `{column}`", key.value);
                    let place = key.span(self.file);
                    found.push(Diagnostic::error("P123", message).at(&place, "incomplete"));
                }
            }
            rows.insert(key.value.clone(), row);
        }
        rows
    }
}

fn with_help(found: Diagnostic, help: Option<&At<String>>) -> Diagnostic {
    match help {
        Some(help) => found.help(help.value.clone()),
        None => found,
    }
}

fn kind_name(kind: ColumnType) -> &'static str {
    match kind {
        ColumnType::Text => "a text",
        ColumnType::Boolean => "`true` or `false`",
        ColumnType::Integer => "a whole number",
        ColumnType::Decimal => "a number",
    }
}

fn value(cell: &Cell, kind: ColumnType) -> Option<Value> {
    match (cell, kind) {
        (Cell::Text(text), ColumnType::Text) => Some(Value::Text(text.clone())),
        (Cell::Boolean(value), ColumnType::Boolean) => Some(Value::Bool(*value)),
        (Cell::Number(number), ColumnType::Integer) => number.parse().ok().map(Value::Int),
        (Cell::Number(number), ColumnType::Decimal) => {
            Decimal::parse(number).ok().map(Value::Decimal)
        }
        _ => None,
    }
}
