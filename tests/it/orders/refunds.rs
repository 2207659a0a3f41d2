//! What a shop pays back of imported orders, in the ERP: a draft of a credit note each, once, whole and to the cent.

use super::changes::quarantined;
use super::place::{Between, Order};
use super::prestashop;
use crate::support::full;
use crate::sync::pair::On;
use crate::{nav, sap};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// Refunds from then on are the ERP's.
pub fn credited(between: &mut Between) {
    between.say("orders.refunds_since = 2026-03-03T00:00:00+01:00");
}

pub async fn in_shop(between: &Between, statements: &[String]) {
    let mut shop = between.shop.client().await;
    for statement in statements {
        shop.run(statement).await;
    }
}

/// An item of a refund: of which item of the order, its type, pieces, net and tax.
pub struct Item(
    pub u32,
    pub &'static str,
    pub u32,
    pub &'static str,
    pub &'static str,
);

/// As WooCommerce writes it: an order with negative amounts, whose items name those of the order.
pub fn refund(id: u32, order: u32, total: &str, at: &str, items: &[Item]) -> Vec<String> {
    let mut statements = vec![
        format!(
            "INSERT INTO wp_wc_orders (id, status, currency, type, tax_amount, total_amount, customer_id, date_created_gmt, date_updated_gmt, parent_order_id)
             VALUES ({id}, 'wc-completed', 'EUR', 'shop_order_refund', 0, -{total}, 0, '{at}', '{at}', {order})"
        ),
        format!(
            "INSERT INTO wp_wc_orders_meta (order_id, meta_key, meta_value) VALUES ({id}, '_refund_reason', 'Broken 💔'), ({id}, '_refund_amount', '{total}')"
        ),
        format!("UPDATE wp_wc_orders SET date_updated_gmt = '{at}' WHERE id = {order}"),
    ];
    statements.extend(refunded_items(id, items));
    statements
}

fn refunded_items(id: u32, items: &[Item]) -> Vec<String> {
    let mut statements = Vec::new();
    for (number, Item(of, kind, pieces, net, tax)) in items.iter().enumerate() {
        let item = id * 100 + number as u32;
        statements.push(format!(
            "INSERT INTO wp_woocommerce_order_items (order_item_id, order_item_name, order_item_type, order_id)
             SELECT {item}, i.order_item_name, '{kind}', {id} FROM wp_woocommerce_order_items i WHERE i.order_item_id = {of}"
        ));
        let metas = match *kind {
            "shipping" => format!("({item}, 'cost', '-{net}'), ({item}, 'total_tax', '-{tax}')"),
            _ => {
                statements.push(format!(
                    "INSERT INTO wp_woocommerce_order_itemmeta (order_item_id, meta_key, meta_value)
                     SELECT {item}, m.meta_key, m.meta_value FROM wp_woocommerce_order_itemmeta m
                     WHERE m.order_item_id = {of} AND m.meta_key IN ('_product_id', '_variation_id')"
                ));
                let pieces = if *pieces == 0 {
                    "0".to_owned()
                } else {
                    format!("-{pieces}")
                };
                format!(
                    "({item}, '_qty', '{pieces}'), ({item}, '_line_total', '-{net}'), ({item}, '_line_tax', '-{tax}')"
                )
            }
        };
        statements.push(format!(
            "INSERT INTO wp_woocommerce_order_itemmeta (order_item_id, meta_key, meta_value) VALUES {metas}, ({item}, '_refunded_item_id', '{of}')"
        ));
    }
    statements
}

pub const HAMMER: fn(u32) -> Item = |order| Item(order * 100 + 2, "line_item", 1, "12.5", "2.75");
pub const CARRIAGE: fn(u32) -> Item = |order| Item(order * 100 + 4, "shipping", 0, "5", "1.1");

const HEADS: &str = "SELECT n.web_reference, n.number, n.order_number, n.status, n.note_date, n.currency, CAST(ROUND(CAST(n.total AS DECIMAL(18, 2)) * 100, 0) AS INTEGER),
    CAST(ROUND(CAST(n.net_total AS DECIMAL(18, 2)) * 100, 0) AS INTEGER), n.reason FROM credit_notes n ORDER BY n.web_reference";
const LINES: &str = "SELECT n.web_reference, l.line, l.sku, l.description, CAST(ROUND(CAST(l.quantity AS DECIMAL(18, 4)), 0) AS INTEGER),
    CAST(ROUND(CAST(l.amount AS DECIMAL(18, 2)) * 100, 0) AS INTEGER), l.tax_class
    FROM credit_note_lines l JOIN credit_notes n ON n.number = l.note_number ORDER BY n.web_reference, l.line";
const TAXES: &str = "SELECT n.web_reference, t.tax_class, CAST(ROUND(CAST(t.net AS DECIMAL(18, 2)) * 100, 0) AS INTEGER),
    CAST(ROUND(CAST(t.tax AS DECIMAL(18, 2)) * 100, 0) AS INTEGER)
    FROM credit_note_taxes t JOIN credit_notes n ON n.number = t.note_number ORDER BY n.web_reference, t.tax_class";

async fn become_credit_notes(test: &str, erp: On, shop: On) {
    let mut between = Between::new(test, erp, shop).await;
    credited(&mut between);
    let orders: Vec<Order> = (1001..=1006).map(Order::usual).collect();
    between.place(&orders).await;
    let sync = || {
        between
            .project
            .ponte(&["sync", "main/order", "main/refund"])
    };
    sync().succeeds();
    let mut erp = between.erp.client().await;
    // All but one have left; one is cancelled there.
    erp.run(
        "UPDATE orders SET status = 'closed' WHERE web_reference NOT IN ('main/1004', 'main/1005')",
    )
    .await;
    erp.run("UPDATE orders SET status = 'cancelled' WHERE web_reference = 'main/1005'")
        .await;
    let rake = Item(100_303, "line_item", 0, "3", "0.3");
    let later = "2026-03-04 23:30:00";
    let placed = [
        refund(2001, 1001, "21.35", later, &[HAMMER(1001), CARRIAGE(1001)]),
        // What a gateway paid back names nothing, and the order bears two rates.
        refund(2002, 1002, "10.00", later, &[]),
        // A part of a price.
        refund(2003, 1003, "3.30", later, &[rake]),
        refund(2004, 1004, "15.25", later, &[HAMMER(1004)]),
        refund(2005, 1005, "15.25", later, &[HAMMER(1005)]),
        // Before the moment; of an order that is not imported.
        refund(2006, 1006, "15.25", "2026-03-02 22:00:00", &[HAMMER(1006)]),
        refund(2007, 9999, "1.00", later, &[]),
    ];
    in_shop(&between, &placed.concat()).await;
    let run = sync().exits_with(4);
    assert!(
        run.stdout.contains(
            "first import: the shop has 4 refunds for the ERP since 2026-03-02 23:00 UTC"
        ),
        "{run}"
    );
    let notes = [
        "main/2001 | WN100001 | W100001 | draft | 2026-03-05 | EUR | 2135 | 1750 | Broken 💔",
        "main/2003 | WN100002 | W100003 | draft | 2026-03-05 | EUR | 330 | 300 | Broken 💔",
        "main/2004 | WN100003 | W100004 | draft | 2026-03-05 | EUR | 1525 | 1250 | Broken 💔",
    ];
    assert_eq!(between.erp_rows(HEADS).await, notes);
    assert_eq!(
        between.erp_rows(LINES).await,
        [
            "main/2001 | 1 | TOOL-1 | Something | 1 | 1525 | IVA22",
            "main/2001 | 2 | - | Courier | 1 | 610 | IVA22",
            "main/2003 | 1 | - | Something | 1 | 330 | IVA10",
            "main/2004 | 1 | TOOL-1 | Something | 1 | 1525 | IVA22",
        ]
    );
    assert_eq!(
        between.erp_rows(TAXES).await,
        [
            "main/2001 | IVA22 | 1750 | 385",
            "main/2003 | IVA10 | 300 | 30",
            "main/2004 | IVA22 | 1250 | 275",
        ]
    );
    // What has not left yet is still to be sent without it: a person is told, and of a refund that nobody can divide.
    let waiting = [
        "1004 (1): changed in the shop after the import: refunded 15.25; `W100004` is open in the ERP",
        "2002 (1): charge 1 (Broken 💔) bears 2 taxes at once",
    ];
    assert_eq!(quarantined(&between), waiting);
    between
        .project
        .ponte(&["resync", "main/order", "main/refund"])
        .exits_with(4);
    assert_eq!(between.erp_rows(HEADS).await, notes);

    let told = |order: &str| between.project.ponte(&["order", order]).succeeds().stdout;
    let text = told("1001");
    assert!(text.contains("2001 of 2026-03-05 00:30:00, "), "{text}");
    assert!(
        text.contains("21.35 EUR (Broken 💔): in the ERP as WN100001\n"),
        "{text}"
    );
    let text = told("1002");
    assert!(
        text.contains(
            "10.00 EUR (Broken 💔): not in the ERP: charge 1 (Broken 💔) bears 2 taxes at once\n"
        ),
        "{text}"
    );
    let text = told("1005");
    assert!(
        text.contains("not for the ERP, which has no such order that stands\n"),
        "{text}"
    );
    let text = told("1006");
    assert!(
        text.contains("for a person: paid back before `orders.refunds_since`\n"),
        "{text}"
    );

    // Booked by hand: it waits no longer, and is never written.
    between
        .project
        .ponte(&["order", "1002", "--settled"])
        .succeeds();
    between
        .project
        .ponte(&["order", "1004", "--settled"])
        .succeeds();
    sync().succeeds();
    assert_eq!(quarantined(&between), [""; 0]);
    assert_eq!(between.erp_rows(HEADS).await, notes);
    let text = told("1002");
    assert!(text.contains("booked by hand\n"), "{text}");
}

#[tokio::test]
async fn refunds_become_credit_notes() {
    become_credit_notes("refunds to postgres", On::Postgres, On::Mariadb).await;
}

#[tokio::test]
async fn refunds_become_credit_notes_on_sqlite() {
    become_credit_notes("refunds on sqlite", On::Sqlite, On::Sqlite).await;
}

#[tokio::test]
async fn refunds_become_credit_notes_on_sqlserver() {
    become_credit_notes("refunds to sqlserver", On::SqlServer, On::Mariadb).await;
}

/// What was paid back before ponte could be told, and a refund that was taken back in the shop: both are a person's.
#[tokio::test]
async fn a_refund_that_vanishes_is_told() {
    let mut between = Between::new("refund vanishes", On::Sqlite, On::Sqlite).await;
    credited(&mut between);
    between.place(&[Order::usual(1001)]).await;
    let sync = || {
        between
            .project
            .ponte(&["sync", "main/order", "main/refund"])
    };
    sync().succeeds();
    let mut erp = between.erp.client().await;
    erp.run("UPDATE orders SET status = 'closed'").await;
    in_shop(
        &between,
        &refund(2001, 1001, "15.25", "2026-03-04 10:00:00", &[HAMMER(1001)]),
    )
    .await;
    sync().succeeds();
    in_shop(
        &between,
        &[
            "DELETE FROM wp_wc_orders WHERE id = 2001".to_owned(),
            "UPDATE wp_wc_orders SET date_updated_gmt = '2026-03-05 10:00:00' WHERE id = 1001"
                .to_owned(),
        ],
    )
    .await;
    sync().exits_with(4);
    assert_eq!(
        quarantined(&between),
        [
            "1001 (1): changed in the shop after the import: refunded 0 instead of 15.25; `W100001` is delivered in the ERP"
        ]
    );
}

/// As 2001 above, in the tables of orders as posts, and what a gateway paid back of an order with one rate.
#[tokio::test]
async fn refunds_as_posts_tell_the_same() {
    let mut between = Between::new("refunds as posts", On::Postgres, On::Mariadb).await;
    credited(&mut between);
    let mut one_rate = Order::usual(1002);
    one_rate.lines.pop();
    between.place(&[Order::usual(1001), one_rate]).await;
    let mut posts = vec![
        "UPDATE wp_options SET option_value = 'no' WHERE option_name = 'woocommerce_custom_orders_table_enabled'".to_owned(),
        "DELETE FROM wp_wc_orders".to_owned(),
        "DELETE FROM wp_woocommerce_order_items WHERE order_id = 1002 AND order_item_id = 100201".to_owned(),
    ];
    let post = |id: u32, parent: u32, kind: &str, at: &str| {
        format!(
            "INSERT INTO wp_posts (ID, post_parent, post_date, post_date_gmt, post_content, post_title, post_excerpt, post_status, to_ping, pinged, post_modified,
             post_modified_gmt, post_content_filtered, post_type) VALUES ({id}, {parent}, '{at}', '{at}', '', 'Order', '', 'wc-processing', '', '', '{at}', '{at}', '', '{kind}')"
        )
    };
    for (id, total) in [(1001, "53.10"), (1002, "36.60")] {
        posts.push(post(id, 0, "shop_order", "2026-03-01 23:30:00"));
        posts.push(format!(
            "INSERT INTO wp_postmeta (post_id, meta_key, meta_value) VALUES ({id}, '_order_currency', 'EUR'), ({id}, '_order_total', '{total}'), ({id}, '_billing_last_name', 'Rossi')"
        ));
    }
    for (id, order, total) in [(2001, 1001, "21.35"), (2002, 1002, "10")] {
        posts.push(post(id, order, "shop_order_refund", "2026-03-04 10:00:00"));
        posts.push(format!(
            "INSERT INTO wp_postmeta (post_id, meta_key, meta_value) VALUES ({id}, '_refund_amount', '{total}'), ({id}, '_refund_reason', '')"
        ));
    }
    posts.extend(refunded_items(2001, &[HAMMER(1001), CARRIAGE(1001)]));
    in_shop(&between, &posts).await;
    between
        .project
        .ponte(&["sync", "main/order", "main/refund"])
        .succeeds();
    assert_eq!(
        between.erp_rows(LINES).await,
        [
            "main/2001 | 1 | TOOL-1 | Something | 1 | 1525 | IVA22",
            "main/2001 | 2 | - | Courier | 1 | 610 | IVA22",
            "main/2002 | 1 | - | Refund | 1 | 1000 | IVA22",
        ]
    );
    assert_eq!(
        between.erp_rows(TAXES).await,
        [
            "main/2001 | IVA22 | 1750 | 385",
            "main/2002 | IVA22 | 820 | 180"
        ]
    );
    // The rest, too: it is paid back whole, and has left.
    let rest = [
        post(2003, 1002, "shop_order_refund", "2026-03-05 10:00:00"),
        "INSERT INTO wp_postmeta (post_id, meta_key, meta_value) VALUES (2003, '_refund_amount', '26.6'), (2003, '_refund_reason', '')".to_owned(),
        "UPDATE wp_posts SET post_status = 'wc-refunded', post_modified_gmt = '2026-03-05 10:00:00' WHERE ID = 1002".to_owned(),
    ];
    in_shop(&between, &rest).await;
    let mut erp = between.erp.client().await;
    erp.run("UPDATE orders SET status = 'closed'").await;
    for _ in 0..2 {
        between
            .project
            .ponte(&["sync", "main/order", "main/refund"])
            .succeeds();
    }
    assert_eq!(quarantined(&between), [""; 0]);
    between.project.ponte(&["reconcile"]).succeeds();
}

/// A slip of pieces with the carriage, one of a chosen amount where all goods bear one rate, and one where they do not.
#[tokio::test]
async fn credit_slips_of_prestashop_become_credit_notes() {
    let (erp, shop, project) = prestashop::databases("prestashop refunds").await;
    let mut between = Between::of(erp, shop, &project);
    credited(&mut between);
    let mut client = between.shop.client().await;
    for id in 1..=3 {
        prestashop::usual(&mut client, id, 2).await;
    }
    let sync = || {
        between
            .project
            .ponte(&["sync", "main/order", "main/refund"])
    };
    sync().succeeds();
    between
        .erp
        .client()
        .await
        .run("UPDATE orders SET status = 'closed'")
        .await;
    let slip = |id: u32, order: u32, goods: (&str, &str), carriage: (&str, &str), amount: &str| {
        format!(
            "INSERT INTO ps_order_slip (id_order_slip, id_customer, id_order, total_products_tax_excl, total_products_tax_incl, total_shipping_tax_excl,
               total_shipping_tax_incl, amount, shipping_cost_amount, partial, date_add, date_upd)
             VALUES ({id}, 8, {order}, {}, {}, {}, {}, {amount}, {}, 1, '2026-03-04 10:00:00', '2026-03-04 10:00:00')",
            goods.0, goods.1, carriage.0, carriage.1, carriage.0
        )
    };
    let hammer = |slip: u32, line: u32| {
        format!(
            "INSERT INTO ps_order_slip_detail (id_order_slip, id_order_detail, product_quantity, total_price_tax_excl, total_price_tax_incl) VALUES ({slip}, {line}, 1, 10, 12.20)"
        )
    };
    for statement in [
        slip(11, 1, ("10", "12.20"), ("5", "6.10"), "10"),
        hammer(11, 10),
        slip(12, 2, ("0", "0"), ("0", "0"), "4"),
        slip(13, 3, ("10", "12.20"), ("0", "0"), "4"),
        hammer(13, 30),
        "UPDATE ps_order_detail_tax SET id_tax = 1 WHERE id_order_detail = 31".to_owned(),
    ] {
        client.run(&statement).await;
    }
    sync().exits_with(4);
    assert_eq!(
        quarantined(&between),
        ["12 (1): charge 1 (Refund) bears 2 taxes at once"]
    );
    assert_eq!(
        between.erp_rows(LINES).await,
        [
            "main/11 | 1 | HAMMER | Martello | 1 | 1220 | IVA22",
            "main/11 | 2 | - | Corriere | 1 | 610 | IVA22",
            "main/13 | 1 | HAMMER | Martello | 1 | 1220 | IVA22",
            "main/13 | 2 | - | Refund | 1 | -820 | IVA22",
        ]
    );
    assert_eq!(
        between.erp_rows(TAXES).await,
        ["main/11 | IVA22 | 1500 | 330", "main/13 | IVA22 | 328 | 72"]
    );
    // The slip's number is an order's, too: settling that one settles nothing else.
    between
        .project
        .ponte(&["order", "main/1", "--settled"])
        .succeeds();
    between
        .project
        .ponte(&["sync", "main/refund"])
        .exits_with(4);
    between
        .project
        .ponte(&["order", "main/2", "--settled"])
        .succeeds();
    between.project.ponte(&["sync", "main/refund"]).succeeds();

    // Paid back whole, and its state says so: nothing is left to be done.
    prestashop::usual(&mut client, 4, 2).await;
    sync().succeeds();
    let mut erp = between.erp.client().await;
    erp.run("UPDATE orders SET status = 'closed'").await;
    for statement in [
        "UPDATE ps_order_detail_tax SET id_tax = 1 WHERE id_order_detail = 41".to_owned(),
        slip(14, 4, ("0", "0"), ("5", "6.10"), "39.78"),
        "UPDATE ps_orders SET current_state = 7, date_upd = '2026-03-04 10:00:00' WHERE id_order = 4"
            .to_owned(),
    ] {
        client.run(&statement).await;
    }
    sync().succeeds();
    sync().succeeds();
    assert_eq!(quarantined(&between), [""; 0]);
    let notes = "SELECT COUNT(*) FROM credit_notes WHERE web_reference = 'main/14'";
    assert_eq!(between.erp_rows(notes).await, ["1"]);
    between.project.ponte(&["reconcile"]).succeeds();
}

/// What has left and is paid back whole is right once its credit notes are there, whatever the shop calls it; less is a person's.
#[tokio::test]
async fn an_order_that_is_paid_back_whole_is_right() {
    let mut between = Between::new("paid back whole", On::Postgres, On::Mariadb).await;
    credited(&mut between);
    let orders: Vec<Order> = (1001..=1003).map(Order::usual).collect();
    between.place(&orders).await;
    let sync = |flows: &[&str]| {
        let arguments = [&["sync"], flows].concat();
        between.project.ponte(&arguments)
    };
    let both = ["main/order", "main/refund"];
    sync(&both).succeeds();
    let mut erp = between.erp.client().await;
    erp.run("UPDATE orders SET status = 'closed'").await;
    let everything = |order: u32| {
        [
            Item(order * 100 + 2, "line_item", 2, "25", "5.5"),
            Item(order * 100 + 3, "line_item", 1, "15", "1.5"),
            CARRIAGE(order),
        ]
    };
    let later = "2026-03-04 23:30:00";
    let placed = [
        refund(2001, 1001, "53.10", later, &everything(1001)),
        // A part; all of it, but before the ERP got refunds.
        refund(2002, 1002, "15.25", later, &[HAMMER(1002)]),
        refund(
            2003,
            1003,
            "53.10",
            "2026-03-02 20:00:00",
            &everything(1003),
        ),
        vec!["UPDATE wp_wc_orders SET status = 'wc-refunded' WHERE type = 'shop_order'".to_owned()],
    ];
    in_shop(&between, &placed.concat()).await;
    let others = [
        "1002 (1): cancelled in the shop (`wc-refunded`), but `W100002` is delivered in the ERP",
        "1003 (1): cancelled in the shop (`wc-refunded`), but `W100003` is delivered in the ERP",
    ];
    // The refund of the first is yet to be written: its own flow does that, or tells.
    sync(&both[..1]).exits_with(4);
    assert_eq!(quarantined(&between), others);
    let told = |wanted: &[&str]| {
        let run = between.project.ponte(&["reconcile"]);
        let run = match wanted {
            [] => run.succeeds(),
            _ => run.exits_with(7),
        };
        for order in ["main/1001", "main/1002", "main/1003"] {
            let is_told = run.stdout.contains(order);
            assert_eq!(is_told, wanted.contains(&order), "{order}: {run}");
        }
    };
    told(&["main/1001", "main/1002", "main/1003"]);
    sync(&both).exits_with(4);
    assert_eq!(
        quarantined(&between),
        others.map(|one| one.replace("(1)", "(2)"))
    );
    told(&["main/1002", "main/1003"]);

    // A person's word is heard on both ways, as long as both sides are as they were.
    for order in ["1002", "1003"] {
        between
            .project
            .ponte(&["order", order, "--settled"])
            .succeeds();
    }
    told(&[]);
    between.project.ponte(&["resync", "main/order"]).succeeds();
    assert_eq!(quarantined(&between), [""; 0]);
    told(&[]);
    erp.run("UPDATE orders SET total = 50 WHERE web_reference = 'main/1002'")
        .await;
    told(&["main/1002"]);
    between
        .project
        .ponte(&["resync", "main/order"])
        .exits_with(4);
    assert_eq!(quarantined(&between), others[..1]);
}

/// For the import on the ERP's side, as the orders are.
async fn staged(mut between: Between) {
    credited(&mut between);
    between.place(&[Order::usual(1001)]).await;
    let sync = || {
        between
            .project
            .ponte(&["sync", "main/order", "main/refund"])
    };
    sync().succeeds();
    in_shop(
        &between,
        &refund(
            2001,
            1001,
            "21.35",
            "2026-03-04 10:00:00",
            &[HAMMER(1001), CARRIAGE(1001)],
        ),
    )
    .await;
    // The order has not left: a person is told of that.
    sync().exits_with(4);
    assert_eq!(
        between
            .erp_rows("SELECT web_reference, order_reference, status, refund_date, total, net_total, reason FROM PONTE_REFUNDS")
            .await,
        ["main/2001 | main/1001 | new | 2026-03-04 | 21.35 | 17.50 | Broken 💔"]
    );
    assert_eq!(
        between
            .erp_rows("SELECT line, charge, quantity, amount, amount_net FROM PONTE_REFUND_LINES ORDER BY line")
            .await,
        ["1 | - | 1.000000 | 15.25 | 12.50", "2 | shipping | 1.000000 | 6.10 | 5.00"]
    );
    assert_eq!(
        between
            .erp_rows("SELECT net, tax FROM PONTE_REFUND_TAXES")
            .await,
        ["17.50 | 3.85"]
    );
}

#[tokio::test]
async fn refunds_are_staged_for_sap() {
    staged(sap::orders::between("refunds to sap", "").await).await;
}

#[tokio::test]
async fn refunds_are_staged_for_nav() {
    staged(nav::orders::between("refunds to nav", "").await).await;
}

const POINTS: [&str; 4] = [
    "batch begun",
    "record asked",
    "batch written",
    "batch committed",
];

/// A credit note without its lines or its taxes, whose sums are not its total, or which is there twice.
const WRONG: &str = "SELECT n.number FROM credit_notes n WHERE
    (SELECT COUNT(*) FROM credit_note_lines l WHERE l.note_number = n.number) <> 2
    OR ROUND((SELECT SUM(CAST(l.amount AS DECIMAL(18, 2))) FROM credit_note_lines l WHERE l.note_number = n.number) * 100, 0) <> ROUND(CAST(n.total AS DECIMAL(18, 2)) * 100, 0)
    OR ROUND((SELECT SUM(CAST(t.net AS DECIMAL(18, 2)) + CAST(t.tax AS DECIMAL(18, 2))) FROM credit_note_taxes t WHERE t.note_number = n.number) * 100, 0)
       <> ROUND(CAST(n.total AS DECIMAL(18, 2)) * 100, 0)
    OR (SELECT COUNT(*) FROM credit_notes x WHERE x.web_reference = n.web_reference) <> 1";

/// Killed (SIGKILL) at named points while refunds are written: each is there once in the end, and whole.
async fn killed(test: &str, erp: On, shop: On) {
    let rounds = if full() { 60 } else { 8 };
    let mut random = StdRng::seed_from_u64(crate::support::seed(test));
    let mut between = Between::new(test, erp, shop).await;
    credited(&mut between);
    let orders: Vec<Order> = (1001..1001 + rounds).map(Order::usual).collect();
    between.place(&orders).await;
    between.project.ponte(&["sync", "main/order"]).succeeds();
    let own = if erp == On::Sqlite {
        "ponte_link"
    } else {
        "ponte.link"
    };
    let mut hits = 0;
    for round in 0..rounds {
        // Three of one order, which wait together.
        for n in 0..3 {
            let (id, order) = (10_000 + round * 3 + n, 1001 + round);
            in_shop(
                &between,
                &refund(
                    id,
                    order,
                    "21.35",
                    "2026-03-04 10:00:00",
                    &[HAMMER(order), CARRIAGE(order)],
                ),
            )
            .await;
        }
        let point = POINTS[round as usize % POINTS.len()];
        let times = random.random_range(1..=2);
        hits += u32::from(
            between
                .project
                .killed_at(&["sync", "main/refund"], point, times),
        );
        between.end_leases().await;
        assert_eq!(between.erp_rows(WRONG).await, [""; 0], "{point} {times}");
        between.project.ponte(&["sync", "main/refund"]).succeeds();
        let counts = format!(
            "SELECT COUNT(*), (SELECT COUNT(*) FROM {own} k WHERE k.record = 'refund') FROM credit_notes"
        );
        let wanted = (round + 1) * 3;
        assert_eq!(
            between.erp_rows(&counts).await,
            [format!("{wanted} | {wanted}")],
            "{point} {times}"
        );
    }
    assert_eq!(between.erp_rows(WRONG).await, [""; 0]);
    println!("{test}: {hits} kills");
    assert!(hits * 4 >= rounds * 3, "{hits} of {rounds} kills hit");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_refunds_are_written_to_postgres() {
    killed("refunds killed postgres", On::Postgres, On::Mariadb).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_refunds_are_written_on_sqlite() {
    killed("refunds killed sqlite", On::Sqlite, On::Sqlite).await;
}
