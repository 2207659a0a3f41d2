//! Buyers, an ERP and ponte at once, on MariaDB and PostgreSQL, or SQL Server: what the shop shows never exceeds the truth, and equals
//! it in the end.
//!
//! Buyers run their shop's statements in their shop's order, each a transaction of its own or each order one. Afterwards
//! the judge goes through what the databases recorded. The same run with a planted fault must be found guilty.
//!
//! `PONTE_SEED` repeats a run's decisions (not its timing); `tests/run --full` makes the runs longer.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::sync::{Mutex, mpsc};

use super::bench::{Bench, Setup, erp_article};
use super::clerk::Clerk;
use super::fault::{Fault, Shared, Side, Watched};
use super::hand::{Hand, Market};
use super::history::{self, By, ErpHistory, Event};
use super::system::System;
use super::truth::{Judge, Span, Undone, Violation, too_early};
use crate::support::client::Client;
use crate::support::full;
use crate::sync::pair::On;

pub const FIRST_ARTICLE: u64 = 101;
const START_PIECES: i64 = 60;
const BUYERS: usize = 12;
/// A sale that takes longer stands still.
const SALE_MAX: Duration = Duration::from_secs(600);

pub fn articles() -> usize {
    if full() { 50 } else { 20 }
}

/// Orders of a run that must be found sound; one with a planted fault needs no more than the short run.
pub fn orders() -> u64 {
    if full() { 1000 } else { 300 }
}

pub fn sku(article: u64) -> String {
    format!("ART-{article}")
}

fn article_of(sku: &str) -> u64 {
    let number = sku.strip_prefix("ART-");
    number.expect("an article").parse().expect("its number")
}

/// A run from opening to closing time.
pub struct Run<'a> {
    pub test: &'a str,
    pub system: &'static dyn System,
    pub orders: u64,
    pub fault: Fault,
    /// See [`Setup`].
    pub pack: &'a [(&'a str, &'a str)],
    pub more: &'a str,
    /// Each order is one transaction.
    pub whole: bool,
    /// The `[shop]`s in which buyers buy, all of them in one database.
    pub shops: &'static [&'static str],
    /// What the ERP is on.
    pub erp: On,
    /// Between two cycles.
    pub rest: Duration,
}

pub struct Outcome {
    pub violations: Vec<Violation>,
    pub undone: Vec<Undone>,
    /// What sales undid of what ponte had called settled.
    pub too_early: Vec<Undone>,
    pub published: u64,
    pub cycles: u64,
    /// Shown and true pieces of articles that differ after the last cycle.
    pub wrong_in_the_end: Vec<(u64, i64, i64)>,
    /// Rows beside the figures that do not agree with them then.
    pub disagreements: Vec<String>,
    pub seed: u64,
}

impl Outcome {
    pub fn is_sound(&self) {
        let seed = self.seed;
        assert_eq!(self.violations, [], "PONTE_SEED={seed}");
        assert_eq!(self.too_early, [], "PONTE_SEED={seed}");
        assert_eq!(
            self.wrong_in_the_end,
            [],
            "PONTE_SEED={seed}: article, shown, truth"
        );
        assert_eq!(
            self.disagreements,
            Vec::<String>::new(),
            "PONTE_SEED={seed}"
        );
        assert!(
            self.published > 20 && self.cycles > 1,
            "{} values, {} cycles",
            self.published,
            self.cycles
        );
    }

    pub fn is_guilty(&self) {
        let found = self.violations.len() + self.too_early.len();
        assert!(found > 0, "PONTE_SEED={}", self.seed);
    }
}

impl<'a> Run<'a> {
    pub fn new(test: &'a str, system: &'static dyn System, orders: u64) -> Run<'a> {
        Run {
            test,
            system,
            orders,
            fault: Fault::None,
            pack: &[],
            more: "",
            whole: false,
            shops: &["main"],
            erp: On::Postgres,
            rest: Duration::ZERO,
        }
    }

    /// What it came to, judged.
    pub async fn outcome(self) -> Outcome {
        let test = self.test;
        let given = std::env::var("PONTE_SEED")
            .ok()
            .and_then(|seed| seed.parse().ok());
        let seed: u64 = given.unwrap_or_else(rand::random);
        println!(
            "{test}: {} orders, {:?}, PONTE_SEED={seed}",
            self.orders, self.fault
        );
        let setup = Setup {
            system: Some(self.system),
            pack: self.pack,
            more: self.more,
            ..Setup::default()
        };
        let mut bench = Bench::with_erp(self.erp, test, setup).await;
        let shared = watch(&mut bench, self.fault);
        let history = self.stock_up(&bench).await;
        let mut shop = bench.shop.client().await;
        history::record(&mut shop, self.system).await;

        let done = AtomicBool::new(false);
        let so_far = Arc::new(AtomicU64::new(0));
        let mut onlooker = bench.shop.client().await;
        let all_cycles = async {
            let mut cycles = Vec::new();
            while !done.load(Ordering::SeqCst) {
                let began = history::position(&mut onlooker).await;
                let first = shared.looks().len();
                let mut unsettled = Vec::new();
                for name in self.shops {
                    unsettled.extend(bench.cycle_of(name).await.unsettled);
                }
                cycles.push(Span {
                    began,
                    looks: first..shared.looks().len(),
                    unsettled: unsettled.iter().map(|sku| article_of(sku)).collect(),
                });
                so_far.fetch_add(1, Ordering::SeqCst);
                tokio::time::sleep(self.rest).await;
            }
            cycles
        };
        let sale = async {
            let ended = self.sale(&bench, seed, history, so_far.clone()).await;
            done.store(true, Ordering::SeqCst);
            ended
        };
        // Whoever stands still goes on doing so while it is told.
        let mut both = std::pin::pin!(async { tokio::join!(sale, all_cycles) });
        let Ok((clerk, cycles)) = tokio::time::timeout(SALE_MAX, both.as_mut()).await else {
            let cycles = so_far.load(Ordering::SeqCst);
            tell_standstill(&bench).await;
            panic!("the sale does not end, {cycles} cycles so far, PONTE_SEED={seed}");
        };
        // The last cycles find everything at rest. A planted fault may keep it from settling.
        for _ in 0..5 {
            let mut wrote = false;
            for name in self.shops {
                wrote |= bench.cycle_of(name).await.wrote();
            }
            if !wrote {
                break;
            }
        }
        let promises = |status: &str| self.system.promises(status);
        let looks = shared.looks();
        let mut judge = Judge::new(&promises, &looks);
        let events = history::read(&mut shop).await;
        let violations = judge.violations(&events, &clerk.history);
        if self.fault == Fault::None {
            violations
                .iter()
                .for_each(|one| tell(one, &events, &clerk.history));
        }
        let mut erp = bench.erp.client().await;
        let outcome = Outcome {
            published: judge.published,
            too_early: match self.whole {
                // What is under way cannot be seen before it is done.
                true => Vec::new(),
                false => too_early(&judge.undone, &cycles, &looks),
            },
            undone: judge.undone,
            cycles: cycles.len() as u64,
            wrong_in_the_end: differences(self.system, &mut shop, &mut erp).await,
            disagreements: self.system.disagreements(&mut shop).await,
            violations,
            seed,
        };
        println!(
            "{test}: {} cycles, {} values published, {} undone by the shop, {} of them too late to be seen, {} times above the truth",
            outcome.cycles,
            outcome.published,
            outcome.undone.len(),
            outcome.too_early.len(),
            outcome.violations.len()
        );
        outcome
    }

    /// Articles on both sides, and the ERP's history from its first version on.
    async fn stock_up(&self, bench: &Bench) -> ErpHistory {
        let mut erp = bench.erp.client().await;
        erp.run("CREATE TABLE erp_version (version BIGINT NOT NULL)")
            .await;
        erp.run("INSERT INTO erp_version VALUES (0)").await;
        let mut history = ErpHistory::default();
        let mut shop = bench.shop.client().await;
        for id in (FIRST_ARTICLE..).take(articles()) {
            erp_article(bench, &sku(id), &START_PIECES.to_string()).await;
            let system = self.system;
            system
                .add_article(&mut shop, id, &sku(id), START_PIECES)
                .await;
            history.changed(0, id, START_PIECES);
        }
        history
    }

    /// Buyers and the clerk at work until all orders are placed.
    async fn sale(
        &self,
        bench: &Bench,
        seed: u64,
        history: ErpHistory,
        cycles: Arc<AtomicU64>,
    ) -> Clerk {
        let (sender, receiver) = mpsc::unbounded_channel();
        let market = Arc::new(Market {
            system: self.system,
            reserved: Mutex::new(vec![0; articles()]),
            left_to_place: AtomicU64::new(self.orders),
            cycles,
            placed: sender,
            lost_to_deadlocks: AtomicU64::new(0),
        });
        let mut buyers = tokio::task::JoinSet::new();
        for number in 0..BUYERS {
            let hand = Hand {
                client: bench.shop.client().await,
                market: market.clone(),
                rng: StdRng::seed_from_u64(seed.wrapping_add(number as u64)),
                shop: self.shops[number % self.shops.len()],
                whole: self.whole,
            };
            buyers.spawn(hand.go_shopping());
        }
        let closed = Arc::new(AtomicBool::new(false));
        let clerk = Clerk {
            client: bench.erp.client().await,
            rng: StdRng::seed_from_u64(seed.wrapping_sub(1)),
            history,
            version: 0,
            placed: receiver,
            unknown: Vec::new(),
            drafts: Vec::new(),
            open: Vec::new(),
        };
        let clerk = tokio::spawn(clerk.work(closed.clone()));
        while let Some(buyer) = buyers.join_next().await {
            buyer.expect("a buyer does not panic");
        }
        closed.store(true, Ordering::SeqCst);
        let lost = market.lost_to_deadlocks.load(Ordering::SeqCst);
        println!("{lost} statements of buyers lost to deadlocks and were sent again");
        clerk.await.expect("the clerk does not panic")
    }
}

/// What the servers are busy with, and who waits for whom at the shop's.
async fn tell_standstill(bench: &Bench) {
    const SHOP: [&str; 4] = [
        "SELECT * FROM information_schema.processlist WHERE db = DATABASE()",
        "SELECT * FROM information_schema.innodb_trx",
        "SELECT * FROM information_schema.innodb_lock_waits",
        "SELECT * FROM information_schema.innodb_locks",
    ];
    const ERP: &str =
        "SELECT pid, state, wait_event_type, wait_event, CAST(now() - query_start AS text), query
                       FROM pg_stat_activity WHERE datname = current_database()";
    async fn print(sql: &str, client: &mut Client) {
        println!("{sql}");
        for row in client.rows(sql).await {
            println!("  {row:?}");
        }
    }
    let mut shop = bench.shop.client().await;
    let mut erp = bench.erp.client().await;
    for sql in SHOP {
        print(sql, &mut shop).await;
    }
    if let Client::Postgres(_) = erp {
        print(ERP, &mut erp).await;
    }
}

/// What happened to the article until its figure exceeded the truth.
fn tell(violation: &Violation, events: &[Event], erp: &ErpHistory) {
    const TOLD: usize = 60;
    let article = violation.article;
    let before = || events.iter().enumerate().take(violation.at + 1);
    let mut orders = BTreeSet::new();
    for (_, event) in before() {
        match event {
            Event::Figure {
                article: of,
                by: By::Order { order, .. },
                ..
            }
            | Event::Smaller {
                article: of, order, ..
            } if *of == article => drop(orders.insert(*order)),
            _ => {}
        }
    }
    let of_article: Vec<_> = before()
        .filter(|(_, event)| match event {
            Event::Figure { article: of, .. } | Event::Smaller { article: of, .. } => {
                *of == article
            }
            Event::Status { order, .. } => orders.contains(order),
        })
        .collect();
    println!("{violation:?}");
    for (at, event) in &of_article[of_article.len().saturating_sub(TOLD)..] {
        println!("  {at}: {event:?}");
    }
    if let By::Ponte { version, .. } = violation.by {
        let counted = orders
            .iter()
            .filter(|order| erp.counted_at(version, **order));
        let counted: Vec<&u64> = counted.collect();
        println!(
            "  free in the ERP at {version}: {}, counted: {counted:?}",
            erp.at(version, article)
        );
    }
}

pub fn watch(bench: &mut Bench, fault: Fault) -> Arc<Shared> {
    let shared = Shared::new(fault);
    for (name, engine) in &mut bench.engines {
        let side = match name.as_str() {
            "erp" => Side::Erp,
            _ => Side::Shop,
        };
        *engine = Arc::new(Watched {
            inner: engine.clone(),
            side,
            shared: shared.clone(),
        });
    }
    shared
}

/// Counted from scratch, with plain queries on both sides: articles that show something else than there is.
pub async fn differences(
    system: &dyn System,
    shop: &mut Client,
    erp: &mut Client,
) -> Vec<(u64, i64, i64)> {
    let number = |text: &Option<String>| {
        text.as_deref()
            .expect("a number")
            .parse::<f64>()
            .expect("a number") as i64
    };
    let counted: Vec<u64> = erp
        .rows("SELECT web_reference FROM orders WHERE status <> 'draft' AND web_reference IS NOT NULL")
        .await
        .iter()
        .map(|row| {
            let (_, order) = row[0].as_deref().and_then(|text| text.split_once('/')).expect("a reference");
            order.parse().expect("the number of an order")
        })
        .collect();
    let held = system.held(shop).await;
    let mut wrong = Vec::new();
    for article in (FIRST_ARTICLE..).take(articles()) {
        let sku = sku(article);
        let free = erp
            .value(&format!(
                "SELECT (SELECT SUM(quantity) FROM stock WHERE sku = '{sku}')
                        - COALESCE((SELECT SUM(l.quantity - l.delivered_quantity) FROM order_lines l JOIN orders o ON o.number = l.order_number
                                    WHERE l.sku = '{sku}' AND o.status = 'confirmed'), 0)"
            ))
            .await;
        let pending: i64 = held
            .iter()
            .filter(|(order, held, _)| *held == article && !counted.contains(order))
            .map(|(.., pieces)| pieces)
            .sum();
        let truth = number(&free) - pending;
        let shown = system.shown(shop, article).await;
        if shown != truth.max(0) {
            wrong.push((article, shown, truth));
        }
    }
    wrong
}
