//! From a project file to the [`Plan`]: the only entry is [`load`].
//!
//! 1. [`structure`]: a text is parsed and held against the JSON Schema of its type: unknown keys, wrong types and
//!    missing keys, all at once. What is right of it becomes plain types ([`project`], [`mapping`]) whose values know
//!    where they stand ([`spanned`]).
//! 2. [`pack`]: the packs that the project names are read in the same way.
//! 3. [`resolve`]: packs are joined, overrides applied, `{variables}` filled in, expressions parsed, names held
//!    against what is known without a database.
//!
//! No step stops at an error: what is wrong is reported and left out, and the next step sees the rest. Only a project
//! without any error becomes a plan.

mod asks;
mod body;
mod connection;
pub mod digest;
mod extend;
mod extra;
mod forms;
mod mapping;
mod pack;
mod project;
pub mod record;
mod resolve;
pub mod schema;
mod scope;
mod secret;
mod source;
mod spanned;
mod structure;
mod texts;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::plan::Plan;
use source::Loader;
use std::path::Path;

pub use asks::{PackAsks, pack_asks};
pub use mapping::Side;
pub use pack::embedded as embedded_packs;

/// Loads a project file with its packs. `env` yields environment variables.
///
/// # Errors
/// Everything that is wrong with any of the files, warnings included, sorted by file and position.
pub fn load(
    path: &Path,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<(Plan, Vec<Diagnostic>), Diagnostics> {
    let base = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => Path::new(".").to_owned(),
    };
    let shown = path.file_name().unwrap_or(path.as_os_str());
    let mut loader = Loader::new(base, env);
    let text = loader.read(path, &shown.to_string_lossy());
    let project = text.and_then(|text| {
        // What messages quote shows no password; the places are the same.
        let file = loader.add(shown.to_string_lossy(), secret::masked(&text));
        let project = extra::read_project(&file, &text, &mut loader.found)?;
        Some((file, project))
    });
    let plan = project.map(|(file, project)| resolve::resolve(&mut loader, &file, path, &project));
    let mut found = Diagnostics(loader.found);
    found.sort(&loader.files);
    match plan {
        Some(plan) if found.errors() == 0 => Ok((plan, found.0)),
        _ => Err(found),
    }
}
