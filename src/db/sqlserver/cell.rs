//! Values on their way into columns: which parameter carries one, and what the server would change in silence.

use super::catalog::Described;
use super::dialect::param;
use super::types::Declared;
use crate::db::{DbError, DbErrorKind, Result};
use crate::value::{Decimal, Type, Value};
use chrono::Timelike;
use std::borrow::Cow;
use std::fmt::Write;
use tiberius::ColumnData;

/// A column as values for it are sent.
#[derive(Clone)]
pub(super) struct Target {
    pub declared: Declared,
    pub is_identity: bool,
    pub is_writable: bool,
}

impl From<&Described> for Target {
    fn from(described: &Described) -> Self {
        Target {
            declared: described.declared.clone(),
            is_identity: described.is_identity,
            is_writable: described.is_writable(),
        }
    }
}

/// A statement under construction.
pub(super) struct Statement {
    pub text: String,
    pub params: Vec<ColumnData<'static>>,
    /// Parameters of those that it comes behind.
    before: usize,
}

impl Statement {
    pub fn new(text: &str) -> Self {
        Statement::after(0, text)
    }

    /// Part of a batch that has so many parameters before.
    pub fn after(before: usize, text: &str) -> Self {
        Statement {
            text: text.to_owned(),
            params: Vec::new(),
            before,
        }
    }

    pub fn text(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    pub fn param(&mut self, data: ColumnData<'static>) -> &mut Self {
        self.params.push(data);
        let _ = write!(self.text, "@P{}", self.before + self.params.len());
        self
    }

    /// A value for a column; `is_key`: to be compared with it.
    pub fn cell(
        &mut self,
        value: &Value,
        column: &str,
        target: &Target,
        is_key: bool,
    ) -> Result<()> {
        let data = cell(value, target).map_err(|why| misfit(column, target, value, why))?;
        match (target.declared.exact(), is_key) {
            (Some((precision, scale)), _) if matches!(data, ColumnData::String(_)) => {
                self.text("CAST(").param(data);
                self.text(&format!(" AS decimal({precision},{scale}))"));
            }
            // Else the server would convert the column instead, row by row, past its index.
            (None, true) if target.declared.is_narrow_text() => {
                self.text("CAST(").param(data);
                if let Some(collation) = &target.declared.collation {
                    self.text(" COLLATE ").text(collation);
                }
                self.text(" AS varchar(8000))");
            }
            // A column of a table of values has the database's collation, which another one cannot be compared with.
            (None, true) if target.declared.is_wide_text() => {
                self.param(data);
                if let Some(collation) = &target.declared.collation {
                    self.text(" COLLATE ").text(collation);
                }
            }
            // Beside a datetime2 the server shows a datetime's steps with more places than it is written with.
            (_, true) if matches!(target.declared.name.as_str(), "datetime" | "smalldatetime") => {
                self.text("CAST(").param(data).text(" AS datetime)");
            }
            _ => {
                self.param(data);
            }
        }
        Ok(())
    }
}

pub(super) fn misfit(column: &str, target: &Target, value: &Value, why: &str) -> DbError {
    DbError::new(
        DbErrorKind::Misfit,
        format_args!(
            "column `{column}` ({}) cannot hold {}: {why}",
            target.declared.text(),
            value.show()
        ),
    )
}

/// The parameter that carries a value to a column, NULL of the column's sort.
pub(super) fn cell(
    value: &Value,
    target: &Target,
) -> std::result::Result<ColumnData<'static>, &'static str> {
    let declared = &target.declared;
    if !target.is_writable {
        return Err(
            "it is not written by anybody but the server, or of a type that ponte does not write",
        );
    }
    match value {
        Value::Null => Ok(null(&declared.ty())),
        Value::Decimal(number) => match declared.exact() {
            Some((_, scale)) if number.digits_after() > scale => Err("it has no places for it"),
            Some(_) => Ok(text(number.to_plain())),
            None => param(value).map_err(|_| "it has too many digits"),
        },
        Value::Int(_) | Value::UInt(_) if declared.exact().is_some() => {
            Ok(text(value.plain().into_owned()))
        }
        Value::Text(own) if declared.exact().is_some() => Decimal::parse(own.trim())
            .map(|number| text(number.to_plain()))
            .map_err(|_| "it is no number"),
        Value::Text(own) | Value::Json(own) => {
            check_code_page(own, declared)?;
            Ok(text(own.clone()))
        }
        Value::DateTime(wall) => {
            check_step(wall.time(), declared)?;
            param(value).map_err(|_| "it cannot be sent")
        }
        _ => param(value).map_err(|_| "SQL Server has no such number"),
    }
}

fn text(text: String) -> ColumnData<'static> {
    ColumnData::String(Some(Cow::Owned(text)))
}

/// A table of values takes its columns' types from all rows: each NULL has the type of its column's values.
fn null(ty: &Type) -> ColumnData<'static> {
    match ty {
        Type::Bool => ColumnData::Bit(None),
        Type::Int { .. } => ColumnData::I64(None),
        Type::Float { .. } => ColumnData::F64(None),
        Type::Bytes { .. } => ColumnData::Binary(None),
        Type::Date => ColumnData::Date(None),
        Type::Time { .. } => ColumnData::Time(None),
        Type::DateTime { .. } => ColumnData::DateTime2(None),
        Type::Timestamp { .. } => ColumnData::DateTimeOffset(None),
        Type::Uuid => ColumnData::Guid(None),
        _ => ColumnData::String(None),
    }
}

/// The server puts a question mark for what a code page lacks.
fn check_code_page(text: &str, declared: &Declared) -> std::result::Result<(), &'static str> {
    if !declared.is_narrow_text() || text.is_ascii() {
        return Ok(());
    }
    let Some(encoding) = encoding(declared.code_page) else {
        return Ok(());
    };
    match encoding.encode(text).2 {
        true => Err("its code page has not all of these characters"),
        false => Ok(()),
    }
}

/// `None`: all characters, or a code page that is not known here.
fn encoding(code_page: Option<u32>) -> Option<&'static encoding_rs::Encoding> {
    Some(match code_page? {
        874 => encoding_rs::WINDOWS_874,
        932 => encoding_rs::SHIFT_JIS,
        936 => encoding_rs::GBK,
        949 => encoding_rs::EUC_KR,
        950 => encoding_rs::BIG5,
        1250 => encoding_rs::WINDOWS_1250,
        1251 => encoding_rs::WINDOWS_1251,
        1252 => encoding_rs::WINDOWS_1252,
        1253 => encoding_rs::WINDOWS_1253,
        1254 => encoding_rs::WINDOWS_1254,
        1255 => encoding_rs::WINDOWS_1255,
        1256 => encoding_rs::WINDOWS_1256,
        1257 => encoding_rs::WINDOWS_1257,
        1258 => encoding_rs::WINDOWS_1258,
        _ => return None,
    })
}

/// `datetime` goes by three-hundredths of a second, which end in 0, 3 and 7 thousandths; `smalldatetime` by minutes. Between
/// them the server would round.
fn check_step(
    time: chrono::NaiveTime,
    declared: &Declared,
) -> std::result::Result<(), &'static str> {
    let nanos = time.nanosecond();
    let fits = match declared.name.as_str() {
        "datetime" => {
            nanos.is_multiple_of(1_000_000) && matches!(nanos / 1_000_000 % 10, 0 | 3 | 7)
        }
        "smalldatetime" => nanos == 0 && time.second() == 0,
        _ => true,
    };
    match fits {
        true => Ok(()),
        false => Err("its steps are wider"),
    }
}
