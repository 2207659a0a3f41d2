//! What waits for a person's approval, and the person's word, under the leases of the pair: no run is under way meanwhile.

use super::FlowError;
use super::leases::Leases;
use super::task::{self, Task};
use crate::connections::Connections;
use crate::db::{self, CommitError, DbError, DbErrorKind, Isolation, Session};
use crate::own::approval::{self, Approval, Approvals, Standing};
use crate::own::lease::Guard;
use crate::plan::Plan;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Questions shown of a flow.
const MOST: usize = 10_000;

/// A question, as people call it.
#[derive(Debug, Clone)]
pub struct Question {
    /// `main/order/1001`
    pub id: String,
    pub flow: String,
    pub approval: Approval,
}

impl Question {
    /// What a person is shown.
    pub fn detail(&self) -> Value {
        serde_json::from_str(&self.approval.detail).unwrap_or_default()
    }

    /// For machines.
    pub fn document(&self) -> Value {
        let approval = &self.approval;
        let detail = self.detail();
        json!({
            "id": self.id,
            "flow": self.flow,
            "key": approval.key,
            "digest": approval.digest,
            "standing": approval.standing,
            "asked": approval.asked,
            "decided": approval.decided,
            "by": approval.by,
            "reason": approval.reason,
            "why": detail.get("why"),
            "title": detail.get("title"),
            "changes": detail.get("changes"),
            "rows": detail.pointer("/content/rows"),
        })
    }
}

/// What became of a person's word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    Done,
    /// It was so before.
    Already,
    Refused(String),
}

/// What waits; `all`: what is over, too.
///
/// # Errors
/// A database out of reach or not set up.
pub async fn list(
    plan: &Plan,
    connections: &Connections,
    all: bool,
) -> Result<Vec<Question>, FlowError> {
    let mut found = Vec::new();
    let mut sessions: BTreeMap<&str, Box<dyn Session>> = BTreeMap::new();
    for task in task::all(plan) {
        let target = task.target();
        if !sessions.contains_key(target) {
            sessions.insert(target, open(connections, target).await?);
        }
        let Some(session) = sessions.get_mut(target) else {
            continue;
        };
        let approvals = Approvals::new(&connections.own(target), task.name());
        let questions = approvals.list(session.as_mut(), all, MOST).await?;
        found.extend(questions.into_iter().map(|one| question(&task, one)));
    }
    Ok(found)
}

/// The questions of these names; with each that there is none of, `None`.
///
/// # Errors
/// A database out of reach or not set up.
pub async fn named(
    plan: &Plan,
    connections: &Connections,
    ids: &[String],
) -> Result<Vec<(String, Option<Question>)>, FlowError> {
    let mut found = Vec::new();
    for id in ids {
        let question = match flow_of(plan, id) {
            None => None,
            Some((task, key)) => {
                let target = task.target();
                let mut session = open(connections, target).await?;
                let approvals = Approvals::new(&connections.own(target), task.name());
                // Of several columns the values are shown with ` / ` between them.
                let keys = [key.to_owned(), key.replace(" / ", "\t")];
                let mut found = approvals.of(session.as_mut(), &keys).await?;
                let one = keys.iter().find_map(|key| found.remove(key));
                one.map(|one| question(&task, one))
            }
        };
        found.push((id.clone(), question));
    }
    Ok(found)
}

/// Says the same to each of the questions; what has been asked anew meanwhile is refused.
///
/// # Errors
/// A pair that another process works on, a database out of reach.
pub async fn decide(
    plan: &Plan,
    connections: &Connections,
    questions: &[Question],
    standing: Standing,
    reason: &str,
    by: &str,
) -> Result<Vec<Said>, FlowError> {
    let mut leases = Leases::new(connections);
    let mut said = Ok(Vec::new());
    for one in questions {
        let outcome = match flow_of(plan, &one.id) {
            None => Ok(Said::Refused("there is no such flow".to_owned())),
            Some((task, _)) => {
                let word = Word {
                    approvals: Approvals::new(&connections.own(task.target()), task.name()),
                    standing,
                    reason,
                    by,
                };
                match leases.guard(&task).await {
                    Ok(guard) => {
                        word.say(connections, task.target(), &guard, &one.approval)
                            .await
                    }
                    Err(error) => Err(error),
                }
            }
        };
        match (&mut said, outcome) {
            (Ok(said), Ok(outcome)) => said.push(outcome),
            (said, Err(error)) => {
                *said = Err(error);
                break;
            }
            (Err(_), Ok(_)) => break,
        }
    }
    leases.release().await;
    said.map_err(FlowError::from)
}

struct Word<'a> {
    approvals: Approvals,
    standing: Standing,
    reason: &'a str,
    by: &'a str,
}

impl Word<'_> {
    /// A transaction of its own.
    async fn say(
        &self,
        connections: &Connections,
        target: &str,
        guard: &Guard,
        shown: &Approval,
    ) -> db::Result<Said> {
        let mut session = connections.engine(target)?.connect().await?;
        session.begin(Isolation::ReadCommitted).await?;
        match self.within(session.as_mut(), guard, shown).await {
            Ok(Said::Done) => {
                let done = session.commit().await;
                done.map_err(CommitError::into_error)?;
                Ok(Said::Done)
            }
            Ok(other) => {
                session.rollback().await?;
                Ok(other)
            }
            Err(error) => {
                // A connection that broke has rolled back by itself.
                let _ = session.rollback().await;
                Err(error)
            }
        }
    }

    async fn within(
        &self,
        session: &mut dyn Session,
        guard: &Guard,
        shown: &Approval,
    ) -> db::Result<Said> {
        guard.check(session).await?;
        let keys = std::slice::from_ref(&shown.key);
        let now = self.approvals.of(session, keys).await?;
        let refused = |why: &str| Ok(Said::Refused(why.to_owned()));
        match now.get(&shown.key) {
            None => return refused("nobody asks for it any more"),
            Some(now) if now.digest != shown.digest => {
                return refused("it has changed since; `ponte approve show` shows how it is now");
            }
            Some(now) if now.standing == Standing::Applied => {
                return refused("it was approved and carried over already");
            }
            Some(now) if now.standing == self.standing => return Ok(Said::Already),
            Some(_) => {}
        }
        let (standing, reason) = (self.standing, self.reason);
        let is_done = self
            .approvals
            .decide(session, shown, standing, reason, self.by);
        match is_done.await? {
            true => Ok(Said::Done),
            false => refused("it has changed since"),
        }
    }
}

fn question(task: &Task<'_>, approval: Approval) -> Question {
    Question {
        id: approval::id(task.name(), &approval.key),
        flow: task.name().to_owned(),
        approval,
    }
}

/// `main/order/1001`: the flow and the key.
fn flow_of<'p, 'i>(plan: &'p Plan, id: &'i str) -> Option<(Task<'p>, &'i str)> {
    let of = |task: Task<'p>| {
        let key = id.strip_prefix(task.name())?.strip_prefix('/')?;
        Some((task, key))
    };
    // Of `agents` and `agents/north` the longer one is meant.
    let tasks = task::all(plan).into_iter().filter_map(of);
    tasks.max_by_key(|(task, _)| task.name().len())
}

/// A server on which ponte has its tables.
async fn open(connections: &Connections, target: &str) -> db::Result<Box<dyn Session>> {
    let mut session = connections.engine(target)?.connect().await?;
    if connections
        .own(target)
        .missing(session.as_mut())
        .await?
        .is_empty()
    {
        return Ok(session);
    }
    Err(DbError::new(
        DbErrorKind::Undefined,
        format!("ponte's own tables are missing on `{target}`; run `ponte setup --run` first"),
    ))
}
