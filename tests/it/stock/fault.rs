//! Between ponte and its databases: remembers which state of the ERP each write rests on, and plants faults.
//!
//! The shop's session is told the version of the ERP that ponte read last, so that the trigger which records a figure
//! records what the figure was computed from.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures_util::stream::{BoxStream, StreamExt};
use ponte::db::catalog::{ResultColumn, Table};
use ponte::db::query::{Add, Delete, Insert, Part, Query, TableName, Update};
use ponte::db::{CommitError, Engine, EngineKind, Isolation, Result, Server, Session, fetch};
use ponte::value::{Decimal, RowBatch, Type, Value};

use super::history::SEEN;
use super::truth::Look;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    None,
    /// Figures are written as they should be, not by how much they are off.
    AbsoluteWrite,
    /// Now and then a relative write is sent twice, as after a lost answer to COMMIT.
    ResentWrite,
    /// No article is looked at again within a cycle.
    NoSettling,
}

/// What the sessions of one run share.
#[derive(Debug)]
pub struct Shared {
    /// The version of the ERP that ponte read last.
    version: AtomicU64,
    /// What ponte saw of the shop's history, look by look.
    looks: Mutex<Vec<Look>>,
    /// Figures as ponte saw them, by key.
    shown: Mutex<HashMap<String, Decimal>>,
    fault: Fault,
    writes: AtomicU64,
}

impl Shared {
    pub fn new(fault: Fault) -> Arc<Shared> {
        Arc::new(Shared {
            version: AtomicU64::new(0),
            looks: Mutex::new(vec![Look::default()]),
            shown: Mutex::default(),
            fault,
            writes: AtomicU64::new(0),
        })
    }

    pub fn looks(&self) -> Vec<Look> {
        self.looks
            .lock()
            .expect("no test panics holding it")
            .clone()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Erp,
    Shop,
}

/// An engine whose sessions are watched.
pub struct Watched {
    pub inner: Arc<dyn Engine>,
    pub side: Side,
    pub shared: Arc<Shared>,
}

#[async_trait]
impl Engine for Watched {
    fn kind(&self) -> EngineKind {
        self.inner.kind()
    }

    async fn connect(&self) -> Result<Box<dyn Session>> {
        Ok(Box::new(WatchedSession {
            inner: self.inner.connect().await?,
            side: self.side,
            shared: self.shared.clone(),
            look: 0,
        }))
    }
}

struct WatchedSession {
    inner: Box<dyn Session>,
    side: Side,
    shared: Arc<Shared>,
    /// What its snapshot contains, among all looks.
    look: usize,
}

#[async_trait]
impl Session for WatchedSession {
    fn server(&self) -> &Server {
        self.inner.server()
    }

    async fn table(&mut self, name: &TableName) -> Result<Option<Table>> {
        self.inner.table(name).await
    }

    async fn describe(&mut self, query: &Query) -> Result<Vec<ResultColumn>> {
        self.inner.describe(query).await
    }

    async fn read<'a>(&'a mut self, query: &Query) -> Result<BoxStream<'a, Result<RowBatch>>> {
        let shared = self.shared.clone();
        if shared.fault == Fault::NoSettling && self.side == Side::Shop && is_narrowed(query) {
            return Ok(futures_util::stream::empty().boxed());
        }
        let look = self.look;
        let stream = self.inner.read(query).await?;
        Ok(stream
            .inspect(move |batch| remember_shown(&shared, look, batch))
            .boxed())
    }

    async fn execute(&mut self, query: &Query) -> Result<u64> {
        self.inner.execute(query).await
    }

    async fn begin(&mut self, isolation: Isolation) -> Result<()> {
        match (self.side, isolation) {
            (Side::Erp, Isolation::Snapshot) => {
                self.inner.begin(isolation).await?;
                // Within the snapshot: exactly the version that ponte is about to read.
                let rows = fetch(
                    self.inner.as_mut(),
                    &Query::sql("SELECT version FROM erp_version"),
                )
                .await?;
                let Value::Int(version) = rows[0][0] else {
                    panic!("a version is a whole number, not {:?}", rows[0][0]);
                };
                self.shared.version.store(version as u64, Ordering::SeqCst);
                Ok(())
            }
            (Side::Shop, Isolation::ReadCommitted) => {
                let version = self.shared.version.load(Ordering::SeqCst);
                // A look at the orders alone is none at the figures.
                let shows = |look: &Look| !look.figures.is_empty();
                let look = self.shared.looks().iter().rposition(shows).unwrap_or(0);
                self.inner
                    .execute(&Query::sql(format!(
                        "SET @erp_version = {version}, @look = {look}"
                    )))
                    .await?;
                self.inner.begin(isolation).await
            }
            (Side::Shop, Isolation::Snapshot) => {
                self.inner.begin(isolation).await?;
                let rows = fetch(self.inner.as_mut(), &Query::sql(SEEN)).await?;
                let number = |value: &Value| value.show().parse().expect("a whole number");
                let events = rows.iter().map(|row| (number(&row[0]), number(&row[1])));
                let look = Look {
                    events: events.collect(),
                    ..Look::default()
                };
                let mut looks = self.shared.looks.lock().expect("no test panics holding it");
                self.look = looks.len();
                looks.push(look);
                Ok(())
            }
            _ => self.inner.begin(isolation).await,
        }
    }

    async fn commit(&mut self) -> std::result::Result<(), CommitError> {
        self.inner.commit().await
    }

    async fn rollback(&mut self) -> Result<()> {
        self.inner.rollback().await
    }

    async fn insert(&mut self, insert: &Insert) -> Result<Vec<Value>> {
        self.inner.insert(insert).await
    }

    async fn update(&mut self, update: &Update) -> Result<u64> {
        self.inner.update(update).await
    }

    async fn add(&mut self, add: &Add) -> Result<u64> {
        match self.shared.fault {
            Fault::None | Fault::NoSettling => self.inner.add(add).await,
            Fault::ResentWrite => {
                let found = self.inner.add(add).await?;
                if self.shared.writes.fetch_add(1, Ordering::SeqCst) % 2 == 1 {
                    self.inner.add(add).await?;
                }
                Ok(found)
            }
            Fault::AbsoluteWrite => {
                let update = absolute(
                    add,
                    &self.shared.shown.lock().expect("no test panics holding it"),
                );
                self.inner.update(&update).await
            }
        }
    }

    async fn delete(&mut self, delete: &Delete) -> Result<u64> {
        self.inner.delete(delete).await
    }
}

fn remember_shown(shared: &Shared, look: usize, batch: &Result<RowBatch>) {
    let Ok(batch) = batch else { return };
    let at = |name: &str| batch.columns.iter().position(|column| column == name);
    let (Some(id), Some(shown)) = (at("id"), at("shown")) else {
        return;
    };
    let mut looks = shared.looks.lock().expect("no test panics holding it");
    if let Some(look) = looks.get_mut(look) {
        let keys = batch.rows.iter().map(|row| row[id].show());
        look.figures.extend(keys);
    }
    let mut known = shared.shown.lock().expect("no test panics holding it");
    for row in &batch.rows {
        let shown = match &row[shown] {
            Value::Text(shown) => shown.clone(),
            other => other.show(),
        };
        known.insert(row[id].show(), Decimal::parse(&shown).expect("a figure"));
    }
}

/// Asked for certain articles only, as in every round but the first.
fn is_narrowed(query: &Query) -> bool {
    let text =
        |part: &Part| matches!(part, Part::Sql(text) if text.contains("WHERE LTRIM(RTRIM(s."));
    query.parts.iter().any(text)
}

/// The same figures written as a value.
fn absolute(add: &Add, shown: &HashMap<String, Decimal>) -> Update {
    let row = |(key, delta): &(Value, Decimal)| {
        let target = &shown[&key.show()] + delta;
        let value = match add.column_type {
            Type::Text { .. } => Value::Text(target.to_plain()),
            _ => Value::Int(target.to_plain().parse().expect("whole pieces")),
        };
        (vec![key.clone()], vec![value])
    };
    Update {
        table: add.table.clone(),
        key: vec![add.key.clone()],
        key_types: vec![add.key_type.clone()],
        columns: vec![add.column.clone()],
        types: vec![add.column_type.clone()],
        rows: add.rows.iter().map(row).collect(),
    }
}
