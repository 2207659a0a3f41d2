//! One HTTP request to an address of the project's: a webhook, a heartbeat.

use crate::plan::alerts::Address;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::{Method, Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore, crypto};

/// A server that does not answer for so long is gone.
const TIMEOUT: Duration = Duration::from_secs(15);
/// Of an answer, which nobody reads.
const BYTES_MAX: usize = 64 << 10;

/// Why an address could not be called. The address itself is not shown: it is a secret.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    #[error("it does not answer: {0}")]
    Line(#[from] io::Error),
    #[error(
        "its certificate is not trusted: the authority of it is unknown here; a company's own one belongs to those that the system trusts, or into the file that the environment variable `SSL_CERT_FILE` names"
    )]
    Stranger,
    #[error("its certificate is refused: {0}")]
    Certificate(rustls::Error),
    #[error("it does not answer as a web server does: {0}")]
    Http(#[from] hyper::Error),
    #[error("it does not answer within {} seconds", TIMEOUT.as_secs())]
    Late,
    #[error("it answers {0}")]
    Status(StatusCode),
    #[error("the request cannot be made: {0}")]
    Request(#[from] hyper::http::Error),
}

/// Posts a JSON text, or asks without one. Anything but a good answer is an error; where it leads elsewhere is not followed.
///
/// # Errors
/// A server that is not there, or that does not want it.
pub async fn call(address: &Address, json: Option<String>) -> Result<(), CallError> {
    let answered = tokio::time::timeout(TIMEOUT, asked(address, json)).await;
    match answered.map_err(|_| CallError::Late)?? {
        status if status.is_success() => Ok(()),
        status => Err(CallError::Status(status)),
    }
}

async fn asked(address: &Address, json: Option<String>) -> Result<StatusCode, CallError> {
    let url = address.reveal();
    let host = url.host_str().unwrap_or_default();
    let named = || io::Error::other("its name is no name of a server");
    let port = url.port_or_known_default().ok_or_else(named)?;
    // An address of IPv6 is in brackets.
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let line = TcpStream::connect((bare, port)).await?;
    let path = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let authority = match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    };
    let method = match json {
        Some(_) => Method::POST,
        None => Method::GET,
    };
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, authority)
        .header(
            header::USER_AGENT,
            concat!("ponte/", env!("CARGO_PKG_VERSION")),
        )
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::CONNECTION, "close")
        .body(Full::new(Bytes::from(json.unwrap_or_default())))?;
    match url.scheme() {
        "https" => {
            let name = ServerName::try_from(bare.to_owned()).map_err(|_| named())?;
            let line = connector()?.connect(name, line).await;
            over(line.map_err(refused)?, request).await
        }
        _ => over(line, request).await,
    }
}

/// Why there is no line over TLS.
fn refused(error: io::Error) -> CallError {
    use rustls::{CertificateError, Error};
    let inner = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<Error>());
    match inner {
        Some(Error::InvalidCertificate(CertificateError::UnknownIssuer)) => CallError::Stranger,
        Some(inner @ Error::InvalidCertificate(_)) => CallError::Certificate(inner.clone()),
        _ => CallError::Line(error),
    }
}

async fn over<L>(line: L, request: Request<Full<Bytes>>) -> Result<StatusCode, CallError>
where
    L: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(line)).await?;
    let connection = tokio::spawn(connection);
    let answer = sender.send_request(request).await;
    let status = match answer {
        Ok(answer) => {
            let status = answer.status();
            // What a server says after its status changes nothing.
            let _ = Limited::new(answer.into_body(), BYTES_MAX).collect().await;
            Ok(status)
        }
        Err(error) => Err(error.into()),
    };
    connection.abort();
    status
}

/// TLS as the system trusts it, or as `SSL_CERT_FILE` and `SSL_CERT_DIR` say in its place.
fn connector() -> io::Result<TlsConnector> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    let provider = Arc::new(crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
