//! When each flow ran, and what came of it.

use super::days::DAYS_KEPT;
use super::{Result, State, as_moment, as_text, millis, text};
use crate::db::query::Query;
use crate::value::{Row, Value};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use std::time::{Duration, Instant};

/// What is kept of each flow, besides its last good run: runs of [`DAYS_KEPT`], ...
/// ... of those that wrote and found nothing only the last of each hour, once they are older than this ...
const IDLE_KEPT: TimeDelta = TimeDelta::days(1);
const HOUR_MS: i64 = 60 * 60 * 1000;
/// ... and never more than so many, of about half a kilobyte each: two weeks of a flow that writes something every minute.
const RUNS_MAX: u32 = 20_000;
/// So often it is looked what there is to forget: that reads all of a flow's runs.
const FORGET_EVERY: Duration = Duration::from_secs(60 * 60);

/// Counts of what a run has written or found: without any of them it was idle.
const EVENTS: [&str; 12] = [
    "created",
    "changed",
    "linked",
    "deactivated",
    "deleted",
    "derived_changed",
    "rows_inserted",
    "rows_updated",
    "rows_deleted",
    "missing",
    "extra",
    "different",
];

/// Which records a run looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Those that changed since the last run.
    Changed,
    /// Those that changed since the last run, by their times: the rest of the source was not read.
    Since,
    /// Every one.
    All,
    /// Those whose keys were named.
    Part,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Done,
    /// Done, but for records that are in quarantine.
    Quarantined,
    /// Ended by an error.
    Failed,
    /// Ended by the user.
    Interrupted,
}

/// A run that is under way.
#[derive(Debug, Clone, Copy)]
pub struct RunId(i64);

impl RunId {
    pub fn number(self) -> i64 {
        self.0
    }
}

#[derive(Debug, Clone, Serialize)]
pub struct Run {
    pub flow: String,
    pub scope: Scope,
    pub started: DateTime<Utc>,
    /// `None`: it is under way, or its process died.
    pub finished: Option<DateTime<Utc>>,
    pub outcome: Option<Outcome>,
    /// The flow's counts as its report had them; null without a report.
    pub counts: serde_json::Value,
    pub error: Option<String>,
}

impl Run {
    /// Articles are oversold, and nothing else is to be looked at: the quarantine has none of it.
    fn is_oversold(&self) -> bool {
        let count = |name: &str| self.counts[name].as_u64();
        self.outcome == Some(Outcome::Quarantined)
            && count("quarantined") == Some(0)
            && count("oversold").is_some_and(|oversold| oversold > 0)
    }

    /// How it ended, as it is shown; `None`: it did not.
    pub fn ended(&self) -> Option<&'static str> {
        self.outcome.map(|outcome| match outcome {
            Outcome::Quarantined if self.is_oversold() => "oversold",
            Outcome::Quarantined if self.differences().is_some() => "different",
            outcome => outcome.name(),
        })
    }

    /// What a comparison found; `None` of a flow's run, or of one that failed.
    pub fn differences(&self) -> Option<u64> {
        let count = |name: &str| self.counts[name].as_u64();
        let different = count("different")?;
        Some(different + count("missing").unwrap_or(0) + count("extra").unwrap_or(0))
    }
}

impl Scope {
    fn name(self) -> &'static str {
        match self {
            Scope::Changed => "changed",
            Scope::Since => "since",
            Scope::All => "all",
            Scope::Part => "part",
        }
    }

    fn parse(name: &str) -> Scope {
        match name {
            "all" => Scope::All,
            "since" => Scope::Since,
            "part" => Scope::Part,
            _ => Scope::Changed,
        }
    }
}

impl Outcome {
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Done => "done",
            Outcome::Quarantined => "quarantined",
            Outcome::Failed => "failed",
            Outcome::Interrupted => "interrupted",
        }
    }

    fn parse(name: &str) -> Option<Outcome> {
        [
            Outcome::Done,
            Outcome::Quarantined,
            Outcome::Failed,
            Outcome::Interrupted,
        ]
        .into_iter()
        .find(|outcome| outcome.name() == name)
    }
}

impl State {
    /// Notes that a run begins. Unless [`State::finish_run`] follows, its process died.
    pub async fn begin_run(&mut self, flow: &str, scope: Scope) -> Result<RunId> {
        let insert = Query::sql("INSERT INTO run (flow, scope, started_ms) VALUES (")
            .value(text(flow))
            .text(", ")
            .value(text(scope.name()))
            .text(", ")
            .value(millis(Utc::now()))
            .text(")");
        self.begin().await?;
        let inserted = self.insert_run(&insert).await;
        self.end(inserted).await
    }

    async fn insert_run(&mut self, insert: &Query) -> Result<RunId> {
        self.session.execute(insert).await?;
        let rows = self.rows(Query::sql("SELECT max(id) FROM run")).await?;
        Ok(RunId(match rows.first().map(|row| &row[0]) {
            Some(Value::Int(id)) => *id,
            _ => 0,
        }))
    }

    /// A run has looked at less than it set out for.
    pub async fn narrow_run(&mut self, run: RunId, scope: Scope) -> Result<()> {
        let update = Query::sql("UPDATE run SET scope = ")
            .value(text(scope.name()))
            .text(" WHERE id = ")
            .value(Value::Int(run.0));
        self.session.execute(&update).await?;
        Ok(())
    }

    /// Notes how a run ended, and forgets runs of long ago now and then.
    pub async fn finish_run(
        &mut self,
        run: RunId,
        flow: &str,
        outcome: Outcome,
        counts: &serde_json::Value,
        error: Option<&str>,
    ) -> Result<()> {
        let update = Query::sql("UPDATE run SET finished_ms = ")
            .value(millis(Utc::now()))
            .text(", outcome = ")
            .value(text(outcome.name()))
            .text(", counts = ")
            .value(text(&counts.to_string()))
            .text(", error = ")
            .value(error.map_or(Value::Null, text))
            .text(", idle = ")
            .value(Value::Int(i64::from(is_idle(outcome, counts))))
            .text(" WHERE id = ")
            .value(Value::Int(run.0));
        self.begin().await?;
        let number = |name: &str| counts[name].as_u64().unwrap_or_default();
        let found = number("created") + number("changed") + number("linked");
        let done = self.close_run(&update, (run, flow, outcome, found));
        let done = done.await;
        self.end(done).await
    }

    async fn close_run(
        &mut self,
        update: &Query,
        (run, flow, outcome, found): (RunId, &str, Outcome, u64),
    ) -> Result<()> {
        self.session.execute(update).await?;
        let forgotten = self.forgotten.get(flow);
        if forgotten.is_none_or(|forgotten| forgotten.elapsed() >= FORGET_EVERY) {
            self.forgotten.insert(flow.to_owned(), Instant::now());
            self.forget_runs(flow, Utc::now()).await?;
        }
        self.add_to_day(flow, run.0, outcome.name(), found).await
    }

    /// Part of a transaction: forgets a flow's runs that are too old, or too many.
    pub(super) async fn forget_runs(&mut self, flow: &str, now: DateTime<Utc>) -> Result<()> {
        let old = (now - TimeDelta::days(DAYS_KEPT)).timestamp_millis();
        let idle = (now - IDLE_KEPT).timestamp_millis();
        let of_flow = |query: &str| Query::sql(query).value(text(flow));
        let forget = of_flow("DELETE FROM run WHERE flow = ")
            .text(format!(
                " AND (started_ms < {old} OR (idle = 1 AND started_ms < {idle} AND id NOT IN ("
            ))
            .append(of_flow("SELECT max(id) FROM run WHERE flow = "))
            .text(format!(
                " AND idle = 1 GROUP BY started_ms / {HOUR_MS})) OR id NOT IN ("
            ))
            .append(of_flow("SELECT id FROM run WHERE flow = "))
            .text(format!(
                " ORDER BY id DESC LIMIT {RUNS_MAX})) AND id NOT IN ("
            ))
            .append(of_flow(
                "SELECT coalesce(max(id), 0) FROM run WHERE flow = ",
            ))
            .text(format!(" AND {GOOD})"));
        self.session.execute(&forget).await?;
        Ok(())
    }

    /// The run during which something happened.
    pub async fn run_at(&mut self, flow: &str, moment: DateTime<Utc>) -> Result<Option<Run>> {
        let at = moment.timestamp_millis();
        let condition =
            format!("started_ms <= {at} AND (finished_ms IS NULL OR finished_ms >= {at})");
        self.newest(flow, &condition).await
    }

    pub async fn last_run(&mut self, flow: &str) -> Result<Option<Run>> {
        self.newest(flow, "1 = 1").await
    }

    /// The last run that set out for more than single records, however it ended.
    pub async fn last_begun(&mut self, flow: &str) -> Result<Option<Run>> {
        self.newest(flow, "scope <> 'part'").await
    }

    /// The last run that went through the whole of the flow, whether or not it left records in quarantine.
    pub async fn last_good_run(&mut self, flow: &str) -> Result<Option<Run>> {
        self.newest(flow, GOOD).await
    }

    /// The last one of them that read the whole source.
    pub async fn last_whole_run(&mut self, flow: &str) -> Result<Option<Run>> {
        self.newest(flow, &format!("{GOOD} AND scope <> 'since'"))
            .await
    }

    /// When the history begins.
    pub async fn first_began(&mut self) -> Result<Option<DateTime<Utc>>> {
        let rows = self.rows(Query::sql("SELECT min(started_ms) FROM run"));
        let rows = rows.await?;
        Ok(rows.first().and_then(|row| as_moment(&row[0])))
    }

    /// The last runs of a flow, newest first.
    pub async fn last_runs(&mut self, flow: &str, most: u32) -> Result<Vec<Run>> {
        self.of(flow, "1 = 1", most).await
    }

    async fn newest(&mut self, flow: &str, condition: &str) -> Result<Option<Run>> {
        let mut runs = self.of(flow, condition, 1).await?;
        Ok(runs.pop())
    }

    async fn of(&mut self, flow: &str, condition: &str, most: u32) -> Result<Vec<Run>> {
        let query = Query::sql(
            "SELECT flow, scope, started_ms, finished_ms, outcome, counts, error FROM run WHERE flow = ",
        )
        .value(text(flow))
        .text(format!(" AND {condition} ORDER BY id DESC LIMIT {most}"));
        Ok(self.rows(query).await?.iter().filter_map(run).collect())
    }
}

fn is_idle(outcome: Outcome, counts: &serde_json::Value) -> bool {
    let is_good = matches!(outcome, Outcome::Done | Outcome::Quarantined);
    let happened = |name: &&str| counts[*name].as_u64().is_some_and(|count| count > 0);
    is_good && !EVENTS.iter().any(happened)
}

/// Runs that went through everything.
const GOOD: &str = "outcome IN ('done', 'quarantined') AND scope <> 'part'";

/// `None` for a row that someone edited.
fn run(row: &Row) -> Option<Run> {
    let [flow, scope, started, finished, outcome, counts, error] = row.as_ref() else {
        return None;
    };
    Some(Run {
        flow: as_text(flow),
        scope: Scope::parse(&as_text(scope)),
        started: as_moment(started)?,
        finished: as_moment(finished),
        outcome: Outcome::parse(&as_text(outcome)),
        counts: serde_json::from_str(&as_text(counts)).unwrap_or_default(),
        error: (!error.is_null()).then(|| as_text(error)),
    })
}
