//! Shop, links and ERP side by side: whatever is not on both sides is told, by the day, with the reason.

use serde_json::Value;
use snapbox::str;

use super::place::{Between, Order};
use super::refunds::{CARRIAGE, HAMMER, credited, in_shop, refund};
use crate::support::full;
use crate::sync::pair::On;

fn document(text: &str) -> Value {
    serde_json::from_str(text).expect("a JSON document")
}

/// Kind and reference of every finding, in the order of the references.
fn findings(document: &Value) -> Vec<String> {
    let found = document["shops"][0]["findings"].as_array().expect("a list");
    let text = |one: &Value, key: &str| one[key].as_str().unwrap_or("-").to_owned();
    let mut found: Vec<String> = found
        .iter()
        .map(|one| format!("{} {}", text(one, "reference"), text(one, "kind")))
        .collect();
    found.sort_unstable();
    found
}

#[tokio::test]
async fn every_difference_is_told_with_its_reason() {
    differences_are_told("reconciled", On::Postgres).await;
}

#[tokio::test]
async fn every_difference_from_an_erp_on_sqlserver_is_told() {
    differences_are_told("reconciled sqlserver", On::SqlServer).await;
    if full() {
        nothing_is_told("reconciled and right sqlserver", On::SqlServer).await;
    }
}

async fn differences_are_told(test: &str, erp: On) {
    let between = Between::new(test, erp, On::Mariadb).await;
    let status = |id, status| Order {
        status,
        ..Order::usual(id)
    };
    let mut orders: Vec<Order> = (1001..=1005).map(Order::usual).collect();
    orders.extend([
        status(1006, "wc-weird"),
        Order {
            total: "55.60",
            ..Order::usual(1007)
        },
        status(1008, "wc-on-hold"),
        status(1010, "wc-completed"),
        status(1011, "wc-cancelled"),
    ]);
    between.place(&orders).await;
    let project = &between.project;
    project.ponte(&["sync", "main/order"]).exits_with(4);

    let mut erp = between.erp.client().await;
    for statement in [
        "DELETE FROM orders WHERE web_reference = 'main/1002'",
        "UPDATE orders SET total = 50 WHERE web_reference = 'main/1003'",
        "UPDATE orders SET status = 'cancelled' WHERE web_reference = 'main/1005'",
        "INSERT INTO customers (number, name) VALUES ('C9', 'Nine')",
        "INSERT INTO orders (number, customer, status, web_reference, order_date, total) VALUES ('X1', 'C9', 'confirmed', 'main/9999', '2026-03-05', 10)",
        "DELETE FROM ponte.link WHERE record = 'order' AND record_key = '1010'",
    ] {
        erp.run(statement).await;
    }
    let mut shop = between.shop.client().await;
    shop.run("UPDATE wp_wc_orders SET status = 'wc-cancelled' WHERE id = 1004")
        .await;
    let late = Order {
        placed: "2026-03-04 23:30:00",
        ..Order::usual(1009)
    };
    between.place(&[late]).await;

    let said = project.ponte(&["reconcile", "--json"]).exits_with(7);
    let told = document(&said.stdout);
    assert_eq!(
        findings(&told),
        [
            "main/1002 gone",
            "main/1003 total_differs",
            "main/1004 cancelled_in_shop",
            "main/1005 cancelled_in_erp",
            "main/1006 unknown_status",
            "main/1007 quarantined",
            "main/1009 not_imported",
            "main/1010 not_linked",
            "main/9999 extra",
        ],
        "{said}"
    );
    project
        .ponte(&["reconcile"])
        .exits_with(7)
        .stdout_eq(str![[r#"
main: orders since 2026-01-01
day         shop          linked          ERP          unpaid  missing  extra  different
2026-03-02     6  321.10       4  212.40    4  209.30       1        4      1          2
2026-03-05     1   53.10       0    0.00    1   10.00                1      1
2026-03-02 main/1002: imported as `W100002`, which the ERP no longer has
  help: restore the document in the ERP, or cancel the order in the shop
2026-03-02 main/1003: the shop's total and the ERP's differ: 53.10 in the shop, 50.00 in the ERP
  help: compare the lines: one of them was changed after the import
2026-03-02 main/1004: `wc-cancelled` in the shop, but `W100004` is open in the ERP
  help: cancel the document in the ERP, or take the goods back
2026-03-02 main/1005: `W100005` is cancelled in the ERP, but the shop's order is `wc-processing`
  help: cancel the order in the shop, or enter it in the ERP again
2026-03-02 main/1006: nobody has said what the shop's status `wc-weird` means
  help: put it into `import`, `wait`, `ignore` or `cancelled` of `[shop.main.order]`
2026-03-02 main/1007: its lines and charges come to 53.1, but its total is 55.6
  help: compare the order in the shop: a plug-in may have added an amount that no line, shipping or fee of the order bears
2026-03-05 main/1009: not imported yet
  help: `ponte sync main/order` imports it
2026-03-02 main/1010: `W100006` bears its reference, but there is no link
  help: the next `ponte sync` makes it
2026-03-05 main/9999: the shop has no such order since the cut-over
  help: it was deleted in the shop, or the reference was typed wrongly
5 orders are missing in the ERP, 2 too many there, 2 different.

"#]]);
    // The days are the shop's: half past eleven in UTC is the next day in Rome.
    let later = project
        .ponte(&["reconcile", "--from", "2026-03-05", "--json"])
        .exits_with(7);
    assert_eq!(
        findings(&document(&later.stdout)),
        ["main/1009 not_imported", "main/9999 extra"],
        "{later}"
    );
}

#[tokio::test]
async fn nothing_is_told_of_orders_that_are_on_both_sides() {
    nothing_is_told("reconciled and right", On::Sqlite).await;
}

async fn nothing_is_told(test: &str, erp: On) {
    let between = Between::new(test, erp, On::Sqlite).await;
    let many: Vec<Order> = (1001..=1020).map(Order::usual).collect();
    between.place(&many).await;
    let waiting = Order {
        status: "wc-on-hold",
        ..Order::usual(1021)
    };
    between.place(&[waiting]).await;
    let project = &between.project;
    project.ponte(&["sync", "main/order"]).succeeds();
    project
        .ponte(&["reconcile", "--shop", "main"])
        .succeeds()
        .stdout_eq(str![[r#"
main: orders since 2026-01-01
day         shop           linked           ERP           unpaid  missing  extra  different
2026-03-02    20  1062.00      20  1062.00   20  1062.00       1
Every order is on both sides.

"#]]);
    project
        .ponte(&["reconcile", "--shop", "other"])
        .exits_with(2);
}

/// More orders than are asked for at once, and more documents without an order.
#[tokio::test]
async fn pages_lose_nothing() {
    let between = Between::new("reconciled by pages", On::Sqlite, On::Sqlite).await;
    let mut shop = between.shop.client().await;
    shop.run(
        "WITH RECURSIVE n(id) AS (SELECT 5000 UNION ALL SELECT id + 1 FROM n WHERE id < 7499)
         INSERT INTO wp_wc_orders (id, status, currency, type, tax_amount, total_amount, customer_id, date_created_gmt, parent_order_id)
         SELECT id, 'wc-completed', 'EUR', 'shop_order', 0, 1, 0, '2026-03-02 10:00:00', 0 FROM n",
    )
    .await;
    let mut erp = between.erp.client().await;
    erp.run("INSERT INTO customers (number, name) VALUES ('C9', 'Nine')")
        .await;
    // The first thousand is missing in the ERP, another one is extra there.
    erp.run(
        "WITH RECURSIVE n(id) AS (SELECT 6000 UNION ALL SELECT id + 1 FROM n WHERE id < 8499)
         INSERT INTO orders (number, customer, status, web_reference, order_date, total)
         SELECT 'N' || id, 'C9', 'confirmed', 'main/' || id, '2026-03-02', '1' FROM n",
    )
    .await;
    let said = between
        .project
        .ponte(&["reconcile", "--json"])
        .exits_with(7);
    let told = document(&said.stdout);
    let totals = &told["shops"][0]["totals"];
    assert_eq!(totals["not_imported"], 1000);
    assert_eq!(totals["not_linked"], 1500);
    assert_eq!(totals["extra"], 1000);
    let day = &told["shops"][0]["days"][0];
    assert_eq!(day["shop"]["orders"], 2500);
    assert_eq!(day["erp"]["sum"], "2500.00");
}

/// What was paid back, too: linked, written, booked by hand, or why not.
async fn refunds_are_reconciled(test: &str, erp: On, shop: On) {
    let mut between = Between::new(test, erp, shop).await;
    credited(&mut between);
    let orders: Vec<Order> = (1001..=1007).map(Order::usual).collect();
    between.place(&orders).await;
    let project = &between.project;
    project.ponte(&["sync", "main/order"]).succeeds();
    let mut client = between.erp.client().await;
    client
        .run("UPDATE orders SET status = 'closed' WHERE web_reference <> 'main/1006'")
        .await;
    client
        .run("UPDATE orders SET status = 'cancelled' WHERE web_reference = 'main/1006'")
        .await;
    let later = "2026-03-04 23:30:00";
    let earlier = "2026-03-04 10:00:00";
    let placed = [
        refund(2001, 1001, "15.25", earlier, &[HAMMER(1001)]),
        refund(2002, 1002, "15.25", earlier, &[HAMMER(1002)]),
        // Nobody can divide these; the second one is booked by hand.
        refund(2003, 1003, "10.00", later, &[]),
        refund(2004, 1004, "10.00", later, &[]),
        refund(2005, 1005, "15.25", later, &[HAMMER(1005)]),
        // Of an order that the ERP has cancelled, and before the moment.
        refund(2006, 1006, "15.25", later, &[HAMMER(1006)]),
        refund(2007, 1007, "15.25", "2026-03-02 20:00:00", &[HAMMER(1007)]),
    ];
    in_shop(&between, &placed.concat()).await;
    project.ponte(&["sync", "main/refund"]).exits_with(4);
    project.ponte(&["order", "1004", "--settled"]).succeeds();
    // Deleted in the ERP, taken back in the shop, and one that has come since.
    for table in ["credit_note_taxes", "credit_note_lines"] {
        client
            .run(&format!(
                "DELETE FROM {table} WHERE note_number = (SELECT number FROM credit_notes WHERE web_reference = 'main/2002')"
            ))
            .await;
    }
    client
        .run("DELETE FROM credit_notes WHERE web_reference = 'main/2002'")
        .await;
    in_shop(
        &between,
        &["DELETE FROM wp_wc_orders WHERE id = 2005".to_owned()],
    )
    .await;
    let new = refund(2008, 1001, "6.10", later, &[CARRIAGE(1001)]);
    in_shop(&between, &new).await;

    let said = project.ponte(&["reconcile", "--json"]).exits_with(7);
    let told = document(&said.stdout);
    let refunds = &told["shops"][0]["refunds"];
    let found = refunds["findings"].as_array().expect("a list");
    let mut found: Vec<String> = found
        .iter()
        .map(|one| {
            let text = |key: &str| one[key].as_str().unwrap_or("-").to_owned();
            format!(
                "{} {}: {}",
                text("reference"),
                text("kind"),
                text("message")
            )
        })
        .collect();
    found.sort_unstable();
    let number = |text: &str| {
        let digits = text.rfind("WN").map(|at| &text[at..at + 8]);
        digits.map_or_else(|| text.to_owned(), |digits| text.replace(digits, "WN…"))
    };
    let found: Vec<String> = found.iter().map(|text| number(text)).collect();
    assert_eq!(
        found,
        [
            "main/refund/2002 gone: written as `WN…`, which the ERP no longer has",
            "main/refund/2003 quarantined: of order 1003: charge 1 (Broken 💔) bears 2 taxes at once",
            "main/refund/2005 extra: the shop has no such refund any longer",
            "main/refund/2008 not_imported: of order 1001: not written yet",
        ],
        "{said}"
    );
    let days = refunds["days"].as_array().expect("a list");
    let days: Vec<String> = days
        .iter()
        .filter(|day| day["day"].as_str().is_some_and(|day| day < "2026-04"))
        .map(|day| {
            let sum = |name: &str| format!("{} {}", day[name]["refunds"], day[name]["sum"]);
            format!(
                "{} shop {} linked {} by hand {} erp {} missing {}",
                day["day"],
                sum("shop"),
                sum("linked"),
                day["by_hand"],
                day["erp"],
                day["missing"]
            )
            .replace('"', "")
        })
        .collect();
    assert_eq!(
        days,
        [
            "2026-03-04 shop 2 30.50 linked 2 30.50 by hand 0 erp 1 missing 1",
            "2026-03-05 shop 3 26.10 linked 1 10.00 by hand 1 erp 0 missing 2",
        ]
    );
    let said = project.ponte(&["reconcile"]).exits_with(7);
    for line in [
        "main: refunds since 2026-03-03\n",
        "3 refunds are missing in the ERP, 1 too many there.\n",
    ] {
        assert!(said.stdout.contains(line), "{line}{said}");
    }
    // From a day on.
    let said = project
        .ponte(&["reconcile", "--from", "2026-03-05", "--json"])
        .exits_with(7);
    let told = document(&said.stdout);
    assert!(
        !told["shops"][0]["refunds"].to_string().contains("2002"),
        "{said}"
    );
}

#[tokio::test]
async fn refunds_are_reconciled_with_postgres() {
    refunds_are_reconciled("reconciled refunds", On::Postgres, On::Mariadb).await;
}

#[tokio::test]
async fn refunds_are_reconciled_on_sqlite() {
    refunds_are_reconciled("reconciled refunds sqlite", On::Sqlite, On::Sqlite).await;
}

#[tokio::test]
async fn refunds_are_reconciled_with_sqlserver() {
    refunds_are_reconciled("reconciled refunds sqlserver", On::SqlServer, On::Mariadb).await;
}
