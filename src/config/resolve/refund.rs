//! What a shop pays back of web orders, on its way into the ERP.

use super::order::{ShopOrders, Way};
use super::stock::moment;
use crate::diagnostic::Diagnostic;
use crate::plan::order::{Codes, Kind};
use crate::plan::{Orders, Statuses};

impl ShopOrders<'_> {
    /// `None` if the project does not want them, or after an error, which is reported.
    /// `with_orders`: the ERP gets the orders.
    pub fn refunds(&self, with_orders: bool, found: &mut Vec<Diagnostic>) -> Option<Orders> {
        let orders = &self.keys.orders;
        if let (None, Some(over)) = (&orders.refunds_since, &self.keys.refund) {
            let message = "what is said of refunds makes no sense without a moment";
            found.push(
                Diagnostic::error("P105", message)
                    .at(&over.span(self.project_file), "the ERP gets no refunds")
                    .help("say from when on it does: `orders.refunds_since = 2026-12-01T00:00:00+01:00`"),
            );
        }
        let since = orders.refunds_since.as_ref()?;
        let kind = Kind::Refund;
        let at = since.span(self.project_file);
        if !with_orders {
            found.push(
                Diagnostic::error("P105", "refunds make no sense without their orders")
                    .at(&at, "of which orders?")
                    .help("say `orders.import = true` in the shop"),
            );
            return None;
        }
        let since = moment(self.project_file, "orders.refunds_since", since, found);
        let sides = (
            self.shop.pack.shop_refund(),
            self.erp.pack.erp_order(kind.record()),
        );
        let (Some((file, shop)), Some((erp_file, erp))) = sides else {
            if self.shop.pack.complete && self.erp.pack.complete {
                let side = if sides.0.is_none() {
                    self.shop
                } else {
                    self.erp
                };
                let message = format!("the pack `{}` does not describe refunds", side.pack.name);
                found.push(
                    Diagnostic::error("P124", message)
                        .at(&at, "what is paid back is to go into the ERP")
                        .note("wanted in both packs: `refund.toml`")
                        .help("leave `orders.refunds_since` out: a person is told of refunds then"),
                );
            }
            return None;
        };
        if shop.storage.is_empty() {
            let record = shop.record.as_ref()?.span(file);
            found.push(
                Diagnostic::error("P103", "missing `[[storage]]`")
                    .at(&record, "how does the shop keep its refunds?"),
            );
        }
        let ways = shop.storage.iter().map(|keys| Way {
            condition: &keys.condition,
            found: &keys.found,
            since: "refunds_since",
            keys: None,
            sql: &keys.sql,
            lines: &keys.lines,
            charges: &keys.charges,
        });
        let storages = self.storages(kind, file, ways, found);
        let (articles, keys) = self.of_erp(erp_file, erp, found)?;
        // What is wrong with these is told with the orders.
        let told = &mut Vec::new();
        let warehouses = super::write::names(&self.keys.warehouses);
        let codes = super::accept::codes(self.project_file, orders, &warehouses, told);
        Some(Orders {
            name: format!("{}/{}", self.name.value, kind.record()),
            kind,
            shop: self.name.value.clone(),
            since: since?,
            statuses: Statuses::default(),
            accept: self
                .keys
                .refund
                .as_ref()
                .and_then(|over| over.approve.as_ref())
                .and_then(|text| super::accept::of_refunds(self.project_file, text, found))
                .into_iter()
                .collect(),
            codes: Codes {
                // What is paid back is carried by nobody.
                carrier: None,
                ..codes
            },
            warehouses,
            candidates: Vec::new(),
            storages,
            articles,
            keys,
            documents: self.orders_of_erp(told),
            cancel: None,
            rewrite: Vec::new(),
            claim: None,
            at,
        })
    }
}
