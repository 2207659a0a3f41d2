//! `ponte setup`: ponte's own tables on every server that it writes to.

use super::Context;
use super::answer::{Answer, Failure};
use super::args::SetupArgs;
use super::exit::Exit;
use super::project::Project;
use crate::round::task;
use serde_json::json;

pub async fn run(context: &Context<'_>, args: &SetupArgs) -> Result<Answer, Failure> {
    let project = Project::open(context.project)?;
    project.warn(context.as_json);
    if args.print_sql {
        return statements(&project);
    }
    let mut text = String::new();
    let mut servers = Vec::new();
    let mut missing_any = false;
    for name in task::setup_connections(&project.plan) {
        let engine = project.connections.engine(name)?;
        let setup = task::setup_of(&project.plan, &project.connections, name);
        let mut session = engine.connect().await?;
        let missing = setup.missing(session.as_mut()).await?;
        let tables: Vec<String> = missing.iter().map(ToString::to_string).collect();
        missing_any |= !tables.is_empty();
        text.push_str(&match (tables.is_empty(), args.run) {
            (true, _) => format!("{name}: everything is there\n"),
            (false, true) => {
                setup.create(session.as_mut()).await?;
                format!("{name}: created {}\n", tables.join(", "))
            }
            (false, false) => format!("{name}: {} to be created\n", tables.join(", ")),
        });
        servers.push(json!({ "connection": name, "missing": tables, "created": args.run }));
    }
    if missing_any && !args.run {
        text.push_str(
            "Nothing was created yet: `ponte setup --run` does it, `--print-sql` prints the statements.\n",
        );
    }
    Ok(Answer::new("setup", Exit::Done)
        .key("servers", servers)
        .text(text))
}

fn statements(project: &Project) -> Result<Answer, Failure> {
    let mut text = String::new();
    let mut servers = Vec::new();
    for name in task::setup_connections(&project.plan) {
        let kind = project.connections.engine(name)?.kind();
        let setup = task::setup_of(&project.plan, &project.connections, name);
        let statements = setup.statements(kind);
        text.push_str(&format!("-- {name} ({kind})\n"));
        for statement in &statements {
            text.push_str(&format!("{statement};\n"));
        }
        servers.push(json!({ "connection": name, "statements": statements }));
    }
    Ok(Answer::new("setup", Exit::Done)
        .key("servers", servers)
        .text(text))
}
