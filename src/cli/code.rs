//! `ponte code`: what a message's code means, and what to do.

use super::answer::{Answer, Failure};
use super::args::{CodeArgs, Tongue};
use super::exit::Exit;
use super::output::{BOLD, styled};
use crate::diagnostic::advice::{self, ENGLISH, ITALIAN};
use crate::diagnostic::{codes, nearest};
use serde_json::json;

pub fn run(args: &CodeArgs) -> Result<Answer, Failure> {
    let tongue = args.lang.unwrap_or_else(by_environment);
    let (document, to_do) = match tongue {
        Tongue::English => (ENGLISH, "what to do"),
        Tongue::Italian => (ITALIAN, "cosa fare"),
    };
    let mut texts = Vec::new();
    let mut documents = Vec::new();
    for wanted in &args.codes {
        let wanted = wanted.to_uppercase();
        let found = codes::explain(&wanted).zip(advice::of(document, &wanted));
        let Some((code, advice)) = found else {
            return Err(unknown(&wanted));
        };
        let means = advice.means.as_deref().unwrap_or(code.explanation);
        let title = format!("{}: {}", code.code, code.title);
        let mut text = format!("{}\n  {means}\n", styled(title, BOLD));
        match advice.section {
            // It is said there.
            Some(section) => text.push_str(&format!("\n{section}\n")),
            None => text.push_str(&format!("  {to_do}: {}\n", advice.act)),
        }
        texts.push(text);
        documents.push(json!({
            "code": code.code, "title": code.title, "means": means, "what_to_do": advice.act, "section": advice.section,
        }));
    }
    Ok(Answer::new("code", Exit::Done)
        .key("codes", documents)
        .text(texts.join("\n")))
}

fn unknown(wanted: &str) -> Failure {
    let known = codes::CODES.iter().map(|code| code.code);
    let help = match nearest(wanted, known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "codes are in square brackets after `error` or `warning`: `P101`".to_owned(),
    };
    Failure::refused(format!("no message has the code `{wanted}`")).help(help)
}

/// The first of these that is not empty says it, as everywhere.
fn by_environment() -> Tongue {
    let mut names = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter();
    let said = names.find_map(|name| std::env::var(name).ok().filter(|said| !said.is_empty()));
    match said.is_some_and(|said| said.to_lowercase().starts_with("it")) {
        true => Tongue::Italian,
        false => Tongue::English,
    }
}
