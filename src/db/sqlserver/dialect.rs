//! Where T-SQL differs, and values as its parameters.

use crate::db::query::{Part, Query};
use crate::db::render::{Dialect, Locks, Sql};
use crate::db::{DbError, DbErrorKind, Result};
use crate::value::{Decimal, Type, Value};
use chrono::{Datelike, NaiveDate, NaiveTime, Timelike};
use std::borrow::Cow;
use tiberius::ColumnData;
use tiberius::numeric::Numeric;
use tiberius::time::{Date, DateTime2, DateTimeOffset, Time};

/// Parameters of a statement at most: the server's limit is 2,100, of which `sp_executesql` takes two.
pub(super) const PARAMS_MAX: usize = 2_090;
/// Digits of a decimal at most.
const DIGITS_MAX: u64 = 38;
/// Bytes of a `varchar` that is no `varchar(max)`.
const VARCHAR_MAX: usize = 8_000;
/// Of an `nvarchar` that is not `(max)`: so many UTF-16 units.
const UNITS_MAX: u64 = 4_000;
/// Digits of a second's fraction that the server keeps.
const TIME_SCALE: u8 = 7;
/// Nanoseconds of its smallest step.
const TICK: u32 = 100;

macro_rules! dialect {
    ($order:expr, $literal:expr) => {
        Dialect {
            quotes: ('[', ']'),
            placeholder,
            order: $order,
            locks: Locks::Tables(
                " WITH (UPDLOCK, ROWLOCK)",
                " WITH (REPEATABLEREAD, ROWLOCK)",
            ),
            literal: $literal,
            row_values: false,
            limit,
        }
    };
}

/// Of a server with collations that sort by UTF-8 bytes: since 2019.
pub(super) static DIALECT: Dialect = dialect!(by_bytes, literal);
pub(super) static OLD_DIALECT: Dialect = dialect!(by_units, literal);
/// With the values in the text, for a batch that is no `sp_executesql`: what begins a transaction.
static CONSTANTS: Dialect = dialect!(by_units, |_, value| constant(value));

/// A text that any code page can say is compared as `varchar`: against an index of such a column a parameter in Unicode
/// would have the server convert the column, row by row. Against `nvarchar` it is converted itself.
fn placeholder(n: usize, value: &Value, into: &mut String) {
    *into += &match value {
        Value::Text(text) if text.is_ascii() && text.len() <= VARCHAR_MAX => {
            format!("CAST(@P{n} AS varchar({VARCHAR_MAX}))")
        }
        _ => format!("@P{n}"),
    };
}

/// As a parameter NULL would have a type. And what a statement has no parameter left for is written out, where its text is beyond
/// doubt.
fn literal(n: usize, value: &Value) -> Option<String> {
    match value {
        Value::Null => constant(value),
        _ if n <= PARAMS_MAX => None,
        _ => constant(value),
    }
}

/// The value as a text that is beyond doubt. At a line's end a backslash would join the line with the next one.
fn constant(value: &Value) -> Option<String> {
    Some(match value {
        Value::Null => "NULL".to_owned(),
        Value::Int(number) => number.to_string(),
        Value::UInt(number) => number.to_string(),
        Value::Text(text) => {
            let text = text.replace('\'', "''");
            match text.contains("\\\n") || text.contains("\\\r") {
                false => format!("N'{text}'"),
                true => format!("(N'{}')", text.replace('\\', "\\' + N'")),
            }
        }
        _ => return None,
    })
}

/// A query as a text without parameters; `None` if a value has no constant here.
pub(super) fn without_params(query: &Query) -> Option<String> {
    let sql = Sql::render(&CONSTANTS, query);
    sql.values.is_empty().then_some(sql.text)
}

/// The length last: the server pads the shorter of two texts with blanks before it compares them.
fn by_bytes(column: &str, ty: &Type) -> String {
    match ty {
        Type::Text { .. } | Type::Enum(_) | Type::Json => {
            let units = units_max(ty);
            let bytes = (3 * units).min(VARCHAR_MAX as u64);
            format!(
                "CAST(CAST({column} AS nvarchar({units})) COLLATE Latin1_General_100_BIN2_UTF8 AS varchar({bytes})), DATALENGTH({column})"
            )
        }
        _ => column.to_owned(),
    }
}

/// By UTF-16 units, which is the same but for characters beyond U+FFFF beside those from U+E000 on.
fn by_units(column: &str, ty: &Type) -> String {
    match ty {
        Type::Text { .. } | Type::Enum(_) | Type::Json => {
            let units = units_max(ty);
            format!(
                "CAST({column} AS nvarchar({units})) COLLATE Latin1_General_100_BIN2, DATALENGTH({column})"
            )
        }
        _ => column.to_owned(),
    }
}

/// How long texts of the type are at most, in UTF-16 units: the server keeps memory for a sort by what is declared, half of it for each row.
fn units_max(ty: &Type) -> u64 {
    let declared = match ty {
        // A character of a code page is one unit, of UTF-8 at most one a byte.
        Type::Text {
            chars_max,
            bytes_max,
            ..
        } => chars_max.or(*bytes_max),
        _ => None,
    };
    declared.unwrap_or(UNITS_MAX).clamp(1, UNITS_MAX)
}

fn limit(rows: usize, is_ordered: bool) -> String {
    let order = match is_ordered {
        true => "",
        false => " ORDER BY (SELECT NULL)",
    };
    format!("{order} OFFSET 0 ROWS FETCH NEXT {rows} ROWS ONLY")
}

/// A query's text and parameters.
///
/// # Errors
/// Of kind `Other` for a lock on rows of a query that names no table of its own; of kind `Misfit` for a value that the
/// protocol cannot say.
pub(super) fn statement(
    dialect: &'static Dialect,
    query: &Query,
) -> Result<(String, Vec<ColumnData<'static>>)> {
    statement_after(0, dialect, query)
}

/// The same as part of a batch that has so many parameters before.
pub(super) fn statement_after(
    before: usize,
    dialect: &'static Dialect,
    query: &Query,
) -> Result<(String, Vec<ColumnData<'static>>)> {
    let locks = |part: &Part| matches!(part, Part::ForUpdate | Part::ForShare);
    let is_table = |part: &Part| matches!(part, Part::Table(_));
    if query.parts.iter().any(locks) && !query.parts.iter().any(is_table) {
        return Err(DbError::new(
            DbErrorKind::Other,
            "SQL Server locks rows by a hint behind a table's name; those of a pack's own query cannot be locked",
        ));
    }
    let sql = Sql::render_after(before, dialect, query);
    Ok((sql.text, params(&sql.values)?))
}

pub(super) fn params(values: &[Cow<'_, Value>]) -> Result<Vec<ColumnData<'static>>> {
    values.iter().map(|value| param(value)).collect()
}

/// The value as the type that is its own.
pub(super) fn param(value: &Value) -> Result<ColumnData<'static>> {
    let text = |text: &str| ColumnData::String(Some(Cow::Owned(text.to_owned())));
    Ok(match value {
        Value::Null => ColumnData::I64(None),
        Value::Bool(truth) => ColumnData::Bit(Some(*truth)),
        Value::Int(number) => ColumnData::I64(Some(*number)),
        Value::UInt(number) => match i64::try_from(*number) {
            Ok(number) => ColumnData::I64(Some(number)),
            Err(_) => ColumnData::Numeric(Some(Numeric::new_with_scale(i128::from(*number), 0))),
        },
        Value::Decimal(number) => ColumnData::Numeric(Some(numeric(number).ok_or_else(|| {
            DbError::new(
                DbErrorKind::Misfit,
                format_args!(
                    "{} has more digits than SQL Server's {DIGITS_MAX}",
                    value.show()
                ),
            )
        })?)),
        Value::Float(float) if float.is_finite() => ColumnData::F64(Some(*float)),
        Value::Float(float) => {
            return Err(DbError::new(
                DbErrorKind::Misfit,
                format_args!("SQL Server has no number {float}"),
            ));
        }
        Value::Text(own) | Value::Json(own) => text(own),
        Value::Bytes(bytes) => ColumnData::Binary(Some(Cow::Owned(bytes.clone()))),
        Value::Date(date) => ColumnData::Date(Some(Date::new(days(*date)))),
        Value::Time(time) => ColumnData::Time(Some(ticks(*time))),
        Value::DateTime(wall) => ColumnData::DateTime2(Some(DateTime2::new(
            Date::new(days(wall.date())),
            ticks(wall.time()),
        ))),
        Value::Timestamp(moment) => {
            let wall = moment.naive_utc();
            let utc = DateTime2::new(Date::new(days(wall.date())), ticks(wall.time()));
            ColumnData::DateTimeOffset(Some(DateTimeOffset::new(utc, 0)))
        }
        Value::Uuid(uuid) => ColumnData::Guid(Some(*uuid)),
    })
}

/// The number with its own places; `None` if it has more digits than the server.
fn numeric(number: &Decimal) -> Option<Numeric> {
    if number.digits_before() + u64::from(number.digits_after()) > DIGITS_MAX {
        return None;
    }
    let (digits, places) = number.to_scaled()?;
    Some(Numeric::new_with_scale(digits, u8::try_from(places).ok()?))
}

/// Days since the first of January of the year 1.
fn days(date: NaiveDate) -> u32 {
    u32::try_from(date.num_days_from_ce() - 1).unwrap_or_default()
}

/// What the server has no step for is cut: values were made to fit their columns before.
fn ticks(time: NaiveTime) -> Time {
    let seconds = u64::from(time.num_seconds_from_midnight());
    let ticks = seconds * 10_000_000 + u64::from(time.nanosecond() / TICK);
    Time::new(ticks, TIME_SCALE)
}

/// The declaration of a parameter, as `sp_describe_first_result_set` wants it.
pub(super) fn declaration(value: &ColumnData<'_>) -> String {
    match value {
        ColumnData::Bit(_) => "bit".to_owned(),
        ColumnData::F64(_) => "float".to_owned(),
        ColumnData::String(_) => "nvarchar(max)".to_owned(),
        ColumnData::Binary(_) => "varbinary(max)".to_owned(),
        ColumnData::Numeric(Some(number)) => {
            format!("numeric({},{})", number.precision(), number.scale())
        }
        ColumnData::Date(_) => "date".to_owned(),
        ColumnData::Time(_) => "time".to_owned(),
        ColumnData::DateTime2(_) => "datetime2".to_owned(),
        ColumnData::DateTimeOffset(_) => "datetimeoffset".to_owned(),
        ColumnData::Guid(_) => "uniqueidentifier".to_owned(),
        _ => "bigint".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::query::TableName;

    fn text(query: Query) -> String {
        statement(&OLD_DIALECT, &query).unwrap().0
    }

    #[test]
    fn locks_need_a_table_to_stand_behind() {
        let locked = Query::sql("SELECT a FROM ")
            .table(&TableName::parse("dbo.t"))
            .text(" WHERE a = ")
            .value(Value::Int(1))
            .push(Part::ForUpdate);
        assert_eq!(
            text(locked),
            "SELECT a FROM [dbo].[t] WITH (UPDLOCK, ROWLOCK) WHERE a = @P1"
        );
        let own = Query::sql("SELECT a FROM t").push(Part::ForShare);
        assert!(statement(&DIALECT, &own).is_err());
    }

    #[test]
    fn a_limit_needs_an_order() {
        assert_eq!(
            text(Query::sql("SELECT a FROM t").limit(3, false)),
            "SELECT a FROM t ORDER BY (SELECT NULL) OFFSET 0 ROWS FETCH NEXT 3 ROWS ONLY"
        );
        assert_eq!(
            text(Query::sql("SELECT a FROM t ORDER BY a").limit(3, true)),
            "SELECT a FROM t ORDER BY a OFFSET 0 ROWS FETCH NEXT 3 ROWS ONLY"
        );
    }

    #[test]
    fn plain_texts_are_compared_as_varchar_and_null_has_no_type() {
        let values = ["a", "à"].map(|text| Value::Text(text.to_owned()));
        let list = [&values[..], &[Value::Null]].concat();
        let query = Query::sql("x IN (").list(list).text(")");
        let (text, params) = statement(&OLD_DIALECT, &query).unwrap();
        assert_eq!(text, "x IN (CAST(@P1 AS varchar(8000)), @P2, NULL)");
        assert_eq!(params.len(), 2);
    }

    #[test]
    fn what_exceeds_the_parameters_is_written_out() {
        let texts = (0..PARAMS_MAX + 2).map(|n| Value::Text(format!("it's {n}")));
        let query = Query::sql("x IN (").list(texts.collect()).text(")");
        let (text, params) = statement(&OLD_DIALECT, &query).unwrap();
        assert_eq!(params.len(), PARAMS_MAX);
        assert!(text.ends_with(", N'it''s 2090', N'it''s 2091')"), "{text}");
    }

    #[test]
    fn what_begins_a_transaction_has_its_values_in_the_text() {
        let asked = |text: &str| {
            let query = Query::sql("x = ").value(Value::Text(text.to_owned()));
            without_params(&query).unwrap()
        };
        assert_eq!(asked("it's"), "x = N'it''s'");
        assert_eq!(asked("a\\b"), "x = N'a\\b'");
        assert_eq!(asked("a\\\nb\\'"), "x = (N'a\\' + N'\nb\\' + N'''')");
        assert_eq!(
            without_params(&Query::default().value(Value::Bool(true))),
            None
        );
    }

    #[test]
    fn numbers_keep_every_digit_or_are_refused() {
        let long = "-1234567890123456789012345678.0123456789";
        let sent = param(&Value::Decimal(Decimal::parse(long).unwrap())).unwrap();
        let ColumnData::Numeric(Some(sent)) = sent else {
            panic!("{sent:?}");
        };
        assert_eq!(sent.to_string(), long);
        for odd in ["1e38", "0.000000000000000000000000000000000000001"] {
            let odd = Value::Decimal(Decimal::parse(odd).unwrap());
            assert_eq!(param(&odd).unwrap_err().kind, DbErrorKind::Misfit);
        }
        assert!(param(&Value::Float(f64::NAN)).is_err());
    }

    #[test]
    fn days_are_counted_from_the_first_one() {
        let day = |y, m, d| days(NaiveDate::from_ymd_opt(y, m, d).unwrap());
        assert_eq!((day(1, 1, 1), day(1900, 1, 1)), (0, 693_595));
        assert_eq!(day(9999, 12, 31), 3_652_058);
    }
}
