//! `ponte approve`.

use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub struct ApproveArgs {
    #[command(subcommand)]
    pub command: ApproveCommand,
}

#[derive(Debug, Subcommand)]
pub enum ApproveCommand {
    /// What waits for a person
    List {
        /// What is over, too
        #[arg(long)]
        all: bool,
    },
    /// One question, with what has changed since it was asked before
    Show {
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Have it carried over by the next run
    Accept {
        #[arg(value_name = "ID", required = true)]
        ids: Vec<String>,
        /// Note it here, even if the service of the project runs
        #[arg(long)]
        alone: bool,
    },
    /// Have it left alone
    Reject {
        #[arg(value_name = "ID", required = true)]
        ids: Vec<String>,
        /// For whoever asks later
        #[arg(long, value_name = "TEXT")]
        why: String,
        /// Note it here, even if the service of the project runs
        #[arg(long)]
        alone: bool,
    },
}

pub(super) const APPROVE: &str = "\
Examples:
  ponte approve list
  ponte approve show main/order/1001
  ponte approve accept main/order/1001 main/order/1002
  ponte approve reject main/order/1003 --why \"the customer has not paid the last one\"

What is accepted is carried over by the next run, once, if it is still as it was shown; what has changed since is
asked again. Exit code 4: something was not found, or has changed.";
