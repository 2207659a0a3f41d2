//! The running service's page, its API, its metrics: what it does, and buttons for whoever may press them.
//!
//! It listens where the project says, answers only to the names that it is known by (a page elsewhere must not reach it by
//! way of the browser), and changes nothing by a GET. Everything is made on the server; nothing is loaded from outside.

mod access;
mod api;
mod approvals;
mod metrics;
mod order;
mod page;
mod texts;
mod webhook;

use crate::plan::web::Web;
use crate::service::Service;
use crate::service::control::Control;
use access::Access;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use std::future::Future;
use std::io;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// The service as it runs now; another one after the project was loaded anew.
#[derive(Clone)]
pub struct Live {
    pub service: Arc<Service>,
    pub control: Arc<Control>,
}

/// What every handler is given.
#[derive(Clone)]
struct Site {
    live: watch::Receiver<Option<Live>>,
    access: Arc<Access>,
}

impl Site {
    /// `None` while the service starts or is loaded anew.
    fn live(&self) -> Option<Live> {
        self.live.borrow().clone()
    }
}

/// The page at its address, not yet served.
pub struct Listening {
    listener: TcpListener,
    web: Web,
}

impl Listening {
    /// # Errors
    /// An address that is taken or not this machine's.
    pub async fn at(web: &Web) -> io::Result<Listening> {
        Ok(Listening {
            listener: TcpListener::bind(web.listen).await?,
            web: web.clone(),
        })
    }

    /// Where it is: a port of 0 was chosen by the system.
    ///
    /// # Errors
    /// Those of asking the system.
    pub fn address(&self) -> io::Result<std::net::SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers until `stop` resolves.
    ///
    /// # Errors
    /// Those of the listening socket.
    pub async fn serve(
        self,
        live: watch::Receiver<Option<Live>>,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        let port = self.address()?.port();
        let site = Site {
            live,
            access: Arc::new(Access::new(self.web, port)),
        };
        axum::serve(self.listener, routes(site))
            .with_graceful_shutdown(stop)
            .await
    }
}

fn routes(site: Site) -> Router {
    let look = Router::new()
        .route("/", get(page::flows))
        .route("/quarantine", get(page::quarantine))
        .route("/approvals", get(approvals::page))
        .route("/explain", get(page::explain))
        .route("/order", get(order::page))
        .route("/help", get(page::help))
        .route("/metrics", get(metrics::metrics))
        .route("/api/flows", get(api::flows))
        .route("/api/runs", get(api::runs))
        .route("/api/quarantine", get(api::quarantine))
        .route("/api/approvals", get(approvals::listed))
        .route("/api/explain", get(api::explain))
        .route("/api/order", get(order::told))
        .route_layer(middleware::from_fn_with_state(
            site.clone(),
            access::may_look,
        ));
    let act = Router::new()
        .route("/act", post(page::act))
        .route("/decide", post(approvals::decide))
        .route("/api/approvals/accept", post(approvals::accept))
        .route("/api/approvals/reject", post(approvals::reject))
        .route("/logout", post(page::logout))
        .route("/api/flows/{*path}", post(api::act))
        .route_layer(middleware::from_fn_with_state(
            site.clone(),
            access::may_act,
        ));
    let open = Router::new()
        .route("/login", get(page::login).post(page::log_in))
        .route("/style.css", get(style))
        .route("/openapi.json", get(openapi))
        .route("/health", get(api::health))
        .route("/health/live", get(|| async { "alive\n" }))
        .route("/health/ready", get(api::ready));
    look.merge(act)
        .merge(open)
        .layer(middleware::from_fn_with_state(site.clone(), known_host))
        .with_state(site)
}

/// Refuses requests under a foreign name, and tells browsers what an answer may do.
async fn known_host(State(site): State<Site>, request: Request<Body>, next: Next) -> Response {
    let host = request.headers().get(header::HOST);
    let host = host.and_then(|host| host.to_str().ok());
    if !host.is_some_and(|host| site.access.is_known_host(host)) {
        let why =
            "this is not the name under which the service is known (`hosts` in `[service]`)\n";
        return (StatusCode::MISDIRECTED_REQUEST, why).into_response();
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let policy = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // Without a referrer at all, browsers hide where a form comes from, too.
        (header::REFERRER_POLICY, "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

async fn style() -> impl IntoResponse {
    let kind = [(header::CONTENT_TYPE, "text/css; charset=utf-8")];
    (kind, include_str!("style.css"))
}

async fn openapi() -> impl IntoResponse {
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (kind, include_str!("openapi.json"))
}

/// While there is no service to speak of.
fn not_ready() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, "the service starts\n").into_response()
}
