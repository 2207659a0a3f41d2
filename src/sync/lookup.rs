//! Small tables that expressions look things up in: `term['product_type', 'simple'].id`, `tax[tax_class].rate`.
//!
//! Two kinds with one face. A `[let]` table is a query on the database, read once a run; what it does not hold is
//! NULL, since the shop may lack the row. A project's table stands in the project file; what it does not hold is an
//! error, since somebody forgot to say it.
//!
//! Keys are compared by their text, so that a number read from one side finds the same number written on the other.

use crate::db::query::Query;
use crate::db::{self, DbError, DbErrorKind, Session};
use crate::expr::EvalError;
use crate::plan::{Let, ProjectTable};
use crate::value::{Row, Value};
use futures_util::TryStreamExt;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

/// Most rows of one `[let]` table: they are kept in memory for the whole run.
pub const ROWS_MAX: usize = 100_000;

/// The small tables of one database and of the project, with their contents.
#[derive(Debug, Clone, Default)]
pub struct Lookups {
    tables: BTreeMap<String, Table>,
}

#[derive(Debug, Clone)]
struct Table {
    columns: Vec<String>,
    rows: BTreeMap<Vec<String>, Found>,
    /// `[shop.main.tax]` for a table of the project file: a missing row is an error that names it.
    title: Option<String>,
}

#[derive(Debug, Clone)]
enum Found {
    Row(Vec<Value>),
    /// Several rows have this key: which of them counts is not ponte's to guess.
    Several,
}

impl Lookups {
    /// Reads the `[let]` tables.
    ///
    /// # Errors
    /// Those of the database; and `Undefined` if a query does not yield its key, `Other` if it yields more than
    /// [`ROWS_MAX`] rows.
    pub async fn read(session: &mut dyn Session, lets: &[Let]) -> db::Result<Lookups> {
        let mut tables = BTreeMap::new();
        for one in lets {
            let table = read_table(session, one)
                .await
                .map_err(|error| error.context(format_args!("`[let.{}]`", one.name)))?;
            tables.insert(one.name.clone(), table);
        }
        Ok(Lookups { tables })
    }

    /// Adds the tables of the project file.
    pub fn with(mut self, tables: &[ProjectTable]) -> Lookups {
        for table in tables {
            let rows = table.rows.iter().map(|(key, row)| {
                let value = |column| row.get(column).cloned().unwrap_or(Value::Null);
                let values = table.columns.iter().map(value).collect();
                (vec![key.clone()], Found::Row(values))
            });
            let table_here = Table {
                columns: table.columns.clone(),
                rows: rows.collect(),
                title: Some(table.title.clone()),
            };
            self.tables.insert(table.name.clone(), table_here);
        }
        self
    }

    /// The tables with their columns: what a name in an expression may mean.
    pub fn columns(&self) -> HashMap<String, Vec<String>> {
        let pairs = self.tables.iter();
        pairs
            .map(|(name, table)| (name.clone(), table.columns.clone()))
            .collect()
    }

    /// The value in the row with these keys. In a `[let]` table a missing row or a NULL key gives NULL.
    ///
    /// # Errors
    /// A table or column that does not exist (names are checked when an expression is resolved), several rows with
    /// this key; in a project's table a missing row or a NULL key.
    pub fn get(
        &self,
        table: &str,
        keys: &[Value],
        column: &str,
    ) -> Result<Cow<'_, Value>, EvalError> {
        let invalid = |message: String| Err(EvalError::Invalid(message));
        let null = || Ok(Cow::Owned(Value::Null));
        let Some(found) = self.tables.get(table) else {
            return invalid(format!("there is no small table `{table}`"));
        };
        let Some(at) = found.columns.iter().position(|known| known == column) else {
            return invalid(format!("`{table}` has no column `{column}`"));
        };
        let Some(texts) = key_texts(keys) else {
            return match &found.title {
                None => null(),
                Some(title) => invalid(format!(
                    "the key of `{table}` is NULL, so no row of `{title}` is meant"
                )),
            };
        };
        match (found.rows.get(&texts), &found.title) {
            (Some(Found::Row(values)), _) => Ok(Cow::Borrowed(&values[at])),
            (Some(Found::Several), _) => invalid(format!(
                "`{table}` has several rows with the key {}",
                shown(&texts)
            )),
            (None, None) => null(),
            (None, Some(title)) => Err(EvalError::NoRow {
                table: title.clone(),
                row: shown(&texts),
            }),
        }
    }

    /// All rows of a `[let]` table, in the order of their keys.
    ///
    /// # Errors
    /// A table that does not exist; several rows with one key.
    pub fn rows(&self, table: &str) -> Result<Vec<Row>, EvalError> {
        let Some(found) = self.tables.get(table) else {
            return Err(EvalError::Invalid(format!(
                "there is no small table `{table}`"
            )));
        };
        let row = |(key, found): (&Vec<String>, &Found)| match found {
            Found::Row(values) => Ok(values.clone().into_boxed_slice()),
            Found::Several => Err(EvalError::Invalid(format!(
                "`{table}` has several rows with the key {}",
                shown(key)
            ))),
        };
        found.rows.iter().map(row).collect()
    }

    /// Of all contents, for fingerprints: another content applies a mapping again to every row.
    pub fn digest(&self) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        let mut buffer = Vec::new();
        let text = |text: &str, buffer: &mut Vec<u8>| {
            buffer.extend_from_slice(&(text.len() as u64).to_le_bytes());
            buffer.extend_from_slice(text.as_bytes());
        };
        for (name, table) in &self.tables {
            text(name, &mut buffer);
            count(table.columns.len(), &mut buffer);
            for column in &table.columns {
                text(column, &mut buffer);
            }
            count(table.rows.len(), &mut buffer);
            for (key, found) in &table.rows {
                count(key.len(), &mut buffer);
                for part in key {
                    text(part, &mut buffer);
                }
                match found {
                    Found::Several => buffer.push(0),
                    Found::Row(values) => {
                        buffer.push(1);
                        for value in values {
                            value.encode(&mut buffer);
                        }
                    }
                }
                hasher.update(&buffer);
                buffer.clear();
            }
        }
        hasher.update(&buffer);
        *hasher.finalize().as_bytes()
    }
}

fn count(number: usize, into: &mut Vec<u8>) {
    into.extend_from_slice(&(number as u64).to_le_bytes());
}

async fn read_table(session: &mut dyn Session, one: &Let) -> db::Result<Table> {
    let query = Query::sql(one.sql.text.clone());
    // Asked beforehand, since a query without rows does not tell its columns.
    let described = session.describe(&query).await?;
    let columns: Vec<String> = described.into_iter().map(|column| column.name).collect();
    let mut key_at = Vec::new();
    for name in &one.key {
        match columns.iter().position(|column| column == name) {
            Some(at) => key_at.push(at),
            None => {
                return Err(DbError::new(
                    DbErrorKind::Undefined,
                    format_args!(
                        "the query does not yield its key `{name}`; it yields {}",
                        columns.join(", ")
                    ),
                ));
            }
        }
    }
    let mut rows = BTreeMap::new();
    let mut stream = session.read(&query).await?;
    while let Some(batch) = stream.try_next().await? {
        for row in batch.rows {
            let values: Vec<Value> = key_at.iter().map(|at| row[*at].clone()).collect();
            // A row without a key cannot be asked for.
            let Some(key) = key_texts(&values) else {
                continue;
            };
            rows.entry(key)
                .and_modify(|found| *found = Found::Several)
                .or_insert_with(|| Found::Row(row.into_vec()));
        }
        if rows.len() > ROWS_MAX {
            return Err(DbError::new(
                DbErrorKind::Other,
                format_args!("more than {ROWS_MAX} rows: a table this large is no look-up table"),
            ));
        }
    }
    Ok(Table {
        columns,
        rows,
        title: None,
    })
}

fn key_texts(keys: &[Value]) -> Option<Vec<String>> {
    keys.iter()
        .map(|key| Some(key_text(key)?.into_owned()))
        .collect()
}

/// The text that a key is compared by; `None` for NULL.
fn key_text(value: &Value) -> Option<Cow<'_, str>> {
    Some(match value {
        Value::Null => return None,
        Value::Text(text) | Value::Json(text) => Cow::Borrowed(text),
        Value::Bool(truth) => Cow::Borrowed(if *truth { "1" } else { "0" }),
        Value::Int(number) => Cow::Owned(number.to_string()),
        Value::UInt(number) => Cow::Owned(number.to_string()),
        Value::Decimal(number) => Cow::Owned(number.to_string()),
        Value::Float(number) => Cow::Owned(number.to_string()),
        Value::Bytes(bytes) => String::from_utf8_lossy(bytes),
        Value::Date(date) => Cow::Owned(date.to_string()),
        Value::Time(time) => Cow::Owned(time.to_string()),
        Value::DateTime(wall) => Cow::Owned(wall.to_string()),
        Value::Timestamp(moment) => Cow::Owned(moment.to_rfc3339()),
        Value::Uuid(uuid) => Cow::Owned(uuid.to_string()),
    })
}

fn shown(keys: &[String]) -> String {
    let quoted: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
    quoted.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    fn got(lookups: &Lookups, table: &str, key: Value, column: &str) -> Result<Value, EvalError> {
        lookups.get(table, &[key], column).map(Cow::into_owned)
    }

    fn project(rate: i64) -> ProjectTable {
        let row = BTreeMap::from([("rate".to_owned(), Value::Int(rate))]);
        ProjectTable {
            name: "tax".to_owned(),
            columns: vec!["rate".to_owned(), "class".to_owned()],
            rows: BTreeMap::from([("IVA22".to_owned(), row)]),
            title: "[shop.main.tax]".to_owned(),
        }
    }

    fn from_database() -> Lookups {
        let rows = BTreeMap::from([
            (
                vec!["7".to_owned()],
                Found::Row(vec![Value::Int(7), text("seven")]),
            ),
            (vec!["8".to_owned()], Found::Several),
        ]);
        let table = Table {
            columns: vec!["id".to_owned(), "name".to_owned()],
            rows,
            title: None,
        };
        Lookups {
            tables: BTreeMap::from([("number".to_owned(), table)]),
        }
    }

    #[test]
    fn keys_are_equal_by_their_text() {
        let lookups = from_database();
        for key in [Value::Int(7), Value::UInt(7), text("7")] {
            assert_eq!(got(&lookups, "number", key, "name"), Ok(text("seven")));
        }
    }

    #[test]
    fn what_the_database_lacks_is_null() {
        let lookups = from_database();
        assert_eq!(
            got(&lookups, "number", Value::Int(9), "name"),
            Ok(Value::Null)
        );
        assert_eq!(
            got(&lookups, "number", Value::Null, "name"),
            Ok(Value::Null)
        );
        assert!(got(&lookups, "number", Value::Int(8), "name").is_err());
    }

    #[test]
    fn what_the_project_lacks_is_an_error_that_names_the_table() {
        let lookups = Lookups::default().with(&[project(22)]);
        assert_eq!(
            got(&lookups, "tax", text("IVA22"), "rate"),
            Ok(Value::Int(22))
        );
        assert_eq!(
            got(&lookups, "tax", text("IVA22"), "class"),
            Ok(Value::Null)
        );
        let missing = got(&lookups, "tax", text("IVA4"), "rate").unwrap_err();
        assert_eq!(missing.to_string(), "`[shop.main.tax]` has no row `IVA4`");
        assert!(got(&lookups, "tax", Value::Null, "rate").is_err());
    }

    #[test]
    fn the_digest_follows_the_contents() {
        let digest = |rate| Lookups::default().with(&[project(rate)]).digest();
        assert_eq!(digest(22), digest(22));
        assert_ne!(digest(22), digest(10));
        assert_ne!(digest(22), from_database().digest());
    }
}
