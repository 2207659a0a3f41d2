//! Web orders linked with the ERP's documents by a person, under the leases of the pair: no run is under way meanwhile.

use super::FlowError;
use super::leases::Leases;
use super::task::Task;
use crate::connections::Connections;
use crate::orders::by_hand::{self, Said};
use crate::plan::Orders;
use crate::value::Value;

/// Links each order, by its key, with the document of this id.
///
/// # Errors
/// A pair that another process works on, a database out of reach.
pub async fn link(
    orders: &Orders,
    connections: &Connections,
    pairs: &[(String, Value)],
) -> Result<Vec<Said>, FlowError> {
    let mut leases = Leases::new(connections);
    let said = match leases.guard(&Task::Orders(orders)).await {
        Ok(guard) => by_hand::link(orders, connections, &guard, pairs)
            .await
            .map_err(FlowError::from),
        Err(error) => Err(error.into()),
    };
    leases.release().await;
    said
}
