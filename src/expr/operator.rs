//! What operators do with values.

use super::EvalError;
use super::tree::Operator;
use crate::value::decimal::DIGITS_MAX;
use crate::value::{Decimal, Value};
use chrono::{NaiveDateTime, NaiveTime, TimeDelta};
use std::borrow::Cow;
use std::cmp::Ordering;

/// TRUE, FALSE or unknown (NULL). The numbers 0 and 1 count too, since not every engine has booleans.
pub fn truth(value: &Value) -> Result<Option<bool>, EvalError> {
    match value {
        Value::Null => Ok(None),
        Value::Bool(truth) => Ok(Some(*truth)),
        Value::Int(0) | Value::UInt(0) => Ok(Some(false)),
        Value::Int(1) | Value::UInt(1) => Ok(Some(true)),
        other => Err(EvalError::invalid(format!(
            "{} ({}) is neither true nor false",
            other.show(),
            other.kind()
        ))),
    }
}

pub fn from_truth(truth: Option<bool>) -> Value {
    truth.map_or(Value::Null, Value::Bool)
}

/// The number that a function's argument is.
pub fn number_operand<'v>(function: &str, value: &'v Value) -> Result<Cow<'v, Decimal>, EvalError> {
    number(value).ok_or_else(|| {
        let hint = hint(value);
        EvalError::invalid(format!(
            "{function}({}): a {} is not a number{hint}",
            value.show(),
            value.kind()
        ))
    })
}

fn number(value: &Value) -> Option<Cow<'_, Decimal>> {
    match value {
        Value::Decimal(number) => Some(Cow::Borrowed(number)),
        other => other.to_decimal().map(Cow::Owned),
    }
}

fn hint(value: &Value) -> &'static str {
    match value {
        Value::Text(_) => "; `number(x)` makes one of a text",
        _ => "",
    }
}

/// Integers where the number is whole and small enough.
pub fn whole_or_decimal(number: Decimal) -> Value {
    if let Some(whole) = number.to_i64() {
        return Value::Int(whole);
    }
    match number.to_u64() {
        Some(whole) => Value::UInt(whole),
        None => Value::Decimal(number),
    }
}

pub fn negate(value: &Value) -> Result<Value, EvalError> {
    match value {
        Value::Null => Ok(Value::Null),
        Value::Int(number) if *number != i64::MIN => Ok(Value::Int(-number)),
        Value::Int(_) | Value::UInt(_) => {
            Ok(whole_or_decimal(-number_operand("-", value)?.into_owned()))
        }
        other => Ok(Value::Decimal(-number_operand("-", other)?.into_owned())),
    }
}

/// `+ - * / %`; NULL if one side is. A date plus or minus whole days is a date.
pub fn arithmetic(operator: Operator, left: &Value, right: &Value) -> Result<Value, EvalError> {
    if left.is_null() || right.is_null() {
        return Ok(Value::Null);
    }
    if let (Value::Date(day), Value::Int(days)) = (left, right) {
        let by = match operator {
            Operator::Add => TimeDelta::try_days(*days),
            Operator::Subtract => days.checked_neg().and_then(TimeDelta::try_days),
            _ => None,
        };
        if let Some(day) = by.and_then(|by| day.checked_add_signed(by)) {
            return Ok(Value::Date(day));
        }
    }
    if let (Value::Int(a), Value::Int(b)) = (left, right) {
        let whole = match operator {
            Operator::Add => a.checked_add(*b),
            Operator::Subtract => a.checked_sub(*b),
            Operator::Multiply => a.checked_mul(*b),
            Operator::Remainder => a.checked_rem(*b),
            _ => None,
        };
        if let Some(whole) = whole {
            return Ok(Value::Int(whole));
        }
    }
    let (Some(a), Some(b)) = (number(left), number(right)) else {
        let text = if matches!(left, Value::Text(_)) {
            left
        } else {
            right
        };
        let what = format!("{}{}", cannot(operator, left, right), hint(text));
        return Err(EvalError::invalid(what));
    };
    let result = match operator {
        Operator::Add => Some(&*a + &*b),
        Operator::Subtract => Some(&*a - &*b),
        Operator::Multiply => Some(&*a * &*b),
        Operator::Divide => a.div(&b),
        Operator::Remainder => a.rem(&b),
        _ => None,
    };
    let Some(result) = result else {
        let what = cannot(operator, left, right);
        return Err(EvalError::invalid(format!("{what}: division by zero")));
    };
    if !result.is_bounded() {
        let what = cannot(operator, left, right);
        return Err(EvalError::invalid(format!(
            "{what}: the result has more than {DIGITS_MAX} digits before or after the point"
        )));
    }
    let is_integer = |value: &Value| matches!(value, Value::Int(_) | Value::UInt(_));
    if is_integer(left) && is_integer(right) && operator != Operator::Divide {
        return Ok(whole_or_decimal(result));
    }
    Ok(Value::Decimal(result))
}

/// `cannot add 'abc' and 1`
fn cannot(operator: Operator, left: &Value, right: &Value) -> String {
    let (left, right) = (left.show(), right.show());
    match operator {
        Operator::Add => format!("cannot add {left} and {right}"),
        Operator::Subtract => format!("cannot subtract {right} from {left}"),
        Operator::Multiply => format!("cannot multiply {left} and {right}"),
        Operator::Divide => format!("cannot divide {left} by {right}"),
        Operator::Concat => format!("cannot join {left} and {right}"),
        other => format!("cannot compute {left} {} {right}", other.sign()),
    }
}

/// `||`; NULL if one side is.
pub fn concat(left: &Value, right: &Value) -> Result<Value, EvalError> {
    if left.is_null() || right.is_null() {
        return Ok(Value::Null);
    }
    match (left.plain_text(), right.plain_text()) {
        (Some(a), Some(b)) => Ok(Value::Text([a, b].concat())),
        _ => {
            let what = cannot(Operator::Concat, left, right);
            let booleans = matches!(left, Value::Bool(_)) || matches!(right, Value::Bool(_));
            let hint = if booleans {
                "; `text(x)` makes `true` or `false` of a boolean"
            } else {
                ""
            };
            Err(EvalError::invalid(format!("{what}{hint}")))
        }
    }
}

/// How two values compare; `None` if one of them is NULL.
pub fn compare(left: &Value, right: &Value) -> Result<Option<Ordering>, EvalError> {
    use Value::{Bool, Bytes, Int, Null, Text, Time, Uuid};
    Ok(Some(match (left, right) {
        (Null, _) | (_, Null) => return Ok(None),
        (Text(a), Text(b)) => a.as_bytes().cmp(b.as_bytes()),
        (Int(a), Int(b)) => a.cmp(b),
        (Bool(a), Bool(b)) => a.cmp(b),
        (Bool(a), b) | (b, Bool(a)) if number(b).is_some() => {
            // Which side is which matters for the order only.
            let truth = truth(b)?;
            let order = Some(*a).cmp(&truth);
            if matches!(left, Bool(_)) {
                order
            } else {
                order.reverse()
            }
        }
        (Bytes(a), Bytes(b)) => a.cmp(b),
        (Time(a), Time(b)) => a.cmp(b),
        (Uuid(a), Uuid(b)) => a.cmp(b),
        _ => match (number(left), number(right), moment(left), moment(right)) {
            (Some(a), Some(b), ..) => a.cmp(&b),
            (_, _, Some(a), Some(b)) => a.cmp(&b),
            _ => return Err(cannot_compare(left, right)),
        },
    }))
}

fn cannot_compare(left: &Value, right: &Value) -> EvalError {
    let (a, b) = (left.show(), right.show());
    let what = format!(
        "cannot compare {a} ({}) with {b} ({})",
        left.kind(),
        right.kind()
    );
    let (text, other) = match (left, right) {
        (Value::Text(_), other) => (true, other),
        (other, Value::Text(_)) => (true, other),
        (other, _) => (false, other),
    };
    let hint = match other {
        _ if !text => "",
        _ if number(other).is_some() => "; `number(x)` makes a number of a text",
        Value::Date(_) | Value::DateTime(_) | Value::Timestamp(_) => {
            "; `date(x)` makes a date of a text"
        }
        Value::Bool(_) => "; say what the text means: `x = 'yes'`",
        _ => "; `text(x)` makes a text of the other",
    };
    EvalError::invalid(format!("{what}{hint}"))
}

/// The point in time that a date, time without zone or timestamp stands for when they meet.
fn moment(value: &Value) -> Option<NaiveDateTime> {
    match value {
        Value::Date(date) => Some(date.and_time(NaiveTime::MIN)),
        Value::DateTime(wall) => Some(*wall),
        Value::Timestamp(moment) => Some(moment.naive_utc()),
        _ => None,
    }
}

/// Whether the text is as the pattern says: `%` is any text, `_` any one character.
pub fn like(text: &str, pattern: &str) -> bool {
    let (text, pattern): (Vec<char>, Vec<char>) =
        (text.chars().collect(), pattern.chars().collect());
    let (mut at, mut want) = (0, 0);
    // Where the last `%` stands, and from where the text behind it was tried.
    let mut retry: Option<(usize, usize)> = None;
    while at < text.len() {
        match pattern.get(want) {
            Some('%') => {
                retry = Some((want, at));
                want += 1;
            }
            Some(wanted) if *wanted == '_' || *wanted == text[at] => {
                at += 1;
                want += 1;
            }
            _ => match retry {
                Some((percent, from)) => {
                    retry = Some((percent, from + 1));
                    at = from + 1;
                    want = percent + 1;
                }
                None => return false,
            },
        }
    }
    pattern[want..].iter().all(|wanted| *wanted == '%')
}
