//! New web orders of three lines from a WooCommerce on MariaDB into an ERP on PostgreSQL, each in a transaction of its own,
//! beside a plain loop that writes the very same rows.
//!
//!     tests/run --servers                       # in another terminal; copy its two `export` lines
//!     cargo bench --bench orders                # 10,000 orders
//!     cargo bench --bench orders -- 2000        # or so many
//!     cargo bench --bench orders -- 2000 counted
//!
//! `counted` puts a proxy before each server: round trips and bytes of each case are told, times are worth nothing then.
//!
//! LOOP is a program that knows nothing but PostgreSQL: BEGIN, an INSERT for each row that ponte has written, COMMIT, one
//! statement after the other over one connection into another database of the same server. It reads no shop, looks nothing up
//! and takes no numbers.

mod measure;
#[path = "../tests/support/mod.rs"]
mod support;

use measure::{Asked, Subject};
use std::time::{Duration, Instant};
use support::client::Client;
use support::servers;

const ORDERS: u64 = 10_000;
const ARTICLES: u64 = 1_000;
/// Whom the ERP knows before.
const CUSTOMERS: u64 = 10_000;

fn main() {
    let asked = Asked::read();
    let orders = asked.number(ORDERS);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime for the set-up");
    let (erp, copy, shop) = runtime.block_on(async {
        let erp = servers::postgres("bench_orders_erp").await;
        let copy = servers::postgres("bench_orders_copy").await;
        for database in [&erp, &copy] {
            let mut client = database.client().await;
            client.load_file("schemas/reference/postgres.sql").await;
            client.load(&erp_rows()).await;
        }
        let shop = servers::mariadb("bench_orders_shop").await;
        let mut client = shop.client().await;
        client.load_file("schemas/woocommerce/mysql.sql").await;
        client.load(&shop_rows(orders)).await;
        (erp, copy, shop)
    });
    let dir = tempfile::tempdir().expect("a folder for the project");
    let proxies = asked.proxies(&shop, &erp);
    let addresses = measure::addresses(&shop, &erp, proxies.as_ref());
    let ponte = Subject::new(
        dir.path().join("project"),
        &project(&addresses),
        proxies.as_ref(),
    );
    let import = ponte.run(&["sync", "main/order"]);
    let time = import.time();
    let plain = runtime.block_on(async {
        let mut client = erp.client().await;
        assert_eq!(client.value(WHOLE).await, Some(orders.to_string()));
        let statements = statements(&mut client).await;
        let mut copy = copy.client().await;
        copy.run("CREATE SCHEMA ponte; CREATE TABLE ponte.link (shop varchar(64) NOT NULL, record varchar(64) NOT NULL,
            record_key varchar(255) NOT NULL, target_id varchar(255) NOT NULL, columns text NOT NULL, kind varchar(64) NOT NULL,
            linked_ms bigint NOT NULL, PRIMARY KEY (shop, record, record_key), UNIQUE (shop, record, target_id))").await;
        let began = Instant::now();
        for order in &statements {
            for statement in order {
                copy.run(statement).await;
            }
        }
        let took = began.elapsed();
        // So that both databases hold the same.
        assert_eq!(copy.value(WHOLE).await, Some(orders.to_string()));
        took
    });
    println!(
        "{orders} orders; {:.0} orders/s; LOOP {:.2} s, {:.0} orders/s",
        per_second(orders, time),
        plain.as_secs_f64(),
        per_second(orders, plain)
    );
    import.report("first import", plain, "LOOP");
    ponte
        .run(&["sync", "main/order"])
        .report("nothing is new", plain, "LOOP");
}

fn per_second(orders: u64, time: Duration) -> f64 {
    orders as f64 / time.as_secs_f64()
}

/// Orders that are in the ERP with their lines, taxes and links.
const WHOLE: &str = "SELECT COUNT(*) FROM orders o JOIN ponte.link k ON k.target_id = o.number AND 'main/' || k.record_key = o.web_reference
    WHERE (SELECT COUNT(*) FROM order_lines l WHERE l.order_number = o.number) = 4
      AND (SELECT SUM(t.net + t.tax) FROM order_taxes t WHERE t.order_number = o.number) = o.total AND o.total = 67.10";

/// What was written of each order, as the statements of a plain program.
async fn statements(client: &mut Client) -> Vec<Vec<String>> {
    let mut statements = Vec::new();
    let tables = [
        ("customers", "c.number = o.customer", "c"),
        ("orders", "h.number = o.number", "h"),
        ("order_lines", "l.order_number = o.number", "l"),
        ("order_taxes", "t.order_number = o.number", "t"),
        ("ponte.link", "k.target_id = o.number", "k"),
    ];
    let selects: Vec<String> = tables
        .iter()
        .enumerate()
        .map(|(at, (table, condition, alias))| {
            format!(
                "SELECT o.number, {at} AS at, 'INSERT INTO {table} (' || (SELECT string_agg(quote_ident(v.key), ', ') FROM json_each_text(row_to_json({alias})) v)
                 || ') VALUES (' || (SELECT string_agg(quote_nullable(v.value), ', ') FROM json_each_text(row_to_json({alias})) v) || ')' AS sql
                 FROM orders o JOIN {table} {alias} ON {condition}"
            )
        })
        .collect();
    let sql = format!(
        "SELECT q.number, q.sql FROM ({}) q ORDER BY q.number, q.at",
        selects.join(" UNION ALL ")
    );
    let mut last = None;
    for row in client.rows(&sql).await {
        let mut row = row.into_iter().flatten();
        let (Some(number), Some(sql)) = (row.next(), row.next()) else {
            panic!("an order's statement");
        };
        if last.as_ref() != Some(&number) {
            statements.push(vec!["BEGIN".to_owned()]);
        }
        last = Some(number);
        statements.last_mut().expect("one was begun").push(sql);
    }
    for order in &mut statements {
        order.push("COMMIT".to_owned());
    }
    statements
}

fn erp_rows() -> String {
    format!(
        "INSERT INTO tax_classes (code, description, rate) VALUES ('IVA22', '22 %', 22);
         INSERT INTO articles (sku, tax_class) SELECT 'SKU-' || n, 'IVA22' FROM generate_series(1, {ARTICLES}) n;
         INSERT INTO customers (number, name, email) SELECT 'C' || n, 'Customer ' || n, 'customer' || n || '@example.com' FROM generate_series(1, {CUSTOMERS}) n;
         ANALYZE;"
    )
}

/// Each of a customer of its own: three lines and the carriage.
fn shop_rows(orders: u64) -> String {
    let from = format!("FROM seq_1_to_{orders}");
    let tax = |tax: &str| {
        format!(
            "'a:2:{{s:5:\"total\";a:1:{{i:1;s:3:\"{tax}\";}}s:8:\"subtotal\";a:1:{{i:1;s:3:\"{tax}\";}}}}'"
        )
    };
    let mut sql = format!(
        "INSERT INTO wp_wc_product_meta_lookup (product_id, sku, stock_quantity, stock_status)
             SELECT seq, CONCAT('SKU-', seq), 100, 'instock' FROM seq_1_to_{ARTICLES};
         INSERT INTO wp_wc_orders (id, status, currency, type, tax_amount, total_amount, customer_id, billing_email, date_created_gmt,
             date_updated_gmt, parent_order_id, payment_method, payment_method_title, transaction_id, customer_note)
             SELECT seq, 'wc-processing', 'EUR', 'shop_order', 11.00, 67.10, 0, CONCAT('buyer', seq, '@example.com'), '2026-06-01 10:00:00',
                 '2026-06-01 10:00:00', 0, 'stripe', 'Card', CONCAT('ch_', seq), 'Ring twice' {from};
         INSERT INTO wp_wc_order_operational_data (order_id, prices_include_tax, order_stock_reduced, date_paid_gmt, shipping_tax_amount)
             SELECT seq, 0, 1, '2026-06-01 10:00:00', 1.10 {from};
         INSERT INTO wp_wc_order_addresses (order_id, address_type, first_name, last_name, address_1, city, state, postcode, country, email, phone)
             SELECT seq, 'billing', 'Ada', CONCAT('Rossi ', seq), 'Via Roma 1', 'Torino', 'TO', '10100', 'IT', CONCAT('buyer', seq, '@example.com'), '011' {from};
         INSERT INTO wp_wc_order_addresses (order_id, address_type, first_name, last_name, address_1, city, state, postcode, country)
             SELECT seq, 'shipping', 'Ugo', 'Neri', 'Corso Po 2', 'Asti', 'AT', '14100', 'IT' {from};\n"
    );
    let mut item = |at: u64, name: &str, kind: &str, metas: &[(&str, String)]| {
        let id = format!("seq * 10 + {at}");
        sql.push_str(&format!(
            "INSERT INTO wp_woocommerce_order_items (order_item_id, order_item_name, order_item_type, order_id) SELECT {id}, '{name}', '{kind}', seq {from};\n"
        ));
        for (key, value) in metas {
            sql.push_str(&format!(
                "INSERT INTO wp_woocommerce_order_itemmeta (order_item_id, meta_key, meta_value) SELECT {id}, '{key}', {value} {from};\n"
            ));
        }
    };
    let text = |text: &str| format!("'{text}'");
    item(
        0,
        "IT-VAT",
        "tax",
        &[("rate_id", text("1")), ("rate_percent", text("22.0000"))],
    );
    for (at, pieces, net, bore) in [
        (1, "2", "25", "5.5"),
        (2, "1", "10", "2.2"),
        (3, "1", "15", "3.3"),
    ] {
        let metas = [
            (
                "_product_id",
                format!("1 + (seq * 7 + {at} * 13) % {ARTICLES}"),
            ),
            ("_variation_id", text("0")),
            ("_qty", text(pieces)),
            ("_reduced_stock", text(pieces)),
            ("_line_subtotal", text(net)),
            ("_line_subtotal_tax", text(bore)),
            ("_line_total", text(net)),
            ("_line_tax", text(bore)),
            ("_line_tax_data", tax(bore)),
        ];
        item(at, "Something", "line_item", &metas);
    }
    let carriage = [
        ("cost", text("5.00")),
        ("total_tax", text("1.10")),
        ("taxes", text("a:1:{s:5:\"total\";a:1:{i:1;s:4:\"1.10\";}}")),
    ];
    item(4, "Courier", "shipping", &carriage);
    sql.push_str("ANALYZE TABLE wp_wc_orders, wp_woocommerce_order_items, wp_woocommerce_order_itemmeta, wp_wc_order_addresses, wp_wc_order_operational_data;");
    sql
}

fn project([shop, erp]: &[String; 2]) -> String {
    format!(
        "[erp]\npack = \"reference\"\nurl = \"{erp}\"\n[shop.main]\npack = \"woocommerce\"\nurl = \"{shop}\"\nlanguage = \"en\"\n\
         price_list = \"public\"\nwarehouses = [\"WH\"]\norders.since = 2026-01-01T00:00:00Z\norders.import = true\nrecords = [\"order\"]\n\
         [shop.main.tax]\nIVA22 = {{ rate = 22, class = \"\" }}\n"
    )
}
