//! Changes that a person has to approve: those of which the project's condition says so are asked about, with old and new values, and
//! left alone until somebody has answered. What was approved is carried over once: it is marked as applied in the transaction that
//! writes it, and it is approved as it was shown. Another old or new value is another question.

use super::pass::Pass;
use super::{Applier, Intent};
use crate::db::{self, DbError};
use crate::expr::{Env, EvalError, Expr, Name, Resolve, Resolved, Slot, Unknown, Zone};
use crate::own::OwnTables;
use crate::own::approval::{Approvals, Asking, Standing, argument};
use crate::plan::Flow;
use crate::sync::change::RowChange;
use crate::sync::record::Record;
use crate::sync::report::Reason;
use crate::value::Value;
use chrono::{DateTime, Utc};
use serde_json::json;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

/// The flow's questions, and the records that a person has approved.
#[derive(Debug)]
pub struct Approved<'p> {
    pub approvals: Approvals,
    pub keys: HashSet<String>,
    flow: &'p str,
    condition: Option<Condition<'p>>,
}

#[derive(Debug)]
struct Condition<'p> {
    expr: &'p Expr,
    resolved: Resolved,
    names: Names,
}

/// What a condition asks of a change: its column, and whether the new value is meant.
#[derive(Debug, Default)]
struct Names(Vec<(bool, String)>);

impl<'p> Approved<'p> {
    pub fn new(own: &OwnTables, flow: &'p Flow) -> Approved<'p> {
        let condition = flow.target.approve.as_ref().and_then(|expr| {
            let mut names = Names::default();
            // Names that mean nothing were told when the file was read.
            let resolved = expr.resolve(&mut names).ok()?;
            Some(Condition {
                expr,
                resolved,
                names,
            })
        });
        Approved {
            approvals: Approvals::new(own, &flow.name),
            keys: HashSet::new(),
            flow: &flow.name,
            condition,
        }
    }
}

impl Applier<'_> {
    /// Of a batch as it was looked at, the records whose changes nobody has approved yet.
    pub(super) async fn unapproved(
        &mut self,
        records: &[Record],
        look: &Pass,
    ) -> Result<Vec<(usize, Reason)>, DbError> {
        let Some(condition) = &self.approved.condition else {
            return Ok(Vec::new());
        };
        let mut failed = Vec::new();
        let mut changes: BTreeMap<usize, (bool, Vec<&RowChange>)> = BTreeMap::new();
        for (at, change) in &look.changes {
            // Rows that follow from others change with them.
            let Some(at) = *at else { continue };
            let change = &change.change;
            match condition.holds(change, self.around.now, self.around.zone) {
                Ok(holds) => {
                    let of_record = changes.entry(at).or_default();
                    of_record.0 |= holds;
                    of_record.1.push(change);
                }
                Err(why) => failed.push((at, why)),
            }
        }
        changes.retain(|_, (holds, _)| *holds);
        let keys: Vec<String> = changes.keys().map(|at| records[*at].key.clone()).collect();
        if keys.is_empty() {
            return Ok(failed);
        }
        let answers = self
            .approved
            .approvals
            .of(self.session.as_mut(), &keys)
            .await?;
        let mut asking = Vec::new();
        let mut accepted = Vec::new();
        for (at, (_, changes)) in changes {
            let key = &records[at].key;
            let digest = digest(&changes);
            let answer = answers.get(key).filter(|one| one.digest == digest);
            match answer.map(|one| (one.standing, one.reason.as_str())) {
                Some((Standing::Accepted, _)) => {
                    accepted.push(key.clone());
                    continue;
                }
                Some((Standing::Rejected, why)) => {
                    failed.push((at, self.rejected(key, why)));
                    continue;
                }
                Some((Standing::Open, _)) => {}
                Some((Standing::Applied, _)) | None => asking.push(Asking {
                    key: key.clone(),
                    digest,
                    detail: condition.question(&changes),
                }),
            }
            failed.push((at, condition.reason(self.approved.flow, key, &changes)));
        }
        self.approved.keys.extend(accepted);
        if self.intent == Intent::Write {
            self.ask_person(&asking).await?;
        }
        Ok(failed)
    }

    fn rejected(&self, key: &str, why: &str) -> Reason {
        let id = argument(self.approved.flow, key);
        Reason::NotTaken {
            why: format!("rejected: {why}"),
            advice: format!("`ponte approve accept {id}` carries it over after all"),
        }
    }

    /// One transaction; asking again asks nothing twice.
    ///
    /// # Errors
    /// Those of the database; a lost lease.
    pub async fn ask_person(&mut self, asking: &[Asking]) -> Result<(), DbError> {
        let (session, guard) = (self.session.as_mut(), self.guard.as_ref());
        self.approved
            .approvals
            .ask_alone(session, guard, asking)
            .await
    }

    /// Part of the transaction that writes the records.
    pub(super) async fn note_applied(&mut self, records: &[Record]) -> db::Result<()> {
        let keys = records.iter().map(|record| &record.key);
        let keys = keys.filter(|key| self.approved.keys.contains(*key));
        let keys: Vec<String> = keys.cloned().collect();
        self.approved
            .approvals
            .applied(self.session.as_mut(), &keys)
            .await
    }
}

impl Condition<'_> {
    fn holds(&self, change: &RowChange, now: DateTime<Utc>, zone: Zone) -> Result<bool, Reason> {
        let view = View {
            names: &self.names,
            change,
            now,
            zone,
        };
        self.resolved
            .holds(&view)
            .map_err(|why| Reason::Expression {
                why: why.to_string(),
                place: self.expr.at.place(),
            })
    }

    fn reason(&self, flow: &str, key: &str, changes: &[&RowChange]) -> Reason {
        let id = argument(flow, key);
        Reason::Unapproved {
            why: format!("waits for approval: {}", shown(changes)),
            advice: format!(
                "`ponte approve accept {id}` carries it over, `ponte approve reject {id} --why TEXT` leaves it; the condition is at {}",
                self.expr.at.place()
            ),
        }
    }

    fn question(&self, changes: &[&RowChange]) -> String {
        let question = json!({
            "why": format!("waits for approval: {}", self.expr.text),
            "title": shown(changes),
            "changes": texts(changes),
        });
        question.to_string()
    }
}

/// The first of the changes.
fn shown(changes: &[&RowChange]) -> String {
    let mut shown = texts(changes);
    let more = shown.len().saturating_sub(SHOWN);
    shown.truncate(SHOWN);
    if more > 0 {
        shown.push(format!("{more} more"));
    }
    shown.join(", ")
}

/// Columns shown of a record that waits.
const SHOWN: usize = 5;

/// `price 12.5 -> 9.9`
fn texts(changes: &[&RowChange]) -> Vec<String> {
    let columns = changes.iter().flat_map(|change| &change.columns);
    let side = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
    columns
        .map(|one| format!("{} {} -> {}", one.column, side(&one.old), side(&one.new)))
        .collect()
}

/// What tells whether the changes are still those that were shown; whole values, not the cut ones.
fn digest(changes: &[&RowChange]) -> String {
    let mut hasher = blake3::Hasher::new();
    let mut text = |text: &str| {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    };
    for change in changes {
        text(&change.table);
        text(&change.row);
        for one in &change.columns {
            text(&one.column);
            for value in one.values.iter().flat_map(|values| values.iter()) {
                text(value.kind());
                text(&value.plain());
            }
        }
    }
    hasher.finalize().to_hex()[..32].to_owned()
}

impl Resolve for Names {
    fn name(&mut self, name: &Name<'_>) -> Result<Slot, Unknown> {
        match *name {
            Name::Member(of @ ("old" | "new"), column) => {
                self.0.push((of == "new", column.to_owned()));
                Ok((self.0.len() - 1) as Slot)
            }
            _ => Err(Unknown {
                message: "a change has `old.<column>` and `new.<column>` only".to_owned(),
                candidates: Vec::new(),
                note: None,
            }),
        }
    }
}

/// A change of a row as a condition sees it: columns that do not change are NULL.
struct View<'a> {
    names: &'a Names,
    change: &'a RowChange,
    now: DateTime<Utc>,
    zone: Zone,
}

impl Env for View<'_> {
    fn value(&self, slot: Slot) -> Result<Cow<'_, Value>, EvalError> {
        let (is_new, name) = &self.names.0[slot as usize];
        let column = self.change.columns.iter().find(|one| one.column == *name);
        let values = column.and_then(|one| one.values.as_deref());
        Ok(values.map_or(Cow::Owned(Value::Null), |values| {
            Cow::Borrowed(&values[usize::from(*is_new)])
        }))
    }

    fn lookup(&self, _: Slot, _: &[Value]) -> Result<Cow<'_, Value>, EvalError> {
        Err(EvalError::Invalid(
            "a change has no small tables".to_owned(),
        ))
    }

    fn now(&self) -> DateTime<Utc> {
        self.now
    }

    fn zone(&self) -> Zone {
        self.zone
    }
}
