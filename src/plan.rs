//! A project as it will be carried out: every pack joined, every override applied, no text left to interpret but expressions (parsed)
//! and servers' own SQL. It holds no behaviour and knows no database; `check` holds it against the live ones.

pub mod alerts;
pub mod changes;
pub mod customer;
pub mod fulfilment;
pub mod log;
pub mod mail;
pub mod order;
mod pack;
pub mod schedule;
pub mod web;

use crate::db::DbUrl;
use crate::db::query::TableName;
use crate::diagnostic::Span;
use crate::expr::Expr;
use crate::value::Value;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use std::path::PathBuf;

pub use changes::{ByTimestamp, Since, TimeColumn, Watermark, WatermarkForm};
pub use order::Statuses;
pub use pack::{LeftOut, Let, OwnTable, PackFacts, VersionRange};

/// A server's own SQL, with `{variables}` already filled in; `:names` are bound when it runs.
#[derive(Debug, Clone)]
pub struct ServerSql {
    pub text: String,
    pub at: Span,
}

#[derive(Debug)]
pub struct Plan {
    /// The project file.
    pub file: PathBuf,
    /// Where state and snapshots lie.
    pub state_dir: PathBuf,
    /// `erp`, `shop.<name>`, `connection.<name>`.
    pub connections: BTreeMap<String, Connection>,
    pub shops: Vec<Shop>,
    /// In the order in which they run.
    pub flows: Vec<Flow>,
    /// After the flows, before the stock: what has just been imported is then counted by the ERP.
    pub orders: Vec<Orders>,
    /// After the orders that they are of.
    pub refunds: Vec<Orders>,
    pub stocks: Vec<Stock>,
    /// What becomes of orders, back to the shops.
    pub fulfilments: Vec<fulfilment::Fulfilment>,
    /// When the service runs them.
    pub schedule: schedule::Schedule,
    /// Where the service can be looked at; `None`: nowhere.
    pub web: Option<web::Web>,
    pub requests: Option<String>, // the connection in whose database rows ask for runs; `None`: nowhere
    /// Whom the service tells of troubles; `None`: nobody.
    pub alerts: Option<alerts::Alerts>,
    pub log: log::LogFiles,
}

#[derive(Debug)]
pub struct Connection {
    pub name: String,
    pub url: DbUrl,
    pub at: Span,
    /// Schema (PostgreSQL) or database (MySQL) for ponte's own tables; `None`: tables `ponte_…` beside the others.
    pub own_schema: Option<String>,
    /// From the pack; `None` for plain connections.
    pub pack: Option<PackFacts>,
}

#[derive(Debug)]
pub struct Shop {
    pub name: String,
    /// Key into [`Plan::connections`].
    pub connection: String,
    pub orders_since: Option<DateTime<Utc>>,
}

/// A small table from the project file: key -> column -> value.
#[derive(Debug, Clone)]
pub struct ProjectTable {
    pub name: String,
    pub columns: Vec<String>,
    pub rows: BTreeMap<String, BTreeMap<String, Value>>,
    /// How to name it in messages: `[shop.main.tax]`.
    pub title: String,
}

#[derive(Debug)]
pub struct Flow {
    /// `agents` for a table-to-table flow, `main/article` for a shop's record.
    pub name: String,
    /// `article`, `price`, `category`; `None` for table-to-table flows, which have no links.
    pub record: Option<String>,
    /// The shop of a record flow.
    pub shop: Option<String>,
    pub source: Source,
    pub target: Target,
    /// Of everything in the files that decides what is written; part of every fingerprint.
    pub digest: [u8; 32],
    pub at: Span,
}

#[derive(Debug, Clone)]
pub struct Source {
    /// Key into [`Plan::connections`].
    pub connection: String,
    pub relation: Relation,
    pub key: Vec<String>,
    pub key_at: Span,
    /// The field that holds the parent's key: parents are written first.
    pub tree: Option<String>,
    pub children: Vec<Child>,
    /// Only rows whose column has this value belong to the flow: `list` = the shop's price list.
    pub only: Vec<(String, Value)>,
    /// Of these, those of the shop. Which rows are read says nothing of what is written for them, so that it is no part
    /// of the digest: what comes into the filter is new to the snapshot, what falls out of it is gone.
    pub filter: Option<ServerSql>,
    pub within: Option<Within>,
    /// Fields that the record may have (canonical ones and declared ones); `None`: whatever the query yields.
    pub fields: Option<Vec<RecordField>>,
    pub watermark: Option<Watermark>,
    /// `None`: every run reads the whole source.
    pub by_timestamp: Option<ByTimestamp>,
    pub computed: Computed,
}

#[derive(Debug, Clone)]
pub enum Relation {
    Table {
        name: TableName,
        filter: Option<ServerSql>,
        at: Span,
    },
    Sql(ServerSql),
}

/// Only rows that belong to a record which is the shop's: prices of its articles, categories that it has.
#[derive(Debug, Clone)]
pub struct Within {
    /// The column that holds the other record's key.
    pub column: String,
    pub relation: Relation,
    pub key: String,
    pub filter: ServerSql,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordField {
    pub name: String,
    pub kind: FieldKind,
    /// A canonical field: NULL where the ERP's query does not yield it. One that was declared must be there.
    pub canonical: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    Text,
    Boolean,
    Integer,
    Decimal,
    /// A date or a point in time.
    Moment,
    /// A text per language: `name['it']`.
    Texts,
}

/// What ponte computes of a source's row and its sets before anything else sees them: names without a column behind them.
#[derive(Debug, Clone, Default)]
pub struct Computed {
    /// Columns behind those that a child set's query yields.
    pub columns: Vec<(&'static str, &'static [&'static str])>,
    /// Sets without a query of their own, behind the child sets.
    pub sets: Vec<(&'static str, &'static [&'static str])>,
}

/// A set of rows that belong to a record: own query, its first columns are the record's key.
#[derive(Debug, Clone)]
pub struct Child {
    pub name: String,
    pub sql: ServerSql,
    /// The column that holds the language: the other columns become texts of the record.
    pub language: Option<String>,
    pub within: Option<Within>,
}

#[derive(Debug)]
pub struct Target {
    /// Key into [`Plan::connections`].
    pub connection: String,
    /// Symbolic language -> the ERP's code: `main` -> `it`.
    pub languages: BTreeMap<String, String>,
    pub language_at: Option<Span>,
    /// The shop's code -> the ERP's, of the languages that are ponte's in this shop; `None`: all of them are, and both
    /// sides call them the same.
    pub codes: Option<Codes>,
    pub tables: Vec<ProjectTable>,
    /// Computed fields, in order.
    pub fields: Vec<(String, Expr)>,
    /// The record whose links this one hangs on (price: `article`).
    pub of: Option<String>,
    /// Records that a row ponte created must have before the shop may show it: `ready` is false until then.
    pub needs: Vec<String>,
    /// The record that needs this one.
    pub meets: Option<String>,
    /// Values asked of the target inside the transaction, before the writes.
    pub fetch: Vec<Fetch>,
    /// What a record must not be like.
    pub refuse: Vec<Refuse>,
    pub find: Option<Find>,
    /// Link column -> value of a write's row: `id` -> (`post`, `ID`).
    pub link: Vec<LinkColumn>,
    /// Of a web order: the ERP's key of its customer, for the link with its account.
    pub customer: Option<Expr>,
    /// The records go the other way, too.
    pub both_ways: Option<customer::BothWays>,
    pub writes: Vec<Write>,
    pub derived: Vec<Derived>,
    pub forget: Vec<Forget>,
    pub gone: Gone,
    /// Which changes wait for a person: over `old.<column>` and `new.<column>` of a row.
    pub approve: Option<Expr>,
}

/// What becomes of a row whose record the source no longer has.
#[derive(Debug, Default)]
pub struct Gone {
    pub policy: GonePolicy,
    pub guard: GoneGuard,
    /// What deactivating writes: copies of the record's writes with other fields. They never create a row.
    pub writes: Vec<Write>,
    /// What deleting removes, in this order.
    pub removes: Vec<Remove>,
    /// Kinds of rows that may be deleted: those that ponte itself creates. Empty = all.
    pub kinds: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GonePolicy {
    #[default]
    Keep,
    Deactivate,
    Delete,
}

/// More than `percent` of the records and more than `rows` of them at once are for a person to let pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GoneGuard {
    pub percent: u32,
    pub rows: u32,
}

impl Default for GoneGuard {
    fn default() -> Self {
        GoneGuard {
            percent: 10,
            rows: 20,
        }
    }
}

/// Rows that go with a record: those that match.
#[derive(Debug)]
pub struct Remove {
    pub table: TableName,
    pub table_at: Span,
    pub matches: Vec<Match>,
    pub condition: Option<Expr>,
}

#[derive(Debug, Clone)]
pub struct Codes {
    /// The shop's code -> the ERP's.
    pub to_erp: BTreeMap<String, String>,
    pub at: Span,
}

#[derive(Debug, Clone)]
pub struct Find {
    pub sql: ServerSql,
    /// Column of the query -> expression over the record.
    pub by: Vec<(String, Expr)>,
    /// Further keys, tried in this order where `by` finds nothing: column of the query -> field of the source.
    pub then: Vec<(String, Expr)>,
}

/// A row asked of the target for one record: `customer.number` are its columns. Several of one name are tried in their
/// order until one yields a row.
#[derive(Debug)]
pub struct Fetch {
    pub alias: String,
    pub condition: Option<Expr>,
    /// `:names` are fields of the record.
    pub sql: ServerSql,
    /// Name in `sql` -> its value.
    pub names: Vec<(String, Expr)>,
    /// Asking uses something up (a number): never done merely to look.
    pub takes: bool,
}

/// A condition under which a record waits for a person.
#[derive(Debug)]
pub struct Refuse {
    /// Asked for each element of a set; `None`: once.
    pub each: Option<Each>,
    pub condition: Expr,
    /// What is wrong, as a text.
    pub why: Expr,
    pub advice: String,
}

#[derive(Debug, Clone)]
pub struct LinkColumn {
    pub name: String,
    pub write: String,
    pub column: String,
    pub at: Span,
}

#[derive(Debug, Clone)]
pub struct Write {
    /// The name that `post.ID` and project overrides use; the table's name where the file gives none.
    pub alias: String,
    /// Kinds of found rows that it applies to; empty = all.
    pub kinds: Vec<String>,
    pub table: TableName,
    pub table_at: Span,
    pub matches: Vec<Match>,
    pub fields: Vec<Field>,
    /// A row per field: the columns that hold the field's name and its value.
    pub attributes: Option<(String, String)>,
    pub each: Option<Each>,
    pub scope: Option<ServerSql>,
    pub condition: Option<Expr>,
    /// Ponte owns the write's fields only while this holds; when it no longer does, what ponte wrote is taken back
    /// unless someone has changed it since.
    pub owned_while: Option<Expr>,
    pub at: Span,
}

#[derive(Debug, Clone)]
pub struct Match {
    pub column: String,
    pub expr: Expr,
    pub at: Span,
}

#[derive(Debug, Clone)]
pub struct Each {
    pub over: Over,
    pub alias: String,
    pub at: Span,
}

/// What a write has a row for each of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Over {
    /// The rows of a child set of the record.
    Child(String),
    /// The rows of a `[let]` table: the shop's languages, its stores.
    Table(String),
}

#[derive(Debug, Clone)]
pub struct Field {
    /// Column, or the attribute's name.
    pub column: String,
    pub own: Own,
    pub expr: Expr,
    pub condition: Option<Expr>,
    /// Longer texts are cut to so many characters.
    pub cut: Option<u32>,
    /// Decimals are rounded, half away from zero, to so many places.
    pub round: Option<u32>,
    /// What a NULL from the source does.
    pub empty: Empty,
    /// Texts that are numbers are compared as numbers: `9.90` in the shop is as good as `9.9`.
    pub compare_as_number: bool,
    pub at: Span,
}

/// Who owns a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Own {
    /// `set`: ponte, always.
    Set,
    /// `insert`: ponte when the row is created, the shop's people afterwards.
    Insert,
    /// `fill`: ponte as long as it is NULL or empty.
    Fill,
    /// `touch`: written along with a change, never compared.
    Touch,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Empty {
    Keep,
    Write,
    /// The attribute's row goes.
    Remove,
}

/// Right values of rows that follow from others.
#[derive(Debug)]
pub struct Derived {
    pub table: TableName,
    pub table_at: Span,
    pub rows: DerivedRows,
    /// `:id`, `:<find column>`, `:<write>.<column>` are lists over the batch; `:now_unix` seconds. With `groups`: `:group` and `:now_unix`.
    pub sql: ServerSql,
    /// What a batch's records, or articles, belong to; the rows of all of these are compared at the end of the run.
    pub groups: Option<ServerSql>,
    pub condition: Option<Expr>,
    /// Written along with a change of the figure, never looked for beside a right one. In stock only.
    pub touch: bool,
    pub at: Span,
}

#[derive(Debug)]
pub enum DerivedRows {
    /// One row per key; a table without such a unique key has it in the row with the lowest primary key.
    Key {
        columns: Vec<String>,
        insert_missing: bool,
        /// Rows in it that `sql` does not yield are removed.
        scope: Option<ServerSql>,
    },
    /// The rows that share these columns are a list, in the order in which `sql` yields them; it is compared whole.
    List { columns: Vec<String> },
}

/// Cached rows that go when a record was written: those whose column has one of the values.
#[derive(Debug)]
pub struct Forget {
    pub table: TableName,
    pub table_at: Span,
    pub column: String,
    /// Over the record (in stock: over the figure's columns); NULL = none.
    pub values: Vec<Expr>,
}

/// A shop's orders, or their refunds, on their way into the ERP.
#[derive(Debug)]
pub struct Orders {
    /// `main/order`, `main/refund`.
    pub name: String,
    pub kind: order::Kind,
    pub shop: String,
    /// Older ones are nobody's business.
    pub since: DateTime<Utc>,
    pub statuses: Statuses,
    /// Of orders whose status says that the ERP gets them.
    pub accept: Vec<order::Accept>,
    pub codes: order::Codes,
    /// Whose stock the shop sells; empty = every warehouse.
    pub warehouses: Vec<String>,
    /// Where plug-ins keep what the shop itself does not ask for.
    pub candidates: Vec<order::Candidates>,
    /// One per way in which the shop may keep its orders; the first whose condition holds is the shop's.
    pub storages: Vec<Storage>,
    /// Of the ERP: `sku` and `article` of those of `:sku` that it has.
    pub articles: ServerSql,
    /// Of the ERP: keys for `:rows` lines and charges.
    pub keys: Option<ServerSql>,
    /// Of the ERP: what it has of orders, those typed by hand among them.
    pub documents: Option<ServerSql>,
    /// Cancels the order `:id` in the ERP, if nobody has begun with it.
    pub cancel: Option<ServerSql>,
    /// Clear away what the ERP has of the order `:id` beside its head, if nobody has begun with it; empty: an edit is told to a person.
    pub rewrite: Vec<ServerSql>,
    /// Gives the document `:id`, which bears none, the web order's `:reference`.
    pub claim: Option<ServerSql>,
    pub at: Span,
}

#[derive(Debug)]
pub struct Storage {
    /// Over the shop's `[let]` tables and `has_table`/`has_column`.
    pub condition: Option<Expr>,
    /// `reference`, `status`, `placed` of every order since `:orders_since`; `reference`, `order_reference`, `placed` of every
    /// refund since `:refunds_since`.
    pub found: ServerSql,
    /// Under which keys recent orders keep further values: `name`, `orders`.
    pub keys: Option<ServerSql>,
    /// From the shop's rows to the ERP's.
    pub flow: Flow,
}

/// The stock protocol between the ERP and one shop.
#[derive(Debug)]
pub struct Stock {
    /// `main/stock`.
    pub name: String,
    pub shop: String,
    pub erp: ErpStock,
    pub target: ShopStock,
    /// Whose stock counts; empty = every warehouse.
    pub warehouses: Vec<String>,
    /// Pieces kept back of every article.
    pub safety: crate::value::Decimal,
    /// Rises that wait for a person's approval, over [`RISE`]; `None`: none.
    pub approve: Option<Expr>,
    pub orders_since: DateTime<Utc>,
    /// Statuses whose orders hold pieces, beside those that the pack knows: what is imported, and what the project says.
    pub promised: Vec<String>,
    /// Statuses of what is no order, or no longer.
    pub released: Vec<String>,
    pub at: Span,
}

/// What a condition for approvals sees of a figure that is to rise: what the shop shows (NULL: nothing), and what is available.
pub const RISE: [(&str, FieldKind); 3] = [
    ("sku", FieldKind::Text),
    ("old", FieldKind::Decimal),
    ("new", FieldKind::Decimal),
];

#[derive(Debug, Clone)]
pub struct ErpStock {
    pub connection: String,
    pub on_hand: ServerSql,
    pub committed: ServerSql,
    pub counted: ServerSql,
    pub exceptions: Option<ServerSql>,
}

#[derive(Debug)]
pub struct ShopStock {
    pub connection: String,
    pub table: TableName,
    pub table_at: Span,
    pub key: String,
    pub column: String,
    pub checkout_seconds: u32,
    pub figures: ServerSql,
    pub pending: Vec<Pending>,
    pub second_look: Option<SecondLook>,
    pub derived: Vec<Derived>,
    pub forget: Vec<Forget>,
}

/// What the second look at a shop's orders asks beside who is pending then.
#[derive(Debug)]
pub struct SecondLook {
    /// How far the shop's own record of its orders reached at the first look.
    pub mark: ServerSql,
    /// Orders that became pending after `:mark`.
    pub orders: ServerSql,
    /// The lines of `:reference`, whatever has become of those orders.
    pub lines: ServerSql,
}

#[derive(Debug)]
pub struct Pending {
    /// Over the shop's `[let]` tables and `has_table`/`has_column`.
    pub condition: Option<Expr>,
    pub sql: ServerSql,
}
