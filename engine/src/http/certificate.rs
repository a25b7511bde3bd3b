//! Checking a host's certificate, and saying what is wrong with one: whose it is, who signed it, and why it is not taken.
//! What a certificate says of itself was written by a stranger: it is shown short and without control characters.

use std::fmt::Write;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, OtherError, SignatureScheme};
use x509_cert::Certificate;
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::der::{Decode, Encode, Tag, Tagged};
use x509_cert::name::Name;

use super::failure::FailureKind;
use crate::date::to_rfc_3339;

/// Why a certificate is not taken, in words.
#[derive(Debug)]
pub struct Untrusted {
    pub kind: FailureKind,
    pub words: String,
}

impl std::fmt::Display for Untrusted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.words)
    }
}

impl std::error::Error for Untrusted {}

/// Checks as `verifier` does, and says more where it refuses. A certificate that is itself among those that were named as
/// trusted needs nobody to vouch for it: a server that signed its own is told so by its one file.
#[derive(Debug)]
pub struct Explaining {
    pub verifier: Arc<dyn ServerCertVerifier>,
    pub trusted: Vec<CertificateDer<'static>>,
}

impl Explaining {
    /// Checks the name and the dates of a certificate that is trusted as it is.
    fn check_trusted(
        certificate: &CertificateDer<'_>,
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
        let read = Certificate::from_der(certificate).map_err(|_| CertificateError::BadEncoding)?;
        let validity = read.tbs_certificate().validity();
        if now.as_secs() > validity.not_after.to_unix_duration().as_secs() {
            return Err(CertificateError::Expired.into());
        }
        if now.as_secs() < validity.not_before.to_unix_duration().as_secs() {
            return Err(CertificateError::NotValidYet.into());
        }
        Ok(ServerCertVerified::assertion())
    }
}

impl ServerCertVerifier for Explaining {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        stapled: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let checked = if self.trusted.iter().any(|trusted| **trusted == **certificate) {
            Self::check_trusted(certificate, name, now)
        } else {
            self.verifier.verify_server_cert(certificate, chain, name, stapled, now)
        };
        checked.map_err(|error| match error {
            Error::InvalidCertificate(why) => {
                let untrusted = explain(&why, certificate, chain, &name.to_str());
                Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(untrusted))))
            }
            other => other,
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}

/// Takes every certificate: what is said is kept from listeners, not from whoever answers.
#[derive(Debug)]
pub struct Anyone(pub Arc<CryptoProvider>);

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

fn explain(
    why: &CertificateError,
    certificate: &CertificateDer<'_>,
    chain: &[CertificateDer<'_>],
    host: &str,
) -> Untrusted {
    let Ok(read) = Certificate::from_der(certificate) else {
        let words = format!("the certificate that was shown for {host} cannot be read");
        return Untrusted { kind: FailureKind::Tls, words };
    };
    let facts = read.tbs_certificate();
    let subject = shown(&written(facts.subject()));
    let which = format!("the certificate of {host} (subject {subject})");
    let (kind, words) = match why {
        // One that is marked as an authority is refused for being that, before its signer is looked for.
        CertificateError::UnknownIssuer | CertificateError::Other(_) if facts.subject() == facts.issuer() => {
            (
                FailureKind::Untrusted,
                format!("{which} is signed by itself, and it is not among the trusted ones"),
            )
        }
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            let last = chain.last().and_then(|last| Certificate::from_der(last).ok());
            let issuer = last.as_ref().map_or(facts.issuer(), |last| last.tbs_certificate().issuer());
            let by = match why {
                CertificateError::UnknownIssuer => "signed by an unknown authority",
                _ => "not signed by the trusted authority of that name, but by another",
            };
            (FailureKind::Untrusted, format!("{which} is {by} (issuer {})", shown(&written(issuer))))
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            let end = match why {
                CertificateError::ExpiredContext { not_after, .. } => not_after.as_secs(),
                _ => facts.validity().not_after.to_unix_duration().as_secs(),
            };
            (FailureKind::OutOfDate, format!("{which} expired on {}", to_rfc_3339(end as i64)))
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            let start = facts.validity().not_before.to_unix_duration().as_secs();
            (FailureKind::OutOfDate, format!("{which} is not valid before {}", to_rfc_3339(start as i64)))
        }
        CertificateError::NotValidForNameContext { presented, .. } if !presented.is_empty() => {
            let names: Vec<String> = presented.iter().map(|name| plain_name(name)).collect();
            (FailureKind::WrongName, format!("{which} is for another name: {}", shown(&names.join(", "))))
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            (FailureKind::WrongName, format!("{which} names no host (subjectAltName)"))
        }
        CertificateError::Other(OtherError(inner)) => {
            (FailureKind::Tls, format!("{which} is not taken: {inner}"))
        }
        other => (FailureKind::Tls, format!("{which} is not taken: {other}")),
    };
    Untrusted { kind, words }
}

/// What the parts of names are called for short. The library's own table has every identifier that there is, and would be 2 % of
/// the addon.
const PARTS: [(&str, &str); 12] = [
    ("2.5.4.3", "CN"),
    ("2.5.4.5", "SERIALNUMBER"),
    ("2.5.4.6", "C"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.9", "STREET"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("2.5.4.97", "ORGANIZATIONIDENTIFIER"),
    ("0.9.2342.19200300.100.1.1", "UID"),
    ("0.9.2342.19200300.100.1.25", "DC"),
    ("1.2.840.113549.1.9.1", "EMAIL"),
];

/// A name as RFC 4514 writes it, the last part first: `CN=localhost,O=Us`.
fn written(name: &Name) -> String {
    let sequence: &Vec<_> = name.as_ref().as_ref();
    let parts = sequence.iter().rev().map(|set| set.iter().map(part).collect::<Vec<_>>().join("+"));
    parts.collect::<Vec<_>>().join(",")
}

fn part(attribute: &AttributeTypeAndValue) -> String {
    let AttributeTypeAndValue { oid, value } = attribute;
    let short = PARTS.iter().find(|(number, _)| *oid == ObjectIdentifier::new_unwrap(number));
    let is_text =
        matches!(value.tag(), Tag::PrintableString | Tag::Utf8String | Tag::Ia5String | Tag::TeletexString);
    match (short, str::from_utf8(value.value())) {
        (Some((_, key)), Ok(text)) if is_text => {
            let escaped = text.chars().flat_map(|letter| {
                let escape = matches!(letter, '"' | '+' | ',' | ';' | '<' | '>' | '\\').then_some('\\');
                escape.into_iter().chain([letter])
            });
            format!("{key}={}", escaped.collect::<String>())
        }
        _ => {
            let mut words = format!("{oid}=#");
            for byte in value.to_der().unwrap_or_default() {
                write!(words, "{byte:02x}").expect("a string takes what is written");
            }
            words
        }
    }
}

/// `DnsName("localhost")` → `localhost`.
fn plain_name(presented: &str) -> String {
    let inner = presented.split_once('(').map_or(presented, |(_, inner)| inner.trim_end_matches(')'));
    inner.trim_matches('"').to_owned()
}

/// Words of a stranger, in quotes: at most 120 characters, none of them invisible.
fn shown(words: &str) -> String {
    let plain: String = words.chars().filter(|letter| !letter.is_control()).take(120).collect();
    if plain.is_empty() { "without a name".to_owned() } else { format!("\"{plain}\"") }
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use super::*;

    #[test]
    fn a_name_is_written_as_the_standard_says() {
        let names = [
            "CN=localhost",
            "CN=a.example,OU=One+O=Two\\, or three,L=Town,ST=State,C=GB",
            "EMAIL=me@example.com,DC=example,DC=com",
            "1.3.6.1.4.1.1466.0=#04024869",
        ];
        for name in names {
            let read = Name::from_str(name).expect("a name");
            assert_eq!(written(&read), name);
            assert_eq!(written(&read).to_lowercase(), read.to_string().to_lowercase());
        }
    }
}
