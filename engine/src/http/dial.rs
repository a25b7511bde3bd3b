//! Making a connection: the name looked up, the address checked where a list says which may be reached, TCP or a unix
//! socket, the proxy asked for the way, TLS.

use std::future::{Ready, ready};
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::task::{Context, Poll};

use ::http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio_rustls::TlsConnector;
use tower_service::Service;
use url::Url;

use super::egress::Egress;
use super::failure::{Failure, FailureKind};
use super::proxy::{Proxy, Scheme};
use super::stream::Stream;
use super::tls::Tls;
use super::{BoxFuture, KEEPALIVE, Route};

/// Looks up the addresses of a name; replaced in tests.
pub trait Resolve: Send + Sync {
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>>;
}

/// The operating system's own.
pub struct System;

impl Resolve for System {
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>> {
        Box::pin(async move { Ok(tokio::net::lookup_host((host, port)).await?.collect()) })
    }
}

/// Where a connection is to lead, and how.
pub struct Way<'w> {
    pub url: &'w Url,
    pub socket: Option<&'w Path>,
    pub route: &'w Route,
    pub proxy: Option<Arc<Proxy>>,
    /// The connection is to be HTTP/1.1's, which can change its protocol, and a tunnel through whatever proxy.
    pub upgrade: bool,
}

impl Way<'_> {
    /// Whether the proxy takes the request itself, with the host in its URL.
    pub fn asks_proxy(&self) -> Option<&Proxy> {
        let plain = self.url.scheme() == "http" && self.route.egress.is_none() && !self.upgrade;
        self.proxy.as_deref().filter(|proxy| plain && proxy.takes_requests())
    }

    pub fn is_secure(&self) -> bool {
        self.url.scheme() == "https"
    }

    fn host(&self) -> &str {
        self.url.host_str().unwrap_or("").trim_start_matches('[').trim_end_matches(']')
    }

    fn port(&self) -> u16 {
        self.url.port_or_known_default().unwrap_or(80)
    }
}

pub struct Dialler {
    pub resolver: Arc<dyn Resolve>,
}

impl Dialler {
    /// Opens a stream to the host; whether it speaks HTTP/2 on it.
    pub async fn open(&self, way: &Way<'_>) -> Result<(Stream, bool), Failure> {
        let Route { egress, tls, .. } = way.route;
        if let Some(egress) = egress {
            egress.allows(way.url, way.socket).map_err(forbidden)?;
        }
        let stream = match (way.socket, &way.proxy) {
            (Some(path), _) => connect_socket(path).await?,
            (None, Some(proxy)) => self.through(proxy, way).await?,
            (None, None) => self.connect(way.host(), way.port(), egress.as_deref()).await?,
        };
        if !way.is_secure() {
            return Ok((stream, false));
        }
        let name = tls.name(way.host()).ok_or_else(|| nameless(way.host()))?;
        let config = if way.upgrade { tls.for_upgrades()? } else { tls.for_hosts()? };
        encrypt(stream, config, name).await
    }

    async fn connect(&self, host: &str, port: u16, egress: Option<&Egress>) -> Result<Stream, Failure> {
        connect_to(self.addresses(host, port, egress).await?, port).await
    }

    async fn addresses(
        &self,
        host: &str,
        port: u16,
        egress: Option<&Egress>,
    ) -> Result<Vec<SocketAddr>, Failure> {
        let found = match host.parse() {
            Ok(address) => vec![SocketAddr::new(address, port)],
            Err(_) => self.resolver.resolve(host, port).await.map_err(|why| unknown(&why))?,
        };
        match egress {
            Some(egress) => egress.checked(found),
            None => Ok(found),
        }
    }

    /// To the host, over a proxy.
    async fn through(&self, proxy: &Proxy, way: &Way<'_>) -> Result<Stream, Failure> {
        let stream = self.connect_proxy(proxy, way.route).await?;
        if way.asks_proxy().is_some() {
            return Ok(stream);
        }
        let (host, port) = (way.host(), way.port());
        let checked = way.route.egress.as_deref();
        if checked.is_none() && proxy.scheme != Scheme::Socks5 {
            return proxy.tunnel(stream, host, port).await;
        }
        let addresses = self.addresses(host, port, checked).await?;
        let address = addresses.first().ok_or_else(|| unknown(&"no address"))?;
        proxy.tunnel(stream, &address.ip().to_string(), port).await
    }

    async fn connect_proxy(&self, proxy: &Proxy, route: &Route) -> Result<Stream, Failure> {
        // Who runs the process says what its environment is; any other proxy may be a tenant's.
        let egress = route.egress.as_deref().filter(|_| !proxy.is_from_environment());
        let host = if proxy.host.contains(':') { format!("[{}]", proxy.host) } else { proxy.host.clone() };
        if let Some(egress) = egress {
            let url = Url::parse(&format!("http://{host}:{}", proxy.port));
            let url = url.map_err(|_| proxy.failure(FailureKind::Proxy, "has no host"))?;
            let refused = |_| proxy.failure(FailureKind::Forbidden, "is not on the egress list");
            egress.allows(&url, None).map_err(refused)?;
        }
        let connected = self.connect(&proxy.host, proxy.port, egress).await;
        let stream = connected.map_err(|failure| match failure.kind {
            FailureKind::Forbidden => failure,
            FailureKind::Dns => proxy.failure(FailureKind::Proxy, "is a name that could not be resolved"),
            FailureKind::Refused => {
                proxy.failure(FailureKind::Proxy, "refuses connections: nothing listens there")
            }
            _ => proxy.failure(FailureKind::Proxy, &format!("could not be reached: {}", failure.detail)),
        })?;
        if proxy.scheme != Scheme::Https {
            return Ok(stream);
        }
        let name = Tls::usual().name(&proxy.host).ok_or_else(|| nameless(&proxy.host))?;
        let encrypted = encrypt(stream, route.tls.for_proxies()?, name).await;
        let stream = encrypted
            .map_err(|failure| proxy.failure(failure.kind, &format!("is not trusted: {}", failure.detail)));
        stream.map(|(stream, _)| stream)
    }
}

/// Connects to one of the addresses; those of the other IP version get their turn when the first are slow.
async fn connect_to(addresses: Vec<SocketAddr>, port: u16) -> Result<Stream, Failure> {
    let mut connector = HttpConnector::new_with_resolver(Found(addresses));
    connector.set_nodelay(true);
    connector.set_keepalive(Some(KEEPALIVE));
    // The name is never looked up: its addresses are given.
    let uri: Uri = format!("http://found:{port}/").parse().map_err(|why| unsendable(&why))?;
    let stream =
        connector.call(uri).await.map_err(|error| Failure::read(FailureKind::Unreachable, &error))?;
    Ok(Box::new(stream.into_inner()))
}

/// Addresses that were looked up already.
#[derive(Clone)]
struct Found(Vec<SocketAddr>);

impl Service<Name> for Found {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Ready<io::Result<Self::Response>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Name) -> Self::Future {
        ready(Ok(std::mem::take(&mut self.0).into_iter()))
    }
}

#[cfg(unix)]
async fn connect_socket(path: &Path) -> Result<Stream, Failure> {
    let stream = tokio::net::UnixStream::connect(path).await;
    Ok(Box::new(stream.map_err(|error| Failure::read(FailureKind::Unreachable, &error))?))
}

#[cfg(not(unix))]
async fn connect_socket(path: &Path) -> Result<Stream, Failure> {
    Err(unsendable(&format!("this platform has no unix sockets: {}", path.display())))
}

async fn encrypt(
    stream: Stream,
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
) -> Result<(Stream, bool), Failure> {
    let connected = TlsConnector::from(config).connect(name, stream).await;
    let stream = connected.map_err(|error| Failure::read(FailureKind::Unreachable, &error))?;
    let speaks_2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    Ok((Box::new(stream), speaks_2))
}

fn forbidden(why: String) -> Failure {
    Failure { kind: FailureKind::Forbidden, detail: why }
}

fn unknown(why: &dyn std::fmt::Display) -> Failure {
    Failure { kind: FailureKind::Dns, detail: why.to_string() }
}

fn nameless(host: &str) -> Failure {
    unsendable(&format!("{host} is no name that a certificate could have"))
}

pub fn unsendable(why: &dyn std::fmt::Display) -> Failure {
    Failure { kind: FailureKind::Unsendable, detail: why.to_string() }
}
