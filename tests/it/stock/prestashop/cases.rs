//! One situation each: what a cycle publishes in a PrestaShop, and what it leaves alone.

use ponte::stock::Left;

use super::{PRESTASHOP, order_row};
use crate::stock::bench::{Bench, Setup, erp_article};
use crate::stock::system::System;
use crate::support::client::Client;

async fn bench(test: &str) -> (Bench, Client) {
    let setup = Setup {
        system: Some(&PRESTASHOP),
        ..Setup::default()
    };
    let bench = Bench::servers(test, setup).await;
    let shop = bench.shop.client().await;
    (bench, shop)
}

async fn article(bench: &Bench, shop: &mut Client, id: u64, sku: &str, shown: i64, on_hand: &str) {
    erp_article(bench, sku, on_hand).await;
    PRESTASHOP.add_article(shop, id, sku, shown).await;
}

/// Quantity, physical and reserved figure of a row.
async fn row(shop: &mut Client, id: u64) -> String {
    let sql = format!(
        "SELECT CONCAT_WS(' ', quantity, physical_quantity, reserved_quantity) FROM ps_stock_available WHERE id_stock_available = {id}"
    );
    shop.value(&sql).await.expect("a row")
}

/// An order of two pieces of article 103 in this status, from so many minutes ago.
async fn order(shop: &mut Client, id: u64, state: u64, minutes: u64) {
    shop.run(&order_row(id, 1)).await;
    shop.run(&format!(
        "UPDATE ps_orders SET id_order = {id}, current_state = {state}, date_add = date_add - INTERVAL {minutes} MINUTE ORDER BY id_order DESC LIMIT 1"
    ))
    .await;
    shop.run(&format!(
        "INSERT INTO ps_cart_product (id_cart, id_product, quantity, date_add) VALUES ({id}, 103, 2, NOW())"
    ))
    .await;
    if state != 0 {
        shop.run(&format!(
            "INSERT INTO ps_order_detail (id_order, id_shop, product_id, product_attribute_id, product_name, product_quantity,
             product_quantity_refunded, product_weight, tax_name) VALUES ({id}, 1, 103, 0, 'x', 3, 1, 0, '')"
        ))
        .await;
    }
}

#[tokio::test]
async fn statuses_that_hold_stock_are_pending_with_what_was_not_refunded() {
    let (bench, mut shop) = bench("stock::prestashop::cases::states").await;
    article(&bench, &mut shop, 103, "A", 20, "10").await;
    let holds = [1, 2, 3, 4, 5, 10, 13].map(|state| (state, 8));
    let holds_nothing = [6, 7, 8].map(|state| (state, 10));
    for (state, shown) in holds.into_iter().chain(holds_nothing) {
        order(&mut shop, state, state, 5).await;
        bench.cycle().await;
        assert_eq!(
            PRESTASHOP.shown(&mut shop, 103).await,
            shown,
            "status {state}"
        );
        shop.load("DELETE FROM ps_orders; DELETE FROM ps_order_detail;")
            .await;
    }
}

/// PrestaShop's figure is an `int(11)`.
#[tokio::test]
async fn a_figure_that_its_column_cannot_hold_is_told_and_the_others_are_written() {
    let (bench, mut shop) = bench("stock::prestashop::cases::range").await;
    let articles = [
        (101, "A", "3000000000", 5),
        (102, "B", "2.75", 2),
        (103, "C", "-4", 0),
        (104, "D", "10", 10),
    ];
    for (id, sku, on_hand, _) in articles {
        article(&bench, &mut shop, id, sku, 5, on_hand).await;
    }
    for _ in 0..2 {
        let report = bench.cycle().await;
        let failed: Vec<&str> = report.failed.iter().map(|one| one.sku.as_str()).collect();
        assert_eq!(failed, ["A"]);
        let reason = &report.failed[0].reason;
        assert!(reason.contains("quantity"), "{reason}");
        for (id, sku, _, shown) in articles {
            assert_eq!(PRESTASHOP.shown(&mut shop, id).await, shown, "{sku}");
        }
    }
}

#[tokio::test]
async fn a_checkout_under_way_counts_by_its_cart_for_an_hour() {
    let (bench, mut shop) = bench("stock::prestashop::cases::under_way").await;
    article(&bench, &mut shop, 103, "A", 20, "10").await;
    order(&mut shop, 1, 0, 50).await;
    order(&mut shop, 2, 0, 70).await;
    let report = bench.cycle().await;
    assert_eq!(PRESTASHOP.shown(&mut shop, 103).await, 8);
    assert_eq!(
        report.unsettled,
        ["A"],
        "it may still write what it read before"
    );
}

#[tokio::test]
async fn the_sum_row_follows_and_the_physical_figure_goes_along() {
    let (bench, mut shop) = bench("stock::prestashop::cases::sum").await;
    article(&bench, &mut shop, 105, "A", 4, "10").await;
    article(&bench, &mut shop, 106, "B", 5, "5").await;
    shop.run("UPDATE ps_stock_available SET reserved_quantity = 2 WHERE id_stock_available = 105")
        .await;
    bench.cycle().await;
    assert_eq!(row(&mut shop, 105).await, "10 12 2");
    // Right as it was; that nobody filled in its physical figure yet is no mistake.
    assert_eq!(row(&mut shop, 106).await, "5 0 0");
    assert_eq!(row(&mut shop, 11021).await, "15 15 0");
    assert!(!bench.cycle().await.wrote());

    shop.run("UPDATE ps_stock_available SET quantity = 99 WHERE id_stock_available = 11021")
        .await;
    let report = bench.cycle().await;
    assert_eq!((report.changed, report.derived_changed), (0, 1));
    assert_eq!(row(&mut shop, 11021).await, "15 15 0");
}

#[tokio::test]
async fn what_has_no_figure_of_its_own_is_left_alone() {
    let (bench, mut shop) = bench("stock::prestashop::cases::left").await;
    article(&bench, &mut shop, 103, "PACK", 7, "1").await;
    article(&bench, &mut shop, 104, "GONE", 7, "1").await;
    article(&bench, &mut shop, 105, "SAME", 7, "1").await;
    shop.run("UPDATE ps_product SET cache_is_pack = 1 WHERE id_product = 103")
        .await;
    shop.run("DELETE FROM ps_stock_available WHERE id_product = 104")
        .await;
    // A combination that repeats its article's reference has none of its own, and its article is sold through it.
    shop.run("UPDATE ps_product SET reference = 'SAME' WHERE id_product = 1021")
        .await;
    let report = bench.cycle().await;
    assert_eq!((report.changed, report.articles), (0, 2));
    assert_eq!(
        (report.left(Left::Unmanaged), report.left(Left::NoFigure)),
        (1, 1)
    );
}

#[tokio::test]
async fn what_is_in_a_pack_is_pending_where_the_shop_takes_it_off() {
    let (bench, mut shop) = bench("stock::prestashop::cases::pack").await;
    article(&bench, &mut shop, 103, "PACK", 7, "1").await;
    article(&bench, &mut shop, 104, "ITEM", 10, "10").await;
    shop.run("UPDATE ps_product SET cache_is_pack = 1, pack_stock_type = 3 WHERE id_product = 103")
        .await;
    shop.run("INSERT INTO ps_pack (id_product_pack, id_product_item, id_product_attribute_item, quantity) VALUES (103, 104, 0, 3)").await;
    order(&mut shop, 1, 2, 5).await;
    assert_eq!(
        bench.cycle().await.changed,
        0,
        "only the pack's own figure falls"
    );
    shop.run("UPDATE ps_configuration SET value = '1' WHERE name = 'PS_PACK_STOCK_TYPE'")
        .await;
    bench.cycle().await;
    assert_eq!(PRESTASHOP.shown(&mut shop, 104).await, 4);
}

/// The shop's zone decides which orders are young, and from when on they count.
#[tokio::test]
async fn times_are_the_shops() {
    let (bench, mut shop) = bench("stock::prestashop::cases::zone").await;
    article(&bench, &mut shop, 103, "A", 20, "10").await;
    order(&mut shop, 1, 2, 5).await;
    // 2020-01-01T00:00:00Z is one o'clock in Rome.
    shop.run("UPDATE ps_orders SET date_add = '2020-01-01 00:59:59'")
        .await;
    bench.cycle().await;
    assert_eq!(PRESTASHOP.shown(&mut shop, 103).await, 10);
    shop.run("UPDATE ps_orders SET date_add = '2020-01-01 01:00:00'")
        .await;
    bench.cycle().await;
    assert_eq!(PRESTASHOP.shown(&mut shop, 103).await, 8);
}
