//! Whoever works in the ERP meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rand::Rng;
use rand::rngs::StdRng;
use tokio::sync::mpsc;

use super::buyers::{FIRST_ARTICLE, articles, sku};
use super::hand::{Fate, Placed};
use super::history::ErpHistory;
use crate::support::client::Client;

/// What all buyers together may want of an article in orders that the clerk has not heard of.
const UNSEEN: i64 = 36;

/// Whoever works in the ERP: imports, confirms, delivers, receives; each deed one transaction and one version.
pub struct Clerk {
    pub client: Client,
    pub rng: StdRng,
    pub history: ErpHistory,
    pub version: u64,
    pub placed: mpsc::UnboundedReceiver<Placed>,
    pub unknown: Vec<Placed>,
    pub drafts: Vec<Placed>,
    /// Confirmed lines still to be delivered: order, article, pieces.
    pub open: Vec<(u64, u64, i64)>,
}

impl Clerk {
    pub async fn work(mut self, buyers_done: Arc<AtomicBool>) -> Clerk {
        loop {
            while let Ok(placed) = self.placed.try_recv() {
                self.unknown.push(placed);
            }
            match self.rng.random_range(0..11) {
                0..=2 => self.import().await,
                3..=5 => self.confirm().await,
                6..=8 => self.deliver().await,
                9 => self.receive().await,
                _ => self.sell().await,
            }
            if buyers_done.load(Ordering::SeqCst) {
                return self;
            }
            tokio::time::sleep(Duration::from_millis(self.rng.random_range(0..4))).await;
        }
    }

    fn pick<T>(&mut self, length: usize, from: fn(&mut Clerk) -> &mut Vec<T>) -> Option<T> {
        (length > 0).then(|| {
            let at = self.rng.random_range(0..length);
            from(self).swap_remove(at)
        })
    }

    async fn transaction(&mut self, statements: &str) {
        self.version += 1;
        self.client
            .run(&format!(
                "BEGIN TRANSACTION; UPDATE erp_version SET version = {}; {statements}; COMMIT",
                self.version
            ))
            .await;
    }

    /// A web order becomes known, not yet counted.
    async fn import(&mut self) {
        let Some(placed) = self.pick(self.unknown.len(), |clerk| &mut clerk.unknown) else {
            return;
        };
        let (order, reference) = (placed.order, &placed.reference);
        let lines: Vec<String> = placed
            .lines
            .iter()
            .enumerate()
            .map(|(at, (article, pieces))| {
                format!(
                    "('E{order}', {}, '{}', 'WH', {pieces})",
                    at + 1,
                    sku(*article)
                )
            })
            .collect();
        let statements = format!(
            "INSERT INTO orders (number, customer, status, web_reference, order_date) VALUES ('E{order}', 'C1', 'draft', '{reference}', '2026-06-01');
             INSERT INTO order_lines (order_number, line, sku, warehouse, quantity) VALUES {}",
            lines.join(", ")
        );
        self.transaction(&statements).await;
        self.drafts.push(placed);
    }

    async fn confirm(&mut self) {
        let Some(placed) = self.pick(self.drafts.len(), |clerk| &mut clerk.drafts) else {
            return;
        };
        if placed.fate != Fate::Kept {
            // It stays a draft for ever.
            return;
        }
        self.transaction(&format!(
            "UPDATE orders SET status = 'confirmed' WHERE number = 'E{}'",
            placed.order
        ))
        .await;
        self.history.counts(self.version, placed.order);
        for (article, pieces) in placed.lines {
            self.history.changed(self.version, article, -pieces);
            self.open.push((placed.order, article, pieces));
        }
    }

    /// Goods leave: on hand and what is committed fall together. A fully delivered order is closed.
    async fn deliver(&mut self) {
        let Some((order, article, pieces)) = self.pick(self.open.len(), |clerk| &mut clerk.open)
        else {
            return;
        };
        let now = self.rng.random_range(1..=pieces);
        let (sku, is_last) = (
            sku(article),
            now == pieces && !self.open.iter().any(|(other, ..)| *other == order),
        );
        let mut statements = format!(
            "UPDATE order_lines SET delivered_quantity = delivered_quantity + {now} WHERE order_number = 'E{order}' AND sku = '{sku}';
             UPDATE stock SET quantity = quantity - {now} WHERE sku = '{sku}' AND warehouse = 'WH'"
        );
        if is_last {
            statements.push_str(&format!(
                "; UPDATE orders SET status = 'closed' WHERE number = 'E{order}'"
            ));
        }
        self.transaction(&statements).await;
        if now < pieces {
            self.open.push((order, article, pieces - now));
        }
    }

    /// Over the counter, of what no web order can want any more.
    async fn sell(&mut self) {
        let article = FIRST_ARTICLE + self.rng.random_range(0..articles()) as u64;
        let pieces = self.rng.random_range(1..=4);
        let placed = self.unknown.iter().chain(&self.drafts);
        let lines = placed.flat_map(|placed| &placed.lines);
        let wanted: i64 = lines
            .filter(|line| line.0 == article)
            .map(|line| line.1)
            .sum();
        if self.history.at(self.version, article) - wanted < pieces + UNSEEN {
            return;
        }
        self.transaction(&format!(
            "UPDATE stock SET quantity = quantity - {pieces} WHERE sku = '{}' AND warehouse = 'WH'",
            sku(article)
        ))
        .await;
        self.history.changed(self.version, article, -pieces);
    }

    async fn receive(&mut self) {
        let article = FIRST_ARTICLE + self.rng.random_range(0..articles()) as u64;
        let pieces = self.rng.random_range(1..=12);
        self.transaction(&format!(
            "UPDATE stock SET quantity = quantity + {pieces} WHERE sku = '{}' AND warehouse = 'WH'",
            sku(article)
        ))
        .await;
        self.history.changed(self.version, article, pieces);
    }
}
