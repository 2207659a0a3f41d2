//! Shops in other databases that sell from the same warehouses: their pending orders are taken off here, too.

use super::pending::Line;
use super::shop::Shop;
use super::siblings::is_sibling;
use super::{Engines, LastKnown, StockError};
use crate::db::DbError;
use crate::plan::{self, Plan};
use std::collections::BTreeSet;

pub struct Others<'p> {
    shops: Vec<Other<'p>>,
}

struct Other<'p> {
    name: &'p str,
    /// `None`: out of reach.
    shop: Option<Shop<'p>>,
    /// From an earlier round or cycle; used while the shop is out of reach.
    known: Option<Vec<Line>>,
}

impl<'p> Others<'p> {
    /// # Errors
    /// [`StockError::OtherShop`] for one out of reach of which nothing is known; mapping errors.
    pub async fn open(
        project: &'p Plan,
        stock: &'p plan::Stock,
        engines: &Engines,
        last_known: &LastKnown,
    ) -> Result<Others<'p>, StockError> {
        let mut shops = Vec::new();
        for other in project
            .stocks
            .iter()
            .filter(|other| share_stock(stock, other) && !is_sibling(project, stock, other))
        {
            let known = last_known.get(&other.shop);
            let known = known.map(|lines| lines.iter().filter_map(|line| line.line()).collect());
            let shop = match Shop::open(project, other, engines).await {
                Ok(shop) => Some(shop),
                Err(StockError::Database(error)) => {
                    stays_known(&other.shop, error, known.is_some())?;
                    None
                }
                Err(error) => return Err(error),
            };
            shops.push(Other {
                name: &other.shop,
                shop,
                known,
            });
        }
        Ok(Others { shops })
    }

    /// Lines of all of them, fresh where they can be reached.
    ///
    /// # Errors
    /// As [`Others::open`].
    pub async fn pending(
        &mut self,
        only: Option<&BTreeSet<String>>,
    ) -> Result<Vec<Line>, StockError> {
        let mut lines = Vec::new();
        for other in &mut self.shops {
            if let Some(shop) = &mut other.shop {
                match shop.pending(only).await {
                    Ok(fresh) => {
                        if only.is_none() {
                            other.known = Some(fresh.clone());
                        }
                        lines.extend(fresh);
                        continue;
                    }
                    Err(StockError::Database(error)) => {
                        stays_known(other.name, error, other.known.is_some())?;
                        other.shop = None;
                    }
                    Err(error) => return Err(error),
                }
            }
            let known = other.known.iter().flatten();
            let wanted = known.filter(|line| only.is_none_or(|skus| skus.contains(&line.sku)));
            lines.extend(wanted.cloned());
        }
        Ok(lines)
    }

    pub fn out_of_reach(&self) -> Vec<String> {
        let absent = self.shops.iter().filter(|other| other.shop.is_none());
        absent.map(|other| other.name.to_owned()).collect()
    }
}

fn stays_known(shop: &str, error: DbError, known: bool) -> Result<(), StockError> {
    match known {
        true => {
            tracing::warn!(shop, %error, "a shop on the same warehouses is out of reach; its last known orders count");
            Ok(())
        }
        false => Err(StockError::OtherShop {
            shop: shop.to_owned(),
            error,
        }),
    }
}

/// Whether both sell from a warehouse of one ERP.
pub fn share_stock(a: &plan::Stock, b: &plan::Stock) -> bool {
    let overlap = a.warehouses.is_empty()
        || b.warehouses.is_empty()
        || a.warehouses
            .iter()
            .any(|warehouse| b.warehouses.contains(warehouse));
    a.shop != b.shop && a.erp.connection == b.erp.connection && overlap
}
