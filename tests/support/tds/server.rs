//! The server: its databases, what tests may have it do, and the connections.

use super::builtin;
use super::catalog;
use super::collation::Collation;
use super::connection::connection;
use super::error::{Result, SqlError};
use super::parse::Aliases;
use super::requests::Request;
use super::session::Signals;
use rusqlite::Connection;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tempfile::TempDir;
use tokio::net::TcpListener;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// The server has no certificate.
    None,
    /// As the client asks.
    Offered,
    Required,
}

#[derive(Debug, Clone)]
pub struct Options {
    pub encryption: Encryption,
    pub user: String,
    pub password: String,
    /// Four numbers; 11.0.… is SQL Server 2012.
    pub version: String,
    pub collation: Collation,
    /// Every login is sent on to another server.
    pub routing: Option<(String, u16)>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            encryption: Encryption::Offered,
            user: "sa".to_owned(),
            password: "Pass.word1".to_owned(),
            version: "11.0.7001.0".to_owned(),
            collation: Collation::DEFAULT,
            routing: None,
        }
    }
}

/// What tests have the server do wrong.
pub struct Faults {
    pub(super) replies: AtomicI64,
    pub(super) requests: AtomicI64,
    deadlocks: AtomicUsize,
    failing: Mutex<Vec<Failing>>,
}

/// When a statement fails that is to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// It has done nothing.
    Before,
    /// Its rows are written, or sent.
    After,
}

struct Failing {
    number: i32,
    text: String,
    skip: u32,
    moment: Moment,
}

impl Faults {
    /// A statement with this text in it fails with 1205, 1222 or 3960, the first one behind so many others.
    pub fn fail(&self, number: i32, text: &str, skip: u32, moment: Moment) {
        self.failing_mut().push(Failing {
            number,
            text: text.to_owned(),
            skip,
            moment,
        });
    }

    /// Whether a statement has yet to fail.
    pub fn is_armed(&self) -> bool {
        !self.failing_mut().is_empty()
    }

    fn failing_mut(&self) -> MutexGuard<'_, Vec<Failing>> {
        self.failing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a batch fails with, and at which of its lines.
    pub(super) fn failure(&self, batch: &str) -> Option<(SqlError, u32, Moment)> {
        let mut failing = self.failing_mut();
        let at = failing.iter().position(|one| batch.contains(&one.text))?;
        if failing[at].skip > 0 {
            failing[at].skip -= 1;
            return None;
        }
        let Failing {
            number,
            text,
            moment,
            ..
        } = failing.remove(at);
        let error = match number {
            1205 => SqlError::deadlock(),
            1222 => SqlError::lock_timeout(),
            3960 => SqlError::snapshot_conflict(),
            other => panic!("{other} is no error of this kind"),
        };
        let before = batch.split(&text).next().unwrap_or_default();
        let line = 1 + before.matches('\n').count() as u32;
        Some((error, line, moment))
    }

    /// The next connection ends after so many bytes of its replies.
    pub fn cut_replies_after(&self, bytes: u32) {
        self.replies.store(bytes.into(), Ordering::SeqCst);
    }

    /// The next connection ends after so many bytes of what the client sends.
    pub fn cut_requests_after(&self, bytes: u32) {
        self.requests.store(bytes.into(), Ordering::SeqCst);
    }

    /// The next statement that asks for a lock is a deadlock's victim.
    pub fn deadlock_once(&self) {
        self.deadlocks.fetch_add(1, Ordering::SeqCst);
    }

    pub fn take_deadlock(&self) -> bool {
        self.deadlocks
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |count| {
                count.checked_sub(1)
            })
            .is_ok()
    }
}

pub struct Database {
    pub id: i64,
    pub name: String,
    pub collation: Collation,
    path: std::path::PathBuf,
    /// The last row version given.
    pub row_version: AtomicI64,
    /// The first one of the open transaction; 0: none.
    pub row_version_active: AtomicI64,
    row_version_holder: AtomicI64,
    /// Never the last one to close, which would have SQLite tidy up with all others shut out.
    keeper: Mutex<Option<Connection>>,
    aliases: Mutex<Aliases>,
    /// Last identity values, by table; not rolled back.
    identities: Mutex<HashMap<String, i64>>,
    heard: Mutex<Option<BTreeSet<String>>>,
}

impl Database {
    pub fn connect(&self) -> Result<Connection> {
        let connection = Connection::open(&self.path)?;
        builtin::register(&connection)?;
        // Long enough for what SQLite does by itself; who waits for a lock asks again and again.
        connection.busy_timeout(std::time::Duration::from_millis(20))?;
        connection.set_limit(rusqlite::limits::Limit::SQLITE_LIMIT_EXPR_DEPTH, 10_000)?;
        connection.set_limit(
            rusqlite::limits::Limit::SQLITE_LIMIT_VARIABLE_NUMBER,
            32_766,
        )?;
        connection.execute_batch(
            "PRAGMA foreign_keys = ON; PRAGMA synchronous = OFF; PRAGMA temp_store = MEMORY",
        )?;
        Ok(connection)
    }

    pub fn aliases(&self) -> Aliases {
        self.aliases_mut().clone()
    }

    pub fn aliases_mut(&self) -> MutexGuard<'_, Aliases> {
        self.aliases.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn identities(&self) -> MutexGuard<'_, HashMap<String, i64>> {
        self.identities
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn heard_mut(&self) -> MutexGuard<'_, Option<BTreeSet<String>>> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From here on what clients say is noted.
    pub fn listen(&self) {
        *self.heard_mut() = Some(BTreeSet::new());
    }

    /// What they have said since, each text once, with its parameters' types before it.
    pub fn heard(&self) -> BTreeSet<String> {
        self.heard_mut().take().unwrap_or_default()
    }

    pub(super) fn hear(&self, request: &Request) {
        if let Some(heard) = &mut *self.heard_mut() {
            heard.extend(request.text());
        }
    }

    pub fn hold_row_version(&self, spid: i64, number: i64) {
        if self
            .row_version_active
            .compare_exchange(0, number, Ordering::SeqCst, Ordering::SeqCst)
            .is_ok()
        {
            self.row_version_holder.store(spid, Ordering::SeqCst);
        }
    }

    pub fn release_row_versions(&self, spid: i64) {
        if self.row_version_holder.load(Ordering::SeqCst) == spid {
            self.row_version_active.store(0, Ordering::SeqCst);
        }
    }
}

pub struct Shared {
    pub options: Options,
    pub faults: Faults,
    folder: TempDir,
    databases: Mutex<BTreeMap<String, Arc<Database>>>,
    sessions: Mutex<Sessions>,
    logins: Mutex<HashMap<String, String>>,
    pub(super) next_spid: AtomicI64,
    next_descriptor: AtomicU64,
    next_file: AtomicUsize,
}

/// By their numbers.
type Sessions = HashMap<i64, (Arc<Signals>, Arc<tokio::sync::Notify>)>;

impl Shared {
    fn databases(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Database>>> {
        self.databases
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn sessions(&self) -> MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn create_database(&self, name: &str, collation: Collation) -> Result<Arc<Database>> {
        let key = name.to_lowercase();
        if self.databases().contains_key(&key) {
            return Err(SqlError::new(
                1801,
                16,
                format!("Database '{name}' already exists. Choose a different database name."),
            ));
        }
        let file = self.next_file.fetch_add(1, Ordering::SeqCst);
        let database = Database {
            id: if file == 0 { 1 } else { file as i64 + 4 },
            name: name.to_owned(),
            collation,
            path: self.folder.path().join(format!("{file}.db")),
            row_version: AtomicI64::new(2000),
            row_version_active: AtomicI64::new(0),
            row_version_holder: AtomicI64::new(0),
            keeper: Mutex::default(),
            aliases: Mutex::default(),
            identities: Mutex::default(),
            heard: Mutex::default(),
        };
        let connection = database.connect()?;
        connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
        catalog::create(&connection)?;
        *database
            .keeper
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(connection);
        let database = Arc::new(database);
        self.databases().insert(key, Arc::clone(&database));
        Ok(database)
    }

    pub fn drop_database(&self, name: &str) -> bool {
        self.databases().remove(&name.to_lowercase()).is_some()
    }

    pub fn all_databases(&self) -> Vec<(String, i64, Collation)> {
        self.databases()
            .values()
            .map(|database| (database.name.clone(), database.id, database.collation))
            .collect()
    }

    /// Passwords by lower-case name, beside the server's own user.
    pub fn logins(&self) -> MutexGuard<'_, HashMap<String, String>> {
        self.logins.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn database(&self, name: &str) -> Option<Arc<Database>> {
        let name = if name.is_empty() { "master" } else { name };
        self.databases().get(&name.to_lowercase()).cloned()
    }

    pub fn next_descriptor(&self) -> u64 {
        self.next_descriptor.fetch_add(1, Ordering::SeqCst)
    }

    pub fn kill(&self, spid: i64) -> bool {
        let sessions = self.sessions();
        let Some((signals, notify)) = sessions.get(&spid) else {
            return false;
        };
        signals.closed.store(true, Ordering::SeqCst);
        notify.notify_one();
        true
    }

    pub(super) fn version(&self) -> [u8; 4] {
        let mut parts = self
            .options
            .version
            .split('.')
            .map(|part| part.parse::<u16>().unwrap_or(0));
        let mut next = || parts.next().unwrap_or(0);
        let (major, minor, build) = (next(), next(), next());
        [major as u8, minor as u8, (build >> 8) as u8, build as u8]
    }
}

/// A server on the loopback, in threads of its own, until it is dropped.
pub struct Server {
    pub address: SocketAddr,
    pub shared: Arc<Shared>,
    runtime: Option<tokio::runtime::Runtime>,
}

impl Server {
    pub fn start(options: Options) -> Server {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime");
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port on the loopback");
        listener
            .set_nonblocking(true)
            .expect("a socket that does not block");
        let address = listener.local_addr().expect("its address");
        let shared = Arc::new(Shared {
            options,
            faults: Faults {
                replies: AtomicI64::new(-1),
                requests: AtomicI64::new(-1),
                deadlocks: AtomicUsize::new(0),
                failing: Mutex::default(),
            },
            folder: tempfile::tempdir().expect("a temporary folder"),
            databases: Mutex::default(),
            sessions: Mutex::default(),
            logins: Mutex::default(),
            next_spid: AtomicI64::new(51),
            next_descriptor: AtomicU64::new(0x1_0000_0001),
            next_file: AtomicUsize::new(0),
        });
        shared
            .create_database("master", shared.options.collation)
            .expect("the first database");
        let serving = Arc::clone(&shared);
        runtime.spawn(async move {
            let listener = TcpListener::from_std(listener).expect("a listener");
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(connection(stream, Arc::clone(&serving)));
            }
        });
        Server {
            address,
            shared,
            runtime: Some(runtime),
        }
    }

    /// Its first database, as its own user.
    pub fn url(&self) -> String {
        let Options { user, password, .. } = &self.shared.options;
        format!("sqlserver://{user}:{password}@{}/master", self.address)
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    pub fn faults(&self) -> &Faults {
        &self.shared.faults
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
