//! The session's own tables: temporary ones, table variables, SELECT INTO.

use super::catalog::Table;
use super::define::own_table;
use super::error::{Result, SqlError};
use super::session::{Reply, Session};
use super::syntax::{self, Constraint, Index, Kind, Name};
use super::translate::Relation;
use super::types::Type;
use rusqlite::types::Value;

impl Session {
    pub(super) fn create_own(
        &mut self,
        name: &str,
        columns: &[syntax::Column],
        constraints: &[Constraint],
    ) -> Result<()> {
        let columns = self.columns(columns, constraints, 1)?;
        let texts: Vec<String> = columns
            .iter()
            .map(|column| self.column_text(&columns, column))
            .collect::<Result<_>>()?;
        let table = own_table(name, columns);
        let mut texts = texts;
        for constraint in constraints {
            if let Constraint::Check { condition, .. } = constraint {
                texts.push(format!(
                    "CHECK ({})",
                    self.condition_of_columns(&table.columns, condition)?
                ));
            }
        }
        let place = table.place.clone();
        let drop = if name.starts_with('@') {
            format!("DROP TABLE IF EXISTS {place};")
        } else {
            String::new()
        };
        self.writing(false, |session| {
            session.connection.execute_batch(&format!(
                "{drop} CREATE TABLE {place} ({}) STRICT",
                texts.join(", ")
            ))?;
            session.own_identities.remove(&table.place);
            session.own.insert(name.to_lowercase(), table.clone());
            for (at, constraint) in constraints.iter().enumerate() {
                match constraint {
                    Constraint::Key { columns, .. } => {
                        let columns = columns
                            .iter()
                            .map(|column| (column.clone(), false))
                            .collect();
                        let index = Index {
                            name: format!("key {at}"),
                            is_unique: true,
                            columns,
                            include: Vec::new(),
                            filter: None,
                        };
                        session.index_own(&table, &index)?;
                    }
                    Constraint::Index(index) => session.index_own(&table, index)?,
                    Constraint::Check { .. } => {}
                    _ => {
                        return Err(SqlError::new(
                            1766,
                            16,
                            "Foreign key references to temporary tables are not supported.",
                        ));
                    }
                }
            }
            Ok(())
        })
    }

    pub(super) fn index_own(&self, table: &Table, index: &Index) -> Result<()> {
        for sql in self.index_texts(table, index, "temp")? {
            self.connection.execute_batch(&sql)?;
        }
        Ok(())
    }

    pub(super) fn select_into(
        &mut self,
        into: &Name,
        relation: Relation,
        params: Vec<Value>,
        reply: &mut Reply,
    ) -> Result<()> {
        let mut columns = Vec::new();
        for (at, column) in relation.columns.iter().enumerate() {
            if column.name.is_empty() {
                return Err(SqlError::new(
                    1038,
                    15,
                    "An object or column name is missing or empty. For SELECT INTO statements, verify each column has a name.",
                ));
            }
            let _ = at;
            columns.push(syntax::Column {
                name: column.name.clone(),
                ty: column.ty,
                nullable: Some(column.nullable),
                identity: column.identity.then_some((1, 1)),
                default: None,
                computed: None,
            });
        }
        let plain: Vec<syntax::Column> = columns
            .iter()
            .map(|column| syntax::Column {
                identity: None,
                ..column.clone()
            })
            .collect();
        let create = Kind::CreateTable {
            name: into.clone(),
            columns: plain,
            constraints: Vec::new(),
        };
        self.define(&create)?;
        let facts = self.facts()?;
        let table = self.env(&facts).table(into)?;
        let places: Vec<usize> = (0..table.columns.len()).collect();
        let types: Vec<Type> = relation.columns.iter().map(|column| column.ty).collect();
        let rows = self.writing(!table.is_own(), |session| {
            let rows = session.rows(&relation, &params)?;
            session.store(&table, &places, &types, rows, None, false, reply)
        })?;
        self.counted(reply, 0xc1, rows);
        Ok(())
    }
}
