//! What each login must be allowed, and what of it is missing.

use super::needs::{self, Need};
use crate::connections::Connections;
use crate::db::clock::{self, Hidden, Open};
use crate::db::grant::{self, Found, Privilege};
use crate::db::query::TableName;
use crate::db::{self, EngineKind, Session};
use crate::diagnostic::Diagnostic;
use crate::plan::{Connection, Plan};
use crate::round::task;
use std::collections::{BTreeMap, BTreeSet};

/// What the login of one connection needs.
#[derive(Debug)]
pub struct Grants {
    pub connection: String,
    pub kind: EngineKind,
    /// As statements name it; empty for a file.
    pub login: String,
    /// Who asked: the statements are as exact as what the login sees.
    pub asked: bool,
    pub grants: Vec<Grant>,
    /// For SQLite, which has no logins: the file, and whether it is written to.
    pub file: Option<(String, bool)>,
}

#[derive(Debug)]
pub struct Grant {
    pub statement: String,
    /// `public.articles`, `schema public`
    pub object: String,
    pub privileges: Vec<String>,
    /// Of these, what the login does not have.
    pub lacking: Vec<String>,
    /// What it is good for, of one that is not needed in any case.
    pub optional: Option<&'static str>,
    /// What the statement leaves open.
    pub remark: Option<&'static str>,
}

const UNSEEN: &str =
    "the login does not see this table: it does not exist, or nothing on it is granted yet";
const ABSENT: &str = "there is no such table";
const PERHAPS: &str = "only if the table exists";
const TRANSACTIONS: &str = "optional: lets a flow by timestamp wait for open transactions instead of relying on its overlap";

/// The needs of a connection; without a session by names alone.
///
/// # Errors
/// Those of the database.
pub async fn of(
    plan: &Plan,
    connections: &Connections,
    connection: &Connection,
    session: Option<&mut dyn Session>,
) -> db::Result<Grants> {
    let needs = needs::of(plan, connections, &connection.name);
    let kind = connection.url.kind();
    let mut grants = Grants {
        connection: connection.name.clone(),
        kind,
        login: String::new(),
        asked: session.is_some(),
        grants: Vec::new(),
        file: None,
    };
    if let Some((file, _)) = connection.url.file() {
        let name = connection.name.as_str();
        let written = task::setup_connections(plan).contains(name);
        grants.file = Some((file.display().to_string(), written));
        return Ok(grants);
    }
    let server = connection.url.server();
    let user = server.map_or("", |server| server.user.as_str());
    let database = server.map_or("", |server| server.database.as_str());
    grants.login = grant::login_named(user, kind);
    let wanted = needs.tables.iter().filter(|(table, _)| !is_system(table));
    match session {
        None => {
            for (table, need) in wanted {
                let table = with_database(table, database, kind);
                grants.by_name(&table, need, (!need.always).then_some(PERHAPS));
            }
            if needs.transactions {
                grants.transactions(false);
            }
        }
        Some(session) => {
            grants.login = grant::login(session).await?;
            let sees_all = grant::sees_all(session).await?;
            let mut found: BTreeMap<TableName, (Found, Need)> = BTreeMap::new();
            for (table, need) in wanted {
                match grant::find(session, table).await? {
                    Some(one) => {
                        let held = found
                            .entry(one.table.clone())
                            .or_insert_with(|| (one, Need::default()));
                        held.1.privileges.extend(&need.privileges);
                    }
                    // What is not there and need not be there.
                    None if sees_all && !need.always => {}
                    None => {
                        let table = with_database(table, database, kind);
                        let remark = match (sees_all, need.always) {
                            (true, _) => ABSENT,
                            (false, true) => UNSEEN,
                            (false, false) => PERHAPS,
                        };
                        grants.by_name(&table, need, Some(remark));
                    }
                }
            }
            grants.found(found);
            if needs.transactions {
                let open = clock::read(session).await?.open;
                grants.transactions(matches!(open, Open::Hidden(Hidden::Privilege(_))));
            }
        }
    }
    Ok(grants)
}

impl Grants {
    /// A table that was not looked up, or not found.
    fn by_name(&mut self, table: &TableName, need: &Need, remark: Option<&'static str>) {
        let privileges: Vec<String> = need.privileges.iter().map(Privilege::to_string).collect();
        let lacks = self.asked && remark == Some(UNSEEN);
        self.grants.push(Grant {
            statement: grant::statement(&need.privileges, table, &self.login, self.kind),
            object: table.to_string(),
            lacking: if lacks {
                privileges.clone()
            } else {
                Vec::new()
            },
            privileges,
            optional: None,
            remark,
        });
    }

    fn found(&mut self, tables: BTreeMap<TableName, (Found, Need)>) {
        let mut schemas: BTreeMap<String, bool> = BTreeMap::new();
        let mut sequences: BTreeMap<TableName, bool> = BTreeMap::new();
        let mut grants = Vec::new();
        for (table, (found, need)) in &tables {
            if let (Some(schema), EngineKind::Postgres) = (&table.schema, self.kind) {
                schemas.insert(schema.clone(), found.usage);
            }
            if need.privileges.contains(&Privilege::Insert) {
                sequences.extend(found.sequences.iter().cloned());
            }
            let lacking = need
                .privileges
                .iter()
                .filter(|privilege| found.privileges.has(**privilege) == Some(false));
            grants.push(Grant {
                statement: grant::statement(&need.privileges, table, &self.login, self.kind),
                object: table.to_string(),
                privileges: need.privileges.iter().map(Privilege::to_string).collect(),
                lacking: lacking.map(Privilege::to_string).collect(),
                optional: None,
                remark: None,
            });
        }
        let usage = |object: String, statement: String, held: bool| Grant {
            statement,
            object,
            privileges: vec!["USAGE".to_owned()],
            lacking: if held {
                Vec::new()
            } else {
                vec!["USAGE".to_owned()]
            },
            optional: None,
            remark: None,
        };
        let login = self.login.clone();
        self.grants.splice(
            0..0,
            schemas.iter().map(|(schema, held)| {
                let statement = grant::schema_statement(schema, &login);
                usage(format!("schema {schema}"), statement, *held)
            }),
        );
        self.grants.extend(grants);
        self.grants.extend(sequences.iter().map(|(sequence, held)| {
            let statement = grant::sequence_statement(sequence, &login);
            usage(format!("sequence {sequence}"), statement, *held)
        }));
    }

    fn transactions(&mut self, lacks: bool) {
        let privilege = match self.kind {
            EngineKind::MySql => "PROCESS",
            EngineKind::SqlServer => db::clock::VIEW_SERVER_STATE,
            _ => "pg_read_all_stats",
        };
        self.grants.push(Grant {
            statement: grant::transactions_statement(&self.login, self.kind),
            object: "open transactions".to_owned(),
            privileges: vec![privilege.to_owned()],
            lacking: if lacks {
                vec![privilege.to_owned()]
            } else {
                Vec::new()
            },
            optional: Some(TRANSACTIONS),
            remark: None,
        });
    }
}

/// Everybody may read it.
fn is_system(table: &TableName) -> bool {
    const SYSTEM: [&str; 3] = ["information_schema", "pg_catalog", "sys"];
    let schema = table.schema.as_deref().unwrap_or_default();
    SYSTEM.iter().any(|one| schema.eq_ignore_ascii_case(one)) || table.name.starts_with("pg_")
}

/// A MySQL statement names the database, since an administrator is seldom connected to it.
fn with_database(table: &TableName, database: &str, kind: EngineKind) -> TableName {
    let mut table = table.clone();
    if kind == EngineKind::MySql && table.schema.is_none() {
        table.schema = Some(database.to_owned());
    }
    table
}

/// Tells what the login of a connection lacks.
///
/// # Errors
/// Those of the database.
pub async fn check(
    plan: &Plan,
    connections: &Connections,
    connection: &Connection,
    session: &mut dyn Session,
    found: &mut Vec<Diagnostic>,
) -> db::Result<()> {
    let grants = of(plan, connections, connection, Some(session)).await?;
    let mut told: BTreeSet<&str> = BTreeSet::new();
    for one in &grants.grants {
        if one.remark == Some(PERHAPS) {
            let message = format!(
                "the login {} of `{}` sees no table `{}`",
                grants.login, grants.connection, one.object
            );
            found.push(
                Diagnostic::warning("P380", message)
                    .at(&connection.at, "")
                    .note("only some versions of the system have it; if it is there, ponte now acts as if it were not")
                    .help(format!("if it is there, let an administrator run `{}`", one.statement)),
            );
            continue;
        }
        if one.lacking.is_empty() || one.optional.is_some() || !told.insert(&one.object) {
            continue;
        }
        let lacking = one.lacking.join(", ");
        let message = format!(
            "the login {} of `{}` may not {lacking} on `{}`",
            grants.login, grants.connection, one.object
        );
        let mut missing = Diagnostic::error("P330", message).at(&connection.at, "");
        if let Some(remark) = one.remark {
            missing = missing.note(remark);
        }
        found.push(
            missing
                .help(format!("let an administrator run `{}`", one.statement))
                .note("`ponte grants` prints everything that the login needs"),
        );
    }
    Ok(())
}
