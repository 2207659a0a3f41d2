//! The explanation as a shopkeeper reads it: a sum with its rows, then what the shop shows.

use super::{Committed, Explanation, OnHand, PendingLine, ShownFigure, Verdict};
use crate::stock::figure::{ALWAYS_PIECES, Exception};
use crate::value::Decimal;
use std::fmt;

/// Counted lines and lines of other warehouses are many over the years: of those that do not count, only so many are
/// shown. The JSON form has them all.
const IDLE_SHOWN: usize = 10;

/// A line of the sum: indentation, words, quantity, remark.
struct Line {
    depth: usize,
    words: String,
    quantity: Option<String>,
    remark: String,
}

#[derive(Default)]
struct Sheet {
    lines: Vec<Line>,
}

impl Sheet {
    fn add(
        &mut self,
        depth: usize,
        words: impl Into<String>,
        quantity: Option<String>,
        remark: impl Into<String>,
    ) {
        self.lines.push(Line {
            depth,
            words: words.into(),
            quantity,
            remark: remark.into(),
        });
    }
}

impl fmt::Display for Sheet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = |line: &Line| 2 * line.depth + line.words.chars().count();
        let width = self.lines.iter().map(words).max().unwrap_or(0);
        let quantities = self.lines.iter().filter_map(|line| line.quantity.as_ref());
        let digits = quantities
            .map(|text| text.chars().count())
            .max()
            .unwrap_or(0);
        for line in &self.lines {
            let words = format!("{:indent$}{}", "", line.words, indent = 2 * line.depth);
            let quantity = line.quantity.as_deref().unwrap_or("");
            let text = format!("{words:width$}  {quantity:>digits$}  {}", line.remark);
            writeln!(f, "{}", text.trim_end())?;
        }
        Ok(())
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} in shop {}\n", self.sku, self.shop)?;
        if !self.known {
            writeln!(
                f,
                "the ERP has no stock row for this sku, so ponte leaves it alone\n"
            )?;
        }
        let mut sheet = Sheet::default();
        self.on_hand_lines(&mut sheet);
        self.committed_lines(&mut sheet);
        self.pending_lines(&mut sheet);
        sheet.add(0, "safety stock", Some(minus(&self.safety)), "");
        self.result_lines(&mut sheet);
        writeln!(f, "{sheet}")?;
        for figure in &self.shown {
            writeln!(f, "{}", shown(figure))?;
        }
        writeln!(f, "{}", self.verdict_text())?;
        for change in &self.derived {
            for column in &change.columns {
                let old = column.old.as_deref().unwrap_or("nothing");
                let new = column.new.as_deref().unwrap_or("nothing");
                writeln!(
                    f,
                    "  {} ({}): {} is {old}, should be {new}",
                    change.table, change.row, column.column
                )?;
            }
            if change.columns.is_empty() {
                writeln!(f, "  {} ({}): {:?}", change.table, change.row, change.kind)?;
            }
        }
        for shop in &self.out_of_reach {
            writeln!(
                f,
                "shop {shop} is out of reach: its last known orders are used"
            )?;
        }
        Ok(())
    }
}

impl Explanation {
    fn on_hand_lines(&self, sheet: &mut Sheet) {
        sheet.add(0, "on hand", Some(self.sum.on_hand.to_plain()), "");
        let (counting, idle): (Vec<&OnHand>, Vec<&OnHand>) =
            self.on_hand.iter().partition(|row| row.assigned);
        let line = |sheet: &mut Sheet, row: &OnHand, remark: &str| {
            let name = row.warehouse.as_deref().unwrap_or("(no warehouse)");
            sheet.add(1, name, Some(row.quantity.to_plain()), remark);
        };
        counting.iter().for_each(|row| line(sheet, row, ""));
        let shown = idle.iter().take(IDLE_SHOWN);
        shown.for_each(|row| line(sheet, row, "not a warehouse of this shop: not counted"));
        more(sheet, idle.len());
    }

    fn committed_lines(&self, sheet: &mut Sheet) {
        sheet.add(
            0,
            "committed to orders in the ERP",
            Some(minus(&self.sum.committed)),
            "",
        );
        let (counting, idle): (Vec<&Committed>, Vec<&Committed>) =
            self.committed.iter().partition(|row| row.assigned);
        let line = |sheet: &mut Sheet, row: &Committed, remark: &str| {
            let document = row.document.as_deref().unwrap_or("(several orders)");
            let words = match &row.warehouse {
                Some(warehouse) => format!("order {document}, from {warehouse}"),
                None => format!("order {document}"),
            };
            sheet.add(1, words, Some(minus(&row.quantity)), remark);
        };
        counting.iter().for_each(|row| line(sheet, row, ""));
        let shown = idle.iter().take(IDLE_SHOWN);
        shown.for_each(|row| line(sheet, row, "not a warehouse of this shop: not counted"));
        more(sheet, idle.len());
    }

    fn pending_lines(&self, sheet: &mut Sheet) {
        sheet.add(
            0,
            "web orders the ERP does not count yet",
            Some(minus(&self.sum.pending)),
            "",
        );
        let (counting, idle): (Vec<&PendingLine>, Vec<&PendingLine>) =
            self.pending.iter().partition(|row| !row.pending.is_zero());
        for row in counting {
            let mut remarks = Vec::new();
            if !row.counted.is_zero() {
                remarks.push(format!(
                    "{} ordered, {} counted by the ERP",
                    row.quantity, row.counted
                ));
            }
            if let Some(placed) = &row.placed {
                remarks.push(format!("placed {placed}"));
            }
            sheet.add(
                1,
                row.reference.as_str(),
                Some(minus(&row.pending)),
                remarks.join(", "),
            );
        }
        for row in idle.iter().take(IDLE_SHOWN) {
            let why = match row.closed {
                true => format!("{} ordered, closed in the ERP", row.quantity),
                false => format!("{} ordered, counted by the ERP", row.quantity),
            };
            sheet.add(1, row.reference.as_str(), Some("0".to_owned()), why);
        }
        more(sheet, idle.len());
    }

    fn result_lines(&self, sheet: &mut Sheet) {
        let total = &self.sum.total;
        let Some(available) = &self.available else {
            sheet.add(0, "sum", Some(total.to_plain()), "");
            return;
        };
        let remark = match self.exception {
            Some(Exception::Always) => {
                format!("always available: shows {ALWAYS_PIECES} whatever the sum is ({total})")
            }
            Some(Exception::Never) => {
                format!("never available: shows 0 whatever the sum is ({total})")
            }
            None if total.is_negative() => {
                format!("the sum is {total}: more is promised than there is")
            }
            None if !total.is_whole() => format!("{total}, rounded down"),
            None => String::new(),
        };
        sheet.add(0, "available", Some(available.to_plain()), remark);
    }

    fn verdict_text(&self) -> String {
        let available = self
            .available
            .as_ref()
            .map_or_else(String::new, Decimal::to_plain);
        match self.verdict {
            Verdict::Right => "that is right".to_owned(),
            Verdict::DerivedOff => {
                "the figure is right; rows beside it are not, and the next cycle corrects them:"
                    .to_owned()
            }
            Verdict::Due => format!("it should show {available}: the next cycle changes it"),
            Verdict::NotInShop => "the shop has no article with this sku".to_owned(),
            Verdict::Left(left) => format!("ponte leaves the figure alone: {}", left.reason()),
        }
    }
}

fn shown(figure: &ShownFigure) -> String {
    let mut text = match &figure.shown {
        Some(pieces) => format!("the shop shows {pieces}"),
        None => "the shop shows nothing".to_owned(),
    };
    if !figure.managed {
        text.push_str(", and does not manage stock for it");
    }
    if !figure.shared_by.is_empty() {
        text.push_str(&format!(
            ", a figure shared by {}",
            figure.shared_by.join(", ")
        ));
    }
    text
}

fn more(sheet: &mut Sheet, idle: usize) {
    if idle > IDLE_SHOWN {
        sheet.add(
            1,
            format!("and {} more that do not count", idle - IDLE_SHOWN),
            None,
            "",
        );
    }
}

/// What is taken off; nothing is plain 0.
fn minus(quantity: &Decimal) -> String {
    (-quantity.clone()).to_plain()
}
