//! What names in expressions mean, as far as that is known without a database: a record's fields, sets, languages,
//! small tables and links. Columns of queries and tables are `check`'s affair.

use crate::diagnostic::{Diagnostic, list};
use crate::expr::{Expr, Name, Resolve, Slot, Unknown};
use crate::plan::FieldKind;
use std::collections::{BTreeMap, BTreeSet};

/// The names that mean something at one place.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// For messages: ``record `article` ``.
    pub title: String,
    /// `None`: whatever the query yields.
    pub fields: Option<BTreeMap<String, FieldKind>>,
    /// Computed fields and built-in names.
    pub computed: BTreeSet<String>,
    /// `find`, writes, set aliases -> their columns, where these are known.
    pub members: BTreeMap<String, Option<Vec<String>>>,
    /// Languages by the project's own names for them: `main`.
    pub languages: BTreeSet<String>,
    /// `[let]` tables -> number of key columns.
    pub lets: BTreeMap<String, usize>,
    /// Project tables -> columns.
    pub tables: BTreeMap<String, Vec<String>>,
    /// Records -> columns of their link; `None`: the place has no links at all.
    pub links: Option<BTreeMap<String, Vec<String>>>,
}

impl Scope {
    /// Reports every name of the expression that means nothing here; gives back the fields that it uses.
    pub fn check(&self, expr: &Expr, found: &mut Vec<Diagnostic>) -> BTreeSet<String> {
        let mut names = Names {
            scope: self,
            fields: BTreeSet::new(),
        };
        if let Err(wrong) = expr.resolve(&mut names) {
            found.extend(wrong);
        }
        names.fields
    }

    /// The same place with one more set element, write or the like.
    pub fn with_member(&self, name: &str, columns: Option<Vec<String>>) -> Scope {
        let mut scope = self.clone();
        scope.members.insert(name.to_owned(), columns);
        scope
    }

    /// The same place with one more built-in name.
    pub fn with_name(&self, name: &str) -> Scope {
        let mut scope = self.clone();
        scope.computed.insert(name.to_owned());
        scope
    }

    fn field_names(&self) -> Vec<String> {
        let record = self.fields.iter().flat_map(BTreeMap::keys);
        record.chain(&self.computed).cloned().collect()
    }

    fn field(&self, name: &str) -> Result<(), Unknown> {
        if self.computed.contains(name) {
            return Ok(());
        }
        let Some(fields) = &self.fields else {
            return Ok(());
        };
        match fields.get(name) {
            Some(FieldKind::Texts) => Err(Unknown {
                message: format!("`{name}` is a text by language"),
                candidates: Vec::new(),
                note: Some(format!(
                    "write `{name}[main]` for the text in the shop's language"
                )),
            }),
            Some(_) => Ok(()),
            None => Err(self.unknown_field(name)),
        }
    }

    fn unknown_field(&self, name: &str) -> Unknown {
        let candidates = self.field_names();
        let note = match candidates.is_empty() {
            true => None,
            false => Some(format!(
                "fields of {}: {}",
                self.title,
                list(candidates.iter().map(String::as_str))
            )),
        };
        Unknown {
            message: format!("unknown field `{name}`"),
            candidates,
            note,
        }
    }

    /// `name['en']`; a small table in its place lacks the column that it is asked for.
    fn text(&self, field: &str) -> Result<(), Unknown> {
        match self.fields.as_ref().map(|fields| fields.get(field)) {
            None | Some(Some(FieldKind::Texts)) => Ok(()),
            Some(Some(_)) => Err(Unknown {
                message: format!("`{field}` has no languages"),
                candidates: Vec::new(),
                note: Some(format!("write `{field}` alone")),
            }),
            Some(None) if self.lets.contains_key(field) || self.tables.contains_key(field) => {
                Err(Unknown {
                    message: format!("which column of `{field}` is not said"),
                    candidates: Vec::new(),
                    note: Some(format!("write `{field}[...].column`")),
                })
            }
            Some(None) => Err(self.unknown_field(field)),
        }
    }

    fn member(&self, owner: &str, column: &str) -> Result<(), Unknown> {
        match self.members.get(owner) {
            None => Err(Unknown {
                message: format!("unknown name `{owner}`"),
                candidates: self.members.keys().cloned().collect(),
                note: Some(match self.members.is_empty() {
                    true => "nothing has members at this place".to_owned(),
                    false => format!(
                        "known at this place: {}",
                        self.members.keys().cloned().collect::<Vec<_>>().join(", ")
                    ),
                }),
            }),
            Some(Some(columns)) if !columns.iter().any(|known| known == column) => Err(Unknown {
                message: format!("`{owner}` has no `{column}`"),
                candidates: columns.clone(),
                note: Some(format!(
                    "columns of `{owner}`: {}",
                    list(columns.iter().map(String::as_str))
                )),
            }),
            Some(_) => Ok(()),
        }
    }

    fn lookup(&self, table: &str, keys: usize, column: &str) -> Result<(), Unknown> {
        let wanted = match (self.lets.get(table), self.tables.get(table)) {
            (Some(wanted), _) => *wanted,
            (None, Some(columns)) => {
                if !columns.iter().any(|known| known == column) {
                    return Err(Unknown {
                        message: format!("table `{table}` has no column `{column}`"),
                        candidates: columns.clone(),
                        note: Some(format!(
                            "columns: {}",
                            list(columns.iter().map(String::as_str))
                        )),
                    });
                }
                1
            }
            (None, None) => {
                let known: Vec<String> = self
                    .lets
                    .keys()
                    .chain(self.tables.keys())
                    .cloned()
                    .collect();
                let note = match known.is_empty() {
                    true => "no small tables are known at this place".to_owned(),
                    false => format!("small tables: {}", list(known.iter().map(String::as_str))),
                };
                return Err(Unknown {
                    message: format!("unknown table `{table}`"),
                    candidates: known,
                    note: Some(note),
                });
            }
        };
        if keys == wanted {
            return Ok(());
        }
        Err(Unknown {
            message: format!("table `{table}` is asked by {wanted} key(s), here by {keys}"),
            candidates: Vec::new(),
            note: None,
        })
    }

    fn link(&self, record: &str, column: Option<&str>) -> Result<(), Unknown> {
        let Some(links) = &self.links else {
            return Err(Unknown {
                message: format!("no link to `{record}` here"),
                candidates: Vec::new(),
                note: Some("links belong to the records of a shop".to_owned()),
            });
        };
        let Some(columns) = links.get(record) else {
            let known: Vec<String> = links.keys().cloned().collect();
            return Err(Unknown {
                message: format!("no record `{record}` with a link"),
                note: Some(format!(
                    "records with a link: {}",
                    list(known.iter().map(String::as_str))
                )),
                candidates: known,
            });
        };
        match column {
            Some(column) if !columns.iter().any(|known| known == column) => Err(Unknown {
                message: format!("the link of `{record}` has no column `{column}`"),
                candidates: columns.clone(),
                note: Some(format!(
                    "columns: {}",
                    list(columns.iter().map(String::as_str))
                )),
            }),
            _ => Ok(()),
        }
    }

    fn language(&self, alias: &str) -> Result<(), Unknown> {
        if self.languages.contains(alias) {
            return Ok(());
        }
        Err(Unknown {
            message: format!("unknown language `{alias}`"),
            candidates: self.languages.iter().cloned().collect(),
            note: Some(format!(
                "a language by its code is written in quotes: `['{alias}']`"
            )),
        })
    }
}

/// Answers the questions of [`Expr::resolve`]; the slots mean nothing, since nothing is evaluated.
struct Names<'a> {
    scope: &'a Scope,
    fields: BTreeSet<String>,
}

impl Resolve for Names<'_> {
    fn name(&mut self, name: &Name<'_>) -> Result<Slot, Unknown> {
        match *name {
            Name::Field(field) => {
                self.fields.insert(field.to_owned());
                self.scope.field(field)
            }
            Name::Member(owner, column) => self.scope.member(owner, column),
            Name::Text { field, .. } => self.scope.text(field),
            Name::TextNamed { field, alias } => {
                self.scope.text(field).and(self.scope.language(alias))
            }
            Name::TextOf { field } => self.scope.text(field),
            Name::Lookup {
                table,
                keys,
                column,
            } => self.scope.lookup(table, keys, column),
            Name::Link { record, column } => self.scope.link(record, column),
        }
        .map(|()| 0)
    }

    /// Known only live; true, so that what depends on it is looked at too.
    fn has_table(&mut self, _table: &str) -> bool {
        true
    }

    fn has_column(&mut self, _table: &str, _column: &str) -> bool {
        true
    }
}
