//! The stock protocol between the ERP and one shop.

use super::super::extra::Project;
use super::super::mapping::ShopStockQueries;
use super::super::project::{ErpStockKeys, ShopKeys};
use super::super::scope::Scope;
use super::super::spanned::At;
use super::super::texts::{Bound, Texts};
use super::derived;
use super::side::PackSide;
use super::target;
use super::write::names;
use crate::db::template;
use crate::diagnostic::{Diagnostic, SourceFile};
use crate::expr::{Expr, Zone, facts};
use crate::plan::{ErpStock, Pending, RISE, SecondLook, ShopStock, Statuses, Stock};
use crate::value::{Decimal, Value};
use chrono::{DateTime, Utc};
use std::sync::Arc;

/// The moment from which a shop's orders count; a moment without a zone is refused.
pub fn orders_since(
    file: &Arc<SourceFile>,
    keys: &ShopKeys,
    found: &mut Vec<Diagnostic>,
) -> Option<DateTime<Utc>> {
    moment(file, "orders.since", keys.orders.since.as_ref()?, found)
}

/// A moment of the project; one without a zone is refused.
pub fn moment(
    file: &Arc<SourceFile>,
    key: &str,
    since: &At<toml::value::Datetime>,
    found: &mut Vec<Diagnostic>,
) -> Option<DateTime<Utc>> {
    let text = since.value.to_string();
    if let Ok(moment) = DateTime::parse_from_rfc3339(&text) {
        return Some(moment.to_utc());
    }
    let place = since.span(file);
    let complete = since.date.is_some() && since.time.is_some();
    let full = if complete {
        text
    } else {
        "2026-12-01T00:00:00".to_owned()
    };
    found.push(
        Diagnostic::error("P114", format!("`{key}` is no complete point in time"))
            .at(&place, "which zone is meant?")
            .help(format!("add date, time and zone: `{full}+01:00`")),
    );
    None
}

/// The ERP's queries, the project's in place of the pack's.
pub fn erp(
    erp: &PackSide,
    project_file: &Arc<SourceFile>,
    over: Option<&ErpStockKeys>,
    found: &mut Vec<Diagnostic>,
) -> Option<ErpStock> {
    let (file, body) = erp.pack.erp_stock()?;
    let keys = body.stock.as_ref()?;
    let mut sql = |own: Option<&At<String>>, pack: &Option<At<String>>| match own {
        Some(own) => Some(erp.texts(project_file).sql(own, &Bound::none(), found)),
        None => pack
            .as_ref()
            .map(|text| erp.texts(file).sql(text, &Bound::none(), found)),
    };
    let own = |pick: fn(&ErpStockKeys) -> &Option<At<String>>| over.and_then(|o| pick(o).as_ref());
    let counted = sql(own(|keys| &keys.counted), &keys.counted);
    let committed = sql(own(|keys| &keys.committed), &keys.committed);
    let on_hand = sql(own(|keys| &keys.on_hand), &keys.on_hand);
    let exceptions = sql(own(|keys| &keys.exceptions), &keys.exceptions);
    Some(ErpStock {
        connection: erp.connection.clone(),
        on_hand: on_hand?,
        committed: committed?,
        counted: counted?,
        exceptions,
    })
}

/// The shop's side; `None` after an error.
pub fn shop(shop: &PackSide, found: &mut Vec<Diagnostic>) -> Option<ShopStock> {
    let (file, body) = shop.pack.shop_stock()?;
    let keys = body.stock.as_ref()?;
    let texts = shop.texts(file);
    let small_tables = target::scope(shop);
    let names = keys.pending.iter().map(|keys| &keys.alias);
    let names = names.chain(keys.derived.iter().map(|keys| &keys.alias));
    let names = names.chain(keys.forget.iter().map(|keys| &keys.alias));
    derived::names_once(texts, &[], names, found);
    let pending = pending(texts, keys, &small_tables, found);
    let second_look = second_look(texts, keys, found);
    let mut bound = Bound::names(&["id"]);
    bound
        .columns_of
        .extend(keys.figures.as_ref().map(|sql| sql.value.clone()));
    let derived = derived::of_stock(texts, &keys.derived, &small_tables, &bound, found);
    // The figures' columns are known only live.
    let figures = Scope {
        fields: None,
        ..small_tables
    };
    let forget = derived::forget(texts, &keys.forget, &figures, found);
    if keys.pending.is_empty() {
        let place = keys.span(file);
        found.push(
            Diagnostic::error("P103", "missing `[[stock.pending]]`")
                .at(&place, "which orders have taken stock?"),
        );
    }
    let table = keys.table.as_ref()?;
    let figures = texts.sql(keys.figures.as_ref()?, &Bound::none(), found);
    Some(ShopStock {
        connection: shop.connection.clone(),
        table: texts.table(table, found),
        table_at: table.span(file),
        key: keys.key.as_ref()?.value.clone(),
        column: keys.column.as_ref()?.value.clone(),
        checkout_seconds: keys
            .checkout_seconds
            .as_ref()
            .map_or(0, |seconds| seconds.value),
        figures,
        pending,
        second_look,
        derived,
        forget,
    })
}

/// How the second look finds what was pending only in between.
fn second_look(
    texts: Texts<'_>,
    keys: &ShopStockQueries,
    found: &mut Vec<Diagnostic>,
) -> Option<SecondLook> {
    let look = keys.second_look.as_ref()?;
    if keys.checkout_seconds.as_ref().is_none_or(|s| s.value == 0) {
        found.push(
            Diagnostic::error(
                "P105",
                "`second_look` makes no sense without `checkout_seconds`",
            )
            .at(&look.span(texts.file), "there is no second look")
            .help("say how long an order's pieces may be taken before the order is visible"),
        );
    }
    let mark = texts.sql(look.mark.as_ref()?, &Bound::none(), found);
    let bound = Bound::names(&["mark", "promised", "released"]);
    let orders = texts.sql(look.orders.as_ref()?, &bound, found);
    let bound = Bound::names(&["reference", "orders_since"]);
    let lines = texts.sql(look.lines.as_ref()?, &bound, found);
    Some(SecondLook {
        mark,
        orders,
        lines,
    })
}

fn pending(
    texts: Texts<'_>,
    keys: &ShopStockQueries,
    scope: &Scope,
    found: &mut Vec<Diagnostic>,
) -> Vec<Pending> {
    let bound = Bound::names(&[
        "orders_since",
        "promised",
        "released",
        "minutes_ago_10",
        "minutes_ago_60",
    ]);
    let mut all = Vec::new();
    for keys in &keys.pending {
        let condition = keys.condition.as_ref().and_then(|text| {
            let expr = texts.expr(text, found)?;
            scope.check(&expr, found);
            Some(expr)
        });
        let Some(sql) = &keys.sql else { continue };
        all.push(Pending {
            condition,
            sql: texts.sql(sql, &bound, found),
        });
    }
    all
}

/// Pieces kept back: the number as it stands in the file, not what binary floating point makes of it.
pub fn safety(file: &Arc<SourceFile>, keys: &ShopKeys, found: &mut Vec<Diagnostic>) -> Decimal {
    let Some(safety) = keys.stock.as_ref().and_then(|keys| keys.safety.as_ref()) else {
        return Decimal::default();
    };
    let raw = file.text.get(safety.range.clone()).unwrap_or("");
    match Decimal::parse(&raw.replace('_', "")) {
        Ok(pieces) if !pieces.is_negative() => pieces,
        _ => {
            let place = safety.span(file);
            found.push(
                Diagnostic::error("P104", "the safety stock is no number of pieces")
                    .at(&place, "wanted 0 or more"),
            );
            Decimal::default()
        }
    }
}

/// Falls by a little and by all, at which a condition for approvals is tried.
const FALLS: [(i64, i64); 8] = [
    (1, 0),
    (10, 9),
    (10, 0),
    (100, 50),
    (1000, 999),
    (1000, 1),
    (100_000, 100),
    (10_000_000, 0),
];

/// Which rises wait for a person. Pieces that are gone must leave the shop at once, whoever is asked: a condition that speaks of a fall, too,
/// asks for what is never done.
fn rises(file: &Arc<SourceFile>, text: &At<String>, found: &mut Vec<Diagnostic>) -> Option<Expr> {
    let expr = super::accept::over("a figure of stock", file, text, RISE.into_iter(), found)?;
    let resolved = facts::resolved(&expr, &RISE.map(|(name, _)| name))?;
    let holds = |(old, new): &(i64, i64)| {
        let number = |pieces: &i64| Value::Decimal(Decimal::from(*pieces));
        let values = [Value::Text("SKU".to_owned()), number(old), number(new)];
        let holds = facts::holds(&resolved, &values, DateTime::UNIX_EPOCH, Zone::UTC);
        holds.is_ok_and(|holds| holds)
    };
    if let Some((old, new)) = FALLS.iter().find(|fall| holds(fall)) {
        found.push(
            Diagnostic::error("P104", "a fall in available stock never waits for approval")
                .at(&text.content(file), format!("true of {old} -> {new}"))
                .note("pieces that are gone would be sold meanwhile: only a rise may wait")
                .help(format!("say so: `new > old AND ({})`", text.value)),
        );
        return None;
    }
    Some(expr)
}

const ASK: &str = "name it in a `[[stock.pending]]` of the pack: `… OR o.state IN (:promised)`";

/// What a project says of the statuses in which a shop's orders hold pieces.
struct Pledge<'a> {
    file: &'a Arc<SourceFile>,
    shop: &'a PackSide,
    keys: &'a ShopKeys,
    /// What the statuses mean, where orders are imported.
    meant: Option<&'a Statuses>,
}

impl Pledge<'_> {
    /// What is imported, and what the project says: no order may be in the ERP's hands soon and nobody's until then.
    fn promised(&self, found: &mut Vec<Diagnostic>) -> Vec<String> {
        let is_asked = self.is_asked();
        let imported = self.meant.iter().flat_map(|meant| &meant.import);
        let mut promised: Vec<String> = imported.cloned().collect();
        let own = self.keys.stock.iter().flat_map(|keys| &keys.promised);
        for status in own {
            self.contradiction(status, found);
            if !is_asked {
                found.push(
                    Diagnostic::error("P147", "the pack does not ask for `promised`")
                        .at(
                            &status.content(self.file),
                            "no order of this status would be found",
                        )
                        .help(ASK),
                );
            }
            if !promised.contains(&status.value) {
                promised.push(status.value.clone());
            }
        }
        if !is_asked {
            self.unasked(found);
        }
        promised
    }

    /// Whether a query for pending orders asks for what the project says.
    fn is_asked(&self) -> bool {
        let file = self.shop.pack.shop_stock();
        let keys = file.and_then(|(_, body)| body.stock.as_ref());
        let pending = keys.iter().flat_map(|keys| &keys.pending);
        let mut texts = pending.filter_map(|keys| keys.sql.as_ref());
        texts.any(|sql| template::names(sql).contains(&"promised"))
    }

    fn contradiction(&self, status: &At<String>, found: &mut Vec<Diagnostic>) {
        let Some(meant) = self.meant else { return };
        let lists = [("ignore", &meant.ignore), ("cancelled", &meant.cancelled)];
        for (list, statuses) in lists {
            if statuses.contains(&status.value) {
                let message = format!("status `{}` is in `{list}` and promised", status.value);
                found.push(
                    Diagnostic::error("P131", message)
                        .at(&status.content(self.file), "which of the two?"),
                );
            }
        }
    }

    /// Statuses that only the project imports: the pack's own are its author's word.
    fn unasked(&self, found: &mut Vec<Diagnostic>) {
        let file = self.shop.pack.shop_order();
        let pack = file.and_then(|(_, body)| body.order.as_ref()?.import.as_ref());
        let over = self.keys.order.as_ref().filter(|_| self.meant.is_some());
        let own = over.and_then(|over| over.import.as_ref());
        for status in own.into_iter().flatten() {
            if pack.is_some_and(|pack| pack.iter().any(|known| known.value == status.value)) {
                continue;
            }
            let message = format!("pieces of orders in `{}` may be sold twice", status.value);
            found.push(
                Diagnostic::warning("P147", message)
                    .at(&status.content(self.file), "imported")
                    .note("the pack's stock does not ask which statuses the project imports: until the ERP counts such an order, its pieces are shown as available")
                    .help(ASK),
            );
        }
    }
}

/// The whole protocol of one shop.
pub fn stock(
    project: (&Arc<SourceFile>, &Project),
    (name, keys): (&str, &ShopKeys),
    (shop_side, erp): (&PackSide, Option<ErpStock>),
    meant: Option<&Statuses>,
    found: &mut Vec<Diagnostic>,
) -> Option<Stock> {
    let target = shop(shop_side, found);
    let pledge = Pledge {
        file: project.0,
        shop: shop_side,
        keys,
        meant,
    };
    let promised = pledge.promised(found);
    let released = meant.map_or_else(Vec::new, |meant| {
        [meant.ignore.as_slice(), &meant.cancelled].concat()
    });
    let safety = safety(project.0, keys, found);
    let approve = keys.stock.as_ref().and_then(|keys| keys.approve.as_ref());
    let approve = approve.and_then(|text| rises(project.0, text, found));
    let since = orders_since(project.0, keys, &mut Vec::new());
    if !project.1.with_since.contains(name) {
        let message = format!("missing key `orders.since` in `[{}]`", shop_side.connection);
        found.push(
            Diagnostic::error("P136", message)
                .at(&shop_side.at, "its stock is kept")
                .note("orders before it are nobody's business; without it every completed order would be pending")
                .help("the moment of the cut-over: `orders.since = 2026-12-01T00:00:00+01:00`"),
        );
    }
    Some(Stock {
        name: format!("{name}/stock"),
        shop: name.to_owned(),
        erp: erp?,
        target: target?,
        warehouses: names(&keys.warehouses),
        safety,
        approve,
        orders_since: since?,
        promised,
        released,
        at: shop_side.at.clone(),
    })
}
