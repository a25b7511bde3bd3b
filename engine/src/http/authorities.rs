//! Whom a process trusts: the authorities that its environment names, else those of its system, else Mozilla's where the
//! system has none (slim containers), and `NODE_EXTRA_CA_CERTS` on top.

use std::sync::{Arc, OnceLock};

use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;

use super::failure::{Failure, FailureKind};
use super::tls::certificates_in;

/// Variables that name the authorities in place of the system's.
const INSTEAD: [&str; 2] = ["SSL_CERT_FILE", "SSL_CERT_DIR"];
/// The variable that names further ones.
const BESIDE: &str = "NODE_EXTRA_CA_CERTS";

/// Checks certificates by the process's authorities and `added`.
pub fn verifier(
    added: &[CertificateDer<'static>],
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, Failure> {
    #[cfg(any(windows, target_vendor = "apple"))]
    if !INSTEAD.iter().any(|name| is_set(name)) {
        let all = named(added)?;
        let made = rustls_platform_verifier::Verifier::new_with_extra_roots(all, provider);
        return made.map(|made| Arc::new(made) as _).map_err(|why| unusable(&why));
    }
    let mut store = known()?.clone();
    store.add_parsable_certificates(added.iter().cloned());
    let made = WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider).build();
    made.map(|made| made as _).map_err(|why| unusable(&why))
}

/// The certificates that were named one by one: `added`, and those of `NODE_EXTRA_CA_CERTS`.
pub fn named(added: &[CertificateDer<'static>]) -> Result<Vec<CertificateDer<'static>>, Failure> {
    Ok(added.iter().chain(beside()?).cloned().collect())
}

/// The process's authorities, read once.
fn known() -> Result<&'static RootCertStore, Failure> {
    static KNOWN: OnceLock<RootCertStore> = OnceLock::new();
    if let Some(known) = KNOWN.get() {
        return Ok(known);
    }
    let mut store = RootCertStore::empty();
    let loaded = rustls_native_certs::load_native_certs();
    store.add_parsable_certificates(loaded.certs);
    if store.is_empty() {
        if let Some(name) = INSTEAD.iter().find(|name| is_set(name)) {
            let why = loaded
                .errors
                .first()
                .map_or_else(|| "it holds no certificate".to_owned(), ToString::to_string);
            return Err(unusable(&format!("{name}: {why}")));
        }
        store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    store.add_parsable_certificates(beside()?.iter().cloned());
    Ok(KNOWN.get_or_init(|| store))
}

fn beside() -> Result<&'static [CertificateDer<'static>], Failure> {
    static BESIDE_THEM: OnceLock<Vec<CertificateDer<'static>>> = OnceLock::new();
    if let Some(certificates) = BESIDE_THEM.get() {
        return Ok(certificates);
    }
    let certificates = match std::env::var_os(BESIDE).filter(|path| !path.is_empty()) {
        None => Vec::new(),
        Some(path) => {
            let pem = std::fs::read(path).map_err(|why| unusable(&format!("{BESIDE}: {why}")))?;
            certificates_in(&pem).map_err(|why| unusable(&format!("{BESIDE}: the file {why}")))?
        }
    };
    Ok(BESIDE_THEM.get_or_init(|| certificates))
}

fn is_set(name: &str) -> bool {
    std::env::var_os(name).is_some_and(|value| !value.is_empty())
}

fn unusable(why: &dyn std::fmt::Display) -> Failure {
    Failure { kind: FailureKind::Tls, detail: why.to_string() }
}
