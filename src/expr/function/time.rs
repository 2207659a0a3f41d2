//! Functions of points in time. "The zone" is [`Env::zone`]: the one in which the target's people read clocks.

use super::Arguments;
use crate::expr::{Env, EvalError};
use crate::value::iso::{self, Moment};
use crate::value::{Misfit, Value};
use chrono::{
    DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, Offset, SubsecRound, TimeDelta, TimeZone,
    Utc,
};
use chrono_tz::Tz;

pub fn now(_: Arguments<'_, '_>, env: &dyn Env) -> Result<Value, EvalError> {
    Ok(Value::Timestamp(env.now().trunc_subsecs(0)))
}

pub fn local(arguments: Arguments<'_, '_>, env: &dyn Env) -> Result<Value, EvalError> {
    match &*arguments[0] {
        Value::Timestamp(moment) => wall(*moment, env.zone()).map(Value::DateTime),
        other => Err(wrong("local", other, "a timestamp")),
    }
}

pub fn utc(arguments: Arguments<'_, '_>, env: &dyn Env) -> Result<Value, EvalError> {
    let wall = match &*arguments[0] {
        Value::DateTime(wall) => *wall,
        Value::Date(date) => date.and_time(NaiveTime::MIN),
        other => return Err(wrong("utc", other, "a time without zone")),
    };
    Ok(Value::Timestamp(instant(wall, env.zone())))
}

pub fn date(arguments: Arguments<'_, '_>, env: &dyn Env) -> Result<Value, EvalError> {
    day(&arguments[0], env).map(Value::Date)
}

/// The day of a value, also for `CAST(x AS date)`.
pub fn day(value: &Value, env: &dyn Env) -> Result<NaiveDate, EvalError> {
    let moment = match value {
        Value::Date(date) => return Ok(*date),
        Value::DateTime(wall) => Moment::Wall(*wall),
        Value::Timestamp(moment) => Moment::Utc(*moment),
        Value::Text(text) => iso::parse_moment(text.trim()).map_err(|_| not_a_date(value))?,
        other => return Err(wrong("date", other, "a date, time or text")),
    };
    Ok(match moment {
        Moment::Wall(wall) => wall.date(),
        Moment::Utc(moment) => wall(moment, env.zone())?.date(),
    })
}

pub fn unix(arguments: Arguments<'_, '_>, env: &dyn Env) -> Result<Value, EvalError> {
    match &*arguments[0] {
        Value::Date(date) => Ok(Value::Int(first_second(*date, env.zone()).timestamp())),
        other => seconds("unix", other),
    }
}

pub fn unix_end(arguments: Arguments<'_, '_>, env: &dyn Env) -> Result<Value, EvalError> {
    match &*arguments[0] {
        Value::Date(date) => {
            let next = date.checked_add_days(Days::new(1));
            let next = next.ok_or_else(|| not_a_date(&arguments[0]))?;
            Ok(Value::Int(first_second(next, env.zone()).timestamp() - 1))
        }
        other => seconds("unix_end", other),
    }
}

/// A time without zone is UTC, as everywhere when it meets one with a zone.
fn seconds(function: &str, value: &Value) -> Result<Value, EvalError> {
    match value {
        Value::Timestamp(moment) => Ok(Value::Int(moment.timestamp())),
        Value::DateTime(wall) => Ok(Value::Int(wall.and_utc().timestamp())),
        other => Err(wrong(function, other, "a date or timestamp")),
    }
}

/// What the zone's clock shows.
fn wall(moment: DateTime<Utc>, zone: Tz) -> Result<NaiveDateTime, EvalError> {
    let offset = zone.offset_from_utc_datetime(&moment.naive_utc()).fix();
    moment
        .naive_utc()
        .checked_add_offset(offset)
        .ok_or_else(|| EvalError::invalid("a timestamp at the end of all time has no local time"))
}

fn first_second(date: NaiveDate, zone: Tz) -> DateTime<Utc> {
    instant(date.and_time(NaiveTime::MIN), zone)
}

/// When the zone's clock shows `wall`: the first time if it does so twice. A reading that is skipped when clocks go
/// forward counts with the offset from before: half past two in the night of the change is half past three.
fn instant(wall: NaiveDateTime, zone: Tz) -> DateTime<Utc> {
    if let Some(moment) = zone.from_local_datetime(&wall).earliest() {
        return moment.with_timezone(&Utc);
    }
    // No zone skips more than a day, and none changes twice within two.
    let before = wall
        .checked_sub_signed(TimeDelta::days(1))
        .and_then(|day_before| zone.from_local_datetime(&day_before).earliest())
        .and_then(|day_before| {
            day_before
                .with_timezone(&Utc)
                .checked_add_signed(TimeDelta::days(1))
        });
    before.unwrap_or_else(|| wall.and_utc())
}

fn not_a_date(value: &Value) -> EvalError {
    EvalError::invalid(format!("date({}): {}", value.show(), Misfit::NotADate))
}

fn wrong(function: &str, value: &Value, wanted: &str) -> EvalError {
    EvalError::invalid(format!(
        "{function}({}): {wanted} is wanted, this is a {}",
        value.show(),
        value.kind()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clock_changes_have_one_answer() {
        let zone = chrono_tz::Europe::Rome;
        let at = |text: &str| match iso::parse_moment(text) {
            Ok(Moment::Wall(wall)) => iso::utc_text(instant(wall, zone)),
            other => panic!("{other:?}"),
        };
        assert_eq!(at("2026-01-31 12:00:00"), "2026-01-31T11:00:00Z");
        assert_eq!(at("2026-10-25 02:30:00"), "2026-10-25T00:30:00Z");
        assert_eq!(at("2026-03-29 02:30:00"), "2026-03-29T01:30:00Z");
        // Clocks went from midnight to one o'clock: the day began at one.
        let sao_paulo = chrono_tz::America::Sao_Paulo;
        let day = NaiveDate::from_ymd_opt(2018, 11, 4).unwrap();
        assert_eq!(
            iso::utc_text(first_second(day, sao_paulo)),
            "2018-11-04T03:00:00Z"
        );
        // Samoa had no 30th of December in 2011.
        let day = NaiveDate::from_ymd_opt(2011, 12, 30).unwrap();
        assert_eq!(
            iso::utc_text(first_second(day, chrono_tz::Pacific::Apia)),
            "2011-12-30T10:00:00Z"
        );
    }
}
