//! Functions of numbers.

use super::{Arguments, count_of};
use crate::expr::EvalError;
use crate::expr::operator::{number_operand, whole_or_decimal};
use crate::value::{Decimal, Value};

pub fn abs(arguments: Arguments<'_, '_>) -> Result<Value, EvalError> {
    keep_kind("abs", &arguments[0], |number| number.abs())
}

pub fn floor(arguments: Arguments<'_, '_>) -> Result<Value, EvalError> {
    keep_kind("floor", &arguments[0], |number| number.floor())
}

pub fn ceil(arguments: Arguments<'_, '_>) -> Result<Value, EvalError> {
    keep_kind("ceil", &arguments[0], |number| number.ceil())
}

pub fn round(arguments: Arguments<'_, '_>) -> Result<Value, EvalError> {
    let places = match arguments.get(1) {
        Some(places) => count_of("round", places)?,
        None => 0,
    };
    keep_kind("round", &arguments[0], |number| number.round(places))
}

pub fn plain(arguments: Arguments<'_, '_>) -> Result<Value, EvalError> {
    let number = number_operand("plain", &arguments[0])?;
    Ok(Value::Text(number.to_plain()))
}

pub fn money(arguments: Arguments<'_, '_>) -> Result<Value, EvalError> {
    let number = number_operand("money", &arguments[0])?;
    Ok(Value::Text(number.to_money()))
}

pub fn number(arguments: Arguments<'_, '_>) -> Result<Value, EvalError> {
    let value = &*arguments[0];
    let Value::Text(text) = value else {
        return number_operand("number", value).map(|_| value.clone());
    };
    let text = text.trim();
    if text.is_empty() {
        return Ok(Value::Null);
    }
    match Decimal::parse(text) {
        Ok(number) => Ok(Value::Decimal(number)),
        Err(error) => Err(EvalError::invalid(format!(
            "number({}): {error}",
            value.show()
        ))),
    }
}

/// Integers stay integers.
fn keep_kind(
    function: &str,
    value: &Value,
    of: impl FnOnce(&Decimal) -> Decimal,
) -> Result<Value, EvalError> {
    let result = of(&*number_operand(function, value)?);
    Ok(match value {
        Value::Int(_) | Value::UInt(_) => whole_or_decimal(result),
        _ => Value::Decimal(result),
    })
}
