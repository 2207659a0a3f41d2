//! The API for machines: what `openapi.json` describes.

use super::access::{Role, Visitor};
use super::{Live, Site, not_ready};
use crate::service::control::{Refused, Request as Asked, Wanted};
use crate::state::quarantine::Entry;
use crate::state::{State as Remembered, StateError};
use crate::stock::explain::{Explanation, explain as explained};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use chrono::Utc;
use serde::Deserialize;
use serde_json::json;

/// Runs and quarantined records of each flow in an answer, unless asked for otherwise.
const SHOWN: u32 = 30;
const SHOWN_MAX: u32 = 500;

#[derive(Debug, Deserialize)]
pub struct Listed {
    flow: Option<String>,
    show: Option<u32>,
}

#[derive(Debug, Deserialize)]
pub struct Sku {
    sku: String,
}

/// What went wrong while an answer was made.
pub fn failed(error: impl std::fmt::Display) -> Response {
    let body = Json(json!({ "error": error.to_string() }));
    (StatusCode::INTERNAL_SERVER_ERROR, body).into_response()
}

pub async fn flows(State(site): State<Site>) -> Response {
    match site.live() {
        Some(live) => Json(json!({ "flows": live.control.board.look(Utc::now()) })).into_response(),
        None => not_ready(),
    }
}

pub async fn runs(State(site): State<Site>, Query(listed): Query<Listed>) -> Response {
    let Some(live) = site.live() else {
        return not_ready();
    };
    let show = listed.show.unwrap_or(SHOWN).min(SHOWN_MAX);
    let read = async {
        let mut state = Remembered::open(&live.service.plan.state_dir).await?;
        let mut runs = Vec::new();
        for flow in chosen(&live, listed.flow.as_deref()) {
            runs.extend(state.last_runs(&flow, show).await?);
        }
        runs.sort_by_key(|run| std::cmp::Reverse(run.started));
        Ok::<_, StateError>(runs)
    };
    match read.await {
        Ok(runs) => Json(json!({ "runs": runs })).into_response(),
        Err(error) => failed(error),
    }
}

pub async fn quarantine(State(site): State<Site>, Query(listed): Query<Listed>) -> Response {
    let Some(live) = site.live() else {
        return not_ready();
    };
    let show = listed.show.unwrap_or(SHOWN).min(SHOWN_MAX);
    match quarantined(&live, listed.flow.as_deref(), show).await {
        Ok(records) => Json(json!({ "records": records })).into_response(),
        Err(error) => failed(error),
    }
}

/// The first records of each flow that wait for a person.
pub async fn quarantined(
    live: &Live,
    flow: Option<&str>,
    show: u32,
) -> Result<Vec<Entry>, StateError> {
    let mut state = Remembered::open(&live.service.plan.state_dir).await?;
    let mut records = Vec::new();
    for flow in chosen(live, flow) {
        let all = state.quarantine(Some(&flow)).await?;
        records.extend(all.into_iter().take(show as usize));
    }
    Ok(records)
}

fn chosen(live: &Live, flow: Option<&str>) -> Vec<String> {
    let seats = live.control.board.look(Utc::now()).into_iter();
    let flows = seats.map(|seat| seat.flow);
    flows
        .filter(|name| flow.is_none_or(|flow| flow == name))
        .collect()
}

pub async fn explain(State(site): State<Site>, Query(Sku { sku }): Query<Sku>) -> Response {
    let Some(live) = site.live() else {
        return not_ready();
    };
    match sums(&live, &sku).await {
        Ok(shops) => Json(json!({ "shops": shops })).into_response(),
        Err(error) => failed(error),
    }
}

/// The stock sum of one article in every shop.
pub async fn sums(live: &Live, sku: &str) -> Result<Vec<Explanation>, String> {
    let plan = &live.service.plan;
    let known = match Remembered::open(&plan.state_dir).await {
        Ok(mut state) => state.known_orders().await.unwrap_or_default(),
        Err(_) => Default::default(),
    };
    let engines = live.service.connections.engines();
    let mut shops = Vec::new();
    for stock in &plan.stocks {
        let shop = explained(plan, stock, engines, &known, sku).await;
        shops.push(shop.map_err(|error| error.to_string())?);
    }
    Ok(shops)
}

/// `POST /api/flows/main/article/run`: 202, it is queued.
pub async fn act(
    State(site): State<Site>,
    Extension(visitor): Extension<Visitor>,
    Path(path): Path<String>,
) -> Response {
    let Some((flow, wanted)) = path
        .rsplit_once('/')
        .and_then(|(flow, word)| Some((flow, wanted(word)?)))
    else {
        return refused(
            StatusCode::NOT_FOUND,
            "the path ends with `/run`, `/resync`, `/pause` or `/resume`",
        );
    };
    let wanted = match wanted {
        // Nobody else is let through without the right to act.
        Wanted::Run if visitor.role < Role::Act => Wanted::Call,
        wanted => wanted,
    };
    match ask(&site, flow, wanted) {
        Ok(()) => (StatusCode::ACCEPTED, Json(json!({ "flow": flow }))).into_response(),
        // A shop gives up a webhook that is refused again and again.
        Err(Refused::Paused) => Json(json!({ "flow": flow, "paused": true })).into_response(),
        Err(why) => refused(status(why), &why.to_string()),
    }
}

pub fn refused(status: StatusCode, why: &str) -> Response {
    (status, Json(json!({ "error": why }))).into_response()
}

fn status(why: Refused) -> StatusCode {
    match why {
        Refused::Unknown => StatusCode::NOT_FOUND,
        Refused::Full => StatusCode::TOO_MANY_REQUESTS,
        Refused::Stopping => StatusCode::SERVICE_UNAVAILABLE,
        Refused::Paused | Refused::PausedByProject => StatusCode::CONFLICT,
    }
}

pub fn wanted(word: &str) -> Option<Wanted> {
    Some(match word {
        "run" => Wanted::Run,
        "resync" => Wanted::Resync,
        "pause" => Wanted::Pause,
        "resume" => Wanted::Resume,
        _ => return None,
    })
}

pub fn ask(site: &Site, flow: &str, wanted: Wanted) -> Result<(), Refused> {
    let live = site.live().ok_or(Refused::Stopping)?;
    let flow = flow.to_owned();
    tracing::info!(flow, ?wanted, "asked for");
    live.control.ask(Asked { flow, wanted })
}

/// Has one record of a flow tried again, as `ponte quarantine retry` does.
pub fn retry(site: &Site, flow: &str, key: &str) -> Result<(), Refused> {
    let live = site.live().ok_or(Refused::Stopping)?;
    tracing::info!(flow, key, "to be tried again");
    live.control.retry(flow, key)
}

/// 503 when a flow is late: for whoever watches from outside.
pub async fn health(State(site): State<Site>) -> Response {
    let Some(live) = site.live() else {
        return not_ready();
    };
    let seats = live.control.board.look(Utc::now()).into_iter();
    let late: Vec<String> = seats
        .filter(|seat| seat.late)
        .map(|seat| seat.flow)
        .collect();
    match late.is_empty() {
        true => Json(json!({ "status": "ok" })).into_response(),
        false => {
            let body = Json(json!({ "status": "late", "late": late }));
            (StatusCode::SERVICE_UNAVAILABLE, body).into_response()
        }
    }
}

pub async fn ready(State(site): State<Site>) -> Response {
    match site.live() {
        Some(_) => "ready\n".into_response(),
        None => not_ready(),
    }
}
