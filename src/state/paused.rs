//! Flows that a person has paused: the service does not run them by itself.

use super::{Result, State, as_text, millis, text};
use crate::db::query::Query;
use chrono::Utc;
use std::collections::BTreeSet;

impl State {
    pub async fn paused(&mut self) -> Result<BTreeSet<String>> {
        let rows = self.rows(Query::sql("SELECT flow FROM paused")).await?;
        Ok(rows.iter().map(|row| as_text(&row[0])).collect())
    }

    pub async fn pause(&mut self, flow: &str, paused: bool) -> Result<()> {
        let query = match paused {
            true => Query::sql("INSERT INTO paused (flow, since_ms) VALUES (")
                .value(text(flow))
                .text(", ")
                .value(millis(Utc::now()))
                .text(") ON CONFLICT (flow) DO NOTHING"),
            false => Query::sql("DELETE FROM paused WHERE flow = ").value(text(flow)),
        };
        self.session.execute(&query).await?;
        Ok(())
    }
}
