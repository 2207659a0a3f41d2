//! SQL Server 2012 and later, by tiberius.
//!
//! - The statements keep to what SQL Server 2012 understands: no `STRING_AGG`, no `OPENJSON`, no `DROP … IF EXISTS`. `MERGE` is left
//!   alone for its races.
//! - Everything that takes values is run by `sp_executesql` with parameters, at most 2,100 of them a statement ([`write`]).
//! - A query that is read may only read: what a batch could do besides is refused before it is sent ([`guard`]).
//! - Statements whose results nobody waits for go together ([`later`]); a transaction begins, is checked, and asks whether the tables are
//!   still what they were, in one round trip.
//! - `XACT_ABORT` is on: an error ends the transaction on the server, and nothing more is done in it here.
//! - Texts are ordered by their UTF-8 bytes since 2019. Before, the server orders them by UTF-16 units: what differs are characters beyond
//!   U+FFFF beside those from U+E000 on.
//! - The snapshot of a transaction begins with its first read, and only where the database allows `SNAPSHOT`; elsewhere reads are
//!   READ COMMITTED.

mod answer;
mod catalog;
mod cell;
mod decode;
mod dialect;
mod error;
mod guard;
mod later;
mod load;
mod session;
mod types;
mod write;

use super::url::{DbUrl, Server as Address, Tls};
use super::{DbError, DbErrorKind, Engine, EngineKind, Result, Session};
use error::{Phase, db_error};
use session::{SqlServerSession, Wire};
use std::time::Duration;
use tiberius::error::Error;
use tiberius::{AuthMethod, Client, Config, EncryptionLevel, SqlBrowser};
use tokio::net::TcpStream;
use tokio_util::compat::TokioAsyncWriteCompatExt;

/// Where SQL Browser listens, which knows the instances' ports.
const BROWSER_PORT: u16 = 1434;
/// How often a server may send its client on to another address.
const ROUTES_MAX: u32 = 3;
/// How long a statement waits for another transaction's lock.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);

/// Where a database on SQL Server is.
pub struct SqlServer {
    url: DbUrl,
    address: Address,
}

impl SqlServer {
    /// # Errors
    /// Of kind `Config` for a connection string of another engine.
    pub fn new(url: &DbUrl) -> Result<Self> {
        match (url.kind(), url.server()) {
            (EngineKind::SqlServer, Some(address)) => Ok(SqlServer {
                url: url.clone(),
                address: address.clone(),
            }),
            _ => Err(DbError::new(
                DbErrorKind::Config,
                "not a connection string of SQL Server",
            )),
        }
    }

    fn config(&self) -> Result<Config> {
        let address = &self.address;
        let mut config = Config::new();
        config.host(&address.host);
        match &address.sqlserver.instance {
            Some(instance) => {
                config.port(BROWSER_PORT);
                config.instance_name(instance);
            }
            None => config.port(address.port),
        }
        config.database(&address.database);
        config.application_name(&address.application);
        config.readonly(address.sqlserver.read_intent);
        config.multi_subnet_failover(address.sqlserver.multi_subnet);
        // Both are timed here: the driver's own time-out makes the connection unusable.
        config.handshake_timeout(None);
        config.command_timeout(None);
        config.authentication(self.login()?);
        match address.tls {
            Tls::Off => {
                config.encryption(EncryptionLevel::NotSupported);
                // A server that insists gets its way, whoever it is: asked for was a line that anyone can read.
                config.trust_cert();
            }
            Tls::Required => {
                config.encryption(EncryptionLevel::Required);
                config.trust_cert();
            }
            Tls::Verify => {
                config.encryption(EncryptionLevel::Required);
                if let Some(ca) = &address.ca {
                    let certificates = std::fs::read(ca).map_err(|error| {
                        DbError::new(
                            DbErrorKind::Config,
                            format_args!("option `ca`: {}: {error}", ca.display()),
                        )
                    })?;
                    config.trust_cert_ca_bundle(certificates);
                }
                if let Some(host) = &address.sqlserver.certificate_host {
                    config.hostname_in_certificate(host);
                }
            }
        }
        Ok(config)
    }

    fn login(&self) -> Result<AuthMethod> {
        if self.address.sqlserver.windows_login {
            return windows_login();
        }
        let password = self.address.password.as_ref();
        let password = password.map_or("", |secret| secret.expose());
        Ok(AuthMethod::sql_server(&self.address.user, password))
    }

    /// The line to the server, or to the one that it has sent us on to, whose port is known.
    async fn dial(
        &self,
        config: &Config,
        sent_on: Option<&(String, u16)>,
    ) -> std::result::Result<Wire, Error> {
        #[cfg(unix)]
        if let Some(socket) = &self.address.socket {
            let stream = tokio::net::UnixStream::connect(socket).await?;
            return Ok((Box::new(stream) as Box<dyn session::Stream>).compat_write());
        }
        let stream = match (sent_on, &self.address.sqlserver.instance) {
            (Some((host, port)), _) => TcpStream::connect((host.as_str(), *port)).await?,
            (None, Some(instance)) => TcpStream::connect_named(config)
                .await
                .map_err(|error| no_port(instance, &error))?,
            (None, None) => TcpStream::connect_named(config).await?,
        };
        stream.set_nodelay(true)?;
        Ok((Box::new(stream) as Box<dyn session::Stream>).compat_write())
    }

    async fn client(&self, mut config: Config) -> std::result::Result<Client<Wire>, Error> {
        let mut routes = 0;
        let mut sent_on = None;
        loop {
            let wire = self.dial(&config, sent_on.as_ref()).await?;
            match Client::connect(config.clone(), wire).await {
                // A gateway (Azure) or the listener of an availability group.
                Err(Error::Routing { host, port })
                    if routes < ROUTES_MAX && self.address.socket.is_none() =>
                {
                    tracing::debug!(host, port, "the server sends us on");
                    routes += 1;
                    config.host(&host);
                    config.port(port);
                    sent_on = Some((host, port));
                }
                done => return done,
            }
        }
    }

    async fn open(&self, config: Config) -> Result<SqlServerSession> {
        let phase = Phase::Connect(self.address.tls);
        let client = self
            .client(config)
            .await
            .map_err(|error| db_error(&error, phase))?;
        SqlServerSession::open(
            client,
            self.url.to_string(),
            self.address.statement_timeout,
            &settings(),
        )
        .await
    }
}

#[cfg(windows)]
fn windows_login() -> Result<AuthMethod> {
    Ok(AuthMethod::Integrated)
}

#[cfg(not(windows))]
fn windows_login() -> Result<AuthMethod> {
    Err(DbError::new(
        DbErrorKind::Config,
        "logging in as the Windows user is only possible where ponte runs on Windows; here it needs a login of SQL Server's own",
    ))
}

/// Who the instance's port was asked of said nothing, or something else.
fn no_port(instance: &str, error: &Error) -> Error {
    let reason = match error {
        Error::Io { message, .. } => message.clone(),
        Error::Conversion(message) => message.to_string(),
        error => error.to_string(),
    };
    Error::Conversion(format!("SQL Browser, instance {instance}: {reason}").into())
}

/// Every setting that decides what a statement means, whatever the server, the database or the login say by default.
/// The first ones are those that indexed views and indexes on computed columns want of whoever writes.
fn settings() -> String {
    let lock_ms = LOCK_TIMEOUT.as_millis();
    format!(
        "SET LANGUAGE us_english; SET DATEFORMAT ymd; SET ANSI_NULLS ON; SET ANSI_PADDING ON; SET ANSI_WARNINGS ON; \
         SET ARITHABORT ON; SET CONCAT_NULL_YIELDS_NULL ON; SET QUOTED_IDENTIFIER ON; SET NUMERIC_ROUNDABORT OFF; \
         SET XACT_ABORT ON; SET IMPLICIT_TRANSACTIONS OFF; SET CURSOR_CLOSE_ON_COMMIT OFF; SET NOCOUNT OFF; SET ROWCOUNT 0; \
         SET TEXTSIZE 2147483647; SET DEADLOCK_PRIORITY LOW; SET LOCK_TIMEOUT {lock_ms}; \
         SET TRANSACTION ISOLATION LEVEL READ COMMITTED"
    )
}

#[async_trait::async_trait]
impl Engine for SqlServer {
    fn kind(&self) -> EngineKind {
        EngineKind::SqlServer
    }

    async fn connect(&self) -> Result<Box<dyn Session>> {
        let context =
            |error: DbError| error.context(format_args!("cannot connect to {}", self.url));
        let limit = self.address.connect_timeout;
        let config = self.config().map_err(context)?;
        match tokio::time::timeout(limit, self.open(config)).await {
            Ok(Ok(session)) => Ok(Box::new(session)),
            Ok(Err(error)) => Err(context(error)),
            Err(_) => Err(context(DbError::new(
                DbErrorKind::Timeout,
                format_args!("no answer within {} s", limit.as_secs()),
            ))),
        }
    }
}

/// What the server says of its version, and of the service that it is.
struct Product {
    name: String,
    version: (u32, u32, u32),
    /// A service of Azure's, which has what the newest server has; its number stands still.
    is_azure: bool,
}

/// `11.0.7001.0` is SQL Server 2012.
fn product(version: &str, edition: i64) -> Product {
    const AZURE: [i64; 5] = [5, 6, 8, 9, 11];
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    let number = (next(), next(), next());
    let is_azure = AZURE.contains(&edition);
    let year = match number.0 {
        _ if is_azure => "on Azure",
        10 => "2008",
        11 => "2012",
        12 => "2014",
        13 => "2016",
        14 => "2017",
        15 => "2019",
        16 => "2022",
        17 => "2025",
        _ => "",
    };
    Product {
        name: match year {
            "" => format!("SQL Server {version}"),
            year => format!("SQL Server {year} ({version})"),
        },
        version: number,
        is_azure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_known_by_their_years() {
        for (text, edition, name, major) in [
            ("11.0.7001.0", 3, "SQL Server 2012 (11.0.7001.0)", 11),
            ("15.0.2000.5", 2, "SQL Server 2019 (15.0.2000.5)", 15),
            ("42.1.0.0", 2, "SQL Server 42.1.0.0", 42),
            ("12.0.2000.8", 5, "SQL Server on Azure (12.0.2000.8)", 12),
        ] {
            let product = product(text, edition);
            assert_eq!((product.name.as_str(), product.version.0), (name, major));
        }
    }
}
