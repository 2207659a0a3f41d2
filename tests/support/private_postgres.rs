//! A PostgreSQL server of a test's own, to be restarted. The server that `tests/run` starts is shared, and stays as it is.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

use super::client::Client;
use super::http::free_port;
use super::private;

pub struct PrivatePostgres {
    folder: TempDir,
    port: u16,
    process: Child,
}

impl PrivatePostgres {
    pub async fn start() -> PrivatePostgres {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let password = folder.path().join("password");
        std::fs::write(&password, "ponte\n").expect("a file in a new folder");
        if let Some(account) = account() {
            let path = folder.path().display().to_string();
            succeeds(Command::new("chown").args(["-R", account, &path]));
        }
        let mut made = as_account(&programs().join("initdb"), folder.path());
        made.arg("--pgdata").arg(folder.path().join("data"));
        made.arg("--pwfile").arg(&password);
        made.args(["--username", "ponte", "--auth", "scram-sha-256"]);
        made.args(["--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"]);
        succeeds(&mut made);
        let port = free_port();
        let process = spawn(&folder, port);
        let mut server = PrivatePostgres {
            folder,
            port,
            process,
        };
        server.answers().await;
        let mut client = server.client("postgres").await;
        client.run("CREATE DATABASE erp TEMPLATE template0").await;
        server
    }

    /// The URL of a database; `erp` is there from the start.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://ponte:ponte@127.0.0.1:{}/{database}", self.port)
    }

    pub async fn client(&self, database: &str) -> Client {
        Client::connect(&self.url(database)).await
    }

    /// Ends all sessions at once. Nothing is brought to an end if the server is to crash; it recovers when it starts.
    pub fn stop(&mut self, crash: bool) {
        let signal = if crash { "-QUIT" } else { "-INT" };
        let process = self.process.id().to_string();
        succeeds(Command::new("kill").args([signal, &process]));
        self.process.wait().expect("a child process");
    }

    pub fn start_again(&mut self) {
        self.process = spawn(&self.folder, self.port);
    }

    pub async fn answers(&mut self) {
        let url = self.url("postgres");
        private::answers(&url, &mut self.process, self.folder.path()).await;
    }
}

impl Drop for PrivatePostgres {
    fn drop(&mut self) {
        // The server takes its own processes with it.
        let process = self.process.id().to_string();
        let _ = Command::new("kill").args(["-QUIT", &process]).status();
        let _ = self.process.wait();
    }
}

fn succeeds(command: &mut Command) {
    let done = command
        .output()
        .expect("a program that tests/run needs, too");
    assert!(
        done.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&done.stderr)
    );
}

/// The folder of the server's programs, which Debian keeps off PATH; the newest one if there are several.
fn programs() -> PathBuf {
    let number = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.and_then(|name| name.parse::<u32>().ok())
    };
    let installed = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten();
    let installed = installed.flatten().map(|entry| entry.path());
    let newest = installed.filter(|path| path.join("bin/initdb").exists());
    let newest = newest.max_by_key(number).map(|path| path.join("bin"));
    // Else they are looked for on PATH.
    newest.unwrap_or_default()
}

fn id(arguments: &[&str]) -> Output {
    let id = Command::new("id").args(arguments).output();
    id.expect("the program id")
}

/// Who runs the server, which refuses to run as root.
fn account() -> Option<&'static str> {
    let is_root = id(&["-u"]).stdout.trim_ascii() == b"0";
    let there = || id(&["postgres"]).status.success();
    is_root.then(|| if there() { "postgres" } else { "nobody" })
}

/// Ends with the test, however that ends.
fn as_account(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "QUIT"]);
    if let Some(account) = account() {
        let group = id(&["-g", account]).stdout;
        let group = String::from_utf8_lossy(group.trim_ascii()).into_owned();
        command.args(["--reuid", account, "--regid", &group, "--clear-groups"]);
    }
    command.arg(program).current_dir(folder);
    command
}

fn spawn(folder: &TempDir, port: u16) -> Child {
    let log = std::fs::File::create(folder.path().join("log")).expect("a file in the folder");
    as_account(&programs().join("postgres"), folder.path())
        .arg("-D")
        .arg(folder.path().join("data"))
        .args(["-p", &port.to_string()])
        .args(["-c", "listen_addresses=127.0.0.1"])
        .args(["-c", "unix_socket_directories="])
        .args(["-c", "fsync=off"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .expect("setpriv and postgres, which tests/run needs as well")
}
