//! `ponte mail preview | again`.

use super::Context;
use super::answer::{Answer, Failure};
use super::args::{MailArgs, MailCommand};
use super::exit::Exit;
use super::output::escaped;
use super::project::Project;
use super::sync::flow_failure;
use super::word::{self, Desk, Word};
use crate::mail::{self, Preview};
use crate::plan::Plan;
use crate::plan::fulfilment::Fulfilment;
use crate::round;
use serde_json::json;

pub async fn run(context: &Context<'_>, args: &MailArgs) -> Result<Answer, Failure> {
    let project = Project::open(context.project)?;
    project.warn(context.as_json);
    match &args.command {
        MailCommand::Preview { order, shop } => {
            let one = shop_of(&project.plan, shop.as_deref())?;
            preview(&project, one, order).await
        }
        MailCommand::Again { order, shop, alone } => {
            let word = Word::Mail {
                order: order.clone(),
                shop: shop.clone(),
            };
            word::pass(context, &project, *alone, word).await
        }
    }
}

/// Lets the order's mails that wait for a person go out.
///
/// # Errors
/// A shop that sends none, a pair that another process works on, a database out of reach.
pub async fn again(desk: Desk<'_>, order: &str, shop: Option<&str>) -> Result<Answer, Failure> {
    let one = shop_of(desk.plan, shop)?;
    let _turn = desk.turn(&one.name).await?;
    let count = round::mail::again(one, desk.connections, order)
        .await
        .map_err(flow_failure)?;
    let text = match count {
        0 => format!("order {order}: no mail waits for a person\n"),
        1 => format!("order {order}: 1 mail goes out with the next run\n"),
        more => format!("order {order}: {more} mails go out with the next run\n"),
    };
    Ok(Answer::new("mail", Exit::Done)
        .key("again", json!(count))
        .text(text))
}

/// The shop whose customers are written to.
fn shop_of<'p>(plan: &'p Plan, shop: Option<&str>) -> Result<&'p Fulfilment, Failure> {
    let mut found = plan
        .fulfilments
        .iter()
        .filter(|one| one.mailing.is_some() && shop.is_none_or(|shop| shop == one.shop));
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        (Some(_), Some(_)) => {
            Err(Failure::refused("several shops send mails")
                .help("name one of them: `--shop NAME`"))
        }
        (None, _) => Err(Failure::refused("no such shop of the project sends mails")
            .help("`[mail]` and `[shop.NAME.mail]` in the project file")),
    }
}

async fn preview(project: &Project, one: &Fulfilment, order: &str) -> Result<Answer, Failure> {
    let previews = mail::preview(one, &project.connections, order).await?;
    let text = match previews.is_empty() {
        true => format!("order {order}: no mail, since it has neither a parcel nor an invoice\n"),
        false => previews.iter().map(shown).collect(),
    };
    let mails: Vec<serde_json::Value> = previews.iter().map(document).collect();
    Ok(Answer::new("mail", Exit::Done)
        .key("mails", json!(mails))
        .text(text))
}

/// A mail as a person reads it.
pub fn shown(preview: &Preview) -> String {
    let standing = preview.standing.map_or("not due", |one| one.name());
    let mut text = format!("{} {} ({standing})\n", preview.kind, escaped(&preview.item));
    match &preview.letter {
        Ok(letter) => text.push_str(&format!(
            "To: {}\nSubject: {}\n\n{}\n",
            escaped(&preview.to),
            escaped(&letter.subject),
            letter.text.trim_end()
        )),
        Err(why) => text.push_str(&format!("  cannot be written: {}\n", escaped(why))),
    }
    text
}

pub fn document(preview: &Preview) -> serde_json::Value {
    let letter = match &preview.letter {
        Ok(letter) => {
            json!({ "subject": letter.subject, "text": letter.text, "html": letter.html })
        }
        Err(why) => json!({ "error": why }),
    };
    let standing = preview.standing.map_or("not due", |one| one.name());
    json!({ "kind": preview.kind, "item": preview.item, "to": preview.to, "standing": standing, "mail": letter })
}
