//! `ponte pause`, `ponte resume`: which flows and comparisons the service leaves alone.

use super::Context;
use super::answer::{Answer, Failure};
use super::args::PauseArgs;
use super::exit::Exit;
use super::project::Project;
use crate::round::{compared, task};
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
    Ok(Answer::new(command, Exit::Done)
        .key("paused", json!(state.paused().await?))
        .text(text))
}
