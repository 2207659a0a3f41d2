//! A flow held against the live databases: names become slots, columns get their types, and everything a run could
//! stumble over is told, all of it at once, before anything is written.

mod asked;
mod gone;
mod target;

pub use asked::asked_tables;
pub use gone::{BoundGone, BoundRemove};

use super::fetch::{BoundFetch, BoundRefuse};
use super::find::{Finder, FurtherKey};
use super::layout::{Layout, SourceColumn};
use super::lookup::Lookups;
use super::narrow::narrow;
use super::record::Record;
use crate::db::catalog::{ResultColumn, Table};
use crate::db::query::{Query, TableName};
use crate::db::{DbError, Session};
use crate::diagnostic::{Diagnostic, Span};
use crate::expr::{Expr, Resolved, Slot};
use crate::plan::{Child, Derived, Field, Find, Flow, Forget, Relation, ServerSql, Within, Write};
use crate::value::{Row, Type, Value};
use std::collections::{BTreeSet, HashMap, HashSet};

/// Why a flow cannot run.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    #[error(transparent)]
    Database(#[from] DbError),
    #[error("the mapping does not fit the databases")]
    Mapping(Vec<Diagnostic>),
}

/// A flow with its names resolved and its tables known.
#[derive(Debug)]
pub struct Bound<'p> {
    pub flow: &'p Flow,
    pub layout: Layout,
    /// Positions of the key's columns among the source's columns.
    pub key: Vec<usize>,
    pub key_types: Vec<Type>,
    pub children: Vec<BoundChild<'p>>,
    pub fields: Vec<(Slot, Resolved)>,
    pub refuse: Vec<BoundRefuse<'p>>,
    pub fetch: Vec<BoundFetch<'p>>,
    pub finder: Option<Finder>,
    /// Link column -> slot of the written row's column that it takes its value from.
    pub link: Vec<(String, Slot)>,
    /// Of a web order: the ERP's key of its customer.
    pub customer: Option<Resolved>,
    pub writes: Vec<BoundWrite<'p>>,
    pub derived: Vec<(&'p Derived, Table)>,
    pub forget: Vec<BoundForget<'p>>,
    pub gone: BoundGone<'p>,
    /// Positions of the tree's own and parent key among the source's columns.
    pub parent: Option<usize>,
    pub warnings: Vec<Diagnostic>,
}

#[derive(Debug)]
pub struct BoundChild<'p> {
    pub child: &'p Child,
    /// Those that the query yields, then those that ponte computes.
    pub columns: Vec<String>,
    /// How many of them the query yields.
    pub read: usize,
}

#[derive(Debug)]
pub struct BoundForget<'p> {
    pub forget: &'p Forget,
    pub table: Table,
    pub values: Vec<Resolved>,
}

#[derive(Debug)]
pub struct BoundWrite<'p> {
    pub write: &'p Write,
    pub table: Table,
    pub condition: Option<Resolved>,
    pub owned_while: Option<Resolved>,
    pub matches: Vec<BoundMatch>,
    pub fields: Vec<BoundField<'p>>,
    pub each: Option<BoundEach>,
    /// Columns of the written row that later expressions use, with their slots.
    pub exports: Vec<(String, Slot)>,
    /// The columns that tell a row of the table from all others: its primary key, else the match.
    pub identity: Vec<String>,
}

/// The elements of an `each` write.
#[derive(Debug)]
pub enum BoundEach {
    /// A child set of the record, by position.
    Child(usize),
    /// The rows of a small table, the same for every record.
    Table(Vec<Row>),
}

impl BoundEach {
    pub fn rows<'r>(&'r self, record: &'r Record) -> &'r [Row] {
        match self {
            BoundEach::Child(at) => record.children.get(*at).map_or(&[], Vec::as_slice),
            BoundEach::Table(rows) => rows,
        }
    }
}

#[derive(Debug)]
pub struct BoundMatch {
    pub column: String,
    pub ty: Type,
    pub value: Resolved,
    /// The link that the value is, if the expression is nothing but a link.
    pub link: Option<(String, String)>,
    /// The value is the same for every element of the record.
    pub of_record: bool,
}

#[derive(Debug)]
pub struct BoundField<'p> {
    pub field: &'p Field,
    pub value: Resolved,
    pub condition: Option<Resolved>,
    pub ty: Type,
    pub declared: String,
    pub nullable: bool,
    pub unique: bool,
}

/// What binding needs to ask the two databases, and what it has heard.
pub struct Binder<'s> {
    pub source: &'s mut dyn Session,
    pub target: &'s mut dyn Session,
    pub lookups: &'s Lookups,
    tables: HashMap<TableName, Option<Table>>,
    /// Codes of the shop's languages, as far as writes have a row for each of them.
    languages: BTreeSet<String>,
    diagnostics: Vec<Diagnostic>,
}

impl<'s> Binder<'s> {
    pub fn new(
        source: &'s mut dyn Session,
        target: &'s mut dyn Session,
        lookups: &'s Lookups,
    ) -> Self {
        Binder {
            source,
            target,
            lookups,
            tables: HashMap::new(),
            languages: BTreeSet::new(),
            diagnostics: Vec::new(),
        }
    }

    /// `find`: the flow's own, or that of the record it hangs on.
    pub async fn bind<'p>(
        mut self,
        flow: &'p Flow,
        find: Option<&'p Find>,
    ) -> Result<Bound<'p>, BindError> {
        let columns = self.source_columns(flow).await?;
        let children = self.children(flow).await?;
        self.load_tables(flow).await?;
        let found = match find {
            Some(find) => self.find_columns(find).await?,
            None => Vec::new(),
        };
        let find_names = found.iter().map(|column| column.name.clone()).collect();
        let mut layout = Layout::new(
            flow,
            columns,
            &children,
            find_names,
            self.lookups,
            &self.tables,
        );

        let mut key = Vec::new();
        let mut key_types = Vec::new();
        for name in &flow.source.key {
            match layout.source_position(name) {
                Some(at) => {
                    key.push(at);
                    key_types.push(layout.source_type(at).clone());
                }
                None => self.diagnostics.push(
                    Diagnostic::error(
                        "P312",
                        format!("the key column `{name}` is not a column of the source"),
                    )
                    .at(&flow.source.key_at, "")
                    .note(format!(
                        "columns of the source: {}",
                        layout.source_names().join(", ")
                    ))
                    .suggest(name, layout.source_names().iter().map(String::as_str)),
                ),
            }
        }
        let parent = flow
            .source
            .tree
            .as_ref()
            .and_then(|name| layout.source_position(name));
        let fields = flow
            .target
            .fields
            .iter()
            .filter_map(|(name, expr)| {
                let value = self.resolve(expr, &mut layout)?;
                Some((layout.computed(name), value))
            })
            .collect();
        let (refuse, mut fetch) = self.asked(&flow.target, &mut layout);
        let mut writes = Vec::new();
        for write in &flow.target.writes {
            writes.extend(self.write(write, &mut layout));
        }
        self.codes(flow);
        let mut derived = Vec::new();
        for one in &flow.target.derived {
            if !self.applies(one.condition.as_ref(), &mut layout) {
                continue;
            }
            if let Some(table) = self.table(&one.table, &one.table_at) {
                self.derived_key(one, &table);
                derived.push((one, table));
            }
        }
        let mut forget = Vec::new();
        for one in &flow.target.forget {
            let values = one
                .values
                .iter()
                .filter_map(|expr| self.resolve(expr, &mut layout))
                .collect();
            if let Some(table) = self.table(&one.table, &one.table_at) {
                self.column(&one.column, &table, &one.table_at);
                forget.push(BoundForget {
                    forget: one,
                    table,
                    values,
                });
            }
        }
        let gone = self.gone(flow, &mut layout);
        let customer = flow.target.customer.as_ref();
        let customer = customer.and_then(|expr| self.resolve(expr, &mut layout));
        for link in &flow.target.link {
            layout.find(&link.name);
        }
        let finder = find.map(|find| self.finder(flow, find, found, &mut layout));
        let link = flow.target.link.iter();
        let link = link
            .map(|one| (one.name.clone(), layout.export(&one.write, &one.column)))
            .collect();
        for write in &mut writes {
            write.exports = layout.exports(&write.write.alias);
        }
        for one in &mut fetch {
            one.exports = layout.exports(&one.fetch.alias);
        }
        let (errors, warnings): (Vec<_>, Vec<_>) = self
            .diagnostics
            .into_iter()
            .partition(|diagnostic| diagnostic.severity == crate::diagnostic::Severity::Error);
        if !errors.is_empty() {
            return Err(BindError::Mapping(errors));
        }
        Ok(Bound {
            flow,
            layout,
            key,
            key_types,
            children,
            fields,
            refuse,
            fetch,
            finder,
            link,
            customer,
            writes,
            derived,
            forget,
            gone,
            parent,
            warnings,
        })
    }

    async fn source_columns(&mut self, flow: &Flow) -> Result<Vec<SourceColumn>, BindError> {
        let source = &flow.source;
        if let Relation::Table { name, at, .. } = &source.relation
            && self.source.table(name).await?.is_none()
        {
            let product = self.source.server().product.clone();
            return Err(BindError::Mapping(vec![
                Diagnostic::error(
                    "P311",
                    format!("there is no table `{name}` on `{}`", source.connection),
                )
                .at(at, format!("looked up on {product}"))
                .help(
                    "write it as the server keeps it, with its schema if it is not the default one",
                ),
            ]));
        }
        let described = self
            .describe(&relation(&source.relation), relation_span(&source.relation))
            .await?;
        self.narrowed(
            &relation(&source.relation),
            source.filter.as_ref(),
            source.within.as_ref(),
        )
        .await?;
        let mut columns = Vec::new();
        for column in described {
            let field = match &source.fields {
                None => None,
                Some(fields) => match fields.iter().find(|field| field.name == column.name) {
                    Some(field) => Some(field.kind),
                    None => {
                        let record = flow.record.as_deref().unwrap_or("record");
                        self.diagnostics.push(
                            Diagnostic::error(
                                "P313",
                                format!(
                                    "the query yields `{}`, which is no field of `{record}`",
                                    column.name
                                ),
                            )
                            .at(relation_span(&source.relation), "")
                            .suggest(&column.name, fields.iter().map(|field| field.name.as_str())),
                        );
                        continue;
                    }
                },
            };
            columns.push(SourceColumn {
                name: column.name,
                ty: column.ty,
                kind: field,
            });
        }
        Ok(columns)
    }

    async fn children<'p>(&mut self, flow: &'p Flow) -> Result<Vec<BoundChild<'p>>, BindError> {
        let mut children = Vec::new();
        for child in &flow.source.children {
            let described = self
                .describe(&Query::sql(child.sql.text.clone()), &child.sql.at)
                .await?;
            let columns: Vec<String> = described.into_iter().map(|column| column.name).collect();
            for name in flow.source.key.iter().chain(&child.language) {
                if !columns.contains(name) {
                    self.diagnostics.push(
                        Diagnostic::error(
                            "P312",
                            format!("the child set `{}` has no column `{name}`", child.name),
                        )
                        .at(&child.sql.at, "")
                        .note(format!("its columns: {}", columns.join(", ")))
                        .help("a child set yields the key of its record under the same name"),
                    );
                }
            }
            let query = Query::sql(child.sql.text.clone());
            self.narrowed(&query, None, child.within.as_ref()).await?;
            let read = columns.len();
            let computed = flow.source.computed.columns.iter();
            let computed = computed.filter(|(set, _)| *set == child.name);
            let computed =
                computed.flat_map(|(_, names)| names.iter().map(|name| (*name).to_owned()));
            let computed: Vec<String> = computed.filter(|name| !columns.contains(name)).collect();
            children.push(BoundChild {
                child,
                columns: columns.into_iter().chain(computed).collect(),
                read,
            });
        }
        Ok(children)
    }

    /// Asks the server about the shop's conditions on a query's rows; what it holds against them is told at their place.
    async fn narrowed(
        &mut self,
        query: &Query,
        filter: Option<&ServerSql>,
        within: Option<&Within>,
    ) -> Result<(), BindError> {
        let places = filter.iter().map(|filter| &filter.at);
        let mut places = places.chain(within.iter().map(|within| &within.filter.at));
        let Some(at) = places.next() else {
            return Ok(());
        };
        let all = Query::sql("SELECT * FROM (")
            .append(query.clone())
            .text(") s");
        let (query, _) = narrow(all, filter, within);
        self.describe(&query, at).await.map(|_| ())
    }

    /// The columns of a server's own SQL; what the server holds against it becomes a diagnostic.
    async fn describe(&mut self, query: &Query, at: &Span) -> Result<Vec<ResultColumn>, BindError> {
        match self.source.describe(query).await {
            Ok(columns) => Ok(columns),
            Err(error) if error.is_transient() => Err(error.into()),
            Err(error) => Err(BindError::Mapping(vec![refused(&error, at, self.source)])),
        }
    }

    async fn find_columns(&mut self, find: &Find) -> Result<Vec<ResultColumn>, BindError> {
        let described = self
            .target
            .describe(&Query::sql(find.sql.text.clone()))
            .await;
        let columns = match described {
            Ok(columns) => columns,
            Err(error) if error.is_transient() => return Err(error.into()),
            Err(error) => {
                return Err(BindError::Mapping(vec![refused(
                    &error,
                    &find.sql.at,
                    self.target,
                )]));
            }
        };
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        for name in ["id", "kind"]
            .into_iter()
            .chain(find.by.iter().map(|(name, _)| name.as_str()))
            .chain(find.then.iter().map(|(name, _)| name.as_str()))
        {
            if !names.contains(&name) {
                self.diagnostics.push(
                    Diagnostic::error("P312", format!("`[find]` yields no column `{name}`"))
                        .at(&find.sql.at, "")
                        .note(format!("its columns: {}", names.join(", "))),
                );
            }
        }
        Ok(columns)
    }

    fn finder(
        &mut self,
        flow: &Flow,
        find: &Find,
        found: Vec<ResultColumn>,
        layout: &mut Layout,
    ) -> Finder {
        let hangs = flow.target.of.is_some();
        let by = match hangs {
            true => Vec::new(),
            false => {
                let by = find.by.iter();
                by.filter_map(|(column, expr)| Some((column.clone(), self.resolve(expr, layout)?)))
                    .collect()
            }
        };
        let mut then = Vec::new();
        for (column, expr) in find.then.iter().filter(|_| !hangs) {
            let field = expr.text.trim().to_owned();
            // An ERP without such a field has no record with such a key.
            if layout.source_position(&field).is_some() {
                then.extend(self.resolve(expr, layout).map(|value| FurtherKey {
                    column: column.clone(),
                    field,
                    value,
                }));
            }
        }
        let record = flow.target.of.as_ref().or(flow.record.as_ref());
        Finder {
            then,
            erp: None,
            twin: None,
            decided: Default::default(),
            record: record.cloned().unwrap_or_default(),
            sql: find.sql.text.clone(),
            at: find.sql.at.clone(),
            by,
            slots: layout.exports("find"),
            created_slot: layout.created(),
            hangs,
            columns: found.iter().map(|column| column.name.clone()).collect(),
            types: found.into_iter().map(|column| column.ty).collect(),
        }
    }

    async fn load_tables(&mut self, flow: &Flow) -> Result<(), BindError> {
        let target = &flow.target;
        let named = target.writes.iter().map(|write| &write.table);
        let named = named.chain(target.derived.iter().map(|derived| &derived.table));
        let named = named.chain(target.forget.iter().map(|forget| &forget.table));
        let named = named.chain(target.gone.removes.iter().map(|remove| &remove.table));
        let mut wanted: HashSet<TableName> = named.cloned().collect();
        let removes = target.gone.removes.iter();
        let exprs = target.writes.iter().flat_map(|write| {
            let fields = write
                .fields
                .iter()
                .flat_map(|field| field.condition.iter().chain([&field.expr]));
            fields.chain(write.condition.iter())
        });
        for expr in exprs.chain(
            target
                .derived
                .iter()
                .filter_map(|derived| derived.condition.as_ref())
                .chain(removes.filter_map(|remove| remove.condition.as_ref())),
        ) {
            wanted.extend(asked_tables(expr));
        }
        for name in wanted {
            let found = self.target.table(&name).await?;
            // Called as the mapping calls it, without the schema that the server found it in.
            let called = |table| Table {
                name: name.clone(),
                ..table
            };
            self.tables.insert(name.clone(), found.map(called));
        }
        Ok(())
    }

    pub(super) fn resolve(&mut self, expr: &Expr, layout: &mut Layout) -> Option<Resolved> {
        match expr.resolve(layout) {
            Ok(resolved) => Some(resolved),
            Err(diagnostics) => {
                self.diagnostics.extend(diagnostics);
                None
            }
        }
    }

    /// Whether a condition over tables and look-ups alone holds; one that cannot be told now counts as holding.
    fn applies(&mut self, condition: Option<&Expr>, layout: &mut Layout) -> bool {
        match condition.and_then(|expr| self.resolve(expr, layout)) {
            Some(resolved) => resolved.as_constant() != Some(&Value::Bool(false)),
            None => true,
        }
    }
}

fn refused(error: &DbError, at: &Span, asked: &dyn Session) -> Diagnostic {
    Diagnostic::error("P314", format!("the server refuses this query: {error}"))
        .at(at, format!("asked of {}", asked.server().product))
}

/// The rows of a source, without order or filter by key.
pub fn relation(relation: &Relation) -> Query {
    match relation {
        Relation::Sql(sql) => Query::sql(sql.text.clone()),
        Relation::Table { name, filter, .. } => {
            let query = Query::sql("SELECT * FROM ").table(name);
            match filter {
                Some(filter) => query.text(format!(" WHERE {}", filter.text)),
                None => query,
            }
        }
    }
}

fn relation_span(relation: &Relation) -> &Span {
    match relation {
        Relation::Sql(sql) => &sql.at,
        Relation::Table { at, .. } => at,
    }
}
