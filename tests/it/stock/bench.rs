//! An ERP and a shop for stock tests: empty of everything but what a test puts there, with raw SQL of the tests' own.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use ponte::db::{self, Engine};
use ponte::own::OwnTables;
use ponte::own::lease::{Guard, Lease};
use ponte::plan::Plan;
use ponte::stock::{self, Explanation, LastKnown, Mode, Options, StockReport};
use tempfile::TempDir;

use crate::support::client::Client;
use crate::support::servers::{self, Database};

pub struct Bench {
    pub shop: Database,
    pub erp: Database,
    pub plan: Plan,
    pub engines: BTreeMap<String, Arc<dyn Engine>>,
    pub last_known: LastKnown,
    lease: Option<Lease>,
    _folder: TempDir,
}

/// What differs from bench to bench.
#[derive(Default)]
pub struct Setup<'a> {
    /// Added to `[shop.main.stock]`.
    pub stock: &'a str,
    /// A changed text in the shop pack's `stock.toml`: what stands there, and what is put in its place.
    pub pack: Option<(&'a str, &'a str)>,
    /// Added to the project file.
    pub more: &'a str,
}

impl Bench {
    /// Both sides on SQLite.
    pub async fn sqlite(test: &str, setup: Setup<'_>) -> Bench {
        let shop = servers::sqlite(&format!("{test} shop"));
        let erp = servers::sqlite(&format!("{test} erp"));
        shop.client()
            .await
            .load_file("schemas/woocommerce/sqlite.sql")
            .await;
        erp.client()
            .await
            .load_file("schemas/reference/sqlite.sql")
            .await;
        Bench::new(shop, erp, setup).await
    }

    /// The ERP on PostgreSQL, the shop on MariaDB.
    pub async fn servers(test: &str, setup: Setup<'_>) -> Bench {
        let shop = servers::mariadb(&format!("{test} shop")).await;
        let erp = servers::postgres(&format!("{test} erp")).await;
        shop.client()
            .await
            .load_file("schemas/woocommerce/mysql.sql")
            .await;
        erp.client()
            .await
            .load_file("schemas/reference/postgres.sql")
            .await;
        Bench::new(shop, erp, setup).await
    }

    async fn new(shop: Database, erp: Database, setup: Setup<'_>) -> Bench {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let pack = match setup.pack {
            None => "woocommerce".to_owned(),
            Some(change) => changed_pack(folder.path(), change),
        };
        let project = format!(
            r#"
[erp]
pack = "reference"
url  = "{erp}"

[shop.main]
pack         = "{pack}"
url          = "{shop}"
language     = "it"
price_list   = "public"
warehouses   = ["WH", "WH2"]
orders.since = 2020-01-01T00:00:00Z
records      = ["stock"]
[shop.main.tax]
IVA22 = {{ rate = 22, class = "" }}
[shop.main.stock]
{stock}
{more}
"#,
            erp = erp.url,
            shop = shop.url,
            stock = setup.stock,
            more = setup.more,
        );
        let plan = load(folder.path(), &project);
        let mut engines = BTreeMap::new();
        for (name, connection) in &plan.connections {
            let engine =
                db::engine(&connection.url).unwrap_or_else(|error| panic!("{name}: {error}"));
            engines.insert(name.clone(), engine);
        }
        let mut bench = Bench {
            shop,
            erp,
            plan,
            engines,
            last_known: LastKnown::new(),
            lease: None,
            _folder: folder,
        };
        bench.take_lease().await;
        bench.seed_erp().await;
        bench
    }

    async fn take_lease(&mut self) {
        let engine = self.engines["shop.main"].clone();
        let own = OwnTables::new(self.plan.connections["shop.main"].own_schema.clone());
        let mut session = engine.connect().await.expect("a connection to the shop");
        own.create(session.as_mut())
            .await
            .expect("ponte's own tables");
        let lease = Lease::take(engine, own, "shop.main", "test").await;
        self.lease = Some(lease.expect("a lease nobody else wants"));
    }

    async fn seed_erp(&self) {
        let mut erp = self.erp.client().await;
        erp.run("INSERT INTO tax_classes (code, description, rate) VALUES ('IVA22', '22 %', 22)")
            .await;
        for warehouse in ["WH", "WH2", "ELSEWHERE"] {
            erp.run(&format!(
                "INSERT INTO warehouses (code, name) VALUES ('{warehouse}', '{warehouse}')"
            ))
            .await;
        }
        erp.run("INSERT INTO customers (number, name) VALUES ('C1', 'A customer')")
            .await;
    }

    pub fn guard(&self) -> &Guard {
        self.lease
            .as_ref()
            .expect("taken when the bench was made")
            .guard()
    }

    pub fn plan_stock(&self) -> &ponte::plan::Stock {
        let main = self.plan.stocks.iter().find(|stock| stock.shop == "main");
        main.expect("the stock of shop main")
    }

    /// One cycle of ponte.
    pub async fn cycle(&self) -> StockReport {
        self.cycle_with(&[], Mode::Write(self.guard())).await
    }

    pub async fn cycle_with(&self, only: &[String], mode: Mode<'_>) -> StockReport {
        let options = Options {
            mode,
            only,
            last_known: &self.last_known,
        };
        match stock::cycle(&self.plan, self.plan_stock(), &self.engines, options).await {
            Ok(report) => report,
            Err(error) => panic!("the cycle failed: {error}"),
        }
    }

    pub async fn explain(&self, sku: &str) -> Explanation {
        let stock = self.plan_stock();
        match stock::explain(&self.plan, stock, &self.engines, &self.last_known, sku).await {
            Ok(explanation) => explanation,
            Err(error) => panic!("the explanation failed: {error}"),
        }
    }
}

fn load(folder: &Path, project: &str) -> Plan {
    let file = folder.join("ponte.toml");
    std::fs::write(&file, project).expect("a project file");
    match ponte::config::load(&file, &|_| None) {
        Ok((plan, _)) => plan,
        Err(diagnostics) => panic!("{}\n{project}", diagnostics.render(false)),
    }
}

/// A copy of the WooCommerce pack with another text in its `stock.toml`; its place as the project file names it.
fn changed_pack(folder: &Path, (from, to): (&str, &str)) -> String {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("mappings/shop/woocommerce");
    let target = folder.join("pack");
    std::fs::create_dir(&target).expect("a folder for the pack");
    for entry in std::fs::read_dir(source).expect("the pack") {
        let entry = entry.expect("a file of the pack");
        let mut text = std::fs::read_to_string(entry.path()).expect("a text");
        if entry.file_name() == "stock.toml" {
            assert!(text.contains(from), "stock.toml no longer says {from}");
            text = text.replace(from, to);
        }
        std::fs::write(target.join(entry.file_name()), text).expect("a copy");
    }
    "./pack".to_owned()
}

/// An article as both sides have it. `shown` is the shop's figure, as text; `None` is NULL.
pub async fn article(bench: &Bench, id: u32, sku: &str, shown: Option<&str>, on_hand: &str) {
    erp_article(bench, sku, on_hand).await;
    shop_article(&mut bench.shop.client().await, id, sku, shown, "yes").await;
}

pub async fn erp_article(bench: &Bench, sku: &str, on_hand: &str) {
    let mut erp = bench.erp.client().await;
    erp.run(&format!(
        "INSERT INTO articles (sku, tax_class) VALUES ('{sku}', 'IVA22')"
    ))
    .await;
    erp.run(&format!(
        "INSERT INTO stock (sku, warehouse, quantity) VALUES ('{sku}', 'WH', '{on_hand}')"
    ))
    .await;
}

/// A simple product, consistent as WooCommerce leaves it (with a figure of NULL: as far as it can be).
pub async fn shop_article(
    shop: &mut Client,
    id: u32,
    sku: &str,
    shown: Option<&str>,
    manage: &str,
) {
    let figure = shown.map_or("NULL".to_owned(), |shown| format!("'{shown}'"));
    let is_out = manage == "yes"
        && shown.is_none_or(|shown| {
            shown
                .trim()
                .parse::<f64>()
                .is_ok_and(|pieces| pieces <= 0.0)
        });
    let status = if is_out { "outofstock" } else { "instock" };
    shop.run(&format!(
        "INSERT INTO wp_posts (ID, post_date, post_date_gmt, post_content, post_title, post_excerpt, post_status, post_name,
         to_ping, pinged, post_modified, post_modified_gmt, post_content_filtered, post_type)
         VALUES ({id}, '2026-01-01 00:00:00', '2026-01-01 00:00:00', '', '{sku}', '', 'publish', 'p{id}', '', '',
         '2026-01-01 00:00:00', '2026-01-01 00:00:00', '', 'product')"
    ))
    .await;
    for (key, value) in [
        ("_sku", format!("'{sku}'")),
        ("_manage_stock", format!("'{manage}'")),
        ("_backorders", "'no'".to_owned()),
        ("_stock", figure.clone()),
        ("_stock_status", format!("'{status}'")),
    ] {
        shop.run(&format!("INSERT INTO wp_postmeta (post_id, meta_key, meta_value) VALUES ({id}, '{key}', {value})")).await;
    }
    let figure = if figure == "''" {
        "NULL"
    } else {
        figure.as_str()
    };
    shop.run(&format!(
        "INSERT INTO wp_wc_product_meta_lookup (product_id, sku, stock_quantity, stock_status) VALUES ({id}, '{sku}', {figure}, '{status}')"
    ))
    .await;
    // 2 and 9: the product type `simple`, and what is out of stock.
    shop.run(&format!(
        "INSERT INTO wp_term_relationships (object_id, term_taxonomy_id) VALUES ({id}, 2)"
    ))
    .await;
    if is_out {
        shop.run(&format!(
            "INSERT INTO wp_term_relationships (object_id, term_taxonomy_id) VALUES ({id}, 9)"
        ))
        .await;
        shop.run("UPDATE wp_term_taxonomy SET count = count + 1 WHERE term_taxonomy_id = 9")
            .await;
    }
}

/// A web order with one line, its pieces taken off nothing.
pub async fn web_order(shop: &mut Client, order: u32, status: &str, product: u32, quantity: u32) {
    shop.run(&format!(
        "INSERT INTO wp_wc_orders (id, status, type, date_created_gmt, date_updated_gmt)
         VALUES ({order}, '{status}', 'shop_order', '2026-06-01 10:00:00', '2026-06-01 10:00:00')"
    ))
    .await;
    shop.run(&format!("INSERT INTO wp_wc_order_operational_data (order_id, order_stock_reduced) VALUES ({order}, 1)")).await;
    shop.run(&format!(
        "INSERT INTO wp_woocommerce_order_items (order_item_id, order_item_name, order_item_type, order_id)
         VALUES ({order}, 'line', 'line_item', {order})"
    ))
    .await;
    for (key, value) in [
        ("_product_id", product),
        ("_variation_id", 0),
        ("_qty", quantity),
        ("_reduced_stock", quantity),
    ] {
        shop.run(&format!(
            "INSERT INTO wp_woocommerce_order_itemmeta (order_item_id, meta_key, meta_value) VALUES ({order}, '{key}', '{value}')"
        ))
        .await;
    }
}

/// The ERP's order for a web order.
pub async fn erp_order(
    erp: &mut Client,
    number: &str,
    status: &str,
    reference: &str,
    sku: &str,
    quantity: u32,
    delivered: u32,
) {
    erp.run(&format!(
        "INSERT INTO orders (number, customer, status, web_reference, order_date)
         VALUES ('{number}', 'C1', '{status}', {reference}, '2026-06-01')"
    ))
    .await;
    erp.run(&format!(
        "INSERT INTO order_lines (order_number, line, sku, warehouse, quantity, delivered_quantity)
         VALUES ('{number}', 1, '{sku}', 'WH', '{quantity}', '{delivered}')"
    ))
    .await;
}

/// What the shop shows of an article: figure, status, look-up row and the mark of what is out of stock.
pub async fn shown(shop: &mut Client, id: u32) -> String {
    let rows = shop
        .rows(&format!(
            "SELECT (SELECT m.meta_value FROM wp_postmeta m WHERE m.post_id = p.ID AND m.meta_key = '_stock'),
                    (SELECT m.meta_value FROM wp_postmeta m WHERE m.post_id = p.ID AND m.meta_key = '_stock_status'),
                    (SELECT l.stock_quantity + 0 FROM wp_wc_product_meta_lookup l WHERE l.product_id = p.ID),
                    (SELECT l.stock_status FROM wp_wc_product_meta_lookup l WHERE l.product_id = p.ID),
                    (SELECT COUNT(*) FROM wp_term_relationships r WHERE r.object_id = p.ID AND r.term_taxonomy_id = 9)
             FROM wp_posts p WHERE p.ID = {id}"
        ))
        .await;
    let texts: Vec<&str> = rows[0]
        .iter()
        .map(|text| text.as_deref().unwrap_or("NULL"))
        .collect();
    texts.join(" ").replace(".0", "")
}
