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

use super::system::System;
use super::woocommerce::WooCommerce;
use crate::support::client::Client;
use crate::support::servers::{self, Database};
use crate::sync::pair::{On, database};

pub struct Bench {
    pub shop: Database,
    pub erp: Database,
    pub plan: Plan,
    pub engines: BTreeMap<String, Arc<dyn Engine>>,
    pub last_known: LastKnown,
    /// Where the walk over right figures goes on; at first there is none.
    pub walk: Option<u32>,
    lease: Option<Lease>,
    _folder: TempDir,
}

/// What differs from bench to bench.
#[derive(Default)]
pub struct Setup<'a> {
    /// The shop's software: WooCommerce if nothing is said.
    pub system: Option<&'static dyn System>,
    /// Added to `[shop.main.stock]`.
    pub stock: &'a str,
    /// Changed texts in the shop pack's `stock.toml`: what stands there, and what is put in its place.
    pub pack: &'a [(&'a str, &'a str)],
    /// Added to the project file; `{shop}` is the shop's address.
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
        Bench::with_erp(On::Postgres, test, setup).await
    }

    /// The shop on MariaDB, the ERP on PostgreSQL or SQL Server.
    pub async fn with_erp(on: On, test: &str, setup: Setup<'_>) -> Bench {
        let shop = servers::mariadb(&format!("{test} shop")).await;
        let erp = database(on, &format!("{test} erp")).await;
        shop.client()
            .await
            .load_file(setup.system.unwrap_or(&WooCommerce).schema())
            .await;
        let ddl = match on {
            On::SqlServer => "schemas/reference/sqlserver.sql",
            _ => "schemas/reference/postgres.sql",
        };
        erp.client().await.load_file(ddl).await;
        Bench::new(shop, erp, setup).await
    }

    pub async fn new(shop: Database, erp: Database, setup: Setup<'_>) -> Bench {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let system = setup.system.unwrap_or(&WooCommerce);
        let pack = match setup.pack {
            [] => system.pack().to_owned(),
            changes => changed_pack(folder.path(), system.pack(), changes),
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
{tables}
[shop.main.stock]
{stock}
{more}
"#,
            erp = erp.url,
            shop = shop.url,
            tables = system.project(),
            stock = setup.stock,
            more = setup.more.replace("{shop}", &shop.url),
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
            walk: None,
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
        self.stock_of("main")
    }

    pub fn stock_of(&self, shop: &str) -> &ponte::plan::Stock {
        let found = self.plan.stocks.iter().find(|stock| stock.shop == shop);
        found.expect("the stock of a shop of the project")
    }

    /// One cycle of ponte.
    pub async fn cycle(&self) -> StockReport {
        self.cycle_with(&[], Mode::Write(self.guard())).await
    }

    pub async fn cycle_with(&self, only: &[String], mode: Mode<'_>) -> StockReport {
        self.cycle_in("main", only, mode).await
    }

    /// One cycle of a shop in the database of shop `main`.
    pub async fn cycle_of(&self, shop: &str) -> StockReport {
        self.cycle_in(shop, &[], Mode::Write(self.guard())).await
    }

    async fn cycle_in(&self, shop: &str, only: &[String], mode: Mode<'_>) -> StockReport {
        let options = Options {
            mode,
            only,
            walk: self.walk,
            last_known: &self.last_known,
        };
        match stock::cycle(&self.plan, self.stock_of(shop), &self.engines, options).await {
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

/// A copy of a pack with another text in its `stock.toml`; its place as the project file names it.
fn changed_pack(folder: &Path, pack: &str, changes: &[(&str, &str)]) -> String {
    let source = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("mappings/shop")
        .join(pack);
    let target = folder.join("pack");
    std::fs::create_dir(&target).expect("a folder for the pack");
    for entry in std::fs::read_dir(source).expect("the pack") {
        let entry = entry.expect("a file of the pack");
        let mut text = std::fs::read_to_string(entry.path()).expect("a text");
        if entry.file_name() == "stock.toml" {
            for (from, to) in changes {
                assert!(text.contains(from), "stock.toml no longer says {from}");
                text = text.replace(from, to);
            }
        }
        std::fs::write(target.join(entry.file_name()), text).expect("a copy");
    }
    "./pack".to_owned()
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
