//! `ponte match orders`: web orders that somebody has typed into the ERP.

use super::super::answer::{Answer, Failure};
use super::super::args::MatchArgs;
use super::super::exit::Exit;
use super::super::output::{BOLD, GREEN, RED, count, escaped, grouped, styled};
use super::super::sync::flow_failure;
use super::super::word::Desk;
use crate::orders::by_hand::{self, ByHand, Candidate, Pair, Said};
use crate::orders::story;
use crate::plan::{Orders, Plan};
use crate::round;
use serde_json::json;

/// The shops whose orders are meant: `orders`, `order`, `main/order`; `None`: something else is.
pub fn named<'p>(plan: &'p Plan, names: &[String]) -> Option<Vec<&'p Orders>> {
    let is_any = |name: &String| name == "orders" || name == "order";
    let is_meant = |orders: &&Orders, name: &String| is_any(name) || orders.name == *name;
    let all = || plan.orders.iter();
    let is_about_orders = |name: &String| is_any(name) || all().any(|orders| orders.name == *name);
    if names.is_empty() || !names.iter().all(is_about_orders) {
        return None;
    }
    let meant = all().filter(|orders| names.iter().any(|name| is_meant(orders, name)));
    Some(meant.collect())
}

pub async fn carry_out(
    desk: Desk<'_>,
    shops: &[&Orders],
    args: &MatchArgs,
) -> Result<Answer, Failure> {
    if shops.is_empty() {
        return Err(Failure::refused("no shop's orders are imported")
            .help("`orders.import = true` in `[shop.NAME]` has them imported"));
    }
    let decisions = &args.decisions;
    let others = [
        &decisions.unlink,
        &decisions.recreate,
        &decisions.ignore,
        &decisions.unignore,
        &decisions.ignore_row,
        &decisions.unignore_row,
    ];
    if args.audit || others.iter().any(|one| !one.is_empty()) {
        return Err(Failure::refused(
            "orders are matched with `--accept` and `--link` only",
        ));
    }
    if !decisions.link.is_empty() {
        return link(desk, shops, &decisions.link).await;
    }
    let mut found = Vec::new();
    for orders in shops {
        let mut of_shop = by_hand::propose(desk.plan, orders, desk.connections)
            .await
            .map_err(|error| flow_failure(error.into()))?;
        if args.accept {
            accept(desk, orders, &mut of_shop).await?;
        }
        found.push(of_shop);
    }
    let open = |shop: &ByHand| shop.pairs.iter().any(|pair| !pair.is_linked);
    let exit = match found.iter().any(open) {
        true => Exit::Quarantined,
        false => Exit::Done,
    };
    let text: String = found.iter().map(|shop| told(shop, args.show)).collect();
    Ok(Answer::new("match", exit)
        .key("shops", json!(found))
        .text(text))
}

/// Links the clear ones.
async fn accept(desk: Desk<'_>, orders: &Orders, found: &mut ByHand) -> Result<(), Failure> {
    if !found.pairs.iter().any(|pair| pair.is_clear) {
        return Ok(());
    }
    let _turn = desk.turn(&orders.name).await?;
    let refused = round::by_hand::accept(orders, desk.connections, found).await;
    match refused.map_err(flow_failure)? {
        Some(why) => Err(Failure::refused(why)),
        None => Ok(()),
    }
}

/// `REF=NUMBER`, one by one.
async fn link(desk: Desk<'_>, shops: &[&Orders], wanted: &[String]) -> Result<Answer, Failure> {
    let mut text = String::new();
    let mut documents = Vec::new();
    let mut exit = Exit::Done;
    for pair in wanted {
        let Some((order, number)) = pair.rsplit_once('=') else {
            let message = format!("`--link {pair}` names no document");
            return Err(Failure::refused(message).help("write it as `--link ORDER=NUMBER`"));
        };
        let (orders, key) = order_of(desk, shops, order.trim()).await?;
        let number = number.trim();
        let called = by_hand::called(orders, desk.connections, number)
            .await
            .map_err(|error| flow_failure(error.into()))?;
        let [document] = called.as_slice() else {
            let message = match called.len() {
                0 => format!("the ERP has no document `{number}`"),
                _ => format!("several documents of the ERP are called `{number}`"),
            };
            return Err(Failure::refused(message));
        };
        let pairs = [(key.clone(), document.id.clone())];
        let _turn = desk.turn(&orders.name).await?;
        let said = round::by_hand::link(orders, desk.connections, &pairs)
            .await
            .map_err(flow_failure)?;
        let reference = format!("{}/{key}", orders.shop);
        let words = format!("{} is {}", escaped(&reference), escaped(number));
        let (outcome, message) = match said.into_iter().next() {
            Some(Said::Done) => {
                text.push_str(&format!("{} {words}\n", styled("done:", GREEN)));
                ("done", None)
            }
            Some(Said::Already) => {
                text.push_str(&format!("nothing to do: {words}\n"));
                ("already", None)
            }
            Some(Said::Refused(why)) => {
                exit = Exit::Configuration;
                text.push_str(&format!("{} {words}: {why}\n", styled("refused:", RED)));
                ("refused", Some(why))
            }
            None => continue,
        };
        documents.push(json!({
            "decision": "link", "key": reference, "id": number, "outcome": outcome, "message": message, "help": null,
        }));
    }
    Ok(Answer::new("match", exit)
        .key("flow", "order")
        .key("decisions", documents)
        .text(text))
}

/// The one order that is meant.
async fn order_of<'p>(
    desk: Desk<'_>,
    shops: &[&'p Orders],
    order: &str,
) -> Result<(&'p Orders, String), Failure> {
    let mut found = Vec::new();
    for orders in shops {
        let stories = story::find(desk.plan, orders, desk.connections, order)
            .await
            .map_err(|error| flow_failure(error.into()))?;
        found.extend(stories.into_iter().map(|story| (*orders, story)));
    }
    match found.as_slice() {
        [(_, story)] if story.before_since => Err(Failure::refused(format!(
            "`{}` was placed before the cut-over: it is not imported anyway",
            story.reference
        ))),
        [(orders, story)] => Ok((orders, story.key.clone())),
        [] => Err(Failure::refused(format!("no shop has an order `{order}`"))
            .help("wanted: the shop's number of the order, or `SHOP/ID`")),
        several => {
            let names: Vec<&str> = several
                .iter()
                .map(|(_, story)| story.reference.as_str())
                .collect();
            Err(Failure::refused(format!("`{order}` is several orders"))
                .help(format!("name one of them: {}", names.join(", "))))
        }
    }
}

pub fn told(shop: &ByHand, shown: usize) -> String {
    let mut text = format!(
        "{}: {} not linked; the ERP may have a document of {} already\n",
        styled(&shop.shop, BOLD),
        count(shop.orders, "order is", "orders are"),
        grouped(shop.pairs.len() as u64)
    );
    let clear = |pair: &&Pair| pair.is_clear;
    let of = |pairs: Vec<&Pair>, title: &str, text: &mut String| {
        if pairs.is_empty() {
            return;
        }
        text.push_str(&format!("  {title}: {}\n", grouped(pairs.len() as u64)));
        for pair in pairs.iter().take(shown) {
            text.push_str(&line(pair));
        }
        if pairs.len() > shown {
            let more = pairs.len() - shown;
            text.push_str(&format!("    and {} more\n", grouped(more as u64)));
        }
    };
    let linked = shop.pairs.iter().any(|pair| pair.is_linked);
    let title = match linked {
        true => "linked",
        false => "clear",
    };
    of(shop.pairs.iter().filter(clear).collect(), title, &mut text);
    let unclear = shop.pairs.iter().filter(|pair| !pair.is_clear).collect();
    of(unclear, "for a person to say", &mut text);
    if shop
        .pairs
        .iter()
        .any(|pair| pair.is_clear && !pair.is_linked)
    {
        text.push_str("  `ponte match orders --accept` links the clear ones\n");
    }
    if shop.pairs.iter().any(|pair| !pair.is_clear) {
        text.push_str("  `ponte match orders --link ORDER=NUMBER` links one by hand\n");
    }
    text
}

fn line(pair: &Pair) -> String {
    let document = |one: &Candidate| {
        let day = one.day.map(|day| format!(" of {day}")).unwrap_or_default();
        let why = match (one.same_customer, one.names_order) {
            (true, true) => " (the same customer; it names the order)",
            (true, false) => " (the same customer)",
            (false, _) => " (it names the order)",
        };
        format!(
            "{}{day}, {}{why}",
            escaped(&one.number),
            escaped(&one.customer)
        )
    };
    let documents: Vec<String> = pair.documents.iter().map(document).collect();
    format!(
        "    {} of {}, {}, {}: {}\n",
        escaped(&pair.reference),
        pair.day,
        pair.total,
        escaped(&pair.customer),
        documents.join("; ")
    )
}
