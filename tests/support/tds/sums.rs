//! SUM and AVG.

use super::builtin::{arg, raised, ty};
use super::error::SqlError;
use super::types::{Kind, Type};
use super::values::{self, convert, exact};
use rusqlite::functions::{Aggregate, Context};
use rusqlite::types::Value;

/// SUM and AVG with their types' rules. Of floats, in the order in which they come.
pub(super) struct Sum {
    pub(super) average: bool,
}

#[derive(Default)]
pub(super) struct Summed {
    exact: i128,
    float: f64,
    count: i128,
    ty: Option<Type>,
    overflow: bool,
}

impl Aggregate<Summed, Value> for Sum {
    fn init(&self, _: &mut Context<'_>) -> rusqlite::Result<Summed> {
        Ok(Summed::default())
    }

    fn step(&self, context: &mut Context<'_>, sum: &mut Summed) -> rusqlite::Result<()> {
        let (value, ty) = (arg(context, 0)?, ty(context, 1)?);
        sum.ty = Some(ty);
        match value {
            Value::Null => return Ok(()),
            Value::Real(number) => sum.float += number,
            value => match sum.exact.checked_add(exact(&value, ty).map_err(raised)?) {
                Some(made) => sum.exact = made,
                None => sum.overflow = true,
            },
        }
        sum.count += 1;
        Ok(())
    }

    fn finalize(&self, _: &mut Context<'_>, sum: Option<Summed>) -> rusqlite::Result<Value> {
        let Some(Summed {
            exact,
            float,
            count,
            ty: Some(ty),
            overflow,
        }) = sum
        else {
            return Ok(Value::Null);
        };
        if count == 0 {
            return Ok(Value::Null);
        }
        if matches!(ty.kind, Kind::Float | Kind::Real) {
            return Ok(Value::Real(if self.average {
                float / count as f64
            } else {
                float
            }));
        }
        let to = sum_type(ty, self.average);
        let refuse = || {
            raised(SqlError::overflow(if to.is_whole() {
                to.name()
            } else {
                "numeric"
            }))
        };
        if overflow {
            return Err(refuse());
        }
        if to.is_whole() {
            let number = if self.average { exact / count } else { exact };
            let wide = i64::try_from(number).map_err(|_| refuse())?;
            return convert(&Value::Integer(wide), Type::new(Kind::BigInt), to, 0).map_err(raised);
        }
        let (from, scale) = (ty.digits().1, to.digits().1);
        let number = values::rescaled(exact, from, scale).ok_or_else(refuse)?;
        Ok(values::decimal(if self.average {
            number / count
        } else {
            number
        }))
    }
}

/// The type of SUM, or AVG, over a type.
pub fn sum_type(ty: Type, average: bool) -> Type {
    match ty.kind {
        Kind::TinyInt | Kind::SmallInt | Kind::Int => Type::new(Kind::Int),
        Kind::Money | Kind::SmallMoney => Type::new(Kind::Money),
        Kind::Decimal => Type::decimal(38, if average { ty.scale.max(6) } else { ty.scale }),
        Kind::Real | Kind::Float => Type::new(Kind::Float),
        _ => ty,
    }
}
