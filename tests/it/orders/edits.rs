//! Orders that are edited in the shop after the import, where the project says `orders.edited = "update"`: written anew while nobody
//! has begun with them, each once and whole; later a person is told.

use super::changes::quarantined;
use super::place::{Between, Line, Order};
use crate::support::full;
use crate::sync::pair::On;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// As the shop's people leave an order that they have edited: its lines are other rows, its total is another.
pub async fn edit(between: &Between, order: &Order) {
    let mut shop = between.shop.client().await;
    let id = order.id;
    let items = format!("BETWEEN {id}00 AND {id}99");
    shop.run("BEGIN").await;
    for statement in [
        format!("DELETE FROM wp_wc_orders WHERE id = {id}"),
        format!("DELETE FROM wp_wc_order_operational_data WHERE order_id = {id}"),
        format!("DELETE FROM wp_wc_order_addresses WHERE order_id = {id}"),
        format!("DELETE FROM wp_woocommerce_order_itemmeta WHERE order_item_id {items}"),
        format!("DELETE FROM wp_woocommerce_order_items WHERE order_item_id {items}"),
    ] {
        shop.run(&statement).await;
    }
    order.place(&mut shop).await;
    shop.run(&format!(
        "UPDATE wp_wc_orders SET date_updated_gmt = '2026-03-05 10:00:00' WHERE id = {id}"
    ))
    .await;
    shop.run("COMMIT").await;
}

const HEADS: &str = "SELECT o.web_reference, o.number, o.status, CAST(ROUND(CAST(o.total AS DECIMAL(18, 2)) * 100, 0) AS INTEGER),
    (SELECT CAST(ROUND(SUM(CAST(l.quantity AS DECIMAL(18, 2))), 0) AS INTEGER) FROM order_lines l WHERE l.order_number = o.number AND l.sku IS NOT NULL)
    FROM orders o WHERE o.web_reference IS NOT NULL ORDER BY o.web_reference";

async fn written_anew(test: &str, erp: On, shop: On) {
    let mut between = Between::new(test, erp, shop).await;
    between.say("orders.edited = \"update\"");
    let orders: Vec<Order> = (1001..=1005).map(Order::usual).collect();
    between.place(&orders).await;
    let sync = |more: &[&str]| {
        let arguments = [&["sync", "main/order"], more].concat();
        between.project.ponte(&arguments)
    };
    sync(&[]).succeeds();
    let mut erp = between.erp.client().await;
    // One is picked; one was given a discount by somebody in the ERP.
    erp.run(
        "UPDATE order_lines SET delivered_quantity = 1 WHERE order_number = 'W100002' AND line = 1",
    )
    .await;
    erp.run("UPDATE orders SET total = 50 WHERE number = 'W100004'")
        .await;
    for id in [1001, 1002, 1004] {
        edit(&between, &Order::of_pieces(id, 3)).await;
    }
    // What the customer said before is said no longer.
    let mut shop = between.shop.client().await;
    shop.run("UPDATE wp_wc_orders SET customer_note = NULL WHERE id = 1001")
        .await;
    // The ERP knows no such article.
    let unknown = Order {
        lines: vec![
            Line(106, 0, 2, "25", "5.5", 1),
            Line(103, 0, 1, "15", "1.5", 2),
        ],
        ..Order::usual(1003)
    };
    edit(&between, &unknown).await;
    let heads = |pieces: u32, total: u32| {
        [
            format!("main/1001 | W100001 | confirmed | {total} | {pieces}"),
            "main/1002 | W100002 | confirmed | 5310 | 3".to_owned(),
            "main/1003 | W100003 | confirmed | 5310 | 3".to_owned(),
            "main/1004 | W100004 | confirmed | 5000 | 3".to_owned(),
            "main/1005 | W100005 | confirmed | 5310 | 3".to_owned(),
        ]
    };
    let said = sync(&["--dry-run"]);
    assert!(
        said.stdout
            .contains("`W100001` would be written anew in the ERP"),
        "{said}"
    );
    assert_eq!(between.erp_rows(HEADS).await, heads(3, 5310));
    let said = sync(&[]).exits_with(4);
    assert!(
        said.stdout
            .contains("`W100001` was written anew in the ERP"),
        "{said}"
    );
    assert_eq!(between.erp_rows(HEADS).await, heads(4, 6835));
    let notes = "SELECT note FROM orders WHERE number IN ('W100001', 'W100005') ORDER BY number";
    assert_eq!(between.erp_rows(notes).await, ["-", "Ring twice"]);
    let what = "changed in the shop after the import: total 68.35 instead of 53.10; new: 3 x TOOL-1 45.75; no longer: 2 x TOOL-1 30.50";
    let waiting = quarantined(&between);
    assert_eq!(waiting.len(), 3, "{waiting:?}");
    for told in [
        format!("1002 (1): {what}; `W100002` is picked in the ERP"),
        format!("1004 (1): {what}; `W100004` is open in the ERP"),
    ] {
        assert!(waiting.contains(&told), "{waiting:?}");
    }
    assert!(
        waiting.iter().any(|told| told.starts_with("1003 (1): ")
            && told.contains("`W100003` cannot be written anew: the ERP has no article `SHIRT`")),
        "{waiting:?}"
    );
    // Once: the next runs find it right, and its number was nobody else's.
    for command in ["sync", "resync"] {
        let said = between
            .project
            .ponte(&[command, "main/order"])
            .exits_with(4);
        assert!(!said.stdout.contains("anew in the ERP: "), "{said}");
        assert!(!said.stdout.contains("was written anew"), "{said}");
    }
    between.place(&[Order::usual(1006)]).await;
    sync(&[]).exits_with(4);
    let last = between
        .erp_rows("SELECT number FROM orders WHERE web_reference = 'main/1006'")
        .await;
    assert_eq!(last, ["W100006"]);
    // What kept the others from it is put right.
    erp.run("UPDATE order_lines SET delivered_quantity = 0")
        .await;
    erp.run("UPDATE orders SET total = 53.1 WHERE number = 'W100004'")
        .await;
    edit(&between, &Order::of_pieces(1003, 1)).await;
    sync(&[]).succeeds();
    between.assert_whole(6).await;
    assert_eq!(quarantined(&between), [""; 0]);
    between.project.ponte(&["reconcile"]).succeeds();
}

#[tokio::test]
async fn an_edited_order_is_written_anew() {
    written_anew("written anew in postgres", On::Postgres, On::Mariadb).await;
}

#[tokio::test]
async fn an_edited_order_is_written_anew_on_sqlite() {
    written_anew("written anew on sqlite", On::Sqlite, On::Sqlite).await;
}

#[tokio::test]
async fn an_edited_order_is_written_anew_on_sqlserver() {
    written_anew("written anew in sqlserver", On::SqlServer, On::Mariadb).await;
}

/// Pieces that were added are pending until the ERP has them, and committed from then on.
#[tokio::test]
async fn what_is_shown_stays_the_same_while_an_order_is_written_anew() {
    let mut between = Between::new("edited stock", On::Sqlite, On::Sqlite).await;
    between.say("orders.edited = \"update\"");
    between.place(&[Order::usual(1001)]).await;
    between.project.ponte(&["match", "--accept"]);
    let mut shop = between.shop.client().await;
    let figure =
        "SELECT 0 + meta_value FROM wp_postmeta WHERE post_id = 101 AND meta_key = '_stock'";
    between.project.ponte(&["sync", "main/order", "main/stock"]);
    let before = shop.value(figure).await.expect("a figure");
    let before: i64 = before.parse().expect("whole pieces");
    edit(&between, &Order::of_pieces(1001, 3)).await;
    between.project.ponte(&["sync", "main/stock"]);
    let less = Some((before - 1).to_string());
    assert_eq!(shop.value(figure).await, less);
    between.project.ponte(&["sync", "main/order", "main/stock"]);
    assert_eq!(shop.value(figure).await, less);
    between.assert_whole(1).await;
}

/// Rows that SAP's import has not taken yet are ponte's to write anew.
#[tokio::test]
async fn an_edited_order_is_staged_anew() {
    let mut between = crate::sap::orders::between("sap edited", "").await;
    between.say("orders.edited = \"update\"");
    between
        .place(&[Order::usual(1001), Order::usual(1002)])
        .await;
    between.project.ponte(&["sync", "main/order"]).succeeds();
    let mut erp = between.erp.client().await;
    erp.run("UPDATE PONTE_ORDERS SET status = 'taken' WHERE web_reference = 'main/1002'")
        .await;
    for id in [1001, 1002] {
        edit(&between, &Order::of_pieces(id, 3)).await;
    }
    between.project.ponte(&["sync", "main/order"]).exits_with(4);
    let rows = "SELECT o.web_reference, o.status, l.quantity FROM PONTE_ORDERS o JOIN PONTE_ORDER_LINES l ON l.web_reference = o.web_reference
                WHERE l.item_code IS NOT NULL AND l.line = 1 ORDER BY o.web_reference";
    let rows = between.erp_rows(rows).await;
    assert!(rows[0].starts_with("main/1001 | new | 3"), "{rows:?}");
    assert!(rows[1].starts_with("main/1002 | taken | 2"), "{rows:?}");
    let waiting = quarantined(&between);
    assert!(
        waiting.len() == 1 && waiting[0].starts_with("1002 (1): changed in the shop"),
        "{waiting:?}"
    );
}

#[tokio::test]
async fn a_cancellation_is_told_where_the_project_says_so() {
    let mut between = Between::new("cancelled told", On::Sqlite, On::Sqlite).await;
    between.say("orders.cancelled = \"tell\"");
    between.place(&[Order::usual(1001)]).await;
    between.project.ponte(&["sync", "main/order"]).succeeds();
    super::changes::status(&between, 1001, "wc-cancelled").await;
    between.project.ponte(&["sync", "main/order"]).exits_with(4);
    assert_eq!(
        quarantined(&between),
        ["1001 (1): cancelled in the shop (`wc-cancelled`), but `W100001` is open in the ERP"]
    );
    let states = between.erp_rows("SELECT status FROM orders").await;
    assert!(states.contains(&"confirmed".to_owned()), "{states:?}");
}

const POINTS: [&str; 6] = [
    "batch begun",
    "record cleared",
    "record asked",
    "batch without links",
    "batch written",
    "batch committed",
];

/// An order without its lines or its taxes, or whose sums are not its total.
const WRONG: &str = "SELECT o.number FROM orders o WHERE o.web_reference IS NOT NULL AND (
    (SELECT COUNT(*) FROM order_lines l WHERE l.order_number = o.number) <> 3
    OR ROUND((SELECT SUM(CAST(l.amount AS DECIMAL(18, 2))) FROM order_lines l WHERE l.order_number = o.number) * 100, 0) <> ROUND(CAST(o.total AS DECIMAL(18, 2)) * 100, 0)
    OR ROUND((SELECT SUM(CAST(t.net AS DECIMAL(18, 2)) + CAST(t.tax AS DECIMAL(18, 2))) FROM order_taxes t WHERE t.order_number = o.number) * 100, 0)
       <> ROUND(CAST(o.total AS DECIMAL(18, 2)) * 100, 0))";

/// Killed (SIGKILL) at named points while orders are written anew: each is the old one or the new one, and the new one in the end.
async fn killed(test: &str, erp: On, shop: On) {
    let rounds = if full() { 60 } else { 6 };
    let mut random = StdRng::seed_from_u64(crate::support::seed(test));
    let mut between = Between::new(test, erp, shop).await;
    between.say("orders.edited = \"update\"");
    let orders: Vec<Order> = (1001..=1002).map(Order::usual).collect();
    between.place(&orders).await;
    between.project.ponte(&["sync", "main/order"]).succeeds();
    let mut hits = 0;
    for round in 0..rounds {
        let pieces = [3, 4, 1, 2][round as usize % 4];
        for id in [1001, 1002] {
            edit(&between, &Order::of_pieces(id, pieces)).await;
        }
        let point = POINTS[round as usize % POINTS.len()];
        let times = random.random_range(1..=2);
        hits += u32::from(
            between
                .project
                .killed_at(&["sync", "main/order"], point, times),
        );
        between.end_leases().await;
        assert_eq!(between.erp_rows(WRONG).await, [""; 0], "{point} {times}");
        between.project.ponte(&["sync", "main/order"]).succeeds();
        between.assert_whole(2).await;
    }
    let numbers = between
        .erp_rows("SELECT number FROM orders WHERE web_reference IS NOT NULL ORDER BY number")
        .await;
    assert_eq!(numbers, ["W100001", "W100002"]);
    println!("{test}: {hits} kills");
    assert!(hits * 4 >= rounds * 3, "{hits} of {rounds} kills hit");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_orders_are_written_anew_on_postgres() {
    killed("edited killed postgres", On::Postgres, On::Mariadb).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_orders_are_written_anew_on_sqlite() {
    killed("edited killed sqlite", On::Sqlite, On::Sqlite).await;
}
