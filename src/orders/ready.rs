//! What an order needs before it can be written: its sums to the cent, the ERP's names of what it bears, its articles, keys.

use super::canonical::Articles;
use super::{Import, OrdersError, unbound};
use crate::db;
use crate::db::template::{self, Bound as Binding};
use crate::own::link::Links;
use crate::sync::fetch;
use crate::sync::record::Record;
use crate::sync::report::Reason;
use crate::value::Value;
use std::collections::{BTreeSet, HashSet};

impl Import<'_> {
    /// Makes orders ready to be written; those that cannot be come back with why.
    pub(super) async fn ready(
        &mut self,
        records: Vec<Record>,
    ) -> Result<(Vec<Record>, Vec<(Record, Reason)>), OrdersError> {
        let (mut sound, mut refused) = (Vec::new(), Vec::new());
        for mut record in records {
            let complete = self.canonical.complete(&mut record);
            let codes = |()| self.codes.put(&self.canonical, &self.rules, &mut record);
            match complete.and_then(codes) {
                Ok(()) => sound.push(record),
                Err(reason) => refused.push((record, reason)),
            }
        }
        let known = self.articles(&sound).await?;
        let mut ready = Vec::new();
        for mut record in sound {
            match self.canonical.articles(&mut record, &known) {
                Ok(()) => ready.push(record),
                Err(reason) => refused.push((record, reason)),
            }
        }
        // A dry run uses nothing up.
        if self.writes && !ready.is_empty() {
            self.keys(&mut ready).await?;
        }
        Ok((ready, refused))
    }

    /// Puts the ERP's customers to the accounts that are linked with one.
    pub(super) async fn known_customers(
        &mut self,
        records: &mut [Record],
    ) -> Result<(), OrdersError> {
        if self.bound.customer.is_none() {
            return Ok(());
        }
        let accounts: BTreeSet<String> = records.iter().map(|one| self.account(one)).collect();
        let accounts: Vec<String> = accounts.into_iter().filter(|one| !one.is_empty()).collect();
        let own = &self.applier.own;
        let links = Links::new(own, &self.orders.shop, crate::config::record::WEB_CUSTOMER);
        let known = links.of(self.applier.session.as_mut(), &accounts).await?;
        for record in records {
            if let Some(link) = known.get(&self.account(record)) {
                let id = Value::Text(link.id.clone());
                self.canonical.put(record, "linked_customer", id);
            }
        }
        Ok(())
    }

    /// Of the lines' articles those that the ERP has.
    async fn articles(&mut self, records: &[Record]) -> Result<Articles, OrdersError> {
        let mut skus = BTreeSet::new();
        for record in records {
            self.canonical.skus(record, &mut skus);
        }
        let skus: Vec<String> = skus.into_iter().collect();
        let mut known = Articles::default();
        for asked in skus.chunks(1000) {
            let list: Vec<Value> = asked.iter().map(|sku| Value::Text(sku.clone())).collect();
            let bound = |name: &str| (name == "sku").then(|| Binding::Many(list.clone()));
            let sql = &self.orders.articles;
            let query = template::bind(&sql.text, bound).map_err(|name| unbound(sql, name))?;
            let asked: HashSet<&str> = asked.iter().map(String::as_str).collect();
            let (columns, rows) =
                fetch::read(self.applier.session.as_mut(), &query, usize::MAX).await?;
            let at = columns.iter().position(|column| column == "sku");
            for row in rows {
                let sku = at.map_or(String::new(), |at| row[at].plain().trim().to_owned());
                // The ERP's collation may hold others equal.
                if asked.contains(sku.as_str()) {
                    known.rows.insert(sku, row);
                }
            }
            known.columns = columns;
        }
        Ok(known)
    }

    /// Gives the rows of orders keys of the ERP's, where its pack asks for them.
    async fn keys(&mut self, records: &mut [Record]) -> Result<(), OrdersError> {
        let Some(sql) = &self.orders.keys else {
            return Ok(());
        };
        let rows: usize = records.iter().map(|one| self.canonical.count(one)).sum();
        let bound = |name: &str| (name == "rows").then_some(Binding::One(Value::Int(rows as i64)));
        let query = template::bind(&sql.text, bound).map_err(|name| unbound(sql, name))?;
        let keys = db::fetch(self.applier.session.as_mut(), &query).await?;
        let mut keys = keys.into_iter().filter_map(|row| row.into_iter().next());
        for record in records {
            self.canonical.keys(record, &mut keys);
        }
        Ok(())
    }
}
