//! Values in the form in which SQLite keeps them, and their conversion between T-SQL's types.

use super::error::{Result, SqlError};
use super::moments::{self, DAY, SECOND};
use super::types::{Kind, MAX, Type};
use rusqlite::types::Value;

pub fn decimal(number: i128) -> Value {
    Value::Blob((number ^ i128::MIN).to_be_bytes().to_vec())
}

pub fn number_of(bytes: &[u8]) -> Result<i128> {
    let bytes: [u8; 16] = bytes
        .try_into()
        .map_err(|_| SqlError::internal("a decimal of another length"))?;
    Ok(i128::from_be_bytes(bytes) ^ i128::MIN)
}

pub fn moment_with_offset(utc: i64, minutes: i64) -> Value {
    let mut bytes = utc.to_be_bytes().to_vec();
    bytes.extend_from_slice(&((minutes as i16).wrapping_add(i16::MIN)).to_be_bytes());
    Value::Blob(bytes)
}

/// Ticks in UTC and the offset in minutes.
pub fn offset_of(bytes: &[u8]) -> Result<(i64, i64)> {
    if bytes.len() != 10 {
        return Err(SqlError::internal("a datetimeoffset of another length"));
    }
    let utc = i64::from_be_bytes(bytes[..8].try_into().expect("eight bytes"));
    let minutes = i16::from_be_bytes([bytes[8], bytes[9]]).wrapping_sub(i16::MIN);
    Ok((utc, minutes.into()))
}

/// SQL Server compares the last group first; the order of a GUID's text bytes.
const GUID_ORDER: [usize; 16] = [10, 11, 12, 13, 14, 15, 8, 9, 6, 7, 4, 5, 0, 1, 2, 3];

/// `bytes` in the order of the text form.
pub fn guid(bytes: &[u8; 16]) -> Value {
    Value::Blob(GUID_ORDER.iter().map(|at| bytes[*at]).collect())
}

pub fn guid_bytes(kept: &[u8]) -> Result<[u8; 16]> {
    if kept.len() != 16 {
        return Err(SqlError::internal("a uniqueidentifier of another length"));
    }
    let mut bytes = [0; 16];
    for (from, to) in GUID_ORDER.iter().enumerate() {
        bytes[*to] = kept[from];
    }
    Ok(bytes)
}

pub fn int(value: &Value) -> Result<i64> {
    match value {
        Value::Integer(number) => Ok(*number),
        other => Err(SqlError::internal(format_args!(
            "{other:?} is no whole number"
        ))),
    }
}

pub fn bytes(value: &Value) -> Result<&[u8]> {
    match value {
        Value::Blob(bytes) => Ok(bytes),
        other => Err(SqlError::internal(format_args!("{other:?} is not binary"))),
    }
}

pub fn text(value: &Value) -> Result<&str> {
    match value {
        Value::Text(text) => Ok(text),
        other => Err(SqlError::internal(format_args!("{other:?} is no text"))),
    }
}

pub fn float(value: &Value) -> Result<f64> {
    match value {
        Value::Real(number) => Ok(*number),
        Value::Integer(number) => Ok(*number as f64),
        other => Err(SqlError::internal(format_args!("{other:?} is no float"))),
    }
}

/// An exact number as a scaled whole one.
pub fn exact(value: &Value, ty: Type) -> Result<i128> {
    match ty.is_whole() {
        true => int(value).map(i128::from),
        false => number_of(bytes(value)?),
    }
}

pub fn text_of_decimal(number: i128, scale: u8) -> String {
    let digits = number.unsigned_abs().to_string();
    let scale = scale as usize;
    let padded = format!("{digits:0>width$}", width = scale + 1);
    let (whole, fraction) = padded.split_at(padded.len() - scale);
    let sign = if number < 0 { "-" } else { "" };
    match fraction {
        "" => format!("{sign}{whole}"),
        _ => format!("{sign}{whole}.{fraction}"),
    }
}

/// The scaled number of a text and its scale.
pub fn parse_decimal(text: &str) -> Option<(i128, u8)> {
    let text = text.trim();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all = format!("{whole}{fraction}");
    if all.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some((sign * all.parse::<i128>().ok()?, fraction.len() as u8))
}

/// Rounds half away from zero, or pads; `None` if it does not fit an i128.
pub fn rescaled(number: i128, from: u8, to: u8) -> Option<i128> {
    if to >= from {
        return number.checked_mul(10i128.checked_pow((to - from).into())?);
    }
    let by = 10i128.pow((from - to).into());
    let half = by / 2;
    Some((number + number.signum() * half) / by)
}

fn in_digits(number: i128, precision: u8) -> bool {
    number.unsigned_abs() < 10u128.pow(precision.into())
}

fn no_conversion(from: Type, to: Type) -> SqlError {
    SqlError::new(
        529,
        16,
        format!(
            "Explicit conversion from data type {} to {} is not allowed.",
            from.name(),
            to.name()
        ),
    )
}

fn failed(value: &str, from: Type, to: Type) -> SqlError {
    SqlError::new(
        245,
        16,
        format!(
            "Conversion failed when converting the {} value '{value}' to data type {}.",
            from.name(),
            to.name()
        ),
    )
}

/// `value`, of type `from`, as one of `to`. `style`: CONVERT's third argument.
/// A text or bytes too long are cut, as CAST does; what stores values asks [`too_long`] before.
pub fn convert(value: &Value, from: Type, to: Type, style: i64) -> Result<Value> {
    if matches!(value, Value::Null) || from.kind == Kind::Null {
        return Ok(Value::Null);
    }
    if from == to && !to.is_text() {
        return Ok(value.clone());
    }
    use Kind::*;
    match to.kind {
        Bit | TinyInt | SmallInt | Int | BigInt => whole(value, from, to),
        Decimal | Money | SmallMoney => to_exact(value, from, to),
        Float | Real => to_float(value, from, to),
        Char | VarChar | NChar | NVarChar | Text | NText | Xml => {
            let text = to_text(value, from, to, style)?;
            Ok(Value::Text(fit_text(text, to)))
        }
        Binary | VarBinary | Image | RowVersion => to_bytes(value, from, to, style),
        UniqueIdentifier => match from.kind {
            UniqueIdentifier => Ok(value.clone()),
            _ if from.is_text() => {
                let given = text(value)?
                    .trim()
                    .trim_start_matches('{')
                    .trim_end_matches('}');
                let parsed = uuid::Uuid::try_parse(given)
                    .map_err(|_| SqlError::new(8169, 16, "Conversion failed when converting from a character string to uniqueidentifier."))?;
                Ok(guid(parsed.as_bytes()))
            }
            _ if from.is_bytes() => {
                let mut wire: [u8; 16] = bytes(value)?
                    .try_into()
                    .map_err(|_| no_conversion(from, to))?;
                swap_guid(&mut wire);
                Ok(guid(&wire))
            }
            _ => Err(no_conversion(from, to)),
        },
        Date | Time | DateTime | SmallDateTime | DateTime2 | DateTimeOffset => {
            to_moment(value, from, to)
        }
        // As the wire has it: base type, no properties, value.
        SqlVariant if from.kind == Int => {
            let mut kept = vec![0x38, 0];
            kept.extend_from_slice(&(int(value)? as i32).to_le_bytes());
            Ok(Value::Blob(kept))
        }
        Null | SqlVariant => Err(no_conversion(from, to)),
    }
}

/// The first three groups of a GUID lie the other way round on the wire.
pub fn swap_guid(bytes: &mut [u8; 16]) {
    bytes[0..4].reverse();
    bytes[4..6].reverse();
    bytes[6..8].reverse();
}

fn whole(value: &Value, from: Type, to: Type) -> Result<Value> {
    let number: i128 = if from.is_whole() {
        int(value)?.into()
    } else if from.is_exact() {
        let (_, scale) = from.digits();
        let number = number_of(bytes(value)?)?;
        match (to.kind, from.kind) {
            (Kind::Bit, _) => i128::from(number != 0),
            // Money is rounded, a decimal is cut.
            (_, Kind::Money | Kind::SmallMoney) => rescaled(number, scale, 0).unwrap_or(i128::MAX),
            _ => number / 10i128.pow(scale.into()),
        }
    } else if matches!(from.kind, Kind::Float | Kind::Real) {
        let number = float(value)?;
        if to.kind == Kind::Bit {
            i128::from(number != 0.0)
        } else {
            number.trunc() as i128
        }
    } else if from.is_text() {
        let given = text(value)?;
        match (to.kind, given.trim()) {
            (Kind::Bit, "true" | "TRUE" | "True") => 1,
            (Kind::Bit, "false" | "FALSE" | "False") => 0,
            (_, "") => 0,
            (_, trimmed) => trimmed.parse().map_err(|_| failed(given, from, to))?,
        }
    } else if from.is_bytes() {
        let given = bytes(value)?;
        let mut all = [0; 8];
        let len = given.len().min(8);
        all[8 - len..].copy_from_slice(&given[given.len() - len..]);
        i64::from_be_bytes(all).into()
    } else {
        return Err(no_conversion(from, to));
    };
    let (low, high): (i128, i128) = match to.kind {
        Kind::Bit => return Ok(Value::Integer((number != 0).into())),
        Kind::TinyInt => (0, 255),
        Kind::SmallInt => (i16::MIN.into(), i16::MAX.into()),
        Kind::Int => (i32::MIN.into(), i32::MAX.into()),
        _ => (i64::MIN.into(), i64::MAX.into()),
    };
    if !(low..=high).contains(&number) {
        return Err(match to.kind {
            Kind::TinyInt | Kind::SmallInt => SqlError::new(
                220,
                16,
                format!(
                    "Arithmetic overflow error for data type {}, value = {number}.",
                    to.name()
                ),
            ),
            _ => SqlError::overflow(to.name()),
        });
    }
    Ok(Value::Integer(number as i64))
}

fn to_exact(value: &Value, from: Type, to: Type) -> Result<Value> {
    let (precision, scale) = to.digits();
    let overflow = || {
        SqlError::overflow(if to.kind == Kind::Decimal {
            "numeric"
        } else {
            to.name()
        })
    };
    let number = if from.is_whole() || from.is_exact() {
        rescaled(exact(value, from)?, from.digits().1, scale).ok_or_else(overflow)?
    } else if matches!(from.kind, Kind::Float | Kind::Real) {
        let given = float(value)?;
        let text = format!("{given:.width$}", width = scale as usize);
        parse_decimal(&text).ok_or_else(overflow)?.0
    } else if from.is_text() {
        let given = text(value)?;
        let refuse = || match to.kind {
            Kind::Decimal => SqlError::new(
                8114,
                16,
                format!("Error converting data type {} to numeric.", from.name()),
            ),
            _ => SqlError::new(
                235,
                16,
                "Cannot convert a char value to money. The char value has incorrect syntax.",
            ),
        };
        let (number, digits) = parse_decimal(given).ok_or_else(refuse)?;
        rescaled(number, digits, scale).ok_or_else(overflow)?
    } else {
        return Err(no_conversion(from, to));
    };
    let fits = match to.kind {
        Kind::Money => i64::try_from(number).is_ok(),
        Kind::SmallMoney => i32::try_from(number).is_ok(),
        _ => in_digits(number, precision),
    };
    fits.then(|| decimal(number)).ok_or_else(overflow)
}

fn to_float(value: &Value, from: Type, to: Type) -> Result<Value> {
    let number = if matches!(from.kind, Kind::Float | Kind::Real) || from.is_whole() {
        float(value)?
    } else if from.is_exact() {
        let text = text_of_decimal(number_of(bytes(value)?)?, from.digits().1);
        text.parse().map_err(|_| no_conversion(from, to))?
    } else if from.is_text() {
        let given = text(value)?;
        given.trim().parse().map_err(|_| {
            SqlError::new(
                8114,
                16,
                format!(
                    "Error converting data type {} to {}.",
                    from.name(),
                    to.name()
                ),
            )
        })?
    } else {
        return Err(no_conversion(from, to));
    };
    Ok(Value::Real(if to.kind == Kind::Real {
        f64::from(number as f32)
    } else {
        number
    }))
}

fn to_text(value: &Value, from: Type, to: Type, style: i64) -> Result<String> {
    Ok(if from.is_text() || from.kind == Kind::Xml {
        text(value)?.to_owned()
    } else if from.is_whole() {
        let number = int(value)?.to_string();
        if to.len != MAX
            && number.len() > to.len as usize
            && !matches!(to.kind, Kind::Text | Kind::NText)
        {
            return match from.kind {
                Kind::BigInt => Err(SqlError::overflow(to.name())),
                _ => Ok("*".to_owned()),
            };
        }
        number
    } else if from.is_exact() {
        let number = number_of(bytes(value)?)?;
        match from.kind {
            Kind::Decimal => {
                let text = text_of_decimal(number, from.scale);
                if to.len != MAX && text.len() > to.len as usize {
                    return Err(SqlError::overflow(to.name()));
                }
                text
            }
            // Money is shown with two places unless style 2 asks for all four.
            _ if style == 2 => text_of_decimal(number, 4),
            _ => text_of_decimal(rescaled(number, 4, 2).unwrap_or(0), 2),
        }
    } else if matches!(from.kind, Kind::Float | Kind::Real) {
        let number = float(value)?;
        match style {
            3 => format!("{number:e}"),
            0 => {
                // Six digits, as the server does by itself.
                let text = format!("{number:.5e}");
                let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
                let exponent: i32 = exponent.parse().unwrap_or(0);
                if (-5..15).contains(&exponent) {
                    let rounded: f64 = text.parse().unwrap_or(number);
                    format!("{rounded}")
                } else {
                    format!("{digits}e{exponent:+04}")
                }
            }
            _ => {
                return Err(SqlError::syntax(format_args!(
                    "CONVERT of a float with style {style}"
                )));
            }
        }
    } else if from.is_bytes() {
        let given = bytes(value)?;
        match style {
            1 | 2 => {
                let hex: String = given.iter().map(|byte| format!("{byte:02X}")).collect();
                if style == 1 { format!("0x{hex}") } else { hex }
            }
            _ if to.is_unicode() => {
                let units: Vec<u16> = given
                    .chunks(2)
                    .map(|pair| u16::from_le_bytes([pair[0], *pair.get(1).unwrap_or(&0)]))
                    .collect();
                String::from_utf16_lossy(&units)
            }
            _ => to.collation.decode(given),
        }
    } else if from.kind == Kind::UniqueIdentifier {
        uuid::Uuid::from_bytes(guid_bytes(bytes(value)?)?)
            .to_string()
            .to_uppercase()
    } else if from.kind == Kind::DateTimeOffset {
        let (utc, minutes) = offset_of(bytes(value)?)?;
        moments::text(utc + minutes * 60 * SECOND, minutes, from, style)
            .ok_or_else(|| SqlError::syntax(format_args!("CONVERT with style {style}")))?
    } else if from.is_time() {
        moments::text(int(value)?, 0, from, style)
            .ok_or_else(|| SqlError::syntax(format_args!("CONVERT with style {style}")))?
    } else {
        return Err(no_conversion(from, to));
    })
}

/// Length as the type counts it: UTF-16 units, or bytes of the code page.
pub fn length(text: &str, ty: Type) -> usize {
    match ty.is_unicode() || ty.kind == Kind::Xml {
        true => text.encode_utf16().count(),
        false => ty.collation.encode(text).len(),
    }
}

fn fit_text(text: String, to: Type) -> String {
    let mut text = match to.kind {
        Kind::Char | Kind::VarChar | Kind::Text if !text.is_ascii() => {
            to.collation.decode(&to.collation.encode(&text))
        }
        _ => text,
    };
    if to.len == MAX || matches!(to.kind, Kind::Text | Kind::NText | Kind::Xml) {
        return text;
    }
    let mut len = length(&text, to);
    while len > to.len as usize {
        text.pop();
        len = length(&text, to);
    }
    if matches!(to.kind, Kind::Char | Kind::NChar) {
        text.push_str(&" ".repeat(to.len as usize - len));
    }
    text
}

/// Whether a column of type `to` has no room for it (trailing blanks do not count).
pub fn too_long(value: &Value, from: Type, to: Type) -> bool {
    if to.len == MAX
        || !(to.is_text() || to.is_bytes())
        || matches!(
            to.kind,
            Kind::Text | Kind::NText | Kind::Image | Kind::RowVersion
        )
    {
        return false;
    }
    match value {
        Value::Text(text) if to.is_text() => {
            length(text.trim_end_matches(' '), to) > to.len as usize
        }
        Value::Blob(bytes) if to.is_bytes() && from.is_bytes() => bytes.len() > to.len as usize,
        _ => false,
    }
}

fn to_bytes(value: &Value, from: Type, to: Type, style: i64) -> Result<Value> {
    let mut made = if from.is_bytes() {
        bytes(value)?.to_vec()
    } else if from.is_text() {
        let given = text(value)?;
        match style {
            1 | 2 => {
                let digits = if style == 1 {
                    given.strip_prefix("0x")
                } else {
                    Some(given)
                };
                let refuse = || {
                    SqlError::new(
                        8114,
                        16,
                        format!(
                            "Error converting data type {} to {}.",
                            from.name(),
                            to.name()
                        ),
                    )
                };
                let digits = digits
                    .filter(|digits| digits.len().is_multiple_of(2) && digits.is_ascii())
                    .ok_or_else(refuse)?;
                (0..digits.len())
                    .step_by(2)
                    .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).map_err(|_| refuse()))
                    .collect::<Result<_>>()?
            }
            _ if from.is_unicode() => given.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            _ => from.collation.encode(given),
        }
    } else if from.is_whole() {
        let number = int(value)?;
        let size = from.catalog().1 as usize;
        number.to_be_bytes()[8 - size..].to_vec()
    } else if from.kind == Kind::UniqueIdentifier {
        let mut wire = guid_bytes(bytes(value)?)?;
        swap_guid(&mut wire);
        wire.to_vec()
    } else {
        return Err(no_conversion(from, to));
    };
    let fixed = match to.kind {
        Kind::RowVersion => Some(8),
        Kind::Binary => Some(to.len as usize),
        _ => None,
    };
    if let Some(size) = fixed {
        // Numbers are filled on the left, bytes and texts on the right.
        if from.is_whole() {
            let mut padded = vec![0; size.saturating_sub(made.len())];
            padded.extend_from_slice(&made[made.len().saturating_sub(size)..]);
            made = padded;
        }
        made.resize(size, 0);
    } else if to.len != MAX && to.kind == Kind::VarBinary {
        made.truncate(to.len as usize);
    }
    Ok(Value::Blob(made))
}

fn to_moment(value: &Value, from: Type, to: Type) -> Result<Value> {
    // Local ticks and the offset they are local to.
    let (ticks, offset) = if from.is_text() {
        moments::parse(text(value)?, to)?
    } else if from.kind == Kind::DateTimeOffset {
        let (utc, minutes) = offset_of(bytes(value)?)?;
        (utc + minutes * 60 * SECOND, Some(minutes))
    } else if from.is_time() {
        if (from.kind == Kind::Date && to.kind == Kind::Time)
            || (from.kind == Kind::Time && to.kind == Kind::Date)
        {
            return Err(no_conversion(from, to));
        }
        (int(value)?, None)
    } else if from.is_whole() && matches!(to.kind, Kind::DateTime | Kind::SmallDateTime) {
        ((int(value)? + moments::DAYS_1900) * DAY, None)
    } else {
        return Err(no_conversion(from, to));
    };
    let source = if from.is_text() { to.kind } else { from.kind };
    let fitted = moments::fit(ticks, source, to)?;
    Ok(match to.kind {
        Kind::DateTimeOffset => {
            let minutes = offset.unwrap_or(0);
            moment_with_offset(fitted - minutes * 60 * SECOND, minutes)
        }
        // An old `datetime` from a text with a zone is taken in UTC.
        Kind::DateTime | Kind::SmallDateTime if from.is_text() => Value::Integer(moments::fit(
            ticks - offset.unwrap_or(0) * 60 * SECOND,
            source,
            to,
        )?),
        _ => Value::Integer(fitted),
    })
}
