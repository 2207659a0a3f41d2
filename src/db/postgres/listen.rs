//! What others tell by NOTIFY.

use super::errors;
use crate::db::{DbError, DbErrorKind, Listener, Result};
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};

struct Channel(PgListener);

/// Listens over a connection of its own.
pub async fn open(options: PgConnectOptions, channel: &str) -> Result<Box<dyn Listener>> {
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_lazy_with(options);
    let connecting = |error: sqlx::Error| errors::connecting(&error);
    let mut listener = PgListener::connect_with(&pool).await.map_err(connecting)?;
    listener.listen(channel).await.map_err(connecting)?;
    Ok(Box::new(Channel(listener)))
}

#[async_trait::async_trait]
impl Listener for Channel {
    async fn heard(&mut self) -> Result<()> {
        match self.0.try_recv().await {
            Ok(Some(_)) => Ok(()),
            Ok(None) => Err(DbError::new(
                DbErrorKind::ConnectionLost,
                "the line over which the server tells was cut",
            )),
            Err(error) => Err(errors::connecting(&error)),
        }
    }
}
