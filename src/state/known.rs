//! Pending orders of shops as their last stock cycle saw them: shops on the same warehouses count them while one is out
//! of reach.

use super::{Result, State, as_text, text};
use crate::db::query::Query;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

impl State {
    /// Remembers a shop's pending order lines in place of those from before.
    pub async fn remember_orders<L: Serialize>(&mut self, shop: &str, lines: &[L]) -> Result<()> {
        let lines = serde_json::json!(lines).to_string();
        let query = Query::sql("INSERT INTO known_order (shop, lines) VALUES (")
            .value(text(shop))
            .text(", ")
            .value(text(&lines))
            .text(") ON CONFLICT (shop) DO UPDATE SET lines = excluded.lines");
        self.session.execute(&query).await?;
        Ok(())
    }

    /// What was remembered, by shop. A shop whose lines cannot be read any more is not in it.
    pub async fn known_orders<L: DeserializeOwned>(&mut self) -> Result<BTreeMap<String, Vec<L>>> {
        let rows = self
            .rows(Query::sql("SELECT shop, lines FROM known_order"))
            .await?;
        let known = rows.iter().filter_map(|row| {
            let lines = serde_json::from_str(&as_text(&row[1])).ok()?;
            Some((as_text(&row[0]), lines))
        });
        Ok(known.collect())
    }
}
