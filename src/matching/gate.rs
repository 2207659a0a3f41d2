//! Whether a run may create rows in a shop.
//!
//! A shop that sells already holds most of what the ERP has. Until a person has looked at the match and accepted it, a
//! run writes to unambiguous pairs only: creating would double whatever is written differently on the two sides. A shop
//! without rows of its own needs nobody's look. Links prove nothing here, since such a run makes links too.

use super::rows::ShopRows;
use crate::connections::Connections;
use crate::db::{self, CommitError, DbError, DbErrorKind, Isolation};
use crate::own::decision::Decisions;
use crate::own::lease::Guard;
use crate::plan::Flow;

/// Whether what the flow would create has to wait. With a guard, an empty shop is noted as accepted, so that rows that
/// its people add later change nothing.
///
/// # Errors
/// Those of the database; `Undefined` if ponte's own tables are missing.
pub async fn is_closed(
    flow: &Flow,
    connections: &Connections,
    guard: Option<&Guard>,
) -> db::Result<bool> {
    let (Some(shop), Some(record), Some(_)) = (&flow.shop, &flow.record, &flow.target.find) else {
        return Ok(false);
    };
    if flow.target.of.is_some() {
        return Ok(false);
    }
    let target = &flow.target.connection;
    let own = connections.own(target);
    let mut session = connections.engine(target)?.connect().await?;
    let decisions = Decisions::new(&own, shop, record);
    let accepted = decisions.accepted(session.as_mut()).await;
    let accepted = accepted.map_err(|error| match error.kind {
        DbErrorKind::Undefined => missing(target),
        _ => error,
    })?;
    if accepted.is_some() {
        return Ok(false);
    }
    // The rows are looked at over two connections, and a login may be allowed no more.
    drop(session);
    let mut unlinked = false;
    ShopRows::new(flow, connections)
        .each(&mut |row| {
            unlinked |= !row.linked && !row.ignored;
            !unlinked
        })
        .await?;
    if let Some(guard) = guard.filter(|_| !unlinked) {
        let mut session = connections.engine(target)?.connect().await?;
        let isolation = Isolation::ReadCommitted;
        guard.begin(session.as_mut(), isolation).await?;
        decisions
            .accept(session.as_mut(), r#"{"by":"empty"}"#)
            .await?;
        // All that is written here may be written again.
        session.commit().await.map_err(CommitError::into_error)?;
    }
    Ok(unlinked)
}

pub(super) fn missing(connection: &str) -> DbError {
    DbError::new(
        DbErrorKind::Undefined,
        format!("ponte's own tables are missing on `{connection}`; run `ponte setup --run` first"),
    )
}
