//! Result columns and values as the driver hands them over.

use crate::db::{DbError, DbErrorKind, Result};
use crate::value::{Decimal, Row, Value, iso};
use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use std::sync::Arc;
use tiberius::{Column, ColumnData, ColumnType};

/// The driver reads `money` by way of a binary float. Below so many ten-thousandths every amount has a float of its own;
/// beyond (900 billion) one would have to guess.
const MONEY_EXACT: f64 = 9_007_199_254_740_992.0;
/// Places of `money`.
const MONEY_PLACES: u32 = 4;
/// `datetime` counts days from here, and three hundredths of a second.
const EPOCH: (i32, u32, u32) = (1900, 1, 1);

/// How the values of a column are read, where the value itself does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    AsSent,
    Money,
    Unreadable(&'static str),
}

fn kind(ty: ColumnType) -> Kind {
    match ty {
        ColumnType::Money | ColumnType::Money4 => Kind::Money,
        ColumnType::SSVariant => Kind::Unreadable("sql_variant"),
        ColumnType::Udt => Kind::Unreadable("a CLR type"),
        _ => Kind::AsSent,
    }
}

/// Turns the rows of one result into values.
pub(super) struct Decoder {
    columns: Arc<[String]>,
    kinds: Vec<Kind>,
}

impl Decoder {
    pub fn new(columns: &[Column]) -> Self {
        Decoder {
            columns: columns
                .iter()
                .map(|column| column.name().to_owned())
                .collect(),
            kinds: columns
                .iter()
                .map(|column| kind(column.column_type()))
                .collect(),
        }
    }

    pub fn columns(&self) -> Arc<[String]> {
        self.columns.clone()
    }

    /// # Errors
    /// Of kind `Other`, naming the column: a value that no [`Value`] holds exactly.
    pub fn row(&self, row: tiberius::Row) -> Result<Row> {
        let mut values = Vec::with_capacity(row.len());
        for (at, data) in row.into_iter().enumerate() {
            let kind = self.kinds.get(at).copied().unwrap_or(Kind::AsSent);
            let value = value(kind, data).map_err(|why| {
                let column = self.columns.get(at).map_or("", String::as_str);
                DbError::new(DbErrorKind::Other, format_args!("column `{column}`: {why}"))
            })?;
            values.push(value);
        }
        Ok(values.into_boxed_slice())
    }
}

fn value(kind: Kind, data: ColumnData<'static>) -> std::result::Result<Value, String> {
    let read = plain(data)?;
    Ok(match (kind, read) {
        (_, Value::Null) => Value::Null,
        (Kind::Unreadable(name), _) => {
            return Err(format!(
                "type `{name}` is not read; CONVERT it to one that is"
            ));
        }
        (Kind::Money, Value::Float(float)) => money(float)?,
        (_, value) => value,
    })
}

fn money(float: f64) -> std::result::Result<Value, String> {
    let scaled = (float * 10f64.powi(MONEY_PLACES as i32)).round();
    if scaled.abs() >= MONEY_EXACT {
        return Err(
            "an amount of `money` beyond 900 billion; CONVERT it to `decimal(19,4)`".to_owned(),
        );
    }
    Ok(Value::Decimal(Decimal::from_scaled(
        scaled as i128,
        MONEY_PLACES,
    )))
}

fn plain(data: ColumnData<'static>) -> std::result::Result<Value, String> {
    Ok(match data {
        ColumnData::U8(number) => number.map_or(Value::Null, |number| Value::UInt(number.into())),
        ColumnData::I16(number) => number.map_or(Value::Null, |number| Value::Int(number.into())),
        ColumnData::I32(number) => number.map_or(Value::Null, |number| Value::Int(number.into())),
        ColumnData::I64(number) => number.map_or(Value::Null, Value::Int),
        ColumnData::F32(float) => float.map_or(Value::Null, |float| Value::Float(float.into())),
        ColumnData::F64(float) => float.map_or(Value::Null, Value::Float),
        ColumnData::Bit(truth) => truth.map_or(Value::Null, Value::Bool),
        ColumnData::String(text) => text.map_or(Value::Null, |text| Value::Text(text.into_owned())),
        ColumnData::Xml(text) => text.map_or(Value::Null, |text| {
            Value::Text(text.into_owned().into_string())
        }),
        ColumnData::Guid(uuid) => uuid.map_or(Value::Null, Value::Uuid),
        ColumnData::Binary(bytes) => {
            bytes.map_or(Value::Null, |bytes| Value::Bytes(bytes.into_owned()))
        }
        ColumnData::Numeric(number) => number.map_or(Value::Null, |number| {
            Value::Decimal(Decimal::from_scaled(number.value(), number.scale().into()))
        }),
        ColumnData::Date(None)
        | ColumnData::Time(None)
        | ColumnData::DateTime(None)
        | ColumnData::SmallDateTime(None)
        | ColumnData::DateTime2(None)
        | ColumnData::DateTimeOffset(None) => Value::Null,
        ColumnData::Date(Some(date)) => Value::Date(day(date.days())?),
        ColumnData::Time(Some(time)) => Value::Time(time_of(time)?),
        // The server shows three-hundredths as the nearest thousandths, and so do its users' programs.
        ColumnData::DateTime(Some(moment)) => {
            let millis = (u64::from(moment.seconds_fragments()) * 10 + 1) / 3;
            let millis = i64::try_from(millis).map_err(|_| beyond())?;
            let start = since_1900(moment.days().into())?.and_time(NaiveTime::MIN);
            let millis = chrono::TimeDelta::milliseconds(millis);
            Value::DateTime(start.checked_add_signed(millis).ok_or_else(beyond)?)
        }
        ColumnData::SmallDateTime(Some(moment)) => {
            let start = since_1900(moment.days().into())?.and_time(NaiveTime::MIN);
            let minutes = chrono::TimeDelta::minutes(moment.seconds_fragments().into());
            Value::DateTime(start.checked_add_signed(minutes).ok_or_else(beyond)?)
        }
        ColumnData::DateTime2(Some(moment)) => Value::DateTime(wall(moment)?),
        // The wall clock of UTC travels, beside the offset that it is to be shown with.
        ColumnData::DateTimeOffset(Some(moment)) => {
            Value::Timestamp(wall(moment.datetime2())?.and_utc())
        }
    })
}

fn beyond() -> String {
    "the server sent a date or time that no calendar has".to_owned()
}

fn day(days: u32) -> std::result::Result<NaiveDate, String> {
    // The first day of the calendar is day 1 here and 0 there.
    i32::try_from(days)
        .ok()
        .and_then(|days| NaiveDate::from_num_days_from_ce_opt(days.checked_add(1)?))
        .filter(|date| iso::is_date(*date))
        .ok_or_else(beyond)
}

fn since_1900(days: i64) -> std::result::Result<NaiveDate, String> {
    let (year, month, day) = EPOCH;
    let days = chrono::TimeDelta::try_days(days).ok_or_else(beyond)?;
    NaiveDate::from_ymd_opt(year, month, day)
        .and_then(|first| first.checked_add_signed(days))
        .ok_or_else(beyond)
}

fn time_of(time: tiberius::time::Time) -> std::result::Result<NaiveTime, String> {
    let nanos = 9u32
        .checked_sub(time.scale().into())
        .and_then(|places| time.increments().checked_mul(10u64.pow(places)))
        .ok_or_else(beyond)?;
    let (seconds, nanos) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
    let seconds = u32::try_from(seconds).map_err(|_| beyond())?;
    // Below a billion: it fits.
    NaiveTime::from_num_seconds_from_midnight_opt(seconds, nanos as u32).ok_or_else(beyond)
}

fn wall(moment: tiberius::time::DateTime2) -> std::result::Result<NaiveDateTime, String> {
    Ok(day(moment.date().days())?.and_time(time_of(moment.time())?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::sqlserver::dialect::param;
    use tiberius::numeric::Numeric;
    use tiberius::time::{DateTime, SmallDateTime, Time};

    fn decimal(text: &str) -> Value {
        Value::Decimal(Decimal::parse(text).unwrap())
    }

    fn wall_of(text: &str) -> Value {
        Value::DateTime(NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f").unwrap())
    }

    #[test]
    fn what_is_sent_is_what_is_read() {
        let moment = wall_of("2024-03-31 02:30:00.1234567");
        let Value::DateTime(wall) = moment else {
            panic!()
        };
        for value in [
            Value::Bool(true),
            Value::Int(i64::MIN),
            decimal("-1234567890123456789012345678.0123456789"),
            Value::Float(0.1),
            Value::Text("à 😀".to_owned()),
            Value::Bytes(vec![0, 255]),
            Value::Date(wall.date()),
            Value::Time(wall.time()),
            moment,
            Value::Timestamp(wall.and_utc()),
            wall_of("0001-01-01 00:00:00"),
            wall_of("9999-12-31 23:59:59.9999999"),
            Value::Uuid("0f3c6d1a-9b3e-4a52-8a7d-0123456789ab".parse().unwrap()),
        ] {
            assert_eq!(plain(param(&value).unwrap()).unwrap(), value);
        }
    }

    #[test]
    fn old_dates_are_read_as_the_server_shows_them() {
        for (days, ticks, shown) in [
            (0, 0, "1900-01-01 00:00:00"),
            (-53690, 1, "1753-01-01 00:00:00.003"),
            (45381, 300 * 60 + 2, "2024-04-01 00:01:00.007"),
            (2_958_463, 300 * 86_400 - 1, "9999-12-31 23:59:59.997"),
        ] {
            let data = ColumnData::DateTime(Some(DateTime::new(days, ticks)));
            assert_eq!(plain(data).unwrap(), wall_of(shown));
        }
        let data = ColumnData::SmallDateTime(Some(SmallDateTime::new(45381, 90)));
        assert_eq!(plain(data).unwrap(), wall_of("2024-04-01 01:30:00"));
    }

    #[test]
    fn money_is_exact_or_refused() {
        for text in ["0.0001", "-12.5", "899999999999.9999", "-0.3", "1e9"] {
            let wanted = decimal(text);
            let float = Decimal::parse(text).unwrap().to_f64().unwrap();
            let read = value(Kind::Money, ColumnData::F64(Some(float))).unwrap();
            assert_eq!(read, wanted);
        }
        assert!(value(Kind::Money, ColumnData::F64(Some(9.1e11))).is_err());
    }

    #[test]
    fn a_variant_is_refused_unless_it_is_null() {
        let kind = kind(ColumnType::SSVariant);
        assert!(value(kind, ColumnData::I32(Some(1))).is_err());
        assert_eq!(value(kind, ColumnData::I32(None)).unwrap(), Value::Null);
    }

    #[test]
    fn what_no_calendar_has_is_an_error() {
        let late = ColumnData::Time(Some(Time::new(864_000_000_000, 7)));
        assert!(plain(late).is_err());
        let numeric = ColumnData::Numeric(Some(Numeric::new_with_scale(-5, 1)));
        assert_eq!(plain(numeric).unwrap(), decimal("-0.5"));
    }
}
