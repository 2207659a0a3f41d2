//! The service under Windows' service control manager.
//!
//! It runs as an account of its own, `NT SERVICE\ponte`, which has no password and may do nothing but what it is allowed here:
//! read the project's folder, write the state folder and that of the log files.

mod events;
pub mod host;

use super::{absolute, cannot, program, said};
use crate::cli::Context;
use crate::cli::answer::{Answer, Failure};
use crate::cli::project::Project;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use windows_service::service::{
    Service, ServiceAccess, ServiceAction, ServiceActionType, ServiceErrorControl, ServiceExitCode,
    ServiceFailureActions, ServiceFailureResetPeriod, ServiceInfo, ServiceStartType, ServiceState,
    ServiceStatus, ServiceType,
};
use windows_service::service_manager::{ServiceManager, ServiceManagerAccess};

/// A stop rolls back what is open; that takes seconds. After so many the service ends all the same.
const STOP_MAX: Duration = Duration::from_secs(30);
/// How long a start or a stop is waited for: ending threads takes a little longer.
const WAIT_MAX: Duration = Duration::from_secs(45);
/// The account of Windows itself.
const SYSTEM: &str = "LocalSystem";
/// Where an account's password is looked for; an argument would be seen by others.
const PASSWORD: &str = "PONTE_SERVICE_PASSWORD";

/// Windows' error codes.
/// <https://learn.microsoft.com/windows/win32/debug/system-error-codes--1000-1299->
const ACCESS_DENIED: i32 = 5;
const NO_SUCH_SERVICE: i32 = 1060;
const NOT_ACTIVE: i32 = 1062;
const ALREADY_RUNNING: i32 = 1056;
const EXISTS: i32 = 1073;
const LOGON_FAILED: i32 = 1069;

pub fn install(
    context: &Context<'_>,
    name: &str,
    user: Option<&str>,
    print: bool,
) -> Result<Answer, Failure> {
    let project = Project::open(context.project)?;
    project.warn(context.as_json);
    let file = absolute(context.project)?;
    let state = absolute(&project.plan.state_dir)?;
    let log = absolute(&project.plan.log.folder)?;
    let account = user.map_or_else(|| format!("NT SERVICE\\{name}"), ToOwned::to_owned);
    let is_system = account.eq_ignore_ascii_case(SYSTEM);
    let info = ServiceInfo {
        name: name.into(),
        display_name: name.into(),
        service_type: ServiceType::OWN_PROCESS,
        start_type: ServiceStartType::AutoStart,
        error_control: ServiceErrorControl::Normal,
        executable_path: program()?,
        launch_arguments: launch_arguments(&file, name),
        dependencies: Vec::new(),
        account_name: (!is_system).then(|| OsString::from(&account)),
        account_password: user.and_then(|_| std::env::var_os(PASSWORD)),
    };
    if print {
        return Ok(said(described(&info, &account, &state, &log)));
    }
    let manager = manager(ServiceManagerAccess::CONNECT | ServiceManagerAccess::CREATE_SERVICE)?;
    let service = match manager.create_service(&info, ServiceAccess::ALL_ACCESS) {
        Ok(service) => service,
        Err(error) if code(&error) == Some(EXISTS) => {
            let service = manager
                .open_service(name, ServiceAccess::ALL_ACCESS)
                .map_err(|error| failed("open", name, &error))?;
            stopped(&service, name)?;
            let changed = service.change_config(&info);
            changed.map_err(|error| failed("change", name, &error))?;
            service
        }
        Err(error) => return Err(failed("create", name, &error)),
    };
    let mut text = String::new();
    for (what, done) in [
        ("its description", describe(&service, &file)),
        ("what happens after a failure", recovery(&service)),
        ("its delayed start", service.set_delayed_auto_start(true)),
        (
            "its time at shutdown",
            service.set_preshutdown_timeout(STOP_MAX),
        ),
    ] {
        if let Err(error) = done {
            // The service does its work without.
            let _ = writeln!(text, "{what} could not be set: {}", cause(&error));
        }
    }
    if let Err(error) = events::register(name) {
        let _ = writeln!(text, "the event log will show numbers only: {error}");
    }
    for folder in [&state, &log] {
        fs::create_dir_all(folder).map_err(|error| cannot("create", folder, &error))?;
    }
    if !is_system {
        rights(&file, [&state, &log], &account)?;
    }
    started(&service, name)?;
    let _ = write!(
        text,
        "{name} runs as {account} and starts with the system\nits log: {}\nits starts, stops and failures: the Application log of the event viewer, source {name}\n",
        log.display()
    );
    Ok(said(text))
}

/// The service control manager starts the program with them: see [`host`].
fn launch_arguments(project: &Path, name: &str) -> Vec<OsString> {
    let plain = |text: &str| OsString::from(text);
    vec![
        plain("--project"),
        project.into(),
        plain("service"),
        plain("--name"),
        plain(name),
        plain("host"),
    ]
}

fn described(info: &ServiceInfo, account: &str, state: &Path, log: &Path) -> String {
    let mut command = format!("\"{}\"", info.executable_path.display());
    for argument in &info.launch_arguments {
        let _ = write!(command, " \"{}\"", argument.to_string_lossy());
    }
    format!(
        "service   {}\ncommand   {command}\naccount   {account}\nstart     with the system, delayed; after a failure anew in 10, 10, then 60 seconds\nmay write {}\n          {}\n",
        info.name.to_string_lossy(),
        state.display(),
        log.display()
    )
}

fn describe(service: &Service, project: &Path) -> windows_service::Result<()> {
    let text = format!(
        "Keeps an ERP's and a web shop's databases in step: {}",
        project.display()
    );
    service.set_description(text)
}

/// Begun anew after a failure, be it a crash or an end with an error.
fn recovery(service: &Service) -> windows_service::Result<()> {
    let restart = |seconds| ServiceAction {
        action_type: ServiceActionType::Restart,
        delay: Duration::from_secs(seconds),
    };
    service.update_failure_actions(ServiceFailureActions {
        reset_period: ServiceFailureResetPeriod::After(Duration::from_secs(24 * 60 * 60)),
        reboot_msg: None,
        command: None,
        actions: Some(vec![restart(10), restart(10), restart(60)]),
    })?;
    service.set_failure_actions_on_non_crash_failures(true)
}

/// Lets the account read the project and write what it must. In ProgramData everybody may read what is new: the project, which may
/// hold passwords, is then taken from everybody but administrators.
fn rights(project: &Path, written: [&Path; 2], account: &str) -> Result<(), Failure> {
    let folder = project.parent().unwrap_or(Path::new("\\"));
    let shared = std::env::var_os("ProgramData").is_some_and(|shared| folder.starts_with(shared));
    let mut calls: Vec<(&Path, Vec<String>)> = Vec::new();
    if shared {
        let own = [
            "/inheritance:r",
            "/grant:r",
            "*S-1-5-18:(OI)(CI)F",
            "*S-1-5-32-544:(OI)(CI)F",
        ];
        calls.push((folder, own.map(str::to_owned).into()));
    }
    let grant = |rights: &str| vec!["/grant".to_owned(), format!("{account}:(OI)(CI){rights}")];
    calls.push((folder, grant("RX")));
    for folder in written {
        calls.push((folder, grant("M")));
    }
    for (folder, arguments) in calls {
        let done = Command::new("icacls").arg(folder).args(&arguments).output();
        let done = done.map_err(|error| cannot("set the rights of", folder, &error))?;
        if !done.status.success() {
            let said = String::from_utf8_lossy(&done.stderr);
            let message = format!(
                "the rights of `{}` cannot be set: {}",
                folder.display(),
                said.trim()
            );
            return Err(Failure::refused(message)
                .help("run it in a terminal that was opened as administrator; `--user` names an account of this machine or its domain"));
        }
    }
    Ok(())
}

pub fn uninstall(name: &str) -> Result<Answer, Failure> {
    let access = ServiceAccess::QUERY_STATUS | ServiceAccess::STOP | ServiceAccess::DELETE;
    let service = open(name, access)?;
    stopped(&service, name)?;
    service
        .delete()
        .map_err(|error| failed("remove", name, &error))?;
    let mut text = format!("{name} is stopped and removed\n");
    if let Err(error) = events::unregister(name) {
        let _ = writeln!(text, "its source of the event log stays: {error}");
    }
    Ok(said(text))
}

pub fn start(name: &str) -> Result<Answer, Failure> {
    let service = open(name, ServiceAccess::QUERY_STATUS | ServiceAccess::START)?;
    started(&service, name)?;
    Ok(said(format!("{name} runs\n")))
}

pub fn stop(name: &str) -> Result<Answer, Failure> {
    let service = open(name, ServiceAccess::QUERY_STATUS | ServiceAccess::STOP)?;
    stopped(&service, name)?;
    Ok(said(format!("{name} is stopped\n")))
}

pub fn status(name: &str) -> Result<Answer, Failure> {
    let service = open(
        name,
        ServiceAccess::QUERY_STATUS | ServiceAccess::QUERY_CONFIG,
    )?;
    let status = service
        .query_status()
        .map_err(|error| failed("look at", name, &error))?;
    let config = service
        .query_config()
        .map_err(|error| failed("look at", name, &error))?;
    let process = status.process_id.unwrap_or(0);
    let state = match status.current_state {
        ServiceState::Running => format!("runs (process {process})"),
        ServiceState::StartPending => "is being started".to_owned(),
        ServiceState::StopPending => "is being stopped".to_owned(),
        ServiceState::Stopped => format!("is stopped ({})", ending(&status)),
        _ => "is paused".to_owned(),
    };
    let account = config.account_name.unwrap_or_else(|| SYSTEM.into());
    let start = match config.start_type {
        ServiceStartType::AutoStart => "starts with the system",
        ServiceStartType::Disabled => "is disabled",
        _ => "is started by hand",
    };
    Ok(said(format!(
        "{name} {state}; it {start}, as {}\n",
        account.to_string_lossy()
    )))
}

/// How it came to stand still.
fn ending(status: &ServiceStatus) -> String {
    match status.exit_code {
        ServiceExitCode::Win32(0) => "in order".to_owned(),
        ServiceExitCode::Win32(code) => format!("error {code} of Windows"),
        ServiceExitCode::ServiceSpecific(code) => format!("exit code {code}"),
    }
}

fn started(service: &Service, name: &str) -> Result<(), Failure> {
    let none: [&str; 0] = [];
    match service.start(&none) {
        Ok(()) => {}
        Err(error) if code(&error) == Some(ALREADY_RUNNING) => return Ok(()),
        Err(error) => return Err(failed("start", name, &error)),
    }
    let status = reached(service, name, |state| {
        matches!(state, ServiceState::Running | ServiceState::Stopped)
    })?;
    match status.current_state {
        ServiceState::Running => Ok(()),
        _ => {
            let message = format!("{name} has not started ({})", ending(&status));
            Err(Failure::refused(message).help(format!(
                "its reason is in the Application log of the event viewer, source {name}; passwords that the project names as ${{NAME}} must be in `ponte.env` beside it"
            )))
        }
    }
}

fn stopped(service: &Service, name: &str) -> Result<(), Failure> {
    match service.stop() {
        Ok(_) => {}
        Err(error) if code(&error) == Some(NOT_ACTIVE) => return Ok(()),
        Err(error) => return Err(failed("stop", name, &error)),
    }
    reached(service, name, |state| state == ServiceState::Stopped).map(drop)
}

fn reached(
    service: &Service,
    name: &str,
    is_wanted: impl Fn(ServiceState) -> bool,
) -> Result<ServiceStatus, Failure> {
    let began = Instant::now();
    loop {
        let status = service
            .query_status()
            .map_err(|error| failed("look at", name, &error))?;
        if is_wanted(status.current_state) {
            return Ok(status);
        }
        if began.elapsed() > WAIT_MAX {
            let message = format!(
                "{name} has not got there within {} seconds: it is {:?}",
                WAIT_MAX.as_secs(),
                status.current_state
            );
            return Err(Failure::refused(message));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn manager(access: ServiceManagerAccess) -> Result<ServiceManager, Failure> {
    ServiceManager::local_computer(None::<&str>, access)
        .map_err(|error| failed("ask for", "the service control manager", &error))
}

fn open(name: &str, access: ServiceAccess) -> Result<Service, Failure> {
    manager(ServiceManagerAccess::CONNECT)?
        .open_service(name, access)
        .map_err(|error| failed("open", name, &error))
}

fn code(error: &windows_service::Error) -> Option<i32> {
    match error {
        windows_service::Error::Winapi(error) => error.raw_os_error(),
        _ => None,
    }
}

/// What the system says; the library's own words tell only that it said something.
fn cause(error: &windows_service::Error) -> String {
    match error {
        windows_service::Error::Winapi(error) => error.to_string(),
        other => other.to_string(),
    }
}

fn failed(what: &str, name: &str, error: &windows_service::Error) -> Failure {
    let failure = Failure::refused(format!("cannot {what} `{name}`: {}", cause(error)));
    match code(error) {
        Some(NO_SUCH_SERVICE) => super::unknown(name),
        Some(ACCESS_DENIED) => failure.help("run it in a terminal that was opened as administrator"),
        Some(LOGON_FAILED) => failure.help(format!(
            "the account's password is read from {PASSWORD} at the installation, and the account must be allowed to log on as a service"
        )),
        _ => failure,
    }
}
