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
    ("help", "Troubleshooting", "Risoluzione dei problemi"),
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
    ("oversold", "oversold", "venduto oltre la giacenza"),
    ("different", "different", "differenze"),
    ("differ", "differ", "diversi"),
    ("never", "never", "mai"),
    ("done", "done", "riuscito"),
    ("failed", "failed", "fallito"),
    ("interrupted", "interrupted", "interrotto"),
    ("late", "late", "in ritardo"),
    ("paused", "paused", "sospeso"),
    (
        "paused_by_project",
        "by the project file",
        "dal file di progetto",
    ),
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
    (
        "your_name",
        "Your name (optional)",
        "Il suo nome (facoltativo)",
    ),
    (
        "uptime",
        "The service ran {}% of the last 30 days.",
        "Il servizio è stato attivo per il {}% degli ultimi 30 giorni.",
    ),
    ("on_average", "{} s on average", "in media {} s"),
    ("approvals", "Approvals", "Approvazioni"),
    (
        "nothing_to_approve",
        "Nothing waits for approval.",
        "Nulla attende un'approvazione.",
    ),
    (
        "noted_later",
        "A run is under way; your decision is noted as soon as it has ended.",
        "È in corso un'esecuzione; la decisione sarà registrata appena termina.",
    ),
    ("field", "Field", "Campo"),
    ("old", "Before", "Prima"),
    ("new", "After", "Dopo"),
    ("accept", "Accept", "Approva"),
    ("reject", "Reject", "Rifiuta"),
    ("accepted", "accepted", "approvato"),
    ("open", "open", "aperto"),
    ("picked", "being picked", "in preparazione"),
    ("delivered", "delivered", "consegnato"),
    ("cancelled", "cancelled", "annullato"),
    ("why", "Why", "Perché"),
    ("and_more", "and {} more", "e altre {}"),
    ("order", "An order", "Un ordine"),
    (
        "order_ref",
        "Number of the order or document",
        "Numero dell'ordine o del documento",
    ),
    (
        "unknown_order",
        "No shop has such an order.",
        "Nessun negozio ha questo ordine.",
    ),
    ("number", "number", "numero"),
    ("placed", "Placed", "Inviato"),
    ("shop_status", "Status in the shop", "Stato nel negozio"),
    ("means_import", "goes into the ERP", "va nel gestionale"),
    ("means_ignore", "no order", "non è un ordine"),
    ("means_cancelled", "cancelled", "annullato"),
    (
        "means_unknown",
        "nobody has said what its status means",
        "nessuno ha detto cosa significa il suo stato",
    ),
    ("total", "Total", "Totale"),
    ("refunded", "Refunded", "Rimborsato"),
    ("returned", "Returned (pieces)", "Resi (pezzi)"),
    ("refund_written", "in the ERP as", "nel gestionale come"),
    ("refund_by_hand", "booked by hand", "registrato a mano"),
    (
        "refund_before_since",
        "for a person: older than what the ERP gets",
        "da registrare a mano: precede quelli che il gestionale riceve",
    ),
    (
        "refund_not_yet",
        "not in the ERP yet",
        "non ancora nel gestionale",
    ),
    (
        "refund_no_order",
        "not for the ERP, which has no such order that stands",
        "non va nel gestionale, che non ha l'ordine o l'ha annullato",
    ),
    ("payment", "Payment", "Pagamento"),
    ("paid", "Paid", "Pagato"),
    ("payment_state", "Payment state", "Stato del pagamento"),
    ("payment_unpaid", "unpaid", "non pagato"),
    ("payment_partly_paid", "partly paid", "pagato in parte"),
    ("payment_paid", "paid", "pagato"),
    (
        "payment_partly_refunded",
        "partly refunded",
        "rimborsato in parte",
    ),
    ("payment_refunded", "refunded", "rimborsato"),
    ("carrier", "Carrier", "Corriere"),
    ("pickup_point", "Pick-up point", "Punto di ritiro"),
    ("warehouse", "Warehouse", "Magazzino"),
    ("customer", "Customer", "Cliente"),
    ("lines", "Lines", "Righe"),
    ("imported", "In the ERP since", "Nel gestionale dal"),
    ("by_run", "by the run of", "con l'esecuzione del"),
    ("no", "no", "no"),
    ("in_erp", "Document of the ERP", "Documento del gestionale"),
    (
        "document_gone",
        "the ERP does not have it any more",
        "il gestionale non lo ha più",
    ),
    ("to_settle", "To settle", "Da sistemare"),
    ("parcels", "Parcels", "Colli"),
    ("parcel", "Parcel", "Collo"),
    (
        "no_tracking",
        "no tracking number yet",
        "ancora senza numero di spedizione",
    ),
    ("reached", "delivered", "consegnato"),
    ("invoice", "Invoice", "Fattura"),
    (
        "status_given",
        "Status given to it",
        "Stato che gli è stato dato",
    ),
    ("status_left", "Status left alone", "Stato lasciato com'era"),
    (
        "shop_yet",
        "The shop is yet to be told",
        "Ancora da comunicare al negozio",
    ),
    (
        "untold",
        "The shop cannot be told",
        "Non comunicabile al negozio",
    ),
    ("mails", "Mails to the customer", "E-mail al cliente"),
    ("mail_shipment", "parcel", "collo"),
    ("mail_invoice", "invoice", "fattura"),
    ("mail_due", "goes out after", "parte dopo il"),
    ("mail_sending", "was under way on", "era in partenza il"),
    ("mail_sent", "sent", "inviata il"),
    ("mail_refused", "not sent", "non inviata"),
    (
        "before_since",
        "placed before the cut-over",
        "inviato prima dell'avvio",
    ),
    (
        "before_since_advice",
        "It is not imported: type it into the ERP by hand.",
        "Non viene importato: va inserito a mano nel gestionale.",
    ),
    (
        "not_yet",
        "no run has come by since",
        "da allora non c'è stata alcuna esecuzione",
    ),
    (
        "not_yet_advice",
        "The next run imports it.",
        "Lo importa la prossima esecuzione.",
    ),
    ("unpaid", "yet to be paid", "non ancora pagato"),
    ("by_status", "its status says so", "così dice il suo stato"),
    (
        "once_status",
        "It comes in by itself once its status is one of: {}",
        "Arriva da solo quando il suo stato è uno di questi: {}",
    ),
    (
        "unknown_status_advice",
        "Put it into `import`, `wait`, `ignore` or `cancelled` of {}.",
        "Va aggiunto a `import`, `wait`, `ignore` o `cancelled` di {}.",
    ),
    (
        "system_newer",
        "{} is newer than the versions that pack `{}` was made for ({}). Everything goes on; look whether figures are right.",
        "{} è più recente delle versioni per cui è fatto il pacchetto `{}` ({}). Tutto continua; verificare che i dati siano giusti.",
    ),
    (
        "system_older",
        "{} is older than the versions that pack `{}` was made for ({}). Update it.",
        "{} è più vecchio delle versioni per cui è fatto il pacchetto `{}` ({}). Va aggiornato.",
    ),
    (
        "system_unknown",
        "{}: it cannot be told whether it is of a version that pack `{}` was made for ({}).",
        "{}: non si può dire se la versione è tra quelle per cui è fatto il pacchetto `{}` ({}).",
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
