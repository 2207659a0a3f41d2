//! DATEADD and DATEDIFF.

use super::error::{Result, SqlError};
use super::moments::{self, DAY, SECOND};
use super::types::{Kind, Type};
use super::values;
use chrono::{Datelike, Months};
use rusqlite::types::Value;

fn unit_ticks(unit: &str) -> Option<i64> {
    Some(match unit {
        "week" | "wk" | "ww" => 7 * DAY,
        "day" | "dd" | "d" | "dayofyear" => DAY,
        "hour" | "hh" => 3600 * SECOND,
        "minute" | "mi" | "n" => 60 * SECOND,
        "second" | "ss" | "s" => SECOND,
        "millisecond" | "ms" => SECOND / 1000,
        "microsecond" | "mcs" => 10,
        _ => return None,
    })
}

fn unit_months(unit: &str) -> Option<i64> {
    Some(match unit {
        "year" | "yy" | "yyyy" => 12,
        "quarter" | "qq" | "q" => 3,
        "month" | "mm" | "m" => 1,
        _ => return None,
    })
}

fn unknown_unit(unit: &str) -> SqlError {
    SqlError::new(
        155,
        15,
        format!("'{unit}' is not a recognized datepart option."),
    )
}

pub(super) fn date_add(unit: &str, count: i64, value: &Value, ty: Type) -> Result<Value> {
    let count = i32::try_from(count).map_err(|_| SqlError::overflow("int"))?;
    let (ticks, offset) = match ty.kind {
        Kind::DateTimeOffset => values::offset_of(values::bytes(value)?)?,
        _ => (values::int(value)?, 0),
    };
    let out_of_range = || {
        SqlError::new(
            517,
            16,
            format!(
                "Adding a value to a '{}' column caused an overflow.",
                ty.name()
            ),
        )
    };
    let made = if let Some(months) = unit_months(unit) {
        let months = months * i64::from(count);
        let day = moments::date(ticks.div_euclid(DAY));
        let moved = match months {
            0.. => day.checked_add_months(Months::new(months as u32)),
            _ => day.checked_sub_months(Months::new(-months as u32)),
        };
        let day = moved
            .filter(|day| (1..=9999).contains(&day.year()))
            .ok_or_else(out_of_range)?;
        moments::days(day) * DAY + ticks.rem_euclid(DAY)
    } else {
        let by = unit_ticks(unit).ok_or_else(|| unknown_unit(unit))?;
        let made = ticks
            .checked_add(by.checked_mul(count.into()).ok_or_else(out_of_range)?)
            .ok_or_else(out_of_range)?;
        if ty.kind == Kind::Time {
            made.rem_euclid(DAY)
        } else {
            made
        }
    };
    if !(0..3_652_059 * DAY).contains(&made) {
        return Err(out_of_range());
    }
    match ty.kind {
        Kind::DateTimeOffset => Ok(values::moment_with_offset(made, offset)),
        _ => Ok(Value::Integer(moments::fit(made, ty.kind, ty)?)),
    }
}

pub(super) fn date_diff(unit: &str, from: i64, to: i64, is_big: bool) -> Result<i64> {
    let made = if let Some(months) = unit_months(unit) {
        let count = |ticks: i64| {
            let day = moments::date(ticks.div_euclid(DAY));
            (i64::from(day.year()) * 12 + i64::from(day.month0())).div_euclid(months)
        };
        count(to) - count(from)
    } else {
        let by = unit_ticks(unit).ok_or_else(|| unknown_unit(unit))?;
        to.div_euclid(by) - from.div_euclid(by)
    };
    if !is_big && i32::try_from(made).is_err() {
        return Err(SqlError::new(
            535,
            16,
            "The datediff function resulted in an overflow. The number of dateparts separating two date/time instances is too large.",
        ));
    }
    Ok(made)
}
