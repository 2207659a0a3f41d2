//! `ponte pause`, `ponte resume`: which flows the service leaves alone.

use super::Context;
use super::answer::{Answer, Failure};
use super::args::PauseArgs;
use super::exit::Exit;
use super::project::Project;
use crate::round::task;
use crate::state::State;
use serde_json::json;

pub async fn run(context: &Context<'_>, args: &PauseArgs, pause: bool) -> Result<Answer, Failure> {
    let project = Project::open(context.project)?;
    project.warn(context.as_json);
    let tasks = task::select(&project.plan, &args.flows)?;
    let mut state = State::open(&project.plan.state_dir).await?;
    let mut text = String::new();
    for task in &tasks {
        state.pause(task.name(), pause).await?;
        text.push_str(task.name());
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
