//! A round: flows of a plan run one after the other, under the leases of their pairs, and noted in the state.
//!
//! An error of one flow does not stop the others: prices need not wait for the category that someone must mend. Only
//! the loss of a lease ends the round, since then another process is at work.

pub mod approve;
pub mod by_hand;
pub mod compared;
pub mod decisions;
mod leases;
pub mod mail;
pub mod reconcile;
mod stock;
mod sum;
pub mod task;
mod told;
pub mod version;

use crate::connections::Connections;
use crate::db::patience::pause;
use crate::db::{DbError, DbErrorKind};
use crate::diagnostic::Diagnostic;
use crate::matching::gate;
use crate::orders::{self, OrdersError};
use crate::own::lease::Guard;
use crate::plan::{Plan, Stock};
use crate::state::history::{Outcome, RunId, Scope};
use crate::state::quarantine::{Finding, Findings, GUARDED};
use crate::state::{State, StateError};
use crate::stock::{self as stocks, StockError, StockReport};
use crate::sync::batch::Intent;
use crate::sync::bind::BindError;
use crate::sync::condition::ConditionError;
use crate::sync::read::Selection;
use crate::sync::report::{FlowReport, Planned};
use crate::sync::run::{self, RunError};
use leases::Leases;
use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};
use stock::Memory;
pub use stock::{QUARANTINED_STOCK, stock_counts, stock_findings};
use task::Task;
use tracing::{Instrument, Span};

/// Target of what is told to the log files only: a person at a terminal reads it as text.
pub const FILES: &str = "ponte::files";

/// Times that a flow begins anew in a round.
const TRIES: u32 = 4;

/// What a round shall do.
#[derive(Debug, Clone, Default)]
pub struct Orders {
    pub intent: Intent,
    /// Compare every record, not only those that changed.
    pub full: bool,
    /// Only these keys; empty = all.
    pub only: Vec<String>,
    /// At most so many rows of each source.
    pub rows_max: Option<u64>,
    /// Compare both sides as they are, limited to rows that are linked; a run that writes puts right what differs.
    pub verify: bool,
    /// A person has put right what imported web orders were told for.
    pub settle: bool,
    /// So many gone records may pass the guard.
    pub allow_gone: Option<u64>,
}

/// Told how a round goes on, while it does.
pub trait Observer: Send + Sync {
    /// `expected`: rows of the flow's last whole run, if there was one.
    fn started(&self, flow: &str, expected: Option<u64>);
    fn progress(&self, report: &FlowReport);
    /// Something to know before the flow goes on.
    fn says(&self, flow: &str, text: &str);
    fn ended(&self, result: &FlowResult);
}

#[derive(Debug)]
pub struct FlowResult {
    pub flow: String,
    pub took: Duration,
    pub ended: Ended,
}

#[derive(Debug)]
pub enum Ended {
    Flow(Box<FlowReport>),
    Stock(Box<StockReport>),
    Failed(FlowError),
    /// Not run, because …
    Skipped(&'static str),
    Interrupted,
}

/// Why a flow as a whole did not run to its end.
#[derive(Debug, thiserror::Error)]
pub enum FlowError {
    #[error(transparent)]
    Run(#[from] RunError),
    #[error(transparent)]
    Orders(#[from] OrdersError),
    #[error(transparent)]
    Stock(#[from] StockError),
    #[error(transparent)]
    Lease(#[from] DbError),
}

impl FlowError {
    /// What is wrong with the mapping, if that is why.
    pub fn diagnostics(&self) -> Option<&[Diagnostic]> {
        match self {
            FlowError::Run(RunError::Bind(BindError::Mapping(found)))
            | FlowError::Stock(StockError::Condition(ConditionError::Mapping(found))) => {
                Some(found)
            }
            FlowError::Orders(error) => error.diagnostics(),
            _ => None,
        }
    }

    /// In one word, for counts and machines: of the database's error, `mapping`, or `other`.
    pub fn kind(&self) -> &'static str {
        match (self.database(), self.diagnostics()) {
            (Some(error), _) => error.kind.name(),
            (None, Some(_)) => "mapping",
            (None, None) => "other",
        }
    }

    /// The database's error, if that is why.
    pub fn database(&self) -> Option<&DbError> {
        match self {
            FlowError::Lease(error)
            | FlowError::Run(
                RunError::Database(error) | RunError::Bind(BindError::Database(error)),
            )
            | FlowError::Stock(
                StockError::Database(error)
                | StockError::Condition(ConditionError::Database(error))
                | StockError::OtherShop { error, .. },
            ) => Some(error),
            FlowError::Orders(error) => error.database(),
            _ => None,
        }
    }
}

#[derive(Debug, Default)]
pub struct RoundReport {
    pub results: Vec<FlowResult>,
    pub interrupted: bool,
    /// The state could not be written; the flows ran nevertheless.
    pub state_error: Option<StateError>,
}

impl RoundReport {
    /// Of a further round for the same person.
    pub fn add(&mut self, further: RoundReport) {
        self.results.extend(further.results);
        self.interrupted |= further.interrupted;
        self.state_error = self.state_error.take().or(further.state_error);
    }
}

/// Everything a round works with.
pub struct Round<'a> {
    pub plan: &'a Plan,
    pub connections: &'a Connections,
    /// `None`: nothing is noted.
    pub state: Option<&'a mut State>,
    pub orders: &'a Orders,
    pub observer: &'a dyn Observer,
}

impl Round<'_> {
    /// Runs the tasks in their order. When `stop` resolves, the flow under way is dropped (its open transaction is
    /// rolled back, what it committed stays) and the leases are given back.
    pub async fn run(self, tasks: &[Task<'_>], stop: impl Future<Output = ()>) -> RoundReport {
        let mut stop = std::pin::pin!(stop);
        let mut leases = Leases::new(self.connections);
        let mut notebook = Notebook {
            state: self.state,
            error: None,
        };
        let mut results: Vec<FlowResult> = Vec::new();
        let mut planned = Planned::default();
        let mut halted: Option<&'static str> = None;
        let mut interrupted = false;
        for task in tasks {
            let skipped = halted.or_else(|| skip(task, self.orders));
            let mut span = span_of(task);
            let mut result = match skipped {
                Some(why) => FlowResult {
                    flow: task.name().to_owned(),
                    took: Duration::ZERO,
                    ended: Ended::Skipped(why),
                },
                None => {
                    let work = Work {
                        plan: self.plan,
                        connections: self.connections,
                        orders: self.orders,
                        observer: self.observer,
                    };
                    work.task(task, &mut leases, &mut notebook, stop.as_mut())
                        .instrument(span.clone())
                        .await
                }
            };
            if let (Task::Flow(flow), Ended::Flow(report)) = (task, &mut result.ended)
                && self.orders.intent == Intent::DryRun
            {
                planned.settle(flow, report);
            }
            match &result.ended {
                Ended::Interrupted => {
                    interrupted = true;
                    halted = Some("the round was interrupted");
                }
                Ended::Failed(error) if lease_is_lost(error) => {
                    halted = Some("another process has taken over");
                }
                _ => {}
            }
            let again = shown_now(task, &result, tasks);
            span.in_scope(|| result.tell(self.observer));
            results.push(result);
            if let (Some(task), Intent::Write, None) = (again, self.orders.intent, halted) {
                // What the first run carried over wholly is unchanged in this one.
                let orders = Orders {
                    full: false,
                    ..self.orders.clone()
                };
                let work = Work {
                    plan: self.plan,
                    connections: self.connections,
                    orders: &orders,
                    observer: self.observer,
                };
                span = span_of(task);
                let result = work
                    .task(task, &mut leases, &mut notebook, stop.as_mut())
                    .instrument(span.clone())
                    .await;
                if let Ended::Interrupted = result.ended {
                    interrupted = true;
                    halted = Some("the round was interrupted");
                }
                span.in_scope(|| result.tell(self.observer));
                results.push(result);
            }
        }
        leases.release().await;
        RoundReport {
            results,
            interrupted,
            state_error: notebook.error,
        }
    }
}

/// Whatever is logged within it bears the flow's name and the run's number.
fn span_of(task: &Task<'_>) -> Span {
    let flow = task.name();
    tracing::error_span!(target: FILES, "flow", flow, run = tracing::field::Empty)
}

/// The task whose records waited for what this one has written, if it is one of the round's: it runs once more, so that
/// the shop shows them after one round. Of customers, who go both ways, the direction that has run already: it takes up the pairs.
fn shown_now<'t, 'p>(
    task: &Task<'p>,
    result: &FlowResult,
    tasks: &'t [Task<'p>],
) -> Option<&'t Task<'p>> {
    let (Task::Flow(flow), Ended::Flow(report)) = (task, &result.ended) else {
        return None;
    };
    let twin = flow.target.both_ways.as_ref().map(|both| &both.twin);
    let twin = twin.filter(|_| report.counts.created + report.counts.linked > 0);
    let owner = flow.target.meets.as_ref().filter(|_| report.met > 0);
    let owner = owner.or(twin)?;
    let mut before = tasks.iter().take_while(|other| match twin {
        Some(_) => other.name() != flow.name,
        None => true,
    });
    before.find(|other| match other {
        Task::Flow(other) => other.shop == flow.shop && other.record.as_ref() == Some(owner),
        Task::Orders(_) | Task::Stock(_) | Task::Fulfilment(_) => false,
    })
}

fn skip(task: &Task<'_>, orders: &Orders) -> Option<&'static str> {
    match task {
        Task::Flow(_) => None,
        Task::Stock(_) => (orders.intent == Intent::Trial)
            .then_some("stock is not tried: that would lock rows of live articles"),
        Task::Orders(_) if orders.verify => {
            Some("an imported order is the ERP's: it is not compared")
        }
        Task::Fulfilment(_) => (orders.intent == Intent::Trial || orders.verify)
            .then_some("what was written to an order is not written again"),
        Task::Orders(_) => (orders.intent == Intent::Trial)
            .then_some("orders are not tried: that would use up numbers"),
    }
}

/// Whether the flow is worth beginning anew. Connecting has had its own tries; but a server that was there a moment ago is
/// being restarted.
fn may_pass(error: &FlowError, tries: u32) -> bool {
    use DbErrorKind::*;
    error.database().is_some_and(|error| match error.kind {
        ConnectionLost | Deadlock | LockTimeout | Conflict => true,
        Unreachable => tries > 0,
        _ => false,
    })
}

fn lease_is_lost(error: &FlowError) -> bool {
    let database = error.database();
    database.is_some_and(|error| error.kind == DbErrorKind::LeaseLost)
}

struct Work<'a> {
    plan: &'a Plan,
    connections: &'a Connections,
    orders: &'a Orders,
    observer: &'a dyn Observer,
}

impl Work<'_> {
    async fn task(
        &self,
        task: &Task<'_>,
        leases: &mut Leases<'_>,
        notebook: &mut Notebook<'_>,
        mut stop: Pin<&mut impl Future<Output = ()>>,
    ) -> FlowResult {
        let began = Instant::now();
        let noted = self.orders.intent == Intent::Write && !self.orders.verify;
        let expected = notebook.expected(task.name()).await;
        let run = match noted {
            true => notebook.begin(task.name(), self.scope()).await,
            false => None,
        };
        if let Some(run) = run {
            Span::current().record("run", run.number());
        }
        self.observer.started(task.name(), expected);
        let memory = match task {
            Task::Stock(_) => notebook.stock(task.name()).await,
            _ => Memory::default(),
        };
        let work = self.attempts(task, leases, &memory);
        let ended = tokio::select! {
            biased;
            () = stop.as_mut() => Ended::Interrupted,
            ended = work => ended,
        };
        if let Some(run) = run {
            let only = (!self.orders.only.is_empty()).then_some(self.orders.only.as_slice());
            notebook.finish(run, task.name(), &ended, only).await;
        }
        FlowResult {
            flow: task.name().to_owned(),
            took: began.elapsed(),
            ended,
        }
    }

    fn scope(&self) -> Scope {
        match (self.orders.only.is_empty(), self.orders.full) {
            (false, _) => Scope::Part,
            (true, true) => Scope::All,
            (true, false) => Scope::Changed,
        }
    }

    /// What a broken line or somebody else's lock has ended begins anew: whatever was written is found right.
    async fn attempts(&self, task: &Task<'_>, leases: &mut Leases<'_>, memory: &Memory) -> Ended {
        let mut tries = 0;
        loop {
            let ended = self.attempt(task, leases, memory).await;
            match &ended {
                Ended::Failed(error) if tries < TRIES && may_pass(error, tries) => {
                    tries += 1;
                    let flow = task.name();
                    tracing::warn!(flow, tries, %error, "the flow begins anew");
                    tokio::time::sleep(pause(tries)).await;
                }
                _ => return ended,
            }
        }
    }

    async fn attempt(&self, task: &Task<'_>, leases: &mut Leases<'_>, memory: &Memory) -> Ended {
        let guard = match self.orders.intent {
            Intent::DryRun => None,
            Intent::Trial | Intent::Write => match leases.guard(task).await {
                Ok(guard) => Some(guard),
                Err(error) => return Ended::Failed(error.into()),
            },
        };
        let done = match task {
            Task::Flow(flow) => {
                let noted = guard
                    .as_ref()
                    .filter(|_| self.orders.intent == Intent::Write);
                let hold_new = match gate::is_closed(flow, self.connections, noted).await {
                    Ok(closed) => closed,
                    Err(error) => return Ended::Failed(error.into()),
                };
                let options = run::Options {
                    intent: self.orders.intent,
                    full: self.orders.full,
                    selection: Selection {
                        only: self.orders.only.clone(),
                        rows_max: self.orders.rows_max,
                    },
                    hold_new,
                    verify: self.orders.verify,
                    allow_gone: self.orders.allow_gone,
                };
                let progress = |report: &FlowReport| self.observer.progress(report);
                run::run(
                    self.plan,
                    flow,
                    self.connections,
                    guard,
                    &options,
                    &progress,
                )
                .await
                .map(|report| Ended::Flow(Box::new(report)))
                .map_err(FlowError::from)
            }
            Task::Orders(orders) => {
                let say = |text: &str| self.observer.says(&orders.name, text);
                let options = orders::Options {
                    intent: self.orders.intent,
                    guard,
                    full: self.orders.full,
                    settle: self.orders.settle,
                    only: &self.orders.only,
                    say: &say,
                };
                let progress = |report: &FlowReport| self.observer.progress(report);
                orders::run(self.plan, orders, self.connections, options, &progress)
                    .await
                    .map(|report| Ended::Flow(Box::new(report)))
                    .map_err(FlowError::from)
            }
            Task::Stock(stock) => self.stock(stock, guard.as_ref(), memory).await,
            Task::Fulfilment(one) => {
                let progress = |report: &FlowReport| self.observer.progress(report);
                let erp_guard = guard.as_ref().and_then(|_| leases.other(task));
                let guards = [guard.as_ref(), erp_guard.as_ref()];
                let asked = (guards, self.orders.only.as_slice());
                told::run(self.plan, one, self.connections, asked, &progress).await
            }
        };
        done.unwrap_or_else(Ended::Failed)
    }

    async fn stock(
        &self,
        stock: &Stock,
        guard: Option<&Guard>,
        memory: &Memory,
    ) -> Result<Ended, FlowError> {
        let options = stocks::Options {
            mode: guard.map_or(stocks::Mode::DryRun, stocks::Mode::Write),
            only: &self.orders.only,
            walk: (!self.orders.full && !self.orders.verify).then_some(memory.walked),
            last_known: &memory.known,
        };
        let engines = self.connections.engines();
        let report = stocks::cycle(self.plan, stock, engines, options).await?;
        Ok(Ended::Stock(Box::new(report)))
    }
}

/// The state, until it fails: after that the round goes on without.
struct Notebook<'a> {
    state: Option<&'a mut State>,
    error: Option<StateError>,
}

impl Notebook<'_> {
    fn keep<T>(&mut self, result: Result<T, StateError>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                self.state = None;
                self.error = Some(error);
                None
            }
        }
    }

    async fn expected(&mut self, flow: &str) -> Option<u64> {
        let run = self.state.as_mut()?.last_whole_run(flow).await;
        self.keep(run).flatten()?.counts["read"].as_u64()
    }

    async fn begin(&mut self, flow: &str, scope: Scope) -> Option<RunId> {
        let run = self.state.as_mut()?.begin_run(flow, scope).await;
        self.keep(run)
    }

    async fn finish(&mut self, run: RunId, flow: &str, ended: &Ended, only: Option<&[String]>) {
        let Some(state) = self.state.as_mut() else {
            return;
        };
        let noted = note(state, run, flow, ended, only).await;
        self.keep(noted);
    }
}

async fn note(
    state: &mut State,
    run: RunId,
    flow: &str,
    ended: &Ended,
    only: Option<&[String]>,
) -> Result<(), StateError> {
    let of = |is_clean: bool| match is_clean {
        true => Outcome::Done,
        false => Outcome::Quarantined,
    };
    let nothing = serde_json::Value::Null;
    match ended {
        Ended::Flow(report) => {
            let found = findings(report);
            let only = only.or(report.looked_at.as_deref());
            state.replace_quarantine(flow, &found, only).await?;
            if report.since.is_some() {
                state.narrow_run(run, Scope::Since).await?;
            }
            let counts = report.remembered();
            let outcome = of(report.is_clean());
            state.finish_run(run, flow, outcome, &counts, None).await
        }
        Ended::Stock(report) => {
            let found = stock_findings(report);
            state.replace_quarantine(flow, &found, only).await?;
            if let Some(known) = &report.known {
                let shop = flow.split('/').next().unwrap_or(flow);
                state.remember_orders(shop, known).await?;
            }
            let counts = stock_counts(report);
            let outcome = of(report.is_clean());
            state.finish_run(run, flow, outcome, &counts, None).await
        }
        Ended::Failed(error) => {
            let error = error.to_string();
            state
                .finish_run(run, flow, Outcome::Failed, &nothing, Some(&error))
                .await
        }
        Ended::Interrupted | Ended::Skipped(_) => {
            state
                .finish_run(run, flow, Outcome::Interrupted, &nothing, None)
                .await
        }
    }
}

/// What of a flow's run a person has to look at.
pub fn findings(report: &FlowReport) -> Findings {
    let mut found = Findings::new(report.rejected.iter().map(Finding::from).collect());
    let counts = &report.counts;
    // Of those that only wait not all are kept one by one.
    found.total = counts.rejected + counts.ambiguous + counts.removed + counts.waiting;
    found.total += counts.unapproved;
    if let Some(guarded) = &report.guarded {
        found.first.extend(guarded.keys.iter().map(|key| Finding {
            key: key.clone(),
            kind: GUARDED.to_owned(),
            message: guarded.message(),
            advice: guarded.advice(),
        }));
        found.total += guarded.count;
    }
    found
}
