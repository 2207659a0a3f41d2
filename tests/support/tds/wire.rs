//! Types and values on the wire: TYPE_INFO and TYPE_VARBYTE of [MS-TDS] 2.2.5, both ways.

use super::collation::Collation;
use super::error::{Result, SqlError};
use super::moments::{self, DAY, DAYS_1900, SECOND};
use super::types::{Kind, MAX, Type};
use super::values;
use rusqlite::types::Value;

/// Reads a message; a message that ends too early is a protocol error.
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { rest: bytes }
    }

    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub fn bytes(&mut self, count: usize) -> Result<&'a [u8]> {
        if count > self.rest.len() {
            return Err(protocol("the message ends too early"));
        }
        let (taken, rest) = self.rest.split_at(count);
        self.rest = rest;
        Ok(taken)
    }

    pub fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        Ok(self.bytes(N)?.try_into().expect("as many as asked for"))
    }

    pub fn u8(&mut self) -> Result<u8> {
        Ok(self.array::<1>()?[0])
    }

    pub fn u16(&mut self) -> Result<u16> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    pub fn u32(&mut self) -> Result<u32> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub fn u64(&mut self) -> Result<u64> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    /// UTF-16 with a count of units in one byte.
    pub fn short_text(&mut self) -> Result<String> {
        let units = self.u8()? as usize;
        utf16(self.bytes(units * 2)?)
    }

    /// The same with a count in two bytes.
    pub fn long_text(&mut self) -> Result<String> {
        let units = self.u16()? as usize;
        utf16(self.bytes(units * 2)?)
    }

    pub fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.rest)
    }

    fn up_to_8(&mut self, count: usize) -> Result<u64> {
        let mut all = [0; 8];
        all[..count].copy_from_slice(self.bytes(count)?);
        Ok(u64::from_le_bytes(all))
    }
}

pub fn protocol(what: &str) -> SqlError {
    SqlError::new(
        4002,
        16,
        format!("The incoming tabular data stream (TDS) protocol stream is incorrect: {what}."),
    )
}

pub fn utf16(bytes: &[u8]) -> Result<String> {
    if !bytes.len().is_multiple_of(2) {
        return Err(protocol("an odd number of bytes in UTF-16"));
    }
    let units: Vec<u16> = bytes
        .chunks_exact(2)
        .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
        .collect();
    Ok(String::from_utf16_lossy(&units))
}

pub fn put_utf16(out: &mut Vec<u8>, text: &str) {
    out.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
}

pub fn put_short_text(out: &mut Vec<u8>, text: &str) {
    out.push(text.encode_utf16().count() as u8);
    put_utf16(out, text);
}

pub fn put_long_text(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(&(text.encode_utf16().count() as u16).to_le_bytes());
    put_utf16(out, text);
}

/// A type as the wire says it, with what only the wire knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wire {
    pub ty: Type,
    /// Values come without a length.
    pub fixed: bool,
}

pub fn put_type(out: &mut Vec<u8>, ty: Type, fixed: bool) {
    use Kind::*;
    let length = |per: u16| match ty.len {
        MAX => MAX,
        len => len * per,
    };
    let text = |out: &mut Vec<u8>, token: u8, length: u16| {
        out.push(token);
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&ty.collation.wire());
    };
    match ty.kind {
        Null => out.extend_from_slice(&[0x26, 4]),
        Bit if fixed => out.push(0x32),
        TinyInt if fixed => out.push(0x30),
        SmallInt if fixed => out.push(0x34),
        Int if fixed => out.push(0x38),
        BigInt if fixed => out.push(0x7f),
        Real if fixed => out.push(0x3b),
        Float if fixed => out.push(0x3e),
        Money if fixed => out.push(0x3c),
        SmallMoney if fixed => out.push(0x7a),
        DateTime if fixed => out.push(0x3d),
        SmallDateTime if fixed => out.push(0x3a),
        Bit => out.extend_from_slice(&[0x68, 1]),
        TinyInt => out.extend_from_slice(&[0x26, 1]),
        SmallInt => out.extend_from_slice(&[0x26, 2]),
        Int => out.extend_from_slice(&[0x26, 4]),
        BigInt => out.extend_from_slice(&[0x26, 8]),
        Real => out.extend_from_slice(&[0x6d, 4]),
        Float => out.extend_from_slice(&[0x6d, 8]),
        Money => out.extend_from_slice(&[0x6e, 8]),
        SmallMoney => out.extend_from_slice(&[0x6e, 4]),
        DateTime => out.extend_from_slice(&[0x6f, 8]),
        SmallDateTime => out.extend_from_slice(&[0x6f, 4]),
        Decimal => out.extend_from_slice(&[0x6a, ty.catalog().1 as u8, ty.precision, ty.scale]),
        Date => out.push(0x28),
        Time => out.extend_from_slice(&[0x29, ty.scale]),
        DateTime2 => out.extend_from_slice(&[0x2a, ty.scale]),
        DateTimeOffset => out.extend_from_slice(&[0x2b, ty.scale]),
        UniqueIdentifier => out.extend_from_slice(&[0x24, 16]),
        Char => text(out, 0xaf, length(1)),
        VarChar => text(out, 0xa7, length(1)),
        NChar => text(out, 0xef, length(2)),
        NVarChar => text(out, 0xe7, length(2)),
        Binary | RowVersion => {
            out.push(0xad);
            let size = if ty.kind == RowVersion { 8 } else { ty.len };
            out.extend_from_slice(&size.to_le_bytes());
        }
        VarBinary => {
            out.push(0xa5);
            out.extend_from_slice(&length(1).to_le_bytes());
        }
        Text | NText => {
            out.push(if ty.kind == Text { 0x23 } else { 0x63 });
            out.extend_from_slice(&0x7fff_ffffu32.to_le_bytes());
            out.extend_from_slice(&ty.collation.wire());
        }
        Image => {
            out.push(0x22);
            out.extend_from_slice(&0x7fff_ffffu32.to_le_bytes());
        }
        Xml => out.extend_from_slice(&[0xf1, 0]),
        SqlVariant => {
            out.push(0x62);
            out.extend_from_slice(&8009u32.to_le_bytes());
        }
    }
}

pub fn read_type(from: &mut Reader) -> Result<Wire> {
    use Kind::*;
    let plain = |kind: Kind| {
        Ok(Wire {
            ty: Type::new(kind),
            fixed: false,
        })
    };
    let fixed = |kind: Kind| {
        Ok(Wire {
            ty: Type::new(kind),
            fixed: true,
        })
    };
    let by_size = |from: &mut Reader, sizes: &[(u8, Kind)]| {
        let size = from.u8()?;
        let kind = sizes
            .iter()
            .find(|(known, _)| *known == size)
            .map(|(_, kind)| *kind);
        kind.map(|kind| Wire {
            ty: Type::new(kind),
            fixed: false,
        })
        .ok_or_else(|| protocol("a type of no known size"))
    };
    let token = from.u8()?;
    match token {
        0x1f => fixed(Null),
        0x30 => fixed(TinyInt),
        0x32 => fixed(Bit),
        0x34 => fixed(SmallInt),
        0x38 => fixed(Int),
        0x3a => fixed(SmallDateTime),
        0x3b => fixed(Real),
        0x3c => fixed(Money),
        0x3d => fixed(DateTime),
        0x3e => fixed(Float),
        0x7a => fixed(SmallMoney),
        0x7f => fixed(BigInt),
        0x26 => by_size(from, &[(1, TinyInt), (2, SmallInt), (4, Int), (8, BigInt)]),
        0x68 => by_size(from, &[(1, Bit)]),
        0x6d => by_size(from, &[(4, Real), (8, Float)]),
        0x6e => by_size(from, &[(4, SmallMoney), (8, Money)]),
        0x6f => by_size(from, &[(4, SmallDateTime), (8, DateTime)]),
        0x24 => by_size(from, &[(16, UniqueIdentifier)]),
        0x6a | 0x6c => {
            let _size = from.u8()?;
            let (precision, scale) = (from.u8()?, from.u8()?);
            if !(1..=38).contains(&precision) || scale > precision {
                return Err(protocol("a decimal of impossible precision"));
            }
            Ok(Wire {
                ty: Type::decimal(precision, scale),
                fixed: false,
            })
        }
        0x28 => plain(Date),
        0x29..=0x2b => {
            let scale = from.u8()?;
            if scale > 7 {
                return Err(protocol("a time of impossible scale"));
            }
            let kind = [Time, DateTime2, DateTimeOffset][usize::from(token - 0x29)];
            Ok(Wire {
                ty: Type::timed(kind, scale),
                fixed: false,
            })
        }
        0xaf | 0xa7 | 0xef | 0xe7 => {
            let bytes = from.u16()?;
            let collation = Collation::of_wire(from.array()?);
            let (kind, per) = match token {
                0xaf => (Char, 1),
                0xa7 => (VarChar, 1),
                0xef => (NChar, 2),
                _ => (NVarChar, 2),
            };
            let len = if bytes == MAX { MAX } else { bytes / per };
            Ok(Wire {
                ty: Type::sized(kind, len).with(collation),
                fixed: false,
            })
        }
        0xad | 0xa5 => {
            let len = from.u16()?;
            let kind = if token == 0xad { Binary } else { VarBinary };
            Ok(Wire {
                ty: Type::sized(kind, len),
                fixed: false,
            })
        }
        0x23 | 0x63 => {
            from.u32()?;
            let collation = Collation::of_wire(from.array()?);
            let kind = if token == 0x23 { Text } else { NText };
            Ok(Wire {
                ty: Type::new(kind).with(collation),
                fixed: false,
            })
        }
        0x22 => {
            from.u32()?;
            plain(Image)
        }
        0xf1 => {
            if from.u8()? != 0 {
                return Err(protocol("xml with a schema"));
            }
            plain(Xml)
        }
        other => Err(protocol(&format!("type {other:#04x} is not known"))),
    }
}

/// A value of the type, in the form in which SQLite keeps it.
pub fn read_value(from: &mut Reader, wire: Wire) -> Result<Value> {
    use Kind::*;
    let ty = wire.ty;
    match ty.kind {
        Null => Ok(Value::Null),
        Char | VarChar | NChar | NVarChar | Binary | VarBinary => {
            let bytes = if ty.len == MAX {
                read_chunks(from)?
            } else {
                match from.u16()? {
                    0xffff => None,
                    size => Some(from.bytes(size.into())?.to_vec()),
                }
            };
            of_bytes(bytes, ty)
        }
        Xml => of_bytes(read_chunks(from)?, Type::sized(NVarChar, MAX)),
        Text | NText | Image => {
            let pointer = from.u8()?;
            if pointer == 0 {
                return Ok(Value::Null);
            }
            from.bytes(pointer as usize + 8)?;
            let size = from.u32()? as usize;
            of_bytes(Some(from.bytes(size)?.to_vec()), ty)
        }
        _ => {
            let size = match wire.fixed {
                true => ty.catalog().1 as usize,
                false => from.u8()? as usize,
            };
            if size == 0 {
                return Ok(Value::Null);
            }
            let bytes = from.bytes(size)?;
            sized_value(bytes, ty)
        }
    }
}

fn of_bytes(bytes: Option<Vec<u8>>, ty: Type) -> Result<Value> {
    let Some(bytes) = bytes else {
        return Ok(Value::Null);
    };
    Ok(match ty.kind {
        Kind::NChar | Kind::NVarChar | Kind::NText => Value::Text(utf16(&bytes)?),
        Kind::Char | Kind::VarChar | Kind::Text => Value::Text(ty.collation.decode(&bytes)),
        _ => Value::Blob(bytes),
    })
}

/// A value in chunks (PLP).
fn read_chunks(from: &mut Reader) -> Result<Option<Vec<u8>>> {
    if from.u64()? == u64::MAX {
        return Ok(None);
    }
    let mut all = Vec::new();
    loop {
        let size = from.u32()? as usize;
        if size == 0 {
            return Ok(Some(all));
        }
        all.extend_from_slice(from.bytes(size)?);
    }
}

fn sized_value(bytes: &[u8], ty: Type) -> Result<Value> {
    let mut from = Reader::new(bytes);
    let size = bytes.len();
    use Kind::*;
    let value = match ty.kind {
        Bit => Value::Integer((from.u8()? != 0).into()),
        TinyInt => Value::Integer(from.u8()?.into()),
        SmallInt => Value::Integer(i16::from_le_bytes(from.array()?).into()),
        Int => Value::Integer(i32::from_le_bytes(from.array()?).into()),
        BigInt => Value::Integer(i64::from_le_bytes(from.array()?)),
        Real => Value::Real(f32::from_le_bytes(from.array()?).into()),
        Float => Value::Real(f64::from_le_bytes(from.array()?)),
        SmallMoney => values::decimal(i32::from_le_bytes(from.array()?).into()),
        Money => {
            let (high, low) = (from.u32()?, from.u32()?);
            values::decimal((i64::from(high) << 32 | i64::from(low)).into())
        }
        Decimal => {
            let sign = from.u8()?;
            let mut all = [0; 16];
            if size > 17 {
                return Err(protocol("a decimal that is too long"));
            }
            all[..size - 1].copy_from_slice(from.bytes(size - 1)?);
            let number = i128::from_le_bytes(all);
            values::decimal(if sign == 0 { -number } else { number })
        }
        UniqueIdentifier => {
            let mut wire: [u8; 16] = from.array()?;
            values::swap_guid(&mut wire);
            values::guid(&wire)
        }
        SmallDateTime => {
            let (days, minutes) = (from.u16()?, from.u16()?);
            Value::Integer((i64::from(days) + DAYS_1900) * DAY + i64::from(minutes) * 60 * SECOND)
        }
        DateTime => {
            let days = i64::from(i32::from_le_bytes(from.array()?)) + DAYS_1900;
            Value::Integer(days * DAY + moments::ticks_of_parts(from.u32()?.into()))
        }
        Date => Value::Integer(from.up_to_8(3)? as i64 * DAY),
        Time => Value::Integer(read_time(&mut from, size, ty.scale)?),
        DateTime2 => {
            let time = read_time(&mut from, size - 3, ty.scale)?;
            Value::Integer(from.up_to_8(3)? as i64 * DAY + time)
        }
        DateTimeOffset => {
            let time = read_time(&mut from, size - 5, ty.scale)?;
            let utc = from.up_to_8(3)? as i64 * DAY + time;
            values::moment_with_offset(utc, i16::from_le_bytes(from.array()?).into())
        }
        _ => return Err(protocol("a value of this type")),
    };
    if !from.is_empty() {
        return Err(protocol("a value longer than its type"));
    }
    Ok(value)
}

fn read_time(from: &mut Reader, size: usize, scale: u8) -> Result<i64> {
    let ticks = from.up_to_8(size)? as i64 * 10i64.pow(7 - u32::from(scale));
    if ticks >= DAY {
        return Err(protocol("a time of day beyond midnight"));
    }
    Ok(ticks)
}

/// Writes a value with its length; with a `fixed` type without one.
pub fn put_value(out: &mut Vec<u8>, value: &Value, ty: Type, fixed: bool) -> Result<()> {
    use Kind::*;
    if ty.kind == SqlVariant {
        let kept = match value {
            Value::Null => &[],
            value => values::bytes(value)?,
        };
        out.extend_from_slice(&(kept.len() as u32).to_le_bytes());
        out.extend_from_slice(kept);
        return Ok(());
    }
    if matches!(value, Value::Null) {
        match ty.kind {
            Char | VarChar | NChar | NVarChar | Binary | VarBinary if ty.len != MAX => {
                out.extend_from_slice(&[0xff; 2])
            }
            RowVersion => out.extend_from_slice(&[0xff; 2]),
            Char | VarChar | NChar | NVarChar | Binary | VarBinary | Xml => {
                out.extend_from_slice(&[0xff; 8])
            }
            _ => out.push(0),
        }
        return Ok(());
    }
    match ty.kind {
        Char | VarChar | NChar | NVarChar | Text | NText | Xml | Binary | VarBinary
        | RowVersion | Image => {
            let mut made = Vec::new();
            match ty.kind {
                NChar | NVarChar | NText | Xml => put_utf16(&mut made, values::text(value)?),
                Char | VarChar | Text => made = ty.collation.encode(values::text(value)?),
                _ => made = values::bytes(value)?.to_vec(),
            }
            match ty.kind {
                Text | NText | Image => {
                    out.push(16);
                    out.extend_from_slice(b"stand-in pointer");
                    out.extend_from_slice(b"standing");
                    out.extend_from_slice(&(made.len() as u32).to_le_bytes());
                    out.extend_from_slice(&made);
                }
                _ if ty.len == MAX || ty.kind == Xml => {
                    out.extend_from_slice(&(made.len() as u64).to_le_bytes());
                    for chunk in made.chunks(8000) {
                        out.extend_from_slice(&(chunk.len() as u32).to_le_bytes());
                        out.extend_from_slice(chunk);
                    }
                    out.extend_from_slice(&[0; 4]);
                }
                _ => {
                    out.extend_from_slice(&(made.len() as u16).to_le_bytes());
                    out.extend_from_slice(&made);
                }
            }
        }
        _ => {
            let at = out.len();
            if !fixed {
                out.push(0);
            }
            put_sized(out, value, ty)?;
            if !fixed {
                out[at] = (out.len() - at - 1) as u8;
            }
        }
    }
    Ok(())
}

fn put_sized(out: &mut Vec<u8>, value: &Value, ty: Type) -> Result<()> {
    use Kind::*;
    match ty.kind {
        Bit | TinyInt => out.push(values::int(value)? as u8),
        SmallInt => out.extend_from_slice(&(values::int(value)? as i16).to_le_bytes()),
        Int | Null => out.extend_from_slice(&(values::int(value)? as i32).to_le_bytes()),
        BigInt => out.extend_from_slice(&values::int(value)?.to_le_bytes()),
        Real => out.extend_from_slice(&(values::float(value)? as f32).to_le_bytes()),
        Float => out.extend_from_slice(&values::float(value)?.to_le_bytes()),
        SmallMoney => {
            out.extend_from_slice(&(values::number_of(values::bytes(value)?)? as i32).to_le_bytes())
        }
        Money => {
            let number = values::number_of(values::bytes(value)?)? as i64;
            out.extend_from_slice(&((number >> 32) as i32).to_le_bytes());
            out.extend_from_slice(&(number as u32).to_le_bytes());
        }
        Decimal => {
            let number = values::number_of(values::bytes(value)?)?;
            out.push((number >= 0).into());
            let size = ty.catalog().1 as usize - 1;
            out.extend_from_slice(&number.unsigned_abs().to_le_bytes()[..size]);
        }
        UniqueIdentifier => {
            let mut wire = values::guid_bytes(values::bytes(value)?)?;
            values::swap_guid(&mut wire);
            out.extend_from_slice(&wire);
        }
        SmallDateTime => {
            let ticks = values::int(value)?;
            out.extend_from_slice(&((ticks.div_euclid(DAY) - DAYS_1900) as u16).to_le_bytes());
            out.extend_from_slice(&((ticks.rem_euclid(DAY) / SECOND / 60) as u16).to_le_bytes());
        }
        DateTime => {
            let ticks = values::int(value)?;
            out.extend_from_slice(&((ticks.div_euclid(DAY) - DAYS_1900) as i32).to_le_bytes());
            out.extend_from_slice(
                &(moments::parts_of_datetime(ticks.rem_euclid(DAY)) as u32).to_le_bytes(),
            );
        }
        Date => put_day(out, values::int(value)?),
        Time => put_time(out, values::int(value)?, ty.scale),
        DateTime2 => {
            let ticks = values::int(value)?;
            put_time(out, ticks.rem_euclid(DAY), ty.scale);
            put_day(out, ticks);
        }
        DateTimeOffset => {
            let (utc, minutes) = values::offset_of(values::bytes(value)?)?;
            put_time(out, utc.rem_euclid(DAY), ty.scale);
            put_day(out, utc);
            out.extend_from_slice(&(minutes as i16).to_le_bytes());
        }
        _ => return Err(SqlError::internal("a value without a form on the wire")),
    }
    Ok(())
}

fn put_day(out: &mut Vec<u8>, ticks: i64) {
    out.extend_from_slice(&(ticks.div_euclid(DAY) as u32).to_le_bytes()[..3]);
}

fn put_time(out: &mut Vec<u8>, ticks: i64, scale: u8) {
    let size = match scale {
        ..=2 => 3,
        3 | 4 => 4,
        _ => 5,
    };
    let units = ticks / 10i64.pow(7 - u32::from(scale));
    out.extend_from_slice(&units.to_le_bytes()[..size]);
}
