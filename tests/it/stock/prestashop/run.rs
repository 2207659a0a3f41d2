//! PrestaShop's buyers. The bound that the pack states is proved: what is shown exceeds the truth only by what the shop
//! itself undid of ponte's last writes, until ponte has looked again.

use std::time::Duration;

use super::{PRESTASHOP, PrestaShop};
use crate::stock::buyers::{Outcome, Run, orders};
use crate::stock::fault::Fault;

/// As long as a checkout may take between reading a figure and writing it.
const REST: Duration = Duration::from_millis(30);

fn run<'a>(test: &'a str, fault: Fault) -> Run<'a> {
    Run {
        fault,
        rest: REST,
        ..Run::new(test, &PRESTASHOP, orders())
    }
}

fn with_pack<'a>(test: &'a str, pack: &'a [(&'a str, &'a str)]) -> Run<'a> {
    Run {
        pack,
        ..run(test, Fault::None)
    }
}

fn is_bounded(outcome: &Outcome) {
    outcome.is_sound();
    assert!(
        !outcome.undone.is_empty(),
        "PONTE_SEED={}: the shop undid nothing, so nothing was proved",
        outcome.seed
    );
    for undone in &outcome.undone {
        assert!(undone.pieces <= undone.just_written, "{undone:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_figure_exceeds_the_truth_by_no_more_than_the_shop_undid() {
    let outcome = run("stock::prestashop::sound", Fault::None).outcome().await;
    is_bounded(&outcome);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nor_where_an_order_is_one_transaction() {
    let outcome = Run {
        whole: true,
        // Few are undone: their buyers rest for longer.
        rest: REST * 3,
        orders: orders() / 2,
        ..run("stock::prestashop::whole", Fault::None)
    };
    is_bounded(&outcome.outcome().await);
}

/// Without a queue buyers undo each other: PrestaShop's own lost updates, which ponte puts right.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_buyers_undo_of_each_other_is_right_in_the_end() {
    static CROWD: PrestaShop = PrestaShop {
        queues: false,
        shared: false,
    };
    let outcome = Run {
        rest: REST,
        ..Run::new("stock::prestashop::crowd", &CROWD, orders() / 2)
    };
    let outcome = outcome.outcome().await;
    let seed = outcome.seed;
    assert_eq!(outcome.wrong_in_the_end, [], "PONTE_SEED={seed}");
    assert_eq!(
        outcome.disagreements,
        Vec::<String>::new(),
        "PONTE_SEED={seed}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_absolute_write_is_found() {
    let outcome = run("stock::prestashop::absolute", Fault::AbsoluteWrite);
    outcome.outcome().await.is_guilty();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_relative_write_sent_again_is_found() {
    let outcome = run("stock::prestashop::resent", Fault::ResentWrite);
    outcome.outcome().await.is_guilty();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn articles_that_are_not_settled_are_found() {
    let outcome = Run {
        orders: 600,
        ..run("stock::prestashop::settle", Fault::NoSettling)
    };
    outcome.outcome().await.is_guilty();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn orders_under_way_forgotten_are_found() {
    let forgotten = [("o.current_state = 0 AND", "o.current_state = 99 AND")];
    let outcome = with_pack("stock::prestashop::under_way", &forgotten);
    outcome.outcome().await.is_guilty();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn shipped_orders_forgotten_are_found() {
    let forgotten = [("o.current_state <> 0", "o.current_state NOT IN (0, 4)")];
    let outcome = with_pack("stock::prestashop::shipped", &forgotten);
    outcome.outcome().await.is_guilty();
}
