//! What a round keeps of a stock cycle: its findings and numbers, and what the next cycle goes on from.

use super::Notebook;
use crate::state::quarantine::{Finding, Findings};
use crate::stock::{LastKnown, Left, StockReport};

/// What earlier cycles left for this one.
#[derive(Default)]
pub(super) struct Memory {
    pub known: LastKnown,
    /// Where the last cycle's walk over what hangs on right figures ended.
    pub walked: u32,
}

impl Notebook<'_> {
    pub(super) async fn stock(&mut self, flow: &str) -> Memory {
        let Some(state) = self.state.as_mut() else {
            return Memory::default();
        };
        let last = state.last_whole_run(flow).await;
        let known = state.known_orders().await;
        let walked = self.keep(last).flatten();
        let walked = walked.and_then(|run| run.counts["walked"].as_u64());
        Memory {
            known: self.keep(known).unwrap_or_default(),
            walked: walked
                .and_then(|at| u32::try_from(at).ok())
                .unwrap_or_default(),
        }
    }
}

/// Figures left alone until a person has put something right.
pub const QUARANTINED_STOCK: [Left; 5] = [
    Left::DuplicateSku,
    Left::SharedFigure,
    Left::DisputedFigure,
    Left::Unreadable,
    Left::UnreadableInErp,
];

/// What of a cycle a person has to look at.
pub fn stock_findings(report: &StockReport) -> Findings {
    let mut found = Findings::default();
    for failed in &report.failed {
        found.first.push(Finding {
            key: failed.sku.clone(),
            kind: "rejected".to_owned(),
            message: failed.reason.clone(),
            advice: "correct what the server names; the other figures were written".to_owned(),
        });
    }
    found.total = found.first.len() as u64;
    found
        .first
        .extend(report.unapproved.iter().map(|one| Finding {
            key: one.sku.clone(),
            kind: "unapproved".to_owned(),
            message: one.why.clone(),
            advice: one.advice.clone(),
        }));
    found.total += report.unapproved_total;
    for why in QUARANTINED_STOCK {
        let Some(named) = report.left.get(&why) else {
            continue;
        };
        let (message, advice) = why.reason().split_once("; ").unwrap_or((why.reason(), ""));
        found.first.extend(named.skus.iter().map(|sku| Finding {
            key: sku.clone(),
            kind: "ambiguous".to_owned(),
            message: message.to_owned(),
            advice: advice.to_owned(),
        }));
        found.total += named.count;
    }
    found
}

/// The numbers of a cycle, for the history.
pub fn stock_counts(report: &StockReport) -> serde_json::Value {
    serde_json::json!({
        "articles": report.articles,
        "changed": report.changed,
        "derived_changed": report.derived_changed,
        "unapproved": report.unapproved_total,
        "oversold": report.oversold.len(),
        "quarantined": stock_findings(report).total,
        "pending_orders": report.pending_orders,
        "pending_old": report.pending_old,
        "rounds": report.rounds,
        "walked": report.walked,
    })
}
