//! Alerts: the administrator is told of what is wrong, once, and once that it is over; through a real mail server and a web server.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig, ServerConnection, StreamOwned};

use crate::support::client::Client;
use crate::support::http::{ask, free_port, try_ask};
use crate::support::project::{Project, Running};
use crate::support::servers::{self, Database};
use crate::support::smtpd::Smtpd;

/// However slow the machine is.
const WAIT_MAX: Duration = Duration::from_secs(150);
/// In which a message that must not come would have come.
const QUIET: Duration = Duration::from_secs(5);

/// A web server that takes everything.
pub struct Hook {
    port: u16,
    taken: Arc<Taken>,
}

#[derive(Default)]
struct Taken {
    /// Each is its first line and its body.
    requests: Mutex<Vec<(String, String)>>,
    /// Lines that were closed before a request came.
    empty: AtomicUsize,
}

/// Takes a request, and says that it is well.
fn serve(line: impl Read + Write, taken: &Taken) {
    let mut line = BufReader::new(line);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if !line.read_line(&mut head).is_ok_and(|read| read > 0) {
            taken.empty.fetch_add(1, Ordering::SeqCst);
            return;
        }
    }
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let is_length = name.eq_ignore_ascii_case("content-length");
        is_length.then(|| value.trim().parse::<u64>().ok())?
    });
    let mut body = String::new();
    let _ = (&mut line)
        .take(length.unwrap_or(0))
        .read_to_string(&mut body);
    let first = head.lines().next().unwrap_or_default().to_owned();
    taken
        .requests
        .lock()
        .expect("the requests")
        .push((first, body));
    let mut line = line.into_inner();
    let _ = line.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
    let _ = line.flush();
}

/// A company's own authority, and a server's certificate of it for `localhost`.
struct Authority {
    folder: tempfile::TempDir,
}

impl Authority {
    fn new(name: &str) -> Authority {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(
            folder.path().join("names"),
            "subjectAltName=DNS:localhost\nbasicConstraints=critical,CA:FALSE\n",
        )
        .expect("a file in a new folder");
        for line in [
            &format!(
                "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN={name} -keyout ca.key -out ca.pem"
            ),
            "req -new -newkey rsa:2048 -nodes -subj /CN=localhost -keyout leaf.key -out leaf.csr",
            "x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out leaf.pem",
        ] {
            let done = Command::new("openssl")
                .args(line.split(' '))
                .current_dir(folder.path())
                .stderr(Stdio::null())
                .stdout(Stdio::null())
                .status();
            assert!(done.expect("openssl").success(), "openssl {line}");
        }
        Authority { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn server(&self) -> Arc<ServerConfig> {
        let chain = CertificateDer::from_pem_file(self.path("leaf.pem")).expect("a certificate");
        let key = PrivateKeyDer::from_pem_file(self.path("leaf.key")).expect("a key");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions of TLS")
            .with_no_client_auth()
            .with_single_cert(vec![chain], key);
        Arc::new(config.expect("a certificate with its key"))
    }
}

impl Hook {
    /// `take` has one line after the other.
    fn new(take: impl Fn(TcpStream, &Taken) + Send + 'static) -> Hook {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let taken = Arc::new(Taken::default());
        let to = taken.clone();
        std::thread::spawn(move || {
            for line in listener.incoming().flatten() {
                take(line, &to);
            }
        });
        Hook { port, taken }
    }

    pub fn open() -> Hook {
        Hook::new(serve)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// What each message was.
    pub fn bodies(&self) -> Vec<String> {
        self.of("POST ")
    }

    /// The same behind TLS.
    fn safe(authority: &Authority) -> Hook {
        let config = authority.server();
        Hook::new(move |line, taken| {
            let safe = ServerConnection::new(config.clone()).expect("a connection");
            let mut line = StreamOwned::new(safe, line);
            serve(&mut line, taken);
            line.conn.send_close_notify();
            let _ = line.flush();
        })
    }

    fn of(&self, first: &str) -> Vec<String> {
        let requests = self.taken.requests.lock().expect("the requests");
        let of = requests.iter().filter(|(line, _)| line.starts_with(first));
        of.map(|(_, body)| body.clone()).collect()
    }

    fn forget(&self) {
        self.taken.requests.lock().expect("the requests").clear();
        self.taken.empty.store(0, Ordering::SeqCst);
    }

    /// Whether somebody came and went without a request.
    fn was_refused(&self) -> bool {
        self.taken.empty.load(Ordering::SeqCst) > 0
    }

    /// What each message told: subject, new and resolved troubles.
    fn told(&self) -> Vec<String> {
        let told = |body: &String| {
            let message: Value = serde_json::from_str(body).expect("a JSON document");
            let list = |name: &str| -> Vec<String> {
                let list = message[name].as_array().expect("a list").iter();
                list.map(|one| {
                    format!(
                        "{} {}",
                        one["flow"].as_str().expect("a flow"),
                        one["kind"].as_str().expect("a kind")
                    )
                })
                .collect()
            };
            format!("{:?} {:?}", list("new"), list("resolved"))
        };
        self.of("POST /hook ").iter().map(told).collect()
    }
}

struct Watched {
    erp: Database,
    shop: Database,
    project: Project,
    smtpd: Smtpd,
    hook: Hook,
    port: u16,
}

impl Watched {
    /// One flow every ten seconds, and alerts as `keys` say.
    async fn new(test: &str, keys: &str) -> Watched {
        let erp = servers::sqlite(&format!("{test} erp"));
        let shop = servers::sqlite(&format!("{test} shop"));
        let mut client = erp.client().await;
        client
            .run("CREATE TABLE agent (code TEXT PRIMARY KEY, name TEXT)")
            .await;
        client
            .run("INSERT INTO agent VALUES ('A', 'Anna'), ('B', 'Bruno')")
            .await;
        let mut there = shop.client().await;
        there
            .run("CREATE TABLE agent (code TEXT PRIMARY KEY, name TEXT NOT NULL)")
            .await;
        let (smtpd, hook, port) = (Smtpd::open(), Hook::open(), free_port());
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
[schedule]
zone = "UTC"
[schedule.flows]
agents = "10s"
verify = "demand"
[service]
listen = "127.0.0.1:{port}"
[mail]
url  = "smtp://127.0.0.1:{}?tls=off"
from = "ponte <ponte@example.com>"
[alerts]
mail      = ["it@example.com", "boss@example.com"]
webhook   = "${{HOOK}}"
heartbeat = "${{BEAT}}"
{keys}
"#,
                erp.url, shop.url, smtpd.port
            ),
        );
        let at = |path: &str| format!("http://127.0.0.1:{}/{path}", hook.port);
        project
            .env("HOOK", &at("hook"))
            .env("BEAT", &at("beat?a=b"));
        project.ponte(&["setup", "--run"]).succeeds();
        Watched {
            erp,
            shop,
            project,
            smtpd,
            hook,
            port,
        }
    }

    async fn in_erp(&self, sql: &str) {
        self.erp.client().await.run(sql).await;
    }

    async fn in_shop(&self, sql: &str) {
        self.shop.client().await.run(sql).await;
    }

    /// Starts the service and waits for its first run to end so.
    async fn start(&self, outcome: &str) -> Running {
        let running = self.project.start(&["run"]);
        let began = Instant::now();
        loop {
            let answer = try_ask(self.port, "GET", "/api/flows", &[], "");
            let body = answer.map(|answer| answer.body).unwrap_or_default();
            let flows: Value = serde_json::from_str(&body).unwrap_or_default();
            if flows["flows"][0]["last"]["outcome"] == outcome {
                return running;
            }
            assert!(began.elapsed() < WAIT_MAX, "no {outcome} run: {body}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// As a machine that loses its power; its lease is not waited for.
    async fn kill(&self, mut running: Running) {
        running.kill();
        running.wait();
        self.in_shop("UPDATE ponte_lease SET owner = NULL").await;
    }

    async fn until(&self, what: &str, is_so: impl Fn(&Watched) -> bool) {
        let began = Instant::now();
        while !is_so(self) {
            assert!(
                began.elapsed() < WAIT_MAX,
                "{what}: {:?} {:?}",
                self.smtpd.mails(),
                self.hook.told()
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn until_mails(&self, count: usize) {
        self.until("mails", |watched| watched.smtpd.mails().len() >= count)
            .await;
    }
}

#[tokio::test]
async fn a_trouble_is_told_once_and_its_end_once_whatever_dies() {
    let mut watched = Watched::new("alerts", "wait = \"1s\"\nevery = \"1s\"").await;
    let running = watched.start("done").await;
    watched
        .until("a heartbeat", |watched| {
            !watched.hook.of("GET /beat?a=b ").is_empty()
        })
        .await;
    tokio::time::sleep(QUIET).await;
    assert_eq!(watched.smtpd.mails(), [""; 0], "all is well");

    // A record that cannot be carried over.
    watched.in_erp("INSERT INTO agent VALUES ('C', NULL)").await;
    watched.until_mails(1).await;
    let mail = watched.smtpd.mails().remove(0);
    for part in [
        "To: it@example.com, boss@example.com",
        "): 1 trouble\n",
        "agents: new records in quarantine (1 in all)",
        "- C: ",
        "docs/troubleshooting.md",
        "Message-ID: <",
    ] {
        assert!(mail.contains(part), "{part}\n{mail}");
    }
    // Time to tell it the other way, and to note both: what is not noted is told again.
    tokio::time::sleep(QUIET).await;
    watched.kill(running).await;

    // Nobody is told twice after a restart; what is new is told.
    watched.in_shop("ALTER TABLE agent RENAME TO hidden").await;
    let running = watched.start("failed").await;
    let metrics = ask(watched.port, "GET", "/metrics", &[], "").body;
    assert!(
        metrics.contains("ponte_errors_total{flow=\"agents\",kind=\"mapping\"} "),
        "{metrics}"
    );
    watched.until_mails(2).await;
    let mail = watched.smtpd.mails().remove(1);
    assert!(mail.contains("agents: the last run failed"), "{mail}");
    assert!(!mail.contains("quarantine"), "{mail}");
    tokio::time::sleep(QUIET).await;
    let beats = watched.hook.of("GET /beat").len();
    watched.kill(running).await;
    let running = watched.start("failed").await;
    tokio::time::sleep(QUIET).await;
    assert_eq!(watched.smtpd.mails().len(), 2, "nothing new");
    assert_eq!(
        watched.hook.of("GET /beat").len(),
        beats,
        "no heartbeat while something has failed"
    );
    watched.kill(running).await;

    // It ends while nobody looks.
    watched.in_shop("ALTER TABLE hidden RENAME TO agent").await;
    let running = watched.start("quarantined").await;
    watched.until_mails(3).await;
    let mail = watched.smtpd.mails().remove(2);
    assert!(mail.contains("): 1 resolved\n"), "{mail}");
    assert!(
        mail.contains("agents: resolved: the last run failed"),
        "{mail}"
    );
    // A mail server that is away holds up no other way, and gets everything later.
    watched.smtpd.down();
    watched
        .in_erp("UPDATE agent SET name = 'Carla' WHERE code = 'C'")
        .await;
    watched
        .until("the webhook", |watched| watched.hook.told().len() == 4)
        .await;
    watched.smtpd.up();
    watched.until_mails(4).await;
    tokio::time::sleep(QUIET).await;
    assert_eq!(watched.smtpd.mails().len(), 4);
    assert_eq!(
        watched.hook.told(),
        [
            r#"["agents quarantine"] []"#,
            r#"["agents failed"] []"#,
            r#"[] ["agents failed"]"#,
            r#"[] ["agents quarantine"]"#,
        ]
    );
    running.signal("-TERM");
    running.wait().succeeds();
}

#[tokio::test]
async fn troubles_are_grouped_and_a_day_is_summed_up() {
    // What passes within a minute is not told.
    let watched = Watched::new(
        "alerts grouped",
        "wait = \"60s\"\nevery = \"1s\"\nsummary = \"* * * * *\"\nlanguage = \"it\"",
    )
    .await;
    watched.in_shop("ALTER TABLE agent RENAME TO hidden").await;
    let running = watched.start("failed").await;
    watched.in_shop("ALTER TABLE hidden RENAME TO agent").await;
    watched.until_mails(1).await;
    let mail = watched.smtpd.mails().remove(0);
    for part in [
        "riepilogo di ieri",
        "agents: 0 esecuzioni",
        "Nessun problema",
    ] {
        assert!(mail.contains(part), "{part}\n{mail}");
    }
    let told = watched.hook.of("POST /hook ");
    assert!(
        told.iter()
            .all(|body| body.contains(r#""event":"summary""#)),
        "{told:?}"
    );
    running.signal("-TERM");
    running.wait().succeeds();
}

/// What stands at the same time comes in one message: a guard that has stopped records, and one that cannot be carried over.
#[tokio::test]
async fn two_troubles_come_in_one_message() {
    let mut watched = Watched::new("alerts together", "wait = \"1s\"\nevery = \"1s\"").await;
    let text = watched.project.read("ponte.toml");
    let set = "set = { name = \"name\" }";
    let gone = format!("{set}, gone = \"delete\", guard = {{ percent = 10, rows = 5 }}");
    watched
        .project
        .file("ponte.toml", &text.replace(set, &gone));
    let many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40) \
                INSERT INTO agent SELECT 'N' || i, 'Nina' FROM n";
    watched.in_erp(many).await;
    watched.project.ponte(&["sync"]).succeeds();
    watched
        .in_erp("DELETE FROM agent WHERE code LIKE 'N%'")
        .await;
    watched.in_erp("INSERT INTO agent VALUES ('C', NULL)").await;
    let running = watched.start("quarantined").await;
    watched.until_mails(1).await;
    let mail = watched.smtpd.mails().remove(0);
    for part in [
        "): 2 troubles\n",
        "agents: many records are gone at once; none of them was touched (40 in all)",
        "agents: new records in quarantine (1 in all)",
        "- N1: ",
        "- C: ",
    ] {
        assert!(mail.contains(part), "{part}\n{mail}");
    }
    running.signal("-TERM");
    running.wait().succeeds();
}

/// A flow that has not run well for days is late for the mail, for whoever asks `/health`, and until it runs well again.
#[tokio::test]
async fn a_late_flow_is_told_of_and_answered_with_503() {
    let mut watched = Watched::new("alerts late", "wait = \"1s\"\nevery = \"1s\"").await;
    watched.project.ponte(&["sync"]).succeeds();
    let text = watched.project.read("ponte.toml");
    let nightly = text.replace("agents = \"10s\"", "agents = \"0 3 * * *\"");
    watched.project.file("ponte.toml", &nightly);
    let state = watched.project.path(".ponte/state.sqlite");
    let mut state = Client::connect(&format!("sqlite:{}", state.display())).await;
    let back =
        "UPDATE run SET started_ms = started_ms - 172800000, finished_ms = finished_ms - 172800000";
    state.run(back).await;
    watched.in_shop("ALTER TABLE agent RENAME TO hidden").await;
    let running = watched.start("failed").await;
    let health = ask(watched.port, "GET", "/health", &[], "");
    assert_eq!(
        (health.status, health.body.as_str()),
        (503, r#"{"status":"late","late":["agents"]}"#)
    );
    let has = |watched: &Watched, part: &str| {
        let mails = watched.smtpd.mails();
        mails.iter().any(|mail| mail.contains(part))
    };
    let late = "agents: it has not run well for longer than its schedule allows (last good run: ";
    watched
        .until("the flow is late", |watched| has(watched, late))
        .await;
    let metrics = ask(watched.port, "GET", "/metrics", &[], "").body;
    assert!(
        metrics.contains("ponte_late{flow=\"agents\"} 1\n"),
        "{metrics}"
    );
    assert_eq!(watched.hook.of("GET /beat").len(), 0, "no heartbeat");

    watched.in_shop("ALTER TABLE hidden RENAME TO agent").await;
    watched.project.ponte(&["sync"]).succeeds();
    let over = "agents: resolved: it has not run well for longer";
    watched
        .until("it is late no more", |watched| has(watched, over))
        .await;
    assert_eq!(ask(watched.port, "GET", "/health", &[], "").status, 200);
    running.signal("-TERM");
    running.wait().succeeds();
}

/// What a comparison finds is told once, and its end once.
#[tokio::test]
async fn what_a_comparison_finds_is_told_and_so_is_its_end() {
    let mut watched = Watched::new("alerts compared", "wait = \"1s\"\nevery = \"1s\"").await;
    watched.project.ponte(&["sync"]).succeeds();
    watched
        .in_shop("UPDATE agent SET name = 'Annette' WHERE code = 'A'")
        .await;
    let text = watched.project.read("ponte.toml");
    let often = text.replace("verify = \"demand\"", "verify = \"10s\"");
    watched.project.file("ponte.toml", &often);
    let running = watched.project.start(&["run"]);
    watched.until_mails(1).await;
    let mail = watched.smtpd.mails().remove(0);
    for part in [
        "): 1 trouble\n",
        "connection.shop/verify: both sides were compared, and differ (1 in all)",
        "- agents / A: not as ponte writes it: `agent.name`",
    ] {
        assert!(mail.contains(part), "{part}\n{mail}");
    }
    watched
        .in_shop("UPDATE agent SET name = 'Anna' WHERE code = 'A'")
        .await;
    watched.until_mails(2).await;
    let mail = watched.smtpd.mails().remove(1);
    let over = "connection.shop/verify: resolved: both sides were compared, and differ";
    assert!(mail.contains(over), "{mail}");
    running.signal("-TERM");
    running.wait().succeeds();
}

/// Webhook and heartbeat over TLS: to a server that the system trusts, and to no other.
#[tokio::test]
async fn addresses_over_tls_are_called_only_where_the_certificate_is_trusted() {
    let authority = Authority::new("Company");
    let mut watched = Watched::new("alerts::tls", "wait = \"1s\"\nevery = \"1s\"\n").await;
    watched.hook = Hook::safe(&authority);
    let port = watched.hook.port;
    let at = |host: &str, path: &str| format!("https://{host}:{port}/{path}");
    watched
        .project
        .env("HOOK", &at("localhost", "hook"))
        .env("BEAT", &at("localhost", "beat?a=b"));
    let ca = authority.path("ca.pem").display().to_string();
    watched.project.env("SSL_CERT_FILE", &ca);
    let running = watched.start("done").await;
    let beat = |watched: &Watched| !watched.hook.of("GET /beat?a=b ").is_empty();
    watched.until("a heartbeat", beat).await;
    watched.in_shop("DROP TABLE agent").await;
    let told = |watched: &Watched| watched.hook.told() == ["[\"agents failed\"] []"];
    watched.until("the failure", told).await;
    // Time to note it: what is not noted is told again.
    tokio::time::sleep(QUIET).await;
    running.signal("-TERM");
    running.wait().succeeds();

    // Made out to another name.
    watched
        .in_shop("CREATE TABLE agent (code TEXT PRIMARY KEY, name TEXT NOT NULL)")
        .await;
    watched.hook.forget();
    watched.project.env("BEAT", &at("127.0.0.1", "beat"));
    let running = watched.start("done").await;
    let over = |watched: &Watched| watched.hook.told() == ["[] [\"agents failed\"]"];
    watched.until("its end", over).await;
    let called = |watched: &Watched| watched.hook.was_refused();
    watched.until("a heartbeat's attempt", called).await;
    tokio::time::sleep(QUIET).await;
    running.signal("-TERM");
    let said = running.wait().succeeds().stderr;
    assert!(watched.hook.of("GET ").is_empty());
    let line = "the heartbeat's address cannot be called";
    assert!(
        said.contains(line) && said.contains("its certificate is refused"),
        "{said}"
    );
    assert!(!said.contains("/beat"), "the address is a secret: {said}");

    // An authority that the system does not know.
    let stranger = Authority::new("Stranger");
    let ca = stranger.path("ca.pem").display().to_string();
    watched
        .project
        .env("SSL_CERT_FILE", &ca)
        .env("BEAT", &at("localhost", "beat"));
    watched.hook.forget();
    watched.in_shop("DROP TABLE agent").await;
    let running = watched.start("failed").await;
    // By mail it is told nevertheless.
    watched.until_mails(3).await;
    watched.until("a message's attempt", called).await;
    running.signal("-TERM");
    let said = running.wait().succeeds().stderr;
    assert_eq!(watched.hook.of(""), [""; 0]);
    for line in [
        "did not go out",
        "its certificate is not trusted: the authority of it is unknown here; a company's own one belongs to those that the system trusts, or into \
         the file that the environment variable `SSL_CERT_FILE` names",
    ] {
        assert!(said.contains(line), "{line}\n{said}");
    }
}
