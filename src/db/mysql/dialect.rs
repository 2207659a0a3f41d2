//! Where MySQL's SQL differs, and values as its parameters.

use crate::db::query::{Part, Query};
use crate::db::render::{Dialect, Locks, Sql, plain_limit};
use crate::value::{Decimal, Type, Value, iso};
use mysql_async::{Params, Value as Param};
use std::borrow::Cow;

/// Digits that a DECIMAL can have in all, and after the point (MariaDB takes 38).
const DECIMAL_DIGITS_MAX: u64 = 65;
const DECIMAL_PLACES_MAX: u32 = 30;

/// MySQL 5.7 and MariaDB do not know `FOR SHARE`.
pub(super) static DIALECT: Dialect = Dialect {
    quotes: ('`', '`'),
    placeholder: |_, _, into| into.push('?'),
    order,
    locks: Locks::Behind(" FOR UPDATE", " LOCK IN SHARE MODE"),
    literal: |_, _| None,
    row_values: true,
    limit: plain_limit,
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
    let exact;
    let query = match has_decimals(query) {
        true => {
            exact = with_exact_decimals(query);
            &exact
        }
        false => query,
    };
    let sql = Sql::render(&DIALECT, query);
    let params = params(&sql.values);
    (sql.text, params)
}

pub(super) fn params(values: &[Cow<'_, Value>]) -> Params {
    match values {
        [] => Params::Empty,
        values => Params::Positional(values.iter().map(|value| param(value)).collect()),
    }
}

fn is_decimal(value: &Value) -> bool {
    matches!(value, Value::Decimal(_))
}

fn has_decimals(query: &Query) -> bool {
    query.parts.iter().any(|part| match part {
        Part::Value(value) => is_decimal(value),
        Part::List(values) => values.iter().any(is_decimal),
        Part::Among(_, rows) => rows.iter().flatten().any(is_decimal),
        _ => false,
    })
}

/// The protocol has no decimal parameters, and the server compares a text with a decimal column as binary floats:
/// every decimal is cast to one of just its size.
fn with_exact_decimals(query: &Query) -> Query {
    let mut exact = Query::default();
    for part in &query.parts {
        exact = match part {
            Part::Value(Value::Decimal(number)) => with_decimal(exact, number),
            Part::List(values) if values.iter().any(is_decimal) => with_decimals(exact, values),
            Part::Among(columns, rows) if rows.iter().flatten().any(is_decimal) => {
                let mut exact = exact.text("(").idents(columns).text(") IN (");
                for (at, row) in rows.iter().enumerate() {
                    exact = exact.text(if at > 0 { "), (" } else { "(" });
                    exact = with_decimals(exact, row);
                }
                exact.text("))")
            }
            part => exact.push(part.clone()),
        };
    }
    exact
}

fn with_decimals(query: Query, values: &[Value]) -> Query {
    values.iter().enumerate().fold(query, |query, (at, value)| {
        let query = if at > 0 { query.text(", ") } else { query };
        match value {
            Value::Decimal(number) => with_decimal(query, number),
            other => query.value(other.clone()),
        }
    })
}

fn with_decimal(query: Query, number: &Decimal) -> Query {
    let text = Value::Text(number.to_plain());
    match own_size(number) {
        Some((digits, places)) => query
            .text("CAST(")
            .value(text)
            .text(format!(" AS DECIMAL({digits},{places}))")),
        None => query.value(text),
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
