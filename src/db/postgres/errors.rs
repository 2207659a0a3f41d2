//! What the server's and the driver's errors mean.

use crate::db::{DbError, DbErrorKind};
use sqlx::postgres::{PgDatabaseError, PgSeverity};

/// SQLSTATE codes, then classes of them, and what they mean:
/// <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
const CODES: [(&str, DbErrorKind); 24] = [
    ("0A000", DbErrorKind::Other),
    ("23502", DbErrorKind::Refused),
    ("23503", DbErrorKind::ForeignKeyViolation),
    ("23505", DbErrorKind::UniqueViolation),
    ("23514", DbErrorKind::Refused),
    ("25006", DbErrorKind::ReadOnly),
    // The driver met a type that was made by others meanwhile and had to look it up; it knows it from now on.
    ("26000", DbErrorKind::Conflict),
    ("3D000", DbErrorKind::Undefined),
    ("3F000", DbErrorKind::Undefined),
    ("40001", DbErrorKind::Conflict),
    ("40P01", DbErrorKind::Deadlock),
    ("42501", DbErrorKind::Privilege),
    ("42601", DbErrorKind::Syntax),
    ("42703", DbErrorKind::Undefined),
    ("42704", DbErrorKind::Undefined),
    ("42883", DbErrorKind::Undefined),
    ("42P01", DbErrorKind::Undefined),
    ("53300", DbErrorKind::TooManyConnections),
    ("55P03", DbErrorKind::LockTimeout),
    ("57014", DbErrorKind::Timeout),
    // It goes down while somebody connects.
    ("57P01", DbErrorKind::Unreachable),
    ("57P02", DbErrorKind::Unreachable),
    ("57P03", DbErrorKind::Unreachable),
    ("P0001", DbErrorKind::Refused),
];
const CLASSES: [(&str, DbErrorKind); 8] = [
    ("08", DbErrorKind::ConnectionLost),
    ("22", DbErrorKind::Misfit),
    ("23", DbErrorKind::Refused),
    ("28", DbErrorKind::Authentication),
    ("40", DbErrorKind::Conflict),
    ("44", DbErrorKind::Refused),
    ("53", DbErrorKind::Storage),
    ("58", DbErrorKind::Storage),
];

fn kind_of_code(code: &str) -> DbErrorKind {
    let exact = CODES.iter().find(|(known, _)| *known == code);
    let class = || CLASSES.iter().find(|(class, _)| code.starts_with(class));
    exact
        .or_else(class)
        .map_or(DbErrorKind::Other, |(_, kind)| *kind)
}

fn server_error(error: &sqlx::Error) -> Option<&PgDatabaseError> {
    match error {
        sqlx::Error::Database(error) => error.try_downcast_ref(),
        _ => None,
    }
}

/// The server ended the connection with this error.
fn is_fatal(error: &PgDatabaseError) -> bool {
    matches!(error.severity(), PgSeverity::Fatal | PgSeverity::Panic)
}

/// An error of a session.
pub fn running(error: &sqlx::Error) -> DbError {
    let (kind, code) = match (server_error(error), error) {
        (Some(server), _) if is_fatal(server) => (DbErrorKind::ConnectionLost, Some(server.code())),
        // A table was changed under a statement that has a name: the session forgets it with the failed transaction.
        (Some(server), _) if server.routine() == Some("RevalidateCachedQuery") => {
            (DbErrorKind::Conflict, Some(server.code()))
        }
        (Some(server), _) => (kind_of_code(server.code()), Some(server.code())),
        // After a message that it did not expect the driver does not know what comes next.
        (None, sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::Tls(_)) => {
            (DbErrorKind::ConnectionLost, None)
        }
        (None, sqlx::Error::WorkerCrashed | sqlx::Error::PoolClosed) => {
            (DbErrorKind::ConnectionLost, None)
        }
        (None, sqlx::Error::Encode(_)) => (DbErrorKind::Misfit, None),
        _ => (DbErrorKind::Other, None),
    };
    DbError {
        kind,
        message: message(error),
        code: code.map(str::to_owned),
    }
}

/// An error while connecting.
pub fn connecting(error: &sqlx::Error) -> DbError {
    let kind = match (server_error(error), error) {
        (Some(server), _) => kind_of_code(server.code()),
        (None, sqlx::Error::Tls(_)) => DbErrorKind::Tls,
        (None, sqlx::Error::Configuration(_)) => DbErrorKind::Config,
        (None, sqlx::Error::Io(_)) => DbErrorKind::Unreachable,
        _ => DbErrorKind::Other,
    };
    DbError {
        kind,
        message: message(error),
        code: server_error(error).map(|server| server.code().to_owned()),
    }
}

/// The server says that COMMIT failed and that the session goes on: then nothing was committed. Whatever ends the
/// connection may have come after the commit.
pub fn refuses_commit(error: &sqlx::Error) -> bool {
    server_error(error).is_some_and(|server| !is_fatal(server))
}

/// The server's sentence without its detail, which holds whole rows.
fn message(error: &sqlx::Error) -> String {
    match server_error(error) {
        Some(server) => server.message().replace('\n', " "),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_go_before_their_classes() {
        assert_eq!(kind_of_code("23505"), DbErrorKind::UniqueViolation);
        assert_eq!(kind_of_code("23001"), DbErrorKind::Refused);
        assert_eq!(kind_of_code("40P01"), DbErrorKind::Deadlock);
        assert_eq!(kind_of_code("22P02"), DbErrorKind::Misfit);
        assert_eq!(kind_of_code("28P01"), DbErrorKind::Authentication);
        assert_eq!(kind_of_code("57P01"), DbErrorKind::Unreachable);
        assert_eq!(kind_of_code("XX000"), DbErrorKind::Other);
    }
}
