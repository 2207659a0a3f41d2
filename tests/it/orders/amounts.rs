//! What WooCommerce says of discounts, fees and goods without tax, to the cent in the ERP.

use super::place::{Between, Line, Order};
use crate::sync::pair::On;

const RULES: &str = r#"
[[shop.main.orders.vat]]
rate = 0
code = "N4"

[[shop.main.orders.vat]]
rate = 22
code = "IVA22"
"#;

/// Its lines without what a server writes behind the last digit that counts.
const LINES: &str = "SELECT l.line, l.sku, CAST(l.quantity AS DECIMAL(12, 0)), CAST(l.unit_price AS DECIMAL(12, 3)), CAST(l.discount_percent AS DECIMAL(12, 2)),
    CAST(l.amount AS DECIMAL(12, 2)), l.tax_class FROM order_lines l JOIN orders o ON o.number = l.order_number WHERE o.web_reference = 'main/1001' ORDER BY l.line";

/// Two hammers at 15.25 with tax, a tenth off by a coupon; a rake of an exempt class; a fee for the payment, another one that gives back.
#[tokio::test]
async fn discounts_fees_and_exempt_goods_are_right_to_the_cent() {
    let mut between = Between::new("order amounts", On::Postgres, On::Mariadb).await;
    let project = between.project.read("ponte.toml");
    between
        .project
        .file("ponte.toml", &format!("{project}{RULES}"));
    let mut client = between.erp.client().await;
    client
        .run("INSERT INTO tax_classes (code, description, rate) VALUES ('N4', 'exempt', 0)")
        .await;
    let order = Order {
        total: "49.77000000",
        tax: "6.27000000",
        lines: vec![
            Line(101, 0, 2, "22.5", "4.95", 1),
            Line(103, 0, 1, "15", "0", 2),
        ],
        charges: vec![
            ("Cash on delivery", "fee", "2", "0.44", 1),
            ("For friends", "fee", "-1", "-0.22", 1),
            ("Courier", "shipping", "5.00", "1.10", 1),
        ],
        ..Order::usual(1001)
    };
    between.place(&[order]).await;
    let item = |name: &str, value: &str, item: u32| {
        format!(
            "UPDATE wp_woocommerce_order_itemmeta SET meta_value = '{value}' WHERE order_item_id = {item} AND meta_key = '{name}'"
        )
    };
    let untaxed = r#"a:2:{s:5:"total";a:0:{}s:8:"subtotal";a:0:{}}"#;
    let statements = [
        item("_line_subtotal", "25", 100_102),
        item("_line_subtotal_tax", "5.5", 100_102),
        item("_line_tax_data", untaxed, 100_103),
        "UPDATE wp_wc_order_operational_data SET prices_include_tax = 1".to_owned(),
        // A coupon is an item of its own, and within the lines already.
        "INSERT INTO wp_woocommerce_order_items (order_item_id, order_item_name, order_item_type, order_id) VALUES (100190, 'tenth', 'coupon', 1001)".to_owned(),
        "INSERT INTO wp_woocommerce_order_itemmeta (order_item_id, meta_key, meta_value) VALUES (100190, 'discount_amount', '2.5'), (100190, 'discount_amount_tax', '0.55')".to_owned(),
    ];
    let mut shop = between.shop.client().await;
    for statement in &statements {
        shop.run(statement).await;
    }
    between.project.ponte(&["sync", "main/order"]).succeeds();
    assert_eq!(
        between.erp_rows(LINES).await,
        [
            "1 | TOOL-1 | 2 | 15.250 | 10.00 | 27.45 | IVA22",
            "2 | TOOL-3 | 1 | 15.000 | 0.00 | 15.00 | N4",
            "3 | - | 1 | 2.440 | 0.00 | 2.44 | IVA22",
            "4 | - | 1 | -1.220 | 0.00 | -1.22 | IVA22",
            "5 | - | 1 | 6.100 | 0.00 | 6.10 | IVA22",
        ]
    );
    let split = "SELECT x.tax_class, CAST(x.net AS DECIMAL(12, 2)), CAST(x.tax AS DECIMAL(12, 2)) FROM order_taxes x ORDER BY 1";
    assert_eq!(
        between.erp_rows(split).await,
        ["IVA22 | 28.50 | 6.27", "N4 | 15.00 | 0.00"]
    );
}
