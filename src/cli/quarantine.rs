//! `ponte quarantine list | show | retry`.

use super::Context;
use super::answer::{Answer, Failure};
use super::args::{QuarantineArgs, QuarantineCommand};
use super::door::{self, Order, Part};
use super::exit::Exit;
use super::output::{BOLD, YELLOW, count, escaped, grouped, shown_key, styled};
use super::project::Project;
use super::status::local;
use super::sync;
use crate::round::task::{self, Task};
use crate::round::{Orders, RoundReport, compared};
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
                .map(|flow| listed(&project, flow))
                .transpose()?;
            list(state.as_mut(), flow.as_deref(), *show).await
        }
        QuarantineCommand::Show { flow, key } => {
            let flow = listed(&project, flow)?;
            show(state.as_mut(), &flow, key).await
        }
        QuarantineCommand::Retry { flow, keys, alone } => {
            let flow = flow
                .as_deref()
                .map(|flow| exact(&project, flow))
                .transpose()?;
            retry(context, &project, state.as_mut(), (flow, keys), *alone).await
        }
    }
}

/// The flow of exactly this name, or the comparison.
fn listed(project: &Project, name: &str) -> Result<String, Failure> {
    let mut compared = compared::names(&project.plan).into_iter();
    match compared.find(|known| known == name) {
        Some(known) => Ok(known),
        None => Ok(exact(project, name)?.to_owned()),
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

/// What trying again does.
pub fn orders() -> Orders {
    Orders {
        intent: Intent::Write,
        ..Orders::default()
    }
}

async fn retry(
    context: &Context<'_>,
    project: &Project,
    state: Option<&mut State>,
    (flow, keys): (Option<&str>, &[String]),
    alone: bool,
) -> Result<Answer, Failure> {
    let nothing = || {
        Answer::new("quarantine", Exit::Done)
            .key("flows", json!([]))
            .text("Nothing is in quarantine.\n")
    };
    let Some(state) = state else {
        return Ok(nothing());
    };
    let parts = parts(project, state, flow, keys).await?;
    if parts.is_empty() {
        return Ok(nothing());
    }
    let order = || Order::Retry(parts.clone());
    if let Some(answer) = door::ask(context, project, alone, order).await {
        return answer;
    }
    let mut report = RoundReport::default();
    for Part { flow, only } in parts {
        if report.interrupted {
            break;
        }
        let tasks = task::select(&project.plan, &[flow])?;
        let orders = Orders { only, ..orders() };
        report.add(sync::carry_out(context, project, Some(state), &tasks, &orders).await);
    }
    Ok(sync::answer(
        "quarantine",
        &project.warnings,
        &orders(),
        0,
        &report,
    ))
}

/// What is to be tried, flow by flow.
async fn parts(
    project: &Project,
    state: &mut State,
    flow: Option<&str>,
    keys: &[String],
) -> Result<Vec<Part>, Failure> {
    let entries = state.quarantine(flow).await?;
    let mut parts = Vec::new();
    for task in task::all(&project.plan) {
        let named: BTreeSet<String> = entries
            .iter()
            .filter(|entry| entry.flow == task.name() && entry.finding.kind != GUARDED)
            .map(|entry| first_value(&entry.finding.key).to_owned())
            .collect();
        let mut only: Vec<String> = match (keys.is_empty(), flow) {
            (false, Some(flow)) if flow == task.name() => keys
                .iter()
                .map(|key| first_value(&stored_key(key)).to_owned())
                .collect(),
            _ => named.into_iter().collect(),
        };
        if only.is_empty() {
            continue;
        }
        if only.len() > KEYS_MAX {
            only.clear();
        }
        let flow = task.name().to_owned();
        parts.push(Part { flow, only });
    }
    Ok(parts)
}
