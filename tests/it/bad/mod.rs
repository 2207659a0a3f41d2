//! Bad input, as a user meets it: each case changes a sound project or its databases in one thing, and what the program
//! then says lies in `tests/cases/bad/NAME.txt`, together with the rows of the target afterwards: those of which nothing
//! is wrong. `SNAPSHOTS=overwrite` writes the files.

mod check;
mod hostile;
mod rows;
mod servers;

use std::path::Path;

use crate::support::client::Client;
use crate::support::project::{Project, golden_differs};
use crate::support::servers::{
    Database, address, mariadb_url, postgres_in, postgres_url, with_login,
};
use crate::sync::pair::{On, database};
use crate::sync::shop;

/// What a case changes.
struct Case<'a> {
    /// Of its golden file.
    name: &'a str,
    base: Base,
    /// Run on the source's database after it was filled; `{database}` is its name.
    source: &'a str,
    /// Run on the target's database.
    target: &'a str,
    /// Pieces of the project file, and what stands there instead.
    edits: &'a [(&'a str, &'a str)],
    /// Files beside the project file.
    files: &'a [(&'a str, &'a str)],
    /// A login of its own for one side, which may do this with each table.
    login: Option<(Side, Privileges)>,
    /// `ponte setup --run` and `ponte match --accept` were run.
    ready: bool,
    /// Runs of the program, one after the other.
    runs: &'a [&'a [&'a str]],
    /// Of the target, afterwards.
    rows: &'a str,
}

/// The privileges on a table.
type Privileges = fn(&str) -> &'static str;

#[derive(Clone, Copy)]
enum Base {
    /// One flow of the project's own: tables `source` and `target`.
    Flow(On, On),
    /// The same from a PostgreSQL database in this encoding.
    Encoded(&'static str, On),
    /// The reference ERP and WooCommerce.
    Packs(On, On),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Source,
    Target,
}

const SYNC: &[&[&str]] = &[&["sync", "--no-progress"]];
const CHECK: &[&[&str]] = &[&["check"]];
const PACKS: Base = Base::Packs(On::Sqlite, On::Sqlite);

impl Default for Case<'_> {
    fn default() -> Self {
        Case {
            name: "",
            base: Base::Flow(On::Postgres, On::Mariadb),
            source: "",
            target: "",
            edits: &[],
            files: &[],
            login: None,
            ready: true,
            runs: SYNC,
            rows: "",
        }
    }
}

const FLOW: &str = r#"[connection.a]
url = "${SOURCE}"

[connection.b]
url = "${TARGET}"

[flow.x]
from = { connection = "connection.a", table = "source", key = ["code"] }

[flow.x.to]
connection = "connection.b"
table = "target"
match = { code = "code" }
set = { name = "name", price = "price", pieces = "pieces", born = "born" }
"#;

/// Sound rows: one before and one after those that a case adds.
const ROWS: &str = "INSERT INTO source (code, name, price, pieces, born) VALUES ('A-1', 'first', 1.50, 1, '2026-01-01'), ('Z-9', 'last', 2.50, 2, '2026-01-02')";

fn tables(on: On, name: &str) -> String {
    let number = match on {
        On::Sqlite => "NUMERIC",
        _ => "DECIMAL(8,2)",
    };
    format!(
        "CREATE TABLE {name} (code VARCHAR(20) PRIMARY KEY, name VARCHAR(40), price {number}, pieces SMALLINT, born DATE)"
    )
}

/// A project with both its databases.
struct Stand {
    project: Project,
    source: Database,
    target: Database,
    /// As an administrator, whom to remove.
    login: Option<(Side, String)>,
}

impl Stand {
    async fn new(case: &Case<'_>) -> Stand {
        let name = |side: &str| format!("bad::{} {side}", case.name);
        let (source, target) = (name("source"), name("target"));
        let (source, target) = match case.base {
            Base::Flow(a, b) | Base::Packs(a, b) => {
                (database(a, &source).await, database(b, &target).await)
            }
            Base::Encoded(encoding, b) => (
                postgres_in(&source, encoding).await,
                database(b, &target).await,
            ),
        };
        let mut project = Project::new();
        let text = match case.base {
            Base::Packs(..) => {
                shop::fill(&source, &target).await;
                shop::project("${SOURCE}", "${TARGET}")
            }
            Base::Flow(_, on) | Base::Encoded(_, on) => {
                let mut client = source.client().await;
                let source_on = match case.base {
                    Base::Flow(source, _) => source,
                    _ => On::Postgres,
                };
                client.load(&tables(source_on, "source")).await;
                client.load(ROWS).await;
                target.client().await.load(&tables(on, "target")).await;
                FLOW.to_owned()
            }
        };
        project.file("ponte.toml", text.trim_start());
        for (path, text) in case.files {
            project.file(path, text);
        }
        for (url, version_of, database) in [
            ("[SOURCE]", "[VERSION]", &source),
            ("[TARGET]", "[VERSION]", &target),
        ] {
            project.redact(url, database.url.trim_start_matches("sqlite://"));
            project.redact_database(url, database);
            project.redact(version_of, &version(&mut database.client().await).await);
        }
        let mut stand = Stand {
            project,
            source,
            target,
            login: None,
        };
        stand.use_urls(case).await;
        stand
    }

    /// Sets ponte up, changes what the case changes, then makes its login.
    async fn use_urls(&mut self, case: &Case<'_>) {
        let urls = [
            ("SOURCE", self.source.url.clone()),
            ("TARGET", self.target.url.clone()),
        ];
        for (name, url) in &urls {
            self.project.env(name, url);
        }
        if case.ready {
            self.project.ponte(&["setup", "--run"]).succeeds();
            self.project.ponte(&["match", "--accept"]);
        }
        self.edit(case.edits);
        for (script, database) in [(case.source, &self.source), (case.target, &self.target)] {
            if !script.is_empty() {
                let script = script.replace("{database}", &database.name);
                database.client().await.load(&script).await;
            }
        }
        if let Some((side, may)) = case.login {
            let (name, url) = self.make_login(side, may).await;
            self.project.env(name, &url);
        }
    }

    async fn make_login(&mut self, side: Side, may: Privileges) -> (&'static str, String) {
        let (variable, database) = match side {
            Side::Source => ("SOURCE", &self.source),
            Side::Target => ("TARGET", &self.target),
        };
        let login = format!("bad_{}", &database.name[database.name.len() - 16..]);
        let mut client = database.client().await;
        let (tables, make, host) = match client {
            Client::Postgres(_) => (
                "SELECT quote_ident(table_schema) || '.' || quote_ident(table_name) FROM information_schema.tables WHERE table_schema NOT IN ('pg_catalog', 'information_schema')",
                format!("DROP ROLE IF EXISTS {login}; CREATE ROLE {login} LOGIN PASSWORD 'p'"),
                login.clone(),
            ),
            _ => (
                "SELECT table_name FROM information_schema.tables WHERE table_schema = database()",
                format!("CREATE OR REPLACE USER '{login}'@'%' IDENTIFIED BY 'p'"),
                format!("'{login}'@'%'"),
            ),
        };
        client.load(&make).await;
        for table in client.rows(tables).await.into_iter().flatten().flatten() {
            let privileges = may(&table);
            if !privileges.is_empty() {
                client
                    .run(&format!("GRANT {privileges} ON {table} TO {host}"))
                    .await;
            }
        }
        let url = with_login(&database.url, &login, "p");
        self.project.redact("[LOGIN]", &login);
        self.login = Some((side, login));
        (variable, url)
    }

    async fn remove_login(&self) {
        let Some((side, login)) = &self.login else {
            return;
        };
        let database = match side {
            Side::Source => &self.source,
            Side::Target => &self.target,
        };
        let mut client = database.client().await;
        let statements = match client {
            Client::Postgres(_) => format!("DROP OWNED BY {login}; DROP ROLE {login}"),
            _ => format!("DROP USER '{login}'@'%'"),
        };
        client.load(&statements).await;
    }

    /// Replaces pieces of the project file, each of which must be there.
    fn edit(&mut self, edits: &[(&str, &str)]) {
        let mut text = self.project.read("ponte.toml");
        for (old, new) in edits {
            assert!(text.contains(old), "the project has no {old}");
            let mut new = (*new).to_owned();
            for (placeholder, value) in [
                ("[MARIADB]", address(&mariadb_url())),
                ("[POSTGRES]", address(&postgres_url())),
                ("[SOURCE]", self.source.name.clone()),
                ("[TARGET]", self.target.name.clone()),
            ] {
                new = new.replace(placeholder, &value);
            }
            text = text.replace(old, &new);
        }
        self.project.file("ponte.toml", &text);
    }

    /// What the runs say and the rows they leave.
    async fn said(&self, runs: &[&[&str]], rows: &str) -> String {
        let mut said = String::new();
        for arguments in runs {
            let outcome = self.project.ponte(arguments);
            said.push_str(&format!(
                "$ ponte {}\n{}",
                arguments.join(" "),
                steady(&outcome.stdout)
            ));
            if !outcome.stderr.is_empty() {
                said.push_str(&format!(
                    "--- on standard error\n{}",
                    steady(&outcome.stderr)
                ));
            }
            let code = outcome
                .code
                .map_or("none".to_owned(), |code| code.to_string());
            said.push_str(&format!("--- exit code {code}\n"));
        }
        if !rows.is_empty() {
            let shown = rows.replace('\u{1b}', "\\u{1b}");
            said.push_str(&format!("--- {shown}\n"));
            for row in self.target.client().await.rows(rows).await {
                let values = row.into_iter();
                let values: Vec<String> = values
                    .map(|value| {
                        value.map_or("NULL".to_owned(), |value| value.escape_debug().to_string())
                    })
                    .collect();
                said.push_str(&format!("{}\n", values.join("|")));
            }
        }
        said
    }
}

/// Tables without the width that a server's version gives them, and without the seconds that a flow took.
fn steady(text: &str) -> String {
    let mut in_seconds = false;
    let mut steady = String::new();
    for line in text.lines() {
        let mut words: Vec<&str> = line.split("  ").filter(|word| !word.is_empty()).collect();
        in_seconds = line.ends_with("  seconds") || in_seconds && words.len() > 3;
        if in_seconds {
            words.pop();
        }
        // What is drawn with carets stays as it is, and so do lines that are moved in.
        let is_table = !line.contains(" |") && !line.starts_with(' ') && words.len() > 1;
        match is_table {
            true => steady.push_str(
                &words
                    .iter()
                    .map(|word| word.trim())
                    .collect::<Vec<_>>()
                    .join("  "),
            ),
            false => steady.push_str(line),
        }
        steady.push('\n');
    }
    steady
}

async fn version(client: &mut Client) -> String {
    let sql = match client {
        Client::Postgres(_) => "SHOW server_version",
        Client::Mariadb(_) => "SELECT version()",
        Client::Sqlite(_) => "SELECT sqlite_version()",
        Client::SqlServer(_) => "SELECT CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(128))",
    };
    let version = client.value(sql).await.expect("a version");
    // `15.18 (Debian 15.18-0+deb12u1)`, `10.11.14-MariaDB-0+deb12u2`
    let end = version.find([' ', '-']).unwrap_or(version.len());
    version[..end].to_owned()
}

/// Runs every case and compares what it says with its golden file; all that differ are told at once.
async fn run(cases: &[Case<'_>]) {
    let mut wrong = Vec::new();
    for case in cases {
        let stand = Stand::new(case).await;
        let said = stand.said(case.runs, case.rows).await;
        stand.remove_login().await;
        wrong.extend(golden(case.name, &said));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is wrong, if the golden file says otherwise.
fn golden(name: &str, said: &str) -> Option<String> {
    let file = format!("tests/cases/bad/{name}.txt");
    golden_differs(said, &Path::new(env!("CARGO_MANIFEST_DIR")).join(file))
}
