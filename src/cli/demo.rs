//! `ponte demo`: the story of [`crate::demo`], told chapter by chapter.

use super::Context;
use super::answer::{Answer, Failure};
use super::approve;
use super::args::DemoArgs;
use super::exit::Exit;
use super::mail;
use super::matching;
use super::order;
use super::output::{self, BOLD, styled};
use super::reconcile;
use super::sync::text;
use crate::demo::{self, Chapter, Erp};
use crate::diagnostic::Diagnostics;
use crate::round::approve::Question;
use crate::sync::report::FlowReport;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Changes of a flow are shown one by one if there are no more than this; a first load has thousands.
const SHOWN: usize = 12;
/// Width of the story's text, in characters.
const WIDTH: usize = 100;

pub async fn run(context: &Context<'_>, args: &DemoArgs) -> Result<Answer, Failure> {
    let dir = match &args.dir {
        Some(dir) => dir.clone(),
        None => passing_folder(),
    };
    let mut chapters: Vec<Value> = Vec::new();
    let mut written = Ok(());
    let mut tell = |chapter: Chapter| {
        match context.as_json {
            true => chapters.push(document(&chapter)),
            false if written.is_ok() => written = output::part(&told(&chapter)),
            false => {}
        };
    };
    let env = |name: &str| std::env::var(name).ok();
    let erp = Erp {
        url: args.erp.as_deref(),
        env: &env,
    };
    let played = demo::play(&dir, &erp, &mut tell).await;
    let keep = args.keep || args.dir.is_some();
    if !keep && let Err(error) = std::fs::remove_dir_all(&dir) {
        tracing::warn!(folder = %dir.display(), %error, "the demo's folder could not be removed");
    }
    played.map_err(|error| match error.diagnostics() {
        Some(found) => Failure::Configuration(Diagnostics(found.to_vec())),
        None => error.into(),
    })?;
    written.map_err(|error| Failure::Write {
        path: PathBuf::from("standard output"),
        error,
    })?;
    let text = closing(keep.then_some(dir.as_path()), erp.url.is_some());
    Ok(Answer::new("demo", Exit::Done)
        .key("chapters", chapters)
        .key("folder", keep.then(|| dir.display().to_string()))
        .text(text))
}

fn passing_folder() -> PathBuf {
    let random: u32 = rand::random();
    std::env::temp_dir().join(format!("ponte-demo-{random:08x}"))
}

fn document(chapter: &Chapter) -> Value {
    json!({
        "title": chapter.title,
        "text": chapter.text,
        "match": chapter.matched,
        "asking": chapter.asking,
        "approvals": chapter.questions.iter().map(Question::document).collect::<Vec<_>>(),
        "match_orders": chapter.by_hand,
        "flows": chapter.flows,
        "stock": chapter.stock,
        "explanation": chapter.explanation,
        "mails": chapter.mails.iter().map(mail::document).collect::<Vec<_>>(),
        "order": chapter.order,
        "reconciled": chapter.reconciled,
    })
}

fn told(chapter: &Chapter) -> String {
    let mut story = format!("{}\n", styled(chapter.title, BOLD));
    story.push_str(&wrapped(&chapter.text));
    story.push('\n');
    if let Some(matched) = &chapter.matched {
        story.push_str("$ ponte match --accept\n");
        story.push_str(&matching::shop(matched, true));
    }
    if !chapter.questions.is_empty() {
        story.push_str("$ ponte sync\n");
        for report in &chapter.asking {
            story.push_str(&described(report));
        }
        for one in &chapter.questions {
            story.push_str(&format!(
                "\n$ ponte approve show '{}'\n{}",
                one.id,
                approve::shown(one)
            ));
            story.push_str(&format!("$ ponte approve accept '{}'\n", one.id));
        }
        story.push('\n');
    }
    if let Some(found) = &chapter.by_hand {
        story.push_str("$ ponte match orders --accept\n");
        story.push_str(&matching::by_hand::told(found, SHOWN));
    }
    for report in &chapter.flows {
        story.push_str(&described(report));
    }
    if let Some(report) = &chapter.stock {
        let is_short = report.changed + report.derived_changed <= SHOWN as u64;
        story.push_str(&text::stock::figures(
            report,
            if is_short { SHOWN } else { 0 },
        ));
    }
    let reports: Vec<_> = chapter.flows.iter().map(|report| (report, None)).collect();
    story.push_str(&text::flow_table(&reports));
    if let Some(report) = &chapter.stock {
        story.push_str(&text::stock::summary(report));
    }
    for preview in &chapter.mails {
        story.push_str(&format!("\n$ ponte mail preview\n{}", mail::shown(preview)));
    }
    if let Some(order) = &chapter.order {
        story.push_str(&format!(
            "$ ponte order {}\n{}",
            order.story.key,
            order::text::described(order)
        ));
    }
    if let Some(report) = &chapter.reconciled {
        story.push_str(&format!(
            "$ ponte reconcile\n{}",
            reconcile::described(report, SHOWN)
        ));
    }
    if let Some(explanation) = &chapter.explanation {
        story.push_str(&format!(
            "\n$ ponte explain {}\n{explanation}",
            explanation.sku
        ));
    }
    story.push('\n');
    story
}

/// What a flow has changed, noted and rejected.
fn described(report: &FlowReport) -> String {
    let is_short = report.changes_total <= SHOWN as u64;
    let mut told = text::changes(report, if is_short { SHOWN } else { 0 });
    for note in &report.notes {
        told.push_str(&format!("{note}\n"));
    }
    for rejected in &report.rejected {
        let reason = wrapped(&rejected.reason.to_string());
        let key = rejected.key.replace('\t', " / ");
        told.push_str(&format!("{key}: {reason}"));
    }
    told
}

/// Lines of at most [`WIDTH`] characters.
fn wrapped(text: &str) -> String {
    let mut lines = String::new();
    let mut length = 0;
    for word in text.split_whitespace() {
        let chars = word.chars().count();
        if length > 0 && length + 1 + chars > WIDTH {
            lines.push('\n');
            length = 0;
        } else if length > 0 {
            lines.push(' ');
            length += 1;
        }
        lines.push_str(word);
        length += chars;
    }
    lines.push('\n');
    lines
}

fn closing(kept: Option<&Path>, is_elsewhere: bool) -> String {
    let mut text = match kept {
        Some(dir) => {
            let project = dir.join("ponte.toml");
            let project = project.display();
            let erp = match is_elsewhere {
                true => "the ERP's database",
                false => "erp.db",
            };
            format!(
                "The files are in {}. Change something in {erp}, then:\n  \
                 ponte --project {project} sync --dry-run\n",
                dir.display()
            )
        }
        None => "`ponte demo --keep` keeps the files, so that you can play on.\n".to_owned(),
    };
    if is_elsewhere {
        text.push_str("The ERP's tables, and ponte's own in the schema `ponte`, stay in its database: drop it when you are done.\n");
    }
    text
}
