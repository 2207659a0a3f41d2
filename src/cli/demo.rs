//! `ponte demo`: the story, told as it happens.

use super::Context;
use super::answer::{Answer, Failure};
use super::args::DemoArgs;
use super::exit::Exit;
use super::output::{BOLD, count, grouped, say_out, shown_key, styled};
use crate::demo::{self, Chapter};
use crate::sync::change::{ChangeKind, RowChange};
use crate::sync::report::{FlowReport, RecordChange};
use serde_json::json;
use std::path::PathBuf;

/// Changes shown of a flow: enough to see what they are like.
const SHOWN: usize = 4;
const WIDTH: usize = 100;

pub async fn run(context: &Context<'_>, args: &DemoArgs) -> Result<Answer, Failure> {
    let (dir, keep) = match &args.dir {
        Some(dir) => (dir.clone(), true),
        None => (scratch_dir(), args.keep),
    };
    let mut chapters = Vec::new();
    let as_json = context.as_json;
    if !as_json {
        say_out(&wrapped(
            "A hardware store's ERP and its WooCommerce shop, each a file on this machine. ponte knows both only as databases.",
        ));
    }
    let played = demo::play(&dir, &mut |chapter| {
        if !as_json {
            say_out(&told(&chapter));
        }
        chapters.push(json!({
            "title": chapter.title,
            "flows": chapter.flows,
            "stock": chapter.stock,
            "explanation": chapter.explanation,
        }));
    })
    .await;
    let text = match keep {
        true => format!(
            "\nThe files are in {dir}. Play on:\n  cd {dir}\n  ponte sync --dry-run\n  ponte explain LB-05\n  ponte status",
            dir = dir.display()
        ),
        false => {
            // A folder in the system's own temporary place is harmless if it stays.
            let _ = std::fs::remove_dir_all(&dir);
            "\n`ponte demo --dir DIR` keeps the two databases and the project file to play on."
                .to_owned()
        }
    };
    played?;
    Ok(Answer::new("demo", Exit::Done)
        .key("chapters", chapters)
        .text(text))
}

fn scratch_dir() -> PathBuf {
    std::env::temp_dir().join(format!("ponte-demo-{}", std::process::id()))
}

fn told(chapter: &Chapter) -> String {
    let mut out = format!(
        "\n{}\n{}\n",
        styled(chapter.title, BOLD),
        wrapped(&chapter.text)
    );
    for flow in &chapter.flows {
        out.push_str(&format!("\n  {}\n", summary(flow)));
        for change in telling(flow) {
            out.push_str(&format!("      {}\n", line(change)));
        }
    }
    if let Some(stock) = &chapter.stock {
        let changed = count(stock.changed, "figure", "figures");
        let pending = count(stock.pending_orders, "web order", "web orders");
        out.push_str(&format!(
            "\n  stock: {} articles compared, {changed} changed; {pending} pending\n",
            grouped(stock.articles)
        ));
        for change in stock.changes.iter().take(SHOWN) {
            let old = change.old.as_deref().unwrap_or("nothing");
            out.push_str(&format!("      {}: {old} -> {}\n", change.sku, change.new));
        }
    }
    if chapter.flows.is_empty()
        && let Some(explanation) = &chapter.explanation
    {
        out.push('\n');
        for line in explanation.to_string().lines() {
            let line = format!("      {line}");
            out.push_str(line.trim_end());
            out.push('\n');
        }
    }
    out.trim_end().to_owned()
}

fn summary(flow: &FlowReport) -> String {
    let counts = &flow.counts;
    let name = flow.flow.rsplit('/').next().unwrap_or(&flow.flow);
    let mut parts = vec![format!("{name}: {} read", grouped(counts.read))];
    for (number, what) in [
        (counts.unchanged, "unchanged since last time"),
        (counts.right, "right already"),
        (counts.created, "created"),
        (counts.changed, "changed"),
        (counts.linked, "linked"),
    ] {
        if number > 0 {
            parts.push(format!("{} {what}", grouped(number)));
        }
    }
    let written = counts.rows_inserted + counts.rows_updated + counts.rows_deleted;
    parts.push(match written {
        0 => "nothing written".to_owned(),
        rows => format!("{} rows written", grouped(rows)),
    });
    parts.join(", ")
}

/// The first updates of what was there: they say more than the rows of new articles.
fn telling(flow: &FlowReport) -> impl Iterator<Item = &RecordChange> {
    let all = flow.counts.created == 0;
    let changes = flow.changes.iter().filter(|change| !change.key.is_empty());
    changes
        .filter(move |change| all || change.change.kind == ChangeKind::Update)
        .take(SHOWN)
}

fn line(change: &RecordChange) -> String {
    let RowChange {
        table,
        columns,
        row,
        ..
    } = &change.change;
    let is_insert = change.change.kind == ChangeKind::Insert;
    let columns: Vec<String> = columns
        .iter()
        .skip(if is_insert { 1 } else { 0 })
        .take(2)
        .map(|one| {
            let new = one.new.as_deref().unwrap_or("nothing");
            match &one.old {
                Some(old) => format!("{} {old} -> {new}", one.column),
                None => format!("{} {new}", one.column),
            }
        })
        .collect();
    let row = match row.as_str() {
        "" => "new".to_owned(),
        row => row.replace('\'', ""),
    };
    format!(
        "{} {table} ({row}): {}",
        shown_key(&change.key),
        columns.join(", ")
    )
}

/// Broken at blanks, for a terminal.
fn wrapped(text: &str) -> String {
    let mut out = String::new();
    let mut column = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > WIDTH {
            out.push('\n');
            column = 0;
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
    }
    out
}
