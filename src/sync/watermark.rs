//! Which records have changed since the last run, by the times that the source's rows carry, or by what SQL Server counts.
//!
//! A run by timestamp asks for the keys of what changed since the last run's *horizon*, less the overlap, and reads the
//! records of these keys, and of those that could not be carried over before, as every other run reads them: their
//! fingerprints are the same. The horizon is the source's own clock, read before any row, or the start of its oldest
//! open transaction: what commits later has a later time.
//!
//! Versions of rows need neither clock nor overlap: below `MIN_ACTIVE_ROWVERSION()` all is committed. Of changes that the server
//! tracks it says itself whether it still keeps all of them; if not, or if it tracks none, the run is one over the whole source, and says so.
//! They tell of deleted rows, too: a key that was told as changed and that the source does not yield any more is gone.
//!
//! The mark for the next run lies in the snapshot and moves with it. Whatever makes it unsure (another mapping, a clock
//! that was put back, too many keys) makes the run one over the whole source, which needs no times.

mod facts;
mod mark;

use super::bind::{BindError, Bound, relation};
use super::read::trimmed;
use super::record::key_text;
use crate::db::catalog::Table;
use crate::db::clock::{self, Clock};
use crate::db::query::{Query, TableName};
use crate::db::template;
use crate::db::{DbError, DbErrorKind, EngineKind, Result, Session, choice, mention};
use crate::diagnostic::Diagnostic;
use crate::expr::Zone;
use crate::plan::{ByTimestamp, Flow, PackFacts, Relation, Since, Watermark, WatermarkForm};
use crate::value::{Type, Value, convert};
use chrono::{DateTime, NaiveDateTime, SubsecRound, TimeDelta, Utc};
pub use facts::{TimeFacts, TimeKind};
use facts::{facts, tracked_facts};
use futures_util::TryStreamExt;
pub use mark::Mark;
use std::cell::Cell;
use std::collections::BTreeMap;

/// With more changed records than this the whole source is read: that is cheaper, and the keys are kept in memory.
const KEYS_MAX: usize = 50_000;

/// How a run goes about its source.
#[derive(Debug)]
pub struct Start {
    /// The first key columns of the records to look at, sorted as the source sorts them; `None`: the whole source.
    pub keys: Option<Vec<Value>>,
    /// Those of `keys` that are gone if the source does not yield them.
    pub told: Vec<String>,
    /// They changed since then.
    pub since: Option<DateTime<Utc>>,
    /// For the next run, if it may go by it.
    pub mark: Option<Mark>,
    /// Why it is the whole source, if what the watermark goes by does not tell enough.
    pub whole_because: Option<String>,
}

/// Floor when on changes are asked for.
#[derive(Debug, Clone, Copy)]
struct Floor {
    moment: DateTime<Utc>,
    now: DateTime<Utc>,
    row_version: u64,
    tracked: i64,
}

impl Floor {
    const EVER: Floor = Floor {
        moment: DateTime::UNIX_EPOCH,
        now: DateTime::UNIX_EPOCH,
        row_version: 0,
        tracked: 0,
    };
}

/// What SQL Server has counted, before any row is read.
#[derive(Debug, Default)]
struct Counted {
    row_version: Option<u64>,
    tracked: Option<i64>,
    /// With less than this, changes of a table were missed; with its name.
    kept_since: Vec<(String, i64)>,
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
    /// Why it cannot be gone by as the source is now.
    pub hindrance: Option<String>,
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
            hindrance: None,
        };
        let known = watched.known(session).await?;
        let mut found = Vec::new();
        for since in &watermark.columns {
            let column = match since {
                Since::Column(column) => column,
                Since::Tracked(table) => {
                    watched.columns.push(tracked_facts(table));
                    continue;
                }
            };
            match facts(column, &known) {
                Ok(facts) => watched.columns.push(facts),
                Err(wrong) => found.push(wrong.at(&watermark.sql.at, "")),
            }
        }
        if found.is_empty() {
            watched.hindrance = watched.hindered(session).await?;
        }
        if found.is_empty() && watched.hindrance.is_none() {
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

    /// What the source, as it is set up, does not tell.
    async fn hindered(&self, session: &mut dyn Session) -> Result<Option<String>> {
        if self.columns.iter().all(|column| column.kind.is_time()) {
            return Ok(None);
        }
        let server = session.server();
        if server.kind != EngineKind::SqlServer {
            return Ok(None);
        }
        if server.read_only {
            return Ok(Some(
                "what is committed is known on the primary server only, and this one takes no writes".to_owned(),
            ));
        }
        for table in self.tracked() {
            if clock::tracking(session, table).await?.is_none() {
                return Ok(Some(format!(
                    "SQL Server keeps no changes of `{table}`, or does not show them to the login: `ALTER TABLE {table} ENABLE CHANGE_TRACKING`, \
                     `GRANT VIEW CHANGE TRACKING ON {table} TO …`"
                )));
            }
        }
        Ok(None)
    }

    /// Whether what the source has deleted is told: not by a condition, which rows that are there fulfil, nor of keys of several
    /// columns, of which the watermark yields the first.
    pub fn tells_gone(&self) -> bool {
        self.watermark.form == WatermarkForm::Keys
            && self.flow.source.key.len() == 1
            && self.tracked().next().is_some()
    }

    fn tracked(&self) -> impl Iterator<Item = &'p str> {
        let watermark = self.watermark;
        watermark.columns.iter().filter_map(|since| match since {
            Since::Tracked(table) => Some(table.as_str()),
            Since::Column(_) => None,
        })
    }

    /// What the server has counted so far. Nothing that commits from now on is below it.
    async fn counted(&self, session: &mut dyn Session) -> Result<Counted> {
        let mut counted = Counted::default();
        if self.hindrance.is_some() {
            return Ok(counted);
        }
        if self
            .columns
            .iter()
            .any(|column| column.kind == TimeKind::Version)
        {
            counted.row_version = Some(u64::from_be_bytes(clock::row_version(session).await?));
        }
        for table in self.tracked() {
            if let Some(tracking) = clock::tracking(session, table).await? {
                let version = counted.tracked.unwrap_or(tracking.version);
                counted.tracked = Some(version.min(tracking.version));
                counted
                    .kept_since
                    .push((table.to_owned(), tracking.kept_since));
            }
        }
        Ok(counted)
    }

    /// Why a run cannot go on from what the last one has counted.
    fn missed(&self, mark: &Mark, counted: &Counted) -> Option<String> {
        let went_back =
            "the server has counted less than at the last run: its database was restored";
        let goes_by = |kind| self.columns.iter().any(|column| column.kind == kind);
        if goes_by(TimeKind::Version) {
            match (mark.row_version, counted.row_version) {
                (Some(last), Some(now)) if last <= now => {}
                (Some(_), Some(_)) => return Some(went_back.to_owned()),
                _ => return Some("the last run did not note the row versions".to_owned()),
            }
        }
        if goes_by(TimeKind::Tracked) {
            let Some(last) = mark.tracked else {
                return Some("the last run did not note which changes it had seen".to_owned());
            };
            if counted.tracked.is_none_or(|now| now < last) {
                return Some(went_back.to_owned());
            }
            // At the very version from which on they are kept, tracking may have been switched off and on again.
            let older = counted.kept_since.iter().find(|(_, kept)| last <= *kept);
            return older.map(|(table, _)| {
                format!("SQL Server no longer keeps all changes of `{table}` since the last run")
            });
        }
        None
    }

    /// What the server holds against the query.
    async fn refused(
        &self,
        session: &mut dyn Session,
    ) -> std::result::Result<Option<Diagnostic>, BindError> {
        let at = &self.watermark.sql.at;
        let query = match self.watermark.form {
            // Alone: an engine may take an unknown name in quotes for a text.
            WatermarkForm::Keys => self.bound(Floor::EVER),
            WatermarkForm::Condition => self.query(Floor::EVER),
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
    fn bound(&self, from: Floor) -> Query {
        let next = Cell::new(0);
        let bound = template::bind(&self.watermark.sql.text, |_| {
            let kind = self.columns.get(next.replace(next.get() + 1))?.kind;
            Some(template::Bound::One(self.time(kind, from)))
        });
        // There is a column for each name: what else a watermark names was refused when it was read.
        bound.unwrap_or_default()
    }

    /// Yields the first key column of every record that changed.
    fn query(&self, from: Floor) -> Query {
        let query = Query::sql("SELECT DISTINCT ")
            .ident(self.key())
            .text(" FROM (");
        let bound = self.bound(from);
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
    fn time(&self, kind: TimeKind, from: Floor) -> Value {
        let (since, now) = (from.moment.trunc_subsecs(0), from.now);
        match kind {
            TimeKind::Version => Value::Bytes(from.row_version.to_be_bytes().to_vec()),
            TimeKind::Tracked => Value::Int(from.tracked),
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
        let counted = self.counted(session).await?;
        let clock = clock::read(session).await?;
        let basis = self.basis(seed);
        let now_ms = clock.now.timestamp_millis();
        let full_every = i64::try_from(by.full_every.as_millis()).unwrap_or(i64::MAX);
        let old = old.filter(|mark| mark.basis == basis);
        let put_back = old
            .as_ref()
            .filter(|mark| mark.horizon_ms > now_ms)
            .map(|_| "the source's clock was put back since the last run".to_owned());
        let old = old.filter(|_| put_back.is_none());
        let going_by = old
            .as_ref()
            .filter(|mark| !whole && now_ms.saturating_sub(mark.full_ms) < full_every);
        let missed = going_by.and_then(|mark| self.missed(mark, &counted));
        let mut start = Start {
            keys: None,
            told: Vec::new(),
            since: None,
            mark: None,
            whole_because: self.hindrance.clone().or(put_back).or(missed),
        };
        if let Some(mark) = going_by.filter(|_| start.whole_because.is_none()) {
            let since = mark.since(by);
            let key_type = bound.key_types.first();
            let changed = self.query(Floor {
                moment: since,
                now: clock.now,
                row_version: mark.row_version.unwrap_or(0),
                tracked: mark.tracked.unwrap_or(0),
            });
            if let Some(mut keys) = self.keys(session, &changed, key_type).await? {
                if self.tells_gone() {
                    let told = keys.iter().map(|key| key_text(&trimmed(vec![key.clone()])));
                    start.told = told.chain(mark.gone.iter().cloned()).collect();
                }
                let again: Vec<&String> = mark.retry.iter().chain(&mark.gone).collect();
                self.ask_again(&mut keys, key_type, &again)?;
                start.keys = Some(keys);
                start.since = Some(since);
            }
        }
        start.mark = self.next(&clock, &counted, basis, old.as_ref(), start.keys.is_none());
        Ok(start)
    }

    fn next(
        &self,
        clock: &Clock,
        counted: &Counted,
        basis: String,
        old: Option<&Mark>,
        whole: bool,
    ) -> Option<Mark> {
        let horizon = clock.horizon().map(|moment| moment.timestamp_millis());
        let full = match (whole, old) {
            (false, Some(old)) => old.full_ms,
            _ => clock.now.timestamp_millis(),
        };
        Some(Mark {
            basis,
            // What was open at the last run and is so still has not been passed by the horizon of then.
            horizon_ms: horizon.or(old.map(|old| old.horizon_ms))?,
            row_version: counted.row_version,
            tracked: counted.tracked,
            full_ms: full,
            retry: Vec::new(),
            gone: Vec::new(),
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
        Ok(Some(keys))
    }

    /// Adds the keys of these texts, and sorts them all.
    fn ask_again(&self, keys: &mut Vec<Value>, ty: Option<&Type>, again: &[&String]) -> Result<()> {
        let numbers = matches!(keys.first(), Some(Value::Int(_)));
        for text in again {
            let key = match text.parse() {
                // An engine that tells no types before it sees values.
                Ok(number) if numbers => Value::Int(number),
                _ => Value::Text((*text).clone()),
            };
            keys.push(self.as_key(key, ty)?);
        }
        keys.sort_by(Value::order);
        keys.dedup_by(|a, b| a.order(b).is_eq());
        Ok(())
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

/// The earliest time that the zone's clock has shown between the two moments.
fn earliest_wall(zone: Zone, since: DateTime<Utc>, now: DateTime<Utc>) -> NaiveDateTime {
    let shown = |moment: DateTime<Utc>| zone.wall(moment).unwrap_or(moment.naive_utc());
    let passed = (now - since).max(TimeDelta::zero());
    let by_now = shown(now).checked_sub_signed(passed);
    shown(since).min(by_now.unwrap_or(NaiveDateTime::MIN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_was_put_back_hides_nothing() {
        let moment = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let rome: Zone = "Europe/Rome".parse().unwrap();
        // Floor 02:50 in summer on, also what was changed at 02:10 in winter is wanted.
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
