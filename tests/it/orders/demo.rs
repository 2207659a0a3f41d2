//! `ponte demo` tells an order's whole way, and what it tells has happened.

use crate::support::project::{Outcome, Project};
use crate::support::servers;
use serde_json::Value;

fn chapter(chapters: &[Value], number: usize) -> &Value {
    let title = chapters[number - 1]["title"].as_str().unwrap_or_default();
    assert!(title.starts_with(&format!("{number}. ")), "{title}");
    &chapters[number - 1]
}

#[test]
fn the_demo_follows_an_order_into_the_erp_and_back() {
    let said = Project::new().ponte(&["demo", "--json"]).succeeds();
    tells_the_story(&said);
}

/// The same story with its ERP in a database of SQL Server, which is empty before.
#[tokio::test]
async fn the_demos_erp_may_be_on_sqlserver() {
    let erp = servers::sqlserver("orders::demo erp").await;
    let mut project = Project::new();
    project.env("SA_PASSWORD", &servers::sa_password());
    let url = servers::without_secrets(&erp.url);
    let said = project.ponte(&["demo", "--json", "--dir", "played", "--erp", &url]);
    tells_the_story(&said.succeeds());
    let orders = "SELECT o.web_reference, o.status, o.total FROM orders o WHERE o.web_reference IS NOT NULL ORDER BY o.web_reference";
    let text = |value: Option<String>| value.unwrap_or_default();
    let orders = erp.client().await.rows(orders).await;
    let orders: Vec<Vec<String>> = orders
        .into_iter()
        .map(|row| row.into_iter().map(text).collect())
        .collect();
    assert_eq!(
        orders,
        [
            ["main/5000", "confirmed", "15.74"],
            ["main/5001", "closed", "12.08"],
            ["main/5002", "cancelled", "6.04"],
            ["main/5003", "confirmed", "15.74"]
        ]
    );
    let firm =
        "SELECT c.name, c.vat_number, c.pec FROM customers c WHERE c.email = 'giulia@example.com'";
    let firm = erp.client().await.rows(firm).await;
    let firm: Vec<Vec<String>> = firm
        .into_iter()
        .map(|row| row.into_iter().map(text).collect())
        .collect();
    assert_eq!(
        firm,
        [["Ferri Utensili srl", "01234567897", "ferri@pec.example"]]
    );
    // One can play on with it.
    project
        .ponte(&["--project", "played/ponte.toml", "status"])
        .succeeds();

    // What has tables is somebody's.
    let again = project.ponte(&["demo", "--erp", &url]).exits_with(2);
    assert!(
        again.stderr.contains("the demo makes an ERP's tables in an empty database, but this one has the table dbo.article"),
        "{again}"
    );
    let again = project.ponte(&[
        "demo",
        "--dir",
        "other",
        "--erp",
        "postgres://a:${SA_PASSWORD}@127.0.0.1/b",
    ]);
    let again = again.exits_with(2);
    assert!(
        again.stderr.contains("this connection string names another kind (postgres): write `--erp sqlserver://LOGIN:${ERP_PASSWORD}@HOST/DATABASE`"),
        "{again}"
    );
    let again = project.ponte(&["demo", "--dir", "played"]).exits_with(2);
    assert!(
        again
            .stderr
            .contains("played holds a demo already; name an empty folder, or delete it"),
        "{again}"
    );
    assert!(!project.path("other/ponte.toml").exists());
}

fn tells_the_story(said: &Outcome) {
    let told: Value = serde_json::from_str(&said.stdout).expect("JSON");
    let chapters = told["chapters"].as_array().expect("chapters");
    assert_eq!(chapters.len(), 16);
    let sum = |number: usize| chapter(chapters, number)["explanation"].clone();
    // Asked first, written once a person has agreed.
    let approved = chapter(chapters, 4);
    assert_eq!(approved["asking"][2]["counts"]["changed"], 0);
    let change = approved["approvals"][0]["changes"].to_string();
    assert!(
        change.contains("24.9") && change.contains("9.9"),
        "{change}"
    );
    assert_eq!(approved["flows"][2]["counts"]["changed"], 1);
    let by_hand = &chapter(chapters, 5)["match_orders"]["pairs"][0];
    assert_eq!(by_hand["documents"][0]["number"], "26/0077");
    assert_eq!(by_hand["is_linked"], true);
    // Pending, then committed, then gone: what is shown stays the same, and nothing is written.
    for number in [6, 7, 8] {
        assert_eq!(sum(number)["available"], sum(6)["available"], "{number}");
    }
    let imported = &chapter(chapters, 7)["flows"][0];
    assert_eq!(imported["counts"]["created"], 1);
    let told = chapter(chapters, 9);
    let changes = told["flows"][0]["changes"].to_string();
    assert!(changes.contains("wc-completed"), "{changes}");
    assert_eq!(told["mails"][0]["to"], "laura@example.com");
    let text = told["mails"][0]["mail"]["text"].as_str();
    assert!(text.is_some_and(|text| text.contains("0151234567890")));
    let notes = &chapter(chapters, 10)["flows"][0]["notes"];
    assert!(
        notes[0]
            .as_str()
            .is_some_and(|note| note.contains("cancelled in the shop, and so")),
        "{notes}"
    );
    let credited = &chapter(chapters, 10)["flows"][1];
    assert_eq!(credited["flow"], "main/refund");
    assert_eq!(credited["counts"]["created"], 1);
    let order = &chapter(chapters, 11)["order"];
    // The courier's file brought it onto the ERP's delivery.
    assert_eq!(order["way_back"]["parcels"][0]["tracking"], "0151234567890");
    assert_eq!(order["way_back"]["status"], "wc-completed");
    assert_eq!(order["refunds"][0]["document"], "WN100001");
    assert_eq!(order["mails"][0]["standing"], "due");
    let kept_out = &chapter(chapters, 12)["flows"][0];
    assert_eq!(kept_out["counts"]["created"], 0);
    assert_eq!(kept_out["counts"]["rejected"], 1);
    assert_eq!(kept_out["counts"]["ignored"], 1);
    let put_right = &chapter(chapters, 13)["flows"][0];
    assert_eq!(put_right["counts"]["created"], 1);
    assert_eq!(put_right["counts"]["rejected"], 0);
    let days = &chapter(chapters, 14)["reconciled"]["days"][0];
    assert_eq!((&days["missing"], &days["extra"]), (&0.into(), &0.into()));
    let [to_shop, back] = [0, 1].map(|at| &chapter(chapters, 15)["flows"][at]["counts"]);
    assert_eq!(
        (&to_shop["created"], &to_shop["read"]),
        (&1.into(), &1.into())
    );
    // Laura is known by her order; the builder's account is no news.
    assert_eq!((&back["created"], &back["read"]), (&0.into(), &2.into()));
    let notes = chapter(chapters, 16)["flows"][0]["notes"].to_string();
    let told =
        "was changed on both sides and is the ERP's: 'Bricks Inc' gives way to 'Bricks & Sons Ltd'";
    assert!(notes.contains(told), "{notes}");
}
