//! A person's decisions about a shop's match, under the leases of the pair: no run is under way meanwhile.

use super::FlowError;
use super::leases::Leases;
use super::task::Task;
use crate::connections::Connections;
use crate::matching::decide::{Decision, Desk, Said};
use crate::plan::{Flow, Plan};

/// Carries the decisions out, one after the other; each says what became of it.
///
/// # Errors
/// A pair that another process works on, a mapping that does not fit, a database out of reach.
pub async fn carry_out(
    plan: &Plan,
    flow: &Flow,
    connections: &Connections,
    decisions: &[Decision],
) -> Result<Vec<Said>, FlowError> {
    let mut leases = Leases::new(connections);
    let said = under_lease(plan, flow, connections, decisions, &mut leases).await;
    leases.release().await;
    said
}

async fn under_lease(
    plan: &Plan,
    flow: &Flow,
    connections: &Connections,
    decisions: &[Decision],
    leases: &mut Leases<'_>,
) -> Result<Vec<Said>, FlowError> {
    let guard = leases.guard(&Task::Flow(flow)).await?;
    let mut desk = Desk::open(plan, flow, connections, guard).await?;
    let mut said = Vec::new();
    for decision in decisions {
        said.push(desk.decide(decision).await?);
    }
    Ok(said)
}
