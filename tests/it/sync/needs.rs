//! An article that ponte creates is not shown before its price is written, whatever happens in between.

use crate::support::pipeline::{Pipeline, changed, dry, full};
use crate::support::project::Project;
use crate::support::servers::{self, Database};

use super::bazaar;
use super::shop::run_all;

const KEYS: &str = "language = \"en\"\nprice_list = \"public\"";

const ERP: &[&str] = &[
    "INSERT INTO tax_classes (code, description, rate) VALUES ('IVA22', '22 %', 22)",
    "INSERT INTO price_lists (code, tax_included) VALUES ('public', FALSE)",
    "INSERT INTO articles (sku, tax_class) VALUES ('LAMP', 'IVA22'), ('ROPE', 'IVA22'), ('SAIL', 'IVA22')",
    "INSERT INTO article_texts (sku, language, name) VALUES ('LAMP', 'en', 'Lamp'), ('ROPE', 'en', 'Rope'), ('SAIL', 'en', 'Sail')",
    "INSERT INTO prices (sku, list, amount) VALUES ('LAMP', 'public', 10), ('SAIL', 'public', 30)",
];

/// ROPE has no price in the ERP; the shop had SAIL before ponte came.
async fn databases(test: &str) -> (Database, Database) {
    let erp = servers::postgres(&format!("{test} erp")).await;
    let shop = servers::mariadb(&format!("{test} shop")).await;
    let mut client = erp.client().await;
    client.load_file("schemas/reference/postgres.sql").await;
    run_all(&erp, ERP).await;
    bazaar::fill(&shop).await;
    let by_hand = "INSERT INTO product (sku, visible, price) VALUES ('SAIL', 1, 5)";
    run_all(&shop, &[by_hand]).await;
    (erp, shop)
}

async fn pair(test: &str) -> (Database, Database, Pipeline) {
    let (erp, shop) = databases(test).await;
    let project = [bazaar::erp(&erp), bazaar::shop("main", &shop, KEYS)];
    let pipeline = bazaar::pipeline(&[&project[0], &project[1]]).await;
    (erp, shop, pipeline)
}

/// `sku visible price`
async fn products(shop: &Database) -> Vec<String> {
    let sql = "SELECT CONCAT(sku, ' ', visible, ' ', ROUND(price, 2)) FROM product ORDER BY sku";
    let rows = shop.client().await.rows(sql).await;
    rows.into_iter().flatten().flatten().collect()
}

async fn remembered(shop: &Database) -> Vec<String> {
    let sql =
        "SELECT CONCAT(record_key, ' ', needed, ' ', met) FROM ponte_need ORDER BY record_key";
    let rows = shop.client().await.rows(sql).await;
    rows.into_iter().flatten().flatten().collect()
}

#[tokio::test]
async fn an_article_waits_for_its_price() {
    let (erp, shop, pipeline) = pair("sync::needs::waits").await;
    let report = pipeline.run("main/article", &changed()).await;
    assert_eq!((report.counts.created, report.counts.incomplete), (2, 2));
    assert_eq!(
        products(&shop).await,
        ["LAMP 0 0.00", "ROPE 0 0.00", "SAIL 1 5.00"]
    );
    assert_eq!(remembered(&shop).await, ["LAMP price 0", "ROPE price 0"]);

    pipeline.run("main/article", &changed()).await;
    let report = pipeline.run("main/price", &dry()).await;
    assert_eq!(report.counts.changed, 2);
    assert_eq!(pipeline.run("main/price", &changed()).await.met, 1);
    assert_eq!(products(&shop).await[0], "LAMP 0 10.00");
    assert_eq!(remembered(&shop).await, ["LAMP price 1", "ROPE price 0"]);

    let report = pipeline.run("main/article", &changed()).await;
    assert_eq!((report.counts.changed, report.counts.unchanged), (1, 1));
    assert_eq!(
        products(&shop).await,
        ["LAMP 1 10.00", "ROPE 0 0.00", "SAIL 1 30.00"]
    );
    assert_eq!(remembered(&shop).await, ["ROPE price 0"]);

    // Nobody but ponte can show it, until the ERP says what it costs.
    run_all(&shop, &["UPDATE product SET visible = 1"]).await;
    pipeline.run("main/article", &changed()).await;
    assert_eq!(products(&shop).await[1], "ROPE 0 0.00");
    let price = "INSERT INTO prices (sku, list, amount) VALUES ('ROPE', 'public', 20)";
    run_all(&erp, &[price]).await;
    pipeline.run("main/price", &changed()).await;
    pipeline.run("main/article", &changed()).await;
    assert_eq!(products(&shop).await[1], "ROPE 1 20.00");
    assert!(remembered(&shop).await.is_empty());
    for flow in ["main/article", "main/price"] {
        assert_eq!(pipeline.run(flow, &changed()).await.counts.unchanged, 3);
        assert!(!pipeline.run(flow, &full()).await.wrote());
    }
}

#[tokio::test]
async fn a_price_that_is_right_by_chance_is_one() {
    let (erp, shop, pipeline) = pair("sync::needs::chance").await;
    run_all(&erp, &["UPDATE prices SET amount = 0 WHERE sku = 'LAMP'"]).await;
    pipeline.run("main/article", &changed()).await;
    pipeline.run("main/price", &changed()).await;
    pipeline.run("main/article", &changed()).await;
    assert_eq!(products(&shop).await[0], "LAMP 1 0.00");
}

#[tokio::test]
async fn whatever_is_forgotten_in_between_the_article_is_shown_in_the_end() {
    let steps = ["main/article", "main/price", "main/article"];
    for lost in 0..4 {
        let test = format!("sync::needs::forgotten {lost}");
        let (_erp, shop, pipeline) = pair(&test).await;
        for (at, flow) in steps.into_iter().enumerate() {
            pipeline.run(flow, &changed()).await;
            if lost & (1 << at) != 0 {
                pipeline.lose_snapshots();
            }
        }
        let expected = ["LAMP 1 10.00", "ROPE 0 0.00", "SAIL 1 30.00"];
        assert_eq!(products(&shop).await, expected, "{test}");
    }
}

#[tokio::test]
async fn an_article_made_anew_waits_for_a_price_that_has_not_changed() {
    let (_erp, shop, pipeline) = pair("sync::needs::anew").await;
    for flow in ["main/article", "main/price", "main/article"] {
        pipeline.run(flow, &changed()).await;
    }
    run_all(
        &shop,
        &[
            "DELETE FROM product WHERE sku = 'LAMP'",
            "DELETE FROM ponte_link WHERE record_key = 'LAMP'",
        ],
    )
    .await;
    // As if a single article had been asked for: the snapshots still say that all is well.
    let one = crate::support::pipeline::only(&["LAMP"]);
    assert_eq!(pipeline.run("main/article", &one).await.counts.created, 1);
    assert_eq!(products(&shop).await[0], "LAMP 0 0.00");
    pipeline.run("main/price", &changed()).await;
    pipeline.run("main/article", &changed()).await;
    assert_eq!(products(&shop).await[0], "LAMP 1 10.00");
}

#[tokio::test]
async fn one_sync_is_enough() {
    let (erp, shop) = databases("sync::needs::one").await;
    let mut project = Project::new();
    for (path, text) in bazaar::PACK {
        project.file(path, text);
    }
    let text = bazaar::erp(&erp) + &bazaar::shop("main", &shop, KEYS);
    project.file("ponte.toml", &text);
    project.ponte(&["setup", "--run"]).succeeds();
    project.ponte(&["match"]).exits_with(4);
    project.ponte(&["match", "--accept"]).succeeds();
    project.ponte(&["sync", "article", "price"]).succeeds();
    assert_eq!(
        products(&shop).await,
        ["LAMP 1 10.00", "ROPE 0 0.00", "SAIL 1 30.00"]
    );
    // Prices alone meet the need too; the article's own flow shows it when it runs.
    let price = "INSERT INTO prices (sku, list, amount) VALUES ('ROPE', 'public', 20)";
    run_all(&erp, &[price]).await;
    project.ponte(&["sync", "price"]).succeeds();
    assert_eq!(products(&shop).await[1], "ROPE 0 20.00");
    project.ponte(&["sync"]).succeeds();
    assert_eq!(products(&shop).await[1], "ROPE 1 20.00");
}
