//! Records that the shop may not show yet: an article that ponte created and whose price it has not written.
//!
//! `ready` is false for them. They are left out of the snapshot, so that the next run looks at them again, and that one
//! run may show them the round runs their flow once more after that of what they needed.

use super::Applier;
use super::pass::Pass;
use crate::db::{DbError, Session};
use crate::own::OwnTables;
use crate::own::need::Needs;
use crate::plan::{Flow, Own};
use crate::sync::links::LinkCache;
use crate::sync::read::key_hash;
use crate::sync::record::{Existing, Need, Record};
use crate::sync::snapshot::KeyHash;
use crate::sync::work::{field_value, is_for};
use crate::value::Value;
use futures_util::TryStreamExt;
use std::collections::HashSet;

/// Keys kept as they are, for runs that ask the source for them; with more, the whole source is read.
const NAMED_MAX: usize = 10_000;

/// The records that a run must look at though they have not changed.
#[derive(Debug, Default)]
pub struct Awaited {
    hashes: HashSet<KeyHash>,
    /// The first of them by name.
    pub named: Vec<String>,
    /// They are known by the first part of the flow's keys: a price's is its article's.
    by_first: bool,
}

impl Awaited {
    pub async fn read(
        session: &mut dyn Session,
        own: &OwnTables,
        flow: &Flow,
    ) -> Result<Awaited, DbError> {
        let mut awaited = Awaited::default();
        let Some((needs, needed)) = remembered(own, flow) else {
            return Ok(awaited);
        };
        awaited.by_first = flow.target.meets.is_some();
        let query = needs.keys(needed.as_deref());
        let mut stream = session.read(&query).await?;
        while let Some(batch) = stream.try_next().await? {
            for row in batch.rows {
                let key = row[0].plain();
                awaited.hashes.insert(key_hash(&key));
                if awaited.named.len() < NAMED_MAX {
                    awaited.named.push(key.into_owned());
                }
            }
        }
        Ok(awaited)
    }

    pub fn has(&self, key: &str, hash: &KeyHash) -> bool {
        if self.hashes.is_empty() {
            return false;
        }
        match self.by_first {
            true => self.hashes.contains(&key_hash(first_part(key))),
            false => self.hashes.contains(hash),
        }
    }

    /// Whether `named` holds all of them.
    pub fn is_named(&self) -> bool {
        self.named.len() == self.hashes.len()
    }
}

/// Where the flow's needs are remembered, and the need that it meets if it is not the needing one itself.
fn remembered(own: &OwnTables, flow: &Flow) -> Option<(Needs, Option<String>)> {
    let shop = flow.shop.as_deref()?;
    let record = flow.record.as_deref()?;
    match &flow.target.meets {
        Some(owner) => Some((Needs::new(own, shop, owner), Some(record.to_owned()))),
        None if flow.target.needs.is_empty() => None,
        None => Some((Needs::new(own, shop, record), None)),
    }
}

/// The key of the record that needs: a price's is its article's.
fn key_of<'r>(record: &'r Record, flow: &Flow) -> &'r str {
    match flow.target.meets {
        Some(_) => first_part(&record.key),
        None => &record.key,
    }
}

fn first_part(key: &str) -> &str {
    key.split('\t').next().unwrap_or_default()
}

impl Applier<'_> {
    /// Puts into the records what they wait for, and `ready`.
    pub(super) async fn await_needs(&mut self, records: &mut [Record]) -> Result<(), DbError> {
        let flow = self.bound.flow;
        let Some((needs, needed)) = remembered(&self.own, flow) else {
            return Ok(());
        };
        let keys = records.iter().map(|record| key_of(record, flow).to_owned());
        let keys: Vec<String> = keys.collect();
        let open = needs
            .of(self.session.as_mut(), &keys, needed.as_deref())
            .await?;
        let ready = self.bound.layout.ready();
        for (record, key) in records.iter_mut().zip(&keys) {
            record.need = match (open.get(key), &record.state) {
                (_, Existing::New) if needed.is_none() => Need::Open,
                (Some(true), _) => Need::Open,
                (Some(false), _) => Need::Met,
                (None, _) => Need::None,
            };
            if let Some(slot) = ready {
                record.values[slot as usize] = Value::Bool(record.need != Need::Open);
            }
        }
        Ok(())
    }

    /// Whether the record waits for another one, and is to be looked at again.
    pub(super) fn waits(&self, record: &Record) -> bool {
        self.bound.flow.target.meets.is_none() && record.need == Need::Open
    }

    /// Whether something is to be remembered of the record, though its rows are right.
    pub(super) fn remembers(&self, record: &Record) -> bool {
        match self.bound.flow.target.meets {
            Some(_) => record.need == Need::Open,
            None => record.need == Need::Met,
        }
    }

    /// Part of the transaction that writes the records.
    pub(super) async fn note_needs(
        &mut self,
        records: &[Record],
        links: &LinkCache,
        pass: &mut Pass,
    ) -> Result<(), DbError> {
        let flow = self.bound.flow;
        let Some((needs, needed)) = remembered(&self.own, flow) else {
            return Ok(());
        };
        let keys = |chosen: &dyn Fn(&Record) -> bool| -> Vec<String> {
            let chosen = records.iter().filter(|record| chosen(record));
            chosen
                .map(|record| key_of(record, flow).to_owned())
                .collect()
        };
        match needed {
            Some(needed) => {
                let met = keys(&|record| self.remembers(record) && self.gives(record, links));
                pass.met = met.len() as u64;
                needs.meet(self.session.as_mut(), &met, &needed).await
            }
            None => {
                let created = keys(&|record| record.state == Existing::New);
                let over = keys(&|record| record.need == Need::Met);
                let session = self.session.as_mut();
                needs.open(session, &created, &flow.target.needs).await?;
                needs.close(session, &over).await
            }
        }
    }

    /// Whether the record's first write gives a value: a price of NULL leaves the article without one.
    fn gives(&self, record: &Record, links: &LinkCache) -> bool {
        let Some(write) = self.bound.writes.first() else {
            return false;
        };
        if write.each.is_some() {
            return true;
        }
        let sight = self.sight(links);
        let view = sight.of(record, None);
        let mut fields = write
            .fields
            .iter()
            .filter(|field| field.field.own == Own::Set);
        is_for(write, record, self.created_kind())
            && fields.any(|field| {
                let value = field_value(field, &write.write.table, &view);
                matches!(value, Ok(Some(value)) if !value.is_null())
            })
    }
}
