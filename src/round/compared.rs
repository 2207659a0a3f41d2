//! What a comparison of both sides came to, of flows or of orders: for the history, the quarantine and whoever looks.

use super::task::{self, Task};
use super::{Ended, FlowError, FlowResult, RoundReport};
use crate::orders::reconcile::{self, Report, Side};
use crate::plan::Plan;
use crate::state::history::{Outcome, RunId};
use crate::state::quarantine::{Finding, Findings};
use crate::state::{State, StateError};
use crate::stock::StockReport;
use crate::sync::change::ChangeKind;
use crate::sync::report::FlowReport;
use serde_json::json;
use std::collections::BTreeMap;

/// The kind of a record that is not on both sides as it should be.
pub const DIFFERENT: &str = "different";

/// How the history calls the comparison of the flows of a pair: `main/verify` of a shop's.
pub fn verify_name(pair: &str) -> String {
    match pair.strip_prefix("shop.") {
        // The ERP's own is called so already.
        Some(shop) if shop != "erp" => format!("{shop}/verify"),
        _ => format!("{pair}/verify"),
    }
}

/// Whether a comparison of both sides has anything to do with a task.
pub fn is_compared(task: &Task<'_>) -> bool {
    matches!(task, Task::Flow(_) | Task::Stock(_))
}

/// What the service compares by a schedule, in the order in which it does: flows by the database that they write to, then orders.
pub fn names(plan: &Plan) -> Vec<String> {
    let pairs = task::by_database(plan).into_iter();
    let pairs = pairs.filter(|(_, tasks)| tasks.iter().any(is_compared));
    let flows = pairs.map(|(pair, _)| verify_name(&pair));
    flows
        .chain(plan.orders.iter().map(super::reconcile::name))
        .collect()
}

/// A comparison that has ended.
#[derive(Debug)]
pub struct Compared {
    /// `main/verify`, `main/reconcile`.
    pub name: String,
    pub outcome: Outcome,
    /// Records or orders looked at.
    pub read: u64,
    /// The numbers, for the history.
    pub counts: serde_json::Value,
    /// What a person has to look at, and is told of nowhere else.
    pub findings: Findings,
    /// The flows that the findings tell of; `None`: all of them. Of the others stands what was found before.
    pub only: Option<Vec<String>>,
    pub error: Option<String>,
    pub error_kind: Option<&'static str>,
}

impl Compared {
    /// Of a pair's flows.
    pub fn of_flows(name: String, report: &RoundReport) -> Compared {
        let mut compared = Compared::new(name);
        let (mut different, mut done, mut errors) = (0, Vec::new(), Vec::new());
        for FlowResult { flow, ended, .. } in &report.results {
            let found = match ended {
                Ended::Flow(report) => {
                    compared.read += report.counts.read;
                    of_flow(report)
                }
                Ended::Stock(report) => {
                    compared.read += report.articles;
                    of_stock(report)
                }
                Ended::Failed(error) => {
                    compared.error_kind.get_or_insert(error.kind());
                    errors.push(format!("{flow}: {error}"));
                    continue;
                }
                Ended::Skipped(_) | Ended::Interrupted => continue,
            };
            different += found.total;
            compared.findings.total += found.total;
            compared.findings.first.extend(found.first);
            done.push(flow.clone());
        }
        compared.counts = json!({ "read": compared.read, "different": different });
        compared.outcome = match (report.interrupted, errors.is_empty(), different) {
            (true, ..) => Outcome::Interrupted,
            (_, false, _) => Outcome::Failed,
            (_, _, 0) => Outcome::Done,
            _ => Outcome::Quarantined,
        };
        if report.interrupted || !errors.is_empty() {
            // What is not listed one by one is counted when all of them have been compared.
            compared.findings.total = compared.findings.first.len() as u64;
            compared.only = Some(done);
        }
        compared.error = (!errors.is_empty()).then(|| errors.join("; "));
        compared
    }

    /// Of a shop's orders.
    pub fn of_orders(name: String, done: &Result<Report, FlowError>) -> Compared {
        let mut compared = Compared::new(name);
        match done {
            Ok(report) => {
                compared.read = report.days.iter().map(|day| day.shop.orders).sum();
                compared.counts = json!({
                    "read": compared.read,
                    "missing": report.count(Side::Missing),
                    "extra": report.count(Side::Extra),
                    "different": report.count(Side::Different),
                });
                if !report.is_clean() {
                    compared.outcome = Outcome::Quarantined;
                }
                compared.findings = of_orders(report);
            }
            Err(error) => {
                compared.outcome = Outcome::Failed;
                compared.error = Some(error.to_string());
                compared.error_kind = Some(error.kind());
                compared.only = Some(Vec::new());
            }
        }
        compared
    }

    fn new(name: String) -> Compared {
        Compared {
            name,
            outcome: Outcome::Done,
            read: 0,
            counts: serde_json::Value::Null,
            findings: Findings::default(),
            only: None,
            error: None,
            error_kind: None,
        }
    }

    /// Notes it in the history, and what it found beside the quarantine's records.
    ///
    /// # Errors
    /// Those of the state.
    pub async fn note(&self, state: &mut State, run: RunId) -> Result<(), StateError> {
        let only = self.only.as_deref();
        state
            .replace_quarantine(&self.name, &self.findings, only)
            .await?;
        let error = self.error.as_deref();
        state
            .finish_run(run, &self.name, self.outcome, &self.counts, error)
            .await
    }
}

fn finding(flow: &str, key: &str, message: String) -> Finding {
    let key = match key {
        "" => flow.to_owned(),
        key => format!("{flow}\t{key}"),
    };
    Finding {
        key,
        kind: DIFFERENT.to_owned(),
        message,
        advice:
            "`ponte verify` shows what differs, `ponte verify --repair` writes what the ERP has"
                .to_owned(),
    }
}

/// A record each, with the columns that differ. Their values, which may be a customer's, are `ponte verify`'s to show.
fn of_flow(report: &FlowReport) -> Findings {
    let flow = &report.flow;
    let mut records: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for one in &report.changes {
        let change = &one.change;
        let differs = records.entry(&one.key).or_default();
        match change.kind {
            ChangeKind::Insert => differs.push(format!("a row of `{}` is missing", change.table)),
            ChangeKind::Remove => {
                differs.push(format!("a row of `{}` is too many", change.table));
            }
            ChangeKind::Update => differs.extend(
                change
                    .columns
                    .iter()
                    .map(|column| format!("`{}.{}`", change.table, column.column)),
            ),
        }
    }
    let mut first: Vec<Finding> = records
        .into_iter()
        .map(|(key, mut differs)| {
            differs.dedup();
            finding(
                flow,
                key,
                format!("not as ponte writes it: {}", differs.join(", ")),
            )
        })
        .collect();
    let removed = report.rejected.iter();
    let removed = removed.filter(|one| one.reason.kind() == "removed");
    first.extend(removed.map(|one| finding(flow, &one.key, one.reason.to_string())));
    let extra = report.extra_keys.iter();
    first.extend(extra.map(|key| {
        let message = "in the target, but not in the source".to_owned();
        finding(flow, key, message)
    }));
    let counts = &report.counts;
    if counts.gone_active > 0 {
        first.push(finding(
            flow,
            "",
            format!(
                "{} records are gone in the source, and active in the target",
                counts.gone_active
            ),
        ));
    }
    let total = counts.changed + counts.removed + counts.gone_active + counts.extra;
    settled(first, total.max(u64::from(report.changes_total > 0)))
}

fn of_stock(report: &StockReport) -> Findings {
    let flow = &report.flow;
    let mut first: Vec<Finding> = report
        .changes
        .iter()
        .map(|change| {
            let shown = change.old.as_deref().unwrap_or("nothing");
            let message = format!("the shop shows {shown}, {} are available", change.new);
            finding(flow, &change.sku, message)
        })
        .collect();
    if report.derived_changed > 0 {
        let rows = report.derived_changed;
        first.push(finding(
            flow,
            "",
            format!("{rows} rows that follow from figures differ"),
        ));
    }
    settled(first, report.changed + report.derived_changed)
}

/// Those that the quarantine of the import has are told of there.
fn of_orders(report: &Report) -> Findings {
    let told = |kind: &reconcile::Kind| *kind == reconcile::Kind::Quarantined;
    let of_refunds = report.refunds.iter();
    let findings = of_refunds.clone().flat_map(|refunds| &refunds.findings);
    let findings = report.findings.iter().chain(findings);
    let findings = findings.filter(|one| !told(&one.kind));
    let first = findings.map(|one| Finding {
        key: one.reference.clone(),
        kind: DIFFERENT.to_owned(),
        message: one.message.clone(),
        advice: one.advice.clone(),
    });
    let totals = of_refunds.flat_map(|refunds| &refunds.totals);
    let totals = report.totals.iter().chain(totals);
    let totals = totals.filter(|(kind, _)| !told(kind));
    settled(first.collect(), totals.map(|(_, count)| count).sum())
}

fn settled(first: Vec<Finding>, total: u64) -> Findings {
    Findings {
        total: total.max(first.len() as u64),
        first,
    }
}
