//! The pipeline as a test drives it: a project in a folder of its own, its databases set up, its flows run one by one
//! through the library; and databases written out whole, to compare them with what they were.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use ponte::connections::Connections;
use ponte::own::lease::{Guard, Lease};
use ponte::plan::{Flow, Plan, Stock};
use ponte::stock::{self, LastKnown, Mode, StockReport};
use ponte::sync::batch::Intent;
use ponte::sync::read::Selection;
use ponte::sync::report::FlowReport;
use ponte::sync::run::{self, Options, RunError};
use tempfile::TempDir;

use super::client::Client;

pub struct Pipeline {
    pub plan: Plan,
    pub connections: Connections,
    /// By connection: every database that something is written to.
    leases: BTreeMap<String, Lease>,
    folder: TempDir,
}

/// A run of what changed since the last one.
pub fn changed() -> Options {
    Options {
        intent: Intent::Write,
        full: false,
        selection: Selection::default(),
        ..Options::default()
    }
}

/// A run that compares everything with the target as it is now.
pub fn full() -> Options {
    Options {
        full: true,
        ..changed()
    }
}

/// A full run that only says what it would write.
pub fn dry() -> Options {
    Options {
        intent: Intent::DryRun,
        ..full()
    }
}

/// A run of certain keys only.
pub fn only(keys: &[&str]) -> Options {
    Options {
        selection: Selection {
            only: keys.iter().map(|key| (*key).to_owned()).collect(),
            rows_max: None,
        },
        ..changed()
    }
}

impl Pipeline {
    /// Loads the project file and creates ponte's own tables.
    pub async fn new(project: &str) -> Pipeline {
        Pipeline::with_files(project, &[]).await
    }

    /// The same with further files beside the project file: packs of its own.
    pub async fn with_files(project: &str, files: &[(&str, &str)]) -> Pipeline {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("ponte.toml");
        for (path, text) in files.iter().chain(&[("ponte.toml", project)]) {
            let path = folder.path().join(path);
            let parent = path.parent().expect("a path in the folder");
            std::fs::create_dir_all(parent).expect("folders in the folder");
            std::fs::write(path, text).expect("a file in the folder");
        }
        let plan = match ponte::config::load(&file, &|_| None) {
            Ok((plan, _)) => plan,
            Err(diagnostics) => panic!("{}\n{project}", diagnostics.render(false)),
        };
        let connections = Connections::new(&plan).expect("engines for the project's URLs");
        let targets = plan.flows.iter().map(|flow| &flow.target.connection);
        let targets = targets.chain(plan.stocks.iter().map(|stock| &stock.target.connection));
        let mut leases = BTreeMap::new();
        for name in targets {
            if leases.contains_key(name) {
                continue;
            }
            let engine = connections.engine(name).expect("an engine of the plan");
            let own = connections.own(name);
            let mut session = engine.connect().await.expect("a connection");
            own.create(session.as_mut()).await.expect("ponte's tables");
            let pair = format!("pair {}", NUMBER.fetch_add(1, Ordering::Relaxed));
            let lease = Lease::take(engine, own, &pair, "a test").await;
            leases.insert(name.clone(), lease.expect("a lease nobody else wants"));
        }
        // What an ERP's pack has beside its own tables, the stock reads.
        for stock in &plan.stocks {
            let name = &stock.erp.connection;
            let engine = connections.engine(name).expect("an engine of the plan");
            let mut session = engine.connect().await.expect("a connection");
            let created = connections.own(name).create(session.as_mut()).await;
            created.expect("tables in the ERP");
        }
        Pipeline {
            plan,
            connections,
            leases,
            folder,
        }
    }

    pub fn flow(&self, name: &str) -> &Flow {
        let flow = self.plan.flows.iter().find(|flow| flow.name == name);
        flow.unwrap_or_else(|| panic!("the plan has no flow `{name}`"))
    }

    fn guard(&self, connection: &str) -> &Guard {
        self.leases[connection].guard()
    }

    pub async fn try_run(&self, flow: &str, options: &Options) -> Result<FlowReport, RunError> {
        let flow = self.flow(flow);
        let guard = Some(self.guard(&flow.target.connection).clone());
        run::run(&self.plan, flow, &self.connections, guard, options, &|_| {}).await
    }

    /// Runs one flow to its end.
    #[track_caller]
    pub fn run(&self, flow: &str, options: &Options) -> impl Future<Output = FlowReport> {
        let at = std::panic::Location::caller();
        async move {
            match self.try_run(flow, options).await {
                Ok(report) => {
                    adds_up(&report);
                    report
                }
                Err(RunError::Bind(ponte::sync::bind::BindError::Mapping(found))) => {
                    let found = ponte::diagnostic::Diagnostics(found);
                    panic!("{at}: {}", found.render(false))
                }
                Err(error) => panic!("{at}: flow {flow} failed: {error}"),
            }
        }
    }

    /// Runs every flow of the plan in its order, and once more those whose records waited for what another has written.
    pub async fn run_all(&self, options: &Options) -> Vec<FlowReport> {
        let mut reports = Vec::new();
        let mut again = Vec::new();
        for flow in &self.plan.flows {
            let report = self.run(&flow.name, options).await;
            let owner = flow.target.meets.as_ref().filter(|_| report.met > 0);
            again.extend(self.plan.flows.iter().filter(|other| {
                owner.is_some() && other.shop == flow.shop && other.record.as_ref() == owner
            }));
            reports.push(report);
        }
        for flow in again {
            reports.push(self.run(&flow.name, options).await);
        }
        reports
    }

    /// Runs every flow and the stock; true if anything was written.
    pub async fn sync(&self, options: &Options) -> bool {
        let reports = self.run_all(options).await;
        let stock = self.stock().await;
        for report in &reports {
            assert!(report.is_clean(), "{}: {:?}", report.flow, report.rejected);
        }
        reports.iter().any(FlowReport::wrote) || stock.changed + stock.derived_changed > 0
    }

    /// Runs every flow and the stock of every shop; true if anything was written.
    pub async fn sync_shops(&self, options: &Options) -> bool {
        let reports = self.run_all(options).await;
        let mut wrote = reports.iter().any(FlowReport::wrote);
        for report in &reports {
            assert!(report.is_clean(), "{}: {:?}", report.flow, report.rejected);
        }
        for stock in &self.plan.stocks {
            let report = self.stock_of(stock).await;
            wrote |= report.changed + report.derived_changed > 0;
        }
        wrote
    }

    /// One cycle of the plan's only stock.
    pub async fn stock(&self) -> StockReport {
        self.stock_of(self.plan.stocks.first().expect("a stock in the plan"))
            .await
    }

    async fn stock_of(&self, stock: &Stock) -> StockReport {
        let known = LastKnown::new();
        let options = stock::Options {
            mode: Mode::Write(self.guard(&stock.target.connection)),
            only: &[],
            walk: None,
            last_known: &known,
        };
        match stock::cycle(&self.plan, stock, self.connections.engines(), options).await {
            Ok(report) => report,
            Err(error) => panic!("the cycle failed: {error}"),
        }
    }

    /// As if the state folder had been lost.
    pub fn lose_snapshots(&self) {
        let state = &self.plan.state_dir;
        if state.exists() {
            std::fs::remove_dir_all(state).expect("the state folder can go");
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// Whatever happens, the counts of a report must add up to the rows read.
#[track_caller]
fn adds_up(report: &FlowReport) {
    let c = &report.counts;
    let sum = c.unchanged + c.right + c.created + c.changed + c.linked + c.follows + c.not_linked;
    let sum =
        sum + c.waiting + c.held + c.ignored + c.ambiguous + c.removed + c.rejected + c.duplicates;
    assert_eq!(c.read, sum, "{}: {c:?}", report.flow);
}

/// What verifying finds.
pub fn verify() -> Options {
    Options {
        verify: true,
        ..dry()
    }
}

/// The rejected records of a report, as `key: reason`, sorted.
pub fn rejected(report: &FlowReport) -> Vec<String> {
    let mut texts: Vec<String> = report
        .rejected
        .iter()
        .map(|rejected| format!("{}: {}", rejected.key.replace('\t', "|"), rejected.reason))
        .collect();
    texts.sort();
    texts
}

/// Every row of every table but ponte's leases and generations, table by table in a fixed order, as its server writes it.
pub async fn dump(client: &mut Client) -> Vec<String> {
    let tables = match client {
        Client::Postgres(_) => {
            "SELECT quote_ident(table_schema) || '.' || quote_ident(table_name) FROM information_schema.tables
             WHERE table_schema NOT IN ('pg_catalog', 'information_schema') AND table_type = 'BASE TABLE' ORDER BY 1"
        }
        Client::Mariadb(_) => {
            "SELECT table_name FROM information_schema.tables WHERE table_schema = database() AND table_type = 'BASE TABLE' ORDER BY 1"
        }
        Client::SqlServer(_) => {
            "SELECT QUOTENAME(s.name) + '.' + QUOTENAME(t.name) FROM sys.tables t JOIN sys.schemas s ON s.schema_id = t.schema_id ORDER BY 1"
        }
        Client::Sqlite(_) => {
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY 1"
        }
    };
    let mut lines = Vec::new();
    for table in client.rows(tables).await.into_iter().flatten().flatten() {
        if ["lease", "heartbeat", "generation"]
            .iter()
            .any(|own| table.trim_end_matches(']').ends_with(own))
        {
            continue;
        }
        let rows = client.rows(&format!("SELECT * FROM {table}")).await;
        let mut of_table: Vec<String> = rows.iter().map(|row| format!("{table} {row:?}")).collect();
        of_table.sort();
        lines.extend(of_table);
    }
    lines
}

/// Fails with the first lines that differ.
#[track_caller]
pub fn same_dump(before: &[String], after: &[String], claim: &str) {
    let gone: Vec<&String> = before.iter().filter(|line| !after.contains(line)).collect();
    let new: Vec<&String> = after.iter().filter(|line| !before.contains(line)).collect();
    assert!(
        before == after,
        "{claim}\ngone: {:#?}\nnew: {:#?}",
        &gone[..gone.len().min(10)],
        &new[..new.len().min(10)]
    );
}
