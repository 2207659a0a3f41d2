//! A buyer: WooCommerce's statements in WooCommerce's order, each a transaction of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rand::Rng;
use rand::rngs::StdRng;
use tokio::sync::{Mutex, mpsc};

use super::buyers::{ARTICLES, FIRST_ARTICLE};
use crate::support::client::Client;

/// What will become of an order. The ERP's and the buyer's doings are kept apart: an order cancelled in the shop after
/// the ERP counted it is outside of what can be promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Imported, confirmed, delivered sooner or later.
    Kept,
    /// Given back by the buyer; the ERP may know it, but never counts it.
    Cancelled,
    /// Some pieces come back, the rest stays pending.
    Refunded,
}

#[derive(Debug, Clone)]
pub struct Placed {
    pub order: u64,
    /// Article and pieces.
    pub lines: Vec<(u64, i64)>,
    pub fate: Fate,
}

/// A line of an order in the shop.
#[derive(Debug, Clone, Copy)]
struct Item {
    id: u64,
    article: u64,
    pieces: i64,
}

/// What buyers share: pieces promised at the counter but not yet taken off the figure, as the shop's own reservations.
pub struct Market {
    pub reserved: Mutex<Vec<i64>>,
    pub left_to_place: AtomicU64,
    pub placed: mpsc::UnboundedSender<Placed>,
    pub lost_to_deadlocks: AtomicU64,
}

pub struct Buyer {
    pub market: Arc<Market>,
    pub client: Client,
    pub rng: StdRng,
}

impl Buyer {
    pub async fn go_shopping(mut self) {
        loop {
            let left = &self.market.left_to_place;
            let took = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                left.checked_sub(1)
            });
            if took.is_err() {
                return;
            }
            // Long enough for several cycles to see the run.
            let think = self.rng.random_range(0..120);
            tokio::time::sleep(Duration::from_millis(think)).await;
            while !self.order().await {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    }

    /// The time between two statements: mostly none, sometimes what a slow PHP process takes.
    async fn pause(&mut self) {
        let millis = match self.rng.random_range(0..20) {
            0 => self.rng.random_range(5..40),
            1..=6 => self.rng.random_range(0..3),
            _ => return,
        };
        tokio::time::sleep(Duration::from_millis(millis)).await;
    }

    /// A statement; one that lost to a deadlock is sent again, as a plug-in for such cases would.
    async fn run(&mut self, sql: String) {
        for _ in 0..20 {
            match self.client.try_run(&sql).await {
                Ok(_) => return,
                Err(error) if error.contains("Deadlock") || error.contains("Lock wait") => {
                    self.market.lost_to_deadlocks.fetch_add(1, Ordering::SeqCst);
                }
                Err(error) => panic!("{error}\nin: {sql}"),
            }
        }
        panic!("deadlock after deadlock: {sql}");
    }

    /// False if the shop had too little of what was wanted.
    async fn order(&mut self) -> bool {
        let Some(lines) = self.choose().await else {
            return false;
        };
        let (order, items) = self.create(&lines).await;
        let status = match self.rng.random_range(0..10) {
            0..=5 => "wc-processing",
            6 | 7 => "wc-on-hold",
            _ => "wc-completed",
        };
        self.set_status(order, status).await;
        for item in &items {
            self.take(*item).await;
        }
        self.pause().await;
        self.run(format!("UPDATE wp_wc_order_operational_data SET order_stock_reduced = 1 WHERE order_id = {order}")).await;
        let fate = match self.rng.random_range(0..10) {
            0..=5 => Fate::Kept,
            6..=8 => Fate::Cancelled,
            _ => Fate::Refunded,
        };
        let placed = Placed { order, lines, fate };
        self.market
            .placed
            .send(placed)
            .expect("the ERP listens until the end");
        self.pause().await;
        match fate {
            Fate::Cancelled => self.cancel(order, &items).await,
            Fate::Refunded => self.refund(items[0]).await,
            Fate::Kept => {
                if status != "wc-completed" && self.rng.random_bool(0.4) {
                    self.set_status(order, "wc-completed").await;
                }
            }
        }
        true
    }

    /// Up to three articles of which there is enough, reserved.
    async fn choose(&mut self) -> Option<Vec<(u64, i64)>> {
        let market = self.market.clone();
        let mut reserved = market.reserved.lock().await;
        let mut lines: Vec<(u64, i64)> = Vec::new();
        for _ in 0..self.rng.random_range(1..=3) {
            let at = self.rng.random_range(0..ARTICLES);
            let article = FIRST_ARTICLE + at as u64;
            let pieces = self.rng.random_range(1..=3);
            if lines.iter().any(|(known, _)| *known == article) {
                continue;
            }
            let figure = self.client.value(&format!("SELECT meta_value FROM wp_postmeta WHERE post_id = {article} AND meta_key = '_stock'")).await;
            let shown: i64 = figure.expect("a figure").parse().expect("whole pieces");
            if shown - reserved[at] >= pieces {
                reserved[at] += pieces;
                lines.push((article, pieces));
            }
        }
        (!lines.is_empty()).then_some(lines)
    }

    /// The order as it lies there before it is paid.
    async fn create(&mut self, lines: &[(u64, i64)]) -> (u64, Vec<Item>) {
        self.run(
            "INSERT INTO wp_posts (post_date, post_date_gmt, post_content, post_title, post_excerpt, post_status, to_ping, pinged,
             post_modified, post_modified_gmt, post_content_filtered, post_type)
             VALUES (UTC_TIMESTAMP(), UTC_TIMESTAMP(), '', '', '', 'draft', '', '', UTC_TIMESTAMP(), UTC_TIMESTAMP(), '', 'shop_order_placehold')"
                .to_owned(),
        )
        .await;
        let order = self.last_id().await;
        self.run(format!("SET @actor = {order}")).await;
        self.run(format!(
            "INSERT INTO wp_wc_orders (id, status, type, date_created_gmt, date_updated_gmt)
             VALUES ({order}, 'wc-pending', 'shop_order', UTC_TIMESTAMP(), UTC_TIMESTAMP())"
        ))
        .await;
        self.run(format!("INSERT INTO wp_wc_order_operational_data (order_id, order_stock_reduced) VALUES ({order}, 0)")).await;
        let mut items = Vec::new();
        for (article, pieces) in lines.iter().copied() {
            self.run(format!("INSERT INTO wp_woocommerce_order_items (order_item_name, order_item_type, order_id) VALUES ('line', 'line_item', {order})")).await;
            let item = self.last_id().await;
            items.push(Item {
                id: item,
                article,
                pieces,
            });
            self.run(format!(
                "INSERT INTO wp_woocommerce_order_itemmeta (order_item_id, meta_key, meta_value)
                 VALUES ({item}, '_product_id', '{article}'), ({item}, '_variation_id', '0'), ({item}, '_qty', '{pieces}')"
            ))
            .await;
        }
        (order, items)
    }

    async fn last_id(&mut self) -> u64 {
        let id = self.client.value("SELECT LAST_INSERT_ID()").await;
        id.expect("an id").parse().expect("a number")
    }

    async fn set_status(&mut self, order: u64, status: &str) {
        self.pause().await;
        self.run(format!("UPDATE wp_wc_orders SET status = '{status}', date_updated_gmt = UTC_TIMESTAMP() WHERE id = {order}")).await;
    }

    /// One line's pieces leave the figure.
    async fn take(&mut self, item: Item) {
        let Item {
            id,
            article,
            pieces,
        } = item;
        self.pause().await;
        self.add(article, -pieces).await;
        self.market.reserved.lock().await[(article - FIRST_ARTICLE) as usize] -= pieces;
        self.follow_up(article).await;
        self.run(format!(
            "INSERT INTO wp_woocommerce_order_itemmeta (order_item_id, meta_key, meta_value) VALUES ({id}, '_reduced_stock', '{pieces}')"
        ))
        .await;
    }

    async fn add(&mut self, article: u64, pieces: i64) {
        self.run(format!("UPDATE wp_postmeta SET meta_value = meta_value + ({pieces}) WHERE post_id = {article} AND meta_key = '_stock'")).await;
    }

    /// What the shop writes after its figure: the look-up row, the status and the mark of what is out of stock, from a
    /// figure that may be an old one by then.
    async fn follow_up(&mut self, article: u64) {
        let figure = self.client.value(&format!("SELECT meta_value FROM wp_postmeta WHERE post_id = {article} AND meta_key = '_stock'")).await;
        let figure: i64 = figure.expect("a figure").parse().expect("whole pieces");
        self.pause().await;
        let status = if figure > 0 { "instock" } else { "outofstock" };
        self.run(format!("UPDATE wp_wc_product_meta_lookup SET stock_quantity = {figure}, stock_status = '{status}' WHERE product_id = {article}")).await;
        self.run(format!("UPDATE wp_postmeta SET meta_value = '{status}' WHERE post_id = {article} AND meta_key = '_stock_status'")).await;
        match figure > 0 {
            true => self.run(format!("DELETE FROM wp_term_relationships WHERE object_id = {article} AND term_taxonomy_id = 9")).await,
            false => self.run(format!("INSERT IGNORE INTO wp_term_relationships (object_id, term_taxonomy_id) VALUES ({article}, 9)")).await,
        }
    }

    /// Status, then the pieces, then the flag.
    async fn cancel(&mut self, order: u64, items: &[Item]) {
        let status = if self.rng.random_bool(0.25) {
            "wc-pending"
        } else {
            "wc-cancelled"
        };
        self.set_status(order, status).await;
        for item in items {
            self.pause().await;
            self.add(item.article, item.pieces).await;
            self.follow_up(item.article).await;
            self.run(format!(
                "DELETE FROM wp_woocommerce_order_itemmeta WHERE order_item_id = {} AND meta_key = '_reduced_stock'",
                item.id
            ))
            .await;
        }
        self.pause().await;
        self.run(format!("UPDATE wp_wc_order_operational_data SET order_stock_reduced = 0 WHERE order_id = {order}")).await;
    }

    /// One piece comes back, the item holds one less from then on.
    async fn refund(&mut self, item: Item) {
        self.pause().await;
        self.add(item.article, 1).await;
        self.pause().await;
        self.run(format!(
            "UPDATE wp_woocommerce_order_itemmeta SET meta_value = '{}' WHERE order_item_id = {} AND meta_key = '_reduced_stock'",
            item.pieces - 1,
            item.id
        ))
        .await;
        self.follow_up(item.article).await;
    }
}
