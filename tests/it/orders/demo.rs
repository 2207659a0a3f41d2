//! `ponte demo` tells an order's whole way, and what it tells has happened.

use crate::support::project::Project;
use serde_json::Value;

fn chapter(chapters: &[Value], number: usize) -> &Value {
    let title = chapters[number - 1]["title"].as_str().unwrap_or_default();
    assert!(title.starts_with(&format!("{number}. ")), "{title}");
    &chapters[number - 1]
}

#[test]
fn the_demo_follows_an_order_into_the_erp_and_back() {
    let said = Project::new().ponte(&["demo", "--json"]).succeeds();
    let told: Value = serde_json::from_str(&said.stdout).expect("JSON");
    let chapters = told["chapters"].as_array().expect("chapters");
    assert_eq!(chapters.len(), 9);
    let sum = |number: usize| chapter(chapters, number)["explanation"].clone();
    // Pending, then committed, then gone: what is shown stays the same, and nothing is written.
    for number in [4, 5, 6] {
        assert_eq!(sum(number)["available"], sum(4)["available"], "{number}");
    }
    let imported = &chapter(chapters, 5)["flows"][0];
    assert_eq!(imported["counts"]["created"], 1);
    let told = chapter(chapters, 7);
    let change = &told["flows"][0]["changes"][0];
    let status = change["columns"][0]["new"].as_str();
    assert!(status.is_some_and(|status| status.contains("wc-completed")));
    assert_eq!(told["mails"][0]["to"], "laura@example.com");
    let text = told["mails"][0]["mail"]["text"].as_str();
    assert!(text.is_some_and(|text| text.contains("0151234567890")));
    let notes = &chapter(chapters, 8)["flows"][0]["notes"];
    assert!(
        notes[0]
            .as_str()
            .is_some_and(|note| note.contains("cancelled in the shop, and so")),
        "{notes}"
    );
    assert_eq!(chapter(chapters, 8)["flows"][0]["counts"]["rejected"], 1);
    let days = &chapter(chapters, 9)["reconciled"]["days"][0];
    assert_eq!((&days["missing"], &days["extra"]), (&0.into(), &0.into()));
}
