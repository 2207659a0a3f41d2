//! `ponte order` tells an order's way back, too: parcels, invoice, what the shop and the customer have been told, and what is next.

use super::story::Story;
use crate::support::full;
use crate::support::smtpd::Smtpd;
use crate::sync::pair::On;
use serde_json::Value;
use snapbox::str;

#[tokio::test]
async fn the_way_back_of_an_order() {
    way_back("fulfilment desk", On::Postgres).await;
    if full() {
        way_back("fulfilment desk sqlserver", On::SqlServer).await;
    }
}

async fn way_back(test: &str, erp: On) {
    let smtpd = Smtpd::open();
    let mut story = Story::new(test, erp, On::Mariadb, 2).await;
    let url = format!("smtp://127.0.0.1:{}?tls=off", smtpd.port);
    story.mails_through(&url, "");
    story.deliver(1001, "D1", "1Z 9", &[1]).await;
    let told = |story: &Story, order: &str| {
        let said = story.between.project.ponte(&["order", order]);
        let said = said.succeeds().stdout;
        let (_, back) = said.split_once("  in ERP ").expect("its document");
        back.trim_start().to_owned()
    };
    snapbox::assert_data_eq!(
        told(&story, "1001"),
        str![[r#"
W100001 of 2026-03-02: picked, total 53.10
  shipped   D1 of 2026-03-05 by BRT, tracking 1Z 9
  next      the shop is yet to be told: parcel D1
            help: the next run of main/fulfilment does that; `ponte sync main/fulfilment` now

"#]]
    );
    story.sync();
    snapbox::assert_data_eq!(
        told(&story, "1001"),
        str![[r#"
W100001 of 2026-03-02: picked, total 53.10
  shipped   D1 of 2026-03-05 by BRT, tracking 1Z 9
  mails     shipment D1 sent [..] to buyer1001@example.com

"#]]
    );
    // The second parcel has no number yet, and the invoice no file.
    story.deliver(1001, "D2", "", &[2]).await;
    story.invoice(1001, "F1").await;
    story.sync();
    snapbox::assert_data_eq!(
        told(&story, "1001"),
        str![[r#"
W100001 of 2026-03-02: delivered, total 53.10
  shipped   D1 of 2026-03-05 by BRT, tracking 1Z 9
            D2 of 2026-03-05 by BRT, no tracking number yet
  invoice   F1
  told      the shop's order was given `wc-completed`
  mails     invoice F1 goes out after [..]: the invoice's file `./invoices/F1.pdf` cannot be read: No such file or directory (os error 2)
            shipment D1 sent [..] to buyer1001@example.com
            shipment D2: it waits for the parcel's tracking number

"#]]
    );

    // Somebody in the shop has said something else, and the mail cannot be written.
    story.customer_is(1002, "").await;
    story
        .shop("UPDATE wp_wc_orders SET status = 'wc-refunded' WHERE id = 1002")
        .await;
    story.deliver(1002, "D3", "T3", &[1, 2]).await;
    story.between.project.ponte(&["sync", "main/fulfilment"]);
    snapbox::assert_data_eq!(
        told(&story, "1002"),
        str![[r#"
W100002 of 2026-03-02: delivered, total 53.10
  shipped   D3 of 2026-03-05 by BRT, tracking T3
  left      its status was left alone: somebody gave it the status `wc-refunded` in the shop, while the ERP says `shipped`
  mails     shipment D3: the mail was not sent: the ERP has no mail address of the customer
            help: correct what it says; `ponte mail again 1002` sends it once more

"#]]
    );

    let json = story.between.project.ponte(&["order", "1001", "--json"]);
    let json: Value = serde_json::from_str(&json.succeeds().stdout).expect("a JSON document");
    let order = &json["orders"][0];
    assert_eq!(order["way_back"]["parcels"][1]["tracking"], Value::Null);
    assert_eq!(order["way_back"]["next"], Value::Null);
    assert_eq!(order["mails"][1]["standing"], "sent");
    assert_eq!(order["mails"][1]["to"], "buyer1001@example.com");
    assert_eq!(order["mails"][2]["item"], "D2");
}
