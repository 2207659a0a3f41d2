//! The real binary measured beside what the servers need without it.
//!
//! Not every benchmark uses all of it.
#![allow(dead_code)]

pub mod checkout;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::proxy::{Counts, Proxy};
use crate::support::servers::{self, Database};

/// What the command line asks for: a number and words.
pub struct Asked(Vec<String>);

impl Asked {
    pub fn read() -> Asked {
        // cargo adds `--bench`.
        Asked(std::env::args().skip(1).collect())
    }

    pub fn number(&self, default: u64) -> u64 {
        let number = self.0.iter().find_map(|text| text.parse().ok());
        number.unwrap_or(default)
    }

    pub fn word(&self, word: &str) -> bool {
        self.0.iter().any(|text| text == word)
    }

    /// Proxies before both servers, if round trips are to be counted.
    pub fn proxies(&self, source: &Database, target: &Database) -> Option<[Proxy; 2]> {
        self.word("counted")
            .then(|| [source, target].map(|one| Proxy::start(&one.url)))
    }
}

/// A project in a folder of its own, and proxies before its servers where round trips are to be counted.
pub struct Subject<'p> {
    folder: PathBuf,
    proxies: Option<&'p [Proxy; 2]>,
}

impl<'p> Subject<'p> {
    pub fn new(folder: PathBuf, project: &str, proxies: Option<&'p [Proxy; 2]>) -> Subject<'p> {
        std::fs::create_dir_all(&folder).expect("room for a folder");
        std::fs::write(folder.join("ponte.toml"), project).expect("the project file");
        let subject = Subject { folder, proxies };
        subject.run(&["setup", "--run"]);
        subject
    }

    /// Runs the program to its end, which must be a good one.
    pub fn run(&self, args: &[&str]) -> Counted {
        let counts = || self.proxies.map(|both| both.each_ref().map(Proxy::counts));
        let before = counts();
        let run = run(&self.folder, args);
        Counted {
            run,
            before,
            after: counts(),
        }
    }

    /// What was carried over before is forgotten.
    pub fn forget(&self) {
        std::fs::remove_dir_all(self.folder.join(".ponte")).expect("the state is ours");
    }
}

/// The servers' addresses as the project is to know them.
pub fn addresses(
    source: &Database,
    target: &Database,
    proxies: Option<&[Proxy; 2]>,
) -> [String; 2] {
    match proxies {
        Some([from, to]) => [from.url(&source.url), to.url(&target.url)],
        None => [source.url.clone(), target.url.clone()],
    }
}

/// A run, and what went over both lines before and after it.
pub struct Counted {
    run: Run,
    before: Option<[Counts; 2]>,
    after: Option<[Counts; 2]>,
}

impl Counted {
    pub fn time(&self) -> Duration {
        self.run.time
    }

    /// Prints the case beside its limit.
    pub fn report(self, case: &str, limit: Duration, what: &str) {
        let Counted { run, before, after } = self;
        let [time, limit, processor] =
            [run.time, limit, run.processor].map(|time| time.as_secs_f64());
        let Run { peak_mib, .. } = run;
        let ratio = time / limit;
        println!(
            "{case}: {time:.2} s = {ratio:.2} x {what}; {processor:.2} s of processor time, {peak_mib} MiB"
        );
        let (Some(before), Some(after)) = (before, after) else {
            return;
        };
        for (side, (before, after)) in ["source", "target"].iter().zip(before.iter().zip(&after)) {
            println!(
                "    {side}: {} connections, {} round trips, {} KiB sent, {} KiB received",
                after.connections - before.connections,
                after.round_trips - before.round_trips,
                (after.bytes_to_server - before.bytes_to_server) / 1024,
                (after.bytes_to_client - before.bytes_to_client) / 1024,
            );
        }
    }
}

/// What a run of the real binary took.
#[derive(Default)]
struct Run {
    time: Duration,
    /// Of its own threads, without the servers'.
    processor: Duration,
    peak_mib: u64,
}

fn run(dir: &Path, args: &[&str]) -> Run {
    let log = dir.join("last-run.txt");
    let output = std::fs::File::create(&log).expect("room for a log");
    let errors = output.try_clone().expect("the same file");
    let began = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_ponte"))
        .args(args)
        .current_dir(dir)
        .stdout(output)
        .stderr(errors)
        .spawn()
        .expect("the binary starts");
    let mut run = Run::default();
    loop {
        run.peak_mib = peak_mib(child.id()).unwrap_or(run.peak_mib);
        run.processor = processor(child.id()).unwrap_or(run.processor);
        if let Some(status) = child.try_wait().expect("the child is ours") {
            run.time = began.elapsed();
            let said = std::fs::read_to_string(&log).unwrap_or_default();
            assert!(
                status.success(),
                "ponte {args:?} ended with {status}\n{said}"
            );
            return run;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn peak_mib(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace()
        .nth(1)?
        .parse::<u64>()
        .ok()
        .map(|kib| kib / 1024)
}

/// Linux counts it in hundredths of a second.
fn processor(process: u32) -> Option<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, behind_name) = stat.rsplit_once(')')?;
    let mut fields = behind_name.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u64>().ok();
    let sum = ticks()? + ticks()?;
    // A process that has ended but was not waited for still has its time; one that is gone has none.
    (sum > 0).then(|| Duration::from_millis(sum * 10))
}

pub fn timed(work: impl FnOnce()) -> Duration {
    let began = Instant::now();
    work();
    began.elapsed()
}

/// Reads what a query of PostgreSQL yields into a file.
pub fn copy(source: &Database, query: &str, to: &Path) {
    let query = format!("\\copy ({query}) TO '{}'", to.display());
    succeed(Command::new("psql").args([source.url.as_str(), "-qc", &query]));
}

/// Runs statements on MariaDB, and reads what they yield to its end.
pub fn statement(target: &Database, sql: &str) {
    mariadb(target, &["-e", sql], Path::new("/dev/null"));
}

/// The same with statements of a file.
pub fn mariadb(target: &Database, more: &[&str], input: &Path) {
    let address = servers::address(&target.url);
    let (host, port) = address.rsplit_once(':').expect("host and port");
    let input = std::fs::File::open(input).expect("the input is there");
    let mut command = Command::new("mariadb");
    command.args([
        "--local-infile=1",
        "--quick",
        "-N",
        "-h",
        host,
        "-P",
        port,
        "-uroot",
        "-pponte",
    ]);
    command.arg(&target.name).args(more).stdin(input);
    succeed(command.stdout(Stdio::null()));
}

fn succeed(command: &mut Command) {
    let output = command
        .stderr(Stdio::piped())
        .spawn()
        .and_then(|child| child.wait_with_output());
    let output = output.expect("the client is installed");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
