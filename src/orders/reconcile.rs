//! A shop's orders, the links and the ERP's documents side by side, day by day: what is missing or extra, and why.
//!
//! Nothing is written. The shop is gone through page by page, and each page asked for in the links and the ERP as a whole; of
//! the orders seen only hashes are kept, so that the documents that bear some other reference are told in a second pass.

mod refunds;

use super::accept::{Rules, Verdict};
use super::content::{is_settled, standing};
use super::documents::{Document, Documents, Stage, amount, money};
use super::found::{Found, Search};
use super::refund::{Back, Credit, PaidBack};
use super::story::Named;
use super::{Meaning, OrdersError, Shop, local_day, meaning};
use crate::connections::Connections;
use crate::db::query::Query;
use crate::db::{self, Session};
use crate::expr::Zone;
use crate::own::approval::Approvals;
use crate::own::link::Links;
use crate::plan::{Flow, Orders, Plan, Relation};
use crate::sync::narrow::named;
use crate::sync::read::key_hash;
use crate::sync::record::key_text;
use crate::sync::report::Reason;
use crate::sync::snapshot::KeyHash;
use crate::value::{Decimal, Value};
use chrono::{NaiveDate, NaiveTime};
pub use refunds::{Day as RefundDay, Refunds, Sum as RefundSum};
use serde::{Serialize, Serializer};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Findings kept one by one; the counts go on.
const KEPT: usize = 10_000;

/// Why the quarantine has an order: message and advice, by its key.
pub type Reasons = HashMap<String, (String, String)>;

#[derive(Debug, Default, Serialize)]
pub struct Report {
    pub shop: String,
    pub from: NaiveDate,
    pub days: Vec<Day>,
    pub findings: Vec<Finding>,
    /// Kind -> how many.
    pub totals: BTreeMap<Kind, u64>,
    /// `None`: the ERP gets no refunds of this shop.
    pub refunds: Option<Refunds>,
    pub notes: Vec<String>,
}

/// One of the shop's days.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Day {
    pub day: NaiveDate,
    /// Orders of the shop that the ERP ought to have.
    pub shop: Sum,
    /// Of the orders of the day, those that are linked.
    pub linked: Sum,
    /// Documents that are not cancelled.
    pub erp: Sum,
    /// Orders yet to be paid.
    pub waiting: u64,
    pub missing: u64,
    pub extra: u64,
    pub different: u64,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Sum {
    pub orders: u64,
    #[serde(serialize_with = "plain")]
    pub sum: Decimal,
}

fn plain<S: Serializer>(sum: &Decimal, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&money(sum))
}

impl Sum {
    fn add(&mut self, amount: Option<&Decimal>) {
        self.orders += 1;
        if let Some(amount) = amount {
            self.sum = &self.sum + amount;
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    UnknownStatus,
    Quarantined,
    NotImported,
    Gone,
    CancelledInErp,
    Extra,
    CancelledInShop,
    OtherStatus,
    TotalDiffers,
    NotLinked,
}

/// How a finding counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The ERP lacks it.
    Missing,
    /// The shop has no such order, or not any more.
    Extra,
    Different,
}

impl Kind {
    pub fn side(self) -> Side {
        match self {
            Kind::UnknownStatus
            | Kind::Quarantined
            | Kind::NotImported
            | Kind::Gone
            | Kind::CancelledInErp => Side::Missing,
            Kind::Extra | Kind::CancelledInShop | Kind::OtherStatus => Side::Extra,
            Kind::TotalDiffers | Kind::NotLinked => Side::Different,
        }
    }
}

/// An order that is not on both sides as it should be.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    pub kind: Kind,
    pub day: NaiveDate,
    /// `main/1001`
    pub reference: String,
    /// As the shop calls it.
    pub number: Option<String>,
    /// As the ERP calls it.
    pub document: Option<String>,
    pub shop_total: Option<String>,
    pub erp_total: Option<String>,
    pub message: String,
    pub advice: String,
}

impl Report {
    pub fn is_clean(&self) -> bool {
        let refunds = self.refunds.as_ref();
        self.totals.is_empty() && refunds.is_none_or(|refunds| refunds.totals.is_empty())
    }

    /// Orders of this side.
    pub fn count(&self, side: Side) -> u64 {
        let of_side = self.totals.iter().filter(|(kind, _)| kind.side() == side);
        of_side.map(|(_, count)| count).sum()
    }
}

/// Compares from this day on, or from the cut-over. `reasons`, `of_refunds`: what of both is in quarantine.
///
/// # Errors
/// Those of the databases; a shop whose storage is not known.
pub async fn run(
    plan: &Plan,
    orders: &Orders,
    connections: &Connections,
    from: Option<NaiveDate>,
    reasons: &Reasons,
    of_refunds: &Reasons,
) -> Result<Report, OrdersError> {
    let mut shop = Shop::open(plan, orders, connections).await?;
    let flow = &shop.storage.flow;
    let mut erp = connections
        .engine(&flow.target.connection)?
        .connect()
        .await?;
    let own = connections.own(&flow.target.connection);
    let links = Links::new(&own, &orders.shop, crate::config::record::ORDER.name);
    let paid_back = PaidBack::open(plan, &mut shop, orders, &own).await?;
    let documents = match &orders.documents {
        Some(sql) => Some(Documents::open(sql, erp.as_mut()).await?),
        None => None,
    };
    let since = local_day(orders.since, shop.local);
    let from = from.map_or(since, |from| from.max(since));
    let begin = shop.local.instant(from.and_time(NaiveTime::MIN));
    let rules = Rules::new(orders, shop.now, shop.zone, shop.local);
    let approvals = Approvals::new(&own, &orders.name);
    let mut work = Work {
        orders,
        kept_out: HashMap::new(),
        reasons,
        local: shop.local,
        days: BTreeMap::new(),
        seen: HashSet::new(),
        report: Report {
            shop: orders.shop.clone(),
            from,
            ..Report::default()
        },
    };
    if documents.is_none() {
        work.report.notes.push(
            "the ERP's pack has no `documents`: the shop is compared with the links alone"
                .to_owned(),
        );
    }
    let mut search = Search::new(orders, shop.storage, shop.zone, &[]).from(begin);
    while let Some(page) = search
        .next(shop.session.as_mut(), erp.as_mut(), &links)
        .await?
    {
        let (heads, verdicts) = heads(&rules, flow, shop.session.as_mut(), &page).await?;
        work.kept_out = rules.kept_out(erp.as_mut(), &approvals, verdicts).await?;
        let found = match &documents {
            Some(documents) => Some(work.documents(documents, erp.as_mut(), &page).await?),
            None => None,
        };
        let cancelled = work.cancelled(&page, found.as_ref());
        let backs = match &paid_back {
            Some(paid_back) => {
                let shop = shop.session.as_mut();
                paid_back.of(shop, erp.as_mut(), &cancelled).await?
            }
            None => HashMap::new(),
        };
        for one in &page {
            let back = backs.get(&one.key);
            work.order(one, heads.get(&one.key), found.as_ref(), back);
        }
    }
    if let Some(documents) = &documents {
        let all = Search::new(orders, shop.storage, shop.zone, &[]);
        let mut behind: Option<String> = None;
        loop {
            let page = documents
                .page(erp.as_mut(), &orders.shop, from, behind.as_deref())
                .await?;
            let Some(last) = page.last() else { break };
            behind = last.reference.clone();
            let others = work.others(page);
            let keys: Vec<String> = others.iter().map(|(key, _)| key.clone()).collect();
            let known = match keys.is_empty() {
                true => HashSet::new(),
                false => all.known(shop.session.as_mut(), &keys).await?,
            };
            for (key, document) in others {
                // The document's own day may be another than the order's.
                if !known.contains(&key) {
                    work.extra(&key, &document);
                }
            }
        }
    }
    let mut report = work.report;
    report.refunds = refunds::run(plan, &mut shop, erp.as_mut(), &own, from, of_refunds).await?;
    report.days = work.days.into_values().collect();
    Ok(report)
}

/// What of an order's head is compared.
pub struct Head {
    pub number: String,
    pub total: Option<Decimal>,
}

/// The heads of a page's orders by key, and what the rules say of those that are to be imported.
async fn heads(
    rules: &Rules<'_>,
    flow: &Flow,
    shop: &mut dyn Session,
    page: &[Found],
) -> db::Result<(HashMap<String, Head>, Vec<(String, Verdict)>)> {
    let (mut heads, mut verdicts) = (HashMap::new(), Vec::new());
    let Relation::Sql(sql) = &flow.source.relation else {
        return Ok((heads, verdicts));
    };
    let keys: Vec<Value> = page.iter().map(|one| one.reference.clone()).collect();
    if keys.is_empty() {
        return Ok((heads, verdicts));
    }
    let columns = match rules.is_empty() {
        true => "s.reference, s.number, s.total",
        false => "s.*",
    };
    let query = Query::sql(format!("SELECT {columns} FROM ({}\n) s", sql.text));
    let read = Named::read(shop, &named(query, " WHERE ", "reference", &keys)).await?;
    let unlinked = page.iter().filter(|one| one.link.is_none());
    let unlinked: HashSet<&str> = unlinked.map(|one| one.key.as_str()).collect();
    for row in &read.rows {
        let value = |name: &str| read.value(row, name);
        let key = key_text(std::slice::from_ref(value("reference")));
        let key = key.trim().to_owned();
        if !rules.is_empty() && unlinked.contains(key.as_str()) {
            verdicts.push((key.clone(), rules.verdict(value)));
        }
        let head = Head {
            number: value("number").plain().trim().to_owned(),
            total: amount(value("total")),
        };
        heads.insert(key, head);
    }
    Ok((heads, verdicts))
}

/// A person has said that the order is settled as it stands.
fn is_word(one: &Found, total: Option<&Decimal>, document: Option<&Document>) -> bool {
    let (Some(link), Some(document)) = (&one.link, document) else {
        return false;
    };
    let total = total.map(money).unwrap_or_default();
    is_settled(link, &standing(&one.status, &total, document))
}

/// A page's documents, by the order's key.
type OfPage = HashMap<String, Document>;

struct Work<'a> {
    orders: &'a Orders,
    /// Of the page's orders, those that rules or persons keep out of the ERP.
    kept_out: HashMap<String, Reason>,
    reasons: &'a Reasons,
    local: Zone,
    days: BTreeMap<NaiveDate, Day>,
    seen: HashSet<KeyHash>,
    report: Report,
}

impl Work<'_> {
    fn reference(&self, key: &str) -> String {
        format!("{}/{key}", self.orders.shop)
    }

    /// By their references; those that bear none, although they are linked, by their links.
    async fn documents(
        &self,
        documents: &Documents<'_>,
        erp: &mut dyn Session,
        page: &[Found],
    ) -> db::Result<OfPage> {
        let references: Vec<String> = page.iter().map(|one| self.reference(&one.key)).collect();
        let prefix = self.reference("");
        let mut found: OfPage = HashMap::new();
        for document in documents.of(erp, &references).await? {
            let key = document.reference.as_deref();
            if let Some(key) = key.and_then(|key| key.strip_prefix(&prefix)) {
                found.insert(key.to_owned(), document);
            }
        }
        let mut ids: HashMap<String, &str> = HashMap::new();
        for one in page.iter().filter(|one| !found.contains_key(&one.key)) {
            if let Some(link) = &one.link {
                ids.insert(link.id.clone(), &one.key);
            }
        }
        let asked: Vec<String> = ids.keys().cloned().collect();
        for document in documents.linked(erp, &asked).await? {
            if let Some(key) = ids.get(document.id.plain().trim()) {
                found.insert((*key).to_owned(), document);
            }
        }
        Ok(found)
    }

    fn day(&mut self, day: NaiveDate) -> &mut Day {
        self.days.entry(day).or_insert_with(|| Day {
            day,
            ..Day::default()
        })
    }

    /// Those that are cancelled in the shop and have left.
    fn cancelled(&self, page: &[Found], documents: Option<&OfPage>) -> Vec<Value> {
        let has_left = |one: &&Found| {
            let document = documents.and_then(|documents| documents.get(&one.key));
            meaning(&self.orders.statuses, &one.status) == Meaning::Cancelled
                && document.is_some_and(|document| document.stage == Stage::Delivered)
        };
        let left = page.iter().filter(has_left);
        left.map(|one| one.reference.clone()).collect()
    }

    fn order(
        &mut self,
        one: &Found,
        head: Option<&Head>,
        documents: Option<&OfPage>,
        back: Option<&Back>,
    ) {
        self.seen.insert(key_hash(&one.key));
        let placed = one.placed.unwrap_or(self.orders.since);
        let day = local_day(placed, self.local);
        let total = head.and_then(|head| head.total.clone());
        let document = documents.and_then(|documents| documents.get(&one.key));
        let means = meaning(&self.orders.statuses, &one.status);
        let is_cancelled = document.is_some_and(|one| one.stage == Stage::Cancelled);
        let kept_out = self.kept_out.get(&one.key).cloned();
        let credit = back.zip(total.as_ref());
        let credit = credit.map(|(back, total)| back.credit(total));
        let row = self.day(day);
        match means {
            // Sold, and paid back whole: the ERP has it, and its credit notes.
            Meaning::Cancelled if credit == Some(Credit::Whole) => row.shop.add(total.as_ref()),
            Meaning::Import => match kept_out {
                Some(Reason::NotTaken { .. }) => {}
                Some(Reason::Unpaid { .. }) => row.waiting += 1,
                _ => row.shop.add(total.as_ref()),
            },
            Meaning::Wait if one.link.is_none() => row.waiting += 1,
            _ => {}
        }
        let is_over = is_cancelled || (document.is_none() && means == Meaning::Cancelled);
        if one.link.is_some() && !is_over {
            row.linked.add(total.as_ref());
        }
        if let Some(document) = document.filter(|_| !is_cancelled) {
            row.erp.add(document.total.as_ref());
        }
        if credit == Some(Credit::Whole) || is_word(one, total.as_ref(), document) {
            return;
        }
        let Some((kind, message, advice)) =
            self.verdict(one, &total, document, documents.is_some())
        else {
            return;
        };
        let plain = |total: &Option<Decimal>| total.as_ref().map(money);
        self.add(Finding {
            kind,
            day,
            reference: self.reference(&one.key),
            number: head.map(|head| head.number.clone()),
            document: document.map(|one| one.number.clone()),
            shop_total: plain(&total),
            erp_total: document.and_then(|one| plain(&one.total)),
            message,
            advice,
        });
    }

    /// What is wrong with an order, and what to do about it.
    fn verdict(
        &self,
        one: &Found,
        total: &Option<Decimal>,
        document: Option<&Document>,
        asked: bool,
    ) -> Option<(Kind, String, String)> {
        let status = &one.status;
        let told = |kind, message: String, advice: &str| Some((kind, message, advice.to_owned()));
        let means = meaning(&self.orders.statuses, status);
        let Some(document) = document else {
            return match (means, &one.link) {
                (Meaning::Import, Some(link)) if asked => told(
                    Kind::Gone,
                    format!("imported as `{}`, which the ERP no longer has", link.id),
                    "restore the document in the ERP, or cancel the order in the shop",
                ),
                (Meaning::Import, None) => self.not_imported(&one.key),
                (Meaning::Unknown, None) => told(
                    Kind::UnknownStatus,
                    format!("nobody has said what the shop's status `{status}` means"),
                    &super::name_status(self.orders),
                ),
                _ => None,
            };
        };
        let number = &document.number;
        match (means, document.stage) {
            (Meaning::Import, Stage::Cancelled) => told(
                Kind::CancelledInErp,
                format!("`{number}` is cancelled in the ERP, but the shop's order is `{status}`"),
                "cancel the order in the shop, or enter it in the ERP again",
            ),
            (Meaning::Import, _) if document.total.is_some() && document.total != *total => told(
                Kind::TotalDiffers,
                "the shop's total and the ERP's differ".to_owned(),
                "compare the lines: one of them was changed after the import",
            ),
            (Meaning::Import, _) if one.link.is_none() => told(
                Kind::NotLinked,
                format!("`{number}` bears its reference, but there is no link"),
                "the next `ponte sync` makes it",
            ),
            (Meaning::Import, _) | (_, Stage::Cancelled) => None,
            (Meaning::Cancelled, _) => told(
                Kind::CancelledInShop,
                format!(
                    "`{status}` in the shop, but `{number}` is {} in the ERP",
                    document.stage.name()
                ),
                "cancel the document in the ERP, or take the goods back",
            ),
            (Meaning::Wait | Meaning::Ignore | Meaning::Unknown, _) => told(
                Kind::OtherStatus,
                format!("imported as `{number}`, but its status in the shop is `{status}` now"),
                "put the status right in the shop, or cancel the document in the ERP",
            ),
        }
    }

    /// `None`: nobody wants it imported.
    fn not_imported(&self, key: &str) -> Option<(Kind, String, String)> {
        match (self.kept_out.get(key), self.reasons.get(key)) {
            (Some(Reason::NotTaken { .. } | Reason::Unpaid { .. }), _) => None,
            (Some(reason), _) => Some((
                Kind::Quarantined,
                reason.to_string(),
                reason.advice().into_owned(),
            )),
            (None, Some((message, advice))) => {
                Some((Kind::Quarantined, message.clone(), advice.clone()))
            }
            (None, None) => Some((
                Kind::NotImported,
                "not imported yet".to_owned(),
                format!("`ponte sync {}` imports it", self.orders.name),
            )),
        }
    }

    /// Of a page of documents, those whose orders have not come by.
    fn others(&self, page: Vec<Document>) -> Vec<(String, Document)> {
        let prefix = self.reference("");
        let other = |document: Document| {
            let key = document.reference.as_deref()?.strip_prefix(&prefix)?;
            let key = key.to_owned();
            (!self.seen.contains(&key_hash(&key))).then_some((key, document))
        };
        page.into_iter().filter_map(other).collect()
    }

    fn extra(&mut self, key: &str, document: &Document) {
        if document.stage == Stage::Cancelled {
            return;
        }
        let day = document.day.unwrap_or(self.report.from);
        self.day(day).erp.add(document.total.as_ref());
        self.add(Finding {
            kind: Kind::Extra,
            day,
            reference: self.reference(key),
            number: None,
            document: Some(document.number.clone()),
            shop_total: None,
            erp_total: document.total.as_ref().map(money),
            message: "the shop has no such order since the cut-over".to_owned(),
            advice: "it was deleted in the shop, or the reference was typed wrongly".to_owned(),
        });
    }

    fn add(&mut self, finding: Finding) {
        let row = self.day(finding.day);
        match finding.kind.side() {
            Side::Missing => row.missing += 1,
            Side::Extra => row.extra += 1,
            Side::Different => row.different += 1,
        }
        *self.report.totals.entry(finding.kind).or_default() += 1;
        if self.report.findings.len() < KEPT {
            self.report.findings.push(finding);
        }
    }
}
