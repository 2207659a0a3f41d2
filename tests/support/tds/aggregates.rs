//! COUNT, SUM and their like, and what has OVER.

use super::error::{Result, SqlError};
use super::functions::wrong_count;
use super::sums::sum_type;
use super::syntax::*;
use super::translate::{Scope, Translator, Typed};
use super::types::{Kind as K, Type};

impl Translator<'_> {
    pub(super) fn aggregate(&mut self, call: &Call, scope: &Scope) -> Result<Typed> {
        let name = call.name.as_str();
        let over = match &call.over {
            Some(over) => self.over(over, scope)?,
            None => String::new(),
        };
        if self.grouping.in_aggregate {
            return Err(SqlError::new(
                130,
                15,
                "Cannot perform an aggregate function on an expression containing an aggregate or a subquery.",
            ));
        }
        if self.grouping.terms.is_none() && call.over.is_none() {
            return Err(SqlError::new(
                147,
                15,
                "An aggregate may not appear in the WHERE clause unless it is in a subquery contained in a HAVING clause or a select list.",
            ));
        }
        let count = if name == "count_big" {
            Type::new(K::BigInt)
        } else {
            Type::new(K::Int)
        };
        if call.is_star {
            return match name {
                "count" | "count_big" => Ok(Typed::new(format!("COUNT(*){over}"), count).certain()),
                _ => Err(SqlError::syntax("*")),
            };
        }
        let [arg] = &call.args[..] else {
            return Err(wrong_count(name));
        };
        self.grouping.in_aggregate = true;
        let arg = self.value(arg, scope);
        self.grouping.in_aggregate = false;
        let arg = arg?;
        let distinct = if call.is_distinct { "DISTINCT " } else { "" };
        let made = match name {
            "count" | "count_big" => {
                let key = if call.is_distinct {
                    arg.key()?
                } else {
                    arg.sql.clone()
                };
                Typed::new(format!("COUNT({distinct}{key}){over}"), count).certain()
            }
            "sum" | "avg" => {
                if !arg.ty.is_number() || arg.ty.kind == K::Bit {
                    return Err(SqlError::new(
                        8117,
                        16,
                        format!(
                            "Operand data type {} is invalid for {name} operator.",
                            arg.ty.name()
                        ),
                    ));
                }
                if call.is_distinct {
                    return Err(SqlError::syntax("DISTINCT"));
                }
                Typed::new(
                    format!("t_{name}({}, {}){over}", arg.sql, arg.ty.code()),
                    sum_type(arg.ty, name == "avg"),
                )
            }
            _ => {
                if arg.ty.kind == K::Bit {
                    return Err(SqlError::new(
                        8117,
                        16,
                        format!("Operand data type bit is invalid for {name} operator."),
                    ));
                }
                let mut made = Typed::new(
                    format!("{}({}){over}", name.to_uppercase(), arg.key()?),
                    arg.ty,
                );
                made.strength = arg.strength;
                made
            }
        };
        Ok(made)
    }

    pub(super) fn over(&mut self, over: &Over, scope: &Scope) -> Result<String> {
        let mut text = String::new();
        let mut keys = Vec::new();
        for term in &over.partition {
            keys.push(self.value(term, scope)?.key()?);
        }
        if !keys.is_empty() {
            text = format!("PARTITION BY {}", keys.join(", "));
        }
        let mut terms = Vec::new();
        for term in &over.order {
            if matches!(&term.expr, Expr::Subquery(_)) {
                continue;
            }
            let key = self.value(&term.expr, scope)?.key()?;
            terms.push(format!(
                "{key}{}",
                if term.descending { " DESC" } else { "" }
            ));
        }
        if !terms.is_empty() {
            text.push_str(&format!(" ORDER BY {}", terms.join(", ")));
        }
        Ok(format!(" OVER ({text})"))
    }

    pub(super) fn ranked(&mut self, call: &Call, over: &Over, scope: &Scope) -> Result<Typed> {
        if !matches!(call.name.as_str(), "row_number" | "rank" | "dense_rank")
            || !call.args.is_empty()
        {
            return Err(SqlError::syntax(&call.name));
        }
        if over.order.is_empty() {
            return Err(SqlError::new(
                4112,
                15,
                format!(
                    "The function '{}' must have an OVER clause with ORDER BY.",
                    call.name
                ),
            ));
        }
        let over = self.over(over, scope)?;
        Ok(Typed::new(format!("{}(){over}", call.name), Type::new(K::BigInt)).certain())
    }
}
