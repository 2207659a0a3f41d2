//! SQL Server's two forms of connection string: a URL, whose host may name an instance (`sqlserver://ponte@erp\SQLEXPRESS/acme`),
//! and the keywords of ADO.NET, as an ERP's own settings have them.

use super::{
    DbUrl, EngineKind, Place, Result, SQLSERVER_PORT, Secret, Server, Tls, config, seconds, settle,
};
use crate::diagnostic::nearest;
use std::path::Path;

pub const OPTIONS: [&str; 5] = [
    "instance",
    "certificate_host",
    "intent",
    "multi_subnet",
    "windows_login",
];

/// The keywords that are understood, in small letters and without blanks, with what they mean here.
const KEYWORDS: [(&str, Keyword); 27] = [
    ("server", Keyword::Server),
    ("datasource", Keyword::Server),
    ("address", Keyword::Server),
    ("addr", Keyword::Server),
    ("networkaddress", Keyword::Server),
    ("database", Keyword::Database),
    ("initialcatalog", Keyword::Database),
    ("userid", Keyword::User),
    ("uid", Keyword::User),
    ("user", Keyword::User),
    ("password", Keyword::Password),
    ("pwd", Keyword::Password),
    ("encrypt", Keyword::Encrypt),
    ("trustservercertificate", Keyword::Trust),
    ("hostnameincertificate", Keyword::CertificateHost),
    ("servercertificate", Keyword::Ca),
    ("applicationintent", Keyword::Intent),
    ("integratedsecurity", Keyword::Windows),
    ("trusted_connection", Keyword::Windows),
    ("connecttimeout", Keyword::ConnectTimeout),
    ("connectiontimeout", Keyword::ConnectTimeout),
    ("timeout", Keyword::ConnectTimeout),
    ("commandtimeout", Keyword::StatementTimeout),
    ("applicationname", Keyword::Application),
    ("app", Keyword::Application),
    ("multisubnetfailover", Keyword::MultiSubnet),
    ("persistsecurityinfo", Keyword::Nothing),
];

/// Keywords that mean nothing for one connection of one program, and do no harm.
const IGNORED: [&str; 12] = [
    "pooling",
    "maxpoolsize",
    "minpoolsize",
    "multipleactiveresultsets",
    "packetsize",
    "workstationid",
    "wsid",
    "enlist",
    "connectionlifetime",
    "loadbalancetimeout",
    "connectretrycount",
    "connectretryinterval",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keyword {
    Server,
    Database,
    User,
    Password,
    Encrypt,
    Trust,
    CertificateHost,
    Ca,
    Intent,
    Windows,
    ConnectTimeout,
    StatementTimeout,
    Application,
    MultiSubnet,
    Nothing,
}

/// A URL. The backslash before an instance is no sign that a URL may have, and is taken out first.
pub fn url(text: &str, password: Option<String>, base: &Path) -> Result<DbUrl> {
    let Some((scheme, rest)) = text.split_once("://") else {
        return Err(config(
            "a URL of SQL Server is `sqlserver://USER@HOST/DATABASE`",
        ));
    };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    // A password may hold a slash only escaped, and an `@` too: the last one ends the user info.
    let (authority, tail) = rest.split_at(end);
    let host_at = authority.rfind('@').map_or(0, |at| at + 1);
    let (before, host) = authority.split_at(host_at);
    let lower = host.to_ascii_lowercase();
    let backslash = host.find('\\').map(|at| (at, 1));
    let escaped = lower.find("%5c").map(|at| (at, 3));
    let Some((at, length)) = backslash.or(escaped) else {
        return super::server(EngineKind::SqlServer, text, password, base);
    };
    let (name, instance) = (&host[..at], &host[at + length..]);
    let (instance, port) = match instance.split_once(':') {
        Some((instance, port)) => (instance, Some(port)),
        None => (instance, None),
    };
    let plain = match port {
        Some(port) => format!("{scheme}://{before}{name}:{port}{tail}"),
        None => format!("{scheme}://{before}{name}{tail}"),
    };
    let mut url = super::server(EngineKind::SqlServer, &plain, password, base)?;
    if port.is_none()
        && let Place::Server(server) = &mut url.place
    {
        server.sqlserver.instance = named_instance(instance)?;
    }
    Ok(url)
}

/// The default instance is the one without a name.
fn named_instance(name: &str) -> Result<Option<String>> {
    let is_name = |c: char| c.is_alphanumeric() || "_$#".contains(c);
    if name.is_empty() || !name.chars().all(is_name) {
        return Err(config(
            "the instance after the host is no name: `HOST\\INSTANCE`",
        ));
    }
    Ok((!name.eq_ignore_ascii_case("MSSQLSERVER")).then(|| name.to_owned()))
}

/// Reads an option that only SQL Server has; false if it is none of them.
pub fn option(server: &mut Server, name: &str, value: &str) -> Result<bool> {
    let keys = &mut server.sqlserver;
    match name {
        "instance" => keys.instance = named_instance(value)?,
        "certificate_host" => keys.certificate_host = Some(value.to_owned()),
        "intent" => {
            keys.read_intent = match value {
                "readonly" => true,
                "readwrite" => false,
                _ => return Err(config("option `intent` is `readonly` or `readwrite`")),
            };
        }
        "multi_subnet" => keys.multi_subnet = flag(name, value)?,
        "windows_login" => keys.windows_login = flag(name, value)?,
        _ => return Ok(false),
    }
    Ok(true)
}

pub fn asks_windows_login(url: &url::Url) -> bool {
    url.query_pairs()
        .any(|(name, value)| name == "windows_login" && value == "true")
}

fn flag(name: &str, value: &str) -> Result<bool> {
    match value {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(config(format_args!("option `{name}` is `true` or `false`"))),
    }
}

/// Whether a text is made of keywords: its first one is known.
pub fn is_ado(text: &str) -> bool {
    let Some((first, _)) = text.split_once('=') else {
        return false;
    };
    let name = folded(first);
    KEYWORDS.iter().any(|(known, _)| *known == name) || IGNORED.contains(&&*name)
}

fn folded(name: &str) -> String {
    let name = name.trim_start_matches([';', ' ']);
    let letters = name.chars().filter(|sign| !sign.is_whitespace());
    letters.collect::<String>().to_ascii_lowercase()
}

/// `Server=tcp:host\instance,port;Database=…;User Id=…`
pub fn ado(text: &str, password: Option<String>, base: &Path) -> Result<DbUrl> {
    let mut server = Server {
        port: SQLSERVER_PORT,
        ..Server::default()
    };
    let (mut encrypt, mut trust) = (None, None);
    for (name, value) in pairs(text)? {
        let folded = folded(&name);
        let known = KEYWORDS.iter().find(|(known, _)| *known == folded);
        let keyword = match known {
            Some((_, keyword)) => *keyword,
            None if IGNORED.contains(&&*folded) => Keyword::Nothing,
            None => return Err(unknown(&folded)),
        };
        match keyword {
            Keyword::Server => place(&mut server, &value)?,
            Keyword::Database => server.database = value,
            Keyword::User => server.user = value,
            Keyword::Password => server.password = Some(Secret(value)),
            Keyword::Encrypt => {
                encrypt = Some(match &*value.to_ascii_lowercase() {
                    "true" | "yes" | "mandatory" => true,
                    "false" | "no" | "optional" => false,
                    "strict" => {
                        return Err(config(
                            "`Encrypt=Strict` is TDS 8, which ponte does not speak: write `Encrypt=True`, which encrypts everything but the first message \
                             and verifies the certificate; where the server accepts nothing else, `Force Strict Encryption` must be switched off there",
                        ));
                    }
                    _ => return Err(config("`Encrypt` is `True` or `False`")),
                });
            }
            Keyword::Trust => trust = Some(truth("TrustServerCertificate", &value)?),
            Keyword::CertificateHost => server.sqlserver.certificate_host = Some(value),
            Keyword::Ca => server.ca = Some(base.join(value)),
            Keyword::Intent => {
                server.sqlserver.read_intent = match &*value.to_ascii_lowercase() {
                    "readonly" => true,
                    "readwrite" => false,
                    _ => return Err(config("`ApplicationIntent` is `ReadOnly` or `ReadWrite`")),
                };
            }
            Keyword::Windows => {
                server.sqlserver.windows_login =
                    value.eq_ignore_ascii_case("sspi") || truth("Integrated Security", &value)?;
            }
            Keyword::ConnectTimeout => {
                server.connect_timeout = seconds("Connect Timeout", &value)?;
            }
            Keyword::StatementTimeout => {
                server.statement_timeout = seconds("Command Timeout", &value)?;
            }
            Keyword::Application => server.application = value,
            Keyword::MultiSubnet => {
                server.sqlserver.multi_subnet = truth("MultiSubnetFailover", &value)?;
            }
            Keyword::Nothing => {}
        }
    }
    if server.password.is_some() && password.is_some() {
        return Err(config(
            "the password is given twice: in the connection string and beside it",
        ));
    }
    server.password = server.password.or(password.map(Secret));
    if server.host.is_empty() {
        return Err(config(
            "the connection string names no server: `Server=HOST`",
        ));
    }
    if server.user.is_empty() && !server.sqlserver.windows_login {
        return Err(config(
            "the connection string names no user: `User Id=…`, or `Integrated Security=SSPI` on Windows",
        ));
    }
    if server.database.is_empty() {
        return Err(config(
            "the connection string names no database: `Database=…`",
        ));
    }
    let tls = match (encrypt, trust) {
        (Some(false), _) => Some(Tls::Off),
        (_, Some(true)) => Some(Tls::Required),
        (Some(true), _) => Some(Tls::Verify),
        (None, _) => None,
    };
    settle(&mut server, tls)?;
    Ok(DbUrl {
        kind: EngineKind::SqlServer,
        place: Place::Server(Box::new(server)),
    })
}

fn truth(name: &str, value: &str) -> Result<bool> {
    match &*value.to_ascii_lowercase() {
        "true" | "yes" => Ok(true),
        "false" | "no" => Ok(false),
        _ => Err(config(format_args!("`{name}` is `True` or `False`"))),
    }
}

/// `tcp:host\instance,port`, `(local)`, `.`.
fn place(server: &mut Server, text: &str) -> Result<()> {
    let text = text.trim();
    let lower = text.to_ascii_lowercase();
    if lower.starts_with("np:") || lower.starts_with("lpc:") || lower.starts_with("(localdb)") {
        return Err(config(
            "named pipes, shared memory and LocalDB are not supported: let the server listen on TCP",
        ));
    }
    let text = match lower.starts_with("tcp:") {
        true => text["tcp:".len()..].trim(),
        false => text,
    };
    let (host, port) = match text.rsplit_once(',') {
        Some((host, port)) => (host.trim(), Some(port.trim())),
        None => (text, None),
    };
    let (host, instance) = match host.split_once('\\') {
        Some((host, instance)) => (host, Some(instance)),
        None => (host, None),
    };
    server.host = match host {
        "." | "(local)" => "localhost".to_owned(),
        host => host.trim_matches(['[', ']']).to_owned(),
    };
    match port {
        Some(port) => {
            server.port = port.parse().map_err(|_| {
                config("the port in the connection string is no number: `Server=HOST,PORT`")
            })?;
        }
        None => {
            let instance = instance.map(named_instance).transpose()?;
            server.sqlserver.instance = instance.flatten();
        }
    }
    Ok(())
}

/// Keywords and values. A value in quotes may hold a semicolon; the quote itself is doubled within. In braces, as ODBC
/// writes it, the closing one is.
fn pairs(text: &str) -> Result<Vec<(String, String)>> {
    let mut pairs = Vec::new();
    let mut rest = text.trim_start_matches([';', ' ']);
    while !rest.is_empty() {
        let Some((name, after)) = rest.split_once('=') else {
            return Err(config(
                "the connection string has a part without `=`: `KEYWORD=VALUE;…` (a value with a `;` goes in quotes)",
            ));
        };
        let after = after.trim_start();
        let close = match after.chars().next() {
            Some(quote @ ('"' | '\'')) => Some(quote),
            Some('{') => Some('}'),
            _ => None,
        };
        let (value, left) = match close {
            Some(close) => quoted(&after[1..], close)?,
            None => {
                let end = after.find(';').unwrap_or(after.len());
                (after[..end].trim_end().to_owned(), &after[end..])
            }
        };
        pairs.push((name.trim().to_owned(), value));
        let left = left.trim_start();
        if !left.is_empty() && !left.starts_with(';') {
            return Err(config(
                "a quoted value in the connection string is not followed by `;`",
            ));
        }
        rest = left.trim_start_matches([';', ' ']);
    }
    Ok(pairs)
}

fn quoted(text: &str, close: char) -> Result<(String, &str)> {
    let mut value = String::new();
    let mut signs = text.char_indices().peekable();
    while let Some((at, sign)) = signs.next() {
        if sign != close {
            value.push(sign);
        } else if signs.next_if(|(_, next)| *next == close).is_some() {
            value.push(close);
        } else {
            return Ok((value, &text[at + close.len_utf8()..]));
        }
    }
    Err(config(
        "a quoted value in the connection string is not closed",
    ))
}

/// A keyword is repeated only if it is nearly one that is known: it may be a piece of a password.
fn unknown(name: &str) -> super::DbError {
    match nearest(name, KEYWORDS.iter().map(|(known, _)| *known)) {
        Some(near) => config(format_args!(
            "an unknown keyword in the connection string; did you mean `{near}`?"
        )),
        None => config(
            "an unknown keyword in the connection string; known are Server, Database, User Id, Password, Encrypt, TrustServerCertificate, \
             HostNameInCertificate, ServerCertificate, ApplicationIntent, Integrated Security, Connect Timeout, Command Timeout, \
             Application Name, MultiSubnetFailover",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::DbErrorKind;
    use super::*;
    use std::time::Duration;

    fn parse(text: &str) -> Result<DbUrl> {
        DbUrl::parse(text, None, Path::new("/project"))
    }

    fn of(text: &str) -> Server {
        parse(text).unwrap().server().unwrap().clone()
    }

    #[test]
    fn an_instance_stands_behind_the_host() {
        for (text, host, instance, port) in [
            ("sqlserver://u:p@h/d", "h", None, 1433),
            ("sqlserver://u:p@h:1500/d", "h", None, 1500),
            ("sqlserver://u:p@h\\X/d", "h", Some("X"), 1433),
            ("sqlserver://u:p@h%5CX/d?tls=off", "h", Some("X"), 1433),
            ("sqlserver://u:p@h\\X:1500/d", "h", None, 1500),
            ("sqlserver://u:p@h\\mssqlserver/d", "h", None, 1433),
            ("mssql://u:p@h/d?instance=X", "h", Some("X"), 1433),
            ("Server=h;Database=d;User Id=u;Password=p", "h", None, 1433),
            (
                "data source=tcp:h\\X;initial catalog=d;uid=u;pwd=p",
                "h",
                Some("X"),
                1433,
            ),
            (
                "Server=tcp:h\\X,1500;Database=d;User Id=u;Password=p;",
                "h",
                None,
                1500,
            ),
            (
                "Server=(local)\\X;Database=d;UID=u;PWD=p",
                "localhost",
                Some("X"),
                1433,
            ),
        ] {
            let server = of(text);
            assert_eq!(server.host, host, "{text}");
            assert_eq!(server.sqlserver.instance.as_deref(), instance, "{text}");
            assert_eq!(server.port, port, "{text}");
            assert_eq!((&*server.user, &*server.database), ("u", "d"), "{text}");
            assert_eq!(server.password.unwrap().expose(), "p", "{text}");
        }
    }

    #[test]
    fn keywords_say_what_options_do() {
        let server = of(
            "Server=erp.example;Database='a;b';User Id=u;Password=\"p;\"\"q\";Encrypt=Mandatory;ApplicationIntent=ReadOnly;\
             Connect Timeout=3;Command Timeout=60;HostNameInCertificate=db.example;Application Name=x;MultiSubnetFailover=Yes;Pooling=false",
        );
        assert_eq!(server.database, "a;b");
        assert_eq!(server.password.as_ref().unwrap().expose(), "p;\"q");
        assert_eq!(server.tls, Tls::Verify);
        assert_eq!(server.connect_timeout, Duration::from_secs(3));
        assert_eq!(server.statement_timeout, Duration::from_secs(60));
        let url = of(
            "sqlserver://u:p%3B%22q@erp.example/a%3Bb?tls=verify&intent=readonly&connect_timeout_s=3&statement_timeout_s=60&\
             certificate_host=db.example&application=x&multi_subnet=true",
        );
        assert_eq!(server.sqlserver, url.sqlserver);
        assert_eq!(
            (server.database, server.application),
            (url.database, url.application)
        );
    }

    #[test]
    fn encryption_is_as_asked_and_on_unless_the_host_is_this_one() {
        for (text, tls) in [
            ("Server=h;Database=d;UID=u", Tls::Verify),
            ("Server=localhost;Database=d;UID=u", Tls::Off),
            ("Server=h;Database=d;UID=u;Encrypt=false", Tls::Off),
            (
                "Server=h;Database=d;UID=u;TrustServerCertificate=true",
                Tls::Required,
            ),
            (
                "Server=.;Database=d;UID=u;Encrypt=true;TrustServerCertificate=true",
                Tls::Required,
            ),
            ("Server=.;Database=d;UID=u;Encrypt=true", Tls::Verify),
        ] {
            assert_eq!(of(text).tls, tls, "{text}");
        }
    }

    #[test]
    fn strict_encryption_is_refused_with_what_to_write_instead() {
        for text in ["Encrypt=Strict", "encrypt = strict"] {
            let error = parse(&format!("Server=h;Database=d;UID=u;{text}")).unwrap_err();
            assert_eq!(error.kind, DbErrorKind::Config);
            for part in ["TDS 8", "`Encrypt=True`", "`Force Strict Encryption`"] {
                assert!(error.message.contains(part), "{error}");
            }
        }
    }

    #[test]
    fn nothing_of_a_password_is_shown() {
        let url = parse("Server=h\\X;Database=d;UID=u;PWD=hunter2").unwrap();
        assert_eq!(url.to_string(), "sqlserver://u:***@h\\X/d");
        assert_eq!(format!("{url:?}"), url.to_string());
        for text in [
            "Server=h;Database=d;UID=u;PWD=a;hunter2",
            "Server=h;Database=d;UID=u;PWD=a;hunter2=b",
            "Server=h;Database=d;UID=u;PWD='hunter2",
            "Server=h;Database=d;UID=u;PWD='a'hunter2",
            "Server=h;Database=d;PWD=hunter2",
            "Server=h,x;Database=d;UID=u;PWD=hunter2",
            "Server=h;UID=u;PWD=hunter2",
            "Server=h;Database=d;UID=u;PWD=hunter2;Encrypt=hunter2",
            "sqlserver://u:hunter2@h\\/d",
            "sqlserver://u:hunter2@h\\a b/d",
            "sqlserver://u:hunter2@h/d?socket=x",
            "sqlserver:hunter2",
            "Server=np:\\\\h\\pipe;Database=d;UID=u;PWD=hunter2",
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!(error.kind, DbErrorKind::Config, "{text}");
            assert!(!error.message.contains("hunter2"), "{text}: {error}");
        }
        let twice = DbUrl::parse(
            "Server=h;Database=d;UID=u;PWD=a",
            Some("b".to_owned()),
            Path::new(""),
        );
        assert!(twice.unwrap_err().message.contains("twice"));
    }
}
