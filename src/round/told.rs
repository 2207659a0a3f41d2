//! Fulfilment in a round: the shop is told, then its customers.

use super::{Ended, FlowError};
use crate::connections::Connections;
use crate::fulfilment::{self, Options};
use crate::mail;
use crate::own::lease::Guard;
use crate::plan::Plan;
use crate::plan::fulfilment::Fulfilment;
use crate::sync::run::Progress;

/// The guards are the shop's and the ERP's. Without one nothing is written and nobody gets a mail.
pub async fn run(
    plan: &Plan,
    one: &Fulfilment,
    connections: &Connections,
    ([guard, erp_guard], only): ([Option<&Guard>; 2], &[String]),
    progress: Progress<'_>,
) -> Result<Ended, FlowError> {
    let options = Options {
        guard,
        erp_guard,
        only,
    };
    let mut report = fulfilment::run(plan, one, connections, options, progress).await?;
    if let (Some(mailing), Some(guard)) = (&one.mailing, guard) {
        mail::run(one, mailing, connections, guard, &mut report).await?;
    }
    Ok(Ended::Flow(Box::new(report)))
}
