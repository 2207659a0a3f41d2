//! PrestaShop's orders as its checkout writes them, into the reference ERP.

use super::changes::quarantined;
use super::place::{Between, TAXES};
use crate::support::client::Client;
use crate::support::servers::Database;
use crate::sync::prestashop;

const HEADS: &str = "SELECT o.web_reference, o.web_number, o.order_date, c.name, o.total, o.net_total, o.payment_method, o.paid_at, o.transaction_id,
    o.carrier, o.delivery_name, o.delivery_street, o.delivery_city, o.delivery_province, o.delivery_country, o.note
    FROM orders o JOIN customers c ON c.number = o.customer WHERE o.web_reference IS NOT NULL ORDER BY o.web_reference";

const LINES: &str = "SELECT l.line, l.sku, l.description, l.quantity::integer, l.unit_price::numeric(12, 4), l.discount_percent::numeric(12, 2), l.amount::numeric(12, 2), l.tax_class
    FROM order_lines l JOIN orders o ON o.number = l.order_number WHERE o.web_reference = ";

async fn between(test: &str) -> Between {
    let (erp, shop, project) = databases(test).await;
    Between::of(erp, shop, &project)
}

/// Both databases, filled, and the project between them.
pub async fn databases(test: &str) -> (Database, Database, String) {
    let (erp, shop) = prestashop::databases(test).await;
    shop.client().await.load(BUYERS).await;
    let project = prestashop::project(&erp, &shop);
    (erp, shop, project)
}

/// A guest, who has goods sent elsewhere, and a company.
const BUYERS: &str = "
    INSERT INTO ps_customer (id_customer, id_gender, company, siret, firstname, lastname, email, passwd, active, is_guest, date_add, date_upd) VALUES
        (8, 1, NULL, NULL, 'Ada', 'Rossi', 'Ada@example.com', '$2y$10$x', 1, 1, NOW(), NOW()),
        (9, 1, 'Verdi srl', NULL, 'Ivo', 'Verdi', 'ivo@verdi.example', '$2y$10$x', 1, 0, NOW(), NOW());
    INSERT INTO ps_address (id_address, id_country, id_state, id_customer, alias, company, lastname, firstname, address1, address2, postcode, city, phone,
                            phone_mobile, vat_number, dni, date_add, date_upd) VALUES
        (80, 10, 219, 8, 'Home', '', 'Rossi', 'Ada', 'Via Roma 1', '', '10100', 'Torino', '', '333', '', 'RSSDAA80A41L219X', NOW(), NOW()),
        (81, 10, 121, 8, 'Work', '', 'Neri', 'Ugo', 'Corso Po 2', 'int. 3', '14100', 'Asti', '0141', '', '', '', NOW(), NOW()),
        (90, 10, 219, 9, 'Office', 'Verdi srl', 'Verdi', 'Ivo', 'Via Po 3', '', '10100', 'Torino', '011', '', 'IT01234567890', '', NOW(), NOW());";

/// A line: id, product, combination, sku, name, pieces, list price and price without tax, amount without and with tax,
/// tax (1: 22 %, 2: 10 %).
struct Line(
    u32,
    u32,
    u32,
    &'static str,
    &'static str,
    u32,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    u32,
);

async fn line(shop: &mut Client, order: u32, line: &Line) {
    let Line(id, product, combination, sku, name, pieces, list, price, net, gross, tax) = line;
    let rate = if *tax == 1 { 22 } else { 10 };
    shop.run(&format!(
        "INSERT INTO ps_order_detail (id_order_detail, id_order, id_shop, product_id, product_attribute_id, product_name, product_quantity, product_price,
         product_reference, product_weight, tax_computation_method, tax_name, tax_rate, total_price_tax_incl, total_price_tax_excl, unit_price_tax_incl,
         unit_price_tax_excl, original_product_price)
         VALUES ({id}, {order}, 1, {product}, {combination}, '{name}', {pieces}, {price}, '{sku}', 0, 1, 'IVA', {rate}, {gross}, {net}, {price} * {rate} / 100 + {price},
         {price}, {list})"
    ))
    .await;
    shop.run(&format!(
        "INSERT INTO ps_order_detail_tax (id_order_detail, id_tax, unit_amount, total_amount) VALUES ({id}, {tax}, {price} * {rate} / 100, {gross} - {net})"
    ))
    .await;
}

/// Two hammers, at 20 % off, and a saw; shipping; a tenth off the whole.
pub async fn usual(shop: &mut Client, id: u32, state: u32) {
    shop.run(&format!(
        "INSERT INTO ps_orders (id_order, reference, id_shop, id_carrier, id_lang, id_customer, id_cart, id_currency, id_address_delivery, id_address_invoice,
         current_state, payment, module, round_type, gift_message, total_discounts, total_discounts_tax_incl, total_discounts_tax_excl, total_paid, total_paid_tax_incl,
         total_paid_tax_excl, total_paid_real, total_products, total_products_wt, total_shipping, total_shipping_tax_incl, total_shipping_tax_excl,
         carrier_tax_rate, invoice_date, delivery_date, valid, date_add, date_upd)
         VALUES ({id}, 'REF{id}', 1, 2, 1, 8, {id}, 1, 81, 80, {state}, 'Carta', 'stripe_official', 2, '', 4.42, 4.42, 3.80, 45.88, 45.88, 39.20, 45.88, 38, 44.20,
         6.10, 6.10, 5.00, 22.000, '0000-00-00 00:00:00', '0000-00-00 00:00:00', 1, '2026-03-02 00:30:00', '2026-03-02 00:30:00')"
    ))
    .await;
    let first = id * 10;
    let rows = [
        Line(
            first, 11, 0, "HAMMER", "Martello", 2, "12.5", "10", "20", "24.40", 1,
        ),
        Line(
            first + 1,
            12,
            0,
            "SAW",
            "Sega",
            1,
            "18",
            "18",
            "18",
            "19.80",
            2,
        ),
    ];
    for row in &rows {
        line(shop, id, row).await;
    }
    for statement in [
        format!(
            "INSERT INTO ps_order_cart_rule (id_order, id_cart_rule, name, value, value_tax_excl) VALUES ({id}, 1, 'Benvenuto', 4.42, 3.80)"
        ),
        format!(
            "INSERT INTO ps_order_payment (order_reference, id_currency, amount, payment_method, transaction_id, date_add) VALUES ('REF{id}', 1, 45.88, 'Carta', 'ch_{id}', '2026-03-02 00:31:00')"
        ),
        format!(
            "INSERT INTO ps_message (id_cart, id_customer, id_order, message, private, date_add) VALUES ({id}, 8, {id}, 'Suonare due volte', 0, '2026-03-02 00:30:00')"
        ),
        format!(
            "INSERT INTO ps_message (id_cart, id_customer, id_order, message, private, date_add) VALUES ({id}, 0, {id}, 'Ours', 1, '2026-03-02 00:35:00')"
        ),
    ] {
        shop.run(&statement).await;
    }
}

/// Three red cups with a name on them, wrapped, with free carriage, on delivery; rounded by piece.
async fn company(shop: &mut Client, id: u32) {
    shop.run(&format!(
        "INSERT INTO ps_orders (id_order, reference, id_shop, id_carrier, id_lang, id_customer, id_cart, id_currency, id_address_delivery, id_address_invoice,
         current_state, payment, module, round_type, gift, gift_message, total_discounts, total_discounts_tax_incl, total_discounts_tax_excl, total_paid,
         total_paid_tax_incl, total_paid_tax_excl, total_paid_real, total_products, total_products_wt, total_shipping, total_shipping_tax_incl, total_shipping_tax_excl,
         carrier_tax_rate, total_wrapping, total_wrapping_tax_incl, total_wrapping_tax_excl, invoice_date, delivery_date, valid, date_add, date_upd)
         VALUES ({id}, 'REF{id}', 1, 2, 1, 9, {id}, 1, 90, 90, 13, 'Contrassegno', 'ps_cashondelivery', 1, 1, 'Auguri', 6.10, 6.10, 5.00, 20.74, 20.74, 17.00, 0,
         15, 18.30, 6.10, 6.10, 5.00, 22.000, 2.44, 2.44, 2.00, '0000-00-00 00:00:00', '0000-00-00 00:00:00', 0, '2026-07-01 10:00:00', '2026-07-01 10:00:00')"
    ))
    .await;
    let cups = Line(
        id * 10,
        13,
        1,
        "CUP-R",
        "Tazza",
        3,
        "5",
        "5",
        "15",
        "18.30",
        1,
    );
    line(shop, id, &cups).await;
    for statement in [
        format!(
            "UPDATE ps_order_detail SET id_customization = {id} WHERE id_order_detail = {}",
            id * 10
        ),
        format!(
            "INSERT INTO ps_customized_data (id_customization, type, `index`, value) VALUES ({id}, 1, 1, 'Ivo'), ({id}, 0, 2, 'a.png')"
        ),
        format!(
            "INSERT INTO ps_order_cart_rule (id_order, id_cart_rule, name, value, value_tax_excl, free_shipping) VALUES ({id}, 2, 'Spedizione gratuita', 6.10, 5.00, 1)"
        ),
    ] {
        shop.run(&statement).await;
    }
}

#[tokio::test]
async fn an_order_is_what_the_customer_saw() {
    let between = between("prestashop order").await;
    let mut shop = between.shop.client().await;
    usual(&mut shop, 1, 2).await;
    company(&mut shop, 2).await;
    // A bank transfer, a cancelled one, and a checkout under way.
    for (id, state) in [(3, 10), (4, 6), (5, 0)] {
        usual(&mut shop, id, state).await;
    }
    between.project.ponte(&["sync", "main/order"]).succeeds();
    between.project.ponte(&["sync", "main/order"]).succeeds();
    assert_eq!(
        between.erp_rows(HEADS).await,
        [
            "main/1 | REF1 | 2026-03-02 | Ada Rossi | 45.88 | 39.20 | stripe_official | 2026-03-01 23:31:00+00 | ch_1 | Corriere | Ugo Neri | Corso Po 2 int. 3 | Asti | AT | IT | Suonare due volte",
            "main/2 | REF2 | 2026-07-01 | Verdi srl | 20.74 | 17.00 | ps_cashondelivery | - | - | Corriere | Verdi srl | Via Po 3 | Torino | TO | IT | Auguri",
        ]
    );
    assert_eq!(
        between
            .erp_rows(&format!("{LINES}'main/1' ORDER BY l.line"))
            .await,
        [
            "1 | HAMMER | Martello | 2 | 15.2500 | 20.00 | 24.40 | IVA22",
            "2 | SAW | Sega | 1 | 19.8000 | 0.00 | 19.80 | IVA10",
            "3 | - | Corriere | 1 | 6.1000 | 0.00 | 6.10 | IVA22",
            "4 | - | Benvenuto | 1 | -1.9800 | 0.00 | -1.98 | IVA10",
            "5 | - | Benvenuto | 1 | -2.4400 | 0.00 | -2.44 | IVA22",
        ]
    );
    assert_eq!(
        between
            .erp_rows(&format!("{TAXES}'main/1' ORDER BY 1"))
            .await,
        ["IVA10 | 16.20 | 1.62", "IVA22 | 23.00 | 5.06"]
    );
    assert_eq!(
        between
            .erp_rows(&format!("{LINES}'main/2' ORDER BY l.line"))
            .await,
        [
            "1 | CUP-R | Tazza - Ivo | 3 | 6.1000 | 0.00 | 18.30 | IVA22",
            "2 | - | Corriere | 1 | 6.1000 | 0.00 | 6.10 | IVA22",
            "3 | - | Gift wrapping | 1 | 2.4400 | 0.00 | 2.44 | IVA22",
            "4 | - | Spedizione gratuita | 1 | -6.1000 | 0.00 | -6.10 | IVA22",
        ]
    );
    let customers = "SELECT name, email, phone, vat_number, tax_code, street, postcode, city, province, country FROM customers ORDER BY name";
    assert_eq!(
        between.erp_rows(customers).await,
        [
            "Ada Rossi | ada@example.com | 333 | - | RSSDAA80A41L219X | Via Roma 1 | 10100 | Torino | TO | IT",
            "Verdi srl | ivo@verdi.example | 011 | 01234567890 | - | Via Po 3 | 10100 | Torino | TO | IT",
        ]
    );
    // Paid at last.
    shop.run("UPDATE ps_orders SET current_state = 2 WHERE id_order = 3")
        .await;
    between.project.ponte(&["sync", "main/order"]).succeeds();
    assert_eq!(
        between
            .erp_rows("SELECT COUNT(*), COUNT(DISTINCT customer) FROM orders")
            .await,
        ["3 | 2"]
    );
}

/// A discount on one article alone bears that article's rate: in proportion it would be another tax than the shop's.
#[tokio::test]
async fn what_does_not_agree_waits() {
    let mut between = between("prestashop refused").await;
    let mut shop = between.shop.client().await;
    usual(&mut shop, 1, 2).await;
    usual(&mut shop, 2, 2).await;
    usual(&mut shop, 3, 14).await;
    shop.run("UPDATE ps_orders SET total_paid_tax_excl = 39.70 WHERE id_order = 1")
        .await;
    shop.run("UPDATE ps_orders SET total_paid_tax_incl = 47.88, total_paid_tax_excl = 40.83 WHERE id_order = 2")
        .await;
    between.project.ponte(&["sync", "main/order"]).exits_with(4);
    let listed = between.project.ponte(&["quarantine", "list"]);
    let listed = listed.succeeds().stdout;
    for said in [
        "the tax within its lines and charges comes to 6.68, but the shop says 6.18",
        "its lines and charges come to 45.88, but its total is 47.88",
        "nobody has said what the shop's status `14` means",
    ] {
        assert!(listed.contains(said), "{said}\n{listed}");
    }
    let text = between.project.read("ponte.toml") + "[shop.main.order]\nimport = [\"2\", \"14\"]\n";
    between.project.file("ponte.toml", &text);
    shop.run("UPDATE ps_orders SET total_paid_tax_excl = 39.20 WHERE id_order = 1")
        .await;
    between.project.ponte(&["sync", "main/order"]).exits_with(4);
    assert_eq!(
        between
            .erp_rows("SELECT web_reference FROM orders ORDER BY 1")
            .await,
        ["main/1", "main/3"]
    );
}

/// A state as the back office sets it, with its row of the history.
async fn becomes(shop: &mut Client, id: u32, state: u32) {
    shop.run(&format!(
        "UPDATE ps_orders SET current_state = {state}, date_upd = '2026-03-03 10:00:00' WHERE id_order = {id}"
    ))
    .await;
    shop.run(&format!(
        "INSERT INTO ps_order_history (id_employee, id_order, id_order_state, date_add) VALUES (1, {id}, {state}, '2026-03-03 10:00:00')"
    ))
    .await;
}

#[tokio::test]
async fn what_changes_after_the_import_is_seen() {
    let between = between("prestashop changes").await;
    let mut shop = between.shop.client().await;
    for id in 1..=4 {
        usual(&mut shop, id, 2).await;
    }
    let sync = || between.project.ponte(&["sync", "main/order"]);
    sync().succeeds();
    sync().succeeds();
    between.project.ponte(&["reconcile"]).succeeds();
    // Cancelled; the saw taken off; the goods are on their way, which is nobody's business.
    becomes(&mut shop, 1, 6).await;
    becomes(&mut shop, 4, 4).await;
    for statement in [
        "DELETE FROM ps_order_detail WHERE id_order_detail = 21",
        "UPDATE ps_orders SET total_products = 20, total_products_wt = 24.40, total_paid = 26.08, total_paid_tax_incl = 26.08, total_paid_tax_excl = 21.38,
         date_upd = '2026-03-03 10:00:00' WHERE id_order = 2",
        // One hammer and the carriage are paid back: the order's own row stays as it is.
        "INSERT INTO ps_order_slip (id_customer, id_order, total_products_tax_excl, total_products_tax_incl, total_shipping_tax_excl, total_shipping_tax_incl,
         shipping_cost, amount, shipping_cost_amount, partial, order_slip_type, date_add, date_upd)
         VALUES (8, 3, 10, 12.20, 5, 6.10, 1, 10, 5, 0, 2, '2026-03-03 10:00:00', '2026-03-03 10:00:00')",
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
    let changed = "changed in the shop after the import";
    let edited = "total 26.08 instead of 45.88; new: Benvenuto -4.42; no longer: 1 x SAW 19.80, Benvenuto -1.98, Benvenuto -2.44";
    assert_eq!(
        quarantined(&between),
        [
            format!("2 (1): {changed}: {edited}; `W100002` is open in the ERP"),
            format!("3 (1): {changed}: refunded 18.30; `W100003` is open in the ERP"),
        ]
    );
    // A sum of somebody's choice.
    shop.run(
        "INSERT INTO ps_order_slip (id_customer, id_order, total_products_tax_excl, total_products_tax_incl, total_shipping_tax_excl, total_shipping_tax_incl,
         amount, partial, order_slip_type, date_add, date_upd)
         VALUES (8, 3, 10, 12.20, 0, 0, 3, 0, 2, '2026-03-04 10:00:00', '2026-03-04 10:00:00')",
    )
    .await;
    sync().exits_with(4);
    let told = quarantined(&between);
    assert!(
        told.iter().any(|one| one.contains("refunded 21.30")),
        "{told:?}"
    );
    // What a customer sends back is told until somebody says that it is settled; a return that was declined is none.
    shop.run("INSERT INTO ps_order_return VALUES (1, 8, 4, 1, '', '2026-03-05 10:00:00', '2026-03-05 10:00:00')")
        .await;
    shop.run("INSERT INTO ps_order_return_detail VALUES (1, 40, 0, 2)")
        .await;
    let of_4 = || {
        let told = quarantined(&between);
        told.into_iter().find(|one| one.starts_with("4 "))
    };
    sync().exits_with(4);
    assert_eq!(
        of_4(),
        Some(format!(
            "4 (1): {changed}: a return of 2 pieces; `W100004` is open in the ERP"
        ))
    );
    let story = between.project.ponte(&["order", "main/4"]);
    assert!(
        story
            .stdout
            .lines()
            .any(|line| line.ends_with("  2 pieces")),
        "{story}"
    );
    between
        .project
        .ponte(&["order", "main/4", "--settled"])
        .succeeds();
    sync().exits_with(4);
    assert_eq!(of_4(), None);
    shop.run("UPDATE ps_order_return SET state = 4, date_upd = '2026-03-06 10:00:00'")
        .await;
    sync().exits_with(4);
    assert_eq!(
        of_4(),
        Some(format!(
            "4 (1): {changed}: a return of none instead of 2 pieces; `W100004` is open in the ERP"
        ))
    );
}

const INVOICED: &str = "SELECT c.name, c.vat_number, c.tax_code, c.sdi_code, c.pec FROM customers c JOIN orders o ON o.customer = c.number
    WHERE o.web_reference IS NOT NULL ORDER BY o.web_reference";

/// Of the company instead of the guest.
async fn by_the_company(shop: &mut Client, order: u32) {
    shop.run(&format!(
        "UPDATE ps_orders SET id_customer = 9, id_address_invoice = 90, id_address_delivery = 90 WHERE id_order = {order}"
    ))
    .await;
}

#[tokio::test]
async fn what_a_module_keeps_of_customers_comes_with_their_orders() {
    let between = between("prestashop module").await;
    let mut shop = between.shop.client().await;
    shop.load(
        "CREATE TABLE ps_customer_invoice (id_customer INT PRIMARY KEY, vat_number VARCHAR(20), fiscal_code VARCHAR(16), sdi VARCHAR(7), pec VARCHAR(100));
         INSERT INTO ps_customer_invoice VALUES (8, '', 'OTHER', '', 'Ada@pec.example'), (9, 'IT99999999990', '01234567890', 'abc1234', '');",
    )
    .await;
    usual(&mut shop, 31, 2).await;
    usual(&mut shop, 32, 2).await;
    by_the_company(&mut shop, 32).await;
    let said = between.project.ponte(&["check"]).succeeds();
    assert!(!said.stderr.contains("P391"), "{said}");
    between.project.ponte(&["sync", "main/order"]).succeeds();
    // The address goes before the module.
    assert_eq!(
        between.erp_rows(INVOICED).await,
        [
            "Ada Rossi | - | RSSDAA80A41L219X | 0000000 | ada@pec.example",
            "Verdi srl | 01234567890 | 01234567890 | ABC1234 | -",
        ]
    );
}

#[tokio::test]
async fn check_finds_the_columns_that_modules_have_added() {
    let between = between("prestashop columns").await;
    let mut shop = between.shop.client().await;
    for statement in [
        "ALTER TABLE ps_address ADD codice_destinatario VARCHAR(7) NOT NULL DEFAULT ''",
        "ALTER TABLE ps_customer ADD email_pec VARCHAR(100)",
        "UPDATE ps_address SET codice_destinatario = 'ABC1234' WHERE id_address = 90",
        "UPDATE ps_customer SET email_pec = 'verdi@pec.example' WHERE id_customer = 9",
    ] {
        shop.run(statement).await;
    }
    usual(&mut shop, 31, 2).await;
    by_the_company(&mut shop, 31).await;
    let said = between.project.ponte(&["check"]).succeeds().stderr;
    for told in [
        "nothing has `sdi`, which `sdi_key` names",
        "what plug-ins keep so is here under: `codice_destinatario`\n",
        "`sdi_key = \"codice_destinatario\"` in `[shop.main]`",
        "`pec_key = \"email_pec\"` in `[shop.main]`",
    ] {
        assert!(said.contains(told), "{told}: {said}");
    }
    let mut between = between;
    let text = between.project.read("ponte.toml");
    let text = text.replace(
        "[shop.main]\n",
        "[shop.main]\nsdi_key = \"codice_destinatario\"\npec_key = \"email_pec\"\n",
    );
    between.project.file("ponte.toml", &text);
    let said = between.project.ponte(&["check"]).succeeds();
    assert!(!said.stderr.contains("P391"), "{said}");
    between.project.ponte(&["sync", "main/order"]).succeeds();
    assert_eq!(
        between.erp_rows(INVOICED).await,
        ["Verdi srl | 01234567890 | - | ABC1234 | verdi@pec.example"]
    );
}
