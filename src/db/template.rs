//! A server's own SQL with `:names` to bind: `… WHERE post_id IN (:id) AND date >= :orders_since`.
//!
//! Names are found outside of quoted texts, quoted identifiers, comments and PostgreSQL's `::casts` and `$$` texts,
//! so that what looks like a name inside them stays as it is.

use super::query::{Part, Query};
use crate::value::Value;

/// What a name stands for: one value, or a list within `IN (…)`.
#[derive(Debug, Clone)]
pub enum Bound {
    One(Value),
    Many(Vec<Value>),
}

/// The text in pieces: SQL between names, and names.
#[derive(Debug, PartialEq, Eq)]
enum Piece<'a> {
    Sql(&'a str),
    Name(&'a str),
}

/// The names in a text, in order, with repetitions.
pub fn names(text: &str) -> Vec<&str> {
    pieces(text)
        .into_iter()
        .filter_map(|piece| match piece {
            Piece::Name(name) => Some(name),
            Piece::Sql(_) => None,
        })
        .collect()
}

/// Binds every name; `Err` holds a name that `with` does not know.
pub fn bind(text: &str, with: impl Fn(&str) -> Option<Bound>) -> Result<Query, &str> {
    let mut query = Query::default();
    for piece in pieces(text) {
        query = query.push(match piece {
            Piece::Sql(sql) => Part::Sql(sql.to_owned()),
            Piece::Name(name) => match with(name).ok_or(name)? {
                Bound::One(value) => Part::Value(value),
                Bound::Many(values) => Part::List(values),
            },
        });
    }
    Ok(query)
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let (mut start, mut at) = (0, 0);
    while at < bytes.len() {
        let rest = &text[at..];
        let skip = match bytes[at] {
            quote @ (b'\'' | b'"' | b'`') => quoted(rest, quote),
            b'[' if is_name(&text[..at]) => quoted(rest, b']'),
            b'-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            b'/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            b'$' => dollar_quoted(rest),
            b':' if rest.starts_with("::") || rest.starts_with(":=") => 2,
            b':' => {
                let name = dotted(&rest[1..]);
                if name.is_empty() {
                    1
                } else {
                    found.push(Piece::Sql(&text[start..at]));
                    found.push(Piece::Name(name));
                    at += 1 + name.len();
                    start = at;
                    continue;
                }
            }
            // The bytes of a character beyond ASCII are never one of the signs above.
            _ => 1,
        };
        at += skip;
        while at < bytes.len() && !text.is_char_boundary(at) {
            at += 1;
        }
    }
    found.push(Piece::Sql(&text[start..]));
    found
}

/// Whether a bracket after this text opens a name of SQL Server's (`[CRONUS$Item$4f]`), not a place in an array, which stands right behind
/// the array.
pub(super) fn is_name(before: &str) -> bool {
    let is_value = |sign: char| sign.is_alphanumeric() || "_])\"'".contains(sign);
    !before.ends_with(is_value)
}

/// Length of the quoted text at the start of `text`; a doubled quote continues it.
fn quoted(text: &str, quote: u8) -> usize {
    let bytes = text.as_bytes();
    let mut at = 1;
    while at < bytes.len() {
        if bytes[at] == quote {
            if bytes.get(at + 1) != Some(&quote) {
                return at + 1;
            }
            at += 1;
        }
        at += 1;
    }
    bytes.len()
}

/// Length of a `$$ … $$` or `$tag$ … $tag$` text, or 1 for a lone dollar sign.
fn dollar_quoted(text: &str) -> usize {
    let tag = identifier(&text[1..]);
    let open = tag.len() + 2;
    if text.as_bytes().get(open - 1) != Some(&b'$') {
        return 1;
    }
    match text[open..].find(&text[..open]) {
        Some(end) => open + end + open,
        None => text.len(),
    }
}

/// A name, or two joined by a dot: `:category.term_taxonomy_id`.
fn dotted(text: &str) -> &str {
    let first = identifier(text);
    match text[first.len()..].strip_prefix('.').map(identifier) {
        Some(second) if !first.is_empty() && !second.is_empty() => {
            &text[..first.len() + 1 + second.len()]
        }
        _ => first,
    }
}

fn identifier(text: &str) -> &str {
    let letter = |c: char| c.is_ascii_alphabetic() || c == '_';
    match text.chars().next() {
        Some(first) if letter(first) => {
            let end = text
                .find(|c: char| !letter(c) && !c.is_ascii_digit())
                .unwrap_or(text.len());
            &text[..end]
        }
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_outside_quotes_comments_and_casts() {
        let text = "SELECT ':a', \":b\", `:c`, x::text, $$:d$$, $t$ :e $t$ -- :f\n/* :g */ FROM t WHERE è = :id AND b IN (:list) AND c = ':it''s :no' AND d=:id AND e IN (:post.ID)";
        assert_eq!(names(text), ["id", "list", "id", "post.ID"]);
    }

    #[test]
    fn brackets_hold_a_name_or_a_place_in_an_array() {
        let text = "SELECT a.[x:y], [A$Item$4f], b[:i], ARRAY[:j] FROM [t]]:u] WHERE a = :k AND b = [:l$Item$]";
        assert_eq!(names(text), ["i", "j", "k"]);
    }

    #[test]
    fn nothing_of_the_text_is_lost() {
        for text in [
            "", ":", "a:b", "'open :x", "::", "$", "$1 :x", "/* open", "x := 3",
        ] {
            let whole: String = pieces(text)
                .into_iter()
                .map(|piece| match piece {
                    Piece::Sql(sql) => sql.to_owned(),
                    Piece::Name(name) => format!(":{name}"),
                })
                .collect();
            assert_eq!(whole, text);
        }
    }

    #[test]
    fn an_unknown_name_is_told() {
        assert_eq!(bind("a = :what", |_| None), Err("what"));
    }
}
