//! What a client may ask for: the bodies of RPC, transaction manager and bulk load messages.

use super::error::{Result, SqlError};
use super::tokens::Column;
use super::types::Kind;
use super::types::Type;
use super::wire::{Reader, protocol, read_type, read_value, utf16};
use rusqlite::types::Value;

/// A statement's own text and the declaration of its parameters are two of them.
const PARAMETERS_MAX: usize = 2100;

pub enum Request {
    Batch(String),
    Rpc(Rpc),
    Transaction(TransactionRequest),
    Bulk(Vec<u8>),
}

impl Request {
    /// Its statements, after a comment that declares their parameters.
    pub fn text(&self) -> Option<String> {
        let rpc = match self {
            Request::Batch(text) => return Some(text.clone()),
            Request::Rpc(rpc) => rpc,
            Request::Transaction(_) | Request::Bulk(_) => return None,
        };
        let text = |at: usize| match rpc.parameters.get(at).map(|parameter| &parameter.value) {
            Some(Value::Text(text)) => text.as_str(),
            _ => "",
        };
        Some(match &rpc.procedure {
            Procedure::ExecuteSql if text(1).is_empty() => text(0).to_owned(),
            Procedure::ExecuteSql => format!("-- {}\n{}", text(1), text(0)),
            Procedure::Named(name) => format!("EXECUTE {name}"),
        })
    }
}

pub struct Rpc {
    pub procedure: Procedure,
    pub parameters: Vec<Parameter>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Procedure {
    ExecuteSql,
    Named(String),
}

pub struct Parameter {
    pub name: String,
    pub ty: Type,
    pub value: Value,
    pub by_reference: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub enum TransactionRequest {
    Begin { isolation: u8 },
    Commit,
    Rollback { name: String },
    Save { name: String },
}

/// Passes ALL_HEADERS.
fn headers(from: &mut Reader) -> Result<()> {
    let total = from.u32()? as usize;
    if total < 4 {
        return Err(protocol("headers of no length"));
    }
    from.bytes(total - 4)?;
    Ok(())
}

pub fn batch(body: &[u8]) -> Result<Request> {
    let mut from = Reader::new(body);
    headers(&mut from)?;
    Ok(Request::Batch(utf16(from.rest())?))
}

pub fn rpc(body: &[u8]) -> Result<Request> {
    let mut from = Reader::new(body);
    headers(&mut from)?;
    let procedure = match from.u16()? {
        0xffff => match from.u16()? {
            10 => Procedure::ExecuteSql,
            other => return Err(protocol(&format!("procedure {other} is not known"))),
        },
        units => Procedure::Named(utf16(from.bytes(units as usize * 2)?)?),
    };
    let _flags = from.u16()?;
    let mut parameters = Vec::new();
    while !from.is_empty() {
        let name = from.short_text()?;
        let status = from.u8()?;
        let wire = read_type(&mut from)?;
        let value = read_value(&mut from, wire)?;
        parameters.push(Parameter {
            name,
            ty: wire.ty,
            value,
            by_reference: status & 1 != 0,
        });
    }
    if parameters.len() > PARAMETERS_MAX {
        return Err(SqlError::new(
            8003,
            16,
            format!(
                "The incoming request has too many parameters. The server supports a maximum of {PARAMETERS_MAX} parameters."
            ),
        ));
    }
    Ok(Request::Rpc(Rpc {
        procedure,
        parameters,
    }))
}

pub fn transaction(body: &[u8]) -> Result<Request> {
    let mut from = Reader::new(body);
    headers(&mut from)?;
    // The name is a B_VARBYTE: its length counts bytes.
    let name = |from: &mut Reader| {
        let size = from.u8()? as usize;
        utf16(from.bytes(size)?)
    };
    let request = match from.u16()? {
        5 => {
            let isolation = from.u8()?;
            name(&mut from)?;
            TransactionRequest::Begin { isolation }
        }
        7 => TransactionRequest::Commit,
        8 => TransactionRequest::Rollback {
            name: name(&mut from)?,
        },
        9 => TransactionRequest::Save {
            name: name(&mut from)?,
        },
        other => {
            return Err(protocol(&format!(
                "transaction request {other} is not known"
            )));
        }
    };
    Ok(Request::Transaction(request))
}

/// Columns and rows of a bulk load message.
pub fn bulk(body: &[u8]) -> Result<(Vec<Column>, Vec<Vec<Value>>)> {
    let mut from = Reader::new(body);
    if from.u8()? != 0x81 {
        return Err(protocol("a bulk load without its columns"));
    }
    let count = from.u16()?;
    let mut columns = Vec::new();
    let mut wires = Vec::new();
    for _ in 0..count {
        from.u32()?;
        let flags = from.u16()?;
        let wire = read_type(&mut from)?;
        if matches!(wire.ty.kind, Kind::Text | Kind::NText | Kind::Image) {
            from.long_text()?;
        }
        let mut column = Column::new(from.short_text()?, wire.ty);
        column.nullable = flags & 1 != 0;
        columns.push(column);
        wires.push(wire);
    }
    let mut rows = Vec::new();
    loop {
        match from.u8()? {
            0xd1 => rows.push(
                wires
                    .iter()
                    .map(|wire| read_value(&mut from, *wire))
                    .collect::<Result<_>>()?,
            ),
            0xfd => return Ok((columns, rows)),
            other => {
                return Err(protocol(&format!(
                    "token {other:#04x} among a bulk load's rows"
                )));
            }
        }
    }
}
