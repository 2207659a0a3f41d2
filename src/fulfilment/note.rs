//! The note that the shop's people, and where the shop shows it the customer, read on the order.

use super::decide::{Parcel, Step};
use crate::plan::fulfilment::{Language, State};

/// A line for the state, one for each parcel, one for the invoice.
pub fn note(step: &Step, invoice: &str, language: Language) -> String {
    let mut lines: Vec<String> = Vec::new();
    lines.extend(
        step.state
            .map(|state| state_line(state, language).to_owned()),
    );
    lines.extend(step.parcels.iter().map(|one| parcel_line(one, language)));
    if step.invoice {
        let word = match language {
            Language::English => "Invoice",
            Language::Italian => "Fattura",
        };
        lines.push(format!("{word} {invoice}"));
    }
    lines.join("\n")
}

fn state_line(state: State, language: Language) -> &'static str {
    use Language::{English, Italian};
    match (state, language) {
        (State::Open, English) => "In progress",
        (State::Open, Italian) => "In lavorazione",
        (State::PartlyShipped, English) => "Partly shipped",
        (State::PartlyShipped, Italian) => "Spedito in parte",
        (State::Shipped, English) => "Shipped",
        (State::Shipped, Italian) => "Spedito",
        (State::Invoiced, English) => "Invoiced",
        (State::Invoiced, Italian) => "Fatturato",
        (State::Cancelled, English) => "Cancelled",
        (State::Cancelled, Italian) => "Annullato",
    }
}

fn parcel_line(parcel: &Parcel, language: Language) -> String {
    let (delivery, of) = match language {
        Language::English => ("Delivery", "of"),
        Language::Italian => ("Consegna", "del"),
    };
    let mut line = format!("{delivery} {}", parcel.number);
    if !parcel.shipped_on.is_empty() {
        line.push_str(&format!(" {of} {}", day(&parcel.shipped_on, language)));
    }
    let by = [&parcel.carrier, &parcel.tracking];
    let by: Vec<&str> = by.into_iter().map(String::as_str).collect();
    let by = by.join(" ");
    match by.trim() {
        "" => line,
        by => format!("{line}: {by}"),
    }
}

/// `2026-03-05`, or `05/03/2026` for Italians.
fn day(iso: &str, language: Language) -> String {
    let day = iso.get(..10).unwrap_or(iso);
    let parts: Vec<&str> = day.split('-').collect();
    match (language, parts.as_slice()) {
        (Language::Italian, [year, month, day]) => format!("{day}/{month}/{year}"),
        _ => day.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::own::wrote::Fields;

    #[test]
    fn says_what_is_new_in_the_shops_language() {
        let step = Step {
            status: None,
            state: Some(State::PartlyShipped),
            parcels: vec![
                Parcel {
                    shipped_on: "2026-03-05".to_owned(),
                    number: "D1".to_owned(),
                    carrier: "BRT".to_owned(),
                    tracking: "T1".to_owned(),
                    delivered_on: None,
                },
                Parcel {
                    shipped_on: String::new(),
                    number: "D2".to_owned(),
                    carrier: String::new(),
                    tracking: String::new(),
                    delivered_on: None,
                },
            ],
            invoice: true,
            left: None,
            remember: Fields::new(),
        };
        assert_eq!(
            note(&step, "F9", Language::Italian),
            "Spedito in parte\nConsegna D1 del 05/03/2026: BRT T1\nConsegna D2\nFattura F9"
        );
        assert_eq!(
            note(&step, "F9", Language::English),
            "Partly shipped\nDelivery D1 of 2026-03-05: BRT T1\nDelivery D2\nInvoice F9"
        );
    }
}
