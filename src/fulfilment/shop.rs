//! The shop's orders: read as they are, and written to, each in one transaction with what ponte remembers of it.

use super::approve;
use super::decide::{Step, Told, decide};
use super::erp::{typed, unbound};
use super::note::note;
use super::tracking::{self, Given};
use crate::connections::Connections;
use crate::db::query::{Part, Query};
use crate::db::template::{self, Bound};
use crate::db::{self, CommitError, DbError, DbErrorKind, Engine, Isolation, Session};
use crate::failpoint;
use crate::orders::canonical::placed;
use crate::orders::{OrdersError, Settings};
use crate::own::approval::Asking;
use crate::own::lease::Guard;
use crate::own::mail::{INVOICE, Mails, SHIPMENT};
use crate::own::wrote::{Fields, Remember, Wrote};
use crate::plan::fulfilment::{Fulfilment, News, Statement, Way};
use crate::plan::{Plan, ServerSql};
use crate::sync::gate::{Gate, Judged};
use crate::sync::record::key_text;
use crate::sync::report::Reason;
use crate::value::{Type, Value};
use chrono::{DateTime, Utc};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// Under which part ponte remembers what it has written for an order.
pub const PART: &str = "told";

/// The shop, and how it keeps its orders.
pub struct Shop<'p> {
    fulfilment: &'p Fulfilment,
    engine: Arc<dyn Engine>,
    pub session: Box<dyn Session>,
    pub way: &'p Way,
    /// Statements whose conditions hold here.
    pub writes: Vec<&'p Statement>,
    orders: Columns,
    wrote: Wrote,
    mails: Mails,
    /// `None`: no news wait for a person.
    gate: Option<Gate<'p>>,
    settings: Settings,
}

/// Where the columns of `orders` are in its rows.
struct Columns {
    reference: usize,
    status: usize,
    placed: usize,
    key: Type,
}

/// An order as the shop has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Current {
    pub status: String,
    /// It is from before the cut-over, or nobody can tell.
    pub is_old: bool,
}

/// What became of an order's news.
#[derive(Debug)]
pub enum Written {
    /// So many rows were inserted and updated.
    Done(Step, Current, (u64, u64)),
    /// A person has to look at it first, and may not have been asked yet.
    Waits(Reason, Option<Asking>),
    /// Somebody else has been quicker, or it is nobody's business.
    Nothing,
}

impl<'p> Shop<'p> {
    /// Connects, and finds out how the shop keeps its orders.
    ///
    /// # Errors
    /// Those of the database; [`OrdersError::NoStorage`].
    pub async fn open(
        plan: &'p Plan,
        fulfilment: &'p Fulfilment,
        connections: &Connections,
    ) -> Result<Shop<'p>, OrdersError> {
        let engine = connections.engine(&fulfilment.target)?;
        let mut session = engine.connect().await?;
        let settings = Settings::read(plan, &fulfilment.target, session.as_mut()).await?;
        let mut found = None;
        for way in &fulfilment.ways {
            if settings
                .hold(session.as_mut(), way.condition.as_ref())
                .await?
            {
                found = Some(way);
                break;
            }
        }
        let way = found.ok_or_else(|| OrdersError::NoStorage {
            shop: fulfilment.shop.clone(),
        })?;
        let mut writes = Vec::new();
        for statement in &way.writes {
            let condition = statement.condition.as_ref();
            if settings.hold(session.as_mut(), condition).await? {
                writes.push(statement);
            }
        }
        let orders = columns(session.as_mut(), &way.orders).await?;
        let own = connections.own(&fulfilment.target);
        let record = crate::config::record::FULFILMENT;
        Ok(Shop {
            gate: approve::gate(&own, fulfilment),
            mails: Mails::new(&own, &fulfilment.shop),
            wrote: Wrote::new(&own, &fulfilment.shop, record, PART),
            fulfilment,
            engine,
            session,
            way,
            writes,
            orders,
            settings,
        })
    }

    /// By its clock.
    pub fn now(&self) -> DateTime<Utc> {
        self.settings.now
    }

    /// What ponte has written for these orders.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn remembered(&mut self, keys: &[String]) -> db::Result<HashMap<String, Fields>> {
        self.wrote.of(self.session.as_mut(), keys).await
    }

    /// These orders as they are, by key.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn current(
        &mut self,
        keys: &[String],
        is_locked: bool,
    ) -> db::Result<HashMap<String, Current>> {
        let keys = keys
            .iter()
            .filter_map(|key| typed(key, &self.orders.key))
            .collect();
        let mut query = bound_orders(&self.way.orders, keys)?;
        if is_locked {
            query = query.text("\n").push(Part::ForUpdate);
        }
        let columns = &self.orders;
        let mut found = HashMap::new();
        for row in db::fetch(self.session.as_mut(), &query).await? {
            let key = key_text(&row[columns.reference..=columns.reference]);
            let at = placed(&row[columns.placed], self.settings.zone);
            let current = Current {
                status: row[columns.status].plain().into_owned(),
                is_old: at.is_none_or(|at| at < self.fulfilment.since),
            };
            found.insert(key.trim().to_owned(), current);
        }
        Ok(found)
    }

    /// The tracking numbers that the shop's people or plug-ins have entered on these orders.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn entered(&mut self, keys: &[String]) -> db::Result<Vec<Given>> {
        let Some(sql) = &self.way.tracking else {
            return Ok(Vec::new());
        };
        let keys: Vec<Value> = keys
            .iter()
            .filter_map(|key| typed(key, &self.orders.key))
            .collect();
        let bound = |name: &str| (name == "reference").then(|| Bound::Many(keys.clone()));
        tracking::rows(self.session.as_mut(), sql, bound).await
    }

    /// Writes an order's news: looked at again with its row locked, and remembered in the same transaction.
    ///
    /// # Errors
    /// Those of the database; nothing was written then, or, after a lost answer, the next look tells.
    pub async fn write(&mut self, told: &Told, guard: &Guard) -> db::Result<Written> {
        let done = self.transaction(told, guard).await;
        if let Err(error) = &done {
            let is_lost = error.kind == DbErrorKind::ConnectionLost;
            if is_lost || self.session.rollback().await.is_err() {
                self.session = self.engine.connect().await?;
            }
        }
        done
    }

    async fn transaction(&mut self, told: &Told, guard: &Guard) -> db::Result<Written> {
        let isolation = Isolation::ReadCommitted;
        guard.begin(self.session.as_mut(), isolation).await?;
        let key = std::slice::from_ref(&told.key);
        // First the lock: a transaction of ponte's whose end is unknown holds it as long as it lives.
        let current = self.current(key, true).await?.remove(&told.key);
        let memory = self.remembered(key).await?.remove(&told.key);
        let is_new = memory.is_none();
        let memory = memory.unwrap_or_default();
        let is_old = current.as_ref().is_some_and(|current| current.is_old);
        let status = current.as_ref().map(|current| current.status.as_str());
        let step = decide(&self.fulfilment.rules, told, &memory, status);
        let Some(step) = step.filter(|_| !is_old) else {
            self.session.rollback().await?;
            return Ok(Written::Nothing);
        };
        let current = current.unwrap_or(Current {
            status: String::new(),
            is_old,
        });
        let judged = self.judged(told, &step, Some(&current)).await?;
        let is_approved = matches!(judged, Judged::Accepted);
        match judged {
            Judged::Free | Judged::Accepted => {}
            Judged::Not(reason) => {
                self.session.rollback().await?;
                return Ok(Written::Waits(reason, None));
            }
            Judged::Ask(reason, asking) => {
                self.session.rollback().await?;
                return Ok(Written::Waits(reason, Some(asking)));
            }
        }
        let mut rows = (0, 0);
        if !step.is_silent() {
            rows = self.tell(told, &step, &current).await?;
        }
        self.mails_due(told, &step).await?;
        failpoint::reached("fulfilment not remembered");
        let remember = match is_new {
            true => Remember::New(step.remember.clone()),
            false => Remember::Other(step.remember.clone()),
        };
        let changes = [(told.key.clone(), remember)];
        self.wrote.keep(self.session.as_mut(), &changes).await?;
        if let Some(gate) = self.gate.as_ref().filter(|_| is_approved) {
            gate.approvals.applied(self.session.as_mut(), key).await?;
        }
        failpoint::reached("fulfilment written");
        let committed = self.session.commit().await;
        failpoint::reached("fulfilment committed");
        committed.map_err(CommitError::into_lost)?;
        Ok(Written::Done(step, current, rows))
    }

    /// Whether the shop may get these news; those that no condition speaks of always.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn judged(
        &mut self,
        told: &Told,
        step: &Step,
        current: Option<&Current>,
    ) -> db::Result<Judged> {
        let (Some(gate), Some(current)) = (&self.gate, current) else {
            return Ok(Judged::Free);
        };
        if step.is_silent() {
            return Ok(Judged::Free);
        }
        let values = approve::values(told, step, current);
        match gate.holds(&values, self.settings.now, self.settings.local) {
            Ok(true) => {}
            Ok(false) => return Ok(Judged::Free),
            Err(reason) => return Ok(Judged::Not(reason)),
        }
        let key = std::slice::from_ref(&told.key);
        let answers = gate.approvals.of(self.session.as_mut(), key).await?;
        let matter = approve::matter(told, step, current);
        Ok(gate.judge(&matter, answers.get(&told.key)))
    }

    /// Asks a person.
    ///
    /// # Errors
    /// Those of the database; a lost lease.
    pub async fn ask(&mut self, guard: &Guard, asking: Asking) -> db::Result<()> {
        let Some(gate) = &self.gate else {
            return Ok(());
        };
        let session = self.session.as_mut();
        gate.approvals
            .ask_alone(session, Some(guard), &[asking])
            .await
    }

    /// The customer is to be told of the same news.
    async fn mails_due(&mut self, told: &Told, step: &Step) -> db::Result<()> {
        let Some(mailing) = &self.fulfilment.mailing else {
            return Ok(());
        };
        let session = self.session.as_mut();
        for parcel in step.parcels.iter().filter(|_| mailing.shipment) {
            let wait = match parcel.tracking.is_empty() {
                true => mailing.wait_for_tracking,
                false => Some(Duration::ZERO),
            };
            if let Some(wait) = wait {
                self.mails
                    .add(session, &told.key, SHIPMENT, &parcel.number, wait)
                    .await?;
            }
        }
        if step.invoice && mailing.invoice.is_some() {
            self.mails
                .add(session, &told.key, INVOICE, &told.invoice, Duration::ZERO)
                .await?;
        }
        Ok(())
    }

    /// Runs the statements for what is new.
    async fn tell(
        &mut self,
        told: &Told,
        step: &Step,
        current: &Current,
    ) -> db::Result<(u64, u64)> {
        let values = self.values(told, step, current);
        let (mut inserted, mut updated) = (0, 0);
        for statement in &self.writes {
            let is_new = match statement.news {
                News::Status => step.status.is_some(),
                News::Parcels => !step.parcels.is_empty(),
                News::Invoice => step.invoice,
                News::Any => true,
            };
            if !is_new {
                continue;
            }
            let sql = &statement.sql;
            let bound = |name: &str| {
                let value = values.iter().find(|(known, _)| *known == name);
                value.map(|(_, value)| Bound::One(value.clone()))
            };
            let query = template::bind(&sql.text, bound).map_err(|name| unbound(sql, name))?;
            let rows = self.session.execute(&query).await;
            let rows = rows.map_err(|error| error.context(sql.at.place()))?;
            match is_insert(&sql.text) {
                true => inserted += rows,
                false => updated += rows,
            }
        }
        Ok((inserted, updated))
    }

    /// What the statements may name.
    fn values(&self, told: &Told, step: &Step, current: &Current) -> [(&'static str, Value); 11] {
        let text = |text: String| match text.is_empty() {
            true => Value::Null,
            false => Value::Text(text),
        };
        let reference = typed(&told.key, &self.orders.key);
        let status = step.status.as_ref().unwrap_or(&current.status);
        let numbers = told.parcels.iter().map(|parcel| parcel.tracking.as_str());
        let numbers: Vec<&str> = numbers.filter(|number| !number.is_empty()).collect();
        let mut carriers: Vec<&str> = Vec::new();
        for parcel in told.parcels.iter().filter(|one| !one.carrier.is_empty()) {
            if !carriers.contains(&parcel.carrier.as_str()) {
                carriers.push(&parcel.carrier);
            }
        }
        let last = numbers.last().map(|number| (*number).to_owned());
        let note = note(step, &told.invoice, self.fulfilment.language);
        [
            ("reference", reference.unwrap_or(Value::Null)),
            ("status", Value::Text(status.clone())),
            ("old_status", Value::Text(current.status.clone())),
            ("note", text(note)),
            ("carrier", text(carriers.join(", "))),
            ("tracking", text(numbers.join(", "))),
            ("last_tracking", text(last.unwrap_or_default())),
            ("invoice", text(told.invoice.clone())),
            ("now", self.settings.zone.column_value(self.settings.now)),
            (
                "now_local",
                self.settings.local.column_value(self.settings.now),
            ),
            ("now_unix", Value::Int(self.settings.now.timestamp())),
        ]
    }
}

fn is_insert(sql: &str) -> bool {
    let first = sql.split_whitespace().next();
    first.is_some_and(|word| word.eq_ignore_ascii_case("INSERT"))
}

fn bound_orders(sql: &ServerSql, keys: Vec<Value>) -> db::Result<Query> {
    let bound = |name: &str| (name == "reference").then(|| Bound::Many(keys.clone()));
    template::bind(&sql.text, bound).map_err(|name| unbound(sql, name))
}

/// The query is not wrapped into another one, where a server would lock nothing: its columns are told apart by name.
async fn columns(session: &mut dyn Session, sql: &ServerSql) -> db::Result<Columns> {
    let described = session
        .describe(&bound_orders(sql, vec![Value::Null])?)
        .await?;
    let at = |name: &str| {
        let at = described.iter().position(|column| column.name == name);
        at.ok_or_else(|| {
            let place = sql.at.place();
            DbError::new(
                DbErrorKind::Config,
                format!("{place}: the query yields no `{name}`"),
            )
        })
    };
    let reference = at("reference")?;
    Ok(Columns {
        reference,
        status: at("status")?,
        placed: at("placed")?,
        key: described[reference].ty.clone(),
    })
}
