//! Exit codes: what a script learns without reading the text.

use crate::db::{DbError, DbErrorKind};
use crate::round::FlowError;
use crate::stock::StockError;
use crate::sync::run::RunError;
use serde::{Deserialize, Serialize};
use std::process::ExitCode;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Exit {
    /// Done.
    Done,
    /// An error that ponte did not expect: a full disk, a damaged snapshot, an error in ponte.
    Unexpected,
    /// The configuration or a mapping does not fit, or the command line asks for something that does not exist.
    Configuration,
    /// A database cannot be reached, or refuses the login.
    Unreachable,
    /// Done, but something is in quarantine, or waits for a person's decision.
    Quarantined,
    /// Another process works on the pair.
    Busy,
    /// Done, but more records are gone than the guard lets pass.
    Guarded,
    /// `verify` or `reconcile` found differences.
    Different,
    Interrupted,
}

impl Exit {
    pub fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Unexpected => 1,
            Exit::Configuration => 2,
            Exit::Unreachable => 3,
            Exit::Quarantined => 4,
            Exit::Busy => 5,
            Exit::Guarded => 6,
            Exit::Different => 7,
            Exit::Interrupted => 130,
        }
    }

    fn rank(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Quarantined => 1,
            Exit::Different => 2,
            Exit::Guarded => 3,
            Exit::Busy => 4,
            Exit::Configuration => 5,
            Exit::Unreachable => 6,
            Exit::Unexpected => 7,
            Exit::Interrupted => 8,
        }
    }

    /// The more serious of two outcomes.
    pub fn and(self, other: Exit) -> Exit {
        match other.rank() > self.rank() {
            true => other,
            false => self,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}

impl From<&DbError> for Exit {
    fn from(error: &DbError) -> Exit {
        use DbErrorKind::*;
        match error.kind {
            Unreachable | ConnectionLost | Authentication | Tls | Tunnel | TooManyConnections
            | Timeout => Exit::Unreachable,
            LeaseHeld | LeaseLost => Exit::Busy,
            Config | Undefined | Privilege | Syntax | ReadOnly | OwnTable => Exit::Configuration,
            _ => Exit::Unexpected,
        }
    }
}

impl From<&FlowError> for Exit {
    fn from(error: &FlowError) -> Exit {
        if let Some(error) = error.database() {
            return error.into();
        }
        match error {
            FlowError::Run(RunError::Snapshot(_)) => Exit::Unexpected,
            FlowError::Run(RunError::TooManyRejected(_) | RunError::EmptySource { .. }) => {
                Exit::Configuration
            }
            FlowError::Stock(StockError::Database(_)) => Exit::Unexpected,
            _ => Exit::Configuration,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_serious_outcome_wins() {
        use Exit::*;
        let rising = [
            Done,
            Quarantined,
            Different,
            Guarded,
            Busy,
            Configuration,
            Unreachable,
            Unexpected,
            Interrupted,
        ];
        for (at, less) in rising.iter().enumerate() {
            for more in &rising[at..] {
                assert_eq!((less.and(*more), more.and(*less)), (*more, *more));
            }
        }
    }
}
