//! News that wait for a person before the shop, and its customer, gets them.

use super::story::Story;
use crate::sync::pair::On;

fn has(text: &str, all: &[&str]) {
    for one in all {
        assert!(text.contains(one), "{one}\n{text}");
    }
}

impl Story {
    fn approves(&mut self, condition: &str) {
        self.between
            .say(&format!("fulfilment.approve = \"{condition}\""));
    }

    fn said(&self, arguments: &[&str]) -> String {
        let said = self.between.project.ponte(arguments);
        said.succeeds().stdout
    }

    async fn cancel(&self, order: u32) {
        let document = self.document(order).await;
        self.erp(&format!(
            "UPDATE orders SET status = 'cancelled' WHERE number = '{document}'"
        ))
        .await;
    }
}

/// A cancellation waits, all else does not.
async fn cancellations_wait(test: &str, erp: On, shop: On) {
    let mut story = Story::new(test, erp, shop, 3).await;
    story.approves("state = 'cancelled' AND new_status = 'wc-cancelled'");
    story.cancel(1001).await;
    story.cancel(1002).await;
    story.deliver(1003, "D3", "T3", &[1, 2]).await;
    let sync = || story.between.project.ponte(&["sync", "main/fulfilment"]);
    let dry = story
        .between
        .project
        .ponte(&["sync", "main/fulfilment", "--dry-run"]);
    has(&dry.exits_with(4).stdout, &["to approve", "wc-completed"]);
    has(
        &story.said(&["approve", "list"]),
        &["Nothing waits for approval."],
    );
    let run = sync().exits_with(4);
    has(
        &run.stdout,
        &["waits for approval: cancelled: status wc-processing -> wc-cancelled"],
    );
    assert_eq!(story.order(1001).await, "wc-processing | - | - | - | 0");
    assert_eq!(story.order(1003).await, "wc-completed | T3 | BRT | - | 1");
    has(
        &story.said(&["approve", "list"]),
        &[
            "2 questions wait",
            "main/fulfilment/1001",
            "cancelled: status wc-processing -> wc-cancelled",
            "state = 'cancelled' AND new_status = 'wc-cancelled'",
        ],
    );
    has(
        &story.said(&["status"]),
        &["main/fulfilment: 2 records waited for approval"],
    );
    has(
        &story.said(&["order", "1001"]),
        &["ponte approve accept main/fulfilment/1001"],
    );

    story.said(&["approve", "accept", "main/fulfilment/1001"]);
    let no = [
        "approve",
        "reject",
        "main/fulfilment/1002",
        "--why",
        "it lives",
    ];
    story.said(&no);
    let run = sync().succeeds();
    has(&run.stdout, &["ignored"]);
    assert_eq!(story.order(1001).await, "wc-cancelled | - | - | - | 1");
    assert_eq!(story.order(1002).await, "wc-processing | - | - | - | 0");
    sync().succeeds();
    assert_eq!(story.order(1001).await, "wc-cancelled | - | - | - | 1");
    has(
        &story.said(&["approve", "list", "--all"]),
        &["applied", "rejected", "it lives"],
    );
    has(&story.said(&["order", "1002"]), &["rejected: it lives"]);
}

#[tokio::test]
async fn a_cancellation_waits_for_a_person() {
    cancellations_wait("fulfilment approval", On::Postgres, On::Mariadb).await;
}

#[tokio::test]
async fn a_cancellation_waits_for_a_person_on_sqlite() {
    cancellations_wait("fulfilment approval on sqlite", On::Sqlite, On::Sqlite).await;
}

/// Where all of it waits, what was approved is told as it was shown: with another parcel, or another status in the shop, it is asked again.
#[tokio::test]
async fn what_has_changed_since_it_was_approved_is_asked_again() {
    let mut story = Story::new("fulfilment asked again", On::Postgres, On::Mariadb, 2).await;
    story.approves("TRUE");
    story.deliver(1001, "D1", "T1", &[1]).await;
    story.deliver(1002, "D2", "T2", &[1, 2]).await;
    let sync = || story.between.project.ponte(&["sync", "main/fulfilment"]);
    sync().exits_with(4);
    has(
        &story.said(&["approve", "show", "main/fulfilment/1001"]),
        &["parcel D1 BRT T1"],
    );
    let accept = ["main/fulfilment/1001", "main/fulfilment/1002"];
    story.said(&[&["approve", "accept"], &accept[..]].concat());
    story.deliver(1001, "D3", "T3", &[2]).await;
    story
        .shop("UPDATE wp_wc_orders SET status = 'wc-on-hold' WHERE id = 1002")
        .await;
    let run = sync().exits_with(4);
    has(&run.stdout, &["it has changed since it was approved"]);
    for order in [1001, 1002] {
        assert!(story.notes(order).await.is_empty(), "{order}");
    }
    has(
        &story.said(&["approve", "show", "main/fulfilment/1001"]),
        &["parcel D3 BRT T3", "status wc-processing -> wc-completed"],
    );
    story.said(&[&["approve", "accept"], &accept[..]].concat());
    sync().succeeds();
    assert_eq!(
        story.order(1001).await,
        "wc-completed | T1, T3 | BRT | - | 1"
    );
    // The invoice is another matter.
    story.invoice(1001, "F1").await;
    sync().exits_with(4);
    story.said(&["approve", "accept", "main/fulfilment/1001"]);
    sync().succeeds();
    assert_eq!(
        story.order(1001).await,
        "wc-completed | T1, T3 | BRT | F1 | 2"
    );
}
