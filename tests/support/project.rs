//! A folder as a user of ponte would have it, the real program run in it, and what it said, ready to compare.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use snapbox::{Assert, IntoData, Redactions};
use tempfile::TempDir;

use super::servers::{self, Database};

/// How long the program may take to reach a point.
const STUCK: Duration = Duration::from_secs(120);

/// How long one run of the program may take, however slow the machine is.
const RUN_MAX: Duration = Duration::from_secs(600);

pub struct Project {
    folder: TempDir,
    root: PathBuf,
    environment: Vec<(String, String)>,
    redactions: Redactions,
}

impl Project {
    /// An empty folder. In what the program says, its path appears as `[ROOT]`, the test servers' `host:port` as
    /// `[POSTGRES]` and `[MARIADB]`.
    pub fn new() -> Project {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = folder.path().canonicalize().expect("the folder just made");
        let mut project = Project {
            root: root.clone(),
            folder,
            environment: Vec::new(),
            redactions: Redactions::new(),
        };
        project.redact("[ROOT]", &root.display().to_string());
        for (placeholder, variable) in [
            ("[POSTGRES]", "PONTE_TEST_POSTGRES"),
            ("[MARIADB]", "PONTE_TEST_MARIADB"),
        ] {
            if let Ok(url) = std::env::var(variable) {
                project.redact(placeholder, &servers::address(&url));
            }
        }
        project
    }

    /// Writes a file; folders on its path are made.
    pub fn file(&mut self, path: &str, content: &str) -> &mut Project {
        let path = self.path(path);
        let parent = path.parent().expect("a path below the root");
        std::fs::create_dir_all(parent).expect("folders in the project");
        std::fs::write(path, content).expect("a file in the project");
        self
    }

    /// Sets an environment variable for the program, which sees no other but those of `start`.
    pub fn env(&mut self, name: &str, value: &str) -> &mut Project {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Shows `value` as `placeholder` (capitals in square brackets) in what the program says.
    pub fn redact(&mut self, placeholder: &'static str, value: &str) -> &mut Project {
        self.redactions
            .insert(placeholder, value.to_owned())
            .expect("a placeholder in square brackets");
        self
    }

    /// Shows the name of a database of this run as `placeholder`.
    pub fn redact_database(
        &mut self,
        placeholder: &'static str,
        database: &Database,
    ) -> &mut Project {
        self.redact(placeholder, &database.name)
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    pub fn read(&self, path: &str) -> String {
        let path = self.path(path);
        match std::fs::read_to_string(&path) {
            Ok(content) => content,
            Err(error) => panic!("cannot read {}: {error}", path.display()),
        }
    }

    /// The files in a folder and those below it.
    pub fn files(&self, folder: &str) -> Vec<PathBuf> {
        files_below(&self.path(folder))
    }

    pub fn remove(&self, path: &str) {
        let path = self.path(path);
        let removed = if path.is_dir() {
            std::fs::remove_dir_all(&path)
        } else {
            std::fs::remove_file(&path)
        };
        if let Err(error) = removed {
            panic!("cannot remove {}: {error}", path.display());
        }
    }

    /// Runs `ponte` with these arguments to its end.
    #[track_caller]
    pub fn ponte(&self, arguments: &[&str]) -> Outcome {
        self.start(arguments).wait()
    }

    /// Stops the program when it reaches a point for the n-th time, and kills it there; false if it ended before.
    pub fn killed_at(&mut self, arguments: &[&str], point: &str, times: u32) -> bool {
        let file = self.path("stopped");
        let _ = std::fs::remove_file(&file);
        let stop = format!("{point}:{times}:{}", file.display());
        self.env("PONTE_STOP_AT", &stop);
        let mut running = self.start(arguments);
        self.env("PONTE_STOP_AT", "");
        let began = Instant::now();
        while !file.exists() {
            if running.has_ended() {
                return false;
            }
            assert!(began.elapsed() < STUCK, "{point}: the program is stuck");
            std::thread::sleep(Duration::from_millis(2));
        }
        running.kill();
        true
    }

    /// Starts `ponte`: for tests that kill it, or do something meanwhile.
    pub fn start(&self, arguments: &[&str]) -> Running {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ponte"));
        self.spawn(command.env_clear().args(arguments))
    }

    /// The same on a terminal; what that shows is in the file `shown` while it does.
    pub fn start_on_terminal(&self, arguments: &str) -> Running {
        let line = format!("{} {arguments}", env!("CARGO_BIN_EXE_ponte"));
        let mut command = Command::new("script");
        command.env_clear().env("TERM", "xterm");
        self.spawn(command.args(["-qefc", &line, "shown"]))
    }

    fn spawn(&self, command: &mut Command) -> Running {
        let mut child = command
            .current_dir(&self.root)
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", &self.root)
            .env("RUST_BACKTRACE", "0")
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the built program starts");
        let stdout = read_all(child.stdout.take().expect("a pipe"));
        let stderr = read_all(child.stderr.take().expect("a pipe"));
        Running {
            child,
            stdout: Some(stdout),
            stderr: Some(stderr),
            redactions: self.redactions.clone(),
        }
    }
}

fn read_all(mut pipe: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).expect("a pipe can be read");
        bytes
    })
}

/// The program at work. Dropping this kills it.
pub struct Running {
    child: Child,
    stdout: Option<JoinHandle<Vec<u8>>>,
    stderr: Option<JoinHandle<Vec<u8>>>,
    redactions: Redactions,
}

impl Running {
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("a child process").is_some()
    }

    /// Sends the program a signal: `-STOP`, `-CONT`.
    pub fn signal(&self, signal: &str) {
        let id = self.id().to_string();
        // One that has ended in the meantime is noticed by the caller.
        let _ = Command::new("kill").args([signal, &id]).status();
    }

    /// Ends the program at once, as a power cut would (SIGKILL).
    pub fn kill(&mut self) {
        // An error means that it had ended by itself.
        let _ = self.child.kill();
    }

    #[track_caller]
    pub fn wait(mut self) -> Outcome {
        let since = Instant::now();
        while !self.has_ended() {
            if since.elapsed() > RUN_MAX {
                self.kill();
                let outcome = self.outcome();
                panic!("ponte still ran after {} s\n{outcome}", RUN_MAX.as_secs());
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        self.outcome()
    }

    fn outcome(&mut self) -> Outcome {
        let status = self.child.wait().expect("a child process");
        let said = |pipe: Option<JoinHandle<Vec<u8>>>| {
            let bytes = pipe
                .expect("asked once")
                .join()
                .expect("the reader does not panic");
            self.redactions.redact(&String::from_utf8_lossy(&bytes))
        };
        Outcome {
            stdout: said(self.stdout.take()),
            stderr: said(self.stderr.take()),
            code: status.code(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
        let _ = self.child.wait();
    }
}

/// What a run said and how it ended. Texts are redacted.
#[derive(Debug)]
pub struct Outcome {
    pub stdout: String,
    pub stderr: String,
    /// `None`: killed by a signal.
    pub code: Option<i32>,
}

impl Outcome {
    #[track_caller]
    pub fn succeeds(self) -> Outcome {
        self.exits_with(0)
    }

    #[track_caller]
    pub fn exits_with(self, code: i32) -> Outcome {
        assert!(self.code == Some(code), "exit code {code} expected\n{self}");
        self
    }

    /// Compares with a golden text, `snapbox::file!["…"]` or `snapbox::str![…]`; `SNAPSHOTS=overwrite` rewrites it.
    /// In it `[..]` stands for anything within a line and a line `...` for any lines.
    #[track_caller]
    pub fn stdout_eq(self, golden: impl IntoData) -> Outcome {
        golden_eq(&self.stdout, golden);
        self
    }

    #[track_caller]
    pub fn stderr_eq(self, golden: impl IntoData) -> Outcome {
        golden_eq(&self.stderr, golden);
        self
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let code = self
            .code
            .map_or("none, killed".to_owned(), |code| code.to_string());
        write!(
            f,
            "exit code: {code}\n--- stdout\n{}--- stderr\n{}---",
            self.stdout, self.stderr
        )
    }
}

#[track_caller]
fn golden_eq(text: &str, golden: impl IntoData) {
    compare().eq(text, golden);
}

/// The files in a folder and those below it.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => files.extend(files_below(&path)),
            false => files.push(path),
        }
    }
    files
}

/// In which way a text differs from a golden file, for tests that compare many.
pub fn golden_differs(text: &str, file: &Path) -> Option<String> {
    let golden = snapbox::Data::read_from(file, None);
    let name = file.display();
    let compared = compare().try_eq(Some(&name), text.into_data(), golden);
    compared.err().map(|error| error.to_string())
}

fn compare() -> Assert {
    // Backslashes are no separators of paths here: SQL and TOML have them, too.
    Assert::new()
        .action_env(snapbox::assert::DEFAULT_ACTION_ENV)
        .normalize_paths(false)
}
