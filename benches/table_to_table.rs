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
//! statements of a thousand; DRAIN a client that reads the target's rows; UPDATE the changed rows loaded into a temporary
//! table and set by one statement that joins it, which no cut and no lock of a buyer's survives. Each case is the real binary, its memory the
//! process's own peak (VmHWM, Linux only). The servers' own work is in every case: on two cores they share them with
//! ponte.

mod measure;
#[path = "../tests/support/mod.rs"]
mod support;

use measure::{Asked, Subject, copy, mariadb, statement, timed};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::time::Duration;
use support::servers::{self, Database};

const COLUMNS: &str = "sku, name, description, barcode, brand, unit, weight, length, width, height, price, active, updated_at";
const ROWS: u64 = 1_000_000;
/// Rows of one INSERT of the limit that is measured.
const INSERT_ROWS: usize = 1000;

fn main() {
    let asked = Asked::read();
    let rows = asked.number(ROWS);
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
    let dir = tempfile::tempdir().expect("a folder for the projects");
    let proxies = asked.proxies(&source, &target);
    let addresses = measure::addresses(&source, &target, proxies.as_ref());
    let subject = |name: &str, from: &str| {
        let folder = dir.path().join(name);
        Subject::new(folder, &project(&addresses, from), proxies.as_ref())
    };
    let ponte = subject("snapshot", "");
    let by_time = subject(
        "time",
        ", watermark = \"updated_at >= :since\", changes = \"timestamp\"",
    );

    let limits = Limits::measure(&source, &target, dir.path());
    println!("{rows} rows; {limits}");
    let Limits {
        copy,
        load,
        insert,
        drain,
    } = limits;
    let sync =
        |case: &str, limit: Duration, what: &str| ponte.run(&["sync"]).report(case, limit, what);

    on_target("TRUNCATE TABLE articles");
    on_target("SET GLOBAL local_infile = 0");
    sync(
        "first load, no local_infile",
        copy + insert,
        "COPY + INSERT",
    );
    on_target("TRUNCATE TABLE articles");
    ponte.forget();
    on_target("SET GLOBAL local_infile = 1");
    sync("first load, local_infile", copy + load, "COPY + LOAD");
    sync("nothing changed", copy, "COPY");
    on_source("ALTER TABLE articles ALTER sku TYPE text COLLATE \"en-x-icu\"");
    on_source("ANALYZE articles");
    sync("nothing changed, ICU collation", copy, "COPY");
    let by_hand = |which: &str| {
        let set = timed(|| update(&source, &target, dir.path(), which));
        println!("UPDATE of {which}: {:.2} s", set.as_secs_f64());
    };
    by_hand("%33");
    on_source("UPDATE articles SET price = price + 1 WHERE sku LIKE '%77'");
    sync("1% changed", copy, "COPY");
    on_target("UPDATE articles SET price = price - 1 WHERE sku LIKE '%33'");
    by_hand("%3");
    on_target("UPDATE articles SET price = price - 1 WHERE sku LIKE '%3'");
    on_source("UPDATE articles SET price = price + 1 WHERE sku LIKE '%7'");
    sync("10% changed", copy, "COPY");
    let limit = copy + drain;
    let whole = |case: &str, args: &[&str]| ponte.run(args).report(case, limit, "COPY + DRAIN");
    whole("resync, nothing different", &["resync"]);
    whole("verify, nothing different", &["verify"]);
    on_target("UPDATE articles SET price = price + 1 WHERE sku LIKE '%3'");
    ponte.run(&["resync"]).report(
        "resync, 10% different",
        limit + load / 10,
        "COPY + DRAIN + LOAD of a tenth",
    );
    // The first run by time reads everything.
    by_time.run(&["sync"]);
    on_source(
        "UPDATE articles SET price = price + 1, updated_at = date_trunc('second', now()) WHERE sku LIKE '%77'",
    );
    let run = by_time.run(&["sync"]);
    run.report("1% changed, by time", copy, "COPY");
    if asked.word("tenfold") {
        ponte.run(&["sync"]);
        let unchanged = ponte.run(&["sync"]).time();
        let all = format!("SELECT {COLUMNS} FROM articles");
        let copied = || timed(|| measure::copy(&source, &all, Path::new("/dev/null")));
        let one = copied();
        on_source(&fill(rows + 1, 10 * rows));
        ponte.run(&["sync"]);
        let ten = copied();
        println!(
            "COPY of ten times the rows: {:.2} s = {:.1} x COPY of the rows as they are by now",
            ten.as_secs_f64(),
            ten.as_secs_f64() / one.as_secs_f64()
        );
        let run = ponte.run(&["sync"]);
        run.report(
            "nothing changed, ten times the rows",
            unchanged,
            "(nothing changed)",
        );
    }
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
        let rows = format!(
            "SELECT {} FROM articles",
            COLUMNS.replace("active", "active::int")
        );
        let copied = timed(|| copy(source, &rows, Path::new("/dev/null")));
        copy(source, &rows, &file);
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
             active boolean, updated_at timestamp NOT NULL);
         CREATE INDEX IF NOT EXISTS articles_updated_at ON articles (updated_at);
         INSERT INTO articles SELECT 'SKU-' || lpad(n::text, 8, '0'), 'Article number ' || n, repeat(md5(n::text) || ' ', 7),
             lpad(n::text, 13, '0'), 'Brand ' || n % 500, 'pcs', n % 1000 / 7.0, n % 100, n % 90, n % 80, n % 100000 / 13.0,
             n % 10 <> 0, '2026-01-01'::timestamp + n * interval '1 second' FROM generate_series({first}, {last}) n;
         ANALYZE articles;"
    )
}

const TARGET: &str = "CREATE TABLE articles (sku varchar(64) COLLATE utf8mb4_bin PRIMARY KEY, name varchar(200), description text,
    barcode varchar(20), brand varchar(60), unit varchar(10), weight decimal(10,3), length decimal(10,2), width decimal(10,2),
    height decimal(10,2), price decimal(12,4), active tinyint(1), updated_at datetime) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;";

/// `from` is what the flow's source has beside its table and key.
fn project([source, target]: &[String; 2], from: &str) -> String {
    let set: Vec<String> = COLUMNS
        .split(", ")
        .skip(1)
        .map(|column| format!("{column} = \"{column}\""))
        .collect();
    format!(
        "[connection.erp]\nurl = \"{source}\"\n[connection.web]\nurl = \"{target}\"\n[flow.articles]\n\
         from = {{ connection = \"connection.erp\", table = \"articles\", key = [\"sku\"]{from} }}\n\
         to = {{ connection = \"connection.web\", table = \"articles\", match = {{ sku = \"sku\" }}, set = {{ {} }} }}\n",
        set.join(", ")
    )
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

/// Sets the prices of the articles whose sku is like this to one more than they are in the source.
fn update(source: &Database, target: &Database, folder: &Path, like: &str) {
    let file = folder.join("changed.tsv");
    let rows = format!("SELECT sku, price + 1 FROM articles WHERE sku LIKE '{like}'");
    copy(source, &rows, &file);
    let sql = format!(
        "CREATE TEMPORARY TABLE changed (sku varchar(64) COLLATE utf8mb4_bin PRIMARY KEY, price decimal(12,4));
         LOAD DATA LOCAL INFILE '{}' INTO TABLE changed CHARACTER SET utf8mb4;
         UPDATE articles a JOIN changed c ON c.sku = a.sku SET a.price = c.price;",
        file.display()
    );
    statement(target, &sql);
}

fn load(target: &Database, from: &Path) {
    let sql = format!(
        "LOAD DATA LOCAL INFILE '{}' INTO TABLE articles CHARACTER SET utf8mb4 ({COLUMNS})",
        from.display()
    );
    statement(target, &sql);
}
