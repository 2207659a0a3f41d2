//! What waits for a person's approval where no rows of a mapping are compared: a project's condition over a few values, and the
//! flow's questions. As with records, it is approved as it was shown, and carried over once.

use super::report::Reason;
use crate::expr::{Expr, Resolved, Zone, facts};
use crate::own::OwnTables;
use crate::own::approval::{Approval, Approvals, Asking, Standing, argument};
use crate::value::Value;
use chrono::{DateTime, Utc};
use serde_json::json;

/// The condition of a flow, and its questions.
#[derive(Debug)]
pub struct Gate<'p> {
    pub approvals: Approvals,
    flow: &'p str,
    condition: &'p Expr,
    resolved: Resolved,
}

/// What a person is asked about.
#[derive(Debug)]
pub struct Matter<'a> {
    pub key: &'a str,
    /// In one line.
    pub title: String,
    /// Old and new values.
    pub changes: Vec<String>,
    /// What tells whether it is still what was shown.
    pub content: Vec<String>,
}

/// Whether something may be carried over.
#[derive(Debug)]
pub enum Judged {
    /// No condition speaks of it.
    Free,
    /// A person has approved it: it is marked as applied in the transaction that carries it over.
    Accepted,
    /// Not, or not yet.
    Not(Reason),
    /// Not yet, and nobody has been asked.
    Ask(Reason, Asking),
}

impl<'p> Gate<'p> {
    /// `None`: nothing waits.
    pub fn new(
        own: &OwnTables,
        flow: &'p str,
        condition: Option<&'p Expr>,
        names: &[&str],
    ) -> Option<Gate<'p>> {
        let condition = condition?;
        Some(Gate {
            approvals: Approvals::new(own, flow),
            flow,
            condition,
            resolved: facts::resolved(condition, names)?,
        })
    }

    /// Whether a person has to approve it.
    ///
    /// # Errors
    /// The condition cannot be computed.
    pub fn holds(&self, values: &[Value], now: DateTime<Utc>, zone: Zone) -> Result<bool, Reason> {
        facts::holds(&self.resolved, values, now, zone).map_err(|why| Reason::Expression {
            why: why.to_string(),
            place: self.condition.at.place(),
        })
    }

    /// What a person has said of it so far.
    pub fn judge(&self, matter: &Matter<'_>, answer: Option<&Approval>) -> Judged {
        let digest = matter.digest();
        let id = argument(self.flow, matter.key);
        let since = match answer {
            Some(one) if one.standing == Standing::Accepted && one.digest != digest => {
                "; it has changed since it was approved"
            }
            _ => "",
        };
        let reason = Reason::Unapproved {
            why: format!("waits for approval: {}{since}", matter.title),
            advice: format!(
                "`ponte approve accept {id}` carries it over, `ponte approve reject {id} --why TEXT` leaves it; the condition is at {}",
                self.condition.at.place()
            ),
        };
        let answer = answer.filter(|one| one.digest == digest);
        match answer.map(|one| (one.standing, one.reason.as_str())) {
            Some((Standing::Accepted, _)) => Judged::Accepted,
            Some((Standing::Rejected, why)) => Judged::Not(Reason::NotTaken {
                why: format!("rejected: {why}"),
                advice: format!("`ponte approve accept {id}` carries it over after all"),
            }),
            Some((Standing::Open, _)) => Judged::Not(reason),
            Some((Standing::Applied, _)) | None => {
                let question = json!({
                    "why": format!("waits for approval: {}", self.condition.text),
                    "title": matter.title,
                    "changes": matter.changes,
                });
                let asking = Asking {
                    key: matter.key.to_owned(),
                    digest,
                    detail: question.to_string(),
                };
                Judged::Ask(reason, asking)
            }
        }
    }
}

impl Matter<'_> {
    fn digest(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for text in &self.content {
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        }
        hasher.finalize().to_hex()[..32].to_owned()
    }
}
