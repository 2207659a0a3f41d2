//! A plan held against the live databases: everything that a run could stumble over is told at once, before anything
//! is written. Nothing is written here.

pub mod changes;
mod fulfilment;
pub mod grants;
mod languages;
mod needs;
mod order_keys;
mod stock;

use crate::connections::Connections;
use crate::db::catalog::ResultColumn;
use crate::db::query::{Query, TableName};
use crate::db::{self, DbError, Server, Session, Snapshots};
use crate::diagnostic::{Diagnostic, Span};
use crate::orders::{OrdersError, Shop, documents};
use crate::plan::{Connection, Flow, LeftOut, Orders, PackFacts, Plan};
use crate::round::{task, version};
use crate::sync::bind::BindError;
use crate::sync::lookup::Lookups;
use crate::sync::run::{self, RunError};
use std::collections::BTreeMap;

/// What a check found.
#[derive(Debug, Default)]
pub struct CheckReport {
    pub connections: Vec<ConnectionCheck>,
    pub flows: Vec<FlowCheck>,
    /// In the order in which they were found.
    pub diagnostics: Vec<Diagnostic>,
}

#[derive(Debug)]
pub struct ConnectionCheck {
    pub name: String,
    /// Without the password.
    pub url: String,
    /// What the server says of itself, or why it cannot be asked.
    pub server: Result<Server, DbError>,
    /// The system and its version, where a pack asks for it: `WooCommerce 11.1.0`.
    pub system: Option<String>,
}

#[derive(Debug)]
pub struct FlowCheck {
    pub name: String,
    pub outcome: FlowOutcome,
    pub changes: Option<changes::ChangesCheck>,
}

#[derive(Debug)]
pub enum FlowOutcome {
    Fits,
    /// Some of the diagnostics are errors of this flow.
    DoesNotFit,
    /// A connection of it is out of reach.
    NotChecked {
        connection: String,
    },
    Failed(DbError),
}

/// Holds the plan against its databases.
pub async fn check(plan: &Plan, connections: &Connections) -> CheckReport {
    let mut report = CheckReport::default();
    for connection in plan.connections.values() {
        let checked = connect(plan, connection, connections, &mut report.diagnostics).await;
        report.connections.push(checked);
    }
    let reachable: BTreeMap<&str, bool> = report
        .connections
        .iter()
        .map(|one| (one.name.as_str(), one.server.is_ok()))
        .collect();
    let absent = |names: [&str; 2]| {
        let absent = names
            .into_iter()
            .find(|name| reachable.get(name) == Some(&false));
        absent.map(str::to_owned)
    };
    let mut flows = Vec::new();
    let mut found = Vec::new();
    for task in task::all(plan) {
        let before = found.len();
        let mut changes = None;
        let outcome = match absent([task.source(), task.target()]) {
            Some(connection) => FlowOutcome::NotChecked { connection },
            None => {
                let checked = match task {
                    task::Task::Flow(flow) => {
                        bind(plan, flow, connections, &mut found, &mut changes).await
                    }
                    task::Task::Fulfilment(one) => {
                        fulfilment::check(plan, one, connections, &mut found).await
                    }
                    task::Task::Orders(one) => orders(plan, one, connections, &mut found).await,
                    task::Task::Stock(one) => {
                        stock::check(plan, one, connections, &mut found).await
                    }
                };
                match checked {
                    Err(error) => FlowOutcome::Failed(error),
                    Ok(()) if has_errors(&found[before..]) => FlowOutcome::DoesNotFit,
                    Ok(()) => FlowOutcome::Fits,
                }
            }
        };
        flows.push(FlowCheck {
            name: task.name().to_owned(),
            outcome,
            changes,
        });
    }
    report.flows = flows;
    // Of the connection it has been told already, and with the login.
    let is_told = report.diagnostics.iter().any(is_privilege);
    found.retain(|one| !is_told || !is_privilege(one));
    report.diagnostics.append(&mut found);
    report
}

fn is_privilege(one: &Diagnostic) -> bool {
    one.code == "P330"
}

fn has_errors(found: &[Diagnostic]) -> bool {
    found
        .iter()
        .any(|one| one.severity == crate::diagnostic::Severity::Error)
}

async fn connect(
    plan: &Plan,
    connection: &Connection,
    connections: &Connections,
    found: &mut Vec<Diagnostic>,
) -> ConnectionCheck {
    let mut checked = ConnectionCheck {
        name: connection.name.clone(),
        url: connection.url.to_string(),
        server: Err(DbError::new(db::DbErrorKind::Other, "not asked")),
        system: None,
    };
    let mut session = match open(connections, &connection.name).await {
        Ok(session) => session,
        Err(error) => {
            checked.server = Err(error);
            return checked;
        }
    };
    let server = session.server().clone();
    let name = connection.name.as_str();
    let is_written = task::setup_connections(plan).contains(name);
    server_facts(connection, &server, is_written, found);
    let granted = grants::check(plan, connections, connection, session.as_mut(), found).await;
    if let Err(error) = granted {
        checked.server = Err(error);
        return checked;
    }
    let setup = task::setup_of(plan, connections, name);
    let missing = match setup.missing(session.as_mut()).await {
        Ok(missing) => missing,
        Err(error) => {
            checked.server = Err(error);
            return checked;
        }
    };
    let asked = facts(connection, session.as_mut(), &missing, found).await;
    match asked {
        Ok(system) => {
            checked.system = system;
            checked.server = Ok(server);
        }
        Err(error) => checked.server = Err(error),
    }
    checked
}

async fn open(connections: &Connections, name: &str) -> db::Result<Box<dyn Session>> {
    connections.engine(name)?.connect().await
}

fn server_facts(
    connection: &Connection,
    server: &Server,
    is_written: bool,
    found: &mut Vec<Diagnostic>,
) {
    let Connection { name, at, .. } = connection;
    if !server.unicode {
        found.push(
            Diagnostic::error(
                "P340",
                format!("the database of `{name}` does not keep Unicode"),
            )
            .at(at, server.product.clone())
            .help("create it with UTF8 (PostgreSQL) or utf8mb4 (MySQL, MariaDB)"),
        );
    }
    if server.read_only && is_written {
        found.push(
            Diagnostic::error(
                "P341",
                format!("`{name}` is read-only, but it is written to"),
            )
            .at(at, server.product.clone())
            .help("name the primary server, or open the file for writing"),
        );
    }
    if server.snapshots == Snapshots::None {
        found.push(
            Diagnostic::warning("P348", format!("the database of `{name}` allows no snapshots"))
                .at(at, server.product.clone())
                .note("queries that belong together see what is committed when each of them runs, and wait where somebody writes")
                .help("`ALTER DATABASE … SET ALLOW_SNAPSHOT_ISOLATION ON` allows them; the server then keeps old versions of rows in `tempdb`"),
        );
    }
}

/// Version, ponte's own tables, small tables. Returns the system with its version.
async fn facts(
    connection: &Connection,
    session: &mut dyn Session,
    missing: &[TableName],
    found: &mut Vec<Diagnostic>,
) -> db::Result<Option<String>> {
    if !missing.is_empty() {
        let names: Vec<String> = missing.iter().map(|name| format!("`{name}`")).collect();
        found.push(
            Diagnostic::error(
                "P342",
                format!("ponte's own tables are missing on `{}`", connection.name),
            )
            .at(&connection.at, "")
            .note(format!("missing: {}", names.join(", ")))
            .help("run `ponte setup --run`, or let the administrator run what `ponte setup --print-sql` prints"),
        );
    }
    let Some(pack) = &connection.pack else {
        return Ok(None);
    };
    let told = version::of(pack, session).await?;
    found.extend(told.unfamiliar.map(|one| one.diagnostic(connection)));
    small_tables(pack, session, found).await;
    left_out(connection, pack, session, found).await;
    Ok(Some(told.system))
}

/// What is there and not carried over.
async fn left_out(
    connection: &Connection,
    pack: &PackFacts,
    session: &mut dyn Session,
    found: &mut Vec<Diagnostic>,
) {
    for LeftOut { what, sql } in &pack.left_out {
        let product = session.server().product.clone();
        let refused = |why: String| {
            Diagnostic::error(
                "P314",
                format!("it cannot be counted how many {what} there are"),
            )
            .at(&sql.at, format!("asked of {product}"))
            .note(why)
        };
        let count = match db::fetch(session, &Query::sql(sql.text.clone())).await {
            Ok(rows) => {
                let count = rows.first().and_then(|row| row.first());
                count.map_or(String::new(), |count| count.plain().into_owned())
            }
            Err(error) => {
                found.push(refused(error.message));
                continue;
            }
        };
        match count.parse::<u64>() {
            Ok(0) => {}
            Ok(count) => found.push(
                Diagnostic::warning("P349", format!("{what} are not carried over: there are {count}"))
                    .at(&connection.at, "")
                    .note(format!("pack `{}` leaves them out", pack.name))
                    .help("without them all is carried over as usual; a flow of the project's own (`[flow.NAME]`) can read them"),
            ),
            Err(_) => found.push(refused("it yields no number".to_owned())),
        }
    }
}

/// Each one by itself, so that one that cannot be read hides no other.
async fn small_tables(pack: &PackFacts, session: &mut dyn Session, found: &mut Vec<Diagnostic>) {
    for one in &pack.lets {
        let read = Lookups::read(session, std::slice::from_ref(one)).await;
        if let Err(error) = read {
            found.push(
                Diagnostic::error(
                    "P343",
                    format!("the small table `{}` cannot be read", one.name),
                )
                .at(
                    &one.sql.at,
                    format!("asked of {}", session.server().product),
                )
                .note(error.message),
            );
        }
    }
}

async fn bind(
    plan: &Plan,
    flow: &Flow,
    connections: &Connections,
    found: &mut Vec<Diagnostic>,
    changes: &mut Option<changes::ChangesCheck>,
) -> db::Result<()> {
    let mut source = open(connections, &flow.source.connection).await?;
    let mut target = open(connections, &flow.target.connection).await?;
    let bound = run::bind(plan, flow, source.as_mut(), target.as_mut()).await;
    match bound {
        Ok(bound) => {
            found.extend(bound.warnings);
            *changes = changes::check(plan, flow, source.as_mut(), found).await?;
            languages::check(flow, source.as_mut(), found).await?;
            Ok(())
        }
        Err(RunError::Bind(BindError::Mapping(errors))) => {
            found.extend(errors);
            Ok(())
        }
        Err(RunError::Bind(BindError::Database(error)) | RunError::Database(error)) => Err(error),
        Err(other) => Err(DbError::new(db::DbErrorKind::Other, other)),
    }
}

/// Why a shop's orders cannot be looked at: mistakes of its files are found, anything else is the database's.
fn unopened(error: &OrdersError, found: &mut Vec<Diagnostic>) -> db::Result<()> {
    match (error.diagnostics(), error.database()) {
        (Some(diagnostics), _) => {
            found.extend(diagnostics.iter().cloned());
            Ok(())
        }
        (None, Some(database)) => Err(DbError::new(database.kind, &database.message)),
        (None, None) => Err(DbError::new(db::DbErrorKind::Other, error)),
    }
}

/// Every way in which a shop keeps its orders, as far as it applies to this one.
async fn orders(
    plan: &Plan,
    orders: &Orders,
    connections: &Connections,
    found: &mut Vec<Diagnostic>,
) -> db::Result<()> {
    let shop = match Shop::open(plan, orders, connections).await {
        Ok(shop) => shop,
        Err(error) => return unopened(&error, found),
    };
    let mut changes = None;
    let Shop {
        storage,
        mut session,
        ..
    } = shop;
    order_keys::check(orders, storage, session.as_mut(), found).await?;
    drop(session);
    if let Some(sql) = &orders.documents {
        let engine = connections.engine(&storage.flow.target.connection)?;
        let mut erp = engine.connect().await?;
        stock::yields(erp.as_mut(), sql, &documents::COLUMNS, found).await;
    }
    bind(plan, &storage.flow, connections, found, &mut changes).await
}

/// The columns that a query yields; what the server says against it is a diagnostic.
async fn describe(
    session: &mut dyn Session,
    query: &Query,
    at: &Span,
    found: &mut Vec<Diagnostic>,
) -> Option<Vec<ResultColumn>> {
    match session.describe(query).await {
        Ok(columns) => Some(columns),
        Err(error) => {
            found.push(
                Diagnostic::error("P314", "the server refuses this query")
                    .at(at, format!("asked of {}", session.server().product))
                    .note(error.message),
            );
            None
        }
    }
}

/// Names as messages list them.
fn listed(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}
