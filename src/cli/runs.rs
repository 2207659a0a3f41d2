//! `ponte runs`: the history of runs. It asks no database.

use super::Context;
use super::answer::{Answer, Failure};
use super::args::RunsArgs;
use super::exit::Exit;
use super::output::{escaped, grouped};
use super::project::Project;
use super::status::{local, outcome};
use super::sync::lines;
use crate::round::{compared, task};
use crate::state::State;
use crate::state::history::{Run, Scope};
use comfy_table::{CellAlignment, Table, presets};
use serde_json::json;

pub async fn run(context: &Context<'_>, args: &RunsArgs) -> Result<Answer, Failure> {
    let project = Project::open(context.project)?;
    project.warn(context.as_json);
    let names: Vec<String> = args.flow.iter().cloned().collect();
    let mut runs: Vec<Run> = Vec::new();
    let folder = &project.plan.state_dir;
    // Comparisons are no flows, but they are in the history.
    let compared: Vec<String> = compared::names(&project.plan)
        .into_iter()
        .filter(|name| args.flow.as_ref().is_none_or(|flow| flow == name))
        .collect();
    let tasks = match (args.flow.is_some(), compared.is_empty()) {
        (true, false) => Vec::new(),
        _ => task::select(&project.plan, &names)?,
    };
    let names = tasks.iter().map(|task| task.name().to_owned());
    if State::exists(folder) {
        let mut state = State::open(folder).await?;
        for name in names.chain(compared) {
            runs.extend(state.last_runs(&name, args.show).await?);
        }
    }
    runs.sort_by_key(|run| std::cmp::Reverse(run.started));
    Ok(Answer::new("runs", Exit::Done)
        .key("runs", json!(runs))
        .text(text(&runs)))
}

fn text(runs: &[Run]) -> String {
    if runs.is_empty() {
        return "nothing has run yet\n".to_owned();
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    let header = [
        "began",
        "flow",
        "looked at",
        "took",
        "read",
        "written",
        "quarantined",
        "outcome",
    ];
    table.set_header(header);
    for run in runs {
        let number = |names: &[&str]| {
            let counts = names.iter().filter_map(|name| run.counts[*name].as_u64());
            match run.counts.is_null() {
                true => String::new(),
                false => grouped(counts.sum()),
            }
        };
        let took = run
            .finished
            .and_then(|finished| (finished - run.started).to_std().ok());
        table.add_row([
            local(run.started),
            run.flow.clone(),
            scope(run.scope).to_owned(),
            took.map_or(String::new(), |took| format!("{:.1} s", took.as_secs_f64())),
            number(&["read", "articles"]),
            number(&["created", "changed"]),
            number(&["rejected", "ambiguous", "removed"]),
            match run.differences().filter(|found| *found > 0) {
                Some(found) => format!("{} ({})", outcome(run), grouped(found)),
                None => outcome(run).to_owned(),
            },
        ]);
    }
    for column in table.column_iter_mut().skip(3).take(4) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let mut text = lines(&table);
    for run in runs {
        if let Some(error) = &run.error {
            let began = local(run.started);
            text.push_str(&format!("{began} {}: {}\n", run.flow, escaped(error)));
        }
    }
    text
}

fn scope(scope: Scope) -> &'static str {
    match scope {
        Scope::Changed => "changes",
        Scope::Since => "changes by time",
        Scope::All => "everything",
        Scope::Part => "some keys",
    }
}
