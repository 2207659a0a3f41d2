//! What a command has to say, once, for people and for machines; and what stopped it.

use super::exit::Exit;
use super::output::{RED, escaped, styled};
use crate::db::DbError;
use crate::demo::DemoError;
use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::round::task::UnknownFlow;
use crate::service::control;
use crate::state::StateError;
use crate::stock::StockError;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// A command's outcome. Every JSON document has `command`, `exit_code`, `error` and `diagnostics`; `json` adds the
/// command's own keys.
#[derive(Debug)]
pub struct Answer {
    pub command: &'static str,
    pub exit: Exit,
    /// For standard output.
    pub text: String,
    /// For standard error, after it.
    pub talk: String,
    pub json: Map<String, Value>,
    pub diagnostics: Vec<Diagnostic>,
    pub error: Value,
}

impl Answer {
    pub fn new(command: &'static str, exit: Exit) -> Self {
        Answer {
            command,
            exit,
            text: String::new(),
            talk: String::new(),
            json: Map::new(),
            diagnostics: Vec::new(),
            error: Value::Null,
        }
    }

    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.text = text.into();
        self
    }

    pub fn key(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.json.insert(key.to_owned(), value.into());
        self
    }

    /// The JSON document.
    pub fn document(&self) -> Value {
        let mut document = Map::new();
        document.insert("command".to_owned(), self.command.into());
        document.insert("exit_code".to_owned(), self.exit.code().into());
        document.insert("error".to_owned(), self.error.clone());
        let found = self.diagnostics.iter().map(Diagnostic::to_json);
        document.insert("diagnostics".to_owned(), found.collect());
        document.extend(self.json.clone());
        Value::Object(document)
    }
}

/// Why a command did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("the project does not fit")]
    Configuration(Diagnostics),
    #[error("there is no project file `{}`", .0.display())]
    NoProject(PathBuf),
    #[error(transparent)]
    UnknownFlow(#[from] UnknownFlow),
    /// The command line asks for something that does not go.
    #[error("{message}")]
    Refused {
        message: String,
        help: Option<String>,
    },
    #[error(transparent)]
    Database(#[from] DbError),
    #[error(transparent)]
    Stock(#[from] StockError),
    #[error(transparent)]
    State(#[from] StateError),
    #[error(transparent)]
    Demo(#[from] DemoError),
    #[error("cannot write `{}`: {error}", path.display())]
    Write {
        path: PathBuf,
        error: std::io::Error,
    },
}

impl From<control::Refused> for Failure {
    fn from(refused: control::Refused) -> Failure {
        let help = match refused {
            control::Refused::Full => "try again later",
            control::Refused::Paused | control::Refused::PausedByProject => {
                "`ponte status` shows what is paused"
            }
            control::Refused::Unknown | control::Refused::Stopping => {
                "`--alone` does it without the service"
            }
        };
        Failure::refused(refused.to_string()).help(help)
    }
}

impl Failure {
    pub fn refused(message: impl Into<String>) -> Self {
        Failure::Refused {
            message: message.into(),
            help: None,
        }
    }

    pub fn help(self, help: impl Into<String>) -> Self {
        match self {
            Failure::Refused { message, .. } => Failure::Refused {
                message,
                help: Some(help.into()),
            },
            other => other,
        }
    }

    fn exit(&self) -> Exit {
        match self {
            Failure::Configuration(_)
            | Failure::NoProject(_)
            | Failure::UnknownFlow(_)
            | Failure::Refused { .. }
            | Failure::Demo(
                DemoError::Taken { .. } | DemoError::NoSqlServer(_) | DemoError::NotEmpty(_),
            ) => Exit::Configuration,
            Failure::Demo(DemoError::Database(error)) => error.into(),
            Failure::Database(error) | Failure::Stock(StockError::Database(error)) => error.into(),
            Failure::Stock(StockError::OtherShop { error, .. }) => error.into(),
            Failure::Stock(_) => Exit::Configuration,
            Failure::State(_) | Failure::Demo(_) | Failure::Write { .. } => Exit::Unexpected,
        }
    }

    fn advice(&self) -> Option<String> {
        match self {
            Failure::NoProject(_) => Some(
                "`ponte init` writes one; one that lies elsewhere is named with `--project FILE`"
                    .to_owned(),
            ),
            Failure::UnknownFlow(unknown) => Some(match &unknown.near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the project has: {}", unknown.known.join(", ")),
            }),
            Failure::Refused { help, .. } => help.clone(),
            Failure::Database(error)
            | Failure::Stock(StockError::Database(error) | StockError::OtherShop { error, .. }) => {
                error.advice().map(str::to_owned)
            }
            Failure::State(error) => error.advice().map(str::to_owned),
            _ => None,
        }
    }

    /// The error as what there is to print.
    pub fn answer(self, command: &'static str) -> Answer {
        let mut answer = Answer::new(command, self.exit());
        if let Failure::Configuration(found) = self {
            answer.talk = drawn(&found);
            answer.error = json!({ "message": counted(&found), "help": null });
            answer.diagnostics = found.0;
            return answer;
        }
        let (message, help) = (self.to_string(), self.advice());
        answer.talk = format!("{}: {}", styled("error", RED), escaped(&message));
        if let Some(help) = &help {
            answer.talk.push_str(&format!("\n  help: {help}"));
        }
        answer.error = json!({ "message": message, "help": help });
        answer
    }
}

/// That the state could not be read or written while flows ran, with what to do.
pub fn stateless(error: &StateError) -> String {
    let mut told = format!(
        "{}: {}\n  help: the flows run all the same; only their history is not written",
        styled("error", RED),
        escaped(&error.to_string())
    );
    if let Some(advice) = error.advice() {
        told.push_str("; ");
        told.push_str(advice);
    }
    told
}

/// Diagnostics for people, with last lines that count them and name the command that tells more.
pub fn drawn(found: &Diagnostics) -> String {
    let (drawn, counted) = (found.render(true), counted(found));
    format!("{drawn}\n{counted}\n{}\n", more(found))
}

/// The same of warnings beside something else.
pub fn warned(found: &Diagnostics) -> String {
    format!("{}\n{}\n", found.render(true), more(found))
}

fn more(found: &Diagnostics) -> String {
    let codes: BTreeSet<&str> = found.0.iter().map(|one| one.code).collect();
    let codes: Vec<&str> = codes.into_iter().collect();
    format!("`ponte code {}` tells what to do", codes.join(" "))
}

/// `2 errors, 1 warning`.
pub fn counted(found: &Diagnostics) -> String {
    use super::output::count;
    let errors = count(found.errors() as u64, "error", "errors");
    match found.warnings() as u64 {
        0 => errors,
        warnings => format!("{errors}, {}", count(warnings, "warning", "warnings")),
    }
}

/// Whether any of them is an error.
pub fn has_errors(found: &[Diagnostic]) -> bool {
    found.iter().any(|one| one.severity == Severity::Error)
}
