//! Which of the ERP's rows are a shop's: `where` of its records, and what belongs to one of them.

use super::{Erp, Resolver};
use crate::config::project::{ShopKeys, ShopRecordKeys};
use crate::config::spanned::At;
use crate::config::texts::Bound;
use crate::plan::{ServerSql, Within};

impl Resolver<'_, '_> {
    /// `[shop.NAME.article] where`.
    pub(super) fn shop_filter(
        &mut self,
        keys: &ShopKeys,
        erp: &Erp<'_>,
        record: &str,
    ) -> Option<ServerSql> {
        let filter = shop_keys(keys, record)?.filter.as_ref()?;
        let texts = erp.side?.texts(self.file);
        Some(texts.sql(filter, &Bound::none(), &mut self.loader.found))
    }

    /// What belongs to another record is the shop's if that one is.
    pub(super) fn within(
        &mut self,
        column: &str,
        keys: &ShopKeys,
        erp: &Erp<'_>,
        record: &str,
    ) -> Option<Within> {
        let filter = self.shop_filter(keys, erp, record)?;
        let other = erp.sources.get(record)?;
        Some(Within {
            column: column.to_owned(),
            relation: other.relation.clone(),
            key: other.key.first()?.clone(),
            filter,
        })
    }
}

pub(super) fn shop_keys<'k>(keys: &'k ShopKeys, record: &str) -> Option<&'k At<ShopRecordKeys>> {
    match record {
        "article" => keys.article.as_ref(),
        "category" => keys.category.as_ref(),
        _ => keys.price.as_ref(),
    }
}
