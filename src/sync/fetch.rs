//! Rows asked of the target for one record, before it is written: which customer it is, the number it gets.
//!
//! They are asked inside the record's transaction, one record after the other, since each may depend on what the one
//! before it wrote. Several of one name are tried in their order until one yields a row; if it yields several, none of
//! them is taken: which one it is, a person has to say.

use super::bind::{Binder, BoundEach};
use super::layout::Layout;
use super::record::Record;
use super::report::{Reason, place};
use super::work::{Sight, evaluate, holds};
use crate::db::template::{self, Bound as Binding};
use crate::db::{self, Session};
use crate::expr::{Resolved, Slot};
use crate::plan::{Fetch, Refuse, Target};
use crate::value::{Row, Value};
use futures_util::TryStreamExt;
use std::collections::HashMap;

/// Rows beyond so many are as good as two.
const ROWS_SHOWN: usize = 5;

#[derive(Debug)]
pub struct BoundFetch<'p> {
    pub fetch: &'p Fetch,
    condition: Option<Resolved>,
    names: Vec<(String, Resolved)>,
    /// Columns that expressions name, with their slots.
    pub exports: Vec<(String, Slot)>,
}

#[derive(Debug)]
pub struct BoundRefuse<'p> {
    refuse: &'p Refuse,
    each: Option<BoundEach>,
    condition: Resolved,
    why: Resolved,
}

impl Binder<'_> {
    /// What records are refused for, and what is asked of the target for each of them.
    pub(super) fn asked<'p>(
        &mut self,
        target: &'p Target,
        layout: &mut Layout,
    ) -> (Vec<BoundRefuse<'p>>, Vec<BoundFetch<'p>>) {
        let refuse = target.refuse.iter();
        let refuse = refuse.filter_map(|one| self.refuse(one, layout)).collect();
        let fetch = target.fetch.iter();
        let fetch = fetch.filter_map(|one| self.fetch(one, layout)).collect();
        (refuse, fetch)
    }

    fn fetch<'p>(&mut self, fetch: &'p Fetch, layout: &mut Layout) -> Option<BoundFetch<'p>> {
        let condition = match &fetch.condition {
            Some(expr) => Some(self.resolve(expr, layout)?),
            None => None,
        };
        let mut names = Vec::new();
        for (name, expr) in &fetch.names {
            names.push((name.clone(), self.resolve(expr, layout)?));
        }
        Some(BoundFetch {
            fetch,
            condition,
            names,
            exports: Vec::new(),
        })
    }

    fn refuse<'p>(&mut self, refuse: &'p Refuse, layout: &mut Layout) -> Option<BoundRefuse<'p>> {
        let each = match &refuse.each {
            Some(each) => Some(self.each(each, layout)?),
            None => None,
        };
        layout.enter_each(refuse.each.as_ref());
        let condition = self.resolve(&refuse.condition, layout);
        let why = self.resolve(&refuse.why, layout);
        layout.leave();
        Some(BoundRefuse {
            refuse,
            each,
            condition: condition?,
            why: why?,
        })
    }
}

/// Why a record is refused, with all that speaks against it, so that a person can mend it in one go; `None` if nothing does.
pub fn refusal(refuses: &[BoundRefuse<'_>], record: &Record, sight: &Sight<'_>) -> Option<Reason> {
    let mut why: Vec<String> = Vec::new();
    let mut advice: Vec<&str> = Vec::new();
    for one in refuses {
        let elements: Vec<Option<&Row>> = match &one.each {
            None => vec![None],
            Some(each) => each.rows(record).iter().map(Some).collect(),
        };
        for element in elements {
            match one.says(record, element, sight) {
                Ok(None) => {}
                Ok(Some(said)) => {
                    if !why.contains(&said) {
                        why.push(said);
                    }
                    if !advice.contains(&one.refuse.advice.as_str()) {
                        advice.push(&one.refuse.advice);
                    }
                }
                Err(reason) if why.is_empty() => return Some(reason),
                // It is told once the rest is mended.
                Err(_) => {}
            }
        }
    }
    (!why.is_empty()).then(|| Reason::Unfit {
        why: why.join("; "),
        advice: advice.join("; "),
    })
}

impl BoundRefuse<'_> {
    /// What speaks against the record, if it does.
    fn says(
        &self,
        record: &Record,
        element: Option<&Row>,
        sight: &Sight<'_>,
    ) -> Result<Option<String>, Reason> {
        let view = sight.of(record, element);
        if !holds(Some(&self.condition), &view, &self.refuse.condition.at)? {
            return Ok(None);
        }
        let why = evaluate(&self.why, &view, &self.refuse.why.at)?;
        Ok(Some(why.plain().into_owned()))
    }
}

/// Asks for the rows of one record and puts their columns into it. `look`: what would use something up is left out.
///
/// # Errors
/// Those of the database; the inner one says why the record cannot go on.
pub async fn fetch(
    session: &mut dyn Session,
    fetches: &[BoundFetch<'_>],
    record: &mut Record,
    sight: Sight<'_>,
    look: bool,
) -> db::Result<Result<(), Reason>> {
    let mut found: Vec<&str> = Vec::new();
    for one in fetches {
        for (_, slot) in one
            .exports
            .iter()
            .filter(|_| !found.contains(&one.fetch.alias.as_str()))
        {
            record.values[*slot as usize] = Value::Null;
        }
    }
    for one in fetches {
        let alias = one.fetch.alias.as_str();
        if found.contains(&alias) || (look && one.fetch.takes) {
            continue;
        }
        let view = sight.of(record, None);
        let at = &one.fetch.sql.at;
        match holds(one.condition.as_ref(), &view, at) {
            Ok(true) => {}
            Ok(false) => continue,
            Err(reason) => return Ok(Err(reason)),
        }
        let mut values = HashMap::new();
        for (name, value) in &one.names {
            match evaluate(value, &view, at) {
                Ok(value) => values.insert(name.as_str(), value),
                Err(reason) => return Ok(Err(reason)),
            };
        }
        let bound = |name: &str| values.get(name).cloned().map(Binding::One);
        let query = match template::bind(&one.fetch.sql.text, bound) {
            Ok(query) => query,
            Err(name) => return Ok(Err(invalid(one, format!("nothing is bound to `:{name}`")))),
        };
        let (columns, mut rows) = read(session, &query, ROWS_SHOWN).await?;
        match rows.len() {
            0 => continue,
            1 => found.push(alias),
            _ => {
                let shown: Vec<String> = rows.iter().map(|row| row[0].plain().into()).collect();
                return Ok(Err(Reason::Unfit {
                    why: format!(
                        "several rows of the ERP could be its {alias}: {}",
                        shown.join(", ")
                    ),
                    advice: format!(
                        "leave one of them as the {alias}, or tell them apart in the ERP (at {})",
                        place(at)
                    ),
                }));
            }
        }
        let row = rows.swap_remove(0);
        for (name, slot) in &one.exports {
            let Some(at) = columns.iter().position(|column| column == name) else {
                let why = format!("its query yields no column `{name}`");
                return Ok(Err(invalid(one, why)));
            };
            record.values[*slot as usize] = row[at].clone();
        }
    }
    Ok(Ok(()))
}

fn invalid(one: &BoundFetch<'_>, why: String) -> Reason {
    Reason::Expression {
        why: format!("`{}`: {why}", one.fetch.alias),
        place: place(&one.fetch.sql.at),
    }
}

/// A result's columns' names and its first rows.
///
/// # Errors
/// Those of the database.
pub async fn read(
    session: &mut dyn Session,
    query: &db::query::Query,
    most: usize,
) -> db::Result<(Vec<String>, Vec<Row>)> {
    let mut columns = Vec::new();
    let mut rows = Vec::new();
    let mut stream = session.read(query).await?;
    while let Some(batch) = stream.try_next().await? {
        columns = batch.columns.to_vec();
        let more = most.saturating_sub(rows.len());
        rows.extend(batch.rows.into_iter().take(more));
    }
    Ok((columns, rows))
}
