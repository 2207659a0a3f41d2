//! The command's side.

use super::{Address, Call, FILE, GREETING, Greeting, Hello, News, Order, Side, Told};
use super::{is_proved, nonce, proof, receive, send};
use crate::cli::Context;
use crate::cli::answer::{Answer, Failure};
use crate::cli::exit::Exit;
use crate::cli::output::{RED, YELLOW, say, styled};
use crate::cli::progress;
use crate::cli::project::Project;
use crate::diagnostic::Diagnostic;
use serde_json::{Value, json};
use std::fs;
use std::io;
use std::net::Ipv4Addr;
use tokio::io::{BufReader, ReadHalf, WriteHalf};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Lets the service do it that runs for the project, unless it is to be done `alone`; `None`: it is to be done here.
pub async fn ask(
    context: &Context<'_>,
    project: &Project,
    alone: bool,
    order: impl FnOnce() -> Order,
) -> Option<Result<Answer, Failure>> {
    if alone {
        return None;
    }
    let line = find(context, project).await?;
    Some(line.ask(context, project, &order()).await)
}

/// A line to the service.
struct Line {
    read: BufReader<ReadHalf<TcpStream>>,
    write: WriteHalf<TcpStream>,
    /// With which this command proves itself.
    proof: String,
    process: u32,
}

/// The service that runs for the project; `None`: none does, or none that this account may speak to.
async fn find(context: &Context<'_>, project: &Project) -> Option<Line> {
    let path = project.plan.state_dir.join(FILE);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            if !context.as_json {
                let note = styled("note", YELLOW);
                say(&format!(
                    "{note}: a service may run for this project, but this account may not speak to it; running without it"
                ));
            }
            return None;
        }
        Err(_) => return None,
    };
    let address: Address = serde_json::from_str(&text).ok()?;
    match timeout(GREETING, greet(&address)).await {
        Ok(Ok(line)) => Some(line),
        // A service that was killed leaves its file behind.
        Ok(Err(error)) => {
            tracing::debug!(%error, "no service answers");
            None
        }
        Err(_) => {
            tracing::debug!("no service answers in time");
            None
        }
    }
}

async fn greet(address: &Address) -> io::Result<Line> {
    let refuse = |what: &str| io::Error::other(what.to_owned());
    let secret = blake3::Hash::from_hex(&address.secret).map_err(io::Error::other)?;
    let secret = secret.as_bytes();
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, address.port)).await?;
    let (read, mut write) = tokio::io::split(stream);
    let mut read = BufReader::new(read);
    let own = nonce();
    send(&mut write, &Hello { nonce: own.clone() }).await?;
    let greeting: Greeting = receive(&mut read, 4096).await?;
    if !is_proved(secret, Side::Service, &own, &greeting.proof) {
        return Err(refuse("somebody else listens there"));
    }
    Ok(Line {
        read,
        write,
        proof: proof(secret, Side::Command, &greeting.nonce)
            .to_hex()
            .to_string(),
        process: address.process,
    })
}

impl Line {
    /// Lets the service do it, and shows how that goes on. Ctrl-C leaves it to the service.
    async fn ask(
        self,
        context: &Context<'_>,
        project: &Project,
        order: &Order,
    ) -> Result<Answer, Failure> {
        let (command, process) = (order.command(), self.process);
        let asked = self.carry_out(context, project, order);
        let done = tokio::select! {
            done = asked => done,
            Ok(()) = tokio::signal::ctrl_c() => return Ok(told(
                command,
                Exit::Interrupted,
                "detached: the service goes on with it",
                "`ponte status` and `ponte runs` show what comes of it",
            )),
        };
        match done {
            Ok(Ok(told)) => Ok(answer(command, told, &project.warnings)),
            Ok(Err((message, help))) => Err(Failure::refused(message).help(help)),
            Err(error) => {
                tracing::debug!(%error, "the line to the service broke");
                Ok(told(
                    command,
                    Exit::Interrupted,
                    &format!("the service (process {process}) has gone in the midst of it"),
                    "what it had committed stays; `ponte runs` shows how far it came, and asking again does the rest",
                ))
            }
        }
    }

    async fn carry_out(
        mut self,
        context: &Context<'_>,
        project: &Project,
        order: &Order,
    ) -> io::Result<Result<Told, (String, String)>> {
        let call = Call {
            proof: self.proof,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            project: project.digest.clone(),
            order: serde_json::to_value(order)?,
        };
        send(&mut self.write, &call).await?;
        if context.progress {
            say(&format!(
                "the service (process {}) does it; Ctrl-C leaves it to it",
                self.process
            ));
        }
        let shown = progress::shown(context.progress);
        loop {
            match receive::<News>(&mut self.read, u64::MAX).await? {
                News::Refused { message, help } => return Ok(Err((message, help))),
                News::Waits(flows) if context.progress => {
                    say(&format!(
                        "it comes after what runs now: {}",
                        flows.join(", ")
                    ));
                }
                News::Waits(_) => {}
                News::Started { flow, expected } => shown.started(&flow, expected),
                News::Read {
                    flow,
                    rows,
                    written,
                } => shown.read(&flow, rows, written),
                News::Says { flow, text } => shown.says(&flow, &text),
                News::Ended { flow, line } => shown.ended(&flow, &line),
                News::Answer(told) => return Ok(Ok(told)),
            }
        }
    }
}

/// What the service has answered, as if it had been done here.
fn answer(command: &'static str, told: Told, warnings: &[Diagnostic]) -> Answer {
    let Told {
        exit,
        text,
        talk,
        mut document,
    } = told;
    if let Some(Value::Array(found)) = document.get_mut("diagnostics") {
        found.splice(0..0, warnings.iter().map(Diagnostic::to_json));
    }
    let mut answer = Answer::new(command, exit).text(text);
    answer.talk = talk;
    answer.json = document;
    answer
}

fn told(command: &'static str, exit: Exit, message: &str, help: &str) -> Answer {
    let mut answer = Answer::new(command, exit);
    answer.talk = format!("{}: {message}\n  help: {help}", styled("error", RED));
    answer.error = json!({ "message": message, "help": help });
    answer
}
