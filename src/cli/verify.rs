//! `ponte verify`: both sides as they are now, as far as ponte owns them.

use super::Context;
use super::answer::{Answer, Failure};
use super::args::VerifyArgs;
use super::door::{self, Order};
use super::exit::Exit;
use super::output::{BOLD, count, escaped, grouped, shown_key, styled};
use super::project::Project;
use super::sync::{self, lines, text};
use crate::diagnostic::Diagnostic;
use crate::round::task;
use crate::round::{Ended, FlowResult, Orders, RoundReport, findings, stock_findings};
use crate::stock::StockReport;
use crate::sync::batch::Intent;
use crate::sync::report::FlowReport;
use comfy_table::{CellAlignment, Table, presets};
use serde_json::{Value, json};

/// Records in the document that were not compared; the counts go on.
const NAMED_MAX: usize = 1000;

pub async fn run(context: &Context<'_>, args: &VerifyArgs) -> Result<Answer, Failure> {
    let project = Project::open(context.project)?;
    project.warn(context.as_json);
    let tasks = task::select(&project.plan, &args.flows)?;
    let order = || Order::Verify(args.clone());
    if let Some(answer) = door::ask(context, &project, args.alone, order).await {
        return answer;
    }
    let orders = orders(args);
    let mut state = sync::open_state(&project, Intent::DryRun, context.as_json).await?;
    let report = sync::carry_out(context, &project, state.as_mut(), &tasks, &orders).await;
    Ok(answer(args, &project.warnings, &orders, &report))
}

/// What a verify does.
pub fn orders(args: &VerifyArgs) -> Orders {
    let intent = match args.repair {
        true => Intent::Write,
        false => Intent::DryRun,
    };
    Orders {
        intent,
        full: true,
        verify: true,
        ..Orders::default()
    }
}

/// What it came to, for people and machines.
pub fn answer(
    args: &VerifyArgs,
    warnings: &[Diagnostic],
    orders: &Orders,
    report: &RoundReport,
) -> Answer {
    let found: Vec<Found<'_>> = report.results.iter().map(Found::of).collect();
    // The errors of flows, and what ends a command early, are told as those of a run.
    let failed = sync::answer("verify", warnings, orders, 0, report);
    let exit = found
        .iter()
        .fold(failed.exit, |exit, found| exit.and(found.exit(args.repair)));
    let documents: Vec<Value> = found.iter().map(Found::json).collect();
    let mut answer = Answer::new("verify", exit)
        .key("repair", json!(args.repair))
        .key("flows", json!(documents))
        .text(told(&found, &report.results, args));
    answer.talk = failed.talk;
    answer.diagnostics = failed.diagnostics;
    answer.error = failed.error;
    answer
}

/// What was found of one flow.
struct Found<'r> {
    result: &'r FlowResult,
    compared: u64,
    different: u64,
    /// Rows that differ, those that follow from others among them.
    rows: u64,
    removed: u64,
    gone: u64,
    gone_active: u64,
    not_linked: u64,
    extra: u64,
    not_compared: u64,
}

impl<'r> Found<'r> {
    fn of(result: &'r FlowResult) -> Self {
        let mut found = Found {
            result,
            compared: 0,
            different: 0,
            rows: 0,
            removed: 0,
            gone: 0,
            gone_active: 0,
            not_linked: 0,
            extra: 0,
            not_compared: 0,
        };
        match &result.ended {
            Ended::Flow(report) => {
                let counts = &report.counts;
                found.compared = counts.right + counts.changed;
                found.different = counts.changed;
                found.rows = report.changes_total;
                found.removed = counts.removed;
                found.gone = counts.gone;
                found.gone_active = counts.gone_active;
                found.not_linked = counts.not_linked + counts.waiting;
                found.extra = counts.extra;
                found.not_compared = counts.rejected + counts.ambiguous + counts.duplicates;
            }
            Ended::Stock(report) => {
                found.compared = report.articles;
                found.different = report.changed;
                found.rows = report.changed + report.derived_changed;
                found.not_compared = stock_findings(report).total;
            }
            _ => {}
        }
        found
    }

    fn is_report(&self) -> bool {
        matches!(self.result.ended, Ended::Flow(_) | Ended::Stock(_))
    }

    /// Whether something differs that this run has not put right.
    fn differs(&self, repaired: bool) -> bool {
        let rows = if repaired { 0 } else { self.rows };
        rows + self.removed + self.gone_active + self.extra > 0
    }

    fn exit(&self, repaired: bool) -> Exit {
        match self.differs(repaired) {
            true => Exit::Different,
            false => Exit::Done,
        }
    }

    fn json(&self) -> Value {
        let outcome = match &self.result.ended {
            Ended::Flow(_) | Ended::Stock(_) if self.differs(false) => "different",
            Ended::Flow(_) | Ended::Stock(_) => "same",
            Ended::Failed(_) => "failed",
            Ended::Skipped(_) => "skipped",
            Ended::Interrupted => "interrupted",
        };
        let mut document = json!({
            "flow": self.result.flow,
            "outcome": outcome,
            "seconds": (self.result.took.as_secs_f64() * 1000.0).round() / 1000.0,
        });
        match &self.result.ended {
            Ended::Flow(report) => {
                self.counts(&mut document);
                let mut found = findings(report);
                found.first.truncate(NAMED_MAX);
                document["gone_keys"] = json!(report.gone_keys);
                document["extra_keys"] = json!(report.extra_keys);
                document["changes"] = json!(report.changes);
                document["changes_total"] = json!(report.changes_total);
                document["findings"] = json!(found.first);
                document["findings_total"] = json!(found.total);
                document["notes"] = json!(report.notes);
            }
            Ended::Stock(report) => {
                self.counts(&mut document);
                let found = stock_findings(report);
                document["stock"] = json!(report);
                document["findings"] = json!(found.first);
                document["findings_total"] = json!(found.total);
            }
            Ended::Failed(error) => document["error"] = json!(error.to_string()),
            Ended::Skipped(why) => document["reason"] = json!(why),
            Ended::Interrupted => {}
        }
        document
    }

    fn counts(&self, document: &mut Value) {
        for (name, number) in self.columns() {
            document[name] = json!(number);
        }
    }

    fn columns(&self) -> [(&'static str, u64); 9] {
        [
            ("compared", self.compared),
            ("different", self.different),
            ("rows", self.rows),
            ("removed", self.removed),
            ("gone", self.gone),
            ("gone_active", self.gone_active),
            ("not_linked", self.not_linked),
            ("extra", self.extra),
            ("not_compared", self.not_compared),
        ]
    }
}

fn told(found: &[Found<'_>], results: &[FlowResult], args: &VerifyArgs) -> String {
    let mut told = String::new();
    for one in found {
        match &one.result.ended {
            Ended::Flow(report) => told.push_str(&differences(report, args.show)),
            Ended::Stock(report) => told.push_str(&figures(report, args.show)),
            _ => {}
        }
    }
    for result in results {
        told.push_str(&text::quarantined(result));
    }
    told.push_str(&table(found));
    for result in results {
        match &result.ended {
            Ended::Flow(report) => {
                for note in &report.notes {
                    told.push_str(&format!("{}: {}\n", result.flow, escaped(note)));
                }
            }
            Ended::Skipped(why) => told.push_str(&format!("{} was not run: {why}\n", result.flow)),
            Ended::Interrupted => told.push_str(&format!("{} was interrupted\n", result.flow)),
            _ => {}
        }
    }
    told.push_str(&text::failures(results));
    let differ = found.iter().any(|found| found.differs(args.repair));
    let all = found.iter().all(Found::is_report);
    told.push_str(match (all, differ, args.repair) {
        (false, ..) => "",
        (true, false, false) => "Everything that ponte owns is as it should be.\n",
        (true, false, true) => "Everything that ponte owns is as it should be now.\n",
        (true, true, false) => {
            "Nothing was written. `ponte verify --repair` writes the rows that differ.\n"
        }
        (true, true, true) => {
            "The rows that differed were written; nothing was created or deleted.\n"
        }
    });
    told
}

fn differences(report: &FlowReport, shown: usize) -> String {
    let mut told = text::changes(report, shown);
    let counts = &report.counts;
    told.push_str(&named(
        report,
        &report.gone_keys,
        counts.gone,
        "linked, but gone in the source",
        shown,
    ));
    told.push_str(&named(
        report,
        &report.extra_keys,
        counts.extra,
        "in the target, but not in the source",
        shown,
    ));
    told
}

fn named(report: &FlowReport, keys: &[String], total: u64, what: &str, shown: usize) -> String {
    if total == 0 || shown == 0 {
        return String::new();
    }
    let keys: Vec<String> = keys.iter().take(shown).map(|key| shown_key(key)).collect();
    let more = match total.saturating_sub(keys.len() as u64) {
        0 => String::new(),
        more => format!(" and {} more", grouped(more)),
    };
    format!(
        "{}: {} {what}: {}{more}\n\n",
        styled(&report.flow, BOLD),
        count(total, "record is", "records are"),
        keys.join(", ")
    )
}

fn figures(report: &StockReport, shown: usize) -> String {
    text::stock::figures(report, shown)
}

fn table(found: &[Found<'_>]) -> String {
    let told: Vec<&Found<'_>> = found.iter().filter(|found| found.is_report()).collect();
    if told.is_empty() {
        return String::new();
    }
    let titles: Vec<&str> = told[0].columns().iter().map(|(name, _)| *name).collect();
    let always = ["compared", "different", "rows"];
    let occurs = |at: usize| {
        always.contains(&titles[at]) || told.iter().any(|found| found.columns()[at].1 > 0)
    };
    let columns: Vec<usize> = (0..titles.len()).filter(|at| occurs(*at)).collect();
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    let names = columns.iter().map(|at| titles[*at].replace('_', " "));
    table.set_header(std::iter::once("flow".to_owned()).chain(names));
    for found in told {
        let numbers = columns.iter().map(|at| grouped(found.columns()[*at].1));
        table.add_row(std::iter::once(found.result.flow.clone()).chain(numbers));
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    lines(&table)
}
