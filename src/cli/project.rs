//! The project that a command works on.

use super::answer::Failure;
use super::output;
use crate::connections::Connections;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::plan::Plan;
use std::path::Path;

/// A project as it was loaded, with its databases ready to connect.
pub struct Project {
    pub plan: Plan,
    pub connections: Connections,
    pub warnings: Vec<Diagnostic>,
}

impl Project {
    /// # Errors
    /// A missing file, everything wrong with the configuration, a connection that cannot be prepared.
    pub fn open(path: &Path) -> Result<Project, Failure> {
        if !path.exists() {
            return Err(Failure::NoProject(path.to_owned()));
        }
        let env = |name: &str| std::env::var(name).ok();
        let (plan, warnings) = crate::config::load(path, &env).map_err(Failure::Configuration)?;
        let connections = Connections::new(&plan)?;
        Ok(Project {
            plan,
            connections,
            warnings,
        })
    }

    /// Warnings of the configuration, for the commands that are about something else.
    pub fn warn(&self, as_json: bool) {
        if !as_json && !self.warnings.is_empty() {
            output::say(&Diagnostics(self.warnings.clone()).render(true));
        }
    }
}
