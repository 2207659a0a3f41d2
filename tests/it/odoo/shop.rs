//! What stands in the shop after a first load and after changes in Odoo.

use super::{loaded, run_all};
use crate::support::pipeline::{Pipeline, changed, dump, full, same_dump};
use crate::support::servers::Database;

/// Articles, one a line: sku, title, status, tax class, weight, barcode, categories, regular and sale price, stock.
pub async fn articles(shop: &Database) -> String {
    let meta = |name: &str| {
        format!(
            "(SELECT meta_value FROM wp_postmeta m WHERE m.post_id = p.ID AND m.meta_key = '{name}')"
        )
    };
    let sql = format!(
        "SELECT CONCAT_WS(' | ', {sku}, p.post_title, p.post_status, COALESCE({tax}, '-'), COALESCE({weight}, '-'), COALESCE({barcode}, '-'),
                COALESCE((SELECT GROUP_CONCAT(t.name ORDER BY t.name) FROM wp_term_relationships r
                          JOIN wp_term_taxonomy x ON x.term_taxonomy_id = r.term_taxonomy_id AND x.taxonomy = 'product_cat'
                          JOIN wp_terms t ON t.term_id = x.term_id WHERE r.object_id = p.ID), '-'),
                COALESCE({regular}, '-'), COALESCE({sale}, '-'), {stock}, {status})
         FROM wp_posts p WHERE p.post_type = 'product' ORDER BY 1",
        sku = meta("_sku"),
        tax = meta("_tax_class"),
        weight = meta("_weight"),
        barcode = meta("_global_unique_id"),
        regular = meta("_regular_price"),
        sale = meta("_sale_price"),
        stock = meta("_stock"),
        status = meta("_stock_status"),
    );
    let rows = shop.client().await.rows(&sql).await;
    let lines = rows.into_iter().flatten().flatten();
    lines.map(|line| line + "\n").collect()
}

/// The tree, each category under its parent's name.
pub async fn categories(shop: &Database) -> String {
    let sql = "SELECT CONCAT(COALESCE(u.name, '-'), ' > ', t.name) FROM wp_term_taxonomy x
               JOIN wp_terms t ON t.term_id = x.term_id LEFT JOIN wp_terms u ON u.term_id = x.parent
               WHERE x.taxonomy = 'product_cat' AND x.term_id <> 15 ORDER BY 1";
    let rows = shop.client().await.rows(sql).await;
    let lines = rows.into_iter().flatten().flatten();
    lines.map(|line| line + "\n").collect()
}

/// However much is compared, nothing is to be written.
pub async fn is_right(pipeline: &Pipeline, shop: &Database) {
    let before = dump(&mut shop.client().await).await;
    assert!(!pipeline.sync(&changed()).await, "a second run wrote");
    assert!(!pipeline.sync(&full()).await, "a full run wrote");
    pipeline.lose_snapshots();
    assert!(
        !pipeline.sync(&changed()).await,
        "a run without state wrote"
    );
    let after = dump(&mut shop.client().await).await;
    same_dump(&before, &after, "runs with nothing to do");
}

const LOADED: &str = "\
DRILL | Drill | publish |  | 2.5 | - | Tools | 99.9 | - | 28 | instock
FITTING | Fitting | publish |  | - | - | Uncategorized | 50 | - | 9999 | instock
HAMMER | Martello | publish |  | 0.7 | 8000000000019 | Hand &amp; garden | 10 | - | 13 | instock
NAILS | Nails | publish |  | 0.01 | - | Tools | 0.05 | - | 9999 | instock
RAKE | Rake | publish | zero-rate | - | - | Uncategorized | 15 | - | 0 | outofstock
SAW | Saw, as it was | draft |  | 0.4 | - | Tools | - | - | 0 | outofstock
SHIRT-B | Shirt (Blu) | publish | reduced-rate | 0.2 | - | Clothing | 18.1818 | - | 0 | outofstock
SHIRT-R | Shirt (Rosso) | publish | reduced-rate | 0.2 | - | Clothing | 20 | - | 5 | instock
SPADE | Spade | publish |  | 1.9 | - | Hand &amp; garden | 19 | - | 7 | instock
";

async fn first_load(version: u32) {
    let (_erp, shop, pipeline) = loaded(&format!("odoo::shop::load {version}"), version).await;
    assert!(pipeline.sync(&changed()).await);
    snapbox::assert_data_eq!(articles(&shop).await, LOADED);
    snapbox::assert_data_eq!(
        categories(&shop).await,
        "- > Clothing\n- > Tools\nTools > Hand &amp; garden\n"
    );
    is_right(&pipeline, &shop).await;
}

#[tokio::test]
async fn odoo_19_fills_an_empty_shop() {
    first_load(19).await;
}

#[tokio::test]
async fn odoo_18_fills_it_alike() {
    first_load(18).await;
}

#[tokio::test]
async fn odoo_17_fills_it_alike() {
    first_load(17).await;
}

#[tokio::test]
async fn what_changes_in_odoo_changes_in_the_shop() {
    let (erp, shop, pipeline) = loaded("odoo::shop::changes", 19).await;
    assert!(pipeline.sync(&changed()).await);
    run_all(
        &erp,
        &[
            // Sold by pounds, with taxes in the price, in another category.
            "UPDATE ir_config_parameter SET value = '1' WHERE key = 'product.weight_in_lbs'",
            "UPDATE res_company SET account_price_include = 'tax_included' WHERE id = 1",
            "UPDATE product_template SET categ_id = 4, name = name || '{\"it_IT\": \"Pala\"}' WHERE id = 8",
            "UPDATE product_template SET list_price = 12.20 WHERE id = 1",
            // The old saw is sold again, the red shirt no more.
            "UPDATE product_product SET active = TRUE WHERE id = 6",
            "UPDATE product_template SET active = TRUE WHERE id = 6",
            "UPDATE product_product SET active = FALSE WHERE id = 3",
            "UPDATE stock_quant SET quantity = 3 WHERE product_id = 8",
        ],
    )
    .await;
    assert!(pipeline.sync(&changed()).await);
    let now = articles(&shop).await;
    let of = |sku: &str| now.lines().find(|line| line.starts_with(sku)).unwrap_or("");
    let hammer = "HAMMER | Martello | publish |  | 0.3175 | 8000000000019 | Hand &amp; garden | 10 | - | 13 | instock";
    assert_eq!(of("HAMMER"), hammer);
    assert_eq!(
        of("SPADE"),
        "SPADE | Pala | publish |  | 0.8618 | - | Clothing | 15.5738 | - | 3 | instock"
    );
    assert_eq!(
        of("SAW"),
        "SAW | Saw, as it was | publish |  | 0.1814 | - | Tools | 9.0164 | - | 0 | outofstock"
    );
    assert_eq!(
        of("SHIRT-R"),
        "SHIRT-R | Shirt (Rosso) | draft | reduced-rate | 0.0907 | - | Clothing | 20 | - | 5 | instock"
    );
    is_right(&pipeline, &shop).await;
}

#[tokio::test]
async fn two_articles_of_one_reference_are_told_and_left_alone() {
    let (erp, shop, pipeline) = loaded("odoo::shop::twice", 19).await;
    run_all(
        &erp,
        &["UPDATE product_product SET default_code = 'HAMMER' WHERE id = 8"],
    )
    .await;
    pipeline.run("main/category", &changed()).await;
    let report = pipeline.run("main/article", &changed()).await;
    assert_eq!(
        crate::support::pipeline::rejected(&report),
        ["HAMMER: several rows of the source have this key; none of them was carried over"]
    );
    let now = articles(&shop).await;
    assert!(!now.contains("HAMMER"), "{now}");
    // The archived spade is the only one of its reference now.
    assert!(now.contains("SPADE | Spade, as it was | draft"), "{now}");
}

/// A list with a sale of a week, and one that follows it.
#[tokio::test]
async fn a_rule_that_ends_is_a_sale() {
    let (erp, shop, _) = loaded("odoo::shop::sale", 19).await;
    run_all(
        &erp,
        &[
            "INSERT INTO product_pricelist (id, name, currency_id, active) VALUES (1, '{\"en_US\": \"Web\"}', 1, TRUE), (2, '{\"en_US\": \"Club\"}', 1, TRUE)",
            "INSERT INTO product_pricelist_item (pricelist_id, applied_on, compute_price, base, percent_price) VALUES (1, '3_global', 'percentage', 'list_price', 10)",
            "INSERT INTO product_pricelist_item (pricelist_id, applied_on, product_tmpl_id, compute_price, fixed_price, date_start, date_end)
             VALUES (1, '1_product', 1, 'fixed', 7.5, '2026-03-01 12:00', '2086-01-01 11:59:59')",
            "INSERT INTO product_pricelist_item (pricelist_id, applied_on, compute_price, base, base_pricelist_id, price_discount, price_surcharge)
             VALUES (2, '3_global', 'formula', 'pricelist', 1, 0, 1)",
        ],
    )
    .await;
    let pipeline = Pipeline::new(&super::project(&erp, &shop, "Club")).await;
    assert!(pipeline.sync(&changed()).await);
    let now = articles(&shop).await;
    assert!(now.contains("| 10 | 8.5 | 13 | instock\n"), "{now}");
    assert!(
        now.contains("SPADE | Spade | publish |  | 1.9 | - | Hand &amp; garden | 18.1 | - |"),
        "{now}"
    );
    let days = "SELECT meta_key, meta_value FROM wp_postmeta WHERE meta_key LIKE '\\_sale\\_price\\_dates%' ORDER BY 1";
    let days = shop.client().await.rows(days).await;
    let pair = |key: &str, value: &str| vec![Some(key.to_owned()), Some(value.to_owned())];
    assert_eq!(
        days,
        [
            pair("_sale_price_dates_from", "1772366400"),
            pair("_sale_price_dates_to", "3660724799")
        ]
    );
    is_right(&pipeline, &shop).await;
}
