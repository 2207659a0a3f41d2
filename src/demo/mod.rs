//! A story that shows what ponte does: an embedded ERP and an embedded WooCommerce shop, a first load, a price change, a
//! web order on its way into the ERP, a delivery, the news of it back in the shop, second thoughts, the end of the day; and after
//! each what was found and written.

pub mod buyer;
pub mod catalogue;
pub mod data;

use crate::config;
use crate::connections::Connections;
use crate::db::query::Query;
use crate::db::{self, CommitError, DbError, Engine, Session};
use crate::fulfilment;
use crate::mail::{self, Preview};
use crate::matching::decide::{Decision, Desk};
use crate::matching::{self, ShopMatch};
use crate::orders::{self, OrdersError, reconcile};
use crate::own::lease::Lease;
use crate::plan::{Flow, Plan};
use crate::stock::explain::{Explanation, explain};
use crate::stock::{self, LastKnown, StockError, StockReport};
use crate::sync::batch::Intent;
use crate::sync::read::Selection;
use crate::sync::report::FlowReport;
use crate::sync::run::{self, RunError};
use buyer::Basket;
use chrono::{DateTime, Utc};
use std::io;
use std::path::{Path, PathBuf};

/// One step of the story, as it has happened.
#[derive(Default)]
pub struct Chapter {
    pub title: &'static str,
    /// What happened in the company, and what to look at.
    pub text: String,
    /// How the shop's rows and the ERP's records matched, before anything was written.
    pub matched: Option<ShopMatch>,
    pub flows: Vec<FlowReport>,
    pub stock: Option<StockReport>,
    pub explanation: Option<Box<Explanation>>,
    /// What its customer gets.
    pub mails: Vec<Preview>,
    pub reconciled: Option<reconcile::Report>,
}

#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    #[error("cannot write {}: {source}", path.display())]
    Folder { path: PathBuf, source: io::Error },
    #[error("{} holds a demo already; name an empty folder, or delete it", path.display())]
    Taken { path: PathBuf },
    #[error("the demo's own project file is not accepted:\n{0}")]
    Project(String),
    #[error(transparent)]
    Database(#[from] DbError),
    #[error(transparent)]
    Run(#[from] RunError),
    #[error(transparent)]
    Stock(#[from] StockError),
    #[error(transparent)]
    Orders(#[from] OrdersError),
}

/// Items of each list of the match that are told.
const SHOWN: usize = 5;
/// What buyers and clerks of the story are busy with.
const SKU: &str = "LB-03";
const BASKET: Basket = Basket {
    order: 5001,
    sku: SKU,
    pieces: 2,
    cents: 495,
};
const SECOND: Basket = Basket {
    order: 5002,
    sku: SKU,
    pieces: 1,
    cents: 495,
};

/// Plays the story in an empty folder, and tells each chapter as it ends.
///
/// # Errors
/// A folder that cannot be written, or anything that would also stop a real run.
pub async fn play(dir: &Path, tell: &mut (dyn FnMut(Chapter) + Send)) -> Result<(), DemoError> {
    let now = Utc::now();
    let project = make(dir, now).await?;
    let story = Story::open(&project)?;
    let own = ["erp", "shop.main"];
    for name in own {
        let mut session = story.connections.engine(name)?.connect().await?;
        story.connections.own(name).create(session.as_mut()).await?;
    }

    let matched = story.accept().await?;
    let first = story.sync("1. First load", "The shop sells a few of the company's articles already, under the same sku. `ponte match` shows \
        which, and somebody has accepted it: they are linked, not doubled; the others are created. Texts the shop's people wrote stay theirs.").await?;
    tell(Chapter {
        matched: Some(matched),
        ..first
    });
    tell(
        story
            .sync(
                "2. Nothing has changed",
                "A second run reads, compares, and writes nothing.",
            )
            .await?,
    );

    story
        .erp("UPDATE prices SET amount = '4.95' WHERE sku = 'LB-03'")
        .await?;
    story
        .erp("UPDATE prices SET sale_amount = '9.90' WHERE sku = 'GP-01'")
        .await?;
    tell(story.sync("3. A price change", "In the ERP, the LED bulb LB-03 now costs 4.95 net, and the pruner GP-01 is on sale for 9.90.").await?);

    let mut shop = story.session("shop.main").await?;
    BASKET.check_out(shop.as_mut(), now).await?;
    tell(story.stock("4. A web order", "Laura orders two LB-03. The shop has taken them off its figure; the ERP knows nothing of it \
        yet, so ponte counts them as pending. Nothing is to be written.").await?);

    tell(story.import("5. The order comes into the ERP", "`ponte sync` imports it: customer, head, line, tax, in one transaction with the link that \
        makes a second import impossible. Now the ERP counts the two pieces as committed and ponte no longer as pending: the sum is the same.").await?);

    for sql in DELIVERY {
        story.erp(sql).await?;
    }
    tell(story.stock("6. A delivery and a receipt", "The two pieces have left the store, and 60 LB-05 have come into the depot: only their \
        figure changes, by the difference.").await?);

    tell(story.told("7. The shop is told", "The order is completed in the shop, with the courier's number. A mail is due to Laura, once; this \
        is what she gets.").await?);

    SECOND.check_out(shop.as_mut(), now).await?;
    story.import("", "").await?;
    SECOND.cancel(shop.as_mut()).await?;
    BASKET.refund(shop.as_mut(), 200, now).await?;
    drop(shop);
    tell(story.import("8. Second thoughts", "Laura ordered one more, which ponte imported, and cancelled it before anybody packed it: it is cancelled in \
        the ERP, too. For the first order the shop has paid 2.00 back: that is booked by a person, who is told.").await?);

    tell(
        story
            .reconciled(
                "9. The end of the day",
                "Orders and sums on both sides, and what is missing or too much.",
            )
            .await?,
    );
    Ok(())
}

/// The parcel leaves, and a lorry comes.
const DELIVERY: [&str; 7] = [
    "INSERT INTO documents (number, kind, customer, document_date, carrier, tracking_number)
     SELECT '26/D0412', 'delivery', o.customer, o.order_date, 'BRT', '0151234567890' FROM orders o WHERE o.web_reference = 'main/5001'",
    "INSERT INTO document_lines (document_number, line, order_number, order_line, quantity)
     SELECT '26/D0412', 1, o.number, 1, '2' FROM orders o WHERE o.web_reference = 'main/5001'",
    "UPDATE order_lines SET delivered_quantity = '2'
     WHERE sku IS NOT NULL AND order_number IN (SELECT o.number FROM orders o WHERE o.web_reference = 'main/5001')",
    "UPDATE orders SET status = 'closed' WHERE web_reference = 'main/5001'",
    "UPDATE stock SET quantity = CAST(CAST(quantity AS INTEGER) - 2 AS TEXT) WHERE sku = 'LB-03' AND warehouse = 'STORE'",
    "UPDATE stock SET quantity = '60' WHERE sku = 'LB-05' AND warehouse = 'DEPOT'",
    "UPDATE order_lines SET delivered_quantity = quantity
     WHERE sku IS NULL AND order_number IN (SELECT o.number FROM orders o WHERE o.web_reference = 'main/5001')",
];

/// Writes both databases and the project file.
async fn make(dir: &Path, now: DateTime<Utc>) -> Result<PathBuf, DemoError> {
    let project = dir.join("ponte.toml");
    if project.exists() {
        return Err(DemoError::Taken {
            path: dir.to_owned(),
        });
    }
    let folder = |source| DemoError::Folder {
        path: dir.to_owned(),
        source,
    };
    std::fs::create_dir_all(dir).map_err(folder)?;
    let since = now.format("%Y-%m-%dT00:00:00Z").to_string();
    let text = include_str!("ponte.toml").replace("{since}", &since);
    // An empty file is an empty database; the engine itself creates none, lest a misspelt name become one.
    for (name, text) in [
        ("ponte.toml", text.as_str()),
        ("erp.db", ""),
        ("shop.db", ""),
    ] {
        std::fs::write(dir.join(name), text).map_err(folder)?;
    }
    let story = Story::open(&project)?;
    data::make_erp(story.session("erp").await?.as_mut(), now).await?;
    data::make_shop(story.session("shop.main").await?.as_mut(), now).await?;
    Ok(project)
}

struct Story {
    plan: Plan,
    connections: Connections,
}

impl Story {
    fn open(project: &Path) -> Result<Story, DemoError> {
        let (plan, _) = config::load(project, &|_| None)
            .map_err(|found| DemoError::Project(found.render(false)))?;
        let connections = Connections::new(&plan)?;
        Ok(Story { plan, connections })
    }

    async fn session(&self, name: &str) -> db::Result<Box<dyn Session>> {
        self.connections.engine(name)?.connect().await
    }

    /// Something happens in the ERP.
    async fn erp(&self, sql: &str) -> db::Result<()> {
        let mut session = self.session("erp").await?;
        session.begin(db::Isolation::ReadCommitted).await?;
        session.execute(&Query::sql(sql)).await?;
        session
            .commit()
            .await
            .map_err(|error: CommitError| data::lost(error))
    }

    async fn lease(&self) -> db::Result<Lease> {
        let engine: std::sync::Arc<dyn Engine> = self.connections.engine("shop.main")?;
        Lease::take(
            engine,
            self.connections.own("shop.main"),
            "shop.main",
            "the demo",
        )
        .await
    }

    /// First contact: what `ponte match --accept` does.
    async fn accept(&self) -> Result<ShopMatch, DemoError> {
        let linked = |flow: &&Flow| matching::is_linked(flow);
        let flows: Vec<&Flow> = self.plan.flows.iter().filter(linked).collect();
        let found = matching::examine(&self.plan, "main", &flows, &self.connections, SHOWN).await?;
        let lease = self.lease().await?;
        for (flow, matched) in flows.into_iter().zip(&found.flows) {
            let guard = lease.guard().clone();
            let mut desk = Desk::open(&self.plan, flow, &self.connections, guard).await?;
            let counts = matched.summary().to_string();
            desk.decide(&Decision::Accept { counts }).await?;
        }
        lease.release().await?;
        Ok(found)
    }

    /// All flows, then the stock.
    async fn sync(&self, title: &'static str, text: &str) -> Result<Chapter, DemoError> {
        let lease = self.lease().await?;
        let options = run::Options {
            intent: Intent::Write,
            full: false,
            selection: Selection::default(),
            ..run::Options::default()
        };
        let mut flows = Vec::new();
        for flow in &self.plan.flows {
            let guard = Some(lease.guard().clone());
            flows.push(
                run::run(
                    &self.plan,
                    flow,
                    &self.connections,
                    guard,
                    &options,
                    &|_| {},
                )
                .await?,
            );
        }
        lease.release().await?;
        let chapter = self.stock(title, text).await?;
        Ok(Chapter {
            flows,
            explanation: None,
            ..chapter
        })
    }

    /// Web orders into the ERP, then the stock.
    async fn import(&self, title: &'static str, text: &str) -> Result<Chapter, DemoError> {
        let lease = self.lease().await?;
        let mut flows = Vec::new();
        for one in &self.plan.orders {
            let options = orders::Options {
                intent: Intent::Write,
                guard: None,
                full: false,
                settle: false,
                only: &[],
                say: &|_| {},
            };
            flows.push(orders::run(&self.plan, one, &self.connections, options, &|_| {}).await?);
        }
        lease.release().await?;
        let chapter = self.stock(title, text).await?;
        Ok(Chapter { flows, ..chapter })
    }

    /// The orders' news back to the shop, and the mails that follow.
    async fn told(&self, title: &'static str, text: &str) -> Result<Chapter, DemoError> {
        let lease = self.lease().await?;
        let mut chapter = Chapter {
            title,
            text: text.to_owned(),
            ..Chapter::default()
        };
        for one in &self.plan.fulfilments {
            let options = fulfilment::Options {
                guard: Some(lease.guard()),
                erp_guard: None,
                only: &[],
            };
            let report =
                fulfilment::run(&self.plan, one, &self.connections, options, &|_| {}).await?;
            chapter.flows.push(report);
            let order = BASKET.order.to_string();
            chapter.mails = mail::preview(one, &self.connections, &order).await?;
        }
        lease.release().await?;
        Ok(chapter)
    }

    async fn reconciled(&self, title: &'static str, text: &str) -> Result<Chapter, DemoError> {
        let mut chapter = Chapter {
            title,
            text: text.to_owned(),
            ..Chapter::default()
        };
        for one in &self.plan.orders {
            let reasons = reconcile::Reasons::new();
            let report = reconcile::run(&self.plan, one, &self.connections, None, &reasons).await?;
            chapter.reconciled = Some(report);
        }
        Ok(chapter)
    }

    async fn stock(&self, title: &'static str, text: &str) -> Result<Chapter, DemoError> {
        let lease = self.lease().await?;
        let last_known = LastKnown::default();
        let mut chapter = Chapter {
            title,
            text: text.to_owned(),
            ..Chapter::default()
        };
        if let Some(plan) = self.plan.stocks.first() {
            let options = stock::Options {
                mode: stock::Mode::Write(lease.guard()),
                only: &[],
                walk: None,
                last_known: &last_known,
            };
            let engines = self.connections.engines();
            chapter.stock = Some(stock::cycle(&self.plan, plan, engines, options).await?);
            let explanation = explain(&self.plan, plan, engines, &last_known, SKU).await?;
            chapter.explanation = Some(Box::new(explanation));
        }
        lease.release().await?;
        Ok(chapter)
    }
}
