//! Every error that the program has words for is one that some test or golden file has seen: what nobody has read, nobody
//! knows to be right.

use std::fs;
use std::path::{Path, PathBuf};

/// Words that no test shows, and why; what a test comes to show is to be struck out.
const UNSEEN: &[(&str, &str)] = &[
    (
        "none of the ways in which shop `{shop}`",
        "every pack's storages cover all shops",
    ),
    (
        "the project does not fit",
        "what does not fit is printed instead",
    ),
    (
        "the mapping does not fit the databases",
        "what does not fit is printed instead",
    ),
    (
        "the demo's project file is not accepted",
        "that file is ours",
    ),
    (
        "the demo's order {order} did not come",
        "the demo's order comes in",
    ),
    (
        "the demo's order typed by hand",
        "the demo's order is linked",
    ),
    (
        "cannot write {}: {source}",
        "the demo's folder, which the system refuses",
    ),
    (
        "cannot write `{}`: {error}",
        "standard output, which the system refuses",
    ),
    (
        "state file: {0}",
        "the words are the system's or the database's",
    ),
    (
        "the mail server says: {0}",
        "the words are the mail server's",
    ),
    (
        "{place}: a condition is true or false, not {kind}",
        "a pack that somebody wrote; those of ours are truths",
    ),
    (
        "it would be created once the match is accepted",
        "such records are told together, by their number",
    ),
    (
        "the answer to COMMIT was lost: {0}",
        "nobody is told: whoever commits looks what became of it",
    ),
    ("it does not answer: {0}", "the words are the system's"),
    (
        "its certificate is refused: {0}",
        "the words are the library's",
    ),
    (
        "it does not answer as a web server does: {0}",
        "the words are the library's",
    ),
    (
        "the request cannot be made: {0}",
        "an address that the project's check has let pass is one",
    ),
    (
        "it does not answer within {} seconds",
        "a test would wait for as long",
    ),
    (
        "too many requests wait already",
        "a hundred requests of different flows",
    ),
    (
        "the service is being stopped",
        "a request in the moment of the stop",
    ),
    (
        "came in a form that is not known",
        "PostgreSQL sends the form that it was asked for",
    ),
    (
        "more than {REJECTED_MAX} records were rejected",
        "a hundred thousand records",
    ),
];

/// Shorter pieces of a message say too little to be found by.
const PIECE_MIN: usize = 16;

fn files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files(&path, found),
            false => found.push(path),
        }
    }
}

fn below(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    files(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join(folder),
        &mut found,
    );
    found
}

/// As a text of Rust's means it: on one line, without escapes.
fn meant(source: &str) -> String {
    let mut text = String::new();
    let mut rest = source.chars().peekable();
    while let Some(c) = rest.next() {
        match (c, rest.peek()) {
            ('\\', Some('"')) => {}
            ('\\', Some('\n')) => while rest.next_if(|c| c.is_whitespace()).is_some() {},
            _ => text.push(c),
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What tests and golden files say, the modules' own tests among them.
fn seen() -> String {
    let mut seen = String::new();
    let own = Path::new(file!()).file_name();
    for path in below("tests") {
        if path.file_name() != own
            && let Ok(text) = fs::read_to_string(&path)
        {
            seen.push_str(&meant(&text));
        }
    }
    for path in below("src") {
        let Ok(text) = fs::read_to_string(&path) else {
            continue;
        };
        let is_test = path.components().any(|part| {
            let part = part.as_os_str();
            part == "tests" || part == "tests.rs"
        });
        let tests = match is_test {
            true => Some(text.as_str()),
            false => text
                .split_once("#[cfg(test)]\nmod tests {")
                .map(|(_, tests)| tests),
        };
        seen.push_str(&meant(tests.unwrap_or_default()));
    }
    seen
}

/// The texts of `#[error("...")]`.
fn messages(source: &str) -> Vec<String> {
    let attributes = source.split("#[error(").skip(1);
    let texts = attributes.filter_map(|rest| {
        let rest = rest.trim_start().strip_prefix('"')?;
        let mut escaped = false;
        let end = rest.find(|c| {
            let is_end = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            is_end
        })?;
        Some(meant(&rest[..end]))
    });
    texts.collect()
}

/// What stands between a message's values.
fn pieces(message: &str) -> Vec<String> {
    let message = message.replace("{{", "\u{1}").replace("}}", "\u{2}");
    let mut pieces = vec![String::new()];
    let mut is_value = false;
    for c in message.chars() {
        match c {
            '{' => is_value = true,
            '}' => {
                is_value = false;
                pieces.push(String::new());
            }
            _ if is_value => {}
            '\u{1}' => pieces.last_mut().unwrap().push('{'),
            '\u{2}' => pieces.last_mut().unwrap().push('}'),
            c => pieces.last_mut().unwrap().push(c),
        }
    }
    let pieces: Vec<String> = pieces.iter().map(|piece| piece.trim().to_owned()).collect();
    let long: Vec<String> = pieces
        .iter()
        .filter(|piece| piece.len() >= PIECE_MIN)
        .cloned()
        .collect();
    match long.is_empty() {
        true => pieces
            .into_iter()
            .max_by_key(String::len)
            .into_iter()
            .collect(),
        false => long,
    }
}

#[test]
fn every_error_has_been_seen() {
    let seen = seen();
    let mut known = 0;
    let mut unseen = Vec::new();
    let mut excused = Vec::new();
    for path in below("src") {
        let text = fs::read_to_string(&path).unwrap_or_default();
        for message in messages(&text) {
            known += 1;
            let is_seen = pieces(&message)
                .iter()
                .any(|piece| seen.contains(piece.as_str()));
            let excuse = UNSEEN.iter().find(|(words, _)| message.starts_with(words));
            match (is_seen, excuse) {
                (true, None) => {}
                (false, Some(excuse)) => excused.push(excuse.0),
                (false, None) => unseen.push(format!("{}: {message}", path.display())),
                (true, Some(_)) => unseen.push(format!(
                    "a test shows it, strike it out of UNSEEN: {message}"
                )),
            }
        }
    }
    assert!(known > 80, "{known}");
    assert!(unseen.is_empty(), "no test shows these: {unseen:#?}");
    let idle: Vec<_> = UNSEEN
        .iter()
        .filter(|(words, _)| !excused.contains(words))
        .collect();
    assert!(idle.is_empty(), "no message begins so: {idle:#?}");
}
