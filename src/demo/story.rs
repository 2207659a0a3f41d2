//! What happens in the story's company, and what ponte does about it.

use super::{BASKET, Chapter, DemoError, Erp, SKU, data};
use crate::config;
use crate::connections::Connections;
use crate::db::query::Query;
use crate::db::{self, EngineKind, Session};
use crate::fulfilment;
use crate::mail;
use crate::matching::decide::{Decision, Desk};
use crate::matching::{self, ShopMatch};
use crate::orders::{self, by_hand, reconcile};
use crate::own::approval::Standing;
use crate::own::lease::Lease;
use crate::plan::order::Kind;
use crate::plan::{Flow, Plan};
use crate::round;
use crate::stock::explain::explain;
use crate::stock::{self, LastKnown};
use crate::story as whole;
use crate::sync::batch::Intent;
use crate::sync::report::FlowReport;
use crate::sync::run;
use chrono::{DateTime, Utc};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Items of each list of the match that are told.
const SHOWN: usize = 5;
/// Where the courier drops its files.
const COURIER: &str = "courier";
const WHO: &str = "the demo";

/// Writes both databases and the project file.
pub async fn make(dir: &Path, erp: &Erp<'_>, now: DateTime<Utc>) -> Result<PathBuf, DemoError> {
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
    std::fs::create_dir_all(dir.join(COURIER)).map_err(folder)?;
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

pub struct Story {
    dir: PathBuf,
    plan: Plan,
    connections: Connections,
}

impl Story {
    pub fn open(project: &Path, erp: &Erp<'_>) -> Result<Story, DemoError> {
        let (plan, _) = config::load(project, erp.env).map_err(DemoError::Project)?;
        let connections = Connections::new(&plan)?;
        let dir = project.parent().unwrap_or(Path::new(".")).to_owned();
        Ok(Story {
            dir,
            plan,
            connections,
        })
    }

    /// ponte's own tables, as `ponte setup` makes them.
    pub async fn set_up(&self) -> db::Result<()> {
        for name in ["erp", "shop.main"] {
            let mut session = self.session(name).await?;
            self.connections.own(name).create(session.as_mut()).await?;
        }
        Ok(())
    }

    pub async fn session(&self, name: &str) -> db::Result<Box<dyn Session>> {
        self.connections.engine(name)?.connect().await
    }

    /// Something happens in the ERP.
    pub async fn erp(&self, sql: &str) -> db::Result<()> {
        self.does("erp", sql).await
    }

    pub async fn does(&self, name: &str, sql: &str) -> db::Result<()> {
        let mut session = self.session(name).await?;
        session.begin(db::Isolation::ReadCommitted).await?;
        session.execute(&Query::sql(sql)).await?;
        session.commit().await.map_err(data::lost)
    }

    async fn lease(&self, name: &str) -> db::Result<Lease> {
        let engine = self.connections.engine(name)?;
        Lease::take(engine, self.connections.own(name), name, WHO).await
    }

    /// First contact: what `ponte match --accept` does.
    pub async fn accept(&self) -> Result<ShopMatch, DemoError> {
        let linked = |flow: &&Flow| matching::is_linked(flow) && !goes_both_ways(flow);
        let flows: Vec<&Flow> = self.plan.flows.iter().filter(linked).collect();
        let found = matching::examine(&self.plan, "main", &flows, &self.connections, SHOWN).await?;
        let lease = self.lease("shop.main").await?;
        for (flow, matched) in flows.into_iter().zip(&found.flows) {
            let guard = lease.guard().clone();
            let mut desk = Desk::open(&self.plan, flow, &self.connections, guard).await?;
            let counts = matched.summary().to_string();
            desk.decide(&Decision::Accept { counts }).await?;
        }
        lease.release().await?;
        Ok(found)
    }

    /// What waits for a person, who agrees; then all flows again.
    pub async fn approve(&self, title: &'static str, text: &str) -> Result<Chapter, DemoError> {
        let asking = self.flows().await?;
        let questions = round::approve::list(&self.plan, &self.connections, false).await?;
        let (plan, connections) = (&self.plan, &self.connections);
        round::approve::decide(plan, connections, &questions, Standing::Accepted, "", WHO).await?;
        let told = self.sync(title, text).await?;
        Ok(Chapter {
            asking,
            questions,
            ..told
        })
    }

    /// Orders that somebody has typed into the ERP: what `ponte match orders --accept` does.
    pub async fn match_orders(
        &self,
        title: &'static str,
        text: &str,
    ) -> Result<Chapter, DemoError> {
        let mut chapter = Chapter::of(title, text);
        for one in &self.plan.orders {
            let mut found = by_hand::propose(&self.plan, one, &self.connections).await?;
            let refused = round::by_hand::accept(one, &self.connections, &mut found).await?;
            if let Some(why) = refused {
                return Err(DemoError::NotLinked(why));
            }
            chapter.by_hand = Some(found);
        }
        Ok(chapter)
    }

    /// The courier drops a file.
    pub fn courier(&self, text: &str) -> Result<(), DemoError> {
        let path = self.dir.join(COURIER).join("evening.csv");
        let written = std::fs::write(&path, text).and_then(|()| {
            // One that was written just now may not be whole, and is left for the next run.
            let a_minute_ago = SystemTime::now() - Duration::from_secs(60);
            let file = std::fs::File::options().write(true).open(&path)?;
            file.set_modified(a_minute_ago)
        });
        written.map_err(|source| DemoError::Folder { path, source })
    }

    /// One order's story: what `ponte order` tells.
    pub async fn order(
        &self,
        title: &'static str,
        text: &str,
        order: i64,
    ) -> Result<Chapter, DemoError> {
        let mut chapter = Chapter::of(title, text);
        for one in &self.plan.orders {
            let (plan, connections) = (&self.plan, &self.connections);
            let wanted = order.to_string();
            let found = whole::find(plan, one, connections, None, &wanted).await?;
            chapter.order = found.into_iter().next();
        }
        Ok(chapter)
    }

    /// All flows, then the stock.
    pub async fn sync(&self, title: &'static str, text: &str) -> Result<Chapter, DemoError> {
        let flows = self.flows().await?;
        let chapter = self.stock(title, text).await?;
        Ok(Chapter {
            flows,
            explanation: None,
            ..chapter
        })
    }

    /// From the ERP to the shop.
    async fn flows(&self) -> Result<Vec<FlowReport>, DemoError> {
        let lease = self.lease("shop.main").await?;
        let options = run::Options {
            intent: Intent::Write,
            ..run::Options::default()
        };
        let mut reports = Vec::new();
        for flow in self.plan.flows.iter().filter(|flow| !goes_both_ways(flow)) {
            let (plan, connections) = (&self.plan, &self.connections);
            let guard = Some(lease.guard().clone());
            reports.push(run::run(plan, flow, connections, guard, &options, &|_| {}).await?);
        }
        lease.release().await?;
        Ok(reports)
    }

    /// Customers to the shop, and back.
    pub async fn customers(&self, title: &'static str, text: &str) -> Result<Chapter, DemoError> {
        let lease = self.lease("shop.main").await?;
        let options = run::Options {
            intent: Intent::Write,
            ..run::Options::default()
        };
        let mut chapter = Chapter::of(title, text);
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

    /// Web orders and what was paid back of them into the ERP, then the stock.
    pub async fn import(&self, title: &'static str, text: &str) -> Result<Chapter, DemoError> {
        let lease = self.lease("shop.main").await?;
        let mut flows = Vec::new();
        for one in self.plan.orders.iter().chain(&self.plan.refunds) {
            let options = orders::Options {
                intent: Intent::Write,
                guard: None,
                full: false,
                settle: false,
                only: &[],
                say: &|_| {},
            };
            let report = orders::run(&self.plan, one, &self.connections, options, &|_| {}).await?;
            // Most chapters tell of no refund.
            if one.kind == Kind::Order || report.counts.read > 0 {
                flows.push(report);
            }
        }
        lease.release().await?;
        let chapter = self.stock(title, text).await?;
        Ok(Chapter { flows, ..chapter })
    }

    /// The orders' news back to the shop, and the mails that follow.
    pub async fn told(&self, title: &'static str, text: &str) -> Result<Chapter, DemoError> {
        let lease = self.lease("shop.main").await?;
        let of_erp = self.lease("erp").await?;
        let mut chapter = Chapter::of(title, text);
        for one in &self.plan.fulfilments {
            let options = fulfilment::Options {
                guard: Some(lease.guard()),
                erp_guard: Some(of_erp.guard()),
                only: &[],
            };
            let report =
                fulfilment::run(&self.plan, one, &self.connections, options, &|_| {}).await?;
            chapter.flows.push(report);
            let order = BASKET.order.to_string();
            chapter.mails = mail::preview(one, &self.connections, &order).await?;
        }
        of_erp.release().await?;
        lease.release().await?;
        Ok(chapter)
    }

    pub async fn reconciled(&self, title: &'static str, text: &str) -> Result<Chapter, DemoError> {
        let mut chapter = Chapter::of(title, text);
        for one in &self.plan.orders {
            let none = reconcile::Reasons::new();
            let (plan, connections) = (&self.plan, &self.connections);
            let report = reconcile::run(plan, one, connections, None, &none, &none).await?;
            chapter.reconciled = Some(report);
        }
        Ok(chapter)
    }

    pub async fn stock(&self, title: &'static str, text: &str) -> Result<Chapter, DemoError> {
        let lease = self.lease("shop.main").await?;
        let last_known = LastKnown::default();
        let mut chapter = Chapter::of(title, text);
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
