//! A person's word: what a command notes about a shop and its ERP without running a flow. The service that runs for the project
//! notes it between its runs; where none runs, the command does. Either way under the leases of the pair.

use super::Context;
use super::answer::{Answer, Failure};
use super::args::MatchArgs;
use super::door::{self, Order};
use super::project::Project;
use super::{approve, mail, matching};
use crate::connections::Connections;
use crate::plan::Plan;
use crate::service::control::{Control, Turn};
use crate::web::Live;
use serde::{Deserialize, Serialize};

/// What is said.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Word {
    /// To questions that wait for approval.
    Approve(Verdict),
    /// About a match; `kept`: items of each list.
    Match { args: MatchArgs, kept: usize },
    /// Mails of this order are to go out, though they wait for a person.
    Mail { order: String, shop: Option<String> },
}

/// A person's word to questions.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Verdict {
    pub ids: Vec<String>,
    pub accepted: bool,
    pub reason: String,
    pub by: String,
}

impl Word {
    pub fn command(&self) -> &'static str {
        match self {
            Word::Approve(_) => "approve",
            Word::Match { .. } => "match",
            Word::Mail { .. } => "mail",
        }
    }
}

/// Where a word is noted.
#[derive(Clone, Copy)]
pub struct Desk<'a> {
    pub plan: &'a Plan,
    pub connections: &'a Connections,
    control: Option<&'a Control>,
}

impl<'a> Desk<'a> {
    pub fn here(project: &'a Project) -> Desk<'a> {
        Desk {
            plan: &project.plan,
            connections: &project.connections,
            control: None,
        }
    }

    fn of(live: &'a Live) -> Desk<'a> {
        Desk {
            plan: &live.service.plan,
            connections: &live.service.connections,
            control: Some(&live.control),
        }
    }

    /// While it is held, the service runs no flow of this one's pair. Where a command does it itself, the lease sees to that.
    ///
    /// # Errors
    /// A service that takes no words now.
    pub async fn turn(&self, flow: &str) -> Result<Option<Turn>, Failure> {
        match self.control {
            Some(control) => Ok(Some(control.turn(flow).await?)),
            None => Ok(None),
        }
    }
}

/// Has a word noted: by the service that runs for the project, unless it is to be done `alone`.
///
/// # Errors
/// Those of noting it.
pub async fn pass(
    context: &Context<'_>,
    project: &Project,
    alone: bool,
    word: Word,
) -> Result<Answer, Failure> {
    match door::ask(context, project, alone, || Order::Note(word.clone())).await {
        Some(answer) => answer,
        None => note(Desk::here(project), &word).await,
    }
}

/// The same in the running service.
///
/// # Errors
/// Those of noting it, and of a service that takes no words now.
pub async fn by_service(live: &Live, word: &Word) -> Result<Answer, Failure> {
    note(Desk::of(live), word).await
}

async fn note(desk: Desk<'_>, word: &Word) -> Result<Answer, Failure> {
    match word {
        Word::Approve(verdict) => approve::decide(desk, verdict).await,
        Word::Match { args, kept } => matching::carry_out(desk, args, *kept).await,
        Word::Mail { order, shop } => mail::again(desk, order, shop.as_deref()).await,
    }
}
