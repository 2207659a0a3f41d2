//! The tokens of a reply ([MS-TDS] 2.2.7).

use super::error::{Result, SqlError};
use super::types::{Kind, Type};
use super::wire::{put_long_text, put_short_text, put_type, put_value};
use rusqlite::types::Value;

pub mod done {
    pub const MORE: u16 = 0x01;
    pub const ERROR: u16 = 0x02;
    pub const COUNT: u16 = 0x10;
    pub const ATTENTION: u16 = 0x20;

    pub const DONE: u8 = 0xfd;
    pub const PROC: u8 = 0xfe;
    pub const IN_PROC: u8 = 0xff;
}

/// A column of a result.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    pub name: String,
    pub ty: Type,
    pub nullable: bool,
    pub identity: bool,
    pub computed: bool,
    /// The table of a text, ntext or image column, which the wire names.
    pub table: Option<String>,
}

impl Column {
    pub fn new(name: impl Into<String>, ty: Type) -> Column {
        Column {
            name: name.into(),
            ty,
            nullable: true,
            identity: false,
            computed: false,
            table: None,
        }
    }

    fn fixed(&self) -> bool {
        use Kind::*;
        !self.nullable
            && matches!(
                self.ty.kind,
                Bit | TinyInt
                    | SmallInt
                    | Int
                    | BigInt
                    | Real
                    | Float
                    | Money
                    | SmallMoney
                    | DateTime
                    | SmallDateTime
            )
    }
}

pub fn col_metadata(out: &mut Vec<u8>, columns: &[Column]) {
    out.push(0x81);
    out.extend_from_slice(&(columns.len() as u16).to_le_bytes());
    for column in columns {
        let user_type: u32 = if column.ty.kind == Kind::RowVersion {
            80
        } else {
            0
        };
        out.extend_from_slice(&user_type.to_le_bytes());
        let read_only = column.identity || column.computed || column.ty.kind == Kind::RowVersion;
        let mut flags = u16::from(column.nullable);
        flags |= if read_only { 0 } else { 0x08 };
        flags |= u16::from(column.identity) << 4 | u16::from(column.computed) << 5;
        out.extend_from_slice(&flags.to_le_bytes());
        put_type(out, column.ty, column.fixed());
        if matches!(column.ty.kind, Kind::Text | Kind::NText | Kind::Image) {
            out.push(1);
            put_long_text(out, column.table.as_deref().unwrap_or(""));
        }
        put_short_text(out, &column.name);
    }
}

/// ROW, or NBCROW where NULLs make that the shorter one, as the real server does.
pub fn row(out: &mut Vec<u8>, columns: &[Column], values: &[Value]) -> Result<()> {
    let nulls = values
        .iter()
        .filter(|value| matches!(value, Value::Null))
        .count();
    let is_packed = nulls > columns.len().div_ceil(8);
    out.push(if is_packed { 0xd2 } else { 0xd1 });
    if is_packed {
        let mut bits = vec![0u8; columns.len().div_ceil(8)];
        for (at, value) in values.iter().enumerate() {
            bits[at / 8] |= u8::from(matches!(value, Value::Null)) << (at % 8);
        }
        out.extend_from_slice(&bits);
    }
    for (column, value) in columns.iter().zip(values) {
        if is_packed && matches!(value, Value::Null) {
            continue;
        }
        if column.fixed() && matches!(value, Value::Null) {
            return Err(SqlError::internal(format_args!(
                "column {} was said to be NOT NULL",
                column.name
            )));
        }
        put_value(out, value, column.ty, column.fixed())?;
    }
    Ok(())
}

pub fn done(out: &mut Vec<u8>, token: u8, status: u16, command: u16, rows: u64) {
    out.push(token);
    out.extend_from_slice(&status.to_le_bytes());
    out.extend_from_slice(&command.to_le_bytes());
    out.extend_from_slice(&rows.to_le_bytes());
}

pub fn error(out: &mut Vec<u8>, error: &SqlError, server: &str, procedure: &str, line: u32) {
    message(out, 0xaa, error, server, procedure, line);
}

/// PRINT and other messages that are no errors.
pub fn info(out: &mut Vec<u8>, number: i32, text: &str, server: &str, line: u32) {
    let told = SqlError {
        number,
        state: 1,
        class: 0,
        message: text.to_owned(),
    };
    message(out, 0xab, &told, server, "", line);
}

fn message(
    out: &mut Vec<u8>,
    token: u8,
    error: &SqlError,
    server: &str,
    procedure: &str,
    line: u32,
) {
    let mut body = Vec::new();
    body.extend_from_slice(&error.number.to_le_bytes());
    body.push(error.state);
    body.push(error.class);
    put_long_text(&mut body, &error.message);
    put_short_text(&mut body, server);
    put_short_text(&mut body, procedure);
    body.extend_from_slice(&line.to_le_bytes());
    sized(out, token, &body);
}

fn sized(out: &mut Vec<u8>, token: u8, body: &[u8]) {
    out.push(token);
    out.extend_from_slice(&(body.len() as u16).to_le_bytes());
    out.extend_from_slice(body);
}

pub fn return_status(out: &mut Vec<u8>, status: i32) {
    out.push(0x79);
    out.extend_from_slice(&status.to_le_bytes());
}

pub fn return_value(
    out: &mut Vec<u8>,
    ordinal: u16,
    name: &str,
    ty: Type,
    value: &Value,
) -> Result<()> {
    out.push(0xac);
    out.extend_from_slice(&ordinal.to_le_bytes());
    put_short_text(out, name);
    out.push(1);
    out.extend_from_slice(&0u32.to_le_bytes());
    out.extend_from_slice(&0u16.to_le_bytes());
    put_type(out, ty, false);
    put_value(out, value, ty, false)
}

/// A change of the session's environment.
pub enum Change<'a> {
    Database {
        new: &'a str,
        old: &'a str,
    },
    PacketSize {
        new: usize,
        old: usize,
    },
    Collation([u8; 5]),
    Begun(u64),
    Committed(u64),
    RolledBack(u64),
    /// Another server to connect to.
    Routing {
        host: &'a str,
        port: u16,
    },
}

pub fn env_change(out: &mut Vec<u8>, change: Change) {
    let mut body = Vec::new();
    let mut texts = |kind: u8, new: &str, old: &str| {
        body.push(kind);
        put_short_text(&mut body, new);
        put_short_text(&mut body, old);
    };
    match change {
        Change::Database { new, old } => texts(1, new, old),
        Change::PacketSize { new, old } => texts(4, &new.to_string(), &old.to_string()),
        Change::Collation(bytes) => {
            body.extend_from_slice(&[7, 5]);
            body.extend_from_slice(&bytes);
            body.push(0);
        }
        Change::Begun(descriptor) => {
            body.extend_from_slice(&[8, 8]);
            body.extend_from_slice(&descriptor.to_le_bytes());
            body.push(0);
        }
        Change::Committed(descriptor) | Change::RolledBack(descriptor) => {
            let kind = if matches!(change, Change::Committed(_)) {
                9
            } else {
                10
            };
            body.extend_from_slice(&[kind, 0, 8]);
            body.extend_from_slice(&descriptor.to_le_bytes());
        }
        Change::Routing { host, port } => {
            let mut routing = vec![0];
            routing.extend_from_slice(&port.to_le_bytes());
            put_long_text(&mut routing, host);
            body.push(20);
            body.extend_from_slice(&(routing.len() as u16).to_le_bytes());
            body.extend_from_slice(&routing);
            body.extend_from_slice(&[0, 0]);
        }
    }
    sized(out, 0xe3, &body);
}

pub fn login_ack(out: &mut Vec<u8>, version: [u8; 4]) {
    let mut body = vec![1, 0x74, 0, 0, 4];
    put_short_text(&mut body, "Microsoft SQL Server");
    body.extend_from_slice(&version);
    sized(out, 0xad, &body);
}
