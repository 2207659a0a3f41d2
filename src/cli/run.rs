//! `ponte run`: the service in the foreground.

mod signal;

use super::Context;
use super::answer::{Answer, Failure};
use super::exit::Exit;
use super::output::{RED, YELLOW, count, escaped, say, styled};
use super::progress::line;
use super::project::Project;
use super::status::local;
use crate::orders::reconcile::{Report, Side};
use crate::plan::Plan;
use crate::plan::web::Web;
use crate::round::task::{self, Task};
use crate::round::{Ended, FlowError, FlowResult, Observer};
use crate::service::{Service, Watcher, Wish};
use crate::state::StateError;
use crate::sync::report::FlowReport;
use crate::web::{Listening, Live};
use chrono::Utc;
use signal::{Asked, Signals};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

/// Runs until a signal ends it. A signal to reload takes the project file as it is now, unless something is wrong
/// with it.
pub async fn run(context: &Context<'_>) -> Result<Answer, Failure> {
    let mut signals = Signals::new().map_err(|error| {
        Failure::refused(format!("signals of the system cannot be had: {error}"))
    })?;
    let log = Arc::new(Log::new());
    let mut project = Project::open(context.project)?;
    let (live, seen) = watch::channel(None);
    let mut page = Page::default();
    notify::ready();
    let watchdog = notify::watchdog();
    loop {
        project.warn(false);
        log.say(&describe(&project.plan));
        page.open(project.plan.web.as_ref(), &seen, &log).await?;
        let (wish, heard) = watch::channel(Wish::GoOn);
        let service = Arc::new(Service {
            plan: project.plan,
            connections: project.connections,
            watcher: log.clone(),
        });
        let running = service.clone().start(heard);
        let control = running.control.clone();
        live.send_replace(Some(Live { service, control }));
        let mut running = Box::pin(running.ended());
        let next = loop {
            let asked = tokio::select! {
                asked = signals.next() => asked,
                _ = &mut running => break None,
            };
            match asked {
                Asked::Stop => {
                    notify::stopping();
                    log.say("told to stop: what is open is rolled back");
                    let _ = wish.send(Wish::Stop);
                    let _ = (&mut running).await;
                    break None;
                }
                Asked::Reload => match Project::open(context.project) {
                    Ok(changed) => {
                        log.say(
                            "the project is loaded anew; what runs is brought to its end first",
                        );
                        let _ = wish.send(Wish::Finish);
                        let _ = (&mut running).await;
                        break Some(changed);
                    }
                    Err(failure) => {
                        let told = failure.answer("run").talk;
                        log.say(&format!("{told}the project as it was before is kept"));
                    }
                },
            }
        };
        match next {
            Some(changed) => project = changed,
            None => break,
        }
    }
    live.send_replace(None);
    page.close().await;
    if let Some(watchdog) = watchdog {
        watchdog.abort();
    }
    log.say("stopped");
    Ok(Answer::new("run", Exit::Done))
}

/// The status page, while it is open.
#[derive(Default)]
struct Page {
    open: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
}

impl Page {
    /// Opens it where the project says, in the place of an earlier one.
    async fn open(
        &mut self,
        web: Option<&Web>,
        live: &watch::Receiver<Option<Live>>,
        log: &Arc<Log>,
    ) -> Result<(), Failure> {
        self.close().await;
        let Some(web) = web else { return Ok(()) };
        let listening = match Listening::at(web).await {
            Ok(listening) => listening,
            Err(error) => {
                let message = format!("cannot listen on `{}`: {error}", web.listen);
                return Err(Failure::refused(message)
                    .help("another `ponte run`, or another program, is there; `listen` in `[service]` says where"));
            }
        };
        let address = listening.address().unwrap_or(web.listen);
        log.say(&format!("the page is at http://{address}/"));
        let (stop, stopped) = oneshot::channel();
        let served = listening.serve(live.clone(), async {
            // A sender that is gone means the same.
            let _ = stopped.await;
        });
        let log = log.clone();
        let task = tokio::spawn(async move {
            if let Err(error) = served.await {
                log.say(&format!("the page is closed: {error}"));
            }
        });
        self.open = Some((stop, task));
        Ok(())
    }

    /// Closes it; answers under way are given so much time.
    async fn close(&mut self) {
        const GRACE: Duration = Duration::from_secs(2);
        if let Some((stop, mut task)) = self.open.take() {
            let _ = stop.send(());
            if tokio::time::timeout(GRACE, &mut task).await.is_err() {
                task.abort();
            }
        }
    }
}

/// What runs when, a line per flow.
fn describe(plan: &Plan) -> String {
    let flows = task::all(plan);
    let width = flows
        .iter()
        .map(|task| task.name().len())
        .max()
        .unwrap_or(0);
    let mut text = String::from("running by this schedule; Ctrl-C ends it\n");
    let line = |name: &str, when: &str| format!("  {name:width$}  {when}\n");
    for task in &flows {
        text.push_str(&line(task.name(), &when(plan, task)));
    }
    text.push_str(&line("verify", &plan.schedule.verify.to_string()));
    if !plan.orders.is_empty() {
        text.push_str(&line("reconcile", &plan.schedule.reconcile.to_string()));
    }
    text
}

/// When a flow runs by itself, in words.
pub fn when(plan: &Plan, task: &Task<'_>) -> String {
    let when = plan.schedule.flows.get(task.name());
    when.map_or_else(String::new, ToString::to_string)
}

/// The service's log: a line per run that did something, with its time unless the journal has it anyway.
struct Log {
    stamped: bool,
    /// What each flow last left for a person: it is told once, not with every run that finds it again.
    left: Mutex<HashMap<String, Vec<(String, String)>>>,
}

impl Log {
    fn new() -> Log {
        // Set by systemd where standard error is the journal.
        let journal = std::env::var_os("JOURNAL_STREAM").is_some();
        Log {
            stamped: !journal,
            left: Mutex::default(),
        }
    }

    /// Whether a flow leaves for a person just what it left in its last run.
    fn is_told(&self, report: &FlowReport) -> bool {
        let left = report.rejected.iter();
        let left: Vec<(String, String)> = left
            .map(|one| (one.key.clone(), one.reason.to_string()))
            .collect();
        let mut known = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(report.flow.clone(), left.clone()) == Some(left)
    }

    fn say(&self, text: &str) {
        match self.stamped {
            true => say(&format!("{} {text}", local(Utc::now()))),
            false => say(text),
        }
    }
}

impl Observer for Log {
    fn started(&self, flow: &str, _: Option<u64>) {
        tracing::info!(flow, "begins");
    }

    fn progress(&self, _: &FlowReport) {}

    fn says(&self, flow: &str, text: &str) {
        self.say(&format!("{flow}: {text}"));
    }

    fn ended(&self, result: &FlowResult) {
        let idle = match &result.ended {
            Ended::Flow(report) => {
                // Asked of every run, so that what goes and comes back is told again.
                let is_told = self.is_told(report);
                let is_quiet = report.is_clean() || (is_told && report.guarded.is_none());
                is_quiet && report.counts.created + report.counts.changed == 0
            }
            Ended::Stock(report) => report.is_clean() && report.changed == 0,
            _ => false,
        };
        match idle {
            true => tracing::info!("{}", line(result)),
            false => self.say(&line(result)),
        }
        notify::status(&line(result));
    }
}

impl Watcher for Log {
    fn verified(&self, results: &[FlowResult]) {
        let mut different = 0;
        for result in results {
            different += match &result.ended {
                Ended::Flow(report) => report.counts.changed,
                Ended::Stock(report) => report.changed + report.derived_changed,
                Ended::Failed(error) => {
                    let error = escaped(&error.to_string());
                    self.say(&format!("{}: verify failed: {error}", result.flow));
                    0
                }
                Ended::Skipped(_) | Ended::Interrupted => 0,
            };
        }
        match different {
            0 => tracing::info!("verify: nothing differs"),
            rows => self.say(&format!(
                "{}: verify found {}; `ponte verify` shows them",
                styled("note", YELLOW),
                count(rows, "difference", "differences")
            )),
        }
    }

    fn reconciled(&self, shop: &str, done: &Result<Report, FlowError>) {
        match done {
            Ok(report) if report.is_clean() => tracing::info!(shop, "reconcile: nothing differs"),
            Ok(report) => self.say(&format!(
                "{}: {shop}: {} missing in the ERP, {} too many there, {} different; `ponte reconcile` shows them",
                styled("note", YELLOW),
                count(report.count(Side::Missing), "order is", "orders are"),
                report.count(Side::Extra),
                report.count(Side::Different),
            )),
            Err(error) => {
                let error = escaped(&error.to_string());
                self.say(&format!("{shop}: reconcile failed: {error}"));
            }
        }
    }

    fn stateless(&self, error: &StateError) {
        self.say(&format!(
            "{}: {}\n  help: the flows run; only their history is not written",
            styled("error", RED),
            escaped(&error.to_string())
        ));
    }
}

/// What systemd is told, where the program runs under it.
#[cfg(target_os = "linux")]
mod notify {
    use sd_notify::NotifyState;
    use tokio::task::JoinHandle;

    fn tell(states: &[NotifyState]) {
        if let Err(error) = sd_notify::notify(states) {
            tracing::debug!(%error, "systemd was not told");
        }
    }

    pub fn ready() {
        tell(&[NotifyState::Ready]);
    }

    pub fn stopping() {
        tell(&[NotifyState::Stopping]);
    }

    pub fn status(text: &str) {
        tell(&[NotifyState::Status(text)]);
    }

    /// Says that the program is alive, twice as often as systemd asks for.
    pub fn watchdog() -> Option<JoinHandle<()>> {
        let within = sd_notify::watchdog_enabled()?;
        Some(tokio::spawn(async move {
            let mut ticks = tokio::time::interval(within / 2);
            loop {
                ticks.tick().await;
                tell(&[NotifyState::Watchdog]);
            }
        }))
    }
}

#[cfg(not(target_os = "linux"))]
mod notify {
    pub fn ready() {}
    pub fn stopping() {}
    pub fn status(_: &str) {}
    pub fn watchdog() -> Option<tokio::task::JoinHandle<()>> {
        None
    }
}
