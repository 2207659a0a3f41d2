//! The project's databases, ready to connect.

use crate::db::patience::Patient;
use crate::db::{self, DbError, DbErrorKind, Engine};
use crate::own::OwnTables;
use crate::plan::Plan;
use std::collections::BTreeMap;
use std::sync::Arc;

/// An engine per connection of the plan, and where ponte's own tables lie there.
pub struct Connections {
    engines: Engines,
    own: BTreeMap<String, OwnTables>,
}

/// Engines by the connections' names.
pub type Engines = BTreeMap<String, Arc<dyn Engine>>;

impl Connections {
    /// Connects to nothing yet; when it does, a server that refuses is asked a few times more.
    ///
    /// # Errors
    /// Kind `Config` for a connection string that names something impossible (an unreadable certificate file).
    pub fn new(plan: &Plan) -> db::Result<Connections> {
        let mut engines = Engines::new();
        let mut own = BTreeMap::new();
        for (name, connection) in &plan.connections {
            let engine = db::engine(&connection.url)
                .map_err(|error| error.context(format_args!("connection `{name}`")))?;
            engines.insert(name.clone(), Arc::new(Patient::new(engine)));
            let further = connection.pack.iter().flat_map(|pack| &pack.own);
            let further = further.map(|table| (table.name.clone(), table.statement.clone()));
            let tables = OwnTables::new(connection.own_schema.clone()).and(further.collect());
            own.insert(name.clone(), tables);
        }
        Ok(Connections { engines, own })
    }

    pub fn engine(&self, name: &str) -> db::Result<Arc<dyn Engine>> {
        self.engines.get(name).cloned().ok_or_else(|| {
            DbError::new(
                DbErrorKind::Config,
                format!("there is no connection `{name}`"),
            )
        })
    }

    pub fn engines(&self) -> &Engines {
        &self.engines
    }

    /// Where ponte's own tables lie on a connection.
    pub fn own(&self, name: &str) -> OwnTables {
        self.own
            .get(name)
            .cloned()
            .unwrap_or_else(|| OwnTables::new(None))
    }
}
