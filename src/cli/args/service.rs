//! `ponte service`, `ponte reload`.

use clap::{Args, Subcommand};

pub const RELOAD: &str = "\
Examples:
  ponte reload

A project with a mistake is refused, and the service goes on with the one before. Otherwise each flow runs by the new one
from its next run on; what runs at the moment comes to its end by the old one. The same as SIGHUP (`systemctl reload`).";

#[derive(Debug, Args)]
pub struct ServiceArgs {
    /// How the system calls the service
    #[arg(long, global = true, value_name = "NAME", default_value = "ponte")]
    pub name: String,
    #[command(subcommand)]
    pub command: ServiceCommand,
}

#[derive(Debug, Subcommand)]
pub enum ServiceCommand {
    /// Install it for this project, and start it
    Install {
        /// Who runs it; default: whoever owns the project file (Windows: an account of its own)
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
        /// Print the unit file (Windows: what would be registered); write nothing
        #[arg(long)]
        print: bool,
    },
    /// Stop it and take it away
    Uninstall,
    Start,
    Stop,
    /// Show whether it runs, and its last words
    Status,
    /// What Windows' service control manager starts
    #[cfg(windows)]
    #[command(hide = true)]
    Host,
}

pub const SERVICE: &str = "\
Examples:
  ponte service install --print
  sudo ponte --project /etc/ponte/ponte.toml service install --user ponte
  sudo ponte service --name ponte-outlet install --user ponte
  ponte service status

The service is `ponte run` under systemd, or under Windows' service control manager, with the least rights that it needs:
it may write to the project's state folder and that of its log files only. Passwords come from `ponte.env` beside the
project (lines NAME=value) or from files.

On Windows, in a terminal that was opened as administrator:
  ponte --project C:\\ProgramData\\ponte\\ponte.toml service install
It runs as `NT SERVICE\\ponte`. Another account (`--user DOMAIN\\NAME`) needs the right to log on as a service; its password
is read from the environment variable PONTE_SERVICE_PASSWORD.";
