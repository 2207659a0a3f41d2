//! `ponte explain SKU`.

use super::Context;
use super::answer::{Answer, Failure};
use super::args::ExplainArgs;
use super::exit::Exit;
use super::project::Project;
use crate::diagnostic::nearest;
use crate::plan::{Plan, Stock};
use crate::state::State;
use crate::stock::LastKnown;
use crate::stock::explain::explain;
use serde_json::json;

pub async fn run(context: &Context<'_>, args: &ExplainArgs) -> Result<Answer, Failure> {
    let project = Project::open(context.project)?;
    project.warn(context.as_json);
    let stocks = stocks(&project.plan, args.shop.as_deref())?;
    let folder = &project.plan.state_dir;
    let known = match State::exists(folder) {
        true => State::open(folder).await?.known_orders().await?,
        false => LastKnown::default(),
    };
    let mut text = Vec::new();
    let mut shops = Vec::new();
    for stock in stocks {
        let engines = project.connections.engines();
        let explained = explain(&project.plan, stock, engines, &known, &args.sku).await?;
        text.push(explained.to_string());
        shops.push(json!(explained));
    }
    Ok(Answer::new("explain", Exit::Done)
        .key("shops", shops)
        .text(text.join("\n")))
}

fn stocks<'p>(plan: &'p Plan, shop: Option<&str>) -> Result<Vec<&'p Stock>, Failure> {
    let found: Vec<&Stock> = plan
        .stocks
        .iter()
        .filter(|stock| shop.is_none_or(|shop| shop == stock.shop))
        .collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let names: Vec<&str> = plan
        .stocks
        .iter()
        .map(|stock| stock.shop.as_str())
        .collect();
    Err(match shop {
        _ if names.is_empty() => {
            Failure::refused("no shop of the project has a stock flow").help("nothing to explain")
        }
        Some(shop) => {
            let help = match nearest(shop, names.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("shops with a stock flow: {}", names.join(", ")),
            };
            Failure::refused(format!("there is no shop `{shop}` with a stock flow")).help(help)
        }
        None => Failure::refused("no shop of the project has a stock flow"),
    })
}
