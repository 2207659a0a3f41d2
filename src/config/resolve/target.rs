//! What a shop pack makes of a record, with the project's overrides: the target of a record's flow.

use super::super::mapping::{FindKeys, ShopRecordFile};
use super::super::project::ShopRecordKeys;
use super::super::record;
use super::super::scope::Scope;
use super::super::spanned::At;
use super::super::texts::{Bound, Texts};
use super::accept;
use super::derived;
use super::gone::RecordGone;
use super::order;
use super::side::PackSide;
use super::source::RecordView;
use super::write::{READY, Writes};
use crate::diagnostic::{Diagnostic, SourceFile, Span};
use crate::expr::{Expr, Name};
use crate::plan::{Codes, FieldKind, Find, LinkColumn, Target, Write};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A shop's record on its way into the plan.
pub struct ShopRecord<'a> {
    pub shop: &'a PackSide,
    pub record: &'a RecordView,
    pub project_file: &'a Arc<SourceFile>,
    pub over: Option<&'a ShopRecordKeys>,
    /// The ERP's code of `main`.
    pub language: Option<(&'a str, Span)>,
    /// The shop's languages that are ponte's.
    pub codes: Option<Codes>,
    /// The shop's records.
    pub records: &'a [&'static str],
}

impl ShopRecord<'_> {
    /// `None` after an error, which is reported.
    pub fn target(&self, found: &mut Vec<Diagnostic>) -> Option<Target> {
        let (file, body) = self.shop.pack.shop_record(&self.record.name)?;
        let texts = self.shop.texts(file);
        let mut scope = scope(self.shop);
        scope.title = format!("record `{}`", self.record.name);
        scope.fields = Some(self.record.fields.clone());
        scope.languages.insert("main".to_owned());
        let fields = self.fields(texts, body, &mut scope, found);
        let owner = self.owner(file, body, found);
        let find_sql = owner.and_then(|(_, owner)| owner.find.as_ref()?.sql.as_ref());
        let find = self.find(texts, body, owner, &scope, found);
        if find_sql.is_some() {
            scope = scope.with_member("find", None);
        }
        let asks = self.shop.pack.asks(&self.record.name);
        for alias in asks.iter().flat_map(|(fetch, _)| order::aliases(fetch)) {
            scope = scope.with_member(&alias, None);
        }
        let mut bound = Bound::none();
        let linked = owner.iter().flat_map(|(_, owner)| owner.link.names());
        for name in ["id"].into_iter().chain(linked) {
            if !bound.names.iter().any(|known| known == name) {
                bound.names.push(name.to_owned());
            }
        }
        bound
            .columns_of
            .extend(find_sql.map(|sql| sql.value.clone()));
        let writes = Writes {
            texts,
            project: self
                .over
                .map(|over| (self.shop.texts(self.project_file), over)),
            record: self.record,
            scope: scope.clone(),
            needs: !body.needs.is_empty(),
            link_id: body.link.get("id").map(|id| id.value.trim().to_owned()),
        };
        let aliases = writes.aliases(&body.write, found);
        let (fetch, refuse) = match asks {
            None => (Vec::new(), Vec::new()),
            Some((fetch, refuse)) => (
                order::fetches(texts, fetch, &scope, found),
                order::refuses(&writes, refuse, &scope, found),
            ),
        };
        let order = self.shop.pack.erp_order(record::ORDER.name);
        let order = order.filter(|_| self.record.name == record::ORDER.name);
        let customer = order.and_then(|(_, order)| {
            let expr = texts.expr(order.customer.as_ref()?, found)?;
            scope.check(&expr, found);
            Some(expr)
        });
        let writes = writes.resolve(&body.write, &aliases, found);
        let needs = self.needs(file, body, &writes, found);
        let derived = body.derived.iter().map(|keys| &keys.alias);
        let forget = body.forget.iter().map(|keys| &keys.alias);
        derived::names_once(texts, &aliases, derived.chain(forget), found);
        bound.names.push("now_unix".to_owned());
        for alias in &aliases {
            scope = scope.with_member(alias, None);
            bound.writes.push(alias.clone());
        }
        let aliases: Vec<&str> = aliases.iter().map(String::as_str).collect();
        let small_tables = self::scope(self.shop);
        let gone = RecordGone {
            texts,
            project_file: self.project_file,
            over: self.over,
            record: self.record,
            link: &body.link,
            hangs: body.of.is_some(),
            has_find: find_sql.is_some(),
        };
        let gone = gone.resolve(body.gone.as_ref(), &writes, small_tables.clone(), found);
        Some(Target {
            connection: self.shop.connection.clone(),
            languages: self
                .language
                .iter()
                .map(|(code, _)| ("main".to_owned(), (*code).to_owned()))
                .collect(),
            language_at: self.language.as_ref().map(|(_, at)| at.clone()),
            codes: self.codes.clone(),
            tables: self.shop.tables.clone(),
            fields,
            of: body.of.as_ref().map(|of| of.value.clone()),
            needs,
            meets: owner
                .filter(|(_, owner)| {
                    body.of.is_some()
                        && owner
                            .needs
                            .iter()
                            .any(|need| need.value == self.record.name)
                })
                .and(body.of.as_ref().map(|of| of.value.clone())),
            fetch,
            refuse,
            find,
            link: link(file, body, &aliases, found),
            customer,
            both_ways: None,
            derived: derived::of_record(texts, &body.derived, &small_tables, &bound, found),
            forget: derived::forget(texts, &body.forget, &scope, found),
            gone,
            approve: accept::approval(
                self.project_file,
                self.over.and_then(|over| over.approve.as_ref()),
                &writes,
                found,
            ),
            writes,
        })
    }

    /// What rows that ponte creates must have before they are shown.
    fn needs(
        &self,
        file: &Arc<SourceFile>,
        body: &ShopRecordFile,
        writes: &[Write],
        found: &mut Vec<Diagnostic>,
    ) -> Vec<String> {
        let belongs = |record: &str| {
            let other = self.shop.pack.shop_record(record);
            let of = other.and_then(|(_, other)| other.of.as_ref());
            of.is_some_and(|of| of.value == self.record.name)
        };
        let mut needs = Vec::new();
        for need in &body.needs {
            if belongs(need) {
                needs.push(need.value.clone());
                continue;
            }
            let records = self.shop.pack.records.keys();
            let known: Vec<&str> = records
                .map(String::as_str)
                .filter(|one| belongs(one))
                .collect();
            let message = format!("no record `{}` that belongs to this one", need.value);
            found.push(
                Diagnostic::error("P144", message)
                    .at(
                        &need.content(file),
                        format!("its file says `of = \"{}\"`", self.record.name),
                    )
                    .note(format!("records that do: {}", known.join(", ")))
                    .suggest(need, known),
            );
        }
        // Nobody would ever write what the row waits for.
        let left_out = needs
            .iter()
            .find(|need| !self.records.contains(&need.as_str()));
        if let Some(need) = left_out {
            let fields = writes.iter().flat_map(|write| {
                let fields = write.fields.iter();
                let fields = fields.flat_map(|field| field.condition.iter().chain([&field.expr]));
                fields.chain(&write.condition).chain(&write.owned_while)
            });
            let names = fields.flat_map(|expr| expr.names());
            for (_, at) in names.filter(|(name, _)| *name == Name::Field(READY)) {
                let message = format!("`{READY}` waits for `{need}`, which this shop leaves out");
                found.push(
                    Diagnostic::error("P144", message)
                        .at(&at, "would never be true for a new row")
                        .note(format!("records of the shop: {}", self.records.join(", ")))
                        .help(format!(
                            "take `{need}` over, or give the field another value in the project"
                        )),
                );
            }
        }
        needs
    }

    /// The record whose link and `find` are used: this one's own, or that of `of`.
    fn owner<'f>(
        &'f self,
        file: &'f Arc<SourceFile>,
        body: &'f ShopRecordFile,
        found: &mut Vec<Diagnostic>,
    ) -> Option<(&'f Arc<SourceFile>, &'f ShopRecordFile)> {
        let Some(of) = &body.of else {
            return Some((file, body));
        };
        if let Some(find) = &body.find {
            found.push(
                Diagnostic::error("P105", "`of` and `[find]` exclude each other")
                    .at(&find.span(file), "the other record's is used"),
            );
        }
        let linked = links(self.shop);
        if *of.value == self.record.name || !linked.contains_key(&of.value) {
            let known: Vec<&str> = linked.keys().map(String::as_str).collect();
            let message = format!("no other record `{}` with a link", of.value);
            found.push(
                Diagnostic::error("P135", message)
                    .at(&of.content(file), "whose row is it?")
                    .note(format!("records with a link: {}", known.join(", ")))
                    .suggest(of, known.iter().copied()),
            );
            return None;
        }
        self.shop.pack.shop_record(&of.value)
    }

    fn find(
        &self,
        texts: Texts<'_>,
        body: &ShopRecordFile,
        owner: Option<(&Arc<SourceFile>, &ShopRecordFile)>,
        scope: &Scope,
        found: &mut Vec<Diagnostic>,
    ) -> Option<Find> {
        let (owner_file, owner) = owner?;
        let Some(keys) = &owner.find else {
            if let Some((name, _)) = body.link.iter().next() {
                found.push(
                    Diagnostic::error("P103", "missing table `[find]`")
                        .at(&name.span(texts.file), "linked rows must be found again"),
                );
            }
            return None;
        };
        let sql = self
            .shop
            .texts(owner_file)
            .sql(keys.sql.as_ref()?, &Bound::none(), found);
        if body.of.is_some() {
            return Some(Find {
                sql,
                by: Vec::new(),
                then: Vec::new(),
            });
        }
        if body.link.is_empty() {
            let place = keys.span(texts.file);
            found.push(
                Diagnostic::error("P103", "missing table `[link]`")
                    .at(&place, "what is found must be remembered"),
            );
        }
        let mut by = Vec::new();
        for (column, text) in keys.by.iter() {
            if let Some(expr) = texts.expr(text, found) {
                scope.check(&expr, found);
                by.push((column.value.clone(), expr));
            }
        }
        if keys.by.is_empty() {
            let place = keys.span(texts.file);
            for column in &self.record.key {
                if let Ok(expr) = Expr::parse(&quoted(column), place.clone()) {
                    by.push((column.clone(), expr));
                }
            }
        }
        let then = self.further_keys(texts, keys, found);
        Some(Find { sql, by, then })
    }

    /// `then`: fields as the ERP has them, since the ERP is asked whether several records have the same value.
    fn further_keys(
        &self,
        texts: Texts<'_>,
        keys: &FindKeys,
        found: &mut Vec<Diagnostic>,
    ) -> Vec<(String, Expr)> {
        let mut then = Vec::new();
        for (column, text) in keys.then.iter() {
            if !keys.by.is_empty() {
                let place = column.span(texts.file);
                found.push(
                    Diagnostic::error("P105", "`by` and `then` exclude each other")
                        .at(&place, "a further key comes after the record's own key"),
                );
                break;
            }
            let field = text.value.trim();
            match self.record.fields.get(field) {
                Some(kind) if *kind != FieldKind::Texts => {
                    then.extend(
                        texts
                            .expr(text, found)
                            .map(|expr| (column.value.clone(), expr)),
                    );
                }
                _ => {
                    let message = format!(
                        "`{field}` is no field of `{}` that could be a key",
                        self.record.name
                    );
                    let fields = self.record.fields.iter();
                    let fields = fields
                        .filter(|(_, kind)| **kind != FieldKind::Texts)
                        .map(|(name, _)| name.as_str());
                    found.push(
                        Diagnostic::error("P104", message)
                            .at(&text.content(texts.file), "wanted the name of one field")
                            .suggest(field, fields),
                    );
                }
            }
        }
        then
    }

    /// Computed fields, each after those that it needs: their order in the files means nothing.
    fn fields(
        &self,
        texts: Texts<'_>,
        body: &ShopRecordFile,
        scope: &mut Scope,
        found: &mut Vec<Diagnostic>,
    ) -> Vec<(String, Expr)> {
        let project = self.shop.texts(self.project_file);
        let mut declared: Vec<(&At<String>, &At<String>, Texts<'_>)> = Vec::new();
        let pack = body.fields.iter().map(|(name, text)| (name, text, texts));
        let over = self.over.into_iter().flat_map(|over| over.fields.iter());
        for field in pack.chain(over.map(|(name, text)| (name, text, project))) {
            if self.record.fields.contains_key(&field.0.value) {
                let message = format!("`{}` is a field of the record already", field.0.value);
                let place = field.0.span(field.2.file);
                found.push(
                    Diagnostic::error("P131", message)
                        .at(&place, "name used twice")
                        .help("give the computed field a name of its own"),
                );
                continue;
            }
            match declared
                .iter_mut()
                .find(|other| other.0.value == field.0.value)
            {
                Some(replaced) => *replaced = field,
                None => declared.push(field),
            }
        }
        scope
            .computed
            .extend(declared.iter().map(|field| field.0.value.clone()));
        let mut open = BTreeMap::new();
        for (name, text, texts) in declared {
            if let Some(expr) = texts.expr(text, found) {
                let needs = scope.check(&expr, found);
                open.insert(name.value.clone(), (expr, needs, name.span(texts.file)));
            }
        }
        sorted(open, found)
    }
}

/// A name as an expression, whatever letters it is made of.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Expression, the fields it needs, where it stands.
type Open = BTreeMap<String, (Expr, BTreeSet<String>, Span)>;

fn sorted(mut open: Open, found: &mut Vec<Diagnostic>) -> Vec<(String, Expr)> {
    let mut fields = Vec::new();
    while !open.is_empty() {
        let ready = open
            .iter()
            .find(|(_, (_, needs, _))| needs.iter().all(|need| !open.contains_key(need)));
        let Some(name) = ready.map(|(name, _)| name.clone()) else {
            for (name, (_, needs, at)) in &open {
                let others: Vec<&str> = needs
                    .iter()
                    .filter(|need| open.contains_key(*need))
                    .map(String::as_str)
                    .collect();
                let message = format!("computed field `{name}` depends on itself");
                found.push(
                    Diagnostic::error("P138", message)
                        .at(at, "")
                        .note(format!("`{name}` needs {}", others.join(", "))),
                );
            }
            return fields;
        };
        if let Some((expr, _, _)) = open.remove(&name) {
            fields.push((name, expr));
        }
    }
    fields
}

/// `name = "write.column"`.
fn link(
    file: &Arc<SourceFile>,
    body: &ShopRecordFile,
    writes: &[&str],
    found: &mut Vec<Diagnostic>,
) -> Vec<LinkColumn> {
    let mut columns = Vec::new();
    for (name, text) in body.link.iter() {
        let Some((write, column)) = text.trim().split_once('.') else {
            let place = text.span(file);
            found.push(
                Diagnostic::error(
                    "P104",
                    format!("`{}` names no column of a write", text.value),
                )
                .at(&place, "wanted `write.column`"),
            );
            continue;
        };
        if !writes.contains(&write) {
            let message = format!("there is no write `{write}`");
            found.push(
                Diagnostic::error("P132", message)
                    .at(&text.part(file, write), "unknown write")
                    .note(format!("writes: {}", writes.join(", ")))
                    .suggest(write, writes.iter().copied()),
            );
        }
        columns.push(LinkColumn {
            name: name.value.clone(),
            write: write.to_owned(),
            column: column.to_owned(),
            at: text.span(file),
        });
    }
    if let Some((first, _)) = body.link.iter().next()
        && body.link.get("id").is_none()
    {
        let place = first.span(file);
        found.push(Diagnostic::error("P103", "missing key `id` in `[link]`").at(&place, ""));
    }
    columns
}

/// What every expression of a shop may name: its small tables and the links of its records.
pub fn scope(shop: &PackSide) -> Scope {
    Scope {
        title: "this place".to_owned(),
        fields: Some(BTreeMap::new()),
        lets: shop.lets.clone(),
        tables: shop
            .tables
            .iter()
            .map(|table| (table.name.clone(), table.columns.clone()))
            .collect(),
        links: Some(links(shop)),
        ..Scope::default()
    }
}

/// Records with a link -> its columns.
fn links(shop: &PackSide) -> BTreeMap<String, Vec<String>> {
    let records = shop.pack.records.keys();
    let linked = records.filter_map(|name| {
        let (_, body) = shop.pack.shop_record(name)?;
        let columns: Vec<String> = body.link.names().map(str::to_owned).collect();
        (!columns.is_empty()).then(|| (shop.pack.linked_as(name).to_owned(), columns))
    });
    linked.collect()
}
