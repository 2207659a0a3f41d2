//! What becomes of web orders in the ERP, on its way back to their shop.

use super::mail::Mailing;
use super::{FieldKind, ServerSql};
use crate::db::query::TableName;
use crate::diagnostic::Span;
use crate::expr::Expr;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// How far the ERP has got with an order, in the order in which that happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    Open,
    PartlyShipped,
    Shipped,
    Invoiced,
    Cancelled,
}

impl State {
    pub const ALL: [State; 5] = [
        State::Open,
        State::PartlyShipped,
        State::Shipped,
        State::Invoiced,
        State::Cancelled,
    ];

    /// As packs write it.
    pub fn name(self) -> &'static str {
        match self {
            State::Open => "open",
            State::PartlyShipped => "partly_shipped",
            State::Shipped => "shipped",
            State::Invoiced => "invoiced",
            State::Cancelled => "cancelled",
        }
    }

    pub fn of(name: &str) -> Option<State> {
        State::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// A shop's fulfilment.
#[derive(Debug)]
pub struct Fulfilment {
    /// `main/fulfilment`.
    pub name: String,
    pub shop: String,
    /// Orders placed before are nobody's business.
    pub since: DateTime<Utc>,
    pub erp: Documents,
    /// The shop's connection.
    pub target: String,
    pub rules: Rules,
    /// One per way in which the shop may keep its orders; the first whose condition holds is the shop's.
    pub ways: Vec<Way>,
    /// News that wait for a person's approval, over [`NEWS`]; `None`: none.
    pub approve: Option<Expr>,
    /// Notes are written in it.
    pub language: Language,
    /// `None`: customers get no mails.
    pub mailing: Option<Mailing>,
    /// `None`: the ERP's people enter tracking numbers.
    pub tracking: Option<Tracking>,
    pub at: Span,
}

/// What a condition for approvals sees of an order's news: the shop's order, how far the ERP has got with it, the order's status and the
/// one that it gets (NULL: it stays), how many parcels are new, the carriers and tracking numbers of these, and the invoice if it is new.
pub const NEWS: [(&str, FieldKind); 8] = [
    ("reference", FieldKind::Text),
    ("state", FieldKind::Text),
    ("status", FieldKind::Text),
    ("new_status", FieldKind::Text),
    ("parcels", FieldKind::Integer),
    ("carrier", FieldKind::Text),
    ("tracking", FieldKind::Text),
    ("invoice", FieldKind::Text),
];

/// Tracking numbers that come onto the ERP's deliveries.
#[derive(Debug)]
pub struct Tracking {
    /// Fills what is empty of delivery `:parcel` of `:document`: `:tracking`, `:carrier`, `:delivered_on`.
    pub fill: ServerSql,
    pub from: Vec<TrackingSource>,
}

#[derive(Debug)]
pub struct TrackingSource {
    pub courier: Courier,
    /// The carrier of numbers that come without one; empty: nobody says.
    pub carrier: String,
}

/// What is said of a delivery, by the name of its column.
pub const TRACKING_COLUMNS: [&str; 5] =
    ["parcel", "reference", "tracking", "carrier", "delivered_on"];

/// Who knows tracking numbers.
#[derive(Debug)]
pub enum Courier {
    /// The shop's people or plug-ins, who enter them on its orders.
    Shop,
    /// Of `:parcel` or `:reference`: parcel or reference, tracking, carrier, delivered_on.
    Table { connection: String, sql: ServerSql },
    /// Files, and what they call their columns.
    Folder {
        path: PathBuf,
        columns: BTreeMap<String, String>,
    },
}

/// What the ERP is asked.
#[derive(Debug)]
pub struct Documents {
    pub connection: String,
    /// Of `:document`: document, state, invoice.
    pub sql: ServerSql,
    /// Of `:document`: document, parcel, carrier, tracking, shipped_on, and perhaps delivered_on.
    pub parcels: Option<ServerSql>,
    /// Of `:document`: document, number, name, email, language.
    pub contacts: Option<ServerSql>,
}

/// What states are in the shop.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// A state that is not in it leaves the status as it is.
    pub statuses: BTreeMap<State, String>,
    /// Statuses of an order that nobody has begun to ship: ponte may change them.
    pub from: Vec<String>,
}

/// A way in which the shop may keep its orders.
#[derive(Debug)]
pub struct Way {
    /// Over the shop's `[let]` tables and `has_table`/`has_column`.
    pub condition: Option<Expr>,
    /// As changes are shown.
    pub table: TableName,
    /// `reference`, `status`, `placed` of `:reference`.
    pub orders: ServerSql,
    /// `reference`, `tracking`, `carrier` of `:reference`, as the shop's people or plug-ins enter them.
    pub tracking: Option<ServerSql>,
    pub writes: Vec<Statement>,
}

/// A statement that writes a part of the news.
#[derive(Debug)]
pub struct Statement {
    pub news: News,
    pub condition: Option<Expr>,
    pub sql: ServerSql,
}

/// What must be new for a statement to be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// The order gets another status.
    Status,
    /// A parcel, or its tracking number.
    Parcels,
    /// The invoice's number.
    Invoice,
    /// Whatever it is.
    Any,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    English,
    Italian,
}
