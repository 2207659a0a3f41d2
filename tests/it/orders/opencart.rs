//! OpenCart's orders as its checkout writes them, into the reference ERP: 4.1, and 4.0 with its codes in columns.

use super::changes::quarantined;
use super::place::{Between, TAXES};
use crate::support::client::Client;
use crate::support::servers::Database;
use crate::sync::opencart;

const HEADS: &str = "SELECT o.web_reference, o.web_number, o.order_date, c.name, o.currency, o.total, o.net_total, o.payment_method, o.transaction_id,
    o.carrier, o.delivery_name, o.delivery_street, o.delivery_city, o.delivery_province, o.delivery_country, o.note
    FROM orders o JOIN customers c ON c.number = o.customer WHERE o.web_reference IS NOT NULL ORDER BY o.web_reference";

const LINES: &str = "SELECT l.line, l.sku, l.description, l.quantity::integer, l.unit_price::numeric(12, 4), l.amount, l.tax_class
    FROM order_lines l JOIN orders o ON o.number = l.order_number WHERE o.web_reference = ";

async fn between(test: &str, version: &str) -> Between {
    let (erp, shop, project) = databases(test, version).await;
    Between::of(erp, shop, &project)
}

/// Both databases, filled, and the project between them.
pub async fn databases(test: &str, version: &str) -> (Database, Database, String) {
    let (erp, shop) = opencart::databases(version, test).await;
    shop.client().await.load(TAXED).await;
    let project = opencart::project(version, &erp, &shop, "vat_field = \"3\"");
    (erp, shop, project)
}

/// Two percentages and an amount a piece; the carriage bears the first.
const TAXED: &str = "
    SET SESSION sql_mode = 'NO_ENGINE_SUBSTITUTION';
    INSERT INTO oc_tax_rate (tax_rate_id, geo_zone_id, name, rate, type) VALUES (1, 1, 'IVA 22%', 22, 'P'), (2, 1, 'IVA 10%', 10, 'P'), (3, 1, 'Eco', 2, 'F'), (4, 2, 'TVA 20%', 20, 'P');
    INSERT INTO oc_tax_rule (tax_class_id, tax_rate_id, based, priority) VALUES (9, 1, 'shipping', 1), (9, 4, 'shipping', 1), (10, 2, 'shipping', 1);
    INSERT INTO oc_country (country_id, iso_code_2, iso_code_3, status) VALUES (105, 'IT', 'ITA', 1);
    INSERT INTO oc_zone (zone_id, country_id, code, status) VALUES (3900, 105, 'TO', 1), (3901, 105, 'AT', 1);";

/// What is otherwise in an order.
pub struct Order {
    pub id: u32,
    pub status: u32,
    /// Currency and how much of it the shop's own is.
    pub currency: (&'static str, &'static str),
    pub total: &'static str,
    /// Product, model, pieces, price, total, tax per piece.
    pub lines: &'static [(
        u32,
        &'static str,
        u32,
        &'static str,
        &'static str,
        &'static str,
    )],
    /// Code, title, value.
    pub totals: &'static [(&'static str, &'static str, &'static str)],
}

/// Two saws and a rake, carriage, a tenth off.
pub const USUAL: Order = Order {
    id: 1,
    status: 1,
    currency: ("EUR", "1"),
    total: "48.4",
    lines: &[
        (101, "S-100", 2, "12.5", "25", "2.75"),
        (102, "RAKE", 1, "15", "15", "1.5"),
    ],
    totals: &[
        ("sub_total", "Sub-Total", "40"),
        ("shipping", "Flat Rate", "5"),
        ("coupon", "Coupon (WELCOME)", "-4"),
        ("tax", "IVA 22%", "6.05"),
        ("tax", "IVA 10%", "1.35"),
        ("total", "Total", "48.4"),
    ],
};

/// As the checkout fills the row: texts are HTML, methods JSON, and there is no billing address.
pub async fn place(shop: &mut Client, order: &Order) {
    let Order {
        id, status, total, ..
    } = order;
    let (currency, value) = order.currency;
    shop.run("SET SESSION sql_mode = 'NO_ENGINE_SUBSTITUTION'")
        .await;
    shop.run(&format!(
        "INSERT INTO oc_order (order_id, invoice_prefix, transaction_id, store_name, store_url, customer_id, customer_group_id, firstname, lastname, email, telephone,
         custom_field, payment_firstname, payment_lastname, payment_company, payment_address_1, payment_address_2, payment_city, payment_postcode, payment_country,
         payment_zone, payment_address_format, payment_custom_field, payment_method, shipping_firstname, shipping_lastname, shipping_company, shipping_address_1,
         shipping_address_2, shipping_city, shipping_postcode, shipping_country, shipping_country_id, shipping_zone, shipping_zone_id, shipping_address_format,
         shipping_custom_field, shipping_method, comment, total, order_status_id, currency_id, currency_code, currency_value, ip, date_added, date_modified)
         VALUES ({id}, 'INV-', 'tx_{id}', 'Shop', 'https://shop.example/', 0, 1, 'Ada', 'Rossi', 'ada{id}@example.com', '011', '[]', '', '', '', '', '', '', '', '', '', '',
         '[]', '{{\"code\":\"cod.cod\",\"name\":\"Cash On Delivery\"}}', 'Ada', 'Rossi &amp; figli', '', 'Via &quot;Po&quot; 1', '', 'Torino', '10100', 'Italia', 105, 'Torino', 3900, '',
         '\"\"', '{{\"code\":\"flat.flat\",\"name\":\"Citt\\\\u00e0\",\"cost\":\"5.00\",\"tax_class_id\":\"9\",\"text\":\"6.10\"}}', 'Ring &lt;twice&gt;', {total}, {status}, 1,
         '{currency}', {value}, '127.0.0.1', '2026-03-02 00:30:00', '2026-03-02 00:30:00')"
    ))
    .await;
    for (at, (product, model, pieces, price, sum, tax)) in order.lines.iter().enumerate() {
        let line = id * 100 + at as u32;
        shop.run(&format!(
            "INSERT INTO oc_order_product (order_product_id, order_id, product_id, master_id, name, model, quantity, price, total, tax, reward)
             VALUES ({line}, {id}, {product}, 0, 'Saw 12&quot;', '{model}', {pieces}, {price}, {sum}, {tax}, 0)"
        ))
        .await;
    }
    for (at, (code, title, value)) in order.totals.iter().enumerate() {
        shop.run(&format!(
            "INSERT INTO oc_order_total (order_id, extension, code, title, value, sort_order) VALUES ({id}, 'opencart', '{code}', '{title}', {value}, {at})"
        ))
        .await;
    }
    shop.run(&format!(
        "INSERT INTO oc_order_history (order_id, order_status_id, notify, comment, date_added) VALUES ({id}, {status}, 0, '', '2026-03-02 00:30:01')"
    ))
    .await;
}

async fn becomes(version: &str) {
    let between = between("opencart order", version).await;
    let mut shop = between.shop.client().await;
    place(&mut shop, &USUAL).await;
    // Sold in dollars; a company, by its custom field, with options chosen.
    let dollars = Order {
        id: 2,
        status: 2,
        currency: ("USD", "1.10000000"),
        ..USUAL
    };
    place(&mut shop, &dollars).await;
    shop.run("UPDATE oc_order SET payment_company = 'Verdi srl', payment_country_id = 105, payment_zone_id = 3901, payment_city = 'Asti', payment_custom_field = '{\"3\":\"IT01234567890\"}' WHERE order_id = 2").await;
    shop.run("INSERT INTO oc_order_option (order_id, order_product_id, product_option_id, product_option_value_id, name, value, type) VALUES (2, 200, 1, 1, 'Size', 'L &amp; XL', 'select')").await;
    // Begun, and cancelled.
    for (id, status) in [(3, 0), (4, 7)] {
        place(
            &mut shop,
            &Order {
                id,
                status,
                ..USUAL
            },
        )
        .await;
    }
    between.project.ponte(&["sync", "main/order"]).succeeds();
    between.project.ponte(&["sync", "main/order"]).succeeds();
    assert_eq!(
        between.erp_rows(HEADS).await,
        [
            "main/1 | 1 | 2026-03-02 | Ada Rossi & figli | EUR | 48.40 | 41.00 | cod.cod | tx_1 | Città | Ada Rossi & figli | Via \"Po\" 1 | Torino | TO | IT | Ring <twice>",
            "main/2 | 2 | 2026-03-02 | Verdi srl | USD | 53.24 | 45.10 | cod.cod | tx_2 | Città | Ada Rossi & figli | Via \"Po\" 1 | Torino | TO | IT | Ring <twice>",
        ]
    );
    assert_eq!(
        between
            .erp_rows(&format!("{LINES}'main/1' ORDER BY l.line"))
            .await,
        [
            "1 | SAW | Saw 12\" | 2 | 15.2500 | 30.50 | IVA22",
            "2 | RAKE | Saw 12\" | 1 | 16.5000 | 16.50 | IVA10",
            "3 | - | Flat Rate | 1 | 6.1000 | 6.10 | IVA22",
            "4 | - | Coupon (WELCOME) | 1 | -1.6500 | -1.65 | IVA10",
            "5 | - | Coupon (WELCOME) | 1 | -3.0500 | -3.05 | IVA22",
        ]
    );
    assert_eq!(
        between
            .erp_rows(&format!("{TAXES}'main/1' ORDER BY 1"))
            .await,
        ["IVA10 | 13.50 | 1.35", "IVA22 | 27.50 | 6.05"]
    );
    assert_eq!(
        between
            .erp_rows(&format!("{LINES}'main/2' ORDER BY l.line"))
            .await,
        [
            "1 | SAW | Saw 12\" - Size: L & XL | 2 | 16.7750 | 33.55 | IVA22",
            "2 | RAKE | Saw 12\" | 1 | 18.1500 | 18.15 | IVA10",
            "3 | - | Flat Rate | 1 | 6.7100 | 6.71 | IVA22",
            "4 | - | Coupon (WELCOME) | 1 | -1.8200 | -1.82 | IVA10",
            "5 | - | Coupon (WELCOME) | 1 | -3.3600 | -3.36 | IVA22",
            "6 | - | Rounding | 1 | 0.0100 | 0.01 | IVA22",
        ]
    );
    let customers = "SELECT name, email, vat_number, street, city, province, country FROM customers ORDER BY name";
    assert_eq!(
        between.erp_rows(customers).await,
        [
            "Ada Rossi & figli | ada1@example.com | - | Via \"Po\" 1 | Torino | TO | IT",
            "Verdi srl | ada2@example.com | 01234567890 |  | Asti | AT | IT",
        ]
    );
}

#[tokio::test]
async fn an_order_of_4_1_is_what_the_customer_saw() {
    becomes("4.1").await;
}

#[tokio::test]
async fn an_order_of_4_0_is_the_same() {
    becomes("4.0").await;
}

/// OpenCart writes no rate beside an amount: what is found out must agree with what it says.
#[tokio::test]
async fn what_does_not_agree_waits() {
    let between = between("opencart refused", "4.1").await;
    let mut shop = between.shop.client().await;
    let orders = [
        // A tax of so much a piece.
        Order {
            total: "52.4",
            lines: &[
                (101, "S-100", 2, "12.5", "25", "4.75"),
                (102, "RAKE", 1, "15", "15", "1.5"),
            ],
            totals: &[
                ("sub_total", "Sub-Total", "40"),
                ("shipping", "Flat Rate", "5"),
                ("tax", "IVA 22%", "6.6"),
                ("tax", "IVA 10%", "1.5"),
                ("tax", "Eco", "4"),
                ("total", "Total", "57.1"),
            ],
            ..USUAL
        },
        // A total that a module has changed behind the rows' back.
        Order {
            id: 2,
            total: "50",
            ..USUAL
        },
        Order {
            id: 3,
            status: 15,
            ..USUAL
        },
        // A module's fee with its tax, and a gift voucher.
        Order {
            id: 4,
            total: "47.74",
            totals: &[
                ("sub_total", "Sub-Total", "40"),
                ("shipping", "Flat Rate", "5"),
                ("cod_fee", "On delivery", "2"),
                ("tax", "IVA 22%", "7.04"),
                ("tax", "IVA 10%", "1.5"),
                ("voucher", "Gift", "-7.8"),
                ("total", "Total", "47.74"),
            ],
            ..USUAL
        },
    ];
    for order in &orders {
        place(&mut shop, order).await;
    }
    between.project.ponte(&["sync", "main/order"]).exits_with(4);
    let listed = between.project.ponte(&["quarantine", "list"]);
    let listed = listed.succeeds().stdout;
    for said in [
        "line 1 (SAW) bears a tax of 9.5, but 22 % within 34.5 is 6.22",
        "its lines and charges come to 48.4, but its total is 50",
        "nobody has said what the shop's status `15` means",
        "the ERP has no tax class of 0 %",
    ] {
        assert!(listed.contains(said), "{said}\n{listed}");
    }
    let mut erp = between.erp.client().await;
    erp.run("INSERT INTO tax_classes (code, description, rate) VALUES ('N1', 'Outside', 0)")
        .await;
    between.project.ponte(&["sync", "main/order"]).exits_with(4);
    assert_eq!(
        between
            .erp_rows(&format!("{LINES}'main/4' ORDER BY l.line"))
            .await,
        [
            "1 | SAW | Saw 12\" | 2 | 15.2500 | 30.50 | IVA22",
            "2 | RAKE | Saw 12\" | 1 | 16.5000 | 16.50 | IVA10",
            "3 | - | Flat Rate | 1 | 6.1000 | 6.10 | IVA22",
            "4 | - | On delivery | 1 | 2.4400 | 2.44 | IVA22",
            "5 | - | Gift | 1 | -7.8000 | -7.80 | N1",
        ]
    );
}

/// As the shop does it: a new status is a row of the history, and a date of change in 4.0 only; an edit writes all rows anew.
async fn changed(version: &str) {
    let between = between("opencart changes", version).await;
    let mut shop = between.shop.client().await;
    for id in 1..=4 {
        place(&mut shop, &Order { id, ..USUAL }).await;
    }
    let sync = || between.project.ponte(&["sync", "main/order"]);
    sync().succeeds();
    sync().succeeds();
    between.project.ponte(&["reconcile"]).succeeds();
    let mut erp = between.erp.client().await;
    erp.run("UPDATE order_lines SET delivered_quantity = 1 WHERE line = 1 AND order_number = (SELECT number FROM orders WHERE web_reference = 'main/3')")
        .await;
    // Cancelled; refunded; shipped, which is nobody's business.
    for (id, status) in [(1, 7), (3, 11), (4, 3)] {
        let date = match version {
            "4.0" => ", date_modified = '2026-03-03 10:00:00'",
            _ => "",
        };
        shop.run(&format!(
            "UPDATE oc_order SET order_status_id = {status}{date} WHERE order_id = {id}"
        ))
        .await;
        shop.run(&format!(
            "INSERT INTO oc_order_history (order_id, order_status_id, notify, comment, date_added) VALUES ({id}, {status}, 0, '', '2026-03-03 10:00:00')"
        ))
        .await;
    }
    // The rake is taken off.
    for statement in [
        "DELETE FROM oc_order_product WHERE order_id = 2",
        "INSERT INTO oc_order_product (order_product_id, order_id, product_id, master_id, name, model, quantity, price, total, tax, reward)
         VALUES (900, 2, 101, 0, 'Saw 12&quot;', 'S-100', 2, 12.5, 25, 2.75, 0)",
        "DELETE FROM oc_order_total WHERE order_id = 2",
        "INSERT INTO oc_order_total (order_id, extension, code, title, value, sort_order) VALUES (2, 'opencart', 'sub_total', 'Sub-Total', 25, 1),
         (2, 'opencart', 'shipping', 'Flat Rate', 5, 2), (2, 'opencart', 'tax', 'IVA 22%', 6.6, 3), (2, 'opencart', 'total', 'Total', 36.6, 4)",
        "UPDATE oc_order SET total = 36.6, date_modified = '2026-03-03 10:00:00' WHERE order_id = 2",
    ] {
        shop.run(statement).await;
    }
    sync().exits_with(4);
    assert_eq!(
        between
            .erp_rows("SELECT web_reference, status FROM orders ORDER BY 1")
            .await,
        [
            "main/1 | cancelled",
            "main/2 | confirmed",
            "main/3 | confirmed",
            "main/4 | confirmed"
        ]
    );
    let edited = "total 36.60 instead of 48.40; no longer: 1 x RAKE 16.50, Coupon (WELCOME) -1.65, Coupon (WELCOME) -3.05";
    assert_eq!(
        quarantined(&between),
        [
            format!(
                "2 (1): changed in the shop after the import: {edited}; `W100002` is open in the ERP"
            ),
            "3 (1): cancelled in the shop (`11`), but `W100003` is picked in the ERP".to_owned(),
        ]
    );
    // A customer sends a saw back.
    shop.run(
        "INSERT INTO oc_return (order_id, customer_id, firstname, lastname, email, telephone, product_id, product, model, quantity, opened,
         return_reason_id, return_action_id, return_status_id, comment, date_ordered, date_added, date_modified)
         VALUES (4, 1, 'Anna', 'Bianchi', 'anna@example.com', '', 101, 'Saw', 'S-100', 1, 0, 1, 0, 1, '', '2026-03-01', '2026-03-05', '2026-03-05')",
    )
    .await;
    sync().exits_with(4);
    let told = quarantined(&between);
    assert_eq!(
        told[2],
        "4 (1): changed in the shop after the import: a return of 1 piece; `W100004` is open in the ERP"
    );
}

/// OpenCart keeps no time of payment: a rule has to say what is paid.
#[tokio::test]
async fn a_rule_that_waits_for_payment_says_what_is_paid() {
    let mut between = between("opencart paid", "4.1").await;
    place(&mut between.shop.client().await, &USUAL).await;
    let project = between.project.read("ponte.toml");
    let rule = "\n[[shop.main.orders.accept]]\nif = \"total > 0\"\ntake = \"when paid\"\n";
    between
        .project
        .file("ponte.toml", &format!("{project}{rule}"));
    let said = between.project.ponte(&["sync", "main/order"]).exits_with(2);
    assert!(
        said.stderr.contains("takes orders when they are paid, but shop `main` keeps no time of payment; say in the rule what is paid: `paid = \"status IN ('2', '5')\"`"),
        "{said}"
    );
    assert_eq!(between.erp_rows("SELECT number FROM orders").await, [""; 0]);
    let rule = format!("{rule}paid = \"status = '1'\"\n");
    between
        .project
        .file("ponte.toml", &format!("{project}{rule}"));
    between.project.ponte(&["sync", "main/order"]).succeeds();
    assert_eq!(
        between.erp_rows("SELECT web_reference FROM orders").await,
        ["main/1"]
    );
}

#[tokio::test]
async fn what_changes_in_4_1_after_the_import_is_seen() {
    changed("4.1").await;
}

#[tokio::test]
async fn what_changes_in_4_0_is_too() {
    changed("4.0").await;
}
