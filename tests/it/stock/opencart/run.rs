//! OpenCart's buyers. What the packs call a checkout of at most 30 seconds is one of 2 here, and the gaps between an
//! order's pieces and its status are as much shorter.

use super::OpenCart;
use crate::stock::buyers::{Outcome, Run, orders};
use crate::stock::fault::Fault;

const QUICK: (&str, &str) = ("checkout_seconds = 30", "checkout_seconds = 2");
/// Where an order is one transaction nobody ever sees a gap.
const AT_ONCE: (&str, &str) = ("checkout_seconds = 30", "checkout_seconds = 1");
/// Orders of a run with a planted fault.
const FEW: u64 = 300;

async fn run(
    test: &str,
    system: &'static OpenCart,
    fault: Fault,
    pack: &[(&str, &str)],
    whole: bool,
) -> Outcome {
    let sound = fault == Fault::None && pack.len() == 1;
    Run {
        fault,
        pack,
        whole,
        ..Run::new(test, system, if sound { orders() } else { FEW })
    }
    .outcome()
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_figure_never_exceeds_the_truth_and_equals_it_in_the_end() {
    let test = "stock::opencart::sound";
    let outcome = run(test, &OpenCart::V41, Fault::None, &[QUICK], false).await;
    outcome.is_sound();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nor_where_an_order_is_one_transaction() {
    let test = "stock::opencart::whole";
    let outcome = run(test, &OpenCart::V41, Fault::None, &[AT_ONCE], true).await;
    outcome.is_sound();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nor_in_4_0() {
    let test = "stock::opencart::v40";
    let quick = ("[stock]\n", "[stock]\ncheckout_seconds = 2\n");
    let outcome = run(test, &OpenCart::V40, Fault::None, &[quick], false).await;
    outcome.is_sound();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_absolute_write_is_found() {
    let test = "stock::opencart::absolute";
    let outcome = run(test, &OpenCart::V41, Fault::AbsoluteWrite, &[QUICK], false).await;
    outcome.is_guilty();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_relative_write_sent_again_is_found() {
    let test = "stock::opencart::resent";
    let outcome = run(test, &OpenCart::V41, Fault::ResentWrite, &[QUICK], false).await;
    outcome.is_guilty();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_missing_second_look_is_found() {
    let test = "stock::opencart::once";
    let text = std::fs::read_to_string("mappings/shop/opencart-4.1/stock.toml").expect("the pack");
    let at = text.find("[stock.second_look]").expect("the second look");
    let once = [
        ("checkout_seconds = 30", "checkout_seconds = 0"),
        (&text[at..], ""),
    ];
    let outcome = run(test, &OpenCart::V41, Fault::None, &once, false).await;
    outcome.is_guilty();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn checkouts_that_were_never_confirmed_are_found_if_they_count() {
    let test = "stock::opencart::begun";
    let begun = [
        QUICK,
        (
            "'%\"', o.order_status_id, '\"%'",
            "'%\"', CASE o.order_status_id WHEN 0 THEN 1 ELSE o.order_status_id END, '\"%'",
        ),
    ];
    let outcome = run(test, &OpenCart::V41, Fault::None, &begun, false).await;
    assert!(
        !outcome.wrong_in_the_end.is_empty(),
        "PONTE_SEED={}",
        outcome.seed
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn statuses_that_the_shop_itself_chose_are_found_if_they_are_ignored() {
    let test = "stock::opencart::statuses";
    let fixed = [
        QUICK,
        (
            "s.value LIKE CONCAT('%\"', o.order_status_id, '\"%')",
            "o.order_status_id IN (5, 1, 2, 12, 3)",
        ),
    ];
    let outcome = run(test, &OpenCart::V41, Fault::None, &fixed, false).await;
    outcome.is_guilty();
}
