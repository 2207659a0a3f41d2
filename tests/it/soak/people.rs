//! Buyers and the ERP's people. A server that goes away takes what they were doing with it; they do it again.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::ARTICLES;
use crate::orders::place::{Line, Order};
use crate::support::client::{Client, TextRow};
use crate::support::servers::Database;

/// Pieces of every article that the ERP has at the beginning: more than can be sold.
const PIECES: u32 = 100_000;
/// Orders of one in so many are such as their buyers may cancel; the ERP's people are in no hurry with them.
const CANCELLERS: u32 = 3;
/// Customers there are.
const MAILS: u32 = 50;

/// Articles with names, prices and pieces; a shop without orders in Italian time.
pub async fn stock_up(erp: &Database, shop: &Database) {
    let mut client = erp.client().await;
    client
        .run(&(1..=ARTICLES).map(new_article).collect::<String>())
        .await;
    let mut client = shop.client().await;
    for statement in [
        "UPDATE wp_options SET option_value = 'Europe/Rome' WHERE option_name = 'timezone_string'",
        "DELETE FROM wp_wc_orders",
    ] {
        client.run(statement).await;
    }
}

fn new_article(number: u32) -> String {
    format!(
        "INSERT INTO articles (sku, tax_class) VALUES ('ART-{number}', 'IVA22');
         INSERT INTO article_texts (sku, language, name) VALUES ('ART-{number}', 'en', 'Article {number}');
         INSERT INTO article_categories (sku, category_id) VALUES ('ART-{number}', 'T');
         INSERT INTO prices (sku, list, amount) VALUES ('ART-{number}', 'public', {number}.5);
         INSERT INTO stock (sku, warehouse, quantity) VALUES ('ART-{number}', 'WH', {PIECES});"
    )
}

/// A connection that is made anew after an error.
struct Desk {
    url: String,
    client: Option<Client>,
}

impl Desk {
    fn new(url: &str) -> Desk {
        Desk {
            url: url.to_owned(),
            client: None,
        }
    }

    /// Waits until the server is there.
    async fn client(&mut self) -> &mut Client {
        while self.client.is_none() {
            match Client::try_connect(&self.url).await {
                Ok(client) => self.client = Some(client),
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
        self.client.as_mut().expect("connected above")
    }

    /// Statements in their order. After an error nothing of an open transaction is left.
    async fn run(&mut self, statements: &[String]) -> Result<(), String> {
        for statement in statements {
            if let Err(error) = self.client().await.try_run(statement).await {
                self.lost(&error, statement);
                return Err(error);
            }
        }
        Ok(())
    }

    async fn rows(&mut self, sql: &str) -> Result<Vec<TextRow>, String> {
        let rows = self.client().await.try_rows(sql).await;
        if let Err(error) = &rows {
            self.lost(error, sql);
        }
        rows
    }

    /// What a server says that has nothing to do with restarts is a mistake of this test.
    fn lost(&mut self, error: &str, sql: &str) {
        self.client = None;
        let mistakes = ["syntax", "constraint", "does not exist", "doesn't exist"];
        let is_mistake = mistakes.iter().any(|mistake| error.contains(mistake));
        assert!(!is_mistake, "{error}\nin: {sql}");
    }

    /// The only value of the first row.
    async fn value(&mut self, sql: &str) -> Result<Option<String>, String> {
        let mut rows = self.rows(sql).await?;
        Ok((!rows.is_empty())
            .then(|| rows.swap_remove(0).swap_remove(0))
            .flatten())
    }
}

/// What became of an order, as its buyer knows it.
#[derive(Debug, Clone)]
pub struct Placed {
    /// Product and pieces.
    pub lines: [(u32, u32); 2],
    pub cancelled: bool,
}

/// The shop, as buyers see it.
pub struct Market {
    url: String,
    /// Ids of the products on sale.
    products: Vec<u32>,
    pub orders: Mutex<BTreeMap<u32, Placed>>,
    /// So many times longer than in a short run people take: what there is grows with their work, and the memory with it.
    slowness: u64,
    closes: Arc<AtomicBool>,
}

pub struct Buyer {
    market: Arc<Market>,
    shop: Desk,
    number: u32,
    bought: u32,
    /// Orders that may still be cancelled.
    open: Vec<u32>,
    random: StdRng,
}

impl Market {
    pub async fn open(url: &str, slowness: u64, closes: Arc<AtomicBool>) -> Arc<Market> {
        let sql = "SELECT product_id FROM wp_wc_product_meta_lookup WHERE sku LIKE 'ART-%' AND stock_quantity > 1000 ORDER BY product_id";
        let rows = Client::connect(url).await.rows(sql).await;
        let id = |row: &TextRow| row[0].as_ref()?.parse().ok();
        let products: Vec<u32> = rows.iter().filter_map(id).collect();
        assert_eq!(products.len(), ARTICLES as usize, "what was synchronized");
        Arc::new(Market {
            url: url.to_owned(),
            products,
            orders: Mutex::default(),
            slowness,
            closes,
        })
    }

    pub fn buyer(self: Arc<Self>, number: u32, seed: u64) -> Buyer {
        Buyer {
            shop: Desk::new(&self.url),
            market: self,
            number,
            bought: 0,
            open: Vec::new(),
            random: StdRng::seed_from_u64(seed),
        }
    }

    fn lines(&self, order: u32) -> [(u32, u32); 2] {
        let orders = self.orders.lock().expect("no buyer panics with it");
        orders[&order].lines
    }

    fn note(&self, order: u32, placed: Placed) {
        let mut orders = self.orders.lock().expect("no buyer panics with it");
        orders.insert(order, placed);
    }
}

impl Buyer {
    pub async fn buy_and_cancel(mut self) {
        while !self.market.closes.load(Ordering::SeqCst) {
            self.buy().await;
            if self.random.random_range(0..4) == 0 {
                self.cancel().await;
            }
            let millis = self.random.random_range(200..3000) * self.market.slowness;
            tokio::time::sleep(Duration::from_millis(millis)).await;
        }
    }

    /// Two articles.
    async fn buy(&mut self) {
        self.bought += 1;
        let token = format!("order {} {}", self.number, self.bought);
        let products = &self.market.products;
        let at = self.random.random_range(0..products.len() - 1);
        let then = self.random.random_range(at + 1..products.len());
        let lines = [
            (products[at], self.random.random_range(1..=4)),
            (products[then], 1),
        ];
        let mail = self.random.random_range(0..MAILS);
        let order = loop {
            // An order whose commit was not answered may be there.
            let known = format!("SELECT ID FROM wp_posts WHERE guid = '{token}'");
            match self.shop.value(&known).await {
                Ok(Some(id)) => break id.parse().expect("an id"),
                Ok(None) => {}
                Err(_) => continue,
            }
            if let Ok(order) = self.place(&token, lines, mail).await {
                break order;
            }
        };
        let cancelled = false;
        self.market.note(order, Placed { lines, cancelled });
        if is_cancellers(order) {
            self.open.push(order);
        }
    }

    /// One transaction: the order, its pieces off the figures.
    async fn place(
        &mut self,
        token: &str,
        lines: [(u32, u32); 2],
        mail: u32,
    ) -> Result<u32, String> {
        let post = format!(
            "INSERT INTO wp_posts (post_date, post_date_gmt, post_content, post_title, post_excerpt, post_status, to_ping, pinged,
             post_modified, post_modified_gmt, post_content_filtered, post_type, guid)
             VALUES (UTC_TIMESTAMP(), UTC_TIMESTAMP(), '', '', '', 'draft', '', '', UTC_TIMESTAMP(), UTC_TIMESTAMP(), '', 'shop_order_placehold', '{token}')"
        );
        self.shop.run(&["BEGIN".to_owned(), post]).await?;
        let id = self.shop.value("SELECT LAST_INSERT_ID()").await?;
        let id: u32 = id.expect("an id").parse().expect("a number");
        let mut order = Order {
            email: format!("buyer{mail}@example.com"),
            ..Order::of_pieces(id, lines[0].1)
        };
        for (line, (product, _)) in order.lines.iter_mut().zip(lines) {
            let Line(of, ..) = line;
            *of = product;
        }
        let now = chrono::Utc::now().format("%Y-%m-%d %H:%M:%S").to_string();
        let statements = order.statements().into_iter();
        let mut statements: Vec<String> = statements
            .map(|statement| statement.replace(order.placed, &now))
            .collect();
        statements.extend(
            lines
                .map(|(product, pieces)| take(product, i64::from(pieces)))
                .concat(),
        );
        statements.push("COMMIT".to_owned());
        self.shop.run(&statements).await?;
        Ok(id)
    }

    /// One of the own orders that still can be.
    async fn cancel(&mut self) {
        if self.open.is_empty() {
            return;
        }
        let at = self.random.random_range(0..self.open.len());
        let order = self.open.swap_remove(at);
        let lines = self.market.lines(order);
        let mut statements = vec![
            "BEGIN".to_owned(),
            format!(
                "UPDATE wp_wc_orders SET status = 'wc-cancelled', date_updated_gmt = UTC_TIMESTAMP() WHERE id = {order}"
            ),
        ];
        statements.extend(
            lines
                .map(|(product, pieces)| take(product, -i64::from(pieces)))
                .concat(),
        );
        statements.push(format!(
            "DELETE m FROM wp_woocommerce_order_itemmeta m JOIN wp_woocommerce_order_items i ON i.order_item_id = m.order_item_id
             WHERE i.order_id = {order} AND m.meta_key = '_reduced_stock'"
        ));
        statements.push(format!(
            "UPDATE wp_wc_order_operational_data SET order_stock_reduced = 0 WHERE order_id = {order}"
        ));
        statements.push("COMMIT".to_owned());
        let status = format!("SELECT status FROM wp_wc_orders WHERE id = {order}");
        loop {
            match self.shop.value(&status).await {
                Ok(Some(status)) if status == "wc-cancelled" => break,
                Ok(_) => {}
                Err(_) => continue,
            }
            if self.shop.run(&statements).await.is_ok() {
                break;
            }
        }
        let cancelled = true;
        self.market.note(order, Placed { lines, cancelled });
    }
}

/// The pieces of a line off the figure, and off the row that is looked up.
fn take(product: u32, pieces: i64) -> Vec<String> {
    vec![
        format!(
            "UPDATE wp_postmeta SET meta_value = meta_value - ({pieces}) WHERE post_id = {product} AND meta_key = '_stock'"
        ),
        format!(
            "UPDATE wp_wc_product_meta_lookup SET stock_quantity = stock_quantity - ({pieces}) WHERE product_id = {product}"
        ),
    ]
}

fn is_cancellers(order: u32) -> bool {
    order.is_multiple_of(CANCELLERS)
}

/// Whoever works in the ERP: other prices and names, new articles, goods in and out.
pub struct Clerk {
    erp: Desk,
    random: StdRng,
    /// As [`Market`]'s.
    slowness: u64,
    closes: Arc<AtomicBool>,
    articles: u32,
    deliveries: u32,
}

impl Clerk {
    pub fn new(url: &str, seed: u64, slowness: u64, closes: Arc<AtomicBool>) -> Clerk {
        Clerk {
            erp: Desk::new(url),
            random: StdRng::seed_from_u64(seed),
            slowness,
            closes,
            articles: ARTICLES,
            deliveries: 0,
        }
    }

    pub async fn work(mut self) {
        while !self.closes.load(Ordering::SeqCst) {
            let deed = match self.random.random_range(0..20) {
                0 => self.invent(),
                1..=5 => self.price(),
                6..=8 => self.rename(),
                9..=11 => self.receive(),
                _ => self.deliver().await,
            };
            // What was not answered is there or not; nobody minds.
            if let Some(deed) = deed {
                let _ = self.erp.run(&[format!("BEGIN; {deed}; COMMIT")]).await;
            }
            let millis = self.random.random_range(50..600) * self.slowness;
            tokio::time::sleep(Duration::from_millis(millis)).await;
        }
    }

    fn article(&mut self) -> String {
        format!("'ART-{}'", self.random.random_range(1..=ARTICLES))
    }

    fn invent(&mut self) -> Option<String> {
        self.articles += 1;
        Some(new_article(self.articles).trim_end_matches(';').to_owned())
    }

    fn price(&mut self) -> Option<String> {
        let cents = self.random.random_range(100..100_000);
        let article = self.article();
        Some(format!(
            "UPDATE prices SET amount = {cents} / 100.0, updated_at = CURRENT_TIMESTAMP WHERE sku = {article} AND list = 'public'"
        ))
    }

    fn rename(&mut self) -> Option<String> {
        let name: u32 = self.random.random();
        let article = self.article();
        // Of what is sold nothing is taken off the shelves.
        let retired = self.random.random_range(1..=ARTICLES / 10);
        Some(format!(
            "UPDATE article_texts SET name = 'Name {name}', updated_at = CURRENT_TIMESTAMP WHERE sku = {article};
             UPDATE articles SET active = NOT active, updated_at = CURRENT_TIMESTAMP WHERE sku = 'ART-{retired}'"
        ))
    }

    fn receive(&mut self) -> Option<String> {
        let pieces = self.random.random_range(-20..60);
        let article = self.article();
        Some(format!(
            "UPDATE stock SET quantity = quantity + ({pieces}) WHERE sku = {article} AND warehouse = 'WH'"
        ))
    }

    /// The oldest order that waits leaves in one parcel.
    async fn deliver(&mut self) -> Option<String> {
        let oldest = format!(
            "SELECT MIN(number) FROM orders WHERE status = 'confirmed' AND CAST(substr(web_reference, 6) AS INTEGER) % {CANCELLERS} <> 0"
        );
        let order = self.erp.value(&oldest).await.ok()??;
        self.deliveries += 1;
        let delivery = self.deliveries;
        Some(format!(
            "UPDATE stock s SET quantity = s.quantity - l.pieces
             FROM (SELECT sku, SUM(quantity) AS pieces FROM order_lines WHERE order_number = '{order}' AND sku IS NOT NULL GROUP BY sku) l
             WHERE s.sku = l.sku AND s.warehouse = 'WH';
             UPDATE order_lines SET delivered_quantity = quantity WHERE order_number = '{order}';
             INSERT INTO documents (number, kind, customer, document_date, carrier, tracking_number)
             SELECT 'D{delivery}', 'delivery', customer, CURRENT_DATE, 'BRT', 'T{delivery}' FROM orders WHERE number = '{order}';
             INSERT INTO document_lines (document_number, line, order_number, order_line, sku, quantity)
             SELECT 'D{delivery}', line, order_number, line, sku, quantity FROM order_lines WHERE order_number = '{order}' AND sku IS NOT NULL;
             UPDATE orders SET status = 'closed', updated_at = CURRENT_TIMESTAMP WHERE number = '{order}'"
        ))
    }
}
