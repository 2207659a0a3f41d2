//! The shop's side of a match: every row that a record could be, in one streaming pass.

use crate::connections::Connections;
use crate::db::query::Query;
use crate::db::{self, DbError, DbErrorKind, Session};
use crate::own::decision::{Decisions, Kind};
use crate::own::link::Links;
use crate::plan::Flow;
use crate::sync::record::key_text;
use crate::value::{Row, Value};
use futures_util::TryStreamExt;

/// A row of the shop that `find` yields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShopRow {
    pub id: String,
    pub kind: String,
    /// The values by which records are found, separated by tabs; parts may be empty.
    pub key: String,
    pub linked: bool,
    pub ignored: bool,
}

pub struct ShopRows<'a> {
    flow: &'a Flow,
    connections: &'a Connections,
}

impl<'a> ShopRows<'a> {
    pub fn new(flow: &'a Flow, connections: &'a Connections) -> Self {
        ShopRows { flow, connections }
    }

    /// Shows every row until `seen` has seen enough. A row that the query yields twice is shown twice.
    pub async fn each(&self, seen: &mut (dyn FnMut(ShopRow) -> bool + Send)) -> db::Result<()> {
        let Some(find) = &self.flow.target.find else {
            return Ok(());
        };
        let engine = self.connections.engine(&self.flow.target.connection)?;
        let own = self.connections.own(&self.flow.target.connection);
        let shop = self.flow.shop.as_deref().unwrap_or_default();
        let record = self.flow.record.as_deref().unwrap_or_default();
        let (links, decisions) = (
            Links::new(&own, shop, record),
            Decisions::new(&own, shop, record),
        );
        let mut asking = engine.connect().await?;
        let some_ignored = decisions.any(asking.as_mut(), Kind::IgnoredRow).await?;
        let mut session = engine.connect().await?;
        let names = ["id", "kind"].into_iter();
        let names = names.chain(find.by.iter().map(|(column, _)| column.as_str()));
        let query = Query::sql("SELECT ")
            .idents(names)
            .text(format!(" FROM ({}) f", find.sql.text));
        let mut stream = session.read(&query).await?;
        while let Some(batch) = stream.try_next().await? {
            let ids: Vec<String> = batch.rows.iter().map(id_of).collect();
            let linked = links.to(asking.as_mut(), &ids).await?;
            let linked: std::collections::HashSet<&str> =
                linked.values().map(|link| link.id.as_str()).collect();
            let ignored = match some_ignored {
                true => {
                    decisions
                        .of(asking.as_mut(), Kind::IgnoredRow, &ids)
                        .await?
                }
                false => Default::default(),
            };
            for (row, id) in batch.rows.iter().zip(&ids) {
                let shown = ShopRow {
                    linked: linked.contains(id.as_str()),
                    ignored: ignored.contains(id),
                    kind: row[1].plain().into_owned(),
                    key: key_text(&row[2..]),
                    id: id.clone(),
                };
                if !seen(shown) {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

fn id_of(row: &Row) -> String {
    row[0].plain().into_owned()
}

/// Streams a query's rows as texts; NULL is the empty text.
pub(super) async fn texts(
    session: &mut dyn Session,
    query: &Query,
    seen: &mut (dyn FnMut(&[String]) + Send),
) -> db::Result<()> {
    let mut stream = session.read(query).await?;
    while let Some(batch) = stream.try_next().await? {
        for row in &batch.rows {
            let texts: Vec<String> = row
                .iter()
                .map(|value: &Value| value.plain().into_owned())
                .collect();
            seen(&texts);
        }
    }
    Ok(())
}

/// The place of a column that a query must yield.
pub(super) fn place(columns: &[String], name: &str) -> db::Result<usize> {
    let at = columns.iter().position(|column| column == name);
    at.ok_or_else(|| {
        let columns = columns.join(", ");
        DbError::new(
            DbErrorKind::Undefined,
            format!("the query yields no column `{name}`; its columns: {columns}"),
        )
    })
}
