//! A TCP proxy between ponte and a server, for what lines do: break in the middle of something, answer late, break after
//! the work was done but before the answer arrived. It also counts, since round trips are what a far server costs.
//!
//! It knows nothing of the databases' protocols, and patterns are looked for in clear bytes: connect through it without
//! TLS (`sslmode=disable`) and without compression. mysql_async must be told `prefer_socket=false`, or it leaves the
//! proxy for the server's socket file when both are on one machine.
//!
//! It works on a thread of its own, so that a test may block (for instance while it runs the program).

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// How a `COMMIT` alone looks on the line of a MySQL or MariaDB server (the byte before it says: a statement).
/// The bare word would also be found in `READ COMMITTED`.
pub const COMMIT_MARIADB: &[u8] = b"\x03COMMIT";
/// The same for PostgreSQL, where a zero byte ends each statement.
pub const COMMIT_POSTGRES: &[u8] = b"COMMIT\0";

/// The same for SQL Server, whose texts are UTF-16.
pub fn commit_sqlserver() -> Vec<u8> {
    let units = "COMMIT TRANSACTION".encode_utf16();
    units.flat_map(u16::to_le_bytes).collect()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    ToServer,
    ToClient,
}

/// What goes wrong. A fault that cuts a line happens once, to one connection, and is then over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Cuts the line when this many bytes, of all connections since the fault was set, went in a direction.
    CutAfter { direction: Direction, bytes: u64 },
    /// Cuts the line instead of letting the client's bytes with the pattern through: the server never hears of it.
    /// The first `skip` occurrences pass.
    CutBefore { pattern: Vec<u8>, skip: u32 },
    /// The same, and from then on `Refuse`.
    Down { pattern: Vec<u8> },
    /// Lets the pattern through, waits for the server's answer and cuts the line instead of delivering it: the work is
    /// done, and the client cannot know. The first `skip` occurrences pass.
    DropAnswer { pattern: Vec<u8>, skip: u32 },
    /// Holds everything back for a while, in each direction: a round trip takes twice as long. Until cleared.
    Delay { each_way: Duration },
    /// Closes new connections at once. Until cleared.
    Refuse,
    /// Cuts one new connection in so many after some of its bytes, up to `bytes_max` in both directions. Which ones, and
    /// where, the seed decides. Until cleared.
    Drop {
        one_in: u64,
        bytes_max: u64,
        seed: u64,
    },
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub connections: u64,
    /// Changes from listening to speaking on the client's side; a pipelined batch of requests is one.
    pub round_trips: u64,
    pub bytes_to_server: u64,
    pub bytes_to_client: u64,
    /// Lines that a fault has cut.
    pub cuts: u64,
}

pub struct Proxy {
    port: u16,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    server: String,
    state: Mutex<State>,
    /// Lines end when this number grows; all ends when it becomes `STOP`.
    epoch: watch::Sender<u64>,
}

const STOP: u64 = u64::MAX;

#[derive(Default)]
struct State {
    fault: Option<Fault>,
    counts: Counts,
}

impl State {
    /// When the connection just counted is to be cut.
    fn drops_after(&self) -> Option<u64> {
        let Some(Fault::Drop {
            one_in,
            bytes_max,
            seed,
        }) = self.fault
        else {
            return None;
        };
        let mut hasher = DefaultHasher::new();
        (seed, self.counts.connections).hash(&mut hasher);
        let drawn = hasher.finish();
        drawn
            .is_multiple_of(one_in)
            .then_some(drawn / one_in % bytes_max)
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Proxy {
    /// Forwards a free port of 127.0.0.1 to the server of this URL.
    pub fn start(url: &str) -> Proxy {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("a bound socket").port();
        let shared = Arc::new(Shared {
            server: super::servers::address(url),
            state: Mutex::default(),
            epoch: watch::Sender::new(0),
        });
        let for_thread = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(accept(listener, for_thread));
        });
        Proxy {
            port,
            shared,
            thread: Some(thread),
        }
    }

    /// The same URL, leading through this proxy.
    pub fn url(&self, url: &str) -> String {
        let mut url = url::Url::parse(url).expect("a URL");
        url.set_host(Some("127.0.0.1")).expect("a URL with a host");
        url.set_port(Some(self.port)).expect("a URL with a host");
        url.into()
    }

    /// `127.0.0.1:port`, as messages show it.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// From now on, on old and new connections. Replaces a fault set before.
    pub fn set(&self, fault: Fault) {
        self.shared.state().fault = Some(fault);
    }

    pub fn clear(&self) {
        self.shared.state().fault = None;
    }

    /// Whether a cutting fault is still to happen.
    pub fn is_armed(&self) -> bool {
        self.shared.state().fault.is_some()
    }

    /// Cuts all lines there are. New ones are let in.
    pub fn cut_all(&self) {
        self.shared.epoch.send_modify(|epoch| *epoch += 1);
    }

    pub fn counts(&self) -> Counts {
        self.shared.state().counts
    }

    pub fn reset_counts(&self) {
        self.shared.state().counts = Counts::default();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.epoch.send_replace(STOP);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn accept(listener: std::net::TcpListener, shared: Arc<Shared>) {
    listener.set_nonblocking(true).expect("a listening socket");
    let listener = TcpListener::from_std(listener).expect("a listening socket");
    let mut epoch = shared.epoch.subscribe();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((client, _)) = accepted else { continue };
                tokio::spawn(serve(client, Arc::clone(&shared)));
            }
            _ = epoch.wait_for(|epoch| *epoch == STOP) => return,
        }
    }
}

async fn serve(mut client: TcpStream, shared: Arc<Shared>) {
    let mut epoch = shared.epoch.subscribe();
    let dies_after = {
        let mut state = shared.state();
        if state.fault == Some(Fault::Refuse) {
            return;
        }
        state.counts.connections += 1;
        state.drops_after()
    };
    let Ok(mut server) = TcpStream::connect(&shared.server).await else {
        return;
    };
    // Without this every small packet would wait for the one before to be acknowledged.
    let _ = client.set_nodelay(true);
    let _ = server.set_nodelay(true);

    let line = Mutex::new(Line {
        dies_after,
        ..Line::default()
    });
    let (client_read, client_write) = client.split();
    let (server_read, server_write) = server.split();
    // Whichever ends first, the line ends: a database's client and server do not close their halves separately.
    tokio::select! {
        _ = forward(client_read, server_write, Direction::ToServer, &line, &shared) => {}
        _ = forward(server_read, client_write, Direction::ToClient, &line, &shared) => {}
        _ = epoch.changed() => {}
    }
}

/// What is remembered of one connection.
#[derive(Default)]
struct Line {
    client_spoke_last: bool,
    /// The next bytes from the server are the answer to be dropped.
    answer_is_lost: bool,
    /// The line is cut after this many bytes.
    dies_after: Option<u64>,
    /// The end of what the client sent, shorter than the pattern: the pattern may come in pieces.
    tail: Vec<u8>,
}

enum Fate {
    Pass(Duration),
    /// Only this many bytes pass.
    Cut(usize),
}

async fn forward(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    direction: Direction,
    line: &Mutex<Line>,
    shared: &Shared,
) -> std::io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let length = from.read(&mut buffer).await?;
        if length == 0 {
            return Ok(());
        }
        let bytes = &buffer[..length];
        let fate = {
            let mut line = line.lock().unwrap_or_else(PoisonError::into_inner);
            decide(bytes, direction, &mut line, &mut shared.state())
        };
        match fate {
            Fate::Pass(delay) => {
                if !delay.is_zero() {
                    tokio::time::sleep(delay).await;
                }
                to.write_all(bytes).await?;
            }
            Fate::Cut(length) => {
                to.write_all(&bytes[..length]).await?;
                return Ok(());
            }
        }
    }
}

/// Counts these bytes and says what becomes of them.
fn decide(bytes: &[u8], direction: Direction, line: &mut Line, state: &mut State) -> Fate {
    let to_server = direction == Direction::ToServer;
    if to_server {
        state.counts.bytes_to_server += bytes.len() as u64;
        state.counts.round_trips += u64::from(!line.client_spoke_last);
    } else {
        state.counts.bytes_to_client += bytes.len() as u64;
    }
    line.client_spoke_last = to_server;

    if line.answer_is_lost && !to_server {
        state.counts.cuts += 1;
        return Fate::Cut(0);
    }
    if let Some(left) = &mut line.dies_after {
        let passed = bytes
            .len()
            .min(usize::try_from(*left).unwrap_or(usize::MAX));
        *left -= passed as u64;
        if passed < bytes.len() {
            state.counts.cuts += 1;
            return Fate::Cut(passed);
        }
    }
    if let Some(Fault::Delay { each_way }) = state.fault {
        return Fate::Pass(each_way);
    }
    if let Some(Fault::CutAfter {
        direction: cut,
        bytes: left,
    }) = &mut state.fault
        && *cut == direction
    {
        let passed = bytes
            .len()
            .min(usize::try_from(*left).unwrap_or(usize::MAX));
        *left -= passed as u64;
        if passed < bytes.len() {
            state.fault = None;
            state.counts.cuts += 1;
            return Fate::Cut(passed);
        }
    }
    if let Some(Fault::Down { pattern }) = &state.fault
        && to_server
        && line.finds(pattern, bytes, &mut 0)
    {
        state.fault = Some(Fault::Refuse);
        state.counts.cuts += 1;
        return Fate::Cut(0);
    }
    if let Some(Fault::CutBefore { pattern, skip } | Fault::DropAnswer { pattern, skip }) =
        &mut state.fault
        && to_server
        && line.finds(pattern, bytes, skip)
    {
        line.answer_is_lost = matches!(state.fault.take(), Some(Fault::DropAnswer { .. }));
        if !line.answer_is_lost {
            state.counts.cuts += 1;
            return Fate::Cut(0);
        }
    }
    Fate::Pass(Duration::ZERO)
}

impl Line {
    /// Whether the pattern ends within these new bytes, more often than is still to be skipped.
    fn finds(&mut self, pattern: &[u8], bytes: &[u8], skip: &mut u32) -> bool {
        assert!(!pattern.is_empty(), "an empty pattern is everywhere");
        let mut seen = std::mem::take(&mut self.tail);
        seen.extend_from_slice(bytes);
        let found = seen
            .windows(pattern.len())
            .filter(|window| *window == pattern)
            .count() as u32;
        seen.drain(..seen.len() - seen.len().min(pattern.len() - 1));
        self.tail = seen;
        let finds = found > *skip;
        *skip = skip.saturating_sub(found);
        finds
    }
}
