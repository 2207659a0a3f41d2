//! What SQLite calls back for: conversions, arithmetic and functions with T-SQL's types and errors.

use super::collation::{Collation, Rule};
use super::date_functions::{date_add, date_diff};
use super::error::{Result, SqlError};
use super::moments::{self, DAY, SECOND};
use super::sums::Sum;
use super::types::{Kind, Type};
use super::values::{self, convert, exact};
use chrono::Datelike;
use rusqlite::Connection;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::Value;

pub(super) fn raised(error: SqlError) -> rusqlite::Error {
    rusqlite::Error::UserFunctionError(Box::new(error))
}

pub(super) fn arg(context: &Context, at: usize) -> rusqlite::Result<Value> {
    context.get::<Value>(at)
}

pub(super) fn ty(context: &Context, at: usize) -> rusqlite::Result<Type> {
    context.get::<i64>(at).map(Type::of_code)
}

pub fn register(connection: &Connection) -> rusqlite::Result<()> {
    for rule in Rule::ALL {
        connection.create_collation(rule.name(), move |a, b| rule.compare(a, b))?;
    }
    let pure = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("t_cast", 4, pure, |context| {
        convert(
            &arg(context, 0)?,
            ty(context, 1)?,
            ty(context, 2)?,
            context.get(3)?,
        )
        .map_err(raised)
    })?;
    connection.create_scalar_function("t_try_cast", 4, pure, |context| {
        let made = convert(
            &arg(context, 0)?,
            ty(context, 1)?,
            ty(context, 2)?,
            context.get(3)?,
        );
        Ok(made.unwrap_or(Value::Null))
    })?;
    connection.create_scalar_function("t_arithmetic", 6, pure, |context| {
        let op: String = context.get(0)?;
        let (left, right) = (arg(context, 1)?, arg(context, 3)?);
        arithmetic(
            &op,
            &left,
            ty(context, 2)?,
            &right,
            ty(context, 4)?,
            ty(context, 5)?,
        )
        .map_err(raised)
    })?;
    connection.create_scalar_function("t_like", 4, pure, |context| {
        let [text, pattern, escape] = [arg(context, 0)?, arg(context, 1)?, arg(context, 2)?];
        let (Value::Text(text), Value::Text(pattern)) = (text, pattern) else {
            return Ok(None);
        };
        let escape = match escape {
            Value::Text(escape) => escape.chars().next(),
            _ => None,
        };
        let rule = Type::of_code(context.get(3)?).rule();
        let text: Vec<char> = text.chars().collect();
        let pattern: Vec<char> = pattern.chars().collect();
        Ok(Some(like(&text, &pattern, escape, rule)))
    })?;
    // The function's name, the first value and its type, then further values as they are.
    connection.create_scalar_function("t_call", -1, pure, |context| {
        let name: String = context.get(0)?;
        let args: Vec<Value> = (1..context.len())
            .map(|at| arg(context, at))
            .collect::<rusqlite::Result<_>>()?;
        call(&name, &args).map_err(raised)
    })?;
    connection.create_scalar_function("t_float", 1, pure, |context| {
        let text: String = context.get(0)?;
        Ok(text.parse::<f64>().ok())
    })?;
    connection.create_scalar_function("t_newid", 0, FunctionFlags::SQLITE_UTF8, |_| {
        Ok(values::guid(&rand::random::<[u8; 16]>()))
    })?;
    connection.create_aggregate_function("t_sum", 2, pure, Sum { average: false })?;
    connection.create_aggregate_function("t_avg", 2, pure, Sum { average: true })
}

/// The type of `a op b` for exact numbers, by the server's rules for precision and scale.
pub fn arithmetic_type(op: char, a: Type, b: Type) -> Type {
    if a.is_whole() && b.is_whole() {
        return if a.kind >= b.kind { a } else { b };
    }
    let is_float = |ty: Type| matches!(ty.kind, Kind::Float | Kind::Real);
    if is_float(a) || is_float(b) {
        return Type::new(Kind::Float);
    }
    let is_money = |ty: Type| matches!(ty.kind, Kind::Money | Kind::SmallMoney);
    if (is_money(a) || is_money(b)) && a.kind != Kind::Decimal && b.kind != Kind::Decimal {
        return Type::new(Kind::Money);
    }
    let ((p1, s1), (p2, s2)) = (a.digits(), b.digits());
    let (p1, s1, p2, s2) = (i32::from(p1), i32::from(s1), i32::from(p2), i32::from(s2));
    let (precision, scale) = match op {
        '*' => (p1 + p2 + 1, s1 + s2),
        '/' => {
            let scale = 6.max(s1 + p2 + 1);
            (p1 - s1 + s2 + scale, scale)
        }
        '%' => ((p1 - s1).min(p2 - s2) + s1.max(s2), s1.max(s2)),
        _ => (s1.max(s2) + (p1 - s1).max(p2 - s2) + 1, s1.max(s2)),
    };
    if precision <= 38 {
        return Type::decimal(precision as u8, scale as u8);
    }
    // The whole digits are kept, six digits after the point at least.
    let whole = precision - scale;
    let scale = match op {
        '*' | '/' => scale.min((38 - whole).max(6.min(scale))),
        _ => scale.min((38 - whole).max(0)),
    };
    Type::decimal(38, scale as u8)
}

fn arithmetic(op: &str, a: &Value, at: Type, b: &Value, bt: Type, to: Type) -> Result<Value> {
    if matches!(a, Value::Null) || matches!(b, Value::Null) {
        return Ok(Value::Null);
    }
    let zero = || SqlError::new(8134, 16, "Divide by zero error encountered.");
    if to.kind == Kind::Float {
        let float = |value: &Value, ty: Type| values::float(&convert(value, ty, to, 0)?);
        let (a, b) = (float(a, at)?, float(b, bt)?);
        return Ok(Value::Real(match op {
            "+" => a + b,
            "-" => a - b,
            "*" => a * b,
            "/" if b == 0.0 => return Err(zero()),
            "/" => a / b,
            _ => {
                return Err(SqlError::new(
                    402,
                    16,
                    "The data types float and float are incompatible in the modulo operator.",
                ));
            }
        }));
    }
    let overflow = || SqlError::overflow(if to.is_whole() { to.name() } else { "numeric" });
    if to.is_whole() {
        let (a, b) = (i128::from(values::int(a)?), i128::from(values::int(b)?));
        let made = match op {
            "+" => a + b,
            "-" => a - b,
            "*" => a * b,
            "/" | "%" if b == 0 => return Err(zero()),
            "/" => a / b,
            "%" => a % b,
            "&" => a & b,
            "|" => a | b,
            _ => a ^ b,
        };
        let wide = i64::try_from(made).map_err(|_| overflow())?;
        return convert(&Value::Integer(wide), Type::new(Kind::BigInt), to, 0);
    }
    let (_, scale) = to.digits();
    let (x, y) = (exact(a, at)?, exact(b, bt)?);
    let (sx, sy) = (at.digits().1, bt.digits().1);
    let level = sx.max(sy);
    let same = |number: i128, from: u8| values::rescaled(number, from, level).ok_or_else(overflow);
    let (number, from) = match op {
        "+" => (
            same(x, sx)?
                .checked_add(same(y, sy)?)
                .ok_or_else(overflow)?,
            level,
        ),
        "-" => (
            same(x, sx)?
                .checked_sub(same(y, sy)?)
                .ok_or_else(overflow)?,
            level,
        ),
        "*" => (x.checked_mul(y).ok_or_else(overflow)?, sx + sy),
        "/" | "%" if y == 0 => return Err(zero()),
        "%" => (same(x, sx)? % same(y, sy)?, level),
        "/" => {
            // x / 10^sx / (y / 10^sy), with `scale` digits, cut.
            let shift = i32::from(scale) + i32::from(sy) - i32::from(sx);
            let raised = match shift {
                0.. => x
                    .checked_mul(10i128.checked_pow(shift as u32).ok_or_else(overflow)?)
                    .ok_or_else(overflow)?,
                _ => x / 10i128.pow(-shift as u32),
            };
            (raised / y, scale)
        }
        _ => return Err(SqlError::syntax(op)),
    };
    let wide = values::rescaled(number, from, scale).ok_or_else(overflow)?;
    convert(&values::decimal(wide), Type::decimal(38, scale), to, 0).map_err(|_| overflow())
}

fn like(text: &[char], pattern: &[char], escape: Option<char>, rule: Rule) -> bool {
    let same = |a: char, b: char| {
        a == b || rule.compare(&a.to_string(), &b.to_string()).is_eq() && a != ' ' && b != ' '
    };
    let Some((&first, rest)) = pattern.split_first() else {
        return text.iter().all(|c| *c == ' ');
    };
    if Some(first) == escape && !rest.is_empty() {
        return text.first().is_some_and(|c| same(*c, rest[0]))
            && like(&text[1..], &rest[1..], escape, rule);
    }
    match first {
        '%' => (0..=text.len()).any(|at| like(&text[at..], rest, escape, rule)),
        '_' => !text.is_empty() && like(&text[1..], rest, escape, rule),
        '[' => {
            let Some(end) = rest.iter().position(|c| *c == ']') else {
                return false;
            };
            let (negated, set) = match rest[..end].split_first() {
                Some(('^', set)) => (true, set),
                _ => (false, &rest[..end]),
            };
            let Some(&c) = text.first() else { return false };
            let mut found = false;
            let mut at = 0;
            while at < set.len() {
                if at + 2 < set.len() && set[at + 1] == '-' {
                    found |= (set[at]..=set[at + 2]).contains(&c);
                    at += 3;
                } else {
                    found |= same(set[at], c);
                    at += 1;
                }
            }
            found != negated && like(&text[1..], &rest[end + 1..], escape, rule)
        }
        _ => text.first().is_some_and(|c| same(*c, first)) && like(&text[1..], rest, escape, rule),
    }
}

fn units(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

fn of_units(units: &[u16]) -> Value {
    Value::Text(String::from_utf16_lossy(units))
}

/// Functions of values in their kept form; lengths and places count UTF-16 units.
fn call(name: &str, args: &[Value]) -> Result<Value> {
    if args.iter().any(|value| matches!(value, Value::Null)) {
        return Ok(Value::Null);
    }
    let text = |at: usize| values::text(&args[at]);
    let int = |at: usize| values::int(&args[at]);
    Ok(match name {
        "len" => Value::Integer(units(text(0)?.trim_end_matches(' ')).len() as i64),
        // The value and its type.
        "datalength" => {
            let ty = Type::of_code(int(1)?);
            Value::Integer(match &args[0] {
                Value::Text(text) if ty.is_unicode() || ty.kind == Kind::Xml => {
                    units(text).len() as i64 * 2
                }
                Value::Text(text) => ty.collation.encode(text).len() as i64,
                Value::Blob(bytes) if ty.is_bytes() => bytes.len() as i64,
                _ => ty.catalog().1,
            })
        }
        "upper" => Value::Text(text(0)?.to_uppercase()),
        "lower" => Value::Text(text(0)?.to_lowercase()),
        "ltrim" => Value::Text(text(0)?.trim_start_matches(' ').to_owned()),
        "rtrim" => Value::Text(text(0)?.trim_end_matches(' ').to_owned()),
        "left" | "right" => {
            let all = units(text(0)?);
            let count = int(1)?;
            if count < 0 {
                return Err(SqlError::new(
                    537,
                    16,
                    "Invalid length parameter passed to the LEFT or SUBSTRING function.",
                ));
            }
            let count = (count as usize).min(all.len());
            of_units(if name == "left" {
                &all[..count]
            } else {
                &all[all.len() - count..]
            })
        }
        "substring" => {
            let (start, count) = (int(1)?, int(2)?);
            if count < 0 {
                return Err(SqlError::new(
                    537,
                    16,
                    "Invalid length parameter passed to the LEFT or SUBSTRING function.",
                ));
            }
            let range = |len: usize| {
                let from = (start - 1).clamp(0, len as i64) as usize;
                let to = (start - 1 + count).clamp(from as i64, len as i64) as usize;
                from..to
            };
            match &args[0] {
                Value::Blob(bytes) => Value::Blob(bytes[range(bytes.len())].to_vec()),
                _ => {
                    let all = units(text(0)?);
                    of_units(&all[range(all.len())])
                }
            }
        }
        "charindex" => {
            let (what, all) = (text(0)?.to_lowercase(), text(1)?.to_lowercase());
            let found = all.find(&what).filter(|_| !what.is_empty());
            Value::Integer(found.map_or(0, |at| units(&all[..at]).len() as i64 + 1))
        }
        "replace" => {
            let (all, what, by) = (text(0)?, text(1)?, text(2)?);
            if what.is_empty() {
                Value::Text(all.to_owned())
            } else {
                Value::Text(all.replace(what, by))
            }
        }
        "replicate" => Value::Text(text(0)?.repeat(int(1)?.max(0) as usize)),
        "abs" | "sign" | "floor" | "ceiling" | "negative" => {
            number(name, &args[0], Type::of_code(int(1)?))?
        }
        // The value, its type, the digits, 1 to cut.
        "round" => {
            let ty = Type::of_code(int(1)?);
            let (digits, cut) = (int(2)?, int(3)? != 0);
            if let Value::Real(number) = &args[0] {
                let by = 10f64.powi(digits as i32);
                let scaled = number * by;
                return Ok(Value::Real(
                    if cut { scaled.trunc() } else { scaled.round() } / by,
                ));
            }
            let scale = i64::from(ty.digits().1);
            let number = exact(&args[0], ty)?;
            let drop = (scale - digits).max(0) as u32;
            let made = match 10i128.checked_pow(drop) {
                None => 0,
                Some(by) => {
                    let half = if cut { 0 } else { by / 2 * number.signum() };
                    (number + half) / by * by
                }
            };
            if ty.is_whole() {
                Value::Integer(made as i64)
            } else {
                values::decimal(made)
            }
        }
        "collation_code_page" => {
            let page = Collation::named(text(0)?).map(|collation| collation.code_page());
            page.map_or(Value::Null, Value::Integer)
        }
        // Unit, count, moment, its type.
        "dateadd" => date_add(text(0)?, int(1)?, &args[2], Type::of_code(int(3)?))?,
        // Unit, from, to (ticks), 1 for a big result.
        "datediff" => Value::Integer(date_diff(text(0)?, int(1)?, int(2)?, int(3)? != 0)?),
        "datepart" => {
            let ticks = int(1)?;
            let day = moments::date(ticks.div_euclid(DAY));
            let second = ticks.rem_euclid(DAY) / SECOND;
            Value::Integer(match text(0)? {
                "year" | "yy" | "yyyy" => day.year().into(),
                "month" | "mm" | "m" => day.month().into(),
                "day" | "dd" | "d" => day.day().into(),
                "hour" | "hh" => second / 3600,
                "minute" | "mi" | "n" => second / 60 % 60,
                "second" | "ss" | "s" => second % 60,
                "millisecond" | "ms" => ticks.rem_euclid(SECOND) / 10_000,
                unit => {
                    return Err(SqlError::new(
                        155,
                        15,
                        format!("'{unit}' is not a recognized datepart option."),
                    ));
                }
            })
        }
        // A datetimeoffset and minutes.
        "switchoffset" => {
            let (utc, _) = values::offset_of(values::bytes(&args[0])?)?;
            let given = text(1)?;
            let (_, minutes) = moments::parse(
                &format!("2000-01-01T00:00:00{given}"),
                Type::timed(Kind::DateTimeOffset, 0),
            )?;
            values::moment_with_offset(utc, minutes.ok_or_else(|| SqlError::syntax(given))?)
        }
        other => return Err(SqlError::internal(format_args!("function {other}"))),
    })
}

fn number(name: &str, value: &Value, ty: Type) -> Result<Value> {
    if let Value::Real(number) = value {
        return Ok(Value::Real(match name {
            "abs" => number.abs(),
            "sign" => number.signum(),
            "floor" => number.floor(),
            "ceiling" => number.ceil(),
            _ => -number,
        }));
    }
    let given = exact(value, ty)?;
    let one = 10i128.pow(ty.digits().1.into());
    let made = match name {
        "abs" => given.abs(),
        "sign" => given.signum() * one,
        "floor" => given.div_euclid(one) * one,
        "ceiling" => -((-given).div_euclid(one) * one),
        _ => -given,
    };
    if ty.is_whole() {
        let wide = i64::try_from(made).map_err(|_| SqlError::overflow(ty.name()))?;
        return convert(&Value::Integer(wide), Type::new(Kind::BigInt), ty, 0);
    }
    Ok(values::decimal(made))
}
