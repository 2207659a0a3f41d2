//! What is refused, at which place, and with which advice.

use super::*;

/// Code, message, the text under the caret, and the help.
fn refused(text: &str) -> (String, String) {
    let diagnostic = match parse(text) {
        Err(diagnostic) => *diagnostic,
        Ok(expr) => expr.resolve(&mut record()).expect_err(text).remove(0),
    };
    let at = diagnostic.at.expect("a place");
    let marked = &at.file.text[at.range];
    let first = format!("{} {} [{marked}]", diagnostic.code, diagnostic.message);
    (first, diagnostic.help.unwrap_or_default())
}

#[test]
fn mistakes_are_shown_at_their_place() {
    for (text, expected) in [
        ("", "P201 an expression is missing []"),
        ("1 +", "P201 the expression ends too early []"),
        ("(1", "P201 the expression ends too early []"),
        ("1 2", "P201 `2` does not belong here [2]"),
        ("a == 1", "P201 `==` is not part of an expression [==]"),
        ("a && b", "P201 `&&` is not part of an expression [&&]"),
        ("'abc", "P201 the text in quotes does not end [']"),
        ("1e3", "P201 `1e3` is neither a number nor a name [1e3]"),
        ("a = b = c", "P201 comparisons do not chain [=]"),
        ("a IS 1", "P201 `1` does not belong here [1]"),
        ("a IN ()", "P201 the list after `IN` is empty [a IN ()]"),
        ("CASE 1 END", "P201 `END` does not belong here [END]"),
        (
            "CAST(1 AS money)",
            "P201 `money` does not belong here [money]",
        ),
        ("rond(1)", "P202 unknown function `rond` [rond]"),
        (
            "1 + concat(a, b)",
            "P202 unknown function `concat` [concat]",
        ),
        (
            "round(1, 2, 3)",
            "P203 `round` takes 1 to 2 arguments, not 3 [round(1, 2, 3)]",
        ),
        (
            "coalesce()",
            "P203 `coalesce` takes at least 1 argument, not 0 [coalesce()]",
        ),
        ("now(1)", "P203 `now` takes no arguments, not 1 [now(1)]"),
        (
            "has_column(sku)",
            "P204 the first argument of `has_column` is written out in quotes [sku]",
        ),
        (
            "has_column('sku')",
            "P204 the first argument of `has_column` is written out in quotes ['sku']",
        ),
        (
            "'a' || unique(sku)",
            "P205 `unique` stands inside of an expression [unique(sku)]",
        ),
        (
            "tax['a', 'b']",
            "P207 which column of `tax` is not said [tax['a', 'b']]",
        ),
        ("1 + wieght", "P210 unknown field `wieght` [wieght]"),
        ("post.id2", "P210 unknown field `post.id2` [post.id2]"),
    ] {
        assert_eq!(refused(text).0, expected, "{text}");
    }
}

#[test]
fn mistakes_say_what_would_be_right() {
    for (text, help) in [
        ("a == 1", "equality is `=`"),
        (
            "rond(1)",
            "did you mean `round(x, places = 0)`: rounded half away from zero; negative places round to tens, hundreds?",
        ),
        ("concat(a, b)", "texts are joined with `||`"),
        (
            "round()",
            "`round(x, places = 0)`: rounded half away from zero; negative places round to tens, hundreds",
        ),
        ("amuont", "did you mean `amount`?"),
        (
            "sku = \"something\"",
            "double quotes are for names; a text stands in single ones: `'text'`",
        ),
        ("end", "a field of that name is quoted: `\"end\"`"),
        (
            "a IS TRUE",
            "`IS` asks for `NULL` only; all else is compared with `=`",
        ),
    ] {
        assert_eq!(refused(text).1, help, "{text}");
    }
}

#[test]
fn a_text_that_the_file_writes_differently_is_marked_whole() {
    let file = Arc::new(SourceFile::new("test.toml", "x = \"a == \\\"b\\\"\""));
    let at = Span::new(&file, 5..15);
    let diagnostic = Expr::parse("a == \"b\"", at.clone()).unwrap_err();
    assert_eq!(diagnostic.at, Some(at));
    // A span that includes the quotes is good too.
    let file = Arc::new(SourceFile::new("test.toml", "x = 'a == b'"));
    let diagnostic = Expr::parse("a == b", Span::new(&file, 4..12)).unwrap_err();
    assert_eq!(diagnostic.at, Some(Span::new(&file, 7..9)));
}

#[test]
fn depth_and_length_are_bounded() {
    let nested = |levels: usize| format!("{}1{}", "(".repeat(levels), ")".repeat(levels));
    assert!(parse(&nested(99)).is_ok());
    assert_eq!(parse(&nested(5000)).unwrap_err().code, "P206");
    let deepest = format!("1{}", " + 1".repeat(99));
    let tree = parse(&deepest).unwrap();
    assert_eq!(shown(&deepest), "integer 100");
    assert_eq!(tree.to_string().len(), 99 * 6 + 1);
    assert_eq!(
        parse(&format!("1{}", " || 1".repeat(100)))
            .unwrap_err()
            .code,
        "P206"
    );
    assert_eq!(parse(&"NOT ".repeat(4000)).unwrap_err().code, "P206");
    assert_eq!(parse(&"-(".repeat(4000)).unwrap_err().code, "P206");
    assert_eq!(parse(&"CASE WHEN ".repeat(1500)).unwrap_err().code, "P206");
    assert_eq!(parse(&" ".repeat(20_000)).unwrap_err().code, "P206");
}
