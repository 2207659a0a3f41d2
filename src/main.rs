//! The program: start-up, logging, one command, its exit code.

use clap::Parser;
use ponte::cli::{self, Cli, Exit, log, output};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

/// What may take its time after the command is done, such as closing files.
const SHUTDOWN: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    let cli = Cli::parse();
    output::set_color(cli.color);
    log::start(cli.verbose);
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            output::say(&format!("error: cannot start: {error}"));
            return Exit::Unexpected.into();
        }
    };
    let cli = Arc::new(cli);
    let answer = match runtime.block_on(runtime.spawn(cli::run(Arc::clone(&cli)))) {
        Ok(answer) => answer,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => return Exit::Unexpected.into(),
        },
    };
    runtime.shutdown_timeout(SHUTDOWN);
    match output::print(&answer, cli.json) {
        Ok(()) => answer.exit.into(),
        Err(error) => {
            output::say(&format!("error: cannot write the output: {error}"));
            Exit::Unexpected.into()
        }
    }
}
