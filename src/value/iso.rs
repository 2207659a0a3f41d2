//! Dates and times as texts: ISO 8601 as databases write it, read strictly and written in one way only.

use super::Misfit;
use chrono::{
    DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Timelike, Utc,
};

/// A point in time as a text gives it: with an offset it is a certain one, without it is a wall clock's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    Wall(NaiveDateTime),
    Utc(DateTime<Utc>),
}

/// Years 1 to 9999: what every engine keeps, and what four digits can say.
pub fn is_date(date: NaiveDate) -> bool {
    (1..=9999).contains(&date.year())
}

/// A leap second (chrono keeps it as a fraction above one) exists in no database.
pub fn is_time(time: NaiveTime) -> bool {
    time.nanosecond() < 1_000_000_000
}

/// `2026-01-31`.
pub fn parse_date(text: &str) -> Result<NaiveDate, Misfit> {
    let (year, rest) = number(text, 4).ok_or(Misfit::NotADate)?;
    let (month, rest) = after(rest, '-', 2).ok_or(Misfit::NotADate)?;
    let (day, rest) = after(rest, '-', 2).ok_or(Misfit::NotADate)?;
    // Four digits fit an i32.
    NaiveDate::from_ymd_opt(year as i32, month, day)
        .filter(|date| rest.is_empty() && is_date(*date))
        .ok_or(Misfit::NotADate)
}

/// `23:59`, `23:59:59`, `23:59:59.123456789`.
pub fn parse_time(text: &str) -> Result<NaiveTime, Misfit> {
    time_and_rest(text)
        .filter(|(_, rest)| rest.is_empty())
        .map(|(time, _)| time)
        .ok_or(Misfit::NotATime)
}

/// A date, or date and time with a blank or `T` between, and then perhaps `Z`, `+01`, `+0100` or `+01:00`.
pub fn parse_moment(text: &str) -> Result<Moment, Misfit> {
    let (day, rest) = text
        .split_at_checked("0000-00-00".len())
        .ok_or(Misfit::NotAMoment)?;
    let date = parse_date(day).map_err(|_| Misfit::NotAMoment)?;
    if rest.is_empty() {
        return Ok(Moment::Wall(date.and_time(NaiveTime::MIN)));
    }
    let rest = rest
        .strip_prefix([' ', 'T', 't'])
        .ok_or(Misfit::NotAMoment)?;
    let (time, rest) = time_and_rest(rest).ok_or(Misfit::NotAMoment)?;
    let wall = date.and_time(time);
    if rest.is_empty() {
        return Ok(Moment::Wall(wall));
    }
    let offset = parse_offset(rest.trim_start_matches(' ')).ok_or(Misfit::NotAMoment)?;
    offset
        .from_local_datetime(&wall)
        .single()
        .map(|moment| moment.with_timezone(&Utc))
        .filter(|moment| is_date(moment.date_naive()))
        .map(Moment::Utc)
        .ok_or(Misfit::NotAMoment)
}

/// `2026-01-31`.
pub fn date_text(date: NaiveDate) -> String {
    let mut text = String::with_capacity("0000-00-00 00:00:00.000000".len());
    push_date(date, &mut text);
    text
}

/// `23:59:59`, with as many places of the fraction as there are.
pub fn time_text(time: NaiveTime) -> String {
    let mut text = String::with_capacity("00:00:00.000000".len());
    push_time(time, &mut text);
    text
}

/// `2026-01-31 23:59:59`.
pub fn wall_text(wall: NaiveDateTime) -> String {
    let mut text = date_text(wall.date());
    text.push(' ');
    push_time(wall.time(), &mut text);
    text
}

/// `2026-01-31T23:59:59Z`.
pub fn utc_text(moment: DateTime<Utc>) -> String {
    let mut text = date_text(moment.date_naive());
    text.push('T');
    push_time(moment.time(), &mut text);
    text.push('Z');
    text
}

fn push_date(date: NaiveDate, text: &mut String) {
    if !is_date(date) {
        // Beyond four digits, as chrono writes it; nothing that a database keeps.
        *text += &date.format("%Y-%m-%d").to_string();
        return;
    }
    let year = date.year().unsigned_abs();
    push_two(year / 100, text);
    push_two(year % 100, text);
    text.push('-');
    push_two(date.month(), text);
    text.push('-');
    push_two(date.day(), text);
}

fn push_time(time: NaiveTime, text: &mut String) {
    if !is_time(time) {
        *text += &time.format("%H:%M:%S").to_string();
    } else {
        push_two(time.hour(), text);
        text.push(':');
        push_two(time.minute(), text);
        text.push(':');
        push_two(time.second(), text);
    }
    push_fraction(time.nanosecond(), text);
}

/// A number below 100 with two digits.
fn push_two(number: u32, text: &mut String) {
    for digit in [number / 10 % 10, number % 10] {
        text.push(char::from(b'0' + digit as u8));
    }
}

/// Places of the second's fraction that are needed: 3 for `.120` and 120 ms less one.
pub fn fraction_places(nanosecond: u32) -> u8 {
    let mut places = 9;
    let mut rest = nanosecond;
    while places > 0 && rest.is_multiple_of(10) {
        rest /= 10;
        places -= 1;
    }
    places
}

fn push_fraction(nanosecond: u32, text: &mut String) {
    let places = fraction_places(nanosecond);
    if places > 0 {
        let digits = nanosecond / 10u32.pow(9 - u32::from(places));
        *text += &format!(".{digits:0places$}", places = usize::from(places));
    }
}

fn time_and_rest(text: &str) -> Option<(NaiveTime, &str)> {
    let (hour, rest) = number(text, 2)?;
    let (minute, rest) = after(rest, ':', 2)?;
    let Some((second, rest)) = after(rest, ':', 2) else {
        return Some((NaiveTime::from_hms_opt(hour, minute, 0)?, rest));
    };
    let (nanosecond, rest) = match rest.strip_prefix('.') {
        Some(fraction) => {
            let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
            if digits == 0 || digits > 9 {
                return None;
            }
            let (value, rest) = number(fraction, digits)?;
            // 1 to 9 digits, so the power is at most 10^8.
            (value * 10u32.pow(9 - digits as u32), rest)
        }
        None => (0, rest),
    };
    Some((
        NaiveTime::from_hms_nano_opt(hour, minute, second, nanosecond)?,
        rest,
    ))
}

fn parse_offset(text: &str) -> Option<FixedOffset> {
    if matches!(text, "Z" | "z" | "UTC") {
        return FixedOffset::east_opt(0);
    }
    let east = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, rest) = number(&text[1..], 2)?;
    let rest = rest.strip_prefix(':').unwrap_or(rest);
    let (minutes, rest) = if rest.is_empty() {
        (0, rest)
    } else {
        number(rest, 2)?
    };
    if !rest.is_empty() || minutes > 59 {
        return None;
    }
    // Two digits each.
    FixedOffset::east_opt(east * (hours * 3600 + minutes * 60) as i32)
}

/// Exactly so many digits (at most nine) at the start, and what follows them.
fn number(text: &str, digits: usize) -> Option<(u32, &str)> {
    let (head, rest) = text.split_at_checked(digits)?;
    if !head.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some((head.parse().ok()?, rest))
}

fn after(text: &str, separator: char, digits: usize) -> Option<(u32, &str)> {
    number(text.strip_prefix(separator)?, digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_strictly() {
        for (text, shown) in [
            ("2026-01-31", "2026-01-31 00:00:00"),
            ("2026-01-31 12:30", "2026-01-31 12:30:00"),
            ("2026-01-31T12:30:05.1200", "2026-01-31 12:30:05.12"),
            ("2026-01-31 12:30:05Z", "2026-01-31T12:30:05Z"),
            ("2026-01-31 12:30:05+01", "2026-01-31T11:30:05Z"),
            (
                "2026-01-31 12:30:05.000001 -0530",
                "2026-01-31T18:00:05.000001Z",
            ),
        ] {
            let moment = parse_moment(text).unwrap();
            let back = match moment {
                Moment::Wall(wall) => wall_text(wall),
                Moment::Utc(moment) => utc_text(moment),
            };
            assert_eq!(back, shown, "{text}");
            assert_eq!(parse_moment(&back), Ok(moment));
        }
        for text in [
            "",
            "0000-00-00",
            "0000-00-00 00:00:00",
            "2026-02-30",
            "2026-1-31",
            "26-01-31",
            "2026-01-31 ",
            "2026-01-31 24:00:00",
            "2026-01-31 23:59:60",
            "2026-01-31 12",
            "2026-01-31 12:30:05.",
            "2026-01-31 12:30:05+1",
            "2026-01-31 12:30:05+25:00",
            "2026-01-31x12:30:05",
            "٢٠٢٦-01-31",
            "0001-01-01 00:00:00+01",
        ] {
            assert!(parse_moment(text).is_err(), "{text}");
        }
    }
}
