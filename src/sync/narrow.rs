//! What a source's query is narrowed by: the shop's own filter, the keys of a run, the order of the key.

use super::bind::relation;
use crate::db::query::{Part, Query};
use crate::plan::{ServerSql, Source, Within};
use crate::value::{Type, Value, convert};

/// The rows of a flow's source, all of them; gives back what a further condition begins with.
pub fn rows_of(select: Query, source: &Source) -> (Query, &'static str) {
    let query = select
        .text(" FROM (")
        .append(relation(&source.relation))
        .text(") s");
    let (mut query, mut and) = narrow(query, source.filter.as_ref(), source.within.as_ref());
    for (column, value) in &source.only {
        query = query
            .text(and)
            .ident(column)
            .text(" = ")
            .value(value.clone());
        and = " AND ";
    }
    (query, and)
}

/// Adds which rows are the shop's; gives back what a further condition begins with.
pub fn narrow(
    mut query: Query,
    filter: Option<&ServerSql>,
    within: Option<&Within>,
) -> (Query, &'static str) {
    let mut and = " WHERE ";
    // The line feeds end a comment at the end of a text.
    if let Some(filter) = filter {
        query = query.text(and).text(format!("({}\n)", filter.text));
        and = " AND ";
    }
    if let Some(within) = within {
        query = query
            .text(and)
            .ident(&within.column)
            .text(" IN (SELECT ")
            .ident(&within.key)
            .text(" FROM (")
            .append(relation(&within.relation))
            .text(format!("\n) s WHERE {}\n)", within.filter.text));
        and = " AND ";
    }
    (query, and)
}

/// Adds that only rows with these keys are read.
pub fn restrict(
    query: Query,
    and: &str,
    column: &str,
    only: &[String],
    ty: Option<&Type>,
) -> Query {
    if only.is_empty() {
        return query;
    }
    let number = matches!(ty, Some(Type::Int { .. } | Type::Decimal { .. }));
    let values = only.iter().map(|key| {
        let text = Value::Text(key.clone());
        match number {
            // A key that is no number is no key of this source: it finds nothing.
            true => convert(
                text,
                &Type::Int {
                    bits: 64,
                    signed: true,
                },
            )
            .unwrap_or(Value::Null),
            false => text,
        }
    });
    query
        .text(and)
        .ident(column)
        .text(" IN (")
        .list(values.collect())
        .text(")")
}

/// The rows whose column has one of the values.
pub fn named(query: Query, and: &str, column: &str, values: &[Value]) -> Query {
    query
        .text(and)
        .ident(column)
        .text(" IN (")
        .list(values.to_vec())
        .text(")")
}

/// Adds the order of the key.
pub fn order(mut query: Query, key: &[String], types: &[Type]) -> Query {
    for (at, (name, ty)) in key.iter().zip(types).enumerate() {
        query = query
            .text(if at == 0 { " ORDER BY " } else { ", " })
            .push(Part::Order(name.clone(), ty.clone()));
    }
    query
}
