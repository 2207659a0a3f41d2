//! Databases for tests: a fresh one per test on the servers that `tests/run` starts, or a SQLite file.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{LazyLock, Mutex};

use tds_stand_in::{Options, Server};
use tempfile::TempDir;

use super::client::Client;

/// An empty database. It stays on the server until the next run of the same test; a SQLite file goes when this is dropped.
pub struct Database {
    pub url: String,
    pub name: String,
    folder: Option<TempDir>,
}

impl Database {
    /// One on a server of the test's own.
    pub fn at(url: String, name: &str) -> Database {
        Database {
            url,
            name: name.to_owned(),
            folder: None,
        }
    }

    pub async fn client(&self) -> Client {
        Client::connect(&self.url).await
    }
}

/// An empty database in PostgreSQL. `test` names it: the test's path, plus a word if the test makes several.
pub async fn postgres(test: &str) -> Database {
    postgres_as(test, "").await
}

/// The same in another encoding: `SQL_ASCII` takes any bytes for text.
pub async fn postgres_in(test: &str, encoding: &str) -> Database {
    postgres_as(test, &format!(" ENCODING '{encoding}' LOCALE 'C'")).await
}

async fn postgres_as(test: &str, options: &str) -> Database {
    let server = postgres_url();
    let mut admin = Client::connect(&server).await;
    let taken = admin.rows("SELECT datname FROM pg_database").await;
    let name = make_room(test, &mut admin, taken, " WITH (FORCE)").await;
    admin
        .run(&format!(
            "CREATE DATABASE {name} TEMPLATE template0{options}"
        ))
        .await;
    Database {
        url: with_database(&server, &name),
        name,
        folder: None,
    }
}

/// An empty database in MariaDB (utf8mb4).
pub async fn mariadb(test: &str) -> Database {
    let server = mariadb_url();
    let mut admin = Client::connect(&server).await;
    let taken = admin.rows("SHOW DATABASES").await;
    let name = make_room(test, &mut admin, taken, "").await;
    admin
        .run(&format!("CREATE DATABASE {name} CHARACTER SET utf8mb4"))
        .await;
    Database {
        url: with_database(&server, &name),
        name,
        folder: None,
    }
}

/// An empty SQLite file in a folder of its own.
pub fn sqlite(test: &str) -> Database {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let name = database_name(test);
    let file = folder.path().join(format!("{name}.db"));
    std::fs::File::create(&file).expect("a file in a new folder");
    Database {
        url: format!("sqlite://{}", file.display()),
        name,
        folder: Some(folder),
    }
}

/// An empty database in SQL Server, where readers neither wait for writers nor hold them up.
pub async fn sqlserver(test: &str) -> Database {
    let server = sqlserver_url();
    let mut admin = Client::connect(&server).await;
    let taken = admin.rows("SELECT name FROM sys.databases").await;
    let new = database_name(test);
    for old in taken.into_iter().flatten().flatten() {
        if is_left_over(&old, test) {
            admin
                .run(&format!(
                    "ALTER DATABASE {old} SET SINGLE_USER WITH ROLLBACK IMMEDIATE"
                ))
                .await;
            admin.run(&format!("DROP DATABASE {old}")).await;
        }
    }
    admin.run(&format!("CREATE DATABASE {new}")).await;
    for option in ["ALLOW_SNAPSHOT_ISOLATION", "READ_COMMITTED_SNAPSHOT"] {
        admin
            .run(&format!("ALTER DATABASE {new} SET {option} ON"))
            .await;
    }
    Database {
        url: with_database(&server, &new),
        name: new,
        folder: None,
    }
}

/// SQL Server's default for a new database: whoever reads waits for those who write.
pub async fn without_snapshots(database: &Database) {
    let mut admin = Client::connect(&sqlserver_url()).await;
    for option in ["ALLOW_SNAPSHOT_ISOLATION", "READ_COMMITTED_SNAPSHOT"] {
        let name = &database.name;
        admin
            .run(&format!("ALTER DATABASE {name} SET {option} OFF"))
            .await;
    }
}

/// The URL of a database of the PostgreSQL server that every installation has.
pub fn postgres_url() -> String {
    from_environment("PONTE_TEST_POSTGRES")
}

pub fn mariadb_url() -> String {
    from_environment("PONTE_TEST_MARIADB")
}

/// Whether `PONTE_TEST_SQLSERVER` names one.
pub fn sqlserver_is_real() -> bool {
    std::env::var_os("PONTE_TEST_SQLSERVER").is_some()
}

/// The SQL Server that `PONTE_TEST_SQLSERVER` names, or else the stand-in, within this process.
pub fn sqlserver_url() -> String {
    static STAND_IN: LazyLock<Server> = LazyLock::new(|| Server::start(Options::default()));
    std::env::var("PONTE_TEST_SQLSERVER").unwrap_or_else(|_| STAND_IN.url())
}

/// A text with the servers' URLs in it, whose passwords a project file may only name: `PASSWORD` is "ponte".
pub fn without_secrets(text: &str) -> String {
    let text = text.replace(":ponte@", ":${PASSWORD}@");
    match text.contains("sqlserver://") {
        true => text.replace(&format!(":{}@", sa_password()), ":${SA_PASSWORD}@"),
        false => text,
    }
}

/// The login's on SQL Server.
pub fn sa_password() -> String {
    let url = url::Url::parse(&sqlserver_url()).expect("a URL");
    url.password().unwrap_or_default().to_owned()
}

fn from_environment(variable: &str) -> String {
    std::env::var(variable)
        .unwrap_or_else(|_| panic!("{variable} is not set: start the tests with tests/run"))
}

/// The `host:port` of a URL.
pub fn address(url: &str) -> String {
    let url = url::Url::parse(url).expect("a URL");
    format!(
        "{}:{}",
        url.host_str().expect("a host"),
        url.port().expect("a port")
    )
}

/// The same database for another login.
pub fn with_login(url: &str, login: &str, password: &str) -> String {
    let mut url = url::Url::parse(url).expect("a URL");
    url.set_username(login).expect("a URL with a host");
    url.set_password(Some(password)).expect("a URL with a host");
    url.into()
}

fn with_database(server: &str, name: &str) -> String {
    let mut url = url::Url::parse(server).expect("a URL");
    url.set_path(name);
    url.into()
}

fn database_name(test: &str) -> String {
    static USED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let fresh = USED
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
        .insert(test.to_owned());
    assert!(
        fresh,
        "two databases named `{test}` in one run: they would be the same one"
    );
    format!("{}{}", prefix(test), std::process::id())
}

fn prefix(test: &str) -> String {
    let mut hasher = DefaultHasher::new();
    test.hash(&mut hasher);
    format!("ponte_t_{:016x}_", hasher.finish())
}

/// Whether a database is of an earlier run of this test, which is no more.
fn is_left_over(name: &str, test: &str) -> bool {
    let process = name.strip_prefix(&prefix(test));
    process.is_some_and(|process| !std::path::Path::new("/proc").join(process).exists())
}

/// Drops what earlier runs of this test left behind (long-lived servers would fill up) and returns the new name.
async fn make_room(
    test: &str,
    admin: &mut Client,
    taken: Vec<Vec<Option<String>>>,
    how: &str,
) -> String {
    let new = database_name(test);
    for old in taken.into_iter().flatten().flatten() {
        if old == new || is_left_over(&old, test) {
            admin
                .run(&format!("DROP DATABASE IF EXISTS {old}{how}"))
                .await;
        }
    }
    new
}
