//! Buyers whom the ERP knows order again and again: each run of the program, over connections of its own, brings in what was placed before it,
//! though it also notes that the shop has touched the orders of before.

use super::place::{Between, Order};
use crate::support::full;
use crate::sync::pair::On;

async fn again(test: &str, erp: On, shop: On) {
    let between = Between::new(test, erp, shop).await;
    let mut placed: u32 = 0;
    for run in 0..if full() { 60 } else { 5 } {
        let orders: Vec<Order> = (0..1 + run % 3)
            .map(|n| Order {
                email: format!("buyer{n}@example.com"),
                ..Order::of_pieces(1001 + placed + n, 1 + (run + n) % 4)
            })
            .collect();
        let mut shop = between.shop.client().await;
        let moment = format!("2026-03-02 10:{run:02}:00");
        shop.run(&format!(
            "UPDATE wp_wc_orders SET date_updated_gmt = '{moment}'"
        ))
        .await;
        between.place(&orders).await;
        placed += orders.len() as u32;
        let said = between.project.ponte(&["sync", "main/order"]).succeeds();
        let imported = between.assert_sound().await;
        assert_eq!(imported, u64::from(placed), "run {run}: {said}");
    }
    let customers = between
        .erp_rows("SELECT COUNT(*) FROM customers WHERE number LIKE 'WC%'")
        .await;
    assert_eq!(customers, ["3"]);
}

#[tokio::test]
async fn known_buyers_order_again_on_sqlserver() {
    again("known buyers sqlserver", On::SqlServer, On::Mariadb).await;
}

#[tokio::test]
async fn known_buyers_order_again_on_sqlserver_from_sqlite() {
    again("known buyers sqlserver sqlite", On::SqlServer, On::Sqlite).await;
}

#[tokio::test]
async fn known_buyers_order_again_on_postgres() {
    again("known buyers postgres", On::Postgres, On::Mariadb).await;
}
