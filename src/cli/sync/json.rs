//! A round for machines. The keys are documented in `docs/json.md`.

use crate::round::{Ended, FlowResult, Orders, findings, stock_findings};
use crate::sync::batch::Intent;
use serde_json::{Value, json};

/// Quarantined records in the document; the counts go on.
const QUARANTINED_MAX: usize = 1000;

pub fn mode(orders: &Orders) -> &'static str {
    match orders.intent {
        Intent::DryRun => "dry_run",
        Intent::Trial => "try",
        Intent::Write => "write",
    }
}

pub fn flows(results: &[FlowResult]) -> Value {
    results.iter().map(flow).collect()
}

fn flow(result: &FlowResult) -> Value {
    let mut document = json!({
        "flow": result.flow,
        "outcome": outcome(&result.ended),
        "seconds": (result.took.as_secs_f64() * 1000.0).round() / 1000.0,
    });
    if result.unaccounted() != 0 {
        document["unaccounted"] = json!(result.unaccounted());
    }
    match &result.ended {
        Ended::Flow(report) => {
            let mut found = findings(report);
            found.first.truncate(QUARANTINED_MAX);
            document["counts"] = json!(report.counts);
            document["changes"] = json!(report.changes);
            document["changes_total"] = json!(report.changes_total);
            document["quarantined"] = json!(found.first);
            document["quarantined_total"] = json!(found.total);
            document["guarded"] = json!(report.guarded);
            document["notes"] = json!(report.notes);
            document["since"] = json!(report.since);
        }
        Ended::Stock(report) => {
            let found = stock_findings(report);
            document["stock"] = json!(report);
            document["quarantined"] = json!(found.first);
            document["quarantined_total"] = json!(found.total);
        }
        Ended::Failed(error) => document["error"] = json!(error.to_string()),
        Ended::Skipped(why) => document["reason"] = json!(why),
        Ended::Interrupted => {}
    }
    document
}

fn outcome(ended: &Ended) -> &'static str {
    match ended {
        Ended::Flow(report) if report.guarded.is_some() => "guarded",
        Ended::Flow(report) if report.is_clean() => "done",
        Ended::Stock(report) if report.is_clean() => "done",
        Ended::Flow(_) | Ended::Stock(_) => "quarantined",
        Ended::Failed(_) => "failed",
        Ended::Skipped(_) => "skipped",
        Ended::Interrupted => "interrupted",
    }
}
