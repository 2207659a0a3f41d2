//! A shop as the cycle sees it: which parts of its pack apply, its figures, its pending orders.

use super::StockError;
use super::figures::{Figures, Yield, encoded};
use super::orders::Orders;
use super::pending::Line;
use super::rows::{ServerQuery, narrowed, needed, text, truth};
use crate::db::catalog::{Column, Table};
use crate::db::query::TableName;
use crate::db::{self, DbError, DbErrorKind, Engine, Session, template};
use crate::diagnostic::Span;
use crate::expr::{Name, Zone};
use crate::own;
use crate::plan::{self, Derived, DerivedRows, Forget, Pending, Plan, ServerSql};
use crate::sync::condition;
use crate::sync::lookup::Lookups;
use crate::sync::run::read_zone;
use crate::value::Row;
use chrono::{DateTime, Utc};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A shop with the parts of its pack that apply to it as it is now.
pub struct Shop<'p> {
    pub plan: &'p plan::Stock,
    pub engine: Arc<dyn Engine>,
    pub session: Box<dyn Session>,
    pub lookups: Lookups,
    pending: Vec<&'p Pending>,
    /// In which the database keeps its times.
    pub zone: Zone,
    /// The server's clock when the shop was opened.
    pub now: DateTime<Utc>,
}

/// The tables that a cycle writes to.
pub struct Targets<'p> {
    pub table: Table,
    pub key: Column,
    pub column: Column,
    pub derived: Vec<(&'p Derived, Table)>,
    pub forget: Vec<(&'p Forget, Table)>,
}

impl<'p> Targets<'p> {
    /// Derived rows that belong to figures alone, so that they are compared with them.
    pub fn of_figures(&self) -> impl Iterator<Item = &(&'p Derived, Table)> {
        self.derived.iter().filter(|(one, _)| one.groups.is_none())
    }

    /// The columns of `figures` that the rows beside a figure, and what is forgotten, are told by.
    pub fn columns(&self) -> BTreeSet<String> {
        let mut columns = BTreeSet::new();
        for (derived, _) in &self.derived {
            let scope = match &derived.rows {
                DerivedRows::Key { scope, .. } => scope.as_ref(),
                DerivedRows::List { .. } => None,
            };
            let told: Vec<&ServerSql> = match &derived.groups {
                Some(groups) => vec![groups],
                None => scope.into_iter().chain([&derived.sql]).collect(),
            };
            for sql in told {
                columns.extend(template::names(&sql.text).into_iter().map(str::to_owned));
            }
        }
        for value in self.forget.iter().flat_map(|(one, _)| &one.values) {
            columns.extend(
                value
                    .names()
                    .into_iter()
                    .filter_map(|(name, _)| match name {
                        Name::Field(field) => Some(field.to_owned()),
                        _ => None,
                    }),
            );
        }
        columns
    }
}

impl<'p> Shop<'p> {
    /// Connects, and finds out what of the pack applies here.
    ///
    /// # Errors
    /// Those of the database; [`StockError::NoPending`] if no query for pending orders applies.
    pub async fn open(
        project: &'p Plan,
        stock: &'p plan::Stock,
        engines: &BTreeMap<String, Arc<dyn Engine>>,
    ) -> Result<Shop<'p>, StockError> {
        let name = &stock.target.connection;
        let engine = engine_of(engines, name)?;
        let mut session = engine.connect().await?;
        let now = own::now(session.as_mut()).await?;
        let facts = project
            .connections
            .get(name)
            .and_then(|connection| connection.pack.as_ref());
        let lets = facts.map_or(&[][..], |facts| &facts.lets);
        let lookups = Lookups::read(session.as_mut(), lets).await?;
        let zone = match facts.and_then(|facts| facts.zone.as_ref()) {
            Some(sql) => read_zone(session.as_mut(), &sql.text).await?,
            None => Zone::UTC,
        };
        let mut pending = Vec::new();
        for one in &stock.target.pending {
            let applies = match &one.condition {
                Some(condition) => {
                    condition::holds(session.as_mut(), &lookups, condition, now).await?
                }
                None => true,
            };
            if applies {
                pending.push(one);
            }
        }
        if pending.is_empty() {
            return Err(StockError::NoPending {
                shop: stock.shop.clone(),
            });
        }
        Ok(Shop {
            plan: stock,
            engine,
            session,
            lookups,
            pending,
            zone,
            now,
        })
    }

    /// The live tables behind the figure, its derived rows and what is forgotten.
    ///
    /// # Errors
    /// Those of the database; `Undefined` for tables and columns that do not exist.
    pub async fn targets(&mut self) -> Result<Targets<'p>, StockError> {
        let target = &self.plan.target;
        // A far shop is asked once for each table.
        let mut known = Vec::new();
        let table = self
            .table(&mut known, &target.table, &target.table_at)
            .await?;
        let mut derived = Vec::new();
        for one in &target.derived {
            let applies = match &one.condition {
                Some(condition) => {
                    condition::holds(self.session.as_mut(), &self.lookups, condition, self.now)
                        .await?
                }
                None => true,
            };
            if applies {
                let table = self.table(&mut known, &one.table, &one.table_at).await?;
                derived.push((one, table));
            }
        }
        let mut forget = Vec::new();
        for one in &target.forget {
            let table = self.table(&mut known, &one.table, &one.table_at).await?;
            forget.push((one, table));
        }
        Ok(Targets {
            key: column(&table, &target.key, &target.table_at)?,
            column: column(&table, &target.column, &target.table_at)?,
            table,
            derived,
            forget,
        })
    }

    async fn table(
        &mut self,
        known: &mut Vec<Table>,
        name: &TableName,
        at: &Span,
    ) -> Result<Table, StockError> {
        if let Some(table) = known.iter().find(|table| table.name == *name) {
            return Ok(table.clone());
        }
        let found = self.session.table(name).await?;
        // Called as the mapping calls it, without the schema that the server found it in.
        let called = found.map(|table| Table {
            name: name.clone(),
            ..table
        });
        let table = called.ok_or_else(|| {
            let message = format!("{}: there is no table `{name}`", at.place());
            DbError::new(DbErrorKind::Undefined, message)
        })?;
        known.push(table.clone());
        Ok(table)
    }

    /// Opens the connection anew after it was lost.
    pub async fn reconnect(&mut self) -> db::Result<()> {
        self.session = self.engine.connect().await?;
        Ok(())
    }

    /// Every figure, or those of certain articles; with `sharers` also those of all other articles that share a figure
    /// with them. `kept` are the columns that rows beside the figures are told by.
    ///
    /// # Errors
    /// Those of the database and of a query that does not yield what it should.
    pub async fn figures(
        &mut self,
        only: Option<&BTreeSet<String>>,
        sharers: bool,
        kept: &BTreeSet<String>,
    ) -> Result<Figures, StockError> {
        let sql = &self.plan.target.figures;
        let mut figures = Figures::new(kept);
        let Some(skus) = only else {
            self.read_figures(sql.into(), &mut figures, |_| true)
                .await?;
            figures.complete();
            return Ok(figures);
        };
        for sku in skus {
            figures.also(sku);
        }
        let wanted = |figure: &Yield| skus.contains(&figure.sku);
        self.read_figures(narrowed(sql, "sku", skus), &mut figures, wanted)
            .await?;
        if sharers || !figures.totals.is_empty() {
            let keys: BTreeSet<Vec<u8>> = figures.keys().collect();
            let sharer = |figure: &Yield| {
                !figure.id.is_null()
                    && !skus.contains(&figure.sku)
                    && keys.contains(&encoded(&figure.id))
            };
            self.read_figures(sql.into(), &mut figures, sharer).await?;
        }
        figures.complete();
        Ok(figures)
    }

    async fn read_figures(
        &mut self,
        query: ServerQuery,
        into: &mut Figures,
        wanted: impl Fn(&Yield) -> bool + Send + Sync,
    ) -> Result<(), StockError> {
        let mut names = vec!["sku", "id", "shown", "managed", "total", "suspect"];
        let kept = into.kept().to_vec();
        names.extend(kept.iter().map(String::as_str));
        let take = |_: &[String], at: &[Option<usize>], row: Row| {
            let total = at[4].map_or(Ok(None), |at| text(&row[at]))?;
            let sku = match text(needed(&row, at[0], "sku")?)? {
                Some(sku) => sku.into_owned(),
                // The ERP knows no such part: the sum is left alone.
                None if total.is_some() => String::new(),
                None => return Ok(()),
            };
            into.tell_suspects |= at[5].is_some();
            let kept = kept.iter().zip(&at[6..]);
            let kept = kept.map(|(name, at)| needed(&row, *at, name).cloned());
            let figure = Yield {
                sku,
                id: needed(&row, at[1], "id")?.clone(),
                shown: needed(&row, at[2], "shown")?.clone(),
                managed: truth(needed(&row, at[3], "managed")?)?,
                suspect: at[5].map_or(Ok(false), |at| truth(&row[at]))?,
                total: total.map(Cow::into_owned),
                row: kept.collect::<Result<_, _>>()?,
            };
            if wanted(&figure) {
                into.push(figure);
            }
            Ok(())
        };
        query
            .each(self.session.as_mut(), &|_| None, &names, take)
            .await
    }

    /// Lines of orders that hold stock or are about to, all of them or those of certain articles.
    ///
    /// # Errors
    /// Those of the database and of a query that does not yield what it should.
    pub async fn pending(
        &mut self,
        only: Option<&BTreeSet<String>>,
    ) -> Result<Vec<Line>, StockError> {
        self.orders().pending(self.session.as_mut(), only).await
    }

    /// The pack's queries for orders, to be asked in any session.
    pub fn orders(&self) -> Orders<'p> {
        Orders {
            shop: &self.plan.shop,
            pending: self.pending.clone(),
            zone: self.zone,
            now: self.now,
            since: self.plan.orders_since,
            promised: &self.plan.promised,
            released: &self.plan.released,
        }
    }
}

pub fn engine_of(
    engines: &BTreeMap<String, Arc<dyn Engine>>,
    name: &str,
) -> Result<Arc<dyn Engine>, StockError> {
    engines.get(name).cloned().ok_or_else(|| {
        let message = format!("the connection `{name}` was not opened");
        DbError::new(DbErrorKind::Config, message).into()
    })
}

fn column(table: &Table, name: &str, at: &Span) -> Result<Column, StockError> {
    table.column(name).cloned().ok_or_else(|| {
        let message = format!("{}: `{}` has no column `{name}`", at.place(), table.name);
        DbError::new(DbErrorKind::Undefined, message).into()
    })
}
