//! `ponte sync`, `ponte resync`, and what `ponte quarantine retry` does.

mod json;
pub mod text;

pub use text::lines;

use super::Context;
use super::answer::{Answer, Failure, drawn, stateless, warned};
use super::args::{PartArgs, ResyncArgs, SyncArgs};
use super::door::{self, Order};
use super::exit::Exit;
use super::output::{YELLOW, styled};
use super::progress;
use super::project::Project;
use crate::db::DbError;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::round::task::{self, Task};
use crate::round::version;
use crate::round::{Ended, FlowError, FlowResult, Orders, Round, RoundReport};
use crate::state::State;
use crate::sync::batch::Intent;

/// Changes of each flow that a dry run shows.
const SHOWN: usize = 20;

pub async fn run(context: &Context<'_>, args: &SyncArgs) -> Result<Answer, Failure> {
    let orders = orders(args);
    // A dry run disturbs nobody, and shows what the project as it is now would do.
    let order = (!args.alone && orders.intent != Intent::DryRun).then(|| Order::Sync(args.clone()));
    round("sync", context, &args.flows, orders, (&args.part, order)).await
}

pub async fn resync(context: &Context<'_>, args: &ResyncArgs) -> Result<Answer, Failure> {
    let order = (!args.alone).then(|| Order::Resync(args.clone()));
    round(
        "resync",
        context,
        &args.flows,
        all(args),
        (&args.part, order),
    )
    .await
}

/// What a sync does.
pub fn orders(args: &SyncArgs) -> Orders {
    let intent = match (args.dry_run, args.rows) {
        (true, _) => Intent::DryRun,
        (false, Some(_)) => Intent::Trial,
        (false, None) => Intent::Write,
    };
    Orders {
        intent,
        full: false,
        only: args.part.only.clone(),
        rows_max: args.rows,
        allow_gone: args.allow_gone,
        ..Orders::default()
    }
}

/// What a resync does.
pub fn all(args: &ResyncArgs) -> Orders {
    Orders {
        intent: Intent::Write,
        full: true,
        only: args.part.only.clone(),
        ..Orders::default()
    }
}

/// Changes of each flow that are shown.
pub fn shown(orders: &Orders, part: &PartArgs) -> usize {
    let by_default = match orders.intent {
        Intent::Write => 0,
        Intent::DryRun | Intent::Trial => SHOWN,
    };
    part.show.unwrap_or(by_default)
}

/// `order`: as the service is asked, should it run.
async fn round(
    command: &'static str,
    context: &Context<'_>,
    flows: &[String],
    orders: Orders,
    (part, order): (&PartArgs, Option<Order>),
) -> Result<Answer, Failure> {
    let project = Project::open(context.project)?;
    project.warn(context.as_json);
    let tasks = task::select(&project.plan, flows)?;
    let mut warnings = project.warnings.clone();
    if let Some(order) = order
        && let Some(answer) = door::ask(context, &project, false, || order).await
    {
        return answer;
    }
    let mut state = open_state(&project, orders.intent, context.as_json).await?;
    let unfamiliar = version::warnings(&project.plan, &project.connections, &tasks).await;
    if !context.as_json && !unfamiliar.is_empty() {
        super::output::say(&warned(&Diagnostics(unfamiliar.clone())));
    }
    warnings.extend(unfamiliar);
    let report = carry_out(context, &project, state.as_mut(), &tasks, &orders).await;
    let shown = shown(&orders, part);
    Ok(answer(command, &warnings, &orders, shown, &report))
}

/// Only a run that writes leaves something in the state; another one reads what is there.
pub async fn open_state(
    project: &Project,
    intent: Intent,
    as_json: bool,
) -> Result<Option<State>, Failure> {
    let folder = &project.plan.state_dir;
    if intent != Intent::Write && !State::exists(folder) {
        return Ok(None);
    }
    let state = State::open(folder).await?;
    if let Some(note) = state.note()
        && !as_json
    {
        super::output::say(&format!("{}: {note}", styled("note", YELLOW)));
    }
    Ok(Some(state))
}

/// Runs the tasks until they are done or the user presses Ctrl-C.
pub async fn carry_out(
    context: &Context<'_>,
    project: &Project,
    state: Option<&mut State>,
    tasks: &[Task<'_>],
    orders: &Orders,
) -> RoundReport {
    let observer = progress::observer(context.progress);
    let round = Round {
        plan: &project.plan,
        connections: &project.connections,
        state,
        orders,
        observer: observer.as_ref(),
    };
    let stop = async {
        if tokio::signal::ctrl_c().await.is_err() {
            // Without a handler the signal ends the process as it always does.
            std::future::pending::<()>().await;
        }
    };
    round.run(tasks, stop).await
}

/// What a round came to, for people and machines.
pub fn answer(
    command: &'static str,
    warnings: &[Diagnostic],
    orders: &Orders,
    shown: usize,
    report: &RoundReport,
) -> Answer {
    let mut found: Vec<Diagnostic> = Vec::new();
    for result in &report.results {
        if let Ended::Failed(error) = &result.ended {
            found.extend(error.diagnostics().unwrap_or_default().iter().cloned());
        }
    }
    let found = in_order(found);
    let mut answer = Answer::new(command, exit(report))
        .text(text::report(report, orders, shown))
        .key("mode", json::mode(orders))
        .key("flows", json::flows(&report.results));
    if !found.0.is_empty() {
        answer.talk = drawn(&found);
    }
    answer.diagnostics = warnings.to_vec();
    answer.diagnostics.extend(found.0);
    if let Some(error) = &report.state_error {
        answer.talk.push_str(&stateless(error));
        answer.talk.push('\n');
        answer.error = serde_json::json!({ "message": error.to_string(), "help": error.advice() });
    }
    answer
}

/// Sorted by the files in which they were found first.
pub fn in_order(found: Vec<Diagnostic>) -> Diagnostics {
    let mut files = Vec::new();
    for at in found.iter().filter_map(|one| one.at.as_ref()) {
        if !files
            .iter()
            .any(|file| std::sync::Arc::ptr_eq(file, &at.file))
        {
            files.push(at.file.clone());
        }
    }
    let mut found = Diagnostics(found);
    found.sort(&files);
    found
}

fn exit(report: &RoundReport) -> Exit {
    let flows = report.results.iter().map(of_flow);
    let exit = flows.fold(Exit::Done, Exit::and);
    let exit = match report.state_error {
        Some(_) => exit.and(Exit::Unexpected),
        None => exit,
    };
    match report.interrupted {
        true => exit.and(Exit::Interrupted),
        false => exit,
    }
}

fn of_flow(result: &FlowResult) -> Exit {
    let exit = by_outcome(result);
    match result.unaccounted() {
        0 => exit,
        _ => exit.and(Exit::Unexpected),
    }
}

fn by_outcome(result: &FlowResult) -> Exit {
    match &result.ended {
        Ended::Flow(report) if report.guarded.is_some() => Exit::Guarded,
        Ended::Flow(report) if report.is_clean() => Exit::Done,
        Ended::Stock(report) if report.is_clean() => Exit::Done,
        Ended::Flow(_) | Ended::Stock(_) => Exit::Quarantined,
        Ended::Failed(error) => error.into(),
        Ended::Skipped(_) => Exit::Done,
        Ended::Interrupted => Exit::Interrupted,
    }
}

/// Why a command that is about more than single flows came to nothing.
pub fn flow_failure(error: FlowError) -> Failure {
    if let Some(found) = error.diagnostics() {
        return Failure::Configuration(in_order(found.to_vec()));
    }
    match error.database() {
        Some(database) => Failure::Database(DbError::new(database.kind, &database.message)),
        None => Failure::refused(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::report::FlowReport;
    use std::time::Duration;

    #[test]
    fn a_sum_that_is_off_is_told_to_people_machines_and_scripts() {
        let of = |read| {
            let mut report = FlowReport::default();
            (report.counts.read, report.counts.right) = (read, 5);
            let result = FlowResult {
                flow: "main/price".to_owned(),
                took: Duration::ZERO,
                ended: Ended::Flow(Box::new(report)),
            };
            let round = RoundReport {
                results: vec![result],
                ..RoundReport::default()
            };
            let line = progress::line(&round.results[0]);
            (answer("sync", &[], &Orders::default(), 0, &round), line)
        };
        let (fine, line) = of(5);
        assert_eq!(fine.exit, Exit::Done);
        assert!(!fine.text.contains("unaccounted"), "{}", fine.text);
        assert!(!line.contains("unaccounted"), "{line}");
        assert!(fine.document()["flows"][0]["unaccounted"].is_null());
        let (off, line) = of(7);
        assert_eq!(off.exit, Exit::Unexpected);
        assert!(
            off.text
                .contains("main/price: what the run found is not what it did"),
            "{}",
            off.text
        );
        assert!(
            off.text.contains("2 records are unaccounted for"),
            "{}",
            off.text
        );
        assert!(line.contains(", 2 unaccounted for ("), "{line}");
        assert_eq!(off.document()["flows"][0]["unaccounted"], 2);
    }
}
