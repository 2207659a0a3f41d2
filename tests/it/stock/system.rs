//! A shop's software as a run of buyers sees it: its tables, its statements in their order, what its statuses promise.
//!
//! A system implements [`System`] in a folder of its own; buyers, clerk, judge and faults are the same for all.

use std::any::Any;

use async_trait::async_trait;

use super::hand::{Hand, Lost};
use crate::support::client::Client;

/// An order that a buyer has placed.
#[derive(Debug, Clone)]
pub struct Order {
    pub id: u64,
    pub lines: Vec<Line>,
}

#[derive(Debug, Clone, Copy)]
pub struct Line {
    /// Key of its row in the shop.
    pub id: u64,
    pub article: u64,
    pub pieces: i64,
}

/// Every statement of a buyer goes through [`Hand::run`]: a transaction of its own, or part of the order's only one.
#[async_trait]
pub trait System: Send + Sync {
    /// The pack, as `ponte.toml` names it.
    fn pack(&self) -> &'static str;

    /// What `[shop.main]` must say for this pack: tables such as `[shop.main.tax]`.
    fn project(&self) -> &'static str;

    /// File with the shop's tables for MariaDB.
    fn schema(&self) -> &'static str;

    /// Triggers that write down each value a figure takes and each status an order has: see `history`.
    fn triggers(&self) -> String;

    /// Whether an order in this status (as the triggers write it down) is promised to its buyer.
    fn promises(&self, status: &str) -> bool;

    /// Puts an article into the shop, as the shop itself would have it.
    async fn add_article(&self, shop: &mut Client, id: u64, sku: &str, pieces: i64);

    /// The figure that buyers see.
    async fn shown(&self, shop: &mut Client, article: u64) -> i64;

    /// Pieces that promised orders hold, counted from the orders alone: order, article, pieces.
    async fn held(&self, shop: &mut Client) -> Vec<(u64, u64, i64)>;

    /// Rows beside the figures that do not agree with them, in words; for the end, when all is at rest.
    async fn disagreements(&self, shop: &mut Client) -> Vec<String>;

    /// What a buyer holds while its order, or a change to it, is one transaction: see the systems that need it.
    async fn queue(&self, _articles: &[u64]) -> Vec<Box<dyn Any + Send>> {
        Vec::new()
    }

    /// A checkout from the cart to the promised order. The first statement of the order tells who writes: `SET @actor`.
    async fn check_out(&self, hand: &mut Hand, wanted: &[(u64, i64)]) -> Result<Order, Lost>;

    /// The order is given back.
    async fn cancel(&self, hand: &mut Hand, order: &Order) -> Result<(), Lost>;

    /// The order is made smaller, or a piece of it refunded and put back.
    async fn reduce(&self, hand: &mut Hand, order: &Order) -> Result<(), Lost>;

    /// The order goes its way: paid, shipped, completed.
    async fn proceed(&self, hand: &mut Hand, order: &Order) -> Result<(), Lost>;
}
