//! What both sides must be in the end: worked out from the ERP's tables and from what the buyers know, never from ponte's.

use std::collections::BTreeMap;

use super::people::Market;
use crate::orders::place::Between;
use crate::support::client::{Client, TextRow};

/// Name, whether it is on sale, price, pieces that can be sold.
const ARTICLES: &str = "SELECT a.sku, t.name, CASE WHEN a.active THEN 'publish' ELSE 'draft' END, p.amount,
        s.quantity - COALESCE((SELECT SUM(l.quantity - l.delivered_quantity) FROM order_lines l JOIN orders o ON o.number = l.order_number
                               WHERE o.status = 'confirmed' AND l.sku = a.sku), 0)
    FROM articles a
    JOIN article_texts t ON t.sku = a.sku AND t.language = 'en'
    JOIN prices p ON p.sku = a.sku AND p.list = 'public'
    JOIN stock s ON s.sku = a.sku AND s.warehouse = 'WH'
    WHERE a.sku LIKE 'ART-%'";

/// The same, twice where the shop has a figure twice.
const PRODUCTS: &str = "SELECT l.sku, p.post_title, p.post_status, r.meta_value, s.meta_value, e.meta_value, l.min_price, l.max_price, l.stock_quantity,
        (SELECT COUNT(*) FROM wp_term_relationships x WHERE x.object_id = p.ID AND x.term_taxonomy_id = 40)
    FROM wp_wc_product_meta_lookup l
    JOIN wp_posts p ON p.ID = l.product_id
    LEFT JOIN wp_postmeta r ON r.post_id = p.ID AND r.meta_key = '_regular_price'
    LEFT JOIN wp_postmeta s ON s.post_id = p.ID AND s.meta_key = '_stock'
    LEFT JOIN wp_postmeta e ON e.post_id = p.ID AND e.meta_key = '_price'
    WHERE l.sku LIKE 'ART-%'";

const ERP_LINES: &str = "SELECT o.web_reference, o.status, l.sku, l.quantity FROM orders o JOIN order_lines l ON l.order_number = o.number AND l.sku IS NOT NULL
    WHERE o.web_reference IS NOT NULL ORDER BY o.web_reference, l.line";

/// Status, tracking numbers and notes of an order.
const SHOP_ORDERS: &str = "SELECT o.id, o.status, (SELECT GROUP_CONCAT(m.meta_value) FROM wp_wc_orders_meta m WHERE m.order_id = o.id AND m.meta_key = '_tracking_number'),
        (SELECT COUNT(*) FROM wp_comments c WHERE c.comment_post_ID = o.id AND c.comment_type = 'order_note')
    FROM wp_wc_orders o WHERE o.type = 'shop_order'";

const PARCELS: &str = "SELECT o.web_reference, MIN(d.tracking_number) FROM orders o JOIN document_lines x ON x.order_number = o.number
    JOIN documents d ON d.number = x.document_number WHERE o.web_reference IS NOT NULL GROUP BY o.web_reference";

/// What is not as it must be, in words.
pub async fn wrong(between: &Between, market: &Market) -> Vec<String> {
    let (mut erp, mut shop) = (between.erp.client().await, between.shop.client().await);
    let mut wrong = articles(&mut erp, &mut shop).await;
    wrong.extend(orders(&mut erp, &mut shop, market).await);
    let doubles =
        "SELECT email FROM customers WHERE number LIKE 'WC%' GROUP BY email HAVING COUNT(*) > 1";
    for row in erp.rows(doubles).await {
        wrong.push(format!("{} is two customers", text(&row, 0)));
    }
    let held = [
        erp.value("SELECT COUNT(*) FROM ponte.lease WHERE owner IS NOT NULL")
            .await,
        shop.value("SELECT COUNT(*) FROM ponte_lease WHERE owner IS NOT NULL")
            .await,
    ];
    if held != ["0", "0"].map(|none| Some(none.to_owned())) {
        wrong.push(format!("leases are held still: {held:?}"));
    }
    wrong
}

fn text(row: &TextRow, at: usize) -> String {
    row[at].clone().unwrap_or_else(|| "-".to_owned())
}

/// A number, however it is written.
fn number(row: &TextRow, at: usize) -> String {
    match row[at].as_ref().map(|text| text.parse::<f64>()) {
        Some(Ok(number)) => format!("{number:.4}"),
        _ => "-".to_owned(),
    }
}

async fn articles(erp: &mut Client, shop: &mut Client) -> Vec<String> {
    let expected = erp.rows(ARTICLES).await.into_iter().map(|row| {
        let (price, pieces) = (number(&row, 3), number(&row, 4));
        let rest = [
            text(&row, 1),
            text(&row, 2),
            price.clone(),
            pieces.clone(),
            price.clone(),
            price.clone(),
            price,
            pieces,
            "1.0000".to_owned(),
        ];
        (text(&row, 0), rest)
    });
    let expected: BTreeMap<String, [String; 9]> = expected.collect();
    let mut wrong = Vec::new();
    let mut left = expected.clone();
    for row in shop.rows(PRODUCTS).await {
        let sku = text(&row, 0);
        let mut found = vec![text(&row, 1), text(&row, 2)];
        found.extend((3..10).map(|at| number(&row, at)));
        left.remove(&sku);
        if expected.get(&sku).is_none_or(|expected| found != expected) {
            let expected = expected.get(&sku);
            wrong.push(format!(
                "{sku}: the shop has {found:?} instead of {expected:?}"
            ));
        }
    }
    wrong.extend(left.keys().map(|sku| format!("{sku} is not in the shop")));
    println!("soak: {} articles compared", expected.len());
    wrong
}

async fn orders(erp: &mut Client, shop: &mut Client, market: &Market) -> Vec<String> {
    let skus = shop
        .rows("SELECT product_id, sku FROM wp_wc_product_meta_lookup")
        .await;
    let skus: BTreeMap<String, String> = skus
        .iter()
        .map(|row| (text(row, 0), text(row, 1)))
        .collect();
    let parcels = erp.rows(PARCELS).await;
    let parcels: BTreeMap<String, String> = parcels
        .iter()
        .map(|row| (text(row, 0), text(row, 1)))
        .collect();
    // Status and lines of each web order.
    let mut imported: BTreeMap<String, (String, Vec<(String, String)>)> = BTreeMap::new();
    for row in erp.rows(ERP_LINES).await {
        let order = imported
            .entry(text(&row, 0))
            .or_insert((text(&row, 1), Vec::new()));
        order.1.push((text(&row, 2), number(&row, 3)));
    }
    let there = shop.rows(SHOP_ORDERS).await;
    let there: BTreeMap<String, [String; 3]> = there
        .iter()
        .map(|row| (text(row, 0), [text(row, 1), text(row, 2), text(row, 3)]))
        .collect();
    let placed = market
        .orders
        .lock()
        .expect("no buyer panics with it")
        .clone();
    let mut wrong = Vec::new();
    let mut ends: BTreeMap<String, u32> = BTreeMap::new();
    for (id, placed) in &placed {
        let reference = format!("main/{id}");
        let lines = placed.lines.map(|(product, pieces)| {
            let sku = skus.get(&product.to_string()).cloned().unwrap_or_default();
            (sku, format!("{pieces}.0000"))
        });
        let document = imported.remove(&reference);
        let status = document.as_ref().map_or("none", |(status, _)| status);
        let web = there.get(&id.to_string());
        let told = |status: &str, tracking: &str, notes: &str| {
            web == Some(&[status, tracking, notes].map(str::to_owned))
        };
        let is_right = match (status, placed.cancelled) {
            ("none", true) | ("cancelled", true) => {
                web.is_some_and(|web| web[0] == "wc-cancelled" && web[1] == "-")
            }
            ("confirmed", false) => told("wc-processing", "-", "0"),
            ("closed", false) => {
                let tracking = parcels.get(&reference).map_or("", String::as_str);
                told("wc-completed", tracking, "1")
            }
            _ => false,
        };
        *ends.entry(status.to_owned()).or_default() += 1;
        let is_whole = document.as_ref().is_none_or(|(_, found)| *found == lines);
        if !is_right || !is_whole {
            wrong.push(format!(
                "order {id}, {placed:?}: the ERP has {document:?}, the shop {web:?}"
            ));
        }
    }
    for reference in imported.keys() {
        wrong.push(format!("{reference} is in the ERP, and nobody placed it"));
    }
    println!("soak: {} orders, in the ERP {ends:?}", placed.len());
    wrong
}
