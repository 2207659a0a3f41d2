//! Databases behind an SSH server: a real one, on the loopback.

use crate::support::project::Project;
use crate::support::servers::{self, Database};
use crate::support::sshd::Sshd;
use crate::sync::shop;

/// A table that goes from one server to another one behind SSH.
struct Pair {
    sshd: Sshd,
    erp: Database,
    shop: Database,
    project: Project,
}

impl Pair {
    async fn new(test: &str) -> Pair {
        let sshd = Sshd::start();
        let erp = servers::postgres(&format!("{test} erp")).await;
        let shop = servers::mariadb(&format!("{test} shop")).await;
        let mut client = erp.client().await;
        client
            .run("CREATE TABLE agent (code text PRIMARY KEY, name text NOT NULL)")
            .await;
        client
            .run("INSERT INTO agent SELECT 'A' || n, 'Agent ' || n FROM generate_series(1, 3000) n")
            .await;
        let mut client = shop.client().await;
        client
            .run("CREATE TABLE agent (code varchar(20) PRIMARY KEY, name varchar(80) NOT NULL)")
            .await;
        let mut project = Project::new();
        project.redact("[SSH]", &format!("127.0.0.1:{}", sshd.port));
        project.redact("[PORT]", &sshd.port.to_string());
        project.redact("[SHOP]", &shop.name);
        let mut pair = Pair {
            sshd,
            erp,
            shop,
            project,
        };
        pair.keys("user", "known_hosts");
        pair
    }

    /// Writes the project: which key logs in, which file knows the server.
    fn keys(&mut self, key: &str, known_hosts: &str) {
        let ssh = way(&self.sshd, key, known_hosts);
        let text = format!(
            r#"
[connection.erp]
url = "{}"
[connection.erp.ssh]
{ssh}
[connection.shop]
url = "{}"
[connection.shop.ssh]
{ssh}
[flow.agents]
from = {{ connection = "connection.erp", table = "agent", key = ["code"] }}
to = {{ connection = "connection.shop", table = "agent", match = {{ code = "code" }}, set = {{ name = "name" }} }}
"#,
            self.erp.url, self.shop.url
        );
        self.project.file("ponte.toml", &text);
    }

    async fn agents(&self) -> Option<String> {
        self.shop
            .client()
            .await
            .value("SELECT count(*) FROM agent")
            .await
    }
}

/// The keys of `ssh` in a project.
fn way(sshd: &Sshd, key: &str, known_hosts: &str) -> String {
    format!(
        "host = \"127.0.0.1\"\nport = {}\nkey = \"{}\"\nknown_hosts = \"{}\"\n",
        sshd.port,
        sshd.path(key).display(),
        sshd.path(known_hosts).display()
    )
}

/// As most shops are reached: a pack's, at a web host.
#[tokio::test]
async fn a_shop_of_a_pack_is_reached_through_ssh() {
    let sshd = Sshd::start();
    let erp = servers::sqlite("ssh::pack erp");
    let shop = servers::mariadb("ssh::pack shop").await;
    shop::fill(&erp, &shop).await;
    let text = shop::project(&erp.url, &shop.url);
    let ssh = way(&sshd, "user", "known_hosts");
    let mut project = Project::new();
    project.file("ponte.toml", &format!("{text}[shop.main.ssh]\n{ssh}"));
    project.ponte(&["setup", "--run"]).succeeds();
    project.ponte(&["match", "--accept"]);
    project.ponte(&["sync"]).exits_with(4);
    let mut client = erp.client().await;
    client
        .run("UPDATE prices SET amount = 99 WHERE sku = 'TOOL-2'")
        .await;
    client
        .run("UPDATE stock SET quantity = 42 WHERE sku = 'TOOL-2'")
        .await;
    project.ponte(&["sync", "price", "stock"]);
    let mut client = shop.client().await;
    for (key, value) in [("_regular_price", "99"), ("_stock", "42")] {
        let shown = format!(
            "SELECT m.meta_value FROM wp_postmeta m WHERE m.post_id = 102 AND m.meta_key = '{key}'"
        );
        let shown = client.value(&shown).await;
        assert_eq!(shown.as_deref(), Some(value), "{key}");
    }
}

#[tokio::test]
async fn both_engines_are_reached_through_ssh() {
    let mut pair = Pair::new("ssh::both").await;
    pair.project.ponte(&["setup", "--run"]).succeeds();
    pair.project.ponte(&["check"]).succeeds();
    pair.project.ponte(&["sync"]).succeeds();
    assert_eq!(pair.agents().await.as_deref(), Some("3000"));

    // The line breaks; the next run finds a new one.
    pair.sshd.down();
    let said = pair.project.ponte(&["sync"]).exits_with(3);
    assert!(said.stdout.contains("Connection refused"), "{said}");
    pair.sshd.up();
    pair.erp
        .client()
        .await
        .run("UPDATE agent SET name = 'Anna' WHERE code = 'A1'")
        .await;
    pair.project.ponte(&["sync"]).succeeds();
    let anna = "SELECT name FROM agent WHERE code = 'A1'";
    assert_eq!(
        pair.shop.client().await.value(anna).await.as_deref(),
        Some("Anna")
    );
}

#[tokio::test]
async fn who_is_not_known_is_not_trusted() {
    let mut pair = Pair::new("ssh::trust").await;
    pair.project.ponte(&["setup", "--run"]).succeeds();

    std::fs::write(pair.sshd.path("nobody"), "").unwrap();
    pair.keys("user", "nobody");
    pair.project
        .ponte(&["sync"])
        .exits_with(3)
        .stdout_eq(snapbox::str![[r#"
agents failed: cannot connect to mysql://root:***@[MARIADB]/[SHOP] (by SSH over [SSH]): the SSH server [SSH] is not known here; compare its key with what its owner says (`ssh-keyscan -p [PORT] 127.0.0.1 | ssh-keygen -lf -`), then add the line of `ssh-keyscan` to the `known_hosts` file

"#]]);

    pair.sshd.know("another", "stranger.pub");
    pair.keys("user", "another");
    pair.project
        .ponte(&["sync"])
        .exits_with(3)
        .stdout_eq(snapbox::str![[r#"
agents failed: cannot connect to mysql://root:***@[MARIADB]/[SHOP] (by SSH over [SSH]): the SSH server [SSH] shows another key than the one it is known by: another machine may be in its place; if its owner confirms the new key, replace its line in the `known_hosts` file

"#]]);

    pair.keys("stranger", "known_hosts");
    pair.project
        .ponte(&["sync"])
        .exits_with(3)
        .stdout_eq(snapbox::str![[r#"
agents failed: cannot connect to mysql://root:***@[MARIADB]/[SHOP] (by SSH over [SSH]): the SSH server [SSH] refuses the login; its owner must have this user's public key, and the key must be without a passphrase or in the agent

"#]]);
    assert_eq!(pair.agents().await.as_deref(), Some("0"));
}

#[tokio::test]
async fn an_agent_holds_the_key() {
    let mut pair = Pair::new("ssh::agent").await;
    let socket = pair.sshd.path("agent");
    let mut agent = std::process::Command::new("ssh-agent")
        .args(["-D", "-a"])
        .arg(&socket)
        .stdout(std::process::Stdio::null())
        .spawn()
        .expect("ssh-agent starts");
    while !socket.exists() {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let added = std::process::Command::new("ssh-add")
        .arg("-q")
        .arg(pair.sshd.path("user"))
        .env("SSH_AUTH_SOCK", &socket)
        .status();
    assert!(added.expect("ssh-add runs").success());
    let key = format!("key = \"{}\"\n", pair.sshd.path("user").display());
    let text = pair.project.read("ponte.toml").replace(&key, "");
    pair.project.file("ponte.toml", &text);
    pair.project.ponte(&["setup", "--run"]).exits_with(3);
    pair.project
        .env("SSH_AUTH_SOCK", &socket.display().to_string());
    pair.project.ponte(&["setup", "--run"]).succeeds();
    let _ = agent.kill();
    let _ = agent.wait();
}
