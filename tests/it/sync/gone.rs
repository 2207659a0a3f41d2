//! Records that the ERP no longer has: what becomes of their rows, what is never taken for gone, and the guard.

use ponte::sync::run::RunError;

use crate::support::pipeline::{Pipeline, changed, dry, dump, full, only, rejected, same_dump};
use crate::support::project::Project;
use crate::support::proxy::{Direction, Fault, Proxy};
use crate::support::servers::{self, Database};

use super::cells::{Cells, changes};
use super::pair::{On, Pair, database};
use super::shop::{cells_of, fill, loaded, project, run_all};

/// The article DRILL leaves the ERP.
const NO_DRILL: [&str; 5] = [
    "DELETE FROM stock WHERE sku = 'DRILL'",
    "DELETE FROM prices WHERE sku = 'DRILL'",
    "DELETE FROM article_categories WHERE sku = 'DRILL'",
    "DELETE FROM article_texts WHERE sku = 'DRILL'",
    "DELETE FROM articles WHERE sku = 'DRILL'",
];
/// And comes back.
const DRILL: [&str; 5] = [
    "INSERT INTO articles (sku, active, barcode, tax_class, weight, length, width, height) VALUES
     ('DRILL', TRUE, '8000000000026', 'IVA22', 2.5, 25.5, 8, 20)",
    "INSERT INTO article_texts (sku, language, name, description, short_description) VALUES
     ('DRILL', 'en', 'Drill 18 V', 'A drill & two batteries.', 'Cordless'), ('DRILL', 'it', 'Trapano 18 V', NULL, NULL)",
    "INSERT INTO article_categories (sku, category_id) VALUES ('DRILL', 'D'), ('DRILL', 'T')",
    "INSERT INTO prices (sku, list, amount, sale_amount, sale_from, sale_to) VALUES
     ('DRILL', 'public', 149.9, 129, '2026-01-01', '2036-12-31')",
    "INSERT INTO stock (sku, warehouse, quantity) VALUES ('DRILL', 'WH', 4)",
];

#[track_caller]
fn same_cells(expected: &Cells, found: &Cells, claim: &str) {
    let differ = changes(expected, found);
    assert!(differ.is_empty(), "{claim}:\n{differ}");
}

async fn on_both(test: &str, more: &str) -> [(Database, Database, Pipeline); 2] {
    let mut all = Vec::new();
    for on in [On::Sqlite, On::Mariadb] {
        let erp = servers::sqlite(&format!("{test} erp {}", all.len()));
        let shop = database(on, &format!("{test} shop {}", all.len())).await;
        fill(&erp, &shop).await;
        let text = format!("{}{more}", project(&erp.url, &shop.url));
        let pipeline = Pipeline::new(&text).await;
        assert!(pipeline.sync(&changed()).await);
        all.push((erp, shop, pipeline));
    }
    all.try_into().unwrap_or_else(|_| unreachable!("two"))
}

#[tokio::test]
async fn a_gone_article_becomes_a_draft_and_comes_back() {
    for (erp, shop, pipeline) in on_both("sync::gone::draft", "").await {
        let before = cells_of(&shop).await;
        run_all(&erp, &NO_DRILL).await;
        let untouched = dump(&mut shop.client().await).await;
        let report = pipeline.run("main/article", &dry()).await;
        assert_eq!((report.counts.gone, report.counts.deactivated), (1, 1));
        let shown: Vec<String> = report
            .changes
            .iter()
            .flat_map(|change| &change.change.columns)
            .map(|one| format!("{} {:?} {:?}", one.column, one.old, one.new))
            .collect();
        assert_eq!(shown, ["post_status Some(\"'publish'\") Some(\"'draft'\")"]);
        let after = dump(&mut shop.client().await).await;
        same_dump(&untouched, &after, "a dry run");

        let report = pipeline.run("main/article", &changed()).await;
        assert_eq!((report.counts.gone, report.counts.deactivated), (1, 1));
        let cells = cells_of(&shop).await;
        assert_eq!(cells["posts/drill-18-v/post_status"], "draft");
        let count = |cells: &Cells, term: &str| -> i64 {
            cells[&format!("term_taxonomy/product_cat:{term}/count")]
                .parse()
                .unwrap()
        };
        assert_eq!(count(&cells, "tools"), count(&before, "tools") - 1);
        // Nothing is done twice, though it stays gone.
        let settled = dump(&mut shop.client().await).await;
        for options in [changed(), full()] {
            let reports = pipeline.run_all(&options).await;
            assert!(!reports.iter().any(|report| report.wrote()));
            assert_eq!(
                (reports[1].counts.gone, reports[1].counts.deactivated),
                (1, 0)
            );
        }
        same_dump(&settled, &dump(&mut shop.client().await).await, "again");

        run_all(&erp, &DRILL).await;
        assert!(pipeline.sync(&changed()).await);
        same_cells(&before, &cells_of(&shop).await, "it came back");
    }
}

#[tokio::test]
async fn a_deleted_article_leaves_nothing_and_is_created_anew() {
    let without = servers::sqlite("sync::gone::never erp");
    let never = servers::sqlite("sync::gone::never shop");
    fill(&without, &never).await;
    run_all(&without, &NO_DRILL).await;
    let pipeline = Pipeline::new(&project(&without.url, &never.url)).await;
    assert!(pipeline.sync(&changed()).await);
    let expected = cells_of(&never).await;

    let policy = "[shop.main.article]\ngone = \"delete\"\n";
    for (erp, shop, pipeline) in on_both("sync::gone::delete", policy).await {
        let before = cells_of(&shop).await;
        run_all(&erp, &NO_DRILL).await;
        // A variation is the shop people's row: it stays.
        run_all(&erp, &["DELETE FROM articles WHERE sku = 'SHIRT-M'"]).await;
        let report = pipeline.run("main/article", &dry()).await;
        assert_eq!((report.counts.gone, report.counts.deleted), (2, 1));
        let report = pipeline.run("main/article", &changed()).await;
        assert_eq!(
            (report.counts.gone, report.counts.deleted),
            (2, 1),
            "{:?}",
            report.rejected
        );
        assert!(report.counts.rows_deleted > 10, "{:?}", report.counts);
        same_cells(
            &expected,
            &cells_of(&shop).await,
            "as if it had never been there",
        );
        let report = pipeline.run("main/article", &changed()).await;
        assert!(!report.wrote());

        run_all(&erp, &DRILL).await;
        assert!(pipeline.sync(&changed()).await);
        same_cells(&before, &cells_of(&shop).await, "created anew");
    }
}

#[tokio::test]
async fn what_is_in_the_source_is_not_gone_whatever_is_wrong_with_it() {
    let (erp, shop, pipeline) = loaded("sync::gone::present").await;
    let drafts = async || {
        let sql = "SELECT ID FROM wp_posts WHERE post_status = 'draft' ORDER BY ID";
        shop.client().await.rows(sql).await
    };
    let before = drafts().await;
    run_all(
        &erp,
        &[
            "INSERT INTO tax_classes (code, description, rate) VALUES ('NONE', 'not in the project', 0)",
            "UPDATE articles SET tax_class = 'NONE' WHERE sku = 'TOOL-3'",
            "INSERT INTO articles (sku, tax_class, weight) SELECT 'TOOL-2  ', tax_class, weight FROM articles WHERE sku = 'TOOL-2'",
            "UPDATE article_texts SET sku = 'TOOL-2  ' WHERE sku = 'TOOL-2'",
            "UPDATE article_categories SET sku = 'TOOL-2  ' WHERE sku = 'TOOL-2'",
            "UPDATE stock SET sku = 'TOOL-2  ' WHERE sku = 'TOOL-2'",
            "DELETE FROM articles WHERE sku = 'TOOL-2'",
            "INSERT INTO articles (sku, tax_class) VALUES (' TOOL-4', 'IVA22')",
            "DELETE FROM prices WHERE sku = 'LAMP'",
            "UPDATE categories SET parent_id = 'LX' WHERE id = 'L'",
        ],
    )
    .await;
    for options in [changed(), full(), changed()] {
        let reports = pipeline.run_all(&options).await;
        let gone: Vec<u64> = reports[..2]
            .iter()
            .map(|report| report.counts.gone)
            .collect();
        assert_eq!(gone, [0, 0], "{:?}", rejected(&reports[1]));
        assert!(reports[0].counts.rejected > 0 && reports[1].counts.rejected > 0);
    }
    assert_eq!(drafts().await, before);
    // Runs of single keys say nothing of the others, nor does a trial.
    run_all(&erp, &NO_DRILL).await;
    let report = pipeline
        .run("main/article", &only(&["DRILL", "TOOL-1"]))
        .await;
    assert_eq!((report.counts.gone, report.counts.deactivated), (0, 0));
}

#[tokio::test]
async fn a_source_that_is_empty_or_broke_off_says_nothing() {
    let erp = servers::postgres("sync::gone::broken erp").await;
    let shop = servers::mariadb("sync::gone::broken shop").await;
    fill(&erp, &shop).await;
    let proxy = Proxy::start(&erp.url);
    let pipeline = Pipeline::new(&project(&proxy.url(&erp.url), &shop.url)).await;
    assert!(pipeline.sync(&changed()).await);
    let before = dump(&mut shop.client().await).await;
    run_all(&erp, &NO_DRILL).await;

    // The connection is cut while the rows come.
    run_all(
        &erp,
        &[
            "INSERT INTO articles (sku, tax_class) SELECT 'M-' || i, 'IVA22' FROM generate_series(1, 20000) i",
            "ALTER TABLE article_texts RENAME TO texts",
            "CREATE VIEW article_texts AS SELECT * FROM texts",
        ],
    )
    .await;
    for bytes in [20_000, 100_000, 250_000] {
        proxy.set(Fault::CutAfter {
            direction: Direction::ToClient,
            bytes,
        });
        let ended = pipeline.try_run("main/article", &dry()).await;
        let cut = !proxy.is_armed();
        proxy.clear();
        assert!(cut, "{bytes} bytes were not reached");
        assert!(ended.is_err(), "cut after {bytes} bytes");
    }
    run_all(&erp, &["DELETE FROM articles WHERE sku LIKE 'M-%'"]).await;

    // A child query that fails on its last row.
    run_all(
        &erp,
        &["DROP VIEW article_texts", "CREATE VIEW article_texts AS SELECT sku, language,
             CASE WHEN sku = 'TOOL-5' THEN (1 / (length(sku) - 6))::varchar(255) ELSE name END AS name, description, short_description FROM texts"],
    )
    .await;
    let ended = pipeline.try_run("main/article", &changed()).await;
    assert!(matches!(ended, Err(RunError::Database(_))), "{ended:?}");
    run_all(
        &erp,
        &[
            "DROP VIEW article_texts",
            "CREATE VIEW article_texts AS SELECT * FROM texts",
        ],
    )
    .await;

    // No row at all.
    run_all(
        &erp,
        &[
            "ALTER TABLE articles RENAME TO kept",
            "CREATE VIEW articles AS SELECT * FROM kept WHERE false",
        ],
    )
    .await;
    for options in [dry(), changed(), full()] {
        let ended = pipeline.try_run("main/article", &options).await;
        assert!(
            matches!(ended, Err(RunError::EmptySource { known: 14, .. })),
            "{ended:?}"
        );
    }
    same_dump(
        &before,
        &dump(&mut shop.client().await).await,
        "broken sources",
    );

    run_all(
        &erp,
        &["DROP VIEW articles", "ALTER TABLE kept RENAME TO articles"],
    )
    .await;
    let report = pipeline.run("main/article", &changed()).await;
    assert_eq!(report.counts.deactivated, 1, "{:?}", report.counts);
}

/// More than the guard lets pass, by an edited filter: nothing is done until a person lets exactly so many pass.
#[tokio::test]
async fn the_guard_stops_an_edited_filter_until_a_person_lets_it_pass() {
    let erp = servers::sqlite("sync::gone::guard erp");
    let shop = servers::sqlite("sync::gone::guard shop");
    fill(&erp, &shop).await;
    run_all(
        &erp,
        &[
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40)
             INSERT INTO articles (sku, tax_class) SELECT 'M-' || i, 'IVA22' FROM n",
            "INSERT INTO article_texts (sku, language, name) SELECT sku, 'en', 'Article ' || sku FROM articles WHERE sku LIKE 'M-%'",
        ],
    )
    .await;
    let mut folder = Project::new();
    let text = project(&erp.url, &shop.url);
    folder.file("ponte.toml", &text);
    folder.ponte(&["setup", "--run"]).succeeds();
    folder.ponte(&["match", "--accept"]);
    folder.ponte(&["sync", "category", "article"]).succeeds();
    let drafts = async || {
        let sql = "SELECT count(*) FROM wp_posts WHERE post_status = 'draft' AND post_title LIKE 'Article M-%'";
        shop.client().await.value(sql).await.unwrap_or_default()
    };
    assert_eq!(drafts().await, "0");

    let edited = format!("{text}\n[erp.article]\nwhere = \"sku NOT LIKE 'M-%'\"\n");
    folder.file("ponte.toml", &edited);
    run_all(
        &erp,
        &["UPDATE article_texts SET name = 'Claw hammer' WHERE sku = 'TOOL-1'"],
    )
    .await;
    let guard = "40 of 54 records are no longer in the source; the query or its filter was edited since: more than 10 % and \
                 more than 20 at once, so none of them was touched";
    for arguments in [
        &["sync", "main/article"][..],
        &["sync", "main/article", "--allow-gone", "39"],
        &["sync", "main/article", "--dry-run"],
    ] {
        let outcome = folder.ponte(arguments).exits_with(6);
        assert!(outcome.stdout.contains(guard), "{outcome}");
        assert!(
            outcome
                .stdout
                .contains("ponte sync main/article --allow-gone 40"),
            "{outcome}"
        );
        assert_eq!(drafts().await, "0", "{arguments:?}");
    }
    // The rest of the run stands, and is told afterwards.
    let title = "SELECT post_title FROM wp_posts WHERE ID = 101";
    assert_eq!(
        shop.client().await.value(title).await.as_deref(),
        Some("Claw hammer")
    );
    let status = folder.ponte(&["status"]).succeeds();
    assert!(
        status
            .stdout
            .contains("the guard left 40 gone records alone"),
        "{status}"
    );
    let listed = folder
        .ponte(&["quarantine", "list", "main/article"])
        .succeeds();
    assert!(
        listed.stdout.contains("M-17  guarded: 40 of 54"),
        "{listed}"
    );
    let retried = folder.ponte(&["quarantine", "retry"]).succeeds();
    assert!(
        retried.stdout.contains("Nothing is in quarantine"),
        "{retried}"
    );

    let outcome = folder
        .ponte(&["sync", "main/article", "--allow-gone", "40", "--json"])
        .succeeds();
    let document: serde_json::Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    assert_eq!(document["flows"][0]["counts"]["deactivated"], 40);
    assert_eq!(drafts().await, "40");
    // Those are settled: one more that goes is not kept by the guard.
    run_all(&erp, &NO_DRILL).await;
    let outcome = folder.ponte(&["sync", "main/article", "--json"]).succeeds();
    let document: serde_json::Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    assert_eq!(document["flows"][0]["counts"]["deactivated"], 1);
    assert_eq!(document["flows"][0]["counts"]["gone"], 41);
}

const CODES: &str = "CREATE TABLE source (code VARCHAR(20) NOT NULL PRIMARY KEY, name VARCHAR(40));
    INSERT INTO source VALUES ('a', 'A'), ('b', 'B'), ('c', 'C'), ('d', 'D')";
const COPIES: &str = "CREATE TABLE target (code VARCHAR(20) NOT NULL, origin VARCHAR(9) NOT NULL, name VARCHAR(40), active INTEGER, PRIMARY KEY (code, origin));
    INSERT INTO target VALUES ('theirs', 'erp', 'T', 1), ('a', 'hand', 'H', 1)";

async fn copies(test: &str, target: On, gone: &str) -> Pair {
    let to = format!(
        "match = {{ code = \"code\", origin = \"'erp'\" }}\nset = {{ name = \"name\", active = \"1\" }}\ngone = {gone}\nguard = {{ rows = 2, percent = 50 }}"
    );
    let pair = Pair::new(
        test,
        (On::Postgres, CODES),
        (target, COPIES),
        r#"["code"]"#,
        &to,
    )
    .await;
    pair.pipeline.run("x", &changed()).await;
    pair
}

const ALL: &str = "SELECT code, origin, name, active FROM target ORDER BY origin, code";

#[tokio::test]
async fn gone_rows_of_a_table_are_removed_or_marked() {
    for (target, text) in [(On::Mariadb, "mariadb"), (On::Sqlite, "sqlite")] {
        let pair = copies(&format!("sync::gone::rows {text}"), target, "\"delete\"").await;
        run_all(
            &pair.source,
            &["DELETE FROM source WHERE code IN ('a', 'c')"],
        )
        .await;
        let report = pair.pipeline.run("x", &dry()).await;
        assert_eq!((report.counts.gone, report.counts.deleted), (2, 2));
        let report = pair.pipeline.run("x", &changed()).await;
        assert_eq!((report.counts.gone, report.counts.deleted), (2, 2));
        let left = ["b|erp|B|1", "d|erp|D|1", "theirs|erp|T|1", "a|hand|H|1"];
        assert_eq!(pair.rows(ALL).await, left, "{text}");

        let pair = copies(
            &format!("sync::gone::marks {text}"),
            target,
            "{ set = { active = \"0\" } }",
        )
        .await;
        run_all(
            &pair.source,
            &["DELETE FROM source WHERE code IN ('a', 'c')"],
        )
        .await;
        let report = pair.pipeline.run("x", &changed()).await;
        assert_eq!((report.counts.gone, report.counts.deactivated), (2, 2));
        let left = [
            "a|erp|A|0",
            "b|erp|B|1",
            "c|erp|C|0",
            "d|erp|D|1",
            "theirs|erp|T|1",
            "a|hand|H|1",
        ];
        assert_eq!(pair.rows(ALL).await, left, "{text}");
        assert!(!pair.pipeline.run("x", &changed()).await.wrote());
        run_all(&pair.source, &["INSERT INTO source VALUES ('a', 'A')"]).await;
        pair.pipeline.run("x", &changed()).await;
        assert_eq!(pair.rows(ALL).await[0], "a|erp|A|1", "{text}");
    }
}

#[tokio::test]
async fn a_table_whose_snapshot_is_lost_keeps_its_surplus_rows() {
    let pair = copies("sync::gone::surplus", On::Mariadb, "\"delete\"").await;
    run_all(&pair.source, &["DELETE FROM source WHERE code = 'c'"]).await;
    pair.pipeline.lose_snapshots();
    let before = pair.rows(ALL).await;
    let report = pair.pipeline.run("x", &changed()).await;
    assert_eq!((report.counts.deleted, report.counts.extra), (0, 2));
    assert_eq!(report.extra_keys, ["c", "theirs"]);
    let told = "2 rows of the target are not in the source: c, theirs. They are left alone";
    assert!(
        report.notes.iter().any(|note| note.starts_with(told)),
        "{:?}",
        report.notes
    );
    assert_eq!(pair.rows(ALL).await, before);

    // A guarded row stays known as gone until it is let pass; one that is rejected in between as well.
    run_all(
        &pair.source,
        &["DELETE FROM source", "INSERT INTO source VALUES ('d', 'D')"],
    )
    .await;
    run_all(&pair.target, &["DELETE FROM target WHERE code = 'theirs'"]).await;
    run_all(
        &pair.source,
        &["INSERT INTO source VALUES ('e', 'E'), ('f', 'F'), ('g', 'G')"],
    )
    .await;
    pair.pipeline.run("x", &changed()).await;
    run_all(&pair.source, &["DELETE FROM source WHERE code <> 'g'"]).await;
    let guarded = pair.pipeline.run("x", &changed()).await;
    assert_eq!(
        (guarded.counts.guarded, guarded.counts.deleted),
        (3, 0),
        "{:?}",
        guarded.counts
    );
    let again = pair.pipeline.run("x", &changed()).await;
    assert_eq!(again.counts.guarded, 3);
    let pass = ponte::sync::run::Options {
        allow_gone: Some(3),
        ..changed()
    };
    assert_eq!(pair.pipeline.run("x", &pass).await.counts.deleted, 3);
    assert_eq!(
        pair.rows("SELECT code FROM target WHERE origin = 'erp' ORDER BY code")
            .await,
        ["c", "g"]
    );

    let ended = {
        run_all(&pair.source, &["DELETE FROM source"]).await;
        pair.pipeline.try_run("x", &changed()).await
    };
    assert!(
        matches!(ended, Err(RunError::EmptySource { known: 1, .. })),
        "{ended:?}"
    );
    assert_eq!(
        ended.err().map(|error| error.to_string()).as_deref(),
        Some(
            "the source yielded no row, but 1 of its records are in the target; nothing is taken for gone. Correct the query or its login; if \
             the source is meant to be empty: `ponte sync x --allow-gone 1`"
        )
    );
}
