//! Proxies: which one a request goes through, and how one is asked for the way to a host.
//! The environment's proxies (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`, in both cases) are not for loopback
//! hosts; a proxy that a target names is for whatever the target is. No message shows a proxy's credentials.

use std::sync::Arc;

use ::http::{HeaderValue, Uri};
use hyper_util::client::legacy::connect::proxy::SocksV5;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tower_service::Service;
use url::{Host, Url};

use super::exempt::Exempt;
use super::failure::{Failure, FailureKind};
use super::stream::Stream;

/// What a target says of proxies.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum Through {
    /// What the environment says.
    #[default]
    Environment,
    /// None, whatever the environment says.
    Direct,
    Proxy(Arc<Proxy>),
}

#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Proxy {
    pub scheme: Scheme,
    /// Without the brackets of an IPv6 address.
    pub host: String,
    pub port: u16,
    /// The user and password, as an HTTP proxy is told them.
    pub authorization: Option<HeaderValue>,
    /// The same for a SOCKS proxy.
    login: Option<(String, String)>,
    from_environment: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    Http,
    Https,
    /// The proxy is given an address.
    Socks5,
    /// The proxy is given the host's name.
    Socks5h,
}

const EXPECTED: &str = "expected http://, https://, socks5:// or socks5h:// and a host, such as http://user:password@proxy:3128, or false";

/// Variables that name a proxy.
const VARIABLES: [&str; 6] =
    ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];

/// A proxy's answer is no longer than this.
const LONGEST_HEAD: usize = 16 << 10;

impl Proxy {
    /// Reads what a user wrote. The error never repeats it, since it may hold a password.
    pub fn read(text: &str) -> Result<Self, &'static str> {
        let url = Url::parse(text).map_err(|_| EXPECTED)?;
        if url.host_str().is_none_or(str::is_empty)
            || !matches!(url.path(), "" | "/")
            || url.query().is_some()
        {
            return Err(EXPECTED);
        }
        let matcher = Matcher::builder().all(text).build();
        let found = matcher.intercept(&Uri::from_static("http://host.invalid/"));
        found.and_then(|found| Self::new(&found, false)).ok_or(EXPECTED)
    }

    fn new(found: &Intercept, from_environment: bool) -> Option<Self> {
        let uri = found.uri();
        let (scheme, port) = match uri.scheme_str()? {
            "http" => (Scheme::Http, 80),
            "https" => (Scheme::Https, 443),
            "socks5" => (Scheme::Socks5, 1080),
            "socks5h" => (Scheme::Socks5h, 1080),
            _ => return None,
        };
        Some(Self {
            scheme,
            host: uri.host()?.trim_start_matches('[').trim_end_matches(']').to_owned(),
            port: uri.port_u16().unwrap_or(port),
            authorization: found.basic_auth().cloned(),
            login: found.raw_auth().map(|(user, password)| (user.to_owned(), password.to_owned())),
            from_environment,
        })
    }

    /// As it may be seen: without credentials.
    pub fn shown(&self) -> String {
        let scheme = match self.scheme {
            Scheme::Http => "http",
            Scheme::Https => "https",
            Scheme::Socks5 => "socks5",
            Scheme::Socks5h => "socks5h",
        };
        let from = if self.from_environment { " of the environment" } else { "" };
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        format!("the proxy {scheme}://{host}:{}{from}", self.port)
    }

    /// Whether it takes whole requests for plain HTTP, and needs no tunnel.
    pub fn takes_requests(&self) -> bool {
        matches!(self.scheme, Scheme::Http | Scheme::Https)
    }

    pub fn is_from_environment(&self) -> bool {
        self.from_environment
    }

    /// A failure on the way to the proxy, or of its own.
    pub fn failure(&self, kind: FailureKind, what: &str) -> Failure {
        Failure { kind, detail: format!("{} {what}", self.shown()) }
    }

    /// Asks the proxy, over a connection to it, for a way to `host` (a name or an address).
    pub async fn tunnel(&self, stream: Stream, host: &str, port: u16) -> Result<Stream, Failure> {
        match self.scheme {
            Scheme::Http | Scheme::Https => self.connect(stream, host, port).await,
            Scheme::Socks5 | Scheme::Socks5h => self.socks(stream, host, port).await,
        }
    }

    /// RFC 9110 §9.3.6.
    async fn connect(&self, mut stream: Stream, host: &str, port: u16) -> Result<Stream, Failure> {
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let mut head = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n").into_bytes();
        if let Some(authorization) = &self.authorization {
            head.extend_from_slice(b"Proxy-Authorization: ");
            head.extend_from_slice(authorization.as_bytes());
            head.extend_from_slice(b"\r\n");
        }
        head.extend_from_slice(b"\r\n");
        let broke =
            |why: std::io::Error| self.failure(FailureKind::Proxy, &format!("broke the connection: {why}"));
        stream.write_all(&head).await.map_err(broke)?;
        let mut answer = Vec::with_capacity(512);
        while !answer.windows(4).any(|end| end == b"\r\n\r\n") {
            if stream.read_buf(&mut answer).await.map_err(broke)? == 0 {
                return Err(self.failure(FailureKind::Proxy, "closed the connection without an answer"));
            }
            if answer.len() > LONGEST_HEAD {
                return Err(self.failure(FailureKind::Proxy, "answered with headers that are too long"));
            }
        }
        let status = answer.strip_prefix(b"HTTP/1.").and_then(|rest| rest.get(2..5));
        let status = status.and_then(|digits| std::str::from_utf8(digits).ok()?.parse::<u16>().ok());
        match status {
            Some(200..=299) => Ok(stream),
            Some(status) => Err(self.refusal(status)),
            None => Err(self.failure(FailureKind::Proxy, "answered with something that is no HTTP")),
        }
    }

    /// What it means that the proxy itself answers with an error.
    pub fn refusal(&self, status: u16) -> Failure {
        match status {
            407 if self.authorization.is_some() => {
                self.failure(FailureKind::ProxyCredentials, "does not take the credentials (407)")
            }
            407 => self.failure(FailureKind::ProxyCredentials, "asks for credentials (407)"),
            502..=504 => {
                self.failure(FailureKind::Proxy, &format!("could not reach the host (it answered {status})"))
            }
            _ => self.failure(
                FailureKind::ProxyRefusal,
                &format!("refuses to connect there (it answered {status})"),
            ),
        }
    }

    async fn socks(&self, stream: Stream, host: &str, port: u16) -> Result<Stream, Failure> {
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let no_uri = |_| Failure { kind: FailureKind::Unsendable, detail: "the host is none".to_owned() };
        let uri: Uri = format!("tcp://{host}:{port}").parse().map_err(no_uri)?;
        let mut socks = SocksV5::new(Uri::from_static("tcp://proxy"), Connected(Some(TokioIo::new(stream))));
        if let Some((user, password)) = &self.login {
            socks = socks.with_auth(user.clone(), password.clone());
        }
        match socks.call(uri).await {
            Ok(stream) => Ok(stream.into_inner()),
            Err(why) => {
                let why = why.to_string();
                let about_login = why.contains("auth");
                let kind = if about_login { FailureKind::ProxyCredentials } else { FailureKind::Proxy };
                Err(self.failure(kind, &format!("gave no way to the host: {why}")))
            }
        }
    }
}

/// Gives the connection that there is already.
struct Connected(Option<TokioIo<Stream>>);

impl Service<Uri> for Connected {
    type Response = TokioIo<Stream>;
    type Error = std::io::Error;
    type Future = std::future::Ready<std::io::Result<TokioIo<Stream>>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<std::io::Result<()>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        std::future::ready(self.0.take().ok_or_else(|| std::io::ErrorKind::NotConnected.into()))
    }
}

/// The proxies of the process's environment.
pub struct Environment {
    matcher: Option<Matcher>,
    exempt: Exempt,
}

impl Environment {
    pub fn read() -> Self {
        let has_settings = cfg!(any(windows, target_vendor = "apple"));
        let named =
            VARIABLES.iter().any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
        let matcher = (has_settings || named).then(Matcher::from_system);
        Self { matcher, exempt: Exempt::of_environment() }
    }

    /// None at all.
    #[cfg(test)]
    pub fn empty() -> Self {
        Self { matcher: None, exempt: Exempt::default() }
    }

    fn proxy_for(&self, url: &Url) -> Result<Option<Arc<Proxy>>, Failure> {
        let Some(matcher) = &self.matcher else { return Ok(None) };
        if is_loopback(url) || self.exempt.has(url) {
            return Ok(None);
        }
        let Ok(uri) = url.as_str().parse::<Uri>() else { return Ok(None) };
        let Some(found) = matcher.intercept(&uri) else { return Ok(None) };
        let proxy = Proxy::new(&found, true).map(Arc::new);
        proxy.map(Some).ok_or_else(|| Failure {
            kind: FailureKind::ProxyRefusal,
            detail: "the proxy of the environment is of a kind that is not spoken here (http, https, socks5 and socks5h are)".to_owned(),
        })
    }
}

impl Through {
    /// The proxy for a URL, if there is one.
    pub fn proxy_for(&self, url: &Url, environment: &Environment) -> Result<Option<Arc<Proxy>>, Failure> {
        match self {
            Self::Direct => Ok(None),
            Self::Proxy(proxy) => Ok(Some(proxy.clone())),
            Self::Environment => environment.proxy_for(url),
        }
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.to_canonical().is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_shown_without_its_credentials() {
        let cases = [
            ("http://user:pa%40ss@proxy:3128", "the proxy http://proxy:3128"),
            ("http://proxy", "the proxy http://proxy:80"),
            ("https://user@proxy.example/", "the proxy https://proxy.example:443"),
            ("socks5://127.0.0.1", "the proxy socks5://127.0.0.1:1080"),
            ("socks5h://u:p@[::1]:9050", "the proxy socks5h://[::1]:9050"),
        ];
        for (text, wanted) in cases {
            assert_eq!(Proxy::read(text).ok().map(|proxy| proxy.shown()), Some(wanted.to_owned()), "{text}");
        }
    }

    #[test]
    fn credentials_are_decoded_for_either_kind_of_proxy() {
        let Ok(proxy) = Proxy::read("http://user:pa%40ss@proxy:3128") else { panic!("a proxy") };
        assert_eq!(proxy.authorization.expect("credentials"), "Basic dXNlcjpwYUBzcw==");
        let Ok(proxy) = Proxy::read("socks5://user:pa%40ss@proxy") else { panic!("a proxy") };
        assert_eq!(proxy.login, Some(("user".to_owned(), "pa@ss".to_owned())));
    }

    #[test]
    fn what_is_no_proxy_is_refused_without_being_repeated() {
        for text in [
            "",
            "proxy:3128",
            "http://",
            "ftp://proxy",
            "socks4://proxy",
            "http://s3cret@",
            "http://proxy/path",
        ] {
            let why = Proxy::read(text).err().expect(text);
            assert!(!why.contains("s3cret"), "{why}");
        }
    }
}
