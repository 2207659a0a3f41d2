//! Where the service can be looked at, and by whom.

use std::fmt;
use std::net::SocketAddr;

#[derive(Debug, Clone)]
pub struct Web {
    pub listen: SocketAddr,
    /// Names under which a browser may ask for it, besides the address and `localhost`.
    pub hosts: Vec<String>,
    /// Lets people act; without it nobody can.
    pub act: Option<Token>,
    /// Lets people look; without it everybody who reaches the address can.
    pub look: Option<Token>,
}

/// A secret: it is compared, and shown nowhere.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    pub fn new(text: String) -> Token {
        Token(text)
    }

    /// Whether it is this one; how long that takes tells nothing.
    pub fn is(&self, given: &str) -> bool {
        use subtle::ConstantTimeEq;
        let hash = |text: &str| *blake3::hash(text.as_bytes()).as_bytes();
        hash(&self.0).ct_eq(&hash(given)).into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(***)")
    }
}
