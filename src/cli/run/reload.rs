//! `ponte reload`: how a command asks the service that runs for the project, and hears what becomes of it. Both know the state
//! folder, whatever the system and whoever runs them: the request is a file there, and so is the answer.

use super::Asked;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::oneshot;

const REQUEST: &str = "reload.request";
const ANSWER: &str = "reload.answer";
/// So often a folder is looked at.
const LOOK: Duration = Duration::from_millis(500);

#[derive(Serialize, Deserialize)]
struct Said {
    /// The request that is answered.
    request: String,
    /// What is wrong with the project; none: it is taken.
    error: Option<String>,
}

/// A request that waits for its answer.
pub struct Request {
    folder: PathBuf,
    id: String,
}

impl Request {
    /// # Errors
    /// A folder that cannot be written to.
    pub fn write(folder: &Path) -> io::Result<Request> {
        let id = format!("{:016x}", rand::random::<u64>());
        put(folder, REQUEST, &id)?;
        Ok(Request {
            folder: folder.to_owned(),
            id,
        })
    }

    /// What came of it; `None`: no service has answered in time, and none will.
    pub async fn answered(self, within: Duration) -> Option<Result<(), String>> {
        let answered = tokio::time::timeout(within, async {
            loop {
                let text = fs::read_to_string(self.folder.join(ANSWER)).unwrap_or_default();
                match serde_json::from_str::<Said>(&text) {
                    Ok(said) if said.request == self.id => return said.error,
                    _ => tokio::time::sleep(LOOK / 5).await,
                }
            }
        });
        match answered.await {
            Ok(error) => {
                // The next request's answer is written over one that stays.
                let _ = fs::remove_file(self.folder.join(ANSWER));
                Some(error.map_or(Ok(()), Err))
            }
            Err(_) => {
                // One that was taken at this moment is none any more.
                let _ = fs::remove_file(self.folder.join(REQUEST));
                None
            }
        }
    }
}

/// The service's side: what is asked for in its state folder.
pub(super) struct Requests {
    folder: PathBuf,
    open: Option<(String, oneshot::Receiver<Result<(), String>>)>,
}

impl Requests {
    pub fn of(folder: &Path) -> Requests {
        Requests {
            folder: folder.to_owned(),
            open: None,
        }
    }

    /// The next request. May be dropped at any time.
    pub async fn next(&mut self) -> Asked {
        loop {
            self.answer();
            tokio::time::sleep(LOOK).await;
            let path = self.folder.join(REQUEST);
            if self.open.is_some() || !path.exists() {
                continue;
            }
            let id = fs::read_to_string(&path).unwrap_or_default();
            // It is answered once; one that cannot be taken away would be answered for ever.
            if id.is_empty() || fs::remove_file(&path).is_err() {
                continue;
            }
            let (answer, answered) = oneshot::channel();
            self.open = Some((id, answered));
            return Asked::Reload(Some(answer));
        }
    }

    /// Writes the answer to the last request, once it is there.
    fn answer(&mut self) {
        let Some((id, answered)) = &mut self.open else {
            return;
        };
        let error = match answered.try_recv() {
            Ok(said) => said.err(),
            Err(oneshot::error::TryRecvError::Empty) => return,
            Err(oneshot::error::TryRecvError::Closed) => {
                Some("the service is being stopped".to_owned())
            }
        };
        let said = Said {
            request: std::mem::take(id),
            error,
        };
        self.open = None;
        let written = serde_json::to_string(&said).map_err(io::Error::from);
        if let Err(error) = written.and_then(|text| put(&self.folder, ANSWER, &text)) {
            tracing::warn!(%error, "the answer to `ponte reload` cannot be written");
        }
    }
}

impl Drop for Requests {
    /// The project is taken: the answer lies where it was asked.
    fn drop(&mut self) {
        self.answer();
    }
}

/// Whole or not at all.
fn put(folder: &Path, name: &str, text: &str) -> io::Result<()> {
    let beside = folder.join(format!("{name}.new"));
    fs::write(&beside, text)?;
    fs::rename(&beside, folder.join(name))
}
