//! Available stock: what the ERP can still deliver, shown by the shop.
//!
//! ```text
//! available = floor(on hand - committed - pending - safety stock), not below 0
//! ```
//!
//! *On hand* and *committed* come from the ERP, over the warehouses assigned to the shop. *Pending* are the pieces of web
//! orders that hold the shop's stock and that the ERP does not *count* yet: counting is more than knowing, an order is
//! counted once its lines are committed or delivered, or once it was closed or cancelled there.
//!
//! # The problem
//!
//! Four things move at once. Customers buy; the shop's own code takes the pieces off its figure, in statements that are
//! each a transaction of their own; the ERP imports orders, delivers and receives; and ponte reads both sides at two
//! different moments. Locks do not help, since the shop reads without any. What must never happen is that the shop shows
//! more than there is.
//!
//! # The protocol
//!
//! 1. **Look at the shop** in one snapshot: the shown figure of each article and the orders that hold stock; at the orders
//!    once more right after it where a snapshot may be torn (see [`torn`]).
//! 2. **Look at the ERP** in one snapshot, later: counted, then committed, then on hand.
//! 3. Where a shop takes the stock *before* the order can be seen (`checkout_seconds`), **look at the orders again** once
//!    the first look is that old, and let the larger quantity of each order count; orders that were pending only in
//!    between count, too (see [`second`]).
//! 4. **Write the difference**, `quantity = quantity + (target - shown)`, never the target itself.
//!
//! Why this errs low and never high, order by order:
//! - *Seen at the first look and counted by the ERP later*: the ERP has committed it, and it is not pending.
//! - *Seen and not counted*: it is pending. If the shop takes its pieces only after the look, the shown figure was still
//!   too high by them, and so is the amount written down: the shop then takes them once more, and the figure is too
//!   low until the next look.
//! - *Placed after the look*: the shop takes the pieces off whatever the figure is, before or after ponte's relative
//!   write; both orders give the same. An absolute write would undo the shop's.
//! - *Cancelled meanwhile*: the pieces come back into the figure by the shop's own relative write.
//! - *Delivered meanwhile*: read in this order or in one snapshot, pieces leave "committed" not before they leave "on hand".
//!
//! # Crash points
//!
//! A transaction holds some figures with their derived rows ([`crate::sync::pace`] says how many). Before its COMMIT nothing
//! has happened. After an *unknown* COMMIT nothing is sent again: see [`write`]. There is no state: the next cycle looks anew.
//!
//! # Settling
//!
//! A figure of which an order holds pieces may have been written too low, since the shop had not taken them yet. Those
//! articles go round again, until a round finds nothing to write for them, at most [`ROUNDS_MAX`] rounds or [`SETTLE`]; the
//! rest is for the next cycle. So do those that could not be written, or perhaps were.
//!
//! A shop that writes its figure *absolutely* (PrestaShop) undoes what ponte wrote between the shop's reading and its
//! writing. Its pack tells which orders are under way (`in_flight`). There every article that was written goes round again,
//! and then as long as one of them names it.
//!
//! # Left out
//!
//! Sales in the ERP after its snapshot, a cancellation that only the shop knows, pages that the shop has cached, two
//! shops that sell the last piece within one cycle (safety stock is the remedy), and stock the shop does not manage.
//! Figures of all articles are held in memory during a round, about a hundred bytes each; those that are written, or beside
//! which is looked, whole, some thousands at a time.

mod approve;
mod assess;
mod beside;
mod erp;
pub mod explain;
mod figure;
mod figures;
mod forget;
mod groups;
mod orders;
mod others;
mod packed;
mod pending;
mod report;
mod rows;
mod second;
mod shop;
mod siblings;
mod skus;
mod torn;
mod total;
mod write;

use crate::db::patience;
use crate::db::{DbError, DbErrorKind, Engine, Session};
use crate::own::OwnTables;
use crate::own::decision::{Decisions, Kind};
use crate::own::lease::Guard;
use crate::plan::{self, Plan};
use crate::sync::condition::ConditionError;
use crate::sync::derived::groups::Groups;
use approve::Rises;
pub use assess::Left;
use assess::{Assessment, Basis, Job, assess};
use beside::Walk;
use erp::Erp;
pub use explain::{Explanation, Verdict, explain};
pub use figure::{ALWAYS_PIECES, Exception};
use figures::Figures;
use others::Others;
pub use pending::KnownLine;
use pending::{Line, OrderLine, join};
pub use report::{Failed, FigureChange, Named, OLD_DAYS, Oversold, StockReport, Waiting};
use second::{Second, Seen};
use shop::{Shop, Targets, engine_of};
use siblings::Siblings;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use torn::Later;
use write::{Writer, Written, find_off};

/// Rounds of one cycle, the first one included.
pub const ROUNDS_MAX: u32 = 3;
/// No round begins later than this after the first one.
pub const SETTLE: Duration = Duration::from_secs(60);
/// Between two rounds: about what a shop takes for one checkout's statements.
const BREATH: Duration = Duration::from_millis(100);
/// The same while checkouts of these articles are under way.
const BREATH_IN_FLIGHT: Duration = Duration::from_millis(500);

/// Why a cycle or an explanation failed.
#[derive(Debug, thiserror::Error)]
pub enum StockError {
    #[error(transparent)]
    Database(#[from] DbError),
    #[error(transparent)]
    Condition(#[from] ConditionError),
    /// A pack's query yields something that cannot be understood.
    #[error("{place}: {message}")]
    Yield { place: String, message: String },
    #[error("no query for pending orders applies to shop `{shop}`: its stock cannot be told")]
    NoPending { shop: String },
    #[error(
        "shop `{shop}` sells from the same warehouses, is out of reach and its pending orders are not known from before: {error}"
    )]
    OtherShop { shop: String, error: DbError },
}

/// Databases by the names of their connections in the plan.
pub type Engines = BTreeMap<String, Arc<dyn Engine>>;

/// Pending orders of shops as their last cycle saw them, by the shop's name.
pub type LastKnown = BTreeMap<String, Vec<KnownLine>>;

#[derive(Debug, Clone, Copy)]
pub enum Mode<'a> {
    /// Computes and reports, one round; writes nothing.
    DryRun,
    /// The guard of the lease on the shop's server.
    Write(&'a Guard),
}

/// What of a cycle the caller decides.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    pub mode: Mode<'a>,
    /// Only these skus; empty = all.
    pub only: &'a [String],
    /// Where the last cycle's walk over what hangs on right figures ended; `None`: all of it is looked at.
    pub walk: Option<u32>,
    /// For other shops on the same warehouses while they are out of reach.
    pub last_known: &'a LastKnown,
}

/// Brings the figures of one shop to what is available.
///
/// # Errors
/// Those of the databases that do not pass by themselves within the cycle, and mapping errors. Figures written before
/// the error stay right: each transaction is complete in itself.
pub async fn cycle(
    project: &Plan,
    stock: &plan::Stock,
    engines: &Engines,
    options: Options<'_>,
) -> Result<StockReport, StockError> {
    let started = Instant::now();
    let mut cycle = Cycle::open(project, stock, engines, options).await?;
    let mut report = StockReport {
        flow: stock.name.clone(),
        dry_run: matches!(options.mode, Mode::DryRun),
        ..StockReport::default()
    };
    let mut focus = only(options.only);
    let mut written = BTreeSet::new();
    loop {
        report.rounds += 1;
        let scope = Scope {
            only: focus.as_ref(),
            walk: options.walk.filter(|_| focus.is_none()),
            is_first: report.rounds == 1,
        };
        let mut round = cycle.look(&scope).await?;
        if scope.is_first {
            cycle.tell(&round, focus.is_none(), &mut report);
        }
        if focus.is_none() {
            report.walked = Some(round.walk.end());
        }
        let now = cycle.write(&mut round, options.mode, &mut report).await?;
        let restless = now.sure.iter().filter(|sku| round.is_restless(sku));
        let mut again: BTreeSet<String> = restless.cloned().collect();
        written.extend(now.sure);
        written.extend(now.unsure.iter().cloned());
        again.extend(now.unsure);
        // A checkout that read one of these figures before it was written may still write it.
        let in_flight: Vec<&String> = round.in_flight.intersection(&written).collect();
        again.extend(in_flight.iter().map(|sku| (*sku).clone()));
        if again.is_empty() || report.rounds >= ROUNDS_MAX || started.elapsed() >= SETTLE {
            report.unsettled = again.into_iter().collect();
            cycle.settle_groups(options.mode, &mut report).await?;
            return Ok(report);
        }
        let breath = match in_flight.is_empty() {
            true => BREATH,
            false => BREATH_IN_FLIGHT,
        };
        focus = Some(again);
        tokio::time::sleep(breath).await;
    }
}

fn only(skus: &[String]) -> Option<BTreeSet<String>> {
    let trimmed = skus.iter().map(|sku| sku.trim_matches(' ').to_owned());
    (!skus.is_empty()).then(|| trimmed.collect())
}

/// ponte's own tables on the shop's server.
fn own(project: &Plan, stock: &plan::Stock) -> OwnTables {
    let connection = project.connections.get(&stock.target.connection);
    OwnTables::new(connection.and_then(|connection| connection.own_schema.clone()))
}

/// The articles that a person took out of the shop; none where ponte's own tables are not there yet.
async fn ignored(
    project: &Plan,
    stock: &plan::Stock,
    session: &mut dyn Session,
) -> Result<HashSet<String>, StockError> {
    let decisions = Decisions::new(&own(project, stock), &stock.shop, "article");
    match decisions.all(session, Kind::Ignored).await {
        Err(error) if error.kind == DbErrorKind::Undefined => Ok(HashSet::new()),
        all => Ok(all?),
    }
}

/// The connections of a cycle, open from its first round to its last.
struct Cycle<'p> {
    stock: &'p plan::Stock,
    shop: Shop<'p>,
    siblings: Siblings<'p>,
    targets: Targets<'p>,
    others: Others<'p>,
    erp_engine: Arc<dyn Engine>,
    erp: Box<dyn Session>,
    /// Articles that a person took out of this shop.
    ignored: HashSet<String>,
    /// `None`: no rise waits for a person.
    rises: Option<Rises<'p>>,
    /// What the articles looked at so far belong to.
    groups: Groups,
}

/// What one round looks at.
struct Scope<'a> {
    /// Only these skus.
    only: Option<&'a BTreeSet<String>>,
    /// See [`Options::walk`].
    walk: Option<u32>,
    /// Those that share a figure with them are read, too.
    is_first: bool,
}

/// What one round read, and what it comes to.
struct Round {
    figures: Figures,
    lines: Vec<OrderLine>,
    assessment: Assessment,
    walk: Walk,
    /// Articles whose checkouts are under way.
    in_flight: BTreeSet<String>,
    /// Articles of which orders hold pieces that the ERP does not count; `None` where all may move: see [settling](self#settling).
    moving: Option<BTreeSet<String>>,
    /// This shop's lines alone, for other shops' cycles.
    own: Vec<Line>,
}

impl Round {
    /// Whether a figure that was just written may have been written from too low a look, or be undone.
    fn is_restless(&self, sku: &str) -> bool {
        self.moving
            .as_ref()
            .is_none_or(|moving| moving.contains(sku))
    }
}

impl<'p> Cycle<'p> {
    async fn open(
        project: &'p Plan,
        stock: &'p plan::Stock,
        engines: &Engines,
        options: Options<'_>,
    ) -> Result<Cycle<'p>, StockError> {
        let mut shop = Shop::open(project, stock, engines).await?;
        let targets = shop.targets().await?;
        let siblings = Siblings::open(project, stock, engines).await?;
        let ignored = ignored(project, stock, shop.session.as_mut()).await?;
        let others = Others::open(project, stock, engines, options.last_known).await?;
        let erp_engine = engine_of(engines, &stock.erp.connection)?;
        let erp = erp_engine.connect().await?;
        Ok(Cycle {
            erp_engine,
            stock,
            shop,
            siblings,
            targets,
            others,
            erp,
            ignored,
            rises: Rises::new(&own(project, stock), stock),
            groups: Groups::default(),
        })
    }

    /// Looks at both sides in the order that errs low.
    async fn look(&mut self, scope: &Scope<'_>) -> Result<Round, StockError> {
        let looked = Instant::now();
        let kept = self.targets.columns();
        let mut later = Later::begin(&mut self.shop, &self.siblings, !scope.is_first).await?;
        let mut late = Vec::new();
        if scope.only.is_none() {
            late = later.lines(&mut self.shop, &self.siblings, None).await?;
        }
        let figures = self.shop.figures(scope.only, scope.is_first, &kept);
        let figures = figures.await?;
        let wider = scope.only.map(|skus| total::parts(&figures, skus));
        let only = wider.as_ref();
        let own = self.shop.pending(only).await?;
        let session = self.shop.session.as_mut();
        let mut first = self.siblings.lines(session, only).await?;
        first.extend(own.iter().cloned());
        late.extend(later.lines(&mut self.shop, &self.siblings, only).await?);
        let second = Second::after_first(&mut self.shop, &self.siblings).await?;
        let others = self.others.pending(only).await?;

        let references = first
            .iter()
            .chain(&late)
            .chain(&others)
            .map(|line| line.reference.clone())
            .collect();
        let wanted = erp::Wanted {
            only,
            skus: &figures.skus,
            references: &references,
            details: false,
        };
        patience::wake(self.erp_engine.as_ref(), &mut self.erp).await?;
        let erp: Erp = erp::read(self.erp.as_mut(), self.stock, &wanted).await?;

        let age = Duration::from_secs(self.stock.target.checkout_seconds.into());
        tokio::time::sleep(age.saturating_sub(looked.elapsed())).await;
        if !second.is_open() {
            patience::wake(self.shop.engine.as_ref(), &mut self.shop.session).await?;
        }
        let seen = match self.stock.target.checkout_seconds {
            0 => Seen::default(),
            _ => {
                // An order that only this look sees was not asked of the ERP: it counts as pending, which errs low.
                second.look(&mut self.shop, only).await?
            }
        };
        let lines = join(
            &[&first, &late, &seen.pending, &seen.came, &others],
            &erp.counted,
        );
        let basis = Basis {
            lines: &lines,
            erp: &erp,
            safety: &self.stock.safety,
            disputed: &self.siblings.disputed,
            ignored: &self.ignored,
            only: scope.only,
        };
        let walk = Walk::over(scope.walk, &figures);
        let assessment = assess(&figures, &basis, walk.looks(&lines));
        let under_way = first.iter().chain(&late).chain(&seen.pending);
        let in_flight = under_way.filter(|line| line.in_flight);
        let pending = lines.iter().filter(|line| !line.pending.is_zero());
        let moving = match self.shop.orders().are_written_absolutely() {
            true => None,
            false => Some(pending.map(|line| line.sku.clone()).collect()),
        };
        Ok(Round {
            moving,
            in_flight: in_flight.map(|line| line.sku.clone()).collect(),
            figures,
            lines,
            assessment,
            walk,
            own,
        })
    }

    fn tell(&self, round: &Round, complete: bool, report: &mut StockReport) {
        report.found(&round.assessment);
        report.pending(&round.lines, self.shop.now);
        report.out_of_reach = self.others.out_of_reach();
        if complete {
            let mine: BTreeSet<&str> = round
                .own
                .iter()
                .map(|line| line.reference.as_str())
                .collect();
            let pending = round
                .lines
                .iter()
                .filter(|line| !line.pending.is_zero() && mine.contains(line.reference.as_str()));
            report.known = Some(pending.map(KnownLine::from).collect());
        }
    }

    /// Writes what is off, or in a dry run tells it.
    async fn write(
        &mut self,
        round: &mut Round,
        mode: Mode<'_>,
        report: &mut StockReport,
    ) -> Result<Written, StockError> {
        let mut off = std::mem::take(&mut round.assessment.off);
        let figures = &round.figures;
        let mut accepted = HashSet::new();
        if let Some(rises) = &mut self.rises {
            let guard = match mode {
                Mode::Write(guard) => Some(guard),
                Mode::DryRun => None,
            };
            let sorted = rises.sort(&mut self.shop, guard, figures, off, report);
            let sorted = sorted.await?;
            (off, accepted) = (sorted.due, sorted.accepted);
            round.assessment.right.extend(sorted.kept);
        }
        let right = &round.assessment.right;
        let session = self.shop.session.as_mut();
        let guard = match mode {
            Mode::Write(guard) => guard,
            Mode::DryRun => {
                for job in off {
                    let figure = figures.figure(job.place);
                    report.changed(figure.name(), figure.pieces(), &job.target);
                }
                let tell = |changes| report.derived(changes);
                find_off(
                    session,
                    &self.targets,
                    figures,
                    right,
                    &mut self.groups,
                    tell,
                )
                .await?;
                return Ok(Written::default());
            }
        };
        let groups = &mut self.groups;
        let beside = find_off(session, &self.targets, figures, right, groups, |_| ()).await?;
        off.extend(beside.into_iter().filter_map(|place| {
            let target = figures.figure(place).pieces()?.clone();
            Some(Job { place, target })
        }));
        let mut writer = Writer {
            shop: &mut self.shop,
            targets: &self.targets,
            figures,
            guard,
            groups,
            approved: self.rises.as_ref().map(|rises| (rises, &accepted)),
        };
        let due = off.len() as u64;
        let written = writer.write(off, report).await?;
        report.dropped += due.abs_diff(written.ended);
        Ok(written)
    }
}
