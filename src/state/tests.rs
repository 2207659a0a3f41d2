use super::history::{Outcome, Scope};
use super::quarantine::{ENTRIES_KEPT, Finding, Findings};
use super::*;
use chrono::TimeDelta;
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;

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
async fn a_file_of_an_older_version_keeps_what_it_knows() {
    for version in 1..STEPS.len() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE), "").unwrap();
        let url = DbUrl::parse(&format!("sqlite:{FILE}"), None, folder.path()).unwrap();
        let mut session = Sqlite::new(&url).unwrap().connect().await.unwrap();
        let known = "INSERT INTO run (flow, scope, started_ms, finished_ms, outcome, counts) VALUES ('a', 'all', 1000, 2000, 'done', '{\"read\":12}');
            INSERT INTO quarantine VALUES ('a', '1', 'rejected', '1 is wrong', 'correct it', 1000, 2000, 3)";
        let pragma = format!("PRAGMA user_version = {version}");
        let steps = STEPS[..version].iter().copied().chain([known, &pragma]);
        for statement in steps.flat_map(|step| step.split(';')) {
            let query = Query::sql(statement.trim());
            session.execute(&query).await.unwrap();
        }
        drop(session);

        let mut state = State::open(folder.path()).await.unwrap();
        assert_eq!(state.note(), None, "{version}");
        let good = state.last_good_run("a").await.unwrap().unwrap();
        assert_eq!(
            (good.scope, good.counts),
            (Scope::All, json!({ "read": 12 }))
        );
        assert_eq!(keys(&mut state, "a").await, [("1".to_owned(), 3)]);
        // What newer versions know, it knows from now on.
        ran(&mut state, "a", &[TimeDelta::zero()], &json!({ "read": 0 })).await;
        assert!(state.paused().await.unwrap().is_empty());
        drop(state);
        assert_eq!(State::open(folder.path()).await.unwrap().note(), None);
    }
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

/// Notes runs of a flow that began so long before now.
async fn ran(state: &mut State, flow: &str, ago: &[TimeDelta], counts: &serde_json::Value) {
    for ago in ago {
        let run = state.begin_run(flow, Scope::Changed).await.unwrap();
        state
            .finish_run(run, flow, Outcome::Done, counts, None)
            .await
            .unwrap();
        let began = (Utc::now() - *ago).timestamp_millis();
        let moved = format!(
            "UPDATE run SET started_ms = {began}, finished_ms = {began} + 50 WHERE id = {}",
            run.number()
        );
        state.session.execute(&Query::sql(moved)).await.unwrap();
    }
}

async fn ages(state: &mut State, flow: &str) -> Vec<i64> {
    let runs = state.last_runs(flow, 100_000).await.unwrap();
    let age = |run: &history::Run| (Utc::now() - run.started).num_hours();
    runs.iter().map(age).collect()
}

#[tokio::test]
async fn runs_are_kept_for_ninety_days_and_idle_ones_thinned_out() {
    let folder = tempfile::tempdir().unwrap();
    let mut state = State::open(folder.path()).await.unwrap();
    let (idle, busy) = (json!({ "read": 7, "changed": 0 }), json!({ "changed": 1 }));
    let hours = |hours: &[i64]| -> Vec<TimeDelta> {
        let half = TimeDelta::minutes(30);
        hours
            .iter()
            .map(|hours| TimeDelta::hours(*hours) + half)
            .collect()
    };
    ran(&mut state, "a", &hours(&[91 * 24, 89 * 24, 50, 50]), &busy).await;
    ran(&mut state, "b", &hours(&[91 * 24]), &busy).await;
    // Of one hour.
    let within = (Utc::now() - TimeDelta::hours(50)).timestamp_millis() / 3_600_000 * 3_600_000;
    let minutes = [10, 20, 30].map(|minutes| {
        let began = DateTime::from_timestamp_millis(within + minutes * 60_000).unwrap();
        Utc::now() - began
    });
    ran(&mut state, "a", &minutes, &idle).await;
    ran(&mut state, "a", &hours(&[3, 3, 3]), &idle).await;
    state.forget_runs("a", Utc::now()).await.unwrap();
    assert_eq!(ages(&mut state, "a").await.len(), 3 + 1 + 2 + 1);
    let idle = "SELECT count(*) FROM run WHERE flow = 'a' AND idle = 1";
    assert_eq!(
        first_value(state.session.as_mut(), idle)
            .await
            .unwrap()
            .plain(),
        "4"
    );
    assert_eq!(ages(&mut state, "a").await.last(), Some(&(89 * 24)));
    // The last good run stays, however old it is.
    state.forget_runs("b", Utc::now()).await.unwrap();
    assert_eq!(ages(&mut state, "b").await, [91 * 24]);
    ran(&mut state, "b", &hours(&[1]), &busy).await;
    state.forget_runs("b", Utc::now()).await.unwrap();
    assert_eq!(ages(&mut state, "b").await, [1]);
    // The days' sums know of all of them.
    let sums = state.sums_of_days(30).await.unwrap();
    assert_eq!((sums["a"].runs, sums["b"].runs), (10, 2));
}

#[tokio::test]
async fn no_flow_has_more_than_so_many_runs() {
    let folder = tempfile::tempdir().unwrap();
    let mut state = State::open(folder.path()).await.unwrap();
    let now = Utc::now().timestamp_millis();
    let many = format!(
        "INSERT INTO run (flow, scope, started_ms, finished_ms, outcome, counts, idle) \
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20010) \
         SELECT 'a', 'changed', {now} - 3000000 + i, {now} - 3000000 + i, 'failed', '{{}}', 0 FROM n"
    );
    state.session.execute(&Query::sql(many)).await.unwrap();
    ran(
        &mut state,
        "a",
        &[TimeDelta::zero()],
        &json!({ "changed": 1 }),
    )
    .await;
    assert_eq!(state.last_runs("a", 100_000).await.unwrap().len(), 20_000);
    let last = state.last_run("a").await.unwrap().unwrap();
    assert_eq!(last.outcome, Some(Outcome::Done));
}

#[tokio::test]
async fn uptime_is_the_share_of_the_days_since_the_service_was_first_there() {
    let folder = tempfile::tempdir().unwrap();
    let mut state = State::open(folder.path()).await.unwrap();
    let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
    let hours = |hours: u64| Duration::from_secs(hours * 3600);
    let now = at("2026-11-26T12:00:00Z");
    assert_eq!(state.uptime(30, now).await.unwrap(), None);
    // New today: there since eight, but for an hour.
    state
        .note_alive(hours(2), at("2026-11-26T10:00:00Z"))
        .await
        .unwrap();
    state.note_alive(hours(1), now).await.unwrap();
    assert_eq!(state.uptime(30, now).await.unwrap(), Some(0.75));
    // It was there long ago, and then no more: the days without it count.
    state
        .note_alive(hours(1), at("2026-09-20T10:00:00Z"))
        .await
        .unwrap();
    let share = state.uptime(30, now).await.unwrap().unwrap();
    assert!((share - 3.0 / (29.0 * 24.0 + 12.0)).abs() < 1e-9, "{share}");
}
