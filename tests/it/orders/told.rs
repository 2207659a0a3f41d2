//! What an order tells beside its amounts: what was paid, where it is fetched, from where it is sent, and what was chosen of its lines.

use super::changes::quarantined;
use super::place::{Between, Line, Order};
use super::{odoo, opencart, prestashop};
use crate::sync::pair::On;
use serde_json::{Value, json};

const HEADS: &str = "SELECT web_reference, CAST(ROUND(CAST(paid_amount AS DECIMAL(18, 2)) * 100, 0) AS INTEGER), pickup_point, pickup_name, payment_state FROM orders
    WHERE web_reference IS NOT NULL ORDER BY web_reference";

const LINES: &str = "SELECT o.web_reference, l.sku, l.warehouse, l.description, l.options FROM order_lines l JOIN orders o ON o.number = l.order_number
    WHERE o.web_reference IS NOT NULL ORDER BY o.web_reference, l.line";

async fn in_shop(between: &Between, statements: &[&str]) {
    let mut shop = between.shop.client().await;
    for statement in statements {
        shop.run(statement).await;
    }
}

/// The one order that this is, as `ponte order` tells it to programs.
fn story(between: &Between, reference: &str) -> Value {
    let said = between.project.ponte(&["order", reference, "--json"]);
    let document: Value = serde_json::from_str(&said.succeeds().stdout).expect("a JSON document");
    document["orders"][0].clone()
}

/// A shirt in a size that its name says, in a colour and with a text that it does not, the text with quotes and a picture; a rake with a
/// text that its name happens to have. What is no text, or nobody's to see, is left out.
const CHOSEN: [&str; 5] = [
    "INSERT INTO wp_woocommerce_attribute_taxonomies (attribute_name, attribute_label, attribute_type, attribute_orderby) VALUES
        ('size', 'Size', 'select', 'menu_order'), ('colour', 'Colour', 'select', 'menu_order')",
    "INSERT INTO wp_terms (term_id, name, slug) VALUES (902, 'Dark red', 'red')",
    "INSERT INTO wp_term_taxonomy (term_taxonomy_id, term_id, taxonomy, description) VALUES (902, 902, 'pa_colour', '')",
    "UPDATE wp_woocommerce_order_items SET order_item_name = 'Shirt - S' WHERE order_item_id = 100102",
    "INSERT INTO wp_woocommerce_order_itemmeta (order_item_id, meta_key, meta_value) VALUES (100102, 'pa_size', 's'), (100102, 'pa_colour', 'red'),
        (100102, 'Engraving', 'Anna''s \"best\" 🐕'), (100102, 'Empty', ''), (100102, '_note', 'x'), (100102, 'Files', 'a:1:{i:0;s:1:\"x\";}'),
        (100103, 'Engraving', 'Something')",
];

/// The place of WooCommerce's own local pickup, that of a carrier's plug-in, an order that is not paid yet, and one of which a part was paid back.
const FETCHED: [&str; 4] = [
    "INSERT INTO wp_woocommerce_order_itemmeta (order_item_id, meta_key, meta_value) VALUES (100104, 'pickup_location', 'Shop in Asti'),
        (100104, 'pickup_address', 'Via Alfieri 1, Asti')",
    "INSERT INTO wp_wc_orders_meta (order_id, meta_key, meta_value) VALUES (1002, '_parcel_machine_id', 'IT-TO-7'), (1002, '_parcel_machine_desc', 'Locker 🔒 Torino')",
    "UPDATE wp_wc_order_operational_data SET date_paid_gmt = NULL WHERE order_id = 1003",
    "INSERT INTO wp_wc_orders (id, status, currency, type, tax_amount, total_amount, parent_order_id, date_created_gmt, date_updated_gmt)
        VALUES (9002, 'wc-completed', 'EUR', 'shop_order_refund', 0, -5, 1002, '2026-03-02 10:00:00', '2026-03-02 10:00:00')",
];

async fn from_woocommerce(test: &str, erp: On, shop: On) {
    let between = Between::new(test, erp, shop).await;
    let mut order = Order::usual(1001);
    order.lines[0] = Line(106, 107, 2, "25", "5.5", 1);
    between
        .place(&[order, Order::usual(1002), Order::usual(1003)])
        .await;
    in_shop(&between, &CHOSEN).await;
    in_shop(&between, &FETCHED).await;
    let sync = || between.project.ponte(&["sync", "main/order"]);
    sync().succeeds();
    sync().succeeds();
    assert_eq!(
        between.erp_rows(HEADS).await,
        [
            "main/1001 | 5310 | Shop in Asti | Via Alfieri 1, Asti | paid",
            "main/1002 | 5310 | IT-TO-7 | Locker 🔒 Torino | partly_refunded",
            "main/1003 | - | - | - | unpaid",
        ]
    );
    let engraved = "Colour: Dark red, Engraving: Anna's \"best\" 🐕";
    assert_eq!(
        between.erp_rows(LINES).await[..4],
        [
            format!("main/1001 | SHIRT-S | WH | Shirt - S - {engraved} | {engraved}"),
            "main/1001 | TOOL-3 | WH | Something - Engraving: Something | Engraving: Something"
                .to_owned(),
            // Carriage is in no warehouse.
            "main/1001 | - | - | Courier | -".to_owned(),
            "main/1002 | TOOL-1 | WH | Something | -".to_owned(),
        ]
    );
    let told = story(&between, "main/1001");
    for (name, value) in [
        ("paid", json!("53.10")),
        ("paid_at", json!("2026-03-01T23:30:00Z")),
        ("payment_state", json!("paid")),
        ("transaction_id", json!("ch_1001")),
        ("carrier", json!("Courier")),
        ("pickup_point", json!("Via Alfieri 1, Asti (Shop in Asti)")),
        ("warehouse", Value::Null),
    ] {
        assert_eq!(told[name], value, "{name}: {told}");
    }
    assert_eq!(
        told["rows"][0],
        format!("2 x SHIRT-S Shirt - S - {engraved} 30.50")
    );
    let said = between.project.ponte(&["order", "main/1002"]).succeeds();
    for line in [
        "  payment   Card, 53.10 EUR paid, partly refunded, ch_1002\n",
        "  carrier   Courier\n",
        "  pick-up   Locker 🔒 Torino (IT-TO-7)\n",
    ] {
        assert!(said.stdout.contains(line), "{line}{said}");
    }
    let said = between.project.ponte(&["order", "main/1003"]).succeeds();
    assert!(
        said.stdout.contains("  payment   Card, unpaid, ch_1003\n"),
        "{said}"
    );
    // Written otherwise after the import: that is an edit. When it was paid at last is none.
    in_shop(
        &between,
        &[
            "UPDATE wp_woocommerce_order_itemmeta SET meta_value = 'Berta' WHERE order_item_id = 100103 AND meta_key = 'Engraving'",
            "UPDATE wp_wc_order_operational_data SET date_paid_gmt = '2026-03-03 10:00:00' WHERE order_id = 1003",
            "UPDATE wp_wc_orders SET date_updated_gmt = '2026-03-03 10:00:00' WHERE id IN (1001, 1003)",
        ],
    )
    .await;
    sync().exits_with(4);
    assert_eq!(
        quarantined(&between),
        [
            "1001 (1): changed in the shop after the import: other options; `W100001` is open in the ERP"
        ]
    );
}

#[tokio::test]
async fn what_woocommerce_keeps_of_an_order_reaches_the_erp() {
    from_woocommerce("told to postgres", On::Postgres, On::Mariadb).await;
}

#[tokio::test]
async fn what_woocommerce_keeps_of_an_order_reaches_the_erp_on_sqlite() {
    from_woocommerce("order told on sqlite", On::Sqlite, On::Sqlite).await;
}

#[tokio::test]
async fn what_woocommerce_keeps_of_an_order_reaches_the_erp_on_sqlserver() {
    from_woocommerce("told to sqlserver", On::SqlServer, On::Mariadb).await;
}

/// As 1001 above, in the tables of orders as posts.
#[tokio::test]
async fn orders_as_posts_tell_the_same() {
    let between = Between::new("order told as posts", On::Postgres, On::Mariadb).await;
    between.place(&[Order::usual(1001)]).await;
    in_shop(
        &between,
        &[
            "UPDATE wp_options SET option_value = 'no' WHERE option_name = 'woocommerce_custom_orders_table_enabled'",
            "DELETE FROM wp_wc_orders",
            "INSERT INTO wp_posts (ID, post_date, post_date_gmt, post_content, post_title, post_excerpt, post_status, to_ping, pinged, post_modified,
             post_modified_gmt, post_content_filtered, post_type) VALUES (1001, '2026-03-02 00:30:00', '2026-03-01 23:30:00', '', 'Order', '', 'wc-processing', '', '',
             '2026-03-02 00:30:00', '2026-03-01 23:30:00', '', 'shop_order')",
            "INSERT INTO wp_postmeta (post_id, meta_key, meta_value) VALUES (1001, '_order_currency', 'EUR'), (1001, '_order_total', '53.10'),
             (1001, '_date_paid', '1772407800'), (1001, '_billing_last_name', 'Rossi'), (1001, '_parcel_machine_id', 'IT-TO-7')",
            FETCHED[0],
        ],
    )
    .await;
    between.project.ponte(&["sync", "main/order"]).succeeds();
    assert_eq!(
        between.erp_rows(HEADS).await,
        ["main/1001 | 5310 | IT-TO-7 | Via Alfieri 1, Asti | paid"]
    );
    let mut shop = between.shop.client().await;
    for (statement, state) in [
        (
            "INSERT INTO wp_posts (ID, post_date, post_date_gmt, post_content, post_title, post_excerpt, post_status, to_ping, pinged, post_modified,
             post_modified_gmt, post_content_filtered, post_parent, post_type) VALUES (9001, '2026-03-02 11:00:00', '2026-03-02 10:00:00', '', 'Refund', '', 'wc-completed', '', '',
             '2026-03-02 11:00:00', '2026-03-02 10:00:00', '', 1001, 'shop_order_refund')",
            "paid",
        ),
        (
            "INSERT INTO wp_postmeta (post_id, meta_key, meta_value) VALUES (9001, '_refund_amount', '5.00')",
            "partly_refunded",
        ),
        (
            "UPDATE wp_posts SET post_status = 'wc-refunded' WHERE ID = 1001",
            "refunded",
        ),
        (
            "DELETE FROM wp_postmeta WHERE post_id IN (1001, 9001) AND meta_key IN ('_date_paid', '_refund_amount')",
            "refunded",
        ),
        (
            "UPDATE wp_posts SET post_status = 'wc-on-hold' WHERE ID = 1001",
            "unpaid",
        ),
    ] {
        shop.run(statement).await;
        assert_eq!(
            story(&between, "main/1001")["payment_state"],
            json!(state),
            "{statement}"
        );
    }
}

/// A rule of the project's, and its mapping, speak of how far an order is paid.
#[tokio::test]
async fn rules_and_mappings_know_how_far_an_order_is_paid() {
    let mut between = Between::new("order told to rules", On::Sqlite, On::Sqlite).await;
    let orders: Vec<Order> = (1001..=1003).map(Order::usual).collect();
    between.place(&orders).await;
    in_shop(&between, &FETCHED).await;
    let text = between.project.read("ponte.toml");
    let with = format!(
        "{text}\n[[shop.main.orders.accept]]\nif = \"payment_state NOT IN ('paid', 'partly_refunded')\"\ntake = \"never\"\nwhy = \"no money yet\"

[shop.main.order.write.order]\ninsert = {{ note = \"'web: ' || payment_state\" }}\n"
    );
    between.project.file("ponte.toml", &with);
    between.project.ponte(&["sync", "main/order"]).succeeds();
    assert_eq!(
        between
            .erp_rows("SELECT web_reference, note FROM orders WHERE web_reference IS NOT NULL ORDER BY web_reference")
            .await,
        ["main/1001 | web: paid", "main/1002 | web: partly_refunded"]
    );
}

/// An ERP whose tables are older than these fields goes without them; what a link knows of before is no edit now.
#[tokio::test]
async fn what_an_older_ponte_imported_is_not_edited() {
    let between = Between::new("told after an upgrade", On::Postgres, On::Mariadb).await;
    let mut erp = between.erp.client().await;
    for column in [
        "paid_amount",
        "payment_state",
        "pickup_point",
        "pickup_name",
    ] {
        erp.run(&format!("ALTER TABLE orders DROP COLUMN {column}"))
            .await;
    }
    erp.run("ALTER TABLE order_lines DROP COLUMN options").await;
    let mut order = Order::usual(1001);
    order.lines[0] = Line(106, 107, 2, "25", "5.5", 1);
    between.place(&[order]).await;
    in_shop(&between, &CHOSEN).await;
    in_shop(&between, &FETCHED).await;
    between.project.ponte(&["sync", "main/order"]).succeeds();
    between.assert_whole(1).await;
    let link =
        "SELECT k.columns::json ->> 'seen.content' FROM ponte.link k WHERE k.record = 'order'";
    let seen: Value = serde_json::from_str(&between.erp_rows(link).await[0]).expect("JSON");
    for field in ["options", "pickup_point", "pickup_name"] {
        assert!(seen["fields"][field].is_string(), "{field}: {seen}");
    }
    let older = format!(
        "UPDATE ponte.link SET columns = jsonb_set(columns::jsonb, '{{seen.content}}', to_jsonb((
            jsonb_set((columns::jsonb ->> 'seen.content')::jsonb {} {} {}, '{{digest}}', '\"0123456789abcdef\"'))::text))::text WHERE record = 'order'",
        "#- '{fields,options}'", "#- '{fields,pickup_point}'", "#- '{fields,pickup_name}'"
    );
    erp.run(&older).await;
    between.project.ponte(&["resync", "main/order"]).succeeds();
    let again: Value = serde_json::from_str(&between.erp_rows(link).await[0]).expect("JSON");
    assert_eq!(again, seen);
}

/// An order leaves from a warehouse of those whose stock the shop sells, or the ERP chooses.
#[tokio::test]
async fn goods_leave_from_a_warehouse_that_the_stock_counts() {
    let mut between = Between::new("told warehouses", On::Sqlite, On::Sqlite).await;
    let orders: Vec<Order> = (1001..=1004).map(Order::usual).collect();
    between.place(&orders).await;
    in_shop(
        &between,
        &["INSERT INTO wp_wc_orders_meta (order_id, meta_key, meta_value) VALUES (1001, '_warehouse', 'north'), (1002, '_warehouse', 'WH'),
            (1003, '_warehouse', 'moon')"],
    )
    .await;
    let warehouses = "SELECT o.web_reference, l.warehouse FROM order_lines l JOIN orders o ON o.number = l.order_number
        WHERE o.web_reference IS NOT NULL AND l.line = 1 ORDER BY o.web_reference";
    // Of two the ERP chooses, unless the shop names one of them.
    let text = between.project.read("ponte.toml");
    let text = text.replace("[\"WH\"]", "[\"WH\", \"REPAIR\"]");
    between.project.file("ponte.toml", &text);
    between
        .project
        .ponte(&["sync", "main/order", "--only", "1001"])
        .succeeds();
    between
        .project
        .ponte(&["sync", "main/order", "--only", "1002"])
        .succeeds();
    assert_eq!(
        between.erp_rows(warehouses).await,
        ["main/1001 | -", "main/1002 | WH"]
    );
    assert_eq!(story(&between, "main/1001")["warehouse"], json!("north"));
    let named = format!("{text}[shop.main.orders.warehouse]\nnorth = \"REPAIR\"\n");
    between.project.file("ponte.toml", &named);
    between.place(&[Order::usual(1005)]).await;
    in_shop(
        &between,
        &["INSERT INTO wp_wc_orders_meta (order_id, meta_key, meta_value) VALUES (1005, '_warehouse', 'north')"],
    )
    .await;
    between.project.ponte(&["sync", "main/order"]).exits_with(4);
    assert_eq!(
        between.erp_rows(warehouses).await[2..],
        ["main/1004 | -", "main/1005 | REPAIR"]
    );
    assert_eq!(
        quarantined(&between),
        ["1003 (1): nobody has said what the warehouse `moon` is in the ERP"]
    );
}

/// The payments of a reference are divided among its orders, those in another currency converted; a module's table and the lines' warehouse.
#[tokio::test]
async fn what_prestashop_keeps_of_an_order_reaches_the_erp() {
    let (erp, shop, project) = prestashop::databases("prestashop told").await;
    let between = Between::of(erp, shop, &project);
    let mut client = between.shop.client().await;
    for id in 1..=4 {
        prestashop::usual(&mut client, id, 2).await;
    }
    client
        .load(
            "CREATE TABLE ps_mondialrelay_selected_relay (id_cart INT, id_order INT, selected_relay_num VARCHAR(10), selected_relay_adr1 VARCHAR(100));
             INSERT INTO ps_mondialrelay_selected_relay VALUES (1, 1, '012345', 'Edicola \"Po\" 🗞'), (2, NULL, '999999', 'Elsewhere');
             CREATE TABLE ps_warehouse (id_warehouse INT PRIMARY KEY, reference VARCHAR(64), name VARCHAR(45));
             INSERT INTO ps_warehouse VALUES (1, 'WH', 'Main'), (2, 'OTHER', 'Other');
             UPDATE ps_order_detail SET id_warehouse = 1 WHERE id_order = 1;
             UPDATE ps_order_detail SET id_warehouse = 2 WHERE id_order_detail = 20;
             UPDATE ps_order_detail SET id_customization = 5 WHERE id_order_detail = 10;
             INSERT INTO ps_customized_data (id_customization, type, `index`, value) VALUES (5, 1, 1, 'Anna \"la\" 🐕'), (5, 1, 2, ''), (5, 0, 3, 'a.png'), (5, 1, 4, '2026');
             UPDATE ps_orders SET reference = 'REF2' WHERE id_order = 3;
             DELETE FROM ps_order_payment WHERE order_reference IN ('REF3', 'REF4');
             UPDATE ps_order_payment SET amount = 50 WHERE order_reference = 'REF2';
             INSERT INTO ps_order_payment (order_reference, id_currency, amount, payment_method, conversion_rate, date_add) VALUES ('REF2', 2, 10, 'Carta', 1.25, '2026-03-02 00:31:00');",
        )
        .await;
    between.project.ponte(&["sync", "main/order"]).succeeds();
    between.project.ponte(&["sync", "main/order"]).succeeds();
    assert_eq!(
        between.erp_rows(HEADS).await,
        [
            "main/1 | 4588 | 012345 | Edicola \"Po\" 🗞 | paid",
            "main/2 | 2900 | - | - | partly_paid",
            "main/3 | 2900 | - | - | partly_paid",
            "main/4 | - | - | - | unpaid",
        ]
    );
    let said = between.project.ponte(&["order", "main/2"]).succeeds();
    assert!(
        said.stdout.contains(", only 29.00 EUR paid, ch_2\n"),
        "{said}"
    );
    for (state, word) in [(7, "refunded"), (8, "unpaid")] {
        client
            .run(&format!(
                "UPDATE ps_orders SET current_state = {state} WHERE id_order = 4"
            ))
            .await;
        assert_eq!(story(&between, "main/4")["payment_state"], json!(word));
    }
    let lines = between.erp_rows(LINES).await;
    assert_eq!(
        lines[0],
        "main/1 | HAMMER | WH | Martello - Anna \"la\" 🐕, 2026 | Anna \"la\" 🐕, 2026"
    );
    // From the only warehouse whose stock the shop sells, whatever the shop says.
    let elsewhere = lines
        .iter()
        .filter(|line| line.starts_with("main/2 | HAMMER"));
    assert_eq!(
        elsewhere.collect::<Vec<_>>(),
        ["main/2 | HAMMER | WH | Martello | -"]
    );
    assert_eq!(story(&between, "main/1")["warehouse"], json!("WH"));
    assert_eq!(story(&between, "main/2")["warehouse"], json!("OTHER"));
    assert_eq!(story(&between, "main/4")["warehouse"], Value::Null);
}

async fn from_opencart(version: &str) {
    let (erp, shop, project) = opencart::databases("opencart told", version).await;
    let between = Between::of(erp, shop, &project);
    let mut shop = between.shop.client().await;
    opencart::place(&mut shop, &opencart::USUAL).await;
    shop.run(
        "INSERT INTO oc_order_option (order_id, order_product_id, product_option_id, product_option_value_id, name, value, type) VALUES
         (1, 100, 2, 0, 'Engraving', 'Anna&quot;s 🐕 &lt;3', 'text'), (1, 100, 1, 1, 'Size &amp; cut', 'L', 'select')",
    )
    .await;
    between.project.ponte(&["sync", "main/order"]).succeeds();
    between.project.ponte(&["sync", "main/order"]).succeeds();
    assert_eq!(between.erp_rows(HEADS).await, ["main/1 | - | - | - | -"]);
    // What its statuses tell of payments that failed or went back.
    for (status, state) in [
        (5, Value::Null),
        (11, json!("refunded")),
        (13, json!("refunded")),
        (10, json!("unpaid")),
        (16, json!("unpaid")),
    ] {
        shop.run(&format!(
            "UPDATE oc_order SET order_status_id = {status} WHERE order_id = 1"
        ))
        .await;
        assert_eq!(
            story(&between, "main/1")["payment_state"],
            state,
            "{status}"
        );
    }
    assert_eq!(
        between.erp_rows(LINES).await[..2],
        [
            "main/1 | SAW | WH | Saw 12\" - Engraving: Anna\"s 🐕 <3, Size & cut: L | Engraving: Anna\"s 🐕 <3, Size & cut: L",
            "main/1 | RAKE | WH | Saw 12\" | -",
        ]
    );
}

#[tokio::test]
async fn what_opencart_keeps_of_an_order_reaches_the_erp() {
    from_opencart("4.1").await;
}

#[tokio::test]
async fn what_opencart_4_0_keeps_of_an_order_reaches_the_erp() {
    from_opencart("4.0").await;
}

#[tokio::test]
async fn odoo_sends_from_the_shops_warehouse_and_shows_what_was_chosen() {
    let mut between = odoo::between("told to odoo", 19).await;
    let text = between.project.read("ponte.toml");
    between
        .project
        .file("ponte.toml", &text.replace("[\"WH\"]", "[\"WH2\"]"));
    between.place(&[Order::usual(1001)]).await;
    in_shop(
        &between,
        &["INSERT INTO wp_woocommerce_order_itemmeta (order_item_id, meta_key, meta_value) VALUES (100102, 'Engraving', 'Anna''s 🐕')"],
    )
    .await;
    between.project.ponte(&["sync", "main/order"]).succeeds();
    assert_eq!(
        between
            .erp_rows(
                "SELECT o.warehouse_id, l.name FROM sale_order o JOIN sale_order_line l ON l.order_id = o.id WHERE o.origin = 'main/1001' AND l.sequence = 1"
            )
            .await,
        ["2 | Something\nEngraving: Anna's 🐕"]
    );
}
