//! What becomes of gone records' rows, held against the live tables.

use super::{Binder, BoundMatch, BoundWrite};
use crate::db::catalog::Table;
use crate::diagnostic::Diagnostic;
use crate::plan::{Flow, GonePolicy, Remove};
use crate::sync::layout::Layout;

/// As far as the flow's policy needs it.
#[derive(Debug, Default)]
pub struct BoundGone<'p> {
    pub writes: Vec<BoundWrite<'p>>,
    pub removes: Vec<BoundRemove<'p>>,
}

#[derive(Debug)]
pub struct BoundRemove<'p> {
    pub remove: &'p Remove,
    pub table: Table,
    pub matches: Vec<BoundMatch>,
}

impl Binder<'_> {
    pub(super) fn gone<'p>(&mut self, flow: &'p Flow, layout: &mut Layout) -> BoundGone<'p> {
        let gone = &flow.target.gone;
        let mut bound = BoundGone::default();
        match gone.policy {
            GonePolicy::Keep => {}
            GonePolicy::Deactivate => {
                for write in &gone.writes {
                    bound.writes.extend(self.known_rows(write, layout));
                }
            }
            GonePolicy::Delete => {
                for remove in &gone.removes {
                    bound.removes.extend(self.remove(remove, layout));
                }
            }
        }
        bound
    }

    fn remove<'p>(&mut self, remove: &'p Remove, layout: &mut Layout) -> Option<BoundRemove<'p>> {
        if !self.applies(remove.condition.as_ref(), layout) {
            return None;
        }
        let table = self.table(&remove.table, &remove.table_at)?;
        let matches = self.matches(&remove.matches, None, &table, layout);
        if table.privileges.delete == Some(false) {
            self.diagnostics.push(
                Diagnostic::error(
                    "P330",
                    format!("the login may not DELETE on `{}`", remove.table),
                )
                .at(&remove.table_at, "")
                .help(format!(
                    "GRANT DELETE ON {} TO the login of this connection",
                    remove.table
                )),
            );
        }
        Some(BoundRemove {
            remove,
            table,
            matches,
        })
    }
}
