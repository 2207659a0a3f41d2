//! One order's story, for whoever answers the customer: what the shop has, what became of it in the ERP, what has changed since.
//! Nothing is written.

pub mod refunds;

use super::accept::Rules;
use super::canonical::placed;
use super::content::{Seen, row_text};
use super::documents::{Document, Documents, Stage, amount, money};
use super::payment::Payment;
use super::{Meaning, OrdersError, Shop, meaning};
use crate::connections::Connections;
use crate::db::query::Query;
use crate::db::{self, Session};
use crate::own::OwnTables;
use crate::own::approval::Approvals;
use crate::own::link::{Link, Links};
use crate::plan::{Orders, Plan, Relation};
use crate::sync::narrow::restrict;
use crate::sync::record::key_text;
use crate::value::{Row, Type, Value};
use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use futures_util::TryStreamExt;
use serde::Serialize;

/// Orders that one word may mean.
const ORDERS_MAX: usize = 20;

#[derive(Debug, Serialize)]
pub struct Story {
    pub shop: String,
    /// `main/1001`
    pub reference: String,
    #[serde(skip)]
    pub key: String,
    /// As the shop calls it.
    pub number: String,
    pub status: String,
    pub meaning: Meaning,
    /// Statuses with which it would be imported.
    pub import: Vec<String>,
    pub placed: Option<DateTime<Utc>>,
    /// As the shop's clock shows it.
    pub placed_local: Option<NaiveDateTime>,
    /// Older than the cut-over.
    pub before_since: bool,
    pub total: Option<String>,
    pub refunded: Option<String>,
    /// Pieces that the customer sends back, as far as the shop keeps it.
    pub returned: Option<String>,
    /// As far as the shop keeps it.
    pub paid: Option<String>,
    pub paid_at: Option<DateTime<Utc>>,
    pub currency: String,
    pub customer: String,
    pub email: String,
    pub payment: String,
    /// How far it is paid: `unpaid`, `partly_paid`, `paid`, `partly_refunded`, `refunded`; as far as anything tells it.
    pub payment_state: Option<&'static str>,
    pub transaction_id: Option<String>,
    pub carrier: Option<String>,
    /// Where the customer fetches the goods: the place's name, and as the carrier knows it.
    pub pickup_point: Option<String>,
    /// As the shop calls it.
    pub warehouse: Option<String>,
    /// Lines, then charges.
    pub rows: Vec<String>,
    pub link: Option<Linked>,
    pub document: Option<Paper>,
    /// Why the project's rules, or a person, keep it out.
    pub kept_out: Option<KeptOut>,
    /// Why a person was told of it since the import.
    pub told: Option<String>,
    /// What was paid back, where the ERP gets refunds.
    pub refunds: Vec<refunds::Refund>,
}

#[derive(Debug, Serialize)]
pub struct KeptOut {
    pub why: String,
    pub advice: String,
}

/// Why an order has no link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Absence {
    /// Placed before the cut-over.
    BeforeSince,
    /// A rule, a person or the last run says so.
    Told {
        why: String,
        advice: String,
    },
    /// It comes in with the next run.
    NotYet,
    Unpaid,
    /// Its status keeps it out.
    ByStatus,
    /// Nobody has said what its status means.
    UnknownStatus,
}

impl Story {
    /// Why it is not in the ERP; `found`: what the last run said of it and advised.
    pub fn absence(&self, found: Option<(&str, &str)>) -> Absence {
        if self.before_since {
            return Absence::BeforeSince;
        }
        let kept_out = self.kept_out.as_ref();
        let kept_out = kept_out.map(|kept| (kept.why.as_str(), kept.advice.as_str()));
        if let Some((why, advice)) = kept_out.or(found) {
            return Absence::Told {
                why: why.to_owned(),
                advice: advice.to_owned(),
            };
        }
        match self.meaning {
            Meaning::Import => Absence::NotYet,
            Meaning::Wait => Absence::Unpaid,
            Meaning::Ignore | Meaning::Cancelled => Absence::ByStatus,
            Meaning::Unknown => Absence::UnknownStatus,
        }
    }
}

#[derive(Debug, Serialize)]
pub struct Linked {
    pub id: String,
    pub at: Option<DateTime<Utc>>,
}

/// The ERP's document.
#[derive(Debug, Serialize)]
pub struct Paper {
    pub number: String,
    pub state: &'static str,
    pub total: Option<String>,
    pub day: Option<NaiveDate>,
}

impl From<&Document> for Paper {
    fn from(document: &Document) -> Paper {
        Paper {
            number: document.number.clone(),
            state: document.stage.name(),
            total: document.total.as_ref().map(money),
            day: document.day,
        }
    }
}

/// The orders of a shop that this can mean: `main/1001`, the shop's number or id, the ERP's document.
///
/// # Errors
/// Those of the databases; a shop whose storage is not known.
pub async fn find(
    plan: &Plan,
    orders: &Orders,
    connections: &Connections,
    wanted: &str,
) -> Result<Vec<Story>, OrdersError> {
    let shop = Shop::open(plan, orders, connections).await?;
    let flow = &shop.storage.flow;
    let Relation::Sql(sql) = &flow.source.relation else {
        return Ok(Vec::new());
    };
    let mut erp = connections
        .engine(&flow.target.connection)?
        .connect()
        .await?;
    let own = connections.own(&flow.target.connection);
    let documents = match &orders.documents {
        Some(sql) => Some(Documents::open(sql, erp.as_mut()).await?),
        None => None,
    };
    let mut teller = Teller {
        rules: Rules::new(orders, shop.now, shop.zone, shop.local),
        approvals: Approvals::new(&own, &orders.name),
        orders,
        links: Links::new(&own, &orders.shop, crate::config::record::ORDER.name),
        paid_back: plan.refunds.iter().find(|one| one.shop == orders.shop),
        own,
        documents,
        erp,
        sql: Query::sql(format!("SELECT s.* FROM ({}\n) s", sql.text)),
        shop,
    };
    teller.stories(wanted.trim()).await
}

struct Teller<'a> {
    rules: Rules<'a>,
    approvals: Approvals,
    orders: &'a Orders,
    links: Links,
    /// The shop's refunds, where the ERP gets them.
    paid_back: Option<&'a Orders>,
    own: OwnTables,
    documents: Option<Documents<'a>>,
    erp: Box<dyn Session>,
    /// The shop's orders, unnarrowed.
    sql: Query,
    shop: Shop<'a>,
}

impl Teller<'_> {
    async fn stories(&mut self, wanted: &str) -> Result<Vec<Story>, OrdersError> {
        let mut keys = Vec::new();
        let mut number = None;
        match wanted.split_once('/') {
            Some((shop, key)) if shop == self.orders.shop => keys.push(key.to_owned()),
            Some(_) => {}
            None => {
                keys.push(wanted.to_owned());
                keys.extend(self.of_document(wanted).await?);
                number = Some(wanted.to_owned());
            }
        }
        let described = self.shop.session.describe(&self.sql).await?;
        let ty = |name: &str| {
            let column = described.iter().find(|column| column.name == name);
            column.map(|column| &column.ty)
        };
        let by_key = restrict(
            self.sql.clone(),
            " WHERE ",
            "reference",
            &keys,
            ty("reference"),
        );
        let session = self.shop.session.as_mut();
        let mut heads = Named::read(session, &by_key).await?;
        if let Some(number) = number {
            let ty = ty("number").filter(|ty| matches!(ty, Type::Int { .. }));
            let by_number = restrict(self.sql.clone(), " WHERE ", "number", &[number], ty);
            heads.add(Named::read(session, &by_number).await?);
        }
        let mut stories = Vec::new();
        for head in heads.rows.iter().take(ORDERS_MAX) {
            stories.push(self.story(&heads, head).await?);
        }
        Ok(stories)
    }

    /// The orders that the ERP's documents of this number are.
    async fn of_document(&mut self, number: &str) -> Result<Vec<String>, OrdersError> {
        let Some(documents) = &self.documents else {
            return Ok(Vec::new());
        };
        let erp = self.erp.as_mut();
        let prefix = format!("{}/", self.orders.shop);
        let called = documents.called(erp, number).await?;
        let ids: Vec<String> = called
            .iter()
            .map(|one| one.id.plain().trim().to_owned())
            .collect();
        let mut keys: Vec<String> = self.links.to(erp, &ids).await?.into_keys().collect();
        let references = called.iter().filter_map(|one| one.reference.as_deref());
        keys.extend(references.filter_map(|one| Some(one.strip_prefix(&prefix)?.to_owned())));
        Ok(keys)
    }

    async fn story(&mut self, heads: &Named, head: &Row) -> Result<Story, OrdersError> {
        let value = |name: &str| heads.value(head, name);
        let text = |name: &str| value(name).plain().trim().to_owned();
        let sum = |name: &str| amount(value(name)).as_ref().map(money);
        let reference = value("reference").clone();
        let key = key_text(std::slice::from_ref(&reference)).trim().to_owned();
        let status = text("status");
        let some = |name: &str| Some(text(name)).filter(|text| !text.is_empty());
        let zone = self.shop.zone;
        let moment = |name: &str| placed(value(name), zone);
        let pieces = amount(value("returned")).filter(|pieces| !pieces.is_zero());
        let placed = moment("placed");
        let names = [text("first_name"), text("last_name")];
        let person = names.join(" ").trim().to_owned();
        let customer = match (text("company"), person) {
            (company, person) if company.is_empty() || person.is_empty() => company + &person,
            (company, person) => format!("{company}, {person}"),
        };
        let full = format!("{}/{key}", self.orders.shop);
        let link = self.links.of(self.erp.as_mut(), std::slice::from_ref(&key));
        let link = link.await?.remove(&key);
        let linked = match &link {
            Some(link) => Some(Linked {
                id: link.id.clone(),
                at: self.links.linked(self.erp.as_mut(), &key).await?,
            }),
            None => None,
        };
        let document = self.document(&full, link.as_ref()).await?;
        let said = text("payment_state");
        let payment = Payment {
            said: &said,
            total: amount(value("total")),
            paid: amount(value("paid")),
            refunded: amount(value("refunded")),
        };
        let stands = link.is_some()
            && document
                .as_ref()
                .is_none_or(|one| one.stage != Stage::Cancelled);
        let refunds = self.refunds(&key, stands).await?;
        let kept_out = match meaning(&self.orders.statuses, &status) {
            Meaning::Import if link.is_none() => {
                let verdict = self.rules.verdict(value);
                let verdicts = vec![(key.clone(), verdict)];
                let erp = self.erp.as_mut();
                let kept = self.rules.kept_out(erp, &self.approvals, verdicts).await?;
                kept.into_values().next()
            }
            _ => None,
        };
        Ok(Story {
            kept_out: kept_out.map(|reason| KeptOut {
                why: reason.to_string(),
                advice: reason.advice().into_owned(),
            }),
            shop: self.orders.shop.clone(),
            reference: full,
            number: text("number"),
            meaning: meaning(&self.orders.statuses, &status),
            import: self.orders.statuses.import.clone(),
            placed_local: placed.and_then(|placed| self.shop.local.wall(placed)),
            before_since: placed.is_some_and(|placed| placed < self.orders.since),
            placed,
            total: sum("total"),
            refunded: sum("refunded").filter(|sum| sum != "0.00"),
            returned: pieces.map(|pieces| pieces.to_plain()),
            paid: sum("paid"),
            paid_at: moment("paid_at"),
            currency: text("currency"),
            customer,
            email: text("email"),
            payment: match text("payment_title") {
                title if title.is_empty() => text("payment_method"),
                title => title,
            },
            payment_state: payment.state().ok().flatten(),
            transaction_id: some("transaction_id"),
            carrier: some("carrier"),
            pickup_point: match (some("pickup_name"), some("pickup_point")) {
                (Some(name), Some(point)) if name != point => Some(format!("{name} ({point})")),
                (name, point) => name.or(point),
            },
            warehouse: some("warehouse"),
            rows: self.rows(&reference).await?,
            refunds,
            told: link.and_then(|link| Seen::of(&link.columns).told),
            link: linked,
            document: document.as_ref().map(Paper::from),
            status,
            key,
        })
    }

    async fn document(
        &mut self,
        reference: &str,
        link: Option<&Link>,
    ) -> Result<Option<Document>, OrdersError> {
        let Some(documents) = &self.documents else {
            return Ok(None);
        };
        let erp = self.erp.as_mut();
        let mut found = match link {
            Some(link) => {
                let id = std::slice::from_ref(&link.id);
                documents.linked(erp, id).await?
            }
            None => Vec::new(),
        };
        if found.is_empty() {
            found = documents.of(erp, &[reference.to_owned()]).await?;
        }
        Ok(found.into_iter().next())
    }

    /// Lines and charges in words, as the shop shows them.
    async fn rows(&mut self, reference: &Value) -> Result<Vec<String>, OrdersError> {
        let mut texts = Vec::new();
        for child in &self.shop.storage.flow.source.children {
            let query = Query::sql(format!(
                "SELECT c.* FROM ({}\n) c WHERE c.reference = ",
                child.sql.text
            ));
            let query = query.value(reference.clone());
            let mut found = Named::read(self.shop.session.as_mut(), &query).await?;
            let columns = std::mem::take(&mut found.columns);
            let value = |row: &Row, name: &str| {
                let at = columns.iter().position(|column| column == name);
                at.and_then(|at| row.get(at).cloned())
                    .unwrap_or(Value::Null)
            };
            found.rows.sort_by(|a, b| {
                let (a, b) = (value(a, "position"), value(b, "position"));
                a.to_decimal().cmp(&b.to_decimal())
            });
            for row in &found.rows {
                let called = ["description", "options"].map(|name| value(row, name));
                let called = called.map(|text| text.plain().trim().to_owned());
                let name = match called {
                    [name, options] if options.is_empty() => name,
                    [name, options] => format!("{name} - {options}"),
                };
                let what = match value(row, "sku").plain().trim() {
                    "" => name,
                    sku => format!("{sku} {name}"),
                };
                let [quantity, gross, net, tax] =
                    ["quantity", "gross", "net", "tax"].map(|column| value(row, column));
                texts.push(row_text(&quantity, &what, &gross, &net, &tax));
            }
        }
        Ok(texts)
    }
}

/// Rows with the names of their columns: those of an order's head depend on the pack.
#[derive(Default)]
pub(super) struct Named {
    pub columns: Vec<String>,
    pub rows: Vec<Row>,
}

impl Named {
    /// Of a row of the result; NULL where the query does not yield the column.
    pub fn value<'r>(&self, row: &'r Row, name: &str) -> &'r Value {
        let at = self.columns.iter().position(|column| column == name);
        at.and_then(|at| row.get(at)).unwrap_or(&Value::Null)
    }

    pub async fn read(session: &mut dyn Session, query: &Query) -> db::Result<Named> {
        let mut read = Named::default();
        let mut stream = session.read(query).await?;
        while let Some(batch) = stream.try_next().await? {
            read.columns = batch.columns.to_vec();
            read.rows.extend(batch.rows);
        }
        Ok(read)
    }

    /// Adds those rows that are not there yet, of the same query.
    fn add(&mut self, others: Named) {
        if self.columns.is_empty() {
            self.columns = others.columns;
        }
        for row in others.rows {
            if !self.rows.contains(&row) {
                self.rows.push(row);
            }
        }
    }
}
