//! `order.toml` and `refund.toml` of both sides.

use super::{FindKeys, WriteKeys};
use crate::config::spanned::{At, Ordered};
use schemars::JsonSchema;
use serde::Deserialize;

/// `order.toml` of an ERP pack: which rows a web order becomes. Everything is written in one transaction an order.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ErpOrderFile {
    /// order
    #[schemars(required)]
    pub record: Option<At<String>>,
    /// Server SQL: sku and article (its key in the ERP) of the articles among `:sku`, with `unit` and `article_kind` if
    /// the lines need them. Orders with others wait.
    #[schemars(required)]
    pub articles: Option<At<String>>,
    /// Server SQL: a key for each of `:rows` lines and charges, `l.key` and `c.key`. It is asked before the transaction, so
    /// that a key may be lost.
    pub keys: Option<At<String>>,
    /// Server SQL, a row for each order of the ERP: reference (NULL of one that is no web order), id (what a link holds), number, total,
    /// state (`open`, `picked`, `delivered`, `cancelled`), day, and the customer's email and name; note.
    pub documents: Option<At<String>>,
    /// Server SQL, a statement that cancels the order `:id` if it is open: without it every cancellation is for a person.
    pub cancel: Option<At<String>>,
    /// Server SQL, statements that clear away what hangs on the order `:id`, so that it can be written anew. The first one changes the
    /// order's own row if it is open, and nothing else: where it changes none, the order stays as it is. Without them every edit is for
    /// a person.
    #[serde(default)]
    pub rewrite: Vec<At<String>>,
    /// Server SQL, a statement that gives the order `:id`, which somebody has typed, the web order's `:reference`.
    pub claim: Option<At<String>>,
    /// Expression: the ERP's key of the order's customer. Who has an account in the shop is linked with it in the order's transaction,
    /// as `customer.toml` does, so that the two never make two of one.
    pub customer: Option<At<String>>,
    /// Computed fields: expressions over the order and each other.
    #[serde(default)]
    pub fields: Ordered<At<String>>,
    /// What an order must not be like; it then waits for a person.
    #[serde(default)]
    pub refuse: Vec<At<RefuseKeys>>,
    /// Rows asked of the ERP inside the transaction, before the writes.
    #[serde(default)]
    pub fetch: Vec<At<FetchKeys>>,
    /// Which existing document is this order's.
    #[schemars(required)]
    pub find: Option<At<FindKeys>>,
    /// What is remembered of the document: name = `write.column`. `id` is its key.
    #[serde(default)]
    pub link: Ordered<At<String>>,
    /// Rows to write, in this order.
    #[serde(default)]
    pub write: Vec<At<WriteKeys>>,
}

/// `refund.toml` of an ERP pack: which rows a refund becomes, a credit note say. As `order.toml`, in one transaction a refund.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ErpRefundFile {
    /// refund
    #[schemars(required)]
    pub record: Option<At<String>>,
    /// Server SQL: sku and article (its key in the ERP) of the articles among `:sku`, with `unit` and `article_kind` if
    /// the lines need them. Refunds with others wait.
    #[schemars(required)]
    pub articles: Option<At<String>>,
    /// Server SQL: a key for each of `:rows` lines and charges, `l.key` and `c.key`. It is asked before the transaction, so
    /// that a key may be lost.
    pub keys: Option<At<String>>,
    /// Computed fields: expressions over the refund and each other.
    #[serde(default)]
    pub fields: Ordered<At<String>>,
    /// What a refund must not be like; it then waits for a person.
    #[serde(default)]
    pub refuse: Vec<At<RefuseKeys>>,
    /// Rows asked of the ERP inside the transaction, before the writes.
    #[serde(default)]
    pub fetch: Vec<At<FetchKeys>>,
    /// Which existing document is this refund's.
    #[schemars(required)]
    pub find: Option<At<FindKeys>>,
    /// What is remembered of the document: name = `write.column`. `id` is its key.
    #[serde(default)]
    pub link: Ordered<At<String>>,
    /// Rows to write, in this order.
    #[serde(default)]
    pub write: Vec<At<WriteKeys>>,
}

impl From<ErpRefundFile> for ErpOrderFile {
    fn from(file: ErpRefundFile) -> Self {
        ErpOrderFile {
            record: file.record,
            articles: file.articles,
            keys: file.keys,
            fields: file.fields,
            refuse: file.refuse,
            fetch: file.fetch,
            find: file.find,
            link: file.link,
            write: file.write,
            ..ErpOrderFile::default()
        }
    }
}

#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct FetchKeys {
    /// The row's name: `customer.number`. Several of one name are tried in their order until one yields a row.
    #[serde(rename = "as")]
    #[schemars(required)]
    pub alias: Option<At<String>>,
    /// Only where this expression is true.
    #[serde(rename = "if")]
    pub condition: Option<At<String>>,
    /// Server SQL that yields at most one row; `:names` are fields of the order.
    #[schemars(required)]
    pub sql: Option<At<String>>,
    /// True: it uses up a number, so a dry run leaves it out. Default: false.
    #[serde(default)]
    pub takes: bool,
}

#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct RefuseKeys {
    /// For each element of a set: `taxes AS t`.
    pub each: Option<At<String>>,
    /// Where this expression is true.
    #[serde(rename = "if")]
    #[schemars(required)]
    pub condition: Option<At<String>>,
    /// What is wrong: an expression that gives a text.
    #[schemars(required)]
    pub why: Option<At<String>>,
    /// What a person does about it.
    #[schemars(required)]
    pub advice: Option<At<String>>,
}

/// `order.toml` of a shop pack: how its tables yield an order.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ShopOrderFile {
    /// order
    #[schemars(required)]
    pub record: Option<At<String>>,
    #[schemars(required)]
    pub order: Option<At<ShopOrderKeys>>,
}

#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ShopOrderKeys {
    /// Statuses of orders that the ERP gets.
    #[schemars(required)]
    pub import: Option<Vec<At<String>>>,
    /// Statuses of orders that are yet to be paid.
    #[serde(default)]
    pub wait: Vec<At<String>>,
    /// Statuses of what is no order.
    #[serde(default)]
    pub ignore: Vec<At<String>>,
    #[serde(default)]
    pub cancelled: Vec<At<String>>,
    /// The queries, one table per way in which the shop may keep its orders.
    #[serde(default)]
    pub storage: Vec<At<StorageKeys>>,
    /// Variable of the pack = the keys under which plug-ins are known to keep it: `ponte check` proposes the one that recent orders have.
    #[serde(default)]
    pub candidates: Ordered<At<Vec<At<String>>>>,
}

#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct StorageKeys {
    /// Only where this expression over the shop's small tables is true.
    #[serde(rename = "if")]
    pub condition: Option<At<String>>,
    /// Server SQL: reference, status and placed of every order since `:orders_since`.
    #[schemars(required)]
    pub found: Option<At<String>>,
    /// Server SQL whose columns are the order's fields.
    #[schemars(required)]
    pub sql: Option<At<String>>,
    /// Server SQL: reference and the columns of a line.
    #[schemars(required)]
    pub lines: Option<At<String>>,
    /// Server SQL: reference and the columns of a charge.
    #[schemars(required)]
    pub charges: Option<At<String>>,
    /// Server SQL: name and orders, the keys under which the last 500 orders keep further values, and how many of them do.
    pub keys: Option<At<String>>,
}

/// `refund.toml` of a shop pack: how its tables yield what was paid back of an order.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ShopRefundFile {
    /// refund
    #[schemars(required)]
    pub record: Option<At<String>>,
    /// The queries, one table per way in which the shop may keep its orders.
    #[serde(default)]
    pub storage: Vec<At<RefundStorageKeys>>,
}

#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct RefundStorageKeys {
    /// Only where this expression over the shop's small tables is true.
    #[serde(rename = "if")]
    pub condition: Option<At<String>>,
    /// Server SQL: reference, order_reference and placed of every refund since `:refunds_since`.
    #[schemars(required)]
    pub found: Option<At<String>>,
    /// Server SQL whose columns are the refund's fields; amounts are positive.
    #[schemars(required)]
    pub sql: Option<At<String>>,
    /// Server SQL: reference and the columns of a line.
    #[schemars(required)]
    pub lines: Option<At<String>>,
    /// Server SQL: reference and the columns of a charge.
    #[schemars(required)]
    pub charges: Option<At<String>>,
}
