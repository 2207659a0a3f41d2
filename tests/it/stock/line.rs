//! The line to the shop breaks around a COMMIT: the figure is right afterwards, whether the server heard of it or not.

use std::path::Path;

use ponte::db::{self, DbUrl};

use super::bench::{Bench, Setup};
use super::woocommerce::{article, shown};
use crate::support::proxy::{COMMIT_MARIADB, Fault, Proxy};

async fn after(test: &str, fault: Fault) {
    let mut bench = Bench::servers(test, Setup::default()).await;
    article(&bench, 101, "A", Some("4"), "10").await;
    article(&bench, 102, "B", Some("9"), "7").await;
    let proxy = Proxy::start(&bench.shop.url);
    let url = DbUrl::parse(&proxy.url(&bench.shop.url), None, Path::new(".")).expect("a URL");
    bench
        .engines
        .insert("shop.main".to_owned(), db::engine(&url).expect("an engine"));
    proxy.set(fault);
    let report = bench.cycle().await;
    assert!(!proxy.is_armed(), "the line was to break");
    assert_eq!(report.unsettled, Vec::<String>::new());
    let mut shop = bench.shop.client().await;
    assert_eq!(shown(&mut shop, 101).await, "10 instock 10 instock 0");
    assert_eq!(shown(&mut shop, 102).await, "7 instock 7 instock 0");
    assert!(!bench.cycle().await.wrote());
}

#[tokio::test]
async fn a_lost_answer_to_commit_is_not_taken_for_a_failure() {
    let pattern = COMMIT_MARIADB.to_vec();
    after(
        "stock::line::answer",
        Fault::DropAnswer { pattern, skip: 0 },
    )
    .await;
}

#[tokio::test]
async fn a_commit_that_never_arrived_is_made_up_for() {
    let pattern = COMMIT_MARIADB.to_vec();
    after("stock::line::commit", Fault::CutBefore { pattern, skip: 0 }).await;
}

#[tokio::test]
async fn a_line_that_breaks_while_writing_is_opened_again() {
    let pattern = b"FOR UPDATE".to_vec();
    after("stock::line::lock", Fault::CutBefore { pattern, skip: 0 }).await;
}

/// Someone at the shop holds an article's row for longer than ponte waits.
#[tokio::test]
async fn a_row_that_the_shop_holds_is_left_for_later() {
    let bench = Bench::servers("stock::line::held", Setup::default()).await;
    article(&bench, 101, "A", Some("4"), "10").await;
    let mut shop = bench.shop.client().await;
    shop.run("BEGIN").await;
    shop.run("UPDATE wp_postmeta SET meta_value = meta_value - 1 WHERE post_id = 101 AND meta_key = '_stock'").await;
    let report = bench.cycle().await;
    assert_eq!(report.unsettled, ["A"]);
    shop.run("ROLLBACK").await;
    assert_eq!(bench.cycle().await.changed, 1);
    assert_eq!(shown(&mut shop, 101).await, "10 instock 10 instock 0");
}
