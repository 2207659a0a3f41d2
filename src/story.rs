//! One order's whole story, for whoever answers the customer: the shop's order, its import, the ERP's document, parcels and
//! invoice, what the shop and the customer have been told. Nothing is written.

use crate::connections::Connections;
use crate::fulfilment::story::{self as back, WayBack};
use crate::mail::story::{self as post, Posted};
use crate::orders::OrdersError;
use crate::orders::story::refunds::{Refund, Standing};
use crate::orders::story::{self as orders, Story};
use crate::plan::{Orders, Plan};
use crate::state::history::Run;
use crate::state::quarantine::Entry;
use crate::state::{State, StateError};
use serde::Serialize;

/// Everything that is known of an order.
#[derive(Debug, Serialize)]
pub struct Whole {
    #[serde(flatten)]
    pub story: Story,
    /// Why the last run did not import it, or what it has found since.
    #[serde(rename = "quarantined")]
    pub entry: Option<Entry>,
    /// The run that imported it.
    pub run: Option<Run>,
    /// `None`: it is not imported, or the shop is not told of its orders.
    pub way_back: Option<WayBack>,
    /// Why the last run could not tell the shop.
    pub untold: Option<Entry>,
    /// `None`: customers of the shop get none.
    pub mails: Option<Vec<Posted>>,
}

/// Why a story cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum StoryError {
    #[error(transparent)]
    Orders(#[from] OrdersError),
    #[error(transparent)]
    State(#[from] StateError),
}

/// The orders of a shop that this can mean: `main/1001`, the shop's number or id, the ERP's document. Without a state it is not
/// known which run imported them, nor why the last one did not.
///
/// # Errors
/// Those of the databases and the state; a shop whose storage is not known.
pub async fn find(
    plan: &Plan,
    of_shop: &Orders,
    connections: &Connections,
    mut state: Option<&mut State>,
    wanted: &str,
) -> Result<Vec<Whole>, StoryError> {
    let fulfilments = &mut plan.fulfilments.iter();
    let fulfilment = fulfilments.find(|one| one.shop == of_shop.shop);
    let paid_back = plan.refunds.iter().find(|one| one.shop == of_shop.shop);
    let mut found = Vec::new();
    for story in orders::find(plan, of_shop, connections, wanted).await? {
        let mut whole = Whole {
            entry: None,
            run: None,
            way_back: None,
            untold: None,
            mails: None,
            story,
        };
        let key = whole.story.key.clone();
        let linked = whole.story.link.as_ref();
        if let Some(state) = state.as_deref_mut() {
            whole.entry = state.quarantined(&of_shop.name, &key).await?;
            if let Some(at) = linked.and_then(|link| link.at) {
                whole.run = state.run_at(&of_shop.name, at).await?;
            }
            let waiting = |one: &&mut Refund| one.standing == Standing::NotYet;
            for one in whole.story.refunds.iter_mut().filter(waiting) {
                let Some(flow) = paid_back else { continue };
                if let Some(entry) = state.quarantined(&flow.name, &one.key).await? {
                    one.why = Some(entry.finding.message);
                    one.advice = Some(entry.finding.advice);
                }
            }
            if let Some(fulfilment) = fulfilment {
                whole.untold = state.quarantined(&fulfilment.name, &key).await?;
            }
        }
        if let (Some(fulfilment), Some(_)) = (fulfilment, linked) {
            whole.way_back = back::of(plan, fulfilment, connections, &key).await?;
            let mails = post::of(fulfilment, connections, &key, whole.way_back.as_ref()).await;
            whole.mails = mails.map_err(OrdersError::from)?;
        }
        found.push(whole);
    }
    Ok(found)
}
