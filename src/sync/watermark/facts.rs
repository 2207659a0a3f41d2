//! What a watermark's columns are, as their tables have them.

use crate::db::catalog::{Column, Table};
use crate::db::mention;
use crate::diagnostic::Diagnostic;
use crate::plan::TimeColumn;
use crate::value::Type;

/// What a column says of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeKind {
    Instant,
    /// Without a zone.
    Wall,
    Day,
    /// A version that SQL Server gives a row whenever it is written.
    Version,
    /// Changes that SQL Server tracks.
    Tracked,
}

impl TimeKind {
    /// Whether it is told by a clock.
    pub fn is_time(self) -> bool {
        !matches!(self, TimeKind::Version | TimeKind::Tracked)
    }
}

/// A watermark's column as the source has it.
#[derive(Debug, Clone)]
pub struct TimeFacts {
    /// `items.changed_at`
    pub name: String,
    pub declared: String,
    pub kind: TimeKind,
    /// Whether an index begins with it; `None` where that cannot be told.
    pub indexed: Option<bool>,
    pub nullable: bool,
}

/// The one column that is meant, as its table has it.
pub(super) fn facts(
    column: &TimeColumn,
    known: &[(mention::Mention, Table)],
) -> std::result::Result<TimeFacts, Box<Diagnostic>> {
    let shown = match &column.table {
        Some(table) => format!("{table}.{}", column.name),
        None => column.name.clone(),
    };
    let is_meant = |mention: &mention::Mention| match &column.table {
        Some(name) => mention.is_called(name),
        None => true,
    };
    let mut meant = known
        .iter()
        .filter(|(mention, _)| is_meant(mention))
        .filter_map(|(_, table)| {
            let same = |other: &&Column| other.name.eq_ignore_ascii_case(&column.name);
            let exact = table.column(&column.name);
            Some((table, exact.or_else(|| table.columns.iter().find(same))?))
        });
    let Some((table, first)) = meant.next() else {
        let tables: Vec<String> = known
            .iter()
            .map(|(_, table)| format!("`{}`", table.name))
            .collect();
        let message = format!("which table's column `{shown}` is cannot be told");
        let named = match tables.is_empty() {
            true => "no table is named there".to_owned(),
            false => format!("tables named there: {}", tables.join(", ")),
        };
        return Err(Diagnostic::error("P372", message).note(named).into());
    };
    let name = format!("{}.{}", table.name.name, first.name);
    let Some(kind) = time_kind(first) else {
        let message = format!("`{name}` is `{}`, which is no time", first.declared);
        let help = "name a column of a timestamp or date type, or a rowversion of SQL Server";
        return Err(Diagnostic::error("P372", message).help(help).into());
    };
    let mut facts = TimeFacts {
        name,
        declared: first.declared.clone(),
        kind,
        indexed: Some(is_indexed(table, &first.name)).filter(|_| !table.is_view),
        nullable: first.nullable,
    };
    for (table, other) in meant {
        if time_kind(other) != Some(kind) {
            let message = format!(
                "`{shown}` is a column of several tables, which keep times in different ways"
            );
            return Err(Diagnostic::error("P372", message)
                .note(format!(
                    "{}; {}.{}",
                    facts.name, table.name.name, other.name
                ))
                .help("give each table an alias of its own")
                .into());
        }
        facts.nullable |= other.nullable;
        if !is_indexed(table, &other.name) {
            facts.indexed = facts.indexed.and(Some(false));
        }
    }
    Ok(facts)
}

fn is_indexed(table: &Table, column: &str) -> bool {
    let mut firsts = table.indexes.iter().filter_map(|index| index.first());
    firsts.any(|first| first == column)
}

fn time_kind(column: &Column) -> Option<TimeKind> {
    match &column.ty {
        Type::Timestamp { .. } => Some(TimeKind::Instant),
        Type::DateTime { .. } => Some(TimeKind::Wall),
        Type::Date => Some(TimeKind::Day),
        Type::Bytes { .. } if ["timestamp", "rowversion"].contains(&column.declared.as_str()) => {
            Some(TimeKind::Version)
        }
        _ => None,
    }
}

pub(super) fn tracked_facts(table: &str) -> TimeFacts {
    TimeFacts {
        name: table.to_owned(),
        declared: "change tracking".to_owned(),
        kind: TimeKind::Tracked,
        indexed: None,
        nullable: false,
    }
}
