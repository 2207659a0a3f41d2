//! `ponte run`: the service as it is started, left alone and stopped. Waiting ends when what is waited for has happened;
//! how long it takes is no matter here.

use std::time::{Duration, Instant};

use crate::support::client::Client;
use crate::support::project::{Project, Running};
use crate::support::servers::{self, Database};

/// However slow the machine is.
const WAIT_MAX: Duration = Duration::from_secs(120);

/// A table in the ERP, and flows that carry it to tables of two other databases, which `ponte run` shall run as `schedule`
/// says.
async fn project(test: &str, schedule: &str) -> (Database, [Database; 2], Project) {
    let erp = servers::sqlite(&format!("{test} erp"));
    let shops = [1, 2].map(|number| servers::sqlite(&format!("{test} shop {number}")));
    let mut client = erp.client().await;
    client
        .run("CREATE TABLE agent (code TEXT PRIMARY KEY, name TEXT NOT NULL)")
        .await;
    client
        .run("INSERT INTO agent VALUES ('A', 'Anna'), ('B', 'Bruno')")
        .await;
    let mut project = Project::new();
    let mut text = format!("[connection.erp]\nurl = \"{}\"\n", erp.url);
    for (number, shop) in shops.iter().enumerate() {
        let mut client = shop.client().await;
        for table in ["agent", "copy"] {
            client
                .run(&format!(
                    "CREATE TABLE {table} (code TEXT PRIMARY KEY, name TEXT NOT NULL)"
                ))
                .await;
        }
        text.push_str(&format!(
            r#"
[connection.shop{number}]
url = "{}"
[flow.agents{number}]
from = {{ connection = "connection.erp", table = "agent", key = ["code"] }}
to = {{ connection = "connection.shop{number}", table = "agent", match = {{ code = "code" }}, set = {{ name = "name" }} }}
[flow.copy{number}]
from = {{ connection = "connection.erp", table = "agent", key = ["code"] }}
to = {{ connection = "connection.shop{number}", table = "copy", match = {{ code = "code" }}, set = {{ name = "name" }} }}
"#,
            shop.url
        ));
    }
    project.file(
        "ponte.toml",
        &format!("{text}\n[schedule.flows]\nverify = \"demand\"\n{schedule}"),
    );
    project.ponte(&["setup", "--run"]).succeeds();
    (erp, shops, project)
}

async fn until(shop: &Database, query: &str, expected: &str) {
    let began = Instant::now();
    let mut client = shop.client().await;
    loop {
        let found = client.value(query).await;
        if found.as_deref() == Some(expected) {
            return;
        }
        assert!(
            began.elapsed() < WAIT_MAX,
            "{query}: {found:?} instead of {expected:?}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn signal(running: &Running, name: &str) {
    let process = running.id().to_string();
    let done = std::process::Command::new("kill")
        .args([name, &process])
        .status();
    assert!(done.expect("kill runs").success());
}

const NAMES: &str = "SELECT group_concat(name) FROM (SELECT name FROM agent ORDER BY code)";
const COPIES: &str = "SELECT group_concat(name) FROM (SELECT name FROM copy ORDER BY code)";

#[tokio::test]
async fn flows_run_by_themselves_and_after_each_other() {
    let schedule = "agents0 = \"10s\"\ncopy0 = \"after agents0\"\nagents1 = \"demand\"\ncopy1 = \"after copy0\"\n";
    let (erp, [near, far], project) = project("service::flows", schedule).await;
    let running = project.start(&["run"]);
    until(&near, COPIES, "Anna,Bruno").await;
    // What follows may lie in another database.
    until(&far, COPIES, "Anna,Bruno").await;
    let mut client = erp.client().await;
    client
        .run("UPDATE agent SET name = 'Bice' WHERE code = 'B'")
        .await;
    until(&near, NAMES, "Anna,Bice").await;
    until(&far, COPIES, "Anna,Bice").await;
    assert_eq!(
        far.client().await.value(NAMES).await,
        None,
        "on demand only"
    );
    signal(&running, "-TERM");
    let said = running.wait().succeeds().stderr;
    for line in [
        "agents0  every 10s",
        "copy0    after agents0",
        "agents1  on demand",
        "agents0: 2 rows read, 2 created",
        "copy1: 2 rows read, 0 created, 1 changed",
        "stopped",
    ] {
        assert!(said.contains(line), "{line}\n{said}");
    }
    let runs = project
        .ponte(&["runs", "agents0", "--show", "1000"])
        .succeeds()
        .stdout;
    assert!(runs.lines().count() >= 3 && runs.contains("done"), "{runs}");
    let free = "SELECT count(*) FROM ponte_lease WHERE owner IS NOT NULL";
    assert_eq!(near.client().await.value(free).await.as_deref(), Some("0"));
}

#[tokio::test]
async fn trouble_with_one_database_holds_up_no_other() {
    let schedule = "agents0 = \"10s\"\nagents1 = \"10s\"\ncopy0 = \"demand\"\ncopy1 = \"demand\"\n";
    let (erp, [broken, sound], project) = project("service::trouble", schedule).await;
    broken.client().await.run("DROP TABLE agent").await;
    let running = project.start(&["run"]);
    until(&sound, NAMES, "Anna,Bruno").await;
    erp.client()
        .await
        .run("UPDATE agent SET name = 'Bice' WHERE code = 'B'")
        .await;
    until(&sound, NAMES, "Anna,Bice").await;
    // Mended, it is carried over without anybody's doing.
    broken
        .client()
        .await
        .run("CREATE TABLE agent (code TEXT PRIMARY KEY, name TEXT NOT NULL)")
        .await;
    until(&broken, NAMES, "Anna,Bice").await;
    signal(&running, "-INT");
    let said = running.wait().succeeds().stderr;
    assert!(said.contains("agents0: failed: "), "{said}");
}

#[tokio::test]
async fn a_changed_project_is_taken_unless_it_is_wrong() {
    let schedule =
        "agents0 = \"demand\"\nagents1 = \"demand\"\ncopy0 = \"demand\"\ncopy1 = \"demand\"\n";
    let (_erp, [shop, _], mut project) = project("service::reload", schedule).await;
    let before = project.read("ponte.toml");
    let mut running = project.start(&["run"]);
    // Signals are heard from then on.
    let state = project.path(".ponte/state.sqlite");
    let began = Instant::now();
    while !state.exists() {
        assert!(began.elapsed() < WAIT_MAX && !running.has_ended());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    project.file(
        "ponte.toml",
        &before.replace("agents0 = \"demand\"", "agents0 = \"now\""),
    );
    signal(&running, "-HUP");
    tokio::time::sleep(Duration::from_millis(500)).await;
    project.file(
        "ponte.toml",
        &before.replace("agents0 = \"demand\"", "agents0 = \"1h\""),
    );
    signal(&running, "-HUP");
    until(&shop, NAMES, "Anna,Bruno").await;
    signal(&running, "-TERM");
    let said = running.wait().succeeds().stderr;
    for line in [
        "`now` says no time to run",
        "the project as it was before is kept",
        "agents0  every 1h",
    ] {
        assert!(said.contains(line), "{line}\n{said}");
    }
}

#[tokio::test]
async fn a_run_that_was_missed_is_made_up_for_and_one_that_was_not_is_not() {
    let schedule = "agents0 = \"1h\"\nagents1 = \"300d\"\ncopy0 = \"demand\"\ncopy1 = \"demand\"\n";
    let (_erp, [shop, other], mut project) = project("service::missed", schedule).await;
    project.ponte(&["sync"]).succeeds();
    let state = format!("sqlite:{}", project.path(".ponte/state.sqlite").display());
    let mut state = Client::connect(&state).await;
    // As if one flow had run two hours ago and the other just now, whatever the clock says.
    state
        .run("UPDATE run SET started_ms = started_ms - 7200000 WHERE flow = 'agents0'")
        .await;
    state
        .run("UPDATE run SET started_ms = CAST(strftime('%s', 'now') AS INTEGER) * 1000 WHERE flow = 'agents1'")
        .await;
    for shop in [&shop, &other] {
        shop.client().await.run("DELETE FROM agent").await;
    }
    project.remove(".ponte/agents0.snapshot");
    project.remove(".ponte/agents1.snapshot");
    project.env("PONTE_LOG", "ponte=info");
    let running = project.start(&["run"]);
    until(&shop, NAMES, "Anna,Bruno").await;
    signal(&running, "-TERM");
    let said = running.wait().succeeds().stderr;
    assert!(!said.contains("agents1: "), "{said}");
    assert_eq!(other.client().await.value(NAMES).await, None);
}

#[tokio::test]
async fn the_unit_says_what_the_service_may_do() {
    let (_erp, _shops, project) = project("service::unit", "").await;
    let said = project
        .ponte(&["service", "install", "--print", "--user", "ponte"])
        .succeeds();
    for line in [
        "Type=notify",
        "User=ponte",
        "ReadWritePaths=[ROOT]/.ponte",
        "EnvironmentFile=-[ROOT]/ponte.env",
        "WatchdogSec=120",
    ] {
        assert!(
            said.stdout.lines().any(|found| found == line),
            "{line}\n{said}"
        );
    }
    let refused = project
        .ponte(&["service", "--name", "a b", "install", "--print"])
        .exits_with(2);
    assert!(refused.stderr.contains("no name of a service"), "{refused}");
}
