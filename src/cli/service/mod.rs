//! `ponte service`: the program as a service of the system: of systemd, or of Windows.

#[cfg(not(windows))]
mod systemd;
#[cfg(not(windows))]
mod unit;
#[cfg(windows)]
pub mod windows;

use super::Context;
use super::answer::{Answer, Failure};
use super::args::{ServiceArgs, ServiceCommand};
use super::exit::Exit;
use std::path::{Path, PathBuf};
#[cfg(not(windows))]
use systemd as system;
#[cfg(windows)]
use windows as system;

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
            system::install(context, name, user.as_deref(), *print)
        }
        ServiceCommand::Uninstall => system::uninstall(name),
        ServiceCommand::Start => system::start(name),
        ServiceCommand::Stop => system::stop(name),
        ServiceCommand::Status => system::status(name),
        #[cfg(windows)]
        ServiceCommand::Host => windows::host::run(context, name).await,
    }
}

fn said(text: String) -> Answer {
    Answer::new("service", Exit::Done).text(text)
}

fn unknown(name: &str) -> Failure {
    Failure::refused(format!("there is no service `{name}` on this machine")).help(
        "`ponte service install` installs it; `--name` says which one is meant, if it has another name",
    )
}

fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path).map_err(|error| cannot("find", path, &error))
}

/// Where the program lies that the service shall run.
fn program() -> Result<PathBuf, Failure> {
    std::env::current_exe()
        .map_err(|error| Failure::refused(format!("cannot tell where the program lies: {error}")))
}

fn cannot(what: &str, path: &Path, error: &std::io::Error) -> Failure {
    let failure = Failure::refused(format!("cannot {what} `{}`: {error}", path.display()));
    match error.kind() {
        std::io::ErrorKind::PermissionDenied => failure.help(match cfg!(windows) {
            true => "run it in a terminal that was opened as administrator",
            false => "run it as root: `sudo ponte service …`",
        }),
        _ => failure,
    }
}
