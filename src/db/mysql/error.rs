//! MySQL's and MariaDB's errors, sorted by what the caller does about them.

use crate::db::DbErrorKind::{self, *};
use crate::db::{DbError, url};
use mysql_async::{DriverError, Error, IoError, ServerError};
use std::io;

/// Server errors by number. MySQL and MariaDB share the numbers up to 1899; above, each has its own.
/// <https://dev.mysql.com/doc/mysql-errors/en/server-error-reference.html>,
/// <https://mariadb.com/docs/server/reference/error-codes/mariadb-error-code-reference>
const KINDS: [(DbErrorKind, &[u16]); 18] = [
    // host blocked, Galera node not in service
    (Unreachable, &[1129, 1047]),
    // shutdown, aborted, network read and write, killed, idle for too long
    (
        ConnectionLost,
        &[
            1053, 1152, 1158, 1159, 1160, 1161, 1184, 1927, 2006, 2013, 3169, 4031,
        ],
    ),
    // user and password, host not allowed, authentication plugin, password expired, account locked
    (
        Authentication,
        &[1045, 1130, 1251, 1698, 1820, 1862, 3118, 4151],
    ),
    // of the server, of the user, of a resource
    (TooManyConnections, &[1040, 1203, 1226]),
    // interrupted, MariaDB's max_statement_time, MySQL's max_execution_time
    (Timeout, &[1317, 1969, 3024]),
    (Deadlock, &[1213, 1614]),
    (LockTimeout, &[1205, 3572]),
    // record changed since the snapshot, rolled back during commit
    (Conflict, &[1020, 3101]),
    (UniqueViolation, &[1022, 1062, 1169, 1586]),
    (ForeignKeyViolation, &[1216, 1217, 1451, 1452]),
    // NULL, no default, view's check option, SIGNAL, view or generated column not to be written, CHECK
    (
        Refused,
        &[1048, 1364, 1288, 1369, 1471, 1644, 1906, 3105, 3819, 4025],
    ),
    // out of range, cut, wrong value, encoding, overflow, JSON, row too large
    (
        Misfit,
        &[
            1118, 1264, 1265, 1292, 1300, 1365, 1366, 1367, 1406, 1411, 1416, 1441, 1690, 3140,
            3141, 3144, 3854,
        ],
    ),
    (PacketTooLarge, &[1153, 1162, 1301]),
    // database, command, table, column, special privilege, routine
    (Privilege, &[1044, 1095, 1142, 1143, 1227, 1370]),
    // database, table, column, routine, view
    (Undefined, &[1049, 1051, 1054, 1072, 1109, 1146, 1305, 1356]),
    (Syntax, &[1064, 1149]),
    // server option, transaction, server mode, InnoDB
    (ReadOnly, &[1290, 1792, 1836, 1874]),
    // disk full, storage engine's error, file, table full, lock table full, table crashed
    (Storage, &[1021, 1026, 1030, 1034, 1114, 1194, 1195, 1206]),
];

/// Warnings that say nothing about a value: deprecated syntax, a statement not safe for a statement-based log.
pub(super) const HARMLESS_WARNINGS: [u32; 3] = [1287, 1592, 1681];
/// `SET` of a variable that this server does not have.
pub(super) const UNKNOWN_VARIABLE: &str = "1193";

/// When an error came up: the same broken pipe is an unreachable server before, and a lost connection after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Connect(url::Tls),
    Use,
}

/// The driver's error as ours; `place` is the connection without its password.
pub(super) fn db_error(error: &Error, phase: Phase, place: &str) -> DbError {
    let (kind, message) = match error {
        Error::Server(error) => (server_kind(error), error.message.clone()),
        Error::Io(IoError::Tls(error)) => (Tls, error.to_string()),
        Error::Io(IoError::Io(error)) => (io_kind(error, phase), error.to_string()),
        Error::Driver(error) => (driver_kind(error, phase), driver_message(error)),
        Error::Url(_) => (
            Config,
            "a connection string that the driver refuses".to_owned(),
        ),
        Error::Other(error) => (connection_kind(phase), error.to_string()),
    };
    let doing = match phase {
        Phase::Connect(_) => "cannot connect to ",
        Phase::Use => "",
    };
    DbError {
        kind,
        message: format!("{doing}{place}: {message}"),
        code: match error {
            Error::Server(error) => Some(error.code.to_string()),
            _ => None,
        },
    }
}

fn server_kind(error: &ServerError) -> DbErrorKind {
    let known = KINDS
        .iter()
        .find(|(_, codes)| codes.contains(&error.code))
        .map(|(kind, _)| *kind);
    // What is not in the table may still tell by the class of its SQLSTATE; 45000 is a trigger's SIGNAL.
    known.unwrap_or_else(|| match error.state.get(..2) {
        Some("22") => Misfit,
        Some("23") | Some("45") => Refused,
        Some("08") => ConnectionLost,
        Some("28") => Authentication,
        _ => Other,
    })
}

fn connection_kind(phase: Phase) -> DbErrorKind {
    match phase {
        Phase::Connect(_) => Unreachable,
        Phase::Use => ConnectionLost,
    }
}

fn io_kind(error: &io::Error, phase: Phase) -> DbErrorKind {
    match phase {
        // rustls reports a certificate that it refuses as invalid data, through the stream it wraps.
        Phase::Connect(url::Tls::Verify | url::Tls::Required)
            if error.kind() == io::ErrorKind::InvalidData =>
        {
            Tls
        }
        _ => connection_kind(phase),
    }
}

fn driver_kind(error: &DriverError, phase: Phase) -> DbErrorKind {
    match error {
        DriverError::NoClientSslFlagFromServer => Tls,
        DriverError::UnknownAuthPlugin { .. }
        | DriverError::MysqlOldPasswordDisabled
        | DriverError::CleartextPluginDisabled
        | DriverError::InvalidParsecSalt => Authentication,
        DriverError::PacketTooLarge => PacketTooLarge,
        DriverError::MixedParams | DriverError::Params(_) => Syntax,
        DriverError::StmtParamsMismatch { .. }
        | DriverError::StmtParamsNumberExceedsLimit { .. }
        | DriverError::LocalInfile(_) => Other,
        DriverError::NamedPipesDisabled => Config,
        _ => connection_kind(phase),
    }
}

fn driver_message(error: &DriverError) -> String {
    match error {
        DriverError::NoClientSslFlagFromServer => {
            "the server offers no TLS; `tls=off` in the connection string does without".to_owned()
        }
        DriverError::CleartextPluginDisabled => {
            "the server wants the password in clear text, which is refused".to_owned()
        }
        error => error.to_string().trim_end_matches('.').to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(code: u16, state: &str) -> DbError {
        let error = Error::Server(ServerError {
            code,
            state: state.to_owned(),
            message: "said".to_owned(),
        });
        db_error(&error, Phase::Use, "mysql://u:***@h:1/d")
    }

    #[test]
    fn numbers_are_listed_once() {
        let mut codes: Vec<u16> = KINDS
            .iter()
            .flat_map(|(_, codes)| codes.iter().copied())
            .collect();
        let count = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), count);
    }

    #[test]
    fn unlisted_numbers_go_by_their_sqlstate() {
        assert_eq!(server(1062, "23000").kind, UniqueViolation);
        assert_eq!(server(30001, "45000").kind, Refused);
        assert_eq!(server(30001, "22007").kind, Misfit);
        assert_eq!(server(30001, "HY000").kind, Other);
        let error = server(1213, "40001");
        assert_eq!(error.code.as_deref(), Some("1213"));
        assert_eq!(error.message, "mysql://u:***@h:1/d: said");
    }

    #[test]
    fn a_broken_pipe_depends_on_when() {
        let broken = || Error::Io(IoError::Io(io::ErrorKind::BrokenPipe.into()));
        let connecting = db_error(&broken(), Phase::Connect(url::Tls::Off), "p");
        assert_eq!(connecting.kind, Unreachable);
        assert_eq!(db_error(&broken(), Phase::Use, "p").kind, ConnectionLost);
        let refused = Error::Io(IoError::Io(io::ErrorKind::InvalidData.into()));
        assert_eq!(
            db_error(&refused, Phase::Connect(url::Tls::Verify), "p").kind,
            Tls
        );
    }
}
