//! A batch of records on its way into the target: looked at without locks first, then, as far as something differs,
//! written in one transaction.
//!
//! The look costs no lock and answers the usual case, in which nothing is to be written. What differs is compared again
//! inside the transaction, with the rows locked: so the batch may be repeated at any time. A transaction that fails for
//! a passing reason is tried again as a whole; one that fails because of a row's data is halved until the row stands
//! alone, and that row is rejected. After a COMMIT whose answer was lost the records are looked at anew: what was
//! committed is then found right.

use super::attributes;
use super::bind::{Bound, BoundWrite};
use super::change::ChangeKind;
use super::derived;
use super::elements::{self, Linked};
use super::links::LinkCache;
use super::record::{Existing, Record, Surroundings};
use super::report::{CHANGES_KEPT, FlowReport, Reason, RecordChange, Rejected};
use super::rows;
use super::unique;
use super::work::{Mode, Op, Sight, evaluate, execute, shown};
use crate::db::template::Bound as Binding;
use crate::db::{CommitError, DbError, DbErrorKind, Engine, Isolation, Session};
use crate::own::OwnTables;
use crate::own::lease::Guard;
use crate::own::link::{Link, Links};
use crate::own::wrote::{Remember, Wrote};
use crate::value::Value;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

/// Tries of a transaction that fails for a passing reason.
const TRIES: u32 = 6;

/// What a run may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intent {
    /// Compare and say; write nothing.
    DryRun,
    /// Write, and roll back.
    Trial,
    Write,
}

/// Applies batches of one flow to its target.
pub struct Applier<'b> {
    pub bound: &'b Bound<'b>,
    pub engine: Arc<dyn Engine>,
    pub session: Box<dyn Session>,
    pub own: OwnTables,
    pub guard: Option<Guard>,
    pub around: Surroundings,
    pub intent: Intent,
    linked: Linked,
}

/// What became of a record.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    Right,
    Created,
    Changed,
    Linked,
    Rejected(Reason),
}

/// What a pass over a batch found or did.
#[derive(Default)]
struct Pass {
    touched: HashSet<usize>,
    /// Of flows without links: records whose row was not there.
    created: HashSet<usize>,
    failed: Vec<(usize, Reason)>,
    waiting: HashSet<usize>,
    /// With the record that caused it; derived rows follow from the batch as a whole.
    changes: Vec<(Option<usize>, RecordChange)>,
    remember: Vec<(usize, Vec<(String, Remember)>)>,
    derived_differ: bool,
    lists: BTreeMap<String, Vec<Value>>,
}

/// A record with what became of it; not complete when a part of it waits for something.
pub struct Done {
    pub record: Record,
    pub outcome: Outcome,
    pub complete: bool,
}

impl<'b> Applier<'b> {
    pub fn new(
        bound: &'b Bound<'b>,
        engine: Arc<dyn Engine>,
        session: Box<dyn Session>,
        own: OwnTables,
        guard: Option<Guard>,
        around: Surroundings,
        intent: Intent,
    ) -> Self {
        Applier {
            bound,
            engine,
            session,
            own,
            guard,
            around,
            intent,
            linked: Linked::new(),
        }
    }

    fn shop(&self) -> &str {
        self.bound.flow.shop.as_deref().unwrap_or_default()
    }

    /// The kind of a record that the flow creates: the first of its first write.
    fn created_kind(&self) -> Option<&str> {
        let first = self.bound.writes.first()?;
        first.write.kinds.first().map(String::as_str)
    }

    /// Applies a batch; every record comes back with what became of it.
    ///
    /// # Errors
    /// Only what stops the flow: a database that stays unreachable, a lost lease, a query the server refuses.
    pub async fn apply(
        &mut self,
        records: Vec<Record>,
        report: &mut FlowReport,
    ) -> Result<Vec<Done>, DbError> {
        let mut done = Vec::new();
        let mut todo = vec![records];
        let mut tries = 0;
        while let Some(records) = todo.pop() {
            match self.attempt(&records, report).await {
                Ok(finished) => {
                    tries = 0;
                    done.extend(finished);
                }
                Err(error) if error.is_about_data() && records.len() > 1 => {
                    let mut first = records;
                    let second = first.split_off(first.len() / 2);
                    todo.push(second);
                    todo.push(first);
                }
                Err(error) if error.is_about_data() => {
                    done.extend(records.into_iter().map(|record| Done {
                        record,
                        outcome: Outcome::Rejected(Reason::Refused(error.message.clone())),
                        complete: false,
                    }));
                }
                Err(error) if error.is_transient() && tries < TRIES => {
                    tries += 1;
                    tracing::warn!(flow = self.bound.flow.name, tries, %error, "the batch is tried again");
                    tokio::time::sleep(pause(tries)).await;
                    self.reconnect(&error).await?;
                    todo.push(records);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }

    /// A session whose connection broke, or that may still be in a transaction, is given up.
    async fn reconnect(&mut self, error: &DbError) -> Result<(), DbError> {
        if error.kind == DbErrorKind::ConnectionLost || self.session.rollback().await.is_err() {
            let mut tries = 0;
            self.session = loop {
                match self.engine.connect().await {
                    Ok(session) => break session,
                    Err(error) if error.is_transient() && tries < TRIES => {
                        tries += 1;
                        tokio::time::sleep(pause(tries)).await;
                    }
                    Err(error) => return Err(error),
                }
            };
        }
        Ok(())
    }

    async fn attempt(
        &mut self,
        originals: &[Record],
        report: &mut FlowReport,
    ) -> Result<Vec<Done>, DbError> {
        let mut records = originals.to_vec();
        let mut outcomes: Vec<Option<Outcome>> = vec![None; records.len()];
        let mut incomplete = HashSet::new();

        let mut links = LinkCache::default();
        self.prefetch(&mut records, &mut links).await?;
        for (at, reason) in self.prepare(&mut records, &links).await? {
            outcomes[at].get_or_insert(Outcome::Rejected(reason));
        }
        let (mut at_of, mut going): (Vec<usize>, Vec<Record>) = records
            .into_iter()
            .enumerate()
            .filter(|(at, _)| outcomes[*at].is_none())
            .unzip();
        let unwritten = going.clone();
        let look = self.pass(&mut going, &links, Mode::Look).await?;
        for (at, reason) in &look.failed {
            outcomes[at_of[*at]].get_or_insert(Outcome::Rejected(reason.clone()));
        }
        incomplete.extend(look.waiting.iter().map(|at| at_of[*at]));
        let differs = |at: usize, record: &Record| {
            look.derived_differ
                || look.touched.contains(&at)
                || matches!(record.state, Existing::Found { .. } | Existing::New)
        };
        let chosen: Vec<usize> = (0..going.len())
            .filter(|at| outcomes[at_of[*at]].is_none() && differs(*at, &going[*at]))
            .collect();
        if self.intent == Intent::DryRun || chosen.is_empty() {
            for at in &chosen {
                outcomes[at_of[*at]] = Some(look.outcome(*at, &going[*at]));
            }
            note(report, &look);
        } else {
            at_of = chosen.iter().map(|at| at_of[*at]).collect();
            let mut written: Vec<Record> = chosen.iter().map(|at| unwritten[*at].clone()).collect();
            let pass = self.write(&mut written, &links).await?;
            for (at, record) in written.iter().enumerate() {
                let failed = pass.failed.iter().find(|(other, _)| *other == at);
                outcomes[at_of[at]] = Some(match failed {
                    Some((_, reason)) => Outcome::Rejected(reason.clone()),
                    None => pass.outcome(at, record),
                });
            }
            incomplete.extend(pass.waiting.iter().map(|at| at_of[*at]));
            note(report, &pass);
        }
        let done = originals
            .iter()
            .zip(outcomes)
            .enumerate()
            .map(|(at, (record, outcome))| Done {
                record: record.clone(),
                outcome: outcome.unwrap_or(Outcome::Right),
                complete: !incomplete.contains(&at),
            });
        Ok(done.collect())
    }

    /// Reads the links that the batch's expressions ask for.
    async fn prefetch(
        &mut self,
        records: &mut [Record],
        links: &mut LinkCache,
    ) -> Result<(), DbError> {
        if !self.bound.layout.uses_links() {
            return Ok(());
        }
        // A link may be the key of another: three rounds are more than any pack needs.
        for _ in 0..3 {
            self.ask(records, links);
            if !links
                .fill(
                    self.session.as_mut(),
                    &self.own,
                    self.bound.flow.shop.as_deref().unwrap_or_default(),
                )
                .await?
            {
                break;
            }
        }
        for write in &self.bound.writes {
            for link in write.matches.iter().filter_map(|one| one.link.as_ref()) {
                if write.write.scope.is_some() && !self.linked.contains_key(link) {
                    let all = Links::new(&self.own, self.shop(), &link.0);
                    let all = all.all(self.session.as_mut()).await?;
                    let column = |one: Link| match link.1.as_str() {
                        "id" => Some(one.id),
                        name => one.columns.get(name).cloned(),
                    };
                    self.linked
                        .insert(link.clone(), all.into_values().filter_map(column).collect());
                }
            }
        }
        Ok(())
    }

    /// Evaluates whatever may hold a link; the values do not matter, the cache notes what was asked for.
    fn ask(&self, records: &mut [Record], links: &LinkCache) {
        let sight = self.sight(links);
        for record in records {
            for (slot, value) in &self.bound.fields {
                let value = evaluate(value, &sight.of(record, None), &self.bound.flow.at);
                if let Ok(value) = value {
                    record.values[*slot as usize] = value;
                }
            }
            let by = self
                .bound
                .finder
                .iter()
                .flat_map(|finder| finder.by.iter().map(|(_, value)| value));
            for value in by {
                let _ = evaluate(value, &sight.of(record, None), &self.bound.flow.at);
            }
            for write in &self.bound.writes {
                let none = [None];
                let elements: Vec<Option<&crate::value::Row>> = match write.each {
                    Some(each) => record
                        .children
                        .get(each)
                        .into_iter()
                        .flatten()
                        .map(Some)
                        .collect(),
                    None => none.to_vec(),
                };
                let values = write.matches.iter().map(|one| &one.value);
                let values = values.chain(write.fields.iter().map(|field| &field.value));
                for value in values {
                    for element in &elements {
                        let _ = evaluate(value, &sight.of(record, *element), &self.bound.flow.at);
                    }
                }
            }
        }
    }

    fn sight<'s>(&'s self, links: &'s LinkCache) -> Sight<'s> {
        Sight {
            around: &self.around,
            lookups: &self.bound.layout.lookups,
            links,
        }
    }

    /// Computes the fields and finds the rows; returns the records that cannot go on.
    async fn prepare(
        &mut self,
        records: &mut [Record],
        links: &LinkCache,
    ) -> Result<Vec<(usize, Reason)>, DbError> {
        let mut failed = Vec::new();
        let sight = Sight {
            around: &self.around,
            lookups: &self.bound.layout.lookups,
            links,
        };
        for (at, record) in records.iter_mut().enumerate() {
            for ((slot, value), (_, expr)) in
                self.bound.fields.iter().zip(&self.bound.flow.target.fields)
            {
                match evaluate(value, &sight.of(record, None), &expr.at) {
                    Ok(value) => record.values[*slot as usize] = value,
                    Err(reason) => {
                        failed.push((at, reason));
                        break;
                    }
                }
            }
        }
        if let Some(finder) = &self.bound.finder {
            let shop = self.bound.flow.shop.as_deref().unwrap_or_default();
            failed.extend(
                finder
                    .locate(self.session.as_mut(), &self.own, shop, records, sight)
                    .await?,
            );
        }
        Ok(failed)
    }

    /// One transaction. Whatever fails inside leaves the database as it was.
    async fn write(&mut self, records: &mut [Record], links: &LinkCache) -> Result<Pass, DbError> {
        self.session.begin(Isolation::ReadCommitted).await?;
        match self.transaction(records, links).await {
            // What a record wrote before it failed must not stay.
            Ok(pass) if self.intent == Intent::Trial || !pass.failed.is_empty() => {
                self.session.rollback().await?;
                Ok(pass)
            }
            Ok(pass) => match self.session.commit().await {
                Ok(()) => Ok(pass),
                Err(CommitError::NotDone(error)) => Err(error),
                // Looking again is all that is needed: the whole batch is compared anew on a new connection.
                Err(CommitError::Unknown(error)) => Err(DbError {
                    kind: DbErrorKind::ConnectionLost,
                    ..error
                }),
            },
            Err(error) => {
                // A connection that broke has rolled back by itself.
                let _ = self.session.rollback().await;
                Err(error)
            }
        }
    }

    async fn transaction(
        &mut self,
        records: &mut [Record],
        links: &LinkCache,
    ) -> Result<Pass, DbError> {
        if let Some(guard) = &self.guard {
            guard.check(self.session.as_mut()).await?;
        }
        let pass = self.pass(records, links, Mode::Write).await?;
        if !pass.failed.is_empty() {
            return alone(records, pass);
        }
        self.link(records).await?;
        for (at, changes) in &pass.remember {
            let write = &self.bound.writes[*at];
            let wrote = self.wrote(write);
            wrote.keep(self.session.as_mut(), changes).await?;
        }
        if !pass.touched.is_empty() || pass.derived_differ {
            self.forget(records, links, &pass.touched).await?;
        }
        Ok(pass)
    }

    fn wrote(&self, write: &BoundWrite<'_>) -> Wrote {
        let record = self.bound.flow.record.as_deref().unwrap_or_default();
        Wrote::new(&self.own, self.shop(), record, &write.write.alias)
    }

    /// The writes in file order, then the derived rows. Looking executes nothing.
    async fn pass(
        &mut self,
        records: &mut [Record],
        links: &LinkCache,
        mode: Mode,
    ) -> Result<Pass, DbError> {
        let bound = self.bound;
        let mut pass = Pass::default();
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
                unique::settle(self.session.as_mut(), write, &mut ops).await?;
                let generated = execute(self.session.as_mut(), write, &ops).await?;
                self.take_over(write, records, &ops, generated);
            }
            collect(write, records, ops, &mut pass);
        }
        self.derive(records, mode, &mut pass).await?;
        Ok(pass)
    }

    async fn compare(
        &mut self,
        at: usize,
        write: &BoundWrite<'_>,
        records: &mut [Record],
        links: &LinkCache,
        mode: Mode,
        pass: &mut Pass,
    ) -> Result<Vec<Op>, DbError> {
        let created = self.created_kind().map(str::to_owned);
        let created = created.as_deref();
        let sight = Sight {
            around: &self.around,
            lookups: &self.bound.layout.lookups,
            links,
        };
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
            pass.remember.push((at, found.remember));
            found.found
        } else if write.each.is_some() {
            let found =
                elements::compare(session, write, records, sight, created, &self.linked, mode)
                    .await?;
            pass.waiting.extend(found.waiting);
            found.found
        } else {
            rows::compare(session, write, records, sight, created, mode).await?
        };
        pass.failed.extend(found.failed);
        Ok(found.ops)
    }

    /// Puts the columns of rows just inserted into the records, and what the link takes from them into `find`'s slots.
    fn take_over(
        &self,
        write: &BoundWrite<'_>,
        records: &mut [Record],
        ops: &[Op],
        generated: Vec<(usize, Value)>,
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

    async fn link(&mut self, records: &[Record]) -> Result<(), DbError> {
        let Some(finder) = self.bound.finder.as_ref().filter(|finder| !finder.hangs) else {
            return Ok(());
        };
        let created_kind = self.created_kind().unwrap_or_default().to_owned();
        let mut new = Vec::new();
        for record in records {
            let (id, kind) = match &record.state {
                Existing::Found { id, kind } => (Some(id.clone()), kind.clone()),
                Existing::New => (None, created_kind.clone()),
                _ => continue,
            };
            let mut columns = BTreeMap::new();
            let mut own_id = id;
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
                    "id" if own_id.is_none() && !value.is_null() => {
                        own_id = Some(value.plain().into_owned())
                    }
                    "id" => {}
                    _ => {
                        columns.insert(name.clone(), value.plain().into_owned());
                    }
                }
            }
            if let Some(id) = own_id {
                new.push((record.key.clone(), Link { id, columns, kind }));
            }
        }
        let links = Links::new(&self.own, self.shop(), &finder.record);
        links.insert(self.session.as_mut(), &new).await
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

    async fn derive(
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
        for (one, table) in &bound.derived {
            let binding = self.binding(&sound, pass);
            let differences = derived::compare(self.session.as_mut(), one, table, &binding).await?;
            drop(binding);
            if differences.is_empty() {
                continue;
            }
            pass.derived_differ = true;
            let changes = differences.changes();
            pass.changes.extend(changes.into_iter().map(|change| {
                let key = String::new();
                (None, RecordChange { key, change })
            }));
            if mode == Mode::Write {
                derived::write(self.session.as_mut(), &differences).await?;
            }
        }
        Ok(())
    }

    async fn forget(
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

/// A record that fails only under the locks has kept its batch from being whole: the error sends the batch round again,
/// by halves, until the record stands alone.
fn alone(records: &[Record], pass: Pass) -> Result<Pass, DbError> {
    match pass.failed.first() {
        Some((_, why)) if records.len() > 1 => Err(DbError::new(DbErrorKind::Misfit, why)),
        _ => Ok(pass),
    }
}

/// Without NULLs and repetitions.
fn distinct(values: impl Iterator<Item = Value>) -> Vec<Value> {
    let mut seen = HashSet::new();
    values
        .filter(|value| !value.is_null() && seen.insert(value.plain().into_owned()))
        .collect()
}

fn pause(tries: u32) -> Duration {
    // Doubling from 100 ms; the jitter keeps two processes from meeting again.
    let base = 100u64 << tries.min(6);
    Duration::from_millis(base + rand::random::<u64>() % base)
}

impl Pass {
    /// What became of the record at this place of the batch.
    fn outcome(&self, at: usize, record: &Record) -> Outcome {
        match (&record.state, self.touched.contains(&at)) {
            (Existing::New, _) => Outcome::Created,
            (Existing::ByMatch, true) if self.created.contains(&at) => Outcome::Created,
            (_, true) => Outcome::Changed,
            (Existing::Found { .. }, false) => Outcome::Linked,
            _ => Outcome::Right,
        }
    }
}

fn collect(write: &BoundWrite<'_>, records: &[Record], ops: Vec<Op>, pass: &mut Pass) {
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
        let change = RecordChange {
            key: records[op.record()].key.clone(),
            change: shown(&op, write),
        };
        pass.changes.push((Some(op.record()), change));
    }
}

/// Counts and shows what was (or would be) written; a record that failed has written nothing.
fn note(report: &mut FlowReport, pass: &Pass) {
    let failed: HashSet<usize> = pass.failed.iter().map(|(at, _)| *at).collect();
    let done = pass
        .changes
        .iter()
        .filter(|(record, _)| record.is_none_or(|record| !failed.contains(&record)));
    for (_, change) in done {
        match change.change.kind {
            ChangeKind::Insert => report.counts.rows_inserted += 1,
            ChangeKind::Update => report.counts.rows_updated += 1,
            ChangeKind::Remove => report.counts.rows_deleted += 1,
        }
        report.changes_total += 1;
        if report.changes.len() < CHANGES_KEPT {
            report.changes.push(change.clone());
        }
    }
}

/// A rejected record as the report and the quarantine keep it.
pub fn rejected(record: &Record, reason: Reason) -> Rejected {
    Rejected {
        key: record.key.clone(),
        hash: record.hash,
        reason,
    }
}
