//! The mails of one order, for whoever answers the customer.

use super::for_a_person;
use crate::connections::Connections;
use crate::db;
use crate::fulfilment::story::WayBack;
use crate::own::mail::{Mail, Mails, SHIPMENT, Standing};
use crate::plan::fulfilment::Fulfilment;
use chrono::{DateTime, Utc};
use serde::Serialize;

/// A mail that is due, or was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Posted {
    /// `shipment`, `invoice`.
    pub kind: String,
    /// The parcel's, or the invoice's, number.
    pub item: String,
    pub standing: Standing,
    /// Since when, by the clock of the shop's database.
    pub since: Option<DateTime<Utc>>,
    /// Whom a sent one went to.
    pub to: Option<String>,
    /// When a due one is tried next; `None`: nobody knows yet.
    pub next: Option<DateTime<Utc>>,
    /// Why it is not sent yet, or at all.
    pub why: Option<String>,
    /// What a person is to do about it.
    pub advice: Option<String>,
}

impl From<Mail> for Posted {
    fn from(mail: Mail) -> Posted {
        let (mut to, mut next, mut why, mut advice) = (None, None, None, None);
        match mail.standing {
            Standing::Sent => to = Some(mail.detail),
            Standing::Due => {
                next = mail.next;
                why = Some(mail.detail).filter(|detail| !detail.is_empty());
            }
            Standing::Sending | Standing::Refused => {
                let told = for_a_person(&mail);
                (why, advice) = (Some(told.0), Some(told.1));
            }
        }
        Posted {
            kind: mail.kind,
            item: mail.item,
            standing: mail.standing,
            since: mail.since,
            to,
            next,
            why,
            advice,
        }
    }
}

/// The mails of an order that are or were due, and those of parcels that wait for their numbers; `None`: the shop's customers get none.
///
/// # Errors
/// Those of the shop's database.
pub async fn of(
    fulfilment: &Fulfilment,
    connections: &Connections,
    order: &str,
    back: Option<&WayBack>,
) -> db::Result<Option<Vec<Posted>>> {
    let Some(mailing) = &fulfilment.mailing else {
        return Ok(None);
    };
    let mut shop = connections.engine(&fulfilment.target)?.connect().await?;
    let mails = Mails::new(&connections.own(&fulfilment.target), &fulfilment.shop);
    let mails = mails.of(shop.as_mut(), order).await?;
    let mut posted: Vec<Posted> = mails.into_iter().map(Posted::from).collect();
    let parcels = back.iter().flat_map(|back| &back.parcels);
    let parcels =
        parcels.filter(|sent| mailing.shipment && sent.is_told && sent.tracking.is_none());
    for sent in parcels {
        let is_it = |one: &Posted| one.kind == SHIPMENT && one.item == sent.number;
        if !posted.iter().any(is_it) {
            posted.push(Posted {
                kind: SHIPMENT.to_owned(),
                item: sent.number.clone(),
                standing: Standing::Due,
                since: None,
                to: None,
                next: None,
                why: Some("it waits for the parcel's tracking number".to_owned()),
                advice: None,
            });
        }
    }
    Ok(Some(posted))
}
