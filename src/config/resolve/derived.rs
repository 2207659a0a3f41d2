//! `[[derived]]` and `[[forget]]`, of records and of stock.

use super::super::mapping::{DerivedKeys, ForgetKeys, MissingWord};
use super::super::scope::Scope;
use super::super::spanned::At;
use super::super::texts::{Bound, Texts};
use super::write::names;
use crate::diagnostic::Diagnostic;
use crate::plan::{Derived, DerivedRows, Forget};
use std::collections::BTreeSet;

/// Those of stock.
pub fn of_stock(
    texts: Texts<'_>,
    declared: &[At<DerivedKeys>],
    scope: &Scope,
    bound: &Bound,
    found: &mut Vec<Diagnostic>,
) -> Vec<Derived> {
    for keys in declared.iter().filter(|keys| keys.touch.is_some()) {
        if let Some(groups) = &keys.groups {
            found.push(
                Diagnostic::error("P105", "`touch` and `groups` exclude each other")
                    .at(&groups.span(texts.file), "one of the two"),
            );
        }
    }
    derived(texts, declared, scope, bound, found)
}

/// `scope` holds what `if` may name: small tables only.
fn derived(
    texts: Texts<'_>,
    declared: &[At<DerivedKeys>],
    scope: &Scope,
    bound: &Bound,
    found: &mut Vec<Diagnostic>,
) -> Vec<Derived> {
    let of_groups = Bound::names(&["group", "now_unix"]);
    let all = declared.iter().filter_map(|keys| {
        let groups = keys.groups.as_ref();
        let groups = groups.map(|text| texts.sql(text, bound, found));
        let bound = match groups {
            Some(_) => &of_groups,
            None => bound,
        };
        let rows = rows(texts, keys, bound, found);
        let condition = keys.condition.as_ref().and_then(|text| {
            let expr = texts.expr(text, found)?;
            scope.check(&expr, found);
            Some(expr)
        });
        let sql = keys.sql.as_ref().map(|text| texts.sql(text, bound, found));
        let table = keys.table.as_ref()?;
        Some(Derived {
            table: texts.table(table, found),
            table_at: table.span(texts.file),
            rows: rows?,
            sql: sql?,
            groups,
            condition,
            touch: keys.touch.as_ref().is_some_and(|touch| touch.value),
            at: keys.span(texts.file),
        })
    });
    all.collect()
}

/// Reports names (`as`) that are used before: writes, derived and forgotten rows of a record share theirs.
pub fn names_once<'a>(
    texts: Texts<'_>,
    taken: &[String],
    names: impl Iterator<Item = &'a Option<At<String>>>,
    found: &mut Vec<Diagnostic>,
) {
    let mut taken: BTreeSet<&str> = taken.iter().map(String::as_str).collect();
    for name in names.flatten() {
        if !taken.insert(name) {
            let message = format!("the name `{}` is used twice", name.value);
            let place = name.content(texts.file);
            found.push(Diagnostic::error("P131", message).at(&place, "used before"));
        }
    }
}

/// Those of a record: compared on every occasion, since they may be off beside rows that are right.
pub fn of_record(
    texts: Texts<'_>,
    declared: &[At<DerivedKeys>],
    scope: &Scope,
    bound: &Bound,
    found: &mut Vec<Diagnostic>,
) -> Vec<Derived> {
    for touch in declared.iter().filter_map(|keys| keys.touch.as_ref()) {
        found.push(
            Diagnostic::error("P105", "`touch` belongs to `[[stock.derived]]`")
                .at(&touch.span(texts.file), "makes no sense here"),
        );
    }
    derived(texts, declared, scope, bound, found)
}

fn rows(
    texts: Texts<'_>,
    keys: &At<DerivedKeys>,
    bound: &Bound,
    found: &mut Vec<Diagnostic>,
) -> Option<DerivedRows> {
    let insert = keys.missing.as_ref();
    match (&keys.key, &keys.list) {
        (Some(_), None) => Some(DerivedRows::Key {
            columns: names(&keys.key),
            insert_missing: insert.is_some_and(|word| word.value == MissingWord::Insert),
            scope: keys
                .scope
                .as_ref()
                .map(|text| texts.sql(text, bound, found)),
        }),
        (None, Some(_)) => {
            let missing = insert.map(|word| word.range.clone());
            let scope = keys.scope.as_ref().map(|text| text.range.clone());
            for range in missing.into_iter().chain(scope) {
                found.push(
                    Diagnostic::error("P105", "a `list` is compared and written whole")
                        .at(&At::new((), range).span(texts.file), "makes no sense here"),
                );
            }
            Some(DerivedRows::List {
                columns: names(&keys.list),
            })
        }
        (Some(_), Some(_)) => {
            found.push(
                Diagnostic::error("P105", "`key` and `list` exclude each other")
                    .at(&keys.span(texts.file), "one of the two"),
            );
            None
        }
        (None, None) => {
            found.push(
                Diagnostic::error("P103", "missing key `key` or `list`")
                    .at(&keys.span(texts.file), "which rows are these?"),
            );
            None
        }
    }
}

pub fn forget(
    texts: Texts<'_>,
    declared: &[At<ForgetKeys>],
    scope: &Scope,
    found: &mut Vec<Diagnostic>,
) -> Vec<Forget> {
    let all = declared.iter().filter_map(|keys| {
        let values = keys.values.iter().flatten().filter_map(|text| {
            let expr = texts.expr(text, found)?;
            scope.check(&expr, found);
            Some(expr)
        });
        let values = values.collect();
        let table = keys.table.as_ref()?;
        Some(Forget {
            table: texts.table(table, found),
            table_at: table.span(texts.file),
            column: keys.column.as_ref()?.value.clone(),
            values,
        })
    });
    all.collect()
}
