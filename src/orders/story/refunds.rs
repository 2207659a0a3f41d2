//! What was paid back of one order, and what became of it in the ERP.

use super::{Named, Teller};
use crate::db::query::Query;
use crate::orders::OrdersError;
use crate::orders::accept::Rules;
use crate::orders::canonical::placed;
use crate::orders::documents::{amount, money};
use crate::orders::refund::BY_HAND;
use crate::own::approval::Approvals;
use crate::own::link::Links;
use crate::plan::Relation;
use crate::plan::order::Kind;
use crate::sync::record::key_text;
use chrono::{DateTime, NaiveDateTime, Utc};
use serde::Serialize;

#[derive(Debug, Serialize)]
pub struct Refund {
    /// The shop's.
    pub key: String,
    pub placed: Option<DateTime<Utc>>,
    /// As the shop's clock shows it.
    pub placed_local: Option<NaiveDateTime>,
    pub total: Option<String>,
    /// Why, in the words of the shop's people.
    pub note: Option<String>,
    /// What the ERP calls what it became.
    pub document: Option<String>,
    pub standing: Standing,
    /// Why the last run could not write it, or who keeps it out, and what to do.
    pub why: Option<String>,
    pub advice: Option<String>,
}

/// What became of a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// The ERP has it.
    Written,
    /// A person says that it is booked.
    ByHand,
    /// Paid back before the moment from which the ERP gets refunds.
    BeforeSince,
    /// The next run writes it, or says why not.
    NotYet,
    /// The ERP has no such order, or has cancelled it.
    NoOrder,
}

impl Teller<'_> {
    /// The refunds of an order, by the shop's key of it. `stands`: the ERP has the order, and has not cancelled it.
    pub(super) async fn refunds(
        &mut self,
        order: &str,
        stands: bool,
    ) -> Result<Vec<Refund>, OrdersError> {
        let Some(of_shop) = self.paid_back else {
            return Ok(Vec::new());
        };
        let storage = self.shop.storage_of(of_shop).await?;
        let Relation::Sql(sql) = &storage.flow.source.relation else {
            return Ok(Vec::new());
        };
        let all = Query::sql(format!("SELECT s.* FROM ({}\n) s", sql.text));
        let described = self.shop.session.describe(&all).await?;
        let ty = described
            .iter()
            .find(|column| column.name == "order_reference")
            .map(|column| &column.ty);
        let keys = [order.to_owned()];
        let query = super::restrict(all, " WHERE ", "order_reference", &keys, ty);
        let found = Named::read(self.shop.session.as_mut(), &query).await?;
        let key = |row: &crate::value::Row| {
            let reference = found.value(row, "reference").clone();
            key_text(&[reference]).trim().to_owned()
        };
        let keys: Vec<String> = found.rows.iter().map(key).collect();
        let links = Links::new(&self.own, &of_shop.shop, Kind::Refund.record());
        let linked = links.of(self.erp.as_mut(), &keys).await?;
        let rules = Rules::new(of_shop, self.shop.now, self.shop.zone, self.shop.local);
        let rows = found.rows.iter().zip(&keys);
        let verdicts = rows.map(|(row, key)| {
            let verdict = rules.verdict(|name| found.value(row, name));
            (key.clone(), verdict)
        });
        let approvals = Approvals::new(&self.own, &of_shop.name);
        let kept_out = rules
            .kept_out(self.erp.as_mut(), &approvals, verdicts.collect())
            .await?;
        let mut refunds = Vec::new();
        for (row, key) in found.rows.iter().zip(keys) {
            let link = linked.get(&key);
            let at = placed(found.value(row, "placed"), self.shop.zone);
            let note = found.value(row, "note").plain().trim().to_owned();
            let standing = match link {
                Some(link) if link.kind == BY_HAND => Standing::ByHand,
                Some(_) => Standing::Written,
                None if at.is_some_and(|at| at < of_shop.since) => Standing::BeforeSince,
                None if !stands => Standing::NoOrder,
                None => Standing::NotYet,
            };
            let kept_out = kept_out.get(&key);
            let kept_out = kept_out.filter(|_| standing == Standing::NotYet);
            refunds.push(Refund {
                why: kept_out.map(ToString::to_string),
                advice: kept_out.map(|reason| reason.advice().into_owned()),
                key,
                placed: at,
                placed_local: at.and_then(|at| self.shop.local.wall(at)),
                total: amount(found.value(row, "total")).as_ref().map(money),
                note: Some(note).filter(|note| !note.is_empty()),
                document: link
                    .filter(|_| standing == Standing::Written)
                    .map(|link| link.id.clone()),
                standing,
            });
        }
        refunds.sort_by(|a, b| (a.placed, &a.key).cmp(&(b.placed, &b.key)));
        Ok(refunds)
    }
}
