//! What a pack imports has taken pieces in the shop. Were a status imported that the stock's sum of pending orders leaves out,
//! such an order would be counted not at all until it is in the ERP.

use super::{opencart, place, prestashop};
use crate::support::client::Client;
use crate::support::pipeline::Pipeline;
use crate::support::servers;
use crate::sync::shop;
use ponte::plan::Plan;
use std::collections::BTreeSet;

async fn pipeline(project: &str) -> Pipeline {
    let project = project.replace("orders.since", "orders.import = true\norders.since");
    Pipeline::new(&project).await
}

/// Every status that the pack speaks of, each with the number of an order.
fn placed(plan: &Plan) -> Vec<(u32, String)> {
    let one = &plan.orders[0].statuses;
    let lists = [&one.import, &one.wait, &one.cancelled, &one.ignore];
    (1..).zip(lists.into_iter().flatten().cloned()).collect()
}

/// An order of each status is there: all that are imported must be pending, and none that is no order.
async fn hold(plan: &Plan, shop: &mut Client, placed: &[(u32, String)]) {
    let mut pending = BTreeSet::new();
    for one in &plan.stocks[0].target.pending {
        let sql = one.sql.text.replace(":orders_since", "'2026-01-01'");
        // Checkouts under way are those of the last hour, cancellations those of the last minutes.
        let sql = sql.replace(":minutes_ago_10", "'2086-01-01'");
        let sql = sql.replace(":minutes_ago_60", "'2086-01-01'");
        let sql = format!("SELECT q.reference FROM ({sql}) q");
        pending.extend(shop.rows(&sql).await.into_iter().flatten().flatten());
    }
    let is_pending = |id: &u32| pending.contains(&id.to_string());
    let statuses = &plan.orders[0].statuses;
    for (id, status) in placed {
        assert!(
            is_pending(id) || !statuses.import.contains(status),
            "`{status}` is imported, and never pending"
        );
        assert!(
            !is_pending(id) || !statuses.ignore.contains(status),
            "`{status}` is no order, but pending"
        );
    }
    assert!(!statuses.import.is_empty());
}

#[tokio::test]
async fn what_woocommerce_gives_the_erp_was_promised() {
    let erp = servers::sqlite("promised woocommerce erp");
    let database = servers::mariadb("promised woocommerce").await;
    shop::fill(&erp, &database).await;
    let pipeline = pipeline(&shop::project(&erp.url, &database.url)).await;
    let mut client = database.client().await;
    client.run("DELETE FROM wp_wc_orders").await;
    let placed = placed(&pipeline.plan);
    for (id, status) in &placed {
        let order = place::Order::usual(1000 + id);
        order.place(&mut client).await;
        client
            .run(&format!(
                "UPDATE wp_wc_orders SET status = '{status}' WHERE id = 1000 + {id}"
            ))
            .await;
    }
    let placed: Vec<(u32, String)> = placed
        .into_iter()
        .map(|(id, status)| (1000 + id, status))
        .collect();
    hold(&pipeline.plan, &mut client, &placed).await;
}

#[tokio::test]
async fn what_prestashop_gives_the_erp_was_promised() {
    let (_erp, shop, project) = prestashop::databases("promised prestashop").await;
    let pipeline = pipeline(&project).await;
    let mut client = shop.client().await;
    let placed = placed(&pipeline.plan);
    for (id, status) in &placed {
        let state = status.parse().expect("the id of a state");
        prestashop::usual(&mut client, *id, state).await;
    }
    hold(&pipeline.plan, &mut client, &placed).await;
}

async fn opencart(version: &str) {
    let (_erp, shop, project) = opencart::databases("promised opencart", version).await;
    let pipeline = pipeline(&project).await;
    let mut client = shop.client().await;
    let placed = placed(&pipeline.plan);
    for (id, status) in &placed {
        let status = status.parse().expect("the id of a status");
        let order = opencart::Order {
            id: *id,
            status,
            ..opencart::USUAL
        };
        opencart::place(&mut client, &order).await;
    }
    hold(&pipeline.plan, &mut client, &placed).await;
}

#[tokio::test]
async fn what_opencart_gives_the_erp_was_promised() {
    opencart("4.1").await;
}

#[tokio::test]
async fn what_opencart_4_0_gives_the_erp_was_promised() {
    opencart("4.0").await;
}
