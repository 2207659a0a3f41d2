//! What a shop has paid back beside the links and the ERP's records of it, day by day.
//!
//! Only refunds of orders that stand in the ERP are its business; a pack says what becomes of one, and not what that comes to: the ERP is
//! asked whether it has the record that the link leads to.

use super::{Finding, KEPT, Kind, Reasons, Side};
use crate::db::query::Query;
use crate::db::{self, Session};
use crate::expr::Zone;
use crate::orders::accept::Rules;
use crate::orders::documents::{amount, money};
use crate::orders::found::{Found, Search};
use crate::orders::refund::{BY_HAND, Owners};
use crate::orders::story::Named;
use crate::orders::{OrdersError, Shop, local_day};
use crate::own::OwnTables;
use crate::own::approval::Approvals;
use crate::own::link::{Link, Links};
use crate::plan::{Flow, Orders, Plan, Relation};
use crate::sync::narrow::{named, restrict};
use crate::sync::read::key_hash;
use crate::sync::record::key_text;
use crate::sync::report::Reason;
use crate::sync::snapshot::KeyHash;
use crate::value::{Decimal, Row, Value};
use chrono::{NaiveDate, NaiveTime};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Links gone through together.
const PAGE: usize = 900;

#[derive(Debug, Default, Serialize)]
pub struct Refunds {
    pub from: NaiveDate,
    pub days: Vec<Day>,
    pub findings: Vec<Finding>,
    /// Kind -> how many.
    pub totals: BTreeMap<Kind, u64>,
}

/// One of the shop's days.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Day {
    pub day: NaiveDate,
    /// What the shop has paid back and the ERP ought to have.
    pub shop: Sum,
    /// Of these, what is linked.
    pub linked: Sum,
    /// Of the links, those that a person's word has made.
    pub by_hand: u64,
    /// Of the others, those whose record the ERP has.
    pub erp: u64,
    pub missing: u64,
    pub extra: u64,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Sum {
    pub refunds: u64,
    #[serde(serialize_with = "super::plain")]
    pub sum: Decimal,
}

impl Sum {
    fn add(&mut self, amount: Option<&Decimal>) {
        self.refunds += 1;
        if let Some(amount) = amount {
            self.sum = &self.sum + amount;
        }
    }
}

impl Refunds {
    /// Refunds of this side.
    pub fn count(&self, side: Side) -> u64 {
        let of_side = self.totals.iter().filter(|(kind, _)| kind.side() == side);
        of_side.map(|(_, count)| count).sum()
    }
}

/// Compares from this day on, or from the moment from which the ERP gets them; `None`: it gets none of this shop's.
///
/// # Errors
/// Those of the databases; a shop whose storage is not known.
pub(super) async fn run<'p>(
    plan: &'p Plan,
    shop: &mut Shop<'p>,
    erp: &mut dyn Session,
    own: &OwnTables,
    from: NaiveDate,
    reasons: &Reasons,
) -> Result<Option<Refunds>, OrdersError> {
    let name = shop.storage.flow.shop.as_deref();
    let mut refunds = plan.refunds.iter();
    let Some(refunds) = refunds.find(|one| Some(one.shop.as_str()) == name) else {
        return Ok(None);
    };
    let storage = shop.storage_of(refunds).await?;
    let rules = Rules::new(refunds, shop.now, shop.zone, shop.local);
    let approvals = Approvals::new(own, &refunds.name);
    let links = Links::new(own, &refunds.shop, refunds.kind.record());
    let owners = Owners::new(refunds, own);
    let from = from.max(local_day(refunds.since, shop.local));
    let begin = shop.local.instant(from.and_time(NaiveTime::MIN));
    let mut work = Work {
        refunds,
        reasons,
        local: shop.local,
        days: BTreeMap::new(),
        seen: HashSet::new(),
        found: Refunds {
            from,
            ..Refunds::default()
        },
    };
    let all = || Search::new(refunds, storage, shop.zone, &[]);
    let mut search = all().from(begin);
    while let Some(page) = search.next(shop.session.as_mut(), erp, &links).await? {
        let heads = heads(&storage.flow, shop.session.as_mut(), &page).await?;
        let unlinked = page.iter().filter(|one| one.link.is_none());
        let verdicts = unlinked.filter_map(|one| {
            let row = heads.rows.get(&one.key)?;
            let verdict = rules.verdict(|name| heads.read.value(row, name));
            Some((one.key.clone(), verdict))
        });
        let kept_out = rules.kept_out(erp, &approvals, verdicts.collect()).await?;
        let owned = owners.of(erp, &page).await?;
        let written = page.iter().filter_map(|one| one.link.as_ref());
        let written = records(&storage.flow, erp, written).await?;
        for one in &page {
            let total = heads.total(&one.key);
            match &one.link {
                Some(link) => work.linked(one, link, total, written.as_ref()),
                None if owned.contains_key(&one.order) => {
                    work.open(one, total, kept_out.get(&one.key));
                }
                // The ERP has no such order that stands.
                None => {
                    work.seen.insert(key_hash(&one.key));
                }
            }
        }
    }
    let mut last = String::new();
    loop {
        let keys = links.keys_behind(erp, &last, PAGE).await?;
        let Some(end) = keys.last() else { break };
        last.clone_from(end);
        let is_new = |key: &String| !work.seen.contains(&key_hash(key));
        let others: Vec<String> = keys.into_iter().filter(is_new).collect();
        if others.is_empty() {
            continue;
        }
        let known = all().known(shop.session.as_mut(), &others).await?;
        let is_gone = |key: &String| !known.contains(key);
        let gone: Vec<String> = others.into_iter().filter(is_gone).collect();
        if gone.is_empty() {
            continue;
        }
        let gone_links = links.of(erp, &gone).await?;
        for key in &gone {
            let Some(link) = gone_links.get(key) else {
                continue;
            };
            let at = links.linked(erp, key).await?;
            let day = at.map_or(from, |at| local_day(at, work.local));
            if day >= from {
                work.extra(key, link, day);
            }
        }
    }
    let mut found = work.found;
    found.days = work.days.into_values().collect();
    Ok(Some(found))
}

/// A page's refunds as the shop has them.
struct Heads {
    read: Named,
    /// By key.
    rows: HashMap<String, Row>,
}

impl Heads {
    fn total(&self, key: &str) -> Option<Decimal> {
        amount(self.read.value(self.rows.get(key)?, "total"))
    }
}

async fn heads(flow: &Flow, shop: &mut dyn Session, page: &[Found]) -> db::Result<Heads> {
    let references: Vec<Value> = page.iter().map(|one| one.reference.clone()).collect();
    let query = match &flow.source.relation {
        Relation::Sql(sql) if !references.is_empty() => {
            let all = Query::sql(format!("SELECT s.* FROM ({}\n) s", sql.text));
            named(all, " WHERE ", "reference", &references)
        }
        _ => {
            return Ok(Heads {
                read: Named::default(),
                rows: HashMap::new(),
            });
        }
    };
    let read = Named::read(shop, &query).await?;
    let keyed = |row: &Row| {
        let key = key_text(std::slice::from_ref(read.value(row, "reference")));
        (key.trim().to_owned(), row.clone())
    };
    let rows = read.rows.iter().map(keyed).collect();
    Ok(Heads { read, rows })
}

/// The ids of those that the ERP has, of the records that the links lead to; `None`: its pack finds none.
async fn records(
    flow: &Flow,
    erp: &mut dyn Session,
    links: impl Iterator<Item = &Link>,
) -> db::Result<Option<HashSet<String>>> {
    let Some(find) = &flow.target.find else {
        return Ok(None);
    };
    let ids: Vec<String> = links
        .filter(|link| link.kind != BY_HAND)
        .map(|link| link.id.clone())
        .collect();
    if ids.is_empty() {
        return Ok(Some(HashSet::new()));
    }
    let all = Query::sql(format!("SELECT f.id FROM ({}\n) f", find.sql.text));
    let described = erp.describe(&all).await?;
    let ty = described.first().map(|column| &column.ty);
    let rows = db::fetch(erp, &restrict(all, " WHERE ", "id", &ids, ty)).await?;
    let id = |row: &Row| key_text(&row[..1]).trim().to_owned();
    Ok(Some(rows.iter().map(id).collect()))
}

struct Work<'a> {
    refunds: &'a Orders,
    /// Why the quarantine has one.
    reasons: &'a Reasons,
    local: Zone,
    days: BTreeMap<NaiveDate, Day>,
    seen: HashSet<KeyHash>,
    found: Refunds,
}

impl Work<'_> {
    fn day(&mut self, one: &Found) -> &mut Day {
        let placed = one.placed.unwrap_or(self.refunds.since);
        let day = local_day(placed, self.local);
        self.of_day(day)
    }

    fn of_day(&mut self, day: NaiveDate) -> &mut Day {
        self.days.entry(day).or_insert_with(|| Day {
            day,
            ..Day::default()
        })
    }

    fn linked(
        &mut self,
        one: &Found,
        link: &Link,
        total: Option<Decimal>,
        written: Option<&HashSet<String>>,
    ) {
        self.seen.insert(key_hash(&one.key));
        let is_by_hand = link.kind == BY_HAND;
        let is_there = written.is_none_or(|written| written.contains(link.id.trim()));
        let day = self.day(one);
        day.shop.add(total.as_ref());
        day.linked.add(total.as_ref());
        match (is_by_hand, is_there) {
            (true, _) => day.by_hand += 1,
            (false, true) => day.erp += 1,
            (false, false) => {
                let day = day.day;
                let message = format!("written as `{}`, which the ERP no longer has", link.id);
                let advice = "restore it in the ERP, or book it there by hand";
                let document = Some(link.id.clone());
                self.add(
                    Kind::Gone,
                    day,
                    &one.key,
                    (total, document),
                    message,
                    advice,
                );
            }
        }
    }

    /// One that the ERP ought to have, and has not.
    fn open(&mut self, one: &Found, total: Option<Decimal>, kept_out: Option<&Reason>) {
        self.seen.insert(key_hash(&one.key));
        // Nobody wants it there.
        if matches!(kept_out, Some(Reason::NotTaken { .. })) {
            return;
        }
        let day = self.day(one);
        day.shop.add(total.as_ref());
        let day = day.day;
        let (kind, message, advice) = match (kept_out, self.reasons.get(&one.key)) {
            (Some(reason), _) => {
                let advice = reason.advice().into_owned();
                (Kind::Quarantined, reason.to_string(), advice)
            }
            (None, Some((message, advice))) => (Kind::Quarantined, message.clone(), advice.clone()),
            (None, None) => (
                Kind::NotImported,
                "not written yet".to_owned(),
                format!("`ponte sync {}` writes it", self.refunds.name),
            ),
        };
        let message = format!("of order {}: {message}", one.order);
        self.add(kind, day, &one.key, (total, None), message, &advice);
    }

    fn extra(&mut self, key: &str, link: &Link, day: NaiveDate) {
        let message = "the shop has no such refund any longer".to_owned();
        let advice = "it was taken back in the shop: take the credit note back, too";
        let document = (link.kind != BY_HAND).then(|| link.id.clone());
        self.add(Kind::Extra, day, key, (None, document), message, advice);
    }

    fn add(
        &mut self,
        kind: Kind,
        day: NaiveDate,
        key: &str,
        (total, document): (Option<Decimal>, Option<String>),
        message: String,
        advice: &str,
    ) {
        let row = self.of_day(day);
        match kind.side() {
            Side::Extra => row.extra += 1,
            Side::Missing | Side::Different => row.missing += 1,
        }
        *self.found.totals.entry(kind).or_default() += 1;
        if self.found.findings.len() < KEPT {
            self.found.findings.push(Finding {
                kind,
                day,
                reference: format!("{}/{key}", self.refunds.name),
                number: None,
                document,
                shop_total: total.as_ref().map(money),
                erp_total: None,
                message,
                advice: advice.to_owned(),
            });
        }
    }
}
