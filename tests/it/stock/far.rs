//! The stock of a shop far away: what a cycle costs is the number of times that it waits for the shop's server.

use std::time::{Duration, Instant};

use super::bench::{Bench, Setup};
use crate::support::client::Client;
use crate::support::full;
use crate::support::proxy::{Counts, Fault, Proxy};
use crate::support::servers;

/// Between ponte and the shop's server, there and back.
const ROUND_TRIP: Duration = Duration::from_millis(40);
/// Of a cycle with one figure in a hundred changed, beside its reads; looking again at what was written is in it.
const ROUND_TRIPS_MAX: u64 = 60;

/// A shop and an ERP with so many articles, each with 10 pieces on both sides.
async fn bench(test: &str, articles: u32) -> (Bench, Proxy) {
    let mut shop = servers::mariadb(&format!("{test} shop")).await;
    let erp = servers::postgres(&format!("{test} erp")).await;
    let mut client = shop.client().await;
    client.load_file("schemas/woocommerce/mysql.sql").await;
    for (table, columns, values) in [
        (
            "wp_posts",
            "ID, post_date, post_date_gmt, post_content, post_title, post_excerpt, post_status, post_name, to_ping, pinged, \
             post_modified, post_modified_gmt, post_content_filtered, post_type",
            "seq, '2026-01-01', '2026-01-01', '', concat('A', seq), '', 'publish', concat('p', seq), '', '', \
             '2026-01-01', '2026-01-01', '', 'product'",
        ),
        (
            "wp_postmeta",
            "post_id, meta_key, meta_value",
            "seq, '_sku', concat('A', seq)",
        ),
        (
            "wp_postmeta",
            "post_id, meta_key, meta_value",
            "seq, '_manage_stock', 'yes'",
        ),
        (
            "wp_postmeta",
            "post_id, meta_key, meta_value",
            "seq, '_backorders', 'no'",
        ),
        (
            "wp_postmeta",
            "post_id, meta_key, meta_value",
            "seq, '_stock', '10'",
        ),
        (
            "wp_postmeta",
            "post_id, meta_key, meta_value",
            "seq, '_stock_status', 'instock'",
        ),
        (
            "wp_wc_product_meta_lookup",
            "product_id, sku, stock_quantity, stock_status",
            "seq, concat('A', seq), 10, 'instock'",
        ),
        (
            "wp_term_relationships",
            "object_id, term_taxonomy_id",
            "seq, 2",
        ),
    ] {
        let insert = format!(
            "INSERT INTO {table} ({columns}) SELECT {values} FROM seq_1001_to_{}",
            1000 + articles
        );
        client.run(&insert).await;
    }
    erp.client()
        .await
        .load_file("schemas/reference/postgres.sql")
        .await;
    let proxy = Proxy::start(&shop.url);
    shop.url = proxy.url(&shop.url);
    let bench = Bench::new(shop, erp, Setup::default()).await;
    let mut client = bench.erp.client().await;
    client
        .run(&format!(
            "INSERT INTO articles (sku, tax_class) SELECT 'A' || i, 'IVA22' FROM generate_series(1001, {}) i",
            1000 + articles
        ))
        .await;
    client
        .run("INSERT INTO stock (sku, warehouse, quantity) SELECT sku, 'WH', 10 FROM articles")
        .await;
    (bench, proxy)
}

/// One article in a hundred now has 7 pieces, and 10 again the next time.
async fn change_some(erp: &mut Client) {
    erp.run("UPDATE stock SET quantity = 17 - quantity WHERE sku LIKE '%50'")
        .await;
}

/// What a cycle cost, and how many figures it changed.
async fn cycle(bench: &Bench, proxy: &Proxy) -> (Counts, u64) {
    proxy.reset_counts();
    let report = bench.cycle().await;
    assert!(report.unsettled.is_empty(), "{:?}", report.unsettled);
    (proxy.counts(), report.changed)
}

/// A cycle, after some figures have changed or not, during which the lease was not renewed on a connection of its own; a
/// cycle has its own one, and one for the second look at the orders.
async fn undisturbed(bench: &Bench, proxy: &Proxy, changes: bool) -> (Counts, u64) {
    loop {
        if changes {
            change_some(&mut bench.erp.client().await).await;
        }
        let counted = cycle(bench, proxy).await;
        if counted.0.connections <= 2 {
            return counted;
        }
    }
}

/// The reads are those of a cycle that has nothing to write.
#[tokio::test]
async fn a_cycle_writes_to_a_far_shop_in_few_round_trips() {
    let sizes = match full() {
        true => [5_000, 50_000],
        false => [500, 3_000],
    };
    for articles in sizes {
        let (bench, proxy) = bench(&format!("stock::far::cycle {articles}"), articles).await;
        let (reads, _) = undisturbed(&bench, &proxy, false).await;
        let (all, changed) = undisturbed(&bench, &proxy, true).await;
        println!("{articles} articles: nothing changed {reads:?}; {changed} changed {all:?}");
        assert_eq!(changed, u64::from(articles / 100));
        let more = all.round_trips - reads.round_trips;
        assert!(
            more <= ROUND_TRIPS_MAX,
            "{articles} articles: {more} round trips"
        );
    }
}

/// A slow answer is none of the cycle's troubles.
#[tokio::test]
async fn a_cycle_goes_well_at_forty_milliseconds() {
    let (bench, proxy) = bench("stock::far::slow", 200).await;
    change_some(&mut bench.erp.client().await).await;
    proxy.set(Fault::Delay {
        each_way: ROUND_TRIP / 2,
    });
    let began = Instant::now();
    let (counts, changed) = cycle(&bench, &proxy).await;
    println!("{counts:?} in {:?}", began.elapsed());
    assert_eq!(changed, 2);
    proxy.clear();
    assert!(!bench.cycle().await.wrote());
}
