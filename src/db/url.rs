//! Connection strings: `postgres://ponte@erp.example/acme?tls=verify`, `sqlite:demo/shop.db`,
//! `Server=erp\\SQLEXPRESS;Database=acme;User Id=ponte`.
//!
//! A [`DbUrl`] holds the password and never shows it: `Display` and `Debug` write `***`, and no error repeats the text
//! it is about.

mod sqlserver;

use super::ssh::Ssh;
use super::{DbError, DbErrorKind, EngineKind, Result};
use crate::diagnostic::nearest;
use percent_encoding::percent_decode_str;
use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

const POSTGRES_PORT: u16 = 5432;
const MYSQL_PORT: u16 = 3306;
const SQLSERVER_PORT: u16 = 1433;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(600);
/// Longer time-outs are taken for a mistake.
const TIMEOUT_MAX_S: u64 = 86_400;

const SERVER_OPTIONS: [&str; 6] = [
    "tls",
    "ca",
    "connect_timeout_s",
    "statement_timeout_s",
    "application",
    "socket",
];
const FILE_OPTIONS: [&str; 1] = ["mode"];

/// Where a database is and how to get in.
#[derive(Clone)]
pub struct DbUrl {
    kind: EngineKind,
    place: Place,
}

#[derive(Clone)]
enum Place {
    Server(Box<Server>),
    File { path: PathBuf, read_only: bool },
}

/// A database on a server.
#[derive(Clone)]
pub struct Server {
    pub host: String,
    pub port: u16,
    pub user: String,
    pub password: Option<Secret>,
    pub database: String,
    /// PostgreSQL: the folder of the server's Unix socket; MySQL: the socket itself. Used instead of host and port.
    pub socket: Option<PathBuf>,
    pub tls: Tls,
    /// Certificates, in PEM, that are trusted besides the public ones.
    pub ca: Option<PathBuf>,
    pub connect_timeout: Duration,
    pub statement_timeout: Duration,
    /// What the server's process list calls this connection.
    pub application: String,
    /// The SSH server from which the host is reached; the line up to it is encrypted.
    ssh: Option<Ssh>,
    /// The way into a tunnel that is open already.
    is_near_end: bool,
    /// What messages call it, if not by what is here.
    shown: Option<String>,
    /// `tls` stands in the connection string.
    tls_is_asked: bool,
    /// What only SQL Server knows.
    pub sqlserver: SqlServerKeys,
}

impl Default for Server {
    /// Of a connection string that says nothing.
    fn default() -> Server {
        Server {
            host: String::new(),
            port: 0,
            user: String::new(),
            password: None,
            database: String::new(),
            socket: None,
            tls: Tls::Off,
            ca: None,
            connect_timeout: CONNECT_TIMEOUT,
            statement_timeout: STATEMENT_TIMEOUT,
            application: "ponte".to_owned(),
            ssh: None,
            is_near_end: false,
            shown: None,
            tls_is_asked: false,
            sqlserver: SqlServerKeys::default(),
        }
    }
}

/// Keys of a connection string that only SQL Server knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SqlServerKeys {
    /// A named instance whose port the server's SQL Browser tells. `None` where a port is given: that is the instance.
    pub instance: Option<String>,
    /// The certificate is made out to this name instead of the host's.
    pub certificate_host: Option<String>,
    /// A readable secondary of an availability group will do (`ApplicationIntent=ReadOnly`).
    pub read_intent: bool,
    /// Every address of the host is tried at once (`MultiSubnetFailover`).
    pub multi_subnet: bool,
    /// The login is the Windows user that the program runs as.
    pub windows_login: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// Encrypted, and the server's certificate and name are verified.
    Verify,
    /// Encrypted; anyone may be at the other end.
    Required,
    Off,
}

/// A text that does not print itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl DbUrl {
    /// Reads a connection string; paths in it are relative to `base`, and `password` is one that was given apart from
    /// it.
    ///
    /// # Errors
    /// Of kind `Config`; the message repeats neither the text nor the password.
    pub fn parse(text: &str, password: Option<String>, base: &Path) -> Result<DbUrl> {
        match text.split_once(':').map(|(scheme, _)| scheme) {
            Some("postgres" | "postgresql") => server(EngineKind::Postgres, text, password, base),
            Some("mysql" | "mariadb") => server(EngineKind::MySql, text, password, base),
            Some("sqlite") => file(&text["sqlite:".len()..], password, base),
            Some("sqlserver" | "mssql") => sqlserver::url(text, password, base),
            _ if sqlserver::is_ado(text) => sqlserver::ado(text, password, base),
            _ => Err(config(
                "the connection string begins with none of `postgres://`, `mysql://`, `mariadb://`, `sqlserver://`, `sqlite:`, `Server=`",
            )),
        }
    }

    pub fn kind(&self) -> EngineKind {
        self.kind
    }

    /// The server, unless the database is a file.
    pub fn server(&self) -> Option<&Server> {
        match &self.place {
            Place::Server(server) => Some(server),
            Place::File { .. } => None,
        }
    }

    /// The same database, reached through an SSH server.
    ///
    /// # Errors
    /// Of kind `Config` for a file, a socket, or a connection that is to be encrypted beyond the SSH server, too.
    pub fn behind(mut self, ssh: Ssh) -> Result<DbUrl> {
        let Place::Server(server) = &mut self.place else {
            return Err(config("a file is not reached through SSH"));
        };
        if server.socket.is_some() {
            return Err(config("`socket` and `ssh` exclude each other"));
        }
        if server.sqlserver.instance.is_some() {
            return Err(config(
                "SQL Browser, which tells a named instance's port, is not reached through SSH: write the port instead of the instance",
            ));
        }
        if server.tls_is_asked && server.tls != Tls::Off {
            return Err(config(
                "`tls` and `ssh` exclude each other: the tunnel encrypts up to the SSH server, which should stand beside the database",
            ));
        }
        server.tls = Tls::Off;
        server.ssh = Some(ssh);
        Ok(self)
    }

    /// The SSH server in between that is yet to be reached.
    pub(super) fn ssh(&self) -> Option<&Ssh> {
        let server = self.server()?;
        server.ssh.as_ref().filter(|_| !server.is_near_end)
    }

    /// The near end of the tunnel to this database.
    #[cfg(unix)]
    pub(super) fn at_socket(&self, socket: PathBuf) -> DbUrl {
        self.near_end(|server| server.socket = Some(socket))
    }

    /// The near end of the tunnel to this database.
    #[cfg(not(unix))]
    pub(super) fn at_port(&self, port: u16) -> DbUrl {
        self.near_end(|server| {
            server.host = "127.0.0.1".to_owned();
            server.port = port;
        })
    }

    fn near_end(&self, change: impl FnOnce(&mut Server)) -> DbUrl {
        let mut near = self.clone();
        if let Place::Server(server) = &mut near.place {
            server.shown = Some(self.to_string());
            server.is_near_end = true;
            change(server);
        }
        near
    }

    /// Whether both lead to one database, whoever logs in.
    pub fn is_same_database(&self, other: &DbUrl) -> bool {
        match (&self.place, &other.place) {
            (Place::File { path: a, .. }, Place::File { path: b, .. }) => a == b,
            (Place::Server(a), Place::Server(b)) => {
                let there = |server: &Server| match &server.socket {
                    Some(socket) => (socket.display().to_string(), 0),
                    None => (server.host.to_lowercase(), server.port),
                };
                let instance = |server: &Server| {
                    let instance = server.sqlserver.instance.as_ref();
                    instance.map(|name| name.to_lowercase())
                };
                self.kind == other.kind
                    && a.ssh == b.ssh
                    && instance(a) == instance(b)
                    && there(a) == there(b)
                    && a.database == b.database
            }
            _ => false,
        }
    }

    /// The file and whether it is opened for reading only, unless the database is on a server.
    pub fn file(&self) -> Option<(&Path, bool)> {
        match &self.place {
            Place::Server(_) => None,
            Place::File { path, read_only } => Some((path, *read_only)),
        }
    }
}

impl fmt::Display for DbUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::File { path, .. } => write!(f, "sqlite:{}", path.display()),
            Place::Server(server) if server.shown.is_some() => {
                f.write_str(server.shown.as_deref().unwrap_or_default())
            }
            Place::Server(server) => {
                let secret = if server.password.is_some() {
                    ":***"
                } else {
                    ""
                };
                write!(f, "{}://{}{secret}@", self.kind, server.user)?;
                match &server.socket {
                    Some(socket) => write!(f, "{}", socket.display())?,
                    None if server.sqlserver.instance.is_some() => {
                        let instance = server.sqlserver.instance.as_deref().unwrap_or_default();
                        write!(f, "{}\\{instance}", server.host)?;
                    }
                    None if server.host.contains(':') => {
                        write!(f, "[{}]:{}", server.host, server.port)?;
                    }
                    None => write!(f, "{}:{}", server.host, server.port)?,
                }
                write!(f, "/{}", server.database)?;
                match &server.ssh {
                    Some(ssh) => write!(f, " (by SSH over {ssh})"),
                    None => Ok(()),
                }
            }
        }
    }
}

impl fmt::Debug for DbUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn config(message: impl fmt::Display) -> DbError {
    DbError::new(DbErrorKind::Config, message)
}

fn file(rest: &str, password: Option<String>, base: &Path) -> Result<DbUrl> {
    if password.is_some() {
        return Err(config(
            "a password was given, but a SQLite file is not opened with one",
        ));
    }
    let (path, options) = rest.split_once('?').unwrap_or((rest, ""));
    let path = path.strip_prefix("//").unwrap_or(path);
    if path.is_empty() {
        return Err(config("the connection string names no file: `sqlite:FILE`"));
    }
    if path.starts_with(":memory:") {
        return Err(config(
            "a database in memory would be gone with its connection; name a file: `sqlite:FILE`",
        ));
    }
    let mut read_only = false;
    for (name, value) in url::form_urlencoded::parse(options.as_bytes()) {
        match &*name {
            "mode" => {
                read_only = match &*value {
                    "ro" => true,
                    "rw" => false,
                    _ => return Err(config("option `mode` is `ro` or `rw`")),
                };
            }
            _ => return Err(unknown(&name, &FILE_OPTIONS)),
        }
    }
    Ok(DbUrl {
        kind: EngineKind::Sqlite,
        place: Place::File {
            path: base.join(path),
            read_only,
        },
    })
}

fn server(kind: EngineKind, text: &str, password: Option<String>, base: &Path) -> Result<DbUrl> {
    let url = url::Url::parse(text)
        .map_err(|error| config(format_args!("the connection string is no URL: {error}")))?;
    let decoded = |part: &str, what: &str| {
        percent_decode_str(part)
            .decode_utf8()
            .map(|text| text.into_owned())
            .map_err(|_| {
                config(format_args!(
                    "the {what} in the connection string is not UTF-8"
                ))
            })
    };
    let user = decoded(url.username(), "user")?;
    let is_windows = kind == EngineKind::SqlServer && sqlserver::asks_windows_login(&url);
    if user.is_empty() && !is_windows {
        return Err(config("the connection string names no user: `USER@HOST`"));
    }
    let written = url
        .password()
        .map(|written| decoded(written, "password"))
        .transpose()?;
    if written.is_some() && password.is_some() {
        return Err(config(
            "the password is given twice: in the connection string and beside it",
        ));
    }
    let database = decoded(url.path().trim_start_matches('/'), "database name")?;
    if database.is_empty() || database.contains('/') {
        return Err(config(
            "the connection string names no database: `…@HOST/DATABASE`",
        ));
    }
    let host = decoded(url.host_str().unwrap_or_default(), "host")?;
    let host = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(&host);
    let mut server = Server {
        host: host.to_owned(),
        port: url.port().unwrap_or(match kind {
            EngineKind::Postgres => POSTGRES_PORT,
            EngineKind::SqlServer => SQLSERVER_PORT,
            _ => MYSQL_PORT,
        }),
        user,
        password: written.or(password).map(Secret),
        database,
        ..Server::default()
    };
    options(&mut server, kind, &url, base)?;
    Ok(DbUrl {
        kind,
        place: Place::Server(Box::new(server)),
    })
}

fn options(server: &mut Server, kind: EngineKind, url: &url::Url, base: &Path) -> Result<()> {
    let mut tls = None;
    for (name, value) in url.query_pairs() {
        if kind == EngineKind::SqlServer && sqlserver::option(server, &name, &value)? {
            continue;
        }
        match &*name {
            "tls" => {
                tls = Some(match &*value {
                    "verify" => Tls::Verify,
                    "required" => Tls::Required,
                    "off" => Tls::Off,
                    _ => return Err(config("option `tls` is `verify`, `required` or `off`")),
                });
            }
            "ca" => server.ca = Some(base.join(&*value)),
            "socket" if kind != EngineKind::SqlServer => {
                server.socket = Some(base.join(&*value));
            }
            "connect_timeout_s" => server.connect_timeout = seconds(&name, &value)?,
            "statement_timeout_s" => server.statement_timeout = seconds(&name, &value)?,
            "application" => server.application = value.into_owned(),
            _ if kind == EngineKind::SqlServer => {
                let known = [&SERVER_OPTIONS[..5], &sqlserver::OPTIONS].concat();
                return Err(unknown(&name, &known));
            }
            _ => return Err(unknown(&name, &SERVER_OPTIONS)),
        }
    }
    settle(server, tls)
}

/// What was left open, and what excludes each other.
fn settle(server: &mut Server, tls: Option<Tls>) -> Result<()> {
    if server.host.is_empty() {
        if server.socket.is_none() {
            return Err(config("the connection string names no host"));
        }
        server.host = "localhost".to_owned();
    }
    let is_local = server.socket.is_some() || is_loopback(&server.host);
    server.tls_is_asked = tls.is_some();
    server.tls = tls.unwrap_or(if is_local { Tls::Off } else { Tls::Verify });
    if server.ca.is_some() && server.tls != Tls::Verify {
        return Err(config(
            "option `ca` says whom to trust, but nobody is verified: add `tls=verify`",
        ));
    }
    Ok(())
}

fn seconds(name: &str, value: &str) -> Result<Duration> {
    match value.parse() {
        Ok(seconds @ 1..=TIMEOUT_MAX_S) => Ok(Duration::from_secs(seconds)),
        _ => Err(config(format_args!(
            "option `{name}` is a number of seconds from 1 to {TIMEOUT_MAX_S}"
        ))),
    }
}

/// The name of an option is not secret, unless a password with an unescaped `?` got cut: then it is no near-miss and
/// is not repeated.
fn unknown(name: &str, known: &[&str]) -> DbError {
    let all = || {
        let quoted: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
        quoted.join(", ")
    };
    match nearest(name, known.iter().copied()) {
        Some(near) => config(format_args!(
            "unknown option `{name}`; did you mean `{near}`?"
        )),
        None => config(format_args!(
            "an unknown option in the connection string; known ones are {}",
            all()
        )),
    }
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<DbUrl> {
        DbUrl::parse(text, None, Path::new("/project"))
    }

    #[test]
    fn a_server_with_everything() {
        let url = parse(
            "mysql://po%40nte:s%3Acret@shop.example:3307/sh%20op?ca=ca.pem&connect_timeout_s=3&statement_timeout_s=60&application=x",
        )
        .unwrap();
        let server = url.server().unwrap();
        assert_eq!(url.kind(), EngineKind::MySql);
        assert_eq!((server.host.as_str(), server.port), ("shop.example", 3307));
        assert_eq!(server.user, "po@nte");
        assert_eq!(server.password.as_ref().unwrap().expose(), "s:cret");
        assert_eq!(server.database, "sh op");
        assert_eq!(server.tls, Tls::Verify);
        assert_eq!(server.ca.as_deref(), Some(Path::new("/project/ca.pem")));
        assert_eq!(server.connect_timeout, Duration::from_secs(3));
        assert_eq!(server.statement_timeout, Duration::from_secs(60));
    }

    #[test]
    fn tls_is_on_unless_the_host_is_this_one() {
        for (host, tls) in [
            ("localhost", Tls::Off),
            ("127.0.0.1", Tls::Off),
            ("[::1]", Tls::Off),
            ("10.0.0.1", Tls::Verify),
            ("localhost.example", Tls::Verify),
        ] {
            let url = parse(&format!("postgres://u@{host}/d")).unwrap();
            assert_eq!(url.server().unwrap().tls, tls, "{host}");
        }
        let url = parse("postgres://u@db.example/d?tls=off").unwrap();
        assert_eq!(url.server().unwrap().tls, Tls::Off);
    }

    #[test]
    fn files_are_relative_to_the_project() {
        for (text, path) in [
            ("sqlite:demo/shop.db", "/project/demo/shop.db"),
            ("sqlite:///srv/shop.db", "/srv/shop.db"),
            ("sqlite:/srv/shop.db?mode=ro", "/srv/shop.db"),
        ] {
            assert_eq!(parse(text).unwrap().file().unwrap().0, Path::new(path));
        }
        assert!(parse("sqlite:a.db?mode=ro").unwrap().file().unwrap().1);
    }

    #[test]
    fn the_password_is_never_shown() {
        let url = DbUrl::parse(
            "postgres://ponte@host/db",
            Some("hunter2".to_owned()),
            Path::new(""),
        )
        .unwrap();
        assert_eq!(url.to_string(), "postgres://ponte:***@host:5432/db");
        assert_eq!(format!("{url:?}"), "postgres://ponte:***@host:5432/db");
        for text in [
            "hunter2",
            "hunter2:x",
            "mysql:hunter2",
            "mysql://u:hunter2@",
            "mysql://u:hunter2@h:99999/d",
            "mysql://u:p?hunter2@h/d",
            "mysql://u:hunter2@h",
            "mysql://u:hunter2@h/d?statement_timeout_s=hunter2",
            "mysql://u:hunter2@h/d?tls=hunter2",
            "mysql://:hunter2@h/d",
            "mysql://u:hunter2@h/d?tlss=off",
            "mysql://u:hunter2%ff@h/d",
            "sqlite::memory:",
            "sqlite:",
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!(error.kind, DbErrorKind::Config);
            assert!(!error.message.contains("hunter2"), "{text}: {error}");
        }
        let twice = DbUrl::parse("mysql://u:a@h/d", Some("b".to_owned()), Path::new(""));
        assert!(twice.unwrap_err().message.contains("twice"));
    }

    #[test]
    fn a_mistyped_option_gets_a_suggestion() {
        let error = parse("mysql://u@h/d?tsl=off").unwrap_err();
        assert_eq!(error.message, "unknown option `tsl`; did you mean `tls`?");
    }
}
