//! Which row of the shop a record is: its link first, then the pack's `find`.
//!
//! A linked record is its linked row; `find` only confirms that the row is still there. Without a link, exactly one
//! found row that no other record is linked to is the record's. Everything else is for a person: ponte does not guess.
//! What a person has said comes before all of it: an ignored record is left alone, an ignored row is nobody's.

mod further;
mod twin;

pub use twin::Twin;

use super::erp_keys::ErpKeys;
use super::record::{Existing, Record, key_text};
use super::report::{Reason, place};
use super::work::{Sight, evaluate, in_keys, key_of};
use crate::config::record::{ORDER, WEB_CUSTOMER};
use crate::db::query::Query;
use crate::db::{self, Session};
use crate::diagnostic::Span;
use crate::expr::{Resolved, Slot};
use crate::own::OwnTables;
use crate::own::decision::{Decisions, Kind};
use crate::own::link::{Link, Links};
use crate::value::convert;
use crate::value::{Row, Type, Value};
use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

/// How the records of a flow are found.
#[derive(Debug)]
pub struct Finder {
    /// The record kind whose links count: the flow's own, or the one it hangs on.
    pub record: String,
    pub sql: String,
    pub at: Span,
    pub columns: Vec<String>,
    pub types: Vec<Type>,
    /// Column of the query -> what it must be. Empty for a record that hangs on another's link.
    pub by: Vec<(String, Resolved)>,
    /// Slots of `find.<column>`.
    pub slots: Vec<(String, Slot)>,
    pub created_slot: Option<Slot>,
    /// The record hangs on another's link: it creates nothing.
    pub hangs: bool,
    /// Tried in this order where `by` finds nothing.
    pub then: Vec<FurtherKey>,
    /// Without it no further key is tried: a key must be one record's only, and only the ERP knows.
    pub erp: Option<ErpKeys>,
    /// Of records that go both ways.
    pub twin: Option<Twin>,
    pub decided: OnceLock<Decided>,
}

/// A key beside the record's own: a barcode.
#[derive(Debug)]
pub struct FurtherKey {
    /// Of the query.
    pub column: String,
    /// Of the source.
    pub field: String,
    pub value: Resolved,
}

/// Whether a person has taken anything out.
#[derive(Debug)]
pub struct Decided {
    records: bool,
    rows: bool,
}

/// Rows by the values asked for, then by id.
type FoundRows = HashMap<String, BTreeMap<String, Row>>;

/// The row that a record seems to be, and the column that says so.
#[derive(Debug)]
struct Match {
    id: String,
    row: Row,
    by: String,
}

/// Whose rows records of this kind become.
pub fn whose(record: &str) -> &'static str {
    match record {
        WEB_CUSTOMER => "the ERP",
        _ if record == ORDER.name => "the ERP",
        _ => "the shop",
    }
}

impl Finder {
    fn whose(&self) -> &'static str {
        whose(&self.record)
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }

    fn select(&self) -> Query {
        Query::sql(format!("SELECT * FROM ({}) f WHERE ", self.sql))
    }

    fn id_of(&self, row: &Row) -> String {
        self.position("id")
            .map_or(String::new(), |at| row[at].plain().into_owned())
    }

    fn kind_of(&self, row: &Row) -> String {
        self.position("kind")
            .map_or(String::new(), |at| row[at].plain().into_owned())
    }

    /// A value as the query's column yields it; as it is where the engine does not tell the column's type.
    fn typed(&self, column: usize, value: Value) -> Option<Value> {
        match &self.types[column] {
            Type::Other(_) => Some(value),
            ty => convert(value, ty).ok(),
        }
    }

    /// The columns of the row with this id, as texts; `None` if the query does not yield it.
    pub async fn row(
        &self,
        session: &mut dyn Session,
        id: &str,
    ) -> db::Result<Option<BTreeMap<String, String>>> {
        let at = self.position("id");
        let Some(id) = at.and_then(|at| self.typed(at, Value::Text(id.to_owned()))) else {
            return Ok(None);
        };
        let rows = db::fetch(session, &in_keys(self.select(), &["id"], &[vec![id]])).await?;
        let texts = |row: &Row| -> BTreeMap<String, String> {
            let texts = row.iter().map(|value| value.plain().into_owned());
            self.columns.iter().cloned().zip(texts).collect()
        };
        Ok(rows.first().map(texts))
    }

    /// Puts each record's state and `find`'s columns into it; returns those that cannot go on.
    pub async fn locate(
        &self,
        session: &mut dyn Session,
        own: &OwnTables,
        shop: &str,
        records: &mut [Record],
        sight: Sight<'_>,
    ) -> db::Result<Vec<(usize, Reason)>> {
        let links = Links::new(own, shop, &self.record);
        let decisions = Decisions::new(own, shop, &self.record);
        let keys: Vec<String> = records.iter().map(|record| self.link_key(record)).collect();
        let known = links.of(session, &keys).await?;
        let mut failed = self.confirm(session, records, &keys, &known).await?;
        let mut unlinked: Vec<usize> = (0..records.len())
            .filter(|at| !known.contains_key(&keys[*at]))
            .collect();
        if !unlinked.is_empty() && self.decided(session, &decisions).await?.records {
            let asked: Vec<String> = unlinked.iter().map(|at| keys[*at].clone()).collect();
            let ignored = decisions.of(session, Kind::Ignored, &asked).await?;
            let (out, rest) = unlinked
                .into_iter()
                .partition(|at| ignored.contains(&keys[*at]));
            unlinked = rest;
            failed.extend(Vec::into_iter(out).map(|at| (at, Reason::Ignored)));
        }
        if self.hangs {
            failed.extend(unlinked.into_iter().map(|at| {
                let reason = Reason::Waits {
                    record: self.record.clone(),
                    key: keys[at].clone(),
                };
                (at, reason)
            }));
        } else {
            let unlinked = self.paired(session, records, unlinked).await?;
            failed.extend(
                self.search(session, &links, &decisions, records, unlinked, sight)
                    .await?,
            );
            if let Some(twin) = &self.twin {
                failed.extend(twin.disagrees(records).await?);
            }
        }
        for (at, record) in records.iter_mut().enumerate() {
            if let Some(slot) = self.created_slot
                && !failed.iter().any(|(other, _)| *other == at)
            {
                let created = record.state == Existing::New || sight.around.anew;
                record.values[slot as usize] = Value::Bool(created);
            }
        }
        Ok(failed)
    }

    /// Takes the rows that the other direction has linked; returns the records of which it knows none.
    async fn paired(
        &self,
        session: &mut dyn Session,
        records: &mut [Record],
        unlinked: Vec<usize>,
    ) -> db::Result<Vec<usize>> {
        let Some(twin) = self.twin.as_ref().filter(|_| !unlinked.is_empty()) else {
            return Ok(unlinked);
        };
        let keys: Vec<String> = unlinked.iter().map(|at| records[*at].key.clone()).collect();
        let pairs = twin.pairs(&keys, &[]).await?;
        let ids: Vec<&String> = keys.iter().filter_map(|key| pairs.row_of(key)).collect();
        let mut rows = self.by_id(session, ids).await?;
        let mut rest = Vec::new();
        for at in unlinked {
            let id = pairs.row_of(&records[at].key);
            match id.and_then(|id| rows.remove(id)) {
                Some(row) => {
                    self.take(&mut records[at], &row);
                    records[at].state = Existing::Found {
                        id: self.id_of(&row),
                        kind: self.kind_of(&row),
                        by: "link".to_owned(),
                    };
                }
                None => rest.push(at),
            }
        }
        Ok(rest)
    }

    /// The query's rows with these ids.
    async fn by_id(
        &self,
        session: &mut dyn Session,
        ids: impl IntoIterator<Item = &String>,
    ) -> db::Result<HashMap<String, Row>> {
        let mut rows = HashMap::new();
        let Some(id_at) = self.position("id") else {
            return Ok(rows);
        };
        let typed = |id: &String| self.typed(id_at, Value::Text(id.clone()));
        let ids: Vec<Vec<Value>> = ids
            .into_iter()
            .filter_map(typed)
            .map(|id| vec![id])
            .collect();
        if !ids.is_empty() {
            for row in db::fetch(session, &in_keys(self.select(), &["id"], &ids)).await? {
                rows.insert(self.id_of(&row), row);
            }
        }
        Ok(rows)
    }

    /// A price's link is its article's: the key without the list.
    fn link_key(&self, record: &Record) -> String {
        match self.hangs {
            true => record.key.split('\t').next().unwrap_or_default().to_owned(),
            false => record.key.clone(),
        }
    }

    /// Looks for the linked rows; returns those that were removed in the shop.
    pub(super) async fn confirm(
        &self,
        session: &mut dyn Session,
        records: &mut [Record],
        keys: &[String],
        known: &HashMap<String, Link>,
    ) -> db::Result<Vec<(usize, Reason)>> {
        let mut failed = Vec::new();
        if self.position("id").is_none() {
            return Ok(failed);
        }
        let rows = self
            .by_id(session, known.values().map(|link| &link.id))
            .await?;
        for (at, record) in records.iter_mut().enumerate() {
            let Some(link) = known.get(&keys[at]) else {
                continue;
            };
            match rows.get(&link.id) {
                Some(row) => {
                    self.take(record, row);
                    record.state = Existing::Linked {
                        id: link.id.clone(),
                        kind: self.kind_of(row),
                    };
                }
                None => failed.push((
                    at,
                    Reason::Removed {
                        whose: self.whose(),
                        id: link.id.clone(),
                    },
                )),
            }
        }
        Ok(failed)
    }

    async fn search(
        &self,
        session: &mut dyn Session,
        links: &Links,
        decisions: &Decisions,
        records: &mut [Record],
        unlinked: Vec<usize>,
        sight: Sight<'_>,
    ) -> db::Result<Vec<(usize, Reason)>> {
        let mut failed = Vec::new();
        let by_at = self.by_at();
        let mut wanted: Vec<(usize, Vec<Value>)> = Vec::new();
        for at in unlinked {
            match self.by_values(&records[at], &by_at, sight) {
                Ok(values) => wanted.push((at, values)),
                Err(reason) => failed.push((at, reason)),
            }
        }
        if wanted.is_empty() {
            return Ok(failed);
        }
        let columns: Vec<&str> = self.by.iter().map(|(name, _)| name.as_str()).collect();
        let keys: Vec<Vec<Value>> = wanted.iter().map(|(_, values)| values.clone()).collect();
        let found = self
            .rows(
                session,
                decisions,
                in_keys(self.select(), &columns, &keys),
                &by_at,
            )
            .await?;
        let taken = self.taken(session, links, &found).await?;
        let asked: Vec<String> = wanted
            .iter()
            .map(|(_, values)| key_of(values.iter().zip(by_at.iter().map(|at| &self.types[*at]))))
            .collect();
        let strangers = found.keys().any(|key| !asked.contains(key));
        let mut first: HashMap<&str, usize> = HashMap::new();
        let mut shared: BTreeMap<usize, usize> = BTreeMap::new();
        for ((at, _), key) in wanted.iter().zip(&asked) {
            let other = *first.entry(key.as_str()).or_insert(*at);
            if other != *at {
                shared.insert(*at, other);
                // Of two records that ask for a row that is there, none is known to be it.
                if found.contains_key(key) {
                    shared.entry(other).or_insert(*at);
                }
            }
        }
        let mut open = Vec::new();
        let whose = self.whose();
        for ((at, values), key) in wanted.into_iter().zip(&asked) {
            // Two records that ask for one row would create it twice, and could not be told apart afterwards.
            if let Some(other) = shared.get(&at) {
                failed.push((at, self.same_row(&records[*other])));
                continue;
            }
            let rows = found.get(key);
            match rows.map_or(0, BTreeMap::len) {
                0 if strangers => match self.lookalike(session, &columns, &by_at, values).await? {
                    Some(theirs) => failed.push((at, Reason::Lookalike { whose, theirs })),
                    None => open.push((at, None)),
                },
                0 => open.push((at, None)),
                1 => {
                    let Some((id, row)) = rows.and_then(|rows| rows.first_key_value()) else {
                        continue;
                    };
                    match taken.get(id) {
                        Some(other) => {
                            let (id, key) = (id.clone(), other.clone());
                            failed.push((at, Reason::Taken { whose, id, key }));
                        }
                        None => open.push((at, Some((id.clone(), row.clone())))),
                    }
                }
                _ => {
                    let candidates = rows
                        .into_iter()
                        .flat_map(|rows| rows.keys().cloned())
                        .collect();
                    failed.push((at, Reason::Ambiguous { whose, candidates }));
                }
            }
        }
        let by = columns.join(", ");
        let mut settled: Vec<(usize, Option<Match>)> = open
            .into_iter()
            .map(|(at, row)| {
                let by = by.clone();
                (at, row.map(|(id, row)| Match { id, row, by }))
            })
            .collect();
        failed.extend(
            self.further(session, links, decisions, records, &mut settled, sight)
                .await?,
        );
        let mut askers: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, row) in &settled {
            let id = row.iter().map(|row| row.id.clone());
            id.for_each(|id| askers.entry(id).or_default().push(*at));
        }
        for (at, found) in settled {
            let askers = found.as_ref().and_then(|row| askers.get(&row.id));
            if let Some(other) = askers.and_then(|all| all.iter().find(|other| **other != at)) {
                failed.push((at, self.same_row(&records[*other])));
                continue;
            }
            records[at].state = match found {
                None => Existing::New,
                Some(Match { id, row, by }) => {
                    self.take(&mut records[at], &row);
                    let kind = self.kind_of(&row);
                    Existing::Found { id, kind, by }
                }
            };
        }
        Ok(failed)
    }

    fn by_at(&self) -> Vec<usize> {
        self.by
            .iter()
            .filter_map(|(name, _)| self.position(name))
            .collect()
    }

    /// The rows of a query by the values of these columns, then by id: a query may yield a row twice, which is still
    /// one row. Rows that a person took out are none.
    async fn rows(
        &self,
        session: &mut dyn Session,
        decisions: &Decisions,
        query: Query,
        columns: &[usize],
    ) -> db::Result<FoundRows> {
        let mut rows = db::fetch(session, &query).await?;
        if self.decided(session, decisions).await?.rows {
            let ids: Vec<String> = rows.iter().map(|row| self.id_of(row)).collect();
            let ignored = decisions.of(session, Kind::IgnoredRow, &ids).await?;
            rows.retain(|row| !ignored.contains(&self.id_of(row)));
        }
        let mut found = FoundRows::new();
        for row in rows {
            let key = key_of(columns.iter().map(|at| (&row[*at], &self.types[*at])));
            found.entry(key).or_default().insert(self.id_of(&row), row);
        }
        Ok(found)
    }

    /// Of these rows the linked ones: id -> key of the record.
    async fn taken(
        &self,
        session: &mut dyn Session,
        links: &Links,
        found: &FoundRows,
    ) -> db::Result<HashMap<String, String>> {
        let ids: Vec<String> = found
            .values()
            .flat_map(|rows| rows.keys().cloned())
            .collect();
        let linked = links.to(session, &ids).await?;
        Ok(linked
            .into_iter()
            .map(|(key, link)| (link.id, key))
            .collect())
    }

    /// What a person decided about this record kind at all; asked once a run, since the lease keeps others away.
    async fn decided(
        &self,
        session: &mut dyn Session,
        decisions: &Decisions,
    ) -> db::Result<&Decided> {
        if let Some(known) = self.decided.get() {
            return Ok(known);
        }
        let decided = Decided {
            records: decisions.any(session, Kind::Ignored).await?,
            rows: decisions.any(session, Kind::IgnoredRow).await?,
        };
        Ok(self.decided.get_or_init(|| decided))
    }

    fn same_row(&self, other: &Record) -> Reason {
        Reason::SameRow {
            key: other.key.clone(),
            table: self.record.clone(),
        }
    }

    fn by_values(
        &self,
        record: &Record,
        by_at: &[usize],
        sight: Sight<'_>,
    ) -> Result<Vec<Value>, Reason> {
        let view = sight.of(record, None);
        self.by
            .iter()
            .zip(by_at)
            .map(|((column, value), at)| {
                let value = evaluate(value, &view, &self.at)?;
                if value.is_empty() {
                    return Err(Reason::Expression {
                        why: format!("`{column}`, by which its row is found, is NULL"),
                        place: place(&self.at),
                    });
                }
                let shown = value.show();
                let Type::Other(_) = &self.types[*at] else {
                    return convert(value, &self.types[*at]).map_err(|misfit| Reason::Misfit {
                        why: misfit.to_string(),
                        column: format!("`{column}`, by which its row is found"),
                        value: shown,
                        place: place(&self.at),
                        help: misfit.help(),
                    });
                };
                Ok(value)
            })
            .collect()
    }

    /// A row that the shop's collation holds equal to what was asked for.
    async fn lookalike(
        &self,
        session: &mut dyn Session,
        columns: &[&str],
        by_at: &[usize],
        values: Vec<Value>,
    ) -> db::Result<Option<String>> {
        let rows = db::fetch(session, &in_keys(self.select(), columns, &[values])).await?;
        Ok(rows.first().map(|row| {
            let theirs: Vec<Value> = by_at.iter().map(|at| row[*at].clone()).collect();
            key_text(&theirs)
        }))
    }

    fn take(&self, record: &mut Record, row: &Row) {
        for (column, slot) in &self.slots {
            if let Some(at) = self.position(column) {
                record.values[*slot as usize] = row[at].clone();
            }
        }
    }
}
