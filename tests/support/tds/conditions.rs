//! Conditions: comparisons in one type, by one collation.

use super::catalog::same;
use super::error::{Result, SqlError};
use super::syntax::*;
use super::translate::{Scope, Translator, Typed};
use super::types::Kind as K;

impl Translator<'_> {
    /// Both sides in one type, for a comparison.
    pub(super) fn both(&self, a: &Typed, b: &Typed) -> Result<(Typed, Typed)> {
        let ty = self.common(&[a, b])?;
        if ty.kind == K::SqlVariant {
            return Err(SqlError::syntax("sql_variant in a comparison"));
        }
        let one = |value: &Typed| -> Result<Typed> {
            if value.ty.is_text() && ty.is_text() {
                // Texts are compared as they are.
                let mut value = value.clone();
                value.ty.collation = ty.collation;
                if ty.is_unicode() && value.ty.collation.is_utf8() {
                    value.ty.kind = ty.kind;
                }
                return Ok(value);
            }
            self.converted(value, ty)
        };
        Ok((one(a)?, one(b)?))
    }

    pub fn condition(&mut self, expr: &Expr, scope: &Scope) -> Result<String> {
        Ok(match expr {
            Expr::And(a, b) => format!(
                "({} AND {})",
                self.condition(a, scope)?,
                self.condition(b, scope)?
            ),
            Expr::Or(a, b) => format!(
                "({} OR {})",
                self.condition(a, scope)?,
                self.condition(b, scope)?
            ),
            Expr::Not(a) => format!("(NOT {})", self.condition(a, scope)?),
            Expr::Compare(op, a, b) => {
                let (a, b) = (self.value(a, scope)?, self.value(b, scope)?);
                self.compare(op, &a, &b)?
            }
            Expr::IsNull(a, negated) => {
                let value = self.value(a, scope)?;
                format!(
                    "({} IS {}NULL)",
                    value.sql,
                    if *negated { "NOT " } else { "" }
                )
            }
            Expr::In(a, list, negated) => {
                let a = self.value(a, scope)?;
                let list: Vec<Typed> = list
                    .iter()
                    .map(|item| self.value(item, scope))
                    .collect::<Result<_>>()?;
                let mut all = vec![&a];
                all.extend(&list);
                let ty = self.common(&all)?;
                let same = |value: &Typed| -> Result<Typed> {
                    let mut made = if value.ty.is_text() && ty.is_text() {
                        value.clone()
                    } else {
                        self.converted(value, ty)?
                    };
                    made.ty.collation = ty.collation;
                    Ok(made)
                };
                let items: Vec<String> = list
                    .iter()
                    .map(|item| same(item).map(|item| item.sql))
                    .collect::<Result<_>>()?;
                format!(
                    "({} {}IN ({}))",
                    same(&a)?.key()?,
                    if *negated { "NOT " } else { "" },
                    items.join(", ")
                )
            }
            Expr::InQuery(a, query, negated) => {
                let a = self.value(a, scope)?;
                let relation = self.query(query, Some(scope))?;
                let [column] = &relation.columns[..] else {
                    return Err(SqlError::new(
                        116,
                        16,
                        "Only one expression can be specified in the select list when the subquery is not introduced with EXISTS.",
                    ));
                };
                let mut theirs = Typed::new("\"c0\"", column.ty);
                theirs.strength = 1;
                let (a, theirs) = self.both(&a, &theirs)?;
                format!(
                    "({} {}IN (SELECT {} FROM ({})))",
                    a.key()?,
                    if *negated { "NOT " } else { "" },
                    theirs.sql,
                    relation.sql
                )
            }
            Expr::Between(a, low, high, negated) => {
                let a = self.value(a, scope)?;
                let (low, high) = (self.value(low, scope)?, self.value(high, scope)?);
                let made = format!(
                    "({} AND {})",
                    self.compare(">=", &a, &low)?,
                    self.compare("<=", &a, &high)?
                );
                if *negated {
                    format!("(NOT {made})")
                } else {
                    made
                }
            }
            Expr::Like(a, pattern, escape, negated) => {
                let (a, pattern) = (self.value(a, scope)?, self.value(pattern, scope)?);
                let escape = match escape {
                    Some(escape) => self.value(escape, scope)?.sql,
                    None => "0".to_owned(),
                };
                let ty = self.common(&[&a, &pattern])?;
                let made = format!(
                    "t_like({}, {}, {escape}, {})",
                    self.as_text(&a)?.sql,
                    self.as_text(&pattern)?.sql,
                    ty.code()
                );
                if *negated {
                    format!("(NOT {made})")
                } else {
                    made
                }
            }
            Expr::Exists(query) => {
                let outer = std::mem::take(&mut self.grouping);
                let relation = self.query(query, Some(scope));
                self.grouping = outer;
                format!("EXISTS ({})", relation?.sql)
            }
            Expr::Updates(column) => match &self.env.facts.updated {
                Some(updated) => {
                    i32::from(updated.iter().any(|known| same(known, column))).to_string()
                }
                None => return Err(SqlError::syntax("UPDATE() outside of a trigger")),
            },
            _ => {
                return Err(SqlError::new(
                    4145,
                    15,
                    "An expression of non-boolean type specified in a context where a condition is expected.",
                ));
            }
        })
    }

    pub fn compare(&self, op: &str, a: &Typed, b: &Typed) -> Result<String> {
        let (a, b) = self.both(a, b)?;
        Ok(format!("({} {op} {})", a.key()?, b.key()?))
    }
}
