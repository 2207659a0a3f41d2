//! Web orders on their way into the ERP, each exactly once.
//!
//! An order's way: found by comparing the shop's orders with the links ([`found`]); read with its lines and charges as any
//! record is ([`crate::sync::read`]); made canonical, its amounts settled to the cent ([`canonical`], [`totals`]); held
//! against the ERP's articles and the pack's conditions; written by the engine that writes every record
//! ([`crate::sync::batch`]), in one transaction of its own: what only the ERP knows is asked inside it
//! ([`crate::sync::fetch`]), and the link commits with the document.
//!
//! Crash points. Before the COMMIT nothing has happened; after it the link says so to every later run, and its unique key
//! makes a second import impossible. After an unknown COMMIT the order is looked for again, by its link and then by its
//! reference on the document, before anything is written. There is no state beside the link.
//!
//! What is paid back of an order goes the same way ([`refund`]).
//!
//! An order that cannot be imported keeps none of the others; it has no link, so every run finds it again. One that is imported is watched
//! ([`watch`]): what the shop had of it lies with its link ([`content`]), and what the ERP has, its pack says ([`documents`]).
//!
//! For people: [`reconcile`] holds both sides against each other, [`story`] tells of one order, [`by_hand`] finds those that somebody has typed.

pub mod accept;
mod approve;
pub mod by_hand;
pub mod canonical;
mod codes;
pub mod content;
pub mod documents;
pub mod found;
pub mod payment;
mod ready;
pub mod reconcile;
pub mod refund;
mod rewrite;
mod shop;
pub mod story;
mod tally;
pub mod totals;
pub mod watch;

use crate::connections::Connections;
use crate::db::{DbError, DbErrorKind, Engine};
use crate::diagnostic::Diagnostic;
use crate::expr::Zone;
use crate::own::lease::Guard;
use crate::own::link::Links;
use crate::plan::order::Kind;
use crate::plan::{Orders, Plan, Statuses};
use crate::sync::batch::{Applier, Intent, Outcome, rejected};
use crate::sync::bind::{BindError, Binder, Bound};
use crate::sync::condition::ConditionError;
use crate::sync::read::{Item, Reader};
use crate::sync::record::Record;
use crate::sync::report::{FlowReport, Reason, Rejected};
use crate::sync::run::{Progress, RunError, surroundings};
use crate::value::Value;
use accept::Rules;
use canonical::{Canonical, unfit};
use chrono::{DateTime, NaiveDate, Utc};
use codes::Codes;
use content::Seen;
use found::{Found, Search};
use refund::{Owners, PaidBack};
use shop::facts;
pub use shop::{Settings, Shop};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use tally::Tally;

/// Among what the flow stands at: orders that the ERP has, and those that wait in the shop, unpaid say.
pub const IMPORTED: &str = "imported";
pub const WAITING: &str = "waiting_in_shop";

/// Orders looked at together; each is written by itself.
const BATCH: usize = 250;

/// Why a shop's orders were not imported.
#[derive(Debug, thiserror::Error)]
pub enum OrdersError {
    #[error(transparent)]
    Run(#[from] RunError),
    #[error(transparent)]
    Condition(#[from] ConditionError),
    #[error(
        "the rule at {place} takes orders when they are paid, but shop `{shop}` keeps no time of payment; say in the rule what is paid: `paid = \"status IN ('2', '5')\"`"
    )]
    NeverPaid { shop: String, place: String },
    #[error("none of the ways in which shop `{shop}` may keep its orders applies to it")]
    NoStorage { shop: String },
}

impl From<DbError> for OrdersError {
    fn from(error: DbError) -> Self {
        OrdersError::Run(error.into())
    }
}

impl From<BindError> for OrdersError {
    fn from(error: BindError) -> Self {
        OrdersError::Run(error.into())
    }
}

impl OrdersError {
    /// What is wrong with the mapping, if that is why.
    pub fn diagnostics(&self) -> Option<&[Diagnostic]> {
        match self {
            OrdersError::Run(RunError::Bind(BindError::Mapping(found)))
            | OrdersError::Condition(ConditionError::Mapping(found)) => Some(found),
            _ => None,
        }
    }

    /// The database's error, if that is why.
    pub fn database(&self) -> Option<&DbError> {
        match self {
            OrdersError::Run(
                RunError::Database(error) | RunError::Bind(BindError::Database(error)),
            )
            | OrdersError::Condition(ConditionError::Database(error)) => Some(error),
            _ => None,
        }
    }
}

/// What of a run the caller decides.
pub struct Options<'a> {
    pub intent: Intent,
    pub guard: Option<Guard>,
    /// Look at every imported order again, not only at those that the shop says have changed.
    pub full: bool,
    /// A person has put right what imported orders were told for.
    pub settle: bool,
    /// Only these references; empty = all.
    pub only: &'a [String],
    /// Told what a first run has found, before it writes.
    pub say: &'a (dyn Fn(&str) + Send + Sync),
}

/// The day of a moment, as people there tell it.
fn local_day(moment: DateTime<Utc>, zone: Zone) -> NaiveDate {
    let wall = zone.wall(moment);
    wall.map_or_else(|| moment.date_naive(), |wall| wall.date())
}

/// Imports what the ERP does not have yet. Whoever says that an order is settled, says it of its refunds, too.
///
/// # Errors
/// What stops the flow as a whole; what is wrong with single orders is in the report.
pub async fn run(
    plan: &Plan,
    orders: &Orders,
    connections: &Connections,
    options: Options<'_>,
    progress: Progress<'_>,
) -> Result<FlowReport, OrdersError> {
    let mut report = import(plan, orders, connections, &options, progress).await?;
    let mut refunds = plan.refunds.iter();
    let refunds = refunds.find(|one| one.shop == orders.shop && orders.kind == Kind::Order);
    if let Some(refunds) = refunds.filter(|_| options.settle) {
        let more = import(plan, refunds, connections, &options, progress).await?;
        report.counts.read += more.counts.read;
        report.counts.created += more.counts.created;
        report.counts.linked += more.counts.linked;
        report.counts.right += more.counts.right;
        report.notes.extend(more.notes);
    }
    Ok(report)
}

async fn import(
    plan: &Plan,
    orders: &Orders,
    connections: &Connections,
    options: &Options<'_>,
    progress: Progress<'_>,
) -> Result<FlowReport, OrdersError> {
    let mut shop = Shop::open(plan, orders, connections).await?;
    let flow = &shop.storage.flow;
    let erp_engine = connections.engine(&flow.target.connection)?;
    let mut erp = erp_engine.connect().await?;
    let erp_facts = facts(plan, &flow.target.connection);
    let mut around = surroundings(erp.as_mut(), erp_facts, flow).await?;
    around.zone = shop.local;
    let bound = Binder::new(shop.session.as_mut(), erp.as_mut(), &around.lookups)
        .bind(flow, flow.target.find.as_ref())
        .await?;
    let own = connections.own(&flow.target.connection);
    let links = Links::new(&own, &orders.shop, orders.kind.record());
    let owners = Owners::new(orders, &own);
    let paid_back = PaidBack::open(plan, &mut shop, orders, &own).await?;
    let mut report = FlowReport {
        flow: orders.name.clone(),
        ..FlowReport::default()
    };
    if links.count(erp.as_mut()).await? == 0 {
        let mut search = Search::new(orders, shop.storage, shop.zone, options.only);
        let mut tally = Tally::default();
        while let Some(page) = search
            .next(shop.session.as_mut(), erp.as_mut(), &links)
            .await?
        {
            let owned = match orders.kind {
                Kind::Order => HashMap::new(),
                Kind::Refund => owners.of(erp.as_mut(), &page).await?,
            };
            let is_new = |one: &&Found| match orders.kind {
                Kind::Order => {
                    let meaning = meaning(&orders.statuses, &one.status);
                    matches!(meaning, Meaning::Import | Meaning::Unknown)
                }
                Kind::Refund => owned.contains_key(&one.order),
            };
            tally.add(page.iter().filter(is_new));
        }
        if let Some(note) = tally.note(orders) {
            (options.say)(&note);
            report.notes.push(note);
        }
    }
    let rules = Rules::new(orders, shop.now, shop.zone, shop.local);
    if let Some(rule) = rules.unable(|field| bound.layout.source_position(field).is_some()) {
        return Err(OrdersError::NeverPaid {
            shop: orders.shop.clone(),
            place: rule.at.place(),
        });
    }
    let mut import = Import {
        orders,
        rules,
        codes: Codes::new(orders),
        zone: shop.zone,
        local: shop.local,
        bound: &bound,
        source: connections.engine(&flow.source.connection)?,
        links: &links,
        owners,
        order_of: HashMap::new(),
        paid_back,
        full: options.full,
        settle: options.settle,
        marks: HashMap::new(),
        canonical: Canonical::new(&bound, orders, shop.zone),
        applier: Applier::new(
            &bound,
            erp_engine,
            erp,
            own,
            options.guard.clone(),
            around,
            options.intent,
        ),
        writes: options.intent == Intent::Write,
        waiting: 0,
    };
    import.applier.singly = true;
    let mut search = Search::new(orders, shop.storage, shop.zone, options.only);
    while let Some(page) = search
        .next(
            shop.session.as_mut(),
            import.applier.session.as_mut(),
            &links,
        )
        .await?
    {
        let keys = match orders.kind {
            Kind::Order => {
                let session = shop.session.as_mut();
                import.watch(session, &page, &mut report).await?;
                import.new_orders(page, &mut report)
            }
            Kind::Refund => {
                let mut page = page;
                // A refund's key may be another order's.
                page.retain(|one| !options.settle || options.only.contains(&one.order));
                import.credited(&page).await?
            }
        };
        if keys.is_empty() {
            continue;
        }
        let mut reader = Reader::of_keys(&import.source, &bound, &keys, flow.digest);
        let mut batch = Vec::new();
        while let Some(item) = reader.next().await? {
            match item {
                Item::Rejected(rejected) => {
                    report.counts.read += 1;
                    report.reject(rejected);
                }
                Item::Record(record) => batch.push(*record),
                // Nothing is known of orders but their links.
                Item::Known(_) => {}
            }
            if batch.len() >= BATCH {
                import
                    .batch(std::mem::take(&mut batch), &mut report)
                    .await?;
                progress(&report);
            }
        }
        import.batch(batch, &mut report).await?;
        progress(&report);
    }
    if options.settle && orders.kind == Kind::Refund && import.writes {
        import.booked_by_hand(&mut report).await?;
    }
    if options.only.is_empty() {
        let linked = links.count(import.applier.session.as_mut()).await?;
        report.standing.insert(IMPORTED, linked);
        if orders.kind == Kind::Order {
            report.standing.insert(WAITING, import.waiting);
        }
    }
    Ok(report)
}

struct Import<'b> {
    orders: &'b Orders,
    rules: Rules<'b>,
    codes: Codes<'b>,
    /// In which the shop keeps its times, and by which its people tell days.
    zone: Zone,
    local: Zone,
    bound: &'b Bound<'b>,
    source: Arc<dyn Engine>,
    links: &'b Links,
    owners: Owners<'b>,
    /// The ERP's key of the order of each refund that is to be written.
    order_of: HashMap<String, String>,
    /// `None`: what is paid back of these orders does not reach the ERP by itself.
    paid_back: Option<PaidBack<'b>>,
    full: bool,
    settle: bool,
    /// What the shop's list said of the orders that are to be imported.
    marks: HashMap<String, String>,
    canonical: Canonical<'b>,
    applier: Applier<'b>,
    writes: bool,
    /// Orders that are not to be imported yet.
    waiting: u64,
}

impl Import<'_> {
    /// The keys of orders that are to be imported, sorted; a status that nobody has spoken of is told.
    fn new_orders(&mut self, page: Vec<Found>, report: &mut FlowReport) -> Vec<Value> {
        let marks = page.iter().filter(|one| one.link.is_none());
        let marks = marks.filter_map(|one| Some((one.key.clone(), one.mark()?)));
        self.marks = marks.collect();
        let mut keys = Vec::new();
        for one in page.into_iter().filter(|one| one.link.is_none()) {
            match meaning(&self.orders.statuses, &one.status) {
                Meaning::Import => {
                    keys.push(one.reference);
                    continue;
                }
                Meaning::Wait => {
                    self.waiting += 1;
                    continue;
                }
                Meaning::Ignore | Meaning::Cancelled => continue,
                Meaning::Unknown => {}
            }
            report.counts.read += 1;
            report.reject(Rejected {
                hash: crate::sync::read::key_hash(&one.key),
                reason: unknown_status(self.orders, &one.status),
                key: one.key,
            });
        }
        keys.sort_by(|a, b| a.order(b));
        keys
    }

    async fn batch(
        &mut self,
        records: Vec<Record>,
        report: &mut FlowReport,
    ) -> Result<(), OrdersError> {
        let mut rest = records;
        while !rest.is_empty() {
            let (now, later) = self.one_each(rest);
            self.together(now, report).await?;
            rest = later;
        }
        Ok(())
    }

    /// The first order of each account, and the account's others: those are its customer's once the first has come in.
    fn one_each(&self, records: Vec<Record>) -> (Vec<Record>, Vec<Record>) {
        let mut seen = HashSet::new();
        records.into_iter().partition(|record| {
            let account = self.account(record);
            account.is_empty() || self.bound.customer.is_none() || seen.insert(account)
        })
    }

    /// The shop's number of the account; empty for a guest.
    fn account(&self, record: &Record) -> String {
        self.canonical.text(record, "customer").trim().to_owned()
    }

    async fn together(
        &mut self,
        records: Vec<Record>,
        report: &mut FlowReport,
    ) -> Result<(), OrdersError> {
        let mut current = records;
        match self.orders.kind {
            // It may have been cancelled since it was found.
            Kind::Order => current.retain(|record| {
                let status = self.canonical.text(record, "status");
                self.orders.statuses.import.contains(&status)
            }),
            Kind::Refund => self.put_orders(&mut current),
        }
        report.counts.read += current.len() as u64;
        self.known_customers(&mut current).await?;
        let let_in = self.let_in(current, report).await?;
        for record in &let_in {
            self.note(record);
        }
        let (ready, refused) = self.ready(let_in).await?;
        for (record, reason) in refused {
            report.reject(rejected(&record, reason));
        }
        if ready.is_empty() {
            self.forget();
            return Ok(());
        }
        for done in self.applier.apply(ready, report).await? {
            match done.outcome {
                Outcome::Rejected(reason) => report.reject(rejected(&done.record, reason)),
                Outcome::Created => report.counts.created += 1,
                Outcome::Changed => report.counts.changed += 1,
                Outcome::Linked => report.counts.linked += 1,
                // Imported by this run, whose answer was lost.
                Outcome::Right | Outcome::Unknown => report.counts.right += 1,
            }
        }
        self.forget();
        Ok(())
    }

    /// What the shop had of an order lies with its link.
    fn note(&mut self, record: &Record) {
        if self.orders.kind == Kind::Refund {
            return;
        }
        let seen = Seen {
            mark: self.marks.remove(&record.key),
            content: Some(self.canonical.content(record, &self.bound.flow.digest)),
            told: None,
            settled: None,
        };
        let mut noted = BTreeMap::new();
        seen.put(&mut noted);
        self.applier.noted.insert(record.key.clone(), noted);
    }

    /// The batch is done.
    fn forget(&mut self) {
        self.applier.noted.clear();
        self.applier.approved.keys.clear();
    }
}

/// What a query names without its being bound there: told when the files are read, mostly.
fn unbound(sql: &crate::plan::ServerSql, name: &str) -> DbError {
    let place = sql.at.place();
    DbError::new(
        DbErrorKind::Config,
        format_args!("{place}: nothing is bound to `:{name}`"),
    )
}

/// What a shop's status means for the ERP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Meaning {
    Import,
    Wait,
    Ignore,
    Cancelled,
    /// Nobody has said.
    Unknown,
}

pub fn meaning(statuses: &Statuses, status: &str) -> Meaning {
    let lists = [
        (&statuses.import, Meaning::Import),
        (&statuses.wait, Meaning::Wait),
        (&statuses.ignore, Meaning::Ignore),
        (&statuses.cancelled, Meaning::Cancelled),
    ];
    let has = |(list, _): &(&Vec<String>, Meaning)| list.iter().any(|one| one == status);
    let found = lists.into_iter().find(has);
    found.map_or(Meaning::Unknown, |(_, meaning)| meaning)
}

/// A status that neither the pack nor the project speaks of.
fn unknown_status(orders: &Orders, status: &str) -> Reason {
    Reason::Unfit {
        why: format!("nobody has said what the shop's status `{status}` means"),
        advice: name_status(orders),
    }
}

/// What to do about a status that nobody has spoken of.
fn name_status(orders: &Orders) -> String {
    format!(
        "put it into `import`, `wait`, `ignore` or `cancelled` of `[shop.{}.order]`",
        orders.shop
    )
}
