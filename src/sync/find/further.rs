//! The keys beside a record's own: an article whose sku the shop does not know is looked for by its barcode.
//!
//! Such a key counts only where it is one record's and one row's, neither of them linked, and where nothing else speaks
//! against it: the row's own sku is no other record's, and a row found by sku has no rival found by barcode.

use super::{Finder, FoundRows, Match};
use crate::db::{self, Session};
use crate::own::decision::Decisions;
use crate::own::link::Links;
use crate::sync::record::{Record, key_text};
use crate::sync::report::Reason;
use crate::sync::work::{Sight, evaluate, in_keys, key_of};
use crate::value::{Row, Value};
use std::collections::{BTreeMap, HashMap};

/// What a further key says of a record.
enum Says {
    /// Nothing: the next one is asked.
    Nothing,
    Row(Match),
    Against(Reason),
}

impl Finder {
    /// Completes what the records' own keys said; returns those about which the keys do not agree.
    pub(super) async fn further(
        &self,
        session: &mut dyn Session,
        links: &Links,
        decisions: &Decisions,
        records: &[Record],
        settled: &mut Vec<(usize, Option<Match>)>,
        sight: Sight<'_>,
    ) -> db::Result<Vec<(usize, Reason)>> {
        let mut failed: HashMap<usize, Reason> = HashMap::new();
        let Some(erp) = &self.erp else {
            return Ok(Vec::new());
        };
        for key in &self.then {
            let Some(column) = self.position(&key.column) else {
                continue;
            };
            let ty = &self.types[column];
            let mut asked: Vec<(usize, Value, String)> = Vec::new();
            for (place, (at, _)) in settled.iter().enumerate() {
                let view = sight.of(&records[*at], None);
                let Ok(value) = evaluate(&key.value, &view, &self.at) else {
                    continue;
                };
                let text = value.plain().into_owned();
                if value.is_null() || text.trim().is_empty() || failed.contains_key(at) {
                    continue;
                }
                if let Some(value) = self.typed(column, value) {
                    asked.push((place, value, text));
                }
            }
            if asked.is_empty() {
                continue;
            }
            let values: Vec<Vec<Value>> = asked.iter().map(|one| vec![one.1.clone()]).collect();
            let query = in_keys(self.select(), &[&key.column], &values);
            let found = self.rows(session, decisions, query, &[column]).await?;
            if found.is_empty() {
                continue;
            }
            let taken = self.taken(session, links, &found).await?;
            let claimed = self.claimed(&found).await?;
            for (place, value, text) in asked {
                let Some(rows) = found.get(&key_of([(&value, ty)])) else {
                    continue;
                };
                let several = erp.is_shared(&key.field, &text).await?;
                let (at, by_key) = &settled[place];
                let says = match by_key {
                    Some(by_key) => self.against(by_key, &key.column, rows, several),
                    None => self.instead(&key.column, &text, rows, several, &taken, &claimed),
                };
                match says {
                    Says::Nothing => {}
                    Says::Row(row) => settled[place].1 = Some(row),
                    Says::Against(reason) => {
                        failed.insert(*at, reason);
                    }
                }
            }
        }
        settled.retain(|(at, _)| !failed.contains_key(at));
        Ok(failed.into_iter().collect())
    }

    /// The record's own key has found a row; does this one name another?
    fn against(
        &self,
        row: &Match,
        column: &str,
        rows: &BTreeMap<String, Row>,
        several: bool,
    ) -> Says {
        if several || rows.contains_key(&row.id) || row.by == column {
            return Says::Nothing;
        }
        let others: Vec<String> = rows.keys().cloned().collect();
        let why = format!(
            "its `{}` says row {} of {}, its `{column}` says {}",
            row.by,
            row.id,
            self.whose(),
            others.join(", ")
        );
        let candidates = [row.id.clone()].into_iter().chain(others).collect();
        let whose = self.whose();
        Says::Against(Reason::Crossed {
            whose,
            why,
            candidates,
        })
    }

    /// The record's own key has found nothing; does this one?
    fn instead(
        &self,
        column: &str,
        text: &str,
        rows: &BTreeMap<String, Row>,
        several: bool,
        taken: &HashMap<String, String>,
        claimed: &HashMap<String, String>,
    ) -> Says {
        let whose = self.whose();
        let crossed = |why: String| {
            let candidates = rows.keys().cloned().collect();
            Says::Against(Reason::Crossed {
                whose,
                why,
                candidates,
            })
        };
        let free = rows.keys().filter(|id| !taken.contains_key(*id)).count();
        if several {
            // Linked rows have their record; a free one would be any of several records'.
            let linked = rows.keys().find_map(|id| Some((id, taken.get(id)?)));
            return match (free, linked) {
                // What goes both ways is not created beside one that has the same key: a branch, or a double.
                (0, Some((id, key))) if self.twin.is_some() => crossed(format!(
                    "its `{column}` {text} is that of row {id}, which is linked with `{key}` already"
                )),
                (0, _) => Says::Nothing,
                _ => crossed(format!(
                    "several records of the source have the `{column}` {text}, which leads to row {} of {whose}",
                    rows.keys().cloned().collect::<Vec<_>>().join(", ")
                )),
            };
        }
        if rows.len() > 1 {
            let candidates = rows.keys().cloned().collect();
            return Says::Against(Reason::Ambiguous { whose, candidates });
        }
        let Some((id, row)) = rows.first_key_value() else {
            return Says::Nothing;
        };
        if let Some(key) = taken.get(id) {
            let (id, key) = (id.clone(), key.clone());
            return Says::Against(Reason::Taken { whose, id, key });
        }
        if let Some(key) = claimed.get(id) {
            return crossed(format!(
                "its `{column}` leads to row {id} of {whose}, whose own key is that of `{key}`"
            ));
        }
        Says::Row(Match {
            id: id.clone(),
            row: row.clone(),
            by: column.to_owned(),
        })
    }

    /// Rows whose own key is that of a record of the source: id -> that key.
    async fn claimed(&self, found: &FoundRows) -> db::Result<HashMap<String, String>> {
        let by_at = self.by_at();
        let mut keys: HashMap<String, String> = HashMap::new();
        let mut values = Vec::new();
        for (id, row) in found.values().flatten() {
            let key: Vec<Value> = by_at.iter().map(|at| row[*at].clone()).collect();
            if key.iter().any(|value| value.plain().trim().is_empty()) {
                continue;
            }
            keys.insert(id.clone(), key_text(&key));
            values.push(key);
        }
        let Some(erp) = self.erp.as_ref().filter(|_| !values.is_empty()) else {
            return Ok(HashMap::new());
        };
        let known = erp.known(values).await?;
        keys.retain(|_, key| known.contains(key.trim()));
        Ok(keys)
    }
}
