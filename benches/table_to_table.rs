//! A table of articles from PostgreSQL to MariaDB, beside the plain limits of both servers.
//!
//!     tests/run --servers                      # in another terminal; copy its two `export` lines
//!     cargo bench --bench table_to_table       # ROWS=1000000 by default
//!
//! COPY is `COPY (query) TO STDOUT`, drained; LOAD is `LOAD DATA` of the same rows from a file. Each case is the real
//! binary, its memory the process's own peak (VmHWM, Linux only).

#[path = "../tests/support/mod.rs"]
mod support;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use support::servers::{self, Database};

const COLUMNS: &str = "sku, name, description, barcode, brand, unit, weight, length, width, height, price, active, updated_at";

fn main() {
    let rows: u64 = std::env::var("ROWS")
        .ok()
        .and_then(|rows| rows.parse().ok())
        .unwrap_or(1_000_000);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime for the set-up");
    let (source, target) = runtime.block_on(async {
        let source = servers::postgres("bench_source").await;
        let target = servers::mariadb("bench_target").await;
        source.client().await.load(&fill(rows)).await;
        target.client().await.load(TARGET).await;
        (source, target)
    });
    let dir = tempfile::tempdir().expect("a folder for the project");
    std::fs::write(dir.path().join("ponte.toml"), project(&source, &target))
        .expect("the project file");
    run(dir.path(), &["setup", "--run"]);

    let file = dir.path().join("articles.tsv");
    let copy = timed(|| copy(&source, Path::new("/dev/null")));
    self::copy(&source, &file);
    let load = timed(|| load(&target, &file));
    let limit = copy + load;
    println!(
        "{rows} rows; COPY {:.1} s, LOAD {:.1} s",
        copy.as_secs_f64(),
        load.as_secs_f64()
    );
    runtime.block_on(async { target.client().await.run("TRUNCATE TABLE articles").await });

    report(
        "first load",
        run(dir.path(), &["sync"]),
        limit,
        "COPY + LOAD",
    );
    report("nothing changed", run(dir.path(), &["sync"]), copy, "COPY");
    let change = "UPDATE articles SET price = price + 1 WHERE sku LIKE '%7'";
    runtime.block_on(async { source.client().await.run(change).await });
    report("10% changed", run(dir.path(), &["sync"]), copy, "COPY");
    report(
        "full resync, nothing different",
        run(dir.path(), &["resync"]),
        copy,
        "COPY",
    );
}

fn fill(rows: u64) -> String {
    format!(
        "CREATE TABLE articles (sku text PRIMARY KEY, name text, description text, barcode text, brand text, unit text,
             weight numeric(10,3), length numeric(10,2), width numeric(10,2), height numeric(10,2), price numeric(12,4),
             active boolean, updated_at timestamp);
         INSERT INTO articles SELECT 'SKU-' || lpad(n::text, 8, '0'), 'Article number ' || n, repeat(md5(n::text) || ' ', 7),
             lpad(n::text, 13, '0'), 'Brand ' || n % 500, 'pcs', n % 1000 / 7.0, n % 100, n % 90, n % 80, n % 100000 / 13.0,
             n % 10 <> 0, '2026-01-01'::timestamp + n * interval '1 second' FROM generate_series(1, {rows}) n;
         ANALYZE articles;"
    )
}

const TARGET: &str = "CREATE TABLE articles (sku varchar(64) COLLATE utf8mb4_bin PRIMARY KEY, name varchar(200), description text,
    barcode varchar(20), brand varchar(60), unit varchar(10), weight decimal(10,3), length decimal(10,2), width decimal(10,2),
    height decimal(10,2), price decimal(12,4), active tinyint(1), updated_at datetime) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;";

fn project(source: &Database, target: &Database) -> String {
    let set: Vec<String> = COLUMNS
        .split(", ")
        .skip(1)
        .map(|column| format!("{column} = \"{column}\""))
        .collect();
    format!(
        "[connection.erp]\nurl = \"{}\"\n[connection.web]\nurl = \"{}\"\n[flow.articles]\n\
         from = {{ connection = \"connection.erp\", table = \"articles\", key = [\"sku\"] }}\n\
         to = {{ connection = \"connection.web\", table = \"articles\", match = {{ sku = \"sku\" }}, set = {{ {} }} }}\n",
        source.url,
        target.url,
        set.join(", ")
    )
}

/// Seconds and peak memory in MiB of the real binary.
fn run(dir: &Path, args: &[&str]) -> (Duration, Option<u64>) {
    let began = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_ponte"))
        .args(args)
        .current_dir(dir)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts");
    let mut peak = None;
    loop {
        peak = peak_mib(child.id()).or(peak);
        if let Some(status) = child.try_wait().expect("the child is ours") {
            assert!(status.success(), "ponte {args:?} ended with {status}");
            return (began.elapsed(), peak);
        }
        std::thread::sleep(Duration::from_millis(20));
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

fn report(case: &str, (took, peak): (Duration, Option<u64>), limit: Duration, what: &str) {
    let ratio = took.as_secs_f64() / limit.as_secs_f64();
    let peak = peak.map_or(String::new(), |mib| format!(", {mib} MiB"));
    println!(
        "{case}: {:.1} s = {ratio:.2} x {what}{peak}",
        took.as_secs_f64()
    );
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

fn load(target: &Database, from: &Path) {
    let address = servers::address(&target.url);
    let (host, port) = address.rsplit_once(':').expect("host and port");
    let sql = format!(
        "LOAD DATA LOCAL INFILE '{}' INTO TABLE articles CHARACTER SET utf8mb4 ({COLUMNS})",
        from.display()
    );
    let password = "-pponte";
    succeed(Command::new("mariadb").args([
        "--local-infile=1",
        "-h",
        host,
        "-P",
        port,
        "-uroot",
        password,
        &target.name,
        "-e",
        &sql,
    ]));
}

fn succeed(command: &mut Command) {
    let output = command.output().expect("the client is installed");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
