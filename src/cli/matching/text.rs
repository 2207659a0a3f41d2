//! A match on one page: counts, and the first of each list.

use crate::cli::output::{BOLD, GREEN, YELLOW, count, escaped, grouped, shown_key, styled};
use crate::cli::status::local;
use crate::matching::{FlowMatch, List, LoneRow, Pair, ShopMatch, Unclear};
use clap::builder::styling::Style;

/// A count with what was counted, the first on the same line.
fn line<T>(
    list: &List<T>,
    what: &str,
    style: Option<Style>,
    shown: impl Fn(&T) -> String,
) -> String {
    if list.count == 0 {
        return String::new();
    }
    let first: Vec<String> = list.first.iter().map(shown).collect();
    let more = match list.count > first.len() as u64 && !first.is_empty() {
        true => ", ...",
        false => "",
    };
    let colon = if first.is_empty() { "" } else { ": " };
    let what = match style {
        Some(style) => styled(what, style),
        None => what.to_owned(),
    };
    format!(
        "{:>9}  {what}{colon}{}{more}\n",
        grouped(list.count),
        first.join(", ")
    )
}

fn number(number: u64, what: &str) -> String {
    match number {
        0 => String::new(),
        number => format!("{:>9}  {what}\n", grouped(number)),
    }
}

/// Those that need a person: each on a line of its own, with the reason.
fn unclear(list: &List<Unclear>, what: &str) -> String {
    if list.count == 0 {
        return String::new();
    }
    let mut text = format!("{:>9}  {}\n", grouped(list.count), styled(what, YELLOW));
    for one in &list.first {
        let key = shown_key(&one.key);
        text.push_str(&format!("           {key}: {}\n", escaped(&one.reason)));
    }
    let more = list.count.saturating_sub(list.first.len() as u64);
    if more > 0 && !list.first.is_empty() {
        text.push_str(&format!("           and {} more\n", grouped(more)));
    }
    text
}

fn pair(pair: &Pair) -> String {
    format!("{} = {}", shown_key(&pair.key), escaped(&pair.id))
}

fn lone(row: &LoneRow) -> String {
    let parts = row.key.split('\t').filter(|part| !part.is_empty());
    let key: Vec<String> = parts.map(escaped).collect();
    match key.is_empty() {
        true => format!(
            "{} ({} without a key)",
            escaped(&row.id),
            escaped(&row.kind)
        ),
        false => format!("{} ({})", escaped(&row.id), key.join(" / ")),
    }
}

fn flow(found: &FlowMatch) -> String {
    let mut text = format!(
        "{}: {} of the ERP, {} of the shop\n",
        styled(&found.flow, BOLD),
        count(found.read, "record", "records"),
        count(found.shop_rows, "row", "rows")
    );
    text.push_str(&number(found.linked, "linked"));
    for (by, list) in &found.would_link {
        let what = format!("would be linked by {by}");
        text.push_str(&line(list, &what, Some(GREEN), pair));
    }
    let key = |key: &String| shown_key(key);
    text.push_str(&line(&found.only_erp, "only in the ERP", None, key));
    text.push_str(&line(&found.only_shop, "only in the shop", None, lone));
    text.push_str(&unclear(&found.ambiguous, "ambiguous"));
    text.push_str(&unclear(&found.removed, "removed in the shop"));
    text.push_str(&unclear(&found.waiting, "waiting for another record"));
    text.push_str(&unclear(&found.rejected, "not to be read"));
    text.push_str(&number(found.duplicates, "further rows with the same key"));
    text.push_str(&number(found.ignored, "ignored records"));
    text.push_str(&number(found.ignored_rows, "ignored rows of the shop"));
    text
}

/// Every flow's match, and what to do next.
pub fn shop(found: &ShopMatch, just_accepted: bool) -> String {
    let mut text = String::new();
    for one in &found.flows {
        text.push_str(&flow(one));
        text.push('\n');
    }
    let shop = &found.shop;
    if found.flows.iter().any(|one| !one.is_clear()) {
        text.push_str(&format!(
            "Ambiguous and removed records are left alone until somebody decides:\n  \
             ponte match {shop} --link KEY=ID      or --ignore KEY, --recreate KEY, --unlink KEY, --ignore-row ID\n"
        ));
    }
    let holding = found.flows.iter().any(FlowMatch::holds);
    let opened = found.flows.iter().filter_map(|one| one.accepted).max();
    text.push_str(&match (just_accepted, holding, opened) {
        (true, ..) => format!(
            "{}: what is only in the ERP is created by the next sync.\n",
            styled("The match is accepted", GREEN)
        ),
        (_, true, _) => format!(
            "{}: a sync writes to the pairs above and creates nothing where the shop has rows.\n  \
             ponte match {shop} --accept\n",
            styled("Nobody has accepted the match yet", YELLOW)
        ),
        (_, _, Some(moment)) => format!("The match was accepted at {}.\n", local(moment)),
        _ => "Nothing waits for the match to be accepted.\n".to_owned(),
    });
    text.push('\n');
    text
}

pub fn audit(found: &ShopMatch) -> String {
    let shop = styled(&found.shop, BOLD);
    let audit = &found.audit;
    let mut text = match audit.findings.is_empty() {
        true => format!("{shop}: nothing in the ERP's data will trouble the shop\n"),
        false => format!("{shop}: what in the ERP's data will trouble the shop\n"),
    };
    for finding in &audit.findings {
        let title = escaped(&finding.title);
        let key = |key: &String| shown_key(key);
        text.push_str(&line(&finding.records, &title, Some(YELLOW), key));
        text.push_str(&format!("           {}\n", finding.meaning));
    }
    for unasked in &audit.unasked {
        text.push_str(&format!("           not looked at: {unasked}\n"));
    }
    text
}
