//! Oracle's request signature, version 1: RSA over SHA-256 of six lines, the request's target first.
//! Pure: the time comes in as a value. Source: "Request Signatures" in Oracle Cloud's API reference.

use std::time::SystemTime;

use ::http::{HeaderName, HeaderValue, header};
use base64_simd::STANDARD;
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use url::Position;

use super::super::{Settings, Unsigned};
use crate::date;
use crate::error::{Error, Kind, Result};

/// The headers that sign a request; their names are in the signature.
pub fn headers(
    request: &Unsigned<'_>,
    settings: &Settings,
    now: SystemTime,
) -> Result<Vec<(HeaderName, HeaderValue)>> {
    let need = |name: &str| settings.get(name).ok_or_else(|| Error::problem(name, "is missing"));
    let signer = key(need("oracle_private_key")?)
        .ok_or_else(|| Error::problem("oracle_private_key", "expected an RSA key as PEM"))?;
    let key_id =
        format!("{}/{}/{}", need("oracle_tenancy")?, need("oracle_user")?, need("oracle_fingerprint")?);
    let date = date::to_http(now);
    let hash = STANDARD.encode_to_string(digest(&SHA256, request.body));
    let lines = [
        (
            "(request-target)",
            format!(
                "{} {}",
                request.method.as_str().to_lowercase(),
                &request.url[Position::BeforePath..Position::AfterQuery]
            ),
        ),
        ("date", date.clone()),
        ("host", request.url[Position::BeforeHost..Position::AfterPort].to_owned()),
        ("x-content-sha256", hash.clone()),
        ("content-type", "application/json".to_owned()),
        ("content-length", request.body.len().to_string()),
    ];
    let text = lines.iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>().join("\n");
    let names = lines.map(|(name, _)| name).join(" ");
    let signature = signature(&signer, text.as_bytes())?;
    let authorization = format!(
        r#"Signature version="1",keyId="{key_id}",algorithm="rsa-sha256",headers="{names}",signature="{signature}""#
    );
    let value = |text: &str| {
        HeaderValue::from_str(text).map_err(|_| {
            Error::problem("oracle_tenancy", "and the user's and key's identifiers must fit into a header")
        })
    };
    let mut secret = value(&authorization)?;
    secret.set_sensitive(true);
    Ok(vec![
        (header::DATE, value(&date)?),
        (HeaderName::from_static("x-content-sha256"), value(&hash)?),
        (header::AUTHORIZATION, secret),
    ])
}

fn signature(key: &RsaKeyPair, text: &[u8]) -> Result<String> {
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text, &mut signature)
        .map_err(|_| Error::new(Kind::Internal, "the request could not be signed"))?;
    Ok(STANDARD.encode_to_string(&signature))
}

/// A private key as PEM, in PKCS#8 or in RSA's own format. Line breaks may be written as `\n`, as in environment variables.
pub fn key(pem: &str) -> Option<RsaKeyPair> {
    let pem = pem.replace("\\n", "\n");
    let (_, rest) = pem.split_once("-----BEGIN ")?;
    let (kind, rest) = rest.split_once("-----")?;
    let (body, _) = rest.split_once("-----END ")?;
    let text: String = body.chars().filter(|letter| !letter.is_whitespace()).collect();
    let der = STANDARD.decode_to_vec(text).ok()?;
    match kind {
        "PRIVATE KEY" => RsaKeyPair::from_pkcs8(&der).ok(),
        "RSA PRIVATE KEY" => RsaKeyPair::from_der(&der).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ::http::Method;
    use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
    use url::Url;

    use super::*;
    use crate::secret::Secret;

    const KEY: &str = include_str!("../../../../fixtures/oracle/key.pem");

    fn settings() -> Settings {
        let mut settings = Settings::default();
        for (name, value) in [
            ("oracle_tenancy", "ocid1.tenancy.oc1..t"),
            ("oracle_user", "ocid1.user.oc1..u"),
            ("oracle_fingerprint", "aa:bb"),
            ("oracle_private_key", KEY),
        ] {
            settings.set(name, Secret::new(value));
        }
        settings
    }

    #[test]
    fn a_request_is_signed_over_its_target_date_host_and_body() {
        let url = Url::parse("http://127.0.0.1:8080/20231130/actions/chat").expect("a URL");
        let request =
            Unsigned { method: &Method::POST, url: &url, headers: &::http::HeaderMap::new(), body: b"{}" };
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_887_151);
        let headers = headers(&request, &settings(), now).expect("a signature");
        let hash = "RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=";
        assert_eq!(headers[0].1, "Tue, 15 Nov 1994 08:12:31 GMT");
        assert_eq!(headers[1].1, hash);
        assert!(headers[2].1.is_sensitive());
        let authorization = headers[2].1.to_str().expect("a text");
        let (head, signed) = authorization.split_once(",signature=\"").expect("a signature");
        assert_eq!(
            head,
            r#"Signature version="1",keyId="ocid1.tenancy.oc1..t/ocid1.user.oc1..u/aa:bb",algorithm="rsa-sha256",headers="(request-target) date host x-content-sha256 content-type content-length""#
        );
        let text = format!(
            "(request-target): post /20231130/actions/chat\ndate: Tue, 15 Nov 1994 08:12:31 GMT\nhost: 127.0.0.1:8080\nx-content-sha256: {hash}\ncontent-type: application/json\ncontent-length: 2"
        );
        let signature = STANDARD.decode_to_vec(signed.trim_end_matches('"')).expect("base64");
        let key = key(KEY).expect("a key");
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.public())
            .verify(text.as_bytes(), &signature)
            .expect("the signature is the key's, over these lines");
    }

    #[test]
    fn a_key_may_have_its_line_breaks_written_out() {
        assert!(key(&KEY.replace('\n', "\\n")).is_some());
        for no_key in ["", "x", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"] {
            assert!(key(no_key).is_none());
        }
    }
}
