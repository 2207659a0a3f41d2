//! A buyer's hand: chooses what there is enough of, and sends statements with the pauses that PHP takes.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rand::Rng;
use rand::rngs::StdRng;
use tokio::sync::{Mutex, mpsc};

use super::buyers::{FIRST_ARTICLE, articles};
use super::system::{Order, System};
use crate::support::client::Client;

/// What will become of an order. The ERP's and the buyer's doings are kept apart: an order cancelled in the shop after
/// the ERP counted it is outside of what can be promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Imported, confirmed, delivered sooner or later.
    Kept,
    /// Given back by the buyer; the ERP may know it, but never counts it.
    Cancelled,
    /// Some pieces come back, the rest stays pending.
    Reduced,
}

/// What the ERP hears of an order.
#[derive(Debug, Clone)]
pub struct Placed {
    /// `<shop>/<order id>`.
    pub reference: String,
    pub order: u64,
    /// Article and pieces.
    pub lines: Vec<(u64, i64)>,
    pub fate: Fate,
}

/// Cycles that a sale lasts at least.
const CYCLES_MIN: u64 = 6;

/// What buyers share.
pub struct Market {
    pub system: &'static dyn System,
    /// Pieces promised at the counter by article, as the shop's own reservations: until the figure is lower by them.
    pub reserved: Mutex<Vec<i64>>,
    pub left_to_place: AtomicU64,
    /// Cycles of ponte so far: a sale spans at least [`CYCLES_MIN`] of them.
    pub cycles: Arc<AtomicU64>,
    pub placed: mpsc::UnboundedSender<Placed>,
    pub lost_to_deadlocks: AtomicU64,
}

/// A transaction lost to a deadlock: all of it is gone, and is to be done again.
#[derive(Debug)]
pub struct Lost;

pub struct Hand {
    pub market: Arc<Market>,
    pub client: Client,
    pub rng: StdRng,
    /// The `[shop]` it buys in.
    pub shop: &'static str,
    /// Each order, and each thing done to it later, is one transaction; else each statement is.
    pub whole: bool,
}

impl Hand {
    pub async fn go_shopping(mut self) {
        loop {
            let left = &self.market.left_to_place;
            let took = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                left.checked_sub(1)
            });
            if took.is_err() {
                if self.market.cycles.load(Ordering::SeqCst) >= CYCLES_MIN {
                    return;
                }
                // On a slow machine the shop stays open a little longer, with fewer people in it.
                self.think(1000).await;
                self.buy().await;
                continue;
            }
            // Long enough for several cycles to see the run.
            self.think(120).await;
            while !self.buy().await {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    }

    async fn think(&mut self, millis_max: u64) {
        let millis = self.rng.random_range(0..millis_max);
        tokio::time::sleep(Duration::from_millis(millis)).await;
    }

    /// The time between two statements: mostly none, sometimes what a slow PHP process takes.
    pub async fn pause(&mut self) {
        let millis = match self.rng.random_range(0..20) {
            0 => self.rng.random_range(5..40),
            1..=6 => self.rng.random_range(0..3),
            _ => return,
        };
        tokio::time::sleep(Duration::from_millis(millis)).await;
    }

    /// A statement; one that is a transaction of its own and lost to a deadlock is sent again, as a plug-in for such
    /// cases would.
    ///
    /// # Errors
    /// [`Lost`] with the whole transaction.
    pub async fn run(&mut self, sql: impl Into<String>) -> Result<(), Lost> {
        let sql = sql.into();
        for _ in 0..20 {
            match self.client.try_run(&sql).await {
                Ok(_) => return Ok(()),
                Err(error) if error.contains("Deadlock") || error.contains("Lock wait") => {
                    self.market.lost_to_deadlocks.fetch_add(1, Ordering::SeqCst);
                    if self.whole {
                        return Err(Lost);
                    }
                }
                Err(error) => panic!("{error}\nin: {sql}"),
            }
        }
        panic!("deadlock after deadlock: {sql}");
    }

    /// An INSERT; the id that the server gave.
    ///
    /// # Errors
    /// As [`Hand::run`].
    pub async fn insert(&mut self, sql: impl Into<String>) -> Result<u64, Lost> {
        self.run(sql).await?;
        let id = self.client.value("SELECT LAST_INSERT_ID()").await;
        Ok(id.expect("an id").parse().expect("a number"))
    }

    /// A whole number that a query yields.
    pub async fn number(&mut self, sql: &str) -> i64 {
        let value = self.client.value(sql).await;
        value
            .unwrap_or_else(|| panic!("NULL from {sql}"))
            .parse()
            .unwrap_or_else(|_| panic!("no whole number from {sql}"))
    }

    async fn queue(&self, articles: &[u64]) -> Vec<Box<dyn Any + Send>> {
        match self.whole {
            true => self.market.system.queue(articles).await,
            false => Vec::new(),
        }
    }

    async fn begin(&mut self) {
        if self.whole {
            self.client.run("BEGIN").await;
        }
    }

    async fn end(&mut self, done: bool) {
        if self.whole {
            let how = if done { "COMMIT" } else { "ROLLBACK" };
            self.client.run(how).await;
        }
    }

    /// False if the shop had too little of what was wanted.
    async fn buy(&mut self) -> bool {
        let Some(wanted) = self.choose().await else {
            return false;
        };
        let system = self.market.system;
        let articles: Vec<u64> = wanted.iter().map(|(article, _)| *article).collect();
        let order = loop {
            let _queue = self.queue(&articles).await;
            self.begin().await;
            let order = system.check_out(self, &wanted).await;
            self.end(order.is_ok()).await;
            if let Ok(order) = order {
                break order;
            }
        };
        for (article, pieces) in &wanted {
            self.market.reserved.lock().await[(article - FIRST_ARTICLE) as usize] -= pieces;
        }
        let fate = match self.rng.random_range(0..10) {
            0..=5 => Fate::Kept,
            6..=8 => Fate::Cancelled,
            _ => Fate::Reduced,
        };
        let placed = Placed {
            reference: format!("{}/{}", self.shop, order.id),
            order: order.id,
            lines: wanted,
            fate,
        };
        self.market
            .placed
            .send(placed)
            .expect("the ERP listens until the end");
        self.pause().await;
        let proceeds = fate != Fate::Kept || self.rng.random_bool(0.4);
        while proceeds && self.follow(&order, fate).await.is_err() {}
        true
    }

    async fn follow(&mut self, order: &Order, fate: Fate) -> Result<(), Lost> {
        let system = self.market.system;
        let articles: Vec<u64> = order.lines.iter().map(|line| line.article).collect();
        let _queue = self.queue(&articles).await;
        self.begin().await;
        let done = match fate {
            Fate::Kept => system.proceed(self, order).await,
            Fate::Cancelled => system.cancel(self, order).await,
            Fate::Reduced => system.reduce(self, order).await,
        };
        self.end(done.is_ok()).await;
        done
    }

    /// Up to three articles of which there is enough, reserved.
    async fn choose(&mut self) -> Option<Vec<(u64, i64)>> {
        let market = self.market.clone();
        let mut reserved = market.reserved.lock().await;
        let mut wanted: Vec<(u64, i64)> = Vec::new();
        for _ in 0..self.rng.random_range(1..=3) {
            let at = self.rng.random_range(0..articles());
            let article = FIRST_ARTICLE + at as u64;
            let pieces = self.rng.random_range(1..=3);
            if wanted.iter().any(|(known, _)| *known == article) {
                continue;
            }
            let shown = market.system.shown(&mut self.client, article).await;
            if shown - reserved[at] >= pieces {
                reserved[at] += pieces;
                wanted.push((article, pieces));
            }
        }
        (!wanted.is_empty()).then_some(wanted)
    }
}
