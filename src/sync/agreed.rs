//! What both sides agreed on when a flow of two-way records last looked, and what that says of a value that differs now.
//!
//! The owner's value is written whatever the memory says; it only tells why there is something to write. So a memory that is
//! missing, or older than it should be, costs a report and nothing else.

use super::bind::BoundWrite;
use super::record::Record;
use super::work::{Op, Sight, field_value, holds, is_for};
use crate::own::wrote::{Fields, Remember};
use crate::plan::Own;
use crate::value::Value;
use std::collections::{HashMap, HashSet};

/// A value of the other side that gave way to the owner's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overruled {
    pub record: usize,
    pub column: String,
    pub theirs: String,
    pub owners: String,
    /// The owner's side has changed it, too.
    pub both: bool,
}

#[derive(Debug, Default)]
pub struct Agreed {
    pub overruled: Vec<Overruled>,
    /// Record key, and what becomes of its memory.
    pub remember: Vec<(String, Remember)>,
}

/// Holds the operations of one write, of a row or of attributes, against what is remembered of it.
pub fn compare(
    write: &BoundWrite<'_>,
    records: &[Record],
    failed: &HashSet<usize>,
    sight: Sight<'_>,
    created_kind: Option<&str>,
    ops: &[Op],
    remembered: &HashMap<String, Fields>,
) -> Agreed {
    let mut agreed = Agreed::default();
    let mut found: HashMap<(usize, &str), &Value> = HashMap::new();
    for op in ops {
        let Op::Update {
            record,
            changes,
            attribute,
            ..
        } = op
        else {
            continue;
        };
        for (column, theirs, _) in changes {
            let column = attribute.as_ref().unwrap_or(column);
            found.insert((*record, column), theirs);
        }
    }
    let none = Fields::new();
    for (at, record) in records.iter().enumerate() {
        if failed.contains(&at) || !is_for(write, record, created_kind) {
            continue;
        }
        let view = sight.of(record, None);
        // What cannot be told has been, by the comparison of rows.
        if !holds(write.condition.as_ref(), &view, &write.write.at).unwrap_or(false) {
            continue;
        }
        let before = remembered.get(&record.key);
        let mut now = Fields::new();
        for field in write.fields.iter().filter(|one| one.field.own == Own::Set) {
            let column = &field.field.column;
            let Ok(Some(wanted)) = field_value(field, &write.write.table, &view) else {
                continue;
            };
            if wanted.is_null() {
                continue;
            }
            let last = before.unwrap_or(&none).get(column);
            if let (Some(theirs), Some(last)) = (found.get(&(at, column.as_str())), last)
                && digest(theirs) != *last
            {
                agreed.overruled.push(Overruled {
                    record: at,
                    column: column.clone(),
                    theirs: theirs.plain().into_owned(),
                    owners: wanted.plain().into_owned(),
                    both: digest(&wanted) != *last,
                });
            }
            now.insert(column.clone(), digest(&wanted));
        }
        let change = match before {
            _ if now.is_empty() => continue,
            None => Remember::New(now),
            Some(before) if *before != now => Remember::Other(now),
            Some(_) => continue,
        };
        agreed.remember.push((record.key.clone(), change));
    }
    agreed
}

/// The first digits of a value's hash; blanks around it mean nothing.
fn digest(value: &Value) -> String {
    let text = value.plain();
    blake3::hash(text.trim().as_bytes()).to_hex()[..16].to_owned()
}
