//! `[[shop.NAME.orders.accept]]`: which orders the ERP gets, and when.

use super::super::project::{AcceptKeys, OrdersKeys, TakeWord, VatKeys};
use super::super::record;
use super::super::scope::Scope;
use super::super::spanned::{At, Ordered};
use super::super::texts::Texts;
use super::changes::parse_duration;
use crate::diagnostic::{Diagnostic, SourceFile};
use crate::expr::Expr;
use crate::plan::order::{Accept, Codes, Take, VatCode};
use crate::plan::{FieldKind, Write};
use crate::value::Decimal;
use std::collections::BTreeMap;
use std::sync::Arc;

pub fn rules(
    file: &Arc<SourceFile>,
    declared: &[At<AcceptKeys>],
    found: &mut Vec<Diagnostic>,
) -> Vec<Accept> {
    let mut rules = Vec::new();
    let mut last: Option<&At<AcceptKeys>> = None;
    for keys in declared {
        if let Some(last) = last {
            found.push(
                Diagnostic::error("P146", "no order comes to this rule")
                    .at(&keys.span(file), "never asked")
                    .note(format!(
                        "the one at {} has no `if` and fits every order",
                        last.span(file).place()
                    ))
                    .help("the first rule that fits decides: the one without `if` goes last"),
            );
        }
        if keys.condition.is_none() {
            last = last.or(Some(keys));
        }
        let rule = || record::order_rule().collect();
        let condition = expr(file, &keys.condition, rule(), found);
        let paid = expr(file, &keys.paid, record::order_head().collect(), found);
        let Some(word) = &keys.take else { continue };
        let take = match word.value {
            TakeWord::Always => Take::Always,
            TakeWord::Never => Take::Never,
            TakeWord::WhenPaid => Take::WhenPaid,
            TakeWord::AfterApproval => Take::AfterApproval,
        };
        let waits = matches!(take, Take::WhenPaid | Take::AfterApproval);
        let misplaced = [
            (
                "give_up",
                keys.give_up.as_ref().filter(|_| !waits),
                "`when paid` or `after approval`",
            ),
            (
                "paid",
                keys.paid.as_ref().filter(|_| take != Take::WhenPaid),
                "`when paid`",
            ),
        ];
        for (name, text, with) in misplaced {
            if let Some(text) = text {
                found.push(
                    Diagnostic::error("P105", format!("`{name}` makes no sense here"))
                        .at(&text.span(file), "the order does not wait for that")
                        .help(format!("it belongs to a rule that takes orders {with}")),
                );
            }
        }
        let give_up = keys.give_up.as_ref().and_then(|text| {
            let wait = parse_duration(text);
            if wait.is_none() {
                let message = format!("`{}` is not a duration", text.value);
                found.push(Diagnostic::error("P104", message).at(
                    &text.span(file),
                    "wanted a whole number and `s`, `m`, `h` or `d`: `10d`",
                ));
            }
            wait
        });
        rules.push(Accept {
            condition,
            take,
            paid,
            give_up,
            why: keys.why.as_ref().map(|why| why.value.clone()),
            at: keys.span(file),
        });
    }
    rules
}

/// Which refunds wait for a person.
pub fn of_refunds(
    file: &Arc<SourceFile>,
    text: &At<String>,
    found: &mut Vec<Diagnostic>,
) -> Option<Accept> {
    Some(Accept {
        condition: Some(over("a refund", file, text, record::refund_head(), found)?),
        take: Take::AfterApproval,
        paid: None,
        give_up: None,
        why: None,
        at: text.span(file),
    })
}

/// What the ERP calls payment methods, carriers and rates.
/// `own`: the warehouses whose stock the shop sells; empty: all of them.
pub fn codes(
    file: &Arc<SourceFile>,
    keys: &OrdersKeys,
    own: &[String],
    found: &mut Vec<Diagnostic>,
) -> Codes {
    for (_, code) in keys.warehouse.iter().flat_map(|table| table.iter()) {
        if own.is_empty() || own.contains(&code.value) {
            continue;
        }
        let message = format!("`{}` is none of the shop's `warehouses`", code.value);
        found.push(
            Diagnostic::error("P104", message)
                .at(&code.content(file), "an order's pieces would be committed where the shop's stock does not count them")
                .suggest(code, own.iter().map(String::as_str)),
        );
    }
    let mut vat: Vec<VatCode> = Vec::new();
    for one in &keys.vat {
        let head = record::order_head().collect();
        let condition = expr(file, &one.condition, head, found);
        let (Some(rate), Some(code)) = (&one.rate, &one.code) else {
            continue;
        };
        // The number as it stands in the file, not what binary floating point makes of it.
        let raw = file.text.get(rate.range.clone()).unwrap_or("");
        let Ok(number) = Decimal::parse(&raw.replace('_', "")) else {
            let place = rate.span(file);
            found.push(
                Diagnostic::error("P104", "the rate is no percentage")
                    .at(&place, "wanted a number"),
            );
            continue;
        };
        let on = taxed(file, one, found);
        let takes_all = |known: &&VatCode| {
            let covers = |kind: &String| known.on.contains(kind);
            known.on.is_empty() || (!on.is_empty() && on.iter().all(covers))
        };
        let mut before = vat
            .iter()
            .filter(|known| known.rate == number && known.condition.is_none());
        if before.any(|known| takes_all(&known)) {
            found.push(
                Diagnostic::error("P146", "no order comes to this VAT code")
                    .at(&one.span(file), "never asked")
                    .note(format!(
                        "one of {} % before it has no `if`",
                        number.to_plain()
                    ))
                    .help("the first that fits counts: the one without `if` goes last"),
            );
        }
        vat.push(VatCode {
            rate: number,
            condition,
            on,
            code: code.value.clone(),
        });
    }
    Codes {
        payment: keys.payment.as_ref().map(table),
        carrier: keys.carrier.as_ref().map(table),
        warehouse: keys.warehouse.as_ref().map(table),
        vat,
    }
}

/// `on`: what of an order.
fn taxed(file: &Arc<SourceFile>, keys: &VatKeys, found: &mut Vec<Diagnostic>) -> Vec<String> {
    let mut taxed = Vec::new();
    for kind in keys.on.iter().flat_map(|kinds| kinds.iter()) {
        if !record::TAXED.contains(&kind.as_str()) {
            let message = format!("nothing of an order is called `{}`", kind.value);
            found.push(
                Diagnostic::error("P104", message)
                    .at(
                        &kind.content(file),
                        format!("one of: {}", record::TAXED.join(", ")),
                    )
                    .suggest(kind, record::TAXED),
            );
        }
        taxed.push(kind.value.clone());
    }
    taxed
}

fn table(keys: &At<Ordered<At<String>>>) -> BTreeMap<String, String> {
    let pairs = keys
        .iter()
        .map(|(name, code)| (name.value.clone(), code.value.clone()));
    pairs.collect()
}

/// An expression over the head of an order, as every shop has it.
fn expr(
    file: &Arc<SourceFile>,
    text: &Option<At<String>>,
    fields: Vec<(&'static str, FieldKind)>,
    found: &mut Vec<Diagnostic>,
) -> Option<Expr> {
    over("an order", file, text.as_ref()?, fields.into_iter(), found)
}

/// An expression over these fields of what `title` says.
pub fn over(
    title: &str,
    file: &Arc<SourceFile>,
    text: &At<String>,
    fields: impl Iterator<Item = (&'static str, FieldKind)>,
    found: &mut Vec<Diagnostic>,
) -> Option<Expr> {
    let texts = Texts {
        file,
        variables: None,
    };
    let fields = fields.map(|(name, kind)| (name.to_owned(), kind));
    let scope = Scope {
        title: title.to_owned(),
        fields: Some(fields.collect()),
        ..Scope::default()
    };
    let expr = texts.expr(text, found)?;
    scope.check(&expr, found);
    Some(expr)
}

/// Which changes of a flow wait for a person: over the old and new values of a row's columns.
pub fn approval(
    file: &Arc<SourceFile>,
    text: Option<&At<String>>,
    writes: &[Write],
    found: &mut Vec<Diagnostic>,
) -> Option<Expr> {
    let texts = Texts {
        file,
        variables: None,
    };
    let expr = texts.expr(text?, found)?;
    let columns = writes.iter().flat_map(|write| &write.fields);
    let mut columns: Vec<String> = columns.map(|field| field.column.clone()).collect();
    columns.sort_unstable();
    columns.dedup();
    let scope = Scope {
        title: "a change, which has `old.<column>` and `new.<column>`".to_owned(),
        fields: Some(BTreeMap::new()),
        ..Scope::default()
    };
    let scope = scope.with_member("old", Some(columns.clone()));
    scope.with_member("new", Some(columns)).check(&expr, found);
    Some(expr)
}
