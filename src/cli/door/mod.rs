//! How a command reaches the service that runs for the same project: by a socket of this machine. Where it is, and a secret, stand
//! in a file of the state folder that only the service's account and administrators can read. Each side proves that it knows the
//! secret without sending it, so that neither a stranger's command nor a stranger who took over the port is believed.

mod ask;
mod serve;

pub use ask::ask;
pub use serve::Door;

use super::args::{ResyncArgs, SyncArgs, VerifyArgs};
use super::exit::Exit;
use super::word::Word;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Lies in the state folder while a service runs.
const FILE: &str = "service.door";
/// So long the two may take to get to know each other.
const GREETING: Duration = Duration::from_secs(5);
/// Bytes of what a command may send.
const CALL_MAX: u64 = 4 << 20;

/// Where the service is.
#[derive(Serialize, Deserialize)]
struct Address {
    port: u16,
    /// In hexadecimal.
    secret: String,
    process: u32,
}

/// What a command wants.
#[derive(Debug, Serialize, Deserialize)]
pub enum Order {
    Sync(SyncArgs),
    Resync(ResyncArgs),
    Verify(VerifyArgs),
    /// What is in quarantine, once more; flow by flow.
    Retry(Vec<Part>),
    /// A person has put right in the ERP what this order was told for.
    Settle(Part),
    Note(Word),
}

impl Order {
    /// The command that wants it.
    fn command(&self) -> &'static str {
        match self {
            Order::Sync(_) => "sync",
            Order::Resync(_) => "resync",
            Order::Verify(_) => "verify",
            Order::Retry(_) => "quarantine",
            Order::Settle(_) => "order",
            Order::Note(word) => word.command(),
        }
    }
}

/// Records of a flow.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Part {
    pub flow: String,
    /// Their keys; none: all of them.
    pub only: Vec<String>,
}

/// The command's first word.
#[derive(Serialize, Deserialize)]
struct Hello {
    nonce: String,
}

/// The service's.
#[derive(Serialize, Deserialize)]
struct Greeting {
    proof: String,
    nonce: String,
}

/// What the command then says.
#[derive(Serialize, Deserialize)]
struct Call {
    proof: String,
    /// The program's.
    version: String,
    /// Of the project file as the command sees it.
    project: String,
    order: Value,
}

/// What the service tells, a line each.
#[derive(Serialize, Deserialize)]
enum News {
    /// It is not done, because …
    Refused {
        message: String,
        help: String,
    },
    /// Flows that run now; this comes after them.
    Waits(Vec<String>),
    Started {
        flow: String,
        expected: Option<u64>,
    },
    Read {
        flow: String,
        rows: u64,
        written: u64,
    },
    Says {
        flow: String,
        text: String,
    },
    Ended {
        flow: String,
        line: String,
    },
    Answer(Told),
}

/// A command's answer, to be printed.
#[derive(Serialize, Deserialize)]
struct Told {
    exit: Exit,
    text: String,
    talk: String,
    document: Map<String, Value>,
}

/// Who proves it.
#[derive(Clone, Copy)]
enum Side {
    Service,
    Command,
}

/// Shows that this side knows the secret; of one conversation and one direction.
fn proof(secret: &[u8; 32], side: Side, nonce: &str) -> blake3::Hash {
    let side = match side {
        Side::Service => "service",
        Side::Command => "command",
    };
    blake3::keyed_hash(secret, format!("{side} {nonce}").as_bytes())
}

/// Whether a proof is right; how long that takes tells nothing.
fn is_proved(secret: &[u8; 32], side: Side, nonce: &str, given: &str) -> bool {
    blake3::Hash::from_hex(given).is_ok_and(|given| given == proof(secret, side, nonce))
}

fn nonce() -> String {
    blake3::Hash::from_bytes(rand::random())
        .to_hex()
        .to_string()
}

/// The digest of a project file's text.
pub fn digest(text: &[u8]) -> String {
    blake3::hash(text).to_hex().to_string()
}

async fn send<T: Serialize>(stream: &mut (impl AsyncWrite + Unpin), what: &T) -> io::Result<()> {
    let mut line = serde_json::to_vec(what)?;
    line.push(b'\n');
    stream.write_all(&line).await?;
    stream.flush().await
}

/// The next line; an error at the stream's end, too.
async fn receive<T: for<'d> Deserialize<'d>>(
    stream: &mut (impl AsyncBufRead + Unpin),
    most: u64,
) -> io::Result<T> {
    let mut line = Vec::new();
    stream.take(most).read_until(b'\n', &mut line).await?;
    if line.pop() != Some(b'\n') {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(serde_json::from_slice(&line)?)
}

/// Writes a file that nobody else may read, whole or not at all. On Windows the folder's rights are the file's.
fn put(folder: &Path, text: &str) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let beside = folder.join(format!("{FILE}.new"));
    // One that is left has the rights that it was made with.
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&beside)?;
    file.write_all(text.as_bytes())?;
    drop(file);
    fs::rename(&beside, folder.join(FILE))
}
