//! The only place that prints. Data goes to standard output, talk to standard error; a reader that has gone away
//! (`ponte status | head`) is no error.

use super::answer::Answer;
use clap::builder::styling::{AnsiColor, Style};
use std::fmt::Display;
use std::io::{self, Write};

pub const BOLD: Style = Style::new().bold();
pub const RED: Style = AnsiColor::Red.on_default().bold();
pub const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
pub const GREEN: Style = AnsiColor::Green.on_default();

/// The text in a style; printing drops the style where colours are not wanted.
pub fn styled(text: impl Display, style: Style) -> String {
    format!("{style}{text}{style:#}")
}

/// The text without any style.
pub fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

/// Whether to use colours, for the whole process. `Auto` looks at the terminal, NO_COLOR and the like.
pub fn set_color(choice: clap::ColorChoice) {
    let choice = match choice {
        clap::ColorChoice::Auto => anstream::ColorChoice::Auto,
        clap::ColorChoice::Always => anstream::ColorChoice::Always,
        clap::ColorChoice::Never => anstream::ColorChoice::Never,
    };
    choice.write_global();
}

/// Prints what a command has to say, as text or as one JSON document.
///
/// # Errors
/// Those of writing, but for a reader that has gone away.
pub fn print(answer: &Answer, as_json: bool) -> io::Result<()> {
    let mut out = anstream::stdout().lock();
    let printed = match as_json {
        true => writeln!(out, "{:#}", answer.document()),
        false => write!(out, "{}", answer.text),
    };
    let printed = printed.and_then(|()| out.flush());
    forgive(printed)?;
    if !as_json && !answer.talk.is_empty() {
        say(&answer.talk);
    }
    Ok(())
}

/// Talk: a line, or several, on standard error. What cannot be said is lost.
pub fn say(text: &str) {
    let mut err = anstream::stderr().lock();
    let _ = writeln!(err, "{}", text.trim_end_matches('\n'));
}

/// Prints a part of a command's text before the rest is known.
///
/// # Errors
/// As [`print`].
pub fn part(text: &str) -> io::Result<()> {
    let mut out = anstream::stdout().lock();
    forgive(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

fn forgive(printed: io::Result<()>) -> io::Result<()> {
    match printed {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        printed => printed,
    }
}

/// A text from a database or a server in one line that cannot steer the terminal: control characters and those that
/// turn the direction of writing are shown as escapes.
pub fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        let steers = character.is_control()
            || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        match steers {
            true => shown.extend(character.escape_default()),
            false => shown.push(character),
        }
    }
    shown
}

/// A record's key: its values, separated by ` / `; one without any is called empty.
pub fn shown_key(key: &str) -> String {
    if key.trim().is_empty() {
        return "(empty)".to_owned();
    }
    let parts: Vec<String> = key.split('\t').map(escaped).collect();
    parts.join(" / ")
}

/// A number with its noun: `1 record`, `12,000 records`.
pub fn count(number: u64, one: &str, many: &str) -> String {
    format!(
        "{} {}",
        grouped(number),
        if number == 1 { one } else { many }
    )
}

/// Digits in groups of three: `12,000`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_others_cannot_steer_the_terminal() {
        assert_eq!(
            escaped("a\u{1b}[31mb\nc\u{202e}d"),
            "a\\u{1b}[31mb\\nc\\u{202e}d"
        );
        assert_eq!(escaped("Größe → 5 €"), "Größe → 5 €");
        assert_eq!(shown_key("A-1\tpublic"), "A-1 / public");
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(count(1, "row", "rows"), "1 row");
    }
}
