//! The command line. Each command says what it did as an [`Answer`], printed once, as text or as JSON.

pub mod answer;
mod approve;
mod args;
mod check;
mod code;
mod completions;
mod demo;
mod door;
mod exit;
mod explain;
mod grants;
mod init;
pub mod log;
mod mail;
mod matching;
mod order;
pub mod output;
mod pause;
mod progress;
mod project;
mod quarantine;
mod reconcile;
mod reload;
mod run;
mod runs;
mod service;
mod setup;
mod status;
mod sync;
mod verify;
mod word;

pub use answer::{Answer, Failure};
pub use args::Cli;
use args::Command;
pub use exit::Exit;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// What every command is told.
struct Context<'a> {
    project: &'a std::path::Path,
    as_json: bool,
    /// Bars and lines while flows run.
    progress: bool,
}

/// Carries out the command. Boxed, so that all of it is compiled with the library and not once more with the program; as a task of
/// its own, so that the thread that hears a server's answer goes on with it, and need not wake another one.
pub fn run(cli: Arc<Cli>) -> Pin<Box<dyn Future<Output = Answer> + Send>> {
    Box::pin(async move { carry_out(&cli).await })
}

async fn carry_out(cli: &Cli) -> Answer {
    let file = project::file(&cli.project);
    let context = Context {
        project: &file,
        as_json: cli.json,
        progress: !cli.no_progress && !cli.json,
    };
    let done = match &cli.command {
        Command::Init(args) => init::run(&context, args),
        Command::Setup(args) => setup::run(&context, args).await,
        Command::Check => check::run(&context).await,
        Command::Grants => grants::run(&context).await,
        Command::Match(args) => matching::run(&context, args).await,
        Command::Sync(args) => sync::run(&context, args).await,
        Command::Resync(args) => sync::resync(&context, args).await,
        Command::Verify(args) => verify::run(&context, args).await,
        Command::Reconcile(args) => reconcile::run(&context, args).await,
        Command::Order(args) => order::run(&context, args).await,
        Command::Approve(args) => approve::run(&context, args).await,
        Command::Explain(args) => explain::run(&context, args).await,
        Command::Mail(args) => mail::run(&context, args).await,
        Command::Run => run::run(&context).await,
        Command::Pause(args) => pause::run(&context, args, true).await,
        Command::Resume(args) => pause::run(&context, args, false).await,
        Command::Reload => reload::run(&context).await,
        Command::Service(args) => service::run(&context, args).await,
        Command::Status => status::run(&context).await,
        Command::Runs(args) => runs::run(&context, args).await,
        Command::Quarantine(args) => quarantine::run(&context, args).await,
        Command::Code(args) => code::run(args),
        Command::Demo(args) => demo::run(&context, args).await,
        Command::Completions(args) => Ok(completions::run(args)),
    };
    done.unwrap_or_else(|failure| failure.answer(cli.command.name()))
}
