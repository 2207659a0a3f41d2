//! `ponte status`: what the state remembers of each flow. It asks no database.

use super::Context;
use super::answer::{Answer, Failure};
use super::exit::Exit;
use super::output::{count, escaped, grouped};
use super::pause::pauses;
use super::project::Project;
use super::run::when;
use super::sync::lines;
use crate::config::record::FULFILMENT;
use crate::mail;
use crate::orders;
use crate::round::task::{self, Task};
use crate::round::{compared, reconcile};
use crate::state::State;
use crate::state::history::Run;
use crate::sync::run::{BOTH_CHANGED, LINKED, PUT_BACK};
use chrono::{DateTime, Local, Utc};
use comfy_table::{CellAlignment, Table, presets};
use serde_json::json;

/// Among a run's counts: what waited for a person's approval.
const UNAPPROVED: &str = "unapproved";

/// What is known of one flow.
struct FlowStatus {
    flow: String,
    last: Option<Run>,
    last_good: Option<Run>,
    quarantined: u64,
    /// When the service runs it.
    when: String,
    paused: bool,
}

pub async fn run(context: &Context<'_>) -> Result<Answer, Failure> {
    let project = Project::open(context.project)?;
    project.warn(context.as_json);
    let tasks = task::all(&project.plan);
    let flows = read(&project, &tasks).await?;
    let json: Vec<serde_json::Value> = flows
        .iter()
        .map(|flow| {
            json!({
                "flow": flow.flow,
                "last_run": flow.last,
                "last_good_run": flow.last_good,
                "quarantined": flow.quarantined,
                "runs": flow.when,
                "paused": flow.paused,
            })
        })
        .collect();
    let compared = compared(&project).await?;
    let is_orders = |run: &&Run| reconcile::is_name(&run.flow);
    let reconciled: Vec<&Run> = compared.iter().filter(is_orders).collect();
    let mut text = text(&flows);
    let orders: Vec<WebOrders> = project
        .plan
        .orders
        .iter()
        .map(|orders| WebOrders::of(&orders.shop, &orders.name, &flows))
        .collect();
    for one in &orders {
        text.push_str(&one.text());
    }
    for run in &compared {
        text.push_str(&comparison(run));
    }
    Ok(Answer::new("status", Exit::Done)
        .key("flows", json)
        .key("orders", json!(orders))
        .key("reconciled", json!(reconciled))
        .key("compared", json!(compared))
        .text(text))
}

/// A shop's web orders and their mails, as the last runs left them; `None`: no run has told yet.
#[derive(serde::Serialize)]
struct WebOrders {
    shop: String,
    imported: Option<u64>,
    waiting_in_shop: Option<u64>,
    to_approve: u64,
    quarantined: u64,
    mails_sent: Option<u64>,
    mails_due: Option<u64>,
    mails_for_a_person: Option<u64>,
}

impl WebOrders {
    fn of(shop: &str, flow: &str, flows: &[FlowStatus]) -> WebOrders {
        let find = |name: &str| flows.iter().find(|flow| flow.flow == name);
        let (import, told) = (find(flow), find(&format!("{shop}/{FULFILMENT}")));
        let count =
            |flow: Option<&FlowStatus>, name: &str| flow?.last_good.as_ref()?.counts[name].as_u64();
        // Where mails are sent at all, none of a kind is left out.
        let mails = |name: &str| {
            let all = [mail::MAILS_SENT, mail::MAILS_DUE, mail::MAILS_STUCK];
            let has_mails = all.iter().any(|name| count(told, name).is_some());
            has_mails.then(|| count(told, name).unwrap_or(0))
        };
        WebOrders {
            shop: shop.to_owned(),
            imported: count(import, orders::IMPORTED),
            waiting_in_shop: count(import, orders::WAITING),
            to_approve: count(import, UNAPPROVED).unwrap_or(0),
            quarantined: import.map_or(0, |flow| flow.quarantined),
            mails_sent: mails(mail::MAILS_SENT),
            mails_due: mails(mail::MAILS_DUE),
            mails_for_a_person: mails(mail::MAILS_STUCK),
        }
    }

    /// Nothing before the first import.
    fn text(&self) -> String {
        let Some(imported) = self.imported else {
            return String::new();
        };
        let mut text = format!(
            "{}: {} imported, {} waiting in the shop, {} in quarantine",
            self.shop,
            count(imported, "web order", "web orders"),
            grouped(self.waiting_in_shop.unwrap_or(0)),
            grouped(self.quarantined),
        );
        if self.to_approve > 0 {
            let those = grouped(self.to_approve);
            text.push_str(&format!(" ({those} of them to approve)"));
        }
        if let (Some(sent), Some(due), Some(stuck)) =
            (self.mails_sent, self.mails_due, self.mails_for_a_person)
        {
            text.push_str(&format!(
                "; {} sent, {} due, {} for a person",
                count(sent, "mail", "mails"),
                grouped(due),
                grouped(stuck)
            ));
        }
        text.push('\n');
        text
    }
}

/// The last run of each comparison that the service makes.
async fn compared(project: &Project) -> Result<Vec<Run>, Failure> {
    let folder = &project.plan.state_dir;
    let mut runs = Vec::new();
    if State::exists(folder) {
        let mut state = State::open(folder).await?;
        for name in compared::names(&project.plan) {
            runs.extend(state.last_run(&name).await?);
        }
    }
    Ok(runs)
}

/// What is to be said of a comparison: nothing, if all was as it should be.
fn comparison(run: &Run) -> String {
    if let Some(error) = &run.error {
        return format!("{}: {}\n", run.flow, escaped(error));
    }
    let found = run.differences().unwrap_or(0);
    if found == 0 {
        return String::new();
    }
    let (differed, command) = match reconcile::is_name(&run.flow) {
        true => (
            count(found, "order differed", "orders differed"),
            "reconcile",
        ),
        false => (
            count(found, "record differed", "records differed"),
            "verify",
        ),
    };
    let began = local(run.started);
    format!(
        "{}: {differed} on {began}; `ponte {command}` shows them\n",
        run.flow
    )
}

async fn read(project: &Project, tasks: &[Task<'_>]) -> Result<Vec<FlowStatus>, Failure> {
    let folder = &project.plan.state_dir;
    let mut state = match State::exists(folder) {
        true => Some(State::open(folder).await?),
        false => None,
    };
    let totals = match &mut state {
        Some(state) => state.quarantine_totals().await?,
        None => Default::default(),
    };
    let paused = match &mut state {
        Some(state) => state.paused().await?,
        None => Default::default(),
    };
    let mut flows = Vec::new();
    for task in tasks {
        let name = task.name();
        let (last, last_good) = match &mut state {
            Some(state) => (
                state.last_run(name).await?,
                state.last_good_run(name).await?,
            ),
            None => (None, None),
        };
        flows.push(FlowStatus {
            flow: name.to_owned(),
            last,
            last_good,
            quarantined: totals.get(name).copied().unwrap_or(0),
            when: when(&project.plan, task),
            paused: paused.contains(name) || pauses(&project.plan, name),
        });
    }
    Ok(flows)
}

fn text(flows: &[FlowStatus]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header([
        "flow",
        "last run",
        "outcome",
        "last good run",
        "read",
        "quarantine",
        "runs",
    ]);
    for flow in flows {
        let read = flow.last_good.as_ref().and_then(|run| {
            let counts = &run.counts;
            counts["read"].as_u64().or(counts["articles"].as_u64())
        });
        table.add_row([
            flow.flow.clone(),
            flow.last
                .as_ref()
                .map_or("never".to_owned(), |run| local(run.started)),
            flow.last.as_ref().map_or("", outcome).to_owned(),
            flow.last_good
                .as_ref()
                .map_or("never".to_owned(), |run| local(run.started)),
            read.map_or(String::new(), grouped),
            match flow.quarantined {
                0 => String::new(),
                number => grouped(number),
            },
            match flow.paused {
                true => "paused".to_owned(),
                false => flow.when.clone(),
            },
        ]);
    }
    for column in table.column_iter_mut().skip(4).take(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let mut text = lines(&table);
    for flow in flows {
        let last = flow.last.as_ref();
        if let Some(error) = last.and_then(|run| run.error.as_ref()) {
            text.push_str(&format!("{}: {}\n", flow.flow, escaped(error)));
        }
        let counts = flow.last_good.as_ref().map(|run| &run.counts);
        let oversold = counts.and_then(|counts| counts["oversold"].as_u64());
        if let Some(oversold) = oversold.filter(|oversold| *oversold > 0) {
            text.push_str(&format!(
                "{}: {} oversold when it last ran; `ponte sync {} --dry-run` names them\n",
                flow.flow,
                count(oversold, "article was", "articles were"),
                flow.flow
            ));
        }
        let guarded = counts.and_then(|counts| counts["guarded"].as_u64());
        if let Some(guarded) = guarded.filter(|guarded| *guarded > 0) {
            text.push_str(&format!(
                "{}: the guard left {} alone; `ponte quarantine list {}` tells more\n",
                flow.flow,
                count(guarded, "gone record", "gone records"),
                flow.flow
            ));
        }
        if let Some(customers) = counts.and_then(customers) {
            text.push_str(&format!("{}: {customers}\n", flow.flow));
        }
        let unapproved = counts.and_then(|counts| counts[UNAPPROVED].as_u64());
        if let Some(unapproved) = unapproved.filter(|unapproved| *unapproved > 0) {
            text.push_str(&format!(
                "{}: {} for approval when it last ran; `ponte approve list` shows what\n",
                flow.flow,
                count(unapproved, "record waited", "records waited")
            ));
        }
        let old = counts.and_then(|counts| counts["pending_old"].as_u64());
        if let Some(old) = old.filter(|old| *old > 0) {
            text.push_str(&format!(
                "{}: {} pending for more than {} days when it last ran\n",
                flow.flow,
                count(old, "web order was", "web orders were"),
                crate::stock::OLD_DAYS
            ));
        }
    }
    text
}

/// What a flow of customers stands at; `None` of any other.
fn customers(counts: &serde_json::Value) -> Option<String> {
    let number = |name: &str| counts[name].as_u64();
    let linked = count(number(LINKED)?, "customer", "customers");
    let (both, put_back) = (number(BOTH_CHANGED)?, number(PUT_BACK)?);
    let told = [
        (
            both,
            "value changed on both sides",
            "values changed on both sides",
        ),
        (
            put_back,
            "value put back to its owner's",
            "values put back to their owner's",
        ),
    ];
    let told = told.into_iter().filter(|(number, ..)| *number > 0);
    let told: Vec<String> = told
        .map(|(number, one, more)| count(number, one, more))
        .collect();
    Some(match told.is_empty() {
        true => format!("{linked} linked"),
        false => format!("{linked} linked, {} when it last ran", told.join(" and ")),
    })
}

pub fn outcome(run: &Run) -> &'static str {
    run.ended().unwrap_or("did not end")
}

pub fn local(moment: DateTime<Utc>) -> String {
    let moment = moment.with_timezone(&Local);
    moment.format("%Y-%m-%d %H:%M:%S").to_string()
}
