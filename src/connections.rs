//! The project's databases, ready to connect.

use crate::db::{self, DbError, DbErrorKind, Engine};
use crate::own::OwnTables;
use crate::plan::Plan;
use std::collections::BTreeMap;
use std::sync::Arc;

/// An engine per connection of the plan, and where ponte's own tables lie there.
pub struct Connections {
    engines: BTreeMap<String, (Arc<dyn Engine>, OwnTables)>,
}

impl Connections {
    /// Connects to nothing yet.
    ///
    /// # Errors
    /// Kind `Config` for a connection string that names something impossible (an unreadable certificate file).
    pub fn new(plan: &Plan) -> db::Result<Connections> {
        let mut engines = BTreeMap::new();
        for (name, connection) in &plan.connections {
            let engine = db::engine(&connection.url)
                .map_err(|error| error.context(format_args!("connection `{name}`")))?;
            engines.insert(
                name.clone(),
                (engine, OwnTables::new(connection.own_schema.clone())),
            );
        }
        Ok(Connections { engines })
    }

    pub fn engine(&self, name: &str) -> db::Result<Arc<dyn Engine>> {
        self.engines
            .get(name)
            .map(|(engine, _)| engine.clone())
            .ok_or_else(|| {
                DbError::new(
                    DbErrorKind::Config,
                    format!("there is no connection `{name}`"),
                )
            })
    }

    /// Where ponte's own tables lie on a connection.
    pub fn own(&self, name: &str) -> OwnTables {
        self.engines
            .get(name)
            .map_or_else(|| OwnTables::new(None), |(_, own)| own.clone())
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.engines.keys().map(String::as_str)
    }
}
