//! `orders` of a shop: what the ERP gets of its orders, and when.

use super::moment;
use crate::config::spanned::{At, Ordered};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct OrdersKeys {
    /// The cut-over: orders placed before it are nobody's business. With its zone: `2026-12-01T00:00:00+01:00`.
    #[schemars(schema_with = "moment")]
    pub since: Option<At<toml::value::Datetime>>,
    /// Web orders go into the ERP. Default: false.
    #[serde(default)]
    pub import: bool,
    /// What the shop pays back of imported orders from this moment on goes into the ERP, too, for credit notes. With its zone.
    /// Default: a person is told.
    #[serde(default)]
    #[schemars(schema_with = "moment")]
    pub refunds_since: Option<At<toml::value::Datetime>>,
    /// What becomes of an imported order that was edited in the shop, while nobody has begun with it in the ERP. `tell`: a person is
    /// told; `update`: the ERP's document is written anew. Default: `tell`.
    pub edited: Option<At<EditedWord>>,
    /// What becomes of one that was cancelled there. `cancel`: the ERP's document is cancelled; `tell`: a person is told. Default: `cancel`.
    pub cancelled: Option<At<CancelledWord>>,
    /// Which of the orders in an `import` status the ERP gets, and when. The first rule that fits decides; an order
    /// that none fits is taken.
    #[serde(default)]
    pub accept: Vec<At<AcceptKeys>>,
    /// Payment methods as the ERP calls them: `bacs = "BANK"`; `"" = "NONE"` for orders without one. An order with
    /// another one waits. Default: as the shop calls them.
    pub payment: Option<At<Ordered<At<String>>>>,
    /// Carriers as the ERP calls them. An order with another one waits. Default: as the shop calls them.
    pub carrier: Option<At<Ordered<At<String>>>>,
    /// The shop's warehouses as the ERP calls them, each one of `warehouses`. An order from another one waits. Default: as the
    /// shop calls them, where that is one of `warehouses`; else the only one of these, or the ERP's own choice.
    pub warehouse: Option<At<Ordered<At<String>>>>,
    /// VAT codes of the ERP. The first that fits counts, for each line, carriage, wrapping and fee; an order with a
    /// rate that none fits waits. Default: what the ERP's pack takes for the rate.
    #[serde(default)]
    pub vat: Vec<At<VatKeys>>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct VatKeys {
    /// Percent.
    #[schemars(required)]
    pub rate: Option<At<f64>>,
    /// Of which orders, as an expression over the order's head: `country <> 'IT'`. Default: all.
    #[serde(rename = "if")]
    pub condition: Option<At<String>>,
    /// Of what in them: `line`, `shipping`, `wrapping`, `fee`, `handling`, `low_order_fee`, `discount`, `voucher`, `credit`. Default: of all.
    pub on: Option<At<Vec<At<String>>>>,
    /// As the ERP calls it; for what is exempt one that says why.
    #[schemars(required)]
    pub code: Option<At<String>>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct AcceptKeys {
    /// Which orders, as an expression over the order's head: `payment_method = 'bacs' AND total > 500`. Default: all.
    #[serde(rename = "if")]
    pub condition: Option<At<String>>,
    /// `always`, `never`, `when paid` or `after approval` (`ponte approve`).
    #[schemars(required)]
    pub take: Option<At<TakeWord>>,
    /// With `when paid`: whether an order is paid. Default: the shop has a time of payment.
    pub paid: Option<At<String>>,
    /// With `when paid` and `after approval`: an order that waits longer is given up: `10d`. Default: never.
    pub give_up: Option<At<String>>,
    /// Told to people along with the order.
    pub why: Option<At<String>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum TakeWord {
    #[serde(rename = "always")]
    Always,
    #[serde(rename = "never")]
    Never,
    #[serde(rename = "when paid")]
    WhenPaid,
    #[serde(rename = "after approval")]
    AfterApproval,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EditedWord {
    Tell,
    Update,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CancelledWord {
    Cancel,
    Tell,
}
