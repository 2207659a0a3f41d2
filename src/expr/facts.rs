//! An expression over a few named values, where there is no record and no row.

use super::{Env, EvalError, Expr, Name, Resolve, Resolved, Slot, Unknown, Zone};
use crate::value::Value;
use chrono::{DateTime, Utc};
use std::borrow::Cow;

/// The names, in the order of their values.
struct Names<'n>(&'n [&'n str]);

struct Values<'v> {
    values: &'v [Value],
    now: DateTime<Utc>,
    zone: Zone,
}

/// The expression over these names; `None`: it names something else.
pub fn resolved(expr: &Expr, names: &[&str]) -> Option<Resolved> {
    expr.resolve(&mut Names(names)).ok()
}

/// Whether it holds of these values, which are in the order of its names.
///
/// # Errors
/// What of it cannot be computed, or is no truth.
pub fn holds(
    resolved: &Resolved,
    values: &[Value],
    now: DateTime<Utc>,
    zone: Zone,
) -> Result<bool, EvalError> {
    resolved.holds(&Values { values, now, zone })
}

impl Resolve for Names<'_> {
    fn name(&mut self, name: &Name<'_>) -> Result<Slot, Unknown> {
        let slot = match name {
            Name::Field(field) => self.0.iter().position(|known| known == field),
            _ => None,
        };
        slot.map(|slot| slot as Slot).ok_or_else(|| Unknown {
            message: format!("there are {} only", self.0.join(", ")),
            candidates: Vec::new(),
            note: None,
        })
    }
}

impl Env for Values<'_> {
    fn value(&self, slot: Slot) -> Result<Cow<'_, Value>, EvalError> {
        let value = self.values.get(slot as usize);
        Ok(value.map_or(Cow::Owned(Value::Null), Cow::Borrowed))
    }

    fn lookup(&self, _: Slot, _: &[Value]) -> Result<Cow<'_, Value>, EvalError> {
        Err(EvalError::Invalid("there are no small tables".to_owned()))
    }

    fn now(&self) -> DateTime<Utc> {
        self.now
    }

    fn zone(&self) -> Zone {
        self.zone
    }
}
