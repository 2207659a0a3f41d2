//! Which records have changed since the last run, by the times that the source's rows carry.
//!
//! A run by timestamp asks for the keys of what changed since the last run's *horizon*, less the overlap, and reads the
//! records of these keys, and of those that could not be carried over before, as every other run reads them: their
//! fingerprints are the same. The horizon is the source's own clock, read before any row, or the start of its oldest
//! open transaction: what commits later has a later time.
//!
//! The mark for the next run lies in the snapshot and moves with it. Whatever makes it unsure (another mapping, a clock
//! that was put back, too many keys) makes the run one over the whole source, which needs no times.

use super::bind::{BindError, Bound, relation};
use crate::db::catalog::{Column, Table};
use crate::db::clock::{self, Clock};
use crate::db::query::{Query, TableName};
use crate::db::template;
use crate::db::{DbError, DbErrorKind, Result, Session, choice, mention};
use crate::diagnostic::Diagnostic;
use crate::expr::Zone;
use crate::plan::{ByTimestamp, Flow, PackFacts, Relation, TimeColumn, Watermark, WatermarkForm};
use crate::value::{Type, Value, convert};
use chrono::{DateTime, NaiveDateTime, SubsecRound, TimeDelta, Utc};
use futures_util::TryStreamExt;
use serde::{Deserialize, Serialize};
use std::cell::Cell;
use std::collections::BTreeMap;

/// With more changed records than this the whole source is read: that is cheaper, and the keys are kept in memory.
const KEYS_MAX: usize = 50_000;
/// With more records to try again than this the next run reads the whole source.
const RETRY_MAX: usize = 10_000;

/// What a run leaves for the next one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Of everything but the rows that decides what is written and what counts as changed.
    basis: String,
    horizon_ms: i64,
    /// When the whole source was last read.
    full_ms: i64,
    /// First key columns of records that were not, or not wholly, carried over.
    retry: Vec<String>,
}

impl Mark {
    /// As it lies in a snapshot; `None` for what is no mark.
    pub fn read(bytes: &[u8]) -> Option<Mark> {
        serde_json::from_slice(bytes).ok()
    }

    pub fn bytes(&self) -> Vec<u8> {
        // A struct of texts and numbers is always JSON; if not, the next run reads the whole source.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Notes a record that the next run tries again; false if there are too many.
    pub fn retry(&mut self, key: &str) -> bool {
        self.retry.push(key.to_owned());
        self.retry.len() <= RETRY_MAX
    }
}

/// How a run goes about its source.
#[derive(Debug)]
pub struct Start {
    /// The first key columns of the records to look at, sorted as the source sorts them; `None`: the whole source.
    pub keys: Option<Vec<Value>>,
    /// They changed since then.
    pub since: Option<DateTime<Utc>>,
    /// For the next run, if it may go by it.
    pub mark: Option<Mark>,
}

/// What a column says of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeKind {
    Instant,
    /// Without a zone.
    Wall,
    Day,
}

/// A watermark's column as the source has it.
#[derive(Debug, Clone)]
pub struct TimeFacts {
    /// `items.changed_at`
    pub name: String,
    pub declared: String,
    pub kind: TimeKind,
    /// Whether an index begins with it; `None` where that cannot be told.
    pub indexed: Option<bool>,
    pub nullable: bool,
}

/// A flow's watermark, held against its source.
#[derive(Debug)]
pub struct Watched<'p> {
    flow: &'p Flow,
    watermark: &'p Watermark,
    /// In the order of the `:since`s.
    pub columns: Vec<TimeFacts>,
    /// Of times without one.
    pub zone: Zone,
}

impl<'p> Watched<'p> {
    /// Looks up what the watermark names.
    ///
    /// # Errors
    /// What does not fit, as diagnostics; errors of the database.
    pub async fn look(
        session: &mut dyn Session,
        flow: &'p Flow,
        watermark: &'p Watermark,
        pack: Option<&PackFacts>,
    ) -> std::result::Result<Watched<'p>, BindError> {
        let zone = match (watermark.zone, pack.and_then(|pack| pack.zone.as_ref())) {
            (Some(zone), _) => zone,
            (None, Some(sql)) => super::run::read_zone(session, &sql.text).await?,
            (None, None) => Zone::UTC,
        };
        let mut watched = Watched {
            flow,
            watermark,
            columns: Vec::new(),
            zone,
        };
        let known = watched.known(session).await?;
        let mut found = Vec::new();
        for column in &watermark.columns {
            match facts(column, &known) {
                Ok(facts) => watched.columns.push(facts),
                Err(wrong) => found.push(wrong.at(&watermark.sql.at, "")),
            }
        }
        if found.is_empty() {
            found.extend(watched.refused(session).await?);
        }
        match found.is_empty() {
            true => Ok(watched),
            false => Err(BindError::Mapping(found)),
        }
    }

    /// The tables whose columns may be meant, by the names under which the watermark may call them.
    async fn known(&self, session: &mut dyn Session) -> Result<Vec<(mention::Mention, Table)>> {
        let named = match (self.watermark.form, &self.flow.source.relation) {
            (WatermarkForm::Keys, _) => {
                mention::tables(&choice::chosen(session, &self.watermark.sql.text).await?)
            }
            (WatermarkForm::Condition, Relation::Sql(sql)) => {
                mention::tables(&choice::chosen(session, &sql.text).await?)
            }
            (WatermarkForm::Condition, Relation::Table { name, .. }) => vec![mention::Mention {
                table: name.clone(),
                alias: None,
            }],
        };
        let mut looked: BTreeMap<TableName, Option<Table>> = BTreeMap::new();
        let mut known = Vec::new();
        for mention in named {
            if !looked.contains_key(&mention.table) {
                let table = session.table(&mention.table).await?;
                looked.insert(mention.table.clone(), table);
            }
            if let Some(Some(table)) = looked.get(&mention.table) {
                known.push((mention, table.clone()));
            }
        }
        Ok(known)
    }

    /// What the server holds against the query.
    async fn refused(
        &self,
        session: &mut dyn Session,
    ) -> std::result::Result<Option<Diagnostic>, BindError> {
        let at = &self.watermark.sql.at;
        let epoch = DateTime::UNIX_EPOCH;
        let query = match self.watermark.form {
            // Alone: an engine may take an unknown name in quotes for a text.
            WatermarkForm::Keys => self.bound(epoch, epoch),
            WatermarkForm::Condition => self.query(epoch, epoch),
        };
        let columns = match session.describe(&query).await {
            Ok(columns) => columns,
            Err(error) if error.is_transient() => return Err(error.into()),
            Err(error) => {
                return Ok(Some(
                    Diagnostic::error("P314", format!("the server refuses this query: {error}"))
                        .at(at, format!("asked of {}", session.server().product)),
                ));
            }
        };
        let key = self.key();
        if columns.iter().any(|column| column.name == key) {
            return Ok(None);
        }
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        Ok(Some(
            Diagnostic::error("P312", format!("the watermark does not yield `{key}`"))
                .at(at, "")
                .note(format!("it yields {}", names.join(", ")))
                .help("a query for what changed yields the first column of the record's key"),
        ))
    }

    fn key(&self) -> &str {
        self.flow.source.key.first().map_or("", String::as_str)
    }

    /// The watermark's own text with a time for each `:since`.
    fn bound(&self, since: DateTime<Utc>, now: DateTime<Utc>) -> Query {
        let next = Cell::new(0);
        let bound = template::bind(&self.watermark.sql.text, |_| {
            let kind = self.columns.get(next.replace(next.get() + 1))?.kind;
            Some(template::Bound::One(self.time(kind, since, now)))
        });
        // There is a column for each name: what else a watermark names was refused when it was read.
        bound.unwrap_or_default()
    }

    /// Yields the first key column of every record that changed.
    fn query(&self, since: DateTime<Utc>, now: DateTime<Utc>) -> Query {
        let query = Query::sql("SELECT DISTINCT ")
            .ident(self.key())
            .text(" FROM (");
        let bound = self.bound(since, now);
        match self.watermark.form {
            WatermarkForm::Keys => query.append(bound).text("\n) s"),
            WatermarkForm::Condition => query
                .append(relation(&self.flow.source.relation))
                .text("\n) s WHERE ")
                .append(bound),
        }
    }

    /// `since` as the column would show it, or earlier: columns keep whole seconds or days, and a clock that was put
    /// back has shown some times twice.
    fn time(&self, kind: TimeKind, since: DateTime<Utc>, now: DateTime<Utc>) -> Value {
        let since = since.trunc_subsecs(0);
        match kind {
            TimeKind::Instant => Value::Timestamp(since),
            TimeKind::Wall => Value::DateTime(earliest_wall(self.zone, since, now)),
            TimeKind::Day => Value::Date(earliest_wall(self.zone, since, now).date()),
        }
    }

    /// Decides how the run goes about its source. `seed`: of everything that goes into fingerprints beside the rows;
    /// `whole`: the whole source is wanted, or there is no snapshot that could be patched.
    ///
    /// # Errors
    /// Those of the database; a watermark that yields what is no key.
    pub async fn start(
        &self,
        session: &mut dyn Session,
        bound: &Bound<'_>,
        by: &ByTimestamp,
        seed: &[u8; 32],
        old: Option<Mark>,
        whole: bool,
    ) -> Result<Start> {
        let clock = clock::read(session).await?;
        let basis = self.basis(seed);
        let now_ms = clock.now.timestamp_millis();
        let full_every = i64::try_from(by.full_every.as_millis()).unwrap_or(i64::MAX);
        let old = old.filter(|mark| mark.basis == basis && mark.horizon_ms <= now_ms);
        let going_by = old
            .as_ref()
            .filter(|mark| !whole && now_ms.saturating_sub(mark.full_ms) < full_every);
        let mut start = Start {
            keys: None,
            since: None,
            mark: None,
        };
        if let Some(mark) = going_by {
            let since = mark.since(by);
            let key_type = bound.key_types.first();
            let changed = self.query(since, clock.now);
            if let Some(keys) = self.keys(session, &changed, key_type, &mark.retry).await? {
                start.keys = Some(keys);
                start.since = Some(since);
            }
        }
        start.mark = self.next(&clock, basis, old.as_ref(), start.keys.is_none());
        Ok(start)
    }

    fn next(&self, clock: &Clock, basis: String, old: Option<&Mark>, whole: bool) -> Option<Mark> {
        let horizon = clock.horizon().map(|moment| moment.timestamp_millis());
        let full = match (whole, old) {
            (false, Some(old)) => old.full_ms,
            _ => clock.now.timestamp_millis(),
        };
        Some(Mark {
            basis,
            // What was open at the last run and is so still has not been passed by the horizon of then.
            horizon_ms: horizon.or(old.map(|old| old.horizon_ms))?,
            full_ms: full,
            retry: Vec::new(),
        })
    }

    fn basis(&self, seed: &[u8; 32]) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(seed);
        hasher.update(self.watermark.sql.text.as_bytes());
        hasher.update(format!("{:?}", self.zone).as_bytes());
        // What comes into an edited filter has no new time.
        let source = &self.flow.source;
        let within = source.children.iter().map(|child| child.within.as_ref());
        let within = within.chain([source.within.as_ref()]).flatten();
        let filters = within.map(|within| &within.filter).chain(&source.filter);
        for filter in filters {
            hasher.update(filter.text.as_bytes()).update(&[0]);
        }
        hasher.finalize().to_hex().to_string()
    }

    /// `None`: there are too many.
    async fn keys(
        &self,
        session: &mut dyn Session,
        query: &Query,
        ty: Option<&Type>,
        retry: &[String],
    ) -> Result<Option<Vec<Value>>> {
        let mut keys = Vec::new();
        let mut stream = session.read(query).await?;
        while let Some(batch) = stream.try_next().await? {
            for row in batch.rows {
                let value = row.into_vec().swap_remove(0);
                if !value.is_null() {
                    keys.push(self.as_key(value, ty)?);
                }
            }
            if keys.len() > KEYS_MAX {
                return Ok(None);
            }
        }
        drop(stream);
        let numbers = matches!(keys.first(), Some(Value::Int(_)));
        for text in retry {
            let key = match text.parse() {
                // An engine that tells no types before it sees values.
                Ok(number) if numbers => Value::Int(number),
                _ => Value::Text(text.clone()),
            };
            keys.push(self.as_key(key, ty)?);
        }
        keys.sort_by(Value::order);
        keys.dedup_by(|a, b| a.order(b).is_eq());
        Ok(Some(keys))
    }

    /// The value as the source's key column yields it.
    fn as_key(&self, value: Value, ty: Option<&Type>) -> Result<Value> {
        let kept = match (&value, ty) {
            (Value::Text(text), Some(Type::Text { padded: true, .. })) => {
                return Ok(Value::Text(text.trim_end().to_owned()));
            }
            (Value::Text(_), Some(Type::Text { .. } | Type::Enum(_) | Type::Json)) => true,
            (
                Value::Int(_) | Value::UInt(_) | Value::Decimal(_),
                Some(Type::Int { .. } | Type::Decimal { .. }),
            ) => true,
            (_, None | Some(Type::Other(_))) => true,
            _ => false,
        };
        if kept {
            return Ok(value);
        }
        let wanted = match ty {
            Some(ty @ Type::Text { .. }) => ty.clone(),
            Some(Type::Int { .. }) => Type::Int {
                bits: 64,
                signed: true,
            },
            Some(ty) => ty.clone(),
            None => return Ok(value),
        };
        convert(value, &wanted).map_err(|misfit| {
            let flow = &self.flow.name;
            let message = format!("the watermark of flow {flow} yields what is no key: {misfit}");
            DbError::new(DbErrorKind::Other, message)
        })
    }
}

impl Mark {
    fn since(&self, by: &ByTimestamp) -> DateTime<Utc> {
        let overlap = i64::try_from(by.overlap.as_millis()).unwrap_or(i64::MAX);
        DateTime::from_timestamp_millis(self.horizon_ms.saturating_sub(overlap))
            .unwrap_or(DateTime::UNIX_EPOCH)
    }
}

/// The earliest time that the zone's clock has shown between the two moments.
fn earliest_wall(zone: Zone, since: DateTime<Utc>, now: DateTime<Utc>) -> NaiveDateTime {
    let shown = |moment: DateTime<Utc>| zone.wall(moment).unwrap_or(moment.naive_utc());
    let passed = (now - since).max(TimeDelta::zero());
    let by_now = shown(now).checked_sub_signed(passed);
    shown(since).min(by_now.unwrap_or(NaiveDateTime::MIN))
}

/// The one column that is meant, as its table has it.
fn facts(
    column: &TimeColumn,
    known: &[(mention::Mention, Table)],
) -> std::result::Result<TimeFacts, Box<Diagnostic>> {
    let shown = match &column.table {
        Some(table) => format!("{table}.{}", column.name),
        None => column.name.clone(),
    };
    let is_meant = |mention: &mention::Mention| match &column.table {
        Some(name) => mention.is_called(name),
        None => true,
    };
    let mut meant = known
        .iter()
        .filter(|(mention, _)| is_meant(mention))
        .filter_map(|(_, table)| {
            let same = |other: &&Column| other.name.eq_ignore_ascii_case(&column.name);
            let exact = table.column(&column.name);
            Some((table, exact.or_else(|| table.columns.iter().find(same))?))
        });
    let Some((table, first)) = meant.next() else {
        let tables: Vec<String> = known
            .iter()
            .map(|(_, table)| format!("`{}`", table.name))
            .collect();
        let message = format!("which table's column `{shown}` is cannot be told");
        let named = match tables.is_empty() {
            true => "no table is named there".to_owned(),
            false => format!("tables named there: {}", tables.join(", ")),
        };
        return Err(Diagnostic::error("P372", message).note(named).into());
    };
    let name = format!("{}.{}", table.name.name, first.name);
    let Some(kind) = time_kind(&first.ty) else {
        let message = format!("`{name}` is `{}`, which is no time", first.declared);
        let help = "name a column of a timestamp or date type";
        return Err(Diagnostic::error("P372", message).help(help).into());
    };
    let mut facts = TimeFacts {
        name,
        declared: first.declared.clone(),
        kind,
        indexed: Some(is_indexed(table, &first.name)).filter(|_| !table.is_view),
        nullable: first.nullable,
    };
    for (table, other) in meant {
        if time_kind(&other.ty) != Some(kind) {
            let message = format!(
                "`{shown}` is a column of several tables, which keep times in different ways"
            );
            return Err(Diagnostic::error("P372", message)
                .note(format!(
                    "{}; {}.{}",
                    facts.name, table.name.name, other.name
                ))
                .help("give each table an alias of its own")
                .into());
        }
        facts.nullable |= other.nullable;
        if !is_indexed(table, &other.name) {
            facts.indexed = facts.indexed.and(Some(false));
        }
    }
    Ok(facts)
}

fn is_indexed(table: &Table, column: &str) -> bool {
    let mut firsts = table.indexes.iter().filter_map(|index| index.first());
    firsts.any(|first| first == column)
}

fn time_kind(ty: &Type) -> Option<TimeKind> {
    match ty {
        Type::Timestamp { .. } => Some(TimeKind::Instant),
        Type::DateTime { .. } => Some(TimeKind::Wall),
        Type::Date => Some(TimeKind::Day),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_was_put_back_hides_nothing() {
        let moment = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let rome: Zone = "Europe/Rome".parse().unwrap();
        // From 02:50 in summer on, also what was changed at 02:10 in winter is wanted.
        let walls = [
            (
                "2026-10-25T00:50:00Z",
                "2026-10-25T01:20:00Z",
                "2026-10-25 01:50:00",
            ),
            (
                "2026-10-25T01:20:00Z",
                "2026-10-25T03:00:00Z",
                "2026-10-25 02:20:00",
            ),
            (
                "2026-03-29T00:50:00Z",
                "2026-03-29T01:20:00Z",
                "2026-03-29 01:50:00",
            ),
            (
                "2026-07-01T10:00:00Z",
                "2026-07-01T10:00:00Z",
                "2026-07-01 12:00:00",
            ),
        ];
        for (since, now, wall) in walls {
            let shown = earliest_wall(rome, moment(since), moment(now));
            assert_eq!(shown.to_string(), wall, "{since}");
        }
    }
}
