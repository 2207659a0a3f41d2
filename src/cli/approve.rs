//! `ponte approve list | show | accept | reject`.

use super::Context;
use super::answer::{Answer, Failure};
use super::args::{ApproveArgs, ApproveCommand};
use super::exit::Exit;
use super::output::{BOLD, YELLOW, count, escaped, styled};
use super::project::Project;
use super::status::local;
use super::sync::flow_failure;
use super::word::{self, Desk, Verdict, Word};
use crate::connections::Connections;
use crate::own::approval::Standing;
use crate::plan::Plan;
use crate::round::approve::{self, Question, Said};
use serde_json::{Value, json};

pub async fn run(context: &Context<'_>, args: &ApproveArgs) -> Result<Answer, Failure> {
    let project = Project::open(context.project)?;
    project.warn(context.as_json);
    match &args.command {
        ApproveCommand::List { all } => list(&project, *all).await,
        ApproveCommand::Show { id } => show(&project, id).await,
        ApproveCommand::Accept { ids, alone } => {
            word::pass(context, &project, *alone, Word::Approve(verdict(ids, None))).await
        }
        ApproveCommand::Reject { ids, why, alone } => {
            let word = Word::Approve(verdict(ids, Some(why)));
            word::pass(context, &project, *alone, word).await
        }
    }
}

async fn list(project: &Project, all: bool) -> Result<Answer, Failure> {
    let questions = approve::list(&project.plan, &project.connections, all);
    let questions = questions.await.map_err(flow_failure)?;
    let open = questions
        .iter()
        .filter(|one| one.approval.standing == Standing::Open);
    let mut text = match open.count() {
        0 => "Nothing waits for approval.\n".to_owned(),
        1 => "1 question waits for approval:\n".to_owned(),
        more => format!("{more} questions wait for approval:\n"),
    };
    for one in &questions {
        text.push_str(&heading(one));
    }
    let documents: Vec<Value> = questions.iter().map(Question::document).collect();
    Ok(Answer::new("approve", Exit::Done)
        .key("approvals", documents)
        .text(text))
}

async fn show(project: &Project, id: &str) -> Result<Answer, Failure> {
    let (questions, unknown) = named(&project.plan, &project.connections, &[id.to_owned()]).await?;
    let Some(one) = questions.first() else {
        return Err(nothing(&unknown));
    };
    Ok(Answer::new("approve", Exit::Done)
        .key("approvals", vec![one.document()])
        .text(shown(one)))
}

/// A question as a person reads it.
pub fn shown(one: &Question) -> String {
    let detail = one.detail();
    let mut text = heading(one);
    let mut lines = |name: &str, lines: Option<&Value>| {
        let lines = lines.and_then(Value::as_array).into_iter().flatten();
        for (at, line) in lines.filter_map(Value::as_str).enumerate() {
            let name = if at == 0 { name } else { "" };
            text.push_str(&format!("  {name:<9} {}\n", escaped(line)));
        }
    };
    lines("changed", detail.get("changes"));
    lines("rows", detail.pointer("/content/rows"));
    text
}

/// Says the word to each question.
///
/// # Errors
/// A question that nobody asks, a pair that another process works on, a database out of reach.
pub async fn decide(desk: Desk<'_>, verdict: &Verdict) -> Result<Answer, Failure> {
    let questions = asked(desk.plan, desk.connections, &verdict.ids).await?;
    let Verdict { reason, by, .. } = verdict;
    let standing = standing(verdict);
    let mut said = Vec::new();
    for of_flow in questions.chunk_by(|one, next| one.flow == next.flow) {
        let _turn = desk.turn(&of_flow[0].flow).await?;
        let (plan, connections) = (desk.plan, desk.connections);
        let done = approve::decide(plan, connections, of_flow, standing, reason, by).await;
        said.extend(done.map_err(flow_failure)?);
    }
    Ok(answer(standing, &questions, said))
}

fn standing(verdict: &Verdict) -> Standing {
    match verdict.accepted {
        true => Standing::Accepted,
        false => Standing::Rejected,
    }
}

/// Of whoever runs this, as far as the environment tells; `why` they are rejected.
fn verdict(ids: &[String], why: Option<&str>) -> Verdict {
    let mut names = ["USER", "USERNAME"].into_iter();
    let by = names.find_map(|name| std::env::var(name).ok());
    Verdict {
        ids: ids.to_vec(),
        accepted: why.is_none(),
        reason: why.unwrap_or_default().to_owned(),
        by: by.unwrap_or_default(),
    }
}

/// The questions of these ids. Of several one that is misspelt must not leave the others half done.
async fn asked(
    plan: &Plan,
    connections: &Connections,
    ids: &[String],
) -> Result<Vec<Question>, Failure> {
    match named(plan, connections, ids).await? {
        (questions, unknown) if unknown.is_empty() => Ok(questions),
        (_, unknown) => Err(nothing(&unknown)),
    }
}

fn answer(standing: Standing, questions: &[Question], said: Vec<Said>) -> Answer {
    let (mut text, mut results, mut exit) = (String::new(), Vec::new(), Exit::Done);
    for (one, said) in questions.iter().zip(said) {
        let (outcome, told) = match said {
            Said::Done => (standing.name(), standing.name().to_owned()),
            Said::Already => (standing.name(), format!("was {} before", standing.name())),
            Said::Refused(why) => {
                exit = exit.and(Exit::Quarantined);
                ("refused", format!("refused: {why}"))
            }
        };
        text.push_str(&format!(
            "{}: {}\n",
            styled(escaped(&one.id), BOLD),
            escaped(&told)
        ));
        results.push(json!({ "id": one.id, "outcome": outcome, "message": told }));
    }
    if exit == Exit::Done && standing == Standing::Accepted {
        let flow = questions.first().map_or("", |one| one.flow.as_str());
        text.push_str(&format!(
            "The next run carries it over; `ponte sync {flow}` does so now.\n"
        ));
    }
    Answer::new("approve", exit)
        .key("decisions", results)
        .text(text)
}

/// The questions that there are, and the ids of which there is none.
async fn named(
    plan: &Plan,
    connections: &Connections,
    ids: &[String],
) -> Result<(Vec<Question>, Vec<String>), Failure> {
    let found = approve::named(plan, connections, ids);
    let (mut questions, mut unknown) = (Vec::new(), Vec::new());
    for (id, question) in found.await.map_err(flow_failure)? {
        match question {
            Some(question) => questions.push(question),
            None => unknown.push(id),
        }
    }
    Ok((questions, unknown))
}

fn nothing(unknown: &[String]) -> Failure {
    let names: Vec<String> = unknown.iter().map(|id| format!("`{id}`")).collect();
    let asks = count(unknown.len() as u64, "question was", "questions were");
    Failure::refused(format!("nothing is asked by {}", names.join(", "))).help(format!(
        "{asks} not found, and nothing was decided; `ponte approve list --all` shows all of them"
    ))
}

fn heading(one: &Question) -> String {
    let approval = &one.approval;
    let since = approval.decided.or(approval.asked);
    let since = since
        .map(|at| format!(" since {}", local(at)))
        .unwrap_or_default();
    let by = match approval.by.as_str() {
        "" => String::new(),
        by => format!(" by {by}"),
    };
    let standing = styled(approval.standing.name(), YELLOW);
    let id = styled(escaped(&one.id), BOLD);
    let mut text = format!("{id}  {standing}{since}{}\n", escaped(&by));
    let detail = one.detail();
    let told = |name: &str| detail.get(name).and_then(Value::as_str).unwrap_or_default();
    for line in [told("title"), told("why"), &approval.reason] {
        if !line.is_empty() {
            text.push_str(&format!("  {}\n", escaped(line)));
        }
    }
    text
}
