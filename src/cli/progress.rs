//! How a round is watched: by a bar on a terminal, by a line per flow in a log, or not at all.

use super::output::{self, count, escaped};
use crate::round::{Ended, FlowResult, Observer};
use crate::sync::report::FlowReport;
use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use std::fmt;
use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::Duration;

/// The observer that fits standard error; `wanted` false: nothing is shown.
pub fn observer(wanted: bool) -> Box<dyn Observer> {
    match (wanted, std::io::stderr().is_terminal()) {
        (false, _) => Box::new(Silent),
        (true, true) => Box::new(Bar(Mutex::new(ProgressBar::hidden()))),
        (true, false) => Box::new(Lines),
    }
}

struct Silent;

impl Observer for Silent {
    fn started(&self, _: &str, _: Option<u64>) {}
    fn progress(&self, _: &FlowReport) {}
    fn says(&self, _: &str, _: &str) {}
    fn ended(&self, _: &FlowResult) {}
}

struct Lines;

impl Observer for Lines {
    fn started(&self, _: &str, _: Option<u64>) {}
    fn progress(&self, _: &FlowReport) {}
    fn says(&self, flow: &str, text: &str) {
        output::say(&format!("{flow}: {text}"));
    }
    fn ended(&self, result: &FlowResult) {
        output::say(&line(result));
    }
}

/// One line for a log.
pub fn line(result: &FlowResult) -> String {
    let seconds = result.took.as_secs_f64();
    let flow = &result.flow;
    match &result.ended {
        Ended::Flow(report) => {
            let counts = &report.counts;
            let waiting = match counts.waiting {
                0 => String::new(),
                number => format!(", {} waiting", output::grouped(number)),
            };
            format!(
                "{flow}: {} read, {} created, {} changed, {} quarantined{waiting} ({seconds:.1} s)",
                count(counts.read, "row", "rows"),
                output::grouped(counts.created),
                output::grouped(counts.changed),
                output::grouped(counts.rejected + counts.ambiguous + counts.removed),
            )
        }
        Ended::Stock(report) => format!(
            "{flow}: {}, {} changed ({seconds:.1} s)",
            count(report.articles, "article", "articles"),
            output::grouped(report.changed),
        ),
        Ended::Failed(error) => format!("{flow}: failed: {}", escaped(&error.to_string())),
        Ended::Skipped(why) => format!("{flow}: not run: {why}"),
        Ended::Interrupted => format!("{flow}: interrupted"),
    }
}

/// One flow runs at a time, so there is one bar.
struct Bar(Mutex<ProgressBar>);

impl Bar {
    fn with(&self, work: impl FnOnce(&mut ProgressBar)) {
        // A bar of which a panic left half is still good enough to be drawn over.
        let mut bar = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        work(&mut bar);
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

impl Observer for Bar {
    fn started(&self, flow: &str, expected: Option<u64>) {
        let expected = expected.filter(|rows| *rows > 0);
        let bar = match expected {
            Some(rows) => ProgressBar::new(rows),
            None => ProgressBar::new_spinner(),
        };
        let template = match expected {
            Some(_) => "{msg} [{wide_bar}] {human_pos} of about {human_len} rows{rate}, {eta} left",
            None => "{spinner} {msg} {rows}{rate} {elapsed}",
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
        self.with(|old| *old = bar);
    }

    fn progress(&self, report: &FlowReport) {
        self.with(|bar| {
            // The source has grown since: a bar beyond its end would promise negative time.
            if bar
                .length()
                .is_some_and(|length| report.counts.read > length)
            {
                bar.set_length(report.counts.read);
            }
            bar.set_position(report.counts.read);
        });
    }

    fn says(&self, flow: &str, text: &str) {
        self.with(|bar| bar.println(format!("{flow}: {text}")));
    }

    fn ended(&self, _: &FlowResult) {
        self.with(|bar| bar.finish_and_clear());
    }
}
