//! `ponte.toml` as it is written. Every key may be missing here, so that one wrong key hides no other error: which
//! ones must be given is said by the schema and found by [`super::structure`].

mod orders;
mod service;

use super::forms::{FieldForm, TableGone};
use super::mapping::OwnerWord;
use super::mapping::fulfilment::StatusKeys;
use super::spanned::{At, Ordered};
pub use orders::{AcceptKeys, CancelledWord, EditedWord, OrdersKeys, TakeWord, VatKeys};
use schemars::JsonSchema;
use serde::Deserialize;
pub use service::{AlertKeys, LevelWord, LogKeys, ServiceKeys};

/// A project: which databases are kept in step, and how.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields, title = "ponte.toml")]
pub struct ProjectFile {
    #[serde(default)]
    pub state: StateKeys,
    pub erp: Option<At<ErpKeys>>,
    /// The shops by name.
    #[serde(default)]
    pub shop: Ordered<At<ShopKeys>>,
    /// Further databases for flows, by name.
    #[serde(default)]
    pub connection: Ordered<At<ConnectionKeys>>,
    /// Flows from table to table, by name.
    #[serde(default)]
    pub flow: Ordered<At<FlowKeys>>,
    /// The mail server for mails to customers.
    pub mail: Option<At<MailKeys>>,
    /// When `ponte run` runs which flow.
    #[serde(default)]
    pub schedule: ScheduleKeys,
    /// Where `ponte run` can be looked at and told what to do.
    pub service: Option<At<ServiceKeys>>,
    /// Whom `ponte run` tells of troubles.
    pub alerts: Option<At<AlertKeys>>,
    /// What `ponte run` writes into files.
    #[serde(default)]
    pub log: LogKeys,
}

/// A language of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LanguageWord {
    En,
    It,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ScheduleKeys {
    /// The zone of cron expressions and quiet hours: `Europe/Rome`. Default: the machine's.
    pub zone: Option<At<String>>,
    /// Hours in which no run begins: `23:30-00:15`, `sun 02:00-04:00`.
    #[serde(default)]
    pub quiet: Vec<At<String>>,
    /// By flow (`main/article`), record (`article`: of every shop), `verify` or `reconcile`: `15m`, `30 6-20 * * mon-sat` (cron), `after main/article`, `demand`, `paused` (by hand only, not by a shop's webhook either, and shown as paused).
    /// Default: web orders every `1m`, stock every `15m` and after an import, customers every `15m`, fulfilment every `5m`, everything else every `1h`, `verify` at `0 3 * * *`, `reconcile` at `30 3 * * *`.
    #[serde(default)]
    pub flows: Ordered<At<String>>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct StateKeys {
    /// Folder of what ponte remembers between runs, relative to the project file. Default: `.ponte`.
    pub dir: Option<At<String>>,
}

/// The company's side. Keys beside those listed here are variables of the pack.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[schemars(extend("additionalProperties" = { "type": ["string", "integer"] }))]
pub struct ErpKeys {
    /// A pack inside the program, or a folder: `./mypack`.
    #[schemars(required)]
    pub pack: Option<At<String>>,
    /// `postgres://user@host/database`, `mysql://…`, `sqlserver://…`, `Server=…`, `sqlite:path`. `${NAME}` is an environment variable.
    #[schemars(required)]
    pub url: Option<At<String>>,
    /// The password, mostly `${NAME}`.
    pub password: Option<At<String>>,
    /// A file whose first line is the password, relative to the project file.
    pub password_file: Option<At<String>>,
    /// Schema of ponte's own tables. Default: `ponte` on PostgreSQL; elsewhere tables `ponte_…` beside the others.
    pub own_schema: Option<At<String>>,
    /// The SSH server from which the database is reached.
    pub ssh: Option<At<SshKeys>>,
    pub article: Option<At<ErpRecordKeys>>,
    pub category: Option<At<ErpRecordKeys>>,
    pub price: Option<At<ErpRecordKeys>>,
    pub customer: Option<At<ErpRecordKeys>>,
    pub stock: Option<At<ErpStockKeys>>,
}

/// What is read otherwise than the pack says.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ErpRecordKeys {
    /// The query, instead of the pack's.
    pub sql: Option<At<String>>,
    /// A filter around the query, in the server's SQL over its columns.
    #[serde(rename = "where")]
    pub filter: Option<At<String>>,
    /// Which records changed, in the server's SQL: a condition on the rows (`updated_at >= :since`), or a query for keys.
    pub watermark: Option<At<String>>,
    /// `snapshot` reads the whole source in every run (the default), `timestamp` what the watermark yields.
    pub changes: Option<At<ChangesWord>>,
    /// With `timestamp`: how long before its commit a time may have been set. Default: `10m`.
    pub overlap: Option<At<String>>,
    /// With `timestamp`: how often the whole source is read nevertheless, for deletes and stragglers. Default: `24h`.
    pub full_every: Option<At<String>>,
    /// Further fields of the record with their types.
    #[serde(default)]
    pub fields: Ordered<At<FieldType>>,
}

/// How a flow learns what changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ChangesWord {
    Snapshot,
    Timestamp,
}

/// Stock queries instead of the pack's.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ErpStockKeys {
    /// reference, sku, quantity
    pub counted: Option<At<String>>,
    /// sku, warehouse, quantity, document
    pub committed: Option<At<String>>,
    /// sku, warehouse, quantity
    pub on_hand: Option<At<String>>,
    /// sku, rule (`always` or `never` available)
    pub exceptions: Option<At<String>>,
}

/// The type of a declared field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FieldType {
    Text,
    Boolean,
    Integer,
    Decimal,
    Date,
    Timestamp,
}

/// A shop. Keys beside those listed here are variables and small tables of the pack.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[schemars(extend("additionalProperties" = {
    "anyOf": [
        { "type": ["string", "integer"] },
        { "type": "object", "additionalProperties": {
            "type": "object", "additionalProperties": { "type": ["string", "integer", "number", "boolean"] }
        } },
    ]
}))]
pub struct ShopKeys {
    /// A pack inside the program, or a folder: `./mypack`.
    #[schemars(required)]
    pub pack: Option<At<String>>,
    /// `mysql://user@host/database`, `mariadb://…`, `sqlite:path`. `${NAME}` is an environment variable.
    #[schemars(required)]
    pub url: Option<At<String>>,
    /// The password, mostly `${NAME}`.
    pub password: Option<At<String>>,
    /// A file whose first line is the password, relative to the project file.
    pub password_file: Option<At<String>>,
    /// Database or schema of ponte's own tables. Default: tables `ponte_…` beside the shop's.
    pub own_schema: Option<At<String>>,
    /// The SSH server from which the database is reached.
    pub ssh: Option<At<SshKeys>>,
    /// The ERP's code of the shop's language: `name[main]` in mapping files.
    pub language: Option<At<String>>,
    /// The shop's languages that ponte looks after: the shop's code = the ERP's. Texts in other languages are the shop
    /// people's. Default: every language, and both sides call them the same.
    pub languages: Option<At<Ordered<At<String>>>>,
    /// The ERP's price list that this shop shows.
    pub price_list: Option<At<String>>,
    /// Warehouses whose stock this shop sells. Default: all of them.
    pub warehouses: Option<Vec<At<String>>>,
    /// Only these records. Default: all that both packs describe.
    pub records: Option<Vec<At<String>>>,
    #[serde(default)]
    pub orders: OrdersKeys,
    pub article: Option<At<ShopRecordKeys>>,
    pub category: Option<At<ShopRecordKeys>>,
    pub price: Option<At<ShopRecordKeys>>,
    pub stock: Option<At<ShopStockKeys>>,
    pub customer: Option<At<ShopCustomerKeys>>,
    pub web_customer: Option<At<ShopRecordKeys>>,
    pub order: Option<At<ShopOrderKeys>>,
    pub refund: Option<At<ShopRefundKeys>>,
    pub fulfilment: Option<At<ShopFulfilmentKeys>>,
    pub mail: Option<At<ShopMailKeys>>,
}

/// Mails to the shop's customers; they need `fulfilment.write`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ShopMailKeys {
    /// A mail for each parcel, once its tracking number is known. Default: false.
    #[serde(default)]
    pub shipment: bool,
    /// The mail for a parcel goes out without a number when it has waited so long for one: `6h`. Default: never.
    pub wait_for_tracking: Option<At<String>>,
    /// A mail with the invoice: its file, relative to the project file, with `{invoice}` for its number.
    pub invoice: Option<At<String>>,
    /// Or from the ERP's database: a query for the file of invoice `:invoice`, which yields one column of bytes.
    pub invoice_sql: Option<At<String>>,
    /// The mail with an invoice waits so long for a file that is not there yet: `6h`; then a person is told. Default: `1d`.
    pub wait_for_invoice: Option<At<String>>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct MailKeys {
    /// `smtp://host:587` (encrypted by STARTTLS; `?tls=off`: not), `smtps://host:465`.
    #[schemars(required)]
    pub url: Option<At<String>>,
    pub user: Option<At<String>>,
    /// Mostly `${NAME}`.
    pub password: Option<At<String>>,
    /// `Shop <shop@example.com>`.
    #[schemars(required)]
    pub from: Option<At<String>>,
    /// Every mail goes to this address instead, to try them out.
    pub test_recipient: Option<At<String>>,
    /// Folder of templates that stand in place of the program's, relative to the project file. Default: `mails`.
    pub templates: Option<At<String>>,
    /// Carrier = the address of its tracking page, with `{tracking}` for the number.
    #[serde(default)]
    pub carriers: Ordered<At<String>>,
}

impl ShopKeys {
    /// Whether customers go both ways.
    pub fn has_customers(&self) -> bool {
        self.customer.as_ref().is_some_and(|keys| keys.sync)
    }

    /// Whether the shop is told what becomes of its orders.
    pub fn fulfils(&self) -> bool {
        self.fulfilment.as_ref().is_some_and(|keys| keys.write)
    }
}

/// Customers, both ways: what is otherwise than the packs say. What becomes of the shop's in the ERP is said by `web_customer`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ShopCustomerKeys {
    /// Customers of the ERP get an account in the shop, and new accounts come into the ERP. Default: false.
    #[serde(default)]
    pub sync: bool,
    /// Field = whose it is: the owner's value is written to the other side. Default: as the ERP's pack says.
    #[serde(default)]
    pub owner: Ordered<At<OwnerWord>>,
    /// Which of the ERP's customers are this shop's, in its SQL over the columns of the record's query.
    #[serde(rename = "where")]
    pub filter: Option<At<String>>,
    /// Computed fields: replaced or added.
    #[serde(default)]
    pub fields: Ordered<At<String>>,
    /// By the name (`as`) of a write to the shop: columns added, replaced, or dropped with `false`.
    #[serde(default)]
    pub write: Ordered<At<WriteOverrideKeys>>,
}

/// What becomes of web orders in the ERP, written to the shop.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ShopFulfilmentKeys {
    /// The shop's orders get status, tracking numbers and notes. Default: false.
    #[serde(default)]
    pub write: bool,
    /// What a state is in the shop, instead of the pack's word; an empty text leaves the status as it is.
    #[serde(default)]
    pub status: StatusKeys,
    /// Statuses of orders that nobody has begun to ship, instead of the pack's.
    pub from: Option<Vec<At<String>>>,
    /// News that wait for a person's approval, as an expression over `reference`, `state` (`partly_shipped`, `shipped`, `invoiced`,
    /// `cancelled`), `status` and `new_status` of the shop's order, `parcels` (how many are new), `carrier`, `tracking` and `invoice` of what
    /// is new: `state = 'cancelled'`; `TRUE` for all. Default: none.
    pub approve: Option<At<String>>,
    /// From where tracking numbers come onto the ERP's deliveries, which then get what they lack.
    #[serde(default)]
    pub tracking: Vec<At<TrackingKeys>>,
}

/// One of `shop`, `folder`, and `connection` with `sql`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct TrackingKeys {
    /// What the shop's people or plug-ins enter on its orders.
    #[serde(default)]
    pub shop: bool,
    /// A folder of files of separated values (`.csv`, `.txt`) with names in the first line, relative to the project file.
    pub folder: Option<At<String>>,
    /// What the files call `parcel`, `reference`, `tracking`, `carrier`, `delivered_on`. Default: that.
    #[serde(default)]
    pub columns: Ordered<At<String>>,
    /// `connection.NAME`, `erp`, `shop.NAME`: where the courier's table is.
    pub connection: Option<At<String>>,
    /// Server SQL: parcel (the ERP's delivery) or reference (the shop's order), tracking, carrier, delivered_on of those
    /// that lack something: `… WHERE note IN (:parcel)`, `IN (:reference)`.
    pub sql: Option<At<String>>,
    /// The carrier of numbers that come without one.
    pub carrier: Option<At<String>>,
}

/// Web orders: what is otherwise than the packs say.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ShopOrderKeys {
    /// Statuses of orders that the ERP gets, instead of the pack's.
    pub import: Option<Vec<At<String>>>,
    /// Statuses of orders that are yet to be paid, instead of the pack's.
    pub wait: Option<Vec<At<String>>>,
    /// Statuses of what is no order, instead of the pack's.
    pub ignore: Option<Vec<At<String>>>,
    /// Statuses of cancelled orders, instead of the pack's.
    pub cancelled: Option<Vec<At<String>>>,
    /// Computed fields: replaced or added.
    #[serde(default)]
    pub fields: Ordered<At<String>>,
    /// By the name (`as`) of a write: columns added, replaced, or dropped with `false`.
    #[serde(default)]
    pub write: Ordered<At<WriteOverrideKeys>>,
}

/// What was paid back of web orders: what is otherwise than the packs say.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ShopRefundKeys {
    /// Refunds that wait for a person's approval, as an expression over the refund's head: `total > 500`; `TRUE` for all. Default: none.
    pub approve: Option<At<String>>,
    /// Computed fields: replaced or added.
    #[serde(default)]
    pub fields: Ordered<At<String>>,
    /// By the name (`as`) of a write: columns added, replaced, or dropped with `false`.
    #[serde(default)]
    pub write: Ordered<At<WriteOverrideKeys>>,
}

/// TOML has points in time; JSON Schema has texts of a format.
fn moment(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "type": "string", "format": "date-time" })
}

/// Overrides of a shop pack's record.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ShopRecordKeys {
    /// Which of the ERP's rows are this shop's, in its SQL over the columns of the record's query.
    #[serde(rename = "where")]
    pub filter: Option<At<String>>,
    /// Computed fields: replaced or added.
    #[serde(default)]
    pub fields: Ordered<At<String>>,
    /// By the name (`as`) of a write: columns added, replaced, or dropped with `false`.
    #[serde(default)]
    pub write: Ordered<At<WriteOverrideKeys>>,
    /// What becomes of rows whose record the ERP no longer has. Default: `deactivate` where the pack says how, else `keep`.
    pub gone: Option<At<GoneWord>>,
    /// How many gone records at once are for a person to let pass.
    pub guard: Option<At<GuardKeys>>,
    /// Changes that wait for a person's approval, as an expression over `old.<column>` and `new.<column>` of a row:
    /// `number(new._regular_price) < number(old._regular_price) * 0.8`. Default: none.
    pub approve: Option<At<String>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum GoneWord {
    Keep,
    Deactivate,
    Delete,
}

/// More gone records than both allow are left alone until a person lets them pass.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct GuardKeys {
    /// Of all linked records. Default: 10.
    pub percent: Option<At<u32>>,
    /// Records. Default: 20.
    pub rows: Option<At<u32>>,
}

#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct WriteOverrideKeys {
    /// Written always.
    #[serde(default)]
    pub set: Ordered<At<FieldForm>>,
    /// Written when the row is created.
    #[serde(default)]
    pub insert: Ordered<At<FieldForm>>,
    /// Written while the target is NULL or empty.
    #[serde(default)]
    pub fill: Ordered<At<FieldForm>>,
    /// Written along with a change, never compared.
    #[serde(default)]
    pub touch: Ordered<At<FieldForm>>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ShopStockKeys {
    /// Pieces of every article that are kept back. Default: 0.
    pub safety: Option<At<f64>>,
    /// Rises that wait for a person's approval, as an expression over `sku`, `old` (what the shop shows) and `new` (what is
    /// available): `new - old > 100`. A fall never waits. Default: none.
    pub approve: Option<At<String>>,
    /// Statuses of the shop whose orders hold pieces, beside those that are imported and those that the pack knows.
    #[serde(default)]
    pub promised: Vec<At<String>>,
}

/// A database without a pack.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ConnectionKeys {
    /// `postgres://user@host/database`, `mysql://…`, `sqlserver://…`, `Server=…`, `sqlite:path`. `${NAME}` is an environment variable.
    #[schemars(required)]
    pub url: Option<At<String>>,
    /// The password, mostly `${NAME}`.
    pub password: Option<At<String>>,
    /// A file whose first line is the password, relative to the project file.
    pub password_file: Option<At<String>>,
    /// Schema or database of ponte's own tables.
    pub own_schema: Option<At<String>>,
    /// The SSH server from which the database is reached.
    pub ssh: Option<At<SshKeys>>,
}

/// A way through an SSH server: the host in `url` is what that server calls the database's, mostly `127.0.0.1`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct SshKeys {
    #[schemars(required)]
    pub host: Option<At<String>>,
    /// Default: 22, or what the user's settings of `ssh` say.
    pub port: Option<At<u32>>,
    /// Default: the user who runs ponte.
    pub user: Option<At<String>>,
    /// A private key without a passphrase, relative to the project file. Default: the agent's, and the user's usual ones.
    pub key: Option<At<String>>,
    /// Keys of known servers, relative to the project file. Default: `~/.ssh/known_hosts`.
    pub known_hosts: Option<At<String>>,
}

/// A flow from table to table.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct FlowKeys {
    /// Changes that wait for a person's approval, as an expression over `old.<column>` and `new.<column>` of a row:
    /// `new.price < old.price * 0.8`. Default: none.
    pub approve: Option<At<String>>,
    #[schemars(required)]
    pub from: Option<At<FromKeys>>,
    #[schemars(required)]
    pub to: Option<At<ToKeys>>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct FromKeys {
    /// `erp`, `shop.NAME` or `connection.NAME`.
    #[schemars(required)]
    pub connection: Option<At<String>>,
    /// A table or view: `name` or `schema.name`. This or `sql`.
    pub table: Option<At<String>>,
    /// A filter of the table's rows, in the server's SQL.
    #[serde(rename = "where")]
    pub filter: Option<At<String>>,
    /// A query, in the server's SQL. This or `table`.
    pub sql: Option<At<String>>,
    /// The columns that tell rows apart.
    #[schemars(required)]
    pub key: Option<At<Vec<At<String>>>>,
    /// Which records changed, in the server's SQL: a condition on the rows (`updated_at >= :since`), or a query for keys.
    pub watermark: Option<At<String>>,
    /// `snapshot` reads the whole source in every run (the default), `timestamp` what the watermark yields.
    pub changes: Option<At<ChangesWord>>,
    /// With `timestamp`: how long before its commit a time may have been set. Default: `10m`.
    pub overlap: Option<At<String>>,
    /// With `timestamp`: how often the whole source is read nevertheless, for deletes and stragglers. Default: `24h`.
    pub full_every: Option<At<String>>,
    /// The zone of the watermark's times where they have none: `Europe/Rome`. Default: that of the pack, else UTC.
    pub zone: Option<At<String>>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ToKeys {
    /// `erp`, `shop.NAME` or `connection.NAME`.
    #[schemars(required)]
    pub connection: Option<At<String>>,
    /// `name` or `schema.name`.
    #[schemars(required)]
    pub table: Option<At<String>>,
    /// Which row: column = expression over the source row.
    #[serde(rename = "match")]
    #[schemars(required)]
    pub matches: Option<At<Ordered<At<String>>>>,
    /// Written always.
    #[serde(default)]
    pub set: Ordered<At<FieldForm>>,
    /// Written when the row is created.
    #[serde(default)]
    pub insert: Ordered<At<FieldForm>>,
    /// Written while the target is NULL or empty.
    #[serde(default)]
    pub fill: Ordered<At<FieldForm>>,
    /// Written along with a change, never compared.
    #[serde(default)]
    pub touch: Ordered<At<FieldForm>>,
    /// What becomes of rows that the source had and has no more: `keep`, `delete`, or `{ set = { … } }`. Default: `keep`.
    pub gone: Option<At<TableGone>>,
    /// How many gone rows at once are for a person to let pass.
    pub guard: Option<At<GuardKeys>>,
}
