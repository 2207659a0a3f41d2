//! The reference ERP and the WooCommerce shop of `tests/cases/woocommerce`, with ponte between them.

use crate::support::pipeline::{Pipeline, changed};
use crate::support::servers::{self, Database};

use super::cells::{Cells, cells};

/// Fills both databases and loads the project.
pub async fn pipeline(erp: &Database, shop: &Database) -> Pipeline {
    fill(erp, shop).await;
    Pipeline::new(&project(&erp.url, &shop.url)).await
}

pub async fn fill(erp: &Database, shop: &Database) {
    let mut client = erp.client().await;
    let ddl = match erp.url.split(':').next() {
        Some("postgres") => "schemas/reference/postgres.sql",
        Some("sqlserver") => "schemas/reference/sqlserver.sql",
        _ => "schemas/reference/sqlite.sql",
    };
    client.load_file(ddl).await;
    client.load_file("tests/cases/woocommerce/erp.sql").await;
    let mut client = shop.client().await;
    let ddl = match shop.url.split(':').next() {
        Some("mysql") => "schemas/woocommerce/mysql.sql",
        _ => "schemas/woocommerce/sqlite.sql",
    };
    client.load_file(ddl).await;
    client.load_file("tests/cases/woocommerce/seed.sql").await;
}

pub fn project(erp: &str, shop: &str) -> String {
    format!(
        r#"
[erp]
pack = "reference"
url  = "{erp}"

[shop.main]
pack         = "woocommerce"
url          = "{shop}"
language     = "en"
price_list   = "public"
warehouses   = ["WH"]
orders.since = 2026-01-01T00:00:00Z
[shop.main.tax]
IVA22 = {{ rate = 22, class = "" }}
IVA10 = {{ rate = 10, class = "reduced-rate" }}
"#
    )
}

/// Both sides on SQLite, loaded once.
pub async fn loaded(test: &str) -> (Database, Database, Pipeline) {
    let erp = servers::sqlite(&format!("{test} erp"));
    let shop = servers::sqlite(&format!("{test} shop"));
    let pipeline = pipeline(&erp, &shop).await;
    assert!(pipeline.sync(&changed()).await);
    (erp, shop, pipeline)
}

pub async fn run_all(database: &Database, statements: &[&str]) {
    let mut client = database.client().await;
    for statement in statements {
        client.run(statement).await;
    }
}

pub async fn cells_of(shop: &Database) -> Cells {
    cells(&mut shop.client().await).await
}
