//! The service under systemd.

use super::unit::{Account, Unit};
use super::{absolute, cannot, program, said};
use crate::cli::Context;
use crate::cli::answer::{Answer, Failure};
use crate::cli::project::Project;
use crate::plan::Plan;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const UNITS: &str = "/etc/systemd/system";

fn file_of(name: &str) -> PathBuf {
    Path::new(UNITS).join(format!("{name}.service"))
}

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
    let program = program()?;
    let mut written = vec![state.clone()];
    for folder in [log.clone()].into_iter().chain(databases(&project.plan)?) {
        if !written.iter().any(|known| folder.starts_with(known)) {
            written.push(folder);
        }
    }
    let account = match user {
        Some(user) => Account::Named(user.to_owned()),
        None => owner(&file)?,
    };
    let unit = Unit {
        program: &program,
        project: &file,
        written: &written,
        account: &account,
    };
    let text = unit.to_string();
    if print {
        return Ok(said(text));
    }
    let place = file_of(name);
    // The service may write there and nowhere else: it must exist before it starts.
    for folder in [&state, &log] {
        own(folder, &account)?;
    }
    fs::write(&place, text).map_err(|error| cannot("write", &place, &error))?;
    systemctl(&["daemon-reload"])?;
    systemctl(&["enable", "--now", name])?;
    Ok(said(format!(
        "{name} runs as {account} and starts with the system ({})\nits log: journalctl -u {name} -f\n",
        place.display()
    )))
}

/// Folders of databases in files: SQLite writes its journal beside one.
fn databases(plan: &Plan) -> Result<Vec<PathBuf>, Failure> {
    let files = plan.connections.values().filter_map(|one| one.url.file());
    let written = files.filter(|(_, read_only)| !read_only);
    let folders = written.filter_map(|(file, _)| file.parent());
    folders.map(absolute).collect()
}

/// Makes a folder that the account may write to. One that is there stays as it is.
fn own(folder: &Path, account: &Account) -> Result<(), Failure> {
    if folder.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(folder).map_err(|error| cannot("create", folder, &error))?;
    let owner = match account {
        Account::Named(name) => name.clone(),
        Account::Numbers(user, group) => format!("{user}:{group}"),
    };
    let done = Command::new("chown").arg(&owner).arg(folder).output();
    let done = done.map_err(|error| cannot("give away", folder, &error))?;
    match done.status.success() {
        true => Ok(()),
        false => {
            let said = String::from_utf8_lossy(&done.stderr);
            let message = format!(
                "cannot give `{}` to {account}: {}",
                folder.display(),
                said.trim()
            );
            Err(Failure::refused(message))
        }
    }
}

pub fn uninstall(name: &str) -> Result<Answer, Failure> {
    let file = file_of(name);
    if !file.exists() {
        known(name)?;
        let message = format!(
            "`ponte service install` has not installed `{name}`: there is no `{}`",
            file.display()
        );
        return Err(Failure::refused(message)
            .help(format!("`systemctl cat {name}` shows where it comes from")));
    }
    systemctl(&["disable", "--now", name])?;
    fs::remove_file(&file).map_err(|error| cannot("remove", &file, &error))?;
    systemctl(&["daemon-reload"])?;
    Ok(said(format!("{name} is stopped and removed\n")))
}

pub fn start(name: &str) -> Result<Answer, Failure> {
    known(name)?;
    systemctl(&["start", name]).map(|()| said(format!("{name} runs\n")))
}

pub fn stop(name: &str) -> Result<Answer, Failure> {
    known(name)?;
    systemctl(&["stop", name]).map(|()| said(format!("{name} is stopped\n")))
}

/// Its own words, on the terminal; what it thinks of the state is no failure of ours.
pub fn status(name: &str) -> Result<Answer, Failure> {
    known(name)?;
    let status = Command::new("systemctl")
        .args(["status", "--no-pager", name])
        .status();
    match status {
        Ok(_) => Ok(said(String::new())),
        Err(error) => Err(no_systemd(&error)),
    }
}

/// Refuses a service that systemd does not know.
fn known(name: &str) -> Result<(), Failure> {
    let unit = format!("{name}.service");
    let asked = Command::new("systemctl")
        .args(["show", "--property=LoadState", "--value", &unit])
        .output();
    let asked = asked.map_err(|error| no_systemd(&error))?;
    if !asked.status.success() {
        let said = String::from_utf8_lossy(&asked.stderr);
        return Err(no_systemd(&said.trim()));
    }
    match String::from_utf8_lossy(&asked.stdout).trim() {
        "not-found" => Err(super::unknown(name)),
        // What else may be wrong with it, systemd says itself.
        _ => Ok(()),
    }
}

/// Whoever owns the project file may read it; root shall not be it.
#[cfg(unix)]
fn owner(project: &Path) -> Result<Account, Failure> {
    use std::os::unix::fs::MetadataExt;
    let found = fs::metadata(project).map_err(|error| cannot("read", project, &error))?;
    match found.uid() {
        0 => Err(
            Failure::refused(format!("`{}` belongs to root", project.display())).help(
                "say who shall run the service: `--user NAME`; the account must read the project and write the state folder",
            ),
        ),
        uid => Ok(Account::Numbers(uid, found.gid())),
    }
}

#[cfg(not(unix))]
fn owner(_: &Path) -> Result<Account, Failure> {
    Err(elsewhere())
}

fn systemctl(arguments: &[&str]) -> Result<(), Failure> {
    if cfg!(not(target_os = "linux")) {
        return Err(elsewhere());
    }
    let done = Command::new("systemctl").args(arguments).output();
    let done = done.map_err(|error| no_systemd(&error))?;
    match done.status.success() {
        true => Ok(()),
        false => {
            let said = String::from_utf8_lossy(&done.stderr);
            let called = arguments.join(" ");
            Err(
                Failure::refused(format!("`systemctl {called}` failed: {}", said.trim()))
                    .help("as root? `journalctl -xe` tells more"),
            )
        }
    }
}

fn no_systemd(why: &dyn std::fmt::Display) -> Failure {
    Failure::refused(format!("systemd cannot be asked: {why}"))
        .help("without systemd, let whatever starts programs here start `ponte run`")
}

fn elsewhere() -> Failure {
    Failure::refused("`ponte service` knows systemd and Windows only")
        .help("let whatever starts programs here start `ponte run`")
}
