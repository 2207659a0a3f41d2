//! What happened, told by the databases: each value a figure took and each status an order had, in one sequence, and
//! the ERP's side by version.

use std::collections::HashMap;

use super::system::System;
use crate::support::client::Client;

/// Buyers say who they are in `@actor`; ponte does not, and has `@erp_version` and `@look`.
const TABLE: &str = "
CREATE TABLE history (
    seq BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    kind VARCHAR(10) NOT NULL,
    subject BIGINT NOT NULL,
    old VARCHAR(40),
    new VARCHAR(40),
    actor BIGINT,         -- the order for whose sake a figure was written; NULL: ponte
    taken BIGINT,         -- pieces that the order took with it
    erp_version BIGINT,
    look BIGINT,
    KEY by_subject (kind, subject, seq)
) ENGINE=InnoDB;
";

pub async fn record(shop: &mut Client, system: &dyn System) {
    shop.load(TABLE).await;
    shop.load(&format!(
        "DELIMITER //\n{}\nDELIMITER ;\n",
        system.triggers()
    ))
    .await;
}

/// Where the history stands.
pub async fn position(shop: &mut Client) -> u64 {
    let position = shop
        .value("SELECT COALESCE(MAX(seq), 0) FROM history")
        .await;
    position.expect("a number").parse().expect("a number")
}

/// The last event of each figure that a snapshot of the shop contains.
pub const SEEN: &str =
    "SELECT subject, MAX(seq) AS seq FROM history WHERE kind = 'figure' GROUP BY subject";

/// For whose sake a figure was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    Order {
        order: u64,
        /// Pieces that it takes with it; below 0: that come back.
        taken: i64,
    },
    Ponte {
        /// Of the ERP.
        version: u64,
        look: usize,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A figure took a value.
    Figure {
        seq: u64,
        article: u64,
        old: i64,
        new: i64,
        by: By,
    },
    Status {
        order: u64,
        status: String,
    },
    /// An order's line is smaller, its pieces are not yet back in the figure.
    Smaller {
        order: u64,
        article: u64,
        pieces: i64,
    },
}

pub async fn read(shop: &mut Client) -> Vec<Event> {
    let rows = shop
        .rows("SELECT kind, subject, old, new, actor, taken, erp_version, look, seq FROM history ORDER BY seq")
        .await;
    rows.into_iter().map(event).collect()
}

fn event(row: Vec<Option<String>>) -> Event {
    let number = |at: usize| {
        row[at].as_deref().map(|text| {
            text.parse::<f64>()
                .unwrap_or_else(|_| panic!("no number: {text}")) as i64
        })
    };
    let subject = number(1).expect("a subject") as u64;
    match row[0].as_deref() {
        Some("figure") => Event::Figure {
            seq: number(8).expect("a number") as u64,
            article: subject,
            old: number(2).expect("a figure"),
            new: number(3).expect("a figure"),
            by: match number(4) {
                Some(order) => By::Order {
                    order: order as u64,
                    taken: number(5).expect("pieces"),
                },
                None => By::Ponte {
                    version: number(6).unwrap_or(0) as u64,
                    look: number(7).unwrap_or(0) as usize,
                },
            },
        },
        Some("status") => Event::Status {
            order: subject,
            status: row[3].clone().expect("a status"),
        },
        Some("smaller") => Event::Smaller {
            article: subject,
            order: number(4).expect("an order") as u64,
            pieces: number(5).expect("pieces"),
        },
        other => panic!("no event: {other:?}"),
    }
}

/// The ERP's side, as the one who worked there wrote it down.
#[derive(Debug, Default)]
pub struct ErpHistory {
    /// By article: on hand - committed from this version on, ascending.
    changes: HashMap<u64, Vec<(u64, i64)>>,
    /// The version from which on the ERP counts an order.
    counted: HashMap<u64, u64>,
}

impl ErpHistory {
    pub fn changed(&mut self, version: u64, article: u64, by: i64) {
        let before = self.at(u64::MAX, article);
        self.changes
            .entry(article)
            .or_default()
            .push((version, before + by));
    }

    pub fn counts(&mut self, version: u64, order: u64) {
        self.counted.insert(order, version);
    }

    /// On hand - committed.
    pub fn at(&self, version: u64, article: u64) -> i64 {
        let changes = self.changes.get(&article).map_or(&[][..], Vec::as_slice);
        let last = changes.iter().rev().find(|(since, _)| *since <= version);
        last.map_or(0, |(_, pieces)| *pieces)
    }

    pub fn counted_at(&self, version: u64, order: u64) -> bool {
        self.counted
            .get(&order)
            .is_some_and(|since| *since <= version)
    }
}
