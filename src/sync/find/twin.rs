//! Records that go both ways: the flow of the other direction links the same pairs, the other way round, in the source's database.
//!
//! A pair that one of the two has linked is a pair to the other one, too, whatever its keys say by now. Where the two do not agree, a
//! person has to look: what is written both ways would mix two customers.

use super::whose;
use crate::connections::Connections;
use crate::db::{self, Engine, Session};
use crate::own::link::Links;
use crate::plan::Flow;
use crate::sync::record::{Existing, Record};
use crate::sync::report::Reason;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use tokio::sync::Mutex;

/// The links of the other direction.
pub struct Twin {
    engine: Arc<dyn Engine>,
    links: Links,
    record: String,
    /// The direction that asks.
    of: String,
    session: Mutex<Option<Box<dyn Session>>>,
}

impl fmt::Debug for Twin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Twin").finish_non_exhaustive()
    }
}

/// What the other direction says of some records and rows.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    /// The record's key -> the row's id, and back.
    row_of: HashMap<String, String>,
    record_of: HashMap<String, String>,
}

impl Twin {
    /// The one of a flow whose records go both ways.
    ///
    /// # Errors
    /// The source's connection is none.
    pub fn of(flow: &Flow, connections: &Connections) -> db::Result<Option<Twin>> {
        let Some(both) = &flow.target.both_ways else {
            return Ok(None);
        };
        let source = &flow.source.connection;
        let shop = flow.shop.as_deref().unwrap_or_default();
        Ok(Some(Twin {
            engine: connections.engine(source)?,
            links: Links::new(&connections.own(source), shop, &both.twin),
            record: both.twin.clone(),
            of: flow.record.clone().unwrap_or_default(),
            session: Mutex::default(),
        }))
    }

    /// The pairs that these records, or these rows, belong to.
    pub(super) async fn pairs(&self, records: &[String], rows: &[String]) -> db::Result<Pairs> {
        let mut held = self.session.lock().await;
        let session = match held.take() {
            Some(session) => session,
            None => self.engine.connect().await?,
        };
        let session = held.insert(session).as_mut();
        // There the row is the record, and the record the row.
        let mut found = self.links.to(session, records).await?;
        found.extend(self.links.of(session, rows).await?);
        let mut pairs = Pairs::default();
        for (row, link) in found {
            pairs.record_of.insert(row.clone(), link.id.clone());
            pairs.row_of.insert(link.id, row);
        }
        Ok(pairs)
    }

    /// Holds what was found against the other direction; returns the records about which the two do not agree.
    pub(super) async fn disagrees(&self, records: &[Record]) -> db::Result<Vec<(usize, Reason)>> {
        let row_of = |record: &Record| match &record.state {
            Existing::Linked { id, .. } | Existing::Found { id, .. } => Some(id.clone()),
            _ => None,
        };
        let keys: Vec<String> = records.iter().map(|one| one.key.clone()).collect();
        let rows: Vec<String> = records.iter().filter_map(row_of).collect();
        let pairs = self.pairs(&keys, &rows).await?;
        let mut failed = Vec::new();
        for (at, record) in records.iter().enumerate() {
            let Some(id) = row_of(record) else { continue };
            let theirs = pairs.row_of.get(&record.key).filter(|row| **row != id);
            let other = pairs.record_of.get(&id).filter(|key| **key != record.key);
            let why = match (theirs, other) {
                (Some(theirs), _) => format!(
                    "it seems to be `{id}`, but by `{}` it is `{theirs}`",
                    self.record
                ),
                (None, Some(other)) => format!(
                    "it seems to be `{id}`, which by `{}` is `{other}`'s already",
                    self.record
                ),
                (None, None) => continue,
            };
            let candidates = [&id].into_iter().chain(theirs).cloned().collect();
            let whose = whose(&self.of);
            failed.push((
                at,
                Reason::Crossed {
                    whose,
                    why,
                    candidates,
                },
            ));
        }
        Ok(failed)
    }
}

impl Pairs {
    pub(super) fn row_of(&self, record: &str) -> Option<&String> {
        self.row_of.get(record)
    }
}
