//! Names and values that would be SQL, templates or a terminal's commands, if anything took them for such.

use super::{Case, run};
