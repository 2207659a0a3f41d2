//! The stock of a shop far away: what a cycle costs is the number of times that it waits for the shop's server.

use std::time::{Duration, Instant};

use super::bench::{Bench, Setup};
use crate::support::client::Client;
use crate::support::full;
use crate::support::proxy::{Counts, Fault, Proxy};
use crate::support::servers;

/// Between ponte and the shop's server, there and back.
const ROUND_TRIP: Duration = Duration::from_millis(40);

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

/// One article in a hundred now has 7 pieces.
async fn change_some(erp: &mut Client) {
    erp.run("UPDATE stock SET quantity = quantity - 3 WHERE sku LIKE '%50'")
        .await;
}

async fn cycle(bench: &Bench, proxy: &Proxy) -> (Counts, Duration, u64) {
    proxy.set(Fault::Delay {
        each_way: ROUND_TRIP / 2,
    });
    proxy.reset_counts();
    let began = Instant::now();
    let report = bench.cycle().await;
    let took = began.elapsed();
    proxy.clear();
    assert!(report.unsettled.is_empty(), "{:?}", report.unsettled);
    (proxy.counts(), took, report.changed)
}

#[tokio::test]
async fn a_cycle_waits_for_a_far_shop_a_bounded_number_of_times() {
    let test = "stock::far::cycle";
    let sizes = if full() {
        [5_000, 50_000]
    } else {
        [500, 3_000]
    };
    for articles in sizes {
        let (bench, proxy) = bench(&format!("{test} {articles}"), articles).await;
        let (nothing, took_nothing, _) = cycle(&bench, &proxy).await;
        change_some(&mut bench.erp.client().await).await;
        let (some, took, changed) = cycle(&bench, &proxy).await;
        println!(
            "{articles} articles: nothing changed {nothing:?} in {took_nothing:?}; {changed} changed {some:?} in {took:?}"
        );
        assert_eq!(changed, u64::from(articles / 100));
    }
}
