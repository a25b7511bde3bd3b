//! TLS as a target asks for it: whom it trusts, what it shows of itself, and the name that it expects.
//! Equal settings are one `Tls` for the whole process, so that they share connections and sessions. Files are read when
//! the settings are, so that a path that is wrong is told at once, and again when they have changed; the system's
//! authorities by the first handshake.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Once, OnceLock, PoisonError, Weak};
use std::time::SystemTime;

use rustls::ClientConfig;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use sha2::{Digest, Sha256};

use super::authorities;
use super::certificate::{Anyone, Explaining};
use super::failure::Failure;
use super::key;
use crate::secret::Secret;

/// TLS settings as they were written.
#[derive(Clone, Default)]
pub struct TlsSettings {
    /// PEM text of authorities to trust beside the known ones.
    pub ca: Option<String>,
    /// The path of a file of such.
    pub ca_file: Option<String>,
    /// PEM text, or the path of a file of it: the client's certificate, and those that vouch for it.
    pub cert: Option<String>,
    /// PEM text, or the path of a file of it.
    pub key: Option<Secret>,
    /// What unlocks the key.
    pub passphrase: Option<Secret>,
    /// The name to ask for and to expect, in place of the URL's.
    pub server_name: Option<String>,
    /// Whoever answers is believed.
    pub insecure: bool,
}

/// A field of the settings that can't be used, and why.
pub type Unusable = (&'static str, String);

/// TLS settings, read and checked. Files that they name are read again when they have changed: the next connection has
/// what they hold then.
pub struct Tls {
    /// Tells these settings from others.
    id: u64,
    pub insecure: bool,
    settings: TlsSettings,
    server_name: Option<ServerName<'static>>,
    made: Mutex<Made>,
}

impl PartialEq for Tls {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Tls {}

impl Hash for Tls {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.id.hash(state);
    }
}

/// What was made of the settings, and of their files as they were then.
struct Made {
    stamps: Stamps,
    held: Held,
    for_hosts: Option<Arc<ClientConfig>>,
    for_upgrades: Option<Arc<ClientConfig>>,
    for_proxies: Option<Arc<ClientConfig>>,
}

/// What the settings and their files hold.
struct Held {
    added: Vec<CertificateDer<'static>>,
    identity: Option<Arc<CertifiedKey>>,
}

/// When each file was written, and how long it is; `None` for one that can't be looked at.
type Stamps = Vec<Option<(SystemTime, u64)>>;

impl Tls {
    /// What nobody has asked anything of.
    pub fn usual() -> Arc<Self> {
        static USUAL: OnceLock<Arc<Tls>> = OnceLock::new();
        let usual =
            || Self::read(&TlsSettings::default()).expect("nothing is asked, so nothing can be wrong");
        USUAL.get_or_init(|| Arc::new(usual())).clone()
    }

    /// The process's one `Tls` with these settings. A file that has changed since makes another.
    pub fn of(settings: &TlsSettings) -> Result<Arc<Self>, Vec<Unusable>> {
        static KNOWN: OnceLock<Mutex<HashMap<[u8; 32], Weak<Tls>>>> = OnceLock::new();
        let mark = settings.mark();
        let known = || KNOWN.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tls) = known().get(&mark).and_then(Weak::upgrade) {
            return Ok(tls);
        }
        let tls = Arc::new(Self::read(settings)?);
        let mut known = known();
        known.retain(|_, tls| tls.strong_count() > 0);
        known.insert(mark, Arc::downgrade(&tls));
        Ok(tls)
    }

    fn read(settings: &TlsSettings) -> Result<Self, Vec<Unusable>> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        // Looked at first: a file that changes while it is read is read again.
        let stamps = settings.stamps();
        let held = settings.held();
        let named = settings.server_name.clone().map(ServerName::try_from).transpose();
        match (held, named) {
            (Ok(held), Ok(server_name)) => Ok(Self {
                id: COUNT.fetch_add(1, Ordering::Relaxed),
                insecure: settings.insecure,
                settings: settings.clone(),
                server_name,
                made: Mutex::new(Made::new(stamps, held)),
            }),
            (held, named) => {
                let mut wrong = held.err().unwrap_or_default();
                let nameless = named.err().map(|_| "expected a host's name or address".to_owned());
                wrong.extend(nameless.map(|why| ("server_name", why)));
                Err(wrong)
            }
        }
    }

    /// The name that a host of this name is asked for.
    pub fn name(&self, host: &str) -> Option<ServerName<'static>> {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        self.server_name.clone().or_else(|| ServerName::try_from(host.to_owned()).ok())
    }

    /// For hosts: HTTP/2 where they speak it.
    pub fn for_hosts(&self) -> Result<Arc<ClientConfig>, Failure> {
        let mut made = self.made();
        if let Some(config) = &made.for_hosts {
            return Ok(config.clone());
        }
        let verifier: Arc<dyn ServerCertVerifier> =
            if self.insecure { Arc::new(Anyone(provider())) } else { made.held.verifier()? };
        let mut config = config(verifier, made.held.identity.clone());
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(made.for_hosts.insert(Arc::new(config)).clone())
    }

    /// For hosts that are to change the protocol, which HTTP/1.1 alone lets them do.
    pub fn for_upgrades(&self) -> Result<Arc<ClientConfig>, Failure> {
        let hosts = self.for_hosts()?;
        let mut made = self.made();
        if let Some(config) = &made.for_upgrades {
            return Ok(config.clone());
        }
        let mut config = ClientConfig::clone(&hosts);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(made.for_upgrades.insert(Arc::new(config)).clone())
    }

    /// For the proxy on the way: it must be vouched for, and sees nothing of the client's own certificate.
    pub fn for_proxies(&self) -> Result<Arc<ClientConfig>, Failure> {
        let mut made = self.made();
        if let Some(config) = &made.for_proxies {
            return Ok(config.clone());
        }
        let config = config(made.held.verifier()?, None);
        Ok(made.for_proxies.insert(Arc::new(config)).clone())
    }

    /// What is made of the files as they are now. Where they can't be used, as while they are being replaced one after
    /// the other, what they held before goes on.
    fn made(&self) -> MutexGuard<'_, Made> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let stamps = self.settings.stamps();
        if stamps != made.stamps
            && let Ok(held) = self.settings.held()
        {
            *made = Made::new(stamps, held);
        }
        made
    }
}

impl Made {
    fn new(stamps: Stamps, held: Held) -> Self {
        Self { stamps, held, for_hosts: None, for_upgrades: None, for_proxies: None }
    }
}

impl Held {
    fn verifier(&self) -> Result<Arc<dyn ServerCertVerifier>, Failure> {
        let verifier = authorities::verifier(&self.added, provider())?;
        Ok(Arc::new(Explaining { verifier, trusted: authorities::named(&self.added)? }))
    }
}

impl TlsSettings {
    /// What tells these settings from others: what they say, and when the files that they name were written.
    fn mark(&self) -> [u8; 32] {
        let mut mark = Sha256::new();
        let secrets = [&self.key, &self.passphrase].map(|secret| secret.as_ref().map(Secret::expose));
        let texts = [&self.ca, &self.ca_file, &self.cert, &self.server_name].map(Option::as_deref);
        for text in texts.into_iter().chain(secrets) {
            mark.update((text.map_or(u64::MAX, |text| text.len() as u64)).to_le_bytes());
            mark.update(text.unwrap_or_default());
        }
        mark.update(format!("{:?}", self.stamps()));
        mark.update([u8::from(self.insecure)]);
        mark.finalize().into()
    }

    fn stamps(&self) -> Stamps {
        let key = self.key.as_ref().map(Secret::expose);
        let named = [self.ca_file.as_deref(), self.cert.as_deref(), key].into_iter().flatten();
        let files = named.filter(|text| !is_pem(text));
        let stamp = |path: &str| {
            let facts = std::fs::metadata(path).ok()?;
            Some((facts.modified().ok()?, facts.len()))
        };
        files.map(stamp).collect()
    }

    /// What the settings and their files hold now.
    fn held(&self) -> Result<Held, Vec<Unusable>> {
        let mut wrong = Vec::new();
        let mut added = Vec::new();
        if let Some(text) = &self.ca {
            match authorities_in(text.as_bytes()) {
                Ok(certificates) => added.extend(certificates),
                Err(why) => wrong.push(("ca", why)),
            }
        }
        if let Some(path) = &self.ca_file {
            match read_file(path).and_then(|pem| authorities_in(&pem)) {
                Ok(certificates) => added.extend(certificates),
                Err(why) => wrong.push(("ca_file", format!("{path}: {why}"))),
            }
        }
        match self.identity() {
            Ok(identity) if wrong.is_empty() => return Ok(Held { added, identity }),
            Ok(_) => {}
            Err(unusable) => wrong.push(unusable),
        }
        Err(wrong)
    }

    fn identity(&self) -> Result<Option<Arc<CertifiedKey>>, Unusable> {
        let (cert, key) = match (&self.cert, &self.key) {
            (None, None) if self.passphrase.is_some() => {
                return Err(("passphrase", "unlocks a key, and there is none".to_owned()));
            }
            (None, None) => return Ok(None),
            (Some(cert), Some(key)) => (cert, key),
            (Some(_), None) => {
                return Err(("key", "is missing; a client certificate needs its key".to_owned()));
            }
            (None, Some(_)) => return Err(("cert", "is missing; the key alone is of no use".to_owned())),
        };
        let chain = text_or_file(cert).and_then(|pem| certificates_in(&pem)).map_err(|why| ("cert", why))?;
        let pem = text_or_file(key.expose()).map_err(|why| ("key", why))?;
        let key = key::read(&pem, self.passphrase.as_ref().map(Secret::expose))?;
        let made = CertifiedKey::from_der(chain, key, &provider());
        made.map(|key| Some(Arc::new(key))).map_err(|why| match why {
            rustls::Error::InconsistentKeys(_) => {
                ("key", "does not belong to the certificate of cert".to_owned())
            }
            rustls::Error::InvalidCertificate(why) => {
                ("cert", format!("holds no usable certificate ({why:?})"))
            }
            _ => ("key", "is of a kind that cannot be used; expected RSA, ECDSA or Ed25519".to_owned()),
        })
    }
}

fn config(verifier: Arc<dyn ServerCertVerifier>, identity: Option<Arc<CertifiedKey>>) -> ClientConfig {
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .expect("ring speaks the protocol versions that rustls has")
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    match identity {
        Some(identity) => builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(identity))),
        None => builder.with_no_client_auth(),
    }
}

fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    PROVIDER.get_or_init(|| Arc::new(ring::default_provider())).clone()
}

/// One TLS provider for the whole process, for libraries that ask for it; a second would make rustls refuse to choose.
pub fn install_crypto() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        // An error means that one is installed already, which is as good.
        drop(ring::default_provider().install_default());
    });
}

/// The text itself where it is PEM, else that of the file it names. No message shows it, since it may be a key.
fn text_or_file(text: &str) -> Result<Vec<u8>, String> {
    if is_pem(text) {
        return Ok(text.as_bytes().to_vec());
    }
    read_file(text).map_err(|why| format!("{why}; expected PEM text, or the path of a PEM file"))
}

fn is_pem(text: &str) -> bool {
    text.contains("-----BEGIN")
}

fn read_file(path: &str) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|why| format!("the file could not be read ({why})"))
}

/// The certificates of a PEM text, at least one.
pub fn certificates_in(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match read {
        Ok(certificates) if certificates.is_empty() => {
            Err("holds no certificate; expected PEM, -----BEGIN CERTIFICATE-----".to_owned())
        }
        Ok(certificates) => Ok(certificates),
        Err(_) => Err("is no PEM that can be read".to_owned()),
    }
}

/// Certificates that are to vouch for others.
fn authorities_in(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let certificates = certificates_in(pem)?;
    let mut store = rustls::RootCertStore::empty();
    for certificate in &certificates {
        store
            .add(certificate.clone())
            .map_err(|why| format!("holds a certificate that cannot be used ({why})"))?;
    }
    Ok(certificates)
}
