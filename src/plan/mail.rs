//! Mails to the shops' customers: through which server, which, and in whose words.

use super::ServerSql;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// The mail server, and what goes for every shop.
#[derive(Debug, Clone)]
pub struct MailServer {
    /// `smtp://host:587`, `smtps://host`; without a password.
    pub url: String,
    pub user: Option<String>,
    pub password: Option<Password>,
    /// `Shop <shop@example.com>`.
    pub from: String,
    /// Every mail goes to this one instead.
    pub test_recipient: Option<String>,
    /// Carrier -> address of its tracking page, with `{tracking}` in it.
    pub carriers: BTreeMap<String, String>,
    /// Where templates of the project's own lie.
    pub templates: PathBuf,
}

/// What a shop's customers get.
#[derive(Debug, Clone)]
pub struct Mailing {
    pub server: MailServer,
    /// A mail for each parcel, once its tracking number is known ...
    pub shipment: bool,
    /// ... or so long after the shop was told of the parcel; `None`: never without a number.
    pub wait_for_tracking: Option<Duration>,
    /// So long the mail with an invoice waits for its file.
    pub wait_for_invoice: Duration,
    /// Where an invoice's file is; `None`: no mail for it.
    pub invoice: Option<InvoiceFile>,
}

#[derive(Debug, Clone)]
pub enum InvoiceFile {
    /// With `{invoice}` in its path.
    Path(PathBuf),
    /// The ERP's query for the file of `:invoice`: one row, whose first column is the file.
    Blob(ServerSql),
}

/// A secret: it is shown nowhere.
#[derive(Clone)]
pub struct Password(String);

impl Password {
    pub fn new(text: String) -> Password {
        Password(text)
    }

    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(***)")
    }
}
