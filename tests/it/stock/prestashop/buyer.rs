//! PrestaShop's statements in PrestaShop's order: figures are read, then written as numbers.
//!
//! Articles are numbered as their rows of figures are. Two of five are the combinations of one product, whose own row is
//! their sum.

use async_trait::async_trait;
use rand::Rng;
use tokio::sync::{Mutex, OwnedMutexGuard};

use std::any::Any;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use crate::stock::buyers::{FIRST_ARTICLE, sku};
use crate::stock::hand::{Hand, Lost};
use crate::stock::system::{Line, Order, System};
use crate::support::client::Client;

pub struct PrestaShop {
    /// Buyers of one article wait for each other: their own lost updates are not what is judged.
    pub queues: bool,
    /// Two shops in a group that shares its stock.
    pub shared: bool,
}

pub static PRESTASHOP: PrestaShop = PrestaShop {
    queues: true,
    shared: false,
};

const SECOND_SHOP: &str = "UPDATE ps_shop_group SET share_stock = 1;
    INSERT IGNORE INTO ps_shop (id_shop, id_shop_group, name, color, id_category, theme_name, active, deleted)
    VALUES (2, 1, 'Second', '', 2, 'classic', 1, 0);";

static QUEUES: LazyLock<Vec<Arc<Mutex<()>>>> =
    LazyLock::new(|| (0..100).map(|_| Arc::default()).collect());

fn is_combination(article: u64) -> bool {
    article % 5 < 2
}

fn product_of(article: u64) -> u64 {
    match is_combination(article) {
        true => 1000 + article / 5,
        false => article,
    }
}

/// Key of the row that is the sum of a product's combinations.
fn sum_row(product: u64) -> u64 {
    10_000 + product
}

fn combination(article: u64) -> u64 {
    if is_combination(article) { article } else { 0 }
}

#[async_trait]
impl System for PrestaShop {
    fn pack(&self) -> &'static str {
        "prestashop"
    }

    fn project(&self) -> &'static str {
        "[shop.main.tax]\nIVA22 = { rate = 22, rules = 1 }"
    }

    fn schema(&self) -> &'static str {
        "schemas/prestashop/mysql.sql"
    }

    /// `@taken` says how many pieces a statement of a buyer's is meant to take: the values alone do not.
    fn triggers(&self) -> String {
        "CREATE TRIGGER figure_changed AFTER UPDATE ON ps_stock_available FOR EACH ROW
         BEGIN
             IF NEW.id_stock_available < 10000 THEN
                 IF @actor IS NULL AND NEW.quantity <> OLD.quantity THEN
                     INSERT INTO history (kind, subject, old, new, erp_version, look)
                     VALUES ('figure', NEW.id_stock_available, OLD.quantity, NEW.quantity, @erp_version, @look);
                 ELSEIF @actor IS NOT NULL AND COALESCE(@taken, 0) <> 0 THEN
                     INSERT INTO history (kind, subject, old, new, actor, taken)
                     VALUES ('figure', NEW.id_stock_available, OLD.quantity, NEW.quantity, @actor, @taken);
                 END IF;
             END IF;
         END//
         CREATE TRIGGER order_came AFTER INSERT ON ps_orders FOR EACH ROW
             INSERT INTO history (kind, subject, new) VALUES ('status', NEW.id_order, NEW.current_state)//
         CREATE TRIGGER order_changed AFTER UPDATE ON ps_orders FOR EACH ROW
         BEGIN
             IF NEW.current_state <> OLD.current_state THEN
                 INSERT INTO history (kind, subject, new) VALUES ('status', NEW.id_order, NEW.current_state);
             END IF;
         END//
         CREATE TRIGGER line_changed AFTER UPDATE ON ps_order_detail FOR EACH ROW
         BEGIN
             IF NEW.product_quantity < OLD.product_quantity THEN
                 INSERT INTO history (kind, subject, actor, taken)
                 VALUES ('smaller', IF(NEW.product_attribute_id > 0, NEW.product_attribute_id, NEW.product_id), NEW.id_order, OLD.product_quantity - NEW.product_quantity);
             END IF;
         END//"
            .to_owned()
    }

    fn promises(&self, status: &str) -> bool {
        !["6", "7", "8"].contains(&status)
    }

    async fn add_article(&self, shop: &mut Client, id: u64, sku: &str, pieces: i64) {
        if self.shared {
            shop.load(SECOND_SHOP).await;
        }
        let place = if self.shared { (0, 1) } else { (1, 0) };
        add_product(shop, id, sku, pieces, place).await;
    }

    async fn shown(&self, shop: &mut Client, article: u64) -> i64 {
        let sql =
            format!("SELECT quantity FROM ps_stock_available WHERE id_stock_available = {article}");
        let figure = shop.value(&sql).await;
        figure.expect("a figure").parse().expect("whole pieces")
    }

    async fn held(&self, shop: &mut Client) -> Vec<(u64, u64, i64)> {
        let rows = shop
            .rows(
                "SELECT o.id_order, IF(d.product_attribute_id > 0, d.product_attribute_id, d.product_id), d.product_quantity
                 FROM ps_orders o JOIN ps_order_detail d ON d.id_order = o.id_order
                 WHERE o.current_state NOT IN (6, 7, 8)",
            )
            .await;
        let number = |text: &Option<String>| -> u64 {
            let text = text.as_deref().expect("a number");
            text.parse().expect("a whole number")
        };
        let line =
            |row: &Vec<Option<String>>| (number(&row[0]), number(&row[1]), number(&row[2]) as i64);
        rows.iter().map(line).collect()
    }

    async fn disagreements(&self, shop: &mut Client) -> Vec<String> {
        let rows = shop
            .rows(
                "SELECT z.id_stock_available, z.quantity, SUM(s.quantity)
                 FROM ps_stock_available z
                 JOIN ps_stock_available s ON s.id_product = z.id_product AND s.id_product_attribute > 0
                 WHERE z.id_product_attribute = 0
                 GROUP BY z.id_stock_available, z.quantity
                 HAVING z.quantity <> SUM(s.quantity)",
            )
            .await;
        rows.iter().map(|row| format!("{row:?}")).collect()
    }

    async fn queue(&self, articles: &[u64]) -> Vec<Box<dyn Any + Send>> {
        let mut guards: Vec<Box<dyn Any + Send>> = Vec::new();
        if self.queues {
            let mut articles = articles.to_vec();
            articles.sort_unstable();
            for article in articles {
                let queue = QUEUES[(article - FIRST_ARTICLE) as usize].clone();
                let guard: OwnedMutexGuard<()> = queue.lock_owned().await;
                guards.push(Box::new(guard));
            }
        }
        guards
    }

    async fn check_out(&self, hand: &mut Hand, wanted: &[(u64, i64)]) -> Result<Order, Lost> {
        let cart = hand.rng.random_range(1..i32::MAX) as u64;
        for (article, pieces) in wanted {
            hand.run(format!(
                "INSERT INTO ps_cart_product (id_cart, id_product, id_product_attribute, quantity, date_add)
                 VALUES ({cart}, {}, {}, {pieces}, NOW())",
                product_of(*article),
                combination(*article)
            ))
            .await?;
        }
        let shop = if hand.shop == "main" { 1 } else { 2 };
        let id = hand.insert(order_row(cart, shop)).await?;
        hand.run(format!("SET @actor = {id}")).await?;
        let mut lines = Vec::new();
        for (article, pieces) in wanted.iter().copied() {
            move_pieces(hand, article, pieces).await?;
            hand.pause().await;
            let line = hand
                .insert(format!(
                    "INSERT INTO ps_order_detail (id_order, id_shop, product_id, product_attribute_id, product_name, product_quantity,
                     product_reference, product_weight, tax_name)
                     VALUES ({id}, {shop}, {}, {}, 'x', {pieces}, '{}', 0, '')",
                    product_of(article),
                    combination(article),
                    sku(article)
                ))
                .await?;
            lines.push(Line {
                id: line,
                article,
                pieces,
            });
        }
        let state = match hand.rng.random_range(0..10) {
            0..=5 => 2,
            6 | 7 => 10,
            _ => 1,
        };
        set_state(hand, id, state).await?;
        Ok(Order { id, lines })
    }

    /// The pieces, then the status.
    async fn cancel(&self, hand: &mut Hand, order: &Order) -> Result<(), Lost> {
        for line in &order.lines {
            hand.pause().await;
            move_pieces(hand, line.article, -line.pieces).await?;
        }
        let state = if hand.rng.random_bool(0.2) { 8 } else { 6 };
        set_state(hand, order.id, state).await
    }

    /// In the back office: a line of one piece less, then the piece. A line of one piece grows by one, then the figure
    /// falls.
    async fn reduce(&self, hand: &mut Hand, order: &Order) -> Result<(), Lost> {
        let line = order.lines[0];
        let by = if line.pieces > 1 { -1 } else { 1 };
        hand.run(format!(
            "UPDATE ps_order_detail SET product_quantity = {} WHERE id_order_detail = {}",
            line.pieces + by,
            line.id
        ))
        .await?;
        hand.pause().await;
        move_pieces(hand, line.article, by).await
    }

    async fn proceed(&self, hand: &mut Hand, order: &Order) -> Result<(), Lost> {
        set_state(hand, order.id, 4).await
    }
}

/// A product with one figure, or a combination with its product, as PrestaShop has them; `place`: shop and group of the
/// figure.
async fn add_product(shop: &mut Client, id: u64, sku: &str, pieces: i64, place: (u64, u64)) {
    let (product, (id_shop, id_shop_group)) = (product_of(id), place);
    let kind = if is_combination(id) {
        "combinations"
    } else {
        "standard"
    };
    let reference = if is_combination(id) {
        format!("P{product}")
    } else {
        sku.to_owned()
    };
    shop.run(&format!(
        "INSERT IGNORE INTO ps_product (id_product, id_tax_rules_group, reference, active, date_add, date_upd, product_type)
         VALUES ({product}, 1, '{reference}', 1, '2026-01-01 09:00:00', '2026-01-01 09:00:00', '{kind}')"
    ))
    .await;
    shop.run(&format!(
        "INSERT IGNORE INTO ps_product_shop (id_product, id_shop, id_tax_rules_group, active, date_add, date_upd)
         SELECT {product}, id_shop, 1, 1, '2026-01-01 09:00:00', '2026-01-01 09:00:00' FROM ps_shop"
    ))
    .await;
    let figure = |row: u64, combination: u64, pieces: i64| {
        format!(
            "INSERT INTO ps_stock_available (id_stock_available, id_product, id_product_attribute, id_shop, id_shop_group, quantity)
             VALUES ({row}, {product}, {combination}, {id_shop}, {id_shop_group}, {pieces})
             ON DUPLICATE KEY UPDATE quantity = quantity + VALUES(quantity)"
        )
    };
    shop.run(&figure(id, combination(id), pieces)).await;
    if is_combination(id) {
        shop.run(&figure(sum_row(product), 0, pieces)).await;
        shop.run(&format!(
            "INSERT INTO ps_product_attribute (id_product_attribute, id_product, reference) VALUES ({id}, {product}, '{sku}')"
        ))
        .await;
    }
}

/// An order as it is inserted: without a status, times as PHP has them in the shop's zone.
pub fn order_row(cart: u64, shop: u64) -> String {
    let now = chrono::Utc::now().with_timezone(&chrono_tz::Europe::Rome);
    let now = now.format("%Y-%m-%d %H:%M:%S");
    format!(
        "INSERT INTO ps_orders (id_shop, id_carrier, id_lang, id_customer, id_cart, id_currency, id_address_delivery, id_address_invoice,
         current_state, payment, invoice_date, delivery_date, date_add, date_upd)
         VALUES ({shop}, 1, 1, 1, {cart}, 1, 1, 1, 0, 'wire', '{now}', '{now}', '{now}', '{now}')"
    )
}

/// The figure is read, and written less the pieces; the sum row of combinations the same.
async fn move_pieces(hand: &mut Hand, article: u64, taken: i64) -> Result<(), Lost> {
    hand.pause().await;
    let system = hand.market.system;
    let _queue = match hand.whole {
        true => Vec::new(),
        false => system.queue(&[article]).await,
    };
    let shown = hand
        .number(&format!(
            "SELECT quantity FROM ps_stock_available WHERE id_stock_available = {article}"
        ))
        .await;
    // Hooks, modules, caches: the time in which ponte's write is undone.
    let millis = hand.rng.random_range(0..25);
    tokio::time::sleep(Duration::from_millis(millis)).await;
    hand.run(format!("SET @taken = {taken}")).await?;
    hand.run(format!(
        "UPDATE ps_stock_available SET quantity = {} WHERE id_stock_available = {article}",
        shown - taken
    ))
    .await?;
    hand.run("SET @taken = 0").await?;
    if is_combination(article) {
        let product = product_of(article);
        let sum = hand
            .number(&format!(
                "SELECT SUM(quantity) FROM ps_stock_available WHERE id_product = {product} AND id_product_attribute <> 0"
            ))
            .await;
        hand.pause().await;
        hand.run(format!(
            "UPDATE ps_stock_available SET quantity = {sum} WHERE id_stock_available = {}",
            sum_row(product)
        ))
        .await?;
    }
    Ok(())
}

/// History, status, then what is reserved and what lies on the shelf.
async fn set_state(hand: &mut Hand, order: u64, state: u32) -> Result<(), Lost> {
    hand.pause().await;
    hand.run(format!(
        "INSERT INTO ps_order_history (id_employee, id_order, id_order_state, date_add) VALUES (0, {order}, {state}, NOW())"
    ))
    .await?;
    hand.run(format!(
        "UPDATE ps_orders SET current_state = {state} WHERE id_order = {order}"
    ))
    .await?;
    hand.run(format!(
        "UPDATE ps_stock_available s SET s.physical_quantity = s.quantity + s.reserved_quantity
         WHERE s.id_shop = 1 AND s.id_product IN (SELECT d.product_id FROM ps_order_detail d WHERE d.id_order = {order})"
    ))
    .await
}
