//! The rows of the target as they stand, read all at once where a run compares every record: a table of one row a record
//! is read whole in a fraction of the time in which its rows are looked up.
//!
//! Of a row sixteen bytes are held: the digest of what tells it from others and of all that the flow would set. A record
//! whose row would have the same digest is right. Any other one goes the ordinary way, in which its row is looked up and
//! compared value by value; so a digest that differs for no good reason costs a look and nothing else.

use super::batch::Applier;
use super::bind::{Bound, BoundWrite};
use super::fill::{compute, plain_write};
use super::links::LinkCache;
use super::record::{Record, Surroundings};
use super::report::Reason;
use super::work::{Sight, field_value, holds, match_values};
use crate::db::query::Query;
use crate::db::{self, DbError, Isolation};
use crate::plan::{Empty, Own};
use crate::value::{Type, Value, convert};
use futures_util::TryStreamExt;

/// Rows of which the digests are held: 64 MB. A larger table is looked up.
const ROWS_MAX: usize = 4_000_000;

/// The digests of a table's rows.
pub struct Standing<'b> {
    write: &'b BoundWrite<'b>,
    rows: Vec<u128>,
    links: LinkCache,
}

impl<'b> Standing<'b> {
    /// `None` if the flow's rows are not compared by single values, or are too many.
    ///
    /// # Errors
    /// Those of the database that trying again does not mend.
    pub async fn read(applier: &mut Applier<'b>) -> db::Result<Option<Standing<'b>>> {
        let Some(write) = plain_write(applier.bound).filter(|write| is_exact(write)) else {
            return Ok(None);
        };
        match digests(applier, write).await {
            Ok(rows) => Ok(rows.map(|rows| Standing {
                write,
                rows,
                links: LinkCache::default(),
            })),
            // The ordinary way is patient.
            Err(error) if error.is_transient() => {
                applier.reconnect(&error).await?;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Whether the record's row stands as it should, or it should have none.
    pub fn is_right(&self, record: &mut Record, bound: &Bound<'_>, around: &Surroundings) -> bool {
        let sight = Sight {
            around,
            lookups: &bound.layout.lookups,
            links: &self.links,
        };
        // What cannot be computed is told by the ordinary way.
        let wanted = compute(record, bound, sight).and_then(|()| self.wanted(record, sight));
        match wanted {
            Ok(Wanted::Row(digest)) => self.rows.binary_search(&digest).is_ok(),
            Ok(Wanted::NoRow) => true,
            Ok(Wanted::Unclear) | Err(_) => false,
        }
    }

    fn wanted(&self, record: &Record, sight: Sight<'_>) -> Result<Wanted, Reason> {
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

/// What a record's row is to be.
enum Wanted {
    Row(u128),
    NoRow,
    /// It depends on what the row holds.
    Unclear,
}

fn compared<'w>(
    write: &'w BoundWrite<'_>,
) -> impl Iterator<Item = &'w super::bind::BoundField<'w>> {
    let set = |field: &&super::bind::BoundField<'_>| field.field.own == Own::Set;
    write.fields.iter().filter(set)
}

/// Whether a row is right only if it holds exactly what the flow sets.
fn is_exact(write: &BoundWrite<'_>) -> bool {
    let is_exact = |ty: &Type| !matches!(ty, Type::Json | Type::Other(_));
    let fills = |field: &super::bind::BoundField<'_>| field.field.own == Own::Fill;
    !write.fields.iter().any(fills)
        && write.matches.iter().all(|one| is_exact(&one.ty))
        && compared(write).all(|field| is_exact(&field.ty))
}

async fn digests(
    applier: &mut Applier<'_>,
    write: &BoundWrite<'_>,
) -> Result<Option<Vec<u128>>, DbError> {
    let matches = write
        .matches
        .iter()
        .map(|one| (one.column.as_str(), &one.ty));
    let fields = compared(write).map(|field| (field.field.column.as_str(), &field.ty));
    let (columns, types): (Vec<&str>, Vec<&Type>) = matches.chain(fields).unzip();
    let query = Query::sql("SELECT ")
        .idents(columns)
        .text(" FROM ")
        .table(&write.write.table);
    let session = applier.session.as_mut();
    session.begin(Isolation::Snapshot).await?;
    let mut rows = Vec::new();
    let mut stream = session.scan(&query).await?;
    while let Some(batch) = stream.try_next().await? {
        if rows.len() + batch.rows.len() > ROWS_MAX {
            drop(stream);
            // What is left unread of a large table is not waited for.
            applier.session = applier.engine.connect().await?;
            return Ok(None);
        }
        for row in batch.rows {
            let mut digest = Digest::default();
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

    fn finish(self) -> Option<u128> {
        let hash = blake3::hash(&self.bytes);
        let mut digest = [0; 16];
        digest.copy_from_slice(&hash.as_bytes()[..16]);
        (!self.is_odd).then_some(u128::from_le_bytes(digest))
    }
}
