//! Evaluation of a resolved expression.

use super::function::{Function, Run, day};
use super::operator::{arithmetic, compare, concat, from_truth, like, negate, truth};
use super::tree::{CastTo, Operator};
use super::{Env, EvalError, Slot};
use crate::value::{Type, Value, convert};
use std::borrow::Cow;
use std::cmp::Ordering;

/// A tree like the one that was written, with slots for names. Its depth is bounded by the parser.
#[derive(Debug, Clone)]
pub enum Code {
    Constant(Value),
    Slot(Slot),
    Lookup(Slot, Vec<Code>),
    Negate(Box<Code>),
    Not(Box<Code>),
    And(Box<Code>, Box<Code>),
    Or(Box<Code>, Box<Code>),
    Compare(Operator, Box<Code>, Box<Code>),
    Concat(Box<Code>, Box<Code>),
    Arithmetic(Operator, Box<Code>, Box<Code>),
    IsNull(Box<Code>),
    In(Box<Code>, Vec<Code>),
    Between(Box<[Code; 3]>),
    Like(Box<Code>, Box<Code>),
    Case {
        operand: Option<Box<Code>>,
        branches: Vec<(Code, Code)>,
        otherwise: Box<Code>,
    },
    Cast(Box<Code>, CastTo),
    Call(&'static Function, Vec<Code>),
}

type Evaluated<'a> = Result<Cow<'a, Value>, EvalError>;

impl Code {
    pub fn eval<'a>(&'a self, env: &'a dyn Env) -> Evaluated<'a> {
        let value = match self {
            Code::Constant(value) => return Ok(Cow::Borrowed(value)),
            Code::Slot(slot) => return env.value(*slot),
            Code::Lookup(slot, keys) => {
                let keys = keys
                    .iter()
                    .map(|key| key.eval(env).map(Cow::into_owned))
                    .collect::<Result<Vec<_>, _>>()?;
                env.lookup(*slot, &keys)?.into_owned()
            }
            Code::Case {
                operand,
                branches,
                otherwise,
            } => return case(operand.as_deref(), branches, otherwise, env),
            Code::Call(function, arguments) => return call(function, arguments, env),
            Code::Negate(operand) => negate(&*operand.eval(env)?)?,
            Code::Not(operand) => from_truth(operand.truth(env)?.map(|truth| !truth)),
            Code::And(left, right) => from_truth(joined(left, right, false, env)?),
            Code::Or(left, right) => from_truth(joined(left, right, true, env)?),
            Code::Compare(operator, left, right) => {
                let order = compare(&*left.eval(env)?, &*right.eval(env)?)?;
                from_truth(order.map(|order| holds(*operator, order)))
            }
            Code::Concat(left, right) => concat(&*left.eval(env)?, &*right.eval(env)?)?,
            Code::Arithmetic(operator, left, right) => {
                arithmetic(*operator, &*left.eval(env)?, &*right.eval(env)?)?
            }
            Code::IsNull(operand) => Value::Bool(operand.eval(env)?.is_null()),
            Code::In(operand, list) => from_truth(is_in(operand, list, env)?),
            Code::Between(operands) => from_truth(is_between(operands, env)?),
            Code::Like(operand, pattern) => from_truth(is_like(operand, pattern, env)?),
            Code::Cast(operand, to) => cast(&*operand.eval(env)?, *to, env)?,
        };
        Ok(Cow::Owned(value))
    }

    fn truth(&self, env: &dyn Env) -> Result<Option<bool>, EvalError> {
        truth(&*self.eval(env)?)
    }
}

fn holds(operator: Operator, order: Ordering) -> bool {
    match operator {
        Operator::Equal => order.is_eq(),
        Operator::NotEqual => order.is_ne(),
        Operator::Less => order.is_lt(),
        Operator::LessOrEqual => order.is_le(),
        Operator::Greater => order.is_gt(),
        _ => order.is_ge(),
    }
}

/// AND (decided by FALSE) and OR (decided by TRUE): once decided, the right side is not evaluated.
fn joined(
    left: &Code,
    right: &Code,
    decides: bool,
    env: &dyn Env,
) -> Result<Option<bool>, EvalError> {
    let left = left.truth(env)?;
    if left == Some(decides) {
        return Ok(left);
    }
    let right = right.truth(env)?;
    Ok(match (left, right) {
        (_, Some(truth)) if truth == decides => right,
        (None, _) | (_, None) => None,
        _ => Some(!decides),
    })
}

/// TRUE on a match, unknown if there is none but a NULL could be one.
fn is_in(operand: &Code, list: &[Code], env: &dyn Env) -> Result<Option<bool>, EvalError> {
    let operand = operand.eval(env)?;
    if operand.is_null() {
        return Ok(None);
    }
    let mut answer = Some(false);
    for item in list {
        match compare(&operand, &*item.eval(env)?)? {
            Some(Ordering::Equal) => return Ok(Some(true)),
            Some(_) => {}
            None => answer = None,
        }
    }
    Ok(answer)
}

fn is_between(operands: &[Code; 3], env: &dyn Env) -> Result<Option<bool>, EvalError> {
    let [operand, low, high] = operands;
    let operand = operand.eval(env)?;
    let above = compare(&operand, &*low.eval(env)?)?.map(Ordering::is_ge);
    let below = compare(&operand, &*high.eval(env)?)?.map(Ordering::is_le);
    Ok(match (above, below) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    })
}

fn is_like(operand: &Code, pattern: &Code, env: &dyn Env) -> Result<Option<bool>, EvalError> {
    let (operand, pattern) = (operand.eval(env)?, pattern.eval(env)?);
    match (&*operand, &*pattern) {
        (Value::Null, _) | (_, Value::Null) => Ok(None),
        (Value::Text(text), Value::Text(pattern)) => Ok(Some(like(text, pattern))),
        (text, pattern) => Err(EvalError::invalid(format!(
            "cannot hold {} ({}) against the pattern {} ({}); `LIKE` takes texts",
            text.show(),
            text.kind(),
            pattern.show(),
            pattern.kind()
        ))),
    }
}

fn case<'a>(
    operand: Option<&'a Code>,
    branches: &'a [(Code, Code)],
    otherwise: &'a Code,
    env: &'a dyn Env,
) -> Evaluated<'a> {
    let operand = operand.map(|operand| operand.eval(env)).transpose()?;
    for (condition, result) in branches {
        let met = match &operand {
            Some(operand) => compare(operand, &*condition.eval(env)?)? == Some(Ordering::Equal),
            None => condition.truth(env)? == Some(true),
        };
        if met {
            return result.eval(env);
        }
    }
    otherwise.eval(env)
}

fn call<'a>(function: &'static Function, arguments: &'a [Code], env: &'a dyn Env) -> Evaluated<'a> {
    if let Run::Coalesce = function.run {
        for argument in arguments {
            let value = argument.eval(env)?;
            if !value.is_null() {
                return Ok(value);
            }
        }
        return Ok(Cow::Owned(Value::Null));
    }
    let mut values = Vec::with_capacity(arguments.len());
    for argument in arguments {
        values.push(argument.eval(env)?);
    }
    if let (Run::NullIf, [value, other]) = (&function.run, values.as_slice()) {
        return Ok(match compare(value, other)? {
            Some(Ordering::Equal) => Cow::Owned(Value::Null),
            _ => values.swap_remove(0),
        });
    }
    if values.iter().any(|value| value.is_null()) {
        return Ok(Cow::Owned(Value::Null));
    }
    let result = match function.run {
        Run::Pure(run) => run(&values),
        Run::Timed(run) => run(&values, env),
        // These have nodes of their own and never become calls.
        Run::Coalesce | Run::NullIf | Run::Link | Run::Unique | Run::HasTable | Run::HasColumn => {
            Ok(Value::Null)
        }
    };
    result.map(Cow::Owned)
}

fn cast(value: &Value, to: CastTo, env: &dyn Env) -> Result<Value, EvalError> {
    if value.is_null() {
        return Ok(Value::Null);
    }
    let ty = match to {
        CastTo::Text => {
            let text = match value {
                Value::Bool(truth) => Some(Cow::Owned(truth.to_string())),
                other => other.plain_text(),
            };
            return match text {
                Some(text) => Ok(Value::Text(text.into_owned())),
                None => Err(cannot_cast(value, to, "it has no text form")),
            };
        }
        CastTo::Date => return day(value, env).map(Value::Date),
        CastTo::Integer => Type::Int {
            bits: 64,
            signed: true,
        },
        CastTo::Decimal => Type::NUMBER,
        CastTo::Boolean => Type::Bool,
    };
    convert(value.clone(), &ty).map_err(|misfit| cannot_cast(value, to, &misfit.to_string()))
}

fn cannot_cast(value: &Value, to: CastTo, why: &str) -> EvalError {
    EvalError::invalid(format!("CAST({} AS {}): {why}", value.show(), to.name()))
}
