//! Web orders into the staging tables, each once; counted once NAV has them; told of in the shop.

use super::{erp, project};
use crate::fulfilment::story::rows;
use crate::orders::changes::{quarantined, status};
use crate::orders::place::{Between, Order};
use crate::support::servers::{self, Database};

/// The shop of the other ERPs' tests, whose articles NAV has, too.
pub async fn between(test: &str, more: &str) -> Between {
    of(erp(test).await, test, more).await
}

pub async fn of(erp: Database, test: &str, more: &str) -> Between {
    let mut client = erp.client().await;
    for statement in [
        "INSERT INTO [CRONUS Italia S_p_A_$Item] ([No_], [Description], [VAT Prod_ Posting Group]) VALUES ('TOOL-1', 'Martello', 'IVA22'), ('TOOL-3', 'Rastrello', 'IVA10')",
        "INSERT INTO [CRONUS Italia S_p_A_$Item Ledger Entry] ([Entry No_], [Item No_], [Location Code], [Quantity]) VALUES (11, 'TOOL-1', 'SEDE', 15), (12, 'TOOL-1', 'RIP', 7), (13, 'TOOL-3', 'SEDE', 10)",
    ] {
        client.run(statement).await;
    }
    let shop = servers::mariadb(&format!("{test} shop")).await;
    let mut client = shop.client().await;
    client.load_file("schemas/woocommerce/mysql.sql").await;
    client.load_file("tests/cases/woocommerce/seed.sql").await;
    client.run("UPDATE wp_options SET option_value = 'Europe/Rome' WHERE option_name = 'timezone_string'").await;
    client.run("DELETE FROM wp_wc_orders").await;
    client
        .run("DELETE FROM wp_wc_product_meta_lookup WHERE sku LIKE 'CAP-%'")
        .await;
    let project = format!("{}{more}", project(&erp, &shop));
    Between::of(erp, shop, &project)
}

/// A statement of NAV's: `$Item` is the company's table.
async fn nav(between: &Between, statement: &str) {
    let statement = statement.replace("[$", "[CRONUS Italia S_p_A_$");
    between.erp.client().await.run(&statement).await;
}

/// What a codeunit on NAV's side does with a staged order: takes the row, makes the sales order, notes its number.
async fn enter(between: &Between, order: u32) {
    for statement in [
        format!("INSERT INTO [$Sales Header] ([Document Type], [No_]) VALUES (1, 'W{order}')"),
        format!(
            "INSERT INTO [$Sales Line] ([Document Type], [Document No_], [Line No_], [No_], [Location Code], [Quantity (Base)], [Outstanding Quantity], [Outstanding Qty_ (Base)])
             SELECT 1, 'W{order}', l.line * 10000, l.item_no, 'SEDE', l.quantity, l.quantity, l.quantity
             FROM PONTE_ORDER_LINES l WHERE l.web_reference = 'main/{order}' AND l.item_no <> ''"
        ),
        format!(
            "UPDATE PONTE_ORDERS SET status = 'taken', document_no = 'W{order}' WHERE web_reference = 'main/{order}' AND status = 'new'"
        ),
    ] {
        nav(between, &statement).await;
    }
}

/// A line of an order is posted as shipped.
async fn ship(between: &Between, order: u32, line: u32, shipment: u32, tracking: &str) {
    let line = line * 10000;
    let of = format!(
        "l.[Document Type] = 1 AND l.[Document No_] = 'W{order}' AND l.[Line No_] = {line}"
    );
    for statement in [
        format!(
            "INSERT INTO [$Sales Shipment Header] ([No_], [Order No_], [Posting Date], [Shipping Agent Code], [Package Tracking No_])
             VALUES ('S{shipment}', 'W{order}', '2026-03-05', 'BRT', '{tracking}')"
        ),
        format!(
            "INSERT INTO [$Item Ledger Entry] ([Entry No_], [Item No_], [Location Code], [Quantity])
             SELECT 100 + {shipment}, l.[No_], 'SEDE', -l.[Outstanding Qty_ (Base)] FROM [$Sales Line] l WHERE {of}"
        ),
        format!(
            "UPDATE [$Sales Line] SET [Outstanding Quantity] = 0, [Outstanding Qty_ (Base)] = 0
             WHERE [Document Type] = 1 AND [Document No_] = 'W{order}' AND [Line No_] = {line}"
        ),
    ] {
        nav(between, &statement).await;
    }
}

/// NAV keeps no order that is shipped and invoiced whole.
async fn post_away(between: &Between, document: &str) {
    for table in [
        "Sales Header] WHERE [No_]",
        "Sales Line] WHERE [Document No_]",
    ] {
        nav(between, &format!("DELETE FROM [${table} = '{document}'")).await;
    }
}

#[tokio::test]
async fn an_order_is_staged_once_with_what_nav_needs() {
    let between = between("nav::orders::staged", "").await;
    between.project.ponte(&["check"]).succeeds();
    let company = Order {
        company: Some("Verdi S.r.l."),
        vat: Some("IT 01234567897"),
        ..Order::usual(1002)
    };
    between.place(&[Order::usual(1001), company]).await;
    let sync = || between.project.ponte(&["sync", "main/order"]);
    sync().succeeds();
    let heads = "SELECT web_reference, status, web_number, order_date, net_total, total, customer_no, name, email, vat_number, sdi_code, street, delivery_name,
        delivery_street, delivery_city, payment_method, transaction_id, note FROM PONTE_ORDERS ORDER BY web_reference";
    assert_eq!(
        between.erp_rows(heads).await,
        [
            "main/1001 | new | 1001 | 2026-03-02 | 45.00 | 53.10 | - | Ada Rossi | buyer1001@example.com | - | 0000000 | Via Roma 1 | Ugo Neri | Corso Po 2 int. 3 | Asti | stripe | ch_1001 | Ring twice",
            "main/1002 | new | 1002 | 2026-03-02 | 45.00 | 53.10 | C001 | Verdi S.r.l. | buyer1002@example.com | 01234567897 | 0000000 | Via Roma 1 | Ugo Neri | Corso Po 2 int. 3 | Asti | stripe | ch_1002 | Ring twice",
        ]
    );
    let lines = "SELECT line, item_no, charge, quantity, unit_price, amount, amount_net, vat_group FROM PONTE_ORDER_LINES WHERE web_reference = 'main/1001' ORDER BY line";
    assert_eq!(
        between.erp_rows(lines).await,
        [
            "1 | TOOL-1 | - | 2.000000 | 15.250000 | 30.50 | 25.00 | IVA22",
            "2 | TOOL-3 | - | 1.000000 | 16.500000 | 16.50 | 15.00 | IVA10",
            "3 | - | shipping | 1.000000 | 6.100000 | 6.10 | 5.00 | IVA22",
        ]
    );
    let taxes = "SELECT vat_group, net, tax FROM PONTE_ORDER_TAXES WHERE web_reference = 'main/1001' ORDER BY vat_group";
    assert_eq!(
        between.erp_rows(taxes).await,
        ["IVA10 | 15.00 | 1.50", "IVA22 | 30.00 | 6.60"]
    );
    // Neither another run nor one that has lost its links makes a second row; nor when NAV has them.
    let all = "SELECT (SELECT COUNT(*) FROM PONTE_ORDERS), (SELECT COUNT(*) FROM PONTE_ORDER_LINES), (SELECT COUNT(*) FROM PONTE_ORDER_TAXES)";
    sync().succeeds();
    enter(&between, 1001).await;
    let mut client = between.erp.client().await;
    client
        .run("DELETE FROM ponte.link WHERE record = 'order'")
        .await;
    sync().succeeds();
    assert_eq!(between.erp_rows(all).await, ["2 | 6 | 4"]);
    between.project.ponte(&["reconcile"]).succeeds();
    // What NAV has no VAT setup for waits.
    nav(
        &between,
        "UPDATE [$VAT Posting Setup] SET [VAT _] = 4 WHERE [VAT Prod_ Posting Group] = 'IVA10'",
    )
    .await;
    between.place(&[Order::usual(1003)]).await;
    sync().exits_with(4);
    let said = quarantined(&between).join("\n");
    assert!(
        said.contains("NAV has no VAT posting setup of 10 % for the business group NAZ"),
        "{said}"
    );
}

/// From the buyer's click to the parcel the sum of a figure does not move.
#[tokio::test]
async fn a_staged_order_stays_pending_until_nav_has_it() {
    let between = between("nav::orders::pending", "").await;
    between
        .place(&[Order::usual(1001), Order::usual(1002)])
        .await;
    let shown = "SELECT meta_value FROM wp_postmeta WHERE post_id = 101 AND meta_key = '_stock'";
    let stock = async |pieces: &str, claim: &str| {
        between.project.ponte(&["sync", "main/stock"]).succeeds();
        let found = rows(&mut between.shop.client().await, shown).await;
        assert_eq!(found, [pieces], "{claim}");
    };
    stock("11", "two orders that NAV has not heard of").await;
    between.project.ponte(&["sync", "main/order"]).succeeds();
    stock("11", "staged").await;
    enter(&between, 1001).await;
    stock("11", "one of them a sales order").await;
    ship(&between, 1001, 1, 1, "T1").await;
    stock("11", "its hammers shipped").await;
    ship(&between, 1001, 2, 2, "T2").await;
    post_away(&between, "W1001").await;
    stock("11", "posted whole, and gone").await;
    enter(&between, 1002).await;
    stock("11", "the other one, too").await;
    nav(
        &between,
        "UPDATE [$Sales Line] SET [Location Code] = '' WHERE [Document No_] = 'W1002'",
    )
    .await;
    stock("11", "from no location as yet").await;
    // Deleted by somebody: the pieces are free, whatever the shop says.
    post_away(&between, "W1002").await;
    stock("13", "deleted").await;
    let explained = between.project.ponte(&["explain", "TOOL-1"]).succeeds();
    assert!(explained.stdout.contains("13"), "{explained}");
}

#[tokio::test]
async fn a_cancelled_order_is_withdrawn_until_nav_has_taken_it() {
    let between = between("nav::orders::cancelled", "").await;
    between
        .place(&[Order::usual(1001), Order::usual(1002), Order::usual(1003)])
        .await;
    let sync = || between.project.ponte(&["sync", "main/order"]);
    sync().succeeds();
    let taken = "UPDATE PONTE_ORDERS SET status = 'taken' WHERE web_reference = 'main/1002'";
    nav(&between, taken).await;
    enter(&between, 1003).await;
    for order in 1001..=1003 {
        status(&between, order, "wc-cancelled").await;
    }
    sync().exits_with(4);
    let states = "SELECT web_reference, status FROM PONTE_ORDERS ORDER BY web_reference";
    assert_eq!(
        between.erp_rows(states).await,
        [
            "main/1001 | cancelled",
            "main/1002 | taken",
            "main/1003 | taken"
        ]
    );
    let told = quarantined(&between);
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[1].contains("`W1003` is picked in the ERP"), "{told:?}");
}

#[tokio::test]
async fn nav_shipments_and_invoices_are_told_in_the_shop() {
    let mut between = between("nav::orders::told", "").await;
    between.say("fulfilment.write = true");
    between
        .place(&[Order::usual(1001), Order::usual(1002)])
        .await;
    let mut shop = between.shop.client().await;
    for order in [1001, 1002] {
        shop.run(&format!(
            "INSERT INTO wp_posts (ID, post_date, post_date_gmt, post_content, post_title, post_excerpt, post_status, to_ping, pinged, post_content_filtered, post_type)
             VALUES ({order}, '2026-03-02 00:30:00', '2026-03-01 23:30:00', '', '', '', 'draft', '', '', '', 'shop_order_placehold')"
        ))
        .await;
    }
    between.project.ponte(&["sync", "main/order"]).succeeds();
    let notes = async || {
        between
            .project
            .ponte(&["sync", "main/fulfilment"])
            .succeeds();
        let sql =
            "SELECT o.id, o.status, REPLACE(c.comment_content, '\\n', '; ') FROM wp_wc_orders o
                   LEFT JOIN wp_comments c ON c.comment_post_ID = o.id ORDER BY o.id, c.comment_ID";
        rows(&mut between.shop.client().await, sql).await
    };
    let untold = ["1001 | wc-processing | -", "1002 | wc-processing | -"];
    assert_eq!(notes().await, untold, "staged is no news");
    enter(&between, 1001).await;
    enter(&between, 1002).await;
    assert_eq!(notes().await, untold, "nor is a sales order");
    ship(&between, 1001, 1, 1, "T1").await;
    notes().await;
    ship(&between, 1001, 2, 2, "").await;
    notes().await;
    for statement in [
        "UPDATE [$Sales Shipment Header] SET [Package Tracking No_] = 'T2' WHERE [No_] = 'S2'",
        "INSERT INTO [$Sales Invoice Header] ([No_]) VALUES ('F900')",
        "INSERT INTO [$Sales Invoice Line] ([Document No_], [Line No_], [Shipment No_]) VALUES ('F900', 10000, 'S1'), ('F900', 20000, 'S2')",
    ] {
        nav(&between, statement).await;
    }
    post_away(&between, "W1001").await;
    post_away(&between, "W1002").await;
    notes().await;
    let told = notes().await;
    assert_eq!(
        told,
        [
            "1001 | wc-completed | Spedito in parte; Consegna S1 del 05/03/2026: Bartolini T1",
            "1001 | wc-completed | Spedito; Consegna S2 del 05/03/2026: Bartolini",
            "1001 | wc-completed | Fatturato; Consegna S2 del 05/03/2026: Bartolini T2; Fattura F900",
            "1002 | wc-cancelled | Annullato",
        ]
    );
}

#[tokio::test]
async fn customers_who_are_enabled_in_nav_get_accounts() {
    let between = between(
        "nav::orders::customers",
        "[shop.main.customer]\nsync = true\n",
    )
    .await;
    let accounts = async || {
        between.project.ponte(&["sync", "customer"]).succeeds();
        let sql = "SELECT u.user_email, (SELECT GROUP_CONCAT(CONCAT(m.meta_key, '=', m.meta_value) ORDER BY m.meta_key SEPARATOR ', ') FROM wp_usermeta m
                   WHERE m.user_id = u.ID AND m.meta_key LIKE 'billing%' AND m.meta_value <> '') FROM wp_users u WHERE u.ID <> 1 ORDER BY 1";
        rows(&mut between.shop.client().await, sql).await
    };
    assert_eq!(accounts().await.len(), 0, "NAV has no such field yet");
    nav(
        &between,
        "ALTER TABLE [$Customer] ADD [Web] TINYINT NOT NULL DEFAULT 1",
    )
    .await;
    let made = accounts().await;
    assert_eq!(
        made,
        [
            "anna@example.com | billing_address_1=Via Roma 1, billing_city=Roma, billing_country=IT, billing_email=anna@example.com, billing_postcode=00100, billing_state=RM",
            "office@verdi.example | billing_address_1=Via Po 3, billing_city=Torino, billing_company=Verdi Srl, billing_country=IT, billing_email=office@verdi.example, billing_phone=011 123, billing_postcode=10100, billing_state=TO",
        ]
    );
    assert_eq!(accounts().await, made);
    // Her first order is known by its address; from then on her account is hers, whatever address she orders with.
    let id = "SELECT u.ID FROM wp_users u WHERE u.user_email = 'anna@example.com'";
    let id = between.shop.client().await.value(id).await.unwrap();
    let first = Order {
        email: "anna@example.com".to_owned(),
        ..Order::usual(1001)
    };
    for order in [first, Order::usual(1002)] {
        between.place(&[order]).await;
        let mut shop = between.shop.client().await;
        let hers = format!("UPDATE wp_wc_orders SET customer_id = {id}");
        shop.run(&hers).await;
        between.project.ponte(&["sync", "main/order"]).succeeds();
    }
    let codes = "SELECT customer_no FROM PONTE_ORDERS";
    assert_eq!(between.erp_rows(codes).await, ["C002", "C002"]);
}
