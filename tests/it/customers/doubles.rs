//! Who registers, orders and comes in by the customers' flow, in whatever order, is one customer of the ERP.

use std::time::Duration;

use super::shops::{Customers, Kind, Person};
use crate::orders::place::Order;
use crate::support::full;
use crate::sync::pair::On;

/// What becomes of one buyer, each way once in so many.
const WAYS: u32 = 5;

struct Buyers {
    customers: Customers,
}

impl Buyers {
    async fn new(test: &str, erp: On) -> Buyers {
        let customers = Customers::woocommerce(test, erp, On::Mariadb).await;
        customers
            .shop
            .client()
            .await
            .run("DELETE FROM wp_wc_orders")
            .await;
        let text = customers.project.read("ponte.toml");
        let text = text.replace("orders.since", "orders.import = true\norders.since");
        let mut customers = customers;
        customers.project.file("ponte.toml", &text);
        customers.run().succeeds();
        customers.project.ponte(&["match", "--accept"]);
        Buyers { customers }
    }

    async fn register(&self, id: u32) {
        self.customers.register(&Person::new(id)).await;
    }

    /// An order of the account, or of a guest with its e-mail address.
    async fn order(&self, id: u32, number: u32, is_guest: bool) {
        let mut shop = self.customers.shop.client().await;
        let order = Order {
            email: format!("buyer{id}@example.com"),
            ..Order::usual(number)
        };
        shop.run("BEGIN").await;
        order.place(&mut shop).await;
        if !is_guest {
            shop.run(&format!(
                "UPDATE wp_wc_orders SET customer_id = {id} WHERE id = {number}"
            ))
            .await;
        }
        shop.run("COMMIT").await;
    }

    async fn buyer(&self, n: u32) {
        let (id, first, second) = (100 + n, 1000 + 2 * n, 1001 + 2 * n);
        let pause = || tokio::time::sleep(Duration::from_millis(u64::from(n % 7) * 40));
        match n % WAYS {
            0 => {
                self.register(id).await;
                pause().await;
                self.order(id, first, false).await;
                self.order(id, second, false).await;
            }
            1 => {
                self.order(id, first, true).await;
                pause().await;
                self.register(id).await;
                self.order(id, second, false).await;
            }
            2 => {
                self.register(id).await;
                self.order(id, first, false).await;
                pause().await;
                // The address is another one by the next order.
                let email = format!(
                    "UPDATE wp_users SET user_email = 'other{id}@example.com' WHERE ID = {id}"
                );
                self.customers.shop.client().await.run(&email).await;
                self.order(id, second, false).await;
            }
            3 => self.register(id).await,
            _ => {
                self.order(id, first, true).await;
                self.order(id, second, true).await;
                pause().await;
                self.register(id).await;
            }
        }
    }

    async fn assert_one_each(&self, buyers: u32) {
        let customers = &self.customers;
        let double = "SELECT MIN(number), MAX(number) FROM customers WHERE number LIKE 'WC%' GROUP BY lower(email) HAVING COUNT(*) > 1";
        assert_eq!(customers.erp_rows(double).await, [""; 0]);
        let all = "SELECT COUNT(*) FROM customers WHERE number LIKE 'WC%'";
        assert_eq!(customers.erp_rows(all).await, [buyers.to_string()]);
        let linked = format!(
            "SELECT COUNT(*), COUNT(DISTINCT target_id) FROM {} WHERE record = 'web_customer'",
            customers.links()
        );
        assert_eq!(
            customers.erp_rows(&linked).await,
            [format!("{buyers} | {buyers}")]
        );
        let split = format!(
            "SELECT o.web_reference FROM orders o JOIN {} k ON k.record = 'web_customer' AND k.target_id = o.customer
             WHERE o.web_reference IS NOT NULL GROUP BY o.web_reference HAVING COUNT(*) <> 1",
            customers.links()
        );
        assert_eq!(customers.erp_rows(&split).await, [""; 0]);
    }
}

async fn crowd(test: &str, erp: On, buyers: u32) {
    let all = Buyers::new(test, erp).await;
    let shopping = async {
        for n in 0..buyers {
            all.buyer(n).await;
        }
    };
    let mut done = false;
    tokio::join!(
        async {
            shopping.await;
        },
        async {
            // Two programs at once, mostly: whoever does not get the lease says so and ends.
            while !done {
                let orders = all.customers.project.start(&["sync", "main/order"]);
                let customers = all
                    .customers
                    .project
                    .start(&["sync", "web_customer", "customer"]);
                tokio::task::spawn_blocking(|| (orders.wait(), customers.wait()))
                    .await
                    .expect("both end");
                let orders = "SELECT COUNT(*) FROM wp_wc_orders";
                let placed = Customers::rows(&all.customers.shop, orders).await;
                let expected = (0..buyers).filter(|n| n % WAYS != 3).count() * 2;
                done = placed == [expected.to_string()];
            }
        }
    );
    all.customers.project.ponte(&["sync", "main/order"]);
    all.customers.run();
    all.customers
        .project
        .ponte(&["sync", "main/order"])
        .succeeds();
    all.customers.run().succeeds();
    all.assert_one_each(buyers).await;
    all.customers.assert_still("everybody is known").await;
    assert_eq!(all.customers.kind, Kind::Woocommerce);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_buyer_is_one_customer_in_whatever_order_things_happen() {
    let buyers = if full() { 200 } else { 25 };
    crowd("customers crowd", On::Postgres, buyers).await;
}
