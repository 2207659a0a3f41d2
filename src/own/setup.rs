//! What of ponte's own is to lie on one server: the tables of flows, and that of requests.

use super::OwnTables;
use super::request::Requests;
use crate::db::query::{Query, TableName};
use crate::db::{EngineKind, Result, Session};

pub struct Setup {
    flows: Option<OwnTables>,
    requests: Option<Requests>,
}

impl Setup {
    /// `has_flows`: flows write to the server; `is_asked`: runs are asked for there.
    pub fn new(own: OwnTables, has_flows: bool, is_asked: bool) -> Setup {
        Setup {
            requests: is_asked.then(|| Requests::new(&own)),
            flows: has_flows.then_some(own),
        }
    }

    /// The statements that create it; each may be run again without harm.
    pub fn statements(&self, kind: EngineKind) -> Vec<String> {
        let flows = self.flows.iter().flat_map(|own| own.statements(kind));
        let requests = self.requests.iter();
        let requests = requests.flat_map(|requests| requests.statements(kind));
        flows.chain(requests).collect()
    }

    /// The tables that are yet to be created.
    pub async fn missing(&self, session: &mut dyn Session) -> Result<Vec<TableName>> {
        let mut missing = match &self.flows {
            Some(own) => own.missing(session).await?,
            None => Vec::new(),
        };
        if let Some(requests) = &self.requests
            && requests.is_missing(session).await?
        {
            missing.push(requests.table().clone());
        }
        Ok(missing)
    }

    /// Creates what is missing.
    pub async fn create(&self, session: &mut dyn Session) -> Result<()> {
        for statement in self.statements(session.server().kind) {
            session.execute(&Query::sql(statement)).await?;
        }
        Ok(())
    }
}
