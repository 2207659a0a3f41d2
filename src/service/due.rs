//! When a flow is due: from its schedule, when it last began, and how it ended.

use crate::expr::Zone;
use crate::plan::schedule::{Quiet, When};
use chrono::{DateTime, Datelike, TimeDelta, Utc};
use std::time::Duration;

/// After a failure a flow is tried again so soon, then after twice as long, and so on ...
const RETRY_FIRST: Duration = Duration::from_secs(60);
/// ... but at least so often, and never later than it would be due anyway.
const RETRY_MAX: Duration = Duration::from_secs(15 * 60);
/// A comparison reads everything: it is tried again so rarely, and no more often than this before it is due anyway.
const COMPARISON_RETRY: Duration = Duration::from_secs(60 * 60);
const COMPARISON_TRIES: u32 = 3;
/// Another process holds the pair: a person's `ponte sync`, mostly.
const RETRY_HELD: Duration = Duration::from_secs(30);

/// What is known of a flow's last run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Last {
    pub began: Option<DateTime<Utc>>,
    pub ended: Option<DateTime<Utc>>,
    /// Failures since it last ended well.
    pub failures: u32,
    /// It did not begin, since another process works on the pair.
    pub held: bool,
    /// The last run did not come to its end, and the service that it was of is gone.
    pub broken: bool,
    /// It is a comparison, and no flow.
    pub comparison: bool,
}

/// When a flow is due. A moment that has passed means now, once, however often it was missed; `None` means not by
/// itself.
pub fn due(when: &When, zone: Zone, last: Last, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    // A clock that was put back leaves runs in the future: they say nothing.
    let began = last.began.filter(|began| *began <= now);
    let regular = match when {
        When::Demand | When::Paused => None,
        _ if last.broken => Some(now),
        When::Every(every) => match began {
            Some(began) => next_multiple(began, *every),
            None => Some(now),
        },
        When::Cron(cron) => next_of(cron, zone, began.unwrap_or(now)),
        When::After(_) => None,
    };
    match retry(last).filter(|_| !matches!(when, When::Demand | When::Paused)) {
        Some(retry) => Some(regular.map_or(retry, |regular| regular.min(retry))),
        None => regular,
    }
}

fn retry(last: Last) -> Option<DateTime<Utc>> {
    let ended = last.ended?;
    let wait = match (last.held, last.failures) {
        (true, _) => RETRY_HELD,
        (false, 0) => return None,
        (false, failures) if last.comparison => match failures <= COMPARISON_TRIES {
            true => COMPARISON_RETRY,
            false => return None,
        },
        (false, failures) => RETRY_FIRST
            .saturating_mul(1 << (failures - 1).min(10))
            .min(RETRY_MAX),
    };
    ended.checked_add_signed(TimeDelta::from_std(wait).ok()?)
}

/// The first multiple of the interval after a moment.
fn next_multiple(moment: DateTime<Utc>, every: Duration) -> Option<DateTime<Utc>> {
    let every = i64::try_from(every.as_millis()).ok()?;
    let at = (moment.timestamp_millis().div_euclid(every) + 1).checked_mul(every)?;
    DateTime::from_timestamp_millis(at)
}

pub(super) fn next_of(
    cron: &croner::Cron,
    zone: Zone,
    after: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let next = match zone {
        Zone::Named(zone) => cron
            .find_next_occurrence(&after.with_timezone(&zone), false)
            .map(|at| at.with_timezone(&Utc)),
        Zone::Offset(offset) => cron
            .find_next_occurrence(&after.with_timezone(&offset), false)
            .map(|at| at.with_timezone(&Utc)),
    };
    next.ok()
}

/// When the quiet hours end that a moment lies in; `None` if it lies in none.
pub fn quiet_until(quiet: &[Quiet], zone: Zone, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let wall = zone.wall(now)?;
    let ends = quiet.iter().filter_map(|quiet| {
        // Those of yesterday may last until today.
        let days = [wall.date(), wall.date().pred_opt()?];
        let ends = days.into_iter().filter_map(|day| {
            if quiet.day.is_some_and(|weekday| weekday != day.weekday()) {
                return None;
            }
            let from = day.and_time(quiet.from);
            let end_day = match quiet.to > quiet.from {
                true => day,
                false => day.succ_opt()?,
            };
            let to = end_day.and_time(quiet.to);
            (from <= wall && wall < to).then_some(zone.instant(to))
        });
        ends.max()
    });
    ends.max()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{NaiveTime, Weekday};
    use std::str::FromStr;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn began(text: &str) -> Last {
        Last {
            began: Some(at(text)),
            ended: Some(at(text)),
            ..Last::default()
        }
    }

    fn cron(text: &str) -> When {
        When::Cron(Box::new(croner::Cron::from_str(text).unwrap()))
    }

    fn rome() -> Zone {
        "Europe/Rome".parse().unwrap()
    }

    #[test]
    fn an_interval_is_due_at_its_multiples() {
        let quarter = When::Every(Duration::from_secs(900));
        let now = at("2026-11-26T10:07:00Z");
        let due = |last| due(&quarter, Zone::UTC, last, now);
        assert_eq!(due(Last::default()), Some(now), "never run: at once");
        assert_eq!(
            due(began("2026-11-26T10:03:10Z")),
            Some(at("2026-11-26T10:15:00Z"))
        );
        assert_eq!(
            due(began("2026-11-26T10:00:00Z")),
            Some(at("2026-11-26T10:15:00Z"))
        );
        // Missed for a day: once, and now.
        assert!(due(began("2026-11-25T10:00:00Z")).unwrap() <= now);
        // A clock that was put back by an hour.
        assert_eq!(due(began("2026-11-26T11:00:00Z")), Some(now));
    }

    #[test]
    fn cron_reads_the_clock_on_the_wall() {
        let nightly = cron("0 3 * * *");
        let now = at("2026-11-26T10:00:00Z");
        assert_eq!(
            due(&nightly, rome(), Last::default(), now),
            Some(at("2026-11-27T02:00:00Z"))
        );
        // Summer time: three o'clock is one o'clock in UTC.
        assert_eq!(
            due(
                &nightly,
                rome(),
                Last::default(),
                at("2026-07-01T10:00:00Z")
            ),
            Some(at("2026-07-02T01:00:00Z"))
        );
        // Missed while the machine was off.
        assert!(due(&nightly, rome(), began("2026-11-20T02:00:00Z"), now).unwrap() <= now);
        // A time that the clock skips still comes once.
        let skipped = cron("30 2 * * *");
        let night = due(
            &skipped,
            rome(),
            Last::default(),
            at("2026-03-28T12:00:00Z"),
        )
        .unwrap();
        assert!(
            night >= at("2026-03-29T00:30:00Z") && night <= at("2026-03-29T02:00:00Z"),
            "{night}"
        );
    }

    #[test]
    fn a_failed_flow_is_tried_again_ever_later() {
        let hourly = When::Every(Duration::from_secs(3600));
        let now = at("2026-11-26T10:01:00Z");
        let failed = |failures| Last {
            failures,
            ..began("2026-11-26T10:00:30Z")
        };
        let due = |last| due(&hourly, Zone::UTC, last, now).unwrap();
        assert_eq!(due(failed(1)), at("2026-11-26T10:01:30Z"));
        assert_eq!(due(failed(2)), at("2026-11-26T10:02:30Z"));
        assert_eq!(due(failed(30)), at("2026-11-26T10:15:30Z"));
        let held = Last {
            held: true,
            ..began("2026-11-26T10:00:30Z")
        };
        assert_eq!(due(held), at("2026-11-26T10:01:00Z"));
    }

    #[test]
    fn a_failed_comparison_is_tried_again_three_times_an_hour_later() {
        let nightly = cron("0 3 * * *");
        let now = at("2026-11-26T10:01:00Z");
        let failed = |failures| Last {
            failures,
            comparison: true,
            ..began("2026-11-26T02:00:00Z")
        };
        let due = |last| due(&nightly, rome(), last, now).unwrap();
        assert_eq!(due(failed(1)), at("2026-11-26T03:00:00Z"));
        assert_eq!(due(failed(3)), at("2026-11-26T03:00:00Z"));
        assert_eq!(due(failed(4)), at("2026-11-27T02:00:00Z"));
    }

    #[test]
    fn a_run_that_was_broken_off_is_due_however_it_is_planned() {
        let now = at("2026-11-26T10:00:00Z");
        let broken = Last {
            broken: true,
            ..began("2026-11-26T02:00:00Z")
        };
        let hourly = When::Every(Duration::from_secs(3600));
        for when in [hourly, cron("0 3 * * *"), When::After("a".to_owned())] {
            assert_eq!(due(&when, rome(), broken, now), Some(now));
        }
        assert_eq!(due(&When::Demand, rome(), broken, now), None);
    }

    #[test]
    fn what_is_not_by_time_is_not_due() {
        let now = at("2026-11-26T10:00:00Z");
        for when in [When::Demand, When::After("main/article".to_owned())] {
            assert_eq!(due(&when, Zone::UTC, Last::default(), now), None);
        }
    }

    #[test]
    fn quiet_hours_may_go_over_midnight() {
        let time = |text| NaiveTime::parse_from_str(text, "%H:%M").unwrap();
        let quiet = [
            Quiet {
                day: None,
                from: time("23:30"),
                to: time("00:15"),
            },
            Quiet {
                day: Some(Weekday::Sun),
                from: time("02:00"),
                to: time("04:00"),
            },
        ];
        let until = |text| quiet_until(&quiet, rome(), at(text));
        assert_eq!(
            until("2026-11-26T22:45:00Z"),
            Some(at("2026-11-26T23:15:00Z"))
        );
        assert_eq!(
            until("2026-11-26T23:05:00Z"),
            Some(at("2026-11-26T23:15:00Z"))
        );
        assert_eq!(until("2026-11-26T23:15:00Z"), None);
        assert_eq!(until("2026-11-26T01:30:00Z"), None, "a Thursday");
        assert_eq!(
            until("2026-11-29T01:30:00Z"),
            Some(at("2026-11-29T03:00:00Z"))
        );
    }
}
