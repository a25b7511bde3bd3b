//! The keys of a role, which AWS's token service grants to keys that may assume it. Pure, like `grant`.
//! <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>

use std::time::SystemTime;

use ::http::Method;
use url::Url;

use super::{ACCESS_KEY, AUTH_TYPE, EXTERNAL_ID, ROLE, ROLE_KEYS, SECRET_KEY, SESSION_TOKEN, STS, sign};
use crate::date;
use crate::error::{Error, Problem, Result};
use crate::provider::dialect::Settings;
use crate::provider::grant::{Granted, LIFETIME, Token, TokenRequest, form_of, is_safe};
use crate::provider::{Unsigned, problem};
use crate::secret::Secret;

/// The session's name, which AWS writes into its logs beside the role's.
const SESSION: &str = "portkey-native";

/// The request for the role's keys, signed with the caller's own; `None` where no role is to be assumed.
pub fn request(settings: &Settings, now: SystemTime) -> Option<Result<TokenRequest>> {
    (settings.get(AUTH_TYPE) == Some(ROLE_KEYS)).then(|| assume(settings, now))
}

fn assume(settings: &Settings, now: SystemTime) -> Result<TokenRequest> {
    let role = settings.get(ROLE).unwrap_or_default();
    let life = LIFETIME.to_string();
    let mut pairs = vec![
        ("Action", "AssumeRole"),
        ("Version", "2011-06-15"),
        ("RoleArn", role),
        ("RoleSessionName", SESSION),
        ("DurationSeconds", life.as_str()),
    ];
    pairs.extend(settings.get(EXTERNAL_ID).map(|id| ("ExternalId", id)));
    let form = form_of(&pairs);
    let own = settings.get(STS).map(|host| format!("{}/", host.trim_end_matches('/')));
    let host = own.or_else(|| Some(format!("{}/", super::base_url("sts", settings)?)));
    let wanted = || Error::problem(super::REGION, "expected a region's name, such as us-east-1");
    let mut request = TokenRequest::form(host.ok_or_else(wanted)?, &form);
    let url = Url::parse(&request.url).map_err(|_| Error::problem(STS, "expected a URL"))?;
    let unsigned =
        Unsigned { method: &Method::POST, url: &url, headers: &request.headers, body: form.as_bytes() };
    let signed = sign::sign("sts", &unsigned, settings, now)?;
    request.headers.extend(signed);
    Ok(request)
}

/// Reads the keys that a request brought at `now`. The error shows AWS's own words for what is wrong, and nothing else of
/// the reply.
pub fn answer(status: u16, reply: &[u8], now: u64) -> std::result::Result<Token, String> {
    let reply = std::str::from_utf8(reply).unwrap_or_default();
    let keys =
        [(ACCESS_KEY, "AccessKeyId"), (SECRET_KEY, "SecretAccessKey"), (SESSION_TOKEN, "SessionToken")];
    let mut granted = Settings::default();
    for (key, element) in keys {
        match element_of(reply, element).filter(|_| (200..300).contains(&status)) {
            Some(value) => granted.set(key, Secret::new(value)),
            None => return Err(refusal(status, reply)),
        }
    }
    let end = element_of(reply, "Expiration").and_then(date::rfc_3339);
    let life = end.and_then(|end| Some(u64::try_from(end).ok()?.saturating_sub(now)));
    Ok(Token::new(Granted::Settings(granted), now, life.unwrap_or(LIFETIME)))
}

fn refusal(status: u16, reply: &str) -> String {
    match (element_of(reply, "Code"), element_of(reply, "Message")) {
        (Some(code), Some(why)) => format!("no keys of the role: status {status}, {code}: {why}"),
        (Some(code), None) => format!("no keys of the role: status {status}, {code}"),
        _ => format!("no keys of the role: status {status}"),
    }
}

/// The text of an element that holds nothing but text.
fn element_of<'r>(reply: &'r str, name: &str) -> Option<&'r str> {
    let (_, rest) = reply.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    Some(text.trim()).filter(|text| !text.is_empty() && !text.contains('<'))
}

/// What is wrong with the options of a role.
pub fn problems(settings: &Settings) -> Vec<Problem> {
    let mut found = Vec::new();
    if settings.get(AUTH_TYPE) == Some(ROLE_KEYS) {
        match settings.get(ROLE) {
            None => found.push(problem(ROLE, "is missing: the role to assume")),
            Some(role) if !role.starts_with("arn:") => {
                found.push(problem(ROLE, "expected the role's ARN, arn:aws:iam::123456789012:role/name"));
            }
            Some(_) => {}
        }
    } else {
        for key in [ROLE, EXTERNAL_ID, STS].into_iter().filter(|key| settings.get(key).is_some()) {
            found.push(problem(key, "expected aws_auth_type assumedRole beside it"));
        }
    }
    if settings.get(STS).is_some_and(|host| !is_safe(host)) {
        found.push(problem(STS, "expected an https:// URL, or one of this machine"));
    }
    found
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::provider::fixtures::settings;

    const NOW: u64 = 1_767_225_600;
    const ROLE_ARN: &str = "arn:aws:iam::123456789012:role/models";

    fn caller() -> Settings {
        settings(&[
            (AUTH_TYPE, ROLE_KEYS),
            (ROLE, ROLE_ARN),
            (EXTERNAL_ID, "a b&c"),
            (ACCESS_KEY, "AKIDEXAMPLE"),
            (SECRET_KEY, "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
            (super::super::REGION, "eu-west-1"),
        ])
    }

    #[test]
    fn the_role_is_asked_for_with_a_signature() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW);
        let request = request(&caller(), now).expect("a role").unwrap_or_else(|why| panic!("{why}"));
        assert_eq!(request.url, "https://sts.eu-west-1.amazonaws.com/");
        assert_eq!(
            request.body.expose(),
            "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fmodels&\
             RoleSessionName=portkey-native&DurationSeconds=3600&ExternalId=a+b%26c"
        );
        let authorization = request.headers["authorization"].to_str().expect("text");
        let wanted = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/eu-west-1/sts/aws4_request, \
                      SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date, Signature=";
        assert!(authorization.starts_with(wanted), "{authorization}");
    }

    #[test]
    fn its_keys_are_used_until_shortly_before_their_end() {
        let reply = b"<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA1</AccessKeyId>\
            <SecretAccessKey>s/+=</SecretAccessKey><SessionToken>t==</SessionToken>\
            <Expiration>2026-01-01T01:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>";
        let token = answer(200, reply, NOW).unwrap_or_else(|why| panic!("{why}"));
        assert_eq!(token.fresh_until, NOW + 3000);
        let Granted::Settings(keys) = token.granted else { panic!("keys") };
        let got = [ACCESS_KEY, SECRET_KEY, SESSION_TOKEN].map(|key| keys.get(key));
        assert_eq!(got, [Some("ASIA1"), Some("s/+="), Some("t==")]);
    }

    #[test]
    fn a_refusal_is_told_in_aws_s_words_alone() {
        let denied = b"<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>\
            <Message>Not authorized to perform: sts:AssumeRole</Message></Error></ErrorResponse>";
        let why = |status, reply: &[u8]| answer(status, reply, NOW).err().expect("a refusal");
        assert_eq!(
            why(403, denied),
            "no keys of the role: status 403, AccessDenied: Not authorized to perform: sts:AssumeRole"
        );
        assert_eq!(why(500, b"<html>"), "no keys of the role: status 500");
        assert_eq!(
            why(200, b"<AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey></SecretAccessKey>"),
            "no keys of the role: status 200"
        );
    }

    #[test]
    fn what_a_role_needs_is_named() {
        let paths = |pairs: &[(&'static str, &str)]| -> Vec<String> {
            problems(&settings(pairs)).into_iter().map(|problem| problem.path).collect()
        };
        assert_eq!(paths(&[(AUTH_TYPE, ROLE_KEYS)]), [ROLE]);
        assert_eq!(paths(&[(AUTH_TYPE, ROLE_KEYS), (ROLE, "models")]), [ROLE]);
        assert_eq!(paths(&[(ROLE, ROLE_ARN), (EXTERNAL_ID, "e")]), [ROLE, EXTERNAL_ID]);
        assert_eq!(
            paths(&[(AUTH_TYPE, ROLE_KEYS), (ROLE, ROLE_ARN), (STS, "http://sts.example.com")]),
            [STS]
        );
    }
}
