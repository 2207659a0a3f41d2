//! The service over a long time: `ponte run` on servers of its own, with a tight schedule, while buyers buy and cancel, the
//! ERP's people work, both servers are restarted and lines are cut. In the end nothing has leaked, every run is accounted for,
//! and both sides are what they must be.
//!
//! It lasts as many minutes as `PONTE_SOAK_MINUTES` says (`tests/run --full`: 60), else less than one. How long anything takes
//! is no matter here.

mod account;
mod people;
mod trouble;
mod truth;
mod watch;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::orders::place::Between;
use crate::support::private::Private;
use crate::support::private_postgres::PrivatePostgres;
use crate::support::seed;
use crate::support::servers::{self, Database};
use crate::sync::shop;
use account::Account;
use people::{Clerk, Market};
use trouble::Trouble;
use watch::Watch;

/// Between two looks at the process and the history.
const LOOK: Duration = Duration::from_millis(250);
const LISTS: Duration = Duration::from_secs(20);
const BUYERS: u32 = 3;
/// However long it lasts, people do as much as they would at full speed within this time, about.
const SOLD_OUT: Duration = Duration::from_secs(600);
/// Good runs of every flow after which the shop must be right, once everybody has gone home.
const SETTLED_BY: usize = 2;
/// However slow the machine is.
const WAIT_MAX: Duration = Duration::from_secs(300);

/// Articles that the ERP has at the beginning.
pub const ARTICLES: u32 = 120;

const SCHEDULE: &str = r#"
[schedule.flows]
order      = "10s"
stock      = "10s"
fulfilment = "10s"
article    = "10s"
price      = "after main/article"
category   = "10s"
verify     = "* * * * *"
reconcile  = "*/2 * * * *"
"#;

fn lasts() -> Duration {
    let minutes = std::env::var("PONTE_SOAK_MINUTES").ok();
    let minutes = minutes.map(|text| text.parse().expect("PONTE_SOAK_MINUTES is a number"));
    minutes.map_or(Duration::from_secs(30), |minutes: u64| {
        Duration::from_secs(minutes * 60)
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn the_service_lives_through_restarts_cuts_and_sales() {
    let seed = seed("soak");
    let mut random = StdRng::seed_from_u64(seed);
    let lasts = lasts();
    let slowness = (lasts.as_secs() / SOLD_OUT.as_secs()).max(1);
    let erp_server = PrivatePostgres::start().await;
    let shop_server = Private::start(&[]).await;
    let erp = Database::at(erp_server.url("erp"), "erp");
    let shop = Database::at(shop_server.url("shop"), "shop");
    shop::fill(&erp, &shop).await;
    people::stock_up(&erp, &shop).await;
    // A login of its own, whose sessions can be counted.
    let logins = [
        "CREATE USER 'ponte'@'127.0.0.1' IDENTIFIED BY 'ponte'",
        "GRANT ALL PRIVILEGES ON *.* TO 'ponte'@'127.0.0.1'",
    ];
    for statement in logins {
        shop.client().await.run(statement).await;
    }
    let (erp_url, shop_url) = (erp.url.clone(), shop.url.clone());
    let trouble = Trouble::new(erp_server, shop_server, random.random());
    let [erp_line, shop_line] = trouble.urls();
    let text = shop::project(&erp_line, &shop_line.replace("root:", "ponte:"));
    let text = text.replace("orders.since", "fulfilment.write = true\norders.since");
    let text = servers::without_secrets(&text);
    let between = Between::of(erp, shop, &format!("{text}{SCHEDULE}"));
    between.project.ponte(&["match", "--accept"]).succeeds();
    // Two of the shop's own articles share a figure, which waits for a person.
    between.project.ponte(&["sync"]).exits_with(4);

    let running = between.project.start(&["run"]);
    let began = Instant::now();
    let closes = Arc::new(AtomicBool::new(false));
    let market = Market::open(&shop_url, slowness, closes.clone()).await;
    let mut people = Vec::new();
    for number in 0..BUYERS {
        let buyer = market.clone().buyer(number, random.random());
        people.push(tokio::spawn(buyer.buy_and_cancel()));
    }
    let clerk = Clerk::new(&erp_url, random.random(), slowness, closes.clone());
    people.push(tokio::spawn(clerk.work()));
    let trouble = tokio::spawn(trouble.make(lasts, closes.clone()));

    let mut watch = Watch::new(running.id(), &erp_url, &shop_url);
    let mut account = Account::default();
    let mut listed = Instant::now();
    while began.elapsed() < lasts {
        watch.look().await;
        if listed.elapsed() > LISTS {
            account.list(&between.project);
            listed = Instant::now();
        }
        tokio::time::sleep(LOOK).await;
    }
    closes.store(true, Ordering::SeqCst);
    // It keeps the servers.
    let trouble = trouble.await.expect("no trouble with the trouble");
    for one in people {
        one.await.expect("nobody is ill");
    }

    // Left alone, it comes to rest by itself.
    let quiet = chrono::Utc::now();
    let waits = Instant::now();
    loop {
        account.list(&between.project);
        let missing = account.not_settled(quiet, SETTLED_BY);
        if missing.is_empty() {
            break;
        }
        assert!(
            waits.elapsed() < WAIT_MAX,
            "PONTE_SEED={seed}: {missing:?} do not run well"
        );
        tokio::time::sleep(LOOK).await;
    }
    watch.look().await;
    println!("soak: {}", trouble.made());
    running.signal("-TERM");
    let said = running.wait().succeeds().stderr;
    assert!(said.contains("stopped"), "{said}");

    account.list(&between.project);
    let mut wrong = account.unaccounted(&between.project).await;
    wrong.extend(watch.grown());
    wrong.extend(watch.left_open().await);
    wrong.extend(truth::wrong(&between, &market).await);
    let said: Vec<&str> = said.lines().collect();
    let last = &said[said.len().saturating_sub(200)..];
    assert!(
        wrong.is_empty(),
        "PONTE_SEED={seed}:\n{}\n\nsaid last:\n{}",
        wrong.join("\n"),
        last.join("\n")
    );
    between.assert_sound().await;
}
