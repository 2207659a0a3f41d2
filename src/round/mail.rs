//! Mails that a person lets go out, under the leases of the pair: none of them is being sent meanwhile.

use super::FlowError;
use super::leases::Leases;
use super::task::Task;
use crate::connections::Connections;
use crate::mail;
use crate::plan::fulfilment::Fulfilment;

/// Mails of an order that wait for a person become due again; how many.
///
/// # Errors
/// A pair that another process works on, a database out of reach.
pub async fn again(
    one: &Fulfilment,
    connections: &Connections,
    order: &str,
) -> Result<usize, FlowError> {
    let mut leases = Leases::new(connections);
    let count = match leases.guard(&Task::Fulfilment(one)).await {
        Ok(guard) => mail::again(one, connections, &guard, order).await,
        Err(error) => Err(error),
    };
    leases.release().await;
    Ok(count?)
}
