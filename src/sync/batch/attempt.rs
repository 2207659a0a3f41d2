//! One attempt at a batch: a look without locks, then a transaction for what differs.
//!
//! Where nearly all of a batch differed, the next one goes without the look: it would only say again what is to be
//! expected. The transaction compares anyhow, with the rows locked; one that finds a record at fault is rolled back,
//! and the batch is looked at like any other.

use super::pass::Pass;
use super::{Applier, Became, Intent, Outcome, Step};
use crate::db::DbError;
use crate::sync::layout::MAIN;
use crate::sync::links::LinkCache;
use crate::sync::record::{Existing, Record};
use crate::sync::report::{FlowReport, Reason};
use crate::sync::work::Mode;
use crate::value::Value;
use std::collections::HashSet;

/// A batch of fewer records says nothing of the next one.
const TELLING: usize = 50;

/// What is known of a batch's records so far, by their places in it.
struct Judged {
    outcomes: Vec<Option<Outcome>>,
    incomplete: HashSet<usize>,
    states: Vec<Option<super::Found>>,
}

/// The records of a batch that go on to their writes, each with its place in the batch.
struct Going {
    at_of: Vec<usize>,
    records: Vec<Record>,
}

impl Applier<'_> {
    pub(super) async fn attempt(
        &mut self,
        originals: &[Record],
        report: &mut FlowReport,
    ) -> Result<Vec<Became>, DbError> {
        let mut links = LinkCache::assuming(&self.assumed);
        let (mut judged, going) = self.judge(originals.to_vec(), &mut links).await?;
        let is_straight = self.all_differ
            && self.intent == Intent::Write
            && !self.known_only
            && !self.singly
            && self.bound.flow.target.approve.is_none()
            && !going.records.is_empty();
        let was_straight = is_straight
            && self
                .write_straight(&going, &links, &mut judged, report)
                .await?;
        if !was_straight {
            self.look_and_write(going, &links, &mut judged, report)
                .await?;
        }
        let Judged {
            outcomes,
            incomplete,
            states,
        } = judged;
        let became = outcomes.into_iter().zip(states).enumerate();
        let became = became.map(|(at, (outcome, state))| Became {
            outcome: outcome.unwrap_or(Outcome::Right),
            complete: !incomplete.contains(&at),
            state,
        });
        Ok(became.collect())
    }

    /// Computes the records and finds their rows: who goes on, and what is to be said of the others.
    async fn judge(
        &mut self,
        mut records: Vec<Record>,
        links: &mut LinkCache,
    ) -> Result<(Judged, Going), DbError> {
        let mut outcomes: Vec<Option<Outcome>> = vec![None; records.len()];
        self.prefetch(&mut records, links).await?;
        for (at, reason) in self.prepare(&mut records, links).await? {
            outcomes[at].get_or_insert(Outcome::Rejected(reason));
        }
        self.await_needs(&mut records).await?;
        let waiting = records
            .iter()
            .enumerate()
            .filter(|(_, one)| self.waits(one));
        let incomplete = waiting.map(|(at, _)| at).collect();
        let mut states = Vec::with_capacity(records.len());
        for (at, record) in records.iter().enumerate() {
            if outcomes[at].is_none()
                && let Some(reason) = self.nameless(record)
            {
                outcomes[at] = Some(Outcome::Rejected(reason));
            }
            let is_known = outcomes[at].is_none();
            if is_known && self.hold_new && record.state == Existing::New {
                outcomes[at] = Some(Outcome::Rejected(Reason::Held));
            }
            if self.known_only && matches!(record.state, Existing::Found { .. } | Existing::New) {
                outcomes[at].get_or_insert(Outcome::Unknown);
            }
            let link = self.link_of(record).map(|(_, link)| link);
            states.push(is_known.then(|| (record.state.clone(), link)));
        }
        let (at_of, records) = records
            .into_iter()
            .enumerate()
            .filter(|(at, _)| outcomes[*at].is_none())
            .unzip();
        let judged = Judged {
            outcomes,
            incomplete,
            states,
        };
        Ok((judged, Going { at_of, records }))
    }

    /// Nobody would find a new row without a title, and what is written on creation only would never be put right.
    fn nameless(&self, record: &Record) -> Option<Reason> {
        let slot = self.bound.layout.main_name?;
        let is_nameless = match &record.values[slot as usize] {
            Value::Null => true,
            Value::Text(name) => name.trim().is_empty(),
            _ => false,
        };
        let language = self.bound.flow.target.languages.get(MAIN)?;
        (record.state == Existing::New && is_nameless).then(|| Reason::Nameless {
            language: language.clone(),
        })
    }

    /// All records in one transaction, unseen. `false` if one is at fault: nothing was written.
    async fn write_straight(
        &mut self,
        going: &Going,
        links: &LinkCache,
        judged: &mut Judged,
        report: &mut FlowReport,
    ) -> Result<bool, DbError> {
        let mut written = going.records.clone();
        match self.write(Step::Carry, &mut written, links).await {
            Ok(pass) if pass.failed.is_empty() => {
                self.learn(pass.touched.len(), written.len());
                let all: Vec<usize> = (0..written.len()).collect();
                judged.wrote(&pass, &written, &all, &going.at_of);
                self.note_carried(report, &pass, &written);
                Ok(true)
            }
            Err(error) if !error.is_about_data() => Err(error),
            Ok(_) | Err(_) => {
                self.all_differ = false;
                Ok(false)
            }
        }
    }

    async fn look_and_write(
        &mut self,
        going: Going,
        links: &LinkCache,
        judged: &mut Judged,
        report: &mut FlowReport,
    ) -> Result<(), DbError> {
        let Going {
            at_of,
            records: mut going,
        } = going;
        let unwritten = going.clone();
        let mut look = self.pass(&mut going, links, Mode::Look).await?;
        let outcomes = &mut judged.outcomes;
        if self.known_only && self.bound.finder.is_none() {
            for at in look.without_created() {
                outcomes[at_of[at]].get_or_insert(Outcome::Unknown);
            }
        }
        look.failed.extend(self.unapproved(&going, &look).await?);
        for (at, reason) in &look.failed {
            outcomes[at_of[*at]].get_or_insert(Outcome::Rejected(reason.clone()));
        }
        let waiting = look.waiting.iter().map(|at| at_of[*at]);
        judged.incomplete.extend(waiting);
        let chosen: Vec<usize> = {
            let differs = |at: usize, record: &Record| {
                look.derived_differ
                    || self.anew.is_some()
                    || look.touched.contains(&at)
                    || self.remembers(record)
                    || look.remembering.contains(&at)
                    || matches!(record.state, Existing::Found { .. } | Existing::New)
            };
            (0..going.len())
                .filter(|at| outcomes[at_of[*at]].is_none() && differs(*at, &going[*at]))
                .collect()
        };
        self.learn(look.touched.len(), going.len());
        if self.intent == Intent::DryRun || chosen.is_empty() {
            for at in &chosen {
                outcomes[at_of[*at]] = Some(look.outcome(*at, &going[*at]));
            }
            self.note_carried(report, &look, &going);
            return Ok(());
        }
        let portion = match self.singly {
            true => 1,
            false => chosen.len(),
        };
        for chosen in chosen.chunks(portion) {
            let mut written: Vec<Record> = chosen.iter().map(|at| unwritten[*at].clone()).collect();
            match self.write(Step::Carry, &mut written, links).await {
                Ok(pass) => {
                    judged.wrote(&pass, &written, chosen, &at_of);
                    self.note_carried(report, &pass, &written);
                }
                // Those before it are written: only this one is looked at again, or rejected.
                Err(error) if self.singly && error.is_about_data() => {
                    let refused = Reason::Refused(error.message.clone());
                    judged.outcomes[at_of[chosen[0]]] = Some(Outcome::Rejected(refused));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn learn(&mut self, differing: usize, of: usize) {
        if of >= TELLING {
            self.all_differ = differing * 10 >= of * 9;
        }
    }
}

impl Judged {
    /// Takes over what a transaction did; `chosen` are the places of its records among those that went on.
    fn wrote(&mut self, pass: &Pass, written: &[Record], chosen: &[usize], at_of: &[usize]) {
        for (place, (record, at)) in written.iter().zip(chosen).enumerate() {
            let failed = pass.failed.iter().find(|(other, _)| *other == place);
            self.outcomes[at_of[*at]] = Some(match failed {
                Some((_, reason)) => Outcome::Rejected(reason.clone()),
                None => pass.outcome(place, record),
            });
        }
        let waiting = pass.waiting.iter().map(|at| at_of[chosen[*at]]);
        self.incomplete.extend(waiting);
    }
}
