//! What is wrong now: judged from the board and from what the state remembers.

use crate::plan::fulfilment::Language;
use crate::round::version::Unfamiliar;
use crate::service::board::{Ran, Seat};
use crate::state::days::Habit;
use crate::state::told::{Quarantined, Told};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{BTreeMap, BTreeSet};

/// So often a flow must have found something before its silence says anything.
const TIMES_MIN: u64 = 20;
/// A shorter silence is never unusual.
const SILENCE_MIN: TimeDelta = TimeDelta::hours(24);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The last run was ended by an error.
    Failed,
    /// The guard has stopped records that are gone.
    Guard,
    Quarantine,
    /// Of a comparison: records or orders are not on both sides as they should be.
    Different,
    /// It has not run well for longer than its schedule allows.
    Late,
    /// What a run found is not what it did, quarantined and left waiting.
    Sum,
    /// Nothing was found for unusually long.
    Silent,
    /// Of a connection: its system is not of a version that its pack knows.
    Version,
}

impl Kind {
    const ALL: [Kind; 8] = [
        Kind::Failed,
        Kind::Guard,
        Kind::Quarantine,
        Kind::Different,
        Kind::Late,
        Kind::Sum,
        Kind::Silent,
        Kind::Version,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Kind::Failed => "failed",
            Kind::Guard => "guard",
            Kind::Quarantine => "quarantine",
            Kind::Different => "different",
            Kind::Late => "late",
            Kind::Sum => "sum",
            Kind::Silent => "silent",
            Kind::Version => "version",
        }
    }

    pub fn of(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// In words, behind the flow's name.
    pub fn words(self, language: Language) -> &'static str {
        match (self, language) {
            (Kind::Failed, Language::English) => "the last run failed",
            (Kind::Failed, Language::Italian) => "l'ultima esecuzione è fallita",
            (Kind::Guard, Language::English) => {
                "many records are gone at once; none of them was touched"
            }
            (Kind::Guard, Language::Italian) => {
                "molti record sono spariti insieme; nessuno è stato toccato"
            }
            (Kind::Quarantine, Language::English) => "new records in quarantine",
            (Kind::Quarantine, Language::Italian) => "nuovi record in quarantena",
            (Kind::Different, Language::English) => "both sides were compared, and differ",
            (Kind::Different, Language::Italian) => {
                "le due parti sono state confrontate, e differiscono"
            }
            (Kind::Late, Language::English) => {
                "it has not run well for longer than its schedule allows"
            }
            (Kind::Late, Language::Italian) => {
                "non riesce da più tempo di quanto la pianificazione ammetta"
            }
            (Kind::Sum, Language::English) => {
                "what the run found is not what it did, quarantined and left waiting"
            }
            (Kind::Sum, Language::Italian) => {
                "ciò che è stato trovato non è ciò che è stato scritto, messo in quarantena e lasciato in attesa"
            }
            (Kind::Silent, Language::English) => "nothing was found for unusually long",
            (Kind::Silent, Language::Italian) => "da insolitamente tanto non è stato trovato nulla",
            (Kind::Version, Language::English) => {
                "its version is none that the pack was made for; the flows run nevertheless"
            }
            (Kind::Version, Language::Italian) => {
                "la versione non è tra quelle per cui è fatto il pacchetto; i flussi girano comunque"
            }
        }
    }
}

/// What is unfamiliar of the systems that have been asked, by their connections.
pub type Systems = BTreeMap<String, Option<Unfamiliar>>;

/// A flow's trouble, or a connection's.
pub type Name = (Kind, String);

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Stands {
        detail: String,
        /// Of one that grows: how far it has.
        mark: i64,
    },
    Over,
}

/// Everything that can be said now. What is not in it nobody knows yet: a flow that has not run since the start, say.
pub type Verdicts = BTreeMap<Name, Verdict>;

pub fn judge(
    seats: &[Seat],
    quarantined: &[Quarantined],
    habits: &BTreeMap<String, Habit>,
    systems: &Systems,
    now: DateTime<Utc>,
) -> Verdicts {
    let mut verdicts = Verdicts::new();
    for (connection, unfamiliar) in systems {
        let verdict = match unfamiliar {
            Some(Unfamiliar { system, known, .. }) => Verdict::Stands {
                detail: format!("{system} ({known})"),
                mark: 0,
            },
            None => Verdict::Over,
        };
        verdicts.insert((Kind::Version, connection.clone()), verdict);
    }
    for seat in seats {
        let mut say = |kind: Kind, detail: Option<String>| {
            let verdict = match detail {
                Some(detail) => Verdict::Stands { detail, mark: 0 },
                None => Verdict::Over,
            };
            verdicts.insert((kind, seat.flow.clone()), verdict);
        };
        let ran = seat.last.as_ref();
        let is_good = ran.is_some_and(Ran::is_good);
        match ran {
            // Another process is at work: that is no failure, unless it lasts.
            Some(ran) if ran.is_failure() => {
                say(Kind::Failed, Some(ran.error.clone().unwrap_or_default()));
            }
            _ if is_good => say(Kind::Failed, None),
            _ => {}
        }
        match seat.last_good {
            Some(good) if seat.late => {
                let since = good.format("%Y-%m-%d %H:%M UTC");
                say(Kind::Late, Some(since.to_string()));
            }
            _ if is_good => say(Kind::Late, None),
            _ => {}
        }
        if let Some(ran) = ran.filter(|_| is_good) {
            let off = ran.unaccounted;
            say(Kind::Sum, (off != 0).then(|| off.to_string()));
            if let Some(habit) = habits.get(&seat.flow) {
                say(Kind::Silent, silence(habit, now));
            }
        }
    }
    // All of these are known: what is not in quarantine is over.
    for seat in seats {
        let kinds: &[Kind] = match seat.comparison {
            true => &[Kind::Different],
            false => &[Kind::Guard, Kind::Quarantine],
        };
        for &kind in kinds {
            let is_guard = kind == Kind::Guard;
            let found = quarantined
                .iter()
                .find(|one| one.flow == seat.flow && one.guarded == is_guard);
            let verdict = match found {
                Some(found) => Verdict::Stands {
                    detail: found.count.to_string(),
                    mark: found.newest,
                },
                None => Verdict::Over,
            };
            verdicts.insert((kind, seat.flow.clone()), verdict);
        }
    }
    verdicts
}

/// A silence of twice the longest that there has been.
fn silence(habit: &Habit, now: DateTime<Utc>) -> Option<String> {
    let lasts = now - habit.last;
    let usual = (habit.longest * 2).max(SILENCE_MIN);
    (habit.times >= TIMES_MIN && lasts > usual).then(|| {
        format!(
            "{} h ({} h)",
            lasts.num_hours(),
            habit.longest.num_hours().max(1)
        )
    })
}

/// What one way of telling has yet to tell.
#[derive(Debug, Default)]
pub struct News {
    pub new: Vec<Told>,
    pub over: Vec<Told>,
    /// Told of flows and connections that the project no longer has: forgotten without a word.
    pub forgotten: Vec<Told>,
}

/// `ripe`: what has stood for long enough to be told. `names`: the project's flows and connections.
pub fn news(
    verdicts: &Verdicts,
    told: &[Told],
    ripe: &BTreeSet<Name>,
    names: &BTreeSet<&str>,
) -> News {
    let mut news = News::default();
    let before = |name: &Name| {
        let (kind, flow) = name;
        told.iter()
            .find(|one| one.kind == kind.name() && one.flow == *flow)
    };
    for (name, verdict) in verdicts {
        let Verdict::Stands { detail, mark } = verdict else {
            continue;
        };
        let is_new = before(name).is_none_or(|one| one.mark < *mark);
        if is_new && ripe.contains(name) {
            news.new.push(Told {
                kind: name.0.name().to_owned(),
                flow: name.1.clone(),
                detail: detail.clone(),
                mark: *mark,
            });
        }
    }
    for one in told {
        let verdict = Kind::of(&one.kind).and_then(|kind| verdicts.get(&(kind, one.flow.clone())));
        if !names.contains(one.flow.as_str()) {
            news.forgotten.push(one.clone());
        } else if verdict == Some(&Verdict::Over) {
            news.over.push(one.clone());
        }
    }
    news
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::DbErrorKind;

    fn ran(outcome: &'static str) -> Ran {
        Ran {
            ended: Utc::now(),
            seconds: 1.0,
            outcome,
            read: 0,
            written: 0,
            quarantined: 0,
            error: None,
            error_kind: None,
            unaccounted: 0,
        }
    }

    fn seat(last: Option<Ran>) -> Seat {
        Seat {
            flow: "main/stock".to_owned(),
            last,
            ..Seat::default()
        }
    }

    const NAMES: [&str; 2] = ["main/stock", "shop.main"];

    fn kinds(told: &[Told]) -> Vec<&str> {
        told.iter().map(|one| one.kind.as_str()).collect()
    }

    #[test]
    fn what_nobody_knows_yet_is_neither_new_nor_over() {
        let told = [Told {
            kind: "failed".to_owned(),
            flow: "main/stock".to_owned(),
            detail: String::new(),
            mark: 0,
        }];
        let of = |last: Option<Ran>, told: &[Told]| {
            let seats = [seat(last)];
            let verdicts = judge(&seats, &[], &BTreeMap::new(), &Systems::new(), Utc::now());
            let ripe = verdicts.keys().cloned().collect();
            news(&verdicts, told, &ripe, &NAMES.into())
        };
        // After a restart, before the first run.
        let started = of(None, &told);
        assert!(started.new.is_empty() && started.over.is_empty());
        assert!(of(Some(ran("interrupted")), &told).over.is_empty());
        assert_eq!(kinds(&of(Some(ran("done")), &told).over), ["failed"]);
        assert_eq!(kinds(&of(Some(ran("failed")), &[]).new), ["failed"]);
        assert!(of(Some(ran("failed")), &told).new.is_empty());
        let held = Ran {
            error_kind: Some(DbErrorKind::LeaseHeld.name()),
            ..ran("failed")
        };
        assert!(of(Some(held), &[]).new.is_empty());
        let off = Ran {
            unaccounted: 2,
            ..ran("done")
        };
        assert_eq!(kinds(&of(Some(off), &[]).new), ["sum"]);
    }

    #[test]
    fn a_version_is_told_of_once_and_so_is_its_end() {
        let newer = Unfamiliar {
            system: "WooCommerce 12.0".to_owned(),
            pack: "woocommerce".to_owned(),
            known: "8 to 11".to_owned(),
            why: crate::round::version::Why::Newer,
        };
        let of = |systems: Systems, told: &[Told]| {
            let verdicts = judge(&[], &[], &BTreeMap::new(), &systems, Utc::now());
            let ripe = verdicts.keys().cloned().collect();
            news(&verdicts, told, &ripe, &NAMES.into())
        };
        let shop = || "shop.main".to_owned();
        let first = of([(shop(), Some(newer.clone()))].into(), &[]);
        assert_eq!(kinds(&first.new), ["version"]);
        assert_eq!(first.new[0].detail, "WooCommerce 12.0 (8 to 11)");
        let again = of([(shop(), Some(newer))].into(), &first.new);
        assert!(again.new.is_empty() && again.over.is_empty());
        // After a restart, before anybody has asked.
        let unasked = of(Systems::new(), &first.new);
        assert!(unasked.over.is_empty() && unasked.forgotten.is_empty());
        let updated = of([(shop(), None)].into(), &first.new);
        assert_eq!(kinds(&updated.over), ["version"]);
    }

    #[test]
    fn a_silence_is_unusual_when_there_was_none_half_as_long() {
        let now: DateTime<Utc> = "2026-11-26T10:00:00Z".parse().unwrap();
        let habit = |days, longest, times| Habit {
            last: now - TimeDelta::days(days),
            longest: TimeDelta::days(longest),
            times,
        };
        assert_eq!(silence(&habit(4, 2, 50), now), None);
        assert!(silence(&habit(5, 2, 50), now).is_some());
        assert_eq!(silence(&habit(5, 2, 3), now), None, "too little is known");
        let often = Habit {
            last: now - TimeDelta::hours(20),
            longest: TimeDelta::minutes(5),
            times: 1000,
        };
        assert_eq!(silence(&often, now), None, "a night, or a holiday");
    }

    #[test]
    fn a_guard_that_stops_records_and_a_flow_that_is_late_are_told() {
        let good: DateTime<Utc> = "2026-11-26T10:00:00Z".parse().unwrap();
        let late = Seat {
            late: true,
            last_good: Some(good),
            ..seat(None)
        };
        let guarded = [Quarantined {
            flow: "main/stock".to_owned(),
            guarded: true,
            count: 40,
            newest: 7,
        }];
        let of = |seats: &[Seat], quarantined: &[Quarantined], told: &[Told]| {
            let none = (BTreeMap::new(), Systems::new());
            let verdicts = judge(seats, quarantined, &none.0, &none.1, Utc::now());
            let ripe = verdicts.keys().cloned().collect();
            news(&verdicts, told, &ripe, &NAMES.into())
        };
        let first = of(&[late], &guarded, &[]);
        assert_eq!(kinds(&first.new), ["guard", "late"]);
        assert_eq!(first.new[0].detail, "40");
        assert_eq!(first.new[1].detail, "2026-11-26 10:00 UTC");
        let over = of(&[seat(Some(ran("done")))], &[], &first.new);
        assert_eq!(kinds(&over.over), ["guard", "late"]);
    }

    #[test]
    fn what_a_comparison_finds_is_no_quarantine_of_a_flow() {
        let compared = Seat {
            comparison: true,
            ..seat(Some(ran("different")))
        };
        let found = [Quarantined {
            flow: "main/stock".to_owned(),
            guarded: false,
            count: 2,
            newest: 5,
        }];
        let none = (BTreeMap::new(), Systems::new());
        let verdicts = judge(&[compared], &found, &none.0, &none.1, Utc::now());
        let ripe = verdicts.keys().cloned().collect();
        let news = news(&verdicts, &[], &ripe, &NAMES.into());
        assert_eq!(kinds(&news.new), ["different"]);
    }

    #[test]
    fn what_grows_is_told_as_far_as_it_has_grown() {
        let seats = [seat(None)];
        let grown = |newest| Quarantined {
            flow: "main/stock".to_owned(),
            guarded: false,
            count: 3,
            newest,
        };
        let told = [Told {
            kind: "quarantine".to_owned(),
            flow: "main/stock".to_owned(),
            detail: "3".to_owned(),
            mark: 10,
        }];
        let of = |quarantined: &[Quarantined]| {
            let verdicts = judge(
                &seats,
                quarantined,
                &BTreeMap::new(),
                &Systems::new(),
                Utc::now(),
            );
            let ripe = verdicts.keys().cloned().collect();
            news(&verdicts, &told, &ripe, &NAMES.into())
        };
        assert!(of(&[grown(10)]).new.is_empty());
        assert_eq!(of(&[grown(11)]).new[0].mark, 11);
        assert_eq!(kinds(&of(&[]).over), ["quarantine"]);
    }
}
