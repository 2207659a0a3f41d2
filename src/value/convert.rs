//! From a value to the value that a column holds, without loss or not at all.
//!
//! Which conversions exist, and why these: a conversion is allowed where the value's meaning is the same on both
//! sides and can be read back.
//!
//! - Numbers convert among themselves if the target holds them exactly; a binary float is taken at 15 significant
//!   digits. The one exception is a decimal into a float column: it becomes the nearest float, since the column is
//!   one. A whole number (an id, say) must still be exact there.
//! - Text is a number, date, time, UUID or JSON if, blanks around it aside, all of it is one; all of these become
//!   text in one plain form. Bytes are text if they are UTF-8, text is its UTF-8 bytes.
//! - A boolean is the number 0 or 1 and back. It is not text: shops say `yes`, `1` or `true`, so the mapping must.
//! - Points in time without a zone are UTC when they meet one with a zone, in both directions. A date is its
//!   midnight, and only a midnight is a date.
//! - NULL is NULL everywhere; whether a column takes it is not a matter of its type.

use super::iso::{self, Moment};
use super::{Charset, Decimal, Misfit, Type, Value};
use chrono::{NaiveDate, NaiveDateTime, NaiveTime, SubsecRound, Timelike};
use std::borrow::Cow;

/// Gives the value that a column of type `to` holds: of the variant that belongs to the type, or NULL.
///
/// # Errors
/// The rule that the value breaks.
pub fn convert(value: Value, to: &Type) -> Result<Value, Misfit> {
    if let Value::Float(float) = &value
        && !float.is_finite()
    {
        return Err(Misfit::NotFinite);
    }
    if value.is_null() {
        return Ok(Value::Null);
    }
    match to {
        Type::Bool => boolean(&value, to),
        Type::Int { bits, signed } => integer(&value, *bits, *signed, to),
        Type::Decimal { precision, scale } => decimal(value, *precision, *scale, to),
        Type::Float { bits } => float(&value, *bits, to),
        Type::Text {
            chars_max,
            bytes_max,
            charset,
            padded,
        } => {
            let mut text = text(value, to)?;
            if *padded {
                text.truncate(text.trim_end_matches(' ').len());
            }
            check_text(&text, *chars_max, *bytes_max, *charset)?;
            Ok(Value::Text(text))
        }
        Type::Bytes { bytes_max } => bytes(value, *bytes_max, to),
        Type::Date => date(&value, to).map(Value::Date),
        Type::Time { digits } => {
            let time = time(&value, to)?;
            check_fraction(time, *digits, Misfit::NotATime)?;
            Ok(Value::Time(time))
        }
        Type::DateTime { digits } => {
            let wall = match moment(&value, to)? {
                Moment::Wall(wall) => wall,
                Moment::Utc(moment) => moment.naive_utc(),
            };
            check_moment(wall, *digits)?;
            Ok(Value::DateTime(wall))
        }
        Type::Timestamp { digits } => {
            let moment = match moment(&value, to)? {
                Moment::Wall(wall) => wall.and_utc(),
                Moment::Utc(moment) => moment,
            };
            check_moment(moment.naive_utc(), *digits)?;
            Ok(Value::Timestamp(moment))
        }
        Type::Uuid => uuid(&value, to),
        Type::Json => json(value, to),
        Type::Enum(values) => {
            let text = text(value, to)?;
            if values.contains(&text) {
                Ok(Value::Text(text))
            } else {
                Err(Misfit::NotAMember {
                    values: values.clone(),
                })
            }
        }
        Type::Other(_) => Err(no_conversion(&value, to)),
    }
}

/// [`convert`], after what the mapping allows by name: `round` rounds a number half away from zero to so many places
/// (and drops what a second's fraction has beyond them: a clock's reading is never moved into the future), `cut`
/// shortens what goes into a text column to so many characters.
///
/// # Errors
/// The rule that the value breaks even so.
pub fn fit(
    value: Value,
    to: &Type,
    cut_chars: Option<u32>,
    round_places: Option<u32>,
) -> Result<Value, Misfit> {
    let mut value = value;
    if let Some(places) = round_places {
        value = rounded(value, to, places);
    }
    if let Some(chars) = cut_chars
        && matches!(to, Type::Text { .. })
        && !value.is_null()
    {
        let text = text(value, to)?;
        value = Value::Text(cut(&text, chars as usize).to_owned());
    }
    convert(value, to)
}

/// The first `chars` characters.
pub fn cut(text: &str, chars: usize) -> &str {
    match text.char_indices().nth(chars) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}

fn rounded(value: Value, to: &Type, places: u32) -> Value {
    // More places than any number has round nothing.
    let digits = i32::try_from(places).unwrap_or(i32::MAX);
    let fraction = u16::try_from(places).unwrap_or(u16::MAX);
    match value {
        Value::Decimal(number) => Value::Decimal(number.round(digits)),
        Value::Float(float) => match Decimal::from_f64_15(float) {
            Some(number) => Value::Decimal(number.round(digits)),
            None => value,
        },
        Value::Text(text)
            if matches!(
                to,
                Type::Int { .. } | Type::Decimal { .. } | Type::Float { .. }
            ) =>
        {
            match Decimal::parse(text.trim()) {
                Ok(number) => Value::Decimal(number.round(digits)),
                Err(_) => Value::Text(text),
            }
        }
        Value::Time(time) => Value::Time(time.trunc_subsecs(fraction)),
        Value::DateTime(wall) => Value::DateTime(wall.trunc_subsecs(fraction)),
        Value::Timestamp(moment) => Value::Timestamp(moment.trunc_subsecs(fraction)),
        other => other,
    }
}

fn no_conversion(value: &Value, to: &Type) -> Misfit {
    Misfit::NoConversion {
        from: value.kind(),
        ty: to.clone(),
    }
}

fn boolean(value: &Value, to: &Type) -> Result<Value, Misfit> {
    let truth = match value {
        Value::Bool(truth) => Some(*truth),
        Value::Int(_) | Value::UInt(_) | Value::Decimal(_) | Value::Float(_) => {
            match number(value, to)?.to_i64() {
                Some(0) => Some(false),
                Some(1) => Some(true),
                _ => None,
            }
        }
        Value::Text(text) => {
            let text = text.trim();
            if text == "1" || text.eq_ignore_ascii_case("true") {
                Some(true)
            } else if text == "0" || text.eq_ignore_ascii_case("false") {
                Some(false)
            } else {
                None
            }
        }
        _ => return Err(no_conversion(value, to)),
    };
    truth.map(Value::Bool).ok_or(Misfit::NotABoolean)
}

/// The number that the value is or, as text, says.
fn number<'a>(value: &'a Value, to: &Type) -> Result<Cow<'a, Decimal>, Misfit> {
    Ok(match value {
        Value::Bool(truth) => Cow::Owned(Decimal::from(i64::from(*truth))),
        Value::Int(number) => Cow::Owned(Decimal::from(*number)),
        Value::UInt(number) => Cow::Owned(Decimal::from(*number)),
        Value::Decimal(number) => Cow::Borrowed(number),
        Value::Float(float) => Cow::Owned(Decimal::from_f64_15(*float).ok_or(Misfit::NotFinite)?),
        Value::Text(text) => {
            Cow::Owned(Decimal::parse(text.trim()).map_err(|_| Misfit::NotANumber)?)
        }
        _ => return Err(no_conversion(value, to)),
    })
}

fn integer(value: &Value, bits: u8, signed: bool, to: &Type) -> Result<Value, Misfit> {
    let (least, most) = Type::integer_range(bits, signed);
    let out_of_range = || Misfit::OutOfRange {
        ty: to.clone(),
        least: least.to_string(),
        most: most.to_string(),
    };
    let whole = match value {
        Value::Int(number) => i128::from(*number),
        Value::UInt(number) => i128::from(*number),
        _ => {
            let number = number(value, to)?;
            if !number.is_whole() {
                return Err(Misfit::NotWhole);
            }
            number.to_i128().ok_or_else(out_of_range)?
        }
    };
    if whole < least || whole > most {
        return Err(out_of_range());
    }
    let narrowed = if signed {
        i64::try_from(whole).map(Value::Int)
    } else {
        u64::try_from(whole).map(Value::UInt)
    };
    narrowed.map_err(|_| out_of_range())
}

fn decimal(
    value: Value,
    precision: Option<u32>,
    scale: Option<u32>,
    to: &Type,
) -> Result<Value, Misfit> {
    let number = match value {
        Value::Decimal(number) => number,
        other => number(&other, to)?.into_owned(),
    };
    if let Some(max) = scale
        && number.digits_after() > max
    {
        return Err(Misfit::TooManyPlaces {
            places: number.digits_after(),
            max,
        });
    }
    if let Some(precision) = precision {
        // Without a scale of its own the column gives the places whatever the digits before the point leave.
        let places = scale.unwrap_or(number.digits_after());
        let max = u64::from(precision.saturating_sub(places));
        if number.digits_before() > max {
            return Err(Misfit::TooManyDigits {
                digits: number.digits_before(),
                max,
            });
        }
    }
    Ok(Value::Decimal(number))
}

fn float(value: &Value, bits: u8, to: &Type) -> Result<Value, Misfit> {
    let single = bits <= 32;
    let nearest = match value {
        Value::Float(float) if single => f64::from(*float as f32),
        Value::Float(float) => *float,
        _ => {
            let number = number(value, to)?;
            let float = if single {
                number
                    .to_string()
                    .parse::<f32>()
                    .map_or(f64::INFINITY, f64::from)
            } else {
                number.to_f64().unwrap_or(f64::INFINITY)
            };
            let is_integer = matches!(value, Value::Int(_) | Value::UInt(_));
            if is_integer && number.to_i128() != Some(float as i128) {
                return Err(Misfit::NotExact { ty: to.clone() });
            }
            float
        }
    };
    if nearest.is_finite() {
        Ok(Value::Float(nearest))
    } else {
        let most = if single {
            f64::from(f32::MAX)
        } else {
            f64::MAX
        };
        Err(Misfit::OutOfRange {
            ty: to.clone(),
            least: format!("{:e}", -most),
            most: format!("{most:e}"),
        })
    }
}

/// The text that goes into a column.
fn text(value: Value, to: &Type) -> Result<String, Misfit> {
    match value {
        Value::Text(text) | Value::Json(text) => Ok(text),
        Value::Bytes(bytes) => String::from_utf8(bytes).map_err(|error| Misfit::NotUtf8 {
            at: error.utf8_error().valid_up_to() + 1,
        }),
        other => match other.plain_text() {
            Some(text) => Ok(text.into_owned()),
            None => Err(no_conversion(&other, to)),
        },
    }
}

fn check_text(
    text: &str,
    chars_max: Option<u64>,
    bytes_max: Option<u64>,
    charset: Charset,
) -> Result<(), Misfit> {
    if let Some(at) = text.chars().position(|character| character == '\0') {
        return Err(Misfit::Nul { at: at as u64 + 1 });
    }
    if !text.is_ascii()
        && let Some(character) = text.chars().find(|character| !charset.has(*character))
    {
        return Err(Misfit::Unencodable { character, charset });
    }
    if chars_max.is_none() && bytes_max.is_none() {
        return Ok(());
    }
    let chars = text.chars().count() as u64;
    if let Some(max) = chars_max
        && chars > max
    {
        return Err(Misfit::TooManyChars { chars, max });
    }
    let bytes = match charset {
        Charset::Latin1 | Charset::Ascii => chars,
        Charset::Unicode | Charset::Utf8Mb3 => text.len() as u64,
    };
    match bytes_max {
        Some(max) if bytes > max => Err(Misfit::TooManyBytes {
            bytes,
            max,
            text: true,
        }),
        _ => Ok(()),
    }
}

fn bytes(value: Value, bytes_max: Option<u64>, to: &Type) -> Result<Value, Misfit> {
    let bytes = match value {
        Value::Bytes(bytes) => bytes,
        Value::Text(text) | Value::Json(text) => text.into_bytes(),
        other => return Err(no_conversion(&other, to)),
    };
    match bytes_max {
        Some(max) if bytes.len() as u64 > max => Err(Misfit::TooManyBytes {
            bytes: bytes.len() as u64,
            max,
            text: false,
        }),
        _ => Ok(Value::Bytes(bytes)),
    }
}

fn date(value: &Value, to: &Type) -> Result<NaiveDate, Misfit> {
    let day = match value {
        Value::Date(date) => *date,
        _ => {
            let wall = match moment(value, to).map_err(|misfit| match misfit {
                Misfit::NotAMoment => Misfit::NotADate,
                other => other,
            })? {
                Moment::Wall(wall) => wall,
                Moment::Utc(moment) => moment.naive_utc(),
            };
            if wall.time() != NaiveTime::MIN {
                return Err(Misfit::HasTime);
            }
            wall.date()
        }
    };
    if iso::is_date(day) {
        Ok(day)
    } else {
        Err(Misfit::NotADate)
    }
}

fn time(value: &Value, to: &Type) -> Result<NaiveTime, Misfit> {
    match value {
        Value::Time(time) => Ok(*time),
        Value::Text(text) => iso::parse_time(text.trim()),
        _ => Err(no_conversion(value, to)),
    }
}

fn moment(value: &Value, to: &Type) -> Result<Moment, Misfit> {
    match value {
        Value::Date(date) => Ok(Moment::Wall(date.and_time(NaiveTime::MIN))),
        Value::DateTime(wall) => Ok(Moment::Wall(*wall)),
        Value::Timestamp(moment) => Ok(Moment::Utc(*moment)),
        Value::Text(text) => iso::parse_moment(text.trim()),
        _ => Err(no_conversion(value, to)),
    }
}

fn check_moment(wall: NaiveDateTime, digits: u8) -> Result<(), Misfit> {
    if !iso::is_date(wall.date()) {
        return Err(Misfit::NotAMoment);
    }
    check_fraction(wall.time(), digits, Misfit::NotAMoment)
}

fn check_fraction(time: NaiveTime, max: u8, otherwise: Misfit) -> Result<(), Misfit> {
    if !iso::is_time(time) {
        return Err(otherwise);
    }
    let places = iso::fraction_places(time.nanosecond());
    if places > max {
        return Err(Misfit::TooFine { places, max });
    }
    Ok(())
}

fn uuid(value: &Value, to: &Type) -> Result<Value, Misfit> {
    match value {
        Value::Uuid(uuid) => Ok(Value::Uuid(*uuid)),
        Value::Text(text) => uuid::Uuid::try_parse(text.trim())
            .map(Value::Uuid)
            .map_err(|_| Misfit::NotAUuid),
        _ => Err(no_conversion(value, to)),
    }
}

fn json(value: Value, to: &Type) -> Result<Value, Misfit> {
    match value {
        Value::Json(text) | Value::Text(text) => {
            match serde_json::from_str::<serde::de::IgnoredAny>(&text) {
                Ok(_) => Ok(Value::Json(text)),
                Err(error) => Err(Misfit::NotJson {
                    reason: error.to_string(),
                }),
            }
        }
        other => Err(no_conversion(&other, to)),
    }
}

#[cfg(test)]
mod tests;
