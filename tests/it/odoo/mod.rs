//! The pack `odoo`: a company's Odoo (`tests/cases/odoo/`) into a WooCommerce shop that sells nothing yet.

mod prices;
pub mod shop;
mod stock;

use crate::support::pipeline::Pipeline;
use crate::support::servers::{self, Database};

/// An Odoo of this version, filled.
pub async fn erp(test: &str, version: u32) -> Database {
    let erp = servers::postgres(&format!("{test} erp")).await;
    let mut client = erp.client().await;
    client.load_file("schemas/odoo/postgres.sql").await;
    client.load_file("tests/cases/odoo/seed.sql").await;
    if version < 19 {
        client.load_file("tests/cases/odoo/18.sql").await;
    }
    if version < 18 {
        client.load_file("tests/cases/odoo/17.sql").await;
    }
    erp
}

pub fn project(erp: &Database, shop: &Database, price_list: &str) -> String {
    format!(
        r#"
[erp]
pack = "odoo"
url  = "{}"

[shop.main]
pack         = "woocommerce"
url          = "{}"
language     = "it_IT"
price_list   = "{price_list}"
warehouses   = ["WH"]
orders.since = 2026-01-01T00:00:00Z
[shop.main.tax]
"22%"      = {{ rate = 22, class = "" }}
"10% incl" = {{ rate = 10, class = "reduced-rate" }}
none       = {{ rate = 0, class = "zero-rate" }}
"#,
        erp.url, shop.url
    )
}

/// Both databases and the project.
async fn loaded(test: &str, version: u32) -> (Database, Database, Pipeline) {
    let erp = erp(test, version).await;
    let shop = servers::mariadb(&format!("{test} shop")).await;
    shop.client()
        .await
        .load_file("schemas/woocommerce/mysql.sql")
        .await;
    let pipeline = Pipeline::new(&project(&erp, &shop, "public")).await;
    (erp, shop, pipeline)
}

async fn run_all(database: &Database, statements: &[&str]) {
    let mut client = database.client().await;
    for statement in statements {
        client.run(statement).await;
    }
}
