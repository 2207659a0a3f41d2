//! MySQL and MariaDB, by mysql_async.
//!
//! The statements keep to what MySQL 5.7 and MariaDB 10.5 both understand: no RETURNING, no `FOR SHARE`, no derived
//! table of VALUES. Every query is a prepared statement, since only the binary protocol gives floats and times whole.

mod catalog;
mod decode;
mod dialect;
mod error;
mod load;
mod session;
mod write;

use super::url::{DbUrl, Server as Address, Tls};
use super::{DbError, DbErrorKind, Engine, EngineKind, Result, Server, Session, Snapshots};
use error::{Phase, UNKNOWN_VARIABLE, db_error};
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Opts, OptsBuilder, SslOpts};
use session::{Facts, Link, MySqlSession};
use std::time::Duration;

/// `STRICT_ALL_TABLES`: a value that does not fit is an error. Without `NO_ZERO_DATE`, so that rows which hold zero
/// dates can still be written in their other columns.
const SQL_MODE: &str =
    "STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,PIPES_AS_CONCAT,NO_ENGINE_SUBSTITUTION";
/// A row lock is waited for so long, then the whole transaction gives way: what it has locked, a customer may be waiting
/// for. The server knows no fractions of a second.
const ROW_LOCK_WAIT_S: u64 = 1;
/// A table lock (someone alters the table) is waited for so long; the server's default is a year or a day.
const TABLE_LOCK_WAIT_S: u64 = 30;
/// GROUP_CONCAT cuts silently at this many bytes; the server's default is 1024 on MySQL.
const GROUP_CONCAT_BYTES: u64 = 16 << 20;
/// Sorting looks at so many bytes of a text: more than the longest key of an index, which is 3072.
const SORT_BYTES: u64 = 4096;
/// The server closes a session that is silent for longer, at least. A shop's session waits while the ERP's is read.
const IDLE_MIN: Duration = Duration::from_secs(3600);
/// How much longer than the server's own time limit an answer is waited for.
const GRACE: Duration = Duration::from_secs(30);
const KEEPALIVE: Duration = Duration::from_secs(60);

/// Where a MySQL or MariaDB database is.
pub struct MySql {
    url: DbUrl,
    address: Address,
}

impl MySql {
    /// # Errors
    /// Of kind `Config` for a connection string of another engine.
    pub fn new(url: &DbUrl) -> Result<Self> {
        match (url.kind(), url.server()) {
            (EngineKind::MySql, Some(address)) => Ok(MySql {
                url: url.clone(),
                address: address.clone(),
            }),
            _ => Err(DbError::new(
                DbErrorKind::Config,
                "not a connection string of MySQL or MariaDB",
            )),
        }
    }

    fn options(&self) -> Result<Opts> {
        let address = &self.address;
        let socket = match &address.socket {
            Some(path) => Some(path.to_str().ok_or_else(|| {
                DbError::new(DbErrorKind::Config, "the path of the socket is not UTF-8")
            })?),
            None => None,
        };
        Ok(OptsBuilder::default()
            .ip_or_hostname(address.host.clone())
            .tcp_port(address.port)
            .user(Some(address.user.clone()))
            .pass(address.password.as_ref().map(|secret| secret.expose()))
            .db_name(Some(address.database.clone()))
            .socket(socket)
            // What was asked for is connected to, and nothing else that the server may name.
            .prefer_socket(false)
            .tcp_keepalive(Some(KEEPALIVE))
            .client_found_rows(true)
            .connect_attribute("program_name", address.application.clone())
            .ssl_opts(self.tls())
            .into())
    }

    fn tls(&self) -> Option<SslOpts> {
        match self.address.tls {
            Tls::Off => None,
            Tls::Required => Some(
                SslOpts::default()
                    .with_danger_accept_invalid_certs(true)
                    .with_danger_skip_domain_validation(true),
            ),
            Tls::Verify => {
                let trusted = self.address.ca.clone().map(Into::into);
                Some(SslOpts::default().with_root_certs(trusted.into_iter().collect()))
            }
        }
    }

    /// Makes every setting explicit that decides what is read or written, or for how long.
    async fn set_up(&self, conn: &mut Conn, is_mariadb: bool) -> mysql_async::Result<()> {
        let limit = self.address.statement_timeout;
        let net = (limit + GRACE).as_secs();
        let idle = IDLE_MIN.max(limit * 2).as_secs();
        conn.query_drop(format!(
            "SET NAMES utf8mb4, SESSION time_zone = '+00:00', sql_mode = '{SQL_MODE}', autocommit = 1, completion_type = 0, \
             foreign_key_checks = 1, unique_checks = 1, sql_select_limit = DEFAULT, sql_big_selects = 1, \
             innodb_lock_wait_timeout = {ROW_LOCK_WAIT_S}, lock_wait_timeout = {TABLE_LOCK_WAIT_S}, \
             net_read_timeout = {net}, net_write_timeout = {net}, wait_timeout = {idle}, \
             group_concat_max_len = {GROUP_CONCAT_BYTES}, max_sort_length = {SORT_BYTES}"
        ))
        .await?;
        conn.query_drop("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
            .await?;
        // MariaDB counts seconds and means every statement, MySQL counts milliseconds and means SELECT. And how many rows a
        // long list of keys finds is looked up: by the statistics of a table that is being filled it would be all of them.
        let limited = if is_mariadb {
            // A long list of keys stays a list: as the joined table that it would become, it hides the index.
            format!(
                "SET SESSION max_statement_time = {}, in_predicate_conversion_threshold = 0, eq_range_index_dive_limit = 0",
                limit.as_secs()
            )
        } else {
            format!(
                "SET SESSION max_execution_time = {}, eq_range_index_dive_limit = 0",
                limit.as_millis()
            )
        };
        match conn.query_drop(limited).await {
            Err(mysql_async::Error::Server(error))
                if error.code.to_string() == UNKNOWN_VARIABLE =>
            {
                Ok(())
            }
            done => done,
        }
    }

    async fn open(&self, options: Opts) -> mysql_async::Result<MySqlSession> {
        let mut conn = Conn::new(options).await?;
        type Said = (String, String, String, u64, u64, Option<String>, String);
        let row: Option<Said> = conn
            .query_first(
                "SELECT CAST(VERSION() AS CHAR), CAST(@@global.read_only AS CHAR), \
                 CAST(@@global.innodb_read_only AS CHAR), CAST(@@max_allowed_packet AS UNSIGNED), CAST(@@lower_case_table_names AS UNSIGNED), \
                 CAST(DATABASE() AS CHAR), CAST(@@global.local_infile AS CHAR)",
            )
            .await?;
        let (version_text, read_only, innodb_read_only, packet, name_case, database, local_infile) =
            row.unwrap_or_default();
        let (product, version) = product(&version_text);
        let is_mariadb = product.starts_with("MariaDB");
        self.set_up(&mut conn, is_mariadb).await?;
        let is_on = |setting: &str| !matches!(setting, "0" | "OFF" | "");
        let server = Server {
            kind: EngineKind::MySql,
            product,
            version,
            unicode: true,
            read_only: is_on(&read_only) || is_on(&innodb_read_only),
            snapshots: match is_mariadb {
                true => Snapshots::Torn,
                false => Snapshots::Whole,
            },
        };
        let facts = Facts {
            server,
            is_mariadb,
            packet_max: usize::try_from(packet).unwrap_or(usize::MAX),
            names_ignore_case: name_case != 0,
            loads: is_on(&local_infile),
            database: database.unwrap_or_else(|| self.address.database.clone()),
        };
        let link = Link::new(self.url.to_string(), self.address.statement_timeout + GRACE);
        Ok(MySqlSession::new(conn, facts, link))
    }
}

#[async_trait::async_trait]
impl Engine for MySql {
    fn kind(&self) -> EngineKind {
        EngineKind::MySql
    }

    async fn connect(&self) -> Result<Box<dyn Session>> {
        let options = self.options()?;
        if let Some(ca) = &self.address.ca
            && let Err(error) = tokio::fs::metadata(ca).await
        {
            return Err(DbError::new(
                DbErrorKind::Config,
                format_args!("option `ca`: {}: {error}", ca.display()),
            ));
        }
        let limit = self.address.connect_timeout;
        match tokio::time::timeout(limit, self.open(options)).await {
            Ok(Ok(session)) => Ok(Box::new(session)),
            Ok(Err(error)) => {
                let phase = Phase::Connect(self.address.tls);
                Err(db_error(&error, phase, &self.url.to_string()))
            }
            Err(_) => Err(DbError::new(
                DbErrorKind::Timeout,
                format_args!(
                    "cannot connect to {}: no answer within {} s",
                    self.url,
                    limit.as_secs()
                ),
            )),
        }
    }
}

/// `10.11.6-MariaDB-1:10.11.6+maria~deb12` is MariaDB 10.11.6; some proxies and MariaDB before 11 put `5.5.5-` before.
fn product(text: &str) -> (String, (u32, u32, u32)) {
    let is_mariadb = text.contains("MariaDB");
    let own = match text.strip_prefix("5.5.5-") {
        Some(rest) if is_mariadb => rest,
        _ => text,
    };
    let end = own.find(|c: char| !c.is_ascii_digit() && c != '.');
    let number = &own[..end.unwrap_or(own.len())];
    let mut parts = number.split('.').map(|part| part.parse().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    let version = (next(), next(), next());
    let name = if is_mariadb { "MariaDB" } else { "MySQL" };
    (format!("{name} {number}"), version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_the_servers_own_words() {
        for (text, name, version) in [
            ("10.11.6-MariaDB-0+deb12u1", "MariaDB 10.11.6", (10, 11, 6)),
            ("5.5.5-10.5.8-MariaDB-log", "MariaDB 10.5.8", (10, 5, 8)),
            ("8.0.36", "MySQL 8.0.36", (8, 0, 36)),
            ("5.7.44-log", "MySQL 5.7.44", (5, 7, 44)),
            ("9.1", "MySQL 9.1", (9, 1, 0)),
        ] {
            assert_eq!(product(text), (name.to_owned(), version), "{text}");
        }
    }
}
