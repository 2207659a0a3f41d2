//! A round for people: a table of the flows, what changed, what was left out and why.

pub mod stock;

use crate::cli::output::{BOLD, GREEN, RED, YELLOW, count, escaped, grouped, shown_key, styled};
use crate::config::record::ORDER;
use crate::db::DbError;
use crate::round::{Ended, FlowResult, Orders, RoundReport, stock_findings};
use crate::state::quarantine::Finding;
use crate::sync::batch::Intent;
use crate::sync::change::{ChangeKind, ColumnChange, RowChange};
use crate::sync::report::{Counts, FlowReport, RecordChange};
use comfy_table::{CellAlignment, Table, presets};
use std::collections::HashMap;
use std::time::Duration;

/// Reasons why records of a flow were not carried over that are shown; `ponte quarantine list` shows every record.
const CAUSES_SHOWN: usize = 10;
/// Keys shown of each cause.
const KEYS_SHOWN: usize = 5;

/// Columns of a row that stand on its line, in characters.
const LINE_CHARS: usize = 72;

pub fn report(report: &RoundReport, orders: &Orders, shown: usize) -> String {
    let mut text = String::new();
    for result in &report.results {
        match &result.ended {
            Ended::Flow(flow) => text.push_str(&changes(flow, shown)),
            Ended::Stock(report) => text.push_str(&stock::figures(report, shown)),
            _ => {}
        }
    }
    for result in &report.results {
        text.push_str(&quarantined(result));
    }
    text.push_str(&flows(&report.results));
    for result in &report.results {
        text.push_str(&unaccounted(result));
        match &result.ended {
            Ended::Stock(report) => text.push_str(&stock::summary(report)),
            // Below: what several flows failed of is told once.
            Ended::Failed(_) => {}
            Ended::Skipped(why) => {
                text.push_str(&format!("{} was not run: {why}\n", result.flow));
            }
            Ended::Interrupted => text.push_str(&format!(
                "{} was interrupted; what it committed stays, the next run goes on\n",
                result.flow
            )),
            Ended::Flow(report) => {
                if let Some(since) = &report.since {
                    let since = since.format("%Y-%m-%d %H:%M:%S UTC");
                    text.push_str(&format!(
                        "{}: looked at what changed since {since}, by the source's times\n",
                        result.flow
                    ));
                }
                for note in &report.notes {
                    text.push_str(&format!("{}: {}\n", result.flow, escaped(note)));
                }
                if let Some(guarded) = &report.guarded {
                    text.push_str(&format!(
                        "{} {}\n  help: {}\n",
                        styled(format!("{}: guard:", result.flow), YELLOW),
                        escaped(&guarded.message()),
                        escaped(&guarded.advice())
                    ));
                }
            }
        }
    }
    text.push_str(&failures(&report.results));
    text.push_str(&last_line(report, orders));
    text
}

/// Why flows failed, each reason once.
pub fn failures(results: &[FlowResult]) -> String {
    let mut told: Vec<(String, Vec<&str>)> = Vec::new();
    for result in results {
        if let Ended::Failed(error) = &result.ended {
            let mut said = format!("{}\n", escaped(&error.to_string()));
            if let Some(advice) = error.database().and_then(DbError::advice) {
                said.push_str(&format!("  help: {advice}\n"));
            }
            match told.iter_mut().find(|(known, _)| *known == said) {
                Some((_, flows)) => flows.push(&result.flow),
                None => told.push((said, vec![&result.flow])),
            }
        }
    }
    told.iter()
        .map(|(said, flows)| {
            let flows = styled(format!("{} failed:", flows.join(", ")), RED);
            format!("{flows} {said}")
        })
        .collect()
}

type Column = (&'static str, fn(&Counts) -> u64);

/// Always shown.
const COUNTS: [Column; 5] = [
    ("read", |counts| counts.read),
    ("unchanged", |counts| counts.unchanged),
    ("right", |counts| counts.right),
    ("created", |counts| counts.created),
    ("changed", |counts| counts.changed),
];

/// Shown where a flow has any.
const RARE: [Column; 17] = [
    ("linked", |counts| counts.linked),
    ("follows", |counts| counts.follows),
    ("waiting", |counts| counts.waiting),
    ("held", |counts| counts.held),
    ("ignored", |counts| counts.ignored),
    ("to approve", |counts| counts.unapproved),
    ("ambiguous", |counts| counts.ambiguous),
    ("removed", |counts| counts.removed),
    ("rejected", |counts| counts.rejected),
    ("incomplete", |counts| counts.incomplete),
    ("duplicates", |counts| counts.duplicates),
    ("gone", |counts| counts.gone),
    ("deactivated", |counts| counts.deactivated),
    ("deleted", |counts| counts.deleted),
    ("guarded", |counts| counts.guarded),
    ("not linked", |counts| counts.not_linked),
    ("extra", |counts| counts.extra),
];

const ROWS: [Column; 3] = [
    ("rows +", |counts| counts.rows_inserted),
    ("rows ~", |counts| counts.rows_updated),
    ("rows -", |counts| counts.rows_deleted),
];

fn flows(results: &[FlowResult]) -> String {
    let reports = results.iter().filter_map(|result| match &result.ended {
        Ended::Flow(report) => Some((report.as_ref(), Some(result.took))),
        _ => None,
    });
    flow_table(&reports.collect::<Vec<_>>())
}

/// A line per flow, with the time that it took where that is told.
pub fn flow_table(reports: &[(&FlowReport, Option<Duration>)]) -> String {
    if reports.is_empty() {
        return String::new();
    }
    let mut columns = COUNTS.to_vec();
    let occurs = |column: &&Column| {
        reports
            .iter()
            .any(|(report, _)| column.1(&report.counts) > 0)
    };
    columns.extend(RARE.iter().filter(occurs));
    columns.extend(ROWS);
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    let titles = columns.iter().map(|(title, _)| *title);
    let is_timed = reports.iter().any(|(_, took)| took.is_some());
    let seconds = is_timed.then_some("seconds");
    table.set_header(std::iter::once("flow").chain(titles).chain(seconds));
    for (report, took) in reports {
        let mut row = vec![report.flow.clone()];
        row.extend(
            columns
                .iter()
                .map(|(_, count)| grouped(count(&report.counts))),
        );
        row.extend(took.map(|took| format!("{:.1}", took.as_secs_f64())));
        table.add_row(row);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    lines(&table)
}

/// The table without blanks around it.
pub fn lines(table: &Table) -> String {
    let mut text = String::new();
    for line in table.lines() {
        let line = line.strip_prefix(' ').unwrap_or(&line);
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// The first changes of a flow; nothing if there are none, or none is to be shown.
pub fn changes(report: &FlowReport, shown: usize) -> String {
    if shown == 0 || report.changes_total == 0 {
        return String::new();
    }
    let total = count(report.changes_total, "change", "changes");
    let mut text = format!("{}: {total}\n", styled(&report.flow, BOLD));
    let mut told = 0;
    for (key, changes) in by_record(&report.changes) {
        if told == shown {
            break;
        }
        let heading = match key.is_empty() {
            true => "rows that follow from others".to_owned(),
            false => shown_key(key),
        };
        text.push_str(&format!("  {heading}\n"));
        for one in changes.into_iter().take(shown - told) {
            text.push_str(&change("    ", one));
            told += 1;
        }
    }
    text.push_str(&further(report.changes_total, told));
    text.push('\n');
    text
}

/// They are made table by table; read are they record by record.
fn by_record(changes: &[RecordChange]) -> Vec<(&str, Vec<&RowChange>)> {
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut records: Vec<(&str, Vec<&RowChange>)> = Vec::new();
    for one in changes {
        let at = *places.entry(&one.key).or_insert_with(|| {
            records.push((&one.key, Vec::new()));
            records.len() - 1
        });
        records[at].1.push(&one.change);
    }
    records
}

/// A sum that is off; nothing where there is none.
fn unaccounted(result: &FlowResult) -> String {
    match result.unaccounted() {
        0 => String::new(),
        number => format!(
            "{} {}: what the run found is not what it did, quarantined and left waiting; {} unaccounted for. That is a defect of ponte's: run it again, compare with `ponte verify`, and report it\n",
            styled("error:", RED),
            result.flow,
            count(number, "record is", "records are"),
        ),
    }
}

fn further(total: u64, shown: usize) -> String {
    match total.saturating_sub(shown as u64) {
        0 => String::new(),
        more => format!("  and {} more\n", grouped(more)),
    }
}

/// Columns go on the row's line as long as they are short.
fn change(indent: &str, change: &RowChange) -> String {
    let (verb, style) = match change.kind {
        ChangeKind::Insert => ("insert", GREEN),
        ChangeKind::Update => ("update", YELLOW),
        ChangeKind::Remove => ("remove", RED),
    };
    let row = match change.row.is_empty() {
        true => String::new(),
        false => format!(" ({})", escaped(&change.row)),
    };
    let columns: Vec<String> = change.columns.iter().map(column).collect();
    let verb = styled(verb, style);
    let head = format!("{indent}{verb} {}{row}", escaped(&change.table));
    let line = columns.join(", ");
    match line.chars().count() {
        0 => format!("{head}\n"),
        1..=LINE_CHARS => format!("{head}  {line}\n"),
        _ => format!(
            "{head}\n{indent}    {}\n",
            columns.join(&format!("\n{indent}    "))
        ),
    }
}

fn column(change: &ColumnChange) -> String {
    let name = escaped(&change.column);
    match (&change.old, &change.new) {
        (Some(old), Some(new)) => format!("{name}: {} -> {}", escaped(old), escaped(new)),
        (None, Some(value)) | (Some(value), None) => format!("{name}: {}", escaped(value)),
        (None, None) => name,
    }
}

/// What a person has to look at.
pub fn quarantined(result: &FlowResult) -> String {
    let (causes, total, waiting): (Vec<Cause>, u64, u64) = match &result.ended {
        Ended::Flow(report) => {
            // Those that only wait mend themselves: a number is enough.
            let others = report
                .rejected
                .iter()
                .filter(|one| one.reason.kind() != "waiting");
            let causes = causes(others.map(Finding::from));
            let waiting = report.counts.waiting;
            let counts = &report.counts;
            let others = counts.rejected + counts.ambiguous + counts.removed + counts.unapproved;
            (causes, others, waiting)
        }
        Ended::Stock(report) => {
            let found = stock_findings(report);
            (causes(found.first.into_iter()), found.total, 0)
        }
        _ => return String::new(),
    };
    let mut text = String::new();
    if total > 0 {
        let were = count(total, "record was", "records were");
        let flow = styled(&result.flow, BOLD);
        text.push_str(&format!("{flow}: {were} not carried over\n"));
        for cause in &causes {
            text.push_str(&one_cause(cause));
        }
        let told = causes.iter().map(|cause| cause.records).sum();
        text.push_str(&further(total, told));
    }
    if waiting > 0 {
        let wait = count(waiting, "record waits", "records wait");
        let flow = styled(&result.flow, BOLD);
        let what = match is_order(result) {
            true => "to be paid",
            false => "for others that are not linked yet",
        };
        text.push_str(&format!("{flow}: {wait} {what}\n"));
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

/// Orders hang on no other record.
fn is_order(result: &FlowResult) -> bool {
    result
        .flow
        .rsplit_once('/')
        .is_some_and(|(_, record)| record == ORDER.name)
}

/// Records that were not carried over for one and the same reason.
struct Cause {
    /// The first one's.
    finding: Finding,
    /// Of the first ones.
    keys: Vec<String>,
    records: usize,
}

/// The first causes; records of further ones are left out.
fn causes(found: impl Iterator<Item = Finding>) -> Vec<Cause> {
    let mut causes: Vec<Cause> = Vec::new();
    for finding in found {
        let is_same = |cause: &Cause| {
            let known = &cause.finding;
            known.kind == finding.kind
                && known.message == finding.message
                && known.advice == finding.advice
        };
        match causes.iter().position(is_same) {
            Some(at) => {
                let cause = &mut causes[at];
                let key = shown_key(&finding.key);
                cause.records += 1;
                if cause.keys.len() < KEYS_SHOWN && !cause.keys.contains(&key) {
                    cause.keys.push(key);
                }
            }
            None if causes.len() < CAUSES_SHOWN => causes.push(Cause {
                keys: vec![shown_key(&finding.key)],
                finding,
                records: 1,
            }),
            None => {}
        }
    }
    causes
}

fn one_cause(cause: &Cause) -> String {
    let more = match cause.records - cause.keys.len() {
        0 => String::new(),
        more => format!(" and {} more", grouped(more as u64)),
    };
    let finding = &cause.finding;
    let mut text = format!(
        "  {}{more}  {}: {}\n",
        cause.keys.join(", "),
        styled(&finding.kind, YELLOW),
        escaped(&finding.message)
    );
    if !finding.advice.is_empty() {
        text.push_str(&format!("      help: {}\n", escaped(&finding.advice)));
    }
    text
}

fn last_line(report: &RoundReport, orders: &Orders) -> String {
    match orders.intent {
        Intent::DryRun => "Dry run: nothing was written.\n".to_owned(),
        Intent::Trial => "Trial: everything was rolled back.\n".to_owned(),
        Intent::Write => {
            let wrote = report.results.iter().any(|result| match &result.ended {
                Ended::Flow(report) => report.wrote(),
                Ended::Stock(report) => report.wrote(),
                _ => false,
            });
            let complete = report
                .results
                .iter()
                .all(|result| matches!(result.ended, Ended::Flow(_) | Ended::Stock(_)));
            let has_rejected = report.results.iter().any(|result| match &result.ended {
                Ended::Flow(report) => report.counts.rejected > 0,
                _ => false,
            });
            match (wrote, complete) {
                (false, true) if has_rejected => {
                    "Nothing was written: what was to be written was rejected, see above.\n"
                        .to_owned()
                }
                (false, true) => "Nothing was to be written.\n".to_owned(),
                _ => String::new(),
            }
        }
    }
}
