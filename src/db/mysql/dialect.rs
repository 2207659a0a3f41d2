//! Where MySQL's SQL differs, and values as its parameters.

use crate::db::query::Query;
use crate::db::render::{Dialect, Locks, Sql, plain_limit};
use crate::value::{Decimal, Type, Value, iso};
use mysql_async::{Params, Value as Param};
use std::borrow::Cow;

/// Digits that a DECIMAL can have in all, and after the point (MariaDB takes 38).
const DECIMAL_DIGITS_MAX: u64 = 65;
const DECIMAL_PLACES_MAX: u32 = 30;

/// MySQL 5.7 and MariaDB do not know `FOR SHARE`.
const PLAIN: Dialect = Dialect {
    quotes: ('`', '`'),
    placeholder: |_, _, into| into.push('?'),
    order,
    locks: Locks::Behind(" FOR UPDATE", " LOCK IN SHARE MODE"),
    literal: |_, _| None,
    row_values: false,
    limit: plain_limit,
};

pub(super) static DIALECT: Dialect = PLAIN;

/// The protocol has no decimal parameters, and the server compares a text with a decimal column as binary floats: in a
/// query every decimal is cast to one of just its size.
static ASKING: Dialect = Dialect {
    placeholder: |_, value, into| {
        let size = match value {
            Value::Decimal(number) => own_size(number),
            _ => None,
        };
        match size {
            Some((digits, places)) => *into += &format!("CAST(? AS DECIMAL({digits},{places}))"),
            None => into.push('?'),
        }
    },
    ..PLAIN
};

/// The column may be in any character set, and MariaDB sorts UUIDs by their parts in another order than they are
/// written in.
fn order(column: &str, ty: &Type) -> String {
    match ty {
        Type::Text { .. } | Type::Enum(_) | Type::Json => {
            format!("CAST(CONVERT({column} USING utf8mb4) AS BINARY)")
        }
        Type::Uuid => format!("CAST(CAST({column} AS CHAR) AS BINARY)"),
        _ => column.to_owned(),
    }
}

/// A query's text and parameters.
pub(super) fn statement(query: &Query) -> (String, Params) {
    let sql = Sql::render(&ASKING, query);
    let params = params(&sql.values);
    (sql.text, params)
}

pub(super) fn params(values: &[Cow<'_, Value>]) -> Params {
    match values {
        [] => Params::Empty,
        values => Params::Positional(values.iter().map(|value| param(value)).collect()),
    }
}

/// Digits in all and after the point, unless it exceeds what the server has.
fn own_size(number: &Decimal) -> Option<(u64, u32)> {
    let places = number.digits_after();
    let digits = (number.digits_before() + u64::from(places)).max(1);
    (digits <= DECIMAL_DIGITS_MAX && places <= DECIMAL_PLACES_MAX).then_some((digits, places))
}

/// A value to compare with a column of this type or to put among others of it: decimals with their exact type, so that
/// neither goes by way of a binary float.
pub(super) fn push_exact<'a>(out: &mut Sql<'a>, value: Cow<'a, Value>, ty: &Type) {
    let Value::Decimal(number) = value.as_ref() else {
        out.bind(value);
        return;
    };
    let size = match ty {
        // The same text for every row lets the server keep one prepared statement.
        Type::Decimal {
            precision: Some(precision),
            scale: Some(scale),
        } => Some((u64::from(*precision), *scale)),
        _ => own_size(number),
    };
    match size {
        Some((digits, places)) => {
            out.text("CAST(")
                .bind(value)
                .text(&format!(" AS DECIMAL({digits},{places}))"));
        }
        None => {
            out.bind(value);
        }
    }
}

/// Dates and times go as texts: the session's time zone is UTC, and the server reads a text into each of its types
/// with all digits.
fn param(value: &Value) -> Param {
    let text = |text: String| Param::Bytes(text.into_bytes());
    match value {
        Value::Null => Param::NULL,
        Value::Bool(truth) => Param::Int(i64::from(*truth)),
        Value::Int(number) => Param::Int(*number),
        Value::UInt(number) => Param::UInt(*number),
        Value::Decimal(number) => text(number.to_plain()),
        Value::Float(float) => Param::Double(*float),
        Value::Text(own) | Value::Json(own) => text(own.clone()),
        Value::Bytes(bytes) => Param::Bytes(bytes.clone()),
        Value::Date(date) => text(iso::date_text(*date)),
        Value::Time(time) => text(iso::time_text(*time)),
        Value::DateTime(wall) => text(iso::wall_text(*wall)),
        Value::Timestamp(moment) => text(iso::wall_text(moment.naive_utc())),
        Value::Uuid(uuid) => text(uuid.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Value {
        Value::Decimal(Decimal::parse(text).unwrap())
    }

    #[test]
    fn decimals_are_cast_to_their_own_size() {
        let query = Query::sql("SELECT ")
            .value(decimal("-0.05"))
            .text(" IN (")
            .list(vec![decimal("12.5"), Value::Int(1)])
            .text(")");
        let (sql, params) = statement(&query);
        assert_eq!(
            sql,
            "SELECT CAST(? AS DECIMAL(2,2)) IN (CAST(? AS DECIMAL(3,1)), ?)"
        );
        let texts = ["-0.05", "12.5"].map(|text| Param::Bytes(text.into()));
        let [first, second] = texts;
        assert_eq!(
            params,
            Params::Positional(vec![first, second, Param::Int(1)])
        );
    }

    #[test]
    fn a_decimal_larger_than_the_server_has_stays_a_text() {
        assert_eq!(statement(&Query::default().value(decimal("1e65"))).0, "?");
        assert_eq!(
            statement(&Query::default().value(decimal("1e64"))).0,
            "CAST(? AS DECIMAL(65,0))"
        );
    }

    #[test]
    fn backticks_in_names_are_doubled() {
        assert_eq!(statement(&Query::default().ident("a`b")).0, "`a``b`");
    }
}
