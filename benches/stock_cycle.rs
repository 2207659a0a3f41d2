//! A stock cycle between an ERP on PostgreSQL and a WooCommerce on MariaDB, beside what both servers need to tell the
//! figures.
//!
//!     tests/run --servers                          # in another terminal; copy its two `export` lines
//!     cargo bench --bench stock_cycle              # 50,000 articles in four warehouses, 5,000 open orders
//!     cargo bench --bench stock_cycle -- 1000000   # or so many articles, and a tenth of them as orders
//!     cargo bench --bench stock_cycle -- 50000 counted
//!
//! `counted` puts a proxy before each server: round trips and bytes of each case are told, times are worth nothing then.
//!
//! SUM is one query of the ERP, on hand less committed of each article, drained; SHOWN is each article's SKU and figure,
//! drained from the shop's tables; FIGURES is the query by which the pack reads them, with all that decides whether they are sound.

mod measure;
#[path = "../tests/support/mod.rs"]
mod support;

use measure::{Asked, Subject, copy, statement, timed};
use std::path::Path;
use support::servers;

const ARTICLES: u64 = 50_000;
const WAREHOUSES: [&str; 4] = ["WH1", "WH2", "WH3", "WH4"];
const LINES: u64 = 3;
/// Of an article in each warehouse.
const PIECES: u64 = 50;

const SUM: &str = "SELECT s.sku, s.quantity - COALESCE(c.quantity, 0) FROM
    (SELECT sku, SUM(quantity) AS quantity FROM stock WHERE warehouse IN ('WH1', 'WH2', 'WH3', 'WH4') GROUP BY sku) s
    LEFT JOIN (SELECT l.sku, SUM(l.quantity - l.delivered_quantity) AS quantity FROM order_lines l
               JOIN orders o ON o.number = l.order_number WHERE o.status = 'confirmed' GROUP BY l.sku) c ON c.sku = s.sku";

const SHOWN: &str = "SELECT k.meta_value, s.meta_value FROM wp_posts p
    JOIN wp_postmeta k ON k.post_id = p.ID AND k.meta_key = '_sku' JOIN wp_postmeta s ON s.post_id = p.ID AND s.meta_key = '_stock'
    WHERE p.post_type IN ('product', 'product_variation')";

fn main() {
    let asked = Asked::read();
    let articles = asked.number(ARTICLES);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime for the set-up");
    let (erp, shop) = runtime.block_on(async {
        let erp = servers::postgres("bench_erp").await;
        let mut client = erp.client().await;
        client.load_file("schemas/reference/postgres.sql").await;
        client.load(&erp_rows(articles)).await;
        let shop = servers::mariadb("bench_shop").await;
        let mut client = shop.client().await;
        client.load_file("schemas/woocommerce/mysql.sql").await;
        client.load(&shop_rows(articles)).await;
        (erp, shop)
    });
    let on_erp = |sql: &str| runtime.block_on(async { erp.client().await.run(sql).await });
    let dir = tempfile::tempdir().expect("a folder for the project");
    let proxies = asked.proxies(&erp, &shop);
    let addresses = measure::addresses(&erp, &shop, proxies.as_ref());
    let ponte = Subject::new(
        dir.path().join("project"),
        &project(&addresses),
        proxies.as_ref(),
    );
    let figures = figures();
    let sum = timed(|| copy(&erp, SUM, Path::new("/dev/null")));
    let shown = timed(|| statement(&shop, SHOWN));
    let read = timed(|| statement(&shop, &figures));
    println!(
        "{articles} articles; SUM {:.2} s, SHOWN {:.2} s, FIGURES {:.2} s",
        sum.as_secs_f64(),
        shown.as_secs_f64(),
        read.as_secs_f64()
    );
    let cycle = |case: &str| {
        let run = ponte.run(&["sync", "stock"]);
        println!(
            "{case}: {:.2} x (SUM + SHOWN)",
            run.time().as_secs_f64() / (sum + shown).as_secs_f64()
        );
        run.report(case, sum + read, "(SUM + FIGURES)");
    };
    cycle("stock, the first cycle: what open orders hold is taken off");
    cycle("stock, nothing changed");
    on_erp("UPDATE stock SET quantity = quantity + 5 WHERE warehouse = 'WH2' AND sku LIKE '%77'");
    cycle("stock, 1% of the figures changed");
}

fn erp_rows(articles: u64) -> String {
    let warehouses = WAREHOUSES
        .map(|code| format!("('{code}', '{code}')"))
        .join(", ");
    let orders = articles / 10;
    format!(
        "INSERT INTO tax_classes (code, description, rate) VALUES ('IVA22', '22 %', 22);
         INSERT INTO warehouses (code, name) VALUES {warehouses};
         INSERT INTO customers (number, name) VALUES ('C1', 'A customer');
         INSERT INTO articles (sku, tax_class) SELECT 'SKU-' || lpad(n::text, 8, '0'), 'IVA22' FROM generate_series(1, {articles}) n;
         INSERT INTO stock (sku, warehouse, quantity) SELECT a.sku, w.code, {PIECES} FROM articles a CROSS JOIN warehouses w;
         INSERT INTO orders (number, customer, status, order_date) SELECT 'O' || n, 'C1', 'confirmed', '2026-06-01' FROM generate_series(1, {orders}) n;
         INSERT INTO order_lines (order_number, line, sku, warehouse, quantity, delivered_quantity)
             SELECT 'O' || n, l, 'SKU-' || lpad((1 + (n * 7 + l * 13) % {articles})::text, 8, '0'), 'WH1', 2, 1
             FROM generate_series(1, {orders}) n CROSS JOIN generate_series(1, {LINES}) l;
         ANALYZE;"
    )
}

/// Each article shows what the ERP has of it, before its orders.
fn shop_rows(articles: u64) -> String {
    let shown = PIECES * WAREHOUSES.len() as u64;
    let rows = format!("FROM seq_1_to_{articles}");
    let meta = |key: &str, value: &str| {
        format!(
            "INSERT INTO wp_postmeta (post_id, meta_key, meta_value) SELECT 1000 + seq, '{key}', {value} {rows};"
        )
    };
    let metas = [
        meta("_sku", "CONCAT('SKU-', LPAD(seq, 8, '0'))"),
        meta("_manage_stock", "'yes'"),
        meta("_backorders", "'no'"),
        meta("_stock", &format!("'{shown}'")),
        meta("_stock_status", "'instock'"),
    ];
    format!(
        "INSERT INTO wp_posts (ID, post_date, post_date_gmt, post_content, post_title, post_excerpt, post_status, post_name, to_ping, pinged,
             post_modified, post_modified_gmt, post_content_filtered, post_type)
             SELECT 1000 + seq, '2026-01-01', '2026-01-01', '', CONCAT('Article ', seq), '', 'publish', CONCAT('article-', seq), '', '',
                 '2026-01-01', '2026-01-01', '', 'product' {rows};
         {}
         INSERT INTO wp_wc_product_meta_lookup (product_id, sku, stock_quantity, stock_status)
             SELECT 1000 + seq, CONCAT('SKU-', LPAD(seq, 8, '0')), {shown}, 'instock' {rows};
         INSERT INTO wp_term_relationships (object_id, term_taxonomy_id) SELECT 1000 + seq, 2 {rows};
         ANALYZE TABLE wp_posts, wp_postmeta, wp_wc_product_meta_lookup, wp_term_relationships;",
        metas.join("\n")
    )
}

fn project([erp, shop]: &[String; 2]) -> String {
    let warehouses = WAREHOUSES.map(|code| format!("\"{code}\"")).join(", ");
    format!(
        "[erp]\npack = \"reference\"\nurl = \"{erp}\"\n[shop.main]\npack = \"woocommerce\"\nurl = \"{shop}\"\nlanguage = \"en\"\n\
         price_list = \"public\"\nwarehouses = [{warehouses}]\norders.since = 2026-01-01T00:00:00Z\nrecords = [\"stock\"]\n\
         [shop.main.tax]\nIVA22 = {{ rate = 22, class = \"\" }}\n"
    )
}

/// The pack's own query.
fn figures() -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("mappings/shop/woocommerce/stock.toml");
    let text = std::fs::read_to_string(file).expect("the pack");
    let pack: toml::Table = text.parse().expect("the pack is TOML");
    let figures = pack["stock"]["figures"].as_str().expect("a query");
    figures.replace("{prefix}", "wp_")
}
