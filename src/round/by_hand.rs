//! Web orders linked with the ERP's documents by a person, under the leases of the pair: no run is under way meanwhile.

use super::FlowError;
use super::leases::Leases;
use super::task::Task;
use crate::connections::Connections;
use crate::orders::by_hand::{self, ByHand, Pair, Said};
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

/// Links what is clear among what was found; why one was refused after all, which ends it.
///
/// # Errors
/// As [`link`].
pub async fn accept(
    orders: &Orders,
    connections: &Connections,
    found: &mut ByHand,
) -> Result<Option<String>, FlowError> {
    let clear = found.pairs.iter_mut().filter(|pair| pair.is_clear);
    let clear: Vec<&mut Pair> = clear.collect();
    let pair = |pair: &&mut Pair| Some((pair.key.clone(), pair.clear()?.id.clone()));
    let pairs: Vec<(String, Value)> = clear.iter().filter_map(pair).collect();
    if pairs.is_empty() {
        return Ok(None);
    }
    for (pair, said) in clear
        .into_iter()
        .zip(link(orders, connections, &pairs).await?)
    {
        match said {
            Said::Done | Said::Already => pair.is_linked = true,
            Said::Refused(why) => {
                return Ok(Some(format!("{} was not linked: {why}", pair.reference)));
            }
        }
    }
    Ok(None)
}
