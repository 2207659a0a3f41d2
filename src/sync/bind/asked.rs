//! The tables that a mapping asks about without reading or writing them.

use crate::db::query::TableName;
use crate::expr::{Expr, Name, Resolve, Slot, Unknown};

/// The tables that an expression asks about by `has_table` and `has_column`.
pub fn asked_tables(expr: &Expr) -> Vec<TableName> {
    let mut asked = AskedTables::default();
    // What the names mean is told when the flow is bound; here only the tables matter.
    let _ = expr.resolve(&mut asked);
    let names = asked.0.iter();
    names.map(|name| TableName::parse(name)).collect()
}

/// Notes the tables that `has_table` and `has_column` ask about.
#[derive(Default)]
struct AskedTables(Vec<String>);

impl Resolve for AskedTables {
    fn name(&mut self, _: &Name<'_>) -> Result<Slot, Unknown> {
        Ok(0)
    }

    fn has_table(&mut self, table: &str) -> bool {
        self.0.push(table.to_owned());
        false
    }

    fn has_column(&mut self, table: &str, _: &str) -> bool {
        self.0.push(table.to_owned());
        false
    }
}
