//! A story that shows what ponte does: an ERP, embedded or in a database of SQL Server, and an embedded WooCommerce shop, a first load, a price change, a
//! web order on its way into the ERP, a delivery, the news of it back in the shop, second thoughts, the end of the day; and after
//! each what was found and written.

pub mod buyer;
pub mod catalogue;
pub mod data;

use crate::config;
use crate::connections::Connections;
use crate::db::query::Query;
use crate::db::{self, CommitError, DbError, Engine, EngineKind, Session};
use crate::diagnostic::{Diagnostic, Diagnostics};
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
use crate::sync::bind::BindError;
use crate::sync::condition::ConditionError;
use crate::sync::read::Selection;
use crate::sync::report::{FlowReport, Reason};
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
    #[error("the demo's project file is not accepted")]
    Project(Diagnostics),
    #[error(
        "the demo's ERP is a file of its own, or an empty database of SQL Server; this connection string names another kind ({0}): write `--erp sqlserver://LOGIN:${{ERP_PASSWORD}}@HOST/DATABASE`"
    )]
    NoSqlServer(EngineKind),
    #[error(
        "the demo makes an ERP's tables in an empty database, but this one has the table {0} already; nothing was written: name an empty database, made for the demo"
    )]
    NotEmpty(String),
    #[error("the demo's order {order} did not come into the ERP: {reason}")]
    NotImported { order: String, reason: Reason },
    #[error(transparent)]
    Database(#[from] DbError),
    #[error(transparent)]
    Run(#[from] RunError),
    #[error(transparent)]
    Stock(#[from] StockError),
    #[error(transparent)]
    Orders(#[from] OrdersError),
}

impl DemoError {
    /// What does not fit the databases, or is wrong with a connection string, if that is why.
    pub fn diagnostics(&self) -> Option<&[Diagnostic]> {
        match self {
            DemoError::Project(Diagnostics(found))
            | DemoError::Run(RunError::Bind(BindError::Mapping(found)))
            | DemoError::Stock(StockError::Condition(ConditionError::Mapping(found))) => {
                Some(found)
            }
            DemoError::Orders(error) => error.diagnostics(),
            _ => None,
        }
    }
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

/// Where the story's ERP is.
pub struct Erp<'a> {
    /// As a project file has it, for an empty database of SQL Server; `None`: a file in the story's folder.
    pub url: Option<&'a str>,
    /// What the URL names as `${NAME}`.
    pub env: &'a (dyn Fn(&str) -> Option<String> + Sync),
}

/// Plays the story in an empty folder, and tells each chapter as it ends.
///
/// # Errors
/// A folder that cannot be written, or anything that would also stop a real run.
pub async fn play(
    dir: &Path,
    erp: &Erp<'_>,
    tell: &mut (dyn FnMut(Chapter) + Send),
) -> Result<(), DemoError> {
    let now = Utc::now();
    let project = make(dir, erp, now).await?;
    let story = Story::open(&project, erp)?;
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
    // What no chapter tells must have gone well.
    let untold = story.import("", "").await?;
    let mut rejected = untold.flows.iter().flat_map(|flow| &flow.rejected);
    if let Some(one) = rejected.next() {
        return Err(DemoError::NotImported {
            order: one.key.clone(),
            reason: one.reason.clone(),
        });
    }
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

    story.erp(BRICKS).await?;
    for sql in LAURA {
        story.does("shop.main", sql).await?;
    }
    tell(story.customers("10. Customers, both ways", "A builder is to order on the web from now on: an account is made, with a password that nobody knows. Laura has \
        registered in the shop: the ERP knows her by her order, and gets what she has typed in.").await?);
    story
        .erp("UPDATE customers SET name = 'Bricks & Sons Ltd' WHERE number = 'C-200'")
        .await?;
    story
        .does(
            "shop.main",
            "UPDATE wp_usermeta SET meta_value = 'Bricks Inc' WHERE meta_key = 'billing_company'",
        )
        .await?;
    tell(story.customers("11. Changed on both sides", "The builder's firm has another name in the ERP, and a third one in the shop. The name is the ERP's, by the \
        mapping: what the shop has gives way, and that is told.").await?);
    Ok(())
}

/// A customer of the ERP who is to have an account.
const BRICKS: &str = "INSERT INTO customers (number, name, email, phone, vat_number, street, postcode, city, province, web)
     VALUES ('C-200', 'Bricks Ltd', 'office@bricks.example', '011 5', '01234567890', 'Via Po 5', '10100', 'Torino', 'TO', 1)";

/// The buyer registers.
const LAURA: [&str; 2] = [
    "INSERT INTO wp_users (ID, user_login, user_pass, user_nicename, user_email, user_registered, display_name)
     VALUES (900, 'laura', '', 'laura', 'laura@example.com', '2026-01-01 10:00:00', 'Laura')",
    "INSERT INTO wp_usermeta (user_id, meta_key, meta_value) VALUES (900, 'wp_capabilities', 'a:1:{s:8:\"customer\";b:1;}'),
     (900, 'billing_first_name', 'Laura'), (900, 'billing_last_name', 'Bianchi'), (900, 'billing_phone', '333 1'), (900, 'billing_address_1', 'Via Nuova 9')",
];

/// The parcel leaves, and a lorry comes.
const DELIVERY: [&str; 7] = [
    "INSERT INTO documents (number, kind, customer, document_date, carrier, tracking_number)
     SELECT '26/D0412', 'delivery', o.customer, o.order_date, 'BRT', '0151234567890' FROM orders o WHERE o.web_reference = 'main/5001'",
    "INSERT INTO document_lines (document_number, line, order_number, order_line, quantity)
     SELECT '26/D0412', 1, o.number, 1, '2' FROM orders o WHERE o.web_reference = 'main/5001'",
    "UPDATE order_lines SET delivered_quantity = '2'
     WHERE sku IS NOT NULL AND order_number IN (SELECT o.number FROM orders o WHERE o.web_reference = 'main/5001')",
    "UPDATE orders SET status = 'closed' WHERE web_reference = 'main/5001'",
    "UPDATE stock SET quantity = quantity - 2 WHERE sku = 'LB-03' AND warehouse = 'STORE'",
    "UPDATE stock SET quantity = '60' WHERE sku = 'LB-05' AND warehouse = 'DEPOT'",
    "UPDATE order_lines SET delivered_quantity = quantity
     WHERE sku IS NULL AND order_number IN (SELECT o.number FROM orders o WHERE o.web_reference = 'main/5001')",
];

/// Writes both databases and the project file.
async fn make(dir: &Path, erp: &Erp<'_>, now: DateTime<Utc>) -> Result<PathBuf, DemoError> {
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
    let url = toml::Value::String(erp.url.unwrap_or("sqlite:erp.db").to_owned());
    let text = text.replace("{erp}", &url.to_string());
    // An empty file is an empty database; the engine itself creates none, lest a misspelt name become one.
    let databases = [("shop.db", ""), ("erp.db", "")];
    let databases = &databases[..if erp.url.is_some() { 1 } else { 2 }];
    for (name, text) in databases.iter().chain(&[("ponte.toml", text.as_str())]) {
        std::fs::write(dir.join(name), text).map_err(folder)?;
    }
    let filled = fill(&project, erp, now).await;
    if filled.is_err() {
        // Nothing is there yet that another attempt in this folder could not make.
        let _ = std::fs::remove_file(&project);
    }
    filled.map(|()| project)
}

async fn fill(project: &Path, erp: &Erp<'_>, now: DateTime<Utc>) -> Result<(), DemoError> {
    let story = Story::open(project, erp)?;
    let kind = story.connections.engine("erp")?.kind();
    if erp.url.is_some() && kind != EngineKind::SqlServer {
        return Err(DemoError::NoSqlServer(kind));
    }
    let mut session = story.session("erp").await?;
    if let Some(table) = data::any_table(session.as_mut()).await? {
        return Err(DemoError::NotEmpty(table));
    }
    data::make_erp(session.as_mut(), now).await?;
    drop(session);
    data::make_shop(story.session("shop.main").await?.as_mut(), now).await?;
    Ok(())
}

fn goes_both_ways(flow: &Flow) -> bool {
    flow.target.both_ways.is_some()
}

struct Story {
    plan: Plan,
    connections: Connections,
}

impl Story {
    fn open(project: &Path, erp: &Erp<'_>) -> Result<Story, DemoError> {
        let (plan, _) = config::load(project, erp.env).map_err(DemoError::Project)?;
        let connections = Connections::new(&plan)?;
        Ok(Story { plan, connections })
    }

    async fn session(&self, name: &str) -> db::Result<Box<dyn Session>> {
        self.connections.engine(name)?.connect().await
    }

    /// Something happens in the ERP.
    async fn erp(&self, sql: &str) -> db::Result<()> {
        self.does("erp", sql).await
    }

    async fn does(&self, name: &str, sql: &str) -> db::Result<()> {
        let mut session = self.session(name).await?;
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
        let linked = |flow: &&Flow| matching::is_linked(flow) && !goes_both_ways(flow);
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
        for flow in self.plan.flows.iter().filter(|flow| !goes_both_ways(flow)) {
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

    /// Customers to the shop, and back.
    async fn customers(&self, title: &'static str, text: &str) -> Result<Chapter, DemoError> {
        let lease = self.lease().await?;
        let options = run::Options {
            intent: Intent::Write,
            ..run::Options::default()
        };
        let mut chapter = Chapter {
            title,
            text: text.to_owned(),
            ..Chapter::default()
        };
        for flow in self.plan.flows.iter().filter(|flow| goes_both_ways(flow)) {
            let (plan, connections) = (&self.plan, &self.connections);
            // The story's lease is the shop's.
            let guard = flow.target.connection != "erp";
            let guard = guard.then(|| lease.guard().clone());
            let report = run::run(plan, flow, connections, guard, &options, &|_| {}).await?;
            chapter.flows.push(report);
        }
        lease.release().await?;
        Ok(chapter)
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
