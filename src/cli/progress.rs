//! How a round is watched: by a bar on a terminal, by a line per flow in a log, or not at all.

use super::output::{self, count, escaped};
use crate::round::{Ended, FlowResult, Observer};
use crate::sync::report::FlowReport;
use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use std::fmt;
use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::Duration;

/// How flows go on, for a person.
pub trait Shown: Send + Sync {
    fn started(&self, flow: &str, expected: Option<u64>);
    fn read(&self, flow: &str, rows: u64, written: u64);
    fn says(&self, flow: &str, text: &str);
    /// `line`: what it came to.
    fn ended(&self, flow: &str, line: &str);
}

/// What fits standard error; `wanted` false: nothing is shown.
pub fn shown(wanted: bool) -> Box<dyn Shown> {
    match (wanted, std::io::stderr().is_terminal()) {
        (false, _) => Box::new(Silent),
        (true, true) => Box::new(Bar(Mutex::new((String::new(), ProgressBar::hidden())))),
        (true, false) => Box::new(Lines),
    }
}

/// The same for a round of this process.
pub fn observer(wanted: bool) -> Box<dyn Observer> {
    Box::new(Watching(shown(wanted)))
}

struct Watching(Box<dyn Shown>);

impl Observer for Watching {
    fn started(&self, flow: &str, expected: Option<u64>) {
        self.0.started(flow, expected);
    }

    fn progress(&self, report: &FlowReport) {
        let counts = &report.counts;
        self.0.read(&report.flow, counts.read, counts.written());
    }

    fn says(&self, flow: &str, text: &str) {
        self.0.says(flow, text);
    }

    fn ended(&self, result: &FlowResult) {
        self.0.ended(&result.flow, &line(result));
    }
}

struct Silent;

impl Shown for Silent {
    fn started(&self, _: &str, _: Option<u64>) {}
    fn read(&self, _: &str, _: u64, _: u64) {}
    fn says(&self, _: &str, _: &str) {}
    fn ended(&self, _: &str, _: &str) {}
}

struct Lines;

impl Shown for Lines {
    fn started(&self, _: &str, _: Option<u64>) {}
    fn read(&self, _: &str, _: u64, _: u64) {}
    fn says(&self, flow: &str, text: &str) {
        output::say(&format!("{flow}: {text}"));
    }
    fn ended(&self, _: &str, line: &str) {
        output::say(line);
    }
}

/// One line for a log.
pub fn line(result: &FlowResult) -> String {
    let seconds = result.took.as_secs_f64();
    let flow = &result.flow;
    let off = match result.unaccounted() {
        0 => String::new(),
        number => format!(", {} unaccounted for", output::grouped(number)),
    };
    match &result.ended {
        Ended::Flow(report) => {
            let counts = &report.counts;
            let waiting = match counts.waiting {
                0 => String::new(),
                number => format!(", {} waiting", output::grouped(number)),
            };
            format!(
                "{flow}: {} read, {} created, {} changed, {} quarantined{waiting}{off} ({seconds:.1} s)",
                count(counts.read, "row", "rows"),
                output::grouped(counts.created),
                output::grouped(counts.changed),
                output::grouped(counts.rejected + counts.ambiguous + counts.removed),
            )
        }
        Ended::Stock(report) => format!(
            "{flow}: {}, {} changed{off} ({seconds:.1} s)",
            count(report.articles, "article", "articles"),
            output::grouped(report.changed),
        ),
        Ended::Failed(error) => format!("{flow}: failed: {}", escaped(&error.to_string())),
        Ended::Skipped(why) => format!("{flow}: not run: {why}"),
        Ended::Interrupted => format!("{flow}: interrupted"),
    }
}

/// The bar of the flow that began last: mostly one runs at a time.
struct Bar(Mutex<(String, ProgressBar)>);

impl Bar {
    fn with(&self, flow: &str, work: impl FnOnce(&mut ProgressBar)) {
        // A bar of which a panic left half is still good enough to be drawn over.
        let mut bar = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if bar.0 == flow {
            work(&mut bar.1);
        }
    }

    fn replace(&self, flow: &str, new: ProgressBar) {
        let mut bar = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        bar.1.finish_and_clear();
        *bar = (flow.to_owned(), new);
    }
}

/// `12,000 rows`; nothing before the first row, and for stock, which is read whole.
fn rows(state: &ProgressState, out: &mut dyn fmt::Write) {
    if state.pos() > 0 {
        // Drawing into a text does not fail.
        let _ = out.write_str(&count(state.pos(), "row", "rows"));
    }
}

/// `, 3,400/s`
fn rate(state: &ProgressState, out: &mut dyn fmt::Write) {
    if state.pos() > 0 {
        let _ = write!(out, ", {}/s", output::grouped(state.per_sec() as u64));
    }
}

impl Shown for Bar {
    fn started(&self, flow: &str, expected: Option<u64>) {
        let expected = expected.filter(|rows| *rows > 0);
        let bar = match expected {
            Some(rows) => ProgressBar::new(rows),
            None => ProgressBar::new_spinner(),
        };
        let template = match expected {
            Some(_) => {
                "{msg} [{wide_bar}] {human_pos} of about {human_len} rows{prefix}{rate}, {eta} left"
            }
            None => "{spinner} {msg} {rows}{prefix}{rate} {elapsed}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(
                style
                    .progress_chars("=> ")
                    .with_key("rows", rows)
                    .with_key("rate", rate),
            );
        }
        bar.set_message(flow.to_owned());
        bar.enable_steady_tick(Duration::from_millis(200));
        self.replace(flow, bar);
    }

    fn read(&self, flow: &str, rows: u64, written: u64) {
        self.with(flow, |bar| {
            // The source has grown since: a bar beyond its end would promise negative time.
            if bar.length().is_some_and(|length| rows > length) {
                bar.set_length(rows);
            }
            bar.set_position(rows);
            if written > 0 {
                bar.set_prefix(format!(", {} written", output::grouped(written)));
            }
        });
    }

    fn says(&self, flow: &str, text: &str) {
        self.with(flow, |bar| bar.println(format!("{flow}: {text}")));
    }

    fn ended(&self, flow: &str, _: &str) {
        self.with(flow, |bar| bar.finish_and_clear());
    }
}
