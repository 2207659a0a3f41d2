//! The tree of an expression as it was written, and its printed form.

use super::Name;
use super::function::Function;
use super::lexer::{is_keyword, is_name_part, is_name_start};
use crate::value::Value;
use std::fmt;
use std::ops::Range;

/// A part of an expression. Two are equal if they say the same, wherever they stand.
#[derive(Debug, Clone)]
pub struct Node {
    pub kind: Kind,
    /// In bytes of the expression's text.
    pub range: Range<usize>,
    /// Levels below and including this one: bounded by the parser, so that walking the tree may recurse.
    pub depth: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    Literal(Value),
    Field(String),
    Member(String, String),
    Text {
        field: String,
        language: String,
    },
    TextNamed {
        field: String,
        alias: String,
    },
    TextOf {
        field: String,
        language: Box<Node>,
    },
    Lookup {
        table: String,
        keys: Vec<Node>,
        column: String,
    },
    Link {
        record: String,
        keys: Vec<Node>,
        column: Option<String>,
    },
    Negate(Box<Node>),
    Not(Box<Node>),
    Binary(Operator, Box<Node>, Box<Node>),
    IsNull {
        operand: Box<Node>,
        negated: bool,
    },
    In {
        operand: Box<Node>,
        list: Vec<Node>,
        negated: bool,
    },
    Between {
        operand: Box<Node>,
        low: Box<Node>,
        high: Box<Node>,
        negated: bool,
    },
    Like {
        operand: Box<Node>,
        pattern: Box<Node>,
        negated: bool,
    },
    Case {
        operand: Option<Box<Node>>,
        /// Condition (or value to compare with) and result.
        branches: Vec<(Node, Node)>,
        otherwise: Option<Box<Node>>,
    },
    Cast(Box<Node>, CastTo),
    Call(&'static Function, Vec<Node>),
    Unique(Box<Node>),
    HasTable(String),
    HasColumn {
        table: String,
        column: String,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Concat,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl Operator {
    pub fn sign(self) -> &'static str {
        match self {
            Operator::Or => "OR",
            Operator::And => "AND",
            Operator::Equal => "=",
            Operator::NotEqual => "<>",
            Operator::Less => "<",
            Operator::LessOrEqual => "<=",
            Operator::Greater => ">",
            Operator::GreaterOrEqual => ">=",
            Operator::Concat => "||",
            Operator::Add => "+",
            Operator::Subtract => "-",
            Operator::Multiply => "*",
            Operator::Divide => "/",
            Operator::Remainder => "%",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CastTo {
    Text,
    Integer,
    Decimal,
    Date,
    Boolean,
}

impl CastTo {
    pub const ALL: [CastTo; 5] = [
        CastTo::Text,
        CastTo::Integer,
        CastTo::Decimal,
        CastTo::Date,
        CastTo::Boolean,
    ];

    pub fn name(self) -> &'static str {
        match self {
            CastTo::Text => "text",
            CastTo::Integer => "integer",
            CastTo::Decimal => "decimal",
            CastTo::Date => "date",
            CastTo::Boolean => "boolean",
        }
    }
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

impl Node {
    pub fn new(kind: Kind, range: Range<usize>) -> Self {
        let mut below = 0;
        kind.for_each_child(&mut |child| below = below.max(child.depth));
        Node {
            kind,
            range,
            depth: below + 1,
        }
    }

    /// The name that the node is, if it is one.
    pub fn name(&self) -> Option<Name<'_>> {
        Some(match &self.kind {
            Kind::Field(name) => Name::Field(name),
            Kind::Member(of, name) => Name::Member(of, name),
            Kind::Text { field, language } => Name::Text { field, language },
            Kind::TextNamed { field, alias } => Name::TextNamed { field, alias },
            Kind::TextOf { field, .. } => Name::TextOf { field },
            Kind::Lookup {
                table,
                keys,
                column,
            } => Name::Lookup {
                table,
                keys: keys.len(),
                column,
            },
            Kind::Link { record, column, .. } => Name::Link {
                record,
                column: column.as_deref(),
            },
            _ => return None,
        })
    }

    /// Calls `found` for every name, in the order in which they stand.
    pub fn names<'a>(&'a self, found: &mut dyn FnMut(Name<'a>, &Range<usize>)) {
        self.visit(&mut |node| {
            if let Some(name) = node.name() {
                found(name, &node.range);
            }
        });
    }

    /// Calls `seen` for the node and all below it, in the order in which they stand.
    pub fn visit<'a>(&'a self, seen: &mut dyn FnMut(&'a Node)) {
        seen(self);
        self.kind.for_each_child(&mut |child| child.visit(seen));
    }
}

impl Kind {
    pub fn for_each_child<'a>(&'a self, visit: &mut dyn FnMut(&'a Node)) {
        match self {
            Kind::Literal(_)
            | Kind::Field(_)
            | Kind::Member(..)
            | Kind::Text { .. }
            | Kind::TextNamed { .. }
            | Kind::HasTable(_)
            | Kind::HasColumn { .. } => {}
            Kind::Lookup { keys: nodes, .. }
            | Kind::Link { keys: nodes, .. }
            | Kind::Call(_, nodes) => nodes.iter().for_each(visit),
            Kind::Negate(node)
            | Kind::Not(node)
            | Kind::Cast(node, _)
            | Kind::Unique(node)
            | Kind::TextOf { language: node, .. }
            | Kind::IsNull { operand: node, .. } => visit(node),
            Kind::Binary(_, left, right)
            | Kind::Like {
                operand: left,
                pattern: right,
                ..
            } => {
                visit(left);
                visit(right);
            }
            Kind::In { operand, list, .. } => {
                visit(operand);
                list.iter().for_each(visit);
            }
            Kind::Between {
                operand, low, high, ..
            } => {
                visit(operand);
                visit(low);
                visit(high);
            }
            Kind::Case {
                operand,
                branches,
                otherwise,
            } => {
                operand.iter().for_each(|node| visit(node));
                for (condition, result) in branches {
                    visit(condition);
                    visit(result);
                }
                otherwise.iter().for_each(|node| visit(node));
            }
        }
    }
}

/// Prints the tree with every operation in parentheses: read again it is the same tree.
impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Literal(value) => write_literal(f, value),
            Kind::Field(name) => write_name(f, name),
            Kind::Member(of, name) => {
                write_name(f, of)?;
                f.write_str(".")?;
                write_name(f, name)
            }
            Kind::Text { field, language } => {
                write_name(f, field)?;
                f.write_str("[")?;
                write_text(f, language)?;
                f.write_str("]")
            }
            Kind::TextNamed { field, alias } => {
                write_name(f, field)?;
                f.write_str("[")?;
                write_name(f, alias)?;
                f.write_str("]")
            }
            Kind::TextOf { field, language } => {
                write_name(f, field)?;
                write!(f, "[{language}]")
            }
            Kind::Lookup {
                table,
                keys,
                column,
            } => {
                write_name(f, table)?;
                f.write_str("[")?;
                write_list(f, keys)?;
                f.write_str("].")?;
                write_name(f, column)
            }
            Kind::Link {
                record,
                keys,
                column,
            } => {
                f.write_str("link(")?;
                write_text(f, record)?;
                for key in keys {
                    write!(f, ", {key}")?;
                }
                f.write_str(")")?;
                column.iter().try_for_each(|column| {
                    f.write_str(".")?;
                    write_name(f, column)
                })
            }
            Kind::Negate(node) => write!(f, "(- {node})"),
            Kind::Not(node) => write!(f, "(NOT {node})"),
            Kind::Binary(operator, left, right) => {
                write!(f, "({left} {} {right})", operator.sign())
            }
            Kind::IsNull { operand, negated } => {
                write!(f, "({operand} IS {}NULL)", not(*negated))
            }
            Kind::In {
                operand,
                list,
                negated,
            } => {
                write!(f, "({operand} {}IN (", not(*negated))?;
                write_list(f, list)?;
                f.write_str("))")
            }
            Kind::Between {
                operand,
                low,
                high,
                negated,
            } => write!(f, "({operand} {}BETWEEN {low} AND {high})", not(*negated)),
            Kind::Like {
                operand,
                pattern,
                negated,
            } => write!(f, "({operand} {}LIKE {pattern})", not(*negated)),
            Kind::Case {
                operand,
                branches,
                otherwise,
            } => {
                f.write_str("CASE")?;
                operand.iter().try_for_each(|node| write!(f, " {node}"))?;
                for (condition, result) in branches {
                    write!(f, " WHEN {condition} THEN {result}")?;
                }
                otherwise
                    .iter()
                    .try_for_each(|node| write!(f, " ELSE {node}"))?;
                f.write_str(" END")
            }
            Kind::Cast(node, to) => write!(f, "CAST({node} AS {})", to.name()),
            Kind::Call(function, arguments) => {
                write!(f, "{}(", function.name)?;
                write_list(f, arguments)?;
                f.write_str(")")
            }
            Kind::Unique(node) => write!(f, "unique({node})"),
            Kind::HasTable(table) => {
                f.write_str("has_table(")?;
                write_text(f, table)?;
                f.write_str(")")
            }
            Kind::HasColumn { table, column } => {
                f.write_str("has_column(")?;
                write_text(f, &format!("{table}.{column}"))?;
                f.write_str(")")
            }
        }
    }
}

fn not(negated: bool) -> &'static str {
    if negated { "NOT " } else { "" }
}

fn write_list(f: &mut fmt::Formatter<'_>, nodes: &[Node]) -> fmt::Result {
    for (at, node) in nodes.iter().enumerate() {
        let comma = if at > 0 { ", " } else { "" };
        write!(f, "{comma}{node}")?;
    }
    Ok(())
}

/// The parser makes literals of these kinds only.
fn write_literal(f: &mut fmt::Formatter<'_>, value: &Value) -> fmt::Result {
    match value {
        Value::Text(text) => write_text(f, text),
        // A whole decimal beyond 64 bits, or one written with a point: `12.0` must not become an integer.
        Value::Decimal(number) if number.to_i64().is_some() => write!(f, "{number}.0"),
        Value::Decimal(number) => write!(f, "{number}"),
        other => f.write_str(&other.show()),
    }
}

fn write_text(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    write!(f, "'{}'", text.replace('\'', "''"))
}

fn write_name(f: &mut fmt::Formatter<'_>, name: &str) -> fmt::Result {
    let is_plain = name.starts_with(is_name_start) && name.chars().all(is_name_part);
    if is_plain && !is_keyword(name) {
        f.write_str(name)
    } else {
        write!(f, "\"{}\"", name.replace('"', "\"\""))
    }
}
