//! Many new rows by the protocol's bulk load: into a temporary table first, whose columns have the types that values travel in, then by one
//! statement into the table itself, as if they were inserted: defaults, checks and triggers hold, and what does not fit is an error.

use super::catalog::full_name;
use super::cell::{Target, cell, misfit};
use super::dialect::PARAMS_MAX;
use super::session::{Pending, SqlServerSession, timed};
use super::write::idents;
use crate::db::query::Insert;
use crate::db::{DbError, DbErrorKind, Result};
use tiberius::{ColumnData, TokenRow};

const TABLE: &str = "#ponte_load";
/// Statements with parameters are as good for what fits in so many.
const STATEMENTS_MIN: usize = 4;
/// Rows at most: from 5,000 locks of a statement on, the server locks the whole table instead.
const ROWS_MAX: usize = 2_000;
/// UTF-16 units of a text, bytes of a binary value, that are no `(max)`.
const WIDE_MAX: usize = 4_000;
const BINARY_MAX: usize = 8_000;
/// Bytes of a value that the driver loads, whatever a `(max)` may hold; longer ones go by statements.
const LOADED_MAX: usize = 65_535;

/// How the values of a column travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Bit,
    Bigint,
    Float,
    Text,
    LongText,
    Binary,
    LongBinary,
    Date,
    Time,
    DateTime,
    Offset,
    Guid,
}

impl Form {
    /// `None` for what has no form of its own here.
    fn of(data: &ColumnData<'_>) -> Option<Form> {
        Some(match data {
            // A text has no more units than bytes, and each is two.
            ColumnData::String(Some(text))
                if 2 * text.len() > LOADED_MAX && 2 * text.encode_utf16().count() > LOADED_MAX =>
            {
                return None;
            }
            ColumnData::Binary(Some(bytes)) if bytes.len() > LOADED_MAX => return None,
            ColumnData::Bit(_) => Form::Bit,
            ColumnData::I64(_) => Form::Bigint,
            ColumnData::F64(_) => Form::Float,
            ColumnData::String(Some(text))
                if text.len() > WIDE_MAX && text.encode_utf16().count() > WIDE_MAX =>
            {
                Form::LongText
            }
            ColumnData::String(_) => Form::Text,
            ColumnData::Binary(Some(bytes)) if bytes.len() > BINARY_MAX => Form::LongBinary,
            ColumnData::Binary(_) => Form::Binary,
            ColumnData::Date(_) => Form::Date,
            ColumnData::Time(_) => Form::Time,
            ColumnData::DateTime2(_) => Form::DateTime,
            ColumnData::DateTimeOffset(_) => Form::Offset,
            ColumnData::Guid(_) => Form::Guid,
            _ => return None,
        })
    }

    /// The form that holds both; `None` if there is none.
    fn with(self, other: Form) -> Option<Form> {
        match (self, other) {
            (a, b) if a == b => Some(a),
            (Form::Text | Form::LongText, Form::Text | Form::LongText) => Some(Form::LongText),
            (Form::Binary | Form::LongBinary, Form::Binary | Form::LongBinary) => {
                Some(Form::LongBinary)
            }
            _ => None,
        }
    }

    fn declared(self) -> &'static str {
        match self {
            Form::Bit => "bit",
            Form::Bigint => "bigint",
            Form::Float => "float",
            Form::Text => "nvarchar(4000)",
            Form::LongText => "nvarchar(max)",
            Form::Binary => "varbinary(8000)",
            Form::LongBinary => "varbinary(max)",
            Form::Date => "date",
            Form::Time => "time(7)",
            Form::DateTime => "datetime2(7)",
            Form::Offset => "datetimeoffset(7)",
            Form::Guid => "uniqueidentifier",
        }
    }
}

impl SqlServerSession {
    /// True if the rows were inserted; otherwise nothing was, and they go by statements.
    pub(super) async fn load(&mut self, insert: &Insert, targets: &[Target]) -> Result<bool> {
        let has_numbers = targets.iter().any(|target| target.is_identity);
        let values = insert.rows.len() * insert.columns.len();
        if has_numbers || values <= STATEMENTS_MIN * PARAMS_MAX {
            return Ok(false);
        }
        let Some(Cells { forms, rows }) = cells(insert, targets)? else {
            return Ok(false);
        };
        let (create, fill) = statements(insert, targets, &forms);
        let mut rows = rows.into_iter();
        while rows.len() > 0 {
            let rows: Vec<TokenRow<'static>> = rows.by_ref().take(ROWS_MAX).collect();
            let sent = rows.len();
            self.link.batch(&create).await?;
            self.bulk(rows).await?;
            let counted = self.link.rows(&fill, Vec::new()).await?;
            let count = counted.first().map_or(0, |row| row.int(0));
            if usize::try_from(count) != Ok(sent) {
                return Err(DbError::new(
                    DbErrorKind::Refused,
                    format_args!("of {sent} rows {count} arrived in `{}`", insert.table),
                ));
            }
        }
        Ok(true)
    }

    async fn bulk(&mut self, rows: Vec<TokenRow<'static>>) -> Result<()> {
        self.link.ready().await?;
        let (client, limit, pending) = self.link.parts();
        // Half a load is none that a next statement could follow.
        *pending = Pending::Broken;
        let work = async {
            let mut request = client.bulk_insert(TABLE).await?;
            for row in rows {
                request.send(row).await?;
            }
            request.finalize().await
        };
        let mut given_up = Pending::Nothing;
        let done = timed(limit, work, &mut given_up).await;
        let is_sound = match &done {
            Ok(_) => true,
            Err(error) => error.code.is_some(),
        };
        if is_sound {
            *pending = Pending::Nothing;
        }
        done.map(drop)
    }
}

/// Rows as they travel, and the forms of their columns.
pub(super) struct Cells {
    pub(super) forms: Vec<Form>,
    rows: Vec<TokenRow<'static>>,
}

/// `None` if the values of a column have several forms.
pub(super) fn cells(insert: &Insert, targets: &[Target]) -> Result<Option<Cells>> {
    let mut forms: Vec<Option<Form>> = vec![None; targets.len()];
    let mut rows = Vec::with_capacity(insert.rows.len());
    for row in &insert.rows {
        let mut sent = TokenRow::with_capacity(row.len());
        let columns = insert.columns.iter().zip(targets);
        for (at, (value, (column, target))) in row.iter().zip(columns).enumerate() {
            let data = cell(value, target).map_err(|why| misfit(column, target, value, why))?;
            let form = Form::of(&data);
            let both = match (forms[at], form) {
                (None, form) => form,
                (Some(known), Some(form)) => known.with(form),
                (Some(_), None) => None,
            };
            if both.is_none() {
                return Ok(None);
            }
            forms[at] = both;
            sent.push(data);
        }
        rows.push(sent);
    }
    let forms: Option<Vec<Form>> = forms.into_iter().collect();
    Ok(forms.map(|forms| Cells { forms, rows }))
}

/// The one that makes the temporary table, and the one that takes its rows and removes it.
pub(super) fn statements(insert: &Insert, targets: &[Target], forms: &[Form]) -> (String, String) {
    let columns = forms.iter().enumerate();
    let declared: Vec<String> = columns
        .map(|(at, form)| format!("[c{at}] {} NULL", form.declared()))
        .collect();
    let taken = targets.iter().zip(forms).enumerate();
    let taken: Vec<String> = taken
        .map(
            |(at, (target, form))| match (target.declared.exact(), form) {
                (Some((precision, scale)), Form::Text) => {
                    format!("CAST([c{at}] AS decimal({precision},{scale}))")
                }
                _ => format!("[c{at}]"),
            },
        )
        .collect();
    (
        format!("CREATE TABLE {TABLE} ({})", declared.join(", ")),
        format!(
            "SET NOCOUNT ON; INSERT INTO {} ({}) SELECT {} FROM {TABLE}; SELECT @@ROWCOUNT; DROP TABLE {TABLE}",
            full_name(&insert.table),
            idents(&insert.columns),
            taken.join(", ")
        ),
    )
}
