//! Fulfilment: what the ERP's pack asks, what the shop's pack writes, and what the project says otherwise.

use super::super::mapping::fulfilment::{
    NewsWord, ShopFulfilmentKeys, StatementKeys, StatusKeys, WayKeys,
};
use super::super::project::ShopFulfilmentKeys as Over;
use super::super::record;
use super::super::spanned::At;
use super::super::texts::{Bound, Texts};
use super::order::ShopOrders;
use super::target;
use crate::diagnostic::{Diagnostic, Span};
use crate::expr::Expr;
use crate::plan::fulfilment::{
    Documents, Fulfilment, Language, NEWS, News, Rules, State, Statement, Way,
};
use std::collections::BTreeMap;

/// What the statements of a shop's pack may name.
pub const NAMES: [&str; 11] = [
    "reference",
    "status",
    "old_status",
    "note",
    "carrier",
    "tracking",
    "last_tracking",
    "invoice",
    "now",
    "now_local",
    "now_unix",
];

impl ShopOrders<'_> {
    /// The way back; `None` after an error, which is reported.
    pub fn fulfilment(&self, found: &mut Vec<Diagnostic>) -> Option<Fulfilment> {
        let over = self.keys.fulfilment.as_ref()?;
        let at = Span::new(self.project_file, over.range.clone());
        self.needs_since(&at, "its orders get another status", "touched", found);
        let (file, body) = self.shop.pack.shop_fulfilment()?;
        let keys = body.fulfilment.as_ref()?;
        let rules = self.rules(keys, &over.value);
        if keys.storage.is_empty() {
            found.push(
                Diagnostic::error("P103", "missing `[[fulfilment.storage]]`")
                    .at(&keys.span(file), "how does the shop keep its orders?"),
            );
        }
        let approve = over.approve.as_ref().and_then(|text| {
            super::accept::over(
                "an order's news",
                self.project_file,
                text,
                NEWS.into_iter(),
                found,
            )
        });
        let texts = self.shop.texts(file);
        let ways = keys.storage.iter();
        let ways = ways.filter_map(|way| self.way(texts, way, found)).collect();
        Some(Fulfilment {
            name: format!("{}/{}", self.name.value, record::FULFILMENT),
            shop: self.name.value.clone(),
            erp: self.documents(found)?,
            since: self.since?,
            target: self.shop.connection.clone(),
            rules,
            ways,
            approve,
            language: self.language(),
            mailing: None,
            tracking: None,
            at,
        })
    }

    fn documents(&self, found: &mut Vec<Diagnostic>) -> Option<Documents> {
        let (file, body) = self.erp.pack.erp_fulfilment()?;
        let keys = body.documents.as_ref()?;
        let texts = self.erp.texts(file);
        let bound = Bound::names(&["document"]);
        let parcels = keys.parcels.as_ref();
        let parcels = parcels.map(|sql| texts.sql(sql, &bound, found));
        let contacts = keys.contacts.as_ref();
        let contacts = contacts.map(|sql| texts.sql(sql, &bound, found));
        Some(Documents {
            connection: self.erp.connection.clone(),
            sql: texts.sql(keys.sql.as_ref()?, &bound, found),
            parcels,
            contacts,
        })
    }

    /// The project's word, state by state, or else the pack's.
    fn rules(&self, pack: &ShopFulfilmentKeys, over: &Over) -> Rules {
        type Pick = fn(&StatusKeys) -> &Option<At<String>>;
        let picks: [(State, Pick); 4] = [
            (State::PartlyShipped, |keys| &keys.partly_shipped),
            (State::Shipped, |keys| &keys.shipped),
            (State::Invoiced, |keys| &keys.invoiced),
            (State::Cancelled, |keys| &keys.cancelled),
        ];
        let mut statuses = BTreeMap::new();
        for (state, pick) in picks {
            let status = pick(&over.status).as_ref().or(pick(&pack.status).as_ref());
            // An empty text of the project's takes the pack's status away.
            if let Some(status) = status.filter(|status| !status.value.is_empty()) {
                statuses.insert(state, status.value.clone());
            }
        }
        let from = over.from.as_ref().or(pack.from.as_ref());
        let from = from.into_iter().flatten().map(|one| one.value.clone());
        Rules {
            statuses,
            from: from.collect(),
        }
    }

    fn way(
        &self,
        texts: Texts<'_>,
        keys: &At<WayKeys>,
        found: &mut Vec<Diagnostic>,
    ) -> Option<Way> {
        let condition = self.condition(texts, &keys.condition, found);
        let orders = texts.sql(keys.orders.as_ref()?, &Bound::names(&["reference"]), found);
        let writes = keys.write.iter();
        let writes = writes.filter_map(|keys| self.statement(texts, keys, found));
        let writes = writes.collect();
        let tracking = keys.tracking.as_ref();
        let tracking = tracking.map(|sql| texts.sql(sql, &Bound::names(&["reference"]), found));
        Some(Way {
            tracking,
            condition,
            table: texts.table(keys.table.as_ref()?, found),
            orders,
            writes,
        })
    }

    fn statement(
        &self,
        texts: Texts<'_>,
        keys: &StatementKeys,
        found: &mut Vec<Diagnostic>,
    ) -> Option<Statement> {
        let condition = self.condition(texts, &keys.condition, found);
        let sql = texts.sql(keys.sql.as_ref()?, &Bound::names(&NAMES), found);
        Some(Statement {
            news: match keys.when.as_ref()?.value {
                NewsWord::Status => News::Status,
                NewsWord::Parcels => News::Parcels,
                NewsWord::Invoice => News::Invoice,
                NewsWord::Any => News::Any,
            },
            condition,
            sql,
        })
    }

    fn condition(
        &self,
        texts: Texts<'_>,
        text: &Option<At<String>>,
        found: &mut Vec<Diagnostic>,
    ) -> Option<Expr> {
        let expr = texts.expr(text.as_ref()?, found)?;
        target::scope(self.shop).check(&expr, found);
        Some(expr)
    }

    /// Notes are for the shop's people, who speak its language.
    fn language(&self) -> Language {
        let code = self.keys.language.as_ref().map_or("", |code| &code.value);
        match code.to_ascii_lowercase().starts_with("it") {
            true => Language::Italian,
            false => Language::English,
        }
    }
}
