//! What a project says of a shop's orders: which of them the ERP gets, when, and what it calls what they bear.

use crate::diagnostic::Span;
use crate::expr::Expr;
use crate::value::Decimal;
use std::collections::BTreeMap;
use std::time::Duration;

/// What of a shop goes into the ERP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Order,
    /// What was paid back of an order that the ERP has.
    Refund,
}

impl Kind {
    /// The record's name: of its flows and of its links.
    pub fn record(self) -> &'static str {
        match self {
            Kind::Order => "order",
            Kind::Refund => "refund",
        }
    }
}

/// A rule over an order's head. The first one that fits decides; an order that none fits is taken.
#[derive(Debug)]
pub struct Accept {
    /// Over the canonical fields; `None`: every order.
    pub condition: Option<Expr>,
    pub take: Take,
    /// Whether an order is paid; `None`: the shop says when it was.
    pub paid: Option<Expr>,
    /// An order that has waited so long since it was placed is given up.
    pub give_up: Option<Duration>,
    /// For people.
    pub why: Option<String>,
    pub at: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Take {
    Always,
    Never,
    WhenPaid,
    AfterApproval,
}

/// What the ERP calls what an order bears.
#[derive(Debug, Default)]
pub struct Codes {
    /// By the shop's name of it; `None`: the ERP gets that.
    pub payment: Option<BTreeMap<String, String>>,
    pub carrier: Option<BTreeMap<String, String>>,
    pub warehouse: Option<BTreeMap<String, String>>,
    /// The first that fits counts; empty: the ERP's pack finds one by the rate.
    pub vat: Vec<VatCode>,
}

#[derive(Debug)]
pub struct VatCode {
    pub rate: Decimal,
    /// Over the canonical fields; `None`: every order.
    pub condition: Option<Expr>,
    /// Kinds of charges, and `line`; empty: all of them.
    pub on: Vec<String>,
    pub code: String,
}

/// A variable of the pack that names where a plug-in keeps something, and where other plug-ins do.
#[derive(Debug)]
pub struct Candidates {
    pub variable: String,
    pub value: String,
    pub known: Vec<String>,
}

/// Which of the shop's statuses mean what; any other is for a person to say.
#[derive(Debug, Clone, Default)]
pub struct Statuses {
    pub import: Vec<String>,
    /// Not paid yet: imported later.
    pub wait: Vec<String>,
    /// No order.
    pub ignore: Vec<String>,
    pub cancelled: Vec<String>,
}
