//! The pack `sap-business-one`: a company's SAP (`tests/cases/sap-business-one/`) beside a WooCommerce shop; orders go into the staging tables,
//! of which the tests make sales orders as an import on SAP's side has to.

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
    client
        .load_file("schemas/sap-business-one/sqlserver.sql")
        .await;
    client
        .load_file("tests/cases/sap-business-one/seed.sql")
        .await;
}

fn project(erp: &Database, shop: &Database) -> String {
    format!(
        r#"
[erp]
pack = "sap-business-one"
url  = "{}"

[shop.main]
pack         = "woocommerce"
url          = "{}"
language     = "it"
price_list   = "Web"
warehouses   = ["01"]
orders.since = 2026-01-01T00:00:00Z
[shop.main.tax]
V22 = {{ rate = 22, class = "" }}
V10 = {{ rate = 10, class = "reduced-rate" }}
"#,
        erp.url, shop.url
    )
}
