//! The explanation, as a shopkeeper and as a machine read it.

use super::bench::{Bench, Setup, erp_order};
use super::woocommerce::{article, web_order};

async fn bench(test: &str) -> Bench {
    let setup = Setup {
        stock: "safety = 1",
        ..Setup::default()
    };
    let bench = Bench::sqlite(test, setup).await;
    article(&bench, 101, "A", Some("20"), "12.5").await;
    let mut erp = bench.erp.client().await;
    erp.run("INSERT INTO stock VALUES ('A', 'ELSEWHERE', '100'), ('A', 'WH2', '2')")
        .await;
    erp_order(&mut erp, "E1", "confirmed", "'main/1'", "A", 3, 1).await;
    erp_order(&mut erp, "E2", "confirmed", "NULL", "A", 1, 0).await;
    erp_order(&mut erp, "E3", "draft", "'main/2'", "A", 4, 0).await;
    erp_order(&mut erp, "E4", "closed", "'main/4'", "A", 1, 1).await;
    let mut shop = bench.shop.client().await;
    web_order(&mut shop, 1, "wc-processing", 101, 3).await;
    web_order(&mut shop, 2, "wc-completed", 101, 4).await;
    web_order(&mut shop, 4, "wc-completed", 101, 1).await;
    bench
}

#[tokio::test]
async fn every_row_of_the_sum_is_told() {
    let bench = bench("stock::explain::text").await;
    let text = bench.explain("A").await.to_string();
    snapbox::assert_data_eq!(text, snapbox::file!["explain.txt"]);
}

#[tokio::test]
async fn the_verdict_follows_the_shop() {
    let bench = bench("stock::explain::verdict").await;
    let verdict = |explanation: &ponte::stock::Explanation| {
        serde_json::to_value(explanation).unwrap()["verdict"].clone()
    };
    let explanation = bench.explain("A").await;
    assert_eq!(verdict(&explanation), "due");
    assert_eq!(
        explanation
            .available
            .map(|pieces| pieces.to_plain())
            .as_deref(),
        Some("6")
    );
    bench.cycle().await;
    assert_eq!(verdict(&bench.explain("A").await), "right");
    bench
        .shop
        .client()
        .await
        .run("UPDATE wp_wc_product_meta_lookup SET stock_quantity = 3")
        .await;
    assert_eq!(verdict(&bench.explain("A").await), "derived_off");
    assert_eq!(verdict(&bench.explain("NOWHERE").await), "not_in_shop");
    bench
        .shop
        .client()
        .await
        .run("UPDATE wp_postmeta SET meta_value = 'no' WHERE meta_key = '_manage_stock'")
        .await;
    assert_eq!(verdict(&bench.explain("A").await), "unmanaged");
}
