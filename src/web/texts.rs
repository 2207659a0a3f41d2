//! The page's words, in the languages of those who look at it.

use axum::http::{HeaderMap, header};
use std::collections::BTreeMap;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    English,
    Italian,
}

impl Language {
    pub fn code(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::Italian => "it",
        }
    }

    /// As the address asks for (`?lang=it`), else the first of the browser's that is known.
    pub fn of(asked: Option<&str>, headers: &HeaderMap) -> Language {
        let known = |code: &str| match code {
            "it" => Some(Language::Italian),
            "en" => Some(Language::English),
            _ => None,
        };
        let accepted = headers.get(header::ACCEPT_LANGUAGE);
        let accepted = accepted.and_then(|value| value.to_str().ok()).unwrap_or("");
        let mut codes = accepted
            .split(',')
            .filter_map(|part| part.trim().split([';', '-']).next());
        asked
            .and_then(known)
            .or_else(|| codes.find_map(known))
            .unwrap_or(Language::English)
    }

    /// By name, for the templates.
    pub fn texts(self) -> BTreeMap<&'static str, &'static str> {
        let of = |(name, english, italian): &(&'static str, &'static str, &'static str)| match self
        {
            Language::English => (*name, *english),
            Language::Italian => (*name, *italian),
        };
        TEXTS.iter().map(of).collect()
    }
}

/// Name, English, Italian.
const TEXTS: &[(&str, &str, &str)] = &[
    ("title", "Synchronization", "Sincronizzazione"),
    ("flows", "Flows", "Flussi"),
    ("quarantine", "Quarantine", "Quarantena"),
    ("explain", "Explain an article", "Spiega un articolo"),
    ("flow", "Flow", "Flusso"),
    ("state", "State", "Stato"),
    ("last_run", "Last run", "Ultima esecuzione"),
    ("next_run", "Next run", "Prossima esecuzione"),
    ("schedule", "Schedule", "Pianificazione"),
    ("durations", "Last durations", "Ultime durate"),
    ("days", "30 days", "30 giorni"),
    (
        "runs_well",
        "of {} runs ended well",
        "su {} esecuzioni riuscite",
    ),
    ("read", "read", "letti"),
    ("written", "written", "scritti"),
    ("quarantined", "in quarantine", "in quarantena"),
    ("never", "never", "mai"),
    ("done", "done", "riuscito"),
    ("failed", "failed", "fallito"),
    ("interrupted", "interrupted", "interrotto"),
    ("late", "late", "in ritardo"),
    ("paused", "paused", "sospeso"),
    ("queued", "queued", "in coda"),
    ("running", "running", "in corso"),
    ("waits", "waits for its time", "in attesa"),
    ("run", "Run now", "Esegui ora"),
    ("resync", "Compare everything", "Confronta tutto"),
    ("pause", "Pause", "Sospendi"),
    ("resume", "Resume", "Riprendi"),
    ("actions", "Actions", "Azioni"),
    ("record", "Record", "Record"),
    ("reason", "Reason", "Motivo"),
    ("advice", "What to do", "Cosa fare"),
    ("since", "Since", "Da"),
    (
        "nothing_quarantined",
        "Nothing waits for a person.",
        "Nulla attende un intervento.",
    ),
    ("retry", "Try again", "Riprova"),
    ("sku", "Article (sku)", "Articolo (sku)"),
    ("show", "Show", "Mostra"),
    ("on_hand", "on hand", "giacenza"),
    ("committed", "committed", "impegnato"),
    (
        "pending",
        "web orders not counted yet",
        "ordini web non ancora conteggiati",
    ),
    ("safety", "safety stock", "scorta di sicurezza"),
    ("available", "available", "disponibile"),
    ("shop_shows", "the shop shows", "il negozio mostra"),
    (
        "unknown_sku",
        "the ERP does not know this article",
        "il gestionale non conosce questo articolo",
    ),
    ("login", "Log in", "Accedi"),
    ("logout", "Log out", "Esci"),
    ("token", "Token", "Token"),
    (
        "wrong_token",
        "This token is not known.",
        "Questo token non è riconosciuto.",
    ),
    ("language", "Italiano", "English"),
    ("error", "Error", "Errore"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browser_is_asked_unless_the_address_says_it() {
        let mut headers = HeaderMap::new();
        assert_eq!(Language::of(None, &headers), Language::English);
        headers.insert(
            header::ACCEPT_LANGUAGE,
            "de-DE,it-IT;q=0.9,en;q=0.8".parse().unwrap(),
        );
        assert_eq!(Language::of(None, &headers), Language::Italian);
        assert_eq!(Language::of(Some("en"), &headers), Language::English);
        assert_eq!(Language::of(Some("xx"), &headers), Language::Italian);
    }
}
