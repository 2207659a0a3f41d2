//! WooCommerce's statements in WooCommerce's order.

use async_trait::async_trait;
use rand::Rng;

use super::shop_article;
use crate::stock::hand::{Hand, Lost};
use crate::stock::system::{Line, Order, System};
use crate::support::client::Client;

pub struct WooCommerce;

const PROMISED: [&str; 3] = ["wc-on-hold", "wc-processing", "wc-completed"];

#[async_trait]
impl System for WooCommerce {
    fn pack(&self) -> &'static str {
        "woocommerce"
    }

    fn project(&self) -> &'static str {
        "[shop.main.tax]\nIVA22 = { rate = 22, class = \"\" }"
    }

    fn schema(&self) -> &'static str {
        "schemas/woocommerce/mysql.sql"
    }

    fn triggers(&self) -> String {
        "CREATE TRIGGER figure_changed AFTER UPDATE ON wp_postmeta FOR EACH ROW
         BEGIN
             IF NEW.meta_key = '_stock' AND NOT (NEW.meta_value <=> OLD.meta_value) THEN
                 INSERT INTO history (kind, subject, old, new, actor, taken, erp_version)
                 VALUES ('figure', NEW.post_id, OLD.meta_value, NEW.meta_value, @actor, OLD.meta_value - NEW.meta_value, @erp_version);
             END IF;
         END//
         CREATE TRIGGER order_came AFTER INSERT ON wp_wc_orders FOR EACH ROW
             INSERT INTO history (kind, subject, new) VALUES ('status', NEW.id, NEW.status)//
         CREATE TRIGGER order_changed AFTER UPDATE ON wp_wc_orders FOR EACH ROW
         BEGIN
             IF NEW.status <> OLD.status THEN
                 INSERT INTO history (kind, subject, new) VALUES ('status', NEW.id, NEW.status);
             END IF;
         END//"
            .to_owned()
    }

    fn promises(&self, status: &str) -> bool {
        PROMISED.contains(&status)
    }

    async fn add_article(&self, shop: &mut Client, id: u64, sku: &str, pieces: i64) {
        shop_article(shop, id as u32, sku, Some(&pieces.to_string()), "yes").await;
    }

    async fn shown(&self, shop: &mut Client, article: u64) -> i64 {
        let sql = format!(
            "SELECT meta_value FROM wp_postmeta WHERE post_id = {article} AND meta_key = '_stock'"
        );
        let figure = shop.value(&sql).await;
        figure.expect("a figure").parse().expect("whole pieces")
    }

    async fn held(&self, shop: &mut Client) -> Vec<(u64, u64, i64)> {
        let rows = shop
            .rows(
                "SELECT o.id, p.meta_value, r.meta_value FROM wp_wc_orders o JOIN wp_woocommerce_order_items i ON i.order_id = o.id
                 JOIN wp_woocommerce_order_itemmeta p ON p.order_item_id = i.order_item_id AND p.meta_key = '_product_id'
                 JOIN wp_woocommerce_order_itemmeta r ON r.order_item_id = i.order_item_id AND r.meta_key = '_reduced_stock'
                 WHERE o.status IN ('wc-on-hold', 'wc-processing', 'wc-completed')",
            )
            .await;
        let number = |text: &Option<String>| -> i64 {
            let text = text.as_deref().expect("a number");
            text.parse().expect("a whole number")
        };
        rows.iter()
            .map(|row| {
                (
                    number(&row[0]) as u64,
                    number(&row[1]) as u64,
                    number(&row[2]),
                )
            })
            .collect()
    }

    async fn disagreements(&self, shop: &mut Client) -> Vec<String> {
        let rows = shop
            .rows(
                "SELECT s.post_id, s.meta_value, x.meta_value, l.stock_quantity + 0, l.stock_status,
                        (SELECT COUNT(*) FROM wp_term_relationships r WHERE r.object_id = s.post_id AND r.term_taxonomy_id = 9)
                 FROM wp_postmeta s
                 JOIN wp_postmeta x ON x.post_id = s.post_id AND x.meta_key = '_stock_status'
                 JOIN wp_wc_product_meta_lookup l ON l.product_id = s.post_id
                 WHERE s.meta_key = '_stock'
                   AND (l.stock_quantity <> s.meta_value OR l.stock_status <> x.meta_value
                        OR x.meta_value <> CASE WHEN s.meta_value > 0 THEN 'instock' ELSE 'outofstock' END
                        OR EXISTS (SELECT 1 FROM wp_term_relationships r WHERE r.object_id = s.post_id AND r.term_taxonomy_id = 9)
                           <> (x.meta_value = 'outofstock'))",
            )
            .await;
        rows.iter().map(|row| format!("{row:?}")).collect()
    }

    async fn check_out(&self, hand: &mut Hand, wanted: &[(u64, i64)]) -> Result<Order, Lost> {
        let order = create(hand, wanted).await?;
        let status = match hand.rng.random_range(0..10) {
            0..=5 => "wc-processing",
            6 | 7 => "wc-on-hold",
            _ => "wc-completed",
        };
        place(hand, &order, status).await?;
        Ok(order)
    }

    /// Status, then the pieces, then the flag.
    async fn cancel(&self, hand: &mut Hand, order: &Order) -> Result<(), Lost> {
        let back_to_pending = hand.rng.random_bool(0.25);
        let status = if back_to_pending {
            "wc-pending"
        } else {
            "wc-cancelled"
        };
        set_status(hand, order.id, status).await?;
        for line in &order.lines {
            hand.pause().await;
            add(hand, line.article, line.pieces).await?;
            follow_up(hand, line.article).await?;
            hand.run(format!(
                "DELETE FROM wp_woocommerce_order_itemmeta WHERE order_item_id = {} AND meta_key = '_reduced_stock'",
                line.id
            ))
            .await?;
        }
        hand.pause().await;
        hand.run(format!(
            "UPDATE wp_wc_order_operational_data SET order_stock_reduced = 0 WHERE order_id = {}",
            order.id
        ))
        .await
    }

    /// One piece comes back, the item holds one less from then on.
    async fn reduce(&self, hand: &mut Hand, order: &Order) -> Result<(), Lost> {
        let line = order.lines[0];
        hand.pause().await;
        add(hand, line.article, 1).await?;
        hand.pause().await;
        hand.run(format!(
            "UPDATE wp_woocommerce_order_itemmeta SET meta_value = '{}' WHERE order_item_id = {} AND meta_key = '_reduced_stock'",
            line.pieces - 1,
            line.id
        ))
        .await?;
        follow_up(hand, line.article).await
    }

    async fn proceed(&self, hand: &mut Hand, order: &Order) -> Result<(), Lost> {
        set_status(hand, order.id, "wc-completed").await
    }
}

/// The order as it lies there before it is paid.
pub async fn create(hand: &mut Hand, wanted: &[(u64, i64)]) -> Result<Order, Lost> {
    let id = hand
        .insert(
            "INSERT INTO wp_posts (post_date, post_date_gmt, post_content, post_title, post_excerpt, post_status, to_ping, pinged,
             post_modified, post_modified_gmt, post_content_filtered, post_type)
             VALUES (UTC_TIMESTAMP(), UTC_TIMESTAMP(), '', '', '', 'draft', '', '', UTC_TIMESTAMP(), UTC_TIMESTAMP(), '', 'shop_order_placehold')",
        )
        .await?;
    hand.run(format!("SET @actor = {id}")).await?;
    hand.run(format!(
        "INSERT INTO wp_wc_orders (id, status, type, date_created_gmt, date_updated_gmt)
         VALUES ({id}, 'wc-pending', 'shop_order', UTC_TIMESTAMP(), UTC_TIMESTAMP())"
    ))
    .await?;
    hand.run(format!(
        "INSERT INTO wp_wc_order_operational_data (order_id, order_stock_reduced) VALUES ({id}, 0)"
    ))
    .await?;
    let mut lines = Vec::new();
    for (article, pieces) in wanted.iter().copied() {
        let item = hand
            .insert(format!("INSERT INTO wp_woocommerce_order_items (order_item_name, order_item_type, order_id) VALUES ('line', 'line_item', {id})"))
            .await?;
        lines.push(Line {
            id: item,
            article,
            pieces,
        });
        hand.run(format!(
            "INSERT INTO wp_woocommerce_order_itemmeta (order_item_id, meta_key, meta_value)
             VALUES ({item}, '_product_id', '{article}'), ({item}, '_variation_id', '0'), ({item}, '_qty', '{pieces}')"
        ))
        .await?;
    }
    Ok(Order { id, lines })
}

/// Status, then the pieces, then the flag.
pub async fn place(hand: &mut Hand, order: &Order, status: &str) -> Result<(), Lost> {
    set_status(hand, order.id, status).await?;
    for line in &order.lines {
        take(hand, *line).await?;
    }
    hand.pause().await;
    hand.run(format!(
        "UPDATE wp_wc_order_operational_data SET order_stock_reduced = 1 WHERE order_id = {}",
        order.id
    ))
    .await
}

async fn set_status(hand: &mut Hand, order: u64, status: &str) -> Result<(), Lost> {
    hand.pause().await;
    hand.run(format!("UPDATE wp_wc_orders SET status = '{status}', date_updated_gmt = UTC_TIMESTAMP() WHERE id = {order}")).await
}

/// One line's pieces leave the figure.
async fn take(hand: &mut Hand, line: Line) -> Result<(), Lost> {
    let Line {
        id,
        article,
        pieces,
    } = line;
    hand.pause().await;
    add(hand, article, -pieces).await?;
    follow_up(hand, article).await?;
    hand.run(format!(
        "INSERT INTO wp_woocommerce_order_itemmeta (order_item_id, meta_key, meta_value) VALUES ({id}, '_reduced_stock', '{pieces}')"
    ))
    .await
}

async fn add(hand: &mut Hand, article: u64, pieces: i64) -> Result<(), Lost> {
    hand.run(format!("UPDATE wp_postmeta SET meta_value = meta_value + ({pieces}) WHERE post_id = {article} AND meta_key = '_stock'")).await
}

/// What the shop writes after its figure: the look-up row, the status and the mark of what is out of stock, from a
/// figure that may be an old one by then.
async fn follow_up(hand: &mut Hand, article: u64) -> Result<(), Lost> {
    let figure = hand
        .number(&format!(
            "SELECT meta_value FROM wp_postmeta WHERE post_id = {article} AND meta_key = '_stock'"
        ))
        .await;
    hand.pause().await;
    let status = if figure > 0 { "instock" } else { "outofstock" };
    hand.run(format!("UPDATE wp_wc_product_meta_lookup SET stock_quantity = {figure}, stock_status = '{status}' WHERE product_id = {article}")).await?;
    hand.run(format!("UPDATE wp_postmeta SET meta_value = '{status}' WHERE post_id = {article} AND meta_key = '_stock_status'")).await?;
    let mark = match figure > 0 {
        true => format!(
            "DELETE FROM wp_term_relationships WHERE object_id = {article} AND term_taxonomy_id = 9"
        ),
        false => format!(
            "INSERT IGNORE INTO wp_term_relationships (object_id, term_taxonomy_id) VALUES ({article}, 9)"
        ),
    };
    hand.run(mark).await
}
