//! A run for somebody who waits for its outcome.

use super::super::Watcher;
use super::super::board::Board;
use super::super::control::Errand;
use super::job::Asked;
use super::{Noting, Worker, stopped};
use crate::round::task::{self, Task};
use crate::round::{FlowResult, Observer, Round};
use crate::sync::batch::Intent;
use crate::sync::report::FlowReport;
use chrono::{DateTime, Utc};

impl Worker {
    /// Runs the flows as they were asked for. What writes, and is of whole flows, counts as their run.
    pub(super) async fn carry_out(&mut self, errand: Errand, now: DateTime<Utc>) {
        let Errand {
            flows,
            orders,
            observer,
            done,
        } = errand;
        let service = self.service.clone();
        let is_own = |task: &Task<'_>| flows.iter().any(|flow| flow == task.name());
        let tasks: Vec<Task<'_>> = task::all(&service.plan)
            .into_iter()
            .filter(is_own)
            .collect();
        let is_run = orders.intent == Intent::Write && !orders.verify;
        let is_whole = is_run && orders.only.is_empty() && orders.rows_max.is_none();
        for flow in &flows {
            match is_whole {
                true => self.lines.board.begins(flow),
                false => self.lines.board.queue(flow, false),
            }
        }
        let both = Both::of(
            &self.lines.board,
            service.watcher.as_ref(),
            observer.as_ref(),
        );
        let round = Round {
            plan: &service.plan,
            connections: &service.connections,
            state: self.state.as_mut(),
            orders: &orders,
            observer: match is_run {
                true => &both,
                // What it finds is told to whoever asked, and nobody else.
                false => observer.as_ref(),
            },
        };
        let report = round.run(&tasks, stopped(&self.lines)).await;
        if is_run {
            self.has_written(report.state_error.as_ref());
            let is_own = |flow: &str| is_whole && flows.iter().any(|own| own == flow);
            for job in &mut self.jobs {
                if !job.flow().is_some_and(is_own) {
                    continue;
                }
                let asked = job.asked;
                job.note(&report.results, now);
                if asked == Asked::PersonFull && !orders.full {
                    job.asked = asked;
                }
            }
            self.tell(&report.results);
        }
        // Whoever asked may have gone away; what was done stands.
        let _ = done.send(report);
    }
}

/// The service's own eyes, and those of whoever asked.
struct Both<'a> {
    own: Noting<'a>,
    other: &'a dyn Observer,
}

impl<'a> Both<'a> {
    fn of(board: &'a Board, watcher: &'a dyn Watcher, other: &'a dyn Observer) -> Both<'a> {
        Both {
            own: Noting { board, watcher },
            other,
        }
    }
}

impl Observer for Both<'_> {
    fn started(&self, flow: &str, expected: Option<u64>) {
        self.own.started(flow, expected);
        self.other.started(flow, expected);
    }

    fn progress(&self, report: &FlowReport) {
        self.own.progress(report);
        self.other.progress(report);
    }

    fn says(&self, flow: &str, text: &str) {
        self.own.says(flow, text);
        self.other.says(flow, text);
    }

    fn ended(&self, result: &FlowResult) {
        self.own.ended(result);
        self.other.ended(result);
    }
}
