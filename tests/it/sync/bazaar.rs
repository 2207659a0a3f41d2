//! A made-up shop with languages and stores (`tests/cases/bazaar`), and projects with one or more of them.

use ponte::diagnostic::Diagnostics;
use ponte::sync::bind::BindError;
use ponte::sync::run::RunError;

use crate::support::pipeline::{Pipeline, changed};
use crate::support::servers::Database;

pub const PACK: &[(&str, &str)] = &[
    (
        "bazaar/pack.toml",
        include_str!("../../cases/bazaar/shop/pack.toml"),
    ),
    (
        "bazaar/article.toml",
        include_str!("../../cases/bazaar/shop/article.toml"),
    ),
    (
        "bazaar/price.toml",
        include_str!("../../cases/bazaar/shop/price.toml"),
    ),
    (
        "bazaar/stock.toml",
        include_str!("../../cases/bazaar/shop/stock.toml"),
    ),
];

pub async fn fill(shop: &Database) {
    let mut client = shop.client().await;
    client.load_file("tests/cases/bazaar/shop.sql").await;
}

pub fn erp(erp: &Database) -> String {
    format!("[erp]\npack = \"reference\"\nurl = \"{}\"\n", erp.url)
}

/// A shop of the project file; `keys` are further lines of its table.
pub fn shop(name: &str, shop: &Database, keys: &str) -> String {
    format!(
        "[shop.{name}]\npack = \"./bazaar\"\nurl = \"{}\"\norders.since = 2026-01-01T00:00:00Z\n{keys}\n",
        shop.url
    )
}

/// The project that these pieces make up.
pub async fn pipeline(pieces: &[&str]) -> Pipeline {
    Pipeline::with_files(&pieces.join("\n"), PACK).await
}

/// What a flow that does not fit the databases is refused for.
pub async fn refused(pipeline: &Pipeline, flow: &str) -> String {
    match pipeline.try_run(flow, &changed()).await {
        Err(RunError::Bind(BindError::Mapping(found))) => Diagnostics(found).render(false),
        Err(error) => panic!("{flow} failed otherwise: {error}"),
        Ok(report) => panic!("{flow} ran: {:?}", report.counts),
    }
}
