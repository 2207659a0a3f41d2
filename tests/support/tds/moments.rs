//! Dates and times as ticks of 100 ns since 0001-01-01; reading and writing their texts.

use super::error::{Result, SqlError};
use super::types::{Kind, Type};
use chrono::{Datelike, NaiveDate};

pub const SECOND: i64 = 10_000_000;
pub const DAY: i64 = 86_400 * SECOND;
/// Days from 0001-01-01 to 1900-01-01, where `datetime` counts from.
pub const DAYS_1900: i64 = 693_595;

pub fn now() -> i64 {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .expect("a clock after 1970");
    719_162 * DAY + (since.as_nanos() / 100) as i64
}

pub fn date(days: i64) -> NaiveDate {
    NaiveDate::from_num_days_from_ce_opt(days as i32 + 1).expect("a day of a date type")
}

pub fn days(date: NaiveDate) -> i64 {
    i64::from(date.num_days_from_ce()) - 1
}

/// Rounds to so many digits of a second.
pub fn scaled(ticks: i64, scale: u8) -> i64 {
    let unit = 10i64.pow(7 - u32::from(scale));
    (ticks + unit / 2).div_euclid(unit) * unit
}

/// The nearest 1/300 of a second, in ticks.
pub fn of_datetime(ticks: i64) -> i64 {
    let days = ticks.div_euclid(DAY);
    let parts = parts_of_datetime(ticks.rem_euclid(DAY));
    days * DAY + ticks_of_parts(parts)
}

pub fn parts_of_datetime(time: i64) -> i64 {
    (time * 3 + 50_000) / 100_000
}

pub fn ticks_of_parts(parts: i64) -> i64 {
    (parts * 100_000 + 1) / 3
}

pub fn of_minute(ticks: i64) -> i64 {
    // 29.998 s are rounded down, 29.999 s up.
    (ticks + 30 * SECOND + SECOND / 1000).div_euclid(60 * SECOND) * 60 * SECOND
}

/// Fits a moment (ticks since 0001-01-01, or since midnight for `time`) into a type.
pub fn fit(ticks: i64, from: Kind, to: Type) -> Result<i64> {
    let fitted = match to.kind {
        Kind::Date => ticks.div_euclid(DAY) * DAY,
        Kind::Time => {
            let time = scaled(ticks.rem_euclid(DAY), to.scale);
            time.rem_euclid(DAY)
        }
        Kind::DateTime2 | Kind::DateTimeOffset => scaled(ticks, to.scale),
        Kind::DateTime => of_datetime(ticks),
        Kind::SmallDateTime => of_minute(ticks),
        _ => ticks,
    };
    let from_time = from == Kind::Time && to.kind != Kind::Time;
    // A time of day becomes one of 1900-01-01.
    let fitted = if from_time {
        fitted + DAYS_1900 * DAY
    } else {
        fitted
    };
    let year = date(fitted.div_euclid(DAY).min(3_652_058)).year();
    let is_in = match to.kind {
        Kind::DateTime => year >= 1753,
        Kind::SmallDateTime => (DAYS_1900..DAYS_1900 + 65_536).contains(&fitted.div_euclid(DAY)),
        _ => true,
    };
    if !is_in || fitted.div_euclid(DAY) > 3_652_058 {
        return Err(SqlError::new(
            242,
            16,
            format!(
                "The conversion to a {} data type resulted in an out-of-range value.",
                to.name()
            ),
        ));
    }
    Ok(fitted)
}

/// A text as moment and offset in minutes.
pub fn parse(text: &str, to: Type) -> Result<(i64, Option<i64>)> {
    let refuse = || {
        SqlError::new(
            241,
            16,
            "Conversion failed when converting date and/or time from character string.",
        )
    };
    let text = text.trim();
    let (text, offset) = split_offset(text);
    if offset.is_some()
        && matches!(to.kind, Kind::DateTime | Kind::SmallDateTime)
        && !text.contains('T')
    {
        return Err(refuse());
    }
    let (day, time) = match text.split_once(['T', ' ']) {
        Some((day, time)) => (Some(day), Some(time.trim())),
        None if text.contains(':') => (None, Some(text)),
        None => (Some(text), None),
    };
    let day = match day {
        None => DAYS_1900,
        Some("") => DAYS_1900,
        Some(day) => {
            let number = |range: std::ops::Range<usize>| {
                day.get(range).and_then(|digits| digits.parse::<u32>().ok())
            };
            let (year, month, dom) = match day.len() {
                8 => (number(0..4), number(4..6), number(6..8)),
                10 if day.as_bytes()[4] == b'-' && day.as_bytes()[7] == b'-' => {
                    (number(0..4), number(5..7), number(8..10))
                }
                _ => return Err(refuse()),
            };
            let found = year
                .zip(month)
                .zip(dom)
                .and_then(|((y, m), d)| NaiveDate::from_ymd_opt(y as i32, m, d));
            days(found.ok_or_else(refuse)?)
        }
    };
    let mut ticks = if to.kind == Kind::Time { 0 } else { day * DAY };
    if let Some(time) = time {
        let (clock, fraction) = time.split_once('.').unwrap_or((time, ""));
        let parts: Vec<i64> = clock
            .split(':')
            .map(|part| part.parse::<i64>().map_err(|_| refuse()))
            .collect::<Result<_>>()?;
        let (hour, minute, second) = match parts[..] {
            [hour, minute] => (hour, minute, 0),
            [hour, minute, second] => (hour, minute, second),
            _ => return Err(refuse()),
        };
        let most = if matches!(to.kind, Kind::DateTime | Kind::SmallDateTime) {
            3
        } else {
            7
        };
        if hour > 23 || minute > 59 || second > 59 || fraction.len() > most {
            return Err(refuse());
        }
        ticks += ((hour * 60 + minute) * 60 + second) * SECOND;
        if !fraction.is_empty() {
            let value: i64 = fraction.parse().map_err(|_| refuse())?;
            ticks += value * 10i64.pow(7 - fraction.len() as u32);
        }
    }
    Ok((ticks, offset))
}

fn split_offset(text: &str) -> (&str, Option<i64>) {
    if let Some(rest) = text.strip_suffix('Z') {
        return (rest, Some(0));
    }
    let at = text.len().saturating_sub(6);
    let Some(tail) = text.get(at..) else {
        return (text, None);
    };
    let sign = match tail.as_bytes().first() {
        Some(b'+') => 1,
        Some(b'-') if text.contains(':') => -1,
        _ => return (text, None),
    };
    let found = tail[1..]
        .split_once(':')
        .and_then(|(h, m)| Some((h.parse::<i64>().ok()?, m.parse::<i64>().ok()?)));
    match found {
        Some((hours, minutes)) => (text[..at].trim_end(), Some(sign * (hours * 60 + minutes))),
        None => (text, None),
    }
}

pub fn text_of_day(ticks: i64) -> String {
    date(ticks.div_euclid(DAY)).format("%Y-%m-%d").to_string()
}

pub fn text_of_time(ticks: i64, scale: u8) -> String {
    let time = ticks.rem_euclid(DAY);
    let seconds = time / SECOND;
    let mut text = format!(
        "{:02}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    );
    if scale > 0 {
        let fraction = format!("{:07}", time % SECOND);
        text.push('.');
        text.push_str(&fraction[..scale as usize]);
    }
    text
}

pub fn text_of_offset(minutes: i64) -> String {
    format!(
        "{}{:02}:{:02}",
        if minutes < 0 { '-' } else { '+' },
        minutes.abs() / 60,
        minutes.abs() % 60
    )
}

/// A moment as CONVERT writes it. `None`: a style that is not known here.
pub fn text(ticks: i64, offset: i64, ty: Type, style: i64) -> Option<String> {
    let scale = match ty.kind {
        Kind::DateTime => 3,
        Kind::SmallDateTime => 0,
        _ => ty.scale,
    };
    // `datetime` shows thirds of a hundredth rounded to whole milliseconds.
    let ticks = if ty.kind == Kind::DateTime {
        scaled(ticks, 3)
    } else {
        ticks
    };
    let day = text_of_day(ticks);
    let is_old = matches!(ty.kind, Kind::DateTime | Kind::SmallDateTime);
    let zone = || match ty.kind {
        Kind::DateTimeOffset => format!(" {}", text_of_offset(offset)),
        _ => String::new(),
    };
    Some(match (ty.kind, style) {
        (Kind::Date, 0 | 23 | 120 | 121 | 126) => day,
        (Kind::Time, 0 | 114 | 120 | 121 | 126) => text_of_time(ticks, scale),
        (_, 112) => day.replace('-', ""),
        (_, 23) => day,
        (_, 0) if is_old => {
            let date = date(ticks.div_euclid(DAY));
            let minutes = ticks.rem_euclid(DAY) / SECOND / 60;
            let hour = (minutes / 60 + 11) % 12 + 1;
            let half = if minutes < 720 { "AM" } else { "PM" };
            format!(
                "{} {:>2} {} {:>2}:{:02}{half}",
                date.format("%b"),
                date.day(),
                date.year(),
                hour,
                minutes % 60
            )
        }
        (_, 120) => format!("{day} {}{}", text_of_time(ticks, 0), zone()),
        (_, 0 | 121) => format!("{day} {}{}", text_of_time(ticks, scale), zone()),
        (_, 126) => format!(
            "{day}T{}{}",
            text_of_time(
                ticks,
                if ty.kind == Kind::DateTime && ticks % SECOND == 0 {
                    0
                } else {
                    scale
                }
            ),
            zone().trim_start()
        ),
        (Kind::DateTimeOffset, 127) => format!(
            "{}T{}Z",
            text_of_day(ticks - offset * 60 * SECOND),
            text_of_time(ticks - offset * 60 * SECOND, scale)
        ),
        _ => return None,
    })
}
