//! A disk without room for what ponte remembers: the work is done all the same, and it is said what could not be written.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::service::{NAMES, WAIT_MAX, project as service, signal, until};
use crate::support::full_disk::FullDisk;
use crate::support::pipeline::{dump, same_dump};
use crate::support::project::Project;
use crate::support::servers::{self, Database};
use crate::sync::shop::{fill, project, run_all};

/// A project whose rows are in the shop, but for a price that the ERP has changed since.
async fn loaded(test: &str) -> (Database, Database, Project) {
    let erp = servers::sqlite(&format!("{test} erp"));
    let shop = servers::mariadb(&format!("{test} shop")).await;
    fill(&erp, &shop).await;
    let mut folder = Project::new();
    folder.file("ponte.toml", &project("${ERP}", "${SHOP}"));
    folder.env("ERP", &erp.url).env("SHOP", &shop.url);
    folder.ponte(&["setup", "--run"]).succeeds();
    folder.ponte(&["match", "--accept"]);
    folder.ponte(&["sync"]).exits_with(4);
    run_all(
        &erp,
        &["UPDATE prices SET amount = 99 WHERE sku = 'TOOL-2'"],
    )
    .await;
    (erp, shop, folder)
}

const PRICE: &str = "SELECT m.meta_value FROM wp_postmeta m WHERE m.post_id = 102 AND m.meta_key = '_regular_price'";

#[tokio::test]
async fn snapshots_that_find_no_room_are_told_of_and_nothing_is_lost() {
    let (_erp, shop, folder) = loaded("full_disk::snapshots").await;
    let next: Vec<PathBuf> = folder
        .files(".ponte")
        .into_iter()
        .filter(|file| file.extension().is_some_and(|end| end == "snapshot"))
        .map(|file| file.with_extension("snapshot.new"))
        .collect();
    assert!(next.len() >= 3, "{next:?}");
    // `/dev/full` is a disk without room.
    for file in &next {
        std::os::unix::fs::symlink("/dev/full", file).expect("a link");
    }
    let outcome = folder.ponte(&["sync", "price"]);
    let said = outcome.to_string();
    assert_ne!(outcome.code, Some(0), "{said}");
    for part in [
        "price.snapshot.new: No space left on device",
        "make room on that disk and run again",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert_eq!(
        shop.client().await.value(PRICE).await.as_deref(),
        Some("99")
    );
    for file in &next {
        let _ = std::fs::remove_file(file);
    }
    let before = dump(&mut shop.client().await).await;
    let outcome = folder.ponte(&["sync", "price"]).succeeds();
    assert!(outcome.to_string().contains("is compared"), "{outcome}");
    same_dump(
        &before,
        &dump(&mut shop.client().await).await,
        "the next run",
    );
}

/// Without its notebook a run does all the same, and says what it could not write down; the file is sound, and stays.
#[tokio::test]
async fn a_run_that_cannot_note_its_history_does_its_work() {
    let (_erp, shop, mut folder) = loaded("full_disk::state").await;
    let disk = FullDisk::new(&mut folder);
    let runs = |folder: &Project| {
        let said = folder.ponte(&["runs", "--json"]).succeeds().stdout;
        let said: serde_json::Value = serde_json::from_str(&said).expect("a document");
        said["runs"].as_array().map_or(0, Vec::len)
    };
    let noted = runs(&folder);

    disk.fill();
    let outcome = folder.ponte(&["sync", "price"]).exits_with(1);
    let said = outcome.to_string();
    for part in [
        ".ponte/state.sqlite: ",
        "database or disk is full",
        "is its disk neither full nor damaged?",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!said.contains("set aside"), "{said}");
    assert_eq!(
        shop.client().await.value(PRICE).await.as_deref(),
        Some("99")
    );
    // What only reads still does.
    assert_eq!(runs(&folder), noted);

    disk.make_room();
    let before = dump(&mut shop.client().await).await;
    let outcome = folder.ponte(&["sync", "price"]).succeeds();
    assert!(!outcome.to_string().contains("compared"), "{outcome}");
    assert_eq!(runs(&folder), noted + 1);
    same_dump(
        &before,
        &dump(&mut shop.client().await).await,
        "the next run",
    );

    // Nor can a file be begun on it.
    folder.remove(".ponte");
    disk.fill();
    let said = folder.ponte(&["sync", "price"]).exits_with(1).to_string();
    assert!(said.contains("database or disk is full"), "{said}");
    disk.make_room();
    folder.ponte(&["sync", "price"]).succeeds();
}

#[tokio::test]
async fn the_service_writes_its_history_again_once_there_is_room() {
    let schedule =
        "agents0 = \"10s\"\nagents1 = \"demand\"\ncopy0 = \"demand\"\ncopy1 = \"demand\"\n";
    let (erp, [shop, _], mut project) = service("full_disk::service", schedule).await;
    let disk = FullDisk::new(&mut project);
    let mut source = erp.client().await;
    let running = project.start(&["run"]);
    until(&shop, NAMES, "Anna,Bruno").await;
    disk.fill();
    for (name, all) in [
        ("Carla", "Anna,Bruno,Carla"),
        ("Dora", "Anna,Bruno,Carla,Dora"),
    ] {
        let insert = format!("INSERT INTO agent VALUES ('{name}', '{name}')");
        source.run(&insert).await;
        until(&shop, NAMES, all).await;
    }
    disk.make_room();
    source
        .run("INSERT INTO agent VALUES ('E', 'Elio'), ('F', 'Fabio')")
        .await;
    until(&shop, NAMES, "Anna,Bruno,Carla,Dora,Elio,Fabio").await;
    let began = Instant::now();
    loop {
        let said = project
            .ponte(&["runs", "agents0", "--json"])
            .succeeds()
            .stdout;
        let said: serde_json::Value = serde_json::from_str(&said).expect("a document");
        let runs = said["runs"].as_array().expect("runs");
        if runs
            .iter()
            .any(|run| run["counts"]["created"] == 2 && run["outcome"] == "done")
        {
            break;
        }
        assert!(began.elapsed() < WAIT_MAX, "{said}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    signal(&running, "-TERM");
    let said = running.wait().succeeds().stderr;
    let told = "the flows run all the same; only their history is not written";
    assert_eq!(said.matches(told).count(), 1, "{said}");
    assert!(said.contains("database or disk is full"), "{said}");
}
