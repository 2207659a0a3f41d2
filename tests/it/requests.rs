//! Rows in the table `ponte_requests` start flows of the service that runs, and get what came of it.

use std::time::{Duration, Instant};

use crate::service::{NAMES, signal, until};
use crate::support::client::Client;
use crate::support::project::{Project, Running};
use crate::support::servers::{self, Database};

/// A table in the ERP and a flow that carries it over when it is asked to. `sql`: what it reads instead of the table.
async fn project(erp: &Database, shop: &Database, sql: Option<&str>) -> Project {
    let mut client = erp.client().await;
    let text = match client {
        Client::SqlServer(_) | Client::Mariadb(_) => "varchar(40)",
        _ => "text",
    };
    let agent =
        format!("CREATE TABLE agent (code {text} NOT NULL PRIMARY KEY, name {text} NOT NULL)");
    client.run(&agent).await;
    let rows = "INSERT INTO agent (code, name) VALUES ('A', 'Anna'), ('B', 'Bruno')";
    client.run(rows).await;
    let shops = "CREATE TABLE agent (code TEXT PRIMARY KEY, name TEXT NOT NULL)";
    shop.client().await.run(shops).await;
    another(erp, shop, sql)
}

/// A project of the same two databases.
fn another(erp: &Database, shop: &Database, sql: Option<&str>) -> Project {
    let source = match sql {
        Some(sql) => format!("sql = \"{sql}\""),
        None => "table = \"agent\"".to_owned(),
    };
    let text = format!(
        r#"
[connection.erp]
url = "{}"
[connection.shop]
url = "{}"
[flow.agents]
from = {{ connection = "connection.erp", {source}, key = ["code"] }}
to = {{ connection = "connection.shop", table = "agent", match = {{ code = "code" }}, set = {{ name = "name" }} }}
[schedule.flows]
verify = "demand"
agents = "demand"
[service]
requests = "connection.erp"
"#,
        erp.url, shop.url
    );
    let mut project = Project::new();
    project.file("ponte.toml", &servers::without_secrets(&text));
    project.env("PASSWORD", "ponte");
    project.env("SA_PASSWORD", &servers::sa_password());
    project.ponte(&["setup", "--run"]).succeeds();
    project
}

/// Asks by a row, as an ERP would; its number.
async fn ask(erp: &mut Client, table: &str, row: &str) -> String {
    erp.run(&format!("INSERT INTO {table} {row}")).await;
    let last = erp.value(&format!("SELECT MAX(id) FROM {table}")).await;
    last.expect("a row")
}

/// Waits for a row's outcome; returns the sentence.
async fn outcome(erp: &Database, table: &str, id: &str, expected: &str) -> String {
    until(
        erp,
        &format!("SELECT outcome FROM {table} WHERE id = {id}"),
        expected,
    )
    .await;
    let said = format!(
        "SELECT said FROM {table} WHERE id = {id} AND taken_at IS NOT NULL AND ended_at IS NOT NULL"
    );
    erp.client().await.value(&said).await.expect("a sentence")
}

/// All that a row can ask for, in one engine.
async fn everything(erp: Database, shop: Database, table: &str) {
    let project = project(&erp, &shop, None).await;
    project.ponte(&["check"]).succeeds();
    let running = project.start(&["run"]);
    let mut client = erp.client().await;
    // What an ERP needs to say: the flow.
    let first = ask(&mut client, table, "(flow) VALUES ('agents')").await;
    let said = outcome(&erp, table, &first, "done").await;
    assert_eq!(said, "agents: 2 read, 2 written, 0 in quarantine");
    assert_eq!(
        shop.client().await.value(NAMES).await.as_deref(),
        Some("Anna,Bruno")
    );

    let spoil = "UPDATE agent SET name = 'wrong'";
    shop.client().await.run(spoil).await;
    let verify = ask(
        &mut client,
        table,
        "(flow, what, who) VALUES ('*', 'verify', 'a button')",
    )
    .await;
    let said = outcome(&erp, table, &verify, "different").await;
    assert_eq!(
        said,
        "agents: 2 compared, 2 differ, 0 are removed, gone or extra"
    );
    let part = ask(
        &mut client,
        table,
        "(flow, what, filter) VALUES ('agents', 'resync', 'B')",
    )
    .await;
    outcome(&erp, table, &part, "done").await;
    assert_eq!(
        shop.client().await.value(NAMES).await.as_deref(),
        Some("wrong,Bruno")
    );
    let whole = ask(
        &mut client,
        table,
        "(flow, what) VALUES ('agents', 'resync')",
    )
    .await;
    outcome(&erp, table, &whole, "done").await;
    assert_eq!(
        shop.client().await.value(NAMES).await.as_deref(),
        Some("Anna,Bruno")
    );

    for (row, why) in [
        (
            "(flow) VALUES ('agent')",
            "there is no flow `agent`; the project has: agents",
        ),
        (
            "(flow, what) VALUES ('agents', 'delete')",
            "`what` is `sync`, `resync` or `verify`, not `delete`",
        ),
        (
            "(flow, what, filter) VALUES ('agents', 'verify', 'A')",
            "`verify` takes no `filter`",
        ),
        (
            "(flow) VALUES ('')",
            "`flow` names no flow; `*` stands for all of them",
        ),
    ] {
        let id = ask(&mut client, table, row).await;
        assert_eq!(outcome(&erp, table, &id, "refused").await, why);
    }

    // What a service that was killed has left behind is taken again, but not for ever.
    let left = "(flow, taken_by, beat_ms, tries) VALUES ('agents', 'another', 1";
    let again = ask(&mut client, table, &format!("{left}, 1)")).await;
    outcome(&erp, table, &again, "done").await;
    let spent = ask(&mut client, table, &format!("{left}, 3)")).await;
    let said = outcome(&erp, table, &spent, "interrupted").await;
    assert!(said.contains("it is not taken again"), "{said}");
    signal(&running, "-TERM");
    running.wait().succeeds();

    // The next one finds what was asked meanwhile, and clears away what ended long ago.
    let old = ask(&mut client, table, "(flow, outcome, taken_at, ended_at, beat_ms) SELECT flow, outcome, taken_at, ended_at, 1 FROM TABLE WHERE outcome = 'different'".replace("TABLE", table).as_str()).await;
    let meanwhile = ask(&mut client, table, "(flow) VALUES ('agents')").await;
    let running = project.start(&["run"]);
    outcome(&erp, table, &meanwhile, "done").await;
    until(
        &erp,
        &format!("SELECT COUNT(*) FROM {table} WHERE id = {old}"),
        "0",
    )
    .await;
    signal(&running, "-TERM");
    running.wait().succeeds();
}

#[tokio::test]
async fn in_postgresql() {
    let erp = servers::postgres("requests::postgresql erp").await;
    let shop = servers::sqlite("requests::postgresql shop");
    everything(erp, shop, "ponte.requests").await;
}

#[tokio::test]
async fn in_mariadb() {
    let erp = servers::mariadb("requests::mariadb erp").await;
    let shop = servers::sqlite("requests::mariadb shop");
    everything(erp, shop, "ponte_requests").await;
}

#[tokio::test]
async fn in_sqlite() {
    let erp = servers::sqlite("requests::sqlite erp");
    let shop = servers::sqlite("requests::sqlite shop");
    everything(erp, shop, "ponte_requests").await;
}

#[tokio::test]
async fn in_sql_server() {
    let erp = servers::sqlserver("requests::sqlserver erp").await;
    let shop = servers::sqlite("requests::sqlserver shop");
    everything(erp, shop, "ponte.requests").await;
}

/// Reads the agents; while `gate` is closed, for ever.
pub const GATED: &str = "SELECT a.code, a.name FROM agent a, (SELECT CASE WHEN closed THEN pg_sleep(600) END FROM gate) g";
pub const ASLEEP: &str = "SELECT count(*) > 0 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND state = 'active' AND datname = current_database() AND pid <> pg_backend_pid()";

pub async fn gated(test: &str) -> (Database, Database, Project) {
    let erp = servers::postgres(&format!("{test} erp")).await;
    let shop = servers::sqlite(&format!("{test} shop"));
    let mut client = erp.client().await;
    client
        .run("CREATE TABLE gate (closed boolean NOT NULL)")
        .await;
    client.run("INSERT INTO gate VALUES (true)").await;
    let project = project(&erp, &shop, Some(GATED)).await;
    (erp, shop, project)
}

/// Starts the service, and returns when it listens.
async fn listening(erp: &Database, project: &Project) -> Running {
    let running = project.start(&["run"]);
    let listens = "SELECT count(*) > 0 FROM pg_stat_activity WHERE query LIKE 'LISTEN \"ponte_requests\"%' AND datname = current_database()";
    until(erp, listens, "t").await;
    running
}

const ROW: &str = "SELECT concat_ws(' ', outcome, taken_by IS NOT NULL, tries) FROM ponte.requests";

#[tokio::test]
async fn a_killed_service_leaves_its_request_to_the_next_and_a_stopped_one_gives_it_back() {
    let (erp, shop, project) = gated("requests::killed").await;
    let mut client = erp.client().await;
    let mut running = listening(&erp, &project).await;
    ask(&mut client, "ponte.requests", "(flow) VALUES ('agents')").await;
    until(&erp, ASLEEP, "t").await;
    until(&erp, ROW, "t 1").await;
    running.kill();
    drop(running);

    // As if the minute had passed in which nobody else may take what it had.
    client
        .run("UPDATE ponte.requests SET beat_ms = beat_ms - 61000")
        .await;
    let silent = "UPDATE ponte_heartbeat SET beat_ms = beat_ms - 61000";
    shop.client().await.run(silent).await;
    client.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND datname = current_database() AND pid <> pg_backend_pid()").await;
    let running = listening(&erp, &project).await;
    until(&erp, ROW, "t 2").await;
    until(&erp, ASLEEP, "t").await;
    signal(&running, "-TERM");
    running.wait().succeeds();
    assert_eq!(client.value(ROW).await.as_deref(), Some("f 1"));

    client.run("UPDATE gate SET closed = false").await;
    let running = listening(&erp, &project).await;
    until(&erp, ROW, "done t 2").await;
    assert_eq!(
        shop.client().await.value(NAMES).await.as_deref(),
        Some("Anna,Bruno")
    );
    signal(&running, "-TERM");
    running.wait().succeeds();
}

#[tokio::test]
async fn rows_that_ask_for_the_same_are_carried_out_together() {
    let (erp, shop, project) = gated("requests::together").await;
    let mut client = erp.client().await;
    let running = listening(&erp, &project).await;
    let first = ask(&mut client, "ponte.requests", "(flow) VALUES ('agents')").await;
    until(&erp, ASLEEP, "t").await;
    client
        .run("INSERT INTO ponte.requests (flow) SELECT 'agents' FROM generate_series(1, 300)")
        .await;
    client.run("UPDATE gate SET closed = false").await;
    client.run("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND datname = current_database() AND pid <> pg_backend_pid()").await;
    until(
        &erp,
        "SELECT count(*) FROM ponte.requests WHERE outcome = 'done'",
        "300",
    )
    .await;
    let said = outcome(&erp, "ponte.requests", &first, "failed").await;
    assert!(said.starts_with("agents: failed: "), "{said}");
    let runs = project
        .ponte(&["runs", "agents", "--json"])
        .succeeds()
        .stdout;
    let runs: serde_json::Value = serde_json::from_str(&runs).expect("JSON");
    assert_eq!(runs["runs"].as_array().expect("runs").len(), 2, "{runs}");
    assert_eq!(
        shop.client().await.value(NAMES).await.as_deref(),
        Some("Anna,Bruno")
    );
    signal(&running, "-TERM");
    running.wait().succeeds();
}

#[tokio::test]
async fn of_several_services_one_takes_a_row() {
    let erp = servers::postgres("requests::several erp").await;
    let shop = servers::sqlite("requests::several shop");
    let one = project(&erp, &shop, None).await;
    let other = another(&erp, &shop, None);
    let services = [one.start(&["run"]), other.start(&["run"])];
    let mut client = erp.client().await;
    let listen = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN \"ponte_requests\"%' AND datname = current_database()";
    until(&erp, listen, "2").await;
    let began = Instant::now();
    for number in 0..20 {
        let row = format!("(flow, who) VALUES ('agents', '{number}')");
        ask(&mut client, "ponte.requests", &row).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let done = "SELECT count(*) FROM ponte.requests WHERE outcome = 'done' AND tries = 1";
    until(&erp, done, "20").await;
    println!("20 rows took {:?}", began.elapsed());
    for running in services {
        signal(&running, "-TERM");
        running.wait().succeeds();
    }
}
