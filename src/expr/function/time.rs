//! Functions of points in time. "The zone" is [`Env::zone`]: the one in which the target's people read clocks.

use super::Arguments;
use crate::expr::{Env, EvalError, Zone};
use crate::value::iso::{self, Moment};
use crate::value::{Misfit, Value};
use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, SubsecRound, Utc};

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
    Ok(Value::Timestamp(env.zone().instant(wall)))
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

fn wall(moment: DateTime<Utc>, zone: Zone) -> Result<NaiveDateTime, EvalError> {
    zone.wall(moment)
        .ok_or_else(|| EvalError::invalid("a timestamp at the end of all time has no local time"))
}

fn first_second(date: NaiveDate, zone: Zone) -> DateTime<Utc> {
    zone.instant(date.and_time(NaiveTime::MIN))
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
