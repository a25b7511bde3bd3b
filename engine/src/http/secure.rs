//! TLS, HTTP/2 and proxies, through reqwest: the only file that names it.

use std::error::Error as StdError;
use std::sync::{Once, OnceLock};
use std::task::{Context, Poll};

use bytes::Bytes;
use tower_layer::Layer;
use tower_service::Service;

use super::failure::{ConnectTooSlow, Failure, FailureKind};
use super::{BoxFuture, ConnectWatch, Payload, Reply, ReplyBody, Source, Wire};
use crate::clock::{Clock, SystemClock, before};

/// The process's one client for all that plain HTTP can't reach.
#[derive(Default)]
pub struct Secure {
    client: OnceLock<reqwest::Client>,
}

impl Secure {
    fn client(&self) -> Result<&reqwest::Client, Failure> {
        match self.client.get() {
            Some(client) => Ok(client),
            None => build().map(|client| self.client.get_or_init(|| client)),
        }
    }

    pub async fn send(&self, wire: Wire, watch: &ConnectWatch) -> Result<Reply, Failure> {
        let client = self.client()?;
        watch.lock().limit = wire.connect;
        let mut request = reqwest::Request::new(wire.method, wire.url);
        *request.headers_mut() = wire.headers;
        match wire.body {
            Payload::Whole(bytes) if bytes.is_empty() => {}
            Payload::Whole(bytes) => *request.body_mut() = Some(bytes.into()),
            upload @ Payload::Upload(_) => *request.body_mut() = Some(reqwest::Body::wrap(upload)),
        }
        let sent = WATCH.scope(watch.clone(), client.execute(request)).await;
        let mut response = sent.map_err(|error| failure(error, watch.is_connecting()))?;
        let status = response.status().as_u16();
        let headers = std::mem::take(response.headers_mut());
        let body = ReplyBody::new(Source::Secure(Box::new(response)), &headers);
        Ok(Reply { status, headers, body })
    }
}

/// The next bytes of a body.
pub async fn chunk(response: &mut reqwest::Response) -> Result<Option<Bytes>, Failure> {
    response.chunk().await.map_err(|error| failure(error, false))
}

fn build() -> Result<reqwest::Client, Failure> {
    install_crypto();
    let mut builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .tcp_nodelay(true)
        .tcp_keepalive(super::KEEPALIVE)
        .pool_idle_timeout(super::IDLE)
        .connector_layer(WatchLayer);
    if let Some(extra) = extra_authorities()? {
        builder = builder.tls_certs_merge(extra);
    }
    builder.build().map_err(|error| failure(error, false))
}

/// The certificate authorities of `NODE_EXTRA_CA_CERTS`, beside the system's (`SSL_CERT_FILE` names those).
fn extra_authorities() -> Result<Option<Vec<reqwest::Certificate>>, Failure> {
    let Some(path) = std::env::var_os("NODE_EXTRA_CA_CERTS").filter(|path| !path.is_empty()) else {
        return Ok(None);
    };
    let unusable =
        |why: String| Failure { kind: FailureKind::Tls, detail: format!("NODE_EXTRA_CA_CERTS: {why}") };
    let pem = std::fs::read(path).map_err(|why| unusable(why.to_string()))?;
    let certificates = reqwest::Certificate::from_pem_bundle(&pem);
    certificates.map(Some).map_err(|why| unusable(why.to_string()))
}

fn failure(error: reqwest::Error, connecting: bool) -> Failure {
    let error = error.without_url();
    let kind = if error.is_builder() {
        FailureKind::Unsendable
    } else if error.is_connect() || connecting {
        FailureKind::Unreachable
    } else {
        FailureKind::Broken
    };
    Failure::read(kind, &error)
}

/// One TLS provider for the whole process; a second would make rustls refuse to choose.
pub fn install_crypto() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        // An error means that one is installed already, which is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
    });
}

tokio::task_local! {
    static WATCH: ConnectWatch;
}

/// Times connecting (name lookup, TCP, proxy and TLS) for the call that asked for it, and holds it to its clock.
#[derive(Clone)]
struct WatchLayer;

impl<S> Layer<S> for WatchLayer {
    type Service = Watched<S>;

    fn layer(&self, inner: S) -> Watched<S> {
        Watched(inner)
    }
}

#[derive(Clone)]
struct Watched<S>(S);

impl<S, Request> Service<Request> for Watched<S>
where
    S: Service<Request, Error = Box<dyn StdError + Send + Sync>>,
    S::Future: Send + 'static,
    S::Response: 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<S::Response, S::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let connecting = self.0.call(request);
        Box::pin(async move {
            // Without a watch, the call that asked has found another connection meanwhile.
            let Ok(watch) = WATCH.try_with(Clone::clone) else { return connecting.await };
            let began = SystemClock.now();
            let limit = {
                let mut state = watch.lock();
                state.began = Some(began);
                state.limit
            };
            let connected = before(limit.map(|limit| began + limit), connecting).await;
            let connected = connected.unwrap_or_else(|| Err(Box::new(ConnectTooSlow)))?;
            watch.lock().took = Some(SystemClock.now() - began);
            Ok(connected)
        })
    }
}
