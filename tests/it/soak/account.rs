//! Every run by its schedule, or why not: what the program's history tells, held against the schedule.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use crate::support::client::Client;
use crate::support::project::Project;

/// Flows, who runs them, and when.
const FLOWS: [(&str, Worker, When); 6] = [
    ("main/order", Worker::Erp, When::Every(10)),
    ("main/stock", Worker::Shop, When::Every(10)),
    ("main/fulfilment", Worker::Shop, When::Every(10)),
    ("main/article", Worker::Shop, When::Every(10)),
    ("main/price", Worker::Shop, When::After("main/article")),
    ("main/category", Worker::Shop, When::Every(10)),
];
/// A flow that is due begins at the latest when the runs before it in its turn have ended. What is done beside runs is not in
/// the history: giving leases back and the comparison of every minute, both of which try again while a server is away, which
/// is some 15 seconds at most.
const IDLE_MAX: TimeDelta = TimeDelta::seconds(60);

/// Flows that write to one database take turns.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Worker {
    Erp,
    Shop,
}

#[derive(Clone, Copy)]
enum When {
    /// At whole multiples of so many seconds.
    Every(i64),
    /// Whenever this one has ended well.
    After(&'static str),
}

struct Ran {
    flow: String,
    started: DateTime<Utc>,
    finished: Option<DateTime<Utc>>,
    outcome: Option<String>,
    error: Option<String>,
}

impl Ran {
    fn is_good(&self) -> bool {
        matches!(self.outcome.as_deref(), Some("done" | "quarantined"))
    }
}

/// All runs ever listed: the program itself forgets the older ones.
#[derive(Default)]
pub struct Account(BTreeMap<(DateTime<Utc>, String), Ran>);

impl Account {
    pub fn list(&mut self, project: &Project) {
        let arguments = ["runs", "--show", "500", "--json"];
        let said = project.ponte(&arguments).succeeds().stdout;
        let said: Value = serde_json::from_str(&said).expect("a JSON document");
        for run in said["runs"].as_array().expect("a list") {
            let text = |name: &str| run[name].as_str().map(str::to_owned);
            let moment = |name: &str| text(name)?.parse::<DateTime<Utc>>().ok();
            let ran = Ran {
                flow: text("flow").expect("a flow"),
                started: moment("started").expect("a moment"),
                finished: moment("finished"),
                outcome: text("outcome"),
                error: text("error"),
            };
            self.0.insert((ran.started, ran.flow.clone()), ran);
        }
    }

    fn of<'a>(&'a self, flow: &'a str) -> impl Iterator<Item = &'a Ran> {
        self.0.values().filter(move |ran| ran.flow == flow)
    }

    /// Flows without so many good runs that began after a moment.
    pub fn not_settled(&self, since: DateTime<Utc>, runs: usize) -> Vec<&'static str> {
        let settled = |flow: &str| {
            let good = self
                .of(flow)
                .filter(|ran| ran.started > since && ran.is_good());
            good.count() >= runs
        };
        let flows = FLOWS.iter().map(|(flow, ..)| *flow);
        flows.filter(|flow| !settled(flow)).collect()
    }

    /// Runs that are missing and ends that are not told, in words.
    pub async fn unaccounted(&self, project: &Project) -> Vec<String> {
        let mut wrong = Vec::new();
        for ran in self.0.values() {
            let is_told = match ran.outcome.as_deref() {
                Some("failed") => ran.error.as_ref().is_some_and(|error| !error.is_empty()),
                // The last ones were ended by the end of the service.
                Some(_) => ran.finished.is_some(),
                None => false,
            };
            if !is_told {
                wrong.push(format!(
                    "{} of {}: {:?}, {:?}",
                    ran.flow, ran.started, ran.outcome, ran.error
                ));
            }
        }
        for (flow, worker, when) in FLOWS {
            wrong.extend(self.missed(flow, worker, when));
            let last = self
                .of(flow)
                .filter(|ran| ran.outcome.as_deref() != Some("interrupted"));
            if !last.last().is_some_and(Ran::is_good) {
                wrong.push(format!("{flow} did not run well in the end"));
            }
        }
        wrong.extend(self.not_in_days(project).await);
        wrong
    }

    fn missed(&self, flow: &str, worker: Worker, when: When) -> Vec<String> {
        let began: Vec<DateTime<Utc>> = self.of(flow).map(|ran| ran.started).collect();
        let due: Vec<DateTime<Utc>> = match when {
            When::Every(seconds) => {
                let next = |moment: &DateTime<Utc>| {
                    let next = (moment.timestamp().div_euclid(seconds) + 1) * seconds;
                    DateTime::from_timestamp(next, 0).expect("a moment of these years")
                };
                began.iter().map(next).collect()
            }
            When::After(other) => {
                let good = self.of(other).filter(|ran| ran.is_good());
                good.filter_map(|ran| ran.finished).collect()
            }
        };
        let mut wrong = Vec::new();
        let mut longest = TimeDelta::zero();
        for due in due {
            // What is due when the service ends is not begun any more.
            let Some(begins) = began.iter().find(|began| **began >= due) else {
                continue;
            };
            let idle = self.idle(worker, due, *begins);
            longest = longest.max(idle);
            if idle > IDLE_MAX {
                wrong.push(format!(
                    "{flow} was due at {due} and began at {begins}, though nothing ran for {idle}"
                ));
            }
        }
        for ran in self
            .of(flow)
            .filter(|ran| ran.outcome.as_deref() == Some("failed"))
        {
            println!(
                "soak: {flow}, {}: {}",
                ran.started,
                ran.error.as_deref().unwrap_or("-")
            );
        }
        let failed = self.of(flow).filter(|ran| !ran.is_good());
        println!(
            "soak: {flow}: {} runs, {} of them not good; due for {} ms at most while nothing ran",
            began.len(),
            failed.count(),
            longest.num_milliseconds()
        );
        wrong
    }

    /// For how long none of the worker's flows ran.
    fn idle(&self, worker: Worker, from: DateTime<Utc>, to: DateTime<Utc>) -> TimeDelta {
        let is_workers = |flow: &str| match flow {
            "main/reconcile" => worker == Worker::Erp,
            flow => FLOWS
                .iter()
                .any(|(name, of, _)| *name == flow && *of == worker),
        };
        let (mut idle, mut at) = (TimeDelta::zero(), from);
        for ran in self.0.values().filter(|ran| is_workers(&ran.flow)) {
            let finished = ran.finished.unwrap_or(ran.started);
            if finished <= at || ran.started >= to {
                continue;
            }
            idle += (ran.started - at).max(TimeDelta::zero());
            at = finished;
        }
        idle + (to - at).max(TimeDelta::zero())
    }

    /// The sums of the days are made beside the list of runs: both must be of the same runs.
    async fn not_in_days(&self, project: &Project) -> Option<String> {
        let path = project.path(".ponte/state.sqlite");
        let mut state = Client::connect(&format!("sqlite:{}", path.display())).await;
        let sums = "SELECT SUM(runs), SUM(failed), SUM(interrupted) FROM run_day";
        let sums = state.rows(sums).await;
        let sums: Vec<Option<usize>> = sums[0]
            .iter()
            .map(|sum| sum.as_ref()?.parse().ok())
            .collect();
        let ended = |outcome: &str| {
            let ended = self
                .0
                .values()
                .filter(|ran| ran.outcome.as_deref() == Some(outcome));
            ended.count()
        };
        let listed = [self.0.len(), ended("failed"), ended("interrupted")];
        let differ = sums != listed.map(Some);
        differ.then(|| {
            format!(
                "the days know of {sums:?} runs, failures, interruptions; listed were {listed:?}"
            )
        })
    }
}
