//! The service's comparisons: made up for when they were missed, looked at and told as flows are.

use std::time::{Duration, Instant};

use chrono::Timelike;
use serde_json::Value;

use crate::service::{NAMES, WAIT_MAX, project, signal, started, until};
use crate::support::client::Client;
use crate::support::http::{ask, free_port};
use crate::support::project::Project;
use crate::support::servers::Database;

const ACT: [(&str, &str); 1] = [("Authorization", "Bearer may-act-may-act-may-act")];
const VERIFY: &str = "connection.shop0/verify";

/// They are there for as long as these are.
type Databases = (Database, [Database; 2]);

/// Once a day, at an hour that has passed one to two hours ago.
fn daily() -> String {
    let hour = (chrono::Utc::now().hour() + 22) % 24;
    format!("verify = \"0 {hour} * * *\"")
}

/// A project whose service can be asked at a port, and in which nothing runs by itself but what `schedule` says.
async fn asked(test: &str, schedule: &str) -> (Databases, Client, Project, u16) {
    let quiet = "agents0 = \"1h\"\ncopy0 = \"demand\"\nagents1 = \"demand\"\ncopy1 = \"demand\"\n[schedule]\nzone = \"UTC\"\n";
    let (erp, shops, mut project) = project(test, quiet).await;
    let port = free_port();
    let service = format!("[service]\nlisten = \"127.0.0.1:{port}\"\ntoken = \"${{ACT}}\"\n");
    let text = project.read("ponte.toml");
    let text = text.replace("verify = \"demand\"", schedule);
    project.file("ponte.toml", &format!("{text}\n{service}"));
    project.env("ACT", "may-act-may-act-may-act");
    project.ponte(&["sync"]).succeeds();
    let shop = shops[0].client().await;
    ((erp, shops), shop, project, port)
}

/// The seat of a flow or comparison, once it is so.
async fn seat(port: u16, name: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let began = Instant::now();
    loop {
        let flows = ask(port, "GET", "/api/flows", &ACT, "").body;
        let flows: Value = serde_json::from_str(&flows).expect("JSON");
        let mut all = flows["flows"].as_array().expect("flows").iter();
        let found = all.find(|flow| flow["flow"] == name).expect("a seat");
        if is_so(found) {
            return found.clone();
        }
        assert!(began.elapsed() < WAIT_MAX, "{found}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn state(project: &Project) -> Client {
    let path = project.path(".ponte/state.sqlite");
    Client::connect(&format!("sqlite:{}", path.display())).await
}

/// A comparison as the history would have it that was made two days ago.
const LONG_AGO: &str = "INSERT INTO run (flow, scope, started_ms, finished_ms, outcome, counts) \
    SELECT 'connection.shop0/verify', 'all', ms, ms + 1000, 'done', '{\"read\":2,\"different\":0}' \
    FROM (SELECT (CAST(strftime('%s', 'now') AS INTEGER) - 172800) * 1000 AS ms)";

#[tokio::test]
async fn a_comparison_that_was_missed_is_made_up_for_and_seen_everywhere() {
    let (_databases, mut shop, project, port) = asked("compared::missed", &daily()).await;
    state(&project).await.run(LONG_AGO).await;
    shop.run("UPDATE agent SET name = 'Annette' WHERE code = 'A'")
        .await;
    let running = started(&project, port).await;
    let found = seat(port, VERIFY, |seat| seat["last"].is_object()).await;
    assert_eq!(found["comparison"], true);
    assert_eq!(found["last"]["outcome"], "different");
    assert_eq!(found["last"]["quarantined"], 1);
    assert_eq!(found["late"], false);
    assert!(found["next"].is_string(), "{found}");
    assert_eq!(shop.value(NAMES).await.as_deref(), Some("Annette,Bruno"));
    // The other database has never been compared, and ought to have been since there is a history.
    seat(port, "connection.shop1/verify", |seat| {
        seat["last"]["outcome"] == "done"
    })
    .await;

    let page = ask(port, "GET", "/?lang=en", &ACT, "").body;
    assert!(page.contains("class=\"state different\""), "{page}");
    let listed = ask(port, "GET", "/quarantine?lang=en", &ACT, "").body;
    assert!(listed.contains("agents0 &#x2f; A"), "{listed}");
    let metrics = ask(port, "GET", "/metrics", &ACT, "").body;
    for line in [
        "ponte_quarantined{flow=\"connection.shop0/verify\"} 1",
        "ponte_late{flow=\"connection.shop0/verify\"} 0",
    ] {
        assert!(metrics.lines().any(|one| one == line), "{line}\n{metrics}");
    }
    let runs = project.ponte(&["runs", VERIFY]).succeeds().stdout;
    assert!(runs.contains("different (1)"), "{runs}");
    let status = project.ponte(&["status"]).succeeds().stdout;
    assert!(
        status.contains("connection.shop0/verify: 1 record differed on "),
        "{status}"
    );
    let list = project.ponte(&["quarantine", "list", VERIFY]).succeeds();
    assert!(list.stdout.contains("agents0 / A"), "{}", list.stdout);

    // Put right, and compared once more because a person wants it.
    shop.run("UPDATE agent SET name = 'Anna' WHERE code = 'A'")
        .await;
    let run = format!("/api/flows/{VERIFY}/run");
    assert_eq!(ask(port, "POST", &run, &ACT, "").status, 202);
    let found = seat(port, VERIFY, |seat| seat["totals"]["done"] == 1).await;
    assert_eq!(found["last"]["outcome"], "done");
    let list = project.ponte(&["quarantine", "list", VERIFY]).succeeds();
    assert!(!list.stdout.contains("agents0"), "{}", list.stdout);

    // A paused one rests; one that fails is a failure like a flow's.
    assert_eq!(
        ask(
            port,
            "POST",
            &format!("/api/flows/{VERIFY}/pause"),
            &ACT,
            ""
        )
        .status,
        202
    );
    seat(port, VERIFY, |seat| seat["paused"] == true).await;
    project.ponte(&["resume", VERIFY]).succeeds();
    shop.run("ALTER TABLE agent RENAME TO hidden").await;
    assert_eq!(ask(port, "POST", &run, &ACT, "").status, 202);
    let found = seat(port, VERIFY, |seat| seat["totals"]["failed"] == 1).await;
    assert_eq!(found["paused"], false);
    let error = found["last"]["error"].as_str().expect("an error");
    assert!(error.starts_with("agents0: "), "{error}");
    signal(&running, "-TERM");
    running.wait().succeeds();
}

#[tokio::test]
async fn a_missed_comparison_waits_for_the_end_of_quiet_hours() {
    let (_databases, mut shop, mut project, port) = asked("compared::quiet", &daily()).await;
    let text = project.read("ponte.toml");
    let quiet = "zone = \"UTC\"\nquiet = [\"00:00-12:00\", \"12:00-00:00\"]\n";
    project.file("ponte.toml", &text.replace("zone = \"UTC\"\n", quiet));
    // None has ever been made, on a machine that is off at that hour: flows have run two days ago.
    let back =
        "UPDATE run SET started_ms = started_ms - 172800000, finished_ms = finished_ms - 172800000";
    state(&project).await.run(back).await;
    let running = started(&project, port).await;
    // A flow that a person asks for runs, and the comparison has not.
    shop.run("DELETE FROM copy").await;
    let run = "/api/flows/copy0/resync";
    assert_eq!(ask(port, "POST", run, &ACT, "").status, 202);
    seat(port, "copy0", |seat| seat["totals"]["done"] == 1).await;
    let found = seat(port, VERIFY, |_| true).await;
    assert_eq!(
        (&found["last"], &found["running"], &found["late"]),
        (&Value::Null, &Value::Null, &Value::Bool(false))
    );
    signal(&running, "-TERM");
    running.wait().succeeds();

    project.file("ponte.toml", &text);
    let running = started(&project, port).await;
    seat(port, VERIFY, |seat| seat["last"]["outcome"] == "done").await;
    signal(&running, "-TERM");
    running.wait().succeeds();
}

/// `ponte pause` holds over a restart, until `ponte resume`.
#[tokio::test]
async fn a_paused_flow_rests_until_it_is_resumed_even_after_a_restart() {
    let schedule = "agents0 = \"10s\"\ncopy0 = \"10s\"\nagents1 = \"demand\"\ncopy1 = \"demand\"\n";
    let (erp, [shop, _other], mut project) = project("compared::paused", schedule).await;
    let port = free_port();
    let text = project.read("ponte.toml");
    let service = format!("[service]\nlisten = \"127.0.0.1:{port}\"\ntoken = \"${{ACT}}\"\n");
    project.file("ponte.toml", &format!("{text}\n{service}"));
    project.env("ACT", "may-act-may-act-may-act");
    const COPIES: &str = "SELECT group_concat(name) FROM (SELECT name FROM copy ORDER BY code)";
    let mut running = started(&project, port).await;
    until(&shop, NAMES, "Anna,Bruno").await;
    until(&shop, COPIES, "Anna,Bruno").await;
    project.ponte(&["pause", "agents0"]).succeeds();
    // Read between two runs: from then on none of it begins.
    seat(port, "agents0", |seat| seat["paused"] == true).await;
    let mut source = erp.client().await;
    for (name, copies) in [
        ("Carla", "Anna,Bruno,Carla"),
        ("Dario", "Anna,Bruno,Carla,Dario"),
    ] {
        source
            .run(&format!("INSERT INTO agent VALUES ('{name}', '{name}')"))
            .await;
        until(&shop, COPIES, copies).await;
        let found = seat(port, "agents0", |_| true).await;
        assert_eq!(
            (&found["next"], &found["late"]),
            (&Value::Null, &Value::Bool(false))
        );
        assert_eq!(
            shop.client().await.value(NAMES).await.as_deref(),
            Some("Anna,Bruno")
        );
        signal(&running, "-TERM");
        running.wait().succeeds();
        running = started(&project, port).await;
        seat(port, "agents0", |seat| seat["paused"] == true).await;
    }
    let status = project.ponte(&["status"]).succeeds().stdout;
    assert!(status.contains("paused"), "{status}");
    project.ponte(&["resume", "agents0"]).succeeds();
    until(&shop, NAMES, "Anna,Bruno,Carla,Dario").await;
    signal(&running, "-TERM");
    running.wait().succeeds();
}

/// `paused` in the project file: by hand only, shown as paused, and resumed by the file only.
#[tokio::test]
async fn a_flow_that_the_project_pauses_is_run_by_hand_only() {
    let schedule =
        "agents0 = \"paused\"\ncopy0 = \"10s\"\nagents1 = \"paused\"\ncopy1 = \"after agents1\"\n";
    let (erp, [shop, other], mut project) = project("compared::by project", schedule).await;
    let port = free_port();
    let text = project.read("ponte.toml");
    let text = text.replace("verify = \"demand\"", "verify = \"paused\"");
    let service = format!(
        "[service]\nlisten = \"127.0.0.1:{port}\"\ntoken = \"${{ACT}}\"\nwebhook_token = \"${{HOOK}}\"\n"
    );
    project.file("ponte.toml", &format!("{text}\n{service}"));
    project
        .env("ACT", "may-act-may-act-may-act")
        .env("HOOK", "a-shop-may-call-this");
    const COPIES: &str = "SELECT group_concat(name) FROM (SELECT name FROM copy ORDER BY code)";
    let running = started(&project, port).await;
    let call = |flow: &str| {
        let path = format!("/api/flows/{flow}/run?token=a-shop-may-call-this");
        let answer = ask(port, "POST", &path, &[], "");
        (answer.status, answer.body)
    };
    let paused = |flow: &str| (200, format!(r#"{{"flow":"{flow}","paused":true}}"#));
    // Before the service knows that it is paused, perhaps.
    let (status, body) = call("agents0");
    assert!([200, 202].contains(&status), "{status} {body}");
    until(&shop, COPIES, "Anna,Bruno").await;
    assert_eq!(call("agents0"), paused("agents0"));
    // Of the same database: had the other one been due, or called, it would have run by the second.
    for (name, copies) in [
        ("Carla", "Anna,Bruno,Carla"),
        ("Dora", "Anna,Bruno,Carla,Dora"),
    ] {
        let row = format!("INSERT INTO agent VALUES ('{name}', '{name}')");
        erp.client().await.run(&row).await;
        until(&shop, COPIES, copies).await;
    }
    assert_eq!(shop.client().await.value(NAMES).await, None);
    for name in ["agents0", "agents1", VERIFY] {
        let seat = seat(port, name, |_| true).await;
        let shown = [&seat["runs"], &seat["paused"], &seat["next"], &seat["late"]];
        let wanted = [
            Value::from("paused"),
            true.into(),
            Value::Null,
            false.into(),
        ];
        assert_eq!(shown, wanted.each_ref(), "{name}");
    }
    let metrics = ask(port, "GET", "/metrics", &ACT, "").body;
    assert!(
        metrics.contains("ponte_paused{flow=\"agents0\"} 1\n"),
        "{metrics}"
    );
    assert!(
        metrics.contains("ponte_paused{flow=\"copy0\"} 0\n"),
        "{metrics}"
    );
    let page = ask(port, "GET", "/", &ACT, "").body;
    assert_eq!(page.matches("by the project file").count(), 4, "{page}");
    for (button, count) in [
        ("Pause: copy0", 1),
        ("Resume: agents0", 0),
        ("Run now: agents0", 1),
    ] {
        let label = format!("aria-label=\"{button}\"");
        assert_eq!(page.matches(&label).count(), count, "{button}: {page}");
    }
    let status = project.ponte(&["status"]).succeeds().stdout;
    let is_paused =
        |line: &str| line.starts_with("agents0 ") && line.trim_end().ends_with(" paused");
    assert!(status.lines().any(is_paused), "{status}");

    // Nobody resumes it from outside.
    let resumed = ask(port, "POST", "/api/flows/agents0/resume", &ACT, "");
    assert_eq!(resumed.status, 409);
    let why = "the project file pauses it: take `paused` out of `[schedule.flows]`, and reload";
    assert!(resumed.body.contains(why), "{resumed:?}");
    let resumed = project.ponte(&["resume", "agents0"]).exits_with(2);
    let why = "`agents0` is paused by the project file";
    assert!(resumed.stderr.contains(why), "{}", resumed.stderr);

    // By hand it runs, and what comes after it does.
    let path = "/api/flows/agents0/run";
    assert_eq!(ask(port, "POST", path, &ACT, "").status, 202);
    until(&shop, NAMES, "Anna,Bruno,Carla,Dora").await;
    project.ponte(&["sync", "agents1"]).succeeds();
    until(&other, NAMES, "Anna,Bruno,Carla,Dora").await;
    until(&other, COPIES, "Anna,Bruno,Carla,Dora").await;

    // A webhook leaves alone what a person has paused, too.
    let said = project.ponte(&["pause", "copy0", "--json"]).succeeds();
    let said: Value = serde_json::from_str(&said.stdout).expect("JSON");
    let all = [
        "agents0",
        "agents1",
        VERIFY,
        "connection.shop1/verify",
        "copy0",
    ];
    assert_eq!(said["paused"], Value::from(all.to_vec()));
    seat(port, "copy0", |seat| seat["paused"] == true).await;
    assert_eq!(call("copy0"), paused("copy0"));
    assert_eq!(call("copy1").0, 202);
    signal(&running, "-TERM");
    running.wait().succeeds();
}
