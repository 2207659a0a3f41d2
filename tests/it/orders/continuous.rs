//! Buyers, the import, ponte's stock cycles and an ERP that delivers and receives, all at once: through an order's whole life,
//! from the checkout over the import to the delivery, its pieces are never left out of the sum, so that no published figure is
//! above what there is; and with the last cycle they are in it exactly once.
//!
//! The figures are judged by what both databases wrote down themselves, with triggers, as in the stock's own runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use ponte::orders;
use ponte::sync::batch::Intent;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::sync::{Mutex, mpsc};

use crate::stock::bench::{Bench, Setup, erp_article};
use crate::stock::buyers::{FIRST_ARTICLE, articles, differences, sku, watch};
use crate::stock::fault::Fault;
use crate::stock::hand::{Hand, Lost, Market};
use crate::stock::history::{self, ErpHistory};
use crate::stock::system::{Order, System};
use crate::stock::truth::Judge;
use crate::stock::woocommerce::WooCommerce;
use crate::stock::woocommerce::buyer::{create, place};
use crate::support::client::Client;
use crate::support::pipeline::Pipeline;
use crate::support::{full, seed};

const START_PIECES: i64 = 60;
const BUYERS: usize = 12;

/// What the ERP writes down of itself: a version per transaction that moves pieces, what each moved of on hand - committed,
/// and which web orders it counts from then on.
const ERP_HISTORY: &str = "
CREATE TABLE erp_version (version BIGINT NOT NULL, tx BIGINT NOT NULL);
INSERT INTO erp_version VALUES (0, 0);
CREATE TABLE erp_log (at BIGSERIAL PRIMARY KEY, version BIGINT NOT NULL, sku TEXT, pieces BIGINT, reference TEXT);
CREATE FUNCTION this_version() RETURNS BIGINT LANGUAGE plpgsql AS $$
BEGIN
    UPDATE erp_version SET version = version + 1, tx = txid_current() WHERE tx <> txid_current();
    RETURN (SELECT version FROM erp_version);
END $$;
CREATE FUNCTION order_logged() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO erp_log (version, reference) VALUES (this_version(), NEW.web_reference);
    RETURN NULL;
END $$;
CREATE TRIGGER order_logged AFTER INSERT ON orders FOR EACH ROW WHEN (NEW.web_reference IS NOT NULL) EXECUTE FUNCTION order_logged();
CREATE FUNCTION line_logged() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO erp_log (version, sku, pieces) VALUES (this_version(), NEW.sku, NEW.delivered_quantity - CASE TG_OP WHEN 'INSERT' THEN NEW.quantity ELSE OLD.delivered_quantity END);
    RETURN NULL;
END $$;
CREATE TRIGGER line_logged AFTER INSERT OR UPDATE ON order_lines FOR EACH ROW WHEN (NEW.sku IS NOT NULL) EXECUTE FUNCTION line_logged();
CREATE FUNCTION stock_logged() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO erp_log (version, sku, pieces) VALUES (this_version(), NEW.sku, NEW.quantity - OLD.quantity);
    RETURN NULL;
END $$;
CREATE TRIGGER stock_logged AFTER UPDATE ON stock FOR EACH ROW EXECUTE FUNCTION stock_logged();
";

/// A WooCommerce whose orders have all that an import asks for. Those that are on hold wait, and only they are given back or
/// made smaller: what the ERP counts already is no longer the buyer's to change.
struct Shop;

const ON_HOLD: &str = "wc-on-hold";

#[async_trait]
impl System for Shop {
    fn pack(&self) -> &'static str {
        WooCommerce.pack()
    }

    fn project(&self) -> &'static str {
        WooCommerce.project()
    }

    fn schema(&self) -> &'static str {
        WooCommerce.schema()
    }

    fn triggers(&self) -> String {
        WooCommerce.triggers()
    }

    fn promises(&self, status: &str) -> bool {
        WooCommerce.promises(status)
    }

    async fn add_article(&self, shop: &mut Client, id: u64, sku: &str, pieces: i64) {
        WooCommerce.add_article(shop, id, sku, pieces).await;
    }

    async fn shown(&self, shop: &mut Client, article: u64) -> i64 {
        WooCommerce.shown(shop, article).await
    }

    async fn held(&self, shop: &mut Client) -> Vec<(u64, u64, i64)> {
        WooCommerce.held(shop).await
    }

    async fn disagreements(&self, shop: &mut Client) -> Vec<String> {
        WooCommerce.disagreements(shop).await
    }

    async fn check_out(&self, hand: &mut Hand, wanted: &[(u64, i64)]) -> Result<Order, Lost> {
        let order = create(hand, wanted).await?;
        complete(hand, &order).await?;
        let status = match hand.rng.random_range(0..10) {
            0..=4 => "wc-processing",
            5 | 6 => "wc-completed",
            _ => ON_HOLD,
        };
        place(hand, &order, status).await?;
        Ok(order)
    }

    async fn cancel(&self, hand: &mut Hand, order: &Order) -> Result<(), Lost> {
        match is_on_hold(hand, order).await {
            true => WooCommerce.cancel(hand, order).await,
            false => Ok(()),
        }
    }

    async fn reduce(&self, hand: &mut Hand, order: &Order) -> Result<(), Lost> {
        match is_on_hold(hand, order).await {
            true => WooCommerce.reduce(hand, order).await,
            false => Ok(()),
        }
    }

    async fn proceed(&self, hand: &mut Hand, order: &Order) -> Result<(), Lost> {
        WooCommerce.proceed(hand, order).await
    }
}

async fn is_on_hold(hand: &mut Hand, order: &Order) -> bool {
    let sql = format!("SELECT status FROM wp_wc_orders WHERE id = {}", order.id);
    hand.client.value(&sql).await.as_deref() == Some(ON_HOLD)
}

/// Every piece costs 1.00 and bears 22 %.
async fn complete(hand: &mut Hand, order: &Order) -> Result<(), Lost> {
    let id = order.id;
    let cents = |sum: i64| format!("{}.{:02}", sum / 100, sum % 100);
    let pieces: i64 = order.lines.iter().map(|line| line.pieces).sum();
    let (tax, total) = (cents(pieces * 22), cents(pieces * 122));
    hand.run(format!(
        "UPDATE wp_wc_orders SET currency = 'EUR', tax_amount = {tax}, total_amount = {total}, customer_id = 0,
         billing_email = 'buyer{}@example.com', parent_order_id = 0 WHERE id = {id}",
        id % 97
    ))
    .await?;
    hand.run(format!(
        "INSERT INTO wp_wc_order_addresses (order_id, address_type, first_name, last_name, address_1, city, state, postcode, country)
         VALUES ({id}, 'billing', 'Ada', 'Rossi', 'Via Roma 1', 'Torino', 'TO', '10100', 'IT')"
    ))
    .await?;
    let item = hand
        .insert(format!(
            "INSERT INTO wp_woocommerce_order_items (order_item_name, order_item_type, order_id) VALUES ('IT-VAT', 'tax', {id})"
        ))
        .await?;
    hand.run(format!(
        "INSERT INTO wp_woocommerce_order_itemmeta (order_item_id, meta_key, meta_value) VALUES ({item}, 'rate_id', '1'), ({item}, 'rate_percent', '22.0000')"
    ))
    .await?;
    for line in &order.lines {
        let (item, net, tax) = (line.id, line.pieces, cents(line.pieces * 22));
        let taxes = format!("a:1:{{s:5:\"total\";a:1:{{i:1;s:4:\"{tax}\";}}}}");
        hand.run(format!(
            "INSERT INTO wp_woocommerce_order_itemmeta (order_item_id, meta_key, meta_value) VALUES
             ({item}, '_line_total', '{net}'), ({item}, '_line_tax', '{tax}'), ({item}, '_line_tax_data', '{taxes}')"
        ))
        .await?;
    }
    Ok(())
}

/// Goods leave and come, each deed one transaction.
async fn work(mut erp: Client, mut random: StdRng, closed: &AtomicBool) {
    while !closed.load(Ordering::SeqCst) {
        match random.random_range(0..4) {
            0 => receive(&mut erp, &mut random).await,
            _ => deliver(&mut erp, &mut random).await,
        }
        let pause = random.random_range(0..6);
        tokio::time::sleep(Duration::from_millis(pause)).await;
    }
}

async fn receive(erp: &mut Client, random: &mut StdRng) {
    let article = sku(FIRST_ARTICLE + random.random_range(0..articles()) as u64);
    let pieces = random.random_range(5..=25);
    erp.run(&format!(
        "UPDATE stock SET quantity = quantity + {pieces} WHERE sku = '{article}' AND warehouse = 'WH'"
    ))
    .await;
}

/// Pieces of one line; the order is closed with its last ones.
async fn deliver(erp: &mut Client, random: &mut StdRng) {
    let open = erp
        .rows(
            "SELECT l.order_number, l.sku, CAST(l.quantity - l.delivered_quantity AS BIGINT) FROM order_lines l JOIN orders o ON o.number = l.order_number
             WHERE o.status = 'confirmed' AND l.sku IS NOT NULL AND l.quantity > l.delivered_quantity ORDER BY o.number LIMIT 50",
        )
        .await;
    if open.is_empty() {
        return;
    }
    let at = random.random_range(0..open.len());
    let [Some(order), Some(article), Some(left)] = open[at].as_slice() else {
        panic!("an open line, not {:?}", open[at]);
    };
    let now = random.random_range(1..=left.parse::<i64>().expect("pieces"));
    erp.run(&format!(
        "BEGIN;
         UPDATE order_lines SET delivered_quantity = delivered_quantity + {now} WHERE order_number = '{order}' AND sku = '{article}';
         UPDATE stock SET quantity = quantity - {now} WHERE sku = '{article}' AND warehouse = 'WH';
         UPDATE orders SET status = 'closed' WHERE number = '{order}' AND NOT EXISTS
             (SELECT 1 FROM order_lines l WHERE l.order_number = '{order}' AND l.sku IS NOT NULL AND l.quantity > l.delivered_quantity);
         COMMIT"
    ))
    .await;
}

/// The ERP's side of the history, as its triggers wrote it down.
async fn erp_history(erp: &mut Client) -> ErpHistory {
    let mut history = ErpHistory::default();
    for article in (FIRST_ARTICLE..).take(articles()) {
        history.changed(0, article, START_PIECES);
    }
    let rows = erp
        .rows("SELECT version, sku, pieces, reference FROM erp_log ORDER BY version, at")
        .await;
    for row in rows {
        let number = |text: &str| text.parse::<i64>().expect("a number");
        let version = number(row[0].as_deref().expect("a version")) as u64;
        if let (Some(sku), Some(pieces)) = (&row[1], &row[2]) {
            let article = number(sku.trim_start_matches("ART-")) as u64;
            history.changed(version, article, number(pieces));
        }
        if let Some(reference) = &row[3] {
            history.counts(
                version,
                number(reference.trim_start_matches("main/")) as u64,
            );
        }
    }
    history
}

struct Importer(Pipeline);

impl Importer {
    /// How many orders this import has created.
    async fn import(&self) -> u64 {
        let Pipeline {
            plan, connections, ..
        } = &self.0;
        let options = orders::Options {
            intent: Intent::Write,
            guard: None,
            full: false,
            settle: false,
            only: &[],
            say: &|_| {},
        };
        let report = orders::run(plan, &plan.orders[0], connections, options, &|_| {}).await;
        let report = report.unwrap_or_else(|error| panic!("the import failed: {error}"));
        assert!(report.rejected.is_empty(), "{:?}", report.rejected);
        report.counts.created
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn through_checkout_import_and_delivery_each_piece_is_counted() {
    let seed = seed("orders::continuous");
    let orders = if full() { 3000 } else { 150 };
    let setup = Setup {
        system: Some(&Shop),
        ..Setup::default()
    };
    let mut bench = Bench::servers("orders continuous", setup).await;
    let shared = watch(&mut bench, Fault::None);
    let (mut erp, mut shop) = (bench.erp.client().await, bench.shop.client().await);
    for article in (FIRST_ARTICLE..).take(articles()) {
        erp_article(&bench, &sku(article), &START_PIECES.to_string()).await;
        Shop.add_article(&mut shop, article, &sku(article), START_PIECES)
            .await;
    }
    erp.load(ERP_HISTORY).await;
    history::record(&mut shop, &Shop).await;
    let project = format!(
        "[erp]\npack = \"reference\"\nurl = \"{}\"\n[shop.main]\npack = \"woocommerce\"\nurl = \"{}\"\nlanguage = \"en\"\nprice_list = \"public\"\n\
         warehouses = [\"WH\", \"WH2\"]\norders.since = 2020-01-01T00:00:00Z\norders.import = true\nrecords = [\"order\"]\n{}\n",
        bench.erp.url,
        bench.shop.url,
        Shop.project()
    );
    let importer = Importer(Pipeline::new(&project).await);
    let connections = &importer.0.connections;
    let engine = connections.engine("erp").expect("it is in the plan");
    let mut session = engine.connect().await.expect("a connection");
    let own = connections.own("erp");
    own.create(session.as_mut()).await.expect("ponte's tables");
    drop(session);

    let closed = AtomicBool::new(false);
    let cycles = Arc::new(AtomicU64::new(0));
    let (sender, mut placed) = mpsc::unbounded_channel();
    let market = Arc::new(Market {
        system: &Shop,
        reserved: Mutex::new(vec![0; articles()]),
        left_to_place: AtomicU64::new(orders),
        cycles: cycles.clone(),
        placed: sender,
        lost_to_deadlocks: AtomicU64::new(0),
    });
    let sale = async {
        let mut buyers = tokio::task::JoinSet::new();
        for number in 0..BUYERS {
            let hand = Hand {
                client: bench.shop.client().await,
                market: market.clone(),
                rng: StdRng::seed_from_u64(seed.wrapping_add(number as u64)),
                shop: "main",
                whole: false,
            };
            buyers.spawn(hand.go_shopping());
        }
        while let Some(buyer) = buyers.join_next().await {
            buyer.expect("a buyer does not panic");
        }
        closed.store(true, Ordering::SeqCst);
    };
    let imports = async {
        let (mut imported, mut runs) = (0, 0);
        while !closed.load(Ordering::SeqCst) {
            imported += importer.import().await;
            runs += 1;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        (imported, runs)
    };
    let all_cycles = async {
        while !closed.load(Ordering::SeqCst) {
            bench.cycle().await;
            cycles.fetch_add(1, Ordering::SeqCst);
        }
    };
    let random = StdRng::seed_from_u64(seed.wrapping_sub(1));
    let clerk = work(bench.erp.client().await, random, &closed);
    let ((), (meanwhile, runs), (), ()) = tokio::join!(sale, imports, all_cycles, clerk);

    let imported = meanwhile + importer.import().await;
    assert_eq!(importer.import().await, 0);
    for _ in 0..5 {
        if !bench.cycle().await.wrote() {
            break;
        }
    }
    let mut all = 0;
    while placed.try_recv().is_ok() {
        all += 1;
    }
    let promises = |status: &str| Shop.promises(status);
    let looks = shared.looks();
    let mut judge = Judge::new(&promises, &looks);
    let history = erp_history(&mut erp).await;
    let violations = judge.violations(&history::read(&mut shop).await, &history);
    println!(
        "{all} orders placed, {imported} imported by {runs} runs, {} cycles, {} values published, {} times above the truth",
        cycles.load(Ordering::SeqCst),
        judge.published,
        violations.len()
    );
    assert_eq!(violations, [], "PONTE_SEED={seed}");
    // Once and not twice, nor not at all: article, shown, truth.
    let wrong = differences(&Shop, &mut shop, &mut erp).await;
    assert_eq!(wrong, [], "PONTE_SEED={seed}");
    assert_eq!(Shop.disagreements(&mut shop).await, [""; 0]);
    let due = "SELECT id FROM wp_wc_orders WHERE status IN ('wc-processing', 'wc-completed')";
    let due = shop.rows(due).await.len() as u64;
    let there = "SELECT COUNT(*), COUNT(DISTINCT web_reference) FROM orders WHERE web_reference IS NOT NULL";
    let there = erp.rows(there).await;
    let number = Some(imported.to_string());
    assert_eq!(there, [[number.clone(), number]]);
    assert_eq!(due, imported);
    assert!(all >= orders && meanwhile > imported / 2 && judge.published > 20);
}
