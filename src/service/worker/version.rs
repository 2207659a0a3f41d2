//! Whether the systems behind a worker's flows are of versions that their packs know: asked at its start, and once a night.

use super::{Worker, stopped};
use crate::round::task::{self, Task};
use crate::round::version;

impl Worker {
    /// Asks those that are to be asked, and tells what is new. A server that is out of reach is asked later.
    pub(super) async fn look_at_versions(&mut self) {
        let (service, board) = (self.service.clone(), self.lines.board.clone());
        let systems = &board.systems;
        for name in systems.due(version::behind(&self.tasks())) {
            let Some(connection) = service.plan.connections.get(&name) else {
                continue;
            };
            let asked = tokio::select! {
                biased;
                () = stopped(&self.lines) => return,
                asked = version::ask(connection, &service.connections) => asked,
            };
            match asked {
                Ok(unfamiliar) => {
                    let told = unfamiliar.clone();
                    if systems.heard(&name, unfamiliar)
                        && let Some(unfamiliar) = told
                    {
                        service.watcher.unfamiliar(connection, &unfamiliar);
                    }
                }
                Err(error) => tracing::debug!(name, %error, "the version is asked for later"),
            }
        }
    }

    /// Has the systems asked anew: somebody may have updated one since.
    pub(super) fn doubt_versions(&self) {
        let systems = &self.lines.board.systems;
        systems.ask_again(version::behind(&self.tasks()));
    }

    fn tasks(&self) -> Vec<Task<'_>> {
        let own = |task: &Task<'_>| self.jobs.iter().any(|job| job.flow() == Some(task.name()));
        task::all(&self.service.plan)
            .into_iter()
            .filter(own)
            .collect()
    }
}
