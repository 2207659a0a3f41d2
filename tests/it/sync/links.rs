//! Which record is which row of the shop: what is matched, what is left to a person, what waits, and what a run that
//! shall not write leaves alone.

use ponte::sync::batch::Intent;
use ponte::sync::run::Options;

use crate::support::pipeline::{Pipeline, changed, dry, dump, full, only, rejected, same_dump};
use crate::support::servers::{self, Database};

use super::cells::Cells;
use super::shop::{cells_of, loaded, pipeline, run_all};

/// Both sides on SQLite, nothing loaded yet.
async fn fresh(test: &str) -> (Database, Database, Pipeline) {
    let erp = servers::sqlite(&format!("{test} erp"));
    let shop = servers::sqlite(&format!("{test} shop"));
    let pipeline = pipeline(&erp, &shop).await;
    (erp, shop, pipeline)
}

/// What is rejected by the flow, of these keys only.
async fn rejected_by(pipeline: &Pipeline, flow: &str, options: &Options) -> Vec<String> {
    rejected(&pipeline.run(flow, options).await)
}

/// A simple product as the shop's people would make it.
fn product(id: u32, sku: &str) -> [String; 3] {
    [
        format!(
            "INSERT INTO wp_posts (ID, post_date, post_date_gmt, post_content, post_title, post_excerpt, post_status, post_name, to_ping, pinged,
             post_modified, post_modified_gmt, post_content_filtered, post_type) VALUES ({id}, '2026-01-10 10:00:00', '2026-01-10 09:00:00', '', 'By hand',
             '', 'publish', 'by-hand-{id}', '', '', '2026-01-10 10:00:00', '2026-01-10 09:00:00', '', 'product')"
        ),
        format!("INSERT INTO wp_wc_product_meta_lookup (product_id, sku) VALUES ({id}, '{sku}')"),
        format!("INSERT INTO wp_term_relationships (object_id, term_taxonomy_id) VALUES ({id}, 2)"),
    ]
}

#[tokio::test]
async fn two_rows_that_could_be_it_are_left_to_a_person() {
    let (_erp, shop, pipeline) = fresh("sync::links::ambiguous").await;
    for statement in product(150, "TOOL-1") {
        run_all(&shop, &[&statement]).await;
    }
    pipeline.run("main/category", &changed()).await;
    let report = pipeline.run("main/article", &changed()).await;
    let could = "TOOL-1: several rows of the shop could be it: 101, 150";
    assert_eq!(rejected(&report), [could]);
    assert_eq!(
        report.counts.created + report.counts.changed + report.counts.linked,
        13
    );
    // Its price cannot know where to go; the others are written.
    let waits = "TOOL-1|public: waits for article `TOOL-1`, which is not linked yet";
    assert_eq!(
        rejected_by(&pipeline, "main/price", &changed()).await,
        [waits]
    );
    let before = dump(&mut shop.client().await).await;
    assert_eq!(
        rejected_by(&pipeline, "main/article", &full()).await,
        [could]
    );
    same_dump(
        &before,
        &dump(&mut shop.client().await).await,
        "asked again",
    );

    run_all(
        &shop,
        &["UPDATE wp_posts SET post_status = 'trash' WHERE ID = 150"],
    )
    .await;
    assert_eq!(
        rejected_by(&pipeline, "main/article", &changed()).await,
        [""; 0]
    );
    assert_eq!(
        rejected_by(&pipeline, "main/price", &changed()).await,
        [""; 0]
    );
    assert_eq!(
        cells_of(&shop).await["link/article/TOOL-1"],
        "hammer simple"
    );
}

#[tokio::test]
async fn a_row_has_one_record() {
    let (erp, shop, pipeline) = loaded("sync::links::taken").await;
    run_all(
        &shop,
        &["UPDATE wp_wc_product_meta_lookup SET sku = 'OTHER' WHERE product_id = 101"],
    )
    .await;
    run_all(
        &erp,
        &[
            "INSERT INTO articles (sku, tax_class) VALUES ('OTHER', 'IVA22')",
            "INSERT INTO article_texts (sku, language, name) VALUES ('OTHER', 'en', 'Other')",
        ],
    )
    .await;
    let taken = "OTHER: row 101 of the shop is already linked to `TOOL-1`";
    assert_eq!(
        rejected_by(&pipeline, "main/article", &changed()).await,
        [taken]
    );
    // A linked row stays its record's row, and gets its sku back; then the other one is free to be created.
    pipeline.run("main/article", &full()).await;
    assert_eq!(
        rejected_by(&pipeline, "main/article", &full()).await,
        [""; 0]
    );
    let cells = cells_of(&shop).await;
    assert_eq!(cells["lookup/hammer/sku"], "TOOL-1");
    assert_eq!(cells["link/article/OTHER"], "other simple");
}

#[tokio::test]
async fn what_was_removed_in_the_shop_is_not_created_again() {
    let (erp, shop, pipeline) = loaded("sync::links::removed").await;
    let untouched = cells_of(&shop).await;
    run_all(
        &shop,
        &["UPDATE wp_posts SET post_status = 'trash' WHERE ID = 103"],
    )
    .await;
    run_all(
        &erp,
        &[
            "UPDATE article_texts SET name = 'Another rake' WHERE sku = 'TOOL-3'",
            "UPDATE prices SET amount = 16 WHERE sku = 'TOOL-3'",
        ],
    )
    .await;
    let of_rake = |cells: &Cells| -> Vec<(String, String)> {
        let its = cells.iter().filter(|(name, _)| name.contains("/rake/"));
        its.map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    };
    let before = of_rake(&cells_of(&shop).await);
    let removed = "it was removed in the shop (row 103); it is not created again";
    for options in [changed(), full()] {
        assert_eq!(
            rejected_by(&pipeline, "main/article", &options).await,
            [format!("TOOL-3: {removed}")]
        );
        assert_eq!(
            rejected_by(&pipeline, "main/price", &options).await,
            [format!("TOOL-3|public: {removed}")]
        );
    }
    assert_eq!(of_rake(&cells_of(&shop).await), before);

    run_all(
        &shop,
        &["UPDATE wp_posts SET post_status = 'publish' WHERE ID = 103"],
    )
    .await;
    assert!(pipeline.sync(&changed()).await);
    let cells = cells_of(&shop).await;
    assert_eq!(cells["posts/rake/post_title"], "Another rake");
    assert_eq!(cells["postmeta/rake/_regular_price"], "16");
    assert_eq!(cells.len(), untouched.len());
}

/// Losing every link doubles nothing: all is found again by the pack's `find`.
#[tokio::test]
async fn lost_links_are_found_again() {
    for (shop, text) in [
        (servers::sqlite("sync::links::lost sqlite"), "sqlite"),
        (
            servers::mariadb("sync::links::lost mariadb").await,
            "mariadb",
        ),
    ] {
        let erp = servers::sqlite(&format!("sync::links::lost erp {text}"));
        let pipeline = pipeline(&erp, &shop).await;
        assert!(pipeline.sync(&changed()).await);
        let before = cells_of(&shop).await;
        shop.client().await.run("DELETE FROM ponte_link").await;
        let reports = pipeline.run_all(&full()).await;
        let linked: Vec<u64> = reports.iter().map(|report| report.counts.linked).collect();
        assert_eq!(linked, [6, 14, 0], "{text}: {:?}", reports[0].changes);
        let rows: u64 = reports.iter().map(|report| report.changes_total).sum();
        assert_eq!((rows, cells_of(&shop).await), (0, before), "{text}");
    }
}

/// A tree hangs on its root: while that is not clear, everything below waits, and articles are written without it.
#[tokio::test]
async fn children_wait_for_their_parents_and_articles_for_their_categories() {
    let (_erp, shop, pipeline) = fresh("sync::links::waiting").await;
    run_all(
        &shop,
        &[
            "INSERT INTO wp_terms (term_id, name, slug) VALUES (800, 'Tools', 'tools-800')",
            "INSERT INTO wp_term_taxonomy (term_taxonomy_id, term_id, taxonomy, description) VALUES (801, 800, 'product_cat', '')",
        ],
    )
    .await;
    let waits = "waits for category `T`, which is not linked yet";
    let report = pipeline.run("main/category", &changed()).await;
    assert_eq!(
        rejected(&report),
        [
            format!("D: {waits}"),
            format!("G: {waits}"),
            "T: several rows of the shop could be it: 20, 800".to_owned()
        ]
    );
    assert_eq!(
        (
            report.counts.created,
            report.counts.linked + report.counts.changed
        ),
        (2, 1),
        "L and LX, and C"
    );
    let report = pipeline.run("main/article", &changed()).await;
    assert_eq!(
        (report.counts.incomplete, report.counts.rejected),
        (5, 0),
        "{:?}",
        report.counts
    );
    let cells = cells_of(&shop).await;
    assert!(
        cells.contains_key("relations/drill-18-v/product_cat:uncategorized"),
        "in the default one meanwhile"
    );
    assert!(
        cells.contains_key("relations/hammer/product_cat:tools"),
        "an assignment that is not ponte's yet stays"
    );

    run_all(
        &shop,
        &["UPDATE wp_terms SET name = 'Other tools' WHERE term_id = 800"],
    )
    .await;
    pipeline.run("main/category", &changed()).await;
    let report = pipeline.run("main/article", &changed()).await;
    assert_eq!(
        (report.counts.incomplete, report.counts.unchanged),
        (0, 9),
        "{:?}",
        report.counts
    );
    let cells = cells_of(&shop).await;
    assert!(cells.contains_key("relations/drill-18-v/product_cat:drills-electric"));
    assert!(cells.contains_key("relations/drill-18-v/product_cat:tools"));
    assert!(
        !pipeline
            .run_all(&changed())
            .await
            .iter()
            .any(|report| report.wrote() && report.flow != "main/price")
    );
}

#[tokio::test]
async fn a_tree_that_bites_its_tail_is_told() {
    let (erp, shop, pipeline) = fresh("sync::links::cycle").await;
    run_all(
        &erp,
        &["UPDATE categories SET parent_id = 'LX' WHERE id = 'L'"],
    )
    .await;
    let report = pipeline.run("main/category", &changed()).await;
    assert_eq!(
        rejected(&report),
        ["L: it is its own ancestor", "LX: it is its own ancestor"]
    );
    let report = pipeline.run("main/article", &changed()).await;
    assert_eq!((report.counts.incomplete, report.counts.rejected), (1, 0));
    run_all(
        &erp,
        &["UPDATE categories SET parent_id = NULL WHERE id = 'L'"],
    )
    .await;
    assert!(pipeline.sync(&changed()).await);
    assert!(cells_of(&shop).await.contains_key("tree/tools-2/light"));
}

/// Two categories of one name under one parent would be one to whoever looks for them by name.
#[tokio::test]
async fn categories_of_one_name_are_not_doubled() {
    let (erp, shop, pipeline) = fresh("sync::links::one name").await;
    run_all(
        &erp,
        &[
            "INSERT INTO categories (id, parent_id) VALUES ('D2', 'T'), ('T2', NULL)",
            "INSERT INTO category_texts (category_id, language, name) VALUES ('D2', 'en', 'Drills <electric>'), ('T2', 'en', 'Tools')",
        ],
    )
    .await;
    let first = rejected_by(&pipeline, "main/category", &changed()).await;
    let waits = |key: &str| format!("{key}: waits for category `T`, which is not linked yet");
    assert_eq!(
        first,
        [
            waits("D2"),
            waits("D"),
            waits("G"),
            "T2: `T` leads to the same row of `category`".to_owned(),
            "T: `T2` leads to the same row of `category`".to_owned()
        ],
        "which of the two is the shop's, nobody knows"
    );
    run_all(
        &erp,
        &[
            "DELETE FROM category_texts WHERE category_id = 'T2'",
            "DELETE FROM categories WHERE id = 'T2'",
        ],
    )
    .await;
    let second = rejected_by(&pipeline, "main/category", &changed()).await;
    assert_eq!(second, ["D2: `D` leads to the same row of `category`"]);
    let before = dump(&mut shop.client().await).await;
    let again = rejected_by(&pipeline, "main/category", &full()).await;
    assert_eq!(again.len(), 1, "{again:?}");
    assert!(again[0].contains("is already linked to `D`"), "{again:?}");
    same_dump(
        &before,
        &dump(&mut shop.client().await).await,
        "the second run",
    );
}

#[tokio::test]
async fn dry_runs_and_trials_write_nothing() {
    let (erp, shop, pipeline) = fresh("sync::links::dry").await;
    let trial = Options {
        intent: Intent::Trial,
        ..full()
    };
    let before = dump(&mut shop.client().await).await;
    for options in [dry(), trial.clone()] {
        let reports = pipeline.run_all(&options).await;
        same_dump(
            &before,
            &dump(&mut shop.client().await).await,
            "a first load",
        );
        let article = &reports[1];
        assert_eq!(article.counts.created, 4, "{:?}", article.counts);
        assert!(
            reports
                .iter()
                .all(|report| report.changes_total > 0 || report.flow == "main/price")
        );
        assert!(
            !pipeline.plan.state_dir.exists()
                || std::fs::read_dir(&pipeline.plan.state_dir)
                    .expect("a folder")
                    .next()
                    .is_none()
        );
    }

    assert!(pipeline.sync(&changed()).await);
    run_all(
        &erp,
        &[
            "UPDATE article_texts SET name = 'Claw hammer' WHERE sku = 'TOOL-1'",
            "UPDATE prices SET amount = 99, sale_amount = 98 WHERE sku = 'TOOL-1'",
            "UPDATE categories SET parent_id = 'C' WHERE id = 'G'",
            "DELETE FROM article_categories WHERE sku = 'DRILL'",
        ],
    )
    .await;
    let before = dump(&mut shop.client().await).await;
    for options in [
        dry(),
        Options {
            full: false,
            ..dry()
        },
        trial,
    ] {
        let reports = pipeline.run_all(&options).await;
        same_dump(&before, &dump(&mut shop.client().await).await, "a change");
        let changed: Vec<u64> = reports.iter().map(|report| report.counts.changed).collect();
        assert_eq!(changed, [1, 2, 1]);
        let title = reports[1]
            .changes
            .iter()
            .flat_map(|change| &change.change.columns);
        let title = title.filter(|column| column.column == "post_title");
        let shown: Vec<_> = title
            .map(|column| (column.old.as_deref(), column.new.as_deref()))
            .collect();
        assert_eq!(shown, [(Some("'Hammer'"), Some("'Claw hammer'"))]);
    }
    // Having looked, the real run still does all of it.
    assert!(pipeline.sync(&changed()).await);
    assert_eq!(
        cells_of(&shop).await["posts/hammer/post_title"],
        "Claw hammer"
    );
}

#[tokio::test]
async fn a_run_of_certain_keys_does_those_and_forgets_none_of_the_others() {
    let (erp, shop, pipeline) = loaded("sync::links::only").await;
    run_all(
        &erp,
        &[
            "UPDATE article_texts SET name = name || ' II' WHERE sku IN ('TOOL-1', 'TOOL-2')",
            "UPDATE prices SET amount = amount + 1 WHERE sku IN ('TOOL-1', 'TOOL-2')",
            "DELETE FROM article_categories WHERE sku = 'LAMP'",
        ],
    )
    .await;
    let reports = pipeline.run_all(&only(&["TOOL-1", "no such"])).await;
    let read: Vec<u64> = reports.iter().map(|report| report.counts.read).collect();
    assert_eq!(read, [0, 1, 1]);
    assert!(reports.iter().all(|report| report.counts.gone == 0));
    let cells = cells_of(&shop).await;
    assert_eq!(cells["posts/hammer/post_title"], "Hammer II");
    assert_eq!(cells["posts/saw/post_title"], "Saw");
    assert_eq!(cells["postmeta/hammer/_regular_price"], "13.5");
    let reports = pipeline.run_all(&changed()).await;
    assert_eq!(
        (
            reports[1].counts.unchanged,
            reports[1].counts.right,
            reports[1].counts.changed
        ),
        (11, 1, 2)
    );
    assert_eq!(reports[1].counts.gone, 0);
    assert_eq!(cells_of(&shop).await["posts/saw/post_title"], "Saw II");
}

/// A sku that the shop's database holds equal is not created beside it: that would be one article twice to the shop.
#[tokio::test]
async fn skus_that_look_alike_are_left_to_a_person() {
    let erp = servers::sqlite("sync::links::lookalikes erp");
    let shop = servers::mariadb("sync::links::lookalikes shop").await;
    let pipeline = pipeline(&erp, &shop).await;
    run_all(
        &shop,
        &["UPDATE wp_wc_product_meta_lookup SET sku = 'tool-1' WHERE product_id = 101"],
    )
    .await;
    pipeline.run("main/category", &changed()).await;
    let equal = "TOOL-1: the shop has `tool-1`, which its database holds equal though it is written differently";
    assert_eq!(
        rejected_by(&pipeline, "main/article", &changed()).await,
        [equal]
    );
    let before = dump(&mut shop.client().await).await;
    assert_eq!(
        rejected_by(&pipeline, "main/article", &full()).await,
        [equal]
    );
    same_dump(
        &before,
        &dump(&mut shop.client().await).await,
        "asked again",
    );
}

/// Servers yield rows of one key in any order; a record whose rows come in another one has not changed.
#[tokio::test]
async fn child_rows_in_another_order_are_no_change() {
    let erp = servers::postgres("sync::links::child rows").await;
    let shop = servers::sqlite("sync::links::child rows shop");
    let pipeline = pipeline(&erp, &shop).await;
    let in_order = |codes: [&str; 2]| {
        let rows = codes.map(|code| format!("('TOOL-1', '{code}')")).join(", ");
        format!(
            "DELETE FROM article_categories WHERE sku = 'TOOL-1'; INSERT INTO article_categories VALUES {rows}"
        )
    };
    let mut client = erp.client().await;
    let codes = client
        .rows("SELECT id FROM categories ORDER BY id LIMIT 2")
        .await;
    let code = |at: usize| codes[at][0].clone().unwrap();
    client.load(&in_order([&code(0), &code(1)])).await;
    pipeline.run("main/category", &changed()).await;
    pipeline.run("main/article", &changed()).await;
    client.load(&in_order([&code(1), &code(0)])).await;
    let report = pipeline.run("main/article", &changed()).await;
    assert_eq!(report.counts.unchanged, report.counts.read);
}
