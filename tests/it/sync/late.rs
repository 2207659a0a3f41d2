//! What a record has written before it fails must not stay: links, rows and look-ups go together.

use crate::support::pipeline::{Pipeline, changed, full, rejected};
use crate::support::servers;

use super::shop::run_all;

/// A record that fails only once its first row is written leaves nothing of itself behind.
#[tokio::test]
async fn what_fails_late_leaves_nothing_behind() {
    let erp = servers::sqlite("sync::links::late erp");
    let shop = servers::sqlite("sync::links::late shop");
    run_all(
        &erp,
        &[
            "CREATE TABLE items (sku TEXT PRIMARY KEY)",
            "INSERT INTO items VALUES ('a'), ('long sku'), ('b'), ('c')",
        ],
    )
    .await;
    run_all(
        &shop,
        &[
            "CREATE TABLE products (id INTEGER PRIMARY KEY, code TEXT)",
            "CREATE TABLE notes (product_id INTEGER PRIMARY KEY, text VARCHAR(5))",
        ],
    )
    .await;
    let project = format!(
        "[erp]\npack = \"./erp\"\nurl = \"{}\"\n[shop.main]\npack = \"./shop\"\nurl = \"{}\"\nlanguage = \"en\"\n",
        erp.url, shop.url
    );
    let files = [
        (
            "erp/pack.toml",
            "[pack]\nsystem = \"Ours\"\nside = \"erp\"\nengines = [\"sqlite\"]\n",
        ),
        (
            "erp/article.toml",
            "record = \"article\"\n[source]\nkey = [\"sku\"]\nsql = \"SELECT sku FROM items\"\n",
        ),
        (
            "shop/pack.toml",
            "[pack]\nsystem = \"Ours\"\nside = \"shop\"\nengines = [\"sqlite\"]\n",
        ),
        (
            "shop/article.toml",
            r#"record = "article"
[find]
sql = "SELECT code AS sku, id, 'simple' AS kind FROM products"
[link]
id = "product.id"
[[write]]
as = "product"
kinds = ["simple"]
table = "products"
match = { id = "find.id" }
set = { code = "sku" }
[[write]]
table = "notes"
match = { product_id = "product.id" }
set = { text = "sku || '-' || text(product.id)" }
"#,
        ),
    ];
    let pipeline = Pipeline::with_files(&project, &files).await;
    for options in [changed(), full()] {
        let report = pipeline.run("main/article", &options).await;
        let rejected = rejected(&report);
        assert!(
            rejected.len() == 1
                && rejected[0].starts_with("long sku: text too long: 10 characters"),
            "{rejected:?}"
        );
        let mut client = shop.client().await;
        let rows = client.rows("SELECT group_concat(code), (SELECT count(*) FROM notes), (SELECT count(*) FROM ponte_link) FROM products").await;
        assert_eq!(
            rows[0],
            ["a,b,c", "3", "3"].map(|text| Some(text.to_owned()))
        );
    }
}
