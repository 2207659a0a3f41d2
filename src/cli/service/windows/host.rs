//! The service as Windows starts it: `ponte … service host`, which nobody calls by hand.
//!
//! The service control manager is told of each step, since it ends a program that is silent for half a minute.

use super::events::{self, Event};
use super::{STOP_MAX, cause, code};
use crate::cli::Context;
use crate::cli::answer::{Answer, Failure};
use crate::cli::exit::Exit;
use crate::cli::output::plain;
use crate::cli::run::{self, Asked};
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{Notify, mpsc};
use windows_service::service::{
    ServiceControl, ServiceControlAccept, ServiceExitCode, ServiceState, ServiceStatus, ServiceType,
};
use windows_service::service_control_handler::{
    self, ServiceControlHandlerResult, ServiceStatusHandle,
};
use windows_service::{define_windows_service, service_dispatcher};

/// The program was not started by the service control manager.
const NOT_BY_THE_SYSTEM: i32 = 1063;
/// A start reads the project; connections are made later.
const START_MAX: Duration = Duration::from_secs(30);
/// Requests that wait.
const ASKED_MAX: usize = 16;

/// What the thread that Windows makes has to do.
struct Hosted {
    name: String,
    project: PathBuf,
    runtime: Handle,
}

/// There is one service in a process.
static HOSTED: Mutex<Option<Hosted>> = Mutex::new(None);
static TOLD: OnceLock<Told> = OnceLock::new();

/// Whom the steps are told.
struct Told {
    name: String,
    system: ServiceStatusHandle,
}

pub async fn run(context: &Context<'_>, name: &str) -> Result<Answer, Failure> {
    *HOSTED.lock().unwrap_or_else(PoisonError::into_inner) = Some(Hosted {
        name: name.to_owned(),
        project: context.project.to_owned(),
        runtime: Handle::current(),
    });
    let service = name.to_owned();
    let dispatched =
        tokio::task::spawn_blocking(move || service_dispatcher::start(service, begun)).await;
    match dispatched {
        Ok(Ok(())) => Ok(Answer::new("service", Exit::Done)),
        Ok(Err(error)) if code(&error) == Some(NOT_BY_THE_SYSTEM) => Err(Failure::refused(
            "only Windows' service control manager starts `service host`",
        )
        .help("`ponte run` runs in the foreground, `ponte service start` starts the service")),
        Ok(Err(error)) => Err(Failure::refused(format!(
            "the service control manager cannot be reached: {}",
            cause(&error)
        ))),
        Err(error) => Err(Failure::refused(format!("the service has ended: {error}"))),
    }
}

define_windows_service!(begun, main);

fn main(_: Vec<OsString>) {
    let hosted = HOSTED.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(hosted) = hosted else { return };
    let (ask, asked) = mpsc::channel(ASKED_MAX);
    let stop = Arc::new(Notify::new());
    let stopping = stop.clone();
    let handler = move |control| {
        match control {
            ServiceControl::Stop | ServiceControl::Preshutdown | ServiceControl::Shutdown => {
                stopping.notify_one();
                // A full queue has a stop in it, or its reader is gone.
                let _ = ask.try_send(Asked::Stop);
            }
            ServiceControl::ParamChange => {
                let _ = ask.try_send(Asked::Reload(None));
            }
            ServiceControl::Interrogate => {}
            _ => return ServiceControlHandlerResult::NotImplemented,
        }
        ServiceControlHandlerResult::NoError
    };
    let name = hosted.name.clone();
    match service_control_handler::register(&name, handler) {
        Ok(system) => {
            let _ = TOLD.set(Told { name, system });
            serve(hosted, asked, &stop);
        }
        Err(error) => events::report(&name, Event::Failed, &cause(&error)),
    }
}

/// Runs until it is told to stop, or fails; Windows then does what was set for a failure.
fn serve(hosted: Hosted, asked: mpsc::Receiver<Asked>, stop: &Notify) {
    tell(ServiceState::StartPending, START_MAX, 0);
    let Hosted {
        name,
        project,
        runtime,
    } = hosted;
    let service = async move {
        let context = Context {
            project: &project,
            as_json: false,
            progress: false,
        };
        run::serve(&context, asked).await
    };
    let ended = runtime.block_on(async {
        let service = runtime.spawn(service);
        tokio::select! {
            ended = service => Some(ended),
            () = late(stop) => None,
        }
    });
    let (code, event, text) = match ended {
        Some(Ok(Ok(_))) => (0, Event::Stopped, "stopped".to_owned()),
        Some(Ok(Err(failure))) => {
            let answer = failure.answer("run");
            (u32::from(answer.exit.code()), Event::Failed, answer.talk)
        }
        Some(Err(error)) => (1, Event::Failed, format!("an error in ponte: {error}")),
        None => {
            let seconds = STOP_MAX.as_secs();
            let text = format!(
                "not stopped in order within {seconds} seconds; what was open is rolled back by the servers"
            );
            (1, Event::Failed, text)
        }
    };
    events::report(&name, event, &plain(&text));
    tell(ServiceState::Stopped, Duration::ZERO, code);
}

/// Resolves when a stop has taken too long.
async fn late(stop: &Notify) {
    stop.notified().await;
    tokio::time::sleep(STOP_MAX).await;
}

fn tell(state: ServiceState, wait: Duration, code: u32) {
    let Some(told) = TOLD.get() else { return };
    let accepted = match state {
        ServiceState::Running => {
            ServiceControlAccept::STOP
                | ServiceControlAccept::PRESHUTDOWN
                | ServiceControlAccept::PARAM_CHANGE
        }
        _ => ServiceControlAccept::empty(),
    };
    let exit_code = match code {
        0 => ServiceExitCode::Win32(0),
        code => ServiceExitCode::ServiceSpecific(code),
    };
    let status = ServiceStatus {
        service_type: ServiceType::OWN_PROCESS,
        current_state: state,
        controls_accepted: accepted,
        exit_code,
        checkpoint: u32::from(!wait.is_zero()),
        wait_hint: wait,
        process_id: None,
    };
    if let Err(error) = told.system.set_service_status(status) {
        tracing::debug!(%error, "the service control manager was not told");
    }
}

/// The project is loaded; flows begin.
pub fn ready() {
    tell(ServiceState::Running, Duration::ZERO, 0);
    if let Some(told) = TOLD.get() {
        let version = env!("CARGO_PKG_VERSION");
        let text = format!("ponte {version} runs (process {})", std::process::id());
        events::report(&told.name, Event::Started, &text);
    }
}

pub fn stopping() {
    tell(ServiceState::StopPending, STOP_MAX, 0);
}

/// A flow fails that did not before.
pub fn failing(text: &str) {
    if let Some(told) = TOLD.get() {
        events::report(&told.name, Event::Flow, &plain(text));
    }
}
