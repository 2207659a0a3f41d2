//! What a person decides about a match, each decision a transaction under the pair's lease, and each of them such that
//! saying it twice is as good as once.

use crate::connections::Connections;
use crate::db::{CommitError, DbError, Isolation, Session};
use crate::own::OwnTables;
use crate::own::decision::{Decisions, Kind};
use crate::own::lease::Guard;
use crate::own::link::{Link, Links};
use crate::own::need::Needs;
use crate::own::wrote::Wrote;
use crate::plan::{Flow, Plan};
use crate::sync::bind::Bound;
use crate::sync::erp_keys::ErpKeys;
use crate::sync::run::{self, RunError};
use crate::value::Value;

/// Keys of several columns are separated by tabs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// This record is this row.
    Link {
        key: String,
        id: String,
    },
    /// This record is no row any more.
    Unlink {
        key: String,
    },
    /// Its row was removed in the shop; it shall be created again.
    Recreate {
        key: String,
    },
    /// The shop has nothing to do with this record.
    Ignore {
        key: String,
    },
    Unignore {
        key: String,
    },
    /// This row of the shop is no record's.
    IgnoreRow {
        id: String,
    },
    UnignoreRow {
        id: String,
    },
    /// The match is as it should be: what is only in the ERP may be created. With the counts at that time, as JSON.
    Accept {
        counts: String,
    },
}

/// What became of a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    Done,
    /// It was so before.
    Already,
    Refused {
        why: String,
        help: String,
    },
}

fn refused(why: impl Into<String>, help: impl Into<String>) -> Said {
    Said::Refused {
        why: why.into(),
        help: help.into(),
    }
}

/// The flow that the decisions are about, ready to be asked.
pub struct Desk<'a> {
    bound: Bound<'a>,
    erp: ErpKeys,
    target: Box<dyn Session>,
    own: OwnTables,
    guard: Guard,
}

impl<'a> Desk<'a> {
    /// # Errors
    /// A mapping that does not fit, a database out of reach.
    pub async fn open(
        plan: &'a Plan,
        flow: &'a Flow,
        connections: &Connections,
        guard: Guard,
    ) -> Result<Desk<'a>, RunError> {
        let engine = connections.engine(&flow.source.connection)?;
        let mut source = engine.connect().await?;
        let target = connections.engine(&flow.target.connection)?;
        let mut target = target.connect().await?;
        let bound = run::bind(plan, flow, source.as_mut(), target.as_mut()).await?;
        Ok(Desk {
            erp: ErpKeys::new(engine, flow, &bound.key_types),
            own: connections.own(&flow.target.connection),
            bound,
            target,
            guard,
        })
    }

    fn shop(&self) -> &str {
        self.bound.flow.shop.as_deref().unwrap_or_default()
    }

    fn record(&self) -> &str {
        self.bound.flow.record.as_deref().unwrap_or_default()
    }

    /// Carries out one decision.
    ///
    /// # Errors
    /// Those of the databases; a lost lease.
    pub async fn decide(&mut self, decision: &Decision) -> Result<Said, DbError> {
        // What only reads comes first: a transaction that has looked elsewhere meanwhile would hold its locks for long.
        let known = match decision {
            Decision::Link { key, .. } | Decision::Ignore { key } => self.is_known(key).await?,
            _ => true,
        };
        if !known {
            let (Decision::Link { key, .. } | Decision::Ignore { key }) = decision else {
                return Ok(Said::Already);
            };
            let why = format!("the source has no record `{key}`");
            return Ok(refused(
                why,
                "keys are written as the ERP has them; those of several columns as `A / B`",
            ));
        }
        self.target.begin(Isolation::ReadCommitted).await?;
        let said = match self.transaction(decision).await {
            Ok(said) => said,
            Err(error) => {
                // A connection that broke has rolled back by itself.
                let _ = self.target.rollback().await;
                return Err(error);
            }
        };
        match said {
            Said::Done => {
                let committed = self.target.commit().await;
                committed.map_err(CommitError::into_error)?;
            }
            _ => self.target.rollback().await?,
        }
        Ok(said)
    }

    async fn is_known(&mut self, key: &str) -> Result<bool, DbError> {
        let values = key.split('\t').map(|part| Value::Text(part.to_owned()));
        let known = self.erp.known(vec![values.collect()]).await?;
        Ok(!known.is_empty())
    }

    async fn transaction(&mut self, decision: &Decision) -> Result<Said, DbError> {
        self.guard.check(self.target.as_mut()).await?;
        let links = Links::new(&self.own, self.shop(), self.record());
        let decisions = Decisions::new(&self.own, self.shop(), self.record());
        match decision {
            Decision::Link { key, id } => self.link(&links, &decisions, key, id).await,
            Decision::Unlink { key } => match self.held(&links, key).await? {
                None => Ok(Said::Already),
                Some(_) => self.cut(&links, &decisions, key).await,
            },
            Decision::Recreate { key } => {
                let Some(link) = self.held(&links, key).await? else {
                    return Ok(refused(
                        format!("`{key}` is not linked"),
                        "a record without a link is created by the next run, if no row of the shop is it",
                    ));
                };
                if self.row(&link.id).await?.is_some() {
                    return Ok(refused(
                        format!("its row {} is in the shop", link.id),
                        "`ponte match --unlink KEY` takes the link away and leaves the row",
                    ));
                }
                self.cut(&links, &decisions, key).await
            }
            Decision::Ignore { key } => {
                if let Some(link) = self.held(&links, key).await? {
                    return Ok(refused(
                        format!("`{key}` is linked to row {} of the shop", link.id),
                        "take the link away first: `ponte match --unlink KEY`",
                    ));
                }
                self.set(&decisions, Kind::Ignored, key, true).await
            }
            Decision::Unignore { key } => self.set(&decisions, Kind::Ignored, key, false).await,
            Decision::IgnoreRow { id } => {
                let linked = links
                    .to(self.target.as_mut(), std::slice::from_ref(id))
                    .await?;
                if let Some(key) = linked.keys().next() {
                    return Ok(refused(
                        format!("row {id} of the shop is linked to `{key}`"),
                        "take the link away first: `ponte match --unlink KEY`",
                    ));
                }
                if self.row(id).await?.is_none() {
                    return Ok(no_row(id));
                }
                self.set(&decisions, Kind::IgnoredRow, id, true).await
            }
            Decision::UnignoreRow { id } => self.set(&decisions, Kind::IgnoredRow, id, false).await,
            Decision::Accept { counts } => {
                let before = decisions.accepted(self.target.as_mut()).await?;
                decisions.accept(self.target.as_mut(), counts).await?;
                // Accepting again notes the new counts, and opens nothing that was not open.
                Ok(match before {
                    Some(before) if before.detail == *counts => Said::Already,
                    _ => Said::Done,
                })
            }
        }
    }

    async fn link(
        &mut self,
        links: &Links,
        decisions: &Decisions,
        key: &String,
        id: &String,
    ) -> Result<Said, DbError> {
        if let Some(link) = self.held(links, key).await? {
            return Ok(match link.id == *id {
                true => Said::Already,
                false => refused(
                    format!("`{key}` is already linked to row {}", link.id),
                    "take the link away first: `ponte match --unlink KEY`",
                ),
            });
        }
        let target = self.target.as_mut();
        let holders = links.to(target, std::slice::from_ref(id)).await?;
        if let Some(other) = holders.keys().next() {
            return Ok(refused(
                format!("row {id} of the shop is already linked to `{other}`"),
                "take that link away first: `ponte match --unlink KEY`",
            ));
        }
        for (kind, item, word) in [
            (Kind::Ignored, key, "--unignore"),
            (Kind::IgnoredRow, id, "--unignore-row"),
        ] {
            let ignored = decisions
                .of(target, kind, std::slice::from_ref(item))
                .await?;
            if !ignored.is_empty() {
                return Ok(refused(
                    format!("`{item}` is ignored"),
                    format!("take it back first: `ponte match {word} {item}`"),
                ));
            }
        }
        let Some(link) = self.row(id).await? else {
            return Ok(no_row(id));
        };
        links
            .insert(self.target.as_mut(), &[(key.clone(), link)])
            .await?;
        decisions.raise_revision(self.target.as_mut()).await?;
        Ok(Said::Done)
    }

    async fn held(&mut self, links: &Links, key: &String) -> Result<Option<Link>, DbError> {
        let mut held = links
            .of(self.target.as_mut(), std::slice::from_ref(key))
            .await?;
        Ok(held.remove(key))
    }

    /// The row as a link remembers it; `None` if `find` does not yield it.
    async fn row(&mut self, id: &str) -> Result<Option<Link>, DbError> {
        let Some(finder) = &self.bound.finder else {
            return Ok(None);
        };
        let Some(mut columns) = finder.row(self.target.as_mut(), id).await? else {
            return Ok(None);
        };
        let kind = columns.remove("kind").unwrap_or_default();
        let wanted = self.bound.link.iter().map(|(name, _)| name);
        columns.retain(|name, _| name != "id" && wanted.clone().any(|wanted| wanted == name));
        let id = id.to_owned();
        Ok(Some(Link { id, columns, kind }))
    }

    /// Takes the link away, with what ponte remembers of the row.
    async fn cut(
        &mut self,
        links: &Links,
        decisions: &Decisions,
        key: &str,
    ) -> Result<Said, DbError> {
        let keys = [key.to_owned()];
        let needs = Needs::new(&self.own, self.shop(), self.record());
        let wrote = Wrote::new(&self.own, self.shop(), self.record(), "");
        let target = self.target.as_mut();
        links.delete(target, &keys).await?;
        wrote.forget(target, &keys).await?;
        needs.close(target, &keys).await?;
        decisions.raise_revision(target).await?;
        Ok(Said::Done)
    }

    async fn set(
        &mut self,
        decisions: &Decisions,
        kind: Kind,
        item: &String,
        wanted: bool,
    ) -> Result<Said, DbError> {
        let target = self.target.as_mut();
        let held = decisions
            .of(target, kind, std::slice::from_ref(item))
            .await?;
        match (held.is_empty(), wanted) {
            (true, true) => decisions.add(target, kind, item).await?,
            (false, false) => decisions.remove(target, kind, item).await?,
            _ => return Ok(Said::Already),
        }
        Ok(Said::Done)
    }
}

fn no_row(id: &str) -> Said {
    refused(
        format!("the shop has no row {id} that a record could be"),
        "`ponte match` lists the rows with their ids",
    )
}
