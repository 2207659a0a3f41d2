//! What the administrator has been told of, by which way, and has not been told the end of.

use super::{Result, State, as_moment, as_number, as_text, millis, text};
use crate::db::query::Query;
use crate::value::{Row, Value};
use chrono::{DateTime, Utc};

/// A trouble that somebody was told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub kind: String,
    pub flow: String,
    pub detail: String,
    /// How far it was told, of a trouble that grows: what is newer is told, too.
    pub mark: i64,
}

/// Records of one flow in quarantine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantined {
    pub flow: String,
    /// The guard has stopped them.
    pub guarded: bool,
    pub count: u64,
    /// When the newest of them was first found, as the state counts time.
    pub newest: i64,
}

impl State {
    /// What was told by this way and is not over, as far as that was told.
    pub async fn told(&mut self, channel: &str) -> Result<Vec<Told>> {
        let query = Query::sql("SELECT kind, flow, detail, mark FROM told WHERE channel = ")
            .value(text(channel))
            .text(" ORDER BY flow, kind");
        let rows = self.rows(query).await?;
        let told = |row: &Row| Told {
            kind: as_text(&row[0]),
            flow: as_text(&row[1]),
            detail: as_text(&row[2]),
            mark: match row[3] {
                Value::Int(mark) => mark,
                _ => 0,
            },
        };
        Ok(rows.iter().map(told).collect())
    }

    /// A message has gone out: it told of these troubles, and that those are over. One transaction.
    pub async fn note_told(&mut self, channel: &str, new: &[Told], over: &[Told]) -> Result<()> {
        self.begin().await?;
        let noted = self.write_told(channel, new, over).await;
        self.end(noted).await
    }

    async fn write_told(&mut self, channel: &str, new: &[Told], over: &[Told]) -> Result<()> {
        let now = Utc::now();
        for one in new.iter().chain(over) {
            let delete = Query::sql("DELETE FROM told WHERE channel = ")
                .value(text(channel))
                .text(" AND kind = ")
                .value(text(&one.kind))
                .text(" AND flow = ")
                .value(text(&one.flow));
            self.session.execute(&delete).await?;
        }
        for one in new {
            let values = vec![
                text(channel),
                text(&one.kind),
                text(&one.flow),
                text(&one.detail),
                Value::Int(one.mark),
                millis(now),
            ];
            let insert = Query::sql(
                "INSERT INTO told (channel, kind, flow, detail, mark, told_ms) VALUES (",
            )
            .list(values)
            .text(")");
            self.session.execute(&insert).await?;
        }
        self.touch(channel, "last_ms", now).await
    }

    async fn touch(&mut self, channel: &str, column: &str, now: DateTime<Utc>) -> Result<()> {
        let first = Query::sql("INSERT INTO channel (name, last_ms, summary_ms) VALUES (")
            .value(text(channel))
            .text(", 0, 0) ON CONFLICT (name) DO NOTHING");
        let update = Query::sql(format!("UPDATE channel SET {column} = "))
            .value(millis(now))
            .text(" WHERE name = ")
            .value(text(channel));
        self.session.execute(&first).await?;
        self.session.execute(&update).await?;
        Ok(())
    }

    /// When somebody was last told something by this way, and when a summary last went there.
    pub async fn last_told(&mut self, channel: &str) -> Result<[Option<DateTime<Utc>>; 2]> {
        let query = Query::sql("SELECT last_ms, summary_ms FROM channel WHERE name = ")
            .value(text(channel));
        let rows = self.rows(query).await?;
        let moment = |row: &Row, at: usize| {
            let moment = as_moment(&row[at]);
            moment.filter(|moment| moment.timestamp_millis() > 0)
        };
        Ok(rows
            .first()
            .map_or([None, None], |row| [moment(row, 0), moment(row, 1)]))
    }

    pub async fn note_summary(&mut self, channel: &str, now: DateTime<Utc>) -> Result<()> {
        self.begin().await?;
        let noted = self.touch(channel, "summary_ms", now).await;
        self.end(noted).await
    }

    /// What is in quarantine, but for what only waits for others.
    pub async fn quarantined_now(&mut self) -> Result<Vec<Quarantined>> {
        let query = Query::sql(
            "SELECT flow, kind = 'guarded', count(*), max(first_seen_ms) FROM quarantine WHERE kind <> 'waiting' \
             GROUP BY 1, 2 ORDER BY 1, 2",
        );
        let rows = self.rows(query).await?;
        let found = |row: &Row| Quarantined {
            flow: as_text(&row[0]),
            guarded: as_number(&row[1]) > 0,
            count: as_number(&row[2]),
            newest: as_number(&row[3]).try_into().unwrap_or(i64::MAX),
        };
        Ok(rows.iter().map(found).collect())
    }

    /// The first messages of a flow's records that came into quarantine after this.
    pub async fn quarantined_after(
        &mut self,
        flow: &str,
        guarded: bool,
        after: i64,
        most: usize,
    ) -> Result<(u64, Vec<String>)> {
        let condition = |query: Query| {
            let is = if guarded { "=" } else { "<>" };
            query
                .value(text(flow))
                .text(format!(
                    " AND kind <> 'waiting' AND kind {is} 'guarded' AND first_seen_ms > "
                ))
                .value(Value::Int(after))
        };
        let count = condition(Query::sql("SELECT count(*) FROM quarantine WHERE flow = "));
        let rows = self.rows(count).await?;
        let count = rows.first().map_or(0, |row| as_number(&row[0]));
        let query = condition(Query::sql(
            "SELECT record_key, message FROM quarantine WHERE flow = ",
        ))
        .text(" ORDER BY first_seen_ms, record_key")
        .limit(most, true);
        let rows = self.rows(query).await?;
        let line = |row: &Row| {
            let key = as_text(&row[0]).replace('\t', " / ");
            format!("{key}: {}", as_text(&row[1]))
        };
        Ok((count, rows.iter().map(line).collect()))
    }
}
