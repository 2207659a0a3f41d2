//! What the administrator reads: troubles that are new, troubles that are over, and how a day went.

use super::trouble::Kind;
use crate::plan::fulfilment::Language;
use crate::state::days::Sums;
use crate::state::told::Told;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The page that explains every message.
const PAGE_EN: &str = "docs/troubleshooting.md";
const PAGE_IT: &str = "docs/risoluzione-dei-problemi.md";
/// Characters of what a server said; the rest is in `ponte runs`.
const DETAIL_MAX: usize = 1000;

/// A message, whichever way it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// `trouble` or `summary`.
    pub event: &'static str,
    pub subject: String,
    pub text: String,
    pub new: Vec<Told>,
    pub over: Vec<Told>,
}

impl Message {
    /// For a webhook. Chat programs show `text`.
    pub fn json(&self, from: &str) -> Value {
        let list = |told: &[Told]| -> Vec<Value> {
            let one = |told: &Told| json!({ "kind": told.kind, "flow": told.flow, "detail": told.detail });
            told.iter().map(one).collect()
        };
        json!({
            "event": self.event,
            "from": from,
            "subject": self.subject,
            "text": format!("{}\n\n{}", self.subject, self.text),
            "new": list(&self.new),
            "resolved": list(&self.over),
        })
    }

    /// The same for the same message, so that a copy is known as one.
    pub fn digest(&self, from: &str) -> String {
        let text = self.json(from).to_string();
        blake3::hash(text.as_bytes()).to_hex()[..32].to_owned()
    }
}

/// `lines`: of what grows, what has come since; by flow and kind.
pub fn trouble(
    language: Language,
    from: &str,
    (new, over): (Vec<Told>, Vec<Told>),
    lines: &BTreeMap<(String, String), Vec<String>>,
) -> Message {
    let italian = language == Language::Italian;
    let mut text = String::new();
    for one in &new {
        text.push_str(&format!("{}: {}", one.flow, words(one, language)));
        let of = (one.flow.clone(), one.kind.clone());
        let detail: String = one.detail.chars().take(DETAIL_MAX).collect();
        match Kind::of(&one.kind) {
            Some(Kind::Quarantine | Kind::Guard | Kind::Different) => {
                let (all, see) = match italian {
                    true => ("in tutto", "`ponte quarantine list` li mostra, o la pagina"),
                    false => ("in all", "`ponte quarantine list` shows them, or the page"),
                };
                text.push_str(&format!(" ({detail} {all}); {see}"));
            }
            Some(Kind::Late) => {
                let since = if italian {
                    "riuscita da ultimo"
                } else {
                    "last good run"
                };
                text.push_str(&format!(" ({since}: {detail})"));
            }
            Some(Kind::Silent) => {
                let usual = match italian {
                    true => "durata, e la più lunga finora",
                    false => "how long, and the longest so far",
                };
                text.push_str(&format!(" ({usual}: {detail})"));
            }
            _ if detail.is_empty() => {}
            _ => text.push_str(&format!("\n  {detail}")),
        }
        text.push('\n');
        for line in lines.get(&of).into_iter().flatten() {
            let line: String = line.chars().take(DETAIL_MAX).collect();
            text.push_str(&format!("  - {line}\n"));
        }
        text.push('\n');
    }
    for one in &over {
        let resolved = if italian { "risolto" } else { "resolved" };
        text.push_str(&format!(
            "{}: {resolved}: {}\n",
            one.flow,
            words(one, language)
        ));
    }
    let page = if italian { PAGE_IT } else { PAGE_EN };
    if !new.is_empty() {
        let says = if italian {
            "Che cosa fare:"
        } else {
            "What to do:"
        };
        text.push_str(&format!("{says} {page}\n"));
    }
    Message {
        event: "trouble",
        subject: subject(italian, from, &new, &over),
        text,
        new,
        over,
    }
}

fn words(one: &Told, language: Language) -> &'static str {
    Kind::of(&one.kind).map_or("?", |kind| kind.words(language))
}

fn subject(italian: bool, from: &str, new: &[Told], over: &[Told]) -> String {
    let count = |count: usize, one: &str, more: &str| match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        count => Some(format!("{count} {more}")),
    };
    let parts = match italian {
        true => [
            count(new.len(), "problema", "problemi"),
            count(over.len(), "risolto", "risolti"),
        ],
        false => [
            count(new.len(), "trouble", "troubles"),
            count(over.len(), "resolved", "resolved"),
        ],
    };
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    format!("ponte ({from}): {}", parts.join(", "))
}

/// How yesterday went.
pub fn summary(
    language: Language,
    from: &str,
    flows: &[String],
    sums: &BTreeMap<String, Sums>,
    standing: &[Told],
) -> Message {
    let italian = language == Language::Italian;
    let mut text = String::new();
    for flow in flows {
        let sums = sums.get(flow).copied().unwrap_or_default();
        let line = match italian {
            true => format!(
                "{flow}: {} esecuzioni, {} fallite, {} record scritti\n",
                sums.runs, sums.failed, sums.found
            ),
            false => format!(
                "{flow}: {} runs, {} failed, {} records written\n",
                sums.runs, sums.failed, sums.found
            ),
        };
        text.push_str(&line);
    }
    text.push('\n');
    match (standing.is_empty(), italian) {
        (true, true) => text.push_str("Nessun problema aperto.\n"),
        (true, false) => text.push_str("No trouble is open.\n"),
        (false, _) => {
            text.push_str(if italian {
                "Ancora aperti:\n"
            } else {
                "Still open:\n"
            });
            for one in standing {
                text.push_str(&format!("  {}: {}\n", one.flow, words(one, language)));
            }
        }
    }
    let what = if italian {
        "riepilogo di ieri"
    } else {
        "yesterday in short"
    };
    Message {
        event: "summary",
        subject: format!("ponte ({from}): {what}"),
        text,
        new: Vec::new(),
        over: Vec::new(),
    }
}
