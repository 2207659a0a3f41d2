//! One order's way back, for whoever answers the customer: what the ERP has shipped and invoiced, what of it the shop has been
//! told, what it is told next. Nothing is written.

use super::decide::{Parcel, Step, Told, decide, given_status, has_new_invoice, left_alone};
use super::erp::Erp;
use super::shop::Shop;
use crate::config::record::ORDER;
use crate::connections::Connections;
use crate::orders::OrdersError;
use crate::own::link::Links;
use crate::own::wrote::Fields;
use crate::plan::Plan;
use crate::plan::fulfilment::Fulfilment;
use crate::sync::gate::Judged;
use serde::Serialize;

/// How far an imported order is on its way back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WayBack {
    /// How far the ERP has got: `open`, `shipped`, …; `None`: it has no such document any longer, or says what is no state.
    pub state: Option<&'static str>,
    /// By day and number.
    pub parcels: Vec<Sent>,
    pub invoice: Option<Invoice>,
    /// The status that ponte gave the order last.
    pub status: Option<String>,
    /// What was left alone last, for a person.
    pub left: Option<String>,
    /// What the next run tells the shop; `None`: it knows everything.
    pub next: Option<News>,
    /// Why that waits for a person, or never happens.
    pub held: Option<Held>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Held {
    pub why: String,
    pub advice: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sent {
    pub number: String,
    /// ISO 8601.
    pub shipped_on: Option<String>,
    pub carrier: Option<String>,
    /// `None`: not known yet.
    pub tracking: Option<String>,
    /// When it reached the customer.
    pub delivered_on: Option<String>,
    /// The shop knows it as it is here.
    pub is_told: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Invoice {
    pub number: String,
    pub is_told: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct News {
    /// The order gets it.
    pub status: Option<String>,
    /// Their numbers.
    pub parcels: Vec<String>,
    pub invoice: Option<String>,
}

/// The way back of an imported order; `None`: it is not linked.
///
/// # Errors
/// Those of the databases; a shop whose storage is not known.
pub async fn of(
    plan: &Plan,
    fulfilment: &Fulfilment,
    connections: &Connections,
    key: &str,
) -> Result<Option<WayBack>, OrdersError> {
    let engine = connections.engine(&fulfilment.erp.connection)?;
    let mut session = engine.connect().await?;
    let own = connections.own(&fulfilment.erp.connection);
    let links = Links::new(&own, &fulfilment.shop, ORDER.name);
    let keys = [key.to_owned()];
    let linked = links.of(session.as_mut(), &keys).await?;
    if linked.is_empty() {
        return Ok(None);
    }
    let erp = Erp::open(session.as_mut(), &fulfilment.erp).await?;
    let (told, _) = erp.told(session.as_mut(), &linked).await?;
    let mut shop = Shop::open(plan, fulfilment, connections).await?;
    let memory = shop.remembered(&keys).await?.remove(key);
    let memory = memory.unwrap_or_default();
    let current = shop.current(&keys, false).await?.remove(key);
    let mut way_back = WayBack {
        state: None,
        parcels: Vec::new(),
        invoice: None,
        status: given_status(&memory).map(str::to_owned),
        left: left_alone(&memory).map(str::to_owned),
        next: None,
        held: None,
    };
    if let Some(told) = told.first() {
        way_back.says(told, &memory);
        let is_old = current.as_ref().is_some_and(|current| current.is_old);
        let status = current.as_ref().map(|current| current.status.as_str());
        let step = decide(&fulfilment.rules, told, &memory, status).filter(|_| !is_old);
        if let Some(step) = &step {
            way_back.held = match shop.judged(told, step, current.as_ref()).await? {
                Judged::Free | Judged::Accepted => None,
                Judged::Not(reason) | Judged::Ask(reason, _) => Some(Held {
                    why: reason.to_string(),
                    advice: reason.advice().into_owned(),
                }),
            };
        }
        way_back.next = step.and_then(|step| News::of(step, told));
    }
    Ok(Some(way_back))
}

impl WayBack {
    /// What the ERP says.
    fn says(&mut self, told: &Told, memory: &Fields) {
        let some = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        let sent = |parcel: &Parcel| Sent {
            number: parcel.number.clone(),
            shipped_on: some(&parcel.shipped_on),
            carrier: some(&parcel.carrier),
            tracking: some(&parcel.tracking),
            delivered_on: parcel.delivered_on.as_ref().and_then(some),
            is_told: parcel.is_told(memory),
        };
        self.state = Some(told.state.name());
        self.parcels = told.parcels.iter().map(sent).collect();
        self.invoice = some(&told.invoice).map(|number| Invoice {
            number,
            is_told: !has_new_invoice(told, memory),
        });
    }
}

impl News {
    fn of(step: Step, told: &Told) -> Option<News> {
        let news = News {
            status: step.status,
            parcels: step.parcels.into_iter().map(|one| one.number).collect(),
            invoice: step.invoice.then(|| told.invoice.clone()),
        };
        let is_empty = news.status.is_none() && news.parcels.is_empty() && news.invoice.is_none();
        (!is_empty).then_some(news)
    }
}
