use super::*;
use proptest::prelude::*;
use std::hash::{DefaultHasher, Hash, Hasher};

fn d(text: &str) -> Decimal {
    Decimal::parse(text).unwrap()
}

#[test]
fn texts_are_read_exactly_and_printed_plainly() {
    for (text, plain) in [
        ("0", "0"),
        ("-0.00", "0"),
        ("+7", "7"),
        ("1.50", "1.5"),
        ("-.5", "-0.5"),
        ("5.", "5"),
        ("1200", "1200"),
        ("1.2e3", "1200"),
        ("1.2E-3", "0.0012"),
        ("0e999999999999999999999", "0"),
        (
            "0.000000000000000000000000000000000000000000000001",
            "0.000000000000000000000000000000000000000000000001",
        ),
        (
            "123456789012345678901234567890123456789012345.678",
            "123456789012345678901234567890123456789012345.678",
        ),
    ] {
        assert_eq!(d(text).to_plain(), plain, "{text}");
    }
}

#[test]
fn what_is_no_number_or_too_long_is_refused() {
    for text in [
        "", ".", "-", "+-1", "1 ", "1,5", "1_000", "e5", "1e", "1e+", "0x1", "NaN", "inf", "1.2.3",
        "١",
    ] {
        assert_eq!(Decimal::parse(text), Err(DecimalError::Syntax), "{text}");
    }
    for text in [
        "1e999999999",
        "1e-999999999",
        "-1e99999999999999999999",
        "1e1000",
        "1e-1001",
    ] {
        assert_eq!(
            Decimal::parse(text),
            Err(DecimalError::TooManyDigits),
            "{text}"
        );
    }
    assert_eq!(
        DecimalError::TooManyDigits.to_string(),
        "more than 1000 digits before or after the point"
    );
    assert_eq!(d("1e999").digits_before(), 1000);
    assert_eq!(d("1e-1000").digits_after(), 1000);
    let far = |scale| Decimal::try_from(BigDecimal::new(BigInt::from(1), scale));
    assert_eq!(far(-i64::MAX), Err(DecimalError::TooManyDigits));
    assert_eq!(far(i64::MAX), Err(DecimalError::TooManyDigits));
    assert_eq!(far(1001), Err(DecimalError::TooManyDigits));
    assert_eq!(far(-999).map(|number| number.digits_before()), Ok(1000));
}

#[test]
fn halves_are_rounded_away_from_zero() {
    for (text, places, rounded) in [
        ("2.5", 0, "3"),
        ("-2.5", 0, "-3"),
        ("2.4999", 0, "2"),
        ("1.005", 2, "1.01"),
        ("-1.005", 2, "-1.01"),
        ("1.5", 5, "1.5"),
        ("0.4", 0, "0"),
        ("0.5", 0, "1"),
        ("0.05", 0, "0"),
        ("1250", -2, "1300"),
        ("49", -2, "0"),
        ("50", -2, "100"),
        ("50", i32::MIN, "0"),
        ("0.99", 1, "1"),
    ] {
        assert_eq!(d(text).round(places), d(rounded), "{text} to {places}");
    }
    assert_eq!((d("-1.5").floor(), d("-1.5").ceil()), (d("-2"), d("-1")));
    assert_eq!((d("1.5").floor(), d("1.5").ceil()), (d("1"), d("2")));
    assert_eq!((d("3").floor(), d("3").ceil()), (d("3"), d("3")));
}

#[test]
fn quotients_have_twenty_places() {
    assert_eq!(d("2").div(&d("3")), Some(d("0.66666666666666666667")));
    assert_eq!(d("-2").div(&d("3")), Some(d("-0.66666666666666666667")));
    assert_eq!(d("1").div(&d("8")), Some(d("0.125")));
    assert_eq!(d("1e-30").div(&d("1")), Some(d("1e-30")));
    assert_eq!(d("1").div(&d("0")), None);
    assert_eq!(d("-7.5").rem(&d("2")), Some(d("-1.5")));
}

#[test]
fn digits_are_counted_without_idle_zeros() {
    for (text, before, after) in [
        ("0", 0, 0),
        ("0.5", 0, 1),
        ("12.50", 2, 1),
        ("-100", 3, 0),
        ("0.001", 0, 3),
    ] {
        assert_eq!(
            (d(text).digits_before(), d(text).digits_after()),
            (before, after),
            "{text}"
        );
    }
}

#[test]
fn floats_are_read_at_fifteen_digits() {
    for (float, plain) in [
        (0.1, "0.1"),
        (0.1 + 0.2, "0.3"),
        (19.99, "19.99"),
        (-1e-7, "-0.0000001"),
        (9_007_199_254_740_991.0, "9007199254740991"),
        (1e20, "100000000000000000000"),
    ] {
        assert_eq!(Decimal::from_f64_15(float).unwrap().to_plain(), plain);
    }
    assert!(Decimal::from_f64_15(f64::MAX).is_some());
    assert!(Decimal::from_f64_15(f64::MIN_POSITIVE / 4.0).is_some());
    assert_eq!(Decimal::from_f64_15(f64::NAN), None);
    assert_eq!(Decimal::from_f64_15(f64::INFINITY), None);
    assert_eq!(d("1e400").to_f64(), None);
}

fn hash(decimal: &Decimal) -> u64 {
    let mut hasher = DefaultHasher::new();
    decimal.hash(&mut hasher);
    hasher.finish()
}

/// Texts with up to 60 digits before and 40 after the point, idle zeros included.
fn number() -> impl Strategy<Value = String> {
    "-?(0|[0-9]{1,20}|[0-9]{1,60})(\\.[0-9]{1,40}|\\.[0-9]{1,3}0{0,3})?"
}

proptest! {
    #[test]
    fn parsing_never_panics(text in "\\PC{0,12}|[-+0-9.eE]{0,24}") {
        if let Ok(number) = Decimal::parse(&text) {
            prop_assert!(number.is_bounded());
            prop_assert_eq!(Decimal::parse(&number.to_plain()), Ok(number));
        }
    }

    #[test]
    fn arithmetic_agrees_with_bigdecimal(a in number(), b in number()) {
        let (big_a, big_b): (BigDecimal, BigDecimal) = (a.parse().unwrap(), b.parse().unwrap());
        let (a, b) = (d(&a), d(&b));
        prop_assert_eq!((&a + &b).to_bigdecimal(), &big_a + &big_b);
        prop_assert_eq!((&a - &b).to_bigdecimal(), &big_a - &big_b);
        prop_assert_eq!((&a * &b).to_bigdecimal(), &big_a * &big_b);
        prop_assert_eq!(a.cmp(&b), big_a.cmp(&big_b));
        prop_assert_eq!(Decimal::try_from(big_a), Ok(a));
    }

    #[test]
    fn rounding_agrees_with_bigdecimal(a in number(), places in -10i32..45) {
        let big: BigDecimal = a.parse().unwrap();
        let rounded = big.with_scale_round(i64::from(places), bigdecimal::RoundingMode::HalfUp);
        prop_assert_eq!(d(&a).round(places).to_bigdecimal(), rounded);
    }

    #[test]
    fn a_quotient_is_off_by_at_most_half_a_unit(a in number(), b in number()) {
        let (a, b) = (d(&a), d(&b));
        if let Some(quotient) = a.div(&b) {
            let error = (&(&quotient * &b) - &a).abs();
            let unit = d(&format!("1e-{}", QUOTIENT_PLACES.max(a.digits_after())));
            prop_assert!(error * d("2") <= (unit * b.abs()));
        }
    }

    #[test]
    fn idle_zeros_change_nothing(whole in any::<i64>(), zeros in 1usize..30) {
        let plain = Decimal::from(whole);
        let padded = d(&format!("{whole}.{}", "0".repeat(zeros)));
        prop_assert_eq!(&plain, &padded);
        prop_assert_eq!(hash(&plain), hash(&padded));
        prop_assert_eq!(plain.cmp(&padded), Ordering::Equal);
        prop_assert_eq!(padded.to_i64(), Some(whole));
    }

    #[test]
    fn floats_of_fifteen_digits_survive(digits in 1u64..1_000_000_000_000_000, exponent in -30i32..15) {
        let exact = d(&format!("{digits}e{exponent}"));
        prop_assert_eq!(Decimal::from_f64_15(exact.to_f64().unwrap()), Some(exact));
    }
}
