use super::history::{Outcome, Scope};
use super::quarantine::{ENTRIES_KEPT, Finding, Findings};
use super::*;
use serde_json::json;
use std::collections::BTreeMap;

fn finding(key: &str, kind: &str) -> Finding {
    Finding {
        key: key.to_owned(),
        kind: kind.to_owned(),
        message: format!("{key} is wrong"),
        advice: "correct it".to_owned(),
    }
}

fn findings(keys: &[&str]) -> Findings {
    Findings::new(keys.iter().map(|key| finding(key, "rejected")).collect())
}

async fn keys(state: &mut State, flow: &str) -> Vec<(String, u64)> {
    let entries = state.quarantine(Some(flow)).await.unwrap();
    let keys = entries.into_iter();
    keys.map(|entry| (entry.finding.key, entry.tries)).collect()
}

#[tokio::test]
async fn runs_are_remembered_and_the_last_good_one_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let mut state = State::open(&folder.path().join("new/.ponte"))
        .await
        .unwrap();
    assert_eq!(state.note(), None);
    let counts = json!({ "read": 12 });
    let first = state.begin_run("main/article", Scope::All).await.unwrap();
    state
        .finish_run(first, "main/article", Outcome::Done, &counts, None)
        .await
        .unwrap();
    let part = state.begin_run("main/article", Scope::Part).await.unwrap();
    state
        .finish_run(
            part,
            "main/article",
            Outcome::Done,
            &json!({ "read": 1 }),
            None,
        )
        .await
        .unwrap();
    let failed = state
        .begin_run("main/article", Scope::Changed)
        .await
        .unwrap();
    state
        .finish_run(
            failed,
            "main/article",
            Outcome::Failed,
            &json!(null),
            Some("gone"),
        )
        .await
        .unwrap();
    state.begin_run("main/price", Scope::Changed).await.unwrap();

    let last = state.last_run("main/article").await.unwrap().unwrap();
    assert_eq!(
        (last.outcome, last.error.as_deref()),
        (Some(Outcome::Failed), Some("gone"))
    );
    let good = state.last_good_run("main/article").await.unwrap().unwrap();
    assert_eq!((good.scope, good.counts), (Scope::All, counts));
    let died = state.last_run("main/price").await.unwrap().unwrap();
    assert_eq!((died.finished, died.outcome), (None, None));
    assert!(state.last_good_run("main/price").await.unwrap().is_none());
}

#[tokio::test]
async fn a_whole_run_replaces_the_quarantine_and_a_run_of_keys_only_theirs() {
    let folder = tempfile::tempdir().unwrap();
    let mut state = State::open(folder.path()).await.unwrap();
    state
        .replace_quarantine("a", &findings(&["1", "2\tx", "2\ty", "3"]), None)
        .await
        .unwrap();
    state
        .replace_quarantine("b", &findings(&["1"]), None)
        .await
        .unwrap();
    state
        .replace_quarantine("a", &findings(&["2\tx", "1"]), None)
        .await
        .unwrap();
    assert_eq!(
        keys(&mut state, "a").await,
        [("1".to_owned(), 2), ("2\tx".to_owned(), 2)]
    );

    let only = ["2".to_owned()];
    state
        .replace_quarantine("a", &findings(&["2\ty"]), Some(&only))
        .await
        .unwrap();
    assert_eq!(
        keys(&mut state, "a").await,
        [("1".to_owned(), 2), ("2\ty".to_owned(), 1)]
    );
    assert_eq!(keys(&mut state, "b").await.len(), 1);
    let shown = state.quarantined("a", "2\ty").await.unwrap().unwrap();
    assert_eq!(shown.finding, finding("2\ty", "rejected"));
    assert!(state.quarantined("a", "9").await.unwrap().is_none());

    state
        .replace_quarantine("a", &findings(&[]), None)
        .await
        .unwrap();
    assert_eq!(
        state
            .quarantine_totals()
            .await
            .unwrap()
            .into_iter()
            .collect::<Vec<_>>(),
        [("b".to_owned(), 1)]
    );
}

#[tokio::test]
async fn the_quarantine_is_bounded_and_what_waits_is_left_out_first() {
    let folder = tempfile::tempdir().unwrap();
    let mut state = State::open(folder.path()).await.unwrap();
    let mut found: Vec<Finding> = (0..10)
        .map(|at| finding(&format!("w{at}"), "waiting"))
        .collect();
    found.extend((0..ENTRIES_KEPT).map(|at| finding(&format!("r{at}"), "rejected")));
    state
        .replace_quarantine("a", &Findings::new(found), None)
        .await
        .unwrap();
    let kept = state.quarantine(Some("a")).await.unwrap();
    assert_eq!(kept.len(), ENTRIES_KEPT);
    assert!(kept.iter().all(|entry| entry.finding.kind == "rejected"));
    assert_eq!(
        state.quarantine_totals().await.unwrap()["a"],
        ENTRIES_KEPT as u64 + 10
    );
}

#[tokio::test]
async fn a_damaged_or_newer_file_is_set_aside() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE);
    std::fs::write(
        &path,
        "this is no database, and long enough to be told from an empty one ........",
    )
    .unwrap();
    let mut state = State::open(folder.path()).await.unwrap();
    assert!(
        state.note().unwrap().contains("is damaged"),
        "{:?}",
        state.note()
    );
    state
        .session
        .execute(&Query::sql("PRAGMA user_version = 99"))
        .await
        .unwrap();
    drop(state);

    let state = State::open(folder.path()).await.unwrap();
    assert!(
        state.note().unwrap().contains("newer ponte"),
        "{:?}",
        state.note()
    );
    drop(state);
    assert_eq!(State::open(folder.path()).await.unwrap().note(), None);
    let aside = std::fs::read_dir(folder.path()).unwrap().filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        name.to_string_lossy().starts_with("state.sqlite.damaged-")
    });
    assert_eq!(aside.count(), 2);
}

#[tokio::test]
async fn orders_of_a_shop_are_remembered_whole() {
    let folder = tempfile::tempdir().unwrap();
    let mut state = State::open(folder.path()).await.unwrap();
    state.remember_orders("main", &["a", "b"]).await.unwrap();
    state.remember_orders("main", &["c"]).await.unwrap();
    let known: BTreeMap<String, Vec<String>> = state.known_orders().await.unwrap();
    assert_eq!(known["main"], ["c"]);
}
