//! HTTP as simple as it gets: one request, one answer, the connection closed. It shares no code with ponte.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: String,
    pub body: String,
}

impl Answer {
    /// The value of a header; of several the first.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }
}

/// Asks `127.0.0.1:port`. `headers` may name another `Host`.
pub fn ask(port: u16, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    try_ask(port, method, path, headers, body).expect("an answer")
}

pub fn try_ask(
    port: u16,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> std::io::Result<Answer> {
    let mut line = TcpStream::connect(("127.0.0.1", port))?;
    line.set_read_timeout(Some(Duration::from_secs(60)))?;
    let mut request = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
    if !headers.iter().any(|(name, _)| *name == "Host") {
        request.push_str(&format!("Host: 127.0.0.1:{port}\r\n"));
    }
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
    line.write_all(request.as_bytes())?;
    let mut line = BufReader::new(line);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") && line.read_line(&mut head)? > 0 {}
    let head = head.trim_end();
    // Not every server closes the line as it was asked to.
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let is_length = name.eq_ignore_ascii_case("content-length");
        is_length.then(|| value.trim().parse::<u64>().ok())?
    });
    let mut body = Vec::new();
    line.take(length.unwrap_or(u64::MAX))
        .read_to_end(&mut body)?;
    let body = String::from_utf8_lossy(&body);
    let (first, headers) = head.split_once("\r\n").unwrap_or((head, ""));
    let status = first
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    Ok(Answer {
        status: status.unwrap_or(0),
        headers: headers.to_owned(),
        body: body.into_owned(),
    })
}

/// A port that nobody listens on now, and that no client is given meanwhile: systems take theirs from above 32767.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    const FIRST: u16 = 10_000;
    const PORTS: u16 = 10_000;
    // Programs that run beside this one begin elsewhere.
    let offset = u16::try_from(std::process::id() % u32::from(PORTS)).expect("below PORTS");
    let candidates = (0..PORTS).map(|_| {
        let number = NEXT.fetch_add(1, Ordering::Relaxed).wrapping_add(offset);
        FIRST + number % PORTS
    });
    let is_free = |port: &u16| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let mut free = candidates.into_iter().filter(is_free);
    free.next().expect("a free port")
}
