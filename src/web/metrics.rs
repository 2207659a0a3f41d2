//! Figures for Prometheus, in its text format.
//! <https://prometheus.io/docs/instrumenting/exposition_formats/>

use super::{Site, not_ready};
use crate::round::version::Unfamiliar;
use crate::service::board::Seat;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use chrono::Utc;
use std::collections::BTreeMap;
use std::fmt::Write;

pub async fn metrics(State(site): State<Site>) -> Response {
    let Some(live) = site.live() else {
        return not_ready();
    };
    let kind = [(
        header::CONTENT_TYPE,
        "text/plain; version=0.0.4; charset=utf-8",
    )];
    let board = &live.control.board;
    let seats = board.look(Utc::now());
    let text = text(&seats) + &errors(&seats) + &systems(&board.systems.answers());
    (kind, text).into_response()
}

/// Name, type, meaning, and a flow's figures with further labels.
type Metric = (
    &'static str,
    &'static str,
    &'static str,
    fn(&Seat) -> Vec<(&'static str, f64)>,
);

const METRICS: [Metric; 10] = [
    (
        "ponte_runs_total",
        "counter",
        "Runs since the service started, by outcome.",
        |seat| {
            let totals = &seat.totals;
            vec![
                (",outcome=\"done\"", totals.done as f64),
                (",outcome=\"quarantined\"", totals.quarantined_runs as f64),
                (",outcome=\"failed\"", totals.failed as f64),
                (",outcome=\"interrupted\"", totals.interrupted as f64),
            ]
        },
    ),
    (
        "ponte_run_seconds_total",
        "counter",
        "Time spent in runs.",
        |seat| vec![("", seat.totals.seconds)],
    ),
    (
        "ponte_read_total",
        "counter",
        "Records or articles read.",
        |seat| vec![("", seat.totals.read as f64)],
    ),
    (
        "ponte_written_total",
        "counter",
        "Records created or changed: orders imported, articles, stock figures, ... by flow.",
        |seat| vec![("", seat.totals.written as f64)],
    ),
    (
        "ponte_quarantined_total",
        "counter",
        "Records found in need of a person, each run counted.",
        |seat| vec![("", seat.totals.quarantined as f64)],
    ),
    (
        "ponte_quarantined",
        "gauge",
        "Records in need of a person when the flow last ran.",
        |seat| {
            seat.last
                .iter()
                .map(|ran| ("", ran.quarantined as f64))
                .collect()
        },
    ),
    (
        "ponte_last_run_seconds",
        "gauge",
        "How long the last run took.",
        |seat| seat.last.iter().map(|ran| ("", ran.seconds)).collect(),
    ),
    (
        "ponte_last_good_timestamp_seconds",
        "gauge",
        "When the flow last ended well, or the service started.",
        |seat| {
            seat.last_good
                .iter()
                .map(|at| ("", at.timestamp_millis() as f64 / 1000.0))
                .collect()
        },
    ),
    (
        "ponte_late",
        "gauge",
        "1: the flow has not ended well for longer than its schedule allows.",
        |seat| vec![("", f64::from(u8::from(seat.late)))],
    ),
    (
        "ponte_paused",
        "gauge",
        "1: the flow is paused, by a person or by the project file.",
        |seat| vec![("", f64::from(u8::from(seat.paused)))],
    ),
];

fn text(seats: &[Seat]) -> String {
    let mut text = String::new();
    for (name, kind, meaning, figures) in METRICS {
        // Writing to a text does not fail.
        let _ = writeln!(text, "# HELP {name} {meaning}\n# TYPE {name} {kind}");
        for seat in seats {
            let flow = label(&seat.flow);
            for (labels, figure) in figures(seat) {
                let _ = writeln!(text, "{name}{{flow=\"{flow}\"{labels}}} {figure}");
            }
        }
    }
    text
}

fn label(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

/// Failed runs by the kind of their error: of a database's as `db::DbErrorKind` has them, `mapping`, or `other`.
fn errors(seats: &[Seat]) -> String {
    let mut text = "# HELP ponte_errors_total Failed runs since the service started, by the kind of their error.\n# TYPE ponte_errors_total counter\n".to_owned();
    for seat in seats {
        let flow = label(&seat.flow);
        for (kind, count) in &seat.totals.errors {
            let _ = writeln!(
                text,
                "ponte_errors_total{{flow=\"{flow}\",kind=\"{kind}\"}} {count}"
            );
        }
    }
    text
}

/// Whether each system that was asked is of a version that its pack knows.
fn systems(answers: &BTreeMap<String, Option<Unfamiliar>>) -> String {
    let mut text = "# HELP ponte_unfamiliar 1: the system is not of a version that its pack was made for.\n# TYPE ponte_unfamiliar gauge\n".to_owned();
    for (connection, unfamiliar) in answers {
        let (connection, is) = (label(connection), u8::from(unfamiliar.is_some()));
        let _ = writeln!(text, "ponte_unfamiliar{{connection=\"{connection}\"}} {is}");
    }
    text
}
