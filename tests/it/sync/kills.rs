//! The program killed (SIGKILL) at named points and at random loses nothing and writes nothing twice: after each step one
//! undisturbed run leaves the rows of a pair that nothing ever disturbed.
//!
//! A kill counts if the program stood at a named point, or if the target's server held an open transaction of its that
//! had written: at random moments the process is stopped (SIGSTOP), the server asked, and then killed or let go.

use std::collections::BTreeMap;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::support::client::Client;
use crate::support::pipeline::{dump, same_dump};
use crate::support::project::Project;
use crate::support::servers::{self, Database};
use crate::support::{full, seed};

use super::cells::{Cells, changes};
use super::pair::{On, database};
use super::shop::{cells_of, fill, project};

/// Kills on each engine, at least.
const KILLS_FULL: u32 = 170;
const KILLS: u32 = 4;
/// Tries to hit the program in one step, at most.
const TRIES_A_STEP: u32 = 10;
/// How long the server may take to tell of a transaction, and the program to reach a point.
const STUCK: Duration = Duration::from_secs(60);

const POINTS: [&str; 8] = [
    "lease taken",
    "batch begun",
    "batch without links",
    "batch written",
    "batch committed",
    "snapshot merged",
    "snapshot moved",
    "gone written",
];
const GONE_COMMITTED: &str = "gone committed";
/// What is hit at a random moment.
const OPEN: &str = "open transaction";
/// In a shop only: a category's count of articles.
const GROUPS: &str = "groups written";
const STOCK_POINTS: [&str; 5] = [
    "lease taken",
    "stock without derived rows",
    "stock written",
    "stock committed",
    "stock groups written",
];

/// More articles, so that every step has some of its own: a hundred, by threes.
fn articles() -> Vec<String> {
    let numbers = (100..=397).step_by(3);
    let rows: Vec<String> = numbers
        .map(|n| format!("('M-{n}', 'IVA22', {n})"))
        .collect();
    let first = format!(
        "INSERT INTO articles (sku, tax_class, weight) VALUES {}",
        rows.join(", ")
    );
    let others = [
        "INSERT INTO article_texts (sku, language, name) SELECT sku, 'en', 'Article ' || sku FROM articles WHERE sku LIKE 'M-%'",
        "INSERT INTO article_categories (sku, category_id) SELECT sku, 'D' FROM articles WHERE sku LIKE 'M-%'",
        "INSERT INTO prices (sku, list, amount, sale_amount) SELECT sku, 'public', '10', '9' FROM articles WHERE sku LIKE 'M-%'",
        "INSERT INTO stock (sku, warehouse, quantity) SELECT sku, 'WH', 5 FROM articles WHERE sku LIKE 'M-%'",
    ];
    [first]
        .into_iter()
        .chain(others.map(str::to_owned))
        .collect()
}

const ROWS: &str = "CREATE TABLE source (code INTEGER PRIMARY KEY, name TEXT, pieces INTEGER);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) INSERT INTO source SELECT i, 'name ' || i, 5 FROM n";
/// No unique key vouches for the rows, so that a batch written twice would show.
const TARGET: &str =
    "CREATE TABLE target (id serial PRIMARY KEY, code integer, name text, pieces integer)";

/// What happens between two undisturbed runs.
struct Step {
    source: Vec<String>,
    target: Vec<String>,
    run: &'static [&'static str],
    points: Vec<&'static str>,
}

const SYNC: &[&str] = &["sync", "--no-progress"];
const RESYNC: &[&str] = &["resync", "--no-progress"];
const STOCK: &[&str] = &["sync", "stock", "--no-progress"];

/// First load, then cycles, stock and full comparisons in turn.
fn step(on: On, number: u32) -> Step {
    let all: Vec<&str> = POINTS.into_iter().chain([GONE_COMMITTED]).collect();
    let (source, target, run, points): (Vec<String>, Vec<String>, _, _) = match (
        on,
        number,
        number % 3,
    ) {
        (On::Postgres, 0, _) => (vec![], vec![], SYNC, POINTS[..7].to_vec()),
        (_, 0, _) => {
            let points = POINTS[..7].iter().copied().chain([GROUPS]);
            (vec![], vec![], SYNC, points.collect())
        }
        (On::Postgres, _, 0) => (
            vec![],
            vec![format!(
                "UPDATE target SET name = 'by hand {number}' WHERE code % 2 = 0"
            )],
            RESYNC,
            all,
        ),
        (On::Postgres, _, _) => (
            vec![
                format!(
                    "UPDATE source SET name = 'now {number}' || code, pieces = {number} WHERE code % 3 = {}",
                    number % 3
                ),
                format!(
                    "DELETE FROM source WHERE code BETWEEN {} AND {}",
                    3 * number,
                    3 * number + 1
                ),
            ],
            vec![],
            SYNC,
            all,
        ),
        (_, _, 0) => (
            vec![format!(
                "UPDATE prices SET amount = {number} WHERE sku LIKE 'M-2%'"
            )],
            vec![format!(
                "UPDATE wp_posts SET post_title = 'By hand {number}' WHERE post_name LIKE 'article-m-1%'"
            )],
            RESYNC,
            POINTS[..7].to_vec(),
        ),
        (_, _, 1) => (
            vec![
                format!(
                    "UPDATE article_texts SET name = 'Now {number} ' || sku WHERE sku LIKE 'M-3%' OR sku = 'TOOL-1'"
                ),
                format!("UPDATE prices SET amount = {number} + 1 WHERE sku LIKE 'M-1%'"),
                format!(
                    "DELETE FROM stock WHERE sku LIKE 'M-{}_'",
                    39 - number / 3 % 30
                ),
                format!(
                    "DELETE FROM articles WHERE sku LIKE 'M-{}_'",
                    39 - number / 3 % 30
                ),
            ],
            vec![],
            SYNC,
            all.into_iter().chain([GROUPS]).collect(),
        ),
        (_, _, _) => (
            // One is out of stock in every other of these steps.
            vec![format!(
                "UPDATE stock SET quantity = CASE sku WHEN 'M-100' THEN {} ELSE {number} + 10 END WHERE sku LIKE 'M-%' OR sku = 'TOOL-2'",
                number / 3 % 2
            )],
            vec![],
            STOCK,
            STOCK_POINTS.to_vec(),
        ),
    };
    Step {
        source,
        target,
        run,
        points,
    }
}

/// In every other step of those with records that are gone: where to kill first. Once they are dealt with there is nothing
/// more to stop at.
fn gone_first(step: &Step, number: u32) -> Option<&'static str> {
    let has_gone = step.points.contains(&GONE_COMMITTED);
    let turn = number / 3;
    (has_gone && turn % 2 == 1).then_some(match turn % 4 {
        1 => GONE_COMMITTED,
        _ => "gone written",
    })
}

/// What the target holds, in a form in which two can be compared.
#[derive(PartialEq)]
enum Held {
    Cells(Cells),
    Rows(Vec<String>),
}

impl Held {
    #[track_caller]
    fn expect(&self, found: &Held, claim: &str) {
        match (self, found) {
            (Held::Cells(expected), Held::Cells(found)) => {
                let differ = changes(expected, found);
                assert!(differ.is_empty(), "{claim}:\n{differ}");
            }
            (Held::Rows(expected), Held::Rows(found)) => same_dump(expected, found, claim),
            _ => panic!("{claim}: two kinds of pairs"),
        }
    }
}

struct Bench {
    on: On,
    source: Database,
    target: Database,
    project: Project,
}

impl Bench {
    async fn new(test: &str, (from, on): (On, On)) -> Bench {
        let source = database(from, &format!("{test} source")).await;
        let target = database(on, &format!("{test} target")).await;
        let mut project_of = Project::new();
        // The servers' own URLs carry a password, which a project file may only name.
        let url = servers::without_secrets(&target.url);
        let text = match on {
            On::Postgres => {
                source.client().await.load(ROWS).await;
                target.client().await.run(TARGET).await;
                format!(
                    "[connection.a]\nurl = \"{}\"\n[connection.b]\nurl = \"{url}\"\n[flow.x]\n\
                     from = {{ connection = \"connection.a\", table = \"source\", key = [\"code\"] }}\n[flow.x.to]\n\
                     connection = \"connection.b\"\ntable = \"target\"\nmatch = {{ code = \"code\" }}\n\
                     set = {{ name = \"name\", pieces = \"pieces\" }}\ngone = \"delete\"\nguard = {{ percent = 100 }}\n",
                    source.url
                )
            }
            _ => {
                fill(&source, &target).await;
                let mut client = source.client().await;
                for statement in articles() {
                    client.run(&statement).await;
                }
                let guard = "[shop.main.article]\nguard = { percent = 100 }\n";
                project(&servers::without_secrets(&source.url), &url) + guard
            }
        };
        project_of.file("ponte.toml", &text);
        project_of.env("PASSWORD", "ponte");
        project_of.env("SA_PASSWORD", &servers::sa_password());
        project_of.ponte(&["setup", "--run"]).succeeds();
        project_of.ponte(&["match", "--accept"]);
        Bench {
            on,
            source,
            target,
            project: project_of,
        }
    }

    async fn change(&self, step: &Step) {
        for (database, statements) in [(&self.source, &step.source), (&self.target, &step.target)] {
            let mut client = database.client().await;
            for statement in statements {
                client.run(statement).await;
            }
        }
    }

    /// A dead process keeps its lease for a minute; the test does not wait.
    async fn end_leases(&self) {
        for database in [&self.source, &self.target] {
            let table = match database.url.split(':').next() {
                Some("postgres" | "sqlserver") => "ponte.lease",
                _ => "ponte_lease",
            };
            let mut client = database.client().await;
            // A project's own flow has a lease on its target only.
            let _ = client
                .try_run(&format!("UPDATE {table} SET owner = NULL"))
                .await;
        }
    }

    /// Runs the program to its end, and returns what the target holds then.
    async fn undisturbed(&self, step: &Step) -> Held {
        self.end_leases().await;
        let outcome = self.project.ponte(step.run);
        // 4: two variations that sell from one figure are for a person to look at.
        assert!(matches!(outcome.code, Some(0 | 4)), "{outcome}");
        self.held().await
    }

    async fn held(&self) -> Held {
        match self.on {
            On::Postgres => {
                let sql = "SELECT code, name, pieces FROM target ORDER BY code, id";
                let rows = self.target.client().await.rows(sql).await;
                Held::Rows(rows.iter().map(|row| format!("{row:?}")).collect())
            }
            _ => Held::Cells(cells_of(&self.target).await),
        }
    }

    /// Stops the program at a point and kills it there; false if it ended before.
    async fn kill_at(&mut self, step: &Step, point: &str, times: u32) -> bool {
        let file = self.project.path("stopped");
        let _ = std::fs::remove_file(&file);
        let stop = format!("{point}:{times}:{}", file.display());
        self.project.env("PONTE_STOP_AT", &stop);
        let mut running = self.project.start(step.run);
        self.project.env("PONTE_STOP_AT", "");
        let hit = tokio::time::timeout(STUCK, async {
            while !file.exists() {
                if running.has_ended() {
                    return false;
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            true
        });
        let hit = hit
            .await
            .unwrap_or_else(|_| panic!("{point}: the program is stuck"));
        running.kill();
        hit
    }

    /// Kills the program at a random moment at which it has an open transaction; false if it ended before.
    async fn kill_in_transaction(&mut self, step: &Step, random: &mut StdRng) -> bool {
        let mut eye = self.target.client().await;
        let mut running = self.project.start(step.run);
        let first = random.random_range(20..600);
        tokio::time::sleep(Duration::from_millis(first)).await;
        while !running.has_ended() {
            running.signal("-STOP");
            if self.has_written(&mut eye).await {
                running.kill();
                return true;
            }
            running.signal("-CONT");
            let next = random.random_range(1..15);
            tokio::time::sleep(Duration::from_millis(next)).await;
        }
        false
    }

    /// Whether somebody has an open transaction on the target that has written.
    async fn has_written(&self, eye: &mut Client) -> bool {
        let sql = match self.on {
            On::Postgres => {
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_xid IS NOT NULL"
            }
            On::Mariadb => return has_written_to_innodb(eye).await,
            On::SqlServer => unreachable!("it is no target of these"),
            On::Sqlite => {
                return match eye.try_run("BEGIN IMMEDIATE").await {
                    Ok(_) => {
                        eye.run("ROLLBACK").await;
                        false
                    }
                    Err(_) => true,
                };
            }
        };
        eye.value(sql).await.as_deref() != Some("0")
    }
}

/// By the engine's own report: what `INNODB_TRX` tells is renewed only when nobody has asked for 100 ms.
async fn has_written_to_innodb(eye: &mut Client) -> bool {
    let sessions = "SELECT ID FROM information_schema.PROCESSLIST WHERE DB = database() AND ID <> connection_id()";
    let sessions = eye.rows(sessions).await;
    let status = eye.rows("SHOW ENGINE INNODB STATUS").await;
    let status = status[0][2].as_deref().unwrap_or_default();
    let open = status.split("---TRANSACTION").skip(1);
    let written: Vec<&str> = open
        .filter(|one| one.contains("undo log entries"))
        .collect();
    sessions.iter().flatten().flatten().any(|session| {
        let thread = format!("MariaDB thread id {session},");
        written.iter().any(|one| one.contains(&thread))
    })
}

/// Kills by what they hit.
type Kills = BTreeMap<String, u32>;

async fn killed(between: (On, On), name: &str, wanted: u32, seed: u64) -> Kills {
    let mut random = StdRng::seed_from_u64(seed);
    let test = format!("sync::kills::{name}");
    let on = between.1;
    let right = Bench::new(&format!("{test} right"), between).await;
    let mut bench = Bench::new(&test, between).await;
    let mut kills = Kills::new();
    let mut count = 0;
    let mut number = 0;
    // Every kind of step at least once.
    while count < wanted || number < 4 {
        let step = step(on, number);
        let claim = format!("seed {seed}, {name}, step {number}: {:?}", step.run);
        right.change(&step).await;
        bench.change(&step).await;
        let expected = right.undisturbed(&step).await;
        let tries = if full() { TRIES_A_STEP } else { 2 };
        for attempt in 0..tries {
            bench.end_leases().await;
            let (what, hit) = match attempt % 2 {
                0 => {
                    let (point, times) = match gone_first(&step, number).filter(|_| attempt == 0) {
                        Some(point) => (point, 1),
                        None if random.random_bool(0.5) => {
                            // The points in turn, so that each is met.
                            let turn = number + attempt / 2 * 3 + number / 3;
                            let point = step.points[turn as usize % step.points.len()];
                            (point, random.random_range(1..=2))
                        }
                        // Or what was met least; not every step of a kind comes to each of its points.
                        None => {
                            let met = |point: &&&str| kills.get(**point).copied().unwrap_or(0);
                            let point = step.points.iter().min_by_key(met);
                            (*point.expect("a step has points"), 1)
                        }
                    };
                    (point, bench.kill_at(&step, point, times).await)
                }
                _ => (OPEN, bench.kill_in_transaction(&step, &mut random).await),
            };
            if hit {
                *kills.entry(what.to_owned()).or_default() += 1;
                count += 1;
            }
        }
        let found = bench.undisturbed(&step).await;
        expected.expect(&found, &claim);
        number += 1;
    }
    let last = step(on, 3);
    let before = dump(&mut bench.target.client().await).await;
    bench.undisturbed(&last).await;
    let after = dump(&mut bench.target.client().await).await;
    same_dump(
        &before,
        &after,
        &format!("seed {seed}, {name}: one run more"),
    );
    kills
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn killed_at_any_moment() {
    let seed = seed("sync::kills");
    let wanted = if full() { KILLS_FULL } else { KILLS };
    let runs = [
        ((On::Sqlite, On::Sqlite), "sqlite"),
        ((On::Sqlite, On::Mariadb), "mariadb"),
        ((On::Sqlite, On::Postgres), "postgres"),
        ((On::SqlServer, On::Mariadb), "from sqlserver to mariadb"),
    ];
    let count = runs.len() as u32;
    let runs =
        runs.map(|(between, name)| (name, tokio::spawn(killed(between, name, wanted, seed))));
    let mut all = Kills::new();
    for (name, run) in runs {
        let kills = run.await.unwrap_or_else(|error| panic!("{name}: {error}"));
        println!("{name}: {kills:?}");
        assert!(
            !full() || kills.contains_key(OPEN),
            "{name}: no open transaction was hit"
        );
        for (what, count) in kills {
            *all.entry(what).or_default() += count;
        }
    }
    let kills: u32 = all.values().sum();
    println!("{kills} kills: {all:?}");
    assert!(kills >= count * wanted, "{kills} kills");
    if full() {
        for point in POINTS
            .iter()
            .chain(&STOCK_POINTS)
            .chain(&[GONE_COMMITTED, GROUPS])
        {
            assert!(all.contains_key(*point), "nothing was killed at `{point}`");
        }
    }
}
