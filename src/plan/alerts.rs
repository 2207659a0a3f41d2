//! Whom the service tells of troubles, and by which way.

use super::fulfilment::Language;
use super::mail::MailServer;
use std::fmt;
use std::time::Duration;
use url::Url;

#[derive(Debug, Clone)]
pub struct Alerts {
    pub mail: Option<(MailServer, Vec<String>)>,
    /// Gets each message as JSON.
    pub webhook: Option<Address>,
    /// Asked after each good run.
    pub heartbeat: Option<Address>,
    /// What passes within this time is not told.
    pub wait: Duration,
    /// At most one message in this time.
    pub every: Duration,
    /// When a summary goes out.
    pub summary: Option<Box<croner::Cron>>,
    pub language: Language,
}

/// An address that is a secret: whoever knows it may use it. It is shown nowhere.
#[derive(Clone)]
pub struct Address(Url);

impl Address {
    pub fn new(url: Url) -> Address {
        Address(url)
    }

    pub fn reveal(&self) -> &Url {
        &self.0
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(***)")
    }
}
