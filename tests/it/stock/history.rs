//! What happened, told by the databases: each value a figure took and each status an order had, in one sequence, and
//! the ERP's side by version.

use std::collections::HashMap;

use crate::support::client::Client;

/// Statements for the shop's database. Buyers say who they are in `@actor`; ponte does not, and has `@erp_version`.
const TRIGGERS: &str = "
CREATE TABLE history (
    seq BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    kind VARCHAR(10) NOT NULL,
    subject BIGINT NOT NULL,
    old VARCHAR(40),
    new VARCHAR(40),
    actor BIGINT,
    erp_version BIGINT
) ENGINE=InnoDB;
DELIMITER //
CREATE TRIGGER figure_changed AFTER UPDATE ON wp_postmeta FOR EACH ROW
BEGIN
    IF NEW.meta_key = '_stock' AND NOT (NEW.meta_value <=> OLD.meta_value) THEN
        INSERT INTO history (kind, subject, old, new, actor, erp_version)
        VALUES ('figure', NEW.post_id, OLD.meta_value, NEW.meta_value, @actor, @erp_version);
    END IF;
END//
CREATE TRIGGER order_came AFTER INSERT ON wp_wc_orders FOR EACH ROW
BEGIN
    INSERT INTO history (kind, subject, new, actor) VALUES ('status', NEW.id, NEW.status, @actor);
END//
CREATE TRIGGER order_changed AFTER UPDATE ON wp_wc_orders FOR EACH ROW
BEGIN
    IF NEW.status <> OLD.status THEN
        INSERT INTO history (kind, subject, old, new, actor) VALUES ('status', NEW.id, OLD.status, NEW.status, @actor);
    END IF;
END//
DELIMITER ;
";

pub async fn record(shop: &mut Client) {
    shop.load(TRIGGERS).await;
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A figure took a value. `actor`: the order for whose sake; `None`: ponte, from this version of the ERP.
    Figure {
        article: u64,
        old: i64,
        new: i64,
        actor: Option<u64>,
        version: u64,
    },
    Status {
        order: u64,
        status: String,
    },
}

pub async fn read(shop: &mut Client) -> Vec<Event> {
    let rows = shop
        .rows("SELECT kind, subject, old, new, actor, erp_version FROM history ORDER BY seq")
        .await;
    rows.into_iter().map(event).collect()
}

fn event(row: Vec<Option<String>>) -> Event {
    let number = |at: usize| {
        row[at].as_deref().map(|text| {
            text.parse::<i64>()
                .unwrap_or_else(|_| panic!("no whole number: {text}"))
        })
    };
    let subject = number(1).expect("a subject") as u64;
    match row[0].as_deref() {
        Some("figure") => Event::Figure {
            article: subject,
            old: number(2).expect("a figure"),
            new: number(3).expect("a figure"),
            actor: number(4).map(|order| order as u64),
            version: number(5).unwrap_or(0) as u64,
        },
        Some("status") => Event::Status {
            order: subject,
            status: row[3].clone().expect("a status"),
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
