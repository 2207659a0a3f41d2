//! MariaDB's snapshot may show a figure without the pieces of an order that it does not show.
//!
//! Buyers within the server, so many that its threads wait for a processor: each sale is one transaction that makes the
//! buyer's own order larger and the figure smaller. Figure and orders add up to what the ERP has at any moment, so that a
//! cycle never finds more to show than the shop shows.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ponte::stock::Mode;

use super::bench::{Bench, Setup};
use super::woocommerce::{article, web_order};
use crate::support::full;

const BUYERS: u32 = 16;
/// Cycles at once: the more of them, the sooner one sees a torn picture.
const CYCLES: usize = 4;
const PIECES: &str = "1000000000";

fn duration() -> Duration {
    Duration::from_secs(if full() { 120 } else { 8 })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn pieces_of_an_order_that_a_torn_picture_misses_are_not_given_out_again() {
    let bench = Bench::servers("stock::torn", Setup::default()).await;
    article(&bench, 101, "A", Some(PIECES), PIECES).await;
    let mut shop = bench.shop.client().await;
    for order in 1..=BUYERS {
        web_order(&mut shop, order, "wc-processing", 101, 0).await;
    }
    shop.load(
        "CREATE TABLE stop (at INT);
         DELIMITER //
         CREATE PROCEDURE buy(me INT)
             WHILE NOT EXISTS (SELECT 1 FROM stop) DO
                 START TRANSACTION;
                 UPDATE wp_woocommerce_order_itemmeta SET meta_value = meta_value + 1
                 WHERE order_item_id = me AND meta_key IN ('_qty', '_reduced_stock');
                 UPDATE wp_postmeta SET meta_value = meta_value - 1 WHERE post_id = 101 AND meta_key = '_stock';
                 COMMIT;
             END WHILE//
         DELIMITER ;",
    )
    .await;
    let mut buyers = tokio::task::JoinSet::new();
    for me in 1..=BUYERS {
        let mut buyer = bench.shop.client().await;
        buyers.spawn(async move { buyer.run(&format!("CALL buy({me})")).await });
    }
    let until = Instant::now() + duration();
    let found_more = AtomicBool::new(false);
    let cycles = async || {
        let mut looks = 0;
        while Instant::now() < until && !found_more.load(Ordering::SeqCst) {
            let report = bench.cycle_with(&[], Mode::DryRun).await;
            looks += 1;
            for change in &report.changes {
                let number = |text: &str| text.parse::<i64>().expect("whole pieces");
                let old = change.old.as_deref().map(number).expect("a figure");
                if number(&change.new) > old {
                    found_more.store(true, Ordering::SeqCst);
                    println!("{old} shown, {} to be shown", change.new);
                }
            }
        }
        looks
    };
    let all = futures_util::future::join_all((0..CYCLES).map(|_| cycles())).await;
    shop.run("INSERT INTO stop VALUES (1)").await;
    buyers.join_all().await;
    println!("{} cycles", all.iter().sum::<u32>());
    assert!(
        !found_more.load(Ordering::SeqCst),
        "more than there is was to be shown"
    );
}
