//! How a flow learns what has changed in its source: by comparing the whole of it, or by the times of its rows.

use super::super::project::{ChangesWord, ErpRecordKeys, FromKeys};
use super::super::spanned::At;
use super::super::texts::{Bound, Texts};
use crate::db::template;
use crate::diagnostic::{Diagnostic, SourceFile, Span};
use crate::expr::Zone;
use crate::plan::{ByTimestamp, ServerSql, Since, TimeColumn, Watermark, WatermarkForm};
use std::sync::Arc;
use std::time::Duration;

const OVERLAP: Duration = Duration::from_secs(10 * 60);
const FULL_EVERY: Duration = Duration::from_secs(24 * 3600);
const SINCE: &str = "since";

/// What a project says of it.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    pub file: &'a Arc<SourceFile>,
    pub changes: Option<&'a At<ChangesWord>>,
    pub overlap: Option<&'a At<String>>,
    pub full_every: Option<&'a At<String>>,
}

impl<'a> Wanted<'a> {
    pub fn of_record(file: &'a Arc<SourceFile>, keys: &'a ErpRecordKeys) -> Self {
        Wanted {
            file,
            changes: keys.changes.as_ref(),
            overlap: keys.overlap.as_ref(),
            full_every: keys.full_every.as_ref(),
        }
    }

    pub fn of_flow(file: &'a Arc<SourceFile>, keys: &'a FromKeys) -> Self {
        Wanted {
            file,
            changes: keys.changes.as_ref(),
            overlap: keys.overlap.as_ref(),
            full_every: keys.full_every.as_ref(),
        }
    }

    /// `None`: by snapshot, or after an error, which is reported.
    pub fn by_timestamp(
        &self,
        watermark: Option<&Watermark>,
        is_tree: bool,
        found: &mut Vec<Diagnostic>,
    ) -> Option<ByTimestamp> {
        let chosen = self
            .changes
            .filter(|word| word.value == ChangesWord::Timestamp);
        let overlap = self.duration(self.overlap, OVERLAP, found);
        let full_every = self.duration(self.full_every, FULL_EVERY, found);
        let Some(chosen) = chosen else {
            for (name, given) in [("overlap", self.overlap), ("full_every", self.full_every)] {
                if let Some(given) = given {
                    let message =
                        format!("`{name}` means nothing without `changes = \"timestamp\"`");
                    found.push(Diagnostic::error("P105", message).at(
                        &given.span(self.file),
                        "the whole source is read in every run",
                    ));
                }
            }
            return None;
        };
        let refused = |message: &str, label: &str| {
            Diagnostic::error("P371", message).at(&chosen.span(self.file), label)
        };
        if is_tree {
            found.push(
                refused(
                    "a tree cannot be read by timestamp",
                    "this record is a tree",
                )
                .help("leave it out: a tree is small, and what is above a record is part of it"),
            );
            return None;
        }
        if watermark.is_none() {
            found.push(
                refused("there is no watermark to go by", "needs one")
                    .help("`watermark = \"updated_at >= :since\"` says which rows have changed"),
            );
            return None;
        }
        Some(ByTimestamp {
            overlap,
            full_every,
        })
    }

    fn duration(
        &self,
        text: Option<&At<String>>,
        default: Duration,
        found: &mut Vec<Diagnostic>,
    ) -> Duration {
        let Some(text) = text else { return default };
        parse_duration(text).unwrap_or_else(|| {
            let message = format!("`{}` is not a duration", text.value);
            let place = text.span(self.file);
            found.push(Diagnostic::error("P104", message).at(
                &place,
                "wanted a whole number and `s`, `m`, `h` or `d`: `10m`",
            ));
            default
        })
    }
}

/// `90s`, `10m`, `24h`, `7d`.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let unit = text.chars().last()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86400,
        _ => return None,
    };
    let digits = &text[..text.len() - 1];
    if digits.is_empty() || digits.len() > 9 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: u64 = digits.parse().ok()?;
    Some(Duration::from_secs(number * seconds))
}

/// The zone of a flow's times; a mistake is reported.
pub fn zone(
    file: &Arc<SourceFile>,
    zone: Option<&At<String>>,
    found: &mut Vec<Diagnostic>,
) -> Option<Zone> {
    let zone = zone?;
    match zone.parse() {
        Ok(zone) => Some(zone),
        Err(error) => {
            let unknown: crate::expr::UnknownZone = error;
            let message = unknown.to_string();
            found.push(Diagnostic::error("P104", message).at(&zone.span(file), "unknown zone"));
            None
        }
    }
}

/// A watermark as it is written; `None` after an error, which is reported.
pub fn watermark(
    texts: Texts<'_>,
    text: &At<String>,
    zone: Option<Zone>,
    found: &mut Vec<Diagnostic>,
) -> Option<Watermark> {
    let before = found.len();
    let sql = texts.sql(text, &Bound::names(&[SINCE]), found);
    if found.len() > before {
        return None;
    }
    let columns = columns(&sql, found);
    if found.len() > before {
        return None;
    }
    let mut words = sql.text.split(|c: char| !c.is_alphanumeric() && c != '_');
    let first = words.find(|word| !word.is_empty()).unwrap_or_default();
    let is_query = ["SELECT", "WITH"]
        .iter()
        .any(|word| first.eq_ignore_ascii_case(word));
    Some(Watermark {
        form: match is_query {
            true => WatermarkForm::Keys,
            false => WatermarkForm::Condition,
        },
        sql,
        columns,
        zone,
    })
}

/// What is compared with each `:since`.
fn columns(sql: &ServerSql, found: &mut Vec<Diagnostic>) -> Vec<Since> {
    let text = &sql.text;
    let names = template::names(text);
    let mut columns = Vec::new();
    let mut asked = false;
    for name in names.into_iter().filter(|name| *name == SINCE) {
        asked = true;
        // `name` is a slice of the text, behind its colon.
        let colon = name.as_ptr() as usize - text.as_ptr() as usize - 1;
        let before = text[..colon].trim_end();
        let compared = before.strip_suffix(">=").and_then(column_at_end);
        let stands = compared.map(Since::Column);
        match stands.or_else(|| tracked_at_end(before).map(Since::Tracked)) {
            Some(column) => columns.push(column),
            None => {
                found.push(
                    mistake(
                        "every `:since` must be compared by `column >= :since`, or stand in `CHANGETABLE(CHANGES table, :since)`",
                        &sql.at,
                    )
                    .note("with `>`, rows of the same time that were committed last would be lost")
                    .help("join several columns by OR, or by the UNION of queries for keys"),
                );
                return columns;
            }
        }
    }
    if !asked {
        found.push(
            mistake("a watermark without `:since` tells no change", &sql.at)
                .help("`updated_at >= :since`"),
        );
    }
    columns
}

fn mistake(message: &str, at: &Span) -> Diagnostic {
    Diagnostic::error("P370", message).at(at, "")
}

/// The table of `CHANGETABLE(CHANGES table,` at the end of the text, as it is written there.
fn tracked_at_end(text: &str) -> Option<String> {
    let text = text.strip_suffix(',')?;
    let open = text.rfind('(')?;
    let function = text[..open].trim_end();
    let from = function.len().checked_sub("CHANGETABLE".len())?;
    let is_called = function.get(from..)?.eq_ignore_ascii_case("CHANGETABLE");
    let inside = text[open + 1..].trim_start();
    let word = inside.get(.."CHANGES".len())?;
    let rest = &inside["CHANGES".len()..];
    let is_said = word.eq_ignore_ascii_case("CHANGES") && rest.starts_with(char::is_whitespace);
    let table = rest.trim();
    (is_called && is_said && !table.is_empty()).then(|| table.to_owned())
}

/// The column that the text ends with: `updated_at`, `t."write date"`.
fn column_at_end(text: &str) -> Option<TimeColumn> {
    let (name, rest) = word_at_end(text.trim_end())?;
    let table = match rest.strip_suffix('.') {
        Some(rest) => Some(word_at_end(rest)?.0),
        None => None,
    };
    Some(TimeColumn { table, name })
}

/// The identifier that the text ends with, without its quotes, and what is before it.
fn word_at_end(text: &str) -> Option<(String, &str)> {
    let last = text.chars().last()?;
    if matches!(last, '"' | '`') {
        let inside = &text[..text.len() - 1];
        let open = inside.rfind(last)?;
        return Some((inside[open + 1..].to_owned(), &inside[..open]));
    }
    let is_letter = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    let name = text.trim_end_matches(is_letter);
    let word = &text[name.len()..];
    let is_name = word.chars().next().is_some_and(|c| !c.is_ascii_digit());
    is_name.then(|| (word.to_owned(), name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read() {
        for (text, seconds) in [
            ("0s", 0),
            ("90s", 90),
            ("10m", 600),
            ("24h", 86400),
            ("7d", 604_800),
        ] {
            assert_eq!(
                parse_duration(text),
                Some(Duration::from_secs(seconds)),
                "{text}"
            );
        }
        for text in [
            "",
            "m",
            "10",
            "1.5h",
            "-1m",
            "10 m",
            "10M",
            "99999999999d",
            "1è",
        ] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }

    #[test]
    fn the_tracked_table_is_read_backwards() {
        let tracked = |text: &str| tracked_at_end(text).unwrap_or_default();
        assert_eq!(
            tracked("SELECT c.a FROM CHANGETABLE(CHANGES dbo.t,"),
            "dbo.t"
        );
        assert_eq!(tracked("x changetable ( changes [a b] ,"), "[a b]");
        for text in [
            "",
            "f(CHANGES t,",
            "CHANGETABLE(t,",
            "CHANGETABLE(CHANGES t",
            "CHANGETABLE(CHANGESt,",
            "CHANGETABLE(CHANGES ,",
        ] {
            assert_eq!(tracked_at_end(text), None, "{text}");
        }
    }

    #[test]
    fn the_compared_column_is_read_backwards() {
        let column = |text: &str| {
            column_at_end(text).map(|column| (column.table.unwrap_or_default(), column.name))
        };
        let wanted = |table: &str, name: &str| Some((table.to_owned(), name.to_owned()));
        assert_eq!(column("a OR updated_at "), wanted("", "updated_at"));
        assert_eq!(column("WHERE t.write_date"), wanted("t", "write_date"));
        assert_eq!(column("(t.\"Write date\""), wanted("t", "Write date"));
        assert_eq!(column("`t`.`x`"), wanted("t", "x"));
        for text in ["", "f(x)", "'2026'", "2", "a + 1"] {
            assert_eq!(column(text), None, "{text}");
        }
    }
}
