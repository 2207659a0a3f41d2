//! `[[write]]`s: which rows, which fields, in which order.

use super::super::mapping::WriteKeys;
use super::super::project::ShopRecordKeys;
use super::super::scope::Scope;
use super::super::spanned::{At, Ordered};
use super::super::structure::shorten;
use super::super::texts::{Bound, Texts};
use super::field::{self, FourTables, Place, exclude, two_writers};
use super::source::RecordView;
use crate::diagnostic::{Diagnostic, SourceFile, Span};
use crate::plan::{Each, Empty, Match, Over, Write};
use std::collections::BTreeSet;
use std::sync::Arc;

/// True unless ponte created the row and something that it `needs` has not been written.
pub const READY: &str = "ready";

/// Everything that the writes of one record are resolved with.
pub struct Writes<'a> {
    /// Texts of the pack's file.
    pub texts: Texts<'a>,
    /// Texts of the project's file, and what it overrides.
    pub project: Option<(Texts<'a>, &'a ShopRecordKeys)>,
    pub record: &'a RecordView,
    pub scope: Scope,
    /// The name `ready` is known.
    pub needs: bool,
    /// `post.ID` of `[link] id`: the same row as `find.id`.
    pub link_id: Option<String>,
}

impl Writes<'_> {
    /// The writes; `aliases` are theirs, one each.
    pub fn resolve(
        &self,
        declared: &[At<WriteKeys>],
        aliases: &[String],
        found: &mut Vec<Diagnostic>,
    ) -> Vec<Write> {
        self.check_overrides(aliases, found);
        let mut scope = self.scope.clone();
        let mut writes = Vec::new();
        for (keys, alias) in declared.iter().zip(aliases) {
            if let Some(write) = self.write(keys, alias, &scope, found) {
                writes.push(write);
            }
            // Later writes see this one's row.
            scope = scope.with_member(alias, None);
        }
        self.two_writers(&writes, found);
        writes
    }

    /// The name of each write: `as`, or the table's name, numbered where several have it.
    pub fn aliases(&self, declared: &[At<WriteKeys>], found: &mut Vec<Diagnostic>) -> Vec<String> {
        let given = declared.iter().filter_map(|keys| keys.alias.as_ref());
        let mut taken: BTreeSet<String> = BTreeSet::from(["find".to_owned()]);
        for alias in given {
            if !taken.insert(alias.value.clone()) {
                let message = format!("the name `{}` is used twice", alias.value);
                let place = alias.content(self.texts.file);
                found.push(Diagnostic::error("P131", message).at(&place, "used before"));
            }
        }
        let mut aliases = Vec::new();
        for keys in declared {
            aliases.push(match (&keys.alias, &keys.table) {
                (Some(alias), _) => alias.value.clone(),
                (None, table) => {
                    let name = table.as_ref().map_or("write", |table| bare_name(table));
                    let numbered = (2..=declared.len() + 1).map(|n| format!("{name}-{n}"));
                    let mut names = std::iter::once(name.to_owned()).chain(numbered);
                    let free = names.find(|name| !taken.contains(name)).unwrap_or_default();
                    taken.insert(free.clone());
                    free
                }
            });
        }
        aliases
    }

    fn check_overrides(&self, aliases: &[String], found: &mut Vec<Diagnostic>) {
        let Some((texts, over)) = &self.project else {
            return;
        };
        for (name, _) in over.write.iter() {
            if aliases.contains(&name.value) {
                continue;
            }
            let message = format!(
                "record `{}` has no write `{}`",
                self.record.name, name.value
            );
            found.push(
                Diagnostic::error("P132", message)
                    .at(&name.span(texts.file), "unknown write")
                    .note(format!("writes of the pack: {}", aliases.join(", ")))
                    .suggest(name, aliases.iter().map(String::as_str)),
            );
        }
    }

    fn write(
        &self,
        keys: &At<WriteKeys>,
        alias: &str,
        scope: &Scope,
        found: &mut Vec<Diagnostic>,
    ) -> Option<Write> {
        let (texts, file) = (self.texts, self.texts.file);
        let each = keys.each.as_ref().and_then(|text| self.each(text, found));
        let scope = match &each {
            Some((each, columns)) => scope.with_member(&each.alias, columns.clone()),
            None => scope.clone(),
        }
        .with_name("created");
        let scope = match self.needs {
            true => scope.with_name(READY),
            false => scope,
        };
        let mut expr = |text: &Option<At<String>>| {
            let expr = texts.expr(text.as_ref()?, found)?;
            scope.check(&expr, found);
            Some(expr)
        };
        let condition = expr(&keys.condition);
        let owned_while = expr(&keys.hold);
        let attributes = keys.attributes.as_ref().and_then(|keys| {
            Some((
                keys.name.as_ref()?.value.clone(),
                keys.content.as_ref()?.value.clone(),
            ))
        });
        let declared = self.declared(keys, alias, found);
        let place = Place {
            scope: &scope,
            empty: Empty::Keep,
            attributes: attributes.is_some(),
        };
        let fields = field::fields(&declared, &place, found);
        if let (Some(text), None) = (&keys.scope, &keys.each) {
            found.push(
                Diagnostic::error("P105", "`scope` without `each`")
                    .at(&text.span(file), "")
                    .help("rows are removed where a set of the record no longer has them"),
            );
        }
        let missing = each.as_ref().is_some_and(|(each, _)| match &each.over {
            Over::Child(set) => !self.record.sets.contains_key(set),
            Over::Table(_) => false,
        });
        let of_table = each
            .as_ref()
            .is_some_and(|(each, _)| matches!(each.over, Over::Table(_)));
        if let (Some(text), true, None) = (&keys.scope, of_table, &keys.condition) {
            found.push(
                Diagnostic::error("P105", "`scope` over a small table without `if`")
                    .at(&text.span(file), "nothing would ever be removed")
                    .help(
                        "of a small table, the rows go for which the write's `if` no longer holds",
                    ),
            );
        }
        Some(Write {
            alias: alias.to_owned(),
            kinds: names(&keys.kinds),
            table: texts.table(keys.table.as_ref()?, found),
            table_at: keys.table.as_ref()?.span(file),
            matches: matches(texts, keys.matches.as_ref()?, &scope, found),
            fields,
            attributes,
            each: each.map(|(each, _)| each),
            // An ERP that says nothing of a set must not empty it in the shop.
            scope: keys
                .scope
                .as_ref()
                .map(|text| texts.sql(text, &Bound::none(), found))
                .filter(|_| !missing),
            condition,
            owned_while,
            at: keys.span(file),
        })
    }

    /// The pack's fields with the project's over them.
    fn declared<'d>(
        &'d self,
        keys: &'d WriteKeys,
        alias: &str,
        found: &mut Vec<Diagnostic>,
    ) -> Vec<field::Declared<'d>> {
        let four = FourTables {
            set: &keys.set,
            insert: &keys.insert,
            fill: &keys.fill,
            touch: &keys.touch,
        };
        let declared = four.declared(self.texts);
        let over = self
            .project
            .as_ref()
            .and_then(|(texts, over)| Some((texts, over.write.get(alias)?)));
        let Some((texts, over)) = over else {
            return declared;
        };
        let four = FourTables {
            set: &over.set,
            insert: &over.insert,
            fill: &over.fill,
            touch: &over.touch,
        };
        field::overlay(declared, four.declared(*texts), alias, found)
    }

    /// `categories AS c`: the set, and its columns where they are known.
    pub(super) fn each(
        &self,
        text: &At<String>,
        found: &mut Vec<Diagnostic>,
    ) -> Option<(Each, Option<Vec<String>>)> {
        let file = self.texts.file;
        let words: Vec<&str> = text.split_whitespace().collect();
        let [set, word, alias] = words.as_slice() else {
            found.push(each_form(file, text));
            return None;
        };
        if !word.eq_ignore_ascii_case("as") {
            found.push(each_form(file, text));
            return None;
        }
        let is_table = self.scope.lets.contains_key(*set);
        if is_table && (self.record.sets.contains_key(*set) || self.record.may_have(set)) {
            let message = format!("`{set}` is a set of the record and a small table");
            found.push(
                Diagnostic::error("P141", message)
                    .at(&text.part(file, set), "which of them is meant?")
                    .help("give the small table in `pack.toml` another name"),
            );
            return None;
        }
        let columns = match self.record.sets.get(*set) {
            Some(columns) => columns.clone(),
            None if self.record.may_have(set) => {
                let canonical = RecordView::canonical(&self.record.name);
                canonical.sets.get(*set).cloned().flatten()
            }
            // What its query yields is known only live.
            None if is_table => None,
            None => {
                let sets = self.record.sets.keys();
                let known: Vec<&str> = sets
                    .chain(self.scope.lets.keys())
                    .map(String::as_str)
                    .collect();
                let listed = match known.as_slice() {
                    [] => format!("record `{}` has no sets", self.record.name),
                    _ => format!(
                        "sets of record `{}` and small tables: {}",
                        self.record.name,
                        known.join(", ")
                    ),
                };
                let message = format!("record `{}` has no set `{set}`", self.record.name);
                found.push(
                    Diagnostic::error("P133", message)
                        .at(&text.part(file, set), "unknown set")
                        .note(listed)
                        .suggest(set, known),
                );
                None
            }
        };
        let each = Each {
            over: match is_table {
                true => Over::Table((*set).to_owned()),
                false => Over::Child((*set).to_owned()),
            },
            alias: (*alias).to_owned(),
            at: text.span(file),
        };
        Some((each, columns))
    }

    /// Two writes that set the same column of the same rows.
    fn two_writers(&self, writes: &[Write], found: &mut Vec<Diagnostic>) {
        for (number, write) in writes.iter().enumerate() {
            for earlier in &writes[..number] {
                if !self.same_rows(earlier, write) {
                    continue;
                }
                for field in write
                    .fields
                    .iter()
                    .filter(|field| field.condition.is_none())
                {
                    let first = earlier.fields.iter().find(|other| {
                        other.column == field.column
                            && other.condition.is_none()
                            && exclude(other.own, field.own)
                    });
                    if let Some(first) = first {
                        found.push(two_writers(&field.column, &field.at, &first.at));
                    }
                }
            }
        }
    }

    fn same_rows(&self, one: &Write, other: &Write) -> bool {
        let kinds = one.kinds.is_empty()
            || other.kinds.is_empty()
            || one.kinds.iter().any(|kind| other.kinds.contains(kind));
        let set = |write: &Write| write.each.as_ref().map(|each| each.over.clone());
        // Under different conditions they may well take turns on purpose.
        let always = |write: &Write| write.condition.is_none() && write.owned_while.is_none();
        kinds
            && one.table == other.table
            && one.attributes == other.attributes
            && set(one) == set(other)
            && always(one)
            && always(other)
            && self.row(one) == self.row(other)
    }

    fn row(&self, write: &Write) -> BTreeSet<(String, String)> {
        let same = |text: &str| match &self.link_id {
            Some(id) if id == text => "find.id".to_owned(),
            _ => text.to_owned(),
        };
        let matches = write.matches.iter();
        matches
            .map(|one| (one.column.clone(), same(one.expr.text.trim())))
            .collect()
    }
}

fn each_form(file: &Arc<SourceFile>, text: &At<String>) -> Diagnostic {
    let message = format!("`{}` does not name a set", shorten(text));
    Diagnostic::error("P104", message)
        .at(&text.span(file), "wanted `set AS alias`")
        .help("for example `categories AS c`")
}

/// `column = expression`.
pub fn matches(
    texts: Texts<'_>,
    declared: &At<Ordered<At<String>>>,
    scope: &Scope,
    found: &mut Vec<Diagnostic>,
) -> Vec<Match> {
    if declared.is_empty() {
        let place = Span::new(texts.file, declared.range.clone());
        found.push(Diagnostic::error("P104", "`match` is empty").at(&place, "which row is it?"));
    }
    let matches = declared.iter().filter_map(|(column, text)| {
        let expr = texts.expr(text, found)?;
        scope.check(&expr, found);
        Some(Match {
            column: column.value.clone(),
            expr,
            at: column.span(texts.file),
        })
    });
    matches.collect()
}

pub fn names(names: &Option<Vec<At<String>>>) -> Vec<String> {
    let names = names.iter().flatten();
    names.map(|name| name.value.clone()).collect()
}

/// A table's name without schema and `{variables}`.
pub fn bare_name(table: &str) -> &str {
    table.rsplit(['.', '}']).next().unwrap_or(table)
}
