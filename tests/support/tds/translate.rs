//! Queries: from T-SQL's tree to SQLite's text, with the type of every column known before anything runs.

use super::catalog::{self, Table, quoted, same};
use super::env::Env;
use super::error::{Result, SqlError};
use super::syntax::*;
use super::tokens;
use super::types::{Kind as K, Type};
use rusqlite::types::Value;

/// A table in FROM.
#[derive(Debug, Clone)]
pub struct Source {
    /// By what names columns may be qualified.
    pub alias: String,
    pub schema: Option<String>,
    /// SQLite's alias, quoted.
    pub place: String,
    pub columns: Vec<(tokens::Column, String)>,
}

#[derive(Clone, Copy)]
pub struct Scope<'s> {
    pub sources: &'s [Source],
    pub parent: Option<&'s Scope<'s>>,
}

/// An expression in SQLite's words.
#[derive(Debug, Clone)]
pub struct Typed {
    pub sql: String,
    pub ty: Type,
    pub nullable: bool,
    /// How much its collation counts: 0 literal or variable, 1 column, 2 COLLATE.
    pub strength: u8,
    /// The column that it is.
    pub column: Option<tokens::Column>,
}

impl Typed {
    pub fn new(sql: impl Into<String>, ty: Type) -> Typed {
        Typed {
            sql: sql.into(),
            ty,
            nullable: true,
            strength: 0,
            column: None,
        }
    }

    pub fn certain(mut self) -> Typed {
        self.nullable = false;
        self
    }

    /// For comparing, sorting and grouping: texts by their collation. 306: old large types cannot be.
    pub fn key(&self) -> Result<String> {
        match self.ty.kind {
            K::Text | K::NText | K::Image => Err(SqlError::new(
                306,
                16,
                "The text, ntext, and image data types cannot be compared or sorted, except when using IS NULL or LIKE operator.",
            )),
            K::Xml => Err(SqlError::new(
                305,
                16,
                "The xml data type cannot be compared or sorted, except when using the IS NULL operator.",
            )),
            _ if self.ty.is_text() => Ok(format!("{} COLLATE {}", self.sql, self.ty.rule().name())),
            _ => Ok(self.sql.clone()),
        }
    }
}

/// A query in SQLite's words.
#[derive(Debug, Clone, Default)]
pub struct Relation {
    pub sql: String,
    pub columns: Vec<tokens::Column>,
    /// `SELECT @x = …`: the variable of each column.
    pub assigns: Vec<String>,
    pub into: Option<Name>,
}

pub struct Translator<'a> {
    pub env: &'a Env<'a>,
    pub params: Vec<Value>,
    /// A hint asks for a lock that writers wait for.
    pub locks: bool,
    pub(super) next: usize,
    pub(super) with: Vec<(String, Vec<String>, Query)>,
    pub(super) grouping: Grouping,
}

#[derive(Default)]
pub(super) struct Grouping {
    /// The terms of GROUP BY, while what stands outside of aggregates is read.
    pub terms: Option<Vec<String>>,
    pub in_aggregate: bool,
}

impl<'a> Translator<'a> {
    pub fn new(env: &'a Env<'a>) -> Translator<'a> {
        Translator {
            env,
            params: Vec::new(),
            locks: false,
            next: 0,
            with: Vec::new(),
            grouping: Grouping::default(),
        }
    }

    pub fn with(&mut self, with: &[(String, Vec<String>, Query)]) {
        self.with.extend_from_slice(with);
    }

    pub fn alias(&mut self) -> String {
        self.next += 1;
        format!("\"s{}\"", self.next)
    }

    pub fn bind(&mut self, value: Value) -> String {
        self.params.push(value);
        format!("?{}", self.params.len())
    }

    pub fn query(&mut self, query: &Query, parent: Option<&Scope>) -> Result<Relation> {
        let outer = self.with.len();
        self.with.extend(query.with.iter().cloned());
        let relation = self.query_within(query, parent);
        self.with.truncate(outer);
        relation
    }

    pub(super) fn query_within(
        &mut self,
        query: &Query,
        parent: Option<&Scope>,
    ) -> Result<Relation> {
        if let Body::Select(select) = &query.body {
            return self.select(select, query, parent);
        }
        let mut relation = self.body(&query.body, parent)?;
        if !query.order.is_empty() {
            let mut terms = Vec::new();
            for order in &query.order {
                let at = match &order.expr {
                    Expr::Column(parts) if parts.len() == 1 => relation
                        .columns
                        .iter()
                        .position(|column| same(&column.name, &parts[0])),
                    Expr::Int(text) => text.parse::<usize>().ok().and_then(|at| at.checked_sub(1)),
                    _ => None,
                };
                let at = at.filter(|at| *at < relation.columns.len());
                let at = at.ok_or_else(|| SqlError::new(104, 15, "ORDER BY items must appear in the select list if the statement contains a UNION, INTERSECT or EXCEPT operator."))?;
                let term = Typed::new(format!("\"c{at}\""), relation.columns[at].ty).key()?;
                terms.push(format!(
                    "{term}{}",
                    if order.descending { " DESC" } else { "" }
                ));
            }
            relation.sql = format!(
                "SELECT * FROM ({}) ORDER BY {}",
                relation.sql,
                terms.join(", ")
            );
            relation.sql.push_str(&self.limits(None, query)?);
        }
        Ok(relation)
    }

    pub(super) fn limits(&mut self, top: Option<&Expr>, query: &Query) -> Result<String> {
        let nowhere = Scope {
            sources: &[],
            parent: None,
        };
        let mut number = |expr: &Expr| -> Result<String> {
            let value = self.value(expr, &nowhere)?;
            if !value.ty.is_whole() {
                return Err(SqlError::new(
                    1060,
                    15,
                    "The number of rows provided for a TOP or FETCH clauses row count parameter must be an integer.",
                ));
            }
            Ok(value.sql)
        };
        if top.is_some() && query.offset.is_some() {
            return Err(SqlError::new(
                10741,
                15,
                "A TOP can not be used in the same query or sub-query as a OFFSET.",
            ));
        }
        let mut sql = String::new();
        if let Some(top) = top.or(query.fetch.as_ref()) {
            sql = format!(" LIMIT {}", number(top)?);
        } else if query.offset.is_some() {
            sql = " LIMIT -1".to_owned();
        }
        if let Some(offset) = &query.offset {
            sql.push_str(&format!(" OFFSET {}", number(offset)?));
        }
        Ok(sql)
    }

    pub(super) fn body(&mut self, body: &Body, parent: Option<&Scope>) -> Result<Relation> {
        match body {
            Body::Select(select) => {
                let plain = Query {
                    with: Vec::new(),
                    body: Body::Values(Vec::new()),
                    order: Vec::new(),
                    offset: None,
                    fetch: None,
                };
                self.select(select, &plain, parent)
            }
            Body::Nested(query) => self.query(query, parent),
            Body::Values(rows) => self.values(rows, parent),
            Body::Both(op, left, right) => {
                let left = self.body(left, parent)?;
                let right = self.body(right, parent)?;
                if left.columns.len() != right.columns.len() {
                    return Err(SqlError::new(
                        205,
                        16,
                        "All queries combined using a UNION, INTERSECT or EXCEPT operator must have an equal number of expressions in their target lists.",
                    ));
                }
                let mut columns = Vec::new();
                let (mut ours, mut theirs) = (Vec::new(), Vec::new());
                for (at, (a, b)) in left.columns.iter().zip(&right.columns).enumerate() {
                    let place = format!("\"c{at}\"");
                    let (a_typed, b_typed) = (Typed::new(&place, a.ty), Typed::new(&place, b.ty));
                    let ty = self.common(&[&a_typed, &b_typed])?;
                    let key = |typed: Typed| -> Result<String> {
                        let sql = if *op == "UNION ALL" {
                            typed.sql
                        } else {
                            typed.key()?
                        };
                        Ok(format!("{sql} AS \"c{at}\""))
                    };
                    ours.push(key(self.converted(&a_typed, ty)?)?);
                    theirs.push(key(self.converted(&b_typed, ty)?)?);
                    let mut column = tokens::Column::new(a.name.clone(), ty);
                    column.nullable = a.nullable || b.nullable;
                    columns.push(column);
                }
                let sql = format!(
                    "SELECT {} FROM ({}) {op} SELECT {} FROM ({})",
                    ours.join(", "),
                    left.sql,
                    theirs.join(", "),
                    right.sql
                );
                Ok(Relation {
                    sql,
                    columns,
                    assigns: Vec::new(),
                    into: None,
                })
            }
        }
    }

    /// `VALUES`, each column in the type that all its rows agree on. SQLite names them column1, column2 ….
    pub(super) fn values(
        &mut self,
        rows: &[Vec<Expr>],
        parent: Option<&Scope>,
    ) -> Result<Relation> {
        let scope = Scope {
            sources: &[],
            parent,
        };
        let mut typed: Vec<Vec<Typed>> = Vec::new();
        for row in rows {
            typed.push(
                row.iter()
                    .map(|expr| self.value(expr, &scope))
                    .collect::<Result<_>>()?,
            );
        }
        let width = typed.first().map_or(0, Vec::len);
        if typed.iter().any(|row| row.len() != width) {
            return Err(SqlError::new(
                10709,
                15,
                "The number of columns for each row in a table value constructor must be the same.",
            ));
        }
        let mut columns = Vec::new();
        for at in 0..width {
            let all: Vec<&Typed> = typed.iter().map(|row| &row[at]).collect();
            let mut column = tokens::Column::new("", self.common(&all)?);
            column.nullable = all.iter().any(|value| value.nullable);
            columns.push(column);
        }
        let mut texts = Vec::new();
        for row in &typed {
            let cells: Vec<String> = row
                .iter()
                .zip(&columns)
                .map(|(cell, column)| self.converted(cell, column.ty).map(|cell| cell.sql))
                .collect::<Result<_>>()?;
            texts.push(format!("({})", cells.join(", ")));
        }
        let names: Vec<String> = (0..width)
            .map(|at| format!("column{} AS \"c{at}\"", at + 1))
            .collect();
        let sql = format!(
            "SELECT {} FROM (VALUES {})",
            names.join(", "),
            texts.join(", ")
        );
        Ok(Relation {
            sql,
            columns,
            assigns: Vec::new(),
            into: None,
        })
    }

    pub(super) fn select(
        &mut self,
        select: &Select,
        query: &Query,
        parent: Option<&Scope>,
    ) -> Result<Relation> {
        let mut sources = Vec::new();
        let from = self.from(&select.from, &mut sources, parent)?;
        let scope = Scope {
            sources: &sources,
            parent,
        };
        let outer = std::mem::take(&mut self.grouping);
        let made = self.select_within(select, query, &from, &scope);
        self.grouping = outer;
        made
    }

    pub(super) fn select_within(
        &mut self,
        select: &Select,
        query: &Query,
        from: &str,
        scope: &Scope,
    ) -> Result<Relation> {
        let filter = match &select.filter {
            Some(filter) => format!(" WHERE {}", self.condition(filter, scope)?),
            None => String::new(),
        };
        let mut terms = Vec::new();
        let mut keys = Vec::new();
        for term in &select.group {
            let term = self.value(term, scope)?;
            keys.push(term.key()?);
            terms.push(term.sql);
        }
        let counts = select.items.iter().any(|item| matches!(item, Item::Expr(expr, _) | Item::Assign(_, expr) if has_aggregate(expr)));
        let is_grouped = !select.group.is_empty() || counts || select.having.is_some();
        if is_grouped {
            self.grouping.terms = Some(terms);
        }
        let mut columns = Vec::new();
        let mut texts = Vec::new();
        let mut assigns = Vec::new();
        let mut exprs: Vec<Typed> = Vec::new();
        for item in &select.items {
            match item {
                Item::Star(table) => {
                    for (column, typed) in self.star(table.as_deref(), scope)? {
                        columns.push(column);
                        exprs.push(typed);
                    }
                }
                Item::Expr(expr, alias) => {
                    let typed = self.value(expr, scope)?;
                    let mut column = match &typed.column {
                        Some(column) => column.clone(),
                        None => tokens::Column::new("", typed.ty),
                    };
                    column.ty = typed.ty;
                    column.nullable = typed.nullable;
                    if let Some(alias) = alias {
                        column.name = alias.clone();
                    }
                    columns.push(column);
                    exprs.push(typed);
                }
                Item::Assign(name, expr) => {
                    let typed = self.value(expr, scope)?;
                    let Some((ty, _)) = self.env.variables.get(name) else {
                        return Err(undeclared(name));
                    };
                    let typed = self.converted(&typed, *ty)?;
                    columns.push(tokens::Column::new("", *ty));
                    exprs.push(typed);
                    assigns.push(name.clone());
                }
            }
        }
        if !assigns.is_empty() && assigns.len() != columns.len() {
            return Err(SqlError::new(
                141,
                15,
                "A SELECT statement that assigns a value to a variable must not be combined with data-retrieval operations.",
            ));
        }
        for (at, typed) in exprs.iter().enumerate() {
            let sql = if select.distinct {
                typed.key()?
            } else {
                typed.sql.clone()
            };
            texts.push(format!("{sql} AS \"c{at}\""));
        }
        let having = match &select.having {
            Some(having) => format!(" HAVING {}", self.condition(having, scope)?),
            None => String::new(),
        };
        let mut order = Vec::new();
        for term in &query.order {
            let Some(sql) =
                self.order_term(&term.expr, &columns, &exprs, scope, select.distinct)?
            else {
                continue;
            };
            order.push(format!(
                "{sql}{}",
                if term.descending { " DESC" } else { "" }
            ));
        }
        self.grouping.terms = None;
        let limits = self.limits(select.top.as_ref(), query)?;
        let mut sql = format!(
            "SELECT {}{}{from}{filter}",
            if select.distinct { "DISTINCT " } else { "" },
            texts.join(", ")
        );
        if !keys.is_empty() {
            sql.push_str(&format!(" GROUP BY {}", keys.join(", ")));
        }
        sql.push_str(&having);
        if !order.is_empty() {
            sql.push_str(&format!(" ORDER BY {}", order.join(", ")));
        }
        sql.push_str(&limits);
        Ok(Relation {
            sql,
            columns,
            assigns,
            into: select.into.clone(),
        })
    }

    pub(super) fn order_term(
        &mut self,
        expr: &Expr,
        columns: &[tokens::Column],
        exprs: &[Typed],
        scope: &Scope,
        distinct: bool,
    ) -> Result<Option<String>> {
        match expr {
            Expr::Column(parts) if parts.len() == 1 => {
                if let Some(at) = columns
                    .iter()
                    .position(|column| same(&column.name, &parts[0]))
                {
                    return exprs[at].key().map(Some);
                }
            }
            Expr::Int(text) => {
                let at = text
                    .parse::<usize>()
                    .ok()
                    .and_then(|at| at.checked_sub(1))
                    .filter(|at| *at < exprs.len());
                let at = at.ok_or_else(|| SqlError::new(108, 15, format!("The ORDER BY position number {text} is out of range of the number of items in the select list.")))?;
                return exprs[at].key().map(Some);
            }
            // In no order.
            Expr::Subquery(query) if matches!(&query.body, Body::Select(select) if matches!(select.items[..], [Item::Expr(Expr::Null, None)])) =>
            {
                return Ok(None);
            }
            Expr::Null | Expr::Text { .. } | Expr::Decimal(_) | Expr::Variable(_) => {
                return Err(SqlError::new(
                    408,
                    16,
                    "A constant expression was encountered in the ORDER BY list.",
                ));
            }
            _ => {}
        }
        let typed = self.value(expr, scope)?;
        if distinct && !exprs.iter().any(|known| known.sql == typed.sql) {
            return Err(SqlError::new(
                145,
                15,
                "ORDER BY items must appear in the select list if SELECT DISTINCT is specified.",
            ));
        }
        typed.key().map(Some)
    }

    /// The columns of `*` or `table.*`.
    pub fn star(
        &mut self,
        table: Option<&str>,
        scope: &Scope,
    ) -> Result<Vec<(tokens::Column, Typed)>> {
        let mut found = Vec::new();
        for source in scope.sources {
            if table.is_some_and(|table| !same(table, &source.alias)) {
                continue;
            }
            for (column, _) in &source.columns {
                let typed = self.value(
                    &Expr::Column(vec![source.alias.clone(), column.name.clone()]),
                    scope,
                )?;
                found.push((column.clone(), typed));
            }
        }
        if found.is_empty() {
            return Err(SqlError::new(
                107,
                15,
                format!(
                    "The column prefix '{}' does not match with a table name or alias name used in the query.",
                    table.unwrap_or("*")
                ),
            ));
        }
        Ok(found)
    }
}

/// A base table as a source.
pub fn source_of(table: &Table, alias: String, schema: Option<String>, place: String) -> Source {
    let column = |column: &catalog::Column| {
        let mut shown = tokens::Column::new(column.name.clone(), column.ty);
        shown.nullable = column.nullable;
        shown.identity = column.identity.is_some();
        shown.computed = column.is_computed;
        shown.table = Some(table.name.name.clone());
        (shown, quoted(&column.name))
    };
    Source {
        alias,
        schema,
        place,
        columns: table.columns.iter().map(column).collect(),
    }
}

pub fn undeclared(name: &str) -> SqlError {
    SqlError::new(
        137,
        15,
        format!("Must declare the scalar variable \"{name}\"."),
    )
}

/// Whether it counts rows: SUM and its like, not those with OVER, not within subqueries.
pub fn has_aggregate(expr: &Expr) -> bool {
    let any = |exprs: &[&Expr]| exprs.iter().any(|expr| has_aggregate(expr));
    match expr {
        Expr::Call(call) if call.over.is_some() => false,
        Expr::Call(call) => is_aggregate(&call.name) || call.args.iter().any(has_aggregate),
        Expr::Negative(a)
        | Expr::Collate(a, _)
        | Expr::Not(a)
        | Expr::IsNull(a, _)
        | Expr::InQuery(a, ..) => has_aggregate(a),
        Expr::Arithmetic(_, a, b)
        | Expr::Compare(_, a, b)
        | Expr::And(a, b)
        | Expr::Or(a, b)
        | Expr::Like(a, b, ..) => any(&[a, b]),
        Expr::Between(a, b, c, _) => any(&[a, b, c]),
        Expr::Cast { value, .. } => has_aggregate(value),
        Expr::In(a, list, _) => has_aggregate(a) || list.iter().any(has_aggregate),
        Expr::Case {
            operand,
            whens,
            otherwise,
        } => {
            operand.as_deref().is_some_and(has_aggregate)
                || otherwise.as_deref().is_some_and(has_aggregate)
                || whens.iter().any(|(when, then)| any(&[when, then]))
        }
        _ => false,
    }
}

pub fn is_aggregate(name: &str) -> bool {
    matches!(name, "count" | "count_big" | "sum" | "avg" | "min" | "max")
}
