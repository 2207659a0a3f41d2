//! `ponte reconcile`: the shops' orders beside the ERP's, by day.

use super::Context;
use super::answer::{Answer, Failure};
use super::args::ReconcileArgs;
use super::exit::Exit;
use super::output::{BOLD, YELLOW, count, escaped, grouped, styled};
use super::project::Project;
use super::sync::{flow_failure, lines, open_state};
use crate::diagnostic::nearest;
use crate::orders::documents::money;
use crate::orders::reconcile::{Day, Finding, RefundDay, RefundSum, Refunds, Report, Side, Sum};
use crate::plan::{Orders, Plan};
use crate::round::reconcile;
use crate::sync::batch::Intent;
use comfy_table::{CellAlignment, Table, presets};
use serde_json::json;

pub async fn run(context: &Context<'_>, args: &ReconcileArgs) -> Result<Answer, Failure> {
    let project = Project::open(context.project)?;
    project.warn(context.as_json);
    let mut state = open_state(&project, Intent::DryRun, context.as_json).await?;
    let mut reports = Vec::new();
    for orders in of_shop(&project.plan, args.shop.as_deref())? {
        let report = reconcile::run(
            &project.plan,
            orders,
            &project.connections,
            state.as_mut(),
            args.from,
        )
        .await
        .map_err(flow_failure)?;
        reports.push(report);
    }
    let exit = match reports.iter().all(Report::is_clean) {
        true => Exit::Done,
        false => Exit::Different,
    };
    let text: Vec<String> = reports
        .iter()
        .map(|report| described(report, args.show))
        .collect();
    Ok(Answer::new("reconcile", exit)
        .key("shops", json!(reports))
        .text(text.join("\n")))
}

/// The shops whose orders are imported.
pub fn of_shop<'p>(plan: &'p Plan, shop: Option<&str>) -> Result<Vec<&'p Orders>, Failure> {
    let all = plan.orders.iter();
    let found: Vec<&Orders> = all
        .filter(|orders| shop.is_none_or(|shop| shop == orders.shop))
        .collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let names: Vec<&str> = plan
        .orders
        .iter()
        .map(|orders| orders.shop.as_str())
        .collect();
    Err(match shop {
        Some(shop) if !names.is_empty() => {
            let help = match nearest(shop, names.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("shops whose orders are imported: {}", names.join(", ")),
            };
            Failure::refused(format!(
                "there is no shop `{shop}` whose orders are imported"
            ))
            .help(help)
        }
        _ => Failure::refused("no shop's orders are imported")
            .help("`orders.import = true` in `[shop.NAME]` has them imported"),
    })
}

/// The orders, and what was paid back of them where the ERP gets that.
pub fn described(report: &Report, shown: usize) -> String {
    let mut text = orders(report, shown);
    if let Some(refunds) = &report.refunds {
        text.push_str(&paid_back(&report.shop, refunds, shown));
    }
    text
}

fn orders(report: &Report, shown: usize) -> String {
    let mut text = format!(
        "{}: orders since {}\n",
        styled(&report.shop, BOLD),
        report.from
    );
    for note in &report.notes {
        text.push_str(&format!("{}: {}\n", styled("note", YELLOW), escaped(note)));
    }
    if report.days.is_empty() {
        text.push_str("No orders on either side.\n");
        return text;
    }
    text.push_str(&days(&report.days));
    let total = report.totals.values().sum();
    text.push_str(&findings(&report.findings, total, shown));
    text.push_str(&match total {
        0 => "Every order is on both sides.\n".to_owned(),
        _ => format!(
            "{} missing in the ERP, {} too many there, {} different.\n",
            count(report.count(Side::Missing), "order is", "orders are"),
            grouped(report.count(Side::Extra)),
            grouped(report.count(Side::Different)),
        ),
    });
    text
}

/// The first of the findings, and how many more there are.
fn findings(findings: &[Finding], total: u64, shown: usize) -> String {
    let mut text: String = findings.iter().take(shown).map(told).collect();
    match total.saturating_sub(shown.min(findings.len()) as u64) {
        0 => {}
        more => text.push_str(&format!("and {} more\n", grouped(more))),
    }
    text
}

fn paid_back(shop: &str, refunds: &Refunds, shown: usize) -> String {
    let mut text = format!("{}: refunds since {}\n", styled(shop, BOLD), refunds.from);
    if refunds.days.is_empty() {
        text.push_str("No refunds of orders that are in the ERP.\n");
        return text;
    }
    text.push_str(&refund_days(&refunds.days));
    let total = refunds.totals.values().sum();
    text.push_str(&findings(&refunds.findings, total, shown));
    text.push_str(&match total {
        0 => "Every refund is on both sides.\n".to_owned(),
        _ => format!(
            "{} missing in the ERP, {} too many there.\n",
            count(refunds.count(Side::Missing), "refund is", "refunds are"),
            grouped(refunds.count(Side::Extra)),
        ),
    });
    text
}

fn refund_days(days: &[RefundDay]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header([
        "day", "shop", "", "linked", "", "by hand", "ERP", "missing", "extra",
    ]);
    for day in days {
        let number = |number: u64| match number {
            0 => String::new(),
            number => grouped(number),
        };
        let pair = |sum: &RefundSum| [grouped(sum.refunds), money(&sum.sum)];
        let mut row = vec![day.day.to_string()];
        row.extend([&day.shop, &day.linked].into_iter().flat_map(pair));
        row.extend([number(day.by_hand), grouped(day.erp)]);
        row.extend([day.missing, day.extra].map(number));
        table.add_row(row);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    lines(&table)
}

fn days(days: &[Day]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header([
        "day",
        "shop",
        "",
        "linked",
        "",
        "ERP",
        "",
        "unpaid",
        "missing",
        "extra",
        "different",
    ]);
    for day in days {
        let number = |number: u64| match number {
            0 => String::new(),
            number => grouped(number),
        };
        let pair = |sum: &Sum| [grouped(sum.orders), money(&sum.sum)];
        let mut row = vec![day.day.to_string()];
        row.extend(
            [&day.shop, &day.linked, &day.erp]
                .into_iter()
                .flat_map(pair),
        );
        row.extend([day.waiting, day.missing, day.extra, day.different].map(number));
        table.add_row(row);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    lines(&table)
}

fn told(finding: &Finding) -> String {
    let number = match &finding.number {
        Some(number) if !finding.reference.ends_with(&format!("/{number}")) => {
            format!(" (number {})", escaped(number))
        }
        _ => String::new(),
    };
    let totals = match (&finding.shop_total, &finding.erp_total) {
        (Some(shop), Some(erp)) if shop != erp => format!(": {shop} in the shop, {erp} in the ERP"),
        _ => String::new(),
    };
    format!(
        "{} {}{number}: {}{totals}\n  help: {}\n",
        finding.day,
        styled(escaped(&finding.reference), BOLD),
        escaped(&finding.message),
        escaped(&finding.advice)
    )
}
