//! Buyers, an ERP and ponte at once, on MariaDB and PostgreSQL: what the shop shows never exceeds the truth, and equals
//! it in the end.
//!
//! Buyers run WooCommerce's statements in WooCommerce's order, each a transaction of its own. Afterwards the judge goes
//! through what the databases recorded. The same run with a planted fault must be found guilty.
//!
//! `PONTE_SEED` repeats a run's decisions (not its timing); `tests/run --full` makes the runs longer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::sync::{Mutex, mpsc};

use super::bench::{Bench, Setup, article};
use super::buyer::{Buyer, Market};
use super::clerk::Clerk;
use super::fault::{Fault, Shared, Side, Watched};
use super::history::{self, ErpHistory};
use super::truth::{Judge, Violation};
use crate::support::client::Client;
use crate::support::full;

pub const ARTICLES: usize = 20;
pub const FIRST_ARTICLE: u64 = 101;
const START_PIECES: i64 = 40;
const BUYERS: usize = 12;

pub fn sku(article: u64) -> String {
    format!("ART-{article}")
}

struct Outcome {
    violations: Vec<Violation>,
    published: u64,
    cycles: u64,
    /// Shown and true pieces of articles that differ after the last cycle.
    wrong_in_the_end: Vec<(u64, i64, i64)>,
    seed: u64,
}

/// A run from opening to closing time, judged.
async fn run(test: &str, orders: u64, fault: Fault, pack: Option<(&str, &str)>) -> Outcome {
    let given = std::env::var("PONTE_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    let seed: u64 = given.unwrap_or_else(rand::random);
    println!("{test}: {orders} orders, {fault:?}, PONTE_SEED={seed}");
    let setup = Setup {
        pack,
        ..Setup::default()
    };
    let mut bench = Bench::servers(test, setup).await;
    watch(&mut bench, fault);
    let history = stock_up(&bench).await;
    let mut shop = bench.shop.client().await;
    history::record(&mut shop).await;

    let done = AtomicBool::new(false);
    let cycles = AtomicU64::new(0);
    let all_cycles = async {
        while !done.load(Ordering::SeqCst) {
            bench.cycle().await;
            cycles.fetch_add(1, Ordering::SeqCst);
        }
    };
    let sale = async {
        let ended = sale(&bench, orders, seed, history).await;
        done.store(true, Ordering::SeqCst);
        ended
    };
    let (clerk, ()) = tokio::join!(sale, all_cycles);
    // The last cycles find everything at rest. A planted fault may keep it from settling.
    for _ in 0..5 {
        if !bench.cycle().await.wrote() {
            break;
        }
    }
    let mut judge = Judge::default();
    let violations = judge.violations(&history::read(&mut shop).await, &clerk.history);
    let outcome = Outcome {
        published: judge.published,
        cycles: cycles.into_inner(),
        wrong_in_the_end: differences(&mut shop, &mut bench.erp.client().await).await,
        violations,
        seed,
    };
    println!(
        "{test}: {} cycles, {} values published, {} times above the truth",
        outcome.cycles,
        outcome.published,
        outcome.violations.len()
    );
    outcome
}

/// Articles on both sides, and the ERP's history from its first version on.
async fn stock_up(bench: &Bench) -> ErpHistory {
    let mut erp = bench.erp.client().await;
    erp.run(
        "CREATE TABLE erp_version (version BIGINT NOT NULL); INSERT INTO erp_version VALUES (0)",
    )
    .await;
    let mut history = ErpHistory::default();
    let pieces = START_PIECES.to_string();
    for id in (FIRST_ARTICLE..).take(ARTICLES) {
        article(bench, id as u32, &sku(id), Some(&pieces), &pieces).await;
        history.changed(0, id, START_PIECES);
    }
    history
}

/// Buyers and the clerk at work until all orders are placed.
async fn sale(bench: &Bench, orders: u64, seed: u64, history: ErpHistory) -> Clerk {
    let (sender, receiver) = mpsc::unbounded_channel();
    let market = Arc::new(Market {
        reserved: Mutex::new(vec![0; ARTICLES]),
        left_to_place: AtomicU64::new(orders),
        placed: sender,
        lost_to_deadlocks: AtomicU64::new(0),
    });
    let mut buyers = tokio::task::JoinSet::new();
    for number in 0..BUYERS as u64 {
        let buyer = Buyer {
            client: bench.shop.client().await,
            market: market.clone(),
            rng: StdRng::seed_from_u64(seed.wrapping_add(number)),
        };
        buyers.spawn(buyer.go_shopping());
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

fn watch(bench: &mut Bench, fault: Fault) {
    let shared = Shared::new(fault);
    for (name, side) in [("erp", Side::Erp), ("shop.main", Side::Shop)] {
        let watched = Watched {
            inner: bench.engines[name].clone(),
            side,
            shared: shared.clone(),
        };
        bench.engines.insert(name.to_owned(), Arc::new(watched));
    }
}

/// Counted from scratch, with plain queries on both sides: articles that show something else than there is.
async fn differences(shop: &mut Client, erp: &mut Client) -> Vec<(u64, i64, i64)> {
    let number = |text: &Option<String>| {
        text.as_deref()
            .expect("a number")
            .parse::<f64>()
            .expect("a number") as i64
    };
    let counted: Vec<u64> = erp
        .rows("SELECT split_part(web_reference, '/', 2) FROM orders WHERE status <> 'draft' AND web_reference IS NOT NULL")
        .await
        .iter()
        .map(|row| number(&row[0]) as u64)
        .collect();
    let held = shop
        .rows(
            "SELECT o.id, p.meta_value, r.meta_value FROM wp_wc_orders o JOIN wp_woocommerce_order_items i ON i.order_id = o.id
             JOIN wp_woocommerce_order_itemmeta p ON p.order_item_id = i.order_item_id AND p.meta_key = '_product_id'
             JOIN wp_woocommerce_order_itemmeta r ON r.order_item_id = i.order_item_id AND r.meta_key = '_reduced_stock'
             WHERE o.status IN ('wc-on-hold', 'wc-processing', 'wc-completed')",
        )
        .await;
    let mut wrong = Vec::new();
    for article in (FIRST_ARTICLE..).take(ARTICLES) {
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
            .filter(|row| {
                number(&row[1]) as u64 == article && !counted.contains(&(number(&row[0]) as u64))
            })
            .map(|row| number(&row[2]))
            .sum();
        let truth = number(&free) - pending;
        let shown = shop.value(&format!("SELECT meta_value FROM wp_postmeta WHERE post_id = {article} AND meta_key = '_stock'")).await;
        if number(&shown) != truth.max(0) {
            wrong.push((article, number(&shown), truth));
        }
    }
    wrong
}

fn orders() -> u64 {
    if full() { 1500 } else { 300 }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_figure_never_exceeds_the_truth_and_equals_it_in_the_end() {
    let outcome = run("stock::buyers::sound", orders(), Fault::None, None).await;
    let seed = outcome.seed;
    assert_eq!(outcome.violations, [], "PONTE_SEED={seed}");
    assert_eq!(
        outcome.wrong_in_the_end,
        [],
        "PONTE_SEED={seed}: article, shown, truth"
    );
    assert!(
        outcome.published > 20 && outcome.cycles > 1,
        "{} values, {} cycles",
        outcome.published,
        outcome.cycles
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_absolute_write_is_found() {
    let outcome = run(
        "stock::buyers::absolute",
        orders(),
        Fault::AbsoluteWrite,
        None,
    )
    .await;
    assert!(
        !outcome.violations.is_empty(),
        "PONTE_SEED={}",
        outcome.seed
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_relative_write_sent_again_is_found() {
    let outcome = run("stock::buyers::resent", orders(), Fault::ResentWrite, None).await;
    assert!(
        !outcome.violations.is_empty(),
        "PONTE_SEED={}",
        outcome.seed
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn completed_orders_forgotten_are_found() {
    let forgotten = Some((
        "o.status IN ('wc-on-hold', 'wc-processing', 'wc-completed')",
        "o.status IN ('wc-on-hold', 'wc-processing')",
    ));
    let outcome = run("stock::buyers::completed", orders(), Fault::None, forgotten).await;
    assert!(
        !outcome.violations.is_empty(),
        "PONTE_SEED={}",
        outcome.seed
    );
}
