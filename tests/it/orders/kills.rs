//! The program killed (SIGKILL) and its connection cut while it imports: in the end every order is in the ERP once, whole and
//! with the shop's total.
//!
//! Only hits count. A kill hits if the program stood at a named point, or if a transaction of its was open on the ERP that had
//! written: at random moments the process is stopped (SIGSTOP), the ERP asked, and then killed or let go. On SQLite a
//! transaction that has written has left its journal behind.

use std::collections::BTreeMap;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::place::{Between, Order};
use crate::support::proxy::{COMMIT_POSTGRES, Direction, Fault, Proxy, commit_sqlserver};
use crate::support::{full, seed};
use crate::sync::pair::On;
use crate::{nav, sap};

const POINTS: [&str; 6] = [
    "lease taken",
    "batch begun",
    "record asked",
    "batch without links",
    "batch written",
    "batch committed",
];

/// What PostgreSQL did last in a transaction that was hit, for telling. The rows come in one message, a new customer's first.
const STATEMENTS: [&str; 3] = [
    "UPDATE counters",
    "INSERT INTO \"customers\"",
    "INSERT INTO \"orders\"",
];

/// Orders that are waiting to be imported at once: each run of the program is a short one.
const WAITING: u32 = 8;

/// Kills by what they hit.
type Kills = BTreeMap<String, u32>;

/// Programs that run side by side on each engine, and the hits that each makes.
fn programs(hits: u32) -> (u32, u32) {
    match full() {
        true => (3, hits),
        false => (1, POINTS.len() as u32 * 2),
    }
}

/// Whose orders they become.
#[derive(Clone, Copy)]
enum Erp {
    Reference(On),
    Sap,
    Nav,
}

impl Erp {
    fn on(self) -> On {
        match self {
            Erp::Reference(on) => on,
            Erp::Sap | Erp::Nav => On::SqlServer,
        }
    }

    async fn between(self, test: &str) -> Between {
        match self {
            Erp::Reference(on) => Between::new(test, on, shop_of(on)).await,
            Erp::Sap => sap::orders::between(test, "").await,
            Erp::Nav => nav::orders::between(test, "").await,
        }
    }

    /// Fails on SQL Server while an import has written and not committed; the stand-in cannot tell of other sessions' transactions.
    fn locked(self) -> &'static str {
        match self {
            Erp::Reference(_) => "SET LOCK_TIMEOUT 0; SELECT value FROM counters WITH (UPDLOCK)",
            Erp::Sap | Erp::Nav => {
                "SET LOCK_TIMEOUT 0; SELECT web_reference FROM PONTE_ORDERS WITH (UPDLOCK)"
            }
        }
    }
}

struct Victim {
    between: Between,
    erp: Erp,
    random: StdRng,
    orders: u32,
    kills: Kills,
}

impl Victim {
    async fn new(name: &str, erp: Erp, seed: u64) -> Victim {
        let between = erp.between(&format!("killed {name}")).await;
        let mut victim = Victim {
            between,
            erp,
            random: StdRng::seed_from_u64(seed),
            orders: 0,
            kills: Kills::new(),
        };
        victim.place().await;
        victim
    }

    /// More orders, of different totals.
    async fn place(&mut self) {
        let orders: Vec<Order> = (0..WAITING)
            .map(|n| Order::of_pieces(1001 + self.orders + n, 1 + n % 4))
            .collect();
        self.between.place(&orders).await;
        self.orders += WAITING;
    }

    fn hits(&self) -> u32 {
        self.kills.values().sum()
    }

    /// The point that was hit least, and how often.
    fn rarest(&self) -> (&'static str, u32) {
        let hits = |point: &&'static str| self.kills.get(*point).copied().unwrap_or(0);
        let rarest = POINTS.into_iter().min_by_key(hits);
        rarest.map_or((POINTS[0], 0), |point| (point, hits(&point)))
    }

    /// Kills the program at a random moment at which it has an open transaction; what that did last, or `None` if the
    /// program ended before.
    async fn kill_in_transaction(&mut self) -> Option<String> {
        let mut eye = self.between.erp.client().await;
        let mut running = self.between.project.start(&["sync", "main/order"]);
        while !running.has_ended() {
            let pause = self.random.random_range(1..20);
            tokio::time::sleep(Duration::from_millis(pause)).await;
            running.signal("-STOP");
            let open = match self.erp.on() {
                On::Sqlite => self.between.has_journal().then(String::new),
                On::SqlServer => eye
                    .try_rows(self.erp.locked())
                    .await
                    .is_err()
                    .then(String::new),
                _ => eye.rows(OPEN).await.into_iter().flatten().flatten().next(),
            };
            if let Some(statement) = open {
                running.kill();
                return Some(statement);
            }
            running.signal("-CONT");
        }
        None
    }

    /// So many kills, the points in turn and random moments between them; after each the next run goes on from what is there.
    async fn killed(&mut self, wanted: u32) {
        let mut turn = 0;
        while self.hits() < wanted || self.rarest().1 == 0 {
            turn += 1;
            assert!(turn < wanted * 10, "{:?} in {turn} runs", self.kills);
            self.between.end_leases().await;
            // As many as there are when it is killed, each whole; and the ERP has got no further than the shop.
            let imported = self.between.assert_sound().await;
            if imported == u64::from(self.orders) {
                self.place().await;
            }
            let hit = match turn % 2 {
                0 => {
                    let point = self.rarest().0;
                    let times = match point {
                        "lease taken" => self.random.random_range(1..=2),
                        _ => self.random.random_range(1..=3),
                    };
                    self.between
                        .project
                        .killed_at(&["sync", "main/order"], point, times)
                        .then(|| point.to_owned())
                }
                _ => self.kill_in_transaction().await,
            };
            if let Some(what) = hit {
                let known = STATEMENTS.iter().find(|known| what.starts_with(**known));
                let is_point = POINTS.contains(&what.as_str());
                let what = match known {
                    Some(known) => (*known).to_owned(),
                    None if is_point => what,
                    None => "elsewhere in a transaction".to_owned(),
                };
                *self.kills.entry(what).or_default() += 1;
            }
        }
        self.between.end_leases().await;
        self.between
            .project
            .ponte(&["sync", "main/order"])
            .succeeds();
        self.between.assert_whole(self.orders as usize).await;
    }
}

/// Each with the shop that it is tested beside.
fn shop_of(erp: On) -> On {
    match erp {
        On::SqlServer => On::Mariadb,
        _ => On::Sqlite,
    }
}

/// The last statement of a transaction that has written.
const OPEN: &str = "SELECT a.query FROM pg_stat_activity a WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()
    AND a.backend_xid IS NOT NULL";

/// The programs at work on one engine at once.
async fn killed(erp: Erp, name: &'static str, hits: u32) {
    let seed = seed(&format!("orders::kills::{name}"));
    let (programs, hits) = programs(hits);
    let run = |number: u32| async move {
        let test = format!("{name} {number}");
        let mut victim = Victim::new(&test, erp, seed.wrapping_add(u64::from(number))).await;
        victim.killed(hits).await;
        victim.kills
    };
    let runs: Vec<_> = (0..programs)
        .map(|number| tokio::spawn(run(number)))
        .collect();
    let mut all = Kills::new();
    for run in runs {
        let kills = run.await.unwrap_or_else(|error| panic!("{name}: {error}"));
        for (what, count) in kills {
            *all.entry(what).or_default() += count;
        }
    }
    let count: u32 = all.values().sum();
    println!("{name}: {count} kills: {all:?}");
    assert!(count >= programs * hits);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn killed_at_every_point_on_postgres() {
    killed(Erp::Reference(On::Postgres), "postgres", 56).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn killed_at_every_point_on_sqlite() {
    killed(Erp::Reference(On::Sqlite), "sqlite", 56).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn killed_at_every_point_on_sqlserver() {
    killed(Erp::Reference(On::SqlServer), "sqlserver", 56).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn killed_at_every_point_while_staging_for_sap() {
    killed(Erp::Sap, "sap", 56).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn killed_at_every_point_while_staging_for_nav() {
    killed(Erp::Nav, "nav", 56).await;
}

#[tokio::test]
async fn cut_off_anywhere_on_postgres() {
    cut_off("cut off", On::Postgres, COMMIT_POSTGRES.to_vec()).await;
}

#[tokio::test]
async fn cut_off_anywhere_on_sqlserver() {
    cut_off("cut off sqlserver", On::SqlServer, commit_sqlserver()).await;
}

async fn cut_off(test: &str, on: On, commit: Vec<u8>) {
    let cuts = if full() { 60 } else { 6 };
    let mut random = StdRng::seed_from_u64(seed(&format!("orders::kills::{test}")));
    let mut between = Between::new(test, on, shop_of(on)).await;
    let proxy = Proxy::start(&between.erp.url);
    between.erp_at(&proxy.url(&between.erp.url));
    let mut happened = [0; 3];
    let mut placed: u32 = 0;
    let mut turn = 0;
    while happened.iter().sum::<u32>() < cuts {
        assert!(turn < cuts * 4, "only {happened:?} cuts happened");
        let orders: Vec<Order> = (0..4)
            .map(|n| Order::of_pieces(1001 + placed + n, 1 + n))
            .collect();
        between.place(&orders).await;
        placed += 4;
        let skip = random.random_range(0..4);
        let pattern = commit.clone();
        let kind = turn as usize % happened.len();
        turn += 1;
        proxy.set(match kind {
            // Done, and the answer lost; never heard of; anywhere else.
            0 => Fault::DropAnswer { pattern, skip },
            1 => Fault::CutBefore { pattern, skip },
            _ => Fault::CutAfter {
                direction: Direction::ToServer,
                bytes: random.random_range(2_000..20_000),
            },
        });
        // Cut before its work began, the program may give up; the next run goes on.
        let run = between.project.ponte(&["sync", "main/order"]);
        happened[kind] += u32::from(!proxy.is_armed());
        proxy.clear();
        between.end_leases().await;
        if run.code != Some(0) {
            between.project.ponte(&["sync", "main/order"]).succeeds();
        }
        between.assert_whole(placed as usize).await;
    }
    println!("cuts: answers to COMMIT, COMMITs, anywhere: {happened:?}");
    assert!(happened.iter().all(|cuts| *cuts > 0), "{happened:?}");
}

/// The line to the shop breaks while the ERP is a file: what was read is in the file whole, or not at all.
#[tokio::test]
async fn the_shops_line_cut_anywhere_with_the_erp_on_sqlite() {
    let cuts = if full() { 60 } else { 6 };
    let test = "shop cut off from sqlite";
    let mut random = StdRng::seed_from_u64(seed(&format!("orders::kills::{test}")));
    let mut between = Between::new(test, On::Sqlite, On::Mariadb).await;
    let proxy = Proxy::start(&between.shop.url);
    between.shop_at(&proxy.url(&between.shop.url));
    let mut happened = [0; 2];
    // Cut after the first orders of a run were written.
    let mut half_way = 0;
    let (mut placed, mut turn): (u32, u32) = (0, 0);
    while happened.iter().sum::<u32>() < cuts {
        assert!(turn < cuts * 4, "only {happened:?} cuts happened");
        let orders: Vec<Order> = (0..4)
            .map(|n| Order::of_pieces(1001 + placed + n, 1 + n))
            .collect();
        between.place(&orders).await;
        let before = u64::from(placed);
        placed += 4;
        let kind = turn as usize % happened.len();
        turn += 1;
        proxy.set(match kind {
            0 => Fault::CutAfter {
                direction: Direction::ToServer,
                bytes: random.random_range(500..20_000),
            },
            _ => Fault::CutAfter {
                direction: Direction::ToClient,
                bytes: random.random_range(500..20_000),
            },
        });
        let run = between.project.ponte(&["sync", "main/order"]);
        happened[kind] += u32::from(!proxy.is_armed());
        proxy.clear();
        between.end_leases().await;
        let imported = between.assert_sound().await;
        assert!(!between.has_journal(), "a transaction was left open");
        half_way += u32::from(run.code != Some(0) && imported > before);
        if run.code != Some(0) {
            between.project.ponte(&["sync", "main/order"]).succeeds();
        }
        between.assert_whole(placed as usize).await;
    }
    println!(
        "cuts of the shop's line: to it, from it: {happened:?}; {half_way} after some orders were in"
    );
    assert!(happened.iter().all(|cuts| *cuts > 0), "{happened:?}");
}
