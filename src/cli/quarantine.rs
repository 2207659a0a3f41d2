//! `ponte quarantine list | show | retry`.

use super::Context;
use super::answer::{Answer, Failure};
use super::args::{QuarantineArgs, QuarantineCommand};
use super::exit::Exit;
use super::output::{BOLD, YELLOW, count, escaped, grouped, shown_key, styled};
use super::project::Project;
use super::status::local;
use super::sync;
use crate::round::task::{self, Task};
use crate::round::{Orders, RoundReport};
use crate::state::State;
use crate::state::quarantine::{Entry, GUARDED, first_value};
use crate::sync::batch::Intent;
use serde_json::json;
use std::collections::BTreeSet;

/// More keys than this are not asked for one by one: the whole flow runs instead, which tries them all.
const KEYS_MAX: usize = 1000;

pub async fn run(context: &Context<'_>, args: &QuarantineArgs) -> Result<Answer, Failure> {
    let project = Project::open(context.project)?;
    project.warn(context.as_json);
    let folder = &project.plan.state_dir;
    let mut state = match State::exists(folder) {
        true => Some(State::open(folder).await?),
        false => None,
    };
    match &args.command {
        QuarantineCommand::List { flow, show } => {
            let flow = flow
                .as_deref()
                .map(|flow| exact(&project, flow))
                .transpose()?;
            list(state.as_mut(), flow, *show).await
        }
        QuarantineCommand::Show { flow, key } => {
            let flow = exact(&project, flow)?;
            show(state.as_mut(), flow, key).await
        }
        QuarantineCommand::Retry { flow, keys } => {
            let flow = flow
                .as_deref()
                .map(|flow| exact(&project, flow))
                .transpose()?;
            retry(context, &project, state.as_mut(), flow, keys).await
        }
    }
}

/// The flow of exactly this name.
fn exact<'p>(project: &'p Project, flow: &str) -> Result<&'p str, Failure> {
    let tasks = task::select(&project.plan, &[flow.to_owned()])?;
    match tasks.as_slice() {
        [one] => Ok(one.name()),
        several => {
            let names: Vec<&str> = several.iter().map(Task::name).collect();
            Err(Failure::refused(format!("`{flow}` is several flows"))
                .help(format!("name one of them: {}", names.join(", "))))
        }
    }
}

async fn list(
    state: Option<&mut State>,
    flow: Option<&str>,
    shown: usize,
) -> Result<Answer, Failure> {
    let (entries, mut totals) = match state {
        Some(state) => (
            state.quarantine(flow).await?,
            state.quarantine_totals().await?,
        ),
        None => Default::default(),
    };
    totals.retain(|name, _| flow.is_none_or(|flow| flow == name));
    let mut text = String::new();
    for (name, total) in &totals {
        text.push_str(&format!(
            "{}: {}\n",
            styled(name, BOLD),
            count(*total, "record", "records")
        ));
        let of_flow = entries.iter().filter(|entry| entry.flow == *name);
        let mut told = 0;
        for entry in of_flow.take(shown) {
            told += 1;
            text.push_str(&format!(
                "  {}  {}: {}\n",
                shown_key(&entry.finding.key),
                styled(&entry.finding.kind, YELLOW),
                escaped(&entry.finding.message)
            ));
        }
        match total.saturating_sub(told) {
            0 => {}
            more => text.push_str(&format!("  and {} more\n", grouped(more))),
        }
    }
    if totals.is_empty() {
        text.push_str("Nothing is in quarantine.\n");
    }
    Ok(Answer::new("quarantine", Exit::Done)
        .key("records", json!(entries))
        .key("totals", json!(totals))
        .text(text))
}

async fn show(state: Option<&mut State>, flow: &str, key: &str) -> Result<Answer, Failure> {
    let stored = stored_key(key);
    let entry = match state {
        Some(state) => state.quarantined(flow, &stored).await?,
        None => None,
    };
    let Some(entry) = entry else {
        return Err(
            Failure::refused(format!("`{key}` of {flow} is not in quarantine"))
                .help(format!("`ponte quarantine list {flow}` shows what is")),
        );
    };
    Ok(Answer::new("quarantine", Exit::Done)
        .key("record", json!(entry))
        .text(described(&entry)))
}

fn described(entry: &Entry) -> String {
    let finding = &entry.finding;
    let mut text = format!(
        "{} of {}\n  {}: {}\n",
        styled(shown_key(&finding.key), BOLD),
        entry.flow,
        styled(&finding.kind, YELLOW),
        escaped(&finding.message)
    );
    if !finding.advice.is_empty() {
        text.push_str(&format!("  help: {}\n", escaped(&finding.advice)));
    }
    text.push_str(&format!(
        "  first seen {}, last {}, tried {}\n",
        local(entry.first_seen),
        local(entry.last_seen),
        count(entry.tries, "time", "times")
    ));
    text
}

/// A key as it is listed, back in the form in which it is kept.
fn stored_key(key: &str) -> String {
    key.replace(" / ", "\t")
}

async fn retry(
    context: &Context<'_>,
    project: &Project,
    state: Option<&mut State>,
    flow: Option<&str>,
    keys: &[String],
) -> Result<Answer, Failure> {
    let mut report = RoundReport {
        results: Vec::new(),
        interrupted: false,
        state_error: None,
    };
    let mut orders = Orders {
        intent: Intent::Write,
        full: false,
        only: Vec::new(),
        rows_max: None,
        ..Orders::default()
    };
    if let Some(state) = state {
        let entries = state.quarantine(flow).await?;
        for task in task::all(&project.plan) {
            let named: BTreeSet<String> = entries
                .iter()
                .filter(|entry| entry.flow == task.name() && entry.finding.kind != GUARDED)
                .map(|entry| first_value(&entry.finding.key).to_owned())
                .collect();
            orders.only = match (keys.is_empty(), flow) {
                (false, Some(flow)) if flow == task.name() => keys
                    .iter()
                    .map(|key| first_value(&stored_key(key)).to_owned())
                    .collect(),
                _ => named.into_iter().collect(),
            };
            if orders.only.is_empty() || report.interrupted {
                continue;
            }
            if orders.only.len() > KEYS_MAX {
                orders.only.clear();
            }
            let done = sync::carry_out(context, project, Some(state), &[task], &orders).await;
            report.results.extend(done.results);
            report.interrupted |= done.interrupted;
            report.state_error = report.state_error.or(done.state_error);
        }
    }
    if report.results.is_empty() {
        return Ok(Answer::new("quarantine", Exit::Done)
            .key("flows", json!([]))
            .text("Nothing is in quarantine.\n"));
    }
    Ok(sync::answer("quarantine", project, &orders, 0, &report))
}
