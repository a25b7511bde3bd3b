//! Where requests go: a URL, with what connections and hosts are told of it worked out once, for all requests to it.

use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::ops::Deref;
use std::sync::{Arc, LazyLock};

use ::http::{HeaderValue, Uri};
use url::{Position, Url};

use super::dial::unsendable;
use super::failure::Failure;

pub struct Destination {
    url: Url,
    pub(super) origin: Arc<Origin>,
    told: Result<Told, Failure>,
}

/// `https://host:port`, with its hash, which each request would have to work out again.
#[derive(PartialEq, Eq)]
pub(super) struct Origin {
    text: String,
    hash: u64,
}

impl Origin {
    pub fn of(text: String) -> Arc<Self> {
        static SEED: LazyLock<RandomState> = LazyLock::new(RandomState::new);
        Arc::new(Self { hash: SEED.hash_one(&text), text })
    }
}

impl Hash for Origin {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

/// Takes a hash that was worked out before as it is.
#[derive(Default)]
pub(super) struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("only whole hashes are written");
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// What the host is told.
pub(super) struct Told {
    /// Its own name, for HTTP/1.1.
    pub host: HeaderValue,
    /// Path and query.
    pub path: Uri,
}

impl Destination {
    pub fn of(url: Url) -> Arc<Self> {
        let port = url.port_or_known_default().unwrap_or(80);
        let origin = Origin::of(format!("{}://{}:{port}", url.scheme(), url.host_str().unwrap_or("")));
        let told = Told::of(&url);
        Arc::new(Self { url, origin, told })
    }

    /// What the host is told; an error where that can't be written.
    pub(super) fn told(&self) -> Result<&Told, Failure> {
        self.told.as_ref().map_err(Clone::clone)
    }

    /// The URL as a proxy or a host of HTTP/2 is told it.
    pub(super) fn whole(&self) -> Result<Uri, Failure> {
        uri(&self.url[..Position::AfterQuery])
    }
}

impl Told {
    fn of(url: &Url) -> Result<Self, Failure> {
        let host = HeaderValue::from_str(&url[Position::BeforeHost..Position::AfterPort]);
        let host = host.map_err(|why| unsendable(&why))?;
        Ok(Self { host, path: uri(&url[Position::BeforePath..])? })
    }
}

fn uri(text: &str) -> Result<Uri, Failure> {
    text.parse::<Uri>().map_err(|why| unsendable(&why))
}

impl Deref for Destination {
    type Target = Url;

    fn deref(&self) -> &Url {
        &self.url
    }
}
