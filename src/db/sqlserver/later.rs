//! Statements whose results nobody waits for, sent together: a short transaction needs fewer round trips.
//!
//! They travel as one batch with the parameters of all of them. With `XACT_ABORT` the server stops at the first one that fails; which one
//! that was, its error tells by the line.

use super::cell::Statement;
use super::dialect::PARAMS_MAX;
use super::error::{Phase, db_error};
use super::session::{Link, Pending, query, too_slow};
use crate::db::Result;
use crate::db::error::Deferred;
use futures_util::StreamExt;
use tiberius::ColumnData;
use tiberius::error::Error;

/// What is kept back at most, in bytes of text and values.
pub(super) const MOST: usize = 256 << 10;

/// Statements that are yet to be sent.
#[derive(Default)]
pub(super) struct Later {
    text: String,
    params: Vec<ColumnData<'static>>,
    bytes: usize,
    lines: usize,
    /// On which line each of them begins, and what it does, for messages.
    doing: Vec<(usize, Deferred)>,
}

impl Later {
    pub fn is_empty(&self) -> bool {
        self.doing.is_empty()
    }

    /// How many parameters the next statement comes behind.
    pub fn bound(&self) -> usize {
        self.params.len()
    }

    fn has_room(&self, values: usize, bytes: usize) -> bool {
        self.params.len() + values <= PARAMS_MAX && self.bytes + bytes <= MOST
    }

    /// `bytes`: of the statement's values.
    pub fn push(&mut self, statement: Statement, bytes: usize, doing: Deferred) {
        self.doing.push((self.lines + 1, doing));
        self.text.push_str(&statement.text);
        self.text.push_str(";\n");
        self.lines += 1 + statement.text.matches('\n').count();
        self.bytes += statement.text.len() + bytes;
        self.params.extend(statement.params);
    }

    fn doing(&self, line: usize) -> Option<&Deferred> {
        let begun = self.doing.iter().rev().find(|(first, _)| *first <= line);
        begun.map(|(_, doing)| doing)
    }
}

impl Link {
    /// Sends what was kept back, if there is no room for so many values and bytes beside it.
    pub async fn make_room(&mut self, values: usize, bytes: usize) -> Result<()> {
        match self.later.has_room(values, bytes) {
            true => Ok(()),
            false => self.ready().await,
        }
    }

    /// Sends what was kept back; the line is in order.
    pub async fn send_later(&mut self) -> Result<()> {
        if self.later.is_empty() {
            return Ok(());
        }
        let mut later = std::mem::take(&mut self.later);
        let params = std::mem::take(&mut later.params);
        let text = format!("SET NOCOUNT ON; {}", later.text);
        let (client, limit, pending) = self.parts();
        let work = async {
            let mut answer = query(client, &text, params).await?;
            while let Some(item) = answer.next().await {
                item?;
            }
            Ok(())
        };
        match tokio::time::timeout(limit, work).await {
            Ok(done) => done.map_err(|error: Error| {
                let found = db_error(&error, Phase::Use);
                match failed(&error).and_then(|line| later.doing(line)) {
                    Some(doing) => doing.failed(found),
                    None => found,
                }
            }),
            Err(_) => {
                *pending = Pending::Cancel;
                Err(too_slow(limit))
            }
        }
    }
}

/// The line of the batch at which it ended. Within a trigger another text's lines are counted.
fn failed(error: &Error) -> Option<usize> {
    match error {
        Error::Server(error) if error.procedure().is_empty() => usize::try_from(error.line()).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::query::TableName;

    #[test]
    fn an_error_is_known_by_its_line() {
        let mut later = Later::default();
        for (text, doing) in [
            ("INSERT INTO a", "a"),
            ("UPDATE b\nSET c", "b"),
            ("DELETE d", "d"),
        ] {
            let mut statement = Statement::after(later.bound(), text);
            statement.param(ColumnData::I64(Some(1)));
            later.push(statement, 8, Deferred::Inserting(TableName::parse(doing)));
        }
        assert_eq!(
            later.text,
            "INSERT INTO a@P1;\nUPDATE b\nSET c@P2;\nDELETE d@P3;\n"
        );
        let doing = |line| match later.doing(line) {
            Some(Deferred::Inserting(table)) => Some(table.name.as_str()),
            _ => None,
        };
        let doing: Vec<_> = (0..5).map(doing).collect();
        assert_eq!(doing, [None, Some("a"), Some("b"), Some("b"), Some("d")]);
        assert!(later.has_room(PARAMS_MAX - 3, 100));
        assert!(!later.has_room(PARAMS_MAX - 2, 100));
        assert!(!later.has_room(1, MOST));
    }
}
