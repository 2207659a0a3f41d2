//! The zone in which the target's people read clocks, as shops know it: by name, or as hours from UTC.

use crate::value::Value;
use chrono::{DateTime, FixedOffset, NaiveDateTime, Offset, TimeDelta, TimeZone, Timelike, Utc};
use std::str::FromStr;

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Zone {
    /// An IANA zone, with its changes to summer time.
    Named(chrono_tz::Tz),
    /// The same all year.
    Offset(FixedOffset),
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither a zone's IANA name (`Europe/Rome`) nor hours from UTC (`5.5`, `+05:30`)")]
pub struct UnknownZone(String);

impl Zone {
    pub const UTC: Zone = Zone::Named(chrono_tz::UTC);

    /// What the zone's clock shows; `None` at the ends of all time.
    pub fn wall(self, moment: DateTime<Utc>) -> Option<NaiveDateTime> {
        let utc = moment.naive_utc();
        let offset = match self {
            Zone::Named(zone) => zone.offset_from_utc_datetime(&utc).fix(),
            Zone::Offset(offset) => offset,
        };
        utc.checked_add_offset(offset)
    }

    /// What the zone's clock shows at this moment, as a column without zone holds it. Whole seconds: a fraction would make
    /// a moment later than the column's own reading of it.
    pub fn column_value(self, moment: DateTime<Utc>) -> Value {
        let wall = self.wall(moment).unwrap_or_else(|| moment.naive_utc());
        Value::DateTime(wall.with_nanosecond(0).unwrap_or(wall))
    }

    /// When the zone's clock shows `wall`: the first time if it does so twice. A reading that is skipped when clocks
    /// go forward counts with the offset from before: half past two in the night of the change is half past three.
    pub fn instant(self, wall: NaiveDateTime) -> DateTime<Utc> {
        // No zone skips more than a day, and none changes twice within two.
        let day = TimeDelta::days(1);
        let after_gap = || {
            let day_before = self.shown(wall.checked_sub_signed(day)?)?;
            day_before.checked_add_signed(day)
        };
        self.shown(wall)
            .or_else(after_gap)
            .unwrap_or_else(|| wall.and_utc())
    }

    fn shown(self, wall: NaiveDateTime) -> Option<DateTime<Utc>> {
        match self {
            Zone::Named(zone) => zone
                .from_local_datetime(&wall)
                .earliest()
                .map(|moment| moment.with_timezone(&Utc)),
            Zone::Offset(offset) => wall.checked_sub_offset(offset).map(|utc| utc.and_utc()),
        }
    }
}

impl FromStr for Zone {
    type Err = UnknownZone;

    /// Reads `Europe/Rome`, `UTC`, `2`, `-3`, `5.75` (hours) and `+05:30`; blanks around it do not count.
    fn from_str(text: &str) -> Result<Self, UnknownZone> {
        let text = text.trim();
        if let Ok(zone) = text.parse::<chrono_tz::Tz>() {
            return Ok(Zone::Named(zone));
        }
        offset_minutes(text)
            .and_then(|minutes| FixedOffset::east_opt(minutes * 60))
            .map(Zone::Offset)
            .ok_or_else(|| UnknownZone(text.chars().take(40).collect()))
    }
}

/// Minutes east of UTC, within a day.
fn offset_minutes(text: &str) -> Option<i32> {
    let (sign, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let is_digits = |part: &str| {
        !part.is_empty() && part.len() <= 2 && part.bytes().all(|b| b.is_ascii_digit())
    };
    let (hours, minutes) = if let Some((hours, minutes)) = unsigned.split_once(':') {
        if !is_digits(minutes) {
            return None;
        }
        (
            hours,
            minutes
                .parse::<i32>()
                .ok()
                .filter(|minutes| *minutes < 60)?,
        )
    } else if let Some((hours, quarters)) = unsigned.split_once('.') {
        // Zones lie at quarters of an hour.
        let minutes = match quarters.trim_end_matches('0') {
            "" => 0,
            "25" => 15,
            "5" => 30,
            "75" => 45,
            _ => return None,
        };
        (hours, minutes)
    } else {
        (unsigned, 0)
    };
    if !is_digits(hours) {
        return None;
    }
    let hours = hours.parse::<i32>().ok().filter(|hours| *hours < 24)?;
    Some(sign * (hours * 60 + minutes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::iso::{self, Moment};

    fn instant(wall: &str, zone: &str) -> String {
        match iso::parse_moment(wall) {
            Ok(Moment::Wall(wall)) => iso::utc_text(zone.parse::<Zone>().unwrap().instant(wall)),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn clock_changes_have_one_answer() {
        for (wall, zone, utc) in [
            ("2026-01-31 12:00:00", "Europe/Rome", "2026-01-31T11:00:00Z"),
            ("2026-10-25 02:30:00", "Europe/Rome", "2026-10-25T00:30:00Z"),
            ("2026-03-29 02:30:00", "Europe/Rome", "2026-03-29T01:30:00Z"),
            // Clocks went from midnight to one o'clock: the day began at one.
            ("2018-11-04", "America/Sao_Paulo", "2018-11-04T03:00:00Z"),
            // There was no 30th of December.
            ("2011-12-30", "Pacific/Apia", "2011-12-30T10:00:00Z"),
            ("2026-07-01 12:00:00", "5.5", "2026-07-01T06:30:00Z"),
        ] {
            assert_eq!(instant(wall, zone), utc, "{wall} in {zone}");
        }
    }

    #[test]
    fn offsets_are_read_as_shops_write_them() {
        for (text, minutes) in [
            ("2", 120),
            ("-3", -180),
            ("5.75", 345),
            ("-0.5", -30),
            ("+05:30", 330),
            (" 0 ", 0),
            ("1.0", 60),
        ] {
            let offset = FixedOffset::east_opt(minutes * 60).unwrap();
            assert_eq!(text.parse(), Ok(Zone::Offset(offset)), "{text}");
        }
        assert_eq!("UTC".parse(), Ok(Zone::UTC));
        for text in [
            "",
            "Rome",
            "5.3",
            "24",
            "1:60",
            "+",
            "--1",
            "1e1",
            "999999999999",
        ] {
            assert!(text.parse::<Zone>().is_err(), "{text}");
        }
    }
}
