use super::*;
use crate::diagnostic::SourceFile;
use crate::value::{Decimal, iso};
use chrono::{DateTime, Utc};
use std::sync::Arc;

mod mistakes;
mod properties;

/// A row with some fields, a tax table, and an article that is linked.
struct Record {
    fields: Vec<(&'static str, Value)>,
    zone: Zone,
}

const TAX_RATE: Slot = 100;
const ARTICLE_LINK: Slot = 101;

impl Resolve for Record {
    fn name(&mut self, name: &Name<'_>) -> Result<Slot, Unknown> {
        let spelled = match name {
            Name::Field(field) => (*field).to_owned(),
            Name::Member(of, member) => format!("{of}.{member}"),
            Name::Text { field, language } => format!("{field}[{language}]"),
            Name::TextNamed { field, alias } => format!("{field}[{alias}]"),
            Name::Lookup {
                table: "tax",
                keys: 1,
                column: "rate",
            } => return Ok(TAX_RATE),
            Name::Link {
                record: "article",
                column: None,
            } => return Ok(ARTICLE_LINK),
            other => format!("{other:?}"),
        };
        match self.fields.iter().position(|(field, _)| *field == spelled) {
            Some(at) => Ok(at as Slot),
            None => Err(Unknown {
                message: format!("unknown field `{spelled}`"),
                candidates: self
                    .fields
                    .iter()
                    .map(|(field, _)| (*field).to_owned())
                    .collect(),
                note: None,
            }),
        }
    }

    fn has_table(&mut self, table: &str) -> bool {
        table == "wp_posts"
    }

    fn has_column(&mut self, table: &str, column: &str) -> bool {
        (table, column) == ("shop.wp_posts", "ID")
    }
}

impl Env for Record {
    fn value(&self, slot: Slot) -> Result<Cow<'_, Value>, EvalError> {
        Ok(Cow::Borrowed(&self.fields[slot as usize].1))
    }

    fn lookup(&self, slot: Slot, keys: &[Value]) -> Result<Cow<'_, Value>, EvalError> {
        match (slot, keys) {
            (TAX_RATE, [Value::Text(class)]) if class == "IVA22" => Ok(Cow::Owned(Value::Int(22))),
            (ARTICLE_LINK, [Value::Text(sku)]) if sku == "A-1" => Ok(Cow::Owned(Value::Int(15))),
            (ARTICLE_LINK, [key]) => Err(EvalError::NotLinked {
                record: "article".into(),
                key: key.show(),
            }),
            _ => Ok(Cow::Owned(Value::Null)),
        }
    }

    fn now(&self) -> DateTime<Utc> {
        utc("2026-07-01 10:00:00.75Z")
    }

    fn zone(&self) -> Zone {
        self.zone
    }
}

fn utc(text: &str) -> DateTime<Utc> {
    match iso::parse_moment(text) {
        Ok(iso::Moment::Utc(moment)) => moment,
        other => panic!("{text}: {other:?}"),
    }
}

fn record() -> Record {
    let decimal = |text: &str| Value::Decimal(Decimal::parse(text).unwrap());
    Record {
        fields: vec![
            ("sku", Value::Text("A-1".into())),
            ("amount", decimal("19.99")),
            ("stock", Value::Int(7)),
            ("ratio", Value::Float(0.1 + 0.2)),
            ("active", Value::Bool(true)),
            ("flag", Value::Int(0)),
            ("none", Value::Null),
            ("name[it]", Value::Text("Caffè \"Crema\" & più".into())),
            ("name[main]", Value::Text("Caffè".into())),
            ("post.ID", Value::UInt(12)),
            ("tax_class", Value::Text("IVA22".into())),
            ("changed", Value::Timestamp(utc("2026-07-01 22:30:00.5Z"))),
            (
                "wall",
                Value::DateTime(utc("2026-03-29 02:30:00Z").naive_utc()),
            ),
            ("day", Value::Date(utc("2026-07-01 00:00:00Z").date_naive())),
            ("blob", Value::Bytes(vec![1, 255])),
            ("big", Value::Int(i64::MAX)),
        ],
        zone: Zone::Named(chrono_tz::Europe::Rome),
    }
}

/// The text as a string in a file of its own: `x = "…"`.
fn parse(text: &str) -> Result<Expr, Box<Diagnostic>> {
    let file = Arc::new(SourceFile::new("test.toml", format!("x = \"{text}\"")));
    Expr::parse(text, Span::new(&file, 5..5 + text.len())).map_err(Box::new)
}

fn resolved(text: &str) -> Resolved {
    let expr = parse(text).unwrap_or_else(|diagnostic| panic!("{text}: {}", diagnostic.message));
    expr.resolve(&mut record())
        .unwrap_or_else(|diagnostics| panic!("{text}: {}", diagnostics[0].message))
}

fn eval(text: &str) -> Result<Value, EvalError> {
    resolved(text).eval(&record())
}

/// Kind and value, so that 1 and 1.0 are told apart where it matters.
fn shown(text: &str) -> String {
    match eval(text) {
        Ok(Value::Null) => "NULL".to_owned(),
        Ok(value) => format!("{} {}", value.kind(), value.show()),
        Err(error) => format!("error: {error}"),
    }
}

#[track_caller]
fn table(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        assert_eq!(shown(text), *expected, "{text}");
    }
}

#[test]
fn numbers_are_exact() {
    table(&[
        ("1 + 2 * 3", "integer 7"),
        ("(1 + 2) * 3", "integer 9"),
        ("10 - 2 - 3", "integer 5"),
        ("- 2 + 5", "integer 3"),
        ("7 / 2", "decimal 3.5"),
        ("2 / 3", "decimal 0.66666666666666666667"),
        ("7 % 4", "integer 3"),
        ("amount * 3", "decimal 59.97"),
        (
            "amount * (1 + tax[tax_class].rate / 100)",
            "decimal 24.3878",
        ),
        (
            "round(amount * (1 + tax[tax_class].rate / 100), 2)",
            "decimal 24.39",
        ),
        ("ratio + 0", "decimal 0.3"),
        ("big + 1", "integer 9223372036854775808"),
        (
            "big * big",
            "decimal 85070591730234615847396907784232501249",
        ),
        ("- (- big - 1)", "integer 9223372036854775808"),
        ("post.ID + 1", "integer 13"),
        ("1 / 0", "error: cannot divide 1 by 0: division by zero"),
        ("5 % 0", "error: cannot compute 5 % 0: division by zero"),
        (
            "sku + 1",
            "error: cannot add 'A-1' and 1; `number(x)` makes one of a text",
        ),
        ("none + 1", "NULL"),
        ("round(2.5)", "decimal 3"),
        ("round(1250, -2)", "integer 1300"),
        ("floor(-1.5)", "decimal -2"),
        ("ceil(stock)", "integer 7"),
        ("abs(-7)", "integer 7"),
    ]);
}

#[test]
fn logic_has_three_values() {
    table(&[
        ("TRUE AND NULL", "NULL"),
        ("FALSE AND NULL", "boolean FALSE"),
        ("NULL AND FALSE", "boolean FALSE"),
        ("TRUE OR NULL", "boolean TRUE"),
        ("NULL OR FALSE", "NULL"),
        ("NOT NULL", "NULL"),
        ("NOT active", "boolean FALSE"),
        ("NOT flag", "boolean TRUE"),
        ("NOT stock = 7 OR active", "boolean TRUE"),
        ("none = none", "NULL"),
        ("none IS NULL", "boolean TRUE"),
        ("sku IS NOT NULL", "boolean TRUE"),
        ("stock IN (1, 7)", "boolean TRUE"),
        ("stock NOT IN (1, NULL)", "NULL"),
        ("stock IN (1, 7, NULL)", "boolean TRUE"),
        ("stock BETWEEN 1 AND 7", "boolean TRUE"),
        ("stock NOT BETWEEN 8 AND NULL", "boolean TRUE"),
        ("stock BETWEEN 7 AND NULL", "NULL"),
        ("active = 1", "boolean TRUE"),
        ("0 < active", "boolean TRUE"),
        ("flag AND 1 / flag = 1", "boolean FALSE"),
        (
            "stock AND TRUE",
            "error: 7 (integer) is neither true nor false",
        ),
        (
            "CASE WHEN none THEN 1 WHEN active THEN 2 ELSE 3 END",
            "integer 2",
        ),
        ("CASE stock WHEN 1 THEN 'a' WHEN 7 THEN 'b' END", "text 'b'"),
        ("CASE none WHEN NULL THEN 'a' END", "NULL"),
        ("coalesce(none, 2, 1 / 0)", "integer 2"),
        ("nullif(sku, 'A-1')", "NULL"),
        ("nullif(stock, none)", "integer 7"),
    ]);
}

#[test]
fn comparisons_stay_within_a_kind() {
    table(&[
        ("amount > 19", "boolean TRUE"),
        ("amount = 19.990", "boolean TRUE"),
        ("stock <> 7.0", "boolean FALSE"),
        ("ratio = 0.3", "boolean TRUE"),
        ("'Z' < 'a'", "boolean TRUE"),
        ("'10' < '9'", "boolean TRUE"),
        (
            "sku = 1",
            "error: cannot compare 'A-1' (text) with 1 (integer); `number(x)` makes a number of a text",
        ),
        (
            "day = '2026-07-01'",
            "error: cannot compare 2026-07-01 (date) with '2026-07-01' (text); `date(x)` makes a date of a text",
        ),
        ("day = date('2026-07-01')", "boolean TRUE"),
        ("day < changed", "boolean TRUE"),
        ("wall < day", "boolean TRUE"),
        ("sku LIKE 'A-_'", "boolean TRUE"),
        ("sku LIKE 'a%'", "boolean FALSE"),
        ("sku NOT LIKE '%1'", "boolean FALSE"),
        ("'aXbXc' LIKE '%X%c'", "boolean TRUE"),
        ("'' LIKE '%%'", "boolean TRUE"),
        ("'ab' LIKE '_'", "boolean FALSE"),
        ("none LIKE '%'", "NULL"),
    ]);
}

#[test]
fn texts_are_joined_and_changed() {
    table(&[
        ("'it''s ' || stock || '/' || amount", "text 'it's 7/19.99'"),
        ("sku || none", "NULL"),
        (
            "sku || active",
            "error: cannot join 'A-1' and TRUE; `text(x)` makes `true` or `false` of a boolean",
        ),
        ("text(active)", "text 'true'"),
        ("text(1.50)", "text '1.5'"),
        ("plain(12.00)", "text '12'"),
        ("money(12)", "text '12.00'"),
        ("money(-0.505)", "text '-0.51'"),
        ("text(changed)", "text '2026-07-01T22:30:00.5Z'"),
        (
            "text(day) || ' ' || text(wall)",
            "text '2026-07-01 2026-03-29 02:30:00'",
        ),
        ("upper(name[main])", "text 'CAFFÈ'"),
        ("LOWER('ÀB')", "text 'àb'"),
        ("length(name[main])", "integer 5"),
        ("substr('abcdef', 2, 3)", "text 'bcd'"),
        ("substr('abc', 3)", "text 'c'"),
        ("substr('abc', 9)", "text ''"),
        ("substr('abc', 0)", "error: substr: 0 is below 1"),
        ("replace('a.b.c', '.', '')", "text 'abc'"),
        ("replace('abc', '', 'x')", "text 'abc'"),
        ("cut(name[main], 3)", "text 'Caf'"),
        ("trim('  a b ')", "text 'a b'"),
        ("html(name['it'])", "text 'Caffè \"Crema\" &amp; più'"),
        ("slug(name['it'])", "text 'caffe-crema-piu'"),
        ("slug('!')", "NULL"),
        ("md5('abc')", "text '900150983cd24fb0d6963f7d28e17f72'"),
        ("unique(slug(name[main]))", "text 'caffe'"),
        ("number(' 1.50 ')", "decimal 1.5"),
        ("number('')", "NULL"),
        ("number(sku)", "error: number('A-1'): not a number"),
        (
            "upper(blob)",
            "error: upper(x'01ff'): no text form of a binary value",
        ),
    ]);
}

#[test]
fn times_know_the_zone() {
    table(&[
        ("now()", "timestamp 2026-07-01T10:00:00Z"),
        ("local(now())", "time without zone 2026-07-01 12:00:00"),
        ("utc(wall)", "timestamp 2026-03-29T01:30:00Z"),
        ("utc(local(changed)) = changed", "boolean TRUE"),
        ("date(changed)", "date 2026-07-02"),
        ("CAST(changed AS date)", "date 2026-07-02"),
        ("date(wall)", "date 2026-03-29"),
        ("unix(now())", "integer 1782900000"),
        ("unix(day)", "integer 1782856800"),
        ("unix_end(day) - unix(day)", "integer 86399"),
        ("date('2024-02-28') + 2", "date 2024-03-01"),
        ("date('2024-03-01') - 1", "date 2024-02-29"),
        ("unix_end(none)", "NULL"),
        (
            "date('soon')",
            "error: date('soon'): not a date (year-month-day, years 1 to 9999)",
        ),
        (
            "local(day)",
            "error: local(2026-07-01): a timestamp is wanted, this is a date",
        ),
    ]);
}

#[test]
fn casts_lose_nothing() {
    table(&[
        ("CAST(' 12 ' AS integer)", "integer 12"),
        (
            "CAST(1.5 AS INTEGER)",
            "error: CAST(1.5 AS integer): not a whole number",
        ),
        ("CAST('1.50' AS decimal)", "decimal 1.5"),
        ("CAST(active AS text)", "text 'true'"),
        ("CAST('1' AS boolean)", "boolean TRUE"),
        ("CAST(active AS integer)", "integer 1"),
        ("CAST(none AS date)", "NULL"),
    ]);
}

#[test]
fn look_ups_get_their_keys() {
    table(&[
        ("tax[tax_class].rate", "integer 22"),
        ("tax['x'].rate", "NULL"),
        ("link('article', sku)", "integer 15"),
        (
            "link('article', 'B')",
            "error: article `'B'` is not linked yet",
        ),
    ]);
    let expr = parse("link('category', c.id).term").unwrap();
    assert_eq!(expr.as_link(), Some(("category", Some("term"))));
    assert_eq!(parse("link('category', c.id) + 1").unwrap().as_link(), None);
}

#[test]
fn what_is_constant_is_computed_once() {
    let constant = |text: &str| resolved(text).as_constant().cloned();
    assert_eq!(
        constant("has_column('shop.wp_posts.ID')"),
        Some(Value::Bool(true))
    );
    assert_eq!(
        constant("has_table('x') AND stock = 7"),
        Some(Value::Bool(false))
    );
    assert_eq!(
        constant("CASE WHEN has_table('wp_posts') THEN 'a' ELSE sku END"),
        Some(Value::Text("a".into()))
    );
    assert_eq!(constant("1 + 2 * 3"), Some(Value::Int(7)));
    assert_eq!(constant("now()"), None);
    assert_eq!(constant("1 / 0"), None);
    assert_eq!(resolved("amount").as_slot(), Some(1));
    assert_eq!(resolved("(amount)").as_slot(), Some(1));
    assert_eq!(resolved("amount + 0").as_slot(), None);
    assert!(parse("unique(sku)").unwrap().is_unique());
    assert!(resolved("stock = 7").holds(&record()).unwrap());
    assert!(!resolved("none").holds(&record()).unwrap());
}

#[test]
fn names_are_listed_with_their_places() {
    let expr = parse("name[main] || tax[tax_class].rate || post.ID || link('a', sku).x").unwrap();
    let names: Vec<_> = expr
        .names()
        .into_iter()
        .map(|(name, at)| (name, at.line_column().1))
        .collect();
    assert_eq!(
        names,
        [
            (
                Name::TextNamed {
                    field: "name",
                    alias: "main"
                },
                6
            ),
            (
                Name::Lookup {
                    table: "tax",
                    keys: 1,
                    column: "rate"
                },
                20
            ),
            (Name::Field("tax_class"), 24),
            (Name::Member("post", "ID"), 43),
            (
                Name::Link {
                    record: "a",
                    column: Some("x")
                },
                54
            ),
            (Name::Field("sku"), 64),
        ]
    );
}

#[test]
fn every_function_is_described_and_sorted() {
    let names: Vec<_> = function::FUNCTIONS
        .iter()
        .map(|function| function.name)
        .collect();
    assert!(names.is_sorted());
    for function in function::FUNCTIONS {
        assert!(
            function
                .signature
                .starts_with(&format!("{}(", function.name))
        );
        assert!(!function.doc.ends_with('.'), "{}", function.doc);
    }
}

#[test]
fn members_and_tables_are_known_before_resolving() {
    let expr = parse(
        "CASE WHEN has_column('p.t.c') AND NOT has_table('u') THEN link('category', c.id) END",
    )
    .unwrap();
    assert_eq!(expr.tables(), ["p.t", "u"]);
    assert!(expr.mentions("c"));
    assert!(!expr.mentions("id"));
}
