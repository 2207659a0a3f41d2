//! Records that the source no longer has: their rows are made inactive, or removed together with the link. In one
//! transaction with the rows that follow, as with any other write.

use super::pass::{Pass, collect, note};
use super::{Applier, Became, Done, Outcome, Step};
use crate::db::query::{Delete, Query};
use crate::db::{self, DbError};
use crate::own::generation::fresh;
use crate::own::link::Links;
use crate::own::need::Needs;
use crate::own::wrote::Wrote;
use crate::plan::GonePolicy;
use crate::sync::bind::{BoundRemove, BoundWrite};
use crate::sync::change::{ChangeKind, RowChange};
use crate::sync::links::LinkCache;
use crate::sync::record::{Existing, Need, Record};
use crate::sync::report::{FlowReport, Reason, RecordChange};
use crate::sync::work::{Mode, Op, Sight, evaluate, execute, in_keys, key_of, locked};
use crate::value::{Type, Value, convert, fit};
use std::collections::{HashMap, HashSet};

impl<'b> Applier<'b> {
    fn policy(&self) -> GonePolicy {
        self.bound.flow.target.gone.policy
    }

    /// A record of which nothing is known but its key.
    pub fn gone_record(&self, key: &str) -> Record {
        let bound = self.bound;
        let mut values = vec![Value::Null; bound.layout.slots()];
        for ((at, ty), part) in bound.key.iter().zip(&bound.key_types).zip(key.split('\t')) {
            let text = Value::Text(part.to_owned());
            values[*at] = match ty {
                Type::Other(_) => text,
                ty => convert(text.clone(), ty).unwrap_or(text),
            };
        }
        Record {
            need: Need::None,
            key: key.to_owned(),
            hash: crate::sync::read::key_hash(key),
            fingerprint: [0; 16],
            row: 0,
            values,
            children: vec![Vec::new(); bound.children.len()],
            state: Existing::ByMatch,
        }
    }

    /// The keys of those that something would be done about.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn would_touch(&mut self, mut records: Vec<Record>) -> Result<Vec<String>, DbError> {
        self.confirm_gone(&mut records).await?;
        let look = self
            .pass_gone(&mut records, &LinkCache::default(), Mode::Look)
            .await?;
        let acting = records.iter().enumerate();
        let acting = acting.filter(|(at, _)| look.touched.contains(at));
        Ok(acting.map(|(_, record)| record.key.clone()).collect())
    }

    /// Applies the policy; every record comes back, as `Changed` where something was done about it.
    ///
    /// # Errors
    /// As those of [`Applier::apply`].
    pub async fn apply_gone(
        &mut self,
        records: Vec<Record>,
        report: &mut FlowReport,
    ) -> Result<Vec<Done>, DbError> {
        self.apply_step(Step::Gone, records, report).await
    }

    pub(super) async fn attempt_gone(
        &mut self,
        originals: &[Record],
        report: &mut FlowReport,
    ) -> Result<Vec<Became>, DbError> {
        let links = LinkCache::default();
        let mut records = originals.to_vec();
        self.confirm_gone(&mut records).await?;
        let look = self.pass_gone(&mut records, &links, Mode::Look).await?;
        let mut outcomes = vec![Outcome::Right; records.len()];
        for (at, reason) in &look.failed {
            outcomes[*at] = Outcome::Rejected(reason.clone());
        }
        let mut chosen: Vec<usize> = look.touched.iter().copied().collect();
        chosen.sort_unstable();
        if self.intent == super::Intent::Write && !chosen.is_empty() {
            let mut written: Vec<Record> = chosen.iter().map(|at| records[*at].clone()).collect();
            let pass = self.write(Step::Gone, &mut written, &links).await?;
            for (at, original) in chosen.iter().enumerate() {
                let failed = pass.failed.iter().find(|(other, _)| *other == at);
                outcomes[*original] = match failed {
                    Some((_, reason)) => Outcome::Rejected(reason.clone()),
                    None => Outcome::Changed,
                };
            }
            note(report, &pass);
        } else {
            for at in chosen {
                outcomes[at] = Outcome::Changed;
            }
            note(report, &look);
        }
        let became = outcomes.into_iter().map(|outcome| Became {
            outcome,
            complete: true,
            state: None,
        });
        Ok(became.collect())
    }

    /// Finds the rows of linked records, and puts what the link remembers where the writes look for it. A row that was
    /// removed in the shop as well leaves its record without one.
    async fn confirm_gone(&mut self, records: &mut [Record]) -> Result<(), DbError> {
        let bound = self.bound;
        let Some(finder) = &bound.finder else {
            return Ok(());
        };
        let links = Links::new(&self.own, self.shop(), &finder.record);
        let keys: Vec<String> = records.iter().map(|record| record.key.clone()).collect();
        let known = links.of(self.session.as_mut(), &keys).await?;
        finder
            .confirm(self.session.as_mut(), records, &keys, &known)
            .await?;
        for record in records {
            for (name, slot) in &bound.link {
                let from = finder.slots.iter().find(|(column, _)| column == name);
                if let Some((_, from)) = from {
                    record.values[*slot as usize] = record.values[*from as usize].clone();
                }
            }
        }
        Ok(())
    }

    pub(super) async fn pass_gone(
        &mut self,
        records: &mut [Record],
        links: &LinkCache,
        mode: Mode,
    ) -> Result<Pass, DbError> {
        let mut pass = Pass::default();
        match self.policy() {
            GonePolicy::Keep => {}
            GonePolicy::Deactivate => self.deactivate(records, links, mode, &mut pass).await?,
            GonePolicy::Delete => self.remove(records, links, mode, &mut pass).await?,
        }
        // What follows from rows that have not changed yet cannot be told.
        if mode == Mode::Write && !pass.touched.is_empty() {
            self.derive(records, mode, &mut pass).await?;
        }
        Ok(pass)
    }

    async fn deactivate(
        &mut self,
        records: &mut [Record],
        links: &LinkCache,
        mode: Mode,
        pass: &mut Pass,
    ) -> Result<(), DbError> {
        let bound = self.bound;
        // Those without a row take no part in the comparison.
        let at_of: Vec<usize> = (0..records.len())
            .filter(|at| self.has_row(&records[*at]))
            .collect();
        let mut there: Vec<Record> = at_of.iter().map(|at| records[*at].clone()).collect();
        let mut found = Pass::default();
        for (at, write) in bound.gone.writes.iter().enumerate() {
            let ops = self
                .compare(at, write, &mut there, links, mode, &mut found)
                .await?;
            let failed: HashSet<usize> = found.failed.iter().map(|(at, _)| *at).collect();
            let ops: Vec<Op> = ops
                .into_iter()
                .filter(|op| !failed.contains(&op.record()) && is_of_a_row(write, op))
                .collect();
            if mode == Mode::Write {
                execute(self.session.as_mut(), write, &ops, false).await?;
            }
            collect(write, &there, ops, false, &mut found);
        }
        pass.touched
            .extend(found.touched.iter().map(|at| at_of[*at]));
        let failed = found.failed.into_iter();
        pass.failed
            .extend(failed.map(|(at, reason)| (at_of[at], reason)));
        let changes = found.changes.into_iter();
        pass.changes
            .extend(changes.map(|(at, change)| (at.map(|at| at_of[at]), change)));
        let untold = found.untold.into_iter();
        pass.untold
            .extend(untold.map(|(at, kind)| (at.map(|at| at_of[at]), kind)));
        pass.lists = found.lists;
        Ok(())
    }

    fn has_row(&self, record: &Record) -> bool {
        self.bound.finder.is_none() || matches!(record.state, Existing::Linked { .. })
    }

    /// Only kinds of rows that ponte creates are ponte's to remove.
    fn may_go(&self, record: &Record) -> bool {
        let kinds = &self.bound.flow.target.gone.kinds;
        let known = |kind: &str| kinds.iter().any(|known| known == kind);
        self.has_row(record) && (kinds.is_empty() || record.state.kind().is_none_or(known))
    }

    async fn remove(
        &mut self,
        records: &[Record],
        links: &LinkCache,
        mode: Mode,
        pass: &mut Pass,
    ) -> Result<(), DbError> {
        let bound = self.bound;
        for remove in &bound.gone.removes {
            let keys = self.keys_of(remove, records, links, pass);
            if keys.is_empty() {
                continue;
            }
            self.look_at(remove, &keys, mode, records, pass).await?;
            if mode == Mode::Write {
                let delete = Delete {
                    table: remove.table.name.clone(),
                    key: remove
                        .matches
                        .iter()
                        .map(|one| one.column.clone())
                        .collect(),
                    key_types: remove.matches.iter().map(|one| one.ty.clone()).collect(),
                    rows: keys.into_iter().map(|(_, key)| key).collect(),
                };
                self.session.delete(&delete).await?;
            }
        }
        Ok(())
    }

    /// What the rows to remove are matched by, for each record that has any.
    fn keys_of(
        &self,
        remove: &BoundRemove<'_>,
        records: &[Record],
        links: &LinkCache,
        pass: &mut Pass,
    ) -> Vec<(usize, Vec<Value>)> {
        let sight = Sight {
            around: &self.around,
            lookups: &self.bound.layout.lookups,
            links,
        };
        let mut keys = Vec::new();
        for (at, record) in records.iter().enumerate() {
            if !self.may_go(record) || pass.failed.iter().any(|(failed, _)| *failed == at) {
                continue;
            }
            let view = sight.of(record, None);
            let mut key = Vec::new();
            for (bound, one) in remove.matches.iter().zip(&remove.remove.matches) {
                let value = evaluate(&bound.value, &view, &one.at).and_then(|value| {
                    fit(value, &bound.ty, None, None).map_err(|misfit| Reason::Expression {
                        why: misfit.to_string(),
                        place: one.at.place(),
                    })
                });
                match value {
                    Ok(value) => key.push(value),
                    Err(reason) => {
                        pass.failed.push((at, reason));
                        break;
                    }
                }
            }
            // NULL leads to no row.
            if key.len() == remove.matches.len() && !key.iter().any(Value::is_null) {
                keys.push((at, key));
            }
        }
        keys
    }

    /// Reads what will go: to show it, to lock it, and for the rows that follow from it.
    async fn look_at(
        &mut self,
        remove: &BoundRemove<'_>,
        keys: &[(usize, Vec<Value>)],
        mode: Mode,
        records: &[Record],
        pass: &mut Pass,
    ) -> Result<(), DbError> {
        let bound = self.bound;
        let table = &remove.table;
        let writes = bound.writes.iter();
        let here: Vec<&BoundWrite<'_>> = writes
            .filter(|write| write.table.name == table.name)
            .collect();
        let matched: Vec<&str> = remove
            .matches
            .iter()
            .map(|one| one.column.as_str())
            .collect();
        let mut columns: Vec<&str> = Vec::new();
        let identity = table.primary_key.iter().map(String::as_str);
        let named = here.iter().flat_map(|write| {
            let fields = write.fields.iter().map(|field| field.field);
            let set = fields.filter(|field| {
                field.own == crate::plan::Own::Set && write.write.attributes.is_none()
            });
            let set = set.map(|field| field.column.as_str());
            let pair = write.write.attributes.iter();
            let pair = pair.flat_map(|(name, value)| [name.as_str(), value.as_str()]);
            let matches = write.matches.iter().map(|one| one.column.as_str());
            matches.chain(set).chain(pair)
        });
        for column in identity.chain(matched.iter().copied()).chain(named) {
            if !columns.contains(&column) {
                columns.push(column);
            }
        }
        let position = |name: &str| columns.iter().position(|known| *known == name);
        let match_at: Vec<usize> = matched.iter().filter_map(|name| position(name)).collect();
        let types: Vec<&Type> = remove.matches.iter().map(|one| &one.ty).collect();
        let owners: HashMap<String, usize> = keys
            .iter()
            .map(|(at, key)| (key_of(key.iter().zip(types.iter().copied())), *at))
            .collect();
        let wanted: Vec<Vec<Value>> = keys.iter().map(|(_, key)| key.clone()).collect();
        let query = Query::sql("SELECT ")
            .idents(&columns)
            .text(" FROM ")
            .table(&table.name)
            .text(" WHERE ");
        let query = locked(in_keys(query, &matched, &wanted), mode);
        for row in db::fetch(self.session.as_mut(), &query).await? {
            let key = key_of(
                match_at
                    .iter()
                    .map(|at| &row[*at])
                    .zip(types.iter().copied()),
            );
            let Some(at) = owners.get(&key).copied() else {
                continue;
            };
            pass.touched.insert(at);
            let identity_at = 0..table.primary_key.len();
            let named: Vec<(&str, &Value)> = identity_at
                .clone()
                .map(|at| (columns[at], &row[at]))
                .collect();
            let mut change = RowChange::new(ChangeKind::Remove, &table.name, &named);
            for (at, column) in columns.iter().enumerate() {
                if !identity_at.contains(&at) {
                    change = change.column(column, Some(&row[at]), None);
                }
            }
            let key = records[at].key.clone();
            pass.changes.push((Some(at), RecordChange { key, change }));
            for write in here.iter().filter(|write| write.each.is_some()) {
                for one in &write.matches {
                    if let Some(position) = position(&one.column) {
                        let name = format!("{}.{}", write.write.alias, one.column);
                        let values = pass.lists.entry(name).or_default();
                        values.push(row[position].clone());
                    }
                }
            }
        }
        Ok(())
    }

    /// A deleted record's link and memory go with its rows, and what hangs on such rows is no longer as its flow left it:
    /// were the record created anew, an unchanged price would be missing.
    pub(super) async fn unlink(&mut self, records: &[Record]) -> Result<(), DbError> {
        let Some(finder) = &self.bound.finder else {
            return Ok(());
        };
        if self.policy() != GonePolicy::Delete {
            return Ok(());
        }
        let going = records.iter().filter(|record| self.may_go(record));
        let keys: Vec<String> = going.map(|record| record.key.clone()).collect();
        let shop = self.shop().to_owned();
        let wrote = Wrote::new(&self.own, &shop, &finder.record, "");
        wrote.forget(self.session.as_mut(), &keys).await?;
        let needs = Needs::new(&self.own, &shop, &finder.record);
        needs.close(self.session.as_mut(), &keys).await?;
        for flow in &self.hanging {
            flow.set(self.session.as_mut(), &fresh()).await?;
        }
        let links = Links::new(&self.own, &shop, &finder.record);
        links.delete(self.session.as_mut(), &keys).await
    }
}

/// A gone record gets no new row; a row per field may lack only because nobody has set the field yet.
fn is_of_a_row(write: &BoundWrite<'_>, op: &Op) -> bool {
    write.write.attributes.is_some() || !matches!(op, Op::Insert { .. })
}
