//! A MariaDB server of a test's own, with options of the test's own: to be restarted, made read-only, given small limits.
//! The servers that `tests/run` starts are shared, and stay as they are.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::client::Client;
use super::http::free_port;

/// How long the server may take to start, however slow the machine is.
const START_MAX: Duration = Duration::from_secs(120);

pub struct Private {
    folder: TempDir,
    port: u16,
    options: Vec<String>,
    process: Child,
}

impl Private {
    pub async fn start(options: &[&str]) -> Private {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let made = Command::new("mariadb-install-db")
            .arg("--no-defaults")
            .arg(format!(
                "--datadir={}",
                folder.path().join("data").display()
            ))
            .args(["--skip-test-db", "--auth-root-authentication-method=normal"])
            .args(account())
            .output()
            .expect("mariadb-install-db, which tests/run needs as well");
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
        let login = "CREATE OR REPLACE USER 'root'@'127.0.0.1' IDENTIFIED BY 'ponte';
            GRANT ALL PRIVILEGES ON *.* TO 'root'@'127.0.0.1' WITH GRANT OPTION;\n";
        std::fs::write(folder.path().join("init.sql"), login).expect("a file in a new folder");
        let port = free_port();
        let options: Vec<String> = options.iter().map(|option| (*option).to_owned()).collect();
        let process = spawn(&folder, port, &options);
        let mut server = Private {
            folder,
            port,
            options,
            process,
        };
        server.answers().await;
        let mut client = server.client("mysql").await;
        client
            .run("CREATE DATABASE shop CHARACTER SET utf8mb4")
            .await;
        server
    }

    /// The URL of a database; `shop` is there from the start.
    pub fn url(&self, database: &str) -> String {
        format!("mysql://root:ponte@127.0.0.1:{}/{database}", self.port)
    }

    pub async fn client(&self, database: &str) -> Client {
        Client::connect(&self.url(database)).await
    }

    /// As in a power cut: nothing is brought to an end.
    pub fn kill(&mut self) {
        self.process.kill().expect("a running server");
        self.process.wait().expect("a child process");
    }

    /// An orderly end: sessions are closed, then what they began is rolled back.
    pub fn stop(&mut self) {
        let process = self.process.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &process]).status();
        assert!(asked.expect("the program kill").success());
        self.process.wait().expect("a child process");
    }

    pub fn start_again(&mut self) {
        self.process = spawn(&self.folder, self.port, &self.options);
    }

    pub async fn answers(&mut self) {
        let url = self.url("mysql");
        answers(&url, &mut self.process, self.folder.path()).await;
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Waits until a server answers that writes to `log` in its folder.
pub async fn answers(url: &str, process: &mut Child, folder: &Path) {
    let log = || std::fs::read_to_string(folder.join("log")).unwrap_or_default();
    let began = Instant::now();
    while Client::try_connect(url).await.is_err() {
        let ended = process.try_wait().expect("a child process");
        assert!(ended.is_none(), "the server has ended: {}", log());
        assert!(began.elapsed() < START_MAX, "no answer: {}", log());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The server refuses to run as root unless it is told to.
fn account() -> Option<&'static str> {
    let id = Command::new("id")
        .arg("-u")
        .output()
        .expect("the program id");
    (id.stdout.trim_ascii() == b"0").then_some("--user=root")
}

fn spawn(folder: &TempDir, port: u16, options: &[String]) -> Child {
    let at = |name: &str| folder.path().join(name).display().to_string();
    let log = std::fs::File::create(at("log")).expect("a file in the folder");
    // Ends with the test, however that ends.
    Command::new("setpriv")
        .args(["--pdeathsig", "KILL", "mariadbd", "--no-defaults"])
        .arg(format!("--datadir={}", at("data")))
        // Another server that starts would clear the temporary tables away from a folder that they share.
        .arg(format!("--tmpdir={}", at("data")))
        .arg(format!("--socket={}", at("socket")))
        .arg(format!("--init-file={}", at("init.sql")))
        .args(["--bind-address=127.0.0.1", "--skip-name-resolve"])
        .arg(format!("--port={port}"))
        .args([
            "--innodb-buffer-pool-size=32M",
            "--innodb-log-file-size=16M",
            "--character-set-server=utf8mb4",
        ])
        .args(account())
        .args(options)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .expect("setpriv and mariadbd, which tests/run needs as well")
}
