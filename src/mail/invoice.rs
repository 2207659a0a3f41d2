//! The file of an invoice: from a folder, or from the ERP's database. It is bounded, and must be a PDF.

use crate::db::query::Query;
use crate::db::template::{self, Bound};
use crate::db::{self, DbErrorKind, EngineKind, Session};
use crate::fulfilment::erp::unbound;
use crate::plan::ServerSql;
use crate::plan::mail::InvoiceFile;
use crate::value::Value;
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

/// What mail servers mostly take is 20 MiB or more, and an attachment grows by a third on its way.
const FILE_MAX: u64 = 10 << 20;

/// A file that was written to more recently may not be whole: some PDFs have an end in their middle, too.
const QUIET: Duration = Duration::from_secs(3);

/// Why a mail cannot go out.
#[derive(Debug, PartialEq, Eq)]
pub enum NotReady {
    /// The invoice's file is not there, or not whole: ERPs write it after the invoice's number, mostly.
    NotYet(String),
    /// It will not come right by itself.
    Wrong(String),
}

/// Name and content of the invoice's file, or why there is none.
///
/// # Errors
/// Those of the ERP's database, as far as they are not about this invoice.
pub async fn attachment(
    file: &InvoiceFile,
    erp: &mut dyn Session,
    invoice: &str,
) -> db::Result<Result<(String, Vec<u8>), NotReady>> {
    // A number with a slash in it names no other folder.
    let safe = invoice.replace(['/', '\\'], "-");
    let bytes = match file {
        InvoiceFile::Path(path) => read(path, &safe),
        InvoiceFile::Blob(sql) => match fetch(sql, erp, invoice).await {
            Ok(bytes) => bytes,
            Err(error) if error.is_transient() || error.kind == DbErrorKind::LeaseLost => {
                return Err(error);
            }
            Err(error) => Err(NotReady::Wrong(format!(
                "the query for the invoice's file: {error}"
            ))),
        },
    };
    let what = |why: &str| format!("the file of invoice `{invoice}` {why}");
    Ok(bytes.and_then(|bytes| match bytes.as_slice() {
        [] => Err(NotReady::NotYet(what("is empty"))),
        // Some programs write a few bytes before the mark.
        bytes if !has_mark(bytes) => Err(NotReady::Wrong(what("is no PDF"))),
        _ => Ok((format!("{safe}.pdf"), bytes)),
    }))
}

fn has_mark(bytes: &[u8]) -> bool {
    let start = &bytes[..bytes.len().min(1024)];
    start.windows(5).any(|five| five == b"%PDF-")
}

fn too_large(invoice: &str, bytes: u64) -> NotReady {
    NotReady::Wrong(format!(
        "the file of invoice `{invoice}` has {} MiB; a mail takes {} MiB",
        bytes.div_ceil(1 << 20),
        FILE_MAX >> 20
    ))
}

fn no_file(invoice: &str) -> NotReady {
    NotReady::NotYet(format!("the ERP has no file of invoice `{invoice}`"))
}

fn read(path: &Path, invoice: &str) -> Result<Vec<u8>, NotReady> {
    let path = path.to_string_lossy().replace("{invoice}", invoice);
    let unreadable = |error: std::io::Error| {
        let why = format!("the invoice's file `{path}` cannot be read: {error}");
        match error.kind() {
            ErrorKind::NotFound => NotReady::NotYet(why),
            _ => NotReady::Wrong(why),
        }
    };
    let before = std::fs::metadata(&path).map_err(unreadable)?;
    if before.len() > FILE_MAX {
        return Err(too_large(invoice, before.len()));
    }
    let bytes = std::fs::read(&path).map_err(unreadable)?;
    let after = std::fs::metadata(&path).map_err(unreadable)?;
    let is_still = before.len() == after.len() && bytes.len() as u64 == after.len();
    // What is no PDF at all will not become one.
    let is_whole = has_end(&bytes) || bytes.len() > 5 && !has_mark(&bytes);
    match is_still && is_quiet(&after) && is_whole {
        true => Ok(bytes),
        false => Err(NotReady::NotYet(format!(
            "the invoice's file `{path}` is still being written, or was cut off"
        ))),
    }
}

/// The end of a PDF, which may have a few bytes behind it.
fn has_end(bytes: &[u8]) -> bool {
    let end = &bytes[bytes.len().saturating_sub(1024)..];
    end.windows(5).any(|five| five == b"%%EOF")
}

/// Nobody has written to it for a while. A time that lies ahead is another machine's clock, and says nothing.
fn is_quiet(file: &std::fs::Metadata) -> bool {
    let age = file.modified().ok().and_then(|at| at.elapsed().ok());
    age.is_none_or(|age| age >= QUIET)
}

/// The size is asked first: a row that is read comes whole.
async fn fetch(
    sql: &ServerSql,
    erp: &mut dyn Session,
    invoice: &str,
) -> db::Result<Result<Vec<u8>, NotReady>> {
    let bound =
        |name: &str| (name == "invoice").then(|| Bound::One(Value::Text(invoice.to_owned())));
    let query = template::bind(&sql.text, bound).map_err(|name| unbound(sql, name))?;
    let described = erp.describe(&query).await?;
    let Some(column) = described.first() else {
        return Ok(Err(NotReady::Wrong(
            "the query for the invoice's file yields no column".to_owned(),
        )));
    };
    let [before, behind] = match erp.server().kind {
        EngineKind::Sqlite => ["LENGTH(CAST(f.", " AS BLOB))"],
        EngineKind::Postgres | EngineKind::MySql => ["OCTET_LENGTH(f.", ")"],
        EngineKind::SqlServer => ["DATALENGTH(f.", ")"],
    };
    let sizes = Query::sql(format!("SELECT {before}"))
        .ident(&column.name)
        .text(format!("{behind} FROM ("))
        .append(query.clone())
        .text("\n) f")
        .limit(2, false);
    let size = match db::fetch(erp, &sizes).await?.as_slice() {
        [] => return Ok(Err(no_file(invoice))),
        [row] => match row[0]
            .to_decimal()
            .and_then(|size| size.to_plain().parse().ok())
        {
            Some(size) => size,
            None => return Ok(Err(no_file(invoice))),
        },
        _ => {
            return Ok(Err(NotReady::Wrong(format!(
                "the ERP has several files of invoice `{invoice}`; the query must yield one"
            ))));
        }
    };
    if size > FILE_MAX {
        return Ok(Err(too_large(invoice, size)));
    }
    let rows = db::fetch(erp, &query).await?;
    Ok(match rows.into_iter().next().map(|row| row[0].clone()) {
        Some(Value::Bytes(bytes)) => Ok(bytes),
        Some(other) => Err(NotReady::Wrong(format!(
            "the query for the invoice's file yields {}, not bytes",
            other.kind()
        ))),
        None => Err(no_file(invoice)),
    })
}
