//! Packs as they are written: `pack.toml` and one file per record. As in [`super::project`], every key may be missing
//! here.

pub mod customer;
pub mod fulfilment;
pub mod order;

use super::forms::FieldForm;
use super::project::FieldType;
use super::spanned::{At, Ordered};
pub use customer::{CustomerFile, OwnerWord};
pub use order::{
    ErpOrderFile, ErpRefundFile, FetchKeys, RefuseKeys, ShopOrderFile, ShopOrderKeys,
    ShopRefundFile,
};
use schemars::JsonSchema;
use serde::Deserialize;

/// `pack.toml`: what is true of the whole system.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct PackFile {
    #[schemars(required)]
    pub pack: Option<At<PackKeys>>,
    /// Small tables of this database, read once a run: `term['product_type', 'simple'].id`.
    #[serde(rename = "let", default)]
    pub lets: Ordered<At<LetKeys>>,
    /// Pieces of SQL that depend on what the database has: `{name}` in the pack's SQL.
    #[serde(rename = "choose", default)]
    pub choices: Ordered<At<ChoiceKeys>>,
    /// SQL that several queries have in common: `{name}`, or `{name(x)}`, where `{it}` in the piece is x.
    #[serde(rename = "piece", default)]
    pub pieces: Ordered<At<String>>,
    /// Tables of ponte's own that the pack writes to: name = the statement that creates it and may be run again. `ponte setup` does.
    #[serde(default)]
    pub own: Ordered<At<String>>,
    /// What the pack does not carry over: name, for people = server SQL that yields how many of it there are. `ponte check` tells of them.
    #[serde(default)]
    pub left_out: Ordered<At<String>>,
}

#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct PackKeys {
    /// A pack of the same side that this one is a difference of: a pack inside the program, or a folder beside this one.
    /// Every file of it is taken over; then `[[write]]` and the like replace those of the same `as`, all else by key.
    pub extends: Option<At<String>>,
    /// What is not taken over: `record`, or `record.as`.
    #[serde(default)]
    pub drop: Vec<At<String>>,
    /// The system's name, for people.
    #[schemars(required)]
    pub system: Option<At<String>>,
    #[schemars(required)]
    pub side: Option<At<Side>>,
    /// The engines that the pack's SQL is written for.
    #[schemars(required)]
    pub engines: Option<Vec<At<EngineName>>>,
    /// Server SQL that yields the zone in which bound times are sent. Default: UTC.
    pub zone: Option<At<String>>,
    /// Server SQL that yields the zone of `local()`: a name, or hours from UTC. Default: that of `zone`.
    pub local_zone: Option<At<String>>,
    /// ERP: a language's code as the system writes it. `ponte init` proposes it.
    pub language: Option<At<String>>,
    pub version: Option<At<VersionKeys>>,
    /// `{name}` in SQL and table names; a project gives its own value.
    #[serde(default)]
    pub variables: Ordered<At<VariableKeys>>,
    /// Small tables that a project gives: `[shop.NAME.tax]`.
    #[serde(default)]
    pub tables: Ordered<At<TableKeys>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    Erp,
    Shop,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EngineName {
    Postgres,
    Mysql,
    Sqlite,
    Sqlserver,
}

impl EngineName {
    /// What a connection string to it begins with.
    pub fn scheme(self) -> &'static str {
        match self {
            EngineName::Postgres => "postgres",
            EngineName::Mysql => "mysql",
            EngineName::Sqlite => "sqlite",
            EngineName::Sqlserver => "sqlserver",
        }
    }
}

/// The versions that the pack is known to fit.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct VersionKeys {
    /// Server SQL that yields one text.
    #[schemars(required)]
    pub sql: Option<At<String>>,
    #[schemars(required)]
    pub min: Option<At<String>>,
    /// Inclusive by the components given: 11 admits 11.9.
    #[schemars(required)]
    pub max: Option<At<String>>,
}

#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct VariableKeys {
    /// Without it, a project must give a value.
    pub default: Option<At<String>>,
    /// It only stands within `[brackets]` or quotes, and so may hold other signs than letters, digits and `_`. Default: false.
    #[serde(default)]
    pub quoted: bool,
    /// For people who fill in a project file.
    pub help: Option<At<String>>,
}

#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct TableKeys {
    #[schemars(required)]
    pub columns: Option<At<Ordered<At<ColumnType>>>>,
    /// The project must give it. Default: false.
    #[serde(default)]
    pub required: bool,
    /// For people who fill in a project file.
    pub help: Option<At<String>>,
}

/// The type of a project table's column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ColumnType {
    Text,
    Boolean,
    Integer,
    Decimal,
}

#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct LetKeys {
    #[schemars(required)]
    pub key: Option<Vec<At<String>>>,
    #[schemars(required)]
    pub sql: Option<At<String>>,
}

#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ChoiceKeys {
    /// A table, or `table.column`.
    pub has: Option<At<String>>,
    /// In place of `has`: what the database is an instance of.
    pub engine: Option<At<EngineName>>,
    /// Server SQL where the database has it, or is one of these.
    #[schemars(required)]
    pub then: Option<At<String>>,
    /// Server SQL where it has not, or is none.
    #[serde(rename = "else")]
    #[schemars(required)]
    pub otherwise: Option<At<String>>,
}

/// A record file of an ERP pack: how its tables yield the record.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ErpRecordFile {
    /// article, category or price
    #[schemars(required)]
    pub record: Option<At<String>>,
    #[schemars(required)]
    pub source: Option<At<SourceKeys>>,
    /// Sets of rows that belong to the record; their first columns are its key.
    #[serde(default)]
    pub child: Ordered<At<ChildKeys>>,
}

#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct SourceKeys {
    #[schemars(required)]
    pub key: Option<At<Vec<At<String>>>>,
    /// Server SQL whose columns are the record's fields. This or `table`.
    pub sql: Option<At<String>>,
    /// A table or view. This or `sql`.
    pub table: Option<At<String>>,
    /// A filter of the table's rows, in the server's SQL.
    #[serde(rename = "where")]
    pub filter: Option<At<String>>,
    /// The field with the parent's key: parents are written first, `ancestors` (id, level) is a set of the record.
    pub tree: Option<At<String>>,
    /// Server SQL: a query for the keys of records that changed (`SELECT sku FROM items WHERE changed_at >= :since`), or
    /// a condition on the rows.
    pub watermark: Option<At<String>>,
    /// Fields beside the canonical ones.
    #[serde(default)]
    pub fields: Ordered<At<FieldType>>,
}

#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ChildKeys {
    #[schemars(required)]
    pub sql: Option<At<String>>,
    /// The column with the language's code: the others become texts of the record, `name['it']`.
    pub language: Option<At<String>>,
}

/// `stock.toml` of an ERP pack.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ErpStockFile {
    /// stock
    #[schemars(required)]
    pub record: Option<At<String>>,
    #[schemars(required)]
    pub stock: Option<At<ErpStockQueries>>,
}

/// Server SQL, run in this order where the server gives no common snapshot.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ErpStockQueries {
    /// reference (`<shop>/<order id>`), sku, quantity: NULL once the ERP has closed or cancelled the order.
    #[schemars(required)]
    pub counted: Option<At<String>>,
    /// sku, warehouse, quantity, document
    #[schemars(required)]
    pub committed: Option<At<String>>,
    /// sku, warehouse, quantity
    #[schemars(required)]
    pub on_hand: Option<At<String>>,
    /// sku, rule (`always` or `never` available)
    pub exceptions: Option<At<String>>,
}

/// A record file of a shop pack: which rows the record is in the shop.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ShopRecordFile {
    /// article, category or price
    #[schemars(required)]
    pub record: Option<At<String>>,
    /// The record whose row in the shop this one belongs to: its link is found, `find` is its own.
    pub of: Option<At<String>>,
    /// Records that belong to this one (`of`) and that an article which ponte created must have first: until then the
    /// name `ready` is false in its writes.
    #[serde(default)]
    pub needs: Vec<At<String>>,
    /// Computed fields: expressions over the record and each other.
    #[serde(default)]
    pub fields: Ordered<At<String>>,
    /// Which existing row is this record's.
    pub find: Option<At<FindKeys>>,
    /// What is remembered of the row: name = `write.column`. `id` is the row's own.
    #[serde(default)]
    pub link: Ordered<At<String>>,
    /// Rows to write, in this order.
    #[serde(default)]
    pub write: Vec<At<WriteKeys>>,
    /// Right values of rows that follow from others.
    #[serde(default)]
    pub derived: Vec<At<DerivedKeys>>,
    /// Cached rows that go when a record was written.
    #[serde(default)]
    pub forget: Vec<At<ForgetKeys>>,
    /// What can become of the row when the ERP no longer has the record; the project chooses.
    pub gone: Option<At<GoneKeys>>,
}

/// A gone record knows only its key, `find`'s columns, what `[link]` remembers and the small tables.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct GoneKeys {
    /// By the name (`as`) of a write: the columns that make its row inactive. Its `touch` goes along.
    #[serde(default)]
    pub deactivate: Ordered<At<Ordered<At<FieldForm>>>>,
    /// Rows to remove, in this order.
    #[serde(default)]
    pub delete: Vec<At<RemoveKeys>>,
}

#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct RemoveKeys {
    /// `name` or `schema.name`, with `{variables}`.
    #[schemars(required)]
    pub table: Option<At<String>>,
    /// Which rows, however many: column = expression.
    #[serde(rename = "match")]
    #[schemars(required)]
    pub matches: Option<At<Ordered<At<String>>>>,
    /// Only where this expression over the shop's small tables is true: `has_table('…')`.
    #[serde(rename = "if")]
    pub condition: Option<At<String>>,
}

#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct FindKeys {
    /// Server SQL that yields the columns of `by`, `id`, `kind` and further link columns.
    #[schemars(required)]
    pub sql: Option<At<String>>,
    /// Column = expression over the record. Default: the record's key.
    #[serde(default)]
    pub by: Ordered<At<String>>,
    /// Further keys, in this order, for records whose key finds nothing: column = field of the record.
    #[serde(default)]
    pub then: Ordered<At<String>>,
}

#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct WriteKeys {
    /// A name for other writes, links and projects. Default: the table's, without `{variables}`.
    #[serde(rename = "as")]
    pub alias: Option<At<String>>,
    /// Kinds of found rows that it applies to. Default: all.
    pub kinds: Option<Vec<At<String>>>,
    /// `name` or `schema.name`, with `{variables}`.
    #[schemars(required)]
    pub table: Option<At<String>>,
    /// Which row: column = expression. A NULL means that there is none yet.
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
    /// A row per field: the columns of its name and its value.
    pub attributes: Option<At<AttributesKeys>>,
    /// A row per element of a set: `categories AS c`.
    pub each: Option<At<String>>,
    /// Server SQL: the rows of this parent within it that are no longer produced are removed.
    pub scope: Option<At<String>>,
    /// Only where this expression is true; `created` is true for a record that ponte just created.
    #[serde(rename = "if")]
    pub condition: Option<At<String>>,
    /// The fields are ponte's while this expression is true; afterwards what ponte wrote is removed again.
    #[serde(rename = "while")]
    pub hold: Option<At<String>>,
}

#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct AttributesKeys {
    /// The column of the field's name.
    #[schemars(required)]
    pub name: Option<At<String>>,
    /// The column of its value.
    #[serde(rename = "value")]
    #[schemars(required)]
    pub content: Option<At<String>>,
}

#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct DerivedKeys {
    /// A name by which a pack that extends this one replaces or drops it.
    #[serde(rename = "as")]
    pub alias: Option<At<String>>,
    #[schemars(required)]
    pub table: Option<At<String>>,
    /// Columns that tell rows apart; the query yields them with the right values. This or `list`.
    pub key: Option<Vec<At<String>>>,
    /// Columns of a group: the query yields all its rows, in their order. This or `key`.
    pub list: Option<Vec<At<String>>>,
    /// Server SQL.
    #[schemars(required)]
    pub sql: Option<At<String>>,
    /// What happens to rows that do not exist. Default: they are left alone.
    pub missing: Option<At<MissingWord>>,
    /// Server SQL: rows within it that the query does not yield are removed.
    pub scope: Option<At<String>>,
    /// Server SQL: what the records of a batch belong to. The rows of all of these are compared once, at the end of the run; in `sql` and `scope` `:group`
    /// stands for them, and nothing else does. Not in stock.
    pub groups: Option<At<String>>,
    /// Only where this expression over the shop's small tables is true.
    #[serde(rename = "if")]
    pub condition: Option<At<String>>,
    /// In stock only. True: written along with a change of the figure, never looked for beside a right one.
    pub touch: Option<At<bool>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MissingWord {
    Keep,
    Insert,
}

#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ForgetKeys {
    /// A name by which a pack that extends this one replaces or drops it.
    #[serde(rename = "as")]
    pub alias: Option<At<String>>,
    #[schemars(required)]
    pub table: Option<At<String>>,
    /// The column that holds one of `values`.
    #[schemars(required)]
    pub column: Option<At<String>>,
    /// Expressions over the record (in stock: over the columns of `figures`); a NULL stands for no row.
    #[schemars(required)]
    pub values: Option<Vec<At<String>>>,
}

/// `stock.toml` of a shop pack.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ShopStockFile {
    /// stock
    #[schemars(required)]
    pub record: Option<At<String>>,
    #[schemars(required)]
    pub stock: Option<At<ShopStockQueries>>,
}

#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ShopStockQueries {
    /// The table of the figure.
    #[schemars(required)]
    pub table: Option<At<String>>,
    /// Its key column: `figures` yields its values as `id`.
    #[schemars(required)]
    pub key: Option<At<String>>,
    /// The figure's column.
    #[schemars(required)]
    pub column: Option<At<String>>,
    /// How long a checkout takes from the stock to the visible order. Default: 0 (visible first).
    pub checkout_seconds: Option<At<u32>>,
    /// Server SQL: sku, article, id, shown, managed.
    #[schemars(required)]
    pub figures: Option<At<String>>,
    /// Orders that have taken stock: one query per way in which the shop keeps them.
    #[serde(default)]
    pub pending: Vec<At<PendingKeys>>,
    /// With `checkout_seconds`: how the second look finds orders that were pending only in between.
    pub second_look: Option<At<SecondLookKeys>>,
    #[serde(default)]
    pub derived: Vec<At<DerivedKeys>>,
    #[serde(default)]
    pub forget: Vec<At<ForgetKeys>>,
}

#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct SecondLookKeys {
    /// Server SQL, run with the first look: mark, the highest row id of the shop's record of what happened to orders.
    #[schemars(required)]
    pub mark: Option<At<String>>,
    /// Server SQL, run with the second look: reference, orders that became pending in rows above `:mark`.
    #[schemars(required)]
    pub orders: Option<At<String>>,
    /// Server SQL: reference, sku, quantity of the orders `:reference`, as the first look's picture has them.
    #[schemars(required)]
    pub lines: Option<At<String>>,
}

#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct PendingKeys {
    /// A name by which a pack that extends this one replaces or drops it.
    #[serde(rename = "as")]
    pub alias: Option<At<String>>,
    /// Only where this expression over the shop's small tables is true.
    #[serde(rename = "if")]
    pub condition: Option<At<String>>,
    /// Server SQL: reference, sku, quantity; `placed` and `in_flight` if it can tell.
    #[schemars(required)]
    pub sql: Option<At<String>>,
}
