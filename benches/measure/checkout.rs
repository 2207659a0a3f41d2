//! A buyer of a WooCommerce who checks out again and again, and how long each time takes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::support::client::Client;
use crate::support::servers::Database;

/// Between two checkouts.
const PAUSE: Duration = Duration::from_millis(20);
/// A multiple of it has no common factor with any number of articles that is a power of ten: no two orders in a row are of neighbours.
const STRIDE: u64 = 7919;

pub struct Buyer {
    leaves: Arc<AtomicBool>,
    bought: JoinHandle<Vec<Duration>>,
}

impl Buyer {
    /// Buys one piece of ever another article of those that the shop sells.
    pub fn start(shop: &Database) -> Buyer {
        let leaves = Arc::new(AtomicBool::new(false));
        let (url, until) = (shop.url.clone(), leaves.clone());
        let bought = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime for the buyer");
            runtime.block_on(buy(&url, &until))
        });
        Buyer { leaves, bought }
    }

    /// Prints how long the checkouts took.
    pub fn report(self, case: &str) {
        self.leaves.store(true, Ordering::SeqCst);
        let mut times = self.bought.join().expect("the buyer does not panic");
        times.sort();
        let of = |part: f64| {
            let at = ((times.len() - 1) as f64 * part) as usize;
            times[at].as_secs_f64() * 1000.0
        };
        println!(
            "checkout, {case}: half of {} within {:.0} ms, 99 % within {:.0} ms, the longest {:.0} ms",
            times.len(),
            of(0.5),
            of(0.99),
            of(1.0)
        );
    }
}

async fn buy(url: &str, until: &AtomicBool) -> Vec<Duration> {
    let mut shop = Client::connect(url).await;
    let sql = "SELECT product_id FROM wp_wc_product_meta_lookup WHERE stock_quantity > 5";
    let products: Vec<u64> = shop
        .rows(sql)
        .await
        .iter()
        .filter_map(|row| row[0].as_ref()?.parse().ok())
        .collect();
    let mut times = Vec::new();
    while !until.load(Ordering::SeqCst) {
        let at = (times.len() as u64 + 1) * STRIDE % products.len() as u64;
        let began = Instant::now();
        // A deadlock's victim begins again, as a buyer whose page fails does.
        while check_out(&mut shop, products[at as usize]).await.is_err() {
            let _ = shop.try_run("ROLLBACK").await;
        }
        times.push(began.elapsed());
        tokio::time::sleep(PAUSE).await;
    }
    times
}

/// What WooCommerce reads and writes for an order of one line.
async fn check_out(shop: &mut Client, product: u64) -> Result<(), String> {
    for read in [
        format!("SELECT * FROM wp_posts WHERE ID = {product}"),
        format!("SELECT post_id, meta_key, meta_value FROM wp_postmeta WHERE post_id = {product}"),
    ] {
        shop.try_rows(&read).await?;
    }
    shop.try_run("BEGIN").await?;
    shop.try_run(
        "INSERT INTO wp_posts (post_date, post_date_gmt, post_content, post_title, post_excerpt, post_status, to_ping, pinged,
         post_modified, post_modified_gmt, post_content_filtered, post_type)
         VALUES (UTC_TIMESTAMP(), UTC_TIMESTAMP(), '', '', '', 'draft', '', '', UTC_TIMESTAMP(), UTC_TIMESTAMP(), '', 'shop_order_placehold')",
    )
    .await?;
    let id = shop.try_rows("SELECT LAST_INSERT_ID()").await?;
    let order = id[0][0].clone().unwrap_or_default();
    for sql in [
        format!(
            "INSERT INTO wp_wc_orders (id, status, currency, type, tax_amount, total_amount, customer_id, billing_email, date_created_gmt, date_updated_gmt, parent_order_id)
             VALUES ({order}, 'wc-processing', 'EUR', 'shop_order', 0, 10, 0, 'buyer@example.com', UTC_TIMESTAMP(), UTC_TIMESTAMP(), 0)"
        ),
        format!(
            "INSERT INTO wp_wc_order_addresses (order_id, address_type, first_name, last_name, city, country, email)
             VALUES ({order}, 'billing', 'B', 'Uyer', 'Milano', 'IT', 'buyer@example.com'), ({order}, 'shipping', 'B', 'Uyer', 'Milano', 'IT', NULL)"
        ),
        format!(
            "INSERT INTO wp_wc_order_operational_data (order_id, created_via, order_stock_reduced) VALUES ({order}, 'checkout', 1)"
        ),
        format!(
            "INSERT INTO wp_woocommerce_order_items (order_item_name, order_item_type, order_id) VALUES ('One piece', 'line_item', {order})"
        ),
        format!(
            "INSERT INTO wp_woocommerce_order_itemmeta (order_item_id, meta_key, meta_value)
             SELECT LAST_INSERT_ID(), k, v FROM (SELECT '_product_id' AS k, '{product}' AS v UNION ALL SELECT '_variation_id', '0'
             UNION ALL SELECT '_qty', '1' UNION ALL SELECT '_line_total', '10' UNION ALL SELECT '_reduced_stock', '1') AS m"
        ),
        format!(
            "UPDATE wp_postmeta SET meta_value = meta_value - 1 WHERE post_id = {product} AND meta_key = '_stock'"
        ),
        format!(
            "UPDATE wp_wc_product_meta_lookup SET stock_quantity = stock_quantity - 1 WHERE product_id = {product}"
        ),
        "COMMIT".to_owned(),
    ] {
        shop.try_run(&sql).await?;
    }
    Ok(())
}
