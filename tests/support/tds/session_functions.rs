//! Functions and global variables that answer from the session or the catalog, with nothing of the rows.

use super::catalog::{self, same};
use super::error::{Result, SqlError};
use super::expressions::literal;
use super::functions::{NAME, wrong_count};
use super::syntax::*;
use super::translate::{Scope, Translator, Typed};
use super::types::{Kind as K, Type};
use super::values;
use rusqlite::types::Value;

impl Translator<'_> {
    pub(super) fn global(&mut self, name: &str) -> Result<Typed> {
        let facts = self.env.facts;
        let int = |number: i64| Ok(Typed::new(number.to_string(), Type::new(K::Int)).certain());
        match name {
            "rowcount" => int(facts.row_count),
            "trancount" => int(facts.transactions),
            "error" => int(facts.error),
            "spid" => Ok(Typed::new(facts.spid.to_string(), Type::new(K::SmallInt)).certain()),
            "lock_timeout" => int(facts.lock_timeout),
            "dbts" => Ok(self.row_version(facts.row_version)),
            "version" => {
                let text = format!(
                    "Microsoft SQL Server - {} (stand-in for tests)",
                    facts.version
                );
                Ok(
                    Typed::new(literal(&Value::Text(text)), Type::sized(K::NVarChar, 300))
                        .certain(),
                )
            }
            _ => Err(SqlError::new(
                137,
                15,
                format!("Must declare the scalar variable \"@@{name}\"."),
            )),
        }
    }

    pub(super) fn identity(&mut self) -> Result<Typed> {
        let value = self
            .env
            .facts
            .identity
            .map_or(Value::Null, |number| values::decimal(number.into()));
        Ok(Typed::new(literal(&value), Type::decimal(38, 0)))
    }

    pub(super) fn row_version(&mut self, number: i64) -> Typed {
        Typed::new(
            literal(&Value::Blob(number.to_be_bytes().to_vec())),
            Type::sized(K::VarBinary, 8),
        )
    }

    /// A value that no row is needed for, worked out now.
    pub(super) fn constant(&mut self, expr: &Expr) -> Result<Value> {
        let nowhere = Scope {
            sources: &[],
            parent: None,
        };
        let outer = std::mem::take(&mut self.grouping);
        let value = self.value(expr, &nowhere);
        self.grouping = outer;
        let sql = format!("SELECT {}", value?.sql);
        let mut statement = self.env.connection.prepare(&sql)?;
        for at in 0..statement.parameter_count() {
            statement.raw_bind_parameter(at + 1, &self.params[at])?;
        }
        let mut rows = statement.raw_query();
        let row = rows
            .next()?
            .ok_or_else(|| SqlError::internal("a constant without a row"))?;
        Ok(row.get(0)?)
    }

    /// A name as text: `[schema].[table]`, `table`, `tempdb..#t`.
    pub(super) fn named(&mut self, expr: &Expr) -> Result<Option<Name>> {
        let Value::Text(text) = self.constant(expr)? else {
            return Ok(None);
        };
        let mut parts = vec![String::new()];
        let mut rest = text.chars().peekable();
        let mut in_brackets = false;
        while let Some(c) = rest.next() {
            match c {
                '[' if !in_brackets => in_brackets = true,
                ']' if in_brackets => {
                    if rest.peek() == Some(&']') {
                        rest.next();
                        parts
                            .last_mut()
                            .ok_or_else(|| SqlError::internal("a name"))?
                            .push(']');
                    } else {
                        in_brackets = false;
                    }
                }
                '.' if !in_brackets => parts.push(String::new()),
                c => parts
                    .last_mut()
                    .ok_or_else(|| SqlError::internal("a name"))?
                    .push(c),
            }
        }
        let name = parts.pop().unwrap_or_default();
        Ok(Some(Name {
            schema: parts.pop().filter(|schema| !schema.is_empty()),
            name,
        }))
    }

    pub(super) fn object_id(&mut self, name: &Expr, kind: Option<&Expr>) -> Result<Option<i64>> {
        let Some(name) = self.named(name)? else {
            return Ok(None);
        };
        let kind = match kind {
            Some(kind) => match self.constant(kind)? {
                Value::Text(kind) => Some(kind.trim_end().to_uppercase()),
                _ => return Ok(None),
            },
            None => None,
        };
        if name.name.starts_with('#') {
            return Ok(self
                .env
                .own
                .contains_key(&name.name.to_lowercase())
                .then_some(-7));
        }
        let found = catalog::object(self.env.connection, &name)?;
        Ok(found
            .filter(|(_, found)| kind.is_none_or(|kind| found.trim_end() == kind))
            .map(|(id, _)| id))
    }

    /// Functions that answer from the session or the catalog, with nothing of the rows.
    pub(super) fn told(&mut self, call: &Call) -> Result<Option<Typed>> {
        let facts = self.env.facts;
        let text = |text: &str| {
            Ok(Some(Typed::new(
                literal(&Value::Text(text.to_owned())),
                NAME,
            )))
        };
        let int = |number: i64| Typed::new(number.to_string(), Type::new(K::Int));
        let maybe = |number: Option<i64>| {
            Ok(Some(Typed::new(
                number.map_or("NULL".to_owned(), |number| number.to_string()),
                Type::new(K::Int),
            )))
        };
        let ticks = |ticks: i64, ty: Type| Ok(Some(Typed::new(ticks.to_string(), ty).certain()));
        match (call.name.as_str(), &call.args[..]) {
            ("sysutcdatetime" | "sysdatetime", []) => {
                ticks(facts.now, Type::timed(K::DateTime2, 7))
            }
            ("getdate" | "getutcdate", []) => ticks(
                super::moments::of_datetime(facts.now),
                Type::new(K::DateTime),
            ),
            ("sysdatetimeoffset", []) => {
                let value = values::moment_with_offset(facts.now, 0);
                Ok(Some(
                    Typed::new(literal(&value), Type::timed(K::DateTimeOffset, 7)).certain(),
                ))
            }
            ("newid", []) => Ok(Some(
                Typed::new("t_newid()", Type::new(K::UniqueIdentifier)).certain(),
            )),
            ("scope_identity", []) => self.identity().map(Some),
            ("min_active_rowversion", []) => Ok(Some(self.row_version(facts.row_version_active))),
            ("xact_state", []) => {
                let mut made = int(i64::from(facts.transactions > 0));
                made.ty = Type::new(K::SmallInt);
                Ok(Some(made))
            }
            ("db_name", []) => text(&facts.database),
            ("db_id", []) => {
                let mut made = int(facts.database_id);
                made.ty = Type::new(K::SmallInt);
                Ok(Some(made))
            }
            ("user_name" | "suser_sname" | "suser_name" | "original_login", []) => {
                text(&facts.user)
            }
            ("schema_name", []) => text("dbo"),
            ("app_name" | "host_name", []) => text("client"),
            ("schema_id", []) => maybe(Some(1)),
            ("schema_id", [name]) => {
                let Value::Text(name) = self.constant(name)? else {
                    return maybe(None);
                };
                maybe(catalog::schema_id(self.env.connection, &name)?)
            }
            ("object_id", [name]) => maybe(self.object_id(name, None)?),
            ("object_id", [name, kind]) => maybe(self.object_id(name, Some(kind))?),
            ("serverproperty", [name]) => {
                let Value::Text(name) = self.constant(name)? else {
                    return Err(SqlError::syntax("SERVERPROPERTY"));
                };
                let value = match name.to_lowercase().as_str() {
                    "productversion" => facts.version.clone(),
                    "engineedition" => facts.edition.to_string(),
                    "productlevel" => "SP4".to_owned(),
                    "edition" => "Stand-in for tests".to_owned(),
                    "collation" => facts.collation.name().to_owned(),
                    _ => return Ok(Some(Typed::new("NULL", NAME))),
                };
                // A sql_variant on the real server: it must be converted, as all do who read it.
                text(&value)
            }
            ("databasepropertyex", [_, name]) => {
                let Value::Text(name) = self.constant(name)? else {
                    return Err(SqlError::syntax("DATABASEPROPERTYEX"));
                };
                match name.to_lowercase().as_str() {
                    "updateability" => text(if facts.read_only {
                        "READ_ONLY"
                    } else {
                        "READ_WRITE"
                    }),
                    "collation" => text(facts.collation.name()),
                    "status" => text("ONLINE"),
                    "recovery" => text("SIMPLE"),
                    _ => Ok(Some(Typed::new("NULL", NAME))),
                }
            }
            ("change_tracking_current_version", []) => {
                let on = catalog::option(self.env.connection, "CHANGE_TRACKING")?.as_deref()
                    == Some("ON");
                let sql = if on {
                    r#"(SELECT COALESCE(MAX(version), 0) FROM "own.changes")"#
                } else {
                    "NULL"
                };
                Ok(Some(Typed::new(sql, Type::new(K::BigInt))))
            }
            ("change_tracking_min_valid_version", [table]) => {
                let nowhere = super::translate::Scope {
                    sources: &[],
                    parent: None,
                };
                let table = self.value(table, &nowhere)?;
                // What was tracked before it was switched on anew is gone.
                let sql = format!(
                    r#"(SELECT CAST(COALESCE(k.value, 0) AS INTEGER) FROM "sys.objects" o LEFT JOIN "own.options" k ON k.name = 'TRACKED ' || o.object_id
                        WHERE o.is_tracked = 1 AND o.object_id = {})"#,
                    table.sql
                );
                Ok(Some(Typed::new(sql, Type::new(K::BigInt))))
            }
            ("error_number", []) => maybe(facts.caught.as_ref().map(|error| error.number.into())),
            ("error_severity", []) => maybe(facts.caught.as_ref().map(|error| error.class.into())),
            ("error_state", []) => maybe(facts.caught.as_ref().map(|error| error.state.into())),
            ("error_message", []) => {
                let value = facts
                    .caught
                    .as_ref()
                    .map_or(Value::Null, |error| Value::Text(error.message.clone()));
                Ok(Some(Typed::new(
                    literal(&value),
                    Type::sized(K::NVarChar, 4000),
                )))
            }
            _ => Ok(None),
        }
    }

    /// HAS_PERMS_BY_NAME: all is permitted on what there is.
    pub(super) fn permission(&mut self, call: &Call) -> Result<Typed> {
        let [object, class, permission, ..] = &call.args[..] else {
            return Err(wrong_count("has_perms_by_name"));
        };
        let Value::Text(class) = self.constant(class)? else {
            return Err(SqlError::syntax("HAS_PERMS_BY_NAME"));
        };
        let is_there = match class.to_uppercase().as_str() {
            "DATABASE" => match self.constant(object)? {
                Value::Null => true,
                Value::Text(name) => same(&name, &self.env.facts.database),
                _ => false,
            },
            "OBJECT" => match self.object_id(object, None)? {
                Some(id) => {
                    let Value::Text(permission) = self.constant(permission)? else {
                        return Err(SqlError::syntax("HAS_PERMS_BY_NAME"));
                    };
                    let granted = match &self.env.facts.grants {
                        Some(grants) => grants.iter().any(|(known, name)| {
                            *known == id && name.eq_ignore_ascii_case(&permission)
                        }),
                        None => true,
                    };
                    return Ok(Typed::new(
                        i32::from(granted).to_string(),
                        Type::new(K::Int),
                    ));
                }
                None => false,
            },
            other => return Err(SqlError::syntax(other)),
        };
        Ok(Typed::new(
            if is_there { "1" } else { "NULL" },
            Type::new(K::Int),
        ))
    }
}
