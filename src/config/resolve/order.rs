//! Web orders: what a shop's pack reads, and which rows the ERP's pack makes of it.

use super::super::digest::digest;
use super::super::mapping::{ErpOrderFile, FetchKeys, RefuseKeys, ShopOrderKeys};
use super::super::project::{self, CancelledWord, EditedWord, ShopKeys, ShopRecordKeys};
use super::super::record;
use super::super::scope::Scope;
use super::super::spanned::At;
use super::super::texts::{Bound, Texts};
use super::side::PackSide;
use super::source::RecordView;
use super::target::{self, ShopRecord};
use super::write::Writes;
use crate::db::template;
use crate::diagnostic::{Diagnostic, SourceFile, Span};
use crate::expr::Expr;
use crate::plan::order::{Candidates, Kind};
use crate::plan::{
    Child, Fetch, Flow, Orders, Refuse, Relation, ServerSql, Source, Statuses, Storage, Target,
};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The pack's statements for orders that are cancelled or edited in the shop after the import.
struct Later<'f> {
    cancel: Option<&'f At<String>>,
    rewrite: &'f [At<String>],
}

/// What stands between one shop and the ERP.
pub struct ShopOrders<'a> {
    pub project_file: &'a Arc<SourceFile>,
    pub name: &'a At<String>,
    pub keys: &'a ShopKeys,
    pub shop: &'a PackSide,
    pub erp: &'a PackSide,
    pub since: Option<DateTime<Utc>>,
    /// `orders.since` is there, be it right or wrong.
    pub has_since: bool,
}

/// A way in which a shop may keep orders or refunds, as its file says.
pub(super) struct Way<'f> {
    pub condition: &'f Option<At<String>>,
    pub found: &'f Option<At<String>>,
    /// What `found` calls the cut-over.
    pub since: &'static str,
    pub keys: Option<&'f At<String>>,
    pub sql: &'f Option<At<String>>,
    pub lines: &'f Option<At<String>>,
    pub charges: &'f Option<At<String>>,
}

impl ShopOrders<'_> {
    /// Without a cut-over the shop's whole history would be `done` something to.
    pub fn needs_since(&self, at: &Span, label: &str, done: &str, found: &mut Vec<Diagnostic>) {
        if self.has_since {
            return;
        }
        let message = format!("missing key `orders.since` in `[{}]`", self.shop.connection);
        found.push(
            Diagnostic::error("P136", message)
                .at(at, label)
                .note(format!("orders before it are nobody's business; without it the shop's whole history would be {done}"))
                .help("the moment of the cut-over: `orders.since = 2026-12-01T00:00:00+01:00`"),
        );
    }

    /// `None` after an error, which is reported.
    pub fn resolve(&self, found: &mut Vec<Diagnostic>) -> Option<Orders> {
        self.needs_since(
            &self.shop.at,
            "its orders go into the ERP",
            "imported",
            found,
        );
        let (file, body) = self.shop.pack.shop_order()?;
        let kind = Kind::Order;
        let (erp_file, erp) = self.erp.pack.erp_order(kind.record())?;
        let keys = body.order.as_ref()?;
        let over = self.keys.order.as_ref();
        let statuses = self.statuses(file, keys, over.map(|over| &over.value), found);
        if keys.storage.is_empty() {
            found.push(
                Diagnostic::error("P103", "missing `[[order.storage]]`")
                    .at(&keys.span(file), "how does the shop keep its orders?"),
            );
        }
        let declared = &self.keys.orders.accept;
        let accept = super::accept::rules(self.project_file, declared, found);
        let warehouses = super::write::names(&self.keys.warehouses);
        let codes = super::accept::codes(self.project_file, &self.keys.orders, &warehouses, found);
        let values = &self.shop.variables.values;
        let candidates = keys.candidates.iter().map(|(variable, known)| Candidates {
            variable: variable.value.clone(),
            value: values.get(&variable.value).cloned().unwrap_or_default(),
            known: known.iter().map(|key| key.value.clone()).collect(),
        });
        let candidates = candidates.collect();
        let ways = keys.storage.iter().map(|keys| Way {
            condition: &keys.condition,
            found: &keys.found,
            since: "orders_since",
            keys: keys.keys.as_ref(),
            sql: &keys.sql,
            lines: &keys.lines,
            charges: &keys.charges,
        });
        let storages = self.storages(kind, file, ways, found);
        let (articles, keys) = self.of_erp(erp_file, erp, found)?;
        let documents = self.orders_of_erp(found);
        let id = Bound::names(&["id"]);
        let Later { cancel, rewrite } = self.later(erp, found);
        let mut sql = |sql: &At<String>| self.erp.texts(erp_file).sql(sql, &id, found);
        let cancel = cancel.map(&mut sql);
        let rewrite = rewrite.iter().map(sql).collect();
        let claim = erp.claim.as_ref();
        let both = Bound::names(&["id", "reference"]);
        let claim = claim.map(|sql| self.erp.texts(erp_file).sql(sql, &both, found));
        Some(Orders {
            name: format!("{}/{}", self.name.value, kind.record()),
            kind,
            shop: self.name.value.clone(),
            since: self.since?,
            statuses: statuses?,
            accept,
            codes,
            warehouses,
            candidates,
            storages,
            articles,
            keys,
            documents,
            cancel,
            rewrite,
            claim,
            at: self.at(),
        })
    }

    /// The ERP's articles, and keys of its own for lines and charges.
    pub(super) fn of_erp(
        &self,
        file: &Arc<SourceFile>,
        keys: &ErpOrderFile,
        found: &mut Vec<Diagnostic>,
    ) -> Option<(ServerSql, Option<ServerSql>)> {
        let texts = self.erp.texts(file);
        let articles = texts.sql(keys.articles.as_ref()?, &Bound::names(&["sku"]), found);
        let rows = Bound::names(&["rows"]);
        let keys = keys.keys.as_ref();
        Some((articles, keys.map(|sql| texts.sql(sql, &rows, found))))
    }

    /// What the ERP has of orders.
    pub(super) fn orders_of_erp(&self, found: &mut Vec<Diagnostic>) -> Option<ServerSql> {
        let (file, keys) = self.erp.pack.erp_order(record::ORDER.name)?;
        let sql = keys.documents.as_ref()?;
        Some(self.erp.texts(file).sql(sql, &Bound::none(), found))
    }

    /// What the project wants of the pack's ways with orders that are cancelled or edited after the import.
    fn later<'f>(&self, erp: &'f ErpOrderFile, found: &mut Vec<Diagnostic>) -> Later<'f> {
        let keys = &self.keys.orders;
        let mut without = |text: &str, place: Span, does: &str| {
            let message = format!("`{text}` makes no sense with this ERP");
            found.push(
                Diagnostic::error("P105", message)
                    .at(
                        &place,
                        format!("its pack does not say how an order is {does}"),
                    )
                    .help("take it out: a person is told"),
            );
        };
        let cancelled = keys.cancelled.as_ref();
        let cancel = match cancelled.map(|word| word.value) {
            Some(CancelledWord::Tell) => None,
            _ => erp.cancel.as_ref(),
        };
        if let Some(word) = cancelled
            && word.value == CancelledWord::Cancel
            && cancel.is_none()
        {
            let place = word.span(self.project_file);
            without("orders.cancelled = \"cancel\"", place, "cancelled");
        }
        let edited = keys.edited.as_ref();
        let Some(word) = edited.filter(|word| word.value == EditedWord::Update) else {
            let rewrite = &[];
            return Later { cancel, rewrite };
        };
        if erp.rewrite.is_empty() || erp.documents.is_none() {
            let place = word.span(self.project_file);
            without("orders.edited = \"update\"", place, "written anew");
        }
        let rewrite = &erp.rewrite;
        Later { cancel, rewrite }
    }

    fn at(&self) -> Span {
        let over = self.keys.order.as_ref();
        over.map_or_else(
            || self.shop.at.clone(),
            |over| Span::new(self.project_file, over.range.clone()),
        )
    }

    /// What the shop's statuses mean, where its orders are imported; what is wrong with them is told by [`ShopOrders::resolve`].
    pub fn meant(&self) -> Option<Statuses> {
        let (file, body) = self.shop.pack.shop_order()?;
        let over = self.keys.order.as_ref();
        let over = over.map(|over| &over.value);
        let keys = body.order.as_ref().filter(|_| self.keys.orders.import)?;
        self.statuses(file, keys, over, &mut Vec::new())
    }

    /// Each list is the project's, or else the pack's; no status may mean two things.
    fn statuses(
        &self,
        file: &Arc<SourceFile>,
        pack: &ShopOrderKeys,
        over: Option<&project::ShopOrderKeys>,
        found: &mut Vec<Diagnostic>,
    ) -> Option<Statuses> {
        let mut seen: BTreeMap<String, &'static str> = BTreeMap::new();
        let own = |pick: fn(&project::ShopOrderKeys) -> &Option<Vec<At<String>>>| {
            over.and_then(|over| pick(over).as_ref())
        };
        // What the project says comes first: it takes a status away from the pack's other lists.
        let lists = [
            ("import", own(|keys| &keys.import), pack.import.as_ref()?),
            ("wait", own(|keys| &keys.wait), &pack.wait),
            ("ignore", own(|keys| &keys.ignore), &pack.ignore),
            ("cancelled", own(|keys| &keys.cancelled), &pack.cancelled),
        ];
        let mut meant: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
        for (list, own, _) in &lists {
            for status in own.iter().flat_map(|own| own.iter()) {
                self.means(self.project_file, status, list, &mut seen, found);
                meant.entry(list).or_default().push(status.value.clone());
            }
        }
        let of_project: Vec<String> = seen.keys().cloned().collect();
        for (list, own, pack) in &lists {
            let rest = pack.iter().filter(|_| own.is_none());
            for status in rest.filter(|status| !of_project.contains(&status.value)) {
                self.means(file, status, list, &mut seen, found);
                meant.entry(list).or_default().push(status.value.clone());
            }
        }
        let mut list = |name| meant.remove(name).unwrap_or_default();
        Some(Statuses {
            import: list("import"),
            wait: list("wait"),
            ignore: list("ignore"),
            cancelled: list("cancelled"),
        })
    }

    fn means(
        &self,
        file: &Arc<SourceFile>,
        status: &At<String>,
        list: &'static str,
        seen: &mut BTreeMap<String, &'static str>,
        found: &mut Vec<Diagnostic>,
    ) {
        if let Some(other) = seen.insert(status.value.clone(), list)
            && other != list
        {
            let message = format!("status `{}` is in `{other}` and in `{list}`", status.value);
            found.push(
                Diagnostic::error("P131", message).at(&status.content(file), "which of the two?"),
            );
        }
    }

    /// The ways in which the shop may keep them, each on its way into the ERP.
    pub(super) fn storages<'f>(
        &self,
        kind: Kind,
        file: &Arc<SourceFile>,
        ways: impl Iterator<Item = Way<'f>>,
        found: &mut Vec<Diagnostic>,
    ) -> Vec<Storage> {
        let mut storages = Vec::new();
        // What is wrong with the ERP's side is told once.
        let mut once = Vec::new();
        for way in ways {
            let mut again = Vec::new();
            let target = self.target(kind, &mut again);
            once = again;
            storages.extend(self.storage(kind, file, &way, target, found));
        }
        found.append(&mut once);
        storages
    }

    fn storage(
        &self,
        kind: Kind,
        file: &Arc<SourceFile>,
        keys: &Way<'_>,
        target: Option<Target>,
        found: &mut Vec<Diagnostic>,
    ) -> Option<Storage> {
        let texts = self.shop.texts(file);
        let condition = keys.condition.as_ref().and_then(|text| {
            let expr = texts.expr(text, found)?;
            target::scope(self.shop).check(&expr, found);
            Some(expr)
        });
        let since = Bound::names(&[keys.since]);
        let listed = texts.sql(keys.found.as_ref()?, &since, found);
        let known = keys.keys.map(|sql| texts.sql(sql, &Bound::none(), found));
        let head = texts.sql(keys.sql.as_ref()?, &Bound::none(), found);
        let mut child = |name: &str, text: &Option<At<String>>| {
            Some(Child {
                name: name.to_owned(),
                sql: texts.sql(text.as_ref()?, &Bound::none(), found),
                language: None,
                within: None,
            })
        };
        let children = [child("lines", keys.lines)?, child("charges", keys.charges)?];
        let source = Source {
            connection: self.shop.connection.clone(),
            key_at: head.at.clone(),
            relation: Relation::Sql(head),
            key: vec!["reference".to_owned()],
            tree: None,
            children: children.into(),
            only: Vec::new(),
            filter: None,
            within: None,
            fields: record::shape(kind.record()).map(record::Shape::record_fields),
            watermark: None,
            by_timestamp: None,
            computed: record::order_computed(),
        };
        let mut flow = Flow {
            name: format!("{}/{}", self.name.value, kind.record()),
            record: Some(kind.record().to_owned()),
            shop: Some(self.name.value.clone()),
            source,
            target: target?,
            digest: [0; 32],
            at: self.at(),
        };
        flow.digest = digest(&flow);
        Some(Storage {
            condition,
            found: listed,
            keys: known,
            flow,
        })
    }

    fn target(&self, kind: Kind, found: &mut Vec<Diagnostic>) -> Option<Target> {
        let view = RecordView::canonical(kind.record());
        let view = RecordView {
            key: vec!["reference".to_owned()],
            ..view
        };
        let over = match kind {
            Kind::Order => {
                let over = self.keys.order.as_ref();
                over.map(|over| (over.fields.clone(), over.write.clone()))
            }
            Kind::Refund => {
                let over = self.keys.refund.as_ref();
                over.map(|over| (over.fields.clone(), over.write.clone()))
            }
        };
        let over = over.map(|(fields, write)| ShopRecordKeys {
            fields,
            write,
            ..ShopRecordKeys::default()
        });
        let record = ShopRecord {
            shop: self.erp,
            record: &view,
            project_file: self.project_file,
            over: over.as_ref(),
            language: None,
            codes: None,
            records: &[],
        };
        record.target(found)
    }
}

/// The names of fetched rows, each once.
pub fn aliases(declared: &[At<FetchKeys>]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for alias in declared.iter().filter_map(|keys| keys.alias.as_ref()) {
        if !names.contains(&alias.value) {
            names.push(alias.value.clone());
        }
    }
    names
}

/// Rows asked of the ERP. An earlier one's columns may be named by a later one, in SQL as `:customer.number`.
pub fn fetches(
    texts: Texts<'_>,
    declared: &[At<FetchKeys>],
    scope: &Scope,
    found: &mut Vec<Diagnostic>,
) -> Vec<Fetch> {
    let mut fetches = Vec::new();
    for keys in declared {
        let condition = keys.condition.as_ref().and_then(|text| {
            let expr = texts.expr(text, found)?;
            scope.check(&expr, found);
            Some(expr)
        });
        let (Some(alias), Some(sql)) = (&keys.alias, &keys.sql) else {
            continue;
        };
        let mut names: Vec<(String, Expr)> = Vec::new();
        for name in template::names(sql) {
            if names.iter().any(|(known, _)| known == name) {
                continue;
            }
            if let Ok(expr) = Expr::parse(name, sql.part(texts.file, name)) {
                scope.check(&expr, found);
                names.push((name.to_owned(), expr));
            }
        }
        let bound: Vec<&str> = names.iter().map(|(name, _)| name.as_str()).collect();
        let writes = bound.iter().filter_map(|name| name.split_once('.'));
        let bound = Bound {
            writes: writes.map(|(alias, _)| alias.to_owned()).collect(),
            ..Bound::names(&bound)
        };
        fetches.push(Fetch {
            alias: alias.value.clone(),
            condition,
            sql: texts.sql(sql, &bound, found),
            names,
            takes: keys.takes,
        });
    }
    fetches
}

/// What an order must not be like.
pub fn refuses(
    writes: &Writes<'_>,
    declared: &[At<RefuseKeys>],
    scope: &Scope,
    found: &mut Vec<Diagnostic>,
) -> Vec<Refuse> {
    let texts = writes.texts;
    let mut refuses = Vec::new();
    for keys in declared {
        let each = keys.each.as_ref().map(|text| writes.each(text, found));
        let (each, scope) = match each {
            None => (None, scope.clone()),
            // It has been reported.
            Some(None) => continue,
            Some(Some((each, columns))) => {
                let scope = scope.with_member(&each.alias, columns);
                (Some(each), scope)
            }
        };
        let mut expr = |text: &Option<At<String>>| {
            let expr = texts.expr(text.as_ref()?, found)?;
            scope.check(&expr, found);
            Some(expr)
        };
        let (condition, why) = (expr(&keys.condition), expr(&keys.why));
        let advice = keys.advice.as_ref().map(|advice| advice.value.clone());
        if let (Some(condition), Some(why), Some(advice)) = (condition, why, advice) {
            refuses.push(Refuse {
                each,
                condition,
                why,
                advice,
            });
        }
    }
    refuses
}
