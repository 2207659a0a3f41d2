//! What the ERP says of linked documents, a page of links at a time.

use super::decide::{Parcel, Told};
use crate::db::query::Query;
use crate::db::template::{self, Bound};
use crate::db::{self, DbError, DbErrorKind, Isolation, Session};
use crate::own::link::Link;
use crate::plan::ServerSql;
use crate::plan::fulfilment::{Documents, State};
use crate::sync::report::Reason;
use crate::value::{Type, Value, convert};
use std::collections::HashMap;

/// Who gets mails about an order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Contact {
    /// The shop's order.
    pub reference: String,
    /// As the customer knows it.
    pub number: String,
    pub name: String,
    /// Empty: nobody knows.
    pub email: String,
    /// Empty: the shop's.
    pub language: String,
}

/// The ERP's side, its queries prepared once.
pub struct Erp<'p> {
    documents: &'p Documents,
    /// Of the documents' key: as links have it, it is a text.
    key: Type,
    /// Parcels say when they were delivered.
    tells_delivery: bool,
}

impl<'p> Erp<'p> {
    /// # Errors
    /// Those of the database, which may refuse the pack's query.
    pub async fn open(session: &mut dyn Session, documents: &'p Documents) -> db::Result<Erp<'p>> {
        let query = wrapped(&documents.sql, &["document"], vec![Value::Null])?;
        let columns = session.describe(&query).await?;
        let key = columns.into_iter().next().map(|column| column.ty);
        let mut tells_delivery = false;
        if let Some(sql) = &documents.parcels {
            let described = session.describe(&bound(sql, vec![Value::Null])?).await?;
            tells_delivery = described.iter().any(|column| column.name == DELIVERED_ON);
        }
        Ok(Erp {
            tells_delivery,
            documents,
            key: key.unwrap_or(Type::Other(String::new())),
        })
    }

    /// What becomes of the linked orders, in one picture: a delivery that is booked meanwhile is seen with its parcel or not at
    /// all. With why one cannot be told.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn told(
        &self,
        session: &mut dyn Session,
        links: &HashMap<String, Link>,
    ) -> db::Result<(Vec<Told>, Vec<(String, Reason)>)> {
        let of: HashMap<&str, &str> = links
            .iter()
            .map(|(key, link)| (link.id.as_str(), key.as_str()))
            .collect();
        let ids: Vec<Value> = of.keys().filter_map(|id| typed(id, &self.key)).collect();
        if ids.is_empty() {
            return Ok((Vec::new(), Vec::new()));
        }
        session.begin(Isolation::Snapshot).await?;
        let mut parcels: HashMap<String, Vec<Parcel>> = HashMap::new();
        if let Some(sql) = &self.documents.parcels {
            let mut columns = vec!["document", "parcel", "carrier", "tracking", "shipped_on"];
            columns.extend(self.tells_delivery.then_some(DELIVERED_ON));
            for row in db::fetch(session, &wrapped(sql, &columns, ids.clone())?).await? {
                parcels.entry(text(&row[0])).or_default().push(Parcel {
                    number: text(&row[1]),
                    carrier: text(&row[2]),
                    tracking: text(&row[3]),
                    shipped_on: text(&row[4]),
                    delivered_on: row.get(5).map(text),
                });
            }
        }
        let (mut told, mut wrong) = (Vec::new(), Vec::new());
        let columns = ["document", "state", "invoice"];
        for row in db::fetch(session, &wrapped(&self.documents.sql, &columns, ids)?).await? {
            let document = text(&row[0]);
            let Some(key) = of.get(document.as_str()) else {
                continue;
            };
            let word = match &row[1] {
                Value::Null => State::Open.name().to_owned(),
                word => text(word),
            };
            let Some(state) = State::of(&word) else {
                wrong.push(((*key).to_owned(), unknown(&word)));
                continue;
            };
            let mut parcels = parcels.remove(&document).unwrap_or_default();
            parcels.sort();
            told.push(Told {
                key: (*key).to_owned(),
                state,
                invoice: text(&row[2]),
                parcels,
            });
        }
        session.rollback().await?;
        told.sort_by(|a, b| a.key.cmp(&b.key));
        Ok((told, wrong))
    }
}

impl Erp<'_> {
    /// A document's key as the ERP has it; `None` if it cannot be one.
    pub fn typed(&self, document: &str) -> Option<Value> {
        typed(document, &self.key)
    }

    /// The customers of the linked orders, by the shop's reference.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn contacts(
        &self,
        session: &mut dyn Session,
        links: &HashMap<String, Link>,
    ) -> db::Result<HashMap<String, Contact>> {
        let Some(sql) = &self.documents.contacts else {
            return Ok(HashMap::new());
        };
        let of: HashMap<&str, &str> = links
            .iter()
            .map(|(key, link)| (link.id.as_str(), key.as_str()))
            .collect();
        let ids = of.keys().filter_map(|id| typed(id, &self.key)).collect();
        let columns = ["document", "number", "name", "email", "language"];
        let mut contacts = HashMap::new();
        for row in db::fetch(session, &wrapped(sql, &columns, ids)?).await? {
            if let Some(key) = of.get(text(&row[0]).as_str()) {
                let contact = Contact {
                    reference: (*key).to_owned(),
                    number: text(&row[1]),
                    name: text(&row[2]),
                    email: text(&row[3]),
                    language: text(&row[4]),
                };
                contacts.insert((*key).to_owned(), contact);
            }
        }
        Ok(contacts)
    }
}

/// Of `parcels`, where the ERP has such a column.
const DELIVERED_ON: &str = "delivered_on";

fn unknown(word: &str) -> Reason {
    let known: Vec<&str> = State::ALL.iter().map(|state| state.name()).collect();
    Reason::Unfit {
        why: format!("the ERP's pack says `{word}`, which is no state"),
        advice: format!(
            "correct `state` in the pack's `fulfilment.toml`: {}",
            known.join(", ")
        ),
    }
}

/// A key in the type of its column; `None` if it cannot be one.
pub fn typed(key: &str, ty: &Type) -> Option<Value> {
    let value = Value::Text(key.to_owned());
    match ty {
        Type::Other(_) => Some(value),
        ty => convert(value, ty).ok(),
    }
}

/// These columns of the query's rows.
fn wrapped(sql: &ServerSql, columns: &[&str], ids: Vec<Value>) -> db::Result<Query> {
    let inner = bound(sql, ids)?;
    let columns: Vec<String> = columns.iter().map(|name| format!("d.{name}")).collect();
    Ok(Query::sql(format!("SELECT {} FROM (", columns.join(", ")))
        .append(inner)
        .text("\n) d"))
}

fn bound(sql: &ServerSql, ids: Vec<Value>) -> db::Result<Query> {
    let bound = |name: &str| (name == "document").then(|| Bound::Many(ids.clone()));
    template::bind(&sql.text, bound).map_err(|name| unbound(sql, name))
}

pub fn unbound(sql: &ServerSql, name: &str) -> DbError {
    let place = sql.at.place();
    DbError::new(
        DbErrorKind::Config,
        format_args!("{place}: nothing is bound to `:{name}`"),
    )
}

fn text(value: &Value) -> String {
    value.plain().trim().to_owned()
}
