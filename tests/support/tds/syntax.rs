//! The T-SQL that is understood, as a tree. What has no place here is refused as a syntax error.

use super::types::Type;

#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    Null,
    Int(String),
    Decimal(String),
    Float(String),
    Text {
        text: String,
        national: bool,
    },
    Bytes(Vec<u8>),
    /// `@name`
    Variable(String),
    /// `@@name`
    Global(String),
    /// Parts of a name: `column`, `table.column`, `schema.table.column`.
    Column(Vec<String>),
    Negative(Box<Expr>),
    /// `+ - * / % & | ^`
    Arithmetic(char, Box<Expr>, Box<Expr>),
    Case {
        operand: Option<Box<Expr>>,
        whens: Vec<(Expr, Expr)>,
        otherwise: Option<Box<Expr>>,
    },
    Cast {
        value: Box<Expr>,
        to: Type,
        style: Option<Box<Expr>>,
        is_try: bool,
    },
    Call(Call),
    Subquery(Box<Query>),
    Collate(Box<Expr>, String),
    // Conditions: no values in T-SQL.
    Compare(&'static str, Box<Expr>, Box<Expr>),
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    Not(Box<Expr>),
    IsNull(Box<Expr>, bool),
    In(Box<Expr>, Vec<Expr>, bool),
    InQuery(Box<Expr>, Box<Query>, bool),
    Between(Box<Expr>, Box<Expr>, Box<Expr>, bool),
    Like(Box<Expr>, Box<Expr>, Option<Box<Expr>>, bool),
    Exists(Box<Query>),
    /// `UPDATE(column)` in a trigger.
    Updates(String),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// In lower case.
    pub name: String,
    pub args: Vec<Expr>,
    pub is_star: bool,
    pub is_distinct: bool,
    pub over: Option<Over>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Over {
    pub partition: Vec<Expr>,
    pub order: Vec<Order>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    pub expr: Expr,
    pub descending: bool,
}

/// A table's name: `schema.table`, `database.schema.table`, `#t`, `@t`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    pub schema: Option<String>,
    pub name: String,
}

impl Name {
    pub fn shown(&self) -> String {
        match &self.schema {
            Some(schema) => format!("{schema}.{}", self.name),
            None => self.name.clone(),
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    pub with: Vec<(String, Vec<String>, Query)>,
    pub body: Body,
    pub order: Vec<Order>,
    pub offset: Option<Expr>,
    pub fetch: Option<Expr>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    Select(Box<Select>),
    /// `union`, `union all`, `except`, `intersect`
    Both(&'static str, Box<Body>, Box<Body>),
    /// `VALUES (…), (…)`: as a derived table and in INSERT.
    Values(Vec<Vec<Expr>>),
    Nested(Box<Query>),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Select {
    pub distinct: bool,
    pub top: Option<Expr>,
    pub items: Vec<Item>,
    pub into: Option<Name>,
    pub from: Vec<From>,
    pub filter: Option<Expr>,
    pub group: Vec<Expr>,
    pub having: Option<Expr>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    Star(Option<String>),
    Expr(Expr, Option<String>),
    /// `@x = expr`
    Assign(String, Expr),
}

#[derive(Debug, Clone, PartialEq)]
pub enum From {
    Table {
        name: Name,
        alias: Option<String>,
        hints: Vec<String>,
    },
    /// `CHANGETABLE(CHANGES t, version)`
    Changes {
        table: Name,
        since: Expr,
        alias: String,
    },
    Derived {
        query: Box<Query>,
        alias: String,
        columns: Vec<String>,
    },
    Join {
        kind: Join,
        left: Box<From>,
        right: Box<From>,
        on: Option<Expr>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Join {
    Inner,
    Left,
    Right,
    Full,
    Cross,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    pub items: Vec<Item>,
    pub into: Option<(Name, Vec<String>)>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    Query(Box<Query>),
    Defaults,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    pub name: String,
    pub ty: Type,
    pub nullable: Option<bool>,
    pub identity: Option<(i64, i64)>,
    /// The constraint's name, and the expression's text.
    pub default: Option<(Option<String>, String)>,
    pub computed: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Constraint {
    Key {
        name: Option<String>,
        columns: Vec<String>,
        is_primary: bool,
    },
    Foreign {
        name: Option<String>,
        columns: Vec<String>,
        table: Name,
        referred: Vec<String>,
        on_delete: String,
    },
    Check {
        name: Option<String>,
        condition: String,
    },
    Default {
        name: Option<String>,
        column: String,
        value: String,
    },
    Index(Index),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Index {
    pub name: String,
    pub is_unique: bool,
    pub columns: Vec<(String, bool)>,
    pub include: Vec<String>,
    pub filter: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    pub line: u32,
    pub kind: Kind,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    Select(Query),
    Insert {
        into: Name,
        columns: Vec<String>,
        output: Option<Output>,
        source: Source,
    },
    Update {
        target: Name,
        top: Option<Expr>,
        sets: Vec<(Name, Expr)>,
        output: Option<Output>,
        from: Vec<From>,
        filter: Option<Expr>,
        with: Vec<(String, Vec<String>, Query)>,
    },
    Delete {
        target: Name,
        top: Option<Expr>,
        output: Option<Output>,
        from: Vec<From>,
        filter: Option<Expr>,
    },
    Truncate(Name),
    InsertBulk {
        into: Name,
        columns: Vec<(String, Type)>,
        options: Vec<String>,
    },
    CreateTable {
        name: Name,
        columns: Vec<Column>,
        constraints: Vec<Constraint>,
    },
    CreateView {
        name: Name,
        columns: Vec<String>,
        query: String,
    },
    CreateIndex {
        table: Name,
        index: Index,
    },
    CreateTrigger {
        name: Name,
        table: Name,
        events: Vec<String>,
        body: String,
    },
    CreateSchema(String),
    CreateDatabase {
        name: String,
        collation: Option<String>,
    },
    AddColumns {
        table: Name,
        columns: Vec<Column>,
        constraints: Vec<Constraint>,
    },
    AlterColumn {
        table: Name,
        column: Column,
    },
    DropColumns {
        table: Name,
        columns: Vec<String>,
    },
    DropConstraint {
        table: Name,
        name: String,
    },
    ChangeTracking {
        table: Name,
        on: bool,
    },
    EnableTrigger {
        table: Name,
        on: bool,
    },
    /// `ALTER DATABASE x SET option value`
    DatabaseOption {
        name: Option<String>,
        option: String,
        value: String,
    },
    Drop {
        what: &'static str,
        names: Vec<Name>,
        on: Option<Name>,
        if_exists: bool,
    },
    Declare(Vec<(String, Type, Option<Expr>)>),
    DeclareTable {
        name: String,
        columns: Vec<Column>,
        constraints: Vec<Constraint>,
    },
    SetVariable(String, Expr),
    /// Name in upper case, value in upper case.
    SetOption(String, String),
    IdentityInsert(Name, bool),
    Begin,
    Commit,
    Rollback(Option<String>),
    Save(String),
    If {
        condition: Expr,
        then: Box<Statement>,
        otherwise: Option<Box<Statement>>,
    },
    While {
        condition: Expr,
        body: Box<Statement>,
    },
    Block(Vec<Statement>),
    Try {
        body: Vec<Statement>,
        caught: Vec<Statement>,
    },
    Print(Expr),
    Throw(Option<(Expr, Expr, Expr)>),
    RaisError {
        message: Expr,
        class: Expr,
        state: Expr,
    },
    Return,
    /// `EXEC(text)`
    ExecText(Expr),
    Exec {
        procedure: Name,
        args: Vec<(Option<String>, Expr)>,
    },
    Use(String),
    WaitFor(String),
    Kill(Expr),
    /// `CREATE TYPE name FROM type`
    CreateType(String, Type),
    CreateLogin {
        name: String,
        password: String,
    },
    /// A user of the database, for a login of the same name.
    CreateUser(String),
    DropLogin(String),
    DropUser(String),
    Grant {
        permission: String,
        on: Name,
        to: String,
    },
}
