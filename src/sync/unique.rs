//! `unique(…)`: a text that no other row of the table has in that column, made so by a suffix `-2`, `-3`, …

use super::bind::BoundWrite;
use super::work::Op;
use crate::db::query::Query;
use crate::db::{self, DbError, DbErrorKind, Session};
use crate::value::{Type, Value};
use std::collections::HashSet;

/// Suffixes asked for in one query where the text itself is taken, and how often one asks.
const STEP: u32 = 20;
const ROUNDS: u32 = 50;

/// Settles the `unique` fields of the rows to be inserted. Compared without regard to case, as shops' collations do.
pub async fn settle(
    session: &mut dyn Session,
    write: &BoundWrite<'_>,
    ops: &mut [Op],
) -> db::Result<()> {
    for field in write.fields.iter().filter(|field| field.unique) {
        let column = &field.field.column;
        let chars_max = field.field.cut.map(u64::from).or(match field.ty {
            Type::Text { chars_max, .. } => chars_max,
            _ => None,
        });
        let mut open: Vec<(&mut String, String)> = Vec::new();
        for op in ops.iter_mut() {
            if let Op::Insert { columns, .. } = op
                && let Some((_, Value::Text(text))) =
                    columns.iter_mut().find(|(name, _)| name == column)
            {
                let base = text.clone();
                open.push((text, base));
            }
        }
        let mut used: HashSet<String> = HashSet::new();
        for round in 0..ROUNDS {
            if open.is_empty() {
                break;
            }
            let numbers = match round {
                0 => 1..2,
                _ => (round - 1) * STEP + 2..round * STEP + 2,
            };
            let tries = |base: &str| -> Vec<String> {
                let numbers = numbers.clone();
                numbers
                    .map(|number| with_suffix(base, number, chars_max))
                    .collect()
            };
            let asked = open
                .iter()
                .flat_map(|(_, base)| tries(base))
                .map(Value::Text)
                .collect::<Vec<_>>();
            for asked in asked.chunks(1000) {
                let query = Query::sql("SELECT ")
                    .ident(column)
                    .text(" FROM ")
                    .table(&write.write.table);
                let query = query
                    .text(" WHERE ")
                    .ident(column)
                    .text(" IN (")
                    .list(asked.to_vec())
                    .text(")");
                let rows = db::fetch(session, &query).await?;
                used.extend(rows.iter().map(|row| row[0].plain().to_lowercase()));
            }
            open.retain_mut(|(text, base)| {
                match tries(base)
                    .into_iter()
                    .find(|text| !used.contains(&text.to_lowercase()))
                {
                    Some(free) => {
                        used.insert(free.to_lowercase());
                        **text = free;
                        false
                    }
                    None => true,
                }
            });
        }
        if let Some((text, _)) = open.first() {
            return Err(DbError::new(
                DbErrorKind::Misfit,
                format!(
                    "no free `{}.{column}` was found for `{text}`",
                    write.write.table
                ),
            ));
        }
    }
    Ok(())
}

/// The text itself for 1, else with its number, within the column's length.
fn with_suffix(base: &str, number: u32, chars_max: Option<u64>) -> String {
    if number == 1 {
        return base.to_owned();
    }
    let suffix = format!("-{number}");
    let room = chars_max.map_or(usize::MAX, |max| {
        (max as usize).saturating_sub(suffix.len())
    });
    let kept: String = base.chars().take(room).collect();
    kept + &suffix
}
