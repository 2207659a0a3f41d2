//! The connection's bytes: cut where a test says, and in PRELOGIN packets while TLS shakes hands.

use super::packets::{HEADER, PRELOGIN};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// Bytes that may still pass; below 0: any number.
#[derive(Clone)]
pub struct Allowance(Arc<AtomicI64>);

impl Allowance {
    pub fn new(bytes: i64) -> Allowance {
        Allowance(Arc::new(AtomicI64::new(bytes)))
    }

    fn room(&self, wanted: usize) -> usize {
        match self.0.load(Ordering::SeqCst) {
            left @ 0.. => wanted.min(left as usize),
            _ => wanted,
        }
    }

    fn take(&self, count: usize) {
        if self.0.load(Ordering::SeqCst) >= 0 {
            self.0.fetch_sub(count as i64, Ordering::SeqCst);
        }
    }
}

/// A connection whose replies end after an allowance, in the middle of whatever they are.
pub struct Cut {
    inner: TcpStream,
    replies: Allowance,
    requests: Allowance,
}

impl Cut {
    pub fn new(inner: TcpStream, replies: Allowance, requests: Allowance) -> Cut {
        Cut {
            inner,
            replies,
            requests,
        }
    }
}

fn cut() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, "cut by the test")
}

impl AsyncRead for Cut {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let room = self.requests.room(buffer.remaining());
        if room == 0 && buffer.remaining() > 0 {
            return Poll::Ready(Err(cut()));
        }
        let mut part = ReadBuf::new(buffer.initialize_unfilled_to(room));
        ready!(Pin::new(&mut self.inner).poll_read(context, &mut part))?;
        let count = part.filled().len();
        buffer.advance(count);
        self.requests.take(count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Cut {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let room = self.replies.room(bytes.len());
        if room == 0 && !bytes.is_empty() {
            return Poll::Ready(Err(cut()));
        }
        let count = ready!(Pin::new(&mut self.inner).poll_write(context, &bytes[..room]))?;
        self.replies.take(count);
        Poll::Ready(Ok(count))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

/// TLS records within packets until the handshake is over, bare after it.
pub struct Handshake<S> {
    pub inner: S,
    pub is_over: bool,
    header: Vec<u8>,
    /// What is left of the packet being read.
    left: usize,
    /// Packets not yet written.
    out: Vec<u8>,
}

impl<S> Handshake<S> {
    pub fn new(inner: S) -> Handshake<S> {
        Handshake {
            inner,
            is_over: false,
            header: Vec::new(),
            left: 0,
            out: Vec::new(),
        }
    }
}

impl<S: AsyncWrite + Unpin> Handshake<S> {
    fn poll_out(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.out.is_empty() {
            let count = ready!(Pin::new(&mut self.inner).poll_write(context, &self.out))?;
            self.out.drain(..count);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Handshake<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.is_over {
            return Pin::new(&mut this.inner).poll_read(context, buffer);
        }
        while this.left == 0 {
            let mut byte = [0; 1];
            let mut one = ReadBuf::new(&mut byte);
            ready!(Pin::new(&mut this.inner).poll_read(context, &mut one))?;
            if one.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            this.header.push(byte[0]);
            if this.header.len() == HEADER {
                let length = u16::from_be_bytes([this.header[2], this.header[3]]) as usize;
                if this.header[0] != PRELOGIN || length < HEADER {
                    return Poll::Ready(Err(io::Error::new(
                        io::ErrorKind::InvalidData,
                        "a handshake outside of PRELOGIN packets",
                    )));
                }
                this.left = length - HEADER;
                this.header.clear();
            }
        }
        let room = this.left.min(buffer.remaining());
        let mut part = ReadBuf::new(buffer.initialize_unfilled_to(room));
        ready!(Pin::new(&mut this.inner).poll_read(context, &mut part))?;
        let count = part.filled().len();
        buffer.advance(count);
        this.left -= count;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Handshake<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        ready!(this.poll_out(context))?;
        if this.is_over {
            return Pin::new(&mut this.inner).poll_write(context, bytes);
        }
        let part = &bytes[..bytes.len().min(4096 - HEADER)];
        let length = (part.len() + HEADER) as u16;
        this.out.extend_from_slice(&[PRELOGIN, 1]);
        this.out.extend_from_slice(&length.to_be_bytes());
        this.out.extend_from_slice(&[0, 0, 1, 0]);
        this.out.extend_from_slice(part);
        Poll::Ready(Ok(part.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_out(context))?;
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_out(context))?;
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}
