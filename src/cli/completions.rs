//! `ponte completions SHELL`.

use super::answer::Answer;
use super::args::{Cli, CompletionsArgs};
use super::exit::Exit;
use clap::CommandFactory;

pub fn run(args: &CompletionsArgs) -> Answer {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "ponte", &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    Answer::new("completions", Exit::Done)
        .key("script", script.clone())
        .text(script)
}
