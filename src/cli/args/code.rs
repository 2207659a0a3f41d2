//! `ponte code`.

use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
pub struct CodeArgs {
    /// As messages show it: `P101`
    #[arg(value_name = "CODE", required = true)]
    pub codes: Vec<String>,
    /// Default: what LC_ALL, LC_MESSAGES or LANG say
    #[arg(long, value_name = "LANGUAGE")]
    pub lang: Option<Tongue>,
}

/// The languages of the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Tongue {
    #[value(name = "en")]
    English,
    #[value(name = "it")]
    Italian,
}

pub const CODE: &str = "\
Examples:
  ponte code P101
  ponte code P310 P342 --lang it

What a message with this code means, and what to do: the list at the end of docs/troubleshooting.md, which the service's
page has under `/help`, too.";
