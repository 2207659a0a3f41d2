//! `ponte order REF`: one order's story.

use super::Context;
use super::answer::{Answer, Failure};
use super::args::OrderArgs;
use super::door::{self, Order, Part};
use super::exit::Exit;
use super::output::{BOLD, YELLOW, escaped, styled};
use super::project::Project;
use super::reconcile::of_shop;
use super::status::{local, outcome};
use super::sync::{self, flow_failure, open_state};
use crate::orders::Meaning;
use crate::orders::story::{self, Absence, Story};
use crate::round::Orders;
use crate::round::task;
use crate::state::State;
use crate::state::history::Run;
use crate::state::quarantine::Entry;
use crate::sync::batch::Intent;
use serde_json::json;

pub async fn run(context: &Context<'_>, args: &OrderArgs) -> Result<Answer, Failure> {
    let project = Project::open(context.project)?;
    project.warn(context.as_json);
    let intent = match args.settled {
        true => Intent::Write,
        false => Intent::DryRun,
    };
    let mut state = open_state(&project, intent, context.as_json).await?;
    let mut stories = stories(&project, args).await?;
    if args.settled {
        let [one] = stories.as_slice() else {
            let names: Vec<&str> = stories.iter().map(|one| one.reference.as_str()).collect();
            return Err(
                Failure::refused(format!("`{}` is several orders", args.order))
                    .help(format!("name one of them: {}", names.join(", "))),
            );
        };
        if one.link.is_none() {
            let message = format!(
                "`{}` is not imported: there is nothing to settle",
                one.reference
            );
            return Err(Failure::refused(message)
                .help("`ponte quarantine list` and `ponte order` say why an order waits"));
        }
        let (flow, only) = (format!("{}/order", one.shop), vec![one.key.clone()]);
        let part = Part { flow, only };
        let order = || Order::Settle(part.clone());
        let answer = match door::ask(context, &project, args.alone, order).await {
            Some(answer) => answer?,
            None => {
                let Part { flow, only } = part;
                let orders = Orders { only, ..settling() };
                let tasks = task::select(&project.plan, &[flow])?;
                let report =
                    sync::carry_out(context, &project, state.as_mut(), &tasks, &orders).await;
                sync::answer("order", &project.warnings, &orders, 0, &report)
            }
        };
        if answer.exit != Exit::Done {
            return Ok(answer);
        }
        stories = self::stories(&project, args).await?;
    }
    let mut text = Vec::new();
    let mut documents = Vec::new();
    for story in &stories {
        let flow = format!("{}/order", story.shop);
        let (entry, run) = match &mut state {
            Some(state) => (
                state.quarantined(&flow, &story.key).await?,
                imported_by(state, &flow, story).await?,
            ),
            None => (None, None),
        };
        let mut document = json!(story);
        document["quarantined"] = json!(entry);
        document["run"] = json!(run);
        documents.push(document);
        text.push(described(story, entry.as_ref(), run.as_ref()));
    }
    Ok(Answer::new("order", Exit::Done)
        .key("orders", documents)
        .text(text.join("\n")))
}

/// What a person's word does that an order is settled.
pub fn settling() -> Orders {
    Orders {
        intent: Intent::Write,
        settle: true,
        ..Orders::default()
    }
}

/// What the word can mean in any of the shops.
async fn stories(project: &Project, args: &OrderArgs) -> Result<Vec<Story>, Failure> {
    let mut found = Vec::new();
    for orders in of_shop(&project.plan, args.shop.as_deref())? {
        let of_shop = story::find(&project.plan, orders, &project.connections, &args.order);
        found.extend(of_shop.await.map_err(|error| flow_failure(error.into()))?);
    }
    if found.is_empty() {
        return Err(Failure::refused(format!("no shop has an order `{}`", args.order)).help(
            "wanted: the shop's number of the order, `SHOP/ID`, or the number of the ERP's document; one that was typed into the ERP by hand is linked by `ponte match orders`",
        ));
    }
    Ok(found)
}

/// The run that made the link, by its time.
async fn imported_by(state: &mut State, flow: &str, story: &Story) -> Result<Option<Run>, Failure> {
    let Some(at) = story.link.as_ref().and_then(|link| link.at) else {
        return Ok(None);
    };
    Ok(state.run_at(flow, at).await?)
}

fn described(story: &Story, entry: Option<&Entry>, run: Option<&Run>) -> String {
    let mut text = styled(escaped(&story.reference), BOLD);
    if story.number != story.key {
        text.push_str(&format!(" (number {})", escaped(&story.number)));
    }
    text.push('\n');
    let mut line = |name: &str, what: &str| {
        if !what.trim().is_empty() {
            text.push_str(&format!("  {name:<9} {}\n", escaped(what)));
        }
    };
    let placed = story.placed_local.map(|placed| placed.to_string());
    line("placed", &placed.unwrap_or_default());
    line("status", &format!("{} ({})", story.status, means(story)));
    let total = story.total.as_deref().unwrap_or("?");
    line("total", &format!("{total} {}", story.currency));
    if let Some(refunded) = &story.refunded {
        line("refunded", &format!("{refunded} {}", story.currency));
    }
    line("payment", &paid(story));
    line("carrier", story.carrier.as_deref().unwrap_or_default());
    line("pick-up", story.pickup_point.as_deref().unwrap_or_default());
    line("from", story.warehouse.as_deref().unwrap_or_default());
    let customer = [story.customer.as_str(), story.email.as_str()];
    let customer: Vec<&str> = customer.into_iter().filter(|one| !one.is_empty()).collect();
    line("customer", &customer.join(", "));
    for row in &story.rows {
        line("", row);
    }
    match &story.link {
        Some(link) => {
            let at = link.at.map(local).unwrap_or_default();
            let by = match run {
                Some(run) => format!(" by the run of {} ({})", local(run.started), outcome(run)),
                None => String::new(),
            };
            line("imported", &format!("{at} as {}{by}", link.id));
        }
        None => {
            let (why, help) = not_imported(story, entry);
            line("imported", &format!("no: {why}"));
            line("", &format!("help: {help}"));
        }
    }
    match (&story.document, &story.link) {
        (Some(paper), _) => {
            let total = paper.total.as_deref().unwrap_or("?");
            let day = paper
                .day
                .map(|day| format!(" of {day}"))
                .unwrap_or_default();
            line(
                "in ERP",
                &format!("{}{day}: {}, total {total}", paper.number, paper.state),
            );
        }
        (None, Some(link)) => line(
            "in ERP",
            &format!("there is no document {} any more", link.id),
        ),
        (None, None) => {}
    }
    if let (Some(told), Some(_)) = (&story.told, &story.link) {
        text.push_str(&format!(
            "  {}: {}\n",
            styled("to settle", YELLOW),
            escaped(told)
        ));
        if let Some(entry) = entry {
            text.push_str(&format!("  help: {}\n", escaped(&entry.finding.advice)));
        }
    }
    text
}

/// `Card, 53.10 EUR paid, ch_1001`
fn paid(story: &Story) -> String {
    let paid = story.paid.as_ref();
    let paid = paid.map(|paid| format!("{paid} {} paid", story.currency));
    let parts = [
        Some(story.payment.clone()).filter(|payment| !payment.is_empty()),
        paid,
        story.transaction_id.clone(),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
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
