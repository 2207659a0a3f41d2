//! Why a value does not go into a column.

use super::Type;

/// The rule that a value breaks, with its figures. The value itself, the column and the row are added by whoever
/// knows them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    #[error("text too long: {chars} characters, the column holds {max}")]
    TooManyChars { chars: u64, max: u64 },
    #[error("{what} too long: {bytes} bytes, the column holds {max}", what = if *.text { "text" } else { "binary value" })]
    TooManyBytes { bytes: u64, max: u64, text: bool },
    #[error("number out of range: {ty} holds {least} to {most}")]
    OutOfRange {
        ty: Type,
        least: String,
        most: String,
    },
    #[error("number too large: {digits} digits before the point, the column holds {max}")]
    TooManyDigits { digits: u64, max: u64 },
    #[error("too many decimal places: {places}, the column holds {max}")]
    TooManyPlaces { places: u32, max: u32 },
    #[error("not a whole number")]
    NotWhole,
    #[error("whole number not exact in {ty}")]
    NotExact { ty: Type },
    #[error("not a finite number")]
    NotFinite,
    #[error("not a number")]
    NotANumber,
    #[error("not a truth value: 0, 1, true and false are")]
    NotABoolean,
    #[error("not a date (year-month-day, years 1 to 9999)")]
    NotADate,
    #[error("not a time of day (hours:minutes:seconds)")]
    NotATime,
    #[error("not a point in time (year-month-day hours:minutes:seconds, years 1 to 9999)")]
    NotAMoment,
    #[error("a point in time that is not midnight does not go into a date")]
    HasTime,
    #[error("{places} places of the second's fraction, the column holds {max}")]
    TooFine { places: u8, max: u8 },
    #[error("not a UUID")]
    NotAUuid,
    #[error("not JSON: {reason}")]
    NotJson { reason: String },
    #[error("bytes that are not UTF-8 from byte {at}")]
    NotUtf8 { at: usize },
    #[error("text with a NUL character at character {at}")]
    Nul { at: u64 },
    #[error("character `{}` (U+{:04X}) does not exist in the column's character set {charset}", .character.escape_debug(), u32::from(*.character))]
    Unencodable {
        character: char,
        charset: super::Charset,
    },
    #[error("not one of the column's values: {}", listed(.values))]
    NotAMember { values: std::sync::Arc<[String]> },
    /// No conversion between the two kinds, or none that keeps the meaning.
    #[error("{from} does not go into {ty}")]
    NoConversion { from: &'static str, ty: Type },
}

impl Misfit {
    /// What one can do about it in the mapping, where the rule itself leaves that open.
    pub fn help(&self) -> Option<&'static str> {
        Some(match self {
            Misfit::TooManyChars { .. } | Misfit::TooManyBytes { text: true, .. } => {
                "shorten it at the source, or allow cutting with `cut` on this field"
            }
            Misfit::TooManyPlaces { .. } => "allow rounding with `round` on this field",
            Misfit::NotWhole => "allow rounding with `round = 0` on this field",
            Misfit::HasTime => "take the day with `date(x)`",
            Misfit::NoConversion {
                from: "boolean",
                ty: Type::Text { .. } | Type::Enum(_),
            } => "say the texts: `CASE WHEN x THEN 'yes' ELSE 'no' END`",
            _ => return None,
        })
    }
}

/// At most ten of them.
fn listed(values: &[String]) -> String {
    const SHOWN: usize = 10;
    let mut text = values
        .iter()
        .take(SHOWN)
        .map(|value| format!("'{value}'"))
        .collect::<Vec<_>>()
        .join(", ");
    if values.len() > SHOWN {
        text.push_str(&format!(" (and {} more)", values.len() - SHOWN));
    }
    text
}
