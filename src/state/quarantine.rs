//! Records that could not be carried over, with the reason. They are tried again in every run by themselves; the list
//! is for people.

use super::{INTEGER, Result, State, TEXT, as_moment, as_number, as_text, millis, number, text};
use crate::db::query::{Insert, Query, TableName};
use crate::sync::report::Rejected;
use crate::value::Row;
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Entries kept of each flow. Whoever has more of them corrects a mapping, not records.
pub const ENTRIES_KEPT: usize = 10_000;

/// The kind of a record that is gone and that the guard kept from being deactivated or deleted.
pub const GUARDED: &str = "guarded";

/// Rows of one INSERT.
const INSERT_ROWS: usize = 1000;

/// Why one record was not carried over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The key's values, separated by tabs.
    pub key: String,
    /// `rejected`, `ambiguous`, `removed`, `waiting` or `guarded`; of a comparison `different`.
    pub kind: String,
    pub message: String,
    pub advice: String,
}

/// What a run found: all of it, or the first part of very much.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    pub first: Vec<Finding>,
    /// Findings in all; at least as many as `first` holds.
    pub total: u64,
}

#[derive(Debug, Clone, Serialize)]
pub struct Entry {
    pub flow: String,
    #[serde(flatten)]
    pub finding: Finding,
    pub first_seen: DateTime<Utc>,
    pub last_seen: DateTime<Utc>,
    /// Runs that failed to carry it over.
    pub tries: u64,
}

impl From<&Rejected> for Finding {
    fn from(rejected: &Rejected) -> Self {
        Finding {
            key: rejected.key.clone(),
            kind: rejected.reason.kind().to_owned(),
            message: rejected.reason.to_string(),
            advice: rejected.reason.advice().into_owned(),
        }
    }
}

impl Findings {
    pub fn new(first: Vec<Finding>) -> Self {
        let total = first.len() as u64;
        Findings { first, total }
    }
}

const COLUMNS: [&str; 8] = [
    "flow",
    "record_key",
    "kind",
    "message",
    "advice",
    "first_seen_ms",
    "last_seen_ms",
    "tries",
];

impl State {
    /// Replaces a flow's entries by what a run found; a run of single keys (`only`: values of the key's first column)
    /// replaces only theirs. One transaction.
    pub async fn replace_quarantine(
        &mut self,
        flow: &str,
        found: &Findings,
        only: Option<&[String]>,
    ) -> Result<()> {
        self.begin().await?;
        let replaced = self.replace(flow, found, only, Utc::now()).await;
        self.end(replaced).await
    }

    async fn replace(
        &mut self,
        flow: &str,
        found: &Findings,
        only: Option<&[String]>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let old = self.quarantine(Some(flow)).await?;
        let mut left_out = match only {
            Some(_) => self.left_out(flow).await?,
            None => 0,
        };
        left_out += found.total.saturating_sub(found.first.len() as u64);
        let seen: HashMap<&str, &Entry> = old
            .iter()
            .map(|entry| (entry.finding.key.as_str(), entry))
            .collect();
        let mut entries: Vec<Entry> = Vec::new();
        let mut keys: HashSet<&str> = HashSet::new();
        for finding in &found.first {
            if keys.insert(&finding.key) {
                let before = seen.get(finding.key.as_str());
                entries.push(Entry {
                    flow: flow.to_owned(),
                    finding: finding.clone(),
                    first_seen: before.map_or(now, |entry| entry.first_seen),
                    last_seen: now,
                    tries: before.map_or(0, |entry| entry.tries) + 1,
                });
            }
        }
        if let Some(only) = only {
            let asked: HashSet<&str> = only.iter().map(String::as_str).collect();
            let others = old.iter().filter(|entry| {
                let key = entry.finding.key.as_str();
                !asked.contains(first_value(key)) && !keys.contains(key)
            });
            entries.extend(others.cloned());
        }
        // Those that wait for others mend themselves: if something is left out, then of them.
        entries.sort_by_key(|entry| entry.finding.kind == "waiting");
        if entries.len() > ENTRIES_KEPT {
            left_out += (entries.len() - ENTRIES_KEPT) as u64;
            entries.truncate(ENTRIES_KEPT);
        }
        self.write(flow, &entries, left_out).await
    }

    async fn write(&mut self, flow: &str, entries: &[Entry], left_out: u64) -> Result<()> {
        for table in ["quarantine", "quarantine_left_out"] {
            let delete = Query::sql(format!("DELETE FROM {table} WHERE flow = ")).value(text(flow));
            self.session.execute(&delete).await?;
        }
        for chunk in entries.chunks(INSERT_ROWS) {
            let insert = Insert {
                table: TableName::parse("quarantine"),
                columns: COLUMNS.map(str::to_owned).to_vec(),
                types: vec![TEXT, TEXT, TEXT, TEXT, TEXT, INTEGER, INTEGER, INTEGER],
                rows: chunk.iter().map(values).collect(),
                generated: None,
                distinct_by: Vec::new(),
            };
            self.session.insert(&insert).await?;
        }
        if left_out > 0 {
            let insert = Query::sql("INSERT INTO quarantine_left_out (flow, count) VALUES (")
                .value(text(flow))
                .text(", ")
                .value(number(left_out))
                .text(")");
            self.session.execute(&insert).await?;
        }
        Ok(())
    }

    /// The entries of a flow or of all, by flow and key, those waiting for others last.
    pub async fn quarantine(&mut self, flow: Option<&str>) -> Result<Vec<Entry>> {
        let mut query = select();
        if let Some(flow) = flow {
            query = query.text(" WHERE flow = ").value(text(flow));
        }
        let query = query.text(" ORDER BY flow, kind = 'waiting', record_key");
        Ok(self.rows(query).await?.iter().filter_map(entry).collect())
    }

    pub async fn quarantined(&mut self, flow: &str, key: &str) -> Result<Option<Entry>> {
        let query = select()
            .text(" WHERE flow = ")
            .value(text(flow))
            .text(" AND record_key = ")
            .value(text(key));
        Ok(self.rows(query).await?.first().and_then(entry))
    }

    /// Records in quarantine by flow, also those of which no entry was kept. Flows without any are not in it.
    pub async fn quarantine_totals(&mut self) -> Result<BTreeMap<String, u64>> {
        let query = Query::sql(
            "SELECT flow, sum(number) FROM (SELECT flow, count(*) AS number FROM quarantine GROUP BY flow \
             UNION ALL SELECT flow, count AS number FROM quarantine_left_out) t GROUP BY flow",
        );
        let rows = self.rows(query).await?;
        let totals = rows
            .iter()
            .map(|row| (as_text(&row[0]), as_number(&row[1])));
        Ok(totals.collect())
    }

    async fn left_out(&mut self, flow: &str) -> Result<u64> {
        let query =
            Query::sql("SELECT count FROM quarantine_left_out WHERE flow = ").value(text(flow));
        let rows = self.rows(query).await?;
        Ok(rows.first().map_or(0, |row| as_number(&row[0])))
    }
}

/// The value of the key's first column: what `--only` names.
pub fn first_value(key: &str) -> &str {
    key.split('\t').next().unwrap_or(key)
}

fn select() -> Query {
    Query::sql("SELECT ")
        .idents(COLUMNS)
        .text(" FROM quarantine")
}

fn values(entry: &Entry) -> Vec<crate::value::Value> {
    let finding = &entry.finding;
    vec![
        text(&entry.flow),
        text(&finding.key),
        text(&finding.kind),
        text(&finding.message),
        text(&finding.advice),
        millis(entry.first_seen),
        millis(entry.last_seen),
        number(entry.tries),
    ]
}

/// `None` for a row that someone edited.
fn entry(row: &Row) -> Option<Entry> {
    let [
        flow,
        key,
        kind,
        message,
        advice,
        first_seen,
        last_seen,
        tries,
    ] = row.as_ref()
    else {
        return None;
    };
    Some(Entry {
        flow: as_text(flow),
        finding: Finding {
            key: as_text(key),
            kind: as_text(kind),
            message: as_text(message),
            advice: as_text(advice),
        },
        first_seen: as_moment(first_seen)?,
        last_seen: as_moment(last_seen)?,
        tries: as_number(tries),
    })
}
