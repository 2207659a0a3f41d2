//! A mail server on the loopback (aiosmtpd), and what it has accepted.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::http::free_port;

/// A password that no other text has; another one is `secret`.
pub const LOGIN: &str = "Zk7q-smtp-p@ss";

const START_MAX: Duration = Duration::from_secs(30);

pub struct Smtpd {
    pub port: u16,
    folder: TempDir,
    server: Option<Child>,
    safety: Safety,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Safety {
    Open,
    StartTls,
    Tls,
}

impl Smtpd {
    /// One that asks for nothing.
    pub fn open() -> Smtpd {
        Smtpd::start(Safety::Open)
    }

    /// One that insists on STARTTLS and a login: shop, with either password.
    pub fn safe() -> Smtpd {
        Smtpd::start(Safety::StartTls)
    }

    /// One that speaks TLS from the first byte, and wants that login, too.
    pub fn safe_at_once() -> Smtpd {
        Smtpd::start(Safety::Tls)
    }

    fn start(safety: Safety) -> Smtpd {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut smtpd = Smtpd {
            port: free_port(),
            folder,
            server: None,
            safety,
        };
        if safety != Safety::Open {
            smtpd.certificate();
        }
        smtpd.up();
        smtpd
    }

    fn certificate(&self) {
        let path = |name: &str| self.path(name).display().to_string();
        let made = Command::new("openssl")
            .args([
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
            ])
            .args([
                "-subj",
                "/CN=localhost",
                "-addext",
                "subjectAltName=DNS:localhost",
            ])
            .args(["-addext", "basicConstraints=critical,CA:FALSE"])
            .args(["-keyout", &path("key.pem"), "-out", &path("cert.pem")])
            .stderr(Stdio::null())
            .status()
            .expect("openssl");
        assert!(made.success());
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn up(&mut self) {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/smtpd.py");
        let server = Command::new("/usr/bin/python3")
            .arg(script)
            .arg(self.folder.path())
            .arg(self.port.to_string())
            .arg(match self.safety {
                Safety::Open => "open",
                Safety::StartTls => "starttls",
                Safety::Tls => "tls",
            })
            .stderr(Stdio::inherit())
            .spawn()
            .expect("python3 with aiosmtpd (package python3-aiosmtpd) starts");
        self.server = Some(server);
        let began = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(
                began.elapsed() < START_MAX,
                "the mail server does not answer (package python3-aiosmtpd)"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn down(&mut self) {
        if let Some(mut server) = self.server.take() {
            let _ = server.kill();
            let _ = server.wait();
        }
    }

    /// What was accepted, in its order: each whole, its lines unfolded and its soft line breaks taken out.
    pub fn mails(&self) -> Vec<String> {
        let mut paths: Vec<PathBuf> = std::fs::read_dir(self.folder.path())
            .expect("the server's folder")
            .map(|entry| entry.expect("an entry").path())
            .filter(|path| path.extension().is_some_and(|ending| ending == "eml"))
            .collect();
        paths.sort();
        paths
            .iter()
            .map(|path| {
                let text =
                    String::from_utf8_lossy(&std::fs::read(path).expect("a mail")).into_owned();
                text.replace("\r\n", "\n").replace("=\n", "")
            })
            .collect()
    }
}

impl Drop for Smtpd {
    fn drop(&mut self) {
        self.down();
    }
}
