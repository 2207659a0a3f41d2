//! Web orders that somebody has typed into the ERP already: which document is which order.
//!
//! A pair has the same total, the same day or one beside it, and the same customer by e-mail address or name. The order's number in
//! a document's free text is a hint for people and decides nothing. Linking is a transaction: the document gets the order's
//! reference, so that the stock counts its pieces once, and the link keeps the import away.

use super::documents::{Document, Documents, amount, money};
use super::found::{Found, Search};
use super::story::Named;
use super::{Meaning, OrdersError, Shop, local_day, meaning, unbound};
use crate::connections::Connections;
use crate::db::query::Query;
use crate::db::template::{self, Bound as Binding};
use crate::db::{self, CommitError, DbError, Isolation, Session};
use crate::own::lease::Guard;
use crate::own::link::{Link, Links};
use crate::plan::{Orders, Plan, Relation};
use crate::sync::narrow::named;
use crate::sync::record::key_text;
use crate::value::{Decimal, Row, Value};
use chrono::NaiveDate;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap, HashSet};

/// What was found of one shop.
#[derive(Debug, Default, Serialize)]
pub struct ByHand {
    pub shop: String,
    /// Orders since the cut-over that are not linked.
    pub orders: u64,
    /// Those that have a document, or several that could be it.
    pub pairs: Vec<Pair>,
}

/// An order, and the documents that could be it.
#[derive(Debug, Serialize)]
pub struct Pair {
    /// `main/1001`
    pub reference: String,
    #[serde(skip)]
    pub key: String,
    pub number: String,
    pub day: NaiveDate,
    pub total: String,
    pub customer: String,
    pub documents: Vec<Candidate>,
    /// One document, and no other order that it could be.
    pub is_clear: bool,
    /// It has been linked just now.
    pub is_linked: bool,
}

#[derive(Debug, Serialize)]
pub struct Candidate {
    #[serde(skip)]
    pub id: Value,
    pub number: String,
    pub day: Option<NaiveDate>,
    pub customer: String,
    /// By its e-mail address or name; else only the number stands in its text.
    pub same_customer: bool,
    /// The order's number stands in its text.
    pub names_order: bool,
}

impl Pair {
    /// The document that it is, if there is no doubt.
    pub fn clear(&self) -> Option<&Candidate> {
        let mut same = self.documents.iter().filter(|one| one.same_customer);
        same.next().filter(|_| self.is_clear)
    }
}

/// An order as it is looked for.
struct Wanted {
    key: String,
    number: String,
    day: NaiveDate,
    total: Decimal,
    email: String,
    names: Vec<String>,
    customer: String,
}

/// Looks for the documents of a shop's orders that are not linked; nothing is written.
///
/// # Errors
/// Those of the databases; a shop whose storage is not known.
pub async fn propose(
    plan: &Plan,
    orders: &Orders,
    connections: &Connections,
) -> Result<ByHand, OrdersError> {
    let mut shop = Shop::open(plan, orders, connections).await?;
    let target = &shop.storage.flow.target.connection;
    let mut erp = connections.engine(target)?.connect().await?;
    let own = connections.own(target);
    let links = Links::new(&own, &orders.shop, crate::config::record::ORDER.name);
    let mut found = ByHand {
        shop: orders.shop.clone(),
        ..ByHand::default()
    };
    let Some(sql) = &orders.documents else {
        return Ok(found);
    };
    let documents = Documents::open(sql, erp.as_mut()).await?;
    // How many orders each document could be.
    let mut claims: HashMap<String, u64> = HashMap::new();
    let mut search = Search::new(orders, shop.storage, shop.zone, &[]);
    while let Some(page) = search
        .next(shop.session.as_mut(), erp.as_mut(), &links)
        .await?
    {
        let open: Vec<Found> = page
            .into_iter()
            .filter(|one| one.link.is_none())
            .filter(|one| {
                let meaning = meaning(&orders.statuses, &one.status);
                !matches!(meaning, Meaning::Ignore | Meaning::Cancelled)
            })
            .collect();
        found.orders += open.len() as u64;
        let wanted = heads(&mut shop, orders, &open).await?;
        let typed = typed(&documents, erp.as_mut(), &links, &wanted).await?;
        for one in wanted {
            let candidates = candidates(&one, typed.get(&one.total.to_plain()));
            if candidates.is_empty() {
                continue;
            }
            for candidate in candidates.iter().filter(|one| one.same_customer) {
                *claims.entry(candidate.number.clone()).or_default() += 1;
            }
            found.pairs.push(Pair {
                reference: format!("{}/{}", orders.shop, one.key),
                key: one.key,
                number: one.number,
                day: one.day,
                total: money(&one.total),
                customer: one.customer,
                documents: candidates,
                is_clear: false,
                is_linked: false,
            });
        }
    }
    for pair in &mut found.pairs {
        let same: Vec<&Candidate> = pair
            .documents
            .iter()
            .filter(|one| one.same_customer)
            .collect();
        pair.is_clear = matches!(same.as_slice(), [one] if claims.get(&one.number) == Some(&1));
    }
    Ok(found)
}

async fn heads(
    shop: &mut Shop<'_>,
    orders: &Orders,
    open: &[Found],
) -> Result<Vec<Wanted>, OrdersError> {
    let Relation::Sql(sql) = &shop.storage.flow.source.relation else {
        return Ok(Vec::new());
    };
    if open.is_empty() {
        return Ok(Vec::new());
    }
    let days: HashMap<&str, NaiveDate> = open
        .iter()
        .map(|one| {
            let placed = one.placed.unwrap_or(orders.since);
            (one.key.as_str(), local_day(placed, shop.local))
        })
        .collect();
    let keys: Vec<Value> = open.iter().map(|one| one.reference.clone()).collect();
    let query = Query::sql(format!("SELECT s.* FROM ({}\n) s", sql.text));
    let query = named(query, " WHERE ", "reference", &keys);
    let read = Named::read(shop.session.as_mut(), &query).await?;
    let wanted = |row: &Row| {
        let text = |name: &str| read.value(row, name).plain().trim().to_owned();
        let key = key_text(std::slice::from_ref(read.value(row, "reference")));
        let key = key.trim().to_owned();
        let [company, first, last] = ["company", "first_name", "last_name"].map(text);
        let both = |a: &str, b: &str| format!("{a} {b}").trim().to_owned();
        let names = [company.clone(), both(&first, &last), both(&last, &first)];
        let customer = match company.is_empty() {
            true => both(&first, &last),
            false => company,
        };
        Some(Wanted {
            day: *days.get(key.as_str())?,
            number: text("number"),
            total: amount(read.value(row, "total"))?,
            email: text("email").to_lowercase(),
            names: names
                .iter()
                .map(|name| folded(name))
                .filter(|name| !name.is_empty())
                .collect(),
            customer,
            key,
        })
    };
    Ok(read.rows.iter().filter_map(wanted).collect())
}

/// A document that bears no reference.
struct Typed {
    document: Document,
    email: String,
    name: String,
    note: String,
}

/// The documents without a reference around the days of these orders, of their totals and by them.
async fn typed(
    documents: &Documents<'_>,
    erp: &mut dyn Session,
    links: &Links,
    wanted: &[Wanted],
) -> Result<BTreeMap<String, Vec<Typed>>, OrdersError> {
    let mut found: BTreeMap<String, Vec<Typed>> = BTreeMap::new();
    let days = || wanted.iter().map(|one| one.day);
    let (Some(first), Some(last)) = (days().min(), days().max()) else {
        return Ok(found);
    };
    let totals: HashSet<String> = wanted.iter().map(|one| one.total.to_plain()).collect();
    let first = first.pred_opt().unwrap_or(first);
    let last = last.succ_opt().unwrap_or(last);
    let mut rows = Vec::new();
    documents
        .unreferenced(erp, first, last, |document, further| {
            let total = document.total.as_ref().map(Decimal::to_plain);
            if total.is_some_and(|total| totals.contains(&total)) {
                let [email, name, note] = further.map(|value| value.plain().trim().to_owned());
                rows.push(Typed {
                    document,
                    email: email.to_lowercase(),
                    name,
                    note,
                });
            }
        })
        .await?;
    let mut linked = HashSet::new();
    for rows in rows.chunks(1000) {
        let ids: Vec<String> = rows
            .iter()
            .map(|one| one.document.id.plain().trim().to_owned())
            .collect();
        let taken = links.to(erp, &ids).await?;
        linked.extend(taken.into_values().map(|link| link.id));
    }
    for one in rows {
        if linked.contains(one.document.id.plain().trim()) {
            continue;
        }
        if let Some(total) = &one.document.total {
            found.entry(total.to_plain()).or_default().push(one);
        }
    }
    Ok(found)
}

fn candidates(one: &Wanted, typed: Option<&Vec<Typed>>) -> Vec<Candidate> {
    let near = |other: &&Typed| {
        let day = other.document.day;
        day.is_some_and(|day| (day - one.day).num_days().abs() <= 1)
    };
    let candidate = |other: &Typed| {
        let by_email = !one.email.is_empty() && one.email == other.email;
        let same_customer = by_email || one.names.contains(&folded(&other.name));
        let mut words = other.note.split(|c: char| !c.is_alphanumeric());
        let names_order = words.any(|word| word == one.number);
        (same_customer || names_order).then(|| Candidate {
            id: other.document.id.clone(),
            number: other.document.number.clone(),
            day: other.document.day,
            customer: other.name.clone(),
            same_customer,
            names_order,
        })
    };
    let typed = typed.into_iter().flatten();
    typed.filter(near).filter_map(candidate).collect()
}

/// A name as it is compared: small letters and digits, one blank between words.
fn folded(name: &str) -> String {
    let lower = name.to_lowercase().replace('.', "");
    let words = lower.split(|c: char| !c.is_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

/// What became of a link made by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    Done,
    /// It was so before.
    Already,
    Refused(String),
}

/// Links orders with documents, each in a transaction of its own.
///
/// # Errors
/// Those of the database; a lost lease.
pub async fn link(
    orders: &Orders,
    connections: &Connections,
    guard: &Guard,
    pairs: &[(String, Value)],
) -> Result<Vec<Said>, OrdersError> {
    let Some(flow) = orders.storages.first().map(|storage| &storage.flow) else {
        return Ok(Vec::new());
    };
    let target = &flow.target.connection;
    let mut erp = connections.engine(target)?.connect().await?;
    let own = connections.own(target);
    let first = flow.target.writes.first();
    let kind = first.and_then(|write| write.kinds.first());
    let linking = Linking {
        orders,
        guard,
        links: Links::new(&own, &orders.shop, crate::config::record::ORDER.name),
        kind: kind.cloned().unwrap_or_default(),
    };
    let mut said = Vec::new();
    for (key, id) in pairs {
        let session = erp.as_mut();
        session.begin(Isolation::ReadCommitted).await?;
        match linking.link(session, key, id).await {
            Ok(Said::Done) => {
                let done = session.commit().await;
                done.map_err(CommitError::into_error)?;
                said.push(Said::Done);
            }
            Ok(other) => {
                session.rollback().await?;
                said.push(other);
            }
            Err(error) => {
                // A connection that broke has rolled back by itself.
                let _ = session.rollback().await;
                return Err(error.into());
            }
        }
    }
    Ok(said)
}

struct Linking<'a> {
    orders: &'a Orders,
    guard: &'a Guard,
    links: Links,
    kind: String,
}

impl Linking<'_> {
    /// Part of a transaction.
    async fn link(
        &self,
        session: &mut dyn Session,
        key: &str,
        id: &Value,
    ) -> Result<Said, DbError> {
        let Some(claim) = &self.orders.claim else {
            let why = "the ERP's pack has no `claim`, which gives a document the order's reference";
            return Ok(Said::Refused(why.to_owned()));
        };
        self.guard.check(session).await?;
        let key = key.to_owned();
        let text = id.plain().trim().to_owned();
        let held = self.links.of(session, std::slice::from_ref(&key)).await?;
        if let Some(link) = held.get(&key) {
            return Ok(match link.id == text {
                true => Said::Already,
                false => Said::Refused(format!("the order is `{}` already", link.id)),
            });
        }
        let taken = self.links.to(session, std::slice::from_ref(&text)).await?;
        if let Some(other) = taken.keys().next() {
            let why = format!("the document is order `{}/{other}`", self.orders.shop);
            return Ok(Said::Refused(why));
        }
        let reference = format!("{}/{key}", self.orders.shop);
        let bound = |name: &str| match name {
            "id" => Some(Binding::One(id.clone())),
            "reference" => Some(Binding::One(Value::Text(reference.clone()))),
            _ => None,
        };
        let query = template::bind(&claim.text, bound).map_err(|name| unbound(claim, name))?;
        if session.execute(&query).await? == 0 {
            let why = "the document bears the reference of another order, or is gone";
            return Ok(Said::Refused(why.to_owned()));
        }
        let link = Link {
            id: text,
            columns: super::content::typed(),
            kind: self.kind.clone(),
        };
        self.links.insert(session, &[(key, link)]).await?;
        Ok(Said::Done)
    }
}

/// The documents that people call so.
///
/// # Errors
/// Those of the database.
pub async fn called(
    orders: &Orders,
    connections: &Connections,
    number: &str,
) -> Result<Vec<Document>, OrdersError> {
    let flow = orders.storages.first().map(|storage| &storage.flow);
    let (Some(flow), Some(sql)) = (flow, &orders.documents) else {
        return Ok(Vec::new());
    };
    let engine = connections.engine(&flow.target.connection)?;
    let mut erp = engine.connect().await?;
    let documents = Documents::open(sql, erp.as_mut()).await?;
    let called: db::Result<Vec<Document>> = documents.called(erp.as_mut(), number).await;
    Ok(called?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_without_their_clothes() {
        assert_eq!(folded("Rossi & Figli  S.r.l."), folded("ROSSI, FIGLI srl"));
        assert_ne!(folded("Ada Rossi"), folded("Ada Rosso"));
        assert_eq!(folded(" - "), "");
    }
}
