//! Derived rows that many others share, a category's count of articles say: a transaction only says which they are, and they are compared once, at the end
//! of a run. Compared with every transaction, each of them would be counted anew for every few articles of a large shop.

use super::{Binding, bind};
use crate::db::template::{self, Bound};
use crate::db::{self, Session};
use crate::plan::ServerSql;
use crate::value::Value;
use std::collections::BTreeMap;

/// So many are compared in one transaction.
const AT_ONCE: usize = 200;
/// Beyond so many they are not to be kept until the end of the run.
const MANY: usize = 100_000;

/// What was written so far belongs to, by the places of the derived rows in the pack.
#[derive(Debug, Default)]
pub struct Groups {
    by_place: BTreeMap<usize, BTreeMap<Vec<u8>, Value>>,
}

impl Groups {
    pub fn are_many(&self) -> bool {
        self.by_place.values().map(BTreeMap::len).sum::<usize>() > MANY
    }

    /// Asks what a batch belongs to; once in a run if the answer does not hang on the batch.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn gather(
        &mut self,
        session: &mut dyn Session,
        place: usize,
        sql: &ServerSql,
        bound: Binding<'_>,
    ) -> db::Result<()> {
        if self.by_place.contains_key(&place) && template::names(&sql.text).is_empty() {
            return Ok(());
        }
        let found = db::fetch(session, &bind(sql, bound)?).await?;
        let groups = self.by_place.entry(place).or_default();
        for row in found {
            if let Some(value) = row.into_iter().next().filter(|value| !value.is_null()) {
                let mut key = Vec::new();
                value.encode(&mut key);
                groups.insert(key, value);
            }
        }
        Ok(())
    }

    /// Hands all of them over, some at a time, each with the place of its derived rows in the pack.
    pub fn take(&mut self) -> impl Iterator<Item = (usize, Vec<Value>)> + use<> {
        let all = std::mem::take(&mut self.by_place).into_iter();
        all.flat_map(|(place, groups)| {
            let groups: Vec<Value> = groups.into_values().collect();
            let some = groups.chunks(AT_ONCE).map(<[Value]>::to_vec);
            let some: Vec<Vec<Value>> = some.collect();
            some.into_iter().map(move |groups| (place, groups))
        })
    }
}

/// Names in the queries of shared rows: `:group` is what the batches were found to belong to.
pub fn binding(groups: &[Value], now_unix: i64) -> impl Fn(&str) -> Option<Bound> + Sync {
    move |name| match name {
        "group" => Some(Bound::Many(groups.to_vec())),
        "now_unix" => Some(Bound::One(Value::Int(now_unix))),
        _ => None,
    }
}
