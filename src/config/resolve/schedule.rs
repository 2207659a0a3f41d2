//! `[schedule]`: when the service runs which flow.

use super::changes::{parse_duration, zone};
use crate::config::project::ScheduleKeys;
use crate::config::record::WEB_CUSTOMER;
use crate::config::spanned::At;
use crate::diagnostic::{Diagnostic, SourceFile, nearest};
use crate::expr::Zone;
use crate::plan::Plan;
use crate::plan::schedule::{Quiet, Schedule, When};
use chrono::{NaiveTime, Weekday};
use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

/// An order is waited for, and looking for new ones costs little; stock, which a shop must not get wrong, follows an import by itself
/// besides. Everything else may be an hour old.
const ORDERS_EVERY: Duration = Duration::from_secs(60);
const STOCK_EVERY: Duration = Duration::from_secs(15 * 60);
/// Who has just registered or moved house may order at once.
const CUSTOMERS_EVERY: Duration = Duration::from_secs(15 * 60);
/// Customers wait for a tracking number, and asking costs a few queries.
const FULFILMENT_EVERY: Duration = Duration::from_secs(5 * 60);
const RECORDS_EVERY: Duration = Duration::from_secs(60 * 60);
/// A shorter interval is a mistake for a longer one.
const EVERY_MIN: Duration = Duration::from_secs(10);
const VERIFY: &str = "verify";
const VERIFY_AT: &str = "0 3 * * *";
const RECONCILE: &str = "reconcile";
const RECONCILE_AT: &str = "30 3 * * *";
const FORMS: &str = "an interval (`15m`), five fields of cron (`30 6-20 * * mon-sat`), `after FLOW`, `demand`, or `paused`";

/// What runs when: as the project says, else by default.
pub fn schedule(
    file: &Arc<SourceFile>,
    keys: &ScheduleKeys,
    plan: &Plan,
    found: &mut Vec<Diagnostic>,
) -> Schedule {
    let names = Names::of(plan);
    let mut schedule = by_default(&names);
    if let Some(zone) = zone(file, keys.zone.as_ref(), found) {
        schedule.zone = zone;
    }
    for text in &keys.quiet {
        match quiet(text) {
            Some(quiet) => schedule.quiet.push(quiet),
            None => found.push(
                Diagnostic::error("P145", format!("`{}` are no quiet hours", text.value)).at(
                    &text.content(file),
                    "wanted from and to, with a day or without: `23:30-00:15`, `sun 02:00-04:00`",
                ),
            ),
        }
    }
    // A flow's own name says more than that of its record.
    let (records, own): (Vec<_>, Vec<_>) = keys
        .flows
        .iter()
        .partition(|(name, _)| !names.all().any(|flow| flow == name.value));
    let mut texts = BTreeMap::new();
    for (name, text) in records.into_iter().chain(own) {
        let flows = names.named(name);
        if flows.is_empty() && ![VERIFY, RECONCILE].contains(&name.value.as_str()) {
            found.push(unknown(file, name, &names));
            continue;
        }
        let Some(when) = when(file, text, &names, found) else {
            continue;
        };
        if name.value == VERIFY {
            schedule.verify = when;
            continue;
        }
        if name.value == RECONCILE {
            schedule.reconcile = when;
            continue;
        }
        for flow in flows {
            schedule.flows.insert(flow.to_owned(), when_of(&when, flow));
            texts.insert(flow.to_owned(), text);
        }
    }
    found.extend(ring(file, &schedule, &texts));
    schedule
}

/// The names that a schedule may speak of.
struct Names {
    flows: Vec<String>,
    orders: Vec<String>,
    stocks: Vec<String>,
    fulfilments: Vec<String>,
    /// Where no project's file says otherwise.
    zone: Zone,
}

impl Names {
    fn of(plan: &Plan) -> Names {
        let orders = plan.orders.iter().chain(&plan.refunds);
        let orders = orders.map(|orders| &orders.name);
        let stocks = plan.stocks.iter().map(|stock| &stock.name);
        let local = iana_time_zone::get_timezone().ok();
        Names {
            flows: plan.flows.iter().map(|flow| flow.name.clone()).collect(),
            orders: orders.cloned().collect(),
            stocks: stocks.cloned().collect(),
            fulfilments: plan
                .fulfilments
                .iter()
                .map(|one| one.name.clone())
                .collect(),
            zone: local
                .and_then(|name| name.parse().ok())
                .unwrap_or(Zone::UTC),
        }
    }

    fn all(&self) -> impl Iterator<Item = &str> {
        let prompt = self.orders.iter().chain(&self.stocks);
        let flows = self.flows.iter().chain(prompt);
        flows.chain(&self.fulfilments).map(String::as_str)
    }

    /// What a flow can be called by, and these.
    fn known<'n>(&'n self, others: &[&'n str]) -> Vec<&'n str> {
        let records = self.all().filter_map(|flow| Some(flow.rsplit_once('/')?.1));
        let mut known: Vec<&str> = self.all().chain(records).collect();
        known.extend(others);
        known.sort_unstable();
        known.dedup();
        known
    }

    /// The flow of this name, or the flows of this record in every shop.
    fn named(&self, name: &str) -> Vec<&str> {
        let of = |flow: &&str| {
            *flow == name
                || flow
                    .rsplit_once('/')
                    .is_some_and(|(_, record)| record == name)
        };
        self.all().filter(of).collect()
    }
}

fn by_default(names: &Names) -> Schedule {
    let mut flows = BTreeMap::new();
    for flow in &names.flows {
        let every = match flow.rsplit_once('/') {
            Some((_, "customer" | WEB_CUSTOMER)) => CUSTOMERS_EVERY,
            _ => RECORDS_EVERY,
        };
        flows.insert(flow.clone(), When::Every(every));
    }
    for flow in &names.orders {
        flows.insert(flow.clone(), When::Every(ORDERS_EVERY));
    }
    for flow in &names.stocks {
        flows.insert(flow.clone(), When::Every(STOCK_EVERY));
    }
    for flow in &names.fulfilments {
        flows.insert(flow.clone(), When::Every(FULFILMENT_EVERY));
    }
    Schedule {
        zone: names.zone,
        quiet: Vec::new(),
        flows,
        verify: cron(VERIFY_AT).unwrap_or(When::Demand),
        reconcile: cron(RECONCILE_AT).unwrap_or(When::Demand),
    }
}

fn unknown(file: &Arc<SourceFile>, name: &At<String>, names: &Names) -> Diagnostic {
    let known = names.known(&[VERIFY, RECONCILE]);
    Diagnostic::error("P132", format!("there is no flow `{}` to run", name.value))
        .at(&name.span(file), "unknown flow")
        .note(format!("known here: {}", known.join(", ")))
        .suggest(name, known)
}

fn cron(text: &str) -> Result<When, croner::errors::CronError> {
    Ok(When::Cron(Box::new(croner::Cron::from_str(text)?)))
}

fn when(
    file: &Arc<SourceFile>,
    text: &At<String>,
    names: &Names,
    found: &mut Vec<Diagnostic>,
) -> Option<When> {
    let place = text.content(file);
    let words: Vec<&str> = text.split_whitespace().collect();
    let wrong = |label: &str| {
        Diagnostic::error("P145", format!("`{}` says no time to run", text.value))
            .at(&place, label)
            .note(format!("wanted: {FORMS}"))
    };
    match words.as_slice() {
        ["demand"] => return Some(When::Demand),
        ["paused"] => return Some(When::Paused),
        ["after", flow] => {
            if !names.named(flow).is_empty() {
                return Some(When::After((*flow).to_owned()));
            }
            let label = match nearest(flow, names.known(&[])) {
                Some(near) => format!("there is no flow `{flow}`; did you mean `{near}`?"),
                None => format!("there is no flow `{flow}`"),
            };
            found.push(wrong(&label));
        }
        [interval] => match parse_duration(interval) {
            Some(every) if every >= EVERY_MIN => return Some(When::Every(every)),
            Some(_) => found.push(wrong("at least 10s")),
            None => found.push(wrong("not understood")),
        },
        [_, _, _, _, _] => match cron(text) {
            Ok(when) => return Some(when),
            Err(error) => found.push(wrong(&format!("as cron reads it: {error}"))),
        },
        _ => found.push(wrong("not understood")),
    }
    None
}

/// `after article` means that of the same shop where there is one.
fn when_of(when: &When, flow: &str) -> When {
    match (when, flow.split_once('/')) {
        (When::After(other), Some((shop, _))) if !other.contains('/') => {
            When::After(format!("{shop}/{other}"))
        }
        (when, _) => when.clone(),
    }
}

/// Flows that wait for each other would never run: the first ring of them.
fn ring(
    file: &Arc<SourceFile>,
    schedule: &Schedule,
    texts: &BTreeMap<String, &At<String>>,
) -> Option<Diagnostic> {
    for (flow, text) in texts {
        let mut ring = vec![flow.as_str()];
        let mut at = flow;
        while let Some(When::After(before)) = schedule.flows.get(at) {
            ring.push(before);
            if before == flow {
                let message = format!("flow `{flow}` waits for itself");
                let found = Diagnostic::error("P145", message);
                return Some(
                    found
                        .at(&text.content(file), "leads back")
                        .note(ring.join(" after ")),
                );
            }
            if ring.len() > schedule.flows.len() {
                // It leads to a ring of others, whose turn comes.
                break;
            }
            at = before;
        }
    }
    None
}

/// `23:30-00:15`, `sun 02:00-04:00`
fn quiet(text: &str) -> Option<Quiet> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let (day, hours) = match words.as_slice() {
        [hours] => (None, hours),
        [day, hours] => (Some(Weekday::from_str(day).ok()?), hours),
        _ => return None,
    };
    let (from, to) = hours.split_once('-')?;
    let time = |text: &str| match text {
        "24:00" => Some(NaiveTime::MIN),
        text => NaiveTime::parse_from_str(text, "%H:%M").ok(),
    };
    let (from, to) = (time(from)?, time(to)?);
    (from != to).then_some(Quiet { day, from, to })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_says_runs_by_default() {
        let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let names = Names {
            flows: list(&[
                "main/article",
                "main/price",
                "main/customer",
                "main/web_customer",
                "agents",
            ]),
            orders: list(&["main/order", "main/refund"]),
            stocks: list(&["main/stock"]),
            fulfilments: list(&["main/fulfilment"]),
            zone: Zone::UTC,
        };
        let schedule = by_default(&names);
        let said: Vec<String> = schedule
            .flows
            .iter()
            .map(|(flow, when)| format!("{flow} {when}"))
            .collect();
        assert_eq!(
            said,
            [
                "agents every 1h",
                "main/article every 1h",
                "main/customer every 15m",
                "main/fulfilment every 5m",
                "main/order every 1m",
                "main/price every 1h",
                "main/refund every 1m",
                "main/stock every 15m",
                "main/web_customer every 15m",
            ]
        );
        assert_eq!(schedule.verify.to_string(), "at 0 3 * * *");
        assert_eq!(schedule.reconcile.to_string(), "at 30 3 * * *");
        assert_eq!(schedule.quiet, []);
    }
}
