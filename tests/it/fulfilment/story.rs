//! Orders that the ERP has, and what happens to them there.

use crate::orders::place::{Between, Order};
use crate::support::client::Client;
use crate::sync::pair::On;

pub struct Story {
    pub between: Between,
}

impl Story {
    /// So many orders from 1001 on, imported, and a shop that wants to be told.
    pub async fn new(test: &str, erp: On, shop: On, orders: u32) -> Story {
        let mut between = Between::new(test, erp, shop).await;
        between.say("fulfilment.write = true");
        let placed: Vec<Order> = (0..orders).map(|n| Order::usual(1001 + n)).collect();
        between.place(&placed).await;
        let mut client = between.shop.client().await;
        for order in &placed {
            client
                .run(&format!(
                    "INSERT INTO wp_posts (ID, post_date, post_date_gmt, post_content, post_title, post_excerpt, post_status, to_ping, pinged,
                     post_content_filtered, post_type) VALUES ({}, '2026-03-02 00:30:00', '2026-03-01 23:30:00', '', '', '', 'draft', '', '', '',
                     'shop_order_placehold')",
                    order.id
                ))
                .await;
        }
        between.project.ponte(&["sync", "main/order"]).succeeds();
        Story { between }
    }

    /// Order 1001's key in the ERP, and so on.
    pub async fn document(&self, order: u32) -> String {
        let sql = format!("SELECT number FROM orders WHERE web_reference = 'main/{order}'");
        let number = self.between.erp.client().await.value(&sql).await;
        number.expect("the order was imported")
    }

    /// Lines of an order leave in one parcel.
    pub async fn deliver(&self, order: u32, number: &str, tracking: &str, lines: &[u32]) {
        let document = self.document(order).await;
        let mut erp = self.between.erp.client().await;
        paper(&mut erp, &document, number, "delivery", Some(tracking)).await;
        for line in lines {
            erp.run(&format!(
                "INSERT INTO document_lines (document_number, line, order_number, order_line, quantity) VALUES ('{number}', {line}, '{document}', {line}, 1)"
            ))
            .await;
            erp.run(&format!(
                "UPDATE order_lines SET delivered_quantity = quantity WHERE order_number = '{document}' AND line = {line}"
            ))
            .await;
        }
    }

    pub async fn invoice(&self, order: u32, number: &str) {
        let document = self.document(order).await;
        let mut erp = self.between.erp.client().await;
        paper(&mut erp, &document, number, "invoice", None).await;
        erp.run(&format!(
            "INSERT INTO document_lines (document_number, line, order_number, order_line, quantity) VALUES ('{number}', 1, '{document}', 1, 1)"
        ))
        .await;
    }

    pub async fn erp(&self, sql: &str) {
        self.between.erp.client().await.run(sql).await;
    }

    pub async fn shop(&self, sql: &str) {
        self.between.shop.client().await.run(sql).await;
    }

    /// Rows of the shop, each as one text.
    pub async fn rows(&self, sql: &str) -> Vec<String> {
        rows(&mut self.between.shop.client().await, sql).await
    }

    /// What the run says.
    pub fn sync(&self) -> String {
        let said = self.between.project.ponte(&["sync", "main/fulfilment"]);
        said.succeeds().stdout
    }

    /// Status, tracking numbers, carrier and invoice of an order, and how many notes it has.
    pub async fn order(&self, order: u32) -> String {
        let meta = |key: &str| {
            format!(
                "(SELECT MIN(m.meta_value) FROM wp_wc_orders_meta m WHERE m.order_id = o.id AND m.meta_key = '{key}')"
            )
        };
        let sql = format!(
            "SELECT o.status, {}, {}, {}, (SELECT COUNT(*) FROM wp_comments c WHERE c.comment_post_ID = o.id)
             FROM wp_wc_orders o WHERE o.id = {order}",
            meta("_tracking_number"),
            meta("_tracking_provider"),
            meta("_invoice_number")
        );
        self.rows(&sql).await.join("\n")
    }

    /// The notes of an order, in their order.
    pub async fn notes(&self, order: u32) -> Vec<String> {
        let sql = format!(
            "SELECT c.comment_content FROM wp_comments c WHERE c.comment_post_ID = {order} AND c.comment_type = 'order_note' ORDER BY c.comment_ID"
        );
        self.rows(&sql).await
    }
}

async fn paper(erp: &mut Client, order: &str, number: &str, kind: &str, tracking: Option<&str>) {
    let customer = format!("SELECT customer FROM orders WHERE number = '{order}'");
    let customer = erp.value(&customer).await.expect("a customer");
    let (carrier, tracking) = match tracking {
        Some("") => ("'BRT'".to_owned(), "NULL".to_owned()),
        Some(tracking) => ("'BRT'".to_owned(), format!("'{tracking}'")),
        None => ("NULL".to_owned(), "NULL".to_owned()),
    };
    erp.run(&format!(
        "INSERT INTO documents (number, kind, customer, document_date, carrier, tracking_number)
         VALUES ('{number}', '{kind}', '{customer}', '2026-03-05', {carrier}, {tracking})"
    ))
    .await;
}

pub async fn rows(client: &mut Client, sql: &str) -> Vec<String> {
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
    let rows = client.rows(sql).await;
    rows.iter()
        .map(|row| row.iter().map(text).collect::<Vec<_>>().join(" | "))
        .collect()
}
