//! OpenCart's statements in OpenCart's order: pieces first (of the article, its master, the chosen option values), then
//! the status, then a row of the history.

use async_trait::async_trait;
use rand::Rng;
use std::time::Duration;

use crate::stock::hand::{Hand, Lost};
use crate::stock::system::{Line, Order, System};
use crate::support::client::Client;

/// By version, as the packs are.
pub enum OpenCart {
    V40,
    V41,
}

/// The shop's own lists, other than a fresh installation's (5, 1, 2, 12, 3 and 5, 3).
const PROCESSING: [u32; 4] = [1, 2, 15, 12];
const COMPLETE: [u32; 2] = [5, 17];

/// Articles from here on are masters.
const MASTERS: u64 = 1000;
const OPTION_PIECES: i64 = 100_000;

fn promised() -> String {
    let all = PROCESSING.iter().chain(&COMPLETE);
    let all: Vec<String> = all.map(u32::to_string).collect();
    all.join(", ")
}

impl OpenCart {
    /// Every third article is a variant, two of them share a master. 4.0 sells variants under their master's id.
    fn master(&self, article: u64) -> u64 {
        match self {
            OpenCart::V41 if article.is_multiple_of(3) => MASTERS + article / 6,
            _ => 0,
        }
    }

    fn has_option(article: u64) -> bool {
        article.is_multiple_of(2)
    }

    /// A checkout that was begun: lines and all, status 0.
    async fn begin(&self, hand: &mut Hand, wanted: &[(u64, i64)]) -> Result<Order, Lost> {
        // As OpenCart opens its connections.
        hand.run("SET SESSION sql_mode = 'NO_ZERO_IN_DATE,NO_ENGINE_SUBSTITUTION'")
            .await?;
        let id = hand
            .insert("INSERT INTO oc_order (date_added, date_modified) VALUES (NOW(), NOW())")
            .await?;
        hand.run(format!("SET @actor = {id}")).await?;
        let lines = self.add_lines(hand, id, wanted).await?;
        Ok(Order { id, lines })
    }

    async fn add_lines(
        &self,
        hand: &mut Hand,
        order: u64,
        wanted: &[(u64, i64)],
    ) -> Result<Vec<Line>, Lost> {
        let mut lines = Vec::new();
        for (article, pieces) in wanted.iter().copied() {
            let master = self.master(article);
            let id = hand
                .insert(format!(
                    "INSERT INTO oc_order_product (order_id, product_id, master_id, name, model, quantity, price, total, tax)
                     VALUES ({order}, {article}, {master}, 'line', 'line', {pieces}, 1, {pieces}, 0)"
                ))
                .await?;
            lines.push(Line {
                id,
                article,
                pieces,
            });
            if OpenCart::has_option(article) {
                hand.run(format!(
                    "INSERT INTO oc_order_option (order_id, order_product_id, product_option_id, product_option_value_id, name, value, type)
                     VALUES ({order}, {id}, 1, {article}, 'Colour', 'red', 'select')"
                ))
                .await?;
            }
        }
        Ok(lines)
    }

    /// The lines' pieces leave the three figures (`by` -1) or come back.
    async fn take(&self, hand: &mut Hand, lines: &[Line], by: i64) -> Result<(), Lost> {
        for line in lines {
            let pieces = line.pieces * by;
            hand.pause().await;
            for product in [line.article, self.master(line.article)] {
                if product > 0 {
                    hand.run(format!("UPDATE oc_product SET quantity = (quantity + ({pieces})) WHERE product_id = {product} AND subtract = 1")).await?;
                }
            }
            if OpenCart::has_option(line.article) {
                hand.pause().await;
                hand.run(format!(
                    "UPDATE oc_product_option_value SET quantity = (quantity + ({pieces})) WHERE product_option_value_id = {} AND subtract = 1",
                    line.article
                ))
                .await?;
            }
        }
        // Coupons, points, mails: sometimes it takes long until the status is written.
        if !hand.whole && hand.rng.random_bool(0.4) {
            let millis = hand.rng.random_range(50..800);
            tokio::time::sleep(Duration::from_millis(millis)).await;
        }
        Ok(())
    }

    async fn set_status(&self, hand: &mut Hand, order: u64, status: u32) -> Result<(), Lost> {
        let modified = match self {
            OpenCart::V40 => ", date_modified = NOW()",
            OpenCart::V41 => "",
        };
        hand.pause().await;
        hand.run(format!(
            "UPDATE oc_order SET order_status_id = {status}{modified} WHERE order_id = {order}"
        ))
        .await?;
        hand.pause().await;
        hand.run(format!(
            "INSERT INTO oc_order_history (order_id, order_status_id, notify, comment, date_added) VALUES ({order}, {status}, 0, '', NOW())"
        ))
        .await
    }

    async fn confirm(&self, hand: &mut Hand, order: &Order) -> Result<(), Lost> {
        let at = hand.rng.random_range(0..10);
        let status = match at {
            0..=5 => PROCESSING[at % 3],
            6..=8 => COMPLETE[at % 2],
            _ => PROCESSING[3],
        };
        self.take(hand, &order.lines, -1).await?;
        self.set_status(hand, order.id, status).await
    }
}

#[async_trait]
impl System for OpenCart {
    fn pack(&self) -> &'static str {
        match self {
            OpenCart::V40 => "opencart-4.0",
            OpenCart::V41 => "opencart-4.1",
        }
    }

    fn project(&self) -> &'static str {
        "[shop.main.tax]\nIVA22 = { rate = 22, class = 9 }"
    }

    fn schema(&self) -> &'static str {
        match self {
            OpenCart::V40 => "schemas/opencart-4.0/mysql.sql",
            OpenCart::V41 => "schemas/opencart-4.1/mysql.sql",
        }
    }

    fn triggers(&self) -> String {
        format!(
            "CREATE TRIGGER figure_changed AFTER UPDATE ON oc_product FOR EACH ROW
             BEGIN
                 IF NEW.product_id < {MASTERS} AND NOT (NEW.quantity <=> OLD.quantity) THEN
                     INSERT INTO history (kind, subject, old, new, actor, taken, erp_version)
                     VALUES ('figure', NEW.product_id, OLD.quantity, NEW.quantity, @actor, OLD.quantity - NEW.quantity, @erp_version);
                 END IF;
             END//
             CREATE TRIGGER order_came AFTER INSERT ON oc_order FOR EACH ROW
                 INSERT INTO history (kind, subject, new) VALUES ('status', NEW.order_id, NEW.order_status_id)//
             CREATE TRIGGER order_changed AFTER UPDATE ON oc_order FOR EACH ROW
             BEGIN
                 IF NEW.order_status_id <> OLD.order_status_id THEN
                     INSERT INTO history (kind, subject, new) VALUES ('status', NEW.order_id, NEW.order_status_id);
                 END IF;
             END//"
        )
    }

    fn promises(&self, status: &str) -> bool {
        let all = PROCESSING.iter().chain(&COMPLETE);
        all.map(u32::to_string).any(|promised| promised == status)
    }

    async fn add_article(&self, shop: &mut Client, id: u64, sku: &str, pieces: i64) {
        shop.run("SET SESSION sql_mode = 'NO_ZERO_IN_DATE,NO_ENGINE_SUBSTITUTION'")
            .await;
        let list = |statuses: &[u32]| {
            format!(
                "{:?}",
                statuses.iter().map(u32::to_string).collect::<Vec<_>>()
            )
        };
        for (key, value) in [
            ("config_timezone", "UTC".to_owned()),
            ("config_processing_status", list(&PROCESSING)),
            ("config_complete_status", list(&COMPLETE)),
        ] {
            shop.run(&format!(
                "INSERT INTO oc_setting (store_id, code, `key`, value)
                 SELECT 0, 'config', '{key}', '{value}' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM oc_setting WHERE `key` = '{key}')"
            ))
            .await;
        }
        let master = self.master(id);
        if master > 0 {
            shop.run(&format!(
                "INSERT INTO oc_product (product_id, model, quantity, subtract) VALUES ({master}, 'master {master}', {pieces}, 1)
                 ON DUPLICATE KEY UPDATE quantity = quantity + {pieces}"
            ))
            .await;
        }
        // Some have a sku of their own, the others are known by their model.
        let coded = master > 0 || !id.is_multiple_of(2);
        let model = match (coded, master) {
            (false, _) => sku.to_owned(),
            (true, 0) => format!("model {id}"),
            (true, master) => format!("master {master}"),
        };
        shop.run(&format!(
            "INSERT INTO oc_product (product_id, master_id, model, quantity, subtract) VALUES ({id}, {master}, '{model}', {pieces}, 1)"
        ))
        .await;
        if coded {
            let code = match self {
                OpenCart::V40 => {
                    format!("UPDATE oc_product SET sku = '{sku}' WHERE product_id = {id}")
                }
                OpenCart::V41 => format!(
                    "INSERT INTO oc_product_code (product_id, code, value) VALUES ({id}, 'SKU', '{sku}')"
                ),
            };
            shop.run(&code).await;
        }
        if OpenCart::has_option(id) {
            shop.run(&format!(
                "INSERT INTO oc_product_option_value (product_option_value_id, product_option_id, product_id, option_id, option_value_id, quantity, subtract)
                 VALUES ({id}, 1, {id}, 1, 1, {OPTION_PIECES}, 1)"
            ))
            .await;
        }
    }

    async fn shown(&self, shop: &mut Client, article: u64) -> i64 {
        let sql = format!("SELECT quantity FROM oc_product WHERE product_id = {article}");
        let figure = shop.value(&sql).await;
        figure.expect("a figure").parse().expect("whole pieces")
    }

    async fn held(&self, shop: &mut Client) -> Vec<(u64, u64, i64)> {
        let sql = format!(
            "SELECT o.order_id, l.product_id, l.quantity FROM oc_order o JOIN oc_order_product l USING (order_id)
             WHERE o.order_status_id IN ({})",
            promised()
        );
        let rows = shop.rows(&sql).await;
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

    /// A master shows the sum of its variants; an option value what the shop itself took.
    async fn disagreements(&self, shop: &mut Client) -> Vec<String> {
        let masters = format!(
            "SELECT 'master', m.product_id, m.quantity, SUM(v.quantity) FROM oc_product m JOIN oc_product v ON v.master_id = m.product_id
             WHERE m.product_id >= {MASTERS} GROUP BY m.product_id, m.quantity HAVING m.quantity <> SUM(v.quantity)"
        );
        let options = format!(
            "SELECT 'option', p.product_option_value_id, p.quantity, {OPTION_PIECES} - COALESCE(SUM(l.quantity), 0)
             FROM oc_product_option_value p
             LEFT JOIN (SELECT x.product_option_value_id, y.quantity FROM oc_order_option x
                        JOIN oc_order_product y ON y.order_product_id = x.order_product_id
                        JOIN oc_order o ON o.order_id = y.order_id AND o.order_status_id IN ({})) l
                    ON l.product_option_value_id = p.product_option_value_id
             GROUP BY p.product_option_value_id, p.quantity HAVING p.quantity <> {OPTION_PIECES} - COALESCE(SUM(l.quantity), 0)",
            promised()
        );
        let mut found = Vec::new();
        for sql in [masters, options] {
            found.extend(shop.rows(&sql).await.iter().map(|row| format!("{row:?}")));
        }
        found
    }

    async fn check_out(&self, hand: &mut Hand, wanted: &[(u64, i64)]) -> Result<Order, Lost> {
        // Some never come back from the payment page.
        if hand.rng.random_bool(0.15) {
            self.begin(hand, wanted).await?;
        }
        let order = self.begin(hand, wanted).await?;
        hand.pause().await;
        self.confirm(hand, &order).await?;
        Ok(order)
    }

    /// Pieces come back, then the status.
    async fn cancel(&self, hand: &mut Hand, order: &Order) -> Result<(), Lost> {
        self.take(hand, &order.lines, 1).await?;
        let status = if hand.rng.random_bool(0.7) { 7 } else { 11 };
        self.set_status(hand, order.id, status).await
    }

    /// The order editor: the order is voided, its lines are written anew, and it is confirmed again.
    async fn reduce(&self, hand: &mut Hand, order: &Order) -> Result<(), Lost> {
        self.take(hand, &order.lines, 1).await?;
        let void = match self {
            OpenCart::V40 => 0,
            OpenCart::V41 => 16,
        };
        self.set_status(hand, order.id, void).await?;
        for table in ["oc_order_product", "oc_order_option"] {
            hand.pause().await;
            hand.run(format!("DELETE FROM {table} WHERE order_id = {}", order.id))
                .await?;
        }
        let smaller = order.lines.iter().enumerate().map(|(at, line)| {
            let less = i64::from(at == 0);
            (line.article, line.pieces - less)
        });
        let smaller: Vec<(u64, i64)> = smaller.filter(|(_, pieces)| *pieces > 0).collect();
        let lines = self.add_lines(hand, order.id, &smaller).await?;
        let order = Order {
            id: order.id,
            lines,
        };
        self.confirm(hand, &order).await
    }

    async fn proceed(&self, hand: &mut Hand, order: &Order) -> Result<(), Lost> {
        self.set_status(hand, order.id, COMPLETE[0]).await
    }
}
