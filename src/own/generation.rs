//! Which state of the target a flow's snapshot speaks of.
//!
//! A run's first write transaction gives the flow a new generation, a random text, in the same transaction; the
//! snapshot that the run leaves carries the same one. If they differ, the snapshot does not speak of this target: the
//! database was restored from a backup, a run was ended half-way, or another state folder was used meanwhile.

use super::OwnTables;
use super::table::OwnTable;
use crate::db::query::Query;
use crate::db::{self, DbErrorKind, Session};
use crate::value::Value;

/// The generation of one flow.
#[derive(Debug, Clone)]
pub struct Generation {
    table: OwnTable,
    flow: String,
}

impl Generation {
    pub fn new(own: &OwnTables, flow: &str) -> Self {
        Generation {
            table: OwnTable::new(own, "generation"),
            flow: flow.to_owned(),
        }
    }

    /// `None` before the flow's first write, and where ponte's own tables are missing.
    pub async fn read(&self, session: &mut dyn Session) -> db::Result<Option<String>> {
        let query = Query::sql("SELECT generation FROM ")
            .table(&self.table)
            .text(" WHERE flow = ")
            .value(Value::Text(self.flow.clone()));
        match db::fetch(session, &query).await {
            Ok(rows) => Ok(rows.first().map(|row| row[0].plain().into_owned())),
            Err(error) if error.kind == DbErrorKind::Undefined => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Part of the run's first write transaction.
    pub async fn set(&self, session: &mut dyn Session, generation: &str) -> db::Result<()> {
        let flow = Value::Text(self.flow.clone());
        let value = Value::Text(generation.to_owned());
        let update = Query::sql("UPDATE ")
            .table(&self.table)
            .text(" SET generation = ")
            .value(value.clone())
            .text(" WHERE flow = ")
            .value(flow.clone());
        if self.table.execute(session, &update).await? == 0 {
            let insert = Query::sql("INSERT INTO ")
                .table(&self.table)
                .text(" (flow, generation) VALUES (")
                .value(flow)
                .text(", ")
                .value(value)
                .text(")");
            self.table.execute(session, &insert).await?;
        }
        Ok(())
    }
}

/// The generation that the run's first write transaction gives the flow.
#[derive(Debug)]
pub struct NewGeneration {
    pub of: Generation,
    pub value: String,
    /// It is in the target.
    pub is_set: bool,
}

impl NewGeneration {
    pub fn of(own: &OwnTables, flow: &str) -> Self {
        NewGeneration {
            of: Generation::new(own, flow),
            value: fresh(),
            is_set: false,
        }
    }
}

/// A generation that no run had before.
pub fn fresh() -> String {
    format!("{:032x}", rand::random::<u128>())
}
