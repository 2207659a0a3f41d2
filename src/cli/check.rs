//! `ponte check`.

use super::Context;
use super::answer::{Answer, Failure, drawn, has_errors};
use super::exit::Exit;
use super::output::{GREEN, RED, YELLOW, escaped, styled};
use super::project::Project;
use super::sync::{in_order, lines};
use crate::check::changes::ChangesCheck;
use crate::check::{CheckReport, ConnectionCheck, FlowCheck, FlowOutcome, check};
use crate::sync::watermark::TimeFacts;
use comfy_table::{Table, presets};
use serde_json::{Value, json};

pub async fn run(context: &Context<'_>) -> Result<Answer, Failure> {
    let project = Project::open(context.project)?;
    let mut report = check(&project.plan, &project.connections).await;
    let mut found = project.warnings;
    found.append(&mut report.diagnostics);
    let found = in_order(found);
    let connections: Vec<Value> = report.connections.iter().map(connection_json).collect();
    let flows: Vec<Value> = report.flows.iter().map(flow_json).collect();
    let mut answer = Answer::new("check", exit(&report, has_errors(&found.0)))
        .text(text(&report))
        .key("connections", connections)
        .key("flows", flows);
    if !found.0.is_empty() {
        answer.talk = drawn(&found);
    }
    answer.diagnostics = found.0;
    Ok(answer)
}

fn exit(report: &CheckReport, has_errors: bool) -> Exit {
    let servers = report
        .connections
        .iter()
        .filter_map(|one| one.server.as_ref().err());
    let failed = report.flows.iter().filter_map(|flow| match &flow.outcome {
        FlowOutcome::Failed(error) => Some(error),
        _ => None,
    });
    let start = match has_errors {
        true => Exit::Configuration,
        false => Exit::Done,
    };
    servers.chain(failed).map(Exit::from).fold(start, Exit::and)
}

fn text(report: &CheckReport) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    for one in &report.connections {
        let state = match &one.server {
            Ok(_) => "ok".to_owned(),
            Err(_) => "cannot be used".to_owned(),
        };
        let product = one.server.as_ref().map_or("", |server| &server.product);
        let system = one.system.as_deref().unwrap_or("");
        table.add_row([
            one.name.as_str(),
            &escaped(product),
            &escaped(system),
            &state,
        ]);
    }
    let mut text = lines(&table);
    for one in &report.connections {
        if let Err(error) = &one.server {
            text.push_str(&format!(
                "{}: {}\n",
                styled(&one.name, RED),
                escaped(&error.message)
            ));
            if let Some(advice) = error.advice() {
                text.push_str(&format!("  help: {advice}\n"));
            }
        }
    }
    text.push('\n');
    for flow in &report.flows {
        let outcome = match &flow.outcome {
            FlowOutcome::Fits => styled("fits", GREEN),
            FlowOutcome::DoesNotFit => styled("does not fit", RED),
            FlowOutcome::NotChecked { connection } => styled(
                format!("not checked: `{connection}` cannot be used"),
                YELLOW,
            ),
            FlowOutcome::Failed(error) => {
                format!("{} {}", styled("failed:", RED), escaped(&error.message))
            }
        };
        text.push_str(&format!("{}: {outcome}\n", flow.name));
        if let Some(changes) = &flow.changes {
            text.push_str(&format!("  {}\n", escaped(&changes.text())));
        }
    }
    text
}

fn connection_json(one: &ConnectionCheck) -> Value {
    let server = one.server.as_ref();
    json!({
        "connection": one.name,
        "url": one.url,
        "product": server.map(|server| server.product.clone()).ok(),
        "system": one.system,
        "error": server.err().map(|error| error.message.clone()),
    })
}

fn flow_json(flow: &FlowCheck) -> Value {
    let (outcome, error) = match &flow.outcome {
        FlowOutcome::Fits => ("fits", None),
        FlowOutcome::DoesNotFit => ("does_not_fit", None),
        FlowOutcome::NotChecked { .. } => ("not_checked", None),
        FlowOutcome::Failed(error) => ("failed", Some(error.message.clone())),
    };
    let changes = flow.changes.as_ref().map(changes_json);
    json!({ "flow": flow.name, "outcome": outcome, "error": error, "changes": changes })
}

fn changes_json(changes: &ChangesCheck) -> Value {
    let column = |one: &TimeFacts| json!({ "column": one.name, "type": one.declared, "indexed": one.indexed, "nullable": one.nullable });
    json!({
        "by": if changes.by_timestamp { "timestamp" } else { "snapshot" },
        "timestamp_possible": changes.hindrance.is_none(),
        "hindrance": changes.hindrance,
        "columns": changes.columns.iter().map(column).collect::<Vec<_>>(),
        "open_transactions_seen": changes.sees_open,
        "deletes_told": changes.tells_gone,
        "overlap_seconds": changes.overlap.map(|overlap| overlap.as_secs()),
        "full_every_seconds": changes.full_every.map(|every| every.as_secs()),
    })
}
