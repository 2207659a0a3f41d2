//! The nightly comparisons: of both sides of the flows, and of the orders.

use super::super::board::Board;
use super::job::{Asked, What};
use super::{Wish, Worker, stopped};
use crate::round::compared::Compared;
use crate::round::task::{self, Task};
use crate::round::{FlowResult, Observer, Orders, Round, reconcile};
use crate::state::history::{Outcome, RunId, Scope};
use crate::sync::batch::Intent;
use crate::sync::report::FlowReport;
use chrono::{DateTime, Utc};
use std::time::Instant;

impl Worker {
    /// Compares both sides of all the worker's flows.
    pub(super) async fn verify(&mut self, at: usize, now: DateTime<Utc>) {
        let service = self.service.clone();
        let is_own = |task: &Task<'_>| self.jobs.iter().any(|job| job.flow() == Some(task.name()));
        let tasks: Vec<Task<'_>> = task::all(&service.plan)
            .into_iter()
            .filter(is_own)
            .collect();
        let orders = Orders {
            intent: Intent::DryRun,
            full: true,
            verify: true,
            ..Orders::default()
        };
        let (run, began) = self.begin(at).await;
        let observer = Alive {
            board: &self.lines.board,
            comparison: &self.jobs[at].name,
        };
        let round = Round {
            plan: &service.plan,
            connections: &service.connections,
            state: self.state.as_mut(),
            orders: &orders,
            observer: &observer,
        };
        let report = round.run(&tasks, stopped(&self.lines)).await;
        if let Some(error) = &report.state_error {
            self.without_state(error);
        }
        if !report.interrupted {
            self.doubt_versions();
            service.watcher.verified(&report.results);
        }
        let compared = Compared::of_flows(self.jobs[at].name.clone(), &report);
        self.end(at, (run, began, now), &compared).await;
    }

    /// Holds shops' orders against the ERP's, once the imports have run: an order of this minute is not missing.
    pub(super) async fn reconcile(&mut self, jobs: &[usize], now: DateTime<Utc>) {
        let mut ready = Vec::new();
        for &at in jobs {
            let asked = self.jobs[at].asked.max(Asked::Flow);
            let What::Reconcile {
                import,
                has_imported,
            } = &mut self.jobs[at].what
            else {
                continue;
            };
            // Asked for once, the import is not waited for a second time.
            *has_imported = !*has_imported && !self.paused.contains(import.as_str());
            if !*has_imported {
                ready.push((at, import.clone()));
                continue;
            }
            let import = import.clone();
            let imports = |job: &&mut super::Job| job.flow() == Some(import.as_str());
            if let Some(job) = self.jobs.iter_mut().find(imports) {
                job.ask(asked);
            }
        }
        for (at, import) in ready {
            self.reconcile_shop(at, &import, now).await;
        }
    }

    async fn reconcile_shop(&mut self, at: usize, import: &str, now: DateTime<Utc>) {
        let service = self.service.clone();
        let (plan, connections) = (&service.plan, &service.connections);
        let Some(orders) = plan.orders.iter().find(|orders| orders.name == import) else {
            return;
        };
        let (run, began) = self.begin(at).await;
        let mut wish = self.lines.wish.clone();
        let done = tokio::select! {
            biased;
            Ok(_) = wish.wait_for(|wish| *wish == Wish::Stop) => None,
            done = reconcile::run(plan, orders, connections, self.state.as_mut(), None) => Some(done),
        };
        let Some(done) = done else {
            // Noted as begun, and so made up for.
            return self.lines.board.left(&self.jobs[at].name);
        };
        service.watcher.reconciled(&orders.shop, &done);
        let compared = Compared::of_orders(self.jobs[at].name.clone(), &done);
        self.end(at, (run, began, now), &compared).await;
    }

    async fn begin(&mut self, at: usize) -> (Option<RunId>, Instant) {
        let name = self.jobs[at].name.clone();
        let board = &self.lines.board;
        board.begins(&name);
        board.started(&name, None);
        let begun = match &mut self.state {
            Some(state) => state.begin_run(&name, Scope::All).await.map(Some),
            None => Ok(None),
        };
        let run = match begun {
            Ok(run) => run,
            Err(error) => {
                self.keep(Err(error));
                None
            }
        };
        (run, Instant::now())
    }

    async fn end(
        &mut self,
        at: usize,
        (run, began, now): (Option<RunId>, Instant, DateTime<Utc>),
        compared: &Compared,
    ) {
        if let (Some(state), Some(run)) = (&mut self.state, run) {
            let noted = compared.note(state, run).await;
            self.keep(noted);
        }
        self.lines.board.compared(compared, began.elapsed());
        self.jobs[at].ended(now, compared.outcome == Outcome::Failed, false);
    }
}

/// Sees that a comparison goes on; what it finds is told at its end.
struct Alive<'a> {
    board: &'a Board,
    comparison: &'a str,
}

impl Observer for Alive<'_> {
    fn started(&self, _: &str, _: Option<u64>) {
        self.board.moved(self.comparison);
    }

    fn progress(&self, _: &FlowReport) {
        self.board.moved(self.comparison);
    }

    fn says(&self, _: &str, _: &str) {}

    fn ended(&self, _: &FlowResult) {
        self.board.moved(self.comparison);
    }
}
