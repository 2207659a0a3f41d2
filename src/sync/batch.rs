//! A batch of records on its way into the target: looked at without locks first, then, as far as something differs,
//! written in one transaction.
//!
//! The look costs no lock and answers the usual case, in which nothing is to be written. What differs is compared again
//! inside the transaction, with the rows locked: so the batch may be repeated at any time. A transaction that fails for
//! a passing reason is tried again as a whole; one that fails because of a row's data is halved until the row stands
//! alone, and that row is rejected. After a COMMIT whose answer was lost the records are looked at anew: what was
//! committed is then found right.

mod account;
mod anew;
pub mod approved;
mod attempt;
mod gone;
mod groups;
pub mod needs;
mod pass;

use super::bind::Bound;
use super::derived::groups::Groups;
use super::elements::Linked;
use super::fetch::refusal;
use super::links::{Assumed, LinkCache};
use super::pace::Pace;
use super::record::{Existing, Record, Surroundings};
use super::report::{FlowReport, Reason, Rejected};
use super::standing::Expected;
use super::work::{Mode, Sight, evaluate};
use crate::db::patience::{self, pause};
use crate::db::{CommitError, DbError, DbErrorKind, Engine, Isolation, Session};
use crate::failpoint;
use crate::own::OwnTables;
use crate::own::generation::{Generation, NewGeneration};
use crate::own::lease::Guard;
use crate::own::link::{Link, Links};
pub use anew::Anew;
use approved::Approved;
use pass::Pass;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Instant;

/// Tries more of a transaction that fails for a passing reason: about 45 s of waiting.
const TRIES: u32 = 8;

/// What a run may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Intent {
    /// Compare and say; write nothing.
    #[default]
    DryRun,
    /// Write, and roll back.
    Trial,
    Write,
}

/// What is done with a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Its records are carried over.
    Carry,
    /// The source no longer has them.
    Gone,
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
    /// Records without a row wait instead of being created.
    pub hold_new: bool,
    /// Links that a run would have made by now, of one that makes none.
    pub assumed: Assumed,
    /// Only rows that are the records' already: nothing is created or linked.
    pub known_only: bool,
    pub generation: NewGeneration,
    pub pace: Pace,
    /// What the records' rows are to be, where that can be told.
    pub expected: Option<&'b Expected<'b>>,
    /// Flows whose records hang on this one's rows.
    pub hanging: Vec<Generation>,
    /// A transaction for each record.
    pub singly: bool,
    /// Nearly all records of the last batch differed from their rows.
    all_differ: bool,
    /// What goes into the columns of new links beside the pack's, by key.
    pub noted: HashMap<String, BTreeMap<String, String>>,
    pub approved: Approved<'b>,
    anew: Option<Anew>,
    linked: Linked,
    groups: Groups,
}

/// What became of a record.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    Right,
    Created,
    Changed,
    Linked,
    /// It has no row yet, and this run gives it none.
    Unknown,
    Rejected(Reason),
}

/// A record with what became of it; not complete when a part of it waits for something.
pub struct Done {
    pub record: Record,
    pub outcome: Outcome,
    pub complete: bool,
    pub state: Option<Found>,
}

/// Which row a record is, as far as that became known; with the link that it has, or is to have, to a row that is there.
pub type Found = (Existing, Option<Link>);

/// All of [`Done`] but the record.
struct Became {
    outcome: Outcome,
    complete: bool,
    state: Option<Found>,
}

impl Became {
    fn incomplete(outcome: Outcome) -> Self {
        Became {
            outcome,
            complete: false,
            state: None,
        }
    }

    fn of(self, record: Record) -> Done {
        let Became {
            outcome,
            complete,
            state,
        } = self;
        Done {
            record,
            outcome,
            complete,
            state,
        }
    }
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
        let generation = NewGeneration::of(&own, &bound.flow.name);
        let approved = Approved::new(&own, bound.flow);
        Applier {
            bound,
            engine,
            session,
            own,
            guard,
            around,
            intent,
            hold_new: false,
            assumed: Assumed::new(),
            known_only: false,
            generation,
            pace: Pace::default(),
            expected: None,
            hanging: Vec::new(),
            singly: false,
            all_differ: false,
            noted: HashMap::new(),
            approved,
            anew: None,
            linked: Linked::new(),
            groups: Groups::default(),
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
        self.apply_step(Step::Carry, records, report).await
    }

    async fn apply_step(
        &mut self,
        step: Step,
        records: Vec<Record>,
        report: &mut FlowReport,
    ) -> Result<Vec<Done>, DbError> {
        let mut done = Vec::new();
        let mut todo = vec![records];
        let mut tries = 0;
        while let Some(records) = todo.pop() {
            let attempt = match step {
                Step::Carry => self.attempt(&records, report).await,
                Step::Gone => self.attempt_gone(&records, report).await,
            };
            match attempt {
                Ok(became) => {
                    tries = 0;
                    if self.groups.are_many() {
                        self.settle_groups(report).await?;
                    }
                    done.extend(
                        records
                            .into_iter()
                            .zip(became)
                            .map(|(record, became)| became.of(record)),
                    );
                }
                Err(error) if error.is_about_data() && records.len() > 1 => {
                    let mut first = records;
                    let second = first.split_off(first.len() / 2);
                    todo.push(second);
                    todo.push(first);
                }
                Err(error) if error.is_about_data() => {
                    let refused = || Outcome::Rejected(Reason::Refused(error.message.clone()));
                    let refused = |record| Became::incomplete(refused()).of(record);
                    done.extend(records.into_iter().map(refused));
                }
                Err(error) if error.is_transient() && tries < TRIES => {
                    tries += 1;
                    if error.is_contention() {
                        self.pace.gave_way();
                    }
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

    /// Before the session is used after a time in which it may have been idle.
    ///
    /// # Errors
    /// Those of connecting.
    pub async fn wake(&mut self) -> Result<(), DbError> {
        patience::wake(self.engine.as_ref(), &mut self.session).await
    }

    /// A session whose connection broke, or that may still be in a transaction, is given up.
    pub(super) async fn reconnect(&mut self, error: &DbError) -> Result<(), DbError> {
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
                let elements: Vec<Option<&crate::value::Row>> = match &write.each {
                    Some(each) => each.rows(record).iter().map(Some).collect(),
                    None => vec![None],
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
        for (at, record) in records.iter().enumerate() {
            if !failed.iter().any(|(other, _)| *other == at) {
                let refusal = refusal(&self.bound.refuse, record, &sight);
                failed.extend(refusal.map(|reason| (at, reason)));
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
    async fn write(
        &mut self,
        step: Step,
        records: &mut [Record],
        links: &LinkCache,
    ) -> Result<Pass, DbError> {
        let asked = Instant::now();
        if let Err(error) = self.begin().await {
            // A connection that broke has rolled back by itself.
            let _ = self.session.rollback().await;
            return Err(error);
        }
        self.pace.answered(asked.elapsed());
        let began = Instant::now();
        match self.transaction(step, records, links).await {
            // What a record wrote before it failed must not stay.
            Ok(pass) if self.intent == Intent::Trial || !pass.failed.is_empty() => {
                self.session.rollback().await?;
                Ok(pass)
            }
            Ok(pass) => match self.commit(step).await {
                Ok(()) => {
                    self.generation.is_set = true;
                    self.pace.wrote(records.len(), began.elapsed());
                    Ok(pass)
                }
                // Looking again is all that is needed: the whole batch is compared anew.
                Err(error) => Err(error.into_lost()),
            },
            Err(error) => {
                // A connection that broke has rolled back by itself.
                let _ = self.session.rollback().await;
                Err(error)
            }
        }
    }

    async fn begin(&mut self) -> Result<(), DbError> {
        let isolation = Isolation::ReadCommitted;
        match &self.guard {
            Some(guard) => guard.begin(self.session.as_mut(), isolation).await,
            None => self.session.begin(isolation).await,
        }
    }

    async fn commit(&mut self, step: Step) -> Result<(), CommitError> {
        let (before, after) = match step {
            Step::Carry => ("batch written", "batch committed"),
            Step::Gone => ("gone written", "gone committed"),
        };
        failpoint::reached(before);
        self.session.commit().await?;
        failpoint::reached(after);
        Ok(())
    }

    async fn transaction(
        &mut self,
        step: Step,
        records: &mut [Record],
        links: &LinkCache,
    ) -> Result<Pass, DbError> {
        if !self.generation.is_set {
            let NewGeneration { of, value, .. } = &self.generation;
            of.set(self.session.as_mut(), value).await?;
        }
        failpoint::reached("batch begun");
        if let Some(reason) = self.clear().await? {
            return Ok(Pass::refused(reason));
        }
        let mut pass = match step {
            Step::Carry => self.pass(records, links, Mode::Write).await?,
            Step::Gone => self.pass_gone(records, links, Mode::Write).await?,
        };
        if !pass.failed.is_empty() {
            return pass.alone(records);
        }
        failpoint::reached("batch without links");
        match step {
            Step::Carry => {
                self.link(records).await?;
                self.remember_anew().await?;
                self.link_customer(records, links).await?;
                self.note_applied(records).await?;
                self.note_needs(records, links, &mut pass).await?;
                for (at, changes) in &pass.remember {
                    let write = &self.bound.writes[*at];
                    let wrote = self.wrote(write);
                    wrote.keep(self.session.as_mut(), changes).await?;
                }
            }
            Step::Gone => self.unlink(records).await?,
        }
        if !pass.touched.is_empty() || pass.derived_differ {
            self.forget(records, links, &pass.touched).await?;
        }
        self.session.send_later().await?;
        Ok(pass)
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
