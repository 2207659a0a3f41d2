//! A stock cycle for people.

use super::{change, further};
use crate::cli::output::{BOLD, count, escaped, grouped, shown_key, styled};
use crate::round::QUARANTINED_STOCK;
use crate::stock::StockReport;

/// Names shown after a count of stock.
const NAMES_SHOWN: usize = 5;

/// What of the stock's figures changes.
pub fn figures(report: &StockReport, shown: usize) -> String {
    let total = report.changed + report.derived_changed;
    if shown == 0 || total == 0 {
        return String::new();
    }
    let changes = count(total, "change", "changes");
    let mut text = format!("{}: {changes}\n", styled(&report.flow, BOLD));
    for one in report.changes.iter().take(shown) {
        let old = one.old.as_deref().unwrap_or("nothing");
        let sku = shown_key(&one.sku);
        text.push_str(&format!(
            "  {sku}  {} -> {}\n",
            escaped(old),
            escaped(&one.new)
        ));
    }
    let room = shown - report.changes.len().min(shown);
    for one in report.derived.iter().take(room) {
        text.push_str(&change("  ", one));
    }
    let told = report.changes.len().min(shown) + report.derived.len().min(room);
    text.push_str(&further(total, told));
    text.push('\n');
    text
}

/// What a cycle looked at, and what a person should know of it.
pub fn summary(report: &StockReport) -> String {
    let would = if report.dry_run {
        " to be changed"
    } else {
        " changed"
    };
    let mut text = format!(
        "{}: {}, {}{would}, {} beside them; {} pending\n",
        report.flow,
        count(report.articles, "article", "articles"),
        count(report.changed, "figure", "figures"),
        count(report.derived_changed, "row", "rows"),
        count(report.pending_orders, "web order", "web orders"),
    );
    let mut line = |words: String| text.push_str(&format!("  {words}\n"));
    for (why, named) in report
        .left
        .iter()
        .filter(|(why, _)| !QUARANTINED_STOCK.contains(why))
    {
        line(format!(
            "{} left alone: {}{}",
            grouped(named.count),
            why.reason(),
            names(named.skus.iter(), named.count)
        ));
    }
    if report.unapproved_total > 0 {
        let rises = count(report.unapproved_total, "rise waits", "rises wait");
        let named = report.unapproved.iter().map(|one| one.sku.as_str());
        let named = names(named, report.unapproved_total);
        line(format!(
            "{rises} for approval (`ponte approve list`){named}"
        ));
    }
    if report.not_raised.count > 0 {
        let rises = count(report.not_raised.count, "rise was", "rises were");
        let named = names(report.not_raised.skus.iter(), report.not_raised.count);
        line(format!("{rises} rejected{named}"));
    }
    if !report.oversold.is_empty() {
        let named = report
            .oversold
            .iter()
            .map(|one| format!("{} by {}", one.sku, one.short));
        let total = report.oversold.len() as u64;
        let articles = count(total, "article is", "articles are");
        line(format!("{articles} oversold{}", names(named, total)));
    }
    if report.pending_old > 0 {
        line(format!(
            "{} pending for more than {} days: import or close them in the ERP",
            count(report.pending_old, "web order is", "web orders are"),
            crate::stock::OLD_DAYS
        ));
    }
    if report.rounded > 0 {
        let figures = count(report.rounded, "figure was", "figures were");
        line(format!("{figures} rounded down to whole pieces"));
    }
    if !report.unsettled.is_empty() {
        let total = report.unsettled.len() as u64;
        line(format!(
            "{} still moving; the next run settles them{}",
            grouped(total),
            names(report.unsettled.iter(), total)
        ));
    }
    for shop in &report.out_of_reach {
        line(format!(
            "shop `{}` is out of reach: its orders count as they were last seen",
            escaped(shop)
        ));
    }
    text
}

/// `: A, B and 3 more`.
fn names(names: impl Iterator<Item = impl AsRef<str>>, total: u64) -> String {
    let shown: Vec<String> = names
        .take(NAMES_SHOWN)
        .map(|name| escaped(name.as_ref()))
        .collect();
    if shown.is_empty() {
        return String::new();
    }
    match total.saturating_sub(shown.len() as u64) {
        0 => format!(": {}", shown.join(", ")),
        more => format!(": {} and {} more", shown.join(", "), grouped(more)),
    }
}
