//! What becomes of web orders in the ERP, on its way back to their shop: status, parcels, invoice, each told once.
//!
//! An order's way: linked orders are gone through page by page, since only those have a document; the ERP is asked how far
//! their documents are ([`erp`]); what is new is found by comparing with what ponte remembers ([`decide`]); the shop's
//! order is read, and written to, in one transaction with the memory ([`shop`]).
//!
//! Crash points. The memory lies in the shop's database and commits with what it speaks of, so that an order's news are
//! written with it or not at all. After an unknown COMMIT the flow begins anew; it takes the lock on the order's row
//! before it reads the memory, so that a transaction that is still about to commit is waited for.

mod approve;
pub mod decide;
mod drop;
pub mod erp;
mod note;
pub mod shop;
pub mod story;
mod tracking;

use crate::config::record::ORDER;
use crate::connections::Connections;
use crate::db::{self, Session};
use crate::orders::OrdersError;
use crate::own::lease::Guard;
use crate::own::link::{Link, Links};
use crate::own::wrote::Fields;
use crate::plan::Plan;
use crate::plan::fulfilment::Fulfilment;
use crate::sync::change::{ChangeKind, RowChange};
use crate::sync::gate::Judged;
use crate::sync::read::key_hash;
use crate::sync::report::{CHANGES_KEPT, FlowReport, Reason, RecordChange, Rejected};
use crate::sync::run::Progress;
use crate::value::Value;
use decide::{Step, Told, decide, has_news};
use erp::Erp;
use shop::{Current, Shop, Written};
use std::collections::HashMap;
use tracking::Tracker;

/// Linked orders looked at together.
const PAGE: usize = 1000;
/// Tries of one order's transaction that gave way to the shop; after that its turn comes with the next run.
const TRIES: u32 = 3;
/// Orders left alone that are named one by one.
const LEFT_NAMED: u64 = 20;

/// What of a run the caller decides.
pub struct Options<'a> {
    /// `None`: nothing is written.
    pub guard: Option<&'a Guard>,
    /// Of the ERP, whose deliveries may get tracking numbers.
    pub erp_guard: Option<&'a Guard>,
    /// Only these references; empty = all.
    pub only: &'a [String],
}

/// Tells the shop what is new.
///
/// # Errors
/// What stops the flow as a whole; what is wrong with single orders is in the report.
pub async fn run(
    plan: &Plan,
    fulfilment: &Fulfilment,
    connections: &Connections,
    options: Options<'_>,
    progress: Progress<'_>,
) -> Result<FlowReport, OrdersError> {
    let mut session = connections
        .engine(&fulfilment.erp.connection)?
        .connect()
        .await?;
    let erp = Erp::open(session.as_mut(), &fulfilment.erp).await?;
    let own = connections.own(&fulfilment.erp.connection);
    let links = Links::new(&own, &fulfilment.shop, ORDER.name);
    let mut report = FlowReport {
        flow: fulfilment.name.clone(),
        ..FlowReport::default()
    };
    let shop = Shop::open(plan, fulfilment, connections).await?;
    let mut tracker = None;
    if let Some(tracking) = &fulfilment.tracking {
        let guard = options.erp_guard;
        let notes = &mut report.notes;
        tracker = Some(Tracker::open(tracking, connections, guard, shop.now(), notes).await?);
    }
    let mut work = Work {
        fulfilment,
        shop,
        tracker,
        options,
        report,
        left: 0,
        busy: 0,
    };
    let mut last = String::new();
    loop {
        let keys = links.keys_behind(session.as_mut(), &last, PAGE).await?;
        let Some(end) = keys.last() else { break };
        last.clone_from(end);
        let is_last = keys.len() < PAGE;
        work.page(&erp, session.as_mut(), &links, keys).await?;
        progress(&work.report);
        if is_last {
            break;
        }
    }
    Ok(work.finish())
}

struct Work<'a> {
    fulfilment: &'a Fulfilment,
    shop: Shop<'a>,
    tracker: Option<Tracker<'a>>,
    options: Options<'a>,
    report: FlowReport,
    /// Orders about which a person is told.
    left: u64,
    /// Orders that somebody else held locked.
    busy: u64,
}

impl Work<'_> {
    async fn page(
        &mut self,
        erp: &Erp<'_>,
        session: &mut dyn Session,
        links: &Links,
        mut keys: Vec<String>,
    ) -> db::Result<()> {
        keys.retain(|key| self.options.only.is_empty() || self.options.only.contains(key));
        let linked: HashMap<String, Link> = links.of(session, &keys).await?;
        let (mut told, wrong) = erp.told(session, &linked).await?;
        self.report.counts.read += (told.len() + wrong.len()) as u64;
        for (key, reason) in wrong {
            self.reject(key, reason);
        }
        let keys: Vec<String> = told.iter().map(|one| one.key.clone()).collect();
        let memory = self.shop.remembered(&keys).await?;
        if let Some(tracker) = &mut self.tracker {
            let orders = (told.as_mut_slice(), &linked);
            let (shop, report) = (&mut self.shop, &mut self.report);
            tracker
                .fill(session, erp, shop, orders, &memory, report)
                .await?;
        }
        let none = Fields::new();
        let of = |told: &Told| memory.get(&told.key).unwrap_or(&none);
        let (news, known): (Vec<Told>, Vec<Told>) =
            told.into_iter().partition(|told| has_news(told, of(told)));
        self.report.counts.unchanged += known.len() as u64;
        let keys: Vec<String> = news.iter().map(|one| one.key.clone()).collect();
        let current = match keys.is_empty() {
            true => HashMap::new(),
            false => self.shop.current(&keys, false).await?,
        };
        for told in news {
            let current = current.get(&told.key);
            if current.is_some_and(|current| current.is_old) {
                self.report.counts.unchanged += 1;
                continue;
            }
            match self.options.guard {
                Some(guard) => self.write(&told, guard).await?,
                None => {
                    let status = current.map(|current| current.status.as_str());
                    let step = decide(&self.fulfilment.rules, &told, of(&told), status);
                    let Some(step) = step else { continue };
                    match self.shop.judged(&told, &step, current).await? {
                        Judged::Free | Judged::Accepted => self.note(&told, &step, current),
                        Judged::Not(reason) | Judged::Ask(reason, _) => {
                            self.reject(told.key.clone(), reason);
                        }
                    }
                }
            }
        }
        Ok(())
    }

    async fn write(&mut self, told: &Told, guard: &Guard) -> db::Result<()> {
        let mut tries = 0;
        loop {
            match self.shop.write(told, guard).await {
                Ok(Written::Done(step, current, (inserted, updated))) => {
                    self.report.counts.rows_inserted += inserted;
                    self.report.counts.rows_updated += updated;
                    self.note(told, &step, Some(&current));
                    return Ok(());
                }
                Ok(Written::Waits(reason, asking)) => {
                    if let Some(asking) = asking {
                        self.shop.ask(guard, asking).await?;
                    }
                    self.reject(told.key.clone(), reason);
                    return Ok(());
                }
                Ok(Written::Nothing) => {
                    self.report.counts.right += 1;
                    return Ok(());
                }
                Err(error) if error.is_contention() && tries < TRIES => {
                    tries += 1;
                    tokio::time::sleep(db::patience::pause(tries)).await;
                }
                Err(error) if error.is_contention() => {
                    self.busy += 1;
                    self.report.counts.waiting += 1;
                    return Ok(());
                }
                Err(error) if error.is_about_data() => {
                    self.reject(told.key.clone(), Reason::Refused(error.message));
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn reject(&mut self, key: String, reason: Reason) {
        self.report.reject(Rejected {
            hash: key_hash(&key),
            key,
            reason,
        });
    }

    /// Counts and shows what was (or would be) written.
    fn note(&mut self, told: &Told, step: &Step, current: Option<&Current>) {
        if let Some(left) = &step.left {
            self.left += 1;
            if self.left <= LEFT_NAMED {
                let note = format!("order {}: {left}; its status was left alone", told.key);
                self.report.notes.push(note);
            }
        }
        if step.is_silent() {
            self.report.counts.right += 1;
            return;
        }
        self.report.counts.changed += 1;
        self.report.changes_total += 1;
        if self.report.changes.len() < CHANGES_KEPT {
            let old = current.map_or("", |current| &current.status);
            self.report.changes.push(RecordChange {
                key: told.key.clone(),
                change: self.shown(told, step, old),
            });
        }
    }

    fn shown(&self, told: &Told, step: &Step, old: &str) -> RowChange {
        let text = |text: &str| Value::Text(text.to_owned());
        let table = &self.shop.way.table;
        let mut change = RowChange::new(
            ChangeKind::Update,
            table,
            &[("reference", &text(&told.key))],
        );
        if let Some(status) = &step.status {
            change = change.column("status", Some(&text(old)), Some(&text(status)));
        }
        if let (None, Some(state)) = (&step.status, step.state) {
            change = change.column("note", None, Some(&text(state.name())));
        }
        for parcel in &step.parcels {
            let shown = match parcel.tracking.is_empty() {
                true => parcel.number.clone(),
                false => format!("{} {} {}", parcel.number, parcel.carrier, parcel.tracking),
            };
            change = change.column("parcel", None, Some(&text(&shown)));
        }
        if step.invoice {
            change = change.column("invoice", None, Some(&text(&told.invoice)));
        }
        change
    }

    fn finish(mut self) -> FlowReport {
        if self.left > LEFT_NAMED {
            let more = self.left - LEFT_NAMED;
            let note = format!("{more} more orders whose status was left alone");
            self.report.notes.push(note);
        }
        if self.busy > 0 {
            let note = format!(
                "{} orders were held by the shop; their turn comes with the next run",
                self.busy
            );
            self.report.notes.push(note);
        }
        self.report
    }
}
