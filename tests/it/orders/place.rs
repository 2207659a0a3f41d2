//! Orders as WooCommerce's tables hold them, and the two databases that they go between.

use std::collections::BTreeMap;

use crate::support::client::Client;
use crate::support::project::Project;
use crate::support::servers::{self, Database};
use crate::sync::pair::{On, database};
use crate::sync::shop;

/// An order's tax split; its reference goes behind.
pub const TAXES: &str = "SELECT t.tax_class, t.net::numeric(12, 2), t.tax::numeric(12, 2)
    FROM order_taxes t JOIN orders o ON o.number = t.order_number WHERE o.web_reference = ";

/// A line: product, variation, pieces, net, tax, rate id.
pub struct Line(
    pub u32,
    pub u32,
    pub u32,
    pub &'static str,
    pub &'static str,
    pub u32,
);

/// One order of the shop; its items' ids begin at a hundred times its own.
pub struct Order {
    pub id: u32,
    pub status: &'static str,
    pub placed: &'static str,
    pub total: &'static str,
    /// Of all of it; WooCommerce keeps what carriage bears apart.
    pub tax: &'static str,
    pub email: String,
    pub company: Option<&'static str>,
    pub vat: Option<&'static str>,
    pub lines: Vec<Line>,
    /// Name, kind, net, tax, rate id.
    pub charges: Vec<(&'static str, &'static str, &'static str, &'static str, u32)>,
}

impl Order {
    /// Two hammers at 12.50 and a rake at 15.00 net with 22 % and 10 %, shipping 5.00 net: 30.50 + 16.50 + 6.10.
    pub fn usual(id: u32) -> Order {
        Order {
            id,
            status: "wc-processing",
            placed: "2026-03-01 23:30:00",
            total: "53.10000000",
            tax: "8.10000000",
            email: format!("buyer{id}@example.com"),
            company: None,
            vat: None,
            lines: vec![
                Line(101, 0, 2, "25", "5.5", 1),
                Line(103, 0, 1, "15", "1.5", 2),
            ],
            charges: vec![("Courier", "shipping", "5.00", "1.10", 1)],
        }
    }

    /// The usual one with another number of hammers, one to four: each has its own total.
    pub fn of_pieces(id: u32, pieces: u32) -> Order {
        let (net, line_tax, total, tax) = match pieces {
            1 => ("12.5", "2.75", "37.85000000", "5.35000000"),
            2 => return Order::usual(id),
            3 => ("37.5", "8.25", "68.35000000", "10.85000000"),
            4 => ("50", "11", "83.60000000", "13.60000000"),
            other => panic!("no order has {other} hammers"),
        };
        let mut order = Order::usual(id);
        order.lines[0] = Line(101, 0, pieces, net, line_tax, 1);
        Order {
            total,
            tax,
            ..order
        }
    }

    pub async fn place(&self, shop: &mut Client) {
        for statement in self.statements() {
            shop.run(&statement).await;
        }
    }

    /// What places it, in the order in which the shop's software sends it.
    pub fn statements(&self) -> Vec<String> {
        let Order {
            id,
            status,
            placed,
            total,
            tax,
            email,
            ..
        } = self;
        let company = self
            .company
            .map_or("NULL".to_owned(), |name| format!("'{name}'"));
        let shipping = self
            .charges
            .iter()
            .filter(|(_, kind, ..)| *kind == "shipping");
        let taxes: Vec<&str> = std::iter::once("0")
            .chain(shipping.map(|(_, _, _, tax, _)| *tax))
            .collect();
        let carriage = taxes.join(" + ");
        let mut statements = vec![
            format!(
                "INSERT INTO wp_wc_orders (id, status, currency, type, tax_amount, total_amount, customer_id, billing_email, date_created_gmt,
                 date_updated_gmt, parent_order_id, payment_method, payment_method_title, transaction_id, customer_note)
                 VALUES ({id}, '{status}', 'EUR', 'shop_order', {tax} - ({carriage}), {total}, 0, '{email}', '{placed}', '{placed}', 0, 'stripe', 'Card',
                 'ch_{id}', 'Ring twice')"
            ),
            format!(
                "INSERT INTO wp_wc_order_operational_data (order_id, prices_include_tax, order_stock_reduced, date_paid_gmt, shipping_tax_amount)
                 VALUES ({id}, 0, 1, '{placed}', {carriage})"
            ),
            format!(
                "INSERT INTO wp_wc_order_addresses (order_id, address_type, first_name, last_name, company, address_1, address_2, city, state,
                 postcode, country, email, phone) VALUES
                 ({id}, 'billing', 'Ada', 'Rossi', {company}, 'Via Roma 1', '', 'Torino', 'TO', '00100', 'IT', '{email}', '011'),
                 ({id}, 'shipping', 'Ugo', 'Neri', NULL, 'Corso Po 2', 'int. 3', 'Asti', 'AT', '14100', 'IT', NULL, '')"
            ),
        ];
        if let Some(vat) = self.vat {
            statements.push(format!(
                "INSERT INTO wp_wc_orders_meta (order_id, meta_key, meta_value) VALUES ({id}, '_billing_vat_number', '{vat}')"
            ));
        }
        let mut item = id * 100;
        let mut add = |name: &str, kind: &str, metas: &[(&str, String)]| {
            statements.extend(self.item(item, name, kind, metas));
            item += 1;
        };
        for (rate, percent) in [(1, "22.0000"), (2, "10.0000")] {
            let metas = [
                ("rate_id", rate.to_string()),
                ("rate_percent", percent.to_owned()),
            ];
            add("IT-VAT", "tax", &metas);
        }
        for Line(product, variation, pieces, net, tax, rate) in &self.lines {
            let metas = [
                ("_product_id", product.to_string()),
                ("_variation_id", variation.to_string()),
                ("_qty", pieces.to_string()),
                ("_reduced_stock", pieces.to_string()),
                ("_line_subtotal", (*net).to_owned()),
                ("_line_subtotal_tax", (*tax).to_owned()),
                ("_line_total", (*net).to_owned()),
                ("_line_tax", (*tax).to_owned()),
                (
                    "_line_tax_data",
                    format!(
                        "a:2:{{s:5:\"total\";a:1:{{i:{rate};s:3:\"{tax}\";}}s:8:\"subtotal\";a:1:{{i:{rate};s:3:\"{tax}\";}}}}"
                    ),
                ),
            ];
            add("Something", "line_item", &metas);
        }
        for (name, kind, net, tax, rate) in &self.charges {
            let taxes = format!("a:1:{{s:5:\"total\";a:1:{{i:{rate};s:4:\"{tax}\";}}}}");
            let metas = match *kind {
                "shipping" => [
                    ("cost", (*net).to_owned()),
                    ("total_tax", (*tax).to_owned()),
                    ("taxes", taxes),
                ],
                _ => [
                    ("_line_total", (*net).to_owned()),
                    ("_line_tax", (*tax).to_owned()),
                    ("_line_tax_data", taxes),
                ],
            };
            add(name, kind, &metas);
        }
        statements
    }

    fn item(&self, item: u32, name: &str, kind: &str, metas: &[(&str, String)]) -> [String; 2] {
        let rows: Vec<String> = metas
            .iter()
            .map(|(key, value)| format!("({item}, '{key}', '{value}')"))
            .collect();
        [
            format!(
                "INSERT INTO wp_woocommerce_order_items (order_item_id, order_item_name, order_item_type, order_id)
                 VALUES ({item}, '{name}', '{kind}', {})",
                self.id
            ),
            format!(
                "INSERT INTO wp_woocommerce_order_itemmeta (order_item_id, meta_key, meta_value) VALUES {}",
                rows.join(", ")
            ),
        ]
    }
}

/// An ERP, a shop without orders, and the program between them, set up and its match accepted.
pub struct Between {
    pub erp: Database,
    pub shop: Database,
    pub project: Project,
    tables: Tables,
}

/// Where the ERP's orders lie, and what names one.
struct Tables {
    orders: &'static str,
    number: &'static str,
    lines: &'static str,
    taxes: &'static str,
    /// Of lines and taxes: their order's number.
    of: &'static str,
}

const REFERENCE: Tables = Tables {
    orders: "orders",
    number: "number",
    lines: "order_lines",
    taxes: "order_taxes",
    of: "order_number",
};

const STAGED: Tables = Tables {
    orders: "PONTE_ORDERS",
    number: "web_reference",
    lines: "PONTE_ORDER_LINES",
    taxes: "PONTE_ORDER_TAXES",
    of: "web_reference",
};

impl Between {
    pub async fn new(test: &str, erp: On, shop: On) -> Between {
        let erp = database(erp, &format!("{test} erp")).await;
        let shop = database(shop, &format!("{test} shop")).await;
        Between::filled(erp, shop, "").await
    }

    /// The reference ERP and a shop in databases that are empty, with `more` in the project.
    pub async fn filled(erp: Database, shop: Database, more: &str) -> Between {
        shop::fill(&erp, &shop).await;
        let mut client = shop.client().await;
        client.run("UPDATE wp_options SET option_value = 'Europe/Rome' WHERE option_name = 'timezone_string'").await;
        client.run("DELETE FROM wp_wc_orders").await;
        let text = format!("{}{more}", shop::project(&erp.url, &shop.url));
        Between::of(erp, shop, &text)
    }

    /// Two databases that are filled, and the project between them, whose orders are imported from now on.
    pub fn of(erp: Database, shop: Database, project: &str) -> Between {
        let text = servers::without_secrets(project)
            .replace("orders.since", "orders.import = true\norders.since");
        let mut project = Project::new();
        project.file("ponte.toml", &text);
        project.env("PASSWORD", "ponte");
        project.env("SA_PASSWORD", &servers::sa_password());
        project.ponte(&["setup", "--run"]).succeeds();
        let tables = match ["sap-business-one", "dynamics-nav"]
            .iter()
            .any(|pack| text.contains(pack))
        {
            true => STAGED,
            false => REFERENCE,
        };
        Between {
            erp,
            shop,
            project,
            tables,
        }
    }

    /// The program reaches the ERP at another URL from now on.
    pub fn erp_at(&mut self, url: &str) {
        self.moved(&self.erp.url.clone(), url);
    }

    /// The program reaches the shop at another URL from now on.
    pub fn shop_at(&mut self, url: &str) {
        self.moved(&self.shop.url.clone(), url);
    }

    /// Has the project say more of the shop.
    pub fn say(&mut self, words: &str) {
        let text = self.project.read("ponte.toml");
        let text = text.replace("orders.import", &format!("{words}\norders.import"));
        self.project.file("ponte.toml", &text);
    }

    fn moved(&mut self, from: &str, to: &str) {
        let text = self.project.read("ponte.toml");
        let text = text.replace(
            &servers::without_secrets(from),
            &servers::without_secrets(to),
        );
        self.project.file("ponte.toml", &text);
    }

    /// A write transaction was open in the ERP's file when its writer died.
    pub fn has_journal(&self) -> bool {
        let file = self.erp.url.trim_start_matches("sqlite:");
        let journal = std::fs::metadata(format!("{file}-journal"));
        journal.is_ok_and(|journal| journal.len() > 0)
    }

    pub async fn place(&self, orders: &[Order]) {
        let mut client = self.shop.client().await;
        client.run("BEGIN").await;
        for order in orders {
            order.place(&mut client).await;
        }
        client.run("COMMIT").await;
    }

    /// A dead process keeps its lease for a minute; the test does not wait.
    pub async fn end_leases(&self) {
        let lease = |url: &str| match has_schemas(url) {
            true => "UPDATE ponte.lease SET owner = NULL",
            false => "UPDATE ponte_lease SET owner = NULL",
        };
        for database in [&self.erp, &self.shop] {
            database.client().await.run(lease(&database.url)).await;
        }
    }

    /// Rows of the ERP, each as one text.
    pub async fn erp_rows(&self, sql: &str) -> Vec<String> {
        let rows = self.erp.client().await.rows(sql).await;
        let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
        rows.iter()
            .map(|row| row.iter().map(text).collect::<Vec<_>>().join(" | "))
            .collect()
    }

    /// What must hold at the end: all of so many web orders are in the ERP, as [`Between::assert_sound`] says.
    pub async fn assert_whole(&self, orders: usize) {
        assert_eq!(self.assert_sound().await, orders as u64);
    }

    /// What must hold whatever happened: every web order that is there is there once, with all its rows, its link, amounts that
    /// agree, and the shop's total. Returns how many there are.
    pub async fn assert_sound(&self) -> u64 {
        let Tables {
            orders: table,
            number,
            lines,
            taxes,
            of,
        } = self.tables;
        let heads = format!(
            "SELECT o.web_reference, CAST(o.total AS DECIMAL(18, 2)) FROM {table} o WHERE o.web_reference IS NOT NULL ORDER BY o.web_reference"
        );
        let heads = self.erp.client().await.rows(&heads).await;
        let orders = heads.len();
        let totals: BTreeMap<String, i64> = heads.into_iter().map(total_of).collect();
        assert_eq!(totals.len(), orders, "an order is in the ERP twice");
        // Orders as posts have their total among their properties.
        let placed = match self.shop.url.starts_with("mysql") {
            true => {
                "SELECT CONCAT('main/', o.id), o.total_amount FROM wp_wc_orders o
                 UNION SELECT CONCAT('main/', m.post_id), m.meta_value FROM wp_postmeta m WHERE m.meta_key = '_order_total'"
            }
            false => {
                "SELECT 'main/' || o.id, o.total_amount FROM wp_wc_orders o
                 UNION SELECT 'main/' || m.post_id, m.meta_value FROM wp_postmeta m WHERE m.meta_key = '_order_total'"
            }
        };
        let placed = self.shop.client().await.rows(placed).await;
        let placed: BTreeMap<String, i64> = placed.into_iter().map(total_of).collect();
        for (reference, total) in &totals {
            assert_eq!(placed.get(reference), Some(total), "{reference}");
        }
        let wrong = self
            .erp_rows(&format!(
                "SELECT o.{number} FROM {table} o WHERE o.web_reference IS NOT NULL AND (
                   (SELECT COUNT(*) FROM {lines} l WHERE l.{of} = o.{number}) <> 3
                   OR ROUND((SELECT SUM(CAST(l.amount AS DECIMAL(18, 2))) FROM {lines} l WHERE l.{of} = o.{number}) * 100, 0)
                      <> ROUND(CAST(o.total AS DECIMAL(18, 2)) * 100, 0)
                   OR ROUND((SELECT SUM(CAST(t.net AS DECIMAL(18, 2)) + CAST(t.tax AS DECIMAL(18, 2))) FROM {taxes} t WHERE t.{of} = o.{number}) * 100, 0)
                      <> ROUND(CAST(o.total AS DECIMAL(18, 2)) * 100, 0))"
            ))
            .await;
        assert_eq!(wrong, [""; 0]);
        let own = match has_schemas(&self.erp.url) {
            true => "ponte.link",
            false => "ponte_link",
        };
        // Ponte's texts compare by their bytes there.
        let exactly = match self.erp.url.starts_with("sqlserver") {
            true => "COLLATE Latin1_General_100_BIN2",
            false => "",
        };
        let linked = self
            .erp_rows(&format!(
                "SELECT COUNT(*), (SELECT COUNT(*) FROM {own} x WHERE x.record = 'order')
                 FROM {own} k JOIN {table} o ON o.{number} {exactly} = k.target_id AND o.web_reference {exactly} = k.shop || '/' || k.record_key
                 WHERE k.record = 'order'"
            ))
            .await;
        assert_eq!(linked, [format!("{orders} | {orders}")]);
        orders as u64
    }
}

/// Whether ponte's own tables lie in a schema of theirs.
pub fn has_schemas(url: &str) -> bool {
    url.starts_with("postgres") || url.starts_with("sqlserver")
}

/// A reference and its total in cents.
fn total_of(row: Vec<Option<String>>) -> (String, i64) {
    let [Some(reference), Some(total)] = row.as_slice() else {
        panic!("a reference and a total, not {row:?}");
    };
    let (whole, cents) = total.split_once('.').unwrap_or((total, ""));
    let cents = format!("{cents:0<2}");
    let total = format!("{whole}{}", &cents[..2]);
    (reference.clone(), total.parse().expect("digits"))
}
