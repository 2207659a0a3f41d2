//! A shop's orders beside the ERP's, with what the state knows of those that could not be imported.

use super::FlowError;
use crate::connections::Connections;
use crate::orders::reconcile::{self, Reasons, Report, Side};
use crate::plan::{Orders, Plan};
use crate::state::State;
use crate::state::history::{Outcome, Scope};
use crate::state::{StateError, quarantine};
use chrono::NaiveDate;
use serde_json::json;

/// How the history calls it.
pub fn name(orders: &Orders) -> String {
    format!("{}/reconcile", orders.shop)
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
    let reasons = match state {
        Some(state) => reasons(state, orders).await.unwrap_or_default(),
        None => Reasons::new(),
    };
    Ok(reconcile::run(plan, orders, connections, from, &reasons).await?)
}

async fn reasons(state: &mut State, orders: &Orders) -> Result<Reasons, StateError> {
    let entries = state.quarantine(Some(&orders.name)).await?;
    let reason = |entry: quarantine::Entry| {
        let finding = entry.finding;
        (finding.key, (finding.message, finding.advice))
    };
    Ok(entries.into_iter().map(reason).collect())
}

/// The same, noted in the history.
///
/// # Errors
/// Those of the state; what the comparison came to is inside.
pub async fn noted(
    plan: &Plan,
    orders: &Orders,
    connections: &Connections,
    state: &mut State,
) -> Result<Result<Report, FlowError>, StateError> {
    let name = name(orders);
    let run_id = state.begin_run(&name, Scope::All).await?;
    let done = run(plan, orders, connections, Some(&mut *state), None).await;
    let (outcome, counts, error) = match &done {
        Ok(report) => {
            let outcome = match report.is_clean() {
                true => Outcome::Done,
                false => Outcome::Quarantined,
            };
            (outcome, counts(report), None)
        }
        Err(error) => (
            Outcome::Failed,
            serde_json::Value::Null,
            Some(error.to_string()),
        ),
    };
    state
        .finish_run(run_id, &name, outcome, &counts, error.as_deref())
        .await?;
    Ok(done)
}

/// The numbers, for the history.
fn counts(report: &Report) -> serde_json::Value {
    json!({
        "read": report.days.iter().map(|day| day.shop.orders).sum::<u64>(),
        "missing": report.count(Side::Missing),
        "extra": report.count(Side::Extra),
        "different": report.count(Side::Different),
    })
}
