//! Two shops that sell from the same shelves.

use std::sync::Arc;

use ponte::db::{self, DbError, DbErrorKind, Engine, EngineKind, Session};
use ponte::stock::{self, Mode, Options, StockError};

use super::bench::{Bench, Setup, erp_order};
use super::woocommerce::{article, shop_article, shown, web_order};
use crate::support::servers::{self, Database};

async fn two_shops(test: &str, warehouse: &str) -> (Bench, Database) {
    let second = servers::sqlite(&format!("{test} second"));
    second
        .client()
        .await
        .load_file("schemas/woocommerce/sqlite.sql")
        .await;
    let more = format!(
        r#"
[shop.second]
pack         = "woocommerce"
url          = "{}"
language     = "it"
price_list   = "public"
warehouses   = ["{warehouse}"]
orders.since = 2020-01-01T00:00:00Z
records      = ["stock"]
[shop.second.tax]
IVA22 = {{ rate = 22, class = "" }}
"#,
        second.url
    );
    let setup = Setup {
        more: &more,
        ..Setup::default()
    };
    let bench = Bench::sqlite(test, setup).await;
    article(&bench, 101, "A", Some("10"), "10").await;
    let mut client = second.client().await;
    shop_article(&mut client, 101, "A", Some("10"), "yes").await;
    web_order(&mut client, 1, "wc-processing", 101, 3).await;
    (bench, second)
}

#[tokio::test]
async fn pending_orders_of_the_other_shop_are_taken_off() {
    let (bench, _second) = two_shops("stock::shops::shared", "WH2").await;
    bench.cycle().await;
    assert_eq!(
        shown(&mut bench.shop.client().await, 101).await,
        "7 instock 7 instock 0"
    );
    // Order 1 of this shop is another order than order 1 of the other one.
    erp_order(
        &mut bench.erp.client().await,
        "E1",
        "cancelled",
        "'main/1'",
        "A",
        3,
        0,
    )
    .await;
    assert_eq!(bench.cycle().await.changed, 0);
    erp_order(
        &mut bench.erp.client().await,
        "E2",
        "cancelled",
        "'second/1'",
        "A",
        3,
        0,
    )
    .await;
    assert_eq!(bench.cycle().await.changed, 1);
}

#[tokio::test]
async fn shops_on_other_shelves_do_not_matter() {
    let (bench, _second) = two_shops("stock::shops::apart", "ELSEWHERE").await;
    assert_eq!(bench.cycle().await.changed, 0);
}

/// A server that does not answer.
struct Unreachable;

#[async_trait::async_trait]
impl Engine for Unreachable {
    fn kind(&self) -> EngineKind {
        EngineKind::Sqlite
    }

    async fn connect(&self) -> db::Result<Box<dyn Session>> {
        Err(DbError::new(DbErrorKind::Unreachable, "nobody answers"))
    }
}

#[tokio::test]
async fn while_the_other_shop_is_out_of_reach_its_last_known_orders_count() {
    let (mut bench, _second) = two_shops("stock::shops::away", "WH").await;
    let reached = bench
        .engines
        .insert("shop.second".to_owned(), Arc::new(Unreachable))
        .expect("it was there");
    let options = Options {
        mode: Mode::DryRun,
        only: &[],
        walk: None,
        last_known: &bench.last_known,
    };
    let refused = stock::cycle(&bench.plan, bench.plan_stock(), &bench.engines, options).await;
    assert!(
        matches!(refused, Err(StockError::OtherShop { .. })),
        "{refused:?}"
    );
    assert_eq!(
        refused.err().map(|error| error.to_string()).as_deref(),
        Some(
            "shop `second` sells from the same warehouses, is out of reach and its pending orders are not known from before: nobody answers"
        )
    );

    // What the other shop's own cycle leaves behind.
    let away = bench
        .engines
        .insert("shop.second".to_owned(), reached)
        .expect("it was there");
    let second = bench
        .plan
        .stocks
        .iter()
        .find(|stock| stock.shop == "second")
        .expect("its stock");
    let report = stock::cycle(&bench.plan, second, &bench.engines, options)
        .await
        .expect("a dry run");
    bench
        .last_known
        .insert("second".to_owned(), report.known.expect("a whole cycle"));

    bench.engines.insert("shop.second".to_owned(), away);
    let report = bench.cycle().await;
    assert_eq!(report.out_of_reach, ["second"]);
    assert_eq!(
        shown(&mut bench.shop.client().await, 101).await,
        "7 instock 7 instock 0"
    );
}
