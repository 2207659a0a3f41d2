//! What holds for any expression.

use super::*;
use crate::expr::{function, lexer};
use proptest::prelude::*;

/// Texts of expressions, from the grammar.
fn expression() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        "[a-z_][a-z0-9_]{0,3}",
        "[èü]{1,2}",
        "\"[a-zA-Z \"\"]{0,3}\""
    ]
    .prop_filter("a keyword or an open quote", |name| {
        !lexer::is_keyword(name) && (!name.starts_with('"') || name.matches('"').count() == 2)
    });
    let text = "'([a-z%_ è]|''){0,4}'";
    let leaf = prop_oneof![
        "[0-9]{1,22}(\\.[0-9]{1,4})?",
        text,
        Just("NULL".to_owned()),
        Just("true".to_owned()),
        name.clone(),
        (name.clone(), "[a-z]{1,3}").prop_map(|(of, name)| format!("{of}.{name}")),
        (name.clone(), text).prop_map(|(field, language)| format!("{field}[{language}]")),
        name.clone().prop_map(|field| format!("{field}[main]")),
        (name.clone(), "[a-z]{1,3}").prop_map(|(field, code)| format!("{field}[l.{code}]")),
        Just("now()".to_owned()),
        Just("has_column('a.b.c')".to_owned()),
    ];
    leaf.prop_recursive(5, 40, 4, move |inner| {
        let pair = (inner.clone(), inner.clone());
        let operator = proptest::sample::select(vec!["+", "-", "*", "/", "%", "||"]);
        let comparison = proptest::sample::select(vec!["=", "<>", "!=", "<", "<=", ">", ">="]);
        let logic = proptest::sample::select(vec!["AND", "or"]);
        let not = proptest::sample::select(vec!["", "NOT "]);
        prop_oneof![
            (pair.clone(), operator).prop_map(|((a, b), op)| format!("{a} {op} {b}")),
            (pair.clone(), comparison).prop_map(|((a, b), op)| format!("({a}) {op} ({b})")),
            (pair.clone(), logic).prop_map(|((a, b), op)| format!("{a} {op} {b}")),
            inner.clone().prop_map(|a| format!("({a})")),
            inner.clone().prop_map(|a| format!("- {a}")),
            inner.clone().prop_map(|a| format!("NOT ({a})")),
            (inner.clone(), not.clone()).prop_map(|(a, not)| format!("({a}) IS {not}NULL")),
            (pair.clone(), not.clone()).prop_map(|((a, b), not)| format!("({a}) {not}IN ({b}, 1)")),
            (pair.clone(), not.clone())
                .prop_map(|((a, b), not)| format!("({a}) {not}BETWEEN ({b}) AND 1")),
            (pair.clone(), not).prop_map(|((a, b), not)| format!("({a}) {not}LIKE ({b})")),
            pair.clone()
                .prop_map(|(a, b)| format!("CASE WHEN {a} THEN {b} END")),
            pair.clone()
                .prop_map(|(a, b)| format!("CASE {a} WHEN 1 THEN {b} ELSE {a} END")),
            inner.clone().prop_map(|a| format!("CAST({a} AS decimal)")),
            pair.clone()
                .prop_map(|(a, b)| format!("Coalesce({a}, {b})")),
            pair.clone()
                .prop_map(|(a, b)| format!("link('r', {a}, {b}).col")),
            pair.prop_map(|(a, b)| format!("t[{a}, {b}].col")),
        ]
    })
}

/// Knows every name, and gives every name the same value.
struct Anything(Value);

impl Resolve for Anything {
    fn name(&mut self, _: &Name<'_>) -> Result<Slot, Unknown> {
        Ok(0)
    }

    fn has_table(&mut self, _: &str) -> bool {
        true
    }

    fn has_column(&mut self, _: &str, _: &str) -> bool {
        false
    }
}

impl Env for Anything {
    fn value(&self, _: Slot) -> Result<Cow<'_, Value>, EvalError> {
        Ok(Cow::Borrowed(&self.0))
    }

    fn lookup(&self, _: Slot, _: &[Value]) -> Result<Cow<'_, Value>, EvalError> {
        Ok(Cow::Borrowed(&self.0))
    }

    fn now(&self) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH
    }

    fn zone(&self) -> Zone {
        Zone::Named(chrono_tz::America::New_York)
    }
}

#[test]
fn functions_never_panic() {
    let written = [
        "NULL",
        "0",
        "-1",
        "3",
        "99999999999",
        "1.5",
        "'a b'",
        "''",
        "'12'",
        "TRUE",
        "a",
        "'2026-01-01'",
    ];
    let extremes = [
        Value::Date(chrono::NaiveDate::MAX),
        Value::Date(chrono::NaiveDate::MIN),
        Value::DateTime(chrono::NaiveDateTime::MIN),
        Value::DateTime(chrono::NaiveDateTime::MAX),
        Value::Timestamp(DateTime::<Utc>::MIN_UTC),
        Value::Timestamp(DateTime::<Utc>::MAX_UTC),
        Value::Float(1e300),
        Value::Int(i64::MIN),
        Value::Bytes(vec![7]),
    ];
    let mut lists: Vec<String> = written.iter().map(|a| (*a).to_owned()).collect();
    lists.extend(
        written
            .iter()
            .flat_map(|a| written.iter().map(move |b| format!("{a}, {b}"))),
    );
    lists.extend(
        written
            .iter()
            .flat_map(|a| written.iter().map(move |b| format!("a, {a}, {b}"))),
    );
    lists.push(String::new());
    for (function, list) in function::FUNCTIONS
        .iter()
        .flat_map(|f| lists.iter().map(move |list| (f, list)))
    {
        let text = format!("{}({list})", function.name);
        let Ok(expr) = parse(&text) else { continue };
        let resolved = expr.resolve(&mut Anything(Value::Null)).unwrap();
        for value in &extremes {
            for zone in ["America/New_York", "Asia/Tokyo", "-3"] {
                let row = Record {
                    fields: vec![("a", value.clone())],
                    zone: zone.parse().unwrap(),
                };
                let _ = resolved.eval(&row);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn parsing_never_panics(text in "\\PC{0,30}|([a-z'\"(),.=<>|+*/ -]|NOT |CASE |WHEN |IN |\\[|\\]){0,30}") {
        if let Ok(expr) = parse(&text) {
            let _ = expr.resolve(&mut Anything(Value::Null));
        }
    }

    #[test]
    fn a_printed_tree_reads_as_the_same_tree(text in expression()) {
        // Operators of the grammar may meet in ways that do not chain; those texts say nothing.
        if let Ok(expr) = parse(&text) {
            let printed = expr.to_string();
            let again = parse(&printed).map_err(|error| TestCaseError::fail(format!("{printed}: {}", error.message)))?;
            prop_assert_eq!(&again.root, &expr.root, "{}", printed);
        }
    }

    #[test]
    fn evaluation_never_panics(text in expression(), number in any::<i64>(), word in "[a-z0-9]{0,3}") {
        if let Ok(expr) = parse(&text) {
            let values = [
                Value::Null, Value::Int(number), Value::UInt(u64::MAX), Value::Text(word), Value::Bool(true),
                Value::Float(0.1), Value::Date(chrono::NaiveDate::MAX), Value::Timestamp(DateTime::<Utc>::MAX_UTC),
            ];
            for value in values {
                let resolved = expr.resolve(&mut Anything(Value::Null)).unwrap();
                let _ = resolved.eval(&Anything(value));
            }
        }
    }

    #[test]
    fn arithmetic_agrees_with_exact_decimals(a in any::<i64>(), b in any::<i64>(), places in 0u32..6) {
        let exact = |number: i64| Decimal::parse(&format!("{number}e-{places}")).unwrap();
        let (x, y) = (exact(a), exact(b));
        let (big_x, big_y) = (x.to_bigdecimal(), y.to_bigdecimal());
        for (sign, expected) in [("+", &big_x + &big_y), ("-", &big_x - &big_y), ("*", &big_x * &big_y)] {
            let value = resolved(&format!("({x}) {sign} ({y})")).eval(&record()).unwrap();
            prop_assert_eq!(value.to_decimal().unwrap().to_bigdecimal(), expected);
        }
    }
}
