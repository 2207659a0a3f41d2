//! Functions of texts. Whatever has a text form is taken as a text, as `||` does.

use super::{Arguments, count_of, text_of};
use crate::expr::EvalError;
use crate::value::{self, Value};
use md5::{Digest, Md5};

pub fn text(arguments: Arguments<'_, '_>) -> Result<Value, EvalError> {
    Ok(Value::Text(match &*arguments[0] {
        Value::Bool(truth) => truth.to_string(),
        other => text_of("text", other)?.into_owned(),
    }))
}

pub fn trim(arguments: Arguments<'_, '_>) -> Result<Value, EvalError> {
    let text = text_of("trim", &arguments[0])?;
    Ok(Value::Text(text.trim().to_owned()))
}

pub fn upper(arguments: Arguments<'_, '_>) -> Result<Value, EvalError> {
    let text = text_of("upper", &arguments[0])?;
    Ok(Value::Text(text.to_uppercase()))
}

pub fn lower(arguments: Arguments<'_, '_>) -> Result<Value, EvalError> {
    let text = text_of("lower", &arguments[0])?;
    Ok(Value::Text(text.to_lowercase()))
}

pub fn length(arguments: Arguments<'_, '_>) -> Result<Value, EvalError> {
    let text = text_of("length", &arguments[0])?;
    // A text in memory has fewer characters than i64 counts.
    Ok(Value::Int(text.chars().count() as i64))
}

pub fn cut(arguments: Arguments<'_, '_>) -> Result<Value, EvalError> {
    let text = text_of("cut", &arguments[0])?;
    let chars = at_least("cut", &arguments[1], 0)?;
    Ok(Value::Text(value::cut(&text, chars).to_owned()))
}

pub fn substr(arguments: Arguments<'_, '_>) -> Result<Value, EvalError> {
    let text = text_of("substr", &arguments[0])?;
    let from = at_least("substr", &arguments[1], 1)?;
    let before = value::cut(&text, from - 1).len();
    let rest = &text[before..];
    let part = match arguments.get(2) {
        Some(length) => value::cut(rest, at_least("substr", length, 0)?),
        None => rest,
    };
    Ok(Value::Text(part.to_owned()))
}

pub fn replace(arguments: Arguments<'_, '_>) -> Result<Value, EvalError> {
    let text = text_of("replace", &arguments[0])?;
    let what = text_of("replace", &arguments[1])?;
    let by = text_of("replace", &arguments[2])?;
    if what.is_empty() {
        return Ok(Value::Text(text.into_owned()));
    }
    Ok(Value::Text(text.replace(&*what, &by)))
}

pub fn html(arguments: Arguments<'_, '_>) -> Result<Value, EvalError> {
    let text = text_of("html", &arguments[0])?;
    let mut escaped = String::with_capacity(text.len());
    for (at, character) in text.char_indices() {
        match character {
            '&' if is_entity(&text[at..]) => escaped.push('&'),
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            other => escaped.push(other),
        }
    }
    Ok(Value::Text(escaped))
}

/// Whether an entity begins here (`&amp;`, `&#8217;`): escaping it again would show its letters.
fn is_entity(text: &str) -> bool {
    let Some((name, _)) = text[1..].split_once(';') else {
        return false;
    };
    let name = name.strip_prefix('#').unwrap_or(name);
    (1..=10).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric())
}

pub fn md5(arguments: Arguments<'_, '_>) -> Result<Value, EvalError> {
    let text = text_of("md5", &arguments[0])?;
    let digest = Md5::digest(text.as_bytes());
    let digits: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Value::Text(digits))
}

fn at_least(function: &str, value: &Value, least: usize) -> Result<usize, EvalError> {
    match usize::try_from(count_of(function, value)?) {
        Ok(number) if number >= least => Ok(number),
        _ => Err(EvalError::invalid(format!(
            "{function}: {} is below {least}",
            value.show()
        ))),
    }
}
