//! PRELOGIN and LOGIN7 ([MS-TDS] 2.2.6.4 and 2.2.6.5).

use super::error::Result;
use super::wire::{Reader, protocol, utf16};

pub const ENCRYPT_OFF: u8 = 0;
pub const ENCRYPT_ON: u8 = 1;
pub const ENCRYPT_NOT_SUPPORTED: u8 = 2;
pub const ENCRYPT_REQUIRED: u8 = 3;

/// What the client asks about encryption.
pub fn asked_encryption(body: &[u8]) -> Result<u8> {
    for option in body.chunks_exact(5) {
        if option[0] == 0xff {
            break;
        }
        if option[0] == 1 {
            let at = u16::from_be_bytes([option[1], option[2]]) as usize;
            return body
                .get(at)
                .copied()
                .ok_or_else(|| protocol("a PRELOGIN option beyond the message"));
        }
    }
    Ok(ENCRYPT_NOT_SUPPORTED)
}

pub fn prelogin_reply(encryption: u8, version: [u8; 4]) -> Vec<u8> {
    let options: [(u8, &[u8]); 5] = [
        (0, &[version[0], version[1], version[2], version[3], 0, 0]),
        (1, &[encryption]),
        (2, &[0]),
        (3, &[]),
        (4, &[0]),
    ];
    let mut at = options.len() * 5 + 1;
    let mut body = Vec::new();
    for (token, value) in options {
        body.push(token);
        body.extend_from_slice(&(at as u16).to_be_bytes());
        body.extend_from_slice(&(value.len() as u16).to_be_bytes());
        at += value.len();
    }
    body.push(0xff);
    for (_, value) in options {
        body.extend_from_slice(value);
    }
    body
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    pub packet_size: usize,
    pub host: String,
    pub user: String,
    pub password: String,
    pub application: String,
    pub database: String,
    pub read_only: bool,
    pub integrated: bool,
}

pub fn read(body: &[u8]) -> Result<Login> {
    let mut from = Reader::new(body);
    let total = from.u32()? as usize;
    if total != body.len() {
        return Err(protocol("LOGIN7 of another length than it says"));
    }
    let version = from.u32()?;
    if version != 0x7400_0004 {
        return Err(protocol(&format!("TDS version {version:#010x}")));
    }
    let packet_size = from.u32()? as usize;
    from.bytes(12)?;
    let _options1 = from.u8()?;
    let options2 = from.u8()?;
    let types = from.u8()?;
    let _options3 = from.u8()?;
    from.bytes(8)?;
    let part = |from: &mut Reader| -> Result<Vec<u8>> {
        let at = from.u16()? as usize;
        let units = from.u16()? as usize;
        let found = body
            .get(at..at + units * 2)
            .ok_or_else(|| protocol("a LOGIN7 field beyond the message"))?;
        Ok(found.to_vec())
    };
    let host = utf16(&part(&mut from)?)?;
    let user = utf16(&part(&mut from)?)?;
    let mut password = part(&mut from)?;
    for byte in &mut password {
        *byte = (*byte ^ 0xa5).rotate_left(4);
    }
    let password = utf16(&password)?;
    let application = utf16(&part(&mut from)?)?;
    let _server = part(&mut from)?;
    from.bytes(4)?;
    let _library = part(&mut from)?;
    let _language = part(&mut from)?;
    let database = utf16(&part(&mut from)?)?;
    Ok(Login {
        packet_size,
        host,
        user,
        password,
        application,
        database,
        read_only: types & 0x20 != 0,
        integrated: options2 & 0x80 != 0,
    })
}
