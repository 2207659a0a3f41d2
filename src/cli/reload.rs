//! `ponte reload`: the running service takes the project as it is now.

use super::Context;
use super::answer::{Answer, Failure};
use super::exit::Exit;
use super::project::Project;
use super::run::reload::Request;
use std::time::Duration;

/// A service that is there looks twice a second, and reads the project's files.
const WAIT_MAX: Duration = Duration::from_secs(10);

/// What is wrong with the project is said here, with its place, and the service is not troubled with it.
pub async fn run(context: &Context<'_>) -> Result<Answer, Failure> {
    let project = Project::open(context.project)?;
    project.warn(context.as_json);
    let folder = &project.plan.state_dir;
    if !folder.is_dir() {
        return Err(nobody());
    }
    let request = Request::write(folder).map_err(|error| Failure::Write {
        path: folder.clone(),
        error,
    })?;
    match request.answered(WAIT_MAX).await {
        Some(Ok(())) => Ok(Answer::new("reload", Exit::Done).text(
            "the service has taken the project: each flow runs by it from its next run on\n",
        )),
        Some(Err(said)) => Err(Failure::refused(format!(
            "the service keeps the project as it was before; it says: {}",
            said.trim()
        ))
        .help("what it sees may be other than here: `ponte.env`, its account's rights")),
        None => Err(nobody()),
    }
}

fn nobody() -> Failure {
    Failure::refused("no running service has answered").help(
        "`ponte run` in the foreground, `ponte service start` as a service; one whose `state.dir` was changed is restarted",
    )
}
