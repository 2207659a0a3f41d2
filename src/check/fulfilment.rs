//! Fulfilment held against both databases: the ERP's queries, and how the shop is told.

use super::{describe, listed, open, unopened};
use crate::connections::Connections;
use crate::db::query::Query;
use crate::db::template::{self, Bound};
use crate::db::{self, Session};
use crate::diagnostic::Diagnostic;
use crate::fulfilment::shop::Shop;
use crate::plan::fulfilment::{Courier, Fulfilment, TRACKING_COLUMNS};
use crate::plan::mail::InvoiceFile;
use crate::plan::{Plan, ServerSql};
use crate::value::Value;

pub async fn check(
    plan: &Plan,
    one: &Fulfilment,
    connections: &Connections,
    found: &mut Vec<Diagnostic>,
) -> db::Result<()> {
    let mut erp = open(connections, &one.erp.connection).await?;
    yields(
        erp.as_mut(),
        &one.erp.sql,
        &["document", "state", "invoice"],
        found,
    )
    .await;
    if let Some(parcels) = &one.erp.parcels {
        let columns = ["document", "parcel", "carrier", "tracking", "shipped_on"];
        yields(erp.as_mut(), parcels, &columns, found).await;
    }
    if let Some(contacts) = one.erp.contacts.as_ref().filter(|_| one.mailing.is_some()) {
        let columns = ["document", "number", "name", "email", "language"];
        yields(erp.as_mut(), contacts, &columns, found).await;
    }
    if let Some(InvoiceFile::Blob(sql)) = one.mailing.as_ref().and_then(|one| one.invoice.as_ref())
        && let Some(query) = prepared(sql)
    {
        describe(erp.as_mut(), &query, &sql.at, found).await;
    }
    if let Some(tracking) = &one.tracking {
        if let Some(query) = prepared(&tracking.fill) {
            describe(erp.as_mut(), &query, &tracking.fill.at, found).await;
        }
        for source in &tracking.from {
            courier(&source.courier, one, connections, found).await?;
        }
    }
    let mut shop = match Shop::open(plan, one, connections).await {
        Ok(shop) => shop,
        Err(error) => return unopened(&error, found),
    };
    let orders = &shop.way.orders;
    let columns = ["reference", "status", "placed"];
    yields(shop.session.as_mut(), orders, &columns, found).await;
    if let Some(sql) = shop
        .way
        .tracking
        .as_ref()
        .filter(|_| one.tracking.is_some())
    {
        let columns = ["reference", "tracking"];
        yields(shop.session.as_mut(), sql, &columns, found).await;
    }
    for statement in &shop.writes {
        let sql = &statement.sql;
        if let Some(query) = prepared(sql) {
            describe(shop.session.as_mut(), &query, &sql.at, found).await;
        }
    }
    Ok(())
}

/// Whether a courier says what it must.
async fn courier(
    courier: &Courier,
    one: &Fulfilment,
    connections: &Connections,
    found: &mut Vec<Diagnostic>,
) -> db::Result<()> {
    match courier {
        Courier::Table { connection, sql } => {
            let mut session = open(connections, connection).await?;
            let Some(query) = prepared(sql) else {
                return Ok(());
            };
            let Some(described) = describe(session.as_mut(), &query, &sql.at, found).await else {
                return Ok(());
            };
            let has = |names: [&str; 2]| {
                let mut columns = described.iter();
                columns.any(|column| names.contains(&column.name.as_str()))
            };
            if !has(["parcel", "reference"]) || !has(["tracking", "delivered_on"]) {
                found.push(
                    Diagnostic::error(
                        "P312",
                        "the query does not say which delivery has which number",
                    )
                    .at(&sql.at, format!("asked of {}", session.server().product))
                    .note(format!("wanted are some of {}", listed(&TRACKING_COLUMNS))),
                );
            }
        }
        Courier::Folder { path, .. } if !path.is_dir() => {
            let message = format!("there is no folder `{}`", path.display());
            found.push(
                Diagnostic::warning("P392", message)
                    .at(&one.at, "tracking numbers come from it")
                    .help("make it, so that the courier can drop its files there"),
            );
        }
        Courier::Folder { .. } | Courier::Shop => {}
    }
    Ok(())
}

/// With NULL for every name: it is prepared, not run. Unknown names are told when the files are read.
fn prepared(sql: &ServerSql) -> Option<Query> {
    template::bind(&sql.text, |_| Some(Bound::One(Value::Null))).ok()
}

async fn yields(
    session: &mut dyn Session,
    sql: &ServerSql,
    columns: &[&str],
    found: &mut Vec<Diagnostic>,
) {
    let Some(query) = prepared(sql) else { return };
    let Some(described) = describe(session, &query, &sql.at, found).await else {
        return;
    };
    let has = |name: &&&str| described.iter().any(|column| column.name == **name);
    let missing: Vec<&str> = columns.iter().filter(|name| !has(name)).copied().collect();
    if !missing.is_empty() {
        let message = format!("the query does not yield {}", listed(&missing));
        found.push(
            Diagnostic::error("P312", message)
                .at(&sql.at, format!("asked of {}", session.server().product))
                .note(format!("fulfilment needs {}", listed(columns))),
        );
    }
}
