//! A shop's orders beside the ERP's, with what the state knows of those that could not be imported.

use super::FlowError;
use crate::connections::Connections;
use crate::orders::reconcile::{self, Reasons, Report};
use crate::plan::{Orders, Plan};
use crate::state::State;
use crate::state::{StateError, quarantine};
use chrono::NaiveDate;

const NAME: &str = "/reconcile";

/// How the history calls it.
pub fn name(orders: &Orders) -> String {
    format!("{}{NAME}", orders.shop)
}

/// Whether the history calls a comparison of orders so.
pub fn is_name(name: &str) -> bool {
    name.ends_with(NAME)
}

/// Compares; the state is read, and not written.
///
/// # Errors
/// Those of the databases.
pub async fn run(
    plan: &Plan,
    orders: &Orders,
    connections: &Connections,
    state: Option<&mut State>,
    from: Option<NaiveDate>,
) -> Result<Report, FlowError> {
    // Without a state nobody knows why an order waits, but that it does.
    let (mut of_orders, mut of_refunds) = (Reasons::new(), Reasons::new());
    if let Some(state) = state {
        of_orders = reasons(state, orders).await.unwrap_or_default();
        let refunds = plan.refunds.iter().find(|one| one.shop == orders.shop);
        if let Some(refunds) = refunds {
            of_refunds = reasons(state, refunds).await.unwrap_or_default();
        }
    }
    Ok(reconcile::run(plan, orders, connections, from, &of_orders, &of_refunds).await?)
}

async fn reasons(state: &mut State, orders: &Orders) -> Result<Reasons, StateError> {
    let entries = state.quarantine(Some(&orders.name)).await?;
    let reason = |entry: quarantine::Entry| {
        let finding = entry.finding;
        (finding.key, (finding.message, finding.advice))
    };
    Ok(entries.into_iter().map(reason).collect())
}
