//! Values that may be written in more than one way. Their visitors are written by hand: serde's untagged enums lose
//! the positions of what lies inside.

use super::spanned::{At, Ordered};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// What a column gets: an expression, an expression with options, or `false` (in a project: not written).
#[derive(Debug, Clone)]
pub enum FieldForm {
    Short(String),
    Long(LongField),
    Drop,
}

/// An expression with options.
#[derive(Debug, Clone, serde::Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct LongField {
    /// The expression.
    #[schemars(required)]
    pub value: Option<At<String>>,
    /// Longer texts are cut to so many characters. Without it they are an error of their row.
    pub cut: Option<At<u32>>,
    /// Decimals are rounded to so many places, half away from zero. Without it lost digits are an error of their row.
    pub round: Option<At<u32>>,
    /// What a NULL does: `keep` leaves the target alone, `write` writes NULL, `remove` removes the attribute's row.
    pub empty: Option<At<EmptyWord>>,
    /// How the target's value is compared: `exact`, or `number` where a text column holds one (`1.50` is `1.5`).
    pub compare: Option<At<CompareWord>>,
    /// Only written where this expression is true.
    #[serde(rename = "if")]
    pub condition: Option<At<String>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EmptyWord {
    Keep,
    Write,
    Remove,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CompareWord {
    Exact,
    Number,
}

impl<'de> Deserialize<'de> for FieldForm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Forms;

        impl<'de> Visitor<'de> for Forms {
            type Value = FieldForm;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("an expression, a table with `value`, or false")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<FieldForm, E> {
                Ok(FieldForm::Short(text.to_owned()))
            }

            fn visit_bool<E: de::Error>(self, value: bool) -> Result<FieldForm, E> {
                if value {
                    return Err(E::invalid_value(de::Unexpected::Bool(true), &self));
                }
                Ok(FieldForm::Drop)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<FieldForm, A::Error> {
                LongField::deserialize(de::value::MapAccessDeserializer::new(map))
                    .map(FieldForm::Long)
            }
        }

        deserializer.deserialize_any(Forms)
    }
}

impl JsonSchema for FieldForm {
    fn schema_name() -> Cow<'static, str> {
        "Field".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let long = generator.subschema_for::<LongField>();
        json_schema!({
            "description": "An expression, an expression with options, or false: not written.",
            "anyOf": [{ "type": "string" }, long, { "type": "boolean", "const": false }],
        })
    }
}

/// What becomes of a table's row that the source no longer has: a word, or what is set in it.
#[derive(Debug, Clone)]
pub enum TableGone {
    Keep,
    Delete,
    Set(GoneSet),
}

/// What a row gets when the source no longer has it.
#[derive(Debug, Clone, Default, serde::Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct GoneSet {
    /// Column = expression over the key.
    #[schemars(required)]
    pub set: Option<At<Ordered<At<FieldForm>>>>,
}

impl<'de> Deserialize<'de> for TableGone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Forms;

        impl<'de> Visitor<'de> for Forms {
            type Value = TableGone;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("`keep`, `delete` or a table with `set`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<TableGone, E> {
                match text {
                    "keep" => Ok(TableGone::Keep),
                    "delete" => Ok(TableGone::Delete),
                    other => Err(E::invalid_value(de::Unexpected::Str(other), &self)),
                }
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<TableGone, A::Error> {
                GoneSet::deserialize(de::value::MapAccessDeserializer::new(map)).map(TableGone::Set)
            }
        }

        deserializer.deserialize_any(Forms)
    }
}

impl JsonSchema for TableGone {
    fn schema_name() -> Cow<'static, str> {
        "TableGone".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let set = generator.subschema_for::<GoneSet>();
        json_schema!({
            "description": "`keep`, `delete`, or what is set in the row.",
            "anyOf": [{ "type": "string", "enum": ["keep", "delete"] }, set],
        })
    }
}
