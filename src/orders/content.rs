//! What of an order is compared after the import: kept with its link, small enough for a page of a thousand, and readable enough
//! to tell a person what has changed.

use super::canonical::Canonical;
use super::documents::{Document, amount, money};
use crate::config::record::ORDER;
use crate::own::link::Link;
use crate::sync::record::Record;
use crate::value::{Decimal, Value};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Under these names it lies among the columns of the link: no column of a pack's has a dot.
const MARK: &str = "seen.mark";
const CONTENT: &str = "seen.content";
const TOLD: &str = "seen.told";
const SETTLED: &str = "seen.settled";
const TYPED: &str = "seen.typed";

/// Fields that say where an order goes and who pays it. What becomes of the order itself (status, payment) is not among them.
const LEFT_OUT: [&str; 20] = [
    "reference",
    "number",
    "status",
    "placed",
    "total",
    "tax_total",
    "refunded",
    "returned",
    "paid",
    "paid_at",
    "payment_title",
    "payment_state",
    "transaction_id",
    "customer",
    "payment_code",
    "carrier_code",
    "warehouse_code",
    "linked_customer",
    "web_reference",
    "net_total",
];

/// Changes with what is kept of an order: what an older ponte kept says nothing of the rest.
const FORM: &[u8] = b"2";

/// Rows kept by name; of a longer order only a hash of the others.
const ROWS_KEPT: usize = 60;

/// An order as the shop has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    pub total: String,
    /// What has been paid back.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub refunded: String,
    /// Pieces that the customer sends back.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub returned: String,
    /// `2 x TOOL-1 30.50`, in their order as texts.
    pub rows: Vec<String>,
    /// Field -> the beginning of its hash: the link need not know where people live.
    pub fields: BTreeMap<String, String>,
    /// Of the mapping and of what is kept: under another one the fields are not the same.
    pub digest: String,
}

impl Content {
    /// More has been paid back since.
    pub fn refunded_less_than(&self, later: &Content) -> bool {
        let sum = |content: &Content| Decimal::parse(&content.refunded).unwrap_or_default();
        sum(self) < sum(later)
    }
}

/// What is remembered with a link.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// What the shop's list of orders said of it: while that is the same, nothing has changed.
    pub mark: Option<String>,
    pub content: Option<Content>,
    /// What a person was told, and has not put right yet.
    pub told: Option<String>,
    /// How it stood on both sides when a person said that it is settled.
    pub settled: Option<String>,
}

impl Seen {
    /// Whether the shop's list says the same of it as then, and nobody has to be told again.
    pub fn is_current(columns: &BTreeMap<String, String>, mark: Option<&String>) -> bool {
        mark.is_some() && columns.get(MARK) == mark && !columns.contains_key(TOLD)
    }

    /// What cannot be read was never seen.
    pub fn of(columns: &BTreeMap<String, String>) -> Seen {
        let content = columns.get(CONTENT);
        Seen {
            mark: columns.get(MARK).cloned(),
            content: content.and_then(|text| serde_json::from_str(text).ok()),
            told: columns.get(TOLD).cloned(),
            settled: columns.get(SETTLED).cloned(),
        }
    }

    pub fn put(&self, columns: &mut BTreeMap<String, String>) {
        let content = self.content.as_ref();
        let content = content.and_then(|content| serde_json::to_string(content).ok());
        let values = [
            (MARK, self.mark.clone()),
            (CONTENT, content),
            (TOLD, self.told.clone()),
            (SETTLED, self.settled.clone()),
        ];
        for (name, value) in values {
            match value {
                Some(value) => columns.insert(name.to_owned(), value),
                None => columns.remove(name),
            };
        }
    }
}

/// The columns of the link of an order that somebody has typed into the ERP.
pub fn typed() -> BTreeMap<String, String> {
    BTreeMap::from([(TYPED.to_owned(), String::new())])
}

/// Whether somebody has typed the order into the ERP.
pub fn is_typed(link: &Link) -> bool {
    link.columns.contains_key(TYPED)
}

/// How an order stands on both sides: while that is the same, a person's word that it is settled holds.
pub fn standing(status: &str, total: &str, document: &Document) -> String {
    let there = document.total.as_ref().map(money).unwrap_or_default();
    format!("{status}\t{total}\t{}\t{there}", document.stage.name())
}

/// Whether a person has said of the order as it stands that it is settled.
pub fn is_settled(link: &Link, standing: &str) -> bool {
    link.columns
        .get(SETTLED)
        .is_some_and(|said| said == standing)
}

impl Canonical<'_> {
    /// The order as it was read, before anything is made of it.
    pub fn content(&self, record: &Record, digest: &[u8; 32]) -> Content {
        let text = |name: &str| self.text(record, name).trim().to_owned();
        let sum = |name: &str| {
            let value = self.value(record, name);
            match amount(value) {
                Some(amount) if name == "refunded" && amount.is_zero() => String::new(),
                Some(amount) => money(&amount),
                None => value.plain().trim().to_owned(),
            }
        };
        let returned = amount(self.value(record, "returned")).filter(|pieces| !pieces.is_zero());
        let mut rows: Vec<String> = self.rows_as_texts(record);
        rows.sort_unstable();
        if rows.len() > ROWS_KEPT {
            let rest = rows.split_off(ROWS_KEPT);
            rows.push(format!(
                "{} more ({})",
                rest.len(),
                short(&rest.join("\n"), 16)
            ));
        }
        let names = ORDER.fields.iter().map(|(name, _)| *name);
        let mut fields: BTreeMap<String, String> = names
            .filter(|name| !LEFT_OUT.contains(name))
            .map(|name| (name.to_owned(), text(name)))
            .filter(|(_, text)| !text.is_empty())
            .map(|(name, text)| (name, short(&text.to_lowercase(), 8)))
            .collect();
        let mut options = self.options(record);
        options.sort_unstable();
        if !options.is_empty() {
            fields.insert("options".to_owned(), short(&options.join("\n"), 8));
        }
        Content {
            total: sum("total"),
            refunded: sum("refunded"),
            returned: returned.map_or_else(String::new, |pieces| pieces.to_plain()),
            rows,
            fields,
            digest: blake3::hash(&[&digest[..], FORM].concat()).to_hex()[..16].to_owned(),
        }
    }
}

/// The first digits of a text's hash.
fn short(text: &str, digits: usize) -> String {
    blake3::hash(text.as_bytes()).to_hex()[..digits].to_owned()
}

/// How a row is told: `2 x TOOL-1 30.50`.
pub fn row_text(quantity: &Value, what: &str, gross: &Value, net: &Value, tax: &Value) -> String {
    let sum = match (amount(gross), amount(net)) {
        (Some(gross), _) => money(&gross),
        (None, Some(net)) => {
            let tax = amount(tax).unwrap_or_default();
            money(&(&net + &tax))
        }
        (None, None) => "?".to_owned(),
    };
    match quantity {
        Value::Null => format!("{what} {sum}"),
        quantity => {
            let number = match quantity {
                Value::Text(text) => Decimal::parse(text.trim()).ok(),
                other => other.to_decimal(),
            };
            let pieces =
                number.map_or_else(|| quantity.plain().into_owned(), |number| number.to_plain());
            format!("{pieces} x {what} {sum}")
        }
    }
}

/// What is different, in words; empty if nothing is that a person has to know of.
pub fn differences(old: &Content, new: &Content) -> Vec<String> {
    let mut found = Vec::new();
    if old.total != new.total {
        found.push(format!("total {} instead of {}", new.total, old.total));
    }
    if old.refunded != new.refunded {
        let before = match old.refunded.is_empty() {
            true => String::new(),
            false => format!(" instead of {}", old.refunded),
        };
        let now = match new.refunded.is_empty() {
            true => "0",
            false => &new.refunded,
        };
        found.push(format!("refunded {now}{before}"));
    }
    if old.returned != new.returned {
        let pieces = |content: &Content| match content.returned.as_str() {
            "" => "none".to_owned(),
            "1" => "1 piece".to_owned(),
            pieces => format!("{pieces} pieces"),
        };
        let (before, now) = (pieces(old), pieces(new));
        found.push(match old.returned.is_empty() {
            true => format!("a return of {now}"),
            false => format!("a return of {now} instead of {before}"),
        });
    }
    let alike = old.digest != new.digest;
    let is_same = |old: &str, new: &str| old == new || (alike && is_without_options(old, new));
    let gone = without(&old.rows, &new.rows, is_same);
    let more = without(&new.rows, &old.rows, |new, old| is_same(old, new));
    if !more.is_empty() {
        found.push(format!("new: {}", more.join(", ")));
    }
    if !gone.is_empty() {
        found.push(format!("no longer: {}", gone.join(", ")));
    }
    if old.digest == new.digest && old.fields != new.fields {
        let names = old.fields.keys().chain(new.fields.keys());
        let mut names: Vec<&str> = names
            .filter(|name| old.fields.get(*name) != new.fields.get(*name))
            .map(String::as_str)
            .collect();
        names.sort_unstable();
        names.dedup();
        found.push(format!("other {}", names.join(", ")));
    }
    found
}

/// Some packs used to tell what was chosen within a row's name: `1 x Mug - Engraving: Anna 12.20` is `1 x Mug 12.20` now.
fn is_without_options(old: &str, new: &str) -> bool {
    let Some((name, sum)) = new.rsplit_once(' ') else {
        return false;
    };
    let chosen = old.strip_prefix(name);
    let chosen = chosen.and_then(|rest| rest.strip_suffix(sum));
    chosen.is_some_and(|chosen| chosen.starts_with(" - ") && chosen.ends_with(' '))
}

/// Those of the rows that the others lack, each as often as it does.
fn without<'r>(
    rows: &'r [String],
    others: &[String],
    is_same: impl Fn(&str, &str) -> bool,
) -> Vec<&'r str> {
    let mut left: Vec<&String> = others.iter().collect();
    let mut lacking = Vec::new();
    for row in rows {
        match left.iter().position(|other| is_same(row, other)) {
            Some(at) => {
                left.swap_remove(at);
            }
            None => lacking.push(row.as_str()),
        }
    }
    lacking
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(total: &str, rows: &[&str]) -> Content {
        Content {
            total: total.to_owned(),
            rows: rows.iter().map(|row| (*row).to_owned()).collect(),
            digest: "a".to_owned(),
            ..Content::default()
        }
    }

    #[test]
    fn what_has_changed_is_told() {
        let old = content("53.1", &["1 x B 16.5", "2 x A 30.5", "2 x A 30.5"]);
        assert_eq!(differences(&old, &old), [""; 0]);
        let mut new = content("40.9", &["1 x B 16.5", "1 x A 15.25", "2 x A 30.5"]);
        new.refunded = "5".to_owned();
        new.returned = "1".to_owned();
        new.fields.insert("street".to_owned(), "1".to_owned());
        assert_eq!(
            differences(&old, &new),
            [
                "total 40.9 instead of 53.1",
                "refunded 5",
                "a return of 1 piece",
                "new: 1 x A 15.25",
                "no longer: 2 x A 30.5",
                "other street",
            ]
        );
        // Under another mapping the fields say nothing.
        new.digest = "b".to_owned();
        assert_eq!(differences(&old, &new).len(), 5);
    }

    #[test]
    fn what_was_chosen_is_no_edit_where_a_pack_tells_it_otherwise_than_before() {
        let old = content("25", &["1 x Mug - Engraving: Anna 12.20", "1 x Mug 12.80"]);
        let mut new = content("25", &["1 x Mug 12.20", "1 x Mug 12.80"]);
        assert_eq!(differences(&old, &new).len(), 2);
        new.digest = "b".to_owned();
        assert_eq!(differences(&old, &new), [""; 0]);
        // Another sum, another name.
        new.rows = vec!["1 x Mug 12.30".to_owned(), "1 x Mugs 12.80".to_owned()];
        assert_eq!(differences(&old, &new).len(), 2);
    }

    #[test]
    fn what_was_seen_is_read_again() {
        let seen = Seen {
            mark: Some("paid\t1".to_owned()),
            content: Some(content("1", &["x"])),
            told: None,
            settled: Some("paid\t1.00\tdelivered\t1.00".to_owned()),
        };
        let mut columns = BTreeMap::from([("term".to_owned(), "5".to_owned())]);
        seen.put(&mut columns);
        assert_eq!(Seen::of(&columns), seen);
        Seen::default().put(&mut columns);
        assert_eq!(columns.len(), 1);
    }

    #[test]
    fn a_row_is_told_as_people_read_it() {
        let text = |text: &str| Value::Text(text.to_owned());
        let row = row_text(
            &text("2.0000"),
            "A",
            &Value::Null,
            &text("25"),
            &text("5.5"),
        );
        assert_eq!(row, "2 x A 30.50");
        let row = row_text(
            &Value::Null,
            "Courier",
            &text("6.10"),
            &Value::Null,
            &Value::Null,
        );
        assert_eq!(row, "Courier 6.10");
    }
}
