//! Which slot of a record each name of a mapping means.
//!
//! Slots in order: the source's columns, then whatever the mapping names: texts by language, computed fields, `find`'s
//! columns, columns of written rows. An element's columns have slots of their own, from [`ELEMENT`] on.

use super::bind::BoundChild;
use super::lookup::Lookups;
use super::record::{ELEMENT, LookupSlot};
use crate::db::catalog::Table;
use crate::db::query::TableName;
use crate::expr::{Name, Resolve, Slot, Unknown};
use crate::plan::{Each, FieldKind, Flow, Over, RecordField, Write};
use crate::value::Type;
use std::collections::{BTreeMap, HashMap};

#[derive(Debug, Clone)]
pub struct SourceColumn {
    pub name: String,
    pub ty: Type,
    /// What the record says the field is; `None`: as the source yields it.
    pub kind: Option<FieldKind>,
}

/// The built-in name that is true for a record being created.
pub const CREATED: &str = "created";

/// The built-in name that is false for a record that waits for another one.
pub const READY: &str = "ready";

/// The text that a record is found by in the shop, and the symbolic language in which it must be there.
const NAME: &str = "name";
pub const MAIN: &str = "main";

/// The built-in child set of a tree's records: every record above, with its distance. It comes after the others.
pub const ANCESTORS: &str = "ancestors";

/// A text of the record in one language, and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextSlot {
    pub slot: Slot,
    /// The child set, by position, and in it the columns of the language and of the text.
    pub child: usize,
    pub language_column: usize,
    pub text_column: usize,
    pub language: String,
}

#[derive(Debug)]
pub struct Layout {
    source: Vec<SourceColumn>,
    used: Vec<bool>,
    names: Vec<String>,
    /// Canonical fields: one that the ERP does not yield has a slot that stays NULL.
    canonical: Vec<RecordField>,
    languages: BTreeMap<String, String>,
    codes: Option<BTreeMap<String, String>>,
    children: Vec<ChildColumns>,
    /// Columns that `find` yields: `find.id`.
    find: Vec<String>,
    computed: Vec<String>,
    aliases: Vec<String>,
    hangs: bool,
    needs: bool,
    lookup_columns: HashMap<String, Vec<String>>,
    tables: HashMap<String, Vec<String>>,
    /// Columns of the element that an `each` write is at, and its name.
    element: Option<(Vec<String>, String)>,
    pub texts: Vec<TextSlot>,
    /// Of `name[main]`, if the mapping uses it: a record is not created without.
    pub main_name: Option<Slot>,
    pub lookups: Vec<LookupSlot>,
}

#[derive(Debug)]
struct ChildColumns {
    name: String,
    columns: Vec<String>,
    language: Option<String>,
}

impl Layout {
    pub fn new(
        flow: &Flow,
        source: Vec<SourceColumn>,
        children: &[BoundChild<'_>],
        find: Vec<String>,
        lookups: &Lookups,
        tables: &HashMap<TableName, Option<Table>>,
    ) -> Layout {
        let target = &flow.target;
        let mut children: Vec<ChildColumns> = children
            .iter()
            .map(|bound| ChildColumns {
                name: bound.child.name.clone(),
                columns: bound.columns.clone(),
                language: bound.child.language.clone(),
            })
            .collect();
        if flow.source.tree.is_some() {
            children.push(ChildColumns {
                name: ANCESTORS.to_owned(),
                columns: vec!["id".to_owned(), "level".to_owned()],
                language: None,
            });
        }
        for (name, columns) in &flow.source.computed.sets {
            children.push(ChildColumns {
                name: (*name).to_owned(),
                columns: columns.iter().map(|column| (*column).to_owned()).collect(),
                language: None,
            });
        }
        let fetched = target.fetch.iter().map(|fetch| fetch.alias.clone());
        let tables = tables
            .iter()
            .map(|(name, table)| {
                let columns = table
                    .iter()
                    .flat_map(|table| table.columns.iter().map(|column| column.name.clone()));
                (name.to_string(), columns.collect())
            })
            .collect();
        Layout {
            // What ponte computes from is used whether or not an expression names it.
            used: vec![!flow.source.computed.sets.is_empty(); source.len()],
            names: source.iter().map(|column| column.name.clone()).collect(),
            source,
            canonical: flow
                .source
                .fields
                .iter()
                .flatten()
                .filter(|field| field.canonical)
                .cloned()
                .collect(),
            languages: target.languages.clone(),
            codes: target.codes.as_ref().map(|codes| codes.to_erp.clone()),
            children,
            find,
            computed: target.fields.iter().map(|(name, _)| name.clone()).collect(),
            aliases: target
                .writes
                .iter()
                .map(|write| write.alias.clone())
                .chain(fetched)
                .collect(),
            hangs: target.of.is_some(),
            needs: !target.needs.is_empty(),
            lookup_columns: lookups.columns(),
            tables,
            element: None,
            texts: Vec::new(),
            main_name: None,
            lookups: Vec::new(),
        }
    }

    /// Whether the record hangs on another one's link.
    pub fn hangs(&self) -> bool {
        self.hangs
    }

    /// Number of slots of a record.
    pub fn slots(&self) -> usize {
        self.names.len()
    }

    pub fn source(&self) -> &[SourceColumn] {
        &self.source
    }

    pub fn source_names(&self) -> Vec<String> {
        self.source
            .iter()
            .map(|column| column.name.clone())
            .collect()
    }

    pub fn source_position(&self, name: &str) -> Option<usize> {
        self.source.iter().position(|column| column.name == name)
    }

    pub fn source_type(&self, at: usize) -> &Type {
        &self.source[at].ty
    }

    /// Whether any expression uses the source's column.
    pub fn is_used(&self, at: usize) -> bool {
        self.used[at]
    }

    /// From here on the element's columns are known, if the write is an `each`.
    pub fn enter(&mut self, write: &Write) {
        self.enter_each(write.each.as_ref());
    }

    pub fn enter_each(&mut self, each: Option<&Each>) {
        self.element = each.and_then(|each| {
            let columns = match &each.over {
                Over::Child(name) => self.children[self.child(name)?].columns.clone(),
                Over::Table(name) => self.lookup_columns.get(name)?.clone(),
            };
            Some((columns, each.alias.clone()))
        });
    }

    pub fn leave(&mut self) {
        self.element = None;
    }

    /// The slot of a computed field; overrides the source's column of that name, as the project asked.
    pub fn computed(&mut self, name: &str) -> Slot {
        self.slot(format!("={name}"))
    }

    /// Whether any expression asks for a link.
    pub fn uses_links(&self) -> bool {
        self.lookups
            .iter()
            .any(|lookup| matches!(lookup, LookupSlot::Link { .. }))
    }

    /// The slot of [`CREATED`], if an expression asked for it.
    pub fn created(&self) -> Option<Slot> {
        self.known(CREATED)
    }

    /// A field's slot, whether the source yields it or not.
    pub fn field_slot(&self, field: &str) -> Option<Slot> {
        let at = self.source_position(field);
        at.map(|at| at as Slot).or_else(|| self.lacking(field))
    }

    /// The slot of a canonical field that the source does not yield, if an expression asked for it.
    pub fn lacking(&self, field: &str) -> Option<Slot> {
        self.known(&format!("?{field}"))
    }

    /// The slot of [`READY`], if an expression asked for it.
    pub fn ready(&self) -> Option<Slot> {
        self.known(READY)
    }

    fn known(&self, name: &str) -> Option<Slot> {
        let named = &self.names[self.source.len()..];
        let at = named.iter().position(|known| known == name)?;
        Some((at + self.source.len()) as Slot)
    }

    /// The position of a child set.
    pub fn child(&self, name: &str) -> Option<usize> {
        self.children.iter().position(|child| child.name == name)
    }

    /// The position of a small table's column.
    pub fn table_column(&self, table: &str, column: &str) -> Option<usize> {
        let columns = self.lookup_columns.get(table)?;
        columns.iter().position(|known| known == column)
    }

    /// The slot of a column of a write's row.
    pub fn export(&mut self, alias: &str, column: &str) -> Slot {
        self.slot(format!("{alias}.{column}"))
    }

    /// The slot of `find.<column>`.
    pub fn find(&mut self, column: &str) -> Slot {
        self.slot(format!("find.{column}"))
    }

    /// The columns of a write's row that expressions named, with their slots.
    pub fn exports(&self, alias: &str) -> Vec<(String, Slot)> {
        let prefix = format!("{alias}.");
        let named = self.names.iter().enumerate().skip(self.source.len());
        named
            .filter_map(|(at, name)| Some((name.strip_prefix(&prefix)?.to_owned(), at as Slot)))
            .collect()
    }

    fn slot(&mut self, name: String) -> Slot {
        let known = self
            .names
            .iter()
            .skip(self.source.len())
            .position(|known| *known == name);
        let at = match known {
            Some(at) => at + self.source.len(),
            None => {
                self.names.push(name);
                self.names.len() - 1
            }
        };
        at as Slot
    }

    fn lookup(&mut self, lookup: LookupSlot) -> Slot {
        let at = match self.lookups.iter().position(|known| *known == lookup) {
            Some(at) => at,
            None => {
                self.lookups.push(lookup);
                self.lookups.len() - 1
            }
        };
        at as Slot
    }

    fn field(&mut self, name: &str) -> Result<Slot, Unknown> {
        if name == CREATED && !self.find.is_empty() {
            return Ok(self.slot(CREATED.to_owned()));
        }
        if name == READY && self.needs {
            return Ok(self.slot(READY.to_owned()));
        }
        // A computed field may be made from the source's column of its own name: until it has a slot, the column is
        // meant, and from then on the computed one.
        let slot = format!("={name}");
        if self.names[self.source.len()..].contains(&slot) {
            return Ok(self.slot(slot));
        }
        if let Some(at) = self.source_position(name) {
            self.used[at] = true;
            return Ok(at as Slot);
        }
        let texts = self.text_names();
        if texts.iter().any(|text| text == name) {
            return Err(Unknown {
                message: format!("`{name}` is a text by language"),
                candidates: Vec::new(),
                note: Some(format!(
                    "write `{name}[main]` for the shop's language, or `{name}['it']` for a certain one"
                )),
            });
        }
        let later = self.computed.iter().any(|computed| computed == name);
        if !later && self.is_canonical(name, |kind| kind != FieldKind::Texts) {
            return Ok(self.slot(format!("?{name}")));
        }
        let mut candidates = self.source_names();
        candidates.extend(self.computed.clone());
        Err(Unknown {
            message: match later {
                true => format!("`{name}` is computed only after this field"),
                false => format!("unknown field `{name}`"),
            },
            note: Some(format!("fields here: {}", candidates.join(", "))),
            candidates,
        })
    }

    fn is_canonical(&self, name: &str, kind: fn(FieldKind) -> bool) -> bool {
        let mut fields = self.canonical.iter();
        fields.any(|field| field.name == name && kind(field.kind))
    }

    /// A canonical text by language that the ERP does not yield.
    fn lacks_text(&self, field: &str) -> bool {
        self.is_canonical(field, |kind| kind == FieldKind::Texts)
            && !self.text_names().iter().any(|known| known == field)
    }

    fn text_names(&self) -> Vec<String> {
        let by_language = self
            .children
            .iter()
            .filter(|child| child.language.is_some());
        by_language
            .flat_map(|child| child.columns.iter().cloned())
            .collect()
    }

    fn text(&mut self, field: &str, language: &str) -> Result<Slot, Unknown> {
        if self.lacks_text(field) {
            return Ok(self.slot(format!("?{field}")));
        }
        let (child, language_column, text_column) = self.text_columns(field)?;
        let slot = self.slot(format!("{field}['{language}']"));
        let text = TextSlot {
            slot,
            child,
            language_column,
            text_column,
            language: language.to_owned(),
        };
        if !self.texts.contains(&text) {
            self.texts.push(text);
        }
        Ok(slot)
    }

    /// The child set that holds a text by language, and in it the columns of the language and of the text.
    fn text_columns(&self, field: &str) -> Result<(usize, usize, usize), Unknown> {
        let found = self.children.iter().enumerate().find_map(|(at, child)| {
            let language_column = child
                .columns
                .iter()
                .position(|column| Some(column) == child.language.as_ref())?;
            let text_column = child.columns.iter().position(|column| column == field)?;
            Some((at, language_column, text_column))
        });
        found.ok_or_else(|| {
            let candidates = self.text_names();
            Unknown {
                message: format!("`{field}` is not a text by language"),
                note: Some(format!("texts by language here: {}", candidates.join(", "))),
                candidates,
            }
        })
    }

    fn member(&mut self, base: &str, column: &str) -> Result<Slot, Unknown> {
        if let Some((columns, alias)) = &self.element
            && alias == base
        {
            return match columns.iter().position(|known| known == column) {
                Some(at) => Ok(ELEMENT + at as Slot),
                None => Err(unknown_of(base, column, columns)),
            };
        }
        if base == "find" {
            return match self.find.iter().any(|known| known == column) {
                true => Ok(self.find(column)),
                false => Err(unknown_of(base, column, &self.find)),
            };
        }
        if self.aliases.iter().any(|alias| alias == base) {
            return Ok(self.slot(format!("{base}.{column}")));
        }
        let mut candidates = self.aliases.clone();
        candidates.push("find".to_owned());
        Err(Unknown {
            message: format!("`{base}` names no write and no element here"),
            candidates,
            note: None,
        })
    }
}

fn unknown_of(base: &str, column: &str, columns: &[String]) -> Unknown {
    Unknown {
        message: format!("`{base}` has no column `{column}`"),
        candidates: columns.to_vec(),
        note: Some(format!("columns of `{base}`: {}", columns.join(", "))),
    }
}

impl Resolve for Layout {
    fn name(&mut self, name: &Name<'_>) -> Result<Slot, Unknown> {
        match *name {
            Name::Field(field) => self.field(field),
            Name::Member(base, column) => self.member(base, column),
            Name::Text { field, language } => self.text(field, language),
            Name::TextNamed { field, alias } => match self.languages.get(alias).cloned() {
                Some(language) => {
                    let slot = self.text(field, &language)?;
                    if field == NAME && alias == MAIN && !self.lacks_text(field) {
                        self.main_name = Some(slot);
                    }
                    Ok(slot)
                }
                None => Err(Unknown {
                    message: format!("unknown language `{alias}`"),
                    candidates: self.languages.keys().cloned().collect(),
                    note: Some("a language is `main` or a text like 'it'".to_owned()),
                }),
            },
            Name::TextOf { field } => {
                let (columns, codes) = match self.lacks_text(field) {
                    // No language is ponte's: NULL in all of them.
                    true => ((0, 0, 0), Some(BTreeMap::new())),
                    false => (self.text_columns(field)?, self.codes.clone()),
                };
                let (child, language_column, text_column) = columns;
                Ok(self.lookup(LookupSlot::Text {
                    child,
                    language_column,
                    text_column,
                    codes,
                }))
            }
            Name::Lookup { table, column, .. } => match self.lookup_columns.get(table) {
                Some(columns) if !columns.iter().any(|known| known == column) => {
                    Err(unknown_of(table, column, columns))
                }
                Some(_) => Ok(self.lookup(LookupSlot::Table {
                    table: table.to_owned(),
                    column: column.to_owned(),
                })),
                None => Err(Unknown {
                    message: format!("there is no small table `{table}`"),
                    candidates: self.lookup_columns.keys().cloned().collect(),
                    note: None,
                }),
            },
            Name::Link { record, column } => Ok(self.lookup(LookupSlot::Link {
                record: record.to_owned(),
                column: column.unwrap_or("id").to_owned(),
            })),
        }
    }

    fn has_table(&mut self, table: &str) -> bool {
        self.tables
            .get(table)
            .is_some_and(|columns| !columns.is_empty())
    }

    fn has_column(&mut self, table: &str, column: &str) -> bool {
        self.tables
            .get(table)
            .is_some_and(|columns| columns.iter().any(|known| known == column))
    }
}
