//! Pieces of a pack's SQL that depend on what the database has: a column that an older version of the system lacks.
//!
//! A file is read before any database is asked, so a piece travels in the text, between characters that no SQL has,
//! and every session puts the right one in before it prepares or runs a query. Its outcome is as fresh as the query:
//! an upgraded system needs no new start.

use super::query::{Part, Query, TableName};
use super::{Result, Session};
use std::borrow::Cow;

const OPEN: char = '\u{1}';
const NEXT: char = '\u{2}';
const CLOSE: char = '\u{3}';

/// Stands in a text for `then` if the database has the table, or the column `table.column`, else for `otherwise`.
pub fn mark(has: &str, then: &str, otherwise: &str) -> String {
    let clean = |text: &str| text.replace([OPEN, NEXT, CLOSE], " ");
    let [has, then, otherwise] = [clean(has), clean(then), clean(otherwise)];
    format!("{OPEN}{has}{NEXT}{then}{NEXT}{otherwise}{CLOSE}")
}

/// The query with every choice made.
pub(super) async fn settle<'q>(
    session: &mut dyn Session,
    query: &'q Query,
) -> Result<Cow<'q, Query>> {
    let is_open = |part: &Part| matches!(part, Part::Sql(text) if text.contains(OPEN));
    if !query.parts.iter().any(is_open) {
        return Ok(Cow::Borrowed(query));
    }
    let mut settled = Query::default();
    for part in &query.parts {
        let part = match part {
            Part::Sql(text) if text.contains(OPEN) => Part::Sql(chosen(session, text).await?),
            other => other.clone(),
        };
        settled = settled.push(part);
    }
    Ok(Cow::Owned(settled))
}

/// Both texts that may become of one, without asking a database, and the tables that decide.
pub fn possible(text: &str) -> ([String; 2], Vec<TableName>) {
    let (mut then, mut otherwise, mut asked) = (String::new(), String::new(), Vec::new());
    let mut pieces = text.split(OPEN);
    let first = pieces.next().unwrap_or_default();
    then.push_str(first);
    otherwise.push_str(first);
    for piece in pieces {
        let (marked, rest) = piece.split_once(CLOSE).unwrap_or((piece, ""));
        let mut parts = marked.split(NEXT);
        let has = parts.next().unwrap_or_default();
        let table = has.split('.').next().unwrap_or_default();
        asked.push(TableName::parse(table));
        then.push_str(parts.next().unwrap_or_default());
        otherwise.push_str(parts.next().unwrap_or_default());
        then.push_str(rest);
        otherwise.push_str(rest);
    }
    ([then, otherwise], asked)
}

/// The text with every choice made.
pub async fn chosen(session: &mut dyn Session, text: &str) -> Result<String> {
    let mut settled = String::with_capacity(text.len());
    let mut pieces = text.split(OPEN);
    settled.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let (marked, rest) = piece.split_once(CLOSE).unwrap_or((piece, ""));
        let mut parts = marked.split(NEXT);
        let has = parts.next().unwrap_or_default();
        let then = parts.next().unwrap_or_default();
        let otherwise = parts.next().unwrap_or_default();
        let holds = holds(session, has).await?;
        settled.push_str(if holds { then } else { otherwise });
        settled.push_str(rest);
    }
    Ok(settled)
}

async fn holds(session: &mut dyn Session, has: &str) -> Result<bool> {
    let (table, column) = match has.split_once('.') {
        Some((table, column)) => (table, Some(column)),
        None => (has, None),
    };
    let found = session.table(&TableName::parse(table)).await?;
    Ok(found.is_some_and(|table| column.is_none_or(|column| table.column(column).is_some())))
}
