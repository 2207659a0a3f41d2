//! What waits for a person's approval, with old and new values; and the person's word.
//!
//! The word goes to the worker of the flow's database, which notes it between two runs. It is about the question as it was
//! shown: the form and the API say its digest, and what has been asked anew meanwhile is refused.

use super::access::Visitor;
use super::page::{Asked, draw, foreign_form, local};
use super::texts::Language;
use super::{Live, Site, api, not_ready};
use crate::own::approval::Standing;
use crate::round::approve::{self, Question, Said};
use axum::Json;
use axum::extract::{Extension, Form, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use minijinja::{Value, context};
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;

/// For so long an answer is waited for: a run may be under way.
const PATIENCE: Duration = Duration::from_secs(20);

/// Bytes of a reason.
const WHY_MAX: usize = 4000;

/// Questions on one page.
const SHOWN: usize = 200;

#[derive(Debug, Deserialize)]
pub struct Listed {
    #[serde(default)]
    all: bool,
}

pub async fn listed(State(site): State<Site>, Query(listed): Query<Listed>) -> Response {
    let Some(live) = site.live() else {
        return not_ready();
    };
    match questions(&live, listed.all).await {
        Ok(found) => {
            let found: Vec<serde_json::Value> = found.iter().map(Question::document).collect();
            Json(json!({ "approvals": found })).into_response()
        }
        Err(error) => api::failed(error),
    }
}

async fn questions(live: &Live, all: bool) -> Result<Vec<Question>, String> {
    let (plan, connections) = (&live.service.plan, &live.service.connections);
    let found = approve::list(plan, connections, all).await;
    found.map_err(|error| error.to_string())
}

pub async fn page(
    State(site): State<Site>,
    Extension(visitor): Extension<Visitor>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    let language = Language::of(asked.lang.as_deref(), &headers);
    shown(&site, &visitor, language, None).await
}

/// The page; `refused`: why a person's word was not taken.
async fn shown(
    site: &Site,
    visitor: &Visitor,
    language: Language,
    refused: Option<String>,
) -> Response {
    let Some(live) = site.live() else {
        return not_ready();
    };
    let (found, error) = match questions(&live, false).await {
        Ok(found) => (found, None),
        Err(error) => (Vec::new(), Some(error)),
    };
    let more = found.len().saturating_sub(SHOWN);
    let rows: Vec<Value> = found.iter().take(SHOWN).map(row).collect();
    let own = context! {
        questions => rows,
        more => more,
        error => error,
        refused => refused,
        here => "/approvals",
    };
    draw("approvals.html", site, visitor, language, own)
}

fn row(one: &Question) -> Value {
    let detail = one.detail();
    let texts = |pointer: &str| -> Vec<String> {
        let lines = detail.pointer(pointer).and_then(|lines| lines.as_array());
        let lines = lines.into_iter().flatten().filter_map(|line| line.as_str());
        lines.map(str::to_owned).collect()
    };
    let text = |name: &str| detail[name].as_str().unwrap_or_default().to_owned();
    let changes: Vec<Value> = texts("/changes").iter().map(|line| change(line)).collect();
    let approval = &one.approval;
    context! {
        id => one.id.as_str(),
        flow => one.flow.as_str(),
        key => approval.key.replace('\t', " / "),
        digest => approval.digest.as_str(),
        standing => approval.standing.name(),
        since => approval.asked.map(local),
        why => text("why"),
        title => text("title"),
        changes => changes,
        rows => texts("/content/rows"),
    }
}

/// `price 12.5 -> 9.9`: what changes, from what, to what.
fn change(line: &str) -> Value {
    let parts = line.split_once(" -> ").and_then(|(before, new)| {
        let (name, old) = before.split_once(' ')?;
        Some((name, old, new))
    });
    match parts {
        Some((name, old, new)) => context! { name => name, old => old, new => new },
        None => context! { name => line },
    }
}

#[derive(Debug, Deserialize)]
pub struct Word {
    id: String,
    digest: String,
    /// `accept` or `reject`.
    wanted: String,
    why: Option<String>,
    form: Option<String>,
}

/// What became of a word.
enum Outcome {
    Said(Said),
    /// It is noted as soon as the run that is under way has ended.
    Queued,
    /// It is not one.
    Wrong(&'static str),
    Failed(String),
}

async fn say(live: &Live, word: &Word, by: &str) -> Outcome {
    let why = word.why.as_deref().unwrap_or_default().trim();
    let standing = match word.wanted.as_str() {
        "accept" => Standing::Accepted,
        "reject" if why.is_empty() => return Outcome::Wrong("a rejection says why"),
        _ if why.len() > WHY_MAX => return Outcome::Wrong("the reason is too long"),
        "reject" => Standing::Rejected,
        _ => return Outcome::Wrong("`accept` or `reject`"),
    };
    let (plan, connections) = (&live.service.plan, &live.service.connections);
    let ids = [word.id.clone()];
    let found = match approve::named(plan, connections, &ids).await {
        Ok(found) => found,
        Err(error) => return Outcome::Failed(error.to_string()),
    };
    let Some(mut question) = found.into_iter().find_map(|(_, question)| question) else {
        return Outcome::Said(Said::Refused("nobody asks for it any more".to_owned()));
    };
    // As the person saw it.
    question.approval.digest = word.digest.clone();
    tracing::info!(id = word.id, standing = standing.name(), "decided");
    let noted = tokio::spawn(note(
        live.clone(),
        question,
        standing,
        why.to_owned(),
        by.to_owned(),
    ));
    match tokio::time::timeout(PATIENCE, noted).await {
        Err(_) => Outcome::Queued,
        Ok(Err(error)) => Outcome::Failed(error.to_string()),
        Ok(Ok(Err(error))) => Outcome::Failed(error),
        Ok(Ok(Ok(said))) => Outcome::Said(said),
    }
}

/// Notes the word when its turn comes, whatever becomes of the request.
async fn note(
    live: Live,
    question: Question,
    standing: Standing,
    why: String,
    by: String,
) -> Result<Said, String> {
    let turn = live.control.turn(&question.flow).await;
    let _turn = turn.map_err(|refused| refused.to_string())?;
    let (plan, connections) = (&live.service.plan, &live.service.connections);
    let said = approve::decide(plan, connections, &[question], standing, &why, &by).await;
    let said = said.map_err(|error| error.to_string())?;
    let nothing = || Said::Refused("there is no such flow".to_owned());
    Ok(said.into_iter().next().unwrap_or_else(nothing))
}

/// A button of the page was pressed.
pub async fn decide(
    State(site): State<Site>,
    Extension(visitor): Extension<Visitor>,
    headers: HeaderMap,
    Form(word): Form<Word>,
) -> Response {
    if !visitor.sent(word.form.as_deref().unwrap_or("")) {
        return foreign_form();
    }
    let Some(live) = site.live() else {
        return not_ready();
    };
    let language = Language::of(None, &headers);
    let texts = language.texts();
    let (status, told) = match say(&live, &word, &visitor.name).await {
        Outcome::Said(Said::Done | Said::Already) => {
            return Redirect::to("/approvals").into_response();
        }
        Outcome::Said(Said::Refused(why)) => (StatusCode::CONFLICT, why),
        Outcome::Queued => (StatusCode::ACCEPTED, texts["noted_later"].to_owned()),
        Outcome::Wrong(why) => (StatusCode::BAD_REQUEST, why.to_owned()),
        Outcome::Failed(why) => (StatusCode::SERVICE_UNAVAILABLE, why),
    };
    let page = shown(&site, &visitor, language, Some(told)).await;
    (status, page).into_response()
}

#[derive(Debug, Deserialize)]
pub struct Sent {
    id: String,
    digest: String,
    why: Option<String>,
}

/// `POST /api/approvals/accept`
pub async fn accept(
    site: State<Site>,
    visitor: Extension<Visitor>,
    Json(sent): Json<Sent>,
) -> Response {
    by_machine(site, visitor, sent, "accept").await
}

/// `POST /api/approvals/reject`
pub async fn reject(
    site: State<Site>,
    visitor: Extension<Visitor>,
    Json(sent): Json<Sent>,
) -> Response {
    by_machine(site, visitor, sent, "reject").await
}

async fn by_machine(
    State(site): State<Site>,
    Extension(visitor): Extension<Visitor>,
    sent: Sent,
    wanted: &str,
) -> Response {
    let Some(live) = site.live() else {
        return not_ready();
    };
    let word = Word {
        id: sent.id,
        digest: sent.digest,
        wanted: wanted.to_owned(),
        why: sent.why,
        form: None,
    };
    let of = |outcome: &str| Json(json!({ "id": word.id, "outcome": outcome }));
    let standing = match wanted {
        "accept" => Standing::Accepted,
        _ => Standing::Rejected,
    };
    match say(&live, &word, &visitor.name).await {
        Outcome::Said(Said::Done | Said::Already) => of(standing.name()).into_response(),
        Outcome::Queued => (StatusCode::ACCEPTED, of("queued")).into_response(),
        Outcome::Said(Said::Refused(why)) => api::refused(StatusCode::CONFLICT, &why),
        Outcome::Wrong(why) => api::refused(StatusCode::BAD_REQUEST, why),
        Outcome::Failed(why) => api::refused(StatusCode::SERVICE_UNAVAILABLE, &why),
    }
}
