//! Who may look and who may act.

use super::Site;
use super::page;
use super::webhook::{self, Heard};
use crate::plan::web::{Token, Web};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Who has logged in stays so for a working day.
const SESSION: Duration = Duration::from_secs(12 * 60 * 60);
const SESSIONS_MAX: usize = 1000;
/// Characters kept of a name.
const NAME_MAX: usize = 60;
/// Those who do not say their name.
const ON_PAGE: &str = "the page";
const BY_API: &str = "the API";
const COOKIE: &str = "ponte_session";

/// What somebody may do; the later includes the earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    Nobody,
    Look,
    Act,
}

#[derive(Debug, Clone)]
struct Session {
    role: Role,
    name: String,
    /// Stands in every form of this session: a form of another page cannot know it.
    form: String,
    since: Instant,
}

/// Who a request comes from.
#[derive(Debug, Clone)]
pub struct Visitor {
    pub role: Role,
    /// Who it says it is; otherwise by which way it came.
    pub name: String,
    /// For forms; empty without a session.
    pub form: String,
    token: Bearer,
}

/// What token of its own a request bears: no browser added it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bearer {
    None,
    Known,
    Unknown,
}

pub struct Access {
    web: Web,
    port: u16,
    sessions: Mutex<HashMap<String, Session>>,
}

impl Access {
    pub fn new(web: Web, port: u16) -> Access {
        Access {
            web,
            port,
            sessions: Mutex::default(),
        }
    }

    /// Whether a `Host` header names this service.
    pub fn is_known_host(&self, host: &str) -> bool {
        let host = host.to_lowercase();
        if self.web.hosts.contains(&host) {
            return true;
        }
        let (name, port) = match host.rsplit_once(':') {
            Some((name, port)) if port.parse::<u16>().is_ok() => (name, port.parse().unwrap_or(0)),
            _ => (host.as_str(), 80),
        };
        let ip = self.web.listen.ip();
        let own = match ip {
            std::net::IpAddr::V4(ip) => ip.to_string(),
            std::net::IpAddr::V6(ip) => format!("[{ip}]"),
        };
        let local = ip.is_loopback() || ip.is_unspecified();
        let known = name == own || (local && ["localhost", "127.0.0.1", "[::1]"].contains(&name));
        (port == self.port && known) || self.web.hosts.iter().any(|known| known == name)
    }

    /// The role that a token gives.
    pub fn role_of(&self, token: &str) -> Role {
        let is = |own: &Option<Token>| own.as_ref().is_some_and(|own| own.is(token));
        match (is(&self.web.act), is(&self.web.look)) {
            (true, _) => Role::Act,
            (false, true) => Role::Look,
            (false, false) => Role::Nobody,
        }
    }

    /// The token by which a shop's webhook starts runs.
    pub fn webhook(&self) -> Option<&Token> {
        self.web.webhook.as_ref()
    }

    /// What everybody may who reaches the address.
    fn anybody(&self) -> Role {
        match self.web.look {
            Some(_) => Role::Nobody,
            None => Role::Look,
        }
    }

    /// Whether anybody can ever act.
    pub fn has_actors(&self) -> bool {
        self.web.act.is_some()
    }

    fn sessions(&self) -> MutexGuard<'_, HashMap<String, Session>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a session: the cookie for the browser.
    pub fn begin(&self, role: Role, name: &str) -> String {
        let mut sessions = self.sessions();
        sessions.retain(|_, session| session.since.elapsed() < SESSION);
        if sessions.len() >= SESSIONS_MAX {
            sessions.clear();
        }
        let id = random();
        let cookie = format!(
            "{COOKIE}={id}; HttpOnly; SameSite=Strict; Path=/; Max-Age={}",
            SESSION.as_secs()
        );
        let name = name.trim().chars().filter(|sign| !sign.is_control());
        let name: String = name.take(NAME_MAX).collect();
        let session = Session {
            role,
            name: match name.is_empty() {
                true => ON_PAGE.to_owned(),
                false => name,
            },
            form: random(),
            since: Instant::now(),
        };
        sessions.insert(id, session);
        cookie
    }

    /// Ends the request's session: the cookie that takes the old one away.
    pub fn end(&self, headers: &HeaderMap) -> String {
        if let Some(id) = session_of(headers) {
            self.sessions().remove(id);
        }
        format!("{COOKIE}=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0")
    }

    pub fn visitor(&self, headers: &HeaderMap) -> Visitor {
        let bearer = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        if let Some(token) = bearer {
            let role = self.role_of(token.trim());
            let is_webhook = || self.webhook().is_some_and(|own| own.is(token.trim()));
            return Visitor {
                role: role.max(self.anybody()),
                name: BY_API.to_owned(),
                form: String::new(),
                token: match role > Role::Nobody || is_webhook() {
                    true => Bearer::Known,
                    false => Bearer::Unknown,
                },
            };
        }
        let sessions = self.sessions();
        let session = session_of(headers).and_then(|id| sessions.get(id));
        let session = session.filter(|session| session.since.elapsed() < SESSION);
        Visitor {
            role: session
                .map_or(Role::Nobody, |session| session.role)
                .max(self.anybody()),
            name: session.map_or(ON_PAGE.to_owned(), |session| session.name.clone()),
            form: session.map_or(String::new(), |session| session.form.clone()),
            token: Bearer::None,
        }
    }
}

impl Visitor {
    /// Whether a form was sent from a page of this session.
    pub fn sent(&self, form: &str) -> bool {
        self.token != Bearer::None || (!self.form.is_empty() && self.form == form)
    }
}

fn session_of(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).iter();
    let cookies = cookies.filter_map(|value| value.to_str().ok());
    let mut each = cookies.flat_map(|value| value.split(';'));
    each.find_map(|cookie| cookie.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}

/// 256 bits of the system's randomness.
fn random() -> String {
    let bytes: [u8; 32] = rand::random();
    blake3::Hash::from_bytes(bytes).to_hex().to_string()
}

/// Lets through who may look; sends browsers to the login.
pub async fn may_look(State(site): State<Site>, request: Request<Body>, next: Next) -> Response {
    let visitor = site.access.visitor(request.headers());
    if visitor.role < Role::Look {
        return match (visitor.token, request.uri().path()) {
            (Bearer::None, "/" | "/quarantine" | "/approvals" | "/explain" | "/order") => {
                page::to_login()
            }
            (token, _) => denied(token),
        };
    }
    next.run(with(request, visitor)).await
}

/// Lets through who may act, from this page or with a token.
pub async fn may_act(State(site): State<Site>, request: Request<Body>, next: Next) -> Response {
    let visitor = site.access.visitor(request.headers());
    let request = match site.access.webhook() {
        Some(token) if webhook::is_run(request.uri().path()) && visitor.role < Role::Act => {
            match webhook::heard(token, request).await {
                Heard::Granted(request) => return next.run(with(request, visitor)).await,
                Heard::Answered(answer) => return answer,
                Heard::Other(request) => request,
            }
        }
        _ => request,
    };
    // A browser says where a form comes from; it must be from here.
    let headers = request.headers();
    let origin = headers
        .get(header::ORIGIN)
        .and_then(|origin| origin.to_str().ok());
    let host = origin.map(|origin| origin.split_once("://").map_or("", |(_, host)| host));
    if host.is_some_and(|host| !site.access.is_known_host(host)) {
        return (StatusCode::FORBIDDEN, "this form comes from another page\n").into_response();
    }
    if visitor.role < Role::Act && request.uri().path() != "/logout" {
        return denied(visitor.token);
    }
    next.run(with(request, visitor)).await
}

fn denied(token: Bearer) -> Response {
    let (status, why) = match token {
        Bearer::None => (
            StatusCode::UNAUTHORIZED,
            "`Authorization: Bearer TOKEN` is needed\n",
        ),
        Bearer::Unknown => (StatusCode::UNAUTHORIZED, "there is no such token\n"),
        Bearer::Known => (StatusCode::FORBIDDEN, "this token does not allow it\n"),
    };
    (status, why).into_response()
}

fn with(mut request: Request<Body>, visitor: Visitor) -> Request<Body> {
    request.extensions_mut().insert(visitor);
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(listen: &str, hosts: &[&str]) -> Access {
        let web = Web {
            listen: listen.parse().unwrap(),
            hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
            act: Some(Token::new("act-act-act-act-act".to_owned())),
            look: None,
            webhook: None,
        };
        let port = web.listen.port();
        Access::new(web, port)
    }

    #[test]
    fn only_its_own_names_are_known() {
        let local = access("127.0.0.1:7010", &["ponte.example"]);
        for host in [
            "127.0.0.1:7010",
            "localhost:7010",
            "LOCALHOST:7010",
            "[::1]:7010",
            "ponte.example",
            "ponte.example:443",
        ] {
            assert!(local.is_known_host(host), "{host}");
        }
        for host in [
            "evil.example:7010",
            "127.0.0.1:7011",
            "localhost",
            "localhost.evil.example:7010",
            "",
            "127.0.0.1",
        ] {
            assert!(!local.is_known_host(host), "{host}");
        }
        let outside = access("192.0.2.1:80", &[]);
        assert!(outside.is_known_host("192.0.2.1") && !outside.is_known_host("localhost:80"));
    }

    #[test]
    fn a_form_needs_its_session() {
        let access = access("127.0.0.1:7010", &[]);
        assert_eq!(access.role_of("act-act-act-act-act"), Role::Act);
        assert_eq!(access.role_of("act-act-act-act-ac"), Role::Nobody);
        let cookie = access.begin(Role::Act, " Ada ");
        let mut headers = HeaderMap::new();
        let sent = cookie.split(';').next().unwrap();
        headers.insert(header::COOKIE, format!("a=b; {sent}").parse().unwrap());
        let visitor = access.visitor(&headers);
        assert_eq!((visitor.role, visitor.name.as_str()), (Role::Act, "Ada"));
        assert!(visitor.sent(&visitor.form) && !visitor.sent("") && !visitor.sent("x"));
        access.end(&headers);
        let visitor = access.visitor(&headers);
        assert_eq!(visitor.role, Role::Look);
        assert!(!visitor.sent(&visitor.form));
    }
}
