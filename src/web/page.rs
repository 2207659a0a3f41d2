//! The pages for people: made here, whole, without scripts.

use super::access::{Role, Visitor};
use super::api;
use super::texts::Language;
use super::{Site, not_ready};
use crate::service::board::Seat;
use crate::state::State as Remembered;
use crate::state::history::{Outcome, Run};
use crate::stock::explain::Explanation;
use axum::extract::{Extension, Form, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use chrono::{DateTime, Local, TimeDelta, Utc};
use minijinja::{Environment, Value, context};
use serde::Deserialize;
use std::sync::LazyLock;
use std::time::Duration;

/// Runs whose durations are drawn.
const DRAWN: usize = 30;
const DAYS: i64 = 30;
/// Quarantined records of each flow that are listed.
const LISTED: u32 = 100;
/// A wrong token costs so much time.
const WRONG: Duration = Duration::from_secs(1);

static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut templates = Environment::new();
    templates.set_auto_escape_callback(|_| minijinja::AutoEscape::Html);
    for (name, text) in [
        ("frame.html", include_str!("frame.html")),
        ("flows.html", include_str!("flows.html")),
        ("quarantine.html", include_str!("quarantine.html")),
        ("explain.html", include_str!("explain.html")),
        ("login.html", include_str!("login.html")),
    ] {
        // They are part of the program, and a test draws each of them.
        if let Err(error) = templates.add_template(name, text) {
            tracing::error!(%error, name, "a template of the page does not parse");
        }
    }
    templates
});

#[derive(Debug, Deserialize)]
pub struct Asked {
    lang: Option<String>,
    sku: Option<String>,
}

/// Draws a template with what every page has.
fn draw(name: &str, site: &Site, visitor: &Visitor, language: Language, own: Value) -> Response {
    let page = context! {
        t => language.texts(),
        lang => language.code(),
        other => match language {
            Language::English => "it",
            Language::Italian => "en",
        },
        may_act => visitor.role >= Role::Act,
        may_log_in => site.access.has_actors() && visitor.role < Role::Act,
        has_session => !visitor.form.is_empty(),
        form => visitor.form.clone(),
        ..own
    };
    let drawn = TEMPLATES
        .get_template(name)
        .and_then(|template| template.render(page));
    match drawn {
        Ok(text) => Html(text).into_response(),
        Err(error) => api::failed(error),
    }
}

fn local(moment: DateTime<Utc>) -> String {
    moment
        .with_timezone(&Local)
        .format("%Y-%m-%d %H:%M:%S")
        .to_string()
}

pub async fn flows(
    State(site): State<Site>,
    Extension(visitor): Extension<Visitor>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    let Some(live) = site.live() else {
        return not_ready();
    };
    // Opening it checks the whole file: once a page. Without it the page shows what the board knows.
    let mut state = Remembered::open(&live.service.plan.state_dir).await.ok();
    let mut rows = Vec::new();
    for seat in live.control.board.look(Utc::now()) {
        let runs = match &mut state {
            Some(state) => state.last_runs(&seat.flow, u32::MAX).await,
            None => Ok(Vec::new()),
        };
        rows.push(row(&seat, &runs.unwrap_or_default()));
    }
    let language = Language::of(asked.lang.as_deref(), &headers);
    draw(
        "flows.html",
        &site,
        &visitor,
        language,
        context! { flows => rows, here => "/" },
    )
}

fn row(seat: &Seat, runs: &[Run]) -> Value {
    let state = match &seat.running {
        Some(_) => "running",
        None if seat.queued => "queued",
        None if seat.paused => "paused",
        None if seat.late => "late",
        None => match seat.last.as_ref().map(|ran| ran.outcome) {
            Some("failed") => "failed",
            _ => "waits",
        },
    };
    let last = runs.iter().find(|run| run.finished.is_some());
    let count = |name: &str| last.and_then(|run| run.counts[name].as_u64());
    // A run whose process died was interrupted, too.
    let outcome = |run: &Run| run.outcome.unwrap_or(Outcome::Interrupted).name();
    let border = Utc::now() - TimeDelta::days(DAYS);
    let recent: Vec<&Run> = runs
        .iter()
        .filter(|run| run.started > border && run.finished.is_some())
        .collect();
    let well = recent
        .iter()
        .filter(|run| matches!(outcome(run), "done" | "quarantined"));
    let well = well.count() * 1000 / recent.len().max(1);
    context! {
        name => seat.flow.as_str(),
        runs => seat.runs.as_str(),
        state => state,
        paused => seat.paused,
        read_so_far => seat.running.as_ref().map(|running| running.read),
        last => last.map(|run| local(run.started)),
        outcome => last.map(outcome),
        error => last.and_then(|run| run.error.clone()),
        read => count("read").or(count("articles")),
        written => last.map(|_| count("created").unwrap_or(0) + count("changed").unwrap_or(0)),
        next => seat.next.map(local),
        bars => bars(&recent),
        recent => recent.len(),
        well => format!("{}.{}", well / 10, well % 10),
    }
}

/// The last durations, oldest first: each as high as it lasted, the longest 24 pixels.
fn bars(runs: &[&Run]) -> Vec<Value> {
    let seconds = |run: &Run| {
        let took = run.finished.map(|finished| finished - run.started);
        took.map_or(0.0, |took| took.num_milliseconds().max(0) as f64 / 1000.0)
    };
    let drawn: Vec<&&Run> = runs.iter().take(DRAWN).collect();
    let longest = drawn.iter().map(|run| seconds(run)).fold(0.001, f64::max);
    let bar = |(at, run): (usize, &&&Run)| {
        let height = (seconds(run) / longest * 24.0).max(1.0);
        context! {
            x => at * 4,
            y => 24.0 - height,
            height => height,
            failed => run.outcome == Some(Outcome::Failed),
            title => format!("{}: {:.1} s", local(run.started), seconds(run)),
        }
    };
    drawn.iter().rev().enumerate().map(bar).collect()
}

pub async fn quarantine(
    State(site): State<Site>,
    Extension(visitor): Extension<Visitor>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    let Some(live) = site.live() else {
        return not_ready();
    };
    let records = match api::quarantined(&live, None, LISTED).await {
        Ok(records) => records,
        Err(error) => return api::failed(error),
    };
    let records: Vec<Value> = records
        .iter()
        .map(|entry| {
            context! {
                flow => entry.flow.as_str(),
                key => entry.finding.key.replace('\t', " / "),
                message => entry.finding.message.as_str(),
                advice => entry.finding.advice.as_str(),
                since => local(entry.first_seen),
            }
        })
        .collect();
    let language = Language::of(asked.lang.as_deref(), &headers);
    let own = context! { records => records, here => "/quarantine" };
    draw("quarantine.html", &site, &visitor, language, own)
}

pub async fn explain(
    State(site): State<Site>,
    Extension(visitor): Extension<Visitor>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    let Some(live) = site.live() else {
        return not_ready();
    };
    let language = Language::of(asked.lang.as_deref(), &headers);
    let sku = asked.sku.unwrap_or_default();
    let (shops, error) = match sku.trim() {
        "" => (Vec::new(), None),
        sku => match api::sums(&live, sku).await {
            Ok(shops) => (shops.iter().map(sum).collect(), None),
            Err(error) => (Vec::new(), Some(error)),
        },
    };
    let own = context! { sku => sku, shops => shops, error => error, here => "/explain" };
    draw("explain.html", &site, &visitor, language, own)
}

/// The terms of the sum as bars, on a common scale; the figures themselves are exact texts.
fn sum(explained: &Explanation) -> Value {
    let number = |text: &str| text.parse::<f64>().unwrap_or(0.0).abs();
    let terms = [
        ("on_hand", explained.sum.on_hand.to_plain(), "+"),
        ("committed", explained.sum.committed.to_plain(), "-"),
        ("pending", explained.sum.pending.to_plain(), "-"),
        ("safety", explained.safety.to_plain(), "-"),
    ];
    let available = explained.available.as_ref().map(|pieces| pieces.to_plain());
    let shown = explained
        .shown
        .iter()
        .filter_map(|figure| figure.shown.clone());
    let shown: Vec<String> = shown.collect();
    let figures = terms.iter().map(|(_, text, _)| text.as_str());
    let others = available.iter().chain(&shown).map(String::as_str);
    let largest = figures.chain(others).map(number).fold(1.0, f64::max);
    let width = |text: &str| number(text) / largest * 300.0;
    let terms: Vec<Value> = terms
        .iter()
        .map(|(name, text, sign)| context! { name => *name, text => text.as_str(), sign => *sign, width => width(text) })
        .collect();
    context! {
        shop => explained.shop.as_str(),
        known => explained.known,
        terms => terms,
        available => available.as_ref().map(|text| context! { text => text, width => width(text) }),
        shown => shown.iter().map(|text| context! { text => text, width => width(text) }).collect::<Vec<_>>(),
        story => explained.to_string(),
    }
}

#[derive(Debug, Deserialize)]
pub struct Order {
    flow: String,
    wanted: String,
    form: Option<String>,
    here: Option<String>,
}

/// A button was pressed.
pub async fn act(
    State(site): State<Site>,
    Extension(visitor): Extension<Visitor>,
    Form(order): Form<Order>,
) -> Response {
    if !visitor.sent(order.form.as_deref().unwrap_or("")) {
        return (
            StatusCode::FORBIDDEN,
            "this form is not of your session: load the page again\n",
        )
            .into_response();
    }
    let Some(wanted) = api::wanted(&order.wanted) else {
        return (
            StatusCode::BAD_REQUEST,
            "`run`, `resync`, `pause` or `resume`\n",
        )
            .into_response();
    };
    match api::ask(&site, &order.flow, wanted) {
        Ok(()) => {
            let back = match order.here.as_deref() {
                Some("/quarantine") => "/quarantine",
                _ => "/",
            };
            Redirect::to(back).into_response()
        }
        Err(why) => (StatusCode::CONFLICT, format!("{why}\n")).into_response(),
    }
}

#[derive(Debug, Deserialize)]
pub struct Credentials {
    token: String,
}

pub async fn login(
    State(site): State<Site>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    let language = Language::of(asked.lang.as_deref(), &headers);
    let visitor = site.access.visitor(&headers);
    draw(
        "login.html",
        &site,
        &visitor,
        language,
        context! { wrong => false, here => "/login" },
    )
}

pub async fn log_in(
    State(site): State<Site>,
    headers: HeaderMap,
    Form(Credentials { token }): Form<Credentials>,
) -> Response {
    let role = site.access.role_of(token.trim());
    if role == Role::Nobody {
        tokio::time::sleep(WRONG).await;
        let language = Language::of(None, &headers);
        let visitor = site.access.visitor(&headers);
        let own = context! { wrong => true, here => "/login" };
        let page = draw("login.html", &site, &visitor, language, own);
        return (StatusCode::UNAUTHORIZED, page).into_response();
    }
    let cookie = [(header::SET_COOKIE, site.access.begin(role))];
    (cookie, Redirect::to("/")).into_response()
}

pub async fn logout(State(site): State<Site>, headers: HeaderMap) -> Response {
    let cookie = [(header::SET_COOKIE, site.access.end(&headers))];
    (cookie, Redirect::to("/")).into_response()
}

pub fn to_login() -> Response {
    Redirect::to("/login").into_response()
}
