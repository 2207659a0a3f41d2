//! A shop as its orders are read: which of its ways to keep them rules, and in which zones its times and its people are.

use super::OrdersError;
use crate::connections::Connections;
use crate::db::{self, Session};
use crate::expr::{Expr, Zone};
use crate::own;
use crate::plan::{Orders, PackFacts, Plan, Storage};
use crate::sync::condition;
use crate::sync::lookup::Lookups;
use crate::sync::run::read_zone;
use chrono::{DateTime, Utc};

/// What a shop's conditions and times are read by.
pub struct Settings {
    lookups: Lookups,
    pub now: DateTime<Utc>,
    /// In which it keeps its times.
    pub zone: Zone,
    /// By which its people tell days.
    pub local: Zone,
}

impl Settings {
    /// # Errors
    /// Those of the database.
    pub async fn read(
        plan: &Plan,
        connection: &str,
        session: &mut dyn Session,
    ) -> db::Result<Settings> {
        let facts = facts(plan, connection);
        let lets = facts.map_or(&[][..], |facts| &facts.lets);
        let lookups = Lookups::read(session, lets).await?;
        let now = own::now(session).await?;
        let zone = match facts.and_then(|facts| facts.zone.as_ref()) {
            Some(sql) => read_zone(session, &sql.text).await?,
            None => Zone::UTC,
        };
        let local = match facts.and_then(|facts| facts.local_zone.as_ref()) {
            Some(sql) => read_zone(session, &sql.text).await?,
            None => zone,
        };
        Ok(Settings {
            lookups,
            now,
            zone,
            local,
        })
    }

    /// Whether the condition holds; one that is not there does.
    ///
    /// # Errors
    /// Those of the database; a condition that does not fit it.
    pub async fn hold(
        &self,
        session: &mut dyn Session,
        condition: Option<&Expr>,
    ) -> Result<bool, OrdersError> {
        match condition {
            None => Ok(true),
            Some(expr) => Ok(condition::holds(session, &self.lookups, expr, self.now).await?),
        }
    }

    /// The first way whose condition holds.
    async fn storage<'p>(
        &self,
        session: &mut dyn Session,
        orders: &'p Orders,
    ) -> Result<&'p Storage, OrdersError> {
        for storage in &orders.storages {
            if self.hold(session, storage.condition.as_ref()).await? {
                return Ok(storage);
            }
        }
        Err(no_storage(orders))
    }
}

/// A shop as its orders are read: the storage that rules, and the zones of its times and its people.
pub struct Shop<'p> {
    settings: Settings,
    pub storage: &'p Storage,
    pub session: Box<dyn Session>,
    /// In which it keeps its times.
    pub zone: Zone,
    /// By which its people tell days.
    pub local: Zone,
    /// By its clock.
    pub now: DateTime<Utc>,
}

impl<'p> Shop<'p> {
    /// Connects, and finds out how the shop keeps its orders.
    ///
    /// # Errors
    /// Those of the database; [`OrdersError::NoStorage`].
    pub async fn open(
        plan: &'p Plan,
        orders: &'p Orders,
        connections: &Connections,
    ) -> Result<Shop<'p>, OrdersError> {
        let first = orders.storages.first().ok_or_else(|| no_storage(orders))?;
        let name = &first.flow.source.connection;
        let mut session = connections.engine(name)?.connect().await?;
        let settings = Settings::read(plan, name, session.as_mut()).await?;
        let storage = settings.storage(session.as_mut(), orders).await?;
        Ok(Shop {
            storage,
            session,
            zone: settings.zone,
            local: settings.local,
            now: settings.now,
            settings,
        })
    }

    /// How the same shop keeps its refunds.
    ///
    /// # Errors
    /// Those of the database; [`OrdersError::NoStorage`].
    pub async fn storage_of(&mut self, refunds: &'p Orders) -> Result<&'p Storage, OrdersError> {
        self.settings.storage(self.session.as_mut(), refunds).await
    }
}

fn no_storage(orders: &Orders) -> OrdersError {
    OrdersError::NoStorage {
        shop: orders.shop.clone(),
    }
}

pub(super) fn facts<'p>(plan: &'p Plan, connection: &str) -> Option<&'p PackFacts> {
    let connection = plan.connections.get(connection)?;
    connection.pack.as_ref()
}
