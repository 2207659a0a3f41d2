//! A database behind an SSH server: the system's own `ssh` carries each connection (`ssh -W`).
//!
//! It is run rather than built in, since it is there on every system that ponte runs on, knows the user's keys, agent and
//! settings, and gets its security updates with the system. The driver meets a socket of ours in a folder that only this user can
//! enter (on Windows a port of the loopback), and each connection to it is handed to an `ssh` of its own, which ends when either side
//! does, and with ponte. Where it can, `ssh` shares one line among them, and keeps it for a moment.

use super::{DbError, DbErrorKind, DbUrl, Engine, EngineKind, Listener, Result, Session, engine};
use std::collections::VecDeque;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::process::Command;
use tokio::sync::OnceCell;
use tokio::task::JoinHandle;

/// Of what `ssh` says so much is kept for messages.
const LINES_KEPT: usize = 20;
/// After a failed connection the words of `ssh` may still be on their way.
const LAST_WORDS: Duration = Duration::from_millis(300);

/// The server in between, and how to get in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ssh {
    pub host: String,
    /// `None`: as the user's settings say, else 22.
    pub port: Option<u16>,
    pub user: Option<String>,
    /// A private key without a passphrase; `None`: the agent's, and the user's usual ones.
    pub key: Option<PathBuf>,
    /// Keys of known servers; `None`: the user's usual file.
    pub known_hosts: Option<PathBuf>,
}

impl fmt::Display for Ssh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(user) = &self.user {
            write!(f, "{user}@")?;
        }
        f.write_str(&self.host)?;
        match self.port {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}

impl Ssh {
    /// The command that makes its standard streams a line to `host:port`, as seen from the SSH server.
    fn command(&self, host: &str, port: u16, share: Option<&Path>) -> Command {
        let mut command = Command::new("ssh");
        let mut options = vec![
            "BatchMode=yes".to_owned(),
            "StrictHostKeyChecking=yes".to_owned(),
            "ConnectTimeout=10".to_owned(),
            "ServerAliveInterval=15".to_owned(),
            "ServerAliveCountMax=3".to_owned(),
            "ForwardAgent=no".to_owned(),
            "ForwardX11=no".to_owned(),
            "PermitLocalCommand=no".to_owned(),
        ];
        if let Some(path) = &self.known_hosts {
            options.push(format!("UserKnownHostsFile={}", quoted(path)));
        }
        if self.key.is_some() {
            options.push("IdentitiesOnly=yes".to_owned());
        }
        if let Some(folder) = share {
            options.push("ControlMaster=auto".to_owned());
            options.push("ControlPersist=30".to_owned());
            options.push(format!("ControlPath={}", quoted(&folder.join("line"))));
        }
        for option in options {
            command.arg("-o").arg(option);
        }
        if let Some(key) = &self.key {
            command.arg("-i").arg(key);
        }
        if let Some(user) = &self.user {
            command.arg("-l").arg(user);
        }
        if let Some(port) = self.port {
            command.arg("-p").arg(port.to_string());
        }
        let host = match host.contains(':') {
            true => format!("[{host}]"),
            false => host.to_owned(),
        };
        command.arg("-W").arg(format!("{host}:{port}"));
        command.arg("--").arg(&self.host);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }
}

/// As a value of `ssh`'s options, in which `%` and quotes mean something.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string().replace('%', "%%");
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// An engine whose connections go through an SSH server.
pub struct Tunneled {
    url: DbUrl,
    ssh: Ssh,
    open: OnceCell<Tunnel>,
}

impl Tunneled {
    pub fn new(url: &DbUrl, ssh: &Ssh) -> Tunneled {
        Tunneled {
            url: url.clone(),
            ssh: ssh.clone(),
            open: OnceCell::new(),
        }
    }
}

#[async_trait::async_trait]
impl Engine for Tunneled {
    fn kind(&self) -> EngineKind {
        self.url.kind()
    }

    async fn connect(&self) -> Result<Box<dyn Session>> {
        let dig = || async { Tunnel::dig(&self.url, &self.ssh) };
        let tunnel = self.open.get_or_try_init(dig).await?;
        tunnel.said.forget();
        let error = match tunnel.engine.connect().await {
            Ok(session) => return Ok(session),
            Err(error) => error,
        };
        tokio::time::sleep(LAST_WORDS).await;
        Err(match tunnel.said.refusal(&self.ssh) {
            Some((kind, why)) => {
                DbError::new(kind, format!("cannot connect to {}: {why}", self.url))
            }
            None => error,
        })
    }

    async fn listen(&self, channel: &str) -> Result<Option<Box<dyn Listener>>> {
        let dig = || async { Tunnel::dig(&self.url, &self.ssh) };
        let tunnel = self.open.get_or_try_init(dig).await?;
        tunnel.engine.listen(channel).await
    }
}

/// Our end: what the driver connects to.
struct Tunnel {
    engine: Arc<dyn Engine>,
    said: Arc<Said>,
    accepting: JoinHandle<()>,
    /// Goes away with the tunnel.
    folder: Option<PathBuf>,
}

impl Drop for Tunnel {
    fn drop(&mut self) {
        self.accepting.abort();
        if let Some(folder) = &self.folder {
            // What is left is an empty folder among temporary files.
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

impl Tunnel {
    fn dig(url: &DbUrl, ssh: &Ssh) -> Result<Tunnel> {
        let server = url.server().ok_or_else(|| {
            DbError::new(DbErrorKind::Config, "a file is not reached through SSH")
        })?;
        let said = Arc::new(Said::default());
        let target = Target {
            ssh: ssh.clone(),
            host: server.host.clone(),
            port: server.port,
            said: said.clone(),
        };
        let ours = |error: std::io::Error| {
            DbError::new(
                DbErrorKind::Storage,
                format!("no socket for the SSH tunnel: {error}"),
            )
        };
        let (near, folder, accepting) = listen(url, server.port, target).map_err(ours)?;
        Ok(Tunnel {
            engine: engine(&near)?,
            said,
            accepting,
            folder,
        })
    }
}

/// A socket in a folder that nobody else can enter.
#[cfg(unix)]
fn listen(
    url: &DbUrl,
    port: u16,
    target: Target,
) -> std::io::Result<(DbUrl, Option<PathBuf>, JoinHandle<()>)> {
    use std::os::unix::fs::DirBuilderExt;
    let folder = std::env::temp_dir().join(format!("ponte-ssh-{:016x}", rand::random::<u64>()));
    std::fs::DirBuilder::new().mode(0o700).create(&folder)?;
    // PostgreSQL's clients are told the folder, and add this name.
    let name = format!(".s.PGSQL.{port}");
    let path = folder.join(&name);
    let listener = tokio::net::UnixListener::bind(&path)?;
    let socket = match url.kind() {
        EngineKind::Postgres => folder.clone(),
        _ => path,
    };
    let share = folder.clone();
    let accepting = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(target.clone().carry(stream, Some(share.clone())));
        }
    });
    Ok((url.at_socket(socket), Some(folder), accepting))
}

/// A port of the loopback: Windows' drivers know no sockets in folders.
#[cfg(not(unix))]
fn listen(
    url: &DbUrl,
    _: u16,
    target: Target,
) -> std::io::Result<(DbUrl, Option<PathBuf>, JoinHandle<()>)> {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
    listener.set_nonblocking(true)?;
    let port = listener.local_addr()?.port();
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let accepting = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(target.clone().carry(stream, None));
        }
    });
    Ok((url.at_port(port), None, accepting))
}

/// Where every accepted connection goes.
#[derive(Clone)]
struct Target {
    ssh: Ssh,
    host: String,
    port: u16,
    said: Arc<Said>,
}

impl Target {
    /// Carries bytes between the driver and an `ssh` until either has ended.
    async fn carry(self, stream: impl AsyncRead + AsyncWrite, share: Option<PathBuf>) {
        let mut command = self.ssh.command(&self.host, self.port, share.as_deref());
        let mut child = match command.spawn() {
            Ok(child) => child,
            Err(error) => {
                self.said.hear(format!("ssh cannot be run: {error}"));
                return;
            }
        };
        let (Some(mut stdin), Some(mut stdout), Some(stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return;
        };
        let said = self.said.clone();
        let listening = tokio::spawn(async move {
            let mut lines = BufReader::new(stderr).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                tracing::debug!(line, "ssh says");
                said.hear(line);
            }
        });
        let (mut reading, mut writing) = tokio::io::split(stream);
        let out = async {
            let _ = tokio::io::copy(&mut reading, &mut stdin).await;
            let _ = stdin.shutdown().await;
        };
        let back = async {
            let _ = tokio::io::copy(&mut stdout, &mut writing).await;
            let _ = writing.shutdown().await;
        };
        // A server that has closed its end answers nothing more; a driver that has gone reads nothing more.
        tokio::select! {
            () = out => {}
            () = back => {}
        }
        let _ = child.start_kill();
        let _ = child.wait().await;
        // The line that is shared may hold it open for longer.
        let _ = tokio::time::timeout(LAST_WORDS, listening).await;
    }
}

/// The last words of `ssh`.
#[derive(Default)]
struct Said(Mutex<VecDeque<String>>);

impl Said {
    fn lines(&self) -> std::sync::MutexGuard<'_, VecDeque<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn forget(&self) {
        self.lines().clear();
    }

    fn hear(&self, line: String) {
        let mut lines = self.lines();
        if lines.len() == LINES_KEPT {
            lines.pop_front();
        }
        lines.push_back(line);
    }

    /// Why there is no line, if `ssh` has said so, and what to do about it.
    fn refusal(&self, ssh: &Ssh) -> Option<(DbErrorKind, String)> {
        let lines = self.lines();
        let text = lines
            .iter()
            .map(|line| line.trim())
            .collect::<Vec<_>>()
            .join(" ");
        let has = |words: &str| text.contains(words);
        Some(if has("IDENTIFICATION HAS CHANGED") {
            let why = format!(
                "the SSH server {ssh} shows another key than the one it is known by: another machine may be in its place; \
                 if its owner confirms the new key, replace its line in the `known_hosts` file"
            );
            (DbErrorKind::Tunnel, why)
        } else if has("Host key verification failed") {
            let port = ssh.port.map_or(String::new(), |port| format!("-p {port} "));
            let why = format!(
                "the SSH server {ssh} is not known here; compare its key with what its owner says \
                 (`ssh-keyscan {port}{} | ssh-keygen -lf -`), then add the line of `ssh-keyscan` to the `known_hosts` file",
                ssh.host
            );
            (DbErrorKind::Tunnel, why)
        } else if has("Permission denied") {
            let why = format!(
                "the SSH server {ssh} refuses the login; its owner must have this user's public key, and the key must be \
                 without a passphrase or in the agent"
            );
            (DbErrorKind::Tunnel, why)
        } else if has("open failed") || has("stdio forwarding failed") {
            let why = format!(
                "from the SSH server {ssh} it cannot be reached, or not through it: {text}"
            );
            (DbErrorKind::Unreachable, why)
        } else if text.is_empty() {
            return None;
        } else {
            (
                DbErrorKind::Unreachable,
                format!("through the SSH server {ssh}: {text}"),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_takes_everything_as_it_is_meant() {
        let ssh = Ssh {
            host: "shell.example".to_owned(),
            port: Some(2222),
            user: Some("shop".to_owned()),
            key: Some("/keys/my key".into()),
            known_hosts: Some("/a \"b\"/100%".into()),
        };
        let command = ssh.command("::1", 3306, None);
        let arguments: Vec<_> = command
            .as_std()
            .get_args()
            .map(|text| text.to_string_lossy())
            .collect();
        assert!(
            arguments
                .iter()
                .any(|text| text == r#"UserKnownHostsFile="/a \"b\"/100%%""#),
            "{arguments:?}"
        );
        assert_eq!(
            arguments[arguments.len() - 10..],
            [
                "-i",
                "/keys/my key",
                "-l",
                "shop",
                "-p",
                "2222",
                "-W",
                "[::1]:3306",
                "--",
                "shell.example"
            ]
        );
    }
}
