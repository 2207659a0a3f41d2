//! A stock flow held against both databases: its queries run there, and yield what the protocol needs.

use super::{describe, listed, open};
use crate::connections::Connections;
use crate::db::query::TableName;
use crate::db::template::{self, Bound};
use crate::db::{self, DbError, DbErrorKind, Session};
use crate::diagnostic::{Diagnostic, Span};
use crate::expr::Expr;
use crate::own;
use crate::plan::{Plan, ServerSql, Stock};
use crate::sync::condition::{self, ConditionError};
use crate::sync::lookup::Lookups;
use crate::value::Value;

pub async fn check(
    plan: &Plan,
    stock: &Stock,
    connections: &Connections,
    found: &mut Vec<Diagnostic>,
) -> db::Result<()> {
    let mut erp = open(connections, &stock.erp.connection).await?;
    let queries = [
        (
            Some(&stock.erp.counted),
            &["reference", "sku", "quantity"][..],
        ),
        (
            Some(&stock.erp.committed),
            &["sku", "warehouse", "quantity"],
        ),
        (Some(&stock.erp.on_hand), &["sku", "warehouse", "quantity"]),
        (stock.erp.exceptions.as_ref(), &["sku", "rule"]),
    ];
    for (sql, columns) in queries {
        if let Some(sql) = sql {
            yields(erp.as_mut(), sql, columns, found).await;
        }
    }
    let mut shop = open(connections, &stock.target.connection).await?;
    let figures = ["sku", "id", "shown", "managed"];
    yields(shop.as_mut(), &stock.target.figures, &figures, found).await;
    figure(stock, shop.as_mut(), found).await?;
    parts(plan, stock, shop.as_mut(), found).await
}

/// Holds that the server runs the query and that it yields these columns.
pub(super) async fn yields(
    session: &mut dyn Session,
    sql: &ServerSql,
    columns: &[&str],
    found: &mut Vec<Diagnostic>,
) {
    let query = match template::bind(&sql.text, placeholder) {
        Ok(query) => query,
        // Unknown names are told when the files are read.
        Err(_) => return,
    };
    let Some(described) = describe(session, &query, &sql.at, found).await else {
        return;
    };
    let has = |name: &&str| described.iter().any(|column| column.name == **name);
    let missing: Vec<&str> = columns.iter().filter(|name| !has(name)).copied().collect();
    if !missing.is_empty() {
        let names: Vec<&str> = described
            .iter()
            .map(|column| column.name.as_str())
            .collect();
        found.push(
            Diagnostic::error(
                "P312",
                format!("the query does not yield {}", listed(&missing)),
            )
            .at(&sql.at, format!("asked of {}", session.server().product))
            .note(format!("it yields {}", listed(&names)))
            .note(format!("wanted: {}", listed(columns))),
        );
    }
}

/// Any value of the right kind: the query is prepared, not run.
fn placeholder(name: &str) -> Option<Bound> {
    Some(match name {
        "orders_since" => Bound::One(moment()),
        name if name.starts_with("minutes_ago_") => Bound::One(moment()),
        "promised" | "released" => Bound::Many(vec![Value::Text(String::new())]),
        "now_unix" | "mark" => Bound::One(Value::Int(0)),
        _ => Bound::Many(vec![Value::Int(0)]),
    })
}

fn moment() -> Value {
    Value::DateTime(chrono::DateTime::UNIX_EPOCH.naive_utc())
}

/// The row that is written.
async fn figure(
    stock: &Stock,
    shop: &mut dyn Session,
    found: &mut Vec<Diagnostic>,
) -> db::Result<()> {
    let target = &stock.target;
    let Some(table) = table(shop, &target.table, &target.table_at, found).await? else {
        return Ok(());
    };
    for name in [&target.key, &target.column] {
        if table.column(name).is_none() {
            let columns = table.columns.iter().map(|column| column.name.as_str());
            found.push(
                Diagnostic::error(
                    "P310",
                    format!("column `{name}` does not exist in `{}`", table.name),
                )
                .at(&target.table_at, "")
                .suggest(name, columns),
            );
        }
    }
    if !table.transactional {
        let storage = table.storage.as_deref().unwrap_or("its storage engine");
        found.push(
            Diagnostic::error(
                "P320",
                format!("`{}` keeps no transactions ({storage})", table.name),
            )
            .at(&target.table_at, "")
            .help("convert it to InnoDB"),
        );
    }
    Ok(())
}

async fn table(
    session: &mut dyn Session,
    name: &TableName,
    at: &Span,
    found: &mut Vec<Diagnostic>,
) -> db::Result<Option<crate::db::catalog::Table>> {
    let table = session.table(name).await?;
    if table.is_none() {
        found.push(
            Diagnostic::error("P311", format!("there is no table `{name}`"))
                .at(at, format!("looked up on {}", session.server().product)),
        );
    }
    Ok(table)
}

/// Queries for pending orders and derived rows, those that apply to this shop.
async fn parts(
    plan: &Plan,
    stock: &Stock,
    shop: &mut dyn Session,
    found: &mut Vec<Diagnostic>,
) -> db::Result<()> {
    let pack = plan
        .connections
        .get(&stock.target.connection)
        .and_then(|connection| connection.pack.as_ref());
    let lets = pack.map_or(&[][..], |pack| &pack.lets);
    // One that cannot be read is told with its connection.
    let Ok(lookups) = Lookups::read(shop, lets).await else {
        return Ok(());
    };
    let now = own::now(shop).await?;
    let mut pending = 0;
    for one in &stock.target.pending {
        if applies(shop, &lookups, one.condition.as_ref(), now, found).await? {
            pending += 1;
            yields(shop, &one.sql, &["reference", "sku", "quantity"], found).await;
        }
    }
    if pending == 0 {
        found.push(
            Diagnostic::error(
                "P346",
                format!(
                    "no query for pending orders applies to shop `{}`",
                    stock.shop
                ),
            )
            .at(&stock.at, "")
            .help(
                "the conditions of `[[stock.pending]]` leave out this shop's way of storing orders",
            ),
        );
    }
    if let Some(look) = &stock.target.second_look {
        yields(shop, &look.mark, &["mark"], found).await;
        yields(shop, &look.orders, &["reference"], found).await;
        yields(shop, &look.lines, &["reference", "sku", "quantity"], found).await;
    }
    for one in &stock.target.derived {
        if applies(shop, &lookups, one.condition.as_ref(), now, found).await? {
            table(shop, &one.table, &one.table_at, found).await?;
            yields(shop, &one.sql, &[], found).await;
        }
    }
    for one in &stock.target.forget {
        table(shop, &one.table, &one.table_at, found).await?;
    }
    Ok(())
}

/// Whether a part applies; a condition that cannot be told is a diagnostic, and its part is taken as not applying.
async fn applies(
    shop: &mut dyn Session,
    lookups: &Lookups,
    condition: Option<&Expr>,
    now: chrono::DateTime<chrono::Utc>,
    found: &mut Vec<Diagnostic>,
) -> db::Result<bool> {
    let Some(condition) = condition else {
        return Ok(true);
    };
    match condition::holds(shop, lookups, condition, now).await {
        Ok(holds) => Ok(holds),
        Err(ConditionError::Database(error)) => Err(error),
        Err(ConditionError::Mapping(errors)) => {
            found.extend(errors);
            Ok(false)
        }
        Err(other) => {
            let error = DbError::new(DbErrorKind::Other, other);
            found.push(
                Diagnostic::error("P347", "the condition cannot be told")
                    .at(&condition.at, "")
                    .note(error.message),
            );
            Ok(false)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_a_placeholder() {
        let text = "a >= :orders_since AND b IN (:id) AND c < :minutes_ago_10 AND d = :now_unix AND e IN (:promised)";
        assert!(template::bind(text, placeholder).is_ok());
    }
}
