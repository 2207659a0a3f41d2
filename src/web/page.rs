//! The pages for people: made here, whole, without scripts.

use super::access::{Role, Visitor};
use super::api;
use super::texts::Language;
use super::{Site, not_ready};
use crate::diagnostic::advice;
use crate::round::compared::DIFFERENT;
use crate::round::version::{Unfamiliar, Why};
use crate::service::board::Seat;
use crate::state::State as Remembered;
use crate::state::days::Sums;
use crate::state::history::{Outcome, Run};
use crate::state::quarantine::GUARDED;
use crate::stock::explain::Explanation;
use axum::extract::{Extension, Form, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use chrono::{DateTime, Local, Utc};
use minijinja::{Environment, Value, context};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

/// Runs whose durations are drawn.
const DRAWN: u32 = 30;
const DAYS: i64 = 30;
/// Quarantined records of each flow that are listed.
const LISTED: u32 = 100;
/// How wide the picture of a stock sum is, in pixels.
const WIDE: f64 = 300.0;
/// A wrong token costs so much time.
const WRONG: Duration = Duration::from_secs(1);

static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut templates = Environment::new();
    templates.set_auto_escape_callback(|_| minijinja::AutoEscape::Html);
    templates.add_filter("in_address", |text: &str| {
        utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
    });
    for (name, text) in [
        ("frame.html", include_str!("frame.html")),
        ("flows.html", include_str!("flows.html")),
        ("quarantine.html", include_str!("quarantine.html")),
        ("approvals.html", include_str!("approvals.html")),
        ("explain.html", include_str!("explain.html")),
        ("order.html", include_str!("order.html")),
        ("help.html", include_str!("help.html")),
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
    pub lang: Option<String>,
    sku: Option<String>,
    #[serde(rename = "ref")]
    pub reference: Option<String>,
}

/// Draws a template with what every page has.
pub fn draw(
    name: &str,
    site: &Site,
    visitor: &Visitor,
    language: Language,
    own: Value,
) -> Response {
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

pub fn local(moment: DateTime<Utc>) -> String {
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
    let (mut days, mut uptime) = (BTreeMap::new(), None);
    if let Some(state) = &mut state {
        days = state.sums_of_days(DAYS).await.unwrap_or_default();
        uptime = state.uptime(DAYS, Utc::now()).await.unwrap_or_default();
    }
    let mut rows = Vec::new();
    for seat in live.control.board.look(Utc::now()) {
        let runs = match &mut state {
            Some(state) => state.last_runs(&seat.flow, DRAWN).await,
            None => Ok(Vec::new()),
        };
        let days = days.get(&seat.flow).copied().unwrap_or_default();
        rows.push(row(&seat, &runs.unwrap_or_default(), days));
    }
    let language = Language::of(asked.lang.as_deref(), &headers);
    let systems = live.control.board.systems.answers();
    let notices: Vec<String> = systems
        .iter()
        .filter_map(|(name, found)| Some(notice(name, found.as_ref()?, language)))
        .collect();
    let own = context! {
        notices => notices,
        flows => rows,
        uptime => uptime.map(|share| format!("{:.1}", (share * 1000.0).floor() / 10.0)),
        here => "/",
    };
    draw("flows.html", &site, &visitor, language, own)
}

/// That a system is not of a version that its pack knows.
fn notice(connection: &str, found: &Unfamiliar, language: Language) -> String {
    let name = match found.why {
        Why::Newer => "system_newer",
        Why::Older => "system_older",
        Why::Untold | Why::Another { .. } => "system_unknown",
    };
    let texts = language.texts();
    let text = texts.get(name).copied().unwrap_or_default();
    let known = match language {
        Language::English => found.known.clone(),
        Language::Italian => found.known.replace(" to ", "–"),
    };
    let said = [&found.system, &found.pack, &known];
    let said = said
        .into_iter()
        .fold(text.to_owned(), |text, one| text.replacen("{}", one, 1));
    format!("{connection}: {said}")
}

fn row(seat: &Seat, runs: &[Run], days: Sums) -> Value {
    let state = match &seat.running {
        // It stands still.
        Some(_) if seat.late => "late",
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
    let outcome = |run: &Run| run.ended().unwrap_or(Outcome::Interrupted.name());
    let ended: Vec<&Run> = runs.iter().filter(|run| run.finished.is_some()).collect();
    let well = days.runs.saturating_sub(days.failed + days.interrupted);
    let well = well * 1000 / days.runs.max(1);
    context! {
        name => seat.flow.as_str(),
        runs => seat.runs.as_str(),
        state => state,
        paused => seat.paused,
        paused_by_project => seat.is_paused_by_project(),
        read_so_far => seat.running.as_ref().map(|running| running.read),
        written_so_far => seat.running.as_ref().map(|running| running.written),
        last => last.map(|run| local(run.started)),
        outcome => last.map(outcome),
        error => last.and_then(|run| run.error.clone()),
        read => count("read").or(count("articles")),
        comparison => seat.comparison,
        differences => last.and_then(Run::differences),
        written => last.map(|_| count("created").unwrap_or(0) + count("changed").unwrap_or(0)),
        next => seat.next.map(local),
        bars => bars(&ended),
        recent => days.runs,
        well => format!("{}.{}", well / 10, well % 10),
        mean => format!("{:.1}", days.took.as_secs_f64() / days.runs.max(1) as f64),
    }
}

/// The last durations, oldest first: each as high as it lasted, the longest 24 pixels.
fn bars(runs: &[&Run]) -> Vec<Value> {
    let seconds = |run: &Run| {
        let took = run.finished.map(|finished| finished - run.started);
        took.map_or(0.0, |took| took.num_milliseconds().max(0) as f64 / 1000.0)
    };
    let longest = runs.iter().map(|run| seconds(run)).fold(0.001, f64::max);
    let bar = |(at, run): (usize, &&Run)| {
        let height = (seconds(run) / longest * 24.0).max(1.0);
        context! {
            x => at * 4,
            y => 24.0 - height,
            height => height,
            failed => run.outcome == Some(Outcome::Failed),
            title => format!("{}: {:.1} s", local(run.started), seconds(run)),
        }
    };
    runs.iter().rev().enumerate().map(bar).collect()
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
                stored => entry.finding.key.as_str(),
                // What the guard has stopped, or a comparison has found, is nothing that a record's own run would look at.
                by_itself => ![GUARDED, DIFFERENT].contains(&entry.finding.kind.as_str()),
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
    let own = context! {
        sku => sku.as_str(),
        shops => shops,
        error => error,
        here => "/explain",
        keep => vec![("sku", sku.clone())],
    };
    draw("explain.html", &site, &visitor, language, own)
}

/// What to do when something is not as it should be, every message code included.
pub async fn help(
    State(site): State<Site>,
    Extension(visitor): Extension<Visitor>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    let language = Language::of(asked.lang.as_deref(), &headers);
    let text = match language {
        Language::English => advice::ENGLISH,
        Language::Italian => advice::ITALIAN,
    };
    let own = context! { text => text, here => "/help" };
    draw("help.html", &site, &visitor, language, own)
}

/// The terms of the sum as bars, each beginning where the one before has ended, on a common scale; the figures themselves are
/// exact texts.
fn sum(explained: &Explanation) -> Value {
    let number = |text: &str| text.parse::<f64>().unwrap_or(0.0);
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
    let mut reached = 0.0;
    let mut steps = Vec::new();
    for (_, text, sign) in &terms {
        let before = reached;
        reached += match *sign {
            "-" => -number(text),
            _ => number(text),
        };
        steps.push((before, reached));
    }
    let ends = available.iter().chain(&shown).map(|text| number(text));
    let ends = ends.chain(steps.iter().map(|(_, end)| *end));
    let (lowest, highest) = ends.fold((0.0_f64, 1.0_f64), |(lowest, highest), end| {
        (lowest.min(end), highest.max(end))
    });
    let scaled = |piece: f64| (piece - lowest) / (highest - lowest) * WIDE;
    let bar = |from: f64, to: f64| {
        let (from, to) = (scaled(from.min(to)), scaled(from.max(to)));
        context! { x => from, width => to - from }
    };
    let whole = |text: &String| context! { text => text, bar => bar(0.0, number(text)) };
    let terms: Vec<Value> = terms
        .iter()
        .zip(steps)
        .map(|((name, text, sign), (from, to))| {
            context! { name => *name, text => text.as_str(), sign => *sign, bar => bar(from, to) }
        })
        .collect();
    context! {
        shop => explained.shop.as_str(),
        known => explained.known,
        terms => terms,
        zero => scaled(0.0),
        available => available.as_ref().map(whole),
        shown => shown.iter().map(whole).collect::<Vec<_>>(),
        story => explained.to_string(),
    }
}

/// For a form that no page of this session has sent.
pub fn foreign_form() -> Response {
    let why = "this form is not of your session: load the page again\n";
    (StatusCode::FORBIDDEN, why).into_response()
}

#[derive(Debug, Deserialize)]
pub struct Order {
    flow: String,
    wanted: String,
    /// Of the record that is to be tried again.
    key: Option<String>,
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
        return foreign_form();
    }
    let asked = match (
        order.wanted.as_str(),
        &order.key,
        api::wanted(&order.wanted),
    ) {
        ("retry", Some(key), _) => api::retry(&site, &order.flow, key),
        (_, _, Some(wanted)) => api::ask(&site, &order.flow, wanted),
        _ => {
            let why = "`run`, `resync`, `pause`, `resume`, or `retry` with a `key`\n";
            return (StatusCode::BAD_REQUEST, why).into_response();
        }
    };
    match asked {
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
    /// Who it is, for what is noted of decisions.
    name: Option<String>,
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
    Form(Credentials { token, name }): Form<Credentials>,
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
    let cookie = [(
        header::SET_COOKIE,
        site.access.begin(role, name.as_deref().unwrap_or("")),
    )];
    (cookie, Redirect::to("/")).into_response()
}

pub async fn logout(State(site): State<Site>, headers: HeaderMap) -> Response {
    let cookie = [(header::SET_COOKIE, site.access.end(&headers))];
    (cookie, Redirect::to("/")).into_response()
}

pub fn to_login() -> Response {
    Redirect::to("/login").into_response()
}
