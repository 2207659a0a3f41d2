use super::*;
use crate::value::SHOWN_CHARS;
use proptest::prelude::*;
use std::sync::Arc;

fn text(chars_max: Option<u64>) -> Type {
    Type::Text {
        chars_max,
        bytes_max: None,
        charset: Charset::Unicode,
        padded: false,
    }
}

fn int(bits: u8, signed: bool) -> Type {
    Type::Int { bits, signed }
}

fn numeric(precision: u32, scale: u32) -> Type {
    Type::Decimal {
        precision: Some(precision),
        scale: Some(scale),
    }
}

fn t(text: &str) -> Value {
    Value::Text(text.into())
}

fn d(text: &str) -> Value {
    Value::Decimal(Decimal::parse(text).unwrap())
}

fn wall(text: &str) -> Value {
    convert(t(text), &Type::DateTime { digits: 9 }).unwrap()
}

fn utc(text: &str) -> Value {
    convert(t(text), &Type::Timestamp { digits: 9 }).unwrap()
}

#[test]
fn a_column_gets_the_variant_of_its_type() {
    let date = Value::Date(NaiveDate::from_ymd_opt(2026, 1, 31).unwrap());
    let uuid = "67e55044-10b1-426f-9247-bb680e5fe0c8";
    for (value, to, expected) in [
        (Value::Null, Type::Bool, Value::Null),
        (Value::Int(7), int(64, false), Value::UInt(7)),
        (Value::UInt(7), int(8, true), Value::Int(7)),
        (d("7.0"), int(32, true), Value::Int(7)),
        (t(" 12 "), int(32, true), Value::Int(12)),
        (Value::Bool(true), int(8, true), Value::Int(1)),
        (Value::Int(1), Type::Bool, Value::Bool(true)),
        (t("False"), Type::Bool, Value::Bool(false)),
        (Value::Int(12), numeric(4, 2), d("12")),
        (t("12.50"), numeric(4, 2), d("12.5")),
        (Value::Float(0.1 + 0.2), numeric(4, 2), d("0.3")),
        (d("0.1"), Type::Float { bits: 64 }, Value::Float(0.1)),
        (
            d("0.1"),
            Type::Float { bits: 32 },
            Value::Float(f64::from(0.1f32)),
        ),
        (
            Value::Int(1 << 53),
            Type::Float { bits: 64 },
            Value::Float(9_007_199_254_740_992.0),
        ),
        (d("1234.50"), text(None), t("1234.5")),
        (Value::Float(19.99), text(None), t("19.99")),
        (date.clone(), text(Some(10)), t("2026-01-31")),
        (
            wall("2026-01-31 12:00:00.50"),
            text(None),
            t("2026-01-31 12:00:00.5"),
        ),
        (
            utc("2026-01-31 12:00:00+01"),
            text(None),
            t("2026-01-31T11:00:00Z"),
        ),
        (Value::Bytes("è".into()), text(None), t("è")),
        (
            t("è"),
            Type::Bytes { bytes_max: Some(2) },
            Value::Bytes("è".into()),
        ),
        (
            utc("2026-01-31 12:00:00+01"),
            Type::DateTime { digits: 0 },
            wall("2026-01-31 11:00:00"),
        ),
        (
            wall("2026-01-31 11:00:00"),
            Type::Timestamp { digits: 0 },
            utc("2026-01-31 11:00:00Z"),
        ),
        (
            date.clone(),
            Type::DateTime { digits: 0 },
            wall("2026-01-31"),
        ),
        (wall("2026-01-31"), Type::Date, date.clone()),
        (t("2026-01-31"), Type::Date, date),
        (
            t("23:59"),
            Type::Time { digits: 0 },
            Value::Time(NaiveTime::from_hms_opt(23, 59, 0).unwrap()),
        ),
        (t(uuid), Type::Uuid, Value::Uuid(uuid.parse().unwrap())),
        (Value::Uuid(uuid.parse().unwrap()), text(Some(36)), t(uuid)),
        (
            t("{\"a\": 1}"),
            Type::Json,
            Value::Json("{\"a\": 1}".into()),
        ),
        (
            t("draft"),
            Type::Enum(Arc::from(["draft".to_owned()])),
            t("draft"),
        ),
    ] {
        assert_eq!(
            convert(value.clone(), &to),
            Ok(expected),
            "{value:?} into {to}"
        );
    }
}

#[test]
fn padding_is_no_part_of_a_padded_text() {
    let padded = Type::Text {
        chars_max: Some(3),
        bytes_max: None,
        charset: Charset::Unicode,
        padded: true,
    };
    assert_eq!(convert(t("abc   "), &padded), Ok(t("abc")));
    assert!(convert(t("abcd"), &padded).is_err());
}

#[test]
fn what_does_not_fit_is_said_with_its_figures() {
    let charset = |charset, bytes_max| Type::Text {
        chars_max: None,
        bytes_max,
        charset,
        padded: false,
    };
    for (value, to, message) in [
        (
            t(&"x".repeat(71)),
            text(Some(64)),
            "text too long: 71 characters, the column holds 64",
        ),
        (
            t("èè"),
            charset(Charset::Unicode, Some(3)),
            "text too long: 4 bytes, the column holds 3",
        ),
        (
            Value::Bytes(vec![0; 4]),
            Type::Bytes { bytes_max: Some(3) },
            "binary value too long: 4 bytes, the column holds 3",
        ),
        (
            Value::Int(-1),
            int(16, false),
            "number out of range: unsigned 16-bit integer holds 0 to 65535",
        ),
        (
            d("1e30"),
            int(64, true),
            "number out of range: 64-bit integer holds -9223372036854775808 to 9223372036854775807",
        ),
        (
            Value::UInt(u64::MAX),
            int(64, true),
            "number out of range: 64-bit integer holds -9223372036854775808 to 9223372036854775807",
        ),
        (
            d("100"),
            numeric(4, 2),
            "number too large: 3 digits before the point, the column holds 2",
        ),
        (
            d("1.005"),
            numeric(4, 2),
            "too many decimal places: 3, the column holds 2",
        ),
        (d("1.5"), int(32, true), "not a whole number"),
        (
            Value::Int((1 << 53) + 1),
            Type::Float { bits: 64 },
            "whole number not exact in 64-bit float",
        ),
        (
            Value::Float(1e300),
            Type::Float { bits: 32 },
            "number out of range: 32-bit float holds -3.4028234663852886e38 to 3.4028234663852886e38",
        ),
        (Value::Float(f64::NAN), text(None), "not a finite number"),
        (t("1,5"), numeric(4, 2), "not a number"),
        (t(""), int(32, true), "not a number"),
        (
            Value::Int(2),
            Type::Bool,
            "not a truth value: 0, 1, true and false are",
        ),
        (
            t("0000-00-00"),
            Type::Date,
            "not a date (year-month-day, years 1 to 9999)",
        ),
        (
            t("2026-01-31 12:00:00"),
            Type::Date,
            "a point in time that is not midnight does not go into a date",
        ),
        (
            t("25:00:00"),
            Type::Time { digits: 0 },
            "not a time of day (hours:minutes:seconds)",
        ),
        (
            t("soon"),
            Type::Timestamp { digits: 0 },
            "not a point in time (year-month-day hours:minutes:seconds, years 1 to 9999)",
        ),
        (
            wall("2026-01-31 12:00:00.123"),
            Type::DateTime { digits: 0 },
            "3 places of the second's fraction, the column holds 0",
        ),
        (t("x"), Type::Uuid, "not a UUID"),
        (
            t("{"),
            Type::Json,
            "not JSON: EOF while parsing an object at line 1 column 1",
        ),
        (
            Value::Bytes(vec![b'a', 255]),
            text(None),
            "bytes that are not UTF-8 from byte 2",
        ),
        (
            t("a\0"),
            text(None),
            "text with a NUL character at character 2",
        ),
        (
            t("→"),
            charset(Charset::Latin1, None),
            "character `→` (U+2192) does not exist in the column's character set latin1",
        ),
        (
            t("😀"),
            charset(Charset::Utf8Mb3, None),
            "character `😀` (U+1F600) does not exist in the column's character set utf8mb3",
        ),
        (
            t("x"),
            Type::Enum(Arc::from(["a".to_owned(), "b".to_owned()])),
            "not one of the column's values: 'a', 'b'",
        ),
        (
            Value::Bool(true),
            text(None),
            "boolean does not go into text",
        ),
        (Value::Int(1), Type::Date, "integer does not go into date"),
        (
            t("(1,2)"),
            Type::Other("point".into()),
            "text does not go into column type `point`",
        ),
    ] {
        let misfit = convert(value.clone(), &to).expect_err(&format!("{value:?} into {to}"));
        assert_eq!(misfit.to_string(), message, "{value:?} into {to}");
    }
}

#[test]
fn cutting_and_rounding_are_done_only_by_name() {
    let seconds = Type::DateTime { digits: 0 };
    for (value, to, chars, places, expected) in [
        (t("perché no"), text(Some(6)), Some(6), None, t("perché")),
        (d("123.456"), text(Some(6)), Some(5), None, t("123.4")),
        (d("1.005"), numeric(4, 2), None, Some(2), d("1.01")),
        (t("-1.005"), numeric(4, 2), None, Some(2), d("-1.01")),
        (t("1.005"), text(None), None, Some(2), t("1.005")),
        (
            Value::Float(2.5),
            int(8, true),
            None,
            Some(0),
            Value::Int(3),
        ),
        (d("1.005"), text(None), None, Some(2), t("1.01")),
        (
            wall("2026-01-31 12:00:59.999"),
            seconds,
            None,
            Some(0),
            wall("2026-01-31 12:00:59"),
        ),
        (Value::Null, text(None), Some(5), Some(2), Value::Null),
    ] {
        assert_eq!(
            fit(value.clone(), &to, chars, places),
            Ok(expected),
            "{value:?} into {to}"
        );
    }
    assert!(fit(Value::Bool(true), &text(None), Some(1), None).is_err());
}

fn any_value() -> impl Strategy<Value = Value> {
    let moment = (-62_000_000_000i64..250_000_000_000, 0u32..1_000_000_000);
    let moment = moment.prop_filter_map("in range", |(seconds, nanos)| {
        chrono::DateTime::from_timestamp(seconds, nanos)
    });
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        (-3i64..300).prop_map(Value::Int),
        any::<u64>().prop_map(Value::UInt),
        "-?[0-9]{1,25}(\\.[0-9]{0,12})?".prop_map(|text| d(&text)),
        any::<f64>().prop_map(Value::Float),
        any::<f32>().prop_map(|float| Value::Float(float.into())),
        "\\PC{0,12}".prop_map(Value::Text),
        "[-+0-9.eE: TZ]{0,12}".prop_map(Value::Text),
        "[0-9]{4}-[01][0-9]-[0-3][0-9]( [0-2][0-9]:[0-5][0-9](:[0-5][0-9]Z?)?)?"
            .prop_map(Value::Text),
        proptest::collection::vec(any::<u8>(), 0..8).prop_map(Value::Bytes),
        moment
            .clone()
            .prop_map(|moment| Value::Date(moment.date_naive())),
        moment.clone().prop_map(|moment| Value::Time(moment.time())),
        moment
            .clone()
            .prop_map(|moment| Value::DateTime(moment.naive_utc())),
        moment.prop_map(Value::Timestamp),
        any::<u128>().prop_map(|bits| Value::Uuid(uuid::Uuid::from_u128(bits))),
        "[\\[\\]{}\":,a1 ]{0,8}".prop_map(Value::Json),
    ]
}

fn any_type() -> impl Strategy<Value = Type> {
    let charset = prop_oneof![
        Just(Charset::Unicode),
        Just(Charset::Utf8Mb3),
        Just(Charset::Latin1),
        Just(Charset::Ascii)
    ];
    prop_oneof![
        Just(Type::Bool),
        (1u8..=64, any::<bool>()).prop_map(|(bits, signed)| int(bits, signed)),
        (any::<Option<u8>>(), any::<Option<u8>>()).prop_map(|(precision, scale)| Type::Decimal {
            precision: precision.map(u32::from),
            scale: scale.map(u32::from),
        }),
        prop_oneof![Just(32u8), Just(64)].prop_map(|bits| Type::Float { bits }),
        (
            any::<Option<u8>>(),
            any::<Option<u8>>(),
            charset,
            any::<bool>()
        )
            .prop_map(|(chars_max, bytes_max, charset, padded)| Type::Text {
                chars_max: chars_max.map(u64::from),
                bytes_max: bytes_max.map(u64::from),
                charset,
                padded,
            }),
        any::<Option<u8>>().prop_map(|max| Type::Bytes {
            bytes_max: max.map(u64::from)
        }),
        Just(Type::Date),
        (0u8..=9).prop_map(|digits| Type::Time { digits }),
        (0u8..=9).prop_map(|digits| Type::DateTime { digits }),
        (0u8..=9).prop_map(|digits| Type::Timestamp { digits }),
        Just(Type::Uuid),
        Just(Type::Json),
        Just(Type::Enum(Arc::from(["1".to_owned(), "a".to_owned()]))),
        Just(Type::Other("point".to_owned())),
    ]
}

/// The widest column that yields values of the variant.
fn home(value: &Value) -> Type {
    match value {
        Value::Null | Value::Text(_) => text(None),
        Value::Bool(_) => Type::Bool,
        Value::Int(_) => int(64, true),
        Value::UInt(_) => int(64, false),
        Value::Decimal(_) => Type::Decimal {
            precision: None,
            scale: None,
        },
        Value::Float(_) => Type::Float { bits: 64 },
        Value::Bytes(_) => Type::Bytes { bytes_max: None },
        Value::Date(_) => Type::Date,
        Value::Time(_) => Type::Time { digits: 9 },
        Value::DateTime(_) => Type::DateTime { digits: 9 },
        Value::Timestamp(_) => Type::Timestamp { digits: 9 },
        Value::Uuid(_) => Type::Uuid,
        Value::Json(_) => Type::Json,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn what_fits_stays_what_it_is(value in any_value(), to in any_type()) {
        if let Ok(held) = convert(value.clone(), &to) {
            prop_assert_eq!(convert(held.clone(), &to), Ok(held.clone()));
            prop_assert!(crate::value::same(&held, &held, &to));
            prop_assert!(crate::value::same(&value, &held, &to) || matches!(value, Value::Text(_)));
        }
    }

    #[test]
    fn there_and_back_again_is_the_same(value in any_value(), to in any_type()) {
        // A float keeps digits beyond the fifteen that are taken from it.
        if matches!(to, Type::Float { .. }) { return Ok(()) }
        let Ok(held) = convert(value.clone(), &to) else { return Ok(()) };
        let Ok(back) = convert(held.clone(), &home(&value)) else { return Ok(()) };
        prop_assert_eq!(convert(back.clone(), &to), Ok(held));
        // A text may say a number in many ways, and so may a float.
        if !matches!(value, Value::Text(_) | Value::Float(_))
            && !matches!(&value, Value::Bytes(_) | Value::Json(_))
        {
            prop_assert_eq!(back, value);
        }
    }

    #[test]
    fn allowing_all_never_panics(value in any_value(), to in any_type(), chars in 0u32..20, places in any::<u32>()) {
        let _ = fit(value.clone(), &to, Some(chars), Some(places));
        let _ = fit(value.clone(), &to, Some(chars), Some(places % 10));
        prop_assert!(value.show().chars().count() <= SHOWN_CHARS);
    }
}
