//! The packs `reference` and `woocommerce`: one story told on four pairs of servers, whose shops must hold the same cells
//! after each of its steps; and what must not be written, or must be put right.

use ponte::sync::run::Options;

use crate::support::pipeline::{Pipeline, changed, dump, full, same_dump};
use crate::support::servers::{self, Database};

use super::cells::changes;
use super::shop::{cells_of, loaded, pipeline, run_all};

/// What happens, first in the ERP and then in the shop, before flows and stock run.
struct Step {
    title: &'static str,
    erp: &'static [&'static str],
    shop: &'static [&'static str],
}

const STORY: &[Step] = &[
    Step {
        title: "first load",
        erp: &[],
        shop: &[],
    },
    Step {
        title: "other prices",
        erp: &[
            "UPDATE prices SET amount = 13.9 WHERE sku = 'TOOL-1' AND list = 'public'",
            "UPDATE prices SET amount = 12 WHERE sku = 'CAP-B'",
            "UPDATE prices SET amount = 8 WHERE list = 'trade'",
        ],
        shop: &[],
    },
    Step {
        title: "sales begin, one with days",
        erp: &[
            "UPDATE prices SET sale_amount = 11 WHERE sku = 'TOOL-1' AND list = 'public'",
            "UPDATE prices SET sale_amount = 15.5, sale_from = '2026-02-01', sale_to = '2036-06-30' WHERE sku = 'TOOL-4'",
            "UPDATE prices SET sale_amount = 9.5 WHERE sku = 'CAP-B'",
        ],
        shop: &[],
    },
    Step {
        title: "sales end; one of them is now the shop's own",
        erp: &[
            "UPDATE prices SET sale_amount = NULL, sale_from = NULL, sale_to = NULL WHERE sku IN ('TOOL-1', 'TOOL-4', 'CAP-B')",
        ],
        shop: &[
            "UPDATE wp_postmeta SET meta_value = '10' WHERE meta_key = '_sale_price' AND post_id = 101",
        ],
    },
    Step {
        title: "names, weights, barcodes",
        erp: &[
            "UPDATE article_texts SET name = 'Claw hammer', description = 'Not for the shop' WHERE sku = 'TOOL-1'",
            "UPDATE articles SET weight = 0.8, length = NULL, barcode = NULL WHERE sku = 'TOOL-1'",
            "UPDATE category_texts SET name = 'Drills & drivers' WHERE category_id = 'D' AND language = 'en'",
            "UPDATE articles SET barcode = '8000000000033' WHERE sku = 'SHIRT-S'",
        ],
        shop: &[],
    },
    Step {
        title: "categories move",
        erp: &[
            "UPDATE categories SET parent_id = 'T' WHERE id = 'LX'",
            "UPDATE category_texts SET name = 'Lamps' WHERE category_id = 'LX'",
            "UPDATE article_categories SET category_id = 'G' WHERE sku = 'TOOL-2'",
            "DELETE FROM article_categories WHERE sku = 'DRILL' AND category_id = 'D'",
            "INSERT INTO article_categories (sku, category_id) VALUES ('NUTS', 'D')",
        ],
        shop: &[],
    },
    Step {
        title: "articles go and come",
        erp: &[
            "UPDATE articles SET active = FALSE WHERE sku = 'TOOL-4'",
            "UPDATE articles SET active = TRUE WHERE sku IN ('TOOL-5', 'OLD')",
        ],
        shop: &[],
    },
    Step {
        title: "the shop's people have their say",
        erp: &[
            "UPDATE article_texts SET name = 'Drill 20 V', description = 'Changed', short_description = 'Changed' WHERE sku = 'DRILL' AND language = 'en'",
        ],
        shop: &[
            "UPDATE wp_posts SET post_content = 'Written by hand.' WHERE post_name = 'drill-18-v'",
            "INSERT INTO wp_terms (term_id, name, slug) VALUES (900, 'Best of', 'best-of')",
            "INSERT INTO wp_term_taxonomy (term_taxonomy_id, term_id, taxonomy, description) VALUES (901, 900, 'product_cat', '')",
            "INSERT INTO wp_term_relationships (object_id, term_taxonomy_id) SELECT ID, 901 FROM wp_posts WHERE post_name = 'drill-18-v'",
            "UPDATE wp_postmeta SET meta_value = 'no' WHERE meta_key = '_manage_stock' AND post_id = (SELECT ID FROM wp_posts WHERE post_name = 'drill-18-v')",
        ],
    },
    Step {
        title: "goods arrive and leave",
        erp: &[
            "UPDATE stock SET quantity = 7 WHERE sku = 'TOOL-4'",
            "UPDATE stock SET quantity = 0 WHERE sku = 'SHIRT-S'",
            "INSERT INTO stock (sku, warehouse, quantity) VALUES ('SHIRT-M', 'WH', 2), ('NUTS', 'WH', 400)",
        ],
        shop: &[],
    },
];

/// Nothing may be written, however much is compared.
async fn is_right(pipeline: &Pipeline, shop: &Database, title: &str) {
    let before = dump(&mut shop.client().await).await;
    let check = async |options: Options, claim: &str| {
        let wrote = pipeline.sync(&options).await;
        let after = dump(&mut shop.client().await).await;
        same_dump(&before, &after, &format!("{title}: {claim}"));
        assert!(!wrote, "{title}: {claim} says that it wrote something");
    };
    check(changed(), "a second run").await;
    check(full(), "a full run").await;
    pipeline.lose_snapshots();
    check(changed(), "a run without snapshots").await;
}

/// The story on one pair: what each step changed in the shop.
async fn told(erp: Database, shop: Database) -> String {
    let pipeline = pipeline(&erp, &shop).await;
    let mut story = String::new();
    let mut before = cells_of(&shop).await;
    for step in STORY {
        run_all(&erp, step.erp).await;
        run_all(&shop, step.shop).await;
        assert!(pipeline.sync(&changed()).await, "{}", step.title);
        let after = cells_of(&shop).await;
        story.push_str(&format!(
            "== {}\n{}\n",
            step.title,
            changes(&before, &after)
        ));
        assert!(!pipeline.sync(&changed()).await, "{} twice", step.title);
        before = after;
        if step.title == "first load" {
            is_right(&pipeline, &shop, step.title).await;
        }
    }
    is_right(&pipeline, &shop, "in the end").await;
    story
}

#[tokio::test]
async fn the_story_on_sqlite() {
    let erp = servers::sqlite("sync::packs::story sqlite erp");
    let shop = servers::sqlite("sync::packs::story sqlite shop");
    let story = told(erp, shop).await;
    snapbox::assert_data_eq!(
        story,
        snapbox::file!["../../cases/woocommerce/story.txt"].raw()
    );
}

#[tokio::test]
async fn the_same_story_on_mariadb() {
    let erp = servers::sqlite("sync::packs::story mariadb erp");
    let shop = servers::mariadb("sync::packs::story mariadb shop").await;
    let story = told(erp, shop).await;
    snapbox::assert_data_eq!(
        story,
        snapbox::file!["../../cases/woocommerce/story.txt"].raw()
    );
}

#[tokio::test]
async fn the_same_story_from_postgres_to_mariadb() {
    let erp = servers::postgres("sync::packs::story postgres erp").await;
    let shop = servers::mariadb("sync::packs::story postgres shop").await;
    let story = told(erp, shop).await;
    snapbox::assert_data_eq!(
        story,
        snapbox::file!["../../cases/woocommerce/story.txt"].raw()
    );
}

#[tokio::test]
async fn the_same_story_from_sqlserver_to_mariadb() {
    let erp = servers::sqlserver("sync::packs::story sqlserver erp").await;
    let shop = servers::mariadb("sync::packs::story sqlserver shop").await;
    let story = told(erp, shop).await;
    snapbox::assert_data_eq!(
        story,
        snapbox::file!["../../cases/woocommerce/story.txt"].raw()
    );
}

#[tokio::test]
async fn the_same_story_from_a_sqlserver_without_snapshots() {
    let erp = servers::sqlserver("sync::packs::story committed erp").await;
    servers::without_snapshots(&erp).await;
    let shop = servers::sqlite("sync::packs::story committed shop");
    let story = told(erp, shop).await;
    snapbox::assert_data_eq!(
        story,
        snapbox::file!["../../cases/woocommerce/story.txt"].raw()
    );
}

#[tokio::test]
async fn derived_rows_that_drifted_are_put_right_by_a_full_run() {
    let (_erp, shop, pipeline) = loaded("sync::packs::drift").await;
    let right = dump(&mut shop.client().await).await;
    for drift in [
        "UPDATE wp_term_taxonomy SET count = 77 WHERE term_taxonomy_id = 40",
        "UPDATE wp_termmeta SET meta_value = '77' WHERE meta_key = 'product_count_product_cat' AND term_id = 20",
        "UPDATE wp_wc_product_meta_lookup SET min_price = 1, max_price = 2, onsale = 1 WHERE product_id = 101",
        "UPDATE wp_wc_product_meta_lookup SET min_price = 3 WHERE product_id = 106",
        "UPDATE wp_postmeta SET meta_value = '1' WHERE meta_key = '_price' AND post_id = 107",
        "UPDATE wp_wc_product_meta_lookup SET tax_class = 'zero-rate' WHERE sku = 'DRILL'",
        "DELETE FROM wp_wc_category_lookup WHERE category_id = 21 AND category_tree_id = 20",
    ] {
        shop.client().await.run(drift).await;
        pipeline.run_all(&changed()).await;
        pipeline.run_all(&full()).await;
        let after = dump(&mut shop.client().await).await;
        same_dump(&right, &after, drift);
    }
}

#[tokio::test]
async fn what_the_shops_people_own_stays_in_a_full_run() {
    let (_erp, shop, pipeline) = loaded("sync::packs::theirs").await;
    run_all(
        &shop,
        &[
            "UPDATE wp_posts SET post_content = 'By hand', post_excerpt = 'By hand', post_name = 'by-hand' WHERE ID = 102",
            "UPDATE wp_postmeta SET meta_value = '15' WHERE meta_key = '_sale_price' AND post_id = 102",
            "UPDATE wp_postmeta SET meta_value = '15' WHERE meta_key = '_price' AND post_id = 102",
            "UPDATE wp_wc_product_meta_lookup SET min_price = 15, max_price = 15 WHERE product_id = 102",
            "UPDATE wp_postmeta SET meta_value = 'notify' WHERE meta_key = '_backorders' AND post_id = 102",
            "UPDATE wp_term_taxonomy SET description = 'By hand' WHERE term_taxonomy_id = 40",
            "UPDATE wp_termmeta SET meta_value = '99' WHERE meta_key = 'order'",
        ],
    )
    .await;
    is_right(&pipeline, &shop, "fields of the shop's people").await;
}
