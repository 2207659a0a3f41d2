//! Errors as the server tells them: number, state, class, text.

use std::fmt;

#[derive(Debug, Clone)]
pub struct SqlError {
    pub number: i32,
    pub state: u8,
    pub class: u8,
    pub message: String,
}

pub type Result<T> = std::result::Result<T, SqlError>;

/// How an error travels through SQLite, which passes a function's text on.
const MARK: &str = "\u{1}tsql\u{1}";

impl SqlError {
    pub fn new(number: i32, class: u8, message: impl Into<String>) -> SqlError {
        SqlError {
            number,
            state: 1,
            class,
            message: message.into(),
        }
    }

    /// What was not understood. `what` says it for whoever reads the test's output.
    pub fn syntax(what: impl fmt::Display) -> SqlError {
        SqlError::new(102, 15, format!("Incorrect syntax near '{what}'."))
    }

    pub fn no_object(name: &str) -> SqlError {
        SqlError::new(208, 16, format!("Invalid object name '{name}'."))
    }

    pub fn no_column(name: &str) -> SqlError {
        SqlError::new(207, 16, format!("Invalid column name '{name}'."))
    }

    pub fn overflow(what: &str) -> SqlError {
        SqlError::new(
            8115,
            16,
            format!("Arithmetic overflow error converting expression to data type {what}."),
        )
    }

    pub fn deadlock() -> SqlError {
        SqlError::new(
            1205,
            13,
            "Transaction was deadlocked on lock resources with another process and has been chosen as the deadlock victim. Rerun the transaction.",
        )
    }

    pub fn lock_timeout() -> SqlError {
        SqlError::new(1222, 16, "Lock request time out period exceeded.")
    }

    pub fn snapshot_conflict() -> SqlError {
        SqlError::new(
            3960,
            16,
            "Snapshot isolation transaction aborted due to update conflict.",
        )
    }

    /// A fault of the stand-in itself: never an answer to rely on.
    pub fn internal(what: impl fmt::Display) -> SqlError {
        SqlError::new(50999, 16, format!("stand-in: {what}"))
    }

    /// Whether the rest of the batch runs all the same (with XACT_ABORT off).
    pub fn is_of_statement(&self) -> bool {
        matches!(
            self.number,
            515 | 547 | 2601 | 2627 | 2628 | 8152 | 8115 | 220 | 8134 | 544
        )
    }

    pub fn packed(&self) -> String {
        format!(
            "{MARK}{}\u{1}{}\u{1}{}\u{1}{}\u{1}",
            self.number, self.state, self.class, self.message
        )
    }

    pub fn unpacked(text: &str) -> Option<SqlError> {
        let mut parts = text.split_once(MARK)?.1.split('\u{1}');
        Some(SqlError {
            number: parts.next()?.parse().ok()?,
            state: parts.next()?.parse().ok()?,
            class: parts.next()?.parse().ok()?,
            message: parts.next()?.to_owned(),
        })
    }
}

impl fmt::Display for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.packed())
    }
}

impl std::error::Error for SqlError {}

impl From<rusqlite::Error> for SqlError {
    fn from(error: rusqlite::Error) -> SqlError {
        let text = error.to_string();
        if let Some(own) = SqlError::unpacked(&text) {
            return own;
        }
        if let rusqlite::Error::SqliteFailure(code, _) = &error {
            match code.extended_code {
                rusqlite::ffi::SQLITE_BUSY_SNAPSHOT => {
                    return SqlError::snapshot_conflict();
                }
                rusqlite::ffi::SQLITE_CONSTRAINT_FOREIGNKEY => {
                    return SqlError::new(
                        547,
                        16,
                        "The statement conflicted with a FOREIGN KEY constraint.",
                    );
                }
                _ => {}
            }
            if code.code == rusqlite::ErrorCode::DatabaseBusy
                || code.code == rusqlite::ErrorCode::DatabaseLocked
            {
                return SqlError::lock_timeout();
            }
        }
        SqlError::internal(text)
    }
}
