//! Articles, prices and stock from PostgreSQL into an empty WooCommerce on MariaDB, beside a script of multi-row
//! statements that writes the same rows.
//!
//!     tests/run --servers                          # in another terminal; copy its two `export` lines
//!     cargo bench --bench woocommerce              # 100,000 articles
//!     cargo bench --bench woocommerce -- 10000     # or so many
//!     cargo bench --bench woocommerce -- 10000 counted
//!
//! `counted` puts a proxy before each server: round trips and bytes of each case are told, times are worth nothing then.
//!
//! At the end a buyer checks out again and again, alone and while everything is compared anew: times of the shop's own pages, without PHP.
//!
//! READ is a client that reads the ERP's rows; SCRIPT is the statements by which a person who knows every row would load
//! or change the shop: INSERTs of a thousand rows, and prices through a table of their own.

mod measure;
#[path = "../tests/support/mod.rs"]
mod support;

use measure::checkout::Buyer;
use measure::{Asked, Subject, copy, mariadb, timed};
use std::fmt::Write;
use std::path::Path;
use std::time::Duration;
use support::client::Client;
use support::servers;

const ARTICLES: u64 = 100_000;
/// Rows of one INSERT of the script.
const INSERT_ROWS: usize = 1000;
/// So long a buyer is alone with the shop.
const UNDISTURBED: Duration = Duration::from_secs(10);

const TABLES: [&str; 4] = [
    "wp_posts",
    "wp_postmeta",
    "wp_term_relationships",
    "wp_wc_product_meta_lookup",
];

fn main() {
    let asked = Asked::read();
    let articles = asked.number(ARTICLES);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime for the set-up");
    let (erp, shop, other) = runtime.block_on(async {
        let erp = servers::postgres("bench_erp").await;
        let mut client = erp.client().await;
        client.load_file("schemas/reference/postgres.sql").await;
        client.load(&erp_rows(articles)).await;
        let shop = servers::mariadb("bench_shop").await;
        let other = servers::mariadb("bench_script").await;
        for one in [&shop, &other] {
            one.client()
                .await
                .load_file("schemas/woocommerce/mysql.sql")
                .await;
        }
        (erp, shop, other)
    });
    let dir = tempfile::tempdir().expect("a folder for the project");
    let proxies = asked.proxies(&erp, &shop);
    let addresses = measure::addresses(&erp, &shop, proxies.as_ref());
    let ponte = Subject::new(
        dir.path().join("project"),
        &project(&addresses),
        proxies.as_ref(),
    );
    ponte.run(&["match", "main", "--accept"]);
    ponte.run(&["sync", "category"]);
    let empty = runtime.block_on(async { rows_of(&mut shop.client().await).await });
    let read = timed(|| {
        for query in [
            "SELECT a.*, t.* FROM articles a JOIN article_texts t ON t.sku = a.sku",
            "SELECT * FROM article_categories",
            "SELECT * FROM prices",
            "SELECT * FROM stock",
        ] {
            copy(&erp, query, Path::new("/dev/null"));
        }
    });

    let first = ponte.run(&["sync"]);
    let loaded = runtime.block_on(async { rows_of(&mut shop.client().await).await });
    let script = dir.path().join("script.sql");
    let statements = runtime.block_on(async { script_of(&mut shop.client().await).await });
    std::fs::write(&script, statements).expect("room on the disk");
    runtime.block_on(async {
        let mut client = other.client().await;
        for table in TABLES {
            client.run(&format!("DELETE FROM {table}")).await;
        }
    });
    let written = timed(|| mariadb(&other, &[], &script));
    println!(
        "{articles} articles, {} rows; READ {:.2} s, SCRIPT {:.2} s",
        loaded - empty,
        read.as_secs_f64(),
        written.as_secs_f64()
    );
    let seconds = first.time().as_secs_f64();
    println!(
        "{:.0} articles/s, {:.0} rows/s",
        articles as f64 / seconds,
        (loaded - empty) as f64 / seconds
    );
    first.report("first load", read + written, "READ + SCRIPT");

    runtime.block_on(async {
        let change =
            "UPDATE prices SET amount = amount + 1, updated_at = now() WHERE sku LIKE '%77'";
        erp.client().await.run(change).await;
    });
    let read = timed(|| copy(&erp, "SELECT * FROM prices", Path::new("/dev/null")));
    let prices = ponte.run(&["sync", "price"]);
    let statements = runtime.block_on(async { prices_of(&mut shop.client().await).await });
    std::fs::write(&script, statements).expect("room on the disk");
    let written = timed(|| mariadb(&other, &[], &script));
    println!(
        "prices: READ {:.2} s, SCRIPT {:.2} s",
        read.as_secs_f64(),
        written.as_secs_f64()
    );
    prices.report("prices, 1% changed", read + written, "READ + SCRIPT");

    let flows = ["resync", "article", "price", "stock"];
    let buyer = Buyer::start(&shop);
    std::thread::sleep(UNDISTURBED);
    buyer.report("nothing else goes on");
    let buyer = Buyer::start(&shop);
    ponte.run(&flows);
    buyer.report("beside a resync, nothing differs");
    runtime.block_on(async {
        let mut erp = erp.client().await;
        for change in [
            "UPDATE article_texts SET name = name || '!' WHERE sku LIKE '%7'",
            "UPDATE prices SET amount = amount + 1 WHERE sku LIKE '%7'",
        ] {
            erp.run(change).await;
        }
    });
    let buyer = Buyer::start(&shop);
    ponte.run(&flows);
    buyer.report("beside a resync, 10% differ");
}

fn erp_rows(articles: u64) -> String {
    format!(
        "INSERT INTO tax_classes (code, description, rate) VALUES ('IVA22', '22 %', 22);
         INSERT INTO warehouses (code, name) VALUES ('WH', 'Main');
         INSERT INTO price_lists (code, tax_included) VALUES ('public', TRUE);
         INSERT INTO categories (id, position) SELECT 'C' || n, n FROM generate_series(1, 100) n;
         INSERT INTO category_texts (category_id, language, name) SELECT 'C' || n, 'en', 'Category ' || n FROM generate_series(1, 100) n;
         INSERT INTO articles (sku, tax_class, weight) SELECT 'SKU-' || lpad(n::text, 8, '0'), 'IVA22', n % 100 / 4.0 FROM generate_series(1, {articles}) n;
         INSERT INTO article_texts (sku, language, name, description) SELECT sku, 'en', 'Article ' || sku, repeat(md5(sku) || ' ', 7) FROM articles;
         INSERT INTO article_categories (sku, category_id) SELECT 'SKU-' || lpad(n::text, 8, '0'), 'C' || (1 + n % 100) FROM generate_series(1, {articles}) n;
         INSERT INTO prices (sku, list, amount) SELECT 'SKU-' || lpad(n::text, 8, '0'), 'public', 1 + n % 9999 / 100.0 FROM generate_series(1, {articles}) n;
         INSERT INTO stock (sku, warehouse, quantity) SELECT 'SKU-' || lpad(n::text, 8, '0'), 'WH', n % 50 FROM generate_series(1, {articles}) n;
         ANALYZE;"
    )
}

fn project([erp, shop]: &[String; 2]) -> String {
    format!(
        "[erp]\npack = \"reference\"\nurl = \"{erp}\"\n[shop.main]\npack = \"woocommerce\"\nurl = \"{shop}\"\nlanguage = \"en\"\n\
         price_list = \"public\"\nwarehouses = [\"WH\"]\norders.since = 2026-01-01T00:00:00Z\n\
         [shop.main.tax]\nIVA22 = {{ rate = 22, class = \"\" }}\n"
    )
}

async fn rows_of(shop: &mut Client) -> u64 {
    let counts = TABLES.map(|table| format!("(SELECT COUNT(*) FROM {table})"));
    let sum = shop.value(&format!("SELECT {}", counts.join(" + "))).await;
    sum.and_then(|sum| sum.parse().ok()).expect("a number")
}

/// The shop's rows as INSERTs.
async fn script_of(shop: &mut Client) -> String {
    let mut script = String::new();
    for table in TABLES {
        let columns = format!(
            "SELECT GROUP_CONCAT(CONCAT('QUOTE(`', column_name, '`)') ORDER BY ordinal_position) FROM information_schema.columns
             WHERE table_schema = database() AND table_name = '{table}'"
        );
        let columns = shop.value(&columns).await.expect("a table of the shop");
        let rows = shop
            .rows(&format!("SELECT CONCAT_WS(',', {columns}) FROM {table}"))
            .await;
        for chunk in rows.chunks(INSERT_ROWS) {
            let rows: Vec<String> = chunk
                .iter()
                .map(|row| format!("({})", row[0].as_deref().unwrap_or_default()))
                .collect();
            writeln!(script, "INSERT INTO {table} VALUES {};", rows.join(",\n"))
                .expect("writing to a text");
        }
    }
    script
}

/// The prices that are new, written the way a person would.
async fn prices_of(shop: &mut Client) -> String {
    let sql = "SELECT l.product_id, QUOTE(m.meta_value) FROM wp_wc_product_meta_lookup l
               JOIN wp_postmeta m ON m.post_id = l.product_id AND m.meta_key = '_price' WHERE l.sku LIKE '%77'";
    let rows = shop.rows(sql).await;
    let rows: Vec<String> = rows
        .iter()
        .map(|row| {
            let cell = |at: usize| row[at].as_deref().unwrap_or_default();
            format!("({}, {})", cell(0), cell(1))
        })
        .collect();
    format!(
        "CREATE TEMPORARY TABLE new_price (product_id bigint PRIMARY KEY, price varchar(40) CHARACTER SET utf8mb4);
         INSERT INTO new_price VALUES {};
         UPDATE wp_postmeta m JOIN new_price n ON n.product_id = m.post_id SET m.meta_value = n.price WHERE m.meta_key IN ('_price', '_regular_price');
         UPDATE wp_wc_product_meta_lookup l JOIN new_price n ON n.product_id = l.product_id SET l.min_price = n.price, l.max_price = n.price;",
        rows.join(", ")
    )
}
