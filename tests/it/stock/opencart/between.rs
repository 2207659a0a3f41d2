//! Orders under way at ponte's first look that are no longer pending at its second.

use std::time::Duration;

use super::OpenCart;
use crate::stock::bench::{Bench, Setup, erp_article};
use crate::stock::buyers::{sku, watch};
use crate::stock::fault::Fault;
use crate::stock::history;
use crate::stock::system::System;
use crate::support::client::Client;

const ARTICLE: u64 = 101;
const QUICK: (&str, &str) = ("checkout_seconds = 30", "checkout_seconds = 2");

/// Order 1 has taken its 3 of 10 pieces, nothing else, when ponte first looks. Then `what` happens.
/// Returns every value that the figure took, and the one in the end.
async fn figures(test: &str, pack: &[(&str, &str)], what: &str) -> (Vec<i64>, i64) {
    let system = &OpenCart::V41;
    let setup = Setup {
        system: Some(system),
        pack,
        ..Setup::default()
    };
    let mut bench = Bench::servers(test, setup).await;
    let shared = watch(&mut bench, Fault::None);
    let mut shop = bench.shop.client().await;
    erp_article(&bench, &sku(ARTICLE), "10").await;
    system
        .add_article(&mut shop, ARTICLE, &sku(ARTICLE), 10)
        .await;
    history::record(&mut shop, system).await;
    for statement in [
        "INSERT INTO oc_order (date_added) VALUES (NOW())",
        "INSERT INTO oc_order_product (order_id, product_id, quantity) VALUES (1, 101, 3)",
        "UPDATE oc_product SET quantity = quantity - 3 WHERE product_id = 101",
    ] {
        shop.run(statement).await;
    }
    let mut erp = bench.erp.client().await;
    erp.run(
        "CREATE TABLE erp_version (version BIGINT NOT NULL); INSERT INTO erp_version VALUES (0)",
    )
    .await;
    let goes_on = async {
        // Until ponte has its first picture of the shop, and the one for orders that the first may miss.
        while shared.looks().len() < 3 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        steps(&mut shop, what).await;
    };
    tokio::join!(bench.cycle(), goes_on);
    bench.cycle().await;
    let values = shop
        .rows("SELECT new FROM history WHERE kind = 'figure' ORDER BY seq")
        .await;
    let number =
        |text: &Option<String>| text.as_deref().expect("a figure").parse().expect("pieces");
    let values = values.iter().map(|row| number(&row[0])).collect();
    (values, system.shown(&mut shop, ARTICLE).await)
}

async fn steps(shop: &mut Client, what: &str) {
    for statement in what.split(';').filter(|text| !text.trim().is_empty()) {
        shop.run(statement).await;
    }
}

const CONFIRMED: &str = "
    UPDATE oc_order SET order_status_id = 1 WHERE order_id = 1;
    INSERT INTO oc_order_history (order_id, order_status_id) VALUES (1, 1);";
const CANCELLED: &str = "
    UPDATE oc_product SET quantity = quantity + 3 WHERE product_id = 101;
    UPDATE oc_order SET order_status_id = 7 WHERE order_id = 1;
    INSERT INTO oc_order_history (order_id, order_status_id) VALUES (1, 7);";
/// Voided, its line written anew with one piece, confirmed again.
const EDITED: &str = "
    UPDATE oc_product SET quantity = quantity + 3 WHERE product_id = 101;
    UPDATE oc_order SET order_status_id = 16 WHERE order_id = 1;
    INSERT INTO oc_order_history (order_id, order_status_id) VALUES (1, 16);
    DELETE FROM oc_order_product WHERE order_id = 1;
    INSERT INTO oc_order_product (order_id, product_id, quantity) VALUES (1, 101, 1);
    UPDATE oc_product SET quantity = quantity - 1 WHERE product_id = 101;
    UPDATE oc_order SET order_status_id = 2 WHERE order_id = 1;
    INSERT INTO oc_order_history (order_id, order_status_id) VALUES (1, 2);";

#[tokio::test]
async fn an_order_that_came_and_went_promises_nothing_twice() {
    let what = format!("{CONFIRMED}{CANCELLED}");
    let (values, end) = figures("stock::opencart::went", &[QUICK], &what).await;
    assert!(values.iter().all(|shown| *shown <= 10), "{values:?}");
    assert_eq!(end, 10);
}

#[tokio::test]
async fn an_order_that_was_edited_counts_with_the_lines_it_had() {
    let what = format!("{CONFIRMED}{EDITED}");
    let (values, end) = figures("stock::opencart::edited", &[QUICK], &what).await;
    let after = values.iter().skip(3);
    assert!(after.clone().all(|shown| *shown <= 9), "{values:?}");
    assert_eq!(end, 9);
}

#[tokio::test]
async fn a_second_look_without_the_history_is_found() {
    let what = format!("{CONFIRMED}{CANCELLED}");
    let forgetful = [QUICK, ("> :mark", "> :mark + 1000000")];
    let (values, end) = figures("stock::opencart::forgot", &forgetful, &what).await;
    assert!(values.contains(&13), "{values:?}");
    assert_eq!(end, 10);
}

#[tokio::test]
async fn a_second_look_with_lines_as_they_are_now_is_found() {
    let what = format!("{CONFIRMED}{EDITED}");
    let now = [
        QUICK,
        (
            "o.order_id IN (:reference)",
            "o.order_id IN (:reference) AND 1 = 0",
        ),
    ];
    let (values, _) = figures("stock::opencart::now", &now, &what).await;
    assert!(values.iter().any(|shown| *shown > 10), "{values:?}");
}
