//! The rows of the target as they stand, read all at once where a run compares every record: a table of one row a record
//! is read whole in a fraction of the time in which its rows are looked up.
//!
//! Of a row eight bytes are held: of the digest of what tells it from others and of all that the flow would set. A record
//! whose row would have the same digest is right; that a wrong row has the digest of one of a million others happens once
//! in 10^13 wrong rows. Any other record goes the ordinary way, in which its row is looked up and compared value by value;
//! so a digest that differs for no good reason costs a look and nothing else.
//!
//! What a record came to is kept with its fingerprint in the snapshot, as far as it hangs on the record alone. The next
//! comparison need not compute it again, and lets an unchanged record go in the task that reads.

use super::batch::Applier;
use super::bind::{Bound, BoundField, BoundMatch, BoundWrite};
use super::fill::{compute, plain_write};
use super::links::LinkCache;
use super::record::{Record, Surroundings};
use super::report::Reason;
use super::snapshot::RowDigest;
use super::work::{Sight, field_value, holds, match_values};
use crate::db::query::Query;
use crate::db::{self, DbError, Isolation};
use crate::plan::{Empty, Own};
use crate::value::{Type, Value, convert};
use futures_util::TryStreamExt;

/// Rows of which the digests are held: 64 MB. A larger table is looked up.
const ROWS_MAX: usize = 8_000_000;

/// What records' rows are to be, in a flow of one row a record that is compared by single values.
#[derive(Debug)]
pub struct Expected<'b> {
    write: &'b BoundWrite<'b>,
    links: LinkCache,
    /// A record always comes to the same row.
    is_timeless: bool,
}

/// What a record's row is to be.
enum Wanted {
    Row(RowDigest),
    NoRow,
    /// It depends on what the row holds.
    Unclear,
}

impl<'b> Expected<'b> {
    /// `None` if the flow's rows are not compared by single values.
    pub fn of(bound: &'b Bound<'b>) -> Option<Expected<'b>> {
        let write = plain_write(bound).filter(|write| is_exact(write))?;
        let fields = bound.fields.iter().map(|(_, value)| value);
        let set = compared(write).flat_map(|field| field.condition.iter().chain([&field.value]));
        let matches = write.matches.iter().map(|one| &one.value);
        let mut all = fields.chain(set).chain(matches).chain(&write.condition);
        Some(Expected {
            write,
            links: LinkCache::default(),
            is_timeless: all.all(|value| value.is_timeless()),
        })
    }

    /// Notes what the record's row is to be, if it always is.
    pub fn note(&self, record: &mut Record, bound: &Bound<'_>, around: &Surroundings) {
        if !self.is_timeless {
            return;
        }
        if let Ok(Wanted::Row(row)) = self.wanted(record, bound, around) {
            record.row = row;
        }
    }

    /// The same of a row that is at hand: the values of the match, of all fields in the order of
    /// [`super::rows::new_cells`].
    pub fn note_cells(&self, record: &mut Record, values: &[Value]) {
        let write = self.write;
        if !self.is_timeless || values.len() != write.matches.len() + write.fields.len() {
            return;
        }
        let mut digest = Digest::default();
        for (value, ty) in values.iter().zip(types(write)) {
            digest.add(value, ty);
        }
        record.row = digest.finish().unwrap_or_default();
    }

    fn wanted(
        &self,
        record: &mut Record,
        bound: &Bound<'_>,
        around: &Surroundings,
    ) -> Result<Wanted, Reason> {
        let sight = Sight {
            around,
            lookups: &bound.layout.lookups,
            links: &self.links,
        };
        compute(record, bound, sight)?;
        let view = sight.of(record, None);
        if !holds(self.write.condition.as_ref(), &view, &self.write.write.at)? {
            return Ok(Wanted::NoRow);
        }
        let mut digest = Digest::default();
        let key = match_values(self.write, record, &view)?;
        for (value, one) in key.iter().zip(&self.write.matches) {
            match value {
                Some(value) => digest.add(value, &one.ty),
                None => return Ok(Wanted::Unclear),
            }
        }
        for field in compared(self.write) {
            match field_value(field, &self.write.write.table, &view)? {
                Some(value) if !(value.is_null() && field.field.empty == Empty::Keep) => {
                    digest.add(&value, &field.ty);
                }
                _ => return Ok(Wanted::Unclear),
            }
        }
        Ok(digest.finish().map_or(Wanted::Unclear, Wanted::Row))
    }
}

/// The digests of a table's rows.
pub struct Standing<'e> {
    expected: &'e Expected<'e>,
    rows: Vec<RowDigest>,
}

impl<'e> Standing<'e> {
    /// `None` if the rows are too many.
    ///
    /// # Errors
    /// Those of the database that trying again does not mend.
    pub async fn read(
        applier: &mut Applier<'_>,
        expected: &'e Expected<'e>,
    ) -> db::Result<Option<Standing<'e>>> {
        match digests(applier, expected.write).await {
            Ok(rows) => Ok(rows.map(|rows| Standing { expected, rows })),
            // The ordinary way is patient.
            Err(error) if error.is_transient() => {
                applier.reconnect(&error).await?;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Whether a row of this digest stands in the table.
    pub fn has(&self, row: RowDigest) -> bool {
        row != 0 && self.rows.binary_search(&row).is_ok()
    }

    /// Whether the table's rows are those of so many records, each found to stand as it should, and no others.
    pub fn are_all(&self, standing: u64) -> bool {
        self.rows.len() as u64 == standing
    }

    /// How the record's row stands.
    pub fn judge(&self, record: &mut Record, bound: &Bound<'_>, around: &Surroundings) -> Stands {
        // What cannot be computed is told by the ordinary way.
        match self.expected.wanted(record, bound, around) {
            Ok(Wanted::Row(row)) => {
                if self.expected.is_timeless {
                    record.row = row;
                }
                match self.has(row) {
                    true => Stands::Right,
                    false => Stands::Unclear,
                }
            }
            Ok(Wanted::NoRow) => Stands::NoRow,
            Ok(Wanted::Unclear) | Err(_) => Stands::Unclear,
        }
    }
}

/// What the rows as they stand say of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stands {
    /// Its row is as it should be.
    Right,
    /// It is to have none.
    NoRow,
    Unclear,
}

fn compared<'w>(write: &'w BoundWrite<'_>) -> impl Iterator<Item = &'w BoundField<'w>> {
    let set = |field: &&BoundField<'_>| field.field.own == Own::Set;
    write.fields.iter().filter(set)
}

/// Of the columns that a digest is of, in its order.
fn types<'w>(write: &'w BoundWrite<'_>) -> impl Iterator<Item = &'w Type> {
    let matches = write.matches.iter().map(|one: &BoundMatch| &one.ty);
    matches.chain(compared(write).map(|field| &field.ty))
}

/// Whether a row is right only if it holds exactly what the flow sets.
fn is_exact(write: &BoundWrite<'_>) -> bool {
    let fills = |field: &BoundField<'_>| field.field.own == Own::Fill;
    // A column of the match that is set as well would stand in a digest twice.
    let is_matched = |field: &BoundField<'_>| {
        let column = &field.field.column;
        write.matches.iter().any(|one| one.column == *column)
    };
    !write
        .fields
        .iter()
        .any(|field| fills(field) || is_matched(field))
        && types(write).all(|ty| !matches!(ty, Type::Json | Type::Other(_)))
}

async fn digests(
    applier: &mut Applier<'_>,
    write: &BoundWrite<'_>,
) -> Result<Option<Vec<RowDigest>>, DbError> {
    let matches = write.matches.iter().map(|one| one.column.as_str());
    let columns = matches.chain(compared(write).map(|field| field.field.column.as_str()));
    let types: Vec<&Type> = types(write).collect();
    let query = Query::sql("SELECT ")
        .idents(columns)
        .text(" FROM ")
        .table(&write.write.table);
    let session = applier.session.as_mut();
    session.begin(Isolation::Snapshot).await?;
    let mut rows = Vec::new();
    let mut digest = Digest::default();
    let mut stream = session.scan(&query).await?;
    while let Some(batch) = stream.try_next().await? {
        if rows.len() + batch.rows.len() > ROWS_MAX {
            drop(stream);
            // What is left unread of a large table is not waited for.
            applier.session = applier.engine.connect().await?;
            return Ok(None);
        }
        for row in batch.rows {
            for (value, ty) in row.iter().zip(&types) {
                digest.add(value, ty);
            }
            rows.extend(digest.finish());
        }
    }
    drop(stream);
    session.rollback().await?;
    rows.sort_unstable();
    Ok(Some(rows))
}

/// Of values as their columns hold them: those of the same digest are the same to [`crate::value::same`].
#[derive(Default)]
struct Digest {
    bytes: Vec<u8>,
    /// A value is none that its column could be given.
    is_odd: bool,
}

impl Digest {
    fn add(&mut self, value: &Value, ty: &Type) {
        match (value, ty) {
            (Value::Text(text), Type::Text { padded: true, .. }) => {
                Value::Text(text.trim_end_matches(' ').to_owned()).encode(&mut self.bytes);
            }
            (Value::Null, _)
            | (Value::Text(_), Type::Text { .. } | Type::Enum(_))
            | (
                Value::Int(_) | Value::UInt(_) | Value::Decimal(_),
                Type::Int { .. } | Type::Decimal { .. },
            ) => {
                value.encode(&mut self.bytes);
            }
            _ => match convert(value.clone(), ty) {
                Ok(Value::Bool(truth)) => Value::Int(truth.into()).encode(&mut self.bytes),
                Ok(Value::Float(float)) if matches!(ty, Type::Float { bits } if *bits <= 32) => {
                    Value::Float(f64::from(float as f32)).encode(&mut self.bytes);
                }
                Ok(value) => value.encode(&mut self.bytes),
                Err(_) => self.is_odd = true,
            },
        }
    }

    /// The digest; what follows begins a new one.
    fn finish(&mut self) -> Option<RowDigest> {
        let hash = blake3::hash(&self.bytes);
        let mut digest = [0; 8];
        digest.copy_from_slice(&hash.as_bytes()[..8]);
        self.bytes.clear();
        let is_odd = std::mem::take(&mut self.is_odd);
        (!is_odd).then_some(RowDigest::from_le_bytes(digest))
    }
}
