//! Packets of [MS-TDS] 2.2.3: messages are cut into them and put together again.

use std::io;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

pub const BATCH: u8 = 0x01;
pub const RPC: u8 = 0x03;
pub const REPLY: u8 = 0x04;
pub const ATTENTION: u8 = 0x06;
pub const BULK: u8 = 0x07;
pub const TRANSACTION: u8 = 0x0e;
pub const LOGIN: u8 = 0x10;
pub const PRELOGIN: u8 = 0x12;

pub const HEADER: usize = 8;
const LAST: u8 = 0x01;
const IGNORE: u8 = 0x02;

pub struct Message {
    pub kind: u8,
    pub body: Vec<u8>,
    /// The client asks to drop what it has sent of this message.
    pub ignored: bool,
}

/// One packet: kind, whether it is the message's last, whether the message is to be ignored, its content.
pub async fn read_packet(from: &mut (impl AsyncRead + Unpin)) -> io::Result<(u8, u8, Vec<u8>)> {
    let mut header = [0; HEADER];
    from.read_exact(&mut header).await?;
    let length = u16::from_be_bytes([header[2], header[3]]) as usize;
    if length < HEADER {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "a packet shorter than its header",
        ));
    }
    let mut body = vec![0; length - HEADER];
    from.read_exact(&mut body).await?;
    Ok((header[0], header[1], body))
}

/// A whole message.
pub async fn read(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Message> {
    let (kind, mut status, mut body) = read_packet(from).await?;
    while status & LAST == 0 {
        let (next, more, bytes) = read_packet(from).await?;
        if next != kind {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "a message of two kinds",
            ));
        }
        status = more;
        body.extend_from_slice(&bytes);
    }
    Ok(Message {
        kind,
        body,
        ignored: status & IGNORE != 0,
    })
}

/// Cuts a reply into packets as it grows.
pub struct Writer {
    pub size: usize,
    kind: u8,
    number: u8,
    pending: Vec<u8>,
}

impl Writer {
    pub fn new(kind: u8, size: usize) -> Writer {
        Writer {
            size,
            kind,
            number: 1,
            pending: Vec::new(),
        }
    }

    pub async fn write(
        &mut self,
        to: &mut (impl AsyncWrite + Unpin),
        bytes: &[u8],
    ) -> io::Result<()> {
        self.pending.extend_from_slice(bytes);
        let room = self.size - HEADER;
        // The last packet must not be empty.
        let mut at = 0;
        let mut out = Vec::new();
        while self.pending.len() - at > room {
            self.packet(&mut out, at..at + room, 0);
            at += room;
        }
        self.pending.drain(..at);
        to.write_all(&out).await
    }

    /// Ends the message.
    pub async fn finish(&mut self, to: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
        let mut out = Vec::new();
        self.packet(&mut out, 0..self.pending.len(), LAST);
        self.pending.clear();
        self.number = 1;
        to.write_all(&out).await?;
        to.flush().await
    }

    fn packet(&mut self, out: &mut Vec<u8>, range: std::ops::Range<usize>, status: u8) {
        let length = (range.len() + HEADER) as u16;
        out.extend_from_slice(&[self.kind, status]);
        out.extend_from_slice(&length.to_be_bytes());
        out.extend_from_slice(&[0, 0, self.number, 0]);
        out.extend_from_slice(&self.pending[range]);
        self.number = self.number.wrapping_add(1);
    }
}
