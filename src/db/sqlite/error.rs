//! SQLite's result codes. The lower eight bits are the primary code, the whole number the extended one.
//! <https://www.sqlite.org/rescode.html>

use crate::db::{DbError, DbErrorKind};

const READONLY: i32 = 8;
const CONSTRAINT: i32 = 19;

const PRIMARY: [(i32, DbErrorKind); 14] = [
    (3, DbErrorKind::Privilege),   // PERM
    (5, DbErrorKind::LockTimeout), // BUSY
    (6, DbErrorKind::LockTimeout), // LOCKED
    (READONLY, DbErrorKind::ReadOnly),
    (9, DbErrorKind::Timeout),  // INTERRUPT
    (10, DbErrorKind::Storage), // IOERR
    (11, DbErrorKind::Storage), // CORRUPT
    (13, DbErrorKind::Storage), // FULL
    (14, DbErrorKind::Storage), // CANTOPEN
    (18, DbErrorKind::Misfit),  // TOOBIG
    (CONSTRAINT, DbErrorKind::Refused),
    (20, DbErrorKind::Misfit),    // MISMATCH
    (23, DbErrorKind::Privilege), // AUTH
    (26, DbErrorKind::Storage),   // NOTADB
];

const EXTENDED: [(i32, DbErrorKind); 6] = [
    (517, DbErrorKind::Conflict),            // BUSY_SNAPSHOT
    (787, DbErrorKind::ForeignKeyViolation), // CONSTRAINT_FOREIGNKEY
    (1555, DbErrorKind::UniqueViolation),    // CONSTRAINT_PRIMARYKEY
    (2067, DbErrorKind::UniqueViolation),    // CONSTRAINT_UNIQUE
    (2579, DbErrorKind::UniqueViolation),    // CONSTRAINT_ROWID
    (3091, DbErrorKind::Misfit),             // CONSTRAINT_DATATYPE
];

pub(super) fn kind(code: i32, message: &str) -> DbErrorKind {
    let find = |table: &[(i32, DbErrorKind)], code| {
        table
            .iter()
            .find(|(known, _)| *known == code)
            .map(|(_, kind)| *kind)
    };
    if let Some(kind) = find(&EXTENDED, code).or_else(|| find(&PRIMARY, code & 0xff)) {
        return kind;
    }
    // All errors in a statement's text share one code.
    if message.starts_with("no such ") || message.contains("has no column named") {
        DbErrorKind::Undefined
    } else if message.contains("syntax error")
        || message.contains("incomplete input")
        || message.contains("unrecognized token")
    {
        DbErrorKind::Syntax
    } else {
        DbErrorKind::Other
    }
}

pub(super) fn from_driver(error: sqlx::Error) -> DbError {
    match error {
        sqlx::Error::Database(error) => {
            let code = error.code().map(|code| code.into_owned());
            let number = code.as_deref().and_then(|code| code.parse().ok());
            DbError {
                kind: kind(number.unwrap_or(0), error.message()),
                message: error.message().to_owned(),
                code,
            }
        }
        sqlx::Error::WorkerCrashed => DbError::new(
            DbErrorKind::ConnectionLost,
            "the thread that works with the file has ended",
        ),
        error => DbError::new(DbErrorKind::Other, error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extended_codes_come_before_primary_ones() {
        assert_eq!(kind(5, ""), DbErrorKind::LockTimeout);
        assert_eq!(kind(261, ""), DbErrorKind::LockTimeout); // BUSY_RECOVERY
        assert_eq!(kind(517, ""), DbErrorKind::Conflict);
        assert_eq!(kind(1299, ""), DbErrorKind::Refused); // CONSTRAINT_NOTNULL
        assert_eq!(kind(2067, ""), DbErrorKind::UniqueViolation);
        assert_eq!(kind(1, "no such table: x"), DbErrorKind::Undefined);
        assert_eq!(kind(1, "near \"x\": syntax error"), DbErrorKind::Syntax);
    }
}
