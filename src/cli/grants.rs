//! `ponte grants`: what each login needs, as statements for an administrator.

use super::Context;
use super::answer::{Answer, Failure};
use super::exit::Exit;
use super::output::escaped;
use super::project::Project;
use crate::check::grants::{self, Grant, Grants};
use crate::db::Session;
use serde_json::{Value, json};

pub async fn run(context: &Context<'_>) -> Result<Answer, Failure> {
    let project = Project::open(context.project)?;
    project.warn(context.as_json);
    let (plan, connections) = (&project.plan, &project.connections);
    let mut text = String::new();
    let mut documents = Vec::new();
    for connection in plan.connections.values() {
        // Before anything is granted a login can often not even connect: then names must do.
        let session = connections.engine(&connection.name)?.connect().await;
        let (mut session, error) = match session {
            Ok(session) => (Some(session), None),
            Err(error) => (None, Some(error.message)),
        };
        let asked = session.as_mut().map(|session| {
            let session: &mut dyn Session = session.as_mut();
            session
        });
        let grants = grants::of(plan, connections, connection, asked).await?;
        text.push_str(&shown(&grants, error.as_deref()));
        documents.push(document(&grants, error));
    }
    Ok(Answer::new("grants", Exit::Done)
        .key("connections", documents)
        .text(text))
}

fn shown(grants: &Grants, error: Option<&str>) -> String {
    let name = &grants.connection;
    if let Some((file, written)) = &grants.file {
        let need = match written {
            true => "read and write the file, and create files in its folder",
            false => "read the file",
        };
        return format!("-- {name} (sqlite): {need}: {}\n\n", escaped(file));
    }
    let mut text = format!("-- {name} ({}): {}\n", grants.kind, escaped(&grants.login));
    if let Some(error) = error {
        text.push_str(&format!(
            "-- by the names in the mapping, since the server could not be asked: {}\n",
            escaped(error).replace('\n', " ")
        ));
    }
    for one in &grants.grants {
        for comment in [one.optional, one.remark].into_iter().flatten() {
            text.push_str(&format!("-- {comment}\n"));
        }
        text.push_str(&format!("{};\n", escaped(&one.statement)));
    }
    text.push('\n');
    text
}

fn document(grants: &Grants, error: Option<String>) -> Value {
    let one = |grant: &Grant| {
        json!({
            "statement": grant.statement,
            "object": grant.object,
            "privileges": grant.privileges,
            "lacking": grant.lacking,
            "optional": grant.optional,
            "remark": grant.remark,
        })
    };
    json!({
        "connection": grants.connection,
        "engine": grants.kind.to_string(),
        "login": grants.login,
        "asked": grants.asked,
        "error": error,
        "file": grants.file.as_ref().map(|(file, _)| file),
        "file_is_written": grants.file.as_ref().map(|(_, written)| written),
        "grants": grants.grants.iter().map(one).collect::<Vec<_>>(),
    })
}
