//! A story that shows what ponte does: an embedded ERP and an embedded WooCommerce shop, a first load, a price change, a
//! web order, a delivery, and after each what was found and written.

pub mod catalogue;
pub mod data;

use crate::config;
use crate::connections::Connections;
use crate::db::query::Query;
use crate::db::{self, CommitError, DbError, Engine, Session};
use crate::matching::decide::{Decision, Desk};
use crate::matching::{self, ShopMatch};
use crate::own::lease::Lease;
use crate::plan::{Flow, Plan};
use crate::stock::explain::{Explanation, explain};
use crate::stock::{self, LastKnown, StockError, StockReport};
use crate::sync::batch::Intent;
use crate::sync::read::Selection;
use crate::sync::report::FlowReport;
use crate::sync::run::{self, RunError};
use chrono::{DateTime, Utc};
use std::io;
use std::path::{Path, PathBuf};

/// One step of the story, as it has happened.
pub struct Chapter {
    pub title: &'static str,
    /// What happened in the company, and what to look at.
    pub text: String,
    /// How the shop's rows and the ERP's records matched, before anything was written.
    pub matched: Option<ShopMatch>,
    pub flows: Vec<FlowReport>,
    pub stock: Option<StockReport>,
    pub explanation: Option<Box<Explanation>>,
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
}

/// Items of each list of the match that are told.
const SHOWN: usize = 5;
/// What buyers and clerks of the story are busy with.
const SKU: &str = "LB-03";
const WEB_ORDER: i64 = 5001;
const PIECES: i64 = 2;

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
    data::web_order(shop.as_mut(), WEB_ORDER, SKU, PIECES, now).await?;
    drop(shop);
    tell(story.stock("4. A web order", "A buyer orders two LB-03. The shop has taken them off its figure; the ERP knows nothing of it \
        yet, so ponte counts them as pending. Nothing is to be written.").await?);

    story.erp("INSERT INTO orders (number, customer, status, web_reference, order_date) VALUES ('26/0900', 'C0001', 'confirmed', 'main/5001', '2026-01-01')").await?;
    story.erp("INSERT INTO order_lines (order_number, line, sku, warehouse, quantity) VALUES ('26/0900', 1, 'LB-03', 'STORE', '2')").await?;
    tell(story.stock("5. The order is in the ERP", "A clerk has entered and confirmed it. Now the ERP counts the two pieces as committed \
        and ponte no longer as pending: the sum is the same.").await?);

    story
        .erp("UPDATE order_lines SET delivered_quantity = '2' WHERE order_number = '26/0900'")
        .await?;
    story
        .erp("UPDATE orders SET status = 'closed' WHERE number = '26/0900'")
        .await?;
    story.erp("UPDATE stock SET quantity = CAST(CAST(quantity AS INTEGER) - 2 AS TEXT) WHERE sku = 'LB-03' AND warehouse = 'STORE'").await?;
    story
        .erp("UPDATE stock SET quantity = '60' WHERE sku = 'LB-05' AND warehouse = 'DEPOT'")
        .await?;
    tell(story.stock("6. A delivery and a receipt", "The two pieces have left the store, and 60 LB-05 have come into the depot: only their \
        figure changes, by the difference.").await?);
    Ok(())
}

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

    async fn stock(&self, title: &'static str, text: &str) -> Result<Chapter, DemoError> {
        let lease = self.lease().await?;
        let last_known = LastKnown::default();
        let mut chapter = Chapter {
            title,
            text: text.to_owned(),
            matched: None,
            flows: Vec::new(),
            stock: None,
            explanation: None,
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
