//! The ERP's side of the figure, read in one transaction and in an order that errs low where the server gives no
//! common picture: what is counted, what is committed, what is on hand.

use super::StockError;
use super::assess::Left;
use super::figure::Exception;
use super::pending::Counted;
use super::rows::{LIST_MAX, ServerQuery, narrowed, needed, number, text};
use super::skus::Skus;
use crate::db::{Isolation, Session};
use crate::plan::{self, ServerSql};
use crate::value::{Decimal, Row};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// What the ERP says of one article.
#[derive(Debug, Clone, Default)]
pub struct Article {
    /// Pieces on hand less those committed, in the warehouses assigned to the shop.
    pub uncommitted: Decimal,
    pub exception: Option<Exception>,
}

/// The ERP as it was read.
#[derive(Debug, Default)]
pub struct Erp {
    /// By the sku's number.
    uncommitted: Vec<Decimal>,
    /// By the sku's number.
    marks: Vec<Marks>,
    pub counted: Counted,
    /// Single rows, for `explain` only.
    pub details: Details,
}

#[derive(Debug, Clone, Copy, Default)]
struct Marks {
    /// It has a row in any warehouse: what has none is none of ponte's business.
    known: bool,
    /// One of its quantities is no number.
    unreadable: bool,
    exception: Option<Exception>,
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
    fn of(skus: &Skus) -> Erp {
        Erp {
            uncommitted: vec![Decimal::default(); skus.len()],
            marks: vec![Marks::default(); skus.len()],
            ..Erp::default()
        }
    }

    #[cfg(test)]
    pub fn on_hand(skus: &Skus, pieces: &[(&str, i64)]) -> Erp {
        let mut erp = Erp::of(skus);
        for (sku, pieces) in pieces {
            let Some(at) = skus.number(sku) else { continue };
            erp.uncommitted[at as usize] = Decimal::from(*pieces);
            erp.marks[at as usize].known = true;
        }
        erp
    }

    /// The article with this number, as far as its pieces can be told.
    pub fn article(&self, sku: u32) -> Result<Article, Left> {
        let at = sku as usize;
        match self.marks.get(at) {
            Some(marks) if marks.unreadable => Err(Left::UnreadableInErp),
            Some(marks) if marks.known => Ok(Article {
                uncommitted: self.uncommitted[at].clone(),
                exception: marks.exception,
            }),
            _ => Err(Left::NotInErp),
        }
    }
}

/// What is wanted of the ERP.
pub struct Wanted<'a> {
    pub only: Option<&'a BTreeSet<String>>,
    /// No other article is of interest.
    pub skus: &'a Skus,
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
    let mut erp = Erp::of(wanted.skus);
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
    if wanted.references.is_empty() {
        return Ok(());
    }
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
        if wanted.references.contains(reference.as_ref()) {
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
        let marks = &mut erp.marks[sku];
        marks.known = true;
        let Ok(quantity) = number(needed(&row, at[2], "quantity")?) else {
            marks.unreadable |= assigned;
            return Ok(());
        };
        let quantity = quantity.unwrap_or_default();
        if assigned {
            match kind {
                Kind::Committed => erp.uncommitted[sku] += &-quantity.clone(),
                Kind::OnHand => erp.uncommitted[sku] += &quantity,
            }
        }
        let says_nothing = warehouse.is_none() && quantity.is_zero();
        if wanted.details && !says_nothing {
            let detail = Detail {
                warehouse: warehouse.map(Cow::into_owned),
                quantity,
                document: at[3]
                    .map_or(Ok(None), |at| text(&row[at]))?
                    .map(Cow::into_owned),
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
        let exception = Exception::parse(&rule).ok_or_else(|| {
            let sku = wanted.skus.text(sku as u32);
            format!("sku `{sku}`: the rule is `always` or `never`, not `{rule}`")
        })?;
        let marks = &mut erp.marks[sku];
        marks.known = true;
        let others = marks.exception;
        marks.exception = Some(others.map_or(exception, |other| other.stricter(exception)));
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
    /// The number of the row's article, if it is one that was asked for.
    fn sku(&self, row: &Row, at: Option<usize>) -> Result<Option<usize>, String> {
        let sku = text(needed(row, at, "sku")?)?;
        let sku = sku.filter(|sku| self.only.is_none_or(|skus| skus.contains(sku.as_ref())));
        let number = sku.and_then(|sku| self.skus.number(&sku));
        Ok(number.map(|number| number as usize))
    }
}
