//! What the shop is told, and what not.

use super::story::Story;
use crate::orders::place::Order;
use crate::support::smtpd::Smtpd;
use crate::sync::pair::On;
use snapbox::str;

/// From the first parcel to the invoice, a cancelled order, and one that somebody has refunded.
async fn told_once(test: &str, erp: On, shop: On) {
    let story = Story::new(test, erp, shop, 4).await;
    story
        .shop("INSERT INTO wp_wc_order_stats (order_id, status, customer_id, date_created) VALUES (1001, 'wc-processing', 1, '2026-03-02 00:30:00')")
        .await;
    story.sync();
    for order in 1001..=1004 {
        assert_eq!(story.order(order).await, "wc-processing | - | - | - | 0");
    }

    story.deliver(1001, "D1", "T1", &[1]).await;
    let project = &story.between.project;
    let dry = project.ponte(&["sync", "main/fulfilment", "--dry-run"]);
    assert!(dry.succeeds().stdout.contains("D1 BRT T1"));
    assert_eq!(
        story.order(1001).await,
        "wc-processing | - | - | - | 0",
        "a dry run writes nothing"
    );
    story.sync();
    assert_eq!(
        story.order(1001).await,
        "wc-processing | T1 | BRT | - | 1",
        "WooCommerce has no status for a part"
    );
    story.sync();
    assert_eq!(story.order(1001).await, "wc-processing | T1 | BRT | - | 1");

    story.deliver(1001, "D2", "T2", &[2]).await;
    story.sync();
    assert_eq!(
        story.order(1001).await,
        "wc-completed | T1, T2 | BRT | - | 2"
    );
    story.invoice(1001, "F1").await;
    story.sync();
    story.sync();
    assert_eq!(
        story.order(1001).await,
        "wc-completed | T1, T2 | BRT | F1 | 3"
    );
    assert_eq!(
        story.notes(1001).await,
        [
            "Partly shipped\nDelivery D1 of 2026-03-05: BRT T1",
            "Shipped\nDelivery D2 of 2026-03-05: BRT T2",
            "Invoiced\nInvoice F1"
        ]
    );
    let follows = story
        .rows(
            "SELECT p.comment_count, s.status, CASE WHEN d.date_completed_gmt IS NULL THEN 'open' ELSE 'completed' END
             FROM wp_posts p JOIN wp_wc_order_stats s ON s.order_id = p.ID JOIN wp_wc_order_operational_data d ON d.order_id = p.ID WHERE p.ID = 1001",
        )
        .await;
    assert_eq!(follows, ["3 | wc-completed | completed"]);

    let cancelled = story.document(1002).await;
    story
        .erp(&format!(
            "UPDATE orders SET status = 'cancelled' WHERE number = '{cancelled}'"
        ))
        .await;
    story
        .shop("UPDATE wp_wc_orders SET status = 'wc-refunded' WHERE id = 1003")
        .await;
    story.deliver(1003, "D3", "T3", &[1, 2]).await;
    let said = story.sync();
    assert!(
        said.contains(
            "order 1003: somebody gave it the status `wc-refunded` in the shop, while the ERP says `shipped`"
        ),
        "{said}"
    );
    assert_eq!(story.order(1002).await, "wc-cancelled | - | - | - | 1");
    assert_eq!(story.order(1003).await, "wc-refunded | T3 | BRT | - | 1");
    let again = story.sync();
    assert!(!again.contains("1003"), "it is said once: {again}");

    // The warehouse takes its delivery back.
    let shipped = story.document(1001).await;
    story
        .erp(&format!(
            "UPDATE order_lines SET delivered_quantity = 0 WHERE order_number = '{shipped}'"
        ))
        .await;
    let said = story.sync();
    assert!(
        said.contains("order 1001: the ERP says `open` after `invoiced`"),
        "{said}"
    );
    assert!(!story.sync().contains("1001"));
    assert_eq!(
        story.order(1001).await,
        "wc-completed | T1, T2 | BRT | F1 | 3",
        "nothing goes backwards"
    );

    // A parcel before its number is known, and the number.
    story.deliver(1004, "D4", "", &[1, 2]).await;
    story.sync();
    assert_eq!(story.order(1004).await, "wc-completed | - | BRT | - | 1");
    story
        .erp("UPDATE documents SET tracking_number = 'T4' WHERE number = 'D4'")
        .await;
    story.sync();
    assert_eq!(story.order(1004).await, "wc-completed | T4 | BRT | - | 2");
}

#[tokio::test]
async fn told_once_from_postgres_to_mariadb() {
    told_once("told from postgres", On::Postgres, On::Mariadb).await;
}

#[tokio::test]
async fn told_once_from_sqlserver_to_mariadb() {
    told_once("told from sqlserver", On::SqlServer, On::Mariadb).await;
}

#[tokio::test]
async fn told_once_on_sqlite() {
    told_once("told on sqlite", On::Sqlite, On::Sqlite).await;
}

#[tokio::test]
async fn orders_as_posts_are_told_too() {
    let story = Story::new("told as posts", On::Sqlite, On::Mariadb, 1).await;
    for statement in [
        "UPDATE wp_options SET option_value = 'no' WHERE option_name = 'woocommerce_custom_orders_table_enabled'",
        "UPDATE wp_posts SET post_type = 'shop_order', post_status = 'wc-processing' WHERE ID = 1001",
    ] {
        story.shop(statement).await;
    }
    story.deliver(1001, "D1", "T1", &[1, 2]).await;
    story.invoice(1001, "F1").await;
    story.sync();
    story.sync();
    let order = "SELECT p.post_status, p.comment_count, o.status,
        (SELECT COUNT(*) FROM wp_postmeta m WHERE m.post_id = p.ID AND m.meta_key = '_date_completed')
        FROM wp_posts p JOIN wp_wc_orders o ON o.id = p.ID WHERE p.ID = 1001";
    assert_eq!(
        story.rows(order).await,
        ["wc-completed | 1 | wc-completed | 1"],
        "the copy gets it, too"
    );
    let meta = "SELECT meta_key, meta_value FROM wp_postmeta WHERE post_id = 1001 AND meta_key <> '_date_completed' ORDER BY meta_key";
    assert_eq!(
        story.rows(meta).await,
        [
            "_invoice_number | F1",
            "_tracking_number | T1",
            "_tracking_provider | BRT"
        ]
    );
    assert_eq!(
        story.notes(1001).await,
        ["Invoiced\nDelivery D1 of 2026-03-05: BRT T1\nInvoice F1"]
    );
}

#[tokio::test]
async fn orders_from_before_the_cut_over_are_not_touched() {
    let mut story = Story::new("told before", On::Sqlite, On::Sqlite, 1).await;
    let text = story.between.project.read("ponte.toml");
    let text = text.replace("2026-01-01T00:00:00Z", "2026-03-01T23:30:01Z");
    story.between.project.file("ponte.toml", &text);
    story.deliver(1001, "D1", "T1", &[1, 2]).await;
    story.sync();
    assert_eq!(story.order(1001).await, "wc-processing | - | - | - | 0");
}

#[tokio::test]
async fn the_projects_words_are_written_in_its_language() {
    let mut story = Story::new("told in words", On::Sqlite, On::Sqlite, 1).await;
    let text = story.between.project.read("ponte.toml");
    let text = text.replace(
        "fulfilment.write = true",
        "fulfilment = { write = true, status = { partly_shipped = \"wc-partial\", invoiced = \"\" } }",
    );
    let text = text.replace("language     = \"en\"", "language     = \"it\"");
    story.between.project.file("ponte.toml", &text);
    story.deliver(1001, "D1", "T1", &[1]).await;
    story.sync();
    assert_eq!(story.order(1001).await, "wc-partial | T1 | BRT | - | 1");
    story.deliver(1001, "D2", "T2", &[2]).await;
    story.invoice(1001, "F1").await;
    story.sync();
    assert_eq!(
        story.order(1001).await,
        "wc-partial | T1, T2 | BRT | F1 | 2",
        "invoiced leaves the status as it is"
    );
    assert_eq!(
        story.notes(1001).await,
        [
            "Spedito in parte\nConsegna D1 del 05/03/2026: BRT T1",
            "Fatturato\nConsegna D2 del 05/03/2026: BRT T2\nFattura F1"
        ]
    );
}

#[tokio::test]
async fn a_deleted_order_is_told_once_and_the_flow_is_known() {
    let story = Story::new("told deleted", On::Sqlite, On::Sqlite, 2).await;
    story.shop("DELETE FROM wp_wc_orders WHERE id = 1001").await;
    story.deliver(1001, "D1", "T1", &[1, 2]).await;
    story.deliver(1002, "D2", "T2", &[1, 2]).await;
    let said = story.sync();
    assert!(
        said.contains("order 1001: the shop has no such order any longer"),
        "{said}"
    );
    assert_eq!(story.order(1002).await, "wc-completed | T2 | BRT | - | 1");
    assert!(!story.sync().contains("no such order"));
    let project = &story.between.project;
    let status = project.ponte(&["status"]).succeeds().stdout;
    assert!(status.contains("main/fulfilment"), "{status}");
    let json = project.ponte(&["status", "--json"]).succeeds().stdout;
    assert!(json.contains("every 5m"), "{json}");
    project.ponte(&["check"]).succeeds();
}

#[tokio::test]
async fn the_status_counts_orders_approvals_and_mails() {
    let mut story = Story::new("status counts", On::Sqlite, On::Sqlite, 3).await;
    let smtpd = Smtpd::open();
    story.mails_through(&format!("smtp://127.0.0.1:{}?tls=off", smtpd.port), "");
    let text = story.between.project.read("ponte.toml");
    let rule = "[[shop.main.orders.accept]]\nif = \"new_customer\"\ntake = \"after approval\"\n";
    let text = format!("{text}\n{rule}");
    story.between.project.file("ponte.toml", &text);
    let unpaid = Order {
        status: "wc-on-hold",
        ..Order::usual(1006)
    };
    let again = Order {
        email: "buyer1001@example.com".to_owned(),
        ..Order::usual(1007)
    };
    let orders = [Order::usual(1004), Order::usual(1005), unpaid, again];
    story.between.place(&orders).await;
    // One whose lines the ERP does not know, of a customer that it knows.
    story
        .shop("UPDATE wp_woocommerce_order_itemmeta SET meta_value = '999' WHERE meta_key = '_product_id' AND order_item_id BETWEEN 100700 AND 100799")
        .await;
    for (order, name) in [(1001, "ada"), (1002, "never"), (1003, "later")] {
        story
            .customer_is(order, &format!("{name}@example.com"))
            .await;
        story
            .deliver(order, &format!("D{order}"), "T", &[1, 2])
            .await;
    }
    story
        .shop("UPDATE wp_wc_orders SET billing_email = 'ada@example.com' WHERE id = 1007; UPDATE wp_wc_order_addresses SET email = 'ada@example.com' WHERE order_id = 1007 AND address_type = 'billing'")
        .await;
    let project = &story.between.project;
    project.ponte(&["sync", "main/order"]).exits_with(4);
    project.ponte(&["sync", "main/fulfilment"]).exits_with(4);
    let status = project.ponte(&["status"]).succeeds();
    status.stdout_eq(str![[r#"
flow             last run[..]outcome[..]last good run[..]read  quarantine  runs
main/category    never   [..]never[..]every 1h
main/article     never   [..]never[..]every 1h
main/price       never   [..]never[..]every 1h
main/order       [..]  quarantined  [..]     3           3  every 1m
main/stock       never   [..]never[..]every 15m
main/fulfilment  [..]  quarantined  [..]     3           1  every 5m
main/order: 2 records waited for approval when it last ran; `ponte approve list` shows what
main: 3 web orders imported, 1 waiting in the shop, 3 in quarantine (2 of them to approve); 1 mail sent, 1 due, 1 for a person

"#]]);
    let json = project.ponte(&["status", "--json"]).succeeds().stdout;
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let orders = serde_json::json!([{
        "shop": "main", "imported": 3, "waiting_in_shop": 1, "to_approve": 2, "quarantined": 3,
        "mails_sent": 1, "mails_due": 1, "mails_for_a_person": 1,
    }]);
    assert_eq!(json["orders"], orders);
}

/// Parcels and states are asked for by two queries; a delivery that is booked between them is not half told.
#[tokio::test]
async fn a_delivery_that_is_booked_meanwhile_is_told_with_its_parcel() {
    let story = Story::new("fulfilment meanwhile", On::Postgres, On::Sqlite, 2).await;
    story.deliver(1002, "D2", "T2", &[1, 2]).await;
    story.sync();
    // From now on each query of the documents takes a while.
    story
        .erp(
            "ALTER TABLE documents RENAME TO papers;
             CREATE VIEW documents AS WITH pause AS MATERIALIZED (SELECT pg_sleep(1)) SELECT p.* FROM papers p, pause",
        )
        .await;
    let document = story.document(1001).await;
    let running = story.between.project.start(&["sync", "main/fulfilment"]);
    let asks = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'";
    let mut erp = story.between.erp.client().await;
    while erp.value(asks).await.as_deref() != Some("1") {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    erp.run(&format!(
        "BEGIN;
         INSERT INTO papers (number, kind, customer, document_date, carrier, tracking_number)
         SELECT 'D1', 'delivery', customer, '2026-03-05', 'BRT', 'T1' FROM orders WHERE number = '{document}';
         INSERT INTO document_lines (document_number, line, order_number, order_line, quantity)
         SELECT 'D1', line, order_number, line, 1 FROM order_lines WHERE order_number = '{document}' AND sku IS NOT NULL;
         UPDATE order_lines SET delivered_quantity = quantity WHERE order_number = '{document}';
         COMMIT"
    ))
    .await;
    running.wait().succeeds();
    story.sync();
    assert_eq!(
        story.notes(1001).await,
        ["Shipped\nDelivery D1 of 2026-03-05: BRT T1"]
    );
}
