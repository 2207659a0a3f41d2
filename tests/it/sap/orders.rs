//! Web orders into the staging tables, each once; counted once SAP has them; told of in the shop.

use super::{erp, project};
use crate::fulfilment::story::rows;
use crate::orders::changes::{quarantined, status};
use crate::orders::place::{Between, Order};
use crate::support::servers::{self, Database};

/// The shop of the other ERPs' tests, whose articles SAP has, too.
pub async fn between(test: &str, more: &str) -> Between {
    of(erp(test).await, test, more).await
}

pub async fn of(erp: Database, test: &str, more: &str) -> Between {
    let mut client = erp.client().await;
    for statement in [
        "INSERT INTO OITM (ItemCode, ItemName, ItmsGrpCod, VatGourpSa) VALUES ('TOOL-1', 'Martello', 100, 'V22'), ('TOOL-3', 'Rastrello', 100, 'V10')",
        "INSERT INTO OITW (ItemCode, WhsCode, OnHand, IsCommited) VALUES ('TOOL-1', '01', 15, 0), ('TOOL-1', '02', 7, 0), ('TOOL-3', '01', 10, 0)",
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

/// What an import on SAP's side does with a staged order: takes the row, makes the sales order, which commits its pieces.
async fn enter(between: &Between, order: u32) {
    let mut sap = between.erp.client().await;
    for statement in [
        format!(
            "UPDATE PONTE_ORDERS SET status = 'taken' WHERE web_reference = 'main/{order}' AND status = 'new'"
        ),
        format!(
            "INSERT INTO ORDR (DocEntry, DocNum, CardCode, NumAtCard, DocTotal)
             SELECT {order}, 5{order}, COALESCE(p.card_code, 'C999'), p.web_reference, p.total FROM PONTE_ORDERS p WHERE p.web_reference = 'main/{order}'"
        ),
        format!(
            "INSERT INTO RDR1 (DocEntry, LineNum, ItemCode, WhsCode, Quantity, OpenQty, InvQty, OpenInvQty)
             SELECT {order}, l.line, l.item_code, '01', l.quantity, l.quantity, l.quantity, l.quantity
             FROM PONTE_ORDER_LINES l WHERE l.web_reference = 'main/{order}' AND l.item_code <> ''"
        ),
        format!(
            "UPDATE OITW SET IsCommited = IsCommited + (SELECT SUM(r.OpenInvQty) FROM RDR1 r WHERE r.DocEntry = {order} AND r.ItemCode = OITW.ItemCode)
             WHERE WhsCode = '01' AND ItemCode IN (SELECT r.ItemCode FROM RDR1 r WHERE r.DocEntry = {order})"
        ),
    ] {
        sap.run(&statement).await;
    }
}

/// A line of an order leaves with a delivery of SAP's.
async fn deliver(between: &Between, order: u32, line: u32, delivery: u32, tracking: &str) {
    let mut sap = between.erp.client().await;
    for statement in [
        format!(
            "INSERT INTO ODLN (DocEntry, DocNum, DocDate, TrackNo, TrnspCode) VALUES ({delivery}, 7{delivery}, '2026-03-05', '{tracking}', 1)"
        ),
        format!(
            "INSERT INTO DLN1 (DocEntry, LineNum, BaseType, BaseEntry, BaseLine, ItemCode, Quantity)
             SELECT {delivery}, 0, 17, r.DocEntry, r.LineNum, r.ItemCode, r.Quantity FROM RDR1 r WHERE r.DocEntry = {order} AND r.LineNum = {line}"
        ),
        format!(
            "UPDATE OITW SET OnHand = OnHand - (SELECT SUM(r.OpenInvQty) FROM RDR1 r WHERE r.DocEntry = {order} AND r.LineNum = {line}),
             IsCommited = IsCommited - (SELECT SUM(r.OpenInvQty) FROM RDR1 r WHERE r.DocEntry = {order} AND r.LineNum = {line})
             WHERE WhsCode = '01' AND ItemCode IN (SELECT r.ItemCode FROM RDR1 r WHERE r.DocEntry = {order} AND r.LineNum = {line})"
        ),
        format!(
            "UPDATE RDR1 SET LineStatus = 'C', OpenQty = 0, OpenInvQty = 0 WHERE DocEntry = {order} AND LineNum = {line}"
        ),
        format!(
            "UPDATE ORDR SET DocStatus = 'C' WHERE DocEntry = {order} AND NOT EXISTS (SELECT 1 FROM RDR1 r WHERE r.DocEntry = {order} AND r.LineStatus = 'O')"
        ),
    ] {
        sap.run(&statement).await;
    }
}

#[tokio::test]
async fn an_order_is_staged_once_with_what_sap_needs() {
    let between = between("sap::orders::staged", "").await;
    between.project.ponte(&["check"]).succeeds();
    let company = Order {
        company: Some("Verdi S.r.l."),
        vat: Some("IT 01234567897"),
        ..Order::usual(1002)
    };
    between.place(&[Order::usual(1001), company]).await;
    let sync = || between.project.ponte(&["sync", "main/order"]);
    sync().succeeds();
    let heads = "SELECT web_reference, status, web_number, order_date, net_total, total, card_code, name, email, vat_number, sdi_code, street, delivery_name,
        delivery_street, delivery_city, payment_method, transaction_id, note FROM PONTE_ORDERS ORDER BY web_reference";
    assert_eq!(
        between.erp_rows(heads).await,
        [
            "main/1001 | new | 1001 | 2026-03-02 | 45.00 | 53.10 | - | Ada Rossi | buyer1001@example.com | - | 0000000 | Via Roma 1 | Ugo Neri | Corso Po 2 int. 3 | Asti | stripe | ch_1001 | Ring twice",
            "main/1002 | new | 1002 | 2026-03-02 | 45.00 | 53.10 | C001 | Verdi S.r.l. | buyer1002@example.com | 01234567897 | 0000000 | Via Roma 1 | Ugo Neri | Corso Po 2 int. 3 | Asti | stripe | ch_1002 | Ring twice",
        ]
    );
    let lines = "SELECT line, item_code, charge, quantity, unit_price, amount, amount_net, vat_group FROM PONTE_ORDER_LINES WHERE web_reference = 'main/1001' ORDER BY line";
    assert_eq!(
        between.erp_rows(lines).await,
        [
            "1 | TOOL-1 | - | 2.000000 | 15.250000 | 30.50 | 25.00 | V22",
            "2 | TOOL-3 | - | 1.000000 | 16.500000 | 16.50 | 15.00 | V10",
            "3 | - | shipping | 1.000000 | 6.100000 | 6.10 | 5.00 | V22",
        ]
    );
    let taxes = "SELECT vat_group, net, tax FROM PONTE_ORDER_TAXES WHERE web_reference = 'main/1001' ORDER BY vat_group";
    assert_eq!(
        between.erp_rows(taxes).await,
        ["V10 | 15.00 | 1.50", "V22 | 30.00 | 6.60"]
    );
    // Neither another run nor one that has lost its links makes a second row; nor when SAP has them.
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
    // What SAP has no VAT group for waits.
    client
        .run("UPDATE OVTG SET Inactive = 'Y' WHERE Code = 'V10'")
        .await;
    between.place(&[Order::usual(1003)]).await;
    sync().exits_with(4);
    let said = quarantined(&between).join("\n");
    assert!(
        said.contains("SAP has no output VAT group of 10 %"),
        "{said}"
    );
}

/// From the buyer's click to the parcel the sum of a figure does not move.
#[tokio::test]
async fn a_staged_order_stays_pending_until_sap_has_it() {
    let between = between("sap::orders::pending", "").await;
    between
        .place(&[Order::usual(1001), Order::usual(1002)])
        .await;
    let shown = "SELECT meta_value FROM wp_postmeta WHERE post_id = 101 AND meta_key = '_stock'";
    let stock = async |claim: &str| {
        between.project.ponte(&["sync", "main/stock"]).succeeds();
        let found = rows(&mut between.shop.client().await, shown).await;
        assert_eq!(found, ["11"], "{claim}");
    };
    stock("two orders that SAP has not heard of").await;
    between.project.ponte(&["sync", "main/order"]).succeeds();
    stock("staged").await;
    enter(&between, 1001).await;
    stock("one of them a sales order").await;
    deliver(&between, 1001, 1, 1, "T1").await;
    stock("its hammers delivered").await;
    deliver(&between, 1001, 2, 2, "T2").await;
    stock("closed").await;
    enter(&between, 1002).await;
    stock("the other one, too").await;

    // Cancelled and entered anew, with one hammer less: the buyer still has two.
    let mut sap = between.erp.client().await;
    for statement in [
        "UPDATE ORDR SET CANCELED = 'Y', DocStatus = 'C' WHERE DocEntry = 1002",
        "INSERT INTO ORDR (DocEntry, DocNum, CardCode, NumAtCard, DocTotal) VALUES (2002, 52002, 'C999', 'main/1002', 53.1)",
        "INSERT INTO RDR1 (DocEntry, LineNum, ItemCode, WhsCode, Quantity, OpenQty, InvQty, OpenInvQty) VALUES (2002, 1, 'TOOL-1', '01', 1, 1, 1, 1)",
        "UPDATE OITW SET IsCommited = 1 WHERE ItemCode = 'TOOL-1' AND WhsCode = '01'",
    ] {
        sap.run(statement).await;
    }
    stock("entered anew").await;
    // Cancelled for good: the pieces are free, whatever the shop says.
    for statement in [
        "UPDATE ORDR SET CANCELED = 'Y', DocStatus = 'C' WHERE DocEntry = 2002",
        "UPDATE OITW SET IsCommited = 0 WHERE ItemCode = 'TOOL-1' AND WhsCode = '01'",
    ] {
        sap.run(statement).await;
    }
    between.project.ponte(&["sync", "main/stock"]).succeeds();
    assert_eq!(rows(&mut between.shop.client().await, shown).await, ["13"]);
    let explained = between.project.ponte(&["explain", "TOOL-1"]).succeeds();
    assert!(explained.stdout.contains("13"), "{explained}");
}

#[tokio::test]
async fn a_cancelled_order_is_withdrawn_until_sap_has_taken_it() {
    let between = between("sap::orders::cancelled", "").await;
    between
        .place(&[Order::usual(1001), Order::usual(1002), Order::usual(1003)])
        .await;
    let sync = || between.project.ponte(&["sync", "main/order"]);
    sync().succeeds();
    let mut sap = between.erp.client().await;
    sap.run("UPDATE PONTE_ORDERS SET status = 'taken' WHERE web_reference = 'main/1002'")
        .await;
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
    assert!(told[1].contains("`51003` is picked in the ERP"), "{told:?}");
}

#[tokio::test]
async fn sap_deliveries_and_invoices_are_told_in_the_shop() {
    let mut between = between("sap::orders::told", "").await;
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
    deliver(&between, 1001, 1, 1, "T1").await;
    notes().await;
    deliver(&between, 1001, 2, 2, "").await;
    notes().await;
    let mut sap = between.erp.client().await;
    for statement in [
        "UPDATE ODLN SET TrackNo = 'T2' WHERE DocEntry = 2",
        "INSERT INTO OINV (DocEntry, DocNum) VALUES (1, 900)",
        "INSERT INTO INV1 (DocEntry, LineNum, BaseType, BaseEntry, BaseLine) VALUES (1, 0, 15, 1, 0), (1, 1, 15, 2, 0)",
        "UPDATE ORDR SET CANCELED = 'Y', DocStatus = 'C' WHERE DocEntry = 1002",
    ] {
        sap.run(statement).await;
    }
    notes().await;
    let told = notes().await;
    assert_eq!(
        told,
        [
            "1001 | wc-completed | Spedito in parte; Consegna 71 del 05/03/2026: BRT T1",
            "1001 | wc-completed | Spedito; Consegna 72 del 05/03/2026: BRT",
            "1001 | wc-completed | Fatturato; Consegna 72 del 05/03/2026: BRT T2; Fattura 900",
            "1002 | wc-cancelled | Annullato",
        ]
    );
}

#[tokio::test]
async fn customers_who_are_enabled_in_sap_get_accounts() {
    let between = between(
        "sap::orders::customers",
        "[shop.main.customer]\nsync = true\n",
    )
    .await;
    let accounts = async || {
        between.project.ponte(&["sync", "customer"]).succeeds();
        let sql = "SELECT u.user_email, (SELECT GROUP_CONCAT(CONCAT(m.meta_key, '=', m.meta_value) ORDER BY m.meta_key SEPARATOR ', ') FROM wp_usermeta m
                   WHERE m.user_id = u.ID AND m.meta_key LIKE 'billing%' AND m.meta_value <> '') FROM wp_users u WHERE u.ID <> 1 ORDER BY 1";
        rows(&mut between.shop.client().await, sql).await
    };
    assert_eq!(accounts().await.len(), 0, "SAP has no such field yet");
    let mut sap = between.erp.client().await;
    sap.run("ALTER TABLE OCRD ADD U_PONTE_WEB NVARCHAR(1)")
        .await;
    sap.run("UPDATE OCRD SET U_PONTE_WEB = 'Y'").await;
    let made = accounts().await;
    assert_eq!(
        made,
        [
            "anna@example.com | billing_address_1=Via Roma 1, billing_city=Roma, billing_country=IT, billing_email=anna@example.com, billing_postcode=00100, billing_state=RM",
            "office@verdi.example | billing_address_1=Via Po 3, billing_city=Torino, billing_company=Verdi Srl, billing_country=IT, billing_email=office@verdi.example, billing_first_name=Ivo, billing_last_name=Verdi, billing_phone=011 123, billing_postcode=10100, billing_state=TO",
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
    let codes = "SELECT card_code FROM PONTE_ORDERS";
    assert_eq!(between.erp_rows(codes).await, ["C002", "C002"]);
}
