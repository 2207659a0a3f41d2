//! What an order becomes, and that it becomes so once.

use super::place::{Between, Line, Order};
use crate::support::proxy::Proxy;
use crate::sync::pair::On;

const HEADS: &str = "SELECT web_reference, web_number, status, order_date, customer, total + 0, net_total + 0, payment_method, transaction_id, carrier,
    delivery_name, delivery_street, note FROM orders WHERE web_reference IS NOT NULL ORDER BY web_reference";

/// What the ERP has of two orders, the second one by a company that it knows.
async fn becomes(test: &str, erp: On, shop: On) {
    let between = Between::new(test, erp, shop).await;
    between
        .erp
        .client()
        .await
        .run("INSERT INTO customers (number, name, vat_number, email) VALUES ('C1', 'Known Srl', '01234567890', 'office@known.example')")
        .await;
    let company = Order {
        company: Some("Known S.r.l."),
        vat: Some("IT 01234567890"),
        ..Order::usual(1002)
    };
    between.place(&[Order::usual(1001), company]).await;
    between.project.ponte(&["check"]).succeeds();
    let said = between.project.ponte(&["sync", "main/order"]).succeeds();
    assert!(
        said.stdout.contains("the shop has 2 orders for the ERP since 2026-01-01 00:00 UTC, placed from 2026-03-01 23:30 UTC"),
        "{said}"
    );
    between.assert_whole(2).await;
    let heads = between.erp_rows(HEADS).await;
    let heads: Vec<String> = heads
        .iter()
        .map(|row| {
            row.replace(".0 |", " |")
                .replace("53.10 |", "53.1 |")
                .replace("45.00 |", "45 |")
        })
        .collect();
    // Placed before midnight in UTC, after it in the shop's zone.
    assert_eq!(
        heads,
        [
            "main/1001 | 1001 | confirmed | 2026-03-02 | WC100001 | 53.1 | 45 | stripe | ch_1001 | Courier | Ugo Neri | Corso Po 2 int. 3 | Ring twice",
            "main/1002 | 1002 | confirmed | 2026-03-02 | C1 | 53.1 | 45 | stripe | ch_1002 | Courier | Ugo Neri | Corso Po 2 int. 3 | Ring twice",
        ]
    );
    let lines = between
        .erp_rows(
            "SELECT l.line, l.sku, l.description, CAST(l.quantity AS INTEGER), ROUND(CAST(l.unit_price AS DECIMAL(18, 4)) * 100, 0) / 100, ROUND(CAST(l.amount AS DECIMAL(18, 4)) * 100, 0) / 100, l.tax_class
             FROM order_lines l JOIN orders o ON o.number = l.order_number WHERE o.web_reference = 'main/1001' ORDER BY l.line",
        )
        .await;
    let plain = |row: &String| {
        row.replace("0000000000000000", "")
            .replace(".00000000 |", ".0 |")
            .replace("00000 |", " |")
    };
    let lines: Vec<String> = lines.iter().map(plain).collect();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(
        lines[0].starts_with("1 | TOOL-1 | Something | 2 | 15.25"),
        "{lines:?}"
    );
    assert!(
        lines[1].starts_with("2 | TOOL-3 | Something | 1 | 16.5"),
        "{lines:?}"
    );
    assert!(
        lines[2].starts_with("3 | - | Courier | 1 | 6.1"),
        "{lines:?}"
    );
    assert!(lines[1].ends_with("| IVA10"), "{lines:?}");
    let customer = between
        .erp_rows("SELECT name, email, street, city, country, vat_number FROM customers WHERE number = 'WC100001'")
        .await;
    assert_eq!(
        customer,
        ["Ada Rossi | buyer1001@example.com | Via Roma 1 | Torino | IT | -"]
    );

    // The same buyer again is the same customer; nothing comes in twice.
    let again = Order {
        email: "Buyer1001@Example.com".to_owned(),
        ..Order::usual(1003)
    };
    between.place(&[again]).await;
    between.project.ponte(&["sync", "main/order"]).succeeds();
    between.project.ponte(&["sync", "main/order"]).succeeds();
    between.assert_whole(3).await;
    let customers = between
        .erp_rows("SELECT COUNT(*) FROM customers WHERE number LIKE 'WC%'")
        .await;
    assert_eq!(customers, ["1"]);
}

#[tokio::test]
async fn an_order_with_its_customer_from_mariadb_to_postgres() {
    becomes("order to postgres", On::Postgres, On::Mariadb).await;
}

#[tokio::test]
async fn an_order_with_its_customer_on_sqlite() {
    becomes("order on sqlite", On::Sqlite, On::Sqlite).await;
}

#[tokio::test]
async fn an_order_with_its_customer_from_mariadb_to_sqlserver() {
    becomes("order to sqlserver", On::SqlServer, On::Mariadb).await;
}

/// An ERP on SQL Server looks after its tables by triggers, the one that documents are numbered by among them.
#[tokio::test]
async fn an_order_comes_in_though_tables_of_sqlserver_have_triggers() {
    let between = Between::new("order triggers", On::SqlServer, On::Mariadb).await;
    let mut erp = between.erp.client().await;
    erp.run("CREATE TABLE logged (id INT IDENTITY PRIMARY KEY, name NVARCHAR(20), rows INT)")
        .await;
    let tables = [
        "counters",
        "customers",
        "orders",
        "order_lines",
        "order_taxes",
    ];
    for table in tables {
        erp.run(&format!(
            "CREATE TRIGGER logs_{table} ON {table} AFTER INSERT, UPDATE, DELETE AS \
             INSERT INTO logged (name, rows) SELECT '{table}', COUNT(*) FROM inserted"
        ))
        .await;
    }
    between
        .place(&[Order::usual(1001), Order::usual(1002)])
        .await;
    between.project.ponte(&["sync", "main/order"]).succeeds();
    between.assert_whole(2).await;
    let numbers = "SELECT number FROM orders WHERE web_reference IS NOT NULL ORDER BY number";
    assert_eq!(between.erp_rows(numbers).await, ["W100001", "W100002"]);
    let logged = between
        .erp_rows("SELECT name, SUM(rows) FROM logged GROUP BY name ORDER BY name")
        .await;
    assert_eq!(
        logged,
        [
            "counters | 4",
            "customers | 2",
            "order_lines | 6",
            "order_taxes | 4",
            "orders | 2"
        ]
    );
}

#[tokio::test]
async fn orders_as_posts_are_the_same() {
    let between = Between::new("orders as posts", On::Postgres, On::Mariadb).await;
    let order = Order::usual(1001);
    between.place(&[order]).await;
    let mut shop = between.shop.client().await;
    for statement in [
        "UPDATE wp_options SET option_value = 'no' WHERE option_name = 'woocommerce_custom_orders_table_enabled'",
        "DELETE FROM wp_wc_orders",
        "INSERT INTO wp_posts (ID, post_date, post_date_gmt, post_content, post_title, post_excerpt, post_status, to_ping, pinged, post_modified,
         post_modified_gmt, post_content_filtered, post_type) VALUES (1001, '2026-03-02 00:30:00', '2026-03-01 23:30:00', '', 'Order', 'Ring twice',
         'wc-processing', '', '', '2026-03-02 00:30:00', '2026-03-01 23:30:00', '', 'shop_order')",
        "INSERT INTO wp_postmeta (post_id, meta_key, meta_value) VALUES (1001, '_order_currency', 'EUR'), (1001, '_order_total', '53.10'),
         (1001, '_payment_method', 'stripe'), (1001, '_transaction_id', 'ch_1001'), (1001, '_customer_user', '0'), (1001, '_billing_email', 'buyer1001@example.com'),
         (1001, '_billing_first_name', 'Ada'), (1001, '_billing_last_name', 'Rossi'), (1001, '_billing_city', 'Torino'), (1001, '_billing_country', 'IT'),
         (1001, '_shipping_first_name', 'Ugo'), (1001, '_shipping_last_name', 'Neri'), (1001, '_shipping_address_1', 'Corso Po 2'), (1001, '_shipping_address_2', 'int. 3')",
    ] {
        shop.run(statement).await;
    }
    between.project.ponte(&["sync", "main/order"]).succeeds();
    between.assert_whole(1).await;
    assert_eq!(
        between.erp_rows(HEADS).await,
        [
            "main/1001 | 1001 | confirmed | 2026-03-02 | WC100001 | 53.10 | 45.00 | stripe | ch_1001 | Courier | Ugo Neri | Corso Po 2 int. 3 | Ring twice"
        ]
    );
}

/// Private people have no VAT number, and write from another address than the last time.
#[tokio::test]
async fn a_customer_is_known_by_the_fiscal_code() {
    let between = Between::new("orders by fiscal code", On::Sqlite, On::Sqlite).await;
    let mut erp = between.erp.client().await;
    erp.run("INSERT INTO customers (number, name, tax_code, email) VALUES ('C7', 'Mario Rossi', 'RSSMRA85T10A562S', 'old@example.com')")
        .await;
    between
        .place(&[Order::usual(1001), Order::usual(1002)])
        .await;
    let mut shop = between.shop.client().await;
    shop.run("INSERT INTO wp_wc_orders_meta (order_id, meta_key, meta_value) VALUES (1001, '_billing_cf', 'rssmra85t10a562s')")
        .await;
    between.project.ponte(&["sync", "main/order"]).succeeds();
    between.assert_whole(2).await;
    let customers =
        "SELECT web_reference, customer FROM orders WHERE web_reference IS NOT NULL ORDER BY 1";
    assert_eq!(
        between.erp_rows(customers).await,
        ["main/1001 | C7", "main/1002 | WC100001"]
    );
}

#[tokio::test]
async fn an_order_that_commits_late_is_found() {
    let between = Between::new("a late order", On::Sqlite, On::Sqlite).await;
    between.place(&[Order::usual(1005)]).await;
    between.project.ponte(&["sync", "main/order"]).succeeds();
    // A lower number, an older date: no "last id seen" would find it.
    let late = Order {
        placed: "2026-02-01 10:00:00",
        ..Order::usual(1001)
    };
    // Before the cut-over it is nobody's business.
    let old = Order {
        placed: "2025-12-31 10:00:00",
        ..Order::usual(1002)
    };
    let waiting = Order {
        status: "wc-on-hold",
        ..Order::usual(1003)
    };
    between.place(&[late, old, waiting]).await;
    between.project.ponte(&["sync", "main/order"]).succeeds();
    between.assert_whole(2).await;
    // Paid at last.
    let mut shop = between.shop.client().await;
    shop.run("UPDATE wp_wc_orders SET status = 'wc-processing' WHERE id = 1003")
        .await;
    between.project.ponte(&["sync", "main/order"]).succeeds();
    between.assert_whole(3).await;
}

#[tokio::test]
async fn a_lost_link_is_found_again_by_the_document() {
    let between = Between::new("a lost link", On::Sqlite, On::Sqlite).await;
    between.place(&[Order::usual(1001)]).await;
    between.project.ponte(&["sync", "main/order"]).succeeds();
    let mut erp = between.erp.client().await;
    erp.run("DELETE FROM ponte_link WHERE record = 'order'")
        .await;
    // Somebody has worked on the document meanwhile: it is the ERP's.
    erp.run("UPDATE orders SET note = 'changed' WHERE web_reference = 'main/1001'")
        .await;
    between.project.ponte(&["sync", "main/order"]).succeeds();
    between.assert_whole(1).await;
    assert_eq!(
        between
            .erp_rows("SELECT note FROM orders WHERE web_reference = 'main/1001'")
            .await,
        ["changed"]
    );
}

/// An order's pieces are pending until the ERP counts them, and committed from then on: what is shown stays the same.
#[tokio::test]
async fn what_was_pending_is_committed_then() {
    let between = Between::new("pending then committed", On::Sqlite, On::Sqlite).await;
    let one = Order {
        total: "12.2",
        tax: "2.2",
        lines: vec![Line(101, 0, 1, "10", "2.2", 1)],
        charges: Vec::new(),
        ..Order::usual(1001)
    };
    between.place(&[one]).await;
    between.project.ponte(&["match", "--accept"]);
    between.project.ponte(&["sync", "main/stock"]);
    let shown = "SELECT meta_value FROM wp_postmeta WHERE post_id = 101 AND meta_key = '_stock'";
    let before = between.shop.client().await.value(shown).await;
    between.project.ponte(&["sync", "main/order", "main/stock"]);
    let orders = between
        .erp_rows("SELECT COUNT(*) FROM orders WHERE web_reference = 'main/1001'")
        .await;
    assert_eq!(orders, ["1"]);
    assert_eq!(between.shop.client().await.value(shown).await, before);
}

#[tokio::test]
async fn a_dry_run_shows_what_would_be_imported() {
    let between = Between::new("orders dry", On::Sqlite, On::Sqlite).await;
    between.place(&[Order::usual(1001)]).await;
    let said = between.project.ponte(&["sync", "main/order", "--dry-run"]);
    let said = said.succeeds();
    for shown in [
        "first import: the shop has 1 order for the ERP since 2026-01-01 00:00 UTC",
        "name: 'Ada Rossi'",
        "web_reference: 'main/1001'",
        "insert order_taxes  tax_class: 'IVA10', net: 15, tax: 1.5",
        "insert order_taxes  tax_class: 'IVA22', net: 30, tax: 6.6",
        "Dry run: nothing was written.",
    ] {
        assert!(said.stdout.contains(shown), "{shown}\n{said}");
    }
    let orders = between
        .erp_rows("SELECT COUNT(*) FROM orders WHERE web_reference IS NOT NULL")
        .await;
    assert_eq!(orders, ["0"]);
    let counters = between
        .erp_rows("SELECT value FROM counters ORDER BY name")
        .await;
    assert_eq!(counters, ["100000", "100000", "100000"]);
}

#[tokio::test]
async fn an_order_of_a_new_customer_costs_six_round_trips_on_postgres() {
    six_round_trips("order round trips", On::Postgres).await;
}

#[tokio::test]
async fn an_order_of_a_new_customer_costs_six_round_trips_on_sqlserver() {
    six_round_trips("order round trips sqlserver", On::SqlServer).await;
}

async fn six_round_trips(test: &str, erp: On) {
    let mut between = Between::new(test, erp, On::Sqlite).await;
    let proxy = Proxy::start(&between.erp.url);
    between.erp_at(&proxy.url(&between.erp.url));
    let mut placed = 0;
    let mut asked = Vec::new();
    for more in [10, 40] {
        let orders: Vec<Order> = (0..more).map(|n| Order::usual(1001 + placed + n)).collect();
        between.place(&orders).await;
        placed += more;
        let before = proxy.counts().round_trips;
        between.project.ponte(&["sync", "main/order"]).succeeds();
        asked.push(proxy.counts().round_trips - before);
    }
    between.assert_whole(50).await;
    // The statements are prepared in both runs, by the second order of each.
    let each = (asked[1] - asked[0]) / 30;
    assert!(each <= 6, "{each} round trips an order: {asked:?}");
}

/// Two first orders of a new account in one run, the second with another e-mail, and a guest's two with one e-mail.
async fn first_orders(test: &str, erp: On) {
    let between = Between::new(test, erp, On::Mariadb).await;
    let with = |id, email: &str| Order {
        email: email.to_owned(),
        ..Order::usual(id)
    };
    let orders = [
        with(1001, "ada@example.com"),
        with(1002, "ada@work.example"),
        with(1003, "guest@example.com"),
        with(1004, "Guest@example.com"),
    ];
    between.place(&orders).await;
    let mut shop = between.shop.client().await;
    shop.run("UPDATE wp_wc_orders SET customer_id = 7 WHERE id IN (1001, 1002)")
        .await;
    between.project.ponte(&["sync", "main/order"]).succeeds();
    between.assert_whole(4).await;
    let customers = between
        .erp_rows("SELECT MIN(web_number), COUNT(*) FROM orders WHERE web_reference IS NOT NULL GROUP BY customer ORDER BY MIN(web_number)")
        .await;
    assert_eq!(customers, ["1001 | 2", "1003 | 2"]);
}

#[tokio::test]
async fn two_first_orders_of_one_customer_come_in_together_on_postgres() {
    first_orders("first orders postgres", On::Postgres).await;
}

#[tokio::test]
async fn two_first_orders_of_one_customer_come_in_together_on_sqlite() {
    first_orders("first orders sqlite", On::Sqlite).await;
}
