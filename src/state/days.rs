//! How the days went: sums of each flow's runs, of which single ones are soon forgotten, and for how long the service was there.

use super::{Result, State, as_moment, as_number, as_text, millis, number, text};
use crate::db::query::Query;
use crate::value::{Row, Value};
use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use std::collections::BTreeMap;
use std::time::Duration;

/// Days kept.
pub const DAYS_KEPT: i64 = 90;

/// Sums of a flow's runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sums {
    pub runs: u64,
    pub failed: u64,
    pub interrupted: u64,
    /// Records or figures that were created, changed or linked.
    pub found: u64,
    pub took: Duration,
}

/// How often a flow's runs have found something to carry over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Habit {
    pub last: DateTime<Utc>,
    /// The longest time in which they found nothing.
    pub longest: TimeDelta,
    /// Runs that found something.
    pub times: u64,
}

impl State {
    /// Part of a transaction: adds a run of now to its day.
    pub(super) async fn add_to_day(
        &mut self,
        flow: &str,
        run: i64,
        outcome: &str,
        found: u64,
    ) -> Result<()> {
        let now = Utc::now();
        let is = |name: &str| number(u64::from(outcome == name));
        let add = Query::sql("INSERT INTO run_day (flow, day, runs, failed, interrupted, found, took_ms) SELECT ")
            .value(text(flow))
            .text(", ")
            .value(day(now))
            .text(", 1, ")
            .value(is("failed"))
            .text(", ")
            .value(is("interrupted"))
            .text(", ")
            .value(number(found))
            .text(", max(0, ")
            .value(millis(now))
            .text(" - started_ms) FROM run WHERE id = ")
            .value(Value::Int(run))
            .text(
                " ON CONFLICT (flow, day) DO UPDATE SET runs = runs + 1, failed = failed + excluded.failed, \
                 interrupted = interrupted + excluded.interrupted, found = found + excluded.found, took_ms = took_ms + excluded.took_ms",
            );
        let forget = Query::sql("DELETE FROM run_day WHERE flow = ")
            .value(text(flow))
            .text(" AND day < ")
            .value(day(now - TimeDelta::days(DAYS_KEPT)));
        self.session.execute(&add).await?;
        self.session.execute(&forget).await?;
        if found > 0 {
            self.note_found(flow, now).await?;
        }
        Ok(())
    }

    /// How long flows are mostly without anything to carry over.
    async fn note_found(&mut self, flow: &str, now: DateTime<Utc>) -> Result<()> {
        let note = Query::sql("INSERT INTO found (flow, last_ms, longest_ms, times) VALUES (")
            .value(text(flow))
            .text(", ")
            .value(millis(now))
            .text(
                ", 0, 1) ON CONFLICT (flow) DO UPDATE SET longest_ms = max(longest_ms, excluded.last_ms - last_ms), \
                 last_ms = excluded.last_ms, times = times + 1",
            );
        self.session.execute(&note).await?;
        Ok(())
    }

    /// By flow, how the runs have found something so far.
    pub async fn findings(&mut self) -> Result<BTreeMap<String, Habit>> {
        let query = Query::sql("SELECT flow, last_ms, longest_ms, times FROM found");
        let rows = self.rows(query).await?;
        let habit = |row: &Row| {
            let habit = Habit {
                last: as_moment(&row[1])?,
                longest: TimeDelta::milliseconds(as_number(&row[2]).try_into().ok()?),
                times: as_number(&row[3]),
            };
            Some((as_text(&row[0]), habit))
        };
        Ok(rows.iter().filter_map(habit).collect())
    }

    /// The sums of every flow over so many days, today among them.
    pub async fn sums_of_days(&mut self, days: i64) -> Result<BTreeMap<String, Sums>> {
        let since = Utc::now() - TimeDelta::days(days - 1);
        self.sums(Query::sql(" WHERE day >= ").value(day(since)))
            .await
    }

    /// The sums of every flow over the day before this moment, by the calendar in UTC.
    pub async fn sums_of_yesterday(
        &mut self,
        now: DateTime<Utc>,
    ) -> Result<BTreeMap<String, Sums>> {
        let yesterday = day(now - TimeDelta::days(1));
        self.sums(Query::sql(" WHERE day = ").value(yesterday))
            .await
    }

    async fn sums(&mut self, condition: Query) -> Result<BTreeMap<String, Sums>> {
        let query = Query::sql(
            "SELECT flow, sum(runs), sum(failed), sum(interrupted), sum(took_ms), sum(found) FROM run_day",
        )
        .append(condition)
        .text(" GROUP BY flow");
        let rows = self.rows(query).await?;
        let sums = rows.iter().map(|row| {
            let sums = Sums {
                runs: as_number(&row[1]),
                failed: as_number(&row[2]),
                interrupted: as_number(&row[3]),
                took: Duration::from_millis(as_number(&row[4])),
                found: as_number(&row[5]),
            };
            (as_text(&row[0]), sums)
        });
        Ok(sums.collect())
    }

    /// The service has been there for this time, up to now.
    pub async fn note_alive(&mut self, lasted: Duration, now: DateTime<Utc>) -> Result<()> {
        let lasted_ms = u64::try_from(lasted.as_millis()).unwrap_or(u64::MAX);
        let since = now - TimeDelta::from_std(lasted).unwrap_or_default();
        let add = Query::sql("INSERT INTO alive (day, since_ms, alive_ms) VALUES (")
            .value(day(now))
            .text(", ")
            .value(millis(since))
            .text(", ")
            .value(number(lasted_ms))
            .text(") ON CONFLICT (day) DO UPDATE SET alive_ms = alive_ms + excluded.alive_ms");
        let forget = Query::sql("DELETE FROM alive WHERE day < ")
            .value(day(now - TimeDelta::days(DAYS_KEPT)));
        self.session.execute(&add).await?;
        self.session.execute(&forget).await?;
        Ok(())
    }

    /// The share of the last days, today among them, in which the service was there, counted from when it was first; `None`: it has
    /// hardly been.
    pub async fn uptime(&mut self, days: i64, now: DateTime<Utc>) -> Result<Option<f64>> {
        let first_day = (now - TimeDelta::days(days - 1)).date_naive();
        let query = Query::sql("SELECT min(since_ms), sum(CASE WHEN day >= ")
            .value(text(&first_day.to_string()))
            .text(" THEN alive_ms ELSE 0 END) FROM alive");
        let rows = self.rows(query).await?;
        let Some((first, alive)) = rows.first().and_then(|row| {
            let first = as_moment(&row[0])?;
            Some((first, as_number(&row[1])))
        }) else {
            return Ok(None);
        };
        let since = first.max(first_day.and_time(NaiveTime::MIN).and_utc());
        let whole = (now - since).num_milliseconds();
        Ok((whole > 0).then(|| (alive as f64 / whole as f64).min(1.0)))
    }
}

fn day(moment: DateTime<Utc>) -> Value {
    text(&moment.format("%Y-%m-%d").to_string())
}
