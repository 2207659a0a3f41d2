//! When a flow is late: its schedule has been missed for longer than trouble that passes takes.

use super::due::{next_of, quiet_until};
use crate::plan::schedule::{Schedule, When};
use chrono::{DateTime, TimeDelta, Utc};
use std::time::Duration;

/// A flow that ought to have run well three times since it last did is late, but for runs that take their time.
const LATE_INTERVALS: u32 = 3;
const LATE_GRACE: Duration = Duration::from_secs(10 * 60);
/// A comparison comes after all flows that are due.
const COMPARISON_GRACE: Duration = Duration::from_secs(60 * 60);

/// From when on a flow is late that last ended well at `good`; `None`: never. What it runs after, its schedule has said for it.
pub fn late_from(when: &When, schedule: &Schedule, good: DateTime<Utc>) -> Option<DateTime<Utc>> {
    match when {
        When::Every(every) => {
            let first = past_quiet(schedule, after(good, *every)?, Duration::ZERO)?;
            let missed = every.saturating_mul(LATE_INTERVALS - 1);
            past_quiet(schedule, after(first, missed + LATE_GRACE)?, LATE_GRACE)
        }
        When::Cron(cron) => {
            let due = next_of(cron, schedule.zone, good)?;
            let due = past_quiet(schedule, due, Duration::ZERO)?;
            past_quiet(schedule, after(due, LATE_GRACE)?, LATE_GRACE)
        }
        When::After(_) | When::Demand | When::Paused => None,
    }
}

/// The same of a comparison, which a service that has begun at `began` makes up for once the flows have run.
pub fn comparison_late_from(
    when: &When,
    schedule: &Schedule,
    good: DateTime<Utc>,
    began: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let usual = late_from(when, schedule, good)?;
    let from = past_quiet(schedule, began, Duration::ZERO)?;
    Some(after(usual, COMPARISON_GRACE)?.max(after(from, COMPARISON_GRACE)?))
}

/// The same of a run that is under way, and has shown no life since `moved`: what goes on reading is not late, and what stands still is
/// by its schedule, as a run that was missed.
pub fn standing_from(
    late_from: DateTime<Utc>,
    moved: DateTime<Utc>,
    comparison: bool,
) -> Option<DateTime<Utc>> {
    let grace = match comparison {
        true => COMPARISON_GRACE,
        false => LATE_GRACE,
    };
    Some(late_from.max(after(moved, grace)?))
}

fn after(moment: DateTime<Utc>, time: Duration) -> Option<DateTime<Utc>> {
    moment.checked_add_signed(TimeDelta::from_std(time).ok()?)
}

/// No run begins in quiet hours: what falls into them is put off to so much after their end.
fn past_quiet(
    schedule: &Schedule,
    moment: DateTime<Utc>,
    grace: Duration,
) -> Option<DateTime<Utc>> {
    match quiet_until(&schedule.quiet, schedule.zone, moment) {
        Some(end) => after(end, grace),
        None => Some(moment),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::schedule::Quiet;
    use chrono::NaiveTime;
    use std::str::FromStr;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn rome(quiet: &[(&str, &str)]) -> Schedule {
        let time = |text: &str| NaiveTime::parse_from_str(text, "%H:%M").unwrap();
        let quiet = quiet.iter().map(|(from, to)| Quiet {
            day: None,
            from: time(from),
            to: time(to),
        });
        Schedule {
            zone: "Europe/Rome".parse().unwrap(),
            quiet: quiet.collect(),
            ..Schedule::default()
        }
    }

    fn cron(text: &str) -> When {
        When::Cron(Box::new(croner::Cron::from_str(text).unwrap()))
    }

    #[test]
    fn an_interval_may_be_missed_twice() {
        let quarter = When::Every(Duration::from_secs(900));
        let from = |schedule: &Schedule| late_from(&quarter, schedule, at("2026-11-26T00:50:00Z"));
        assert_eq!(from(&rome(&[])), Some(at("2026-11-26T01:45:00Z")));
        // Two o'clock in Rome is one o'clock in UTC.
        let night = rome(&[("02:00", "04:00")]);
        assert_eq!(from(&night), Some(at("2026-11-26T03:40:00Z")));
    }

    #[test]
    fn a_time_of_day_may_not_be_missed() {
        let early = cron("30 6 * * mon-fri");
        let from = |good| late_from(&early, &rome(&[]), at(good));
        // Half past six in Rome, and ten minutes.
        let friday = "2026-11-27T05:30:20Z";
        assert_eq!(
            from("2026-11-26T05:30:20Z"),
            Some(at("2026-11-27T05:40:00Z"))
        );
        assert_eq!(from(friday), Some(at("2026-11-30T05:40:00Z")), "a weekend");
        let quiet = rome(&[("06:00", "08:00")]);
        assert_eq!(
            late_from(&early, &quiet, at(friday)),
            Some(at("2026-11-30T07:10:00Z"))
        );
    }

    #[test]
    fn a_comparison_has_an_hour_from_when_it_could_run() {
        let nightly = cron("0 3 * * *");
        let from = |began| {
            comparison_late_from(&nightly, &rome(&[]), at("2026-11-26T02:10:00Z"), at(began))
        };
        assert_eq!(
            from("2026-11-01T00:00:00Z"),
            Some(at("2026-11-27T03:10:00Z"))
        );
        // The machine was off that night.
        assert_eq!(
            from("2026-11-27T07:00:00Z"),
            Some(at("2026-11-27T08:00:00Z"))
        );
    }

    #[test]
    fn what_is_not_by_time_is_not_late_by_itself() {
        for when in [
            When::Demand,
            When::Paused,
            When::After("main/article".to_owned()),
        ] {
            assert_eq!(
                late_from(&when, &rome(&[]), at("2026-11-26T00:00:00Z")),
                None
            );
        }
    }
}
