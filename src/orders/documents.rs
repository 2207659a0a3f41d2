//! What the ERP has of orders, as the pack's `documents` yields it: web orders by their reference, and those that somebody
//! typed by hand.

use crate::db::query::Query;
use crate::db::{self, Session};
use crate::plan::ServerSql;
use crate::sync::narrow::restrict;
use crate::value::{Decimal, Row, Type, Value, convert, iso};
use chrono::NaiveDate;
use futures_util::TryStreamExt;
use serde::Serialize;

/// What the query has to yield.
pub const COLUMNS: [&str; 9] = [
    "reference",
    "id",
    "number",
    "total",
    "state",
    "day",
    "email",
    "name",
    "note",
];

/// Documents asked for at once.
const PAGE: usize = 1000;

/// How far the ERP's people have come with an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Nobody has taken anything from a shelf for it.
    Open,
    Picked,
    Delivered,
    Cancelled,
}

impl Stage {
    /// A word that is none of the four means that it is in somebody's hands.
    fn parse(text: &str) -> Stage {
        match text {
            "open" => Stage::Open,
            "delivered" => Stage::Delivered,
            "cancelled" => Stage::Cancelled,
            _ => Stage::Picked,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Stage::Open => "open",
            Stage::Picked => "picked",
            Stage::Delivered => "delivered",
            Stage::Cancelled => "cancelled",
        }
    }
}

/// An order of the ERP.
#[derive(Debug, Clone)]
pub struct Document {
    /// `<shop>/<order id>`; `None`: it came from no shop, as far as the ERP knows.
    pub reference: Option<String>,
    /// What a link holds.
    pub id: Value,
    /// As people call it.
    pub number: String,
    pub total: Option<Decimal>,
    pub stage: Stage,
    pub day: Option<NaiveDate>,
}

/// The ERP's orders, ready to be asked for.
pub struct Documents<'p> {
    sql: &'p ServerSql,
    number: Type,
    id: Type,
}

impl<'p> Documents<'p> {
    /// # Errors
    /// Those of the database.
    pub async fn open(sql: &'p ServerSql, erp: &mut dyn Session) -> db::Result<Documents<'p>> {
        let described = erp.describe(&Query::sql(sql.text.clone())).await?;
        let ty = |name: &str| {
            let column = described.iter().find(|column| column.name == name);
            column.map_or(Type::TEXT, |column| column.ty.clone())
        };
        Ok(Documents {
            sql,
            number: ty("number"),
            id: ty("id"),
        })
    }

    fn select(&self, further: &str) -> Query {
        Query::sql(format!(
            "SELECT d.reference, d.id, d.number, d.total, d.state, d.day{further} FROM ({}\n) d",
            self.sql.text
        ))
    }

    /// Those that bear one of these references.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn of(
        &self,
        erp: &mut dyn Session,
        references: &[String],
    ) -> db::Result<Vec<Document>> {
        self.by(erp, "reference", references, &Type::TEXT).await
    }

    /// Those that links lead to.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn linked(&self, erp: &mut dyn Session, ids: &[String]) -> db::Result<Vec<Document>> {
        self.by(erp, "id", ids, &self.id).await
    }

    /// Those that people call so.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn called(&self, erp: &mut dyn Session, number: &str) -> db::Result<Vec<Document>> {
        self.by(erp, "number", &[number.to_owned()], &self.number)
            .await
    }

    /// Tells each document of these days that bears no reference and is not cancelled, with its customer's email and name and its note.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn unreferenced(
        &self,
        erp: &mut dyn Session,
        first: NaiveDate,
        last: NaiveDate,
        mut tell: impl FnMut(Document, [&Value; 3]),
    ) -> db::Result<()> {
        let query = self
            .select(", d.email, d.name, d.note")
            .text(" WHERE (d.reference IS NULL OR d.reference = '') AND d.state <> 'cancelled' AND d.day >= ")
            .value(Value::Date(first))
            .text(" AND d.day <= ")
            .value(Value::Date(last));
        let mut stream = erp.read(&query).await?;
        while let Some(batch) = stream.try_next().await? {
            for row in &batch.rows {
                tell(document(row), [&row[6], &row[7], &row[8]]);
            }
        }
        Ok(())
    }

    async fn by(
        &self,
        erp: &mut dyn Session,
        column: &str,
        values: &[String],
        ty: &Type,
    ) -> db::Result<Vec<Document>> {
        if values.is_empty() {
            return Ok(Vec::new());
        }
        let query = restrict(self.select(""), " WHERE ", column, values, Some(ty));
        Ok(db::fetch(erp, &query).await?.iter().map(document).collect())
    }

    /// The next web orders of a shop by their references, and the last of them; from this day on.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn page(
        &self,
        erp: &mut dyn Session,
        shop: &str,
        from: NaiveDate,
        behind: Option<&str>,
    ) -> db::Result<Vec<Document>> {
        let text = |text: String| Value::Text(text);
        let mut query = self
            .select("")
            .text(" WHERE d.reference LIKE ")
            .value(text(format!("{shop}/%")))
            .text(" AND d.day >= ")
            .value(Value::Date(from));
        if let Some(behind) = behind {
            query = query
                .text(" AND d.reference > ")
                .value(text(behind.to_owned()));
        }
        let query = query.text(" ORDER BY d.reference").limit(PAGE, true);
        Ok(db::fetch(erp, &query).await?.iter().map(document).collect())
    }
}

fn document(row: &Row) -> Document {
    let reference = row[0].plain();
    let reference = reference.trim();
    Document {
        reference: (!reference.is_empty()).then(|| reference.to_owned()),
        id: row[1].clone(),
        number: row[2].plain().trim().to_owned(),
        total: amount(&row[3]),
        stage: Stage::parse(row[4].plain().trim()),
        day: day(&row[5]),
    }
}

/// A sum of money, to the cent; `None` if the value is none.
pub fn amount(value: &Value) -> Option<Decimal> {
    match convert(value.clone(), &Type::NUMBER) {
        Ok(Value::Decimal(number)) => Some(number.round(2)),
        _ => None,
    }
}

/// As money is written: two places.
pub fn money(sum: &Decimal) -> String {
    sum.to_money()
}

fn day(value: &Value) -> Option<NaiveDate> {
    match value {
        Value::Date(day) => Some(*day),
        Value::DateTime(wall) => Some(wall.date()),
        Value::Timestamp(moment) => Some(moment.date_naive()),
        Value::Text(text) => iso::parse_date(text.get(..10)?).ok(),
        _ => None,
    }
}
