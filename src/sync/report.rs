//! What a run of a flow did: counts that add up, changes with old and new values, and what could not be carried over.

use super::agreed::Overruled;
use super::change::{ChangeKind, RowChange};
use super::layout::MAIN;
use super::snapshot::KeyHash;
use crate::diagnostic::Span;
use crate::plan::Flow;
use crate::plan::customer::BothWays;
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

/// Changes kept for showing; the counts go on.
pub const CHANGES_KEPT: usize = 1000;

/// Waiting records kept one by one; the count goes on.
pub const WAITING_KEPT: u64 = 50_000;

/// Why a record was not, or not wholly, carried over.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Reason {
    #[error("the key column `{column}` is empty")]
    EmptyKey { column: String },
    #[error("several rows of the source have this key; none of them was carried over")]
    Duplicate,
    #[error("it is its own ancestor")]
    Cycle,
    #[error("field `{field}`: {why}")]
    Field { field: String, why: String },
    /// A value that its column cannot hold.
    #[error("{why} ({column}); value {value}, mapped at {place}")]
    Misfit {
        why: String,
        column: String,
        value: String,
        place: String,
        /// What one does about just this.
        help: Option<&'static str>,
    },
    /// An expression without a value.
    #[error("{why} (at {place})")]
    Expression { why: String, place: String },
    /// A small table of the project file lacks the row; `row` with its backticks.
    #[error("`{table}` has no row {row} (at {place})")]
    NoRow {
        table: String,
        row: String,
        place: String,
    },
    /// The server refused the row.
    #[error("the server refused it: {0}")]
    Refused(String),
    #[error("waits for {record} `{key}`, which is not linked yet")]
    Waits { record: String, key: String },
    /// `whose` rows: the shop's, or the ERP's.
    #[error("several rows of {whose} could be it: {}", candidates.join(", "))]
    Ambiguous {
        whose: &'static str,
        candidates: Vec<String>,
    },
    #[error("row {id} of {whose} is already linked to `{key}`")]
    Taken {
        whose: &'static str,
        id: String,
        key: String,
    },
    #[error(
        "{whose} has `{theirs}`, which its database holds equal though it is written differently"
    )]
    Lookalike { whose: &'static str, theirs: String },
    #[error("`{key}` leads to the same row of `{table}`")]
    SameRow { key: String, table: String },
    /// Its keys do not agree on one row.
    #[error("{why}")]
    Crossed {
        whose: &'static str,
        why: String,
        candidates: Vec<String>,
    },
    #[error("it was removed in {whose} (row {id}); it is not created again")]
    Removed { whose: &'static str, id: String },
    /// The ERP has no name for it in the shop's language.
    #[error("no name in language `{language}`: it is not created without one")]
    Nameless { language: String },
    /// The mapping, or ponte itself, says that a person has to look at it first.
    #[error("{why}")]
    Unfit { why: String, advice: String },
    /// A person said that the shop has nothing to do with it.
    #[error("it is ignored in this shop")]
    Ignored,
    /// It would be created, but nobody has accepted the shop's match yet.
    #[error("it would be created once the match is accepted")]
    Held,
    /// By a rule of the project, or a person's decision, it is not carried over.
    #[error("{why}")]
    NotTaken { why: String, advice: String },
    /// By a rule of the project it waits until the customer has paid.
    #[error("{why}")]
    Unpaid { why: String, advice: String },
    /// A person has to approve it first.
    #[error("{why}")]
    Unapproved { why: String, advice: String },
}

impl Reason {
    /// In one word, for counts and machines.
    pub fn kind(&self) -> &'static str {
        match self {
            Reason::Waits { .. } | Reason::Unpaid { .. } => "waiting",
            Reason::Unapproved { .. } => "unapproved",
            Reason::Ambiguous { .. }
            | Reason::Taken { .. }
            | Reason::Lookalike { .. }
            | Reason::Crossed { .. }
            | Reason::SameRow { .. } => "ambiguous",
            Reason::Ignored | Reason::NotTaken { .. } => "ignored",
            Reason::Held => "held",
            Reason::Removed { .. } => "removed",
            _ => "rejected",
        }
    }

    /// What a person does about it.
    pub fn advice(&self) -> Cow<'static, str> {
        let advice = match self {
            Reason::NoRow { table, row, .. } => {
                return format!("add the row {row} to `{table}`").into();
            }
            Reason::Unfit { advice, .. }
            | Reason::NotTaken { advice, .. }
            | Reason::Unpaid { advice, .. }
            | Reason::Unapproved { advice, .. } => return advice.clone().into(),
            Reason::EmptyKey { .. } => "give it a key in the source, or filter it out",
            Reason::Duplicate => "make the key unique in the source",
            Reason::Cycle => "correct its parent in the source",
            Reason::Misfit {
                help: Some(help), ..
            } => help,
            Reason::Field { .. } | Reason::Misfit { .. } => {
                "correct the value in the source, or allow `cut`, `round` or another expression in the mapping"
            }
            Reason::Expression { .. } => {
                "correct the value in the source or the expression in the mapping"
            }
            Reason::Nameless { .. } => {
                "name it in the ERP; if nothing has a name in this language, correct `language` of the shop (`ponte check` lists those that there are)"
            }
            Reason::Refused(_) => "correct what the server names; the other rows were written",
            Reason::Waits { .. } => "it is carried over by itself once the other one is",
            Reason::Ambiguous { whose, .. }
            | Reason::Taken { whose, .. }
            | Reason::Crossed { whose, .. } => {
                return format!(
                    "`ponte match --link KEY=ID` says which row it is; or make them distinct in {whose}"
                )
                .into();
            }
            Reason::SameRow { .. } => {
                "make them distinct in the source, or tell them apart in the mapping's `match` or `by`"
            }
            Reason::Lookalike { .. } => "write it the same way on both sides",
            Reason::Removed { whose, .. } => {
                return format!(
                    "`ponte match --recreate KEY` has it created again, `--unlink` and `--ignore` leave it alone; or restore it in {whose}"
                )
                .into();
            }
            Reason::Ignored => "`ponte match --unignore KEY` takes it back",
            Reason::Held => "`ponte match` shows the match, `ponte match --accept` accepts it",
        };
        advice.into()
    }
}

/// A record that was not carried over.
#[derive(Debug, Clone, PartialEq)]
pub struct Rejected {
    pub key: String,
    pub hash: KeyHash,
    pub reason: Reason,
}

/// Shorthand for what stands at a place of a mapping.
pub fn place(at: &Span) -> String {
    at.place()
}

/// `read` is the sum of `unchanged`, `right`, `created`, `changed`, `linked`, `not_linked`, `follows`, `waiting`, `held`,
/// `ignored`, `unapproved`, `ambiguous`, `removed`, `rejected` and `duplicates`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Counts {
    /// Rows that the source yielded.
    pub read: u64,
    /// As they were when they were last carried over.
    pub unchanged: u64,
    /// New or changed in the source, but right in the target already.
    pub right: u64,
    /// Created in the target.
    pub created: u64,
    /// Written to rows that were there.
    pub changed: u64,
    /// Linked to a row that was there and already right.
    pub linked: u64,
    /// Of `verify`: records that have no row of the target yet.
    pub not_linked: u64,
    pub waiting: u64,
    /// Would be created, but nobody has accepted the shop's match yet.
    pub held: u64,
    /// Nobody's business in this shop, by a person's decision.
    pub ignored: u64,
    /// Waits for a person's approval.
    pub unapproved: u64,
    pub ambiguous: u64,
    pub removed: u64,
    pub rejected: u64,
    /// In a dry run: would be written once what it hangs on is linked, in the same run.
    pub follows: u64,
    /// Carried over, but for a part that waits for another record.
    pub incomplete: u64,
    /// Rows of the same key beyond the first.
    pub duplicates: u64,
    /// Linked (in flows without links: carried over by the last run) and no longer in the source.
    pub gone: u64,
    /// Of these, what was done, or would be, in this run; what the guard stopped; what could not be done.
    pub deactivated: u64,
    pub deleted: u64,
    pub guarded: u64,
    pub gone_failed: u64,
    /// Of `verify`: those that the policy has yet to be applied to.
    pub gone_active: u64,
    /// Rows of the table that neither the source has nor an earlier run carried over.
    pub extra: u64,
    /// Rows of the target's tables.
    pub rows_inserted: u64,
    pub rows_updated: u64,
    pub rows_deleted: u64,
}

/// How many values of the side that does not own them gave way, of records that go both ways.
#[derive(Debug, Default)]
pub struct OverruledCounts {
    /// Changed on that side only.
    pub put_back: u64,
    /// Changed on both sides since they last agreed.
    pub both: u64,
}

impl OverruledCounts {
    pub fn count(&mut self, one: &Overruled) {
        match one.both {
            true => self.both += 1,
            false => self.put_back += 1,
        }
    }
}

/// Values that gave way told one by one; the counts go on.
const OVERRULED_TOLD: u64 = 50;

impl Counts {
    /// Records created or changed.
    pub fn written(&self) -> u64 {
        self.created + self.changed
    }

    /// Records read beyond those of which it is said what became of them: done, in quarantine, or waiting. 0, unless ponte has a defect.
    /// Of a record that was done something may be in quarantine besides: a parcel, a mail.
    pub fn unaccounted(&self) -> u64 {
        let done = self.unchanged + self.right + self.created + self.changed + self.linked;
        let waiting = self.not_linked + self.follows + self.waiting + self.held + self.ignored;
        let quarantined = self.unapproved + self.ambiguous + self.removed + self.rejected;
        let known = done + waiting + quarantined + self.duplicates;
        self.read.saturating_sub(known)
    }
}

#[derive(Debug, Default, Serialize)]
pub struct FlowReport {
    pub flow: String,
    pub counts: Counts,
    /// The first changes, in the order in which they were made.
    pub changes: Vec<RecordChange>,
    pub changes_total: u64,
    pub notes: Vec<String>,
    /// Only what had changed since then was looked at; `None`: the whole source.
    pub since: Option<DateTime<Utc>>,
    /// The first key columns of what was looked at, if that was not the whole source.
    #[serde(skip)]
    pub looked_at: Option<Vec<String>>,
    /// What the guard stopped.
    pub guarded: Option<Guarded>,
    /// The first keys of those gone.
    pub gone_keys: Vec<String>,
    /// The first keys of surplus rows.
    pub extra_keys: Vec<String>,
    #[serde(skip)]
    pub rejected: Vec<Rejected>,
    #[serde(skip)]
    pub overruled: OverruledCounts,
    /// Records whose need this flow has met: they may be shown now.
    #[serde(skip)]
    pub met: u64,
    /// What the flow stands at after the run, for `ponte status`: by name.
    #[serde(skip)]
    pub standing: BTreeMap<&'static str, u64>,
    /// Keys that a dry run would link, most of them to rows that it would create.
    #[serde(skip)]
    pub planned: Vec<String>,
}

/// More records are gone at once than the guard lets pass: none of them was deactivated or deleted.
#[derive(Debug, Clone, Serialize)]
pub struct Guarded {
    pub flow: String,
    pub count: u64,
    /// Records that were carried over and are linked.
    pub of: u64,
    pub percent: u32,
    pub rows: u32,
    /// The query or a filter was edited since gone records were last looked for.
    pub query_changed: bool,
    /// The first of them.
    pub keys: Vec<String>,
}

impl Guarded {
    pub fn message(&self) -> String {
        let Guarded {
            count,
            of,
            percent,
            rows,
            ..
        } = self;
        let edited = match self.query_changed {
            true => "; the query or its filter was edited since",
            false => "",
        };
        format!(
            "{count} of {of} records are no longer in the source{edited}: more than {percent} % and more than {rows} at once, so \
             none of them was touched"
        )
    }

    pub fn advice(&self) -> String {
        format!(
            "if that is right: `ponte sync {} --allow-gone {}`; else correct the source or its filter",
            self.flow, self.count
        )
    }
}

/// What a dry run would link: what waits for one of these would not wait in a real run.
#[derive(Debug, Default)]
pub struct Planned(HashSet<[String; 3]>);

impl Planned {
    /// Takes up what the flow would link, and counts its records that wait only for what is planned as following
    /// instead of waiting.
    pub fn settle(&mut self, flow: &Flow, report: &mut FlowReport) {
        let shop = flow.shop.as_deref().unwrap_or_default();
        let own = flow.record.as_deref().unwrap_or_default();
        let name = |record: &str, key: &str| [shop, record, key].map(str::to_owned);
        self.0
            .extend(report.planned.iter().map(|key| name(own, key)));
        loop {
            let before = report.rejected.len();
            report.rejected.retain(|rejected| {
                let follows = match &rejected.reason {
                    Reason::Waits { record, key } => self.0.contains(&name(record, key)),
                    _ => false,
                };
                if follows {
                    self.0.insert(name(own, &rejected.key));
                }
                !follows
            });
            let settled = (before - report.rejected.len()) as u64;
            report.counts.waiting -= settled;
            report.counts.follows += settled;
            if settled == 0 {
                return;
            }
        }
    }
}

/// A change of one row, and the record that caused it.
#[derive(Debug, Clone, Serialize)]
pub struct RecordChange {
    pub key: String,
    #[serde(flatten)]
    pub change: RowChange,
}

impl FlowReport {
    /// The run's numbers as the history keeps them.
    pub fn remembered(&self) -> serde_json::Value {
        let mut counts = serde_json::to_value(&self.counts).unwrap_or_default();
        for (name, number) in &self.standing {
            counts[*name] = (*number).into();
        }
        counts
    }

    /// Counts a row that was (or would be) written.
    pub fn count(&mut self, kind: ChangeKind) {
        match kind {
            ChangeKind::Insert => self.counts.rows_inserted += 1,
            ChangeKind::Update => self.counts.rows_updated += 1,
            ChangeKind::Remove => self.counts.rows_deleted += 1,
        }
        self.changes_total += 1;
    }

    /// Counts it; what a person decided, or decides of all at once, is not kept one by one.
    pub fn reject(&mut self, rejected: Rejected) {
        match rejected.reason.kind() {
            "held" => {
                self.counts.held += 1;
                return;
            }
            "ignored" => {
                self.counts.ignored += 1;
                return;
            }
            "waiting" => {
                self.counts.waiting += 1;
                // They mend themselves, and there may be as many as the shop lacks articles.
                if self.counts.waiting > WAITING_KEPT {
                    return;
                }
            }
            "unapproved" => self.counts.unapproved += 1,
            "ambiguous" => self.counts.ambiguous += 1,
            "removed" => self.counts.removed += 1,
            _ => self.counts.rejected += 1,
        }
        self.rejected.push(rejected);
    }

    /// Says that no record of a whole source has a name in the shop's language.
    pub fn note_nameless(&mut self, flow: &Flow) {
        let language = flow.target.languages.get(MAIN);
        if let (Some(language), true) = (language, self.counts.read > 0) {
            self.notes.push(format!(
                "nothing has a name in the language `{language}`; `ponte check` lists the languages that the ERP has"
            ));
        }
    }

    /// Says which value of a record that goes both ways gave way to its owner's.
    pub fn note_overruled(&mut self, key: &str, one: &Overruled, both: &BothWays) {
        if self.overruled.put_back + self.overruled.both > OVERRULED_TOLD {
            return;
        }
        let BothWays { owner, other, .. } = both;
        let Overruled {
            column,
            theirs,
            owners,
            ..
        } = one;
        let changed = match one.both {
            true => "was changed on both sides".to_owned(),
            false => format!("was changed in {other}"),
        };
        self.notes.push(format!(
            "`{key}`: `{column}` {changed} and is {owner}'s: '{theirs}' gives way to '{owners}'"
        ));
    }

    /// Says what to do about records that wait for the match to be accepted.
    pub fn note_held(&mut self, flow: &Flow) {
        let record = flow.record.as_deref().unwrap_or_default();
        let shop = flow.shop.as_deref().unwrap_or_default();
        let wait = match self.counts.held {
            0 => return,
            1 => "1 record waits".to_owned(),
            more => format!("{more} records wait"),
        };
        self.notes.push(format!(
            "{wait} to be created: the shop has rows of `{record}` already, and nobody has accepted how they match; \
             `ponte match {shop}` shows it, `ponte match {shop} --accept` accepts it"
        ));
    }

    /// Whether something is left for a person to look at.
    pub fn is_clean(&self) -> bool {
        let counts = &self.counts;
        let left = counts.rejected + counts.ambiguous + counts.removed + counts.held;
        let left = left + counts.unapproved;
        left + counts.gone_failed + counts.guarded == 0
    }

    pub fn wrote(&self) -> bool {
        self.counts.rows_inserted
            + self.counts.rows_updated
            + self.counts.rows_deleted
            + self.counts.linked
            > 0
    }
}
