//! `ponte order REF`: one order's story.

pub mod text;

use super::Context;
use super::answer::{Answer, Failure};
use super::args::OrderArgs;
use super::door::{self, Order, Part};
use super::exit::Exit;
use super::project::Project;
use super::reconcile::of_shop;
use super::sync::{self, flow_failure, open_state};
use crate::round::Orders;
use crate::round::task;
use crate::state::State;
use crate::story::{self, StoryError, Whole};
use crate::sync::batch::Intent;
use serde_json::json;

pub async fn run(context: &Context<'_>, args: &OrderArgs) -> Result<Answer, Failure> {
    let project = Project::open(context.project)?;
    project.warn(context.as_json);
    let intent = match args.settled {
        true => Intent::Write,
        false => Intent::DryRun,
    };
    let mut state = open_state(&project, intent, context.as_json).await?;
    let mut stories = stories(&project, state.as_mut(), args).await?;
    if args.settled {
        let [Whole { story: one, .. }] = stories.as_slice() else {
            let names = stories.iter().map(|one| one.story.reference.as_str());
            let names: Vec<&str> = names.collect();
            return Err(
                Failure::refused(format!("`{}` is several orders", args.order))
                    .help(format!("name one of them: {}", names.join(", "))),
            );
        };
        if one.link.is_none() {
            let message = format!(
                "`{}` is not imported: there is nothing to settle",
                one.reference
            );
            return Err(Failure::refused(message)
                .help("`ponte quarantine list` and `ponte order` say why an order waits"));
        }
        let (flow, only) = (format!("{}/order", one.shop), vec![one.key.clone()]);
        let part = Part { flow, only };
        let order = || Order::Settle(part.clone());
        let answer = match door::ask(context, &project, args.alone, order).await {
            Some(answer) => answer?,
            None => {
                let Part { flow, only } = part;
                let orders = Orders { only, ..settling() };
                let tasks = task::select(&project.plan, &[flow])?;
                let report =
                    sync::carry_out(context, &project, state.as_mut(), &tasks, &orders).await;
                sync::answer("order", &project.warnings, &orders, 0, &report)
            }
        };
        if answer.exit != Exit::Done {
            return Ok(answer);
        }
        stories = self::stories(&project, state.as_mut(), args).await?;
    }
    let text: Vec<String> = stories.iter().map(text::described).collect();
    Ok(Answer::new("order", Exit::Done)
        .key("orders", json!(stories))
        .text(text.join("\n")))
}

/// What a person's word does that an order is settled.
pub fn settling() -> Orders {
    Orders {
        intent: Intent::Write,
        settle: true,
        ..Orders::default()
    }
}

/// What the word can mean in any of the shops.
async fn stories(
    project: &Project,
    mut state: Option<&mut State>,
    args: &OrderArgs,
) -> Result<Vec<Whole>, Failure> {
    let mut found = Vec::new();
    for orders in of_shop(&project.plan, args.shop.as_deref())? {
        let state = state.as_deref_mut();
        let (plan, connections) = (&project.plan, &project.connections);
        let of_shop = story::find(plan, orders, connections, state, &args.order).await;
        found.extend(of_shop.map_err(|error| match error {
            StoryError::Orders(error) => flow_failure(error.into()),
            StoryError::State(error) => error.into(),
        })?);
    }
    if found.is_empty() {
        return Err(Failure::refused(format!("no shop has an order `{}`", args.order)).help(
            "wanted: the shop's number of the order, `SHOP/ID`, or the number of the ERP's document; one that was typed into the ERP by hand is linked by `ponte match orders`",
        ));
    }
    Ok(found)
}
