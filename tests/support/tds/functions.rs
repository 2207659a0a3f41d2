//! T-SQL's functions and global variables.

use super::error::{Result, SqlError};
use super::syntax::*;
use super::translate::{Scope, Translator, Typed, is_aggregate};
use super::types::{Kind as K, MAX, Type};

pub(super) const NAME: Type = Type::sized(K::NVarChar, 128);

pub(super) fn wrong_count(name: &str) -> SqlError {
    SqlError::new(
        174,
        15,
        format!("The {name} function requires another number of arguments."),
    )
}

impl Translator<'_> {
    pub(super) fn call(&mut self, call: &Call, scope: &Scope) -> Result<Typed> {
        let name = call.name.as_str();
        if is_aggregate(name) {
            return self.aggregate(call, scope);
        }
        if let Some(over) = &call.over {
            return self.ranked(call, over, scope);
        }
        if call.is_star || call.is_distinct {
            return Err(SqlError::syntax(name));
        }
        if let Some(made) = self.told(call)? {
            return Ok(made);
        }
        if name == "iif" {
            let [condition, then, otherwise] = &call.args[..] else {
                return Err(wrong_count(name));
            };
            let case = Expr::Case {
                operand: None,
                whens: vec![(condition.clone(), then.clone())],
                otherwise: Some(Box::new(otherwise.clone())),
            };
            return self.value(&case, scope);
        }
        if name == "has_perms_by_name" {
            return self.permission(call);
        }
        let args: Vec<Typed> = call
            .args
            .iter()
            .map(|arg| self.value(arg, scope))
            .collect::<Result<_>>()?;
        let nullable = args.iter().any(|arg| arg.nullable);
        let mut made = self.of_values(name, &args)?;
        made.nullable = match name {
            "isnull" => args.get(1).is_none_or(|arg| arg.nullable),
            "coalesce" => args.iter().all(|arg| arg.nullable),
            "nullif" | "type_name" | "col_name" | "object_name" | "schema_name"
            | "collationproperty" => true,
            _ => nullable,
        };
        Ok(made)
    }

    fn of_values(&mut self, name: &str, args: &[Typed]) -> Result<Typed> {
        let database = self.env.facts.collation;
        let like_first = |sql: String, ty: Type| {
            let mut made = Typed::new(sql, ty);
            made.strength = args.first().map_or(0, |arg| arg.strength);
            made
        };
        // The first argument as a text, and the type that its parts have.
        let text = |translator: &Self| -> Result<(String, Type)> {
            let given = translator.as_text(args.first().ok_or_else(|| wrong_count(name))?)?;
            let mut ty = given.ty;
            ty.kind = if ty.is_unicode() {
                K::NVarChar
            } else {
                K::VarChar
            };
            Ok((given.sql, ty))
        };
        let with_len = |ty: Type, len: u16| Type { len, ..ty };
        let typed = |sql: String, kind: K| Typed::new(sql, Type::new(kind));
        Ok(match (name, args) {
            ("coalesce", [_, _, ..]) => {
                let all: Vec<&Typed> = args.iter().collect();
                let ty = self.common(&all)?;
                let parts: Vec<String> = args
                    .iter()
                    .map(|arg| self.converted(arg, ty).map(|arg| arg.sql))
                    .collect::<Result<_>>()?;
                like_first(format!("COALESCE({})", parts.join(", ")), ty)
            }
            ("isnull", [a, b]) => {
                let ty = if a.ty.kind == K::Null { b.ty } else { a.ty };
                let (a, b) = (self.converted(a, ty)?, self.converted(b, ty)?);
                like_first(format!("COALESCE({}, {})", a.sql, b.sql), ty)
            }
            ("nullif", [a, b]) => {
                let equal = self.compare("=", a, b)?;
                like_first(
                    format!("CASE WHEN {equal} THEN NULL ELSE {} END", a.sql),
                    a.ty,
                )
            }
            ("quotename", [_]) => {
                let (sql, _) = text(self)?;
                like_first(
                    format!("('[' || replace({sql}, ']', ']]') || ']')"),
                    Type::sized(K::NVarChar, 258).with(database),
                )
            }
            ("len", [_]) => typed(format!("t_call('len', {})", text(self)?.0), K::Int),
            ("datalength", [a]) => typed(
                format!("t_call('datalength', {}, {})", a.sql, a.ty.code()),
                K::Int,
            ),
            ("upper" | "lower" | "ltrim" | "rtrim", [_]) => {
                let (sql, ty) = text(self)?;
                like_first(format!("t_call('{name}', {sql})"), ty)
            }
            ("left" | "right", [_, count]) => {
                let (sql, ty) = text(self)?;
                like_first(
                    format!("t_call('{name}', {sql}, {})", self.as_int(count)?),
                    ty,
                )
            }
            ("substring", [a, start, count]) => {
                let (sql, ty) = if a.ty.is_bytes() {
                    (a.sql.clone(), with_len(Type::new(K::VarBinary), a.ty.len))
                } else {
                    text(self)?
                };
                like_first(
                    format!(
                        "t_call('substring', {sql}, {}, {})",
                        self.as_int(start)?,
                        self.as_int(count)?
                    ),
                    ty,
                )
            }
            ("charindex", [what, all]) => typed(
                format!(
                    "t_call('charindex', {}, {})",
                    self.as_text(what)?.sql,
                    self.as_text(all)?.sql
                ),
                K::Int,
            ),
            ("replace", [_, what, by]) => {
                let (sql, ty) = text(self)?;
                let most = if ty.is_unicode() { 4000 } else { 8000 };
                let ty = with_len(ty, if ty.len == MAX { MAX } else { most });
                like_first(
                    format!(
                        "t_call('replace', {sql}, {}, {})",
                        self.as_text(what)?.sql,
                        self.as_text(by)?.sql
                    ),
                    ty,
                )
            }
            ("concat", [_, _, ..]) => {
                let mut parts = Vec::new();
                let mut ty = Type::sized(K::VarChar, 8000).with(database);
                for arg in args {
                    let part = self.as_text(arg)?;
                    if part.ty.is_unicode() {
                        ty = Type::sized(K::NVarChar, 4000).with(database);
                    }
                    parts.push(format!("COALESCE({}, '')", part.sql));
                }
                Typed::new(format!("({})", parts.join(" || ")), ty)
            }
            ("abs" | "sign" | "floor" | "ceiling", [a]) if a.ty.is_number() => like_first(
                format!("t_call('{name}', {}, {})", a.sql, a.ty.code()),
                a.ty,
            ),
            ("round", [a, digits]) if a.ty.is_number() => like_first(
                format!(
                    "t_call('round', {}, {}, {}, 0)",
                    a.sql,
                    a.ty.code(),
                    self.as_int(digits)?
                ),
                a.ty,
            ),
            ("round", [a, digits, cut]) if a.ty.is_number() => {
                let (digits, cut) = (self.as_int(digits)?, self.as_int(cut)?);
                like_first(
                    format!(
                        "t_call('round', {}, {}, {digits}, {cut})",
                        a.sql,
                        a.ty.code()
                    ),
                    a.ty,
                )
            }
            ("dateadd", [unit, count, moment]) => {
                let moment = match moment.ty.is_time() {
                    true => moment.clone(),
                    false => self.converted(moment, Type::new(K::DateTime))?,
                };
                Typed::new(
                    format!(
                        "t_call('dateadd', {}, {}, {}, {})",
                        unit.sql,
                        self.as_int(count)?,
                        moment.sql,
                        moment.ty.code()
                    ),
                    moment.ty,
                )
            }
            ("datediff" | "datediff_big", [unit, from, to]) => {
                let is_big = name == "datediff_big";
                let ticks = |value: &Typed| -> Result<String> {
                    let target = Type::timed(
                        if value.ty.is_text() || value.ty.kind == K::DateTimeOffset {
                            K::DateTimeOffset
                        } else {
                            K::DateTime2
                        },
                        7,
                    );
                    let value = self.converted(value, target)?;
                    // An offset's ticks, in UTC.
                    Ok(match target.kind {
                        K::DateTimeOffset => {
                            let utc = format!("t_call('switchoffset', {}, '+00:00')", value.sql);
                            format!(
                                "t_cast({utc}, {}, {}, 0)",
                                target.code(),
                                Type::timed(K::DateTime2, 7).code()
                            )
                        }
                        _ => value.sql,
                    })
                };
                let sql = format!(
                    "t_call('datediff', {}, {}, {}, {})",
                    unit.sql,
                    ticks(from)?,
                    ticks(to)?,
                    i32::from(is_big)
                );
                typed(sql, if is_big { K::BigInt } else { K::Int })
            }
            ("datepart", [unit, moment]) => {
                let moment = self.converted(moment, Type::timed(K::DateTime2, 7))?;
                typed(
                    format!("t_call('datepart', {}, {})", unit.sql, moment.sql),
                    K::Int,
                )
            }
            ("year" | "month" | "day", [moment]) => {
                let moment = self.converted(moment, Type::timed(K::DateTime2, 7))?;
                typed(
                    format!("t_call('datepart', '{name}', {})", moment.sql),
                    K::Int,
                )
            }
            ("switchoffset", [moment, offset]) => {
                let moment = self.converted(
                    moment,
                    Type::timed(
                        K::DateTimeOffset,
                        if moment.ty.is_time() {
                            moment.ty.scale
                        } else {
                            7
                        },
                    ),
                )?;
                let ty = moment.ty;
                Typed::new(
                    format!(
                        "t_call('switchoffset', {}, {})",
                        moment.sql,
                        self.as_text(offset)?.sql
                    ),
                    ty,
                )
            }
            ("type_name", [id]) => Typed::new(
                format!(
                    r#"(SELECT name FROM "sys.types" WHERE user_type_id = {})"#,
                    self.as_int(id)?
                ),
                NAME,
            ),
            ("schema_name", [id]) => Typed::new(
                format!(
                    r#"(SELECT name FROM "sys.schemas" WHERE schema_id = {})"#,
                    self.as_int(id)?
                ),
                NAME,
            ),
            ("object_name", [id]) => Typed::new(
                format!(
                    r#"(SELECT name FROM "sys.objects" WHERE object_id = {})"#,
                    self.as_int(id)?
                ),
                NAME,
            ),
            ("col_name", [table, column]) => {
                let (table, column) = (self.as_int(table)?, self.as_int(column)?);
                Typed::new(
                    format!(
                        r#"(SELECT name FROM "sys.columns" WHERE object_id = {table} AND column_id = {column})"#
                    ),
                    NAME,
                )
            }
            ("collationproperty", [collation, property]) => {
                if !property.sql.eq_ignore_ascii_case("'CodePage'") {
                    return Err(SqlError::syntax(&property.sql));
                }
                typed(
                    format!("t_call('collation_code_page', {})", collation.sql),
                    K::Int,
                )
            }
            _ => {
                return Err(SqlError::new(
                    195,
                    15,
                    format!(
                        "'{name}' is not a recognized built-in function name, or not with these arguments."
                    ),
                ));
            }
        })
    }
}
