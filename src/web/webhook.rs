//! A shop's webhook: whoever signs with its token, or sends it, may have a flow run, and nothing else.
//!
//! WooCommerce signs: its header [`SIGNATURE`] has the HMAC-SHA256 of the body in base64. Before it delivers anything it sees whether
//! somebody is there, by a form that says the webhook's number and is signed by nobody; it wants exactly 200. Modules of
//! other shops send the token, as a bearer or in the address.

use crate::plan::web::Token;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use url::form_urlencoded;

const SIGNATURE: &str = "x-wc-webhook-signature";
/// Bytes of what is signed: an order has some hundred lines.
const SIGNED_MAX: usize = 4 << 20;
/// `webhook_id=4711`
const PING_MAX: usize = 64;

/// What a request to run a flow is.
pub enum Heard {
    /// It may, as far as the webhook's token is concerned.
    Granted(Request),
    /// It is answered already.
    Answered(Response),
    /// No webhook's.
    Other(Request),
}

/// Whether a path runs a flow.
pub fn is_run(path: &str) -> bool {
    path.starts_with("/api/flows/") && path.ends_with("/run")
}

/// Looks whether a request to run a flow is a webhook's. What it says of the shop is of no interest: the flow reads that itself.
pub async fn heard(token: &Token, request: Request<Body>) -> Heard {
    let is_granted = sent(&request).is_some_and(|given| token.is(&given));
    let signature = request.headers().get(SIGNATURE).cloned();
    if let Some(signature) = signature.filter(|_| !is_granted) {
        let (parts, body) = request.into_parts();
        let Ok(body) = to_bytes(body, SIGNED_MAX).await else {
            let why = "the webhook's body is too long\n";
            return Heard::Answered((StatusCode::PAYLOAD_TOO_LARGE, why).into_response());
        };
        return match token.signs(&body, signature.as_bytes()) {
            true => Heard::Granted(Request::from_parts(parts, Body::empty())),
            false => {
                let why = "signed with another secret than `webhook_token`\n";
                Heard::Answered((StatusCode::UNAUTHORIZED, why).into_response())
            }
        };
    }
    let request = match may_ping(request.headers()) {
        true => {
            let (parts, body) = request.into_parts();
            let body = to_bytes(body, PING_MAX).await.unwrap_or_default();
            if is_ping(&body) {
                return Heard::Answered((StatusCode::OK, "heard\n").into_response());
            }
            Request::from_parts(parts, Body::empty())
        }
        false => request,
    };
    match is_granted {
        true => Heard::Granted(request),
        false => Heard::Other(request),
    }
}

/// The token of a request: as a bearer, or `?token=`.
fn sent(request: &Request<Body>) -> Option<String> {
    let bearer = request.headers().get(header::AUTHORIZATION);
    if let Some(bearer) = bearer.and_then(|value| value.to_str().ok()?.strip_prefix("Bearer ")) {
        return Some(bearer.trim().to_owned());
    }
    let query = request.uri().query()?;
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs.find_map(|(name, value)| (name == "token").then(|| value.into_owned()))
}

/// A form that nobody signs.
fn may_ping(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.starts_with("application/x-www-form-urlencoded")
        && !headers.contains_key(SIGNATURE)
        && !headers.contains_key(header::AUTHORIZATION)
}

fn is_ping(body: &[u8]) -> bool {
    let number = body.strip_prefix(b"webhook_id=");
    number.is_some_and(|number| !number.is_empty() && number.iter().all(u8::is_ascii_digit))
}
