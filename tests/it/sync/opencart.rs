//! The packs `opencart-4.1` and `opencart-4.0` in a shop that sells already: what is matched, what is created, what is left
//! alone, and the rows that follow from the tree of categories, held against a computation of the tests' own.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::client::Client;
use crate::support::pipeline::{Pipeline, changed, dump, full, same_dump};
use crate::support::project::Project;
use crate::support::servers::{self, Database};

use super::shop::run_all;

const BOTH: [&str; 2] = ["4.1", "4.0"];
const RECORDS: &str = "records = [\"category\", \"article\", \"price\"]";

pub async fn databases(version: &str, test: &str) -> (Database, Database) {
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
    (erp, shop)
}

/// `more` is what the shop has beside what every test needs.
pub fn project(version: &str, erp: &Database, shop: &Database, more: &str) -> String {
    format!(
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
{more}
[shop.main.languages]
en-gb = "en"
it-it = "it"
[shop.main.tax]
IVA22 = {{ rate = 22, class = 9 }}
IVA10 = {{ rate = 10, class = 10 }}
"#,
        erp.url, shop.url
    )
}

async fn shop_and_erp(version: &str, test: &str) -> (Database, Database, Pipeline) {
    let (erp, shop) = databases(version, test).await;
    let pipeline = Pipeline::new(&project(version, &erp, &shop, RECORDS)).await;
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

#[tokio::test]
async fn an_article_is_not_shown_before_its_price_is_written() {
    for version in BOTH {
        let (erp, shop) = databases(version, "sync::opencart::needs").await;
        run_all(&erp, &["DELETE FROM prices WHERE sku = 'LAMP'"]).await;
        let mut folder = Project::new();
        folder.file("ponte.toml", &project(version, &erp, &shop, RECORDS));
        folder.ponte(&["setup", "--run"]).succeeds();
        folder.ponte(&["match", "--accept"]);
        folder.ponte(&["sync", "category", "article"]).succeeds();
        let shown = "SELECT model, status, price FROM oc_product WHERE model IN ('DRILL', 'LAMP', 'RAKE') ORDER BY model";
        assert_eq!(
            rows(&shop, shown).await,
            ["DRILL|0|0.0000", "LAMP|0|0.0000", "RAKE|1|10.0000"],
            "{version}"
        );
        folder.ponte(&["sync"]).succeeds();
        assert_eq!(
            rows(&shop, shown).await,
            ["DRILL|1|149.9000", "LAMP|0|0.0000", "RAKE|1|15.0000"],
            "{version}"
        );
        let price = "INSERT INTO prices (sku, list, amount) VALUES ('LAMP', 'public', 35)";
        run_all(&erp, &[price]).await;
        folder.ponte(&["sync"]).succeeds();
        assert_eq!(
            rows(&shop, shown).await[1],
            "LAMP|1|35.0000",
            "{version}: one sync is enough"
        );
    }
}

/// DRILL, the master CAP and the category LX leave the ERP.
const GONE: [&str; 6] = [
    "DELETE FROM article_categories WHERE sku = 'DRILL' OR category_id = 'LX'",
    "DELETE FROM article_texts WHERE sku IN ('DRILL', 'CAP')",
    "DELETE FROM prices WHERE sku IN ('DRILL', 'CAP')",
    "DELETE FROM articles WHERE sku IN ('DRILL', 'CAP')",
    "DELETE FROM category_texts WHERE category_id = 'LX'",
    "DELETE FROM categories WHERE id = 'LX'",
];

#[tokio::test]
async fn what_is_gone_from_the_erp_is_switched_off_and_comes_back() {
    for version in BOTH {
        let (erp, shop, pipeline) = shop_and_erp(version, "sync::opencart::gone").await;
        pipeline.sync_shops(&changed()).await;
        let shown = "SELECT CONCAT(model, ' ', status) FROM oc_product WHERE model IN ('DRILL', 'CAP', 'LAMP') AND master_id = 0
                     UNION ALL SELECT CONCAT(d.name, ' ', c.status) FROM oc_category c JOIN oc_category_description d USING (category_id)
                     WHERE d.language_id = 1 AND d.name IN ('Light', 'Lamps', 'Rakes') ORDER BY 1";
        let before = rows(&shop, shown).await;
        let all = [
            "CAP 1", "DRILL 1", "LAMP 1", "Lamps 1", "Light 1", "Rakes 1",
        ];
        assert_eq!(before, all, "{version}");
        run_all(&erp, &GONE).await;
        let reports = pipeline.run_all(&changed()).await;
        let counts: Vec<(u64, u64)> = reports
            .iter()
            .map(|report| (report.counts.gone, report.counts.deactivated))
            .collect();
        assert_eq!(
            counts[..2],
            [(1, 1), (2, 1)],
            "{version}: masters are the shop people's"
        );
        let some = [
            "CAP 1", "DRILL 0", "LAMP 1", "Lamps 0", "Light 1", "Rakes 1",
        ];
        assert_eq!(rows(&shop, shown).await, some, "{version}");
        tree_is_whole(&shop).await;
        is_right(&pipeline, &shop).await;

        run_all(
            &erp,
            &[
                "INSERT INTO articles (sku, tax_class) VALUES ('DRILL', 'IVA22')",
                "INSERT INTO article_texts (sku, language, name) VALUES ('DRILL', 'en', 'Drill <18 V>')",
                "INSERT INTO prices (sku, list, amount) VALUES ('DRILL', 'public', 149.9)",
                "INSERT INTO categories (id, parent_id) VALUES ('LX', 'L')",
                "INSERT INTO category_texts (category_id, language, name) VALUES ('LX', 'en', 'Lamps')",
            ],
        )
        .await;
        pipeline.sync_shops(&changed()).await;
        assert_eq!(rows(&shop, shown).await, all, "{version}");
    }
}

/// Every table with a column `product_id`, orders aside, and the addresses: how many rows the article has there.
async fn traces(shop: &Database, id: &str) -> Vec<String> {
    let tables = rows(
        shop,
        "SELECT table_name FROM information_schema.columns WHERE table_schema = DATABASE() AND column_name = 'product_id'
           AND table_name NOT LIKE 'oc\\_order%' ORDER BY table_name",
    )
    .await;
    let mut counts = Vec::new();
    for table in tables {
        counts.push(format!(
            "SELECT '{table}' AS name, COUNT(*) AS found FROM {table} WHERE product_id = {id}"
        ));
    }
    counts.push(format!(
        "SELECT 'oc_seo_url', COUNT(*) FROM oc_seo_url WHERE `key` = 'product_id' AND value = '{id}'"
    ));
    counts.push(format!(
        "SELECT 'related', COUNT(*) FROM oc_product_related WHERE related_id = {id}"
    ));
    let sql = format!(
        "SELECT name, found FROM ({}) AS t WHERE found > 0 ORDER BY name",
        counts.join(" UNION ALL ")
    );
    rows(shop, &sql).await
}

#[tokio::test]
async fn a_deleted_article_leaves_nothing_behind() {
    for version in BOTH {
        let (erp, shop) = databases(version, "sync::opencart::delete").await;
        let text =
            project(version, &erp, &shop, RECORDS) + "[shop.main.article]\ngone = \"delete\"\n";
        let pipeline = Pipeline::new(&text).await;
        pipeline.sync_shops(&changed()).await;
        let of = async |model: &str| {
            let sql = format!("SELECT product_id FROM oc_product WHERE model = '{model}'");
            rows(&shop, &sql).await.remove(0)
        };
        let (drill, saw) = (of("DRILL").await, of("S-100").await);
        for id in [&drill, &saw] {
            let other = if *id == drill { &saw } else { &drill };
            for sql in [
                format!(
                    "oc_product_attribute (product_id, attribute_id, language_id, text) VALUES ({id}, 1, 1, 'a')"
                ),
                format!("oc_product_filter (product_id, filter_id) VALUES ({id}, 1)"),
                format!("oc_product_image (product_id, image) VALUES ({id}, 'a.png')"),
                format!(
                    "oc_product_related (product_id, related_id) VALUES ({id}, {other}), ({id}, 103)"
                ),
                format!(
                    "oc_product_report (product_id, ip, country, date_added) VALUES ({id}, '', '', '2026-01-01')"
                ),
                format!("oc_product_reward (product_id, points) VALUES ({id}, 1)"),
                format!("oc_product_to_download (product_id, download_id) VALUES ({id}, 1)"),
                format!(
                    "oc_product_to_layout (product_id, store_id, layout_id) VALUES ({id}, 0, 1)"
                ),
                format!(
                    "oc_product_subscription (product_id, subscription_plan_id, customer_group_id, trial_price, price) VALUES ({id}, 1, 1, 0, 1)"
                ),
                format!(
                    "oc_review (product_id, customer_id, author, text, rating, date_added, date_modified) VALUES ({id}, 0, 'a', 'b', 5, '2026-01-01', '2026-01-01')"
                ),
                format!("oc_coupon_product (coupon_id, product_id) VALUES (1, {id})"),
            ] {
                run_all(&shop, &[&format!("INSERT INTO {sql}")]).await;
            }
        }
        assert!(traces(&shop, &drill).await.len() > 15, "{version}");
        let mut expected = traces(&shop, &saw).await;
        run_all(&erp, &GONE).await;
        let report = pipeline.run("main/article", &changed()).await;
        assert_eq!(
            (report.counts.gone, report.counts.deleted),
            (2, 1),
            "{version}: {:?}",
            report.rejected
        );
        assert_eq!(traces(&shop, &drill).await, [""; 0], "{version}");
        // The other article has lost nothing but that it was related to this one.
        expected.retain(|line| !line.starts_with("related"));
        for line in &mut expected {
            if line.starts_with("oc_product_related") {
                *line = "oc_product_related|1".to_owned();
            }
        }
        assert_eq!(traces(&shop, &saw).await, expected, "{version}");
        pipeline.sync_shops(&changed()).await;
        is_right(&pipeline, &shop).await;
    }
}
