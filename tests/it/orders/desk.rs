//! What a person at the desk asks: one order's story, and which orders somebody has typed into the ERP already.

use serde_json::Value;
use snapbox::str;

use super::place::{Between, Line, Order};
use crate::support::full;
use crate::sync::pair::On;

#[tokio::test]
async fn an_orders_story() {
    story("stories", On::Postgres).await;
}

/// And in a long run the orders that were typed there by hand.
#[tokio::test]
async fn the_story_of_an_order_in_sqlserver() {
    story("stories sqlserver", On::SqlServer).await;
    if full() {
        typed("typed on sqlserver", On::SqlServer, On::Mariadb).await;
    }
}

async fn story(test: &str, erp: On) {
    let between = Between::new(test, erp, On::Mariadb).await;
    let with = |id, status, placed| Order {
        status,
        placed,
        ..Order::usual(id)
    };
    let usual = "2026-03-01 23:30:00";
    let company = Order {
        company: Some("Known S.r.l."),
        ..Order::usual(1001)
    };
    between
        .place(&[
            company,
            with(1002, "wc-on-hold", usual),
            with(1003, "wc-processing", "2025-12-01 10:00:00"),
            with(1004, "wc-weird", usual),
        ])
        .await;
    let mut shop = between.shop.client().await;
    shop.run("INSERT INTO wp_wc_orders_meta (order_id, meta_key, meta_value) VALUES (1001, '_order_number', 'WEB-7')")
        .await;
    let project = &between.project;
    let told = |order: &str| project.ponte(&["order", order]).succeeds();
    let before = told("1001").stdout;
    assert!(before.contains("no run has come by since"), "{before}");
    project.ponte(&["sync", "main/order"]).exits_with(4);
    project.ponte(&["check"]).succeeds();
    told("WEB-7").stdout_eq(str![[r#"
main/1001 (number WEB-7)
  placed    2026-03-02 00:30:00
  status    wc-processing (goes into the ERP)
  total     53.10 EUR
  payment   Card, 53.10 EUR paid, ch_1001
  carrier   Courier
  customer  Known S.r.l., Ada Rossi, buyer1001@example.com
            2 x TOOL-1 Something 30.50
            1 x TOOL-3 Something 16.50
            Courier 6.10
  imported  [..] as W100001 by the run of [..] (quarantined)
  in ERP    W100001 of 2026-03-02: open, total 53.10

"#]]);
    let same = told("W100001").stdout;
    assert_eq!(same, told("main/1001").stdout);
    assert_eq!(same, told("1001").stdout);
    told("1002").stdout_eq(str![[r#"
main/1002
  placed    2026-03-02 00:30:00
  status    wc-on-hold (yet to be paid)
  total     53.10 EUR
  payment   Card, 53.10 EUR paid, ch_1002
  carrier   Courier
  customer  Ada Rossi, buyer1002@example.com
            2 x TOOL-1 Something 30.50
            1 x TOOL-3 Something 16.50
            Courier 6.10
  imported  no: it is yet to be paid
            help: it comes in by itself once its status is one of: wc-processing, wc-completed

"#]]);
    let old = told("1003").stdout;
    assert!(old.contains("placed before the cut-over"), "{old}");
    let weird = told("1004").stdout;
    assert!(
        weird.contains("nobody has said what the shop's status `wc-weird` means"),
        "{weird}"
    );
    // Cancelled when it was too late.
    shop.run("UPDATE wp_wc_orders SET status = 'wc-cancelled' WHERE id = 1001")
        .await;
    let mut erp = between.erp.client().await;
    erp.run("UPDATE orders SET status = 'closed' WHERE web_reference = 'main/1001'")
        .await;
    project.ponte(&["sync", "main/order"]).exits_with(4);
    let late = told("main/1001").stdout;
    for part in [
        "to settle: cancelled in the shop (`wc-cancelled`), but `W100001` is delivered in the ERP",
        "help: cancel it in the ERP, or take the goods back",
    ] {
        assert!(late.contains(part), "{part}\n{late}");
    }
    let json = project.ponte(&["order", "WEB-7", "--json"]).succeeds();
    let json: Value = serde_json::from_str(&json.stdout).expect("a JSON document");
    let order = &json["orders"][0];
    assert_eq!(order["meaning"], "cancelled");
    assert_eq!(order["document"]["state"], "delivered");
    assert_eq!(order["run"]["flow"], "main/order");
    project.ponte(&["order", "nothing"]).exits_with(2);
    project.ponte(&["order", "1002", "--settled"]).exits_with(2);
}

async fn typed(test: &str, erp: On, shop: On) {
    let between = Between::new(test, erp, shop).await;
    let small = |id| Order {
        total: "12.2",
        tax: "2.2",
        lines: vec![Line(101, 0, 1, "10", "2.2", 1)],
        charges: Vec::new(),
        ..Order::usual(id)
    };
    between
        .place(&[
            Order::usual(1001),
            small(1002),
            small(1003),
            Order::usual(1004),
            Order::usual(1005),
        ])
        .await;
    let mut client = between.erp.client().await;
    client
        .run("INSERT INTO customers (number, name, email) VALUES ('C1', 'Somebody', 'BUYER1001@example.com'), ('C2', 'ROSSI, Ada', NULL), ('C3', 'Other', NULL)")
        .await;
    // A: by e-mail address, a day later. B: by name, of two orders. C: by the number in its text alone. D: another day. E: another total.
    client
        .run(
            "INSERT INTO orders (number, customer, status, order_date, total, note) VALUES
             ('A', 'C1', 'confirmed', '2026-03-03', '53.10', NULL), ('B', 'C2', 'confirmed', '2026-03-02', '12.20', NULL),
             ('C', 'C3', 'confirmed', '2026-03-02', '53.10', 'web no.1004!'), ('D', 'C1', 'confirmed', '2026-03-09', '53.10', NULL),
             ('E', 'C1', 'confirmed', '2026-03-02', '53.20', NULL)",
        )
        .await;
    let project = &between.project;
    let shown = project.ponte(&["match", "orders"]).exits_with(4);
    shown.stdout_eq(str![[r#"
main: 5 orders are not linked; the ERP may have a document of 4 already
  clear: 1
    main/1001 of 2026-03-02, 53.10, Ada Rossi: A of 2026-03-03, Somebody (the same customer)
  for a person to say: 3
    main/1002 of 2026-03-02, 12.20, Ada Rossi: B of 2026-03-02, ROSSI, Ada (the same customer)
    main/1003 of 2026-03-02, 12.20, Ada Rossi: B of 2026-03-02, ROSSI, Ada (the same customer)
    main/1004 of 2026-03-02, 53.10, Ada Rossi: C of 2026-03-02, Other (it names the order)
  `ponte match orders --accept` links the clear ones
  `ponte match orders --link ORDER=NUMBER` links one by hand

"#]]);
    project
        .ponte(&["match", "orders", "--accept"])
        .exits_with(4);
    let linked = between
        .erp_rows("SELECT number, web_reference FROM orders ORDER BY number")
        .await;
    assert_eq!(
        linked,
        ["A | main/1001", "B | -", "C | -", "D | -", "E | -"]
    );
    let by_hand = |pair: &str| project.ponte(&["match", "orders", "--link", pair]);
    by_hand("1002=B").succeeds();
    by_hand("main/1002=B").succeeds();
    let refused = by_hand("1003=B").exits_with(2);
    assert!(
        refused.stdout.contains("the document is order `main/1002`"),
        "{refused}"
    );
    by_hand("1003=Z").exits_with(2);
    by_hand("77=C").exits_with(2);
    // The import leaves them alone, and takes the others.
    project.ponte(&["sync", "main/order"]).succeeds();
    let all = between
        .erp_rows("SELECT number, web_reference FROM orders WHERE web_reference IS NOT NULL ORDER BY web_reference")
        .await;
    assert_eq!(
        all,
        [
            "A | main/1001",
            "B | main/1002",
            "W100001 | main/1003",
            "W100002 | main/1004",
            "W100003 | main/1005"
        ]
    );
    project.ponte(&["reconcile"]).succeeds();
    project.ponte(&["match", "orders"]).succeeds();
}

#[tokio::test]
async fn orders_typed_by_hand_are_linked_on_postgres() {
    typed("typed on postgres", On::Postgres, On::Mariadb).await;
}

#[tokio::test]
async fn orders_typed_by_hand_are_linked_on_sqlite() {
    typed("typed on sqlite", On::Sqlite, On::Sqlite).await;
}
