//! A private OpenSSH server on the loopback, with keys of its own, for the user who runs the tests.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::http::free_port;

const START_MAX: Duration = Duration::from_secs(30);

pub struct Sshd {
    pub port: u16,
    folder: TempDir,
    server: Option<Child>,
}

impl Sshd {
    pub fn start() -> Sshd {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for name in ["host", "user", "stranger"] {
            key(&folder.path().join(name));
        }
        let public =
            std::fs::read_to_string(folder.path().join("user.pub")).expect("the key just made");
        std::fs::write(folder.path().join("authorized_keys"), public).expect("a file");
        let mut sshd = Sshd {
            port: free_port(),
            folder,
            server: None,
        };
        sshd.up();
        sshd.know("known_hosts", "host.pub");
        sshd
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file of known servers in which this one has a key.
    pub fn know(&self, name: &str, key: &str) {
        let key = std::fs::read_to_string(self.path(key)).expect("a public key");
        let line = format!("[127.0.0.1]:{} {key}", self.port);
        std::fs::write(self.path(name), line).expect("a file");
    }

    pub fn up(&mut self) {
        // Where root runs it, it insists on this folder.
        let _ = std::fs::create_dir_all("/run/sshd");
        let path = |name: &str| self.path(name).display().to_string();
        let settings = [
            format!("Port {}", self.port),
            "ListenAddress 127.0.0.1".to_owned(),
            format!("HostKey {}", path("host")),
            format!("AuthorizedKeysFile {}", path("authorized_keys")),
            format!("PidFile {}", path("pid")),
            "StrictModes no".to_owned(),
            "UsePAM no".to_owned(),
            "PasswordAuthentication no".to_owned(),
            "KbdInteractiveAuthentication no".to_owned(),
            "PermitRootLogin yes".to_owned(),
        ];
        std::fs::write(self.path("config"), settings.join("\n")).expect("a file");
        let server = Command::new("/usr/sbin/sshd")
            .args(["-D", "-e", "-f"])
            .arg(self.path("config"))
            .stderr(Stdio::null())
            .spawn()
            .expect("sshd (package openssh-server) starts");
        self.server = Some(server);
        let began = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(began.elapsed() < START_MAX, "sshd does not answer");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ends the server, and with it every line through it.
    pub fn down(&mut self) {
        let Some(mut server) = self.server.take() else {
            return;
        };
        // Each line has processes of its own, which would outlive the server.
        let mut all = vec![server.id()];
        let mut at = 0;
        while at < all.len() {
            let found = Command::new("pgrep")
                .args(["-P", &all[at].to_string()])
                .output();
            let found = found.expect("pgrep runs").stdout;
            let text = String::from_utf8_lossy(&found);
            all.extend(
                text.lines()
                    .filter_map(|line| line.trim().parse::<u32>().ok()),
            );
            at += 1;
        }
        for process in all.iter().rev().map(ToString::to_string) {
            let _ = Command::new("kill").args(["-KILL", &process]).status();
        }
        let _ = server.wait();
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        self.down();
    }
}

fn key(path: &Path) {
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-f"])
        .arg(path)
        .status();
    assert!(made.expect("ssh-keygen runs").success());
}
