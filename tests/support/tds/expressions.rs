//! Expressions and conditions with T-SQL's types: what meets is converted by precedence, or refused.

use super::builtin::arithmetic_type;
use super::catalog::same;
use super::collation::Collation;
use super::error::{Result, SqlError};
use super::syntax::*;
use super::translate::{Scope, Translator, Typed, undeclared};
use super::types::{Kind as K, MAX, Type};
use super::values;
use rusqlite::types::Value;

/// A value as SQLite writes it.
pub fn literal(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Integer(number) => number.to_string(),
        // SQLite does not read every float exactly.
        Value::Real(number) => format!("t_float('{number:?}')"),
        Value::Text(text) if text.contains('\0') => {
            let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
            format!("CAST(x'{hex}' AS TEXT)")
        }
        Value::Text(text) => format!("'{}'", text.replace('\'', "''")),
        Value::Blob(bytes) => {
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("x'{hex}'")
        }
    }
}

/// Whether T-SQL converts by itself. What it does not is refused with the server's error.
pub fn check_implicit(from: Type, to: Type) -> Result<()> {
    use K::*;
    let refused = match (from.kind, to.kind) {
        (Null, _) | (_, Null) => false,
        (a, b) if a == b => false,
        _ if from.is_text() && to.is_bytes() => true,
        (Money | SmallMoney, _) if to.is_text() => true,
        _ if from.is_number() && to.is_time() => !matches!(to.kind, DateTime | SmallDateTime),
        _ if from.is_time() && (to.is_number() || to.is_bytes()) => true,
        (Date, Time) | (Time, Date) => true,
        (UniqueIdentifier, _) => !(to.is_text() || to.is_bytes()),
        (_, UniqueIdentifier) => !(from.is_text() || from.is_bytes()),
        (Xml, _) => true,
        (_, Xml) => !(from.is_text() || from.is_bytes()),
        _ if from.is_bytes() => to.is_time() || matches!(to.kind, Float | Real),
        _ if to.is_bytes() => matches!(from.kind, Float | Real),
        (SqlVariant, _) => true,
        (Text | NText, _) => !to.is_text(),
        (Image, _) => !to.is_bytes(),
        _ => false,
    };
    if !refused {
        return Ok(());
    }
    let clash = from.is_number() && to.is_time()
        || from.kind == UniqueIdentifier
        || to.kind == UniqueIdentifier;
    Err(match clash {
        true => SqlError::new(
            206,
            16,
            format!(
                "Operand type clash: {} is incompatible with {}",
                from.name(),
                to.name()
            ),
        ),
        false => SqlError::new(
            257,
            16,
            format!(
                "Implicit conversion from data type {} to {} is not allowed. Use the CONVERT function to run this query.",
                from.name(),
                to.name()
            ),
        ),
    })
}

impl Translator<'_> {
    /// `value` as one of `to`, as T-SQL converts by itself.
    pub fn converted(&self, value: &Typed, to: Type) -> Result<Typed> {
        check_implicit(value.ty, to)?;
        Ok(self.cast(value, to, "0", false))
    }

    pub(super) fn cast(&self, value: &Typed, to: Type, style: &str, is_try: bool) -> Typed {
        let from = value.ty;
        let (p1, s1) = from.digits();
        let (p2, s2) = to.digits();
        // Where the kept form and all values stay the same, SQLite may use an index.
        let is_same = from == to && !matches!(to.kind, K::Char | K::NChar)
            || from.kind == K::Null
            || from.is_whole() && to.is_whole() && from.kind <= to.kind
            || from.kind == K::Decimal && to.kind == K::Decimal && s1 == s2 && p1 <= p2
            || matches!(to.kind, K::NVarChar)
                && from.is_text()
                && (to.len == MAX || from.len != MAX && from.len <= to.len && from.len > 0)
            || matches!(to.kind, K::VarChar)
                && matches!(from.kind, K::Char | K::VarChar)
                && from.collation == to.collation
                && (to.len == MAX || from.len != MAX && from.len <= to.len)
            || matches!(to.kind, K::VarBinary)
                && matches!(from.kind, K::Binary | K::VarBinary)
                && (to.len == MAX || from.len != MAX && from.len <= to.len)
            || matches!(
                (from.kind, to.kind),
                (K::Real, K::Float) | (K::Date, K::DateTime2) | (K::DateTime2, K::DateTime2)
            ) && from.scale <= to.scale
            || matches!((from.kind, to.kind), (K::SmallMoney, K::Money));
        let sql = if is_same {
            value.sql.clone()
        } else {
            let function = if is_try { "t_try_cast" } else { "t_cast" };
            format!(
                "{function}({}, {}, {}, {style})",
                value.sql,
                from.code(),
                to.code()
            )
        };
        Typed {
            sql,
            ty: to,
            nullable: value.nullable || is_try,
            strength: value.strength,
            column: None,
        }
    }

    /// The type that all of them become. Collations that do not agree are an error (468).
    pub fn common(&self, all: &[&Typed]) -> Result<Type> {
        let mut found: Option<Type> = None;
        let mut strength = 0;
        for value in all {
            let ty = value.ty;
            let Some(so_far) = found else {
                found = Some(ty);
                strength = value.strength;
                continue;
            };
            let mut made = if so_far.kind == K::Null {
                ty
            } else if ty.kind == K::Null {
                so_far
            } else {
                self.pair(so_far, ty)
            };
            if made.is_text() {
                let (a, b) = (so_far, ty);
                made.collation = match (a.is_text(), b.is_text()) {
                    (true, true) if value.strength > strength => b.collation,
                    (true, true)
                        if value.strength == strength
                            && strength > 0
                            && a.collation != b.collation =>
                    {
                        return Err(SqlError::new(
                            468,
                            16,
                            format!(
                                "Cannot resolve the collation conflict between \"{}\" and \"{}\" in the equal to operation.",
                                a.collation.name(),
                                b.collation.name()
                            ),
                        ));
                    }
                    (true, _) => a.collation,
                    _ => b.collation,
                };
            }
            if ty.is_text() {
                strength = strength.max(value.strength);
            }
            found = Some(made);
        }
        Ok(found.unwrap_or(Type::new(K::Null)))
    }

    pub(super) fn pair(&self, a: Type, b: Type) -> Type {
        let (low, high) = if a.kind <= b.kind { (a, b) } else { (b, a) };
        let longest = |a: u16, b: u16| if a == MAX || b == MAX { MAX } else { a.max(b) };
        let mut made = high;
        if high.is_text() && low.is_text() || high.is_bytes() && low.is_bytes() {
            made.len = longest(a.len, b.len);
            if matches!(high.kind, K::Char | K::NChar | K::Binary) && a.len != b.len {
                made.kind = match high.kind {
                    K::Char => K::VarChar,
                    K::NChar => K::NVarChar,
                    _ => K::VarBinary,
                };
            }
            // A char beside a varchar, an nchar beside a varchar.
            if high.kind == K::NChar && low.kind == K::VarChar {
                made.kind = K::NVarChar;
            }
        } else if high.kind == K::Decimal && (low.is_whole() || low.is_exact()) {
            let ((p1, s1), (p2, s2)) = (a.digits(), b.digits());
            let scale = s1.max(s2);
            let whole = (p1 - s1).max(p2 - s2);
            made = Type::decimal((whole + scale).min(38), scale.min(38 - whole.min(38)));
        } else if high.kind == low.kind {
            made.scale = a.scale.max(b.scale);
        } else if matches!(high.kind, K::DateTime2 | K::DateTimeOffset) {
            made.scale = high.scale.max(if low.is_time() { low.scale } else { 0 });
        }
        made
    }

    /// A value as a text, for functions of texts.
    pub fn as_text(&self, value: &Typed) -> Result<Typed> {
        match value.ty.is_text() {
            true => Ok(value.clone()),
            false if value.ty.kind == K::Null => Ok(value.clone()),
            false => self.converted(
                value,
                Type::sized(K::VarChar, 8000).with(self.env.facts.collation),
            ),
        }
    }

    pub fn as_int(&self, value: &Typed) -> Result<String> {
        Ok(self.converted(value, Type::new(K::BigInt))?.sql)
    }

    pub fn value(&mut self, expr: &Expr, scope: &Scope) -> Result<Typed> {
        // With GROUP BY, a whole term of it is a value; a column alone is not.
        if let Some(terms) = self.grouping.terms.take() {
            if self.grouping.in_aggregate {
                let made = self.value_within(expr, scope);
                self.grouping.terms = Some(terms);
                return made;
            }
            let is_simple = matches!(
                expr,
                Expr::Column(_)
                    | Expr::Arithmetic(..)
                    | Expr::Cast { .. }
                    | Expr::Call(_)
                    | Expr::Case { .. }
                    | Expr::Collate(..)
            );
            if is_simple && !super::translate::has_aggregate(expr) {
                let params = self.params.len();
                let made = self.value_within(expr, scope);
                if let Ok(made) = made
                    && (terms.contains(&made.sql)
                        || made.column.is_none()
                            && self.params.len() == params
                            && !has_column(expr))
                {
                    self.grouping.terms = Some(terms);
                    return Ok(made);
                }
            }
            if let Expr::Column(parts) = expr {
                let is_outer = self
                    .value_within(
                        expr,
                        &Scope {
                            sources: scope.sources,
                            parent: None,
                        },
                    )
                    .is_err();
                let made = self.value_within(expr, scope)?;
                self.grouping.terms = Some(terms);
                return match is_outer {
                    true => Ok(made),
                    false => Err(SqlError::new(
                        8120,
                        16,
                        format!(
                            "Column '{}' is invalid in the select list because it is not contained in either an aggregate function or the GROUP BY clause.",
                            parts.join(".")
                        ),
                    )),
                };
            }
            self.grouping.terms = Some(terms);
        }
        self.value_within(expr, scope)
    }

    pub(super) fn value_within(&mut self, expr: &Expr, scope: &Scope) -> Result<Typed> {
        let constant = |value: Value, ty: Type| Typed::new(literal(&value), ty).certain();
        let database = self.env.facts.collation;
        Ok(match expr {
            Expr::Null => Typed::new("NULL", Type::new(K::Null)),
            Expr::Int(text) => match text.parse::<i32>() {
                Ok(number) => constant(Value::Integer(number.into()), Type::new(K::Int)),
                Err(_) => self.decimal_literal(text)?,
            },
            Expr::Decimal(text) => self.decimal_literal(text)?,
            Expr::Float(text) => {
                let number = text.parse().map_err(|_| SqlError::syntax(text))?;
                constant(Value::Real(number), Type::new(K::Float))
            }
            Expr::Text { text, national } => {
                let kind = if *national { K::NVarChar } else { K::VarChar };
                let mut ty = Type::sized(kind, MAX).with(database);
                let kept = match national {
                    true => text.clone(),
                    false => database.decode(&database.encode(text)),
                };
                let most = if *national { 4000 } else { 8000 };
                let length = values::length(&kept, ty);
                if length <= most {
                    ty.len = length.max(1) as u16;
                }
                constant(Value::Text(kept), ty)
            }
            Expr::Bytes(bytes) => {
                let len = if bytes.len() > 8000 {
                    MAX
                } else {
                    bytes.len().max(1) as u16
                };
                constant(Value::Blob(bytes.clone()), Type::sized(K::VarBinary, len))
            }
            Expr::Variable(name) => {
                let (ty, value) = self
                    .env
                    .variables
                    .get(name)
                    .ok_or_else(|| undeclared(name))?
                    .clone();
                let nullable = matches!(value, Value::Null);
                let mut made = Typed::new(self.bind(value), ty);
                made.nullable = nullable || !name.is_empty();
                made
            }
            Expr::Global(name) => self.global(name)?,
            Expr::Column(parts) => self.column(parts, scope)?,
            Expr::Negative(a) => {
                let a = self.value(a, scope)?;
                if !a.ty.is_number() {
                    return Err(SqlError::new(
                        8117,
                        16,
                        format!(
                            "Operand data type {} is invalid for minus operator.",
                            a.ty.name()
                        ),
                    ));
                }
                let mut made = Typed::new(
                    format!("t_call('negative', {}, {})", a.sql, a.ty.code()),
                    a.ty,
                );
                made.nullable = a.nullable;
                made
            }
            Expr::Arithmetic(op, a, b) => {
                let (a, b) = (self.value(a, scope)?, self.value(b, scope)?);
                self.arithmetic(*op, a, b)?
            }
            Expr::Case {
                operand,
                whens,
                otherwise,
            } => self.case(operand.as_deref(), whens, otherwise.as_deref(), scope)?,
            Expr::Cast {
                value,
                to,
                style,
                is_try,
            } => {
                let value = self.value(value, scope)?;
                let mut to = *to;
                if to.is_text() {
                    to.collation = if value.ty.is_text() {
                        value.ty.collation
                    } else {
                        database
                    };
                }
                let style = match style {
                    Some(style) => {
                        let style = self.value(style, scope)?;
                        self.as_int(&style)?
                    }
                    None => "0".to_owned(),
                };
                self.cast(&value, to, &style, *is_try)
            }
            Expr::Call(call) => self.call(call, scope)?,
            Expr::Subquery(query) => {
                let outer = std::mem::take(&mut self.grouping);
                let relation = self.query(query, Some(scope));
                self.grouping = outer;
                let relation = relation?;
                let [column] = &relation.columns[..] else {
                    return Err(SqlError::new(
                        116,
                        16,
                        "Only one expression can be specified in the select list when the subquery is not introduced with EXISTS.",
                    ));
                };
                let mut made = Typed::new(format!("({})", relation.sql), column.ty);
                made.strength = 1;
                made
            }
            Expr::Collate(a, name) => {
                let mut made = self.value(a, scope)?;
                let collation = Collation::named(name).ok_or_else(|| {
                    SqlError::new(448, 16, format!("Invalid collation '{name}'."))
                })?;
                if !made.ty.is_text() {
                    return Err(SqlError::new(
                        447,
                        16,
                        format!(
                            "Expression type {} is invalid for COLLATE clause.",
                            made.ty.name()
                        ),
                    ));
                }
                made.ty.collation = collation;
                made.strength = 2;
                made
            }
            _ => return Err(SqlError::syntax("a condition where a value is expected")),
        })
    }

    pub(super) fn decimal_literal(&self, text: &str) -> Result<Typed> {
        let (number, scale) = values::parse_decimal(text).ok_or_else(|| SqlError::syntax(text))?;
        let digits = number.unsigned_abs().to_string().len() as u8;
        if digits.max(scale) > 38 {
            return Err(SqlError::new(
                1007,
                15,
                format!(
                    "The number '{text}' is out of the range for numeric representation (maximum precision 38)."
                ),
            ));
        }
        Ok(Typed::new(
            literal(&values::decimal(number)),
            Type::decimal(digits.max(scale).max(1), scale),
        )
        .certain())
    }

    pub(super) fn column(&mut self, parts: &[String], scope: &Scope) -> Result<Typed> {
        let mut level = Some(scope);
        while let Some(scope) = level {
            let mut found = Vec::new();
            for source in scope.sources {
                let is_meant = match parts {
                    [_] => true,
                    [table, _] => same(table, &source.alias),
                    [schema, table, _] => {
                        same(table, &source.alias)
                            && source
                                .schema
                                .as_deref()
                                .is_some_and(|known| same(schema, known))
                    }
                    _ => false,
                };
                if !is_meant {
                    continue;
                }
                let name = parts.last().ok_or_else(|| SqlError::syntax("a name"))?;
                found.extend(
                    source
                        .columns
                        .iter()
                        .filter(|(column, _)| same(&column.name, name))
                        .map(|(column, place)| (column, format!("{}.{place}", source.place))),
                );
            }
            match &found[..] {
                [] => level = scope.parent,
                [(column, place)] => {
                    return Ok(Typed {
                        sql: place.clone(),
                        ty: column.ty,
                        nullable: column.nullable,
                        strength: 1,
                        column: Some((*column).clone()),
                    });
                }
                _ => {
                    return Err(SqlError::new(
                        209,
                        16,
                        format!("Ambiguous column name '{}'.", parts.join(".")),
                    ));
                }
            }
        }
        Err(match parts {
            [name] if name == "\u{1}default" => SqlError::syntax("DEFAULT"),
            [name] => SqlError::no_column(name),
            [.., table, name]
                if scope
                    .sources
                    .iter()
                    .any(|source| same(&source.alias, table)) =>
            {
                SqlError::no_column(name)
            }
            _ => SqlError::new(
                4104,
                16,
                format!(
                    "The multi-part identifier \"{}\" could not be bound.",
                    parts.join(".")
                ),
            ),
        })
    }

    pub(super) fn arithmetic(&mut self, op: char, a: Typed, b: Typed) -> Result<Typed> {
        let nullable = a.nullable || b.nullable;
        if op == '+'
            && (a.ty.is_text() || a.ty.kind == K::Null)
            && (b.ty.is_text() || b.ty.kind == K::Null)
            && !(a.ty.kind == K::Null && b.ty.kind == K::Null)
        {
            let mut ty = self.common(&[&a, &b])?;
            ty.kind = if ty.is_unicode() {
                K::NVarChar
            } else {
                K::VarChar
            };
            let most = if ty.is_unicode() { 4000 } else { 8000 };
            ty.len = if a.ty.len == MAX || b.ty.len == MAX {
                MAX
            } else {
                (a.ty.len + b.ty.len).min(most)
            };
            let strength = a.strength.max(b.strength);
            return Ok(Typed {
                sql: format!("({} || {})", a.sql, b.sql),
                ty,
                nullable,
                strength,
                column: None,
            });
        }
        // A text beside a number becomes one.
        let number = |value: Typed, other: Type| -> Result<Typed> {
            if value.ty.kind == K::Null {
                return Ok(Typed { ty: other, ..value });
            }
            if value.ty.is_number() {
                return Ok(value);
            }
            match value.ty.is_text() && other.is_number() {
                true => self.converted(&value, other),
                false => Err(SqlError::new(
                    402,
                    16,
                    format!(
                        "The data types {} and {} are incompatible in the {op} operator.",
                        value.ty.name(),
                        other.name()
                    ),
                )),
            }
        };
        let (at, bt) = (a.ty, b.ty);
        let a = number(a, bt)?;
        let b = number(b, at)?;
        let mut ty = arithmetic_type(op, a.ty, b.ty);
        if ty.kind == K::Null {
            ty = Type::new(K::Int);
        }
        if matches!(op, '&' | '|' | '^') && !ty.is_whole() {
            return Err(SqlError::new(
                402,
                16,
                format!(
                    "The data types {} and {} are incompatible in the '{op}' operator.",
                    at.name(),
                    bt.name()
                ),
            ));
        }
        let mut made = Typed::new(
            format!(
                "t_arithmetic('{op}', {}, {}, {}, {}, {})",
                a.sql,
                a.ty.code(),
                b.sql,
                b.ty.code(),
                ty.code()
            ),
            ty,
        );
        made.nullable = nullable;
        Ok(made)
    }

    pub(super) fn case(
        &mut self,
        operand: Option<&Expr>,
        whens: &[(Expr, Expr)],
        otherwise: Option<&Expr>,
        scope: &Scope,
    ) -> Result<Typed> {
        let operand = match operand {
            Some(operand) => Some(self.value(operand, scope)?),
            None => None,
        };
        let mut conditions = Vec::new();
        let mut results = Vec::new();
        for (when, then) in whens {
            conditions.push(match &operand {
                Some(operand) => {
                    let when = self.value(when, scope)?;
                    self.compare("=", operand, &when)?
                }
                None => self.condition(when, scope)?,
            });
            results.push(self.value(then, scope)?);
        }
        results.push(match otherwise {
            Some(otherwise) => self.value(otherwise, scope)?,
            None => Typed::new("NULL", Type::new(K::Null)),
        });
        let all: Vec<&Typed> = results.iter().collect();
        let ty = self.common(&all)?;
        if ty.kind == K::Null {
            return Err(SqlError::new(
                8133,
                16,
                "At least one of the result expressions in a CASE specification must be an expression other than the NULL constant.",
            ));
        }
        let mut sql = "CASE".to_owned();
        for (condition, result) in conditions.iter().zip(&results) {
            sql.push_str(&format!(
                " WHEN {condition} THEN {}",
                self.converted(result, ty)?.sql
            ));
        }
        if let Some(last) = results.last() {
            sql.push_str(&format!(" ELSE {} END", self.converted(last, ty)?.sql));
        }
        let mut made = Typed::new(sql, ty);
        made.nullable = results.iter().any(|result| result.nullable);
        made.strength = results
            .iter()
            .map(|result| result.strength)
            .max()
            .unwrap_or(0);
        Ok(made)
    }
}

fn has_column(expr: &Expr) -> bool {
    match expr {
        Expr::Column(_) | Expr::Subquery(_) => true,
        Expr::Arithmetic(_, a, b) => has_column(a) || has_column(b),
        Expr::Cast { value, .. } => has_column(value),
        Expr::Collate(a, _) | Expr::Negative(a) => has_column(a),
        Expr::Call(call) => call.args.iter().any(has_column),
        Expr::Case { .. } => true,
        _ => false,
    }
}
