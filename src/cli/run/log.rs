//! What the service says: to a person as text, a line per run that did something; to the log files as events with their
//! fields, every run. Values of records go to the files at level `debug` only: they may be customers'.

use super::notify;
use crate::cli::answer::{stateless, warned};
use crate::cli::output::{YELLOW, count, escaped, say, shown_key, styled};
use crate::cli::progress::line;
use crate::cli::status::local;
use crate::db::DbErrorKind;
use crate::diagnostic::Diagnostics;
use crate::orders::reconcile::{Report, Side};
use crate::plan::Connection;
use crate::round::version::Unfamiliar;
use crate::round::{Ended, FILES, FlowError, FlowResult, Observer};
use crate::service::Watcher;
use crate::state::StateError;
use crate::stock::StockReport;
use crate::sync::report::{FlowReport, RecordChange};
use chrono::Utc;
use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};
use tracing::Level;

/// Records named one by one in the log files after a run; the count goes on.
const NAMED_MAX: usize = 1000;

pub struct Log {
    /// The journal has the time anyway.
    stamped: bool,
    /// What each flow last left for a person: it is told once, not with every run that finds it again.
    left: Mutex<HashMap<String, Vec<(String, String)>>>,
    /// Flows whose last run failed.
    failing: Mutex<HashSet<String>>,
}

impl Log {
    pub fn new() -> Log {
        // Set by systemd where standard error is the journal.
        let journal = std::env::var_os("JOURNAL_STREAM").is_some();
        Log {
            stamped: !journal,
            left: Mutex::default(),
            failing: Mutex::default(),
        }
    }

    /// Tells the system of a flow that fails, when it begins to.
    fn failing(&self, result: &FlowResult) {
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        match &result.ended {
            Ended::Failed(error) => {
                if failing.insert(result.flow.clone()) {
                    let why = match tells_values(error) {
                        true => "a server refuses a row; `ponte runs` shows it".to_owned(),
                        false => escaped(&error.to_string()),
                    };
                    notify::failing(&format!("{} fails: {why}", result.flow));
                }
            }
            Ended::Interrupted => {}
            _ => {
                failing.remove(&result.flow);
            }
        }
    }

    /// Whether a flow leaves for a person just what it left in its last run.
    fn is_told(&self, report: &FlowReport) -> bool {
        let left = report.rejected.iter();
        let left: Vec<(String, String)> = left
            .map(|one| (one.key.clone(), one.reason.to_string()))
            .collect();
        let mut known = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(report.flow.clone(), left.clone()) == Some(left)
    }

    pub fn say(&self, text: &str) {
        match self.stamped {
            true => say(&format!("{} {text}", local(Utc::now()))),
            false => say(text),
        }
    }

    /// To the files, too: a text without a record's values.
    pub fn tell(&self, text: &str) {
        self.say(text);
        tracing::info!(target: FILES, "{text}");
    }
}

impl Default for Log {
    fn default() -> Log {
        Log::new()
    }
}

impl Observer for Log {
    fn started(&self, flow: &str, _: Option<u64>) {
        tracing::info!(flow, "begins");
        tracing::info!(target: FILES, "begins");
    }

    fn progress(&self, _: &FlowReport) {}

    fn says(&self, flow: &str, text: &str) {
        self.say(&format!("{flow}: {text}"));
        tracing::debug!(target: FILES, "{text}");
    }

    fn ended(&self, result: &FlowResult) {
        // Asked of every run, so that what goes and comes back is told again.
        let is_told = match &result.ended {
            Ended::Flow(report) => self.is_told(report),
            _ => false,
        };
        write(result, is_told);
        self.failing(result);
        let idle = match &result.ended {
            Ended::Flow(report) => {
                let is_quiet = report.is_clean() || (is_told && report.guarded.is_none());
                is_quiet && report.counts.created + report.counts.changed == 0
            }
            Ended::Stock(report) => report.is_clean() && report.changed == 0,
            _ => false,
        };
        match idle {
            true => tracing::info!("{}", line(result)),
            false => self.say(&line(result)),
        }
        notify::status(&line(result));
    }
}

impl Watcher for Log {
    fn verified(&self, results: &[FlowResult]) {
        let mut different = 0;
        for result in results {
            different += match &result.ended {
                Ended::Flow(report) => report.counts.changed,
                Ended::Stock(report) => report.changed + report.derived_changed,
                Ended::Failed(cause) => {
                    let error = escaped(&cause.to_string());
                    self.say(&format!("{}: verify failed: {error}", result.flow));
                    tracing::error_span!(target: FILES, "verify", flow = result.flow)
                        .in_scope(|| failed(cause, None));
                    0
                }
                Ended::Skipped(_) | Ended::Interrupted => 0,
            };
        }
        tracing::info!(target: FILES, differences = different, "verified");
        match different {
            0 => tracing::info!("verify: nothing differs"),
            rows => self.say(&format!(
                "{}: verify found {}; `ponte verify` shows them",
                styled("note", YELLOW),
                count(rows, "difference", "differences")
            )),
        }
    }

    fn reconciled(&self, shop: &str, done: &Result<Report, FlowError>) {
        match done {
            Ok(report) => tracing::info!(
                target: FILES,
                shop,
                missing = report.count(Side::Missing),
                extra = report.count(Side::Extra),
                different = report.count(Side::Different),
                "reconciled"
            ),
            Err(error) => failed(error, Some(shop)),
        }
        match done {
            Ok(report) if report.is_clean() => tracing::info!(shop, "reconcile: nothing differs"),
            Ok(report) => self.say(&format!(
                "{}: {shop}: {} missing in the ERP, {} too many there, {} different; `ponte reconcile` shows them",
                styled("note", YELLOW),
                count(report.count(Side::Missing), "order is", "orders are"),
                report.count(Side::Extra),
                report.count(Side::Different),
            )),
            Err(error) => {
                let error = escaped(&error.to_string());
                self.say(&format!("{shop}: reconcile failed: {error}"));
            }
        }
    }

    fn unfamiliar(&self, connection: &Connection, found: &Unfamiliar) {
        let warning = found.warning(connection);
        let Unfamiliar {
            system,
            pack,
            known,
            ..
        } = found;
        let (code, connection) = (warning.code, connection.name.as_str());
        tracing::warn!(target: FILES, code, connection, system, pack, known, "{}", warning.message);
        self.say(&warned(&Diagnostics(vec![warning])));
    }

    fn stateless(&self, error: &StateError) {
        tracing::error!(target: FILES, %error, "the history is not written");
        self.say(&stateless(error));
    }
}

/// A run's end for the files. What is left for a person is named unless the last run left just that.
fn write(result: &FlowResult, is_told: bool) {
    let took_ms = u64::try_from(result.took.as_millis()).unwrap_or(u64::MAX);
    match &result.ended {
        Ended::Flow(report) => {
            flow(report, took_ms);
            if !is_told {
                left(report);
            }
        }
        Ended::Stock(report) => stock(report, took_ms),
        Ended::Failed(error) => failed(error, None),
        Ended::Skipped(why) => tracing::info!(target: FILES, flow = result.flow, why, "not run"),
        Ended::Interrupted => tracing::info!(target: FILES, took_ms, "interrupted"),
    }
}

fn flow(report: &FlowReport, took_ms: u64) {
    let counts = &report.counts;
    tracing::info!(
        target: FILES,
        took_ms,
        read = counts.read,
        created = counts.created,
        changed = counts.changed,
        deactivated = counts.deactivated,
        deleted = counts.deleted,
        waiting = counts.waiting,
        unapproved = counts.unapproved,
        ambiguous = counts.ambiguous,
        removed = counts.removed,
        rejected = counts.rejected,
        guarded = counts.guarded,
        rows_inserted = counts.rows_inserted,
        rows_updated = counts.rows_updated,
        rows_deleted = counts.rows_deleted,
        "ended"
    );
    if !tracing::enabled!(target: FILES, Level::DEBUG) {
        return;
    }
    for RecordChange { key, change } in &report.changes {
        let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_owned());
        let columns = change.columns.iter().map(|column| {
            let (old, new) = (shown(&column.old), shown(&column.new));
            format!("{}: {old} -> {new}", column.column)
        });
        let columns: Vec<String> = columns.collect();
        tracing::debug!(
            target: FILES,
            key = shown_key(key),
            kind = ?change.kind,
            table = change.table,
            row = change.row,
            columns = columns.join(", "),
            "written"
        );
    }
}

fn left(report: &FlowReport) {
    for one in report.rejected.iter().take(NAMED_MAX) {
        let key = shown_key(&one.key);
        tracing::warn!(target: FILES, key, kind = one.reason.kind(), "not carried over");
        tracing::debug!(target: FILES, key, reason = %one.reason, "not carried over, because");
    }
    let more = report.rejected.len().saturating_sub(NAMED_MAX);
    if more > 0 {
        tracing::warn!(target: FILES, more, "not carried over, and not named here");
    }
}

fn stock(report: &StockReport, took_ms: u64) {
    tracing::info!(
        target: FILES,
        took_ms,
        articles = report.articles,
        changed = report.changed,
        derived_changed = report.derived_changed,
        oversold = report.oversold.len(),
        failed = report.failed.len(),
        pending_orders = report.pending_orders,
        "ended"
    );
    for change in &report.changes {
        let (old, new) = (change.old.as_deref().unwrap_or("none"), &change.new);
        tracing::debug!(target: FILES, key = change.sku, old, new, "written");
    }
    for short in &report.oversold {
        tracing::warn!(target: FILES, key = short.sku, short = short.short, "oversold");
    }
    for failed in &report.failed {
        tracing::warn!(target: FILES, key = failed.sku, "not written");
        tracing::debug!(target: FILES, key = failed.sku, reason = failed.reason, "not written, because");
    }
}

/// A server that refuses a row says which, and whose.
fn tells_values(error: &FlowError) -> bool {
    use DbErrorKind::*;
    let kind = error.database().map(|error| error.kind);
    matches!(
        kind,
        Some(UniqueViolation | ForeignKeyViolation | Refused | Misfit | OwnTable | Other)
    )
}

fn failed(error: &FlowError, shop: Option<&str>) {
    let kind = error
        .database()
        .map(|error| tracing::field::debug(error.kind));
    match tells_values(error) {
        true => {
            tracing::error!(target: FILES, shop, kind, "failed");
            tracing::debug!(target: FILES, shop, %error, "failed, because");
        }
        false => tracing::error!(target: FILES, shop, kind, %error, "failed"),
    }
}
