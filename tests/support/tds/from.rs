//! FROM: tables, views, derived tables, joins.

use super::catalog::{self, Table, quoted, same};
use super::error::{Result, SqlError};
use super::syntax::*;
use super::tokens;
use super::translate::{Relation, Scope, Source, Translator, source_of};
use super::types::{Kind as K, Type};

impl Translator<'_> {
    /// FROM's text, with its word, and the tables in it.
    pub fn from(
        &mut self,
        from: &[From],
        sources: &mut Vec<Source>,
        parent: Option<&Scope>,
    ) -> Result<String> {
        let mut texts = Vec::new();
        for item in from {
            texts.push(self.source(item, sources, parent)?);
        }
        Ok(if texts.is_empty() {
            String::new()
        } else {
            format!(" FROM {}", texts.join(", "))
        })
    }

    pub(super) fn source(
        &mut self,
        from: &From,
        sources: &mut Vec<Source>,
        parent: Option<&Scope>,
    ) -> Result<String> {
        match from {
            From::Table { name, alias, hints } => {
                const LOCKING: &[&str] = &[
                    "UPDLOCK",
                    "XLOCK",
                    "TABLOCKX",
                    "HOLDLOCK",
                    "SERIALIZABLE",
                    "REPEATABLEREAD",
                ];
                self.locks |= hints.iter().any(|hint| LOCKING.contains(&hint.as_str()));
                let shown = alias.clone().unwrap_or_else(|| name.name.clone());
                if name.schema.is_none()
                    && let Some(at) = self
                        .with
                        .iter()
                        .rposition(|(known, ..)| same(known, &name.name))
                {
                    let (_, columns, query) = self.with[at].clone();
                    // One cannot name itself or those after it.
                    let later = self.with.split_off(at);
                    let relation = self.query(&query, parent);
                    self.with.extend(later);
                    return self.derived(relation?, shown, &columns, sources);
                }
                let table = self.env.table(name)?;
                self.env.facts.check("SELECT", &table)?;
                if let Some(view) = &table.view {
                    let statements = super::parse::batch(view)?;
                    let [
                        Statement {
                            kind: Kind::Select(query),
                            ..
                        },
                    ] = &statements[..]
                    else {
                        return Err(SqlError::internal("a view that is no query"));
                    };
                    let relation = self.query(query, None)?;
                    let names: Vec<String> = table
                        .columns
                        .iter()
                        .map(|column| column.name.clone())
                        .collect();
                    return self.derived(relation, shown, &names, sources);
                }
                let place = self.alias();
                let schema = alias.is_none().then(|| table.name.schema.clone()).flatten();
                sources.push(source_of(&table, shown, schema, place.clone()));
                Ok(format!("{} AS {place}", table.place))
            }
            From::Changes {
                table,
                since,
                alias,
            } => {
                let table = self.env.table(table)?;
                let nowhere = Scope {
                    sources: &[],
                    parent: None,
                };
                let since = self.value(since, &nowhere)?;
                let mut columns = vec![
                    (
                        tokens::Column::new("SYS_CHANGE_VERSION", Type::new(K::BigInt)),
                        "version".to_owned(),
                    ),
                    (
                        tokens::Column::new("SYS_CHANGE_OPERATION", Type::sized(K::NChar, 1)),
                        "operation".to_owned(),
                    ),
                ];
                for column in self.primary_key(&table)? {
                    columns.push((
                        tokens::Column::new(column.name.clone(), column.ty),
                        quoted(&column.name),
                    ));
                }
                if !table.is_tracked {
                    return Err(SqlError::new(
                        22105,
                        16,
                        format!(
                            "Change tracking is not enabled on table '{}'.",
                            table.name.name
                        ),
                    ));
                }
                let place = self.alias();
                sources.push(Source {
                    alias: alias.clone(),
                    schema: None,
                    place: place.clone(),
                    columns,
                });
                let keys: Vec<String> = self
                    .primary_key(&table)?
                    .iter()
                    .enumerate()
                    .map(|(at, column)| {
                        format!("json_extract(c.key, '$[{at}]') AS {}", quoted(&column.name))
                    })
                    .collect();
                Ok(format!(
                    "(SELECT MAX(c.version) AS version, CASE WHEN COUNT(CASE WHEN c.operation = 'D' THEN 1 END) > 0 AND MAX(c.version) = MAX(CASE WHEN c.operation = 'D' THEN c.version END) THEN 'D' \
                     WHEN COUNT(CASE WHEN c.operation = 'I' THEN 1 END) > 0 THEN 'I' ELSE 'U' END AS operation, {} FROM \"own.changes\" AS c \
                     WHERE c.object_id = {} AND c.version > {} GROUP BY c.key) AS {place}",
                    keys.join(", "),
                    table.id,
                    since.sql
                ))
            }
            From::Derived {
                query,
                alias,
                columns,
            } => {
                if !query.order.is_empty()
                    && query.offset.is_none()
                    && !matches!(&query.body, Body::Select(select) if select.top.is_some())
                {
                    return Err(SqlError::new(
                        1033,
                        15,
                        "The ORDER BY clause is invalid in views, inline functions, derived tables, subqueries, and common table expressions, unless TOP, OFFSET or FOR XML is also specified.",
                    ));
                }
                let relation = self.query(query, None)?;
                self.derived(relation, alias.clone(), columns, sources)
            }
            From::Join {
                kind,
                left,
                right,
                on,
            } => {
                let first = sources.len();
                let left = self.source(left, sources, parent)?;
                let middle = sources.len();
                let right = self.source(right, sources, parent)?;
                let word = match kind {
                    Join::Inner => "JOIN",
                    Join::Left => "LEFT JOIN",
                    Join::Right => "RIGHT JOIN",
                    Join::Full => "FULL JOIN",
                    Join::Cross => "CROSS JOIN",
                };
                let on = match on {
                    Some(on) => {
                        let scope = Scope {
                            sources: &sources[first..],
                            parent,
                        };
                        format!(" ON {}", self.condition(on, &scope)?)
                    }
                    None => String::new(),
                };
                let optional = match kind {
                    Join::Left => middle..sources.len(),
                    Join::Right => first..middle,
                    Join::Full => first..sources.len(),
                    _ => 0..0,
                };
                for source in &mut sources[optional] {
                    for (column, _) in &mut source.columns {
                        column.nullable = true;
                    }
                }
                Ok(format!("{left} {word} {right}{on}"))
            }
        }
    }

    pub(super) fn primary_key(&self, table: &Table) -> Result<Vec<catalog::Column>> {
        let mut found = self.env.connection.prepare_cached(
            r#"SELECT ic.column_id FROM "sys.indexes" i JOIN "sys.index_columns" ic ON ic.object_id = i.object_id AND ic.index_id = i.index_id
               WHERE i.object_id = ?1 AND i.is_primary_key ORDER BY ic.key_ordinal"#,
        )?;
        let ids: Vec<i64> = found
            .query_map([table.id], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        let column = |id: i64| table.columns.iter().find(|column| column.id == id).cloned();
        ids.into_iter()
            .map(|id| column(id).ok_or_else(|| SqlError::internal("a key of no column")))
            .collect()
    }

    pub(super) fn derived(
        &mut self,
        relation: Relation,
        alias: String,
        names: &[String],
        sources: &mut Vec<Source>,
    ) -> Result<String> {
        if !names.is_empty() && names.len() != relation.columns.len() {
            return Err(SqlError::new(
                8158,
                16,
                format!("'{alias}' has more columns than were specified in the column list."),
            ));
        }
        let mut columns = Vec::new();
        for (at, mut column) in relation.columns.into_iter().enumerate() {
            if let Some(name) = names.get(at) {
                column.name = name.clone();
            }
            if column.name.is_empty() {
                return Err(SqlError::new(
                    8155,
                    16,
                    format!(
                        "No column name was specified for column {} of '{alias}'.",
                        at + 1
                    ),
                ));
            }
            if columns
                .iter()
                .any(|(known, _): &(tokens::Column, String)| same(&known.name, &column.name))
            {
                return Err(SqlError::new(
                    8156,
                    16,
                    format!(
                        "The column '{}' was specified multiple times for '{alias}'.",
                        column.name
                    ),
                ));
            }
            columns.push((column, format!("\"c{at}\"")));
        }
        let place = self.alias();
        sources.push(Source {
            alias,
            schema: None,
            place: place.clone(),
            columns,
        });
        Ok(format!("({}) AS {place}", relation.sql))
    }
}
