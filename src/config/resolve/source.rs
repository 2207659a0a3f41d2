//! What an ERP pack reads, with the project's overrides: the source of a record's flow.

use super::super::mapping::{ErpRecordFile, SourceKeys};
use super::super::project::{ErpRecordKeys, FieldType};
use super::super::record;
use super::super::spanned::{At, Ordered};
use super::super::texts::{Bound, Texts};
use super::changes::{self, Wanted};
use super::side::PackSide;
use crate::diagnostic::{Diagnostic, SourceFile, Span, list, nearest};
use crate::plan::{Child, Computed, FieldKind, RecordField, Relation, ServerSql, Source};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a shop's mapping may ask of a record.
#[derive(Debug, Clone, Default)]
pub struct RecordView {
    pub name: String,
    pub key: Vec<String>,
    pub fields: BTreeMap<String, FieldKind>,
    /// Sets that the ERP yields -> their columns, where these are known.
    pub sets: BTreeMap<String, Option<Vec<String>>>,
}

impl RecordView {
    /// The record as every ERP may have it; used to go on checking when the ERP's pack is broken.
    pub fn canonical(name: &str) -> Self {
        let mut view = RecordView {
            name: name.to_owned(),
            ..RecordView::default()
        };
        if let Some(shape) = record::shape(name) {
            let fields = shape.fields.iter();
            view.fields = fields
                .map(|(name, kind)| ((*name).to_owned(), *kind))
                .collect();
            for (set, columns) in shape.children {
                view.add_set(set, Some(columns));
            }
            if view.fields.contains_key("parent") {
                view.add_set(record::ANCESTORS.0, Some(record::ANCESTORS.1));
            }
        }
        if [record::ORDER.name, record::REFUND.name].contains(&name) {
            let computed = record::order_computed();
            for (set, columns) in computed.columns {
                if let Some(Some(known)) = view.sets.get_mut(set) {
                    known.extend(columns.iter().map(|one| (*one).to_owned()));
                }
            }
            for (set, columns) in computed.sets {
                view.add_set(set, Some(columns));
            }
        }
        view
    }

    /// The record as this source yields it.
    pub fn of(name: &str, source: &Source) -> Self {
        let mut view = RecordView {
            name: name.to_owned(),
            key: source.key.clone(),
            ..RecordView::default()
        };
        for field in source.fields.iter().flatten() {
            view.fields.insert(field.name.clone(), field.kind);
        }
        let shape = record::shape(name);
        for child in source
            .children
            .iter()
            .filter(|child| child.language.is_none())
        {
            let known = shape.and_then(|shape| {
                let mut sets = shape.children.iter();
                sets.find_map(|(set, columns)| (*set == child.name).then_some(*columns))
            });
            view.add_set(&child.name, known);
        }
        if source.tree.is_some() {
            view.add_set(record::ANCESTORS.0, Some(record::ANCESTORS.1));
        }
        view
    }

    fn add_set(&mut self, name: &str, columns: Option<&[&str]>) {
        let columns = columns.map(|all| all.iter().map(|one| (*one).to_owned()).collect());
        self.sets.insert(name.to_owned(), columns);
    }

    /// A set that the record may have, though this ERP does not yield it.
    pub fn may_have(&self, set: &str) -> bool {
        Self::canonical(&self.name).sets.contains_key(set)
    }
}

/// The source of a record; `None` after an error, which is reported.
pub fn source(
    erp: &PackSide,
    name: &str,
    project: (&Arc<SourceFile>, Option<&ErpRecordKeys>),
    found: &mut Vec<Diagnostic>,
) -> Option<Source> {
    let (file, body) = erp.pack.erp_record(name)?;
    let mut source = read(erp, name, (file, body.source.as_ref()?), project, found)?;
    source.children = children(body, erp.texts(file), found);
    Some(source)
}

/// What a file's `[source]` reads, without sets.
pub fn read(
    erp: &PackSide,
    name: &str,
    (file, keys): (&Arc<SourceFile>, &At<SourceKeys>),
    project: (&Arc<SourceFile>, Option<&ErpRecordKeys>),
    found: &mut Vec<Diagnostic>,
) -> Option<Source> {
    let texts = erp.texts(file);
    let fields = fields(name, (file, keys), project, found);
    let relation = relation(erp, (file, keys), project, found)?;
    let key = keys.key.as_ref()?;
    if key.is_empty() {
        found.push(
            Diagnostic::error("P104", "the key is empty").at(&key.span(file), "name its columns"),
        );
    }
    for column in key.iter() {
        known_field(name, file, column, &fields, found);
    }
    if let Some(tree) = &keys.tree {
        known_field(name, file, tree, &fields, found);
    }
    // A project's own query may read other tables than the pack's watermark speaks of.
    let over = project.1.and_then(|keys| keys.watermark.as_ref());
    let replaced = project.1.is_some_and(|keys| keys.sql.is_some());
    let own = keys.watermark.as_ref().filter(|_| !replaced);
    let watermark = match (over, own) {
        (Some(text), _) => changes::watermark(erp.texts(project.0), text, None, found),
        (None, Some(text)) => changes::watermark(texts, text, None, found),
        (None, None) => None,
    };
    // A watermark that is wrong has been told already.
    let is_wrong = watermark.is_none() && over.or(own).is_some();
    let by_timestamp = project.1.filter(|_| !is_wrong).and_then(|over| {
        let wanted = Wanted::of_record(project.0, over);
        wanted.by_timestamp(watermark.as_ref(), keys.tree.is_some(), found)
    });
    Some(Source {
        connection: erp.connection.clone(),
        relation,
        key: key.iter().map(|column| column.value.clone()).collect(),
        key_at: key.span(file),
        tree: keys.tree.as_ref().map(|field| field.value.clone()),
        children: Vec::new(),
        only: Vec::new(),
        filter: None,
        within: None,
        fields: Some(fields),
        watermark,
        by_timestamp,
        computed: Computed::default(),
    })
}

fn known_field(
    record: &str,
    file: &Arc<SourceFile>,
    column: &At<String>,
    fields: &[RecordField],
    found: &mut Vec<Diagnostic>,
) {
    if fields.iter().any(|field| field.name == column.value) {
        return;
    }
    let known: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
    let message = format!("record `{record}` has no field `{}`", column.value);
    let mut unknown = Diagnostic::error("P137", message)
        .at(&column.content(file), "unknown field")
        .note(format!(
            "fields of `{record}`: {}",
            list(known.iter().copied())
        ));
    unknown = match nearest(column, known) {
        Some(near) => unknown.help(format!("did you mean `{near}`?")),
        None => unknown
            .help("declare further fields with their type: `fields = { my_field = \"text\" }`"),
    };
    found.push(unknown);
}

/// Canonical fields, then those that the pack declares, then the project's.
fn fields(
    name: &str,
    pack: (&Arc<SourceFile>, &SourceKeys),
    project: (&Arc<SourceFile>, Option<&ErpRecordKeys>),
    found: &mut Vec<Diagnostic>,
) -> Vec<RecordField> {
    let mut fields = record::shape(name).map_or(Vec::new(), |shape| shape.record_fields());
    let mut declare = |file: &Arc<SourceFile>, declared: &Ordered<At<FieldType>>| {
        for (field, kind) in declared.iter() {
            if fields.iter().any(|known| known.name == field.value) {
                let message = format!("field `{}` exists already", field.value);
                let place = field.span(file);
                found.push(
                    Diagnostic::error("P131", message)
                        .at(&place, "declared again")
                        .note(format!(
                            "a field of record `{name}`, or declared by the pack"
                        )),
                );
                continue;
            }
            fields.push(RecordField {
                name: field.value.clone(),
                kind: match kind.value {
                    FieldType::Text => FieldKind::Text,
                    FieldType::Boolean => FieldKind::Boolean,
                    FieldType::Integer => FieldKind::Integer,
                    FieldType::Decimal => FieldKind::Decimal,
                    FieldType::Date | FieldType::Timestamp => FieldKind::Moment,
                },
                canonical: false,
            });
        }
    };
    declare(pack.0, &pack.1.fields);
    if let Some(keys) = project.1 {
        declare(project.0, &keys.fields);
    }
    fields
}

fn relation(
    erp: &PackSide,
    (file, keys): (&Arc<SourceFile>, &SourceKeys),
    (project_file, project): (&Arc<SourceFile>, Option<&ErpRecordKeys>),
    found: &mut Vec<Diagnostic>,
) -> Option<Relation> {
    let title = Span::new(
        file,
        keys.key.as_ref().map_or(0..0, |key| key.range.clone()),
    );
    let from = Reading {
        table: keys.table.as_ref(),
        filter: keys.filter.as_ref(),
        sql: keys.sql.as_ref(),
    };
    let base = from.relation(erp.texts(file), &title, found);
    let texts = erp.texts(project_file);
    let base = match project.and_then(|keys| keys.sql.as_ref()) {
        Some(sql) => Some(Relation::Sql(texts.sql(sql, &Bound::none(), found))),
        None => base,
    };
    let Some(filter) = project.and_then(|keys| keys.filter.as_ref()) else {
        return base;
    };
    let filter = texts.sql(filter, &Bound::none(), found);
    Some(match base? {
        Relation::Sql(sql) => Relation::Sql(ServerSql {
            // The line feeds end a comment at the end of either text.
            text: format!("SELECT * FROM ({}\n) s WHERE {}\n", sql.text, filter.text),
            at: filter.at,
        }),
        Relation::Table {
            name,
            filter: own,
            at,
        } => Relation::Table {
            name,
            filter: Some(match own {
                Some(own) => ServerSql {
                    text: format!("({}\n) AND ({}\n)", own.text, filter.text),
                    at: filter.at,
                },
                None => filter,
            }),
            at,
        },
    })
}

/// `table` with `where`, or `sql`: the two ways to say what is read.
pub struct Reading<'a> {
    pub table: Option<&'a At<String>>,
    pub filter: Option<&'a At<String>>,
    pub sql: Option<&'a At<String>>,
}

impl Reading<'_> {
    pub fn relation(
        &self,
        texts: Texts<'_>,
        at: &Span,
        found: &mut Vec<Diagnostic>,
    ) -> Option<Relation> {
        match (self.table, self.sql) {
            (Some(table), None) => Some(Relation::Table {
                name: texts.table(table, found),
                filter: self
                    .filter
                    .map(|filter| texts.sql(filter, &Bound::none(), found)),
                at: table.span(texts.file),
            }),
            (None, Some(sql)) => {
                if let Some(filter) = self.filter {
                    found.push(
                        Diagnostic::error("P105", "`where` goes with `table`, not with `sql`")
                            .at(&filter.span(texts.file), "")
                            .help("put the condition into the query"),
                    );
                }
                Some(Relation::Sql(texts.sql(sql, &Bound::none(), found)))
            }
            (Some(_), Some(sql)) => {
                found.push(
                    Diagnostic::error("P105", "`table` and `sql` exclude each other")
                        .at(&sql.span(texts.file), "one of the two"),
                );
                None
            }
            (None, None) => {
                found.push(
                    Diagnostic::error("P103", "missing key `sql` or `table`")
                        .at(at, "what is read here?"),
                );
                None
            }
        }
    }
}

fn children(body: &ErpRecordFile, texts: Texts<'_>, found: &mut Vec<Diagnostic>) -> Vec<Child> {
    let mut children = Vec::new();
    for (name, keys) in body.child.iter() {
        if name.value == record::ANCESTORS.0 {
            let message = format!("`{}` is built in for records with `tree`", name.value);
            let place = name.span(texts.file);
            found.push(Diagnostic::error("P131", message).at(&place, "name used twice"));
        }
        let Some(sql) = &keys.sql else { continue };
        children.push(Child {
            name: name.value.clone(),
            sql: texts.sql(sql, &Bound::none(), found),
            language: keys.language.as_ref().map(|column| column.value.clone()),
            within: None,
        });
    }
    children
}
