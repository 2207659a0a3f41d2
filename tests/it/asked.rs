//! `ponte sync`, `resync` and `verify` while the service runs: it does what they ask for, and they tell of it as if they did it.

use crate::service::{NAMES, WAIT_MAX, logged, project, signal, until};
use crate::support::client::Client;
use crate::support::project::{Outcome, Project, Running};
use crate::support::servers::{self, Database};
use std::time::{Duration, Instant};

const DEMAND: &str =
    "agents0 = \"demand\"\nagents1 = \"demand\"\ncopy0 = \"demand\"\ncopy1 = \"demand\"\n";
/// Said by a command that has been heard.
const BY_SERVICE: &str = "does it; Ctrl-C leaves it to it";

/// Starts the service, and returns when commands can reach it.
async fn start(project: &Project) -> Running {
    let running = project.start(&["run"]);
    let door = project.path(".ponte/service.door");
    while !door.exists() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    running
}

/// An ERP of which some rows come only once `client` lets them pass (it holds the advisory lock 42), a shop in a file, and the project
/// between them, set up.
struct Gated {
    erp: Database,
    shop: Database,
    project: Project,
    client: Client,
}

impl Gated {
    /// `rows`: statements that fill the ERP's table; `which`: the condition of those that are read, with `passed()` in it.
    async fn new(test: &str, rows: &[&str], which: &str) -> Gated {
        let erp = servers::postgres(&format!("{test} erp")).await;
        let shop = servers::sqlite(&format!("{test} shop"));
        let mut client = erp.client().await;
        client
            .run("CREATE TABLE agent (code text COLLATE \"C\" PRIMARY KEY, name text NOT NULL)")
            .await;
        for statement in rows {
            client.run(statement).await;
        }
        for statement in [
            // Passes while nobody holds the lock.
            "CREATE FUNCTION passed() RETURNS boolean LANGUAGE plpgsql AS 'BEGIN WHILE NOT pg_try_advisory_xact_lock_shared(42) LOOP PERFORM pg_sleep(0.05); END LOOP; RETURN true; END'",
            "SELECT pg_advisory_lock(42)",
        ] {
            client.run(statement).await;
        }
        let agents = "CREATE TABLE agent (code TEXT PRIMARY KEY, name TEXT NOT NULL)";
        shop.client().await.run(agents).await;
        let mut project = Project::new();
        let text = format!(
            r#"
[connection.erp]
url = "{}"
[connection.shop]
url = "{}"
[flow.agents]
from = {{ connection = "connection.erp", sql = "SELECT code, name FROM agent WHERE {which}", key = ["code"] }}
to = {{ connection = "connection.shop", table = "agent", match = {{ code = "code" }}, set = {{ name = "name" }} }}
[schedule.flows]
verify = "demand"
agents = "demand"
"#,
            erp.url, shop.url
        );
        project.file("ponte.toml", &servers::without_secrets(&text));
        project.env("PASSWORD", "ponte");
        project.ponte(&["setup", "--run"]).succeeds();
        Gated {
            erp,
            shop,
            project,
            client,
        }
    }
}

/// The document without what differs from run to run.
fn document(outcome: &Outcome) -> serde_json::Value {
    let mut document: serde_json::Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    for flow in document["flows"].as_array_mut().expect("flows") {
        flow["seconds"] = serde_json::Value::Null;
    }
    document
}

#[tokio::test]
async fn a_command_says_the_same_whether_the_service_or_itself_has_done_it() {
    let (_erp, [near, far], project) = project("asked::same", DEMAND).await;
    let spoil = async |shop: &Database| {
        let mut client = shop.client().await;
        client
            .run("UPDATE agent SET name = 'wrong' WHERE code = 'B'")
            .await;
        client.run("DELETE FROM copy WHERE code = 'A'").await;
    };
    let commands: [(&[&str], i32); 6] = [
        (&["verify"], 7),
        (&["verify", "--repair", "agents0", "--show", "1"], 0),
        (&["sync", "--only", "A"], 0),
        (&["resync", "agents1"], 0),
        (&["sync", "--try", "1", "agents0"], 0),
        (&["resync"], 0),
    ];
    project.ponte(&["sync"]).succeeds();
    let mut told = Vec::new();
    for by_service in [false, true] {
        // Both begin from the same rows.
        for shop in [&near, &far] {
            let mut client = shop.client().await;
            client.run("DELETE FROM copy").await;
            client.run("DELETE FROM ponte_link").await;
            client.run("DELETE FROM agent").await;
        }
        project.remove(".ponte");
        project.ponte(&["sync"]).succeeds();
        for shop in [&near, &far] {
            spoil(shop).await;
        }
        let running = match by_service {
            true => Some(start(&project).await),
            false => None,
        };
        let mut said = Vec::new();
        for (command, code) in &commands {
            let mut with_json = command.to_vec();
            with_json.push("--json");
            let text = project.ponte(command).exits_with(*code);
            assert_eq!(text.stderr.contains(BY_SERVICE), by_service, "{text}");
            said.push(format!("{command:?}\n{}", text.stdout));
            said.push(document(&project.ponte(&with_json).exits_with(*code)).to_string());
        }
        if let Some(running) = running {
            signal(&running, "-TERM");
            running.wait().succeeds();
            assert!(!project.path(".ponte/service.door").exists());
        }
        told.push(said);
    }
    for (alone, by_service) in told[0].iter().zip(&told[1]) {
        assert_eq!(without_times(alone), without_times(by_service));
    }
}

/// Texts name seconds, and columns are as wide as they are.
fn without_times(text: &str) -> String {
    let words = text
        .split_whitespace()
        .map(|word| match word.parse::<f64>() {
            Ok(_) if word.contains('.') => "TIME",
            _ => word,
        });
    words.collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn what_is_not_asked_of_the_service_runs_by_itself() {
    let (_erp, [shop, _far], mut project) = project("asked::alone", DEMAND).await;
    let mut running = start(&project).await;
    for command in [["sync", "--alone"], ["sync", "--dry-run"]] {
        let text = project.ponte(&command).succeeds();
        assert!(!text.stderr.contains(BY_SERVICE), "{text}");
    }
    until(&shop, NAMES, "Anna,Bruno").await;
    let unknown = project.ponte(&["sync", "agent0"]).exits_with(2);
    assert!(
        unknown.stderr.contains("did you mean `agents0`?"),
        "{unknown}"
    );

    // The service has another project in mind.
    let before = project.read("ponte.toml");
    project.file("ponte.toml", &format!("{before}# edited\n"));
    let refused = project.ponte(&["sync"]).exits_with(2);
    assert!(
        refused
            .stderr
            .contains("has changed since the service took it")
            && refused.stderr.contains("`ponte reload`"),
        "{refused}"
    );
    project.ponte(&["reload"]).succeeds();
    let again = loop {
        // The answer to a reload comes before it is all done.
        let again = project.ponte(&["sync"]);
        if again.code == Some(0) {
            break again;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    assert!(again.stderr.contains(BY_SERVICE), "{again}");

    // Nobody else may read what a command needs to be believed.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let door = std::fs::metadata(project.path(".ponte/service.door")).expect("a file");
        assert_eq!(door.permissions().mode() & 0o777, 0o600);
    }
    // A service that was killed leaves its file behind; nobody is there.
    running.kill();
    drop(running);
    assert!(project.path(".ponte/service.door").exists());
    let text = project.ponte(&["sync"]).succeeds();
    assert!(!text.stderr.contains(BY_SERVICE), "{text}");
    // Nor is a stranger believed who has taken the port over.
    let stranger = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = stranger.local_addr().expect("its address").port();
    let address = project.read(".ponte/service.door");
    let mut address: serde_json::Value = serde_json::from_str(&address).expect("JSON");
    address["port"] = port.into();
    project.file(".ponte/service.door", &address.to_string());
    let answering = std::thread::spawn(move || {
        use std::io::{Read, Write};
        let (mut stream, _) = stranger.accept().expect("the command");
        let mut heard = [0; 200];
        let length = stream.read(&mut heard).expect("a word");
        let proof = "0".repeat(64);
        let line = format!("{{\"proof\":\"{proof}\",\"nonce\":\"{proof}\"}}\n");
        stream.write_all(line.as_bytes()).expect("an answer");
        String::from_utf8_lossy(&heard[..length]).into_owned()
    });
    let text = project.ponte(&["sync"]).succeeds();
    assert!(!text.stderr.contains(BY_SERVICE), "{text}");
    let heard = answering.join().expect("the stranger");
    let secret = address["secret"].as_str().expect("a secret");
    assert!(
        heard.contains("nonce") && !heard.contains(secret),
        "{heard}"
    );
}

#[tokio::test]
async fn ctrl_c_leaves_a_run_to_the_service_and_another_command_comes_after_it() {
    let rows = ["INSERT INTO agent VALUES ('A', 'Anna'), ('B', 'Bruno')"];
    let Gated {
        erp,
        shop,
        project,
        mut client,
    } = Gated::new("asked::detached", &rows, "passed()").await;
    let running = start(&project).await;
    let first = project.start(&["sync"]);
    let reads = "SELECT count(*) > 0 FROM pg_stat_activity WHERE query LIKE '%passed()%' AND state = 'active' AND datname = current_database() AND pid <> pg_backend_pid()";
    until(&erp, reads, "t").await;
    signal(&first, "-INT");
    let said = first.wait().exits_with(130);
    assert!(
        said.stderr
            .contains("detached: the service goes on with it"),
        "{said}"
    );
    assert_eq!(
        client.value(reads).await.as_deref(),
        Some("t"),
        "it goes on"
    );

    let second = project.start(&["resync", "agents"]);
    while !logged(&project).contains("\"command\":\"resync\"") {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    client.run("SELECT pg_advisory_unlock(42)").await;
    let said = second.wait().succeeds();
    for line in [
        "it comes after what runs now: agents",
        "agents: 2 rows read, 0 created",
    ] {
        assert!(said.stderr.contains(line), "{line}\n{said}");
    }
    assert_eq!(
        shop.client().await.value(NAMES).await.as_deref(),
        Some("Anna,Bruno")
    );

    // The service is stopped in the midst of what it was asked for.
    client.run("SELECT pg_advisory_lock(42)").await;
    let third = project.start(&["resync"]);
    until(&erp, reads, "t").await;
    signal(&running, "-TERM");
    running.wait().succeeds();
    let said = third.wait().exits_with(130);
    assert!(said.stdout.contains("agents was interrupted"), "{said}");
}

#[tokio::test]
async fn quarantined_records_are_tried_again_by_the_service() {
    let (erp, [shop, _far], project) = project("asked::retry", DEMAND).await;
    let mut client = shop.client().await;
    client.run("DROP TABLE agent").await;
    client
        .run("CREATE TABLE agent (code TEXT PRIMARY KEY, name TEXT NOT NULL CHECK (name <> 'Clara'))")
        .await;
    let mut there = erp.client().await;
    there
        .run("INSERT INTO agent VALUES ('C', 'Clara'), ('D', 'Clara')")
        .await;
    project.ponte(&["sync"]).exits_with(4);
    let retry = ["quarantine", "retry", "agents0"];
    let alone = project.ponte(&retry).exits_with(4);
    assert!(!alone.stderr.contains(BY_SERVICE), "{alone}");
    let running = start(&project).await;
    let said = project.ponte(&retry).exits_with(4);
    assert!(said.stderr.contains(BY_SERVICE), "{said}");
    assert_eq!(without_times(&said.stdout), without_times(&alone.stdout));
    let by_itself = [&retry[..], &["--alone", "C"]].concat();
    let said = project.ponte(&by_itself).exits_with(4);
    assert!(!said.stderr.contains(BY_SERVICE), "{said}");

    there
        .run("UPDATE agent SET name = 'Carla' WHERE code = 'C'")
        .await;
    let said = project.ponte(&[&retry[..], &["C"]].concat()).succeeds();
    assert!(said.stderr.contains(BY_SERVICE), "{said}");
    let names = Some("Anna,Bruno,Carla");
    assert_eq!(client.value(NAMES).await.as_deref(), names);
    there
        .run("UPDATE agent SET name = 'Dora' WHERE code = 'D'")
        .await;
    project.ponte(&["quarantine", "retry"]).succeeds();
    assert_eq!(
        client.value(NAMES).await.as_deref(),
        Some("Anna,Bruno,Carla,Dora")
    );
    let nothing = project.ponte(&["quarantine", "retry"]).succeeds();
    assert_eq!(nothing.stdout, "Nothing is in quarantine.\n");
    signal(&running, "-TERM");
    running.wait().succeeds();
}

/// What a terminal shows while the service works: rows read so far, then the result, as if the command had done it itself.
#[tokio::test]
async fn a_terminal_shows_how_far_the_service_has_come() {
    let rows = [
        "INSERT INTO agent SELECT 'N' || lpad(n::text, 5, '0'), 'Nina' FROM generate_series(1, 20000) n",
        // In the order of the index, so that the first rows come at once.
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET enable_sort = off', current_database()); \
         EXECUTE format('ALTER DATABASE %I SET enable_seqscan = off', current_database()); END $$",
    ];
    let gated = Gated::new("asked::terminal", &rows, "code < 'N15000' OR passed()");
    // Both databases stay until the end.
    let Gated {
        erp: _erp,
        shop: _shop,
        project,
        mut client,
    } = gated.await;
    let running = start(&project).await;
    // The second one knows how many rows there are.
    let read = |shown: &str| shown.contains(" rows");
    let compared = |shown: &str| {
        let mut told = shown.match_indices(" of about 20,000 rows");
        told.any(|(at, _)| !shown[..at].ends_with(" 0"))
    };
    type Shows<'a> = &'a dyn Fn(&str) -> bool;
    let is_shown: [(&str, Shows<'_>); 2] = [("resync", &read), ("verify", &compared)];
    for (command, is_shown) in is_shown {
        let mut asked = project.start_on_terminal(command);
        let began = Instant::now();
        loop {
            let shown = std::fs::read(project.path("shown")).unwrap_or_default();
            let shown = String::from_utf8_lossy(&shown);
            if is_shown(&shown) {
                break;
            }
            assert!(!asked.has_ended(), "{command}: {shown}");
            assert!(began.elapsed() < WAIT_MAX, "{command}: {shown}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert!(!asked.has_ended(), "it works");
        client.run("SELECT pg_advisory_unlock(42)").await;
        let said = asked.wait().succeeds().stdout;
        assert!(said.contains("does it; Ctrl-C leaves it to it"), "{said}");
        assert!(said.contains("20,000"), "{command}: {said}");
        client.run("SELECT pg_advisory_lock(42)").await;
    }
    signal(&running, "-TERM");
    running.wait().succeeds();
}
