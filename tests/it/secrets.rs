//! No secret of a project is found in what ponte says, writes or sends: planted where each kind stands, then looked for everywhere.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::alerts::Hook;
use crate::service::{NAMES, WAIT_MAX, signal, until};
use crate::support::http::{ask, free_port};
use crate::support::project::{Outcome, Project, files_below};
use crate::support::servers;
use crate::support::smtpd::{LOGIN, Smtpd};
use crate::support::sshd::Sshd;

/// What no other text has; each secret is one of these with its place's name.
const MARK: &str = "Zk7q";

/// A secret of this place, with signs that URLs and connection strings write otherwise.
fn secret(place: &str) -> String {
    format!("{MARK}-{place}-of-the-shop-p@ss")
}

/// Every way in which a secret may be written, and the name of its place.
fn ways(secrets: &[(&'static str, String)]) -> Vec<(&'static str, Vec<u8>)> {
    let mut ways = Vec::new();
    for (place, secret) in secrets {
        let coded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        let plain = base64(format!("\0shop\0{secret}").as_bytes());
        for text in [secret.clone(), coded, base64(secret.as_bytes()), plain] {
            ways.push((*place, text.into_bytes()));
        }
        // SQL Server's login and texts.
        let wide = secret.encode_utf16().flat_map(u16::to_le_bytes).collect();
        ways.push((*place, wide));
    }
    ways
}

fn base64(bytes: &[u8]) -> String {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let at = |index: usize| u32::from(*chunk.get(index).unwrap_or(&0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for index in 0..4 {
            let sign = match index <= chunk.len() {
                true => SIGNS[(bits >> (18 - 6 * index) & 63) as usize],
                false => b'=',
            };
            text.push(char::from(sign));
        }
    }
    text
}

/// Where secrets were found.
struct Looking {
    ways: Vec<(&'static str, Vec<u8>)>,
    found: Vec<String>,
    looked_at: usize,
}

impl Looking {
    fn at(&mut self, what: &str, bytes: &[u8]) {
        self.looked_at += 1;
        for (place, way) in &self.ways {
            if let Some(at) = bytes.windows(way.len()).position(|part| part == way) {
                let from = at.saturating_sub(120);
                let to = (at + way.len() + 40).min(bytes.len());
                let around = String::from_utf8_lossy(&bytes[from..to]);
                self.found.push(format!("{place} in {what}: {around:?}"));
            }
        }
    }

    fn at_outcome(&mut self, what: &str, outcome: &Outcome) {
        self.at(&format!("stdout of {what}"), outcome.stdout.as_bytes());
        self.at(&format!("stderr of {what}"), outcome.stderr.as_bytes());
    }

    fn at_folder(&mut self, folder: &Path) {
        for path in files_below(folder) {
            let bytes = std::fs::read(&path).expect("a file");
            self.at(&path.display().to_string(), &bytes);
        }
    }
}

#[tokio::test]
async fn secrets_of_a_project_are_found_nowhere() {
    let places = [
        "pg-url",
        "maria-key",
        "maria-file",
        "tds-ado",
        "tds-url",
        "far",
        "act",
        "look",
        "hook",
        "alert",
        "beat",
        "wrong",
    ];
    let mut secrets: Vec<(&'static str, String)> =
        places.iter().map(|place| (*place, secret(place))).collect();
    secrets.push(("smtp", LOGIN.to_owned()));
    let sshd = Sshd::start();
    let key = std::fs::read_to_string(sshd.path("user")).expect("a private key");
    // A line in the midst of it.
    let key = key
        .lines()
        .nth(2)
        .expect("a key of several lines")
        .to_owned();
    secrets.push(("ssh-key", key));
    let of = |place: &str| {
        let mut all = secrets.iter();
        all.find(|(name, _)| *name == place)
            .expect("a place")
            .1
            .clone()
    };
    let coded = |place: &str| of(place).replace('@', "%40");

    let erp = servers::sqlite("secrets erp");
    let shop = servers::sqlite("secrets shop");
    let mut source = erp.client().await;
    source
        .run("CREATE TABLE agent (code TEXT PRIMARY KEY, name TEXT)")
        .await;
    source
        .run("INSERT INTO agent VALUES ('A', 'Anna'), ('B', 'Bruno')")
        .await;
    shop.client()
        .await
        .run("CREATE TABLE agent (code TEXT PRIMARY KEY, name TEXT NOT NULL)")
        .await;
    let (smtpd, hook) = (Smtpd::safe(), Hook::open());
    let (port, nobody) = (free_port(), free_port());
    let (postgres, mariadb) = (
        servers::address(&servers::postgres_url()),
        servers::address(&servers::mariadb_url()),
    );
    let mut flows = String::new();
    for name in ["pg", "mariakey", "mariafile", "tdsado", "tdsurl", "far"] {
        flows.push_str(&format!(
            r#"
[flow.{name}]
from = {{ connection = "connection.{name}", table = "agent", key = ["code"] }}
to = {{ connection = "connection.shop", table = "agent", match = {{ code = "code" }}, set = {{ name = "name" }} }}
"#
        ));
    }
    let text = format!(
        r#"
[connection.erp]
url = "{}"
[connection.shop]
url = "{}"
# Written out: a warning, and masked wherever the line is shown.
[connection.pg]
url = "postgres://nobody:{}@{postgres}/nothing?tls=off"
[connection.mariakey]
url = "mysql://nobody@{mariadb}/nothing"
password = "${{MARIA}}"
[connection.mariafile]
url = "mysql://nobody@{mariadb}/nothing"
password_file = "maria.secret"
[connection.tdsado]
url = "Server=127.0.0.1,{nobody};Database=nothing;User Id=sa;Password=${{TDS}};TrustServerCertificate=true"
[connection.tdsurl]
url = "sqlserver://sa:{}@127.0.0.1:{nobody}/nothing"
[connection.far]
url = "mysql://nobody@{mariadb}/nothing"
password = "${{FAR}}"
[connection.far.ssh]
host = "127.0.0.1"
port = {}
key = "{}"
known_hosts = "{}"
[flow.agents]
from = {{ connection = "connection.erp", table = "agent", key = ["code"] }}
to = {{ connection = "connection.shop", table = "agent", match = {{ code = "code" }}, set = {{ name = "name" }} }}
{flows}
[schedule.flows]
agents = "10s"
verify = "demand"
[service]
listen = "127.0.0.1:{port}"
token = "${{ACT}}"
look_token = "${{LOOK}}"
webhook_token = "${{HOOK}}"
[mail]
url = "smtp://localhost:{}"
user = "shop"
password = "${{MAIL}}"
from = "ponte <ponte@example.com>"
[alerts]
mail = ["it@example.com"]
webhook = "${{ALERT}}"
heartbeat = "http://127.0.0.1:{nobody}/{}"
wait = "1s"
every = "1s"
[log]
level = "debug"
"#,
        erp.url,
        shop.url,
        coded("pg-url"),
        coded("tds-url"),
        sshd.port,
        sshd.path("user").display(),
        sshd.path("known_hosts").display(),
        smtpd.port,
        of("beat"),
    );
    let mut project = Project::new();
    project.file("ponte.toml", &text);
    project.file("maria.secret", &format!("{}\n", of("maria-file")));
    let alert = format!("http://127.0.0.1:{}/{}", hook.port(), of("alert"));
    let certificate = smtpd.path("cert.pem").display().to_string();
    for (name, value) in [
        ("MARIA", of("maria-key")),
        ("TDS", of("tds-ado")),
        ("FAR", of("far")),
        ("ACT", of("act")),
        ("LOOK", of("look")),
        ("HOOK", of("hook")),
        ("MAIL", of("smtp")),
        ("ALERT", alert),
        ("SSL_CERT_FILE", certificate),
    ] {
        project.env(name, &value);
    }
    let mut looking = Looking {
        ways: ways(&secrets),
        found: Vec::new(),
        looked_at: 0,
    };

    looking.at_outcome("setup", &project.ponte(&["setup", "--run"]));
    // Of what can be reached alone it succeeds.
    project.file("ponte.toml", &text.replace(&flows, ""));
    looking.at_outcome("setup", &project.ponte(&["setup", "--run"]).succeeds());
    project.file("ponte.toml", &text);
    // As much as can be had: drivers' words, too.
    let running = project.start(&["-vvv", "run"]);
    let began = Instant::now();
    let may_act = of("act");
    let act = [("Authorization", format!("Bearer {may_act}"))];
    let act: Vec<(&str, &str)> = act
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let failed = |flows: &Value| {
        let all = flows["flows"].as_array().map_or(&[][..], Vec::as_slice);
        let failed = all
            .iter()
            .filter(|flow| flow["last"]["outcome"] == "failed");
        failed.count()
    };
    loop {
        let answer = crate::support::http::try_ask(port, "GET", "/api/flows", &act, "");
        let body = answer.map(|answer| answer.body).unwrap_or_default();
        let flows = serde_json::from_str(&body).unwrap_or_default();
        if failed(&flows) == 6 {
            break;
        }
        assert!(began.elapsed() < WAIT_MAX, "{body}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    until(&shop, NAMES, "Anna,Bruno").await;
    // All ways of telling have told, and one trouble more tells again.
    while smtpd.mails().is_empty() || hook.bodies().is_empty() {
        assert!(began.elapsed() < WAIT_MAX, "no alert");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    source.run("INSERT INTO agent VALUES ('C', NULL)").await;
    let is_told = |mail: &String| mail.contains("agents: new records in quarantine");
    while !smtpd.mails().iter().any(is_told) {
        assert!(began.elapsed() < WAIT_MAX, "{:?}", smtpd.mails());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }

    // Whoever asks, with which token ever: right, wrong, in the address.
    let bearers = ["act", "look", "hook", "wrong"].map(|place| format!("Bearer {}", of(place)));
    for path in [
        "/",
        "/?lang=it",
        "/quarantine",
        "/approvals",
        "/explain?sku=A",
        "/order?ref=1",
        "/help",
        "/login",
        "/metrics",
        "/api/flows",
        "/api/runs",
        "/api/quarantine",
        "/api/approvals",
        "/api/explain?sku=A",
        "/api/order?ref=1",
        "/openapi.json",
        "/health",
        "/nothing",
    ] {
        for bearer in &bearers {
            let answer = ask(port, "GET", path, &[("Authorization", bearer)], "");
            looking.at(&format!("GET {path}"), format!("{answer:?}").as_bytes());
        }
        let sign = if path.contains('?') { '&' } else { '?' };
        let asked = format!("{path}{sign}token={}", coded("hook"));
        // The address that was asked is the asker's own; pages do not repeat it.
        let answer = ask(port, "GET", &asked, &[], "");
        looking.at(
            &format!("GET {path}?token"),
            format!("{answer:?}").as_bytes(),
        );
    }
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    for place in ["wrong", "act"] {
        let body = format!("token={}&name=Ada", coded(place));
        let answer = ask(port, "POST", "/login", &[form], &body);
        looking.at("POST /login", format!("{answer:?}").as_bytes());
    }
    for word in ["run", "resync", "pause", "resume", "nothing"] {
        for bearer in &bearers {
            let path = format!("/api/flows/pg/{word}");
            let answer = ask(port, "POST", &path, &[("Authorization", bearer)], "{}");
            looking.at(&path, format!("{answer:?}").as_bytes());
        }
    }
    let path = format!("/api/flows/far/run?token={}", coded("hook"));
    looking.at(
        "webhook",
        format!("{:?}", ask(port, "POST", &path, &[], "")).as_bytes(),
    );

    // Commands: through the service, and by themselves.
    for command in [
        &["status", "--json"][..],
        &["runs"],
        &["runs", "--json"],
        &["quarantine", "list"],
        &["sync", "pg", "--json"],
        &["-vvv", "sync", "--alone", "--dry-run"],
        &["-vvv", "check"],
        &["check", "--json"],
        &["grants"],
        &["verify", "--json"],
        &["service", "install", "--print", "--user", "ponte"],
    ] {
        looking.at_outcome(&command.join(" "), &project.ponte(command));
    }
    // A file that is wrong is quoted.
    for (right, wrong) in [
        ("agents = \"10s\"", "agents = \"now\""),
        ("[connection.pg]\n", "[connection.pg]\nurl = 5\n"),
        ("postgres://nobody", "postgre://nobody"),
        ("heartbeat = \"http", "heartbeat = \"ftp"),
        ("Database=nothing;User", "Databse=nothing;User"),
    ] {
        project.file("ponte.toml", &text.replace(right, wrong));
        let said = project.ponte(&["check"]);
        assert_ne!(said.code, Some(0), "{wrong}");
        looking.at_outcome(&format!("check of a file with {wrong}"), &said);
    }
    signal(&running, "-HUP");
    tokio::time::sleep(Duration::from_secs(2)).await;
    signal(&running, "-TERM");
    looking.at_outcome("run", &running.wait());

    for mail in smtpd.mails() {
        looking.at("a mail", mail.as_bytes());
    }
    for body in hook.bodies() {
        looking.at("an alert", body.as_bytes());
    }
    let state = project.path(".ponte");
    let names: Vec<String> = files_below(&state)
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    for part in ["state.sqlite", ".jsonl"] {
        assert!(names.iter().any(|name| name.ends_with(part)), "{names:?}");
    }
    looking.at_folder(&state);
    // What ponte leaves in the databases, too.
    for database in [&erp, &shop] {
        let file = database.url.trim_start_matches("sqlite:");
        looking.at(file, &std::fs::read(file).expect("a database's file"));
    }
    assert!(looking.looked_at > 100, "{}", looking.looked_at);
    assert!(looking.found.is_empty(), "{:#?}", looking.found);
}

/// The test's own eyes.
#[test]
fn a_secret_would_be_found_however_it_is_written() {
    let secrets = vec![("smtp", LOGIN.to_owned())];
    let found = |text: &[u8]| {
        let mut looking = Looking {
            ways: ways(&secrets),
            found: Vec::new(),
            looked_at: 0,
        };
        looking.at("a text", text);
        looking.found.len()
    };
    assert_eq!(found(b"nothing of it, and no Zk7q-smtp either"), 0);
    assert_eq!(found(b"smtp://shop:Zk7q-smtp-p@ss@host"), 1);
    assert_eq!(found(b"token=Zk7q-smtp-p%40ss&x"), 1);
    // With the login, and by itself.
    assert_eq!(found(b"AUTH PLAIN AHNob3AAWms3cS1zbXRwLXBAc3M="), 2);
}
