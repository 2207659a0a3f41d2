//! The program killed at any moment (SIGKILL) loses nothing and writes nothing twice: one more run leaves the rows of a
//! run that nothing disturbed.

use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::support::full;
use crate::support::pipeline::{dump, same_dump};
use crate::support::project::Project;
use crate::support::servers::{self, Database};

use super::cells::{Cells, changes};
use super::pair::{On, database};
use super::shop::{cells_of, fill, project};

/// Kills on the way to one loaded shop.
const KILLS_A_SHOP: u32 = 5;
/// More articles, so that loading takes several transactions.
const MORE: [&str; 4] = [
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 600)
     INSERT INTO articles (sku, tax_class, weight) SELECT 'M-' || i, 'IVA22', i FROM n",
    "INSERT INTO article_texts (sku, language, name) SELECT sku, 'en', 'Article ' || sku FROM articles WHERE sku LIKE 'M-%'",
    "INSERT INTO article_categories (sku, category_id) SELECT sku, 'D' FROM articles WHERE sku LIKE 'M-%'",
    "INSERT INTO prices (sku, list, amount, sale_amount) SELECT sku, 'public', '10', '9' FROM articles WHERE sku LIKE 'M-%'",
];

/// What the ERP becomes while the program is killed: articles that go, among them one with a category, and others that
/// change.
const LATER: [&str; 3] = [
    "DELETE FROM articles WHERE sku LIKE 'M-3__'",
    "DELETE FROM articles WHERE sku = 'OLD'",
    "UPDATE article_texts SET name = 'Now ' || sku WHERE sku LIKE 'M-4__'",
];

struct Bench {
    erp: Database,
    shop: Database,
    project: Project,
}

impl Bench {
    async fn new(test: &str, on: On) -> Bench {
        let erp = servers::sqlite(&format!("{test} erp"));
        let shop = database(on, &format!("{test} shop")).await;
        fill(&erp, &shop).await;
        let mut client = erp.client().await;
        for statement in MORE {
            client.run(statement).await;
        }
        let mut folder = Project::new();
        // The servers' own URLs carry a password, which a project file may only name.
        let url = shop.url.replace(":ponte@", ":${SHOP_PASSWORD}@");
        let guard = "[shop.main.article]\nguard = { percent = 100 }\n";
        folder.file("ponte.toml", &format!("{}{guard}", project(&erp.url, &url)));
        folder.env("SHOP_PASSWORD", "ponte");
        folder.ponte(&["setup", "--run"]).succeeds();
        folder.ponte(&["match", "--accept"]);
        Bench {
            erp,
            shop,
            project: folder,
        }
    }

    /// A dead process keeps its lease for a minute; the test does not wait.
    async fn end_leases(&self) {
        for database in [&self.erp, &self.shop] {
            let mut client = database.client().await;
            client.run("UPDATE ponte_lease SET owner = NULL").await;
        }
    }

    async fn later(&self) {
        let mut client = self.erp.client().await;
        for statement in LATER {
            client.run(statement).await;
        }
    }

    /// Starts the program again and again, and kills it somewhere on its way.
    async fn kill_again_and_again(&self, whole: Duration, random: &mut StdRng) {
        for _ in 0..KILLS_A_SHOP {
            self.end_leases().await;
            let mut running = self.project.start(&["sync"]);
            let after = whole.mul_f64(random.random_range(0.0..0.9));
            let began = Instant::now();
            while began.elapsed() < after && !running.has_ended() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            running.kill();
            drop(running);
        }
    }

    /// Runs the program to its end.
    async fn sync(&self) {
        self.end_leases().await;
        // 4: two variations that sell from one figure are for a person to look at.
        self.project.ponte(&["sync"]).exits_with(4);
    }
}

#[track_caller]
fn same_cells(expected: &Cells, found: &Cells, claim: &str) {
    let differ = changes(expected, found);
    assert!(differ.is_empty(), "{claim}:\n{differ}");
}

async fn killed_again_and_again(test: &str, on: On, shops: u32) {
    let seed: u64 = rand::random();
    eprintln!("{test}: seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let right = Bench::new(&format!("{test} right"), on).await;
    let began = Instant::now();
    right.sync().await;
    let whole = began.elapsed();
    let loaded = cells_of(&right.shop).await;
    right.later().await;
    let began = Instant::now();
    right.sync().await;
    let again = began.elapsed();
    let changed = cells_of(&right.shop).await;
    for shop in 0..shops {
        let bench = Bench::new(&format!("{test} {shop}"), on).await;
        let claim = format!("seed {seed}, shop {shop}");
        bench.kill_again_and_again(whole, &mut random).await;
        bench.sync().await;
        same_cells(&loaded, &cells_of(&bench.shop).await, &claim);
        bench.later().await;
        bench.kill_again_and_again(again, &mut random).await;
        bench.sync().await;
        same_cells(&changed, &cells_of(&bench.shop).await, &claim);
        let before = dump(&mut bench.shop.client().await).await;
        bench.sync().await;
        same_dump(&before, &dump(&mut bench.shop.client().await).await, &claim);
    }
}

#[tokio::test]
async fn killed_at_any_moment_on_sqlite() {
    let shops = if full() { 20 } else { 2 };
    killed_again_and_again("sync::kills::sqlite", On::Sqlite, shops).await;
}

#[tokio::test]
async fn killed_at_any_moment_on_mariadb() {
    let shops = if full() { 20 } else { 2 };
    killed_again_and_again("sync::kills::mariadb", On::Mariadb, shops).await;
}
