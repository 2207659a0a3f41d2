//! Odoo: quotations that are confirmed, delivered in parts and invoiced there, as WooCommerce is told of it.

use super::story::rows;
use crate::orders::odoo::between;
use crate::orders::place::{Between, Order};

struct Odoo {
    between: Between,
}

impl Odoo {
    async fn new(test: &str, version: u32) -> Odoo {
        let mut between = between(test, version).await;
        between.say("fulfilment.write = true");
        let orders: Vec<Order> = (1001..1005).map(Order::usual).collect();
        between.place(&orders).await;
        between.project.ponte(&["sync", "main/order"]).succeeds();
        Odoo { between }
    }

    async fn erp(&self, sql: &str) {
        self.between.erp.client().await.run(sql).await;
    }

    /// Odoo's id of a web order.
    fn id(order: u32) -> String {
        format!("(SELECT MIN(id) FROM sale_order WHERE origin = 'main/{order}')")
    }

    /// A delivery that is done, from stock to this usage of place.
    async fn deliver(&self, order: u32, number: &str, tracking: &str, to: &str) {
        self.erp(&format!(
            "INSERT INTO stock_picking (sale_id, location_id, location_dest_id, name, state, date_done, carrier_id, carrier_tracking_ref)
             VALUES ({}, (SELECT MIN(id) FROM stock_location WHERE usage = 'internal'), (SELECT MIN(id) FROM stock_location WHERE usage = '{to}'),
                     '{number}', 'done', '2026-03-05 10:00:00', 1, {tracking})",
            Odoo::id(order)
        ))
        .await;
    }

    async fn set(&self, order: u32, state: &str, delivery: &str) {
        self.erp(&format!(
            "UPDATE sale_order SET state = '{state}', delivery_status = {delivery} WHERE id = {}",
            Odoo::id(order)
        ))
        .await;
    }

    async fn invoice(&self, order: u32, number: &str, state: &str) {
        self.erp(&format!(
            "WITH m AS (INSERT INTO account_move (name, move_type, state) VALUES ('{number}', 'out_invoice', '{state}') RETURNING id),
                  l AS (INSERT INTO account_move_line (move_id) SELECT id FROM m RETURNING id)
             INSERT INTO sale_order_line_invoice_rel SELECT l.id, (SELECT MIN(x.id) FROM sale_order_line x WHERE x.order_id = {}) FROM l",
            Odoo::id(order)
        ))
        .await;
    }

    /// Order, status, tracking number and invoice of each order, after two runs.
    async fn told(&self) -> Vec<String> {
        for _ in 0..2 {
            self.between
                .project
                .ponte(&["sync", "main/fulfilment"])
                .succeeds();
        }
        let meta = |key: &str| {
            format!(
                "(SELECT GROUP_CONCAT(m.meta_value) FROM wp_wc_orders_meta m WHERE m.order_id = o.id AND m.meta_key = '{key}')"
            )
        };
        let sql = format!(
            "SELECT o.id, o.status, {}, {}, {} FROM wp_wc_orders o WHERE o.type = 'shop_order' ORDER BY o.id",
            meta("_tracking_provider"),
            meta("_tracking_number"),
            meta("_invoice_number")
        );
        rows(&mut self.between.shop.client().await, &sql).await
    }
}

async fn tells(version: u32) {
    let odoo = Odoo::new("told by odoo", version).await;
    odoo.erp("INSERT INTO delivery_carrier (id, name) VALUES (1, '{\"it_IT\": \"Corriere BRT\", \"en_US\": \"BRT\"}')")
        .await;
    // A quotation, a confirmed order that is being picked, one whose rest is to come, a cancelled one.
    odoo.set(1002, "sale", "'pending'").await;
    odoo.deliver(1002, "WH/PICK/1", "NULL", "internal").await;
    odoo.set(1003, "sale", "'partial'").await;
    odoo.deliver(1003, "WH/OUT/1", "'T1'", "customer").await;
    // Invoiced ahead: the customer waits for the rest.
    odoo.invoice(1003, "INV/1", "posted").await;
    odoo.set(1004, "cancel", "NULL").await;
    assert_eq!(
        odoo.told().await,
        [
            "1001 | wc-processing | - | - | -",
            "1002 | wc-processing | - | - | -",
            "1003 | wc-processing | BRT | T1 | INV/1",
            "1004 | wc-cancelled | - | - | -",
        ]
    );
    // The rest has left; an invoice that is a draft is none; what was cancelled by mistake was entered anew and delivered.
    odoo.set(1003, "sale", "'full'").await;
    odoo.deliver(1003, "WH/OUT/2", "'T2'", "customer").await;
    odoo.deliver(1003, "WH/RET/1", "NULL", "internal").await;
    odoo.set(1002, "sale", "'full'").await;
    odoo.deliver(1002, "WH/OUT/3", "NULL", "customer").await;
    odoo.invoice(1002, "INV/2", "draft").await;
    assert_eq!(
        odoo.told().await[1..3],
        [
            "1002 | wc-completed | BRT | - | -",
            "1003 | wc-completed | BRT | T1, T2 | INV/1",
        ]
    );
}

#[tokio::test]
async fn what_odoo_19_delivers_and_invoices_is_told() {
    tells(19).await;
}

#[tokio::test]
async fn what_odoo_17_delivers_and_invoices_is_told() {
    tells(17).await;
}

#[tokio::test]
async fn an_order_that_was_entered_anew_is_what_became_of_the_new_one() {
    let odoo = Odoo::new("entered anew in odoo", 19).await;
    odoo.set(1001, "cancel", "NULL").await;
    odoo.erp(&format!(
        "CREATE TEMP TABLE copy AS SELECT * FROM sale_order WHERE id = {};
         UPDATE copy SET id = nextval('sale_order_id_seq'), name = 'S09999', state = 'sale', delivery_status = 'full';
         INSERT INTO sale_order SELECT * FROM copy",
        Odoo::id(1001)
    ))
    .await;
    assert_eq!(odoo.told().await[0], "1001 | wc-completed | - | - | -");
}

/// A courier's table in Odoo's own database; the shop is told in the same run.
async fn numbers_come(version: u32) {
    let mut odoo = Odoo::new("odoo's tracking numbers", version).await;
    let text = odoo.between.project.read("ponte.toml");
    let tracking = "fulfilment.tracking = [{ connection = \"erp\", sql = \"SELECT s.parcel, s.tracking FROM shipments s WHERE s.parcel IN (:parcel)\" }]";
    let with = format!("fulfilment.write = true\n{tracking}");
    let text = text.replace("fulfilment.write = true", &with);
    odoo.between.project.file("ponte.toml", &text);
    odoo.erp("INSERT INTO delivery_carrier (id, name) VALUES (1, '{\"en_US\": \"BRT\"}'); CREATE TABLE shipments (parcel varchar, tracking varchar)")
        .await;
    odoo.between.project.ponte(&["check"]).succeeds();
    for (order, number, tracking) in [
        (1001, "WH/OUT/1", "NULL"),
        (1002, "WH/OUT/2", "'T2'"),
        (1003, "WH/OUT/3", "''"),
    ] {
        odoo.set(order, "sale", "'full'").await;
        odoo.deliver(order, number, tracking, "customer").await;
    }
    odoo.erp("UPDATE stock_picking SET date_done = now() AT TIME ZONE 'UTC'; INSERT INTO shipments VALUES ('WH/OUT/1', 'T1'), ('WH/OUT/2', 'other'), ('WH/OUT/3', 'T3'), ('WH/IN/1', 'no')")
        .await;
    assert_eq!(
        odoo.told().await[..3],
        [
            "1001 | wc-completed | BRT | T1 | -",
            "1002 | wc-completed | BRT | T2 | -",
            "1003 | wc-completed | BRT | T3 | -",
        ]
    );
    let numbers = "SELECT name, carrier_tracking_ref FROM stock_picking ORDER BY name";
    assert_eq!(
        odoo.between.erp_rows(numbers).await,
        ["WH/OUT/1 | T1", "WH/OUT/2 | T2", "WH/OUT/3 | T3"]
    );
}

#[tokio::test]
async fn tracking_numbers_come_onto_the_deliveries_of_odoo_19() {
    numbers_come(19).await;
}

#[tokio::test]
async fn tracking_numbers_come_onto_the_deliveries_of_odoo_17() {
    numbers_come(17).await;
}
