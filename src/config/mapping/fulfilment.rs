//! `fulfilment.toml` of both sides.

use crate::config::spanned::At;
use schemars::JsonSchema;
use serde::Deserialize;

/// `fulfilment.toml` of an ERP pack: what has become of web orders.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ErpFulfilmentFile {
    /// fulfilment
    #[schemars(required)]
    pub record: Option<At<String>>,
    #[schemars(required)]
    pub documents: Option<At<DocumentKeys>>,
}

#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct DocumentKeys {
    /// Server SQL: document, state (open, partly_shipped, shipped, invoiced, cancelled) and invoice of the documents
    /// `:document`.
    #[schemars(required)]
    pub sql: Option<At<String>>,
    /// Server SQL: document, parcel, carrier, tracking and shipped_on of the parcels of `:document`; where the ERP keeps
    /// when they reached the customer, delivered_on as well.
    pub parcels: Option<At<String>>,
    /// A statement that fills what is empty of delivery `:parcel` of `:document` with `:tracking`, `:carrier` and
    /// `:delivered_on`, which may be NULL, and touches nothing that is there.
    pub fill: Option<At<String>>,
    /// Server SQL: document, number, name, email and language of the customers of `:document`, for mails to them.
    pub contacts: Option<At<String>>,
}

/// `fulfilment.toml` of a shop pack: how the shop is told.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ShopFulfilmentFile {
    /// fulfilment
    #[schemars(required)]
    pub record: Option<At<String>>,
    #[schemars(required)]
    pub fulfilment: Option<At<ShopFulfilmentKeys>>,
}

#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ShopFulfilmentKeys {
    /// Statuses of orders that nobody has begun to ship: those that ponte may change.
    #[schemars(required)]
    pub from: Option<Vec<At<String>>>,
    /// What a state is in the shop; a state that is left out leaves the status as it is.
    #[serde(default)]
    pub status: StatusKeys,
    /// One table per way in which the shop may keep its orders.
    #[serde(default)]
    pub storage: Vec<At<WayKeys>>,
}

/// State of the ERP's document -> status of the shop's order.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct StatusKeys {
    pub partly_shipped: Option<At<String>>,
    pub shipped: Option<At<String>>,
    pub invoiced: Option<At<String>>,
    pub cancelled: Option<At<String>>,
}

#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct WayKeys {
    /// Only where this expression over the shop's small tables is true.
    #[serde(rename = "if")]
    pub condition: Option<At<String>>,
    /// The orders' table, as changes are shown.
    #[schemars(required)]
    pub table: Option<At<String>>,
    /// Server SQL: reference, status and placed of the orders `:reference`. Its rows are locked before they are written to,
    /// so it is a plain query on the orders' own table.
    #[schemars(required)]
    pub orders: Option<At<String>>,
    /// Server SQL: reference, tracking and carrier of the orders `:reference`, as the shop's people or plug-ins enter them.
    pub tracking: Option<At<String>>,
    /// Statements that write the news of one order, in this order.
    #[serde(default)]
    pub write: Vec<At<StatementKeys>>,
}

#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct StatementKeys {
    /// What must be new.
    #[schemars(required)]
    pub when: Option<At<NewsWord>>,
    /// Only where this expression over the shop's small tables is true.
    #[serde(rename = "if")]
    pub condition: Option<At<String>>,
    /// Server SQL; it binds `:reference`, `:status`, `:old_status`, `:note`, `:carrier`, `:tracking`, `:last_tracking`,
    /// `:invoice`, `:now`, `:now_local` and `:now_unix`.
    #[schemars(required)]
    pub sql: Option<At<String>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum NewsWord {
    Status,
    Parcels,
    Invoice,
    Any,
}
