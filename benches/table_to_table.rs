//! A table of articles from PostgreSQL to MariaDB, beside the plain limits of both servers.
//!
//!     tests/run --servers                            # in another terminal; copy its two `export` lines
//!     cargo bench --bench table_to_table             # a million rows
//!     cargo bench --bench table_to_table -- 100000   # or so many
//!     cargo bench --bench table_to_table -- 100000 counted
//!     cargo bench --bench table_to_table -- 1000000 tenfold
//!
//! `counted` puts a proxy before each server: round trips and bytes of each case are told, times are worth nothing then.
//! `tenfold` adds, at the end, a run in which nothing has changed in ten times the rows.
//!
//! COPY is `COPY (query) TO STDOUT`, drained; LOAD is `LOAD DATA` of the same rows from a file; INSERT the same rows as
//! statements of a thousand; DRAIN a client that reads the target's rows. Each case is the real binary, its memory the
//! process's own peak (VmHWM, Linux only). The servers' own work is in every case: on two cores they share them with
//! ponte.

#[path = "../tests/support/mod.rs"]
mod support;

use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use support::proxy::{Counts, Proxy};
use support::servers::{self, Database};

const COLUMNS: &str = "sku, name, description, barcode, brand, unit, weight, length, width, height, price, active, updated_at";
const ROWS: u64 = 1_000_000;
/// Rows of one INSERT of the limit that is measured.
const INSERT_ROWS: usize = 1000;

fn main() {
    // cargo adds `--bench`.
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = args.iter().find_map(|text| text.parse().ok());
    let rows: u64 = number.unwrap_or(ROWS);
    let asks = |word: &str| args.iter().any(|text| text == word);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime for the set-up");
    let (source, target) = runtime.block_on(async {
        let source = servers::postgres("bench_source").await;
        let target = servers::mariadb("bench_target").await;
        source.client().await.load(&fill(1, rows)).await;
        target.client().await.load(TARGET).await;
        (source, target)
    });
    let on_source = |sql: &str| runtime.block_on(async { source.client().await.run(sql).await });
    let on_target = |sql: &str| runtime.block_on(async { target.client().await.run(sql).await });
    let dir = tempfile::tempdir().expect("a folder for the project");
    let proxies = asks("counted").then(|| [&source, &target].map(|one| Proxy::start(&one.url)));
    let (from, to) = match &proxies {
        Some([from, to]) => (from.url(&source.url), to.url(&target.url)),
        None => (source.url.clone(), target.url.clone()),
    };
    std::fs::write(dir.path().join("ponte.toml"), project(&from, &to)).expect("the project file");
    let run = |args: &[&str]| {
        let before = proxies
            .as_ref()
            .map(|both| both.each_ref().map(Proxy::counts));
        let run = run(dir.path(), args);
        let after = proxies
            .as_ref()
            .map(|both| both.each_ref().map(Proxy::counts));
        Counted { run, before, after }
    };
    run(&["setup", "--run"]);

    let limits = Limits::measure(&source, &target, dir.path());
    println!("{rows} rows; {limits}");
    let Limits {
        copy,
        load,
        insert,
        drain,
    } = limits;
    let sync = || run(&["sync"]);
    let resync = || run(&["resync"]);
    let forget = || {
        on_target("TRUNCATE TABLE articles");
        // What was carried over before is forgotten as well.
        std::fs::remove_dir_all(dir.path().join(".ponte")).expect("the state is ours");
    };

    on_target("TRUNCATE TABLE articles");
    on_target("SET GLOBAL local_infile = 0");
    report(
        "first load, no local_infile",
        sync(),
        copy + insert,
        "COPY + INSERT",
    );
    forget();
    on_target("SET GLOBAL local_infile = 1");
    report(
        "first load, local_infile",
        sync(),
        copy + load,
        "COPY + LOAD",
    );
    report("nothing changed", sync(), copy, "COPY");
    on_source("ALTER TABLE articles ALTER sku TYPE text COLLATE \"en-x-icu\"");
    on_source("ANALYZE articles");
    report("nothing changed, ICU collation", sync(), copy, "COPY");
    on_source("UPDATE articles SET price = price + 1 WHERE sku LIKE '%77'");
    report("1% changed", sync(), copy, "COPY");
    on_source("UPDATE articles SET price = price + 1 WHERE sku LIKE '%7'");
    report("10% changed", sync(), copy, "COPY");
    report(
        "resync, nothing different",
        resync(),
        copy + drain,
        "COPY + DRAIN",
    );
    report(
        "verify, nothing different",
        run(&["verify"]),
        copy + drain,
        "COPY + DRAIN",
    );
    on_target("UPDATE articles SET price = price + 1 WHERE sku LIKE '%3'");
    let limit = copy + drain + load / 10;
    report(
        "resync, 10% different",
        resync(),
        limit,
        "COPY + DRAIN + LOAD of a tenth",
    );
    if asks("tenfold") {
        on_source(&fill(rows + 1, 10 * rows));
        sync();
        report(
            "nothing changed, ten times the rows",
            sync(),
            copy,
            "COPY of a tenth",
        );
    }
}

/// A run, and what went over both lines before and after it.
struct Counted {
    run: Run,
    before: Option<[Counts; 2]>,
    after: Option<[Counts; 2]>,
}

/// What the servers need without ponte.
struct Limits {
    copy: Duration,
    load: Duration,
    insert: Duration,
    drain: Duration,
}

impl Limits {
    fn measure(source: &Database, target: &Database, folder: &Path) -> Limits {
        let file = folder.join("articles.tsv");
        let statements = folder.join("articles.sql");
        let copied = timed(|| copy(source, Path::new("/dev/null")));
        copy(source, &file);
        inserts(&file, &statements);
        let emptied = || statement(target, "TRUNCATE TABLE articles");
        let inserted = timed(|| mariadb(target, &[], &statements));
        emptied();
        let loaded = timed(|| load(target, &file));
        let drain = format!("SELECT {COLUMNS} FROM articles");
        let drained = timed(|| statement(target, &drain));
        std::fs::remove_file(&file).expect("the file is ours");
        std::fs::remove_file(&statements).expect("the file is ours");
        Limits {
            copy: copied,
            load: loaded,
            insert: inserted,
            drain: drained,
        }
    }
}

impl std::fmt::Display for Limits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [copy, load, insert, drain] =
            [self.copy, self.load, self.insert, self.drain].map(|limit| limit.as_secs_f64());
        write!(
            f,
            "COPY {copy:.2} s, LOAD {load:.2} s, INSERT {insert:.2} s, DRAIN {drain:.2} s"
        )
    }
}

fn fill(first: u64, last: u64) -> String {
    format!(
        "CREATE TABLE IF NOT EXISTS articles (sku text PRIMARY KEY, name text, description text, barcode text, brand text, unit text,
             weight numeric(10,3), length numeric(10,2), width numeric(10,2), height numeric(10,2), price numeric(12,4),
             active boolean, updated_at timestamp);
         INSERT INTO articles SELECT 'SKU-' || lpad(n::text, 8, '0'), 'Article number ' || n, repeat(md5(n::text) || ' ', 7),
             lpad(n::text, 13, '0'), 'Brand ' || n % 500, 'pcs', n % 1000 / 7.0, n % 100, n % 90, n % 80, n % 100000 / 13.0,
             n % 10 <> 0, '2026-01-01'::timestamp + n * interval '1 second' FROM generate_series({first}, {last}) n;
         ANALYZE articles;"
    )
}

const TARGET: &str = "CREATE TABLE articles (sku varchar(64) COLLATE utf8mb4_bin PRIMARY KEY, name varchar(200), description text,
    barcode varchar(20), brand varchar(60), unit varchar(10), weight decimal(10,3), length decimal(10,2), width decimal(10,2),
    height decimal(10,2), price decimal(12,4), active tinyint(1), updated_at datetime) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;";

fn project(source: &str, target: &str) -> String {
    let set: Vec<String> = COLUMNS
        .split(", ")
        .skip(1)
        .map(|column| format!("{column} = \"{column}\""))
        .collect();
    format!(
        "[connection.erp]\nurl = \"{}\"\n[connection.web]\nurl = \"{}\"\n[flow.articles]\n\
         from = {{ connection = \"connection.erp\", table = \"articles\", key = [\"sku\"] }}\n\
         to = {{ connection = \"connection.web\", table = \"articles\", match = {{ sku = \"sku\" }}, set = {{ {} }} }}\n",
        source,
        target,
        set.join(", ")
    )
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
    let began = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_ponte"))
        .args(args)
        .current_dir(dir)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts");
    let mut run = Run::default();
    loop {
        run.peak_mib = peak_mib(child.id()).unwrap_or(run.peak_mib);
        run.processor = processor(child.id()).unwrap_or(run.processor);
        if let Some(status) = child.try_wait().expect("the child is ours") {
            assert!(status.success(), "ponte {args:?} ended with {status}");
            run.time = began.elapsed();
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

fn report(case: &str, counted: Counted, limit: Duration, what: &str) {
    let Counted { run, before, after } = counted;
    let [time, limit, processor] = [run.time, limit, run.processor].map(|time| time.as_secs_f64());
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

fn timed(work: impl FnOnce()) -> Duration {
    let began = Instant::now();
    work();
    began.elapsed()
}

fn copy(source: &Database, to: &Path) {
    let query = format!(
        "\\copy (SELECT {} FROM articles) TO '{}'",
        COLUMNS.replace("active", "active::int"),
        to.display()
    );
    succeed(Command::new("psql").args([source.url.as_str(), "-qc", &query]));
}

/// The rows of a `COPY` file as statements.
fn inserts(from: &Path, to: &Path) {
    let lines = BufReader::new(std::fs::File::open(from).expect("the file is ours")).lines();
    let mut out = BufWriter::new(std::fs::File::create(to).expect("the folder is ours"));
    for (at, line) in lines.map(|line| line.expect("text")).enumerate() {
        let before = match at % INSERT_ROWS {
            0 => format!("INSERT INTO articles ({COLUMNS}) VALUES\n"),
            _ => ",".to_owned(),
        };
        let after = match (at + 1) % INSERT_ROWS {
            0 => ";\n",
            _ => "\n",
        };
        let values = line.replace('\'', "''").replace('\t', "','");
        write!(out, "{before}('{values}'){after}").expect("room on the disk");
    }
    writeln!(out, ";").expect("room on the disk");
}

fn load(target: &Database, from: &Path) {
    let sql = format!(
        "LOAD DATA LOCAL INFILE '{}' INTO TABLE articles CHARACTER SET utf8mb4 ({COLUMNS})",
        from.display()
    );
    statement(target, &sql);
}

fn statement(target: &Database, sql: &str) {
    mariadb(target, &["-e", sql], Path::new("/dev/null"));
}

fn mariadb(target: &Database, more: &[&str], input: &Path) {
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
