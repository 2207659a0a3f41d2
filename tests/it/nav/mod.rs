//! The pack `dynamics-nav`: a company's NAV (`tests/cases/dynamics-nav/`) beside a WooCommerce shop; orders go into the staging tables, of which
//! the tests make sales orders as a codeunit on NAV's side has to.

pub mod orders;
mod shop;

use crate::support::servers::{self, Database};

/// A company, filled.
async fn erp(test: &str) -> Database {
    let erp = servers::sqlserver(&format!("{test} erp")).await;
    fill(&erp).await;
    erp
}

pub async fn fill(erp: &Database) {
    let mut client = erp.client().await;
    client.load_file("schemas/dynamics-nav/sqlserver.sql").await;
    client.load_file("tests/cases/dynamics-nav/seed.sql").await;
}

fn project(erp: &Database, shop: &Database) -> String {
    format!(
        r#"
[erp]
pack        = "dynamics-nav"
company     = "CRONUS Italia S_p_A_"
price_group = "WEB 2"
url         = "{}"

[shop.main]
pack         = "woocommerce"
url          = "{}"
language     = "ITA"
price_list   = "WEB"
warehouses   = ["SEDE", "-"]
orders.since = 2026-01-01T00:00:00Z
[shop.main.tax]
IVA22 = {{ rate = 22, class = "" }}
IVA10 = {{ rate = 10, class = "reduced-rate" }}
"#,
        erp.url, shop.url
    )
}
