//! The service's log files: what they hold, what they must not hold, and how many there are.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use crate::service::{NAMES, project, signal, until};
use crate::support::project::Project;

const SCHEDULE: &str =
    "agents0 = \"10s\"\nagents1 = \"demand\"\ncopy0 = \"demand\"\ncopy1 = \"demand\"\n";

fn names(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder).expect("the log's folder");
    let mut names: Vec<String> = files
        .map(|file| {
            file.expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    names
}

/// Every line of the files, each of which is a JSON document.
fn events(project: &Project, folder: &str) -> Vec<Value> {
    let mut events = Vec::new();
    let files = names(&project.path(folder)).into_iter();
    for name in files.filter(|name| name.ends_with(".jsonl")) {
        for line in project.read(&format!("{folder}/{name}")).lines() {
            let event = serde_json::from_str(line);
            events.push(event.unwrap_or_else(|error| panic!("{name}: {error}\n{line}")));
        }
    }
    events
}

fn find<'a>(events: &'a [Value], message: &str, flow: &str) -> Option<&'a Value> {
    events
        .iter()
        .find(|event| event["message"] == message && event["span"]["flow"] == flow)
}

/// Rows are there before their run has ended, and before that is in the files.
async fn told(project: &Project, folder: &str, message: &str) -> Vec<Value> {
    loop {
        let events = events(project, folder);
        if find(&events, message, "agents0").is_some() {
            return events;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn files_tell_what_ran_and_name_customers_at_debug_only() {
    let (erp, [shop, _], mut project) = project("logs::tell", SCHEDULE).await;
    // A row that the shop's server refuses.
    let mut client = shop.client().await;
    client.run("DROP TABLE agent").await;
    client
        .run("CREATE TABLE agent (code TEXT PRIMARY KEY, name TEXT NOT NULL CHECK (length(name) < 9))")
        .await;
    let mut source = erp.client().await;
    source
        .run("INSERT INTO agent VALUES ('C', 'Carlo Cipolla')")
        .await;
    let before = project.read("ponte.toml");
    let running = project.start(&["run"]);
    until(&shop, NAMES, "Anna,Bruno").await;
    let quiet = told(&project, ".ponte/log", "ended").await;
    // The level changes with the project.
    project.file(
        "ponte.toml",
        &format!("{before}\n[log]\nlevel = \"debug\"\n"),
    );
    project.ponte(&["reload"]).succeeds();
    source
        .run("UPDATE agent SET name = 'Bice' WHERE code = 'B'")
        .await;
    until(&shop, NAMES, "Anna,Bice").await;
    told(&project, ".ponte/log", "written").await;
    signal(&running, "-TERM");
    running.wait().succeeds();
    let all = events(&project, ".ponte/log");

    let started = &all[0];
    assert_eq!(started["message"], "the service runs");
    assert_eq!(started["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(all.last().expect("lines")["message"], "stopped");
    let ended = find(&quiet, "ended", "agents0").expect("the run's end");
    assert_eq!(ended["level"], "INFO");
    assert_eq!((&ended["read"], &ended["created"]), (&3.into(), &2.into()));
    assert_eq!(ended["rejected"], 1);
    assert!(
        ended["span"]["run"].as_i64().is_some_and(|run| run > 0),
        "{ended}"
    );
    assert!(ended["timestamp"].as_str().is_some(), "{ended}");
    let left = find(&quiet, "not carried over", "agents0").expect("what was left");
    assert_eq!(
        (&left["key"], &left["kind"]),
        (&"C".into(), &"rejected".into())
    );

    let text = |events: &[Value]| Value::from(events.to_vec()).to_string();
    for customer in ["Anna", "Bruno", "Cipolla"] {
        assert!(!text(&quiet).contains(customer), "{customer}");
    }
    let written = find(&all, "written", "agents0").expect("a change");
    assert_eq!(
        (&written["level"], &written["key"]),
        (&"DEBUG".into(), &"B".into())
    );
    let columns = written["columns"].as_str().expect("columns");
    assert_eq!(columns, "name: 'Bruno' -> 'Bice'");
}

#[tokio::test]
async fn files_of_long_ago_are_removed() {
    let (_erp, [shop, _], mut project) = project("logs::kept", SCHEDULE).await;
    let before = project.read("ponte.toml");
    project.file(
        "ponte.toml",
        &format!("{before}\n[log]\ndir = \"records\"\nkeep = 2\n"),
    );
    for day in 1..=5 {
        project.file(&format!("records/ponte.2020-01-0{day}.jsonl"), "{}\n");
    }
    project.file("records/notes.txt", "somebody's\n");
    let running = project.start(&["run"]);
    until(&shop, NAMES, "Anna,Bruno").await;
    told(&project, "records", "ended").await;
    signal(&running, "-TERM");
    running.wait().succeeds();
    let names = names(&project.path("records"));
    // Past midnight there are two of this run.
    assert!((2..=3).contains(&names.len()), "{names:?}");
    assert!(names.contains(&"notes.txt".to_owned()), "{names:?}");
    assert!(
        names.iter().any(|name| name > &"ponte.2026".to_owned()),
        "{names:?}"
    );
    assert!(!project.path(".ponte/log").exists());
}

#[tokio::test]
async fn what_cannot_be_logged_holds_up_nothing() {
    let (erp, [shop, _], mut project) = project("logs::none", SCHEDULE).await;
    let before = project.read("ponte.toml");
    project.file(
        "ponte.toml",
        &format!("{before}\n[log]\ndir = \"taken/log\"\n"),
    );
    project.file("taken", "a file where the folder should be\n");
    let running = project.start(&["run"]);
    until(&shop, NAMES, "Anna,Bruno").await;
    signal(&running, "-TERM");
    let said = running.wait().succeeds().stderr;
    let told = said.contains("no log files can be written to `") && said.contains("taken/log`");
    assert!(told, "{said}");

    project.file("ponte.toml", &format!("{before}\n[log]\nlevel = \"off\"\n"));
    let mut source = erp.client().await;
    source.run("INSERT INTO agent VALUES ('C', 'Carla')").await;
    let running = project.start(&["run"]);
    until(&shop, NAMES, "Anna,Bruno,Carla").await;
    signal(&running, "-TERM");
    running.wait().succeeds();
    assert!(!project.path(".ponte/log").exists());
}
