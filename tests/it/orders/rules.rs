//! The project's rules: which orders come in, which wait, which a person is asked about; and what the person said.

use super::place::{Between, Order};
use crate::support::full;
use crate::support::project::golden_differs;
use crate::sync::pair::On;

impl Between {
    fn rules(&mut self, rules: &str) {
        let text = self.project.read("ponte.toml");
        self.project.file("ponte.toml", &format!("{text}\n{rules}"));
    }

    async fn in_shop(&self, statements: &[&str]) {
        let mut shop = self.shop.client().await;
        for statement in statements {
            shop.run(statement).await;
        }
    }

    fn told(&self, arguments: &[&str]) -> String {
        self.project.ponte(arguments).succeeds().stdout
    }
}

fn has(text: &str, all: &[&str]) {
    for one in all {
        assert!(text.contains(one), "{one}\n{text}");
    }
}

#[tokio::test]
async fn rules_decide_which_orders_come_in_and_when() {
    rules_decide("order rules", On::Sqlite, On::Sqlite).await;
}

/// The other tests' rules, too, in a long run.
#[tokio::test]
async fn rules_decide_what_comes_into_an_erp_on_sqlserver() {
    rules_decide("order rules sqlserver", On::SqlServer, On::Mariadb).await;
    if full() {
        comes_in_once_approved("order approval sqlserver", On::SqlServer).await;
        new_customers_wait("new customers sqlserver", On::SqlServer).await;
        names_of_the_erp("order codes sqlserver", On::SqlServer).await;
        branches_share_a_customer("branches sqlserver", On::SqlServer).await;
    }
}

async fn rules_decide(test: &str, erp: On, shop: On) {
    let mut between = Between::new(test, erp, shop).await;
    between.rules(
        r#"
[[shop.main.orders.accept]]
if   = "email = 'buyer1006@example.com'"
take = "always"

[[shop.main.orders.accept]]
if   = "country IN ('CH', 'NO')"
take = "never"
why  = "we do not deliver there"

[[shop.main.orders.accept]]
if      = "payment_method = 'bacs'"
take    = "when paid"
give_up = "10d"
"#,
    );
    let orders: Vec<Order> = (1001..=1006).map(Order::usual).collect();
    between.place(&orders).await;
    let now = chrono::Utc::now().format("%Y-%m-%d %H:%M:%S");
    between
        .in_shop(&[
            // Whoever is taken always is not asked to pay first, wherever they live.
            "UPDATE wp_wc_order_addresses SET country = 'CH' WHERE order_id = 1006",
            "UPDATE wp_wc_orders SET payment_method = 'bacs' WHERE id = 1006",
            "UPDATE wp_wc_order_operational_data SET date_paid_gmt = NULL WHERE order_id = 1006",
            // Never taken, and so not in need of an article that the ERP knows.
            "UPDATE wp_wc_order_addresses SET country = 'CH' WHERE order_id = 1002",
            "UPDATE wp_woocommerce_order_itemmeta SET meta_value = '999' WHERE meta_key = '_product_id' AND order_item_id = 100202",
            "UPDATE wp_wc_orders SET payment_method = 'bacs' WHERE id IN (1003, 1004, 1005)",
            "UPDATE wp_wc_order_operational_data SET date_paid_gmt = NULL WHERE order_id IN (1003, 1004)",
            &format!("UPDATE wp_wc_orders SET date_created_gmt = '{now}' WHERE id = 1003"),
        ])
        .await;
    let dry = between.project.ponte(&["sync", "main/order", "--dry-run"]);
    let dry = dry.exits_with(4).stdout;
    has(
        &dry,
        &[
            "1 record waits to be paid",
            "given up: it is not paid after",
        ],
    );
    let said = between.project.ponte(&["sync", "main/order"]);
    has(
        &said.exits_with(4).stdout,
        &["ignored", "1 record waits to be paid"],
    );
    between.assert_whole(3).await;
    has(
        &between.told(&["order", "1002"]),
        &[
            "no: this shop's rules never take it: we do not deliver there",
            "held until it is cancelled in the shop",
        ],
    );
    has(
        &between.told(&["order", "1003"]),
        &[
            "no: it is yet to be paid: payment_method = 'bacs'",
            "the rule at ponte.toml:",
        ],
    );
    let listed = between.told(&["quarantine", "list"]);
    has(&listed, &["1004", "given up: it is not paid after"]);
    assert!(!listed.contains("1002"), "{listed}");
    // Neither side lacks anything that it ought to have, but for the order that is given up.
    let compared = between.project.ponte(&["reconcile"]).exits_with(7).stdout;
    has(&compared, &["main/1004"]);
    assert!(
        !compared.contains("main/1002") && !compared.contains("main/1003"),
        "{compared}"
    );
    // Whatever keeps an order out of the ERP, the shop may still send it: its pieces are not for sale.
    let held = between.told(&["explain", "TOOL-3"]);
    has(&held, &["main/1002", "main/1003", "main/1004"]);

    between
        .in_shop(&["UPDATE wp_wc_order_operational_data SET date_paid_gmt = '2026-03-05 10:00:00' WHERE order_id = 1003",
            "UPDATE wp_wc_orders SET status = 'wc-cancelled' WHERE id = 1004"])
        .await;
    between.project.ponte(&["sync", "main/order"]).succeeds();
    between.assert_whole(4).await;
}

#[tokio::test]
async fn an_order_comes_in_once_a_person_has_approved_it_as_it_is() {
    comes_in_once_approved("order approval", On::Postgres).await;
}

async fn comes_in_once_approved(test: &str, erp: On) {
    let mut between = Between::new(test, erp, On::Mariadb).await;
    between.rules(
        r#"
[[shop.main.orders.accept]]
if   = "total > 50"
take = "after approval"
"#,
    );
    between
        .place(&[Order::usual(1001), Order::usual(1002)])
        .await;
    // A dry run asks nobody.
    let dry = between.project.ponte(&["sync", "main/order", "--dry-run"]);
    has(
        &dry.exits_with(4).stdout,
        &["to approve", "unapproved: waits for approval: total > 50"],
    );
    has(
        &between.told(&["approve", "list"]),
        &["Nothing waits for approval."],
    );

    between.project.ponte(&["sync", "main/order"]).exits_with(4);
    between.assert_whole(0).await;
    has(
        &between.told(&["approve", "list"]),
        &[
            "2 questions wait",
            "main/order/1001",
            "Ada Rossi, 53.10 EUR, Card",
            "total > 50",
        ],
    );
    has(
        &between.told(&["approve", "show", "main/order/1001"]),
        &["2 x TOOL-1 30.50", "Courier 6.10"],
    );
    has(
        &between.told(&["order", "1001"]),
        &["ponte approve accept main/order/1001"],
    );

    // What has changed since is asked anew, and what was shown is no longer approved.
    between
        .project
        .ponte(&["approve", "accept", "main/order/1001"])
        .succeeds();
    between
        .in_shop(&["UPDATE wp_wc_order_addresses SET address_1 = 'Elsewhere 5' WHERE order_id = 1001 AND address_type = 'shipping'"])
        .await;
    let said = between.project.ponte(&["sync", "main/order"]).exits_with(4);
    has(&said.stdout, &["it has changed since it was approved"]);
    between.assert_whole(0).await;
    has(
        &between.told(&["approve", "show", "main/order/1001"]),
        &["open", "other shipping_street"],
    );

    // A person's word outlives the state beside the project.
    between
        .project
        .ponte(&["approve", "accept", "main/order/1001"])
        .succeeds();
    let no = [
        "approve",
        "reject",
        "main/order/1002",
        "--why",
        "never again",
    ];
    between.project.ponte(&no).succeeds();
    std::fs::remove_dir_all(between.project.path(".ponte")).unwrap();
    let said = between.project.ponte(&["sync", "main/order"]).succeeds();
    has(&said.stdout, &["ignored"]);
    between.assert_whole(1).await;
    has(
        &between.told(&["order", "1002"]),
        &["no: rejected: never again"],
    );
    has(
        &between.told(&["approve", "list", "--all"]),
        &["applied", "rejected", "never again"],
    );
    let late = between
        .project
        .ponte(&["approve", "accept", "main/order/1001"]);
    has(
        &late.exits_with(4).stdout,
        &["it was approved and carried over already"],
    );
    between
        .project
        .ponte(&["approve", "accept", "main/order/1"])
        .exits_with(2);

    // An installation of before has no such table yet.
    between
        .erp
        .client()
        .await
        .run("DROP TABLE ponte.approval")
        .await;
    let said = between.project.ponte(&["sync", "main/order"]).exits_with(2);
    has(&said.stderr, &["ponte setup --run"]);
    between.project.ponte(&["setup", "--run"]).succeeds();
    between.project.ponte(&["sync", "main/order"]).exits_with(4);
    has(&between.told(&["approve", "list"]), &["main/order/1002"]);
}

async fn new_customers_wait(test: &str, erp: On) {
    let mut between = Between::new(test, erp, On::Sqlite).await;
    between.rules(
        r#"
[[shop.main.orders.accept]]
if   = "new_customer"
take = "after approval"
why  = "nobody knows them yet"
"#,
    );
    between
        .erp
        .client()
        .await
        .run("INSERT INTO customers (number, name, vat_number, email) VALUES ('C1', 'Known Srl', '01234567890', 'Ada@Known.Example')")
        .await;
    let of = |id, email: &str| Order {
        email: email.to_owned(),
        ..Order::usual(id)
    };
    let company = Order {
        company: Some("Known S.r.l."),
        vat: Some("IT 01234567890"),
        ..Order::usual(1002)
    };
    // Known by address and by VAT number; new ones, two orders of one of them.
    between
        .place(&[
            of(1001, "ada@known.example"),
            company,
            of(1003, "new@example.com"),
            of(1004, "new@example.com"),
            of(1005, "other@example.com"),
        ])
        .await;
    between.project.ponte(&["sync", "main/order"]).exits_with(4);
    between.assert_whole(2).await;
    has(
        &between.told(&["approve", "list"]),
        &[
            "3 questions wait",
            "main/order/1003",
            "nobody knows them yet",
        ],
    );
    has(
        &between.told(&["order", "1005"]),
        &["no: waits for approval: nobody knows them yet"],
    );
    between
        .project
        .ponte(&["approve", "accept", "main/order/1003"])
        .succeeds();
    let reject = ["approve", "reject", "main/order/1005", "--why", "a fraud"];
    between.project.ponte(&reject).succeeds();
    between.project.ponte(&["sync", "main/order"]).exits_with(4);
    // Its customer is known by now, and the question stands all the same.
    between.assert_whole(3).await;
    between.project.ponte(&["sync", "main/order"]).exits_with(4);
    between.assert_whole(3).await;
    has(
        &between.told(&["order", "1004"]),
        &["no: waits for approval: nobody knows them yet"],
    );
    has(&between.told(&["order", "1005"]), &["a fraud"]);
    // Who has ordered before is no new customer, and what is new by then is asked anew.
    between
        .place(&[of(1006, "NEW@example.com"), of(1007, "third@example.com")])
        .await;
    between
        .project
        .ponte(&["approve", "accept", "main/order/1004"])
        .succeeds();
    between.project.ponte(&["sync", "main/order"]).exits_with(4);
    between.assert_whole(5).await;
    let customers = "SELECT COUNT(*) FROM customers WHERE number LIKE 'WC%'";
    assert_eq!(between.erp_rows(customers).await, ["1"]);
    let listed = between.told(&["approve", "list"]);
    has(&listed, &["1 question waits", "main/order/1007"]);
}

#[tokio::test]
async fn an_order_of_a_new_customer_waits_for_approval_on_postgres() {
    new_customers_wait("new customers postgres", On::Postgres).await;
}

#[tokio::test]
async fn an_order_of_a_new_customer_waits_for_approval_on_sqlite() {
    new_customers_wait("new customers sqlite", On::Sqlite).await;
}

#[tokio::test]
async fn payments_carriers_and_vat_get_the_erps_names_or_the_order_waits() {
    names_of_the_erp("order codes", On::Sqlite).await;
}

async fn names_of_the_erp(test: &str, erp: On) {
    let mut between = Between::new(test, erp, On::Sqlite).await;
    between.rules(
        r#"
[shop.main.orders.payment]
stripe = "CARD"

[shop.main.orders.carrier]
Courier = "ROSSI"

[[shop.main.orders.vat]]
rate = 22.0
if   = "country = 'IT'"
code = "IVA22"

[[shop.main.orders.vat]]
rate = 10
code = "WEB10"

[[shop.main.orders.vat]]
rate = 22
if   = "country = 'DE'"
code = "DE22"
"#,
    );
    let mut erp = between.erp.client().await;
    erp.run("INSERT INTO tax_classes (code, description, rate) VALUES ('WEB10', 'sold on the web', 10), ('DE22', 'OSS', 22)").await;
    let orders: Vec<Order> = (1001..=1005).map(Order::usual).collect();
    between.place(&orders).await;
    between
        .in_shop(&[
            "UPDATE wp_wc_orders SET payment_method = 'klarna' WHERE id = 1002",
            "UPDATE wp_woocommerce_order_items SET order_item_name = 'Pigeon' WHERE order_item_name = 'Courier' AND order_id = 1003",
            "UPDATE wp_wc_order_addresses SET country = 'FR' WHERE order_id = 1004",
            "UPDATE wp_wc_order_addresses SET country = 'DE' WHERE order_id = 1005",
        ])
        .await;
    between.project.ponte(&["sync", "main/order"]).exits_with(4);
    between.assert_whole(2).await;
    let heads = "SELECT payment_method, carrier FROM orders WHERE web_reference = 'main/1001'";
    assert_eq!(between.erp_rows(heads).await, ["CARD | ROSSI"]);
    let codes = |table: &str, by: &str, order: u32| {
        format!(
            "SELECT x.tax_class FROM {table} x JOIN orders o ON o.number = x.order_number WHERE o.web_reference = 'main/{order}' ORDER BY x.{by}"
        )
    };
    // Carriage is the last one.
    assert_eq!(
        between.erp_rows(&codes("order_lines", "line", 1001)).await,
        ["IVA22", "WEB10", "IVA22"]
    );
    assert_eq!(
        between.erp_rows(&codes("order_lines", "line", 1005)).await,
        ["DE22", "WEB10", "DE22"]
    );
    assert_eq!(
        between
            .erp_rows(&codes("order_taxes", "tax_class", 1005))
            .await,
        ["DE22", "WEB10"]
    );
    let listed = between.told(&["quarantine", "list", "--json"]);
    has(
        &listed,
        &[
            "nobody has said what the payment method `klarna` is in the ERP",
            "to `[shop.main.orders.payment]`",
            "nobody has said what the carrier `Pigeon` is in the ERP",
            "nobody has said which VAT code of the ERP 22 % is for such an order",
            "as a `[[shop.main.orders.vat]]`",
        ],
    );
}

/// Goods and carriage of one rate are two lines of the tax split, and it still comes to the total.
#[tokio::test]
async fn carriage_has_a_vat_code_of_its_own() {
    let mut between = Between::new("carriage codes", On::Sqlite, On::Sqlite).await;
    between.rules(
        r#"
[[shop.main.orders.vat]]
rate = 22
on   = ["shipping", "fee"]
code = "CARR22"

[[shop.main.orders.vat]]
rate = 22
code = "IVA22"

[[shop.main.orders.vat]]
rate = 10
on   = ["line"]
code = "IVA10"
"#,
    );
    let mut erp = between.erp.client().await;
    erp.run("INSERT INTO tax_classes (code, description, rate) VALUES ('CARR22', 'carriage', 22)")
        .await;
    between
        .place(&[Order::usual(1001), Order::usual(1002)])
        .await;
    // A fee of the second rate, which nobody has named.
    between
        .in_shop(&["UPDATE wp_woocommerce_order_itemmeta SET meta_value = REPLACE(meta_value, 'i:1;', 'i:2;') WHERE meta_key = 'taxes' AND order_item_id IN (SELECT i.order_item_id FROM wp_woocommerce_order_items i WHERE i.order_id = 1002)",
            "UPDATE wp_woocommerce_order_itemmeta SET meta_value = '0.50' WHERE meta_key = 'total_tax' AND order_item_id IN (SELECT i.order_item_id FROM wp_woocommerce_order_items i WHERE i.order_id = 1002)",
            "UPDATE wp_wc_orders SET total_amount = 52.5 WHERE id = 1002",
            "UPDATE wp_wc_order_operational_data SET shipping_tax_amount = 0.5 WHERE order_id = 1002"])
        .await;
    between.project.ponte(&["sync", "main/order"]).exits_with(4);
    between.assert_whole(1).await;
    let split = "SELECT x.tax_class, CAST(x.net AS DECIMAL(12, 2)), CAST(x.tax AS DECIMAL(12, 2)) FROM order_taxes x ORDER BY 1";
    let split: Vec<String> = between.erp_rows(split).await;
    let wanted = ["CARR22 | 5 | 1.1", "IVA10 | 15 | 1.5", "IVA22 | 25 | 5.5"];
    assert_eq!(split, wanted);
    let codes = "SELECT l.tax_class FROM order_lines l ORDER BY l.line";
    assert_eq!(between.erp_rows(codes).await, ["IVA22", "IVA10", "CARR22"]);
    let listed = between.told(&["quarantine", "list", "--json"]);
    has(
        &listed,
        &["nobody has said which VAT code of the ERP 10 % is for `shipping` of such an order"],
    );
}

#[tokio::test]
async fn numbers_that_italians_are_invoiced_by_are_read_as_they_are_meant() {
    let mut between = Between::new("italian numbers", On::Sqlite, On::Sqlite).await;
    // The shop asks for code and address in one field.
    let text = between.project.read("ponte.toml");
    let text = text.replace(
        "price_list ",
        "sdi_key = \"_billing_sdi_pec\"\npec_key = \"_billing_sdi_pec\"\nprice_list ",
    );
    between.project.file("ponte.toml", &text);
    let company = |id, vat| Order {
        company: Some("Ditta Srl"),
        vat: Some(vat),
        ..Order::usual(id)
    };
    between
        .place(&[
            company(1001, "it 0764.3520.567"),
            Order::usual(1002),
            Order::usual(1003),
        ])
        .await;
    let meta = |id: u32, key: &str, value: &str| {
        format!(
            "INSERT INTO wp_wc_orders_meta (order_id, meta_key, meta_value) VALUES ({id}, '{key}', '{value}')"
        )
    };
    between
        .in_shop(&[
            &meta(1001, "_billing_sdi_pec", " m5uxcr1"),
            &meta(1002, "_billing_sdi_pec", "Ada@PEC.example"),
            &meta(1002, "_billing_cf", "mrt mtt 91d08 f205j"),
            "UPDATE wp_wc_order_addresses SET country = 'FR' WHERE order_id = 1003",
        ])
        .await;
    between.project.ponte(&["sync", "main/order"]).succeeds();
    let rows = between
        .erp_rows("SELECT c.vat_number, c.tax_code, c.sdi_code, c.pec FROM orders o JOIN customers c ON c.number = o.customer WHERE o.web_reference IS NOT NULL ORDER BY o.web_reference")
        .await;
    assert_eq!(
        rows,
        [
            "07643520567 | - | M5UXCR1 | -",
            "- | MRTMTT91D08F205J | 0000000 | ada@pec.example",
            "- | - | XXXXXXX | -",
        ]
    );
}

#[tokio::test]
async fn check_proposes_the_keys_under_which_plug_ins_keep_numbers() {
    let between = Between::new("order keys", On::Sqlite, On::Mariadb).await;
    between
        .place(&[Order::usual(1001), Order::usual(1002)])
        .await;
    let before = between.project.ponte(&["check"]).succeeds().stderr;
    assert!(!before.contains("P391"), "{before}");
    let mut rows = Vec::new();
    for (order, key) in [
        (1001, "_billing_piva"),
        (1002, "_billing_piva"),
        (1002, "_billing_partita_iva"),
        (1001, "_billing_cf"),
    ] {
        rows.push(format!("({order}, '{key}', '07643520567')"));
    }
    between
        .in_shop(&[&format!(
            "INSERT INTO wp_wc_orders_meta (order_id, meta_key, meta_value) VALUES {}",
            rows.join(", ")
        )])
        .await;
    let said = between.project.ponte(&["check"]).succeeds().stderr;
    let warnings: Vec<&str> = said
        .split("\n\n")
        .filter(|part| part.contains("[P391]"))
        .collect();
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/cases/woocommerce/order-keys.txt");
    let differs = golden_differs(&format!("{}\n", warnings.join("\n\n").trim()), &file);
    assert_eq!(differs, None);
}

#[tokio::test]
async fn changes_that_a_condition_names_wait_for_a_person_with_old_and_new_values() {
    let mut between = Between::new("approved prices", On::Sqlite, On::Mariadb).await;
    between.project.ponte(&["match", "--accept"]);
    between
        .project
        .ponte(&["sync", "main/article", "main/price"]);
    between.rules(
        r#"
[shop.main.price]
approve = "number(new._regular_price) < number(old._regular_price) * 0.8"

[flow.agents]
approve = "new.share > 10 OR old.name IS NULL"
from = { connection = "erp", table = "web_agents", key = ["code"] }
to   = { connection = "shop.main", table = "web_agents", match = { code = "code" }, set = { name = "name", share = "share" } }
"#,
    );
    let mut erp = between.erp.client().await;
    let table =
        "CREATE TABLE web_agents (code VARCHAR(10) PRIMARY KEY, name VARCHAR(50), share INTEGER)";
    erp.run(table).await;
    erp.run("INSERT INTO web_agents VALUES ('A', 'Ada', 5)")
        .await;
    let prices = "SELECT m.meta_value + 0 FROM wp_postmeta m JOIN wp_postmeta s ON s.post_id = m.post_id AND s.meta_key = '_sku'
        WHERE m.meta_key = '_regular_price' AND s.meta_value IN ('TOOL-1', 'TOOL-3') ORDER BY s.meta_value";
    let mut shop = between.shop.client().await;
    shop.run(table).await;
    let before = shop.rows(prices).await;
    erp.run("UPDATE prices SET amount = amount * 0.5 WHERE sku = 'TOOL-1'")
        .await;
    erp.run("UPDATE prices SET amount = amount * 0.9 WHERE sku = 'TOOL-3'")
        .await;

    // The little one goes through; the other one is shown, old and new.
    let said = between.project.ponte(&["sync", "main/price"]).exits_with(4);
    has(
        &said.stdout,
        &["unapproved: waits for approval: _regular_price"],
    );
    let after = shop.rows(prices).await;
    assert_eq!(before[0], after[0]);
    assert_ne!(before[1], after[1]);
    let listed = between.told(&["approve", "list", "--json"]);
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    let id = listed["approvals"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(id, "main/price/TOOL-1 / public");
    has(
        &between.told(&["approve", "show", &id]),
        &["_regular_price", "->"],
    );

    // Somebody at the shop has changed it meanwhile: it is no longer what was approved.
    between
        .project
        .ponte(&["approve", "accept", &id])
        .succeeds();
    let by_hand = "UPDATE wp_postmeta SET meta_value = '99' WHERE meta_key = '_regular_price' AND post_id = 101";
    shop.run(by_hand).await;
    between.project.ponte(&["sync", "main/price"]).exits_with(4);
    between
        .project
        .ponte(&["approve", "accept", &id])
        .succeeds();
    between.project.ponte(&["sync", "main/price"]).succeeds();
    let lowered = shop.rows(prices).await;
    assert_ne!(lowered[0], before[0]);
    // It is applied once: the same step down is asked again.
    shop.run(by_hand).await;
    erp.run("UPDATE prices SET amount = amount + 0 WHERE sku = 'TOOL-1'")
        .await;
    between
        .project
        .ponte(&["resync", "main/price"])
        .exits_with(4);
    let reject = ["approve", "reject", &id, "--why", "the shop's price stays"];
    between.project.ponte(&reject).succeeds();
    between.project.ponte(&["sync", "main/price"]).succeeds();
    assert_eq!(
        shop.rows(
            "SELECT meta_value FROM wp_postmeta WHERE meta_key = '_regular_price' AND post_id = 101"
        )
        .await,
        [[Some("99".to_owned())]]
    );

    // From table to table: a row to be created has no old values, and an empty table is no exception.
    between.project.ponte(&["sync", "agents"]).exits_with(4);
    assert!(shop.rows("SELECT code FROM web_agents").await.is_empty());
    between
        .project
        .ponte(&["approve", "accept", "agents/A"])
        .succeeds();
    between.project.ponte(&["sync", "agents"]).succeeds();
    assert_eq!(shop.rows("SELECT code FROM web_agents").await.len(), 1);
}

#[tokio::test]
async fn branches_share_their_head_offices_customer_and_agent_each_with_its_own_address() {
    branches_share_a_customer("branches", On::Postgres).await;
}

async fn branches_share_a_customer(test: &str, erp: On) {
    let mut between = Between::new(test, erp, On::Mariadb).await;
    between.rules("[shop.main.order.fields]\ndefault_agent = \"'WEB'\"\n");
    let mut erp = between.erp.client().await;
    for statement in [
        "INSERT INTO sales_agents (code, name, rate, web_rate) VALUES ('MARIO', 'Mario', 8, 3), ('WEB', 'Nobody', NULL, 1.5)",
        "INSERT INTO customers (number, name, vat_number, street, agent) VALUES ('C1', 'Ditta Srl', '07643520567', 'Sede 1', 'MARIO')",
    ] {
        erp.run(statement).await;
    }
    let branch = |id| Order {
        company: Some("Ditta filiale"),
        vat: Some("IT07643520567"),
        ..Order::usual(id)
    };
    between
        .place(&[branch(1001), branch(1002), Order::usual(1003)])
        .await;
    between
        .in_shop(&[
            // The second branch is billed and supplied at one address, which is not the head office's.
            "UPDATE wp_wc_order_addresses SET address_1 = 'Filiale 2' WHERE order_id = 1002 AND address_type = 'billing'",
            "DELETE FROM wp_wc_order_addresses WHERE order_id = 1002 AND address_type = 'shipping'",
        ])
        .await;
    between.project.ponte(&["sync", "main/order"]).succeeds();
    let rows = between
        .erp_rows("SELECT CASE WHEN customer = 'C1' THEN 'same' ELSE 'other' END, delivery_name, delivery_street, agent, agent_rate + 0 FROM orders WHERE web_reference IS NOT NULL ORDER BY web_reference")
        .await;
    let rows: Vec<String> = rows.iter().map(|row| row.replace("000", "")).collect();
    assert_eq!(
        rows,
        [
            "same | Ugo Neri | Corso Po 2 int. 3 | MARIO | 3.0",
            "same | Ditta filiale | Filiale 2 | MARIO | 3.0",
            "other | Ugo Neri | Corso Po 2 int. 3 | WEB | 1.5",
        ]
    );
    // What the ERP has of its customer is the ERP's.
    assert_eq!(
        between
            .erp_rows("SELECT name, street, email, sdi_code FROM customers WHERE number = 'C1'")
            .await,
        ["Ditta Srl | Sede 1 | - | -"]
    );
}
