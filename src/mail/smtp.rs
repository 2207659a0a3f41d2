//! The mail server: reached, and handed one mail at a time.

use super::text::Letter;
use crate::plan::mail::MailServer;
use lettre::message::header::ContentType;
use lettre::message::{Attachment, Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use std::time::Duration;

/// A server that does not answer for so long is gone.
const TIMEOUT: Duration = Duration::from_secs(30);

/// What became of a mail that was handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Handed {
    Accepted,
    /// The server wants it later, for certain.
    Later(String),
    /// The server does not want it.
    Refused(String),
    /// The line died: it may have been accepted.
    Unknown(String),
}

/// Why there is no mail server, or no mail.
#[derive(Debug, thiserror::Error)]
pub enum SmtpError {
    #[error(transparent)]
    Server(#[from] lettre::transport::smtp::Error),
    #[error("`{0}` is no mail address")]
    Address(String),
    #[error(transparent)]
    Message(#[from] lettre::error::Error),
}

pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    test_recipient: Option<Mailbox>,
}

impl Smtp {
    /// # Errors
    /// Of an address that is none.
    pub fn new(server: &MailServer) -> Result<Smtp, SmtpError> {
        let mut builder =
            AsyncSmtpTransport::<Tokio1Executor>::from_url(&server.url)?.timeout(Some(TIMEOUT));
        if let (Some(user), Some(password)) = (&server.user, &server.password) {
            let login = Credentials::new(user.clone(), password.reveal().to_owned());
            builder = builder.credentials(login);
        }
        Ok(Smtp {
            transport: builder.build(),
            from: mailbox(&server.from)?,
            test_recipient: match &server.test_recipient {
                Some(recipient) => Some(mailbox(recipient)?),
                None => None,
            },
        })
    }

    /// Whether it is there and takes the login. Nothing has been handed over yet, so that any error may pass.
    ///
    /// # Errors
    /// What the server or the line says.
    pub async fn reach(&self) -> Result<bool, SmtpError> {
        Ok(self.transport.test_connection().await?)
    }

    /// The mail, to the customer or to whom the project tries mails out on.
    ///
    /// # Errors
    /// Of an address that is none.
    pub fn message(
        &self,
        to: &str,
        letter: &Letter,
        file: Option<(String, Vec<u8>)>,
    ) -> Result<(Message, String), SmtpError> {
        let to = match &self.test_recipient {
            Some(recipient) => recipient.clone(),
            None => mailbox(to)?,
        };
        let shown = to.email.to_string();
        let message = Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(letter.subject.clone());
        let words = MultiPart::alternative_plain_html(letter.text.clone(), letter.html.clone());
        let message = match file {
            None => message.multipart(words)?,
            Some((name, bytes)) => {
                let kind = ContentType::parse("application/pdf");
                let kind = kind.unwrap_or(ContentType::TEXT_PLAIN);
                let file = Attachment::new(name).body(bytes, kind);
                message.multipart(MultiPart::mixed().multipart(words).singlepart(file))?
            }
        };
        Ok((message, shown))
    }

    /// A plain mail to administrators. `id`: its identity, so that a mail system knows a copy.
    ///
    /// # Errors
    /// Of an address that is none.
    pub fn notice(
        &self,
        to: &[String],
        subject: &str,
        text: &str,
        id: String,
    ) -> Result<Message, SmtpError> {
        let mut message = Message::builder()
            .from(self.from.clone())
            .subject(subject)
            .message_id(Some(id))
            .header(ContentType::TEXT_PLAIN);
        for one in to {
            message = message.to(mailbox(one)?);
        }
        Ok(message.body(text.to_owned())?)
    }

    /// Hands it over. Only an answer of the server's is certain; after anything else it is unknown.
    pub async fn hand(&self, message: Message) -> Handed {
        match self.transport.send(message).await {
            Ok(_) => Handed::Accepted,
            Err(error) if error.is_transient() => Handed::Later(error.to_string()),
            Err(error) if error.is_permanent() => Handed::Refused(error.to_string()),
            Err(error) => Handed::Unknown(error.to_string()),
        }
    }
}

fn mailbox(text: &str) -> Result<Mailbox, SmtpError> {
    text.trim()
        .parse()
        .map_err(|_| SmtpError::Address(text.to_owned()))
}
