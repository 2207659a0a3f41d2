//! Rises that wait for a person: asked once, raised once, by just what was shown; a fall never waits.

use ponte::own::OwnTables;
use ponte::own::approval::{Approvals, Standing};
use ponte::stock::{Mode, StockReport};

use super::bench::{Bench, Setup};
use super::woocommerce::{article, shown, web_order};
use crate::support::servers::Database;
use crate::sync::pair::On;

const LARGE: &str = "approve = \"new - coalesce(old, 0) > 100\"";

fn setup(stock: &str) -> Setup<'_> {
    Setup {
        stock,
        ..Setup::default()
    }
}

async fn on_hand(erp: &Database, sku: &str, pieces: &str) {
    let sql = format!("UPDATE stock SET quantity = '{pieces}' WHERE sku = '{sku}'");
    erp.client().await.run(&sql).await;
}

/// A person's word, as `ponte approve` says it.
async fn said(bench: &Bench, sku: &str, standing: Standing) {
    let own = OwnTables::new(bench.plan.connections["shop.main"].own_schema.clone());
    let approvals = Approvals::new(&own, "main/stock");
    let mut session = bench.engines["shop.main"].connect().await.unwrap();
    let keys = [sku.to_owned()];
    let found = approvals.of(session.as_mut(), &keys).await.unwrap();
    let one = found.get(sku).expect("a question");
    let done = approvals.decide(session.as_mut(), one, standing, "because", "a person");
    assert!(done.await.unwrap(), "{one:?}");
}

async fn standing(bench: &Bench, sku: &str) -> Option<(Standing, String)> {
    let own = OwnTables::new(bench.plan.connections["shop.main"].own_schema.clone());
    let approvals = Approvals::new(&own, "main/stock");
    let mut session = bench.engines["shop.main"].connect().await.unwrap();
    let mut found = approvals
        .of(session.as_mut(), &[sku.to_owned()])
        .await
        .unwrap();
    let one = found.remove(sku)?;
    Some((one.standing, one.detail))
}

fn waiting(report: &StockReport) -> Vec<String> {
    let told = report.unapproved.iter();
    told.map(|one| format!("{}: {}", one.sku, one.why))
        .collect()
}

async fn waits(bench: Bench) {
    article(&bench, 101, "A", Some("12"), "512").await;
    article(&bench, 102, "B", Some("12"), "20").await;
    article(&bench, 103, "C", Some("900"), "3").await;
    article(&bench, 104, "D", None, "400").await;
    let mut shop = bench.shop.client().await;

    // A dry run asks nobody.
    let report = bench.cycle_with(&[], Mode::DryRun).await;
    assert_eq!((report.changed, report.unapproved_total), (2, 2));
    assert_eq!(standing(&bench, "A").await, None);

    let report = bench.cycle().await;
    assert_eq!(report.changed, 2);
    assert_eq!(report.unaccounted(), 0);
    assert!(!report.is_clean());
    assert_eq!(
        waiting(&report),
        [
            "A: waits for approval: available 12 -> 512",
            "D: waits for approval: available nothing -> 400"
        ]
    );
    assert_eq!(shown(&mut shop, 101).await, "12 instock 12 instock 0");
    assert_eq!(shown(&mut shop, 102).await, "20 instock 20 instock 0");
    assert_eq!(
        shown(&mut shop, 103).await,
        "3 instock 3 instock 0",
        "a fall is written at once"
    );
    let told = bench.explain("A").await.to_string();
    assert!(
        told.contains("it should show 512: waits for approval: available 12 -> 512 (`ponte approve accept main/stock/A`"),
        "{told}"
    );
    let (open, detail) = standing(&bench, "A").await.expect("a question");
    assert_eq!(open, Standing::Open);
    assert!(detail.contains("new - coalesce(old, 0) > 100"), "{detail}");

    // The shop sells a piece: the rise is the same one.
    said(&bench, "A", Standing::Accepted).await;
    web_order(&mut shop, 1, "wc-processing", 101, 1).await;
    shop.run(
        "UPDATE wp_postmeta SET meta_value = '11' WHERE post_id = 101 AND meta_key = '_stock'",
    )
    .await;
    said(&bench, "D", Standing::Rejected).await;
    let report = bench.cycle().await;
    assert_eq!((report.changed, report.unapproved_total), (1, 0));
    assert_eq!(report.not_raised.skus, ["D"]);
    assert_eq!(report.unaccounted(), 0);
    assert!(report.is_clean());
    assert_eq!(shown(&mut shop, 101).await, "511 instock 511 instock 0");
    assert_eq!(
        standing(&bench, "A").await.map(|one| one.0),
        Some(Standing::Applied)
    );
    assert!(!bench.cycle().await.wrote());

    // As many again is another question, and so is another number than was approved.
    on_hand(&bench.erp, "A", "1012").await;
    let report = bench.cycle().await;
    assert_eq!(
        waiting(&report),
        ["A: waits for approval: available 511 -> 1011"]
    );
    said(&bench, "A", Standing::Accepted).await;
    on_hand(&bench.erp, "A", "1013").await;
    let report = bench.cycle().await;
    assert_eq!(
        waiting(&report),
        ["A: waits for approval: available 511 -> 1012; it has changed since it was approved"]
    );
    assert_eq!(shown(&mut shop, 101).await, "511 instock 511 instock 0");
    assert_eq!(
        standing(&bench, "A").await.map(|one| one.0),
        Some(Standing::Open)
    );

    // Pieces that are gone leave while a rise is asked about.
    on_hand(&bench.erp, "A", "9").await;
    let report = bench.cycle().await;
    assert_eq!((report.changed, report.unapproved_total), (1, 0));
    assert_eq!(shown(&mut shop, 101).await, "8 instock 8 instock 0");
}

#[tokio::test]
async fn a_large_rise_waits_for_a_person_on_sqlite() {
    waits(Bench::sqlite("stock::approvals::sqlite", setup(LARGE)).await).await;
}

#[tokio::test]
async fn a_large_rise_waits_for_a_person() {
    waits(Bench::servers("stock::approvals::servers", setup(LARGE)).await).await;
}

/// What of a figure's rows is wrong is put right while the figure itself waits.
#[tokio::test]
async fn rows_beside_a_figure_that_waits_are_right() {
    let bench = Bench::with_erp(On::Postgres, "stock::approvals::beside", setup(LARGE)).await;
    article(&bench, 101, "A", Some("12"), "512").await;
    let mut shop = bench.shop.client().await;
    shop.run("UPDATE wp_wc_product_meta_lookup SET stock_quantity = 5, stock_status = 'outofstock' WHERE product_id = 101")
        .await;
    let report = bench.cycle().await;
    assert_eq!((report.changed, report.unapproved_total), (0, 1));
    assert_eq!(shown(&mut shop, 101).await, "12 instock 12 instock 0");
}

/// What cannot be told of a rise keeps it, and it alone, back.
#[tokio::test]
async fn a_condition_that_fails_raises_nothing() {
    let stock = "approve = \"new > old AND number(sku) > 5\"";
    let bench = Bench::sqlite("stock::approvals::fails", setup(stock)).await;
    article(&bench, 101, "A", Some("1"), "2").await;
    article(&bench, 102, "4", Some("1"), "2").await;
    article(&bench, 103, "C", Some("2"), "1").await;
    let report = bench.cycle().await;
    assert_eq!(report.changed, 2);
    assert_eq!(report.unaccounted(), 0);
    assert_eq!(report.failed.len(), 1, "{:?}", report.failed);
    assert_eq!(report.failed[0].sku, "A");
}
