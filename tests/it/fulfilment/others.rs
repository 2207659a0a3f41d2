//! PrestaShop and OpenCart: an order that is linked, delivered and told, as each shop writes it.

use super::story::rows;
use crate::support::client::Client;
use crate::support::project::Project;
use crate::support::servers::{self, Database};

struct Other {
    erp: Database,
    shop: Database,
    project: Project,
}

impl Other {
    /// The ERP's order W1 is the shop's order 7.
    async fn new(test: &str, pack: &str, prices: &str, order: &[&str]) -> Other {
        let erp = servers::sqlite(&format!("{test} {pack} erp"));
        let shop = servers::mariadb(&format!("{test} {pack} shop")).await;
        let mut client = erp.client().await;
        client.load_file("schemas/reference/sqlite.sql").await;
        for statement in [
            "INSERT INTO tax_classes (code, description, rate) VALUES ('IVA22', '22 %', 22)",
            "INSERT INTO articles (sku, tax_class) VALUES ('A', 'IVA22'), ('B', 'IVA22')",
            "INSERT INTO customers (number, name) VALUES ('C1', 'Ada Rossi')",
            "INSERT INTO orders (number, customer, status, order_date) VALUES ('W1', 'C1', 'confirmed', '2026-03-01')",
            "INSERT INTO order_lines (order_number, line, sku, quantity) VALUES ('W1', 1, 'A', 1), ('W1', 2, 'B', 1)",
        ] {
            client.run(statement).await;
        }
        let mut client = shop.client().await;
        client.load_file(&format!("schemas/{pack}/mysql.sql")).await;
        for statement in order {
            client.run(statement).await;
        }
        let mut project = Project::new();
        project.env("PASSWORD", "ponte");
        let url = shop.url.replace(":ponte@", ":${PASSWORD}@");
        project.file(
            "ponte.toml",
            &format!(
                "[erp]\npack = \"reference\"\nurl = \"{}\"\n[shop.main]\npack = \"{pack}\"\nurl = \"{url}\"\nlanguage = \"it\"\n\
                 records = [\"fulfilment\"]\norders.since = 2026-01-01T00:00:00Z\nfulfilment.write = true\n[shop.main.tax]\nIVA22 = {prices}\n",
                erp.url
            ),
        );
        project.ponte(&["setup", "--run"]).succeeds();
        let mut client = erp.client().await;
        client
            .run("INSERT INTO ponte_link (shop, record, record_key, target_id, columns, kind, linked_ms) VALUES ('main', 'order', '7', 'W1', '{}', 'order', 0)")
            .await;
        Other { erp, shop, project }
    }

    async fn deliver(&self, number: &str, line: u32) {
        self.delivery(number, line, "'2026-03-05', 'GLS'", &format!("'T{line}'"))
            .await;
        for _ in 0..2 {
            self.project.ponte(&["sync", "main/fulfilment"]).succeeds();
        }
    }

    /// A delivery of the ERP's, sent on some day by some carrier.
    async fn delivery(&self, number: &str, line: u32, sent: &str, tracking: &str) {
        let mut erp: Client = self.erp.client().await;
        for statement in [
            format!(
                "INSERT INTO documents (number, kind, customer, document_date, carrier, tracking_number) VALUES ('{number}', 'delivery', 'C1', {sent}, {tracking})"
            ),
            format!(
                "INSERT INTO document_lines (document_number, line, order_number, order_line, quantity) VALUES ('{number}', 1, 'W1', {line}, 1)"
            ),
            format!(
                "UPDATE order_lines SET delivered_quantity = '1' WHERE order_number = 'W1' AND line = {line}"
            ),
        ] {
            erp.run(&statement).await;
        }
    }

    /// What stands on the shop's order comes onto the ERP's delivery, and is told to the shop as the delivery's.
    async fn tracking_comes_from_the_shop(&mut self, entered: &[&str]) {
        let text = self.project.read("ponte.toml");
        let with = "fulfilment.write = true\nfulfilment.tracking = [{ shop = true }]";
        let text = text.replace("fulfilment.write = true", with);
        self.project.file("ponte.toml", &text);
        self.delivery("D1", 1, "date('now'), NULL", "NULL").await;
        let mut shop = self.shop.client().await;
        for statement in entered {
            shop.run(statement).await;
        }
        for _ in 0..2 {
            self.project.ponte(&["sync", "main/fulfilment"]).succeeds();
        }
        let deliveries = "SELECT number, carrier, tracking_number FROM documents";
        assert_eq!(
            rows(&mut self.erp.client().await, deliveries).await,
            ["D1 | BRT | S1"]
        );
    }

    async fn rows(&self, sql: &str) -> Vec<String> {
        rows(&mut self.shop.client().await, sql).await
    }
}

const PRESTASHOP: [&str; 4] = [
            "INSERT IGNORE INTO ps_order_state (id_order_state, color, unremovable, logable, shipped, paid) VALUES (2, '', 1, 1, 0, 1), (4, '', 1, 1, 1, 1)",
            "INSERT INTO ps_orders (id_order, reference, id_carrier, id_lang, id_customer, id_cart, id_currency, id_address_delivery, id_address_invoice,
             current_state, payment, invoice_date, delivery_date, date_add, date_upd, note)
             VALUES (7, 'ABCDEFGHI', 1, 1, 1, 1, 1, 1, 1, 2, 'Card', '2026-03-01 10:00:00', '2026-03-01 10:00:00', '2026-03-01 10:00:00', '2026-03-01 10:00:00', 'Fragile')",
            "INSERT INTO ps_order_history (id_employee, id_order, id_order_state, date_add) VALUES (0, 7, 2, '2026-03-01 10:00:00')",
            "INSERT INTO ps_order_carrier (id_order, id_carrier, tracking_number, date_add) VALUES (7, 1, '', '2026-03-01 10:00:00')",
];

#[tokio::test]
async fn prestashop_has_state_history_carrier_and_note() {
    let other = Other::new(
        "told",
        "prestashop",
        "{ rate = 22, rules = 1 }",
        &PRESTASHOP,
    )
    .await;
    let order = "SELECT o.current_state, o.valid, c.tracking_number, (SELECT COUNT(*) FROM ps_order_history h WHERE h.id_order = 7)
        FROM ps_orders o JOIN ps_order_carrier c ON c.id_order = o.id_order";
    other.deliver("D1", 1).await;
    assert_eq!(other.rows(order).await, ["2 | 0 | T1 | 1"]);
    other.deliver("D2", 2).await;
    assert_eq!(other.rows(order).await, ["4 | 1 | T2 | 2"]);
    let history =
        "SELECT id_order_state, id_employee FROM ps_order_history ORDER BY id_order_history";
    assert_eq!(other.rows(history).await, ["2 | 0", "4 | 0"]);
    assert_eq!(
        other.rows("SELECT note FROM ps_orders").await,
        [
            "Fragile\nSpedito in parte\nConsegna D1 del 05/03/2026: GLS T1\nSpedito\nConsegna D2 del 05/03/2026: GLS T2"
        ]
    );
}

#[tokio::test]
async fn what_prestashops_people_enter_comes_onto_the_delivery() {
    let mut order = PRESTASHOP.to_vec();
    order.push("UPDATE ps_carrier SET name = 'BRT' WHERE id_carrier = 1");
    let mut other = Other::new("entered", "prestashop", "{ rate = 22, rules = 1 }", &order).await;
    other
        .tracking_comes_from_the_shop(&["UPDATE ps_order_carrier SET tracking_number = 'S1'"])
        .await;
    assert_eq!(
        other
            .rows("SELECT REPLACE(note, DATE_FORMAT(UTC_DATE(), '%d/%m/%Y'), 'DAY') FROM ps_orders")
            .await,
        ["Fragile\nSpedito in parte\nConsegna D1 del DAY: BRT S1"]
    );
}

/// The storage of orders before WooCommerce 8.2.
#[tokio::test]
async fn what_woocommerces_people_enter_comes_onto_the_delivery_of_an_order_that_is_a_post() {
    let mut other = Other::new(
        "entered",
        "woocommerce",
        "{ rate = 22, class = \"\" }",
        &[
            "UPDATE wp_options SET option_value = 'no' WHERE option_name = 'woocommerce_custom_orders_table_enabled'",
            "INSERT INTO wp_posts (ID, post_author, post_date, post_date_gmt, post_content, post_title, post_excerpt, post_status, to_ping, pinged,
             post_modified, post_modified_gmt, post_content_filtered, post_type)
             VALUES (7, 1, '2026-03-01 10:00:00', '2026-03-01 10:00:00', '', 'Order', '', 'wc-processing', '', '', '2026-03-01 10:00:00', '2026-03-01 10:00:00', '', 'shop_order')",
        ],
    )
    .await;
    other
        .tracking_comes_from_the_shop(&[
            "INSERT INTO wp_postmeta (post_id, meta_key, meta_value) VALUES (7, '_tracking_number', 'S1'), (7, '_tracking_provider', 'BRT')",
        ])
        .await;
    // The shop's own number stays one.
    let metas = "SELECT meta_key, meta_value FROM wp_postmeta WHERE post_id = 7 AND meta_key LIKE '!_tracking%' ESCAPE '!' ORDER BY meta_id";
    assert_eq!(
        other.rows(metas).await,
        ["_tracking_number | S1", "_tracking_provider | BRT"]
    );
    other.deliver("D2", 2).await;
    assert_eq!(
        other
            .rows("SELECT post_status FROM wp_posts WHERE ID = 7")
            .await,
        ["wc-completed"]
    );
}

#[tokio::test]
async fn opencart_has_status_and_history() {
    for version in ["4.1", "4.0"] {
        let order = match version {
            "4.1" => {
                "INSERT INTO oc_order (order_id, order_status_id, date_added) VALUES (7, 2, '2026-03-01 10:00:00')"
            }
            // Hardly any column has a default.
            _ => {
                "INSERT IGNORE INTO oc_order (order_id, order_status_id, date_added) VALUES (7, 2, '2026-03-01 10:00:00')"
            }
        };
        let zone = "INSERT INTO oc_setting (store_id, code, `key`, value, serialized) VALUES (0, 'config', 'config_timezone', 'Europe/Rome', 0)";
        let statements = match version {
            "4.1" => vec![zone, order],
            _ => vec![zone, "SET SESSION sql_mode = ''", order],
        };
        let pack = format!("opencart-{version}");
        let other = Other::new("told", &pack, "{ rate = 22, class = 9 }", &statements).await;
        let order = "SELECT order_status_id FROM oc_order";
        let history = "SELECT order_status_id, notify, comment FROM oc_order_history WHERE order_id = 7 ORDER BY order_history_id";
        other.deliver("D1", 1).await;
        assert_eq!(other.rows(order).await, ["2"]);
        other.deliver("D2", 2).await;
        assert_eq!(other.rows(order).await, ["3"]);
        assert_eq!(
            other.rows(history).await,
            [
                "2 | 0 | Spedito in parte\nConsegna D1 del 05/03/2026: GLS T1",
                "3 | 0 | Spedito\nConsegna D2 del 05/03/2026: GLS T2",
            ],
            "{version}"
        );
    }
}
