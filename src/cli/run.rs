//! `ponte run`: the service in the foreground.

mod log;
mod notify;
pub mod reload;
mod signal;

use super::Context;
use super::answer::{Answer, Failure};
use super::door::Door;
use super::exit::Exit;
use super::log as files;
use super::output::{RED, escaped, plain, styled};
use super::project::Project;
use crate::plan::Plan;
use crate::plan::web::Web;
use crate::round::FILES;
use crate::round::task::{self, Task};
use crate::service::{Running, Service, Turns, Wish};
use crate::web::{Listening, Live};
use log::Log;
use reload::Requests;
use signal::Signals;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

/// What the service is asked for from outside.
#[derive(Debug)]
pub enum Asked {
    Stop,
    /// Take the project as it is now; whoever waits is told what is wrong with it.
    Reload(Option<oneshot::Sender<Result<(), String>>>),
}

/// Requests that wait.
const ASKED_MAX: usize = 16;

/// Runs until a signal ends it.
pub async fn run(context: &Context<'_>) -> Result<Answer, Failure> {
    let signals = Signals::new().map_err(|error| {
        Failure::refused(format!("signals of the system cannot be had: {error}"))
    })?;
    let (ask, asked) = mpsc::channel(ASKED_MAX);
    let listening = tokio::spawn(signals.pass(ask));
    let ended = serve(context, asked).await;
    listening.abort();
    ended
}

/// Runs until it is asked to stop. Asked to reload, it takes the project file as it is now, unless something is wrong with it.
pub async fn serve(
    context: &Context<'_>,
    mut asked: mpsc::Receiver<Asked>,
) -> Result<Answer, Failure> {
    let log = Arc::new(Log::new());
    let mut project = Project::open(context.project)?;
    project.warn(false);
    open_files(&project.plan, &log);
    let process = std::process::id();
    tracing::info!(target: FILES, version = env!("CARGO_PKG_VERSION"), process, "the service runs");
    let (live, seen) = watch::channel(None);
    let mut page = Page::default();
    page.open(project.plan.web.as_ref(), &seen, &log).await?;
    let mut door: Option<Door> = None;
    let mut turns = Turns::default();
    let mut leaving: Vec<Leaving> = Vec::new();
    notify::ready();
    let watchdog = notify::watchdog();
    loop {
        log.say(&describe(&project.plan));
        let folder = project.plan.state_dir.clone();
        let mut requests = Requests::of(&folder);
        let (wish, heard) = watch::channel(Wish::GoOn);
        let service = Arc::new(Service {
            plan: project.plan,
            connections: project.connections,
            watcher: log.clone(),
        });
        let mut running = service.clone().start(heard, &mut turns);
        let control = running.control.clone();
        live.send_replace(Some(Live { service, control }));
        if door
            .as_ref()
            .is_none_or(|door| !door.is_for(&folder, &project.digest))
        {
            // The old one's file goes before the new one's comes.
            drop(door.take());
            door = open_door(&folder, &project.digest, &seen, &log).await;
        }
        let changed = loop {
            let asked = tokio::select! {
                asked = asked.recv() => asked.unwrap_or(Asked::Stop),
                asked = requests.next() => asked,
                () = running.over() => break None,
            };
            let answer = match asked {
                Asked::Stop => break None,
                Asked::Reload(answer) => answer,
            };
            let loaded = load(context, &log);
            if let Some(answer) = answer {
                let said = loaded.as_ref().map(|_| ()).map_err(Clone::clone);
                // Whoever asked may have gone.
                let _ = answer.send(said);
            }
            if let Ok(changed) = loaded {
                break Some(changed);
            }
        };
        leaving.retain_mut(|one| !one.running.has_ended());
        leaving.push(Leaving { wish, running });
        match changed {
            Some(changed) => project = changed,
            None => break,
        }
        if let Some(one) = leaving.last() {
            // What runs comes to its end; whatever it holds up begins after it.
            let _ = one.wish.send(Wish::Finish);
        }
        project.warn(false);
        open_files(&project.plan, &log);
        if let Err(failure) = page.open(project.plan.web.as_ref(), &seen, &log).await {
            log.say(&format!(
                "{}there is no page until the next reload",
                failure.answer("run").talk
            ));
        }
    }
    notify::stopping();
    log.tell("told to stop: what is open is rolled back");
    for one in &leaving {
        let _ = one.wish.send(Wish::Stop);
    }
    for one in leaving {
        one.running.ended().await;
    }
    live.send_replace(None);
    if let Some(door) = door {
        door.close().await;
    }
    page.close().await;
    if let Some(watchdog) = watchdog {
        watchdog.abort();
    }
    log.tell("stopped");
    Ok(Answer::new("run", Exit::Done))
}

/// Flows of a project that come to their end.
struct Leaving {
    wish: watch::Sender<Wish>,
    running: Running,
}

/// The project as it is now, or what is wrong with it, said.
fn load(context: &Context<'_>, log: &Log) -> Result<Project, String> {
    match Project::open(context.project) {
        Ok(project) => {
            log.tell("the project is loaded anew; each flow runs by it from its next run on");
            Ok(project)
        }
        Err(failure) => {
            let told = failure.answer("run").talk;
            log.say(&format!("{told}the project as it was before is kept"));
            let told = plain(&told);
            tracing::error!(target: FILES, error = told, "a changed project is wrong; the one before is kept");
            Err(told)
        }
    }
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
        log.tell(&format!("the page is at http://{address}/"));
        let (stop, stopped) = oneshot::channel();
        let served = listening.serve(live.clone(), async {
            // A sender that is gone means the same.
            let _ = stopped.await;
        });
        let log = log.clone();
        let task = tokio::spawn(async move {
            if let Err(error) = served.await {
                log.tell(&format!("the page is closed: {error}"));
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

/// Lets commands reach the service. Without that they run by themselves.
async fn open_door(
    folder: &Path,
    project: &str,
    live: &watch::Receiver<Option<Live>>,
    log: &Log,
) -> Option<Door> {
    match Door::open(folder, project, live.clone()).await {
        Ok(door) => Some(door),
        Err(error) => {
            log.tell(&format!("commands cannot reach the service: {error}"));
            None
        }
    }
}

/// Opens the log files that the project asks for. Without them the flows run nevertheless.
fn open_files(plan: &Plan, log: &Log) {
    match files::to(&plan.log) {
        Ok(()) => {}
        Err(error) => log.say(&format!(
            "{}: {}\n  help: the flows run; `dir` in `[log]` says where the files lie, `level = \"off\"` writes none",
            styled("error", RED),
            escaped(&error.to_string())
        )),
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
