//! Signed requests: AWS Signature Version 4 in headers, over the body's hash.
//! Pure: the time comes in as a value. Signed are the host, `content-type` and every `x-amz-` header; what stands on the
//! way may change the others.

use std::borrow::Cow;
use std::time::SystemTime;

use ::http::{HeaderName, HeaderValue};
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{self, PayloadChecksumKind, SignableBody, SignableRequest, SigningSettings};
use aws_sigv4::sign::v4;

use super::{ACCESS_KEY, REGION, SECRET_KEY, SESSION_TOKEN};
use crate::error::{Error, Kind, Result};
use crate::provider::Unsigned;
use crate::provider::dialect::Settings;

/// The headers that sign `request` for `service`, to be set over any of the same names. A setting that is missing is a
/// `Kind::Config` error that names it.
pub fn sign(
    service: &str,
    request: &Unsigned<'_>,
    settings: &Settings,
    now: SystemTime,
) -> Result<Vec<(HeaderName, HeaderValue)>> {
    let need = |key: &str| {
        settings.get(key).ok_or_else(|| Error::problem(key, "is missing: requests to AWS are signed with it"))
    };
    let region = need(REGION)?;
    let token = settings.get(SESSION_TOKEN).map(str::to_owned);
    let identity = Credentials::new(need(ACCESS_KEY)?, need(SECRET_KEY)?, token, None, "settings").into();
    let mut rules = SigningSettings::default();
    rules.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(service)
        .time(now)
        .settings(rules)
        .build()
        .expect("every part is given")
        .into();
    let made = ["authorization", "x-amz-date", "x-amz-content-sha256", "x-amz-security-token"];
    let signed = request.headers.iter().filter_map(|(name, value)| {
        let name = name.as_str();
        let counts = name == "content-type" || name.starts_with("x-amz-");
        Some((name, value.to_str().ok().filter(|_| counts && !made.contains(&name))?))
    });
    // The crate's own words may hold a header's value.
    let unsignable = |_| Error::new(Kind::Internal, "the request could not be signed");
    let url = Cow::Borrowed(request.url.as_str());
    let body = SignableBody::Bytes(request.body);
    let signable = SignableRequest::new(request.method.as_str(), url, signed, body).map_err(unsignable)?;
    let (instructions, _) = http_request::sign(signable, &parameters).map_err(unsignable)?.into_parts();
    let header = |(name, value): (&str, &str)| {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        let mut value = HeaderValue::from_str(value).ok()?;
        value.set_sensitive(true);
        Some((name, value))
    };
    let headers: Option<Vec<_>> = instructions.headers().map(header).collect();
    headers.ok_or_else(|| Error::problem(ACCESS_KEY, "holds what no header can"))
}

#[cfg(test)]
mod tests {
    use ::http::{HeaderMap, Method};
    use url::Url;

    use super::*;
    use crate::secret::Secret;
    use std::time::Duration;

    const URL: &str = "https://bedrock-runtime.us-east-1.amazonaws.com/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse";
    const BODY: &str =
        r#"{"messages":[{"role":"user","content":[{"text":"hi"}]}],"inferenceConfig":{"maxTokens":16}}"#;
    /// 2026-01-01T00:00:00Z.
    const NEW_YEAR: Duration = Duration::from_secs(1_767_225_600);

    fn settings() -> Settings {
        let mut settings = Settings::default();
        settings.set(ACCESS_KEY, Secret::new("AKIDEXAMPLE"));
        settings.set(SECRET_KEY, Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"));
        settings.set(REGION, Secret::new("us-east-1"));
        settings
    }

    fn signed(url: &str, headers: &[(&'static str, &'static str)], settings: &Settings) -> HeaderMap {
        let mut given = HeaderMap::new();
        for (name, value) in headers {
            given.insert(*name, HeaderValue::from_static(value));
        }
        let url = Url::parse(url).expect("a URL");
        let request = Unsigned { method: &Method::POST, url: &url, headers: &given, body: BODY.as_bytes() };
        let made = sign("bedrock", &request, settings, SystemTime::UNIX_EPOCH + NEW_YEAR).expect("signed");
        made.into_iter().collect()
    }

    fn authorization(headers: &HeaderMap) -> &str {
        headers["authorization"].to_str().expect("text")
    }

    #[test]
    fn the_verified_vector_is_met() {
        let headers = signed(URL, &[("content-type", "application/json")], &settings());
        assert_eq!(
            authorization(&headers),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/us-east-1/bedrock/aws4_request, \
             SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date, \
             Signature=0be6e3a7996cd0fd5f64e231185aaf0de6981a4c2708a7ec1842b5e50f2b560d"
        );
        assert_eq!(headers["x-amz-date"], "20260101T000000Z");
        let hash = "5903c58ae9037766e41ea3e3ef4368cbac6b3f82d1c1f15a67ac4a7520b79d7f";
        assert_eq!(headers["x-amz-content-sha256"], hash);
        assert_eq!(headers.len(), 3);
    }

    /// The signature was computed by another implementation: an ARN in the path, a port, a query and a session token.
    #[test]
    fn a_session_token_is_sent_and_signed() {
        let mut settings = settings();
        settings.set(SESSION_TOKEN, Secret::new("token=="));
        let url = "http://localhost:8080/aws/model/\
                   arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Aapplication-inference-profile%2Fa1/converse-stream?a=1&b=x%20y";
        let headers = signed(url, &[("content-type", "application/json")], &settings);
        assert_eq!(headers["x-amz-security-token"], "token==");
        let wanted = "SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date;x-amz-security-token, \
                      Signature=de34e9681f05f3bea63ab799326a502ac058cf6d701154a10ca374083fcd1ade";
        assert!(authorization(&headers).ends_with(wanted), "{}", authorization(&headers));
        assert!(headers.values().all(HeaderValue::is_sensitive));
    }

    #[test]
    fn a_port_and_a_query_of_a_custom_host_are_signed() {
        let signature = |url: &str| authorization(&signed(url, &[], &settings())).to_owned();
        let plain = signature("http://localhost/model/m/converse");
        assert_eq!(signature("http://localhost:80/model/m/converse"), plain);
        assert_ne!(signature("http://localhost:8080/model/m/converse"), plain);
        assert_ne!(signature("http://localhost/model/m/converse?a=1"), plain);
    }

    #[test]
    fn headers_that_others_may_change_are_left_out_of_the_signature() {
        let given = [
            ("accept", "application/json"),
            ("authorization", "Bearer old"),
            ("content-type", "application/json"),
            ("x-amz-date", "old"),
            ("x-amz-meta", "1"),
            ("x-team", "blue"),
        ];
        let headers = signed(URL, &given, &settings());
        let wanted = "SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date;x-amz-meta,";
        assert!(authorization(&headers).contains(wanted), "{}", authorization(&headers));
        assert_eq!(headers["x-amz-date"], "20260101T000000Z");
    }

    #[test]
    fn what_is_missing_is_named() {
        let request = Unsigned {
            method: &Method::POST,
            url: &Url::parse(URL).expect("a URL"),
            headers: &HeaderMap::new(),
            body: b"",
        };
        for missing in [ACCESS_KEY, SECRET_KEY, REGION] {
            let mut some = Settings::default();
            for key in [ACCESS_KEY, SECRET_KEY, REGION] {
                if key != missing {
                    some.set(key, Secret::new("given"));
                }
            }
            let error = sign("bedrock", &request, &some, SystemTime::UNIX_EPOCH).expect_err(missing);
            assert_eq!(error.kind(), Kind::Config);
            assert_eq!(error.facts().problems[0].path, missing);
        }
    }

    #[test]
    fn a_key_that_no_header_can_hold_is_never_shown() {
        let mut settings = settings();
        settings.set(SESSION_TOKEN, Secret::new("secret\nword"));
        let request = Unsigned {
            method: &Method::POST,
            url: &Url::parse(URL).expect("a URL"),
            headers: &HeaderMap::new(),
            body: b"",
        };
        let error = sign("bedrock", &request, &settings, SystemTime::UNIX_EPOCH).expect_err("refused");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}
