//! `customer.toml` of both sides.

use super::{DerivedKeys, FetchKeys, FindKeys, ForgetKeys, RefuseKeys, SourceKeys, WriteKeys};
use crate::config::spanned::{At, Ordered};
use schemars::JsonSchema;
use serde::Deserialize;

/// How the tables of one side yield a customer, and which rows a customer of the other side becomes in them.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct CustomerFile {
    /// customer
    #[schemars(required)]
    pub record: Option<At<String>>,
    /// Those that the other side gets; the key is `number` in an ERP, `account` in a shop.
    #[schemars(required)]
    pub source: Option<At<SourceKeys>>,
    /// In an ERP's pack: whose each field is. The owner's value is written to the other side, where the field is otherwise only
    /// written when a row is created. Default: the ERP's.
    #[serde(default)]
    pub owner: Ordered<At<OwnerWord>>,
    /// Computed fields: expressions over the customer and each other.
    #[serde(default)]
    pub fields: Ordered<At<String>>,
    /// What a customer must not be like; it then waits for a person.
    #[serde(default)]
    pub refuse: Vec<At<RefuseKeys>>,
    /// Rows asked inside the transaction for a customer that is to be created, before the writes.
    #[serde(default)]
    pub fetch: Vec<At<FetchKeys>>,
    /// Which existing row is this customer's. Needed where there is a `[[write]]`.
    pub find: Option<At<FindKeys>>,
    /// What is remembered of the row: name = `write.column`. `id` is the row's own.
    #[serde(default)]
    pub link: Ordered<At<String>>,
    /// Rows to write, in this order. In an ERP's pack without any, customers go to the shop only.
    #[serde(default)]
    pub write: Vec<At<WriteKeys>>,
    /// Right values of rows that follow from others.
    #[serde(default)]
    pub derived: Vec<At<DerivedKeys>>,
    /// Cached rows that go when a customer was written.
    #[serde(default)]
    pub forget: Vec<At<ForgetKeys>>,
}

/// The side that a field belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OwnerWord {
    Erp,
    Shop,
}
