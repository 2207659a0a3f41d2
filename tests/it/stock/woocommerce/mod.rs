//! A WooCommerce shop for stock tests.

pub mod buyer;
mod run;

pub use buyer::WooCommerce;

use super::bench::{Bench, erp_article};
use crate::support::client::Client;

/// An article as both sides have it. `shown` is the shop's figure, as text; `None` is NULL.
pub async fn article(bench: &Bench, id: u32, sku: &str, shown: Option<&str>, on_hand: &str) {
    erp_article(bench, sku, on_hand).await;
    shop_article(&mut bench.shop.client().await, id, sku, shown, "yes").await;
}

/// A simple product, consistent as WooCommerce leaves it (with a figure of NULL: as far as it can be).
pub async fn shop_article(
    shop: &mut Client,
    id: u32,
    sku: &str,
    shown: Option<&str>,
    manage: &str,
) {
    let figure = shown.map_or("NULL".to_owned(), |shown| format!("'{shown}'"));
    let is_out = manage == "yes"
        && shown.is_none_or(|shown| {
            shown
                .trim()
                .parse::<f64>()
                .is_ok_and(|pieces| pieces <= 0.0)
        });
    let status = if is_out { "outofstock" } else { "instock" };
    shop.run(&format!(
        "INSERT INTO wp_posts (ID, post_date, post_date_gmt, post_content, post_title, post_excerpt, post_status, post_name,
         to_ping, pinged, post_modified, post_modified_gmt, post_content_filtered, post_type)
         VALUES ({id}, '2026-01-01 00:00:00', '2026-01-01 00:00:00', '', '{sku}', '', 'publish', 'p{id}', '', '',
         '2026-01-01 00:00:00', '2026-01-01 00:00:00', '', 'product')"
    ))
    .await;
    for (key, value) in [
        ("_sku", format!("'{sku}'")),
        ("_manage_stock", format!("'{manage}'")),
        ("_backorders", "'no'".to_owned()),
        ("_stock", figure.clone()),
        ("_stock_status", format!("'{status}'")),
    ] {
        shop.run(&format!("INSERT INTO wp_postmeta (post_id, meta_key, meta_value) VALUES ({id}, '{key}', {value})")).await;
    }
    let figure = if figure == "''" {
        "NULL"
    } else {
        figure.as_str()
    };
    shop.run(&format!(
        "INSERT INTO wp_wc_product_meta_lookup (product_id, sku, stock_quantity, stock_status) VALUES ({id}, '{sku}', {figure}, '{status}')"
    ))
    .await;
    // 2 and 9: the product type `simple`, and what is out of stock.
    shop.run(&format!(
        "INSERT INTO wp_term_relationships (object_id, term_taxonomy_id) VALUES ({id}, 2)"
    ))
    .await;
    if is_out {
        shop.run(&format!(
            "INSERT INTO wp_term_relationships (object_id, term_taxonomy_id) VALUES ({id}, 9)"
        ))
        .await;
        shop.run("UPDATE wp_term_taxonomy SET count = count + 1 WHERE term_taxonomy_id = 9")
            .await;
    }
}

/// A web order with one line, its pieces taken off nothing.
pub async fn web_order(shop: &mut Client, order: u32, status: &str, product: u32, quantity: u32) {
    shop.run(&format!(
        "INSERT INTO wp_wc_orders (id, status, type, date_created_gmt, date_updated_gmt)
         VALUES ({order}, '{status}', 'shop_order', '2026-06-01 10:00:00', '2026-06-01 10:00:00')"
    ))
    .await;
    shop.run(&format!("INSERT INTO wp_wc_order_operational_data (order_id, order_stock_reduced) VALUES ({order}, 1)")).await;
    shop.run(&format!(
        "INSERT INTO wp_woocommerce_order_items (order_item_id, order_item_name, order_item_type, order_id)
         VALUES ({order}, 'line', 'line_item', {order})"
    ))
    .await;
    for (key, value) in [
        ("_product_id", product),
        ("_variation_id", 0),
        ("_qty", quantity),
        ("_reduced_stock", quantity),
    ] {
        shop.run(&format!(
            "INSERT INTO wp_woocommerce_order_itemmeta (order_item_id, meta_key, meta_value) VALUES ({order}, '{key}', '{value}')"
        ))
        .await;
    }
}

/// What the shop shows of an article: figure, status, look-up row and the mark of what is out of stock.
pub async fn shown(shop: &mut Client, id: u32) -> String {
    let rows = shop
        .rows(&format!(
            "SELECT (SELECT m.meta_value FROM wp_postmeta m WHERE m.post_id = p.ID AND m.meta_key = '_stock'),
                    (SELECT m.meta_value FROM wp_postmeta m WHERE m.post_id = p.ID AND m.meta_key = '_stock_status'),
                    (SELECT l.stock_quantity + 0 FROM wp_wc_product_meta_lookup l WHERE l.product_id = p.ID),
                    (SELECT l.stock_status FROM wp_wc_product_meta_lookup l WHERE l.product_id = p.ID),
                    (SELECT COUNT(*) FROM wp_term_relationships r WHERE r.object_id = p.ID AND r.term_taxonomy_id = 9)
             FROM wp_posts p WHERE p.ID = {id}"
        ))
        .await;
    let texts: Vec<&str> = rows[0]
        .iter()
        .map(|text| text.as_deref().unwrap_or("NULL"))
        .collect();
    texts.join(" ").replace(".0", "")
}
