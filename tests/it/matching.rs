//! First contact with a shop that sells already: what `ponte match` tells, what waits until a person has accepted it,
//! and what a person's decisions do. The program as its users meet it, on PostgreSQL and MariaDB where servers differ.

use serde_json::Value;

use crate::support::client::Client;
use crate::support::pipeline::{dump, same_dump};
use crate::support::project::Project;
use crate::support::servers::{self, Database};

const SHOP: &str = r#"
[shop.NAME]
pack       = "woocommerce"
url        = "${NAME_URL}"
language   = "en"
price_list = "public"
warehouses = ["WH"]
orders.since = 2026-01-01T00:00:00Z

[shop.NAME.tax]
IVA22  = { rate = 22, class = "" }
EXEMPT = { rate = 0, class = "zero-rate" }
"#;

/// A project with these shops, ponte's own tables in place.
async fn project(erp: &Database, shops: &[(&str, &Database)]) -> Project {
    let mut client = erp.client().await;
    let ddl = match erp.url.starts_with("postgres") {
        true => "schemas/reference/postgres.sql",
        false => "schemas/reference/sqlite.sql",
    };
    client.load_file(ddl).await;
    client.load_file("tests/cases/cli/erp.sql").await;
    let mut project = Project::new();
    let mut text = "[erp]\npack = \"reference\"\nurl = \"${ERP_URL}\"\n".to_owned();
    project.env("ERP_URL", &erp.url);
    for (name, shop) in shops {
        let mut client = shop.client().await;
        let ddl = match shop.url.starts_with("mysql") {
            true => "schemas/woocommerce/mysql.sql",
            false => "schemas/woocommerce/sqlite.sql",
        };
        client.load_file(ddl).await;
        client.load_file("tests/cases/woocommerce/seed.sql").await;
        // Two variations that sell from one figure are for a person to look at, in every run: not in these tests.
        client
            .run("UPDATE wp_wc_product_meta_lookup SET sku = '' WHERE sku LIKE 'CAP%'")
            .await;
        text.push_str(&SHOP.replace("NAME", name));
        project.env(&format!("{name}_URL"), &shop.url);
    }
    project.file("ponte.toml", &text);
    project.ponte(&["setup", "--run"]).succeeds();
    project
}

async fn servers_of(test: &str) -> (Database, Database, Project) {
    let erp = servers::postgres(&format!("{test} erp")).await;
    let shop = servers::mariadb(&format!("{test} shop")).await;
    let project = project(&erp, &[("main", &shop)]).await;
    (erp, shop, project)
}

async fn embedded(test: &str) -> (Database, Database, Project) {
    let erp = servers::sqlite(&format!("{test} erp"));
    let shop = servers::sqlite(&format!("{test} shop"));
    let project = project(&erp, &[("main", &shop)]).await;
    (erp, shop, project)
}

/// A simple product as the shop's people would make it.
async fn product(shop: &mut Client, id: u32, sku: &str, barcode: Option<&str>) {
    shop.run(&format!(
        "INSERT INTO wp_posts (ID, post_date, post_date_gmt, post_content, post_title, post_excerpt, post_status, post_name, to_ping, pinged,
         post_modified, post_modified_gmt, post_content_filtered, post_type) VALUES ({id}, '2026-01-10 10:00:00', '2026-01-10 09:00:00', '', 'By hand',
         '', 'publish', 'by-hand-{id}', '', '', '2026-01-10 10:00:00', '2026-01-10 09:00:00', '', 'product')"
    ))
    .await;
    shop.run(&format!(
        "INSERT INTO wp_wc_product_meta_lookup (product_id, sku) VALUES ({id}, '{sku}')"
    ))
    .await;
    shop.run(&format!(
        "INSERT INTO wp_term_relationships (object_id, term_taxonomy_id) VALUES ({id}, 2)"
    ))
    .await;
    if let Some(barcode) = barcode {
        shop.run(&format!("INSERT INTO wp_postmeta (post_id, meta_key, meta_value) VALUES ({id}, '_global_unique_id', '{barcode}')")).await;
    }
}

async fn article(erp: &mut Client, sku: &str, barcode: &str) {
    erp.run(&format!(
        "INSERT INTO articles (sku, barcode, tax_class) VALUES ('{sku}', '{barcode}', 'IVA22')"
    ))
    .await;
    erp.run(&format!(
        "INSERT INTO article_texts (sku, language, name) VALUES ('{sku}', 'en', 'Article {sku}')"
    ))
    .await;
    erp.run(&format!(
        "INSERT INTO prices (sku, list, amount) VALUES ('{sku}', 'public', 7)"
    ))
    .await;
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in\n{text}"))
}

/// What `ponte match` says of a shop's articles.
fn articles(project: &Project, code: i32) -> Value {
    let said = project.ponte(&["match", "main/article", "--json"]);
    let document = json(&said.exits_with(code).stdout);
    document["shops"][0]["flows"][0].clone()
}

/// The items of a list as one text each, sorted.
fn listed(list: &Value, shown: impl Fn(&Value) -> String) -> Vec<String> {
    let mut items: Vec<String> = list["first"]
        .as_array()
        .into_iter()
        .flatten()
        .map(shown)
        .collect();
    assert_eq!(list["count"].as_u64(), Some(items.len() as u64));
    items.sort();
    items
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn pair(value: &Value) -> String {
    format!("{}={}", text(&value["key"]), text(&value["id"]))
}

fn reason(value: &Value) -> String {
    format!("{}: {}", text(&value["key"]), text(&value["reason"]))
}

/// The counts of a sync's flow.
fn counts(project: &Project, arguments: &[&str], code: i32, flow: &str) -> Value {
    let mut all = vec!["sync", "--json"];
    all.extend(arguments);
    let document = json(&project.ponte(&all).exits_with(code).stdout);
    let flows = document["flows"].as_array().cloned().unwrap_or_default();
    let found = flows.into_iter().find(|one| one["flow"] == flow);
    found.unwrap_or_else(|| panic!("no {flow} in {document:#}"))["counts"].clone()
}

#[tokio::test]
async fn every_record_and_every_row_is_told_as_what_it_is() {
    let (erp, shop, project) = servers_of("matching::every").await;
    let (mut erp, mut shop) = (erp.client().await, shop.client().await);
    for (sku, barcode) in [
        ("DUP", ""),
        ("lamp-1", ""),
        ("CAFE", ""),
        ("R-NEW", "8000000000024"),
        ("X-1", "8000000000031"),
        ("C-A", "8000000000048"),
        ("C-B", ""),
        ("S-1", "8000000000055"),
        ("S-2", "8000000000055"),
        ("T-1", ""),
        ("BLANK", " "),
    ] {
        article(&mut erp, sku, barcode).await;
    }
    for (id, sku, barcode) in [
        (250, "DUP", None),
        (251, "DUP", None),
        (252, "LAMP-1", None),
        (253, "CAFÉ", None),
        (254, "", Some("8000000000017")), // NEW-1
        (255, "R-OLD", Some("8000000000024")),
        (256, "X-1", None),
        (257, "", Some("8000000000031")),
        (258, "C-B", Some("8000000000048")),
        (259, "", Some("8000000000055")),
        (260, "", Some(" ")),
        (261, "T-1", None),
    ] {
        product(&mut shop, id, sku, barcode).await;
    }
    let link = "INSERT INTO ponte_link (shop, record, record_key, target_id, columns, kind, linked_ms) VALUES";
    shop.run(&format!("{link} ('main', 'article', 'OTHER', '261', '{{}}', 'simple', 0), ('main', 'article', 'TOOL-2', '999', '{{}}', 'simple', 0)")).await;
    let before = dump(&mut shop).await;

    let found = articles(&project, 4);
    let by = |key: &str| listed(&found["would_link"][key], pair);
    assert_eq!(by("sku"), ["C-B=258", "TOOL-1=101"]);
    assert_eq!(by("barcode"), ["NEW-1=254", "R-NEW=255"]);
    assert_eq!(listed(&found["only_erp"], text), ["BLANK", "ODD-1"]);
    assert_eq!(
        listed(&found["ambiguous"], reason),
        [
            "C-A: its `barcode` leads to row 258 of the shop, whose own key is that of `C-B`",
            "CAFE: the shop has `CAFÉ`, which its database holds equal though it is written differently",
            "DUP: several rows of the shop could be it: 250, 251",
            "S-1: several records of the source have the `barcode` 8000000000055, which leads to row 259 of the shop",
            "S-2: several records of the source have the `barcode` 8000000000055, which leads to row 259 of the shop",
            "T-1: row 261 of the shop is already linked to `OTHER`",
            "X-1: its `sku` says row 256 of the shop, its `barcode` says 257",
            "lamp-1: the shop has `LAMP-1`, which its database holds equal though it is written differently",
        ]
    );
    assert_eq!(
        listed(&found["removed"], reason),
        ["TOOL-2: it was removed in the shop (row 999); it is not created again"]
    );
    let lone = listed(&found["only_shop"], |row| {
        format!("{} {}", text(&row["id"]), text(&row["key"]))
    });
    assert_eq!(
        lone,
        [
            "102 TOOL-2",
            "103 TOOL-3",
            "104 TOOL-4",
            "105 TOOL-5",
            "106 SHIRT",
            "107 SHIRT-S",
            "108 SHIRT-M",
            "109 ",
            "112 GIFT",
            "260 ",
        ],
        "whoever could be somebody's is not alone"
    );
    let sum = ["linked", "ignored", "duplicates"].map(|name| found[name].as_u64().unwrap_or(99));
    assert_eq!((found["read"].as_u64(), sum), (Some(15), [0, 0, 0]));
    same_dump(&before, &dump(&mut shop).await, "a match writes nothing");

    // A run says the same, and does it.
    let done = counts(&project, &["article"], 4, "main/article");
    assert_eq!(
        (
            &done["held"],
            &done["ambiguous"],
            &done["removed"],
            &done["created"]
        ),
        (&2.into(), &8.into(), &1.into(), &0.into()),
        "{done}"
    );
    let links = shop
        .rows("SELECT record_key, target_id FROM ponte_link WHERE record = 'article' ORDER BY 1")
        .await;
    let links: Vec<String> = links
        .into_iter()
        .map(|row| row.into_iter().flatten().collect::<Vec<_>>().join("="))
        .collect();
    assert_eq!(
        links,
        [
            "C-B=258",
            "NEW-1=254",
            "OTHER=261",
            "R-NEW=255",
            "TOOL-1=101",
            "TOOL-2=999"
        ]
    );
    let sku = "SELECT sku FROM wp_wc_product_meta_lookup WHERE product_id = 255";
    assert_eq!(shop.value(sku).await.as_deref(), Some("R-NEW"));
}

#[tokio::test]
async fn until_a_person_has_accepted_the_match_nothing_is_created() {
    let (erp, shop, project) = servers_of("matching::gate").await;
    let (mut erp, mut shop) = (erp.client().await, shop.client().await);
    let products = "SELECT COUNT(*) FROM wp_posts WHERE post_type = 'product'";
    let before = shop.value(products).await;
    let dry = counts(&project, &["--dry-run"], 4, "main/article");
    assert_eq!(
        (&dry["held"], &dry["created"]),
        (&2.into(), &0.into()),
        "{dry}"
    );
    for _ in 0..2 {
        let done = counts(&project, &[], 4, "main/article");
        assert_eq!(
            (&done["held"], &done["created"]),
            (&2.into(), &0.into()),
            "{done}"
        );
        assert_eq!(shop.value(products).await, before);
        // What was held is not forgotten with the state.
        project.remove(".ponte");
    }
    let title = "SELECT post_title FROM wp_posts WHERE ID = 102";
    assert_eq!(
        shop.value(title).await.as_deref(),
        Some("Fine saw"),
        "pairs are written"
    );

    let said = project.ponte(&["match", "--accept"]).succeeds().stdout;
    assert!(said.contains("The match is accepted"), "{said}");
    let detail = "SELECT detail FROM ponte_decision WHERE record = 'article' AND kind = 'accepted'";
    let detail = json(&shop.value(detail).await.unwrap_or_default());
    assert_eq!(
        (&detail["by"], &detail["only_erp"], &detail["linked"]),
        (&"person".into(), &2.into(), &2.into())
    );
    let done = counts(&project, &[], 0, "main/article");
    assert_eq!(
        (&done["held"], &done["created"]),
        (&0.into(), &2.into()),
        "{done}"
    );

    // From now on new articles are created as they come, and unclear ones still wait.
    product(&mut shop, 270, "LATER-2", None).await;
    product(&mut shop, 271, "LATER-2", None).await;
    article(&mut erp, "LATER-1", "").await;
    article(&mut erp, "LATER-2", "").await;
    let done = counts(&project, &[], 4, "main/article");
    assert_eq!(
        (&done["ambiguous"], &done["created"]),
        (&1.into(), &1.into()),
        "{done}"
    );
    let said = project.ponte(&["match"]).exits_with(4).stdout;
    assert!(said.contains("The match was accepted at"), "{said}");
}

#[tokio::test]
async fn an_empty_shop_needs_no_acceptance() {
    let (erp, shop, project) = embedded("matching::empty").await;
    let (mut erp, mut shop) = (erp.client().await, shop.client().await);
    for table in ["wp_wc_product_meta_lookup", "wp_posts"] {
        shop.run(&format!("DELETE FROM {table}")).await;
    }
    let done = counts(&project, &["article", "price"], 0, "main/article");
    assert_eq!(
        (&done["held"], &done["created"]),
        (&0.into(), &4.into()),
        "{done}"
    );
    // Its people add an article of their own: that closes nothing.
    product(&mut shop, 900, "BY-HAND", None).await;
    article(&mut erp, "LATER-1", "").await;
    let done = counts(&project, &["article"], 0, "main/article");
    assert_eq!(done["created"], 1, "{done}");
    let detail = "SELECT detail FROM ponte_decision WHERE record = 'article' AND kind = 'accepted'";
    assert_eq!(
        shop.value(detail).await.as_deref(),
        Some(r#"{"by":"empty"}"#)
    );
}

/// Outcome and message of the only decision of a command.
fn decided(project: &Project, code: i32, arguments: &[&str]) -> (String, String) {
    let mut all = vec!["match", "main", "--json"];
    all.extend(arguments);
    let document = json(&project.ponte(&all).exits_with(code).stdout);
    let decision = &document["decisions"][0];
    (text(&decision["outcome"]), text(&decision["message"]))
}

fn is(said: &(String, String), outcome: &str) {
    assert_eq!((said.0.as_str(), said.1.as_str()), (outcome, ""));
}

#[tokio::test]
async fn decisions_outlive_the_state_folder() {
    let (erp, shop, project) = servers_of("matching::decisions").await;
    let (mut erp, mut shop) = (erp.client().await, shop.client().await);
    article(&mut erp, "DUP", "").await;
    article(&mut erp, "NOT-HERE", "").await;
    erp.run("INSERT INTO stock (sku, warehouse, quantity) VALUES ('DUP', 'WH', 5)")
        .await;
    product(&mut shop, 250, "DUP", None).await;
    product(&mut shop, 251, "DUP", None).await;
    project.ponte(&["match", "--accept"]).exits_with(4);

    let refused = |arguments: &[&str], why: &str| {
        let said = decided(&project, 2, arguments);
        assert_eq!(said, ("refused".to_owned(), why.to_owned()));
    };
    refused(
        &["--link", "DUP=777"],
        "the shop has no row 777 that a record could be",
    );
    refused(
        &["--link", "NOBODY=250"],
        "the source has no record `NOBODY`",
    );
    refused(&["--ignore", "NOBODY"], "the source has no record `NOBODY`");
    refused(&["--recreate", "DUP"], "`DUP` is not linked");
    is(&decided(&project, 0, &["--link", "DUP=250"]), "done");
    is(&decided(&project, 0, &["--link", "DUP=250"]), "already");
    refused(&["--link", "DUP=251"], "`DUP` is already linked to row 250");
    refused(
        &["--link", "TOOL-1=250"],
        "row 250 of the shop is already linked to `DUP`",
    );
    refused(
        &["--ignore", "DUP"],
        "`DUP` is linked to row 250 of the shop",
    );
    refused(
        &["--ignore-row", "250"],
        "row 250 of the shop is linked to `DUP`",
    );
    refused(&["--recreate", "DUP"], "its row 250 is in the shop");
    is(&decided(&project, 0, &["--ignore", "NOT-HERE"]), "done");
    is(&decided(&project, 0, &["--ignore", "NOT-HERE"]), "already");
    is(&decided(&project, 0, &["--ignore-row", "251"]), "done");
    refused(&["--link", "NOT-HERE=251"], "`NOT-HERE` is ignored");
    refused(&["--link", "ODD-1=251"], "`251` is ignored");

    for _ in 0..2 {
        let done = counts(&project, &[], 0, "main/article");
        assert_eq!(
            (&done["ignored"], &done["ambiguous"]),
            (&1.into(), &0.into()),
            "{done}"
        );
        let found = articles(&project, 0);
        assert_eq!(
            (&found["ignored"], &found["ignored_rows"]),
            (&1.into(), &1.into())
        );
        project.remove(".ponte");
    }
    let title = "SELECT post_title FROM wp_posts WHERE ID = 250";
    assert_eq!(shop.value(title).await.as_deref(), Some("Article DUP"));
    assert_eq!(
        shop.value("SELECT COUNT(*) FROM wp_posts WHERE post_title = 'Article NOT-HERE'")
            .await
            .as_deref(),
        Some("0")
    );

    // Taken back, it is created in the next run, which has no reason of the ERP's to look at it.
    counts(&project, &[], 0, "main/article");
    is(&decided(&project, 0, &["--unignore", "NOT-HERE"]), "done");
    is(
        &decided(&project, 0, &["--unignore", "NOT-HERE"]),
        "already",
    );
    let done = counts(&project, &[], 0, "main/article");
    assert_eq!(
        (&done["ignored"], &done["created"]),
        (&0.into(), &1.into()),
        "{done}"
    );
}

#[tokio::test]
async fn what_was_removed_is_created_again_when_a_person_says_so() {
    let (_erp, shop, project) = servers_of("matching::recreate").await;
    let mut shop = shop.client().await;
    project.ponte(&["match", "--accept"]).succeeds();
    project.ponte(&["sync"]).succeeds();
    let row = "SELECT target_id FROM ponte_link WHERE record = 'article' AND record_key = 'NEW-1'";
    let old = shop.value(row).await.expect("a link");
    for table in [
        "wp_postmeta WHERE post_id",
        "wp_wc_product_meta_lookup WHERE product_id",
        "wp_posts WHERE ID",
    ] {
        shop.run(&format!("DELETE FROM {table} = {old}")).await;
    }
    let done = counts(&project, &["--only", "NEW-1"], 4, "main/article");
    assert_eq!(done["removed"], 1, "{done}");
    is(&decided(&project, 0, &["--recreate", "NEW-1"]), "done");
    // Nothing has changed in the ERP: the decision alone has the next run look, at its price and stock, too.
    project.ponte(&["sync"]).succeeds();
    let new = shop.value(row).await.expect("a new link");
    assert_ne!(new, old);
    let meta = |key: &str| {
        format!("SELECT meta_value FROM wp_postmeta WHERE post_id = {new} AND meta_key = '{key}'")
    };
    assert_eq!(
        shop.value(&meta("_regular_price")).await.as_deref(),
        Some("8")
    );
    assert_eq!(shop.value(&meta("_stock")).await.as_deref(), Some("30"));
    let before = dump(&mut shop).await;
    project.ponte(&["resync"]).succeeds();
    same_dump(&before, &dump(&mut shop).await, "all is right");

    // A link that was wrong is taken away; the record is found again, or left to a person.
    is(&decided(&project, 0, &["--unlink", "NEW-1"]), "done");
    is(&decided(&project, 0, &["--unlink", "NEW-1"]), "already");
    let done = counts(&project, &[], 0, "main/article");
    assert_eq!(
        (&done["linked"], &done["created"]),
        (&1.into(), &0.into()),
        "{done}"
    );
    assert_eq!(shop.value(row).await.as_deref(), Some(new.as_str()));
}

#[tokio::test]
async fn each_shop_is_accepted_and_decided_by_itself() {
    let erp = servers::sqlite("matching::two erp");
    let (one, two) = (
        servers::sqlite("matching::two one"),
        servers::sqlite("matching::two two"),
    );
    let project = project(&erp, &[("one", &one), ("two", &two)]).await;
    project.ponte(&["match", "one", "--accept"]).succeeds();
    let whose = project
        .ponte(&["match", "--ignore", "NEW-1"])
        .exits_with(2)
        .stderr;
    assert!(whose.contains("a decision is about one shop"), "{whose}");
    project
        .ponte(&["match", "two", "--ignore", "NEW-1"])
        .succeeds();
    let document = json(
        &project
            .ponte(&["sync", "article", "--json"])
            .exits_with(4)
            .stdout,
    );
    let of = |at: usize| {
        let counts = &document["flows"][at]["counts"];
        ["created", "held", "ignored"].map(|name| counts[name].as_u64().unwrap_or(99))
    };
    assert_eq!((of(0), of(1)), ([2, 0, 0], [0, 1, 1]), "{document:#}");
    let unknown = project.ponte(&["match", "twoo"]).exits_with(2).stderr;
    assert!(unknown.contains("did you mean `two`?"), "{unknown}");
}

#[tokio::test]
async fn categories_are_matched_by_the_path_of_their_names() {
    let (erp, shop, project) = embedded("matching::path").await;
    let (mut erp, mut shop) = (erp.client().await, shop.client().await);
    // G is in the shop below Tools; N is new, so that nothing below it can be there, whatever its name; of X there are two.
    for (id, parent, name) in [
        ("G", "'T'", "Hand & garden"),
        ("N", "NULL", "New"),
        ("N1", "'N'", "Clothing"),
        ("X", "NULL", "Clothing"),
        ("X1", "'X'", "Below"),
    ] {
        erp.run(&format!(
            "INSERT INTO categories (id, parent_id) VALUES ('{id}', {parent})"
        ))
        .await;
        erp.run(&format!("INSERT INTO category_texts (category_id, language, name) VALUES ('{id}', 'en', '{name}')")).await;
    }
    shop.run("INSERT INTO wp_terms (term_id, name, slug) VALUES (800, 'Clothing', 'clothing-800')")
        .await;
    shop.run("INSERT INTO wp_term_taxonomy (term_taxonomy_id, term_id, taxonomy, description) VALUES (801, 800, 'product_cat', '')").await;
    let said = project.ponte(&["match", "main/category", "--json"]);
    let document = json(&said.exits_with(4).stdout);
    let found = &document["shops"][0]["flows"][0];
    let by_path = listed(&found["would_link"]["parent, name"], pair);
    assert_eq!(by_path, ["G=21", "T=20"]);
    assert_eq!(listed(&found["only_erp"], text), ["N", "N1"]);
    assert_eq!(
        listed(&found["ambiguous"], reason),
        ["X: several rows of the shop could be it: 22, 800"]
    );
    assert_eq!(
        listed(&found["waiting"], reason),
        ["X1: waits for category `X`, which is not linked yet"]
    );
}

#[tokio::test]
async fn stock_of_an_ignored_article_is_left_alone() {
    let (_erp, shop, project) = embedded("matching::stock").await;
    let mut shop = shop.client().await;
    project
        .ponte(&["match", "main", "--ignore", "TOOL-1"])
        .succeeds();
    let stock = "SELECT meta_value FROM wp_postmeta WHERE post_id = 101 AND meta_key = '_stock'";
    let before = shop.value(stock).await;
    let said = project
        .ponte(&["sync", "stock", "--json"])
        .succeeds()
        .stdout;
    let left = &json(&said)["flows"][0]["stock"]["left"]["ignored"];
    assert_eq!(
        (&left["count"], &left["skus"][0]),
        (&1.into(), &"TOOL-1".into()),
        "{said}"
    );
    assert_eq!(shop.value(stock).await, before);
    let explained = project.ponte(&["explain", "TOOL-1"]).succeeds().stdout;
    assert!(
        explained.contains("ponte leaves the figure alone: it is ignored in this shop"),
        "{explained}"
    );
    project
        .ponte(&["match", "main", "--unignore", "TOOL-1"])
        .succeeds();
    project.ponte(&["sync", "stock"]).succeeds();
    assert_ne!(shop.value(stock).await, before);
}

#[tokio::test]
async fn the_audit_tells_what_will_trouble_the_shop() {
    let (erp, _shop, project) = embedded("matching::audit").await;
    let mut erp = erp.client().await;
    // An ERP without the constraints that ours has.
    erp.run("PRAGMA foreign_keys = OFF").await;
    for table in [
        "articles",
        "stock",
        "prices",
        "article_categories",
        "article_texts",
    ] {
        erp.run(&format!("CREATE TABLE copy AS SELECT * FROM {table}"))
            .await;
        erp.run(&format!("DROP TABLE {table}")).await;
        erp.run(&format!("ALTER TABLE copy RENAME TO {table}"))
            .await;
    }
    let long = "L".repeat(120);
    for (sku, tax) in [
        (" ", "IVA22"),
        ("TWICE", "IVA22"),
        ("TWICE", "IVA22"),
        ("abc-1", "IVA22"),
        ("ABC-1", "IVA22"),
        ("Àbc-1", "IVA22"),
        ("NO-TAX", ""),
        ("ODD-TAX", "IVA99"),
        ("NO-NAME", "IVA22"),
        ("NO-PRICE", "IVA22"),
        ("FREE", "IVA22"),
        (&long, "IVA22"),
        ("ASTRAY", "IVA22"),
    ] {
        erp.run(&format!(
            "INSERT INTO articles (sku, active, tax_class) VALUES ('{sku}', 1, '{tax}')"
        ))
        .await;
        if sku != "NO-NAME" {
            erp.run(&format!(
                "INSERT INTO article_texts (sku, language, name) VALUES ('{sku}', 'en', 'Name')"
            ))
            .await;
        }
        if sku != "NO-PRICE" {
            let amount = if sku == "FREE" { "0" } else { "3" };
            erp.run(&format!(
                "INSERT INTO prices (sku, list, amount) VALUES ('{sku}', 'public', '{amount}')"
            ))
            .await;
        }
        let category = if sku == "ASTRAY" { "ZZ" } else { "T" };
        erp.run(&format!(
            "INSERT INTO article_categories (sku, category_id) VALUES ('{sku}', '{category}')"
        ))
        .await;
    }
    erp.run("INSERT INTO stock (sku, warehouse, quantity) VALUES ('FREE', 'WH', '-2'), ('ASTRAY', 'WH', '1.50'), ('NO-TAX', 'BACK', '0.5'), ('NO-NAME', 'WH', '2.000')").await;

    let document = json(
        &project
            .ponte(&["match", "--audit", "--json"])
            .succeeds()
            .stdout,
    );
    let findings = document["shops"][0]["audit"]["findings"]
        .as_array()
        .cloned();
    let findings: Vec<(String, Vec<String>)> = findings
        .into_iter()
        .flatten()
        .map(|finding| (text(&finding["kind"]), listed(&finding, text)))
        .collect();
    let of = |kind: &str| -> Vec<String> {
        let found = findings.iter().filter(|(known, _)| known == kind);
        found.flat_map(|(_, keys)| keys.clone()).collect()
    };
    assert_eq!(of("empty_sku").len(), 1);
    assert_eq!(of("duplicate_sku"), ["TWICE"]);
    assert_eq!(of("alike_sku"), ["`ABC-1` = `abc-1` = `Àbc-1`"]);
    assert_eq!(of("no_tax_class"), ["NO-TAX"]);
    assert_eq!(of("unknown_tax_class"), ["ODD-TAX (IVA99)"]);
    assert_eq!(of("no_price"), ["NO-PRICE"]);
    assert_eq!(of("price_zero"), ["FREE"]);
    assert_eq!(of("no_name"), ["NO-NAME"]);
    assert_eq!(of("no_category"), ["ODD-1", "TOOL-2"]);
    assert_eq!(of("unknown_category"), ["ASTRAY (ZZ)"]);
    assert_eq!(of("fractional_stock"), ["ASTRAY", "TOOL-1"]);
    assert_eq!(of("negative_stock"), ["FREE"]);
    assert_eq!(of("misfit"), [long.as_str()], "{document:#}");
    let page = project
        .ponte(&["match", "--audit", "--show", "1"])
        .succeeds()
        .stdout;
    for line in [
        "2  no category: ODD-1, ...",
        "1  main/article: text too long: `sku`, by which its row is found: LLLL",
    ] {
        assert!(page.contains(line), "{line} in\n{page}");
    }
}
