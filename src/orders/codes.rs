//! What the ERP calls an order's payment method, carrier, warehouse and VAT, where the project says so.

use super::accept::{Head, Rules, holds, resolved};
use super::canonical::{Canonical, LINE, Named, unfit};
use crate::expr::Resolved;
use crate::plan::Orders;
use crate::plan::order::VatCode;
use crate::sync::record::Record;
use crate::sync::report::Reason;
use crate::value::{Decimal, Value};

pub struct Codes<'o> {
    orders: &'o Orders,
    vat: Vec<(&'o VatCode, Option<Resolved>)>,
}

impl<'o> Codes<'o> {
    pub fn new(orders: &'o Orders) -> Codes<'o> {
        let vat = orders.codes.vat.iter();
        let vat = vat.map(|one| (one, one.condition.as_ref().and_then(resolved)));
        Codes {
            orders,
            vat: vat.collect(),
        }
    }

    /// Puts them into a complete record.
    ///
    /// # Errors
    /// What nobody has named, and where to do so.
    pub fn put(
        &self,
        canonical: &Canonical<'_>,
        rules: &Rules<'_>,
        record: &mut Record,
    ) -> Result<(), Reason> {
        let head = rules.head(|name| canonical.value(record, name))?;
        let shop = &self.orders.shop;
        let vat = |rate: &Value, kind: &str| self.vat(&head, rate, kind);
        let unknown = |field: &str, called: &str| {
            let (what, table) = match field {
                "payment_code" => ("payment method", "payment"),
                "warehouse_code" => ("warehouse", "warehouse"),
                _ => ("carrier", "carrier"),
            };
            unfit(
                format!("nobody has said what the {what} `{called}` is in the ERP"),
                &format!("add {called:?} = \"CODE\" to `[shop.{shop}.orders.{table}]`"),
            )
        };
        let warehouse = |called: &str| {
            let code = self.warehouse(called);
            code.ok_or_else(|| unknown("warehouse_code", called))
        };
        let named = Named {
            payment: self.orders.codes.payment.as_ref(),
            carrier: self.orders.codes.carrier.as_ref(),
            warehouse: &warehouse,
            vat: &vat,
            unknown: &unknown,
        };
        canonical.codes(record, &named)
    }

    /// Where the ERP takes the pieces from: only a warehouse whose stock this shop sells, since they would be committed where the
    /// shop's figures do not see them. NULL leaves it to the ERP; `None`: nobody has named it.
    fn warehouse(&self, called: &str) -> Option<Value> {
        let own = &self.orders.warehouses;
        let code = match &self.orders.codes.warehouse {
            Some(table) if !called.is_empty() => Some(table.get(called)?.clone()),
            None if !called.is_empty() => Some(called.to_owned()),
            _ => None,
        };
        let code = code.filter(|code| own.is_empty() || own.contains(code));
        Some(match (code, &own[..]) {
            (Some(code), _) => Value::Text(code),
            (None, [only]) => Value::Text(only.clone()),
            (None, _) => Value::Null,
        })
    }

    /// Of a line, or of a charge of this kind.
    fn vat(&self, head: &Head, rate: &Value, kind: &str) -> Result<Value, Reason> {
        if self.vat.is_empty() {
            return Ok(Value::Null);
        }
        let rate = rate.to_decimal().unwrap_or_default();
        let is_for = |one: &VatCode| one.on.is_empty() || one.on.iter().any(|on| on == kind);
        let fitting = self
            .vat
            .iter()
            .filter(|(one, _)| one.rate == rate && is_for(one));
        for (one, condition) in fitting {
            if holds(condition.as_ref(), one.condition.as_ref(), head)? {
                return Ok(Value::Text(one.code.clone()));
            }
        }
        Err(self.no_vat(&rate, kind))
    }

    fn no_vat(&self, rate: &Decimal, kind: &str) -> Reason {
        let (rate, shop) = (rate.to_plain(), &self.orders.shop);
        unfit(
            match kind {
                LINE => format!(
                    "nobody has said which VAT code of the ERP {rate} % is for such an order"
                ),
                kind => format!(
                    "nobody has said which VAT code of the ERP {rate} % is for `{kind}` of such an order"
                ),
            },
            &format!(
                "add `rate = {rate}` with its `code` as a `[[shop.{shop}.orders.vat]]`; what is exempt needs a code that says why"
            ),
        )
    }
}
