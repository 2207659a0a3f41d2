//! The program killed (SIGKILL) while it carries customers over: in the end everybody is there once on both sides.

use super::shops::{Customers, Person};
use crate::support::full;
use crate::sync::pair::On;

const POINTS: [&str; 5] = [
    "lease taken",
    "batch begun",
    "batch without links",
    "batch written",
    "batch committed",
];

struct Victim {
    customers: Customers,
    turn: u32,
}

impl Victim {
    /// Something to do in both directions.
    async fn change(&mut self) {
        self.turn += 1;
        let turn = self.turn;
        let mut erp = self.customers.erp.client().await;
        erp.run(&format!(
            "INSERT INTO customers (number, name, first_name, last_name, email, phone, street, city, web)
             VALUES ('K{turn}', 'Firm {turn}', 'Ugo', 'Neri', 'firm{turn}@example.com', '06', 'Via Po {turn}', 'Torino', TRUE)"
        ))
        .await;
        erp.run(&format!(
            "UPDATE customers SET vat_number = NULL, name = 'Firm {turn} bis' WHERE number = 'K{}'",
            turn - 1
        ))
        .await;
        self.customers.register(&Person::new(1000 * turn)).await;
        if turn > 1 {
            let email = format!("Buyer{}@example.com", 1000 * (turn - 1));
            self.customers
                .change(&email, Some(&format!("33{turn}")), None)
                .await;
        }
    }

    async fn assert_whole(&self) {
        let turn = self.turn;
        let once = |email: &str| {
            format!("SELECT email FROM customers WHERE {email} GROUP BY email HAVING COUNT(*) = 1")
        };
        let came_in = self.customers.erp_rows(&once("number LIKE 'WC%'")).await;
        assert_eq!(came_in.len() as u32, turn, "{came_in:?}");
        let accounts = self.customers.accounts().await;
        let made = accounts
            .iter()
            .filter(|one| one.starts_with("firm"))
            .count();
        assert_eq!(made as u32, turn, "{accounts:?}");
        assert_eq!(accounts.len() as u32, 2 * turn, "{accounts:?}");
    }
}

async fn killed(test: &str, erp: On, shop: On, rounds: u32) {
    let customers = Customers::woocommerce(test, erp, shop).await;
    customers.run();
    customers.project.ponte(&["match", "--accept"]);
    let mut victim = Victim { customers, turn: 0 };
    let mut kills = 0;
    for round in 0..rounds {
        for point in POINTS {
            victim.change().await;
            // The first time is the way to the shop, the second the way back.
            if victim.customers.project.killed_at(
                &["sync", "customer", "web_customer"],
                point,
                1 + round % 2,
            ) {
                kills += 1;
                victim.customers.end_leases().await;
            }
            if round % 2 == 1 {
                continue;
            }
            victim.customers.run().succeeds();
            victim.assert_whole().await;
        }
    }
    victim.customers.run().succeeds();
    victim.assert_whole().await;
    victim.customers.assert_still("nothing is left to do").await;
    assert!(
        kills >= rounds * POINTS.len() as u32 - rounds,
        "{kills} kills in {rounds} rounds"
    );
}

#[tokio::test]
async fn a_killed_run_leaves_everybody_once_on_postgres() {
    let rounds = if full() { 20 } else { 2 };
    killed("customers killed", On::Postgres, On::Mariadb, rounds).await;
}

#[tokio::test]
async fn a_killed_run_leaves_everybody_once_in_a_file() {
    let rounds = if full() { 20 } else { 1 };
    killed("customers killed file", On::Sqlite, On::Sqlite, rounds).await;
}

#[tokio::test]
async fn a_killed_run_leaves_everybody_once_on_sqlserver() {
    let rounds = if full() { 20 } else { 1 };
    killed(
        "customers killed sqlserver",
        On::SqlServer,
        On::Mariadb,
        rounds,
    )
    .await;
}
