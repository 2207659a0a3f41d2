//! Passwords that stand in a project file in plain text: messages quote lines of the file, and must not show them.
//!
//! The file is masked as text, before it is parsed, since a syntax error's line is quoted too.

use std::ops::Range;

/// The text with every password replaced by as many `*` as it has bytes, so that all places and lines stay
/// where they are.
/// `${NAME}` is no secret and stays.
pub fn masked(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let found = in_urls(text).into_iter().chain(in_keys(text));
    for range in found.chain(in_keywords(text)) {
        let line = |byte: &&mut u8| !matches!(**byte, b'\r' | b'\n');
        bytes[range]
            .iter_mut()
            .filter(line)
            .for_each(|byte| *byte = b'*');
    }
    // Only whole texts between ASCII signs were replaced, by ASCII.
    String::from_utf8(bytes).unwrap_or_default()
}

/// The password within the user info of a URL, and where it stands. `url` is the whole URL.
pub fn in_url(url: &str) -> Option<Range<usize>> {
    let start = url.find("://")? + "://".len();
    let end = url.rfind('@').filter(|end| *end >= start)?;
    let colon = start + url[start..end].find(':')? + 1;
    is_secret(&url[colon..end]).then_some(colon..end)
}

/// The first password among the keywords of a connection string (`Server=…;Password=…`), and where it stands.
pub fn in_connection(text: &str) -> Option<Range<usize>> {
    in_url(text).or_else(|| in_keywords(text).into_iter().next())
}

/// The values of `Password=` and `PWD=` behind a semicolon, or where a text begins.
fn in_keywords(text: &str) -> Vec<Range<usize>> {
    let lower = text.to_ascii_lowercase();
    let mut found = Vec::new();
    let places = ["password", "pwd"]
        .iter()
        .flat_map(|key| lower.match_indices(key));
    for (at, key) in places {
        let before = text[..at].trim_end_matches(' ');
        if !before.is_empty() && !before.ends_with([';', '"', '\'']) {
            continue;
        }
        let rest = text[at + key.len()..].trim_start_matches(' ');
        let Some(value) = rest.strip_prefix('=') else {
            continue;
        };
        let value = value.trim_start_matches([' ', '\\']);
        let quote = value
            .chars()
            .next()
            .filter(|sign| matches!(sign, '"' | '\''));
        let content = &value[quote.map_or(0, char::len_utf8)..];
        let ends = |sign: char| match quote {
            Some(quote) => sign == quote || sign == '\n',
            None => matches!(sign, ';' | '"' | '\'' | '\n'),
        };
        let content = &content[..content.find(ends).unwrap_or(content.len())];
        if is_secret(content) {
            let start = content.as_ptr() as usize - text.as_ptr() as usize;
            found.push(start..start + content.len());
        }
    }
    found
}

/// Whether a password is written out: not empty, and not a single `${NAME}`.
pub fn is_secret(password: &str) -> bool {
    let variable = password
        .strip_prefix("${")
        .and_then(|name| name.strip_suffix('}'))
        .is_some_and(|name| !name.contains(['{', '}']));
    !password.is_empty() && !variable
}

fn in_urls(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("://") {
        let ends = |c: char| c.is_whitespace() || c == '"' || c == '\'';
        let end = text[at..].find(ends).map_or(text.len(), |end| at + end);
        if let Some(range) = in_url(&text[at..end]) {
            found.push(at + range.start..at + range.end);
        }
    }
    found
}

/// The values of keys named `password`, `token` and the like, and of addresses that are secrets.
fn in_keys(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let keys = ["password", "token", "webhook", "heartbeat"];
    let places = keys.iter().flat_map(|key| text.match_indices(key));
    for (at, key) in places {
        let rest = text[at + key.len()..].trim_start_matches(['"', '\'', ' ', '\t']);
        let Some(value) = rest.strip_prefix('=') else {
            continue;
        };
        let value = value.trim_start_matches([' ', '\t']);
        let quotes = ["\"\"\"", "'''", "\"", "'"];
        let quote = quotes.into_iter().find(|quote| value.starts_with(quote));
        let content = &value[quote.map_or(0, str::len)..];
        let end = match quote {
            Some(quote) if quote.len() == 3 => content.find(quote),
            Some(quote) => closing(content, quote),
            None => content.find('\n'),
        };
        let content = &content[..end.unwrap_or(content.len())];
        if is_secret(content) {
            let start = content.as_ptr() as usize - text.as_ptr() as usize;
            found.push(start..start + content.len());
        }
    }
    found
}

/// Where a text of one line ends: at its closing quote, or at the end of the line.
fn closing(content: &str, quote: &str) -> Option<usize> {
    let mut escaped = false;
    content.bytes().position(|byte| {
        let ends = byte == b'\n' || (!escaped && quote.as_bytes() == [byte]);
        escaped = !escaped && byte == b'\\' && quote == "\"";
        ends
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn passwords_are_masked_and_nothing_else() {
        let text = "url = \"postgres://ponte:gehéim@x@host/db\"\npassword = 'a\"b'\nurl = 'mysql://u:${P}@h/d'\npassword=\"${P}\"\npassword_file = \"f\"\npassword = \"\"\"two\nlines\"\"\"\nx = { password = \"p\\\"q\" }\nurl = 'https://example.org:8080/a'\n";
        assert_eq!(
            masked(text),
            "url = \"postgres://ponte:*********@host/db\"\npassword = '***'\nurl = 'mysql://u:${P}@h/d'\npassword=\"${P}\"\npassword_file = \"f\"\npassword = \"\"\"***\n*****\"\"\"\nx = { password = \"****\" }\nurl = 'https://example.org:8080/a'\n"
        );
    }

    #[test]
    fn passwords_among_keywords_are_masked() {
        let text = "url = \"Server=h;User Id=u;Password=gehéim;Database=d\"\nurl = 'pwd = \"a;b\";server=h'\nurl = 'Server=h;PWD=${P}'\n";
        assert_eq!(
            masked(text),
            "url = \"Server=h;User Id=u;Password=*******;Database=d\"\nurl = 'pwd = \"***\";server=h'\nurl = 'Server=h;PWD=${P}'\n"
        );
        assert!(in_connection("Server=h;PWD=x").is_some());
        assert!(in_connection("Server=h;PWD=${X}").is_none());
    }

    #[test]
    fn a_broken_file_is_masked_too() {
        assert_eq!(
            masked("password = \"secret\nx = 1"),
            "password = \"******\nx = 1"
        );
        assert_eq!(masked("url = \"mysql://u:pw@h"), "url = \"mysql://u:**@h");
    }

    proptest! {
        #[test]
        fn places_stay_where_they_are(text in "(password ?= ?|[a-z:/@\"'$\\{}é\n])*") {
            prop_assert_eq!(masked(&text).len(), text.len());
        }
    }
}
