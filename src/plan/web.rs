//! Where the service can be looked at, and by whom.

use aws_lc_rs::hmac;
use base64::prelude::{BASE64_STANDARD, Engine};
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
    /// Lets a shop start runs; nothing else, and nothing is told to it.
    pub webhook: Option<Token>,
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

    /// Whether both are the same.
    pub fn is_also(&self, other: &Token) -> bool {
        self.is(&other.0)
    }

    /// Whether this is the text's HMAC-SHA256 by the token, in base64; how long that takes tells nothing.
    pub fn signs(&self, text: &[u8], signature: &[u8]) -> bool {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.0.as_bytes());
        let signature = BASE64_STANDARD.decode(signature);
        signature.is_ok_and(|signature| hmac::verify(&key, text, &signature).is_ok())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(***)")
    }
}
