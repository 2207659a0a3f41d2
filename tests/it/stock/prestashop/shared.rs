//! Two `[shop]`s that sell from one row: a group of shops with shared stock is one figure.

use std::time::Duration;

use ponte::stock::{Left, Mode};

use super::{PrestaShop, order_row};
use crate::stock::bench::{Bench, Setup, erp_article, erp_order};
use crate::stock::buyers::{Run, orders};
use crate::stock::system::System;
use crate::support::client::Client;

/// The second shop of the same installation.
fn second(warehouses: &str) -> String {
    format!(
        r#"
[shop.second]
pack         = "prestashop"
url          = "{{shop}}"
shop         = "2"
language     = "it"
price_list   = "public"
warehouses   = {warehouses}
orders.since = 2020-01-01T00:00:00Z
records      = ["stock"]
[shop.second.tax]
IVA22 = {{ rate = 22, rules = 1 }}
"#
    )
}

/// Two shops, one set of figures.
static GROUP: PrestaShop = PrestaShop {
    queues: true,
    shared: true,
};

async fn bench(test: &str, warehouses: &str) -> Bench {
    let more = second(warehouses);
    let setup = Setup {
        system: Some(&GROUP),
        more: &more,
        ..Setup::default()
    };
    let bench = Bench::servers(test, setup).await;
    let mut shop = bench.shop.client().await;
    erp_article(&bench, "A", "10").await;
    GROUP.add_article(&mut shop, 103, "A", 10).await;
    bench
}

async fn paid_order(shop: &mut Client, order: u64, id_shop: u64, pieces: u64) {
    shop.run(&order_row(order, id_shop)).await;
    shop.run(&format!(
        "UPDATE ps_orders SET id_order = {order}, current_state = 2 ORDER BY id_order DESC LIMIT 1"
    ))
    .await;
    shop.run(&format!(
        "INSERT INTO ps_order_detail (id_order, id_shop, product_id, product_attribute_id, product_name, product_quantity,
         product_reference, product_weight, tax_name)
         VALUES ({order}, {id_shop}, 103, 0, 'x', {pieces}, 'A', 0, '')"
    ))
    .await;
}

async fn figure(shop: &mut Client) -> i64 {
    GROUP.shown(shop, 103).await
}

#[tokio::test]
async fn an_order_of_either_shop_is_pending_once_whichever_shop_is_due() {
    let bench = bench("stock::prestashop::shared::once", r#"["WH", "WH2"]"#).await;
    let mut shop = bench.shop.client().await;
    paid_order(&mut shop, 1, 1, 2).await;
    paid_order(&mut shop, 2, 2, 3).await;
    assert_eq!(bench.cycle_of("second").await.changed, 1);
    assert_eq!(figure(&mut shop).await, 5);
    assert!(
        !bench.cycle_of("main").await.wrote(),
        "the other shop finds it right"
    );
    assert_eq!(
        bench
            .explain("A")
            .await
            .available
            .map(|pieces| pieces.to_plain()),
        Some("5".to_owned())
    );

    // The ERP counts the second shop's order: under that shop's name.
    let mut erp = bench.erp.client().await;
    erp_order(&mut erp, "E2", "confirmed", "'second/2'", "A", 3, 0).await;
    assert!(!bench.cycle_of("main").await.wrote());
    erp.run("UPDATE orders SET status = 'cancelled'").await;
    assert_eq!(bench.cycle_of("main").await.changed, 1);
    assert_eq!(figure(&mut shop).await, 8);
    assert!(!bench.cycle_of("second").await.wrote());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn buyers_of_two_shops_share_one_figure() {
    let more = second(r#"["WH", "WH2"]"#);
    let run = Run {
        more: &more,
        shops: &["main", "second"],
        rest: Duration::from_millis(30),
        ..Run::new("stock::prestashop::shared::buyers", &GROUP, orders())
    };
    run.outcome().await.is_sound();
}

#[tokio::test]
async fn shops_that_would_show_another_number_leave_the_row_alone() {
    let bench = bench("stock::prestashop::shared::disputed", r#"["WH"]"#).await;
    let mut shop = bench.shop.client().await;
    paid_order(&mut shop, 1, 1, 2).await;
    for name in ["main", "second"] {
        let report = bench.cycle_of(name).await;
        assert_eq!((report.changed, report.left(Left::DisputedFigure)), (0, 1));
        assert!(!report.is_clean());
    }
    assert_eq!(figure(&mut shop).await, 10);
}

#[tokio::test]
async fn shops_of_a_group_with_figures_of_their_own_take_each_others_orders_off() {
    let bench = bench("stock::prestashop::shared::apart", r#"["WH", "WH2"]"#).await;
    let mut shop = bench.shop.client().await;
    shop.run("UPDATE ps_shop_group SET share_stock = 0").await;
    shop.run("UPDATE ps_stock_available SET id_shop = 1, id_shop_group = 0")
        .await;
    shop.run(
        "INSERT INTO ps_stock_available (id_product, id_product_attribute, id_shop, id_shop_group, quantity) VALUES (103, 0, 2, 0, 10)",
    )
    .await;
    paid_order(&mut shop, 2, 2, 3).await;
    for name in ["main", "second"] {
        assert_eq!(bench.cycle_of(name).await.changed, 1, "{name}");
    }
    let figures = shop.rows("SELECT quantity FROM ps_stock_available").await;
    assert_eq!(figures, [[Some("7".to_owned())], [Some("7".to_owned())]]);
    let dry = bench.cycle_with(&[], Mode::DryRun).await;
    assert_eq!(dry.changed, 0);
}
