//! An order's story as a person reads it.

use crate::cli::output::{BOLD, YELLOW, escaped, styled};
use crate::cli::status::{local, outcome};
use crate::fulfilment::story::{News, Sent, WayBack};
use crate::mail::story::Posted;
use crate::orders::Meaning;
use crate::orders::story::refunds::{Refund, Standing};
use crate::orders::story::{Absence, Paper, Story};
use crate::own::mail::Standing as Post;
use crate::state::history::Run;
use crate::state::quarantine::Entry;
use crate::story::Whole;

/// The lines below an order's name; each is named once.
struct Lines(String);

impl Lines {
    fn add(&mut self, name: &str, what: &str) {
        if !what.trim().is_empty() {
            self.0.push_str(&format!("  {name:<9} {}\n", escaped(what)));
        }
    }

    fn help(&mut self, advice: &str) {
        self.add("", &format!("help: {advice}"));
    }

    /// For a person to look at.
    fn warn(&mut self, name: &str, what: &str, advice: Option<String>) {
        let (name, what) = (styled(name, YELLOW), escaped(what));
        self.0.push_str(&format!("  {name}: {what}\n"));
        if let Some(advice) = advice {
            self.0.push_str(&format!("  help: {}\n", escaped(&advice)));
        }
    }
}

pub fn described(whole: &Whole) -> String {
    let story = &whole.story;
    let mut lines = Lines(styled(escaped(&story.reference), BOLD));
    if story.number != story.key {
        let number = escaped(&story.number);
        lines.0.push_str(&format!(" (number {number})"));
    }
    lines.0.push('\n');
    in_shop(story, &mut lines);
    in_erp(story, whole.entry.as_ref(), whole.run.as_ref(), &mut lines);
    if let Some(back) = &whole.way_back {
        way_back(back, &mut lines);
    }
    if let Some(mails) = &whole.mails {
        posted(mails, &mut lines);
    }
    if let Some(news) = whole.way_back.as_ref().and_then(|back| back.next.as_ref()) {
        let what = told_next(news);
        lines.add("next", &format!("the shop is yet to be told: {what}"));
        let held = whole.way_back.as_ref().and_then(|back| back.held.as_ref());
        match held {
            _ if whole.untold.is_some() => {}
            Some(held) => lines.warn("waits", &held.why, Some(held.advice.clone())),
            None => {
                let shop = &story.shop;
                lines.help(&format!(
                    "the next run of {shop}/fulfilment does that; `ponte sync {shop}/fulfilment` now"
                ));
            }
        }
    }
    let advice = |entry: &Option<Entry>| entry.as_ref().map(|one| one.finding.advice.clone());
    if let Some(entry) = &whole.untold {
        let message = &entry.finding.message;
        lines.warn("cannot be told", message, advice(&whole.untold));
    }
    if let (Some(told), Some(_)) = (&story.told, &story.link) {
        lines.warn("to settle", told, advice(&whole.entry));
    }
    lines.0
}

fn in_shop(story: &Story, lines: &mut Lines) {
    let placed = story.placed_local.map(|placed| placed.to_string());
    lines.add("placed", &placed.unwrap_or_default());
    lines.add("status", &format!("{} ({})", story.status, means(story)));
    let total = story.total.as_deref().unwrap_or("?");
    lines.add("total", &format!("{total} {}", story.currency));
    if let Some(refunded) = &story.refunded {
        lines.add("refunded", &format!("{refunded} {}", story.currency));
    }
    if let Some(returned) = &story.returned {
        lines.add("returned", &format!("{returned} pieces"));
    }
    for refund in &story.refunds {
        paid_back(story, refund, lines);
    }
    lines.add("payment", &paid(story));
    let or_nothing = |text: &Option<String>| text.clone().unwrap_or_default();
    lines.add("carrier", &or_nothing(&story.carrier));
    lines.add("pick-up", &or_nothing(&story.pickup_point));
    lines.add("from", &or_nothing(&story.warehouse));
    let customer = [story.customer.as_str(), story.email.as_str()];
    let customer: Vec<&str> = customer.into_iter().filter(|one| !one.is_empty()).collect();
    lines.add("customer", &customer.join(", "));
    for row in &story.rows {
        lines.add("", row);
    }
}

/// `2001 of 2026-03-03 11:00, 6.10 EUR (broken): in the ERP as C100001`
fn paid_back(story: &Story, refund: &Refund, lines: &mut Lines) {
    let at = refund.placed_local.map(|at| format!(" of {at}"));
    let total = refund.total.as_deref().unwrap_or("?");
    let note = refund.note.as_ref().map(|note| format!(" ({note})"));
    let standing = match (refund.standing, &refund.document, &refund.why) {
        (Standing::Written, Some(document), _) => format!("in the ERP as {document}"),
        (Standing::Written, None, _) => "in the ERP".to_owned(),
        (Standing::ByHand, ..) => "booked by hand".to_owned(),
        (Standing::BeforeSince, ..) => {
            "for a person: paid back before `orders.refunds_since`".to_owned()
        }
        (Standing::NoOrder, ..) => {
            "not for the ERP, which has no such order that stands".to_owned()
        }
        (Standing::NotYet, _, Some(why)) => format!("not in the ERP: {why}"),
        (Standing::NotYet, _, None) => {
            format!(
                "not in the ERP yet: the next run of {}/refund writes it",
                story.shop
            )
        }
    };
    let (at, note) = (at.unwrap_or_default(), note.unwrap_or_default());
    let what = format!(
        "{}{at}, {total} {}{note}: {standing}",
        refund.key, story.currency
    );
    lines.add("", &what);
    if let Some(advice) = &refund.advice {
        lines.help(advice);
    }
}

/// `Card, 53.10 EUR paid, ch_1001`
fn paid(story: &Story) -> String {
    let paid = story.paid.as_ref();
    let paid = paid.map(|paid| match story.payment_state {
        Some("partly_paid") => format!("only {paid} {} paid", story.currency),
        _ => format!("{paid} {} paid", story.currency),
    });
    let state = match story.payment_state {
        Some("unpaid") => Some("unpaid"),
        Some("paid") if paid.is_none() => Some("paid"),
        Some("partly_paid") if paid.is_none() => Some("partly paid"),
        Some("partly_refunded") => Some("partly refunded"),
        Some("refunded") => Some("refunded"),
        _ => None,
    };
    let parts = [
        Some(story.payment.clone()).filter(|payment| !payment.is_empty()),
        paid,
        state.map(str::to_owned),
        story.transaction_id.clone(),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn in_erp(story: &Story, entry: Option<&Entry>, run: Option<&Run>, lines: &mut Lines) {
    let Some(link) = &story.link else {
        let (why, help) = not_imported(story, entry);
        lines.add("imported", &format!("no: {why}"));
        lines.help(&help);
        // Typed by hand, and named there.
        if let Some(paper) = &story.document {
            lines.add("in ERP", &document(paper));
        }
        return;
    };
    let at = link.at.map(local).unwrap_or_default();
    let by = match run {
        Some(run) => format!(" by the run of {} ({})", local(run.started), outcome(run)),
        None => String::new(),
    };
    lines.add("imported", &format!("{at} as {}{by}", link.id));
    match &story.document {
        Some(paper) => lines.add("in ERP", &document(paper)),
        None => lines.add(
            "in ERP",
            &format!("there is no document {} any more", link.id),
        ),
    }
}

fn document(paper: &Paper) -> String {
    let total = paper.total.as_deref().unwrap_or("?");
    let day = paper.day.map(|day| format!(" of {day}"));
    let day = day.unwrap_or_default();
    format!("{}{day}: {}, total {total}", paper.number, paper.state)
}

fn way_back(back: &WayBack, lines: &mut Lines) {
    let mut name = "shipped";
    for sent in &back.parcels {
        lines.add(name, &parcel(sent));
        name = "";
    }
    if let Some(invoice) = &back.invoice {
        lines.add("invoice", &invoice.number);
    }
    if let Some(status) = &back.status {
        lines.add("told", &format!("the shop's order was given `{status}`"));
    }
    if let Some(left) = &back.left {
        lines.add("left", &format!("its status was left alone: {left}"));
    }
}

fn parcel(sent: &Sent) -> String {
    let part = |before: &str, what: &Option<String>| match what {
        Some(what) => format!("{before}{what}"),
        None => String::new(),
    };
    let tracking = match &sent.tracking {
        Some(number) => format!(", tracking {number}"),
        None => ", no tracking number yet".to_owned(),
    };
    format!(
        "{}{}{}{tracking}{}",
        sent.number,
        part(" of ", &sent.shipped_on),
        part(" by ", &sent.carrier),
        part(", delivered ", &sent.delivered_on),
    )
}

fn posted(mails: &[Posted], lines: &mut Lines) {
    let mut name = "mails";
    for mail in mails {
        let moment = |at: Option<_>| at.map(local).unwrap_or_default();
        let what = format!("{} {}", mail.kind, mail.item);
        let why = mail.why.as_ref().map(|why| format!(": {why}"));
        let why = why.unwrap_or_default();
        let text = match mail.standing {
            Post::Sent => {
                let to = mail.to.as_deref().unwrap_or_default();
                format!("{what} sent {} to {to}", moment(mail.since))
            }
            Post::Due if mail.next.is_some() => {
                format!("{what} goes out after {}{why}", moment(mail.next))
            }
            Post::Due | Post::Sending | Post::Refused => format!("{what}{why}"),
        };
        lines.add(name, &text);
        name = "";
        if let Some(advice) = &mail.advice {
            lines.help(advice);
        }
    }
}

fn told_next(news: &News) -> String {
    let mut parts = Vec::new();
    parts.extend(
        news.status
            .iter()
            .map(|status| format!("status `{status}`")),
    );
    parts.extend(news.parcels.iter().map(|number| format!("parcel {number}")));
    parts.extend(
        news.invoice
            .iter()
            .map(|number| format!("invoice {number}")),
    );
    parts.join(", ")
}

fn means(story: &Story) -> &'static str {
    match story.meaning {
        Meaning::Import => "goes into the ERP",
        Meaning::Wait => "yet to be paid",
        Meaning::Ignore => "no order",
        Meaning::Cancelled => "cancelled",
        Meaning::Unknown => "nobody has said what it means",
    }
}

/// Why an order has no link, and what to do about it.
fn not_imported(story: &Story, entry: Option<&Entry>) -> (String, String) {
    let found = entry.map(|entry| (&*entry.finding.message, &*entry.finding.advice));
    let awaited = || {
        format!(
            "it comes in by itself once its status is one of: {}",
            story.import.join(", ")
        )
    };
    match story.absence(found) {
        Absence::BeforeSince => (
            "placed before the cut-over (`orders.since`)".to_owned(),
            "it is nobody's business here: type it into the ERP by hand".to_owned(),
        ),
        Absence::Told { why, advice } => (why, advice),
        Absence::NotYet => (
            "no run has come by since".to_owned(),
            format!("`ponte sync {}/order` imports it now", story.shop),
        ),
        Absence::Unpaid => ("it is yet to be paid".to_owned(), awaited()),
        Absence::ByStatus => ("its status says so".to_owned(), awaited()),
        Absence::UnknownStatus => (
            "nobody has said what its status means".to_owned(),
            format!(
                "put it into `import`, `wait`, `ignore` or `cancelled` of `[shop.{}.order]`",
                story.shop
            ),
        ),
    }
}
