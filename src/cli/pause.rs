//! `ponte pause`, `ponte resume`: which flows and comparisons the service leaves alone.

use super::Context;
use super::answer::{Answer, Failure};
use super::args::PauseArgs;
use super::exit::Exit;
use super::project::Project;
use crate::plan::Plan;
use crate::plan::schedule::When;
use crate::round::{compared, reconcile, task};
use crate::state::State;
use serde_json::json;

pub async fn run(context: &Context<'_>, args: &PauseArgs, pause: bool) -> Result<Answer, Failure> {
    let project = Project::open(context.project)?;
    project.warn(context.as_json);
    let known = compared::names(&project.plan);
    let (mut names, flows): (Vec<String>, Vec<String>) =
        (args.flows.iter().cloned()).partition(|name| known.contains(name));
    if !flows.is_empty() {
        let tasks = task::select(&project.plan, &flows)?;
        names.extend(tasks.iter().map(|task| task.name().to_owned()));
    }
    if let Some(name) = names
        .iter()
        .find(|name| !pause && pauses(&project.plan, name))
    {
        let message = format!("`{name}` is paused by the project file");
        return Err(Failure::refused(message)
            .help("another word than `paused` for it in `[schedule.flows]`, then `ponte reload`"));
    }
    let mut state = State::open(&project.plan.state_dir).await?;
    let mut text = String::new();
    for name in &names {
        state.pause(name, pause).await?;
        text.push_str(name);
        text.push_str(match pause {
            true => ": paused\n",
            false => ": runs again\n",
        });
    }
    let command = match pause {
        true => "pause",
        false => "resume",
    };
    let mut paused = state.paused().await?;
    let all = task::all(&project.plan);
    let all = all.iter().map(|task| task.name().to_owned()).chain(known);
    paused.extend(all.filter(|name| pauses(&project.plan, name)));
    Ok(Answer::new(command, Exit::Done)
        .key("paused", json!(paused))
        .text(text))
}

/// Whether the project file itself pauses a flow or comparison: no command resumes that.
pub fn pauses(plan: &Plan, name: &str) -> bool {
    let schedule = &plan.schedule;
    let when = match schedule.flows.get(name) {
        Some(when) => when,
        None if reconcile::is_name(name) => &schedule.reconcile,
        None => &schedule.verify,
    };
    *when == When::Paused
}
