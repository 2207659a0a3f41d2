//! What happens to servers and lines.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::support::private::Private;
use crate::support::private_postgres::PrivatePostgres;
use crate::support::proxy::{COMMIT_MARIADB, COMMIT_POSTGRES, Direction, Fault, Proxy};

/// Between two restarts, at most.
const RESTARTS: Duration = Duration::from_secs(60);

pub struct Trouble {
    erp: PrivatePostgres,
    shop: Private,
    /// To the ERP, to the shop.
    lines: [Proxy; 2],
    random: StdRng,
    restarts: [u32; 2],
    faults: u32,
}

impl Trouble {
    pub fn new(erp: PrivatePostgres, shop: Private, seed: u64) -> Trouble {
        let lines = [
            Proxy::start(&erp.url("erp")),
            Proxy::start(&shop.url("shop")),
        ];
        Trouble {
            erp,
            shop,
            lines,
            random: StdRng::seed_from_u64(seed),
            restarts: [0; 2],
            faults: 0,
        }
    }

    /// Where the program reaches the ERP and the shop.
    pub fn urls(&self) -> [String; 2] {
        let [erp, shop] = &self.lines;
        [
            erp.url(&self.erp.url("erp")),
            shop.url(&self.shop.url("shop")),
        ]
    }

    /// Ends with sound lines to servers that answer.
    pub async fn make(mut self, lasts: Duration, closes: Arc<AtomicBool>) -> Trouble {
        let between = (lasts / 3).min(RESTARTS);
        let mut restarted = Instant::now();
        while !closes.load(Ordering::SeqCst) {
            self.pause(300, 3000).await;
            if restarted.elapsed() > between {
                self.restart().await;
                restarted = Instant::now();
            } else {
                self.disturb().await;
            }
        }
        self.mend();
        self
    }

    pub fn made(&self) -> String {
        let [erp, shop] = self.restarts;
        let cuts: u64 = self.lines.iter().map(|line| line.counts().cuts).sum();
        let faults = self.faults;
        assert!(erp > 0 && shop > 0 && faults > 0, "too little trouble");
        format!(
            "the ERP's server restarted {erp} times, the shop's {shop} times, {faults} faults, {cuts} lines cut within a transfer"
        )
    }

    async fn pause(&mut self, least: u64, most: u64) {
        let millis = self.random.random_range(least..most);
        tokio::time::sleep(Duration::from_millis(millis)).await;
    }

    fn mend(&self) {
        for line in &self.lines {
            line.clear();
        }
    }

    /// Each server in turn, in good order or not, and not there for a while.
    async fn restart(&mut self) {
        let crash = self.random.random_bool(0.5);
        let is_erp = self.restarts[0] <= self.restarts[1];
        match (is_erp, crash) {
            (true, crash) => self.erp.stop(crash),
            (false, true) => self.shop.kill(),
            (false, false) => self.shop.stop(),
        }
        self.pause(0, 4000).await;
        match is_erp {
            true => {
                self.erp.start_again();
                self.erp.answers().await;
            }
            false => {
                self.shop.start_again();
                self.shop.answers().await;
            }
        }
        self.restarts[usize::from(!is_erp)] += 1;
    }

    async fn disturb(&mut self) {
        self.mend();
        self.faults += 1;
        let at = self.random.random_range(0..2);
        let line = &self.lines[at];
        match self.random.random_range(0..8) {
            0 => line.cut_all(),
            1 => line.set(Fault::Delay {
                each_way: Duration::from_millis(self.random.random_range(1..40)),
            }),
            2 => line.set(Fault::Refuse),
            3 | 4 => line.set(Fault::DropAnswer {
                pattern: [COMMIT_POSTGRES, COMMIT_MARIADB][at].to_vec(),
                skip: self.random.random_range(0..4),
            }),
            5 | 6 => line.set(Fault::CutAfter {
                direction: match self.random.random_bool(0.5) {
                    true => Direction::ToServer,
                    false => Direction::ToClient,
                },
                bytes: self.random.random_range(0..30_000),
            }),
            _ => {}
        }
    }
}
