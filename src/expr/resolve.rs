//! From the tree to code: names become slots, and what does not depend on the row is computed once.

use super::eval::Code;
use super::mistake::{Mistake, NAME, Parsed, UNIQUE, place};
use super::operator::truth;
use super::tree::{Kind, Node, Operator};
use super::{Env, EvalError, Expr, Name, Resolve, Slot, Unknown, Zone};
use crate::diagnostic::{Diagnostic, nearest};
use crate::value::Value;
use std::borrow::Cow;
use std::ops::Range;

/// `unique(...)` stands around a whole expression only.
pub fn check_unique(root: &Node) -> Parsed<()> {
    let mut found = None;
    root.kind.for_each_child(&mut |child| {
        child.visit(&mut |node| {
            if matches!(node.kind, Kind::Unique(_)) {
                found.get_or_insert(node);
            }
        });
    });
    match found {
        Some(node) => Err(Mistake::new(
            UNIQUE,
            "`unique` stands inside of an expression",
            node.range.clone(),
        )
        .label("must be outermost")
        .help("put it around the whole expression: what is written is what is made unique")),
        None => Ok(()),
    }
}

pub fn resolve(expr: &Expr, with: &mut dyn Resolve) -> Result<Code, Vec<Diagnostic>> {
    let mut resolver = Resolver {
        expr,
        with,
        diagnostics: Vec::new(),
    };
    let code = resolver.code(&expr.root);
    if resolver.diagnostics.is_empty() {
        Ok(code)
    } else {
        Err(resolver.diagnostics)
    }
}

struct Resolver<'a> {
    expr: &'a Expr,
    with: &'a mut dyn Resolve,
    diagnostics: Vec<Diagnostic>,
}

impl Resolver<'_> {
    /// The node's code, constant if its parts are. After an unknown name the code is of no use.
    fn code(&mut self, node: &Node) -> Code {
        let code = match &node.kind {
            Kind::Literal(value) => return Code::Constant(value.clone()),
            Kind::Field(_) | Kind::Member(..) | Kind::Text { .. } | Kind::TextNamed { .. } => {
                return Code::Slot(self.slot(node));
            }
            Kind::Lookup { keys, .. } | Kind::Link { keys, .. } => {
                let slot = self.slot(node);
                return Code::Lookup(slot, self.codes(keys));
            }
            Kind::TextOf { language, .. } => {
                let slot = self.slot(node);
                return Code::Lookup(slot, vec![self.code(language)]);
            }
            Kind::HasTable(table) => {
                return Code::Constant(Value::Bool(self.with.has_table(table)));
            }
            Kind::HasColumn { table, column } => {
                return Code::Constant(Value::Bool(self.with.has_column(table, column)));
            }
            Kind::Unique(node) => return self.code(node),
            Kind::Case {
                operand,
                branches,
                otherwise,
            } => return self.case(operand.as_deref(), branches, otherwise.as_deref()),
            Kind::Negate(node) => Code::Negate(self.boxed(node)),
            Kind::Not(node) => Code::Not(self.boxed(node)),
            Kind::Binary(operator, left, right) => {
                let (left, right) = (self.boxed(left), self.boxed(right));
                return binary(*operator, left, right);
            }
            Kind::IsNull { operand, negated } => {
                negated_if(*negated, Code::IsNull(self.boxed(operand)))
            }
            Kind::In {
                operand,
                list,
                negated,
            } => negated_if(*negated, Code::In(self.boxed(operand), self.codes(list))),
            Kind::Between {
                operand,
                low,
                high,
                negated,
            } => {
                let operands = [self.code(operand), self.code(low), self.code(high)];
                negated_if(*negated, Code::Between(Box::new(operands)))
            }
            Kind::Like {
                operand,
                pattern,
                negated,
            } => negated_if(
                *negated,
                Code::Like(self.boxed(operand), self.boxed(pattern)),
            ),
            Kind::Cast(operand, to) => Code::Cast(self.boxed(operand), *to),
            Kind::Call(function, arguments) => Code::Call(function, self.codes(arguments)),
        };
        folded(code)
    }

    fn boxed(&mut self, node: &Node) -> Box<Code> {
        Box::new(self.code(node))
    }

    fn codes(&mut self, nodes: &[Node]) -> Vec<Code> {
        nodes.iter().map(|node| self.code(node)).collect()
    }

    /// Branches whose condition is known to fail go; one that is known to hold is the end.
    fn case(
        &mut self,
        operand: Option<&Node>,
        branches: &[(Node, Node)],
        otherwise: Option<&Node>,
    ) -> Code {
        let operand = operand.map(|operand| self.boxed(operand));
        let mut kept = Vec::new();
        let mut certain = None;
        for (condition, result) in branches {
            // All of them are resolved, so that unknown names are found behind a constant condition too.
            let (condition, result) = (self.code(condition), self.code(result));
            let known = match (&operand, &condition) {
                (None, Code::Constant(value)) => truth(value).ok().map(|truth| truth == Some(true)),
                _ => None,
            };
            if certain.is_none() {
                match known {
                    Some(true) => certain = Some(result),
                    Some(false) => {}
                    None => kept.push((condition, result)),
                }
            }
        }
        let otherwise = otherwise.map(|otherwise| self.code(otherwise));
        let otherwise = certain.or(otherwise).unwrap_or(Code::Constant(Value::Null));
        if kept.is_empty() && operand.is_none() {
            return otherwise;
        }
        folded(Code::Case {
            operand,
            branches: kept,
            otherwise: Box::new(otherwise),
        })
    }

    /// The slot of a node that is a name.
    fn slot(&mut self, node: &Node) -> Slot {
        let Some(name) = node.name() else {
            return 0;
        };
        match self.with.name(&name) {
            Ok(slot) => slot,
            Err(unknown) => {
                self.diagnostics
                    .push(self.unknown(&name, unknown, &node.range));
                0
            }
        }
    }

    fn unknown(&self, name: &Name<'_>, unknown: Unknown, range: &Range<usize>) -> Diagnostic {
        let expr = self.expr;
        let at = place(&expr.text, &expr.at, range);
        let diagnostic = Diagnostic::error(NAME, unknown.message).at(&at, "not known here");
        let diagnostic = match unknown.note {
            Some(note) => diagnostic.note(note),
            None => diagnostic,
        };
        let candidates = || unknown.candidates.iter().map(String::as_str);
        let near = spellings(name)
            .iter()
            .find_map(|spelling| nearest(spelling, candidates()));
        match near {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None if expr.text[range.clone()].starts_with('"') => diagnostic
                .help("double quotes are for names; a text stands in single ones: `'text'`"),
            None => diagnostic,
        }
    }
}

/// What a candidate may look like: the whole name, or the part of it that is not known.
fn spellings(name: &Name<'_>) -> Vec<String> {
    match name {
        Name::Field(name) => vec![(*name).to_owned()],
        Name::Member(of, name) => {
            vec![format!("{of}.{name}"), (*name).to_owned(), (*of).to_owned()]
        }
        Name::Text { field, language } => vec![(*field).to_owned(), (*language).to_owned()],
        Name::TextNamed { field, alias } => vec![(*field).to_owned(), (*alias).to_owned()],
        Name::TextOf { field } => vec![(*field).to_owned()],
        Name::Lookup { table, column, .. } => vec![(*table).to_owned(), (*column).to_owned()],
        Name::Link { record, column } => {
            let column = column.map(str::to_owned);
            std::iter::once((*record).to_owned())
                .chain(column)
                .collect()
        }
    }
}

fn negated_if(negated: bool, code: Code) -> Code {
    if negated {
        Code::Not(Box::new(code))
    } else {
        code
    }
}

fn binary(operator: Operator, left: Box<Code>, right: Box<Code>) -> Code {
    let is_known = |code: &Code, wanted: bool| match code {
        Code::Constant(value) => matches!(truth(value), Ok(Some(known)) if known == wanted),
        _ => false,
    };
    folded(match operator {
        Operator::And | Operator::Or => {
            let decides = operator == Operator::Or;
            if is_known(&left, decides) || is_known(&right, decides) {
                return Code::Constant(Value::Bool(decides));
            }
            if operator == Operator::And {
                Code::And(left, right)
            } else {
                Code::Or(left, right)
            }
        }
        Operator::Concat => Code::Concat(left, right),
        Operator::Add
        | Operator::Subtract
        | Operator::Multiply
        | Operator::Divide
        | Operator::Remainder => Code::Arithmetic(operator, left, right),
        _ => Code::Compare(operator, left, right),
    })
}

/// A constant, if the parts are and the operation looks neither at the clock nor at the zone. One that fails is kept:
/// it may stand in a branch that is never taken.
fn folded(code: Code) -> Code {
    let is_leaf = matches!(code, Code::Constant(_) | Code::Slot(_) | Code::Lookup(..));
    if !is_leaf
        && is_made_of(&code, is_constant)
        && let Ok(value) = code.eval(&Nowhere)
    {
        return Code::Constant(value.into_owned());
    }
    code
}

/// Whether the operation looks neither at the clock nor at the zone, and its parts are of the sort.
fn is_made_of(code: &Code, sort: fn(&Code) -> bool) -> bool {
    let all = |codes: &[Code]| codes.iter().all(sort);
    match code {
        Code::Negate(a) | Code::Not(a) | Code::IsNull(a) => sort(a),
        Code::And(a, b)
        | Code::Or(a, b)
        | Code::Compare(_, a, b)
        | Code::Concat(a, b)
        | Code::Arithmetic(_, a, b)
        | Code::Like(a, b) => sort(a) && sort(b),
        Code::In(a, list) => sort(a) && all(list),
        Code::Between(operands) => all(operands.as_slice()),
        Code::Case {
            operand,
            branches,
            otherwise,
        } => {
            operand.iter().all(|operand| sort(operand))
                && branches.iter().all(|(a, b)| sort(a) && sort(b))
                && sort(otherwise)
        }
        // The day of a timestamp depends on the zone.
        Code::Cast(a, to) => sort(a) && *to != super::tree::CastTo::Date,
        Code::Call(function, arguments) => function.is_pure() && all(arguments),
        Code::Lookup(_, keys) => all(keys),
        Code::Constant(_) | Code::Slot(_) => true,
    }
}

/// Whether the value hangs on the row and the small tables alone, so that it is the same whenever it is computed.
pub(super) fn is_timeless(code: &Code) -> bool {
    is_made_of(code, is_timeless)
}

fn is_constant(code: &Code) -> bool {
    matches!(code, Code::Constant(_))
}

/// For constants, which look at nothing.
struct Nowhere;

impl Env for Nowhere {
    fn value(&self, _: Slot) -> Result<Cow<'_, Value>, EvalError> {
        Err(EvalError::invalid("a constant has no row"))
    }

    fn lookup(&self, _: Slot, _: &[Value]) -> Result<Cow<'_, Value>, EvalError> {
        Err(EvalError::invalid("a constant has no row"))
    }

    fn now(&self) -> chrono::DateTime<chrono::Utc> {
        chrono::DateTime::UNIX_EPOCH
    }

    fn zone(&self) -> Zone {
        Zone::UTC
    }
}
