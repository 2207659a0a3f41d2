//! One order's story, for whoever answers the customer.

use super::access::Visitor;
use super::page::{Asked, draw, local};
use super::texts::Language;
use super::{Live, Site, api, not_ready};
use crate::fulfilment::story::{Sent, WayBack};
use crate::mail::story::Posted;
use crate::orders::Meaning;
use crate::orders::story::Absence;
use crate::orders::story::refunds::{Refund, Standing};
use crate::state::State as Remembered;
use crate::story::{self, StoryError, Whole};
use axum::Json;
use axum::extract::{Extension, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use minijinja::{Value, context};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;

#[derive(Debug, Deserialize)]
pub struct Wanted {
    #[serde(rename = "ref")]
    reference: String,
}

/// What the word can mean in any of the shops.
async fn find(live: &Live, wanted: &str) -> Result<Vec<Whole>, StoryError> {
    let (plan, connections) = (&live.service.plan, &live.service.connections);
    // Without it the story is told nevertheless.
    let mut state = Remembered::open(&plan.state_dir).await.ok();
    let mut found = Vec::new();
    for orders in &plan.orders {
        let state = state.as_mut();
        found.extend(story::find(plan, orders, connections, state, wanted).await?);
    }
    Ok(found)
}

pub async fn told(
    State(site): State<Site>,
    Query(Wanted { reference }): Query<Wanted>,
) -> Response {
    let Some(live) = site.live() else {
        return not_ready();
    };
    match find(&live, reference.trim()).await {
        Err(error) => api::failed(error.to_string()),
        Ok(found) if found.is_empty() => {
            api::refused(StatusCode::NOT_FOUND, "no shop has such an order")
        }
        Ok(found) => Json(json!({ "orders": found })).into_response(),
    }
}

pub async fn page(
    State(site): State<Site>,
    Extension(visitor): Extension<Visitor>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    let Some(live) = site.live() else {
        return not_ready();
    };
    let language = Language::of(asked.lang.as_deref(), &headers);
    let reference = asked.reference.unwrap_or_default();
    let (found, error) = match reference.trim() {
        "" => (Vec::new(), None),
        wanted => match find(&live, wanted).await {
            Ok(found) => (found, None),
            Err(error) => (Vec::new(), Some(error.to_string())),
        },
    };
    let texts = language.texts();
    let stories: Vec<Value> = found.iter().map(|whole| tell(whole, &texts)).collect();
    let own = context! {
        reference => reference.as_str(),
        is_unknown => stories.is_empty() && error.is_none() && !reference.trim().is_empty(),
        stories => stories,
        error => error,
        here => "/order",
        keep => vec![("ref", reference.clone())],
    };
    draw("order.html", &site, &visitor, language, own)
}

fn tell(whole: &Whole, texts: &BTreeMap<&'static str, &'static str>) -> Value {
    let Whole {
        story, entry, run, ..
    } = whole;
    let found = entry.as_ref().map(|entry| {
        let finding = &entry.finding;
        (finding.message.as_str(), finding.advice.as_str())
    });
    let awaited = || texts["once_status"].replace("{}", &story.import.join(", "));
    let own = |why: &str, advice: String| (texts[why].to_owned(), advice);
    let absence = match (&story.link, story.absence(found)) {
        (Some(_), _) => None,
        (None, why) => Some(match why {
            Absence::Told { why, advice } => (why, advice),
            Absence::BeforeSince => own("before_since", texts["before_since_advice"].to_owned()),
            Absence::NotYet => own("not_yet", texts["not_yet_advice"].to_owned()),
            Absence::Unpaid => own("unpaid", awaited()),
            Absence::ByStatus => own("by_status", awaited()),
            Absence::UnknownStatus => {
                let table = format!("[shop.{}.order]", story.shop);
                let advice = texts["unknown_status_advice"].replace("{}", &table);
                own("means_unknown", advice)
            }
        }),
    };
    let money = |sum: &Option<String>| {
        let sum = sum.as_ref();
        sum.map(|sum| format!("{sum} {}", story.currency))
    };
    context! {
        reference => story.reference.as_str(),
        number => (story.number != story.key).then_some(story.number.as_str()),
        placed => story.placed_local.map(|placed| placed.to_string()),
        status => story.status.as_str(),
        means => match story.meaning {
            Meaning::Import => "means_import",
            Meaning::Wait => "unpaid",
            Meaning::Ignore => "means_ignore",
            Meaning::Cancelled => "means_cancelled",
            Meaning::Unknown => "means_unknown",
        },
        total => money(&story.total),
        refunded => money(&story.refunded),
        returned => story.returned.as_deref(),
        refunds => story.refunds.iter().map(|one| paid_back(one, &money)).collect::<Vec<_>>(),
        payment => story.payment.as_str(),
        paid => money(&story.paid),
        payment_state => story.payment_state.map(|state| format!("payment_{state}")),
        transaction_id => story.transaction_id.as_deref(),
        carrier => story.carrier.as_deref(),
        pickup_point => story.pickup_point.as_deref(),
        warehouse => story.warehouse.as_deref(),
        customer => story.customer.as_str(),
        email => story.email.as_str(),
        rows => story.rows.clone(),
        linked => story.link.as_ref().map(|link| context! {
            id => link.id.as_str(),
            at => link.at.map(local),
            run => run.as_ref().map(|run| local(run.started)),
        }),
        absence => absence.map(|(why, advice)| context! { why => why, advice => advice }),
        document => story.document.as_ref().map(|paper| context! {
            number => paper.number.as_str(),
            state => paper.state,
            total => paper.total.as_deref(),
            day => paper.day.map(|day| day.to_string()),
        }),
        lost => story.document.is_none() && story.link.is_some(),
        settle => story.told.as_deref().filter(|_| story.link.is_some()),
        advice => entry.as_ref().map(|entry| entry.finding.advice.as_str()),
        back => whole.way_back.as_ref().map(way_back),
        untold => whole.untold.as_ref().map(|entry| context! {
            message => entry.finding.message.as_str(),
            advice => entry.finding.advice.as_str(),
        }),
        mails => whole.mails.as_ref().map(|mails| mails.iter().map(posted).collect::<Vec<_>>()),
    }
}

fn paid_back(refund: &Refund, money: &dyn Fn(&Option<String>) -> Option<String>) -> Value {
    context! {
        key => refund.key.as_str(),
        at => refund.placed_local.map(|at| at.to_string()),
        total => money(&refund.total),
        note => refund.note.as_deref(),
        document => refund.document.as_deref(),
        standing => match refund.standing {
            Standing::Written => "refund_written",
            Standing::ByHand => "refund_by_hand",
            Standing::BeforeSince => "refund_before_since",
            Standing::NotYet => "refund_not_yet",
            Standing::NoOrder => "refund_no_order",
        },
        why => refund.why.as_deref(),
        advice => refund.advice.as_deref(),
    }
}

fn way_back(back: &WayBack) -> Value {
    let sent = |sent: &Sent| {
        context! {
            number => sent.number.as_str(),
            shipped_on => sent.shipped_on.as_deref(),
            carrier => sent.carrier.as_deref(),
            tracking => sent.tracking.as_deref(),
            delivered_on => sent.delivered_on.as_deref(),
        }
    };
    let parcels: Vec<Value> = back.parcels.iter().map(sent).collect();
    context! {
        parcels => parcels,
        invoice => back.invoice.as_ref().map(|invoice| invoice.number.as_str()),
        status => back.status.as_deref(),
        left => back.left.as_deref(),
        held => back.held.as_ref().map(|held| context! {
            why => held.why.as_str(),
            advice => held.advice.as_str(),
        }),
        next => back.next.as_ref().map(|news| context! {
            status => news.status.as_deref(),
            parcels => news.parcels.clone(),
            invoice => news.invoice.as_deref(),
        }),
    }
}

fn posted(mail: &Posted) -> Value {
    context! {
        kind => format!("mail_{}", mail.kind),
        item => mail.item.as_str(),
        standing => format!("mail_{}", mail.standing.name()),
        at => mail.next.or(mail.since).map(local),
        to => mail.to.as_deref(),
        why => mail.why.as_deref(),
        advice => mail.advice.as_deref(),
    }
}
