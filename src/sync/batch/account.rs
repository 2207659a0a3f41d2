//! The account of a web order's customer: whoever comes in with an order is the one that customers' own flow knows.

use super::Applier;
use crate::config::record::WEB_CUSTOMER;
use crate::db::DbError;
use crate::own::link::Links;
use crate::sync::links::LinkCache;
use crate::sync::record::{Existing, Record};
use crate::sync::work::{Sight, evaluate};
use crate::value::Value;

impl Applier<'_> {
    /// Part of the transaction that imports a web order: its customer, who has an account in the shop, is linked with it. Another
    /// account of the same customer (a branch) stays without a link.
    pub(super) async fn link_customer(
        &mut self,
        records: &[Record],
        cache: &LinkCache,
    ) -> Result<(), DbError> {
        let bound = self.bound;
        let Some(customer) = &bound.customer else {
            return Ok(());
        };
        let links = Links::new(&self.own, self.shop(), WEB_CUSTOMER);
        for record in records.iter().filter(|one| one.state == Existing::New) {
            let value = |name: &str| {
                let slot = bound.layout.field_slot(name);
                slot.map_or(&Value::Null, |slot| &record.values[slot as usize])
            };
            let account = value("customer").plain().trim().to_owned();
            if account.is_empty() || !value("linked_customer").is_null() {
                continue;
            }
            let sight = Sight {
                around: &self.around,
                lookups: &bound.layout.lookups,
                links: cache,
            };
            let id = evaluate(customer, &sight.of(record, None), &bound.flow.at);
            let Some(id) = id.ok().filter(|id| !id.is_null()) else {
                continue;
            };
            let id = id.plain().into_owned();
            links
                .insert_free(self.session.as_mut(), &account, &id)
                .await?;
        }
        Ok(())
    }
}
