//! `ponte run`: the service as it is started, left alone and stopped. Waiting ends when what is waited for has happened;
//! how long it takes is no matter here.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::support::client::Client;
use crate::support::http::{ask, free_port, try_ask};
use crate::support::project::{Project, Running};
use crate::support::proxy::{Direction, Fault, Proxy};
use crate::support::servers::{self, Database};
use crate::support::{full, seed};

/// However slow the machine is.
pub const WAIT_MAX: Duration = Duration::from_secs(120);

/// A table in the ERP, and flows that carry it to tables of two other databases, which `ponte run` shall run as `schedule`
/// says.
pub async fn project(test: &str, schedule: &str) -> (Database, [Database; 2], Project) {
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

pub async fn until(shop: &Database, query: &str, expected: &str) {
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

/// Waits until the flow's last run has ended, and has changed so many records: its rows are there a little earlier.
async fn ended(project: &Project, flow: &str, changed: u64) {
    let began = Instant::now();
    loop {
        let said = project.ponte(&["runs", flow, "--json"]).succeeds();
        let said: serde_json::Value = serde_json::from_str(&said.stdout).expect("a JSON document");
        let last = &said["runs"][0];
        if last["outcome"] == "done" && last["counts"]["changed"] == changed {
            return;
        }
        assert!(began.elapsed() < WAIT_MAX, "{last}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

pub fn signal(running: &Running, name: &str) {
    let process = running.id().to_string();
    let done = std::process::Command::new("kill")
        .args([name, &process])
        .status();
    assert!(done.expect("kill runs").success());
}

/// What the service has written to its log files.
pub fn logged(project: &Project) -> String {
    let Ok(files) = std::fs::read_dir(project.path(".ponte/log")) else {
        return String::new();
    };
    let texts =
        files.map(|file| std::fs::read_to_string(file.expect("a file").path()).expect("a text"));
    texts.collect()
}

/// Starts the service, and returns when it answers at this port.
pub async fn started(project: &Project, port: u16) -> Running {
    let running = project.start(&["run"]);
    let began = Instant::now();
    while !try_ask(port, "GET", "/health/ready", &[], "").is_ok_and(|answer| answer.status == 200) {
        assert!(began.elapsed() < WAIT_MAX);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    running
}

pub const NAMES: &str = "SELECT group_concat(name) FROM (SELECT name FROM agent ORDER BY code)";
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
    ended(&project, "copy1", 1).await;
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
    let (erp, shops, project) = project("service::unit", "").await;
    let said = project
        .ponte(&["service", "install", "--print", "--user", "ponte"])
        .succeeds();
    let mut written = "ReadWritePaths=[ROOT]/.ponte".to_owned();
    for database in [&erp, &shops[0], &shops[1]] {
        let file = database.url.trim_start_matches("sqlite://");
        let folder = std::path::Path::new(file).parent().expect("a folder");
        written.push_str(&format!(" {}", folder.display()));
    }
    for line in [
        "Type=notify",
        "User=ponte",
        &written,
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

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_service_that_is_not_there_is_said_plainly() {
    use std::os::unix::fs::PermissionsExt;
    let mut project = Project::new();
    // Speaks as systemd's, and knows `ponte` only.
    project.file(
        "bin/systemctl",
        "#!/bin/sh\ncase \"$1 $4\" in\n  'show ponte.service') echo loaded;;\n  show*) echo not-found;;\n  start*) echo \"$*\" >> called;;\nesac\n",
    );
    let systemctl = project.path("bin/systemctl");
    let runs = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(&systemctl, runs).expect("a program");
    let path = std::env::var("PATH").expect("a path");
    let path = format!("{}:{path}", project.path("bin").display());
    project.env("PATH", &path);
    for command in ["start", "stop", "status", "uninstall"] {
        let said = project
            .ponte(&["service", "--name", "shop-2", command])
            .exits_with(2);
        for line in [
            "there is no service `shop-2` on this machine",
            "`ponte service install` installs it; `--name`",
        ] {
            assert!(said.stderr.contains(line), "{line}\n{said}");
        }
    }
    let said = project.ponte(&["service", "start"]).succeeds();
    assert_eq!(said.stdout, "ponte runs\n");
    assert_eq!(project.read("called"), "start ponte\n");
    let said = project.ponte(&["service", "uninstall"]).exits_with(2);
    let why = "`ponte service install` has not installed `ponte`: there is no `/etc/systemd/system/ponte.service`";
    assert!(said.stderr.contains(why), "{said}");
    // Where another program started the machine, systemd is there and does not answer.
    project.file(
        "bin/systemctl",
        "#!/bin/sh\necho 'System has not been booted with systemd' >&2\nexit 1\n",
    );
    std::fs::set_permissions(&systemctl, std::fs::Permissions::from_mode(0o755))
        .expect("a program");
    let said = project.ponte(&["service", "status"]).exits_with(2);
    let why = "systemd cannot be asked: System has not been booted with systemd";
    assert!(said.stderr.contains(why), "{said}");
    assert!(said.stderr.contains("start `ponte run`"), "{said}");
}

/// Resident memory of a process, in KiB.
fn memory(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("a process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.trim().split(' ').next()?.parse().ok());
    number.expect("its memory")
}

#[tokio::test]
async fn the_service_outlives_broken_lines() {
    let lasts = Duration::from_secs(if full() { 300 } else { 40 });
    let seed = seed("service::soak");
    let mut random = StdRng::seed_from_u64(seed);
    let erp = servers::postgres("service::soak erp").await;
    let shop = servers::mariadb("service::soak shop").await;
    let mut client = erp.client().await;
    client
        .run("CREATE TABLE agent (code text PRIMARY KEY, name text NOT NULL)")
        .await;
    client
        .run("INSERT INTO agent SELECT 'A' || n, 'Agent ' || n FROM generate_series(1, 2000) n")
        .await;
    let mut there = shop.client().await;
    there
        .run("CREATE TABLE agent (code varchar(20) PRIMARY KEY, name varchar(80) NOT NULL)")
        .await;
    let lines = [Proxy::start(&erp.url), Proxy::start(&shop.url)];
    let port = free_port();
    let mut project = Project::new();
    project.file(
        "ponte.toml",
        &format!(
            r#"
[connection.erp]
url = "{}"
[connection.shop]
url = "{}"
[flow.agents]
from = {{ connection = "connection.erp", table = "agent", key = ["code"] }}
to = {{ connection = "connection.shop", table = "agent", match = {{ code = "code" }}, set = {{ name = "name" }}, gone = "delete", guard = {{ percent = 100 }} }}
[schedule.flows]
verify = "demand"
agents = "10s"
[service]
listen = "127.0.0.1:{port}"
token = "${{TOKEN_PASSWORD}}"
"#,
            lines[0].url(&erp.url),
            lines[1].url(&shop.url)
        ),
    );
    project.env("TOKEN_PASSWORD", "a token of the soak test");
    project.ponte(&["setup", "--run"]).succeeds();
    let running = project.start(&["run"]);
    until(&shop, "SELECT count(*) FROM agent", "2000").await;
    let began = Instant::now();
    let mut first = None;
    let mut cuts = 0;
    while began.elapsed() < lasts {
        for line in &lines {
            line.clear();
        }
        let line = &lines[random.random_range(0..lines.len())];
        match random.random_range(0..4) {
            0 => line.set(Fault::Refuse),
            1 => line.cut_all(),
            _ => line.set(Fault::CutAfter {
                direction: match random.random_bool(0.5) {
                    true => Direction::ToServer,
                    false => Direction::ToClient,
                },
                bytes: random.random_range(0..6_000),
            }),
        }
        let code = random.random_range(1..=2000);
        let name: u32 = random.random();
        client
            .run(&format!(
                "UPDATE agent SET name = 'N{name}' WHERE code = 'A{code}'"
            ))
            .await;
        let asked = [("Authorization", "Bearer a token of the soak test")];
        ask(port, "POST", "/api/flows/agents/run", &asked, "");
        tokio::time::sleep(Duration::from_millis(random.random_range(50..700))).await;
        if first.is_none() && began.elapsed() > lasts / 4 {
            first = Some(memory(running.id()));
        }
        cuts += 1;
    }
    let cut: u64 = lines.iter().map(|line| line.counts().cuts).sum();
    for line in &lines {
        line.clear();
    }
    let grown = memory(running.id()).saturating_sub(first.unwrap_or_default());
    eprintln!("service::soak: {cuts} faults, {cut} lines cut, {grown} KiB more than at a quarter");
    assert!(cut > 0 && grown < 24 << 10, "{cut} cuts, {grown} KiB");

    // With sound lines the target becomes what the source is, and nothing stays open.
    client
        .run("INSERT INTO agent VALUES ('LAST', 'Zita')")
        .await;
    client.run("DELETE FROM agent WHERE code = 'A7'").await;
    let last = "SELECT count(*) FROM agent WHERE code = 'LAST'";
    until(&shop, last, "1").await;
    until(&shop, "SELECT count(*) FROM agent WHERE code = 'A7'", "0").await;
    let source = client.rows("SELECT code, name FROM agent").await;
    let target = there.rows("SELECT code, name FROM agent").await;
    let (source, target) = [source, target].map(BTreeSet::from_iter).into();
    let differ: Vec<_> = source.symmetric_difference(&target).collect();
    assert!(differ.is_empty(), "{differ:?}");
    signal(&running, "-TERM");
    running.wait().succeeds();
    let open = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = '{}' AND application_name = 'ponte'",
        erp.name
    );
    until(&erp, &open, "0").await;
}

/// A line that breaks while a lease is given back: the service itself need not wait for the lease's end, and others must.
#[tokio::test]
async fn a_lease_that_could_not_be_given_back_is_its_owners_at_once() {
    let erp = servers::sqlite("service::lease erp");
    let shop = servers::mariadb("service::lease shop").await;
    let mut client = erp.client().await;
    for statement in [
        "CREATE TABLE agent (code TEXT PRIMARY KEY, name TEXT NOT NULL)",
        "INSERT INTO agent VALUES ('A', 'Anna')",
    ] {
        client.run(statement).await;
    }
    let mut there = shop.client().await;
    there
        .run("CREATE TABLE agent (code varchar(20) PRIMARY KEY, name varchar(80) NOT NULL)")
        .await;
    let line = Proxy::start(&shop.url);
    let port = free_port();
    let mut project = Project::new();
    project.file(
        "ponte.toml",
        &format!(
            r#"
[connection.erp]
url = "{}"
[connection.shop]
url = "{}"
[flow.agents]
from = {{ connection = "connection.erp", table = "agent", key = ["code"] }}
to = {{ connection = "connection.shop", table = "agent", match = {{ code = "code" }}, set = {{ name = "name" }} }}
[schedule.flows]
verify = "demand"
agents = "demand"
[service]
listen = "127.0.0.1:{port}"
token = "${{TOKEN_PASSWORD}}"
"#,
            erp.url,
            line.url(&shop.url)
        ),
    );
    project.env("TOKEN_PASSWORD", "a token of the lease test");
    project.ponte(&["setup", "--run"]).succeeds();
    let running = started(&project, port).await;
    let began = Instant::now();
    let run = || {
        let asked = [("Authorization", "Bearer a token of the lease test")];
        let answer = ask(port, "POST", "/api/flows/agents/run", &asked, "");
        assert_eq!(answer.status, 202, "{answer:?}");
    };
    let pattern = b"SET owner = NULL".to_vec();
    line.set(Fault::Down { pattern });
    run();
    while !logged(&project).contains("could not be given back") {
        assert!(began.elapsed() < WAIT_MAX);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    line.clear();
    let owned = "SELECT count(*) FROM ponte_lease WHERE owner IS NOT NULL";
    assert_eq!(there.value(owned).await.as_deref(), Some("1"));
    // As if it ended in an hour only: nobody waits for that.
    there
        .run("UPDATE ponte_heartbeat SET beat_ms = beat_ms + 3600000")
        .await;
    let held = project.ponte(&["sync", "--alone"]).exits_with(5);
    assert!(
        held.stderr.contains("is being worked on by process ")
            || held.stdout.contains("is being worked on by process "),
        "{held}"
    );
    client
        .run("UPDATE agent SET name = 'Ada' WHERE code = 'A'")
        .await;
    run();
    until(&shop, "SELECT name FROM agent", "Ada").await;
    until(&shop, owned, "0").await;
    assert!(!logged(&project).contains("is being worked on"));
    signal(&running, "-TERM");
    running.wait().succeeds();
}

/// systemd hears when the service is ready, that it is alive, how the last flow ended, and that it stops.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn systemd_is_told_how_the_service_is() {
    let demand =
        "agents0 = \"demand\"\nagents1 = \"demand\"\ncopy0 = \"demand\"\ncopy1 = \"demand\"\n";
    let (_erp, [shop, _far], mut project) = project("service::systemd", demand).await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("notify");
    let systemd = std::os::unix::net::UnixDatagram::bind(&path).expect("a socket");
    let second = Some(Duration::from_secs(10));
    systemd
        .set_read_timeout(second)
        .expect("a socket's setting");
    let heard = |wanted: &str| {
        let mut all = Vec::new();
        loop {
            let mut text = [0; 4096];
            let length = systemd.recv(&mut text);
            let length = length.unwrap_or_else(|error| panic!("no {wanted}: {error}; {all:?}"));
            let text = String::from_utf8_lossy(&text[..length]).into_owned();
            if text.lines().any(|line| line.starts_with(wanted)) {
                return all;
            }
            all.push(text);
        }
    };
    project
        .env("NOTIFY_SOCKET", &path.display().to_string())
        .env("WATCHDOG_USEC", "1000000");
    // One that cannot start is never ready.
    let sound = project.read("ponte.toml");
    project.file("ponte.toml", &format!("{sound}\nnonsense = \"demand\"\n"));
    project.ponte(&["run"]).exits_with(2);
    project.file("ponte.toml", &sound);
    let running = project.start(&["run"]);
    let before = heard("READY=1");
    assert!(before.is_empty(), "{before:?}");
    let began = Instant::now();
    for _ in 0..4 {
        let between = heard("WATCHDOG=1");
        assert!(between.is_empty(), "{between:?}");
    }
    // The first one comes at once.
    let took = began.elapsed();
    assert!(
        took >= Duration::from_millis(1400) && took < Duration::from_secs(5),
        "{took:?}"
    );
    project.ponte(&["sync", "agents0"]).succeeds();
    until(&shop, NAMES, "Anna,Bruno").await;
    heard("STATUS=agents0: 2 rows read, 2 created");
    signal(&running, "-HUP");
    heard("WATCHDOG=1");
    signal(&running, "-TERM");
    heard("STOPPING=1");
    running.wait().succeeds();
}

/// In which a stop is done, says the README and the unit.
const STOP_MAX: Duration = Duration::from_secs(30);

/// A batch is open, since somebody holds one of its rows, when the service is told to stop.
#[tokio::test]
async fn a_stop_while_a_row_is_locked_rolls_back_what_is_open() {
    let erp = servers::sqlite("service::open erp");
    let shop = servers::postgres("service::open shop").await;
    let mut source = erp.client().await;
    source
        .run("CREATE TABLE agent (code TEXT PRIMARY KEY, name TEXT NOT NULL)")
        .await;
    source
        .run("INSERT INTO agent VALUES ('A', 'Anna'), ('B', 'Bruno')")
        .await;
    let mut there = shop.client().await;
    there
        .run("CREATE TABLE agent (code text PRIMARY KEY, name text NOT NULL)")
        .await;
    let mut project = Project::new();
    let text = format!(
        r#"
[connection.erp]
url = "{}"
[connection.shop]
url = "{}"
[flow.agents]
from = {{ connection = "connection.erp", table = "agent", key = ["code"] }}
to = {{ connection = "connection.shop", table = "agent", match = {{ code = "code" }}, set = {{ name = "name" }} }}
[schedule.flows]
agents = "10s"
verify = "demand"
"#,
        erp.url, shop.url
    );
    project.file("ponte.toml", &text);
    project.ponte(&["setup", "--run"]).succeeds();
    project.ponte(&["sync"]).succeeds();
    let mut holder = shop.client().await;
    holder.run("BEGIN").await;
    holder
        .run("UPDATE agent SET name = name WHERE code = 'B'")
        .await;
    source.run("UPDATE agent SET name = upper(name)").await;
    let running = project.start(&["run"]);
    let waiting = "SELECT CASE WHEN count(*) > 0 THEN 'yes' END FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    until(&shop, waiting, "yes").await;
    let told = Instant::now();
    signal(&running, "-TERM");
    running.wait().succeeds();
    assert!(told.elapsed() < STOP_MAX, "{:?}", told.elapsed());
    // Nothing of the batch is there, and nothing of the service's is open.
    const NAMED: &str = "SELECT string_agg(name, ',' ORDER BY code) FROM agent";
    assert_eq!(there.value(NAMED).await.as_deref(), Some("Anna,Bruno"));
    holder.run("ROLLBACK").await;
    project.ponte(&["sync"]).succeeds();
    assert_eq!(there.value(NAMED).await.as_deref(), Some("ANNA,BRUNO"));
}
