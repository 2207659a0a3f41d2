//! `ponte service`: the program as a service of the system. On Linux that is systemd.

mod unit;

use super::Context;
use super::answer::{Answer, Failure};
use super::args::{ServiceArgs, ServiceCommand};
use super::exit::Exit;
use super::project::Project;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use unit::{Account, Unit};

const UNITS: &str = "/etc/systemd/system";

pub async fn run(context: &Context<'_>, args: &ServiceArgs) -> Result<Answer, Failure> {
    let name = &args.name;
    if name.is_empty()
        || !name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
    {
        return Err(
            Failure::refused(format!("`{name}` is no name of a service"))
                .help("letters, digits, `-`, `_` and `.`"),
        );
    }
    match &args.command {
        ServiceCommand::Install { user, print } => {
            install(context, name, user.as_deref(), *print).await
        }
        ServiceCommand::Uninstall => {
            let file = file_of(name);
            if !file.exists() {
                let message = format!("there is no `{}`", file.display());
                return Err(Failure::refused(message).help("`--name` says which service is meant"));
            }
            systemctl(&["disable", "--now", name])?;
            fs::remove_file(&file).map_err(|error| cannot("remove", &file, &error))?;
            systemctl(&["daemon-reload"])?;
            Ok(said(format!("{name} is stopped and removed\n")))
        }
        ServiceCommand::Start => {
            systemctl(&["start", name]).map(|()| said(format!("{name} runs\n")))
        }
        ServiceCommand::Stop => {
            systemctl(&["stop", name]).map(|()| said(format!("{name} is stopped\n")))
        }
        ServiceCommand::Status => {
            // Its own words, on the terminal; what it thinks of the state is no failure of ours.
            let status = Command::new("systemctl")
                .args(["status", "--no-pager", name])
                .status();
            match status {
                Ok(_) => Ok(said(String::new())),
                Err(error) => Err(no_systemd(&error)),
            }
        }
    }
}

fn said(text: String) -> Answer {
    Answer::new("service", Exit::Done).text(text)
}

fn file_of(name: &str) -> PathBuf {
    Path::new(UNITS).join(format!("{name}.service"))
}

async fn install(
    context: &Context<'_>,
    name: &str,
    user: Option<&str>,
    print: bool,
) -> Result<Answer, Failure> {
    let project = Project::open(context.project)?;
    project.warn(context.as_json);
    let file = absolute(context.project)?;
    let state = absolute(&project.plan.state_dir)?;
    let program = std::env::current_exe().map_err(|error| {
        Failure::refused(format!("cannot tell where the program lies: {error}"))
    })?;
    let account = match user {
        Some(user) => Account::Named(user.to_owned()),
        None => owner(&file)?,
    };
    let unit = Unit {
        program: &program,
        project: &file,
        state: &state,
        account: &account,
    };
    let text = unit.to_string();
    if print {
        return Ok(said(text));
    }
    let place = file_of(name);
    // The service may write there and nowhere else: it must exist before it starts.
    fs::create_dir_all(&state).map_err(|error| cannot("create", &state, &error))?;
    fs::write(&place, text).map_err(|error| cannot("write", &place, &error))?;
    systemctl(&["daemon-reload"])?;
    systemctl(&["enable", "--now", name])?;
    Ok(said(format!(
        "{name} runs as {account} and starts with the system ({})\nits log: journalctl -u {name} -f\n",
        place.display()
    )))
}

fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path).map_err(|error| cannot("find", path, &error))
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

fn cannot(what: &str, path: &Path, error: &std::io::Error) -> Failure {
    let failure = Failure::refused(format!("cannot {what} `{}`: {error}", path.display()));
    match error.kind() {
        std::io::ErrorKind::PermissionDenied => {
            failure.help("run it as root: `sudo ponte service …`")
        }
        _ => failure,
    }
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

fn no_systemd(error: &std::io::Error) -> Failure {
    Failure::refused(format!("systemd's `systemctl` cannot be run: {error}"))
        .help("without systemd, let whatever starts programs here start `ponte run`")
}

fn elsewhere() -> Failure {
    Failure::refused("`ponte service` knows systemd only")
        .help("let whatever starts programs here start `ponte run`")
}
