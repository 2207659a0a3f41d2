//! Runs that rows in a database ask for. Where the server tells of new rows (PostgreSQL), they are taken at once; elsewhere they are
//! looked for every few seconds. Rows that ask for the same are carried out by one run, which begins after all of them were taken.

use super::board::Ran;
use super::control::{Control, Refused};
use super::worker::Silent;
use super::{Service, Wish};
use crate::db::{self, DbErrorKind, Engine, Listener, Session};
use crate::own::request::{CHANNEL, Request, Requests};
use crate::round::task;
use crate::round::{Ended, FILES, FlowResult, Observer, Orders, RoundReport};
use crate::sync::batch::Intent;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// So often is looked; and where the server tells, in case it has not been heard.
const LOOK: Duration = Duration::from_secs(3);
const LOOK_TOLD: Duration = Duration::from_secs(10);
/// Before the next try to listen, and so often it is looked whether a table has come that was not there.
const AGAIN: Duration = Duration::from_secs(60);
const PRUNE: Duration = Duration::from_secs(24 * 60 * 60);
/// Rows that one look takes up.
const ROWS: usize = 500;
/// Different runs under way, or waiting for their turn.
const RUNS: usize = 20;
/// What is still to be written may hold up the service's end so long.
const GRACE: Duration = Duration::from_secs(5);
/// Characters of a result.
const SAID_MAX: usize = 4000;
/// Another process works on the pair, a person's command mostly: so often the run is tried, and after so long again.
const HELD_TRIES: u32 = 60;
const HELD_PAUSE: Duration = Duration::from_secs(5);
/// Stands for all flows.
const ALL: &str = "*";

/// What rows ask for: flow, what, filter.
type Wanted = (String, String, String);

/// A row that was taken.
struct Held {
    id: i64,
    wanted: Wanted,
    /// What is to be written into it.
    done: Option<Done>,
}

#[derive(Clone)]
enum Done {
    /// Outcome, sentence.
    Ended(&'static str, String),
    /// For whoever comes next.
    Back,
}

struct Desk {
    service: Arc<Service>,
    control: Arc<Control>,
    engine: Arc<dyn Engine>,
    table: Requests,
    wish: watch::Receiver<Wish>,
    session: Option<Box<dyn Session>>,
    listener: Option<Box<dyn Listener>>,
    listen_after: Instant,
    look_after: Instant,
    prune_after: Instant,
    held: Vec<Held>,
    under_way: BTreeSet<Wanted>,
    running: JoinSet<(Wanted, Result<RoundReport, Refused>)>,
    /// That it cannot be looked is said once.
    is_blind: bool,
}

/// Takes rows until the service ends, and comes to an end with what it took.
pub(super) async fn run(
    service: Arc<Service>,
    control: Arc<Control>,
    mut wish: watch::Receiver<Wish>,
) {
    let Some(connection) = service.plan.requests.clone() else {
        return;
    };
    let Ok(engine) = service.connections.engine(&connection) else {
        return;
    };
    let table = Requests::new(&service.connections.own(&connection));
    let now = Instant::now();
    let mut desk = Desk {
        service,
        control,
        engine,
        table,
        wish: wish.clone(),
        session: None,
        listener: None,
        listen_after: now,
        look_after: now,
        prune_after: now,
        held: Vec::new(),
        under_way: BTreeSet::new(),
        running: JoinSet::new(),
        is_blind: false,
    };
    let mut leave_at: Option<Instant> = None;
    loop {
        let goes_on = *wish.borrow() == Wish::GoOn;
        desk.look_once(goes_on).await;
        if !goes_on && desk.running.is_empty() {
            let leave_at = *leave_at.get_or_insert_with(|| Instant::now() + GRACE);
            if desk.held.is_empty() || Instant::now() >= leave_at {
                return;
            }
        }
        let pause = match (desk.listener.is_some(), goes_on) {
            (true, true) => LOOK_TOLD,
            (false, true) => LOOK,
            (_, false) => LOOK / 3,
        };
        tokio::select! {
            _ = wish.changed(), if goes_on => {}
            Some(ended) = desk.running.join_next() => desk.came(ended.ok()),
            () = told(&mut desk.listener), if goes_on => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Returns when the server has told of a row, or tells no more.
async fn told(listener: &mut Option<Box<dyn Listener>>) {
    let Some(line) = listener else {
        return std::future::pending().await;
    };
    if let Err(error) = line.heard().await {
        tracing::debug!(%error, "new rows of requests are no longer told");
        *listener = None;
    }
}

impl Desk {
    async fn look_once(&mut self, goes_on: bool) {
        if Instant::now() < self.look_after {
            return;
        }
        match self.look(goes_on).await {
            Ok(true) => self.is_blind = false,
            Ok(false) => {
                self.look_after = Instant::now() + AGAIN;
                let table = self.table.table();
                if !std::mem::replace(&mut self.is_blind, true) {
                    tracing::warn!(%table, "there is no such table: nobody can ask for runs by rows; `ponte setup --run` creates it");
                }
            }
            Err(error) => {
                self.session = None;
                match std::mem::replace(&mut self.is_blind, true) {
                    true => tracing::debug!(%error, "requests cannot be looked for"),
                    false => {
                        tracing::warn!(%error, "it cannot be looked for rows that ask for runs; trying again")
                    }
                }
            }
        }
    }

    /// Writes what there is to write, and takes up what is new. False: the table is not there.
    async fn look(&mut self, goes_on: bool) -> db::Result<bool> {
        let mut session = match self.session.take() {
            Some(session) => session,
            None => {
                let mut session = self.engine.connect().await?;
                if self.table.is_missing(session.as_mut()).await? {
                    return Ok(false);
                }
                session
            }
        };
        if goes_on && self.listener.is_none() && Instant::now() >= self.listen_after {
            self.listen_after = Instant::now() + AGAIN;
            match self.engine.listen(CHANNEL).await {
                Ok(listener) => self.listener = listener,
                Err(error) => tracing::debug!(%error, "new rows of requests are not told"),
            }
        }
        if !goes_on {
            for one in self
                .held
                .iter_mut()
                .filter(|one| !self.under_way.contains(&one.wanted))
            {
                one.done.get_or_insert(Done::Back);
            }
        }
        let line = session.as_mut();
        let working: Vec<i64> = self
            .held
            .iter()
            .filter(|one| one.done.is_none())
            .map(|one| one.id)
            .collect();
        self.table.beat(line, &working).await?;
        while let Some(at) = self.held.iter().position(|one| one.done.is_some()) {
            let (id, done) = (self.held[at].id, self.held[at].done.clone());
            match done {
                Some(Done::Ended(outcome, said)) => {
                    self.table.end(line, id, outcome, &said).await?
                }
                Some(Done::Back) => self.table.give_back(line, id).await?,
                None => {}
            }
            self.held.swap_remove(at);
        }
        if goes_on {
            for request in self.table.open(line, ROWS).await? {
                self.take(line, request).await?;
            }
            self.begin();
            if Instant::now() >= self.prune_after {
                self.table.prune(line).await?;
                self.prune_after = Instant::now() + PRUNE;
            }
        }
        self.session = Some(session);
        Ok(true)
    }

    /// Takes a row, unless the same is under way: then it waits for the run after that one.
    async fn take(&mut self, session: &mut dyn Session, request: Request) -> db::Result<()> {
        let wanted = (
            request.flow.clone(),
            request.what.clone(),
            request.filter.clone(),
        );
        let others = self.held.iter().map(|one| &one.wanted);
        let others: BTreeSet<&Wanted> = others.filter(|other| **other != wanted).collect();
        if self.under_way.contains(&wanted) || others.len() >= RUNS {
            return Ok(());
        }
        if !self.table.take(session, request.id).await? {
            return Ok(());
        }
        let (flow, what, who) = (&request.flow, &request.what, &request.who);
        tracing::info!(target: FILES, flow, what, who, row = request.id, "a row asks for a run");
        let done = request.is_spent.then(|| {
            let said =
                "every service that took it was ended in the midst of it; it is not taken again";
            Done::Ended("interrupted", said.to_owned())
        });
        self.held.push(Held {
            id: request.id,
            wanted,
            done,
        });
        Ok(())
    }

    /// Begins a run for all rows that ask for the same.
    fn begin(&mut self) {
        let waiting = self.held.iter().filter(|one| one.done.is_none());
        let waiting = waiting
            .map(|one| one.wanted.clone())
            .filter(|wanted| !self.under_way.contains(wanted));
        let new: BTreeSet<Wanted> = waiting.collect();
        for wanted in new {
            match orders(&self.service, &wanted) {
                Err(why) => self.done(&wanted, Done::Ended("refused", why)),
                Ok((flows, orders)) => {
                    self.under_way.insert(wanted.clone());
                    let (control, wish) = (self.control.clone(), self.wish.clone());
                    self.running.spawn(async move {
                        let report = carry_out(&control, &flows, &orders, wish).await;
                        (wanted, report)
                    });
                }
            }
        }
    }

    /// Notes what came of a run.
    fn came(&mut self, ended: Option<(Wanted, Result<RoundReport, Refused>)>) {
        let Some((wanted, report)) = ended else {
            return;
        };
        self.under_way.remove(&wanted);
        let goes_on = *self.wish.borrow() == Wish::GoOn;
        let done = match report {
            Ok(report) if report.interrupted && !goes_on => Done::Back,
            Err(Refused::Stopping | Refused::Full) => Done::Back,
            Err(error) => Done::Ended("refused", error.to_string()),
            Ok(report) => {
                let (outcome, said) = outcome(&report, wanted.1 == "verify");
                Done::Ended(outcome, said)
            }
        };
        self.done(&wanted, done);
    }

    fn done(&mut self, wanted: &Wanted, done: Done) {
        let rows = self.held.iter_mut();
        for one in rows.filter(|one| one.done.is_none() && one.wanted == *wanted) {
            one.done = Some(done.clone());
        }
    }
}

/// Runs the flows; while another process works on them, again after a while.
async fn carry_out(
    control: &Control,
    flows: &[String],
    orders: &Orders,
    mut wish: watch::Receiver<Wish>,
) -> Result<RoundReport, Refused> {
    let silent: Arc<dyn Observer> = Arc::new(Silent);
    let mut tries = 1;
    loop {
        let mut report = control.carry_out(flows, orders, &silent).await?;
        let is_held = report.results.iter().any(is_held);
        if !is_held || tries >= HELD_TRIES {
            return Ok(report);
        }
        tries += 1;
        tokio::select! {
            () = tokio::time::sleep(HELD_PAUSE) => {}
            _ = wish.wait_for(|wish| *wish != Wish::GoOn) => {
                report.interrupted = true;
                return Ok(report);
            }
        }
    }
}

fn is_held(result: &FlowResult) -> bool {
    match &result.ended {
        Ended::Failed(error) => error
            .database()
            .is_some_and(|error| error.kind == DbErrorKind::LeaseHeld),
        _ => false,
    }
}

/// What to run, or why that cannot be.
fn orders(
    service: &Service,
    (flow, what, filter): &Wanted,
) -> Result<(Vec<String>, Orders), String> {
    let names: Vec<String> = match flow.as_str() {
        ALL => Vec::new(),
        "" => {
            return Err(format!(
                "`flow` names no flow; `{ALL}` stands for all of them"
            ));
        }
        flow => vec![flow.to_owned()],
    };
    let tasks = task::select(&service.plan, &names).map_err(|unknown| {
        let known = unknown.known.join(", ");
        format!(
            "there is no flow `{}`; the project has: {known}",
            unknown.name
        )
    })?;
    let only: Vec<String> = filter
        .lines()
        .map(str::trim)
        .filter(|key| !key.is_empty())
        .map(str::to_owned)
        .collect();
    let write = |full| Orders {
        intent: Intent::Write,
        full,
        only: only.clone(),
        ..Orders::default()
    };
    let orders = match what.as_str() {
        "sync" => write(false),
        "resync" => write(true),
        "verify" if !only.is_empty() => return Err("`verify` takes no `filter`".to_owned()),
        "verify" => Orders {
            intent: Intent::DryRun,
            full: true,
            verify: true,
            ..Orders::default()
        },
        other => {
            return Err(format!(
                "`what` is `sync`, `resync` or `verify`, not `{other}`"
            ));
        }
    };
    let flows = tasks.iter().map(|task| task.name().to_owned());
    Ok((flows.collect(), orders))
}

/// The most serious of the flows' outcomes, and a sentence for each flow.
fn outcome(report: &RoundReport, is_verify: bool) -> (&'static str, String) {
    const RISING: [&str; 6] = [
        "done",
        "quarantined",
        "different",
        "guarded",
        "failed",
        "interrupted",
    ];
    let parts: Vec<(&str, String)> = report
        .results
        .iter()
        .map(|result| match is_verify {
            true => compared(result),
            false => ran(result),
        })
        .collect();
    let worst = RISING.into_iter().rev();
    let mut worst = worst.filter(|name| parts.iter().any(|(outcome, _)| outcome == name));
    let said: Vec<String> = parts.iter().map(|(_, said)| said.clone()).collect();
    let said: String = said.join("; ").chars().take(SAID_MAX).collect();
    (worst.next().unwrap_or("done"), said)
}

fn ran(result: &FlowResult) -> (&'static str, String) {
    let flow = &result.flow;
    match (&result.ended, Ran::of(result)) {
        (Ended::Failed(error), _) => ("failed", format!("{flow}: failed: {error}")),
        (Ended::Skipped(why), _) => ("done", format!("{flow}: not run: {why}")),
        (Ended::Interrupted, _) | (_, None) => ("interrupted", format!("{flow}: interrupted")),
        (Ended::Flow(report), Some(_)) if report.guarded.is_some() => (
            "guarded",
            format!("{flow}: more records are gone than the guard lets pass"),
        ),
        (_, Some(ran)) => {
            let said = format!(
                "{flow}: {} read, {} written, {} in quarantine",
                ran.read, ran.written, ran.quarantined
            );
            (ran.outcome, said)
        }
    }
}

fn compared(result: &FlowResult) -> (&'static str, String) {
    let flow = &result.flow;
    let (compared, different, others) = match &result.ended {
        Ended::Flow(report) => {
            let counts = &report.counts;
            let others = counts.removed + counts.gone_active + counts.extra;
            (counts.right + counts.changed, counts.changed, others)
        }
        Ended::Stock(report) => (report.articles, report.changed, report.derived_changed),
        _ => return ran(result),
    };
    let outcome = match different + others {
        0 => "done",
        _ => "different",
    };
    (
        outcome,
        format!(
            "{flow}: {compared} compared, {different} differ, {others} are removed, gone or extra"
        ),
    )
}
