//! One pass over a batch: every write in file order, then the rows that follow from them. Looking compares; writing also
//! carries out, so that a later write sees the rows of an earlier one.

use super::{Applier, Intent, Outcome};
use crate::db::template::Bound as Binding;
use crate::db::{DbError, DbErrorKind};
use crate::expr::Slot;
use crate::failpoint;
use crate::own::link::{Link, Links};
use crate::own::wrote::{Remember, Wrote};
use crate::sync::agreed::{self, Overruled};
use crate::sync::bind::BoundWrite;
use crate::sync::change::ChangeKind;
use crate::sync::find::whose;
use crate::sync::links::LinkCache;
use crate::sync::record::{Existing, Record};
use crate::sync::report::{CHANGES_KEPT, FlowReport, Reason, RecordChange};
use crate::sync::work::{Mode, Op, Sight, evaluate, execute, shown};
use crate::sync::{attributes, derived, elements, fetch, rows, unique};
use crate::value::Value;
use std::collections::{BTreeMap, HashMap, HashSet};

/// What a pass over a batch found or did.
#[derive(Default)]
pub(super) struct Pass {
    pub(super) touched: HashSet<usize>,
    /// Of flows without links: records whose row was not there.
    pub(super) created: HashSet<usize>,
    pub(super) failed: Vec<(usize, Reason)>,
    pub(super) waiting: HashSet<usize>,
    /// With the record that caused it; derived rows follow from the batch as a whole.
    pub(super) changes: Vec<(Option<usize>, RecordChange)>,
    /// Changes beyond those that a report keeps: they only count.
    pub(super) untold: Vec<(Option<usize>, ChangeKind)>,
    pub(super) remember: Vec<(usize, Vec<(String, Remember)>)>,
    /// Of records that go both ways: values that gave way, and records whose memory is to change.
    pub(super) overruled: Vec<Overruled>,
    pub(super) remembering: HashSet<usize>,
    pub(super) derived_differ: bool,
    /// Records whose need was met.
    pub(super) met: u64,
    pub(super) lists: BTreeMap<String, Vec<Value>>,
    /// Record and slot of values that came into being in this transaction: a number just taken; of records that are written
    /// one by one also a column of a row just inserted. No row can hang on one yet, so that none is looked for; one that does all the same is for the table's keys to refuse.
    fresh: HashSet<(usize, Slot)>,
}

impl Applier<'_> {
    pub(super) fn wrote(&self, write: &BoundWrite<'_>) -> Wrote {
        let record = self.bound.flow.record.as_deref().unwrap_or_default();
        Wrote::new(&self.own, self.shop(), record, &write.write.alias)
    }

    /// The writes in file order, then the derived rows. Looking executes nothing.
    pub(super) async fn pass(
        &mut self,
        records: &mut [Record],
        links: &LinkCache,
        mode: Mode,
    ) -> Result<Pass, DbError> {
        let bound = self.bound;
        let mut pass = Pass::default();
        self.fetch(records, links, mode, &mut pass).await?;
        for (at, write) in bound.writes.iter().enumerate() {
            let ops = self
                .compare(at, write, records, links, mode, &mut pass)
                .await?;
            let failed: HashSet<usize> = pass.failed.iter().map(|(at, _)| *at).collect();
            let mut ops: Vec<Op> = ops
                .into_iter()
                .filter(|op| !failed.contains(&op.record()))
                .collect();
            if mode == Mode::Write {
                // A row that went since it was looked at is not created by a run that creates none.
                if self.known_only && bound.finder.is_none() {
                    ops.retain(|op| !matches!(op, Op::Insert { .. }));
                }
                unique::settle(self.session.as_mut(), write, &mut ops).await?;
                let generated = execute(self.session.as_mut(), write, &ops, self.singly).await?;
                self.take_over(write, records, &ops, generated, &mut pass.fresh);
            }
            let is_decided_about = mode == Mode::Look && bound.flow.target.approve.is_some();
            collect(write, records, ops, is_decided_about, &mut pass);
        }
        self.derive(records, mode, &mut pass).await?;
        Ok(pass)
    }

    /// What only the target knows of records that are to be created. Looking before writing, nobody sees it: then it is
    /// not asked for.
    async fn fetch(
        &mut self,
        records: &mut [Record],
        links: &LinkCache,
        mode: Mode,
        pass: &mut Pass,
    ) -> Result<(), DbError> {
        let look = mode == Mode::Look;
        if self.bound.fetch.is_empty() || (look && self.intent != Intent::DryRun) {
            return Ok(());
        }
        let sight = Sight {
            around: &self.around,
            lookups: &self.bound.layout.lookups,
            links,
        };
        let session = self.session.as_mut();
        for (at, record) in records.iter_mut().enumerate() {
            if record.state != Existing::New && !self.around.anew {
                continue;
            }
            if let Err(reason) =
                fetch::fetch(session, &self.bound.fetch, record, sight, look).await?
            {
                pass.failed.push((at, reason));
            }
            let taken = self.bound.fetch.iter().filter(|one| one.fetch.takes);
            let slots = taken.flat_map(|one| one.exports.iter().map(|(_, slot)| *slot));
            let known = slots.filter(|slot| !record.values[*slot as usize].is_null());
            pass.fresh.extend(known.map(|slot| (at, slot)));
            if mode == Mode::Write {
                failpoint::reached("record asked");
            }
        }
        Ok(())
    }

    /// Whether one of the target's rows is what its pack calls `name`, for a record that is yet to be created. What cannot be told,
    /// several rows that could be it say, is for the write to refuse.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn finds(&mut self, record: &mut Record, name: &str) -> Result<bool, DbError> {
        let bound = self.bound;
        let links = LinkCache::assuming(&self.assumed);
        let sight = Sight {
            around: &self.around,
            lookups: &bound.layout.lookups,
            links: &links,
        };
        for ((slot, value), (_, expr)) in bound.fields.iter().zip(&bound.flow.target.fields) {
            match evaluate(value, &sight.of(record, None), &expr.at) {
                Ok(value) => record.values[*slot as usize] = value,
                Err(_) => return Ok(true),
            }
        }
        let session = self.session.as_mut();
        let asked = fetch::fetch(session, &bound.fetch, record, sight, true).await?;
        let mut its = bound.fetch.iter().filter(|one| one.fetch.alias == name);
        let has_value = |slot: Slot| !record.values[slot as usize].is_null();
        let is_found = its.any(|one| one.exports.iter().any(|(_, slot)| has_value(*slot)));
        Ok(asked.is_err() || is_found)
    }

    pub(super) async fn compare(
        &mut self,
        number: usize,
        write: &BoundWrite<'_>,
        records: &mut [Record],
        links: &LinkCache,
        mode: Mode,
        pass: &mut Pass,
    ) -> Result<Vec<Op>, DbError> {
        let bound = self.bound;
        let created = self.created_kind().map(str::to_owned);
        let created = created.as_deref();
        let sight = Sight {
            around: &self.around,
            lookups: &self.bound.layout.lookups,
            links,
        };
        let hangs_on_fresh = |at: &usize| {
            let slots = write.matches.iter().filter_map(|one| one.value.as_slot());
            slots
                .into_iter()
                .any(|slot| pass.fresh.contains(&(*at, slot)))
        };
        let fresh: HashSet<usize> = (0..records.len()).filter(hangs_on_fresh).collect();
        let session = self.session.as_mut();
        let found = if let Some((name, value)) = &write.write.attributes {
            let remembered = match write.owned_while {
                Some(_) => {
                    let record = self.bound.flow.record.as_deref().unwrap_or_default();
                    let shop = self.bound.flow.shop.as_deref().unwrap_or_default();
                    let wrote = Wrote::new(&self.own, shop, record, &write.write.alias);
                    let keys: Vec<String> =
                        records.iter().map(|record| record.key.clone()).collect();
                    wrote.of(session, &keys).await?
                }
                None => HashMap::new(),
            };
            let pair = (name.as_str(), value.as_str());
            let found = attributes::compare(
                session,
                write,
                pair,
                records,
                sight,
                created,
                &remembered,
                mode,
            )
            .await?;
            let keys: HashSet<&str> = found.remember.iter().map(|(key, _)| key.as_str()).collect();
            let of_memory = records
                .iter()
                .enumerate()
                .filter(|(_, record)| keys.contains(record.key.as_str()));
            pass.touched.extend(of_memory.map(|(at, _)| at));
            pass.remember.push((number, found.remember));
            found.found
        } else if write.each.is_some() {
            let linked = &self.linked;
            let found = elements::compare(
                session, write, records, &fresh, sight, created, linked, mode,
            )
            .await?;
            pass.waiting.extend(found.waiting);
            found.found
        } else {
            let touched = &pass.touched;
            let whose = bound.flow.record.as_deref().map_or("the target", whose);
            rows::compare(
                session, write, records, &fresh, sight, created, touched, whose, mode,
            )
            .await?
        };
        pass.failed.extend(found.failed);
        if bound.flow.target.both_ways.is_some() && write.write.each.is_none() {
            let wrote = self.wrote(write);
            let keys: Vec<String> = records.iter().map(|one| one.key.clone()).collect();
            let remembered = wrote.of(self.session.as_mut(), &keys).await?;
            let sight = Sight {
                around: &self.around,
                lookups: &bound.layout.lookups,
                links,
            };
            let failed = pass.failed.iter().map(|(at, _)| *at).collect();
            let (ops, memory) = (&found.ops, &remembered);
            let agreed = agreed::compare(write, records, &failed, sight, created, ops, memory);
            let changed: HashSet<&str> = agreed.remember.iter().map(|(key, _)| &**key).collect();
            let at = |(at, one): (usize, &Record)| changed.contains(&*one.key).then_some(at);
            let of_memory: Vec<usize> = records.iter().enumerate().filter_map(at).collect();
            pass.remembering.extend(of_memory);
            pass.overruled.extend(agreed.overruled);
            pass.remember.push((number, agreed.remember));
        }
        Ok(found.ops)
    }

    /// Puts the columns of rows just inserted into the records, and what the link takes from them into `find`'s slots.
    fn take_over(
        &self,
        write: &BoundWrite<'_>,
        records: &mut [Record],
        ops: &[Op],
        generated: Vec<(usize, Value)>,
        fresh: &mut HashSet<(usize, Slot)>,
    ) {
        let generated: HashMap<usize, Value> = generated.into_iter().collect();
        let generated_name = write
            .table
            .columns
            .iter()
            .find(|column| column.generated)
            .map(|column| &column.name);
        for op in ops {
            let Op::Insert {
                record: at,
                columns,
            } = op
            else {
                continue;
            };
            for (column, slot) in &write.exports {
                let given = columns
                    .iter()
                    .find(|(name, _)| name == column)
                    .map(|(_, value)| value);
                let value =
                    given.or_else(|| generated.get(at).filter(|_| generated_name == Some(column)));
                if let Some(value) = value {
                    records[*at].values[*slot as usize] = value.clone();
                    if self.singly && write.each.is_none() {
                        fresh.insert((*at, *slot));
                    }
                }
            }
        }
        let Some(finder) = &self.bound.finder else {
            return;
        };
        for record in records
            .iter_mut()
            .filter(|record| record.state == Existing::New)
        {
            for (name, from) in &self.bound.link {
                if let Some((_, slot)) = finder.slots.iter().find(|(column, _)| column == name) {
                    record.values[*slot as usize] = record.values[*from as usize].clone();
                }
            }
        }
    }

    pub(super) async fn link(&mut self, records: &[Record]) -> Result<(), DbError> {
        let Some(finder) = self.bound.finder.as_ref().filter(|finder| !finder.hangs) else {
            return Ok(());
        };
        let mut new: Vec<(String, Link)> =
            records.iter().filter_map(|one| self.link_of(one)).collect();
        for (key, link) in &mut new {
            if let Some(noted) = self.noted.get(key) {
                link.columns.extend(noted.clone());
            }
        }
        let links = Links::new(&self.own, self.shop(), &finder.record);
        links.insert(self.session.as_mut(), &new).await
    }

    /// The link that is to be written for the record; `None` if it has one, or its row is not known.
    pub(super) fn link_of(&self, record: &Record) -> Option<(String, Link)> {
        let finder = self.bound.finder.as_ref().filter(|finder| !finder.hangs)?;
        let (mut id, kind) = match &record.state {
            Existing::Found { id, kind, .. } => (Some(id.clone()), kind.clone()),
            Existing::New => (None, self.created_kind().unwrap_or_default().to_owned()),
            _ => return None,
        };
        let mut columns = BTreeMap::new();
        for (name, from) in &self.bound.link {
            let found = finder
                .slots
                .iter()
                .find(|(column, _)| column == name)
                .map(|(_, slot)| slot);
            let slot = match &record.state {
                Existing::New => Some(from),
                _ => found,
            };
            let value = slot.map_or(&Value::Null, |slot| &record.values[*slot as usize]);
            match name.as_str() {
                "id" if id.is_none() && !value.is_null() => id = Some(value.plain().into_owned()),
                "id" => {}
                _ => {
                    columns.insert(name.clone(), value.plain().into_owned());
                }
            }
        }
        Some((
            record.key.clone(),
            Link {
                id: id?,
                columns,
                kind,
            },
        ))
    }

    /// What `:names` of derived rows stand for: lists over the batch.
    fn binding<'p>(
        &self,
        records: &[&Record],
        pass: &'p Pass,
    ) -> impl Fn(&str) -> Option<Binding> + use<'p> {
        let mut lists: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for (column, slot) in self.bound.finder.iter().flat_map(|finder| &finder.slots) {
            let values = records
                .iter()
                .map(|record| record.values[*slot as usize].clone());
            lists.insert(column.clone(), distinct(values));
        }
        for write in &self.bound.writes {
            for (column, slot) in &write.exports {
                let values = records
                    .iter()
                    .map(|record| record.values[*slot as usize].clone());
                lists.insert(format!("{}.{column}", write.write.alias), distinct(values));
            }
        }
        let now = self.around.now.timestamp();
        move |name: &str| {
            if name == "now_unix" {
                return Some(Binding::One(Value::Int(now)));
            }
            let mut values = lists.get(name).cloned().unwrap_or_default();
            values.extend(pass.lists.get(name).into_iter().flatten().cloned());
            Some(Binding::Many(distinct(values.into_iter())))
        }
    }

    pub(super) async fn derive(
        &mut self,
        records: &[Record],
        mode: Mode,
        pass: &mut Pass,
    ) -> Result<(), DbError> {
        let bound = self.bound;
        let failed: HashSet<usize> = pass.failed.iter().map(|(at, _)| *at).collect();
        let sound = records
            .iter()
            .enumerate()
            .filter(|(at, _)| !failed.contains(at));
        let sound: Vec<&Record> = sound.map(|(_, record)| record).collect();
        for (at, (one, table)) in bound.derived.iter().enumerate() {
            let binding = self.binding(&sound, pass);
            if let Some(groups) = &one.groups {
                self.groups
                    .gather(self.session.as_mut(), at, groups, &binding)
                    .await?;
                continue;
            }
            let differences = derived::compare(self.session.as_mut(), one, table, &binding).await?;
            drop(binding);
            if differences.is_empty() {
                continue;
            }
            pass.derived_differ = true;
            if pass.changes.len() < CHANGES_KEPT {
                pass.changes.extend(differences.changes().map(|change| {
                    let key = String::new();
                    (None, RecordChange { key, change })
                }));
            } else {
                let kinds = differences.kinds();
                pass.untold.extend(kinds.map(|kind| (None, kind)));
            }
            if mode == Mode::Write {
                derived::write(self.session.as_mut(), &differences).await?;
            }
        }
        Ok(())
    }

    /// Counts and shows what a pass over these records wrote, and what gave way to it.
    pub(super) fn note_carried(&self, report: &mut FlowReport, pass: &Pass, records: &[Record]) {
        let has_failed = |at: usize| pass.failed.iter().any(|(failed, _)| *failed == at);
        for one in pass.overruled.iter().filter(|one| !has_failed(one.record)) {
            report.overruled.count(one);
            if let Some(both) = &self.bound.flow.target.both_ways {
                report.note_overruled(&records[one.record].key, one, both);
            }
        }
        note(report, pass);
    }

    pub(super) async fn forget(
        &mut self,
        records: &[Record],
        links: &LinkCache,
        touched: &HashSet<usize>,
    ) -> Result<(), DbError> {
        let bound = self.bound;
        for one in &bound.forget {
            let mut gone = Vec::new();
            let sight = Sight {
                around: &self.around,
                lookups: &bound.layout.lookups,
                links,
            };
            for (_, record) in records
                .iter()
                .enumerate()
                .filter(|(at, _)| touched.contains(at))
            {
                let view = sight.of(record, None);
                let at = &one.forget.table_at;
                gone.extend(
                    one.values
                        .iter()
                        .filter_map(|value| evaluate(value, &view, at).ok()),
                );
            }
            derived::forget(
                self.session.as_mut(),
                one.forget,
                &one.table,
                &distinct(gone.into_iter()),
            )
            .await?;
        }
        Ok(())
    }
}

/// Without NULLs and repetitions.
fn distinct(values: impl Iterator<Item = Value>) -> Vec<Value> {
    let mut seen = HashSet::new();
    values
        .filter(|value| !value.is_null() && seen.insert(value.plain().into_owned()))
        .collect()
}

impl Pass {
    /// Of a record that may not be written.
    pub(super) fn refused(reason: Reason) -> Pass {
        Pass {
            failed: vec![(0, reason)],
            ..Pass::default()
        }
    }

    /// A record that fails only under the locks has kept its batch from being whole: the error sends the batch round
    /// again, by halves, until the record stands alone.
    pub(super) fn alone(self, records: &[Record]) -> Result<Pass, DbError> {
        match self.failed.first() {
            Some((_, why)) if records.len() > 1 => Err(DbError::new(DbErrorKind::Misfit, why)),
            _ => Ok(self),
        }
    }

    /// Leaves out what concerns records that have no row yet, of flows without links; returns these.
    pub(super) fn without_created(&mut self) -> HashSet<usize> {
        let created = std::mem::take(&mut self.created);
        self.touched.retain(|at| !created.contains(at));
        self.changes
            .retain(|(at, _)| at.is_none_or(|at| !created.contains(&at)));
        created
    }

    /// What became of the record at this place of the batch.
    pub(super) fn outcome(&self, at: usize, record: &Record) -> Outcome {
        match (&record.state, self.touched.contains(&at)) {
            (Existing::New, _) => Outcome::Created,
            (Existing::ByMatch, true) if self.created.contains(&at) => Outcome::Created,
            (_, true) => Outcome::Changed,
            (Existing::Found { .. }, false) => Outcome::Linked,
            _ => Outcome::Right,
        }
    }
}

pub(super) fn collect(
    write: &BoundWrite<'_>,
    records: &[Record],
    ops: Vec<Op>,
    keeps_values: bool,
    pass: &mut Pass,
) {
    let is_row = write.each.is_none() && write.write.attributes.is_none();
    for op in ops {
        pass.touched.insert(op.record());
        if is_row && matches!(op, Op::Insert { .. }) {
            pass.created.insert(op.record());
        }
        let named: Vec<(&String, &Value)> = match &op {
            Op::Insert { columns, .. } => {
                columns.iter().map(|(name, value)| (name, value)).collect()
            }
            Op::Delete { held, .. } => held.iter().map(|(name, value)| (name, value)).collect(),
            Op::Update { .. } => Vec::new(),
        };
        if write.each.is_some() {
            for (name, value) in named {
                pass.lists
                    .entry(format!("{}.{name}", write.write.alias))
                    .or_default()
                    .push(value.clone());
            }
        }
        if pass.changes.len() >= CHANGES_KEPT && !keeps_values {
            pass.untold.push((Some(op.record()), op.kind()));
            continue;
        }
        let change = RecordChange {
            key: records[op.record()].key.clone(),
            change: shown(&op, write, keeps_values),
        };
        pass.changes.push((Some(op.record()), change));
    }
}

/// Counts and shows what was (or would be) written; a record that failed has written nothing.
pub(super) fn note(report: &mut FlowReport, pass: &Pass) {
    report.met += pass.met;
    let failed: HashSet<usize> = pass.failed.iter().map(|(at, _)| *at).collect();
    let was_written =
        |record: &Option<usize>| record.is_none_or(|record| !failed.contains(&record));
    for (_, kind) in pass.untold.iter().filter(|(record, _)| was_written(record)) {
        report.count(*kind);
    }
    let told = pass.changes.iter();
    for (_, change) in told.filter(|(record, _)| was_written(record)) {
        report.count(change.change.kind);
        if report.changes.len() < CHANGES_KEPT {
            report.changes.push(RecordChange {
                key: change.key.clone(),
                change: change.change.clone().without_values(),
            });
        }
    }
}
