//! `ponte verify`: what it finds on both sides as they are now, what it puts right, and what it leaves alone.

use crate::support::client::Client;
use crate::support::project::{Outcome, Project};
use crate::support::servers::{self, Database};
use crate::sync::pair::{On, database};
use crate::sync::shop::{fill, project};
use serde_json::Value;

struct Bench {
    erp: Database,
    shop: Database,
    folder: Project,
}

impl Bench {
    async fn new(test: &str, on: On) -> Bench {
        let erp = servers::sqlite(&format!("{test} erp"));
        let shop = database(on, &format!("{test} shop")).await;
        fill(&erp, &shop).await;
        // Two variations that sell from one figure are for a person to look at, in every run: not in these tests.
        let mut client = shop.client().await;
        client
            .run("UPDATE wp_wc_product_meta_lookup SET sku = '' WHERE sku LIKE 'CAP%'")
            .await;
        erp.client()
            .await
            .run("DELETE FROM articles WHERE sku LIKE 'CAP%'")
            .await;
        let mut folder = Project::new();
        let url = shop.url.replace(":ponte@", ":${SHOP_PASSWORD}@");
        let flow = "[flow.classes]\nfrom = { connection = \"erp\", table = \"tax_classes\", key = [\"code\"] }\n\
                    to = { connection = \"shop.main\", table = \"classes\", match = { code = \"code\" }, set = { rate = \"rate\" } }\n";
        folder.file(
            "ponte.toml",
            &format!("{}\n{flow}", project(&erp.url, &url)),
        );
        folder.env("SHOP_PASSWORD", "ponte");
        client
            .run("CREATE TABLE classes (code VARCHAR(20) PRIMARY KEY, rate DECIMAL(5, 2))")
            .await;
        folder.ponte(&["setup", "--run"]).succeeds();
        folder.ponte(&["match", "--accept"]).succeeds();
        folder.ponte(&["sync"]).succeeds();
        Bench { erp, shop, folder }
    }

    async fn shop(&self) -> Client {
        self.shop.client().await
    }
}

fn document(outcome: &Outcome) -> Value {
    serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| panic!("{error}\n{outcome}"))
}

fn flow<'d>(document: &'d Value, name: &str) -> &'d Value {
    let flows = document["flows"].as_array().expect("flows");
    flows
        .iter()
        .find(|flow| flow["flow"] == name)
        .expect("the flow")
}

async fn finds_and_repairs(test: &str, on: On) {
    let bench = Bench::new(test, on).await;
    let clean = bench.folder.ponte(&["verify"]).succeeds();
    assert!(
        clean
            .stdout
            .contains("Everything that ponte owns is as it should be."),
        "{clean}"
    );

    let mut shop = bench.shop().await;
    for statement in [
        // Ponte's: a title, an attribute, a count, a figure, a price, a row of a flow.
        "UPDATE wp_posts SET post_title = 'By hand' WHERE ID = 101",
        "DELETE FROM wp_postmeta WHERE post_id = 102 AND meta_key = '_tax_status'",
        "UPDATE wp_term_taxonomy SET count = count + 5 WHERE taxonomy = 'product_cat'",
        "UPDATE wp_postmeta SET meta_value = '77' WHERE post_id = 101 AND meta_key = '_stock'",
        "UPDATE wp_postmeta SET meta_value = '1' WHERE post_id = 103 AND meta_key = '_regular_price'",
        "UPDATE classes SET rate = 1 WHERE code = 'IVA22'",
        "DELETE FROM classes WHERE code = 'IVA10'",
        "INSERT INTO classes VALUES ('MINE', 3)",
        // The shop people's: a text, once there is one; what is only set when a row is created.
        "UPDATE wp_posts SET post_content = 'Ours', post_name = 'ours' WHERE ID = 101",
        "UPDATE wp_postmeta SET meta_value = 'yes' WHERE post_id = 102 AND meta_key = '_sold_individually'",
        "UPDATE wp_posts SET post_status = 'trash' WHERE ID = 104",
    ] {
        shop.run(statement).await;
    }
    let mut erp = bench.erp.client().await;
    for statement in [
        "DELETE FROM articles WHERE sku = 'GIFT'",
        "INSERT INTO articles (sku, tax_class) VALUES ('NEW', 'IVA22')",
        "INSERT INTO article_texts (sku, language, name) VALUES ('NEW', 'en', 'New')",
    ] {
        erp.run(statement).await;
    }

    // Another ponte is at work, and this one locks and writes nothing.
    shop.run("UPDATE ponte_lease SET owner = 'another'").await;
    let clock = match on {
        On::Mariadb => "floor(unix_timestamp(now(6)) * 1000)",
        _ => "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)",
    };
    shop.run(&format!("UPDATE ponte_heartbeat SET beat_ms = {clock}"))
        .await;
    bench.folder.ponte(&["sync", "article"]).exits_with(5);
    let found = bench.folder.ponte(&["verify", "--json"]).exits_with(7);
    let found = document(&found);
    let article = flow(&found, "main/article");
    assert_eq!(article["compared"], 10, "{article:#}");
    assert_eq!(article["different"], 2);
    assert_eq!(
        (
            &article["removed"],
            &article["gone"],
            &article["gone_active"]
        ),
        (&1.into(), &1.into(), &1.into())
    );
    assert_eq!(article["gone_keys"], serde_json::json!(["GIFT"]));
    assert_eq!(article["not_linked"], 1);
    let changes = article["changes"].as_array().expect("changes");
    let title = changes
        .iter()
        .find(|change| change["key"] == "TOOL-1")
        .expect("the title");
    assert_eq!(
        title["columns"],
        serde_json::json!([{ "column": "post_title", "old": "'By hand'", "new": "'Hammer'" }])
    );
    assert!(
        changes
            .iter()
            .any(|change| change["key"] == "" && change["table"] == "wp_term_taxonomy"),
        "{article:#}"
    );
    let price = flow(&found, "main/price");
    assert_eq!(
        (&price["different"], &price["removed"]),
        (&1.into(), &1.into()),
        "{price:#}"
    );
    let stock = flow(&found, "main/stock");
    assert_eq!(stock["different"], 1, "{stock:#}");
    let classes = flow(&found, "classes");
    assert_eq!(
        (
            &classes["different"],
            &classes["not_linked"],
            &classes["extra"],
            &classes["extra_keys"]
        ),
        (
            &1.into(),
            &1.into(),
            &1.into(),
            &serde_json::json!(["MINE"])
        ),
        "{classes:#}"
    );
    let told = bench
        .folder
        .ponte(&["verify", "article", "--show", "1"])
        .exits_with(7);
    assert!(
        told.stdout
            .contains("1 record is linked, but gone in the source: GIFT"),
        "{told}"
    );
    assert!(told.stdout.contains("Nothing was written."), "{told}");
    assert_eq!(
        shop.value("SELECT post_title FROM wp_posts WHERE ID = 101")
            .await
            .as_deref(),
        Some("By hand")
    );

    bench.folder.ponte(&["verify", "--repair"]).exits_with(5);
    shop.run("UPDATE ponte_lease SET owner = NULL").await;
    let repaired = bench.folder.ponte(&["verify", "--repair"]).exits_with(7);
    assert!(
        repaired
            .stdout
            .contains("The rows that differed were written"),
        "{repaired}"
    );
    let again = document(&bench.folder.ponte(&["verify", "--json"]).exits_with(7));
    for one in again["flows"].as_array().expect("flows") {
        assert_eq!(
            (&one["different"], &one["rows"]),
            (&0.into(), &0.into()),
            "{one:#}"
        );
    }
    for (sql, expected) in [
        ("SELECT post_title FROM wp_posts WHERE ID = 101", "Hammer"),
        ("SELECT post_name FROM wp_posts WHERE ID = 101", "ours"),
        ("SELECT post_content FROM wp_posts WHERE ID = 101", "Ours"),
        (
            "SELECT meta_value FROM wp_postmeta WHERE post_id = 101 AND meta_key = '_stock'",
            "11",
        ),
        (
            "SELECT count(*) FROM wp_posts WHERE post_title = 'New'",
            "0",
        ),
        ("SELECT count(*) FROM classes", "2"),
        ("SELECT post_status FROM wp_posts WHERE ID = 104", "trash"),
    ] {
        assert_eq!(shop.value(sql).await.as_deref(), Some(expected), "{sql}");
    }
    // A repair is no run: the next one carries over what is new and settles what is gone, and that is all. What has not
    // changed in the ERP it does not look for.
    let synced = document(
        &bench
            .folder
            .ponte(&["sync", "article", "--json"])
            .succeeds(),
    );
    let counts = &flow(&synced, "main/article")["counts"];
    assert_eq!(
        (&counts["created"], &counts["changed"]),
        (&1.into(), &0.into()),
        "{counts:#}"
    );
    assert_eq!(
        (&counts["gone"], &counts["deactivated"]),
        (&1.into(), &1.into()),
        "{counts:#}"
    );
}

#[tokio::test]
async fn what_differs_is_found_and_put_right_on_sqlite() {
    finds_and_repairs("verify::sqlite", On::Sqlite).await;
}

#[tokio::test]
async fn what_differs_is_found_and_put_right_on_mariadb() {
    finds_and_repairs("verify::mariadb", On::Mariadb).await;
}
