//! When the service runs a flow: by the clock on the wall, out of quiet hours, and one after the other where flows write to one
//! database.

use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use ponte::connections::Connections;
use ponte::orders::reconcile::Report;
use ponte::plan::Connection;
use ponte::plan::schedule::When;
use ponte::round::version::Unfamiliar;
use ponte::round::{FlowError, FlowResult, Observer};
use ponte::service::control::{Request, Wanted};
use ponte::service::due::{Last, due};
use ponte::service::{Service, Turns, Watcher, Wish};
use ponte::state::StateError;
use ponte::sync::report::FlowReport;
use serde_json::Value;
use tokio::sync::watch;

use crate::requests::{ASLEEP, GATED, gated};
use crate::service::{NAMES, project, signal, started, until};
use crate::support::http::{ask, free_port};
use crate::support::project::Project;
use crate::support::servers;

/// The moments at which a flow is due by this cron expression, if each run begins when it is due.
fn moments(cron: &str, from: &str, to: &str) -> Vec<String> {
    let moment = |text: &str| text.parse::<DateTime<Utc>>().expect("a moment");
    let when = When::Cron(Box::new(croner::Cron::from_str(cron).expect("a cron")));
    let zone = "Europe/Rome".parse().expect("a zone");
    let (mut began, end) = (moment(from), moment(to));
    let mut found = Vec::new();
    loop {
        let last = Last {
            began: Some(began),
            ended: Some(began),
            ..Last::default()
        };
        let next = due(&when, zone, last, began).expect("a next time");
        assert!(next > began, "{cron}: {next} after {began}");
        if next >= end {
            return found;
        }
        found.push(next.format("%d %H:%M").to_string());
        began = next;
    }
}

#[test]
fn an_hour_that_the_clock_skips_has_its_runs_once() {
    // On the 29th it is three o'clock after 01:59:59, which is 00:59:59 in UTC.
    let night = |cron| moments(cron, "2026-03-28T12:00:00Z", "2026-03-30T12:00:00Z");
    assert_eq!(night("30 2 * * *"), ["29 01:00", "30 00:30"]);
    assert_eq!(night("0 3 * * *"), ["29 01:00", "30 01:00"]);
    let quarters = moments(
        "*/15 * * * *",
        "2026-03-29T00:29:00Z",
        "2026-03-29T01:31:00Z",
    );
    assert_eq!(
        quarters,
        ["29 00:30", "29 00:45", "29 01:00", "29 01:15", "29 01:30"]
    );
}

#[test]
fn an_hour_that_the_clock_shows_twice_has_a_nightly_run_once() {
    // On the 25th it is two o'clock after 02:59:59, which is 00:59:59 in UTC.
    let night = |cron| moments(cron, "2026-10-24T12:00:00Z", "2026-10-26T12:00:00Z");
    assert_eq!(night("30 2 * * *"), ["25 00:30", "26 01:30"]);
    assert_eq!(night("0 3 * * *"), ["25 02:00", "26 02:00"]);
    let quarters = moments(
        "*/15 * * * *",
        "2026-10-25T00:29:00Z",
        "2026-10-25T01:31:00Z",
    );
    assert_eq!(
        quarters,
        ["25 00:30", "25 00:45", "25 01:00", "25 01:15", "25 01:30"]
    );
}

const LOOK: [(&str, &str); 1] = [("Authorization", "Bearer may-act-may-act-may-act")];

/// Lets `project` be looked at.
fn watched(project: &mut Project, port: u16) {
    let text = project.read("ponte.toml");
    let service = format!("[service]\nlisten = \"127.0.0.1:{port}\"\ntoken = \"${{ACT}}\"\n");
    project.file("ponte.toml", &format!("{text}\n{service}"));
    project.env("ACT", "may-act-may-act-may-act");
}

/// Flows as the service tells them.
fn flow(port: u16, name: &str) -> Value {
    let flows = ask(port, "GET", "/api/flows", &LOOK, "");
    let flows: Value = serde_json::from_str(&flows.body).expect("JSON");
    let mut flows = flows["flows"].as_array().expect("flows").iter();
    let found = flows.find(|flow| flow["flow"] == name);
    found.expect("the flow").clone()
}

#[tokio::test]
async fn in_quiet_hours_only_what_a_person_asks_for_runs() {
    let port = free_port();
    let schedule = "agents0 = \"10s\"\ncopy0 = \"demand\"\nagents1 = \"demand\"\ncopy1 = \"after agents0\"\n[schedule]\nzone = \"UTC\"\nquiet = [\"00:00-12:00\", \"12:00-00:00\"]\n";
    let (_erp, [shop, _far], mut project) = project("schedule::quiet", schedule).await;
    watched(&mut project, port);
    let running = started(&project, port).await;
    // It has never run, and so is due; the other one comes after it in the same database.
    let copies = "SELECT group_concat(name) FROM (SELECT name FROM copy ORDER BY code)";
    for _ in 0..2 {
        shop.client().await.run("DELETE FROM copy").await;
        let path = "/api/flows/copy0/resync";
        assert_eq!(ask(port, "POST", path, &LOOK, "").status, 202);
        until(&shop, copies, "Anna,Bruno").await;
    }
    assert_eq!(flow(port, "agents0")["totals"]["done"], 0);
    assert_eq!(shop.client().await.value(NAMES).await, None);
    signal(&running, "-TERM");
    running.wait().succeeds();

    // Out of them it does run.
    let text = project.read("ponte.toml");
    let text = text.replace("quiet = [\"00:00-12:00\", \"12:00-00:00\"]\n", "");
    project.file("ponte.toml", &text);
    let running = started(&project, port).await;
    until(&shop, NAMES, "Anna,Bruno").await;
    signal(&running, "-TERM");
    running.wait().succeeds();
}

/// A flow that reads slowly, one that writes to the same table by another connection to the same database, and one of another
/// database.
/// One flow that is asked for again as soon as it has ended, by a webhook, say, leaves the others of its database their turns.
#[tokio::test]
async fn a_flow_that_is_asked_for_without_end_keeps_no_other_from_running() {
    let port = free_port();
    let schedule =
        "agents0 = \"demand\"\ncopy0 = \"10s\"\nagents1 = \"demand\"\ncopy1 = \"demand\"\n";
    let (erp, [shop, _far], mut project) = project("schedule::asked", schedule).await;
    watched(&mut project, port);
    let running = started(&project, port).await;
    let stops = Arc::new(AtomicBool::new(false));
    let asks = {
        let stops = stops.clone();
        std::thread::spawn(move || {
            let mut asked = 0;
            while !stops.load(Ordering::SeqCst) {
                let answer = ask(port, "POST", "/api/flows/agents0/run", &LOOK, "");
                asked += u32::from(answer.status == 202);
            }
            asked
        })
    };
    until(&shop, NAMES, "Anna,Bruno").await;
    erp.client()
        .await
        .run("INSERT INTO agent VALUES ('C', 'Carla')")
        .await;
    let copies = "SELECT group_concat(name) FROM (SELECT name FROM copy ORDER BY code)";
    until(&shop, copies, "Anna,Bruno,Carla").await;
    stops.store(true, Ordering::SeqCst);
    assert!(asks.join().expect("it does not panic") > 2);
    signal(&running, "-TERM");
    running.wait().succeeds();
}

#[tokio::test]
async fn flows_of_one_table_take_turns_and_hold_up_no_other_database() {
    let erp = servers::postgres("schedule::turns erp").await;
    let shop = servers::mariadb("schedule::turns shop").await;
    let other = servers::sqlite("schedule::turns other");
    let mut client = erp.client().await;
    for statement in [
        "CREATE TABLE agent (code text PRIMARY KEY, name text NOT NULL)",
        "INSERT INTO agent VALUES ('A', 'Anna'), ('B', 'Bruno')",
        "CREATE TABLE gate (closed boolean NOT NULL)",
        "INSERT INTO gate VALUES (true)",
    ] {
        client.run(statement).await;
    }
    let mut there = shop.client().await;
    there
        .run("CREATE TABLE agent (code varchar(20) PRIMARY KEY, name varchar(80) NOT NULL)")
        .await;
    let agents = "CREATE TABLE agent (code TEXT PRIMARY KEY, name TEXT NOT NULL)";
    other.client().await.run(agents).await;
    let to = "table = \"agent\", match = { code = \"code\" }, set = { name = \"name\" }";
    let text = format!(
        r#"
[connection.erp]
url = "{}"
[connection.shop]
url = "{}"
[connection.again]
url = "{}"
[connection.other]
url = "{}"
[flow.slow]
from = {{ connection = "connection.erp", sql = "{GATED}", key = ["code"] }}
to = {{ connection = "connection.shop", {to} }}
[flow.quick]
from = {{ connection = "connection.erp", table = "agent", key = ["code"] }}
to = {{ connection = "connection.again", {to} }}
[flow.far]
from = {{ connection = "connection.erp", table = "agent", key = ["code"] }}
to = {{ connection = "connection.other", {to} }}
[schedule.flows]
verify = "demand"
slow = "demand"
quick = "demand"
far = "demand"
"#,
        erp.url, shop.url, shop.url, other.url
    );
    let port = free_port();
    let mut project = Project::new();
    project.file("ponte.toml", &servers::without_secrets(&text));
    project.env("PASSWORD", "ponte");
    project.ponte(&["setup", "--run"]).succeeds();
    watched(&mut project, port);
    let running = started(&project, port).await;
    let run = |flow: &str| {
        let path = format!("/api/flows/{flow}/run");
        assert_eq!(ask(port, "POST", &path, &LOOK, "").status, 202);
    };
    run("slow");
    until(&erp, ASLEEP, "t").await;
    run("quick");
    // Twice, so that it has begun after `quick` was asked for.
    for name in ["Bruno", "Bice"] {
        client
            .run(&format!(
                "UPDATE agent SET name = '{name}' WHERE code = 'B'"
            ))
            .await;
        run("far");
        until(&other, NAMES, &format!("Anna,{name}")).await;
    }
    let quick = flow(port, "quick");
    assert!(
        quick["queued"] == true && quick["running"].is_null(),
        "{quick}"
    );
    assert!(!flow(port, "slow")["running"].is_null());

    client.run("UPDATE gate SET closed = false").await;
    client.run("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND datname = current_database() AND pid <> pg_backend_pid()").await;
    let names = "SELECT group_concat(name ORDER BY code) FROM agent";
    until(&shop, names, "Anna,Bice").await;
    signal(&running, "-TERM");
    running.wait().succeeds();
    let runs = project.ponte(&["runs", "--json"]).succeeds();
    let runs: Value = serde_json::from_str(&runs.stdout).expect("JSON");
    let of = |name: &str| {
        let mut runs = runs["runs"].as_array().expect("runs").iter();
        runs.find(|run| run["flow"] == name).expect("a run").clone()
    };
    let time = |moment: &Value| {
        let moment = moment.as_str().expect("a moment");
        moment.parse::<DateTime<Utc>>().expect("a moment")
    };
    let (slow, quick) = (of("slow"), of("quick"));
    assert!(
        time(&quick["started"]) >= time(&slow["finished"]),
        "{slow} {quick}"
    );
}

/// Hears nothing.
struct Deaf;

impl Observer for Deaf {
    fn started(&self, _: &str, _: Option<u64>) {}
    fn progress(&self, _: &FlowReport) {}
    fn says(&self, _: &str, _: &str) {}
    fn ended(&self, _: &FlowResult) {}
}

impl Watcher for Deaf {
    fn verified(&self, _: &[FlowResult]) {}
    fn reconciled(&self, _: &str, _: &Result<Report, FlowError>) {}
    fn unfamiliar(&self, _: &Connection, _: &Unfamiliar) {}
    fn stateless(&self, _: &StateError) {}
}

/// A source that stands still: its run begins and does not end. The board is asked for later times, which nobody has to wait for.
#[tokio::test]
async fn a_flow_whose_source_stands_still_is_late() {
    let (erp, shop, mut project) = gated("schedule::still").await;
    let text = project.read("ponte.toml");
    let text = text.replace("agents = \"demand\"", "agents = \"15m\"");
    let text = text.replace("requests = \"connection.erp\"\n", "");
    project.file("ponte.toml", &text);
    let env = |name: &str| (name == "PASSWORD").then(|| "ponte".to_owned());
    let (plan, _) = ponte::config::load(&project.path("ponte.toml"), &env).expect("a project");
    let connections = Connections::new(&plan).expect("connections");
    let service = Arc::new(Service {
        plan,
        connections,
        watcher: Arc::new(Deaf),
    });
    let (wish, heard) = watch::channel(Wish::GoOn);
    let running = service.start(heard, &mut Turns::default());
    until(&erp, ASLEEP, "t").await;
    let seat = |minutes| {
        let seats = running
            .control
            .board
            .look(Utc::now() + TimeDelta::minutes(minutes));
        let mut seats = seats.into_iter();
        seats.find(|seat| seat.flow == "agents").expect("a seat")
    };
    // Begun a moment ago: it may miss its quarter of an hour twice, and take ten minutes.
    assert!(seat(0).running.is_some());
    assert!(!seat(39).late);
    assert!(seat(56).late);

    let mut client = erp.client().await;
    client.run("UPDATE gate SET closed = false").await;
    client.run("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND datname = current_database() AND pid <> pg_backend_pid()").await;
    // The query that was cancelled has failed, and would be tried again in a minute.
    let request = Request {
        flow: "agents".to_owned(),
        wanted: Wanted::Run,
    };
    running.control.ask(request).expect("a run");
    until(&shop, NAMES, "Anna,Bruno").await;
    wish.send_replace(Wish::Finish);
    running.ended().await;
}
