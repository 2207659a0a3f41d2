//! Buyers, an ERP and ponte at once, on MariaDB and PostgreSQL: what the shop shows never exceeds the truth, and equals
//! it in the end.
//!
//! Buyers run WooCommerce's statements in WooCommerce's order, each a transaction of its own. Afterwards the judge goes
//! through what the databases recorded. The same run with a planted fault must be found guilty.
//!
//! `PONTE_SEED` repeats a run's decisions (not its timing); `tests/run --full` makes the runs longer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::sync::{Mutex, mpsc};

use super::bench::{Bench, Setup, article};
use super::fault::{Fault, Shared, Side, Watched};
use super::history::{self, ErpHistory};
use super::truth::{Judge, Violation};
use crate::support::client::Client;
use crate::support::full;

const ARTICLES: usize = 20;
const FIRST_ARTICLE: u64 = 101;
const START_PIECES: i64 = 40;
const BUYERS: usize = 12;

/// What will become of an order. The ERP's and the buyer's doings are kept apart: an order cancelled in the shop after
/// the ERP counted it is outside of what can be promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Imported, confirmed, delivered sooner or later.
    Kept,
    /// Given back by the buyer; the ERP may know it, but never counts it.
    Cancelled,
    /// Some pieces come back, the rest stays pending.
    Refunded,
}

#[derive(Debug, Clone)]
struct Placed {
    order: u64,
    /// Article and pieces.
    lines: Vec<(u64, i64)>,
    fate: Fate,
}

/// What buyers share: pieces promised at the counter but not yet taken off the figure, as the shop's own reservations.
struct Market {
    shop_url: String,
    reserved: Mutex<Vec<i64>>,
    left_to_place: AtomicU64,
    placed: mpsc::UnboundedSender<Placed>,
    lost_to_deadlocks: AtomicU64,
}

fn sku(article: u64) -> String {
    format!("ART-{article}")
}

struct Buyer {
    market: Arc<Market>,
    client: Client,
    rng: StdRng,
}

impl Buyer {
    async fn go_shopping(mut self) {
        loop {
            let left = &self.market.left_to_place;
            let took = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                left.checked_sub(1)
            });
            if took.is_err() {
                return;
            }
            while !self.order().await {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    }

    /// The time between two statements: mostly none, sometimes what a slow PHP process takes.
    async fn pause(&mut self) {
        let millis = match self.rng.random_range(0..20) {
            0 => self.rng.random_range(5..40),
            1..=6 => self.rng.random_range(0..3),
            _ => return,
        };
        tokio::time::sleep(Duration::from_millis(millis)).await;
    }

    /// A statement; one that lost to a deadlock is sent again, as a plug-in for such cases would.
    async fn run(&mut self, sql: String) {
        for _ in 0..20 {
            match self.client.try_run(&sql).await {
                Ok(_) => return,
                Err(error) if error.contains("Deadlock") || error.contains("Lock wait") => {
                    self.market.lost_to_deadlocks.fetch_add(1, Ordering::SeqCst);
                }
                Err(error) => panic!("{error}\nin: {sql}"),
            }
        }
        panic!("deadlock after deadlock: {sql}");
    }

    /// False if the shop had too little of what was wanted.
    async fn order(&mut self) -> bool {
        let Some(lines) = self.choose().await else {
            return false;
        };
        let order = self.create(&lines).await;
        let status = match self.rng.random_range(0..10) {
            0..=5 => "wc-processing",
            6 | 7 => "wc-on-hold",
            _ => "wc-completed",
        };
        self.set_status(order, status).await;
        for (article, pieces) in &lines {
            self.take(order, *article, *pieces).await;
        }
        self.pause().await;
        self.run(format!("UPDATE wp_wc_order_operational_data SET order_stock_reduced = 1 WHERE order_id = {order}")).await;
        let fate = match self.rng.random_range(0..10) {
            0..=5 => Fate::Kept,
            6..=8 => Fate::Cancelled,
            _ => Fate::Refunded,
        };
        let placed = Placed {
            order,
            lines: lines.clone(),
            fate,
        };
        self.market
            .placed
            .send(placed)
            .expect("the ERP listens until the end");
        self.pause().await;
        match fate {
            Fate::Cancelled => self.cancel(order, &lines).await,
            Fate::Refunded => self.refund(order, lines[0]).await,
            Fate::Kept => {
                if status != "wc-completed" && self.rng.random_bool(0.4) {
                    self.set_status(order, "wc-completed").await;
                }
            }
        }
        true
    }

    /// Up to three articles of which there is enough, reserved.
    async fn choose(&mut self) -> Option<Vec<(u64, i64)>> {
        let market = self.market.clone();
        let mut reserved = market.reserved.lock().await;
        let mut lines: Vec<(u64, i64)> = Vec::new();
        for _ in 0..self.rng.random_range(1..=3) {
            let at = self.rng.random_range(0..ARTICLES);
            let article = FIRST_ARTICLE + at as u64;
            let pieces = self.rng.random_range(1..=3);
            if lines.iter().any(|(known, _)| *known == article) {
                continue;
            }
            let figure = self.client.value(&format!("SELECT meta_value FROM wp_postmeta WHERE post_id = {article} AND meta_key = '_stock'")).await;
            let shown: i64 = figure.expect("a figure").parse().expect("whole pieces");
            if shown - reserved[at] >= pieces {
                reserved[at] += pieces;
                lines.push((article, pieces));
            }
        }
        (!lines.is_empty()).then_some(lines)
    }

    /// The order as it lies there before it is paid.
    async fn create(&mut self, lines: &[(u64, i64)]) -> u64 {
        self.run(
            "INSERT INTO wp_posts (post_date, post_date_gmt, post_content, post_title, post_excerpt, post_status, to_ping, pinged,
             post_modified, post_modified_gmt, post_content_filtered, post_type)
             VALUES (UTC_TIMESTAMP(), UTC_TIMESTAMP(), '', '', '', 'draft', '', '', UTC_TIMESTAMP(), UTC_TIMESTAMP(), '', 'shop_order_placehold')"
                .to_owned(),
        )
        .await;
        let order = self.last_id().await;
        self.run(format!("SET @actor = {order}")).await;
        self.run(format!(
            "INSERT INTO wp_wc_orders (id, status, type, date_created_gmt, date_updated_gmt)
             VALUES ({order}, 'wc-pending', 'shop_order', UTC_TIMESTAMP(), UTC_TIMESTAMP())"
        ))
        .await;
        self.run(format!("INSERT INTO wp_wc_order_operational_data (order_id, order_stock_reduced) VALUES ({order}, 0)")).await;
        for (article, pieces) in lines {
            self.run(format!("INSERT INTO wp_woocommerce_order_items (order_item_name, order_item_type, order_id) VALUES ('line', 'line_item', {order})")).await;
            let item = self.last_id().await;
            self.run(format!(
                "INSERT INTO wp_woocommerce_order_itemmeta (order_item_id, meta_key, meta_value)
                 VALUES ({item}, '_product_id', '{article}'), ({item}, '_variation_id', '0'), ({item}, '_qty', '{pieces}')"
            ))
            .await;
        }
        order
    }

    async fn last_id(&mut self) -> u64 {
        let id = self.client.value("SELECT LAST_INSERT_ID()").await;
        id.expect("an id").parse().expect("a number")
    }

    async fn set_status(&mut self, order: u64, status: &str) {
        self.pause().await;
        self.run(format!("UPDATE wp_wc_orders SET status = '{status}', date_updated_gmt = UTC_TIMESTAMP() WHERE id = {order}")).await;
    }

    /// One line's pieces leave the figure.
    async fn take(&mut self, order: u64, article: u64, pieces: i64) {
        self.pause().await;
        self.add(article, -pieces).await;
        self.market.reserved.lock().await[(article - FIRST_ARTICLE) as usize] -= pieces;
        self.follow_up(article).await;
        self.run(format!(
            "INSERT INTO wp_woocommerce_order_itemmeta (order_item_id, meta_key, meta_value)
             SELECT i.order_item_id, '_reduced_stock', '{pieces}' FROM wp_woocommerce_order_items i
             JOIN wp_woocommerce_order_itemmeta m ON m.order_item_id = i.order_item_id AND m.meta_key = '_product_id' AND m.meta_value = '{article}'
             WHERE i.order_id = {order}"
        ))
        .await;
    }

    async fn add(&mut self, article: u64, pieces: i64) {
        self.run(format!("UPDATE wp_postmeta SET meta_value = meta_value + ({pieces}) WHERE post_id = {article} AND meta_key = '_stock'")).await;
    }

    /// What the shop writes after its figure: the look-up row, the status and the mark of what is out of stock, from a
    /// figure that may be an old one by then.
    async fn follow_up(&mut self, article: u64) {
        let figure = self.client.value(&format!("SELECT meta_value FROM wp_postmeta WHERE post_id = {article} AND meta_key = '_stock'")).await;
        let figure: i64 = figure.expect("a figure").parse().expect("whole pieces");
        self.pause().await;
        let status = if figure > 0 { "instock" } else { "outofstock" };
        self.run(format!("UPDATE wp_wc_product_meta_lookup SET stock_quantity = {figure}, stock_status = '{status}' WHERE product_id = {article}")).await;
        self.run(format!("UPDATE wp_postmeta SET meta_value = '{status}' WHERE post_id = {article} AND meta_key = '_stock_status'")).await;
        match figure > 0 {
            true => self.run(format!("DELETE FROM wp_term_relationships WHERE object_id = {article} AND term_taxonomy_id = 9")).await,
            false => self.run(format!("INSERT IGNORE INTO wp_term_relationships (object_id, term_taxonomy_id) VALUES ({article}, 9)")).await,
        }
    }

    /// Status, then the pieces, then the flag.
    async fn cancel(&mut self, order: u64, lines: &[(u64, i64)]) {
        let status = if self.rng.random_bool(0.25) {
            "wc-pending"
        } else {
            "wc-cancelled"
        };
        self.set_status(order, status).await;
        for (article, pieces) in lines {
            self.pause().await;
            self.add(*article, *pieces).await;
            self.follow_up(*article).await;
            self.run(format!(
                "DELETE m FROM wp_woocommerce_order_itemmeta m JOIN wp_woocommerce_order_items i ON i.order_item_id = m.order_item_id
                 JOIN wp_woocommerce_order_itemmeta p ON p.order_item_id = i.order_item_id AND p.meta_key = '_product_id' AND p.meta_value = '{article}'
                 WHERE i.order_id = {order} AND m.meta_key = '_reduced_stock'"
            ))
            .await;
        }
        self.pause().await;
        self.run(format!("UPDATE wp_wc_order_operational_data SET order_stock_reduced = 0 WHERE order_id = {order}")).await;
    }

    /// One piece comes back, the item holds one less from then on.
    async fn refund(&mut self, order: u64, (article, pieces): (u64, i64)) {
        self.pause().await;
        self.add(article, 1).await;
        self.pause().await;
        self.run(format!(
            "UPDATE wp_woocommerce_order_itemmeta m JOIN wp_woocommerce_order_items i ON i.order_item_id = m.order_item_id
             JOIN wp_woocommerce_order_itemmeta p ON p.order_item_id = i.order_item_id AND p.meta_key = '_product_id' AND p.meta_value = '{article}'
             SET m.meta_value = '{left}' WHERE i.order_id = {order} AND m.meta_key = '_reduced_stock'",
            left = pieces - 1
        ))
        .await;
        self.follow_up(article).await;
    }
}

/// Whoever works in the ERP: imports, confirms, delivers, receives; each deed one transaction and one version.
struct Clerk {
    client: Client,
    rng: StdRng,
    history: ErpHistory,
    version: u64,
    placed: mpsc::UnboundedReceiver<Placed>,
    unknown: Vec<Placed>,
    drafts: Vec<Placed>,
    /// Confirmed lines still to be delivered: order, article, pieces.
    open: Vec<(u64, u64, i64)>,
}

impl Clerk {
    async fn work(mut self, buyers_done: Arc<AtomicBool>) -> Clerk {
        loop {
            while let Ok(placed) = self.placed.try_recv() {
                self.unknown.push(placed);
            }
            match self.rng.random_range(0..10) {
                0..=2 => self.import().await,
                3..=5 => self.confirm().await,
                6..=8 => self.deliver().await,
                _ => self.receive().await,
            }
            if buyers_done.load(Ordering::SeqCst) {
                return self;
            }
            tokio::time::sleep(Duration::from_millis(self.rng.random_range(0..4))).await;
        }
    }

    fn pick<T>(&mut self, length: usize, from: fn(&mut Clerk) -> &mut Vec<T>) -> Option<T> {
        (length > 0).then(|| {
            let at = self.rng.random_range(0..length);
            from(self).swap_remove(at)
        })
    }

    async fn transaction(&mut self, statements: &str) {
        self.version += 1;
        self.client
            .run(&format!(
                "BEGIN; UPDATE erp_version SET version = {}; {statements}; COMMIT",
                self.version
            ))
            .await;
    }

    /// A web order becomes known, not yet counted.
    async fn import(&mut self) {
        let Some(placed) = self.pick(self.unknown.len(), |clerk| &mut clerk.unknown) else {
            return;
        };
        let order = placed.order;
        let lines: Vec<String> = placed
            .lines
            .iter()
            .enumerate()
            .map(|(at, (article, pieces))| {
                format!(
                    "('E{order}', {}, '{}', 'WH', {pieces})",
                    at + 1,
                    sku(*article)
                )
            })
            .collect();
        let statements = format!(
            "INSERT INTO orders (number, customer, status, web_reference, order_date) VALUES ('E{order}', 'C1', 'draft', 'main/{order}', '2026-06-01');
             INSERT INTO order_lines (order_number, line, sku, warehouse, quantity) VALUES {}",
            lines.join(", ")
        );
        self.transaction(&statements).await;
        self.drafts.push(placed);
    }

    async fn confirm(&mut self) {
        let Some(placed) = self.pick(self.drafts.len(), |clerk| &mut clerk.drafts) else {
            return;
        };
        if placed.fate != Fate::Kept {
            // It stays a draft for ever.
            return;
        }
        self.transaction(&format!(
            "UPDATE orders SET status = 'confirmed' WHERE number = 'E{}'",
            placed.order
        ))
        .await;
        self.history.counts(self.version, placed.order);
        for (article, pieces) in placed.lines {
            self.history.changed(self.version, article, -pieces);
            self.open.push((placed.order, article, pieces));
        }
    }

    /// Goods leave: on hand and what is committed fall together. A fully delivered order is closed.
    async fn deliver(&mut self) {
        let Some((order, article, pieces)) = self.pick(self.open.len(), |clerk| &mut clerk.open)
        else {
            return;
        };
        let now = self.rng.random_range(1..=pieces);
        let (sku, is_last) = (
            sku(article),
            now == pieces && !self.open.iter().any(|(other, ..)| *other == order),
        );
        let mut statements = format!(
            "UPDATE order_lines SET delivered_quantity = delivered_quantity + {now} WHERE order_number = 'E{order}' AND sku = '{sku}';
             UPDATE stock SET quantity = quantity - {now} WHERE sku = '{sku}' AND warehouse = 'WH'"
        );
        if is_last {
            statements.push_str(&format!(
                "; UPDATE orders SET status = 'closed' WHERE number = 'E{order}'"
            ));
        }
        self.transaction(&statements).await;
        if now < pieces {
            self.open.push((order, article, pieces - now));
        }
    }

    async fn receive(&mut self) {
        let article = FIRST_ARTICLE + self.rng.random_range(0..ARTICLES) as u64;
        let pieces = self.rng.random_range(1..=12);
        self.transaction(&format!(
            "UPDATE stock SET quantity = quantity + {pieces} WHERE sku = '{}' AND warehouse = 'WH'",
            sku(article)
        ))
        .await;
        self.history.changed(self.version, article, pieces);
    }
}

struct Outcome {
    violations: Vec<Violation>,
    published: u64,
    cycles: u64,
    /// Shown and true pieces of articles that differ after the last cycle.
    wrong_in_the_end: Vec<(u64, i64, i64)>,
    seed: u64,
}

async fn run(test: &str, orders: u64, fault: Fault, pack: Option<(&str, &str)>) -> Outcome {
    let seed: u64 = std::env::var("PONTE_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or_else(rand::random);
    println!("{test}: {orders} orders, {fault:?}, PONTE_SEED={seed}");
    let setup = Setup {
        pack,
        ..Setup::default()
    };
    let mut bench = Bench::servers(test, setup).await;
    watch(&mut bench, fault);
    let (mut history, mut erp) = (ErpHistory::default(), bench.erp.client().await);
    erp.run(
        "CREATE TABLE erp_version (version BIGINT NOT NULL); INSERT INTO erp_version VALUES (0)",
    )
    .await;
    for at in 0..ARTICLES as u64 {
        let pieces = START_PIECES.to_string();
        article(
            &bench,
            (FIRST_ARTICLE + at) as u32,
            &sku(FIRST_ARTICLE + at),
            Some(&pieces),
            &pieces,
        )
        .await;
        history.changed(0, FIRST_ARTICLE + at, START_PIECES);
    }
    let mut shop = bench.shop.client().await;
    history::record(&mut shop).await;

    let (sender, receiver) = mpsc::unbounded_channel();
    let market = Arc::new(Market {
        shop_url: bench.shop.url.clone(),
        reserved: Mutex::new(vec![0; ARTICLES]),
        left_to_place: AtomicU64::new(orders),
        placed: sender,
        lost_to_deadlocks: AtomicU64::new(0),
    });
    let mut buyers = tokio::task::JoinSet::new();
    for number in 0..BUYERS as u64 {
        let buyer = Buyer {
            client: Client::connect(&market.shop_url).await,
            market: market.clone(),
            rng: StdRng::seed_from_u64(seed.wrapping_add(number)),
        };
        buyers.spawn(buyer.go_shopping());
    }
    let done = Arc::new(AtomicBool::new(false));
    let clerk = Clerk {
        client: erp,
        rng: StdRng::seed_from_u64(seed.wrapping_sub(1)),
        history,
        version: 0,
        placed: receiver,
        unknown: Vec::new(),
        drafts: Vec::new(),
        open: Vec::new(),
    };
    let clerk = tokio::spawn(clerk.work(done.clone()));
    let end_of_sale = async {
        while let Some(buyer) = buyers.join_next().await {
            buyer.expect("a buyer does not panic");
        }
        done.store(true, Ordering::SeqCst);
        clerk.await.expect("the clerk does not panic")
    };
    let cycles = AtomicU64::new(0);
    let all_cycles = async {
        while !done.load(Ordering::SeqCst) {
            bench.cycle().await;
            cycles.fetch_add(1, Ordering::SeqCst);
        }
    };
    let (clerk, ()) = tokio::join!(end_of_sale, all_cycles);
    // The last cycles find everything at rest. A planted fault may keep it from settling.
    for _ in 0..5 {
        if !bench.cycle().await.wrote() {
            break;
        }
    }
    let mut judge = Judge::default();
    let violations = judge.violations(&history::read(&mut shop).await, &clerk.history);
    let wrong_in_the_end = differences(&mut shop, &mut bench.erp.client().await).await;
    println!(
        "{test}: {} cycles, {} values published, {} statements lost to deadlocks, {} times above the truth",
        cycles.load(Ordering::SeqCst),
        judge.published,
        market.lost_to_deadlocks.load(Ordering::SeqCst),
        violations.len()
    );
    Outcome {
        violations,
        published: judge.published,
        cycles: cycles.load(Ordering::SeqCst),
        wrong_in_the_end,
        seed,
    }
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
    if full() { 1500 } else { 150 }
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
        outcome.published > 20 && outcome.cycles > 2,
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
