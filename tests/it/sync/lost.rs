//! State, links or a whole database lost or restored from an older backup, on either side: the next run notices, says so,
//! and leaves the rows of a pair that nothing happened to.

use crate::support::pipeline::{Pipeline, changed, dump, only, same_dump};
use crate::support::project::Project;
use crate::support::seed;
use crate::support::servers::{self, Database};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::cells::{Cells, changes};
use super::pair::{On, database};
use super::shop::{cells_of, fill, project, run_all};

#[track_caller]
fn same_cells(expected: &Cells, found: &Cells, claim: &str) {
    let differ = changes(expected, found);
    assert!(differ.is_empty(), "{claim}:\n{differ}");
}

struct Loaded {
    erp: Database,
    shop: Database,
    pipeline: Pipeline,
    text: &'static str,
}

async fn loaded_on_both(test: &str) -> [Loaded; 2] {
    let mut all = Vec::new();
    for (on, text) in [(On::Sqlite, "sqlite"), (On::Mariadb, "mariadb")] {
        let erp = servers::sqlite(&format!("{test} erp {text}"));
        let shop = database(on, &format!("{test} shop {text}")).await;
        fill(&erp, &shop).await;
        let pipeline = Pipeline::new(&project(&erp.url, &shop.url)).await;
        assert!(pipeline.sync(&changed()).await);
        all.push(Loaded {
            erp,
            shop,
            pipeline,
            text,
        });
    }
    all.try_into().unwrap_or_else(|_| unreachable!("two"))
}

impl Loaded {
    /// Every row of the database as it is now, to go back to.
    async fn backup(&self, database: &Database) -> Backup {
        let mut client = database.client().await;
        let tables = match database.url.split(':').next() {
            Some("mysql") => {
                "SELECT table_name FROM information_schema.tables WHERE table_schema = database()"
            }
            _ => "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
        };
        let tables = client.rows(tables).await.into_iter().flatten().flatten();
        let tables: Vec<String> = tables
            .filter(|table| {
                !["lease", "heartbeat"]
                    .iter()
                    .any(|own| table.ends_with(own))
            })
            .filter(|table| !table.starts_with("zz_"))
            .collect();
        for table in &tables {
            client
                .run(&format!("CREATE TABLE zz_{table} AS SELECT * FROM {table}"))
                .await;
        }
        Backup { tables }
    }

    async fn changes_of_the_erp(&self) {
        run_all(
            &self.erp,
            &[
                "UPDATE article_texts SET name = 'Claw hammer' WHERE sku = 'TOOL-1'",
                "UPDATE prices SET amount = 99 WHERE sku = 'TOOL-2'",
                "UPDATE categories SET parent_id = 'C' WHERE id = 'G'",
                "DELETE FROM article_categories WHERE sku = 'DRILL' AND category_id = 'T'",
                "INSERT INTO articles (sku, tax_class) VALUES ('NEW', 'IVA22')",
                "INSERT INTO article_texts (sku, language, name) VALUES ('NEW', 'en', 'New one')",
                "INSERT INTO prices (sku, list, amount) VALUES ('NEW', 'public', 7)",
                "DELETE FROM stock WHERE sku = 'LAMP'",
                "DELETE FROM articles WHERE sku = 'LAMP'",
            ],
        )
        .await;
    }
}

struct Backup {
    tables: Vec<String>,
}

impl Backup {
    async fn restore(&self, database: &Database) {
        let mut client = database.client().await;
        if database.url.starts_with("sqlite") {
            client.run("PRAGMA foreign_keys = OFF").await;
        }
        for table in &self.tables {
            client.run(&format!("DELETE FROM {table}")).await;
            client
                .run(&format!("INSERT INTO {table} SELECT * FROM zz_{table}"))
                .await;
        }
    }
}

#[tokio::test]
async fn a_lost_state_folder_hides_nothing() {
    for pair in loaded_on_both("sync::lost::state").await {
        let Loaded {
            pipeline,
            shop,
            text,
            ..
        } = &pair;
        let before = dump(&mut shop.client().await).await;
        pipeline.lose_snapshots();
        let reports = pipeline.run_all(&changed()).await;
        assert!(!reports.iter().any(|report| report.wrote()), "{text}");
        same_dump(&before, &dump(&mut shop.client().await).await, text);
        let told = "the state folder remembers no whole run";
        assert!(
            reports[1].notes.iter().any(|note| note.starts_with(told)),
            "{:?}",
            reports[1].notes
        );

        pipeline.lose_snapshots();
        pair.changes_of_the_erp().await;
        let reports = pipeline.run_all(&changed()).await;
        assert_eq!(
            reports[1].counts.deactivated, 1,
            "{text}: gone is what the links say"
        );
        assert!(!pipeline.sync(&changed()).await, "{text}");
    }
}

/// Files of the state that are cut, full of noise, of another version or cannot be written: said clearly, and what they
/// held is found out again by comparing.
#[tokio::test]
async fn a_damaged_state_is_told_and_found_out_again() {
    let erp = servers::sqlite("sync::lost::damaged erp");
    let shop = servers::mariadb("sync::lost::damaged shop").await;
    fill(&erp, &shop).await;
    let mut folder = Project::new();
    folder.file("ponte.toml", &project("${ERP}", "${SHOP}"));
    folder.env("ERP", &erp.url).env("SHOP", &shop.url);
    folder.ponte(&["setup", "--run"]).succeeds();
    folder.ponte(&["match", "--accept"]);
    // 4: two variations that sell from one figure are for a person to look at.
    folder.ponte(&["sync"]).exits_with(4);
    let before = dump(&mut shop.client().await).await;
    let files = || {
        let mut files = folder.files(".ponte");
        files.retain(|file| !file.to_string_lossy().contains("damaged"));
        files
    };
    assert!(files().len() >= 4, "{:?}", files());
    let cut = |bytes: &[u8]| bytes[..bytes.len() / 2].to_vec();
    let noise = |bytes: &[u8]| -> Vec<u8> {
        let mut random = StdRng::seed_from_u64(seed("sync::lost::damaged"));
        bytes.iter().map(|_| random.random()).collect()
    };
    let older = |bytes: &[u8]| {
        let mut bytes = bytes.to_vec();
        // The version of a snapshot, and of SQLite's `user_version`.
        bytes[8] ^= 0x40;
        if bytes.len() > 64 {
            bytes[60] ^= 0x40;
        }
        bytes
    };
    type Damage<'d> = &'d dyn Fn(&[u8]) -> Vec<u8>;
    let ways: [(&str, Damage<'_>); 4] = [
        ("empty", &|_: &[u8]| Vec::new()),
        ("cut", &cut),
        ("noise", &noise),
        ("of another version", &older),
    ];
    for (way, damage) in ways {
        for file in files() {
            let bytes = std::fs::read(&file).expect("a file of the state");
            std::fs::write(&file, damage(&bytes)).expect("a file of the state");
        }
        let outcome = folder.ponte(&["sync"]).exits_with(4);
        let said = format!("{}{}", outcome.stdout, outcome.stderr);
        assert!(
            said.contains("every record is compared"),
            "{way}: {outcome}"
        );
        assert!(
            said.contains(".snapshot is damaged: it"),
            "{way}: {outcome}"
        );
        // An empty file is an empty database for SQLite, and there is nothing to set aside.
        let told = said.contains("set aside") && said.contains("state.sqlite.damaged-");
        assert_eq!(told, way != "empty", "{way}: {outcome}");
        same_dump(&before, &dump(&mut shop.client().await).await, way);
        let outcome = folder.ponte(&["sync"]).exits_with(4);
        assert!(
            !outcome.to_string().contains("compared"),
            "{way}: {outcome}"
        );
    }
}

#[tokio::test]
async fn lost_links_are_noticed_and_found_again() {
    for pair in loaded_on_both("sync::lost::links").await {
        let Loaded {
            pipeline,
            shop,
            text,
            ..
        } = &pair;
        let before = cells_of(shop).await;
        // Some, then all of them.
        for lose in [
            "DELETE FROM ponte_link WHERE record_key IN ('TOOL-1', 'G')",
            "DELETE FROM ponte_link",
        ] {
            run_all(shop, &[lose]).await;
            let reports = pipeline.run_all(&changed()).await;
            let told = "links were lost since the last run";
            for report in &reports[..2] {
                assert!(
                    report.notes.iter().any(|note| note.starts_with(told)),
                    "{text}: {:?}",
                    report.notes
                );
                assert!(
                    report.counts.linked > 0 && report.counts.created == 0,
                    "{text}"
                );
            }
            same_cells(&before, &cells_of(shop).await, text);
            assert!(!pipeline.sync(&changed()).await, "{text}");
        }
    }
}

#[tokio::test]
async fn a_shop_restored_from_a_backup_is_brought_up_to_date() {
    for pair in loaded_on_both("sync::lost::shop").await {
        let Loaded {
            pipeline,
            shop,
            text,
            ..
        } = &pair;
        let backup = pair.backup(shop).await;
        pair.changes_of_the_erp().await;
        assert!(pipeline.sync(&changed()).await);
        let expected = cells_of(shop).await;

        backup.restore(shop).await;
        let reports = pipeline.run_all(&changed()).await;
        let told = "the target is not as the last run left it";
        for report in &reports {
            assert!(
                report.notes.iter().any(|note| note.starts_with(told)),
                "{text}: {:?}",
                report.notes
            );
        }
        pipeline.stock().await;
        same_cells(&expected, &cells_of(shop).await, text);
        assert!(!pipeline.sync(&changed()).await, "{text}");
        let reports = pipeline.run_all(&changed()).await;
        assert!(
            reports.iter().all(|report| report.notes.is_empty()),
            "{text}: noticed once"
        );
    }
}

#[tokio::test]
async fn an_erp_restored_from_a_backup_is_followed_back() {
    for pair in loaded_on_both("sync::lost::erp").await {
        let Loaded {
            pipeline,
            shop,
            erp,
            text,
        } = &pair;
        let before = cells_of(shop).await;
        let backup = pair.backup(erp).await;
        pair.changes_of_the_erp().await;
        assert!(pipeline.sync(&changed()).await);
        backup.restore(erp).await;
        assert!(pipeline.sync(&changed()).await);
        let mut after = cells_of(shop).await;
        let new = |cells: &Cells| -> Vec<String> {
            cells
                .keys()
                .filter(|name| name.contains("new-one") || name.contains("/NEW"))
                .cloned()
                .collect()
        };
        let of_new = new(&after);
        assert_eq!(after["posts/new-one/post_status"], "draft", "{text}");
        after.retain(|name, _| !of_new.contains(name));
        same_cells(&before, &after, text);
        assert!(!pipeline.sync(&changed()).await, "{text}");
    }
}

/// The snapshot of the last whole run knows nothing of what a run of single keys wrote, until that is compared again.
#[tokio::test]
async fn what_a_run_of_single_keys_wrote_is_not_forgotten() {
    for pair in loaded_on_both("sync::lost::only").await {
        let Loaded {
            pipeline,
            shop,
            erp,
            text,
        } = &pair;
        let title = async || {
            let sql = "SELECT post_title FROM wp_posts WHERE ID = 101";
            shop.client().await.value(sql).await.unwrap_or_default()
        };
        run_all(
            erp,
            &["UPDATE article_texts SET name = 'Claw hammer' WHERE sku = 'TOOL-1'"],
        )
        .await;
        pipeline.run("main/article", &only(&["TOOL-1"])).await;
        assert_eq!(title().await, "Claw hammer", "{text}");
        run_all(
            erp,
            &["UPDATE article_texts SET name = 'Hammer' WHERE sku = 'TOOL-1'"],
        )
        .await;
        let report = pipeline.run("main/article", &changed()).await;
        assert_eq!(title().await, "Hammer", "{text}");
        assert_eq!(
            (report.counts.changed, report.counts.unchanged),
            (1, 13),
            "{text}"
        );
        assert!(report.notes.is_empty(), "{:?}", report.notes);
    }
}
