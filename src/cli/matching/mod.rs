//! `ponte match`.

pub mod by_hand;
mod text;

pub use text::shop;

use super::Context;
use super::answer::{Answer, Failure};
use super::args::{DecisionArgs, MatchArgs};
use super::exit::Exit;
use super::output::{GREEN, RED, shown_key, styled};
use super::project::Project;
use super::sync::flow_failure;
use super::word::{self, Desk, Word};
use crate::diagnostic::nearest;
use crate::matching::decide::{Decision, Said};
use crate::matching::{self, ShopMatch, is_linked};
use crate::plan::{Flow, Plan};
use crate::round::decisions;
use serde_json::{Value, json};

/// Items of each list in a document; the counts go on.
const LISTED: usize = 100_000;

pub async fn run(context: &Context<'_>, args: &MatchArgs) -> Result<Answer, Failure> {
    let project = Project::open(context.project)?;
    project.warn(context.as_json);
    let kept = match context.as_json {
        true => LISTED,
        false => args.show,
    };
    if !args.accept && args.decisions.is_empty() {
        return carry_out(Desk::here(&project), args, kept).await;
    }
    let word = Word::Match {
        args: args.clone(),
        kept,
    };
    word::pass(context, &project, args.alone, word).await
}

/// Looks at the match, and notes what a person says of it; `kept`: items of each list.
///
/// # Errors
/// A name or a decision that does not go, a pair that another process works on, a database out of reach.
pub async fn carry_out(desk: Desk<'_>, args: &MatchArgs, kept: usize) -> Result<Answer, Failure> {
    if let Some(shops) = by_hand::named(desk.plan, &args.names) {
        return by_hand::carry_out(desk, &shops, args).await;
    }
    let flows = flows(desk.plan, &args.names)?;
    let wanted = wanted(&args.decisions)?;
    if !wanted.is_empty() {
        return decide(desk, &flows, &wanted).await;
    }
    let mut shops = Vec::new();
    for shop in &desk.plan.shops {
        let named: Vec<&Flow> = flows
            .iter()
            .copied()
            .filter(|flow| flow.shop.as_ref() == Some(&shop.name))
            .collect();
        if named.is_empty() {
            continue;
        }
        let (plan, connections) = (desk.plan, desk.connections);
        let mut found = matching::examine(plan, &shop.name, &named, connections, kept)
            .await
            .map_err(|error| flow_failure(error.into()))?;
        if args.accept {
            accept(desk, &named, &mut found).await?;
        }
        shops.push(found);
    }
    Ok(answer(args, &shops))
}

fn answer(args: &MatchArgs, shops: &[ShopMatch]) -> Answer {
    let mut text = String::new();
    for shop in shops {
        if !args.audit {
            text.push_str(&text::shop(shop, args.accept));
        }
        text.push_str(&text::audit(shop));
    }
    let all = || shops.iter().flat_map(|shop| &shop.flows);
    let is_open = all().all(|flow| flow.is_clear() && !flow.holds());
    let exit = match args.audit || is_open {
        true => Exit::Done,
        false => Exit::Quarantined,
    };
    Answer::new("match", exit)
        .text(text)
        .key("shops", json!(shops))
}

/// Notes each flow's match as accepted, with its counts.
async fn accept(desk: Desk<'_>, named: &[&Flow], found: &mut ShopMatch) -> Result<(), Failure> {
    for (flow, one) in named.iter().zip(&mut found.flows) {
        let counts = one.summary().to_string();
        let accept = [Decision::Accept { counts }];
        let _turn = desk.turn(&flow.name).await?;
        decisions::carry_out(desk.plan, flow, desk.connections, &accept)
            .await
            .map_err(flow_failure)?;
        one.accepted = Some(chrono::Utc::now());
    }
    Ok(())
}

/// The flows with links of these shops, flows or records, in the plan's order.
fn flows<'p>(plan: &'p Plan, names: &[String]) -> Result<Vec<&'p Flow>, Failure> {
    let linked: Vec<&Flow> = plan.flows.iter().filter(|flow| is_linked(flow)).collect();
    let bears = |flow: &Flow, name: &String| {
        flow.name == *name || flow.shop.as_ref() == Some(name) || flow.record.as_ref() == Some(name)
    };
    for name in names {
        if linked.iter().any(|flow| bears(flow, name)) {
            continue;
        }
        let known = linked.iter().flat_map(|flow| {
            let parts = [flow.shop.as_deref(), Some(flow.name.as_str())];
            parts.into_iter().flatten()
        });
        let mut known: Vec<&str> = known.collect();
        known.dedup();
        let help = match nearest(name, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("what can be matched: {}", known.join(", ")),
        };
        let message = format!("there is no shop or flow `{name}` that is matched");
        return Err(Failure::refused(message).help(help));
    }
    if linked.is_empty() {
        return Err(Failure::refused("no flow of the project is matched")
            .help("records of a shop's pack with `[find]` and `[link]` are"));
    }
    let chosen = |flow: &&Flow| names.is_empty() || names.iter().any(|name| bears(flow, name));
    Ok(linked.into_iter().filter(chosen).collect())
}

/// The decisions in the order in which they make sense together: what frees comes before what takes.
fn wanted(args: &DecisionArgs) -> Result<Vec<Decision>, Failure> {
    let key = |key: &String| key.trim().replace(" / ", "\t");
    let mut wanted = Vec::new();
    wanted.extend(
        args.unlink
            .iter()
            .map(|one| Decision::Unlink { key: key(one) }),
    );
    wanted.extend(
        args.recreate
            .iter()
            .map(|one| Decision::Recreate { key: key(one) }),
    );
    wanted.extend(
        args.unignore
            .iter()
            .map(|one| Decision::Unignore { key: key(one) }),
    );
    let rows = args.unignore_row.iter().map(|id| id.trim().to_owned());
    wanted.extend(rows.map(|id| Decision::UnignoreRow { id }));
    for pair in &args.link {
        let Some((record, id)) = pair.rsplit_once('=') else {
            let message = format!("`--link {pair}` names no row");
            return Err(Failure::refused(message).help("write it as `--link KEY=ID`"));
        };
        wanted.push(Decision::Link {
            key: key(&record.to_owned()),
            id: id.trim().to_owned(),
        });
    }
    wanted.extend(
        args.ignore
            .iter()
            .map(|one| Decision::Ignore { key: key(one) }),
    );
    let rows = args.ignore_row.iter().map(|id| id.trim().to_owned());
    wanted.extend(rows.map(|id| Decision::IgnoreRow { id }));
    Ok(wanted)
}

/// The one flow that decisions are about: articles, unless another one is named.
fn about<'p>(flows: &[&'p Flow]) -> Result<&'p Flow, Failure> {
    let articles = flows
        .iter()
        .filter(|flow| flow.record.as_deref() == Some("article"));
    let articles: Vec<&&Flow> = articles.collect();
    match (flows, articles.as_slice()) {
        ([one], _) => Ok(one),
        (_, [one]) => Ok(one),
        _ => {
            let names: Vec<&str> = flows.iter().map(|flow| flow.name.as_str()).collect();
            Err(Failure::refused("a decision is about one shop")
                .help(format!("name one of them: {}", names.join(", "))))
        }
    }
}

async fn decide(desk: Desk<'_>, flows: &[&Flow], wanted: &[Decision]) -> Result<Answer, Failure> {
    let flow = about(flows)?;
    let _turn = desk.turn(&flow.name).await?;
    let said = decisions::carry_out(desk.plan, flow, desk.connections, wanted)
        .await
        .map_err(flow_failure)?;
    let mut text = String::new();
    let mut documents = Vec::new();
    for (decision, said) in wanted.iter().zip(&said) {
        text.push_str(&told(&flow.name, decision, said));
        documents.push(document(decision, said));
    }
    let is_refused = said.iter().any(|said| matches!(said, Said::Refused { .. }));
    let exit = match is_refused {
        true => Exit::Configuration,
        false => Exit::Done,
    };
    Ok(Answer::new("match", exit)
        .text(text)
        .key("flow", flow.name.clone())
        .key("decisions", documents))
}

/// What is decided, in words: `TOOL-1 is row 4711`.
fn in_words(decision: &Decision) -> String {
    match decision {
        Decision::Link { key, id } => format!("{} is row {id}", shown_key(key)),
        Decision::Unlink { key } => format!("{} is no row any more", shown_key(key)),
        Decision::Recreate { key } => format!("{} is to be created again", shown_key(key)),
        Decision::Ignore { key } => format!("{} is ignored", shown_key(key)),
        Decision::Unignore { key } => format!("{} is not ignored", shown_key(key)),
        Decision::IgnoreRow { id } => format!("row {id} is ignored"),
        Decision::UnignoreRow { id } => format!("row {id} is not ignored"),
        Decision::Accept { .. } => "the match is accepted".to_owned(),
    }
}

fn told(flow: &str, decision: &Decision, said: &Said) -> String {
    let words = in_words(decision);
    match said {
        Said::Done => format!("{flow}: {} {words}\n", styled("done:", GREEN)),
        Said::Already => format!("{flow}: nothing to do: {words}\n"),
        Said::Refused { why, help } => format!(
            "{flow}: {} {words}: {why}\n  help: {help}\n",
            styled("refused:", RED)
        ),
    }
}

fn document(decision: &Decision, said: &Said) -> Value {
    let (name, key, id) = match decision {
        Decision::Link { key, id } => ("link", Some(key), Some(id)),
        Decision::Unlink { key } => ("unlink", Some(key), None),
        Decision::Recreate { key } => ("recreate", Some(key), None),
        Decision::Ignore { key } => ("ignore", Some(key), None),
        Decision::Unignore { key } => ("unignore", Some(key), None),
        Decision::IgnoreRow { id } => ("ignore_row", None, Some(id)),
        Decision::UnignoreRow { id } => ("unignore_row", None, Some(id)),
        Decision::Accept { .. } => ("accept", None, None),
    };
    let (outcome, message, help) = match said {
        Said::Done => ("done", None, None),
        Said::Already => ("already", None, None),
        Said::Refused { why, help } => ("refused", Some(why), Some(help)),
    };
    json!({
        "decision": name, "key": key, "id": id, "outcome": outcome, "message": message, "help": help,
    })
}
