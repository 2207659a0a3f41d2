//! A change of one row of the target, as a report or a dry run shows it.

use crate::db::query::TableName;
use crate::value::Value;
use serde::Serialize;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    Insert,
    Update,
    Remove,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RowChange {
    pub kind: ChangeKind,
    pub table: String,
    /// What tells the row apart, as text: `ID 41`, `post_id 41, meta_key _weight`; empty for a row yet to be created.
    pub row: String,
    pub columns: Vec<ColumnChange>,
    #[serde(skip)]
    keeps_values: bool,
}

/// Values as they are shown: cut to a readable length.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ColumnChange {
    pub column: String,
    /// `None` for an inserted row.
    pub old: Option<String>,
    /// `None` for a removed row.
    pub new: Option<String>,
    /// Old and new as they are, while somebody decides about the change.
    #[serde(skip)]
    pub values: Option<Box<[Value; 2]>>,
}

impl RowChange {
    pub fn new(kind: ChangeKind, table: &TableName, row: &[(&str, &Value)]) -> Self {
        let row: Vec<String> = row
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(column, value)| format!("{column} {}", value.show()))
            .collect();
        RowChange {
            kind,
            table: table.to_string(),
            row: row.join(", "),
            columns: Vec::new(),
            keeps_values: false,
        }
    }

    /// The values of columns to come are kept as they are, too, not only as they are shown.
    pub fn keeping_values(self, keeps_values: bool) -> Self {
        RowChange {
            keeps_values,
            ..self
        }
    }

    pub fn column(mut self, column: &str, old: Option<&Value>, new: Option<&Value>) -> Self {
        self.columns.push(ColumnChange {
            column: column.to_owned(),
            old: old.map(Value::show),
            new: new.map(Value::show),
            values: self
                .keeps_values
                .then(|| Box::new([old, new].map(|value| value.cloned().unwrap_or(Value::Null)))),
        });
        self
    }

    /// As it is kept for people.
    pub fn without_values(mut self) -> Self {
        for column in &mut self.columns {
            column.values = None;
        }
        self
    }
}
