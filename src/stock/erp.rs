//! The ERP's side of the figure, read in one transaction and in an order that errs low where the server gives no
//! common picture: what is counted, what is committed, what is on hand.

use super::StockError;
use super::assess::Left;
use super::figure::Exception;
use super::pending::Counted;
use super::rows::{LIST_MAX, ServerQuery, narrowed, needed, number, text};
use crate::db::{Isolation, Session};
use crate::plan::{self, ServerSql};
use crate::value::{Decimal, Row};
use std::collections::{BTreeSet, HashMap};

/// What the ERP says of one article.
#[derive(Debug, Clone, Default)]
pub struct Article {
    /// Pieces in the warehouses assigned to the shop.
    pub on_hand: Decimal,
    pub committed: Decimal,
    pub exception: Option<Exception>,
    /// One of its quantities is no number.
    pub unreadable: bool,
}

/// The ERP as it was read.
#[derive(Debug, Default)]
pub struct Erp {
    /// Every article with a row in any warehouse: what is not here is none of ponte's business.
    pub articles: HashMap<String, Article>,
    pub counted: Counted,
    /// Single rows, for `explain` only.
    pub details: Details,
}

#[derive(Debug, Default)]
pub struct Details {
    pub on_hand: Vec<Detail>,
    pub committed: Vec<Detail>,
}

/// One row of `on_hand` or `committed`.
#[derive(Debug, Clone)]
pub struct Detail {
    pub warehouse: Option<String>,
    pub quantity: Decimal,
    pub document: Option<String>,
    pub assigned: bool,
}

impl Erp {
    /// The article, as far as its pieces can be told.
    pub fn article(&self, sku: &str) -> Result<&Article, Left> {
        match self.articles.get(sku) {
            None => Err(Left::NotInErp),
            Some(article) if article.unreadable => Err(Left::UnreadableInErp),
            Some(article) => Ok(article),
        }
    }
}

/// What is wanted of the ERP.
pub struct Wanted<'a> {
    pub only: Option<&'a BTreeSet<String>>,
    /// Orders that the shops hold stock for; of no others need it be known what is counted.
    pub references: &'a BTreeSet<String>,
    pub details: bool,
}

/// Reads the ERP in one snapshot.
///
/// # Errors
/// Those of the database and of a query that does not yield what it should.
pub async fn read(
    session: &mut dyn Session,
    stock: &plan::Stock,
    wanted: &Wanted<'_>,
) -> Result<Erp, StockError> {
    session.begin(Isolation::Snapshot).await?;
    let mut erp = Erp::default();
    read_counted(session, &stock.erp.counted, wanted, &mut erp).await?;
    read_quantities(session, stock, Kind::Committed, wanted, &mut erp).await?;
    read_quantities(session, stock, Kind::OnHand, wanted, &mut erp).await?;
    if let Some(sql) = &stock.erp.exceptions {
        read_exceptions(session, sql, wanted, &mut erp).await?;
    }
    session.rollback().await?;
    Ok(erp)
}

async fn read_counted(
    session: &mut dyn Session,
    sql: &ServerSql,
    wanted: &Wanted<'_>,
    erp: &mut Erp,
) -> Result<(), StockError> {
    // By order and not by article: a closed order's rows may name no article, or another one than the shop's.
    let query = match wanted.references.len() <= LIST_MAX {
        true => narrowed(sql, "reference", wanted.references),
        false => ServerQuery::from(sql),
    };
    let take = |_: &[String], at: &[Option<usize>], row: Row| {
        let Some(reference) = text(needed(&row, at[0], "reference")?)? else {
            return Ok(());
        };
        let sku = text(needed(&row, at[1], "sku")?)?;
        // Of what is no number nobody knows whether it is counted: the order's pieces stay pending.
        let Ok(quantity) = number(needed(&row, at[2], "quantity")?) else {
            return Ok(());
        };
        if wanted.references.contains(&reference) {
            erp.counted
                .add(&reference, sku.as_deref(), quantity.as_ref());
        }
        Ok(())
    };
    query
        .each(session, &|_| None, &["reference", "sku", "quantity"], take)
        .await
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Committed,
    OnHand,
}

async fn read_quantities(
    session: &mut dyn Session,
    stock: &plan::Stock,
    kind: Kind,
    wanted: &Wanted<'_>,
    erp: &mut Erp,
) -> Result<(), StockError> {
    let sql = match kind {
        Kind::Committed => &stock.erp.committed,
        Kind::OnHand => &stock.erp.on_hand,
    };
    let query = query(sql, wanted);
    let take = |_: &[String], at: &[Option<usize>], row: Row| {
        let Some(sku) = wanted.sku(&row, at[0])? else {
            return Ok(());
        };
        let warehouse = text(needed(&row, at[1], "warehouse")?)?;
        let assigned = is_assigned(stock, kind, warehouse.as_deref());
        let article = erp.articles.entry(sku).or_default();
        let Ok(quantity) = number(needed(&row, at[2], "quantity")?) else {
            article.unreadable |= assigned;
            return Ok(());
        };
        let quantity = quantity.unwrap_or_default();
        if assigned {
            match kind {
                Kind::Committed => article.committed += &quantity,
                Kind::OnHand => article.on_hand += &quantity,
            }
        }
        let says_nothing = warehouse.is_none() && quantity.is_zero();
        if wanted.details && !says_nothing {
            let detail = Detail {
                warehouse,
                quantity,
                document: at[3].map_or(Ok(None), |at| text(&row[at]))?,
                assigned,
            };
            match kind {
                Kind::Committed => erp.details.committed.push(detail),
                Kind::OnHand => erp.details.on_hand.push(detail),
            }
        }
        Ok(())
    };
    query
        .each(
            session,
            &|_| None,
            &["sku", "warehouse", "quantity", "document"],
            take,
        )
        .await
}

/// Whether a row counts for the shop. A row without a warehouse errs low: committed pieces count everywhere, pieces on
/// hand nowhere unless every warehouse is the shop's.
fn is_assigned(stock: &plan::Stock, kind: Kind, warehouse: Option<&str>) -> bool {
    match warehouse {
        _ if stock.warehouses.is_empty() => true,
        Some(name) => stock.warehouses.iter().any(|assigned| assigned == name),
        None => kind == Kind::Committed,
    }
}

async fn read_exceptions(
    session: &mut dyn Session,
    sql: &ServerSql,
    wanted: &Wanted<'_>,
    erp: &mut Erp,
) -> Result<(), StockError> {
    let query = query(sql, wanted);
    let take = |_: &[String], at: &[Option<usize>], row: Row| {
        let (Some(sku), Some(rule)) = (
            wanted.sku(&row, at[0])?,
            text(needed(&row, at[1], "rule")?)?,
        ) else {
            return Ok(());
        };
        let exception = Exception::parse(&rule)
            .ok_or_else(|| format!("sku `{sku}`: the rule is `always` or `never`, not `{rule}`"))?;
        let article = erp.articles.entry(sku).or_default();
        article.exception = Some(
            article
                .exception
                .map_or(exception, |other| other.stricter(exception)),
        );
        Ok(())
    };
    query.each(session, &|_| None, &["sku", "rule"], take).await
}

fn query(sql: &ServerSql, wanted: &Wanted<'_>) -> ServerQuery {
    match wanted.only {
        None => sql.into(),
        Some(skus) => narrowed(sql, "sku", skus),
    }
}

impl Wanted<'_> {
    /// The row's article, if it is one that was asked for.
    fn sku(&self, row: &Row, at: Option<usize>) -> Result<Option<String>, String> {
        let sku = text(needed(row, at, "sku")?)?;
        Ok(sku.filter(|sku| self.only.is_none_or(|skus| skus.contains(sku))))
    }
}
