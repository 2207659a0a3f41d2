//! Killed at every point and cut off at every COMMIT: each news is told once.

use std::time::{Duration, Instant};

use super::story::Story;
use crate::support::full;
use crate::support::proxy::{COMMIT_MARIADB, Fault, Proxy};
use crate::sync::pair::On;

const POINTS: [&str; 3] = [
    "fulfilment not remembered",
    "fulfilment written",
    "fulfilment committed",
];

impl Story {
    /// Every order is shipped, and was told so once.
    async fn assert_told(&self, orders: u32) {
        for order in 1001..1001 + orders {
            assert_eq!(
                self.order(order).await,
                format!("wc-completed | T{order} | BRT | - | 1"),
                "order {order}"
            );
        }
    }

    async fn deliver_all(&self, orders: u32) {
        for order in 1001..1001 + orders {
            let (number, tracking) = (format!("D{order}"), format!("T{order}"));
            self.deliver(order, &number, &tracking, &[1, 2]).await;
        }
    }

    /// Stops the program when it reaches the point for the n-th time, and kills it there.
    pub async fn kill_at(&mut self, point: &str, times: u32) {
        let file = self.between.project.path("stopped");
        let _ = std::fs::remove_file(&file);
        let stop = format!("{point}:{times}:{}", file.display());
        self.between.project.env("PONTE_STOP_AT", &stop);
        let mut running = self.between.project.start(&["sync", "main/fulfilment"]);
        let began = Instant::now();
        while !file.exists() {
            assert!(!running.has_ended(), "{point} was not reached");
            assert!(began.elapsed() < Duration::from_secs(60), "{point}");
            std::thread::sleep(Duration::from_millis(2));
        }
        running.kill();
        drop(running);
        self.between.project.env("PONTE_STOP_AT", "");
        self.between.end_leases().await;
    }
}

async fn killed(test: &str, erp: On, shop: On) {
    let rounds = if full() { 8 } else { 1 };
    let kills = rounds * POINTS.len() as u32;
    // Each kill leaves at least one order to tell.
    let orders = kills * 2 + 2;
    let mut story = Story::new(test, erp, shop, orders).await;
    story.deliver_all(orders).await;
    for kill in 0..kills {
        let point = POINTS[kill as usize % POINTS.len()];
        story.kill_at(point, 1 + kill % 2).await;
    }
    story.sync();
    story.assert_told(orders).await;
    story.sync();
    story.assert_told(orders).await;
}

#[tokio::test]
async fn killed_at_every_point_on_mariadb() {
    killed("told killed mariadb", On::Sqlite, On::Mariadb).await;
}

#[tokio::test]
async fn killed_at_every_point_on_sqlite() {
    killed("told killed sqlite", On::Sqlite, On::Sqlite).await;
}

#[tokio::test]
async fn killed_at_every_point_beside_an_erp_on_sqlserver() {
    killed("told killed sqlserver", On::SqlServer, On::Mariadb).await;
}

#[tokio::test]
async fn cut_off_at_every_commit() {
    let orders = if full() { 40 } else { 6 };
    let mut story = Story::new("told cut off", On::Sqlite, On::Mariadb, orders).await;
    story.deliver_all(orders).await;
    let proxy = Proxy::start(&story.between.shop.url);
    let hidden = |url: &str| url.replace(":ponte@", ":${PASSWORD}@");
    let text = story.between.project.read("ponte.toml");
    let shop = story.between.shop.url.clone();
    let text = text.replace(&hidden(&shop), &hidden(&proxy.url(&shop)));
    story.between.project.file("ponte.toml", &text);
    let mut happened = 0;
    for cut in 0..orders {
        let pattern = COMMIT_MARIADB.to_vec();
        // The lease is taken with COMMITs, too.
        let skip = cut % 4;
        proxy.set(match cut % 2 {
            0 => Fault::DropAnswer { pattern, skip },
            _ => Fault::CutBefore { pattern, skip },
        });
        story.between.project.ponte(&["sync", "main/fulfilment"]);
        happened += u32::from(!proxy.is_armed());
        proxy.clear();
        story.between.end_leases().await;
    }
    assert!(happened > 0, "no cut happened");
    story.sync();
    story.assert_told(orders).await;
}
