//! Reading what a pack's query yields: named columns in, texts and exact numbers out.

use super::StockError;
use crate::db::Session;
use crate::db::query::Query;
use crate::db::template;
use crate::plan::ServerSql;
use crate::sync::derived::Binding;
use crate::value::{Decimal, Row, Type, Value, convert, iso};
use chrono::NaiveDateTime;
use futures_util::TryStreamExt;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// Longer lists are not sent to the server: everything is read and chosen from here.
pub const LIST_MAX: usize = 10_000;

/// A query of a pack, narrowed to rows whose column has one of the values: blanks around them aside, and by the
/// server's collation, so what comes back is still to be compared byte for byte.
pub fn narrowed(sql: &ServerSql, column: &str, values: &BTreeSet<String>) -> ServerQuery {
    let narrow =
        (values.len() <= LIST_MAX).then(|| (column.to_owned(), values.iter().cloned().collect()));
    ServerQuery {
        sql: sql.clone(),
        narrow,
    }
}

/// A query of a pack as it will be asked.
pub struct ServerQuery {
    sql: ServerSql,
    narrow: Option<(String, Vec<String>)>,
}

impl From<&ServerSql> for ServerQuery {
    fn from(sql: &ServerSql) -> Self {
        ServerQuery {
            sql: sql.clone(),
            narrow: None,
        }
    }
}

impl ServerQuery {
    fn query(&self, bound: Binding<'_>) -> Result<Query, StockError> {
        let query = template::bind(&self.sql.text, bound)
            .map_err(|name| self.yields(format!("nothing is bound to `:{name}` here")))?;
        Ok(match &self.narrow {
            None => query,
            Some((column, values)) => {
                let list = values.iter().cloned().map(Value::Text).collect();
                let narrow = format!("\n) s WHERE LTRIM(RTRIM(s.{column})) IN (");
                Query::sql("SELECT * FROM (")
                    .append(query)
                    .text(narrow)
                    .list(list)
                    .text(")")
            }
        })
    }

    pub fn yields(&self, message: impl Into<String>) -> StockError {
        StockError::Yield {
            place: self.sql.at.place(),
            message: message.into(),
        }
    }

    /// Reads the rows one by one: `take` gets the columns' names, the positions of `names` among them (`None` for one
    /// that the query does not yield) and the row.
    ///
    /// # Errors
    /// Those of the database, and what `take` says is wrong with a row.
    pub async fn each(
        &self,
        session: &mut dyn Session,
        bound: Binding<'_>,
        names: &[&str],
        mut take: impl FnMut(&[String], &[Option<usize>], Row) -> Result<(), String> + Send,
    ) -> Result<(), StockError> {
        let query = self.query(bound)?;
        let at_work = |error: crate::db::DbError| error.context(self.sql.at.place());
        let mut stream = session.read(&query).await.map_err(at_work)?;
        let mut at: Option<Vec<Option<usize>>> = None;
        while let Some(batch) = stream.try_next().await.map_err(at_work)? {
            let position = |name: &&str| batch.columns.iter().position(|column| column == name);
            let at = at.get_or_insert_with(|| names.iter().map(position).collect());
            for row in batch.rows {
                take(&batch.columns, at, row).map_err(|message| self.yields(message))?;
            }
        }
        Ok(())
    }
}

/// The value of a column that the query must yield.
pub fn needed<'r>(row: &'r Row, at: Option<usize>, name: &str) -> Result<&'r Value, String> {
    at.map(|at| &row[at])
        .ok_or_else(|| format!("the query yields no column `{name}`"))
}

/// Text without the blanks around it; NULL and `''` are `None`.
pub fn text(value: &Value) -> Result<Option<Cow<'_, str>>, String> {
    let text = match value {
        Value::Text(text) => Cow::Borrowed(text.trim_matches(' ')),
        _ => match convert(value.clone(), &Type::TEXT) {
            Ok(Value::Text(text)) => Cow::Owned(text.trim_matches(' ').to_owned()),
            Ok(_) => return Ok(None),
            Err(misfit) => return Err(format!("{misfit}; value {}", value.show())),
        },
    };
    Ok(Some(text).filter(|text| !text.is_empty()))
}

/// An exact number; NULL and blank text are `None`.
pub fn number(value: &Value) -> Result<Option<Decimal>, String> {
    if matches!(value, Value::Text(text) if text.trim().is_empty()) {
        return Ok(None);
    }
    match convert(value.clone(), &Type::NUMBER) {
        Ok(Value::Decimal(number)) => Ok(Some(number)),
        Ok(_) => Ok(None),
        Err(misfit) => Err(format!("{misfit}; value {}", value.show())),
    }
}

/// A truth as shops write them: 0 and NULL are no.
pub fn truth(value: &Value) -> Result<bool, String> {
    match value {
        Value::Bool(truth) => Ok(*truth),
        other => Ok(number(other)?.is_some_and(|number| !number.is_zero())),
    }
}

/// A point in time; what has no zone is taken as UTC, which is near enough to tell days.
pub fn moment(value: &Value) -> Option<NaiveDateTime> {
    match value {
        Value::DateTime(wall) => Some(*wall),
        Value::Timestamp(moment) => Some(moment.naive_utc()),
        Value::Date(date) => date.and_hms_opt(0, 0, 0),
        Value::Text(text) => match iso::parse_moment(text) {
            Ok(iso::Moment::Wall(wall)) => Some(wall),
            Ok(iso::Moment::Utc(moment)) => Some(moment.naive_utc()),
            Err(_) => None,
        },
        _ => None,
    }
}
