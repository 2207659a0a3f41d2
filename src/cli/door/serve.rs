//! The service's side.

use super::{
    Address, CALL_MAX, Call, FILE, GREETING, Greeting, Hello, News, Order, Part, Side, Told,
};
use super::{is_proved, nonce, proof, put, receive, send};
use crate::cli::answer::{Answer, Failure};
use crate::cli::progress::line;
use crate::cli::word::{self, Word};
use crate::cli::{order, quarantine, sync, verify};
use crate::plan::Plan;
use crate::round::task::{self, Task, UnknownFlow};
use crate::round::{FILES, FlowResult, Observer, Orders, RoundReport};
use crate::service::control::{Control, Refused};
use crate::sync::report::FlowReport;
use crate::web::Live;
use std::fs;
use std::io;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::io::{BufReader, ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

/// Commands at once; more wait.
const COMMANDS_MAX: usize = 16;
/// Answers under way at the service's end are given so much time.
const GRACE: Duration = Duration::from_secs(2);
/// Rows that were read are told so often at the most.
const TOLD: Duration = Duration::from_millis(200);

/// Open for commands while it lives.
pub struct Door {
    folder: PathBuf,
    /// Of the project file that the service has taken.
    project: watch::Sender<String>,
    stop: Option<oneshot::Sender<()>>,
    accepting: JoinHandle<()>,
}

/// What every conversation is told.
#[derive(Clone)]
struct Host {
    secret: [u8; 32],
    live: watch::Receiver<Option<Live>>,
    project: watch::Receiver<String>,
}

impl Door {
    /// # Errors
    /// A folder that cannot be written to, a machine without a port.
    pub async fn open(
        folder: &Path,
        project: &str,
        live: watch::Receiver<Option<Live>>,
    ) -> io::Result<Door> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let secret: [u8; 32] = rand::random();
        let address = Address {
            port: listener.local_addr()?.port(),
            secret: blake3::Hash::from_bytes(secret).to_hex().to_string(),
            process: std::process::id(),
        };
        put(folder, &serde_json::to_string(&address)?)?;
        let (project, taken) = watch::channel(project.to_owned());
        let host = Host {
            secret,
            live,
            project: taken,
        };
        let (stop, stopped) = oneshot::channel();
        Ok(Door {
            folder: folder.to_owned(),
            project,
            stop: Some(stop),
            accepting: tokio::spawn(accept(listener, host, stopped)),
        })
    }

    /// The service has taken a changed project; whether this is still the folder where it is looked for.
    pub fn is_for(&self, folder: &Path, project: &str) -> bool {
        self.project.send_replace(project.to_owned());
        self.folder == folder
    }

    /// Takes no more commands, and gives the last answers.
    pub async fn close(mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if timeout(GRACE, &mut self.accepting).await.is_err() {
            self.accepting.abort();
        }
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        // One that stays leads nowhere.
        let _ = fs::remove_file(self.folder.join(FILE));
    }
}

async fn accept(listener: TcpListener, host: Host, mut stopped: oneshot::Receiver<()>) {
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            // A sender that is gone means the same.
            _ = &mut stopped => break,
            Some(_) = open.join_next() => {}
            accepted = listener.accept(), if open.len() < COMMANDS_MAX => match accepted {
                Ok((stream, _)) => {
                    open.spawn(converse(stream, host.clone()));
                }
                // Out of handles, say: it passes.
                Err(_) => tokio::time::sleep(GRACE).await,
            },
        }
    }
    drop(listener);
    while open.join_next().await.is_some() {}
}

async fn converse(stream: TcpStream, host: Host) {
    let (read, write) = tokio::io::split(stream);
    let (mut read, mut write) = (BufReader::new(read), write);
    let done = match timeout(GREETING, hear(&mut read, &mut write, &host.secret)).await {
        Ok(Ok(Some(call))) => answer(&mut read, &mut write, &host, call).await,
        Ok(Ok(None)) | Err(_) => return,
        Ok(Err(error)) => Err(error),
    };
    if let Err(error) = done {
        tracing::debug!(%error, "a command has gone away");
    }
}

/// What is asked; `None`: by a stranger.
async fn hear(
    read: &mut BufReader<ReadHalf<TcpStream>>,
    write: &mut WriteHalf<TcpStream>,
    secret: &[u8; 32],
) -> io::Result<Option<Call>> {
    let hello: Hello = receive(read, 4096).await?;
    let own = nonce();
    let greeting = Greeting {
        proof: proof(secret, Side::Service, &hello.nonce)
            .to_hex()
            .to_string(),
        nonce: own.clone(),
    };
    send(write, &greeting).await?;
    let call: Call = receive(read, CALL_MAX).await?;
    Ok(is_proved(secret, Side::Command, &own, &call.proof).then_some(call))
}

async fn answer(
    read: &mut BufReader<ReadHalf<TcpStream>>,
    write: &mut WriteHalf<TcpStream>,
    host: &Host,
    call: Call,
) -> io::Result<()> {
    let refused = |message: &str, help: &str| News::Refused {
        message: message.to_owned(),
        help: help.to_owned(),
    };
    if call.version != env!("CARGO_PKG_VERSION") {
        let help = "restart the service; `--alone` does it without the service";
        return send(
            write,
            &refused("the service is of another version of ponte", help),
        )
        .await;
    }
    if call.project != *host.project.borrow() {
        let help = "`ponte reload` lets it take the project; `--alone` does it without the service, by the project as it is now";
        let message = "the project file has changed since the service took it";
        return send(write, &refused(message, help)).await;
    }
    let live = host.live.borrow().clone();
    let (Some(live), Ok(order)) = (live, serde_json::from_value::<Order>(call.order)) else {
        let help = "try again in a moment; `--alone` does it without the service";
        return send(write, &refused("the service takes no commands now", help)).await;
    };
    if let Order::Note(word) = order {
        return note(read, write, live, word).await;
    }
    let wanted = wanted(&order);
    let command = wanted.command;
    let parts = match wanted.parts(&live.service.plan) {
        Ok(parts) => parts,
        Err(unknown) => {
            let answer = Failure::from(unknown).answer(command);
            return send(write, &News::Answer(told(answer))).await;
        }
    };
    let names: Vec<String> = parts.iter().flat_map(|(names, _)| names).cloned().collect();
    tracing::info!(target: FILES, command, flows = names.join(", "), "a command asks for a run");
    let busy = live.control.busy(&names);
    if !busy.is_empty() {
        send(write, &News::Waits(busy)).await?;
    }
    let (tell, mut heard) = mpsc::unbounded_channel();
    let observer: Arc<dyn Observer> = Arc::new(Teller {
        tell,
        told: Mutex::new(None),
    });
    let mut gone = [0];
    // Goes on by itself, whatever becomes of the command.
    let mut work = tokio::spawn(carry_out(live.control.clone(), parts, observer));
    let report = loop {
        tokio::select! {
            biased;
            Some(news) = heard.recv() => send(write, &news).await?,
            report = &mut work => break report.map_err(io::Error::other)?,
            // A command says nothing more: it has gone.
            _ = tokio::io::AsyncReadExt::read(read, &mut gone) => return Ok(()),
        }
    };
    while let Ok(news) = heard.try_recv() {
        send(write, &news).await?;
    }
    let report = match report {
        Ok(report) => report,
        Err(refused) => {
            let answer = Failure::from(refused).answer(command);
            return send(write, &News::Answer(told(answer))).await;
        }
    };
    let answer = match &order {
        Order::Verify(args) => verify::answer(args, &[], &verify::orders(args), &report),
        _ => sync::answer(command, &[], &wanted.orders, wanted.shown, &report),
    };
    send(write, &News::Answer(told(answer))).await
}

/// Runs, one after the other, and what all of them came to.
async fn carry_out(
    control: Arc<Control>,
    parts: Vec<(Vec<String>, Orders)>,
    observer: Arc<dyn Observer>,
) -> Result<RoundReport, Refused> {
    let mut whole = RoundReport::default();
    for (names, orders) in parts {
        whole.add(control.carry_out(&names, &orders, &observer).await?);
        if whole.interrupted {
            break;
        }
    }
    Ok(whole)
}

/// Notes a person's word, between runs.
async fn note(
    read: &mut BufReader<ReadHalf<TcpStream>>,
    write: &mut WriteHalf<TcpStream>,
    live: Live,
    word: Word,
) -> io::Result<()> {
    let command = word.command();
    tracing::info!(target: FILES, command, "a command has something noted");
    // Goes on by itself, whatever becomes of the command.
    let mut work = tokio::spawn(async move { word::by_service(&live, &word).await });
    let mut gone = [0];
    let done = tokio::select! {
        biased;
        done = &mut work => done.map_err(io::Error::other)?,
        _ = tokio::io::AsyncReadExt::read(read, &mut gone) => return Ok(()),
    };
    let answer = done.unwrap_or_else(|failure| failure.answer(command));
    send(write, &News::Answer(told(answer))).await
}

/// What a command wants done.
struct Wanted<'a> {
    command: &'static str,
    /// As its answer tells them.
    orders: Orders,
    /// Changes of each flow that are shown.
    shown: usize,
    flows: Flows<'a>,
}

enum Flows<'a> {
    /// As the command line names them.
    Named(&'a [String]),
    Parts(&'a [Part]),
}

impl Wanted<'_> {
    /// The flows, and what to do with them, one after the other.
    fn parts(&self, plan: &Plan) -> Result<Vec<(Vec<String>, Orders)>, UnknownFlow> {
        let select = |flows: &[String]| -> Result<Vec<String>, UnknownFlow> {
            let tasks = task::select(plan, flows)?;
            Ok(tasks
                .iter()
                .map(|task: &Task<'_>| task.name().to_owned())
                .collect())
        };
        match self.flows {
            Flows::Named(flows) => Ok(vec![(select(flows)?, self.orders.clone())]),
            Flows::Parts(parts) => parts
                .iter()
                .map(|part| {
                    let only = part.only.clone();
                    let orders = Orders {
                        only,
                        ..self.orders.clone()
                    };
                    Ok((select(std::slice::from_ref(&part.flow))?, orders))
                })
                .collect(),
        }
    }
}

fn wanted(order: &Order) -> Wanted<'_> {
    let of = |orders: Orders, shown, flows| Wanted {
        command: order.command(),
        orders,
        shown,
        flows,
    };
    match order {
        Order::Sync(args) => {
            let orders = sync::orders(args);
            let shown = sync::shown(&orders, &args.part);
            of(orders, shown, Flows::Named(&args.flows))
        }
        Order::Resync(args) => {
            let orders = sync::all(args);
            let shown = sync::shown(&orders, &args.part);
            of(orders, shown, Flows::Named(&args.flows))
        }
        Order::Verify(args) => of(verify::orders(args), 0, Flows::Named(&args.flows)),
        Order::Retry(parts) => of(quarantine::orders(), 0, Flows::Parts(parts)),
        Order::Settle(part) => {
            let parts = std::slice::from_ref(part);
            of(self::order::settling(), 0, Flows::Parts(parts))
        }
        Order::Note(_) => of(Orders::default(), 0, Flows::Parts(&[])),
    }
}

fn told(answer: Answer) -> Told {
    let document = match answer.document() {
        serde_json::Value::Object(document) => document,
        _ => serde_json::Map::new(),
    };
    Told {
        exit: answer.exit,
        text: answer.text,
        talk: answer.talk,
        document,
    }
}

/// Tells a command how its flows go on.
struct Teller {
    tell: mpsc::UnboundedSender<News>,
    /// When rows were last told.
    told: Mutex<Option<Instant>>,
}

impl Teller {
    fn tell(&self, news: News) {
        // Whoever asked may have gone.
        let _ = self.tell.send(news);
    }
}

impl Observer for Teller {
    fn started(&self, flow: &str, expected: Option<u64>) {
        let flow = flow.to_owned();
        self.tell(News::Started { flow, expected });
    }

    fn progress(&self, report: &FlowReport) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.is_none_or(|at| at.elapsed() >= TOLD) {
            *told = Some(Instant::now());
            self.tell(News::Read {
                flow: report.flow.clone(),
                rows: report.counts.read,
                written: report.counts.written(),
            });
        }
    }

    fn says(&self, flow: &str, text: &str) {
        self.tell(News::Says {
            flow: flow.to_owned(),
            text: text.to_owned(),
        });
    }

    fn ended(&self, result: &FlowResult) {
        self.tell(News::Ended {
            flow: result.flow.clone(),
            line: line(result),
        });
    }
}
