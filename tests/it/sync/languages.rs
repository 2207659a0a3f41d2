//! A row per language and per store of the shop, texts in the language that the row is for, and whose texts they are.

use crate::support::pipeline::{Pipeline, changed, dry, full};
use crate::support::project::Project;
use crate::support::servers::{self, Database};

use super::bazaar;
use super::shop::run_all;

const ERP: &[&str] = &[
    "INSERT INTO tax_classes (code, description, rate) VALUES ('IVA22', '22 %', 22)",
    "INSERT INTO articles (sku, tax_class) VALUES ('LAMP', 'IVA22'), ('ROPE', 'IVA22')",
    "INSERT INTO article_texts (sku, language, name, description) VALUES
     ('LAMP', 'en_US', 'Lamp', 'Shines'), ('LAMP', 'it_IT', 'Lampada', NULL), ('ROPE', 'en_US', 'Rope', NULL)",
];

/// Without prices there is nothing to wait for.
const KEYS: &str = r#"
records  = ["article"]
language = "en_US"
[shop.main.article.write.product]
set = { visible = "CASE WHEN active THEN 1 ELSE 0 END" }
"#;

/// A PostgreSQL ERP with these articles, and an empty bazaar on MariaDB.
async fn pair(test: &str, shop_keys: &str) -> (Database, Database, Pipeline) {
    let erp = servers::postgres(&format!("{test} erp")).await;
    let shop = servers::mariadb(&format!("{test} shop")).await;
    let mut client = erp.client().await;
    client.load_file("schemas/reference/postgres.sql").await;
    run_all(&erp, ERP).await;
    bazaar::fill(&shop).await;
    let pipeline = bazaar::pipeline(&[
        &bazaar::erp(&erp),
        &bazaar::shop("main", &shop, KEYS),
        shop_keys,
    ])
    .await;
    (erp, shop, pipeline)
}

/// `sku language: name / description`, and `sku store`.
async fn texts(shop: &Database) -> Vec<String> {
    let mut client = shop.client().await;
    let texts = client
        .rows(
            "SELECT CONCAT(p.sku, ' ', l.code, ': ', t.name, ' / ', COALESCE(t.description, '')) FROM product_text t
             JOIN product p ON p.id = t.product_id JOIN language l ON l.id = t.language_id ORDER BY p.sku, l.code",
        )
        .await;
    texts.into_iter().flatten().flatten().collect()
}

async fn stores(shop: &Database) -> Vec<String> {
    let mut client = shop.client().await;
    let rows = client
        .rows(
            "SELECT CONCAT(p.sku, ' ', s.store_id) FROM product_store s JOIN product p ON p.id = s.product_id
             ORDER BY p.sku, s.store_id",
        )
        .await;
    rows.into_iter().flatten().flatten().collect()
}

#[tokio::test]
async fn every_language_of_the_shop_has_a_row_in_its_own_language() {
    let codes = "[shop.main.languages]\nen = \"en_US\"\nit = \"it_IT\"\nde = \"de_DE\"";
    let (erp, shop, pipeline) = pair("sync::languages::rows", codes).await;
    let report = pipeline.run("main/article", &changed()).await;
    assert_eq!(report.counts.created, 2);
    assert_eq!(
        texts(&shop).await,
        [
            "LAMP de: Lamp / ",
            "LAMP en: Lamp / Shines",
            "LAMP it: Lampada / ",
            "ROPE de: Rope / ",
            "ROPE en: Rope / ",
            "ROPE it: Rope / ",
        ]
    );
    assert_eq!(stores(&shop).await, ["LAMP 10", "LAMP 20", "ROPE 10"]);
    assert!(!pipeline.run("main/article", &full()).await.wrote());

    // What the ERP has no text for is the shop people's; what it has one for is written again.
    run_all(
        &shop,
        &[
            "UPDATE product_text SET name = 'Lampe' WHERE language_id = 3 AND name = 'Lamp'",
            "UPDATE product_text SET name = 'Luce' WHERE language_id = 2 AND name = 'Lampada'",
            "UPDATE product_text SET description = 'By hand' WHERE language_id = 2",
        ],
    )
    .await;
    let report = pipeline.run("main/article", &full()).await;
    assert_eq!(report.counts.rows_updated, 1);
    let now = texts(&shop).await;
    assert_eq!(now[0], "LAMP de: Lampe / ");
    assert_eq!(now[2], "LAMP it: Lampada / By hand");

    // A text changed in one language: that row alone.
    run_all(
        &erp,
        &["UPDATE article_texts SET name = 'Lampadina' WHERE language = 'it_IT'"],
    )
    .await;
    let report = pipeline.run("main/article", &changed()).await;
    assert_eq!((report.counts.changed, report.counts.rows_updated), (1, 1));
    assert_eq!(texts(&shop).await[2], "LAMP it: Lampadina / By hand");
}

#[tokio::test]
async fn a_language_that_is_not_in_the_project_is_the_shop_peoples() {
    let codes = "[shop.main.languages]\nen = \"en_US\"";
    let (_erp, shop, pipeline) = pair("sync::languages::owned", codes).await;
    pipeline.run("main/article", &changed()).await;
    // Italian is a language of the ERP's, but not one that ponte looks after here.
    assert_eq!(texts(&shop).await[2], "LAMP it: Lamp / ");
    assert_eq!(stores(&shop).await, ["LAMP 10", "ROPE 10"]);
    run_all(
        &shop,
        &["UPDATE product_text SET name = CONCAT(name, ' by hand')"],
    )
    .await;
    assert_eq!(
        pipeline
            .run("main/article", &full())
            .await
            .counts
            .rows_updated,
        2
    );
    assert_eq!(
        texts(&shop).await,
        [
            "LAMP de: Lamp by hand / ",
            "LAMP en: Lamp / Shines",
            "LAMP it: Lamp by hand / ",
            "ROPE de: Rope by hand / ",
            "ROPE en: Rope / ",
            "ROPE it: Rope by hand / ",
        ]
    );
}

#[tokio::test]
async fn a_new_language_gets_its_rows_and_one_that_goes_takes_none_away() {
    // Without a table the codes are the same on both sides.
    let (erp, shop, pipeline) = pair("sync::languages::new", "").await;
    run_all(
        &shop,
        &[
            "UPDATE language SET code = 'en_US' WHERE id = 1",
            "UPDATE store SET language = 'en_US' WHERE id = 10",
        ],
    )
    .await;
    pipeline.run("main/article", &changed()).await;
    assert_eq!(texts(&shop).await.len(), 6);

    run_all(
        &shop,
        &[
            "INSERT INTO language (id, code) VALUES (4, 'it_IT')",
            "UPDATE language SET enabled = 0 WHERE code = 'de'",
            "INSERT INTO store (id, language) VALUES (30, 'it_IT')",
            "INSERT INTO product_store (product_id, store_id) SELECT id, 99 FROM product",
        ],
    )
    .await;
    let plan = pipeline.run("main/article", &dry()).await;
    assert_eq!(
        (plan.counts.rows_inserted, plan.counts.rows_deleted),
        (3, 0)
    );
    // Nothing changed in the ERP, but in a small table of the shop.
    let report = pipeline.run("main/article", &changed()).await;
    assert_eq!(
        (report.counts.rows_inserted, report.counts.rows_deleted),
        (3, 0)
    );
    let now = texts(&shop).await;
    assert_eq!(
        now.len(),
        8,
        "texts of a language that was switched off stay"
    );
    assert!(now.contains(&"LAMP it_IT: Lampada / ".to_owned()));
    let in_stores = stores(&shop).await;
    assert_eq!(
        in_stores,
        ["LAMP 10", "LAMP 30", "LAMP 99", "ROPE 10", "ROPE 99"],
        "a store that the small table does not have is nobody's"
    );

    // The article is no longer in the language of a store.
    run_all(
        &erp,
        &["DELETE FROM article_texts WHERE language = 'it_IT'"],
    )
    .await;
    let report = pipeline.run("main/article", &changed()).await;
    assert_eq!(report.counts.rows_deleted, 1);
    assert_eq!(
        stores(&shop).await,
        ["LAMP 10", "LAMP 99", "ROPE 10", "ROPE 99"]
    );

    // A small table that comes back empty takes nothing away.
    run_all(&shop, &["DELETE FROM store"]).await;
    let report = pipeline.run("main/article", &full()).await;
    assert_eq!(report.counts.rows_deleted, 0);
}

#[tokio::test]
async fn a_misspelt_language_is_told_before_anything_is_written() {
    let codes = "[shop.main.languages]\nen = \"en_US\"\nitt = \"it_IT\"";
    let (_erp, _shop, pipeline) = pair("sync::languages::misspelt", codes).await;
    let said = bazaar::refused(&pipeline, "main/article").await;
    assert!(said.contains("the shop has no language `itt`"), "{said}");
    assert!(said.contains("did you mean `it`?"), "{said}");
}

#[tokio::test]
async fn a_language_that_the_erp_does_not_have_creates_nothing_without_a_name() {
    let (erp, shop, _) = pair("sync::languages::nameless", "").await;
    let mut folder = Project::new();
    for (path, text) in bazaar::PACK {
        folder.file(path, text);
    }
    let keys = KEYS.replace("en_US", "en");
    let text = bazaar::erp(&erp)
        + &bazaar::shop("main", &shop, &keys)
        + "[shop.main.languages]\nit = \"it_IT\"\nde = \"de_DE\"\n";
    folder.file("ponte.toml", &text);
    folder.ponte(&["setup", "--run"]).succeeds();
    let said = folder.ponte(&["check"]).succeeds().to_string();
    for expected in [
        "P390",
        "the ERP has no text of any `article` in the language `en`",
        "the ERP has no text of any `article` in the language `de_DE`",
        "languages of its texts: en_US, it_IT",
    ] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    assert!(!said.contains("language `it_IT`"), "{said}");

    let outcome = folder.ponte(&["sync", "article"]).exits_with(4);
    for expected in [
        "no name in language `en`: it is not created without one",
        "nothing has a name in the language `en`",
    ] {
        assert!(outcome.stdout.contains(expected), "{expected}: {outcome}");
    }
    let count = "SELECT COUNT(*) FROM product";
    assert_eq!(shop.client().await.value(count).await.as_deref(), Some("0"));

    // One that is there keeps its texts; one that gets a name is created.
    run_all(
        &shop,
        &["INSERT INTO product (sku, visible, price) VALUES ('LAMP', 0, 5)"],
    )
    .await;
    let name = "INSERT INTO article_texts (sku, language, name) VALUES ('ROPE', 'en', 'Rope')";
    run_all(&erp, &[name]).await;
    folder.ponte(&["match", "--accept"]);
    let outcome = folder.ponte(&["sync", "article"]).succeeds();
    assert!(!outcome.stdout.contains("nothing has a name"), "{outcome}");
    assert_eq!(shop.client().await.value(count).await.as_deref(), Some("2"));
}
