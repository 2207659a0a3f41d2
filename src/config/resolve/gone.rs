//! What becomes of rows whose record the source no longer has: how, by the pack; whether, by the project.

use super::super::forms::TableGone;
use super::super::mapping::{GoneKeys, RemoveKeys};
use super::super::project::{GoneWord, GuardKeys, ShopRecordKeys, ToKeys};
use super::super::scope::Scope;
use super::super::spanned::{At, Ordered};
use super::super::texts::Texts;
use super::field::{self, Place};
use super::source::RecordView;
use super::write::matches;
use crate::diagnostic::{Diagnostic, SourceFile, Span};
use crate::expr::Expr;
use crate::plan::{Empty, Gone, GoneGuard, GonePolicy, Own, Remove, Write};
use std::sync::Arc;

/// The record file's `[gone]` on its way into the plan.
pub struct RecordGone<'a> {
    pub texts: Texts<'a>,
    pub project_file: &'a Arc<SourceFile>,
    pub over: Option<&'a ShopRecordKeys>,
    pub record: &'a RecordView,
    pub link: &'a Ordered<At<String>>,
    /// The record hangs on another one's row.
    pub hangs: bool,
    pub has_find: bool,
}

impl RecordGone<'_> {
    /// `scope`: the shop's small tables and links.
    pub fn resolve(
        &self,
        keys: Option<&At<GoneKeys>>,
        writes: &[Write],
        scope: Scope,
        found: &mut Vec<Diagnostic>,
    ) -> Gone {
        let scope = self.scope(scope);
        let mut gone = Gone {
            guard: guard(self.over.and_then(|over| over.guard.as_ref())),
            kinds: writes
                .first()
                .map_or(Vec::new(), |write| write.kinds.clone()),
            ..Gone::default()
        };
        if let Some(keys) = keys {
            if self.hangs || !self.has_find {
                let place = keys.span(self.texts.file);
                found.push(
                    Diagnostic::error("P105", "`[gone]` needs a `[find]` of the record's own")
                        .at(&place, "whose rows are these?"),
                );
            }
            self.deactivate(keys, writes, &scope, &mut gone, found);
            for one in &keys.delete {
                gone.removes.extend(self.remove(one, &scope, found));
            }
        }
        let given = self.over.and_then(|over| over.gone.as_ref());
        gone.policy = match given.map(|word| word.value) {
            Some(GoneWord::Keep) => GonePolicy::Keep,
            Some(GoneWord::Deactivate) => GonePolicy::Deactivate,
            Some(GoneWord::Delete) => GonePolicy::Delete,
            None if gone.writes.is_empty() => GonePolicy::Keep,
            None => GonePolicy::Deactivate,
        };
        let lacks = match gone.policy {
            GonePolicy::Keep => false,
            GonePolicy::Deactivate => gone.writes.is_empty(),
            GonePolicy::Delete => gone.removes.is_empty(),
        };
        if let (true, Some(word)) = (lacks, given) {
            let message = format!(
                "the pack does not say how `{}` is made so",
                self.record.name
            );
            found.push(
                Diagnostic::error("P360", message)
                    .at(&word.span(self.project_file), "not with this pack")
                    .note("a pack says it in `[gone]` of the record's file"),
            );
        }
        gone
    }

    /// What is known of a record that the ERP no longer has.
    fn scope(&self, mut scope: Scope) -> Scope {
        let key = self.record.fields.iter();
        let key = key.filter(|(name, _)| self.record.key.contains(name));
        scope.title = format!("a gone `{}`", self.record.name);
        scope.fields = Some(key.map(|(name, kind)| (name.clone(), *kind)).collect());
        scope.links = None;
        if self.has_find {
            scope = scope.with_member("find", None);
        }
        for (_, text) in self.link.iter() {
            if let Some((write, column)) = text.trim().split_once('.') {
                let columns = scope.members.get(write).cloned().flatten();
                let mut columns = columns.unwrap_or_default();
                columns.push(column.to_owned());
                scope = scope.with_member(write, Some(columns));
            }
        }
        scope
    }

    fn deactivate(
        &self,
        keys: &GoneKeys,
        writes: &[Write],
        scope: &Scope,
        gone: &mut Gone,
        found: &mut Vec<Diagnostic>,
    ) {
        let file = self.texts.file;
        for (name, columns) in keys.deactivate.iter() {
            let Some(write) = writes.iter().find(|write| write.alias == name.value) else {
                let known: Vec<&str> = writes.iter().map(|write| write.alias.as_str()).collect();
                let message = format!("there is no write `{}`", name.value);
                found.push(
                    Diagnostic::error("P132", message)
                        .at(&name.span(file), "unknown write")
                        .note(format!("writes: {}", known.join(", ")))
                        .suggest(name, known.iter().copied()),
                );
                continue;
            };
            let scope = match &write.each {
                Some(each) => scope.with_member(&each.alias, None),
                None => scope.clone(),
            };
            if !self.is_found(name, write, &scope, found) {
                continue;
            }
            let place = Place {
                scope: &scope,
                empty: Empty::Write,
                attributes: write.attributes.is_some(),
            };
            let mut fields = field::fields(&field::set(self.texts, columns), &place, found);
            let along = write.fields.iter().filter(|field| field.own == Own::Touch);
            let known = |expr: &Expr| {
                let mut wrong = Vec::new();
                scope.check(expr, &mut wrong);
                wrong.is_empty()
            };
            fields.extend(along.filter(|field| known(&field.expr)).cloned());
            gone.writes.push(Write {
                fields,
                scope: None,
                condition: None,
                owned_while: None,
                ..write.clone()
            });
        }
    }

    /// Whether the write's row can be told for a record of which only the key and the link are known.
    fn is_found(
        &self,
        name: &At<String>,
        write: &Write,
        scope: &Scope,
        found: &mut Vec<Diagnostic>,
    ) -> bool {
        let mut wrong = Vec::new();
        for one in &write.matches {
            scope.check(&one.expr, &mut wrong);
        }
        let Some(first) = wrong.first() else {
            return true;
        };
        let message = format!(
            "the row of write `{}` cannot be told once its record is gone",
            name.value
        );
        found.push(
            Diagnostic::error("P361", message)
                .at(&name.span(self.texts.file), "its `match` needs more")
                .note(first.message.clone())
                .help("known are the key, `find`'s columns and what `[link]` remembers"),
        );
        false
    }

    fn remove(
        &self,
        keys: &At<RemoveKeys>,
        scope: &Scope,
        found: &mut Vec<Diagnostic>,
    ) -> Option<Remove> {
        let table = keys.table.as_ref()?;
        let condition = keys.condition.as_ref().and_then(|text| {
            let expr = self.texts.expr(text, found)?;
            scope.check(&expr, found);
            Some(expr)
        });
        Some(Remove {
            table: self.texts.table(table, found),
            table_at: table.span(self.texts.file),
            matches: matches(self.texts, keys.matches.as_ref()?, scope, found),
            condition,
        })
    }
}

/// A flow's own table: its rows are known by the source's key, which `match` must therefore hold.
pub fn of_table(
    texts: Texts<'_>,
    keys: &ToKeys,
    key: Option<&At<Vec<At<String>>>>,
    write: &Write,
    mut scope: Scope,
    found: &mut Vec<Diagnostic>,
) -> Gone {
    let mut gone = Gone {
        guard: guard(keys.guard.as_ref()),
        ..Gone::default()
    };
    let (Some(given), Some(key)) = (&keys.gone, key) else {
        return gone;
    };
    if matches!(given.value, TableGone::Keep) {
        return gone;
    }
    let is_key = |expr: &Expr, column: &At<String>| expr.text.trim() == column.value;
    let missing = key
        .iter()
        .find(|column| !write.matches.iter().any(|one| is_key(&one.expr, column)));
    let other = write
        .matches
        .iter()
        .find(|one| !key.iter().any(|column| is_key(&one.expr, column)) && !is_literal(&one.expr));
    let wrong: Option<(String, Span)> = match (missing, other) {
        (Some(column), _) => Some((
            format!("`match` does not hold the key column `{}`", column.value),
            given.span(texts.file),
        )),
        (None, Some(one)) => Some((
            format!("`{}` is matched by more than the key", one.column),
            one.at.clone(),
        )),
        (None, None) => None,
    };
    if let Some((message, at)) = wrong {
        found.push(
            Diagnostic::error("P362", message)
                .at(&at, "which row was it?")
                .help("match each key column by its bare name, and nothing else but constants"),
        );
        return gone;
    }
    match &given.value {
        TableGone::Keep => {}
        TableGone::Delete => {
            gone.policy = GonePolicy::Delete;
            gone.removes.push(Remove {
                table: write.table.clone(),
                table_at: write.table_at.clone(),
                matches: write.matches.clone(),
                condition: None,
            });
        }
        TableGone::Set(given) => {
            let Some(columns) = &given.set else {
                return gone;
            };
            gone.policy = GonePolicy::Deactivate;
            scope.title = "a gone row".to_owned();
            scope.fields = Some(
                key.iter()
                    .map(|column| (column.value.clone(), crate::plan::FieldKind::Text))
                    .collect(),
            );
            let place = Place {
                scope: &scope,
                empty: Empty::Write,
                attributes: false,
            };
            let mut fields = field::fields(&field::set(texts, columns), &place, found);
            let along = write.fields.iter().filter(|field| field.own == Own::Touch);
            fields.extend(along.filter(|field| field.expr.names().is_empty()).cloned());
            gone.writes.push(Write {
                fields,
                ..write.clone()
            });
        }
    }
    gone
}

fn is_literal(expr: &Expr) -> bool {
    expr.names().is_empty()
}

fn guard(keys: Option<&At<GuardKeys>>) -> GoneGuard {
    let default = GoneGuard::default();
    let of = |given: Option<&At<u32>>, default: u32| given.map_or(default, |given| given.value);
    GoneGuard {
        percent: of(keys.and_then(|keys| keys.percent.as_ref()), default.percent),
        rows: of(keys.and_then(|keys| keys.rows.as_ref()), default.rows),
    }
}
