//! The explanation as a shopkeeper reads it: a sum with its rows, then what the shop shows.

use super::{Committed, Explanation, OnHand, PendingLine, ShownFigure, Verdict};
use crate::stock::figure::{ALWAYS_PIECES, Exception};
use crate::value::Decimal;
use std::fmt;

/// Counted lines and lines of other warehouses are many over the years: of those that do not count, only so many are
/// shown. The JSON form has them all.
const IDLE_SHOWN: usize = 10;

/// What stands on a line beside the words: a term of the sum, or a row that the term above it is made of.
enum Quantity {
    Term(String),
    Row(String),
    None,
}

struct Line {
    words: String,
    quantity: Quantity,
    remark: String,
}

/// Words, rows and terms in columns, so that each column can be added up by eye.
#[derive(Default)]
struct Sheet {
    lines: Vec<Line>,
}

impl Sheet {
    fn term(&mut self, words: &str, quantity: String, remark: String) {
        self.lines.push(Line {
            words: words.to_owned(),
            quantity: Quantity::Term(quantity),
            remark,
        });
    }

    fn row(&mut self, words: &str, quantity: Option<String>, remark: impl Into<String>) {
        self.lines.push(Line {
            words: format!("  {words}"),
            quantity: quantity.map_or(Quantity::None, Quantity::Row),
            remark: remark.into(),
        });
    }
}

impl Line {
    fn cells(&self) -> (&str, &str) {
        match &self.quantity {
            Quantity::Term(text) => ("", text),
            Quantity::Row(text) => (text, ""),
            Quantity::None => ("", ""),
        }
    }
}

impl fmt::Display for Sheet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widest = |width: fn(&Line) -> usize| self.lines.iter().map(width).max().unwrap_or(0);
        let words = widest(|line| line.words.chars().count());
        let rows = widest(|line| line.cells().0.chars().count());
        let terms = widest(|line| line.cells().1.chars().count());
        for line in &self.lines {
            let (row, term) = line.cells();
            let text = format!(
                "{:words$}  {row:>rows$}  {term:>terms$}  {}",
                line.words, line.remark
            );
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
        sheet.term("safety stock", minus(&self.safety), String::new());
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
        sheet.term("on hand", self.sum.on_hand.to_plain(), String::new());
        let (counting, idle): (Vec<&OnHand>, Vec<&OnHand>) =
            self.on_hand.iter().partition(|row| row.assigned);
        let line = |sheet: &mut Sheet, row: &OnHand| {
            let name = row.warehouse.as_deref().unwrap_or("(no warehouse)");
            let (quantity, remark) = counting_or_not(row.quantity.to_plain(), row.assigned);
            sheet.row(name, Some(quantity), remark);
        };
        counting.iter().for_each(|row| line(sheet, row));
        let shown = idle.iter().take(IDLE_SHOWN);
        shown.for_each(|row| line(sheet, row));
        more(sheet, idle.len());
    }

    fn committed_lines(&self, sheet: &mut Sheet) {
        sheet.term(
            "committed to orders in the ERP",
            minus(&self.sum.committed),
            String::new(),
        );
        let (counting, idle): (Vec<&Committed>, Vec<&Committed>) =
            self.committed.iter().partition(|row| row.assigned);
        let line = |sheet: &mut Sheet, row: &Committed| {
            let document = row.document.as_deref().unwrap_or("(several orders)");
            let words = match &row.warehouse {
                Some(warehouse) => format!("order {document}, from {warehouse}"),
                None => format!("order {document}"),
            };
            let (quantity, remark) = counting_or_not(minus(&row.quantity), row.assigned);
            sheet.row(&words, Some(quantity), remark);
        };
        counting.iter().for_each(|row| line(sheet, row));
        let shown = idle.iter().take(IDLE_SHOWN);
        shown.for_each(|row| line(sheet, row));
        more(sheet, idle.len());
    }

    fn pending_lines(&self, sheet: &mut Sheet) {
        sheet.term(
            "web orders the ERP does not count yet",
            minus(&self.sum.pending),
            String::new(),
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
            sheet.row(
                &row.reference,
                Some(minus(&row.pending)),
                remarks.join(", "),
            );
        }
        for row in idle.iter().take(IDLE_SHOWN) {
            let why = match row.closed {
                true => format!("{} ordered, closed in the ERP", row.quantity),
                false => format!("{} ordered, counted by the ERP", row.quantity),
            };
            sheet.row(&row.reference, Some("0".to_owned()), why);
        }
        more(sheet, idle.len());
    }

    fn result_lines(&self, sheet: &mut Sheet) {
        let total = &self.sum.total;
        let Some(available) = &self.available else {
            sheet.term("sum", total.to_plain(), String::new());
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
        sheet.term("available", available.to_plain(), remark);
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
            Verdict::Due => match &self.held {
                Some(held) => format!("it should show {available}: {} ({})", held.why, held.advice),
                None => format!("it should show {available}: the next cycle changes it"),
            },
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

/// What does not count stands in brackets, lest it be added up.
fn counting_or_not(quantity: String, assigned: bool) -> (String, &'static str) {
    match assigned {
        true => (quantity, ""),
        false => (format!("({quantity})"), "not a warehouse of this shop"),
    }
}

fn more(sheet: &mut Sheet, idle: usize) {
    if idle > IDLE_SHOWN {
        sheet.row(
            &format!("and {} more that do not count", idle - IDLE_SHOWN),
            None,
            "",
        );
    }
}

/// What is taken off; nothing is plain 0.
fn minus(quantity: &Decimal) -> String {
    (-quantity.clone()).to_plain()
}
