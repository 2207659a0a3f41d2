//! WooCommerce's buyers.

use super::WooCommerce;
use crate::stock::buyers::{Outcome, Run, orders};
use crate::stock::fault::Fault;
use crate::sync::pair::On;

async fn run(test: &str, fault: Fault, pack: &[(&str, &str)], whole: bool) -> Outcome {
    Run {
        pack,
        fault,
        whole,
        ..Run::new(test, &WooCommerce, orders())
    }
    .outcome()
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_figure_never_exceeds_the_truth_and_equals_it_in_the_end() {
    let outcome = run("stock::woocommerce::sound", Fault::None, &[], false).await;
    outcome.is_sound();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_same_with_the_erp_on_sqlserver() {
    let run = Run::new("stock::woocommerce::sqlserver", &WooCommerce, orders());
    let outcome = Run {
        erp: On::SqlServer,
        ..run
    }
    .outcome()
    .await;
    outcome.is_sound();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nor_where_an_order_is_one_transaction() {
    let outcome = run("stock::woocommerce::whole", Fault::None, &[], true).await;
    outcome.is_sound();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_absolute_write_is_found() {
    let outcome = run(
        "stock::woocommerce::absolute",
        Fault::AbsoluteWrite,
        &[],
        false,
    )
    .await;
    outcome.is_guilty();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_relative_write_sent_again_is_found() {
    let outcome = run("stock::woocommerce::resent", Fault::ResentWrite, &[], false).await;
    outcome.is_guilty();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn completed_orders_forgotten_are_found() {
    // Neither by name, nor as what the project imports, nor as one that has taken its pieces.
    let forgotten = &[
        (
            "(o.status IN ('wc-on-hold', 'wc-processing', 'wc-completed') OR o.status IN (:promised)",
            "(o.status IN ('wc-on-hold', 'wc-processing')",
        ),
        (
            "AND o.status NOT IN ('wc-pending',",
            "AND o.status NOT IN ('wc-completed', 'wc-pending',",
        ),
    ];
    let outcome = run(
        "stock::woocommerce::completed",
        Fault::None,
        forgotten,
        false,
    )
    .await;
    outcome.is_guilty();
}
