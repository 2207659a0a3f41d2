//! The packs `opencart-4.1` and `opencart-4.0` in a shop that sells already: what is matched, what is created, what is left
//! alone, and the rows that follow from the tree of categories, held against a computation of the tests' own.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::client::Client;
use crate::support::pipeline::{Pipeline, changed, dump, full, same_dump};
use crate::support::servers::{self, Database};

use super::shop::run_all;

const BOTH: [&str; 2] = ["4.1", "4.0"];

async fn shop_and_erp(version: &str, test: &str) -> (Database, Database, Pipeline) {
    let erp = servers::postgres(&format!("{test} {version} erp")).await;
    let shop = servers::mariadb(&format!("{test} {version} shop")).await;
    let mut client = erp.client().await;
    client.load_file("schemas/reference/postgres.sql").await;
    client.load_file("tests/cases/opencart/erp.sql").await;
    let mut client = shop.client().await;
    let schema = format!("schemas/opencart-{version}/mysql.sql");
    client.load_file(&schema).await;
    let seed = format!("tests/cases/opencart/seed-{version}.sql");
    client.load_file(&seed).await;
    let project = format!(
        r#"
[erp]
pack = "reference"
url  = "{}"

[shop.main]
pack         = "opencart-{version}"
url          = "{}"
language     = "en"
price_list   = "public"
warehouses   = ["WH"]
orders.since = 2026-01-01T00:00:00Z
records      = ["category", "article", "price"]
[shop.main.languages]
en-gb = "en"
it-it = "it"
[shop.main.tax]
IVA22 = {{ rate = 22, class = 9 }}
IVA10 = {{ rate = 10, class = 10 }}
"#,
        erp.url, shop.url
    );
    let pipeline = Pipeline::new(&project).await;
    (erp, shop, pipeline)
}

/// Nothing may be written, however much is compared.
async fn is_right(pipeline: &Pipeline, shop: &Database) {
    let before = dump(&mut shop.client().await).await;
    for (options, claim) in [(changed(), "a second run"), (full(), "a full run")] {
        pipeline.sync_shops(&options).await;
        same_dump(&before, &dump(&mut shop.client().await).await, claim);
    }
    pipeline.lose_snapshots();
    pipeline.sync_shops(&changed()).await;
    let claim = "a run without snapshots";
    same_dump(&before, &dump(&mut shop.client().await).await, claim);
}

/// Rows in one text each: `a|b|NULL`.
async fn rows(shop: &Database, sql: &str) -> Vec<String> {
    let rows = shop.client().await.rows(sql).await;
    let text = |row: Vec<Option<String>>| {
        let values = row
            .into_iter()
            .map(|value| value.unwrap_or("NULL".to_owned()));
        values.collect::<Vec<_>>().join("|")
    };
    rows.into_iter().map(text).collect()
}

/// The tree as `parent_id` has it: each category's way from the root to itself.
async fn ways(shop: &mut Client) -> BTreeMap<u64, Vec<u64>> {
    let number = |text: &Option<String>| -> u64 {
        let text = text.as_deref().expect("a number");
        text.parse().expect("a whole number")
    };
    let categories = shop
        .rows("SELECT category_id, parent_id FROM oc_category")
        .await;
    let parents: BTreeMap<u64, u64> = categories
        .iter()
        .map(|row| (number(&row[0]), number(&row[1])))
        .collect();
    let way = |id: &u64| {
        let mut way = vec![*id];
        while parents[&way[0]] != 0 {
            way.insert(0, parents[&way[0]]);
        }
        (*id, way)
    };
    parents.keys().map(way).collect()
}

/// `oc_category_path` and the addresses follow from the tree.
async fn tree_is_whole(shop: &Database) {
    let mut client = shop.client().await;
    let ways = ways(&mut client).await;
    let mut wanted = BTreeSet::new();
    for (id, way) in &ways {
        for (level, above) in way.iter().enumerate() {
            wanted.insert(format!("{id}|{above}|{level}"));
        }
    }
    let sql = "SELECT category_id, path_id, level FROM oc_category_path";
    let found: BTreeSet<String> = rows(shop, sql).await.into_iter().collect();
    assert_eq!(found, wanted, "oc_category_path");
    // Every name consists of those of the categories above that have one in this language, then its own part.
    let sql = "SELECT language_id, value, keyword FROM oc_seo_url WHERE `key` = 'path' AND keyword <> 'old-garden'";
    let addresses = client.rows(sql).await;
    let cell = |text: &Option<String>| text.clone().expect("a text");
    let mut own = BTreeMap::new();
    for row in &addresses {
        let id: u64 = cell(&row[1])
            .rsplit('_')
            .next()
            .expect("an id")
            .parse()
            .expect("an id");
        let keyword = cell(&row[2]);
        let part = keyword.rsplit('/').next().expect("a part").to_owned();
        let before = own.insert((cell(&row[0]), id), (cell(&row[1]), keyword, part));
        assert_eq!(before, None, "one address of each category and language");
    }
    for ((language, id), (value, keyword, _)) in &own {
        let way = &ways[id];
        let ids: Vec<String> = way.iter().map(u64::to_string).collect();
        assert_eq!(value, &ids.join("_"));
        if keyword.starts_with("utensili/") {
            continue; // the shop people's own, under categories without a name in it
        }
        let parts = way
            .iter()
            .filter_map(|above| own.get(&(language.clone(), *above)));
        let parts: Vec<&str> = parts.map(|(.., part)| part.as_str()).collect();
        assert_eq!(keyword, &parts.join("/"));
    }
}

#[tokio::test]
async fn a_shop_that_sells_already_is_matched_and_completed() {
    for version in BOTH {
        let (_erp, shop, pipeline) = shop_and_erp(version, "sync::opencart::first").await;
        let theirs = "SELECT * FROM oc_product WHERE product_id IN (104, 105, 106, 107)";
        let before = rows(&shop, theirs).await;
        assert!(pipeline.sync_shops(&changed()).await, "{version}");
        assert_eq!(
            rows(&shop, theirs).await,
            before,
            "options, masters, variants, strangers"
        );
        tree_is_whole(&shop).await;
        is_right(&pipeline, &shop).await;

        let products = rows(
            &shop,
            "SELECT model, status, tax_class_id, price, weight + 0, weight_class_id, length + 0, quantity, subtract
             FROM oc_product WHERE product_id NOT IN (104, 105, 106, 107) ORDER BY product_id",
        )
        .await;
        let created = &products[3..];
        assert_eq!(
            products[..3],
            [
                "S-100|1|9|12.5000|0.70000000|1|30.00000000|5|1",
                "RAKE|1|10|15.0000|0.00000000|1|0.00000000|5|1",
                "M-1|1|9|4.1234|325.00000000|2|82.00000000|5|1",
            ],
            "{version}"
        );
        let mut created = created.to_vec();
        created.sort();
        assert_eq!(
            created,
            [
                "DRILL|1|9|149.9000|2.50000000|1|25.50000000|0|1",
                "LAMP|1|10|35.0000|0.25000000|1|0.00000000|0|1",
                "OLD|0|9|5.0000|0.00000000|1|0.00000000|0|1",
            ],
            "{version}"
        );
        let names = rows(
            &shop,
            "SELECT p.model, d.language_id, d.name, d.description FROM oc_product_description d JOIN oc_product p USING (product_id)
             WHERE p.model IN ('S-100', 'DRILL') ORDER BY p.model, d.language_id",
        )
        .await;
        assert_eq!(
            names,
            [
                "DRILL|1|Drill &lt;18 V&gt;|&lt;b&gt;A drill&lt;/b&gt; &amp; two batteries.",
                "DRILL|2|Trapano 18 V|",
                "S-100|1|Saw|By hand",
                "S-100|2|Sega|Per il legno.",
            ],
            "{version}"
        );
        let codes = match version {
            "4.1" => {
                "SELECT p.model, c.code, c.value FROM oc_product_code c JOIN oc_product p USING (product_id)"
            }
            _ => {
                "SELECT model, 'SKU', sku FROM oc_product WHERE sku <> '' UNION ALL SELECT model, 'EAN', ean FROM oc_product WHERE ean <> ''"
            }
        };
        let codes: BTreeSet<String> = rows(&shop, codes).await.into_iter().collect();
        for code in [
            "S-100|SKU|SAW",
            "S-100|EAN|8000000000019",
            "DRILL|SKU|DRILL",
            "DRILL|EAN|8000000000026",
        ] {
            assert!(codes.contains(code), "{version}: {code} in {codes:?}");
        }
        assert!(
            !codes.iter().any(|code| code.starts_with("RAKE|SKU")),
            "{codes:?}"
        );
        let addresses = rows(
            &shop,
            "SELECT s.language_id, s.store_id, s.keyword, s.sort_order FROM oc_seo_url s JOIN oc_product p ON p.product_id = s.value
             WHERE s.`key` = 'product_id' AND p.model IN ('DRILL', 'OLD') ORDER BY p.model, s.language_id",
        )
        .await;
        assert_eq!(
            addresses,
            [
                "1|0|drill-18-v|0",
                "2|0|trapano-18-v|0",
                "1|0|saw-2|0",
                "2|0|saw-3|0"
            ],
            "{version}"
        );
        let places = rows(
            &shop,
            "SELECT p.model, c.category_id FROM oc_product_to_category c JOIN oc_product p USING (product_id)
             WHERE p.model IN ('S-100', 'RAKE', 'THEIRS') ORDER BY p.product_id, c.category_id",
        )
        .await;
        assert_eq!(
            places,
            ["S-100|20", "S-100|22", "RAKE|22", "THEIRS|20"],
            "{version}: 22 is nobody's but the shop people's; the ERP does not have RAKE in Clothing"
        );
        let stores = rows(&shop, "SELECT COUNT(*) FROM oc_product p LEFT JOIN oc_product_to_store s USING (product_id) WHERE s.store_id IS NULL").await;
        assert_eq!(stores, ["0"]);
    }
}

#[tokio::test]
async fn categories_take_those_below_along_when_they_move() {
    for version in BOTH {
        let (erp, shop, pipeline) = shop_and_erp(version, "sync::opencart::tree").await;
        pipeline.sync_shops(&changed()).await;
        for (moves, keyword) in [
            (
                &["UPDATE categories SET parent_id = 'L' WHERE id = 'G'"][..],
                "light/garden/rakes/leaves",
            ),
            (
                &[
                    "UPDATE categories SET parent_id = NULL WHERE id = 'G'",
                    "UPDATE categories SET parent_id = 'G' WHERE id = 'L'",
                    "UPDATE category_texts SET name = 'Lamps & more' WHERE category_id = 'LX'",
                ],
                "garden/rakes/leaves",
            ),
        ] {
            run_all(&erp, moves).await;
            assert!(pipeline.sync_shops(&changed()).await, "{version}");
            tree_is_whole(&shop).await;
            let leaves = "SELECT keyword FROM oc_seo_url WHERE value LIKE '%\\_23'";
            assert_eq!(rows(&shop, leaves).await, [keyword], "{version}");
        }
        is_right(&pipeline, &shop).await;
        let theirs = rows(&shop, "SELECT keyword, value FROM oc_seo_url WHERE keyword IN ('old-garden', 'clothes') ORDER BY 1").await;
        assert_eq!(theirs, ["clothes|30", "old-garden|30_21"], "{version}");
    }
}

#[tokio::test]
async fn rows_of_the_tree_that_drifted_are_put_right_by_a_full_run() {
    let (_erp, shop, pipeline) = shop_and_erp("4.1", "sync::opencart::drift").await;
    pipeline.sync_shops(&changed()).await;
    let right = dump(&mut shop.client().await).await;
    for drift in [
        "DELETE FROM oc_category_path WHERE category_id = 23 AND path_id = 20",
        "UPDATE oc_category_path SET level = 7 WHERE category_id = 22 AND path_id = 21",
        "INSERT INTO oc_category_path (category_id, path_id, level) VALUES (22, 30, 1)",
    ] {
        run_all(&shop, &[drift]).await;
        pipeline.sync_shops(&full()).await;
        same_dump(&right, &dump(&mut shop.client().await).await, drift);
    }
}

#[tokio::test]
async fn a_sale_is_an_offer_beside_the_shops_own() {
    for version in BOTH {
        let (erp, shop, pipeline) = shop_and_erp(version, "sync::opencart::sale").await;
        let offers = match version {
            "4.1" => {
                "SELECT p.model, o.customer_group_id, o.priority, o.price, o.date_start, o.date_end FROM oc_product_discount o JOIN oc_product p USING (product_id) WHERE o.special = 1 AND o.quantity = 1 ORDER BY p.model, o.priority, 2"
            }
            _ => {
                "SELECT p.model, o.customer_group_id, o.priority, o.price, o.date_start, o.date_end FROM oc_product_special o JOIN oc_product p USING (product_id) ORDER BY p.model, o.priority, 2"
            }
        };
        pipeline.sync_shops(&changed()).await;
        assert_eq!(
            rows(&shop, offers).await,
            [
                "DRILL|1|0|129.0000|2000-01-01|9999-12-31",
                "DRILL|4|0|129.0000|2000-01-01|9999-12-31",
                "RAKE|1|0|12.0000|2026-01-01|2036-02-29",
                "RAKE|4|0|12.0000|2026-01-01|2036-02-29",
                "RAKE|1|1|14.0000|0000-00-00|0000-00-00",
            ],
            "{version}: LAMP's is not below its price"
        );
        run_all(
            &erp,
            &[
                "UPDATE prices SET sale_amount = NULL, sale_from = NULL, sale_to = NULL WHERE sku = 'RAKE'",
                "UPDATE prices SET sale_amount = 119, sale_to = '2036-12-31' WHERE sku = 'DRILL'",
            ],
        )
        .await;
        assert!(pipeline.sync_shops(&changed()).await);
        assert_eq!(
            rows(&shop, offers).await,
            [
                "DRILL|1|0|119.0000|2000-01-01|2037-01-01",
                "DRILL|4|0|119.0000|2000-01-01|2037-01-01",
                "RAKE|1|1|14.0000|0000-00-00|0000-00-00",
            ],
            "{version}"
        );
        is_right(&pipeline, &shop).await;
    }
}

#[tokio::test]
async fn prices_with_tax_are_kept_without() {
    let (_erp, shop, pipeline) = shop_and_erp("4.1", "sync::opencart::net").await;
    let mut client = _erp.client().await;
    client
        .run("DELETE FROM prices WHERE list = 'public' AND sku = 'SAW'")
        .await;
    client
        .run("UPDATE price_lists SET tax_included = TRUE WHERE code = 'public'")
        .await;
    client
        .run("INSERT INTO prices (sku, list, amount) VALUES ('SAW', 'public', 12.2)")
        .await;
    pipeline.sync_shops(&changed()).await;
    assert_eq!(
        rows(
            &shop,
            "SELECT price FROM oc_product WHERE product_id IN (101, 102)"
        )
        .await,
        ["10.0000", "13.6364"]
    );
}
