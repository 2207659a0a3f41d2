//! Several shops on one ERP in one project: each has its own articles, prices, languages and warehouses, and what is
//! done to one of them is nothing to the others.

use crate::support::pipeline::{Pipeline, changed, dump, full, same_dump};
use crate::support::servers::{self, Database};

use super::bazaar;
use super::shop::run_all;

const ERP: &[&str] = &[
    "INSERT INTO tax_classes (code, description, rate) VALUES ('IVA22', '22 %', 22), ('WEB', 'a flag', 22)",
    "INSERT INTO warehouses (code, name) VALUES ('NORTH', 'North'), ('SOUTH', 'South')",
    "INSERT INTO price_lists (code, tax_included) VALUES ('public', FALSE), ('trade', FALSE)",
    "INSERT INTO articles (sku, tax_class) VALUES ('LAMP', 'IVA22'), ('ROPE', 'WEB'), ('SAIL', 'WEB')",
    "INSERT INTO article_texts (sku, language, name) VALUES ('LAMP', 'en', 'Lamp'), ('ROPE', 'en', 'Rope'),
     ('SAIL', 'en', 'Sail'), ('LAMP', 'it', 'Lampada'), ('ROPE', 'it', 'Fune'), ('SAIL', 'it', 'Vela')",
    "INSERT INTO prices (sku, list, amount) VALUES ('LAMP', 'public', 10), ('ROPE', 'public', 20), ('SAIL', 'public', 30),
     ('LAMP', 'trade', 8), ('ROPE', 'trade', 16), ('SAIL', 'trade', 24)",
    "INSERT INTO stock (sku, warehouse, quantity) VALUES ('LAMP', 'NORTH', 1), ('ROPE', 'NORTH', 2), ('SAIL', 'NORTH', 3),
     ('LAMP', 'SOUTH', 10), ('ROPE', 'SOUTH', 20), ('SAIL', 'SOUTH', 30)",
];

const CITY: &str = r#"
language   = "en"
price_list = "public"
warehouses = ["NORTH", "SOUTH"]
[shop.city.languages]
en = "en"
"#;

const HARBOUR: &str = r#"
language   = "it"
price_list = "trade"
warehouses = ["SOUTH"]
[shop.harbour.article]
where = "s.tax_class = 'WEB'   -- sell on the web"
"#;

struct Town {
    erp: Database,
    city: Database,
    harbour: Database,
    state: tempfile::TempDir,
}

impl Town {
    async fn new(test: &str) -> Town {
        let erp = servers::postgres(&format!("{test} erp")).await;
        let mut client = erp.client().await;
        client.load_file("schemas/reference/postgres.sql").await;
        run_all(&erp, ERP).await;
        let city = servers::mariadb(&format!("{test} city")).await;
        let harbour = servers::mariadb(&format!("{test} harbour")).await;
        bazaar::fill(&city).await;
        bazaar::fill(&harbour).await;
        let state = tempfile::tempdir().unwrap();
        Town {
            erp,
            city,
            harbour,
            state,
        }
    }

    /// The project with these keys of its shops; what it remembers is kept from one to the next.
    async fn project(&self, city: &str, harbour: &str) -> Pipeline {
        bazaar::pipeline(&[
            &format!("[state]\ndir = \"{}\"", self.state.path().display()),
            &bazaar::erp(&self.erp),
            &bazaar::shop("city", &self.city, city),
            &bazaar::shop("harbour", &self.harbour, harbour),
        ])
        .await
    }
}

/// `sku: its Italian name, visible, price, pieces`.
async fn articles(shop: &Database) -> Vec<String> {
    let rows = shop
        .client()
        .await
        .rows(
            "SELECT CONCAT(p.sku, ': ', t.name, ', ', p.visible, ', ', ROUND(p.price, 2), ', ', p.pieces)
             FROM product p JOIN product_text t ON t.product_id = p.id AND t.language_id = 2 ORDER BY p.sku",
        )
        .await;
    rows.into_iter().flatten().flatten().collect()
}

#[tokio::test]
async fn each_shop_has_its_own_articles_prices_languages_and_warehouses() {
    let town = Town::new("sync::shops::each").await;
    let pipeline = town.project(CITY, HARBOUR).await;
    pipeline.sync_shops(&changed()).await;
    pipeline.sync_shops(&changed()).await;
    assert_eq!(
        articles(&town.city).await,
        [
            "LAMP: Lamp, 1, 10.00, 11",
            "ROPE: Rope, 1, 20.00, 22",
            "SAIL: Sail, 1, 30.00, 33",
        ]
    );
    assert_eq!(
        articles(&town.harbour).await,
        ["ROPE: Fune, 1, 16.00, 20", "SAIL: Vela, 1, 24.00, 30"]
    );
    assert!(!pipeline.sync_shops(&full()).await, "a second run writes");
    // Prices of articles that the shop does not have are nobody's affair: none of them waits.
    let prices = pipeline.run("harbour/price", &full()).await;
    assert_eq!((prices.counts.read, prices.counts.waiting), (2, 0));
}

#[tokio::test]
async fn one_shops_configuration_is_nothing_to_the_other() {
    let town = Town::new("sync::shops::one").await;
    let before = town.project(CITY, HARBOUR).await;
    before.sync_shops(&changed()).await;
    before.sync_shops(&changed()).await;
    let city = dump(&mut town.city.client().await).await;
    let edits = [
        ("s.tax_class = 'WEB'", "s.sku <> 'SAIL'"),
        ("\"trade\"", "\"public\""),
        ("\"SOUTH\"", "\"NORTH\""),
        ("\"it\"", "\"en\""),
    ];
    let edited = edits.iter().fold(HARBOUR.to_owned(), |text, (old, new)| {
        assert!(text.contains(old));
        text.replace(old, new)
    });
    let pipeline = town.project(CITY, &edited).await;
    let flows = pipeline.plan.flows.iter();
    for flow in flows.filter(|flow| flow.name.starts_with("city/")) {
        assert_eq!(flow.digest, before.flow(&flow.name).digest);
        let report = pipeline.run(&flow.name, &changed()).await;
        assert_eq!(report.counts.unchanged, 3, "{}", flow.name);
    }
    pipeline.sync_shops(&changed()).await;
    pipeline.sync_shops(&changed()).await;
    same_dump(
        &city,
        &dump(&mut town.city.client().await).await,
        "the other shop's",
    );
    let harbour = articles(&town.harbour).await;
    assert_eq!(
        (harbour[0].as_str(), harbour[1].as_str()),
        ("LAMP: Lampada, 1, 10.00, 1", "ROPE: Fune, 1, 20.00, 2")
    );
}

#[tokio::test]
async fn a_filter_that_is_edited_adds_articles_and_lets_the_others_be() {
    let town = Town::new("sync::shops::filter").await;
    let pipeline = town.project(CITY, HARBOUR).await;
    pipeline.sync_shops(&changed()).await;
    pipeline.sync_shops(&changed()).await;
    let edited = HARBOUR.replace("s.tax_class = 'WEB'", "s.sku IN ('LAMP', 'SAIL')");
    let pipeline = town.project(CITY, &edited).await;
    let report = pipeline.run("harbour/article", &changed()).await;
    let counts = &report.counts;
    assert_eq!(
        (counts.read, counts.created, counts.unchanged, counts.gone),
        (2, 1, 1, 1)
    );
    pipeline.sync_shops(&changed()).await;
    pipeline.sync_shops(&changed()).await;
    // Stock is shown of whatever the shop has: an article that is no longer chosen may still be on sale there.
    run_all(&town.erp, &["UPDATE stock SET quantity = quantity + 100"]).await;
    pipeline.sync_shops(&changed()).await;
    assert_eq!(
        articles(&town.harbour).await,
        [
            "LAMP: Lampada, 1, 8.00, 110",
            "ROPE: Fune, 1, 16.00, 120",
            "SAIL: Vela, 1, 24.00, 130",
        ]
    );
}

#[tokio::test]
async fn a_filter_that_the_erp_does_not_understand_is_told_at_its_place() {
    let town = Town::new("sync::shops::refused").await;
    let wrong = HARBOUR.replace("s.tax_class", "s.on_the_web");
    let pipeline = town.project(CITY, &wrong).await;
    for flow in ["harbour/article", "harbour/price"] {
        let said = bazaar::refused(&pipeline, flow).await;
        assert!(said.contains("error[P314]"), "{said}");
        assert!(said.contains("where = \"s.on_the_web = 'WEB'"), "{said}");
    }
    pipeline.run("city/article", &changed()).await;
}
